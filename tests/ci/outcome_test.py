"""What becomes of a command's failure: the judge is bash."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunnage.ci.outcome import FailureMask, Shell, failure_mask, shell_options
from dunnage.files.source import File
from dunnage.shell.commands import commands
from dunnage.shell.model import Place, whole

PLAIN, STOPS, STRICT = Shell(), Shell(stops=True), Shell(stops=True, pipefail=True)


def mask_of(text: str, shell: Shell) -> FailureMask | None:
    """What is found for the command `gate` of a program."""
    file = File("x.sh", text.encode())
    script = whole(file, Place("shell"))
    command = next(it for it in commands(file, script) if any(word.text == "gate" for word in it.words[:1]))
    return failure_mask(file, script, command, shell)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `gate` that fails, unless it is called for what is good."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "gate").write_text('#!/bin/sh\n[ "$1" = good ] && exit 0\necho found\nexit 1\n')
    (folder / "gate").chmod(0o755)
    return folder


def status(text: str, shell: Shell, programs: Path) -> int:
    """With what a program really ends."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    set_options = [*(["-e"] if shell.stops else []), *(["-o", "pipefail"] if shell.pipefail else [])]
    env = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [bash, *set_options, "-c", text], env=env, cwd=programs, capture_output=True, check=False, timeout=20
    )
    return done.returncode


@pytest.mark.parametrize(
    ("text", "shell", "where"),
    [
        pytest.param("gate || true", STRICT, "|| true", id="true"),
        pytest.param("gate || :", STRICT, "|| :", id="colon"),
        pytest.param("gate || echo failed", STRICT, "|| echo failed", id="echo"),
        pytest.param("gate || exit 0\nmore", STRICT, "|| exit 0", id="exit 0"),
        pytest.param("gate || { echo a; echo b; }", STRICT, "|| { echo a; echo b; }", id="group"),
        pytest.param("gate || (echo a && true)", STRICT, "|| (echo a && true)", id="subshell"),
        pytest.param("{ gate; } || true", STRICT, "|| true", id="group before"),
        pytest.param("(gate) || true", STRICT, "|| true", id="subshell before"),
        pytest.param("A=1 env B=1 gate || true", STRICT, "|| true", id="behind a wrapper"),
        pytest.param("gate 2>&1 | tee log || true", STRICT, "|| true", id="a pipe before"),
        pytest.param("echo a && gate || true", STRICT, "|| true", id="and before"),
        pytest.param("if true; then gate || true; fi", STRICT, "|| true", id="in a branch"),
        pytest.param("gate | tee log", STOPS, "gate | tee log", id="tee"),
        pytest.param("gate 2>&1 | sed s/a/b/ | cat", STOPS, "gate 2>&1 | sed", id="sed and cat"),
        pytest.param("gate; true", PLAIN, "true", id="true behind"),
        pytest.param("gate; exit 0", PLAIN, "exit 0", id="exit 0 behind"),
        pytest.param("gate\necho done", PLAIN, "echo done", id="goes on"),
        pytest.param("set +e\ngate\necho done", STRICT, "set +e", id="set +e"),
        pytest.param("set +o errexit\ngate\necho done", STRICT, "set +o errexit", id="set +o errexit"),
        pytest.param("gate && echo good\necho done", STRICT, "gate && echo good", id="left of &&"),
        pytest.param("gate &\necho done", STRICT, "&", id="background"),
        pytest.param("{ gate; echo a; } && echo b", STRICT, "echo a", id="goes on left of &&"),
        pytest.param("{ gate && echo a; }\necho b", STRICT, "gate && echo a", id="left of && in a group"),
        pytest.param("for i in 1; do gate || true; done", STRICT, "|| true", id="in a loop"),
        pytest.param("for i in 1; do gate || continue; done", STRICT, "|| continue", id="continue"),
        pytest.param("for i in 1; do gate || break; done", STRICT, "|| break", id="break"),
        pytest.param(
            "for i in bad good; do gate $i; done", PLAIN, "for i in bad good", id="all but the last of a loop"
        ),
        pytest.param("for i in bad good; do (gate $i); done", PLAIN, "for i in bad good", id="loop with a subshell"),
        pytest.param("while ! test $x; do x=1; gate bad; gate good; done", PLAIN, "gate good", id="goes on in a loop"),
        pytest.param("gate | true", STOPS, "gate | true", id="piped into true"),
        pytest.param("gate || /bin/true", STRICT, "|| /bin/true", id="true by its path"),
        pytest.param("gate & wait", STRICT, "&", id="wait for all"),
        pytest.param("gate & wait; echo $x", STRICT, "&", id="wait for all, then go on"),
        pytest.param("check() { gate; }\ncheck || true", STRICT, "|| true", id="the call of a function"),
        pytest.param("check() { gate; }\ncheck\necho done", PLAIN, "echo done", id="goes on after a function"),
    ],
)
def test_failures_that_are_lost(text: str, shell: Shell, where: str, programs: Path) -> None:
    found = mask_of(text, shell)
    assert found is not None
    assert text[found.span.start : found.span.end].startswith(where)
    assert status(text, shell, programs) == 0


@pytest.mark.parametrize(
    ("text", "shell"),
    [
        pytest.param("gate", PLAIN, id="alone"),
        pytest.param("gate\nmore", STOPS, id="it stops"),
        pytest.param("set -e\ngate\necho done", PLAIN, id="set -e"),
        pytest.param("set -euo pipefail\ngate | tee log\necho done", PLAIN, id="set -euo pipefail"),
        pytest.param("gate | tee log", STRICT, id="pipefail"),
        pytest.param("echo a | gate", PLAIN, id="last of a pipe"),
        pytest.param("gate || exit 1\necho done", PLAIN, id="exit 1"),
        pytest.param("gate || { echo a; exit 1; }\necho done", PLAIN, id="says so and exits"),
        pytest.param("gate || false", STRICT, id="or false"),
        pytest.param("gate || gate", STRICT, id="or another"),
        pytest.param("gate || exit", STRICT, id="exit with its status"),
        pytest.param("gate && echo good", STRICT, id="left of && at the end"),
        pytest.param("echo a && gate\necho done", STRICT, id="right of &&"),
        pytest.param("(gate; echo a)\necho done", STRICT, id="in a subshell"),
        pytest.param("(echo a; gate)", PLAIN, id="last in a subshell"),
        pytest.param("if true; then gate; fi\necho done", STRICT, id="in a branch"),
        pytest.param("set +e\necho a\nset -e\ngate\necho done", STRICT, id="set +e before and back"),
        pytest.param("set +e\ngate", STRICT, id="set +e, but last"),
        pytest.param("(gate && echo a)\necho b", STRICT, id="left of && in a subshell"),
        pytest.param("for i in bad good; do gate $i; done", STOPS, id="in a loop with set -e"),
        pytest.param("for i in bad; do gate $i; done", PLAIN, id="in a loop for one"),
        pytest.param("for i in bad good; do gate $i || exit 1; done", PLAIN, id="exit 1 in a loop"),
        pytest.param("gate & wait $!", STRICT, id="wait for it"),
        pytest.param("check() { gate; }\ncheck || true\ncheck", STRICT, id="the call of a function that counts"),
    ],
)
def test_failures_that_count(text: str, shell: Shell, programs: Path) -> None:
    assert mask_of(text, shell) is None
    assert status(text, shell, programs) != 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("gate > log || true\n! grep -q found log", id="its output kept"),
        pytest.param("gate || failed=1\n[ -z $failed ]", id="noted"),
        pytest.param("gate || status=$?\nexit $status", id="its status noted"),
        pytest.param("gate || echo failed=1 >> $GITHUB_OUTPUT", id="noted in a file"),
        pytest.param("set +e\ngate\nstatus=$?\nexit $status", id="looked at"),
        pytest.param("gate | tee log\nexit ${PIPESTATUS[0]}", id="of a pipe"),
        pytest.param("if ! gate; then exit 1; fi", id="condition"),
        pytest.param("gate | jq -e .ok", id="judged by another"),
        pytest.param("result=$(gate)", id="kept"),
        pytest.param('result=$(gate || true)\n[ -z "$result" ]', id="kept, and its output judged"),
        pytest.param("! gate", id="negated"),
        pytest.param("gate & p=$!\nwait $p", id="waited for"),
        pytest.param("set +e\nfor i in 1 2; do gate && break; done\nexit $?", id="tried again"),
        pytest.param("set +e\nfor i in 1 2; do gate && exit 0; done\nexit 1", id="tried again, and then it fails"),
        pytest.param("check() { gate\necho a\n}\ncheck", id="in a function"),
    ],
)
def test_failures_that_somebody_may_look_at(text: str) -> None:
    assert mask_of(text, Shell(stops=True)) is None


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        ("-e", PLAIN, STOPS),
        ("-euo pipefail", PLAIN, STRICT),
        ("-eo pipefail", PLAIN, STRICT),
        ("-o errexit -o pipefail", PLAIN, STRICT),
        ("+e", STRICT, Shell(stops=False, pipefail=True)),
        ("+o pipefail", STRICT, STOPS),
        ("-x", STOPS, STOPS),
        ("bash -l {0}", PLAIN, PLAIN),
        ("bash -el {0}", PLAIN, STOPS),
    ],
)
def test_shell_options(words: str, before: Shell, after: Shell) -> None:
    assert shell_options(words, before) == after


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab |&;(){}\n$!<>`'\"\\eé", max_size=40), st.booleans())
def test_whatever_is_around_it(around: str, stops: bool) -> None:
    for text in (f"gate {around}", f"{around}\ngate\n{around}", f"{around} gate || true"):
        file = File("x.sh", text.encode())
        script = whole(file, Place("shell"))
        for command in commands(file, script):
            failure_mask(file, script, command, Shell(stops, stops))
