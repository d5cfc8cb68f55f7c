"""CircleCI's configuration: which steps are programs, and what is known of parameters and variables in them."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts import circleci
from dunnage.shell.model import DIRECTORY, Script, Values
from scripts.origins import scripts_of


def scripts(text: str) -> list[Script]:
    return scripts_of(File(".circleci/config.yml", textwrap.dedent(text).encode()), circleci.scripts)


def test_where_and_what() -> None:
    found = scripts(
        """
        version: 2.1
        orbs: {x: {commands: {y: {steps: [{run: not this}]}}}}
        commands:
          install:
            steps:
              - run: a
        jobs:
          build:
            docker: [{image: x}]
            steps:
              - checkout
              - run:
                  name: Test
                  command: |
                    b
                    c
              - when:
                  condition: true
                  steps:
                    - run: {command: d}
              - install
              - run: {name: no command}
        """
    )
    assert [(script.place.names, script.text) for script in found] == [
        (("command install", "step 1"), "a"),
        (("job build", "step Test"), "b\nc\n"),
        (("job build", "step 3"), "d"),
    ]


@pytest.mark.parametrize(
    ("text", "is_run"),
    [
        pytest.param("steps: [{run: {command: a, shell: /bin/bash -eo pipefail}}]", True, id="bash"),
        pytest.param("steps: [{run: {command: a | b, shell: powershell.exe}}]", False, id="powershell"),
        pytest.param("shell: python\nsteps: [{run: a}]", False, id="of-the-job"),
        pytest.param("shell: python\nsteps: [{run: {command: a, shell: sh}}]", True, id="of-the-step"),
        pytest.param("executor: win/default\nsteps: [{run: a | b}]", False, id="windows-orb"),
        pytest.param(
            "executor: {name: win/default, size: large}\nsteps: [{run: a | b}]", False, id="windows-orb-sized"
        ),
        pytest.param("machine: {image: windows-server-2022}\nsteps: [{run: a | b}]", False, id="windows-image"),
        pytest.param("machine: {image: windows-server-2022}\nsteps: [{run: a}]", True, id="same-in-powershell"),
        pytest.param("executor: win/default\nsteps: [{run: {command: a, shell: cmd.exe}}]", True, id="same-in-cmd"),
        pytest.param(
            "resource_class: windows.medium\nsteps: [{run: {command: a, shell: bash.exe}}]", True, id="bash-there"
        ),
    ],
)
def test_shells(text: str, is_run: bool) -> None:
    assert len(scripts("jobs:\n  j:\n" + textwrap.indent(text, "    "))) == is_run


def test_steps_of_workflows() -> None:
    found = scripts(
        """
        jobs:
          build:
            environment: {A: x}
            steps: [{run: a}]
          windows:
            executor: win/default
            steps: []
        workflows:
          main:
            jobs:
              - build:
                  pre-steps: [checkout, {run: b}, {when: {condition: x, steps: [{run: c}]}}]
                  post-steps:
                    - run: {name: End, command: d}
              - orb/job:
                  pre-steps: [{run: e}]
              - windows:
                  post-steps: [{run: f}, {run: g | h}]
        """
    )
    assert [(script.place.names, script.text, script.variables.get("A")) for script in found] == [
        (("job build", "step 1"), "a", ("x",)),
        (("workflow main", "pre-steps of build", "step 1"), "b", ("x",)),
        (("workflow main", "pre-steps of build", "step 3"), "c", ("x",)),
        (("workflow main", "post-steps of build", "step End"), "d", ("x",)),
        (("workflow main", "pre-steps of orb/job", "step 1"), "e", None),
        (("workflow main", "post-steps of windows", "step 1"), "f", None),
    ]


def test_parameters() -> None:
    (script,) = scripts(
        """
        parameters: {p: {type: string, default: z}}
        commands:
          c:
            parameters:
              v: {type: string, default: 1.2.3}
              w: {type: string}
              f: {type: boolean, default: false}
            steps:
              - run: a@<< parameters.v >> \\<<x <<pipeline.parameters.p>> <<EOF >> f
        jobs:
          j:
            steps:
              - c: {v: 1.2.4, w: x}
              - c: {w: << pipeline.git.tag >>}
        """
    )
    assert script.text == "a@${{ parameters.v }} <<x ${{ pipeline.parameters.p }} <<EOF >> f"
    assert script.expressions == "github"
    assert script.variables == {
        DIRECTORY: (".",),
        "pipeline.parameters.p": ("z",),
        "parameters.v": ("1.2.3", "1.2.4"),
        "parameters.w": None,
        "parameters.f": ("false", "true"),
    }


@pytest.mark.parametrize(
    ("calls", "values"),
    [
        pytest.param("[j: {v: a}]", ("a",), id="one"),
        pytest.param("[j: {v: a}, j: {v: b}]", ("a", "b"), id="two"),
        pytest.param("[j: {matrix: {parameters: {v: [a, b]}}}]", ("a", "b"), id="matrix"),
        pytest.param("[j: {v: a}, j]", None, id="not-given"),
        pytest.param("[]", None, id="not-called"),
    ],
)
def test_parameters_of_jobs(calls: str, values: Values) -> None:
    job = "{parameters: {v: {type: string}}, steps: [{run: x}]}"
    (script,) = scripts(f"jobs: {{j: {job}}}\nworkflows: {{w: {{jobs: {calls}}}}}")
    assert script.variables["parameters.v"] == values


def test_environment() -> None:
    one, two, three = scripts(
        """
        executors: {e: {docker: [{image: x, environment: {A: 1}}], environment: {B: 1}}}
        jobs:
          j:
            executor: e
            environment: [{C: 1}, D=2]
            steps:
              - run: {command: echo "A=2" >> $BASH_ENV, environment: {B: 2}}
              - run: x
              - run: {command: y, environment: {A: << parameters.x >>}}
        """
    )
    assert one.variables == {DIRECTORY: (".",), "A": ("1",), "B": ("2",), "C": ("1",), "D": ("2",)}
    assert two.variables == {DIRECTORY: (".",), "B": ("1",), "C": ("1",), "D": ("2",)}
    assert three.variables == {DIRECTORY: (".",), "A": None, "B": ("1",), "C": ("1",), "D": ("2",)}


def test_of_too_many_variables_none_is_known() -> None:
    variables = "".join(f"      A{number}: a\n" for number in range(600))
    (script,) = scripts("jobs:\n  j:\n    environment:\n" + variables + "    steps: [run: b]\n")
    assert script.variables == {DIRECTORY: (".",)}


def test_aliases() -> None:
    found = scripts(
        """
        aliases:
          - &install {run: {command: a}}
        jobs:
          j: {environment: {V: 1}, steps: [*install]}
          k: {environment: {V: 2}, steps: [*install]}
        """
    )
    assert [(script.text, script.variables) for script in found] == [("a", {DIRECTORY: (".",), "V": ("1", "2")})]


CONFIG = """\
commands: {c: {parameters: {v: {default: 1}}, steps: &s [{run: "<< parameters.v >>"}]}}
jobs:
  j: {executor: e, steps: [c: {v: 2}, {when: {steps: *s}}]}
"""


@given(st.data())
def test_nothing_raises(data: st.DataObject) -> None:
    content = CONFIG.encode()
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 8)))
        content = (
            content[:start] + data.draw(st.binary(max_size=4) | st.sampled_from([b"*s", b"[", b"{}"])) + content[end:]
        )
    try:
        list(circleci.scripts(File("x.yml", content)))
    except SourceError:
        return
