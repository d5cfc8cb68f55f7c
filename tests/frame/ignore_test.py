"""Ignore comments: what they silence, and what is said of those that do not."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.frame.finding import MOST_FINDINGS, Finding, Rule
from dunnage.frame.ignore import few, silence, unknown

pytestmark = pytest.mark.usefixtures("folder")


BAD = Rule("demo/bad", "a value is bad")
WORSE = Rule("demo/worse", "a value is worse")
BROKEN = Rule("demo/broken", "a file is broken", cuts_short=True)
RULES = (BAD, WORSE, BROKEN)


def _find(tree: Tree, path: str) -> Iterator[Finding]:
    """A finding at each word that is a rule's name."""
    data = tree.read(path).data
    for rule in RULES:
        word = b'"' + rule.id.partition("/")[2].encode() + b'"'
        start = data.find(word)
        while start >= 0:
            yield Finding(rule, path, Span(start, start + len(word)), rule.summary)
            start = data.find(word, start + 1)


def _left(data: bytes, *, rules: Sequence[Rule] = RULES) -> list[str]:
    Path("f.toml").write_bytes(data)
    tree = Tree()
    left = silence(_find(tree, "f.toml"), tree, rules, toml.comments).findings
    return [f"{tree.position(finding.path, finding.span.start)[0]} {finding.rule.id}" for finding in left]


@pytest.mark.parametrize(
    ("data", "left"),
    [
        pytest.param(b'a = "bad"', ["1 demo/bad"], id="none"),
        pytest.param(b'a = "bad" # dunnage: ignore[demo/bad] why', [], id="same-line"),
        pytest.param(b'# dunnage: ignore[demo/bad] why\na = "bad"', [], id="line-above"),
        pytest.param(b'\xef\xbb\xbf# dunnage: ignore[demo/bad] why\r\na = "bad"\r\n', [], id="mark-and-crlf"),
        pytest.param(b'a = [\n \t# dunnage: ignore[demo/bad] why\n "bad"]', [], id="indented-line-above"),
        pytest.param(b'a = ["bad", "bad"] # dunnage: ignore[demo/bad] why', [], id="two-findings"),
        pytest.param(b'a = ["bad", "worse"] # dunnage: ignore[demo/bad, demo/worse] why', [], id="two-rules"),
        pytest.param(b'a = "bad" # dunnage: ignore[demo/bad,deny-toml/rule] why', [], id="rule-of-another-hook-too"),
        pytest.param(b'a = "bad"#dunnage:ignore [ demo/bad ]why', [], id="spaces"),
        pytest.param(b'a = "bad" # zizmor: ignore[x] # dunnage: ignore[demo/bad] why', [], id="after-another-tools"),
        pytest.param(b'## dunnage: ignore[demo/bad] why\na = "bad"', [], id="two-hashes"),
        pytest.param(
            b'b = 1 # dunnage: ignore[demo/bad] why\na = "bad"',
            ["2 demo/bad", "1 ignore/unused"],
            id="line-above-with-something-on-it",
        ),
        pytest.param(
            b'# dunnage: ignore[demo/bad] why\n\na = "bad"', ["3 demo/bad", "1 ignore/unused"], id="two-lines-above"
        ),
        pytest.param(b'a = "bad"\n# dunnage: ignore[demo/bad] why', ["1 demo/bad", "2 ignore/unused"], id="line-below"),
        pytest.param(
            b'a = "bad" # dunnage: ignore[demo/worse] why', ["1 demo/bad", "1 ignore/unused"], id="another-rule"
        ),
        pytest.param(
            b'a = "bad" # dunnage: ignore[demo/bad,demo/worse] why', ["1 ignore/unused"], id="one-of-two-rules"
        ),
        pytest.param(b'a = "x" # dunnage: ignore[demo/unheard-of] why', ["1 ignore/unused"], id="no-such-rule"),
        pytest.param(b'a = "bad" # dunnage: ignore[deny-toml/rule] why', ["1 demo/bad"], id="only-another-hooks"),
        pytest.param(
            b'a = "bad" # dunnage: ignore[other/rule,demo/bad] why', ["1 ignore/unused"], id="concern-of-no-hook"
        ),
        pytest.param(b'a = "broken" # dunnage: ignore[other/x]', ["1 demo/broken", "1 ignore/unused"], id="nor-then"),
        pytest.param(b'a = "bad" # dunnage: ignore[deny-toml/rule]', ["1 demo/bad"], id="another-hooks-without-reason"),
        pytest.param(
            b'a = "bad" # dunnage: ignore[demo/bad]', ["1 demo/bad", "1 ignore/no-reason"], id="without-reason"
        ),
        pytest.param(
            b'a = "bad" # dunnage: ignore[demo/bad] - ...', ["1 demo/bad", "1 ignore/no-reason"], id="reason-of-dots"
        ),
        pytest.param(b'a = "bad" # dunnage: ignore', ["1 demo/bad", "1 ignore/malformed"], id="no-brackets"),
        pytest.param(b'a = "bad" # dunnage: ignore[] why', ["1 demo/bad", "1 ignore/malformed"], id="empty"),
        pytest.param(b'a = "bad" # dunnage: ignore[bad] why', ["1 demo/bad", "1 ignore/malformed"], id="no-concern"),
        pytest.param(b'a = "bad" # dunnage: ignore[demo/bad', ["1 demo/bad", "1 ignore/malformed"], id="no-end"),
        pytest.param(b'a = "bad" # dunnage: ignore[demo/bad,] x', ["1 demo/bad", "1 ignore/malformed"], id="comma"),
        pytest.param(b'a = "bad" # dunnage: noqa', ["1 demo/bad", "1 ignore/malformed"], id="another-word"),
        pytest.param(b'a = "bad" # see https://x/dunnage: ignore[demo/bad] x', ["1 demo/bad"], id="in-a-sentence"),
        pytest.param(b'a = ["bad", "# dunnage: ignore[demo/bad] x"]', ["1 demo/bad"], id="in-a-string"),
        pytest.param(
            b'a = "broken"\n# dunnage: ignore[demo/bad] why\n# dunnage: ignore[demo/no-such] why',
            ["1 demo/broken"],
            id="unused-or-not-is-not-known",
        ),
        pytest.param(
            b'a = "broken" # dunnage: ignore[demo/broken] why\n# dunnage: ignore[demo/bad] why\n',
            [],
            id="nor-if-that-is-silenced",
        ),
        pytest.param(b'a = "broken"\n# dunnage: ignore[demo/bad]', ["1 demo/broken", "2 ignore/no-reason"], id="but"),
    ],
)
def test_silence(data: bytes, left: list[str]) -> None:
    assert _left(data) == left


def test_unused_only_in_the_examined_files(folder: Path) -> None:
    tree = Tree()
    for name in ("f.toml", "g.toml"):
        Path(name).write_bytes(b'a = "bad"\n# dunnage: ignore[demo/bad] why\n# dunnage: x\n')
        tree.read(name)
    left = silence([], tree, RULES, toml.comments, [str(folder / "g.toml")]).findings
    assert [(finding.path, finding.rule.id) for finding in left] == [
        ("f.toml", "ignore/malformed"),
        ("g.toml", "ignore/malformed"),
        ("g.toml", "ignore/unused"),
    ]


def test_what_to_do() -> None:
    Path("f.toml").write_bytes(
        b"# dunnage: ignore[demo/bad] why\n# dunnage: ignore[demo/no-such] why\n"
        b"# dunnage: ignore[demo/bad]\n# dunnage: x\n# dunnage: ignore[cargolock/stale] why\n"
    )
    tree = Tree()
    tree.read("f.toml")
    left = silence([], tree, (BAD, WORSE), toml.comments).findings
    assert sorted((finding.rule.id, finding.message, finding.help) for finding in left) == [
        (
            "ignore/malformed",
            "`dunnage: x` is not an ignore comment",
            "write `dunnage: ignore[RULE] reason`, with the rule that the finding names",
        ),
        (
            "ignore/no-reason",
            "`dunnage: ignore[demo/bad]` has no reason, so it silences nothing",
            "add the reason: `dunnage: ignore[demo/bad] because …`",
        ),
        (
            "ignore/unused",
            "there is no rule cargolock/stale; the nearest is cargo-lock/stale, so this comment silences nothing",
            "write the id of the rule as the finding names it",
        ),
        (
            "ignore/unused",
            "there is no rule demo/no-such, so this comment silences nothing",
            "write one of demo/bad, demo/worse",
        ),
        (
            "ignore/unused",
            "this comment silences no finding of demo/bad",
            "remove demo/bad from the comment, or remove the comment if it names no other rule",
        ),
    ]


@pytest.mark.parametrize(
    ("data", "reason", "comment"),
    [
        pytest.param(
            b'a = "bad" # dunnage: ignore[demo/bad] old clients need it ', "old clients need it", 10, id="own"
        ),
        pytest.param(b'# dunnage: ignore[demo/bad, demo/worse] - see #7\na = "bad"', "- see #7", 0, id="above"),
        pytest.param(
            b'# dunnage: ignore[demo/bad] first\na = "bad" # dunnage: ignore[demo/bad] second', "first", 0, id="two"
        ),
    ],
)
def test_what_silences_is_recorded(data: bytes, reason: str, comment: int) -> None:
    Path("f.toml").write_bytes(data)
    tree = Tree()
    (finding,) = silence(_find(tree, "f.toml"), tree, RULES, toml.comments).suppressed
    assert finding._replace(suppression=None) == next(_find(tree, "f.toml"))
    assert finding.suppression is not None
    assert finding.suppression.reason == reason
    assert finding.suppression.span.start == comment


@pytest.mark.parametrize(
    ("rule_ids", "complaint"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["demo/bad", "demo/worse"], None, id="known"),
        pytest.param(["demo/bad", "demo/wors"], "there is no rule demo/wors; the nearest is demo/worse", id="typo"),
        pytest.param(["bad"], "there is no rule bad; the nearest is demo/bad", id="no-concern"),
        pytest.param(["x/y"], "there is no rule x/y", id="nothing-similar"),
    ],
)
def test_unknown(rule_ids: list[str], complaint: str | None) -> None:
    assert unknown(rule_ids, RULES) == complaint


def _slashes(file: File) -> Iterator[tuple[Span, str]]:
    start = file.data.find(b"/*")
    while start >= 0:
        end = file.data.find(b"*/", start) + 2
        yield Span(start, end), file.text[start + 2 : end - 2]
        start = file.data.find(b"/*", end)


@pytest.mark.parametrize(
    ("data", "left"),
    [
        pytest.param(b'/* dunnage: ignore[demo/bad] why */\n"bad"', [], id="alone"),
        pytest.param(b'/* dunnage: ignore[demo/bad] why */ "bad"', [], id="before"),
        pytest.param(b'/** dunnage: ignore[demo/bad] why\n */\n"bad"', [], id="several-lines"),
        pytest.param(
            b'/* dunnage: ignore[demo/bad] why */ x\n"bad"', ["2 demo/bad", "1 ignore/unused"], id="not-alone"
        ),
        pytest.param(
            b'/* a */ /* dunnage: ignore[demo/bad] why */\n"bad"', ["2 demo/bad", "1 ignore/unused"], id="nor"
        ),
        pytest.param(b'/* dunnage: ignore[demo/bad] why */\xff\n"bad"', ["2 demo/bad"], id="unreadable"),
    ],
)
def test_comments_of_another_kind(data: bytes, left: list[str]) -> None:
    Path("f").write_bytes(data)
    tree = Tree()
    found = silence(_find(tree, "f"), tree, RULES, _slashes).findings
    assert [f"{tree.position('f', finding.span.start)[0]} {finding.rule.id}" for finding in found] == left


def test_files_without_such_comments_are_not_searched() -> None:
    Path("f").write_bytes(b"# ignore[demo/bad]")
    tree = Tree()
    tree.read("f")

    def fail(_: File) -> Iterator[tuple[Span, str]]:
        pytest.fail("comments were looked for")

    assert silence([], tree, RULES, fail) == ([], [])


def test_findings_where_there_is_no_file() -> None:
    finding = Finding(BAD, "none", Span(0, 0), "there is no file")
    assert silence([finding], Tree(), RULES, toml.comments) == ([finding], [])


def test_many_comments_on_one_line() -> None:
    Path("f").write_bytes(b" " * 1_000_000 + b"/* dunnage: ignore[demo/bad] why */ " * 20_000)
    tree = Tree()
    tree.read("f")
    assert len(silence([], tree, RULES, _slashes).findings) == 20_000


WORDS = st.sampled_from(["# ", "dunnage:", "ignore", "[", "]", "demo/bad", ",", " ", "\n", '"bad"', "a=", "é"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.lists(WORDS).map(lambda words: "".join(words).encode()))
def test_arbitrary_bytes_raise_nothing(data: bytes) -> None:
    for line in _left(data):
        assert 1 <= int(line.split()[0]) <= data.count(b"\n") + data.count(b"\r") + 1


def test_comments_may_fail() -> None:
    Path("f").write_bytes(b"dunnage:")
    tree = Tree()
    tree.read("f")

    def comments(_: File) -> Iterator[tuple[Span, str]]:
        raise SourceError("is not WIT")

    assert silence([], tree, RULES, comments) == ([], [])


def _about_comments(data: bytes) -> list[Finding]:
    Path("f.toml").write_bytes(data)
    tree = Tree()
    tree.read("f.toml")
    return silence([], tree, RULES, toml.comments).findings


def test_few_unknown_ids_are_compared_with_all_rules() -> None:
    ids = ", ".join(f"cargolock/stale{number}" for number in range(101))
    found = [finding.message for finding in _about_comments(f"# dunnage: ignore[{ids}] why\n".encode())]
    assert len(found) == 101
    assert sum("the nearest is cargo-lock/stale" in message for message in found) == 100


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("dunnage: ignore[demo/bad] why", id="unused"),
        pytest.param("dunnage: ignore[demo/bad]", id="without a reason"),
        pytest.param("dunnage: x", id="malformed"),
        pytest.param("dunnage: ignore[cargolock/stale] why", id="unknown"),
    ],
)
def test_findings_about_comments_are_bounded(comment: str) -> None:
    found = few(_about_comments(f"# {comment}\n".encode() * (MOST_FINDINGS + 5)))
    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].rule.id == "input/too-large"


def test_one_of_several_comments_on_a_line_silences_and_none_is_unused() -> None:
    Path("f.toml").write_bytes(b'a = ["bad", "bad", "bad"] # dunnage: ignore[demo/bad, demo/bad] why\n')
    tree = Tree()
    silenced = silence(_find(tree, "f.toml"), tree, RULES, toml.comments)
    assert (len(silenced.findings), len(silenced.suppressed)) == (0, 3)


def test_comments_are_judged_file_by_file() -> None:
    tree, alive = Tree(), list[int]()

    def comments(file: File) -> Iterator[tuple[Span, str]]:
        alive.append(sum(type(each).__name__ == "_Directive" for each in gc.get_objects()))
        return toml.comments(file)

    for name in "abcdef":
        Path(f"{name}.toml").write_bytes(b"# dunnage: ignore[demo/bad] why\n" * 50)
        tree.read(f"{name}.toml")
    assert len(silence([], tree, RULES, comments).findings) == 300
    assert len(alive) == 6
    assert max(alive) < 100


def test_a_long_reason_is_cut() -> None:
    Path("f.toml").write_text(f'a = "bad" # dunnage: ignore[demo/bad] {"x" * 2000}\n')
    tree = Tree()
    (found,) = silence(_find(tree, "f.toml"), tree, RULES, toml.comments).suppressed
    assert found.suppression
    assert found.suppression.reason == f"{'x' * 1000}…"


def test_long_comments_are_cut() -> None:
    (found,) = _about_comments(b"# dunnage: " + b"x" * 2000 + b"\n")
    assert found.message == f"`dunnage: {'x' * 991}…` is not an ignore comment"
