"""Running hooks over files: look, fix, report, exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dunnage import __version__
from dunnage.files.source import Tree
from dunnage.frame import ignore
from dunnage.frame.options import FIX, OUTPUT_FORMAT, REQUIRED_VERSION

if TYPE_CHECKING:
    from dunnage.frame.finding import Finding, Repaired
    from dunnage.frame.hook import Hook
    from dunnage.frame.options import Options


class WrongUsage(Exception):
    """Arguments that cannot be followed; the message says why, in one line."""


class Task(NamedTuple):
    """A hook, and the names of the files that it is to check."""

    hook: Hook
    names: Sequence[str]


Progress = Callable[[Task], "Callable[[str], None]"]
"""Is called with each task before it is run, and gives what is to be called with each path that the task reads."""


def guarded(name: str, main: Callable[[], int]) -> int:
    """The exit status of a program of this name: that of `main`, 2 for wrong usage, 130 if it is interrupted."""
    # A check keeps nearly all that it makes until it ends, so there is nothing for the garbage collector to find.
    collects = gc.isenabled()
    gc.disable()
    try:
        return main()
    except WrongUsage as wrong:
        complain(name, str(wrong))
        return 2
    except SystemExit as stop:  # argparse's way to say that all is said: --help, --version, wrong usage
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        return 130
    finally:
        if collects:
            gc.enable()


def require_version(name: str, argv: Sequence[str]) -> None:
    """Raise WrongUsage if --required-version is not met, whatever else is in `argv`.

    Another version may know other options.
    """
    if not any(argument.startswith(REQUIRED_VERSION.name) for argument in argv):
        return
    from argparse import ArgumentParser

    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    parser = ArgumentParser(prog=name, add_help=False, allow_abbrev=False)
    parser.add_argument(REQUIRED_VERSION.name, metavar=REQUIRED_VERSION.metavar, default="")
    required = parser.parse_known_args(argv)[0].required_version
    try:
        is_met = SpecifierSet(required).contains(__version__, prereleases=True)
    except InvalidSpecifier:
        raise WrongUsage(
            f"--required-version {required!r} is no version specifier; write one like '>=1.2' or '==1.2.3'"
        ) from None
    if not is_met:
        raise WrongUsage(
            f"this is version {__version__}, but --required-version asks for {required}; "
            "set the `rev` of this repository in .pre-commit-config.yaml to such a version"
        )


def execute(name: str, tasks: Sequence[Task], options: Options, progress: Progress | None = None) -> int:
    """Run hooks over one tree, fix what they find if that is asked for, report it, and return the exit status.

    `name` is that of the program, for the report.
    """
    findings, tree = look(tasks, options, progress)
    fixed: list[str] = []
    if options[FIX]:
        from dunnage.frame.fix import fix

        findings, tree, fixed = fix(
            findings, tree, lambda: look(tasks, options, progress), lambda left: _repair(tasks, left, options)
        )
    _report(name, options, findings, fixed, tree)
    return 1 if findings or fixed else 0


def look(tasks: Sequence[Task], options: Options, progress: Progress | None = None) -> tuple[list[Finding], Tree]:
    """What hooks find that no comment silences, and the tree in which they found it."""
    tree = Tree()
    findings: list[Finding] = []
    for task in tasks:
        # Each hook judges the ignore comments that name its rules, in the files that it reads itself.
        view = tree.view(progress(task) if progress else None)
        found = list(task.hook.check(task.names, view, options))
        for finding in ignore.silence(found, view, task.hook.rules, task.hook.comments):
            # A comment that is wrong for several hooks is wrong once.
            if finding.rule not in ignore.RULES or finding not in findings:
                findings.append(finding)
    return findings, tree


def _repair(tasks: Sequence[Task], findings: Sequence[Finding], options: Options) -> Repaired:
    """Let each hook act on its own findings."""
    from dunnage.frame.finding import Repaired

    done: list[str] = []
    failed: dict[Finding, str] = {}
    for hook, names in tasks:
        own = [finding for finding in findings if finding.rule in hook.rules]
        if hook.repair and own:
            repaired = hook.repair(names, own, options)
            done += repaired.done
            failed.update(repaired.failed)
    return Repaired(done, failed)


def _report(name: str, options: Options, findings: list[Finding], fixed: list[str], tree: Tree) -> None:
    if options[OUTPUT_FORMAT] == "text" and not findings and not fixed:
        return
    from dunnage.frame import report

    if options[OUTPUT_FORMAT] == "json":
        text = report.as_json(name, findings, fixed, tree)
    else:
        text = report.as_text(findings, fixed, tree, report.wants_colour(sys.stdout))
    try:
        report.write(text, sys.stdout)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            complain(name, f"the report cannot be written: {error.strerror}")
        # What is still buffered would fail once more when Python exits, and be reported then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(name: str, message: str) -> None:
    """Say on stderr, as the program of this name, what is wrong with how it is used."""
    from dunnage.frame.report import printable

    print(printable(f"{name}: {message}"), file=sys.stderr)
