"""The rules, recipes and variables of a makefile.

The syntax is that of https://www.gnu.org/software/make/manual/make.html. The values of a variable follow from the
assignments in the file alone. A variable that the file does not set is unknown, never empty, because the environment,
the command line or an included file may set it. A default (`?=`) counts as the value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.bounds import MOST_BUILD_VALUES, MOST_CHARACTERS, MOST_SYNTAX_LEVELS, Budget, union
from dunnage.shell.model import Values
from dunnage.shell.offsets import decode, lines

# Values

_MOST_LEVELS = 20
# The closing bracket for each bracket that opens a reference.
_BRACKETS = {"(": ")", "{": "}"}


class Variable(NamedTuple):
    """A variable of make."""

    values: Values
    is_expanded: bool
    """It was set by `:=` and so contains no references."""


Scope = Callable[[str], Variable | None]
"""Returns the variable of a name, of those that are set for a part of a makefile; None if it is not one of them."""

UNKNOWN = Variable(None, is_expanded=True)


def join(variables: list[Variable | None]) -> Variable:
    """A variable that several branches set."""
    texts = union([None if variable is None else variable.values for variable in variables], MOST_BUILD_VALUES)
    flavours = {variable.is_expanded for variable in variables if variable}
    if texts is None or (len(flavours) > 1 and any("$" in text for text in texts)):
        return UNKNOWN
    return Variable(texts, flavours == {True})


class Expansion:
    """Replaces references by values; each variable is evaluated once."""

    def __init__(self, variables: Mapping[str, Variable], budget: Budget, scope: Scope | None = None) -> None:
        """`scope` has what is particular to a rule and takes precedence."""
        self._variables = variables
        self._scope = scope
        self._memo: dict[str, Values] = {}
        self._budget = budget

    def text(self, text: str, depth: int = 0) -> Values:
        """The values of a text; None if they are unknown."""
        if "$" not in text:
            return (text,)
        if depth > _MOST_LEVELS:
            return None
        found = ((start, end, self._reference(text[start:end], depth)) for start, end in references(text))
        return self._budget.filled(text, found, MOST_BUILD_VALUES)

    def _reference(self, reference: str, depth: int) -> Values:
        inner = reference[2:-1] if len(reference) > 2 else reference[1:]
        if inner == "$":
            return ("$",)
        if len(reference) == 2:
            return self._name(inner, depth)
        function, _, arguments = inner.partition(" ")
        if function == "strip":
            values = self.text(arguments, depth + 1)
            return None if values is None else tuple(dict.fromkeys(" ".join(value.split()) for value in values))
        if function == "if" and "," in arguments:
            comma = find_outside(arguments, ",")
            second = find_outside(arguments, ",", comma + 1)
            yes = self.text(arguments[comma + 1 : second if second >= 0 else None].strip(), depth + 1)
            no = self.text(arguments[second + 1 :].strip(), depth + 1) if second >= 0 else ("",)
            return None if yes is None or no is None else tuple(dict.fromkeys(yes + no))
        names = self.text(inner, depth + 1) if "$" in inner else (inner,)
        return self._name(names[0], depth) if names is not None and len(names) == 1 else None

    def _name(self, name: str, depth: int) -> Values:
        if name in self._memo:
            return self._memo[name]
        # During its evaluation it is unknown, which ends cycles.
        self._memo[name] = None
        variable = (self._scope and self._scope(name)) or self._variables.get(name)
        if variable is None:
            return None
        values, is_expanded = variable
        if not is_expanded and values is not None:
            values = union([self.text(value, depth + 1) for value in values], MOST_BUILD_VALUES)
        self._memo[name] = values
        return values


def references(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each reference to a variable; `$$` counts as a reference."""
    start = text.find("$")
    while 0 <= start < len(text) - 1:
        end = start + 2
        if text[start + 1] in _BRACKETS:
            end = closing_bracket(text, end, text[start + 1])
            if end < 0:
                # make rejects a reference that is never closed.
                return
        yield start, end
        start = text.find("$", end)


def closing_bracket(text: str, start: int, opening: str) -> int:
    """The index after the bracket that closes the one opened before `start`; -1 if it is never closed."""
    closing = _BRACKETS[opening]
    end = text.find(closing, start)
    if end < 0 or text.find(opening, start, end) < 0:
        return end + 1 or -1
    depth = 1
    for match in re.compile(f"[{re.escape(opening + closing)}]").finditer(text, start):
        depth += 1 if match[0] == opening else -1
        if not depth:
            return match.end()
    return -1


def find_outside(text: str, character: str, start: int = 0) -> int:
    """The index of `character` outside of references; -1 if there is none."""
    first = text.find(character, start)
    if first < 0 or text.find("$", start, first) < 0:
        return first
    position = start
    for begin, end in references(text[start:]):
        found = text.find(character, position, start + begin)
        if found >= 0:
            return found
        position = max(position, start + end)
    return text.find(character, position)


BUILT_IN = {"MAKE": "make", "RM": "rm -f"}
"""Variables that make itself sets."""

# Syntax

_OPERATOR = r":::=|::=|:=|\?=|\+=|!=|="
_ASSIGNMENT = (
    r"\s*((?:(?:export|override|private|unexport)\s+)*)((?:[^\s:#=!?+$]|\$\([^()\s]*\)|\$\{[^{}\s]*\}|[!?+](?!=))+)"
    rf"\s*({_OPERATOR})\s*"
)
_DIRECTIVE = (
    r"\s*(ifdef|ifndef|ifeq|ifneq|else|endif|define|endef|export|unexport|include|-include|sinclude|vpath|undefine)\b"
)


class MakeRule(NamedTuple):
    """The targets and prerequisites of one line that declares a rule."""

    targets: str
    """As written in the file and in `Place.names` of the recipe."""
    prerequisites: str = ""


class RecipeLine(NamedTuple):
    """One line of a recipe, and the lines that continue it."""

    rule: int
    """The index of its rule."""
    lines: list[Span]


class _Branches:
    """An open `if`, and the variables that its branches set."""

    def __init__(self, undefined: str) -> None:
        self.undefined = undefined  # NAME of `ifndef NAME`: what it sets is a default
        self.before: dict[str, Variable | None] = {}
        self.ends: list[dict[str, Variable | None]] = []
        self.has_else = False


class Makefile:
    """A makefile, read from top to bottom; its attributes hold what applies at its end."""

    def __init__(self, file: File) -> None:
        """Raise SourceError if the file is not UTF-8."""
        _ = file.text
        self.data = file.data
        self.variables: dict[str, Variable] = {name: Variable((text,), True) for name, text in BUILT_IN.items()}
        self.rules: list[MakeRule] = []
        self.recipes: list[RecipeLine] = []
        # The variables that apply to one target only.
        self.targets: dict[str, dict[str, Values]] = {}
        self.defines: dict[str, list[Span]] = {}
        self.exported: set[str] = set()
        self.exports_all = False
        self.one_shell = False
        self.prefix = b"\t"
        self._budget = Budget()
        self._branches: list[_Branches] = []
        self._in_rule = False
        self._read()

    def _read(self) -> None:
        every = lines(self.data)
        index = 0
        while index < len(every):
            first = every[index]
            end = continued(self.data, every, index)
            if self._in_rule and self.data.startswith(self.prefix, first.start):
                body = Span(first.start + len(self.prefix), first.end)
                self.recipes.append(RecipeLine(len(self.rules) - 1, [body, *every[index + 1 : end]]))
                index = end
                continue
            text = self._joined(every[index:end])
            directive = re.match(_DIRECTIVE, text)
            if directive and directive[1] == "define" and "=" not in text[: directive.end()]:
                end = self._define(every, end, text[directive.end() :])
            elif assignment := re.match(_ASSIGNMENT, text):
                self._assign(assignment, _without_comment(text[assignment.end() :]))
                self._in_rule = False
            elif directive:
                self._directive(directive[1], _without_comment(text[directive.end() :]).strip())
            elif _without_comment(text).strip():
                self._rule(every[index:end], text)
            index = end
        while self._branches:  # an `endif` is missing
            self._end_if()

    def _joined(self, parts: list[Span]) -> str:
        """Continued lines outside of recipes: make replaces each line end and the blanks around it by one blank."""
        texts = [decode(self.data, line) for line in parts]
        last = len(texts) - 1
        for index, text in enumerate(texts):
            start = text.lstrip(" \t") if index else text
            texts[index] = start[:-1].rstrip(" \t") if index < last else start
        return " ".join(texts)

    def _define(self, every: list[Span], index: int, name: str) -> int:
        depth = 1
        begin = index
        while index < len(every):
            directive = re.match(r"(?!\t)\s*(define|endef)\b", decode(self.data, every[index]))
            depth += 0 if directive is None else 1 if directive[1] == "define" else -1
            if not depth:
                break
            index += 1
        name = re.sub(rf"(?:{_OPERATOR})$", "", _without_comment(name).strip()).strip()
        self.defines[name] = every[begin:index]
        self._set(name, UNKNOWN)
        self._in_rule = False
        return index + 1

    def _directive(self, name: str, rest: str) -> None:
        if name in ("ifdef", "ifndef", "ifeq", "ifneq"):
            self._branches.append(_Branches(rest if name == "ifndef" else ""))
        elif name == "else" and self._branches:
            self._end_branch()
            self._branches[-1].undefined = ""
            self._branches[-1].has_else = not rest
        elif name == "endif" and self._branches:
            self._end_if()
        elif name in ("export", "unexport"):
            self._in_rule = False
            names = rest.split()
            if name == "unexport":
                self.exported.difference_update(names)
            elif names:
                self.exported.update(names)
            else:
                self.exports_all = True
        elif name == "undefine":
            self._set(rest, UNKNOWN)
        elif name not in ("else", "endif"):
            self._in_rule = False

    def _end_branch(self) -> None:
        branches = self._branches[-1]
        branches.ends.append({name: self.variables.get(name) for name in branches.before})
        for name, variable in branches.before.items():
            if variable is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = variable

    def _end_if(self) -> None:
        self._end_branch()
        branches = self._branches.pop()
        for name, before in branches.before.items():
            ends = [end.get(name, before) for end in branches.ends]
            # `ifndef X` that sets X only gives it a default.
            if not branches.has_else and not (name == branches.undefined and before is None):
                ends.append(before)
            self._set(name, join(ends))

    def _set(self, name: str, variable: Variable) -> None:
        if self._branches:
            # In conditions that are nested too deeply, variables become unknown.
            level = min(len(self._branches), MOST_SYNTAX_LEVELS)
            self._branches[level - 1].before.setdefault(name, self.variables.get(name))
            if level < len(self._branches):
                variable = UNKNOWN
        self.variables[name] = variable

    def _assign(self, assignment: re.Match[str], text: str) -> None:
        modifiers, raw_name, operator = assignment.groups()
        names = self._expand(raw_name)
        if names is None or len(names) != 1:
            return
        name = names[0]
        if "export" in modifiers.split():
            self.exported.add(name)
        if name == ".RECIPEPREFIX":
            self.prefix = text.strip()[:1].encode("utf-8") or b"\t"
        before = self.variables.get(name)
        if operator == "?=" and before is not None and name not in BUILT_IN:
            return
        self._set(name, self._assigned(operator, text, before))

    def _assigned(self, operator: str, text: str, before: Variable | None) -> Variable:
        if operator == "!=":
            return UNKNOWN
        if operator in ("=", "?="):
            return Variable((text,), is_expanded=False)
        if operator != "+=":
            return Variable(self._expand(text), is_expanded=True)
        if before is None:
            return UNKNOWN
        added = self._expand(text) if before.is_expanded else (text,)
        if before.values is None or added is None:
            return UNKNOWN
        heads = tuple(f"{value} " if value else "" for value in before.values)
        joined = self._budget.product((heads, added), MOST_BUILD_VALUES)
        return UNKNOWN if joined is None else Variable(joined, before.is_expanded)

    def _expand(self, text: str) -> Values:
        return Expansion(self.variables, self._budget).text(text)

    def _rule(self, parts: list[Span], text: str) -> None:
        """Read the line of a rule, which `parts` make up and `text` is."""
        self._in_rule = False
        colon = find_outside(text, ":")
        if colon < 0:
            return  # a reference with unknown value, or a syntax error
        targets = text[:colon].strip().removesuffix("&").strip()
        rest = text[colon + 1 :].removeprefix(":").removeprefix(":")
        if targets == ".ONESHELL":
            self.one_shell = True
        elif targets == ".EXPORT_ALL_VARIABLES":
            self.exports_all = True
        specific = re.match(_ASSIGNMENT, rest)
        semicolon = find_outside(text, ";", colon)
        if specific and (semicolon < 0 or specific.end() <= semicolon - colon):
            self._target_specific(targets, specific, _without_comment(rest[specific.end() :]))
            return
        self.rules.append(MakeRule(targets, _without_comment(rest).partition(";")[0].replace("|", " ").strip()))
        self._in_rule = True
        if 0 <= semicolon < _comment_start(text):
            # Find the semicolon in the file, where lines are not joined.
            start = parts[0].start
            for _ in range(text.count(";", 0, semicolon + 1)):
                start = self.data.index(b";", start) + 1
            body = [Span(max(start, line.start), line.end) for line in parts if start <= line.end]
            self.recipes.append(RecipeLine(len(self.rules) - 1, body))

    def _target_specific(self, targets: str, assignment: re.Match[str], text: str) -> None:
        modifiers, name, operator = assignment.groups()
        if "export" in modifiers.split():
            self.exported.add(name)
        for target in targets.split() if len(targets) <= MOST_CHARACTERS else ():
            own = self.targets.setdefault(target, {})
            before = self.variables.get(name)
            if name in own:
                before = Variable(own[name], is_expanded=False)
            if operator == "?=" and before is not None:
                continue
            own[name] = self._assigned("=" if operator.endswith(":=") else operator, text, before).values


def continued(data: bytes, every: list[Span], index: int) -> int:
    """The index after the last line that continues the one at `index`."""
    while index + 1 < len(every) and _ends_in_backslash(data[every[index].start : every[index].end]):
        index += 1
    return index + 1


def _ends_in_backslash(line: bytes) -> bool:
    return line.endswith(b"\\") and (len(line) - len(line.rstrip(b"\\"))) % 2 == 1


def _comment_start(text: str) -> int:
    """The start of a comment; the length of `text` if there is none."""
    position = text.find("#")
    while position > 0 and text[position - 1] == "\\":
        position = text.find("#", position + 1)
    return position if position >= 0 else len(text)


def _without_comment(text: str) -> str:
    return text[: _comment_start(text)].replace("\\#", "#")
