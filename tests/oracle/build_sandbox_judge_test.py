"""What real cargo compiles when it packages and publishes, and what a build script can read then."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

VARIABLE = "CARGO_REGISTRIES_LOCAL_TOKEN"
VALUE = "value-of-the-token"
SCRIPT = f"""
fn main() {{
    let token = std::env::var("{VARIABLE}").unwrap_or_else(|_| "no token".into());
    std::fs::write(std::env::var("RECORD").unwrap(), token).unwrap();
}}
"""


class Registry(BaseHTTPRequestHandler):
    """A registry of cargo on this machine, with a sparse index. It keeps what is published."""

    published: ClassVar[dict[str, str]]
    port: int

    def do_GET(self) -> None:
        """Serve the configuration, and the index of the crates that have been published."""
        name = self.path.rpartition("/")[2]
        if name == "config.json":
            address = f"http://127.0.0.1:{self.port}"
            self._answer(200, json.dumps({"dl": f"{address}/dl", "api": address}))
        elif name in self.published:
            self._answer(200, self.published[name])
        else:
            self._answer(404, "")

    def do_PUT(self) -> None:
        """Accept a crate. Source: the Cargo book, "Registry Web API"."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        size = int.from_bytes(body[:4], "little")
        metadata = json.loads(body[4 : 4 + size])
        line = {"name": metadata["name"], "vers": metadata["vers"], "deps": [], "features": {}, "yanked": False}
        line["cksum"] = hashlib.sha256(body[8 + size :]).hexdigest()
        assert self.headers["Authorization"] == VALUE
        self.published[metadata["name"]] = json.dumps(line)
        self._answer(200, json.dumps({"warnings": {"invalid_categories": [], "invalid_badges": [], "other": []}}))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name of the base class
        """Print nothing."""

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def registry(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Serve a registry, and make it that of the crates in the working directory."""

    class Handler(Registry):
        published: ClassVar[dict[str, str]] = {}

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index = f"sparse+http://127.0.0.1:{server.server_port}/index/"
        (folder / ".cargo").mkdir()
        (folder / ".cargo/config.toml").write_text(f'[registries.local]\nindex = "{index}"\n')
        monkeypatch.setenv("CARGO_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("RECORD", str(tmp_path / "record"))
        yield Handler.published
        server.shutdown()


def crate(name: str, dependencies: str = "") -> None:
    """Write a crate with a build script."""
    folder = Path(name)
    (folder / "src").mkdir(parents=True)
    (folder / "src/lib.rs").write_text("")
    (folder / "build.rs").write_text(SCRIPT)
    head = f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\npublish = ["local"]\n'
    head += 'description = "x"\nlicense = "MIT"\n'
    (folder / "Cargo.toml").write_text(f"{head}[dependencies]\n{dependencies}")


def run(cargo: str, command: str, *, has_token: bool) -> str | None:
    """Run cargo; return what the build script has read, None if it was not run."""
    record = Path(os.environ["RECORD"])
    record.unlink(missing_ok=True)
    environment = {**os.environ, **({VARIABLE: VALUE} if has_token else {})}
    found = subprocess.run([cargo, *command.split()], env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return record.read_text() if record.exists() else None


def test_publishing_with_verification_gives_the_token_to_build_scripts(cargo: str, registry: dict[str, str]) -> None:
    crate("demo")
    command = "publish --manifest-path demo/Cargo.toml --registry local --allow-dirty"
    assert run(cargo, command, has_token=True) == VALUE
    assert "demo" in registry


def test_publishing_without_verification_compiles_nothing(cargo: str, registry: dict[str, str]) -> None:
    crate("demo")
    manifest = "--manifest-path demo/Cargo.toml --allow-dirty"
    assert run(cargo, f"package {manifest}", has_token=False) == "no token"
    assert registry == {}
    assert run(cargo, f"publish --no-verify {manifest} --registry local", has_token=True) is None
    assert "demo" in registry


def test_a_dry_run_compiles_and_needs_no_token(cargo: str, registry: dict[str, str]) -> None:
    crate("demo")
    command = "publish --dry-run --manifest-path demo/Cargo.toml --registry local --allow-dirty"
    assert run(cargo, command, has_token=False) == "no token"
    assert run(cargo, command, has_token=True) in (VALUE, None)
    assert registry == {}


def test_a_workspace_is_verified_before_any_crate_of_it_is_published(cargo: str, registry: dict[str, str]) -> None:
    Path("Cargo.toml").write_text('[workspace]\nmembers = ["demo", "user"]\nresolver = "2"\n')
    crate("demo")
    crate("user", 'demo = { path = "../demo", version = "0.1.0", registry = "local" }\n')
    assert run(cargo, "package --workspace --allow-dirty", has_token=False) == "no token"
    assert registry == {}
    for name in ("demo", "user"):
        assert run(cargo, f"publish --no-verify -p {name} --registry local --allow-dirty", has_token=True) is None
    assert set(registry) == {"demo", "user"}


def test_packaging_without_verification_compiles_nothing(cargo: str, registry: dict[str, str]) -> None:
    crate("demo")
    for command in ("package --no-verify", "package --list"):
        assert run(cargo, f"{command} --manifest-path demo/Cargo.toml --allow-dirty", has_token=False) is None
    assert registry == {}


@pytest.mark.parametrize(
    ("first", "second"), [("test --no-run", "test"), ("build", "run"), ("bench --no-run", "bench")]
)
@pytest.mark.usefixtures("registry")
def test_what_was_compiled_before_is_not_compiled_again(cargo: str, first: str, second: str) -> None:
    crate("demo")
    Path("demo/src/main.rs").write_text("fn main() {}")
    assert run(cargo, f"{first} --manifest-path demo/Cargo.toml", has_token=False) == "no token"
    assert run(cargo, f"{second} --manifest-path demo/Cargo.toml", has_token=True) is None
