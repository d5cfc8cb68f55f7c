"""Dependency tables: which entries Cargo rejects, and what a path dependency must lead to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo.files import WORKSPACE, Changes, changed, found, matches, write
from dunnage.cargo.dependency import is_platform

pytestmark = pytest.mark.usefixtures("folder")


REFUSED = [
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma.workspace = true\n')},
        "app/Cargo.toml:10:1 bad-manifest: `gamma` is inherited, but … has no `workspace.dependencies.gamma`",
        id="inherited-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma.workspace = false\n')},
        "app/Cargo.toml:10:7 bad-manifest: `workspace` can only be `true`",
        id="workspace-false",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = "1.x.y"\n')},
        "app/Cargo.toml:10:1 bad-manifest: '1.x.y' is not a version … 1.2, =1.2.3, ~1.2, 1.* or >=1.2, <1.5",
        id="requirement",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"1.0"', '">=1 <2"')},
        "app/Cargo.toml:8:1 bad-manifest: '>=1 <2' is not a version … 1.2, =1.2.3, ~1.2, 1.* or >=1.2, <1.5",
        id="requirement-without-comma",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"1.0"', '""')},
        "app/Cargo.toml:8:1 bad-manifest: '' is not a version … 1.2, =1.2.3, ~1.2, 1.* or >=1.2, <1.5",
        id="empty-requirement",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', f'dup = "1"\n{"g" * 257} = "1"\n')},
        "app/Cargo.toml:10:1 bad-manifest: `gg…gg…` has more than 256 characters",
        id="long-name",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', f'dup = "1"\ngamma = {{ path = "{"g" * 4097}" }}\n')},
        "app/Cargo.toml:10:11 bad-manifest: `gg…gg…` has more than 4,096 characters",
        id="long-path",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', f'dup = "1"\ngamma = {{ version = "1", features = ["{"g" * 4097}"] }}\n')},
        "app/Cargo.toml:10:26 bad-manifest: `gg…gg…` has more than 4,096 characters",
        id="long-feature",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = {}\n')},
        "app/Cargo.toml:10:1 bad-manifest: `gamma` has neither `version` nor `git` nor `path`",
        id="no-source",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = { git = "https://git.example/x", path = "../lib" }\n')},
        "app/Cargo.toml:10:1 bad-manifest: `gamma` has both `git` and `path`",
        id="git-and-path",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'dup = "1"\n',
                'dup = "1"\ngamma = { git = "https://git.example/x", branch = "a", tag = "b" }\n',
            )
        },
        "app/Cargo.toml:10:1 bad-manifest: `gamma` has several of `branch`, `tag` and `rev`",
        id="branch-and-tag",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = { version = "1", branch = "a" }\n')},
        "app/Cargo.toml:10:26 bad-manifest: `gamma` has `branch` but no `git`",
        id="branch-without-git",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = { git = "https://git.example/x", registry = "a" }\n')},
        "app/Cargo.toml:10:1 bad-manifest: `gamma` has both `git` and `registry`",
        id="registry-and-git",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = { git = "git.example/x" }\n')},
        "app/Cargo.toml:10:1 bad-manifest: `gamma`: `git.example/x` is not an absolute URL",
        id="URL",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = 1\n')},
        "app/Cargo.toml:10:1 bad-manifest: `gamma` must be a version or a table",
        id="number",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = { version = "1.0", features = ["a/b"] }')},
        "app/Cargo.toml:8:40 bad-manifest: `a/b` cannot be enabled for a dependency here",
        id="feature-with-a-slash",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = { version = "1.0", features = "a" }')},
        "app/Cargo.toml:8:28 bad-manifest: `dependencies.alpha.features` must be an array of strings",
        id="features-no-array",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = { version = "1.0", optional = "yes" }')},
        "app/Cargo.toml:8:28 bad-manifest: `optional` must be `true` or `false`",
        id="optional-no-boolean",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'dup = "1"\n',
                'dup = "1"\n\n[dev-dependencies]\nbeta = { version = "1", optional = true }\n',
            )
        },
        "app/Cargo.toml:12:25 bad-manifest: `beta` is a dev-dependency, which cannot be optional",
        id="optional-dev-dependency",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'edition = "2021"\n\n[dependencies]',
                'edition = "2024"\n\n[dev_dependencies]\n\n[dependencies]',
            )
        },
        "app/Cargo.toml:6:2 bad-manifest: edition 2024 does not support `dev_dependencies`",
        id="legacy-spelling-in-2024",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[dev-dependencies]\nalpha = { path = "../lib" }\n')},
        "app/Cargo.toml:12:1 bad-manifest: `alpha` comes from different sources in different tables",
        id="different-sources",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[target."cfg(".dependencies]\nalpha = "1"\n')},
        "app/Cargo.toml:11:9 bad-manifest: `cfg(` is neither the name of a target nor a `cfg(…)` expression",
        id="platform",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"../lib"', '"../none"')},
        "app/Cargo.toml:7:1 bad-manifest: there is no Cargo.toml in none, where `lib` is expected",
        id="path-to-nothing",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\ngamma = { path = "../none", optional = true }\n')},
        "app/Cargo.toml:10:1 bad-manifest: there is no Cargo.toml in none, where `gamma` is expected",
        id="optional-path-to-nothing",
    ),
    pytest.param(
        {"app/Cargo.toml": ("lib = {", "libx = {")},
        "app/Cargo.toml:7:1 bad-manifest: `libx` is expected in lib, but there is `lib`",
        id="path-to-a-package-of-another-name",
    ),
    pytest.param(
        {"app/Cargo.toml": ('"../lib"', '"../lib/Cargo.toml"')},
        "app/Cargo.toml:7:1 bad-manifest: there is no Cargo.toml in lib/Cargo.toml, where `lib` is expected",
        id="path-to-a-file",
    ),
    pytest.param(
        {"app/Cargo.toml": ('path = "../lib"', 'path = "../lib", version = "0.3"')},
        "app/Cargo.toml:7:1 bad-manifest: `app` requires `lib ^0.3` … lib/Cargo.toml is at version 0.2.0",
        id="version-of-a-path-dependency",
    ),
    pytest.param(
        {
            "app/Cargo.toml": ('path = "../lib"', 'path = "../lib", version = "*"'),
            "lib/Cargo.toml": ('"0.2.0"', '"0.2.1-alpha"'),
            "lock": ("lib 0.2.0", "lib 0.2.1-alpha"),
        },
        "app/Cargo.toml:7:1 bad-manifest: `app` requires `lib *` from … is at version 0.2.1-alpha",
        id="version-of-a-pre-release",
    ),
    pytest.param(
        {"app/Cargo.toml": ('path = "../lib"', 'path = "../lib", features = ["none"]')},
        "app/Cargo.toml:7:1 bad-manifest: `app` requires the feature … which lib/Cargo.toml does not define",
        id="feature-of-a-member",
    ),
    pytest.param(
        {
            "lib/Cargo.toml": ('dup = "2"', 'dup = "2"\napp = { path = "../app" }'),
            "lock": ("lib 0.2.0 -> dup", "lib 0.2.0 -> app, dup"),
        },
        "app/Cargo.toml:7:1 bad-manifest: packages depend on each other in a cycle: app → lib → app",
        id="circle",
    ),
    pytest.param(
        {
            "lib/Cargo.toml": ('dup = "2"', 'dup = "2"\nlib = { path = "." }'),
            "lock": ("2.0.1, helper", "2.0.1, helper, lib"),
        },
        "lib/Cargo.toml:8:1 bad-manifest: packages depend on each other in a cycle: lib → lib",
        id="itself",
    ),
]

ACCEPTED = [
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = { version = "1.0", nonsense = 1 }')},
        id="unknown-key-of-a-dependency",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]\n',
                'exclude = ["helper"]\n\n[workspace.dependencies]\nx = "abc"\ny = { path = "none" }\n',
            )
        },
        id="unused-broken-workspace-dependency",
    ),
    pytest.param({"app/Cargo.toml": ('"../lib"', '".././lib/"')}, id="path-with-dots"),
    pytest.param(
        {
            "app/Cargo.toml": (
                'dup = "1"\n',
                'dup = "1"\n\n[target.\'cfg(all(unix, not(a = "b"), any(c,)))\'.dependencies]\nalpha = "1"\n',
            )
        },
        id="platforms",
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


ACCEPTED_PLATFORM = """
x86_64-unknown-linux-gnu
windows
cfg(windows)
cfg(not(a))
cfg(all())
cfg(any(a,))
cfg(a = "b")
cfg(a="b")
cfg(true)
cfg(false)
cfg(r#true)
cfg( all( unix , not( a ) ) )
cfg(all(a, not(b), any(c, d = "e")))
""".strip().splitlines()
REFUSED_PLATFORM = """
cfg(unix, windows)
cfg(not(a, b))
cfg(not())
cfg(a = b)
cfg()
cfg(
cfg(a
my target
x86_64-*-linux
cfg (windows)
cfg(a) b
cfg(-x)
cfg(a-b)
cfg(a b)
cfg(a = "b)
cfg(all(,))
cfg(all)
cfg(a))
x/y.json
foo(bar)
""".strip().splitlines()


@pytest.mark.parametrize("key", [*ACCEPTED_PLATFORM, ""])
def test_platform_accepted(key: str) -> None:
    assert is_platform(key)


@pytest.mark.parametrize("key", [*REFUSED_PLATFORM, " cfg(windows)", "cfg(windows) "])
def test_platform_refused(key: str) -> None:
    assert not is_platform(key)


@given(st.text(alphabet='()=,"# abcfgnotallany_1r', max_size=20))
def test_any_text(text: str) -> None:
    is_platform(text)
    is_platform(f"cfg({text})")


@pytest.mark.untraced
def test_deep() -> None:
    assert is_platform("cfg(" + "not(" * 100_000 + "a" + ")" * 100_001)
    assert not is_platform("cfg(" + "not(" * 100_000 + ")")
