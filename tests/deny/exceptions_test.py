"""Reasons and review dates of exceptions."""

from __future__ import annotations

from datetime import date

import pytest
import tomli

from dunnage.deny.exceptions import exceptions, explains, review
from dunnage.files.source import File
from steps import steps


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
    ("text", "does"),
    [
        ("a", True),
        ("review by 2027-03-01", False),
        (" - ", False),
        ("review by us", True),
        ("RUSTSEC-2024-0001", False),
        ("RUSTSEC-2024-0001: not reachable", True),
    ],
)
def test_reasons(text: str, does: bool) -> None:
    assert explains(text, "RUSTSEC-2024-0001") == does


@pytest.mark.parametrize(
    ("array", "comments"),
    [
        pytest.param('["a"] # one', ["not about one one"], id="after it"),
        pytest.param('["a", "b"] # both', ["both", "both"], id="after two"),
        pytest.param(
            '[\n  # one\n  # more\n  "a",\n  "b", # two\n]', ["one more", "one more two"], id="above and after"
        ),
        pytest.param(
            '[\n  # run\n  "a", "b",\n  { crate = "c",\n reason = "" },\n  "d",\n]', ["run"] * 4, id="above a run"
        ),
        pytest.param('[\n  # run\n  "a",\n\n  "b",\n]', ["run", ""], id="a blank line ends the run"),
        pytest.param('[\n  # run\n  "a",\n  #\n  "b",\n]', ["run", ""], id="a bare hash sign ends the run"),
        pytest.param('[\n  # run\n  "a",\n  # next\n  "b",\n]', ["run", "next"], id="another comment ends the run"),
        pytest.param('[\n  # far\n\n  "a",\n  "b",\n]', ["", ""], id="a blank line between"),
        pytest.param('[\n  { crate = "a", # in it\n  reason = "" },\n "b"]', ["in it", ""], id="inside"),
        pytest.param('[ # of the array\n  "a",\n]', ["not about one of the array"], id="after the bracket"),
        pytest.param('[ # of b\n  "a",\n  "b",\n]', ["", "not about one of b"], id="names one of several"),
        pytest.param('[ # of b.c\n  "b.c",\n  "b.d",\n]', ["not about one of b.c", ""], id="names more than a word"),
        pytest.param('[\n  # "a@1",\n  "a",\n  "b",\n]', ["", ""], id="commented out"),
        pytest.param('["#no", "b"]', ["", ""], id="no comment"),
        pytest.param("[\n# far\n" + "# y\n" * 50 + '"a",\n"b"]', [" ".join(["y"] * 50)] * 2, id="a long comment"),
        pytest.param('[\n  "a", # dunnage: ignore[x/y] z\n  "b",\n]', ["", ""], id="for this hook"),
        pytest.param('[\n  "a", "a",\n  # b\n  "a", # c\n]', ["", "", "b c"], id="the same again"),
        pytest.param('[\n  # TODO\n  "a",\n  # TODO(me): explain why\n  "b",\n]', ["", ""], id="a reason to come"),
        pytest.param(
            '[\n  # TODO: remove when tokio 2 is out\n  "a",\n  "b",\n]',
            ["TODO: remove when tokio 2 is out"] * 2,
            id="a plan",
        ),
        pytest.param(
            '[\n  "a", # you can also ignore yanked crate versions if you wish\n  "b",\n]', ["", ""], id="template"
        ),
    ],
)
def test_comments(array: str, comments: list[str]) -> None:
    text = f"[bans]\n# not about one\nskip = {array}\n# the end\n"
    found = list(exceptions(File("deny.toml", text.encode()), tomli.loads(text)))
    assert [waiver.comment() for waiver in found] == comments
    # A glimpse may miss what is there, but sees nothing that is not.
    assert all(set(waiver.glimpse().split()) <= set(waiver.comment().split()) for waiver in found)


@pytest.mark.parametrize(
    ("array", "quotable"),
    [
        pytest.param('[\n  # one\n  # more\n  "a",\n]', ["one more"], id="above it"),
        pytest.param('[\n  "a", # one\n]', [""], id="in its line"),
        pytest.param('[\n  # one\n  "a", # two\n]', [""], id="two blocks"),
        pytest.param('[\n  # one\n  #\n  # two\n  "a",\n]', [""], id="two paragraphs"),
        pytest.param('[\n  # both\n  "a",\n  "b",\n]', ["", ""], id="above several"),
        pytest.param('[\n  # TODO: remove when tokio 2 is out\n  "a",\n]', [""], id="a plan"),
        pytest.param('[\n  # a list of crates to ignore, see\n  # "b",\n  "a",\n]', [""], id="an entry in it"),
    ],
)
def test_quotable_comments(array: str, quotable: list[str]) -> None:
    text = f"[bans]\nskip = {array}\n"
    found = exceptions(File("deny.toml", text.encode()), tomli.loads(text))
    assert [waiver.quotable() for waiver in found] == quotable


def test_a_shared_comment_is_read_once() -> None:
    def run(lines: int) -> int:
        comment = "# review by 2027-01-01\n" * lines
        names = "".join(f'"{at}",\n' for at in range(200))
        text = f"[bans]\n{comment}skip = [\n{comment}{names}]\n"
        found = list(exceptions(File("deny.toml", text.encode()), tomli.loads(text)))
        return steps(lambda: [(waiver.quotable(), explains(waiver.comment(), waiver.name)) for waiver in found])

    assert run(50) < 1.3 * run(1)


def test_the_end_of_a_very_long_comment_does_not_count() -> None:
    text = "[bans]\nskip = [\n" + f"# {'a ' * 900}\n" * 6 + '# end\n"b",\n]\n'
    (found,) = exceptions(File("deny.toml", text.encode()), tomli.loads(text))
    assert len(found.comment()) == 10_000
