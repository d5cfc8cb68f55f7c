"""Reading the definitions of an interface or a world in WIT: types, resources and functions."""

from dunnage.wit.cursor import Cursor
from dunnage.wit.gates import check_attributes, read_attributes
from dunnage.wit.model import Definition, WitScope
from dunnage.wit.type_parser import read_type

DEFINITIONS = frozenset(["enum", "flags", "record", "resource", "type", "variant"])
"""The keywords with which the definition of a type begins."""

_MAX_FLAGS = 32


def read_definition(cursor: Cursor, scope: WitScope, keyword: str) -> None:
    """Read the rest of a type definition, after its `keyword`, into an interface or a world."""
    name = cursor.identifier()
    type_names: list[tuple[int, int]] = []
    size, levels = 1, 1
    if keyword == "type":
        cursor.expect("=")
        size, levels = read_type(cursor, type_names, 1)
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
        size, levels = _read_members(cursor, keyword, type_names)
        if cursor.at == first + 1:
            cursor.defer(name, f"is not valid WIT: this {keyword} is empty")
    scope.definitions.append(Definition(keyword, name, cursor.at, size, levels, tuple(type_names)))


def _read_members(cursor: Cursor, keyword: str, type_names: list[tuple[int, int]]) -> tuple[int, int]:
    """Read fields, cases or flags up to the closing brace. Returns how many types they hold, and the deepest level."""
    texts = cursor.texts
    size = levels = 1
    count = 0
    while texts[cursor.at] != "}":
        last = cursor.identifier()
        count += 1
        if keyword == "record" or (keyword == "variant" and texts[cursor.at] == "("):
            cursor.expect(":" if keyword == "record" else "(")
            member_size, member_levels = read_type(cursor, type_names, 2)
            size += member_size
            levels = max(levels, member_levels)
            if keyword == "variant":
                cursor.expect(")")
        cursor.comma("}")
        if keyword == "flags" and count == _MAX_FLAGS + 1:
            cursor.defer(last, f"is not valid WIT: at most {_MAX_FLAGS} flags are allowed")
    cursor.at += 1
    return size, levels


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
    type_names: list[tuple[int, int]] = []
    size = levels = 1
    keyword = cursor.at - 1
    cursor.expect("(")
    parameters = 0
    while texts[cursor.at] != ")":
        cursor.identifier()
        cursor.expect(":")
        parameter_size, parameter_levels = read_type(cursor, type_names, 2)
        size += parameter_size
        levels = max(levels, parameter_levels)
        parameters += 1
        cursor.comma(")")
    cursor.at += 1
    result = None
    if texts[cursor.at] == "->":
        cursor.at += 1
        result = cursor.at
        result_size, result_levels = read_type(cursor, type_names, 2)
        size += result_size
        levels = max(levels, result_levels)
    cursor.expect(";")
    if is_accessor:
        _check_accessor(cursor, keyword, parameters, result)
    return Definition("func", name, cursor.at, size, levels, tuple(type_names))


def _check_accessor(cursor: Cursor, keyword: int, parameters: int, result: int | None) -> None:
    """Check a getter or a setter. `result` is the number of the first token of its result type."""
    if cursor.texts[keyword] == "get":
        if parameters:
            cursor.defer(keyword, "is not valid WIT: a getter cannot have parameters")
        elif result is None:
            cursor.defer(keyword, "is not valid WIT: a getter must return a value")
    elif parameters != 1:
        cursor.defer(keyword, "is not valid WIT: a setter must have one parameter")
    elif result is not None and _returns_value(cursor, result):
        cursor.defer(result, "is not valid WIT: a setter can only return a `result` without a success type")


def _returns_value(cursor: Cursor, result: int) -> bool:
    """Whether a result type is anything but a `result` without a success type. A type name may refer to one."""
    texts = cursor.texts
    is_result = texts[result] == "result" and (texts[result + 1] != "<" or texts[result + 2] == "_")
    return not is_result and texts[result] not in cursor.identifiers
