"""Programs for PowerShell and cmd, read line by line.

A line of plain words means the same in these shells as in a POSIX shell. All other lines are left out: those with
variables, pipes, blocks or redirections. What they may do to the working directory and to the manifests is kept. Of the
lines with variables, only those of PowerShell are read that download or unpack files, or set a text: in others, a
variable may hold several arguments.

The syntax is that of https://learn.microsoft.com/en-us/powershell/scripting/lang-spec/chapter-02, with "Variables" and
"String literals", and of https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/cmd.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import NamedTuple

from dunnage.shell.expression import insides
from dunnage.shell.offsets import Segment, rewrite


class _Syntax(NamedTuple):
    """What differs between the shells; regular expressions are text until they are needed."""

    continuation: str
    """The character that continues a line."""
    plain: str
    """The code of a statement whose words mean the same to a POSIX shell."""
    comment: str
    """A comment at the end of a line."""
    prefix: str
    """What may precede a command without effect on it."""


_CHARACTERS = r"[\w .:=,+~/\\\t-]"
# A splat, `@flags`, begins a word; so the `@` of `tool@1.2.3` follows a character of a word.
_POWERSHELL = _Syntax(
    "`", rf"\s*(?:&\s+)?(?:{_CHARACTERS}|(?<=\w)@|%(?=\w)|&&|\"[^\"$`]*\"|'[^']*')*", r"(?:^|(?<=\s))#.*", r"(?:&\s+)?"
)
_CMD = _Syntax("^", rf"(?:{_CHARACTERS}|@|&&|\"[^\"%!]*\")*", r"^@?(?:(?i:rem)(?:\s.*)?|::.*)$", r"@?(?:(?i:call)\s+)?")
_SYNTAX = {"pwsh": _POWERSHELL, "powershell": _POWERSHELL, "cmd": _CMD}

# Words with which a POSIX shell begins a compound command, or these shells one that is not a program.
_KEYWORDS = frozenset(
    (
        *("begin", "case", "catch", "class", "do", "done", "elif", "else", "elseif", "end", "esac", "exit", "fi"),
        *("filter", "finally", "for", "foreach", "function", "if", "in", "param", "process", "return", "select", "set"),
        *("switch", "then", "throw", "time", "trap", "try", "until", "using", "while"),
    )
)
_NAMES = {
    **dict.fromkeys(("chdir", "set-location", "sl"), "cd"),
    **dict.fromkeys(("push-location",), "pushd"),
    **dict.fromkeys(("pop-location",), "popd"),
    **dict.fromkeys(("del", "erase", "remove-item", "ri"), "rm"),
    **dict.fromkeys(("mi", "move", "move-item"), "mv"),
    **dict.fromkeys(("copy", "copy-item", "cpi"), "cp"),
}
"""The programs of a POSIX shell that do what built-in commands of these shells do."""
_MOVES = r"(?i)(?<![\w./\\-])(?:cd|chdir|popd|pop-location|push-location|pushd|set-location|sl)(?![\w-])"
_TOUCHES = r"(?i)Cargo\.(?:lock|toml)"


def as_posix(shell: str, text: str, offsets: tuple[Segment, ...]) -> tuple[str, tuple[Segment, ...]]:
    """The lines of a program for `pwsh`, `powershell` or `cmd` that a POSIX shell reads in the same way.

    GitHub's expressions count as plain words.
    """
    syntax = _SYNTAX[shell]
    pieces: list[str] = []
    copied = 0
    for start, end in insides(text, "${{"):
        pieces += (text[copied : start - 3], "_" * (end - start + 5))
        copied = end + 2
    masked = "".join((*pieces, text[copied:]))
    replacements: list[tuple[int, int, str]] = []
    names: frozenset[str] | None = None
    if syntax is _POWERSHELL and "$" in masked:
        names = _set_once(masked)
    for statement in _statements(masked, syntax):
        found = _with_variables(masked, statement, names) if names is not None else None
        replacements += _replacements(masked, statement, syntax) if found is None else found
    return rewrite(text, offsets, replacements)


class _Line(NamedTuple):
    start: int
    end: int
    """Where its code ends: before a comment, and before the character that continues it."""
    stop: int
    """Where the line ends."""


def _statements(text: str, syntax: _Syntax) -> Iterator[tuple[list[_Line], bool]]:
    """Yield the lines of each statement, and whether these are code rather than a string or a comment."""
    comment = re.compile(syntax.comment)
    terminator = ""
    lines: list[_Line] = []
    position = 0
    for whole in text.split("\n"):
        line = whole.rstrip("\r")
        start, position = position, position + len(whole) + 1
        stop = start + len(line)
        if terminator:
            yield [_Line(start, stop, stop)], False
            at_start = terminator[0] in "'\"" and len(terminator) == 2
            ends = line.startswith(terminator) if at_start else line.count(terminator) % 2 == 1
            terminator = "" if ends else terminator
            continue
        found = comment.search(line)
        code = line[: found.start()] if found and not _is_quoted(line, found.start()) else line
        is_continued = code.rstrip().endswith(syntax.continuation)
        bare = code.rstrip().removesuffix(syntax.continuation)
        lines.append(_Line(start, start + len(bare if is_continued else code), stop))
        if syntax is _POWERSHELL:
            terminator = _opened(code)
        if not is_continued or terminator:
            yield lines, not terminator
            lines = []
    if lines:
        yield lines, False


def _is_quoted(line: str, at: int) -> bool:
    """Whether a quotation is open at an index of a line."""
    before = re.sub(r"\"[^\"]*\"|'[^']*'", "", line[:at])
    return '"' in before or "'" in before


def _opened(code: str) -> str:
    """What ends the string or the comment that a line of PowerShell leaves open; empty if there is none."""
    if "<#" in code and "#>" not in code[code.index("<#") :]:
        return "#>"
    for quote in "'\"":
        if code.rstrip().endswith(f"@{quote}"):
            return f"{quote}@"
    rest = re.sub(r"\"(?:[^\"`]|`.)*\"|'[^']*'", "", code)
    return next((character for character in rest if character in "'\""), "")


def _replacements(text: str, statement: tuple[list[_Line], bool], syntax: _Syntax) -> Iterator[tuple[int, int, str]]:
    """Yield what makes a statement one of a POSIX shell, as start, end and new text."""
    lines, is_code = statement
    first, last = lines[0], lines[-1]
    code = " ".join(text[line.start : line.end] for line in lines)
    if not (is_code and re.fullmatch(syntax.plain, code)) or "--%" in code:
        yield first.start, last.stop, _effect(code)
        return
    word = re.compile(rf"\s*(?P<prefix>{syntax.prefix})(?P<name>[^\s\"']*)").match(text, first.start, first.end)
    name = word["name"].lower() if word else ""
    if name in _KEYWORDS or "=" in name or "set " in code[:8].lower():
        yield first.start, last.stop, _effect(code)
        return
    copied = first.start
    if word and (prefix := word["prefix"]):
        copied = word.start("name")
        yield copied - len(prefix), copied, ""
    if word and name in _NAMES:
        copied = word.end("name")
        yield word.start("name"), copied, _NAMES[name]
    for line in lines:
        for found in re.finditer(r"\\", text[max(copied, line.start) : line.end]):
            at = max(copied, line.start) + found.start()
            yield at, at + 1, "/"
        yield from _line_end(line, is_last=line is last)


def _with_variables(
    text: str, statement: tuple[list[_Line], bool], names: frozenset[str]
) -> list[tuple[int, int, str]] | None:
    """What makes a statement of PowerShell with variables one of a POSIX shell; None if it is not one that is read.

    `names` are the variables that the program sets in one place.
    """
    lines, is_code = statement
    code = " ".join(text[line.start : line.end] for line in lines)
    if not is_code or "$" not in code or _effect(code):
        return None
    if _is_read(code):
        changes = [[*_in_posix(text, line.start, line.end)] for line in lines]
    elif len(lines) == 1 and (changed := _assignment(text, lines[0].start, lines[0].end, names)):
        changes = [changed]
    else:
        return None
    ends = [[*_line_end(line, is_last=line is lines[-1])] for line in lines]
    return [each for change, end in zip(changes, ends, strict=True) for each in (*change, *end)]


def _line_end(line: _Line, *, is_last: bool) -> Iterator[tuple[int, int, str]]:
    """Yield what replaces a comment at the end of a line, or the character that continues it."""
    if line.end < line.stop:
        yield line.end, line.stop, "" if is_last else "\\"


def _effect(code: str) -> str:
    """A command that stands for one that is left out: what it may do that matters to later commands."""
    moved = 'cd "$_"' if re.search(_MOVES, code) else ""
    touched = "cp _ Cargo.toml" if re.search(_TOUCHES, code) else ""
    return "; ".join(filter(None, (moved, touched)))


# Variables of PowerShell

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


def _is_read(code: str) -> bool:
    """Whether a statement downloads or unpacks a file and is simple enough to be read."""
    return re.match(_PROGRAM, code) is not None and re.fullmatch(_LINE, code) is not None


def _in_posix(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield what makes a part of such a statement one of a POSIX shell, as start, end and new text."""
    for found in re.finditer(rf"{_IN_QUOTES}|'[^']*'|{_BARE}|\\", text[start:end]):
        yield from _in_word(text, start + found.start(), start + found.end(), is_quoted=found[0][0] in "'\"")


def _in_word(text: str, start: int, end: int, *, is_quoted: bool) -> Iterator[tuple[int, int, str]]:
    for found in re.finditer(r"\$env:(\w+)|\$\{env:(\w+)\}|\\", text[start:end]):
        name = found[1] or found[2]
        new = f"${{{name}}}" if name else "/"
        yield start + found.start(), start + found.end(), new if is_quoted or not name else f'"{new}"'


def _set_once(text: str) -> frozenset[str]:
    """The variables that a program sets in one place, in lower case."""
    counts = Counter(name.lower() for name in re.findall(r"\$(\w+)[ \t]*\+?=", text))
    return frozenset(name for name, count in counts.items() if count == 1)


def _assignment(text: str, start: int, end: int, names: Collection[str]) -> list[tuple[int, int, str]]:
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
