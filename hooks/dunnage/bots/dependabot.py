"""Dependabot's configuration, and which folders its entries cover.

A directory is that folder alone. Sources in dependabot-core: common/lib/dependabot/config/file_fetcher.rb,
updater/lib/dependabot/file_fetcher_command.rb, and file_fetcher.rb of each ecosystem.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from dunnage.bots.globs import of_ruby
from dunnage.bots.patterns import Budget, Pattern, UnsupportedError
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts import yaml

NAMES = (".github/dependabot.yml", ".github/dependabot.yaml")
"""The first that exists is used."""
MANIFESTS = {
    "cargo": "Cargo.toml",
    "docker": "Dockerfile",
    "docker-compose": "Compose file",
    "github-actions": "workflow or action.yml",
    "pre-commit": ".pre-commit-config.yaml",
    "rust-toolchain": "rust-toolchain.toml",
}
"""The ecosystems that are known here, each with what a directory must contain."""
_WORKFLOWS = ".github/workflows"


class Directory(NamedTuple):
    """A folder, or a glob of folders, that an entry names."""

    text: str
    span: Span

    @property
    def is_glob(self) -> bool:
        """Whether it is a glob, as Dependabot decides."""
        return "*" in self.text or "?" in self.text or ("[" in self.text and "]" in self.text)

    @property
    def folder(self) -> str:
        """The path relative to the top of the repository; empty for the top."""
        return _relative(self.text)


class Entry(NamedTuple):
    """An entry of `updates` for an ecosystem of MANIFESTS."""

    ecosystem: str
    directories: tuple[Directory, ...]
    span: Span
    """The value of `package-ecosystem`."""
    off: tuple[str, Span] | None
    """What switches its updates off, and where."""
    is_for_branch: bool
    """Whether it is about another branch than the default one."""


def find(repository: RepositoryFiles) -> File | None:
    """The configuration that Dependabot uses; None if there is none."""
    return next((repository.yaml(name) for name in NAMES if name in repository.paths), None)


def entries(file: File) -> Iterator[Entry]:
    """Yield the entries for the known ecosystems. Raises SourceError."""
    ignored: dict[int, Span | None] = {}
    for document in yaml.documents(file)[:1]:
        for node in document.elements("updates"):
            ecosystem = node.get("package-ecosystem")
            if ecosystem is None or ecosystem.text not in MANIFESTS:
                continue
            single = node.get("directory")
            listed = [*([single] if single is not None else []), *node.elements("directories")]
            directories = tuple(Directory(found.text, found.span) for found in listed if found.kind == "scalar")
            off = _off(node, ignored)
            yield Entry(ecosystem.text, directories, ecosystem.span, off, node.get("target-branch") is not None)


def _off(node: yaml.Node, ignored: dict[int, Span | None]) -> tuple[str, Span] | None:
    """What switches off an entry. `ignored` keeps the results for lists, of which aliases put one into many entries."""
    limit = node.get("open-pull-requests-limit")
    if limit is not None and limit.text == "0":
        return "open-pull-requests-limit: 0", limit.span
    conditions = node.get("ignore")
    if conditions is None:
        return None
    if id(conditions) not in ignored:
        ignored[id(conditions)] = _ignores_all(conditions)
    span = ignored[id(conditions)]
    return ('ignore: dependency-name: "*"', span) if span is not None else None


def _ignores_all(conditions: yaml.Node) -> Span | None:
    """The place of the condition in a list that ignores all updates."""
    for condition in conditions.elements():
        name = condition.get("dependency-name")
        types = {found.text for found in condition.elements("update-types")}
        kinds = {f"version-update:semver-{size}" for size in ("major", "minor", "patch")}
        is_all = condition.get("update-types") is None or types >= kinds
        if name is not None and name.text == "*" and condition.get("versions") is None and is_all:
            return name.span
    return None


def directory_of(path: str, ecosystem: str) -> str:
    """The directory with which an entry for an ecosystem reaches a file."""
    folder = posixpath.dirname(path)
    return "/" if ecosystem == "github-actions" and folder == _WORKFLOWS else f"/{folder}"


def written_directories(directories: Iterable[str]) -> str:
    """The setting `directories` of an entry, as YAML."""
    return "    directories:" + "".join(f"\n      - {_quoted(directory)}" for directory in directories)


def written_entry(ecosystem: str, directories: Iterable[str]) -> str:
    """An entry of `updates`, as YAML."""
    return (
        f"  - package-ecosystem: {ecosystem}\n{written_directories(directories)}\n    schedule:\n      interval: weekly"
    )


def _quoted(directory: str) -> str:
    if re.fullmatch(r"/[\w/.*?@+\[\]-]*", directory):
        return directory
    import json

    return json.dumps(directory, ensure_ascii=False)


def _relative(text: str) -> str:
    return posixpath.normpath(f"/{text}").lstrip("/")


class Folders:
    """The folders of a repository, and what Dependabot finds in them."""

    def __init__(self, repository: RepositoryFiles, configuration: File | None) -> None:
        """What exceeds the limits for patterns is noted in the configuration."""
        self._repository = repository
        self._budget = Budget(configuration)
        self._files: dict[str, list[str]] = {}
        self._folders: set[str] = {""}
        self._of_text: dict[str, list[str] | UnsupportedError] = {}
        self.has_manifest = cache(self._has_manifest)
        """Whether Dependabot finds something to update in a folder; also if that is not certain."""
        self._reached: dict[tuple[str, str], frozenset[str]] = {}
        for path in sorted(repository.paths):
            folder, _, name = path.rpartition("/")
            self._files.setdefault(folder, []).append(name)
            while folder not in self._folders:
                self._folders.add(folder)
                folder = folder.rpartition("/")[0]

    def of(self, directory: Directory) -> list[str]:
        """The folders that a directory stands for. Raises UnsupportedError if that is unknown."""
        found = self._of_text.get(directory.text)
        if found is None:
            try:
                found = self._matching(directory) if directory.is_glob else [self._named(directory.folder)]
            except UnsupportedError as error:
                found = error
            self._of_text[directory.text] = found
        if isinstance(found, UnsupportedError):
            raise found
        return found

    def _matching(self, directory: Directory) -> list[str]:
        pattern = Pattern(of_ruby(directory.text.removeprefix("/"), self._budget), budget=self._budget)
        return sorted(folder for folder in self._folders if pattern.is_found_in(folder))

    def _named(self, folder: str) -> str:
        """The folder itself. Raises UnsupportedError if a part of its path is a file for git."""
        above = ""
        for part in folder.split("/"):
            above = f"{above}/{part}" if above else part
            if above in self._repository.paths:
                raise UnsupportedError("a symbolic link or a submodule")
            if above not in self._folders:
                break
        return folder

    def reached(self, directory: Directory, ecosystem: str) -> frozenset[str]:
        """The folders of a directory in which Dependabot finds something to update. Raises UnsupportedError."""
        key = directory.text, ecosystem
        if key not in self._reached:
            found = (folder for folder in self.of(directory) if self.has_manifest(folder, ecosystem))
            self._reached[key] = frozenset(found)
        return self._reached[key]

    def _has_manifest(self, folder: str, ecosystem: str) -> bool:
        names = self._files.get(folder, [])
        if ecosystem == "cargo":
            return "Cargo.toml" in names
        if ecosystem == "rust-toolchain":
            return "rust-toolchain" in names or "rust-toolchain.toml" in names
        if ecosystem == "pre-commit":
            return any(re.search(r"(?i)\.pre-commit(-config)?\.ya?ml$", name) for name in names)
        if ecosystem == "docker-compose":
            return any("compose" in name.lower() for name in names)
        if ecosystem == "docker":
            return any(
                re.search(r"(?i)dockerfile|containerfile", name)
                or (re.search(r"(?i)^[^.].*\.ya?ml$", name) and self._has_images(f"{folder}/{name}".lstrip("/")))
                for name in names
            )
        places = [names, self._files.get(_WORKFLOWS, [])] if not folder else [names]
        is_top = not folder
        return any(
            re.search(r"\.ya?ml$", name) and (not is_top or place is not names or name in ("action.yml", "action.yaml"))
            for place in places
            for name in place
        )

    def _has_images(self, path: str) -> bool:
        """Whether a YAML file is one of Helm or Kubernetes, as far as its name and some words tell."""
        if re.search(r"(?i)values[-\w.]*\.ya?ml$", path.rpartition("/")[2]):
            return True
        file = self._repository.find(path)
        return file is not None and b"apiVersion" in file.data and b"kind" in file.data

    def with_manifest(self, ecosystem: str) -> list[str]:
        """The folders in which Dependabot finds something to update."""
        return sorted(folder for folder in self._folders if self.has_manifest(folder, ecosystem))


def covered(found: Iterable[Entry], folders: Folders, ecosystem: str) -> set[str]:
    """The folders that entries for an ecosystem cover. Raises UnsupportedError if that is unknown."""
    covers: set[str] = set()
    directories: dict[str, Directory] = {}
    for entry in found:
        if entry.ecosystem != ecosystem:
            continue
        if entry.is_for_branch:
            raise UnsupportedError("another branch")
        directories.update((directory.text, directory) for directory in entry.directories)
    for directory in directories.values():
        covers.update(folders.of(directory))
    if ecosystem == "github-actions" and "" in covers:
        covers.add(_WORKFLOWS)
    return covers
