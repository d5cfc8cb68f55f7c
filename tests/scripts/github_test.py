"""GitHub's workflows and actions: what is run where, what is known of variables, which actions are used."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts import github
from dunnage.shell.model import DIRECTORY, Script, Values


def scripts(text: str) -> list[Script]:
    file = File(".github/workflows/x.yml", textwrap.dedent(text).encode())
    found = list(github.scripts(file))
    for script in found:
        for in_text, in_file, length in script.offsets:
            assert script.text.encode()[in_text : in_text + length] == file.data[in_file : in_file + length]
    return found


def job(text: str) -> str:
    """A workflow of one job, of which `text` is all but the name."""
    return "jobs:\n  j:\n" + textwrap.indent(textwrap.dedent(text), "    ")


def test_where_and_what() -> None:
    found = scripts(
        """
        jobs:
          build:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v4
              - name: Install
                run: |
                  cargo install a
                    --locked
              - id: it
                run: echo "a
                  b"
              - run: 'c'
          other:
            steps: [{run: d}]
        """
    )
    assert [(script.place.names, script.text) for script in found] == [
        (("job build", "step Install"), "cargo install a\n  --locked\n"),
        (("job build", "step it"), 'echo "a b"'),
        (("job build", "step 4"), "c"),
        (("job other", "step 1"), "d"),
    ]
    assert {(script.place.kind, script.expressions) for script in found} == {("github", "github")}


def test_composite_action() -> None:
    found = scripts(
        """
        inputs:
          version: {default: 1.2.3}
          given: {description: x}
        runs:
          using: composite
          steps:
            - run: a
              shell: bash
            - run: b
              shell: pwsh
        """
    )
    assert [(script.place.names, script.text) for script in found] == [(("step 1",), "a"), (("step 2",), "b")]
    assert found[0].variables == {DIRECTORY: (".",), "inputs.version": ("1.2.3",), "inputs.given": None}


@pytest.mark.parametrize(
    ("text", "is_run"),
    [
        pytest.param("steps: [{run: a | b}]", True, id="default"),
        pytest.param("steps: [{run: a | b, shell: sh}]", True, id="sh"),
        pytest.param("steps: [{run: a | b, shell: 'bash -e {0}'}]", True, id="custom"),
        pytest.param("steps: [{run: a | b, shell: '/usr/bin/env bash -l {0}'}]", True, id="custom-path"),
        pytest.param("steps: [{run: a | b, shell: 'nix develop -c bash -e {0}'}]", True, id="custom-inside"),
        pytest.param("steps: [{run: a | b, shell: 'msys2 {0}'}]", True, id="msys2"),
        pytest.param("steps: [{run: a | b, shell: 'C:\\msys64\\usr\\bin\\bash.exe {0}'}]", True, id="windows-path"),
        pytest.param("steps: [{run: a | b, shell: pwsh}]", False, id="pwsh"),
        pytest.param("steps: [{run: a, shell: pwsh}]", True, id="plain-pwsh"),
        pytest.param("steps: [{run: a | b, shell: cmd}]", False, id="cmd"),
        pytest.param("steps: [{run: a, shell: cmd}]", True, id="plain-cmd"),
        pytest.param("steps: [{run: a, shell: 'pwsh -File {0}'}]", True, id="custom-pwsh"),
        pytest.param("steps: [{run: a, shell: python}]", False, id="python"),
        pytest.param("steps: [{run: a, shell: 'nu {0}'}]", False, id="other-custom"),
        pytest.param("steps: [{run: a | b, shell: '${{ inputs.shell }}'}]", True, id="unknown"),
        pytest.param("defaults: {run: {shell: python}}\nsteps: [{run: a}]", False, id="of-the-job"),
        pytest.param("defaults: {run: {shell: python}}\nsteps: [{run: a, shell: bash}]", True, id="of-the-step"),
        pytest.param("runs-on: windows-latest\nsteps: [{run: a | b}]", False, id="windows"),
        pytest.param("runs-on: windows-latest\nsteps: [{run: a b@1.2 --c}]", True, id="same-in-powershell"),
        pytest.param("runs-on: windows-latest\nsteps: [{run: a | b, shell: bash}]", True, id="bash-on-windows"),
        pytest.param("runs-on: [self-hosted, windows]\nsteps: [{run: a | b}]", False, id="windows-label"),
        pytest.param("runs-on: {labels: Windows-2022}\nsteps: [{run: a | b}]", False, id="windows-labels"),
        pytest.param("runs-on: ${{ vars.OS }}\nsteps: [{run: a | b}]", True, id="unknown-system"),
        pytest.param(
            "strategy: {matrix: {o: [windows-2022, ubuntu-22.04]}}\nruns-on: ${{ matrix.o }}\nsteps: [{run: a | b}]",
            True,
            id="either-system",
        ),
        pytest.param(
            "strategy: {matrix: {o: [windows-2019, windows-2022]}}\nruns-on: ${{ matrix.o }}\nsteps: [{run: a | b}]",
            False,
            id="both-windows",
        ),
        pytest.param("steps: [{run: a | b, if: runner.os == 'Windows'}]", False, id="only-on-windows"),
        pytest.param("steps: [{run: a | b, if: \"runner.os == 'Windows' || x\"}]", True, id="not-only-on-windows"),
        pytest.param("steps: [{run: ''}]", False, id="nothing"),
        pytest.param("steps: [{run: [a]}]", False, id="no-text"),
        pytest.param("steps: a", False, id="no-steps"),
    ],
)
def test_shells(text: str, is_run: bool) -> None:
    assert len(scripts(job(text))) == is_run


@pytest.mark.parametrize(
    ("uses", "inputs", "expected"),
    [
        pytest.param("nick-fields/retry@v3", "{command: a, timeout_minutes: 9}", ["a"], id="retried"),
        pytest.param("nick-fields/retry@v3", "{command: a, shell: pwsh}", ["a"], id="PowerShell"),
        pytest.param("nick-fields/retry@v3", "{command: a, shell: python}", [], id="another interpreter"),
        pytest.param("nick-fields/retry@v3", "{command: a, shell: '${{ matrix.x }}'}", ["a"], id="unknown shell"),
        pytest.param("vmactions/freebsd-vm@v1", "{Prepare: a, run: b}", ["a", "b"], id="another system"),
        pytest.param("uraimo/run-on-arch-action@v3", "{setup: a, install: b, run: c}", ["a", "b", "c"], id="container"),
        pytest.param("actions/github-script@v7", "{script: a}", [], id="JavaScript"),
        pytest.param("./.github/actions/x", "{run: a}", [], id="local"),
        pytest.param("x/y@v1", "{run: [a]}", [], id="list"),
    ],
)
def test_programs_in_inputs(uses: str, inputs: str, expected: list[str]) -> None:
    found = scripts(job(f"steps: [{{uses: '{uses}', with: {inputs}, env: {{X: v}}}}]"))
    assert [script.text for script in found] == expected
    assert all(script.variables["X"] == ("v",) for script in found)


def test_shell_of_the_workflow() -> None:
    assert not scripts("defaults: {run: {shell: python}}\n" + job("steps: [{run: a}]"))


def variables(text: str) -> Mapping[str, Values]:
    return {name: values for name, values in scripts(text)[-1].variables.items() if name != DIRECTORY}


def test_env() -> None:
    found = variables(
        """
        env:
          A: 1.20
          B: '1.20'
          C: ${{ github.sha }}
        jobs:
          j:
            env:
              D: a
              A: ${{ inputs.x }}
            container: {image: x, env: {E: e}}
            steps:
              - env: {F: 'v${{ env.B }}', D: b}
                run: x
        """
    )
    expected: dict[str, Values] = {"A": None, "B": ("1.20",), "C": None, "D": ("b",), "F": ("v1.20",)}
    assert found == {**expected, **{f"env.{name}": values for name, values in expected.items()}, "E": ("e",)}


def test_numbers_are_what_github_makes_of_them() -> None:
    assert variables("env: {A: 1.20}\n" + job("steps: [{run: x}]"))["A"] == ("1.2",)


@pytest.mark.parametrize(
    ("line", "known"),
    [
        pytest.param('echo "V=2" >> $GITHUB_ENV', {"W"}, id="one"),
        pytest.param('echo "V<<EOF" >> "$GITHUB_ENV"', {"W"}, id="of-several-lines"),
        pytest.param("cat x >> $GITHUB_ENV", set(), id="any"),
        pytest.param("V=2", {"V", "W"}, id="only-there"),
    ],
)
def test_what_a_step_writes_for_later_ones_is_unknown(line: str, known: set[str]) -> None:
    text = f"env: {{V: 1, W: 1}}\nsteps:\n  - run: |\n      {line}\n  - run: x\n  - run: y\n    env: {{V: 3}}\n"
    first, second, third = scripts(job(text))
    assert first.variables["V"] == ("1",)
    assert {name for name in second.variables if "." not in name} == {DIRECTORY, *known}
    assert third.variables["V"] == ("3",)


def test_what_a_step_with_a_long_word_writes() -> None:
    found = scripts(job("env: {A: a, B: b}\nsteps: [{run: GITHUB_ENV B=c " + "d" * 500_000 + "}, {run: e}]"))
    assert found[1].variables == {DIRECTORY: (".",), "A": ("a",), "env.A": ("a",)}


def test_of_too_many_variables_none_is_known() -> None:
    few, many = ("".join(f"  A{number}: a\n" for number in range(count)) for count in (200, 600))
    jobs = "jobs:\n  j: {steps: [{run: b}]}\n  k: {env: {B: b}, steps: [{run: c}]}\n"
    first, second = scripts("env:\n" + few + jobs)
    assert first.variables["A199"] == second.variables["env.A0"] == ("a",)
    first, second = scripts("env:\n" + many + jobs)
    assert first.variables == {DIRECTORY: (".",)}
    assert second.variables == {DIRECTORY: (".",), "B": ("b",), "env.B": ("b",)}


def test_env_from_an_expression_is_unknown() -> None:
    assert variables("env: {V: 1}\n" + job("env: ${{ fromJSON(x) }}\nsteps: [{run: x}]")) == {}


def test_inputs() -> None:
    on = textwrap.dedent(
        """
        on:
          push:
          workflow_dispatch:
            inputs:
              v: {default: 1.2.3}
              w: {type: choice, options: [a, b], default: a}
              f: {type: boolean, default: false}
              n: {required: true}
          workflow_call:
            inputs:
              v: {default: 1.2.4, type: string}
              w: {type: string}
        """
    )
    assert variables(on + job("steps: [{run: x}]")) == {
        "inputs.v": ("1.2.3", "1.2.4"),
        "github.event.inputs.v": ("1.2.3",),
        "inputs.w": None,
        "github.event.inputs.w": ("a", "b"),
        "inputs.f": ("false", "true"),
        "github.event.inputs.f": ("false", "true"),
        "inputs.n": None,
        "github.event.inputs.n": None,
    }


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        pytest.param("{a: [1, 2]}", {"matrix.a": ("1", "2")}, id="vector"),
        pytest.param("{a: [1, 2], include: [{a: 3}]}", {"matrix.a": ("1", "2", "3")}, id="include"),
        pytest.param(
            "{include: [{a: 1, b: x}, {a: 2}]}", {"matrix.a": ("1", "2"), "matrix.b": ("x", "")}, id="only-include"
        ),
        pytest.param(
            "{a: [1, 2], include: [{a: 1, b: x}]}", {"matrix.a": ("1", "2"), "matrix.b": ("x", "")}, id="include-some"
        ),
        pytest.param("{a: [1, 2], include: [{b: x}]}", {"matrix.a": ("1", "2"), "matrix.b": ("x",)}, id="include-all"),
        pytest.param("{a: [1, 2], exclude: [{a: 2}]}", {"matrix.a": ("1",)}, id="exclude"),
        pytest.param("{a: [{b: x, c: y}, {b: z}]}", {"matrix.a.b": ("x", "z"), "matrix.a.c": ("y", "")}, id="nested"),
        pytest.param("{a: '${{ fromJSON(x) }}', b: [1]}", {"matrix.b": ("1",)}, id="vector-from-outside"),
        pytest.param("{a: [1, '${{ x.y }}']}", {}, id="value-from-outside"),
        pytest.param("{a: [1], include: '${{ fromJSON(x) }}'}", {}, id="include-from-outside"),
        pytest.param("'${{ fromJSON(x) }}'", {}, id="from-outside"),
        pytest.param("{a: [1.10, true]}", {"matrix.a": ("1.1", "true")}, id="numbers"),
        pytest.param("{a: 1}", {}, id="no-vector"),
    ],
)
def test_matrix(matrix: str, expected: dict[str, Values]) -> None:
    assert variables(job(f"strategy: {{matrix: {matrix}}}\nsteps: [{{run: x}}]")) == expected


def test_large_matrix() -> None:
    vector = ", ".join(map(str, range(30)))
    found = variables(job(f"strategy: {{matrix: {{a: [{vector}], b: [{vector}]}}}}\nsteps: [{{run: x}}]"))
    assert found["matrix.a"] == found["matrix.b"] == tuple(map(str, range(30)))


def test_anchors() -> None:
    found = scripts(
        """
        jobs:
          a:
            env: {V: 1, W: 1}
            steps: &steps
              - run: x
          b:
            env: {V: 2, X: 1}
            steps: *steps
        """
    )
    assert [(script.place.names, script.variables["V"]) for script in found] == [(("job a", "step 1"), ("1", "2"))]
    assert "W" not in found[0].variables


def test_uses() -> None:
    text = textwrap.dedent(
        """
        env: {V: 1.2.3}
        jobs:
          j:
            steps:
              - uses: taiki-e/install-action@v2 # a comment
                with:
                  Tool: 'a@${{ env.V }}'
                  other: |
                    b
                    c
                  list: [x]
              - uses: ./local
              - uses: docker://image:tag
              - uses: "owner/name/path@main"
        """
    )
    file = File("x.yml", text.encode())
    first, *others = github.uses(file)
    assert (first.name, first.ref, first.place.names) == ("taiki-e/install-action", "v2", ("job j", "step 1"))
    assert text[first.span.start : first.span.end] == "taiki-e/install-action@v2"
    tool, other = first.inputs["tool"], first.inputs["other"]
    assert set(first.inputs) == {"tool", "other"}
    assert (tool.values, tool.text) == (("a@1.2.3",), "a@${{ env.V }}")
    assert text[tool.span.start : tool.span.end] == "'a@${{ env.V }}'"
    assert other.values == ("b\nc\n",)
    assert text[other.offsets[1][1] :][: other.offsets[1][2]] == "c\n"
    assert [(action.name, action.ref) for action in others] == [
        ("./local", ""),
        ("docker://image:tag", ""),
        ("owner/name/path", "main"),
    ]


def test_no_workflow() -> None:
    assert scripts("a: b") == scripts("- a") == scripts("") == scripts("jobs: [a]") == []


WORKFLOW = """\
on: {workflow_call: {inputs: {v: {default: 1}}}}
env: &e {A: b}
jobs:
  j: &j
    strategy: {matrix: {os: [a], include: [{os: b, x: y}]}}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: a/b@c
        with: {d: e}
      - run: |
          f
"""


@given(st.data())
def test_nothing_raises(data: st.DataObject) -> None:
    content = WORKFLOW.encode()
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 10)))
        content = (
            content[:start]
            + data.draw(st.binary(max_size=4) | st.sampled_from([b"*j", b"[", b"\n  - "]))
            + content[end:]
        )
    file = File("x.yml", content)
    try:
        found = list(github.scripts(file))
        list(github.uses(file))
    except SourceError:
        return
    for script in found:
        for in_text, in_file, length in script.offsets:
            assert script.text.encode()[in_text : in_text + length] == content[in_file : in_file + length]
