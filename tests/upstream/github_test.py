"""GitHub's REST API, where a response is not what the documentation says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dunnage.upstream.client import Client, Limits
from dunnage.upstream.github import GitHub, is_name, repository_name
from dunnage.upstream.source import Commit, History, SourceFailed
from local_server import Reply, Server

OLD, NEW = "1" * 40, "2" * 40
TOP = "/repos/a/b"
COMPARISON = f"{TOP}/compare/{OLD}...{NEW}"


def history(server: Server) -> History:
    """A repository, as a server shows it."""
    server.add(TOP, reply({}))
    found = GitHub(Client(Limits(seconds=20, attempts=1)), server.url).history("a/b")
    assert found is not None
    return found


def reply(value: Any, following: str = "") -> Reply:
    """A page of JSON."""
    headers = (("Link", f'<{following}>; rel="next"'),) if following else ()
    return Reply(json.dumps(value).encode(), headers=headers)


def entry(name: str) -> dict[str, Any]:
    """A commit."""
    return {"sha": name, "parents": [{"sha": OLD}], "commit": {"message": "m", "committer": {"date": "2024-01-01"}}}


def commit(name: str) -> Commit:
    """The same commit."""
    return Commit(name, (OLD,), "2024-01-01", "m")


def test_no_token_is_no_header(server: Server) -> None:
    history(server)
    assert "authorization" not in server.requests[0].headers
    assert server.requests[0].headers["accept"] == "application/vnd.github+json"
    assert server.requests[0].headers["x-github-api-version"] == "2022-11-28"


def test_all_pages_of_a_comparison_are_read(server: Server) -> None:
    names = [str(number) * 40 for number in range(3, 7)]
    address = f"{server.url}{COMPARISON}?per_page=100"
    server.add(
        f"{COMPARISON}?per_page=100",
        reply({"total_commits": 4, "commits": [entry(name) for name in names[:2]]}, f"{address}&page=2"),
    )
    server.add(f"{COMPARISON}?per_page=100&page=2", reply({"total_commits": 4, "commits": list(map(entry, names[2:]))}))
    assert history(server).between(OLD, NEW) == [commit(name) for name in names]


@pytest.mark.parametrize(
    ("page", "failure"),
    [
        pytest.param(reply({"total_commits": 5, "commits": [entry(NEW)]}), "lists 1 of 5 commits", id="too few"),
        pytest.param(Reply(b"", 404), "does not have the commits", id="none"),
        pytest.param(reply({"total_commits": 1}, "http://127.0.0.1:1/x"), "another server", id="next elsewhere"),
        pytest.param(reply("text"), "not the documented JSON", id="a text"),
    ],
)
def test_an_incomplete_comparison_is_a_failure(server: Server, page: Reply, failure: str) -> None:
    server.add(f"{COMPARISON}?per_page=100", page)
    with pytest.raises(SourceFailed, match=failure):
        history(server).between(OLD, NEW)


@pytest.mark.parametrize("status", [404, 409, 422, 451])
def test_a_next_page_that_is_missing_is_a_failure(server: Server, status: int) -> None:
    path = f"{COMPARISON}?per_page=100"
    server.add(path, reply({"total_commits": 1, "commits": [entry(NEW)]}, f"{server.url}{path}&page=2"))
    server.add(f"{path}&page=2", Reply(b"{}", status))
    with pytest.raises(SourceFailed, match=f"/compare/{OLD}...{NEW} responds with status {status}"):
        history(server).between(OLD, NEW)


def test_pages_in_a_circle_end(server: Server) -> None:
    path = f"{COMPARISON}?per_page=100"
    server.add(path, reply({"commits": []}, f"{server.url}{path}"))
    with pytest.raises(SourceFailed, match="more than 200 pages"):
        history(server).between(OLD, NEW)
    assert server.counts()[path] == 2


def test_a_next_page_that_is_no_url(server: Server) -> None:
    server.otherwise = lambda _: reply({"commits": []}, "http://[")
    with pytest.raises(SourceFailed, match="a server names an address that is not a URL"):
        history(server).between(OLD, NEW)


def test_endless_pages_end(server: Server) -> None:
    def endless(path: str) -> Reply:
        return reply({"commits": []}, f"{server.url}{path}0")

    server.otherwise = endless
    with pytest.raises(SourceFailed, match="more than 200 pages"):
        history(server).between(OLD, NEW)
    assert len(server.requests) < 210


def test_large_pages_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.upstream.github._LONGEST_LIST", 2**21)
    page = {"commits": [], "unused": "x" * 2**20}
    following = f"{server.url}{COMPARISON}?page=2"
    server.add(f"{COMPARISON}?per_page=100", reply(page, following))
    server.add(f"{COMPARISON}?page=2", reply(page))
    with pytest.raises(SourceFailed, match="more than 2 MiB of pages"):
        history(server).between(OLD, NEW)


@pytest.mark.parametrize(
    "malformed",
    [
        {},
        {"sha": NEW},
        {"sha": "short", "commit": {}},
        {"sha": 5, "commit": {}},
        {"sha": NEW, "commit": "text"},
        {"sha": "../" * 13 + "x", "commit": {}},
    ],
)
def test_a_malformed_commit_is_none(server: Server, malformed: dict[str, Any]) -> None:
    server.add(f"{TOP}/commits/v1", reply(malformed))
    assert history(server).commit("v1") is None


def test_a_revision_is_one_part_of_a_path(server: Server) -> None:
    assert history(server).commit("../../x?y#z") is None
    assert server.requests[-1].path == f"{TOP}/commits/..%2F..%2Fx%3Fy%23z"


def test_the_files_of_a_commit_come_in_pages(server: Server) -> None:
    path = f"{TOP}/commits/{NEW}?per_page=100"
    server.add(path, reply({"files": [{"filename": "a.rs"}, {"filename": 5}, 7]}, f"{server.url}{path}&page=2"))
    server.add(f"{path}&page=2", reply({"files": [{"filename": "b.rs"}]}))
    assert history(server).paths(commit(NEW)) == ["a.rs", "b.rs"]


def test_a_commit_with_more_files_than_github_lists_is_a_failure(server: Server) -> None:
    server.add(
        f"{TOP}/commits/{NEW}?per_page=100", reply({"files": [{"filename": str(number)} for number in range(3000)]})
    )
    with pytest.raises(SourceFailed, match=r"a/b on GitHub lists only 3,000 files of 222222222222"):
        history(server).paths(commit(NEW))


def test_a_file_that_is_too_large_is_a_failure(server: Server) -> None:
    server.add(f"{TOP}/contents/Cargo.lock?ref={NEW}", Reply(b"x" * 2**20, repeat=17))
    with pytest.raises(SourceFailed, match=r"Cargo\.lock of a/b has more than 16 MiB"):
        history(server).file(NEW, "Cargo.lock")


def test_a_file_is_read_as_it_is(server: Server) -> None:
    server.add(f"{TOP}/contents/Cargo.lock?ref={NEW}", Reply(b"\xff\n"))
    found = history(server)
    assert found.file(NEW, "Cargo.lock") == b"\xff\n"
    assert server.requests[-1].headers["accept"] == "application/vnd.github.raw+json"
    assert found.file(NEW, "other") is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/a/b", "a/b"),
        ("https://github.com/a/b.git", "a/b"),
        ("https://github.com/a/b/tree/main/crates/c", "a/b"),
        ("git+https://github.com/a/b#readme", "a/b"),
        ("http://www.github.com/a/b/", "a/b"),
        ("https://github.com/a", ""),
        ("https://github.com/../b", ""),
        ("https://github.com/a/..", ""),
        ("https://github.com/a%2f/b", ""),
        ("https://example.com/https://github.com/a/b", ""),
        ("https://github.com.example.com/a/b", ""),
        ("git@github.com:a/b.git", ""),
        ("", ""),
    ],
)
def test_the_repository_in_a_manifest(url: str, name: str) -> None:
    assert repository_name(url) == name


@pytest.mark.parametrize("name", ["", "a", "a/", "/b", "a/b/c", "a/b c", "a/ü", "./b", "a/.", "a\n/b"])
def test_what_is_no_name(server: Server, name: str) -> None:
    assert not is_name(name)
    assert GitHub(Client(Limits()), server.url).history(name) is None
    assert server.requests == []
