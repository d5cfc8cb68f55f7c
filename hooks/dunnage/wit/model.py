"""The syntax tree of a WIT file: packages, the interfaces and worlds in them, and the types and functions in those.

The tree refers to tokens by number, so that it holds no text and no offset that no caller needs.
"""

from functools import cached_property
from typing import NamedTuple

from dunnage.files.span import Span
from dunnage.wit.lexer import Tokens


class PackageName(NamedTuple):
    """The name of a package as a file spells it: `wasi:http@0.2.0`."""

    unversioned: str
    """NAMESPACE:NAME."""
    version: str | None

    @property
    def full(self) -> str:
        """`unversioned`, and `@` and the version if there is one."""
        return f"{self.unversioned}@{self.version}" if self.version else self.unversioned


class ItemReference(NamedTuple):
    """A reference, by full name, to an interface or a world: `wasi:http/types@0.2.0`."""

    package: PackageName
    item: str
    """The name of the interface or the world."""
    span: Span
    """The whole reference, version included."""


class Path(NamedTuple):
    """The name of an interface or a world, alone or after the name of its package."""

    token: int
    """Number of the first token."""
    package: str | None
    """`ns:name` or `ns:name@version`; None for an item of the package or file in which the path is written."""
    item: str

    @property
    def full_name(self) -> str:
        """As it is written: `wasi:http/types@0.2.0`, or the name of the item alone."""
        if self.package is None:
            return self.item
        name, at, version = self.package.partition("@")
        return f"{name}/{self.item}{at}{version}"

    @property
    def item_token(self) -> int:
        """Number of the token of `item`."""
        return self.token if self.package is None else self.token + 4


class Use(NamedTuple):
    """`use path.{name as alias}`, `include path with { name as alias }`, or `use path as alias;` at the top."""

    path: Path
    names: tuple[tuple[int, int], ...]
    """For each name, the numbers of its token and of the token of its alias, which are equal without an alias."""


class Definition(NamedTuple):
    """A type or a function."""

    kind: str
    """`type`, `record`, `variant`, `enum`, `flags`, `resource` or `func`."""
    token: int
    """Number of the token of its name."""
    end: int
    """Number of the token after it."""
    size: int
    """How many types it consists of, itself included, by the count of wasmparser. Names of types do not count."""
    levels: int
    """How deeply types are nested in it: two levels in `list<u8>`. A name is one level."""
    type_names: tuple[tuple[int, int], ...]
    """For each name of a type in it: the number of its token, and its level of nesting, from 1."""
    resource: int = -1
    """Number of the token that names the resource to which the function belongs; -1 if there is none."""


class WitScope(NamedTuple):
    """An interface or a world."""

    kind: str
    """`interface` or `world`."""
    token: int
    """Number of the token of its name."""
    uses: list[Use]
    definitions: list[Definition]
    """Types and functions in the order of the file. The functions of a resource precede the resource."""
    includes: list[Use]
    """Only in a world."""
    links: list[tuple[str, Path]]
    """`import` or `export`, and the path that the world imports or exports."""
    inner: list["tuple[str, WitScope]"]
    """`import` or `export`, and the interface that is written in the world."""


class PackageContent(NamedTuple):
    """The items at the top of a file, or between the braces of `package ns:name { … }`."""

    name: PackageName | None
    uses: list[Use]
    scopes: list[WitScope]


class WitDocument:
    """A WIT file."""

    def __init__(
        self,
        tokens: Tokens,
        own: PackageContent,
        nested: tuple[PackageContent, ...],
        references: list[int],
        unstable: set[int],
    ) -> None:
        """`references` holds the numbers of the first tokens of all references to a package."""
        self.tokens = tokens
        self.own = own
        self.nested = nested
        """The packages with braces in the file."""
        self.unstable = unstable
        """Numbers of all tokens of items with the attribute `@unstable`, which tools hide by default."""
        self._reference_tokens = references

    @property
    def package(self) -> PackageName | None:
        """The name in `package ns:name;`, if the file has this line."""
        return self.own.name

    @property
    def defined(self) -> list[PackageName]:
        """The packages that the file defines: its own, and those with braces."""
        names = (self.own.name, *(nested.name for nested in self.nested))
        return [name for name in names if name is not None]

    @cached_property
    def references(self) -> tuple[ItemReference, ...]:
        """All references by full name in the order of the file, those in nested packages included."""
        return tuple(_reference(self.tokens, token) for token in self._reference_tokens)

    def name(self, token: int) -> str:
        """The identifier whose token has this number."""
        return self.tokens.texts[token].removeprefix("%")

    def function_name(self, function: Definition) -> str:
        """The name of a function in the component model: `[method]descriptor.read`."""
        texts, token = self.tokens.texts, function.token
        accessor = f"[{texts[token + 2]}]" if texts[token + 2] in ("get", "set") and texts[token + 3] == "(" else ""
        if function.resource < 0:
            return accessor + self.name(token)
        resource = self.name(function.resource)
        if texts[token] == "constructor":
            return f"[constructor]{resource}"
        kind = "static" if texts[token + 2] == "static" else "method"
        return f"[{kind}]{accessor}{resource}.{self.name(token)}"


def _reference(tokens: Tokens, first: int) -> ItemReference:
    texts = tokens.texts
    namespace, name, item = (text.removeprefix("%") for text in texts[first : first + 5 : 2])
    has_version = texts[first + 5] == "@"
    last = first + 6 if has_version else first + 4
    package = PackageName(f"{namespace}:{name}", texts[last] if has_version else None)
    return ItemReference(package, item, tokens.span(first, last))
