"""Workspaces: who is a member, and what cargo refuses about that."""

from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import WORKSPACE, Changes, changed, found, lock, matches, package, write
from dunnage.cargo.workspace import CargoConfig, read_config
from dunnage.files.document import Refused
from dunnage.files.source import Tree

pytestmark = pytest.mark.usefixtures("folder")


REFUSED = [
    pytest.param(
        {"Cargo.toml": ('"lib"]', '"lib", "none"]')},
        "Cargo.toml:3:26 bad-manifest: the workspace lists `none`, but there is no none/Cargo.toml",
        id="member-without-a-manifest",
    ),
    pytest.param(
        {"Cargo.toml": ('"lib"]', '"lib", "none/*"]')},
        "Cargo.toml:3:26 bad-manifest: the workspace lists `none/*`, but there is no none/*/Cargo.toml",
        id="pattern-that-matches-nothing",
    ),
    pytest.param(
        {"Cargo.toml": ('"app", "lib"', '"{app,lib}"')},
        "Cargo.toml:3:12 bad-manifest: the workspace lists `{app,lib}`, but there is no {app,lib}/Cargo.toml",
        id="braces",
    ),
    pytest.param(
        {"Cargo.toml": ('"lib"]', '"lib", "a***"]')},
        "Cargo.toml:3:26 bad-manifest: `a***` is not a pattern: `**` … of the path, and `[` must be closed",
        id="malformed-pattern",
    ),
    pytest.param(
        {"Cargo.toml": ('"lib"]', '"lib", "[x"]')},
        "Cargo.toml:3:26 bad-manifest: `[x` is not a pattern: `**` … of the path, and `[` must be closed",
        id="open-bracket",
    ),
    pytest.param(
        {"Cargo.toml": ('"lib"]', '"lib", "x/*"]'), "x/y/z.txt": ""},
        "Cargo.toml:3:26 bad-manifest: the workspace lists `x/*`, but there is no x/y/Cargo.toml",
        id="pattern-and-bare-folder",
    ),
    pytest.param(
        {
            "Cargo.toml": ('"lib"]', '"lib", "lib2"]'),
            "lib2/Cargo.toml": '[package]\nname = "lib"\nversion = "0.9.0"\n',
            "lib2/src/lib.rs": "",
        },
        "lib2/Cargo.toml:2:1 bad-manifest: two members of the … lib/Cargo.toml and lib2/Cargo.toml",
        id="two-members-of-one-name",
    ),
    pytest.param(
        {
            "Cargo.toml": ('"lib"]', '"lib", "h2"]'),
            "h2/Cargo.toml": '[package]\nname = "helper"\nversion = "0.3.0"\n',
            "h2/src/lib.rs": "",
        },
        "helper/Cargo.toml:2:1 bad-manifest: h2/Cargo.toml also has a package `helper` at version 0.3.0",
        id="two-packages-of-one-name-and-version",
    ),
    pytest.param(
        {"lib/Cargo.toml": ("[package]", "[workspace]\n\n[package]")},
        "lib/Cargo.toml:1:2 bad-manifest: this package is a member of … yet has a `[workspace]` of its own",
        id="nested-workspace",
    ),
    pytest.param(
        {"lib/Cargo.toml": ("edition", 'workspace = "../app"\nedition')},
        "lib/Cargo.toml:4:1 bad-manifest: `package.workspace` points to … whose Cargo.toml has no `[workspace]`",
        id="package.workspace-elsewhere",
    ),
    pytest.param(
        {"lib/Cargo.toml": ("edition", 'workspace = "../none"\nedition')},
        "lib/Cargo.toml:4:1 bad-manifest: `package.workspace` points to … whose Cargo.toml has no `[workspace]`",
        id="package.workspace-nowhere",
    ),
    pytest.param(
        {"lib/Cargo.toml": ("[package]\n", '[workspace]\n\n[package]\nworkspace = ".."\n')},
        "lib/Cargo.toml:4:1 bad-manifest: both `package.workspace` and `[workspace]` are set",
        id="both-workspace",
    ),
    pytest.param(
        {"Cargo.toml": ('members = ["app", "lib"]', 'members = ["app", "lib"]\ndefault-members = ["none"]')},
        "Cargo.toml:4:20 bad-manifest: `none` is in `default-members` but is not a member",
        id="default-members",
    ),
    pytest.param(
        {"Cargo.toml": ('members = ["app", "lib"]', 'members = ["app", "lib"]\ndefault-members = ["helper"]')},
        "Cargo.toml:4:20 bad-manifest: `helper` is in `default-members` but is not a member",
        id="default-members-no-member",
    ),
    pytest.param(
        {"Cargo.toml": ('"app", "lib"', "")},
        "Cargo.toml:1:2 bad-manifest: this workspace has no members, so Cargo can do nothing with it",
        id="no-members",
    ),
    pytest.param(
        {"Cargo.toml": ('members = ["app", "lib"]', 'members = "app"')},
        "Cargo.toml:3:1 bad-manifest: `workspace.members` must be an array of strings",
        id="members-no-array",
    ),
    pytest.param(
        {"Cargo.toml": ('exclude = ["helper"]\n', 'exclude = ["helper"]\n\n[dependencies]\nalpha = "1"\n')},
        "Cargo.toml:6:2 bad-manifest: a virtual manifest cannot have `dependencies`",
        id="virtual-with-dependencies",
    ),
    pytest.param(
        {"lib/Cargo.toml": "[dependencies]\n"},
        "lib/Cargo.toml:1:1 bad-manifest: the manifest has neither a `[package]` nor a `[workspace]`",
        id="neither",
    ),
    pytest.param(
        {"Cargo.toml": ('resolver = "2"', 'resolver = "9"')},
        "Cargo.toml:2:1 bad-manifest: resolver `9` is not known to Cargo",
        id="resolver",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[workspace.dependencies]\nalpha = { version = "1", optional = true }\n',
            )
        },
        "Cargo.toml:7:26 bad-manifest: `alpha` is optional, but a workspace dependency cannot be",
        id="optional-workspace-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ("[package]", "[package")},
        "app/Cargo.toml:1:9 bad-manifest: this file is not valid TOML: Expected ']' at the end of a table declaration",
        id="no-TOML",
    ),
    pytest.param(
        {"app/Cargo.toml": ("[package]", "<<<<<<< HEAD\n[package]")},
        "app/Cargo.toml:1:1 bad-manifest: this file contains an unresolved merge conflict",
        id="conflict",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ndup = "1"\n')},
        "app/Cargo.toml:10:1 bad-manifest: this file is not valid TOML: `dup` is defined twice",
        id="duplicate-key",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[patch.crates-io]\nalpha = { path = "none" }\n',
            )
        },
        "Cargo.toml:7:1 bad-manifest: there is no Cargo.toml in none, where `alpha` is expected",
        id="patch-path-to-nothing",
    ),
    pytest.param(
        {"Cargo.toml": ('exclude = ["helper"]\n', 'exclude = ["helper"]\n\n[patch.crates-io]\nalpha = "1"\n')},
        "Cargo.toml:7:1 bad-manifest: `[patch]` replaces `alpha` from crates.io with itself",
        id="patch-by-itself",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[patch.crates_io]\nalpha = { path = "helper" }\n',
            )
        },
        "Cargo.toml:6:8 bad-manifest: `[patch]` names `crates_io`, which is neither a URL nor the name of a registry",
        id="patch-of-crates-io-misspelled",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[patch."corp.example/index"]\nalpha = { path = "helper" }\n',
            )
        },
        "Cargo.toml:6:8 bad-manifest: `[patch]` names `corp.example/index`, which is neither a URL nor…",
        id="patch-of-what-is-no-name",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[patch.crates-io]\nalpha = { path = "helper" }\n',
            )
        },
        "Cargo.toml:7:1 bad-manifest: `alpha` is expected in helper, but there is `helper`",
        id="patch-of-another-name",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[patch.crates-io]\nhelper = { path = "helper", version = "2" }\n',
            )
        },
        "Cargo.toml:7:1 bad-manifest: `[patch]` requires `helper ^2` … helper/Cargo.toml is at version 0.3.0",
        id="patch-version",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n[patch.crates-io]\nbeta.path = "fork"\nb2 = { package = "beta", path = "f2" }\n',
            ),
            "fork/Cargo.toml": '[package]\nname = "beta"\nversion = "1.2.0"\n',
            "fork/src/lib.rs": "",
            "f2/Cargo.toml": '[package]\nname = "beta"\nversion = "1.2.0"\n',
            "f2/src/lib.rs": "",
        },
        "Cargo.toml:7:1 bad-manifest: several entries of `[patch]` provide `beta 1.2.0`",
        id="patch-twice",
    ),
    pytest.param(
        {"Cargo.toml": ('exclude = ["helper"]\n', 'exclude = ["helper"]\n\n[replace]\nbeta = { path = "helper" }\n')},
        "Cargo.toml:7:1 bad-manifest: `beta` has no version to replace",
        id="replace-without-version",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[patch]\n\n[replace]\n"beta:9.0.0" = { path = "helper" }\n',
            )
        },
        "Cargo.toml:8:2 bad-manifest: both `[replace]` and `[patch]` are set",
        id="replace-and-patch",
    ),
    pytest.param(
        {".cargo/config.toml": "a = = 1\n"},
        ".cargo/config.toml:1:5 bad-manifest: this file is not valid TOML: Invalid value",
        id="broken-configuration",
    ),
]

ACCEPTED = [
    pytest.param({"Cargo.toml": ('"lib"]', '"lib", "./lib/", "app/../lib"]')}, id="member-listed-twice"),
    pytest.param({"Cargo.toml": ('"lib"]', '"lib", ""]')}, id="empty-member"),
    pytest.param({"Cargo.toml": ('"lib"]', '"lib", "x/*"]'), "x/y": ""}, id="pattern-that-matches-files"),
    pytest.param(
        {"Cargo.toml": ('"lib"]\nexclude = ["helper"]', '"lib", "x/*"]\nexclude = ["helper", "x/y"]'), "x/y/z": ""},
        id="bare-folder-excluded",
    ),
    pytest.param({"Cargo.toml": ('"app", "lib"', '"app"')}, id="not-listed-but-depended-on"),
    pytest.param({"Cargo.toml": ('exclude = ["helper"]\n', "")}, id="helper-a-member"),
    pytest.param({"lib/Cargo.toml": ("edition", 'workspace = ".."\nedition')}, id="package.workspace"),
    pytest.param(
        {"Cargo.toml": ('members = ["app", "lib"]', 'members = ["app", "lib"]\ndefault-members = ["a*"]')},
        id="default-members",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[patch.crates-io]\nalpha = { path = "none" }\n')},
        id="patch-in-a-member",
    ),
    pytest.param(
        {
            "lib/Cargo.toml": ("[dependencies]", '[dev-dependencies]\napp = { path = "../app" }\n\n[dependencies]'),
            "lock": ("lib 0.2.0 -> dup", "lib 0.2.0 -> app, dup"),
        },
        id="cycle-through-dev",
    ),
    pytest.param({".cargo/config.toml": "[x]\na = 1\n"}, id="unknown-keys-in-configuration"),
]


@pytest.mark.parametrize(("changes", "expected"), REFUSED)
def test_refused(folder: Path, changes: Changes, expected: str) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert matches(found("Cargo.toml"), [expected]), found("Cargo.toml")


@pytest.mark.parametrize("changes", ACCEPTED)
def test_accepted(folder: Path, changes: Changes) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert found("Cargo.toml") == []


def test_nobody_believes_to_be_a_member_who_is_none(folder: Path) -> None:
    write(folder, {**WORKSPACE, "tools/Cargo.toml": package("tools")})
    expected = ["tools/Cargo.toml:2:1 bad-manifest: this package is inside the workspace of Cargo.toml, …"]
    assert matches(found("tools/Cargo.toml"), expected)
    write(
        folder, {"tools/Cargo.toml": package("tools", rest="\n[workspace]\n"), "tools/Cargo.lock": lock("tools 0.1.0")}
    )
    assert found("tools/Cargo.toml") == []


def _config(folder: Path) -> CargoConfig:
    return read_config(Tree(), str(folder))


def test_none(tmp_path: Path) -> None:
    assert _config(tmp_path) == ({}, (), None)


def test_the_old_name_wins(tmp_path: Path) -> None:
    write(tmp_path, {".cargo/config.toml": "registries.a.index = 'https://new.example'\n"})
    assert _config(tmp_path).registries == {"a": "https://new.example"}
    write(tmp_path, {".cargo/config": "registries.a.index = 'https://old.example'\n"})
    assert _config(tmp_path).registries == {"a": "https://old.example"}


def test_what_is_nearer_wins(tmp_path: Path) -> None:
    above = "[registries]\na.index = 'https://above.example'\nb.index = 'https://b.example'\n"
    patches = "[patch.crates-io]\nx.path = 'above'\ny.path = 'y'\n"
    write(tmp_path, {".cargo/config.toml": f"{above}{patches}[resolver]\nlockfile-path = 'locks/Cargo.lock'\n"})
    write(
        tmp_path,
        {"a/b/.cargo/config.toml": "registries.a.index = 'https://near.example'\npatch.crates-io.x.path = 'near'\n"},
    )
    found = _config(tmp_path / "a/b")
    assert found.registries == {"a": "https://near.example", "b": "https://b.example"}
    assert found.lock == str(tmp_path / "locks/Cargo.lock")
    paths = {dependency.name: Path(dependency.source.url) for _, dependency, _ in found.patches}
    assert paths == {"x": tmp_path / "a/b/near", "y": tmp_path / "y"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("registries = 1", id="registries"),
        pytest.param("registries.a = 1", id="registry"),
        pytest.param("registries.a.index = 1", id="index"),
        pytest.param("registries.a.token = 'x'", id="no-index"),
        pytest.param("resolver = 1", id="resolver"),
        pytest.param("resolver.lockfile-path = 1", id="lockfile-path"),
        pytest.param("source.crates-io.replace-with = 'mirror'\npaths = ['x']", id="what-changes-no-lock"),
    ],
)
def test_passed_over(tmp_path: Path, text: str) -> None:
    write(tmp_path, {".cargo/config.toml": text})
    assert _config(tmp_path) == ({}, (), None)


@pytest.mark.parametrize(
    "text", ["a = = 1", "patch = 1", "patch.crates-io = 1", "patch.'x.y'.z = '1'", "patch.crates-io.x = 1"]
)
def test_config_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, {".cargo/config.toml": text})
    with pytest.raises(Refused) as refused:
        _config(tmp_path)
    assert refused.value.file.path.endswith(".cargo/config.toml")
