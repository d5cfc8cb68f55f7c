"""Verifications whose failure does not stop the build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.ci.outcome import FailureMask, Shell, failure_mask, interpreter_options
from dunnage.downloads.analysis import Files
from dunnage.downloads.model import Program
from dunnage.downloads.verifications import Verification
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import Command, Script
from dunnage.shell.offsets import locate
from dunnage.shell.programs import ShellProgram, parse_bash, program_of

if TYPE_CHECKING:
    from tree_sitter import Node

_HARMLESS = frozenset((b":", b"date", b"echo", b"logger", b"printf", b"true"))
"""Commands of a branch after which the program continues."""
_LOOPS = frozenset(("until_statement", "while_statement"))
_MOST_MASKS = 200
"""How many verifications of one file are followed; of others it is not known whether their failure is hidden."""
_MOST_NODES = 100_000


def mask(files: Files, each: Verification) -> FailureMask | None:
    """What hides the failure of a verification; None if it stops the program, or if that is unknown."""
    known = files.file.memo(_Known).masks
    key = id(each.command)
    if key not in known and len(known) < _MOST_MASKS:
        known[key] = each.command, _mask(files, each)
    return known[key][1] if key in known else None


class _Known:
    """What is known of a file, by the identity of the command or script that it is about, which is kept with it."""

    def __init__(self, _file: File) -> None:
        self.masks: dict[int, tuple[Command, FailureMask | None]] = {}
        """What hides the failures of verifications."""
        self.tests: dict[int, tuple[Script, ShellProgram, list[tuple[list[Node], list[Node]]]]] = {}
        """A program as the shell reads it, and its tests, each with its branches."""


def _mask(files: Files, each: Verification) -> FailureMask | None:
    script = each.program.script
    if script is None:
        return None
    if each.variable or ("substitution" in each.command.inside and not each.is_signature):
        return _comparison_mask(files, each, script)
    return failure_mask(files.file, script, each.command, shell(files, each.program))


def shell(files: Files, program: Program) -> Shell:
    """The options of the shell of a program; those that are unknown are taken to be set."""
    file = files.file
    kind = kind_of(file.path, file.data[:200])
    if kind == "dockerfile":
        return Shell(True, True) if b"SHELL" in file.data else Shell()
    if kind == "shell" and file.data.startswith(b"#!") and program.script is not None:
        return interpreter_options(file.data)
    return Shell(True, True)


def _comparison_mask(files: Files, each: Verification, script: Script) -> FailureMask | None:
    """The comparison of a digest whose branches all continue; None if one may stop the program."""
    found: list[Span] = []
    known = files.file.memo(_Known).tests
    if id(script) not in known:
        program = program_of(script)
        tree = parse_bash(program.data)
        known[id(script)] = script, program, list(_comparisons(tree.root_node)) if tree is not None else []
    _, program, comparisons = known[id(script)]
    for test, branches in comparisons:
        if not _concerns(test, program, each):
            continue
        names = [name for branch in branches for name in _commands(branch, program.data)]
        if not names or not _HARMLESS.issuperset(names):
            return None
        found.append(locate(program.offsets, test[0].start_byte, test[-1].end_byte))
    if not found:
        return None
    help = "add `exit 1` to the branch that runs if the digests differ"
    return FailureMask(files.file.path, found[0], "the program continues if the digests differ", help)


def _comparisons(root: Node) -> Iterator[tuple[list[Node], list[Node]]]:
    """Yield the tests of a program, each with what runs if it holds, or if it does not."""
    pending = [root]
    for _ in range(_MOST_NODES):
        if not pending:
            return
        node = pending.pop()
        if node.type == "if_statement":
            then = next((at for at, child in enumerate(node.children) if child.type == "then"), len(node.children))
            yield node.children[1:then], node.children[then + 1 :]
            pending += reversed(node.children[then + 1 :])
        elif node.type in _LOOPS or node.type == "case_statement":
            yield [node], [node]
        elif node.type == "list" and node.children[0].type in ("test_command", "command"):
            yield node.children[:1], node.children[2:]
            pending += reversed(node.children[2:])
        elif node.type == "test_command":
            yield [node], []
        else:
            pending += reversed(node.children)


def _concerns(test: list[Node], program: ShellProgram, each: Verification) -> bool:
    """Whether a test contains a digest."""
    if not test:
        return False
    start, end = test[0].start_byte, test[-1].end_byte
    if each.variable:
        text = program.data[start:end]
        name = each.variable.encode()
        return b"$" + name in text or b"${" + name in text
    place = locate(program.offsets, start, end)
    return place.start <= each.command.words[0].span.start < place.end


def _commands(node: Node, data: bytes) -> Iterator[bytes]:
    """Yield the names of the commands in a branch; assignments count as commands."""
    pending = [node]
    for _ in range(_MOST_NODES):
        if not pending:
            return
        node = pending.pop()
        name = node.child_by_field_name("name") if node.type == "command" else None
        if name is not None:
            yield data[name.start_byte : name.end_byte]
        elif node.type in ("variable_assignment", "test_command"):
            yield data[node.start_byte : node.end_byte]
        else:
            pending += node.children


def command_text(command: Command) -> str:
    """A command for messages: its program and its first option."""
    words = command.words
    option = f" {words[1].text}" if len(words) > 1 and words[1].text.startswith("-") else ""
    return f"{words[0].text}{option}"
