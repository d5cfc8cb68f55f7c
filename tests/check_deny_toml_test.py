"""check-deny-toml: deny.toml is accepted by cargo-deny, holds a policy, and explains its exceptions."""

from __future__ import annotations

import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunnage.check_deny_toml import main
from dunnage.frame.finding import MOST_FINDINGS
from steps import steps

pytestmark = pytest.mark.usefixtures("repository")


CLEAN = """\
[advisories]
yanked = "deny"

[licenses]
allow = ["MIT"]

[bans]
multiple-versions = "warn"
wildcards = "warn"

[sources]
unknown-registry = "deny"
unknown-git = "deny"
"""
TODAY = "--today=2027-01-01"


def with_(table: str, lines: str, text: str = CLEAN) -> str:
    """The file with lines at the end of a table."""
    before, header, after = text.partition(f"[{table}]\n")
    rows, gap, rest = after.partition("\n\n")
    return f"{before}{header}{rows.rstrip()}\n{lines}\n{gap and chr(10)}{rest}"


def clarified(expression: str) -> str:
    """A licence that somebody has found out."""
    return f'clarify = [{{ name = "a", expression = "{expression}", license-files = [{{ path = "a", hash = 1 }}] }}]'


def found(text: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The line and rule of everything that is found in a file."""
    Path("deny.toml").write_bytes(text.encode())
    status = main(["deny.toml", TODAY, *arguments])
    output = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert status == bool(output)
    return [f"{line.split(':')[1]} {line.split(' ')[1]}" for line in output]


def fixed(text: str, *arguments: str) -> str:
    """What --fix makes of a file; a second run must find nothing more to change."""
    path = Path("deny.toml")
    path.write_bytes(text.encode())
    main(["--fix", "deny.toml", TODAY, *arguments])
    once = path.read_bytes()
    main(["--fix", "deny.toml", TODAY, *arguments])
    assert path.read_bytes() == once
    return once.decode()


def test_a_clean_file_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert found(CLEAN, capsys) == []
    assert fixed(CLEAN) == CLEAN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[advisories\n", ["1 deny-toml/rejected"], id="no TOML"),
        pytest.param(with_("advisories", 'vulnerability = "deny"'), ["3 deny-toml/rejected"], id="removed"),
        pytest.param(with_("advisories", 'unmaintained = "warn"'), ["3 deny-toml/rejected"], id="other values now"),
        pytest.param(with_("advisories", 'unsound = "all"'), [], id="a scope"),
        pytest.param(with_("advisories", "unsound = 1"), ["3 deny-toml/rejected"], id="wrong type"),
        pytest.param(with_("licenses", 'alow = ["MIT"]'), ["6 deny-toml/rejected"], id="misspelt"),
        pytest.param(with_("licenses", 'exceptions = ["a"] # b'), ["6 deny-toml/rejected"], id="string for table"),
        pytest.param(f"{CLEAN}\n[deny]\n", ["15 deny-toml/rejected"], id="unknown table"),
        pytest.param(with_("bans", 'skip = ["a@y"] # b'), ["10 deny-toml/rejected"], id="no requirement"),
        pytest.param(with_("bans", 'deny = ["a"]\nallow = ["a"]'), ["10 deny-toml/rejected"], id="denied and allowed"),
        pytest.param(f"targets = []\n{CLEAN}", ["1 deny-toml/moved"], id="moved to graph"),
        pytest.param(f"feature-depth = 1\n{CLEAN}", ["1 deny-toml/moved"], id="moved to output"),
        pytest.param(with_("bans", "allow-build-scripts = []"), ["10 deny-toml/moved"], id="moved to build"),
        pytest.param(
            CLEAN.replace("[licenses]", "[graph]").replace("allow =", "targets ="),
            ["1 deny-toml/missing-section"],
            id="missing",
        ),
        pytest.param(
            CLEAN.replace('"deny"', '"warn"'),
            ["2 deny-toml/weak", "12 deny-toml/weak", "13 deny-toml/weak"],
            id="only warns",
        ),
        pytest.param(CLEAN.replace('yanked = "deny"', ""), ["1 deny-toml/weak"], id="warns by itself"),
        pytest.param(CLEAN.replace('"warn"', '"deny"'), [], id="stricter"),
        pytest.param(CLEAN.replace('["MIT"]', "[]"), ["5 deny-toml/weak"], id="no licence"),
        pytest.param(with_("advisories", 'unmaintained = "none"'), ["3 deny-toml/weak"], id="no scope"),
        pytest.param(with_("advisories", "disable-yank-checking = true"), ["3 deny-toml/weak"], id="not looked for"),
        pytest.param(with_("sources", 'private = ["https://example.com"]'), ["14 deny-toml/weak"], id="whole host"),
        pytest.param(with_("sources", 'private = ["https://example.com/us"]'), [], id="organisation"),
        pytest.param(
            with_("sources", 'allow-registry = ["https://example.com/x"]'), ["14 deny-toml/weak"], id="stranger"
        ),
        pytest.param(with_("sources", 'allow-registry = ["sparse+https://index.crates.io/"]'), [], id="crates.io"),
        pytest.param(with_("sources", "allow-registry = []"), ["14 deny-toml/weak"], id="no registry"),
        pytest.param(with_("bans", 'skip = ["a"]'), ["10 deny-toml/unexplained-exception"], id="unexplained"),
        pytest.param(with_("bans", 'skip = ["a"] # mio is behind'), [], id="comment after it"),
        pytest.param(with_("bans", 'skip = [\n  # mio is behind\n  "a",\n]'), [], id="comment above it"),
        pytest.param(
            with_("bans", '# both\nskip = ["a", "b"]'),
            ["11 deny-toml/unexplained-exception", "11 deny-toml/unexplained-exception"],
            id="above an array of two",
        ),
        pytest.param(with_("bans", '# mio is behind\nskip = ["a"]'), [], id="above an array of one"),
        pytest.param(with_("bans", 'skip = [\n  # mio is behind\n  "a",\n  "b",\n]'), [], id="above a run"),
        pytest.param(
            with_("advisories", 'ignore = ["RUSTSEC-2024-0001"] # RUSTSEC-2024-0001'),
            ["3 deny-toml/unexplained-exception"],
            id="only its own name",
        ),
        pytest.param(
            with_(
                "advisories",
                'ignore = [{ id = "RUSTSEC-2024-0001", reason = "you can specify a reason the advisory is ignored" }]',
            ),
            ["3 deny-toml/unexplained-exception"],
            id="the reason of the template",
        ),
        pytest.param(
            with_("bans", 'skip = [\n  #"b",\n  "a",\n]'), ["12 deny-toml/unexplained-exception"], id="commented out"
        ),
        pytest.param(with_("bans", 'skip = [{ crate = "a", reason = "b" }]'), [], id="reason"),
        pytest.param(
            with_("bans", 'skip = [{ crate = "a", reason = " " }]'),
            ["10 deny-toml/unexplained-exception"],
            id="blank reason",
        ),
        pytest.param(
            f'{CLEAN}\n# a tool\n[[licenses.exceptions]]\ncrate = "a"\nallow = ["ISC"]\n\n# b\n[graph]\n',
            [],
            id="comment above a header",
        ),
        pytest.param(
            f'{CLEAN}\n[[licenses.exceptions]]\ncrate = "a"\nallow = ["ISC"]\n\n# b\n[graph]\n',
            ["15 deny-toml/unexplained-exception"],
            id="comment of the next header",
        ),
        pytest.param(with_("advisories", 'ignore = ["RUSTSEC-2024-0001"] # a; review by 2027-03-01'), [], id="dated"),
        pytest.param(
            with_("advisories", 'ignore = [{ id = "RUSTSEC-2024-0001", reason = "a, Review by 2027-01-01" }]'),
            [],
            id="due today",
        ),
        pytest.param(
            with_("advisories", 'ignore = ["RUSTSEC-2024-0001"] # a'), ["3 deny-toml/undated-exception"], id="undated"
        ),
        pytest.param(
            with_("advisories", 'ignore = ["RUSTSEC-2024-0001"]'),
            ["3 deny-toml/unexplained-exception"],
            id="neither",
        ),
        pytest.param(
            with_("advisories", 'ignore = ["RUSTSEC-2024-0001"] # review by 2027-03-01'),
            ["3 deny-toml/unexplained-exception"],
            id="only a date",
        ),
        pytest.param(
            with_("advisories", 'ignore = ["RUSTSEC-2024-0001"] # review by 2026-03-01'),
            ["3 deny-toml/expired-exception", "3 deny-toml/unexplained-exception"],
            id="only a date that has passed",
        ),
        pytest.param(
            with_("advisories", 'ignore = ["a@1.0.0"] # b, review by 2027-02-30'),
            ["3 deny-toml/undated-exception"],
            id="no such day",
        ),
        pytest.param(
            with_("advisories", 'ignore = ["a@1.0.0"] # b, review by 2026-12-31'),
            ["3 deny-toml/expired-exception"],
            id="expired",
        ),
        pytest.param(
            with_("advisories", 'ignore = ["a@1.0.0"] # b, review by 2027-07-01'),
            ["3 deny-toml/undated-exception"],
            id="too far",
        ),
        pytest.param(with_("advisories", 'ignore = ["a@1.0.0"] # b, review by 2027-06-30'), [], id="just near enough"),
        pytest.param(
            with_("advisories", '# dunnage: ignore[deny-toml/weak] a test\nunmaintained = "none"'),
            [],
            id="ignored for a reason",
        ),
    ],
)
def test_rules(text: str, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert found(text, capsys) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            with_("advisories", 'vulnerability = "deny" # always\nnotice = "warn"'),
            with_("advisories", "# always"),
            id="removed",
        ),
        pytest.param(
            with_("licenses", 'deny = [\n    # too strict\n    "AGPL-3.0",\n]'),
            with_("licenses", "# too strict"),
            id="comments inside stay",
        ),
        pytest.param(
            with_(
                "advisories",
                "# ours\n# The lint level for security vulnerabilities\nvulnerability = 'deny'\n"
                "# The lint level for unmaintained crates\nunmaintained = 'all'",
            ),
            with_("advisories", "# ours\n# The lint level for unmaintained crates\nunmaintained = 'all'"),
            id="the template's comment goes with its key",
        ),
        pytest.param(
            with_("licenses", '# ours\ndeny = [\n    #"Nokia",\n    #"Ours",\n]'),
            with_("licenses", '# ours\n#"Ours",'),
            id="the template's comments inside go too",
        ),
        pytest.param(
            with_("advisories", 'unmaintained = "warn"\nunsound = "deny"'),
            with_("advisories", 'unmaintained = "all"\nunsound = "all"'),
            id="scopes",
        ),
        pytest.param(
            with_("advisories", 'unsound = "allow"'),
            with_("advisories", 'unsound = "workspace"'),
            id="no scope is weak",
        ),
        pytest.param(
            f"# us\ntargets = [\n  # one\n]\nfeature-depth = 1 # d\n\n{CLEAN}",
            f"# us\n[graph]\ntargets = [\n  # one\n]\n\n{CLEAN}\n[output]\nfeature-depth = 1 # d\n",
            id="header over the keys at the top",
        ),
        pytest.param(
            f"exclude = []\n\n{CLEAN}\n[graph]\ntargets = []\n",
            f"\n{CLEAN}\n[graph]\ntargets = []\nexclude = []\n",
            id="into a header that is there",
        ),
        pytest.param(
            with_("bans", 'allow-build-scripts = [{ name = "a" }]'),
            CLEAN.replace(
                "[sources]",
                '[bans.build]\nallow-build-scripts = [{ name = "a" }]\n'
                'executables = "allow"\ninterpreted = "warn"\n\n[sources]',
            ),
            id="build scripts",
        ),
        pytest.param(
            with_("advisories", 'db-url = "https://example.com/db"'),
            with_("advisories", 'db-urls = ["https://example.com/db"]'),
            id="renamed",
        ),
        pytest.param(
            with_("licenses", 'exceptions = [{ name = "a", allow = ["LGPL-3.0+"] }] # b'),
            with_("licenses", 'exceptions = [{ name = "a", allow = ["LGPL-3.0-or-later"] }] # b'),
            id="plus",
        ),
        pytest.param(
            with_("licenses", clarified("GPL-2.0+ AND (GPL-3.0 OR MIT)")),
            with_("licenses", clarified("GPL-2.0-or-later AND (GPL-3.0-only OR MIT)")),
            id="old names of GNU licences",
        ),
        pytest.param(
            with_("advisories", 'ignore = ["RUSTSEC-2024-0001", "RUSTSEC-2024-0002"] # a, review by 2027-03-01'),
            with_("advisories", 'ignore = ["RUSTSEC-2024-0001", "RUSTSEC-2024-0002"] # a, review by 2027-03-01'),
            id="a comment on two exceptions is neither's reason",
        ),
        pytest.param(CLEAN.replace('"warn"', '"allow"'), CLEAN, id="tightened"),
        pytest.param(
            CLEAN.replace('unknown-git = "deny"\n', ""), CLEAN, id="added at the end of a table without a last newline"
        ),
        pytest.param(
            '[licenses]\nallow = ["MIT"]',
            '[licenses]\nallow = ["MIT"]\n\n'
            '[advisories]\nyanked = "deny"\nunmaintained = "all"\nunsound = "workspace"\n\n'
            '[bans]\nmultiple-versions = "warn"\nwildcards = "warn"\n\n'
            '[sources]\nunknown-registry = "deny"\nunknown-git = "deny"',
            id="sections, without a last newline",
        ),
        pytest.param(
            CLEAN.replace('yanked = "deny"', 'yanked = "warn"').replace("\n", "\r\n"),
            CLEAN.replace("\n", "\r\n"),
            id="CRLF",
        ),
        pytest.param("\ufeff" + with_("advisories", 'notice = "deny"'), "\ufeff" + CLEAN, id="byte order mark"),
        pytest.param(
            "\ufeff" + CLEAN.replace('yanked = "deny"\n', ""), "\ufeff" + CLEAN, id="byte order mark, a key is added"
        ),
        pytest.param(
            "\ufeffadvisories.notice = 'deny'\nadvisories." + CLEAN.partition("\n")[2],
            "\ufeffadvisories." + CLEAN.partition("\n")[2],
            id="byte order mark, its line is removed",
        ),
        pytest.param(
            with_("advisories", 'ignore = [\n  # "so", review by 2027-03-01\n  "RUSTSEC-2024-0001",\n]'),
            with_(
                "advisories",
                'ignore = [\n  # "so", review by 2027-03-01\n'
                '  { id = "RUSTSEC-2024-0001", reason = "\\"so\\", review by 2027-03-01" },\n]',
            ),
            id="a bare exception",
        ),
        pytest.param(
            with_("advisories", 'ignore = [\n  "RUSTSEC-2024-0001", # so, review by 2027-03-01\n]'),
            with_("advisories", 'ignore = [\n  "RUSTSEC-2024-0001", # so, review by 2027-03-01\n]'),
            id="a reason stands once in a line",
        ),
        pytest.param(
            with_("licenses", 'alow = ["MIT"]'), with_("licenses", 'alow = ["MIT"]'), id="a guess is not made"
        ),
        pytest.param(
            f"[bans.build]\n\n{CLEAN}".replace('[bans]\nmultiple-versions = "warn"\nwildcards = "warn"\n\n', ""),
            '[bans]\nwildcards = "warn"\n\n'
            + f"[bans.build]\n\n{CLEAN}".replace('[bans]\nmultiple-versions = "warn"\nwildcards = "warn"\n\n', ""),
            id="a table that is only implied",
        ),
    ],
)
def test_fixes(before: str, after: str) -> None:
    assert fixed(before) == after
    assert fixed(after) == after


def test_a_date_is_required_where_reasons_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    text = with_("advisories", 'ignore = ["RUSTSEC-2024-0001"]')
    assert found(text, capsys, "--ignore=deny-toml/unexplained-exception") == ["3 deny-toml/undated-exception"]


def test_sections_are_required_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert found("[bans]\nwildcards = 'warn'\n", capsys, "--require=bans") == []
    assert found(CLEAN, capsys, "--require=bans", "--require=graph") == ["1 deny-toml/missing-section"]


def test_a_policy_is_read_key_by_key(capsys: pytest.CaptureFixture[str]) -> None:
    Path("policy.toml").write_text(
        'advisories.yanked = "warn"\n[bans]\nwildcards = "deny"\n[sources]\nallow-git = ["https://example.com/us/*"]\n'
    )
    weak = (
        CLEAN.replace('yanked = "deny"', "") + 'allow-git = ["https://example.com/us/a", "https://example.com/b"] # c\n'
    )
    assert found(weak, capsys, "--policy=policy.toml") == ["9 deny-toml/weak", "14 deny-toml/weak"]
    assert fixed(CLEAN, "--policy=policy.toml") == CLEAN.replace('wildcards = "warn"', 'wildcards = "deny"')


def test_what_is_weaker_in_another_way(capsys: pytest.CaptureFixture[str]) -> None:
    Path("policy.toml").write_text("licenses.confidence-threshold = 0.9\n")
    found(with_("licenses", "confidence-threshold = 0.5"), capsys, "--policy=policy.toml")
    assert main(["deny.toml", "--policy=policy.toml"]) == 1
    assert "`confidence-threshold = 0.5`: this is weaker than the policy requires" in capsys.readouterr().out


def test_a_word_about_a_review_is_no_date(capsys: pytest.CaptureFixture[str]) -> None:
    found(with_("advisories", 'ignore = ["a@1.0.0"] # to be reviewed'), capsys)
    main(["deny.toml"])
    assert "no review date in the form `review by YYYY-MM-DD`" in capsys.readouterr().out


def test_the_end_of_all_days(capsys: pytest.CaptureFixture[str]) -> None:
    text = with_("advisories", 'ignore = ["RUSTSEC-2020-0001"] # why')
    assert found(text, capsys, "--today=9999-12-30") == ["3 deny-toml/undated-exception"]
    text = text.replace("why", "why; review by 9999-12-31")
    assert found(text, capsys, "--today=9999-12-30", "--max-review-days=99999") == []


def test_the_policy_that_is_shown_is_the_one_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show-policy"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# The built-in policy of check-deny-toml, for cargo-deny 0.20.")
    Path("policy.toml").write_text(text)
    assert found(CLEAN, capsys, "--policy=policy.toml") == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--require=license"], "not a section of deny.toml"),
        (["--require=bans,docker"], "'docker' is not a section of deny.toml"),
        (["--today=20270301"], "in the form 2027-03-01"),
        (["--max-review-days=many"], "not a number of days"),
        (["--policy=nowhere.toml"], "there is no file nowhere.toml"),
        (["--policy=unknown.toml"], "has the key 'bans.x', for which"),
        (["--policy=value.toml"], "has the value 'no' for bans.wildcards"),
        (["--policy=broken.toml"], "Expected"),
    ],
    ids=str,
)
def test_wrong_usage(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("unknown.toml").write_text("bans.x = 1\n")
    Path("value.toml").write_text('bans.wildcards = "no"\n')
    Path("broken.toml").write_text("bans\n")
    assert main(arguments) == 2
    assert complaint in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("data", [b"\xff", b"[" * 100_000, b"a = " + b"[" * 5000, b"\0", b"<<<<<<< HEAD\n"], ids=repr)
def test_what_cannot_be_read_is_a_finding(data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("deny.toml").write_bytes(data)
    assert main(["--fix", "deny.toml"]) == 1
    assert "deny-toml/rejected" in capsys.readouterr().out
    assert Path("deny.toml").read_bytes() == data


def test_what_is_no_file_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    Path("deny.toml").mkdir()
    assert main(["deny.toml"]) == 1
    assert "deny-toml/rejected" in capsys.readouterr().out


PIECES = st.sampled_from(
    [
        *(
            "[advisories]\n",
            "[bans]\n",
            "[licenses]\n",
            "[sources]\n",
            "[graph]\n",
            "[[bans.skip]]\n",
            "[bans.build]\n",
        ),
        *("vulnerability", "unmaintained", "yanked", "ignore", "allow", "skip", "targets", "exceptions", "allow-git"),
        *(" = ", '"deny"', '"warn"', '"RUSTSEC-2024-0001"', '"a@1"', '"MIT"', "[", "]", "{ ", " }", ",", "\n", "\r\n"),
        *("# review by 2027-03-01\n", "# a\n", 'name = "a"', 'id = "x"', "reason = ", "true", "1", ".", "\ufeff", " "),
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text())
def test_no_text_raises_and_fixes_settle(text: str) -> None:
    path = Path("deny.toml")
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert main(["--fix", "deny.toml", TODAY]) in (0, 1)
    once = path.read_bytes()
    main(["--fix", "deny.toml", TODAY])
    assert path.read_bytes() == once


@pytest.mark.parametrize(
    ("arguments", "is_computed"),
    [
        pytest.param([], False, id="text"),
        pytest.param(["--output-format=github"], False, id="GitHub"),
        pytest.param(["--output-format=json"], True, id="JSON"),
        pytest.param(["--output-format=sarif"], True, id="SARIF"),
        pytest.param(["--output-file=x.sarif"], True, id="a file"),
    ],
)
def test_fixes_are_computed_where_they_are_shown(arguments: list[str], is_computed: bool) -> None:
    Path("deny.toml").write_text(CLEAN.replace('"deny"', '"warn"'))
    code = (
        "import sys; from dunnage.check_deny_toml import main; "
        "assert main(sys.argv[1:]) == 1; print('tomlkit' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "deny.toml", *arguments]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert result.stderr.strip() == str(is_computed)


@pytest.mark.parametrize("text", ["[licenses]\nallow = [1, ", "[advisories]\nignore = ['', "], ids=["allow", "ignore"])
def test_little_is_done_for_entries_beyond_those_that_are_reported(text: str) -> None:
    header, _, entry = text.rpartition("[")

    def count(entries: int) -> int:
        Path("deny.toml").write_text(f"{header}[{entry * entries}]\n")
        with redirect_stdout(StringIO()):
            return steps(lambda: main(["deny.toml"]))

    count(10)  # what is imported and cached now is not counted
    assert count(MOST_FINDINGS + 1500) - count(MOST_FINDINGS + 500) < 50 * 1000


def test_what_is_on_the_key_of_an_array_is_found_once_for_all_entries() -> None:
    def count(entries: int) -> int:
        ignored = "".join(
            f'  # a reason, review by 2026-11-01\n  "RUSTSEC-2024-{index:04}",\n' for index in range(entries)
        )
        Path("deny.toml").write_text(f"[advisories]\nignore = [\n{ignored}]\n")
        with redirect_stdout(StringIO()):
            return steps(lambda: main(["--today", "2026-08-01", "deny.toml"]))

    count(10)  # what is imported and cached now is not counted
    assert count(400) - count(200) < 300 * 200
