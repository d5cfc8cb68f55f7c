"""Makefiles: the recipe lines that make passes to a shell."""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.makefile_syntax import (
    BUILT_IN,
    UNKNOWN,
    Expansion,
    Makefile,
    MakeRule,
    RecipeLine,
    Scope,
    Variable,
    closing_bracket,
    continued,
    find_outside,
    references,
)
from dunnage.scripts.shell_names import is_posix_shell
from dunnage.shell.bounds import MOST_BUILD_VALUES, Budget, union
from dunnage.shell.model import Place, Script, Values
from dunnage.shell.offsets import Segment, Text, rewrite

_MOST_CHOICES = 20
_MOST_SPECIFIC = 200
_PREFIX = " \t@+-"


def scripts(file: File) -> Iterator[Script]:
    """Each recipe line, or each recipe under `.ONESHELL:`, in the order of the file. Raises SourceError.

    A variable with one known value is replaced by its value; any other becomes the expression `${{ make.NAME }}`.
    """
    yield from _Programs(file.memo(Makefile)).scripts()


def rules(file: File) -> list[MakeRule]:
    """Every rule in the order of the file, with variables of one known value replaced. Raises SourceError."""
    makefile = file.memo(Makefile)
    expansion = Expansion(makefile.variables, Budget())
    found: list[MakeRule] = []
    for rule in makefile.rules:
        values = expansion.text(rule.prerequisites)
        found.append(rule._replace(prerequisites=" ".join(values)) if values else rule)
    return found


def included(file: File) -> list[str]:
    """The included makefiles whose names contain no variable. Raises SourceError."""
    found = re.findall(r"(?m)^[ \t]*(?:-include|sinclude|include)[ \t]+([^\r\n#]*)", file.text)
    return [name for names in found for name in names.split() if "$" not in name]


class _Programs:
    """The programs in the recipes of one makefile, with the final values of its variables."""

    def __init__(self, makefile: Makefile) -> None:
        self._makefile = makefile
        self._variables = dict(makefile.variables)
        self._budget = Budget()
        # By variable, the values that targets give it; and its values in rules whose targets give it none.
        self._others: dict[str, list[Values]] = {}
        for own in makefile.targets.values():
            for name, values in own.items():
                self._others.setdefault(name, []).append(values)
        if len(self._others) > _MOST_SPECIFIC:
            self._variables.update(dict.fromkeys(self._others, UNKNOWN))
            self._others = {}
        self._general = self._set_for_others()
        self._exported: dict[str, Values] = {}

    def scripts(self) -> Iterator[Script]:
        shell = self._expand("$(SHELL)") if "SHELL" in self._variables else ("sh",)
        if shell is not None and not any(map(is_posix_shell, shell)):
            return
        self._exported = self._environment()
        # Recipes are in the order of the file, but a `define` may stand anywhere.
        has_defines = bool(self._makefile.defines)
        called: dict[str, None] = {}
        found: list[Script] = []
        for text, programs in self._recipes():
            if has_defines:
                called.update(dict.fromkeys(_called(text)))
                found += programs
            else:
                yield from sorted(programs, key=_start)
        for name in called:
            found += self._define_scripts(name)
        yield from sorted(found, key=_start)

    def _recipes(self) -> Iterator[tuple[str, Iterator[Script]]]:
        """The text of each recipe, and its programs."""
        expansion = self._expansion()
        index = -1
        for recipes in self._grouped():
            rule = self._makefile.rules[recipes[0].rule]
            if recipes[0].rule != index:
                index = recipes[0].rule
                expansion = self._expansion(self._scope(rule))
            text, offsets = self._recipe_text([recipe.lines for recipe in recipes])
            place = Place("makefile", (f"recipe {rule.targets}",))
            yield text, self._programs(text, offsets, place, expansion)

    def _expansion(self, scope: Scope | None = None) -> Expansion:
        return Expansion(self._variables, self._budget, scope)

    def _expand(self, text: str) -> Values:
        return self._expansion().text(text)

    def _grouped(self) -> Iterator[list[RecipeLine]]:
        """The recipe lines that one shell runs: each alone, or under `.ONESHELL:` all of a rule."""
        if not self._makefile.one_shell:
            yield from ([recipe] for recipe in self._makefile.recipes)
            return
        for _, recipes in groupby(self._makefile.recipes, key=attrgetter("rule")):
            yield list(recipes)

    def _define_scripts(self, name: str) -> Iterator[Script]:
        """The lines of a `define` that a recipe consists of. Its arguments, `$(1)`, are unknown."""
        body = self._makefile.defines.get(name, [])
        arguments = {str(number): UNKNOWN for number in range(10)}
        index = 0
        while index < len(body):
            end = continued(self._makefile.data, body, index)
            text, offsets = self._recipe_text([body[index:end]])
            place = Place("makefile", (f"define {name}",))
            yield from self._programs(text, offsets, place, self._expansion(arguments.get))
            index = end

    # Variables

    def _set_for_others(self) -> dict[str, Values]:
        """The values of variables in a rule whose targets do not set them: a target that needs the rule may do so."""
        found: dict[str, Values] = {}
        for name, others in self._others.items():
            general = self._variables.get(name)
            found[name] = union((None if general is None else general.values, *others), MOST_BUILD_VALUES)
        return found

    def _environment(self) -> dict[str, Values]:
        """The variables that make exports to the shell."""
        makefile = self._makefile
        names = self._variables.keys() - BUILT_IN.keys() if makefile.exports_all else makefile.exported
        expansion = self._expansion()
        found: dict[str, Values] = {}
        for name in names:
            if name in self._variables:
                values = expansion.text(f"$({name})")
                others = [text for each in self._others.get(name, ()) for text in each or (None,)]
                expanded = [None if text is None else self._expand(text) for text in others[: MOST_BUILD_VALUES + 1]]
                found[name] = union((values, *expanded), MOST_BUILD_VALUES)
        return found

    def _scope(self, rule: MakeRule) -> Scope:
        """What is particular to a rule: `$@`, and variables that targets set. Few of these are ever looked up."""

        def scope(name: str) -> Variable | None:
            if name == "@" and (names := self._target_names(rule)):
                return Variable(names, is_expanded=True)
            own = [self._makefile.targets.get(target, {}) for target in rule.targets.split()[:MOST_BUILD_VALUES]]
            if own and all(name in each for each in own):
                return Variable(union([each[name] for each in own], MOST_BUILD_VALUES), is_expanded=name == "@")
            return Variable(self._general[name], is_expanded=name == "@") if name in self._general else None

        return scope

    def _target_names(self, rule: MakeRule) -> tuple[str, ...]:
        """The values of `$@`; empty if they are unknown."""
        names = [name for text in self._expand(rule.targets) or () for name in text.split()]
        if len(names) > MOST_BUILD_VALUES or any("%" in name for name in names):
            return ()
        return tuple(dict.fromkeys(names))

    # Programs

    def _recipe_text(self, recipes: list[list[Span]]) -> tuple[str, tuple[Segment, ...]]:
        data, prefix = self._makefile.data, self._makefile.prefix
        text = Text(data)
        for position, recipe in enumerate(recipes):
            if position:
                text.add(b"\n")
            for number, line in enumerate(recipe):
                start, end = line
                if number:
                    text.end_line(recipe[number - 1].end)
                    # make removes one recipe prefix from a line that continues another.
                    start += len(prefix) * data.startswith(prefix, start, end)
                else:
                    while start < end and chr(data[start]) in _PREFIX:
                        start += 1
                text.copy(start, end)
        return text.result()

    def _programs(
        self, text: str, offsets: tuple[Segment, ...], place: Place, expansion: Expansion
    ) -> Iterator[Script]:
        """The program of a recipe; several if the recipe is all `$(if …)`, each of whose alternatives is a program."""
        pending = [(text, offsets)]
        choices = 0
        while pending:
            text, offsets = pending.pop()
            branches = _branches(text) if choices < _MOST_CHOICES else []
            if branches:
                choices += 1
                pending += [_cut(text, offsets, *branch) for branch in branches]
                continue
            text, offsets, own = _resolved(text, offsets, expansion)
            stripped = text.lstrip(_PREFIX)
            if stripped.strip():
                if len(stripped) < len(text):
                    text, offsets = rewrite(text, offsets, [(0, len(text) - len(stripped), "")])
                # Most programs share the mapping of exported variables.
                exported = self._exported
                variables = {**exported, **own} if own and self._budget.afford(0, len(exported)) else own or exported
                yield Script(text, offsets, place, variables, expressions="github")


def _start(program: Script) -> tuple[Segment, ...]:
    return program.offsets[:1]


def _resolved(
    text: str, offsets: tuple[Segment, ...], expansion: Expansion
) -> tuple[str, tuple[Segment, ...], dict[str, Values]]:
    """A program with the values of references that have one, expressions for the others, and their values."""
    replacements: list[tuple[int, int, str]] = []
    variables: dict[str, Values] = {}
    is_first = True
    for start, end in references(text):
        is_first = is_first and start < 200 and not text[:start].strip(_PREFIX)
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
            variables[name] = values if variables.get(name, values) == values else None
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


def _called(text: str) -> list[str]:
    """The name of the variable that a recipe line consists of; it may be a `define` of several lines."""
    match = re.match(r"[ \t@+-]*(?:\$[({]\w{1,10}[)}])?\$[({](?:call\s+)?([^\s(){},$]+)\s*[,)}]", text)
    return [match[1]] if match else []
