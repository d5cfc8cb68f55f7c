"""Lines of PowerShell with variables, as a POSIX shell writes them: those that download or unpack files, or set a text.

Other lines with variables are not read, because there a variable may hold several arguments. Source of the syntax:
https://learn.microsoft.com/en-us/powershell/scripting/lang-spec/chapter-02, "Variables" and "String literals".
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise

_PROGRAM = r"""(?xi)\s*
    (?: curl | expand-archive | invoke-webrequest | iwr | msiexec | start-bitstransfer | start-process | tar | wget )
    (?: \.exe )? \s
"""
_IN_QUOTES = r'"(?:[^"`$]|\$(?:env:)?\w+(?![\w:])|\$\{(?:env:)?\w+\})*"'
_BARE = r"\$(?:env:)?\w+(?![\w.:\[(])|\$\{(?:env:)?\w+\}(?![.\[(])"
_WORD = rf"(?:{_IN_QUOTES}|'[^']*'|{_BARE})"
_LINE = rf"(?:[\w .:=,+~/\\\t-]|(?<=\w)@|{_WORD})*"
_PLAIN = r"[\w.:=,+/\\${}@-]*"
_ASSIGNMENT = rf"\s*\$(\w+)[ \t]*=[ \t]*(?:({_WORD})|(?i:Join-Path) ({_WORD}) ({_WORD}))\s*"


def is_read(code: str) -> bool:
    """Whether a statement downloads or unpacks a file and is simple enough to be read."""
    return re.match(_PROGRAM, code) is not None and re.fullmatch(_LINE, code) is not None


def replacements(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield what makes a part of such a statement one of a POSIX shell, as start, end and new text."""
    for found in re.finditer(rf"{_IN_QUOTES}|'[^']*'|{_BARE}|\\", text[start:end]):
        yield from _in_word(text, start + found.start(), start + found.end(), is_quoted=found[0][0] in "'\"")


def _in_word(text: str, start: int, end: int, *, is_quoted: bool) -> Iterator[tuple[int, int, str]]:
    for found in re.finditer(r"\$env:(\w+)|\$\{env:(\w+)\}|\\", text[start:end]):
        name = found[1] or found[2]
        new = f"${{{name}}}" if name else "/"
        yield start + found.start(), start + found.end(), new if is_quoted or not name else f'"{new}"'


def set_once(text: str) -> frozenset[str]:
    """The variables that a program sets in one place, in lower case."""
    counts = Counter(name.lower() for name in re.findall(r"\$(\w+)[ \t]*\+?=", text))
    return frozenset(name for name, count in counts.items() if count == 1)


def assignment(text: str, start: int, end: int, names: Collection[str]) -> list[tuple[int, int, str]]:
    """What makes a statement that sets a variable to a text one of a POSIX shell; empty if it is another statement.

    Only variables in `names` are set. Names in capitals are left out, because they may be in the environment.
    """
    found = re.compile(_ASSIGNMENT).fullmatch(text, start, end)
    if found is None or found[1].isupper() or found[1].lower() not in names:
        return []
    words = [found.span(at) for at in (2, 3, 4) if found[at]]
    insides = [(at + 1, stop - 1) if text[at] in "'\"" else (at, stop) for at, stop in words]
    # Where nothing follows the value, no quote can be written after it.
    quote = '"' if insides[-1][1] < end else ""
    is_plain = all(re.fullmatch(_PLAIN, text[slice(*inside)]) for inside in insides)
    has_meaning = any(text[at] == "'" and not {"$", "`", '"'}.isdisjoint(text[at:stop]) for at, stop in words)
    if has_meaning or not (quote or is_plain):
        return []
    changes = [(start, insides[0][0], f"{found[1]}={quote}"), (insides[-1][1], end, quote)]
    changes += [(before[1], after[0], "/") for before, after in pairwise(insides)]
    for inside in insides:
        changes += _in_word(text, *inside, is_quoted=True)
    return sorted(changes)
