"""Quotes and variables in instructions of a Dockerfile, whose syntax resembles that of a shell.

Source: the Dockerfile reference, "Environment replacement". The escape character is a backslash or that of
`# escape=`; in double quotes it escapes only `"`, `$` and itself.
The operators are `:-`, `-`, `:+`, `+`, `:?`, `?`, `#`, `##`, `%`, `%%`, `/` and `//`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from dunnage.shell.bounds import MOST_CHARACTERS, MOST_SYNTAX_LEVELS, Budget

if TYPE_CHECKING:
    from dunnage.files.path_pattern import Part
    from dunnage.shell.model import Values

Expansion: TypeAlias = "Values | Literal['unset']"
"""The value of a variable: one value, None if it is unknown, `()` if it may be unset, or `unset`."""

_END = "\ud800"
"""The end of a word; no text of a file contains it."""
_PATTERN_STEP = 8
"""What comparing a character with a character of a pattern takes, as characters of a budget."""
_OPERATORS = frozenset(("-", "+", "?", "#", "%", ":-", ":+", ":?"))


class LexError(Exception):
    """BuildKit rejects the text: a quote or a brace is not closed, or a substitution is unknown."""


class _Unknown(Exception):
    """The text needs a variable whose value is not in the file, or its value is too long."""


def words(text: str, *, raw_quotes: bool = True, raw_escapes: bool = False) -> list[str]:
    """The words of a text whose variables are not resolved; quotes and escapes are kept if they are `raw`.

    Raises LexError.
    """
    return _Lexer(text, "\\", None, raw_quotes, raw_escapes).run()[1]


def expand(text: str, escape: str, lookup: Callable[[str], Expansion], budget: Budget) -> Values:
    """The value of a text without quotes; `lookup` gives the values of variables.

    None also if `budget` does not suffice for the patterns in it.
    """
    if "$" not in text and "'" not in text and '"' not in text and escape not in text:
        return (text,)
    try:
        return (_Lexer(text, escape, lookup, raw_quotes=False, raw_escapes=False, budget=budget).run()[0],)
    except (LexError, _Unknown):
        return None


_GIVEN = tuple(
    f"{side}{part}" for side in ("BUILD", "TARGET") for part in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
)
"""Arguments that BuildKit sets from the machine and the command line."""


class GlobalArguments:
    """The arguments outside of stages, as far as the lines that have been read declare them."""

    def __init__(self, escape: str, budget: Budget) -> None:
        """`escape` is the escape character of the Dockerfile."""
        self.values: dict[str, Values] = dict.fromkeys((*_GIVEN, "TARGETSTAGE"))
        """The default of each argument; None if it is unknown, and `()` if there is none."""
        self._escape = escape
        self._budget = budget

    def declare(self, text: str) -> None:
        """Declare an argument: `NAME` or `NAME=DEFAULT`."""
        name, equals, default = text.partition("=")
        if equals:
            self.values[name] = self.expand(default)
        else:
            self.values.setdefault(name, ())

    def expand(self, text: str) -> Values:
        """Return the value of a text outside of stages."""
        return afforded(expand(text, self._escape, self._lookup, self._budget), self._budget)

    def _lookup(self, name: str) -> Expansion:
        # Only arguments are visible outside of stages, so any other variable is unset.
        return self.values.get(name, "unset")


def afforded(values: Values, budget: Budget) -> Values:
    """`values`, or None if they would take more than is left of the budget."""
    return values if values is None or budget.afford(sum(map(len, values))) else None


class _Lexer:
    """Reads one text."""

    def __init__(
        self,
        text: str,
        escape: str,
        lookup: Callable[[str], Expansion] | None,
        raw_quotes: bool,
        raw_escapes: bool,
        budget: Budget | None = None,
    ) -> None:
        self._text = text
        self._escape = escape
        self._lookup = lookup
        self._raw_quotes = raw_quotes
        self._raw_escapes = raw_escapes
        self._budget = budget or Budget()
        self._at = 0
        self._depth = 0
        self._size = 0

    def run(self) -> tuple[str, list[str]]:
        """The text as one, and its words."""
        return self._until("", self._raw_escapes)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        character = self._text[self._at : self._at + 1]
        self._at += len(character)
        return character

    def _until(self, stop: str, raw_escapes: bool) -> tuple[str, list[str]]:
        """Read up to and with `stop`, or all if that is empty."""
        self._depth += 1
        if self._depth > MOST_SYNTAX_LEVELS:
            raise LexError("substitutions are nested too deeply")
        before = self._raw_escapes
        self._raw_escapes = raw_escapes
        result: list[str] = []
        split: list[str] = []
        while character := self._next():
            if character == stop:
                break
            part, is_split = self._piece(character, raw_escapes)
            # Only texts whose variables are not resolved are split into words.
            if self._lookup is None:
                split.append("".join(_END if _is_space(each) else each for each in part) if is_split else part)
            result.append(part)
        if stop and character != stop:
            raise LexError(f"a `{stop}` is missing")
        self._raw_escapes = before
        self._depth -= 1
        return "".join(result), [word for word in "".join(split).split(_END) if word]

    def _piece(self, character: str, raw_escapes: bool) -> tuple[str, bool]:
        """Read what `character` begins, and whether spaces split it."""
        if character == "$":
            return self._dollar(), True
        if character == "'":
            return self._single_quoted(), False
        if character == '"':
            return self._double_quoted(), False
        if character == "<":
            return self._arrows(), False
        if character == self._escape:
            # At the end of the text, an escape has no effect.
            return (character if raw_escapes else "") + self._next(), False
        return character, True

    def _arrows(self) -> str:
        """Read `<`, or `<<` with the blanks that may stand in front of a here-document's name."""
        if self._peek() != "<":
            return "<"
        start = self._at
        self._at += 1
        while self._peek() in ("\t", "\r", " "):
            self._at += 1
        return "<" + self._text[start : self._at]

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise LexError("a single quote is not closed")
        inside = self._text[self._at : end]
        self._at = end + 1
        return f"'{inside}'" if self._raw_quotes else inside

    def _double_quoted(self) -> str:
        result: list[str] = []
        while character := self._next():
            if character == '"':
                return f'"{"".join(result)}"' if self._raw_quotes else "".join(result)
            if character == "$":
                result.append(self._dollar())
                continue
            if character == self._escape:
                if self._raw_escapes:
                    result.append(character)
                following = self._peek()
                if not following:
                    break
                if following in ('"', "$", self._escape):
                    character = self._next()
            result.append(character)
        raise LexError("a double quote is not closed")

    def _dollar(self) -> str:
        """Read the rest of a `$` and what follows it."""
        if self._peek() != "{":
            name = self._name()
            return self._value(name, f"${name}") if name else "$"
        self._next()
        if self._peek() in ("", "{", "}", ":"):
            raise LexError("`${` is not followed by a name")
        name = self._name()
        operator = self._next()
        if operator == "}":
            return self._value(name, f"${{{name}}}")
        if operator == "/":
            return self._replaced(name)
        if operator == ":":
            operator += self._next()
        return self._substituted(name, operator)

    def _substituted(self, name: str, operator: str) -> str:
        """Read the rest of `${NAME<operator>WORD}`."""
        if operator not in _OPERATORS:
            raise LexError(f"`${{{name}` is followed by an unknown substitution")
        word = self._until("}", operator in "#%")[0]
        if self._lookup is None:
            return f"${{{name}{operator}{word}}}"
        if operator in "#%":
            return self._trimmed(self._value(name, ""), word, operator)
        value = self._value_or_none(name)
        is_set = value is not None and not (operator[0] == ":" and not value)
        if operator[-1] == "-":
            return value if value is not None and is_set else word
        if operator[-1] == "+":
            return word if is_set else ""
        if value is not None and is_set:
            return value
        raise LexError(f"`{name}` has no value")

    def _replaced(self, name: str) -> str:
        """Read the rest of `${NAME/PATTERN/REPLACEMENT}`."""
        everywhere = self._peek() == "/"
        self._at += everywhere
        pattern = self._until("/", raw_escapes=True)[0]
        replacement = self._until("}", raw_escapes=True)[0]
        if self._lookup is None:
            # BuildKit drops the second slash, too.
            return f"${{{name}/{pattern}/{replacement}}}"
        value = self._value(name, "")
        parts = _parts(pattern)
        # Go gives a meaning to `$` and to empty patterns; no real file needs it.
        if not parts or "$" in replacement:
            raise _Unknown
        if not value:
            return replacement if _match(parts, "", longest=True) is not None else ""
        self._compare(len(value) ** 2 * len(parts))
        result: list[str] = []
        at = 0
        while at < len(value):
            end = _match(parts, value[at:], longest=True)
            if end is None or end == 0:
                result.append(value[at])
                at += 1
                continue
            result.append(replacement)
            self._grow(len(replacement))
            at += end
            if not everywhere:
                break
        return "".join(result) + value[at:]

    def _trimmed(self, value: str, pattern: str, operator: str) -> str:
        """`value` without the start (`#`) or end (`%`) that matches, the longest one if the operator is there twice."""
        longest = pattern.startswith(operator)
        parts = _parts(pattern[longest:])
        self._compare(len(value) * len(parts))
        if operator == "#":
            return value[_match(parts, value, longest) or 0 :]
        end = _match(parts[::-1], value[::-1], longest) or 0
        return value[: len(value) - end]

    def _compare(self, steps: int) -> None:
        """Count steps of a comparison with a pattern. Raises _Unknown if they are too many."""
        if not self._budget.afford(steps * _PATTERN_STEP):
            raise _Unknown

    def _value(self, name: str, raw: str) -> str:
        """The value of a variable that must be known, or `raw` if variables are not resolved."""
        if self._lookup is None:
            return raw
        found = self._lookup(name)
        if found == "unset":
            return ""
        if not found:
            raise _Unknown
        self._grow(len(found[0]))
        return found[0]

    def _value_or_none(self, name: str) -> str | None:
        """The value of a variable; None if it has none, or only one from outside."""
        found = self._lookup(name) if self._lookup else None
        if found is None:
            raise _Unknown
        if not found or found == "unset":
            return None
        self._grow(len(found[0]))
        return found[0]

    def _grow(self, size: int) -> None:
        """Count text that comes from variables. Raises _Unknown if it is too long for a value."""
        self._size += size
        if self._size > MOST_CHARACTERS:
            raise _Unknown

    def _name(self) -> str:
        start = self._at
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self._at += 1
        elif first and first in "@*#?-$!":
            self._at += 1
        else:
            while (character := self._peek()) and (character.isalpha() or character.isdecimal() or character == "_"):
                self._at += 1
        return self._text[start : self._at]


def _is_space(character: str) -> bool:
    return character.isspace() and not "\x1c" <= character <= "\x1f"


# Patterns: `*` and `?`, a backslash escapes


def _parts(pattern: str) -> list[Part]:
    """Read a pattern. Raises LexError if an escape in it has no meaning."""
    from dunnage.files.path_pattern import ANYTHING, CHARACTER, literal

    wildcards = {"*": ANYTHING, "?": CHARACTER}
    parts: list[Part] = []
    characters = iter(pattern)
    for character in characters:
        if character != "\\":
            parts.append(wildcards.get(character) or literal(character))
            continue
        escaped = next(characters, "")
        if not escaped or escaped not in "*?\\}/":
            raise LexError(f"`\\{escaped}` is not an escape of patterns")
        parts.append(literal(escaped))
    return parts


def _match(parts: list[Part], text: str, longest: bool) -> int | None:
    """How much of the start of `text` a pattern matches at most, or at least."""
    from dunnage.files.path_pattern import PathPattern

    lengths = PathPattern(parts).lengths(text)
    return max(lengths, default=None) if longest else next(lengths, None)
