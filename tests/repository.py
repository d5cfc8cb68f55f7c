"""The files of the repository in which a test works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path


def write(name: str, text: str | bytes) -> Path:
    """Write a file, and the folders it is in."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fixed(main: Callable[[Sequence[str]], int], name: str, text: str, *options: str) -> str:
    """What `--fix` of a hook makes of a file; a second run must change nothing more."""
    path = write(name, text)
    main(["--fix", *options, name])
    once = path.read_bytes()
    main(["--fix", *options, name])
    assert path.read_bytes() == once
    return once.decode()
