"""`Cargo-component.lock` and `wkg.lock` as their tools spell them, read without a TOML reader, which is slow to load.

Both write every key on a line of its own, under the headers of tables, all values but one strings. What is spelled
differently in any way is left to the TOML reader.
"""

from __future__ import annotations

from typing import Any

_ORDINARY = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("\\")) + b"\n"
"""Bytes that mean nothing but themselves: no escape, no control character, nothing beyond ASCII."""
_HEADERS = {"[[package]]": "package", "[[packages]]": "packages"}
_INNER_HEADERS = {"[[package.version]]": ("package", "version"), "[[packages.versions]]": ("packages", "versions")}


def parse(data: bytes) -> dict[str, Any] | None:
    """Read a lock to what a TOML reader makes of it; None if it is spelled in any other way."""
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
            if outer not in top:
                return None
            table = {}
            tables = top[outer][-1].setdefault(inner, [])
            if not isinstance(tables, list):
                return None
            tables.append(table)
        else:
            key, _, value = line.partition(" = ")
            if not key.isalpha() or key in table:
                return None
            if line == "version = 1" and table is top:
                table[key] = 1
            elif len(value) >= 2 and value[0] == value[-1] == '"' and '"' not in value[1:-1] and table is not top:
                table[key] = value[1:-1]
            else:
                return None
    return top
