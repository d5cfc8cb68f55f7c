"""Buildkite pipelines: which steps are programs, and what is known of variables in them."""

from __future__ import annotations

import textwrap

import pytest

from dunnage.files.source import File
from dunnage.scripts import buildkite
from dunnage.shell.model import DIRECTORY, Script
from scripts.origins import scripts_of


def scripts(text: str) -> list[Script]:
    return scripts_of(File(".buildkite/pipeline.yml", textwrap.dedent(text).encode()), buildkite.scripts)


def test_where_and_what() -> None:
    found = scripts(
        """
        env: {A: x, B: $A}
        steps:
          - label: "Lint"
            key: lint
            commands: [a, "b c"]
            env: {A: v}
          - wait
          - command: d
            key: test
          - group: All
            steps:
              - command: |
                  e
                  f
          - trigger: other
        """
    )
    assert [(script.place.names, script.text, script.variables) for script in found] == [
        (("step Lint",), "a\nb c", {DIRECTORY: (".",), "A": ("v",), "B": None}),
        (("step test",), "d", {DIRECTORY: (".",), "A": ("x",), "B": None}),
        (("step 5",), "e\nf\n", {DIRECTORY: (".",), "A": ("x",), "B": None}),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("- command: a", ["a"], id="list"),
        pytest.param("steps: [{command: a $$X $$(b)}]", ["a $X $(b)"], id="dollars"),
        pytest.param("steps: [{command: a, agents: {os: windows}}]", [], id="windows"),
        pytest.param("steps: [{command: a, agents: ['queue=windows-2022']}]", [], id="windows-queue"),
        pytest.param("steps: [{command: a, agents: {queue: linux}}]", ["a"], id="linux"),
        pytest.param("x: &x {command: a}\nsteps: [*x, *x]", ["a"], id="alias"),
        pytest.param("steps: [{command: [[a], {b: c}, d]}]", ["d"], id="other-types"),
        pytest.param("steps: a", [], id="no-list"),
    ],
)
def test_programs(text: str, expected: list[str]) -> None:
    assert [script.text for script in scripts(text)] == expected
