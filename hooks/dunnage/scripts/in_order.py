"""The programs of a file, each read when it is asked for."""

from collections.abc import Iterable, Iterator

from dunnage.shell.model import Script


class InOrder:
    """Programs in the order of the file. A file may have tens of thousands after those that a hook may read."""

    def __init__(self, programs: Iterable[Script]) -> None:
        """Raise the SourceError with which `programs` may begin."""
        self._rest = iter(programs)
        self._known: list[Script] = []
        self._read_next()

    def __iter__(self) -> Iterator[Script]:
        at = 0
        while at < len(self._known) or self._read_next():
            yield self._known[at]
            at += 1

    def _read_next(self) -> bool:
        for program in self._rest:
            self._known.append(program)
            return True
        return False
