"""What to type to verify a download, and the edits that do so where everything that they depend on is certain."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from dunnage.downloads.analysis import Files, UsedDownload
from dunnage.downloads.model import POWERSHELL_OPTIONS, Download
from dunnage.downloads.text import shown
from dunnage.files.source import File, SourceError, apply
from dunnage.files.span import Edit
from dunnage.scripts.commands import kind_of

SHA256 = "SHA256"
"""Stands for the digest that the reader has to write."""

_ON_MACOS = "\non macOS, write `shasum -a 256 -c -` instead of `sha256sum -c -`"
_LONGEST_READER = 200
_LONGEST_URL = 120


def label(download: Download) -> str:
    """A name of a download for messages: that of the file, or the URL if that says more."""
    name = shown(download.address.name)
    if "." in name and not name.startswith(("…", "$")):
        return name
    url = shown(download.url or download.address.url)
    return url if len(url) <= _LONGEST_URL else f"{url[:_LONGEST_URL]}…"


def how_to_verify(file: File, used: UsedDownload, sha256: str = SHA256) -> str:
    """The commands that verify a download, and the command that prints its digest unless that is given."""
    download = used.download
    url = shown(download.url or download.address.url)
    digest = "" if sha256 != SHA256 else f"\nthis command prints the digest: curl -fsSL {_quoted(url)} | sha256sum"
    if download.command is None:
        return f"write `ADD --checksum=sha256:{sha256} {url} …`{digest}"
    if download.is_windows:
        name = _written_output(file, download) or download.file or shown(download.names[0])
        plain = name.strip("\"'")
        check = f'if ((Get-FileHash {name}).Hash -ne "{sha256}") {{ throw "wrong digest of {plain}" }}'
        return f"after the download, write `{check}`{digest}"
    if used.readers:
        name = _file_name(shown(download.address.name))
        return (
            f"download it to a file, and verify that file before it is used:\ncurl -fsSLo {name} {_quoted(url)}"
            f"\n{check_line(name, sha256)}\n{_with_input(file, used, name)}{_ON_MACOS}{digest}"
        )
    name = download.file or _file_name(shown(download.names[0]))
    return f"after the download, write `{check_line(name, sha256)}`{_ON_MACOS}{digest}"


def _written_output(file: File, download: Download) -> str:
    """How a command of PowerShell names the file to write, perhaps with variables; empty if that is unknown."""
    words = download.command.words if download.command else ()
    for option, word in pairwise(words):
        if option.text.lower() in (*POWERSHELL_OPTIONS, "-o", "--output"):
            return _in_a_line(file.data[slice(*word.span)])
    return ""


def check_line(name: str, sha256: str) -> str:
    """The command that verifies a file on Linux."""
    return f'echo "{sha256}  {name}" | sha256sum -c -'


def moving_help(download: Download) -> str:
    """What to write instead of a URL whose content changes."""
    url = shown(download.url or download.address.url)
    part = download.address.channel
    at = url.lower().find(f"/{part}/")
    if part == "dist":
        fixed = url.replace("/rustup/dist/", "/rustup/archive/VERSION/")
    elif part == "win.rustup.rs":
        host = f"{download.address.name}-pc-windows-msvc"
        fixed = f"https://static.rust-lang.org/rustup/archive/VERSION/{host}/rustup-init.exe"
    elif "/releases/latest/download/" in url:
        fixed = url.replace("/releases/latest/download/", "/releases/download/VERSION/")
    elif at >= 0:
        ref = "COMMIT" if download.address.host.startswith("raw.") or "/raw/" in url else "VERSION"
        fixed = f"{url[:at]}/{ref}/{url[at + len(part) + 2 :]}"
    else:
        fixed = ""
    advice = f"use the URL of one release: `{fixed}`" if fixed else "use the URL of one release"
    return f"{advice}; then verify the digest of the file"


def _quoted(url: str) -> str:
    return f'"{url}"' if set(url) & set("$&;()?* ") else url


def _file_name(name: str) -> str:
    """A name that can be typed."""
    return name if name and "…" not in name and not set(name) & set(" '\"`\\") else "FILE"


def _with_input(file: File, used: UsedDownload, name: str) -> str:
    """The commands that a download is piped into, as they are written, with a file as their input."""
    first, last = used.readers[0], used.readers[-1]
    starts = (first.wrapper or first.words)[0].span.start, first.words[-1].span.end
    text = _in_a_line(file.data[slice(*starts)])
    rest = _in_a_line(file.data[starts[1] : last.words[-1].span.end])
    found = f"{text} < {name} {rest}".rstrip()
    return found if len(found) <= _LONGEST_READER else f"{first.words[0].text} … < {name}"


def _in_a_line(data: bytes) -> str:
    return " ".join(data.decode("utf-8", "replace").replace("\\\n", " ").split())


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
    from dunnage.downloads.failures import mask

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
