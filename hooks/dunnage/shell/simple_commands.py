"""The parts of simple commands: the variables that they assign, their words and their redirections.

In the syntax tree of tree-sitter-bash, whatever follows the delimiter of a here-document on its line belongs to the
here-document, and words after the file name of a redirection are further file names.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, product
from typing import NamedTuple

from tree_sitter import Node

from dunnage.shell.bounds import MOST_COMMANDS
from dunnage.shell.model import DIRECTORY, PUSHED, Redirection, Values, Word
from dunnage.shell.parts import RawWord, fields, is_plain
from dunnage.shell.programs import text_of
from dunnage.shell.scope import END, Scope, elements_of
from dunnage.shell.words import Reader

# Assignments

CALCULATIONS = frozenset(("binary_expression", "postfix_expression", "unary_expression"))
"""Syntax nodes that may assign a variable by `=`, `+=` or `++`."""

_ASSIGNING = frozenset(("++", "--", *(f"{operator}=" for operator in ("", *"+-*/%&^|", "**", "<<", ">>"))))
_LOCAL = frozenset(("local", "declare", "typeset"))


def declare(node: Node, data: bytes, reader: Reader, scope: Scope) -> None:
    """Apply an assignment, or a command that declares variables: `export`, `local`, `unset`."""
    keyword = node.children[0].type
    for child in (node,) if node.type == "variable_assignment" else node.children:
        if child.type == "variable_assignment":
            _assign(child, data, reader, scope)
        elif child.type == "variable_name" and keyword in ("local", "unset"):
            scope.forget((_name(child, data),))


def _assign(node: Node, data: bytes, reader: Reader, scope: Scope) -> None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None:
        return
    key = _name(name, data)
    if name.type == "subscript":
        scope.forget((key,))
        return
    values: Values
    if value is not None and value.type == "array":
        key = elements_of(key)
        values = _elements(value, reader, scope)
    else:
        values = _assigned_value(value, reader, scope)
    if any(child.type == "+=" for child in node.children):
        old = scope.get(key)
        values = None if old is None or values is None else scope.budget.product((old, values))
    scope.set(key, values)


def _assigned_value(value: Node | None, reader: Reader, scope: Scope) -> Values:
    """The value that a variable gets from `value`, which follows an equals sign."""
    if value is None:
        return ("",)
    return None if value.has_error else reader.value(value, scope)


def _elements(array: Node, reader: Reader, scope: Scope) -> Values:
    if not scope.budget.afford_words(array.child_count):
        return None
    choices: list[tuple[str, ...]] = []
    for child in array.children:
        if not child.is_named or child.type == "comment":
            continue
        raw = reader.raw_word((child,), scope)
        lists = fields(raw.parts, scope.budget)
        if lists is None or not is_plain(raw.parts, "*?[{="):
            return None
        choices.append(tuple("".join(f"{element}{END}" for element in words) for words in lists))
    return scope.budget.product(choices)


def functions(root: Node) -> list[Node]:
    """The functions of a program, without those inside of functions."""
    found: list[Node] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "function_definition":
            found.append(node)
        elif node.type not in ("command", "variable_assignment", "test_command"):
            pending += node.children
    return found


def assigned(nodes: Iterable[Node], data: bytes, with_locals: bool = True) -> set[str]:
    """The variables that are assigned in `nodes`; `with_locals` False leaves out local variables of functions."""
    names: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        children = node.children
        kind = node.type
        if kind == "declaration_command" and not with_locals and children[0].type in _LOCAL:
            continue
        if kind == "variable_assignment":
            names.add(_name(children[0], data))
        elif kind in ("for_statement", "c_style_for_statement"):
            names.update(_name(child, data) for child in children if child.type == "variable_name")
        elif kind == "unset_command":
            names.update(_name(child, data) for child in children)
        elif kind == "command":
            names.update(read_by(node, data))
            children = [child for child in children if child.type != "variable_assignment"]
        elif kind == "expansion" and any(child.type in (":=", "=") for child in children):
            names.update(_name(child, data) for child in children if child.type == "variable_name")
        else:
            names.update(changed(node, data))
        pending += children
    return names


def changed(node: Node, data: bytes) -> list[str]:
    """The variable that the node of a calculation assigns: `V = 1`, `V += 1`, `V++`."""
    if node.type not in CALCULATIONS:
        return []
    children = node.children
    if not any(child.type in _ASSIGNING for child in children):
        return []
    return [_name(child, data) for child in children if child.type == "variable_name"]


def read_by(command: Node, data: bytes) -> list[str]:
    """The variables that a built-in command assigns; `cd` and its like set the working directory."""
    nodes = (child for child in command.children if child.is_named and child.type != "variable_assignment")
    words = (_name(node, data) for node in nodes)
    name = next(words, "")
    if name in ("cd", "pushd", "popd"):
        return [DIRECTORY] if name == "cd" else [DIRECTORY, PUSHED]
    if name == "printf":
        return [*islice(words, 1)] if next(words, "") == "-v" else []
    if name == "let":
        return [word.partition("=")[0].strip("\"'+-*/") for word in words]
    is_assigning = name in ("read", "mapfile", "readarray", "getopts")
    return [word for word in words if not word.startswith("-")] if is_assigning else []


def _name(node: Node, data: bytes) -> str:
    return text_of(node, data).partition("[")[0]


# Words


def simple_command(
    node: Node, more: Sequence[Node], redirects: Sequence[Node], data: bytes, reader: Reader, scope: Scope
) -> tuple[tuple[tuple[str, Values], ...], list[RawWord], RawWord | None, tuple[Redirection, ...]]:
    """Split a `command` into its assignments, words, input from `<<<`, and redirections.

    `more` are words of it that follow a redirection, and `redirects` those redirections that follow it.
    """
    nodes: list[Node] = []
    environment: list[tuple[str, Values]] = []
    text: RawWord | None = None
    found: list[tuple[str, RawWord]] = []
    for child in node.children:
        kind = child.type
        if kind == "variable_assignment":
            name = child.child_by_field_name("name")
            if name is not None:
                value = _assigned_value(child.child_by_field_name("value"), reader, scope)
                environment.append((text_of(name, data), value))
        elif kind == "command_name":
            nodes += child.children
        elif kind == "herestring_redirect":
            text = reader.raw_word((child.children[-1],), scope)
            found.append(("<<<", text))
        elif kind == "file_redirect":
            nodes += child.children_by_field_name("destination")[1:]
            found += _redirected(child, data, reader, scope)
        elif kind != "comment":
            nodes.append(child)
    raw_words = [reader.raw_word(group, scope) for group in _groups((*nodes, *more), data)]
    for redirect in redirects:
        found += _redirected(redirect, data, reader, scope)
    # The name of a file is one word.
    files = ((operator, words) for operator, raw in found for words in (reader.alternatives(raw),) if len(words) == 1)
    redirections = tuple(Redirection(operator, words[0][0]) for operator, words in files if len(words[0]) == 1)
    return tuple(environment), raw_words, text, redirections


_OPERATORS = frozenset((">", ">>", ">|", "&>", "&>>", "<"))


def _redirected(redirect: Node, data: bytes, reader: Reader, scope: Scope) -> Iterator[tuple[str, RawWord]]:
    """Yield the operator and the file of a redirection of input or output."""
    words = redirect.children_by_field_name("destination")
    kinds = [child.type for child in redirect.children]
    operator = next((kind for kind in kinds if kind in _OPERATORS), "")
    if redirect.type == "file_redirect" and operator and words and not redirect.has_error:
        number = redirect.child_by_field_name("descriptor")
        if number is None or text_of(number, data) in ("0", "1"):
            yield operator, reader.raw_word(words[:1], scope)


def spellings(
    raw_words: Sequence[RawWord], reader: Reader
) -> Iterator[tuple[tuple[Word, ...], tuple[RawWord | None, ...]]]:
    """Yield each list of words that a command may have, and for each word the raw word that it alone is.

    Variables that would make too many commands of one count as unknown.
    """
    choices: list[list[tuple[Word, ...]]] = []
    count = 1
    for raw in raw_words:
        alternatives = reader.alternatives(raw)
        if count * len(alternatives) > MOST_COMMANDS:
            word = alternatives[0][0] if alternatives[0] else alternatives[1][0]
            alternatives = [(word._replace(values=None, splits=True),)]
        count *= len(alternatives)
        choices.append(alternatives)
    for chosen in product(*choices):
        words = tuple(chain.from_iterable(chosen))
        if len(words) == len(chosen) and all(chosen):
            origins: tuple[RawWord | None, ...] = tuple(raw_words)
        else:
            pairs = zip(raw_words, chosen, strict=True)
            origins = tuple(raw if len(found) == 1 else None for raw, found in pairs for _ in found)
        if words:
            yield words, origins


def _groups(nodes: Sequence[Node], data: bytes) -> list[list[Node]]:
    """The nodes of each word: tree-sitter-bash splits a word at a line continuation or `\\ `."""
    groups: list[list[Node]] = []
    for node in nodes:
        if groups and _is_joined(data[groups[-1][-1].end_byte : node.start_byte]):
            groups[-1].append(node)
        else:
            groups.append([node])
    return groups


def _is_joined(between: bytes) -> bool:
    """Whether the text between two nodes escapes every blank, so that they are one word."""
    return len(between) % 2 == 0 and between[::2] == b"\\" * (len(between) // 2)


# Redirections

LISTS = frozenset(("list", "pipeline", "negated_command"))
"""Nodes with several commands; a redirection after such a node belongs to its last command."""


class Redirections(NamedTuple):
    """The parts of a `redirected_statement`."""

    body: Node | None
    redirects: list[Node]
    words: list[Node]
    """Further words of the command."""
    documents: list[tuple[Node, bool]]
    """The bodies of here-documents, and whether the delimiter is quoted, which disables expansions."""
    pipe: list[Node]
    """The commands that the command is piped into, in order."""
    rest: list[tuple[str, Node]]
    """The operators `&&` and `||`, and what follows them."""


def redirections(node: Node, data: bytes) -> Redirections:
    """Split a `redirected_statement` into its parts."""
    redirects = node.children_by_field_name("redirect")
    found = Redirections(node.child_by_field_name("body"), redirects, [], [], [], [])
    for redirect in redirects:
        if redirect.type == "file_redirect":
            found.words.extend(redirect.children_by_field_name("destination")[1:])
        elif redirect.type == "heredoc_redirect":
            _document(redirect, data, found)
    return found


def last_of(node: Node) -> Node:
    """The last command of a list or pipe."""
    while node.type in LISTS and node.children:
        node = node.children[-1]
    return node


def _document(redirect: Node, data: bytes, found: Redirections) -> None:
    is_quoted = False
    for child in redirect.children:
        if child.type == "heredoc_start":
            delimiter = data[child.start_byte : child.end_byte]
            is_quoted = any(quote in delimiter for quote in (b"'", b'"', b"\\"))
        elif child.type == "heredoc_body" and not child.has_error:
            found.documents.append((child, is_quoted))
        elif child.type == "file_redirect":
            found.words.extend(child.children_by_field_name("destination")[1:])
        elif child.type == "pipeline":
            found.pipe.extend(_flat(child))
    found.words.extend(redirect.children_by_field_name("argument"))
    right, operator = redirect.child_by_field_name("right"), redirect.child_by_field_name("operator")
    if right is not None and operator is not None:
        found.rest.append((operator.type, right))


def _flat(pipeline: Node) -> list[Node]:
    parts: list[Node] = []
    for child in pipeline.children:
        if child.type == "pipeline":
            parts += (part for part in child.children if part.is_named)
        elif child.is_named:
            parts.append(child)
    return parts
