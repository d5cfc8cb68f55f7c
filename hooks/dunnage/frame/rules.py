"""`dunnage rules`, which lists all rules, and `dunnage explain`: the page of a rule or of a hook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import dunnage
from dunnage.files.shown import printable
from dunnage.frame.arguments import Program, nearest, parse
from dunnage.frame.finding import Rule, address, how_to_accept
from dunnage.frame.options import WrongUsage, choice
from dunnage.frame.output.delivery import show
from dunnage.frame.registry import ENTRIES
from dunnage.frame.shared_rules import SHARED_RULES

JSON_VERSION = 1
OUTPUT_FORMAT = choice("--output-format", "how to print the rules (default: text)", ("text", "json"))
_CODE_OR_COMMENT = re.compile(r"^```.*?^```$|^<!-- .*?-->\n+", re.DOTALL | re.MULTILINE)


def list_rules(argv: Sequence[str]) -> int:
    """Run `dunnage rules` and return its exit status."""
    given = parse(argv, Program("dunnage rules", "List the rules of all hooks.", (OUTPUT_FORMAT,), metavar=""))
    show(_as_json() if given[OUTPUT_FORMAT] == "json" else _as_text())
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


def explain(argv: Sequence[str]) -> int:
    """Run `dunnage explain` and return its exit status. Raises WrongUsage."""
    names = parse(
        argv,
        Program(
            "dunnage explain",
            "Print the page of a rule or of a hook: what it finds, why it matters, how to fix it.",
            (),
            epilog="`dunnage rules` lists the rules of all hooks.",
            metavar="ID",
            files="the id of a rule, such as cargo-lock/stale, or of a hook, such as check-cargo-lock",
        ),
    ).files
    if not names:
        raise WrongUsage("name a rule or a hook, such as `dunnage explain cargo-lock/stale`")
    pages = {entry.id: f"hooks/{entry.id}.md" for entry in ENTRIES}
    pages |= {rule.id: f"rules/{rule.id}.md" for rule, _ in rules()}
    show("\n".join(_page(name, pages) for name in names))
    return 0


def _page(name: str, pages: dict[str, str]) -> str:
    """The text of the page with this name. `pages` has the paths of all, relative to docs/."""
    if name not in pages:
        hint = nearest(name, pages) or "; `dunnage rules` lists the rules of all hooks"
        raise WrongUsage(f"there is no rule or hook {name}{hint}")
    page = pages[name]
    text = _CODE_OR_COMMENT.sub(lambda found: found[0] if found[0].startswith("```") else "", _text(name, page))
    # A tab is the only character that a terminal would obey and that is not escaped.
    text = "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))
    # Findings about ignore comments cannot be silenced by another one.
    acceptance = f"{how_to_accept(name)}\n" if "/" in name and not name.startswith("ignore/") else ""
    return f"{text}\n{acceptance}On the web: {address(page)}\n"


def _text(name: str, page: str) -> str:
    package = Path(dunnage.__file__).parent
    packed = package / "pages.bz2"
    try:
        if packed.is_file():  # in a wheel; a checkout has the pages beside its source
            import bz2  # some builds of Python do not have it

            texts = bz2.decompress(packed.read_bytes()).decode().split("\0")
            return texts[texts.index(page) + 1]
        return (package.parent.parent / "docs" / page).read_text("utf-8")
    except (OSError, ValueError, ImportError):
        raise WrongUsage(f"this installation has no page for {name}; read {address(page)}") from None
