"""The frame round every hook: arguments, run, fix, report, exit status.

A hook's module has a `HOOK = Hook(…)` and a `main(argv)` that returns `run(HOOK, argv)`.
"""

import os
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from dunnage import __version__, ignore, options, report
from dunnage.finding import Edit, Finding, Rule, Span
from dunnage.git import repository
from dunnage.options import Option, Options
from dunnage.source import File, SourceError, Tree, apply, overlap, replace, writable

# A fix may make another one possible, or wait for one that it overlaps with. Real files need two or three rounds.
_ROUNDS = 10


class Hook(NamedTuple):
    """What one hook brings to the frame."""

    name: str
    """Its id and its console script: `check-cargo-lock`."""
    summary: str
    """One line, for `--help`."""
    rules: tuple[Rule, ...]
    """All that its findings may have."""
    check: Callable[[Sequence[str], Tree, Options], Iterable[Finding]]
    """What is wrong with the files of these names, read through the tree."""
    comments: Callable[[File], Iterable[tuple[Span, str]]]
    """The comments of a file that the check reads, each without its marker. May raise SourceError."""
    fixes: bool = False
    """Whether there is a `--fix`."""
    options: tuple[Option, ...] = ()
    """Its own, beside those that all hooks have."""
    repair: "Callable[[Sequence[str], Sequence[Finding], Options], Repaired] | None" = None
    """A fix that is an action: given the file names and what edits could not fix, it acts. The check runs again then.
    """


class Repaired(NamedTuple):
    """What a hook's `repair` came to."""

    done: Sequence[str]
    """What it did, in lines that begin with a path."""
    failed: Mapping[Finding, str]
    """Why it could not do what a finding needs, in one line each."""


def run(hook: Hook, argv: Sequence[str] | None = None) -> int:
    """Run a hook with command-line arguments, by default the program's own, and return its exit status.

    0: nothing found. 1: something found, or fixed. 2: wrong usage. 130: interrupted.
    """
    try:
        return _run(hook, sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130


def _run(hook: Hook, argv: Sequence[str]) -> int:
    try:
        _require_version(hook, argv)
        given = _parse(hook, argv)
    except SystemExit as stop:  # argparse's way to say that all is said: --help, --version, wrong usage
        return stop.code if isinstance(stop.code, int) else 0
    for path in given.files:
        if not os.path.lexists(path):
            _complain(hook, f"there is no file {path}")
            return 2

    findings, tree = _look(hook, given)
    fixed: list[str] = []
    if hook.fixes and given.fix:
        findings, tree, fixed = _fix(hook, given, findings, tree)
    if given.output_format == "json":
        _print(hook, report.as_json(hook.name, findings, fixed, tree))
    elif findings or fixed:
        _print(hook, report.as_text(findings, fixed, tree, report.wants_colour(sys.stdout)))
    return 1 if findings or fixed else 0


def _parse(hook: Hook, argv: Sequence[str]) -> Options:
    rules = hook.rules + ignore.RULES
    width = max(len(rule.id) for rule in rules)
    return options.parse(
        argv,
        ((options.FIX,) if hook.fixes else ()) + options.COMMON + hook.options,
        prog=hook.name,
        description=hook.summary,
        epilog="\n".join(["rules:", *(f"  {rule.id:{width}}  {rule.summary}" for rule in rules)]),
        version=f"{hook.name} {__version__}",
    )


def _require_version(hook: Hook, argv: Sequence[str]) -> None:
    """Exit if --required-version is not met, whatever else is in `argv`: another version may know other options."""
    if not any(argument.startswith("--required-version") for argument in argv):
        return
    from argparse import ArgumentParser

    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    parser = ArgumentParser(prog=hook.name, add_help=False, allow_abbrev=False)
    parser.add_argument("--required-version", metavar="SPEC", default="")
    required = parser.parse_known_args(argv)[0].required_version
    try:
        met = SpecifierSet(required).contains(__version__, prereleases=True)
    except InvalidSpecifier:
        _complain(hook, f"--required-version {required!r} is no version specifier; write one like '>=1.2' or '==1.2.3'")
        raise SystemExit(2) from None
    if not met:
        _complain(
            hook,
            f"this is version {__version__}, but --required-version asks for {required}; "
            "set the `rev` of this repository in .pre-commit-config.yaml to such a version",
        )
        raise SystemExit(2)


def _look(hook: Hook, given: Options) -> tuple[list[Finding], Tree]:
    tree = Tree()
    findings = list(hook.check(given.files, tree, given))
    return ignore.silence(findings, tree, hook.rules, hook.comments), tree


def _fix(hook: Hook, given: Options, findings: list[Finding], tree: Tree) -> tuple[list[Finding], Tree, list[str]]:
    """What is left, as it is on disk now, and what was done."""
    folder = repository(os.getcwd())
    root = folder.top if folder else os.getcwd()
    repair = hook.repair
    fixed: list[str] = []
    refused: dict[str, str] = {}
    failed: Mapping[Finding, str] = {}
    for _ in range(_ROUNDS):
        done: Sequence[str] = _write_fixes(report.in_order(findings, tree), tree, root, refused)
        if not done and findings and repair:
            done, failed = repair(given.files, findings, given)
            repair = None
        if not done:
            break
        fixed += done
        findings, tree = _look(hook, given)
    return [_with_reasons(finding, refused, failed) for finding in findings], tree, fixed


def _write_fixes(findings: Sequence[Finding], tree: Tree, root: str, refused: dict[str, str]) -> list[str]:
    """Write the fixes that fit together and say what they did; add to `refused` why a path cannot be written."""
    taken: list[Edit] = []
    done = [
        f"{report.place(finding, tree)}: {finding.rule.id} {finding.fix.description}"
        for finding in findings
        if finding.fix and _may_write(finding.fix.edits, root, refused) and _take(finding.fix.edits, taken)
    ]
    written: list[str] = []
    for path in sorted({edit.path for edit in taken}):
        before = tree.read(path).data
        try:
            replace(path, apply(before, [edit for edit in taken if edit.path == path]), root)
        except SourceError as error:
            # All of a fix or nothing: which files belong together is not worth knowing when a disk is full.
            for other in written:
                with suppress(SourceError):
                    replace(other, tree.read(other).data, root)
            refused[path] = error.message
            return []
        written.append(path)
    return done


def _may_write(edits: Iterable[Edit], root: str, refused: dict[str, str]) -> bool:
    paths = {edit.path for edit in edits}
    for path in paths - refused.keys():
        try:
            writable(path, root)
        except SourceError as error:
            refused[path] = error.message
    return refused.keys().isdisjoint(paths)


def _take(edits: Iterable[Edit], taken: list[Edit]) -> bool:
    """Put the edits among those taken, which are in order, if none of them overlaps with another."""
    added: list[Edit] = []
    for edit in edits:
        at = bisect_left(taken, edit)
        if edit in taken[at : at + 1]:
            continue
        neighbours = taken[max(at - 1, 0) : at + 1]
        if any(edit.path == other.path and overlap(*sorted((edit, other))) for other in neighbours):
            for other in added:
                taken.remove(other)
            return False
        taken.insert(at, edit)
        added.append(edit)
    return True


def _with_reasons(finding: Finding, refused: Mapping[str, str], failed: Mapping[Finding, str]) -> Finding:
    """Add to the help of a finding why it is still there."""
    paths = sorted({edit.path for edit in finding.fix.edits} & refused.keys()) if finding.fix else []
    reasons = [f"{path} {refused[path]}" for path in paths] + ([failed[finding]] if finding in failed else [])
    if not reasons:
        return finding
    lines = [finding.help, *(f"--fix changed nothing: {reason}" for reason in reasons)]
    return finding._replace(help="\n".join(filter(None, lines)))


def _complain(hook: Hook, message: str) -> None:
    print(report.printable(f"{hook.name}: {message}"), file=sys.stderr)


def _print(hook: Hook, text: str) -> None:
    try:
        report.write(text, sys.stdout)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _complain(hook, f"the report cannot be written: {error.strerror}")
        # What is still buffered would fail once more when Python exits, and be reported then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
