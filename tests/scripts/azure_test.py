"""Azure Pipelines: which steps are programs, and what is known of variables and directories in them."""

from __future__ import annotations

import textwrap

import pytest

from dunnage.files.source import File
from dunnage.scripts import azure
from dunnage.scripts.commands import commands
from dunnage.shell.model import DIRECTORY, Script, Values
from scripts.origins import scripts_of


def scripts(text: str) -> list[Script]:
    return scripts_of(File("azure-pipelines.yml", textwrap.dedent(text).encode()), azure.scripts)


def test_where_and_what() -> None:
    found = scripts(
        """
        trigger: {branches: {include: [main]}}
        variables: [{name: script, value: not this}]
        stages:
        - stage: Test
          jobs:
          - job: Linux
            steps:
            - checkout: self
            - script: a
              displayName: First
            - bash: b
            - ${{ if eq(parameters.x, 'y') }}:
              - script: c
            - task: Bash@3
              inputs: {targetType: inline, script: d, env: {script: not this}}
            - task: CmdLine@2
              inputs: {script: e}
            - task: Other@1
              inputs: {script: not this}
          - template: t.yml
            parameters:
              steps: [{script: f}]
          - deployment: Deploy
            strategy: {runOnce: {deploy: {steps: [{script: g}]}, on: {failure: {steps: [{script: h}]}}}}
        """
    )
    assert [(script.place.names, script.text) for script in found] == [
        (("job Linux", "step First"), "a"),
        (("job Linux", "step 3"), "b"),
        (("job Linux", "step 1"), "c"),
        (("job Linux", "step 5"), "d"),
        (("job Linux", "step 6"), "e"),
        (("job Test", "step 1"), "f"),
        (("job Deploy", "step 1"), "g"),
        (("job Deploy", "step 1"), "h"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("steps: [{script: a | b}]", ["a | b"], id="default"),
        pytest.param("pool: {vmImage: windows-latest}\nsteps: [{script: a | b}, {script: c}]", ["c"], id="windows"),
        pytest.param("pool: {vmImage: vs2017-win2016}\nsteps: [{script: a %x%}, {script: c}]", ["c"], id="old-windows"),
        pytest.param("pool: {vmImage: windows-latest}\nsteps: [{bash: a | b}]", ["a | b"], id="bash-on-windows"),
        pytest.param("steps: [{pwsh: 'a | b'}, {pwsh: c}, {powershell: d}]", ["c", "d"], id="powershell"),
        pytest.param("steps: [{task: PowerShell@2, inputs: {script: 'a | b'}}]", [], id="task-of-powershell"),
        pytest.param("steps: [{task: PowerShell@2, inputs: {filePath: x.ps1}}]", ["x.ps1"], id="file-of-powershell"),
        pytest.param("steps: [{task: Bash@3, inputs: {filePath: ci/x.sh}}]", ["ci/x.sh"], id="file"),
        pytest.param(
            "steps: [{script: a | b, condition: \"and(succeeded(), eq(variables['Agent.OS'], 'Windows_NT'))\"}]",
            [],
            id="only-on-windows",
        ),
        pytest.param(
            "steps: [{script: a | b, condition: \"ne( variables['Agent.OS'], 'Windows_NT' )\"}]", ["a | b"], id="not"
        ),
        pytest.param(
            "steps: [{script: a | b, condition: \"not(eq(variables['Agent.OS'], 'Windows_NT'))\"}]",
            ["a | b"],
            id="not-equal",
        ),
        pytest.param(
            "strategy: {matrix: {w: {i: windows-latest}, l: {i: ubuntu-latest}}}\n"
            "pool: {vmImage: $(i)}\nsteps: [{script: a | b}]",
            ["a | b"],
            id="either-system",
        ),
        pytest.param(
            "strategy: {matrix: {w: {i: windows-2022}, x: {i: windows-2019}}}\n"
            "pool: {vmImage: $(i)}\nsteps: [{script: a | b}]",
            [],
            id="both-windows",
        ),
        pytest.param(
            "pool: {vmImage: windows-2022}\ncontainer: x\nsteps: [{script: a | b}]", ["a | b"], id="container"
        ),
        pytest.param("steps: [{script: ''}, {script: [a]}, script]", [], id="no-text"),
    ],
)
def test_shells(text: str, expected: list[str]) -> None:
    assert [script.text for script in scripts(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("variables: {v: 1}\nsteps: [{script: x $(v)}]", ("1",), id="known"),
        pytest.param("variables: {V: 1}\nsteps: [{script: x $(v)}]", ("1",), id="other-case"),
        pytest.param("variables: {v: 1}\nsteps: [{script: x $V}]", ("1",), id="environment"),
        pytest.param("variables: [{name: v, value: 1}]\nsteps: [{script: x $(v)}]", ("1",), id="list"),
        pytest.param("variables: {w: 1, v: $(w).2}\nsteps: [{script: x $(v)}]", None, id="of-the-same-mapping"),
        pytest.param("variables: {v: $(w)}\nsteps: [{script: x $(v)}]", None, id="reference"),
        pytest.param("variables: {v: '$[ x ]'}\nsteps: [{script: x $(v)}]", None, id="runtime-expression"),
        pytest.param("variables: [{group: g}]\nsteps: [{script: x $(v)}]", None, id="group"),
        pytest.param("steps: [{script: x $(Build.BuildId)}]", None, id="system"),
        pytest.param("steps: [{script: x $(echo 1)}]", ("1",), id="substitution"),
        pytest.param(
            "variables: {v: 1}\njobs: [{job: j, variables: {v: 2}, steps: [{script: x $(v)}]}]", ("2",), id="job"
        ),
        pytest.param("steps: [{script: x $V, env: {V: 1}}]", ("1",), id="env"),
        pytest.param("variables: {v: 1}\nsteps: [{script: x $W, env: {W: $(v)}}]", ("1",), id="env-with-variable"),
        pytest.param("parameters: {v: 1}\nsteps: [{script: 'x ${{ parameters.v }}'}]", ("1",), id="parameter"),
        pytest.param(
            "parameters: [{name: v, default: 1, values: [1, 2]}]\nsteps: [{script: 'x ${{ parameters.v }}'}]",
            ("1", "2"),
            id="parameter-with-values",
        ),
        pytest.param("parameters: {v: ''}\nsteps: [{script: 'x ${{ parameters.v }}'}]", None, id="empty-parameter"),
        pytest.param(
            "variables: {v: 1}\nsteps: [{bash: 'echo \"##vso[task.setvariable variable=v]2\"'}, {script: x $(v)}]",
            None,
            id="set-by-a-step",
        ),
    ],
)
def test_variables(text: str, expected: Values) -> None:
    file = File("azure-pipelines.yml", text.encode())
    last = [command for command in commands(file) if command.words[0].values == ("x",)][-1]
    assert last.words[1].values == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("steps: [{script: x}]", (".",), id="default"),
        pytest.param("steps: [{script: x, workingDirectory: a/b}]", ("a/b",), id="folder"),
        pytest.param("steps: [{script: x, workingDirectory: $(Build.SourcesDirectory)/a}]", ("a",), id="sources"),
        pytest.param(
            "steps: [{script: x, workingDirectory: $(System.DefaultWorkingDirectory)}]", (".",), id="default-name"
        ),
        pytest.param("steps: [{script: x, workingDirectory: $(d)}]", None, id="unknown"),
        pytest.param("variables: {d: a}\nsteps: [{script: x, workingDirectory: $(d)/b}]", ("a/b",), id="variable"),
        pytest.param("steps: [{task: Bash@3, inputs: {script: x, workingDirectory: a}}]", ("a",), id="task"),
        pytest.param("steps: [{checkout: self, path: s}, {script: x}]", None, id="checked-out-elsewhere"),
        pytest.param("steps: [{checkout: other}, {script: x}]", None, id="another-repository"),
    ],
)
def test_working_directory(text: str, expected: Values) -> None:
    (script,) = scripts(text)
    assert script.variables[DIRECTORY] == expected
