"""A client reads complete responses, and gives up on servers that are slow, broken or hostile."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dunnage.upstream.client import Client, Limits
from dunnage.upstream.source import SourceFailed
from local_server import Reply, Server

LIMITS = Limits(seconds=20, longest_wait=50, attempts=3, requests=50)


class Sleeps(list[float]):
    """The times that a client waited, without waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(sleeps: Sleeps | None = None, limits: Limits = LIMITS, cache: str = "") -> Client:
    """A client that does not wait."""
    return Client(limits, cache, sleeps if sleeps is not None else Sleeps())


def test_a_document_is_read(server: Server) -> None:
    server.add("/a?b=1", Reply(b"text", headers=(("Link", "next"),)))
    response = client().get(f"{server.url}/a?b=1", {"Accept": "text/plain"})
    assert (response.status, response.body, response.headers["link"]) == (200, b"text", "next")
    assert server.requests[0].headers["accept"] == "text/plain"
    assert server.requests[0].headers["user-agent"].startswith("dunnage/")


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_a_final_status_is_returned_after_one_request(server: Server, status: int) -> None:
    server.add("/a", Reply(b"no", status))
    assert client().get(f"{server.url}/a").status == status
    assert server.counts() == {"/a": 1}


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Reply(b"", 500), id="500"),
        pytest.param(Reply(b"", 502), id="502"),
        pytest.param(Reply(b"", 503), id="503"),
        pytest.param(Reply(b"cut", length=100), id="cut off"),
    ],
)
def test_a_passing_failure_is_tried_again_with_longer_pauses(server: Server, broken: Reply) -> None:
    server.add("/a", broken, broken, Reply(b"good"))
    sleeps = Sleeps()
    assert client(sleeps).get(f"{server.url}/a").body == b"good"
    assert sleeps == [1, 2]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(Reply(b"", 500), "the response has status 500", id="500"),
        pytest.param(Reply(b"cut", length=100), "the response is truncated or malformed", id="cut off"),
    ],
)
def test_a_lasting_failure_ends_after_so_many_attempts(server: Server, reply: Reply, reason: str) -> None:
    server.add("/a?private=1", reply)
    with pytest.raises(SourceFailed, match=rf"/a cannot be read: {reason}$"):
        client().get(f"{server.url}/a?private=1")
    assert len(server.requests) == LIMITS.attempts


def test_a_server_that_fails_again_and_again_is_not_asked_again(server: Server) -> None:
    server.add("/a", Reply(b"", 500))
    asking = client()
    for _ in range(10):
        with pytest.raises(SourceFailed):
            asking.get(f"{server.url}/a")
    assert len(server.requests) == 3 * LIMITS.attempts


def test_a_closed_port_is_a_failure() -> None:
    with pytest.raises(SourceFailed, match="there is no connection"):
        client().get("http://127.0.0.1:1/a")


def test_a_response_that_does_not_end_is_given_up(server: Server) -> None:
    server.add("/a", Reply(b"0123456789", hangs_after=5))
    with pytest.raises(SourceFailed, match=r"there is no complete response within 0\.2 seconds"):
        client(limits=LIMITS._replace(seconds=0.2, attempts=1)).get(f"{server.url}/a")


def test_a_large_response_is_not_read_to_its_end(server: Server) -> None:
    server.add("/a", Reply(b"x" * 2**20, repeat=100))
    with pytest.raises(SourceFailed, match="/a sends more than 4 MiB"):
        client().get(f"{server.url}/a", most_bytes=4 * 2**20)
    assert len(server.requests) == 1


def test_a_compressed_response_is_not_unpacked(server: Server) -> None:
    server.add("/a", Reply(b"bomb", headers=(("Content-Encoding", "gzip"),)))
    with pytest.raises(SourceFailed, match="compressed"):
        client().get(f"{server.url}/a")
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_a_redirect_within_a_server_is_followed(server: Server) -> None:
    server.add("/a", Reply(b"", 301, (("Location", "/b"),)))
    server.add("/b", Reply(b"moved"))
    assert client().get(f"{server.url}/a", {"Authorization": "Bearer t0ken"}).body == b"moved"


@pytest.mark.parametrize("location", ["http://localhost:{port}/b", "https://127.0.0.1:{port}/b", "//example.com/b"])
def test_a_redirect_to_another_server_is_refused(server: Server, location: str) -> None:
    target = location.format(port=server.url.rpartition(":")[2])
    server.add("/a", Reply(b"", 302, (("Location", target),)))
    with pytest.raises(SourceFailed, match="redirects to another server") as failed:
        client().get(f"{server.url}/a", {"Authorization": "Bearer t0ken"})
    assert server.counts() == {"/a": 1}
    assert "t0ken" not in str(failed.value)


@pytest.mark.parametrize("location", ["//[", "http://[::1", "https://\u2100/"])
def test_a_redirect_to_what_is_no_url(server: Server, location: str) -> None:
    server.add("/a", Reply(b"", 302, (("Location", location.encode().decode("latin-1")),)))
    with pytest.raises(SourceFailed, match="redirects to"):
        client().get(f"{server.url}/a")
    with pytest.raises(SourceFailed, match="a server names an address that is not a URL"):
        client().get(location if ":" in location else f"http:{location}")


def test_redirects_in_a_circle_end(server: Server) -> None:
    server.add("/a", Reply(b"", 302, (("Location", "/a"),)))
    with pytest.raises(SourceFailed, match="redirects more than 5 times"):
        client().get(f"{server.url}/a")
    assert len(server.requests) == 6


@pytest.mark.parametrize("status", [403, 429])
def test_a_short_rate_limit_is_waited_for(server: Server, status: int) -> None:
    reset = str(int(time.time()) + 20)
    limited = Reply(b"", status, (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset)))
    server.add("/a", limited, Reply(b"good"))
    sleeps = Sleeps()
    assert client(sleeps).get(f"{server.url}/a").body == b"good"
    assert 0 < sleeps[0] <= 22


def test_a_secondary_rate_limit_says_how_long_to_wait(server: Server) -> None:
    server.add("/a", Reply(b"", 403, (("Retry-After", "7"),)), Reply(b"good"))
    sleeps = Sleeps()
    assert client(sleeps).get(f"{server.url}/a").body == b"good"
    assert sleeps[0] == 7


@pytest.mark.parametrize(
    "reset", ["99999999999", "soon", "-5", "9" * 500, ""], ids=["far", "words", "negative", "huge", "empty"]
)
def test_a_long_rate_limit_ends_the_requests_to_the_server(server: Server, reset: str) -> None:
    server.add("/a", Reply(b"", 403, (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset))))
    asking = client()
    for _ in range(3):
        with pytest.raises(SourceFailed, match=r"accepts no more requests until \d{4}-\d\d-\d\d \d\d:\d\d UTC"):
            asking.get(f"{server.url}/a")
    assert len(server.requests) == 1


def test_a_refusal_that_is_no_rate_limit_is_returned(server: Server) -> None:
    server.add("/a", Reply(b"", 403, (("X-RateLimit-Remaining", "40"),)))
    assert client().get(f"{server.url}/a").status == 403


def test_a_run_sends_a_limited_number_of_requests(server: Server) -> None:
    server.add("/a", Reply(b"good"))
    asking = client(limits=LIMITS._replace(requests=3))
    for _ in range(3):
        asking.get(f"{server.url}/a")
    with pytest.raises(SourceFailed, match="this run has sent 3 requests"):
        asking.get(f"{server.url}/a")


def test_a_confirmed_response_comes_from_the_cache(server: Server, tmp_path: Path) -> None:
    server.add("/a", Reply(b"old\nbody", headers=(("ETag", '"1"'), ("Link", "more"))), Reply(b"", 304))
    for _ in range(2):
        response = client(cache=str(tmp_path)).get(f"{server.url}/a")
        assert (response.status, response.body, response.headers["link"]) == (200, b"old\nbody", "more")
    assert server.requests[1].headers["if-none-match"] == '"1"'


def test_a_response_for_one_token_is_not_given_to_another(server: Server, tmp_path: Path) -> None:
    server.add("/a", Reply(b"private", headers=(("ETag", '"1"'),)))
    for token in ("one", "two"):
        client(cache=str(tmp_path)).get(f"{server.url}/a", {"Authorization": f"Bearer {token}"})
    assert "if-none-match" not in server.requests[1].headers
    assert not any(b"one" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_confirmed_response_behind_a_redirect_comes_from_the_cache(server: Server, tmp_path: Path) -> None:
    server.add("/a", Reply(b"", 301, (("Location", "/b"),)))
    server.add("/b", Reply(b"moved", headers=(("ETag", '"1"'),)), Reply(b"", 304))
    for _ in range(2):
        assert client(cache=str(tmp_path)).get(f"{server.url}/a").body == b"moved"
    assert server.requests[-1].headers["if-none-match"] == '"1"'


@pytest.mark.parametrize("kept", [b"", b"[]\nbody", b"{\nbody", b'{"etag": 5}\nbody', b"\xff\xfe"])
def test_a_damaged_cache_is_no_failure(server: Server, tmp_path: Path, kept: bytes) -> None:
    server.add("/a", Reply(b"new", headers=(("ETag", '"1"'),)))
    client(cache=str(tmp_path)).get(f"{server.url}/a")
    for path in (tmp_path / "http").iterdir():
        path.write_bytes(kept)
    assert client(cache=str(tmp_path)).get(f"{server.url}/a").body == b"new"


@pytest.mark.parametrize(
    ("credentials", "header"), [("", None), ("user:p%40ss@", "Basic dXNlcjpwQHNz")], ids=["open", "with a password"]
)
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_the_proxy_of_the_environment_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch, scheme: str, credentials: str, header: str | None
) -> None:
    monkeypatch.setenv("http_proxy", f"{scheme}{credentials}{server.url.removeprefix('http://')}")
    server.add("http://upstream.invalid/a", Reply(b"through the proxy"))
    assert client().get("http://upstream.invalid/a").body == b"through the proxy"
    assert server.requests[0].headers.get("proxy-authorization") == header


def test_a_proxy_does_not_see_the_token(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", server.url)
    with pytest.raises(SourceFailed, match="there is no connection through the proxy") as failed:
        client().get("https://upstream.invalid/a", {"Authorization": "Bearer t0ken"})
    assert {request.path for request in server.requests} == {"upstream.invalid:443"}
    assert not any("authorization" in request.headers for request in server.requests)
    assert "t0ken" not in str(failed.value)


def test_no_proxy_sees_what_is_for_this_machine(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.add("/a", Reply(b"direct"))
    assert client().get(f"{server.url}/a").body == b"direct"


def test_a_proxy_of_another_kind_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://user:secret@127.0.0.1:1")
    with pytest.raises(SourceFailed, match="is not a URL of HTTP") as failed:
        client().get("http://upstream.invalid/a")
    assert "secret" not in str(failed.value)
