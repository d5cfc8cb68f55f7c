"""The shell commands in scripts, Dockerfiles, CI files, makefiles, justfiles and files of other task runners."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import tee
from typing import TYPE_CHECKING

from dunnage.files.source import SourceError, each_in_use
from dunnage.files.span import Span
from dunnage.files.walk import is_dockerfile

if TYPE_CHECKING:
    from dunnage.files.source import File, Tree
    from dunnage.scripts.tasks import Task
    from dunnage.shell.model import Command, Script
    from dunnage.shell.offsets import Segment


def kind_of(path: str, head: bytes) -> str | None:
    """Which kind of file with shell commands a file is: one of `Place`'s kinds; None if it is none.

    `path` is separated by `/` and relative to the repository or to any folder in it; `head` is how the file begins, as
    far as its first line.
    """
    folder, _, name = f"/{path}".rpartition("/")
    lower = name.lower()
    stem, dot, extension = lower.rpartition(".")
    extension = extension if dot else ""
    if extension in ("yml", "yaml"):
        return _yaml_kind(f"{folder}/", lower, stem)
    if extension == "toml":
        return _toml_kind(folder, lower, stem)
    if name == "package.json":
        return "npm"
    if is_dockerfile(name):
        return "dockerfile"
    if lower in ("justfile", ".justfile") or extension == "just":
        return "justfile"
    if name in ("Makefile", "makefile", "GNUmakefile") or extension in ("mk", "mak"):
        return "makefile"
    if name.startswith(("Makefile.", "makefile.")) and extension not in ("am", "in"):
        return "makefile"
    from dunnage.scripts.shell_names import interpreter
    from dunnage.shell.model import POSIX_SHELLS

    program = interpreter(head.decode("utf-8", "replace"))
    if program in POSIX_SHELLS:
        return "shell"
    if program:
        return {"just": "justfile", "make": "makefile", "gmake": "makefile"}.get(program)
    return "shell" if extension in POSIX_SHELLS or lower in _STARTUP_FILES else None


def files(tree: Tree, names: Iterable[str], hints: Collection[str]) -> Iterator[File]:
    """Yield the files with commands that contain one of `hints`, among those named and those that GitLab CI includes.

    A byte that is not UTF-8 is read as `?`, and noted, as is a file that is not read because of its size or depth.
    """
    encoded = [hint.encode() for hint in hints]
    return relevant_files(tree, names, lambda data: any(hint in data for hint in encoded))


def relevant_files(tree: Tree, names: Iterable[str], is_relevant: Callable[[bytes], bool]) -> Iterator[File]:
    """Yield the files with commands whose content is relevant, as `files` does."""
    yield from each_in_use(_with_programs(filter(lambda file: is_relevant(file.data), _known(tree, names))))


def _with_programs(files: Iterable[File]) -> Iterator[File]:
    """Yield the files whose programs can be read."""
    for file in files:
        mended = with_text(file)
        if not may_read(mended):
            continue
        try:
            programs(mended)
        except SourceError as error:
            note(file, error)
        else:
            yield mended


def _known(tree: Tree, names: Iterable[str]) -> Iterator[File]:
    """Yield the named files whose kind is known, and those that GitLab CI files among them include, each once."""
    included: dict[str, File] = {}
    seen: set[str] = set()
    for file in readable(tree, names):
        kind = kind_of(file.path, file.data[:200])
        if kind == "gitlab" and b"include" in file.data:
            from dunnage.scripts import gitlab_includes

            included.update((found.path, found) for found in gitlab_includes.included_files(tree, file))
        elif kind is None and file.path.endswith((".yml", ".yaml")):
            from dunnage.scripts import gitlab_includes

            if gitlab_includes.is_included(tree, file):
                included[file.path] = file
        if kind is not None:
            if file.data.startswith(b"version https://git-lfs.github.com/spec/"):
                note(file, SourceError("is a pointer of Git LFS, so its content is unknown"))
            elif (at := file.data.find(b"\0")) >= 0:
                error = SourceError("contains a NUL byte, as UTF-16 does, which may hide commands", Span(at, at + 1))
                note(file, error)
            seen.add(file.path)
            yield file
    for path, file in included.items():
        if path not in seen:
            file.role = "" if kind_of(path, b"") else "gitlab"
            yield file


def readable(tree: Tree, names: Iterable[str]) -> Iterator[File]:
    """Yield the files among those named that can be read, each once."""
    yield from filter(None, map(tree.find, dict.fromkeys(names)))


def with_text(file: File) -> File:
    """Return a file with `?` in place of each byte that is not UTF-8, which is noted."""
    try:
        _ = file.text
    except SourceError as error:
        note(file, error, ", which the hook reads as `?`")
    return file.mended


def may_read(file: File) -> bool:
    """Whether a hook may read programs of a file; False, which is noted, if it has read too many of other files."""
    from dunnage.shell.bounds import Budget

    if not (budget := Budget(file)).may_read:
        budget.note_end(file, Span(0, 0))
    return budget.may_read


def note(file: File, error: SourceError, consequence: str = "") -> None:
    """Note why a file is not read, so that it is reported."""
    file.note_unread(error.rule, f"this file {error.message}{consequence}", error.span)


class InOrder:
    """Programs in the order of the file. A file may have tens of thousands after those that a hook may read."""

    def __init__(self, programs: Iterable[Script | Command]) -> None:
        """Raise the SourceError with which `programs` may begin."""
        (self._programs,) = tee(programs, 1)
        next(iter(self), None)

    def __iter__(self) -> Iterator[Script | Command]:
        from copy import copy

        return copy(self._programs)


def commands(file: File, mention: Collection[str] | None = None) -> Iterator[Command]:
    """Every command in a file, whatever its kind, program after program.

    If `mention` is given, programs that hold none of these names are not looked at. Raises SourceError if the file is
    not UTF-8.
    """
    if mention is not None and not any(name.encode("utf-8") in file.data for name in mention):
        return
    from dunnage.shell.commands import commands as shell_commands
    from dunnage.shell.commands import end_of_reading, see_through
    from dunnage.shell.model import Command

    every = programs(file)
    end: tuple[Segment, ...] | None = None
    for found in every:
        if end is None and "input/too-large" in file.unread:
            end = end_of_reading(file)
        if end is not None and found.offsets > end:
            if isinstance(every, InOrder):
                return
        elif isinstance(found, Command):
            yield from see_through(file, found)
        else:
            yield from shell_commands(file, found, mention)


def programs(file: File) -> Iterable[Script | Command]:
    """Every program in a file, whatever its kind or role. Raises SourceError if the file cannot be read."""
    return file.memo(_gitlab_scripts) if file.role == "gitlab" else file.memo(scripts)


def _gitlab_scripts(file: File) -> Iterable[Script | Command]:
    from dunnage.scripts import gitlab

    return list(gitlab.scripts(file))


def scripts(file: File) -> Iterable[Script | Command]:
    """Every program in a file, whatever its kind, for `File.memo`. Raises SourceError if the file cannot be read."""
    kind = kind_of(file.path, file.data[:200])
    if kind == "shell":
        from dunnage.shell.model import Place, whole

        return [whole(file, Place("shell"))]
    if kind == "dockerfile":
        from dunnage.scripts import dockerfile

        return InOrder(dockerfile.scripts(file))
    if kind == "github":
        from dunnage.scripts import github

        return list(github.scripts(file))
    if kind == "gitlab":
        from dunnage.scripts import gitlab

        return list(gitlab.scripts(file))
    if kind == "circleci":
        from dunnage.scripts import circleci

        return list(circleci.scripts(file))
    if kind == "makefile":
        from dunnage.scripts import makefile

        return InOrder(makefile.scripts(file))
    if kind == "justfile":
        from dunnage.scripts import justfile

        return InOrder(justfile.scripts(file))
    if kind == "azure":
        from dunnage.scripts import azure

        return list(azure.scripts(file))
    if kind == "buildkite":
        from dunnage.scripts import buildkite

        return list(buildkite.scripts(file))
    return [program.script for task in file.memo(tasks) for program in task.programs]


def tasks(file: File) -> Sequence[Task]:
    """The tasks in the file of a task runner, for `File.memo`. Raises SourceError if the file cannot be read."""
    kind = kind_of(file.path, b"")
    if kind in ("cargo-make", "mise", "wrangler"):
        from dunnage.scripts import toml_tasks

        return list(toml_tasks.tasks(file, kind))
    if kind in ("npm", "taskfile"):
        from dunnage.scripts.tasks import npm_tasks, taskfile_tasks

        return list(npm_tasks(file) if kind == "npm" else taskfile_tasks(file))
    return []


_STARTUP_FILES = frozenset((".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".zshenv", ".envrc"))


_AZURE_FOLDERS = ("/.azure-pipelines/", "/.pipelines/", "/azure-pipelines/")


def _yaml_kind(folder: str, name: str, stem: str) -> str | None:
    if folder.endswith(("/.github/workflows/", "/.gitea/workflows/", "/.forgejo/workflows/")) or stem == "action":
        return "github"
    if name.endswith((".gitlab-ci.yml", ".gitlab-ci.yaml")) or "/.gitlab/ci/" in folder or "/.gitlab-ci/" in folder:
        return "gitlab"
    if "/.circleci/" in folder:
        return "circleci"
    if "azure-pipelines" in name or any(part in folder for part in _AZURE_FOLDERS):
        return "azure"
    if "/.buildkite/" in folder or stem == "buildkite":
        return "buildkite"
    return "taskfile" if stem.partition(".")[0] == "taskfile" else None


def _toml_kind(folder: str, name: str, stem: str) -> str | None:
    if name.startswith("makefile."):
        return "cargo-make"
    if name == "wrangler.toml":
        return "wrangler"
    first = stem.removeprefix(".").partition(".")[0]
    is_config = first == "config" and not stem.startswith(".") and folder.endswith(("/mise", "/.mise"))
    is_part = folder.endswith(("/mise/conf.d", "/.mise/conf.d"))
    return "mise" if first == "mise" or is_config or is_part else None
