"""`dunnage explain`: the page of a rule or of a hook."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import dunnage
from dunnage.frame.arguments import Program, nearest, parse
from dunnage.frame.execution import WrongUsage
from dunnage.frame.finding import address, how_to_accept
from dunnage.frame.output.delivery import write
from dunnage.frame.output.printable import printable
from dunnage.frame.registry import ENTRIES
from dunnage.frame.rules import rules

NAME = "dunnage explain"
SUMMARY = "print the page of a rule or of a hook"

_CODE_OR_COMMENT = re.compile(r"^```.*?^```$|^<!-- .*?-->\n+", re.DOTALL | re.MULTILINE)


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status. Raises WrongUsage."""
    names = parse(
        argv,
        Program(
            NAME,
            f"dunnage {dunnage.__version__}",
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
    write("\n".join(_page(name, pages) for name in names), sys.stdout)
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
    packed = package / "pages.json.bz2"
    try:
        if packed.is_file():  # in a wheel; a checkout has the pages beside its source
            import bz2  # some builds of Python do not have it

            text: str = json.loads(bz2.decompress(packed.read_bytes()))[page]
            return text
        return (package.parent.parent / "docs" / page).read_text("utf-8")
    except (OSError, KeyError, ImportError):
        raise WrongUsage(f"this installation has no page for {name}; read {address(page)}") from None
