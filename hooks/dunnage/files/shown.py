"""Text from a repository as output shows it: quoted for the shell, git, TOML or JSON, and escaped.

Escaped, it cannot control a terminal, deceive a reader, or command a CI runner.
"""

import os
import re

from dunnage.files.source import display

# Python counts these as printable, but they are invisible. U+FE0F after a symbol is part of an emoji.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
    "|(?<![\u203c-\u303d\u3297\u3299\U0001f000-\U0001faff])\ufe0f"
)
# GitHub's runner obeys `::name …::` at the start of a line, after any spaces, and `##[name …]` anywhere in it; see
# ActionCommand.cs in actions/runner. Azure Pipelines obeys `##vso[…]`, TeamCity `##teamcity[…]`.
_COMMAND = re.compile(r"\A( *):(?=:)|(?<=#)#(?=\w*\[)")
_PATTERN = re.compile(r"[*?\[\\]")


def printable(text: str) -> str:
    """`text` on one line. Characters that are invisible, or that control a terminal or a CI runner, are escaped."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _escape(character) for character in text)
    if not text.isascii():
        text = _INVISIBLE.sub(lambda found: _escape(found[0]), text)
    return _COMMAND.sub(lambda found: rf"{found[1]}\x3a" if found[1] is not None else r"\x23", text)


def printable_lines(text: str) -> list[str]:
    """The lines of `text`, each printable; no lines if it is empty."""
    return [printable(line) for line in text.split("\n")] if text else []


def argument(text: str) -> str:
    """Quote text as one argument of a shell command.

    What a terminal or `printable` would change is escaped in `$'…'`, which bash, zsh and ksh read. In other shells this
    is another argument, but still one: it contains no quote and no backslash that may end it.
    """
    if "\\" not in text and printable(text) == text:
        from shlex import quote

        return quote(text)
    return f"$'{''.join(map(_byte, text.encode('utf-8', 'surrogateescape')))}'"


def path(path: str) -> str:
    """Quote the path of a file or folder as `argument` does, relative to the working directory if it is below it."""
    return argument(_no_option(display(path)))


def pathspec(path: str) -> str:
    """The same for git, to which some characters are a pattern. A relative path is shown as it is."""
    shown = display(path) if os.path.isabs(path) else path
    return argument(f":(literal){shown}" if shown[:1] == ":" or _PATTERN.search(shown) else _no_option(shown))


def toml_string(text: str) -> str:
    """Write text as a string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    characters = (each if each.isprintable() else rf"\U{ord(each):08x}" for each in escaped)
    return f'"{"".join(characters)}"'


def toml_key(text: str) -> str:
    """Write text as a key of TOML, without quotes if none are needed."""
    is_bare = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    return text if is_bare else toml_string(text)


def json_text(value: object) -> str:
    """JSON in ASCII, without control characters, and without `##`, which may start a command to a CI runner."""
    import json

    # `#` and DEL occur only in strings, where an escape can replace them.
    return json.dumps(value, indent=2).replace("##", r"#\u0023").replace("\x7f", r"\u007f")


def _no_option(path: str) -> str:
    return f"./{path}" if path.startswith(("-", "=")) else path  # zsh replaces `=NAME` with the path of a program


def _byte(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F and byte not in b"\\'#:" else f"\\x{byte:02x}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
