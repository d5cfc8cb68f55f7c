"""The problems that the comparison of a workspace with its lock finds, and how each kind is worded."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from dunnage.cargo.dependency import Dependency
from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.manifests import LocalPackage
from dunnage.cargo.source_id import SourceId
from dunnage.cargo.version import Version
from dunnage.cargo.workspace import Workspace
from dunnage.files import shown
from dunnage.files.document import Keys, Problem, Refused
from dunnage.files.source import File, display

_MOST_OF_A_RULE = 10_000
CHANGE_VERSION = "change the `version` of the dependency, or that of the package"


class LockReport:
    """The problems found so far."""

    def __init__(self, workspace: Workspace, lock: Lockfile, changed: Collection[str]) -> None:
        """`changed` are the folders whose files are preferred as the place of a problem that has several places."""
        self.problems: list[Problem] = []
        self._count: dict[str, int] = defaultdict(int)
        """How many problems have been found, by rule."""
        self.lock_name = display(workspace.lock)
        """The path of the lock as messages show it."""
        self._lock_path = workspace.lock
        self._lock = lock.file
        self._folder = workspace.root.folder
        self._changed = changed
        self.missed_names: set[str] = set()
        """The names of packages to which a dependency should lead but does not; the reason has been reported."""
        self.unwanted: set[int] = set()
        """The locked packages on which another depends in the lock only, as has been reported."""
        self._rejected: set[tuple[str, str]] = set()
        """The path and message of each manifest that Cargo could not read, as has been reported."""
        self._foreign: set[Keys] = set()
        """The locked packages whose source has been reported."""
        self._dangling: dict[tuple[str, str], list[tuple[LockedPackage, int]]] = defaultdict(list)
        """The packages with a dependency that leads to no package, and its position, by its text and the reason."""
        self._other_references: dict[SourceId, dict[str, Problem]] = defaultdict(dict)
        """The packages that are locked from a reference other than the required one, by required source and name."""
        self._unmet: dict[tuple[str, File, Keys, str], list[str]] = defaultdict(list)
        """The names of the packages with an unmet requirement, by rule, place of the requirement, and message."""
        self._missed: dict[tuple[str, str], list[tuple[str, File, Keys]]] = defaultdict(list)
        """The packages with a dependency that their entry lacks, and its place, by verb and the rest of the message."""

    def add(self, problem: Problem) -> None:
        """Add a problem, unless its rule has more than are reported anyway."""
        self._count[problem.rule] += 1
        if self._count[problem.rule] <= _MOST_OF_A_RULE:
            self.problems.append(problem)

    def bad_manifest(self, file: File, keys: Keys, message: str, help: str) -> None:
        """Add a problem for which Cargo rejects the manifests, whatever the lock contains."""
        self.add(Problem("cargo-lock/bad-manifest", file, message, help, keys))

    def rejected_manifest(self, refused: Refused) -> None:
        """Add a manifest that Cargo could not read, once."""
        if (refused.file.path, refused.message) not in self._rejected:
            self._rejected.add((refused.file.path, refused.message))
            self.add(refused.problem("cargo-lock/bad-manifest", RESTORE_MANIFEST))

    def stale_problem(self, file: File, keys: Keys, message: str) -> Problem:
        """Return a difference that `cargo update --workspace` removes."""
        return Problem("cargo-lock/stale", file, message, self._update, keys)

    def stale(self, file: File, keys: Keys, message: str) -> None:
        """Add a difference that `cargo update --workspace` removes."""
        self.add(self.stale_problem(file, keys, message))

    def bad_lock(self, rule: str, keys: Keys, message: str, help: str = "") -> None:
        """Add a problem of the lock itself. Without a help text, the lock should be restored."""
        restore = f"restore {self.lock_name} from the last good commit, then {self._update}"
        self.add(Problem(rule, self._lock, message, help or restore, keys))

    def no_commit(self, packages: Sequence[LockedPackage]) -> None:
        """Add packages from one git repository without a full commit."""
        message = f"{_subject(packages, packages[0].source)} locked without a full commit"
        self.bad_lock("cargo-lock/no-commit", (*packages[0].keys, "source"), message)

    def ignored_commit(self, packages: Sequence[LockedPackage]) -> None:
        """Add packages from one git repository whose reference Cargo misreads, so that it ignores their commit."""
        subject = _subject(packages, packages[0].intended)
        reason = "because this lock format does not escape the name of the branch or tag"
        message = f"{subject} locked at a commit that cargo ignores, {reason}"
        self.bad_lock("cargo-lock/no-commit", (*packages[0].keys, "source"), message, self._update)

    def other_commit(self, packages: Sequence[LockedPackage], revision: str) -> None:
        """Add packages from one git repository that are locked at a commit other than their `revision`.

        A revision may also be the hash of an annotated tag. Only the repository knows which it is.
        """
        message = f"{_subject(packages, packages[0].source)} locked at another commit, {packages[0].commit}"
        help = (
            f"restore {self.lock_name} from the last good commit and find out who changed it;\n"
            f"if {revision} is an annotated tag, require the commit that\n"
            f"`git rev-parse '{revision}^{{commit}}'` prints in that repository instead"
        )
        self.bad_lock("cargo-lock/foreign-source", (*packages[0].keys, "source"), message, help)

    def foreign_source(self, package: LockedPackage, expected: str) -> None:
        """Add a package that is locked from a source other than the expected one, once for each package.

        A package in a folder of the repository remains from a removed `[patch]` or path, and is not foreign.
        """
        if self.is_foreign(package):
            return
        self._foreign.add(package.keys)
        message = f"{expected}, but {self.lock_name} has `{package}` from {describe_source(package.source)}"
        if package.source is None:
            self.stale(self._lock, (*package.keys, "name"), message)
            return
        help = (
            f"if you changed the source in a manifest on purpose, {self._update};\n"
            f"if not, restore {self.lock_name} from the last good commit and find out who changed it"
        )
        self.bad_lock("cargo-lock/foreign-source", (*package.keys, "source"), message, help)

    def is_foreign(self, package: LockedPackage) -> bool:
        """Whether the source of a package has been reported."""
        return package.keys in self._foreign

    def unmet(self, rule: str, local: LocalPackage, dependency: Dependency, reason: str) -> None:
        """Note that nothing satisfies a requirement, at its place, which several packages may inherit."""
        file, keys = dependency.place(local.manifest.file)
        self._unmet[rule, file, keys, f"{describe(dependency)}, {reason}"].append(local.package.name)

    def missed(self, local: LocalPackage, dependency: Dependency, verb: str, reason: str) -> None:
        """Note that the entry of a package lacks a dependency. `verb` is in the plural."""
        self._missed[verb, reason].append((local.package.name, local.manifest.file, dependency.keys))

    def drifted(self, packages: Iterable[tuple[LocalPackage, Version]]) -> None:
        """Add packages whose versions are not the locked ones: once for all that inherit one, or changed in one way."""
        inherited: dict[tuple[str, Keys], list[tuple[LocalPackage, Version]]] = defaultdict(list)
        for local, locked in packages:
            file, keys = local.version_at
            inherited[file.path, keys].append((local, locked))
        same: dict[tuple[Version, Version], list[list[tuple[LocalPackage, Version]]]] = defaultdict(list)
        for heirs in inherited.values():
            local, locked = heirs[0]
            same[local.package.version, locked].append(heirs)
        for (version, locked), groups in same.items():
            heirs = min(groups, key=lambda group: self._order_of_place(group[0][0].version_at[0]))
            others = sum(map(len, groups)) - 1
            more = ""
            if len(groups) > 1:
                more = f"; the same is true of {_more(others)}"
            elif others:
                more = f"; {others} more {'inherit' if others > 1 else 'inherits'} this version"
            local, _ = heirs[0]
            name = local.package.name
            message = f"`{name}` is at version {version}, but {self.lock_name} has it at {locked}{more}"
            self.stale(*local.version_at, message)

    def _order_of_place(self, file: File) -> int:
        """The order of a file among the places of a problem; the lowest is best.

        A file that names the rule comes first, whichever files have changed: every run must find its ignore comment.
        """
        return 0 if file.memo(_names_stale) else 1 if file.folder in self._changed else 2

    def other_reference(self, file: File, dependency: Dependency, locked: LockedPackage, subject: str) -> None:
        """Note that `subject` names a reference of a git repository other than the locked one."""
        reference = locked.source.reference.replace("=", " ", 1) if locked.source else ""
        message = (
            f"{subject} {describe(dependency)}, "
            f"but {self.lock_name} has `{locked}` from the {reference or 'default branch'}"
        )
        problem = self.stale_problem(*dependency.place(file), message)
        self._other_references[dependency.source].setdefault(dependency.package, problem)

    def dangling(self, package: LockedPackage, position: int, reason: str) -> None:
        """Note that a dependency of a locked package leads to no package."""
        self._dangling[str(package.edges[position]), reason].append((package, position))

    def add_noted(self) -> None:
        """Add what `unmet`, `missed`, `other_reference` and `dangling` noted, each cause once."""
        for (verb, reason), missed in self._missed.items():
            name, file, keys = min(missed, key=lambda place: self._order_of_place(place[1]))
            count = len({file.path for _, file, _ in missed})
            subject = f"`{name}` and {count - 1} more {verb}" if count > 1 else f"`{name}` {verb}s"
            self.stale(file, keys, f"{subject} {reason}")
        for problems in self._other_references.values():
            first, *others = problems.values()
            more = f"; the same is true of {_more(len(others))}" if others else ""
            self.add(first._replace(message=first.message + more))
        for (edge, reason), places in self._dangling.items():
            package, position = places[0]
            subject = f"`{package}` and {len(places) - 1} more are" if len(places) > 1 else f"`{package}` is"
            message = f"{subject} locked with the dependency `{edge}`, {reason}"
            self.stale(self._lock, (*package.keys, "dependencies", position), message)
        for (rule, file, keys, requirement), names in self._unmet.items():
            more = f" and {len(names) - 1} more require" if len(names) > 1 else " requires"
            message = f"`{names[0]}`{more} {requirement}"
            help = self._update if rule == "cargo-lock/stale" else CHANGE_VERSION
            self.add(Problem(rule, file, message, help, keys))

    @cached_property
    def _update(self) -> str:
        where = "" if self._folder == os.getcwd() else f" in {shown.path(self._folder)}"
        # Cargo writes the file that a symbolic link leads to.
        lock = os.path.realpath(self._lock_path) if os.path.islink(self._lock_path) else self._lock_path
        return f"run `cargo update --workspace`{where} and commit {shown.path(lock)}"


def _names_stale(file: File) -> bool:
    return b"cargo-lock/stale" in file.data


RESTORE_MANIFEST = "correct it, or restore it from the last good commit"


def describe(dependency: Dependency) -> str:
    """Name the package, the requirement and the source of a dependency."""
    package = f"{dependency.package} {dependency.requirement}" if dependency.requirement else dependency.package
    return f"`{package}` from {describe_source(dependency.source)}"


def _more(count: int) -> str:
    return f"{count} more package{'s' if count > 1 else ''}"


def _subject(packages: Sequence[LockedPackage], source: SourceId | None) -> str:
    """Name packages of one source as the subject of a sentence, with its verb."""
    others = len(packages) - 1
    more = f" and {_more(others)}" if others else ""
    return f"`{packages[0]}`{more} from {source} {'are' if others else 'is'}"


def describe_source(source: SourceId | None) -> str:
    """Name a source; None is that of a package in a folder of the workspace."""
    if source is None:
        return "a folder of this workspace"
    return f"the folder {display(source.url)}" if source.kind == "path" else str(source)
