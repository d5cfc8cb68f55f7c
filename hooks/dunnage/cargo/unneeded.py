"""Locked packages that nothing needs, and which of them a problem that has been reported already explains."""

from collections.abc import Iterable

from dunnage.cargo.lock_report import LockReport
from dunnage.cargo.resolution import Resolution


class Unneeded:
    """The locked packages that nothing needs."""

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self._explained: set[int] = set()
        self.missed_names: set[str] = set()
        """The names of packages to which a dependency should lead but does not; the reason has been reported."""

    def explain(self, indices: Iterable[int]) -> list[int]:
        """Mark these packages, and those that only they need, as explained. Returns the newly marked ones."""
        explained = []
        pending = [*indices]
        while pending:
            index = pending.pop()
            if not self._is_settled(index):
                self._explained.add(index)
                explained.append(index)
                pending += self._resolution.edges[index]
        return explained

    def check(self, report: LockReport) -> None:
        """Report the packages that nothing needs: of each connected group, the one on which no other depends."""
        resolution = self._resolution
        packages, edges = resolution.packages, resolution.edges
        self.explain(index for index, package in enumerate(packages) if package.name in self.missed_names)
        unneeded = [index for index in range(len(packages)) if not self._is_settled(index)]
        is_dependency = dict.fromkeys(unneeded, False)
        for index in unneeded:
            is_dependency.update(
                (target, True) for target in edges[index] if target in is_dependency and target != index
            )
        # Of packages that depend on each other in a cycle, the first in the lock is reported.
        for index in sorted(unneeded, key=lambda index: (is_dependency[index], index)):
            group = self.explain([index])
            if not resolution.ghosts.issuperset(group):
                package = packages[index]
                is_ghost = index in resolution.ghosts
                reason = f"no manifest here defines `{package}`" if is_ghost else f"nothing depends on `{package}`"
                report.stale(resolution.lock.file, package.keys, f"{reason}, but it is in {report.lock_name}")

    def _is_settled(self, index: int) -> bool:
        return index in self._resolution.reached or index in self._explained
