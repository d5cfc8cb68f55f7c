"""Commits, locks and stores of hostile sizes: what they hold is read once, and no more of it than a limit."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest

from cargo.files import lock, write
from dunnage import review_cargo_lock, review_wit
from dunnage.files import git_objects, toml, toml_edit
from dunnage.files.git import Repository
from dunnage.files.git_objects import GitObjects
from dunnage.files.source import File, Tree
from dunnage.files.span import Edit
from dunnage.review import lock_summary, policies, vetting, wit_rules, wit_state
from dunnage.review.advisories import advisory
from dunnage.review.base import History
from dunnage.review.cargo_home import CargoHome
from dunnage.review.changes import Graph
from dunnage.review.compile_time import Vendored
from dunnage.review.concern import Advice
from dunnage.review.lock_summary import tables
from dunnage.review.policies import allowed_scripts
from dunnage.review.tables import Table, as_text
from review.advisories_test import database
from review.cached_rules_test import entry
from review.home import add_entries
from review.locks import ADVICE, changes, parsed
from review.wit_changes_test import changes as wit_changes
from review_cargo_lock_test import git
from steps import assert_linear

LOCK = lock("app 0.1.0")
WIT = "package a:b;\n"


def stored(folder: Path, kind: str, text: str) -> str:
    """Write an object of git, and return its hash: a blob, or a tree as `git mktree` reads it."""
    command = ["git", "mktree"] if kind == "tree" else ["git", "hash-object", "-w", "--stdin"]
    return (
        subprocess.run(command, cwd=folder, input=text.encode(), check=True, capture_output=True, text=False)
        .stdout.decode("ascii")
        .strip()
    )


def commit_of(folder: Path, tree: str) -> str:
    return git("commit-tree", "-m", "x", tree, folder=folder)


def many_folders(folder: Path, tree: str, levels: int) -> str:
    """A tree of thirty folders with thirty folders…, each of which is the same."""
    for _ in range(levels):
        tree = stored(folder, "tree", "".join(f"040000 tree {tree}\td{number}\n" for number in range(30)))
    return tree


@pytest.mark.parametrize("content", ["files", "nothing"])
def test_folders_in_folders(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    monkeypatch.setattr("dunnage.files.git.LONGEST_OUTPUT", 100_000)
    blob = stored(repository, "blob", LOCK)
    leaf = "".join(f"100644 blob {blob}\t{name}\n" for name in ("Cargo.lock", "a.wit")) if content == "files" else ""
    base = commit_of(repository, many_folders(repository, stored(repository, "tree", leaf), 3))
    write(repository, {"Cargo.lock": LOCK, "a.wit": WIT})
    for hook, name in ((review_cargo_lock, "Cargo.lock"), (review_wit, "a.wit")):
        assert hook.main([f"--base={base}", "--require-base", "--", name]) == 1
        assert f"git cannot list the files of {base}" in capsys.readouterr().out


def with_files(folder: Path, blob: str, names: list[str]) -> str:
    """A commit with one content in all files."""
    write(folder, dict.fromkeys(names, ""))
    for name in names:
        git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", folder=folder)
        folder.joinpath(name).unlink()
    return commit_of(folder, git("write-tree", folder=folder))


def test_locks_of_one_content_are_read_once(repository: Path) -> None:
    base = with_files(repository, stored(repository, "blob", LOCK), [f"{at}/Cargo.lock" for at in range(5)])
    history = History(Repository(str(repository)), base, ("", ""))
    assert history.removed(base, "Cargo.lock") == [LOCK.encode()]
    history.objects.close()


def test_too_many_removed_locks(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base = with_files(repository, stored(repository, "blob", LOCK), ["a/Cargo.lock"])
    names = [f"{at}/Cargo.lock" for at in range(3)]
    write(repository, dict.fromkeys(names, LOCK))
    assert review_cargo_lock.main([f"--base={base}", "--require-base", "--", *names]) == 0
    monkeypatch.setattr(review_cargo_lock, "_MOST_COMPARED", 5)
    assert review_cargo_lock.main([f"--base={base}", "--require-base", "--", *names]) == 1
    assert capsys.readouterr().out.count("too many locks of") == 1


def test_many_moved_locks() -> None:
    texts = {count: [lock(f"app{at} 0.1.0\nlib{at} 0.1.0").encode() for at in range(count)] for count in (16, 60, 120)}

    class Removed(History):
        def removed(self, commit: str, name: str) -> Sequence[bytes]:
            assert name == "Cargo.lock"
            return texts[int(commit)]

    def run(count: int) -> None:
        moved, history = review_cargo_lock.MovedLocks(), Removed(Repository("/"), "", ("", ""))
        for text in texts[count]:
            assert moved.origin(history, str(count), File("Cargo.lock", text)) == text

    assert_linear(run, 60)


def test_a_repository_without_commits_is_asked_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    tracked = Repository.tracked

    def counted(self: Repository, patterns: Sequence[str]) -> frozenset[str] | None:
        asked.append(patterns)
        return tracked(self, patterns)

    monkeypatch.setattr(Repository, "tracked", counted)
    names = [f"{at}/Cargo.lock" for at in range(4)]
    write(repository, dict.fromkeys(names, LOCK))
    assert review_cargo_lock.main(["--require-base", "--", *names]) == 1
    assert len(asked) == 1


def test_wit_of_a_folder_in_a_commit(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(review_wit, "_MOST_BYTES", 3 * len(WIT))
    blob = stored(repository, "blob", WIT)
    write(repository, {"wit/deps/z.wit": WIT})
    for count, status in ((3, 0), (4, 1)):
        base = with_files(repository, blob, [f"wit/deps/{at}.wit" for at in range(count)])
        assert review_wit.main([f"--base={base}", "--require-base", "--", "wit/deps/z.wit"]) == status
    assert "wit has more than 0 MiB of WIT in" in capsys.readouterr().out


def test_git_reads_no_folder_for_each_file(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers = GitObjects.files

    def files(objects: GitObjects, specifications: Sequence[str]) -> list[bytes | None]:
        asked.extend(specifications)
        return answers(objects, specifications)

    monkeypatch.setattr(GitObjects, "files", files)
    blob = stored(repository, "blob", WIT)
    write(repository, {"wit/deps/z.wit": WIT})
    base = with_files(repository, blob, [f"wit/deps/{at}.wit" for at in range(3)])
    review_wit.main([f"--base={base}", "--", "wit/deps/z.wit"])
    assert asked == [blob] * 3


def test_all_reviews_of_a_file_are_written_at_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proofs = []
    is_proved = toml_edit.is_proved

    def proved(file: File, edits: Sequence[Edit], operations: Collection[toml_edit.Operation]) -> bool:
        proofs.append(len(edits))
        return is_proved(file, edits, operations)

    monkeypatch.setattr(toml_edit, "is_proved", proved)
    old = {
        f"{top}/wit/deps/p{at}.wit": f"package x:{top}{at}@1.0.0;\ninterface i {{ f: func(); }}\n"
        for at in range(3)
        for top in "ab"
    }
    write(repository, {**old, "a/wit/w.wit": "package o:a;\n", "b/wit/w.wit": "package o:b;\n"})
    git("add", "--all", folder=repository)
    git("commit", "--quiet", "--message=old", folder=repository)
    write(repository, {path: text.replace("func()", "func(a: u8)") for path, text in old.items()})
    write(repository, {"seen.toml": ""})
    assert review_wit.main(["--reviews=seen.toml", "--accept=read", "--", *old]) == 0
    assert len(toml.parse(Tree().read("seen.toml"))["reviews"]) == 6
    assert review_wit.main(["--reviews=seen.toml", "--", *old]) == 0
    assert len(proofs) == 1


@pytest.mark.parametrize(("bound", "value"), [("_MOST_BYTES", 150), ("_MOST_TOO_LARGE", 1), ("_MOST_TOO_LARGE", 3)])
def test_what_git_gives(repository: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    monkeypatch.setattr(git_objects, bound, value)
    monkeypatch.setattr(git_objects, "MAX_BYTES", 150)
    size = 100 if bound == "_MOST_BYTES" else 200
    files = [f"{size}00644 blob {stored(repository, 'blob', 'x' * size)}\tx\n", stored(repository, "blob", "y")]
    tree = stored(repository, "tree", f"{files[0].replace(str(size), '1', 1)}100644 blob {files[1]}\ty\n")
    commit = commit_of(repository, tree)
    objects = GitObjects(Repository(str(repository)))
    found = objects.files([f"{commit}:{name}" for name in ("y", "x", "x", "y")])
    objects.close()
    text = b"x" * size if bound == "_MOST_BYTES" else None
    assert found == [b"y", text, None, None if value != 3 else b"y"]


# Locks.


def chain(count: int) -> str:
    steps = [f"p{at} 1.0.0 crates.io -> p{at + 1}" for at in range(count)]
    return "\n".join(["app 0.1.0 -> p0", *steps, f"p{count} 1.0.0 crates.io"])


def test_a_long_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dunnage.review.compile_time import Contents

    monkeypatch.setattr(lock_summary, "_LONGEST_PATH", 20)

    contents = Contents(CargoHome(str(tmp_path)))
    (table,) = tables(changes("", chain(100)), contents)
    paths = {row[0]: row[2] for row in table.rows}
    assert paths["p3"] == "app → p0 → p1 → p2"
    assert paths["p100"] == " → ".join(["…", *(f"p{at}" for at in range(93, 100))])
    assert_linear(lambda count: list(tables(changes("", chain(count)), contents)), 200)


def test_a_long_cell_does_not_fill_the_others() -> None:
    text = as_text("x", [Table("added", ("crate", "version"), [("a" * 10_000, "1")] + [("b", "1")] * 100)])
    assert len(text) < 40_000


def test_one_version_from_many_sources() -> None:
    def run(count: int) -> None:
        sources = "\n".join(f"a 1.0.0 git+https://example.com/{at}#{'0' * 40}" for at in range(count))
        found = parsed(sources)
        graph = Graph(found)
        for package in found.packages:
            assert package.source
            assert graph.target(package.edges[0]) if package.edges else True

    assert_linear(run, 50)


def test_vendored_crates_are_read_once(tmp_path: Path) -> None:
    manifest = b'[package]\nname = "a"\nversion = "1.0.0"\n'
    files = {"Cargo.toml": hashlib.sha256(manifest).hexdigest(), "build.rs": hashlib.sha256(b"x").hexdigest()}
    record = json.dumps({"package": "00", "files": files}).encode()
    contents = {".cargo-checksum.json": record, "Cargo.toml": manifest, "build.rs": b"x"}
    read: list[str] = []

    def content(path: str) -> bytes | None:
        read.append(path)
        return contents.get(path.removeprefix(str(tmp_path / "a")).lstrip("/\\"))

    vendored = Vendored(str(tmp_path), content)
    text = "\n".join(f"a 1.0.{at} crates.io" for at in range(20))
    for package in parsed(text).packages:
        same = package._replace(checksum="00")
        code = vendored.code(same)
        assert code is not None
        assert (code.script, vendored.file(same, "build.rs")) == ("build.rs", b"x")
    assert len(set(read)) == len(read)


def test_the_index_of_a_crate_is_read_once(tmp_path: Path) -> None:
    def run(count: int) -> None:
        home = tmp_path / str(count)
        add_entries(home, "many", [entry(f"1.0.{at}") for at in range(count)])
        found = CargoHome(str(home))
        for package in parsed("\n".join(f"many 1.0.{at} crates.io" for at in range(count))).packages:
            about = found.entry(package)
            assert about is not None
            assert about.born

    assert_linear(run, 60)


# Configuration.


def stores() -> Iterator[object]:
    few, many = range(20), range(60)
    violations = "".join(f'[[audits.a]]\ncriteria = "x"\nviolation = "={at}.0.0"\n' for at in many)
    yield pytest.param(violations, "", "", id="violations")
    chain = "".join(f'[criteria.c{at}]\nimplies = "c{at + 1}"\n' for at in many)
    audits = "".join(f'[[audits.a]]\ncriteria = "c{at}"\nversion = "1.0.{at}"\n' for at in few)
    yield pytest.param(chain + audits, "", "", id="criteria")
    wild = '[[wildcard-audits.a]]\nuser-id = 1\ncriteria = "x"\nstart = "2020-01-01"\nend = "2030-01-01"\n'
    publisher = '[[publisher.a]]\nuser-id = 1\nversion = "1.0.0"\nwhen = "2024-01-01"\n'
    yield pytest.param(wild * 30, "", publisher * 30, id="publishers")
    criteria = ", ".join(f'"c{at}"' for at in many)
    yield pytest.param("", f"[policy.app]\ncriteria = [{criteria}]\n", "", id="policy")


@pytest.mark.parametrize(("audits", "config", "imports"), [*stores()])
def test_a_store_with_too_many_entries(
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    audits: str,
    config: str,
    imports: str,
) -> None:
    store = {"audits.toml": audits, "config.toml": config, "imports.lock": imports}
    manifest = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\na = "1"\n'
    before, after = "app 0.1.0 -> a\na 1.0.0 crates.io", "app 0.1.0 -> a\na 1.0.1 crates.io"
    files = {f"supply-chain/{name}": text for name, text in store.items()}
    write(repository, {**files, "Cargo.toml": manifest, "src/lib.rs": "", "Cargo.lock": lock(before)})
    git("add", ".", folder=repository)
    git("commit", "-qm", "x", folder=repository)
    write(repository, {"Cargo.lock": lock(after)})
    note = "what cargo-vet's store vets (it has too many entries)"
    review_cargo_lock.main(["--", "Cargo.lock"])
    assert note not in capsys.readouterr().err
    monkeypatch.setattr(vetting, "_MOST_STEPS", 50)
    review_cargo_lock.main(["--", "Cargo.lock"])
    assert note in capsys.readouterr().err


STORE = '[package.metadata.vet.store]\npath = "../vet"\n'
SHARED = {
    "build scripts": ({"deny.toml": "[bans.build]\nallow-build-scripts = [\n#]"}, '"x#@=1.0.0",\n'),
    "reviews": ({"seen.toml": "[reviews]\n#"}, '"x#@1.0.0" = "read"\n'),
    "audits": ({"vet/config.toml": "", "vet/audits.toml": "#"}, '[[audits.a]]\nversion = "2.0.#"\ncriteria = "b"\n'),
    "imports": (
        {"vet/config.toml": "", "vet/audits.toml": "", "vet/imports.lock": "#"},
        "[[audits.p#.audits.b]]\nversion = '1.0.0'\n[audits.p#.criteria.c]\nimplies = 'd'\n",
    ),
}


@pytest.mark.untraced
@pytest.mark.parametrize("kind", SHARED)
def test_what_many_locks_share_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    files, entry = SHARED[kind]
    manifest = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\na = "1"\n' + STORE

    def run(size: int) -> None:
        folder = tmp_path_factory.mktemp("repository")
        monkeypatch.chdir(folder)
        git("init", "-q")
        git("config", "user.email", "a@b.example")
        git("config", "user.name", "a")
        entries = "".join(entry.replace("#", str(number)) for number in range(20 * size))
        write(folder, {name: text.replace("#", entries) for name, text in files.items()})
        for release in (0, 1):
            text = lock(f"app 0.1.0 -> a\na 1.0.{release} crates.io")
            write(folder, {f"{at}/Cargo.lock": text for at in range(size)})
            write(folder, {f"{at}/Cargo.toml": manifest for at in range(size)})
            git("add", "--all")
            if not release:
                git("commit", "--quiet", "--message=x")
        options = ["--reviews=seen.toml"] if kind == "reviews" else []
        locks = [f"{at}/Cargo.lock" for at in range(size)]
        assert review_cargo_lock.main([*options, "--", *locks]) == int(kind == "reviews")

    assert_linear(run, 16)


@pytest.mark.untraced
@pytest.mark.parametrize("by", ["manifest", "file"])
def test_the_wit_of_a_repository_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    def run(size: int) -> None:
        folder = tmp_path_factory.mktemp("repository")
        monkeypatch.chdir(folder)
        git("init", "-q")
        review = '"c:d@1.0.0" = "read"\n'
        manifest = f"[package.metadata.dunnage.reviews]\n{review if by == 'manifest' else ''}"
        write(folder, {"seen.toml": f"[reviews]\n{review}" + "".join(f'"e:f{at}@1.0.0" = "x"\n' for at in range(size))})
        for at in range(size):
            write(folder, {f"{at}/wit/a.wit": WIT, f"{at}/Cargo.toml": manifest})
            write(folder, {f"{at}/wit/deps/c/c.wit": "package c:d@1.0.0;\ninterface e {}\n"})
        git("add", "--all")
        options = ["--reviews=seen.toml"] if by == "file" else []
        assert review_wit.main([*options, "--", *(f"{at}/wit/a.wit" for at in range(size))]) == int(by == "file")

    assert_linear(run, 12)


def test_very_many_allowed_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = ", ".join(f'"a@1.0.{at}"' for at in range(10))
    write(tmp_path, {"deny.toml": f"[bans.build]\nallow-build-scripts = [{entries}]\n", ".git/HEAD": ""})
    (package,) = parsed("a 1.0.9 crates.io").packages
    monkeypatch.setattr(policies, "_MOST_COMPARED", 25)
    scripts = allowed_scripts(Tree(), str(tmp_path))
    assert [scripts.allows(package) for _ in range(3)] == [True, True, False]


def test_very_many_older_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(count: int) -> None:
        entries = "".join(f'd{at} = "=1.0.0"\n' for at in range(count))
        text = f'[package]\nname = "app"\nversion = "0.1.0"\n[dependencies]\n{entries}'
        write(tmp_path, {"Cargo.toml": text, ".git/HEAD": ""})
        workspace = policies.LockedWorkspace(Tree(), str(tmp_path))
        old, new = (
            parsed("".join(f"d{at} {version} crates.io\n" for at in range(count))) for version in ("1.0.1", "1.0.0")
        )
        reasons = [workspace.explain(*update) for update in zip(old.packages, new.packages, strict=True)]
        assert set(reasons) <= {"", f"{tmp_path}/Cargo.toml requires `=1.0.0`"}
        assert reasons.count("") == max(count - 40, 0)

    monkeypatch.setattr(policies, "_MOST_COMPARED", 40)
    assert_linear(run, 32)


def test_very_many_versions_with_a_vulnerability(tmp_path: Path) -> None:
    found = database(tmp_path, "patched = []")

    def run(count: int) -> None:
        old, new = ("".join(f"a {at}.{minor}.0 crates.io\n" for at in range(count)) for minor in (0, 1))
        changed = changes(old, new)
        assert not list(advisory(changed.incoming, changed, ADVICE, found, ()))

    assert_linear(run, 32)


# WIT.


def test_versions_of_one_package_are_paired() -> None:
    def run(count: int) -> None:
        old, new = (
            "".join(f"package x:y@1.{at}.{of} {{ interface i {{}} }}\n" for at in range(count)) for of in (0, 1)
        )
        assert len(wit_changes({"deps/a.wit": f"package z:z;\n{old}"}, {"deps/a.wit": f"package z:z;\n{new}"}).packages)

    assert_linear(run, 40)


def test_a_large_package_beside_many_files() -> None:
    def files(count: int, text: str) -> dict[str, str]:
        interfaces = "".join(f"interface i{at} {{ f: func({text}); }}\n" for at in range(count))
        own = {f"{at}.wit": f"package a:b{at};\nworld w {{ import x:y/i0; }}\n" for at in range(count)}
        return {**own, "deps/a.wit": f"package x:y;\n{interfaces}"}

    few = wit_changes(files(2, ""), files(2, "a: u8"))
    assert len(few.state.graphs) == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wit_state, "_MOST_REPEATED_TOKENS", 2000)
        assert_linear(lambda count: wit_changes(files(count, ""), files(count, "a: u8")), 30)


def many_worlds(count: int, includes: bool, after: bool) -> dict[str, str]:
    """Worlds that use an interface each, or that include one another, and a package that changes."""
    first = f"world w0 {{ import z:z/i@1.0.{after:d}; }}\n" if includes else ""
    version = f"1.0.{after:d}"
    one = (
        (lambda at: f"world w{at + 1} {{ include w{at}; {'import z:z/k@1.0.1;' if after else ''} }}\n")
        if includes
        else (lambda at: f"world w{at} {{ import z:z/i@{version}; import z:z/j{at}@{version}; }}\n")
    )
    interfaces = "".join(f"interface j{at} {{ f: func({'a: u8' if after else ''}); }}\n" for at in range(count))
    foreign = f"package z:z@{version};\ninterface i {{ f: func(a: u{8 * (1 + after)}); }}\ninterface k {{}}\n"
    own = "package a:mine;\n" + first + "".join(map(one, range(count)))
    return {"a.wit": own, "deps/z.wit": foreign + ("" if includes else interfaces)}


@pytest.mark.parametrize("includes", [True, False], ids=["included", "of-one-package"])
def test_many_worlds(monkeypatch: pytest.MonkeyPatch, includes: bool) -> None:
    def concerns(count: int) -> tuple[int, list[str]]:
        found = wit_changes(many_worlds(count, includes, False), many_worlds(count, includes, True))
        judge = wit_rules.Judge(Advice("", "", "", "", ""), lambda _: False, lambda _: False, [])
        rules = (wit_rules.new_import, wit_rules.breaking)
        return sum(len(list(rule([found], judge))) for rule in rules), judge.unknown

    count = 2 * 30 + 1 if includes else 30
    assert concerns(30) == (count, [])
    assert_linear(concerns, 30)
    monkeypatch.setattr(wit_rules, "MAX_STEPS", 20)
    number, unknown = concerns(30)
    assert number < count
    assert [text.partition("`")[0] for text in unknown] == ["the worlds from "]
