"""Makefiles: the recipe lines that make hands to a shell.

Their syntax is that of https://www.gnu.org/software/make/manual/make.html. What a variable may be follows from the
assignments in the file alone; one that the file does not set is unknown, never empty, because the environment, the
command line or an included file may. A default (`?=`) counts as its value.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.scripts.shell_names import is_posix_shell
from dunnage.shell.assembly import Text, rewrite
from dunnage.shell.model import Place, Script, Segment, Values

_MOST_VALUES = 32
_MOST_CHARACTERS = 10_000
_DEEPEST = 20
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

# What `$` may be followed by: the other bracket by the one that opens a reference.
_BRACKETS = {"(": ")", "{": "}"}


class _Variable(NamedTuple):
    values: Values
    is_expanded: bool
    """It was set by `:=` and so holds no references any more."""


class _Line(NamedTuple):
    """A line of the file, without its end."""

    start: int
    end: int


class _Recipe(NamedTuple):
    rule: int
    lines: list[_Line]
    """One line, and those that continue it."""


class Rule(NamedTuple):
    """What make builds, and what it builds before; one for each line that says so."""

    targets: str
    """As they are written, in `Place.names` of the recipe too."""
    prerequisites: str = ""


_Scope = dict[str, _Variable]


class _Branches:
    """An `if` that is open: what its branches set."""

    def __init__(self, undefined: str) -> None:
        self.undefined = undefined  # NAME of `ifndef NAME`: what it sets is a default
        self.before: dict[str, _Variable | None] = {}
        self.ends: list[dict[str, _Variable | None]] = []
        self.has_else = False


def scripts(file: File) -> Iterator[Script]:
    """Each recipe line, or each recipe under `.ONESHELL:`, in the order of the file. Raises SourceError.

    A variable that is known to have one value is put in as text; any other becomes the expression `${{ make.NAME }}`.
    """
    _ = file.text  # which it must be
    reader = _Reader(file)
    reader.read()
    found = list(reader.scripts())
    yield from sorted(found, key=lambda script: script.offsets[:1])


def rules(file: File) -> list[Rule]:
    """Every rule in the order of the file, with variables put in whose one value is known. Raises SourceError."""
    _ = file.text  # which it must be
    reader = _Reader(file)
    reader.read()
    return reader.rules()


def included(file: File) -> list[str]:
    """The makefiles that a makefile includes, as far as their names are plain. Raises SourceError."""
    found = re.findall(r"(?m)^[ \t]*(?:-include|sinclude|include)[ \t]+([^\r\n#]*)", file.text)
    return [name for names in found for name in names.split() if "$" not in name]


class _Reader:
    """Reads one makefile from top to bottom, then gives what its recipes run with the variables it ends with."""

    def __init__(self, file: File) -> None:
        self._data = file.data
        self._variables: _Scope = {name: _Variable((text,), True) for name, text in _BUILT_IN.items()}
        self._rules: list[Rule] = []
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
        # By variable, what targets set it to.
        self._others: dict[str, list[Values]] = {}

    # Reading

    def read(self) -> None:
        lines = self._lines()
        index = 0
        while index < len(lines):
            line = lines[index]
            if self._in_rule and self._data.startswith(self._prefix, line.start):
                taken = self._continued(lines, index)
                first = _Line(line.start + len(self._prefix), line.end)
                self._recipes.append(_Recipe(len(self._rules) - 1, [first, *lines[index + 1 : taken]]))
                index = taken
                continue
            taken = self._continued(lines, index)
            text = self._joined(lines[index:taken])
            directive = re.match(_DIRECTIVE, text)
            if directive and directive[1] == "define" and "=" not in text[: directive.end()]:
                taken = self._define(lines, taken, text[directive.end() :])
            elif assignment := re.match(_ASSIGNMENT, text):
                self._assign(assignment, _without_comment(text[assignment.end() :]))
                self._in_rule = False
            elif directive:
                self._directive(directive[1], _without_comment(text[directive.end() :]).strip())
            elif _without_comment(text).strip():
                self._rule(lines[index:taken], text)
            index = taken

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
        """The index behind the last line of those that the one at `index` begins."""
        while index + 1 < len(lines) and self._ends_in_backslash(lines[index]):
            index += 1
        return index + 1

    def _ends_in_backslash(self, line: _Line) -> bool:
        end = line.end
        while end > line.start and self._data[end - 1] == ord("\\"):
            end -= 1
        return (line.end - end) % 2 == 1

    def _joined(self, lines: list[_Line]) -> str:
        """Lines outside of recipes: make replaces the end of each, with blanks around it, by one blank."""
        texts = [self._data[line.start : line.end].decode("utf-8", "replace") for line in lines]
        whole = texts[0]
        for text in texts[1:]:
            whole = whole[:-1].rstrip(" \t") + " " + text.lstrip(" \t")
        return whole

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
        self._set(name, _Variable(None, is_expanded=True))
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
            self._set(rest, _Variable(None, is_expanded=True))
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
            # `ifndef X` that sets X gives it a default.
            if not has_else and not (name == undefined and before is None):
                ends.append(before)
            self._set(name, _union(ends))

    def _set(self, name: str, variable: _Variable) -> None:
        if self._branches:
            self._branches[-1].before.setdefault(name, self._variables.get(name))
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

    def _assigned(self, operator: str, text: str, before: _Variable | None) -> _Variable:
        if operator == "!=":
            return _Variable(None, is_expanded=True)
        if operator in ("=", "?="):
            return _Variable((text,), is_expanded=False)
        if operator != "+=":
            return _Variable(self._expand(text), is_expanded=True)
        if before is None:
            return _Variable(None, is_expanded=True)
        added = self._expand(text) if before.is_expanded else (text,)
        if before.values is None or added is None or len(before.values) * len(added) > _MOST_VALUES:
            return _Variable(None, is_expanded=True)
        joined = tuple(f"{one} {other}" if one else other for one in before.values for other in added)
        if max(map(len, joined)) > _MOST_CHARACTERS:
            return _Variable(None, is_expanded=True)
        return _Variable(joined, before.is_expanded)

    def _rule(self, lines: list[_Line], text: str) -> None:
        colon = _find_outside(text, ":")
        if colon < 0:
            # A reference that may be anything, or no make at all.
            self._in_rule = False
            return
        targets = text[:colon].strip().removesuffix("&").strip()
        rest = text[colon + 1 :].removeprefix(":").removeprefix(":")
        if targets == ".ONESHELL":
            self._one_shell = True
        elif targets == ".EXPORT_ALL_VARIABLES":
            self._exports_all = True
        specific = re.match(_ASSIGNMENT, rest)
        semicolon = _find_outside(text, ";", colon)
        if specific and (semicolon < 0 or specific.end() <= semicolon - colon):
            self._target_specific(targets, specific, _without_comment(rest[specific.end() :]))
            self._in_rule = False
            return
        self._rules.append(Rule(targets, _without_comment(rest).partition(";")[0].replace("|", " ").strip()))
        self._in_rule = True
        if semicolon >= 0 and semicolon < _comment_start(text):
            # Find it in the file, where lines are not joined.
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
        for target in targets.split() if len(targets) <= _MOST_CHARACTERS else ():
            own = self._targets.setdefault(target, {})
            before = self._variables.get(name)
            if name in own:
                before = _Variable(own[name], is_expanded=False)
            if operator == "?=" and before is not None:
                continue
            own[name] = self._assigned("=" if operator.endswith(":=") else operator, text, before).values

    # Variables

    def _expand(
        self, text: str, scope: Mapping[str, Values] | None = None, memo: dict[str, Values] | None = None
    ) -> Values:
        """What `text` may be once references are put in; with `scope`, what a rule sets goes first."""
        return _Expansion(self._variables, scope or {}, {} if memo is None else memo).text(text, 0)

    # Recipes

    def rules(self) -> list[Rule]:
        found: list[Rule] = []
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
        others: dict[str, list[Values]] = {}
        for own in self._targets.values():
            for name, values in own.items():
                others.setdefault(name, []).append(values)
        if len(others) > _MOST_SPECIFIC:
            self._variables.update(dict.fromkeys(others, _Variable(None, is_expanded=True)))
            others = {}
        self._others = others
        memos: dict[int, tuple[dict[str, Values], dict[str, Values]]] = {}
        used: dict[str, None] = {}
        groups: list[tuple[int, list[_Recipe]]] = []
        for recipe in self._recipes:
            if self._one_shell and groups and groups[-1][0] == recipe.rule:
                groups[-1][1].append(recipe)
            else:
                groups.append((recipe.rule, [recipe]))
        exported: dict[str, Values] | None = None
        for rule, recipes in groups:
            if rule not in memos:
                scope = self._scope(self._rules[rule])
                # A rule that sees nothing of its own shares what was worked out for the others.
                memos = {rule: (scope, {})}
            scope, memo = memos[rule]
            if exported is None:
                exported = self._environment()
            place = Place("makefile", (f"recipe {self._rules[rule].targets}",))
            text, offsets = self._recipe_text(recipes)
            used.update(dict.fromkeys(_called(text)))
            yield from self._script(text, offsets, place, scope, memo, exported)
        for name in used:
            lines = self._defines.get(name, [])
            index = 0
            while index < len(lines):
                taken = self._continued(lines, index)
                recipe = _Recipe(0, lines[index:taken])
                text, offsets = self._recipe_text([recipe])
                unknown: dict[str, Values] = {str(number): None for number in range(10)}
                place = Place("makefile", (f"define {name}",))
                yield from self._script(text, offsets, place, unknown, {}, exported or {})
                index = taken

    def _environment(self) -> dict[str, Values]:
        """The variables that make exports to the shell."""
        names = self._variables.keys() - _BUILT_IN.keys() if self._exports_all else self._exported
        memo: dict[str, Values] = {}
        found: dict[str, Values] = {}
        for name in names:
            if name in self._variables:
                values = self._expand(f"$({name})", memo=memo)
                for other in self._others.get(name, ()):
                    values = None if values is None or other is None else self._both(values, other)
                found[name] = values
        return found

    def _both(self, values: tuple[str, ...], other: tuple[str, ...]) -> Values:
        expanded = [self._expand(text) for text in other]
        more = [text for each in expanded for text in each or ()]
        return None if None in expanded else tuple(dict.fromkeys((*values, *more)))

    def _scope(self, rule: Rule) -> dict[str, Values]:
        """What is particular to a rule: `$@`, and variables that targets set."""
        scope: dict[str, Values] = {}
        targets = self._expand(rule.targets)
        names = [name for text in targets or () for name in text.split()]
        if targets is not None and names and len(names) <= _MOST_VALUES and not any("%" in name for name in names):
            scope["@"] = tuple(dict.fromkeys(names))
        own = [self._targets.get(name, {}) for name in rule.targets.split()[:_MOST_VALUES]]
        for name, others in self._others.items():
            values: list[Values]
            if own and all(name in each for each in own):
                values = [each[name] for each in own]
            else:
                # Another target, which needs this one, may set it.
                general = self._variables.get(name)
                values = [None if general is None else general.values, *others]
            texts = [text for each in values for text in each or ()]
            scope[name] = None if None in values or len(texts) > _MOST_VALUES else tuple(dict.fromkeys(texts))
        return scope

    def _recipe_text(self, recipes: list[_Recipe]) -> tuple[str, tuple[Segment, ...]]:
        text = Text(self._data)
        for position, recipe in enumerate(recipes):
            if position:
                text.make(b"\n")
            for number, line in enumerate(recipe.lines):
                start = line.start
                if number:
                    text.end_line(recipe.lines[number - 1].end)
                    # Of a line that continues another one, make takes one recipe prefix away.
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
        for _ in range(_DEEPEST):
            branches = _branches(text)
            if len(branches) < 2:
                break
            # A whole line in `$(if …)`: what it chooses from stands here like any other line.
            start, end = branches.pop()
            yield from self._script(*_cut(text, offsets, start, end), place, scope, memo, exported)
            text, offsets = _cut(text, offsets, *branches[0])
        expansion = _Expansion(self._variables, scope, memo)
        replacements: list[tuple[int, int, str]] = []
        variables: dict[str, Values] = dict(exported)
        is_first = True
        for start, end in _references(text):
            is_first = is_first and not text[:start].strip(_PREFIX) if start < 200 else False
            if text[start + 1 : end] == "$":
                replacements.append((start, start + 1, ""))
                continue
            values = expansion.text(text[start:end], 0)
            if is_first and values is not None and not any(value.strip(_PREFIX) for value in values):
                # `$(Q)` in front of a line, which is `@` or nothing.
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
        stripped = text.lstrip(_PREFIX)
        if stripped.strip():
            if len(stripped) < len(text):
                text, offsets = rewrite(text, offsets, [(0, len(text) - len(stripped), "")])
            yield Script(text, offsets, place, variables, expressions="github")


def _union(variables: list[_Variable | None]) -> _Variable:
    """What a variable may be that several branches set."""
    texts: dict[str, None] = {}
    for variable in variables:
        if variable is None or variable.values is None:
            return _Variable(None, is_expanded=True)
        texts.update(dict.fromkeys(variable.values))
    flavours = {variable.is_expanded for variable in variables if variable}
    if len(texts) > _MOST_VALUES or (len(flavours) > 1 and any("$" in text for text in texts)):
        return _Variable(None, is_expanded=True)
    return _Variable(tuple(texts), flavours == {True})


class _Expansion:
    """Puts in references, each name worked out once."""

    def __init__(
        self, variables: Mapping[str, _Variable], scope: Mapping[str, Values], memo: dict[str, Values]
    ) -> None:
        self._variables = variables
        self._scope = scope
        self._memo = memo

    def text(self, text: str, depth: int) -> Values:
        if "$" not in text:
            return (text,)
        if depth > _DEEPEST:
            return None
        parts: list[tuple[str, ...]] = []
        done = 0
        count = 1
        for start, end in _references(text):
            values = self._reference(text[start:end], depth)
            if values is None:
                return None
            parts += [(text[done:start],), values]
            done = end
            count *= len(values)
            if count > _MOST_VALUES or sum(max(map(len, part)) for part in parts) > _MOST_CHARACTERS:
                return None
        return tuple(dict.fromkeys("".join(chosen) + text[done:] for chosen in product(*parts)))

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
            comma = _find_outside(arguments, ",")
            second = _find_outside(arguments, ",", comma + 1)
            yes = self.text(arguments[comma + 1 : second if second >= 0 else None].strip(), depth + 1)
            no = self.text(arguments[second + 1 :].strip(), depth + 1) if second >= 0 else ("",)
            return None if yes is None or no is None else tuple(dict.fromkeys(yes + no))
        names = self.text(inner, depth + 1) if "$" in inner else (inner,)
        return self._name(names[0], depth) if names is not None and len(names) == 1 else None

    def _name(self, name: str, depth: int) -> Values:
        if name in self._memo:
            return self._memo[name]
        # Until it is known, a variable that refers to itself is unknown.
        self._memo[name] = None
        if name in self._scope:
            values, is_expanded = self._scope[name], name == "@"
        elif name in self._variables:
            values, is_expanded = self._variables[name]
        else:
            return None
        if not is_expanded and values is not None:
            expanded = [self.text(value, depth + 1) for value in values]
            texts = dict.fromkeys(text for each in expanded for text in each or ())
            values = None if None in expanded or len(texts) > _MOST_VALUES else tuple(texts)
        self._memo[name] = values
        return values


def _branches(text: str) -> list[tuple[int, int]]:
    """Where the two texts are that a line which is all `$(if condition,text,text)` chooses from; else nothing."""
    match = re.match(r"[ \t@+-]*\$([({])if\s", text)
    if not match:
        return []
    end = _closing(text, match.end(), match[1], _BRACKETS[match[1]])
    first = _find_outside(text, ",", match.end())
    if first < 0 or first > end or text[end:].strip():
        return []
    second = _find_outside(text, ",", first + 1)
    if not first < second < end:
        second = end - 1
    return [(first + 1, second), (min(second + 1, end - 1), end - 1)]


def _cut(text: str, offsets: tuple[Segment, ...], start: int, end: int) -> tuple[str, tuple[Segment, ...]]:
    return rewrite(text, offsets, [(0, start, ""), (end, len(text), "")])


def _references(text: str) -> Iterator[tuple[int, int]]:
    """Where each reference to a variable begins and ends; `$$` is one of them."""
    start = text.find("$")
    while 0 <= start < len(text) - 1:
        end = start + 2
        closing = _BRACKETS.get(text[start + 1])
        if closing:
            end = _closing(text, start + 2, text[start + 1], closing)
            if end < 0:
                # Never closed: make would stop here.
                return
        yield start, end
        start = text.find("$", end)


def _closing(text: str, start: int, opening: str, closing: str) -> int:
    """The index behind the bracket that closes one which was opened before `start`; -1 if it is not closed."""
    depth = 1
    for match in re.compile(f"[{re.escape(opening + closing)}]").finditer(text, start):
        depth += 1 if match[0] == opening else -1
        if not depth:
            return match.end()
    return -1


def _find_outside(text: str, character: str, start: int = 0) -> int:
    """Where `character` stands outside of references; -1 if nowhere."""
    position = start
    for begin, end in _references(text[start:]):
        found = text.find(character, position, start + begin)
        if found >= 0:
            return found
        position = max(position, start + end)
    return text.find(character, position)


def _comment_start(text: str) -> int:
    """Where a comment begins; the length of `text` if there is none."""
    position = text.find("#")
    while position > 0 and text[position - 1] == "\\":
        position = text.find("#", position + 1)
    return position if position >= 0 else len(text)


def _without_comment(text: str) -> str:
    cut = _comment_start(text)
    return text[:cut].replace("\\#", "#") if "\\#" in text else text[:cut]


def _called(text: str) -> Iterator[str]:
    """The name of the variable that a recipe line consists of, which may hold several lines."""
    match = re.match(r"[ \t@+-]*(?:\$[({]\w{1,10}[)}])?\$[({](?:call\s+)?([^\s(){},$]+)\s*[,)}]", text)
    if match:
        yield match[1]
