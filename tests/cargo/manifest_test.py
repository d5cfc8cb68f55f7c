"""Manifests: what cargo refuses is found where it stands; what it merely warns of passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import WORKSPACE, Changes, changed, found, matches, write

pytestmark = pytest.mark.usefixtures("folder")


REFUSED = [
    pytest.param(
        {"app/Cargo.toml": ('name = "app"\n', "")},
        "app/Cargo.toml:1:2 bad-manifest: `package.name` is missing",
        id="no-name",
    ),
    pytest.param(
        {"app/Cargo.toml": ('name = "app"', 'name = "a pp"')},
        "app/Cargo.toml:2:1 bad-manifest: `a pp` is not a valid package name",
        id="name-with-a-space",
    ),
    pytest.param(
        {"app/Cargo.toml": ('name = "app"', 'name = "1app"')},
        "app/Cargo.toml:2:1 bad-manifest: `1app` is not a valid package name",
        id="name-with-a-digit-first",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"0.1.0"', '"0.1"')},
        "app/Cargo.toml:3:1 bad-manifest: '0.1' is not a version: it … 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5",
        id="version",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"0.1.0"', "1")},
        "app/Cargo.toml:3:1 bad-manifest: `package.version` must be a string",
        id="version-no-string",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"2021"', '"2022"')},
        "app/Cargo.toml:4:1 bad-manifest: edition `2022` is not known to Cargo",
        id="edition",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"2021"', "2021")},
        "app/Cargo.toml:4:1 bad-manifest: `package.edition` must be a string",
        id="edition-no-string",
    ),
    pytest.param(
        {"app/Cargo.toml": ('edition = "2021"\n', 'edition = "2021"\nrust-version = "abc"\n')},
        "app/Cargo.toml:5:1 bad-manifest: rust-version `abc` is not a version such as `1.85`",
        id="rust-version",
    ),
    pytest.param(
        {"app/Cargo.toml": ('edition = "2021"\n', 'edition = "2021"\nrust-version = "1.50"\n')},
        "app/Cargo.toml:5:1 bad-manifest: rust-version 1.50 does not support the edition 2021",
        id="rust-version-before-the-edition",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"',
                '[project]\nname = "app"\nversion = "0.1.0"\nedition = "2024"',
            )
        },
        "app/Cargo.toml:1:2 bad-manifest: edition 2024 does not support `[project]`",
        id="project-in-2024",
    ),
    pytest.param(
        {"app/Cargo.toml": ('version = "0.1.0"', "version.workspace = true")},
        "app/Cargo.toml:3:1 bad-manifest: `version` is inherited, but … has no `workspace.package.version`",
        id="inherited-version",
    ),
    pytest.param(
        {"app/Cargo.toml": ('edition = "2021"\n', 'edition = "2021"\nlicense.workspace = true\n')},
        "app/Cargo.toml:5:1 bad-manifest: `license` is inherited, but … has no `workspace.package.license`",
        id="inherited-licence",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[lints]\nworkspace = true\n')},
        "app/Cargo.toml:11:2 bad-manifest: `lints` is inherited, but Cargo.toml has no `workspace.lints`",
        id="inherited-lints",
    ),
]

ACCEPTED = [
    pytest.param({"app/Cargo.toml": ('edition = "2021"\n', 'edition = "2021"\nnonsense = 1\n')}, id="unknown-keys"),
    pytest.param(
        {"app/Cargo.toml": ('edition = "2021"\n', 'edition = "2021"\nrust-version = "1.70"\n')}, id="rust-version"
    ),
    pytest.param({"app/Cargo.toml": ('"0.1.0"', '" 0.1.0 "')}, id="version-with-spaces"),
    pytest.param({"app/Cargo.toml": ("[package]", "cargo-features = []\n[package]")}, id="nightly"),
]


@pytest.mark.parametrize(("changes", "expected"), REFUSED)
def test_refused(folder: Path, changes: Changes, expected: str) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert matches(found("Cargo.toml"), [expected]), found("Cargo.toml")


@pytest.mark.parametrize("changes", ACCEPTED)
def test_accepted(folder: Path, changes: Changes) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert found("Cargo.toml") == []
