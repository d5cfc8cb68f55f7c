"""Whether a shell program fails where one of its commands fails.

The rules are those of the bash manual, "The Set Builtin" (`-e`, `pipefail`), "Lists of Commands" and "Pipelines". If it
is unknown, the program is assumed to fail.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node, Tree

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.model import Command, Script
from dunnage.shell.offsets import Segment, locate
from dunnage.shell.programs import parse_bash, program_of, text_of


class Shell(NamedTuple):
    """The options of a shell when a program begins."""

    stops: bool = False
    """Whether it stops at a command that fails: `-e`."""
    pipefail: bool = False
    """Whether a pipeline fails if any command in it fails."""


class FailureMask(NamedTuple):
    """What hides a failure, so that the build passes."""

    path: str
    """The file that contains it, as it is printed."""
    span: Span
    reason: str
    """A clause that says how it hides the failure, with `%COMMAND%` for the command or action that fails."""
    help: str
    """How to remove it."""
    consequence: str = "it cannot fail the build"
    """The clause that follows the reason."""


# Programs that always succeed.
_ALWAYS_SUCCEED = frozenset((":", "date", "echo", "logger", "printf", "sleep", "true"))
# Programs that copy or transform their input, and succeed for any input.
_SINKS = frozenset(
    (
        *("awk", "cat", "column", "cut", "fold", "head", "less", "more", "nl"),
        *("sed", "sort", "tail", "tee", "tr", "uniq", "wc"),
    )
)
# Options that `set` changes inside one of these are not in force outside.
_OWN_SETTINGS = frozenset(("command_substitution", "function_definition", "subshell"))
_SEQUENCES = frozenset(("case_item", "compound_statement", "do_group", "else_clause", "program", "subshell"))
_MAX_NODES = 500_000
_MAX_SETTINGS = 100
_MAX_CALLS = 10
_MAX_DEPTH = 200
"""Deeper nesting is not followed: finding the parent of a node takes time in proportion to its depth."""


def failure_mask(file: File, script: Script, command: Command, shell: Shell) -> FailureMask | None:
    """Return what in `script` hides the failure of `command`, one of its commands.

    None if the script fails when the command fails, or if that is unknown.
    """
    syntax = _syntax(file, script)
    node = syntax and syntax.commands.get((command.wrapper or command.words)[0].span)
    return _mask(syntax, node, shell) if syntax and node else None


def function_mask(file: File, script: Script, name: str, shell: Shell) -> FailureMask | None:
    """Return what hides the failure of a command that a function of `script` runs as its arguments: `"$@"`.

    None if there is no such function, if it passes the failure on, or if that is unknown.
    """
    syntax = _syntax(file, script)
    for node in syntax.commands.values() if syntax else ():
        function = _function_around(node)
        if not syntax or function is None or _program(function, syntax.data) != name:
            continue
        if _program(node, syntax.data) in ('"$@"', "$@", "$*") and (mask := _mask(syntax, node, shell)):
            return mask
    return None


def _mask(syntax: "_Syntax", node: Node, shell: Shell, depth: int = 0) -> FailureMask | None:
    """Return what hides the failure of a command, in the function around it or where that function is called."""
    data = syntax.data
    is_substituted = any(around.type == "command_substitution" for around in _around(node))
    if is_substituted or (node.parent is not None and _writes_file(node.parent, data)):
        return None  # the output may be examined later
    propagation = _Propagation(syntax, *_settings(syntax, node, shell))
    mask = propagation.mask_of(node)
    function = _function_around(node)
    if mask is not None or function is None or not propagation.leaves_function or depth > _MAX_CALLS:
        return mask
    name = _program(function, data)
    calls = [call for call in syntax.commands.values() if _program(call, data) == name][: _MAX_CALLS + 1]
    masks = [_mask(syntax, call, shell, depth + 1) for call in calls if len(calls) <= _MAX_CALLS]
    return masks[0] if all(masks) and masks else None


def _function_around(node: Node) -> Node | None:
    return next((around for around in _around(node) if around.type == "function_definition"), None)


def interpreter_options(data: bytes) -> Shell:
    """Return the options that the first line of a script gives to its shell: `#!/bin/sh -e`."""
    first = data[:200].partition(b"\n")[0].decode("utf-8", "replace")
    return shell_options(first.partition(" ")[2], Shell()) if first.startswith("#!") else Shell()


def shell_options(words: str, shell: Shell) -> Shell:
    """Apply the arguments of a shell, or of `set`, to its options: `-euo pipefail`, `+e`."""
    stops, pipefail = shell
    for sign, letters in re.findall(r"(?:^|\s)([-+])([A-Za-z]+)", words):
        if "e" in letters:
            stops = sign == "-"
    for sign, _, name in re.findall(r"(?:^|\s)([-+])([A-Za-z]*)o[ \t]+(\w+)", words):
        if name == "errexit":
            stops = sign == "-"
        elif name == "pipefail":
            pipefail = sign == "-"
    return Shell(stops, pipefail)


class _Propagation:
    """Follows a failure from a command outwards while the program passes it on."""

    def __init__(self, syntax: "_Syntax", shell: Shell, unset: Node | None) -> None:
        self._syntax = syntax
        self._data = syntax.data
        self._shell = shell
        self._unset = unset
        """The `set +e` that is in force at the command."""
        self._and_list: Node | None = None
        """The `a && b` in which the failure is on the left. `set -e` does not apply to it."""
        self.leaves_function = False
        """Whether the failure ends the function around the command, or the shell."""

    def _mask(self, start: int, end: int, reason: str, help: str) -> FailureMask:
        return FailureMask(self._syntax.path, locate(self._syntax.offsets, start, end), reason, help)

    def mask_of(self, node: Node) -> FailureMask | None:
        """Return what hides the failure of `node`; None if the program passes it on, or if that is unknown."""
        for _ in range(_MAX_DEPTH):
            parent = node.parent
            if parent is None or parent.type == "function_definition":
                self.leaves_function = True
                return None
            is_passed_on, mask = self._pass_on(node, parent)
            if not is_passed_on:
                return mask
            node = parent
        return None

    def _pass_on(self, node: Node, parent: Node) -> tuple[bool, FailureMask | None]:
        """Return whether `parent` fails when `node` fails, and if not, what hides the failure, if anything does."""
        if parent.type == "list":
            return self._pass_on_list(node, parent)
        if parent.type == "pipeline":
            *_, last = (child for child in parent.children if child.is_named)
            return (True, None) if node == last or self._shell.pipefail else (False, self._piped_into(node, last))
        if parent.type in _SEQUENCES or (
            parent.type in ("if_statement", "elif_clause") and not _is_condition(parent, node)
        ):
            return self._pass_on_sequence(node, parent)
        # In a substitution, a negation, a condition or a function the status may be used.
        return parent.type == "redirected_statement", None

    def _pass_on_list(self, node: Node, parent: Node) -> tuple[bool, FailureMask | None]:
        if node == parent.children[0]:
            if parent.children[1].type == "||":
                return False, self._alternative(parent)
            self._and_list = parent
        return True, None

    def _pass_on_sequence(self, node: Node, parent: Node) -> tuple[bool, FailureMask | None]:
        rest = [
            child for child in parent.children if child.start_byte >= node.end_byte and child.type not in (";", "\n")
        ]
        if rest and rest[0].type == "&":
            # Without operands, `wait` succeeds.
            is_awaited = re.search(rb"\bwait[ \t]+(?![\s;&|#)])", self._data[node.end_byte :])
            help = "remove `&`, or call `wait` with its process ID"
            mask = self._mask(rest[0].start_byte, rest[0].end_byte, "`&` runs %COMMAND% in the background", help)
            return False, None if is_awaited else mask
        statements = [other for other in rest if other.is_named and other.type != "comment"]
        if self._shell.stops and self._and_list is None and not _is_tested(parent):
            # A subshell stops here, and then fails in the program around it.
            if all(around.type != "subshell" for around in (parent, *_around(parent))):
                self.leaves_function = True
                return False, None
        elif statements:
            return False, self._continuation(statements)
        elif parent.type == "do_group":
            return False, self._repetition(parent)
        if parent.type == "subshell":
            self._and_list = None
        return True, None

    def _repetition(self, body: Node) -> FailureMask | None:
        """Return the loop if it may run its last command several times, and so lose the status of all but the last."""
        loop = body.parent
        # `gate && break` tries again until it succeeds.
        if loop is None or self._and_list is not None or self._is_used(body.start_byte, len(self._data)):
            return None
        values = loop.children_by_field_name("value")
        is_single = len(values) == 1 and re.fullmatch(r"[\w./-]+", text_of(values[0], self._data), re.ASCII)
        if is_single or loop.type not in ("for_statement", "while_statement"):
            return None
        help = "put `set -e` before the loop, or `|| exit 1` after the command"
        reason = "the loop that runs %COMMAND% has no `set -e` and continues after a failure"
        return self._mask(loop.start_byte, body.start_byte, reason, help)

    def _is_used(self, start: int, end: int) -> bool:
        """Whether a part of the program may use the status of a command before it."""
        text = self._data[start:end]
        return any(mark in text for mark in (b"$?", b"PIPESTATUS", b"pipestatus")) or b"trap" in self._data

    def _alternative(self, parent: Node) -> FailureMask | None:
        """Return the right side of `||` if it hides the failure of the left."""
        right, outer = parent.children[2], parent.parent
        # In the syntax tree, a redirection of the last command of a list is on the list.
        after = [] if outer is None else outer.children[1:] if outer.type in ("list", "redirected_statement") else []
        if not all(_is_harmless(node, self._data) for node in (right, *(node for node in after if node.is_named))):
            return None
        written = text_of(right, self._data)
        shown = written if len(written) < 40 and "\n" not in written else written.split()[0] + " …"
        start = parent.children[1].start_byte
        return self._mask(start, right.end_byte, f"`|| {shown}` hides the failure of %COMMAND%", f"remove `|| {shown}`")

    def _piped_into(self, node: Node, last: Node) -> FailureMask | None:
        name = _program(last, self._data)
        if name not in _SINKS | _ALWAYS_SUCCEED or b"PIPESTATUS" in self._data:
            return None
        reason = f"the output of %COMMAND% is piped into `{name}` without `pipefail`"
        help = "put `set -o pipefail` before it, or write its output to a file"
        if name in _ALWAYS_SUCCEED:
            help = f"remove `| {name}`"
        return self._mask(node.start_byte, last.end_byte, reason, help)

    def _continuation(self, statements: list[Node]) -> FailureMask | None:
        """Return what lets the program continue with `statements` after the failure; None if these may use it."""
        if self._is_used(statements[0].start_byte, statements[-1].end_byte):
            return None
        if self._and_list is not None:
            start, end = self._and_list.start_byte, self._and_list.end_byte
            reason = "`set -e` ignores a failure of %COMMAND% on the left of `&&`, and more commands follow"
            return self._mask(start, end, reason, "write the commands on separate lines without `&&`")
        if self._unset is not None:
            start, end = self._unset.start_byte, self._unset.end_byte
            return self._mask(
                start, end, "`set +e` lets the script continue after a failure of %COMMAND%", "remove `set +e`"
            )
        start, end = statements[0].start_byte, statements[0].end_byte
        following = text_of(statements[0], self._data).split("\n")[0]
        if len(statements) == 1 and re.fullmatch(r"true|:|exit 0", following):
            return self._mask(start, end, f"`{following}` hides the failure of %COMMAND%", f"remove `{following}`")
        reason = "the script has no `set -e` and runs more commands after %COMMAND%"
        help = "put `set -e` at the start of the script, or `|| exit 1` after the command"
        return self._mask(start, end, reason, help)


class _Syntax(NamedTuple):
    """A program as the shell reads it."""

    path: str
    data: bytes
    offsets: tuple[Segment, ...]
    tree: Tree
    commands: dict[Span, Node]
    """By the place of the command's name."""
    settings: list[Node]
    """The calls of `set` and `shopt`, in order."""


def _syntax(file: File, script: Script) -> _Syntax | None:
    """Parse a program, once; None if it cannot be parsed."""
    known = file.memo(_known_syntax)
    key = (script.offsets[:1], script.text)
    if key not in known:
        data, offsets = program_of(script)[:2]
        tree = parse_bash(data)
        commands: dict[Span, Node] = {}
        settings: list[Node] = []
        for node in _nodes(tree.root_node) if tree is not None else ():
            name = node.child_by_field_name("name") if node.type == "command" else None
            if name is not None:
                commands.setdefault(locate(offsets, name.start_byte, name.end_byte), node)
                if text_of(name, data) in ("set", "shopt"):
                    settings.append(node)
        known[key] = None if tree is None else _Syntax(file.path, data, offsets, tree, commands, settings)
    return known[key]


def _known_syntax(_: File) -> dict[tuple[object, ...], _Syntax | None]:
    return {}


def _nodes(root: Node) -> Iterator[Node]:
    """Yield all nodes of a tree in the order of the program."""
    cursor = root.walk()
    for _ in range(_MAX_NODES):
        if cursor.node is not None:
            yield cursor.node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _settings(syntax: _Syntax, node: Node, shell: Shell) -> tuple[Shell, Node | None]:
    """Return the options in force at `node`, and the `set +e` that switched off `-e`, if any."""
    unset: Node | None = None
    enclosing = {around.id for around in _around(node)}
    before = [setting for setting in syntax.settings if setting.start_byte < node.start_byte]
    for setting in before[-_MAX_SETTINGS:]:
        scope = next((around for around in _around(setting) if around.type in _OWN_SETTINGS), None)
        if scope is not None and scope.id not in enclosing:
            continue
        words = text_of(setting, syntax.data).replace("shopt -so", "set -o")
        previous, shell = shell, shell_options(words, shell)
        if previous.stops and not shell.stops:
            unset = setting
        elif shell.stops:
            unset = None
    return shell, unset


def _around(node: Node) -> Iterator[Node]:
    """Yield the nodes that contain a node, innermost first."""
    parent = node.parent
    for _ in range(_MAX_DEPTH):
        if parent is None:
            return
        yield parent
        parent = parent.parent


def _is_tested(node: Node) -> bool:
    """Whether a shell does not stop at a failure in `node` because its status is tested."""
    for parent in _around(node):
        if parent.type == "list" and node == parent.children[0]:
            return True
        if parent.type == "negated_command" or _is_condition(parent, node):
            return True
        node = parent
    return False


def _is_condition(parent: Node, node: Node) -> bool:
    if parent.type not in ("if_statement", "elif_clause", "while_statement"):
        return False
    if parent.type == "while_statement":
        return node.type != "do_group"
    then = next((child for child in parent.children if child.type == "then"), None)
    return then is not None and node.start_byte < then.start_byte


def _program(node: Node, data: bytes) -> str:
    if node.type == "redirected_statement":
        body = node.child_by_field_name("body")
        return "" if body is None else _program(body, data)
    name = node.child_by_field_name("name") if node.type in ("command", "function_definition") else None
    text = "" if name is None else text_of(name, data)
    return text.removeprefix("/usr").removeprefix("/bin/")


def _writes_file(node: Node, data: bytes) -> bool:
    """Whether a command with redirections, or a list that ends in it, writes into a file."""
    return node.type == "redirected_statement" and any(
        child.type == "file_redirect" and ">" in text_of(child, data) and not _is_no_file(child, data)
        for child in node.children
    )


def _is_no_file(redirect: Node, data: bytes) -> bool:
    target = text_of(redirect, data).split(">")[-1].strip(" &\"'{}")
    return target in ("1", "2", "-") or target.startswith("/dev/") or "STEP_SUMMARY" in target


def _is_harmless(node: Node, data: bytes) -> bool:
    """Whether a statement always succeeds, and has no effect that shows that it ran."""
    pending = [node]
    while pending:
        node = pending.pop()
        if node.type == "file_redirect":
            if not _is_no_file(node, data):
                return False
        elif node.type == "command":
            name = _program(node, data)
            if name in ("exit", "return"):
                if text_of(node, data).split()[1:] != ["0"]:
                    return False
            elif name not in _ALWAYS_SUCCEED | {"break", "continue"}:
                return False
        elif node.type in ("compound_statement", "list", "redirected_statement", "subshell"):
            pending += [child for child in node.children if child.is_named and child.type != "comment"]
        elif node.type not in ("comment", "file_descriptor"):
            return False
    return True
