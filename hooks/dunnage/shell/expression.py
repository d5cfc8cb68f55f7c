"""The values of GitHub's expressions, `${{ … }}`, as far as the file itself determines them.

The grammar is that of https://docs.github.com/en/actions/reference/workflows-and-actions/expressions. An
expression with an unknown operand is unknown, unless that operand only selects one of several known ones:
`${{ github.event_name == 'push' && 'a' || 'b' }}` is `a` or `b`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product

from dunnage.shell.bounds import MOST_EXPRESSION_VALUES, Budget
from dunnage.shell.model import Values

_OPEN, _CLOSE = "${{", "}}"
_STRING = r"'(?:[^']|'')*'"
_TOKEN = (
    rf"\s*(?:(?P<string>{_STRING})|(?P<number>[-+]?(?:0x[0-9A-Fa-f]+|\.?[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<symbol>&&|\|\||[=!<>]=|[!<>()\[\].,*]))"
)
# An expression that needs more of any of these is unknown.
_MOST_CHARACTERS = 2000
_DEEPEST = 20

MARK = "\0"
"""What a value holds whose way through an expression is followed. No file has this character."""

_YES_OR_NO = frozenset(("always", "cancelled", "contains", "endswith", "failure", "startswith", "success"))
_INPUTS = ("inputs.", "github.event.inputs.")


class _Unknown(NameError):
    """The expression has a syntax error, or is too long or too deep."""


class _Any:
    """An unknown value; `truthy` is None if its truth is unknown too."""

    def __init__(self, truthy: bool | None) -> None:
        self.truthy = truthy


_UNKNOWN = _Any(None)
_FALSY = _Any(False)
_Values = tuple["str | bool | _Any", ...]


def expand(text: str, variables: Mapping[str, Values]) -> Values:
    """The values of a text in which GitHub replaces expressions; None if they are unknown."""
    if _OPEN not in text:
        return (text,)
    found = insides(text, _OPEN)
    values = ((start - 3, end + 2, resolve(text[start:end], variables)) for start, end in found)
    return Budget().filled(text, values, MOST_EXPRESSION_VALUES)


def insides(text: str, opening: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of the inside of each expression that is closed; what is not is plain text.

    `opening` is `${{`, or `{{` for expressions of just, which reads `{{{{` as two braces.
    """
    position = 0
    while (start := text.find(opening, position)) >= 0:
        if opening == "{{" and text.startswith("{{{{", start):
            position = start + 4
            continue
        end = _closing(text, start + len(opening))
        if end < 0:
            return
        yield start + len(opening), end
        position = end + len(_CLOSE)


def _closing(text: str, start: int) -> int:
    """The index of the `}}` of an expression whose inside begins at `start`; -1 if there is none."""
    end = -1
    while True:
        if end < start:
            end = text.find(_CLOSE, start)
        quote = text.find("'", start, max(end, 0))
        if end < 0 or quote < 0:
            return end
        start = text.find("'", quote + 1) + 1
        if not start:
            return -1


def tokens(pattern: str, text: str) -> tuple[list[tuple[str, str]], str]:
    """The tokens at the start of a text, each with the name of its group in the pattern, and the text after them."""
    found: list[tuple[str, str]] = []
    position = 0
    token = re.compile(pattern, re.DOTALL)
    while match := token.match(text, position):
        found.append((match.lastgroup or "", match[match.lastgroup or 0]))
        position = match.end()
    return found, text[position:].strip()


def resolve(expression: str, variables: Mapping[str, Values]) -> Values:
    """The values of an expression without its braces; `variables` holds values by dotted name. None if unknown."""
    name = expression.strip()
    if name in variables:
        return variables[name]
    if len(expression) > _MOST_CHARACTERS:
        return None
    try:
        values = _Reader(expression, variables).whole()
    except _Unknown:
        return None
    texts: list[str] = []
    for value in values:
        if isinstance(value, _Any):
            return None
        texts.append(_text(value))
    return tuple(dict.fromkeys(texts))


def marked(expression: str, variables: Mapping[str, Values]) -> tuple[str, ...]:
    """Return those of the possible values of an expression that hold MARK; other values may be unknown.

    `variables` is as for `resolve`. A name that is unknown in part, such as `secrets[matrix.x]`, is the variable
    `secrets.*`. The result of a function holds what its arguments hold, unless it is true or false.
    """
    if len(expression) > _MOST_CHARACTERS:
        return ()
    try:
        values = _Reader(expression, variables).whole()
    except _Unknown:
        return ()
    return tuple(value for value in values if isinstance(value, str) and MARK in value)


class _Reader:
    """A recursive-descent evaluator of one expression, with a method for each level of precedence."""

    def __init__(self, text: str, variables: Mapping[str, Values]) -> None:
        self._variables = variables
        self._next = 0
        self._depth = 0
        self._tokens, rest = tokens(_TOKEN, text)
        if rest:
            raise _Unknown

    def whole(self) -> _Values:
        values = self._or()
        if self._next < len(self._tokens):
            raise _Unknown
        return values

    def _peek(self) -> str:
        """The next token if it is a symbol; else empty."""
        if self._next < len(self._tokens) and self._tokens[self._next][0] == "symbol":
            return self._tokens[self._next][1]
        return ""

    def _take(self, *symbols: str) -> str:
        symbol = self._peek()
        if symbol not in symbols:
            return ""
        self._next += 1
        return symbol

    def _require(self, symbol: str) -> None:
        if not self._take(symbol):
            raise _Unknown

    def _or(self) -> _Values:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Unknown
        values = self._and()
        while self._take("||"):
            right = self._and()
            values = _choose(values, right, stop_at=True)
        self._depth -= 1
        return values

    def _and(self) -> _Values:
        values = self._equal()
        while self._take("&&"):
            right = self._equal()
            values = _choose(values, right, stop_at=False)
        return values

    def _equal(self) -> _Values:
        values = self._not()
        while symbol := self._take("==", "!=", "<", "<=", ">", ">="):
            values = _compare(symbol, values, self._not())
        return values

    def _not(self) -> _Values:
        negations = 0
        while self._take("!"):
            negations += 1
        values = self._primary()
        if not negations:
            return values
        truths: list[bool] = []
        for value in values:
            truths += (True, False) if (truth := _truth(value)) is None else (truth,)
        return _unique([truth != (negations % 2 == 1) for truth in truths])

    def _primary(self) -> _Values:
        if self._take("("):
            values = self._or()
            self._require(")")
            return self._parts_of(values)
        if self._next >= len(self._tokens):
            raise _Unknown
        kind, text = self._tokens[self._next]
        self._next += 1
        if kind == "string":
            return (text[1:-1].replace("''", "'"),)
        if kind == "number":
            # Only numbers that GitHub prints as they are written are known.
            return (text,) if re.fullmatch(r"0|[1-9][0-9]{0,14}", text) and text != "0" else (_UNKNOWN,)
        if kind != "name":
            raise _Unknown
        if text.lower() in ("true", "false"):
            return (text.lower() == "true",)
        if text.lower() == "null":
            return ("",)
        if self._take("("):
            return self._parts_of(self._call(text.lower()))
        return self._name(text)

    def _call(self, function: str) -> _Values:
        arguments: list[_Values] = []
        if not self._take(")"):
            arguments.append(self._or())
            while self._take(","):
                arguments.append(self._or())
            self._require(")")
        if function in _YES_OR_NO:
            return (True, False)
        if function == "format" and arguments and not _with_mark(arguments):
            return _format(arguments)
        return (*_with_mark(arguments), _UNKNOWN)

    def _parts_of(self, values: _Values) -> _Values:
        """`values`, or an unknown value if an index or property follows, as in `fromJSON(…).key`."""
        if self._peek() not in (".", "["):
            return values
        self._name("")
        return (*_with_mark([values]), _UNKNOWN)

    def _name(self, name: str) -> _Values:
        known = True
        while symbol := self._take(".", "["):
            if symbol == "[":
                index = self._or()
                self._require("]")
                known = known and len(index) == 1 and isinstance(index[0], str)
                name += f".{index[0]}"
            elif self._take("*"):
                known = False
            elif self._next < len(self._tokens) and self._tokens[self._next][0] == "name":
                name += f".{self._tokens[self._next][1]}"
                self._next += 1
            else:
                raise _Unknown
        values = self._variables.get(name if known else f"{name.partition('.')[0]}.*")
        if values is None:
            return (_UNKNOWN,)
        if name.startswith(_INPUTS):
            # Inputs are empty if the workflow is started by another event.
            return (*values, _FALSY) if self._peek() in ("||", "&&") else values
        return values


def _with_mark(found: list[_Values]) -> tuple[str, ...]:
    return tuple(value for values in found for value in values if isinstance(value, str) and MARK in value)


def _choose(left: _Values, right: _Values, stop_at: bool) -> _Values:
    """The values of `left || right`, or with `stop_at` False of `left && right`."""
    values: list[str | bool | _Any] = []
    for value in left:
        truth = _truth(value)
        if truth is stop_at:
            values.append(value)
            continue
        if truth is None:
            # `&&` returns its left operand only if that is falsy.
            values.append(value if stop_at else False if value == "false" else _FALSY)
        values += right
    return _unique(values)


def _compare(symbol: str, left: _Values, right: _Values) -> _Values:
    if symbol not in ("==", "!=") or len(left) != 1 or len(right) != 1:
        return (True, False)
    first, second = left[0], right[0]
    # Neither as a text nor as a boolean, an empty value or `false` is `true`.
    if isinstance(first, str) and isinstance(second, str) and {first, second} in ({"true", "false"}, {"true", ""}):
        return (symbol == "!=",)
    # Strings compare without case; those that look like numbers or booleans may be converted first.
    if not (isinstance(first, str) and isinstance(second, str) and _is_word(first) and _is_word(second)):
        return (True, False)
    return ((first.lower() == second.lower()) is (symbol == "=="),)


def _is_word(text: str) -> bool:
    return text[:1].isalpha() and text.lower() not in ("true", "false", "nan", "infinity")


def _format(arguments: list[_Values]) -> _Values:
    if any(isinstance(value, _Any) for values in arguments for value in values):
        return (_UNKNOWN,)
    texts = [tuple(_text(value) for value in values if not isinstance(value, _Any)) for values in arguments]
    results: list[str | bool | _Any] = []
    for count, (pattern, *inserted) in enumerate(product(*texts)):
        if count >= MOST_EXPRESSION_VALUES:
            return (_UNKNOWN,)
        try:
            results.append(re.sub(r"\{\{|\}\}|\{([0-9]{1,4})\}", partial(_insert, inserted=inserted), pattern))
        except IndexError:
            return (_UNKNOWN,)
    return _unique(results)


def _insert(match: re.Match[str], inserted: list[str]) -> str:
    return inserted[int(match[1])] if match[1] else match[0][0]


def _truth(value: str | bool | _Any) -> bool | None:
    if isinstance(value, _Any):
        return value.truthy
    if isinstance(value, str):
        # `false` and `0` may be a boolean and a number or, in `env` and in inputs of actions, truthy strings.
        return None if value in ("false", "0") else value != ""
    return value


def _text(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _unique(values: list[str | bool | _Any]) -> _Values:
    unique = tuple(dict.fromkeys(values))
    return unique if len(unique) <= MOST_EXPRESSION_VALUES else (_UNKNOWN,)
