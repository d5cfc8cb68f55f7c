"""The jobs of CI: what each runs, and what keeps its failure from counting."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.ci import github_jobs
from dunnage.ci.job import Job, JobStep
from dunnage.ci.jobs import jobs
from dunnage.ci.outcome import Shell
from dunnage.files.source import File, SourceError
from dunnage.scripts import gitlab_includes

GITHUB, GITLAB, CIRCLECI = ".github/workflows/ci.yml", ".gitlab-ci.yml", ".circleci/config.yml"


def read(path: str, text: str) -> list[Job]:
    return list(jobs(File(path, textwrap.dedent(text).encode())))


def masks(step: JobStep | Job) -> list[str]:
    """The key of each excuse, as it is in backticks."""
    return [mask.reason.split("`")[1] for mask in step.masks()]


def test_what_github_runs() -> None:
    (first, second, third) = read(
        GITHUB,
        """
        defaults: {run: {working-directory: top}}
        jobs:
          a:
            steps:
              - uses: actions/checkout@v4
              - run: one
              - run: two
                shell: bash
                working-directory: sub
                if: github.ref == 'x'
              - run: three
                shell: python
          b:
            uses: ./.github/workflows/other.yml
            with: {tool: deny}
          c:
            if: github.event_name != 'schedule'
            steps: []
        """,
    )
    assert [
        (step.script and step.script.text, step.shell, step.folder, step.is_conditional) for step in first.steps
    ] == [
        (None, Shell(stops=True), "top", False),
        ("one", Shell(stops=True), "top", False),
        ("two", Shell(stops=True, pipefail=True), "sub", True),
        (None, Shell(stops=True, pipefail=True), "top", False),
    ]
    assert first.steps[0].action is not None
    assert first.steps[0].action.name == "actions/checkout"
    assert (second.calls, second.inputs) == ("./.github/workflows/other.yml", {"inputs.tool": ("deny",)})
    assert [job.on_schedule for job in (first, second, third)] == [True, True, False]


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("sh", Shell(stops=True)),
        ("bash", Shell(stops=True, pipefail=True)),
        ("bash {0}", Shell()),
        ("bash -euo pipefail {0}", Shell(stops=True, pipefail=True)),
        ("bash -l -e {0}", Shell(stops=True)),
        ("${{ inputs.shell }}", Shell(stops=True)),
    ],
)
def test_how_githubs_shells_are_set(shell: str, expected: Shell) -> None:
    (job,) = read("action.yml", f"runs:\n  steps:\n    - run: x\n      shell: {shell}\n")
    found = job.steps[0].shell
    assert found == expected or "inputs" in shell


@pytest.mark.parametrize(
    ("step", "job", "expected"),
    [
        ("continue-on-error: true", "", ["continue-on-error"]),
        ("continue-on-error: ${{ true }}", "", ["continue-on-error"]),
        ("", "continue-on-error: true", ["continue-on-error"]),
        ("if: false", "", ["if:"]),
        ("if: ${{ false }}", "continue-on-error: true", ["if:", "continue-on-error"]),
        ("if: env.X == 'yes'", "env: {X: never}", ["if:"]),
        ("continue-on-error: false", "", []),
        ("continue-on-error: ${{ github.event_name == 'push' }}", "", []),
        ("continue-on-error: ${{ inputs.x }}", "", []),
        ("if: always()", "if: success() || github.ref == 'x'", []),
        ("if: matrix.x == 'a'", "strategy: {matrix: {x: [a, b]}}", []),
        ("{id: it, continue-on-error: true, if: steps.it.outcome == 'x'}", "", []),
    ],
)
def test_what_githubs_failures_are_excused_by(step: str, job: str, expected: list[str]) -> None:
    fields = step.strip("{}").split(", ") if step.startswith("{") else [step]
    more = "".join(f"        {field}\n" for field in fields)
    (found,) = read(GITHUB, f"jobs:\n  a:\n    {job}\n    steps:\n      - run: x\n{more}")
    assert masks(found.steps[0]) == expected


def test_a_matrix_that_decides() -> None:
    found = read(
        GITHUB,
        """
        jobs:
          a:
            strategy: {matrix: {checks: [advisories, bans sources]}}
            continue-on-error: ${{ matrix.checks == 'advisories' }}
            steps:
              - uses: EmbarkStudios/cargo-deny-action@v2
                with: {command: 'check ${{ matrix.checks }}'}
        """,
    )
    made = [(step.action.inputs["command"].values, masks(step)) for job in found for step in job.steps if step.action]
    assert made == [(("check advisories",), ["continue-on-error"]), (("check bans sources",), [])]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("push", {"push"}),
        ("[push, pull_request]", {"push", "pull_request"}),
        ("{push: {branches: [a]}, schedule: [{cron: '0 0 * * *'}]}", {"push", "schedule"}),
        ("", {""}),
    ],
)
def test_events(on: str, expected: set[str]) -> None:
    assert github_jobs.events(File(GITHUB, f"on: {on}\njobs: {{}}\n".encode())) == expected


def test_called() -> None:
    text = b"jobs: {a: {uses: ./x.yml}, b: {steps: []}, c: {uses: o/r/x.yml@v1}}"
    assert github_jobs.called(File(GITHUB, text)) == ["./x.yml", "o/r/x.yml@v1"]
    assert github_jobs.events(File(GITHUB, text)) == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {script: x}", []),
        ("a: {script: x, allow_failure: true}", ["allow_failure"]),
        ("a: {script: x, allow_failure: false}", []),
        ("a: {script: x, allow_failure: {exit_codes: 3}}", []),
        ("a: {script: x, allow_failure: {exit_codes: 1}}", ["allow_failure"]),
        ("a: {script: x, allow_failure: {exit_codes: [3, 1]}}", ["allow_failure"]),
        ("a: {script: x, when: manual}", ["when: manual"]),
        ("a: {script: x, when: manual, allow_failure: false}", []),
        ("a: {script: x, when: never}", ["when: never"]),
        ("a: {script: x, rules: [{if: $A, when: manual}]}", []),
        ("a: {script: x, rules: [{if: $A, allow_failure: true}, {when: never}]}", ["allow_failure"]),
        ("a: {script: x, rules: [{if: $A, allow_failure: true}, {if: $B}]}", []),
        ("a: {after_script: x}", ["after_script"]),
        (".h: {script: x, allow_failure: true}\na: {extends: .h}", ["allow_failure"]),
        (".h: {script: x, allow_failure: true}\na: {extends: .h, allow_failure: false}", []),
        (".h: {script: x}\na: {extends: .h, allow_failure: true}\nb: {extends: .h}", []),
        (".h: {script: x, allow_failure: true}", []),
    ],
)
def test_what_gitlabs_failures_are_excused_by(text: str, expected: list[str]) -> None:
    found = [step for job in read(GITLAB, text) for step in job.steps]
    assert {step.shell for step in found} == {Shell(stops=True, pipefail=True)}
    assert set.intersection(*(set(masks(step)) for step in found)) == set(expected)


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ("/ci/a.yml", (["/ci/a.yml"], False)),
        ("[a.yml, {local: b.yml}]", (["a.yml", "b.yml"], False)),
        ("{template: Security/SAST.gitlab-ci.yml}", ([], False)),
        ("https://example.com/a.yml", ([], True)),
        ("[{project: a/b, file: c.yml}]", ([], True)),
        ("{remote: 'https://example.com/a.yml'}", ([], True)),
    ],
)
def test_what_gitlab_includes(include: str, expected: tuple[list[str], bool]) -> None:
    assert gitlab_includes.included(File(GITLAB, f"include: {include}\n".encode())) == expected


def test_what_circleci_runs() -> None:
    (job,) = read(CIRCLECI, "jobs: {a: {steps: [checkout, {run: x}, {run: {command: y}}]}}")
    assert (job.name, [step.script.text for step in job.steps if step.script]) == ("a", ["x", "y"])
    assert job.steps[0].shell == Shell(stops=True, pipefail=True)


def test_other_files_have_none() -> None:
    assert read("Makefile", "a:\n\tx\n") == []


@given(st.sampled_from([GITHUB, "action.yml", GITLAB, CIRCLECI]), st.text(alphabet="abjostepsrunif:-[]{}&*<!' \n\t#$"))
def test_whatever_is_in_a_file(path: str, text: str) -> None:
    for prefix in ("", "jobs:\n  a:\n    steps:\n", "include:\n", "a:\n  rules:\n"):
        file = File(path, f"{prefix}{text}".encode())
        try:
            for job in jobs(file):
                job.masks()
                for step in job.steps:
                    step.masks()
            gitlab_includes.included(file)
            github_jobs.events(file)
            github_jobs.called(file)
        except SourceError:
            pass
