"""Reasons and review dates of exceptions."""

from __future__ import annotations

from datetime import date

import pytest
import tomli

from dunnage.deny.exceptions import exceptions, explains, review
from dunnage.files.source import File


@pytest.mark.parametrize(
    ("text", "day", "written"),
    [
        ("a, review by 2027-03-01", date(2027, 3, 1), "2027-03-01"),
        ("REVIEW BY 2027-03-01.", date(2027, 3, 1), "2027-03-01"),
        ("review by 2028-01-01, or review by 2027-01-01", date(2027, 1, 1), "2027-01-01"),
        ("review by 2027-02-30", None, "2027-02-30"),
        ("review by 2027-3-1", None, ""),
        ("review by 2027-03-011", None, ""),
        ("a preview by 2027-03-01", None, ""),
        ("review by: 2027-03-01", None, ""),
        ("review in 2027", None, ""),
        ("review by ", None, ""),
        ("", None, ""),
    ],
)
def test_dates(text: str, day: date | None, written: str) -> None:
    assert review(text) == (day, written)


@pytest.mark.parametrize(
    ("text", "does"), [("a", True), ("review by 2027-03-01", False), (" - ", False), ("review by us", True)]
)
def test_reasons(text: str, does: bool) -> None:
    assert explains(text) == does


@pytest.mark.parametrize(
    ("array", "comments"),
    [
        pytest.param('["a"] # one', ["one"], id="after it"),
        pytest.param('["a", "b"] # both', ["both", "both"], id="after two"),
        pytest.param('[\n  # one\n  # more\n  "a",\n  "b", # two\n]', ["one more", "two"], id="above and after"),
        pytest.param('[\n  # far\n\n  "a",\n]', [""], id="a blank line between"),
        pytest.param('[\n  { crate = "a", # in it\n  reason = "" },\n]', ["in it"], id="inside"),
        pytest.param('[ # of the array\n  "a",\n]', [""], id="after the bracket"),
        pytest.param('[\n  # "a@1",\n  "a",\n]', [""], id="commented out"),
        pytest.param('["#no"]', [""], id="no comment"),
        pytest.param('[\n  "a", # dunnage: ignore[x/y] z\n]', [""], id="for this hook"),
        pytest.param('[\n  "a", "a",\n  # b\n  "a", # c\n]', ["", "", "b c"], id="the same again"),
    ],
)
def test_comments(array: str, comments: list[str]) -> None:
    text = f"[bans]\n# not about one\nskip = {array}\n# the end\n"
    found = list(exceptions(File("deny.toml", text.encode()), tomli.loads(text)))
    assert [waiver.comment() for waiver in found] == comments
    # A glimpse may miss what is there, but sees nothing that is not.
    assert all(set(waiver.glimpse().split()) <= set(waiver.comment().split()) for waiver in found)
