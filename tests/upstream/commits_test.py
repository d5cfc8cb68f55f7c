"""Which commits the words and the files of a change single out."""

from __future__ import annotations

import pytest

from dunnage.upstream import commits
from dunnage.upstream.source import Commit


def commit(message: str) -> Commit:
    """A commit with a message."""
    return Commit("1" * 40, ("2" * 40,), "2024-01-01T00:00:00Z", message)


@pytest.mark.parametrize(
    "message",
    [
        "Fix a panic on empty input",
        "Don't panic on duplicate imports when creating components",
        "wasmparser: Fix validation of the `return_call` family",
        "Explicitly disallow 64-bit memories",
        "fix: Read non-default registries' auth using their domain name",
        "Enforce the implementation limits for subtyping depth",
        "Fix exponential behavior elaborating world exports",
        "Remove an arena\n\nFixes a use-after-free that a module could cause.",
        "Prevent unbounded recursion when parsing",
        "Place a limit on decompression size",
        "update hashbrown deps due to security",
    ],
)
def test_words(message: str) -> None:
    assert commits.words(commit(message))


@pytest.mark.parametrize(
    "message",
    [
        "Make certain fields public",
        "Use thread-local storage (TLS) in the parser",
        "Parse the registry of a package",
        "Improve panic messages",
        "Enforce `clippy::clone_on_copy` for the workspace",
        "Add a fuzzer\n\nIt found a use-after-free in an example.",
        "Update the documentation of stack overflow checks",
        "Avoid a warning about the panic strategy",
        "Rename an error\n\nThis does not change what is out of bounds.",
    ],
)
def test_no_words(message: str) -> None:
    assert not commits.words(commit(message))


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("fix: RUSTSEC-2024-0402", ["RUSTSEC-2024-0402"]),
        ("Fix\n\nCVE-2024-12345 and GHSA-ab12-cd34-ef56, CVE-2024-12345", ["CVE-2024-12345", "GHSA-ab12-cd34-ef56"]),
        ("RUSTSEC-2024-04020, XCVE-2024-1234, GHSA-ab12", []),
    ],
)
def test_advisories(message: str, names: list[str]) -> None:
    assert commits.advisories(commit(message)) == names


@pytest.mark.parametrize(
    ("message", "is_private"),
    [
        ("Merge commit from fork\n\n* Fix it", True),
        ("Merge pull request from GHSA-ab12-cd34-ef56", True),
        ("Merge pull request #5 from someone/fork", False),
        ("Revert\n\nMerge commit from fork", False),
    ],
)
def test_private_fixes(message: str, is_private: bool) -> None:
    assert commits.is_private_fix(commit(message)) is is_private


@pytest.mark.parametrize(
    ("message", "paths", "is_fix"),
    [
        pytest.param("fix: RUSTSEC-2024-0402", ["Cargo.lock"], True, id="a lock"),
        pytest.param("fix: RUSTSEC-2024-0402", ["deny.toml"], False, id="a policy"),
        pytest.param("Update docs\n\nSee CVE-2024-1234", ["src/lib.rs"], False, id="in passing"),
        pytest.param("Bump rustls\n\nCVE-2024-1234", ["Cargo.toml", "Cargo.lock"], True, id="an update"),
        pytest.param("Merge commit from fork", ["crates/a/src/lib.rs"], True, id="a private fix"),
    ],
)
def test_which_commits_fix_an_advisory(message: str, paths: list[str], is_fix: bool) -> None:
    assert commits.is_fix(commit(message), paths) is is_fix


@pytest.mark.parametrize(
    ("paths", "is_code"),
    [
        (["src/lib.rs"], True),
        (["crates/wasmparser/src/validator.rs", "tests/a.wat"], True),
        (["tests/all.rs"], False),
        (["crates/a/fuzz/src/main.rs"], False),
        (["crates/wasm-smith/src/lib.rs"], False),
        (["README.md", "Cargo.lock", ".github/workflows/ci.yml"], False),
        (["build.rs"], True),
        ([], False),
    ],
)
def test_code_of_a_release(paths: list[str], is_code: bool) -> None:
    assert commits.touches_code(paths) is is_code


def test_security_needs_no_code() -> None:
    assert commits.is_reading(commit("update hashbrown deps due to security"), ["Cargo.toml"])
    assert not commits.is_reading(commit("Fix a panic"), ["Cargo.toml"])


def test_a_long_message_is_searched_in_part() -> None:
    assert not commits.words(commit(f"Fix it\n\n{'a ' * 20_000} use-after-free"))
