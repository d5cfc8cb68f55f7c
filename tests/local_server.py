"""A local server that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple


class Reply(NamedTuple):
    """One answer."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    """The `Content-Length`, if it is not that of the body."""
    repeat: int = 1
    """How often the body is sent."""
    hangs_after: int | None = None
    """After so many bytes nothing comes until the test ends."""


class Request(NamedTuple):
    """What a client sent."""

    path: str
    headers: dict[str, str]
    """The names are in lower case."""


class Server:
    """The answers by path and query. The last answer of a list is given again and again."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.replies: dict[str, list[Reply]] = {}
        self.otherwise: Callable[[str], Reply | None] = lambda _: None
        """The answer for a path that is not among `replies`; None for status 404."""
        self.requests: list[Request] = []
        self.ended = Event()

    def add(self, path: str, *replies: Reply) -> None:
        """Give these answers for a path, in this order."""
        self.replies[path] = list(replies)

    def counts(self) -> dict[str, int]:
        """How often each path was asked for."""
        found: dict[str, int] = defaultdict(int)
        for request in self.requests:
            found[request.path] += 1
        return dict(found)


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.requests.append(Request(self.path, {name.lower(): value for name, value in self.headers.items()}))
            replies = server.replies.get(self.path)
            if replies:
                self._send(replies.pop(0) if len(replies) > 1 else replies[0])
            else:
                self._send(server.otherwise(self.path) or Reply(b'{"message": "Not Found"}', 404))

        def do_CONNECT(self) -> None:
            """A proxy that opens no tunnel."""
            self.do_GET()

        def _send(self, reply: Reply) -> None:
            self.close_connection = True
            length = len(reply.body) * reply.repeat if reply.length is None else reply.length
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(length))
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                if reply.hangs_after is not None:
                    self.wfile.write(reply.body[: reply.hangs_after])
                    self.wfile.flush()
                    server.ended.wait(30)
                    return
                for _ in range(reply.repeat):
                    self.wfile.write(reply.body)
            except OSError:
                pass  # the client has read enough

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server = Server(httpd.server_address[1])
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        httpd.shutdown()
        thread.join()
        httpd.server_close()
