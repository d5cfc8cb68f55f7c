"""Running programs: what comes back, with input and without."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dunnage.files import programs

PATIENT = 60.0


@pytest.mark.parametrize("stdin", [b"", b"text"], ids=["no-input", "input"])
@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("print('x')", (0, b"x" + os.linesep.encode()), id="output"),
        pytest.param("import sys; sys.exit(3)", (3, b""), id="status"),
        pytest.param("import sys; sys.stdout.write('x' * 300_000)", (0, b"x" * 300_000), id="more-than-a-pipe-holds"),
        pytest.param("import sys; sys.stderr.write('x')", (0, b""), id="stderr-is-dropped"),
    ],
)
def test_run(program: str, expected: tuple[int, bytes], stdin: bytes) -> None:
    assert programs.run([sys.executable, "-c", program], os.environ, stdin, PATIENT) == expected


def test_input_is_empty_unless_given() -> None:
    program = "import sys; print(repr(sys.stdin.read()), end='')"
    assert programs.run([sys.executable, "-c", program], os.environ, b"", PATIENT) == (0, b"''")
    assert programs.run([sys.executable, "-c", program], os.environ, b"x", PATIENT) == (0, b"'x'")


@pytest.mark.parametrize("stdin", [b"", b"text"], ids=["no-input", "input"])
def test_what_cannot_be_started(stdin: bytes) -> None:
    assert programs.run([os.path.abspath("no-such-program")], os.environ, stdin, PATIENT) is None
    assert programs.run([sys.executable, "\0"], os.environ, stdin, PATIENT) is None


@pytest.mark.parametrize("stdin", [b"", b"text"], ids=["no-input", "input"])
def test_a_program_that_does_not_end_is_killed(stdin: bytes) -> None:
    program = "import time; time.sleep(600)"
    assert programs.run([sys.executable, "-c", program], os.environ, stdin, 0.0) is None


@pytest.mark.skipif(os.name == "nt", reason="standard streams are closed by a POSIX shell")
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_standard_streams_may_be_closed(closed: str) -> None:
    inner = (
        f"import os; from dunnage.files.programs import run; found = run({['/bin/echo', 'x']!r}, os.environ, b'', 60.0)"
    )
    program = f"{inner}; os._exit(found != (0, b'x\\n'))"
    shell = f'"$0" -c "$1" {closed}'
    assert subprocess.run(["/bin/sh", "-c", shell, sys.executable, program], check=False).returncode == 0
