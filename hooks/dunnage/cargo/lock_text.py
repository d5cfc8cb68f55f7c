"""A parser for Cargo.lock as Cargo itself writes it, several times faster than a TOML parser.

Cargo writes every lock in the same way: comments and the `version` of the format, then the packages, with their keys
in a fixed order and each dependency on its own line. A lock that differs in any way is left to the TOML parser.
"""

from __future__ import annotations

from typing import Any

_ORDINARY = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("\\")) + b"\n"
"""ASCII without the backslash and without control characters other than the line feed."""
_KEYS = {"\nsource = ": "source", "\nchecksum = ": "checksum"}
_VERSIONS = ("3", "4", "5")
_ENDS = ("\n", "\n\n")
_DEPENDENCIES = "\ndependencies = [\n "
_NEXT_DEPENDENCY = ",\n "
_LAST_DEPENDENCY = (",\n]\n", ",\n]\n\n")


def parse(data: bytes) -> dict[str, Any] | None:
    """Parse a lock in formats 2 to 4 to what a TOML parser would return; None if Cargo would not write it like this."""
    if data.translate(None, _ORDINARY):
        return None
    head, *packages = data.decode("ascii").split("[[package]]\n")
    if head and not head.endswith("\n"):
        return None
    lock: dict[str, Any] = {}
    for line in head.split("\n"):
        if line.startswith("version = ") and line[10:] in _VERSIONS and not lock:
            lock["version"] = int(line[10:])
        elif line and not line.startswith("#"):
            return None
    if packages:
        lock["package"] = []
    for text in packages:
        package = _package(text.split('"'))
        if package is None:
            return None
        lock["package"].append(package)
    return lock


def _package(parts: list[str]) -> dict[str, Any] | None:
    """Parse a package from its text split at quotes: what precedes a string and the string itself, in turns."""
    last = len(parts) - 1
    if last < 4 or last % 2 or parts[0] != "name = " or parts[2] != "\nversion = " or "\n" in "".join(parts[1::2]):
        return None
    package: dict[str, Any] = {"name": parts[1], "version": parts[3]}
    at = 4
    for before, key in _KEYS.items():
        if parts[at] == before and at < last:
            package[key] = parts[at + 1]
            at += 2
    if parts[at] == _DEPENDENCIES and at < last:
        between = parts[at + 2 :: 2]
        if between.pop() not in _LAST_DEPENDENCY or any(part != _NEXT_DEPENDENCY for part in between):
            return None
        package["dependencies"] = parts[at + 1 :: 2]
    elif parts[at] not in _ENDS or at < last:
        return None
    return package
