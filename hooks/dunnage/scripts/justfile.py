"""Justfiles: the recipes that `just` passes to a shell.

The syntax is that of https://just.systems/man/en/. Expressions stay in the text of a program. Their values are among
its variables, under the text between the braces, as far as assignments and defaults of parameters determine them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.scripts.shell_names import is_posix_shell
from dunnage.shell.assembly import Text
from dunnage.shell.bounds import MOST_BUILD_VALUES, Budget
from dunnage.shell.model import POSIX_SHELLS, Place, Script, Values

_DEEPEST = 20
_MOST_CHARACTERS = 4000

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_ASSIGNMENT = rf"(?:(?:export|unexport|eager|lazy)\s+)*({_NAME})\s*:=\s*"
_STRING = r"\"{3}(?:[^\"\\]|\\.|\"(?!\"\"))*\"{3}|'{3}.*?'{3}|\"(?:[^\"\\]|\\.)*\"|'[^']*'|```.*?```|`[^`]*`"
_HEADER_NAME = rf"@?({_NAME})"
_HEADER_ITEM = rf"{_STRING}|[^\s:\"'`#(]+|:(?==)|\([^()]*\)|(?P<space>\s+)"
_TOKEN = rf"\s*(?:(?P<string>[xf]?(?:{_STRING}))|(?P<name>{_NAME})|(?P<symbol>&&|\|\||[-+/(){{}},]|[=!]=|=~|!~))"
_PARAMETER = rf"([+*]?)(\$?)({_NAME})(?:\s*=\s*({_STRING}|\([^()]*\)|{_NAME}))?"
_INTERPOLATION = r"\{\{(?!\{)(.*?)\}\}"
_SCRIPT_ATTRIBUTE = r"\bscript\s*(?:\(\s*(?:\"([^\"]*)\"|'([^']*)')|:\s*(?:\"([^\"]*)\"|'([^']*)')|(?=[\],]))"

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class _Line(NamedTuple):
    start: int
    end: int
    """Without the end of the line."""


class _Header(NamedTuple):
    name: str
    parameters: str
    end: int
    """The index after the colon."""


class _Recipe(NamedTuple):
    name: str
    parameters: str
    body: list[_Line]
    attributes: str


class Recipe(NamedTuple):
    """A recipe, and the recipes that run before and after it."""

    name: str
    """As in `Place.names` of its lines."""
    dependencies: tuple[str, ...]


class _Unknown(ValueError):
    """The value of an expression is not in the file."""


def scripts(file: File) -> Iterator[Script]:
    """Each line of a recipe, or all of one that has an interpreter, in the order of the file. Raises SourceError."""
    _ = file.text  # raises SourceError
    assignments, settings, recipes = _read(file.data)
    shell = settings.get("shell", "sh")
    budget = Budget()
    values = _Values(assignments, budget)
    everywhere = values.all()
    for recipe in recipes:
        place = Place("justfile", (f"recipe {recipe.name}",))
        own = _parameters(recipe.parameters, values)
        variables = _with_own(everywhere, own, budget)
        inner = _Values(assignments, budget, variables)
        first = _raw(file.data, recipe.body[0])
        script = re.search(_SCRIPT_ATTRIBUTE, recipe.attributes)
        if script or first.startswith("#!"):
            named = next((group for group in script.groups() if group), "") if script else ""
            interpreter = named or settings.get("script-interpreter", "sh")
            if is_posix_shell(interpreter) if script else _is_posix_shebang(first):
                yield from _programs([_whole(file.data, recipe.body)], place, variables, inner, budget)
        elif is_posix_shell(shell):
            yield from _programs(_linewise(file.data, recipe.body), place, variables, inner, budget)


def recipes(file: File) -> list[Recipe]:
    """Every recipe in the order of the file, and every alias as one that depends on what it stands for.

    Raises SourceError.
    """
    found: list[Recipe] = []
    for line in file.text.splitlines():
        if alias := re.match(rf"alias\s+({_NAME})\s*:=\s*({_NAME})", line):
            found.append(Recipe(alias[1], (alias[2],)))
        elif not re.match(_ASSIGNMENT, line) and (header := _header(line)):
            dependencies = re.sub(_STRING, "", line[header.end :].partition("#")[0])
            found.append(Recipe(header.name, tuple(re.findall(rf"(?:^|[\s(&])({_NAME})", dependencies))))
    return found


def _programs(
    texts: list[Text], place: Place, variables: Mapping[str, Values], inner: "_Values", budget: Budget
) -> Iterator[Script]:
    for text in texts:
        program, offsets = text.done()
        if not program.strip():
            continue
        expressions = {expression.strip() for expression in re.findall(_INTERPOLATION, program, re.DOTALL)}
        own = {expression: inner.expression(expression) for expression in expressions if expression not in variables}
        yield Script(program, offsets, place, _with_own(variables, own, budget), expressions="just")


def _with_own(variables: Mapping[str, Values], own: Mapping[str, Values], budget: Budget) -> Mapping[str, Values]:
    """`variables` and those of one recipe or program; the latter alone if the file has used up its memory."""
    if not own:
        return variables
    return {**variables, **own} if budget.afford(0, len(variables)) else own


# Bodies


def _raw(data: bytes, line: _Line) -> str:
    return data[line.start : line.end].decode("utf-8", "replace").lstrip(" \t")


def _is_posix_shebang(line: str) -> bool:
    words = [word.replace("\\", "/").rpartition("/")[2].removesuffix(".exe") for word in line[2:].split()]
    return any(word in POSIX_SHELLS for word in words[:4])


def _whole(data: bytes, body: list[_Line]) -> Text:
    """A body without the common indentation of its lines."""
    indents = [_indent(data, line) for line in body if data[line.start : line.end].strip()]
    common = indents[0] if indents else b""
    for indent in indents[1:]:
        while not indent.startswith(common):
            common = common[:-1]
    text = Text(data)
    for line in body:
        if data.startswith(common, line.start, line.end):
            text.copy(line.start + len(common), line.end)
        text.end_line(line.end)
    return text


def _indent(data: bytes, line: _Line) -> bytes:
    content = data[line.start : line.end]
    return content[: len(content) - len(content.lstrip(b" \t"))]


def _linewise(data: bytes, body: list[_Line]) -> list[Text]:
    """Each line of a body with the lines that continue it, without prefixes such as `@`."""
    indent = _indent(data, body[0])
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
    lines = _lines(data)
    assignments: dict[str, str] = {}
    settings: dict[str, str] = {}
    recipes: list[_Recipe] = []
    attributes = ""
    index = 0
    while index < len(lines):
        text = data[lines[index].start : lines[index].end].decode("utf-8", "replace")
        index += 1
        if text[:1] in (" ", "\t", "", "#"):
            continue
        # Strings may span lines, and a backslash continues a header.
        while index < len(lines) and len(text) < _MOST_CHARACTERS and (text.endswith("\\") or _is_open(text)):
            joint = text.removesuffix("\\") + " " if text.endswith("\\") else text + "\n"
            text = joint + data[lines[index].start : lines[index].end].decode("utf-8", "replace")
            index += 1
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
            body, index = _body(data, lines, index)
            if body:
                recipes.append(_Recipe(header.name, header.parameters, body, attributes))
        attributes = ""
    return assignments, settings, recipes


def _lines(data: bytes) -> list[_Line]:
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    found: list[_Line] = []
    while start < len(data):
        end = data.find(b"\n", start)
        stop = len(data) if end < 0 else end
        found.append(_Line(start, stop - 1 if end > start and data[end - 1] == ord("\r") else stop))
        start = stop + 1
    return found


def _is_open(text: str) -> bool:
    """Whether a string, a backtick or a bracket outside of a recipe's body is still open."""
    rest = re.sub(_STRING, "", text, flags=re.DOTALL).partition("#")[0]
    if any(quote in rest for quote in "\"'`"):
        return True
    return any(rest.count(opening) > rest.count(closing) for opening, closing in ("()", "[]", "{}"))


def _body(data: bytes, lines: list[_Line], index: int) -> tuple[list[_Line], int]:
    """The indented lines from `index` on, and the index of the line after them."""
    body: list[_Line] = []
    last = 0
    while index < len(lines):
        line = lines[index]
        if data[line.start : line.end].strip():
            if data[line.start] not in b" \t":
                break
            last = len(body) + 1
        if body or last:
            body.append(line)
        index += 1
    return body[:last], index


# Values


class _Values:
    """The values of expressions; each assignment is evaluated once."""

    def __init__(
        self, assignments: Mapping[str, str], budget: Budget, given: Mapping[str, Values] | None = None
    ) -> None:
        self._budget = budget
        self._assignments = assignments
        self._given: Mapping[str, Values] = given or {}
        self._known: dict[str, Values] = {}

    def all(self) -> dict[str, Values]:
        return {name: self._name(name, 0) for name in self._assignments}

    def expression(self, text: str, depth: int = 0) -> Values:
        if depth > _DEEPEST or len(text) > _MOST_CHARACTERS:
            return None
        tokens: list[tuple[str, str]] = []
        done = 0
        token = re.compile(_TOKEN, re.DOTALL)
        while match := token.match(text, done):
            tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            done = match.end()
        rest = text[done:].strip()
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

    def _sum(self, tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[tuple[str, ...], int]:
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

    def _term(self, tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[tuple[str, ...], int]:
        if at >= len(tokens) or depth > _DEEPEST:
            raise _Unknown
        kind, text = tokens[at]
        if kind == "string":
            return (_string(text),), at + 1
        if text == "(":
            values, at = self._sum(tokens, at + 1, depth + 1)
            if tokens[at : at + 1] != [("symbol", ")")]:
                raise _Unknown
            return values, at + 1
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

    def _choice(self, tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[tuple[str, ...], int]:
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
                if tokens[at : at + 1] != [("symbol", "}")]:
                    raise _Unknown
                return tuple(dict.fromkeys((*found, *values))), at + 1

    def _default(self, name: str, tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[tuple[str, ...], int]:
        """An environment variable with a default, which counts as its value."""
        if name not in ("env", "env_var_or_default"):
            raise _Unknown
        _, at = self._sum(tokens, at, depth + 1)
        if tokens[at : at + 1] != [("symbol", ",")]:
            raise _Unknown
        values, at = self._sum(tokens, at + 1, depth + 1)
        if tokens[at : at + 1] != [("symbol", ")")]:
            raise _Unknown
        return values, at + 1


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
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]
    common = indents[0] if indents else ""
    for indent in indents[1:]:
        while not indent.startswith(common):
            common = common[:-1]
    return "\n".join(line.removeprefix(common) if line.strip() else line.lstrip(" \t") for line in lines)


def _parameters(text: str, values: _Values) -> dict[str, Values]:
    """The parameters of a recipe: each has its default as value, and is unknown without one."""
    found: dict[str, Values] = {}
    for kind, _, name, default in re.findall(_PARAMETER, text, re.DOTALL):
        found[name] = ("",) if kind == "*" else None
        if default:
            found[name] = values.expression(default)
    return found
