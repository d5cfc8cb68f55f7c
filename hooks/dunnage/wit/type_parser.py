"""Reading a type in WIT: `list<tuple<string, own<file>>>`.

No function here calls itself, so no text can exhaust the stack, and each token is visited once.
"""

from dunnage.wit.cursor import Cursor, TooDeep

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


def read_type(cursor: Cursor, type_names: list[tuple[int, int]], level: int) -> tuple[int, int]:
    """Read a type at a level of nesting: how many types it consists of, and its deepest level.

    For each name of a type in it, the number of the token and the level are added to `type_names`.
    """
    texts, identifiers = cursor.texts, cursor.identifiers
    at = cursor.at
    size = 0
    deepest = level
    pending: list[str] = []  # what may follow in each constructor that is not closed, outermost first
    while True:
        word = texts[at]
        if word in identifiers:
            type_names.append((at, level + len(pending)))
        elif word in _PRIMITIVES:
            size += 1
        elif word in _CONSTRUCTORS:
            size += 1
            if word == "tuple" and texts[at + 1 : at + 3] == ["<", ">"]:
                cursor.defer(at, "is not valid WIT: this tuple is empty")
                at += 2
            elif texts[at + 1] == "<":
                at = _open(cursor, at, pending)
                continue
            elif word not in _BARE:
                cursor.unexpected("`<`", at + 1)
        elif word in _HANDLES:
            cursor.at = at + 1
            cursor.expect("<")
            type_names.append((cursor.identifier(), level + len(pending)))
            cursor.expect(">")
            at = cursor.at - 1
        else:
            cursor.unexpected("a type", at)
        at += 1
        if pending:
            deepest = max(deepest, level + len(pending))
            at = _next_argument(cursor, at, pending)
        if not pending:
            cursor.at = at
            return size, deepest


def _open(cursor: Cursor, at: int, pending: list[str]) -> int:
    """Begin the constructor at a token, before `<`, and return the number of the token of its first argument."""
    texts = cursor.texts
    word = texts[at]
    follows = _CONSTRUCTORS[word]
    at += 2
    if word == "map" and texts[at] not in _KEYS:
        cursor.defer(at, "is not valid WIT: the key of a map must have a primitive type other than a float")
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
        cursor.fail(token, "is not valid WIT: the length of a list must be less than 2^32")
