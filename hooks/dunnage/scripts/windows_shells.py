"""Programs for PowerShell and cmd, read line by line.

A line of plain words means the same in these shells as in a POSIX shell. All other lines are left out: those with
variables, pipes, blocks or redirections. What they may do to the working directory and to the manifests is kept. Of the
lines with variables, only those of PowerShell are read that download or unpack files.

The syntax is that of https://learn.microsoft.com/en-us/powershell/scripting/lang-spec/chapter-02 and of
https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/cmd.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dunnage.shell.assembly import rewrite
from dunnage.shell.expression import insides
from dunnage.shell.offsets import Segment


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
        from dunnage.scripts.powershell_variables import set_once

        names = set_once(masked)
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
    from dunnage.scripts import powershell_variables

    if powershell_variables.is_read(code):
        changes = [[*powershell_variables.replacements(text, line.start, line.end)] for line in lines]
    elif len(lines) == 1 and (changed := powershell_variables.assignment(text, lines[0].start, lines[0].end, names)):
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
