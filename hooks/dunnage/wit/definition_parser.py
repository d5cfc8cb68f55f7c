"""Reading the definitions of an interface or a world in WIT: attributes, types, resources and functions.

No function for types calls itself, so no text can exhaust the stack, and each token is visited once.
"""

from dunnage.wit.lexer import Cursor, TooDeep
from dunnage.wit.model import Definition, WitScope

DEFINITIONS = frozenset(["enum", "flags", "record", "resource", "type", "variant"])
"""The keywords with which the definition of a type begins."""

_MAX_FLAGS = 32

MAX_NESTING = 99
"""How many brackets wasm-tools accepts around a type; in `list<u8>` there is one around `u8`."""

_KEYS = frozenset(["bool", "char", "s16", "s32", "s64", "s8", "string", "u16", "u32", "u64", "u8"])
"""The types of a map's keys."""
_PRIMITIVES = _KEYS | {"error-context", "f32", "f64"}
_HANDLES = frozenset(["own", "borrow"])

# What may follow the first argument of a type constructor.
_MORE = "more arguments"
_LENGTH = "a length"
_REQUIRED = "a required second argument"
_OPTIONAL = "an optional second argument"
_NOTHING = "nothing"
_CONSTRUCTORS = {
    "tuple": _MORE,
    "list": _LENGTH,
    "map": _REQUIRED,
    "result": _OPTIONAL,
    "option": _NOTHING,
    "future": _NOTHING,
    "stream": _NOTHING,
}
_BARE = frozenset(["result", "future", "stream"])
"""The constructors that are types without arguments, too."""


def read_definition(cursor: Cursor, scope: WitScope, keyword: str) -> None:
    """Read the rest of a type definition, after its `keyword`, into an interface or a world."""
    name = cursor.identifier()
    types = _Types()
    if keyword == "type":
        cursor.expect("=")
        types.size = 0
        types.read(cursor, 1)
        cursor.expect(";")
    elif keyword == "resource":
        if cursor.texts[cursor.at] == "{":
            cursor.at += 1
            _read_methods(cursor, scope, name)
        else:
            cursor.expect(";")
    else:
        cursor.expect("{")
        first = cursor.at
        _read_members(cursor, keyword, types)
        if cursor.at == first + 1:
            cursor.defer(name, f"this {keyword} is empty")
    scope.definitions.append(types.definition(keyword, name, cursor.at))


def _read_members(cursor: Cursor, keyword: str, types: "_Types") -> None:
    """Read fields, cases or flags up to the closing brace."""
    texts = cursor.texts
    count = 0
    while texts[cursor.at] != "}":
        last = cursor.identifier()
        count += 1
        if keyword == "record" or (keyword == "variant" and texts[cursor.at] == "("):
            cursor.expect(":" if keyword == "record" else "(")
            types.read(cursor, 2)
            if keyword == "variant":
                cursor.expect(")")
        cursor.comma("}")
        if keyword == "flags" and count == _MAX_FLAGS + 1:
            cursor.defer(last, f"at most {_MAX_FLAGS} flags are allowed")
    cursor.at += 1


def _read_methods(cursor: Cursor, scope: WitScope, resource: int) -> None:
    """Read the functions of a resource up to the closing brace."""
    while cursor.texts[cursor.at] != "}":
        attributes = read_attributes(cursor)
        name = cursor.at
        if cursor.texts[name] == "constructor":
            cursor.at = name + 1
            function = _read_signature(cursor, name, is_accessor=False)
            has_implied_type = cursor.texts[function.end - 2] == ")"  # it returns the resource
        elif cursor.texts[name] in cursor.identifiers:
            cursor.at = name + 1
            cursor.expect(":")
            has_implied_type = cursor.texts[cursor.at] != "static"  # its first parameter is the resource
            cursor.at += not has_implied_type
            function = read_function(cursor, name)
        else:
            cursor.unexpected("`constructor` or an identifier")
        size, levels = function.size, function.levels
        if has_implied_type:
            size, levels = size + 1, max(levels, 2)
        scope.definitions.append(function._replace(size=size, levels=levels, resource=resource))
        check_attributes(cursor, attributes)
    cursor.at += 1


def read_function(cursor: Cursor, name: int) -> Definition:
    """Read the rest of a function, after the token `name` and the colon."""
    texts, at = cursor.texts, cursor.at
    is_accessor = False
    if texts[at] == "async":
        cursor.at += 1
        cursor.expect("func")
    elif texts[at] == "func":
        cursor.at += 1
    elif texts[at] in ("get", "set") and texts[at + 1] == "(":
        cursor.at += 1
        is_accessor = True
    else:
        cursor.unexpected("`func`")
    return _read_signature(cursor, name, is_accessor)


def _read_signature(cursor: Cursor, name: int, is_accessor: bool) -> Definition:
    """Read the parameters and the result of a function, up to its semicolon."""
    texts = cursor.texts
    types = _Types()
    keyword = cursor.at - 1
    cursor.expect("(")
    parameters = 0
    while texts[cursor.at] != ")":
        cursor.identifier()
        cursor.expect(":")
        types.read(cursor, 2)
        parameters += 1
        cursor.comma(")")
    cursor.at += 1
    result = None
    if texts[cursor.at] == "->":
        cursor.at += 1
        result = cursor.at
        types.read(cursor, 2)
    cursor.expect(";")
    if is_accessor:
        _check_accessor(cursor, keyword, parameters, result)
    return types.definition("func", name, cursor.at)


def _check_accessor(cursor: Cursor, keyword: int, parameters: int, result: int | None) -> None:
    """Check a getter or a setter. `result` is the number of the first token of its result type."""
    if cursor.texts[keyword] == "get":
        if parameters:
            cursor.defer(keyword, "a getter cannot have parameters")
        elif result is None:
            cursor.defer(keyword, "a getter must return a value")
    elif parameters != 1:
        cursor.defer(keyword, "a setter must have one parameter")
    elif result is not None and _returns_value(cursor, result):
        cursor.defer(result, "a setter can only return a `result` without a success type")


def _returns_value(cursor: Cursor, result: int) -> bool:
    """Whether a result type is anything but a `result` without a success type. A type name may refer to one."""
    texts = cursor.texts
    is_result = texts[result] == "result" and (texts[result + 1] != "<" or texts[result + 2] == "_")
    return not is_result and texts[result] not in cursor.identifiers


# Types


class _Types:
    """The types of a definition: how many it consists of, its deepest level, and the names of types in it."""

    def __init__(self) -> None:
        self.size = self.levels = 1
        self.names: list[tuple[int, int]] = []
        """The number of the token of each name of a type, and its level."""

    def definition(self, kind: str, name: int, end: int) -> Definition:
        """The definition that consists of these types, up to the token `end`."""
        return Definition(kind, name, end, self.size, self.levels, tuple(self.names))

    def read(self, cursor: Cursor, level: int) -> None:
        """Read a type at a level of nesting."""
        texts, identifiers = cursor.texts, cursor.identifiers
        at = cursor.at
        self.levels = max(self.levels, level)
        pending: list[str] = []  # what may follow in each constructor that is not closed, outermost first
        while True:
            word = texts[at]
            if word in identifiers:
                self.names.append((at, level + len(pending)))
            elif word in _PRIMITIVES:
                self.size += 1
            elif word in _CONSTRUCTORS:
                self.size += 1
                if word == "tuple" and texts[at + 1 : at + 3] == ["<", ">"]:
                    cursor.defer(at, "this tuple is empty")
                    at += 2
                elif texts[at + 1] == "<":
                    at = _open(cursor, at, pending)
                    continue
                elif word not in _BARE:
                    cursor.unexpected("`<`", at + 1)
            elif word in _HANDLES:
                cursor.at = at + 1
                cursor.expect("<")
                self.names.append((cursor.identifier(), level + len(pending)))
                cursor.expect(">")
                at = cursor.at - 1
            else:
                cursor.unexpected("a type", at)
            at += 1
            if pending:
                self.levels = max(self.levels, level + len(pending))
                at = _next_argument(cursor, at, pending)
            if not pending:
                cursor.at = at
                return


def _open(cursor: Cursor, at: int, pending: list[str]) -> int:
    """Begin the constructor at a token, before `<`, and return the number of the token of its first argument."""
    texts = cursor.texts
    word = texts[at]
    follows = _CONSTRUCTORS[word]
    at += 2
    if word == "map" and texts[at] not in _KEYS:
        cursor.defer(at, "the key of a map must have a primitive type other than a float")
    elif word == "result" and texts[at] == "_":
        cursor.at = at + 1
        cursor.expect(",")
        follows = _NOTHING
        at += 2
    pending.append(follows)
    if len(pending) > MAX_NESTING:
        raise TooDeep(f"is not valid WIT: over {MAX_NESTING} types are nested in each other", cursor.tokens.span(at))
    return at


def _next_argument(cursor: Cursor, at: int, pending: list[str]) -> int:
    """Go on after an argument: close every constructor that ends here, and return the number of the token after that.

    If constructors are still `pending`, an argument of the innermost one begins at this token.
    """
    texts = cursor.texts
    while pending:
        follows = pending[-1]
        if texts[at] == "," and follows != _NOTHING:
            at += 1
            if follows == _LENGTH:
                _check_length(cursor, at)
                at += 1
            elif follows != _MORE:
                pending[-1] = _NOTHING
                return at
            elif texts[at] != ">":
                return at
        if texts[at] != ">" or follows == _REQUIRED:
            wanted = {_NOTHING: "`>`", _REQUIRED: "`,`"}.get(follows, "`,` or `>`")
            cursor.unexpected(wanted, at)
        pending.pop()
        at += 1
    return at


def _check_length(cursor: Cursor, token: int) -> None:
    """Check the token that is the length of a list."""
    word = cursor.texts[token]
    if not word.isdecimal():
        cursor.unexpected("a length", token)
    if not int(word[:20]) < 2**32:
        cursor.fail(token, "the length of a list must be less than 2^32")


# Attributes


def read_attributes(cursor: Cursor) -> list[tuple[str, int]]:
    """Read the attributes before an item: the kind of each, and the number of the token of its name."""
    attributes = []
    while cursor.texts[cursor.at] == "@":
        cursor.at += 1
        token = cursor.identifier()
        kind = cursor.name(token)
        cursor.expect("(")
        if kind in ("since", "deprecated"):
            _read_key(cursor, "version")
            cursor.version()
        elif kind == "unstable":
            _read_key(cursor, "feature")
            cursor.identifier()
        elif kind == "external-id":
            cursor.string()
        else:
            cursor.fail(token, f"the attribute `@{kind}` is unknown")
        cursor.expect(")")
        attributes.append((kind, token))
    return attributes


def check_attributes(cursor: Cursor, attributes: list[tuple[str, int]], allows_external_id: bool = True) -> None:
    """Check that the attributes of the item that was just read can be combined, and record whether it is unstable.

    If `allows_external_id` is False, wit-parser ignores `@external-id`.
    """
    if not attributes:
        return
    kinds = [kind for kind, _ in attributes]
    last = attributes[-1][1]
    if "unstable" in kinds:
        cursor.unstable.update(range(last, cursor.at))
    for kind in ("since", "unstable", "deprecated", *(["external-id"] if allows_external_id else [])):
        if kinds.count(kind) > 1:
            cursor.defer(last, f"`@{kind}` appears twice")
    if "since" in kinds and "unstable" in kinds:
        cursor.defer(last, "`@since` and `@unstable` cannot be combined")
    if "deprecated" in kinds and "since" not in kinds and "unstable" not in kinds:
        cursor.defer(last, "`@deprecated` requires `@since` or `@unstable`")


def _read_key(cursor: Cursor, wanted: str) -> None:
    if cursor.name(cursor.identifier()) != wanted:
        cursor.unexpected(f"`{wanted}`", cursor.at - 1)
    cursor.expect("=")
