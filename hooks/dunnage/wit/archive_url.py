"""Whether the URL of an archive is immutable, or may serve other content later.

Recognizes the paths under which GitHub, GitLab, Gitea and Forgejo (the software of Codeberg), Bitbucket and SourceHut
serve files of a repository and of its releases, on any host, because most of these can be self-hosted.
"""

import re
from typing import NamedTuple

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


class ArchiveUrl(NamedTuple):
    """The kind of a URL and the ref in it."""

    kind: str
    """One of the constants above."""
    ref: str
    """The commit, tag or branch, without `refs/heads/`; for a release, its tag; empty if the URL has none."""


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
        return ArchiveUrl(OTHER, "")
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
            return ArchiveUrl(HEAD, "")
        case [first, *ref] if first in _ARCHIVES and ref:
            return _archive("/".join(ref))
        case ["releases", "latest", "download", _, *_]:
            return ArchiveUrl(LATEST_RELEASE, "")
        case ["releases", "download", tag, _, *_]:
            return ArchiveUrl(RELEASE_ASSET, tag)
        case ["raw" | "src", "tag", tag, _, *_]:
            return ArchiveUrl(TAG, tag)
        case ["raw" | "src", "branch", branch, _, *_]:
            return ArchiveUrl(BRANCH, branch)
        case ["raw" | "src", "commit", commit, _, *_]:
            return _named(commit)
        case ["raw", *rest]:
            return _ref_before_path(rest)
    return ArchiveUrl(OTHER, "")


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
            return ArchiveUrl(LATEST_RELEASE, "")
        case ["releases", tag, "downloads", *_]:
            return ArchiveUrl(RELEASE_ASSET, tag)
    return ArchiveUrl(OTHER, "")


def _of_gitlab_api(parts: list[str], query: str) -> ArchiveUrl:
    """Classify the segments of a path of GitLab's API after `/api/v4`."""
    match parts:
        case ["projects", _, "repository", archive] if archive.split(".")[0] == "archive":
            refs = [value for name, _, value in (part.partition("=") for part in query.split("&")) if name == "sha"]
            return _named(_unquoted(refs[0])) if refs else ArchiveUrl(HEAD, "")
    return ArchiveUrl(OTHER, "")


def _ref_before_path(parts: list[str]) -> ArchiveUrl:
    """Classify segments that begin with a ref and end with the path of a file."""
    if parts[:2] in (["refs", "heads"], ["refs", "tags"]):
        parts = ["/".join(parts[:3]), *parts[3:]]
    return _named(parts[0]) if len(parts) > 1 else ArchiveUrl(OTHER, "")


def _archive(ref: str) -> ArchiveUrl:
    return _named(re.sub(_SUFFIX, "", ref))


def _named(ref: str) -> ArchiveUrl:
    """Classify a ref by its name."""
    for prefix, kind in (("refs/heads/", BRANCH), ("refs/tags/", TAG)):
        if ref.startswith(prefix):
            return ArchiveUrl(kind, ref.removeprefix(prefix))
    if ref == "HEAD":
        return ArchiveUrl(HEAD, ref)
    for pattern, kind in ((_HASH, COMMIT), (_SHORT_HASH, SHORT_COMMIT), (_VERSION, TAG)):
        if re.fullmatch(pattern, ref):
            return ArchiveUrl(kind, ref)
    return ArchiveUrl(BRANCH, ref)


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)
