"""Which pins of tools the managers of Renovate read."""

from collections.abc import Sequence

from dunnage.bots.patterns import Pattern, UnsupportedError
from dunnage.bots.renovate import CustomManager, Settings
from dunnage.ci.pinned_tools import PinnedTool

_BEFORE, _AFTER = 2000, 500
"""How many bytes around a version a match may cover."""
_ACTIONS = frozenset(("baptiste0928/cargo-install", "cargo-bins/cargo-binstall", "extractions/setup-just"))
"""The actions whose inputs the manager github-actions reads. Source: github-actions/known-actions in Renovate."""


class MovedTools:
    """What the managers of a configuration read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def contain(self, pin: PinnedTool, path: str) -> bool:
        """Whether a manager reads a pin in the file at this path of the repository. Raises UnsupportedError."""
        if not self._settings.reads([path]):
            return False
        is_input = pin.literal is not None and pin.span.start <= pin.literal.start < pin.span.end
        if pin.action in _ACTIONS and is_input and self._settings.files_of("github-actions", [path]):
            return True
        return any(self._reads(manager, pin, path) for manager in self._settings.custom)

    def _reads(self, manager: CustomManager, pin: PinnedTool, path: str) -> bool:
        if not self._settings.runs(f"custom.{manager.kind}") or not manager.is_valid or not manager.match_strings:
            return False
        if not any(self._settings.patterns.expression_or_glob(text).matches(path) for text in manager.file_patterns):
            return False
        if manager.kind != "regex":
            if pin.kind == "list" and any("dunnage.tools" in text for text in manager.match_strings):
                return True
            raise UnsupportedError("a query")
        return captures(
            self._settings.patterns.expressions(manager.match_strings), pin, is_recursive=manager.is_recursive
        )


def captures(patterns: Sequence[Pattern], pin: PinnedTool, *, is_recursive: bool) -> bool:
    """Whether one of several patterns, or the last of nested ones, matches a version. Raises UnsupportedError."""
    if pin.literal is None:
        return False
    data = pin.file.data
    first = max(pin.literal.start - _BEFORE, 0)
    before = data[first : pin.literal.start].decode("utf-8", "replace")
    text = before + data[pin.literal.start : pin.literal.end + _AFTER].decode("utf-8", "replace")
    start = len(before)
    end = start + len(data[pin.literal.start : pin.literal.end].decode())
    if is_recursive:
        *outer, last = patterns
        for pattern in outer:
            found = pattern.enclosing_end(text, start, end)
            if found is None:
                return False
            text = text[:found]
        return last.captures(text, start, end)
    return any(pattern.captures(text, start, end) for pattern in patterns)
