"""Every rule has a page with all its fields, and the example on it is what the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.frame import registry
from pages import FIELDS, Example, Page, pages

RULES = {rule.id: rule for entry in registry.ENTRIES for rule in entry.hook().rules}
ALL = {page.rule: page for page in pages()}


def test_every_page_has_a_rule() -> None:
    assert ALL.keys() <= RULES.keys()


@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_fields(page: Page) -> None:
    assert page.title == page.rule
    assert page.summary.removesuffix(".").replace("`", "") == RULES[page.rule].summary.replace("`", "")
    sections = page.sections()
    assert tuple(sections) == FIELDS
    assert all(sections.values()), "a field is empty"
    assert sections["Since"] == RULES[page.rule].since
    assert sections["Fix available"].startswith(("Yes", "No"))


@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_example(page: Page, tmp_path: Path) -> None:
    assert Example(page, tmp_path).run() == page.sections()["Example"], "run `make examples`"
