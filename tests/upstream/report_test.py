"""The reports: text from upstream controls none of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dunnage.upstream import formats, report
from dunnage.upstream.report import BEHIND, NAMED_FIX, READING, YANKED, Observation, Place, Report, Watched

WATCHED = Watched("tool", "1.0.0", "", (Place("ci/a b.yml", 3, 5),))
OTHER = Watched("other", "2.0.0", "3.0.0")
HOSTILE = "x `a` ``b`` @all #1 fixes #2 <img src=x> [a](http://b)\x1b[31m\u202e ::error::\nline"


def commit(message: str, watched: Watched = WATCHED) -> Observation:
    """A commit that names an advisory."""
    return Observation(NAMED_FIX, watched, "1" * 40, message, "pin it", f"https://github.com/a/b/commit/{'1' * 40}")


def of(*observations: Observation, failures: tuple[str, ...] = ()) -> Report:
    """A report."""
    watched = tuple(dict.fromkeys(each.watched for each in observations)) or (WATCHED,)
    return Report(watched, report.in_order(observations, watched), failures)


@pytest.mark.parametrize(
    ("report_of_a_run", "status"),
    [
        (of(), 0),
        (of(Observation(BEHIND, WATCHED, "s", "m")), 0),
        (of(Observation(NAMED_FIX, WATCHED, "s", "m", level="note")), 0),
        (of(commit("m")), 1),
        (of(failures=("f",)), 3),
        (of(commit("m"), failures=("f",)), 3),
    ],
)
def test_status(report_of_a_run: Report, status: int) -> None:
    assert report_of_a_run.status == status


def test_order() -> None:
    note = Observation(READING, WATCHED, "1", "m")
    yanked = Observation(YANKED, WATCHED, "2", "m")
    other = Observation(BEHIND, OTHER, "3", "m")
    assert report.in_order([other, note, yanked, note], [WATCHED, OTHER]) == [yanked, note, other]


def test_text() -> None:
    assert report.text(of(commit("m"), Observation(BEHIND, OTHER, "s", "n"), failures=("f",))) == (
        "tool 1.0.0, pinned in ci/a b.yml:3:5\n"
        "  warning upstream/named-fix m\n"
        "      help: pin it\n"
        f"      https://github.com/a/b/commit/{'1' * 40}\n"
        "other 2.0.0 -> 3.0.0\n"
        "  note upstream/behind n\n"
        "not complete: f\n"
    )


def test_nothing_is_printed_about_nothing() -> None:
    assert report.text(of()) == ""


def test_hostile_words_stay_on_their_line() -> None:
    lines = report.text(of(commit(HOSTILE), failures=(HOSTILE,))).splitlines()
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("::") for line in lines)


def test_markdown() -> None:
    assert formats.markdown(of(commit("m"), Observation(READING, WATCHED, "s", "r"), failures=("f",))) == (
        "1 observation to act on, about 1 tool.\n"
        "\n**This report is not complete**, because sources failed:\n\n- `f`\n"
        "\n## tool 1.0.0\n\nPinned in `ci/a b.yml:3`.\n"
        f"\n### Act on\n\n- **named-fix** `m` ([commit](https://github.com/a/b/commit/{'1' * 40}))\n  pin it\n"
        "\n<details>\n<summary>Commits that may be worth reading: 1 commit</summary>\n"
        "\n- **reading** `r`\n\n</details>\n"
    )


@pytest.mark.parametrize("text", [HOSTILE, "`", "``", "a`", "`a", "a`b```c", "x" * 1000, ""])
def test_a_code_span_cannot_be_ended(text: str) -> None:
    span = formats.code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    inside = span[len(fence) : -len(fence)]
    assert "\n" not in span
    assert span.endswith(fence)
    assert fence not in inside
    assert len(span) < 400


def test_markdown_is_no_longer_than_an_issue_may_be() -> None:
    many = [commit(f"{number} {'x' * 290}")._replace(subject=str(number)) for number in range(500)]
    text = formats.markdown(of(*many))
    assert 50_000 < len(text) < 65_536
    assert text.endswith("Run `watch-upstream` for the rest.*\n")


def test_markdown_fits_into_an_environment_variable() -> None:
    many = [commit(f"{number} {chr(0x1F600) * 290}")._replace(subject=str(number)) for number in range(200)]
    text = formats.markdown(of(*many))
    assert 50_000 < len(text.encode()) < 65_536
    assert text.endswith("Run `watch-upstream` for the rest.*\n")


def test_many_notes_are_counted() -> None:
    notes = [Observation(READING, WATCHED, str(number), f"m{number}") for number in range(100)]
    text = formats.markdown(of(*notes))
    assert text.count("**reading**") == 40
    assert "- and 60 more\n" in text


def test_json() -> None:
    found = json.loads(formats.json(of(commit(HOSTILE), failures=("f",))))
    assert found["version"] == 1
    assert found["failures"] == ["f"]
    assert found["watched"] == [
        {
            "tool": "tool",
            "version": "1.0.0",
            "newer": "",
            "places": [{"path": "ci/a b.yml", "line": 3, "column": 5}],
        }
    ]
    (observation,) = found["observations"]
    assert observation["kind"] == "upstream/named-fix"
    assert "\x1b" not in observation["message"]


def test_sarif() -> None:
    log: Any = json.loads(formats.sarif(of(commit(HOSTILE), Observation(BEHIND, OTHER, "s", "n"), failures=("f",))))
    (run,) = log["runs"]
    first, second = run["results"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "ci/a%20b.yml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 5},
    }
    assert second["locations"] == [{"logicalLocations": [{"name": "other", "kind": "package"}]}]
    assert [result["level"] for result in run["results"]] == ["warning", "note"]
    assert run["invocations"][0]["executionSuccessful"] is False
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        each["ruleId"] for each in run["results"]
    ]
    assert "](http" not in first["message"]["text"].replace(r"\](", "")
