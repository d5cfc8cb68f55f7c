"""The manifest, the lock and the digests of wit-deps: `deps.toml`, `deps.lock`, and the vendored files in `deps/NAME/`.

Source: the code of wit-deps 0.6, which is the only documentation of the lock and of what the tool rejects. `subdir`,
which 0.5 had instead of `prefix`, is read as well.
"""

import os
import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from dunnage.files import shown
from dunnage.files.document import Document, Keys, Refused

MANIFEST = "deps.toml"
LOCK = "deps.lock"
FOLDER = "deps"
"""The folder beside them that holds a folder for each dependency."""

SHA256_DIGITS = 64
SHA512_DIGITS = 128

DEFAULT_SUBDIR = "wit"

_FIELDS = ("path", "sha256", "sha512", "url", "prefix")
_OLD_FIELDS = ("subdir",)
_SPECIAL_SCHEMES = ("http", "https", "ws", "wss", "ftp", "file")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_BLOCK = 512
_SCHEME = r"\s*([A-Za-z][A-Za-z0-9+.-]*):"


class Digests(NamedTuple):
    """Two digests of the same data, in lowercase hexadecimal digits."""

    sha256: str
    sha512: str


class WitDepsEntry(NamedTuple):
    """A dependency, in the manifest or in the lock."""

    name: str
    """The name of its folder in `deps`."""
    url: str | None
    """The URL of an archive. In the lock, an entry with neither `url` nor `path` is a transitive dependency."""
    path: str | None
    """The folder from which it is copied, relative to that of the manifest."""
    sha256: str | None
    """As it is written. In the manifest it is the digest of the archive, in the lock that of the vendored files."""
    sha512: str | None
    prefix: str
    """The folder of the WIT in the archive; empty if it is missing."""
    subdir: str
    """The key of 0.5 for this: the folder below the archive's only folder; `wit` if it is missing."""
    deps: tuple[str, ...]
    """In the lock, the names of its own dependencies."""
    keys: Keys
    """Its keys in the document."""

    @property
    def digests(self) -> Digests | None:
        """The two digests; None if one of them is missing or malformed."""
        sha256, sha512 = self.sha256 or "", self.sha512 or ""
        if is_hexadecimal(sha256, SHA256_DIGITS) and is_hexadecimal(sha512, SHA512_DIGITS):
            return Digests(sha256.lower(), sha512.lower())
        return None


def read_manifest(read: Document) -> tuple[WitDepsEntry, ...]:
    """Read a `deps.toml`. Raises Refused for the first error that wit-deps would report."""
    return tuple(_manifest_entry(read, name, value) for name, value in read.data.items())


def read_lock(read: Document) -> tuple[WitDepsEntry, ...]:
    """Read a `deps.lock`. Digests are returned as they are written, even if they are missing or malformed.

    Raises Refused for the first other error that wit-deps would report.
    """
    return tuple(_lock_entry(read, name, value) for name, value in read.data.items())


def digest_command(url: str, key: str = "sha256") -> str:
    """The shell command that downloads an archive and prints its digest."""
    address = re.sub("[\t\r\n]", "", url)  # a URL parser ignores these characters, too
    return f"curl -fL {shown.argument(address)} | {key}sum"


def is_hexadecimal(text: str, digits: int) -> bool:
    """Whether `text` consists of this number of hexadecimal digits, in either case, as wit-deps reads them."""
    return re.fullmatch(f"[0-9A-Fa-f]{{{digits}}}", text) is not None


def same_url(first: str, second: str) -> bool:
    """Whether two URLs are equal to wit-deps, which compares them in normalized form."""
    return first == second or _normal_url(first) == _normal_url(second)


def same_path(first: str, second: str) -> bool:
    """Whether two paths are equal to wit-deps: `a/b`, `a//b/` and `a/./b` are, `./a` and `a` are not."""
    return first == second or _normal_path(first) == _normal_path(second)


def is_wit(name: str) -> bool:
    """Whether wit-deps reads a file of this name as WIT: `a.wit` and `A.WIT`, but not `.wit`."""
    stem, dot, extension = name.rpartition(".")
    return bool(stem and dot) and extension.lower() == "wit"


def digests(files: Mapping[str, bytes], executable: Collection[str] = ()) -> Digests:
    """Compute the digests that wit-deps writes into the lock for a vendored folder.

    They are those of a tar archive of `files`: the WIT files directly in the folder by name, with links followed.
    `executable` names those that their owner may execute; the archive holds this mode, except on Windows.
    """
    from hashlib import sha256, sha512

    hashes = (sha256(), sha512())

    def add(data: bytes) -> None:
        for hashed in hashes:
            hashed.update(data)
            hashed.update(bytes(-len(data) % _BLOCK))

    for raw, name in sorted((os.fsencode(name), name) for name in files):
        path = b"wit/" + raw
        if len(path) > 100:
            add(_header(b"././@LongLink", b"0000644", len(path) + 1, b"L", b""))
            add(path + b"\0")
        mode = b"0000755" if name in executable else b"0000644"
        add(_header(path[:100], mode, len(files[name]), b"0", b"0000000\0"))
        add(files[name])
    add(bytes(2 * _BLOCK))
    return Digests(hashes[0].hexdigest(), hashes[1].hexdigest())


def _header(path: bytes, mode: bytes, size: int, kind: bytes, device: bytes) -> bytes:
    """Format the header of a member of a GNU tar archive. The other fields are constant."""
    before = b"%b%b\0%b%b%011o\0%011o\0" % (path.ljust(100, b"\0"), mode, b"0000000\0", b"0000000\0", size, 0)
    after = b"%bustar  \0%b" % (kind.ljust(101, b"\0"), bytes(64) + device + device)
    checksum = sum(before) + sum(after) + 8 * ord(" ")
    return (b"%b%07o\0%b" % (before, checksum, after)).ljust(_BLOCK, b"\0")


def _manifest_entry(read: Document, name: str, value: object) -> WitDepsEntry:
    keys: Keys = (name,)
    _check_name(read, name)
    if isinstance(value, str):
        is_url = _is_url(value)
        url, path = (value, None) if is_url else (None, value)
        entry = WitDepsEntry(name, url, path, None, None, "", DEFAULT_SUBDIR, (), keys)
        _check_scheme(read, entry, keys)
        return entry
    if not isinstance(value, dict):
        message = f"`{name}` is neither a string nor a table"
        raise Refused(read.file, message, keys, "write the URL of an archive or the path of a folder")
    for key, part in value.items():
        if key not in (*_FIELDS, *_OLD_FIELDS):
            message = f"unknown field `{key}`, expected one of {', '.join(f'`{field}`' for field in _FIELDS)}"
            raise Refused(read.file, message, (*keys, key), "correct the name of the field, or remove it")
        if not isinstance(part, str):
            raise Refused(read.file, f"`{key}` of `{name}` is not a string", (*keys, key), "write the value in quotes")
    entry = _entry(name, value, value.get("url"), value.get("path"), (), keys)
    _check_fields(read, entry, value)
    return entry


def _check_fields(read: Document, entry: WitDepsEntry, value: Mapping[str, object]) -> None:
    """Raise Refused for a table with fields that are invalid, or that exclude each other."""
    keys = entry.keys
    if entry.path is not None and entry.url is not None:
        raise Refused(read.file, f"`{entry.name}` has both `url` and `path`", (*keys, "path"), "remove `url` or `path`")
    if entry.path is None and entry.url is None:
        message = f"`{entry.name}` has neither `url` nor `path`"
        raise Refused(read.file, message, keys, "write the URL of an archive or the path of a folder")
    if "subdir" in value and "prefix" in value:
        message = "`subdir` and `prefix` are fields of different versions of wit-deps"
        raise Refused(read.file, message, (*keys, "subdir"), "remove `subdir` for wit-deps 0.6, `prefix` for 0.5")
    for key in ("sha256", "sha512", "prefix", "subdir"):
        if entry.path is not None and key in value:
            message = f"`{key}` is not supported in combination with `path`"
            raise Refused(read.file, message, (*keys, key), f"remove `{key}`")
    for key, digits in (("sha256", SHA256_DIGITS), ("sha512", SHA512_DIGITS)):
        digest = value.get(key)
        if isinstance(digest, str) and not is_hexadecimal(digest, digits):
            help = f"write the {key} of the archive, which this command prints:\n{digest_command(entry.url or '', key)}"
            raise Refused(read.file, f"`{key}` is not {digits} hexadecimal digits", (*keys, key), help)
    if entry.url is not None:
        if not _scheme(entry.url):
            raise Refused(read.file, f"`{entry.url}` is not a URL", (*keys, "url"), "write `path` instead of `url`")
        _check_scheme(read, entry, (*keys, "url"))


def _check_scheme(read: Document, entry: WitDepsEntry, keys: Keys) -> None:
    scheme = _scheme(entry.url) if entry.url is not None else "https"
    if scheme == "file":
        message = "the `file` scheme is not supported for `url`"
        raise Refused(read.file, message, keys, "write the path of the folder instead")
    if scheme not in ("http", "https"):
        message = f"unsupported URL scheme `{scheme}`"
        raise Refused(read.file, message, keys, "write the `https:` URL of an archive")


def _lock_entry(read: Document, name: str, value: object) -> WitDepsEntry:
    keys: Keys = (name,)
    _check_name(read, name)
    if not isinstance(value, dict):
        raise Refused(read.file, f"`{name}` is not a table", keys)
    for key in ("sha256", "sha512"):
        if not isinstance(value.get(key, ""), str):
            raise Refused(read.file, f"`{key}` of `{name}` is not a string", (*keys, key))
    deps = value.get("deps", [])
    if not isinstance(deps, list) or not all(isinstance(dep, str) for dep in deps):
        raise Refused(read.file, f"`deps` of `{name}` is not a list of names", (*keys, "deps"))
    # wit-deps ignores a source that is neither a valid URL nor a path.
    url, path = value.get("url"), value.get("path")
    is_url = isinstance(url, str) and _scheme(url) != "" and isinstance(value.get("prefix", ""), str)
    return _entry(name, value, url if is_url else None, None if is_url else path, tuple(deps), keys)


def _entry(
    name: str, value: Mapping[str, Any], url: object, path: object, deps: tuple[str, ...], keys: Keys
) -> WitDepsEntry:
    return WitDepsEntry(
        name,
        url if isinstance(url, str) else None,
        path if isinstance(path, str) else None,
        value.get("sha256"),
        value.get("sha512"),
        value.get("prefix", "") if isinstance(url, str) else "",
        str(value.get("subdir", DEFAULT_SUBDIR)),
        deps,
        keys,
    )


def _check_name(read: Document, name: str) -> None:
    """Raise Refused for a name that is not a folder below `deps`. wit-deps would write to whatever path it gives."""
    if "\\" in name or "\0" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise Refused(read.file, f"`{name}` cannot be the name of a folder in `{FOLDER}`", (name,), "rename it")


def _is_url(text: str) -> bool:
    """Whether wit-deps reads a string in the manifest as a URL and not as a path."""
    return _scheme(text) in _SPECIAL_SCHEMES or re.match(f"{_SCHEME}/", text) is not None


def _scheme(text: str) -> str:
    """The scheme of a URL in lower case; empty if there is none."""
    found = re.match(_SCHEME, text)
    return found[1].lower() if found else ""


def _normal_url(url: str) -> str:
    """Normalize a URL as wit-deps does, apart from host names outside ASCII and percent-encoding."""
    match = re.fullmatch(rf"{_SCHEME}/*((?:[^/?#]*@)?)([^/?#]*)([^?#]*)(.*)", url.strip(), re.DOTALL)
    if match is None:
        return url
    scheme, user, host, path, rest = match.groups()
    scheme = scheme.lower()
    host = host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, "\0"))
    parts: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            del parts[-1:]
        elif part != ".":
            parts.append(part)
    if path.endswith(("/.", "/..")):
        parts.append("")
    return f"{scheme}://{user}{host}/{'/'.join(parts)}{rest}"


def _normal_path(path: str) -> tuple[bool, bool, list[str]]:
    parts = [part for part in path.split("/") if part]
    return path.startswith("/"), parts[:1] == ["."], [part for part in parts if part != "."]


# Archives: whether a URL is immutable, or may serve other content later. These are the paths under which GitHub,
# GitLab, Gitea and Forgejo (the software of Codeberg), Bitbucket and SourceHut serve files of a repository and of its
# releases, on any host, because most of these can be self-hosted.


COMMIT = "commit"
"""A full commit, whose content cannot change."""
SHORT_COMMIT = "short commit"
"""Text like an abbreviated commit. A branch or tag with this name takes precedence over the commit."""
TAG = "tag"
"""A tag, or text like the name of a tag. A tag can be moved, although that is rare."""
BRANCH = "branch"
"""A branch, or a name of no other kind."""
HEAD = "HEAD"
"""The newest commit of the default branch."""
LATEST_RELEASE = "latest release"
"""A file of the newest release."""
RELEASE_ASSET = "release asset"
"""A file of one release, which can be replaced."""
OTHER = "other"
"""A URL of no known form."""

MOVING = {
    BRANCH: "the branch `{}`, which changes with every commit",
    HEAD: "the latest commit, which changes",
    LATEST_RELEASE: "the latest release, which changes",
    TAG: "the tag `{}`, which can be moved to another commit",
    SHORT_COMMIT: "`{}`, which is not a full commit: a branch or a tag can have this name",
    RELEASE_ASSET: "the release `{}`, whose files can be replaced",
    OTHER: "a URL whose content can change",
}
"""For each kind but a full commit, how messages name the source, with a place for the ref."""

ArchiveUrl = tuple[str, str]
"""The kind of a URL, which is one of the constants above, and the ref in it: the commit, tag or branch, without
`refs/heads/`; for a release, its tag; empty if the URL has none.
"""

_URL = r"(?i)https?://(?:[^/?#]*@)?([^/?#:]*)(?::\d*)?/?([^?#]*)(?:\?([^#]*))?"
_HASH = "[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?"
_SHORT_HASH = "(?=[a-fA-F]*[0-9])[0-9a-fA-F]{7,39}"
# `v1.2.3`, `0.2.0-rc-2023-11-10`, `wit-v0.2.0`; but neither `main` nor `v2`, which is usually a branch.
_VERSION = r"(?:.*[-_/@])?v?[0-9]+\.[0-9].*"
_SUFFIX = r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|zip|bundle)$"
# The path segments after `/OWNER/REPOSITORY/` that a single ref follows. GitHub, Gitea and SourceHut have `archive`;
# GitHub and its API `tarball` and `zipball`; codeload.github.com the next four; Bitbucket `get`.
_ARCHIVES = ("archive", "tarball", "zipball", "tar.gz", "zip", "legacy.tar.gz", "legacy.zip", "get")
_RAW_HOST = "raw.githubusercontent.com"


def classify(url: str) -> ArchiveUrl:
    """Classify a URL by its text."""
    match = re.match(_URL, url)
    if match is None:
        return OTHER, ""
    parts = [_unquoted(part) for part in match[2].split("/") if part]
    if match[1].lower() == _RAW_HOST:
        return _ref_before_path(parts[2:])
    if parts[:2] == ["api", "v4"]:
        return _of_gitlab_api(parts[2:], match[3] or "")
    if "-" in parts[1:]:
        return _of_gitlab(parts[parts.index("-", 1) + 1 :])
    if (
        "repos" in parts[:3]
    ):  # the APIs of GitHub, GitHub Enterprise and Gitea: `/repos`, `/api/v3/repos`, `/api/v1/repos`
        parts = parts[parts.index("repos") + 1 :]
    return _of_repository(parts[2:])


def _of_repository(parts: list[str]) -> ArchiveUrl:
    """Classify the segments of a path after the owner and the repository."""
    match parts:
        case ["tarball" | "zipball"]:
            return HEAD, ""
        case [first, *ref] if first in _ARCHIVES and ref:
            return _archive("/".join(ref))
        case ["releases", "latest", "download", _, *_]:
            return LATEST_RELEASE, ""
        case ["releases", "download", tag, _, *_]:
            return RELEASE_ASSET, tag
        case ["raw" | "src", "tag", tag, _, *_]:
            return TAG, tag
        case ["raw" | "src", "branch", branch, _, *_]:
            return BRANCH, branch
        case ["raw" | "src", "commit", commit, _, *_]:
            return _named(commit)
        case ["raw", *rest]:
            return _ref_before_path(rest)
    return OTHER, ""


def _of_gitlab(parts: list[str]) -> ArchiveUrl:
    """Classify the segments of a path of GitLab after `/-/`."""
    match parts:
        case ["archive", ref]:
            return _archive(ref)
        case ["archive", *ref, _]:
            return _named("/".join(ref))
        case ["raw", *rest]:
            return _ref_before_path(rest)
        case ["releases", "permalink", "latest", *_]:
            return LATEST_RELEASE, ""
        case ["releases", tag, "downloads", *_]:
            return RELEASE_ASSET, tag
    return OTHER, ""


def _of_gitlab_api(parts: list[str], query: str) -> ArchiveUrl:
    """Classify the segments of a path of GitLab's API after `/api/v4`."""
    match parts:
        case ["projects", _, "repository", archive] if archive.split(".")[0] == "archive":
            refs = [value for name, _, value in (part.partition("=") for part in query.split("&")) if name == "sha"]
            return _named(_unquoted(refs[0])) if refs else (HEAD, "")
    return OTHER, ""


def _ref_before_path(parts: list[str]) -> ArchiveUrl:
    """Classify segments that begin with a ref and end with the path of a file."""
    if parts[:2] in (["refs", "heads"], ["refs", "tags"]):
        parts = ["/".join(parts[:3]), *parts[3:]]
    return _named(parts[0]) if len(parts) > 1 else (OTHER, "")


def _archive(ref: str) -> ArchiveUrl:
    return _named(re.sub(_SUFFIX, "", ref))


def _named(ref: str) -> ArchiveUrl:
    """Classify a ref by its name."""
    for prefix, kind in (("refs/heads/", BRANCH), ("refs/tags/", TAG)):
        if ref.startswith(prefix):
            return kind, ref.removeprefix(prefix)
    if ref == "HEAD":
        return HEAD, ref
    for pattern, kind in ((_HASH, COMMIT), (_SHORT_HASH, SHORT_COMMIT), (_VERSION, TAG)):
        if re.fullmatch(pattern, ref):
            return kind, ref
    return BRANCH, ref


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)
