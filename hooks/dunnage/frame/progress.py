"""A progress bar on stderr, if that is a terminal and the run takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tqdm import tqdm

    from dunnage.frame.execution import Task

_PATIENCE = 1.0
"""How many seconds pass before the bar appears."""


class Progress:
    """The progress of a run of several hooks, counted in the files that they are given."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._total = sum(len(names) for _, names in tasks)
        self._before = self._size = self._read = 0
        self._start = time.monotonic()
        self._bar: tqdm[NoReturn] | None = None

    def begin(self, name: str, files: Sequence[str]) -> Callable[[str], None]:
        """Begin a task. Call the result with each path that the task reads."""
        self._before += self._size
        if self._before >= self._total:  # the hooks run again after a fix
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
    """Whether stderr is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def _bar(total: int) -> tqdm[NoReturn]:
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread
    bar: tqdm[NoReturn] = tqdm(total=total, file=sys.stderr, unit="file", leave=False, dynamic_ncols=True)
    return bar
