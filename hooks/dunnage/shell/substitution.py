"""What a command substitution prints, if it can only print known words: `$(test "$CI" = true && echo --release)`.

The rules are those of POSIX, "Shell Command Language", 2.6.3, and of the utilities `echo`, `printf` and `test`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

from dunnage.shell.bounds import Budget, are_few, union
from dunnage.shell.parts import fields, index_of, is_plain
from dunnage.shell.programs import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from dunnage.shell.model import Values
    from dunnage.shell.scope import Scope
    from dunnage.shell.words import Reader

_MOST_LEVELS = 12
"""How deeply the syntax in a substitution may be nested; the output of more is unknown."""

_SILENT = frozenset((":", "[", "false", "test", "true"))
_QUIET = frozenset(("--quiet", "--silent", "-Eq", "-q", "-qE", "-qF", "-qi", "-qs"))
_NOTHING: Values = ("",)
_TO_NOWHERE = frozenset(("&>/dev/null", "1>&2", "1>/dev/null", ">&2", ">/dev/null"))
_OF_ERRORS = frozenset(("2>&1", "2>/dev/null"))


class Substitutions:
    """Evaluates the substitutions in the words of one program."""

    def __init__(self, data: bytes, reader: Reader, budget: Budget) -> None:
        """`data` is the program."""
        self._data = data
        self._reader = reader
        self._budget = budget
        self._level = 0

    def printed(self, node: Node, scope: Scope) -> Values:
        """The values of a `command_substitution`, without the line breaks at their ends; None if they are unknown."""
        if node.has_error or self._level:
            return None  # one in another is unknown
        self._level += 1
        outputs = self._sequence(node.named_children, scope, 0)
        self._level -= 1
        return None if outputs is None else tuple(dict.fromkeys(output.rstrip("\n") for output in outputs))

    def _sequence(self, nodes: Iterable[Node], scope: Scope, level: int) -> Values:
        return self._joined([self._output(node, scope, level + 1) for node in nodes if node.type != "comment"])

    def _joined(self, outputs: Sequence[Values]) -> Values:
        known = [output for output in outputs if output is not None]
        return self._budget.product(known) if len(known) == len(outputs) else None

    def _output(self, node: Node, scope: Scope, level: int) -> Values:
        if level > _MOST_LEVELS:
            return None
        kind = node.type
        if kind == "command":
            return self._of_command(node, scope)
        if kind == "test_command":
            return _NOTHING
        if kind == "list" and len(node.children) == 3:
            left, right = (self._output(node.children[at], scope, level + 1) for at in (0, 2))
            return self._joined((left, union((right, _NOTHING))))
        if kind == "redirected_statement":
            return self._of_redirected(node, scope, level)
        if kind == "pipeline":
            # Only the last command prints what is read.
            last = self._output(node.named_children[-1], scope, level + 1)
            return last if last == _NOTHING else None
        if kind == "if_statement":
            return self._of_if(node, scope, level)
        if kind in ("compound_statement", "negated_command", "subshell"):
            return self._sequence(node.named_children, scope, level)
        return None

    def _of_if(self, node: Node, scope: Scope, level: int) -> Values:
        """The output of the conditions, and that of one of the branches."""
        branches: list[Values] = []
        conditions: list[Values] = []
        parts = [node, *(child for child in node.children if child.type in ("elif_clause", "else_clause"))]
        for part in parts:
            inner = [child for child in part.children if child.type not in ("elif_clause", "else_clause")]
            then = index_of(inner, "then", "else")
            conditions.append(self._sequence((child for child in inner[:then] if child.is_named), scope, level))
            branches.append(self._sequence((child for child in inner[then:] if child.is_named), scope, level))
        if parts[-1].type != "else_clause":
            branches.append(_NOTHING)
        silent = all(condition == _NOTHING for condition in conditions)
        return union(branches) if silent else None

    def _of_redirected(self, node: Node, scope: Scope, level: int) -> Values:
        body = node.child_by_field_name("body")
        redirects = [text_of(child, self._data).replace(" ", "") for child in node.children_by_field_name("redirect")]
        if body is None or any(redirect not in (*_TO_NOWHERE, *_OF_ERRORS) for redirect in redirects):
            return None
        if not any(redirect in _TO_NOWHERE for redirect in redirects):
            return self._output(body, scope, level + 1) if "2>&1" not in redirects else None
        # The redirection of a list is that of its last command.
        return self._output(body.children[0], scope, level + 1) if body.type == "list" else _NOTHING

    def _of_command(self, node: Node, scope: Scope) -> Values:
        name_node = node.child_by_field_name("name")
        name = text_of(name_node, self._data) if name_node is not None else ""
        arguments = node.children_by_field_name("argument")
        if name in _SILENT:
            return _NOTHING
        if name in ("egrep", "grep"):
            return _NOTHING if any(text_of(word, self._data) in _QUIET for word in arguments) else None
        if name == "printf" and arguments:
            # Without `%` and a backslash, the format is what is printed.
            first = text_of(arguments[0], self._data).strip("\"'")
            if first in ("%s", "%s\\n") and len(arguments) == 2:
                return self._words(arguments[1:], scope)
            return self._words(arguments, scope) if "%" not in first and len(arguments) == 1 else None
        if name != "echo" or (arguments and text_of(arguments[0], self._data).startswith("-") and len(arguments) > 1):
            return None
        return self._words(arguments, scope, "\n")

    def _words(self, nodes: Sequence[Node], scope: Scope, end: str = "") -> Values:
        """The values of words, joined by spaces."""
        choices: list[list[tuple[str, ...]]] = []
        for node in nodes:
            raw = self._reader.raw_word((node,), scope)
            lists = fields(raw.parts, self._budget) if is_plain(raw.parts, "*?[{~") else None
            if lists is None:
                return None
            choices.append(lists)
        if not are_few(choices):
            return None
        outputs = (" ".join(word for words in chosen for word in words) + end for chosen in product(*choices))
        found = tuple(dict.fromkeys(outputs))
        # `echo` of some shells interprets backslashes.
        is_affordable = self._budget.afford(sum(map(len, found)))
        return found if is_affordable and not any("\\" in output for output in found) else None
