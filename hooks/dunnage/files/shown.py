"""Names from a repository as output shows them: on one line, and quoted for the shell, for TOML or for JSON."""

from dunnage.files.source import display


def argument(text: str) -> str:
    """Quote text as one argument of a shell command.

    Control characters are escaped in `$'…'`, which bash, zsh and ksh read.
    """
    if text.isprintable():
        from shlex import quote

        return quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def path(path: str) -> str:
    """Quote the path of a file or folder as `argument` does, relative to the working directory if it is below it."""
    shown = display(path)
    return argument(f"./{shown}" if shown.startswith("-") else shown)


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


def _escaped(character: str) -> str:
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
