"""The frame of every hook: arguments, run, fix, report, exit status.

A hook's module has a `HOOK = Hook(…)` and a `main(argv)` that returns `run(HOOK, argv)`.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.frame import options
from dunnage.frame.execution import execute, guarded, require_existing, require_known, require_version
from dunnage.frame.finding import Finding, Rule, address
from dunnage.frame.options import Option, Options

if TYPE_CHECKING:
    from dunnage.frame.output import Repaired


class Hook(NamedTuple):
    """The parts of one hook that the frame needs."""

    name: str
    """Its id and its console script: `check-cargo-lock`."""
    summary: str
    """One line, for `--help`."""
    rules: tuple[Rule, ...]
    """Every rule that its findings may have."""
    check: Callable[[Sequence[str], Tree, Options], Iterable[Finding]]
    """Yields the findings in the files with these names, which it reads through the tree."""
    comments: Callable[[File], Iterable[tuple[Span, str]]]
    """Yields the comments of a file, each without its marker. May raise SourceError."""
    fixes: bool = False
    """Whether it has the option `--fix`."""
    options: tuple[Option[Any], ...] = ()
    """Its own options, in addition to those of all hooks."""
    prints: tuple[tuple[Option[Any], Callable[[Options], str]], ...] = ()
    """Those of its options with which it prints what a function returns for all options, instead of checking."""
    repair: Callable[[Sequence[str], Sequence[Finding], Options], "Repaired"] | None = None
    """Fixes the findings that edits cannot fix, for example by running cargo. The check runs again afterwards."""
    examines_vendored: bool = False
    """Whether it gets the names of files in vendored crates. No other hook reports anything there."""
    examines_all: bool = False
    """Whether it looks for all findings in every file that it reads, and not only in the files with the given names."""


def run(hook: Hook, argv: Sequence[str] | None = None) -> int:
    """Run a hook with command-line arguments, by default the program's own, and return its exit status.

    0: no findings. 1: findings, or fixed files. 2: wrong usage, or the report was not written. 130: interrupted.
    """
    return guarded(hook.name, lambda: _run(hook, options.plain(sys.argv[1:] if argv is None else argv)))


def _run(hook: Hook, argv: Sequence[str]) -> int:
    require_version(hook.name, argv)
    given = _parse(argv, hook) if any(argument.startswith("-") for argument in argv) else Options(files=argv)
    tree = Tree()
    require_existing(given.files, tree)
    if given[options.IGNORE]:
        require_known(given[options.IGNORE], hook.rules)
    return execute(hook.name, ((hook, given.files),), given, tree)


def _parse(argv: Sequence[str], hook: Hook) -> Options:
    from dunnage.frame.arguments import Program, parse
    from dunnage.frame.shared_rules import SHARED_RULES

    fix: tuple[Option[Any], ...] = (options.FIX,) if hook.fixes else ()
    offered = fix + options.COMMON + tuple(option.of(hook.name) for option in hook.options)
    epilog = f"{_rules_help(hook.rules + SHARED_RULES)}\nThe page of this hook: {address(f'hooks/{hook.name}.md')}"
    return parse(argv, Program(hook.name, hook.summary, offered, epilog=epilog, prints=hook.prints))


def _rules_help(rules: Sequence[Rule]) -> str:
    """The section of `--help` that lists rules."""
    width = max(len(rule.id) for rule in rules)
    lines = (f"  {rule.id:{width}}  {rule.summary}" for rule in rules)
    return "\n".join(["rules:", *lines, "", "`dunnage explain RULE` prints the page of a rule."])
