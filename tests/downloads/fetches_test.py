"""What commands download, and which files they write."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dunnage.downloads.analysis import Files
from dunnage.downloads.text import HOLE
from dunnage.files.source import File

X, Y = "https://a.dev/1/x", "https://a.dev/1/y"


def found(script: str) -> list[str]:
    """The downloads of a script: `URL file`, with `…` for an unknown part; `-` is the output."""
    files = Files(File("a.sh", script.encode()))
    texts = [f"{each.address.url} {' '.join(each.names) or '-'}" for each in files.all]
    return ["".join("…" if at % 2 else part for at, part in enumerate(text.split(HOLE))) for text in texts]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("-o a X", ["X a"], id="output"),
        pytest.param("-sSfLoa X", ["X a"], id="output-in-one-word"),
        pytest.param("--output d/a -- X", ["X a"], id="long-option"),
        pytest.param('-o"$A/b" X', ["X b"], id="unknown-folder"),
        pytest.param("--url X -o a", ["X a"], id="url-option"),
        pytest.param("-LO X", ["X x"], id="remote-name"),
        pytest.param("-O X Y", ["X x", "Y -"], id="remote-name-once"),
        pytest.param("-OO X Y", ["X x", "Y y"], id="remote-name-twice"),
        pytest.param("--remote-name X -o b Y", ["X x", "Y b"], id="remote-name-first"),
        pytest.param("-o b -O X Y", ["X b", "Y y"], id="remote-name-second"),
        pytest.param("-Oo b X Y", ["X x", "Y b"], id="remote-name-and-output-in-one-word"),
        pytest.param("--remote-name-all -o b X Y", ["X b", "Y y"], id="remote-name-of-all"),
        pytest.param("-OJ X", ["X …"], id="name-of-the-server"),
        pytest.param("-J -o a X", ["X a"], id="output-and-name-of-the-server"),
        pytest.param("--etag-save e -H h --retry 3 -o a X", ["X a"], id="options-with-values"),
        pytest.param("$CURL_OPTS -o a X", ["X a"], id="unknown-options"),
        pytest.param("-o a https://b.dev/cargo-$V", ["https://b.dev/cargo-… a"], id="unknown-version"),
        pytest.param("X > a", ["X a"], id="redirection"),
        pytest.param("X", ["X -"], id="no-file"),
        pytest.param("-o - X", ["X -"], id="dash"),
        pytest.param("-o /dev/null X", [], id="null-device"),
        pytest.param("-T a X", [], id="upload"),
        pytest.param("-Uri X -OutFile a", ["X a"], id="PowerShell"),
    ],
)
def test_curl(command: str, expected: list[str]) -> None:
    names = str.maketrans({"X": X, "Y": Y})
    assert found(f"curl {command.translate(names)}\n") == [each.translate(names) for each in expected]


@pytest.mark.parametrize("options", ["-o a", "-O -O", "-O -o b", "-o b -O", "-Oo b", "--remote-name-all -o b", "-O"])
def test_curl_itself_writes_these_files(options: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    for name in "xy":
        (tmp_path / name).write_text(name)
    work = tmp_path / "work"
    work.mkdir()
    urls = [f"file://{tmp_path}/{name}" for name in "xy"]
    subprocess.run(["curl", "-s", *options.split(), *urls], cwd=work, check=True, capture_output=True)
    expected = {path.read_text(): path.name for path in work.iterdir()}
    files = Files(File("a.sh", f"curl {options} {X} {Y}\n".encode()))
    assert {each.address.name: each.names[0] for each in files.all if each.names} == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("wget X", ["X x"], id="wget"),
        pytest.param("wget -nv --tries 3 -P d X Y", ["X x", "Y y"], id="folder"),
        pytest.param("wget --waitretry=3 --output-document=a X", ["X a"], id="output"),
        pytest.param("wget -qO- X", ["X -"], id="wget-to-output"),
        pytest.param("wget -Uri X", [], id="PowerShell-without-a-file"),
        pytest.param("aria2c -x 16 -d d --out=a X", ["X a"], id="aria2c"),
        pytest.param("scurl X -o a", ["X a"], id="a-script-that-runs-curl"),
        pytest.param("Invoke-WebRequest X -OutFile a", ["X a"], id="Invoke-WebRequest"),
        pytest.param("iwr -OutFile a -Uri X", ["X a"], id="iwr"),
        pytest.param("Start-BitsTransfer -Source X -Destination a", ["X a"], id="Start-BitsTransfer"),
        pytest.param("Invoke-WebRequest X", [], id="no-file"),
    ],
)
def test_other_programs(command: str, expected: list[str]) -> None:
    names = str.maketrans({"X": X, "Y": Y})
    assert found(f"{command.translate(names)}\n") == [each.translate(names) for each in expected]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        pytest.param('get() {\n  curl --retry 3 -fsSL "$@"\n}', [f"{X} a"], id="curl"),
        pytest.param('get() { command curl "$@"; }', [f"{X} a"], id="in-one-line"),
        pytest.param('get() { curl -LO "$@"; }', [], id="names-the-file-itself"),
        pytest.param('get() { curl "$@" && sha256sum -c sums; }', [], id="does-more"),
        pytest.param('get() { curl "$@" | tar x; }', [], id="pipe"),
        pytest.param('get() { curl -o "$2" "$1"; }', [], id="other-arguments"),
    ],
)
def test_functions(function: str, expected: list[str]) -> None:
    assert found(f"{function}\nget -o a {X}\n") == expected
    assert found(f"{function}\nput -o a {X}\n") == []


RELEASES = "https://github.com/a/b/releases"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("v1 -R a/b -p x", [f"{RELEASES}/download/v1/x x"], id="tag"),
        pytest.param("v1 --repo github.com/a/b --pattern 'x*'", [f"{RELEASES}/download/v1/x… x…"], id="quoted-pattern"),
        pytest.param("v1 -R a/b -p x-${V%%[0-9]*}", [f"{RELEASES}/download/v1/x-… x-…"], id="part-of-a-variable"),
        pytest.param("v1 -R a/b -p x-$V -O y -D d", [f"{RELEASES}/download/v1/x-… y"], id="output"),
        pytest.param("-R a/b -p x", [f"{RELEASES}/latest/download/x x"], id="latest"),
        pytest.param("v1 -R a/b -p x -O -", [], id="to-output"),
        pytest.param("v1 -p x", [], id="own-release"),
        pytest.param("v1 -R a/b --archive zip", [], id="sources"),
        pytest.param("v1 -R a.b//x -p x", [], id="no-repository"),
    ],
)
def test_gh(command: str, expected: list[str]) -> None:
    assert found(f"gh release download {command}\n") == expected
    assert found(f"gh release view {command}\n") == []
