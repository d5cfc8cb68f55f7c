"""Everything that is observed upstream of one tool."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dunnage.review.advisories import AdvisoryDatabase
from dunnage.upstream import affected, commits, releases
from dunnage.upstream.affected import ReleaseLock
from dunnage.upstream.github import repository_name
from dunnage.upstream.releases import Published
from dunnage.upstream.report import BEHIND, RETIRED, SILENT, UNKNOWN, YANKED, Observation, Watched
from dunnage.upstream.source import Commit, Failures, GlobalAdvisory, History, Release, SourceFailed, Sources

_SILENT_DAYS = 365


class Retirement(NamedTuple):
    """The announcement that a tool is being retired."""

    date: str
    """When it was announced, as YYYY-MM-DD."""
    source: str
    """The URL of the announcement."""
    announcement: str
    """What it says, as a clause whose subject is the tool."""
    instead: str
    """What to use instead, as a sentence without a full stop."""


REPOSITORIES = {
    "cargo-component": "bytecodealliance/cargo-component",
    "wac-cli": "bytecodealliance/wac",
    "warg-cli": "bytecodealliance/registry",
    "wasm-tools": "bytecodealliance/wasm-tools",
    "wasmtime-cli": "bytecodealliance/wasmtime",
    "wit-bindgen-cli": "bytecodealliance/wit-bindgen",
    "wit-deps-cli": "bytecodealliance/wit-deps",
    "wkg": "bytecodealliance/wasm-pkg-tools",
}
"""The repositories of tools whose archives may not be there to say it."""

_RETIRED = {
    "cargo-component": Retirement(
        "2025-10-23",
        "https://github.com/bytecodealliance/component-docs/commit/0c608b3dbbe81f647266a9347a09d18b58f86bef",
        "is being deprecated in favor of Rust's own target wasm32-wasip2",
        "build with `cargo build --target wasm32-wasip2`, generate bindings with wit-bindgen, and fetch WIT with wkg",
    ),
    "warg-cli": Retirement(
        "2025-02-12",
        "https://github.com/bytecodealliance/registry/commit/e3e51adce6bca91426edb1b5fc892a8ddc8adc00",
        "is no longer developed, and wkg removed the protocol warg on 2026-07-06",
        "publish and fetch packages with wkg from an OCI registry",
    ),
}


class Ends(NamedTuple):
    """The two releases between which is watched. They are the same if the pinned release is the newest."""

    old: Release
    new: Release
    all: Sequence[Release]


def observe(watched: Watched, sources: Sources, failures: Failures) -> Iterator[Observation]:
    """Yield what is observed upstream of a tool. What a source failed to say is added to `failures`."""
    watch = _Watch(watched, sources, failures)
    yield from watch.retired()
    name = REPOSITORIES.get(watched.tool, "")
    history = watch.history(name) if name else None
    found = watch.releases(history)
    if found is None:
        return
    ends = watch.ends(found)
    if ends is None:
        yield from watch.unknown(has_releases=bool(found))
        return
    yield from watch.yanked(ends)
    yield from watch.advisories(ends)
    archives = {release.version: watch.archive(release) for release in dict.fromkeys((ends.old, ends.new))}
    old, new = archives[ends.old.version], archives[ends.new.version]
    if not name:
        urls = [archive.repository for archive in (new, old) if archive]
        name = next((each for url in urls if (each := repository_name(url))), "")
        history = watch.history(name) if name else None
    if not name:
        yield from watch.without_repository(ends, old, new)
    tips = watch.tips(history, ends, old, new) if history else None
    yield from watch.locked(ends, old, new, history, tips)
    yield from watch.gaps()
    yield from watch.behind(ends)
    if history is None:
        return
    yield from watch.activity(history)
    if tips is not None and tips[0] != tips[1]:
        yield from commits.observe(watched, history, tips, watch.database(), failures)


class _Watch:
    """One tool. Each method asks one source, and yields nothing if that fails."""

    def __init__(self, watched: Watched, sources: Sources, failures: Failures) -> None:
        self._watched = watched
        self._sources = sources
        self._failures = failures
        self._gaps: list[str] = []
        """What is not read, and why."""

    def retired(self) -> Iterator[Observation]:
        """What is announced of the tool."""
        found = _RETIRED.get(self._watched.tool)
        if found:
            message = f"{self._watched.tool} {found.announcement}, announced on {found.date}"
            yield Observation(RETIRED, self._watched, found.date, message, found.instead, found.source, found.date)

    def history(self, name: str) -> History | None:
        """A repository, by its name."""

        def find() -> History:
            found = self._sources.history(name)
            if found is None:
                raise SourceFailed(
                    f"there is no repository {name}, so the commits of {self._watched.tool} are not read"
                )
            return found

        return self._failures.attempt(find, None)

    def without_repository(self, ends: Ends, *archives: Published | None) -> Iterator[Observation]:
        """That the repository is not known, so that its commits are not read."""
        tool = self._watched.tool
        if any(archives):
            message = f"the manifest of {tool} names no repository on GitHub, so its commits are not read"
            yield Observation(UNKNOWN, self._watched, "repository", message)
        else:
            error = f"there is no archive of {tool} {ends.new.version}, so its lock and its repository are not known"
            self._failures.add(SourceFailed(error))

    def releases(self, history: History | None) -> Sequence[Release] | None:
        """All releases of the tool; empty if it is unknown, None if the source failed."""
        tool = self._watched.tool
        found = self._failures.attempt(lambda: self._sources.crates.releases(tool) or (), None)
        if not found and found is not None and history:
            found = releases.from_tags(tool, self._failures.attempt(history.releases, ()))
        return found

    def ends(self, found: Sequence[Release]) -> Ends | None:
        """The releases to compare; None if one of them is unknown."""
        watched = self._watched
        newest = releases.newest(found)
        old = releases.find(found, watched.version) if watched.version else newest
        new = releases.find(found, watched.newer) if watched.newer else newest
        if old is None or new is None:
            return None
        return Ends(old, new if watched.newer or releases.is_above(new, old) else old, found)

    def unknown(self, *, has_releases: bool) -> Iterator[Observation]:
        """That the tool or one of its releases is not known."""
        tool, watched = self._watched.tool, self._watched
        if self._sources.is_local and not has_releases:
            error = f"neither cargo's index nor a clone on this machine lists the releases of {tool}"
            self._failures.add(SourceFailed(error))
            return
        named = " and ".join(filter(None, (watched.version, watched.newer)))
        message = f"crates.io does not have {tool} {named}" if has_releases else f"crates.io does not have {tool}"
        yield Observation(UNKNOWN, watched, f"{watched.version} {watched.newer}", message)

    def yanked(self, ends: Ends) -> Iterator[Observation]:
        """Whether the pinned release was yanked, or the one of an update."""
        for release in dict.fromkeys((ends.old, ends.new)):
            if release.is_yanked:
                message = f"{self._watched.tool} {release.version} was yanked from crates.io"
                newest = releases.newest(ends.all)
                help = f"pin {newest.version}" if newest else ""
                yield Observation(YANKED, self._watched, release.version, message, help, self._url(release.version))

    def advisories(self, ends: Ends) -> Iterator[Observation]:
        """The advisories that affect the release itself."""
        tool, watched = self._watched.tool, self._watched
        named: list[GlobalAdvisory] = self._failures.attempt(lambda: self._sources.global_advisories(tool), [])
        before, after = (
            affected.affecting(tool, release.version, named, self.database()) for release in (ends.old, ends.new)
        )
        for name, advisory in before.items():
            help = affected.advice(advisory)
            if ends.old != ends.new and name in after:
                help = f"{ends.new.version} also has it; {help}"
            yield affected.observation(watched, ends.old.version, advisory, help)
        for name, advisory in after.items():
            if name not in before:
                help = affected.advice(advisory)
                yield affected.observation(watched, ends.new.version, advisory, help, is_note=not watched.is_range)

    def archive(self, release: Release) -> Published | None:
        """What the archive of a release says; None if there is no archive."""
        tool = self._watched.tool

        def read() -> Published | None:
            data = self._sources.crates.archive(tool, release)
            return None if data is None else releases.read_archive(tool, release, data)

        return self._failures.attempt(read, None)

    def tips(
        self, history: History, ends: Ends, old: Published | None, new: Published | None
    ) -> tuple[Commit, Commit] | None:
        """The commits of the two releases; None if one of them is not found."""
        first: Commit | None = self._failures.attempt(lambda: self._tip(history, ends.old, old), None)
        second = (
            first if ends.old == ends.new else self._failures.attempt(lambda: self._tip(history, ends.new, new), None)
        )
        return None if first is None or second is None else (first, second)

    def gaps(self) -> Iterator[Observation]:
        """What releases lack, so that something is not read: a tag, a lock."""
        for message in self._gaps:
            yield Observation(UNKNOWN, self._watched, message, message)

    def _tip(self, history: History, release: Release, archive: Published | None) -> Commit | None:
        built_from = (archive.commit,) if archive and archive.commit else ()
        for revision in (*built_from, *releases.tags(self._watched.tool, release.version)):
            found = history.commit(revision)
            if found:
                return found
        tool = self._watched.tool
        self._gaps.append(f"{history.name} has no tag for {tool} {release.version}, so its commits are not read")
        return None

    def locked(
        self,
        ends: Ends,
        old: Published | None,
        new: Published | None,
        history: History | None,
        tips: tuple[Commit, Commit] | None,
    ) -> Iterator[Observation]:
        """The advisories in the locks of the two releases."""
        database = self.database()
        if database is None:
            return
        first = self._lock(ends.old, old, history, tips[0] if tips else None)
        is_same = ends.old == ends.new
        second = first if is_same else self._lock(ends.new, new, history, tips[1] if tips else None)
        if first is not None:
            yield from affected.compare(self._watched, first, second, database)

    def _lock(
        self, release: Release, archive: Published | None, history: History | None, commit: Commit | None
    ) -> ReleaseLock | None:
        """The lock in an archive, or else in the commit of the release."""

        name, lock = "repository lock", None
        if archive:
            name, lock = "lock", archive.lock
        elif history and commit:
            data = self._failures.attempt(lambda: history.file(commit.hash, commits.LOCK), None)
            lock = releases.lock_of(data)
        if lock is not None:
            return ReleaseLock(release.version, lock, name)
        if archive or (history and commit):
            what = f"the {name} of {self._watched.tool} {release.version}"
            self._gaps.append(f"{what} is missing or cannot be read, so its crates are not checked for advisories")
        return None

    def behind(self, ends: Ends) -> Iterator[Observation]:
        """How far the pinned release is behind the newest."""
        if releases.is_above(ends.old, ends.new):
            message = f"the update of {self._watched.tool} is a downgrade from {ends.old.version} to {ends.new.version}"
            yield Observation(BEHIND, self._watched, f"{ends.old.version} {ends.new.version}", message, level="warning")
        count = len(releases.between(ends.all, ends.old, ends.new))
        if not count:
            return
        elapsed = releases.days(ends.old.published, ends.new.published)
        later = "" if elapsed is None else f", published {elapsed:,} days later"
        noun = "release" if count == 1 else "releases"
        message = f"{self._watched.tool} {ends.new.version} is {count:,} {noun} after {ends.old.version}{later}"
        subject = f"{ends.old.version} {ends.new.version}"
        yield Observation(BEHIND, self._watched, subject, message, "", self._url(ends.new.version), ends.new.published)

    def activity(self, history: History) -> Iterator[Observation]:
        """Whether the repository is archived, or had no commit for a year."""
        page = f"https://github.com/{history.name}"
        if self._failures.attempt(history.is_archived, otherwise=False):
            message = f"the repository of {self._watched.tool}, {history.name}, is archived"
            yield Observation(RETIRED, self._watched, "archived", message, "look for a successor", page)
        newest = self._failures.attempt(lambda: history.commit(""), None)
        elapsed = releases.days(newest.date, self._sources.today) if newest else None
        if newest and elapsed is not None and elapsed > _SILENT_DAYS:
            message = f"{history.name} had no commit for a year or longer: the last one is from {newest.date[:10]}"
            yield Observation(SILENT, self._watched, newest.hash, message, "", page, newest.date)

    def database(self) -> AdvisoryDatabase | None:
        """The RustSec database; None if there is none."""

        def find() -> AdvisoryDatabase:
            found = self._sources.rustsec()
            if found is None:
                raise SourceFailed("there is no RustSec database on this machine; name one with --advisory-db")
            return found

        return self._failures.attempt(find, None)

    def _url(self, version: str) -> str:
        return f"https://crates.io/crates/{self._watched.tool}/{version}"
