"""What code that CI jobs compile can reach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from dunnage.check_build_sandbox import REQUIRE_ISOLATION, STRICT_JOBS, check, main
from dunnage.files.source import Tree
from dunnage.frame.finding import Finding
from dunnage.frame.options import Options
from repository import write_tracked as write

pytestmark = pytest.mark.usefixtures("repository")

CI = ".github/workflows/ci.yml"
ACTION = ".github/actions/x/action.yml"
CALLED = ".github/workflows/called.yml"
VALUE = "${{ secrets.X }}"
DRY = "${{ inputs.dry && '--dry-run' || '' }}"
WRITE = "permissions: {contents: write}"
CHECKOUT = "- uses: actions/checkout@v4"
BUILD = "- run: cargo build --locked"
AUTH = "- {uses: rust-lang/crates-io-auth-action@v1, id: auth}"
OUTPUT = "${{ steps.auth.outputs.token }}"
AZURE = f"- {{uses: azure/login@v2, with: {{creds: '{VALUE}'}}}}"
CONTAINER = (
    "docker run -v .:/x --network=none --read-only --tmpfs /tmp --security-opt no-new-privileges rust "
    "cargo build --frozen"
)
IDENTITY = "permissions: {id-token: write}"


def findings(files: Mapping[str, str], options: Options | None = None) -> list[Finding]:
    """The findings in the first of some files."""
    write(files)
    return list(check([next(iter(files))], Tree(), options or Options()))


def rules(files: Mapping[str, str], options: Options | None = None) -> list[str]:
    return [finding.rule.id.removeprefix("build-sandbox/") for finding in findings(files, options)]


def workflow(*steps: str, job: str = "", top: str = "") -> str:
    """A workflow with one job, whose steps begin with `- `; `job` and `top` are further lines of both."""
    lines = ["on: push", *top.splitlines(), "jobs:", "  a:", "    runs-on: ubuntu-latest"]
    lines += [f"    {line}" for line in job.splitlines()]
    lines += ["    steps:", *(f"      {line}" for step in steps for line in step.splitlines())]
    return "\n".join(lines) + "\n"


def run(text: str, env: str = "") -> str:
    """A step with a program."""
    lines = ["- run: |", *(f"    {line}" for line in text.splitlines())]
    return "\n".join([*lines, *([f"  env: {{{env}}}"] if env else [])])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(workflow(run("cargo build", f"X: '{VALUE}'")), id="env of the step"),
        pytest.param(workflow(BUILD, job=f"env: {{X: '{VALUE}'}}"), id="env of the job"),
        pytest.param(workflow(BUILD, top=f"env: {{X: '{VALUE}'}}"), id="env of the workflow"),
        pytest.param(workflow(BUILD, job=f"container: {{image: rust, env: {{X: '{VALUE}'}}}}"), id="container"),
        pytest.param(workflow(run(f"cargo test -- --key {VALUE}")), id="program"),
        pytest.param(workflow(run(f"cargo build\ncurl -H {VALUE} x.example")), id="program, later"),
        pytest.param(workflow(run("cargo build", "X: \"${{ github.ref == 'a' && secrets.X || '' }}\"")), id="chosen"),
        pytest.param(workflow(run("cargo build", "X: \"${{ format('{0}:{1}', 'a', secrets.X) }}\"")), id="formatted"),
        pytest.param(workflow(run("cargo build", "X: '${{ toJSON(secrets) }}'")), id="all secrets"),
        pytest.param(workflow(run("cargo build", "X: '${{ secrets[matrix.name] }}'")), id="computed name"),
        pytest.param(workflow(AUTH, run("cargo build", f"X: '{OUTPUT}'")), id="output of a credential action"),
        pytest.param(
            workflow(run("cargo build", "X: '${{ secrets.GITHUB_TOKEN }}'"), top=WRITE), id="token with write"
        ),
        pytest.param(workflow(run("cargo build", "X: '${{ github.token }}'"), top="permissions: write-all"), id="all"),
        pytest.param(workflow(AZURE, BUILD), id="azure"),
        pytest.param(workflow("- uses: aws-actions/configure-aws-credentials@v4", BUILD, top=IDENTITY), id="aws"),
        pytest.param(
            workflow(run(f'echo a\necho "Y=b" >> "$GITHUB_ENV"\necho "X={VALUE}" >> "$GITHUB_ENV"'), BUILD),
            id="exported in a later line",
        ),
        pytest.param(workflow(run(f'echo "X={VALUE}" >> "$GITHUB_ENV"'), BUILD), id="exported"),
        pytest.param(workflow(run('echo "X=$Y" >> $GITHUB_ENV', f"Y: '{VALUE}'"), BUILD), id="exported variable"),
        pytest.param(workflow(run("cargo install --locked x", f"X: '{VALUE}'")), id="install"),
        pytest.param(workflow(run("sudo -E cargo build", f"X: '{VALUE}'")), id="sudo with the environment"),
        pytest.param(workflow(run("systemd-run --scope cargo build", f"X: '{VALUE}'")), id="a scope of systemd"),
        pytest.param(workflow(run("env -u Y cargo build", f"X: '{VALUE}'")), id="another variable is removed"),
        pytest.param(workflow(run("nix develop -c cargo build", f"X: '{VALUE}'")), id="nix"),
        pytest.param(
            workflow(f"- {{uses: tauri-apps/tauri-action@v0, env: {{TAURI_KEY: '{VALUE}'}}}}"), id="action that builds"
        ),
        pytest.param(
            workflow(f"- {{uses: actions-rs/clippy-check@v1, with: {{token: '{VALUE}'}}}}"), id="input of an action"
        ),
        pytest.param(
            workflow(f"- {{uses: actions-rs/cargo@v1, with: {{command: test}}, env: {{X: '{VALUE}'}}}}"),
            id="actions-rs",
        ),
    ],
)
def test_secret_env(text: str) -> None:
    assert rules({CI: text}) == ["secret-env"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(workflow(BUILD, run("echo", f"X: '{VALUE}'")), id="another step"),
        pytest.param(workflow(run("cargo build", "X: ''"), job=f"env: {{X: '{VALUE}'}}"), id="replaced by the step"),
        pytest.param(workflow(run("rustc -vV", f"X: '{VALUE}'")), id="version"),
        pytest.param(workflow(run("maturin upload x", f"X: '{VALUE}'")), id="upload"),
        pytest.param(workflow(run("cargo publish --no-verify", f"X: '{VALUE}'")), id="publish without verification"),
        pytest.param(workflow(run("cargo build", "X: \"${{ secrets.X != '' }}\"")), id="emptiness"),
        pytest.param(workflow(run("cargo build", "X: \"${{ secrets.X && 'a' || 'b' }}\"")), id="condition"),
        pytest.param(workflow(run("cargo build", "X: \"${{ contains(secrets.X, 'a') }}\"")), id="contains"),
        pytest.param(workflow(run("cargo build", "X: '${{ vars.X }}'")), id="variable of the repository"),
        pytest.param(workflow(run("cargo build", "X: '${{ secrets.GITHUB_TOKEN }}'")), id="permissions not known"),
        pytest.param(
            workflow(run("cargo build", "X: '${{ github.token }}'"), top="permissions: {contents: read}"), id="read"
        ),
        pytest.param(
            workflow(run("cargo build", "X: '${{ github.token }}'"), top=IDENTITY),
            id="identity",
        ),
        pytest.param(
            workflow(run("cargo build", "X: '${{ github.token }}'"), top=WRITE, job="permissions: {contents: read}"),
            id="the job's permissions count",
        ),
        pytest.param(workflow(BUILD, AZURE), id="login afterwards"),
        pytest.param(
            workflow(
                "- {uses: aws-actions/configure-aws-credentials@v4, with: {output-env-credentials: false}}", BUILD
            ),
            id="aws does not export",
        ),
        pytest.param(
            workflow(f"- {{uses: docker/login-action@v3, with: {{password: '{VALUE}'}}}}", run("docker build .")),
            id="login before an image build",
        ),
        pytest.param(workflow(run("sudo cargo build", f"X: '{VALUE}'")), id="sudo"),
        pytest.param(workflow(run("systemd-run --user cargo build", f"X: '{VALUE}'")), id="systemd-run"),
        pytest.param(workflow(run("env -i PATH=/bin cargo build", f"X: '{VALUE}'")), id="all removed"),
        pytest.param(workflow(run(f'echo {VALUE}\necho "Y=b" >> "$GITHUB_ENV"'), BUILD), id="something else exported"),
        pytest.param(workflow(run("env -u X cargo build", f"X: '{VALUE}'")), id="removed"),
        pytest.param(workflow(run("X= cargo build", f"X: '{VALUE}'")), id="emptied"),
        pytest.param(workflow(run(CONTAINER, f"X: '{VALUE}'")), id="in a container"),
        pytest.param(workflow(run("cross build", f"X: '{VALUE}'")), id="cross"),
        pytest.param(
            workflow(run("cargo test --no-run"), run("cargo test -- --nocapture", f"X: '{VALUE}'")), id="built before"
        ),
        pytest.param(workflow(run("cargo build -p x"), run("cargo run -p x -- y", f"X: '{VALUE}'")), id="run"),
        pytest.param(
            workflow(f"- {{uses: taiki-e/upload-rust-binary-action@v1, with: {{token: '{VALUE}'}}}}"), id="removes it"
        ),
        pytest.param(
            workflow(f"- {{uses: actions-rs/cargo@v1, with: {{command: fmt}}, env: {{X: '{VALUE}'}}}}"), id="fmt"
        ),
        pytest.param("on: push\njobs:\n  a:\n    uses: ./b.yml\n    secrets: inherit\n", id="inherit"),
        pytest.param(
            workflow("- {uses: actions/create-github-app-token@v2, id: auth, with: {permission-contents: read}}")
            + f"      - {{run: cargo build, env: {{X: '{OUTPUT}'}}}}\n",
            id="token that may read",
        ),
    ],
)
def test_no_secret(text: str) -> None:
    assert rules({CI: text}) == []


MAKE = workflow(run("make release", f"X: '{VALUE}'"))
SCRIPT = MAKE.replace("make release", "ci/x.sh")
XTASK = MAKE.replace("make release", "cargo xtask y")
CALL = workflow(f"- {{uses: ./.github/actions/x, with: {{key: '{VALUE}'}}}}")
COMPOSITE = "inputs: {{key: {{}}}}\nruns:\n  using: composite\n  steps:\n    - {{run: {run}, shell: bash{env}}}\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({CI: MAKE, "Makefile": "release:\n\tcargo build\n"}, ["secret-env"], id="make"),
        pytest.param({CI: MAKE, "Makefile": "release:\n\techo\nb:\n\tcargo build\n"}, [], id="another target"),
        pytest.param(
            {CI: MAKE, "Makefile": "X ?= cargo x\nrelease:\n\t$(X)\n", ".cargo/config.toml": "alias.x = 'run'"},
            [],
            id="a variable that the environment may replace",
        ),
        pytest.param(
            {CI: MAKE, "Makefile": "CARGO ?= cargo\nrelease:\n\t$(CARGO) build\n"}, ["secret-env"], id="which cargo"
        ),
        pytest.param(
            {CI: MAKE.replace("make release", "sudo make -C /tmp/x release"), "Makefile": "release:\n\tcargo build\n"},
            [],
            id="makefile outside of the repository",
        ),
        pytest.param(
            {CI: MAKE.replace("make", "just"), "justfile": "release:\n cargo build\n"}, ["secret-env"], id="just"
        ),
        pytest.param(
            {CI: SCRIPT, "ci/x.sh": "set -e\ncargo build\n"},
            ["secret-env"],
            id="script",
        ),
        pytest.param(
            {CI: workflow(run("ci/x.sh"), run("ci/x.sh", f"X: '{VALUE}'")), "ci/x.sh": "set -e\ncargo build\n"},
            ["secret-env"],
            id="script of two steps",
        ),
        pytest.param(
            {CI: SCRIPT, "ci/x.sh": 'x="${X:-cargo build}"\nV="$($x -q)"\n'},
            [],
            id="a variable of a script that the environment may replace",
        ),
        pytest.param({CI: SCRIPT, "ci/x.sh": "${X:-cargo build}\n"}, [], id="a default of a script"),
        pytest.param({CI: SCRIPT, "ci/x.sh": "x='cargo build'\n$x -q\n"}, ["secret-env"], id="a variable of a script"),
        pytest.param({CI: SCRIPT, "ci/x.sh": "${CARGO:-cargo} build\n"}, ["secret-env"], id="which cargo of a script"),
        pytest.param(
            {CI: SCRIPT, "ci/x.sh": "if x; then\ncargo build\nfi\n"},
            [],
            id="script that may build",
        ),
        pytest.param(
            {
                CI: XTASK,
                ".cargo/config.toml": "alias.xtask = 'run -p xtask --'",
            },
            ["secret-env"],
            id="alias",
        ),
        pytest.param(
            {CI: CALL, ACTION: COMPOSITE.format(run="cargo build", env=", env: {X: '${{ inputs.key }}'}")},
            ["secret-env"],
            id="composite action",
        ),
        pytest.param({CI: CALL, ACTION: COMPOSITE.format(run="cargo build", env="")}, [], id="input that is not used"),
        pytest.param(
            {
                CI: workflow(f"- {{uses: ./.github/actions/x, env: {{X: '{VALUE}'}}}}"),
                ACTION: COMPOSITE.format(run="cargo build", env=""),
            },
            ["secret-env"],
            id="environment of the step that uses the action",
        ),
        pytest.param(
            {
                CI: workflow(f"- {{uses: ./.github/actions/x, with: {{go: no}}, env: {{X: '{VALUE}'}}}}"),
                ACTION: COMPOSITE.format(run="cargo build", env=", if: inputs.go == 'yes'"),
            },
            [],
            id="step that this caller does not run",
        ),
        pytest.param(
            {
                CI: workflow(f"- {{uses: ./.github/actions/x, env: {{X: '{VALUE}'}}}}"),
                ACTION: COMPOSITE.format(run="cargo build", env=", if: inputs.go == 'true'").replace(
                    "key: {}", "go: {default: false}"
                ),
            },
            [],
            id="step that is off by default",
        ),
        pytest.param(
            {
                CI: workflow(
                    run("cargo build", f"X: '{VALUE}'") + "\n  if: inputs.go == 'true'",
                    top="env: {Y: y}",
                ).replace("on: push", "on: {workflow_dispatch: {inputs: {go: {default: 'false'}}}}")
            },
            ["secret-env"],
            id="step that somebody may switch on",
        ),
        pytest.param({CI: workflow(run("cargo build", f"X: '{VALUE}'") + "\n  if: false")}, [], id="step that is off"),
    ],
)
def test_what_steps_call(files: Mapping[str, str], expected: list[str]) -> None:
    assert rules(files) == expected


def test_a_comment_in_what_a_job_calls() -> None:
    publish = workflow(run("make publish", f"X: '{VALUE}'"))
    comment = "# dunnage: ignore[build-sandbox/publish-token] the crate has no build script"
    write({CI: publish, "Makefile": f"publish:\n\tcargo publish {comment}\nother:\n\tcargo build {comment}\n"})
    assert main(["--", CI]) == 0
    assert main(["--", "Makefile"]) == 1  # for the second comment
    write({"Makefile": f"publish:\n\tcargo publish {comment}\n"})
    assert main(["--", "Makefile"]) == 0
    assert main(["--", "Makefile", CI]) == 0


def test_one_place_is_one_finding() -> None:
    text = workflow(BUILD, run("cargo test"), run("cargo clippy"), top=f"env:\n  A: a\n  X: {VALUE}\n  Y: {VALUE}")
    (finding,) = findings({CI: text})
    assert finding.message == (
        "`cargo build` and 2 other commands can read `secrets.X`, which the `env` of the workflow contains"
    )
    assert text.encode()[slice(*finding.span)] == VALUE.encode()
    assert finding.help == "write `X` and `Y` in the `env` of the steps that need the value, and compile in other steps"


@pytest.mark.parametrize(
    ("command", "help"),
    [
        ("cargo test --locked -- x", "compile in an earlier step without the secret: `cargo test --no-run --locked`"),
        ("cargo run -p x", "run `cargo build` with the same options in an earlier step without the secret"),
    ],
)
def test_the_help_silences_the_finding(command: str, help: str) -> None:
    step = run(command, f"X: '{VALUE}'")
    (finding,) = findings({CI: workflow(step)})
    assert finding.help == help
    earlier = help.split("`")[1].replace("build", "build -p x")
    assert findings({CI: workflow(run(earlier), step)}) == []


@pytest.mark.parametrize("command", ["cargo t", "cargo test $X"])
def test_the_help_names_the_option(command: str) -> None:
    write({".cargo/config.toml": "alias.t = 'test -q'"})
    (finding,) = findings({CI: workflow(run(command, f"X: '{VALUE}'"))})
    assert finding.help.startswith("compile in an earlier step without the secret: `cargo test --no-run")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(run("cargo publish", f"CARGO_REGISTRY_TOKEN: '{VALUE}'"), ["publish-token"], id="env"),
        pytest.param(run(f"cargo publish --token {VALUE}"), ["publish-token"], id="token in the program"),
        pytest.param(run("cargo publish -p x --no-verify", f"T: '{VALUE}'"), [], id="no verification"),
        pytest.param(run("cargo publish --dry-run"), [], id="dry run without token"),
        pytest.param(run("cargo publish --dry-run", f"T: '{VALUE}'"), ["publish-token"], id="dry run with token"),
        pytest.param(run("cargo publish -n\ncargo publish", f"T: '{VALUE}'"), ["publish-token"], id="both"),
        pytest.param(run("cargo publish $FLAGS", f"T: '{VALUE}'"), [], id="unknown options"),
        pytest.param(run('cargo publish -p "$NAME"', f"T: '{VALUE}'"), ["publish-token"], id="unknown package"),
        pytest.param(run(f"cargo login {VALUE}") + "\n" + run("cargo publish"), ["publish-token"], id="login"),
        pytest.param(AUTH + "\n" + run("cargo publish", f"T: '{OUTPUT}'"), ["publish-token"], id="trusted publishing"),
        pytest.param(
            f"- {{uses: katyo/publish-crates@v2, with: {{registry-token: '{VALUE}'}}}}", ["publish-token"], id="action"
        ),
        pytest.param(
            f"- {{uses: katyo/publish-crates@v2, with: {{registry-token: '{VALUE}', args: --no-verify}}}}",
            [],
            id="action without verification",
        ),
        pytest.param(
            f"- {{uses: katyo/publish-crates@v2, with: {{registry-token: '{VALUE}', dry-run: true}}}}",
            [],
            id="dry run of the action",
        ),
        pytest.param(
            "- {uses: katyo/publish-crates@v2, with: {registry-token: abc}}\n" + run("echo", f"T: '{VALUE}'"),
            ["publish-token"],
            id="literal token",
        ),
        pytest.param(
            run("cargo build\ncargo publish", f"CARGO_REGISTRY_TOKEN: '{VALUE}'"), ["publish-token"], id="one step"
        ),
    ],
)
def test_publish_token(text: str, expected: list[str]) -> None:
    assert rules({CI: workflow(text)}) == expected


@pytest.mark.parametrize(
    ("above", "expected"),
    [("", ["publish-token"]), ("vendor/x/", []), ("templates/.github/", [])],
)
def test_only_workflows_at_the_top_run(above: str, expected: list[str]) -> None:
    text = workflow(run("cargo publish", f"T: '{VALUE}'"))
    assert rules({f"{above}.github/workflows/a.yml": text}) == expected


def test_a_long_command_is_not_repeated() -> None:
    step = run("cargo test " + "--exclude abcdefghij " * 5, f"X: '{VALUE}'")
    (finding,) = findings({CI: workflow(step)})
    assert finding.help == "compile in an earlier step without the secret: the same command with `--no-run`"


@pytest.mark.parametrize(
    ("commands", "package", "publish"),
    [
        ("cargo +1.94 publish -p $C", "cargo +1.94 package …", "cargo +1.94 publish -p $C"),
        (f"cargo publish -p {'a' * 90}", f"cargo package -p {'a' * 90}", f"cargo publish -p {'a' * 90}"),
        (f"cargo publish -p {'a' * 190}", "cargo package …", "cargo publish …"),
        ("cargo publish --token $T", "cargo package", "cargo publish --token $T"),
        ("cargo publish --token x", "cargo package", "cargo publish"),
        ("cargo publish --dry-run -p a\ncargo publish -p a", "cargo package -p a", "cargo publish -p a"),
        (f"cargo publish {DRY} -p a", "cargo package -p a", f"cargo publish -p a {DRY}"),
    ],
)
def test_the_help_of_publish_token(commands: str, package: str, publish: str) -> None:
    (finding,) = findings({CI: workflow(run(commands, f"T: '{VALUE}'"))})
    assert finding.help.split("`")[1::2] == [package, f"{publish} --no-verify"]


@pytest.mark.parametrize("default", ["true", "false"])
def test_a_publication_that_an_input_makes_a_dry_run(default: str) -> None:
    on = f"on: {{workflow_dispatch: {{inputs: {{dry: {{type: boolean, default: {default}}}}}}}}}"
    text = workflow(run(f"cargo publish -p a {DRY}", f"T: '{VALUE}'")).replace("on: push", on)
    (finding,) = findings({CI: text})
    assert finding.help.split("`")[1::2] == ["cargo package -p a", f"cargo publish -p a {DRY} --no-verify"]


def test_the_help_of_publish_token_for_two_packages() -> None:
    step = run("cargo publish -p a\ncargo publish -p b --token x", f"T: '{VALUE}'")
    helps = [finding.help.splitlines()[0] for finding in findings({CI: workflow(step)})]
    assert helps == ["compile all packages in an earlier step without the token: `cargo package --workspace`"] * 2


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (".gitlab-ci.yml", "a:\n  script:\n    - cargo publish --token $T\n", ["publish-token"]),
        (".gitlab-ci.yml", "a:\n  script:\n    - cargo publish --no-verify --token $T\n", []),
        (".gitlab-ci.yml", "a:\n  script:\n    - cargo publish --dry-run\n", []),
        (
            ".gitlab-ci.yml",
            "a:\n  variables: {CARGO_REGISTRY_TOKEN: $T}\n  script:\n    - cargo publish\n",
            ["publish-token"],
        ),
        (
            ".circleci/config.yml",
            "version: 2.1\njobs:\n  a:\n    docker: [{image: rust}]\n    steps: [run: cargo publish --token $T]\n",
            ["publish-token"],
        ),
    ],
)
def test_publish_token_elsewhere(name: str, text: str, expected: list[str]) -> None:
    assert rules({name: text}) == expected


@pytest.mark.parametrize(
    ("steps", "top", "expected"),
    [
        pytest.param((CHECKOUT, BUILD), WRITE, ["checkout-token"], id="kept"),
        pytest.param((CHECKOUT.replace("v4", "v6"), BUILD), WRITE, ["checkout-token"], id="version 6"),
        pytest.param((CHECKOUT, BUILD), "permissions: write-all", ["checkout-token"], id="all"),
        pytest.param((CHECKOUT, BUILD), "permissions: {contents: read}", [], id="read"),
        pytest.param((CHECKOUT, BUILD), IDENTITY, [], id="identity"),
        pytest.param((CHECKOUT, BUILD), "permissions: {}", [], id="nothing"),
        pytest.param((CHECKOUT, BUILD), "", [], id="permissions not known"),
        pytest.param((CHECKOUT, "- run: cargo fmt"), WRITE, [], id="no compilation"),
        pytest.param((BUILD, CHECKOUT), WRITE, [], id="compilation before"),
        pytest.param((CHECKOUT + "\n  with: {persist-credentials: false}", BUILD), WRITE, [], id="not kept"),
        pytest.param((CHECKOUT + "\n  with: {persist-credentials: '${{ x }}'}", BUILD), WRITE, [], id="unknown"),
        pytest.param((CHECKOUT + "\n  with: {token: abc}", BUILD), WRITE, [], id="a text for a token"),
        pytest.param((CHECKOUT + f"\n  with: {{token: '{VALUE}'}}", BUILD), "", ["checkout-token"], id="own token"),
        pytest.param(
            (CHECKOUT.replace("v4", "v6"), "- uses: taiki-e/upload-rust-binary-action@v1"),
            WRITE,
            ["checkout-token"],
            id="an action that removes only its own tokens",
        ),
        pytest.param((CHECKOUT, run(CONTAINER)), WRITE, ["checkout-token"], id="mounted"),
        pytest.param((CHECKOUT.replace("v4", "v6"), run(CONTAINER)), WRITE, [], id="out of the tree"),
    ],
)
def test_checkout_token(steps: tuple[str, ...], top: str, expected: list[str]) -> None:
    assert rules({CI: workflow(*steps, top=top)}) == expected


def test_a_called_workflow_has_the_permissions_of_its_caller() -> None:
    called = workflow(CHECKOUT, BUILD).replace("on: push", "on: workflow_call")
    caller = "on: push\njobs:\n  a:\n    permissions: {contents: write}\n    uses: ./.github/workflows/called.yml\n"
    (finding,) = findings({CI: caller, CALLED: called})
    assert (finding.rule.id, finding.path) == ("build-sandbox/checkout-token", CALLED)
    assert rules({CALLED: called}) == []


@pytest.mark.parametrize("levels", [("read", "write"), ("write", "read"), ("write", "write")])
def test_a_workflow_that_several_workflows_call(levels: tuple[str, str]) -> None:
    called = workflow(CHECKOUT, BUILD).replace("on: push", "on: workflow_call")
    between = "on: workflow_call\njobs:\n  b:\n    uses: ./.github/workflows/called.yml\n"
    callers = {
        f".github/workflows/{number}.yml": "on: push\njobs:\n  a:\n"
        f"    permissions: {{contents: {level}}}\n    uses: ./.github/workflows/between.yml\n"
        for number, level in enumerate(levels)
    }
    write({**callers, ".github/workflows/between.yml": between, CALLED: called})
    (finding,) = check(list(callers), Tree(), Options())
    assert (finding.rule.id, finding.path) == ("build-sandbox/checkout-token", CALLED)


def test_a_called_workflow_that_cannot_be_read() -> None:
    jobs = "".join(
        f"  {name}:\n    permissions: {{contents: write}}\n    uses: ./.github/workflows/{name}.yml\n" for name in "abc"
    )
    files = {CI: f"on: push\njobs:\n{jobs}", ".github/workflows/a.yml": "jobs: [\n", ".github/workflows/c.yml": "a\n"}
    assert rules(files) == []


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([run(f'echo "X={VALUE}" >> "$GITHUB_ENV"')] * 202, "a job gets secrets from more than 200 places"),
        (
            [run("\n".join(f"cargo build -p a{at}" for at in range(1001)), f"X: '{VALUE}'")],
            "a job runs more than 1,000 commands that compile",
        ),
    ],
    ids=["secrets", "builds"],
)
def test_more_of_a_job_than_is_read(steps: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    write({CI: workflow(*steps, BUILD)})
    assert main(["--", CI]) == 1
    assert message in capsys.readouterr().out


ISOLATED = Options({REQUIRE_ISOLATION: True})
STRICT = Options({STRICT_JOBS: True})
HARDEN = "- uses: step-security/harden-runner@v2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(workflow(BUILD, run("cargo test")), ["runner"], id="one for a job"),
        pytest.param(workflow(run("cargo fetch --locked")), [], id="fetch"),
        pytest.param(workflow(HARDEN, BUILD), [], id="block is the default"),
        pytest.param(workflow(HARDEN + "\n  with: {egress-policy: block}", BUILD), [], id="block"),
        pytest.param(workflow(HARDEN + "\n  with: {egress-policy: audit}", BUILD), ["runner"], id="audit"),
        pytest.param(workflow(BUILD, HARDEN), ["runner"], id="too late"),
        pytest.param(
            workflow(HARDEN, BUILD).replace("ubuntu-latest", "macos-latest"), ["runner"], id="block is for Linux"
        ),
        pytest.param(workflow(run("unshare -n cargo build")), [], id="unshare"),
        pytest.param(workflow(run("unshare -rn cargo build")), [], id="unshare with other letters"),
        pytest.param(workflow(run("unshare -m cargo build")), ["runner"], id="unshare with network"),
        pytest.param(
            workflow(run('sudo unshare --net -- sudo -u "$USER" env "PATH=$PATH" cargo build --frozen')), [], id="help"
        ),
        pytest.param(workflow(run("systemd-run --user -p PrivateNetwork=yes cargo build")), [], id="systemd-run"),
        pytest.param(workflow(run("bwrap --ro-bind / / --unshare-net cargo build")), [], id="bwrap"),
        pytest.param(workflow(run("firejail --net=none cargo build")), [], id="firejail"),
        pytest.param(workflow(run("docker run --network=none rust cargo build")), [], id="in a container"),
        pytest.param(workflow("- {uses: nick-fields/retry@v3, with: {command: cargo b}}"), ["runner"], id="retried"),
        pytest.param(workflow("- {uses: vmactions/freebsd-vm@v1, with: {run: cargo b}}"), [], id="another system"),
        pytest.param(
            workflow("- {uses: uraimo/run-on-arch-action@v3, with: {run: cargo b}}"), [], id="container of an action"
        ),
    ],
)
def test_runner(text: str, expected: list[str]) -> None:
    assert [rule for rule in rules({CI: text}, ISOLATED) if rule == "runner"] == expected
    assert "runner" not in rules({CI: text})


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        pytest.param(BUILD, ["`cargo fetch --locked`", "cargo build --frozen"], id="build"),
        pytest.param(
            run("RUSTFLAGS='-C a' cargo +nightly test --all-features"),
            ["`cargo +nightly fetch`", "RUSTFLAGS='-C a' cargo +nightly test --frozen --all-features"],
            id="whole command",
        ),
        pytest.param(
            run("nix develop -c cargo test"),
            ["`nix develop -c cargo fetch`", "nix develop -c cargo test --frozen"],
            id="nix",
        ),
        pytest.param(
            run("nix develop -c wasm-pack build"),
            ["`nix develop -c cargo fetch`", "nix develop -c env CARGO_NET_OFFLINE=true wasm-pack build"],
            id="a tool in nix",
        ),
        pytest.param(run("time cargo test"), ["`cargo fetch`", "cargo test --frozen"], id="another wrapper"),
        pytest.param(run("wasm-pack build"), ["`cargo fetch`", "CARGO_NET_OFFLINE=true wasm-pack build"], id="a tool"),
        pytest.param(
            run("cargo component build --locked"),
            ["`cargo component fetch --locked`", "cargo component build --offline --locked"],
            id="component",
        ),
        pytest.param(
            run("cargo chef cook"),
            ["`cargo chef cook --no-build` and `cargo fetch`", "cargo chef cook --offline"],
            id="two downloads",
        ),
        pytest.param(
            run(f"cargo build --features {'x' * 200}"),
            ["`cargo fetch`", "…`, the same command with `--frozen` after `build"],
            id="long",
        ),
        pytest.param(
            run("E=\ncargo test ${{ matrix.e }} $E \\\n  ${E} -- $E --a\ncargo b") + "\n  env: {E: ''}",
            ["`cargo fetch`", "cargo test --frozen ${{ matrix.e }} $E ${E} -- $E --a"],
            id="empty values",
        ),
        pytest.param(run("cargo test $X > $E"), ["`cargo fetch`", "cargo test --frozen $X"], id="other values"),
        pytest.param(run("cargo install ripgrep"), [], id="install"),
        pytest.param(run("cargo publish"), [], id="publish"),
        pytest.param("- uses: giraffate/clippy-action@v1", [], id="action"),
    ],
)
def test_the_help_of_runner(step: str, lines: list[str]) -> None:
    text = workflow(step, job="strategy: {matrix: {e: ['', '']}}")
    (finding,) = (each for each in findings({CI: text}, ISOLATED) if each.rule.id == "build-sandbox/runner")
    rest = finding.help.partition("static.crates.io:443")[2].splitlines()[1:]
    start = 'sudo unshare --net -- sudo -u "$USER" env "PATH=$PATH"'
    expected = [f"or download with {lines[0]}, and compile with", f"`{start} {lines[1]}`"] if lines else []
    assert rest == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(workflow(BUILD, top=WRITE), ["job"], id="write"),
        pytest.param(workflow(BUILD, top=IDENTITY), ["job"], id="identity"),
        pytest.param(workflow(BUILD, run("echo", f"X: '{VALUE}'")), ["job"], id="secret in another step"),
        pytest.param(workflow(BUILD, AZURE), ["job"], id="credentials afterwards"),
        pytest.param(workflow(BUILD, f"- {{uses: x/y@v1, with: {{a: '{VALUE}'}}}}"), ["job"], id="input"),
        pytest.param(workflow(BUILD, top="permissions: {contents: read}"), [], id="read"),
        pytest.param(workflow(BUILD), [], id="permissions not known"),
        pytest.param(workflow(BUILD, run("echo", "X: '${{ github.token }}'")), [], id="token, permissions not known"),
        pytest.param(workflow(run("echo", f"X: '{VALUE}'"), top=WRITE), [], id="no compilation"),
    ],
)
def test_job(text: str, expected: list[str]) -> None:
    assert rules({CI: text}, STRICT) == expected


PUBLISH = "cargo publish -p x"
PUBLISH_STEP = f"- run: {PUBLISH}\n  env: {{CARGO_REGISTRY_TOKEN: '{VALUE}'}}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param((run("cargo package -p x"), PUBLISH_STEP), f"{PUBLISH}~--no-verify", id="package"),
        pytest.param((run("cargo publish --dry-run -p x"), PUBLISH_STEP), f"{PUBLISH}~--no-verify", id="dry run"),
        pytest.param((run("cargo package --workspace"), PUBLISH_STEP), f"{PUBLISH}~--no-verify", id="workspace"),
        pytest.param((PUBLISH_STEP,), None, id="no verification"),
        pytest.param((run("cargo package -p y"), PUBLISH_STEP), None, id="another package"),
        pytest.param((run("cargo package -p x --no-verify"), PUBLISH_STEP), None, id="no verification either"),
        pytest.param((run("cargo package -p x || true"), PUBLISH_STEP), None, id="failure is hidden"),
        pytest.param((run("cargo package -p x") + "\n  if: x", PUBLISH_STEP), None, id="perhaps"),
        pytest.param((run("cargo package -p x") + "\n  continue-on-error: true", PUBLISH_STEP), None, id="tolerant"),
        pytest.param((run("cargo package -p x", f"T: '{VALUE}'"), PUBLISH_STEP), None, id="with the token"),
        pytest.param((run("cargo package -p x --all-features"), PUBLISH_STEP), None, id="other features"),
        pytest.param((run("cd y\ncargo package -p x"), PUBLISH_STEP), None, id="other folder"),
    ],
)
def test_the_fix_of_publish_token(before: tuple[str, ...], after: str | None) -> None:
    text = workflow(*before)
    write({CI: text})
    assert main(["--fix", "--", CI]) == 1
    changed = text if after is None else text.replace(PUBLISH, "cargo publish --no-verify -p x")
    if after is not None:
        changed = text.replace(f"- run: {PUBLISH}", "- run: cargo publish --no-verify -p x")
    assert Path(CI).read_text() == changed
    main(["--fix", "--", CI])
    assert Path(CI).read_text() == changed


NOT_KEPT = "persist-credentials: false"


@pytest.mark.parametrize(
    ("checkout", "fixed"),
    [
        pytest.param(CHECKOUT, f"{CHECKOUT}\n        with:\n          {NOT_KEPT}", id="no inputs"),
        pytest.param(
            "- name: x\n        uses: actions/checkout@v4 # v4.1",
            f"- name: x\n        uses: actions/checkout@v4 # v4.1\n        with:\n          {NOT_KEPT}",
            id="comment",
        ),
        pytest.param(
            f"{CHECKOUT}\n        with:\n            fetch-depth: 0",
            f"{CHECKOUT}\n        with:\n            {NOT_KEPT}\n            fetch-depth: 0",
            id="inputs",
        ),
        pytest.param(
            f"{CHECKOUT}\n        with: {{submodules: true}}",
            f"{CHECKOUT}\n        with: {{{NOT_KEPT}, submodules: true}}",
            id="inputs in braces",
        ),
        pytest.param("- {uses: actions/checkout@v4}", None, id="step in braces"),
        pytest.param(f"{CHECKOUT}\n        with: {{persist-credentials: true}}", None, id="kept on purpose"),
        pytest.param(f"{CHECKOUT}\n        with: {{filter: 'blob:none'}}", None, id="partial clone"),
        pytest.param("- &checkout\n        uses: actions/checkout@v4", None, id="anchor"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_fix_of_checkout_token(checkout: str, fixed: str | None, newline: str) -> None:
    text = workflow("- STEP", BUILD, top=WRITE)
    write({CI: text.replace("- STEP", checkout).replace("\n", newline)})
    assert main(["--fix", "--", CI]) == 1
    wanted = text.replace("- STEP", fixed or checkout).replace("\n", newline)
    assert Path(CI).read_bytes().decode() == wanted
    assert main(["--fix", "--", CI]) == (fixed is None)
    assert Path(CI).read_bytes().decode() == wanted


@pytest.mark.parametrize(
    ("step", "is_fixed"),
    [
        pytest.param(run("git push"), False, id="push"),
        pytest.param(run("git -C x fetch --tags"), False, id="fetch"),
        pytest.param(run("git submodule update --init"), False, id="submodules"),
        pytest.param(run("./unknown"), False, id="unknown program"),
        pytest.param(run("$TOOL x"), False, id="unknown word"),
        pytest.param("- run: x\n  shell: python", False, id="another language"),
        pytest.param(run("cargo run -p xtask"), False, id="a program of the repository"),
        pytest.param("- uses: peter-evans/create-pull-request@v7", False, id="action that pushes"),
        pytest.param("- {uses: actions/github-script@v7, with: {script: exec.exec('git push')}}", False, id="script"),
        pytest.param(run("git $WORD"), False, id="unknown word of git"),
        pytest.param(run("git -C x"), True, id="git without a subcommand"),
        pytest.param(run("cargo $WORD"), False, id="unknown word of cargo"),
        pytest.param(run("cargo --version"), True, id="cargo without a subcommand"),
        pytest.param(run("docker build ."), True, id="docker build"),
        pytest.param(run("docker run x"), False, id="docker run"),
        pytest.param("- uses: who/knows@v1", False, id="unknown action"),
        pytest.param("- uses: ./.github/actions/missing", False, id="unknown action of the repository"),
        pytest.param(run("make push"), False, id="make"),
        pytest.param(run("make other"), True, id="another recipe"),
        pytest.param(run("git describe && git -c x=y log"), True, id="local git"),
        pytest.param(run("gh release create v1"), True, id="gh"),
        pytest.param("- uses: actions/upload-artifact@v4", True, id="upload"),
        pytest.param(run("sudo apt-get install -y x\nsource $HOME/.cargo/env"), True, id="usual programs"),
    ],
)
def test_the_fix_of_checkout_token_knows_who_uses_it(step: str, is_fixed: bool) -> None:
    text = workflow(CHECKOUT, BUILD, step, top=WRITE)
    write({CI: text, "Makefile": "push:\n\tgit push\nother:\n\techo\n"})
    main(["--fix", "--", CI])
    assert (NOT_KEPT in Path(CI).read_text()) == is_fixed


@pytest.mark.parametrize(
    "data", ["jobs: [", "jobs: {a: {steps: 1}}", "jobs: {a: {env: x, permissions: [], steps: [{}]}}"]
)
def test_broken_workflows(data: str) -> None:
    assert rules({CI: f"secrets: write\n{data}"}, Options({STRICT_JOBS: True, REQUIRE_ISOLATION: True})) == []


MATURIN = "- uses: PyO3/maturin-action@v1\n  env: {MATURIN_PYPI_TOKEN: '${{ secrets.X }}'}\n"
MATRIX = "${{ matrix.os }}\n    strategy: {matrix: {os: [ubuntu-latest, macos-14]}}"


@pytest.mark.parametrize(
    ("runner", "step", "expected"),
    [
        pytest.param("macos-14", "with: {command: publish}", ["secret-env"], id="macOS"),
        pytest.param("[self-hosted, Windows]", "with: {command: publish}", ["secret-env"], id="Windows, by a label"),
        pytest.param(MATRIX, "with: {command: publish}", ["secret-env"], id="one of the runners is macOS"),
        pytest.param(MATRIX, "if: runner.os == 'Linux'", [], id="step for some of the runners"),
        pytest.param("${{ inputs.os }}", "with: {command: publish}", [], id="unknown runner"),
        pytest.param("ubuntu-24.04", "with: {command: publish, container: on}", [], id="Linux"),
        pytest.param("ubuntu-24.04", "with: {command: publish, container: off}", ["secret-env"], id="off"),
        pytest.param("ubuntu-24.04", "with: {command: publish, args: --zig}", ["secret-env"], id="zig"),
        pytest.param("ubuntu-24.04", "with: {args: --zig, target: s390x}", [], id="target that zig has not"),
        pytest.param("ubuntu-24.04", "with: {args: --zig, container: on}", [], id="zig in a container"),
        pytest.param("ubuntu-24.04", "with: {command: develop}", ["secret-env"], id="develop"),
        pytest.param("macos-14", "with: {command: upload}", [], id="upload compiles nothing"),
    ],
)
def test_container_of_maturin(runner: str, step: str, expected: list[str]) -> None:
    text = workflow(MATURIN + f"  {step}").replace("ubuntu-latest", runner, 1)
    assert rules({CI: text}) == expected


def test_a_script_that_calls_itself_in_many_places(capsys: pytest.CaptureFixture[str]) -> None:
    files = {CI: workflow(run("sh x/a.sh", f"X: '{VALUE}'")), "x/a.sh": "sh x/a.sh\n" * 20 + "sh x/b.sh\n"}
    write({**files, "x/b.sh": "#!/bin/sh\ncargo build --locked\n"})
    assert main([CI]) == 1
    assert re.findall(r" ([a-z-]+/[a-z-]+) ", capsys.readouterr().out) == ["build-sandbox/secret-env"]


@pytest.mark.parametrize(("calls", "expected"), [(10, "build-sandbox/secret-env"), (11, "input/too-deep")])
def test_chain_of_scripts_that_is_too_long(calls: int, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    scripts = {f"x/{n}.sh": f"#!/bin/sh\nsh x/{n + 1}.sh\n" for n in range(calls)}
    files = {CI: workflow(run("sh x/0.sh", f"X: '{VALUE}'"))}
    write({**files, **scripts, f"x/{calls}.sh": "#!/bin/sh\ncargo build --locked\n"})
    assert main([CI]) == 1
    assert re.findall(r" ([a-z-]+/[a-z-]+) ", capsys.readouterr().out) == [expected]
