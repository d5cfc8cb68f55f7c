"""GitHub's REST API: https://docs.github.com/en/rest.

Lists come in pages, each with the address of the next in its `Link` header. A page of another server is not asked for,
because requests may hold a token.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from dunnage.files import toml
from dunnage.review.advisories import Advisory
from dunnage.upstream.source import Commit, GlobalAdvisory, SourceFailed, origin

if TYPE_CHECKING:
    from dunnage.upstream.client import Client, Response

API = "https://api.github.com"
_JSON = "application/vnd.github+json"
_RAW = "application/vnd.github.raw+json"
_VERSION = "2022-11-28"
_MOST_PAGES = 200
_LONGEST_LIST = 256 * 1024 * 1024
"""In bytes. A page of 100 commits has about 0.5 MiB."""
_PAGE = 100
_LONGEST_FILE = 16 * 1024 * 1024
_MOST_FILES = 3000
"""GitHub lists no more files of a commit."""
_ABSENT = (404, 409, 410, 422)
"""The statuses for what does not exist: 409 of an empty repository, 422 of a commit."""
_HASH = r"[0-9a-f]{40}|[0-9a-f]{64}"
_OWN_NAME = r"(?!\.+$)[\w.-]{1,100}"


class GitHub:
    """One server with GitHub's REST API."""

    def __init__(self, client: "Client", base: str = API, token: str = "") -> None:
        """`token` is sent to `base` only, and may be empty."""
        self._client = client
        self._base = base.rstrip("/")
        self._token = token

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = _JSON) -> "Response | None":
        """The response for a path; None if there is nothing. Raises SourceFailed."""
        found = self._get(f"{self._base}{path}{'?' if query else ''}{urlencode(query or {})}", accept)
        return None if found.status in _ABSENT else found

    def object(self, path: str) -> dict[str, Any] | None:
        """The JSON object at a path; None if there is nothing. Raises SourceFailed."""
        response = self.get(path)
        return None if response is None else self._json(response, path, dict)

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """The JSON of each page of a list; none if there is nothing. Raises SourceFailed."""
        response = self.get(path, {**(query or {}), "per_page": str(_PAGE)})
        seen: set[str] = set()
        size = 0
        while response is not None:
            size += len(response.body)
            if size > _LONGEST_LIST:
                raise SourceFailed(f"{self._named(path)} has more than {_LONGEST_LIST // 2**20} MiB of pages")
            yield self._json(response, path, (dict, list))
            following = _next(response.headers.get("link", ""))
            if not following:
                return
            if origin(following) != origin(self._base):
                raise SourceFailed(f"{self._named(path)} continues on another server; this link is not followed")
            if following in seen or len(seen) == _MOST_PAGES:
                raise SourceFailed(f"{self._named(path)} has more than {_MOST_PAGES} pages")
            seen.add(following)
            response = self._get(following, _JSON)
            if response.status != 200:
                raise self._refused(following, response)

    def items(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The objects of a list, over all its pages. Raises SourceFailed."""
        for page in self.pages(path, query):
            yield from _objects(page)

    def advisories(self, crate: str) -> list[GlobalAdvisory]:
        """The reviewed advisories of GitHub's database that concern a crate. Raises SourceFailed."""
        return [
            found
            for entry in self.items("/advisories", {"ecosystem": "rust", "affects": crate})
            if not entry.get("withdrawn_at") and (found := _advisory(entry, crate))
        ]

    def history(self, name: str) -> "GitHubHistory | None":
        """The repository `OWNER/NAME`; None if there is none. Raises SourceFailed."""
        if not is_name(name):
            return None
        about = self.object(f"/repos/{name}")
        return None if about is None else GitHubHistory(self, name, about)

    def _get(self, url: str, accept: str) -> "Response":
        headers = {"Accept": accept, "X-GitHub-Api-Version": _VERSION}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        response = self._client.get(url, headers)
        if response.status == 401:
            raise SourceFailed(f"{urlsplit(self._base).netloc} rejects the token in GITHUB_TOKEN")
        if response.status != 200 and response.status not in _ABSENT:
            raise self._refused(url, response)
        return response

    def _refused(self, url: str, response: "Response") -> SourceFailed:
        return SourceFailed(f"{urlsplit(url).netloc}{urlsplit(url).path} responds with status {response.status}")

    def _json(self, response: "Response", path: str, kind: "type[Any] | tuple[type[Any], ...]") -> Any:
        try:
            found = json.loads(response.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, kind):
            raise SourceFailed(f"{self._named(path)} sends a response that is not the documented JSON")
        return found

    def _named(self, path: str) -> str:
        return f"{urlsplit(self._base).netloc}{path}"


class GitHubHistory:
    """A repository on GitHub: see `source.History`."""

    def __init__(self, server: GitHub, name: str, about: dict[str, Any]) -> None:
        self.name = name
        self._server = server
        self._about = about
        self._path = f"/repos/{name}"

    def commit(self, revision: str) -> Commit | None:
        """See `source.History`."""
        found = self._server.object(f"{self._path}/commits/{quote(revision or 'HEAD', safe='')}")
        return None if found is None else _commit(found)

    def between(self, old: str, new: str) -> Sequence[Commit]:
        """See `source.History`."""
        found: list[Commit] = []
        total = 0
        path = f"{self._path}/compare/{quote(old, safe='')}...{quote(new, safe='')}"
        is_known = False
        for page in self._server.pages(path):
            is_known = True
            if isinstance(page, dict):
                total = page["total_commits"] if isinstance(page.get("total_commits"), int) else total
                found += [commit for entry in _objects(page.get("commits")) if (commit := _commit(entry))]
        if not is_known:
            raise SourceFailed(f"{self.name} on GitHub does not have the commits {old[:12]} and {new[:12]}")
        if len(found) < total:
            raise SourceFailed(f"{self.name} on GitHub lists {len(found):,} of {total:,} commits")
        return found

    def touching(self, path: str, old: str, new: str, since: str) -> Collection[str]:  # noqa: ARG002 - it takes a date
        """See `source.History`."""
        query = {"path": path, "sha": new, "since": f"{since[:10]}T00:00:00Z"}
        entries = self._server.items(f"{self._path}/commits", query)
        return {commit.hash for entry in entries if (commit := _commit(entry))}

    def paths(self, commit: Commit) -> Sequence[str]:
        """See `source.History`."""
        found: list[str] = []
        for page in self._server.pages(f"{self._path}/commits/{commit.hash}"):
            files = _objects(page.get("files")) if isinstance(page, dict) else []
            found += [name for entry in files if isinstance(name := entry.get("filename"), str)]
        if len(found) >= _MOST_FILES:
            raise SourceFailed(f"{self.name} on GitHub lists only {_MOST_FILES:,} files of {commit.hash[:12]}")
        return found

    def file(self, commit: str, path: str) -> bytes | None:
        """See `source.History`."""
        response = self._server.get(f"{self._path}/contents/{quote(path)}", {"ref": commit}, _RAW)
        if response is not None and len(response.body) > _LONGEST_FILE:
            raise SourceFailed(f"{path} of {self.name} has more than {_LONGEST_FILE // 2**20} MiB")
        return None if response is None else response.body

    def releases(self) -> Sequence[tuple[str, str]]:
        """See `source.History`. Tags are not listed, because the registry knows the releases."""
        return ()

    def is_archived(self) -> bool:
        """See `source.History`."""
        return self._about.get("archived") is True


def is_name(text: str) -> bool:
    """Whether a text is `OWNER/NAME` of a repository, and so a safe part of a URL or a path."""
    owner, slash, name = text.partition("/")
    return bool(slash) and all(part.isascii() and re.fullmatch(_OWN_NAME, part) for part in (owner, name))


def repository_name(url: str) -> str:
    """The `OWNER/NAME` that a URL of github.com names; empty if it names none."""
    found = re.match(r"(?:git\+)?https?://(?:www\.)?github\.com/([^/?#]+)/([^/?#]+)", url)
    name = f"{found[1]}/{found[2].removesuffix('.git')}" if found else ""
    return name if is_name(name) else ""


def _next(link: str) -> str:
    """The address of the next page in a `Link` header (RFC 8288); empty on the last."""
    for part in link.split(","):
        address, *parameters = part.split(";")
        if any(parameter.strip() in ('rel="next"', "rel=next") for parameter in parameters):
            return address.strip().removeprefix("<").removesuffix(">")
    return ""


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _commit(entry: dict[str, Any]) -> Commit | None:
    name = _text(entry.get("sha"))
    if not isinstance(entry.get("commit"), dict) or not re.fullmatch(_HASH, name):
        return None
    date, message = (_text(toml.lookup(entry, ("commit", *keys))) for keys in (("committer", "date"), ("message",)))
    parents = tuple(_text(parent.get("sha")) for parent in _objects(entry.get("parents")))
    return Commit(name, parents, date, message)


def _advisory(entry: dict[str, Any], crate: str) -> GlobalAdvisory | None:
    """An advisory, if it names the crate: `affects` also finds advisories of other ecosystems' packages."""
    ranges, patched = [], []
    for affected in _objects(entry.get("vulnerabilities")):
        package = toml.table_at(affected, ("package",))
        if (package.get("ecosystem"), package.get("name")) != ("rust", crate):
            continue
        ranges.append(_text(affected.get("vulnerable_version_range")))
        first = affected.get("first_patched_version")
        # The documentation has seen both forms of it.
        text = _text(first.get("identifier") if isinstance(first, dict) else first)
        patched += [text] if text else []
    name = _text(entry.get("ghsa_id"))
    if not ranges or not re.fullmatch(r"GHSA(-[0-9a-z]{4}){3}", name):
        return None
    title, date = (_text(entry.get(key)) for key in ("summary", "published_at"))
    return GlobalAdvisory(Advisory(name, title, "", date, (), tuple(patched), ()), tuple(ranges))
