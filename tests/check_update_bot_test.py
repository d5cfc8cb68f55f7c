"""check-update-bot: an update bot moves every pin."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest
import yaml

from dunnage.check_update_bot import check, main
from dunnage.files.source import Tree
from dunnage.frame.cli import main as dunnage
from dunnage.frame.options import Options
from dunnage.frame.require import REQUIRE

DEPENDABOT = ".github/dependabot.yml"
WORKFLOW = ".github/workflows/ci.yml"
PACKAGE = '[package]\nname = "a"\nversion = "0.1.0"\n[workspace]\n'
LOCK = "version = 4\n"
CRATE = {"Cargo.toml": PACKAGE, "Cargo.lock": LOCK}
INSTALL = "cargo install cargo-deny@0.16.1 --locked\n"


def entry(directory: str = "/", ecosystem: str = "cargo", more: str = "") -> str:
    return f"- package-ecosystem: {ecosystem}\n  directory: {directory}\n  schedule: {{interval: weekly}}\n{more}"


def dependabot(*entries: str) -> str:
    return "version: 2\nupdates:\n" + "".join(entries)


def job(step: str, on: str = "push") -> str:
    return f"on: {on}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {step}\n"


def found(
    folder: Path, files: dict[str, str], *names: str, require: tuple[str, ...] = ()
) -> tuple[list[str], dict[str, str]]:
    """The findings for the named files, all by default, and the help of each rule."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    tree = Tree()
    options = Options({REQUIRE: [require]} if require else {})
    findings = list(check([str(folder / name) for name in names or files], tree, options))
    shown = [
        "{} {}:{}".format(
            finding.rule.id.removeprefix("update-bot/"),
            finding.path.removeprefix(f"{folder.as_posix()}/"),
            tree.position(finding.path, finding.span.start)[0],
        )
        for finding in findings
    ]
    return shown, {finding.rule.id.removeprefix("update-bot/"): finding.help for finding in findings}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(CRATE, ["absent Cargo.toml:1"], id="lock"),
        pytest.param({"x.sh": INSTALL}, ["absent x.sh:1"], id="tool"),
        pytest.param({"Cargo.toml": PACKAGE}, [], id="nothing to move"),
        pytest.param({"tests/a/Cargo.toml": PACKAGE, "tests/a/Cargo.lock": LOCK}, [], id="lock of a test"),
        pytest.param({"examples/x.sh": INSTALL}, [], id="tool of an example"),
        pytest.param(
            {".github/workflows/test.yml": job("run: cargo install a@1.2.3")},
            ["absent .github/workflows/test.yml:1"],
            id="tool of a workflow that tests",
        ),
        pytest.param({**CRATE, DEPENDABOT: dependabot(entry())}, [], id="dependabot"),
        pytest.param({**CRATE, ".github/renovate.json5": "{}"}, [], id="renovate"),
        pytest.param(
            {**CRATE, WORKFLOW: job("run: cargo update && gh pr create --fill", "{schedule: [{cron: 0 0 * * 0}]}")},
            [],
            id="job of its own",
        ),
        pytest.param(
            {**CRATE, WORKFLOW: job("run: cargo update && cargo test")}, ["absent Cargo.toml:1"], id="job that keeps it"
        ),
        pytest.param({**CRATE, WORKFLOW: job("uses: renovatebot/github-action@v1")}, [], id="renovate in ci"),
        pytest.param({**CRATE, ".gitlab-ci.yml": "include: templates/renovate.yml\n"}, [], id="renovate in gitlab"),
        pytest.param({**CRATE, "updatecli/a.yaml": "sources: {}\n"}, [], id="updatecli"),
        pytest.param(
            {
                **CRATE,
                WORKFLOW: job(
                    "uses: actions/cache@v4\n        with: {path: target, key: \"${{ hashFiles('**/Cargo.lock') }}\"}\n"
                    "      - run: git push origin HEAD:pages",
                    "workflow_dispatch",
                ),
            },
            ["absent Cargo.toml:1"],
            id="job that hashes it",
        ),
        pytest.param(
            {**CRATE, WORKFLOW: job("run: git commit -m x Cargo.lock && git push", "workflow_dispatch")},
            [],
            id="job that pushes it",
        ),
        pytest.param(
            {**CRATE, ".gitlab-ci.yml": "a:\n  cache: {key: {files: [Cargo.lock]}}\n  only: [merge_requests]\n"},
            ["absent Cargo.toml:1"],
            id="gitlab job for merge requests",
        ),
        pytest.param(
            {**CRATE, ".gitlab-ci.yml": "a:\n  script:\n    - cargo update\n    - git push -o merge_request.create\n"},
            [],
            id="gitlab job of its own",
        ),
        pytest.param(
            {
                ".cargo/config.toml": '[source.a]\ndirectory = "crates"\n',
                **{f"crates/a/{name}": text for name, text in CRATE.items()},
                "crates/a/.cargo-checksum.json": '{"files": {"Cargo.toml": "", "Cargo.lock": ""}}',
            },
            [],
            id="vendored crate",
        ),
        pytest.param({**CRATE, "Cargo.toml": "["}, [], id="manifest that is not valid"),
        pytest.param(
            {**CRATE, WORKFLOW: f"on: schedule\njobs: {{}}\n# git push {'hashFiles(' * 50_000}\n"},
            ["absent Cargo.toml:1"],
            id="comment with many brackets",
        ),
    ],
)
def test_absent(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert found(tmp_path, files)[0] == expected


def test_the_help_for_an_absent_bot_is_accepted(tmp_path: Path) -> None:
    files = {**CRATE, "xtask/Cargo.toml": PACKAGE, "xtask/Cargo.lock": LOCK, WORKFLOW: job("uses: a/b@v1")}
    shown, help = found(tmp_path, files)
    assert shown == ["absent Cargo.toml:1"]
    written = help["absent"].partition("dependabot.yml:\n")[2]
    kinds = ("github-actions",)
    assert found(tmp_path, {**files, DEPENDABOT: written}, require=kinds)[0] == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry("/"), entry("/b"))}, [f"dead-entry {DEPENDABOT}:7"], id="no folder"
        ),
        pytest.param(
            {**CRATE, "b/src/x.rs": "", DEPENDABOT: dependabot(entry("/"), entry("/b"))},
            [f"dead-entry {DEPENDABOT}:7"],
            id="no manifest",
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry("./"), entry("."), entry("''"))}, [], id="spellings of the top"
        ),
        pytest.param(
            {**CRATE, "b/Cargo.toml": PACKAGE, DEPENDABOT: dependabot(entry("/"), entry("b/"))},
            [],
            id="without a slash",
        ),
        pytest.param(
            {**CRATE, "b/c/Cargo.toml": PACKAGE, DEPENDABOT: dependabot(entry("/"), entry("/b/*"))},
            [],
            id="glob",
        ),
        pytest.param(
            {**CRATE, "b/Cargo.toml": PACKAGE, DEPENDABOT: dependabot(entry("/"), entry("/b/c*"))},
            [f"dead-entry {DEPENDABOT}:7"],
            id="glob without a match",
        ),
        pytest.param({**CRATE, DEPENDABOT: dependabot(entry("/**/*"))}, [], id="glob that matches the top"),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry("/"), entry("/b", more="  target-branch: old\n"))},
            [],
            id="other branch",
        ),
        pytest.param({**CRATE, DEPENDABOT: dependabot(entry("/"), entry("/b", "npm"))}, [], id="unknown ecosystem"),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry("/"), entry("/", "docker"))},
            [f"dead-entry {DEPENDABOT}:7"],
            id="docker",
        ),
        pytest.param(
            {
                **CRATE,
                "k8s/a.yml": "apiVersion: v1\nkind: Pod\n",
                DEPENDABOT: dependabot(entry("/"), entry("/k8s", "docker")),
            },
            [],
            id="kubernetes",
        ),
        pytest.param(
            {**CRATE, "my.Dockerfile": "FROM a\n", DEPENDABOT: dependabot(entry("/"), entry("/", "docker"))},
            [],
            id="name that contains Dockerfile",
        ),
        pytest.param(
            {**CRATE, WORKFLOW: job("uses: a/b@v1"), DEPENDABOT: dependabot(entry("/"), entry("/", "github-actions"))},
            [],
            id="workflows",
        ),
        pytest.param(
            {**CRATE, "a.yml": "", DEPENDABOT: dependabot(entry("/"), entry("/", "github-actions"))},
            [f"dead-entry {DEPENDABOT}:7"],
            id="no workflows",
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry("/"), entry("/", "rust-toolchain"), entry("/", "pre-commit"))},
            [f"dead-entry {DEPENDABOT}:7", f"dead-entry {DEPENDABOT}:10"],
            id="toolchain and pre-commit",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"cargo": {\n"managerFilePatterns": [\n"/^b/Cargo\\\\.toml$/"]}}'},
            ["dead-entry renovate.json:3"],
            id="pattern of a manager",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"cargo": {"managerFilePatterns": ["^Cargo\\\\.toml$"]}}'},
            ["dead-entry renovate.json:1"],
            id="expression without slashes",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"cargo": {"fileMatch": ["^Cargo\\\\.toml$", "^b$"]}}'}, [], id="old name"
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"customManagers": [{"managerFilePatterns": ["**/*.foo", "b"]}]}'},
            ["dead-entry renovate.json:1"],
            id="custom manager",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"customManagers": [{"managerFilePatterns": ["**/*.foo", "**/*.TOML"]}]}'},
            [],
            id="custom manager with one pattern that matches",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"cargo": {"managerFilePatterns": ["/^(?!a)b$/"]}}'},
            [],
            id="unknown expression",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"baseBranchPatterns": ["x"], "cargo": {"managerFilePatterns": ["b"]}}'},
            [],
            id="other branches",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"includePaths": ["Cargo.toml",\n"b/**"]}'},
            ["dead-entry renovate.json:2"],
            id="included path",
        ),
    ],
)
def test_dead_entry(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert found(tmp_path, files)[0] == expected


def test_a_lock_whose_manifest_is_not_committed_is_not_reported(tmp_path: Path) -> None:
    assert found(tmp_path, {**CRATE, ".gitignore": "Cargo.toml\n"}, "Cargo.lock")[0] == []


def test_the_managers_to_write_without_a_bot_read_the_tools(tmp_path: Path) -> None:
    shown, help = found(tmp_path, {"x.sh": INSTALL})
    assert shown == ["absent x.sh:1"]
    assert found(tmp_path, {"renovate.json": help["absent"].partition("\n")[2]})[0] == []


def test_a_dead_entry_may_become_the_folder_of_a_workspace(tmp_path: Path) -> None:
    member = '[package]\nname = "c"\nversion = "0.1.0"\n'
    files = {
        "b/Cargo.toml": '[workspace]\nmembers = ["c"]\n',
        "b/c/Cargo.toml": member,
        "examples/d/Cargo.toml": PACKAGE,
        "docker/Dockerfile": "FROM a:1.0.0\n",
        "k8s/a.yml": "apiVersion: v1\nkind: Pod\n",
        WORKFLOW: job("uses: a/b@v1"),
        DEPENDABOT: dependabot(
            entry("/c"),
            entry("/", "docker"),
            entry("/x", "github-actions"),
            entry("/x", "pre-commit"),
            entry("/x", "docker-compose"),
        ),
    }
    shown, _ = found(tmp_path, files)
    assert shown == [f"dead-entry {DEPENDABOT}:{line}" for line in (4, 7, 10, 13, 16)]
    helps = [finding.help for finding in check([str(tmp_path / DEPENDABOT)], Tree(), Options())]
    assert helps == [
        "remove the entry for cargo, or write a folder with a Cargo.toml: `/b`",
        "remove the entry for docker, or write a folder with a Dockerfile: `/docker`",
        "remove the entry for github-actions, or write a folder with a workflow or action.yml: `/`",
        "remove the entry for pre-commit",
        "remove the entry for docker-compose",
    ]


TWO = {**CRATE, "b/Cargo.toml": PACKAGE, "b/Cargo.lock": LOCK}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({**TWO, DEPENDABOT: dependabot(entry("/"))}, [f"uncovered {DEPENDABOT}:3"], id="other folder"),
        pytest.param({**TWO, DEPENDABOT: dependabot(entry("/"), entry("/b"))}, [], id="two entries"),
        pytest.param({**TWO, DEPENDABOT: dependabot(entry("'**/*'"))}, [], id="glob"),
        pytest.param({**TWO, DEPENDABOT: dependabot(entry("/*"))}, [], id="glob of one level, which also is the top"),
        pytest.param(
            {**TWO, DEPENDABOT: dependabot(entry("/b*"))}, [f"uncovered {DEPENDABOT}:3"], id="glob without the top"
        ),
        pytest.param(
            {**CRATE, WORKFLOW: job("uses: a/b@v1"), DEPENDABOT: dependabot(entry("/", "github-actions"))},
            [f"uncovered {DEPENDABOT}:1"],
            id="no entry",
        ),
        pytest.param(
            {
                "Cargo.toml": '[workspace]\nmembers = ["b"]\n',
                "Cargo.lock": LOCK,
                "b/Cargo.toml": '[package]\nname = "b"\nversion = "0.1.0"\n',
                DEPENDABOT: dependabot(entry("/b")),
            },
            [f"uncovered {DEPENDABOT}:3"],
            id="entry for a member",
        ),
        pytest.param(
            {
                "Cargo.toml": '[workspace]\nmembers = ["b"]\n',
                "Cargo.lock": LOCK,
                "b/Cargo.toml": '[package]\nname = "b"\nversion = "0.1.0"\n',
                "b/Cargo.lock": LOCK,
                DEPENDABOT: dependabot(entry("/")),
            },
            [],
            id="unused lock of a member",
        ),
        pytest.param(
            {**TWO, DEPENDABOT: dependabot(entry("/", more="  target-branch: x\n"))}, [], id="other branch, so unknown"
        ),
        pytest.param({**TWO, "renovate.json": "{}"}, [], id="renovate"),
        pytest.param(
            {**TWO, "renovate.json": '{"ignorePaths":\n["b/"]}'},
            ["uncovered renovate.json:2"],
            id="ignored by renovate",
        ),
        pytest.param(
            {**TWO, "renovate.json": '{"ignorePaths": ["b/"]}', DEPENDABOT: dependabot(entry("/b"))},
            [],
            id="both bots",
        ),
        pytest.param(
            {**TWO, "renovate.json": '{"extends": ["github>a/b"], "ignorePaths": ["b/"]}'}, [], id="unknown preset"
        ),
        pytest.param(
            {**TWO, "renovate.json": '{"extends": ["github>a/b"]}', DEPENDABOT: dependabot(entry("/"))},
            [],
            id="unknown preset beside dependabot",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{\n"enabledManagers": ["npm"]}'},
            ["uncovered renovate.json:2"],
            id="other managers",
        ),
        pytest.param(
            {**TWO, "renovate.json": '{"includePaths": ["**"],\n"ignorePaths": ["b/"]}'},
            ["uncovered renovate.json:2"],
            id="the setting that excludes it",
        ),
        pytest.param(
            {**TWO, "renovate.json": '{"includePaths":\n["Cargo.*"]}'},
            ["uncovered renovate.json:2"],
            id="not included",
        ),
        pytest.param({**TWO, "renovate.json": '{"ignorePaths": ["b/Cargo.toml"]}'}, [], id="manifest that is ignored"),
        pytest.param(
            {
                **{f"node_modules/a/{name}": text for name, text in CRATE.items()},
                "renovate.json": '{"extends": ["config:recommended"]}',
            },
            ["uncovered renovate.json:1"],
            id="path that a preset excludes",
        ),
        pytest.param(
            {
                "b/Cargo.toml": PACKAGE,
                "b/Cargo.lock": LOCK,
                "renovate.json": '{"ignorePaths": ["b/Cargo.toml", "?(x)"]}',
            },
            [],
            id="unknown glob after the one that matches",
        ),
        pytest.param(
            {**TWO, "renovate.json": '{"enabled": false, "cargo": {"enabled": false}}'},
            ["off renovate.json:1"],
            id="switched off",
        ),
        pytest.param(
            {**TWO, "renovate.json": '{"cargo": {"ignorePaths": ["b/"]}}'}, [], id="paths of a manager, so unknown"
        ),
        pytest.param(
            {**{f"b/{name}": text for name, text in CRATE.items()}, "c/d/Cargo.toml": PACKAGE, "renovate.json": "{}"},
            [],
            id="manifest without a lock",
        ),
        pytest.param(
            {
                **TWO,
                "package.json": '{"keywords": ["renovate"], "x": {"renovate": {}}}',
                DEPENDABOT: dependabot(entry()),
            },
            [f"uncovered {DEPENDABOT}:3"],
            id="package.json about Renovate",
        ),
    ],
)
def test_uncovered(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert found(tmp_path, files)[0] == expected


@pytest.mark.parametrize(
    ("directories", "expected"),
    [
        pytest.param("[/, /gone]", ["/", "/b c", "/x"], id="dead directory"),
        pytest.param("['/x*', /]", ["/x*", "/", "/b c"], id="glob"),
        pytest.param("['**/x']", ["**/x", "/", "/b c"], id="glob without a slash"),
        pytest.param("[/gone]", ["/", "/b c", "/x"], id="dead directories only"),
    ],
)
def test_the_directories_to_write_are_complete(tmp_path: Path, directories: str, expected: list[str]) -> None:
    locks = {f"{folder}/{name}": text for folder in ("b c", "x") for name, text in CRATE.items()}
    head = "- package-ecosystem: cargo\n  schedule: {interval: weekly}\n"
    _, help = found(tmp_path, {**CRATE, **locks, DEPENDABOT: dependabot(f"{head}  directories: {directories}\n")})
    written = textwrap.dedent(help["uncovered"].partition("\n")[2])
    assert yaml.safe_load(written) == {"directories": expected}
    assert found(tmp_path, {DEPENDABOT: dependabot(head + textwrap.indent(written, "  ") + "\n")}, DEPENDABOT)[0] == []


REQUIRED = {
    **CRATE,
    "docker/Dockerfile": "FROM rust:1.97.1\n",
    "docker/other/Dockerfile": "ARG V\nFROM rust:$V\n",
    WORKFLOW: job("uses: actions/checkout@v4"),
    "act/action.yml": "runs:\n  using: composite\n  steps:\n    - uses: a/b@v1\n",
    "local/action.yml": "runs:\n  using: node20\n",
    "off/action.yml": "runs:\n  using: composite\n  steps: []\n  #  - uses: a/b@v1\n",
    "rust-toolchain.toml": '[toolchain]\nchannel = "1.97.1"\n',
    ".pre-commit-config.yaml": "repos:\n  - repo: https://x/y\n    rev: v1\n    hooks: [{id: a}]\n",
}
KINDS = ("docker", "github-actions", "rust-toolchain", "pre-commit")


def test_required_kinds_without_entries(tmp_path: Path) -> None:
    files = {**REQUIRED, DEPENDABOT: dependabot(entry())}
    assert found(tmp_path, files)[0] == []
    shown, _ = found(tmp_path, files, require=KINDS)
    assert shown == [f"uncovered {DEPENDABOT}:1"] * 4
    (tmp_path / "docker/Dockerfile").unlink()
    (tmp_path / "rust-toolchain.toml").write_text("[")
    options = Options({REQUIRE: [("docker", "rust-toolchain")]})
    assert list(check([str(tmp_path / DEPENDABOT)], Tree(), options)) == []


def test_a_required_kind_in_a_file_whose_name_says_that_it_tests(tmp_path: Path) -> None:
    files = {**CRATE, ".github/workflows/test.yml": job("uses: a/b@v1"), DEPENDABOT: dependabot(entry())}
    assert found(tmp_path, files, require=("github-actions",))[0] == [f"uncovered {DEPENDABOT}:1"]


def test_required_kinds_with_entries(tmp_path: Path) -> None:
    entries = (entry("/docker", "docker"), entry("/", "rust-toolchain"), entry("/", "pre-commit"))
    files = {**REQUIRED, DEPENDABOT: dependabot(entry(), *entries, entry("/", "github-actions"))}
    shown, help = found(tmp_path, files, require=KINDS)
    assert shown == [f"uncovered {DEPENDABOT}:15"]
    assert help["uncovered"].endswith("\n    directories:\n      - /\n      - /act")


def test_required_kinds_with_renovate(tmp_path: Path) -> None:
    assert found(tmp_path, {**REQUIRED, "renovate.json": "{}"}, require=KINDS)[0] == ["uncovered renovate.json:1"]
    (tmp_path / "renovate.json").unlink()
    for text in ('{"pre-commit": {"enabled": true}}', '{"extends": [":enablePreCommit"]}'):
        assert found(tmp_path, {"renovate.json": text}, require=KINDS)[0] == []


def test_pre_commit_ci_updates_hooks_by_itself(tmp_path: Path) -> None:
    files = {**REQUIRED, DEPENDABOT: dependabot(entry())}
    files[".pre-commit-config.yaml"] += "ci:\n  autoupdate_schedule: monthly\n"
    assert found(tmp_path, files, require=("pre-commit",))[0] == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry(more="  open-pull-requests-limit: 0\n"))},
            [f"off {DEPENDABOT}:6"],
            id="limit",
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry(more="  open-pull-requests-limit: 5\n"))}, [], id="other limit"
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry(more='  ignore: [{dependency-name: "*"}]\n'))},
            [f"off {DEPENDABOT}:6"],
            id="ignore",
        ),
        pytest.param(
            {
                **CRATE,
                DEPENDABOT: dependabot(
                    entry(more='  ignore: [{dependency-name: "*", update-types: ["version-update:semver-major"]}]\n')
                ),
            },
            [],
            id="ignore major updates",
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry(more="  ignore: [{dependency-name: serde}]\n"))}, [], id="ignore one"
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry(more="  open-pull-requests-limit: 0\n"), entry())},
            [],
            id="second entry",
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry(more="  open-pull-requests-limit: 0\n")), "renovate.json": "{}"},
            [],
            id="renovate instead",
        ),
        pytest.param(
            {**CRATE, DEPENDABOT: dependabot(entry(), entry("/", "npm", "  open-pull-requests-limit: 0\n"))},
            [],
            id="other ecosystem",
        ),
        pytest.param({**CRATE, "renovate.json": '{\n"enabled": false}'}, ["off renovate.json:2"], id="renovate"),
        pytest.param(
            {**CRATE, "renovate.json": '{\n"extends": [":disableRenovate"]}'}, ["off renovate.json:2"], id="preset"
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"enabled": false}', DEPENDABOT: dependabot(entry())},
            [],
            id="dependabot instead",
        ),
        pytest.param(
            {**CRATE, "renovate.json": '{"cargo": {\n"enabled": false}}'}, ["off renovate.json:2"], id="manager"
        ),
        pytest.param({**CRATE, "renovate.json": '{"dockerfile": {"enabled": false}}'}, [], id="manager without files"),
        pytest.param({**CRATE, "renovate.json": '{"npm": {"enabled": false}}'}, [], id="other manager"),
        pytest.param(
            {**CRATE, "renovate.json": '{"cargo": {"enabled": false}}', DEPENDABOT: dependabot(entry())},
            [],
            id="manager that the other bot replaces",
        ),
        pytest.param(
            {
                **CRATE,
                "renovate.json": '{"extends": ["local>a/b"]}',
                DEPENDABOT: dependabot(entry() + "  open-pull-requests-limit: 0\n"),
            },
            [],
            id="off, but perhaps moved by the other bot",
        ),
        pytest.param(
            {
                **CRATE,
                DEPENDABOT: dependabot(
                    entry() + "  open-pull-requests-limit: 0\n", entry() + "  target-branch: next\n"
                ),
            },
            [],
            id="off, but perhaps moved in another branch",
        ),
        pytest.param(
            {**CRATE, "link": "", DEPENDABOT: dependabot(entry("/link") + "  open-pull-requests-limit: 0\n")},
            [],
            id="off for a folder that may be elsewhere",
        ),
    ],
)
def test_off(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert found(tmp_path, files)[0] == expected


def test_a_configuration_that_was_deleted_is_not_used(tmp_path: Path) -> None:
    found(tmp_path, {**CRATE, "renovate.json": '{"enabled": false}', ".renovaterc": "{}"})
    (tmp_path / "renovate.json").unlink()
    assert list(check([str(tmp_path / name) for name in ("Cargo.lock", ".renovaterc")], Tree(), Options())) == []


def test_the_help_names_what_disables_renovate(tmp_path: Path) -> None:
    _, help = found(tmp_path, {**CRATE, "renovate.json": '{"enabled": false}'})
    assert help["off"] == "remove `enabled: false`"
    _, help = found(tmp_path, {"renovate.json": '{"extends": [":disableRenovate"]}'})
    assert help["off"] == "remove `:disableRenovate` from `extends`"


def _custom(expression: str, files: str = "**/*.sh") -> str:
    text = expression.replace("\\", "\\\\")
    return (
        f'{{"customManagers": [{{"customType": "regex", "managerFilePatterns": ["{files}"], "matchStrings": ["{text}"],'
        ' "datasourceTemplate": "crate"}]}'
    )


BY_NAME = r"(?<depName>[\w-]+)@(?<currentValue>[\d.]+)"


@pytest.mark.parametrize(
    ("renovate", "is_moved"),
    [
        pytest.param("{}", False, id="no managers"),
        pytest.param(_custom(BY_NAME), True, id="manager"),
        pytest.param(_custom(BY_NAME, "**/*.yml"), False, id="other files"),
        pytest.param(_custom(r"(?<depName>cargo-audit)@(?<currentValue>[\d.]+)"), False, id="other tool"),
        pytest.param(_custom(r"install (?<currentValue>\S+)"), False, id="other text"),
        pytest.param(_custom(r"@(?<currentValue>[\d.]+)"), False, id="no name"),
        pytest.param(_custom(BY_NAME + "(?= --locked)"), True, id="unknown expression"),
        pytest.param(_custom(BY_NAME)[:-1] + ', "enabledManagers": ["cargo"]}', False, id="not enabled"),
        pytest.param(_custom(BY_NAME)[:-1] + ', "ignorePaths": ["x.sh"]}', False, id="ignored"),
        pytest.param('{"customManagers": [{"customType": "jsonata", "fileFormat": "yaml", "managerFilePatterns":'
                     ' ["*.sh"], "matchStrings": ["{\'depName\': a}"], "datasourceTemplate": "crate"}]}', True,
                     id="query"),
        pytest.param('{"extends": ["local>a/b"]}', True, id="unknown preset"),
        pytest.param('{"extends": ["config:recommended"]}', False, id="known preset"),
    ],
)  # fmt: skip
def test_moved_tools(tmp_path: Path, renovate: str, is_moved: bool) -> None:
    shown, _ = found(tmp_path, {"x.sh": INSTALL, "y.yml": "", "renovate.json": renovate})
    assert [each for each in shown if not each.startswith("dead-entry")] == (
        [] if is_moved else ["unmoved-tool renovate.json:1"]
    )


@pytest.mark.parametrize(
    ("step", "is_moved"),
    [
        pytest.param("baptiste0928/cargo-install@v3, with: {crate: cargo-deny, version: 0.16.1}", True, id="crate"),
        pytest.param("cargo-bins/cargo-binstall@main, with: {version: 1.10.0}", True, id="binstall"),
        pytest.param("extractions/setup-just@v3, with: {just-version: 1.40.0}", True, id="just"),
        pytest.param("taiki-e/install-action@v2, with: {tool: just@1.40.0}", False, id="other action"),
        pytest.param("cargo-bins/cargo-binstall@main, with: {version: '${{ env.V }}'}", False, id="variable"),
    ],
)
@pytest.mark.parametrize("managers", ["", "cargo", "github-actions"])
def test_inputs_of_actions_that_renovate_reads(tmp_path: Path, step: str, is_moved: bool, managers: str) -> None:
    workflow = 'env:\n  V: "1.10.0"\n' + job(f"{{uses: {step}}}")
    enabled = f'"enabledManagers": ["{managers}"]' if managers else ""
    shown, _ = found(tmp_path, {WORKFLOW: workflow, "renovate.json": f"{{{enabled}}}"})
    assert shown == ([] if is_moved and managers != "cargo" else ["unmoved-tool renovate.json:1"])


@pytest.mark.parametrize(
    ("renovate", "how"),
    [
        pytest.param(
            '{"ignorePaths": ["x.sh"]}', "change `ignorePaths` so that Renovate reads `x.sh`, and ", id="path"
        ),
        pytest.param(
            '{"ignorePaths": ["b"], "includePaths": ["b"]}',
            "change `includePaths` so that Renovate reads `x.sh`, and ",
            id="other path",
        ),
        pytest.param('{"enabledManagers": ["npm"]}', 'add "custom.regex" to `enabledManagers`, and ', id="managers"),
        pytest.param("{}", "", id="nothing else"),
    ],
)
@pytest.mark.parametrize("is_package", [False, True])
def test_the_help_says_where_the_managers_belong(tmp_path: Path, renovate: str, how: str, is_package: bool) -> None:
    text = f'{{"name": "x",\n"renovate": {renovate}}}' if is_package else renovate
    name, place = ("package.json", "`renovate` in package.json") if is_package else ("renovate.json", "renovate.json")
    shown, help = found(tmp_path, {"x.sh": INSTALL, "b": "", name: text})
    assert shown[-1] == f"unmoved-tool {name}:{1 + is_package}"
    place = place if is_package else (tmp_path / name).as_posix()
    assert f"x.sh:1\n{how}add to {place}:\n{{" in help["unmoved-tool"]


def test_patterns_may_exceed_the_limit_after_the_first_tools(tmp_path: Path) -> None:
    matches = ", ".join(f'"{number}a{{980}}(?<currentValue>.)"' for number in range(140))
    manager = f'"managerFilePatterns": ["*.sh"], "matchStrings": [{matches}], "datasourceTemplate": "crate"'
    renovate = f'{{"customManagers": [{{{manager}, "depNameTemplate": "a"}}]}}'
    script = "".join(f"cargo install tool-{number}@1.0.0 --locked\n" for number in range(50))
    shown, help = found(tmp_path, {"x.sh": script, "renovate.json": renovate})
    assert shown == ["unmoved-tool renovate.json:1"]
    assert 0 < help["unmoved-tool"].count(" in x.sh:") < 50


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("version=1.2.3\ncargo install a@$version\n", id="nothing names it"),
        pytest.param(f"# {'x' * 1600}\nversion=1.2.3\ncargo install a@$version\n", id="long line above"),
        pytest.param(f"#{'.' * 1400} x\nversion=1.2.3\ncargo install a@$version\n", id="long expression"),
        pytest.param("v_a=1.2.3\ncargo install a@$v_a\nv_a=2.0.0\n", id="set twice"),
    ],
)
def test_versions_that_no_expression_tells_apart_are_not_reported(tmp_path: Path, script: str) -> None:
    assert found(tmp_path, {"x.sh": script, "renovate.json": "{}"})[0] == []
    image = f"FROM a\nARG V=1.2.3\nRUN cargo install a@$V\n{'#' * 100}\n" + f"# {'x' * 1000}\n" * 300
    assert found(tmp_path, {"x.sh": "", "Dockerfile": image})[0] == []


def test_the_number_of_reported_tools_has_a_limit(tmp_path: Path) -> None:
    script = "".join(f"cargo install tool-{number}@1.0.0 --locked\n" for number in range(203))
    _, help = found(tmp_path, {"x.sh": script, "renovate.json": "{}"})
    assert help["unmoved-tool"].count(" in x.sh:") == 200
    assert "\nafter these, up to 3 more are reported\n" in help["unmoved-tool"]


ANNOTATED = "# renovate: datasource=crate depName=cargo-deny\n"


@pytest.mark.parametrize(
    ("preset", "path", "text", "is_moved"),
    [
        pytest.param(
            "dockerfileVersions",
            "Dockerfile",
            f"FROM a\n{ANNOTATED}ARG DENY_VERSION=0.16.1\nRUN cargo install cargo-deny@$DENY_VERSION\n",
            True,
            id="dockerfile",
        ),
        pytest.param(
            "dockerfileVersions",
            "Dockerfile",
            "FROM a\nARG DENY_VERSION=0.16.1\nRUN cargo install cargo-deny@$DENY_VERSION\n",
            False,
            id="no comment",
        ),
        pytest.param(
            "githubActionsVersions",
            "Dockerfile",
            f"FROM a\n{ANNOTATED}ARG DENY_VERSION=0.16.1\nRUN cargo install cargo-deny@$DENY_VERSION\n",
            False,
            id="other preset",
        ),
        pytest.param(
            "githubActionsVersions",
            WORKFLOW,
            f"env:\n  {ANNOTATED}  DENY_VERSION: 0.16.1\n" + job("run: cargo install cargo-deny@$DENY_VERSION"),
            True,
            id="workflow",
        ),
        pytest.param(
            "makefileVersions",
            "Makefile",
            f"{ANNOTATED}DENY_VERSION := 0.16.1\na:\n\tcargo install cargo-deny@$(DENY_VERSION)\n",
            True,
            id="makefile",
        ),
    ],
)
def test_presets_with_custom_managers(tmp_path: Path, preset: str, path: str, text: str, is_moved: bool) -> None:
    files = {path: text, "renovate.json": f'{{"extends": ["customManagers:{preset}"]}}'}
    assert found(tmp_path, files)[0] == ([] if is_moved else ["unmoved-tool renovate.json:1"])


TOOLS = {
    "Cargo.toml": '[workspace.metadata.dunnage.tools]\ncargo-audit = "0.21.0"\n',
    WORKFLOW: "env:\n  HACK_VERSION: '0.6.30'\n"
    + job("uses: taiki-e/install-action@v2\n        with: {tool: 'nextest@0.9.72,shellcheck@0.10.0'}")
    + "      - uses: baptiste0928/cargo-install@v3\n"
    + "        with:\n          crate: cargo-vet\n          version: 0.9.1\n"
    + f"      - run: {INSTALL}"
    + "      - run: cargo install --version 1.2.3 cargo-shear\n"
    + "      - run: cargo install cargo-hack@$HACK_VERSION\n",
    "Dockerfile": "FROM a\nARG V=1.0.0\nRUN cargo install --locked \\\n  cross@0.2.5 \\\n  cargo-x@${V}\n",
    "x.sh": "npm install -g @bytecodealliance/jco@1.2.3\n",
}
ALL_TOOLS = "cargo-audit cross cargo-x cargo-nextest cargo-vet cargo-deny cargo-shear cargo-hack @bytecodealliance/jco"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"updatecli.d/a.yaml": "sources: {}\n"}, [], id="updatecli"),
        pytest.param(
            {WORKFLOW: job("uses: renovatebot/github-action@v1")}, [], id="renovate that is configured elsewhere"
        ),
        pytest.param(
            {WORKFLOW: job("uses: renovatebot/github-action@v1"), "renovate.json": "{}"},
            ["unmoved-tool renovate.json:1"],
            id="renovate that is configured here",
        ),
        pytest.param(
            {WORKFLOW: job("run: cargo update && git push", "workflow_dispatch")},
            [f"unmoved-tool {DEPENDABOT}:1"],
            id="job that updates locks",
        ),
    ],
)
def test_bots_that_ci_runs(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    bot = {DEPENDABOT: dependabot(entry("/", "docker")), "Dockerfile": "FROM a:1.0.0\n"}
    assert found(tmp_path, {"x.sh": INSTALL, **bot, **files})[0] == expected


def test_the_pasted_managers_move_every_tool(tmp_path: Path) -> None:
    shown, help = found(tmp_path, {**TOOLS, DEPENDABOT: dependabot(entry("/", "docker"))}, DEPENDABOT)
    assert shown == [f"unmoved-tool {DEPENDABOT}:1"]
    listed, _, block = help["unmoved-tool"].partition("\n{")
    assert all(f"  {name} " in listed for name in ALL_TOOLS.split())
    assert "shellcheck" not in listed
    files = {**TOOLS, "renovate.json": "{" + block, DEPENDABOT: dependabot(entry("/", "docker"))}
    assert found(tmp_path, files)[0] == []


def test_a_new_tool_is_reported_after_the_managers_were_pasted(tmp_path: Path) -> None:
    _, help = found(tmp_path, {**TOOLS, DEPENDABOT: dependabot(entry("/", "docker"))}, DEPENDABOT)
    block = "{" + help["unmoved-tool"].partition("\n{")[2]
    files = {**TOOLS, "renovate.json": block, "y.sh": "cargo install --version 3.2.1 cargo-y\n"}
    shown, help = found(tmp_path, files, "y.sh")
    assert shown == ["unmoved-tool renovate.json:6"]
    assert help["unmoved-tool"].count(" in y.sh:1") == 1
    assert "cargo-vet" not in help["unmoved-tool"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Cargo.lock", [f"uncovered {DEPENDABOT}:6"], id="lock"),
        pytest.param("x.sh", [f"unmoved-tool {DEPENDABOT}:1"], id="script with a tool"),
        pytest.param("y.sh", [], id="script without one"),
        pytest.param("Cargo.toml", [], id="manifest"),
    ],
)
def test_a_file_is_checked_for_what_depends_on_it(tmp_path: Path, name: str, expected: list[str]) -> None:
    files = {**TWO, "x.sh": INSTALL, "y.sh": "cargo build\n", DEPENDABOT: dependabot(entry(), entry("/c"))}
    assert found(tmp_path, files, name)[0] == expected


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        pytest.param(
            DEPENDABOT,
            dependabot(*(entry(f"'/{'a' * 1900}{number}*'") for number in range(90))),
            "the patterns take more than 4,000,000 steps to match",
            id="all globs of Dependabot",
        ),
        pytest.param(
            DEPENDABOT,
            dependabot(entry(f"'/{'a' * 2000}*'")),
            "some patterns have more than 2,000 characters",
            id="a glob of Dependabot",
        ),
        pytest.param(
            "renovate.json",
            '{"ignorePaths": [' + ",".join(f'"{"a" * 1900}{number}*"' for number in range(90)) + "]}",
            "the patterns take more than 4,000,000 steps to match",
            id="all globs of Renovate",
        ),
        pytest.param(
            "renovate.json",
            '{"cargo": {"managerFilePatterns": ["/(?:a{999}){9}b/"]}}',
            "some patterns have more than 2,000 states",
            id="an expression of Renovate",
        ),
        pytest.param(
            "renovate.json",
            '{"ignorePaths": ["{' + ",".join(f"a{number}" for number in range(21)) + '}/{b,c}"]}',
            "some patterns have more than 20 alternatives in braces",
            id="braces of Renovate",
        ),
    ],
)
def test_patterns_over_a_limit_are_reported(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
    text: str,
    message: str,
) -> None:
    found(tmp_path, {**CRATE, path: text})
    monkeypatch.chdir(tmp_path)
    assert main([path]) == 1
    assert f"{message}; the hook does not check what depends on them" in capsys.readouterr().out


@pytest.mark.parametrize("directories", [1, 6000])
def test_a_directory_is_matched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], directories: int
) -> None:
    listed = "package-ecosystem: cargo\n  directories: [" + "'/**/*a*b*c*', " * directories + "/]"
    found(tmp_path, {**CRATE, DEPENDABOT: dependabot(f"- {listed}\n"), "abc/Cargo.toml": PACKAGE})
    monkeypatch.chdir(tmp_path)
    assert (main([DEPENDABOT]), capsys.readouterr().out) == (0, "")


@pytest.mark.parametrize("key", ["ignorePaths", "customManagers"])
def test_a_path_with_many_tools_is_matched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    value = "[" + ", ".join(f'"**/*a*b{number}"' for number in range(400)) + "]"
    if key == "customManagers":
        known = '"matchStrings": ["x"], "datasourceTemplate": "crate", "depNameTemplate": "a"'
        value = f'[{{"managerFilePatterns": {value}, {known}}}]'
    path = f"{'a' * 100}.sh"
    script = "".join(f"cargo install tool-{number}@1.0.0 --locked\n" for number in range(120))
    found(tmp_path, {path: script, "renovate.json": f'{{"{key}": {value}}}'})
    monkeypatch.chdir(tmp_path)
    assert main([path]) == 1
    shown = capsys.readouterr().out
    assert "update-bot/unmoved-tool" in shown
    assert "input/too-large" not in shown


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("renovate.json", '{"a": 1,\n', id="cut"),
        pytest.param("renovate.json", "{a: 1}", id="json5 in json"),
        pytest.param("renovate.json", '{"a": 1, "a": 2}', id="duplicate"),
        pytest.param("renovate.json5", "{a: @}", id="json5"),
        pytest.param("renovate.json5", "[" * 200, id="deep"),
        pytest.param(DEPENDABOT, "[" * 200, id="deep yaml"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    found(tmp_path, {**CRATE, "x.sh": INSTALL, path: text})
    assert main([path, "Cargo.lock", "x.sh"]) == 1
    output = capsys.readouterr().out
    assert f"{path}:" in output
    assert "input/" in output
    assert "update-bot/" not in output


def test_comments_silence_in_each_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    comment = "dunnage: ignore[update-bot/%s] on purpose"
    found(
        tmp_path,
        {
            **CRATE,
            "x.sh": INSTALL,
            ".github/renovate.json5": f"// {comment % 'unmoved-tool'}\n{{ enabled: true }}\n",
            "renovate.json": '{"a": "// dunnage: ignore[x/y] text"}',
        },
    )
    (tmp_path / "renovate.json").unlink()
    subprocess.run(["git", "add", "-A"], check=True)
    assert main(["x.sh"]) == 0, capsys.readouterr().out
    (tmp_path / ".github/renovate.json5").unlink()
    (tmp_path / "Cargo.toml").write_text(f"{PACKAGE}# {comment % 'absent'}\n")
    subprocess.run(["git", "add", "-A"], check=True)
    assert main(["Cargo.lock", "Cargo.toml"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", ["npm", "docker,bans"])
def test_an_unknown_kind_is_wrong_usage(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["--require", name]) == 2
    assert "docker, github-actions" in capsys.readouterr().err


def test_dunnage_check_gives_each_hook_the_names_that_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found(tmp_path, {**REQUIRED, "deny.toml": "[bans]\n", DEPENDABOT: dependabot(entry())})
    monkeypatch.chdir(tmp_path)
    only = ["check", "--only=check-deny-toml,check-update-bot"]
    assert dunnage([*only, "--require=sources,rust-toolchain"]) == 1
    output = capsys.readouterr().out
    assert output.count("deny-toml/missing-section") == 1
    assert output.count("update-bot/uncovered") == 1
    assert dunnage([*only, "--require=npm"]) == 2
    assert "for check-update-bot, write one of docker" in " ".join(capsys.readouterr().err.split())
