"""What becomes of a command's failure: whether the program it stands in fails too.

The rules are those of bash, "The Set Builtin" (`-e`, `pipefail`), "Lists of Commands" and "Pipelines". Where it cannot
be told, the failure counts as one that is heeded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.grammar import parse_bash
from dunnage.shell.model import Command, Script, locate
from dunnage.shell.programs import Program, program_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree


class Shell(NamedTuple):
    """How a shell is set when a program begins."""

    stops: bool = False
    """It stops at a command that fails: `-e`."""
    pipefail: bool = False
    """A pipe fails if any command in it does."""


class Excuse(NamedTuple):
    """What keeps a failure from counting."""

    path: str
    """The file that says so, as it is printed."""
    span: Span
    why: str
    """A clause that says so."""
    help: str
    """What to do about it."""


# Programs whose success says nothing of what came before, with any arguments.
_ALWAYS_SUCCEED = frozenset((":", "date", "echo", "logger", "printf", "sleep", "true"))
# Those that pass on or reshape what they read, and succeed whatever it is.
_SINKS = frozenset(
    (
        *("awk", "cat", "column", "cut", "fold", "head", "less", "more", "nl"),
        *("sed", "sort", "tail", "tee", "tr", "uniq", "wc"),
    )
)
# In these, settings are for what is in them.
_OF_THEIR_OWN = frozenset(("command_substitution", "function_definition", "subshell"))
_SEQUENCES = frozenset(("case_item", "compound_statement", "do_group", "else_clause", "program", "subshell"))
_MOST_NODES = 500_000
_MOST_SETTINGS = 100
_MOST_DEEP = 200
"""What is nested more deeply is not followed further: to find what is around a node takes time with its depth."""


def excuse(file: File, script: Script, command: Command, shell: Shell) -> Excuse | None:
    """What in `script` keeps the failure of `command`, which is one of its own, from failing it; None if nothing does,
    or if that cannot be told.
    """
    syntax = _syntax(file, script)
    node = syntax and syntax.commands.get((command.wrapper or command.words)[0].span)
    if syntax is None or node is None:
        return None
    program = syntax.program
    is_kept = any(each.type == "command_substitution" for each in _around(node))
    if is_kept or (node.parent is not None and _writes_file(node.parent, program.data)):
        return None  # something may judge its output later
    shell, unset = _settings(syntax, node, shell)
    found = _Fate(program, shell, unset).of(node)
    if found is None:
        return None
    (start, end), why, help = found
    return Excuse(file.path, locate(program.offsets, start, end), why, help)


def options(words: str, shell: Shell) -> Shell:
    """How the arguments of a shell, or of `set`, change its settings: `-euo pipefail`, `+e`."""
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


_Found = tuple[tuple[int, int], str, str]


class _Fate:
    """Follows a failure from a command outwards, as far as it is passed on."""

    def __init__(self, program: Program, shell: Shell, unset: Node | None) -> None:
        self._data = program.data
        self._shell = shell
        # The `set +e` because of which the program goes on.
        self._unset = unset

    def of(self, node: Node) -> _Found | None:
        # `a && b` of which the failing command stands left: for that, no shell stops.
        and_list: Node | None = None
        for _ in range(_MOST_DEEP):
            parent = node.parent
            if parent is None:
                break
            kind = parent.type
            if kind == "list":
                left, operator = parent.children[0], parent.children[1].type
                if node == left and operator == "||":
                    return self._instead(parent)
                and_list = parent if node == left else and_list
            elif kind == "pipeline":
                parts = [child for child in parent.children if child.is_named]
                if node != parts[-1] and not self._shell.pipefail:
                    return self._piped(node, parts[-1])
            elif kind in _SEQUENCES or (kind in ("if_statement", "elif_clause") and not _is_condition(parent, node)):
                rest = _after(parent, node)
                if rest and rest[0].type == "&":
                    waits = b"wait" in self._data[node.end_byte :]
                    at = (rest[0].start_byte, rest[0].end_byte)
                    return None if waits else (at, "`&` sends it to the background, so", "remove `&`")
                if self._shell.stops and and_list is None and not _is_tested(parent):
                    # It ends a subshell at once, and what that is in sees it fail.
                    if not _is_in_subshell(parent):
                        return None
                elif found := self._goes_on(rest, kind, and_list):
                    return found[0]
                and_list = None if kind == "subshell" else and_list
            elif kind != "redirected_statement":
                # A substitution, a negation, a condition, a function: whoever wrote it may look at the status.
                return None
            node = parent
        return None

    def _instead(self, parent: Node) -> _Found | None:
        """What comes after `||`."""
        right, outer = parent.children[2], parent.parent
        # A redirection behind a list is that of its last command.
        behind = [] if outer is None else outer.children[1:] if outer.type in ("list", "redirected_statement") else []
        if not all(_is_harmless(node, self._data) for node in (right, *(node for node in behind if node.is_named))):
            return None
        written = self._data[right.start_byte : right.end_byte].decode("utf-8", "replace")
        shown = written if len(written) < 40 and "\n" not in written else written.split()[0] + " …"
        at = (parent.children[1].start_byte, right.end_byte)
        return at, f"`|| {shown}` succeeds where it fails, so", f"remove `|| {shown}`"

    def _piped(self, node: Node, last: Node) -> _Found | None:
        name = _program(last, self._data)
        if name not in _SINKS or b"PIPESTATUS" in self._data:
            return None
        why = f"its output is piped into `{name}` without `pipefail`, so"
        return (node.start_byte, last.end_byte), why, "put `set -o pipefail` before it, or write its output to a file"

    def _goes_on(self, rest: list[Node], kind: str, and_list: Node | None) -> tuple[_Found | None] | None:
        """The program goes on behind it: whether that is all there is to say, and what then."""
        rest = [node for node in rest if node.is_named and node.type != "comment"]
        if not rest:
            return (None,) if kind == "do_group" else None
        text = self._data[rest[0].start_byte : rest[-1].end_byte]
        if any(mark in text for mark in (b"$?", b"PIPESTATUS", b"pipestatus")) or b"trap" in self._data:
            return (None,)
        if and_list is not None:
            at = (and_list.start_byte, and_list.end_byte)
            why = "`set -e` does not stop at what stands left of `&&` and the program goes on, so"
            return ((at, why, "put the commands on lines of their own, without `&&`"),)
        if self._unset is not None:
            at = (self._unset.start_byte, self._unset.end_byte)
            return ((at, "`set +e` lets the program go on behind it, so", "remove `set +e`"),)
        after = self._data[rest[0].start_byte : rest[0].end_byte].decode("utf-8", "replace").split("\n")[0]
        if len(rest) == 1 and re.fullmatch(r"true|:|exit 0", after):
            why, help = f"`{after}` behind it succeeds where it fails, so", f"remove `{after}`"
        else:
            why = "no `set -e` is in force and the program goes on behind it, so"
            help = "put `set -e` at the beginning of the program, or `|| exit 1` behind the command"
        return (((rest[0].start_byte, rest[0].end_byte), why, help),)


class _Syntax(NamedTuple):
    program: Program
    tree: Tree
    commands: dict[Span, Node]
    """By the place of the program's name."""
    settings: list[Node]
    """The calls of `set` and `shopt`, in order."""


def _syntax(file: File, script: Script) -> _Syntax | None:
    """The syntax of a program, read once; None if it cannot be read."""
    known = file.memo(_known_syntax)
    key = (script.offsets[:1], script.text)
    if key not in known:
        program = program_of(script)
        tree = parse_bash(program.data)
        known[key] = None if tree is None else _Syntax(program, tree, *_commands(program, tree.root_node))
    return known[key]


def _known_syntax(_: File) -> dict[tuple[object, ...], _Syntax | None]:
    return {}


def _commands(program: Program, root: Node) -> tuple[dict[Span, Node], list[Node]]:
    commands: dict[Span, Node] = {}
    settings: list[Node] = []
    for node in _nodes(root):
        name = node.child_by_field_name("name") if node.type == "command" else None
        if name is not None:
            commands.setdefault(locate(program.offsets, name.start_byte, name.end_byte), node)
            if program.data[name.start_byte : name.end_byte] in (b"set", b"shopt"):
                settings.append(node)
    return commands, settings


def _nodes(root: Node) -> Iterator[Node]:
    """All nodes of a tree in the order of the program."""
    cursor = root.walk()
    for _ in range(_MOST_NODES):
        if cursor.node is not None:
            yield cursor.node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _settings(syntax: _Syntax, node: Node, shell: Shell) -> tuple[Shell, Node | None]:
    """The settings in force where `node` stands, and the `set +e` that is one of them."""
    unset: Node | None = None
    around = _ancestors(node)
    data = syntax.program.data
    before = [each for each in syntax.settings if each.start_byte < node.start_byte]
    for each in before[-_MOST_SETTINGS:]:
        own = next((it for it in _around(each) if it.type in _OF_THEIR_OWN), None)
        if own is not None and own.id not in around:
            continue
        words = data[each.start_byte : each.end_byte].decode("utf-8", "replace")
        was, shell = shell, options(words.replace("shopt -so", "set -o"), shell)
        if was.stops and not shell.stops:
            unset = each
        elif shell.stops:
            unset = None
    return shell, unset


def _ancestors(node: Node) -> set[int]:
    return {each.id for each in _around(node)}


def _around(node: Node) -> Iterator[Node]:
    """What is around a node, nearest first."""
    parent = node.parent
    for _ in range(_MOST_DEEP):
        if parent is None:
            return
        yield parent
        parent = parent.parent


def _is_in_subshell(node: Node) -> bool:
    return any(each.type == "subshell" for each in (node, *_around(node)))


def _is_tested(node: Node) -> bool:
    """Whether a shell does not stop at failures in `node`, because something depends on them."""
    for parent in _around(node):
        if parent.type == "list" and node == parent.children[0]:
            return True
        if parent.type == "negated_command" or _is_condition(parent, node):
            return True
        node = parent
    return False


def _after(parent: Node, node: Node) -> list[Node]:
    return [child for child in parent.children if child.start_byte >= node.end_byte and child.type not in (";", "\n")]


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
    name = node.child_by_field_name("name") if node.type == "command" else None
    return "" if name is None else data[name.start_byte : name.end_byte].decode("utf-8", "replace")


def _writes_file(node: Node, data: bytes) -> bool:
    """Whether a command with redirections, or a list that ends in it, writes into a file."""
    if node.type != "redirected_statement":
        return False
    redirects = [child for child in node.children if child.type == "file_redirect"]
    return any(b">" in data[each.start_byte : each.end_byte] and not _is_no_file(each, data) for each in redirects)


def _is_no_file(redirect: Node, data: bytes) -> bool:
    target = data[redirect.start_byte : redirect.end_byte].decode("utf-8", "replace").split(">")[-1].strip(" &\"'{}")
    return target in ("1", "2", "-") or target.startswith("/dev/") or "STEP_SUMMARY" in target


def _is_harmless(node: Node, data: bytes) -> bool:
    """Whether a statement does nothing but succeed, and leaves nothing by which others could tell that it was run."""
    pending = [node]
    while pending:
        node = pending.pop()
        if node.type == "file_redirect":
            if not _is_no_file(node, data):
                return False
        elif node.type == "command":
            name = _program(node, data)
            words = data[node.start_byte : node.end_byte].decode("utf-8", "replace").split()
            if name in ("exit", "return"):
                if words[1:] != ["0"]:
                    return False
            elif name not in _ALWAYS_SUCCEED:
                return False
        elif node.type in ("compound_statement", "list", "redirected_statement", "subshell"):
            pending += [child for child in node.children if child.is_named and child.type != "comment"]
        elif node.type not in ("comment", "file_descriptor"):
            return False
    return True
