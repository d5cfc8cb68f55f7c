"""What the URL of an archive names: something that never changes, or something that may be another thing tomorrow.

Knows the paths under which GitHub, GitLab, Gitea and Forgejo (which Codeberg runs), Bitbucket and SourceHut serve the
files of a repository and of its releases, on whatever host: all of them can be self-hosted.
"""

import re
from typing import NamedTuple

COMMIT = "commit"
"""A full commit: nothing else can ever stand under that name."""
SHORT_COMMIT = "short commit"
"""What looks like a shortened commit: a branch or tag of that name would go before it."""
TAG = "tag"
"""A tag, or what looks like the name of one: it can be moved, though that is seldom done."""
BRANCH = "branch"
"""A branch, or a name that is not known to be anything else."""
HEAD = "HEAD"
"""The newest commit of the default branch."""
LATEST_RELEASE = "latest release"
"""A file of whatever release is the newest."""
RELEASE_ASSET = "release asset"
"""A file of one release: it can be replaced."""
OTHER = "other"
"""None of these: nothing is known about it."""


class ArchiveUrl(NamedTuple):
    """What a URL names."""

    kind: str
    """One of the constants above."""
    ref: str
    """The commit, tag or branch, without `refs/heads/`; the tag of a release; empty if the URL has none."""


_URL = r"(?i)https?://(?:[^/?#]*@)?([^/?#:]*)(?::\d*)?/?([^?#]*)(?:\?([^#]*))?"
_HASH = "[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?"
_SHORT_HASH = "(?=[a-fA-F]*[0-9])[0-9a-fA-F]{7,39}"
# `v1.2.3`, `0.2.0-rc-2023-11-10`, `wit-v0.2.0`; but neither `main` nor `v2`, which is mostly a branch.
_VERSION = r"(?:.*[-_/@])?v?[0-9]+\.[0-9].*"
_SUFFIX = r"\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|zip|bundle)$"
# Where the name of a commit, tag or branch, and nothing else, follows `/OWNER/REPOSITORY/`: GitHub and Gitea have
# `archive`, SourceHut too; GitHub and its API `tarball` and `zipball`, codeload.github.com the next four, Bitbucket
# `get`.
_ARCHIVES = ("archive", "tarball", "zipball", "tar.gz", "zip", "legacy.tar.gz", "legacy.zip", "get")
_RAW_HOST = "raw.githubusercontent.com"


def classify(url: str) -> ArchiveUrl:
    """Say what a URL names, by its text alone."""
    match = re.match(_URL, url)
    if match is None:
        return ArchiveUrl(OTHER, "")
    parts = [_unquoted(part) for part in match[2].split("/") if part]
    if match[1].lower() == _RAW_HOST:
        return _in_front_of_path(parts[2:])
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
    """Say what a path names that these parts of it, after the owner and the repository, are left of."""
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
            return _in_front_of_path(rest)
    return ArchiveUrl(OTHER, "")


def _of_gitlab(parts: list[str]) -> ArchiveUrl:
    """Say what a path names whose parts after `/-/` these are."""
    match parts:
        case ["archive", ref]:
            return _archive(ref)
        case ["archive", *ref, _]:
            return _named("/".join(ref))
        case ["raw", *rest]:
            return _in_front_of_path(rest)
        case ["releases", "permalink", "latest", *_]:
            return ArchiveUrl(LATEST_RELEASE, "")
        case ["releases", tag, "downloads", *_]:
            return ArchiveUrl(RELEASE_ASSET, tag)
    return ArchiveUrl(OTHER, "")


def _of_gitlab_api(parts: list[str], query: str) -> ArchiveUrl:
    """Say what a path names whose parts after `/api/v4` these are."""
    match parts:
        case ["projects", _, "repository", archive] if archive.split(".")[0] == "archive":
            asked = [value for name, _, value in (part.partition("=") for part in query.split("&")) if name == "sha"]
            return _named(_unquoted(asked[0])) if asked else ArchiveUrl(HEAD, "")
    return ArchiveUrl(OTHER, "")


def _in_front_of_path(parts: list[str]) -> ArchiveUrl:
    """Say what the name stands for that is in front of the path of a file."""
    if parts[:2] in (["refs", "heads"], ["refs", "tags"]):
        parts = ["/".join(parts[:3]), *parts[3:]]
    return _named(parts[0]) if len(parts) > 1 else ArchiveUrl(OTHER, "")


def _archive(ref: str) -> ArchiveUrl:
    return _named(re.sub(_SUFFIX, "", ref))


def _named(ref: str) -> ArchiveUrl:
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
