"""Where the RustSec advisory database is: a folder, a clone, or fetched with git."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping

from dunnage.files import programs
from dunnage.files.git import CREDENTIALS, Repository
from dunnage.files.git_objects import GitObjects
from dunnage.review import advisories
from dunnage.review.advisories import AdvisoryDatabase, is_advisory
from dunnage.upstream import clone
from dunnage.upstream.source import SourceFailed

URL = "https://github.com/RustSec/advisory-db"
_NAME = "RustSec/advisory-db"
_SECONDS = 600


class ClonedDatabase(AdvisoryDatabase):
    """The database in a clone without a work tree. It is read at once."""

    def __init__(self, folder: str) -> None:
        """Raises SourceFailed."""
        super().__init__(folder)
        clone = Repository(folder)
        paths = sorted(filter(_is_advisory, clone.files_of("HEAD") or ()))
        objects = GitObjects(clone)
        found = objects.files("HEAD", paths)
        objects.close()
        self._texts: dict[str, list[bytes]] = defaultdict(list)
        for path, data in zip(paths, found, strict=True):
            if data is None:
                raise SourceFailed(f"git cannot read the advisory database in {folder}")
            self._texts[path.split("/")[1]].append(data)
        if not paths:
            raise SourceFailed(f"the clone in {folder} has no advisories")

    def texts(self, name: str) -> Iterable[bytes]:
        """See `AdvisoryDatabase`."""
        return self._texts.get(name, ())


def _is_advisory(path: str) -> bool:
    folder, _, file = path.rpartition("/")
    return folder.startswith("crates/") and folder.count("/") == 1 and is_advisory(file)


def local(mirrors: Iterable[str], home: str) -> AdvisoryDatabase | None:
    """The database in a folder of clones, or where a tool left it in cargo's home; None if there is none.

    Raises SourceFailed if a clone cannot be read.
    """
    cloned = clone.find(mirrors, _NAME)
    return named(cloned) if cloned else advisories.find(home, "")


def named(folder: str) -> AdvisoryDatabase | None:
    """The database in a folder, with a work tree or without; None if there is none.

    Raises SourceFailed if a clone cannot be read.
    """
    has_work_tree = os.path.isdir(os.path.join(folder, "crates"))
    if has_work_tree:
        return AdvisoryDatabase(folder)
    return ClonedDatabase(folder) if os.path.isfile(os.path.join(folder, "HEAD")) else None


def fetched(cache: str, url: str = URL) -> AdvisoryDatabase:
    """The newest database, which git clones into a folder of the cache, or updates there. Raises SourceFailed."""
    folder = os.path.join(cache, "advisory-db")
    git = programs.find("git")
    if git is None:
        raise SourceFailed("git is not on PATH, so the advisory database cannot be fetched")
    if not os.path.isfile(os.path.join(folder, "HEAD")):
        try:
            os.makedirs(cache, mode=0o700, exist_ok=True)
        except OSError as error:
            raise SourceFailed(f"the folder {cache} cannot be created: {error.strerror}") from None
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
    "http.followRedirects=false",
    "-c",
    "gc.auto=0",
    "-c",
    "transfer.fsckObjects=true",
)


def _run(command: list[str], url: str) -> None:
    ended = programs.run(command, _environment(os.environ), b"", _SECONDS)
    if ended is None or ended[0]:
        raise SourceFailed(f"git cannot fetch the advisory database from {url}")


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of git: it asks for no password, and gets no token."""
    kept = {
        name: value
        for name, value in given.items()
        if name not in CREDENTIALS and (not name.startswith("GIT_") or name.startswith("GIT_SSL_"))
    }
    return {**kept, "PATH": programs.search_path(), "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:file"}
