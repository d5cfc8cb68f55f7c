"""Renovate judges which files and versions of tools it reads."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import judges
from dunnage.bots.configuration import CARGO, MANAGERS_OF, bots, pinned_files
from dunnage.bots.globs import Patterns
from dunnage.bots.managers_block import block, written
from dunnage.bots.unmoved import places, reads
from dunnage.ci.repository_files import repository_files
from dunnage.files.source import Tree

WORKFLOW = ".github/workflows/ci.yml"


class Extraction(NamedTuple):
    """What Renovate reads in a repository."""

    files: dict[str, set[str]]
    """For each manager, the paths of the files in which it found anything."""
    tools: set[tuple[str, str, str]]
    """The path, the name and the version of what custom managers found."""
    inputs: set[tuple[str, str]]
    """The path and the version of what the manager github-actions found in inputs of actions."""
    locks: set[str]
    """The locks that it updates with manifests."""


_SCRIPT = """\
import { createInterface } from "node:readline";

const program = process.argv[2];
const load = path => import(new URL(path, `file://${program}`));
const { clearProblems, getProblems, init } = await load("./logger/index.js");
await init();
(await load("./workers/global/config/parse/cli.js")).parseEarlyFlags();
const { addExtractionStats } = await load("./instrumentation/reporting.js");
const { start } = await load("./workers/global/index.js");
const options = ["--platform=local", "--dry-run=extract", "--onboarding=false", "--report-type=file"];
for await (const line of createInterface({ input: process.stdin })) {
    const { folder, report } = JSON.parse(line);
    const limit = setTimeout(() => process.exit(1), 300_000);
    process.chdir(folder);
    process.argv = [process.argv[0], program, ...options, `--report-path=${report}`];
    // Nothing of the last repository may be in the report of this one.
    addExtractionStats({ reportType: "file", repository: "local" }, { packageFiles: {} });
    clearProblems();
    const status = await start();
    clearTimeout(limit);
    const problems = getProblems().filter(problem => problem.level > 40).map(problem => problem.msg);
    console.log(`extracted ${JSON.stringify({ status, problems })}`);
}
process.exit(0);
"""
"""Renovate's own program reads one repository and ends; to load it takes longer than to read."""


class Renovate:
    """A process of Renovate that reads one repository after another."""

    def __init__(self, scratch: Path) -> None:
        self._report = scratch / "report.json"
        script = scratch / "extract.mjs"
        script.write_text(_SCRIPT, encoding="utf-8")
        environment = {
            **os.environ,
            "LOG_LEVEL": "error",
            "RENOVATE_BASE_DIR": str(scratch / "base"),
            "RENOVATE_CONFIG_FILE": "",
        }
        command = [judges.installed("nodejs"), str(script), judges.installed("renovate")]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, encoding="utf-8")

    def extract(self, folder: Path) -> Extraction:
        """Read a repository, whose files are in git's index. Renovate uses no network for this."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"folder": str(folder), "report": str(self._report)}), file=self._process.stdin, flush=True)
        lines = [""]
        while not lines[-1].startswith("extracted "):
            lines.append(self._process.stdout.readline())
            assert lines[-1], f"Renovate ended: {lines}"
        assert json.loads(lines[-1].removeprefix("extracted ")) == {"status": 0, "problems": []}
        return extraction(json.loads(self._report.read_bytes()))

    def end(self) -> None:
        self._process.communicate()


def extraction(report: Any) -> Extraction:
    files: dict[str, set[str]] = {}
    tools: set[tuple[str, str, str]] = set()
    inputs: set[tuple[str, str]] = set()
    locks: set[str] = set()
    for manager, package_files in report["repositories"]["local"]["packageFiles"].items():
        for file in package_files:
            files.setdefault(manager, set()).add(file["packageFile"])
            locks.update(file.get("lockFiles", ()) if manager == "cargo" else ())
            if manager in ("regex", "jsonata"):
                found_here = ((file["packageFile"], dep["depName"], dep["currentValue"]) for dep in file["deps"])
                tools.update(found_here)
            if manager == "github-actions":
                of_inputs = (dep for dep in file["deps"] if dep["depType"] == "uses-with")
                # Some are skipped later: Renovate asks github.com for their versions, for which it wants a token.
                read = (dep for dep in of_inputs if dep.get("skipStage") != "extract")
                inputs.update((file["packageFile"], dep["currentValue"]) for dep in read)
    return Extraction(files, tools, inputs, locks)


@pytest.fixture(scope="session")
def renovate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renovate]:
    process = Renovate(tmp_path_factory.mktemp("renovate"))
    yield process
    process.end()


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    return folder


def compare(renovate: Renovate, folder: Path) -> Extraction:
    """Compare what Renovate reads with what the hook says is moved; return it."""
    repository = repository_files(Tree(), str(folder))
    found = bots(repository)
    assert found.renovate is not None
    assert found.is_known
    extracted = renovate.extract(folder)
    for kind, manager in MANAGERS_OF.items():
        if kind != CARGO:
            read = set(found.renovate.files_of(manager, repository.paths))
            assert extracted.files.get(manager, set()) <= read, manager
            assert {path for path in pinned_files(repository, kind) if path in read} <= extracted.files.get(
                manager, set()
            )
    read = set(found.renovate.files_of("cargo", repository.paths))
    assert extracted.files.get("cargo", set()) <= read
    for place in places(repository, repository.paths):
        # A manager may call a tool by the name in the file.
        by_custom_managers = {(path, version) for path, _, version in extracted.tools}
        is_extracted = (place.path, place.pin.version) in {
            (path, version.lstrip("=v")) for path, version in by_custom_managers | extracted.inputs
        }
        assert reads(found.renovate, place) == is_extracted, place.path
    return extracted


def with_block(folder: Path) -> tuple[str, set[tuple[str, str, str]]]:
    """The managers for all tools that a repository pins, as JSON, and what they must read."""
    repository = repository_files(Tree(), str(folder))
    managers, read = block(list(places(repository, repository.paths)))
    return written({"customManagers": managers}), {(place.path, place.pin.name, place.pin.version) for place in read}


STEPS = """\
on: push
env:
  AUDIT_VERSION: "0.21.0"
  # renovate: datasource=crate depName=cargo-hack
  HACK_VERSION: 0.6.30
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: taiki-e/install-action@v2
        with:
          tool: nextest@0.9.72,cargo-machete@0.8.0,shellcheck@0.10.0
      - uses: taiki-e/install-action@v2
        with:
          tool: |
            just@1.40.0
            typos@1.30.0
      - uses: baptiste0928/cargo-install@v3
        with:
          crate: cargo-vet
          version: 0.9.1
      - uses: bytecodealliance/actions/wasm-tools/setup@v1
        with:
          version: "1.230.0"
      - uses: jetli/wasm-pack-action@v0.4.0
        with:
          version: v0.13.1
      - run: cargo install --locked cargo-deny@0.16.1 "cargo-udeps@=0.1.50"
      - run: cargo install cargo-audit@$AUDIT_VERSION cargo-hack@${{ env.HACK_VERSION }}
      - run: cargo install --version 1.2.3 cargo-shear && cargo install --vers 1.2.4 cargo-outdated
      - run: cargo +nightly binstall -y cargo-fuzz@0.12.0 && npm install -g @bytecodealliance/jco@1.2.3
      - run: pip install componentize-py==0.16.0
"""
TOOLS = {
    "Cargo.toml": "[workspace]\nmembers = []\n"
    '[workspace.metadata.dunnage.tools]\ncargo-deny = "0.16.1"\ncross = "0.2.5"\n',
    "Cargo.lock": "version = 4\n",
    WORKFLOW: STEPS,
    "docker/Dockerfile": "FROM rust:1.97.1 AS a\nARG V=1.0.0\n"
    "RUN cargo install --locked \\\n  cross@0.2.5 \\\n  cargo-x@${V}\n",
    "my.Dockerfile": "FROM rust:1.97.1\nRUN cargo install --locked b@1.0.0-rc.1\n",
    "scripts/setup.sh": "cargo install --locked trunk@0.21.0;cargo-binstall wasm-bindgen-cli@0.2.100\n",
    "Makefile": "V := 0.1.2\na:\n\tcargo install --locked tool-a@$(V)\n",
    "justfile": "a:\n  cargo install --locked tool-b@0.3.0\n",
    ".gitlab-ci.yml": "a:\n  script:\n    - cargo install tool-c@0.4.0 --locked\n",
    "tools/setup": "#!/bin/sh\ncargo install tool-d@0.5.0 --locked\n",
}  # fmt: skip


def test_the_managers_read_every_tool(renovate: Renovate, tmp_path: Path) -> None:
    folder = write(tmp_path / "repository", TOOLS)
    text, expected = with_block(folder)
    assert len(expected) == 27
    write(folder, {"renovate.json": text})
    extracted = compare(renovate, folder)
    assert extracted.tools == expected
    single = write(tmp_path / "single", {"Cargo.toml": '[package.metadata.dunnage.tools]\na = "1.0.0"\n'})
    write(single, {"renovate.json": with_block(single)[0]})
    assert compare(renovate, single).tools == {("Cargo.toml", "a", "1.0.0")}


INPUTS = """\
on: push
env:
  V: 3.0.0
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - {uses: baptiste0928/cargo-install@v3, with: {crate: a, version: 1.0.0}}
      - {uses: baptiste0928/cargo-install@v3, with: {crate: b, version: =1.0.1}}
      - {uses: baptiste0928/cargo-install@v3, with: {crate: c, version: '${{ env.V }}'}}
      - {uses: cargo-bins/cargo-binstall@main, with: {version: 1.10.0}}
      - {uses: extractions/setup-just@v3, with: {just-version: 1.40.0}}
      - {uses: actions-rs/install@v0.1.3, with: {crate: d, version: 1.0.2}}
      - {uses: moonrepo/setup-rust@v1, with: {bins: 'e@1.0.3'}}
      - {uses: taiki-e/cache-cargo-install-action@v2, with: {tool: f@1.0.4}}
"""
CRATE = '[package]\nname = "a"\nversion = "0.1.0"\n[dependencies]\nserde = "1.0.200"\n'
FILES = {
    **{f"{path}Cargo.toml": CRATE for path in ("", "b/", "vendor/c/", "examples/d/", "my-tests/e/", "tests/f/")},
    "Cargo.lock": 'version = 4\n[[package]]\nname = "serde"\nversion = "1.0.200"\n',
    "b/Cargo.lock": 'version = 4\n[[package]]\nname = "serde"\nversion = "1.0.200"\n',
    **{f"{path}Dockerfile": "FROM rust:1.97.1\n" for path in ("", "b/", "b/x.", "tests/f/")},
    "b/Dockerfile.dev": "FROM rust:1.97.1\n",
    "b/containerfile": "FROM rust:1.97.1\n",
    "b/dockerfile-x": "FROM rust:1.97.1\n",
    "Dockerfile.tmpl/x": "FROM rust:1.97.1\n",
    WORKFLOW: STEPS,
    ".github/workflows/sub/x.yaml": STEPS,
    ".github/workflows/inputs.yml": INPUTS,
    ".github/workflows/off.yml": "on: push\n#     - uses: actions/checkout@v4\n",
    ".github/actions/a/action.yml": "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n",
    "b/action.yaml": "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n",
    "b/actions.yml": "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n",
    "rust-toolchain.toml": '[toolchain]\nchannel = "1.97.1"\n',
    "b/rust-toolchain": "1.97.1\n",
    ".pre-commit-config.yaml": "repos:\n- repo: https://github.com/a/b\n  rev: v1.0.0\n  hooks: [{id: a}]\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("renovate.json", "", id="empty"),
        pytest.param(
            ".renovaterc",
            '{\n  // comment\n  "extends": ["config:recommended", ":enablePreCommit", '
            '"customManagers:githubActionsVersions"],\n}',
            id="presets",
        ),
        pytest.param(
            ".github/renovate.json5",
            "{ignorePaths: ['b/C', '**/Dockerfile.*'], cargo: {managerFilePatterns: ['/^Cargo.lock$/']},\n"
            " dockerfile: {fileMatch: ['Dockerfile.tmpl/x$']}, 'pre-commit': {enabled: true,},}",
            id="paths",
        ),
        pytest.param(
            "renovate.jsonc",
            '{"extends": ["config:best-practices", "docker:disable"], "ignorePaths": ["!b/**"], "rust-toolchain":'
            ' {"enabled": false}, "customManagers": [{"customType": "regex",'
            ' "managerFilePatterns": ["**/*.{yml,yaml}"], "datasourceTemplate": "crate",'
            ' "matchStrings": ["(?<depName>cargo-[a-z]+)@=?(?<currentValue>[0-9.]+)"]}]}',
            id="negated",
        ),
        pytest.param(
            ".gitlab/renovate.json",
            '{"enabledManagers": ["cargo", "custom.regex"], "includePaths": ["Cargo.toml", "{b,c}/**", ".github/**"],'
            ' "customManagers": [{"customType": "regex", "managerFilePatterns": ["/^\\\\.github/.*/ci\\\\.yml$/"],'
            ' "matchStringsStrategy": "recursive", "matchStrings": ["tool:[^\\\\n]*",'
            ' "(?<depName>[\\\\w-]+)@(?<currentValue>\\\\d\\\\S*?)(?:,|$)"], "datasourceTemplate": "crate"}]}',
            id="included",
        ),
        pytest.param(
            "package.json", '{"name": "x", "renovate": {"extends": [":ignoreModulesAndTests"]}}', id="package"
        ),
    ],
)
def test_the_files_that_managers_read(renovate: Renovate, tmp_path: Path, name: str, text: str) -> None:
    compare(renovate, write(tmp_path / "repository", {**FILES, name: text}))


def test_the_first_configuration_is_used(renovate: Renovate, tmp_path: Path) -> None:
    later = {".github/renovate.json": '{"enabled": false}', ".renovaterc.json": '{"enabled": false}'}
    files = {**FILES, "renovate.json5": "{enabledManagers: ['cargo']}", **later}
    assert compare(renovate, write(tmp_path / "repository", files)).files.keys() == {"cargo"}


GLOBS = [
    r"*",
    r"**",
    r"a",
    r"a/*",
    r"a/**",
    r"**/b",
    r"*/b",
    r"**/b/**",
    r"a/b*",
    r"{a,b}/c",
    r"{,.}a",
    r"a{b,c{d,e}}",
    r"[ab]",
    r"[!a]",
    r"[^a]/b",
    r"a/?",
    r"!a",
    r"!!a",
    r"#a",
    r"*.c",
    r"a/**/b",
    r"**/*.{c,d}",
    r"a**",
    r"a/b**/c",
    r"./a",
    r"a//b",
    r"[]a]",
    r"[a",
    r"a\*",
    r"**/a*b*c",
]
PATHS = [
    "a",
    "b",
    ".a",
    "a/b",
    "a/b/c",
    "a/.b",
    "x/b",
    "x/y/b",
    "x/b/c",
    "a/bc",
    "b/c",
    "ab",
    "ac",
    "acd",
    "ace",
    "x.c",
    "y/x.d",
    "a/x/y/b",
    "aa",
    "a/bb/c",
    "c/b",
    "#a",
    "!a",
    "]",
    "[a",
    "a*",
    "q/axbyc",
    "B",
    "ä",
]


def test_globs_match_as_minimatch_does(tmp_path: Path) -> None:
    module = Path(judges.installed("renovate")).parents[2] / "minimatch"
    script = f"""
        const {{ minimatch }} = await import({json.dumps((module / "dist/esm/index.js").as_uri())});
        const globs = {json.dumps(GLOBS)}, paths = {json.dumps(PATHS)};
        console.log(JSON.stringify(globs.map(glob => paths.map(path => minimatch(path, glob, {{dot: true}})))));
    """
    (tmp_path / "x.mjs").write_text(script, encoding="utf-8")
    ran = subprocess.run([judges.installed("nodejs"), tmp_path / "x.mjs"], check=True, capture_output=True)
    for text, expected in zip(GLOBS, json.loads(ran.stdout), strict=True):
        pattern = Patterns().glob(text)
        assert [path for path, matches in zip(PATHS, expected, strict=True) if matches] == [
            path for path in PATHS if pattern.matches(path)
        ], text
