"""The commands of a shell program, each as it is really run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.source import File
from dunnage.shell import wrappers
from dunnage.shell.arguments import simple_command, ways
from dunnage.shell.assignments import CALCULATIONS, assigned, changed, declare, functions, read_by
from dunnage.shell.grammar import parse_bash
from dunnage.shell.model import Command, Place, Script, Values, Word, mentions, programs
from dunnage.shell.programs import Program, program_of
from dunnage.shell.redirections import LISTS, Redirections, last_of, redirections
from dunnage.shell.scope import Scope, either
from dunnage.shell.words import Argument, Reader, is_plain

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_BYTES = 1024 * 1024
"""A program of more bytes than this is passed over; the largest real script seen has 200,000."""
_MOST_DEEP = 100
"""Syntax nested more deeply than this is passed over: Python's own stack is what would give out."""
_MOST_PROGRAMS_DEEP = 8
_MOST_PIPED = 50


def commands(file: File, script: Script, mention: Collection[str] | None = None) -> Iterator[Command]:
    """Every command of a program in the order of the file.

    If `mention` is given, a program that holds none of those names is not looked at. What cannot be parsed is passed
    over. A program is read once, however often this is called.
    """
    if len(script.text) > MAX_BYTES or (mention is not None and not mentions(script, mention)):
        return
    yield from file.memo(_Programs).commands(script)


class _Programs:
    """The programs in a file that have been read, each with its commands."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._commands: dict[tuple[object, ...], list[Command]] = {}

    def commands(self, script: Script) -> list[Command]:
        # What is found in different ways may be the same program, and then it has the same commands.
        key = (script.text, script.offsets, script.place, script.expressions, frozenset(script.variables.items()))
        if key not in self._commands:
            self._commands[key] = self._read(script)
        return self._commands[key]

    def _read(self, script: Script) -> list[Command]:
        walk = _Walk(self._file, script.place, program_of(script), Scope(script.variables))
        walk.whole(_Around())
        found = walk.found
        if any(later.words[0].span < earlier.words[0].span for earlier, later in pairwise(found)):
            return sorted(found, key=lambda command: command.words[0].span)
        return found


def see_through(command: Command) -> Iterator[Command]:
    """What a command that no shell reads, such as one in a JSON array, really runs."""
    words = command.words
    for _ in range(_MOST_PROGRAMS_DEEP):
        inner = wrappers.inner(words)
        if inner is None or inner.program:
            break
        command = _inside(command, words, inner)
        words = command.words
    yield command


def _inside(command: Command, words: tuple[Word, ...], inner: wrappers.Inner) -> Command:
    rest = words[inner.start :]
    inside = command.inside | {inner.flag} if inner.flag else command.inside
    if inner.flag == "xargs" and (mark := wrappers.replacement(words[: inner.start])):
        rest = tuple(word._replace(values=None) if mark in word.text else word for word in rest)
    return command._replace(
        words=(words[inner.entrypoint], *rest) if inner.entrypoint else rest,
        wrapper=command.wrapper + words[: inner.start],
        environment=command.environment + inner.environment,
        inside=inside,
    )


class _Around(NamedTuple):
    """What is around a command."""

    inside: frozenset[str] = frozenset()
    wrapper: tuple[Word, ...] = ()
    environment: tuple[tuple[str, Values], ...] = ()
    pipeline: tuple[int, int] = (0, 1)
    piped_from: Command | None = None
    form: str = "shell"

    def within(self, *names: str) -> _Around:
        """The same but for a pipe, with more around."""
        return self._replace(inside=self.inside.union(names), pipeline=(0, 1), piped_from=None)


class _Walk:
    """One way through a program, in the order in which a shell reads it."""

    def __init__(
        self, file: File, place: Place, program: Program, scope: Scope, programs_deep: int = 0, depth: int = 0
    ) -> None:
        self.found: list[Command] = []
        self._file = file
        self._place = place
        self._program = program
        self._data = program.data
        self._reader = Reader(file, program)
        self._scope = scope
        self._programs_deep = programs_deep
        self._depth = depth
        self._functions: list[tuple[Node, _Around]] = []
        # Those of a list or pipe, which are the last command's, by that command.
        self._redirections: dict[int, Redirections] = {}

    def whole(self, around: _Around) -> Command | None:
        """Read the whole program; the result is its last command."""
        tree = parse_bash(self._data)
        if tree is None:
            return None
        root = tree.root_node
        if b"()" in self._data or b"function" in self._data or b"( )" in self._data:
            self._scope.distrust(assigned(functions(root), self._data, with_locals=False))
        last = self._statements(root.children, around)
        for body, outside in self._functions:  # grows while functions in functions are found
            scope, self._scope = self._scope, self._scope.in_function()
            self._visit(body, outside)
            self._scope = scope
        return last

    def _statements(self, nodes: Iterable[Node], around: _Around) -> Command | None:
        last: Command | None = None
        before: Node | None = None
        for node in (*nodes, None):
            if before is not None and before.is_named and not self._is_broken(before, node):
                if node is not None and node.type == "&":
                    last = self._apart(before, around.within("background"))
                else:
                    last = self._visit(before, around) or last
            before = node
        return last

    def _is_broken(self, node: Node, after: Node | None) -> bool:
        """Whether what could not be parsed begins on the line of a command, so that its words may not be all."""
        if after is None or after.type != "ERROR" or node.type not in ("command", "redirected_statement"):
            return False
        return b"\n" not in self._data[node.end_byte : after.start_byte]

    def _apart(self, node: Node, around: _Around) -> Command | None:
        """Visit what is run in a subshell: its assignments end with it."""
        scope = self._scope
        self._scope = scope.copy()
        last = self._visit(node, around)
        self._scope = scope
        return last

    def _visit(self, node: Node, around: _Around) -> Command | None:
        kind = node.type
        if kind in _PASSED_OVER or self._depth >= _MOST_DEEP:
            return None
        self._depth += 1
        try:
            if self._redirections and (line := self._redirections.pop(node.id, None)) is not None:
                return self._redirected(line._replace(body=node), around)
            if kind == "command":
                return self._command(node, (), around)
            if kind == "redirected_statement":
                line = redirections(node, self._data)
                if line.body is not None and line.body.type in LISTS:
                    self._redirections[last_of(line.body).id] = line
                    return self._visit(line.body, around)
                return self._redirected(line, around)
            if kind == "list":
                return self._list(node, around)
            if kind == "pipeline":
                return self._pipeline(self._piped(node), around)
            if kind == "negated_command":
                around = around._replace(inside=around.inside | {"negated"})
                return self._visit(node.children[-1], around)
            if kind == "function_definition":
                body = node.child_by_field_name("body")
                if body is not None:
                    self._functions.append((body, around.within("function")))
                return None
            return self._compound(node, kind, around)
        finally:
            self._depth -= 1

    def _compound(self, node: Node, kind: str, around: _Around) -> Command | None:
        if kind in ("program", "compound_statement", "do_group", "else_clause"):
            self._arithmetic(node)
            return self._statements(node.children, around.within())
        if kind == "subshell":
            scope, self._scope = self._scope, self._scope.copy()
            last = self._statements(node.children, around.within())
            self._scope = scope
            return last
        if kind == "if_statement":
            self._if(node, around.within())
        elif kind == "while_statement":
            self._loop(node, around.within())
        elif kind in ("for_statement", "c_style_for_statement"):
            self._for(node, around.within())
        elif kind == "case_statement":
            self._case(node, around.within())
        elif kind in ("variable_assignment", "variable_assignments", "declaration_command", "unset_command"):
            self._declaration(node, around)
        else:
            self._arithmetic(node)
            self._substitutions(node, around)
        return None

    # Control flow

    def _list(self, node: Node, around: _Around) -> Command | None:
        """`a && b || c`, which nests to the left, and may be hundreds long."""
        rest: list[tuple[str, Node, frozenset[str]]] = []
        inside = around.inside
        while node.type == "list" and len(node.children) >= 3:
            operator = node.children[1].type
            rest.append((operator, node.children[-1], inside))
            inside = inside | ({"and-list"} if operator == "&&" else {"or-list-left"})
            node = node.children[0]
        self._visit(node, around.within()._replace(inside=inside))
        before = self._scope.copy()
        last: Command | None = None
        for operator, right, outside in reversed(rest):
            if operator == "||":
                self._scope.join((before, self._scope.copy()))
            flag = "and-list" if operator == "&&" else "or-list-right"
            # What is left of a later `||` is so for all that comes before it.
            last = self._visit(right, around.within()._replace(inside=outside | {flag}))
        self._scope.join((before, self._scope.copy()))
        return last

    def _piped(self, node: Node) -> list[Node]:
        """The commands of a pipe, also if one in the middle has a redirection."""
        parts: list[Node] = []
        for child in node.children:
            body = child.child_by_field_name("body") if child.type == "redirected_statement" else None
            if body is not None and body.type == "pipeline" and not parts:
                self._redirections[last_of(body).id] = redirections(child, self._data)
                parts += self._piped(body)
            elif child.is_named:
                parts.append(child)
        return parts

    def _pipeline(self, parts: Sequence[Node], around: _Around) -> Command | None:
        last: Command | None = None
        for index, part in enumerate(parts):
            # Each holds the one before it, and so all before it: what goes on for ever is cut.
            piped_from = last if index < _MOST_PIPED else None
            piped = around.within()._replace(pipeline=(index, len(parts)), piped_from=piped_from)
            last = self._apart(part, piped)
        return last

    def _if(self, node: Node, around: _Around) -> None:
        ways: list[Scope] = []
        self._branch(node.children, around, ways)
        has_else = False
        for clause in node.children:
            if clause.type == "elif_clause":
                self._branch(clause.children, around, ways)
            elif clause.type == "else_clause":
                has_else = True
                self._way((clause,), around.within("branch"), ways)
        if not has_else:
            ways.append(self._scope.copy())
        self._scope.join(ways)

    def _branch(self, children: Sequence[Node], around: _Around, ways: list[Scope]) -> None:
        """The condition and the commands of `if` or `elif`."""
        then = next((index for index, child in enumerate(children) if child.type == "then"), len(children))
        self._statements(children[:then], around.within("condition"))
        body = [child for child in children[then + 1 :] if child.type not in ("elif_clause", "else_clause")]
        self._way(body, around.within("branch"), ways)

    def _way(self, nodes: Iterable[Node], around: _Around, ways: list[Scope]) -> None:
        scope, self._scope = self._scope, self._scope.copy()
        self._statements(nodes, around)
        ways.append(self._scope)
        self._scope = scope

    def _case(self, node: Node, around: _Around) -> None:
        ways: list[Scope] = []
        has_default = False
        for child in node.children:
            if child.type == "case_item":
                end = next((index for index, part in enumerate(child.children) if part.type == ")"), 0)
                has_default = has_default or any(self._text(part) == "*" for part in child.children[:end])
                self._way(child.children[end + 1 :], around.within("branch"), ways)
            else:
                self._substitutions(child, around)
        if not has_default:
            ways.append(self._scope.copy())
        self._scope.join(ways)

    def _loop(self, node: Node, around: _Around) -> None:
        before = self._scope.copy()
        self._scope.forget(assigned((node,), self._data))
        for child in node.children:
            if child.type == "do_group":
                self._statements(child.children, around.within("loop"))
            elif child.is_named:
                self._visit(child, around.within("condition", "loop"))
        self._scope.join((before, self._scope.copy()))

    def _for(self, node: Node, around: _Around) -> None:
        values: list[Values] = []
        for child in node.children_by_field_name("value"):
            self._substitutions(child, around)
            values.append(self._items(child))
        before = self._scope.copy()
        self._scope.forget(assigned((node,), self._data))
        name = node.child_by_field_name("variable")
        if name is not None:
            self._scope.set(self._text(name), either(values) if values else None)
        body = node.child_by_field_name("body")
        if body is not None:
            self._statements(body.children, around.within("loop"))
        self._scope.join((before, self._scope.copy()))

    def _items(self, node: Node) -> Values:
        """What one word after `in` gives to the variable of a `for`."""
        argument = self._reader.argument((node,), self._scope)
        ways = self._reader.alternatives(argument)
        if not is_plain(argument.parts, "*?["):
            return None
        return either(word.values for way in ways for word in way)

    # Variables

    def _declaration(self, node: Node, around: _Around) -> None:
        self._substitutions(node, around)
        declare(node, self._data, self._reader, self._scope)

    def _arithmetic(self, node: Node) -> None:
        """Forget what `((V++))` assigns."""
        pending = [child for child in node.children if child.type in CALCULATIONS]
        while pending:
            child = pending.pop()
            self._scope.forget(changed(child, self._data))
            pending += child.children

    # Commands

    def _command(self, node: Node, more: Sequence[Node], around: _Around) -> Command | None:
        """One simple command; `more` are words of it that stand after a redirection."""
        if node.has_error:
            return None
        simple = simple_command(node, more, self._data, self._reader, self._scope)
        last: Command | None = None
        seen: list[tuple[Word, ...]] = []
        for words, origins in ways(simple.arguments, self._reader):
            command = Command(
                words,
                self._place,
                around.wrapper,
                around.environment + simple.environment,
                around.form,
                around.inside,
                around.pipeline,
                around.piped_from,
            )
            first = self._run(command, origins, seen)
            last = last or first
        self._scope.forget(read_by(node, self._data))
        for child in (*node.children, *more):
            self._substitutions(child, around)
        if last is not None and simple.text is not None and wrappers.reads_program(last.words):
            self._nested(last, len(last.words), [simple.text])
        return last

    def _run(
        self, command: Command, origins: tuple[Argument | None, ...], seen: list[tuple[Word, ...]]
    ) -> Command | None:
        """Take note of what a command really runs."""
        is_elsewhere = False
        for _ in range(_MOST_PROGRAMS_DEEP):
            words = command.words
            inner = wrappers.inner(words)
            if inner is None:
                break
            is_elsewhere = is_elsewhere or inner.is_elsewhere
            if inner.program:
                found = self._text_of(origins, inner)
                if found is None:
                    if inner.is_joined and (values := _joined(words[inner.start :])):
                        return self._made_of(values, _inside(command, words, inner))
                    break
                if values := self._known(found):
                    wrapped = command._replace(
                        words=words[inner.start :], wrapper=command.wrapper + words[: inner.start]
                    )
                    return self._made_of(values, wrapped)
                return self._nested(command, inner.start, found, is_elsewhere, inner.is_joined)
            command = _inside(command, words, inner)
            rest = origins[inner.start :]
            origins = (origins[inner.entrypoint], *rest) if inner.entrypoint else rest
        if len(command.words) == 1 and (values := self._program_values(origins[0])):
            return self._made_of(values, command)
        if command.words in seen:
            return None
        seen.append(command.words)
        self.found.append(command)
        if programs(command.words[0]) == ("find",):
            for start, end in wrappers.find_commands(command.words):
                self._run(
                    command._replace(
                        words=command.words[start:end],
                        wrapper=command.wrapper + command.words[:start],
                        inside=command.inside | {"find"},
                    ),
                    origins[start:end],
                    seen,
                )
        return command

    def _redirected(self, line: Redirections, around: _Around) -> Command | None:
        inside = around.inside.union("and-list" if operator == "&&" else "or-list-left" for operator, _ in line.rest)
        before_pipe, length = around.pipeline[0], around.pipeline[1] + len(line.pipe)
        first_around = around._replace(inside=inside, pipeline=(before_pipe, length))
        first: Command | None = None
        if line.body is not None and line.body.type == "command":
            first = self._command(line.body, line.words, first_around)
        elif line.body is not None:
            first = self._visit(line.body, first_around)
        for redirect in line.redirects:
            self._substitutions(redirect, around)
        last = reader = first
        for index, part in enumerate(line.pipe, before_pipe + 1):
            piped = around.within()._replace(inside=inside, pipeline=(index, length), piped_from=last)
            last = self._apart(part, piped)
            if part is line.pipe[0]:
                reader = last if first is not None and _prints_input(first.words) else None
        if reader is not None and wrappers.reads_program(reader.words):
            for document, is_quoted in line.documents:
                text = self._reader.document(document, self._scope, is_quoted)
                self._nested(reader, len(reader.words), [text], is_elsewhere=_is_elsewhere(reader))
        before = self._scope.copy()
        for operator, right in line.rest:
            last = self._visit(right, around.within("and-list" if operator == "&&" else "or-list-right"))
            self._scope.join((before, self._scope.copy()))
        return last

    # Programs in words

    def _text_of(self, origins: tuple[Argument | None, ...], inner: wrappers.Inner) -> list[Argument] | None:
        """The arguments that are a program; None if too little of it is known to read it."""
        found = [origin for origin in origins[inner.start :][: inner.program] if origin is not None]
        if len(found) < inner.program or not any(_is_partly_known(argument) for argument in found):
            return None
        if inner.program == 1 and not all(part.is_quoted or part.is_literal for part in found[0].parts):
            return None
        return found

    def _nested(
        self,
        command: Command,
        start: int,
        arguments: list[Argument],
        is_elsewhere: bool = False,
        is_joined: bool = False,
    ) -> Command | None:
        """Read the program that `arguments` of a command, or of one that it reads from, are."""
        # In `bash -c make` there is no place for another word, as there is in `bash -c 'make'` and in `eval make`.
        is_fixed = not is_joined and any(part.is_literal and not part.is_quoted for part in arguments[0].parts)
        program = self._reader.program(arguments)
        around = _Around(
            command.inside - {"xargs"},
            command.wrapper + command.words[:start],
            command.environment,
            form="fixed" if is_fixed else command.form,
        )
        is_eval = programs(command.words[0]) == ("eval",)
        scope = Scope({}) if is_elsewhere else self._scope if is_eval else self._scope.copy()
        return self._read(program, scope, around)

    def _known(self, arguments: list[Argument]) -> Values:
        """The programs that one argument may be which is nothing but a variable."""
        parts = [part for argument in arguments for part in argument.parts if part.start < part.end]
        return parts[0].values if len(parts) == 1 and not parts[0].is_literal and not parts[0].is_array else None

    def _program_values(self, origin: Argument | None) -> Values:
        """The programs that a command may be if it is nothing but one expression whose values are more than words."""
        if origin is None or len(origin.parts) != 1 or origin.parts[0].values is not None:
            return None
        at = (origin.start, origin.end)
        return next((mask.values for mask in self._program.masks if (mask.start, mask.end) == at), None)

    def _made_of(self, values: tuple[str, ...], command: Command) -> Command | None:
        """Read programs that are the values of something the file says elsewhere."""
        around = _Around(command.inside, command.wrapper, command.environment, form="fixed")
        span = command.words[0].span
        last: Command | None = None
        for value in values:
            data = value.encode("utf-8", "replace")
            program = Program(data, ((0, span.start, 0), (len(data), span.end, 0)))
            last = self._read(program, self._scope.copy(), around) or last
        return last

    def _read(self, program: Program, scope: Scope, around: _Around) -> Command | None:
        if self._programs_deep >= _MOST_PROGRAMS_DEEP:
            return None
        walk = _Walk(self._file, self._place, program, scope, self._programs_deep + 1, self._depth)
        last = walk.whole(around)
        self.found += walk.found
        return last

    def _substitutions(self, node: Node, around: _Around) -> None:
        """Visit the commands in a word, or in whatever else holds words."""
        text = self._data[node.start_byte : node.end_byte]
        if not any(opening in text for opening in (b"$(", b"`", b"<(", b">(")):
            return
        pending = [node]
        while pending:
            node = pending.pop()
            if node.type in ("command_substitution", "process_substitution"):
                self._depth += 1
                if self._depth < _MOST_DEEP:
                    scope, self._scope = self._scope, self._scope.copy()
                    self._statements(node.children, around.within("substitution"))
                    self._scope = scope
                self._depth -= 1
            elif node.type not in _STATEMENTS:
                self._scope.forget(changed(node, self._data))
                pending += reversed(node.children)

    def _text(self, node: Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")


_PASSED_OVER = frozenset(("ERROR", "comment", "heredoc_body"))
# What may stand after a here-document's delimiter.
_STATEMENTS = frozenset(("ERROR", "pipeline", "command", "list", "redirected_statement", "negated_command", "subshell"))


def _is_partly_known(argument: Argument) -> bool:
    return any(part.values is not None and part.start < part.end for part in argument.parts)


def _joined(words: tuple[Word, ...]) -> Values:
    """What `eval` makes of words of which each has one value."""
    found: list[str] = []
    for word in words:
        if word.values is None or len(word.values) != 1:
            return None
        found += word.values
    return (" ".join(found),)


def _prints_input(words: tuple[Word, ...]) -> bool:
    return programs(words[0]) == ("cat",) and all(word.values == ("-",) for word in words[1:])


def _is_elsewhere(command: Command) -> bool:
    return any(
        name in ("docker", "podman", "nerdctl", "docker-compose", "ssh", "chroot")
        for word in (*command.wrapper, command.words[0])
        for name in programs(word) or ()
    )
