"""Dunnage: pre-commit hooks that keep Cargo and WebAssembly-component builds from shifting."""

import os
import sys

__version__ = "0.1.0"

if sys.argv[:1] == ["-m"]:  # `python -m dunnage…`, which looks for modules in the working directory first
    try:
        if sys.path[0] == os.getcwd():
            del sys.path[0]
    except OSError:  # the directory is deleted
        pass

from types import TracebackType


def _report_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Print no traceback where an interrupt comes before any code can catch it: while a program is imported."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


sys.excepthook = _report_uncaught
