"""Where Cargo takes a package from: a registry, a git repository, or a folder.

The text form is that of `Cargo.lock`: `registry+URL`, `sparse+URL`, `git+URL?branch=…#COMMIT`. Two sources with
different texts may be the same to Cargo, which removes the trailing slash and `.git` from the URLs of git repositories
and compares GitHub's paths in lower case.
"""

from functools import lru_cache
from typing import NamedTuple

_SCHEMES_WITH_HOST = frozenset({"http", "https", "ftp", "ws", "wss"})
"""Schemes whose URLs must name a host: the "special" schemes of the URL standard, except `file`."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ftp": ":21", "ws": ":80", "wss": ":443"}
_SCHEME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")
_FULL_COMMIT = 40
_MOST_REMEMBERED = 16_384
"""How many parsed texts are remembered; real repositories have a few hundred."""
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
LONGEST = 4096
"""How many characters a source, a URL or a path may have. Systems accept no longer path."""


class SourceIdError(ValueError):
    """Cargo cannot parse a source or a URL. The message quotes it."""


class SourceId(NamedTuple):
    """One source. Equal values are equal to Cargo."""

    kind: str
    """`registry`, `sparse`, `git` or `path`."""
    url: str
    """The canonical URL; for `path` the folder; empty if the registry has a `name`."""
    reference: str = ""
    """For git `branch=…`, `tag=…` or `rev=…`; empty for the default branch."""
    name: str = ""
    """The name of a registry that only a configuration outside of the repository defines."""

    def __str__(self) -> str:
        """Describe the source in the terms of a manifest."""
        if self == CRATES_IO:
            return "crates.io"
        if self.kind == "git":
            return f"git repository {self.url}" + (
                f" ({self.reference.replace('=', ' ', 1)})" if self.reference else ""
            )
        if self.kind == "path":
            return f"the folder {self.url}"
        return f"registry `{self.name}`" if self.name else f"registry {self.url}"

    @property
    def location(self) -> str:
        """The key under which `[patch]` is looked up: the URL, or the name of a registry whose URL is unknown."""
        return self.url or self.name

    @property
    def is_registry(self) -> bool:
        """Whether packages of this source come from the index of a registry, and so have a checksum."""
        return self.kind in ("registry", "sparse")

    def is_same(self, other: "SourceId") -> bool:
        """Whether both are the same source. A registry without a URL may be any registry except crates.io."""
        if self.name and not self.url:
            return other.is_registry and other != CRATES_IO
        return self == other


@lru_cache(_MOST_REMEMBERED)
def canonical_url(url: str) -> str:
    """Normalise a URL as Cargo does, so that equal sources have equal URLs.

    Raises SourceIdError if it is not an absolute URL.
    """
    _check_length(url)
    scheme, colon, rest = url.strip().partition(":")
    scheme = scheme.lower()
    if not colon or not scheme[:1].isalpha() or not _SCHEME_CHARACTERS.issuperset(scheme):
        raise SourceIdError(f"`{url}` is not an absolute URL")
    transport = scheme.rpartition("+")[2]
    if transport in _SCHEMES_WITH_HOST:
        rest = "//" + rest.lstrip("/\\")
        if not rest[2:].split("?")[0].split("#")[0].split("/")[0]:
            raise SourceIdError(f"`{url}` names no host")
    if not rest.startswith("//"):
        return f"{scheme}:{rest}"
    authority, _, path = rest[2:].partition("/")
    user, at, host = authority.rpartition("@")
    _check_port(host, url)
    host = host.lower().removesuffix(_DEFAULT_PORTS.get(transport, ":")).removesuffix(":")
    path = path.rstrip("/")
    if host == "github.com":
        scheme, path = "https", path.lower()
    path = path.removesuffix(".git")
    return f"{scheme}://{user}{at}{host}/{path}"


def _check_length(text: str) -> None:
    if len(text) > LONGEST:
        raise SourceIdError(f"`{text[:80]}…` has more than {LONGEST:,} characters")


def _check_port(host: str, url: str) -> None:
    """Raise SourceIdError if no port follows the colon after a host, as in `host:path`, which only git understands."""
    name, colon, port = host.rpartition(":")
    if (
        host.endswith("]")
        or not colon
        or (name and ":" not in name.rpartition("]")[2] and (port.isdecimal() or not port))
    ):
        return
    raise SourceIdError(f"`{url}` has no port after the colon; write `/` before a path")


def registry(index: str) -> SourceId:
    """Return the registry with its index at this URL. The prefix `sparse+` stands for the sparse protocol."""
    if index.startswith("sparse+"):
        return SourceId("sparse", canonical_url(index))
    return SourceId("registry", canonical_url(index.removeprefix("registry+")))


def git(url: str, reference: str) -> SourceId:
    """Return a git repository at a reference: `branch=…`, `tag=…`, `rev=…` or empty. Query and fragment are ignored."""
    return SourceId("git", canonical_url(url.partition("#")[0].partition("?")[0]), reference)


@lru_cache(_MOST_REMEMBERED)
def parse(text: str) -> tuple[SourceId, str]:
    """Parse a source as `Cargo.lock` writes it. The second value is the commit of a git source, else empty.

    Raises SourceIdError if Cargo does not know the kind, or if the URL is malformed.
    """
    _check_length(text)
    kind, plus, url = text.partition("+")
    if not plus:
        raise SourceIdError(f"`{text}` is not a source: it has no `KIND+` in front of a URL")
    if kind in ("registry", "path"):
        return SourceId(kind, canonical_url(url)), ""
    if kind == "sparse":
        return SourceId("sparse", canonical_url(text)), ""
    if kind != "git":
        raise SourceIdError(f"`{kind}` is not a kind of source Cargo knows (registry, sparse, git)")
    location, _, commit = url.partition("#")
    location, _, query = location.partition("?")
    return SourceId("git", canonical_url(location), _reference(query)), commit


def intended(text: str) -> SourceId | None:
    """Return the git source that Cargo meant when it wrote a source in lock format 3 or before, without escaping.

    None if Cargo reads the source as it was meant. Otherwise it is `branch=…`, `tag=…` or `rev=…` with `#`, `&`, `+`
    or `%` in the name. Raises SourceIdError.
    """
    source, _ = parse(text)
    query = text.partition("?")[2].rpartition("#")[0]
    meant = source._replace(reference=query)
    return meant if query.startswith(("branch=", "tag=", "rev=")) and meant != source else None


def is_full_hash(text: str) -> bool:
    """Whether a text is the full hash of a git object."""
    return len(text) == _FULL_COMMIT and _HEXADECIMAL.issuperset(text)


def _decoded(reference: str) -> str:
    """Decode a query value. Up to lock format 3, Cargo decoded references that it read but did not encode them."""
    if "%" not in reference and "+" not in reference:
        return reference
    from urllib.parse import unquote_plus

    return unquote_plus(reference)


def _reference(query: str) -> str:
    """Return the git reference in a query. The last one takes precedence; the old `ref` means `branch`."""
    reference = ""
    for pair in query.split("&"):
        key, equals, value = pair.partition("=")
        key = "branch" if key == "ref" else key
        if equals and key in ("branch", "tag", "rev"):
            reference = f"{key}={_decoded(value)}"
    return reference


CRATES_IO = registry("https://github.com/rust-lang/crates.io-index")
"""The default registry."""
