"""The arguments that a Dockerfile declares before its first stage, which `FROM` may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunnage.scripts.dockerfile_words import Expansion, expand
from dunnage.shell.bounds import Budget

if TYPE_CHECKING:
    from dunnage.shell.model import Values

_GIVEN = tuple(
    f"{side}{part}" for side in ("BUILD", "TARGET") for part in ("PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT")
)
"""Arguments that BuildKit sets from the machine and the command line."""


class GlobalArguments:
    """The arguments outside of stages, as far as the lines that have been read declare them."""

    def __init__(self, escape: str, budget: Budget) -> None:
        """`escape` is the escape character of the Dockerfile."""
        self.values: dict[str, Values] = dict.fromkeys((*_GIVEN, "TARGETSTAGE"))
        """The default of each argument; None if it is unknown, and `()` if there is none."""
        self._escape = escape
        self._budget = budget

    def declare(self, text: str) -> None:
        """Declare an argument: `NAME` or `NAME=DEFAULT`."""
        name, equals, default = text.partition("=")
        if equals:
            self.values[name] = self.expand(default)
        else:
            self.values.setdefault(name, ())

    def expand(self, text: str) -> Values:
        """Return the value of a text outside of stages."""
        return afforded(expand(text, self._escape, self._lookup, self._budget), self._budget)

    def _lookup(self, name: str) -> Expansion:
        # Only arguments are visible outside of stages, so any other variable is unset.
        return self.values.get(name, "unset")


def afforded(values: Values, budget: Budget) -> Values:
    """`values`, or None if they would take more than is left of the budget."""
    return values if values is None or budget.afford(sum(map(len, values))) else None
