"""Where the RustSec advisory database is: a folder, a clone, or fetched with git."""

import os
from collections.abc import Iterable, Iterator, Mapping

from dunnage.files import programs
from dunnage.files.git import Repository
from dunnage.files.git_objects import GitObjects
from dunnage.review import advisories
from dunnage.review.advisories import AdvisoryDatabase, is_advisory
from dunnage.upstream import clone
from dunnage.upstream.source import SourceFailed

URL = "https://github.com/RustSec/advisory-db"
_NAME = "RustSec/advisory-db"
_SECONDS = 600


class ClonedDatabase(AdvisoryDatabase):
    """The database in a clone without a work tree."""

    def texts(self, name: str) -> Iterator[bytes]:
        """See `AdvisoryDatabase`."""
        if "/" in name or name in ("", ".", ".."):
            return
        objects = GitObjects(Repository(self.folder))
        folder = f"crates/{name}"
        files = sorted(filter(is_advisory, objects.names("HEAD", folder)))
        found = objects.files("HEAD", [f"{folder}/{file}" for file in files])
        objects.close()
        yield from (data for data in found if data is not None)


def local(folder: str, mirrors: Iterable[str], home: str) -> AdvisoryDatabase | None:
    """The database in `folder`, if one is given, in a folder of clones, or where a tool left it in cargo's home."""
    if folder:
        return _in(folder)
    cloned = clone.find(mirrors, _NAME)
    return _in(cloned) if cloned else advisories.find(home, "")


def fetched(cache: str, url: str = URL) -> AdvisoryDatabase:
    """The newest database, which git clones into a folder of the cache, or updates there. Raises SourceFailed."""
    folder = os.path.join(cache, "advisory-db")
    git = programs.find("git")
    if git is None:
        raise SourceFailed("git is not on PATH, so the advisory database cannot be fetched")
    if not os.path.isfile(os.path.join(folder, "HEAD")):
        os.makedirs(cache, mode=0o700, exist_ok=True)
        _run([git, "init", "--quiet", "--bare", "--template=", folder], url)
    _run([git, "-C", folder, *_SAFE, "fetch", "--quiet", "--no-tags", "--depth=1", "--force", url, "HEAD"], url)
    _run([git, "-C", folder, "update-ref", "--no-deref", "HEAD", "FETCH_HEAD"], url)
    return ClonedDatabase(folder)


_SAFE = (
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "credential.helper=",
    "-c",
    "gc.auto=0",
    "-c",
    "transfer.fsckObjects=true",
)


def _in(folder: str) -> AdvisoryDatabase | None:
    has_work_tree = os.path.isdir(os.path.join(folder, "crates"))
    if has_work_tree:
        return AdvisoryDatabase(folder)
    return ClonedDatabase(folder) if os.path.isfile(os.path.join(folder, "HEAD")) else None


def _run(command: list[str], url: str) -> None:
    answer = programs.run(command, _environment(os.environ), b"", _SECONDS)
    if answer is None or answer[0]:
        raise SourceFailed(f"git cannot fetch the advisory database from {url}")


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of git: it asks for no password, and gets no token."""
    dropped = ("GITHUB_TOKEN", "GH_TOKEN")
    kept = {
        name: value
        for name, value in given.items()
        if name not in dropped and (not name.startswith("GIT_") or name.startswith("GIT_SSL_"))
    }
    return {**kept, "PATH": programs.search_path(), "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:file"}
