"""Justfiles: the recipes that `just` passes to a shell.

The syntax is that of https://just.systems/man/en/. Expressions remain in the text of a program. Its variables
hold their values under the text between the braces, as far as assignments and defaults of parameters determine them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.shell_names import is_posix_shell
from dunnage.shell.bounds import MOST_BUILD_VALUES, Budget
from dunnage.shell.expression import insides, tokens
from dunnage.shell.model import Place, Script, Values
from dunnage.shell.offsets import Text, decode, lines

# Values of expressions

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
"""A regular expression for names."""
_STRING = r"\"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*\"{3}|'{3}.*?'{3}|\"(?:[^\"\\]|\\.)*\"|'[^']*'|```.*?```|`[^`]*`"
"""A regular expression for strings and for commands in backticks."""
_MOST_CHARACTERS = 4000
"""How long an expression and the text around it may be."""

_DEEPEST = 20
_TOKEN = rf"\s*(?:(?P<string>[xf]?(?:{_STRING}))|(?P<name>{_NAME})|(?P<symbol>&&|\|\||[-+/(){{}},]|[=!]=|=~|!~))"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

_Tokens = list[tuple[str, str]]


class _Unknown(ValueError):
    """The value of an expression is not in the file."""


class _Evaluator:
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
        if depth > _DEEPEST or len(text) > _MOST_CHARACTERS:
            return None
        found, rest = tokens(_TOKEN, text)
        if rest and not rest.startswith("#"):
            return None
        try:
            values, end = self._sum(found, 0, depth)
        except _Unknown:
            return None
        return values if end == len(found) else None

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
            if max(map(len, values)) > _MOST_CHARACTERS:
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
    common = _common_indentation(lines)
    return "\n".join(line.removeprefix(common) if line.strip() else line.lstrip(" \t") for line in lines)


def _common_indentation(lines: Iterable[str]) -> str:
    """The blanks with which all lines begin that are not empty."""
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]
    common, greatest = min(indents, default=""), max(indents, default="")
    while not greatest.startswith(common):
        common = common[:-1]
    return common


# Recipes

_ASSIGNMENT = rf"(?:(?:export|unexport|eager|lazy)\s+)*({_NAME})\s*:=\s*"
_HEADER_NAME = rf"@?({_NAME})"
_HEADER_ITEM = rf"{_STRING}|[^\s:\"'`#(]+|:(?==)|\([^()]*\)|(?P<space>\s+)"
_PARAMETER = rf"([+*]?)(\$?)({_NAME})(?:\s*=\s*({_STRING}|\([^()]*\)|{_NAME}))?"
_SCRIPT_ATTRIBUTE = r"\bscript\s*(?:\(\s*(?:\"([^\"]*)\"|'([^']*)')|:\s*(?:\"([^\"]*)\"|'([^']*)')|(?=[\],]))"


_MOST_LINES = 100
"""How many lines may continue a statement: after each of them, all of the statement is read again."""


class _Header(NamedTuple):
    name: str
    parameters: str
    end: int
    """The index after the colon."""


class _Recipe(NamedTuple):
    name: str
    parameters: str
    body: list[Span]
    attributes: str


class Recipe(NamedTuple):
    """A recipe, and the recipes that run before and after it."""

    name: str
    """As in `Place.names` of its lines."""
    dependencies: tuple[str, ...]


def scripts(file: File) -> Iterator[Script]:
    """Each line of a recipe, or all of one that has an interpreter, in the order of the file. Raises SourceError."""
    _ = file.text  # raises SourceError
    assignments, settings, recipes = _read(file.data)
    shell = settings.get("shell", "sh")
    budget = Budget()
    values = _Evaluator(assignments, budget)
    everywhere = values.all()
    for recipe in recipes:
        place = Place("justfile", (f"recipe {recipe.name}",))
        own = _parameters(recipe.parameters, values)
        variables = _with_own(everywhere, own, budget)
        inner = _Evaluator(assignments, budget, variables)
        first = decode(file.data, recipe.body[0]).lstrip(" \t")
        script = re.search(_SCRIPT_ATTRIBUTE, recipe.attributes)
        if script or first.startswith("#!"):
            named = next((group for group in script.groups() if group), "") if script else ""
            interpreter = named or settings.get("script-interpreter", "sh")
            if is_posix_shell(interpreter if script else first[2:]):
                yield from _programs([_whole(file.data, recipe.body)], place, variables, inner, budget)
        elif is_posix_shell(shell):
            yield from _programs(_linewise(file.data, recipe.body), place, variables, inner, budget)


def recipes(file: File) -> list[Recipe]:
    """Every recipe in the order of the file; an alias counts as a recipe that depends on its target.

    Raises SourceError.
    """
    found: list[Recipe] = []
    for line in file.text.splitlines():
        if alias := re.match(rf"alias\s+({_NAME})\s*:=\s*({_NAME})", line):
            found.append(Recipe(alias[1], (alias[2],)))
        elif not re.match(_ASSIGNMENT, line) and (header := _header(line)):
            dependencies = _without_strings(line[header.end :].partition("#")[0])
            found.append(Recipe(header.name, tuple(re.findall(rf"(?:^|[\s(&])({_NAME})", dependencies))))
    return found


def _programs(
    texts: list[Text], place: Place, variables: Mapping[str, Values], inner: _Evaluator, budget: Budget
) -> Iterator[Script]:
    for text in texts:
        program, offsets = text.result()
        if not program.strip():
            continue
        expressions = {program[start:end].strip() for start, end in insides(program, "{{")}
        own = {expression: inner.expression(expression) for expression in expressions if expression not in variables}
        yield Script(program, offsets, place, _with_own(variables, own, budget), expressions="just")


def _with_own(variables: Mapping[str, Values], own: Mapping[str, Values], budget: Budget) -> Mapping[str, Values]:
    """`variables` and those of one recipe or program; the latter alone if the file has used up its memory."""
    if not own:
        return variables
    return {**variables, **own} if budget.afford(0, len(variables)) else own


# Bodies


def _whole(data: bytes, body: list[Span]) -> Text:
    """A body without the common indentation of its lines."""
    common = _common_indentation(decode(data, line) for line in body).encode()
    text = Text(data)
    for line in body:
        if data.startswith(common, line.start, line.end):
            text.copy(line.start + len(common), line.end)
        text.end_line(line.end)
    return text


def _linewise(data: bytes, body: list[Span]) -> list[Text]:
    """Each line of a body with the lines that continue it, without prefixes such as `@`."""
    indent = _common_indentation([decode(data, body[0])]).encode()
    found: list[Text] = []
    index = 0
    while index < len(body):
        text = Text(data)
        line = body[index]
        start = line.start + len(indent) if data.startswith(indent, line.start) else line.start
        while start < line.end and data[start] in b"@-? \t":
            start += 1
        is_comment = data.startswith(b"#", start)
        while not is_comment and data[start : line.end].endswith(b"\\") and index + 1 < len(body):
            text.copy(start, line.end - 1)
            index += 1
            line = body[index]
            start = line.start
            while start < line.end and data[start] in b" \t":
                start += 1
        text.copy(start, line.end)
        if not is_comment:
            found.append(text)
        index += 1
    return found


# The file


def _header(text: str) -> _Header | None:
    """The first line of a recipe, up to its colon; None if `text` is something else."""
    if len(text) > _MOST_CHARACTERS or not (name := re.match(_HEADER_NAME, text)):
        return None
    item = re.compile(_HEADER_ITEM, re.DOTALL)
    at = end = name.end()
    follows_space = False
    while found := item.match(text, at):
        at = found.end()
        if found["space"]:
            follows_space = True
        elif not follows_space and end == name.end():
            return None  # a parameter is separated from the name
        else:
            end = at
    if not text.startswith(":", at):
        return None
    return _Header(name[1], text[name.end() : end], at + 1)


def _read(data: bytes) -> tuple[dict[str, str], dict[str, str], list[_Recipe]]:
    """The text of each assignment, the settings, and the recipes."""
    every = lines(data)
    assignments: dict[str, str] = {}
    settings: dict[str, str] = {}
    recipes: list[_Recipe] = []
    attributes = ""
    index = 0
    while index < len(every):
        text, index = _statement(data, every, index)
        if not text:
            continue
        if text.startswith("["):
            attribute, _, rest = text.rpartition("]")
            attributes += attribute + "]"
            if not rest.strip():
                continue
            text = rest.lstrip()
        if setting := re.match(r"set\s+([a-z-]+)\s*(?::=\s*(.*))?$", text, re.DOTALL):
            value = setting[2] or ""
            words = re.findall(r"\"([^\"]*)\"|'([^']*)'", value)
            if not value.startswith("false"):
                settings[setting[1]] = " ".join(double or single for double, single in words[:1])
        elif assignment := re.match(_ASSIGNMENT, text):
            assignments[assignment[1]] = text[assignment.end() :]
        elif header := _header(text):
            body, index = _body(data, every, index)
            if body:
                recipes.append(_Recipe(header.name, header.parameters, body, attributes))
        attributes = ""
    return assignments, settings, recipes


def _statement(data: bytes, every: list[Span], index: int) -> tuple[str, int]:
    """The line at `index` with those that continue it, and the index of the next line.

    The text is empty for a comment, and for a line of a recipe.
    """
    text = decode(data, every[index])
    index += 1
    if text[:1] in (" ", "\t", "#"):
        return "", index
    last = min(len(every), index + _MOST_LINES)
    while index < last and len(text) < _MOST_CHARACTERS:
        rest = _without_strings(text).partition("#")[0]
        # Strings and brackets may span lines, and a backslash outside of a string continues a header.
        if any(quote in rest for quote in "\"'`"):
            text += "\n"
        elif text.endswith("\\"):
            text = text[:-1] + " "
        elif any(rest.count(opening) > rest.count(closing) for opening, closing in ("()", "[]", "{}")):
            text += "\n"
        else:
            break
        text += decode(data, every[index])
        index += 1
    return text, index


def _without_strings(text: str) -> str:
    """A text without its strings and backticks; it ends with the first quote that is not closed."""
    # Without the last alternative, the search for the end would begin again at each of the quotes that remain.
    return re.sub(rf"{_STRING}|([\"'`]).*", r"\1", text, flags=re.DOTALL)


def _body(data: bytes, every: list[Span], index: int) -> tuple[list[Span], int]:
    """The indented lines from `index` on, and the index of the line after them."""
    body: list[Span] = []
    last = 0
    while index < len(every):
        line = every[index]
        if data[line.start : line.end].strip():
            if data[line.start] not in b" \t":
                break
            last = len(body) + 1
        if body or last:
            body.append(line)
        index += 1
    return body[:last], index


def _parameters(text: str, values: _Evaluator) -> dict[str, Values]:
    """The parameters of a recipe: each has its default as value, and is unknown without one."""
    found: dict[str, Values] = {}
    for kind, _, name, default in re.findall(_PARAMETER, text, re.DOTALL):
        found[name] = ("",) if kind == "*" else None
        if default:
            found[name] = values.expression(default)
    return found
