from __future__ import annotations

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files import toml
from dunnage.files.document import Document, Refused
from dunnage.files.source import File
from dunnage.wit.lock import LockedVersion, LockedWitPackage, parse, read

DIGEST = "sha256:" + "0" * 64
LOCK = f"""\
version = 1

[[package]]
name = "wasi:io"

[[package.version]]
requirement = "=0.2.0"
version = "0.2.0"
digest = "{DIGEST}"

[[package.version]]
requirement = "^0.2.1"
version = "0.2.3"
digest = "{DIGEST}"

[[package]]
name = "wasi:io"
registry = "acme"
"""
WKG = LOCK.replace("[package", "[packages").replace(".version]", ".versions]")


def document(name: str, text: str) -> Document:
    file = File(name, text.encode())
    return Document(file, toml.parse(file))


def packages(outer: str, inner: str) -> tuple[LockedWitPackage, ...]:
    return (
        LockedWitPackage(
            "wasi:io",
            None,
            (
                LockedVersion("=0.2.0", "0.2.0", DIGEST, (outer, 0, inner, 0)),
                LockedVersion("^0.2.1", "0.2.3", DIGEST, (outer, 0, inner, 1)),
            ),
            (outer, 0),
        ),
        LockedWitPackage("wasi:io", "acme", (), (outer, 1)),
    )


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("Cargo-component.lock", LOCK, packages("package", "version"), id="of cargo-component"),
        pytest.param("wit/wkg.lock", WKG, packages("packages", "versions"), id="of wkg"),
        pytest.param("wkg.lock", LOCK, packages("package", "version"), id="of wkg, in the other spelling"),
        pytest.param("wkg.lock", "version = 1\npackages = []\n", (), id="empty"),
        pytest.param("Cargo-component.lock", "version = 1\n", (), id="empty, of cargo-component"),
        pytest.param("Cargo-component.lock", WKG, (), id="cargo-component does not know wkg's spelling"),
    ],
)
def test_read(name: str, text: str, expected: tuple[LockedWitPackage, ...]) -> None:
    assert read(document(name, text)) == expected


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        ("", (), "the lock has no `version`, which states the format of the lock"),
        ("version = '1'", ("version",), "`version` must be an integer"),
        ("version = true", ("version",), "`version` must be an integer"),
        ("version = 2", ("version",), "the lock has format 2, but only format 1 is supported"),
        ("version = 1\npackage = 1", ("package",), "`package` must be an array of tables"),
        ("version = 1\npackage = [1]", ("package",), "`package` must be an array of tables"),
        ("version = 1\n[[package]]", ("package", 0), "`package` has no `name` here"),
        ("version = 1\n[[package]]\nname = 1", ("package", 0, "name"), "`name` must be a string"),
        (
            "version = 1\n[[package]]\nname = 'wasi'",
            ("package", 0, "name"),
            "`wasi` is not a package name: it has no `:`",
        ),
        (
            "version = 1\n[[package]]\nname = 'a:b'\nregistry = 1",
            ("package", 0, "registry"),
            "`registry` must be a string",
        ),
        (
            "version = 1\n[[package]]\nname = 'a:b'\n[[package.version]]\nrequirement = '*'\nversion = '1.0.0'",
            ("package", 0, "version", 0),
            "`version` has no `digest` here",
        ),
    ],
)
@pytest.mark.parametrize("name", ["Cargo-component.lock", "wkg.lock"])
def test_refused(name: str, text: str, keys: tuple[str | int, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        read(document(name, text))
    assert (refused.value.message, refused.value.keys) == (message, keys)
    assert refused.value.help


def test_wkg_refuses_both_spellings() -> None:
    with pytest.raises(Refused, match="has both `packages` and `package`"):
        read(document("wkg.lock", "version = 1\npackages = []\npackage = []\n"))


# The quick reader reads what a TOML reader reads, or nothing.

ENTRY = 'requirement = "=0.2.0"\nversion = "0.2.0"\ndigest = "sha256:00"\n'
PLAIN_LOCK = f'# Generated.\nversion = 1\n\n[[package]]\nname = "a:b"\n\n[[package.version]]\n{ENTRY}'
PLAIN_WKG = f'version = 1\n\n[[packages]]\nname = "a:b"\nregistry = "r"\n\n[[packages.versions]]\n{ENTRY}'


@pytest.mark.parametrize(
    "text", ["", "version = 1\n", PLAIN_LOCK, PLAIN_WKG, PLAIN_WKG + PLAIN_WKG[13:], f"{PLAIN_WKG}[[packages]]\n"]
)
def test_as_written(text: str) -> None:
    assert parse(text.encode()) == tomli.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "version = 1\r\n",
        "version = 2\n",
        "version = '1'\n",
        "version = 1 # one\n",
        "version = 1\nversion = 1\n",
        "packages = []\n",
        " [[package]]\n",
        "[[package.version]]\n",
        '[[package]]\nversion = "1"\n[[package.version]]\n',
        '[[package]]\nname = "a\\\\b"\n',
        '[[package]]\nname = "é"\n',
        '[[package]]\nname = ""a"\n',
        '[[package]]\nname="a"\n',
        '[[package]]\n"name" = "a"\n',
        '[[package]]\nname = "\n',
        "[[package]]\nversion = 1\n",
        "<<<<<<< HEAD\n",
    ],
)
def test_left_to_a_toml_reader(text: str) -> None:
    assert parse(text.encode()) is None


_HEADERS = st.sampled_from(["[[package]]", "[[packages]]", "[[package.version]]", "[[packages.versions]]", "[x]"])
_OTHERS = st.sampled_from(
    ["", "# x", "version = 1", 'name = "a"', 'version = "1"', 'versions = "1"', 'package = "x"', "x"]
)


@given(st.lists(_HEADERS | _OTHERS).map("\n".join))
def test_whatever_is_read_is_what_toml_says(text: str) -> None:
    found = parse(text.encode())
    assert found is None or found == tomli.loads(text)
