"""`review-cargo-lock` as it is called: bases, reviews, several locks, with real git."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path
from shutil import rmtree

import pytest

from cargo.files import CHECKSUM, lock, matches, write
from dunnage.frame.cli import main as dunnage
from dunnage.review_cargo_lock import main
from review.advisories_test import text
from review.home import add_archive, add_entries, crate, published

BEFORE = "app 0.1.0 -> arrayref\narrayref 0.3.9 crates.io"
AFTER = "app 0.1.0 -> arrayref\narrayref 0.3.10 crates.io -> helper\nhelper 1.0.0 crates.io"
MERGED = f"{AFTER}\nextra 1.0.0 crates.io"
GREW = "Cargo.lock:10:3 grew: `arrayref` had no dependencies, …"


@pytest.fixture(autouse=True)
def _no_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_SOURCE", "PRE_COMMIT_ORIGIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "cargo-home"))


def git(*arguments: str, folder: Path | None = None) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, packages: str, name: str = "Cargo.lock") -> str:
    """Commit a lock of these packages, and return the commit."""
    write(folder, {name: lock(packages)})
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--allow-empty", "-m", "x", folder=folder)
    return git("rev-parse", "HEAD", folder=folder)


class Said:
    """What the hook prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        status = main(["--output-format", "json", *(arguments or ("Cargo.lock",))])
        out, self.notes = capsys.readouterr()
        self.report = json.loads(out)["findings"]
        assert status == (1 if self.report else 0)
        self.findings = [
            f"{finding['path']}:{finding['start']['line']}:{finding['start']['column']} "
            f"{finding['rule'].removeprefix('lock-review/')}: {finding['message']}"
            for finding in self.report
        ]


# What a commit changes.


def test_before_and_after(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE)
    assert Said(capsys).findings == []
    write(repository, {"Cargo.lock": lock(AFTER)})
    assert matches(Said(capsys).findings, [GREW])
    commit(repository, AFTER)
    said = Said(capsys)
    assert (said.findings, said.notes) == ([], "")


def test_help_says_how_to_look_restore_and_accept(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(AFTER), "Cargo.toml": "[package]\n"})
    (finding,) = Said(capsys).report
    assert finding["help"] == (
        "review the code before you build, because `cargo check` runs build scripts and macros: "
        "https://docs.rs/crate/arrayref/0.3.10/source/\n"
        "to undo: git restore --source=HEAD --staged --worktree -- Cargo.lock\n"
        'to accept: add "arrayref@0.3.10" = "why" to `[package.metadata.dunnage.reviews]` in Cargo.toml, '
        "or run `review-cargo-lock --accept REASON Cargo.lock`"
    )


def test_the_help_leads_to_the_same_findings(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = commit(repository, BEFORE, "a b/Cargo.lock")
    commit(repository, AFTER, "a b/Cargo.lock")
    write(repository, {"my reviews.toml": ""})
    (finding,) = Said(capsys, "--base=HEAD^", "--reviews=my reviews.toml", "a b/Cargo.lock").report
    command = "review-cargo-lock --base='HEAD^' --reviews='my reviews.toml' --accept REASON 'a b/Cargo.lock'"
    assert command in finding["help"]
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == "my reviews.toml: accepted arrayref@0.3.10\n"
    restore = finding["help"].partition("to undo: ")[2].partition("\n")[0]
    subprocess.run(shlex.split(restore), check=True)
    assert git("rev-parse", ":a b/Cargo.lock") == git("rev-parse", f"{first}:a b/Cargo.lock")


def test_line_ends_that_git_changed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(BEFORE).replace("\n", "\r\n")})
    assert Said(capsys).findings == []


def test_locks_below(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE, "a/Cargo.lock")
    commit(repository, BEFORE, "b/Cargo.lock")
    write(repository, {"a/Cargo.lock": lock(AFTER), "b/Cargo.lock": lock(AFTER)})
    said = Said(capsys, "a/Cargo.lock", "b/Cargo.lock", "b/../b/Cargo.lock")
    assert matches(said.findings, [f"a/{GREW}", f"b/{GREW}"])


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="the file system takes no such names")
def test_a_lock_in_a_folder_with_an_unprintable_name(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE, "a\xa0\n\udcff/Cargo.lock")
    write(repository, {"a\xa0\n\udcff/Cargo.lock": lock(AFTER)})
    assert [finding.partition(" ")[2][:5] for finding in Said(capsys, "a\xa0\n\udcff/Cargo.lock").findings] == ["grew:"]


def test_a_lock_that_moved(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = "".join(f"c{number} 1.0.0 crates.io\n" for number in range(9))
    commit(repository, many + BEFORE, "old/Cargo.lock")
    (repository / "old" / "Cargo.lock").unlink()
    write(repository, {"Cargo.lock": lock(many + AFTER)})
    assert [line.partition(" ")[2].partition(":")[0] for line in Said(capsys).findings] == ["grew"]


def test_a_new_lock(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE, "old/Cargo.lock")
    write(repository, {"Cargo.lock": lock(AFTER)})
    said = Said(capsys, "--require-base", "Cargo.lock")
    assert said.findings == []
    assert said.notes == "review-cargo-lock: Cargo.lock is new, so there is nothing to compare it with\n"


# What it is compared with.


def test_no_repository(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"Cargo.lock": lock(AFTER)})
    said = Said(capsys)
    assert said.findings == []
    assert "Cargo.lock: there is nothing to compare this lock with: it is not in a git repository" in said.notes


def test_git_gives_no_answer(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in a repository of another user. It must not look like a lock without changes."""
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(AFTER), ".git/config": "["})
    said = Said(capsys, "--require-base", "Cargo.lock")
    assert "there is nothing to compare this lock with: git cannot read the repository" in said.notes
    assert len(said.findings) == 1
    for arguments in (["--summary"], ["--accept", "known"]):
        assert main(arguments) == 2
        assert "git does not list the files of this repository" in capsys.readouterr().err


def test_no_commit_yet(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {"Cargo.lock": lock(AFTER)})
    said = Said(capsys, "--require-base", "Cargo.lock")
    message = "Cargo.lock:1:1 no-base: there is nothing to compare this lock with: there is no commit yet"
    assert said.findings == [message]


def test_base_option(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = commit(repository, BEFORE)
    commit(repository, AFTER)
    assert matches(Said(capsys, "--base", first, "Cargo.lock").findings, [GREW])
    assert matches(Said(capsys, "--base=HEAD^", "Cargo.lock").findings, [GREW])
    assert Said(capsys, "--base=HEAD", "Cargo.lock").findings == []
    assert (
        "this clone has no commit `nowhere`, which --base names" in Said(capsys, "--base=nowhere", "Cargo.lock").notes
    )


def test_refs_of_the_client(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = commit(repository, BEFORE)
    git("checkout", "-q", "-b", "other")
    other = commit(repository, AFTER)
    git("checkout", "-q", "-b", "topic", fork)
    topic = commit(repository, MERGED)
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", other)
    monkeypatch.setenv("PRE_COMMIT_TO_REF", topic)
    assert matches(Said(capsys).findings, [GREW])
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", topic)
    assert Said(capsys).findings == []
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "1" * 40)
    assert "this clone has no commit `1111" in Said(capsys).notes
    monkeypatch.delenv("PRE_COMMIT_FROM_REF")
    assert "first push" in Said(capsys).notes


def test_unrelated_histories(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", commit(repository, BEFORE))
    git("checkout", "-q", "--orphan", "other")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", commit(repository, AFTER))
    assert "this clone has no common ancestor" in Said(capsys).notes


def test_in_ci_the_first_parent(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, BEFORE)
    monkeypatch.setenv("CI", "true")
    assert "HEAD has no parent" in Said(capsys).notes
    commit(repository, AFTER)
    assert matches(Said(capsys).findings, [GREW])
    monkeypatch.setenv("CI", "false")
    assert Said(capsys).findings == []


def test_in_ci_a_shallow_clone(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = commit(repository, BEFORE)
    commit(repository, AFTER)
    git("clone", "-q", "--depth=1", repository.as_uri(), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setenv("CI", "1")
    said = Said(capsys, "--require-base", "Cargo.lock")
    missing = f"lacks the parent of HEAD, {parent[:12]}: fetch at least two…"
    assert matches(said.findings, [f"Cargo.lock:1:1 no-base: …{missing}"])
    git("fetch", "-q", "--deepen=1")
    assert matches(Said(capsys).findings, [GREW])


def test_a_merge_brings_in_what_no_parent_has(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = commit(repository, BEFORE)
    theirs = commit(repository, AFTER)
    git("checkout", "-q", "-b", "ours", fork)
    commit(repository, f"{BEFORE}\nextra 1.0.0 crates.io")
    write(repository, {"Cargo.lock": lock(MERGED)})
    assert matches(Said(capsys).findings, [GREW])
    monkeypatch.setenv(f"GITHEAD_{theirs}", "theirs")
    assert Said(capsys).findings == []
    monkeypatch.delenv(f"GITHEAD_{theirs}")
    write(repository, {".git/MERGE_HEAD": f"{theirs}\n"})
    assert Said(capsys).findings == []
    write(repository, {"Cargo.lock": lock(f"{MERGED}\nproc-macro1 1.0.0 crates.io")})
    assert matches(Said(capsys).findings, ["…look-alike: … `proc-macro1 1.0.0` …"])
    write(repository, {".git/MERGE_HEAD": "\xff-h\n"})
    assert len(Said(capsys).findings) == 2


def test_worktrees_submodules_and_another_index(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, BEFORE)
    git("worktree", "add", "-q", str(tmp_path / "tree"))
    git("init", "-q", str(tmp_path / "outer"))
    git("submodule", "--quiet", "add", repository.as_uri(), "inner", folder=tmp_path / "outer")
    for folder in (tmp_path / "tree", tmp_path / "outer" / "inner"):
        monkeypatch.chdir(folder)
        write(folder, {"Cargo.lock": lock(AFTER)})
        assert matches(Said(capsys).findings, [GREW])
    monkeypatch.chdir(repository)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-7.lock")
    write(repository, {"Cargo.lock": lock(AFTER)})
    assert matches(Said(capsys).findings, [GREW])


# Reviews.


REVIEWED = '[workspace.metadata.dunnage.reviews]\n"arrayref@0.3.10" = "read the diff"\n'


@pytest.mark.parametrize(
    ("reviews", "findings"),
    [
        pytest.param(REVIEWED, [], id="reviewed"),
        pytest.param(REVIEWED.replace("workspace", "package"), [], id="of a package"),
        pytest.param(
            REVIEWED.replace("0.3.10", "0.3.9"),
            [
                GREW,
                "Cargo.toml:2:1 stale-review: the review of `arrayref@0.3.9` is stale: it matches nothing in the lock",
            ],
            id="another version",
        ),
        pytest.param(
            REVIEWED.replace("read the diff", " "),
            [GREW, "Cargo.toml:2:1 stale-review: the review of `arrayref@0.3.10` gives no reason, …"],
            id="no reason",
        ),
        pytest.param(
            REVIEWED.replace('"read the diff"', "3"),
            [GREW, "Cargo.toml:2:1 stale-review: … gives no reason, …"],
            id="no text",
        ),
        pytest.param(REVIEWED + '"wasi:http@0.2.3 in acme:app/app" = "why"\n', [], id="of WIT"),
        pytest.param("[workspace]\nmetadata = 3\n", [GREW], id="no table"),
        pytest.param("[[", [GREW], id="no TOML"),
    ],
)
def test_reviews(repository: Path, capsys: pytest.CaptureFixture[str], reviews: str, findings: list[str]) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(AFTER), "Cargo.toml": reviews})
    assert matches(Said(capsys).findings, findings)


def test_reviews_in_a_file(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(AFTER), "seen.toml": '[reviews]\n"arrayref@0.3.10" = "read the diff"\n'})
    assert Said(capsys, "--reviews=seen.toml", "Cargo.lock").findings == []


def test_a_file_of_reviews_serves_several_locks(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {"bad/Cargo.lock": "<<<<<<< HEAD\n"})
    commit(repository, BEFORE)
    commit(repository, "other 1.0.0 crates.io", "a/Cargo.lock")
    commit(repository, BEFORE, "gone/Cargo.lock")
    (repository / "gone" / "Cargo.lock").unlink()
    reviews = '[reviews]\n"other@1.0.0" = "read"\n"other@2.0.0" = "read"\n'
    write(repository, {"seen.toml": reviews})
    stale = "seen.toml:3:1 stale-review: the review of `other@2.0.0` is stale: …"
    assert matches(Said(capsys, "--reviews=seen.toml", "Cargo.lock").findings, [stale])


def test_an_allowed_build_script(repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """cargo-deny's list of the crates that may have one."""
    data = crate("x-1.0.0", {"Cargo.toml": '[package]\nname = "x"\n', "build.rs": ""})
    checksum = add_archive(tmp_path / "cargo-home", "x-1.0.0", data)
    commit(repository, "")
    write(repository, {"Cargo.lock": lock("x 1.0.0 crates.io").replace(CHECKSUM, checksum)})
    assert matches(Said(capsys).findings, ["…compile-time-code: `x 1.0.0` is new …"])
    write(repository, {"deny.toml": '[bans.build]\nallow-build-scripts = ["x"]\n'})
    assert Said(capsys).findings == []


def test_a_review_of_a_source(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(f"{BEFORE}\nb 1.0.0 git"), "Cargo.toml": ""})
    assert matches(Said(capsys).findings, ["…new-source: `b 1.0.0` comes from the git repository …"])
    write(repository, {"Cargo.toml": REVIEWED.replace("arrayref@0.3.10", "git+https://GIT.example/tools.git")})
    assert Said(capsys).findings == []


def test_no_review_accepts_another_checksum(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, AFTER)
    write(repository, {"Cargo.lock": lock(AFTER).replace("ab12", "ab13"), "Cargo.toml": REVIEWED})
    assert matches(
        Said(capsys).findings, ["… checksum-changed: … `arrayref 0.3.10` …", "… checksum-changed: … `helper 1.0.0` …"]
    )


def test_a_manifest_that_explains_a_downgrade(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, "app 0.1.0 -> b\nb 1.2.0 crates.io")
    manifest = '[package]\nname = "app"\nversion = "0.1.0"\n[dependencies]\nb = "=1.1.0"\n'
    write(
        repository, {"Cargo.lock": lock("app 0.1.0 -> b\nb 1.1.0 crates.io"), "Cargo.toml": manifest, "src/lib.rs": ""}
    )
    (line,) = Said(capsys).findings
    assert "replaces a newer one: `b` from 1.2.0 to 1.1.0 (Cargo.toml requires `=1.1.0`)" in line


@pytest.mark.parametrize("text", ["", "[[package]]\nname = 3\n", "\0", "<<<<<<< HEAD\n"])
def test_locks_that_cannot_be_read(repository: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": text})
    assert Said(capsys).findings == []
    write(repository, {"Cargo.lock": "<<<<<<< HEAD\n"})
    git("commit", "-qam", "broken")
    write(repository, {"Cargo.lock": lock(AFTER)})
    assert "the lock in HEAD cannot be read" in Said(capsys).notes


# What the machine holds.


def test_what_the_machine_holds(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, "app 0.1.0")
    write(repository, {"Cargo.lock": lock("app 0.1.0 -> new-thing\nnew-thing 1.0.0 crates.io")})
    said = Said(capsys)
    assert said.findings == []
    assert said.notes == (
        "review-cargo-lock: Cargo.lock: not checked, because this machine lacks the data: "
        "the index entries of new-thing 1.0.0; the build scripts and macros of new-thing 1.0.0; "
        "known vulnerabilities (no advisory database)\n"
    )
    home = tmp_path / "cargo-home"
    data = crate("new-thing-1.0.0", {"Cargo.toml": '[package]\nname = "new-thing"\n', "build.rs": ""})
    checksum = add_archive(home, "new-thing-1.0.0", data)
    add_entries(
        home, "new-thing", [{"vers": "1.0.0", "deps": [], "cksum": checksum, "yanked": True, "pubtime": published(1)}]
    )
    vulnerability = text("RUSTSEC-2024-0001", "patched = []", package="new-thing")
    write(home, {"advisory-db/crates/new-thing/RUSTSEC-2024-0001.md": vulnerability})
    found = lock("app 0.1.0 -> new-thing\nnew-thing 1.0.0 crates.io").replace(CHECKSUM, checksum)
    write(repository, {"Cargo.lock": found})
    said = Said(capsys)
    assert matches(said.findings, ["… advisory: …", "… compile-time-code: …", "… yanked: …"])
    assert said.notes == ""
    assert matches(Said(capsys, "--min-age=2 days", "Cargo.lock").findings, ["…"] * 3)
    write(repository, {"deny.toml": '[bans.build]\nallow-build-scripts = ["new-thing"]\n'})
    assert matches(Said(capsys).findings, ["… advisory: …", "… yanked: …"])
    write(repository, {"Cargo.toml": '[workspace.metadata.dunnage.reviews]\n"new-thing@1.0.0" = "why"\n'})
    assert Said(capsys).findings == []


def vendor(folder: Path, version: str, files: dict[str, str]) -> None:
    """Vendor a crate as cargo does, and lock it."""
    files = {"Cargo.toml": f'[package]\nname = "x"\nversion = "{version}"\n', **files}
    digests = {path: hashlib.sha256(content.encode()).hexdigest() for path, content in files.items()}
    checksum = hashlib.sha256(version.encode()).hexdigest()
    record = {"files": digests, "package": checksum}
    rmtree(folder / "vendor", ignore_errors=True)
    write(folder, {f"vendor/x/{path}": content for path, content in files.items()})
    write(folder, {"vendor/x/.cargo-checksum.json": json.dumps(record)})
    found = lock(f"app 0.1.0 -> x\nx {version} crates.io").replace(CHECKSUM, checksum)
    write(folder, {"Cargo.lock": found, ".cargo/config.toml": '[source.vendored]\ndirectory = "vendor"\n'})


@pytest.mark.parametrize("place", ["", "below/"])
def test_a_vendored_crate_gains_a_build_script(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (repository / place).mkdir(exist_ok=True)
    monkeypatch.chdir(repository / place)
    vendor(Path(), "1.0.0", {"src/lib.rs": ""})
    git("add", "--all")
    git("commit", "--quiet", "-m", "x")
    vendor(Path(), "1.0.1", {"src/lib.rs": "", "build.rs": "fn main() {}"})
    message = "Cargo.lock:10:3 compile-time-code: `x 1.0.1` has a build script (build.rs), which 1.0.0 did not have: …"
    assert matches(Said(capsys).findings, [message])
    assert main(["--summary"]) == 0
    assert "  x  1.0.1  a build script (build.rs)  12 bytes  ef32637cb9c3ec2e\n" in capsys.readouterr().out
    git("add", "--all")
    git("commit", "--quiet", "-m", "x")
    vendor(Path(), "1.0.2", {"src/lib.rs": "", "build.rs": "fn main() { }"})
    said = Said(capsys)
    assert said.findings == []
    assert "build scripts" not in said.notes


def test_a_vendored_folder_outside_of_the_repository(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, "a 1.0.0 crates.io")
    write(repository, {".cargo/config.toml": '[source.vendored]\ndirectory = "../vendor"\n'})
    write(repository, {"Cargo.lock": lock("a 1.0.1 crates.io\nproc-macro1 1.0.0 crates.io")})
    said = Said(capsys)
    assert matches(said.findings, ["…look-alike: …"])
    assert "the build scripts and macros of a 1.0.1 and proc-macro1 1.0.0" in said.notes


def test_all_judges_the_whole_lock(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {"db/crates/a/RUSTSEC-2024-0001.md": text("RUSTSEC-2024-0001", "patched = []")})
    commit(repository, "a 1.0.0 crates.io")
    option = f"--advisory-db={tmp_path / 'db'}"
    assert Said(capsys, option, "Cargo.lock").findings == []
    assert matches(Said(capsys, option, "--all", "Cargo.lock").findings, ["… advisory: `a 1.0.0` has …"])
    write(repository, {"Cargo.lock": lock("a 1.0.1 crates.io")})
    assert Said(capsys, option, "Cargo.lock").findings == []


def test_too_new(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_entries(tmp_path / "cargo-home", "a", [{"vers": "1.0.1", "pubtime": published(1)}])
    commit(repository, "a 1.0.0 crates.io")
    write(repository, {"Cargo.lock": lock("a 1.0.1 crates.io")})
    assert Said(capsys).findings == []
    assert matches(Said(capsys, "--min-age=2 days", "Cargo.lock").findings, ["… too-new: …"])
    assert main(["--min-age=soon", "Cargo.lock"]) == 2


# Accepting.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[workspace]\n", '[workspace]\n\n[workspace.metadata.dunnage.reviews]\n"arrayref@0.3.10" = "read \\"it\\""\n'),
        (
            "# top\r\n[package] # p\r\nname = 'x'\r\n",
            (
                "# top\r\n[package] # p\r\nname = 'x'\r\n\r\n[package.metadata.dunnage.reviews]\r\n"
                '"arrayref@0.3.10" = "read \\"it\\""\r\n'
            ),
        ),
        (
            '[workspace.metadata.dunnage.reviews]\n"a@1.0.0" = "old" # keep\n\n[profile.dev]\n',
            (
                '[workspace.metadata.dunnage.reviews]\n"a@1.0.0" = "old" # keep\n"arrayref@0.3.10" = "read \\"it\\""\n'
                "\n[profile.dev]\n"
            ),
        ),
    ],
    ids=["workspace", "package", "more"],
)
def test_accept(repository: Path, capsys: pytest.CaptureFixture[str], before: str, after: str) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(AFTER), "Cargo.toml": before})
    assert main(["--accept", 'read "it"', "Cargo.lock"]) == 0
    assert capsys.readouterr().out == "Cargo.toml: accepted arrayref@0.3.10\n"
    assert (repository / "Cargo.toml").read_bytes().decode() == after
    assert not any("grew" in line for line in Said(capsys).findings)
    assert main(["--accept", 'read "it"', "Cargo.lock"]) == 0
    assert capsys.readouterr().out == "nothing to accept\n"


def test_accept_several_into_a_file(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, "a 1.2.0 crates.io\nb 1.2.0 crates.io\nc 1.0.0 crates.io")
    text = lock("a 1.1.0 crates.io\nb 1.1.0 crates.io\nc 1.0.0 crates.io\nd 1.0.0 git").replace("ab12", "ab13")
    write(repository, {"Cargo.lock": text, "seen.toml": ""})
    assert main(["--reviews=seen.toml", "--accept=why", "Cargo.lock"]) == 0
    assert capsys.readouterr().out == (
        "seen.toml: accepted git+https://git.example/tools\nseen.toml: accepted a@1.1.0\n"
        "seen.toml: accepted b@1.1.0\nCargo.lock: 1 finding that no review can accept\n"
    )
    assert matches(Said(capsys, "--reviews=seen.toml", "Cargo.lock").findings, ["… checksum-changed: … `c 1.0.0` …"])


def test_accept_with_nowhere_to_write(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(AFTER)})
    assert main(["--accept=why", "Cargo.lock"]) == 2
    assert "there is no Cargo.toml to write a review to" in capsys.readouterr().err
    write(repository, {"Cargo.toml": "workspace = 3\n"})
    assert main(["--accept=why", "Cargo.lock"]) == 2
    assert 'Cargo.toml cannot be edited to add the review of `arrayref@0.3.10`; write `"' in capsys.readouterr().err
    write(repository, {"Cargo.toml": f"# {'x' * 512 * 1024}\n"})
    assert main(["--accept=why", "Cargo.lock"]) == 2
    assert "`arrayref@0.3.10`, because it has more than 512 KiB or too many entries" in capsys.readouterr().err
    write(repository, {"Cargo.toml": "[["})
    assert main(["--accept=why", "Cargo.lock"]) == 2
    assert main(["--accept= ", "Cargo.lock"]) == 2


# Summaries.


CHANGED = """
app 0.1.0 -> arrayref, other 2.0.0
arrayref 0.3.10 crates.io -> helper
helper 1.0.0 crates.io
other 1.0.0 crates.io
other 2.0.0 crates.io
"""
UNCHANGED = (
    "app 0.1.0 -> arrayref\narrayref 0.3.9 crates.io\nother 1.0.0 crates.io\nold 1.0.0 crates.io\ntool 1.0.0 git"
)


def test_summary(repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, UNCHANGED)
    data = crate("helper-1.0.0", {"Cargo.toml": '[package]\nname = "helper"\nlicense = "MIT"\n', "build.rs": "x"})
    checksum = add_archive(tmp_path / "cargo-home", "helper-1.0.0", data)
    head, line, rest = lock(CHANGED).partition('name = "helper"\n')
    write(repository, {"Cargo.lock": head + line + rest.replace(CHECKSUM, checksum, 1)})
    for arguments in (["Cargo.lock"], []):
        assert main(["--summary", *arguments]) == 0
        assert capsys.readouterr().out == (
            "Changes of Cargo.lock\n\n"
            "updated (1)\n  arrayref  0.3.9  0.3.10\n\n"
            "added (2)\n  helper  1.0.0  app → arrayref  MIT\n  other   2.0.0  app\n\n"
            "removed (2)\n  old   1.0.0\n  tool  1.0.0 (https://git.example/tools#8d3b4f1c8d3b)\n\n"
            "duplicated (1)\n  other  1.0.0, 2.0.0\n\n"
            "runs when it is compiled (1)\n  helper  1.0.0  a build script (build.rs)  1 bytes  2d711642b726b044\n"
        )
    assert main(["--summary", "--summary-format=markdown", "Cargo.lock"]) == 0
    text = capsys.readouterr().out
    assert "**updated (1)**\n\n| crate | from | to | note |\n| --- | --- | --- | --- |\n" in text
    assert "| arrayref | 0.3.9 | 0.3.10 |  |\n" in text
    assert main(["--summary", "--summary-format=json", "Cargo.lock"]) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]["Cargo.lock"]
    assert changes["updated"] == [{"crate": "arrayref", "from": "0.3.9", "to": "0.3.10", "note": ""}]
    for command in (["review"], ["check", "--summary"]):
        assert dunnage([*command, "--summary-format=json"]) == 0
        assert json.loads(capsys.readouterr().out)["changes"]["Cargo.lock"] == changes


def test_a_summary_of_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, BEFORE)
    assert main(["--summary", "Cargo.lock"]) == 0
    assert dunnage(["review"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "review-cargo-lock: no Cargo.lock has changed\n" * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--summary", "nowhere/Cargo.lock"], "there is no file nowhere/Cargo.lock"),
        (["--accept=why", "nowhere/Cargo.lock"], "there is no file nowhere/Cargo.lock"),
        (["--reviews=nowhere.toml", "Cargo.lock"], "argument --reviews: there is no file nowhere.toml"),
        (["--reviews=.git/HEAD", "Cargo.lock"], "argument --reviews: .git/HEAD is not valid TOML"),
        (["--advisory-db=nowhere", "Cargo.lock"], "argument --advisory-db: nowhere is not an advisory database"),
    ],
)
def test_names_of_what_is_not_there(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    commit(repository, BEFORE)
    with pytest.raises(SystemExit) as end:
        raise SystemExit(main(arguments))
    assert end.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("argument", ["--summary", "--accept=why"])
def test_why_there_is_nothing_to_say(repository: Path, capsys: pytest.CaptureFixture[str], argument: str) -> None:
    commit(repository, BEFORE)
    assert main([argument, "--base=nowhere", "Cargo.lock"]) == 0
    assert "this clone has no commit `nowhere`" in capsys.readouterr().err


def test_a_summary_of_odd_names(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, "a 1.0.0 crates.io")
    text = lock("a 1.0.0 crates.io\nb 1.0.0 git").replace('"b"', '"b\\u001b[31m|"')
    write(repository, {"Cargo.lock": text})
    assert main(["--summary", "--summary-format=markdown"]) == 0
    row = "| b\\\\x1b\\[31m\\| | 1.0.0 (https:\u2060//git.example/tools#8d3b4f1c8d3b) |  |  |\n"
    assert row in capsys.readouterr().out


def test_an_incompatible_update(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, "a 1.0.0 crates.io")
    write(repository, {"Cargo.lock": lock("a 2.0.0 crates.io")})
    assert main(["--summary"]) == 0
    assert "  a  1.0.0  2.0.0  incompatible\n" in capsys.readouterr().out


# In `dunnage check`.


def test_in_dunnage_check(repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(
        tmp_path / "cargo-home",
        {"advisory-db/crates/app/RUSTSEC-2024-0001.md": text("RUSTSEC-2024-0001", "patched = []")},
    )
    first = commit(repository, BEFORE)
    commit(repository, AFTER)
    assert dunnage(["check", "--only=review-cargo-lock", f"--from-ref={first}"]) == 1
    assert "lock-review/grew" in capsys.readouterr().out
    assert dunnage(["check", "--only=review-cargo-lock", "--all"]) == 0


def damage(folder: Path, revision: str) -> None:
    """Overwrite an object in the repository with something else."""
    name = git("rev-parse", revision, folder=folder)
    path = folder / ".git/objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(b"not an object")


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        pytest.param("HEAD:Cargo.lock", "git cannot give the content of {}:Cargo.lock", id="file"),
        pytest.param("HEAD^{tree}", "git cannot list the files of {}", id="tree"),
        pytest.param("HEAD", "git cannot read {}", id="commit"),
    ],
)
def test_what_git_cannot_read_is_not_new(
    repository: Path, capsys: pytest.CaptureFixture[str], revision: str, expected: str
) -> None:
    head = commit(repository, BEFORE)
    write(repository, {"Cargo.lock": lock(AFTER)})
    damage(repository, revision)
    said = Said(capsys, "--require-base", "Cargo.lock")
    assert "is new" not in said.notes
    assert expected.format(head[:12]) in said.notes
    assert [finding.split()[1] for finding in said.findings] == ["no-base:"]


def test_long_chains_of_deltas_and_borrowed_objects(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = BEFORE
    for number in range(60):
        packages += f"\nextra{number} 1.0.0 crates.io"
        commit(repository, packages)
    git("repack", "-adfq", "--depth=200", "--window=200", folder=repository)
    borrower = tmp_path / "borrower"
    git("clone", "-q", "--shared", str(repository), str(borrower))
    (repository / "Cargo.lock").write_text(lock(packages.replace("arrayref 0.3.9", "arrayref 0.3.8")), "utf-8")
    assert any("downgrade" in finding for finding in Said(capsys).findings)
    (borrower / "Cargo.lock").write_text((repository / "Cargo.lock").read_text("utf-8"), "utf-8")
    assert any("downgrade" in finding for finding in Said(capsys, str(borrower / "Cargo.lock")).findings)
