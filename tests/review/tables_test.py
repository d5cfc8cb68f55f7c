"""Tables that nothing from a repository can break out of."""

from __future__ import annotations

import json

from dunnage.frame.review import merged
from dunnage.review.tables import Table, as_data, as_markdown, as_text, written

HOSTILE = Table("added", ("crate", "version"), [("a|b*`<img>", "[x](y) @user https://evil.example"), ("c", "1.0.0")])


def test_text() -> None:
    assert as_text("Changes", [Table("added", ("crate", "version"), [("a", "1"), ("long", "2")])]) == (
        "Changes\n\nadded (2)\n  a     1\n  long  2\n"
    )


def test_markdown() -> None:
    assert as_markdown("x|y", [HOSTILE]).splitlines()[4:] == [
        "| crate | version |",
        "| --- | --- |",
        "| a\\|b\\*\\`\\<img\\> | \\[x\\](y) @\u2060user https:\u2060//evil.example |",
        "| c | 1.0.0 |",
    ]


def test_no_mention_and_no_link() -> None:
    text = "&#64;user &commat;user fixes #1 WWW.evil.example www.evil.example @a"
    table = Table("added", ("crate",), [(text,)])
    assert as_markdown("x", [table]).splitlines()[-1] == (
        "| \\&\\#64;user \\&commat;user fixes \\#1 WWW\u2060.evil.example www\u2060.evil.example @\u2060a |"
    )


def test_data() -> None:
    assert as_data([HOSTILE])["added"][1] == {"crate": "c", "version": "1.0.0"}


def test_json_contains_no_command_for_a_runner() -> None:
    found = written({"##[a]": [Table("b", ("c",), [("##[error]\x7f\u2028",)])]}, "json", str)
    assert json.loads(found) == {"changes": {"##[a]": {"b": [{"c": "##[error]\x7f\u2028"}]}}}
    again = merged([found], "json")
    assert json.loads(again) == json.loads(found)
    for text in (found, again):
        assert "##" not in text
        assert text.isascii()
        assert all(line.isprintable() for line in text.splitlines())
