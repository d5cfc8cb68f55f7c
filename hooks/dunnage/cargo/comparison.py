"""Whether a Cargo.lock is what the manifests of its workspace ask for.

`cargo --locked` resolves the workspace again, preferring what the lock holds, and refuses if the result differs.
Nothing of that needs the registry's index as long as the lock is current: the question is only whether the lock is a
fixed point, that is, whether every dependency of every package in a folder leads to a locked package that meets it,
and whether nothing else is locked.

Cargo ignores two things here that look wrong, and so does this: a package without a source that stands in no known
folder, and a dependency of a package in a folder that nobody asks for and that leads nowhere.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.manifest import Dependency
from dunnage.cargo.resolution import Resolution, Wanted
from dunnage.cargo.source_id import CRATES_IO, SourceId, names_commit
from dunnage.cargo.version import Version
from dunnage.cargo.workspace import Local, Workspace
from dunnage.files.document import Keys
from dunnage.files.source import File, display
from dunnage.files.span import Span

STALE = "stale"
FOREIGN_SOURCE = "foreign-source"
NO_CHECKSUM = "no-checksum"
UNREADABLE = "unreadable"
BAD_MANIFEST = "bad-manifest"

_CHANGE_VERSION = "change the `version` of the dependency, or that of the package"
_SHA256_DIGITS = 64
_HEXADECIMAL = frozenset("0123456789abcdef")


class Problem(NamedTuple):
    """One reason for which Cargo would not take the lock as it is."""

    kind: str
    """One of the constants above."""
    file: File
    keys: Keys
    message: str
    help: str
    span: Span | None = None
    """Where it stands, if the file is no document that `keys` could point into."""


def compare(workspace: Workspace, lock: Lockfile) -> list[Problem]:
    """Find every reason for which Cargo would refuse the lock, or the workspace; none if it is current.

    Where Cargo could not even load the workspace, only the reasons for that are given: the others may be consequences.
    """
    comparison = _Comparison(Resolution(workspace, lock))
    comparison.run()
    return [problem for problem in comparison.problems if problem.kind == BAD_MANIFEST] or comparison.problems


class _Comparison:
    """The problems found so far, and what they explain."""

    def __init__(self, resolution: Resolution) -> None:
        self.resolution = resolution
        self.workspace = resolution.workspace
        self.lock = resolution.lock
        self.packages = resolution.packages
        self.name = display(self.workspace.lock)
        """The lock as it is called in messages."""
        self.problems: list[Problem] = []
        self.explained: set[int] = set()
        """Locked packages that nothing needs, for a reason that has been reported."""
        self.foreign: set[int] = set()
        """Locked packages that have been reported for their source."""
        self.unmet: dict[tuple[str, File, Keys, str], list[str]] = defaultdict(list)
        """Requirements that are not met, by the kind of problem, where they are written, and why: who asks for that."""

        self.unheeded_patches: set[tuple[File, Keys]] = set()
        """Entries of `[patch]` that have been reported, the lock having what they replace."""
        self.unled: set[str] = set()
        """Names of packages that a dependency should have led to, but does not; why has been reported."""
        self.replaced = {(name, version) for name, version, _ in self.workspace.replacements}
        self.put_in_place = set().union(*resolution.put_in_place.values())
        self.is_strange = False
        """Whether the lock knows no package of this workspace, which explains all else."""
        # What problems ask for again and again, found once.
        self.by_name: dict[int, dict[str, list[int]]] = {}
        self.dangling_by_name: dict[int, dict[str, int]] = {}
        self.versions: dict[str, set[str]] = defaultdict(set)

    def run(self) -> None:
        self._check_patches()
        local = [self.workspace.local[folder] for folder in sorted(self.resolution.wanted)]
        self._check_versions(local)
        for package in local:
            self._check_local(package)
        if self.is_strange:
            return
        for index in sorted(self.resolution.reached):
            if index not in self.resolution.folders:
                self._check_locked(index)
        self._report_unmet()
        self._check_unneeded()
        self._check_unity()
        self._check_unused_patches()
        self._check_checksums()
        if not self.problems:
            self._check_cycles()

    def _check_patches(self) -> None:
        """Check that every entry of `[patch]` puts something in place, and not the same twice."""
        for patch in self.workspace.patches:
            dependency = patch.dependency
            if dependency.source.kind == "path":
                found = self._check_path(dependency, patch.file)
                if found is not None and not dependency.accepts(found.package.version):
                    has = f"{found.manifest.file.path} is at version {found.package.version}"
                    message = f"`[patch]` asks for {_describe(dependency)}, but {has}"
                    self._refuse(patch.file, dependency.keys, message, _CHANGE_VERSION)
            elif dependency.source.url == patch.url:
                self._refuse(
                    patch.file,
                    dependency.keys,
                    f"`[patch]` puts `{dependency.package}` from {dependency.source} in place of itself",
                    "name another source with `git` or `path`, or remove the entry",
                )
        for patch in self.resolution.unlocked_patches:
            self._stale(
                patch.file,
                patch.dependency.keys,
                f"`[patch]` puts {_describe(patch.dependency)} in place, but {self.name} does not know it",
            )
        for entries in self.resolution.patches.values():
            seen: set[tuple[str, Version]] = set()
            for patched in entries:
                dependency = patched.patch.dependency
                if (dependency.package, patched.version) in seen:
                    message = f"several entries of `[patch]` put `{dependency.package} {patched.version}` in place"
                    self._refuse(patched.patch.file, dependency.keys, message, "remove all but one")
                seen.add((dependency.package, patched.version))

    def _check_versions(self, local: Iterable[Local]) -> None:
        """Report packages in folders that are not in the lock, or not at their version."""
        local = list(local)
        if len(local) > 1 and not any(package.manifest.folder in self.resolution.entries for package in local):
            self.is_strange = True
            message = (
                f"none of the {len(local)} packages of this workspace is in {self.name}: "
                "it belongs to another workspace, or was emptied"
            )
            self._stale(self.lock.file, (), message)
        drifted: dict[tuple[str, Keys], list[Local]] = defaultdict(list)
        names: dict[tuple[str, Version], Local] = {}
        for package in local:
            name, version = package.package.name, package.package.version
            other = names.setdefault((name, version), package)
            if other is not package:
                message = f"{other.manifest.file.path} is a package named `{name}` at version {version}, too"
                help = "rename one of them, or change its version: a lock could not tell them apart"
                self._refuse(package.manifest.file, (*_package_keys(package), "name"), message, help)
            entry = self.resolution.entries.get(package.manifest.folder)
            if entry is None:
                impostor = self.resolution.impostors.get((name, version))
                if impostor is not None:
                    self._foreign(impostor, f"`{name}` stands in {_describe_source(_folder_of(package))}")
                elif not self.is_strange:
                    message = f"the package `{name}` is not in {self.name}"
                    self._stale(package.manifest.file, (*_package_keys(package), "name"), message)
            elif self.packages[entry].version != version:
                file, keys = package.version_at
                drifted[file.path, keys].append(package)
        for together in drifted.values():
            first = together[0]
            locked = self.packages[self.resolution.entries[first.manifest.folder]].version
            message = (
                f"`{first.package.name}` is at version {first.package.version}, but {self.name} has it at {locked}"
            )
            others = len(together) - 1
            more = f"; {others} more {'inherit' if others > 1 else 'inherits'} this version" if others else ""
            self._stale(*first.version_at, message + more)

    def _check_local(self, local: Local) -> None:
        """Compare what a package in a folder needs with its entry in the lock."""
        file = local.manifest.file
        name = local.package.name
        entry = self.resolution.entries.get(local.manifest.folder)
        failed = set()
        for wanted in self.resolution.wanted[local.manifest.folder]:
            dependency = wanted.dependency
            if dependency.source.kind == "path":
                found = self._check_path(dependency, file)
                if found is not None and not dependency.accepts(found.package.version):
                    why = f"but {found.manifest.file.path} is at version {found.package.version}"
                    self._note_unmet(BAD_MANIFEST, local, dependency, why)
            if wanted.folder is not None:
                self._check_features(local, wanted, self.workspace.local[wanted.folder])
            if entry is None:
                continue
            if wanted.locked is not None:
                self._check_not_patched(dependency.source.url, wanted.locked)
                self._check_commit(local, dependency, wanted.locked)
                continue
            failed.add(dependency.package)
            if dependency.source.kind != "path":
                self._explain_missing(local, dependency, entry)
            elif (
                dependency.source.url in self.resolution.entries
                and not self._explain_foreign(local, dependency, entry)
                and not self._explain_dangling(local, dependency, entry)
            ):
                message = f"`{name}` depends on `{dependency.package}`, but {self.name} does not say so"
                self._stale(file, dependency.keys, message)
        self.unled |= failed
        if entry is not None:
            self._check_edges(local, entry, failed)

    def _check_path(self, dependency: Dependency, file: File) -> Local | None:
        """Find the package in the folder that a dependency names; say so if it is not there."""
        folder = dependency.source.url
        found = self.workspace.local.get(folder)
        if found is not None and found.package.name == dependency.package:
            return found
        if folder in self.workspace.unreadable:
            refused = self.workspace.unreadable[folder]
            problem = Problem(BAD_MANIFEST, refused.file, refused.keys, refused.message, refused.help, refused.span)
            if problem not in self.problems:
                self.problems.append(problem)
        elif found is not None:
            self._refuse(
                file,
                dependency.keys,
                f"`{dependency.package}` is expected in {display(folder)}, but there is `{found.package.name}`",
                f'add `package = "{found.package.name}"` to the dependency, or correct its `path`',
            )
        else:
            self._refuse(
                file,
                dependency.keys,
                f"there is no Cargo.toml in {display(folder)}, where `{dependency.package}` is expected",
                "correct the `path`; if the folder is a git submodule, run `git submodule update --init`",
            )
        return None

    def _check_features(self, local: Local, wanted: Wanted, found: Local) -> None:
        for feature in sorted(wanted.features):
            if feature not in found.package.features:
                self._refuse(
                    local.manifest.file,
                    wanted.dependency.keys,
                    f"`{local.package.name}` asks for the feature `{feature}` of `{found.package.name}`, "
                    f"which {found.manifest.file.path} does not define",
                    "correct the feature's name, or define it there",
                )

    def _check_commit(self, local: Local, dependency: Dependency, index: int) -> None:
        """Report another commit than the one that a `rev` names in full, which Cargo takes as it stands in the lock."""
        package = self.packages[index]
        reference = dependency.source.reference
        if (
            names_commit(reference)
            and package.source == dependency.source
            and not reference.endswith(f"={package.commit}")
        ):
            asks = f"`{local.package.name}` asks for {_describe(dependency)}"
            self._foreign(index, asks, f"commit {package.commit}", f"cargo update {package.name}")

    def _explain_missing(self, local: Local, dependency: Dependency, entry: int) -> None:
        """Say why no edge of a package's entry serves a dependency that is not a path."""
        if self._explain_foreign(local, dependency, entry):
            return
        named = self._edges_by_name(entry).get(dependency.package)
        if not named and self._explain_dangling(local, dependency, entry):
            return
        elsewhere = self._locked_versions().get(dependency.package)
        if named:
            versions = " and ".join(sorted(str(self.packages[index].version) for index in named))
            self._note_unmet(STALE, local, dependency, f"but {self.name} has {versions}")
            return
        if elsewhere:
            says = f"{self.name} has `{dependency.package}` ({', '.join(sorted(elsewhere))}) only for other packages"
        else:
            says = f"{self.name} has no `{dependency.package}`"
        asks = f"`{local.package.name}` asks for {_describe(dependency)}"
        self._stale(local.manifest.file, dependency.keys, f"{asks}, but {says}")

    def _explain_foreign(self, local: Local, dependency: Dependency, entry: int) -> bool:
        """Report an edge that would serve a dependency, but for its source."""
        named = self._edges_by_name(entry).get(dependency.package, ())
        strangers = [index for index in named if dependency.accepts(self.packages[index].version)]
        if strangers:
            self._foreign(strangers[0], f"`{local.package.name}` asks for {_describe(dependency)}")
        return bool(strangers)

    def _explain_dangling(self, local: Local, dependency: Dependency, entry: int) -> bool:
        """Report an edge of the right name that leads nowhere."""
        position = self._dangling_by_name(entry).get(dependency.package)
        if position is None:
            return False
        edge, reason = self.packages[entry].edges[position], self.resolution.dangling[entry][position]
        self._unreadable(
            (*self.packages[entry].keys, "dependencies", position),
            f"`{local.package.name}` is locked with the dependency `{edge}`, {reason}",
        )
        return True

    def _edges_by_name(self, entry: int) -> dict[str, list[int]]:
        """Group what a locked package depends on by name."""
        if entry not in self.by_name:
            named = self.by_name[entry] = defaultdict(list)
            for index in self.resolution.edges[entry]:
                named[self.packages[index].name].append(index)
        return self.by_name[entry]

    def _dangling_by_name(self, entry: int) -> dict[str, int]:
        """Find by name where a locked package depends on what cannot be found; the first place of each name."""
        if entry not in self.dangling_by_name:
            edges = self.packages[entry].edges
            positions = reversed(self.resolution.dangling[entry])
            self.dangling_by_name[entry] = {edges[position].name: position for position in positions}
        return self.dangling_by_name[entry]

    def _locked_versions(self) -> dict[str, set[str]]:
        """Group the versions of all locked packages by name."""
        if not self.versions:
            for package in self.packages:
                self.versions[package.name].add(str(package.version))
        return self.versions

    def _note_unmet(self, kind: str, local: Local, dependency: Dependency, why: str) -> None:
        """Note a requirement that is not met where it is written, which for several packages may be one place."""
        file, keys = local.manifest.file, dependency.keys
        if dependency.inherited_from is not None:
            file, keys = dependency.inherited_from, ("workspace", "dependencies", dependency.name)
        self.unmet[kind, file, keys, f"{_describe(dependency)}, {why}"].append(local.package.name)

    def _report_unmet(self) -> None:
        for (kind, file, keys, what), names in self.unmet.items():
            more = f" and {len(names) - 1} more ask" if len(names) > 1 else " asks"
            message = f"`{names[0]}`{more} for {what}"
            if kind == STALE:
                self._stale(file, keys, message)
            else:
                self._refuse(file, keys, message, _CHANGE_VERSION)

    def _check_edges(self, local: Local, entry: int, failed: set[str]) -> None:
        """Report what a package in a folder is locked with though none of its dependencies asks for it."""
        used = {wanted.locked for wanted in self.resolution.wanted[local.manifest.folder]}
        for index in dict.fromkeys(self.resolution.edges[entry]):
            if index in used:
                continue
            self._explain([index])
            package = self.packages[index]
            if package.name not in failed:
                self._stale(
                    self.lock.file,
                    (*self.packages[entry].keys, "dependencies", self.resolution.position(entry, index)),
                    f"{self.name} says that `{local.package.name}` depends on `{package}`, "
                    f"but {local.manifest.file.path} does not ask for it",
                )

    def _check_not_patched(self, url: str, index: int) -> None:
        """Report a locked package that `[patch]` would now replace, being of the very version that is put in place."""
        package = self.packages[index]
        for patched in self.resolution.patched.get((url, package.name, package.version), ()):
            dependency = patched.patch.dependency
            place = patched.patch.file, dependency.keys
            if patched.locked != index and place not in self.unheeded_patches:
                self.unheeded_patches.add(place)
                self._stale(
                    *place,
                    f"`[patch]` puts `{package}` from {_describe_source(dependency.source)} in place, "
                    f"but {self.name} still has it from {_describe_source(package.source)}",
                )

    def _check_locked(self, index: int) -> None:
        """Check what a package that is in no folder depends on: that it is locked, and from which source."""
        package = self.packages[index]
        if package.source is None:
            return
        for position, reason in self.resolution.dangling[index].items():
            self.unled.add(package.edges[position].name)
            message = f"`{package}` is locked with the dependency `{package.edges[position]}`, {reason}"
            self._unreadable((*package.keys, "dependencies", position), message)
        is_replaced = (package.name, str(package.version)) in self.replaced
        if is_replaced != (index in self.resolution.replaced):
            says = "replaces" if is_replaced else "does not replace"
            message = f"`[replace]` {says} `{package}`, but {self.name} says otherwise"
            self._stale(self.lock.file, package.keys, message)
        for target in self.resolution.edges[index]:
            source = self.packages[target].source
            if package.source == CRATES_IO:
                strays = source != CRATES_IO
            else:
                strays = package.source.is_registry and (source is None or not source.is_registry)
            if strays and target not in self.put_in_place:
                kin = "crates of crates.io" if package.source == CRATES_IO else "crates of a registry"
                self._foreign(target, f"`{package}`, a crate of {package.source}, can only depend on {kin}")
            elif source is not None and self.resolution.patches:
                self._check_not_patched(source.url, target)

    def _check_unneeded(self) -> None:
        """Report the locked packages that nothing needs, each group once: at the package that stands above the
        others.
        """
        edges = self.resolution.edges
        self._explain(index for index, package in enumerate(self.packages) if package.name in self.unled)
        unneeded = [index for index in range(len(self.packages)) if not self._is_settled(index)]
        above = dict.fromkeys(unneeded, False)
        for index in unneeded:
            above.update((target, True) for target in edges[index] if target in above and target != index)
        # Of packages that depend on each other in a circle, whichever stands first in the lock is above the others.
        for index in sorted(unneeded, key=lambda index: (above[index], index)):
            below = self._explain([index])
            if not self.resolution.ghosts.issuperset(below):
                package = self.packages[index]
                is_ghost = index in self.resolution.ghosts
                reason = f"no manifest here is that of `{package}`" if is_ghost else f"nothing depends on `{package}`"
                self._stale(self.lock.file, package.keys, f"{reason}, but it is in {self.name}")

    def _check_unity(self) -> None:
        """Report two compatible versions of one package, which Cargo would unite."""
        seen: dict[tuple[str, SourceId, tuple[int, ...]], int] = {}
        for index in sorted(self.resolution.reached):
            package = self.packages[index]
            if package.source is None:
                continue
            numbers = (package.version.major, package.version.minor, package.version.patch)
            leading = 1 if numbers[0] else 2 if numbers[1] else 3
            other = seen.setdefault((package.name, package.source, numbers[:leading]), index)
            if other != index:
                self._stale(
                    self.lock.file,
                    (*package.keys, "version"),
                    f"`{package}` and `{self.packages[other]}` are both in {self.name}, "
                    "but Cargo never takes two compatible versions of one package",
                )

    def _check_unused_patches(self) -> None:
        """Compare `[[patch.unused]]` with the entries of `[patch]` that nothing uses."""
        expected: dict[tuple[str, Version, SourceId], Problem] = {}
        for patched in (patched for entries in self.resolution.patches.values() for patched in entries):
            is_used = patched.locked in self.resolution.reached or patched.folder in self.resolution.wanted
            dependency = patched.patch.dependency
            if not is_used and (patched.patch.file, dependency.keys) not in self.unheeded_patches:
                message = (
                    f"nothing uses `{dependency.package} {patched.version}`, which `[patch]` puts in place, "
                    f"and {self.name} does not say so under `[[patch.unused]]`"
                )
                problem = Problem(STALE, patched.patch.file, dependency.keys, message, self._update())
                expected[dependency.package, patched.version, dependency.source] = problem
        for package in self.lock.unused_patches:
            source = package.source or self._folder_source(package)
            if source is not None and expected.pop((package.name, package.version, source), None) is None:
                message = f"{self.name} lists `{package}` as an unused patch, but no `[patch]` leaves it unused"
                self._stale(self.lock.file, package.keys, message)
        self.problems += expected.values()

    def _folder_source(self, package: LockedPackage) -> SourceId | None:
        """Find the folder of an unused patch; None if Cargo would not know it, and so pass over it."""
        found = {
            local.package.version: folder
            for folder, local in self.workspace.local.items()
            if local.package.name == package.name
        }
        folder = next(iter(found.values())) if len(found) == 1 else found.get(package.version)
        return None if folder is None else SourceId("path", folder)

    def _check_checksums(self) -> None:
        """Report registry crates without a well-formed checksum, and checksums of what has none."""
        reached = [self.packages[index] for index in sorted(self.resolution.reached)]
        crates = [package for package in reached if package.source is not None and package.source.is_registry]
        without = [package for package in crates if package.checksum is None]
        if len(without) > 1 and len(without) == len(crates):
            message = f"no crate in {self.name} has a checksum: neither `{without[0]}` nor {len(without) - 1} more"
            self.problems.append(Problem(NO_CHECKSUM, self.lock.file, without[0].keys, message, self._restore()))
            without = []
        for package in without:
            message = f"`{package}` has no checksum, so nothing holds its content to what was reviewed"
            self.problems.append(Problem(NO_CHECKSUM, self.lock.file, package.keys, message, self._restore()))
        for package in reached:
            if package.checksum is None:
                continue
            if package.source is None or not package.source.is_registry:
                message = f"`{package}` has a checksum, but only crates of registries can have one"
            elif len(package.checksum) != _SHA256_DIGITS or not _HEXADECIMAL.issuperset(package.checksum):
                message = f"the checksum of `{package}` is not a SHA-256: 64 digits, of 0 to 9 and a to f"
            else:
                continue
            self._unreadable((*package.keys, "checksum"), message)

    def _check_cycles(self) -> None:
        """Report packages that depend on each other in a circle, development dependencies aside."""
        done: set[str | int] = set()
        for start in self.resolution.wanted:
            path: dict[str | int, None] = {}
            pending: list[tuple[str | int, bool]] = [(start, True)]
            while pending:
                node, is_entered = pending.pop()
                if not is_entered:
                    del path[node]
                elif node in path:
                    self._refuse_cycle([*path][[*path].index(node) :])
                    return
                elif node not in done:
                    done.add(node)
                    path[node] = None
                    pending.append((node, False))
                    pending += [(target, True) for target in self._built_from(node)]

    def _built_from(self, node: str | int) -> list[str | int]:
        """List the packages, by folder or index, that a package is built from."""
        resolution = self.resolution
        if isinstance(node, int):
            targets = [*resolution.edges[node], *([resolution.replaced[node]] if node in resolution.replaced else [])]
            return [resolution.folders.get(index, index) for index in targets]
        needed = [wanted for wanted in resolution.wanted[node] if wanted.dependency.kind != "dev"]
        found = [wanted.locked if wanted.folder is None else wanted.folder for wanted in needed]
        return [node for node in found if node is not None]

    def _refuse_cycle(self, cycle: list[str | int]) -> None:
        names = [
            self.workspace.local[node].package.name if isinstance(node, str) else self.packages[node].name
            for node in cycle
        ]
        message = f"packages depend on each other in a circle: {' → '.join([*names, names[0]])}"
        for node, following in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            if isinstance(node, str):
                dependency = next(
                    wanted.dependency
                    for wanted in self.resolution.wanted[node]
                    if following in (wanted.folder, wanted.locked) and wanted.dependency.kind != "dev"
                )
                file = self.workspace.local[node].manifest.file
                self._refuse(file, dependency.keys, message, "remove one of these dependencies")
                return
            keys = self.packages[node].keys
        self._unreadable(keys, message)

    # What the problems found so far explain.

    def _explain(self, indices: Iterable[int]) -> list[int]:
        """Note that these packages and what they depend on are not needed, and why is known; return the new ones."""
        explained = []
        pending = [*indices]
        while pending:
            index = pending.pop()
            if not self._is_settled(index):
                self.explained.add(index)
                explained.append(index)
                pending += self.resolution.edges[index]
        return explained

    def _is_settled(self, index: int) -> bool:
        return index in self.resolution.reached or index in self.explained

    # How problems are put.

    def _refuse(self, file: File, keys: Keys, message: str, help: str) -> None:
        self.problems.append(Problem(BAD_MANIFEST, file, keys, message, help))

    def _stale(self, file: File, keys: Keys, message: str) -> None:
        self.problems.append(Problem(STALE, file, keys, message, self._update()))

    def _unreadable(self, keys: Keys, message: str) -> None:
        self.problems.append(Problem(UNREADABLE, self.lock.file, keys, message, self._restore()))

    def _foreign(self, index: int, asks: str, from_where: str = "", command: str = "cargo update --workspace") -> None:
        if index in self.foreign:
            return
        self.foreign.add(index)
        package = self.packages[index]
        message = f"{asks}, but {self.name} has `{package}` from {from_where or _describe_source(package.source)}"
        keys = (*package.keys, "source" if package.source else "name")
        help = (
            f"if a manifest was changed on purpose, {self._update(command)};\n"
            f"if not, restore {self.name} from the last good commit and find out who pointed it there"
        )
        self.problems.append(Problem(FOREIGN_SOURCE, self.lock.file, keys, message, help))

    def _update(self, command: str = "cargo update --workspace") -> str:
        folder = self.workspace.root.folder
        where = "" if folder == os.getcwd() else f" in {display(folder)}"
        return f"run `{command}`{where} and commit {self.name}"

    def _restore(self) -> str:
        return f"restore {self.name} from the last good commit, then {self._update()}"


def _describe(dependency: Dependency) -> str:
    """Name what a dependency asks for: the package, the requirement, and the source."""
    wanted = f"{dependency.package} {dependency.requirement}" if dependency.requirement else dependency.package
    return f"`{wanted}` from {_describe_source(dependency.source)}"


def _describe_source(source: SourceId | None) -> str:
    if source is None:
        return "a folder of this workspace"
    return f"the folder {display(source.url)}" if source.kind == "path" else str(source)


def _folder_of(local: Local) -> SourceId:
    return SourceId("path", local.manifest.folder)


def _package_keys(local: Local) -> tuple[str]:
    return ("package" if "package" in local.manifest.data else "project",)
