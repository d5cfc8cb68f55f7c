"""`Cargo-component.lock` and `wkg.lock` as their tools write them, read without a TOML reader, which is slow to import.

Both tools write each key on its own line below the header of its table, and all values except one are strings. A lock
with any other layout is left to the TOML reader.
"""

from __future__ import annotations

from typing import Any

_ORDINARY = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("\\")) + b"\n"
"""Bytes that stand for themselves: printable ASCII except the backslash, and the line feed."""
_HEADERS = {"[[package]]": "package", "[[packages]]": "packages"}
_INNER_HEADERS = {"[[package.version]]": ("package", "version"), "[[packages.versions]]": ("packages", "versions")}


def parse(data: bytes) -> dict[str, Any] | None:
    """Read a lock as a TOML reader would; None if it has another layout."""
    if data.translate(None, _ORDINARY):
        return None
    top: dict[str, Any] = {}
    table = top
    for line in data.decode("ascii").split("\n"):
        if not line or line.startswith("#"):
            continue
        if line in _HEADERS:
            table = {}
            top.setdefault(_HEADERS[line], []).append(table)
        elif line in _INNER_HEADERS:
            outer, inner = _INNER_HEADERS[line]
            tables = top[outer][-1].setdefault(inner, []) if outer in top else None
            if not isinstance(tables, list):
                return None
            table = {}
            tables.append(table)
        elif not _read_value(line, table, table is top):
            return None
    return top


def _read_value(line: str, table: dict[str, Any], is_top: bool) -> bool:
    """Read a line with a key and a value into a table. Returns False if it has another layout."""
    key, _, value = line.partition(" = ")
    if not key.isalpha() or key in table:
        return False
    if is_top:
        table[key] = 1
        return line == "version = 1"
    table[key] = value[1:-1]
    return len(value) >= 2 and value[0] == value[-1] == '"' and '"' not in value[1:-1]
