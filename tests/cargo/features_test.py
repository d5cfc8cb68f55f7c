"""Features: which cargo refuses, and which optional dependencies they turn on."""

from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import LOCKED, WORKSPACE, Changes, changed, found, lock, matches, package, write

pytestmark = pytest.mark.usefixtures("folder")


REFUSED = [
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\na = ["none"]\n')},
        "app/Cargo.toml:12:6 bad-manifest: feature `a` includes … is neither a feature nor a dependency",
        id="feature-of-nothing",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\na = ["dep:alpha"]\n')},
        "app/Cargo.toml:12:6 bad-manifest: feature `a` includes `dep:alpha`, but `alpha` is not optional",
        id="feature-dep-of-none-optional",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\na = ["none/x"]\n')},
        "app/Cargo.toml:12:6 bad-manifest: feature `a` includes `none/x`, but `none` is not a dependency",
        id="feature-of-no-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\na = ["alpha?/x"]\n')},
        "app/Cargo.toml:12:6 bad-manifest: feature `a` includes `alpha?/x`, but `alpha` is not optional",
        id="weak-feature-of-none-optional",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\na = ["a"]\n')},
        "app/Cargo.toml:12:6 bad-manifest: feature `a` includes itself",
        id="feature-itself",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\n"a b" = []\n')},
        "app/Cargo.toml:12:1 bad-manifest: `a b` is not a valid feature name",
        id="feature-name",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'alpha = "1.0"\ndup = "1"\n',
                'alpha = { version = "1.0", optional = true }\ndup = "1"\n\n[features]\nalpha = []\n',
            )
        },
        "app/Cargo.toml:12:1 bad-manifest: no feature enables the optional dependency `alpha`",
        id="optional-dependency-no-feature-turns-on",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'alpha = "1.0"\ndup = "1"\n',
                'dup = "1"\nalpha = { version = "1", optional = true }\n[features]\na = ["dep:alpha"]\nb = ["alpha"]\n',
            )
        },
        "app/Cargo.toml:12:6 bad-manifest: feature `b` includes … without a feature of the same name",
        id="hidden-optional-dependency",
    ),
    pytest.param(
        {"lib/Cargo.toml": ('path = "../helper"', 'path = "../helper", features = ["x"]')},
        "lib/Cargo.toml:8:1 bad-manifest: `lib` requires the feature … helper/Cargo.toml does not define",
        id="feature-of-a-path-package",
    ),
    pytest.param(
        {"helper/Cargo.toml": ('"0.3.0"', '"0.3"')},
        "helper/Cargo.toml:3:1 bad-manifest: '0.3' is not a version: … 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5",
        id="broken-path-package",
    ),
]

ACCEPTED = [
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\na = ["b"]\nb = ["a"]\n')}, id="feature-cycle"
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[features]\nalpha = []\n')}, id="feature-named-as-a-dependency"
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'alpha = "1.0"\ndup = "1"\n',
                'alpha = { version = "1.0", optional = true }\ndup = "1"\n\n[features]\na = ["dep:alpha"]\n',
            )
        },
        id="weak-feature-of-an-optional-one",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), REFUSED)
def test_refused(folder: Path, changes: Changes, expected: str) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert matches(found("Cargo.toml"), [expected]), found("Cargo.toml")


@pytest.mark.parametrize("changes", ACCEPTED)
def test_accepted(folder: Path, changes: Changes) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert found("Cargo.toml") == []


# What a package that is no member needs: `lib` asks it for features, and it turns on `beta`, or does not.

HELPER = """
[dependencies]
beta = { version = "1", optional = true }

[features]
"""
ON = [
    pytest.param("", '["beta"]', True, id="implicit"),
    pytest.param('x = ["dep:beta"]', '["x"]', True, id="dep"),
    pytest.param('x = ["beta"]', '["x"]', True, id="by-its-implicit-feature"),
    pytest.param('x = ["y"]\ny = ["z", "x"]\nz = ["dep:beta"]', '["x"]', True, id="through-others-in-a-circle"),
    pytest.param('default = ["x"]\nx = ["dep:beta"]', "[]", True, id="default"),
    pytest.param('x = ["beta/std"]', '["x"]', True, id="its-feature"),
    pytest.param('x = ["beta?/std"]', '["x"]', True, id="its-feature-weakly"),
    pytest.param('x = ["dep:beta"]', "[]", False, id="not-asked-for"),
    pytest.param('x = []\ny = ["dep:beta"]', '["x"]', False, id="another-asked-for"),
    pytest.param("", "[]", False, id="off"),
]


@pytest.mark.parametrize(("features", "asked", "is_on"), ON)
def test_optional_dependency_of_a_path_package(folder: Path, features: str, asked: str, is_on: bool) -> None:
    asking = ('path = "../helper"', f'path = "../helper", features = {asked}')
    manifest = package("helper", "0.3.0", f"{HELPER}{features}\n")
    with_edge = lock(LOCKED.replace("helper 0.3.0", "helper 0.3.0 -> beta"))
    write(folder, changed(WORKSPACE, {"lib/Cargo.toml": asking, "helper/Cargo.toml": manifest}))
    off = [] if not is_on else ["helper/Cargo.toml:7:1 stale: `helper` requires `beta ^1` from crates.io, …"]
    assert matches(found("Cargo.toml"), off)
    write(folder, {"Cargo.lock": with_edge})
    on = [] if is_on else ["Cargo.lock:…:2 stale: Cargo.lock lists `beta 1.2.0` as a dependency of `helper`, …"]
    assert matches(found("Cargo.toml"), on)


def test_default_features_off(folder: Path) -> None:
    asking = ('path = "../helper"', 'path = "../helper", default-features = false')
    manifest = package("helper", "0.3.0", f'{HELPER}default = ["dep:beta"]\n')
    write(folder, changed(WORKSPACE, {"lib/Cargo.toml": asking, "helper/Cargo.toml": manifest}))
    assert found("Cargo.toml") == []


def test_feature_asked_for_by_a_feature_of_a_member(folder: Path) -> None:
    asking = ("[dependencies]", '[features]\na = ["helper/x"]\n\n[dependencies]')
    manifest = package("helper", "0.3.0", f'{HELPER}x = ["dep:beta"]\n')
    write(folder, changed(WORKSPACE, {"lib/Cargo.toml": asking, "helper/Cargo.toml": manifest}))
    assert matches(found("Cargo.toml"), ["helper/Cargo.toml:7:1 stale: `helper` requires `beta ^1` from crates.io, …"])
