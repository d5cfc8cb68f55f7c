"""check-tool-digests: downloaded tools are verified against a recorded digest."""

from __future__ import annotations

import subprocess
from functools import partial
from shutil import which

import pytest

from dunnage.check_tool_digests import ALL, check, main
from dunnage.files.source import Tree
from dunnage.frame.options import Option, Options
from repository import fixed as fixed_by
from repository import write

pytestmark = pytest.mark.usefixtures("repository")

fixed = partial(fixed_by, main)

SUM = "0123456789abcdef" * 4
WORKFLOW = ".github/workflows/ci.yml"
JOB = "jobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n"
RELEASE = "https://github.com/WebAssembly/wasi-sdk/releases/download/wasi-sdk-33"
NAME = "wasi-sdk-33.0-x86_64-linux.tar.gz"
URL = f"{RELEASE}/{NAME}"


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
        pytest.param(f'curl -LO {URL}\necho "$(sha256sum {NAME})"\ntar xf {NAME}', id="digest in a printed text"),
        pytest.param(f"curl -LO {URL}\nx=$(sha256sum {NAME})\necho $x\ntar xf {NAME}", id="printed variable"),
        pytest.param(f"curl -LO {URL}\nsha256sum {NAME} > got\ncat got\ntar xf {NAME}", id="printed file"),
        pytest.param(f"curl -LO {URL}\ngpg --import {NAME}.key\ntar xf {NAME}", id="key is only imported"),
        pytest.param(f"curl -LO {URL}\ntar xf {NAME}\nhash -r", id="the shell forgets places of programs"),
        pytest.param(f"curl -L {URL} | tee sdk.tgz | wc -c\ntar xf sdk.tgz", id="tee"),
    ],
)
def test_unchecked(script: str) -> None:
    assert [each.partition(" ")[2] for each in found(WORKFLOW, step(script))] == ["unchecked"]


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
        pytest.param(f"sha256sum {NAME} > got\ncmp got wanted", id="digest in a file"),
        pytest.param(f'sha256sum {NAME} > got\necho "$SUM  {NAME}" > wanted\ndiff got wanted', id="two files"),
        pytest.param(f"python3 - <<EOF\nimport hashlib\nassert hashlib.sha256(open('{NAME}')) == 1\nEOF", id="Python"),
        pytest.param(
            "c=sha256sum\n[ x ] || c='shasum -a 256'\n" + f'echo "1 {NAME}" | $c --check', id="either program"
        ),
        pytest.param(f'check() {{ echo "$2 $1" | sha256sum -c; }}\ncheck {NAME} $SUM', id="own function"),
        pytest.param(f"cd .\n(cd . && sha256sum --quiet -c <(echo $SUM {NAME}))", id="process substitution"),
        pytest.param(f"until echo 1 {NAME} | sha256sum -c; do sleep 1; done", id="loop"),
        pytest.param(f"s=$(sha256sum {NAME})\ncase $s in 1*) ;; *) exit 1;; esac", id="case"),
        pytest.param(f"openssl dgst -sha256 {NAME} | grep $SUM", id="openssl"),
        pytest.param(f"openssl dgst -sha256 -verify key -signature s {NAME}", id="openssl-signature"),
        pytest.param(f'[ "$(git hash-object {NAME})" = "$SUM" ]', id="git"),
        pytest.param(f"busybox sha256sum -c {NAME}.sha256", id="busybox"),
        pytest.param(f"rpm --checksig {NAME}", id="rpm"),
        pytest.param(f"cat {NAME}.sha256 | sha256sum -c", id="cat"),
        pytest.param("cat SHA256SUMS | grep linux | tr -d '*' | sha256sum -c", id="longer-pipe"),
        pytest.param(f's=$(cat {NAME} | sha256sum | cut -c 1-64)\n[ "$s" = 1 ]', id="pipe-in-a-substitution"),
        pytest.param(f"cat {NAME} | sha256sum | grep $SUM", id="digest of the input"),
        pytest.param(f"sha256sum < {NAME} | diff - wanted", id="input"),
        pytest.param(f"shasum -a 256 {NAME} | awk '$1 != \"1\" {{ exit 1 }}'", id="awk"),
        pytest.param(f"sha256sum -c < {NAME}.sha256", id="list as the input"),
        pytest.param(f'"$VERIFY_SCRIPT" {NAME}', id="unknown program"),
        pytest.param(f"make verify-download FILE={NAME}", id="recipe"),
        pytest.param(f"cmp {NAME} reviewed", id="compared with a copy"),
    ],
)
def test_verified(verification: str) -> None:
    assert found(WORKFLOW, step(f"curl -LO {URL}\n{verification}\ntar xf {NAME}")) == []


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(f"curl -LO {URL}", id="not used"),
        pytest.param(f"curl -L {URL} | wc -c", id="only-counted"),
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


def test_many_downloads_are_not_followed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(f"curl -LO {RELEASE}/{at}.tgz\n" for at in range(301)) + "tar xf 300.tgz\n"
    write("a.sh", lines)
    assert main(["a.sh"]) == 1
    assert "a.sh:301:10: input/too-large this file has more than 300 downloads" in capsys.readouterr().out


def test_many_names_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    name = "$A" * 90
    lines = "".join(f'curl -Lo "a{name}.tgz" {RELEASE}/a{at}\n' for at in range(20))
    uses = "".join(f'tar xf "b{name}{at}.zip"\n' for at in range(60))
    write("a.sh", f"{lines}{uses}")
    assert main(["a.sh"]) == 1
    assert "takes more than 200,000 comparisons of names" in capsys.readouterr().out


def test_a_given_list() -> None:
    write("digests.toml", f'[digests]\n"{URL}" = "sha256:{SUM}"\n')
    text = f"FROM a\nRUN curl -LO {URL} && tar xf {NAME}\n"
    assert fixed("Dockerfile", text, "--pins", "digests.toml") == text.replace(f"{URL} &&", f"{URL}{CHECK} &&")


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


@pytest.mark.parametrize(
    ("url", "fixed_url"),
    [
        (
            "https://win.rustup.rs/x86_64",
            "https://static.rust-lang.org/rustup/archive/VERSION/x86_64-pc-windows-msvc/rustup-init.exe",
        ),
        ("https://gitlab.com/a/b/-/raw/master/x.rb", "https://gitlab.com/a/b/-/raw/COMMIT/x.rb"),
    ],
)
def test_moving_urls_of_other_programs(url: str, fixed_url: str) -> None:
    write(WORKFLOW, step(f"curl -Lo f {url}\nchmod +x f"))
    (finding,) = check([WORKFLOW], Tree(), Options({ALL: True}))
    assert (finding.rule.id, finding.help.partition("; ")[0]) == (
        "tool-digests/moving-url",
        f"use the URL of one release: `{fixed_url}`",
    )


def test_a_moving_release_of_gh() -> None:
    script = "gh release download -R WebAssembly/wasi-sdk -p a.deb\nsudo dpkg -i a.deb"
    write(WORKFLOW, step(script))
    (finding,) = check([WORKFLOW], Tree(), Options())
    assert finding.help == "name the tag of one release: `gh release download TAG`; then verify the digest of the file"
    assert found(WORKFLOW, step(script.replace("-R", "wasi-sdk-33 -R"))) == ["6 unchecked"]


def test_a_file_of_one_commit_does_not_move() -> None:
    url = "https://gitlab.com/a/b/-/raw/0123456789abcdef0123456789abcdef01234567/x.rb"
    assert found(WORKFLOW, step(f"curl -Lo f {url}\nchmod +x f"), ALL) == ["6 unchecked"]


SIDE = f"curl -LO {URL}\ncurl -LO {URL}.sha256\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(f"{SIDE}sha256sum -c {NAME}.sha256", ["same-source"], id="list"),
        pytest.param(f'{SIDE}echo "$(cat {NAME}.sha256)  {NAME}" | sha256sum -c', [], id="unknown text"),
        pytest.param(
            f'curl -LO {URL}\nSUM=$(curl -L {URL}.sha256)\necho "$SUM  {NAME}" | sha256sum -c',
            ["same-source"],
            id="variable",
        ),
        pytest.param(
            f'curl -LO {URL}\necho "$(curl -L {URL}.sha256)  {NAME}" | sha256sum -c', ["same-source"], id="substitution"
        ),
        pytest.param(
            f"curl -LO {URL}\ncurl -LO {RELEASE}/SHA256SUMS\ngrep linux SHA256SUMS | sha256sum -c",
            ["same-source"],
            id="grep",
        ),
        pytest.param(
            f"{SIDE}curl -LO {URL}.asc\ngpg --verify {NAME}.asc {NAME}\nsha256sum -c {NAME}.sha256", [], id="signature"
        ),
        pytest.param(
            f"curl -LO {URL}\ncurl -LO https://other.dev/{NAME}.sha256\nsha256sum -c {NAME}.sha256",
            [],
            id="another server",
        ),
        pytest.param(
            f"curl -LO {URL}\ncurl -LO {URL}.sha256\nsha256sum -c {NAME}.sha256".replace("-33", "-$V"),
            [],
            id="unknown version",
        ),
        pytest.param(
            SIDE.replace("download/wasi-sdk-33", "latest/download") + f"sha256sum -c {NAME}.sha256",
            ["moving-url"],
            id="moving",
        ),
    ],
)
def test_same_source(script: str, expected: list[str]) -> None:
    text = script if "$V" not in script else f"V=$(date)\n{script}".replace("33.0-", "$V.0-")
    assert [each.partition(" ")[2] for each in found(WORKFLOW, step(f"{text}\ntar xf {NAME}"))] == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(f'echo "$SUM  {NAME}" | sha256sum -c || true', ["toothless"], id="or true"),
        pytest.param(f'echo "$SUM  {NAME}" | sha256sum -c || echo bad', ["toothless"], id="or echo"),
        pytest.param(f'echo "$SUM  {NAME}" | sha256sum -c || exit 1', [], id="or exit"),
        pytest.param(f'echo "$SUM  {NAME}" | sha256sum -c || fail bad', [], id="or function"),
        pytest.param(f'set +e\necho "$SUM  {NAME}" | sha256sum -c', ["toothless"], id="set +e"),
        pytest.param(f'echo "$SUM  {NAME}" | sha256sum -c || true\ngpg --verify {NAME}', [], id="another verification"),
        pytest.param(
            f'x=$(sha256sum {NAME})\nif [ "$x" != "$SUM" ]; then echo bad; fi', ["toothless"], id="branch goes on"
        ),
        pytest.param(f'x=$(sha256sum {NAME})\nif [ "$x" != "$SUM" ]; then echo bad; exit 1; fi', [], id="branch exits"),
        pytest.param(f'x=$(sha256sum {NAME})\nif [ "$x" != "$SUM" ]; then die bad; fi', [], id="branch calls"),
        pytest.param(f'x=$(sha256sum {NAME})\nif [ "$x" != "$SUM" ]; then bad=1; fi', [], id="branch assigns"),
        pytest.param(f'x=$(sha256sum {NAME})\n[ "$x" = "$SUM" ] || echo bad', ["toothless"], id="test or echo"),
        pytest.param(f'x=$(sha256sum {NAME})\n[ "$x" = "$SUM" ]', [], id="test alone"),
        pytest.param(
            f'if [ "$(sha256sum {NAME})" != "$SUM" ]; then echo bad; fi', ["toothless"], id="substitution in a test"
        ),
        pytest.param(f"sha256sum {NAME} | grep -q $SUM || echo bad", ["toothless"], id="grep"),
        pytest.param(
            f'x=$(sha256sum {NAME})\ncase "$x" in\n  1*) ;;\n  *) echo bad ;;\nesac', ["toothless"], id="case"
        ),
        pytest.param(
            f'x=$(sha256sum {NAME})\nif true; then\n  if [ "$x" != 1 ]; then echo bad; fi\nfi',
            ["toothless"],
            id="nested",
        ),
        pytest.param(f'x=$(sha256sum {NAME})\nif [ "$y" != 1 ]; then echo bad; fi\ngrep "$x" sums', [], id="elsewhere"),
    ],
)
def test_toothless(script: str, expected: list[str]) -> None:
    text = step(f"curl -LO {URL}\n{script}\ntar xf {NAME}")
    assert [each.partition(" ")[2] for each in found(WORKFLOW, text)] == expected


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("a.sh", "#!/bin/sh\n", ["toothless"]),
        ("a.sh", "#!/bin/sh\nset -e\n", []),
        ("a.sh", "#!/bin/bash -e\n", []),
        ("a.sh", "# to be sourced\n", []),
    ],
)
def test_scripts_without_set_e(name: str, start: str, expected: list[str]) -> None:
    text = f'{start}curl -LO {URL}\necho "{SUM}  {NAME}" | sha256sum -c\ntar xf {NAME}\n'
    assert [each.partition(" ")[2] for each in found(name, text)] == expected


RECORD = 'FROM a\nRUN sha256sum "$(which wkg)" > /versions/wkg.sha256\n'


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        pytest.param(RECORD, "", ["2 unverified-record"], id="which"),
        pytest.param("FROM a\nRUN sha256sum /usr/local/bin/x | tee /x.sha256\n", "", ["2 unverified-record"], id="tee"),
        pytest.param(f"{RECORD}RUN cat /versions/wkg.sha256\n", "", ["2 unverified-record"], id="printed"),
        pytest.param(f"{RECORD}RUN sha256sum -c /versions/wkg.sha256\n", "", [], id="checked"),
        pytest.param(RECORD, "docker run x sha256sum -c /versions/wkg.sha256", [], id="checked elsewhere"),
        pytest.param(RECORD, "cd /versions && sha256sum -c *.sha256", [], id="checked by glob"),
        pytest.param(RECORD, "diff wkg.sha256 <(docker run x cat /versions/wkg.sha256)", [], id="compared"),
        pytest.param("FROM a\nRUN sha256sum dist/*.tar.gz > SHA256SUMS\n", "", [], id="release"),
        pytest.param("FROM a\nRUN sha256sum $(type -P x) > /versions/x.sum\n", "", ["2 unverified-record"], id="type"),
        pytest.param("FROM a\nRUN sha256sum /usr/sbin/x > /y\n", "", ["2 unverified-record"], id="sbin"),
        pytest.param("FROM a\nRUN sha256sum -c /usr/bin/x > /y\n", "", [], id="verification"),
        pytest.param("FROM a\nRUN sha256sum /usr/bin/x > /dev/stderr\n", "", [], id="no-record"),
        pytest.param(RECORD, "sha256sum -c /other/*.sha256", ["2 unverified-record"], id="another-glob"),
        pytest.param("FROM a\nRUN sha256sum target/release/x > x.sha256\n", "", [], id="own program"),
        pytest.param('FROM a\nRUN sha256sum "$(which wkg)"\n', "", [], id="no file"),
    ],
)
def test_records(text: str, other: str, expected: list[str]) -> None:
    if other:
        write("check.sh", other)
    assert found("Dockerfile", text) == expected


def test_many_records() -> None:
    text = "".join(f"RUN sha256sum /usr/bin/x{at} > /{at}.sum\n" for at in range(21))
    assert len(found("Dockerfile", f"FROM a\n{text}")) == 20


LISTED = f'[workspace.metadata.dunnage.digests]\n"{URL}" = "sha256:{SUM}"\n'
CHECK = f' && echo "{SUM}  {NAME}" | sha256sum -c -'


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param(
            "Dockerfile",
            f"FROM a\nRUN curl -LO {URL} && tar xf {NAME}\n",
            f"FROM a\nRUN curl -LO {URL}{CHECK} && tar xf {NAME}\n",
            id="RUN",
        ),
        pytest.param(
            "Dockerfile",
            f"FROM a\nRUN set -e; \\\n  curl -LO {URL} \\\n  && tar xf {NAME}\n",
            f"FROM a\nRUN set -e; \\\n  curl -LO {URL}{CHECK} \\\n  && tar xf {NAME}\n",
            id="continued",
        ),
        pytest.param(
            "Dockerfile",
            f"FROM a\nADD {URL} /x/\nRUN tar xf /x/{NAME}\n",
            f"FROM a\nADD --checksum=sha256:{SUM} {URL} /x/\nRUN tar xf /x/{NAME}\n",
            id="ADD",
        ),
        pytest.param(
            "Dockerfile",
            f"# syntax=docker/dockerfile:1.5\nFROM a\nADD {URL} /x/\nRUN tar xf /x/{NAME}\n",
            "",
            id="ADD of an old frontend",
        ),
        pytest.param("Dockerfile", f"FROM a\nRUN curl -LO {URL}; tar xf {NAME}\n", "", id="failure is ignored"),
        pytest.param("Dockerfile", f"FROM a\nRUN curl -L {URL} | tar x\n", "", id="pipe"),
        pytest.param("Dockerfile", f'FROM a\nRUN ["curl", "-LO", "{URL}"]\nRUN tar xf {NAME}\n', "", id="array"),
        pytest.param(
            WORKFLOW,
            step(f"curl -LO {URL}\ntar xf {NAME}"),
            step(f"curl -LO {URL}{CHECK}\ntar xf {NAME}"),
            id="step",
        ),
        pytest.param(
            WORKFLOW,
            step(f'curl -Lo "$RUNNER_TEMP/x.tgz" {URL}\ntar xf "$RUNNER_TEMP/x.tgz"'),
            step(
                f'curl -Lo "$RUNNER_TEMP/x.tgz" {URL} && echo "{SUM}  $RUNNER_TEMP/x.tgz" | sha256sum -c -\n'
                'tar xf "$RUNNER_TEMP/x.tgz"'
            ),
            id="variable in the name",
        ),
        pytest.param(
            WORKFLOW,
            step(f"curl -LO {URL}\ntar xf {NAME}").replace("ubuntu", "macos"),
            "",
            id="macOS",
        ),
        pytest.param(
            WORKFLOW,
            JOB.replace("- run: |\n", f'- run: "curl -LO {URL} \\\\\\n && tar xf {NAME}"\n'),
            "",
            id="quoted YAML",
        ),
        pytest.param("a.sh", f"set -e\ncurl -LO {URL}\ntar xf {NAME}\n", "", id="script for any system"),
        pytest.param(
            "Dockerfile",
            f"# syntax=docker/dockerfile:1\nFROM a\nADD {URL} x\nRUN tar xf x\n",
            f"# syntax=docker/dockerfile:1\nFROM a\nADD --checksum=sha256:{SUM} {URL} x\nRUN tar xf x\n",
            id="ADD of the newest frontend",
        ),
        pytest.param(
            "Dockerfile",
            f"# syntax=docker/dockerfile:1.{'9' * 5000}\nFROM a\nADD {URL} x\nRUN tar xf x\n",
            f"# syntax=docker/dockerfile:1.{'9' * 5000}\nFROM a\nADD --checksum=sha256:{SUM} {URL} x\nRUN tar xf x\n",
            id="ADD of a frontend with a very long number",
        ),
        pytest.param("Dockerfile", f"FROM a\nADD {URL} {URL}.x /x/\nRUN tar xf /x/{NAME}\n", "", id="ADD of several"),
        pytest.param("Dockerfile", f"FROM a\nRUN sudo curl -LO {URL} && tar xf {NAME}\n", "", id="another user"),
        pytest.param("Dockerfile", f"FROM a\nRUN curl -L {URL} > x && tar xf x\n", "", id="redirection"),
        pytest.param("Dockerfile", f"FROM a\nRUN curl -LO {URL} || exit 0; tar xf {NAME}\n", "", id="or"),
        pytest.param("Dockerfile", f"FROM a\nRUN curl -LO {URL} # x\nRUN tar xf {NAME}\n", "", id="comment"),
        pytest.param(
            WORKFLOW, step(f"curl -LO {URL}\ntar xf {NAME}") + "        shell: bash {0}\n", "", id="shell without -e"
        ),
        pytest.param(
            WORKFLOW, step(f"curl -LO {URL}\ntar xf {NAME}").replace("ubuntu-latest", "${{ x }}"), "", id="any runner"
        ),
    ],
)
def test_fix(name: str, before: str, after: str) -> None:
    write("Cargo.toml", LISTED)
    assert found(name, before)[0].endswith("unchecked")
    assert fixed(name, before) == (after or before)
    assert found(name, after) == []


def test_several_fixes_in_one_file() -> None:
    write("Cargo.toml", LISTED)
    text = f"FROM a\nRUN curl -LO {URL} && tar xf {NAME}\nFROM b\nRUN curl -LO {URL} && tar xf {NAME}\n"
    assert fixed("Dockerfile", text).count(CHECK) == 2


def test_fixes_that_fail_together_are_tried_one_by_one() -> None:
    write("Cargo.toml", LISTED)
    text = f"FROM a\nRUN curl -LO {URL} && tar xf {NAME}\nFROM b\nRUN set +e; curl -LO {URL} && tar xf {NAME}; ls\n"
    assert fixed("Dockerfile", text) == text.replace(f"{URL} &&", f"{URL}{CHECK} &&", 1)


def test_a_wrong_list_is_reported() -> None:
    write("Cargo.toml", LISTED.replace(SUM, "abc"))
    assert found("Dockerfile", f"FROM a\nRUN curl -LO {URL} && tar xf {NAME}\n") == ["2 unchecked", "2 unchecked"]


def test_commands_of_a_stage_belong_together_where_the_name_is_known() -> None:
    text = f"FROM a\nRUN curl -LO {URL}\n{{}}RUN tar xf {NAME}\n"
    assert found("Dockerfile", text.format("")) == ["2 unchecked"]
    assert found("Dockerfile", text.format(f'RUN echo "{SUM}  {NAME}" | sha256sum -c\n')) == []
    assert found("Dockerfile", text.format(f'RUN echo "{SUM}  other" | sha256sum -c\n')) == ["2 unchecked"]
    assert found("Dockerfile", text.format("FROM b\n")) == []


def test_releases_of_the_repository_itself_are_not_reported() -> None:
    write("Cargo.toml", '[workspace.package]\nrepository = "https://github.com/WebAssembly/wasi-sdk"\n')
    assert found(WORKFLOW, step(f"curl -LO {URL}\ntar xf {NAME}")) == []


def test_versions_from_outside() -> None:
    url = "https://github.com/casey/just/releases/download/$1/just.tar.gz"
    script = f"curl -LO {url}\ntar xf just.tar.gz\n"
    assert found("install.sh", f"#!/bin/sh\n{script}") == []
    assert found(WORKFLOW, step(script)) == ["6 unchecked"]


MAKEFILE = f"""\
VERSION := 33
SYSTEM = $(shell uname -s)
other: HOME = https://example.dev/x
$(SDK): HOME = https://github.com/WebAssembly/wasi-sdk/releases/download/TAG/$(SYSTEM).tar.gz
$(SDK):
\tcurl -Lo sdk.tgz "$(HOME)"
\techo "{SUM}  sdk.tgz" | CHECK
\ttar xf sdk.tgz
"""


@pytest.mark.parametrize(
    ("tag", "check", "expected"),
    [
        pytest.param("wasi-sdk-$(VERSION)", "cat", ["6 unchecked"], id="unchecked"),
        pytest.param("wasi-sdk-$(VERSION)", "sha256sum -c -", [], id="verified"),
        pytest.param("$(TAG)", "cat", [], id="version-from-outside"),
    ],
)
def test_variables_of_targets_in_makefiles(tag: str, check: str, expected: list[str]) -> None:
    assert found("Makefile", MAKEFILE.replace("TAG", tag).replace("CHECK", check)) == expected


def test_powershell() -> None:
    lines = f"Invoke-WebRequest -Uri {URL} -OutFile x.zip\nExpand-Archive x.zip -DestinationPath .\n"
    hashed = 'if ((Get-FileHash x.zip).Hash -ne $sum) { throw "wrong" }\n'
    job = JOB.replace("ubuntu", "windows")
    assert found(WORKFLOW, job + "".join(f"          {line}\n" for line in lines.splitlines())) == ["6 unchecked"]
    assert found(WORKFLOW, job + "".join(f"          {line}\n" for line in (hashed + lines).splitlines())) == []
    text = lines.replace("Expand", hashed + "Expand")
    assert found(WORKFLOW, job + "".join(f"          {line}\n" for line in text.splitlines())) == []


def test_powershell_with_variables() -> None:
    lines = [
        '$zip = "wasi-sdk-$env:VERSION-windows.zip"',
        '$url = "https://github.com/WebAssembly/wasi-sdk/releases/download/wasi-sdk-$env:VERSION/$zip"',
        "$path = Join-Path $env:RUNNER_TEMP $zip",
        "Invoke-WebRequest -Uri $url -OutFile $path",
        'if ((Get-FileHash $path).Hash -ne "SUM") { throw "wrong digest" }',
        "Expand-Archive -Path $path -DestinationPath .",
    ]
    job = JOB.replace("ubuntu", "windows")
    assert found(WORKFLOW, job + "".join(f"          {line}\n" for line in lines)) == []
    del lines[4]
    write(WORKFLOW, job + "".join(f"          {line}\n" for line in lines))
    (finding,) = check([WORKFLOW], Tree(), Options())
    assert finding.message == "`wasi-sdk-${VERSION}-windows.zip` is unpacked, but nothing verifies its digest"
    assert 'if ((Get-FileHash $path).Hash -ne "SHA256") { throw "wrong digest of $path" }' in finding.help


def test_powershell_runs_nothing_in_a_name() -> None:
    lines = f"iwr '{URL}' -OutFile 'y$(calc).exe'\n& '.\\y$(calc).exe'\n"
    job = JOB.replace("ubuntu", "windows")
    write(WORKFLOW, job + "".join(f"          {line}\n" for line in lines.splitlines()))
    (finding,) = check([WORKFLOW], Tree(), Options())
    assert """if ((Get-FileHash 'y$(calc).exe').Hash -ne "SHA256") { throw "wrong digest" }""" in finding.help


_HOSTILE = [
    "$(id)",
    "`id`",
    "${A:-$(id)}",
    "$$",
    '";id;"',
    "a;id",
    "a|id",
    "a&id",
    "a>b",
    "a#b",
    "a*",
    "~",
    "{a,b}",
    "a\\b",
    "!a",
]


@pytest.mark.skipif(which("bash") is None, reason="needs bash")
def test_a_shell_runs_nothing_in_a_url_or_name_that_a_help_repeats() -> None:
    places = [URL.replace("wasi-sdk-33/", "wasi-sdk-33/{}/"), URL.replace("-x86", "{}-x86")]
    urls = [place.format(text) for place in places for text in _HOSTILE]
    names = [f"wasi-sdk{text}" for text in _HOSTILE]
    lines = [f"curl -L '{url}' | tar xz" for url in urls]
    lines += [f"curl -o '{name}' {URL} && chmod +x '{name}'" for name in names]
    write("a.sh", "".join(f"{line}\n" for line in ("#!/bin/bash", *lines)))
    found = [*check(["a.sh"], Tree(), Options())]
    assert len(found) == len(lines)
    digests = [each.help.rpartition(": ")[2] for each in found[: len(urls)]]
    saved = [each.help.splitlines()[1] for each in found[: len(urls)]]
    compared = [each.help.splitlines()[0].partition("`")[2].removesuffix("`") for each in found[len(urls) :]]
    tools = """curl() { printf '%s\\n' "${@: -1}"; }\nsha256sum() { sed 's/SHA256  //'; }\n"""
    script = tools + "\n".join((*digests, *saved, *compared))
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [*urls, *urls, *names]
    assert not ran.stderr


@pytest.mark.parametrize("tool", ["gpg --verify $path", "Get-AuthenticodeSignature $path"])
def test_a_signature_in_powershell(tool: str) -> None:
    lines = f"curl.exe -o $path {URL}\n{tool}\ntar xf $path\n"
    job = JOB.replace("ubuntu", "windows")
    assert found(WORKFLOW, job + "".join(f"          {line}\n" for line in lines.splitlines())) == []
    text = lines.replace(f"{tool}\n", 'Write-Host "Verifying"\n')
    assert found(WORKFLOW, job + "".join(f"          {line}\n" for line in text.splitlines())) == ["6 unchecked"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(f"a/verify-checksum@v1\n        with: {{checksum: {SUM}, file: x/{NAME}}}", [], id="file"),
        pytest.param("a/verify-checksums@v1\n        with:\n          list: x/SHA256SUMS", [], id="list"),
        pytest.param(
            f"a/verify-digests@v1\n        with:\n          files: |\n            x\n            {SUM}  {NAME}",
            [],
            id="lines",
        ),
        pytest.param(f"a/verify-checksum@v1\n        with: {{file: other-{NAME}}}", ["6 unchecked"], id="another-file"),
        pytest.param(f"a/upload@v1\n        with: {{path: {NAME}}}", ["6 unchecked"], id="another-action"),
    ],
)
def test_an_action_verifies(action: str, expected: list[str]) -> None:
    download, use = f"curl -LO {URL}", f"      - run: tar xf {NAME}\n"
    assert found(WORKFLOW, f"{step(download)}      - uses: {action}\n{use}") == expected
    assert found(WORKFLOW, f"{step(f'{download} && tar xf {NAME}')}  b:\n    steps:\n      - uses: {action}\n") == [
        "6 unchecked"
    ]


GITLAB = f"""\
variables:
  SUM: "{SUM}"
.verify:
  script: &verify
    - echo "$SUM  sdk.tgz" | sha256sum -c -
build:
  before_script:
    - curl -fLo sdk.tgz {URL}
    - VERIFY
    - tar xf sdk.tgz
  script:
    - cargo build
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("*verify", [], id="alias"),
        pytest.param("!reference [.verify, script]", [], id="reference"),
        pytest.param("ls", ["8 unchecked"], id="another-job"),
    ],
)
def test_a_shared_list_of_commands_of_gitlab_verifies(line: str, expected: list[str]) -> None:
    assert found(".gitlab-ci.yml", GITLAB.replace("VERIFY", line)) == expected


def test_a_shared_list_of_commands_that_verifies_nothing() -> None:
    text = GITLAB.replace("VERIFY", "*verify").replace('echo "$SUM  sdk.tgz" | sha256sum -c -', "ls")
    assert found(".gitlab-ci.yml", text) == ["8 unchecked"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [pytest.param("sdk.tgz", [], id="same"), pytest.param("other.tgz", ["6 unchecked"], id="another")],
)
def test_a_file_that_install_writes_is_verified_after_it(name: str, expected: list[str]) -> None:
    script = f"curl -fL {URL} | install -m 600 /dev/stdin sdk.tgz\necho '{SUM}  {name}' | sha256sum -c\ntar xf sdk.tgz"
    assert found(WORKFLOW, step(script)) == expected
