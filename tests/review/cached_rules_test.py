"""The rules that take an index, archives or vendored folders: each fires, and its near misses do not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cargo.files import CHECKSUM, lock, write
from dunnage.cargo.version import Requirement
from dunnage.files.source import File, Tree
from dunnage.review import changes as lock_changes
from dunnage.review.cached_rules import compile_time_code, published, undeclared_edge, wrong_checksum
from dunnage.review.cargo_home import CargoHome
from dunnage.review.changes import Changes
from dunnage.review.compile_time import Contents, Vendored
from dunnage.review.concern import Unknowns
from dunnage.review.policies import AgePolicy, allowed_scripts, duration, vendored_folder
from review.home import add_archive, add_entries, crate, dependency
from review.home import published as at
from review.locks import ADVICE, changes, parsed, said


def entry(version: str, **more: Any) -> dict[str, Any]:
    return {"vers": version, "deps": [], "cksum": CHECKSUM, "yanked": False, "pubtime": at(100), **more}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


# Checksums.


def test_wrong_checksum_by_the_index(home: Path) -> None:
    add_entries(home, "new", [entry("1.0.0", cksum="cd" * 32), entry("1.0.1")])
    (concern,) = wrong_checksum(changes("", "new 1.0.0 crates.io"), ADVICE, CargoHome(str(home)))
    assert concern.problem.message.startswith("the checksum of `new 1.0.0` in this lock differs from the one in its")
    assert concern.subjects == ()
    assert list(wrong_checksum(changes("", "new 1.0.1 crates.io"), ADVICE, CargoHome(str(home)))) == []


def test_wrong_checksum_by_an_archive(home: Path) -> None:
    data = crate("new-1.0.0", {"Cargo.toml": '[package]\nname = "new"\n'})
    checksum = add_archive(home, "new-1.0.0", data)
    after = parsed("new 1.0.0 crates.io", {"new": checksum})
    found = lock_changes.compare(after, [parsed("")])
    assert list(wrong_checksum(found, ADVICE, CargoHome(str(home)))) == []
    add_archive(home, "new-1.0.0", data + b"\0", "github.com-1ecc6299db9ec823")
    (message,) = said(list(wrong_checksum(found, ADVICE, CargoHome(str(home)))))
    assert message.startswith("the cached archive of `new 1.0.0` does not match the checksum in the lock")


def test_what_another_registry_has_does_not_count(home: Path) -> None:
    add_entries(home, "new", [entry("1.0.0", cksum="cd" * 32)])
    add_entries(home, "new", [entry("1.0.0", cksum="cd" * 32)], "github.com-0123456789abcdef")
    add_archive(home, "new-1.0.0", b"x", "mirror.example-0123456789abcdef")
    found = changes("", "new 1.0.0 other")
    assert list(wrong_checksum(found, ADVICE, CargoHome(str(home)))) == []


def test_another_registry(home: Path) -> None:
    add_entries(home, "new", [entry("1.0.0", cksum="cd" * 32)], "other.example-0123456789abcdef")
    found = changes("", "new 1.0.0 other")
    assert len(list(wrong_checksum(found, ADVICE, CargoHome(str(home))))) == 1
    add_entries(home, "new", [entry("1.0.0")], "other.example-0000000000000000")
    assert list(wrong_checksum(found, ADVICE, CargoHome(str(home)))) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x03\x02\0\0\0",
        b"\x03\x02\0\0\0etag\x001.0.0",
        b"\x03\x02\0\0\0etag\x001.0.0\0{\0",
        b"\x03\x02\0\0\0etag\x001.0.0\0[]\0",
        b"\x03\x02\0\0\0etag\x001.0.0\0" + b"[" * 100_000 + b"\0",
        b"\x04\x02\0\0\0etag\x001.0.0\0{}\0",
        b'\x03\x02\0\0\0etag\x001.0.0\0{"cksum":3,"deps":[3,{"req":[]}],"pubtime":[]}\0',
    ],
)
def test_a_damaged_index(home: Path, data: bytes) -> None:
    add_entries(home, "new", []).write_bytes(data)
    found = changes("", "new 1.0.0 crates.io")
    cargo_home = CargoHome(str(home))
    assert list(wrong_checksum(found, ADVICE, cargo_home)) == []
    assert list(undeclared_edge(found, ADVICE, cargo_home)) == []
    assert list(published(found, ADVICE, cargo_home, AgePolicy(Tree(), str(home), 0), Unknowns())) == []


def test_an_index_of_very_many_versions(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes after the last version that is read are not split."""
    monkeypatch.setattr("dunnage.review.cargo_home._MOST_VERSIONS", 2)
    add_entries(home, "a", [entry(f"1.0.{number}", cksum="0" * 64) for number in range(4)])
    added = changes("", "".join(f"a 1.0.{number} crates.io\n" for number in range(4)))
    found = CargoHome(str(home))
    assert [found.entry(package) is not None for package in added.incoming] == [True, True, False, False]
    assert len(found.versions(added.incoming[0])) == 2


def test_archives_are_released(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sums = {f"a{number}": add_archive(home, f"a{number}-1.0.0", bytes([number]) * 100) for number in range(4)}
    added = parsed("".join(f"{name} 1.0.0 crates.io\n" for name in sums), sums).packages
    monkeypatch.setattr("dunnage.review.cargo_home._MOST_ARCHIVED", 250)
    found = CargoHome(str(home))
    for _ in range(2):
        assert [found.archives(package).data for package in added] == [bytes([number]) * 100 for number in range(4)]
        assert sum(len(archives.data or b"") for archives in vars(found)["_archives"].values()) <= 250


# Edges.


DECLARED = [
    dependency("beta", "^1.2"),
    dependency("alias", "^2", package="gamma"),
    dependency("delta", "^1", kind="dev"),
    dependency("gamma", "^1", optional=True, kind="build"),
]


@pytest.mark.parametrize(
    ("edges", "more", "message"),
    [
        pytest.param("beta", "beta 1.2.5 crates.io", "", id="declared"),
        pytest.param("gamma", "gamma 2.0.0 crates.io", "", id="renamed"),
        pytest.param("gamma 1.0.0, gamma 2.0.0", "gamma 1.0.0 crates.io\ngamma 2.0.0 crates.io", "", id="twice"),
        pytest.param("beta", "beta 1.2.5", "", id="patched"),
        pytest.param(
            "beta",
            "beta 1.1.0 crates.io",
            "`alpha 1.0.0` depends on `beta 1.1.0` in this lock, but the registry declares `^1.2`",
            id="another version",
        ),
        pytest.param(
            "delta",
            "delta 1.0.0 crates.io",
            "`alpha 1.0.0` depends on `delta` in this lock, but the …",
            id="for tests",
        ),
        pytest.param(
            "evil", "evil 1.0.0 crates.io", "`alpha 1.0.0` depends on `evil` in this lock, but the …", id="undeclared"
        ),
    ],
)
def test_undeclared_edge(home: Path, edges: str, more: str, message: str) -> None:
    add_entries(home, "alpha", [entry("1.0.0", deps=DECLARED)])
    after = f"alpha 1.0.0 crates.io -> {edges}\n{more}"
    for before in ("", "alpha 1.0.0 crates.io"):
        messages = said(list(undeclared_edge(changes(before, after), ADVICE, CargoHome(str(home)))))
        start, _, _ = message.partition("…")
        assert [text[: len(start)] for text in messages] == ([start] if message else [])
    assert list(undeclared_edge(changes(after, after), ADVICE, CargoHome(str(home)))) == []


def test_edges_to_many_versions_of_one_crate(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each requirement is read once, and a message names only a few."""
    read: list[str] = []

    def parse(text: str) -> Requirement:
        read.append(text)
        return Requirement.parse(text)

    monkeypatch.setattr("dunnage.review.cached_rules.requirement_of", parse)

    def check(count: int) -> list[str]:
        name = f"alpha{count}"
        add_entries(home, name, [entry("1.0.0", deps=[dependency("beta", f"^2.{at}") for at in range(count)])])
        edges = ", ".join(f"beta 1.0.{at}" for at in range(4))
        betas = "".join(f"\nbeta 1.0.{at} crates.io" for at in range(4))
        found = changes("", f"{name} 1.0.0 crates.io -> {edges}{betas}")
        return said(list(undeclared_edge(found, ADVICE, CargoHome(str(home)))))

    assert check(7)[0].endswith("declares `^2.0` or `^2.1` or `^2.2` or `^2.3` or `^2.4` or 2 more")
    read.clear()
    assert len(check(50)) == 4
    assert len(read) == 50


# When it was published.


def _published(home: Path, found: Changes, least: int | None = 0) -> list[str]:
    concerns = published(found, ADVICE, CargoHome(str(home)), AgePolicy(Tree(), str(home), least), Unknowns())
    return [f"{concern.problem.rule.partition('/')[2]}: {concern.problem.message}" for concern in concerns]


def test_yanked(home: Path) -> None:
    add_entries(home, "a", [entry("1.0.0", yanked=True), entry("1.0.1")])
    assert _published(home, changes("", "a 1.0.0 crates.io")) == [
        "yanked: `a 1.0.0` is yanked: its owner withdrew it from the registry"
    ]
    assert _published(home, changes("", "a 1.0.1 crates.io")) == []
    assert _published(home, changes("a 1.0.0 crates.io", "a 1.0.0 crates.io")) == []


@pytest.mark.parametrize(
    ("times", "before", "fires"),
    [
        pytest.param([2.5, 1], "", True, id="young"),
        pytest.param([8, 1], "", False, id="a young version of an old crate"),
        pytest.param([None, 1], "", False, id="unknown"),
        pytest.param([2.5, 1], "ab 1.0.0 crates.io", False, id="not new"),
    ],
)
def test_newborn(home: Path, times: list[float | None], before: str, fires: bool) -> None:
    entries = [entry(f"1.0.{number}") for number in range(len(times))]
    for found, days in zip(entries, times, strict=True):
        found["pubtime"] = at(days) if days is not None else None
    add_entries(home, "ab", [{key: value for key, value in found.items() if value is not None} for found in entries])
    messages = _published(home, changes(before, "ab 1.0.1 crates.io"))
    start = "newborn: the crate `ab` was first published 2 days ago: "
    assert [text.startswith(start) for text in messages] == ([True] if fires else [])


def test_too_new(home: Path) -> None:
    add_entries(home, "abc", [entry("1.0.0"), entry("1.0.1", pubtime=at(3.5)), entry("1.0.2", pubtime=None)])
    found = changes("", "abc 1.0.1 crates.io")
    assert _published(home, found, 7 * 86_400) == [
        "too-new: `abc 1.0.1` was published 3 days ago, but the policy requires an age of 7 days"
    ]
    assert _published(home, found, 3 * 86_400) == []
    assert _published(home, changes("", "abc 1.0.2 crates.io"), 7 * 86_400) == []


@pytest.mark.parametrize(
    ("configuration", "days"),
    [
        ('[registry]\nglobal-min-publish-age = "7 days"\n', 7),
        ('[registry]\nmin-publish-age = "2 weeks"\nglobal-min-publish-age = "7 days"\n', 14),
        ('[registries.crates-io]\nmin-publish-age = "1 day"\n[registry]\nglobal-min-publish-age = "7 days"\n', 1),
        ('[registry]\nglobal-min-publish-age = "7 days"\n[resolver]\nincompatible-publish-age = "allow"\n', 0),
        ('[registries.mine]\nindex = "https://x.example/i"\nmin-publish-age = "1 day"\n', 0),
        ('[registry]\nglobal-min-publish-age = "soon"\n', 0),
        ("[registry]\nglobal-min-publish-age = 7\n", 0),
        ("registry = 3\n", 0),
        ("[[", 0),
        ("", 0),
    ],
)
def test_the_policy_of_cargo(folder: Path, configuration: str, days: int) -> None:
    write(folder, {".cargo/config.toml": configuration})
    package = parsed("a 1.0.0 crates.io").packages[0]
    assert AgePolicy(Tree(), str(folder), None).least(package) == days * 86_400
    assert AgePolicy(Tree(), str(folder), 5).least(package) == 5


def test_the_policy_of_another_registry(folder: Path) -> None:
    table = '[registries.mine]\nindex = "https://other.example/index"\nmin-publish-age = "1 hour"\n'
    write(folder, {".cargo/config.toml": f"[registries.bad]\nindex = 3\n{table}"})
    assert AgePolicy(Tree(), str(folder), None).least(parsed("a 1.0.0 other").packages[0]) == 3600


@pytest.mark.parametrize("text", ["", "soon", "7", "-1 days", "1 year", "1.5 days", "9999999999 days"])
def test_no_age(text: str) -> None:
    with pytest.raises(ValueError, match="is not an age"):
        duration(text)


# Code that runs when something is compiled.


PLAIN = {"Cargo.toml": '[package]\nname = "x"\n', "src/lib.rs": ""}
SCRIPT = {**PLAIN, "build.rs": "fn main() {}"}
MACRO = {"Cargo.toml": '[package]\nname = "x"\n[lib]\nproc-macro = true\n'}


def _with(home: Path, packages: dict[str, dict[str, str]]) -> str:
    """A lock of packages whose archives are there."""
    text = lock("\n".join(f"{name.replace('-', ' ')} crates.io" for name in packages))
    for name, files in packages.items():
        checksum = add_archive(home, name, crate(name, files))
        head, line, rest = text.partition(f'version = "{name.partition("-")[2]}"\n')
        text = head + line + rest.replace(CHECKSUM, checksum, 1)
    return text


def _code(home: Path, before: str, after: str, folder: str = "") -> tuple[list[str], str]:
    old, new = (lock_changes.read(File("Cargo.lock", text.encode())) for text in (before, after))
    assert old is not None
    assert new is not None
    unknown = Unknowns()
    contents = Contents(CargoHome(str(home)), *([Vendored(folder, Tree().content)] if folder else []))
    found = lock_changes.compare(new, [old])
    return said(list(compile_time_code(found, ADVICE, contents, lambda *_: False, unknown))), unknown.note()


CODE: list[tuple[str, dict[str, str], str]] = [
    ("plain", PLAIN, ""),
    ("script", SCRIPT, "a build script (build.rs)"),
    ("false", {**SCRIPT, "Cargo.toml": '[package]\nname = "x"\nbuild = false\n'}, ""),
    ("path", {"Cargo.toml": '[package]\nname = "x"\nbuild = "b/main.rs"\n'}, "a build script (b/main.rs)"),
    ("true", {"Cargo.toml": '[package]\nname = "x"\nbuild = true\n'}, "a build script (build.rs)"),
    ("script below", {**PLAIN, "src/build.rs": ""}, ""),
    ("macro", MACRO, "a procedural macro"),
    ("old key", {"Cargo.toml": '[project]\nname = "x"\n[lib]\nproc_macro = true\n'}, "a procedural macro"),
    ("crate type", {"Cargo.toml": '[package]\nname = "x"\n[lib]\ncrate-type = ["proc-macro"]\n'}, "a procedural macro"),
    ("both", {**MACRO, "build.rs": ""}, "a build script (build.rs) and a procedural macro"),
]


@pytest.mark.parametrize(("files", "code"), [case[1:] for case in CODE], ids=[case[0] for case in CODE])
def test_compile_time_code_of_a_new_crate(home: Path, files: dict[str, str], code: str) -> None:
    verb = "run" if " and " in code else "runs"
    message = f"`x 1.0.0` is new and has {code}, which {verb} on every machine that compiles it"
    after = _with(home, {"x-1.0.0": files})
    assert _code(home, "", after) == ([message] if code else [], "")
    assert _code(home, after, after) == ([], "")


def test_compile_time_code_that_a_crate_gained(home: Path) -> None:
    old, new = _with(home, {"x-1.0.0": PLAIN}), _with(home, {"x-1.0.1": SCRIPT})
    message = (
        "`x 1.0.1` has a build script (build.rs), which 1.0.0 did not have: it runs on every machine that compiles it"
    )
    assert _code(home, old, new) == ([message], "")
    both = (
        "`x 1.0.3` has a build script (build.rs) and a procedural macro, which 1.0.0 did not have: "
        "they run on every machine that compiles it"
    )
    assert _code(home, old, _with(home, {"x-1.0.3": {**MACRO, "build.rs": ""}})) == ([both], "")
    assert _code(home, new, _with(home, {"x-1.0.2": SCRIPT})) == ([], "")
    assert _code(home, new, _with(home, {"x-1.0.2": PLAIN})) == ([], "")
    unknown = lock("x 0.9.0 crates.io")
    assert _code(home, unknown, new) == ([], "the build scripts and macros of x 0.9.0")


def test_what_is_not_there_is_unknown(home: Path) -> None:
    packages = [f"x{number} 1.0.0 crates.io" for number in range(7)]
    note = "the build scripts and macros of x0 1.0.0, x1 1.0.0, x2 1.0.0, x3 1.0.0, x4 1.0.0 and 2 more"
    assert _code(home, "", lock("\n".join(packages))) == ([], note)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"src/lib.rs": ""}, "contains no Cargo.toml of a package"),
        ({"Cargo.toml": "[workspace]\n"}, "contains no Cargo.toml of a package"),
        ({"Cargo.toml": "[["}, "contains a Cargo.toml that is not valid TOML: "),
        ({"Cargo.toml": "package = 3\n"}, "contains no Cargo.toml of a package"),
        ({"Cargo.toml": "", "cargo.toml": ""}, "contains `cargo.toml` twice"),
    ],
)
def test_an_archive_in_doubt_is_reported(home: Path, files: dict[str, str], message: str) -> None:
    (found,), note = _code(home, "", _with(home, {"x-1.0.0": files}))
    assert found.startswith(f"the build script and macros of `x 1.0.0` are unknown, because its archive {message}")
    assert note == ""


# Vendored.


def test_vendored(home: Path, folder: Path) -> None:
    manifest = '[package]\nname = "x"\n'
    record = {
        "files": {"Cargo.toml": hashlib.sha256(manifest.encode()).hexdigest(), "build.rs": "00"},
        "package": CHECKSUM,
    }
    write(
        folder,
        {
            ".cargo/config.toml": '[source.a]\nregistry = "x"\n[source.vendored-sources]\ndirectory = "vendor"\n',
            "vendor/x/Cargo.toml": manifest,
            "vendor/x/.cargo-checksum.json": json.dumps(record),
        },
    )
    vendored = vendored_folder(Tree(), str(folder))
    assert vendored == str(folder / "vendor")
    after = lock("x 1.0.0 crates.io")
    assert len(_code(home, "", after, vendored)[0]) == 1
    for text in (
        json.dumps({**record, "package": None}),
        json.dumps({**record, "files": {}}),
        "[]",
        "{",
        "[" * 100_000,
    ):
        write(folder, {"vendor/x/.cargo-checksum.json": text})
        assert _code(home, "", after, vendored) == ([], "the build scripts and macros of x 1.0.0")


@pytest.mark.parametrize("configuration", ["", "[source]\na = 3\n", "source = 3\n", "[["])
def test_nothing_vendored(folder: Path, configuration: str) -> None:
    write(folder, {".cargo/config.toml": configuration})
    assert vendored_folder(Tree(), str(folder)) is None


def test_names_that_are_no_paths(home: Path) -> None:
    add_archive(home, "../../x-1.0.0", b"")
    cargo_home = CargoHome(str(home))
    package = parsed("x 1.0.0 crates.io").packages[0]._replace(name="../../x")
    assert cargo_home.archives(package).wrong == ()
    assert cargo_home.entry(package) is None


# What deny.toml allows.


@pytest.mark.parametrize(
    ("entry", "allows"),
    [
        ('"x"', True),
        ('"x@1.0.0"', True),
        ('"x@=1.0.0"', True),
        ('"x:^1"', True),
        ('{ crate = "x@1.0.0", reason = "why" }', True),
        ('{ name = "x", version = "~1.0" }', True),
        ('{ name = "x", version = "~1.1" }', False),
        ('"x@1.0.1"', False),
        ('"y"', False),
        ('"x@what"', False),
        ("3", False),
        ("{ name = 3 }", False),
    ],
)
def test_allowed_scripts(folder: Path, entry: str, allows: bool) -> None:
    write(folder, {"deny.toml": f"[bans.build]\nallow-build-scripts = [{entry}]\n", ".git/HEAD": ""})
    package = parsed("x 1.0.0 crates.io").packages[0]
    assert allowed_scripts(Tree(), str(folder)).allows(package) is allows
