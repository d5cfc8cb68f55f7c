"""Which folders an entry of Dependabot covers. Each case names the file of dependabot-core that decides it."""

from __future__ import annotations

import posixpath
import subprocess
from pathlib import Path

import pytest

from dunnage.bots.dependabot import Directory, Entry, Folders, covered, entries, find
from dunnage.bots.patterns import UnsupportedError
from dunnage.ci.repository_files import RepositoryFiles, RepositoryPaths
from dunnage.files.source import Tree
from dunnage.files.span import Span

UPDATER = "updater/lib/dependabot/file_fetcher_command.rb"
CONFIG = "common/lib/dependabot/config/file_fetcher.rb"
CARGO = "cargo/lib/dependabot/cargo/file_fetcher.rb"
DOCKER = "docker/lib/dependabot/docker/file_fetcher.rb"
SHARED = "docker/lib/dependabot/shared/shared_file_fetcher.rb"
ACTIONS = "github_actions/lib/dependabot/github_actions/file_fetcher.rb"
TOOLCHAIN = "rust_toolchain/lib/dependabot/rust_toolchain/file_fetcher.rb"
PRE_COMMIT = "pre_commit/lib/dependabot/pre_commit/file_fetcher.rb"


def repository(folder: Path, files: dict[str, str]) -> RepositoryFiles:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return RepositoryFiles(Tree(), str(folder), RepositoryPaths(frozenset(files)))


def covers(found: RepositoryFiles, directory: str) -> list[str]:
    return Folders(found, None).of(Directory(directory, Span(0, 0)))


TREE = ("a/b/x", "a/c/d/x", ".e/f/x", "x", "g.h/x")


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        pytest.param("/", [""], id=UPDATER + " top"),
        pytest.param("/a", ["a"], id=UPDATER + " folder alone"),
        pytest.param("a/", ["a"], id=UPDATER + " slashes"),
        pytest.param("./a/../a/b", ["a/b"], id=UPDATER + " dots"),
        pytest.param("/none", ["none"], id=UPDATER + " missing folder"),
        pytest.param("/a/*", ["a", "a/b", "a/c"], id=UPDATER + " one level"),
        pytest.param("/a/**", ["a", "a/b", "a/c"], id=UPDATER + " two stars at the end are one level"),
        pytest.param("/a/**/*", ["a", "a/b", "a/c", "a/c/d"], id=UPDATER + " any level"),
        pytest.param("/a/**/d", ["a/c/d"], id=UPDATER + " any level before a name"),
        pytest.param("/*", ["", ".e", "a", "g.h"], id=UPDATER + " FNM_DOTMATCH"),
        pytest.param("/**/*", ["", ".e", ".e/f", "a", "a/b", "a/c", "a/c/d", "g.h"], id=UPDATER + " everything"),
        pytest.param("/a/[bx]", ["a/b"], id=UPDATER + " brackets"),
        pytest.param("/a/?", ["a", "a/b", "a/c"], id=UPDATER + " question mark"),
        pytest.param("/{a,.e}/*", [".e", ".e/f", "a", "a/b", "a/c"], id=UPDATER + " braces in a glob"),
        pytest.param("/{a,.e}", ["{a,.e}"], id=UPDATER + " braces alone are no glob"),
    ],
)
def test_directories(tmp_path: Path, directory: str, expected: list[str]) -> None:
    assert covers(repository(tmp_path, dict.fromkeys(TREE, "")), directory) == expected


def test_globs_match_as_ruby_does(tmp_path: Path) -> None:
    globs = [
        "*",
        "**",
        "**/*",
        "a/*",
        "a/**",
        "a/**/*",
        "**/d",
        "{a,.e}/*",
        "[a-g]*",
        "[!a]*",
        "?",
        "a/*/d",
        "**/**/*",
        "*.h",
        "*/",
    ]
    script = 'ARGV.each { |glob| puts Dir.glob(glob, File::FNM_DOTMATCH).select { |d| File.directory?(d) }.join(":") }'
    try:
        found = repository(tmp_path, dict.fromkeys(TREE, ""))
        ran = subprocess.run(["ruby", "-e", script, *globs], cwd=tmp_path, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("ruby is not here")
    for glob, line in zip(globs, ran.stdout.split("\n"), strict=False):
        expected = {posixpath.normpath(path) for path in line.split(":") if path}
        assert {path or "." for path in covers(found, glob)} == expected, glob


@pytest.mark.parametrize(
    ("ecosystem", "files", "folder", "expected"),
    [
        pytest.param("cargo", {"Cargo.toml": ""}, "", True, id=CARGO),
        pytest.param("cargo", {"Cargo.lock": "", "a/Cargo.toml": ""}, "", False, id=CARGO + " lock alone"),
        pytest.param("docker", {"Dockerfile": ""}, "", True, id=DOCKER),
        pytest.param("docker", {"my-dockerfile.in": ""}, "", True, id=DOCKER + " any name with it"),
        pytest.param("docker", {"Containerfile": ""}, "", True, id=DOCKER + " Containerfile"),
        pytest.param("docker", {"a.yml": "apiVersion: v1\nkind: Pod\n"}, "", True, id=SHARED + " Kubernetes"),
        pytest.param("docker", {"values-x.yaml": ""}, "", True, id=SHARED + " Helm"),
        pytest.param("docker", {"mkdocs.yml": "a: 1\n"}, "", False, id=SHARED + " other YAML"),
        pytest.param("docker", {".a.yml": "apiVersion: v1\nkind: Pod\n"}, "", False, id=SHARED + " hidden"),
        pytest.param("github-actions", {".github/workflows/a.yml": ""}, "", True, id=ACTIONS),
        pytest.param("github-actions", {"action.yaml": ""}, "", True, id=ACTIONS + " action at the top"),
        pytest.param("github-actions", {"a.yml": ""}, "", False, id=ACTIONS + " other YAML at the top"),
        pytest.param("github-actions", {"a/x.yml": ""}, "a", True, id=ACTIONS + " any YAML elsewhere"),
        pytest.param("github-actions", {"a/action.yml": ""}, "", False, id=ACTIONS + " action elsewhere"),
        pytest.param("rust-toolchain", {"rust-toolchain": ""}, "", True, id=TOOLCHAIN),
        pytest.param("rust-toolchain", {"a/rust-toolchain.toml": ""}, "", False, id=TOOLCHAIN + " elsewhere"),
        pytest.param("pre-commit", {".pre-commit.yml": ""}, "", True, id=PRE_COMMIT),
        pytest.param("pre-commit", {"pre-commit.yml": ""}, "", False, id=PRE_COMMIT + " other name"),
    ],
)
def test_manifests(tmp_path: Path, ecosystem: str, files: dict[str, str], folder: str, expected: bool) -> None:
    assert Folders(repository(tmp_path, files), None).has_manifest(folder, ecosystem) == expected


def test_the_first_file_is_used(tmp_path: Path) -> None:
    """As in common/lib/dependabot/config/file_fetcher.rb."""
    text = "version: 2\nupdates: []\n"
    found = find(repository(tmp_path, {".github/dependabot.yaml": text, ".github/dependabot.yml": text}))
    assert found is not None
    assert found.path.endswith(".yml")
    assert find(repository(tmp_path, {"dependabot.yml": text})) is None


def test_entries(tmp_path: Path) -> None:
    text = (
        "version: 2\nupdates:\n- package-ecosystem: cargo\n  directories: [/a, '/b/*']\n"
        "- package-ecosystem: npm\n  directory: /\n"
        "- package-ecosystem: docker\n  directory: /\n  multi-ecosystem-group: x\n- {}\n- x\n"
    )
    file = find(repository(tmp_path, {".github/dependabot.yml": text}))
    assert file is not None
    found = [(entry.ecosystem, [directory.text for directory in entry.directories]) for entry in entries(file)]
    assert found == [("cargo", ["/a", "/b/*"]), ("docker", ["/"])]


def test_what_is_unknown(tmp_path: Path) -> None:
    found = repository(tmp_path, {"link": "", "a/Cargo.toml": ""})
    with pytest.raises(UnsupportedError):
        covers(found, "/link/a")
    entry = Entry("cargo", (Directory("/", Span(0, 0)),), Span(0, 0), None, is_for_branch=True)
    with pytest.raises(UnsupportedError):
        covered([entry], Folders(found, None), "cargo")
    assert covered([entry], Folders(found, None), "docker") == set()
