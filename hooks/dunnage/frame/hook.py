"""The frame round every hook: arguments, run, fix, report, exit status.

A hook's module has a `HOOK = Hook(…)` and a `main(argv)` that returns `run(HOOK, argv)`.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from dunnage import __version__
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.frame import ignore, options
from dunnage.frame.finding import Finding, Repaired, Rule
from dunnage.frame.options import Option, Options


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


def run(hook: Hook, argv: Sequence[str] | None = None) -> int:
    """Run a hook with command-line arguments, by default the program's own, and return its exit status.

    0: nothing found. 1: something found, or fixed. 2: wrong usage. 130: interrupted.
    """
    # A check keeps nearly all that it makes until it ends, so there is nothing for the garbage collector to find.
    collects = gc.isenabled()
    gc.disable()
    try:
        return _run(hook, sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130
    finally:
        if collects:
            gc.enable()


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
        from dunnage.frame.fix import fix

        def repair(left: Sequence[Finding]) -> Repaired:
            return hook.repair(given.files, left, given) if hook.repair else Repaired([], {})

        findings, tree, fixed = fix(findings, tree, lambda: _look(hook, given), repair)
    _report(hook, given, findings, fixed, tree)
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


def _report(hook: Hook, given: Options, findings: list[Finding], fixed: list[str], tree: Tree) -> None:
    if given.output_format == "text" and not findings and not fixed:
        return
    from dunnage.frame import report

    if given.output_format == "json":
        text = report.as_json(hook.name, findings, fixed, tree)
    else:
        text = report.as_text(findings, fixed, tree, report.wants_colour(sys.stdout))
    try:
        report.write(text, sys.stdout)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _complain(hook, f"the report cannot be written: {error.strerror}")
        # What is still buffered would fail once more when Python exits, and be reported then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(hook: Hook, message: str) -> None:
    from dunnage.frame.report import printable

    print(printable(f"{hook.name}: {message}"), file=sys.stderr)
