"""check-tool-digests: downloaded tools are verified against a recorded digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.check_tool_digests import ALL, check
from dunnage.files.source import Tree
from dunnage.frame.options import Option, Options

pytestmark = pytest.mark.usefixtures("repository")

SUM = "0123456789abcdef" * 4
WORKFLOW = ".github/workflows/ci.yml"
JOB = "jobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
RELEASE = "https://github.com/WebAssembly/wasi-sdk/releases/download/wasi-sdk-33"
NAME = "wasi-sdk-33.0-x86_64-linux.tar.gz"
URL = f"{RELEASE}/{NAME}"


def write(name: str, text: str) -> None:
    """Write a file, and the folders it is in."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def found(name: str, text: str, *options: Option[bool]) -> list[str]:
    """What is found in a file: `line rule`, the rule without its concern."""
    write(name, text)
    tree = Tree()
    findings = list(check([name], tree, Options(dict.fromkeys(options, True))))
    return [
        f"{tree.position(each.path, each.span.start)[0]} {each.rule.id.removeprefix('tool-digests/')}"
        for each in findings
    ]


def step(script: str) -> str:
    """A workflow with one step that runs a script; its first line is line 6 of the file."""
    return JOB + "".join(f"          {line}\n" for line in script.splitlines())


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(f"curl -LO {URL}\ntar xf {NAME}", id="remote name"),
        pytest.param(f"curl -fsSLo sdk.tgz {URL} && tar -xzf sdk.tgz -C /opt", id="output"),
        pytest.param(f"curl -L {URL} > sdk.tgz\nsudo tar --extract --file=sdk.tgz", id="redirection"),
        pytest.param(f"curl -L {URL} | sudo tar xz -C /opt", id="pipe"),
        pytest.param(f"curl -L {URL} | gunzip | tar x", id="longer pipe"),
        pytest.param(f"wget -q {URL}\ntar xf wasi-sdk-*.tar.gz", id="wget and glob"),
        pytest.param(f"wget -qO- {URL} | tar xz", id="wget to output"),
        pytest.param(f"aria2c -x 16 -o sdk.tgz {URL}\ntar xf sdk.tgz", id="aria2c"),
        pytest.param("gh release download wasi-sdk-33 -R WebAssembly/wasi-sdk -p a.deb\nsudo dpkg -i a.deb", id="gh"),
        pytest.param(f'FILE={NAME}\ncurl -LO "{RELEASE}/$FILE"\ntar xf "$FILE"', id="variable"),
        pytest.param(f'curl -LO "{RELEASE}/$FILE"\ntar xf "${{FILE}}"', id="unknown variable"),
        pytest.param(
            "curl -Lo wkg https://github.com/bytecodealliance/wasm-pkg-tools/releases/download/v1/wkg\nchmod +x wkg",
            id="executable",
        ),
        pytest.param(
            "curl -Lo /tmp/x https://github.com/casey/just/releases/download/1.4.0/just\n"
            "mv /tmp/x y && install -m 755 y /usr/local/bin/just",
            id="renamed",
        ),
        pytest.param(
            f"curl -LO {URL}\necho {SUM}  other.tgz | sha256sum -c -\ntar xf {NAME}", id="another is verified"
        ),
        pytest.param(f"curl -LO {URL}\nsha256sum {NAME}\ntar xf {NAME}", id="digest is only printed"),
    ],
)
def test_unchecked(script: str) -> None:
    assert found(WORKFLOW, step(script)) == [f"{6 + (0 if 'FILE=' not in script else 1)} unchecked"]


@pytest.mark.parametrize(
    "verification",
    [
        pytest.param(f'echo "{SUM}  {NAME}" | sha256sum -c -', id="echo"),
        pytest.param(f'echo "$SUM  {NAME}" | sha256sum --check --status', id="variable"),
        pytest.param(f'echo "$SUM *{NAME}" | shasum -a 256 -c', id="shasum and binary mark"),
        pytest.param(f"printf '%s  %s\\n' \"$SUM\" {NAME} | sha256sum -c", id="printf"),
        pytest.param(f'sha256sum -c <<< "$SUM  {NAME}"', id="here-string"),
        pytest.param(f"sha256sum -c - <<EOF\n{SUM}  {NAME}\nEOF", id="here-document"),
        pytest.param("sha256sum --ignore-missing -c SHA256SUMS", id="list"),
        pytest.param(f"sha256sum -c {NAME}.sha256", id="list of the file"),
        pytest.param('echo "$SUM  $(echo wasi-sdk-*)" | sha256sum -c', id="unknown name"),
        pytest.param(f'if ! echo "$SUM  {NAME}" | sha256sum -c; then exit 1; fi', id="condition"),
        pytest.param(f'x=$(sha256sum {NAME} | cut -d\' \' -f1)\n[ "$x" = "$SUM" ] || exit 1', id="comparison"),
        pytest.param(f'[ "$(sha256sum {NAME} | cut -c 1-64)" = "$SUM" ]', id="comparison in a test"),
        pytest.param(f"sha256sum {NAME} | grep -q $SUM", id="grep"),
        pytest.param(f"gpg --verify {NAME}.sig {NAME}", id="gpg"),
        pytest.param(f"cosign verify-blob --bundle x {NAME}", id="cosign"),
        pytest.param(f"minisign -Vm {NAME} -P key", id="minisign"),
        pytest.param(f"gh attestation verify {NAME} -R WebAssembly/wasi-sdk", id="attestation"),
        pytest.param(f"slsa-verifier verify-artifact {NAME}", id="slsa"),
        pytest.param(f'./scripts/verify.sh {NAME} "$SUM"', id="script"),
        pytest.param(f"verify_sha256 {NAME} {SUM}", id="function"),
        pytest.param(f"openssl dgst -sha256 {NAME} | grep $SUM", id="openssl"),
    ],
)
def test_verified(verification: str) -> None:
    assert found(WORKFLOW, step(f"curl -LO {URL}\n{verification}\ntar xf {NAME}")) == []


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(f"curl -LO {URL}", id="not used"),
        pytest.param("curl -L https://github.com/WebAssembly/wasi-sdk/archive/v33.tar.gz | tar xz", id="sources"),
        pytest.param("curl -L https://github.com/casey/just/releases/download/1/just.sh | bash", id="installer"),
        pytest.param(
            "curl -LO https://github.com/sharkdp/fd/releases/download/v8.0.0/fd-linux.tgz\ntar xf fd-linux.tgz",
            id="another program",
        ),
        pytest.param("curl -L http://localhost:8000/protoc.zip -o x.zip\nunzip x.zip", id="own machine"),
        pytest.param(f"aria2c --checksum=sha-256={SUM} -o sdk.tgz {URL}\ntar xf sdk.tgz", id="aria2c"),
    ],
)
def test_nothing_to_report(script: str) -> None:
    assert found(WORKFLOW, step(script)) == []


def test_all_programs() -> None:
    script = step("curl -LO https://github.com/sharkdp/fd/releases/download/v8.0.0/fd-linux.tgz\ntar xf fd-linux.tgz")
    assert found(WORKFLOW, script) == []
    assert found(WORKFLOW, script, ALL) == ["6 unchecked"]


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/WebAssembly/wasi-sdk/releases/latest/download/a.tgz",
        "https://github.com/bytecodealliance/wasmtime/releases/download/dev/a.tgz",
        "https://get.nexte.st/latest/linux",
        "https://static.rust-lang.org/rustup/dist/x86_64-unknown-linux-gnu/rustup-init",
    ],
)
def test_moving_urls(url: str) -> None:
    assert found(WORKFLOW, step(f"curl -Lo f {url}\ntar xf f\nchmod +x f")) == ["6 moving-url"]
    assert found(WORKFLOW, step(f'curl -Lo f {url}\necho "{SUM}  f" | sha256sum -c\nchmod +x f')) == []
