"""check-advisory-gate: CI runs cargo-deny or cargo-audit so that an advisory fails the build."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunnage import check_cargo_install, check_locked_builds
from dunnage.check_advisory_gate import HOOK, REQUIRE_SCHEDULE, check, main
from dunnage.ci import recipes, repository_files, runs
from dunnage.ci.outcome import Shell, interpreter_options
from dunnage.ci.recipes import RunnerCall, runner_call
from dunnage.files.source import Tree
from dunnage.frame.options import Options
from repository import write_tracked as write

pytestmark = pytest.mark.usefixtures("repository")


CI = ".github/workflows/ci.yml"
HEAD = "on: [push, pull_request]\njobs:\n  a:\n    runs-on: ubuntu-latest\n"
BUILD = HEAD + "    steps:\n      - run: cargo test --locked\n"
DENY = "EmbarkStudios/cargo-deny-action@v2"


DENY_OR_TRUE = "cargo deny check || true\n"
DENY_RECIPE = "deny:\n\tcargo deny check\n"
DENY_STEP = "runs:\n  steps:\n    - run: cargo deny check\n"
DENY_WORKFLOW = "on: workflow_call\njobs:\n  x:\n    steps:\n      - run: cargo deny check\n"
STRICT_STEP = "      - run: cargo audit --deny warnings\n"
ACTION = ".github/actions/x/action.yml"
CALLED = ".github/workflows/x.yml"
AZURE, BUILDKITE = "azure-pipelines.yml", ".buildkite/pipeline.yml"
CIRCLECI, GITLAB, PRE_COMMIT = ".circleci/config.yml", ".gitlab-ci.yml", ".pre-commit-config.yaml"
DENY_HOOK = "repos:\n- repo: https://github.com/EmbarkStudios/cargo-deny\n  rev: 0.20.2\n  hooks: [{id: cargo-deny}]\n"
LOCAL = "repos:\n- repo: local\n  hooks:\n"


def run(*steps: str) -> str:
    """A workflow whose one job runs each step's program."""
    return HEAD + "    steps:\n" + "".join(f"      - run: |\n{indented(step)}" for step in steps)


def indented(text: str) -> str:
    return "".join(f"          {line}\n" for line in text.splitlines())


def uses(action: str, *more: str) -> str:
    """A workflow whose one job uses an action."""
    return HEAD + f"    steps:\n      - uses: {action}\n" + "".join(f"        {line}\n" for line in more)


def found(files: Mapping[str, str], *, lock: bool = True, require_schedule: bool = False) -> list[str]:
    """What is found in a repository, as `path:line rule`."""
    write({"Cargo.lock": "version = 4\n", **files} if lock else files)
    tree = Tree()
    options = Options({REQUIRE_SCHEDULE: require_schedule})
    every = [sorted(check([name], tree, options)) for name in files]
    assert all(each == every[0] for each in every), "it matters which file is named"
    return [
        f"{finding.path}:{tree.position(finding.path, finding.span.start)[0]} {finding.rule.id.partition('/')[2]}"
        for finding in every[0]
    ]


# Absent


@pytest.mark.parametrize(
    ("files", "where"),
    [
        pytest.param({CI: BUILD}, f"{CI}:1", id="GitHub"),
        pytest.param({CI: BUILD, ".github/workflows/a.yml": BUILD}, ".github/workflows/a.yml:1", id="the first"),
        pytest.param({".gitea/workflows/ci.yml": BUILD}, ".gitea/workflows/ci.yml:1", id="Gitea"),
        pytest.param({GITLAB: "a: {script: cargo test}\n"}, ".gitlab-ci.yml:1", id="GitLab"),
        pytest.param({CIRCLECI: "jobs: {a: {steps: [{run: cargo test}]}}\n"}, ".circleci/config.yml:1", id="CircleCI"),
        pytest.param(
            {CI: BUILD, "Taskfile.yml": "tasks: {audit: cargo audit}\n"}, f"{CI}:1", id="a task that no job runs"
        ),
        pytest.param({"src/lib.rs": ""}, "Cargo.lock:1", id="no CI"),
        pytest.param({CI: BUILD, "deny.toml": "# cargo deny check\n[advisories]\n"}, f"{CI}:1", id="only a policy"),
        pytest.param({CI: BUILD, "README.md": "Run `cargo deny check`.\n"}, f"{CI}:1", id="only told"),
        pytest.param(
            {CI: BUILD, "Makefile": "audit:\n\tcargo audit -D warnings\n"}, f"{CI}:1", id="a target that no job makes"
        ),
        pytest.param({CI: BUILD + "      # - run: cargo deny check\n"}, f"{CI}:1", id="in a comment"),
        pytest.param({CI: BUILD.replace("cargo test", 'echo "cargo test"; cargo test')}, f"{CI}:1", id="said"),
        pytest.param(
            {CI: BUILD + "      - run: cargo xtask ci\n", "xtask/src/main.rs": 'run("fmt")'},
            f"{CI}:1",
            id="xtask without it",
        ),
        pytest.param(
            {CI: BUILD + "      - run: cargo run -p x\n", "x/main.rs": 'log("audit")'}, f"{CI}:1", id="an audit log"
        ),
        pytest.param({CI: BUILD + "      - run: npm audit\n"}, f"{CI}:1", id="npm audit"),
        pytest.param(
            {CI: BUILD + "      - uses: taiki-e/install-action@v2\n        with: {tool: cargo-deny}\n"},
            f"{CI}:1",
            id="installed by an action",
        ),
        pytest.param(
            {
                CI: BUILD
                + "      - name: Install cargo-deny\n        run: cargo install cargo-deny && cargo deny --version\n"
            },
            f"{CI}:1",
            id="installed",
        ),
        pytest.param(
            {
                CI: BUILD + "      - run: python x.py\n",
                "x.py": 'WORDS = ["audit", "author", "cargo", "crate", "deny"]\n',
            },
            f"{CI}:1",
            id="a list of words",
        ),
        pytest.param({CI: BUILD + "      - run: cargo vet\n"}, f"{CI}:1", id="cargo vet"),
        pytest.param({CI: BUILD + "      - run: npm ci\n", "deny.toml": ""}, f"{CI}:1", id="a policy, and npm"),
    ],
)
def test_absent(files: dict[str, str], where: str) -> None:
    assert found(files) == [f"{where} absent"]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({CI: run("cargo deny check")}, id="a step"),
        pytest.param({CI: run("sudo -E cargo +stable deny check")}, id="behind a wrapper"),
        pytest.param({CI: run("run-logged cargo deny check")}, id="behind an unknown wrapper"),
        pytest.param({CI: run("nix run nixpkgs#cargo-deny -- check")}, id="nix run"),
        pytest.param({CI: run("nix-shell --run 'cargo deny check'")}, id="nix-shell"),
        pytest.param({CI: run("mise exec cargo-deny -- cargo deny check")}, id="mise"),
        pytest.param({CI: run("cargo run --bin cargo-audit audit -D warnings")}, id="built here"),
        pytest.param({CI: uses(DENY)}, id="its action"),
        pytest.param({CI: uses("actions-rs/cargo@v1", "with: {command: deny, args: check}")}, id="cargo's action"),
        pytest.param({CI: uses("nick-fields/retry@v3", "with: {command: cargo deny check}")}, id="retried"),
        pytest.param({GITLAB: "a: {script: [cargo deny check]}\n"}, id="GitLab"),
        pytest.param(
            {GITLAB: "include: /ci/x.gitlab-ci.yml\n", "ci/x.gitlab-ci.yml": "a: {script: cargo deny check}\n"},
            id="GitLab included",
        ),
        pytest.param(
            {
                GITLAB: "include: [ci/a.yml]\n",
                "ci/a.yml": "include: /ci/b*.yml\n",
                "ci/b1.yml": "a: {script: cargo deny check}\n",
            },
            id="GitLab included by any name",
        ),
        pytest.param({CIRCLECI: "jobs: {a: {steps: [{run: cargo deny check}]}}\n"}, id="CircleCI"),
        pytest.param(
            {CI: run("make lint"), "Makefile": "lint: deny\ndeny: ## check\n\t@cargo deny check\n"}, id="make"
        ),
        pytest.param(
            {CI: run("make"), "Makefile": "include ci/*.mk ci/x.mk\nall: deny\n", "ci/x.mk": DENY_RECIPE},
            id="make includes",
        ),
        pytest.param(
            {CI: run("make -C sub deny-all"), "sub/Makefile": "deny-%:\n\t$(MAKE) real\nreal:\n\tcargo deny check\n"},
            id="make -C, pattern, $(MAKE)",
        ),
        pytest.param({CI: run("make -f ci.mk"), "ci.mk": "T = x\n$(T): ; cargo deny check\n"}, id="make -f"),
        pytest.param(
            {
                CI: run("just ci"),
                "justfile": "default:\n  true\nci: fmt (deny 'x')\nfmt:\n  true\ndeny a:\n  cargo deny check\n",
            },
            id="just",
        ),
        pytest.param(
            {CI: run("just"), "justfile": "import 'x.just'\nall: deny\n", "x.just": "deny:\n  cargo deny check\n"},
            id="just imports",
        ),
        pytest.param(
            {CI: run("just d"), "justfile": "alias d := deny\nx:\n  true\ndeny:\n  cargo deny check\n"}, id="just alias"
        ),
        pytest.param(
            {CI: run("just ci::deny"), "justfile": "mod ci\n", "ci.just": "deny:\n  cargo deny check\n"},
            id="just module",
        ),
        pytest.param({CI: run("./ci/deny.sh"), "ci/deny.sh": "cargo deny check\n"}, id="script"),
        pytest.param(
            {CI: run("cd ci\nbash -e ../ci/deny"), "ci/deny": "#!/bin/sh\ncargo deny check\n"},
            id="script without extension",
        ),
        pytest.param(
            {CI: run("sh ci/a.sh"), "ci/a.sh": '. "$(dirname "$0")/b.sh"\n', "ci/b.sh": "cargo deny check\n"},
            id="script of a script",
        ),
        pytest.param({CI: run("$GITHUB_WORKSPACE/ci/a.sh"), "ci/a.sh": "cargo deny check\n"}, id="script by variable"),
        pytest.param({CI: uses("./.github/actions/x"), ACTION: DENY_STEP}, id="composite action"),
        pytest.param(
            {
                CI: uses("./x", "with: {tool: deny}"),
                "x/action.yml": "inputs: {tool: {}}\nruns:\n  steps:\n    - run: cargo ${{ inputs.tool }} check\n",
            },
            id="composite action with input",
        ),
        pytest.param({CI: HEAD + "    uses: $/.github/workflows/x.yml\n", CALLED: DENY_WORKFLOW}, id="$/ workflow"),
        pytest.param({CI: uses("$/.github/actions/x"), ACTION: DENY_STEP}, id="$/ action"),
        pytest.param(
            {CI: HEAD + "    uses: ./.github/workflows/x.yml\n", CALLED: DENY_WORKFLOW}, id="reusable workflow"
        ),
        pytest.param({CI: run("cargo gate"), ".cargo/config.toml": '[alias]\ngate = "deny check"\n'}, id="cargo alias"),
        pytest.param(
            {
                CI: run("cargo ${{ matrix.tool }} check").replace(
                    "    steps", "    strategy: {matrix: {tool: [deny]}}\n    steps"
                )
            },
            id="matrix",
        ),
        pytest.param({CI: run("pre-commit run --all-files"), PRE_COMMIT: DENY_HOOK}, id="pre-commit"),
        pytest.param(
            {
                CI: uses("pre-commit/action@v3"),
                PRE_COMMIT: LOCAL + "  - {id: x, entry: cargo deny, args: [check], language: system}\n",
            },
            id="pre-commit local",
        ),
        pytest.param(
            {
                CI: run("pipx run pre-commit run --hook-stage manual deny"),
                PRE_COMMIT: LOCAL + "  - {id: deny, entry: ./deny.sh, language: script, stages: [manual]}\n",
                "deny.sh": "cargo deny check\n",
            },
            id="pre-commit by hand",
        ),
        pytest.param(
            {
                CI: run("cargo make ci"),
                "Makefile.toml": "[tasks.ci]\ndependencies = ['audit']\n"
                "[tasks.audit]\ncommand = 'cargo'\nargs = ['audit', '-D', 'warnings']\n",
            },
            id="cargo-make",
        ),
        pytest.param(
            {CI: run("npm test"), "package.json": '{"scripts": {"test": "x", "posttest": "cargo deny check"}}'},
            id="npm",
        ),
        pytest.param(
            {CI: run("task ci"), "Taskfile.yml": "tasks: {ci: {deps: [a]}, a: {cmd: cargo deny check}}\n"}, id="Task"
        ),
        pytest.param(
            {CI: run("mise run ci"), "mise.toml": "[tasks]\na = 'cargo deny check'\nci = { depends = 'a' }\n"},
            id="mise",
        ),
        pytest.param({AZURE: "steps: [{script: cargo test}, {script: cargo deny check}]\n"}, id="Azure Pipelines"),
        pytest.param({BUILDKITE: "steps: [{command: cargo deny check}]\n"}, id="Buildkite"),
        pytest.param(
            {CI: run("cargo deny check").replace("ubuntu-latest", "windows-latest")}, id="in PowerShell on Windows"
        ),
    ],
)
def test_there(files: dict[str, str]) -> None:
    assert found(files) == []


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({CI: HEAD + "    uses: o/ci/.github/workflows/rust.yml@v1\n"}, id="a workflow of others"),
        pytest.param({CI: uses("o/ci/rust-checks@v1")}, id="an action of others that may be one"),
        pytest.param(
            {CI: BUILD + "      - {run: cargo install cargo-deny --locked}\n      - {run: cargo xtask ci}\n"},
            id="installed for what is not read",
        ),
        pytest.param(
            {CI: BUILD + "      - run: cargo $TOOL\n      - run: echo deny >> $GITHUB_ENV\n"}, id="a variable"
        ),
        pytest.param(
            {CI: BUILD + "      - run: cargo xtask ci\n", "xtask/src/main.rs": 'cmd.args(["deny", "check"])'},
            id="xtask",
        ),
        pytest.param(
            {CI: BUILD + "      - run: cargo run -p x\n", "x/main.rs": 'run("cargo",\n  ["deny", "check"])'},
            id="a program in Rust",
        ),
        pytest.param({CI: BUILD + "      - run: python ci.py\n", "ci.py": 'run("cargo deny check")'}, id="Python"),
        pytest.param(
            {CI: BUILD + "      - run: npm run deny\n", "package.json": '{"scripts": {"deny": "cargo deny check"}}'},
            id="npm",
        ),
        pytest.param({CI: BUILD, "Jenkinsfile": "sh 'make deny'\n", "Makefile": DENY_RECIPE}, id="Jenkins"),
        pytest.param({".drone.yml": "steps: [{commands: [cargo test]}]\n"}, id="another system alone"),
        pytest.param(
            {CI: HEAD + "    steps:\n      - run: make fmt\n", "Makefile": DENY_RECIPE}, id="CI that builds nothing"
        ),
        pytest.param({GITLAB: "include: {project: o/ci, file: rust.yml}\n"}, id="GitLab includes others"),
        pytest.param({CI: BUILD, PRE_COMMIT: LOCAL + "  - {id: x, entry: cargo deny check}\n"}, id="pre-commit.ci"),
        pytest.param({CI: BUILD, CALLED: DENY_WORKFLOW}, id="a workflow for others"),
        pytest.param({CI: run("ci/x.sh test"), "ci/x.sh": 'cargo "$@"\n'}, id="an unknown subcommand in a script"),
        pytest.param({CI: BUILD + "      - run: cargo ${{ inputs.command }}\n"}, id="an unknown subcommand"),
        pytest.param({CI: run("just a"), "justfile": "a TASK:\n    cargo {{TASK}}\n"}, id="an unknown argument"),
        pytest.param({CI: run("cargo `cat task`")}, id="an unknown subcommand that a command prints"),
        pytest.param(
            {CI: BUILD + "      - run: nix flake check\n", "flake.nix": "checks.audit = craneLib.cargoAudit {};\n"},
            id="nix",
        ),
        pytest.param({CI: BUILD, ".taskcluster.yml": "tasks: [{command: cargo audit}]\n"}, id="Taskcluster"),
        pytest.param({CI: BUILD, "taskcluster/ci/x.yml": "run: cargo deny check\n"}, id="Taskcluster's folder"),
        pytest.param({CI: BUILD, ".zuul.yaml": "- job: {run: cargo deny check}\n"}, id="Zuul"),
        pytest.param({CI: BUILD, ".kokoro/x.sh": "cargo deny check\n"}, id="Kokoro"),
        pytest.param({CI: BUILD, "deploy/pipeline.yml": "run: cargo deny check\n"}, id="a system that nobody knows"),
        pytest.param({CI: BUILD + "      - run: task ci\n", "deny.toml": ""}, id="a task runner and a policy"),
        pytest.param({CI: BUILD + "      - run: cargo make ci\n", "deny.toml": ""}, id="cargo-make and a policy"),
        pytest.param({CI: BUILD + "      - run: codespell -L cargo audit\n"}, id="words for a spell checker"),
        pytest.param(
            {CI: BUILD + "      - run: cargo make other\n", "Makefile.toml": "[tasks.x]\nargs = ['audit']\n"},
            id="a task that cargo-make may run",
        ),
        pytest.param({BUILDKITE: "steps: [{command: cargo test}]\n"}, id="Buildkite without it"),
        pytest.param({AZURE: "steps: [{script: cargo test}]\n"}, id="Azure Pipelines without it"),
    ],
)
def test_nobody_can_say_that_it_is_absent(files: dict[str, str]) -> None:
    assert found(files) == []


@pytest.mark.parametrize(
    "lock", ["tests/data/Cargo.lock", "examples/a/Cargo.lock", "fuzz/Cargo.lock", "Cargo.lock.bak"]
)
def test_without_a_lock_of_its_own(lock: str) -> None:
    assert found({CI: BUILD, lock: ""}, lock=False) == []


def test_nothing_is_absent_if_ci_is_not_all_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(repository_files, "_MOST_STEPS", 2000)
    workflows = {f".github/workflows/{name}.yml": f"{BUILD}" for name in "abc"}
    write({"Cargo.lock": "version = 4\n", **workflows})
    assert main(["--output-format=json", *workflows]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(each["rule"], each["path"]) for each in findings] == [("input/too-large", ".github/workflows/c.yml")]


@pytest.mark.parametrize("path", [CI, ".github/workflows/other.yml"])
def test_an_ignore_comment_in_any_ci_file(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    step = "      # dunnage: ignore[advisory-gate/absent] osv-scanner does it\n      - run: osv-scanner\n"
    write({"Cargo.lock": "", CI: BUILD, path: BUILD + step})
    assert main([CI]) == 0
    assert capsys.readouterr().out == ""


def test_a_tool_that_checks_no_advisories_is_named() -> None:
    write({"Cargo.lock": "", CI: BUILD + "      - run: cargo vet\n"})
    (finding,) = check([CI], Tree(), Options())
    assert finding.message.startswith("`cargo vet` runs in CI, but no job runs cargo-deny")


def test_a_lock_that_git_does_not_track() -> None:
    Path(".gitignore").write_text("Cargo.lock\n")
    write({CI: BUILD})
    Path("Cargo.lock").write_text("")
    subprocess.run(["git", "rm", "-q", "--cached", "--ignore-unmatch", "Cargo.lock"], check=True)
    assert list(check([CI], Tree(), Options())) == []


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository / "plain"
    folder.mkdir()
    shutil.rmtree(repository / ".git")
    monkeypatch.chdir(folder)
    for name, text in {CI: BUILD, "Cargo.lock": ""}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert [finding.path for finding in check(["Cargo.lock"], Tree(), Options())] == [CI]


@pytest.mark.parametrize("policy", [{}, {"deny.toml": ""}], ids=["without policy", "with policy"])
@pytest.mark.parametrize("path", [CI, ".gitlab-ci.yml", ".circleci/config.yml"])
def test_the_job_in_the_help_passes_all_hooks(path: str, policy: dict[str, str]) -> None:
    build = "jobs: {a: {steps: [{run: cargo test}]}}\n" if path != ".gitlab-ci.yml" else "a: {script: cargo test}\n"
    write({"Cargo.lock": "", path: build, **policy})
    (finding,) = check([path], Tree(), Options({REQUIRE_SCHEDULE: True}))
    job = "".join(f"{line[2:]}\n" for line in finding.help.splitlines()[1:])
    if path == ".circleci/config.yml":
        job = "jobs:\n  a:\n    docker: [{image: rust}]\n    steps:\n" + "".join(
            f"      {line}\n" for line in job.splitlines()
        )
    assert found({path: job}, require_schedule=True) == []
    assert check_cargo_install.main([path]) == 0
    assert check_locked_builds.main([path]) == 0


# Toothless


@pytest.mark.parametrize(
    ("files", "where"),
    [
        pytest.param({CI: run("cargo deny check || true")}, [f"{CI}:7"], id="true"),
        pytest.param({CI: run("cargo deny check | tee log")}, [f"{CI}:7"], id="tee"),
        pytest.param({CI: run("set +e\ncargo deny check\necho done")}, [f"{CI}:7"], id="set +e"),
        pytest.param({CI: uses(DENY, "continue-on-error: true")}, [f"{CI}:7"], id="continue-on-error"),
        pytest.param({CI: uses(DENY, "if: false")}, [f"{CI}:7"], id="never"),
        pytest.param(
            {CI: uses(DENY).replace("    steps", "    continue-on-error: true\n    steps")}, [f"{CI}:5"], id="job"
        ),
        pytest.param({CI: run("cargo deny check -A vulnerability")}, [f"{CI}:7"], id="-A"),
        pytest.param(
            {CI: uses(DENY, "with: {command-arguments: -A vulnerability}")}, [f"{CI}:6"], id="-A in an action's input"
        ),
        pytest.param(
            {GITLAB: "a:\n  script: cargo deny check\n  allow_failure: true\n"},
            [".gitlab-ci.yml:3"],
            id="allow_failure",
        ),
        pytest.param(
            {GITLAB: "a:\n  script: cargo audit -D warnings\n  allow_failure:\n    exit_codes: [1, 137]\n"},
            [".gitlab-ci.yml:4"],
            id="allow_failure of an exit status",
        ),
        pytest.param({CI: run("make deny || :"), "Makefile": DENY_RECIPE}, [f"{CI}:7"], id="make"),
        pytest.param({CI: run("make -i deny"), "Makefile": DENY_RECIPE}, [f"{CI}:7"], id="make -i"),
        pytest.param(
            {CI: run("cd sub && make -f x/Makefile d"), "sub/x/Makefile": "d:\n\t./d.sh\n", "sub/d.sh": DENY_OR_TRUE},
            ["sub/d.sh:1"],
            id="make -f in another folder",
        ),
        pytest.param(
            {CI: run("just -f x/justfile -d y d"), "x/justfile": "d:\n  ./d.sh\n", "y/d.sh": DENY_OR_TRUE},
            ["y/d.sh:1"],
            id="just -f -d",
        ),
        pytest.param(
            {
                CI: run("task -t x/Taskfile.yml -d y"),
                "x/Taskfile.yml": "tasks: {default: ./d.sh}",
                "y/d.sh": DENY_OR_TRUE,
            },
            ["y/d.sh:1"],
            id="task -t -d",
        ),
        pytest.param(
            {CI: run("make deny"), "Makefile": "deny:\n\t-cargo deny check\n"}, ["Makefile:2"], id="- in make"
        ),
        pytest.param(
            {CI: run("make deny"), "Makefile": DENY_RECIPE + ".IGNORE: deny\n"}, ["Makefile:3"], id=".IGNORE in make"
        ),
        pytest.param(
            {CI: run("just deny"), "justfile": "deny:\n  -@cargo deny check\n"}, ["justfile:2"], id="- in just"
        ),
        pytest.param(
            {CI: run("ci/a.sh"), "ci/a.sh": "cargo deny check\necho done\n"}, ["ci/a.sh:2"], id="script without set -e"
        ),
        pytest.param(
            {CI: run("sh a.sh"), "a.sh": "#!/bin/sh -e\ncargo deny check\ntrue\n"}, ["a.sh:3"], id="-e unseen"
        ),
        pytest.param(
            {CI: uses("./x", "continue-on-error: true"), "x/action.yml": DENY_STEP}, [f"{CI}:7"], id="composite action"
        ),
        pytest.param({CI: run("cargo deny check | true")}, [f"{CI}:7"], id="piped into true"),
        pytest.param({CI: run("cargo deny check || /bin/true")}, [f"{CI}:7"], id="true by its path"),
        pytest.param(
            {CI: run("for d in a b; do\n(cd $d && cargo deny check) || continue\ndone")}, [f"{CI}:8"], id="continue"
        ),
        pytest.param(
            {CI: run("find . -name Cargo.toml -execdir cargo deny check \\;")}, [f"{CI}:7"], id="find -execdir"
        ),
        pytest.param(
            {CI: run("sh a.sh"), "a.sh": "for d in a b; do\n  cd $d\n  cargo deny check\ndone\n"},
            ["a.sh:1"],
            id="loop in a script",
        ),
        pytest.param(
            {CI: run("make deny"), "Makefile": "deny:\n\tfor d in a b; do (cd $$d && cargo deny check); done\n"},
            ["Makefile:2"],
            id="loop in a recipe",
        ),
        pytest.param({CI: run('try() {\n  "$@" || true\n}\ntry cargo deny check')}, [f"{CI}:8"], id="a function"),
        pytest.param(
            {CI: run("audit() {\n  cargo deny check\n}\naudit || true")}, [f"{CI}:10"], id="the call of a function"
        ),
        pytest.param({CI: uses(DENY, "if: 0")}, [f"{CI}:7"], id="never, as a number"),
        pytest.param({CI: uses(DENY, "if: ${{ 0 }}")}, [f"{CI}:7"], id="never, as an expression"),
        pytest.param({CI: run("cargo deny check &\nwait")}, [f"{CI}:7"], id="wait for all"),
        pytest.param(
            {CI: run("cargo deny check").replace("[push, pull_request]", "\n  push:\n    paths: ['src/**', '*.rs']")},
            [f"{CI}:3"],
            id="paths without Cargo.lock",
        ),
        pytest.param(
            {
                CI: run("cargo deny check").replace("[push, pull_request]", "\n  push:\n    paths: [Cargo.lock]"),
                "deny.toml": "",
            },
            [f"{CI}:3"],
            id="paths without deny.toml",
        ),
        pytest.param(
            {CI: run("cargo deny check").replace("[push, pull_request]", "{push: {paths-ignore: ['**.lock']}}")},
            [f"{CI}:1"],
            id="paths-ignore",
        ),
        pytest.param(
            {
                CI: run("cargo make ci"),
                "Makefile.toml": "[tasks.ci]\ncommand = 'cargo'\nargs = ['deny', 'check']\nignore_errors = true\n",
            },
            ["Makefile.toml:4"],
            id="ignore_errors",
        ),
        pytest.param(
            {CI: run("task a"), "Taskfile.yml": "tasks:\n  a:\n  - cmd: cargo deny check\n    ignore_error: true\n"},
            ["Taskfile.yml:4"],
            id="ignore_error",
        ),
        pytest.param(
            {CI: run("npm run a"), "package.json": '{"scripts": {\n"a": "cargo deny check || true"}}'},
            ["package.json:2"],
            id="a script of npm",
        ),
        pytest.param(
            {AZURE: "steps:\n- script: |\n    cargo deny check\n    cargo test\n"},
            [f"{AZURE}:4"],
            id="Azure Pipelines, not the last command",
        ),
        pytest.param(
            {AZURE: "jobs:\n- job: a\n  continueOnError: true\n  steps: [{script: cargo deny check}]\n"},
            [f"{AZURE}:3"],
            id="continueOnError",
        ),
        pytest.param(
            {
                AZURE: "steps:\n- script: cargo deny check\n  enabled: false\n"
                "- script: cargo deny check\n  condition: false\n"
            },
            [f"{AZURE}:3", f"{AZURE}:5"],
            id="switched off in Azure Pipelines",
        ),
        pytest.param(
            {BUILDKITE: "steps:\n- command: cargo deny check\n  soft_fail: [{exit_status: 1}]\n"},
            [f"{BUILDKITE}:3"],
            id="soft_fail",
        ),
        pytest.param(
            {BUILDKITE: "steps:\n- command: cargo deny check\n  skip: later\n"}, [f"{BUILDKITE}:3"], id="skip"
        ),
    ],
)
def test_toothless(files: dict[str, str], where: list[str]) -> None:
    assert found(files) == [f"{each} toothless" for each in where]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({CI: run("cargo deny check || true", "cargo deny check")}, id="another has teeth"),
        pytest.param({CI: run("cargo deny check || exit 1")}, id="exit 1"),
        pytest.param({CI: run("cargo deny -f sarif check > x.sarif || true")}, id="a report for others"),
        pytest.param({CI: run("cargo audit -D warnings --json | tee x.json")}, id="a report of cargo-audit"),
        pytest.param({CI: run("sh x.sh"), "x.sh": "note cargo deny check\nexit $failed\n"}, id="noted by a function"),
        pytest.param(
            {CI: run("cargo deny check | tee log").replace("run:", "shell: bash\n        run:")}, id="shell: bash"
        ),
        pytest.param({GITLAB: "a: {script: [cargo deny check | tee log]}\n"}, id="GitLab's shell"),
        pytest.param(
            {CI: run("ci/a.sh"), "ci/a.sh": "#!/bin/bash -e\ncargo deny check\necho done\n"}, id="script with -e"
        ),
        pytest.param({CI: run("ci/a.sh"), "ci/a.sh": "set -e\ncargo deny check\necho done\n"}, id="script with set -e"),
        pytest.param({CI: run("bash -e ci/a.sh"), "ci/a.sh": "cargo deny check\necho done\n"}, id="called with -e"),
        pytest.param(
            {
                CI: run("just deny"),
                "justfile": 'set shell := ["bash", "-euo", "pipefail", "-c"]\ndeny:\n  cargo deny check | tee log\n',
            },
            id="just's shell",
        ),
        pytest.param({CI: run("cargo deny check -A warnings -A unmatched-source")}, id="harmless -A"),
        pytest.param(
            {
                CI: run(
                    "cargo deny check bans licenses sources",
                    "cargo audit -D warnings",
                    "cargo deny check advisories || true",
                )
            },
            id="the other tool has teeth",
        ),
        pytest.param({CI: run("cargo deny --version || true", "cargo deny check")}, id="no check"),
        pytest.param({CI: run("for d in a b; do\n  cargo deny check\ndone")}, id="loop with set -e"),
        pytest.param(
            {CI: run("make deny"), "Makefile": "deny:\n\tfor d in a b; do cargo deny check || exit 1; done\n"},
            id="loop with exit 1",
        ),
        pytest.param(
            {CI: run("sh a.sh"), "a.sh": "for d in a b; do\n  cargo deny check\n  s=$?\ndone\n"},
            id="loop with the status",
        ),
        pytest.param({CI: run('try() {\n  echo x\n  "$@"\n}\ntry cargo deny check')}, id="a function passes it on"),
        pytest.param({CI: run("audit() {\n  cargo deny check\n}\naudit || true\naudit")}, id="called twice"),
        pytest.param({CI: run("cargo deny check &\nwait $!")}, id="wait for it"),
        pytest.param(
            {CI: run('retry() {\n  for i in 1 2 3; do "$@" && return 0; done\n  return 1\n}\nretry cargo deny check')},
            id="tried again",
        ),
        pytest.param(
            {
                CI: run("cargo deny --manifest-path x/Cargo.toml check").replace(
                    "[push, pull_request]", "{push: {paths: ['x/**']}}"
                ),
                "x/Cargo.lock": "",
            },
            id="paths of another project",
        ),
        pytest.param(
            {CI: run("find . -name Cargo.lock -exec cargo deny check advisories bans licenses sources +")}, id="+"
        ),
        pytest.param(
            {
                CI: run("cargo deny check").replace(
                    "[push, pull_request]",
                    "\n  push:\n    paths: ['**/*.rs', '**/Cargo.lock', '{x,deny}.toml', '**.toml']",
                ),
                "deny.toml": "",
            },
            id="paths with all",
        ),
        pytest.param(
            {CI: run("cargo deny check").replace("[push, pull_request]", "{push: {paths: ['src/**']}, schedule: []}")},
            id="paths, and a schedule",
        ),
        pytest.param(
            {CI: run("cargo deny check").replace("[push, pull_request]", "{push: {paths: ['**', '!docs/**']}}")},
            id="paths without documents",
        ),
        pytest.param(
            {AZURE: "steps:\n- script: |\n    set -e\n    cargo deny check\n    cargo test\n"}, id="Azure Pipelines"
        ),
        pytest.param({AZURE: "steps: [{pwsh: 'cargo deny check\n\n\n    cargo test'}]\n"}, id="PowerShell"),
        pytest.param({BUILDKITE: "steps: [{commands: [cargo deny check, cargo test]}]\n"}, id="Buildkite"),
    ],
)
def test_not_toothless(files: dict[str, str]) -> None:
    assert found(files) == []


def test_a_matrix_that_lets_advisories_pass() -> None:
    text = uses(DENY, "with: {command: 'check ${{ matrix.checks }}'}").replace(
        "    steps",
        "    strategy: {matrix: {checks: [advisories, bans licenses sources]}}\n"
        "    continue-on-error: ${{ matrix.checks == 'advisories' }}\n    steps",
    )
    assert found({CI: text}) == [f"{CI}:6 toothless"]
    assert found({CI: text.replace("== 'advisories'", "== 'other'")}) == []


# Lenient


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({CI: run("cargo audit")}, id="cargo audit"),
        pytest.param({CI: run("cargo audit --deny unsound")}, id="only unsound"),
        pytest.param({CI: uses("rustsec/audit-check@v2")}, id="rustsec/audit-check"),
        pytest.param({CI: uses("actions-rust-lang/audit@v1")}, id="actions-rust-lang/audit"),
    ],
)
def test_lenient(files: dict[str, str]) -> None:
    (where,) = found(files)
    assert where.endswith(" lenient")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({CI: run("cargo audit --deny warnings")}, id="strict"),
        pytest.param({CI: run("cargo audit -D unmaintained -D unsound -D yanked")}, id="one by one"),
        pytest.param({CI: uses("actions-rust-lang/audit@v1", "with: {denyWarnings: true}")}, id="input"),
        pytest.param({CI: run("cargo audit", "cargo deny check")}, id="cargo deny too"),
        pytest.param(
            {CI: run("cargo audit -D yanked"), ".cargo/audit.toml": '[output]\ndeny = ["unsound", "unmaintained"]\n'},
            id="configured in part",
        ),
        pytest.param({CI: run("cargo audit"), ".cargo/audit.toml": '[output]\ndeny = ["warnings"]\n'}, id="configured"),
        pytest.param({CI: run("cargo audit"), ".cargo/audit.toml": "[output\n"}, id="unknown configuration"),
        pytest.param({CI: run("cargo audit --json | jq .")}, id="a report for a program"),
    ],
)
def test_strict(files: dict[str, str]) -> None:
    assert found(files) == []


# Partial


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        pytest.param({CI: run("cargo deny check licenses")}, "advisories, bans or sources", id="one"),
        pytest.param(
            {CI: run("cargo deny check bans", "cargo deny check advisories licenses")}, "sources", id="several"
        ),
        pytest.param({CI: uses(DENY, "with: {command: check bans licenses sources}")}, "advisories", id="action"),
        pytest.param(
            {CI: run("cargo deny check bans", "cargo audit -D warnings")}, "licenses or sources", id="and cargo-audit"
        ),
    ],
)
def test_partial(files: dict[str, str], missing: str) -> None:
    assert found(files) == [f"{CI}:{6 if 'uses' in files[CI] else 7} partial"]
    (finding,) = check([CI], Tree(), Options())
    assert finding.message == f"no job runs `cargo deny check` for {missing}"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({CI: run("cargo deny check bans licenses", "cargo deny check sources advisories")}, id="together"),
        pytest.param(
            {CI: run("cargo deny check bans licenses sources", "cargo audit -D warnings")}, id="with cargo-audit"
        ),
        pytest.param({CI: run("cargo audit -D warnings")}, id="cargo-audit alone"),
        pytest.param({CI: run("cargo deny check $CHECKS")}, id="unknown"),
        pytest.param({CI: run("for c in advisories bans licenses sources; do cargo deny check $c; done")}, id="loop"),
    ],
)
def test_whole(files: dict[str, str]) -> None:
    assert found(files) == []


# Unscheduled


@pytest.mark.parametrize(
    ("on", "job", "is_found"),
    [
        ("push", "", True),
        ("[push, pull_request]", "", True),
        ("{schedule: [{cron: '0 0 * * *'}]}", "", False),
        ("{push: {}, schedule: [{cron: '0 0 * * *'}]}", "", False),
        ("{push: {}, schedule: [{cron: '0 0 * * *'}]}", "if: github.event_name != 'schedule'", True),
        ("{push: {}, schedule: [{cron: '0 0 * * *'}]}", "if: github.event_name == 'push'", True),
        ("{push: {}, schedule: [{cron: '0 0 * * *'}]}", "if: github.event_name != 'schedule' || x", False),
    ],
)
def test_unscheduled(on: str, job: str, is_found: bool) -> None:
    text = run("cargo deny check").replace("[push, pull_request]", on).replace("    steps", f"    {job}\n    steps")
    assert found({CI: text}) == []
    assert bool(found({CI: text}, require_schedule=True)) is is_found


def test_what_is_left_out_on_a_schedule(capsys: pytest.CaptureFixture[str]) -> None:
    text = run("cargo deny check").replace("[push, pull_request]", "{push: {}, schedule: [{cron: '0 0 * * *'}]}")
    write({"Cargo.lock": "", CI: text.replace("    steps", "    if: github.event_name != 'schedule'\n    steps")})
    assert main([CI, "--require-schedule"]) == 1
    assert "`cargo deny check` does not run on `schedule`" in capsys.readouterr().out


def test_schedules_that_are_not_in_the_repository() -> None:
    assert found({GITLAB: "a: {script: cargo deny check}\n"}, require_schedule=True) == []


def test_what_another_workflow_has_on_a_schedule() -> None:
    nightly = "on: {schedule: [{cron: '0 0 * * *'}]}\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n"
    text = run("cargo deny check").replace("[push, pull_request]", "[push, workflow_call]")
    assert found({CI: text, ".github/workflows/nightly.yml": nightly}, require_schedule=True) == []


# Stale lock


@pytest.mark.parametrize(
    ("files", "where"),
    [
        pytest.param({CI: run("cargo update", "cargo deny check")}, f"{CI}:7", id="update"),
        pytest.param({CI: run("cargo generate-lockfile\ncargo deny check")}, f"{CI}:7", id="generate-lockfile"),
        pytest.param({CI: run("rm -f Cargo.lock\ncargo deny check")}, f"{CI}:7", id="rm"),
        pytest.param({CI: run("cargo update -p x", "cargo deny check")}, f"{CI}:7", id="one package"),
        pytest.param({CI: run("cargo update -p x --precise 1.2.3", "cargo deny check")}, f"{CI}:7", id="precise"),
        pytest.param({CI: run("git rm Cargo.lock", "cargo deny check")}, f"{CI}:7", id="git rm"),
        pytest.param({CI: run("mv Cargo.lock old", "cargo deny check")}, f"{CI}:7", id="moved"),
        pytest.param(
            {CI: run("make x"), "Makefile": "x:\n\tsh x.sh\n", "x.sh": "cargo update\ncargo deny check\n"},
            "x.sh:1",
            id="in a script",
        ),
        pytest.param(
            {CI: uses("actions-rs/audit-check@v1") + "      - run: cargo deny check bans sources licenses\n"},
            f"{CI}:6",
            id="actions-rs/audit-check",
        ),
        pytest.param(
            {GITLAB: "default:\n  before_script: [cargo update]\na: {script: cargo deny check}\n"},
            f"{GITLAB}:2",
            id="GitLab's before_script of all jobs",
        ),
        pytest.param(
            {GITLAB: ".a:\n  before_script: [cargo update]\na: {extends: .a, script: cargo deny check}\n"},
            f"{GITLAB}:2",
            id="GitLab's before_script of another job",
        ),
    ],
)
def test_stale_lock(files: dict[str, str], where: str) -> None:
    assert f"{where} stale-lock" in found(files)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({CI: run("cargo deny check", "cargo update")}, id="after"),
        pytest.param({CI: uses(f"rustsec/audit-check@1{'0f' * 19}a") + STRICT_STEP}, id="a commit that begins with 1"),
        pytest.param(
            {CI: run("cargo update --dry-run", "cargo update --workspace", "cargo deny check")}, id="it stays"
        ),
        pytest.param({CI: run("cargo update --locked", "cargo deny check")}, id="--locked"),
        pytest.param({CI: run("cargo update", "git checkout Cargo.lock", "cargo deny check")}, id="restored"),
        pytest.param({CI: run("cd other\ncargo update", "cargo deny check")}, id="of another"),
        pytest.param({CI: run("git -C other rm Cargo.lock", "cargo deny check")}, id="of another, by git"),
        pytest.param({CI: run("rm other/Cargo.lock", "cargo -C other update", "cargo deny check")}, id="of others"),
        pytest.param({CI: run("mv Cargo.lock x", "mv x Cargo.lock", "cargo deny check")}, id="moved back"),
        pytest.param({CI: run("sed -i s/0/1/ Cargo.toml", "cargo deny check")}, id="manifest edited"),
        pytest.param(
            {CI: run("cargo update --manifest-path x/Cargo.toml", "cargo deny check")}, id="of another manifest"
        ),
        pytest.param({CI: run("if $NEW; then cargo update; fi", "cargo deny check")}, id="perhaps"),
        pytest.param(
            {CI: run("cargo deny check"), ".github/workflows/latest.yml": run("cargo update", "cargo deny check")},
            id="another has the lock",
        ),
    ],
)
def test_not_stale(files: dict[str, str]) -> None:
    assert found(files) == []


def test_without_a_committed_lock_it_has_to_be_made() -> None:
    assert found({CI: run("cargo generate-lockfile", "cargo deny check")}, lock=False) == []


# All


def test_an_ignore_comment(capsys: pytest.CaptureFixture[str]) -> None:
    write({"Cargo.lock": "", CI: f"# dunnage: ignore[advisory-gate/absent] the team's own scanner does it\n{BUILD}"})
    assert main([CI]) == 0
    text = run("cargo deny check || true").replace(
        "- run", "# dunnage: ignore[advisory-gate/toothless] trial\n      - run"
    )
    write({CI: text.replace("run: |\n", "run:").replace("run:          ", "run: ")})
    assert main([CI]) == 0, capsys.readouterr().out


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    write({"Cargo.lock": "", CI: uses(DENY, "continue-on-error: true")})
    assert main([CI]) == 1
    assert capsys.readouterr().out == (
        f"{CI}:7:28: advisory-gate/toothless `continue-on-error` hides the failure of "
        "`EmbarkStudios/cargo-deny-action`, so it cannot fail the build\n    help: remove `continue-on-error`\n"
    )


@pytest.mark.parametrize(
    ("before", "name", "help", "after"),
    [
        pytest.param(
            "paths: ['src/**']",
            "Cargo.lock",
            "add `- '**/Cargo.lock'` to the end of `paths`, or remove the filter",
            "paths: ['src/**', '**/Cargo.lock']",
            id="paths",
        ),
        pytest.param(
            "paths: ['**', '!Cargo.lock']",
            "Cargo.lock",
            "add `- '**/Cargo.lock'` to the end of `paths`, or remove the filter",
            "paths: ['**', '!Cargo.lock', '**/Cargo.lock']",
            id="an excluded path",
        ),
        pytest.param(
            "paths-ignore: ['docs/**', '**.lock']",
            "Cargo.lock",
            "remove the pattern that matches Cargo.lock from `paths-ignore`",
            "paths-ignore: ['docs/**']",
            id="paths-ignore",
        ),
    ],
)
def test_what_is_printed_of_a_filter(
    before: str, name: str, help: str, after: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = run("cargo audit -D warnings").replace("[push, pull_request]", f"\n  push:\n    {before}")
    write({"Cargo.lock": "", CI: text})
    assert main([CI]) == 1
    assert capsys.readouterr().out.partition("toothless ")[2] == (
        f"the workflow does not run `cargo audit` if only {name} changes, so such a change cannot fail the build\n"
        f"    help: {help}\n"
    )
    write({CI: text.replace(before, after)})
    assert main([CI]) == 0


def test_what_is_printed_of_a_filter_that_leaves_out_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    filtered = run("cargo deny check").replace("[push, pull_request]", "\n  push:\n    paths: [Cargo.lock]")
    write({"Cargo.lock": "", "deny.toml": "", CI: filtered, ".github/workflows/x.yml": run("cargo audit -D warnings")})
    assert main([CI]) == 1
    assert capsys.readouterr().out.partition("toothless ")[2] == (
        "the workflow does not run `cargo deny check` if only deny.toml changes, so such a change cannot fail the "
        "build for bans, licenses and sources\n"
        "    help: add `- '**/deny.toml'` to the end of `paths`, or remove the filter\n"
    )


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {CI: run("./a.sh || make x"), "a.sh": "./a.sh\nmake x\n", "Makefile": "x: x\n\t./a.sh\n\t$(MAKE) x\n"},
            id="scripts and make",
        ),
        pytest.param({CI: uses("./x"), "x/action.yml": "runs:\n  steps:\n    - uses: ./x\n"}, id="actions"),
        pytest.param(
            {CI: BUILD, GITLAB: "include: a.yml\n", "a.yml": "include: [a.yml, .gitlab-ci.yml, '*']\n"}, id="GitLab"
        ),
        pytest.param({CI: "on: push\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n"}, id="workflows"),
        pytest.param({CI: run("just a"), "justfile": "import 'justfile'\na: b\nb: a\n  just a\n"}, id="just"),
        pytest.param(
            {CI: run("pre-commit run"), PRE_COMMIT: LOCAL + "  - {id: x, entry: pre-commit run}\n"}, id="pre-commit"
        ),
        pytest.param(
            {CI: run("make"), "Makefile": "include Makefile x.mk\nall:\n", "x.mk": "include Makefile x.mk\n"},
            id="includes",
        ),
    ],
)
def test_what_calls_itself(files: dict[str, str]) -> None:
    write({"Cargo.lock": "", **files})
    list(check([CI], Tree(), Options({REQUIRE_SCHEDULE: True})))


@pytest.mark.untraced
def test_what_calls_a_lot() -> None:
    steps = run(*(f"./s{number}.sh" for number in range(30)))
    scripts = {f"s{number}.sh": "".join(f"./s{other}.sh\n" for other in range(30)) for number in range(30)}
    write({"Cargo.lock": "", CI: steps, **scripts})
    list(check([CI], Tree(), Options({REQUIRE_SCHEDULE: True})))


@pytest.mark.parametrize(("scripts", "calls"), [(1, 1), (1, 5), (20, 1)])
def test_a_script_takes_more_steps_when_it_is_read_first(
    scripts: int, calls: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(repository_files, "_MOST_STEPS", 30_000)
    names = [f"s{number}.sh" for number in range(scripts)]
    write(
        {
            "Cargo.lock": "",
            CI: run(*(f"./{name}" for name in names * calls)),
            **dict.fromkeys(names, "cargo deny x\n" * 15),
        }
    )
    main([CI])
    assert ("input/too-large" in capsys.readouterr().out) == (scripts > 1)


ECHOES = "    - run: echo\n" * 200


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {
                CI: run(*(f"make t{number}" for number in range(100))),
                "Makefile": "".join(f"t{number}: a\n" for number in range(100)) + "a:\n" + "\techo\n" * 200,
            },
            id="lines of a recipe",
        ),
        pytest.param(
            {
                CI: uses("./x") + "      - uses: ./x\n" * 100,
                "x/action.yml": f"runs:\n  using: composite\n  steps:\n{ECHOES}    - run: cargo deny x\n",
            },
            id="steps of an action",
        ),
        pytest.param(
            {CI: run(*["./a.sh"] * 50), "a.sh": "./b.sh\n" * 100, "b.sh": "cargo deny x\n"},
            id="calls of a script that was called before",
        ),
        pytest.param(
            {
                CI: run() + "".join(f"      - uses: ./x{number}\n" for number in range(100)),
                **{f"x{number}/action.yml": "runs:\n  steps:\n    - run: cargo deny x\n" for number in range(100)},
            },
            id="actions that are read first",
        ),
    ],
)
def test_what_holds_no_gate_takes_steps(
    files: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(repository_files, "_MOST_STEPS", 50_000)
    write({"Cargo.lock": "", **files})
    main([CI])
    assert "input/too-large" in capsys.readouterr().out


def test_what_a_command_calls_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(name: str, words: Sequence[str | None]) -> RunnerCall | None:
        nonlocal calls
        calls += 1
        return runner_call(name, words)

    monkeypatch.setattr(recipes, "runner_call", counted)
    write({"Cargo.lock": "", CI: run(*["./a.sh"] * 20), "a.sh": "cargo deny check\n" * 20})
    list(check([CI], Tree(), Options({REQUIRE_SCHEDULE: False})))
    assert calls == 20


def test_a_script_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(data: bytes) -> Shell:
        nonlocal calls
        calls += 1
        return interpreter_options(data)

    monkeypatch.setattr(runs, "interpreter_options", counted)
    write({"Cargo.lock": "", CI: run(*["./a.sh"] * 20), "a.sh": "cargo deny check\n"})
    list(check([CI], Tree(), Options({REQUIRE_SCHEDULE: False})))
    assert calls == 1


DEEP = "x: " + "[" * 120 + "\n"
STRICT = STRICT_STEP.replace("      - run: ", "")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({CI: BUILD + DEEP}, [f"{CI}:7 input/too-deep"], id="workflow"),
        pytest.param(
            {CI: BUILD + "      - run: caf\udce9 #\n"},
            [f"{CI}:1 advisory-gate/absent", f"{CI}:7 input/unreadable"],
            id="workflow in Latin-1",
        ),
        pytest.param(
            {CI: uses("./.github/actions/x"), ACTION: "runs:\n" + DEEP},
            [f"{ACTION}:2 input/too-deep", f"{CI}:1 advisory-gate/absent"],
            id="action",
        ),
        pytest.param(
            {CI: BUILD + f"  b: {{uses: ./{CALLED}}}\n", CALLED: DENY_WORKFLOW + DEEP},
            [f"{CALLED}:6 input/too-deep"],
            id="called",
        ),
        pytest.param(
            {GITLAB: "include: x.yml\na: {script: cargo test}\n", "x.yml": DEEP},
            [f"{GITLAB}:1 advisory-gate/absent", "x.yml:1 input/too-deep"],
            id="included by GitLab",
        ),
        pytest.param(
            {CI: run("pre-commit run"), PRE_COMMIT: DEEP},
            [f"{CI}:1 advisory-gate/absent", f"{PRE_COMMIT}:1 input/too-deep"],
            id="pre-commit",
        ),
        pytest.param(
            {CI: run("make deny"), "Makefile": "# \udce9\n" + DENY_RECIPE},
            ["Makefile:1 input/unreadable"],
            id="Makefile",
        ),
        pytest.param({CI: run("./x.sh"), "x.sh": f"# \udce9\n{STRICT}"}, ["x.sh:1 input/unreadable"], id="script"),
        pytest.param({CI: run("./x"), "x": f"\udcfe\n{STRICT}"}, [], id="a program"),
    ],
)
def test_what_is_not_read(files: dict[str, str], expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write({"Cargo.lock": "version = 4\n", **files})
    main(["--output-format", "json", "Cargo.lock"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [f"{finding['path']}:{finding['start']['line']} {finding['rule']}" for finding in findings] == expected


def test_files_that_cannot_be_read(folder: Path) -> None:
    write({"Cargo.lock": "", CI: BUILD, "x.sh": "", "Makefile": ""})
    (folder / CI).write_bytes(b"\xff\x00jobs")
    (folder / "x.sh").unlink()
    (folder / "x.sh").symlink_to("nowhere")
    (folder / "Makefile").unlink()
    list(check([CI], Tree(), Options({REQUIRE_SCHEDULE: True})))


TEXT = st.text(alphabet="abdeny cargo audit check run: -|&\n\t{}[]'\"$#*<!", max_size=120)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([CI, "Makefile", "justfile", "x.sh", ".pre-commit-config.yaml", "x/action.yml"]), TEXT
    )
)
def test_whatever_is_in_the_files(files: dict[str, str]) -> None:
    steps = run("make", "just", "./x.sh", "pre-commit run") + "      - uses: ./x\n"
    for name, text in {CI: steps, **files}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes((steps + text if name == CI else text).encode())
    subprocess.run(["git", "add", "--all"], check=True)
    for finding in check([CI], Tree(), Options({REQUIRE_SCHEDULE: True})):
        assert finding.rule in HOOK.rules
        assert "\n" not in finding.message
