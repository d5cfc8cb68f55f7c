"""The progress bar: how far it says that a run is, and that it waits for a second."""

from __future__ import annotations

import io
import sys

import pytest

from dunnage.frame import check
from dunnage.frame.check import Progress
from dunnage.frame.execution import Task
from dunnage.frame.hook import Hook

HOOK = Hook("check-demo", "", (), lambda *_: (), lambda _: ())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(shown: Progress, tasks: list[Task], reads: int) -> None:
    for hook, names in tasks:
        on_read = shown.begin(hook.name, names)
        for number in range(reads):
            on_read(str(number))


def test_a_short_run_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    tasks: list[Task] = [(HOOK, ["a", "b"])]
    shown = Progress(tasks)
    run(shown, tasks, 2)
    shown.close()
    assert terminal.getvalue() == ""


def test_a_long_run_has_one_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(check, "_PATIENCE", 0.0)
    tasks: list[Task] = [(HOOK, ["a", "b"]), (HOOK, ["a"])]
    shown = Progress(tasks)
    # A hook may read more files than it is given, and all hooks may run again.
    run(shown, tasks, 3)
    run(shown, tasks, 3)
    shown.close()
    assert "3/3 " in terminal.getvalue()
    assert "4/3" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")


def test_only_a_terminal_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert check.wants_progress()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not check.wants_progress()
    monkeypatch.setattr(sys, "stderr", None)
    assert not check.wants_progress()
