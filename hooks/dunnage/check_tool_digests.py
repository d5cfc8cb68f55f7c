"""Tools that builds download are verified against a digest that the repository records.

A URL names a place and not a content: whoever can write to the server, or take over an account there, can replace a
release. The next build then runs another program than the one that was reviewed.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dunnage.downloads.fetches import HINTS
from dunnage.downloads.text import HOLE
from dunnage.downloads.tools import HINTS as TOOL_HINTS
from dunnage.files.source import File, SourceError, Tree
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag
from dunnage.frame.pins import PINS
from dunnage.scripts.commands import kind_of, note, relevant_files
from dunnage.scripts.comments import comments

if TYPE_CHECKING:
    from dunnage.downloads.analysis import Files, UsedDownload
    from dunnage.downloads.digest_list import ListedDigest
    from dunnage.downloads.model import Download
    from dunnage.files.pin_lists import PinLists

UNCHECKED = Rule(
    "tool-digests/unchecked", "a downloaded tool is used, and nothing verifies its digest", is_fixable=True
)
MOVING_URL = Rule("tool-digests/moving-url", "a tool is downloaded from a URL whose content changes")
RULES = (UNCHECKED, MOVING_URL)

ALL = flag("--all", "check all programs that are downloaded, not only the tools of Rust and WebAssembly builds")

_RUN_BY_HAND = frozenset(("justfile", "makefile", "shell"))
"""The kinds of files that people also run with arguments of their own."""
_TOOL_HINTS = tuple(hint.encode() for hint in TOOL_HINTS)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every tool that the named files download."""
    checks = _Checks(tree, options)
    for file in relevant_files(tree, names, _downloads_all if options[ALL] else _downloads_tools):
        yield from checks.findings(file)
    yield from checks.list_problems()


def _downloads_all(data: bytes) -> bool:
    return any(hint in data for hint in HINTS)


def _downloads_tools(data: bytes) -> bool:
    if not _downloads_all(data):
        return False
    lower = data.lower()
    return any(hint in lower for hint in _TOOL_HINTS)


class _Checks:
    """The checks of a run: its options, and what they need to know of the repository."""

    def __init__(self, tree: Tree, options: Options) -> None:
        self._tree = tree
        self._options = options
        self._lists: PinLists[ListedDigest] | None = None

    def findings(self, file: File) -> Iterator[Finding]:
        """Yield the findings in a file."""
        from dunnage.downloads.analysis import Files

        try:
            files = Files(file)
        except SourceError as error:
            note(file, error)
            return
        for used in files.used(self._is_wanted):
            if (found := self._finding(files, used)) is not None:
                yield found

    def _is_wanted(self, download: "Download") -> bool:
        from dunnage.downloads.address import is_program, tool

        return (self._options[ALL] or bool(tool(download.address))) and is_program(download.address)

    def _finding(self, files: "Files", used: "UsedDownload") -> Finding | None:
        from dunnage.downloads import advice
        from dunnage.downloads.address import channel

        download = used.download
        if used.verifications or download.is_verified or not self._is_chosen_here(files, download):
            return None
        path, span = files.file.path, download.word.span
        if part := channel(download.address):
            message = f"the URL of `{advice.label(download)}` follows `{part}`, so its content changes"
            return Finding(MOVING_URL, path, span, message, advice.moving_help(download))
        reader = used.use.command.words[0].text
        verb = f"piped into `{reader}`" if used.readers else used.use.verb
        message = f"`{advice.label(download)}` is {verb}, but nothing verifies its digest"
        return Finding(UNCHECKED, path, span, message, advice.how_to_verify(files.file, used))

    @staticmethod
    def _is_chosen_here(files: "Files", download: "Download") -> bool:
        """Whether a file chooses the version, and not who runs a script: an installer for users, for example."""
        from dunnage.downloads.address import channel, has_literal_version

        kind = kind_of(files.file.path, files.file.data[:200])
        is_given = HOLE in download.address.url and not has_literal_version(download.address)
        return kind not in _RUN_BY_HAND or not is_given or bool(channel(download.address))

    def list_problems(self) -> Iterator[Finding]:
        """Yield a finding for each problem in the lists that have been read."""
        if self._lists is not None:
            yield from findings(self._lists.problems, RULES)


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
