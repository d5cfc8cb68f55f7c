"""Makefiles: the recipe lines that make passes to a shell.

The syntax is that of https://www.gnu.org/software/make/manual/make.html. The values of a variable follow from the
assignments in the file alone. A variable that the file does not set is unknown, never empty, because the environment,
the command line or an included file may set it. A default (`?=`) counts as the value.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.scripts.makefile_values import (
    UNKNOWN,
    Expansion,
    Variable,
    closing_bracket,
    find_outside,
    join,
    references,
)
from dunnage.scripts.shell_names import is_posix_shell
from dunnage.shell.assembly import Text, rewrite
from dunnage.shell.bounds import MOST_BUILD_VALUES, MOST_CHARACTERS, MOST_SYNTAX_LEVELS, Budget, union
from dunnage.shell.model import Place, Script, Segment, Values

_MOST_CHOICES = 20
_MOST_SPECIFIC = 200

_ASSIGNMENT = (
    r"\s*((?:(?:export|override|private|unexport)\s+)*)((?:[^\s:#=!?+$]|\$\([^()\s]*\)|\$\{[^{}\s]*\}|[!?+](?!=))+)"
    r"\s*(:::=|::=|:=|\?=|\+=|!=|=)\s*"
)
_DIRECTIVE = (
    r"\s*(ifdef|ifndef|ifeq|ifneq|else|endif|define|endef|export|unexport|include|-include|sinclude|vpath|undefine)\b"
)
_PREFIX = " \t@+-"
_BUILT_IN = {"MAKE": "make", "RM": "rm -f"}


class _Line(NamedTuple):
    """A line of the file, without its end."""

    start: int
    end: int


class _Recipe(NamedTuple):
    rule: int
    lines: list[_Line]
    """One line, and those that continue it."""


class MakeRule(NamedTuple):
    """The targets and prerequisites of one line that declares a rule."""

    targets: str
    """As written in the file and in `Place.names` of the recipe."""
    prerequisites: str = ""


_Scope = dict[str, Variable]


class _Branches:
    """An open `if`, and the variables that its branches set."""

    def __init__(self, undefined: str) -> None:
        self.undefined = undefined  # NAME of `ifndef NAME`: what it sets is a default
        self.before: dict[str, Variable | None] = {}
        self.ends: list[dict[str, Variable | None]] = []
        self.has_else = False


def scripts(file: File) -> Iterator[Script]:
    """Each recipe line, or each recipe under `.ONESHELL:`, in the order of the file. Raises SourceError.

    A variable with one known value is replaced by its value; any other becomes the expression `${{ make.NAME }}`.
    """
    _ = file.text  # raises SourceError
    reader = _Reader(file)
    reader.read()
    found = list(reader.scripts())
    yield from sorted(found, key=lambda script: script.offsets[:1])


def rules(file: File) -> list[MakeRule]:
    """Every rule in the order of the file, with variables of one known value replaced. Raises SourceError."""
    _ = file.text  # raises SourceError
    reader = _Reader(file)
    reader.read()
    return reader.rules()


def included(file: File) -> list[str]:
    """The included makefiles whose names contain no variable. Raises SourceError."""
    found = re.findall(r"(?m)^[ \t]*(?:-include|sinclude|include)[ \t]+([^\r\n#]*)", file.text)
    return [name for names in found for name in names.split() if "$" not in name]


class _Reader:
    """Reads one makefile from top to bottom, then the programs of its recipes with the final variables."""

    def __init__(self, file: File) -> None:
        self._data = file.data
        self._budget = Budget()
        self._variables: _Scope = {name: Variable((text,), True) for name, text in _BUILT_IN.items()}
        self._rules: list[MakeRule] = []
        self._recipes: list[_Recipe] = []
        self._targets: dict[str, dict[str, Values]] = {}
        self._branches: list[_Branches] = []
        self._defines: dict[str, list[_Line]] = {}
        self._exported: set[str] = set()
        self._exports_all = False
        self._one_shell = False
        self._prefix = b"\t"
        self._memo: dict[str, Values] = {}
        self._in_rule = False
        # By variable, the values that targets give it; and its values in rules whose targets give it none.
        self._others: dict[str, list[Values]] = {}
        self._general: dict[str, Values] = {}

    # Reading

    def read(self) -> None:
        lines = self._lines()
        index = 0
        while index < len(lines):
            line = lines[index]
            if self._in_rule and self._data.startswith(self._prefix, line.start):
                end_index = self._continued(lines, index)
                first = _Line(line.start + len(self._prefix), line.end)
                self._recipes.append(_Recipe(len(self._rules) - 1, [first, *lines[index + 1 : end_index]]))
                index = end_index
                continue
            end_index = self._continued(lines, index)
            text = self._joined(lines[index:end_index])
            directive = re.match(_DIRECTIVE, text)
            if directive and directive[1] == "define" and "=" not in text[: directive.end()]:
                end_index = self._define(lines, end_index, text[directive.end() :])
            elif assignment := re.match(_ASSIGNMENT, text):
                self._assign(assignment, _without_comment(text[assignment.end() :]))
                self._in_rule = False
            elif directive:
                self._directive(directive[1], _without_comment(text[directive.end() :]).strip())
            elif _without_comment(text).strip():
                self._rule(lines[index:end_index], text)
            index = end_index

    def _lines(self) -> list[_Line]:
        start = 3 if self._data.startswith(b"\xef\xbb\xbf") else 0
        lines: list[_Line] = []
        while start < len(self._data):
            end = self._data.find(b"\n", start)
            stop = len(self._data) if end < 0 else end
            without = stop - 1 if end > start and self._data[end - 1] == ord("\r") else stop
            lines.append(_Line(start, without))
            start = stop + 1
        return lines

    def _continued(self, lines: list[_Line], index: int) -> int:
        """The index after the last line that continues the one at `index`."""
        while index + 1 < len(lines) and self._ends_in_backslash(lines[index]):
            index += 1
        return index + 1

    def _ends_in_backslash(self, line: _Line) -> bool:
        end = line.end
        while end > line.start and self._data[end - 1] == ord("\\"):
            end -= 1
        return (line.end - end) % 2 == 1

    def _joined(self, lines: list[_Line]) -> str:
        """Continued lines outside of recipes: make replaces each line end and the blanks around it by one blank."""
        texts = [self._data[line.start : line.end].decode("utf-8", "replace") for line in lines]
        last = len(texts) - 1
        for index, text in enumerate(texts):
            start = text.lstrip(" \t") if index else text
            texts[index] = start[:-1].rstrip(" \t") if index < last else start
        return " ".join(texts)

    def _define(self, lines: list[_Line], index: int, name: str) -> int:
        depth = 1
        begin = index
        while index < len(lines):
            text = self._data[lines[index].start : lines[index].end].decode("utf-8", "replace")
            directive = re.match(r"\s*(define|endef)\b", text) if not text.startswith("\t") else None
            depth += 0 if directive is None else 1 if directive[1] == "define" else -1
            if not depth:
                break
            index += 1
        name = re.sub(r"\s*(?::::=|::=|:=|\?=|\+=|!=|=)\s*$", "", _without_comment(name)).strip()
        self._defines[name] = lines[begin:index]
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
                self._exported.difference_update(names)
            elif names:
                self._exported.update(names)
            else:
                self._exports_all = True
        elif name == "undefine":
            self._set(rest, UNKNOWN)
        elif name not in ("else", "endif"):
            self._in_rule = False

    def _end_branch(self) -> None:
        branches = self._branches[-1]
        branches.ends.append({name: self._variables.get(name) for name in branches.before})
        for name, variable in branches.before.items():
            if variable is None:
                self._variables.pop(name, None)
            else:
                self._variables[name] = variable

    def _end_if(self) -> None:
        branches = self._branches[-1]
        undefined, has_else = branches.undefined, branches.has_else
        self._end_branch()
        self._branches.pop()
        for name, before in branches.before.items():
            ends = [end.get(name, before) for end in branches.ends]
            # `ifndef X` that sets X only gives it a default.
            if not has_else and not (name == undefined and before is None):
                ends.append(before)
            self._set(name, join(ends))

    def _set(self, name: str, variable: Variable) -> None:
        if self._branches:
            # In conditions that are nested too deeply, variables become unknown.
            level = min(len(self._branches), MOST_SYNTAX_LEVELS)
            self._branches[level - 1].before.setdefault(name, self._variables.get(name))
            if level < len(self._branches):
                variable = UNKNOWN
        self._variables[name] = variable

    def _assign(self, assignment: re.Match[str], text: str) -> None:
        modifiers, raw_name, operator = assignment.groups()
        names = self._expand(raw_name)
        if names is None or len(names) != 1:
            return
        name = names[0]
        if "export" in modifiers.split():
            self._exported.add(name)
        if name == ".RECIPEPREFIX":
            self._prefix = text.strip()[:1].encode("utf-8") or b"\t"
        before = self._variables.get(name)
        if operator == "?=" and before is not None and name not in _BUILT_IN:
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

    def _rule(self, lines: list[_Line], text: str) -> None:
        colon = find_outside(text, ":")
        if colon < 0:
            # A reference with unknown value, or a syntax error.
            self._in_rule = False
            return
        targets = text[:colon].strip().removesuffix("&").strip()
        rest = text[colon + 1 :].removeprefix(":").removeprefix(":")
        if targets == ".ONESHELL":
            self._one_shell = True
        elif targets == ".EXPORT_ALL_VARIABLES":
            self._exports_all = True
        specific = re.match(_ASSIGNMENT, rest)
        semicolon = find_outside(text, ";", colon)
        if specific and (semicolon < 0 or specific.end() <= semicolon - colon):
            self._target_specific(targets, specific, _without_comment(rest[specific.end() :]))
            self._in_rule = False
            return
        self._rules.append(MakeRule(targets, _without_comment(rest).partition(";")[0].replace("|", " ").strip()))
        self._in_rule = True
        if semicolon >= 0 and semicolon < _comment_start(text):
            # Find the semicolon in the file, where lines are not joined.
            skipped = text[:semicolon].count(";")
            for number, line in enumerate(lines):
                parts = self._data[line.start : line.end].split(b";")
                if skipped < len(parts) - 1:
                    start = line.start + len(b";".join(parts[: skipped + 1])) + 1
                    kept = [_Line(start, line.end), *lines[number + 1 :]]
                    self._recipes.append(_Recipe(len(self._rules) - 1, kept))
                    break
                skipped -= len(parts) - 1

    def _target_specific(self, targets: str, assignment: re.Match[str], text: str) -> None:
        modifiers, name, operator = assignment.groups()
        if "export" in modifiers.split():
            self._exported.add(name)
        for target in targets.split() if len(targets) <= MOST_CHARACTERS else ():
            own = self._targets.setdefault(target, {})
            before = self._variables.get(name)
            if name in own:
                before = Variable(own[name], is_expanded=False)
            if operator == "?=" and before is not None:
                continue
            own[name] = self._assigned("=" if operator.endswith(":=") else operator, text, before).values

    # Variables

    def _expand(
        self, text: str, scope: Mapping[str, Values] | None = None, memo: dict[str, Values] | None = None
    ) -> Values:
        """The values of `text`; the variables of `scope` take precedence."""
        return Expansion(self._variables, scope or {}, {} if memo is None else memo, self._budget).text(text)

    # Recipes

    def rules(self) -> list[MakeRule]:
        found: list[MakeRule] = []
        memo: dict[str, Values] = {}
        for rule in self._rules:
            values = self._expand(rule.prerequisites, memo=memo)
            found.append(rule._replace(prerequisites=" ".join(values) if values else rule.prerequisites))
        return found

    def scripts(self) -> Iterator[Script]:
        while self._branches:  # an `endif` is missing
            self._end_if()
        shell = self._expand("$(SHELL)") if "SHELL" in self._variables else ("sh",)
        if shell is not None and not any(map(is_posix_shell, shell)):
            return
        self._collect_others()
        exported = self._environment()
        defines: dict[str, None] = {}
        rule, memo = -1, dict[str, Values]()
        scope: Mapping[str, Values] = self._general
        for recipes in self._grouped():
            if recipes[0].rule != rule:
                rule, memo = recipes[0].rule, {}
                scope = self._scope(self._rules[rule])
            place = Place("makefile", (f"recipe {self._rules[rule].targets}",))
            text, offsets = self._recipe_text(recipes)
            defines.update(dict.fromkeys(_called(text)))
            yield from self._script(text, offsets, place, scope, memo, exported)
        for name in defines:
            yield from self._define_scripts(name, exported)

    def _collect_others(self) -> None:
        for own in self._targets.values():
            for name, values in own.items():
                self._others.setdefault(name, []).append(values)
        if len(self._others) > _MOST_SPECIFIC:
            self._variables.update(dict.fromkeys(self._others, UNKNOWN))
            self._others = {}
        self._general = self._set_for_others()

    def _grouped(self) -> list[list[_Recipe]]:
        """The recipe lines that one shell runs: each alone, or under `.ONESHELL:` all of a rule."""
        groups: list[list[_Recipe]] = []
        for recipe in self._recipes:
            if self._one_shell and groups and groups[-1][0].rule == recipe.rule:
                groups[-1].append(recipe)
            else:
                groups.append([recipe])
        return groups

    def _define_scripts(self, name: str, exported: Mapping[str, Values]) -> Iterator[Script]:
        """The lines of a `define` that a recipe consists of. Its arguments, `$(1)`, are unknown."""
        lines = self._defines.get(name, [])
        index = 0
        while index < len(lines):
            end = self._continued(lines, index)
            text, offsets = self._recipe_text([_Recipe(0, lines[index:end])])
            arguments: dict[str, Values] = {str(number): None for number in range(10)}
            place = Place("makefile", (f"define {name}",))
            yield from self._script(text, offsets, place, arguments, {}, exported)
            index = end

    def _environment(self) -> dict[str, Values]:
        """The variables that make exports to the shell."""
        names = self._variables.keys() - _BUILT_IN.keys() if self._exports_all else self._exported
        memo: dict[str, Values] = {}
        found: dict[str, Values] = {}
        for name in names:
            if name in self._variables:
                values = self._expand(f"$({name})", memo=memo)
                others = [text for each in self._others.get(name, ()) for text in each or (None,)]
                expanded = [None if text is None else self._expand(text) for text in others[: MOST_BUILD_VALUES + 1]]
                found[name] = union((values, *expanded), MOST_BUILD_VALUES)
        return found

    def _scope(self, rule: MakeRule) -> Mapping[str, Values]:
        """The values that are particular to a rule: `$@`, and variables that targets set."""
        names = self._target_names(rule)
        own = [self._targets.get(name, {}) for name in rule.targets.split()[:MOST_BUILD_VALUES]]
        common = set(own[0]).intersection(*own[1:]) if own else set()
        if not names and not common:
            return self._general
        particular = {name: union([each[name] for each in own], MOST_BUILD_VALUES) for name in common}
        if names:
            particular["@"] = names
        return ChainMap(particular, self._general)

    def _target_names(self, rule: MakeRule) -> tuple[str, ...]:
        """The values of `$@`; empty if they are unknown."""
        targets = self._expand(rule.targets)
        names = [name for text in targets or () for name in text.split()]
        if len(names) > MOST_BUILD_VALUES or any("%" in name for name in names):
            return ()
        return tuple(dict.fromkeys(names))

    def _set_for_others(self) -> dict[str, Values]:
        """The values of variables in a rule whose targets do not set them: a target that needs the rule may do so."""
        found: dict[str, Values] = {}
        for name, others in self._others.items():
            general = self._variables.get(name)
            found[name] = union((None if general is None else general.values, *others), MOST_BUILD_VALUES)
        return found

    def _recipe_text(self, recipes: list[_Recipe]) -> tuple[str, tuple[Segment, ...]]:
        text = Text(self._data)
        for position, recipe in enumerate(recipes):
            if position:
                text.make(b"\n")
            for number, line in enumerate(recipe.lines):
                start = line.start
                if number:
                    text.end_line(recipe.lines[number - 1].end)
                    # make removes one recipe prefix from a line that continues another.
                    start += len(self._prefix) * self._data.startswith(self._prefix, start, line.end)
                if number == 0:
                    while start < line.end and chr(self._data[start]) in _PREFIX:
                        start += 1
                text.copy(start, line.end)
        return text.done()

    def _script(
        self,
        text: str,
        offsets: tuple[Segment, ...],
        place: Place,
        scope: Mapping[str, Values],
        memo: dict[str, Values],
        exported: Mapping[str, Values],
    ) -> Iterator[Script]:
        for _ in range(_MOST_CHOICES):
            branches = _branches(text)
            if len(branches) < 2:
                break
            # A line that is all `$(if …)`: each alternative is a program.
            start, end = branches.pop()
            yield from self._script(*_cut(text, offsets, start, end), place, scope, memo, exported)
            text, offsets = _cut(text, offsets, *branches[0])
        text, offsets, own = self._resolved(text, offsets, Expansion(self._variables, scope, memo, self._budget))
        stripped = text.lstrip(_PREFIX)
        if stripped.strip():
            if len(stripped) < len(text):
                text, offsets = rewrite(text, offsets, [(0, len(text) - len(stripped), "")])
            # Most programs share the mapping of exported variables.
            variables = {**exported, **own} if own and self._budget.afford(0, len(exported)) else own or exported
            yield Script(text, offsets, place, variables, expressions="github")

    def _resolved(
        self, text: str, offsets: tuple[Segment, ...], expansion: Expansion
    ) -> tuple[str, tuple[Segment, ...], dict[str, Values]]:
        """A program with the values of references that have one, expressions for the others, and their values."""
        replacements: list[tuple[int, int, str]] = []
        variables: dict[str, Values] = {}
        is_first = True
        for start, end in references(text):
            is_first = is_first and not text[:start].strip(_PREFIX) if start < 200 else False
            if text[start + 1 : end] == "$":
                replacements.append((start, start + 1, ""))
                continue
            values = expansion.text(text[start:end])
            if is_first and values is not None and not any(value.strip(_PREFIX) for value in values):
                # `$(Q)` at the start of a line, which is `@` or nothing.
                values = ("",)
            if values is not None and len(values) == 1:
                replacements.append((start, end, values[0]))
            else:
                name = "make." + (re.sub(r"[^A-Za-z0-9_-]", "_", text[start + 1 : end].strip("(){}")) or "_")
                if variables.get(name, values) != values:
                    values = None
                variables[name] = values
                replacements.append((start, end, "${{ " + name + " }}"))
        if replacements:
            text, offsets = rewrite(text, offsets, replacements)
        return text, offsets, variables


def _branches(text: str) -> list[tuple[int, int]]:
    """The positions of the two alternatives of a line that is all `$(if condition,text,text)`; else empty."""
    match = re.match(r"[ \t@+-]*\$([({])if\s", text)
    if not match:
        return []
    end = closing_bracket(text, match.end(), match[1])
    first = find_outside(text, ",", match.end())
    if first < 0 or first > end or text[end:].strip():
        return []
    second = find_outside(text, ",", first + 1)
    if not first < second < end:
        second = end - 1
    return [(first + 1, second), (min(second + 1, end - 1), end - 1)]


def _cut(text: str, offsets: tuple[Segment, ...], start: int, end: int) -> tuple[str, tuple[Segment, ...]]:
    return rewrite(text, offsets, [(0, start, ""), (end, len(text), "")])


def _comment_start(text: str) -> int:
    """The start of a comment; the length of `text` if there is none."""
    position = text.find("#")
    while position > 0 and text[position - 1] == "\\":
        position = text.find("#", position + 1)
    return position if position >= 0 else len(text)


def _without_comment(text: str) -> str:
    cut = _comment_start(text)
    return text[:cut].replace("\\#", "#") if "\\#" in text else text[:cut]


def _called(text: str) -> Iterator[str]:
    """Yield the name of the variable that a recipe line consists of; it may be a `define` of several lines."""
    match = re.match(r"[ \t@+-]*(?:\$[({]\w{1,10}[)}])?\$[({](?:call\s+)?([^\s(){},$]+)\s*[,)}]", text)
    if match:
        yield match[1]
