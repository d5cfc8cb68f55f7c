"""Fuzz the parsers with atheris, which follows what code each input reaches.

`MALLOC_CHECK_=3 python tests/fuzz/parsers.py FORMAT -max_total_time=3600` runs for an hour; FORMAT is one of `NAMES`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

# Names by which the reader of the format knows the file.
NAMES = {
    "shell": "a.sh",
    "dockerfile": "Dockerfile",
    "makefile": "Makefile",
    "justfile": "justfile",
    "github": ".github/workflows/a.yml",
    "gitlab": ".gitlab-ci.yml",
    "circleci": ".circleci/config.yml",
    "toml": "a.toml",
    "wit": "a.wit",
}


def read(name: str, data: bytes) -> None:
    """Read a file as the hooks do. Only the exceptions that hooks expect are caught."""
    from dunnage.files import toml
    from dunnage.files.source import File, SourceError
    from dunnage.scripts import commands
    from dunnage.wit import syntax

    file = File(name, data)
    try:
        if name.endswith(".toml"):
            toml.parse(file)
            list(toml.comments(file))
            toml.locate(file, ("a", 0, "b"))
        elif name.endswith(".wit"):
            syntax.parse(file)
        else:
            list(commands.commands(file.mended))
    except SourceError:
        pass


def _main() -> None:
    atheris: Any = import_module("atheris")
    name = NAMES[sys.argv.pop(1)]
    with atheris.instrument_imports(include=["dunnage"]):
        read(name, b"")
    atheris.Setup(sys.argv, lambda data: read(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    _main()
