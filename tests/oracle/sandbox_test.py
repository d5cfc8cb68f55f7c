"""The sandbox of docs/sandbox.md takes the network, secrets and variables away from what compiles."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest

from dunnage.check_build_sandbox import check
from dunnage.files.source import Tree
from dunnage.frame.options import Options

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sandbox.md"
REACH = """\
fn reach() -> String {{
    use std::{{env, fs, net}};
    format!(
        "network {{}}, secret {{}}, variable {{}}, source {{}}, processes {{}}",
        net::TcpStream::connect("127.0.0.1:{port}").is_ok(),
        fs::read("{secret}").is_ok(),
        env::var("TOKEN").is_ok(),
        fs::write("{source}", "").is_ok(),
        fs::metadata("/proc/{process}").is_ok(),
    )
}}
"""
FILES = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "helper"]\nresolver = "2"\n',
    "app/Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n'
    '[dependencies]\nhelper = { path = "../helper" }\n',
    "app/build.rs": 'include!("../reach.rs");\nfn main() { println!("cargo::warning={}", reach()); }\n',
    "app/src/main.rs": 'fn main() { println!("{}", helper::reached!()); }\n',
    "helper/Cargo.toml": '[package]\nname = "helper"\nversion = "0.1.0"\nedition = "2021"\n[lib]\nproc-macro = true\n',
    "helper/src/lib.rs": 'include!("../../reach.rs");\n#[proc_macro]\n'
    "pub fn reached(_: proc_macro::TokenStream) -> proc_macro::TokenStream {\n"
    '    format!("{:?}", reach()).parse().unwrap()\n}\n',
}
UNSHARE = ("unshare", "--map-root-user", "--mount", "--net", "--pid", "--fork", "true")


def works(*command: str) -> bool:
    """Whether a command is there and succeeds."""
    return (
        shutil.which(command[0]) is not None
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def starter() -> list[str]:
    """The words before the script: none, or those with which the page lets sudo start it."""
    if os.name != "posix" or not sys.platform.startswith("linux"):
        pytest.skip("namespaces are those of Linux")
    if os.getuid() == 0 or works(*UNSHARE):
        if works("unshare", "--mount", "--net", "true") or os.getuid() != 0:
            return []
    elif works("sudo", "--non-interactive", "unshare", "--mount", "--net", "true"):
        return ["sudo", "env", f"HOME={os.environ['HOME']}", f"PATH={os.environ['PATH']}"]
    if os.environ.get("DUNNAGE_REQUIRE_JUDGES") == "1":
        pytest.fail("namespaces are not permitted, and DUNNAGE_REQUIRE_JUDGES=1 requires them")
    pytest.skip("namespaces are not permitted")


@contextmanager
def server() -> Iterator[int]:
    """A server on this machine, and its port."""
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as found:
        Thread(target=found.serve_forever, daemon=True).start()
        yield found.server_port
        found.shutdown()


def script(name: str) -> str:
    """A file that the page shows."""
    found = re.search(
        rf"^`{re.escape(name)}`:\n\n```\w+\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found is not None
    return found[1]


def build(*command: str) -> list[str]:
    """What the build script and the macro can reach if the command builds."""
    environment = {**os.environ, "TOKEN": "secret"}
    result = subprocess.run(command, capture_output=True, check=False, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    program = subprocess.run(["target/debug/app"], capture_output=True, check=True, text=True)
    shutil.rmtree("target")
    warning = re.search(r"app@0.1.0: (.*)", result.stderr)
    assert warning is not None, result.stderr
    return [warning[1], program.stdout.strip()]


@pytest.mark.usefixtures("cargo")
def test_the_sandbox(repository: Path) -> None:
    start = starter()
    secret = repository.parent / "secret"
    secret.write_text("secret")
    for name, text in FILES.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    sandbox = repository / "ci" / "sandbox.sh"
    sandbox.parent.mkdir()
    sandbox.write_text(script("ci/sandbox.sh"))
    sandbox.chmod(0o755)
    with server() as port:
        places = {"secret": secret, "source": repository / "evil", "process": os.getpid()}
        (repository / "reach.rs").write_text(REACH.format(port=port, **places))
        subprocess.run(["cargo", "generate-lockfile", "--quiet", "--offline"], check=True)
        everything = "network true, secret true, variable true, source true, processes true"
        assert build("cargo", "build", "--frozen") == [everything] * 2
        (repository / "evil").unlink()
        assert build(*start, "ci/sandbox.sh", "cargo", "build", "--frozen") == [everything.replace("true", "false")] * 2
    assert not (repository / "evil").exists()


BUILDS = [
    pytest.param("cargo build --release", id="build"),
    pytest.param("cargo build --locked -p app", id="locked"),
    pytest.param("cargo test --no-run --locked", id="test"),
    pytest.param("cargo check --manifest-path app/Cargo.toml", id="manifest"),
    pytest.param("cd app && cargo build --locked", id="folder"),
    pytest.param("cargo install --path app --locked --root root", id="install"),
    pytest.param("make", id="make"),
]


@pytest.mark.parametrize("command", BUILDS)
@pytest.mark.usefixtures("cargo")
def test_the_help_works_as_it_is_typed(command: str, repository: Path) -> None:
    without_network = [*starter(), "unshare", "--net"]
    if os.getuid() != 0:
        user = [f"--reuid={os.getuid()}", f"--regid={os.getgid()}", "--clear-groups"]
        without_network += ["setpriv", *user] if "sudo" in without_network else ["--map-root-user"]
    for name, text in {**FILES, "reach.rs": "fn reach() -> String { String::new() }\n"}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    (repository / "Makefile").write_text("all:\n\tcargo build\n")
    copy = f"FROM rust\nWORKDIR {repository}\nCOPY . .\n"
    (repository / "Dockerfile").write_text(f"{copy}RUN {command}\n")
    subprocess.run(["cargo", "generate-lockfile", "--quiet", "--offline"], check=True)
    subprocess.run(["git", "add", "."], check=True)
    (finding,) = check(["Dockerfile"], Tree(), Options())
    lines = [line.removeprefix("RUN ") for line in finding.help.splitlines() if line.startswith("RUN ")]
    assert len(lines) == 2
    for line in lines:
        program = line.removeprefix("--network=none ")
        isolated = without_network if program != line else []
        result = subprocess.run([*isolated, "sh", "-euc", program], capture_output=True, check=False, text=True)
        assert result.returncode == 0, f"{line}\n{result.stderr}"
    (repository / "Dockerfile").write_text(copy + "".join(f"RUN {line}\n" for line in lines))
    assert list(check(["Dockerfile"], Tree(), Options())) == []
