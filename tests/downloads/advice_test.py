"""The advice works when it is typed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from dunnage.check_tool_digests import check
from dunnage.files.source import Tree
from dunnage.frame.options import Options

pytestmark = pytest.mark.usefixtures("repository")

URL = "https://github.com/casey/just/releases/download/1.46.0/just.tar.gz"
HOME = "https://github.com/casey/just/releases/download/1.46.0"


def help_of(script: str) -> list[str]:
    """The lines of the help of the only finding in a script."""
    Path("a.sh").write_text(script)
    [finding] = check(["a.sh"], Tree(), Options())
    return finding.help.splitlines()


def run(command: str) -> int:
    """The exit status of a command."""
    return subprocess.run(["bash", "-c", command], check=False, capture_output=True).returncode


@pytest.mark.parametrize("program", ["sha256sum", "shasum"])
def test_the_line_verifies_the_file(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    help = help_of(f'set -e\nD=/tmp\ncurl -Lo "just 1.tgz" {URL}\ntar xf "just 1.tgz"\n')
    line = help[0].partition("`")[2].rpartition("`")[0]
    if program == "shasum":
        new, old = help[1].split("`")[1::2]
        line = line.replace(old, new)
    Path("just 1.tgz").write_bytes(b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    assert run(line.replace("SHA256", digest)) == 0
    assert run(line.replace("SHA256", digest[::-1])) != 0


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (f"curl -Lo ~/just.tar.gz {URL}", "$HOME/just.tar.gz"),
        (f"curl --output-dir /opt -LO {URL}", "/opt/just.tar.gz"),
        (f"wget {URL} -P /opt/", "/opt/just.tar.gz"),
        (f"wget -P /opt -O just.tar.gz {URL}", "just.tar.gz"),
        (f"aria2c -d /opt -o just.tar.gz {URL}", "/opt/just.tar.gz"),
        (f'U={URL}\nwget "$U"', "just.tar.gz"),
    ],
)
def test_the_line_names_the_file(command: str, name: str) -> None:
    assert f'`echo "SHA256  {name}" | sha256sum' in help_of(f"{command}\ntar xf {name}\n")[0]


@pytest.mark.parametrize(
    "reader", ["tar xz -C out", "sudo tar -xzf - -C out", "gunzip | tar x -C out", "gzip -d - | tar -xC out"]
)
def test_what_replaces_a_pipe(reader: str) -> None:
    Path("out").mkdir()
    Path("x").write_bytes(b"x")
    with tarfile.open("served.tar.gz", "w:gz") as archive:
        archive.add("x")
    Path("x").unlink()
    _, download, verification, unpacking, *_ = help_of(f"curl -L {URL} | {reader}\n")
    assert download == f"curl -fsSLo just.tar.gz {URL}"
    shutil.copy("served.tar.gz", "just.tar.gz")
    digest = hashlib.sha256(Path("just.tar.gz").read_bytes()).hexdigest()
    assert run(verification.replace("SHA256", digest)) == 0
    assert run(unpacking.replace("sudo ", "")) == 0
    assert Path("out/x").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/casey/just/releases/latest/download/a.tgz", f"{HOME}/a.tgz".replace("1.46.0", "VERSION")),
        ("https://get.nexte.st/latest/linux", "https://get.nexte.st/VERSION/linux"),
        ("https://get.nexte.st/0.9/linux", "https://get.nexte.st/VERSION/linux"),
        (
            "https://static.rust-lang.org/rustup/dist/x/rustup-init",
            "https://static.rust-lang.org/rustup/archive/VERSION/x/rustup-init",
        ),
        (
            "https://raw.githubusercontent.com/cargo-bins/cargo-binstall/main/a.sh",
            "https://raw.githubusercontent.com/cargo-bins/cargo-binstall/COMMIT/a.sh",
        ),
    ],
)
def test_the_url_of_one_release(url: str, expected: str) -> None:
    assert help_of(f"curl -Lo a {url}\nchmod +x a\n")[0].split("`")[1] == expected


@pytest.mark.parametrize(
    ("argument", "url", "typed"),
    [
        ("ARG V=", "v$V/just-${V}.zip", '"{}v${V}/just-${V}.zip"'),
        ("ARG V=1", "v$V/just-${V}.zip", "{}v1/just-1.zip"),
        ("ARG V=", "v1/just-$(uname -m).zip", ""),
    ],
)
def test_the_command_that_prints_the_digest(argument: str, url: str, typed: str) -> None:
    releases = "https://github.com/casey/just/releases/download/"
    text = f"FROM x\n{argument}\nRUN wget -O a.zip {releases}{url} && unzip a.zip\n"
    Path("Dockerfile").write_text(text)
    (finding,) = check(["Dockerfile"], Tree(), Options())
    assert [line.partition("digest: ")[2] for line in finding.help.splitlines() if "prints" in line] == (
        [f"curl -fsSL {typed.replace('{}', releases)} | sha256sum"] if typed else []
    )
