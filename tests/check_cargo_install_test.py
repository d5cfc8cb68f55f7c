"""check-cargo-install: tools have an exact version and the dependencies that they were released with."""

from __future__ import annotations

import re
import subprocess
from functools import partial
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunnage.check_cargo_install import DENY_UNKNOWN, check, main
from dunnage.files.source import Tree
from dunnage.frame.options import PINS, Options
from dunnage.scripts import commands
from repository import fixed as fixed_by
from repository import write
from shell.pieces import NAMES, PIECES
from steps import steps

pytestmark = pytest.mark.usefixtures("repository")

fixed = partial(fixed_by, main)


COMMIT = "0123456789abcdef0123456789abcdef01234567"
STEPS = """\
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
"""
RUN = STEPS + "      - run: {}\n"


CHECKOUT = Path(__file__).resolve().parent.parent


def found(name: str, text: str, pins: str | None = None, deny_unknown: bool = False) -> list[str]:
    """What is found in a file: `line:column rule`, the rule without its concern."""
    write(name, text)
    tree = Tree()
    findings = check([name], tree, Options({PINS: pins, DENY_UNKNOWN: deny_unknown}))
    places = [(*tree.position(it.path, it.span.start), it.rule.id.removeprefix("cargo-install/")) for it in findings]
    return [f"{line}:{column} {rule}" for line, column, rule in sorted(places)]


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("cargo install x", ["unlocked", "unpinned"]),
        ("cargo install x@1.2.3", ["unlocked"]),
        ("cargo install x --locked", ["unpinned"]),
        ("cargo install --locked x@1.2.3", []),
        ("cargo install --frozen x@1.2.3", []),
        ("cargo --locked install x@1.2.3", []),
        ("cargo +nightly auditable install x", ["unlocked", "unpinned"]),
        ("cargo auditable install --locked x@1.2.3", []),
        ("cargo +nightly install --locked x --version 1.2.3", []),
        ("cargo install --locked --vers=1.2.3 x", []),
        ("cargo install --locked x@=1.2.3-rc.1", []),
        ("cargo install --locked x@=1.2", ["unpinned"]),
        ("cargo install --locked x@1.2", ["unpinned"]),
        ("cargo install --locked x@v1.2.3", ["unpinned"]),
        ("cargo install --locked x@latest", ["unpinned"]),
        ("cargo install --locked x@^1.2.3", ["unpinned"]),
        ("cargo install --locked x@'>=1, <2'", ["unpinned"]),
        ("cargo install --locked x@'1.*'", ["unpinned"]),
        ("cargo install --locked x@", ["unpinned"]),
        ("cargo install --locked a@1.2.3 b c@1.2.3 d", ["unpinned", "unpinned"]),
        ("cargo install --locked a b --version 1.2.3", []),
        ("cargo install --path .", ["unlocked"]),
        ("cargo install --path . --locked", []),
        ("cargo install", ["unlocked"]),
        ("cargo install --list", []),
        ("cargo install -h", []),
        ("cargo install x --locked -- --locked", ["unpinned"]),
        ("cargo install x -- --locked", ["unlocked", "unpinned"]),
        ("cargo install --git https://x/y --locked", ["moving-git"]),
        ("cargo install --git https://x/y --locked --tag v1.2.3 z", ["moving-git"]),
        ("cargo install --git https://x/y --locked --branch main", ["moving-git"]),
        ("cargo install --git https://x/y --locked --rev 0123456", ["moving-git"]),
        (f"cargo install --git https://x/y --locked --rev {COMMIT}", []),
        (f"cargo install --git=https://x/y --locked --rev={COMMIT} z", []),
        ("cargo install --git https://x/y --locked --rev $REV", []),
        ("cargo binstall -y x", ["unlocked", "unpinned"]),
        ("cargo binstall -y --locked x@1.2.3", []),
        ("cargo binstall -y --locked x@1.2", ["unpinned"]),
        ("cargo binstall -y --locked x@=1.2.3", []),
        ("cargo binstall -V", []),
        ("cargo binstall --disable-strategies compile x@1.2.3", []),
        ("cargo binstall --disable-strategies=quick-install,compile x@1.2.3", []),
        ("cargo binstall --disable-strategies quick-install x@1.2.3", ["unlocked"]),
        ("cargo binstall --strategies crate-meta-data,quick-install x@1.2.3", []),
        ("cargo binstall --strategies crate-meta-data,compile x@1.2.3", ["unlocked"]),
        ("cargo binstall --strategies $STRATEGIES x@1.2.3", []),
        ("BINSTALL_DISABLE_STRATEGIES=compile cargo binstall x@1.2.3", []),
        ("BINSTALL_DISABLE_STRATEGIES=quick-install cargo binstall x@1.2.3", ["unlocked"]),
        ("cargo binstall --dry-run x@1.2.3", []),
        ("cargo binstall --disable-strategies compile x", ["unpinned"]),
        ("cargo binstall --self-install", []),
        ("cargo-binstall -y x", ["unlocked", "unpinned"]),
        ("cargo-binstall binstall --locked x@1.2.3", []),
        ("~/.cargo/bin/cargo install x@1.2.3", ["unlocked"]),
        ('"$HOME/.cargo/bin/cargo" install x@1.2.3', ["unlocked"]),
        ("sudo -E cargo install x@1.2.3", ["unlocked"]),
        ("bash -c 'cargo install x@1.2.3'", ["unlocked"]),
        ("docker run --rm -v x:y rust:1 cargo install x@1.2.3", ["unlocked"]),
        ("if which x; then cargo install x@1.2.3; else cargo binstall x@1.2.3; fi", ["unlocked", "unlocked"]),
        ("for t in a b@1.2.3; do cargo install --locked $t; done", ["unpinned"]),
        ("V=1.2.3; cargo install --locked x@$V", []),
        ("V=1.2; cargo install --locked x@$V", ["unpinned"]),
        ("cargo install --locked x@$V", []),
        ("cargo install --locked --version=$V x", []),
        ('cargo install --locked --version "$V" x', []),
        ('cargo install --locked "$TOOL"', []),
        ("cargo install $TOOL", ["unlocked"]),
        ("cargo install $FLAGS x", []),
        ('cargo install "$@"', []),
        ('cargo install "${tools[@]}"', []),
        ("echo x@1.2.3 | xargs cargo install", ["unlocked"]),
        ("echo cargo install x", []),
        ("# cargo install x", []),
        ("cat <<EOF\ncargo install x\nEOF", []),
        ("X='cargo install x'", []),
        ("cargo build; cross build; cargo uninstall x", []),
        ("cargo binstall --no-confirm", []),
        ("cargo install --locked ./x", []),
    ],
)
def test_commands(line: str, rules: list[str]) -> None:
    assert sorted(it.partition(" ")[2] for it in found("x.sh", f"{line}\n")) == rules


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("curl -sSf https://raw.githubusercontent.com/cargo-bins/cargo-binstall/main/install.sh | bash", 1),
        ("wget -qO- https://raw.githubusercontent.com/x/cargo-y/refs/heads/main/install.sh | sudo sh -s -- -y", 1),
        ("curl -L https://github.com/cargo-bins/cargo-binstall/raw/main/install.sh | tr a b | sh", 1),
        ("curl https://github.com/o/r/releases/latest/download/r-installer.sh | sh", 1),
        ("bash <(curl https://wasmtime.dev/install.sh)", 1),
        ('sh -c "$(curl -fsSL https://just.systems/install.sh)"', 1),
        ("curl https://rustwasm.github.io/wasm-pack/installer/init.sh -sSf | sh", 1),
        (f"curl https://raw.githubusercontent.com/cargo-bins/cargo-binstall/{COMMIT}/install.sh | bash", 0),
        ("curl https://raw.githubusercontent.com/cargo-bins/cargo-binstall/v1.2.3/install.sh | bash", 0),
        ("curl https://github.com/o/r/releases/download/v1.2.3/r-installer.sh | sh", 0),
        ("curl https://raw.githubusercontent.com/cargo-bins/cargo-binstall/$REF/install.sh | bash", 0),
        ("curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y", 0),
        ("curl https://wasmtime.dev/install.sh > install.sh", 0),
        ("curl https://wasmtime.dev/install.sh -sSf | bash -s -- --version v36.0.2", 0),
        ("curl https://wasmtime.dev/install.sh -sSf | bash -s -- --version dev", 1),
        ('curl https://wasmtime.dev/install.sh -sSf | bash -s -- --version "$WASMTIME_VERSION"', 0),
        ("V=v36.0.2; curl https://wasmtime.dev/install.sh -sSf | bash -s -- --version $V", 0),
        ("bash <(curl -fsSL https://spinframework.dev/downloads/install.sh) -v v3.0.0", 0),
        ("curl -fsSL https://spinframework.dev/downloads/install.sh | bash -s -- -v canary", 1),
        ("curl -fsSL https://cli.moonbitlang.com/install/unix.sh | bash", 1),
        ("curl -fsSL https://cli.moonbitlang.com/install/unix.sh | bash -s '0.6.19+abc12'", 0),
        ("curl -fsSL https://cli.moonbitlang.com/install/unix.sh | bash -s nightly", 1),
        ("curl -sSf https://just.systems/install.sh | bash -s -- --to $HOME/bin", 1),
        ("curl -sSf https://just.systems/install.sh | bash -s -- --tag 1.43.0 --to $HOME/bin", 0),
        ("curl https://rustwasm.github.io/wasm-pack/installer/init.sh -sSf | VERSION=v0.13.1 sh", 0),
        ("curl -fsSL https://wasmcloud.com/sh | WASH_VERSION=v2.0.1 bash", 0),
        ("export WASH_VERSION=v2.0.1; curl -fsSL https://wasmcloud.com/sh | bash", 0),
        ("curl -fsSL https://wasmcloud.com/sh | bash", 1),
        ("curl https://github.com/cargo-bins/cargo-binstall/raw/main/install.sh | bash -s -- v1.2.3", 1),
        ("curl https://get.nexte.st/latest/linux | tar zxf -", 0),
        ("curl https://example.org/install.sh | sh", 0),
        ("VERSION=$(curl https://raw.githubusercontent.com/x/cargo-y/main/VERSION)", 0),
    ],
)
def test_piped_installers(line: str, rules: int) -> None:
    assert [it.partition(" ")[2] for it in found("x.sh", f"{line}\n")] == ["piped-installer"] * rules


@pytest.mark.parametrize(
    ("url", "help"),
    [
        ("https://wasmtime.dev/install.sh", "`… | bash -s -- --version v1.2.3`"),
        ("https://cli.moonbitlang.com/install/unix.sh", "`… | bash -s 1.2.3+HASH`"),
        (
            "https://wasm-bindgen.github.io/wasm-pack/installer/init.sh",
            "write `cargo install --locked wasm-pack@1.2.3`",
        ),
        ("https://get.nexte.st/latest/linux", "use a URL that names one release"),
    ],
)
def test_help_about_piped_installers(url: str, help: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("x.sh", f"curl {url} | sh\n")
    assert main(["x.sh"]) == 1
    assert help in capsys.readouterr().out


JCO = "@bytecodealliance/jco"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"npm install -g {JCO}", f"{JCO} has no version: every run installs the latest release"),
        (f"npm i --global typescript@5 {JCO}@^1.2.3", f"{JCO} has no exact version: `^1.2.3` is a range"),
        (f"npm i -g {JCO}@1", f"{JCO} has no exact version: `1` is a range"),
        ("npm i -g wasm-pack@latest", "wasm-pack has no exact version: `latest` is a tag"),
        (f"npm i -g {JCO}@1.2.3", ""),
        (f"npm i {JCO}", ""),
        (f"npm uninstall -g {JCO}", ""),
        ("npm i -g jco", ""),
        (f"npx -y {JCO} transpile x.wasm", f"{JCO} has no version"),
        (f"npx {JCO}@1.2.3 transpile x.wasm", ""),
        (f"npx --package={JCO} jco transpile x.wasm", f"{JCO} has no version"),
        (f"npm exec -p {JCO} -- jco transpile x.wasm", f"{JCO} has no version"),
        (f"npx cowsay {JCO}", ""),
        (f"pnpm add -g {JCO}", f"{JCO} has no version"),
        (f"pnpm dlx {JCO}", f"{JCO} has no version"),
        (f"yarn global add {JCO}", f"{JCO} has no version"),
        (f"yarn add {JCO}", ""),
        (f"yarn dlx {JCO}@1.2.3", ""),
        (f"bunx {JCO}", f"{JCO} has no version"),
        (f"bun add -g {JCO}@1.2.3", ""),
        (f"npm i -g {JCO}@$V", ""),
        ("pip install componentize-py", "componentize-py has no version: every run installs the latest release"),
        ("pip install componentize-py==0.17.2", ""),
        ("pip3 install 'componentize_py[x]>=0.17,<1'", "componentize_py has no exact version: `>=0.17,<1` is a range"),
        ("python3.12 -m pip install -U componentize-py", "componentize-py has no version"),
        ("pip install componentize-py==0.17.*", "componentize-py has no exact version: `==0.17.*` is a range"),
        ("pip install -r requirements.txt componentize-py", ""),
        ("pip install -c constraints.txt componentize-py", ""),
        ("export PIP_CONSTRAINT=c.txt; pip install componentize-py", ""),
        ("pip install 'componentize-py @ https://example.org/x.whl'", ""),
        ("pip uninstall componentize-py", ""),
        ("pip download componentize-py", ""),
        ("pipx install componentize-py", "componentize-py has no version"),
        ("pipx run --spec componentize-py==0.17.2 componentize-py", ""),
        ("uv tool install componentize-py", "componentize-py has no version"),
        ("uv tool install componentize-py@0.17.2", ""),
        ("uvx componentize-py@latest", "componentize-py has no exact version: `latest` is a tag"),
        ("uvx --from componentize-py==0.17.2 componentize-py", ""),
        ("uvx ruff componentize-py", ""),
        ("uv pip install componentize-py", "componentize-py has no version"),
        ("uv run componentize-py", ""),
        ("python script.py componentize-py", ""),
        ("echo pip install componentize-py", ""),
    ],
)
def test_tools_from_npm_and_pypi(line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("x.sh", f"{line}\n")
    assert main(["x.sh"]) == bool(message)
    output = capsys.readouterr().out
    assert message in output
    assert output.count(": cargo-install/unpinned") == bool(message)


def test_npx_prefers_the_version_of_the_project() -> None:
    write("js/package.json", f'{{"devDependencies": {{"{JCO}": "1.2.3"}}}}')
    assert found("x.sh", f"npx {JCO}\n") == ["1:5 unpinned"]
    subprocess.run(["git", "add", "js/package.json"], check=True)
    assert found("x.sh", f"npx {JCO}\n") == []
    assert found("x.sh", f"pnpm dlx {JCO}\n") == ["1:10 unpinned"]


def test_fixes_of_tools_from_npm_and_pypi() -> None:
    write("pins.toml", 'jco = "1.2.3"\ncomponentize-py = "0.17.2"\n')
    before = f"npm i -g {JCO}\nnpm i -g {JCO}@^1\npip install 'componentize-py>=0.1' # x\nuvx componentize-py@0.1.0\n"
    after = before.replace(JCO, f"{JCO}@1.2.3").replace("@1.2.3@^1", "@1.2.3")
    after = after.replace(">=0.1", "==0.17.2").replace("@0.1.0", "@0.17.2")
    assert fixed("x.sh", before, "--pins", "pins.toml") == after


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "bytecodealliance/actions/wasmtime/setup@v1",
            "wasmtime has no version: every run installs the latest release",
        ),
        ("bytecodealliance/actions/wasmtime/setup@v1\n        with: {version: latest}", "wasmtime has no version"),
        ("bytecodealliance/actions/wasmtime/setup@v1\n        with: {version: v36.0.2}", ""),
        ("bytecodealliance/actions/wasmtime/setup@v1\n        with: {version: 36.0.2}", ""),
        (
            "bytecodealliance/actions/wasmtime/setup@v1\n        with: {version: dev}",
            "wasmtime has no exact version: `dev` is not MAJOR.MINOR.PATCH",
        ),
        ("bytecodealliance/actions/wasm-tools/setup@v1\n        with: {version: wasm-tools-1.0.60}", ""),
        ("bytecodealliance/actions/wit-bindgen/setup@v1\n        with: {version: wit-bindgen-cli-0.20.0}", ""),
        ("bytecodealliance/actions/wit-bindgen/setup@v1\n        with: {version: '$" + "{{ inputs.v }}'}", ""),
        ("extractions/setup-just@v3", "just has no version"),
        ("extractions/setup-just@v3\n        with: {just-version: '1.43'}", "`1.43` is a range"),
        ("extractions/setup-just@v3\n        with: {just-version: '1.43.0'}", ""),
        ("jetli/wasm-pack-action@v0.4.0", "wasm-pack has no version"),
        ("jetli/wasm-pack-action@v0.4.0\n        with: {version: v0.13.1}", ""),
        ("jetli/wasm-bindgen-action@v0.2.0\n        with: {version: 0.2.100}", ""),
        ("jetli/trunk-action@v0.5.0\n        with: {version: latest}", "trunk has no version"),
        ("fermyon/actions/spin/setup@v1\n        with: {version: canary}", "spin has no exact version"),
        ("hustcer/setup-moonbit@v1", "moonbit has no version"),
        ("hustcer/setup-moonbit@v1\n        with: {version: 0.6.19+abc12}", "moonbit core has no version"),
        ("hustcer/setup-moonbit@v1\n        with: {version: 0.6.19+abc12, setup-core: false}", ""),
        ("hustcer/setup-moonbit@v1\n        with: {version: 0.6.19+abc12, core-version: 0.6.19+abc12}", ""),
        ("wasmCloud/setup-wash-action@v1", ""),
        ("wasmCloud/setup-wash-action@v1\n        with: {wash-version: ^0.51}", "wash has no exact version"),
        ("wasmerio/setup-wasmer@v3.1", "wasmer has no version"),
        ("moonrepo/setup-rust@v1\n        with: {bins: 'cargo-hack@0.6.1, cargo-insta'}", "cargo-insta has no version"),
        ("moonrepo/setup-rust@v1\n        with: {bins: cargo-hack@0.6}", "matches every version that begins with it"),
        ("moonrepo/setup-rust@v1", ""),
        ("actions-rs/install@v0.1\n        with: {crate: cargo-audit}", "cargo-audit has no version"),
        ("actions-rs/install@v0.1\n        with: {crate: cargo-audit, version: 0.21.2}", ""),
        ("bytecodealliance/actions/other@v1", ""),
    ],
)
def test_actions_that_install_one_tool(step: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(".github/workflows/x.yml", f"{STEPS}      - uses: {step}\n")
    assert main([".github/workflows/x.yml"]) == bool(message)
    output = capsys.readouterr().out
    assert message in output
    assert output.count(": cargo-install/unpinned-action") == bool(message)


def test_fixes_of_actions_that_install_one_tool() -> None:
    write("pins.toml", 'wasmtime-cli = "36.0.2"\njust = "1.43.0"\ncargo-insta = "1.44.0"\n')
    before = (
        f"{STEPS}      - uses: bytecodealliance/actions/wasmtime/setup@v1\n        with: {{version: v35.0.0}}\n"
        "      - uses: extractions/setup-just@v3\n        with: {just-version: '1.43'}\n"
        "      - uses: moonrepo/setup-rust@v1\n        with: {bins: 'cargo-hack@1.2.3,cargo-insta'}\n"
    )
    after = before.replace("v35.0.0", "v36.0.2").replace("'1.43'", "'1.43.0'").replace("insta'", "insta@1.44.0'")
    assert fixed(".github/workflows/x.yml", before, "--pins", "pins.toml") == after


def test_the_first_finding_in_each_file_names_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("x.sh", "y.sh"):
        write(name, "cargo install --locked x\ncargo install --locked y\n")
    assert main(["x.sh", "y.sh"]) == 1
    lines = capsys.readouterr().out.splitlines()
    advice = "to accept this everywhere: pass `--ignore cargo-install/unpinned`"
    assert [number for number, line in enumerate(lines) if line.strip() == advice] == [2, 7]
    assert main(["--ignore", "cargo-install/unpinned", "x.sh", "y.sh"]) == 0


def test_findings_are_looked_for_only_when_they_are_asked_for() -> None:
    write("a.sh", "cargo install a\n" * 200)
    found = check(["a.sh"], Tree(), Options())
    first, others = steps(lambda: next(found)), steps(lambda: list(found))
    assert others > first / 2


def test_unknown_tokens_of_actions_are_no_versions() -> None:
    step = "uses: extractions/setup-just@v3\n        with: {just-version: 1.43.0, github-token: '$"
    text = f"{STEPS}      - {step}{{{{ secrets.TOKEN }}}}'}}\n"
    assert found(".github/workflows/x.yml", text, deny_unknown=True) == []


BINSTALL = "cargo binstall x@1.2.3"


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        pytest.param("x.sh", f"export BINSTALL_DISABLE_STRATEGIES=compile\n{BINSTALL}\n", 0, id="export"),
        pytest.param("x.sh", f"export BINSTALL_STRATEGIES=crate-meta-data,quick-install\n{BINSTALL}\n", 0, id="list"),
        pytest.param("x.sh", f"export BINSTALL_DISABLE_STRATEGIES=quick-install\n{BINSTALL}\n", 1, id="other"),
        pytest.param("x.sh", f"export BINSTALL_STRATEGIES=compile\n{BINSTALL}\n", 1, id="only-compile"),
        pytest.param("x.sh", f"{BINSTALL}\nexport BINSTALL_DISABLE_STRATEGIES=compile\n", 1, id="too-late"),
        pytest.param(
            "x.sh", f"export BINSTALL_DISABLE_STRATEGIES=compile\nbash -c '{BINSTALL}'\n", 0, id="exported-to-bash"
        ),
        pytest.param(
            "x.sh",
            f"export BINSTALL_DISABLE_STRATEGIES=compile\nBINSTALL_DISABLE_STRATEGIES= {BINSTALL}\n",
            1,
            id="prefix-takes-precedence",
        ),
        pytest.param("x.sh", f"export BINSTALL_STRATEGIES=$ANY\n{BINSTALL}\n", 0, id="unknown"),
        pytest.param(
            "x.sh",
            f"if $CI; then export BINSTALL_DISABLE_STRATEGIES=compile; fi\n{BINSTALL}\n",
            0,
            id="perhaps",
        ),
        pytest.param("x.sh", f"env BINSTALL_DISABLE_STRATEGIES=compile {BINSTALL}\n", 0, id="env"),
        pytest.param(
            "x.sh",
            f"install() {{ {BINSTALL}; }}\nexport BINSTALL_DISABLE_STRATEGIES=compile\ninstall\n",
            0,
            id="function",
        ),
        pytest.param(
            ".github/workflows/x.yml",
            "env:\n  BINSTALL_DISABLE_STRATEGIES: compile\n" + RUN.format(BINSTALL),
            0,
            id="env-of-workflow",
        ),
        pytest.param(
            ".github/workflows/x.yml",
            RUN.format(BINSTALL) + "        env:\n          BINSTALL_DISABLE_STRATEGIES: compile\n",
            0,
            id="env-of-step",
        ),
        pytest.param(
            ".github/workflows/x.yml",
            RUN.format('echo "BINSTALL_DISABLE_STRATEGIES=compile" >> "$GITHUB_ENV"') + f"      - run: {BINSTALL}\n",
            0,
            id="GITHUB_ENV",
        ),
        pytest.param(
            ".github/workflows/x.yml",
            RUN.format(BINSTALL) + '      - run: echo "BINSTALL_DISABLE_STRATEGIES=compile" >> "$GITHUB_ENV"\n',
            1,
            id="GITHUB_ENV-of-a-later-step",
        ),
        pytest.param(
            ".github/workflows/x.yml",
            RUN.format("true") + f"        env: {{BINSTALL_STRATEGIES: quick-install}}\n      - run: {BINSTALL}\n",
            1,
            id="env-of-another-step",
        ),
        pytest.param(
            ".gitlab-ci.yml",
            f"variables:\n  BINSTALL_DISABLE_STRATEGIES: compile\nx:\n  script: {BINSTALL}\n",
            0,
            id="gitlab",
        ),
        pytest.param(
            ".circleci/config.yml",
            "jobs:\n  x:\n    environment: {BINSTALL_DISABLE_STRATEGIES: compile}\n"
            f"    steps:\n      - run: {BINSTALL}\n",
            0,
            id="circleci",
        ),
        pytest.param(
            "Dockerfile", f"FROM rust\nENV BINSTALL_DISABLE_STRATEGIES=compile\nRUN {BINSTALL}\n", 0, id="ENV"
        ),
        pytest.param(
            "Dockerfile", f"FROM rust\nARG BINSTALL_DISABLE_STRATEGIES=compile\nRUN {BINSTALL}\n", 0, id="ARG"
        ),
        pytest.param("Dockerfile", f"FROM rust\nARG BINSTALL_STRATEGIES\nRUN {BINSTALL}\n", 0, id="ARG-from-outside"),
        pytest.param(
            "Dockerfile",
            'FROM rust\nENV BINSTALL_DISABLE_STRATEGIES=compile\nRUN ["cargo", "binstall", "x@1.2.3"]\n',
            0,
            id="exec-form",
        ),
        pytest.param(
            "Dockerfile",
            f"FROM rust AS a\nENV BINSTALL_DISABLE_STRATEGIES=compile\nFROM rust\nRUN {BINSTALL}\n",
            1,
            id="ENV-of-another-stage",
        ),
        pytest.param(
            "Dockerfile",
            f"FROM rust AS a\nENV BINSTALL_DISABLE_STRATEGIES=compile\nFROM a\nRUN {BINSTALL}\n",
            0,
            id="ENV-of-the-base",
        ),
        pytest.param("Makefile", f"export BINSTALL_DISABLE_STRATEGIES = compile\nx:\n\t{BINSTALL}\n", 0, id="Makefile"),
        pytest.param("justfile", f'export BINSTALL_STRATEGIES := "quick-install"\nx:\n    {BINSTALL}\n', 0, id="just"),
    ],
)
def test_binstall_that_cannot_compile_by_its_environment(name: str, text: str, rules: int) -> None:
    assert [it.partition(" ")[2] for it in found(name, text)] == ["unlocked"] * rules


@pytest.mark.parametrize(
    ("name", "text", "rules"),
    [
        pytest.param(
            "Dockerfile",
            "FROM rust\nRUN cargo install x --version 1.2.3 \\\n # why\n && true\n",
            ["2:11 unlocked"],
            id="RUN",
        ),
        pytest.param(
            "Dockerfile", 'FROM rust\nRUN ["cargo", "install", "x"]\n', ["2:15 unlocked", "2:26 unpinned"], id="exec"
        ),
        pytest.param(
            "Dockerfile", "FROM rust\nARG V=1.2\nRUN cargo install --locked x@$V\n", ["3:28 unpinned"], id="ARG"
        ),
        pytest.param(
            "Dockerfile", "ARG V=1.2.3\nFROM rust\nARG V\nRUN cargo install --locked x@$V\n", [], id="global ARG"
        ),
        pytest.param("Dockerfile", "FROM rust\nARG V\nRUN cargo install --locked x@${V}\n", [], id="ARG from outside"),
        pytest.param(
            "Dockerfile.ci",
            "FROM rust\nRUN <<EOF\nset -e\ncargo install x@1.2.3\nEOF\n",
            ["4:7 unlocked"],
            id="heredoc",
        ),
        pytest.param(".github/workflows/x.yml", RUN.format("cargo install x@1.2.3"), ["5:20 unlocked"], id="workflow"),
        pytest.param(
            ".github/workflows/x.yml",
            "env:\n  V: 1.2\n" + RUN.format("cargo install --locked --version ${{ env.V }} x"),
            ["7:60 unpinned"],
            id="env",
        ),
        pytest.param(
            ".github/workflows/x.yml", RUN.format("cargo install --locked x@${{ needs.a.outputs.b }}"), [], id="unknown"
        ),
        pytest.param(".gitlab-ci.yml", "a:\n  script:\n    - cargo install x@1.2.3\n", ["3:13 unlocked"], id="GitLab"),
        pytest.param(
            ".circleci/config.yml",
            "jobs:\n  a:\n    steps:\n      - run:\n          command: cargo install x@1.2.3\n",
            ["5:26 unlocked"],
            id="CircleCI",
        ),
        pytest.param("Makefile", "x:\n\t@cargo install x@1.2.3\n", ["2:9 unlocked"], id="Makefile"),
        pytest.param("justfile", "x:\n    @cargo install x@1.2.3\n", ["2:12 unlocked"], id="justfile"),
        pytest.param("tools", "#!/usr/bin/env bash\ncargo install x@1.2.3\n", ["2:7 unlocked"], id="shebang"),
        pytest.param("README", "cargo install x\n", [], id="no script"),
        pytest.param("x.py", "#!/usr/bin/env python3\n# cargo install x\n", [], id="another language"),
    ],
)  # fmt: skip
def test_files(name: str, text: str, rules: list[str]) -> None:
    assert found(name, text) == rules


@pytest.mark.parametrize(
    ("step", "rules"),
    [
        ("uses: taiki-e/install-action@v2\n        with:\n          tool: a@1.2.3,b@1.2.3", []),
        ("uses: taiki-e/install-action@v2\n        with:\n          tool: a@1.2,b c@1.2.3", ["7:17", "7:23"]),
        (
            "uses: Taiki-e/install-action@v2\n        with:\n          tool: |\n            a@1.2.3\n            b",
            ["9:13"],
        ),
        ("uses: taiki-e/install-action@v2\n        with:\n          tool: a@latest", ["7:17"]),
        ("uses: taiki-e/install-action@v2\n        with:\n          tool: ${{ inputs.x }}", []),
        ("uses: taiki-e/install-action@v2\n        with:\n          tool: rust@nightly+rustfmt, valgrind", []),
        (f"uses: taiki-e/install-action@{COMMIT}\n        with:\n          tool: a", ["7:17"]),
        (f"uses: taiki-e/install-action@{COMMIT}\n        with:\n          tool: nextest,cargo-deny@0.18", []),
        (f"uses: taiki-e/install-action@{COMMIT}\n        with:\n          tool: taplo-cli,wild-linker", []),
        (
            f"uses: taiki-e/install-action@{COMMIT}\n        with:\n          tool: nextest\n          checksum: false",
            ["7:17"],
        ),
        (f"uses: taiki-e/install-action@{COMMIT}\n        with:\n          tool: a\n          fallback: none", []),
        ("uses: taiki-e/install-action@v2\n        with:\n          tool: a\n          fallback: none", ["7:17"]),
        ("uses: taiki-e/install-action@cargo-hack", ["5:15"]),
        ("uses: taiki-e/install-action@v2", []),
        (f"uses: taiki-e/install-action@{COMMIT}", []),
        ("uses: taiki-e/cache-cargo-install-action@v2\n        with:\n          tool: a", ["7:17"]),
        ("uses: taiki-e/cache-cargo-install-action@v2\n        with:\n          tool: a@1.2.3", []),
        ("uses: taiki-e/cache-cargo-install-action@v2\n        with: {tool: a, git: x, tag: v1.2.3}", ["6:38"]),
        (f"uses: taiki-e/cache-cargo-install-action@v2\n        with: {{tool: a, git: x, rev: {COMMIT}}}", []),
        ("uses: baptiste0928/cargo-install@v3\n        with:\n          crate: a", ["7:18"]),
        ("uses: baptiste0928/cargo-install@v3\n        with:\n          crate: a\n          version: 1.2.3", []),
        ('uses: baptiste0928/cargo-install@v3\n        with:\n          crate: a\n          version: "=1.2.3"', []),
        ('uses: baptiste0928/cargo-install@v3\n        with:\n          crate: a\n          version: "^1.2"', ["8:21"]),
        ("uses: baptiste0928/cargo-install@v3\n        with:\n          crate: a\n          version: 1.2", ["8:20"]),
        ("uses: baptiste0928/cargo-install@v3\n        with: {crate: a, git: x, branch: main}", ["6:42"]),
        (f"uses: baptiste0928/cargo-install@v3\n        with: {{crate: a, git: x, commit: {COMMIT}}}", []),
        ("uses: taiki-e/install-action@v2\n        with:\n          tool: a@1.x", ["7:17"]),
        ("uses: taiki-e/cache-cargo-install-action@v2\n        with:\n          tool: a@1.2", ["7:17"]),
        ("uses: taiki-e/cache-cargo-install-action@v2\n        with:\n          tool: ${{ inputs.x }}", []),
        ("uses: baptiste0928/cargo-install@v3\n        with:\n          crate: ${{ inputs.x }}", []),
        ("uses: baptiste0928/cargo-install@v3\n        with: {crate: a, version: '${{ inputs.x }}'}", []),
        ("uses: baptiste0928/cargo-install@v3\n        with: {crate: a, git: x}", ["6:31"]),
        ("uses: cargo-bins/cargo-binstall@main\n        with:\n          version: ${{ inputs.x }}", []),
        ("uses: cargo-bins/cargo-binstall@main\n        with:\n          version: 1.x", ["7:20"]),
        ("uses: cargo-bins/cargo-binstall@main", ["5:15"]),
        ("uses: cargo-bins/cargo-binstall@v1.10.0", ["5:15"]),
        ("uses: cargo-bins/cargo-binstall@main\n        with:\n          version: v1.10.0", []),
        ("uses: actions/checkout@v4\n        with:\n          tool: a", []),
    ],
)
def test_actions(step: str, rules: list[str]) -> None:
    text = f"{STEPS}      - {step}\n"
    assert found(".github/workflows/x.yml", text) == [f"{place} unpinned-action" for place in rules]


def test_an_action_that_is_told_not_to_lock() -> None:
    step = "uses: baptiste0928/cargo-install@v3\n        with: {crate: a, version: 1.2.3, locked: false}"
    assert found(".github/workflows/x.yml", f"{STEPS}      - {step}\n") == ["6:50 unlocked"]


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("cargo install --locked x@$V", ["unpinned"]),
        ('cargo install --locked x --version "$V"', ["unpinned"]),
        ('cargo install --locked "$TOOL"', ["unpinned"]),
        ("cargo install $FLAGS x", ["unlocked", "unpinned"]),
        ("cargo install --locked --git https://x/y --rev $REV", ["moving-git"]),
        ("cargo install --locked --git https://x/y $FLAGS", ["moving-git"]),
        ("npm install -g @bytecodealliance/jco@$V", ["unpinned"]),
        ("cargo install --locked x@1.2.3", []),
    ],
)
def test_deny_unknown(line: str, rules: list[str]) -> None:
    assert sorted(it.partition(" ")[2] for it in found("x.sh", f"{line}\n", deny_unknown=True)) == rules


def test_deny_unknown_in_actions() -> None:
    step = "uses: taiki-e/install-action@v2\n        with:\n          tool: ${{ inputs.x }}"
    text = f"{STEPS}      - {step}\n"
    assert found(".github/workflows/x.yml", text, deny_unknown=True) == ["7:17 unpinned-action"]


PINNED = 'x = "1.2.3"\ny = "=2.0.0"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("cargo install x", "cargo install --locked x@1.2.3", id="none"),
        pytest.param("cargo install --locked 'x'", "cargo install --locked 'x@1.2.3'", id="quoted"),
        pytest.param("cargo install --locked x@^1 z@^1", "cargo install --locked x@1.2.3 z@^1", id="range"),
        pytest.param('cargo install --locked x --vers "1.0"', 'cargo install --locked x --vers "1.2.3"', id="--vers"),
        pytest.param("cargo install --locked --vers=0.9.0 x", "cargo install --locked --vers=1.2.3 x", id="="),
        pytest.param("cargo install --locked x@=1.2.2", "cargo install --locked x@=1.2.3", id="exact requirement"),
        pytest.param("cargo install --locked x@1.2.3 y@2.0.0", "cargo install --locked x@1.2.3 y@2.0.0", id="right"),
        pytest.param("cargo install --locked x y", "cargo install --locked x@1.2.3 y@2.0.0", id="several"),
        pytest.param("V=1; cargo install --locked x@$V", "V=1; cargo install --locked x@$V", id="variable"),
        pytest.param("x=x; cargo install ${x}", "x=x; cargo install --locked ${x}", id="variable of the same name"),
        pytest.param("cargo install --locked x y --version 1", "cargo install --locked x y --version 1", id="shared"),
        pytest.param("cargo binstall -y x", "cargo binstall --locked -y x@1.2.3", id="binstall"),
        pytest.param("cargo-binstall x@1", "cargo-binstall --locked x@1.2.3", id="cargo-binstall"),
        pytest.param("cargo install --path x", "cargo install --locked --path x", id="path"),
        pytest.param("cargo install $(flags) x", "cargo install $(flags) x", id="unknown"),
        pytest.param("cargo install $(echo) x", "cargo install --locked $(echo) x@1.2.3", id="known output"),
    ],
)  # fmt: skip
def test_fixes(before: str, after: str) -> None:
    write("pins.toml", PINNED)
    assert fixed("x.sh", f"{before}\n", "--pins", "pins.toml") == f"{after}\n"


def test_fixes_everywhere(folder: Path) -> None:
    (folder / "Cargo.toml").write_text(f"[workspace.metadata.dunnage.tools]\n{PINNED}nextest = '0.9.1'\n")
    assert (
        fixed("a/Dockerfile", 'FROM rust\r\nRUN cargo install \\\r\n\t# why\r\n\tx\r\nRUN ["cargo", "install", "y"]')
        == "FROM rust\r\nRUN cargo install --locked \\\r\n\t# why\r\n\tx@1.2.3\r\n"
        'RUN ["cargo", "install", "--locked", "y@2.0.0"]'
    )
    text = (
        RUN.format('"cargo install x" # why') + "      - uses: taiki-e/install-action@v2\n        with:\n          {}\n"
    )
    assert fixed(".github/workflows/x.yml", text.format("tool: x@1, nextest")) == text.replace(
        '"cargo install x"', '"cargo install --locked x@1.2.3"'
    ).format("tool: x@1.2.3, nextest@0.9.1")
    step = "      - uses: baptiste0928/cargo-install@v3\n        with:\n          crate: x\n          version: '{}'\n"
    assert fixed(".github/workflows/y.yml", STEPS + step.format("^1")) == STEPS + step.format("1.2.3")


def test_without_a_list_no_version_is_written() -> None:
    assert fixed("x.sh", "cargo install x@^1\n") == "cargo install --locked x@^1\n"


def test_a_list_that_is_contradicted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Cargo.toml").write_text('[package.metadata.dunnage.tools]\nx = "1.2.3"\n')
    write("x.sh", "cargo install --locked x@1.2.2\n")
    assert main(["x.sh"]) == 1
    assert capsys.readouterr().out == (
        "x.sh:1:24: cargo-install/unpinned x has version 1.2.2, but Cargo.toml requires 1.2.3\n"
        "    help: write `x@1.2.3`, the version in Cargo.toml\n"
    )


def test_a_given_list_goes_before_the_manifest(folder: Path) -> None:
    (folder / "Cargo.toml").write_text('[package.metadata.dunnage.tools]\nx = "1.0.0"\ny = "1.0.0"\n')
    write("pins.toml", 'x = "1.2.3"\n')
    assert found("x.sh", "cargo install --locked x@1.2.3 y@1.0.0\n", pins="pins.toml") == []


@pytest.mark.parametrize(
    ("pins", "place"),
    [
        ('x = "1.2"\n', "pins.toml:1:5"),
        ('y = "1.2.3"\nx = "^1.2.3"\n', "pins.toml:2:5"),
        ("x = 1\n", "pins.toml:1:5"),
        ("x = \n", "pins.toml:1:5"),
        (None, "pins.toml:1:1"),
    ],
)
def test_a_list_that_is_wrong(pins: str | None, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    if pins is not None:
        write("pins.toml", pins)
    write("x.sh", "cargo install --locked y@1.2.3\n")
    assert main(["--pins", "pins.toml", "x.sh"]) == 1
    assert capsys.readouterr().out.startswith(f"{place}: cargo-install/unpinned ")


@pytest.mark.parametrize(
    "manifest", ["[dunnage\n", "workspace = 1\n", "[workspace.metadata]\ndunnage = 1\n", "# dunnage\n"]
)
def test_a_manifest_without_a_list(folder: Path, manifest: str) -> None:
    (folder / "Cargo.toml").write_text(manifest)
    assert found("x.sh", "cargo install --locked x@1.2.3\n") == []


def test_what_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    write("x.sh", "cargo install x@v1.2.3\n")
    assert main(["x.sh"]) == 1
    assert capsys.readouterr().out == (
        "x.sh:1:7: cargo-install/unlocked `cargo install` runs without `--locked`, "
        "so it ignores the tool's Cargo.lock and uses the latest dependencies\n"
        "    help: write `cargo install --locked`\n"
        "x.sh:1:15: cargo-install/unpinned x cannot be installed: the version `v1.2.3` is rejected by cargo: "
        "a version cannot begin with `v`\n"
        "    help: write `x@1.2.3`, with the version that you reviewed\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "cargo install --locked x # dunnage: ignore[cargo-install/unpinned] newest on purpose\n",
        "# dunnage: ignore[cargo-install/unpinned] newest on purpose\ncargo install --locked x\n",
        "echo 'it' && cargo install --locked x # dunnage: ignore[cargo-install/unpinned] don't care\n",
    ],
)
def test_ignored(text: str) -> None:
    write("x.sh", text)
    assert main(["x.sh"]) == 0


@pytest.mark.parametrize(
    "text", ["echo '# dunnage: ignore[x/y]' cargo\n", 'echo "a # dunnage: nonsense" cargo\n', "echo a#dunnage: cargo\n"]
)
def test_what_is_no_comment(text: str) -> None:
    write("x.sh", text)
    assert main(["x.sh"]) == 0


def test_a_file_that_is_not_utf_8_is_read_nevertheless(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.sh").write_bytes(b"cargo install x # \xff\n")
    assert main(["x.sh"]) == 1
    assert re.findall(r"^x.sh:\d+:\d+: (\S+)", capsys.readouterr().out, re.MULTILINE) == [
        "cargo-install/unlocked",
        "cargo-install/unpinned",
        "input/unreadable",
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("Dockerfile", "a/Dockerfile.ci", "x.dockerfile", "Containerfile", "Containerfile.dev", "dockerfile"),
        *(".github/workflows/ci.yml", ".gitea/workflows/ci.yaml", ".github/actions/x/action.yml", "action.yaml"),
        *(".gitlab-ci.yml", "x.gitlab-ci.yml", ".gitlab/ci/a/b.yml", ".gitlab-ci/a.yml", ".circleci/config.yml"),
        *("x.sh", "a/b.bash", ".envrc", "Makefile", "GNUmakefile", "makefile", "Makefile.ci", "x.mk", "justfile"),
        *(".justfile", "a/Justfile", "x.just", "x.zsh"),
        *("README.md", "x.yml", ".github/dependabot.yml", ".github/workflows/x/y.yml", "Cargo.toml", "main.rs", "x.py"),
        *("docker-compose.yml", "my-action.yml", "NotDockerfile.md", "x.shx", "a.justx"),
    ],
)
def test_the_clients_pass_every_file_that_has_commands(name: str) -> None:
    manifest = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    files = {entry["id"]: entry["files"] for entry in manifest}
    kind = commands.kind_of(name, b"")
    assert bool(re.search(files["check-cargo-install"], name)) is (kind is not None)
    is_built_from = kind in ("dockerfile", "github", "gitlab", "circleci")
    assert bool(re.search(files["check-locked-builds"], name)) is is_built_from


OWN_PIECES = [
    "cargo install ",
    "x@1.2",
    "curl https://wasmtime.dev/install.sh",
    "bash",
    "uses: taiki-e/install-action@v2",
    "with:",
    "tool: a,b",
    "--version ",
    "--git ",
    " --rev ",
    "$X",
    "dunnage: ",
]


@given(
    name=st.sampled_from(NAMES),
    data=st.one_of(st.binary(), st.lists(st.sampled_from(PIECES + OWN_PIECES)).map(lambda it: "".join(it).encode())),
    deny_unknown=st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(name: str, data: bytes, deny_unknown: bool) -> None:
    write(name, data)
    write("pins.toml", PINNED)
    for finding in check([name], Tree(), Options({PINS: "pins.toml", DENY_UNKNOWN: deny_unknown})):
        assert 0 <= finding.span.start <= finding.span.end <= len(data)
        for edit in finding.fix.edits if finding.fix else ():
            assert 0 <= edit.start <= edit.end <= len(data)
