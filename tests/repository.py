"""The files of the repository in which a test works."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def write(name: str, text: str | bytes) -> Path:
    """Write a file, and the folders it is in."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    return path


def write_all(files: Mapping[str, str | bytes]) -> None:
    """Write files by their names, and the folders they are in."""
    for name, text in files.items():
        write(name, text)


def write_tracked(files: Mapping[str, str | bytes]) -> None:
    """Write files, and have git track all that are there."""
    write_all(files)
    subprocess.run(["git", "add", "--all", "--force"], check=True)


def fixed(main: Callable[[Sequence[str]], int], name: str, text: str, *options: str) -> str:
    """What `--fix` of a hook makes of a file; a second run must change nothing more."""
    path = write(name, text)
    main(["--fix", *options, name])
    once = path.read_bytes()
    main(["--fix", *options, name])
    assert path.read_bytes() == once
    return once.decode()
