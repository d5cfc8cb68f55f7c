"""The list of the digests of downloads, `[workspace.metadata.dunnage.digests]`."""

from typing import NamedTuple

from dunnage.files.pin_lists import ListKind, PinLists
from dunnage.files.source import File

RULE = "tool-digests/unchecked"

_HEX = frozenset("0123456789abcdef")


class ListedDigest(NamedTuple):
    """The digest of a file in a list."""

    sha256: str
    """64 hexadecimal digits."""
    path: str
    """The file that contains the list, as it is printed."""


def _read(name: str, value: str, path: str) -> ListedDigest | str:
    algorithm, _, digest = value.partition(":")
    if algorithm != "sha256" or len(digest) != 64 or not _HEX.issuperset(digest):
        return f"`{value}` is not `sha256:` and 64 hexadecimal digits"
    return ListedDigest(digest, path) if "://" in name else "the name is not a URL"


def _owns(name: str, _: object) -> bool:
    return "://" in name


DIGESTS = ListKind(
    "digests",
    '"URL" = "sha256:DIGEST"',
    RULE,
    'write the URL and the digest of the file that you reviewed: "https://…" = "sha256:…", with 64 hexadecimal digits',
    _read,
    _owns,
)


def listed(lists: PinLists[ListedDigest], file: File, url: str) -> ListedDigest | None:
    """The digest of a URL in the lists that apply to a file."""
    return next((digests[url] for digests in lists.of(file) if url in digests), None)
