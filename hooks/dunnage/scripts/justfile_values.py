"""The values of expressions in a justfile."""

import re
from collections.abc import Iterable, Mapping

from dunnage.shell.bounds import MOST_BUILD_VALUES, Budget
from dunnage.shell.model import Values

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
"""A regular expression for names."""
STRING = r"\"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*\"{3}|'{3}.*?'{3}|\"(?:[^\"\\]|\\.)*\"|'[^']*'|```.*?```|`[^`]*`"
"""A regular expression for strings and for commands in backticks."""
MOST_CHARACTERS = 4000
"""How long an expression and the text around it may be."""

_DEEPEST = 20
_TOKEN = rf"\s*(?:(?P<string>[xf]?(?:{STRING}))|(?P<name>{NAME})|(?P<symbol>&&|\|\||[-+/(){{}},]|[=!]=|=~|!~))"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

_Tokens = list[tuple[str, str]]


class _Unknown(ValueError):
    """The value of an expression is not in the file."""


class Evaluator:
    """The values of expressions; each assignment is evaluated once."""

    def __init__(
        self, assignments: Mapping[str, str], budget: Budget, given: Mapping[str, Values] | None = None
    ) -> None:
        """`assignments` holds the text of each expression by name; `given` has values that take precedence."""
        self._budget = budget
        self._assignments = assignments
        self._given: Mapping[str, Values] = given or {}
        self._known: dict[str, Values] = {}

    def all(self) -> dict[str, Values]:
        """The values of all assignments."""
        return {name: self._name(name, 0) for name in self._assignments}

    def expression(self, text: str, depth: int = 0) -> Values:
        """The values of an expression; None if they are unknown."""
        if depth > _DEEPEST or len(text) > MOST_CHARACTERS:
            return None
        tokens: _Tokens = []
        position = 0
        token = re.compile(_TOKEN, re.DOTALL)
        while match := token.match(text, position):
            tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            position = match.end()
        rest = text[position:].strip()
        if rest and not rest.startswith("#"):
            return None
        try:
            values, end = self._sum(tokens, 0, depth)
        except _Unknown:
            return None
        return values if end == len(tokens) else None

    def _name(self, name: str, depth: int) -> Values:
        if name in self._given:
            return self._given[name]
        if name not in self._known:
            # During its evaluation it is unknown, which ends cycles.
            self._known[name] = None
            if name in self._assignments:
                self._known[name] = self.expression(self._assignments[name], depth + 1)
        return self._known[name]

    def _sum(self, tokens: _Tokens, at: int, depth: int) -> tuple[tuple[str, ...], int]:
        values, at = self._term(tokens, at, depth)
        while at < len(tokens) and tokens[at] in (("symbol", "+"), ("symbol", "/")):
            joint = "" if tokens[at][1] == "+" else "/"
            more, at = self._term(tokens, at + 1, depth)
            if max(map(len, values)) > MOST_CHARACTERS:
                raise _Unknown
            found = self._budget.product((values, (joint,), more), MOST_BUILD_VALUES)
            if found is None:
                raise _Unknown
            values = found
        return values, at

    def _term(self, tokens: _Tokens, at: int, depth: int) -> tuple[tuple[str, ...], int]:
        if at >= len(tokens) or depth > _DEEPEST:
            raise _Unknown
        kind, text = tokens[at]
        if kind == "string":
            return (_string(text),), at + 1
        if text == "(":
            values, at = self._sum(tokens, at + 1, depth + 1)
            return values, _after(")", tokens, at)
        if kind != "name":
            raise _Unknown
        if text == "if":
            return self._choice(tokens, at + 1, depth)
        if tokens[at + 1 : at + 2] == [("symbol", "(")]:
            return self._default(text, tokens, at + 2, depth)
        found = self._name(text, depth)
        if found is None:
            raise _Unknown
        return found, at + 1

    def _choice(self, tokens: _Tokens, at: int, depth: int) -> tuple[tuple[str, ...], int]:
        """`if a == b { x } else { y }`, whose value is either one: conditions are not evaluated."""
        found: list[str] = []
        if depth > _DEEPEST:
            raise _Unknown
        while True:
            while at < len(tokens) and tokens[at] != ("symbol", "{"):
                at += 1
            values, at = self._sum(tokens, at + 1, depth + 1)
            found += values
            if tokens[at : at + 2] != [("symbol", "}"), ("name", "else")]:
                raise _Unknown
            at += 2
            if tokens[at : at + 1] == [("symbol", "{")]:
                values, at = self._sum(tokens, at + 1, depth + 1)
                return tuple(dict.fromkeys((*found, *values))), _after("}", tokens, at)

    def _default(self, name: str, tokens: _Tokens, at: int, depth: int) -> tuple[tuple[str, ...], int]:
        """An environment variable with a default, which counts as its value."""
        if name not in ("env", "env_var_or_default"):
            raise _Unknown
        _, at = self._sum(tokens, at, depth + 1)
        values, at = self._sum(tokens, _after(",", tokens, at), depth + 1)
        return values, _after(")", tokens, at)


def _after(symbol: str, tokens: _Tokens, at: int) -> int:
    """The index after a symbol. Raises _Unknown if something else is there."""
    if tokens[at : at + 1] != [("symbol", symbol)]:
        raise _Unknown
    return at + 1


def _string(literal: str) -> str:
    """The value of a string literal. Raises _Unknown for a command in backticks and for an expanded string."""
    if literal[0] in "xf`":
        raise _Unknown
    quote = literal[:3] if literal[:3] in ('"""', "'''") else literal[0]
    text = literal[len(quote) : -len(quote)]
    if len(quote) == 3:
        text = _unindented(text)
    if quote[0] == '"':
        text = re.sub(r"\\(u\{[0-9A-Fa-f]{1,6}\}|\n|.)", _unescape, text, flags=re.DOTALL)
    return text


def _unescape(match: re.Match[str]) -> str:
    name = match[1]
    if name == "\n":
        return ""
    if name.startswith("u{"):
        code = int(name[2:-1], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return _ESCAPES.get(name, match[0])


def _unindented(text: str) -> str:
    """The value of an indented string: without its first line break and the common indentation of its lines."""
    text = text.removeprefix("\r").removeprefix("\n")
    lines = text.split("\n")
    common = common_indentation(lines)
    return "\n".join(line.removeprefix(common) if line.strip() else line.lstrip(" \t") for line in lines)


def common_indentation(lines: Iterable[str]) -> str:
    """The blanks with which all lines begin that are not empty."""
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]
    common, greatest = min(indents, default=""), max(indents, default="")
    while not greatest.startswith(common):
        common = common[:-1]
    return common
