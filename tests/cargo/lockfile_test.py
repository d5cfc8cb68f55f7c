"""Reading Cargo.lock in all its formats: what cargo cannot read is found where it stands."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from cargo.files import CHECKSUM, CRATES_IO, LOCKED, MEMBERS, WORKSPACE, Changes, changed, found, lock, matches, write
from dunnage.cargo.lockfile import parse

pytestmark = pytest.mark.usefixtures("folder")


BETA = f'"1.2.0"\nsource = "{CRATES_IO}"\nchecksum = "'
"""What stands in the lock up to the checksum of `beta`."""

UNREADABLE = [
    pytest.param(
        {"Cargo.lock": ('[[package]]\nname = "helper"', '<<<<<<< HEAD\n[[package]]\nname = "helper"')},
        ["Cargo.lock:40:1 unreadable: this file contains an unresolved merge conflict"],
        id="conflict",
    ),
    pytest.param(
        {"Cargo.lock": ("version = 4\n", "<<<<<<< HEAD\nversion = 4\n=======\nversion = 3\n>>>>>>> theirs\n")},
        ["Cargo.lock:1:1 unreadable: this file contains an unresolved merge conflict"],
        id="conflict-at-the-top",
    ),
    pytest.param(
        {"Cargo.lock": ("version = 4\n", "version = = 4\n")},
        ["Cargo.lock:1:11 unreadable: this file is not valid TOML: Invalid value"],
        id="no-TOML",
    ),
    pytest.param(
        {"Cargo.lock": ("version = 4\n", "version = 5\n")},
        ["Cargo.lock:1:1 unreadable: stable cargo does not support lock format `5`"],
        id="format-5",
    ),
    pytest.param(
        {"Cargo.lock": ("version = 4\n", "version = 2\n")},
        ["Cargo.lock:1:1 unreadable: stable cargo does not support lock format `2`"],
        id="format-2-by-number",
    ),
    pytest.param(
        {"Cargo.lock": ("version = 4\n", 'version = "4"\n')},
        ["Cargo.lock:1:1 unreadable: stable cargo does not support lock format `4`"],
        id="format-text",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io\n", "beta 1.2.0 crates.io\nbeta 1.2.0 crates.io\n")},
        ["Cargo.lock:28:3 unreadable: package `beta 1.2.0` is listed twice, perhaps because a merge kept both sides"],
        id="listed-twice",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0", "beta 1.2")},
        ["Cargo.lock:24:1 unreadable: package `beta`: '1.2' is not a … 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5"],
        id="version",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0", "beta v1.2.0")},
        ["Cargo.lock:24:1 unreadable: package `beta`: 'v1.2.0' is not a … 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5"],
        id="version-v",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0 https://git.example/beta")},
        ["Cargo.lock:25:1 unreadable: `https://git.example/beta` is not … it has no `KIND+` in front of a URL"],
        id="source-of-no-kind",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0 hg+https://git.example/beta")},
        ["Cargo.lock:25:1 unreadable: `hg` is not a kind of source Cargo knows (registry, sparse, git)"],
        id="source-of-unknown-kind",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0 registry+beta")},
        ["Cargo.lock:25:1 unreadable: `beta` is not an absolute URL"],
        id="source-without-URL",
    ),
    pytest.param(
        {
            "Cargo.lock": (
                BETA + "ab",
                BETA,
            )
        },
        ["Cargo.lock:26:1 unreadable: the checksum of `beta 1.2.0` is … of 64 hexadecimal digits in lower case"],
        id="short-checksum",
    ),
    pytest.param(
        {
            "Cargo.lock": (
                BETA + "ab",
                BETA + "AB",
            )
        },
        ["Cargo.lock:26:1 unreadable: the checksum of `beta 1.2.0` is … of 64 hexadecimal digits in lower case"],
        id="checksum-in-capitals",
    ),
    pytest.param(
        {
            "Cargo.lock": (
                'name = "helper"\nversion = "0.3.0"\n',
                'name = "helper"\nversion = "0.3.0"\nchecksum = "ab"\n',
            )
        },
        ["Cargo.lock:43:1 unreadable: `helper 0.3.0` has a checksum, but only crates of registries can have one"],
        id="checksum-of-a-member",
    ),
    pytest.param(
        {"Cargo.lock": ('name = "helper"\n', "")},
        ["Cargo.lock:40:3 unreadable: a package has no `name`"],
        id="package-without-name",
    ),
    pytest.param(
        {"Cargo.lock": ('name = "helper"\n', f'name = "{"h" * 257}"\n')},
        ["Cargo.lock:40:3 unreadable: the name of a package has more than 256 characters"],
        id="package-with-long-name",
    ),
    pytest.param(
        {"Cargo.lock": ('version = "0.3.0"\n', "")},
        ["Cargo.lock:40:3 unreadable: package `helper` has no `version`"],
        id="package-without-version",
    ),
    pytest.param(
        {"Cargo.lock": ('dependencies = [\n "dup 2.0.1",\n "helper",\n]\n', 'dependencies = "helper"\n')},
        ["Cargo.lock:47:1 unreadable: `dependencies` must be an array"],
        id="dependencies-no-array",
    ),
    pytest.param(
        {"Cargo.lock": ('"helper",', "1,")},
        ["Cargo.lock:49:2 unreadable: a dependency must be a string"],
        id="dependency-no-string",
    ),
    pytest.param(
        {"Cargo.lock": (' "helper",', ' "helper 0.3.0 x",')},
        ["Cargo.lock:49:2 unreadable: `helper 0.3.0 x` is not `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`"],
        id="three-words",
    ),
    pytest.param(
        {"Cargo.lock": "package = 1\n"},
        ["Cargo.lock:1:1 unreadable: `package` must be an array"],
        id="package-no-array",
    ),
    pytest.param(
        {"Cargo.lock": ("version = 4\n", "version = 4\nmetadata = { x = 1 }\n")},
        ["Cargo.lock:2:1 unreadable: `[metadata]` may only hold strings"],
        id="metadata",
    ),
    pytest.param(
        {
            "Cargo.lock": (
                "version = 4\n",
                'version = 4\nmetadata = { "checksum ghost 1.2.0 (registry+https://x.y/z)" = "<none>", x = "" }\n',
            )
        },
        ["Cargo.lock:2:1 unreadable: `[metadata]` holds checksums, so Cargo ignores those in `[[package]]`"],
        id="checksums-in-metadata-of-format-4",
    ),
    pytest.param(
        {"Cargo.lock": ("version = 4\n", "version = 4\npatch = {}\n")},
        ["Cargo.lock:2:1 unreadable: `unused` must be an array"],
        id="patch",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), UNREADABLE)
def test_unreadable(folder: Path, changes: Changes, expected: Sequence[str]) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert matches(found("Cargo.toml"), expected), found("Cargo.toml")


FORMAT_1 = lock(LOCKED, 1)
CHECKSUM_OF_BETA = f'"checksum beta 1.2.0 ({CRATES_IO})" = "{CHECKSUM}"\n'


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda text: text, id="as-cargo-writes-it"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="crlf"),
        pytest.param(lambda text: "\ufeff" + text, id="byte-order-mark"),
        pytest.param(lambda text: text.rstrip("\n"), id="no-final-newline"),
        pytest.param(lambda text: "# written by hand\n" + text.replace(" = ", "="), id="by-hand"),
        pytest.param(lambda text: text.replace(SOLO, SOLO.replace("[[package]]", "[root]")), id="root"),
    ],
)
def test_formats(folder: Path, version: int, written: Callable[[str], str]) -> None:
    write(folder, WORKSPACE | {"Cargo.lock": written(lock(LOCKED, version))})
    assert found("Cargo.toml") == []


SOLO = '[[package]]\nname = "helper"\n'

OLD = [
    pytest.param(
        ("[metadata]\n", "[metadata.x]\n"),
        ["Cargo.lock:47:2 unreadable: `[metadata]` may only hold strings"],
        id="table",
    ),
    pytest.param(
        (CHECKSUM_OF_BETA, ""), ["Cargo.lock:20:3 no-checksum: `beta 1.2.0` has no checksum, …"], id="checksum-missing"
    ),
    pytest.param(
        (CHECKSUM_OF_BETA, CHECKSUM_OF_BETA.replace(CHECKSUM, "<none>")),
        ["Cargo.lock:20:3 no-checksum: `beta 1.2.0` has no checksum, …"],
        id="none",
    ),
    pytest.param(
        (CHECKSUM_OF_BETA, CHECKSUM_OF_BETA.replace(CHECKSUM, "xyz")),
        ["Cargo.lock:20:3 unreadable: the checksum of `beta 1.2.0` is not a SHA-256 of …"],
        id="malformed",
    ),
    pytest.param(
        (CHECKSUM_OF_BETA, CHECKSUM_OF_BETA.replace("beta 1.2.0", "beta 1.2.0 x")),
        ["Cargo.lock:49:1 unreadable: `beta 1.2.0 x (…)` is not `NAME`, `NAME VERSION` or …"],
        id="key-malformed",
    ),
    pytest.param(
        (CHECKSUM_OF_BETA, CHECKSUM_OF_BETA + '"checksum gone 1.0.0 (registry+https://x.y)" = "1"\n'), [], id="other"
    ),
    pytest.param(
        (' "lib 0.2.0",', ' "lib",'),
        ["Cargo.lock:47:2 unreadable: `[metadata]` holds checksums, …"],
        id="a-short-edge-makes-it-format-2",
    ),
]


@pytest.mark.parametrize(("edit", "expected"), OLD)
def test_format_1(folder: Path, edit: tuple[str, str], expected: Sequence[str]) -> None:
    write(folder, changed(WORKSPACE | {"Cargo.lock": FORMAT_1}, {"Cargo.lock": edit}))
    assert matches(found("Cargo.toml"), expected), found("Cargo.toml")


@pytest.mark.parametrize("version", [3, 4])
def test_format_1_is_not_a_later_one(folder: Path, version: int) -> None:
    write(folder, WORKSPACE | {"Cargo.lock": f"version = {version}\n{FORMAT_1}"})
    assert matches(found("Cargo.toml"), ["Cargo.lock:48:2 unreadable: `[metadata]` holds checksums, …"])


def test_no_checksum_at_all(folder: Path) -> None:
    checksums = f'checksum = "{CHECKSUM}"\n'
    write(folder, WORKSPACE | {"Cargo.lock": WORKSPACE["Cargo.lock"].replace(checksums, "")})
    expected = ["Cargo.lock:3:3 no-checksum: no crate in Cargo.lock has a checksum: `alpha 1.0.3` and 3 more have none"]
    assert found("Cargo.toml") == expected


def test_one_checksum_missing(folder: Path) -> None:
    write(folder, changed(WORKSPACE, {"Cargo.lock": (BETA + CHECKSUM, BETA.removesuffix('checksum = "') + 'x = "')}))
    expected = ["Cargo.lock:22:3 no-checksum: `beta 1.2.0` has no checksum, so cargo cannot verify …"]
    assert matches(found("Cargo.toml"), expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            b"version = 4\n# \xff", "Cargo.lock:2:3 unreadable: this file is not UTF-8: byte 0xff", id="not-utf-8"
        ),
        pytest.param(b"version = 4\n\0", "Cargo.lock:2:1 unreadable: this file is not valid TOML: …", id="nul"),
        pytest.param(
            b"version = 4\r[[package]]\r", "Cargo.lock:1:12 unreadable: this file is not valid TOML: …", id="lone-cr"
        ),
        pytest.param(b"x = " + b"[" * 100_000, "Cargo.lock:1:105 unreadable: …nested too deeply…", id="deep"),
        pytest.param(b"x = " + b"{a=" * 100_000, "Cargo.lock:1:305 unreadable: …nested too deeply…", id="deep-tables"),
        pytest.param(
            b"a." * 100_000 + b"a = 1", "Cargo.lock:1:1 unreadable: this file has a key of more than…", id="long-key"
        ),
        pytest.param(b"a = " + b"1" * 5000, "Cargo.lock:1:5 unreadable: this file has an integer…", id="long-integer"),
        pytest.param(
            b"#" * 17_000_000, "Cargo.lock:1:1 unreadable: this file is larger than 16,777,216 bytes…", id="large"
        ),
    ],
)
def test_hostile(folder: Path, data: bytes, expected: str) -> None:
    write(folder, MEMBERS | {"Cargo.lock": data})
    assert matches(found("Cargo.toml"), [expected]), found("Cargo.toml")


HEAD = "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 4\n"
PACKAGE = """
[[package]]
name = "serde"
version = "1.0.200"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
dependencies = [
 "serde_core",
 "serde_derive 1.0.200",
]
"""
LEAF = '\n[[package]]\nname = "leaf"\nversion = "0.1.0"\n'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEAD + PACKAGE, id="all-keys"),
        pytest.param(HEAD + LEAF, id="fewest-keys"),
        pytest.param(HEAD + LEAF + PACKAGE + LEAF, id="several"),
        pytest.param(HEAD.replace("version = 4\n", "") + LEAF, id="no-format"),
        pytest.param(HEAD, id="no-package"),
        pytest.param("", id="empty"),
        pytest.param("# by hand\n" + HEAD + LEAF, id="another-comment"),
    ],
)
def test_reads_what_cargo_writes(text: str) -> None:
    assert parse(text.encode()) == tomli.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param((HEAD + PACKAGE).replace("\n", "\r\n"), id="crlf"),
        pytest.param("\ufeff" + HEAD + LEAF, id="byte-order-mark"),
        pytest.param(HEAD + LEAF.replace(" = ", "="), id="spaces"),
        pytest.param(HEAD + LEAF.replace('"', "'"), id="quotes"),
        pytest.param(HEAD + LEAF.replace("leaf", "l\\u0065af"), id="escape"),
        pytest.param(HEAD + LEAF.replace("leaf", "lea\nf"), id="newline-in-a-string"),
        pytest.param(HEAD + LEAF.replace("leaf", "läf"), id="not-ascii"),
        pytest.param(HEAD + LEAF + "# why\n", id="comment-in-a-package"),
        pytest.param(HEAD + LEAF + 'replace = "other 0.1.0"\n', id="another-key"),
        pytest.param(HEAD + PACKAGE.replace(",\n]", "\n]"), id="no-last-comma"),
        pytest.param(HEAD + LEAF + LEAF.replace("package", "patch.unused"), id="unused-patch"),
        pytest.param(HEAD + LEAF + '\n[metadata]\nk = "v"\n', id="metadata"),
        pytest.param(HEAD.replace("4", "04") + LEAF, id="leading-zero"),
        pytest.param(HEAD.rstrip("\n") + LEAF.lstrip("\n"), id="header-not-at-a-line's-start"),
        pytest.param(HEAD + HEAD + LEAF, id="format-twice"),
        pytest.param(HEAD + PACKAGE[:-4], id="cut-off"),
    ],
)
def test_leaves_the_rest(text: str) -> None:
    assert parse(text.encode()) is None


@given(st.data())
def test_never_differs_from_toml(data: st.DataObject) -> None:
    """Whatever is done to a lock, what is read of it is what TOML says."""
    text = HEAD + PACKAGE + LEAF
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 20, len(text))))
        text = text[:start] + data.draw(st.text('"[]=,#\n\\ ' + string.ascii_lowercase, max_size=12)) + text[end:]
    found = parse(text.encode())
    assert found is None or found == tomli.loads(text)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    parse(data)


def test_real_locks() -> None:
    corpus = Path(__file__).parents[3] / "shared" / "corpus" / "workspaces"
    locks = sorted(corpus.glob("*/Cargo.lock"))
    if not locks:
        pytest.skip("the corpus of real workspaces is not here")
    for path in locks:
        assert parse(path.read_bytes()) == tomli.loads(path.read_text("utf-8"))
