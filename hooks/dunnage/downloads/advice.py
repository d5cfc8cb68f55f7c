"""What to type to verify a download, the edits that do so where everything that they depend on is certain, and which
verifications cannot stop the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from dunnage.ci.outcome import FailureMask, Shell, failure_mask, interpreter_options
from dunnage.downloads.analysis import Files, UsedDownload
from dunnage.downloads.model import POWERSHELL_OPTIONS, Download, Program
from dunnage.downloads.text import HOLE, in_double_quotes, shown
from dunnage.downloads.verifications import Verification
from dunnage.files.source import File, SourceError
from dunnage.files.span import Edit, Span, apply
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import Command, Script, programs
from dunnage.shell.offsets import locate
from dunnage.shell.programs import ShellProgram, parse_bash, program_of

if TYPE_CHECKING:
    from tree_sitter import Node


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
    """The commands that verify a download, and one that prints its digest unless that is given or the URL unknown."""
    download = used.download
    raw = download.url or download.address.url
    url, argument = shown(raw), _quoted(raw)
    is_typed = sha256 == SHA256 and "…" not in url
    digest = "" if not is_typed else f"\nthis command prints the digest: curl -fsSL {argument} | sha256sum"
    if download.command is None:
        return f"write `ADD --checksum=sha256:{sha256} {url} …`{digest}"
    if download.is_windows:
        name = _written_output(file, download) or download.file or _file_name(download.names[0])
        plain = name.strip("\"'")
        # In these quotes, PowerShell would run what is in `$(…)`.
        which = f" of {plain}" if re.fullmatch(r"[\w $:.\\/-]+", plain) else ""
        check = f'if ((Get-FileHash {name}).Hash -ne "{sha256}") {{ throw "wrong digest{which}" }}'
        return f"after the download, write `{check}`{digest}"
    if used.readers:
        name = _file_name(download.address.name)
        return (
            f"download it to a file, and verify that file before it is used:\ncurl -fsSLo {name} {argument}"
            f"\n{_check_line(name, sha256)}\n{_with_input(file, used, name)}{_ON_MACOS}{digest}"
        )
    name = download.file or _file_name(download.names[0])
    return f"after the download, write `{_check_line(name, sha256)}`{_ON_MACOS}{digest}"


def _written_output(file: File, download: Download) -> str:
    """How a command of PowerShell names the file to write, perhaps with variables; empty if that is unknown."""
    words = download.command.words if download.command else ()
    for option, word in pairwise(words):
        if option.text.lower() in (*POWERSHELL_OPTIONS, "-o", "--output"):
            return _in_a_line(file.data[slice(*word.span)])
    return ""


def _check_line(name: str, sha256: str) -> str:
    """The command that verifies a file on Linux."""
    return f'echo "{sha256}  {name}" | sha256sum -c -'


def moving_help(download: Download) -> str:
    """What to write instead of a URL whose content changes."""
    url = shown(download.url or download.address.url)
    part = download.address.channel
    if download.command is not None and "gh" in (programs(download.command.words[0]) or ()):
        return "name the tag of one release: `gh release download TAG`; then verify the digest of the file"
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
    """A URL as one argument, in which a shell replaces nothing but the variables that the script has there too."""
    text = shown(in_double_quotes(url))
    if not text.isprintable():
        return "URL"
    return text if _is_plain(text) and "$" not in text else f'"{text}"'


def _file_name(name: str) -> str:
    """A name that can be typed, with and without double quotes."""
    text = shown(name)
    return text if all(map(_is_plain, name.split(HOLE)[::2])) and text and "…" not in text else "FILE"


def _is_plain(text: str) -> bool:
    return re.fullmatch(r"(?:[\w@%+=:,./~-]|\$[A-Za-z_])*", text) is not None


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


Repair = tuple[Download, Edit]
"""A download, and an edit that may verify it."""


def repair(files: Files, used: UsedDownload, sha256: str) -> Edit | None:
    """The edit that may verify a download; None if what it depends on is not certain."""
    download = used.download
    if not download.url or used.readers:
        return None
    return _add_checksum(files.file, download, sha256) if download.command is None else _check(files, download, sha256)


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
    version = re.match(r"(?:docker\.io/)?docker/dockerfile:(\d{1,9})(?:\.(\d{1,9}))?", frontend)
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
    return Edit(files.file.path, end, end, f" && {_check_line(download.file, sha256)}")


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
    runner = workflow.node.path("jobs", job, "runs-on") if workflow else None
    return runner is not None and runner.text.startswith("ubuntu-") and file.memo(_stops_where_a_command_fails)


def _stops_where_a_command_fails(file: File) -> bool:
    shells = re.findall(rb"(?m)^[ \t-]*shell:[ \t]*(.*?)[ \t\r]*$", file.data)
    return all(each in (b"bash", b"sh") for each in shells)


def _verifies(files: Files, repairs: Sequence[Repair]) -> bool:
    """Whether the downloads are verified once the edits have been made, and nothing else has changed."""
    file = files.file
    edits = [edit for _, edit in repairs]
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
    before = [download.span.start for download, _ in repairs]
    starts = {start + sum(len(edit.text) for edit in edits if edit.end <= start) for start in before}
    urls = {download.url for download, _ in repairs}
    verified = {
        each.download.span.start
        for each in after.used(lambda each: each.url in urls)
        if each.download.is_verified or any(mask(after, found) is None for found in each.verifications)
    }
    return starts <= verified


_HARMLESS = frozenset((b":", b"date", b"echo", b"logger", b"printf", b"true"))
"""Commands of a branch after which the program continues."""
_LOOPS = frozenset(("until_statement", "while_statement"))
_MOST_MASKS = 200
"""How many verifications of one file are followed; of others it is not known whether their failure is hidden."""
_MOST_NODES = 100_000


def mask(files: Files, each: Verification) -> FailureMask | None:
    """What hides the failure of a verification; None if it stops the program, or if that is unknown."""
    known = files.file.memo(_Known).masks
    key = id(each.command)
    if key not in known and len(known) < _MOST_MASKS:
        known[key] = each.command, _mask(files, each)
    return known[key][1] if key in known else None


class _Known:
    """What is known of a file, by the identity of the command or script that it is about, which is kept with it."""

    def __init__(self, _file: File) -> None:
        self.masks: dict[int, tuple[Command, FailureMask | None]] = {}
        """What hides the failures of verifications."""
        self.tests: dict[int, tuple[Script, ShellProgram, list[tuple[list[Node], list[Node]]]]] = {}
        """A program as the shell reads it, and its tests, each with its branches."""


def _mask(files: Files, each: Verification) -> FailureMask | None:
    script = each.program.script
    if script is None:
        return None
    if each.variable or ("substitution" in each.command.inside and not each.is_signature):
        return _comparison_mask(files, each, script)
    return failure_mask(files.file, script, each.command, shell(files, each.program))


def shell(files: Files, program: Program) -> Shell:
    """The options of the shell of a program; those that are unknown are taken to be set."""
    file = files.file
    kind = kind_of(file.path, file.data[:200])
    if kind == "dockerfile":
        return Shell(True, True) if b"SHELL" in file.data else Shell()
    if kind == "shell" and file.data.startswith(b"#!") and program.script is not None:
        return interpreter_options(file.data)
    return Shell(True, True)


def _comparison_mask(files: Files, each: Verification, script: Script) -> FailureMask | None:
    """The comparison of a digest whose branches all continue; None if one may stop the program."""
    found: list[Span] = []
    known = files.file.memo(_Known).tests
    if id(script) not in known:
        program = program_of(script)
        tree = parse_bash(program.data)
        known[id(script)] = script, program, list(_comparisons(tree.root_node)) if tree is not None else []
    _, program, comparisons = known[id(script)]
    for test, branches in comparisons:
        if not _concerns(test, program, each):
            continue
        names = [name for branch in branches for name in _commands(branch, program.data)]
        if not names or not _HARMLESS.issuperset(names):
            return None
        found.append(locate(program.offsets, test[0].start_byte, test[-1].end_byte))
    if not found:
        return None
    help = "add `exit 1` to the branch that runs if the digests differ"
    return FailureMask(files.file.path, found[0], "the program continues if the digests differ", help)


def _comparisons(root: Node) -> Iterator[tuple[list[Node], list[Node]]]:
    """Yield the tests of a program, each with what runs if it holds, or if it does not."""
    pending = [root]
    for _ in range(_MOST_NODES):
        if not pending:
            return
        node = pending.pop()
        if node.type == "if_statement":
            then = next((at for at, child in enumerate(node.children) if child.type == "then"), len(node.children))
            yield node.children[1:then], node.children[then + 1 :]
            pending += reversed(node.children[then + 1 :])
        elif node.type in _LOOPS or node.type == "case_statement":
            yield [node], [node]
        elif node.type == "list" and node.children[0].type in ("test_command", "command"):
            yield node.children[:1], node.children[2:]
            pending += reversed(node.children[2:])
        elif node.type == "test_command":
            yield [node], []
        else:
            pending += reversed(node.children)


def _concerns(test: list[Node], program: ShellProgram, each: Verification) -> bool:
    """Whether a test contains a digest."""
    if not test:
        return False
    start, end = test[0].start_byte, test[-1].end_byte
    if each.variable:
        text = program.data[start:end]
        name = each.variable.encode()
        return b"$" + name in text or b"${" + name in text
    place = locate(program.offsets, start, end)
    return place.start <= each.command.words[0].span.start < place.end


def _commands(node: Node, data: bytes) -> Iterator[bytes]:
    """Yield the names of the commands in a branch; assignments count as commands."""
    pending = [node]
    for _ in range(_MOST_NODES):
        if not pending:
            return
        node = pending.pop()
        name = node.child_by_field_name("name") if node.type == "command" else None
        if name is not None:
            yield data[name.start_byte : name.end_byte]
        elif node.type in ("variable_assignment", "test_command"):
            yield data[node.start_byte : node.end_byte]
        else:
            pending += node.children


def command_text(command: Command) -> str:
    """A command for messages: its program and its first option."""
    words = command.words
    option = f" {words[1].text}" if len(words) > 1 and words[1].text.startswith("-") else ""
    return f"{words[0].text}{option}"
