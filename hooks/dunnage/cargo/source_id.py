"""Where Cargo takes a package from: a registry, a git repository, or a folder.

The text form is the one that `Cargo.lock` uses (`registry+URL`, `sparse+URL`, `git+URL?branch=…#COMMIT`); two sources
are the same where Cargo says so, which is not the same as equal text: a git URL loses its trailing slash and `.git`,
and GitHub's paths are compared in lower case.
"""

from functools import cache
from typing import NamedTuple

_SCHEMES_WITH_HOST = frozenset({"http", "https", "ftp", "ws", "wss"})
"""Schemes whose URLs must name a host: the URL standard's "special" ones, but for `file`."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ftp": ":21", "ws": ":80", "wss": ":443"}
_SCHEME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")
_FULL_COMMIT = 40


class SourceIdError(ValueError):
    """A source or URL that Cargo cannot read; the message quotes it."""


class SourceId(NamedTuple):
    """One source, comparable as Cargo compares them.

    kind: `registry`, `sparse`, `git` or `path`. url: canonical; for `path`, the folder. reference: for git, `branch=…`,
    `tag=…` or `rev=…`, empty for the default branch. name: for a registry that only a configuration outside the
    repository knows, the name the manifest uses; its `url` is then empty.
    """

    kind: str
    url: str
    reference: str = ""
    name: str = ""

    def __str__(self) -> str:
        """Spell the source as a reader of manifests would know it."""
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
    def is_registry(self) -> bool:
        """Whether packages of this source come from a registry index, and so have a checksum."""
        return self.kind in ("registry", "sparse")

    def is_same(self, other: "SourceId") -> bool:
        """Whether both are one source; a registry known by name alone may be any registry but crates.io."""
        if self.name and not self.url:
            return other.is_registry and other != CRATES_IO
        return self == other


@cache
def canonical_url(url: str) -> str:
    """Write a URL so that equal sources have equal text, as Cargo does.

    Raises SourceIdError if it is no absolute URL.
    """
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


def _check_port(host: str, url: str) -> None:
    """Raise SourceIdError if no port follows the colon after a host, as in what git alone would read: `host:path`."""
    name, colon, port = host.rpartition(":")
    if (
        host.endswith("]")
        or not colon
        or (name and ":" not in name.rpartition("]")[2] and (port.isdecimal() or not port))
    ):
        return
    raise SourceIdError(f"`{url}` has no port after the colon; write `/` before a path")


def registry(index: str) -> SourceId:
    """Name the registry whose index is at this URL; `sparse+` in front means the sparse protocol."""
    if index.startswith("sparse+"):
        return SourceId("sparse", canonical_url(index))
    return SourceId("registry", canonical_url(index.removeprefix("registry+")))


def git(url: str, reference: str) -> SourceId:
    """Name a git repository at a reference (`branch=…`, `tag=…`, `rev=…` or empty); query and fragment do not count."""
    return SourceId("git", canonical_url(url.partition("#")[0].partition("?")[0]), reference)


@cache
def parse(text: str) -> tuple[SourceId, str]:
    """Read a source as `Cargo.lock` writes it; the second value is the commit of a git source, else empty.

    Raises SourceIdError on a kind Cargo does not know or a malformed URL.
    """
    kind, plus, url = text.partition("+")
    if not plus:
        raise SourceIdError(f"`{text}` is not a source: it has no `KIND+` in front of a URL")
    if kind == "registry":
        return SourceId("registry", canonical_url(url)), ""
    if kind == "sparse":
        return SourceId("sparse", canonical_url(text)), ""
    if kind == "path":
        return SourceId("path", canonical_url(url)), ""
    if kind != "git":
        raise SourceIdError(f"`{kind}` is not a kind of source Cargo knows (registry, sparse, git)")
    location, _, commit = url.partition("#")
    location, _, query = location.partition("?")
    return SourceId("git", canonical_url(location), _reference(query)), commit


def names_commit(reference: str) -> bool:
    """Whether a git reference is a full commit, which can mean only itself."""
    kind, _, value = reference.partition("=")
    return kind == "rev" and len(value) == _FULL_COMMIT and all(c in "0123456789abcdef" for c in value)


def decoded(reference: str) -> str:
    """Undo the encoding of a query value: until lock format 3, references were read with it but written without."""
    if "%" not in reference and "+" not in reference:
        return reference
    from urllib.parse import unquote_plus

    return unquote_plus(reference)


def _reference(query: str) -> str:
    """Find the git reference in a query: the last one counts, and the old `ref` means `branch`."""
    reference = ""
    for pair in query.split("&"):
        key, equals, value = pair.partition("=")
        key = "branch" if key == "ref" else key
        if equals and key in ("branch", "tag", "rev"):
            reference = f"{key}={decoded(value)}"
    return reference


CRATES_IO = registry("https://github.com/rust-lang/crates.io-index")
"""The registry of a dependency that names none."""
