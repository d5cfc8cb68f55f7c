"""A progress bar on stderr, where that is a terminal and a run takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

    from dunnage.frame.execution import Task

_PATIENCE = 1.0
"""How many seconds pass without a bar."""


class Progress:
    """How far a run of several hooks is, in files that they are given."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._total = sum(len(names) for _, names in tasks)
        self._before = self._size = self._read = 0
        self._start = time.monotonic()
        self._bar: tqdm[NoReturn] | None = None

    def begin(self, name: str, files: Sequence[str]) -> Callable[[str], None]:
        """Begin with a task; the result is to be called with each path that it reads."""
        self._before += self._size
        if self._before >= self._total:  # all over again, after something was fixed
            self._before = 0
        self._size, self._read = len(files), 0
        if self._bar is not None:
            self._bar.set_description(name)
        return self._on_read

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def _on_read(self, _path: str) -> None:
        self._read += 1
        if self._bar is None:
            if time.monotonic() - self._start < _PATIENCE:
                return
            self._bar = _bar(self._total)
        # A hook may read other files than those that it is given.
        self._bar.update(self._before + min(self._read, self._size) - self._bar.n)


def wanted() -> bool:
    """Whether anybody would see a bar."""
    return sys.stderr is not None and sys.stderr.isatty()


def _bar(total: int) -> tqdm[NoReturn]:
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread
    bar: tqdm[NoReturn] = tqdm(total=total, file=sys.stderr, unit="file", leave=False, dynamic_ncols=True)
    return bar
