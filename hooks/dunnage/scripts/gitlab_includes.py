"""The files of a repository that a GitLab CI file includes, by https://docs.gitlab.com/ci/yaml/#includelocal."""

import os
import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase

from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import top_folder
from dunnage.scripts import yaml
from dunnage.shell.model import is_outside

_MOST_FILES = 100
_ROOT = ".gitlab-ci.yml"


def included(file: File) -> tuple[list[str], bool]:
    """Return the files of the repository that a CI file includes, and whether it includes any others.

    The names of the files may be patterns. Raises SourceError as YAML does.
    """
    paths: list[str] = []
    has_others = False
    for document in yaml.documents(file):
        include = document.get("include")
        for entry in include.listed() if include else ():
            if entry.kind == "scalar":
                if entry.text.startswith(("http:", "https:")):
                    has_others = True
                else:
                    paths.append(entry.text)
            elif (local := entry.get("local")) is not None:
                paths.append(local.text)
            elif entry.get("template") is None:
                has_others = True
    return paths, has_others


def included_files(tree: Tree, file: File) -> Iterator[File]:
    """Yield the files of the repository that a CI file includes, directly or not."""
    top = top_folder(file.folder)
    pending, seen = [file], {os.path.abspath(file.path)}
    while pending:
        for path in _paths(top, pending.pop()):
            if path in seen or len(seen) > _MOST_FILES:
                continue
            seen.add(path)
            found = tree.find(path)
            if found is not None:
                yield found
                pending.append(found)


def is_included(tree: Tree, file: File) -> bool:
    """Whether the CI file at the top of the repository includes a file, directly or not."""
    top = top_folder(file.folder)
    root = tree.find(os.path.join(top, _ROOT))
    return root is not None and any(found is file for found in included_files(tree, root))


def _paths(top: str, file: File) -> Iterator[str]:
    """Yield the absolute paths of the files that a file includes; `*` in the last part of a path means any text."""
    try:
        names, _ = included(file)
    except SourceError:
        return
    for name in names[:_MOST_FILES]:
        path = posixpath.normpath(name.lstrip("/"))
        folder, last = posixpath.split(path)
        if is_outside(path) or "$" in path or "*" in folder or not last.endswith((".yml", ".yaml")):
            continue
        if "*" not in last:
            yield os.path.join(top, path)
            continue
        try:
            entries = sorted(os.listdir(os.path.join(top, folder)))
        except OSError:
            continue
        yield from (os.path.join(top, folder, entry) for entry in entries if fnmatchcase(entry, last))
