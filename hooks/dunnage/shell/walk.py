"""A visit of the syntax of a shell program, which finds its commands and follows its variables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dunnage.files.source import File
from dunnage.shell.bounds import MOST_PROGRAM_LEVELS, MOST_SYNTAX_LEVELS, union
from dunnage.shell.model import DIRECTORY, PUSHED, Command, Place, Values, Word, entered, programs
from dunnage.shell.nested import Recorder, Surroundings, is_elsewhere, prints_input, reads_program
from dunnage.shell.offsets import locate
from dunnage.shell.parts import index_of, is_plain
from dunnage.shell.programs import ShellProgram, parse_bash, text_of
from dunnage.shell.scope import Changes, Scope
from dunnage.shell.simple_commands import (
    CALCULATIONS,
    LISTS,
    assigned,
    changed,
    declare,
    functions,
    last_of,
    read_by,
    redirections,
    simple_command,
    spellings,
)
from dunnage.shell.words import Reader

if TYPE_CHECKING:
    from tree_sitter import Node

    from dunnage.shell.simple_commands import Redirections

_MOST_PIPED = 50
"""How many commands of a pipe know the one before them."""


class ProgramWalk:
    """Visits a program in the order in which a shell reads it."""

    def __init__(
        self, file: File, place: Place, program: ShellProgram, scope: Scope, program_level: int = 0, level: int = 0
    ) -> None:
        self.found: list[Command] = []
        self._file = file
        self._place = place
        self._data = program.data
        self._offsets = program.offsets
        self._reader = Reader(file, program, scope.budget)
        self._recorder = Recorder(self.found, self._reader, program.masks, self._read)
        self._may_substitute = _may_substitute(program.data)
        self._scope = scope
        self._program_level = program_level
        self._level = level
        self._functions: list[tuple[Node, Surroundings]] = []
        # The redirections of a list or pipe, which belong to its last command, by the id of that command.
        self._redirections: dict[int, Redirections] = {}

    def whole(self, around: Surroundings) -> Command | None:
        """Visit the whole program; return its last command."""
        if not self._scope.budget.may_read:
            self._note_length(0)
            return None
        tree = parse_bash(self._data, self._scope.budget)
        if tree is None:
            message = "this program has too many lines, pipes, here-documents or syntax errors to be read"
            self._note("input/too-large", 0, message)
            return None
        root = tree.root_node
        if b"()" in self._data or b"function" in self._data or b"( )" in self._data:
            names = assigned(functions(root), self._data, with_locals=False)
            self._scope.distrust(names)
            self._scope.forget(names & {DIRECTORY})
        last = self._statements(root.children, around)
        if self._functions:
            scope, self._scope = self._scope, self._scope.in_function()
            for body, outside in self._functions:  # the list grows while functions in functions are found
                self._apart(body, outside)
            self._scope = scope
        if not self._scope.budget.may_read:
            self._note_length(0)
        return last

    def _statements(self, nodes: Iterable[Node], around: Surroundings) -> Command | None:
        last: Command | None = None
        before: Node | None = None
        for node in (*nodes, None):
            if node is not None and not self._scope.budget.may_read:
                self._note_length(node.start_byte)
                break
            if before is not None and before.is_named and not self._is_broken(before, node):
                if node is not None and node.type == "&":
                    last = self._apart(before, around.within("background"))
                else:
                    last = self._visit(before, around) or last
            before = node
        return last

    def _is_broken(self, node: Node, after: Node | None) -> bool:
        """Whether a syntax error begins on the line of a command, so that words of the command may be missing."""
        if after is None or after.type != "ERROR" or node.type not in ("command", "redirected_statement"):
            return False
        return b"\n" not in self._data[node.end_byte : after.start_byte]

    def _apart(self, node: Node, around: Surroundings) -> Command | None:
        """Visit a node whose assignments have no effect on what follows."""
        mark = self._scope.mark()
        last = self._visit(node, around)
        self._scope.undo(mark)
        return last

    def _visit(self, node: Node, around: Surroundings) -> Command | None:
        kind = node.type
        if kind in _SKIPPED:
            return None
        if not self._scope.budget.may_read:
            self._note_length(node.start_byte)
            return None
        if self._level >= MOST_SYNTAX_LEVELS:
            self._note_depth(node)
            return None
        self._level += 1
        try:
            if self._redirections and (line := self._redirections.pop(node.id, None)) is not None:
                return self._redirected(line._replace(body=node), around)
            if kind == "command":
                return self._command(node, around)
            if kind == "redirected_statement":
                return self._redirected_statement(node, around)
            if kind == "list":
                return self._list(node, around)
            if kind == "pipeline":
                return self._pipeline(self._piped(node), around)
            if kind == "function_definition":
                body = node.child_by_field_name("body")
                if body is not None:
                    self._functions.append((body, around.within("function")))
                return None
            return self._compound(node, kind, around)
        finally:
            self._level -= 1

    def _compound(self, node: Node, kind: str, around: Surroundings) -> Command | None:
        if kind in ("program", "compound_statement", "do_group", "else_clause"):
            self._arithmetic(node)
            return self._statements(node.children, around.within())
        if kind == "negated_command":
            return self._visit(node.children[-1], around._replace(inside=around.inside | {"negated"}))
        if kind == "subshell":
            return self._subshell(node, around.within())
        if kind == "if_statement":
            self._if(node, around.within())
        elif kind == "while_statement":
            self._while(node, around.within())
        elif kind in ("for_statement", "c_style_for_statement"):
            self._for(node, around.within())
        elif kind == "case_statement":
            self._case(node, around.within())
        elif kind in ("variable_assignment", "variable_assignments", "declaration_command", "unset_command"):
            self._substitutions(node, around)
            declare(node, self._data, self._reader, self._scope)
        else:
            self._arithmetic(node)
            self._substitutions(node, around)
        return None

    def _subshell(self, node: Node, around: Surroundings) -> Command | None:
        """Visit the commands in a node, whose assignments have no effect on what follows."""
        mark = self._scope.mark()
        last = self._statements(node.children, around)
        self._scope.undo(mark)
        return last

    # Control flow

    def _list(self, node: Node, around: Surroundings) -> Command | None:
        """Visit `a && b || c`, which nests to the left, and may be hundreds of commands long."""
        rest: list[tuple[str, Node, frozenset[str]]] = []
        inside = around.inside
        while node.type == "list" and len(node.children) >= 3:
            operator = node.children[1].type
            rest.append((operator, node.children[-1], inside))
            inside = inside | ({"and-list"} if operator == "&&" else {"or-list-left"})
            node = node.children[0]
        self._visit(node, around.within()._replace(inside=inside))
        mark = self._scope.mark()
        last: Command | None = None
        for operator, right, outside in reversed(rest):
            if operator == "||":
                self._scope.join_skipped(mark)
                mark = self._scope.mark()
            flag = "and-list" if operator == "&&" else "or-list-right"
            # A later `||` applies to all commands before it.
            last = self._visit(right, around.within()._replace(inside=outside | {flag}))
        self._scope.join_skipped(mark)
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

    def _pipeline(self, parts: Sequence[Node], around: Surroundings) -> Command | None:
        last: Command | None = None
        for index, part in enumerate(parts):
            # Each command references the previous one and so all previous ones, so the length is bounded.
            piped_from = (last,) if last and index < _MOST_PIPED else ()
            piped = around.within()._replace(pipeline=(index, len(parts)), piped_from=piped_from)
            last = self._apart(part, piped)
        return last

    def _if(self, node: Node, around: Surroundings) -> None:
        branches: list[Changes] = []
        elif_assigns: frozenset[str] = frozenset()
        self._condition(node.children, around)
        start = self._scope.mark()
        branches.append(self._branch(_then(node.children), around))
        has_else = False
        for clause in node.children:
            if clause.type == "elif_clause":
                self._condition(clause.children, around)
                branches.append(self._branch(_then(clause.children), around))
            elif clause.type == "else_clause":
                has_else = True
                elif_assigns = self._scope.changed(start)
                branches.append(self._branch((clause,), around))
        if not has_else:
            elif_assigns = self._scope.changed(start)
            branches.append({})
        self._scope.join(branches)
        self._scope.blur(elif_assigns)  # these conditions run after assignments of earlier branches

    def _condition(self, children: Sequence[Node], around: Surroundings) -> None:
        """Visit the condition of `if` or `elif`."""
        self._statements(children[: index_of(children, "then")], around.within("condition"))

    def _branch(self, nodes: Iterable[Node], around: Surroundings) -> Changes:
        """Visit nodes that run conditionally; return what they assign."""
        mark = self._scope.mark()
        self._statements(nodes, around.within("branch"))
        return self._scope.undo(mark)

    def _case(self, node: Node, around: Surroundings) -> None:
        branches: list[Changes] = []
        has_default = False
        for child in node.children:
            if child.type == "case_item":
                end = index_of(child.children, ")")
                has_default = has_default or any(text_of(part, self._data) == "*" for part in child.children[:end])
                branches.append(self._branch(child.children[end + 1 :], around))
            else:
                self._substitutions(child, around)
        if not has_default:
            branches.append({})
        self._scope.join(branches)

    def _while(self, node: Node, around: Surroundings) -> None:
        mark = self._scope.mark()
        self._scope.forget(assigned((node,), self._data))
        for child in node.children:
            if child.type == "do_group":
                self._statements(child.children, around.within("loop"))
            elif child.is_named:
                self._visit(child, around.within("condition", "loop"))
        self._scope.join_skipped(mark)

    def _for(self, node: Node, around: Surroundings) -> None:
        values: list[Values] = []
        words = node.children_by_field_name("value")
        if not self._scope.budget.afford_words(len(words)):
            self._note_length(node.start_byte)
            return
        for child in words:
            self._substitutions(child, around)
            values.append(self._items(child))
        mark = self._scope.mark()
        self._scope.forget(assigned((node,), self._data))
        name = node.child_by_field_name("variable")
        if name is not None:
            self._scope.set(text_of(name, self._data), union(values) if values else None)
        body = node.child_by_field_name("body")
        if body is not None:
            self._statements(body.children, around.within("loop"))
        self._scope.join_skipped(mark)

    def _items(self, node: Node) -> Values:
        """The values that one word after `in` gives to the variable of a `for`."""
        raw = self._reader.raw_word((node,), self._scope)
        alternatives = self._reader.alternatives(raw)
        if not is_plain(raw.parts, "*?["):
            return None
        return union(word.values for words in alternatives for word in words)

    # Variables

    def _arithmetic(self, node: Node) -> None:
        """Forget what `((V++))` assigns."""
        pending = [child for child in node.children if child.type in CALCULATIONS]
        while pending:
            child = pending.pop()
            self._scope.forget(changed(child, self._data))
            pending += child.children

    # Commands

    def _command(
        self, node: Node, around: Surroundings, more: Sequence[Node] = (), redirects: Sequence[Node] = ()
    ) -> Command | None:
        """Visit one simple command; `more` are words of it that stand after one of its `redirects`."""
        if node.has_error:
            return None
        budget = self._scope.budget
        if not budget.afford_command(node.child_count + len(more)):
            self._note_length(node.start_byte)
            return None
        environment, raw_words, text, redirected = simple_command(
            node, more, redirects, self._data, self._reader, self._scope
        )
        last: Command | None = None
        directory = self._scope.get(DIRECTORY)
        options = self._scope.options()
        seen: set[tuple[Word, ...]] = set()
        for words, origins in spellings(raw_words, self._reader):
            if not budget.afford_words(len(words)):
                self._note_length(node.start_byte)
                break
            command = Command(
                words,
                self._place,
                around.wrapper,
                options + around.environment + environment,
                around.form,
                around.inside,
                around.pipeline,
                around.piped_from,
                directory,
                redirected,
            )
            found = self._recorder.run(command, origins, seen, self._scope)
            last = last or found
        if set_by_command := read_by(node, self._data):
            pushed = self._scope.get(PUSHED) if self._scope.is_assigned(PUSHED) else ("0",)
            self._scope.forget(set_by_command)
            if last is not None and DIRECTORY in set_by_command:
                self._scope.set(DIRECTORY, self._entered(last, directory, pushed))
        if more or self._holds_substitution(node):
            for child in (*node.children, *more):
                self._substitutions(child, around)
        if last is not None and text is not None and reads_program(last):
            self._recorder.nested(last, len(last.words), [text], self._scope)
        return last

    def _entered(self, command: Command, directory: Values, pushed: Values) -> Values:
        """The working directories after `cd`, `pushd` or `popd` in those of `directory`; `pushed` is their number."""
        name = programs(command.words[0])
        if name not in (("pushd",), ("popd",)):
            return entered(command.words, directory)
        is_push = name == ("pushd",)
        if (
            pushed is None
            or len(pushed) != 1
            or len(command.words) != 1 + is_push
            or command.words[-1].text.startswith(("+", "-"))  # this exchanges directories
            or (not is_push and pushed == ("0",))
        ):
            return entered(command.words, directory) if is_push else None
        depth = int(pushed[0])
        self._scope.set(PUSHED, (str(depth + 1 if is_push else depth - 1),))
        if not is_push:
            return self._scope.get(f"{PUSHED} {depth - 1}")
        self._scope.set(f"{PUSHED} {depth}", directory)
        return entered(command.words, directory)

    def _redirected_statement(self, node: Node, around: Surroundings) -> Command | None:
        line = redirections(node, self._data)
        if line.body is not None and line.body.type in LISTS:
            self._redirections[last_of(line.body).id] = line
            return self._visit(line.body, around)
        return self._redirected(line, around)

    def _redirected(self, line: Redirections, around: Surroundings) -> Command | None:
        inside = around.inside.union("and-list" if operator == "&&" else "or-list-left" for operator, _ in line.rest)
        before_pipe, length = around.pipeline[0], around.pipeline[1] + len(line.pipe)
        first_around = around._replace(inside=inside, pipeline=(before_pipe, length))
        first: Command | None = None
        if line.body is not None and line.body.type == "command":
            first = self._command(line.body, first_around, line.words, line.redirects)
        elif line.body is not None:
            first = self._visit(line.body, first_around)
        for redirect in line.redirects:
            self._substitutions(redirect, around)
        last = reader = first
        for index, part in enumerate(line.pipe, before_pipe + 1):
            piped = around.within()._replace(
                inside=inside, pipeline=(index, length), piped_from=(last,) if last else ()
            )
            last = self._apart(part, piped)
            if part is line.pipe[0]:
                reader = last if first is not None and prints_input(first) else None
        if reader is not None and line.documents and reads_program(reader):
            for document, is_quoted in line.documents:
                text = self._reader.document(document, self._scope, is_quoted)
                self._recorder.nested(reader, len(reader.words), [text], self._scope, is_far=is_elsewhere(reader))
        for operator, right in line.rest:
            mark = self._scope.mark()
            last = self._visit(right, around.within("and-list" if operator == "&&" else "or-list-right"))
            self._scope.join_skipped(mark)
        return last

    def _read(self, program: ShellProgram, scope: Scope, around: Surroundings) -> Command | None:
        if self._program_level >= MOST_PROGRAM_LEVELS:
            message = f"programs are nested in more than {MOST_PROGRAM_LEVELS} others here, the limit for programs"
            self._file.note_unread("input/too-deep", message, locate(program.offsets, 0, 1))
            return None
        if not scope.budget.afford_program(len(program.data)):
            message = "the programs in the words of other programs are too large or too many to be read"
            self._file.note_unread("input/too-large", message, locate(program.offsets, 0, 1))
            return None
        walk = ProgramWalk(self._file, self._place, program, scope, self._program_level + 1, self._level)
        last = walk.whole(around)
        self.found += walk.found
        return last

    def _substitutions(self, node: Node, around: Surroundings) -> None:
        """Visit the commands in a word, or in a node that contains words."""
        if not self._holds_substitution(node):
            return
        pending = [node]
        while pending:
            node = pending.pop()
            if node.type in ("command_substitution", "process_substitution"):
                self._level += 1
                if self._level < MOST_SYNTAX_LEVELS:
                    self._subshell(node, around.within("substitution"))
                else:
                    self._note_depth(node)
                self._level -= 1
            elif node.type not in _STATEMENTS:
                self._scope.forget(changed(node, self._data))
                pending += reversed(node.children)

    def _holds_substitution(self, node: Node) -> bool:
        return self._may_substitute and _may_substitute(self._data[node.start_byte : node.end_byte])

    def _note_depth(self, node: Node) -> None:
        message = (
            f"commands are nested in more than {MOST_SYNTAX_LEVELS} levels of syntax here, the limit for shell programs"
        )
        self._note("input/too-deep", node.start_byte, message)

    def _note_length(self, at: int) -> None:
        self._scope.budget.note_end(self._file, locate(self._offsets, at, at + 1))

    def _note(self, rule: str, at: int, message: str) -> None:
        self._file.note_unread(rule, message, locate(self._offsets, at, at + 1))


def _may_substitute(text: bytes) -> bool:
    """Whether a text contains what begins a command or process substitution."""
    return b"$(" in text or b"`" in text or b"<(" in text or b">(" in text


def _then(children: Sequence[Node]) -> list[Node]:
    """The commands that `if` or `elif` runs if its condition holds."""
    commands = children[index_of(children, "then") + 1 :]
    return [child for child in commands if child.type not in ("elif_clause", "else_clause")]


_SKIPPED = frozenset(("ERROR", "comment", "heredoc_body"))
# What may follow the delimiter of a here-document.
_STATEMENTS = frozenset(("ERROR", "pipeline", "command", "list", "redirected_statement", "negated_command", "subshell"))
