"""Running hooks over files: check, fix, report, exit status."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from dunnage import __version__
from dunnage.files.source import Tree, display
from dunnage.files.walk import is_in_vendored_crate
from dunnage.frame.finding import MARK, MOST_FINDINGS, MOST_TEXT, reportable, text_size
from dunnage.frame.options import (
    FIX,
    IGNORE,
    OUTPUT_FILE,
    OUTPUT_FILE_FORMAT,
    OUTPUT_FORMAT,
    QUIET_FORMATS,
    REQUIRED_VERSION,
    WrongUsage,
)

if TYPE_CHECKING:
    from dunnage.frame.check import Progress
    from dunnage.frame.finding import Finding, Rule
    from dunnage.frame.hook import Hook
    from dunnage.frame.options import Options
    from dunnage.frame.output import Repaired


Task: TypeAlias = "tuple[Hook, Sequence[str]]"
"""A hook, and the names of the files to check."""


def guarded(name: str, main: Callable[[], int]) -> int:
    """Run `main` and return its exit status; 2 for wrong usage, 130 after an interrupt. `name` is the program's."""
    # Nearly every object lives until the check ends, so the garbage collector would only cost time.
    collects = gc.isenabled()
    gc.disable()
    try:
        try:
            os.getcwd()
        except OSError as error:
            raise WrongUsage(f"the working directory cannot be used: {error.strerror}") from None
        return main()
    except WrongUsage as wrong:
        complain(name, str(wrong))
        return 2
    except SystemExit as stop:  # raised after --help, --version and options that print something
        return stop.code if isinstance(stop.code, int) else 0
    except OSError as error:  # such as a working directory that is removed, or too many open files
        complain(name, f"the system does not let it continue: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    finally:
        if collects:
            gc.enable()


def require_version(name: str, argv: Sequence[str]) -> None:
    """Raise WrongUsage if this version does not satisfy --required-version.

    Other arguments are not parsed: a different version may have different options.
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
            f"--required-version {required!r} is not a version specifier; write one such as '>=1.2' or '==1.2.3'"
        ) from None
    if not is_met:
        raise WrongUsage(
            f"this is version {__version__}, but --required-version requires {required}; "
            "in .pre-commit-config.yaml, set `rev` to such a version"
        )


def require_existing(paths: Iterable[str], tree: Tree) -> None:
    """Raise WrongUsage if nothing is at one of the paths. A file that may not be read is a finding."""
    for path in paths:
        if not tree.exists(path):
            raise WrongUsage(f"there is no file {path}")


def require_known(ignored: Iterable[str], rules: Sequence[Rule]) -> None:
    """Raise WrongUsage if one of the ignored rule ids is unknown."""
    from dunnage.frame import ignore
    from dunnage.frame.shared_rules import SHARED_RULES

    if problem := ignore.unknown(ignored, (*rules, *SHARED_RULES)):
        raise WrongUsage(f"argument {IGNORE.name}: {problem}")


def execute(
    name: str, tasks: Sequence[Task], options: Options, tree: Tree | None = None, progress: Progress | None = None
) -> int:
    """Run hooks over one tree, apply fixes if `--fix` is given, report findings, and return the exit status.

    `name` is the name of the program, for the report. Raises WrongUsage.
    """
    file, file_format = options[OUTPUT_FILE], options[OUTPUT_FILE_FORMAT]
    if file is not None:
        from dunnage.frame.output.delivery import format_of

        file_format = format_of(file, file_format)

    tree = tree or Tree()
    findings, suppressed = look(tasks, options, tree, progress)
    status = 0
    is_quiet = file is None and options[OUTPUT_FORMAT] in QUIET_FORMATS
    if findings or not is_quiet:
        from dunnage.frame.output import Report
        from dunnage.frame.output.delivery import deliver

        report = Report(name, _rules(tasks), tree, findings, suppressed)
        if options[FIX]:
            from dunnage.frame.fix import fix

            report = fix(
                report,
                lambda tree, paths: _look_again(tree, paths, tasks, options, progress),
                lambda left: _repair(tasks, left, options),
            )
        if progress:
            progress.close()
        status = 1 if report.findings or report.fixed else 0
        if status or not is_quiet:
            deliver(report, options[OUTPUT_FORMAT], sys.stdout, file, file_format)
    elif progress:
        progress.close()
    for note in dict.fromkeys(options.notes):
        complain(name, note)
    return status


def look(
    tasks: Sequence[Task], options: Options, tree: Tree, progress: Progress | None = None
) -> tuple[list[Finding], list[Finding]]:
    """Run hooks over the files of a tree. Returns the findings, and those that ignore comments silence."""
    findings: list[Finding] = []
    suppressed: list[Finding] = []
    shared: set[Finding] = set()
    for hook, given in tasks:
        # Each hook judges the ignore comments about its rules, in the files that it reads itself.
        view = tree.view(progress.begin(hook.name, given) if progress else None)
        # In order, so that the place where a limit ends a run does not depend on the order of arguments.
        names = view.few(name for name in given if hook.examines_vendored or not is_in_vendored_crate(tree, name))
        found = _bounded(hook.check(names, view, options))
        files = view.files()
        if view.left_out or view.unreadable() or any(file.unread for file in files):
            from dunnage.frame.shared_rules import unread

            found += _bounded(unread(view, names, found))
        if any(MARK in file.data for file in files):
            from dunnage.frame import ignore
            from dunnage.frame.shared_rules import ABOUT_INPUT

            examined = None if hook.examines_all else names
            silenced = ignore.silence(found, view, (*hook.rules, *ABOUT_INPUT), hook.comments, examined)
            suppressed += [finding._replace(hook=hook.name) for finding in silenced.suppressed]
            found = ignore.few(silenced.findings)
        for finding in found:
            if finding in shared:
                continue  # several hooks may report the same comment or limit
            if finding.rule not in hook.rules:
                shared.add(finding)
            findings.append(finding._replace(hook=hook.name))
    if ignored := options[IGNORE]:
        # Only now, because a comment that silences a finding of an ignored rule is not unused.
        findings = [finding for finding in findings if finding.rule.id not in ignored]
        suppressed = [finding for finding in suppressed if finding.rule.id not in ignored]
    return findings, suppressed


def _look_again(
    tree: Tree, paths: Collection[str] | None, tasks: Sequence[Task], options: Options, progress: Progress | None
) -> tuple[list[Finding], list[Finding]]:
    """What `look` returns for the files at `paths`; None stands for all files."""
    if paths is not None:
        given = [(hook, [name for name in names if display(name) in paths]) for hook, names in tasks]
        tasks = [(hook, names) for hook, names in given if names]
    return look(tasks, options, tree, progress)


def _bounded(found: Iterable[Finding]) -> list[Finding]:
    """Collect findings up to the first that is too many, or has too much text, which the last one then says."""
    collected = reportable(found, size=text_size)
    too_much = f"{MOST_FINDINGS:,} findings" if len(collected) > MOST_FINDINGS else ""
    if sum(map(text_size, collected)) > MOST_TEXT:
        too_much = f"{MOST_TEXT:,} characters in the findings"
    if too_much:
        from dunnage.frame.shared_rules import too_many

        collected[-1] = too_many(collected[-1], too_much)
    return collected


def _rules(tasks: Sequence[Task]) -> tuple[Rule, ...]:
    """Every rule that the findings of these tasks may have, each once."""
    from dunnage.frame.shared_rules import SHARED_RULES

    return tuple(dict.fromkeys((*(rule for hook, _ in tasks for rule in hook.rules), *SHARED_RULES)))


def _repair(tasks: Sequence[Task], findings: Sequence[Finding], options: Options) -> Repaired:
    """Let each hook repair its own findings."""
    from dunnage.frame.output import Repaired

    actions: list[str] = []
    failed: dict[Finding, str] = {}
    for hook, names in tasks:
        # Keyed by the finding as the hook yields it, because the hook may check again and compare.
        own = {finding._replace(hook=""): finding for finding in findings if finding.hook == hook.name}
        if hook.repair and own:
            repaired = hook.repair(names, list(own), options)
            actions += repaired.actions
            failed.update((own[finding], reason) for finding, reason in repaired.failed.items())
    return Repaired(actions, failed)


def complain(name: str, message: str) -> None:
    """Print on stderr what is not a finding: wrong usage, or what could not be checked."""
    from dunnage.files.shown import printable

    if sys.stderr is not None:  # else print would write to stdout
        with suppress(OSError):
            print(printable(f"{name}: {message}"), file=sys.stderr)
