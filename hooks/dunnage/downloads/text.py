"""Texts of which parts are unknown: words of commands, with the variables that a file does not set.

An unknown part stands between two null characters, which no argument can contain. What is between them is how the part
is written, so that two uses of one variable are equal: `wasi-sdk-` `\\0VERSION\\0` `.tar.gz`.
"""

from collections.abc import Callable

from dunnage.shell.model import Word

HOLE = "\0"
_ANY = f"{HOLE}*{HOLE}"

_MOST_LEVELS = 5
_MOST_CHARACTERS = 2000
_MOST_VALUES = 16
_SLASH_IN_HOLE = "\1"
_CLOSING = {"{": "}", "(": ")"}

Lookup = Callable[[str], str | None]
"""How the value of a variable is written, in the syntax of a shell; None if it is unknown."""


def texts(word: Word, lookup: Lookup) -> tuple[str, ...]:
    """The possible values of a word, with holes."""
    if word.values is not None:
        return word.values[:_MOST_VALUES]
    return (_read(word.text[:_MOST_CHARACTERS], lookup, 0)[:_MOST_CHARACTERS],)


def names(word: Word, lookup: Lookup) -> tuple[str, ...]:
    """The possible names of the file that a word is, without folders. What `*` and `?` stand for is unknown."""
    found = []
    for text in texts(word, lookup):
        name = base_name(text)
        found.append(name if word.text[:1] in ("'", '"') else with_wildcards(name))
    return tuple(dict.fromkeys(found))


def with_wildcards(pattern: str) -> str:
    """A pattern as a text in which what `*` and `?` stand for is unknown."""
    parts = pattern.split(HOLE)
    parts[::2] = (part.replace("*", _ANY).replace("?", _ANY) for part in parts[::2])
    return HOLE.join(parts)


def base_name(path: str) -> str:
    """What follows the last slash of a path, with holes."""
    return path.rstrip("/").rpartition("/")[2]


def is_known(text: str) -> bool:
    """Whether a text has no hole."""
    return HOLE not in text


def known_part(text: str) -> str:
    """A text without its holes."""
    return "".join(text.split(HOLE)[::2])


def may_equal(first: str, second: str) -> bool:
    """Whether two texts are the same for some values of their unknown parts."""
    if is_known(first) and is_known(second):
        return first == second
    left, right = _tokens(first), _tokens(second)
    # Which beginnings of `right` may equal the beginning of `left` that was read so far.
    row = [all(token == HOLE for token in right[:at]) for at in range(len(right) + 1)]
    for mine in left:
        before, row = row, [row[0] and mine == HOLE]
        for at, theirs in enumerate(right):
            if HOLE in (mine, theirs):
                row.append(before[at + 1] or row[at])
            else:
                row.append(before[at] and mine == theirs)
    return row[-1]


_LONGEST_NAME = 200


def _tokens(text: str) -> list[str]:
    """The characters of a text, with one `HOLE` for each unknown part."""
    tokens: list[str] = []
    for at, part in enumerate(text[:_LONGEST_NAME].split(HOLE)):
        tokens += [HOLE] if at % 2 else part
    return tokens


def _hole(written: str) -> str:
    return f"{HOLE}{written.replace('/', _SLASH_IN_HOLE).replace(HOLE, '')}{HOLE}"


def _read(text: str, lookup: Lookup, level: int) -> str:
    """The value of a word as it is written, with holes for what is not known."""
    pieces: list[str] = []
    at, quote = 0, ""
    size = 0
    while at < len(text) and size < _MOST_CHARACTERS:
        character = text[at]
        if character == "$" and quote != "'":
            end, name = _expansion(text, at)
            if end > at + 1:
                value = lookup(name) if name and level < _MOST_LEVELS else None
                written = name or text[at:end]
                pieces.append(_hole(written) if value is None else _read(value, lookup, level + 1))
                size += len(pieces[-1])
                at = end
                continue
        elif text.startswith("{{", at):
            end = text.find("}}", at)
            if end > 0:
                pieces.append(_hole(text[at + 2 : end].strip()))
                at = end + 2
                continue
        elif character == "`" and quote != "'":
            end = text.find("`", at + 1)
            if end > 0:
                pieces.append(_hole(text[at + 1 : end]))
                at = end + 1
                continue
        if character in ("'", '"') and quote in ("", character):
            quote = "" if quote else character
        elif character == "\\" and quote != "'" and at + 1 < len(text):
            at += 1
            pieces.append("" if text[at] == "\n" else text[at])
        else:
            pieces.append(character)
        size += 1
        at += 1
    return "".join(pieces)


def _expansion(text: str, at: int) -> tuple[int, str]:
    """Where what begins with `$` at an index ends, and the name if it is a variable and nothing more."""
    if text.startswith("${{", at):
        end = text.find("}}", at)
        return (end + 2, text[at + 3 : end].strip()) if end > 0 else (at, "")
    opening = text[at + 1 : at + 2]
    if opening in _CLOSING:
        end = _closing(text, at + 1)
        inside = text[at + 2 : end - 1]
        name = inside.removeprefix("env:")  # as PowerShell writes a variable of the environment
        return end, name if name.isidentifier() else ""
    end = at + 1
    if text.startswith("env:", end):
        end += len("env:")  # as PowerShell writes a variable of the environment
    start = end
    if opening in tuple("@*#?0123456789"):
        return end + 1, text[end : end + 1]
    while end < len(text) and (text[end].isalnum() or text[end] == "_") and text[end].isascii():
        end += 1
    return end, text[start:end]


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at an index is closed; the end of the text if it is not."""
    opening, closing = text[at], _CLOSING[text[at]]
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == opening) - (text[end] == closing)
        if depth == 0:
            return end + 1
    return len(text)


_ASSIGNMENT = r"""(?<![^\s;&|("'])([A-Za-z_]\w*)=(?:("[^"\n]*"|'[^'\n]*'|[^\s;&|"'()`]*)(?=[\s;&|)]|\Z))?"""


def written_values(program: str) -> dict[str, str | None]:
    """How the values of the variables are written that a program assigns; None for those with several values."""
    import re

    found: dict[str, str | None] = {}
    for assignment in re.finditer(_ASSIGNMENT, program):
        name, value = assignment.groups()
        found[name] = value if found.setdefault(name, value) == value else None
    return found
