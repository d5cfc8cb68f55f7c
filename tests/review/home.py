"""A CARGO_HOME for tests, as cargo would have left it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

INDEX = "index.crates.io-1949cf8c6b5b557f"


def published(days_ago: float) -> str:
    """A time as the index writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days_ago * 86_400))


def dependency(name: str, requirement: str, **more: Any) -> dict[str, Any]:
    """A dependency as the index writes it."""
    return {"name": name, "req": requirement, "kind": "normal", "optional": False, "features": [], **more}


def add_entries(home: Path, name: str, entries: Sequence[Mapping[str, Any]], index: str = INDEX) -> Path:
    """Write the index cache of a crate."""
    lower = name.lower()
    place = {1: ("1",), 2: ("2",), 3: ("3", lower[0])}.get(len(lower), (lower[:2], lower[2:4]))
    path = home.joinpath("registry", "index", index, ".cache", *place, lower)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"\x03\x02\x00\x00\x00etag\0"
    for entry in entries:
        data += entry["vers"].encode() + b"\0" + json.dumps({"name": name, **entry}).encode() + b"\0"
    path.write_bytes(data)
    return path


def tar(files: Sequence[tuple[str, bytes]], kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar of files, in this order; those of another kind than files are links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files:
            about = tarfile.TarInfo(name)
            about.type, about.size = kind, len(data) if kind == tarfile.REGTYPE else 0
            about.linkname = "" if kind == tarfile.REGTYPE else data.decode()
            archive.addfile(about, io.BytesIO(data))
    return buffer.getvalue()


def crate(name: str, files: Mapping[str, str]) -> bytes:
    """An archive of a crate, `NAME-VERSION`."""
    return gzip.compress(tar([(f"{name}/{path}", text.encode()) for path, text in files.items()]))


def add_archive(home: Path, name: str, data: bytes, cache: str = INDEX) -> str:
    """Put an archive where cargo keeps it, and return its checksum."""
    path = home / "registry" / "cache" / cache / f"{name}.crate"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
