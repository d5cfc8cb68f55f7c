"""`check-cargo-lock` as it is called: which files concern which workspaces, git, options, ignores, fixes."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from cargo.files import (
    LOCKED,
    MEMBERS,
    WORKSPACE,
    Changes,
    Files,
    changed,
    checksums,
    found,
    lock,
    matches,
    package,
    write,
)
from dunnage.check_cargo_lock import HOOK, main

pytestmark = pytest.mark.usefixtures("folder")


SOLO = {"Cargo.toml": package("solo"), "Cargo.lock": lock("solo 0.1.0"), "src/main.rs": "fn main() {}\n"}
"""One package that depends on nothing."""


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(arguments)
    out, err = capsys.readouterr()
    assert err == ""
    return out


# Missing.


def test_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, MEMBERS)
    assert _printed(capsys, "Cargo.toml", "app/Cargo.toml", "lib/Cargo.toml") == (
        "Cargo.toml:1:2: cargo-lock/missing Cargo.lock is missing, "
        "so every build uses the newest versions of its dependencies\n"
        "    help: run `cargo generate-lockfile` in this folder and commit Cargo.lock\n"
        "          or pass `--libraries-may-omit`, if workspaces with only libraries need no lock\n"
    )


def test_missing_below(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {f"tools/{name}": text for name, text in MEMBERS.items()})
    assert "run `cargo generate-lockfile` in tools and commit tools/Cargo.lock" in _printed(capsys, "tools/Cargo.toml")


def test_missing_and_ignored(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {**MEMBERS, ".gitignore": "/target\n\nCargo.lock\n"})
    assert (
        "commit Cargo.lock;\n          first remove the pattern `Cargo.lock` in .gitignore:3, which hides it from git\n"
        in _printed(capsys, "Cargo.toml")
    )


def test_missing_where_the_workspace_is_broken(folder: Path) -> None:
    write(folder, changed(MEMBERS, {"app/Cargo.toml": ("../lib", "../nowhere")}))
    assert matches(found("Cargo.toml"), ["app/Cargo.toml:7:1 bad-manifest: there is no Cargo.toml in nowhere, …"])


OMITTED: list[Files] = [
    {"Cargo.toml": package("a"), "src/lib.rs": ""},
    {"Cargo.toml": package("a", rest="autobins = false\n"), "src/lib.rs": "", "src/main.rs": ""},
    {"Cargo.toml": package("a", rest='[lib]\ncrate-type = ["rlib", "staticlib"]\n'), "src/lib.rs": ""},
    {"Cargo.toml": package("a", rest='[[example]]\nname = "b"\n[[test]]\nname = "c"\n'), "src/lib.rs": ""},
    {"Cargo.toml": package("a", rest="[package.metadata.docs]\ncomponent = true\n"), "src/lib.rs": ""},
]
REQUIRED: list[Files] = [
    {"Cargo.toml": package("a"), "src/main.rs": ""},
    {"Cargo.toml": package("a"), "src/lib.rs": "", "src/bin/tool.rs": ""},
    {"Cargo.toml": package("a", rest='autobins = false\n[[bin]]\nname = "b"\npath = "b.rs"\n'), "b.rs": ""},
    {"Cargo.toml": package("a", rest='[lib]\ncrate-type = ["cdylib"]\n'), "src/lib.rs": ""},
    {"Cargo.toml": package("a", rest='[lib]\ncrate_type = ["rlib", "cdylib"]\n'), "src/lib.rs": ""},
    {"Cargo.toml": package("a", rest="[package.metadata.component]\n"), "src/lib.rs": ""},
    {
        "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\n',
        "a/Cargo.toml": package("a"),
        "a/src/lib.rs": "",
        "b/Cargo.toml": package("b"),
        "b/src/main.rs": "",
    },
]


@pytest.mark.parametrize("files", OMITTED)
def test_libraries_may_omit_it(folder: Path, files: Files) -> None:
    write(folder, files)
    assert len(found("Cargo.toml")) == 1
    assert found("--libraries-may-omit", "Cargo.toml") == []


@pytest.mark.parametrize("files", REQUIRED)
def test_others_may_not_omit_it(folder: Path, files: Files) -> None:
    write(folder, files)
    assert matches(found("--libraries-may-omit", "Cargo.toml"), ["Cargo.toml:1:2 missing: …"])


LIBRARY: Files = {"Cargo.toml": package("part"), "src/lib.rs": ""}
WITHOUT_TARGET: Files = {"Cargo.toml": package("part", rest="[dependencies]\nalpha = '1'\n")}


@pytest.mark.parametrize(
    ("place", "files"),
    [
        pytest.param("part", WITHOUT_TARGET, id="no-target"),
        pytest.param(
            "part",
            {"Cargo.toml": "[workspace]\nmembers = ['a']\n", "a/Cargo.toml": package("a")},
            id="workspace-without-a-target",
        ),
        *(
            pytest.param(place, {**SOLO, "Cargo.lock": None}, id=place.replace("/", "-"))
            for place in ("examples/hello", "crates/x/tests/fixtures/y", "my-templates/new", "third_party/x", "fuzz")
        ),
        pytest.param("generated/api", LIBRARY, id="generated"),
    ],
)
def test_no_lock_is_missing(repository: Path, place: str, files: Files) -> None:
    write(repository, {f"{place}/{name}": text for name, text in files.items() if text is not None})
    assert found(f"{place}/Cargo.toml") == []
    write(repository, {".gitignore": "Cargo.lock", f"{place}/Cargo.lock": lock("solo 0.1.0")})
    assert [line for line in found(f"{place}/Cargo.toml") if "untracked" in line] == []


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"Cargo.toml": package("part", rest="[[test]]\nname = 'x'\n")}, id="target-in-the-manifest"),
        pytest.param({"Cargo.toml": package("part"), "tests/x.rs": ""}, id="target-of-a-test"),
        pytest.param({**LIBRARY, "src/main.rs": ""}, id="binary"),
    ],
)
def test_a_lock_is_missing(repository: Path, files: Files) -> None:
    write(repository, {f"latest/{name}": text for name, text in files.items()})
    assert matches(found("latest/Cargo.toml"), ["latest/Cargo.toml:1:2 missing: …"])


BROKEN = "[package]\nname = 'x'\nversion = '1'\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"tests/data/x/Cargo.toml": "[package"}, [], id="data-that-is-no-toml"),
        pytest.param({"tests/data/x/Cargo.toml": f"{BROKEN}[workspace]\n"}, [], id="data-that-cargo-rejects"),
        pytest.param(
            {"docs/x/Cargo.toml": package("x", rest='workspace = ".."\n'), "docs/Cargo.toml": "[package"}, [], id="root"
        ),
        pytest.param({"src/x/Cargo.toml": "[package"}, ["src/x/Cargo.toml:1:9 bad-manifest: …"], id="not-data"),
        pytest.param(
            {"tests/x/Cargo.toml": "[package", "tests/x/Cargo.lock": ""}, ["tests/x/Cargo.toml:1:9 …"], id="with-a-lock"
        ),
        pytest.param(
            {"Cargo.toml": "[workspace]\nmembers = ['tests/*']\n", "tests/x/Cargo.toml": "[package"},
            ["tests/x/Cargo.toml:1:9 bad-manifest: …"],
            id="member",
        ),
    ],
)
def test_what_cargo_rejects_in_data_of_tests(repository: Path, files: Files, expected: Sequence[str]) -> None:
    write(repository, files)
    name = next(name for name in files if name.endswith("x/Cargo.toml"))
    assert matches(found(name), expected)


APP: Files = {
    "app/Cargo.toml": package("app", rest='[dependencies]\npart = { path = "../part" }\n'),
    "app/src/main.rs": "",
    "app/Cargo.lock": lock("app 0.1.0 -> part\npart 0.1.0"),
}
CI = ".github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("files", "is_missing"),
    [
        pytest.param({}, False, id="only-part-of-another"),
        pytest.param({"app/Cargo.toml": package("app"), "app/Cargo.lock": lock("app 0.1.0")}, True, id="part-of-none"),
        pytest.param({"app/Cargo.lock": None}, False, id="the-other-has-no-lock"),
        pytest.param({"part/src/main.rs": ""}, True, id="binary"),
        pytest.param({"Makefile": "test:\n\tcd part && cargo test\n"}, True, id="built-by-itself"),
        pytest.param({CI: "steps: [{run: cargo test --manifest-path=part/Cargo.toml}]"}, True, id="built-in-ci"),
        pytest.param({"Dockerfile": "FROM rust\nCOPY part /part\n"}, False, id="copied"),
        pytest.param({CI: "steps: [{run: cargo test -p part-of, working-directory: apart}]"}, False, id="other-names"),
        pytest.param({"README.md": "cd part && cargo test"}, False, id="a-document"),
    ],
)
def test_a_library_that_others_contain(repository: Path, files: Files, is_missing: bool) -> None:
    write(repository, {**APP, **{f"part/{name}": text for name, text in LIBRARY.items()}})
    write(repository, files)
    _git(repository, "add", ".")
    expected = ["part/Cargo.toml:1:2 missing: …"] if is_missing else []
    assert matches([line for line in found("part/Cargo.toml") if "missing" in line], expected)


@pytest.mark.parametrize("names", ["a b c", "b", "c", "b c"])
def test_comment_at_a_package_that_a_workspace_does_not_list(repository: Path, names: str) -> None:
    comment = "# dunnage: ignore[cargo-lock/bad-manifest] generated\n"
    write(repository, {**WORKSPACE, "a/Cargo.toml": package("a").replace("name", f"{comment}name")})
    write(repository, {f"{name}/Cargo.toml": package(name) for name in "bc"})
    _git(repository, "add", ".")
    lines = [line.partition(" ")[0] for line in found(*(f"{name}/Cargo.toml" for name in names.split()))]
    assert lines == [f"{names.replace('a ', '')[0]}/Cargo.toml:2:1"]


def test_packages_that_a_workspace_does_not_list(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"packages/p{index}/Cargo.toml" for index in range(7)]
    write(repository, {**WORKSPACE, **{name: package(f"p{index}") for index, name in enumerate(names)}})
    files = {"app/tests/data/x/Cargo.toml": package("x"), "empty/Cargo.toml": "", "comment/Cargo.toml": "# x"}
    write(repository, files)
    _git(repository, "add", ".")
    others = [*files]
    assert found(*others) == []
    assert _printed(capsys, *names, *others) == (
        "packages/p0/Cargo.toml:2:1: cargo-lock/bad-manifest this package and 6 more are inside the workspace of "
        "Cargo.toml, which does not list them as members\n"
        "    help: add the folders to `workspace.members` or to `workspace.exclude` in Cargo.toml: "
        '"packages/p0", "packages/p1", "packages/p2", "packages/p3", "packages/p4" and 2 more\n'
    )


_EMPTY_ROOT = "Cargo.toml:1:1 bad-manifest: …"
_EMPTY_MEMBER = "lib/Cargo.toml:1:1 bad-manifest: …"


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
@pytest.mark.parametrize(
    ("files", "emptied", "name", "expected"),
    [
        pytest.param(SOLO, "Cargo.toml", "Cargo.toml", [_EMPTY_ROOT], id="package"),
        pytest.param(SOLO, "Cargo.toml", "Cargo.lock", [_EMPTY_ROOT], id="package-of-a-named-lock"),
        pytest.param(WORKSPACE, "Cargo.toml", "Cargo.toml", [_EMPTY_ROOT], id="root"),
        pytest.param(WORKSPACE, "lib/Cargo.toml", "lib/Cargo.toml", [_EMPTY_MEMBER], id="member"),
        pytest.param(WORKSPACE, "lib/Cargo.toml", "Cargo.lock", [_EMPTY_MEMBER], id="member-of-a-named-lock"),
        pytest.param(WORKSPACE, "other/Cargo.toml", "other/Cargo.toml", [], id="no-member"),
        pytest.param({"Cargo.lock": ""}, "Cargo.toml", "Cargo.toml", [], id="beside-an-empty-lock"),
        pytest.param({"Cargo.lock": "# x\n"}, "Cargo.toml", "Cargo.lock", [], id="beside-a-lock-of-comments"),
    ],
)
def test_an_empty_manifest(
    repository: Path, files: Files, emptied: str, name: str, expected: Sequence[str], text: str
) -> None:
    write(repository, {**files, emptied: text})
    _git(repository, "add", ".")
    assert matches(found(name), expected), found(name)


def test_a_library_that_has_it_must_have_it_right(folder: Path) -> None:
    write(folder, changed(WORKSPACE, {"lib/Cargo.toml": ('version = "0.2.0"', 'version = "0.2.1"')}))
    assert matches(found("--libraries-may-omit", "Cargo.toml"), ["lib/Cargo.toml:3:1 stale: …"])


def test_a_library_may_keep_it_untracked(repository: Path) -> None:
    write(repository, {"Cargo.toml": package("a"), "src/lib.rs": "", "Cargo.lock": "", ".gitignore": "Cargo.lock\n"})
    assert found("--libraries-may-omit", "Cargo.toml") == []


def test_help_for_an_untracked_lock_of_a_library(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {**SOLO, "src/lib.rs": "", "src/main.rs": ""})
    assert "--libraries-may-omit" not in _printed(capsys, "Cargo.toml")
    (repository / "src/main.rs").unlink()
    assert "run `git add Cargo.lock`\n          or pass `--libraries-may-omit`" in _printed(capsys, "Cargo.toml")


# Untracked.


def test_untracked(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, SOLO)
    assert _printed(capsys, "Cargo.toml") == (
        "Cargo.lock:1:1: cargo-lock/untracked git does not track Cargo.lock, "
        "so other checkouts may build other versions\n"
        "    help: run `git add Cargo.lock`\n"
    )
    _git(repository, "add", "Cargo.lock")
    assert _printed(capsys, "Cargo.toml") == ""
    _git(repository, "commit", "-q", "-m", "x")
    assert _printed(capsys, "Cargo.toml") == ""


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        pytest.param({".gitignore": "target\n*.lock\n"}, "`*.lock` in .gitignore:2", id="own"),
        pytest.param({"tools/.gitignore": "/Cargo.lock\n"}, "`/Cargo.lock` in tools/.gitignore:1", id="below"),
        pytest.param({".git/info/exclude": "# x\n\nCargo.*\n"}, "`Cargo.*` in .git/info/exclude:3", id="exclude"),
        pytest.param({".gitignore": "tools\n"}, "`tools` in .gitignore:1", id="folder"),
    ],
)
def test_untracked_and_ignored(
    repository: Path, files: Files, pattern: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repository, {**{f"tools/{name}": text for name, text in SOLO.items()}, **files})
    assert _printed(capsys, "tools/Cargo.toml") == (
        "tools/Cargo.lock:1:1: cargo-lock/untracked git does not track Cargo.lock, "
        f"so other checkouts may build other versions: it is hidden by the pattern {pattern}\n"
        "    help: remove that pattern, then run `git add tools/Cargo.lock`\n"
    )


def test_ignored_but_tracked(repository: Path) -> None:
    write(repository, {**SOLO, ".gitignore": "Cargo.lock\n"})
    _git(repository, "add", "-f", "Cargo.lock")
    assert found("Cargo.toml") == []


def test_untracked_and_stale(repository: Path) -> None:
    write(repository, {**SOLO, "Cargo.toml": package("solo", "0.2.0")})
    expected = ["Cargo.lock:1:1 untracked: …", "Cargo.toml:3:1 stale: …"]
    assert matches(found("Cargo.toml"), expected)


def test_linked_worktree(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, {"Cargo.toml": SOLO["Cargo.toml"]})
    _git(repository, "add", ".")
    _git(repository, "commit", "-q", "-m", "x")
    linked = repository.parent / "linked"
    _git(repository, "worktree", "add", "-q", str(linked))
    monkeypatch.chdir(linked)
    write(linked, SOLO)
    assert matches(found("Cargo.toml"), ["Cargo.lock:1:1 untracked: …"])
    _git(linked, "add", "Cargo.lock")
    assert found("Cargo.toml") == []


def test_outside_of_a_repository(folder: Path) -> None:
    write(folder, SOLO)
    assert found("Cargo.toml") == []


# Which workspaces.


def test_each_workspace_is_checked_once(folder: Path) -> None:
    stale = changed(WORKSPACE, {"lib/Cargo.toml": ('version = "0.2.0"', 'version = "0.2.1"')})
    write(folder, {f"{place}/{name}": text for place in ("one", "two") for name, text in stale.items()})
    names = [f"{place}/{name}" for place in ("two", "one") for name in ("Cargo.lock", "app/Cargo.toml", "Cargo.toml")]
    assert matches(found(*names), ["one/lib/Cargo.toml:3:1 stale: …", "two/lib/Cargo.toml:3:1 stale: …"])


@pytest.mark.parametrize("name", ["Cargo.toml", "Cargo.lock", "app/Cargo.toml", "lib/Cargo.toml", "helper/Cargo.toml"])
def test_any_file_of_a_workspace(folder: Path, name: str, repository: Path) -> None:
    write(folder, changed(WORKSPACE, {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = "2.0"')}))
    write(folder, {"helper/Cargo.lock": lock("helper 0.3.0")})
    _git(repository, "add", ".")
    assert matches(found(name), ["app/Cargo.toml:8:1 stale: …"])


def test_a_path_dependency_elsewhere_concerns_the_workspace(repository: Path) -> None:
    write(
        repository,
        {
            "apps/one/Cargo.toml": package("one", rest='[dependencies]\nshared = { path = "../../shared" }\n'),
            "apps/one/Cargo.lock": lock("one 0.1.0 -> shared\nshared 0.1.0"),
            "apps/two/Cargo.toml": package("two"),
            "apps/two/Cargo.lock": lock("two 0.2.0"),
            "shared/Cargo.toml": package("shared", "0.2.0"),
            "shared/Cargo.lock": lock("shared 0.2.0"),
        },
    )
    _git(repository, "add", ".")
    assert matches(found("shared/Cargo.toml"), ["shared/Cargo.toml:3:1 stale: …apps/one/Cargo.lock has it at 0.1.0"])


def test_a_broken_root_is_found_once(folder: Path) -> None:
    write(folder, {**WORKSPACE, "Cargo.toml": '[workspace]\nmembers = ["app", "lib"\n'})
    expected = ["Cargo.toml:3:1 bad-manifest: this file is not valid TOML: …"]
    assert matches(found("Cargo.toml", "Cargo.lock", "app/Cargo.toml", "lib/Cargo.toml"), expected)


def test_a_broken_member_is_found_once(folder: Path) -> None:
    write(folder, {**WORKSPACE, "app/Cargo.toml": "x"})
    assert matches(found("Cargo.toml", "app/Cargo.toml", "lib/Cargo.toml"), ["app/Cargo.toml:1:2 bad-manifest: …"])


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {"vendor/a/.cargo-checksum.json": checksums(package("a")), "vendor/a/Cargo.toml": package("a")},
            id="vendored",
        ),
        pytest.param(
            {"vendor/a/.cargo-checksum.json": checksums("x"), "vendor/a/Cargo.toml": "x"}, id="vendored-and-broken"
        ),
        pytest.param({"template/Cargo.toml": package("{{ project-name }}")}, id="template"),
        pytest.param({"template/Cargo.toml": "[package]\nname = {{ name | json }}\n"}, id="template-that-is-no-toml"),
        pytest.param({"template/Cargo.toml": "[package]\n{% if x %}\n"}, id="template-with-a-statement"),
        pytest.param({"lock/Cargo.lock": lock("a 0.1.0")}, id="lock-without-manifest"),
        pytest.param({"other/.cargo/config.toml": "x = 1\n"}, id="configuration-of-nothing"),
    ],
)
def test_passed_over(folder: Path, files: Files) -> None:
    write(folder, files)
    assert found(*files) == []


def test_configuration_moves_the_lock(folder: Path) -> None:
    config = {".cargo/config.toml": '[resolver]\nlockfile-path = "locks/Cargo.lock"\n'}
    write(folder, {**SOLO, "Cargo.toml": package("solo", "0.2.0"), **config, "Cargo.lock": "x"})
    for name in ("Cargo.toml", ".cargo/config.toml"):
        assert matches(found(name), ["Cargo.toml:1:2 missing: …"])
    write(folder, {"locks/Cargo.lock": lock("solo 0.1.0")})
    for name in ("Cargo.toml", ".cargo/config.toml", "locks/Cargo.lock"):
        assert matches(found(name), ["Cargo.toml:3:1 stale: …, but locks/Cargo.lock has it at 0.1.0"])


def test_configuration_names_registries(folder: Path) -> None:
    manifest = package("app", rest='[dependencies]\nalpha = { version = "1", registry = "other" }\n')
    config = '[registries.other]\nindex = "https://other.example/index/"\n'
    write(folder, {"Cargo.toml": manifest, "Cargo.lock": lock("alpha 1.0.3 crates.io\napp 0.1.0 -> alpha")})
    write(folder, {".cargo/config.toml": config})
    expected = ["Cargo.lock:6:1 foreign-source: `app` requires `alpha ^1` from registry …other…, but …from crates.io"]
    assert matches(found(".cargo/config.toml"), expected)
    write(folder, {"Cargo.lock": lock("alpha 1.0.3 other\napp 0.1.0 -> alpha")})
    assert found(".cargo/config.toml") == []


def test_configuration_patches(folder: Path) -> None:
    config = '[patch.crates-io]\nbeta = { path = "../fork" }\n'
    write(folder, {**WORKSPACE, "../fork/Cargo.toml": package("beta", "1.2.0"), ".cargo/config.toml": config})
    expected = [".cargo/config.toml:2:1 stale: `[patch]` provides `beta 1.2.0` …, but Cargo.lock still has it from …"]
    assert matches(found(".cargo/config.toml"), expected)
    write(folder, {"Cargo.lock": lock(LOCKED.replace("beta 1.2.0 crates.io", "beta 1.2.0"))})
    assert found(".cargo/config.toml") == []


def test_configuration_above_concerns_the_workspaces_below(repository: Path) -> None:
    write(repository, {f"tools/{name}": text for name, text in SOLO.items()})
    write(repository, {".cargo/config.toml": '[patch.crates-io]\nx = { path = "nowhere" }\n'})
    _git(repository, "add", ".")
    assert matches(found(".cargo/config.toml"), [".cargo/config.toml:2:1 bad-manifest: there is no Cargo.toml in…"])


# Ignores, JSON.


def test_ignored_in_a_manifest(folder: Path) -> None:
    stale = changed(WORKSPACE, {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = "2.0" # dunnage: ignore[RULE] REASON')})
    write(folder, {**stale, "app/Cargo.toml": stale["app/Cargo.toml"].replace("RULE", "cargo-lock/stale")})
    assert found("Cargo.toml") == []
    write(folder, {"app/Cargo.toml": stale["app/Cargo.toml"].replace("RULE", "cargo-lock/missing")})
    assert matches(found("Cargo.toml"), ["app/Cargo.toml:8:1 stale: …", "app/Cargo.toml:8:15 ignore/unused: …"])
    write(folder, {"app/Cargo.toml": stale["app/Cargo.toml"].replace("RULE] REASON", "cargo-lock/stale]")})
    assert matches(found("Cargo.toml"), ["app/Cargo.toml:8:1 stale: …", "app/Cargo.toml:8:15 ignore/no-reason: …"])


def test_ignored_in_a_lock(folder: Path) -> None:
    comment = "# dunnage: ignore[cargo-lock/stale] kept for the next release"
    text = lock(f"{LOCKED}orphan 1.0.0 crates.io")
    write(folder, {**WORKSPACE, "Cargo.lock": text})
    assert matches(found("Cargo.toml"), ["Cargo.lock:52:3 stale: nothing depends on `orphan 1.0.0`, …"])
    head, _, tail = text.rpartition("[[package]]")
    write(folder, {"Cargo.lock": f"{head}{comment}\n[[package]]{tail}"})
    assert found("Cargo.toml") == []
    write(folder, {"Cargo.lock": f"{comment}\n{WORKSPACE['Cargo.lock']}"})
    assert matches(found("Cargo.toml"), ["Cargo.lock:1:1 ignore/unused: …"])


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, changed(WORKSPACE, {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = "2.0"')}))
    assert json.loads(_printed(capsys, "--output-format", "json", "Cargo.toml")) == {
        "version": 2,
        "findings": [
            {
                "hook": "check-cargo-lock",
                "rule": "cargo-lock/stale",
                "level": "error",
                "path": "app/Cargo.toml",
                "start": {"line": 8, "column": 1},
                "end": {"line": 8, "column": 6},
                "message": "`app` requires `alpha ^2.0` from crates.io, but Cargo.lock has 1.0.3",
                "help": "run `cargo update --workspace` and commit Cargo.lock",
                "fix": None,
            }
        ],
        "suppressed": [],
        "fixed": [],
    }


def test_help_names_what_to_type_where(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"tools/Cargo.toml": package("solo", "0.2.0"), "tools/Cargo.lock": lock("solo 0.1.0")})
    help = "    help: run `cargo update --workspace` in tools and commit tools/Cargo.lock\n"
    assert _printed(capsys, "tools/Cargo.toml").endswith(help)


@pytest.mark.skipif(os.name == "nt", reason="the shell of the help is that of Unix")
@pytest.mark.parametrize(
    ("place", "shown"),
    [
        pytest.param("-x", "./-x", id="like-an-option"),
        pytest.param("my tools", "'my tools'", id="blank"),
        pytest.param("it's", "'it'\"'\"'s'", id="quote"),
        pytest.param("$HOME", "'$HOME'", id="variable"),
    ],
)
def test_help_can_be_typed(repository: Path, place: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"./{place}/Cargo.toml"
    lock_shown = f"{shown[:-1]}/Cargo.lock'" if shown.endswith("'") else f"{shown}/Cargo.lock"
    write(repository, {path: package("solo", "0.2.0"), f"{place}/src/main.rs": ""})
    assert f"run `cargo generate-lockfile` in {shown} and commit {lock_shown}\n" in _printed(capsys, path)
    write(repository, {f"{place}/Cargo.lock": lock("solo 0.1.0")})
    printed = _printed(capsys, path)
    assert f"run `cargo update --workspace` in {shown} and commit {lock_shown}\n" in printed
    assert f"run `git add {lock_shown}`\n" in printed
    subprocess.run(["sh", "-c", f"git add {lock_shown} && cd {shown}"], check=True)
    assert "untracked" not in _printed(capsys, path)


def test_help_in_another_repository(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {f"sub/-a b/{name}": text for name, text in SOLO.items()})
    _git(repository / "sub", "init", "-q")
    printed = _printed(capsys, "sub/-a b/Cargo.toml")
    assert "run `git -C sub add './-a b/Cargo.lock'`\n" in printed
    subprocess.run(["sh", "-c", "git -C sub add './-a b/Cargo.lock'"], check=True)
    assert _printed(capsys, "sub/-a b/Cargo.toml") == ""


def test_help_about_a_foreign_source(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, changed(WORKSPACE, {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0 other")}))
    assert _printed(capsys, "Cargo.toml").endswith(
        "    help: if you changed the source in a manifest on purpose, "
        "run `cargo update --workspace` and commit Cargo.lock;\n"
        "          if not, restore Cargo.lock from the last good commit and find out who changed it\n"
    )


# Fixes.

PATHS = {
    "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "lib"]\n',
    "app/Cargo.toml": package("app", rest='[dependencies]\nlib = { path = "../lib" }\n'),
    "app/src/lib.rs": "",
    "lib/Cargo.toml": package("lib", "0.2.0"),
    "lib/src/lib.rs": "",
}
"""A workspace that depends on nothing from elsewhere."""
PATHS_LOCK = lock("app 0.1.0 -> lib\nlib 0.2.0")


def _fixed(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    """What `--fix` did and what it left, with its help, a line each."""
    main(["--fix", "--output-format", "json", *arguments])
    report = json.loads(capsys.readouterr().out)
    return report["fixed"], [f"{left['path']}: {left['rule']}\n{left['help']}" for left in report["findings"]]


@pytest.mark.usefixtures("cargo")
@pytest.mark.parametrize("place", ["", "tools/"])
@pytest.mark.parametrize(
    ("locked", "done"),
    [
        pytest.param(None, "created by cargo with 2 packages", id="missing"),
        pytest.param("app 0.1.0 -> lib\nlib 0.1.0", "updated by cargo: lib 0.1.0 → 0.2.0", id="version"),
        pytest.param("app 0.1.0\n", "updated by cargo: added lib 0.2.0", id="member-added"),
        pytest.param(
            "app 0.1.0 -> lib\ngone 1.0.0 crates.io\nlib 0.2.0", "updated by cargo: removed gone 1.0.0", id="orphan"
        ),
        pytest.param("app 0.1.0\nlib 0.2.0", "updated by cargo: dependencies of locked packages", id="edge-alone"),
    ],
)
def test_fix(folder: Path, place: str, locked: str | None, done: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {f"{place}{name}": text for name, text in PATHS.items()})
    if locked is not None:
        write(folder, {f"{place}Cargo.lock": lock(locked)})
    assert _fixed(f"{place}Cargo.toml", capsys=capsys) == ([f"{place}Cargo.lock: {done}"], [])
    text = (folder / f"{place}Cargo.lock").read_text()
    assert found(f"{place}Cargo.toml") == []
    assert _fixed(f"{place}Cargo.toml", capsys=capsys) == ([], [])
    assert (folder / f"{place}Cargo.lock").read_text() == text


@pytest.mark.usefixtures("cargo")
def test_fix_of_several_workspaces(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {f"{place}/{name}": text for place in ("one", "three", "two") for name, text in PATHS.items()})
    write(folder, {"two/Cargo.lock": PATHS_LOCK})
    done, left = _fixed("two/Cargo.toml", "three/Cargo.toml", "one/Cargo.toml", capsys=capsys)
    assert done == [f"{place}/Cargo.lock: created by cargo with 2 packages" for place in ("one", "three")]
    assert left == []


@pytest.mark.usefixtures("cargo")
def test_what_fix_created_is_still_to_be_tracked(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {**PATHS, "app/src/main.rs": "fn main() {}\n"})
    done, left = _fixed("Cargo.toml", capsys=capsys)
    assert done == ["Cargo.lock: created by cargo with 2 packages"]
    assert left == ["Cargo.lock: cargo-lock/untracked\nrun `git add Cargo.lock`"]


@pytest.mark.usefixtures("cargo")
def test_without_fix_nothing_is_written(folder: Path) -> None:
    write(folder, PATHS)
    assert matches(found("Cargo.toml"), ["Cargo.toml:1:2 missing: …"])
    assert not (folder / "Cargo.lock").exists()


UNTOUCHED = [
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0 other")}, "cargo-lock/foreign-source", id="foreign-source"
    ),
    pytest.param(
        {"Cargo.lock": WORKSPACE["Cargo.lock"].replace("checksum = ", "x = ")},
        "cargo-lock/no-checksum",
        id="no-checksum",
    ),
    pytest.param({"Cargo.lock": ("version = 4", "<<<<<<< HEAD")}, "cargo-lock/unreadable", id="conflict"),
    pytest.param({"lock": ("alpha 1.0.3 crates.io -> beta", "alpha 1.0.3 crates.io -> ghost")}, "", id="dangling"),
    pytest.param({"app/Cargo.toml": ("../lib", "../nowhere")}, "cargo-lock/bad-manifest", id="bad-manifest"),
]


@pytest.mark.usefixtures("cargo")
@pytest.mark.parametrize(("changes", "rule"), UNTOUCHED)
def test_fix_leaves_what_may_hide_something(
    folder: Path, changes: Changes, rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = changed(WORKSPACE, changes)
    write(folder, files)
    done, left = _fixed("Cargo.toml", capsys=capsys)
    assert done == []
    assert any(rule in line for line in left)
    assert all("--fix changed nothing: " in line for line in left if "bad-manifest" not in line), left
    assert (folder / "Cargo.lock").read_text() == files["Cargo.lock"]


@pytest.mark.usefixtures("cargo")
def test_fix_leaves_a_poisoned_lock_that_is_stale_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cargo would put the source right, and nobody would learn that somebody had pointed it elsewhere."""
    poisoned = lock("app 0.0.1 -> lib\nlib 0.2.0 crates.io")
    write(folder, {**PATHS, "Cargo.lock": poisoned})
    done, left = _fixed("Cargo.toml", capsys=capsys)
    assert done == []
    assert [line.partition("\n")[0] for line in left] == [
        "Cargo.lock: cargo-lock/foreign-source",
        "app/Cargo.toml: cargo-lock/stale",
    ]
    assert "--fix changed nothing: the lock has other findings" in left[1]
    assert (folder / "Cargo.lock").read_text() == poisoned


def test_fix_without_cargo(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, PATHS)
    monkeypatch.setenv("PATH", str(folder))
    help = (
        "run `cargo generate-lockfile` in this folder and commit Cargo.lock\n"
        "or pass `--libraries-may-omit`, if workspaces with only libraries need no lock"
    )
    reason = "--fix changed nothing: cargo is not on PATH"
    assert _fixed("Cargo.toml", capsys=capsys) == ([], [f"Cargo.toml: cargo-lock/missing\n{help}\n{reason}"])


@pytest.mark.usefixtures("cargo")
def test_fix_that_would_need_the_network(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**PATHS, "app/Cargo.toml": package("app", rest='[dependencies]\nno-such-crate-0 = "1"\n')})
    done, left = _fixed("Cargo.toml", capsys=capsys)
    assert done == []
    assert len(left) == 1
    assert "--fix changed nothing: `cargo update --workspace --offline` says: error: no matching package" in left[0]
    assert left[0].endswith("; --fix-online lets it use the network")
    assert not (folder / "Cargo.lock").exists()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for cargo is a shell script")
@pytest.mark.parametrize(
    ("script", "options", "says"),
    [
        pytest.param("echo error: the disk is full >&2; exit 101", [], "error: the disk is full", id="error"),
        pytest.param("echo error: no route >&2; exit 101", ["--fix-online"], "error: no route", id="online"),
        pytest.param("exit 3", [], "nothing", id="no-words"),
        pytest.param("printf 'error: \\377 \\033[31m' >&2; exit 1", [], "error: \ufffd \\x1b[31m", id="not-utf-8"),
    ],
)
def test_fix_that_fails(
    folder: Path,
    script: str,
    options: Sequence[str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(folder, {**PATHS, "bin/cargo": f"#!/bin/sh\n{script}\n"})
    (folder / "bin/cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    done, left = _fixed(*options, "Cargo.toml", capsys=capsys)
    command = "cargo update --workspace" if options else "cargo update --workspace --offline"
    assert done == []
    assert f"--fix changed nothing: `{command}` says: {says}" in left[0]
    assert ("--fix-online" in left[0]) is not bool(options)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for cargo is a shell script")
@pytest.mark.parametrize("options", [[], ["--fix-online"]])
def test_fix_without_the_toolchain_of_the_repository(
    folder: Path, options: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # What rustup 1.28 prints.
    error = "error: toolchain '1.80.0-x86_64-unknown-linux-gnu' is not installed"
    write(folder, {**PATHS, "bin/cargo": f'#!/bin/sh\necho "{error}" >&2\nexit 1\n'})
    (folder / "bin/cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    _, left = _fixed(*options, "Cargo.toml", capsys=capsys)
    assert left[0].endswith(f"says: {error}; run `rustup toolchain install 1.80.0-x86_64-unknown-linux-gnu`")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for cargo is a shell script")
def test_fix_that_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {**PATHS, "bin/cargo": "#!/bin/sh\n"})
    (folder / "bin/cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    done, left = _fixed("Cargo.toml", capsys=capsys)
    assert done == []
    assert left[0].endswith("--fix changed nothing: cargo found nothing to change")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for cargo is a shell script")
def test_fix_runs_cargo_for_a_limited_number_of_workspaces(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dunnage.check_cargo_lock._MOST_RUNS", 2)
    manifests = {f"{name}/Cargo.toml": package(name) for name in "abcd"}
    write(folder, {**manifests, **{f"{name}/src/lib.rs": "" for name in "abcd"}})
    write(folder, {"bin/cargo": '#!/bin/sh\necho "$*" >>"${0%/*}/runs"\necho "version = 4" >"${4%.toml}.lock"\n'})
    (folder / "bin/cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    _, left = _fixed(*manifests, capsys=capsys)
    assert len((folder / "bin/runs").read_text().splitlines()) == 2
    for name in "cd":
        (line,) = (line for line in left if line.startswith(f"{name}/Cargo.toml: cargo-lock/missing\n"))
        reason = "it runs cargo for at most 2 workspaces; run it again, or for fewer files"
        assert line.endswith(f"\n--fix changed nothing: {reason}")


# Hostile input.


def _link(path: Path, target: str) -> None:
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no symbolic links")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"Cargo.toml": b"[package]\nname = '\xff'"},
            ["Cargo.toml:2:9 bad-manifest: this file is not UTF-8: …"],
            id="utf-8",
        ),
        pytest.param({"Cargo.toml": "x = " + "[" * 100_000}, ["…nested too deeply"], id="deep"),
        pytest.param({"Cargo.toml": ".".join(["a"] * 100_000) + " = 1"}, ["…has a key of more than …"], id="long-key"),
        pytest.param({"Cargo.toml": "#" * 17_000_000}, ["…is larger than …"], id="large"),
        pytest.param({"Cargo.toml": "#" * 3_000_000}, ["…is larger than …"], id="large-for-toml"),
        pytest.param({"Cargo.toml": b""}, [], id="empty"),
        pytest.param(
            {**SOLO, "Cargo.toml": "\ufeff" + SOLO["Cargo.toml"].replace("\n", "\r\n")}, [], id="bom-and-crlf"
        ),
        pytest.param(
            {**SOLO, "Cargo.toml": package("solo", rest='[dependencies]\nx = { path = "' + "../" * 90 + 'etc" }\n')},
            ["Cargo.toml:6:1 bad-manifest: there is no Cargo.toml in /etc, where `x` is expected"],
            id="path-that-climbs-out",
        ),
        pytest.param(
            {**SOLO, "Cargo.toml": package("solo", rest='[dependencies]\nx = { path = "a\\u0000b" }\n')},
            ["Cargo.toml:6:1 bad-manifest: there is no Cargo.toml in …"],
            id="path-with-a-nul",
        ),
        pytest.param(
            {**SOLO, "Cargo.toml": package("solo", rest=f'[dependencies]\nx = {{ path = "{"x/" * 5000}" }}\n')},
            ["Cargo.toml:6:7 bad-manifest: `x/x/… has more than 4,096 characters"],
            id="path-too-long",
        ),
        pytest.param(
            {**SOLO, "Cargo.toml": package("solo", rest='[workspace]\nmembers = ["\\u0000*"]\n')},
            ["Cargo.toml:6:12 bad-manifest: …"],
            id="pattern-with-a-nul",
        ),
    ],
)
def test_hostile_files(folder: Path, files: Files, expected: Sequence[str]) -> None:
    write(folder, files)
    assert matches(found("Cargo.toml"), expected), found("Cargo.toml")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
@pytest.mark.parametrize("name", ["Cargo.toml", "Cargo.lock"])
@pytest.mark.parametrize("kind", ["a folder", "a named pipe"])
def test_what_is_no_file(folder: Path, name: str, kind: str) -> None:
    write(folder, SOLO)
    (folder / name).unlink()
    if kind == "a folder":
        (folder / name).mkdir()
    else:
        os.mkfifo(folder / name)
    assert matches(found("Cargo.toml"), [f"{name}:1:1 …: this file is {kind}, not a regular file"])


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
@pytest.mark.parametrize("name", ["Cargo.toml", "Cargo.lock"])
def test_what_may_not_be_read(folder: Path, name: str) -> None:
    write(folder, SOLO)
    (folder / name).chmod(0)
    assert matches(found("Cargo.toml"), [f"{name}:1:1 …: cannot be read: Permission denied"])


def test_lock_that_is_a_link(folder: Path) -> None:
    write(folder, {**SOLO, "locks/Cargo.lock": SOLO["Cargo.lock"]})
    (folder / "Cargo.lock").unlink()
    _link(folder / "Cargo.lock", "locks/Cargo.lock")
    assert found("Cargo.toml", "Cargo.lock") == []
    (folder / "locks/Cargo.lock").unlink()
    expected = ["Cargo.lock:1:1 unreadable: this file is a symbolic link to a file that does not exist"]
    assert found("Cargo.toml", "Cargo.lock") == expected


@pytest.mark.parametrize(
    ("target", "added", "expected"),
    [
        pytest.param("locks/a.lock", "locks/a.lock", [], id="tracked"),
        pytest.param("locks/[a].lock", "locks", [], id="tracked-with-a-pattern-as-name"),
        pytest.param(
            "locks/a.lock",
            "Cargo.toml",
            ["locks/a.lock:1:1 untracked: Cargo.lock is a symbolic link to locks/a.lock, which git does not track, …"],
            id="untracked",
        ),
        pytest.param(
            "../a.lock",
            "Cargo.toml",
            ["Cargo.lock:1:1 untracked: Cargo.lock is a symbolic link to …/a.lock, which is in no repository, …"],
            id="outside",
        ),
    ],
)
def test_lock_that_is_a_link_to_a_file(repository: Path, target: str, added: str, expected: Sequence[str]) -> None:
    write(repository, {"Cargo.toml": SOLO["Cargo.toml"], "src/main.rs": "", target: SOLO["Cargo.lock"]})
    _link(repository / "Cargo.lock", target)
    _git(repository, "add", "Cargo.toml", "Cargo.lock", added)
    assert matches(found("Cargo.toml"), expected), found("Cargo.toml")


def test_lock_that_is_a_link_to_another_repository(repository: Path) -> None:
    other = repository.parent / "other"
    write(other, {"Cargo.lock": "this is not read"})
    _git(other, "init", "--quiet")
    _git(other, "add", "Cargo.lock")
    write(repository, {"Cargo.toml": SOLO["Cargo.toml"], "src/main.rs": ""})
    _link(repository / "Cargo.lock", "../other/Cargo.lock")
    message = "Cargo.lock is a symbolic link to …/other/Cargo.lock, which is in another repository, so other …"
    assert matches(found("Cargo.toml"), [f"Cargo.lock:1:1 untracked: {message}"]), found("Cargo.toml")
    # Libraries need no lock. But cargo would use this one.
    write(repository, {"src/lib.rs": ""})
    (repository / "src/main.rs").unlink()
    expected = ["Cargo.lock:1:1 unreadable: this file is a symbolic link that leads out of the repository"]
    assert found("--libraries-may-omit", "Cargo.toml") == expected


def test_help_about_a_lock_that_is_a_link(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {**SOLO, "Cargo.toml": package("solo", "0.2.0"), "locks/a.lock": SOLO["Cargo.lock"]})
    (repository / "Cargo.lock").unlink()
    _link(repository / "Cargo.lock", "locks/a.lock")
    _git(repository, "add", ".")
    assert _printed(capsys, "Cargo.toml").endswith("help: run `cargo update --workspace` and commit locks/a.lock\n")


def test_lock_of_another_workspace(repository: Path) -> None:
    write(repository, {f"one/{name}": text for name, text in SOLO.items()})
    write(repository, {f"two/{name}": text for name, text in SOLO.items()})
    (repository / "two/Cargo.lock").unlink()
    _link(repository / "two/Cargo.lock", "../one/Cargo.lock")
    _git(repository, "add", ".")
    assert found("one/Cargo.lock") == []
    write(repository, {"one/Cargo.toml": package("solo", "0.2.0"), "one/Cargo.lock": lock("solo 0.2.0")})
    assert matches(found("one/Cargo.lock"), ["two/Cargo.toml:3:1 stale: …but two/Cargo.lock has it at 0.2.0"])


@pytest.mark.parametrize(
    ("link", "target"), [("crates/b", "../../real"), ("crates/b/Cargo.toml", "../../../real/Cargo.toml")]
)
def test_linked_member(repository: Path, link: str, target: str) -> None:
    files = {
        "work/Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
        "work/crates/a/Cargo.toml": package("a"),
        "work/Cargo.lock": lock("a 0.1.0\nb 0.1.0"),
        "real/Cargo.toml": package("b"),
        "real/src/lib.rs": "",
    }
    write(repository, files)
    (repository / "work" / link).parent.mkdir(exist_ok=True)
    _link(repository / "work" / link, target)
    _git(repository, "add", ".")
    assert found(*files) == []
    write(repository, {"real/Cargo.toml": package("b", "0.2.0")})
    expected = ["work/crates/b/Cargo.toml:3:1 stale: `b` is at version 0.2.0, but work/Cargo.lock has it at 0.1.0"]
    assert matches(found("real/Cargo.toml"), expected)


def test_linked_folder_of_a_workspace(repository: Path) -> None:
    write(repository, {f"real/{name}": text for name, text in SOLO.items()})
    _link(repository / "link", "real")
    _git(repository, "add", ".")
    assert found("link/Cargo.toml", "real/Cargo.toml") == []


def test_links_in_a_circle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.workspace._MAX_PACKAGES", 1000)
    for name, target in (("Cargo.toml", "Cargo.toml"), ("loop", "."), ("again", ".")):
        _link(folder / name, target)
    assert matches(found("Cargo.toml"), ["Cargo.toml:1:1 bad-manifest: this file cannot be read: …"])
    (folder / "Cargo.toml").unlink()
    for rest in (
        '[workspace]\nmembers = ["**"]\n',
        '[workspace]\nmembers = ["*/*/*"]\n',
        '[dependencies]\nloop.path = "loop/loop"\n',
    ):
        write(folder, {**SOLO, "Cargo.toml": package("solo", rest=rest)})
        assert found("Cargo.toml") != []
    dependencies = "".join(f'{name} = {{ package = "solo", path = "{name}" }}\n' for name in ("loop", "again"))
    write(folder, {**SOLO, "Cargo.toml": package("solo", rest=f"[dependencies]\n{dependencies}")})
    assert found("Cargo.toml") == ["Cargo.toml:1:2 bad-manifest: path dependencies lead to more than 1,000 folders"]


def test_a_great_many_dependencies(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.workspace._MAX_DEPENDENCIES", 2)
    members = {f"{name}/Cargo.toml": package(name, rest='[dependencies]\na = "1"\n') for name in ("m", "n", "o")}
    write(folder, {"Cargo.toml": '[workspace]\nmembers = ["*"]\n', **members, "Cargo.lock": ""})
    message = "the packages of this workspace have more than 2 dependencies"
    assert found("Cargo.toml") == [f"Cargo.toml:1:2 bad-manifest: {message}"]
    write(
        folder, {"Cargo.toml": package("solo", rest="[dependencies]\n" + "".join(f'{a}.path = "{a}"\n' for a in "mn"))}
    )
    write(folder, {name: f"{text}[workspace]\n" for name, text in members.items()})
    assert found("Cargo.toml") == [f"Cargo.toml:1:2 bad-manifest: {message}"]


def test_a_great_many_packages_of_other_workspaces(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.workspace._MAX_LOADED", 70)
    for name, other in ("ab", "ba"):
        write(folder, {f"{name}/Cargo.toml": package(name, rest=f'[dependencies]\n{other}.path = "../{other}"\n')})
    message = "this workspace and those that are checked before it lead to too many packages by path"
    printed = found("a/Cargo.toml", "b/Cargo.toml")
    assert "b/Cargo.toml:1:2 bad-manifest: " + message in printed
    assert "a/Cargo.toml:1:2 bad-manifest: " + message not in printed


def test_workspaces_inside_of_each_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.workspace._MAX_LOADED", 300)
    names = [f"{'w/' * depth}Cargo.toml" for depth in range(9)]
    write(folder, {name: f"[workspace]\n{package(f'w{depth}')}" for depth, name in enumerate(names)})
    message = "this workspace and those that are checked before it lead to too many packages by path"
    assert [line.partition(":")[0] for line in found(*names) if message in line] == names[8:]


def test_a_great_many_features(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = {
        f"u{at}/Cargo.toml": package(
            f"u{at}",
            rest=f'[dependencies]\nu{at + 1}.path = "../u{at + 1}"\nt = {{ path = "../t", features = ["f{at}"] }}\n',
        )
        for at in range(9)
    }
    features = "[features]\n" + "".join(f"f{at} = []\n" for at in range(9))
    own = {
        "Cargo.toml": package("solo", rest='[dependencies]\nu0.path = "u0"\n'),
        "t/Cargo.toml": package("t", rest=features),
    }
    edges = "".join(f"u{at} 0.1.0 -> t, u{at + 1}\n" for at in range(9))
    write(
        folder,
        {
            **own,
            **users,
            "u9/Cargo.toml": package("u9"),
            "Cargo.lock": lock(f"solo 0.1.0 -> u0\nt 0.1.0\n{edges}u9 0.1.0"),
        },
    )
    assert found("Cargo.toml") == []
    monkeypatch.setattr("dunnage.cargo.resolution._MOST_COMPARISONS", 30)
    message = "comparing the dependencies with the lock takes more than 30 steps; those after them are not checked"
    assert found("Cargo.toml") == [f"Cargo.toml:1:1 input/too-large: {message}"]


def test_a_great_many_features_that_many_entries_inherit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.resolution._MOST_COMPARISONS", 30)
    features = ", ".join(f'"f{at}"' for at in range(9))
    root = package(
        "solo", rest=f'[workspace]\n[workspace.dependencies]\nt = {{ path = "t", features = [{features}] }}\n'
    )
    users = "".join(f"[target.a{at}.dependencies]\nt.workspace = true\n" for at in range(9))
    write(
        folder,
        {"Cargo.toml": root + users, "t/Cargo.toml": package("t"), "Cargo.lock": lock("solo 0.1.0 -> t\nt 0.1.0")},
    )
    printed = found("Cargo.toml")
    assert any("requires the feature `f8` of `t`" in line for line in printed)
    message = "comparing the dependencies with the lock takes more than 30 steps; those after them are not checked"
    assert f"Cargo.toml:1:1 input/too-large: {message}" in printed
    assert sum("`f8`" in line for line in printed) == 3


def test_a_great_many_differences(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.lock_report._MOST_OF_A_RULE", 5)
    searched: list[str] = []
    monkeypatch.setattr("dunnage.cargo.lock_report._names_stale", lambda file: searched.append(file.path))
    entries = "".join(f'd{at} = "1"\n' for at in range(9))
    write(folder, {"Cargo.toml": package("solo", rest=f"[dependencies]\n{entries}"), "Cargo.lock": lock("solo 0.1.0")})
    assert len(found("Cargo.toml")) == 5
    assert searched == ["Cargo.toml"]  # and not once for each difference


def test_a_great_many_patches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.resolution._MOST_COMPARISONS", 10)
    patches = "".join(f'p{at} = {{ package = "a", git = "https://git.example/{at}" }}\n' for at in range(9))
    versions = "".join(f"a 1.0.{at} crates.io\n" for at in range(9))
    write(
        folder,
        {
            "Cargo.toml": package("solo", rest=f"[patch.crates-io]\n{patches}"),
            "Cargo.lock": lock(f"solo 0.1.0\n{versions}"),
        },
    )
    message = "comparing the dependencies with the lock takes more than 10 steps; those after them are not checked"
    assert f"Cargo.toml:1:1 input/too-large: {message}" in found("Cargo.toml")


def test_a_great_many_versions_of_a_missed_package(folder: Path) -> None:
    versions = "".join(f"a {at}.0.0 crates.io\n" for at in range(10, 30))
    write(
        folder,
        {
            "Cargo.toml": package("solo", rest='[dependencies]\na = "99"\n'),
            "Cargo.lock": lock(f"solo 0.1.0\n{versions}"),
        },
    )
    named = ", ".join(f"{at}.0.0" for at in range(10, 20))
    message = (
        f"`solo` requires `a ^99` from crates.io, but Cargo.lock has `a` ({named} and 10 more) only for other packages"
    )
    assert f"Cargo.toml:6:1 stale: {message}" in found("Cargo.toml")


def test_a_great_many_sources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.config_files._MOST_SOURCES", 2)
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").touch()
    sources = "".join(f'[source.s{at}]\ndirectory = "vendor"\n' for at in range(3))
    write(folder, {**SOLO, ".cargo/config.toml": sources})
    message = "cargo's configuration has more than 2 sources; no crate counts as vendored"
    assert found("Cargo.toml") == [f".cargo/config.toml:1:1 input/too-large: {message}"]


def test_a_configuration_that_includes_a_file_of_a_repository_below(repository: Path) -> None:
    write(repository, {**SOLO, "Cargo.lock": lock("other 0.1.0"), "x.toml": "", "sub/x.toml": ""})
    write(repository, {".cargo/config.toml": 'include = ["../sub/x.toml"]\n'})
    _git(repository / "sub", "init")
    _git(repository / "sub", "add", ".")
    _git(repository, "add", "Cargo.toml", "Cargo.lock", "x.toml", ".cargo")
    assert found("sub/x.toml", "x.toml") == found("sub/x.toml") != []


def test_a_long_pattern(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.manifests._MOST_NAMES", 1000)
    write(folder, {"Cargo.toml": f'[workspace]\nmembers = ["{"*a" * 30}", "b"]\n', "b/Cargo.toml": package("b")})
    message = "and the patterns before it make Cargo compare more than 1,000 names of files"
    assert found("Cargo.toml") == [f"Cargo.toml:2:12 bad-manifest: `{'*a' * 30}` {message}"]


def test_a_great_many_locks_that_git_ignores(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.files.git._MOST_LOOKUPS", 1)
    write(repository, {".gitignore": "Cargo.lock\n"})
    for name in "ab":
        write(repository, {f"{name}/Cargo.toml": package(name), f"{name}/src/main.rs": ""})
    printed = StringIO()
    with redirect_stdout(printed):
        main(["a/Cargo.toml", "b/Cargo.toml"])
    assert printed.getvalue().count("cargo-lock/missing") == 2
    assert printed.getvalue().count("first remove the pattern `Cargo.lock`") == 1


def test_a_great_many_ignored_packages(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.files.git._MOST_LOOKUPS", 2)
    entries = "".join(f'g{number}.path = "g{number}"\n' for number in range(4))
    write(repository, {"Cargo.toml": package("a", rest=f"[dependencies]\n{entries}"), "src/main.rs": ""})
    write(repository, {f"g{number}/Cargo.toml": package(f"g{number}") for number in range(4)})
    write(
        repository,
        {
            ".gitignore": "g*/\n",
            "Cargo.lock": lock("a 0.1.0 -> g0, g1, g2, g3\ng0 0.1.0\ng1 0.1.0\ng2 0.1.0\ng3 0.1.0"),
        },
    )
    _git(repository, "add", ".")
    messages = found("Cargo.toml")
    assert len(messages) == 4
    assert sum("hidden by the pattern `g*/`" in message for message in messages) == 2


def test_a_great_many_searched_files(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"a/Cargo.toml": package("a"), "a/src/lib.rs": ""}
    write(repository, {**own, "b/Cargo.toml": package("b", rest='[dependencies]\na.path = "../a"\n')})
    write(repository, {"b/Cargo.lock": lock("a 0.1.0\nb 0.1.0 -> a")})
    _git(repository, "add", ".")
    assert found("a/Cargo.toml") == []
    monkeypatch.setattr("dunnage.cargo.concerned._MOST_SEARCHED", 0)
    assert [line.split(" ")[1] for line in found("a/Cargo.toml")] == ["missing:"]


def test_a_pattern_that_matches_a_great_many_folders(folder: Path) -> None:
    write(folder, {"Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n', "Cargo.lock": ""})
    for number in range(2000):
        (folder / f"crates/crate-{number}").mkdir(parents=True)
    message = "the workspace lists `crates/*`, but there is no crates/crate-0/Cargo.toml (and 1,999 more)"
    assert found("Cargo.toml") == [f"Cargo.toml:2:12 bad-manifest: {message}"]


def test_a_great_many_members(folder: Path) -> None:
    names = [f"crate-{number}" for number in range(1000)]
    write(
        folder,
        {
            "Cargo.toml": '[workspace]\nmembers = ["*"]\n',
            "Cargo.lock": lock("\n".join(f"{name} 0.1.0" for name in names)),
        },
    )
    write(folder, {f"{name}/Cargo.toml": package(name) for name in names})
    assert found("Cargo.toml") == []
    write(folder, {f"{name}/Cargo.toml": "x" for name in names})
    assert len(found("Cargo.toml")) == 102


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_would_spoil_the_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"a\nb\x1b[31m/Cargo.toml": package("solo"), "a\nb\x1b[31m/src/main.rs": ""})
    printed = _printed(capsys, "a\nb\x1b[31m/Cargo.toml")
    assert printed.startswith("a\\nb\\x1b[31m/Cargo.toml:1:2: cargo-lock/missing ")
    assert "\x1b" not in printed


_WORDS = (
    "package", "name", "version", "workspace", "members", "exclude", "default-members", "dependencies",
    "dev-dependencies", "target", "cfg(unix)", "features", "default", "patch", "replace", "crates-io", "path", "git",
    "branch", "rev", "optional", "solo", "0.1.0", "1", "^1", "..", ".", "*", "**", "lib", "source", "checksum",
    "unused", "registry+https://x.y/z", "git+https://x.y/z", "dep:lib", "lib/x", "lib?/x", "edition", "2021",
    "index", "registry", "lockfile-path", "true",
)  # fmt: skip
_TEXTS = ("", "a.b", "é", "\U0001f680", '"', "\n", "\0")
_KEYS = (
    "package", "project", "workspace", "dependencies", "dev-dependencies", "dev_dependencies", "build-dependencies",
    "target", "features", "patch", "replace", "lib", "bin", "lints", "version", "root", "metadata", "registries",
    "resolver",
)  # fmt: skip
_LOCK_KEYS = ("source", "checksum", "dependencies", "replace", "x")
_DEEPEST = 3


def _value(chance: random.Random, depth: int = 0) -> object:
    """A value of TOML: a word of manifests, another text, a boolean, a number, a list or a table."""
    kinds = ("word", "word", "text", "boolean", "integer", "float", "list", "table")
    match chance.choice(kinds if depth < _DEEPEST else kinds[:-2]):
        case "word":
            return chance.choice(_WORDS)
        case "text":
            return chance.choice(_TEXTS)
        case "boolean":
            return chance.random() < 0.5
        case "integer":
            return chance.randint(-5, 5)
        case "float":
            return chance.uniform(-5, 5)
        case "list":
            return [_value(chance, depth + 1) for _ in range(chance.randint(0, 4))]
        case _:
            names = [chance.choice((*_WORDS, *_TEXTS)) for _ in range(chance.randint(0, 4))]
            return {name: _value(chance, depth + 1) for name in names}


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _document(chance: random.Random, keys: Sequence[str], most: int, **sound: str) -> str:
    """Up to `most` keys with any values. Most of the `sound` keys, if they are chosen, have the value that is given."""
    chosen = chance.sample(keys, chance.randint(0, most))
    values = {key: sound[key] if key in sound and chance.random() < 0.9 else _toml(_value(chance)) for key in chosen}
    return "".join(f"{key} = {value}\n" for key, value in values.items())


_SEEDS = pytest.mark.parametrize("seed", range(10))


@pytest.mark.untraced
@_SEEDS
def test_any_bytes(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = ("Cargo.toml", "Cargo.lock", ".cargo/config.toml")
    for _ in range(15):
        write(folder, {name: chance.randbytes(chance.randint(0, 60)) for name in names})
        found(*names)


@pytest.mark.untraced
@_SEEDS
def test_any_documents(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = ("Cargo.toml", "lib/Cargo.toml", "Cargo.lock", ".cargo/config.toml")
    sound = {"package": '{name = "solo", version = "0.1.0"}', "workspace": '{members = ["lib"]}', "version": "4"}
    for _ in range(20):
        write(folder, {name: _document(chance, _KEYS, 12, **sound) for name in names})
        found(*names)


@pytest.mark.untraced
@_SEEDS
def test_any_lock_of_a_sound_manifest(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        manifest = f"{package('solo')}\n[dependencies]\nlib = {_toml(_value(chance))}\n"
        entries = (_document(chance, _LOCK_KEYS, 5) for _ in range(chance.randint(0, 4)))
        tables = "".join(f'[[package]]\nname = "solo"\nversion = "0.1.0"\n{entry}' for entry in entries)
        write(folder, {"Cargo.toml": manifest, "Cargo.lock": tables})
        found("Cargo.toml")


def test_rules_are_all_tested() -> None:
    """Each rule stands in a table or a test of these files."""
    here = Path(__file__)
    text = "".join(file.read_text("utf-8") for file in (here, *here.parent.joinpath("cargo").glob("*_test.py")))
    for rule in HOOK.rules:
        assert f" {rule.id.removeprefix('cargo-lock/')}: " in text
