from __future__ import annotations

import pytest

from dunnage.files import toml
from dunnage.files.document import Document
from dunnage.files.source import File
from dunnage.files.span import Edit, apply
from dunnage.wit.lock import read
from dunnage.wit.requirements import exact_version, follow, full_version, problem


@pytest.mark.parametrize(
    ("text", "exact", "full"),
    [
        ("=0.2.1", "0.2.1", ""),
        ("= 0.2.1-rc.1+five", "0.2.1-rc.1", ""),
        ("=0.2", "", ""),
        ("0.2.1", "", "0.2.1"),
        (" 0.2.1-rc.1+five ", "", "0.2.1-rc.1"),
        ("0.2", "", ""),
        ("^0.2.1", "", ""),
        ("0.0.3", "0.0.3", "0.0.3"),
        ("^0.0.3+five", "0.0.3", ""),
        ("~0.0.3", "", ""),
        ("0.0.3-rc", "", "0.0.3-rc"),
        ("0.0", "", ""),
        ("*", "", ""),
        ("=0.2.1, =0.2.1", "", ""),
        ("one", "", ""),
        ("", "", ""),
    ],
)
def test_requirements(text: str, exact: str, full: str) -> None:
    assert (exact_version(text), full_version(text)) == (exact, full)
    assert bool(problem(text)) is (text in ("one", ""))


# Edits of a lock

HEADER = '# By hand\nversion = 1\n\n[[package]]\nname = "a:b" # ours\n\n'
ENTRY = '[[package.version]]\nrequirement = "{}"\nversion = "{}"\ndigest = "sha256:{}"\n'
REST = '\n[[package]]\nname = "c:d"\n'


def edited(name: str, text: str, at: int, requirement: str, keep: bool) -> str | None:
    file = File(name, text.encode())
    package = read(Document(file, toml.parse(file)))[0]
    (edits,) = follow(file, [(package, {package.versions[at]: (requirement, keep)})])
    if edits is None:
        return None
    assert all(edit == Edit(name, edit.start, edit.end, edit.text) for edit in edits)
    return apply(file.data, edits).decode()


@pytest.mark.parametrize(
    ("before", "at", "requirement", "keep", "after"),
    [
        pytest.param(["^1 1.2.0"], 0, "=1.2.0", False, ["=1.2.0 1.2.0"], id="one"),
        pytest.param(["^1 1.2.0"], 0, "=1.2.0", True, ["=1.2.0 1.2.0", "^1 1.2.0"], id="one-kept"),
        pytest.param(
            ["=1.3.0 1.3.0", "^1 1.2.0", "~1 1.1.0"],
            1,
            "=1.2.0",
            False,
            ["=1.2.0 1.2.0", "=1.3.0 1.3.0", "~1 1.1.0"],
            id="before-the-first",
        ),
        pytest.param(["=1.2.0 1.2.0", "^1 1.2.0"], 1, "=1.2.0", False, ["=1.2.0 1.2.0"], id="there-already"),
        pytest.param(
            ["=1.2.0 1.2.0", "^1 1.2.0"], 1, "=1.2.0", True, ["=1.2.0 1.2.0", "^1 1.2.0"], id="there-already-kept"
        ),
        pytest.param(["* 1.2.0", "=1.2.0 1.2.0"], 0, "=1.2.0", False, ["=1.2.0 1.2.0"], id="the-first-goes"),
        pytest.param(["=1.2.0 1.2.0 1", "^1 1.2.0"], 1, "=1.2.0", False, None, id="there-with-another-digest"),
        pytest.param(["=1.2.0 1.3.0", "^1 1.2.0"], 1, "=1.2.0", False, None, id="there-with-another-version"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_follow(
    before: list[str], at: int, requirement: str, keep: bool, after: list[str] | None, newline: str
) -> None:
    def text(entries: list[str]) -> str:
        parts = [entry.split() for entry in entries]
        body = "\n".join(
            ENTRY.format(entry[0], entry[1], (entry[2] if len(entry) > 2 else "0") * 64) for entry in parts
        )
        return (HEADER + body + REST).replace("\n", newline)

    found = edited("x/Cargo-component.lock", text(before), at, requirement, keep)
    assert found == (None if after is None else text(after))


def test_wkg_keeps_its_order() -> None:
    zero = "0" * 64
    text = HEADER + ENTRY.format("~1", "1.1.0", zero) + "\n" + ENTRY.format("^1", "1.2.0", zero)
    assert edited("wkg.lock", text, 1, "=1.2.0", False) == text.replace("^1", "=1.2.0")


@pytest.mark.parametrize(
    "text",
    [
        'version = 1\n[[package]]\nname = "a:b"\nversion = [{ requirement = "^1", version = "1.2.0", digest = "" }]\n',
        HEADER + ENTRY.format("^1", "1.2.0", "") + "[x]\n" + "[[package.version]]\nrequirement = '*'\n"
        "version = '1.2.0'\ndigest = ''\n",
    ],
    ids=["inline", "a table between"],
)
def test_another_layout(text: str) -> None:
    assert edited("Cargo-component.lock", text, 0, "=1.2.0", False) is None
