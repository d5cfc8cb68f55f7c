"""The order of findings, and what is escaped in text that comes from a repository."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.shown import printable, printable_lines
from dunnage.frame.output import ordered, place
from frame.output.reports import FINDINGS, report, write_files


@pytest.mark.parametrize("seed", range(10))
def test_any_order_becomes_one(folder: Path, seed: int) -> None:
    write_files(folder)
    findings = list(FINDINGS)
    random.Random(seed).shuffle(findings)
    shuffled = ordered(report(findings, findings))
    assert shuffled.findings == shuffled.suppressed == list(FINDINGS)


def test_place(folder: Path) -> None:
    write_files(folder)
    assert [place(finding, report().tree) for finding in FINDINGS[3:]] == ["a.toml:2:1", "b.toml:1:1"]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        pytest.param("plain é 𝄞 \\n", "plain é 𝄞 \\n", id="plain"),
        pytest.param("wasi:cli/run::x [a](b) # c ## d #[e]", "wasi:cli/run::x [a](b) # c ## d #[e]", id="harmless"),
        pytest.param("⚠️ é̂ 界", "⚠️ é̂ 界", id="emoji-and-marks"),
        pytest.param("a\nb.toml:1:1: x", "a\\nb.toml:1:1: x", id="newline"),
        pytest.param("a\x1b[31m\x9b0m", "a\\x1b[31m\\x9b0m", id="terminal-escape"),
        pytest.param("a\r\x00\x08\x7f", "a\\r\\x00\\x08\\x7f", id="control"),
        pytest.param("a\u202eb\u2066\u200b", "a\\u202eb\\u2066\\u200b", id="hidden"),
        pytest.param("a\u3164b\u115f\U000e0101\ufe0f", "a\\u3164b\\u115f\\U000e0101\\ufe0f", id="invisible"),
        pytest.param("a\udcff", "a\\udcff", id="not-utf-8"),
        pytest.param("a\u2028b\U000e0041", "a\\u2028b\\U000e0041", id="separator-and-tag"),
        pytest.param("::error::x", "\\x3a:error::x", id="command"),
        pytest.param("  ::error::x", "  \\x3a:error::x", id="command-after-spaces"),
        pytest.param("\t\xa0::error::x", "\\t\\xa0::error::x", id="command-after-other-spaces"),
        pytest.param("a ##[error]x", "a #\\x23[error]x", id="old-command"),
        pytest.param("###[group]x ##vso[task.x]y", "##\\x23[group]x #\\x23vso[task.x]y", id="other-old-commands"),
    ],
)
def test_printable(text: str, printed: str) -> None:
    assert printable(text) == printed


def test_lines() -> None:
    assert printable_lines("") == []
    assert printable_lines("a\n::b\rc\n") == ["a", "\\x3a:b\\rc", ""]


@given(st.text(st.characters() | st.sampled_from("#[:] \n")))
def test_nothing_is_obeyed(text: str) -> None:
    printed = printable(text)
    assert printed.isprintable()
    assert "##[" not in printed
    assert not printed.lstrip().startswith("::")
    assert printable(printed) == printed
