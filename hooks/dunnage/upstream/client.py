"""Getting documents over HTTP, from servers that may be slow, broken or hostile.

A response has a deadline, from the connection to its last byte, and a largest size. Requests that fail temporarily are
repeated. If a rate limit ends soon, the client waits for it. A redirect is followed only to the same origin, because
the request may hold a token. No header of a request, and nothing that a server says but the path of a redirect, is part
of an error message.

urllib3 is the optional dependency `dunnage[upstream]`.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from hashlib import sha256
from threading import Event, Thread
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from dunnage import __version__
from dunnage.upstream.source import LOOPBACK, SourceFailed, origin

_CHUNK = 64 * 1024
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_LIMITED = frozenset((403, 429))
_FAILURES_OF_A_SERVER = 3
"""After so many failed requests, a server is not asked again."""
_DOCUMENT = 32 * 1024 * 1024


class Limits(NamedTuple):
    """How long and how often a client tries."""

    seconds: float = 60
    """For one response, from the connection to its last byte."""
    longest_wait: float = 60
    """In seconds, for a rate limit to end. A longer one is a failure."""
    attempts: int = 4
    """How often a request is sent if it fails temporarily."""
    requests: int = 2000
    """How many requests are sent in one run."""


class Response(NamedTuple):
    """A complete response."""

    status: int
    headers: Mapping[str, str]
    """The names are in lower case."""
    body: bytes


class Client:
    """Gets documents. One client serves a run."""

    def __init__(self, limits: Limits, cache: str = "", sleep: Callable[[float], object] | None = None) -> None:
        """`cache` is the folder of responses that servers may confirm instead of sending them again; empty for none."""
        self._limits = limits
        self._cache = cache
        self._sleep = time.sleep if sleep is None else sleep
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._sent = 0
        self._failures: dict[str, int] = {}
        self._closed: dict[str, str] = {}
        """Why a server is not asked again, by its origin."""

    def get(self, url: str, headers: Mapping[str, str] | None = None, most_bytes: int = _DOCUMENT) -> Response:
        """Get a document. A response with a status that a repetition cannot change is returned as it is.

        Raises SourceFailed.
        """
        sent = {"User-Agent": f"dunnage/{__version__}", "Accept-Encoding": "identity", **(headers or {})}
        cached = self._cached(url, sent)
        etag = cached.headers.get("etag", "") if cached else ""
        if etag:
            sent["If-None-Match"] = etag
        target = url
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._response(target, sent, most_bytes)
            if response.status not in _REDIRECTS:
                break
            try:
                target = urljoin(target, response.headers.get("location", ""))
            except ValueError:
                raise SourceFailed(f"{_shown(url)} redirects to what is not a URL") from None
            if origin(target) != origin(url):
                raise SourceFailed(f"{_shown(url)} redirects to another server; this redirect is not followed")
        else:
            raise SourceFailed(f"{_shown(url)} redirects more than {_MOST_REDIRECTS} times")
        if response.status == 304 and cached is not None:
            return cached
        if response.status == 200 and response.headers.get("etag"):
            self._keep(url, sent, response)
        return response

    def _response(self, url: str, headers: Mapping[str, str], most_bytes: int) -> Response:
        """Send a request until there is a response that counts."""
        server = origin(url)
        reason = ""
        for attempt in range(self._limits.attempts):
            if server in self._closed:
                raise SourceFailed(self._closed[server])
            if attempt:
                self._sleep(2 ** (attempt - 1))
            try:
                response = self._send(url, headers, most_bytes)
            except _Interrupted as error:
                reason = str(error)
                continue
            if response.status in _LIMITED and (wait := _wait(response.headers)) is not None:
                if wait > self._limits.longest_wait:
                    until = datetime.fromtimestamp(time.time() + wait, timezone.utc)
                    self._closed[server] = (
                        f"{_shown(server)} accepts no more requests until {until:%Y-%m-%d %H:%M} UTC: "
                        "its rate limit is reached (GITHUB_TOKEN raises that of GitHub)"
                    )
                    continue
                self._sleep(wait)
                reason = "its rate limit is reached"
                continue
            if response.status >= 500 or response.status == 408:
                reason = f"the response has status {response.status}"
                continue
            return response
        if server in self._closed:
            raise SourceFailed(self._closed[server])
        message = f"{_shown(url)} cannot be read: {reason}"
        self._failures[server] = self._failures.get(server, 0) + 1
        if self._failures[server] >= _FAILURES_OF_A_SERVER:
            self._closed[server] = f"{_shown(server)} gets no more requests: {_FAILURES_OF_A_SERVER} requests failed"
        raise SourceFailed(message)

    def _send(self, url: str, headers: Mapping[str, str], most_bytes: int) -> Response:
        """Send a request once. Raises _Interrupted if it may succeed later, and else SourceFailed."""
        if self._sent >= self._limits.requests:
            raise SourceFailed(f"{_shown(url)} is not read: this run has sent {self._limits.requests:,} requests")
        self._sent += 1
        pool = self._pool(url)
        seconds = self._limits.seconds
        outcome: list[Response | Exception] = []
        is_late = Event()

        def work() -> None:
            try:
                outcome.append(_read(pool, url, headers, most_bytes, seconds, is_late))
            except (HTTPError, OSError, ValueError, SourceFailed) as error:
                outcome.append(error)

        # The deadline of a socket begins again with each byte, and so bounds nothing that comes slowly.
        worker = Thread(target=work, daemon=True)
        worker.start()
        worker.join(seconds)
        is_late.set()
        found = outcome[0] if outcome else ReadTimeoutError(pool, "", "")  # type: ignore[arg-type] # as urllib3 does
        if isinstance(found, Response):
            return found
        if isinstance(found, SourceFailed):
            raise found
        raise _Interrupted(_reason(found, seconds))

    def _pool(self, url: str) -> urllib3.PoolManager:
        """The connections to use: through the proxy that the environment names, or directly."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        # Plain HTTP is for this machine only, and would show a token to a proxy.
        is_direct = host in LOOPBACK or proxy_bypass(host)
        proxy = "" if is_direct else getproxies().get(parts.scheme, "")
        if proxy not in self._pools:
            try:
                self._pools[proxy] = _through(proxy) if proxy else urllib3.PoolManager()
            except (HTTPError, ValueError):
                raise SourceFailed(f"the proxy for {parts.scheme} in the environment is not a URL of HTTP") from None
        return self._pools[proxy]

    def _path(self, url: str, headers: Mapping[str, str]) -> str:
        """Where a response is kept. It depends on the token whether a server confirms a response."""
        identity = "\0".join((url, headers.get("Accept", ""), headers.get("Authorization", "")))
        return os.path.join(self._cache, "http", sha256(identity.encode()).hexdigest())

    def _cached(self, url: str, headers: Mapping[str, str]) -> Response | None:
        if not self._cache:
            return None
        try:
            with open(self._path(url, headers), "rb") as stream:
                head, _, body = stream.read().partition(b"\n")
            kept = json.loads(head)
            return Response(200, {name: str(kept[name]) for name in _KEPT if name in kept}, body)
        except (OSError, ValueError, TypeError):
            return None

    def _keep(self, url: str, headers: Mapping[str, str], response: Response) -> None:
        """Keep a response for the next run, if there is a cache. A full disk is no reason to fail."""
        if not self._cache:
            return
        path = self._path(url, headers)
        head = json.dumps({name: response.headers[name] for name in _KEPT if name in response.headers})
        with suppress(OSError):
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(f"{path}.{os.getpid()}", "wb") as stream:
                stream.write(head.encode("ascii") + b"\n" + response.body)
            os.replace(f"{path}.{os.getpid()}", path)


_KEPT = ("etag", "link")
"""The headers that are kept with a response."""


class _Interrupted(Exception):
    """A request that may succeed later. The message is a clause that says why it failed."""


def _through(proxy: str) -> urllib3.ProxyManager:
    """The connections through a proxy. Raises HTTPError or ValueError if it is none."""
    address = proxy if "://" in proxy else f"http://{proxy}"
    parts = urlsplit(address)
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    return urllib3.ProxyManager(address, proxy_headers=urllib3.make_headers(proxy_basic_auth=credentials))


def _read(
    pool: urllib3.PoolManager,
    url: str,
    headers: Mapping[str, str],
    most_bytes: int,
    seconds: float,
    is_late: Event,
) -> Response:
    incoming = pool.urlopen(
        "GET",
        url,
        headers=dict(headers),
        redirect=False,
        retries=False,
        preload_content=False,
        decode_content=False,
        timeout=urllib3.Timeout(connect=seconds, read=seconds),
    )
    try:
        if incoming.headers.get("Content-Encoding", "identity") != "identity":
            raise SourceFailed(f"{_shown(url)} sends a compressed response, which was not requested")
        pieces: list[bytes] = []
        size = 0
        for piece in incoming.stream(_CHUNK, decode_content=False):
            pieces.append(piece)
            size += len(piece)
            if size > most_bytes:
                raise SourceFailed(f"{_shown(url)} sends more than {most_bytes // 2**20} MiB")
            if is_late.is_set():
                break
        found = {name.lower(): value for name, value in incoming.headers.items()}
        response = Response(incoming.status, found, b"".join(pieces))
    except BaseException:
        incoming.close()
        raise
    incoming.release_conn()
    return response


def _reason(error: Exception, seconds: float) -> str:
    """Why a request failed, in words of our own: those of the error may quote what was sent."""
    if isinstance(error, NewConnectionError):
        return "there is no connection"
    if isinstance(error, (ConnectTimeoutError, ReadTimeoutError)):
        return f"there is no complete response within {seconds:g} seconds"
    if isinstance(error, SSLError):
        return "its certificate is not accepted"
    if isinstance(error, ProxyError):
        return "there is no connection through the proxy"
    return "the response is truncated or malformed"


def _wait(headers: Mapping[str, str]) -> float | None:
    """How many seconds a rate limit lasts; None if a response is not about a rate limit.

    Source: "Rate limits for the REST API" and "Best practices" in GitHub's documentation of REST.
    """
    after = headers.get("retry-after", "").strip()
    if after.isascii() and after.isdigit() and len(after) < 10:
        return float(after)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        known = reset.isascii() and reset.isdigit() and len(reset) < 12
        return max(float(reset) - time.time(), 0) + 1 if known else 3600.0
    return None


def _shown(url: str) -> str:
    """A URL as messages show it: without a query."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
