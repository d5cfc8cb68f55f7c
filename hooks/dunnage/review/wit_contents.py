"""What WIT means, without comments, order, trailing commas, `%`, `@since` and `@deprecated`."""

from collections.abc import Iterator
from typing import NamedTuple

from dunnage.wit.model import Definition, Path, WitDocument, WitScope

_CLOSING = frozenset([")", "}", ">"])


class Content(NamedTuple):
    """An item of an interface or world."""

    text: str
    token: int
    """Number of a token in it, where a finding about it is placed."""


Contents = dict[str, Content]
"""The items of an interface or world: types and functions by their names in the component model, and statements of
worlds by what they say, without versions.
"""


def contents(document: WitDocument, scope: WitScope) -> Contents:
    """The items of an interface or world."""
    found = {}
    for name, text, token in _items(document, scope):
        found[name] = Content(text, token)
    return found


def meaning(document: WitDocument) -> object:
    """The meaning of a file. Files with the same meaning give equal values."""
    name = document.name
    found = []
    for package in (document.own, *document.nested):
        uses = {name(use.names[0][1]): use.path.full_name for use in package.uses}
        scopes = {
            name(scope.token): (scope.kind, {item: each.text for item, each in contents(document, scope).items()})
            for scope in package.scopes
        }
        found.append((package.name, uses, scopes, len(package.scopes)))
    return found


def _items(document: WitDocument, scope: WitScope) -> Iterator[tuple[str, str, int]]:
    name = document.name
    for use in scope.uses:
        for token, alias in use.names:
            yield name(alias), f"use {use.path.full_name} {name(token)}", alias
    for definition in scope.definitions:
        if definition.kind == "func":
            keyword = f"{_keyword(document, definition)} " if scope.kind == "world" and definition.resource < 0 else ""
            called = document.function_name(definition)
            yield f"{keyword}{called}", _text(document, definition.token + 1, definition.end), definition.token
        elif definition.kind == "resource":
            yield name(definition.token), "resource", definition.token
        else:
            text = _text(document, definition.token + 1, definition.end)
            yield name(definition.token), f"{definition.kind} {text}", definition.token
    for include in scope.includes:
        renamed = sorted(f"{name(old)} as {name(new)}" for old, new in include.names)
        unversioned, _, version = include.path.full_name.partition("@")
        yield f"include {unversioned}", " ".join((version, *renamed)), include.path.token
    for keyword, path in scope.links:
        unversioned, _, version = path.full_name.partition("@")
        yield f"{keyword} {_own_name(document, path)}{unversioned}", version, path.token
    for keyword, inner in scope.inner:
        texts = sorted(f"{item}: {content.text}" for item, content in contents(document, inner).items())
        yield f"{keyword} {name(inner.token)}", "; ".join(texts), inner.token


def _own_name(document: WitDocument, path: Path) -> str:
    """The name that a world gives to what it imports or exports, and a colon; empty if it gives none."""
    texts = document.tokens.texts
    return f"{document.name(path.token - 2)}: " if texts[path.token - 1] == ":" else ""


def _keyword(document: WitDocument, definition: Definition) -> str:
    return "export" if document.tokens.texts[definition.token - 1] == "export" else "import"


def _text(document: WitDocument, start: int, end: int) -> str:
    texts = document.tokens.texts
    words = (
        texts[at].removeprefix("%") for at in range(start, end) if not (texts[at] == "," and texts[at + 1] in _CLOSING)
    )
    return " ".join(words)
