"""WIT text: packages, interfaces, worlds and types, read as wasm-tools reads them.

The grammar is WIT.md of the component model in the form that wit-parser 0.262 accepts. Nothing here calls itself, so
that no text can exhaust the stack, and each token is looked at once.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple, NoReturn

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.wit.lexer import KEYWORDS, Tokens, comments, is_plain, is_quoted

__all__ = ["Document", "PackageName", "Reference", "WitError", "comments", "parse"]

MAX_NESTING = 99
"""So many brackets may stand round a type: there is one round the `u8` in `list<u8>`."""
MAX_FLAGS = 32

_KEYS = frozenset(["bool", "char", "s16", "s32", "s64", "s8", "string", "u16", "u32", "u64", "u8"])
"""The types that a map's keys can be of."""
_PRIMITIVES = _KEYS | {"error-context", "f32", "f64"}
_HANDLES = frozenset(["own", "borrow"])
# How each goes on after its first type: `tuple` with any number, `list` with a length, `map` and `result` with another.
_CONSTRUCTORS = {
    "tuple": "tuple",
    "list": "list",
    "map": "map",
    "result": "result",
    "option": "last",
    "future": "last",
    "stream": "last",
}
_BARE = frozenset(["result", "future", "stream"])
"""Those that can stand alone."""
_DEFINITIONS = frozenset(["enum", "flags", "record", "resource", "type", "variant"])


class WitError(SourceError):
    """A file that wasm-tools would not read as WIT."""


class TooDeep(WitError):
    """A file with more types nested in each other than wasm-tools reads."""


class PackageName(NamedTuple):
    """The name of a package, as it is written somewhere: `wasi:http@0.2.0`."""

    namespace: str
    name: str
    version: str | None
    span: Span
    """All of it; where an item stands before the version, as in `wasi:http/types@0.2.0`, up to the name."""
    version_span: Span | None
    """Without the `@`."""


class Reference(NamedTuple):
    """What stands for an item of another package, or for one of this package by its full name."""

    package: PackageName
    path: tuple[str, ...]
    """The interface or world."""
    span: Span
    """All of it, version included."""


class Path(NamedTuple):
    """The name of an interface or a world, alone or after that of its package."""

    at: int
    """Number of its first token."""
    package: str | None
    """`ns:name` or `ns:name@version`; None if it is the package or the file where this is written."""
    item: str


class Use(NamedTuple):
    """`use path.{name as other}`, or at the top of a file, without names, `use path as other;`."""

    path: Path
    names: tuple[tuple[int, int], ...]
    """Numbers of the tokens of a name, and of the name that it has here."""


class Definition(NamedTuple):
    """A type or a function."""

    kind: str
    """`type`, `record`, `variant`, `enum`, `flags`, `resource` or `func`."""
    at: int
    """Number of the token of its name."""
    end: int
    """Number of the token after it."""
    size: int
    """How many types it is made of, itself included, as wasmparser counts; what names stand for is left out."""
    levels: int
    """In how many levels types stand in each other in it: two in `list<u8>`, one in what a name stands for."""
    names: tuple[tuple[int, int], ...]
    """Of each name of a type: the number of its token, and the level that it stands in, from 1."""


class Scope(NamedTuple):
    """An interface or a world."""

    kind: str
    """`interface` or `world`."""
    at: int
    """Number of the token of its name."""
    uses: list[Use]
    definitions: list[Definition]
    includes: list[Use]
    """Of a world."""
    links: list[tuple[str, Path]]
    """What a world imports and exports by a path, with `import` or `export` before it."""
    inner: list["tuple[str, Scope]"]
    """Interfaces that are written in a world, with `import` or `export` before each."""


class Package(NamedTuple):
    """What stands in a file, or between the braces of `package ns:name { … }`."""

    name: PackageName | None
    uses: list[Use]
    scopes: list[Scope]


class Document:
    """A WIT file."""

    def __init__(self, tokens: Tokens, own: Package, nested: tuple[Package, ...], paths: list[int]) -> None:
        """`paths` are the numbers of the first tokens of all references to a package."""
        self.tokens = tokens
        self.own = own
        self.nested = nested
        """The packages with braces in it."""
        self._paths = paths
        self._references: tuple[Reference, ...] | None = None

    @property
    def package(self) -> PackageName | None:
        """What stands in `package ns:name;`, if it is there."""
        return self.own.name

    @property
    def references(self) -> tuple[Reference, ...]:
        """All that are written in the file, those in nested packages included, in their order."""
        if self._references is None:
            self._references = tuple(_reference(self.tokens, at) for at in self._paths)
        return self._references

    def name(self, at: int) -> str:
        """The identifier whose token has this number."""
        return self.tokens.texts[at].removeprefix("%")


def parse(file: File) -> Document:
    """Read a WIT file. Raises WitError if wasm-tools would refuse it for its text alone, whatever is beside it.

    Names that lead nowhere, and names that are there twice, are not looked for.
    """
    return file.memo(_parse)


def _parse(file: File) -> Document:
    try:
        _refuse_characters(file)
    except WitError:
        raise
    except SourceError as error:
        raise WitError(error.message, error.span) from None
    return _Parser(Tokens(file.data)).file()


def _refuse_characters(file: File) -> None:
    if is_plain(file.data):
        return
    text = file.text
    found = _refused().search(text)
    if found is None:
        return
    start = len(file.data) - len(text.encode()) + len(text[: found.start()].encode())
    span = Span(start, start + len(found[0].encode()))
    raise WitError(f"is not WIT: the character U+{ord(found[0]):04X} may not stand in it, nor in a comment", span)


@cache
def _refused() -> re.Pattern[str]:
    """Match one of the characters that wit-parser allows nowhere: control codes, bidirectional controls, and some that
    Unicode deprecates.
    """
    return re.compile(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
        "\u0149\u0673\u0f77\u0f79\u17a3\u17a4\u17b4\u17b5]"
    )


def _reference(tokens: Tokens, at: int) -> Reference:
    texts = tokens.texts
    version, version_span, last = None, None, at + 4
    if texts[at + 5] == "@":
        last = at + 6
        version, version_span = texts[last], tokens.span(last)
    names = [name.removeprefix("%") for name in texts[at : at + 5 : 2]]
    package = PackageName(names[0], names[1], version, tokens.span(at, at + 2), version_span)
    return Reference(package, (names[2],), tokens.span(at, last))


class _Parser:
    """Reads the tokens of one file from the first to the last.

    Each method begins at the token of number `at` and ends after what it has read; it raises WitError at what cannot
    stand there.
    """

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.texts = tokens.texts
        self.names = tokens.names
        self.at = 0
        self.paths: list[int] = []
        # What wit-parser looks at in its second step only; a plain error of syntax anywhere else goes before it.
        self.later: WitError | None = None

    def file(self) -> Document:
        own = Package(None, [], [])
        nested: list[Package] = []
        if self.texts[0] == "package":
            self.at = 1
            name = self.package_name()
            if self.texts[self.at] == ";":
                self.at += 1
                own = own._replace(name=name)
            else:
                self.at = 0
        while self.texts[self.at]:
            if self.package_item(own):
                continue
            nested.append(self.nested_package())
        if self.later:
            raise self.later
        return Document(self.tokens, own, tuple(nested), self.paths)

    def nested_package(self) -> Package:
        self.expect("package")
        package = Package(self.package_name(), [], [])
        self.expect("{")
        while self.texts[self.at] != "}":
            if not self.package_item(package):
                self.refuse(self.at, "is not WIT: a package cannot stand in a package that stands in a file")
        self.at += 1
        return package

    def package_item(self, package: Package) -> bool:
        """Read an interface, a world or a `use` into `package`; say no, and read nothing, if a package stands here."""
        first = self.at
        attributes = self.attributes()
        keyword = self.texts[self.at]
        if keyword == "interface":
            self.at += 1
            package.scopes.append(self.interface(self.identifier()))
        elif keyword == "world":
            self.at += 1
            package.scopes.append(self.world())
        elif keyword == "use":
            self.at += 1
            path = self.path()
            other = path.at if path.package is None else path.at + 4
            if self.texts[self.at] == "as":
                self.at += 1
                other = self.identifier()
            self.expect(";")
            package.uses.append(Use(path, ((path.at if path.package is None else path.at + 4, other),)))
            if attributes:
                self.refuse_later(first, "is not WIT: attributes cannot stand before a `use` outside of an interface")
        elif keyword == "package":
            if attributes:
                self.refuse(first, "is not WIT: attributes cannot stand before a package")
            return False
        else:
            self.expected("`world`, `interface` or `use`")
        self.gates(attributes, has_external_id=False)
        return True

    def package_name(self) -> PackageName:
        first = self.at
        namespace = self.name_at(self.identifier())
        self.expect(":")
        name = self.name_at(self.identifier())
        last = self.at - 1
        version = self.version() if self.texts[self.at] == "@" else None
        last = last if version is None else version
        return PackageName(
            namespace,
            name,
            None if version is None else self.texts[version],
            self.tokens.span(first, last),
            None if version is None else self.tokens.span(version),
        )

    def interface(self, name: int) -> Scope:
        """Read what stands between the braces of an interface."""
        scope = Scope("interface", name, [], [], [], [], [])
        self.expect("{")
        while self.texts[self.at] != "}":
            attributes = self.attributes()
            keyword = self.texts[self.at]
            if keyword in self.names:
                name = self.identifier()
                self.expect(":")
                scope.definitions.append(self.function(name))
            elif not self.use_or_definition(scope):
                self.expected("`type`, `resource` or `func`")
            self.gates(attributes)
        self.at += 1
        return scope

    def world(self) -> Scope:
        scope = Scope("world", self.identifier(), [], [], [], [], [])
        self.expect("{")
        while self.texts[self.at] != "}":
            attributes = self.attributes()
            keyword = self.texts[self.at]
            has_external_id = keyword != "include"
            if keyword in ("import", "export"):
                self.at += 1
                self.world_item(scope, keyword)
            elif keyword == "include":
                self.at += 1
                scope.includes.append(self.include())
            elif not self.use_or_definition(scope):
                self.expected("`import`, `export`, `include`, `use` or a type definition")
            self.gates(attributes, has_external_id)
        self.at += 1
        return scope

    def world_item(self, scope: Scope, keyword: str) -> None:
        texts, at = self.texts, self.at
        if texts[at] in self.names and texts[at + 1] == ":":
            after = texts[at + 2]
            is_accessor = after in ("get", "set") and texts[at + 3] == "("
            if after in ("func", "async") or is_accessor:
                self.at = at + 2
                scope.definitions.append(self.function(at))
                return
            if after == "interface":
                self.at = at + 3
                scope.inner.append((keyword, self.interface(at)))
                return
            if not (after in self.names and texts[at + 3] == "/"):
                self.at = at + 2
        scope.links.append((keyword, self.path()))
        self.expect(";")

    def include(self) -> Use:
        path = self.path()
        names: list[tuple[int, int]] = []
        if self.texts[self.at] != "with":
            self.expect(";")
            return Use(path, ())
        self.at += 1
        self.expect("{")

        def read_pair() -> None:
            name = self.identifier()
            self.expect("as")
            names.append((name, self.identifier()))

        self.items("}", read_pair)
        return Use(path, tuple(names))

    def use_or_definition(self, scope: Scope) -> bool:
        """Read what can stand in interfaces and worlds alike; say no, and read nothing, if it is something else."""
        keyword = self.texts[self.at]
        if keyword == "use":
            self.at += 1
            scope.uses.append(self.use())
        elif keyword in _DEFINITIONS:
            self.at += 1
            self.definition(scope, keyword)
        else:
            return False
        return True

    def use(self) -> Use:
        path = self.path()
        self.expect(".")
        self.expect("{")
        names: list[tuple[int, int]] = []

        def read_name() -> None:
            name = other = self.identifier()
            if self.texts[self.at] == "as":
                self.at += 1
                other = self.identifier()
            names.append((name, other))

        self.items("}", read_name)
        self.expect(";")
        return Use(path, tuple(names))

    def path(self) -> Path:
        at = self.identifier()
        if self.texts[self.at] != ":":
            return Path(at, None, self.name_at(at))
        self.at += 1
        self.identifier()
        self.expect("/")
        item = self.identifier()
        package = f"{self.name_at(at)}:{self.name_at(at + 2)}"
        if self.texts[self.at] == "@":
            package += f"@{self.texts[self.version()]}"
        self.paths.append(at)
        return Path(at, package, self.name_at(item))

    def definition(self, scope: Scope, keyword: str) -> None:
        name = self.identifier()
        names: list[tuple[int, int]] = []
        size, levels = 1, 1
        if keyword == "type":
            self.expect("=")
            size, levels = self.type(names, 1)
            self.expect(";")
        elif keyword == "resource":
            if self.texts[self.at] == "{":
                self.at += 1
                self.resource(scope)
            else:
                self.expect(";")
        else:
            self.expect("{")
            first = self.at
            size, levels = self.members(keyword, names)
            if self.at == first + 1:
                self.refuse_later(name, f"is not WIT: there is nothing in this {keyword}")
        scope.definitions.append(Definition(keyword, name, self.at, size, levels, tuple(names)))

    def members(self, keyword: str, names: list[tuple[int, int]]) -> tuple[int, int]:
        """Read the fields, cases or flags of a type up to its `}`: its size, and its levels."""
        texts, is_name = self.texts, self.names
        size = levels = 1
        count = 0
        while texts[self.at] != "}":
            at = self.at
            if texts[at] not in is_name:
                self.expected("an identifier")
            at += 1
            count += 1
            if keyword == "record" or (keyword == "variant" and texts[at] == "("):
                if keyword == "record" and texts[at] != ":":
                    self.at = at
                    self.expected("`:`")
                self.at = at + 1
                more, deep = self.type(names, 2)
                size += more
                levels = max(levels, deep)
                at = self.at
                if keyword == "variant":
                    self.expect(")")
                    at += 1
            self.at = at
            if texts[at] == ",":
                self.at = at + 1
            elif texts[at] != "}":
                self.expected("`,` or `}`")
            if keyword == "flags" and count == MAX_FLAGS + 1:
                self.refuse_later(at - 1, f"is not WIT: there are more than {MAX_FLAGS} flags")
        self.at += 1
        return size, levels

    def resource(self, scope: Scope) -> None:
        """Read the functions of a resource up to its `}`."""
        while self.texts[self.at] != "}":
            attributes = self.attributes()
            at = self.at
            if self.texts[at] == "constructor":
                self.at = at + 1
                function = self.signature(at, is_accessor=False)
                is_more = self.texts[function.end - 2] == ")"  # the resource, which it returns then
            elif self.texts[at] in self.names:
                self.at = at + 1
                self.expect(":")
                is_more = self.texts[self.at] != "static"  # the resource, which is its first parameter then
                self.at += not is_more
                function = self.function(at)
            else:
                self.expected("`constructor` or an identifier")
            if is_more:
                function = function._replace(size=function.size + 1, levels=max(function.levels, 2))
            scope.definitions.append(function)
            self.gates(attributes)
        self.at += 1

    def function(self, name: int) -> Definition:
        texts, at = self.texts, self.at
        is_accessor = False
        if texts[at] == "async":
            self.at += 1
            self.expect("func")
        elif texts[at] == "func":
            self.at += 1
        elif texts[at] in ("get", "set") and texts[at + 1] == "(":
            self.at += 1
            is_accessor = True
        else:
            self.expected("`func`")
        return self.signature(name, is_accessor)

    def signature(self, name: int, is_accessor: bool) -> Definition:
        """Read the parameters and the result of a function, up to its `;`."""
        texts, is_name = self.texts, self.names
        names: list[tuple[int, int]] = []
        size = levels = 1
        keyword = self.at - 1
        self.expect("(")
        count = 0
        while texts[self.at] != ")":
            at = self.at
            if texts[at] not in is_name:
                self.expected("an identifier")
            if texts[at + 1] != ":":
                self.at = at + 1
                self.expected("`:`")
            self.at = at + 2
            more, deep = self.type(names, 2)
            size += more
            levels = max(levels, deep)
            count += 1
            if texts[self.at] == ",":
                self.at += 1
            elif texts[self.at] != ")":
                self.expected("`,` or `)`")
        self.at += 1
        has_result = texts[self.at] == "->"
        result = self.at + 1
        if has_result:
            self.at += 1
            more, deep = self.type(names, 2)
            size += more
            levels = max(levels, deep)
        self.expect(";")
        if is_accessor:
            self.check_accessor(keyword, count, result if has_result else None)
        return Definition("func", name, self.at, size, levels, tuple(names))

    def check_accessor(self, keyword: int, parameters: int, result: int | None) -> None:
        if self.texts[keyword] == "get":
            if parameters:
                self.refuse_later(keyword, "is not WIT: a getter cannot have parameters")
            elif result is None:
                self.refuse_later(keyword, "is not WIT: a getter has to return a value")
        elif parameters != 1:
            self.refuse_later(keyword, "is not WIT: a setter has to have one parameter")
        elif result is not None and self.has_success(result):
            self.refuse_later(result, "is not WIT: a setter can only return a `result` with nothing for success")

    def has_success(self, at: int) -> bool:
        """Whether a type is no `result` without a type for success. What a name stands for is not known here."""
        texts = self.texts
        is_result = texts[at] == "result" and (texts[at + 1] != "<" or texts[at + 2] == "_")
        return not is_result and texts[at] not in self.names

    def type(self, names: list[tuple[int, int]], level: int) -> tuple[int, int]:
        """Read a type that stands in `level`, and add the names in it to `names`: its size, and the deepest level."""
        texts, is_name = self.texts, self.names
        at = self.at
        size = 0
        deepest = level
        opened: list[str] = []  # the constructors that are not closed, and `last` for one that wants no `,` any more
        while True:
            word = texts[at]
            if len(opened) > MAX_NESTING:
                raise TooDeep(f"is not WIT: over {MAX_NESTING} types are nested in each other", self.tokens.span(at))
            if word in _PRIMITIVES:
                size += 1
            elif word in is_name:
                names.append((at, level))
            elif word in _CONSTRUCTORS:
                size += 1
                if texts[at + 1] == "<":
                    at += 2
                    level += 1
                    opened.append(_CONSTRUCTORS[word])
                    if word == "map" and texts[at] not in _KEYS:
                        self.refuse_later(
                            at, "is not WIT: the key of a map has to be of a primitive type, and no float"
                        )
                    elif word == "tuple" and texts[at] == ">":
                        self.refuse(at - 2, "is not WIT: there is nothing in this tuple")
                    elif word == "result" and texts[at] == "_":
                        self.at = at + 1
                        self.expect(",")
                        opened[-1] = "last"
                        at += 2
                    continue
                if word not in _BARE:
                    self.expected("`<`", at + 1)
            elif word in _HANDLES:
                self.at = at + 1
                self.expect("<")
                names.append((self.identifier(), level))
                self.expect(">")
                at = self.at - 1
            else:
                self.expected("a type", at)
            deepest = max(deepest, level)
            at += 1
            while opened:
                constructor = opened[-1]
                if texts[at] == "," and constructor != "last":
                    at += 1
                    if constructor == "list":
                        self.length(at)
                        at += 1
                    elif constructor == "tuple":
                        if texts[at] != ">":
                            break
                    else:
                        opened[-1] = "last"
                        break
                if texts[at] != ">" or constructor == "map":
                    self.expected(
                        "`>`" if constructor == "last" else "`,`" if constructor == "map" else "`,` or `>`", at
                    )
                opened.pop()
                level -= 1
                at += 1
            else:
                self.at = at
                return size, deepest

    def length(self, at: int) -> None:
        """Check the token for the length of a list."""
        word = self.texts[at]
        if not word.isdecimal():
            self.expected("a length", at)
        if not int(word[:20]) < 2**32:
            self.refuse(at, "is not WIT: the length of a list has to be less than 2^32")

    def items(self, end: str, read: Callable[[], None]) -> None:
        """Read what stands between commas, up to `end`."""
        while self.texts[self.at] != end:
            read()
            if self.texts[self.at] == ",":
                self.at += 1
            elif self.texts[self.at] != end:
                self.expected(f"`,` or `{end}`")
        self.at += 1

    def attributes(self) -> list[tuple[str, int]]:
        """Read attributes: what each is, and the number of its token."""
        found = []
        while self.texts[self.at] == "@":
            self.at += 1
            at = self.identifier()
            kind = self.name_at(at)
            self.expect("(")
            if kind in ("since", "deprecated"):
                self.key("version")
                self.version()
            elif kind == "unstable":
                self.key("feature")
                self.identifier()
            elif kind == "external-id":
                self.string()
            else:
                self.refuse(at, f"is not WIT: there is no attribute `@{kind}`")
            self.expect(")")
            found.append((kind, at))
        return found

    def key(self, wanted: str) -> None:
        if self.name_at(self.identifier()) != wanted:
            self.expected(f"`{wanted}`", self.at - 1)
        self.expect("=")

    def string(self) -> None:
        word = self.texts[self.at]
        if not is_quoted(word):
            self.expected("a string")
        if not is_string(word):
            self.refuse(self.at, "is not WIT: what stands between these quotes is not UTF-8")
        self.at += 1

    def gates(self, attributes: list[tuple[str, int]], has_external_id: bool = True) -> None:
        """Check that attributes can stand together. `has_external_id` is whether this is looked for."""
        if not attributes:
            return
        kinds = [kind for kind, _ in attributes]
        last = attributes[-1][1]
        for kind in ("since", "unstable", "deprecated", *(["external-id"] if has_external_id else [])):
            if kinds.count(kind) > 1:
                self.refuse_later(last, f"is not WIT: `@{kind}` stands here twice")
        if "since" in kinds and "unstable" in kinds:
            self.refuse_later(last, "is not WIT: `@since` and `@unstable` cannot stand together")
        if "deprecated" in kinds and "since" not in kinds and "unstable" not in kinds:
            self.refuse_later(last, "is not WIT: `@deprecated` wants `@since` or `@unstable` beside it")

    def version(self) -> int:
        """Read a version, with an `@` before it or not, and return the number of its token."""
        self.at += self.texts[self.at] == "@"
        at = self.at
        word = self.texts[at]
        if not (word[:1].isdecimal() and "." in word):
            self.expected("a version such as `1.2.3`")
        if not is_version(word):
            self.refuse(at, f"is not WIT: `{shortened(word)}` is not a semantic version")
        self.at += 1
        # wit-parser takes these for the beginning of a part that is not there.
        if "-" not in word and "+" not in word:
            self.at += self.texts[self.at] == "-"
        if "+" not in word:
            self.at += self.texts[self.at] == "+"
        return at

    def identifier(self) -> int:
        """Read an identifier and return the number of its token."""
        at = self.at
        if self.texts[at] not in self.names:
            self.expected("an identifier")
        self.at = at + 1
        return at

    def name_at(self, at: int) -> str:
        return self.texts[at].removeprefix("%")

    def expect(self, word: str) -> None:
        if self.texts[self.at] != word:
            self.expected(f"`{word}`")
        self.at += 1

    def expected(self, what: str, at: int | None = None) -> NoReturn:
        """Say that something else stands at token `at`, by default the one that is read now."""
        at = self.at if at is None else at
        self.refuse(at, f"is not WIT: expected {what}, found {self.described(at, what)}")

    def described(self, at: int, wanted: str) -> str:
        word = self.texts[at]
        if not word:
            return "the end of the file"
        if word == "\r":
            return "a carriage return without a line feed"
        if word == "/" and self.texts[at + 1] == "*":
            return "a comment that does not end"
        if word[:1] == '"' and not is_quoted(word):
            return "a string that does not end on its line, or with an escape that is not known"
        shown = shortened(word.encode("latin-1").decode("utf-8", "replace"))
        if word in KEYWORDS:
            return f"the keyword `{shown}`" + (f"; write `%{shown}` for the name" if "identifier" in wanted else "")
        if word not in self.names and (word[0].isalpha() or word[0] in "%_"):
            return f"`{shown}`, which is none: words of ASCII letters in one case, and digits, are joined by `-`"
        return f"`{shown}`"

    def refuse(self, at: int, message: str) -> NoReturn:
        raise WitError(message, self.tokens.span(at))

    def refuse_later(self, at: int, message: str) -> None:
        """Refuse the file if nothing worse is found, and if nothing was found before."""
        if self.later is None:
            self.later = WitError(message, self.tokens.span(at))


def shortened(text: str) -> str:
    """What of a long text fits into a message."""
    return text if len(text) <= 40 else f"{text[:40]}…"


@lru_cache(maxsize=1000)
def is_version(text: str) -> bool:
    """Whether Rust's semver takes a version of three numbers: none begins with a zero too many or has over 64 bits."""
    numbers, _, before = text.partition("+")[0].partition("-")
    parts = numbers.split(".") + [part for part in before.split(".") if part.isdecimal()]
    return all(part == "0" or not part.startswith("0") for part in parts) and all(
        len(part) <= 20 and int(part) < 2**64 for part in parts[:3]
    )


def is_string(word: str) -> bool:
    """Whether a string in quotes, as Latin-1, stands for UTF-8."""
    if "\\" not in word:
        return True
    try:
        re.sub(r"\\(?:u\{([^}]*)\}|([0-9A-Fa-f]{2})|.)", _unescaped, word).encode("latin-1").decode("utf-8")
    except (OverflowError, ValueError):
        return False
    return True


def _unescaped(match: "re.Match[str]") -> str:
    if match[1] is not None:
        if match[1].endswith("_"):
            raise ValueError(match[1])
        return chr(int(match[1].replace("_", ""), 16)).encode("utf-8").decode("latin-1")
    return chr(int(match[2], 16)) if match[2] else ""
