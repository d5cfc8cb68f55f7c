"""What git knows, asked in repositories of every kind, from within its own hooks too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dunnage.files.git import IgnoredBy, Repositories, Repository, _hinders, repository, run_program
from dunnage.files.git_objects import GitObjects
from dunnage.files.source import Tree

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

LOCKS = ["**/Cargo.lock"]


def _git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always")
    return subprocess.run(
        ["git", *settings, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def _write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = tmp_path / "top"
    top.mkdir()
    _git(top, "init", "-q")
    monkeypatch.chdir(top)
    return top


def _repository(folder: Path) -> Repository:
    found = repository(str(folder))
    assert found is not None
    return found


def _tracked(folder: Path, patterns: list[str] = LOCKS) -> set[str] | None:
    """The tracked files as paths below the repository's top."""
    found = _repository(folder)
    tracked = found.tracked(patterns)
    return None if tracked is None else {os.path.relpath(path, found.top).replace(os.sep, "/") for path in tracked}


def test_repository(top: Path, tmp_path: Path) -> None:
    assert repository(str(top)) == repository(str(top / "no" / "such" / "folder")) == Repository(str(top))
    assert repository(".") == Repository(str(top))
    assert repository(str(tmp_path)) is None


@pytest.mark.parametrize("name", ["empty", "dangling"])
def test_what_only_looks_like_a_repository(tmp_path: Path, name: str) -> None:
    if name == "empty":
        (tmp_path / ".git").mkdir()
    else:
        (tmp_path / ".git").symlink_to("nowhere")
    assert repository(str(tmp_path)) is None


def test_tracked(top: Path) -> None:
    for name in ("Cargo.lock", "a/b/Cargo.lock", "a/Cargo.toml", "a/xCargo.lock", "untracked/Cargo.lock"):
        _write(top / name)
    _git(top, "add", "Cargo.lock", "a")
    (top / "a" / "b" / "Cargo.lock").unlink()
    assert _tracked(top) == _tracked(top / "a") == {"Cargo.lock", "a/b/Cargo.lock"}
    assert _tracked(top, ["Cargo.lock", "a/*.toml"]) == {"Cargo.lock", "a/Cargo.toml"}
    assert _tracked(top, ["none"]) == set()


@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
@pytest.mark.parametrize(
    "name",
    [
        b"a b",
        b"new\nline",
        b"tab\tand\x1b[31m",
        b'"quoted"',
        b"\xc3\xa9",
        b"not-utf-8-\xff",
        b":(top)x",
        b"-rf",
        b"[a]*?",
    ],
)
def test_strange_names(top: Path, name: bytes) -> None:
    folder = os.path.join(os.fsencode(top), name)
    os.mkdir(folder)
    path = os.fsdecode(os.path.join(folder, b"Cargo.lock"))
    _write(Path(path))
    _write(top / ".gitignore", "*.log\n")
    _git(top, "add", ".")
    found = _repository(top)
    assert found.tracked(LOCKS) == frozenset([path])
    assert found.ignored_by(path) is None
    assert found.ignored_by(path.removesuffix("lock") + "log") == IgnoredBy(".gitignore", 1, "*.log")


def test_submodule_and_worktree(top: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    _git(inner, "init", "-q")
    _write(inner / "Cargo.lock")
    _git(inner, "add", ".")
    _git(inner, "commit", "-qm", "a")
    _git(top, "submodule", "--quiet", "add", str(inner), "sub")
    _write(top / "x" / "Cargo.lock")
    _git(top, "add", ".")
    _git(top, "commit", "-qm", "a")
    _git(top, "worktree", "add", "-q", str(tmp_path / "tree"))
    _write(tmp_path / "tree" / "y" / "Cargo.lock")
    _git(tmp_path / "tree", "add", ".")
    assert _tracked(top) == {"x/Cargo.lock"}
    assert _tracked(top / "sub") == {"Cargo.lock"}
    assert _tracked(tmp_path / "tree" / "x") == {"x/Cargo.lock", "y/Cargo.lock"}


ASK = """\
import os, sys
from dunnage.files.git import repository
for folder in sys.argv[1:]:
    found = repository(folder)
    print(*sorted(os.path.relpath(path, found.top) for path in found.tracked(["**/Cargo.lock"])))
"""


def _in_hook(top: Path, other: Path, *commit: str) -> list[str]:
    """What the hook of a commit is told about its own repository and another."""
    script = _write(top.parent / "ask.py", ASK)
    answer = top.parent / "answer"
    source = Path(__file__).parents[2] / "hooks"
    hook = _git(top, "rev-parse", "--path-format=absolute", "--git-path", "hooks/pre-commit").strip()
    python = shutil.which("python3") or "python"
    _write(Path(hook), f"#!/bin/sh\nPYTHONPATH='{source}' exec '{python}' '{script}' . '{other}' >'{answer}'\n").chmod(
        0o755
    )
    _git(top, *commit)
    return answer.read_text().splitlines()


@pytest.mark.skipif(os.name == "nt", reason="the hook is a shell script")
@pytest.mark.parametrize("where", ["repository", "worktree"])
def test_in_the_hooks_of_a_commit(top: Path, tmp_path: Path, where: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _git(other, "init", "-q")
    _write(other / "theirs" / "Cargo.lock")
    _git(other, "add", ".")
    _write(top / "old" / "Cargo.lock")
    _write(top / "file", "a")
    _git(top, "add", ".")
    _git(top, "commit", "-qm", "a")
    if where == "worktree":
        _git(top, "worktree", "add", "-q", str(tmp_path / "tree"))
        top = tmp_path / "tree"
    _write(top / "staged" / "Cargo.lock")
    _git(top, "add", ".")
    _write(top / "file", "b")
    both = ["old/Cargo.lock staged/Cargo.lock", "theirs/Cargo.lock"]
    # This commits one file and leaves what is staged for later: the commit's index does not have it.
    assert _in_hook(top, other, "commit", "-qm", "b", "file") == ["old/Cargo.lock", "theirs/Cargo.lock"]
    _write(top / "file", "c")
    assert _in_hook(top, other, "commit", "-qam", "c") == both


def test_what_the_index_lists(top: Path, tmp_path: Path) -> None:
    for name in (
        "Cargo.lock",
        "a/é/Cargo.lock",
        "a/b",
        f"{'x' * 200}/Cargo.lock",
        "new/Cargo.lock",
        "unseen/Cargo.lock",
    ):
        _write(top / name)
    assert not _repository(top).lists(str(top / "Cargo.lock"))
    _git(top, "add", "Cargo.lock", "a", "x" * 200)
    _git(top, "add", "--intent-to-add", "new/Cargo.lock")
    _git(top, "commit", "-qm", "a")
    _git(top, "worktree", "add", "-q", str(tmp_path / "tree"))
    _git(top, "update-index", "--assume-unchanged", "a/b")
    for folder in (top, tmp_path / "tree"):
        for name in ("Cargo.lock", "a/é/Cargo.lock", "a/b", f"{'x' * 200}/Cargo.lock"):
            assert _repository(folder).lists(str(folder / name))
        for name in ("lock", "é/Cargo.lock", "a", "a/é/Cargo.loc", "unseen/Cargo.lock", "none"):
            assert not _repository(folder).lists(str(folder / name))
    # What is not plain is for git itself to say.
    assert not _repository(top).lists(str(top / "new/Cargo.lock"))
    repositories = Repositories(Tree(), "**/Cargo.lock", "a/b")
    assert repositories.is_tracked(str(top / "new/Cargo.lock"))
    assert repositories.is_tracked(str(top / "Cargo.lock"))
    assert repositories.is_tracked(str(tmp_path / "none/Cargo.lock"))
    assert not repositories.is_tracked(str(top / "unseen/Cargo.lock"))


@pytest.mark.parametrize("index", [b"", b"DIRC\0\0\0\4\0\x0aCargo.lock\0", b"DIRC"])
def test_an_index_of_another_kind(top: Path, index: bytes) -> None:
    (top / ".git" / "index").write_bytes(index)
    assert not _repository(top).lists(str(top / "Cargo.lock"))


def test_an_index_of_many_files(top: Path) -> None:
    empty = _git(top, "hash-object", "-w", "-t", "blob", os.devnull).strip()
    listed = "".join(f"100644 {empty} 0\td{number}/Cargo.lock\n" for number in range(5_000))
    subprocess.run(["git", "update-index", "--index-info"], cwd=top, check=True, input=listed, text=True)
    assert _repository(top).lists(str(top / "d4999/Cargo.lock"))
    assert not _repository(top).lists(str(top / "d5000/Cargo.lock"))
    assert len(_tracked(top) or ()) == 5_000
    repositories = Repositories(Tree(), "**/Cargo.lock")
    assert repositories.is_tracked(str(top / "d4999/Cargo.lock"))
    assert not repositories.is_tracked(str(top / "d5000/Cargo.lock"))


def test_an_index_that_is_too_long_to_read(top: Path) -> None:
    with open(top / ".git" / "index", "wb") as stream:
        stream.write(b"DIRC\0\0\0\2")
        stream.seek(64 * 1024 * 1024)
        stream.write(b"\0\x0aCargo.lock\0")
    assert not _repository(top).lists(str(top / "Cargo.lock"))
    assert _tracked(top) is None


def test_index_of_another_repository(top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _git(other, "init", "-q")
    for folder in (top, other):
        _write(folder / folder.name / "Cargo.lock")
        _git(folder, "add", ".")
    monkeypatch.setenv("GIT_DIR", str(top / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(top))
    monkeypatch.setenv("GIT_INDEX_FILE", str(top / ".git" / "index"))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert _tracked(top) == {"top/Cargo.lock"}
    assert _tracked(other) == {"other/Cargo.lock"}


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        pytest.param("Cargo.lock", IgnoredBy(".gitignore", 2, "*.lock"), id="top"),
        pytest.param("a/Cargo.lock", IgnoredBy("a/.gitignore", 1, "/Cargo.lock"), id="folder"),
        pytest.param("a/b/Cargo.lock", IgnoredBy(".gitignore", 2, "*.lock"), id="no-file"),
        pytest.param("yes.lock", None, id="negated"),
        pytest.param("target/x", IgnoredBy(".gitignore", 4, "target/"), id="folder-above"),
        pytest.param("Cargo.toml", None, id="not-ignored"),
        pytest.param("..", None, id="outside"),
        pytest.param("a\0b", None, id="nul"),
    ],
)
def test_ignored_by(top: Path, path: str, ignored: IgnoredBy | None) -> None:
    _write(top / ".gitignore", "# locks\n*.lock\n!yes.lock\ntarget/\n")
    _write(top / "a" / ".gitignore", "/Cargo.lock\n")
    _write(top / "Cargo.lock")
    _git(top, "add", "-f", "Cargo.lock")
    assert _repository(top).ignored_by(path) == ignored


def test_ignored_by_a_file_elsewhere(top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(top / ".git" / "info" / "exclude", "one\n")
    everywhere = _write(tmp_path / "everywhere", "two\n")
    _git(top, "config", "core.excludesFile", str(everywhere))
    (top / "a").mkdir()
    monkeypatch.chdir(top / "a")
    found = _repository(top)
    assert found.ignored_by("one") == IgnoredBy(f"{top}/.git/info/exclude".replace(os.sep, "/"), 1, "one")
    assert found.ignored_by("two") == IgnoredBy(str(everywhere).replace(os.sep, "/"), 1, "two")


@pytest.mark.parametrize("why", ["no git", "no index", "no repository"])
def test_not_known(top: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    found = _repository(top)
    if why == "no git":
        monkeypatch.setenv("PATH", "")
    elif why == "no index":
        _write(top / ".git" / "index", "rubbish")
    else:
        shutil.rmtree(top / ".git" / "objects")
    assert found.tracked(LOCKS) is None
    if why != "no index":
        assert found.ignored_by("a") is None


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_repository_of_somebody_else(top: Path) -> None:
    for path in (top, top / ".git"):
        os.chown(path, 12345, 12345)
    assert _repository(top).tracked(LOCKS) is None
    assert _repository(top).ignored_by("a") is None


def test_which_files_mention_a_text(top: Path) -> None:
    _write(top / "a b" / "one.txt", "cargo DENY\n")
    _write(top / "two.txt", "audit\n")
    _write(top / "binary", "audit\0\n")
    _write(top / "three.txt", "den.\n")
    _git(top, "add", "--all")
    _write(top / "untracked.txt", "deny\n")
    found = _repository(top)
    expected = frozenset((str(top / "a b" / "one.txt"), str(top / "two.txt")))
    assert found.mentioning(["deny", "audit"]) == expected
    assert found.mentioning(["nothing"]) == frozenset()
    assert found.mentioning(["deny", "audit"], [".yml"]) == frozenset()
    assert found.mentioning(["deny", "audit"], ["o.txt", ".yml"]) == frozenset((str(top / "two.txt"),))


def test_settings_and_attributes_hide_no_file_that_mentions_a_text(top: Path) -> None:
    for name, text in (("color.ui", "always"), ("submodule.recurse", "true"), ("submodule.a.update", "!x")):
        _git(top, "config", name, text)
    _write(top / ".gitattributes", "*.yml binary\n*.yaml -diff\n")
    _write(top / "a.yml", "deny\n")
    _write(top / "b.yaml", "deny\n")
    _git(top, "add", "--all")
    assert _repository(top).mentioning(["deny"]) == frozenset((str(top / "a.yml"), str(top / "b.yaml")))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("name", [".git/index", ".git/MERGE_HEAD", ".git/info/exclude", ".gitattributes"])
def test_git_does_not_wait_for_a_pipe(top: Path, name: str) -> None:
    path = top / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    found = _repository(top)
    assert found.tracked(LOCKS) is None
    assert not found.lists(str(top / "Cargo.lock"))
    assert GitObjects(found).commit("HEAD") is None


@pytest.mark.skipif(os.name == "nt", reason="the planted program is a shell script")
def test_the_repository_names_no_program_that_git_runs(top: Path) -> None:
    trace = top / "RAN"
    program = top / "evil"
    program.write_text(f"#!/bin/sh\ntouch '{trace}'\n")
    program.chmod(0o755)
    (top / "hooks").mkdir()
    (top / "hooks/post-index-change").symlink_to(program)
    (top / ".gitattributes").write_text("* diff=evil filter=evil\n")
    settings = ["core.fsmonitor", "core.pager", "core.askPass", "core.sshCommand", "diff.external", "gpg.program"]
    settings += [f"diff.evil.{key}" for key in ("command", "textconv")]
    settings += [f"filter.evil.{key}" for key in ("clean", "process", "smudge")]
    for setting in settings:
        _git(top, "config", setting, str(program))
    _git(top, "config", "core.hooksPath", str(top / "hooks"))
    found = _repository(top)
    _write(top / "new", "some text\n")
    assert found.tracked(["**"]) is not None
    assert found.staged() is not None
    assert found.mentioning(["text"]) is not None
    found.ignored_by(str(top / "new"))
    found.head()
    found.remote()
    objects = GitObjects(found)
    objects.file("HEAD", "new")
    objects.close()
    assert not trace.exists()


@pytest.mark.skipif(os.name == "nt", reason="the planted program is a shell script")
@pytest.mark.parametrize("key", ["clean", "process"])
@pytest.mark.parametrize("driver", ["evil", "E=v.il"])
def test_no_filter_reads_what_may_differ(top: Path, key: str, driver: str) -> None:
    _write(top / "a.wit", "x")
    _git(top, "add", ".")
    _git(top, "commit", "-qm", "x")
    program = _write(top / "program", f"#!/bin/sh\ntouch '{top / 'RAN'}'\ncat\n")
    program.chmod(0o755)
    _write(top / ".gitattributes", f"*.wit filter={driver}\n")
    with (top / ".git/config").open("a") as stream:
        stream.write(f'[filter "{driver}"]\n{key} = {program}\nrequired = true\n')
    _write(top / "a.wit", "y")  # as long and as new as the file that the index knows, so git reads it
    assert _repository(top).differing("HEAD", ["**/*.wit"]) == frozenset((str(top / "a.wit"),))
    assert not (top / "RAN").exists()


def test_what_differs_from_a_commit(top: Path) -> None:
    for name in ("same.wit", "a/changed.wit", "a/removed.wit", "other.txt"):
        _write(top / name, "x")
    _git(top, "add", ".")
    _git(top, "commit", "-qm", "x")
    _write(top / "a" / "changed.wit", "longer")
    _write(top / "other.txt", "longer")
    _write(top / "untracked.wit")
    _write(top / "new.wit")
    _git(top, "add", "new.wit")
    (top / "a" / "removed.wit").unlink()
    names = {"a/changed.wit", "a/removed.wit", "new.wit"}
    assert _repository(top).differing("HEAD", ["**/*.wit"]) == frozenset(str(top / name) for name in names)
    assert _repository(top).differing("HEAD", ["**/*.md"]) == frozenset()
    assert _repository(top).differing("nowhere", ["**/*.wit"]) is None


def test_no_filter_of_a_submodule_runs(top: Path) -> None:
    module = top / "deps" / "a.wit"
    module.mkdir(parents=True)
    _git(module, "init", "-q")
    _write(module / "file", "x\n")
    _git(module, "add", "file")
    _git(module, "commit", "-qm", "x")
    _write(top / "b.wit")
    _git(top, "add", ".")
    _git(top, "commit", "-qm", "x")
    ran = top.parent / "ran"
    _write(module / ".gitattributes", "* filter=evil\n")
    _git(module, "config", "filter.evil.clean", f"touch '{ran.as_posix()}'")
    _write(module / "file", "y\n")
    os.utime(module / "file", (1, 1))
    assert _repository(top).differing("HEAD", ["**/*.wit"]) == frozenset()
    assert not ran.exists()
    _git(module, "commit", "--quiet", "--allow-empty", "-m", "y")
    assert _repository(top).differing("HEAD", ["**/*.wit"]) == frozenset((str(module),))


def test_a_hostile_pointer_to_git(top: Path) -> None:
    shutil.rmtree(top / ".git")
    for text in (b"gitdir: a\0b", b"gitdir: \xff", b"gitdir: " + b"a/" * 5000, b""):
        (top / ".git").write_bytes(text)
        assert not _repository(top).lists(str(top / "Cargo.lock"))
        assert _repository(top).tracked(LOCKS) is None


# Programs: what comes back, with input and without

PATIENT = 60.0


@pytest.mark.parametrize("stdin", [b"", b"text"], ids=["no-input", "input"])
@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("print('x')", (0, b"x" + os.linesep.encode()), id="output"),
        pytest.param("import sys; sys.exit(3)", (3, b""), id="status"),
        pytest.param("import sys; sys.stdout.write('x' * 300_000)", (0, b"x" * 300_000), id="more-than-a-pipe-holds"),
        pytest.param("import sys; sys.stderr.write('x')", (0, b""), id="stderr-is-dropped"),
    ],
)
def test_run(program: str, expected: tuple[int, bytes], stdin: bytes) -> None:
    assert run_program([sys.executable, "-c", program], os.environ, stdin, PATIENT) == expected


def test_input_is_empty_unless_given() -> None:
    program = "import sys; print(repr(sys.stdin.read()), end='')"
    assert run_program([sys.executable, "-c", program], os.environ, b"", PATIENT) == (0, b"''")
    assert run_program([sys.executable, "-c", program], os.environ, b"x", PATIENT) == (0, b"'x'")


@pytest.mark.parametrize("stdin", [b"", b"text"], ids=["no-input", "input"])
def test_what_cannot_be_started(stdin: bytes) -> None:
    assert run_program([os.path.abspath("no-such-program")], os.environ, stdin, PATIENT) is None
    assert run_program([sys.executable, "\0"], os.environ, stdin, PATIENT) is None


@pytest.mark.parametrize("stdin", [b"", b"text"], ids=["no-input", "input"])
def test_a_program_that_does_not_end_is_killed(stdin: bytes) -> None:
    program = "import time; time.sleep(600)"
    with pytest.raises(TimeoutError):
        run_program([sys.executable, "-c", program], os.environ, stdin, 0.0)


@pytest.mark.parametrize("name", ["shallow", "info/grafts"])
def test_a_list_of_very_many_commits(repository: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """git would compare each with all others."""
    path = repository / ".git" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("1" * 40 + "\n")
    assert Repository(str(repository)).tracked(["**"]) == frozenset()
    _hinders.cache_clear()
    monkeypatch.setattr("dunnage.files.git._LONGEST_LIST", 40)
    assert Repository(str(repository)).tracked(["**"]) is None


def test_settings_in_the_environment_stay(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository of somebody else, to which a setting in the environment gives access."""
    (repository / "a").write_text("a")
    for command in ("config filter.x.clean false", "add a", "-c user.name=a -c user.email=a@b commit -q -m a"):
        subprocess.run(["git", *command.split()], check=True)
    (repository / "a").write_text("b")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = Repository(str(repository))
    assert found.differing("HEAD", ["**"]) is None
    for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert found.differing("HEAD", ["**"]) == frozenset([str(repository / "a")])


def test_commits_of_folders_in_folders(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """git would visit millions of folders, find no file, and so print nothing."""

    def git(*arguments: str, text: str = "") -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        return subprocess.run(
            ["git", *identity, *arguments], input=text, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(name: str, depth: int, *parents: str) -> str:
        tree = git("mktree", text=f"040000 tree {git('mktree')}\t{name}\n")
        for _ in range(depth):
            tree = git("mktree", text="".join(f"040000 tree {tree}\t{each}\n" for each in range(10)))
        return git("commit-tree", "-m", "x", *(f"-p{parent}" for parent in parents), tree)

    monkeypatch.setattr("dunnage.files.git.LONGEST_OUTPUT", 200_000)
    found = Repository(str(repository))
    flat = commit("a", 0)
    deep = commit("b", 8, flat)
    assert found.changed(flat, commit("b", 0, flat)) == frozenset()
    assert found.changed(flat, deep) is None
    assert found.changed(deep, commit("c", 0, deep)) is None
    git("update-ref", "HEAD", deep)
    assert found.staged() is None
    assert found.deleted("**/Cargo.lock") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_git_that_waits_is_not_called_again(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(repository / "pipe")
    found = Repository(str(repository))
    subprocess.run(["git", "config", "include.path", str(repository / "pipe")], check=True)
    monkeypatch.setattr("dunnage.files.git._SECONDS", 0.1)
    assert found.tracked(["**"]) is None
    (repository / "pipe").unlink()
    assert found.tracked(["**"]) is None
    assert Repository(str(repository / "other")).command() is not None


@pytest.mark.skipif(os.name == "nt", reason="standard streams are closed by a POSIX shell")
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_standard_streams_may_be_closed(closed: str) -> None:
    call = f"run_program({['/bin/echo', 'x']!r}, os.environ, b'', 60.0)"
    inner = f"import os; from dunnage.files.git import run_program; found = {call}"
    program = f"{inner}; os._exit(found != (0, b'x\\n'))"
    shell = f'"$0" -c "$1" {closed}'
    assert subprocess.run(["/bin/sh", "-c", shell, sys.executable, program], check=False).returncode == 0
