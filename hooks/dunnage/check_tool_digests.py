"""Tools that builds download are verified against a digest that the repository records.

A URL names a place and not a content: whoever can write to the server, or take over an account there, can replace a
release. The next build then runs another program than the one that was reviewed.
"""

import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dunnage.downloads.tools import DOWNLOAD_HINTS, SUMS, TOOL_HINTS
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import project_manifest, top_folder
from dunnage.frame.finding import Finding, Fix, Rule, distinct, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import PINS, Options, flag
from dunnage.scripts.commands import kind_of, note, relevant_files
from dunnage.scripts.comments import comments

if TYPE_CHECKING:
    from dunnage.downloads.advice import Repair
    from dunnage.downloads.analysis import Files, UsedDownload
    from dunnage.downloads.model import Download
    from dunnage.downloads.verifications import Verification
    from dunnage.files.pin_lists import PinLists

UNCHECKED = Rule("tool-digests/unchecked", "a downloaded tool is used, but its digest is not verified", is_fixable=True)
MOVING_URL = Rule("tool-digests/moving-url", "a tool is downloaded from a URL whose content changes")
TOOTHLESS = Rule("tool-digests/toothless", "the build continues if the verification of a tool fails")
SAME_SOURCE = Rule("tool-digests/same-source", "the digest of a tool comes from the server of the tool")
UNVERIFIED_RECORD = Rule(
    "tool-digests/unverified-record", "the digest of an installed program is written to a file that nothing checks"
)
RULES = (UNCHECKED, MOVING_URL, TOOTHLESS, SAME_SOURCE, UNVERIFIED_RECORD)

ALL = flag("--all", "check all programs that are downloaded, not only the tools of Rust and WebAssembly builds")

_Digest = tuple[str, str]
"""A SHA-256 digest of 64 hexadecimal digits, and the file whose list contains it, as it is printed."""
_RUN_BY_HAND = frozenset(("justfile", "makefile", "shell"))
"""The kinds of files that people also run with arguments of their own."""
_INSTALLED = (b"which", b"command", b"type", b"bin/")
"""What paths of installed programs contain, or the commands that print them."""
_MOST_VERIFICATIONS = 20
"""How many verifications of one download are looked at."""
_TOOL_HINTS = tuple(hint.encode() for hint in TOOL_HINTS)
_SUMS = tuple(name.encode() for name in SUMS)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every tool that the named files download."""
    checks = _Checks(tree, options)
    downloads = _downloads_programs if options[ALL] else _downloads_tools
    for file in relevant_files(tree, names, lambda data: downloads(data) or _may_record(data)):
        yield from distinct(checks.findings(file))
    yield from checks.list_problems()


def _downloads_programs(data: bytes) -> bool:
    return any(hint in data for hint in DOWNLOAD_HINTS)


def _downloads_tools(data: bytes) -> bool:
    if not _downloads_programs(data):
        return False
    lower = data.lower()
    return any(hint in lower for hint in _TOOL_HINTS)


def _may_record(data: bytes) -> bool:
    """Whether a file may write the digests of installed programs to a file."""
    return any(name in data for name in _SUMS) and any(mark in data for mark in _INSTALLED)


def _read_digest(name: str, value: str, path: str) -> _Digest | str:
    """Read a line of `[workspace.metadata.dunnage.digests]` in the file at `path`; a text says what is wrong."""
    algorithm, _, digest = value.partition(":")
    if algorithm != "sha256" or len(digest) != 64 or not set("0123456789abcdef").issuperset(digest):
        return f"`{value}` is not `sha256:` and 64 hexadecimal digits"
    return (digest, path) if "://" in name else "the name is not a URL"


def _repositories(manifest: File) -> frozenset[str]:
    """The repository on GitHub that a manifest names as its own, in lower case."""
    pattern = rb"(?m)^[ \t]*repository[ \t]*=[ \t]*[\"']https?://github\.com/([\w.-]+/[\w.-]+)"
    own = re.findall(pattern, manifest.data)
    return frozenset(each.decode("utf-8", "replace").lower().removesuffix(".git") for each in own)


class _Checks:
    """The checks of a run: its options, and what they need to know of the repository."""

    def __init__(self, tree: Tree, options: Options) -> None:
        self._tree = tree
        self._options = options
        self._lists: PinLists[_Digest] | None = None
        if options[PINS]:
            self._read_lists()

    def list_problems(self) -> Iterator[Finding]:
        """Yield a finding for each problem in the lists that have been read."""
        if self._lists is not None:
            yield from findings(self._lists.problems, RULES)

    def findings(self, file: File) -> Iterator[Finding]:
        """Yield the findings in a file."""
        from dunnage.downloads.analysis import Files

        try:
            files = Files(file)
        except SourceError as error:
            note(file, error)
            return
        found: list[Finding] = []
        repairs: list[Repair] = []
        for used in files.used(self._is_wanted):
            if not used.download.is_verified and self._is_reported(file, used):
                of = self._of_verified if used.verifications else self._of_unverified
                found += filter(None, (of(files, used, repairs),))
        yield from self._fixed(files, found, repairs)
        if _may_record(file.data):
            yield from self._records(files)

    def _is_wanted(self, download: "Download") -> bool:
        return (self._options[ALL] or bool(download.address.tool)) and download.address.is_program

    def _is_reported(self, file: File, used: "UsedDownload") -> bool:
        """Whether a download is that of a program of somebody else, in a version that the file chooses."""
        from dunnage.downloads.model import UNPACKED
        from dunnage.downloads.text import is_known

        address = used.download.address
        if not address.tool and used.use.verb == UNPACKED and not address.names_platform:
            return False  # perhaps data or sources
        kind = kind_of(file.path, file.data[:200])
        # The version may be an argument: an installer for users, for example.
        is_given = not is_known(address.url) and not address.has_literal_version and not address.channel
        if kind in _RUN_BY_HAND and is_given:
            return False
        return not address.repository or not self._is_own(file, address.repository)

    def _is_own(self, file: File, name: str) -> bool:
        """Whether a repository on GitHub is that of a file, as the manifest at the top says."""
        top = top_folder(file.folder)
        manifest = self._tree.find(os.path.join(top, "Cargo.toml"))
        return manifest is not None and name in manifest.memo(_repositories)

    def _of_unverified(self, files: "Files", used: "UsedDownload", repairs: "list[Repair]") -> Finding:
        from dunnage.downloads import advice

        download = used.download
        path, span, name = files.file.path, download.word.span, advice.label(download)
        if part := download.address.channel:
            message = f"the download of `{name}` follows `{part}`, so its content changes"
            return Finding(MOVING_URL, path, span, message, advice.moving_help(download))
        verb = f"piped into `{used.use.command.words[0].text}`" if used.readers else used.use.verb
        message = f"`{name}` is {verb}, but nothing verifies its digest"
        listed = self._listed(files.file, download.url)
        if listed is None:
            return Finding(UNCHECKED, path, span, message, advice.how_to_verify(files.file, used))
        sha256, source = listed
        help = f"{advice.how_to_verify(files.file, used, sha256)}\n{source} lists this digest"
        description = f"verified {name} with the digest in {source}"
        found = advice.repair(files, used, sha256) if self._options.wants_fixes else None
        if found is None:
            return Finding(UNCHECKED, path, span, message, help)
        repairs.append((download, found))
        return Finding(UNCHECKED, path, span, message, help, Fix(description, (found,)))

    @staticmethod
    def _fixed(files: "Files", found: Sequence[Finding], repairs: "Sequence[Repair]") -> Iterator[Finding]:
        """Yield findings with those of their fixes that do what they should."""
        if not repairs:
            yield from found
            return
        from dunnage.downloads.advice import proved

        edits = {edit for _, edit in proved(files, repairs)}
        for finding in found:
            is_proved = finding.fix is None or edits.issuperset(finding.fix.edits)
            yield finding if is_proved else finding._replace(fix=None)

    def _of_verified(self, files: "Files", used: "UsedDownload", repairs: "list[Repair]") -> Finding | None:
        """The finding if the failure of every verification is hidden, or if the server of the file has the digest."""
        from dunnage.downloads.verifications import may_be_hidden

        download = used.download
        verifications = used.verifications[:_MOST_VERIFICATIONS]
        if all(map(may_be_hidden, verifications)) and (found := self._of_hidden(files, download, verifications)):
            return found
        if files.has_signature(download):
            return None
        sources = [files.digest_source(used, each) for each in verifications]
        if any(source is None or source.address.host != download.address.host for source in sources):
            return None
        if download.address.channel:
            return self._of_unverified(files, used, repairs)
        if not download.address.has_literal_version:
            return None
        from dunnage.downloads import advice

        message = f"the digest of `{advice.label(download)}` comes from {download.address.host}, as does the file"
        help = f"write the digest into the repository: {advice.how_to_verify(files.file, used)}"
        return Finding(SAME_SOURCE, files.file.path, download.word.span, message, help)

    @staticmethod
    def _of_hidden(files: "Files", download: "Download", verifications: "Sequence[Verification]") -> Finding | None:
        """The finding if the failure of every verification is hidden."""
        from dunnage.downloads import advice

        masks = [advice.mask(files, each) for each in verifications]
        first = masks[0]
        if first is None or not all(masks):
            return None
        reason = first.reason.replace("%COMMAND%", f"`{advice.command_text(verifications[0].command)}`")
        message = f"the verification of `{advice.label(download)}` cannot fail the build: {reason}"
        return Finding(TOOTHLESS, first.path, first.span, message, first.help)

    def _records(self, files: "Files") -> Iterator[Finding]:
        from dunnage.downloads.records import is_checked, records

        for record in records(files):
            if is_checked(self._tree, files.file, record):
                continue
            program = record.word.text.strip("\"'")
            message = f"the digest of `{program}` is written to `{record.path}`, which nothing in the repository checks"
            help = (
                "write the digest into the repository, and verify the program before it is used:\n"
                f'echo "SHA256  {program}" | sha256sum -c -'
            )
            yield Finding(UNVERIFIED_RECORD, files.file.path, record.word.span, message, help)

    def _listed(self, file: File, url: str) -> _Digest | None:
        """The digest of a URL in the list that applies to a file."""
        if self._lists is None:
            if not url or project_manifest(self._tree, file) is None:
                return None
            self._read_lists()
        return next((digests[url] for digests in self._lists.of(file) if url in digests), None) if self._lists else None

    def _read_lists(self) -> None:
        from dunnage.files.pin_lists import ListKind, PinLists

        help = "write the URL and the digest of the file that you reviewed: "
        help += '"https://…" = "sha256:…", with 64 hexadecimal digits'
        entry = '"URL" = "sha256:DIGEST"'
        kind = ListKind("digests", entry, UNCHECKED.id, help, _read_digest, lambda name, _: "://" in name)
        self._lists = PinLists(self._tree, kind, self._options[PINS])


HOOK = Hook(
    name="check-tool-digests",
    summary="check that downloaded tools are verified against a recorded digest",
    rules=RULES,
    check=check,
    comments=comments,
    fixes=True,
    options=(PINS, ALL),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
