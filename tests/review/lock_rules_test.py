"""The rules that two locks decide alone: a case that fires, and near misses that do not."""

from __future__ import annotations

import pytest

from cargo.files import GIT
from dunnage.cargo.lockfile import LockedPackage
from dunnage.review.changes import compare
from dunnage.review.concern import Unknowns
from dunnage.review.lock_rules import (
    Names,
    checksum_changed,
    downgrade,
    grew,
    look_alike,
    new_source,
    well_known,
)
from review.locks import ADVICE, changes, parsed, said
from steps import steps

ARRAYREF = "app 0.1.0 -> arrayref\narrayref 0.3.9 crates.io"
HIJACKED = "app 0.1.0 -> arrayref\narrayref 0.3.10 crates.io -> proc-macro1\nproc-macro1 1.0.107 crates.io"


def test_checksum_changed() -> None:
    before, after = (
        parsed("a 1.0.0 crates.io\nb 1.0.0 crates.io"),
        parsed("a 1.0.0 crates.io\nb 1.0.0 crates.io", {"b": "cd" * 32}),
    )
    (concern,) = checksum_changed(compare(after, [before]), ADVICE)
    assert concern.problem.message == "the checksum of `b 1.0.0` changed, although a published version never changes"
    assert concern.problem.keys == ("package", 1)
    assert concern.subjects == ()
    assert list(checksum_changed(compare(after, [after]), ADVICE)) == []
    assert list(checksum_changed(compare(after, [before, after]), ADVICE)) == []


def test_checksum_lost() -> None:
    before = parsed("a 1.0.0 crates.io")
    without = before._replace(packages=(before.packages[0]._replace(checksum=None),))
    (message,) = said(list(checksum_changed(compare(without, [before]), ADVICE)))
    assert message.startswith("`a 1.0.0` lost its checksum")
    assert list(checksum_changed(compare(before, [without]), ADVICE)) == []


def test_a_new_version_has_a_new_checksum() -> None:
    before, after = parsed("a 1.0.0 crates.io"), parsed("a 1.0.1 crates.io", {"a": "cd" * 32})
    assert list(checksum_changed(compare(after, [before]), ADVICE)) == []


def test_grew() -> None:
    (concern,) = grew(changes(ARRAYREF, HIJACKED), ADVICE)
    assert concern.problem.message == (
        "`arrayref` had no dependencies, but its update from 0.3.9 to 0.3.10 "
        "adds the new crate `proc-macro1`, as the hijacked arrayref 0.3.10 did"
    )
    assert concern.subjects == ("arrayref@0.3.10",)
    assert "https://docs.rs/crate/arrayref/0.3.10/source/" in concern.problem.help


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(HIJACKED, HIJACKED, id="nothing changed"),
        pytest.param(
            f"{ARRAYREF}\nother 1.0.0 crates.io",
            "app 0.1.0 -> arrayref\narrayref 0.3.10 crates.io -> other\nother 1.0.0 crates.io",
            id="a crate that is known",
        ),
        pytest.param(
            "a 1.0.0 crates.io -> b\nb 1.0.0 crates.io",
            "a 1.0.1 crates.io -> b, c\nb 1.0.0 crates.io\nc 1.0.0 crates.io",
            id="had a dependency",
        ),
        pytest.param("a 1.0.0 crates.io", "a 2.0.0 crates.io -> c\nc 1.0.0 crates.io", id="incompatible"),
        pytest.param("a 0.1.0 crates.io", "a 0.2.0 crates.io -> c\nc 1.0.0 crates.io", id="incompatible below 1.0"),
        pytest.param("a 1.0.1 crates.io", "a 1.0.0 crates.io -> c\nc 1.0.0 crates.io", id="back"),
        pytest.param("a 1.0.0", "a 1.0.1 -> c\nc 1.0.0 crates.io", id="own package"),
    ],
)
def test_grew_not(before: str, after: str) -> None:
    assert said(list(grew(changes(before, after), ADVICE))) == []


def test_look_alike() -> None:
    (concern,) = look_alike(changes(ARRAYREF, HIJACKED), ADVICE, Unknowns())
    assert concern.problem.message.startswith(
        "the name of the new crate `proc-macro1 1.0.107` resembles `proc-macro2`, which is well known"
    )
    assert concern.subjects == ("proc-macro1@1.0.107",)


def test_look_alike_of_a_locked_name() -> None:
    found = changes("my-parser 1.0.0 crates.io", "my-parser 1.0.0 crates.io\nmy_parser 1.0.0 crates.io")
    (message,) = said(list(look_alike(found, ADVICE, Unknowns())))
    assert "resembles `my-parser`, which is already in the lock" in message
    found = changes("my-parser 1.0.0 crates.io", "my_parser 1.0.0 crates.io")
    (message,) = said(list(look_alike(found, ADVICE, Unknowns())))
    assert "resembles `my-parser`, which the lock no longer has" in message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(HIJACKED, HIJACKED, id="nothing changed"),
        pytest.param("a 1.0.0 crates.io", "a 1.0.0 crates.io\nproc-macro2 1.0.0 crates.io", id="well known itself"),
        pytest.param("proc-macro1 1.0.0 crates.io", "proc-macro1 1.1.0 crates.io", id="not new"),
        pytest.param("a 1.0.0 crates.io", "a 1.0.0 crates.io\nproc-macro1 1.1.0", id="own package"),
    ],
)
def test_look_alike_not(before: str, after: str) -> None:
    assert said(list(look_alike(changes(before, after), ADVICE, Unknowns()))) == []


def test_look_alike_of_more_than_can_be_compared() -> None:
    before = "\n".join(f"old{number} 1.0.0 crates.io" for number in range(2001))
    after = "\n".join(f"new{number} 1.0.0 crates.io" for number in range(2001))
    unknown = Unknowns()
    assert list(look_alike(changes(before, after), ADVICE, unknown)) == []
    assert unknown.note() == "look-alike names (2,001 new names are too many to compare)"


@pytest.mark.parametrize(
    ("before", "after", "message", "subject"),
    [
        pytest.param(
            "a 1.0.0 crates.io",
            "a 1.0.0 crates.io\nb 1.0.0 other",
            "`b 1.0.0` comes from the registry https://other.example/index, which",
            "registry+https://other.example/index",
            id="registry",
        ),
        pytest.param(
            "a 1.0.0 crates.io",
            "a 1.0.0 crates.io\nb 1.0.0 git",
            "`b 1.0.0` comes from the git repository https://git.example/tools, which",
            "git+https://git.example/tools",
            id="git",
        ),
        pytest.param(
            "a 1.0.0 crates.io\nb 1.0.0 git",
            "a 1.0.0 git\nb 1.0.0 git",
            "`a 1.0.0` now comes from the git repository https://git.example/tools instead of crates.io",
            "a@1.0.0",
            id="known git",
        ),
        pytest.param(
            "a 1.0.0 crates.io",
            "a 1.0.0",
            "`a 1.0.0` now comes from a folder instead of crates.io",
            "a@1.0.0",
            id="folder",
        ),
    ],
)
def test_new_source(before: str, after: str, message: str, subject: str) -> None:
    (concern,) = new_source(changes(before, after), ADVICE, lambda _: False)
    assert concern.problem.message.startswith(message)
    assert concern.subjects == (subject,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a 1.0.0 git", "a 1.1.0 git", id="the same repository"),
        pytest.param(
            "a 1.0.0 git", f"a 1.0.0 {GIT.replace('8d', '9e').replace('branch=main', 'tag=v1')}", id="another commit"
        ),
        pytest.param("a 1.0.0", "a 1.0.0\nb 1.0.0 crates.io", id="crates.io"),
        pytest.param(
            "a 1.0.0", "a 1.0.0\nb 1.0.0 sparse+https://index.crates.io/", id="crates.io by the sparse protocol"
        ),
        pytest.param("a 1.0.0 git", "a 1.0.0 crates.io", id="back to crates.io"),
        pytest.param("a 1.0.0 crates.io", "b 1.0.0", id="another package in a folder"),
        pytest.param("a 1.0.0 crates.io\na 2.0.0", "a 2.1.0", id="in a folder before"),
    ],
)
def test_new_source_not(before: str, after: str) -> None:
    assert said(list(new_source(changes(before, after), ADVICE, lambda _: False))) == []


def test_a_source_that_was_reviewed() -> None:
    found = changes("a 1.0.0 crates.io", "a 1.0.0 crates.io\nb 1.0.0 git")
    assert list(new_source(found, ADVICE, {"git+https://git.example/tools"}.__contains__)) == []


def _no_reason(_before: LockedPackage, _after: LockedPackage) -> str:
    return ""


def test_downgrade() -> None:
    found = changes("a 1.2.0 crates.io\nb 0.3.4 crates.io", "a 1.1.0 crates.io\nb 0.3.3 crates.io")
    (concern,) = downgrade(
        found, ADVICE, lambda before, _: "x/Cargo.toml requires `=1.1.0`" if before.name == "a" else ""
    )
    assert concern.problem.message == (
        "an older version, which may lack a security fix, replaces a newer one: "
        "`a` from 1.2.0 to 1.1.0 (x/Cargo.toml requires `=1.1.0`) and `b` from 0.3.4 to 0.3.3"
    )
    assert concern.subjects == ("a@1.1.0", "b@0.3.3")
    assert "to undo only this: cargo update b@0.3.3 --precise 0.3.4\n" in concern.problem.help


def test_names_are_quoted_in_commands_and_keys() -> None:
    found = changes('a`id`" 1.2.0 crates.io'.replace('"', '\\"'), 'a`id`" 1.1.0 crates.io'.replace('"', '\\"'))
    (concern,) = downgrade(found, ADVICE, _no_reason)
    assert "cargo update 'a`id`\"@1.1.0' --precise 1.2.0\n" in concern.problem.help
    assert 'add "a`id`\\"@1.1.0" = "why" to' in concern.problem.help


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a 1.1.0 crates.io", "a 1.2.0 crates.io", id="forward"),
        pytest.param("a 2.0.0 crates.io", "a 1.2.0 crates.io", id="another range"),
        pytest.param("a 0.3.0 crates.io", "a 0.2.9 crates.io", id="another range below 1.0"),
        pytest.param("a 1.1.0", "a 1.0.0", id="own package"),
        pytest.param("a 1.1.0 crates.io", "a 1.0.0 git", id="another source"),
        pytest.param("a 1.0.0-rc.1 crates.io", "a 1.0.0 crates.io", id="a release after its candidate"),
    ],
)
def test_downgrade_not(before: str, after: str) -> None:
    assert said(list(downgrade(changes(before, after), ADVICE, _no_reason))) == []


# Which names could be taken for others.


LOCKED = ["my-parser", "adler", "sha256-simple", "ferris_tool"]
RESEMBLING = [
    ("proc-macro1", "proc-macro2"),
    ("proc_macro2", "proc-macro2"),
    ("macro2-proc", "proc-macro2"),
    ("serde-rs", "serde"),
    ("rs-serde", "serde"),
    ("tokio-rust", "tokio"),
    ("serd-json", "serde_json"),
    ("sedre_json", "serde_json"),
    ("serde_jsom", "serde_json"),
    ("serde_jsonn", "serde_json"),
    ("my_parser", "my-parser"),
    ("my-praser", "my-parser"),
    ("ferris-tool", "ferris_tool"),
    ("bytez", "bytes"),
]
ORDINARY = [
    "proc-macro2",
    "proc-macro3",
    "adler2",
    "sha512-simple",
    "libd",
    "l1bc-extra",
    "wholly-different",
    "rs-",
    "rs",
    "x",
]


@pytest.mark.parametrize(("name", "known"), RESEMBLING, ids=[name for name, _ in RESEMBLING])
def test_resembling(name: str, known: str) -> None:
    assert Names(LOCKED).resembled_by(name) == known


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary(name: str) -> None:
    assert Names(LOCKED).resembled_by(name) is None


def test_a_common_name_resembles_nothing() -> None:
    names = Names([])
    assert [name for name in well_known() if names.resembled_by(name)] == []


def test_the_list_is_sorted_and_says_where_it_comes_from() -> None:
    assert len(well_known()) > 1_000
    assert all(name == name.strip() and name.isascii() for name in well_known())


@pytest.mark.untraced
def test_steps_of_long_names() -> None:
    names = Names(["a" * 900 + "b1"])
    assert steps(lambda: names.resembled_by("a" * 900 + "c2")) < 300
