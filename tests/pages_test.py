"""Every rule has a page with all its fields, and the examples in docs/ are what the programs print."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage import check_locked_builds
from dunnage.frame import rules
from pages import DOCS, FIELDS, Example, Page, documents, example, pages

RULES = {rule.id: rule for rule, _ in rules.rules()}
ALL = {page.rule: page for page in pages()}


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert sorted(ALL) == sorted(RULES)


def plain(summary: str) -> str:
    """A summary without what `--help` and a page of Markdown write differently."""
    return f"{summary[0].lower()}{summary[1:]}".removesuffix(".").replace("`", "")


@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_fields(page: Page) -> None:
    assert page.title == page.rule
    assert plain(page.summary) == plain(RULES[page.rule].summary)
    sections = page.sections()
    assert tuple(sections) == FIELDS
    assert all(sections.values()), "a field is empty"
    assert sections["Since"] == RULES[page.rule].since
    assert sections["Fix available"].startswith(("Yes", "No"))


@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_example(page: Page, tmp_path: Path) -> None:
    assert example(page, tmp_path).run() == page.sections()["Example"], "run `make examples`"


@pytest.mark.parametrize(
    ("rule", "path", "content"),
    [
        pytest.param("input/too-large", ".github/workflows/build.yml", b"# cargo\n#" + b"x" * 2**20, id="large"),
        pytest.param("input/unreadable", "Dockerfile", b"FROM a\n\n# build \xe9\nRUN cargo build --locked\n", id="b"),
    ],
)
def test_example_that_a_page_cannot_hold(
    rule: str, path: str, content: bytes, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)
    check_locked_builds.main([path])
    assert f"```text\n{capsys.readouterr().out}```" in ALL[rule].sections()["Example"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(DOCS).as_posix())
def test_examples_of_other_pages(document: Path, tmp_path: Path) -> None:
    text = document.read_text("utf-8")
    assert Example(text, tmp_path).run() == text, "run `make examples`"
