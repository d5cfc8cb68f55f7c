"""Whether a committed Cargo.lock is available, and current, where CI or a Dockerfile builds with cargo."""

import os
import posixpath
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.files.walk import is_in_project, up_to_top, upwards
from dunnage.shell.model import DIRECTORY, TEMPORARY, Place, Values, is_outside, whole

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifests
    from dunnage.cargo_cli.command_line import CargoCall
    from dunnage.files.git import Repositories
    from dunnage.scripts.dockerfile_copies import Copied


_MOST_FOLDERS = 16
"""How many folders above a working directory are searched."""
_MOST_LOCKS = 100
"""How many locks are compared with the manifests if it is unknown which one a call uses."""
_MOST_STEPS = 200_000
"""How many comparisons of what Dockerfiles copy with directories of their images. Then a lock counts as copied."""


class HiddenLock(NamedTuple):
    """A committed Cargo.lock that a `COPY` would bring into an image if `.dockerignore` did not exclude it."""

    span: Span
    """The source of the `COPY`."""
    path: str
    """The file that excludes it, as it is printed."""
    line: int
    """The line in that file, from 1."""


class _Source(NamedTuple):
    """What a Dockerfile copies to one place, in one build context."""

    order: int
    at: int
    """Its index among what is copied."""
    context: str
    origin: str
    is_folder: bool
    pattern: str
    """The wildcards for the names of files in the folder `origin`; empty if there are none."""

    def path(self, below: str) -> str | None:
        """The file that is copied to a path below the target, which is `.` for the target itself."""
        if self.pattern:
            import fnmatch

            is_copied = below != "." and "/" not in below and fnmatch.fnmatchcase(below, self.pattern)
            return os.path.join(self.origin, below) if is_copied else None
        if self.is_folder:
            return os.path.join(self.origin, below)
        return self.origin if below == "." else None


class CommittedLocks:
    """The Cargo.lock files that repositories track."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._is_stale = cache(self._differs)
        # By the folder of a file, whether it is a Dockerfile, and by working directory.
        self._folders_of: dict[object, list[str]] = {}
        # What is known of images, by file, by what has been copied there, and by working directory.
        self._has_lock: dict[object, bool] = {}
        self._hidden: dict[object, HiddenLock | None] = {}
        # By the path of a Dockerfile, whether a file may keep others out of its build contexts.
        self._has_ignore_file: dict[str, bool] = {}
        self._exists = cache(os.path.lexists)
        # By the top of a repository and the directories that a call names from there, if its own are unknown.
        self._has_lock_somewhere: dict[object, bool] = {}

        # By the path of a Dockerfile and its copies before: by target, with a `/` at its end, what may be copied there.
        self._sources: dict[object, dict[str, list[_Source]]] = {}
        self._last: tuple[object, dict[str, list[_Source]]] = (), {}
        self._searched: dict[object, list[str]] = {}
        self._is_folder = cache(os.path.isdir)
        self._exclusion = cache(self._find_exclusion)
        self._steps = 0

    @cached_property
    def _repositories(self) -> "Repositories":
        from dunnage.files.git import Repositories

        return Repositories(self._tree, "**/Cargo.lock")

    @cached_property
    def _manifests(self) -> "Manifests":
        from dunnage.cargo.manifests import Manifests

        return Manifests(self._tree)

    def has_lock(self, file: File, call: "CargoCall") -> bool:
        """Whether a committed Cargo.lock is available to a call of cargo, as far as the file says where it runs.

        Where that is unknown, the answer is whether the repository tracks any, unless the package is named by a
        path from the top, or the top is a folder of workspaces of which some have no lock. It is yes if git cannot say.
        """
        folder = file.folder
        repository = self._repositories.repository(folder)
        if repository is None:
            return True
        tracked = self._repositories.tracked_near(folder)
        directories = call.directory
        if not tracked:
            return False
        if directories is None:
            return self._may_have_lock(repository.top, file, call, tracked)
        if call.command.place.kind == "dockerfile":
            key = _image(file, call)
            if key not in self._has_lock:
                copies = tuple(copied for _, copied in _copies(file, call))
                same = file.path, copies, call.command.place.names[-1], directories
                if same not in self._has_lock:
                    self._has_lock[same] = self._is_in_image(file, call)
                self._has_lock[key] = self._has_lock[same]
            return self._has_lock[key]
        return all(self._is_above(repository.top, directory, tracked) for directory in directories)

    def _is_in_image(self, file: File, call: "CargoCall") -> bool:
        if self._steps > _MOST_STEPS:
            return True
        if self._copies_other_manifest(file, call):
            return False
        if self.is_copied(file, call):
            return True
        searched = {*self._folders_above(file, call)} - {"/"}
        if any(copied.is_external and copied.target in searched for _, copied in _copies(file, call)):
            return False  # sources that another stage has downloaded
        # A container works on what is mounted into it, unless the project is in its image.
        return call.command.place.names[-1] not in ("CMD", "ENTRYPOINT") and not self._copies_manifest(file, call)

    def is_copied(self, file: File, call: "CargoCall") -> bool:
        """Whether a Dockerfile copies a committed Cargo.lock, or perhaps one of another stage, to a call of cargo."""
        tracked = self._repositories.tracked_near(file.folder)
        copies = [copied for _, copied in _copies(file, call)]
        for above in self._folders_above(file, call):
            lock = posixpath.join(above, "Cargo.lock")
            self._steps += len(copies)
            for copied in copies:
                if (
                    copied.source is None
                    and not copied.is_inline
                    and not copied.is_external
                    and (copied.target == above or _place_of(copied) == lock)
                ):
                    return True
            for source, path in self.origins(file, call.command.words[0].span.start, lock):
                if path in tracked and self._exclusion(file, source.context, path) is None:
                    return True
        return False

    def hidden(self, file: File, call: "CargoCall") -> HiddenLock | None:
        """Return the committed Cargo.lock that `.dockerignore` keeps away from a call of cargo in a Dockerfile."""
        if file.path not in self._has_ignore_file:
            paths = {path for context in contexts(file) for path in _ignore_files(file, context)}
            self._has_ignore_file[file.path] = any(map(self._exists, paths))
        if not self._has_ignore_file[file.path] or self._steps > _MOST_STEPS:
            return None
        key = _image(file, call)
        if key not in self._hidden:
            found = next(self._exclusions(file, call), None)
            self._hidden[key] = None if found is None or self.is_copied(file, call) else found
        return self._hidden[key]

    def _is_above(self, top: str, directory: str, tracked: frozenset[str]) -> bool:
        """Whether cargo finds a tracked lock from a directory of the repository.

        An absolute directory may be that of the checkout, except that of temporary files.
        """
        if is_outside(directory):
            return not f"{directory}/".startswith(TEMPORARY)
        for above in upwards(os.path.normpath(os.path.join(top, directory))):
            if os.path.join(above, "Cargo.lock") in tracked:
                return True
            if self._is_root(above):
                return False
        return False

    def _may_have_lock(self, top: str, file: File, call: "CargoCall", tracked: frozenset[str]) -> bool:
        """Whether cargo may find a tracked lock from a directory that is unknown."""
        directory: Values = (".",)
        if call.command.place.kind == "shell":
            directory = file.memo(_directories_from_top).get(call.command.words[0].span.start) or directory
        at_top = call._replace(command=call.command._replace(directory=directory)).directory
        if (top, at_top) not in self._has_lock_somewhere:
            self._has_lock_somewhere[top, at_top] = self._has_lock_in(top, at_top, tracked)
        return self._has_lock_somewhere[top, at_top]

    def _has_lock_in(self, top: str, at_top: Values, tracked: frozenset[str]) -> bool:
        if (
            at_top
            and at_top != (".",)
            and all(os.path.isfile(os.path.join(top, directory, "Cargo.toml")) for directory in at_top)
        ):
            return all(self._is_above(top, directory, tracked) for directory in at_top)
        if not any(is_in_project(self._tree, os.path.dirname(lock)) for lock in tracked):
            return False
        if any(os.path.lexists(os.path.join(top, name)) for name in ("Cargo.lock", "Cargo.toml")):
            return True
        with os.scandir(top) as entries:
            return all(
                self._is_above(top, entry.name, tracked)
                for entry in entries
                if not entry.is_symlink() and os.path.isfile(os.path.join(entry.path, "Cargo.toml"))
            )

    def _folders_above(self, file: File, call: "CargoCall") -> Sequence[str]:
        """The directories of an image in which cargo may look for the lock, nearest first."""
        key = file.path, call.command.words[0].span.start, call.directory
        if key not in self._searched:
            found = self._searched[key] = []
            for directory in call.directory or ():
                for above in islice(upwards(directory, beyond_repository=True), _MOST_FOLDERS):
                    found.append(above)
                    if any(self._is_root(os.path.dirname(path)) for path in self._manifests_in(file, call, above)):
                        break
        return self._searched[key]

    def origins(self, file: File, offset: int, path: str) -> list[tuple[_Source, str]]:
        """Return the files that may be copied to a path in the image before an offset, in the order of the copies."""
        sources = self._sources_before(file, offset)
        self._steps += len(sources)
        found: list[tuple[_Source, str]] = []
        place = f"{path}/"
        for target, each in sources.items():
            if place.startswith(target):
                self._steps += len(each)
                below = path[len(target) :] or "."
                found += [(source, origin) for source in each if (origin := source.path(below)) is not None]
        return sorted(found)

    def _sources_before(self, file: File, offset: int) -> dict[str, list[_Source]]:
        from dunnage.scripts.dockerfile import copied_before

        copies = copied_before(file, offset)
        if copies is self._last[0]:
            return self._last[1]
        # A Dockerfile that is parsed again has other objects in the same places.
        key = file.path, tuple((instruction.span.start, copied.at) for instruction, copied in copies)
        if key not in self._sources:
            found = self._sources[key] = {}
            for at, (_, copied) in enumerate(copies):
                if copied.source is not None:
                    for order, context in enumerate(contexts(file), at * len(contexts(file))):
                        self._add_source(found, order, at, copied, context)
        self._last = copies, self._sources[key]
        return self._last[1]

    def _add_source(self, found: dict[str, list[_Source]], order: int, at: int, copied: "Copied", context: str) -> None:
        self._steps += 1
        source = posixpath.normpath((copied.source or "").lstrip("/"))
        pattern = copied.name if set(copied.name) & set("*?[") else ""
        origin = os.path.normpath(os.path.join(context, posixpath.dirname(source) if pattern else source))
        is_folder = not pattern and self._is_folder(origin)
        target = copied.target if is_folder or pattern else _place_of(copied)
        found.setdefault(f"{target.rstrip('/')}/", []).append(_Source(order, at, context, origin, is_folder, pattern))

    def _manifests_in(self, file: File, call: "CargoCall", directory: str) -> Iterator[str]:
        """Yield the paths of the manifests that a Dockerfile may copy into a directory of the image."""
        manifest = posixpath.join(directory, "Cargo.toml")
        for _, path in self.origins(file, call.command.words[0].span.start, manifest):
            if os.path.isfile(path):
                yield path

    def _is_root(self, folder: str) -> bool:
        """Whether a folder contains a manifest that belongs to no workspace above it, so cargo stops there."""
        from dunnage.files.document import Refused

        try:
            found = self._manifests.find(folder)
            return found is not None and self._manifests.root_of(found) is found
        except Refused:
            return False

    def _copies_manifest(self, file: File, call: "CargoCall") -> bool:
        """Whether a Dockerfile copies a Cargo.toml to a call of cargo."""
        for above in self._folders_above(file, call):
            manifest = posixpath.join(above, "Cargo.toml")
            if any(copied.is_inline and _place_of(copied) == manifest for _, copied in _copies(file, call)):
                return True
            if any(self._manifests_in(file, call, above)):
                return True
        return False

    def _copies_other_manifest(self, file: File, call: "CargoCall") -> bool:
        """Whether a Dockerfile copies a file of another name as the Cargo.toml of a call of cargo."""
        manifests = {posixpath.join(above, "Cargo.toml") for above in self._folders_above(file, call)}
        return any(
            copied.name not in ("", "Cargo.toml") and not copied.is_in_target and copied.target in manifests
            for _, copied in _copies(file, call)
        )

    def _exclusions(self, file: File, call: "CargoCall") -> Iterator[HiddenLock]:
        spans = [span for span, _ in _copies(file, call)]
        for above in self._folders_above(file, call):
            lock = posixpath.join(above, "Cargo.lock")
            for source, path in self.origins(file, call.command.words[0].span.start, lock):
                exclusion = self._exclusion(file, source.context, path)
                if exclusion and path in self._repositories.tracked_near(source.context):
                    yield HiddenLock(spans[source.at], *exclusion)

    def _find_exclusion(self, file: File, context: str, path: str) -> tuple[str, int] | None:
        """Return the file and the line that keep a path out of a build context."""
        for name in _ignore_files(file, context):
            try:
                found = self._tree.read(name)
                from dunnage.scripts.dockerfile_copies import ignoring_line

                line = ignoring_line(found, os.path.relpath(path, context).replace(os.sep, "/"))
            except FileNotFoundError:
                continue
            except SourceError:
                return None
            return (found.path, line) if line is not None else None
        return None

    # Stale locks

    def may_be_stale(self, file: File, call: "CargoCall") -> bool:
        """Whether a lock that does not match the manifests, or cannot be read, may be that of a call of cargo."""
        key = file.folder, call.command.place.kind == "dockerfile", call.directory
        if key not in self._folders_of:
            self._folders_of[key] = list(self._folders(file, call))
        return any(map(self._is_stale, self._folders_of[key]))

    def _folders(self, file: File, call: "CargoCall") -> Iterator[str]:
        """Yield the folders of the locks that a call may use.

        In an image these are the folders above and below that of the Dockerfile, which may be the build context or a
        part of it. Elsewhere, without a known directory, they are all folders of the repository.
        """
        folder = file.folder
        repository = self._repositories.repository(folder)
        if repository is None:
            return
        folders = {os.path.dirname(lock) for lock in self._repositories.tracked_near(folder)}
        directories = call.directory
        is_image = call.command.place.kind == "dockerfile"
        if is_image or directories is None or any(map(is_outside, directories)):
            above, below = set(upwards(folder)), os.path.join(folder, "")
            near = (lock for lock in folders if not is_image or lock in above or lock.startswith(below))
            yield from sorted(lock for lock in near if is_in_project(self._tree, lock))[:_MOST_LOCKS]
            return
        for directory in directories:
            parents = upwards(os.path.normpath(os.path.join(repository.top, directory)))
            yield from [path for path in parents if path in folders][:1]

    def _differs(self, folder: str) -> bool:
        """Whether the lock of a folder does not match the manifests, or one of them cannot be read."""
        from dunnage.cargo import lockfile
        from dunnage.cargo.comparison import compare
        from dunnage.cargo.workspace import load
        from dunnage.files import document

        try:
            manifest = self._manifests.find(folder)
            if manifest is None or self._manifests.root_of(manifest) is not manifest:
                return False  # cargo uses no lock there
            workspace, _ = load(self._manifests, manifest)
            if workspace is None:
                return True
            parsed = document.read(self._tree, workspace.lock, lockfile.parse)
            lock, _ = lockfile.read(parsed, {local.package.name for local in workspace.local.values()})
        except (FileNotFoundError, document.Refused):
            return True
        return lock is None or bool(compare(workspace, lock))


def _directories_from_top(file: File) -> dict[int, Values]:
    """The working directory of each command of a script that runs at the top, by the start of the command."""
    from dunnage.shell.commands import commands

    program = whole(file, Place("shell"), {DIRECTORY: (".",)})
    return {command.words[0].span.start: command.directory for command in commands(file, program)}


def _image(file: File, call: "CargoCall") -> object:
    """The file, what has been copied into the image for a call of cargo, and its working directories."""
    from dunnage.scripts.dockerfile import copied_before

    copies = copied_before(file, call.command.words[0].span.start)
    # A Dockerfile that is parsed again has other objects in the same places.
    places = tuple((instruction.span.start, copied.at) for instruction, copied in copies)
    return file.path, places, call.directory


def _copies(file: File, call: "CargoCall") -> "Iterator[tuple[Span, Copied]]":
    """Yield what the stage of a call of cargo copies before, with the place of its source."""
    from dunnage.scripts.dockerfile import copied_before

    for instruction, copied in copied_before(file, call.command.words[0].span.start):
        places = instruction.arguments if instruction.keyword != "RUN" else instruction.flags
        yield places[copied.at].span, copied


def _ignore_files(file: File, context: str) -> tuple[str, str]:
    """The paths of the files that may keep files out of a build context; the first takes precedence."""
    return f"{os.path.abspath(file.path)}.dockerignore", os.path.join(context, ".dockerignore")


# What a Dockerfile copies into an image


def contexts(file: File) -> Sequence[str]:
    """The folders that may be the build context of a Dockerfile: its own and those above."""
    return file.memo(_contexts)


def _contexts(file: File) -> Sequence[str]:
    return up_to_top(file.folder)


def _place_of(copied: "Copied") -> str:
    """The path in the image of a file that is copied."""
    return posixpath.join(copied.target, copied.name) if copied.is_in_target else copied.target
