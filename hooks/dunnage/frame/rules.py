"""`dunnage rules`: list all rules."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from dunnage import __version__
from dunnage.frame.arguments import Program, parse
from dunnage.frame.finding import Rule
from dunnage.frame.options import choice
from dunnage.frame.registry import ENTRIES
from dunnage.frame.shared_rules import SHARED_RULES

NAME = "dunnage rules"
SUMMARY = "list the rules of all hooks"
JSON_VERSION = 1
OUTPUT_FORMAT = choice("--output-format", "how to print the rules (default: text)", ("text", "json"))


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    given = parse(
        argv, Program(NAME, f"dunnage {__version__}", "List the rules of all hooks.", (OUTPUT_FORMAT,), metavar="")
    )
    sys.stdout.write(_as_json() if given[OUTPUT_FORMAT] == "json" else _as_text())
    return 0


def rules() -> Iterator[tuple[Rule, str]]:
    """Yield each rule with the id of its hook, which is empty for those that all hooks have."""
    for entry in ENTRIES:
        yield from ((rule, entry.id) for rule in entry.hook().rules)
    yield from ((rule, "") for rule in SHARED_RULES)


def _as_text() -> str:
    rows = [("RULE", "HOOK", "LEVEL", "FIX", "SINCE", "WHAT IS WRONG")]
    rows += [
        (rule.id, hook or "every hook", rule.level, "yes" if rule.is_fixable else "no", rule.since, rule.summary)
        for rule, hook in rules()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return "".join(
        "".join(f"{cell:{width}}  " for cell, width in zip(cells, widths, strict=True)) + f"{summary}\n"
        for *cells, summary in rows
    )


def _as_json() -> str:
    import json

    found = [
        {
            "id": rule.id,
            "hook": hook or None,
            "level": rule.level,
            "fix": rule.is_fixable,
            "since": rule.since,
            "summary": rule.summary,
        }
        for rule, hook in rules()
    ]
    return json.dumps({"version": JSON_VERSION, "rules": found}, indent=2) + "\n"
