"""Which other locks of a repository a commit may outdate, found from the files that pre-commit passes for it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from cargo.files import Changes, changed, found, lock, matches, package, write


def _requiring(name: str, *paths: str, rest: str = "") -> str:
    dependencies = "".join(f'{path.rpartition("/")[2]} = {{ path = "{path}" }}\n' for path in paths)
    return package(name, rest=f"\n[dependencies]\n{dependencies}{rest}")


FILES: Mapping[str, str] = {
    "core/Cargo.toml": (
        '[workspace]\nresolver = "2"\nmembers = ["lib", "unused"]\n\n[workspace.package]\nversion = "0.1.0"\n\n'
        '[workspace.dependencies]\nbase = { path = "../base" }\n'
    ),
    "core/Cargo.lock": lock("base 0.1.0\nlib 0.1.0 -> base, more\nmore 0.1.0\nunused 0.1.0"),
    "core/lib/Cargo.toml": (
        '[package]\nname = "lib"\nversion.workspace = true\nedition = "2021"\n\n[dependencies]\n'
        'base.workspace = true\nmore = { path = "../../more", optional = true }\n\n[features]\ndefault = []\n'
    ),
    "core/unused/Cargo.toml": package("unused"),
    "base/Cargo.toml": package("base"),
    "more/Cargo.toml": package("more"),
    "app/Cargo.toml": _requiring("app", "../core/lib"),
    "app/Cargo.lock": lock("app 0.1.0 -> lib\nbase 0.1.0\nlib 0.1.0 -> base"),
    "patched/Cargo.toml": package(
        "patched",
        rest='\n[dependencies]\nleaf = "0.1"\n\n[patch.crates-io]\nleaf = { path = "../leaf" }\n',
    ),
    "patched/Cargo.lock": lock("leaf 0.1.0\npatched 0.1.0 -> leaf"),
    "leaf/Cargo.toml": package("leaf"),
    "split/Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["parts/*"]\n',
    "split/parts/one/Cargo.toml": _requiring("one", "../two"),
    "split/parts/two/Cargo.toml": package("two"),
    "split/parts/three/Cargo.toml": package("three"),
    "split/Cargo.lock": lock("one 0.1.0 -> two\nthree 0.1.0\ntwo 0.1.0"),
    "stale/Cargo.toml": _requiring("stale", "inner"),
    "stale/inner/Cargo.toml": package("inner"),
    "stale/Cargo.lock": lock("inner 0.2.0\nstale 0.1.0 -> inner"),
    "broken/Cargo.toml": _requiring("broken", "../gone"),
    "broken/Cargo.lock": lock("broken 0.1.0 -> gone\ngone 0.1.0"),
}
"""Workspaces that require packages of each other; the lock of one was stale, and another was broken, before."""
UNRELATED: Changes = {"core/unused/Cargo.toml": ('edition = "2021"', 'edition = "2018"')}


class Commit(NamedTuple):
    """What a commit changes, and what is found if the changed files are passed."""

    changes: Changes
    expected: Sequence[str]


COMMITS = {
    "inherited-version": Commit(
        {
            "core/Cargo.toml": ('version = "0.1.0"', 'version = "0.2.0"'),
            "core/Cargo.lock": ('name = "lib"\nversion = "0.1.0"', 'name = "lib"\nversion = "0.2.0"'),
        },
        ["core/Cargo.toml:6:1 stale: `lib` is at version 0.2.0, but app/Cargo.lock has it at 0.1.0"],
    ),
    "inherited-dependency": Commit(
        {
            "core/Cargo.toml": ('path = "../base"', 'package = "leaf", path = "../leaf"'),
            "core/Cargo.lock": lock("leaf 0.1.0\nlib 0.1.0 -> leaf, more\nmore 0.1.0\nunused 0.1.0"),
        },
        ["leaf/Cargo.toml:2:1 stale: the package `leaf` is not in app/Cargo.lock"],
    ),
    "feature": Commit(
        {"core/lib/Cargo.toml": ("default = []", 'default = ["more"]')},
        ["more/Cargo.toml:2:1 stale: the package `more` is not in app/Cargo.lock"],
    ),
    "version-of-a-patch": Commit(
        {"leaf/Cargo.toml": ('version = "0.1.0"', 'version = "0.1.1"')},
        ["leaf/Cargo.toml:3:1 stale: `leaf` is at version 0.1.1, but patched/Cargo.lock has it at 0.1.0"],
    ),
    "new-name": Commit(
        {"leaf/Cargo.toml": ('name = "leaf"', 'name = "leaves"')},
        ["patched/Cargo.toml:10:1 bad-manifest: `leaf` is expected in leaf, but there is `leaves`"],
    ),
    "new-place": Commit(
        {"leaf/Cargo.toml": None, "leaves/leaf/Cargo.toml": package("leaf")},
        ["patched/Cargo.toml:10:1 bad-manifest: there is no Cargo.toml in leaf, where `leaf` is expected"],
    ),
    "deleted": Commit(
        {"leaf/Cargo.toml": None, **UNRELATED},
        ["patched/Cargo.toml:10:1 bad-manifest: there is no Cargo.toml in leaf, where `leaf` is expected"],
    ),
    "deleted-member": Commit(
        {"split/parts/two/Cargo.toml": None, **UNRELATED},
        ["split/parts/one/Cargo.toml:7:1 bad-manifest: there is no Cargo.toml in split/parts/two, where …"],
    ),
    "deleted-member-that-nothing-requires": Commit({"split/parts/three/Cargo.toml": None, **UNRELATED}, []),
    "nothing-that-others-require": Commit(UNRELATED, []),
    "a-lock-alone": Commit({"core/Cargo.lock": ("version = 4\n", "version = 4\n\n")}, []),
}


def _with_sources(files: Mapping[str, str]) -> dict[str, str]:
    manifests = [name for name in files if name.endswith("Cargo.toml")]
    return {**files, **{f"{name.removesuffix('Cargo.toml')}src/lib.rs": "" for name in manifests}}


def commit(repository: Path, name: str) -> list[str]:
    """Write the files of before, commit them, and stage the changes. Returns the files that pre-commit would pass."""

    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout

    write(repository, _with_sources(FILES))
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("rm", "-r", "-q", ".")
    write(repository, _with_sources(changed(FILES, COMMITS[name].changes)))
    git("add", ".")
    return git("diff", "--staged", "--name-only", "--diff-filter=ACMRTUXB").splitlines()


@pytest.mark.parametrize("name", COMMITS)
def test_commit(repository: Path, name: str) -> None:
    names = [path for path in commit(repository, name) if not path.endswith(".rs")]
    results = found("--libraries-may-omit", *names)
    assert matches(results, COMMITS[name].expected), results
