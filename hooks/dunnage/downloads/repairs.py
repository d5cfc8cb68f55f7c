"""The edits that verify downloads with the digests of a list, where everything that they depend on is certain."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from dunnage.downloads.advice import check_line
from dunnage.downloads.analysis import Files, UsedDownload
from dunnage.downloads.failures import mask
from dunnage.downloads.model import Download
from dunnage.files.source import File, SourceError, apply
from dunnage.files.span import Edit
from dunnage.scripts.commands import kind_of

_NAME = r"(?:[A-Za-z0-9._/+-]|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})+"
"""A name of a file that means the same in `echo "…  NAME"` as in the command that downloads it."""
_AFTER = rb"[ \t]*(?:\\\r?\n[ \t]*)?(?:&&|\r?\n|\Z)"
_NOT_CERTAIN = frozenset((
    "background", "condition", "find", "function", "loop", "negated", "or-list-left", "or-list-right", "substitution",
    "xargs",
))  # fmt: skip
_MOST_TRIED = 5
_FIRST_FRONTEND = (1, 6)
"""The version of Docker's frontend that has `ADD --checksum`."""


class Repair(NamedTuple):
    """An edit that may verify a download."""

    download: Download
    edit: Edit


def repair(files: Files, used: UsedDownload, sha256: str) -> Repair | None:
    """What may verify a download; None if what it depends on is not certain."""
    download = used.download
    if not download.url or used.readers:
        return None
    found = _add_checksum(files.file, download, sha256) if download.command is None else _check(files, download, sha256)
    return Repair(download, found) if found is not None else None


def proved(files: Files, repairs: Sequence[Repair]) -> Sequence[Repair]:
    """Return the repairs that do what they should. All are tried together, and if that fails, a few one by one."""
    if not repairs or _verifies(files, repairs):
        return repairs
    return [each for each in repairs[:_MOST_TRIED] if _verifies(files, [each])] if len(repairs) > 1 else ()


def _add_checksum(file: File, download: Download, sha256: str) -> Edit | None:
    """`ADD --checksum=…`, unless the file names a frontend that may be too old for it."""
    from dunnage.scripts.dockerfile_syntax import read

    start = download.span.start
    syntax = read(file).syntax
    frontend = file.data[slice(*syntax)].decode("utf-8", "replace") if syntax else ""
    version = re.match(r"(?:docker\.io/)?docker/dockerfile:(\d+)(?:\.(\d+))?", frontend)
    is_new = version is not None and (int(version[1]), int(version[2] or 99)) >= _FIRST_FRONTEND
    is_single = file.data[slice(*download.span)].count(b"://") == 1
    if (frontend and not is_new) or not is_single or file.data[start : start + 3].upper() != b"ADD":
        return None
    return Edit(file.path, start + 3, start + 3, f" --checksum=sha256:{sha256}")


def _check(files: Files, download: Download, sha256: str) -> Edit | None:
    """`&& echo "SHA256  FILE" | sha256sum -c -` after a command."""
    command = download.command
    if command is None or command.form != "shell" or command.pipeline != (0, 1) or download.is_windows:
        return None
    certain = _NOT_CERTAIN.isdisjoint(command.inside) and not command.redirections and not command.wrapper
    if not certain or not re.fullmatch(_NAME, download.file) or not _is_on_linux(files, download):
        return None
    end = command.words[-1].span.end
    if not re.match(_AFTER, files.file.data[end : end + 200]):
        return None
    return Edit(files.file.path, end, end, f" && {check_line(download.file, sha256)}")


def _is_on_linux(files: Files, download: Download) -> bool:
    """Whether a program certainly runs on Linux, in a shell that stops where a command fails."""
    file = files.file
    kind = kind_of(file.path, file.data[:200])
    if kind == "dockerfile":
        return True
    if kind != "github" or download.program.script is None:
        return False
    from dunnage.scripts import github

    workflow = github.workflow(file)
    job = download.program.script.place.names[0].removeprefix("job ")
    node = next((node for name, node in workflow.node.items("jobs") if name == job), None) if workflow else None
    runner = node.get("runs-on") if node is not None else None
    shells = re.findall(rb"(?m)^[ \t-]*shell:[ \t]*(.*?)[ \t\r]*$", file.data)
    return runner is not None and runner.text.startswith("ubuntu-") and all(each in (b"bash", b"sh") for each in shells)


def _verifies(files: Files, repairs: Sequence[Repair]) -> bool:
    """Whether the downloads are verified once the edits have been made, and nothing else has changed."""
    file = files.file
    edits = [each.edit for each in repairs]
    try:
        after = Files(File(file.path, apply(file.data, edits)))
    except SourceError:
        return False
    inserted = "".join(each.text for each in edits if "sha256sum" in each.text)
    texts = [each.script.text for each in files.programs if each.script]
    changed = [each.script.text for each in after.programs if each.script]
    grown = sum(map(len, changed)) - sum(map(len, texts))
    if len(texts) != len(changed) or grown != len(inserted):
        return False
    starts = {each.download.span.start + sum(len(edit.text) for edit in edits if edit.end <= each.download.span.start)
              for each in repairs}  # fmt: skip
    urls = {each.download.url for each in repairs}
    verified = {
        each.download.span.start
        for each in after.used(lambda each: each.url in urls)
        if each.download.is_verified or any(mask(after, found) is None for found in each.verifications)
    }
    return starts <= verified
