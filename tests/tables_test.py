"""The tables of hooks and rules in docs/, which are generated from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dunnage.frame.registry import ENTRIES
from dunnage.frame.rules import rules
from pages import DOCS, pages


def hook_table() -> Iterator[str]:
    """The lines of the page about all hooks."""
    yield from ("# Hooks", "", "| hook | what it checks | default |", "|---|---|---|")
    for entry in ENTRIES:
        state = "on" if entry.is_on else "off"
        yield f"| [`{entry.id}`]({entry.id}.md) | {entry.hook().summary} | {state} |"


def rule_table() -> Iterator[str]:
    """The lines of the page about all rules."""
    fixes = {page.rule: page.sections()["Fix available"].startswith("Yes") for page in pages()}
    yield from ("# Rules", "", "| rule | what is wrong | level | fix |", "|---|---|---|---|")
    for rule, _ in rules():
        fix = "yes" if fixes[rule.id] else "no"
        yield f"| [`{rule.id}`]({rule.id}.md) | {rule.summary} | {rule.level} | {fix} |"


def expected() -> dict[Path, str]:
    """The generated pages and their texts."""
    tables = {"hooks": hook_table(), "rules": rule_table()}
    return {DOCS / folder / "index.md": "".join(f"{line}\n" for line in table) for folder, table in tables.items()}


@pytest.mark.parametrize("path", expected(), ids=lambda path: path.parent.name)
def test_a_table_is_that_of_the_registry(path: Path) -> None:
    assert path.read_text("utf-8") == expected()[path], "run `make hooks-file`"


if __name__ == "__main__":
    for page, text in expected().items():
        page.write_bytes(text.encode())
