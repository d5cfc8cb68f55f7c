"""`dunnage rules` lists every rule, as text and as JSON; `dunnage explain` prints the page of a rule or of a hook.

It has the pages in a checkout and in a wheel.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import dunnage
from dunnage.frame.cli import main
from dunnage.frame.registry import ENTRIES
from dunnage.frame.shared_rules import SHARED_RULES

RULES = {rule.id: (entry.id, rule) for entry in ENTRIES for rule in entry.hook().rules}


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["RULE", "HOOK", "LEVEL", "FIX", "SINCE", "WHAT", "IS", "WRONG"]
    assert [line.split()[0] for line in lines] == [*RULES, *(rule.id for rule in SHARED_RULES)]
    summaries = head.index("WHAT IS WRONG")
    for line, (hook, rule) in zip(lines, RULES.values(), strict=False):
        assert line[summaries:] == rule.summary
        assert line.split()[1:5] == [hook, rule.level, "yes" if rule.is_fixable else "no", rule.since]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--output-format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["version"] == 1
    by_id = {entry["id"]: entry for entry in listed["rules"]}
    assert by_id["cargo-lock/stale"] == {
        "id": "cargo-lock/stale",
        "hook": "check-cargo-lock",
        "level": "error",
        "fix": True,
        "since": "0.1.0",
        "summary": RULES["cargo-lock/stale"][1].summary,
    }
    assert by_id["ignore/unused"]["hook"] is None
    assert [*by_id] == [*RULES, *(rule.id for rule in SHARED_RULES)]


# Pages.


CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
PAGES = {f"{path.parent.name}/{path.stem}": path for path in sorted((DOCS / "rules").glob("*/*.md"))}
PAGES |= {path.stem: path for path in sorted((DOCS / "hooks").glob("*-*.md"))}  # not the table of hooks
NONE = "there is no rule or hook"


def without_comments(text: str) -> list[str]:
    """The lines of a page that a reader sees, without blank ones."""
    shown, inside = [], False
    for line in filter(None, text.splitlines()):
        inside = inside or line.startswith("<!-- ")
        if not inside:
            shown.append(line)
        inside = inside and not line.endswith("-->")
    return shown


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    printed = capsys.readouterr().out
    *lines, last = filter(None, printed.splitlines())
    if "/" in name and not name.startswith("ignore/"):
        *lines, acceptance = lines
        assert f"`dunnage: ignore[{name}] reason`" in acceptance
    assert lines == without_comments(PAGES[name].read_text("utf-8"))
    page = PAGES[name].relative_to(DOCS).with_suffix("").as_posix()
    assert last == f"On the web: https://OWNER.github.io/dunnage/{page}/"
    assert "\n\n\n" not in printed


def test_several_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "check-locked-builds", "locked-builds/unlocked"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# check-locked-builds\n")
    assert "\n\n# locked-builds/unlocked\n" in printed


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param([], "name a rule or a hook, such as `dunnage explain cargo-lock/stale`", id="none"),
        pytest.param(["cargo-lock/stael"], f"{NONE} cargo-lock/stael; did you mean cargo-lock/stale?\n", id="rule"),
        pytest.param(["check-cargo-locks"], f"{NONE} check-cargo-locks; did you mean check-cargo-lock?\n", id="hook"),
        pytest.param(["../../pyproject"], f"{NONE} ../../pyproject; `dunnage rules` lists ", id="path"),
        pytest.param(["\x1b[2J"], rf"{NONE} \x1b[2J; `dunnage rules` lists ", id="escape"),
    ],
)
def test_wrong_usage(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"dunnage explain: {complaint}")


def test_a_wheel_has_the_pages(
    dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    assert main(["explain", *PAGES]) == 0
    printed = capsys.readouterr().out
    monkeypatch.setattr(dunnage, "__file__", str(tmp_path / "dunnage" / "__init__.py"))
    assert main(["explain", *PAGES]) == 0
    assert capsys.readouterr().out == printed
    assert [line[2:] for line in printed.splitlines() if line.startswith("# ") and line[2:] in PAGES] == [*PAGES]


def test_an_installation_without_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dunnage, "__file__", str(tmp_path / "dunnage" / "__init__.py"))
    assert main(["explain", "wit-pins/range"]) == 2
    assert capsys.readouterr().err == (
        "dunnage explain: this installation has no page for wit-pins/range; "
        "read https://OWNER.github.io/dunnage/rules/wit-pins/range/\n"
    )
