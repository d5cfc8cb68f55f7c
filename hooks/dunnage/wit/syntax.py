"""Reading WIT text as wasm-tools does: packages, interfaces, worlds, and what they use, import and export."""

import re

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.wit.definition_parser import (
    DEFINITIONS,
    check_attributes,
    read_attributes,
    read_definition,
    read_function,
)
from dunnage.wit.lexer import Cursor, Tokens, WitError, is_plain
from dunnage.wit.model import PackageContent, PackageName, Path, Use, WitDocument, WitScope

_REJECTED = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u0149\u0673\u0f77\u0f79\u17a3\u17a4\u17b4\u17b5]"
)
"""The characters that wit-parser rejects everywhere: controls, bidirectional controls, and some deprecated ones."""


def parse(file: File) -> WitDocument:
    """Read a WIT file. Raises WitError if wasm-tools would reject it for its own text, whatever files are beside it.

    Names that are not defined, and names that are defined twice, are not errors here.
    """
    return file.memo(_parse)


def _parse(file: File) -> WitDocument:
    try:
        _check_characters(file)
    except WitError:
        raise
    except SourceError as error:
        raise WitError(error.message, error.span) from None
    file.parsed.add(3 * len(file.data))  # a text for each token takes much more memory than the file
    cursor = Cursor(Tokens(file.data))
    own = _read_own_name(cursor)
    nested: list[PackageContent] = []
    while cursor.texts[cursor.at]:
        if not _read_package_item(cursor, own):
            nested.append(_read_nested_package(cursor))
    if cursor.deferred:
        raise cursor.deferred
    return WitDocument(cursor.tokens, own, tuple(nested), cursor.references, cursor.unstable)


def _check_characters(file: File) -> None:
    if is_plain(file.data):
        return
    text = file.text
    match = re.search(_REJECTED, text)
    if match is None:
        return
    start = len(file.data) - len(text.encode()) + len(text[: match.start()].encode())
    span = Span(start, start + len(match[0].encode()))
    raise WitError(f"is not valid WIT: the character U+{ord(match[0]):04X} is not allowed, not even in a comment", span)


def _read_own_name(cursor: Cursor) -> PackageContent:
    """Read `package ns:name;` if the file begins with it. The content is still empty."""
    if cursor.texts[0] == "package":
        cursor.at = 1
        name = _read_package_name(cursor)
        if cursor.texts[cursor.at] == ";":
            cursor.at += 1
            return PackageContent(name, [], [])
        cursor.at = 0
    return PackageContent(None, [], [])


def _read_nested_package(cursor: Cursor) -> PackageContent:
    cursor.expect("package")
    package = PackageContent(_read_package_name(cursor), [], [])
    cursor.expect("{")
    while cursor.texts[cursor.at] != "}":
        if not _read_package_item(cursor, package):
            cursor.fail(cursor.at, "a nested package cannot contain a package")
    cursor.at += 1
    return package


def _read_package_name(cursor: Cursor) -> PackageName:
    namespace = cursor.name(cursor.identifier())
    cursor.expect(":")
    name = cursor.name(cursor.identifier())
    version = cursor.texts[cursor.version()] if cursor.texts[cursor.at] == "@" else None
    return PackageName(f"{namespace}:{name}", version)


def _read_package_item(cursor: Cursor, package: PackageContent) -> bool:
    """Read an interface, a world or a `use` into `package`. If a package comes next, return False and read nothing."""
    first = cursor.at
    attributes = read_attributes(cursor)
    keyword = cursor.texts[cursor.at]
    if keyword == "interface":
        cursor.at += 1
        package.scopes.append(_read_interface(cursor, cursor.identifier()))
    elif keyword == "world":
        cursor.at += 1
        package.scopes.append(_read_world(cursor))
    elif keyword == "use":
        cursor.at += 1
        package.uses.append(_read_top_use(cursor))
        if attributes:
            cursor.defer(first, "attributes are not allowed on a `use` outside of an interface")
    elif keyword == "package":
        if attributes:
            cursor.fail(first, "attributes are not allowed on a package")
        return False
    else:
        cursor.unexpected("`world`, `interface` or `use`")
    check_attributes(cursor, attributes, allows_external_id=False)
    return True


def _read_interface(cursor: Cursor, name: int) -> WitScope:
    """Read the braces of an interface and the items between them."""
    scope = WitScope("interface", name, [], [], [], [], [])
    cursor.expect("{")
    while cursor.texts[cursor.at] != "}":
        attributes = read_attributes(cursor)
        if cursor.texts[cursor.at] in cursor.identifiers:
            function = cursor.identifier()
            cursor.expect(":")
            scope.definitions.append(read_function(cursor, function))
        elif not _read_use_or_definition(cursor, scope):
            cursor.unexpected("`type`, `resource` or `func`")
        check_attributes(cursor, attributes)
    cursor.at += 1
    return scope


def _read_world(cursor: Cursor) -> WitScope:
    scope = WitScope("world", cursor.identifier(), [], [], [], [], [])
    cursor.expect("{")
    while cursor.texts[cursor.at] != "}":
        attributes = read_attributes(cursor)
        keyword = cursor.texts[cursor.at]
        if keyword in ("import", "export"):
            cursor.at += 1
            _read_import_or_export(cursor, scope, keyword)
        elif keyword == "include":
            cursor.at += 1
            scope.includes.append(_read_include(cursor))
        elif not _read_use_or_definition(cursor, scope):
            cursor.unexpected("`import`, `export`, `include`, `use` or a type definition")
        check_attributes(cursor, attributes, allows_external_id=keyword != "include")
    cursor.at += 1
    return scope


def _read_import_or_export(cursor: Cursor, scope: WitScope, keyword: str) -> None:
    texts, at = cursor.texts, cursor.at
    if texts[at] in cursor.identifiers and texts[at + 1] == ":":
        kind = texts[at + 2]
        is_accessor = kind in ("get", "set") and texts[at + 3] == "("
        if kind in ("func", "async") or is_accessor:
            cursor.at = at + 2
            scope.definitions.append(read_function(cursor, at))
            return
        if kind == "interface":
            cursor.at = at + 3
            scope.inner.append((keyword, _read_interface(cursor, at)))
            return
        if not (kind in cursor.identifiers and texts[at + 3] == "/"):
            cursor.at = at + 2  # the path has a name of its own here
    scope.links.append((keyword, _read_path(cursor)))
    cursor.expect(";")


def _read_use_or_definition(cursor: Cursor, scope: WitScope) -> bool:
    """Read an item that interfaces and worlds have in common.

    If a different item comes next, return False and read nothing.
    """
    keyword = cursor.texts[cursor.at]
    if keyword == "use":
        cursor.at += 1
        scope.uses.append(_read_use(cursor))
    elif keyword in DEFINITIONS:
        cursor.at += 1
        read_definition(cursor, scope, keyword)
    else:
        return False
    return True


def _read_top_use(cursor: Cursor) -> Use:
    """Read a `use` at the top of a file, which has a path and perhaps an alias."""
    path = _read_path(cursor)
    alias = path.item_token
    if cursor.texts[cursor.at] == "as":
        cursor.at += 1
        alias = cursor.identifier()
    cursor.expect(";")
    return Use(path, ((path.item_token, alias),))


def _read_use(cursor: Cursor) -> Use:
    path = _read_path(cursor)
    cursor.expect(".")
    cursor.expect("{")
    names: list[tuple[int, int]] = []

    def read_name() -> None:
        name = alias = cursor.identifier()
        if cursor.texts[cursor.at] == "as":
            cursor.at += 1
            alias = cursor.identifier()
        names.append((name, alias))

    cursor.items("}", read_name)
    cursor.expect(";")
    return Use(path, tuple(names))


def _read_include(cursor: Cursor) -> Use:
    path = _read_path(cursor)
    if cursor.texts[cursor.at] != "with":
        cursor.expect(";")
        return Use(path, ())
    cursor.at += 1
    cursor.expect("{")
    names: list[tuple[int, int]] = []

    def read_pair() -> None:
        name = cursor.identifier()
        cursor.expect("as")
        names.append((name, cursor.identifier()))

    cursor.items("}", read_pair)
    return Use(path, tuple(names))


def _read_path(cursor: Cursor) -> Path:
    first = cursor.identifier()
    if cursor.texts[cursor.at] != ":":
        return Path(first, None, cursor.name(first))
    cursor.at += 1
    name = cursor.identifier()
    cursor.expect("/")
    item = cursor.identifier()
    package = f"{cursor.name(first)}:{cursor.name(name)}"
    if cursor.texts[cursor.at] == "@":
        package += f"@{cursor.texts[cursor.version()]}"
    cursor.references.append(first)
    return Path(first, package, cursor.name(item))
