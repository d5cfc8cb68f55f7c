"""What could not be judged because this machine lacks the necessary data."""

from __future__ import annotations

from dunnage.review.concern import listed

_MOST_NAMED = 5


class Unknowns:
    """Collects what is unknown, so that it is reported once."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}

    def add(self, what: str, name: str = "") -> None:
        """Record that something is unknown. Several names are reported together."""
        self._names.setdefault(what, {})[name] = None

    def note(self) -> str:
        """All of it in one line; empty if everything is known."""
        return "; ".join(f"{what}{_of(list(names))}" for what, names in self._names.items())


def _of(names: list[str]) -> str:
    if names == [""]:
        return ""
    more = len(names) - _MOST_NAMED
    return f" of {listed(names[:_MOST_NAMED] + ([f'{more} more'] if more > 0 else []))}"
