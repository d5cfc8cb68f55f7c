"""Attributes of WIT items: the gates `@since`, `@unstable` and `@deprecated`, and `@external-id`."""

from dunnage.wit.cursor import Cursor


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
            cursor.fail(token, f"is not valid WIT: the attribute `@{kind}` is unknown")
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
            cursor.defer(last, f"is not valid WIT: `@{kind}` appears twice")
    if "since" in kinds and "unstable" in kinds:
        cursor.defer(last, "is not valid WIT: `@since` and `@unstable` cannot be combined")
    if "deprecated" in kinds and "since" not in kinds and "unstable" not in kinds:
        cursor.defer(last, "is not valid WIT: `@deprecated` requires `@since` or `@unstable`")


def _read_key(cursor: Cursor, wanted: str) -> None:
    if cursor.name(cursor.identifier()) != wanted:
        cursor.unexpected(f"`{wanted}`", cursor.at - 1)
    cursor.expect("=")
