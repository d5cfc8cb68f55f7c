"""Regular expressions and globs of a repository, matched in time that grows with the length of the text alone.

Renovate matches with RE2, Dependabot with Ruby's globs. Python's `re` may take exponential time for a hostile pattern,
and RE2 has no wheels for some platforms. So an expression becomes a finite automaton whose states are computed when a
text needs them. It tells whether a match exists; which of several matches an engine would choose is not computed.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span

MAX_STATES = 2000
"""How many instructions a pattern may have. Real ones have up to a few hundred."""
MAX_LENGTH = 2000
"""How many characters a pattern may have."""
MAX_STEPS = 4_000_000
"""How many characters are compared for all patterns of a configuration; a new state counts as several."""
_COST_OF_STATE = 5
_COST_OF_COMPILING = 25
_STATES_OF_A_STEP = 4
"""How many states are looked up in the time of one step."""
_MAX_DEPTH = 50
_VALUE = "currentValue"
"""The group whose place is compared."""


class UnsupportedError(Exception):
    """A pattern has syntax that is not read, or matching it takes too many steps. What it matches is unknown."""


class _Set(NamedTuple):
    """A set of characters."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def contains(self, character: str) -> bool:
        return self.negated != any(low <= character <= high for low, high in self.ranges)


class _Node(NamedTuple):
    """A part of an expression."""

    kind: str
    """`set`, `assert`, `join`, `either`, `repeat` or `value`, the group that is compared."""
    parts: tuple["_Node", ...] = ()
    set: _Set | None = None
    text: str = ""
    """Of an assertion: `^`, `$`, `b` or `B`."""
    least: int = 0
    most: int | None = 0


_DIGITS = (("0", "9"),)
_WORD = (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE = (("\t", "\r"), (" ", " "))
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_ANY = _Set((("\n", "\n"),), negated=True)


class _Parser:
    """Reads the syntax that JavaScript and RE2 share, without Unicode classes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self.ignores_case = self.is_multiline = self.dot_matches_all = False
        flags = re.match(r"\(\?([ims]+)\)", text)
        if flags:
            self._at = flags.end()
            self.ignores_case, self.is_multiline, self.dot_matches_all = (flag in flags[1] for flag in "ims")

    def parse(self) -> _Node:
        found = self._either()
        if self._at < len(self._text):
            raise UnsupportedError("an unbalanced `)`")
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _either(self) -> _Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnsupportedError("too deeply nested")
        branches = [self._join()]
        while self._take("|"):
            branches.append(self._join())
        self._depth -= 1
        return branches[0] if len(branches) == 1 else _Node("either", tuple(branches))

    def _join(self) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return _Node("join", tuple(parts))

    def _repeated(self, atom: _Node) -> _Node:
        match = re.compile(r"[*+?]|\{(\d{1,4})(?:(,)(\d{1,4})?)?\}").match(self._text, self._at)
        if match is None:
            return atom
        self._at = match.end()
        self._take("?")  # which match is preferred makes no difference
        if self._peek() in ("*", "+"):
            raise UnsupportedError("a possessive or repeated quantifier")
        if match[1] is None:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[match[0]]
        else:
            least = int(match[1])
            most = least if match[2] is None else None if match[3] is None else int(match[3])
        return _Node("repeat", (atom,), least=least, most=most)

    def _atom(self) -> _Node:
        character = self._text[self._at]
        self._at += 1
        if character == "(":
            return self._group()
        if character == "[":
            return _Node("set", set=self._class())
        if character == ".":
            return _Node("set", set=_Set((), negated=True) if self.dot_matches_all else _ANY)
        if character in "^$":
            return _Node("assert", text=character)
        if character in "*+?":
            raise UnsupportedError("a quantifier without anything before it")
        if character == "\\":
            if self._peek() in ("b", "B"):
                self._at += 1
                return _Node("assert", text=self._text[self._at - 1])
            return _Node("set", set=self._escape())
        return _Node("set", set=_Set(((character, character),)))

    def _group(self) -> _Node:
        kind = "join"
        if self._take("?"):
            name = re.compile(r":|P?<([A-Za-z_$][\w$]*)>").match(self._text, self._at)
            if name is None:
                raise UnsupportedError("a group with an unknown meaning")
            self._at = name.end()
            kind = "value" if name[1] == _VALUE else "join"
        inner = self._either()
        if not self._take(")"):
            raise UnsupportedError("a group without an end")
        return _Node(kind, (inner,))

    def _escape(self) -> _Set:
        letter = self._peek()
        self._at += 1
        if letter.lower() in _CLASSES:
            return _Set(_CLASSES[letter.lower()], negated=letter.isupper())
        if letter in _CONTROLS:
            return _Set(((_CONTROLS[letter], _CONTROLS[letter]),))
        digits = {"x": r"[0-9A-Fa-f]{2}", "u": r"[0-9A-Fa-f]{4}"}.get(letter)
        if digits:
            code = re.compile(digits).match(self._text, self._at)
            if code is None:
                raise UnsupportedError("an escape with an unknown meaning")
            self._at = code.end()
            return _Set(((chr(int(code[0], 16)), chr(int(code[0], 16))),))
        if not letter or letter.isalnum():
            raise UnsupportedError("an escape with an unknown meaning")
        return _Set(((letter, letter),))

    def _class(self) -> _Set:
        negated = self._take("^")
        ranges: list[tuple[str, str]] = []
        while not self._take("]"):
            low = self._class_item()
            before_range = self._at
            if self._take("-") and self._peek() not in ("]", ""):
                high = self._class_item()
                if len(low.ranges) == len(high.ranges) == 1 and low.ranges[0][0] == low.ranges[0][1]:
                    ranges.append((low.ranges[0][0], high.ranges[0][1]))
                    continue
                self._at = before_range
            else:
                self._at = before_range
            ranges += _complement(low.ranges) if low.negated else low.ranges
        return _Set(tuple(ranges), negated)

    def _class_item(self) -> _Set:
        character = self._peek()
        if not character:
            raise UnsupportedError("a class without an end")
        self._at += 1
        if character == "\\":
            if self._take("b"):
                return _Set((("\b", "\b"),))
            return self._escape()
        return _Set(((character, character),))


def _complement(ranges: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The characters in none of some ranges."""
    first = 0
    for low, high in sorted(ranges):
        if ord(low) > first:
            yield chr(first), chr(ord(low) - 1)
        first = max(first, ord(high) + 1)
    yield chr(first), chr(sys.maxunicode)


class _Instruction(NamedTuple):
    """A step of an automaton: a character to read, or another step to go on with."""

    kind: str
    """`set`, `assert`, `split`, `open`, `close` or `match`."""
    next: tuple[int, ...] = ()
    set: _Set | None = None
    text: str = ""


class Budget:
    """The steps that are left for the patterns of a configuration. What exceeds a limit is noted in its file."""

    def __init__(self, file: File | None = None) -> None:
        self.left = MAX_STEPS
        self._file = file

    def spend(self, steps: int) -> None:
        """Take some of the steps. Raises UnsupportedError if there are not so many."""
        self.left -= steps
        if self.left < 0:
            raise self.excess(f"the patterns take more than {MAX_STEPS:,} steps to match")

    def excess(self, what: str) -> UnsupportedError:
        """Note that a limit is exceeded, and return the error that says so."""
        if self._file is not None:
            message = f"{what}; the hook does not check what depends on them"
            self._file.note_unread("input/too-large", message, Span(0, 0))
        return UnsupportedError(what)


class _Place(NamedTuple):
    """What is known of a match after a part of a text."""

    states: frozenset[int]
    before: str
    """The kind of the last character."""
    following: dict[str, "_Place | None"]
    """The place after each character, which is empty at the end; None if a match ends before it."""


class Pattern:
    """The automaton of an expression."""

    def __init__(self, text: str, *, ignores_case: bool = False, budget: "Budget | None" = None) -> None:
        """Raises UnsupportedError."""
        self._budget = budget or Budget()
        if len(text) > MAX_LENGTH:
            raise self._budget.excess(f"some patterns have more than {MAX_LENGTH:,} characters")
        self._budget.spend(len(text) * _COST_OF_COMPILING)
        parser = _Parser(text)
        self._instructions: list[_Instruction] = [_Instruction("match")]
        tree = parser.parse()
        self._start = self._add(tree, 0)
        self._is_anchored = not parser.is_multiline and tree.parts[:1] == (_Node("assert", text="^"),)
        self._ignores_case = ignores_case or parser.ignores_case
        self._is_multiline = parser.is_multiline
        self._first = _Place(frozenset((self._start + len(self._instructions),)), "", {})
        self._places: dict[tuple[frozenset[int], str], _Place] = {}
        self._moves: dict[tuple[frozenset[int], str, str, bool, bool], tuple[frozenset[int], bool]] = {}

    def _add(self, node: _Node, after: int) -> int:
        """Add the steps of a part; return the first. `after` is the step that follows it."""
        # Parts without steps, such as `()` repeated, take time too.
        self._budget.spend(_COST_OF_COMPILING)
        if node.kind in ("set", "assert"):
            return self._append(_Instruction(node.kind, (after,), node.set, node.text))
        if node.kind == "either":
            return self._append(_Instruction("split", tuple(self._add(part, after) for part in node.parts)))
        if node.kind == "value":
            inner = self._add(node.parts[0], self._append(_Instruction("close", (after,))))
            return self._append(_Instruction("open", (inner,)))
        if node.kind == "join":
            for part in reversed(node.parts):
                after = self._add(part, after)
            return after
        part = node.parts[0]
        if node.most is None:
            loop = self._append(_Instruction("split"))
            inner = self._add(part, loop)
            self._instructions[loop] = _Instruction("split", (inner, after))
            after = loop
        else:
            end = after
            for _ in range(node.most - node.least):
                after = self._append(_Instruction("split", (self._add(part, after), end)))
        for _ in range(node.least):
            after = self._add(part, after)
        return after

    def _append(self, instruction: _Instruction) -> int:
        if len(self._instructions) >= MAX_STATES:
            raise self._budget.excess(f"some patterns have more than {MAX_STATES:,} states")
        self._instructions.append(instruction)
        return len(self._instructions) - 1

    def is_found_in(self, text: str) -> bool:
        """Whether it matches somewhere in a text."""
        place = self._first
        at = 0
        for at in range(len(text) + 1):
            character = text[at : at + 1]
            if character not in place.following:
                place.following[character] = self._follow(place, character)
            following = place.following[character]
            if following is None or not following.states:
                self._budget.spend(at + 1)
                return following is None
            place = following
        self._budget.spend(at + 1)
        return False

    def _follow(self, place: _Place, character: str) -> _Place | None:
        """The place after a character; None if a match ends before it."""
        states, accepts = self._move(place.states, place.before, character, False, False)
        if accepts:
            return None
        key = states if self._is_anchored else states | self._first.states, _kind(character)
        return self._places.setdefault(key, _Place(*key, {}))

    def enclosing_end(self, text: str, start: int, end: int) -> int | None:
        """Where the longest match ends that contains these characters; None if there is none."""
        ends = [at for at in self._ends(text, start, -1, -1) if at >= end]
        return ends[-1] if ends else None

    def captures(self, text: str, start: int, end: int = -1) -> bool:
        """Whether it matches so that the group `currentValue` is these characters, perhaps with one before them.

        Without `end`, the group may end anywhere.
        """
        return any(
            self._ends(text, start, begin, end)
            for begin in (start, start - 1)
            if begin == start or text[begin : begin + 1] in ("v", "=")
        )

    def _ends(self, text: str, last_start: int, begin: int, end: int) -> list[int]:
        """The positions where a match ends that starts at `last_start` or before.

        If `begin` is not negative, only matches count in which `currentValue` begins and ends at these positions; if
        `end` is, it ends anywhere. In the states, step N + size means that this group is complete.
        """
        start = frozenset((self._start + (len(self._instructions) if begin < 0 else 0),))
        moves = self._moves
        states: frozenset[int] = frozenset()
        before = ""
        found: list[int] = []
        steps = 0
        for at, character in enumerate((*text, "")):
            if at <= last_start:
                states |= start
            elif not states:
                break
            steps += 2 + len(states) // _STATES_OF_A_STEP
            key = (states, before, character, at == begin, at == end or end < 0)
            move = moves.get(key)
            if move is None:
                move = moves[key] = self._move(*key)
            states, accepts = move
            if accepts:
                found.append(at)
            before = _kind(character)
        self._budget.spend(steps)
        return found

    def _move(
        self, states: frozenset[int], before: str, character: str, may_open: bool, may_close: bool
    ) -> tuple[frozenset[int], bool]:
        """The states after a character, which is empty at the end, and whether a match ends before it."""
        size = len(self._instructions)
        pending = list(states)
        seen = set(pending)
        read: set[int] = set()
        accepts = False
        while pending:
            state = pending.pop()
            complete = size if state >= size else 0
            instruction = self._instructions[state - complete]
            if instruction.kind == "match":
                accepts = accepts or bool(complete)
                continue
            if instruction.kind == "set":
                if character and instruction.set is not None:
                    self._budget.spend(len(instruction.set.ranges))
                    if self._contains(instruction.set, character):
                        read.add(instruction.next[0] + complete)
                continue
            if instruction.kind == "assert" and not self._holds(instruction.text, before, character):
                continue
            # A run without a place has all of its states complete: the group then means nothing.
            if instruction.kind == "open" and not complete and not may_open:
                continue
            if instruction.kind == "close" and not complete:
                if not may_close:
                    continue
                complete = size
            for following in instruction.next:
                if following + complete not in seen:
                    seen.add(following + complete)
                    pending.append(following + complete)
        self._budget.spend(len(seen) * _COST_OF_STATE)
        return frozenset(read), accepts

    def _contains(self, characters: _Set, character: str) -> bool:
        if not self._ignores_case:
            return characters.contains(character)
        return any(characters.contains(case) for case in (character, character.lower(), character.upper()))

    def _holds(self, assertion: str, before: str, after: str) -> bool:
        if assertion == "^":
            return not before or (self._is_multiline and before == "\n")
        if assertion == "$":
            return not after or (self._is_multiline and after == "\n")
        is_boundary = _is_word(before) != _is_word(after)
        return is_boundary == (assertion == "b")


def _kind(character: str) -> str:
    """What an assertion needs to know of the character before it."""
    return character if character in ("", "\n") else "w" if _is_word(character) else " "


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")
