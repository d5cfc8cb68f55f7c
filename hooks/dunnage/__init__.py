"""Dunnage: pre-commit hooks that keep Cargo and WebAssembly-component builds from shifting."""

import sys
from types import TracebackType

__version__ = "0.1.0"


def _report_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Print no traceback where an interrupt comes before any code can catch it: while a program is imported."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


sys.excepthook = _report_uncaught
