"""`review-wit` as it is called: bases, reviews, several WIT folders, with real git."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from cargo.files import matches, write
from dunnage.frame.cli import main as dunnage
from dunnage.review_wit import main
from review_cargo_lock_test import git

OWN = "package acme:app;\n\nworld app {\n  %s\n}\n"
SOCKETS = """\
package wasi:sockets@0.2.3;

interface network {
  enum error-code { unknown, denied }
}

interface tcp {
  use network.{error-code};
  resource socket {
    bind: func(port: u16) -> result<_, error-code>;
  }
}

interface udp {
  use network.{error-code};
  send: func(data: list<u8>) -> result<_, error-code>;
}
"""
CLI = """\
package wasi:cli@0.2.3;

interface environment {
  arguments: func() -> list<string>;
}

world imports {
  import environment;
  %s
}
"""
APP = {
    "Cargo.toml": "[workspace]\n",
    "wit/app.wit": OWN % "import wasi:sockets/tcp@0.2.3;",
    "wit/deps/sockets/sockets.wit": SOCKETS,
    "wit/deps/cli.wit": CLI % "",
}
WITH_UDP = OWN % "import wasi:sockets/tcp@0.2.3;\n  import wasi:sockets/udp@0.2.3;"
INCLUDED = OWN % "include wasi:cli/imports@0.2.3;"
NEW_IMPORT = "…new-import: the world `acme:app/app` gains imports of …"


@pytest.fixture(autouse=True)
def _no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_SOURCE", "PRE_COMMIT_ORIGIN"):
        monkeypatch.delenv(name, raising=False)


def commit(folder: Path, files: dict[str, str]) -> str:
    """Commit files, and return the commit."""
    write(folder, files)
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--allow-empty", "-m", "x", folder=folder)
    return git("rev-parse", "HEAD", folder=folder)


class Said:
    """What the hook prints about all WIT, or about what is named."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        names = sorted(str(path) for path in Path().rglob("*.wit"))
        status = main(["--output-format", "json", *(arguments or names)])
        out, self.notes = capsys.readouterr()
        self.report = json.loads(out)["findings"]
        assert status == (1 if self.report else 0)
        self.findings = [
            f"{finding['path']}:{finding['start']['line']}:{finding['start']['column']} "
            f"{finding['rule'].removeprefix('wit-review/')}: {finding['message']}"
            for finding in self.report
        ]


@pytest.mark.parametrize(
    ("after", "findings"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {"wit/app.wit": WITH_UDP},
            [
                "wit/app.wit:5:10 new-import: the world `acme:app/app` gains imports of `wasi:sockets@0.2.3` (`udp`)",
            ],
            id="an import",
        ),
        pytest.param(
            {"wit/app.wit": OWN % "import wasi:sockets/tcp@0.2.3;\n  import wasi:sockets/network@0.2.3;"},
            [],
            id="an import that another one needs",
        ),
        pytest.param(
            {"wit/app.wit": OWN % "import wasi:sockets/tcp@0.2.3;\n  include wasi:cli/imports@0.2.3;"},
            [
                (
                    "wit/app.wit:5:11 new-import: the world `acme:app/app` gains imports of `wasi:cli@0.2.3` "
                    "(`environment`), through `include wasi:cli/imports@0.2.3`"
                ),
            ],
            id="an include",
        ),
        pytest.param(
            {
                "wit/app.wit": OWN % "import mine;\n  import wasi:sockets/tcp@0.2.3;"
                + "interface mine { use wasi:cli/kinds@0.2.3.{kind}; }\n",
                "wit/deps/cli.wit": CLI % "" + "interface kinds { enum kind { a } }\n",
            },
            [
                (
                    "wit/app.wit:4:10 new-import: the world `acme:app/app` gains imports of `wasi:cli@0.2.3` "
                    "(`kinds`), through `import mine`"
                ),
            ],
            id="an own interface that uses a foreign one",
        ),
        pytest.param(
            {"wit/app.wit": APP["wit/app.wit"] + "world other { import wasi:sockets/udp@0.2.3; }\n"},
            [],
            id="a new world",
        ),
        pytest.param(
            {"wit/app.wit": APP["wit/app.wit"].replace("import", "/// Docs.\n  @since(version = 1.0.0)\n  import")},
            [],
            id="docs and a gate",
        ),
        pytest.param(
            {
                "wit/app.wit": OWN
                % "import wasi:sockets/tcp@0.2.3;\n  @unstable(feature = x)\n  import wasi:sockets/udp@0.2.3;"
            },
            [],
            id="unstable",
        ),
        pytest.param(
            {"wit/deps/sockets/sockets.wit": SOCKETS.replace("port: u16", "port: u32")},
            [
                (
                    "wit/deps/sockets/sockets.wit:10:5 same-version: `wasi:sockets@0.2.3` changed, but its version did "
                    "not: `tcp.socket.bind` changed"
                ),
            ],
            id="same version",
        ),
        pytest.param(
            {
                "wit/deps/sockets/sockets.wit": SOCKETS.replace("enum", "// b\n  /* a */ enum").replace(
                    "denied }", "denied, }"
                )
            },
            [],
            id="same version with other comments and formatting",
        ),
        pytest.param(
            {
                "wit/deps/sockets/sockets.wit": SOCKETS.partition("interface udp")[0],
                "wit/deps/sockets/udp.wit": "interface udp" + SOCKETS.partition("interface udp")[2],
            },
            [],
            id="same version in other files",
        ),
        pytest.param(
            {"wit/deps/sockets/sockets.wit": SOCKETS + "interface more { f: func(); }\n"},
            [],
            id="same version with another interface",
        ),
    ],
)
def test_before_and_after(
    repository: Path, capsys: pytest.CaptureFixture[str], after: dict[str, str], findings: list[str]
) -> None:
    commit(repository, APP)
    write(repository, after)
    assert Said(capsys).findings == findings
    commit(repository, {})
    said = Said(capsys)
    assert (said.findings, said.notes) == ([], "")


def versions(text: str, version: str) -> str:
    return text.replace("0.2.3", version)


def updated(old: str, new: str, change: tuple[str, str], position: str) -> tuple[dict[str, str], dict[str, str]]:
    """An app before and after an update of a package that changed."""
    before, after = (
        {
            "wit/app.wit": versions(OWN % f"{position} wasi:sockets/tcp@0.2.3;", version),
            "wit/deps/sockets/sockets.wit": versions(text, version),
        }
        for text, version in ((SOCKETS, old), (SOCKETS.replace(*change), new))
    )
    return before, after


REMOVED = ("    bind: func(port: u16) -> result<_, error-code>;\n", "")
ADDED = ("  resource socket", "  probe: func();\n  resource socket")


@pytest.mark.parametrize(
    ("old", "new", "change", "position", "findings"),
    [
        pytest.param("0.2.3", "0.2.4", ("", ""), "import", [], id="lock-step"),
        pytest.param("0.2.3", "0.2.4", ADDED, "import", [], id="an addition to what is imported"),
        pytest.param(
            "0.2.3",
            "0.2.4",
            REMOVED,
            "import",
            [
                ("wit/deps/sockets/sockets.wit:7:11 breaking: `wasi:sockets` 0.2.4 is not compatible with 0.2.3: "
                "components of `acme:app/app` that were built with 0.2.3 do not run on hosts with 0.2.4 "
                "(`tcp.socket.bind` is gone)"),
            ],
            id="a removal from what is imported",
        ),
        pytest.param(
            "0.2.3",
            "0.2.4",
            ADDED,
            "export",
            [
                ("wit/deps/sockets/sockets.wit:9:3 breaking: `wasi:sockets` 0.2.4 is not compatible with 0.2.3: "
                "hosts of `acme:app/app` with 0.2.4 reject components that were built with 0.2.3 "
                "(`tcp.probe` is new)"),
            ],
            id="an addition to what is exported",
        ),
        pytest.param("0.2.3", "0.2.4", REMOVED, "export", [], id="a removal from what is exported"),
        pytest.param(
            "0.2.3",
            "0.2.4",
            ("unknown, denied", "denied, unknown"),
            "import",
            ["…breaking: … (`network.error-code` changed)"],
            id="a type, said once where it is defined",
        ),
        pytest.param(
            "0.2.3", "0.2.4", ("data: list<u8>", "data: string"), "import", [], id="what no world uses"
        ),
        pytest.param("0.2.3-rc.1", "0.2.3-rc.2", REMOVED, "import", [], id="a pre-release"),
        pytest.param("0.2.3", "0.2.4-rc.1", REMOVED, "import", [], id="to a pre-release"),
        pytest.param(
            "0.2.3",
            "0.3.0",
            REMOVED,
            "import",
            ["…new-import: … gains imports of `wasi:sockets@0.3.0` (`tcp` and `network`, through `import …`)"],
            id="another track",
        ),
        pytest.param("0.2.3-rc.1", "0.2.3-rc.1", REMOVED, "import", [], id="the same pre-release"),
        pytest.param(
            "0.2.3",
            "0.2.1",
            ("", ""),
            "import",
            [
                ("wit/deps/sockets/sockets.wit:1:1 downgrade: an older version replaces a newer one: "
                "`wasi:sockets` from 0.2.3 to 0.2.1"),
            ],
            id="back",
        ),
        pytest.param(
            "0.3.0",
            "0.2.1",
            ("", ""),
            "import",
            [
                ("wit/deps/sockets/sockets.wit:1:1 downgrade: an older version replaces a newer one: "
                "`wasi:sockets` from 0.3.0 to 0.2.1"),
            ],
            id="back to another track",
        ),
    ],
)  # fmt: skip
def test_updates(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    change: tuple[str, str],
    position: str,
    findings: list[str],
) -> None:
    before, after = updated(old, new, change, position)
    commit(repository, before)
    write(repository, after)
    found = Said(capsys).findings
    assert matches(found, findings), found


def test_what_a_downgrade_adds_is_new(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = updated("0.3.0", "0.2.1", ("", ""), "import")
    commit(repository, before)
    write(repository, {**after, "wit/app.wit": versions(WITH_UDP, "0.2.1")})
    new = "…new-import: … gains imports of `wasi:sockets@0.2.1` (`udp`)"
    assert matches(Said(capsys).findings, [new, "…downgrade: … `wasi:sockets` from 0.3.0 to 0.2.1"])


def test_an_import_from_another_vendored_version_is_new(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = {f"wit/deps/{text}/sockets.wit": versions(SOCKETS, text) for text in ("0.2.1", "0.3.0")}
    commit(repository, {**both, "wit/app.wit": versions(OWN % "import wasi:sockets/tcp@0.2.3;", "0.3.0")})
    write(repository, {"wit/app.wit": versions(OWN % "import wasi:sockets/tcp@0.2.3;", "0.2.1")})
    assert matches(Said(capsys).findings, ["…new-import: … gains imports of `wasi:sockets@0.2.1` (`tcp`…"])


def test_a_world_that_several_files_define(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of tests may hold single files, which no tool reads together."""
    plain = "package a:b;\nworld c {}\n"
    using = "package a:b;\nworld c {\n  import wasi:sockets/tcp@0.2.3;\n}\n"
    commit(repository, {"wit/1.wit": using, "wit/2.wit": plain, "wit/deps/sockets.wit": SOCKETS})
    write(repository, {"wit/3.wit": "package a:b;\ninterface d {}\n"})
    assert Said(capsys).findings == []
    write(repository, {"wit/2.wit": using})
    new = "wit/2.wit:3:10 new-import: the world `a:b/c` gains imports of `wasi:sockets@0.2.3` (`tcp` and `network`…"
    assert matches(Said(capsys).findings, [new])
    write(repository, {"wit/2.wit": plain, "wit/4.wit": using})
    said = Said(capsys)
    assert (said.findings, said.notes) == (
        [],
        "review-wit: wit: not all changes are checked: `a:b/c` was defined 2 times\n",
    )


def test_what_is_only_declared_twice_is_not_new(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A package may lose its version, or get one."""
    commit(repository, {"wit/app.wit": OWN % "import a:b/c;", "wit/deps/b.wit": "package a:b;\ninterface c {}\n"})
    write(
        repository,
        {"wit/app.wit": OWN % "import a:b/c@1.0.0;", "wit/deps/b.wit": "package a:b@1.0.0;\ninterface c {}\n"},
    )
    assert Said(capsys).findings == []


def test_own_namespaces_are_not_foreign(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, {**APP, "wasi/wit/own.wit": "package wasi:own;\n"})
    write(repository, {"wit/app.wit": WITH_UDP, "wit/deps/sockets/sockets.wit": SOCKETS.replace("u16", "u32")})
    assert Said(capsys).findings == []


def test_a_package_in_many_folders_is_one_finding(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"{crate}/{path}": text for crate in "ab" for path, text in APP.items()}
    commit(repository, {**files, "Cargo.toml": "[workspace]\n"})
    changed = SOCKETS.replace("u16", "u32")
    write(repository, {f"{crate}/wit/deps/sockets/sockets.wit": changed for crate in "ab"})
    assert matches(Said(capsys).findings, ["a/wit/deps/sockets/sockets.wit:10:5 same-version: …"])


def test_projects_have_reviews_of_their_own(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A review is written where it is read again when only one of the projects is checked."""
    commit(repository, {f"{project}/{path}": text for project in "ab" for path, text in APP.items()})
    changed = SOCKETS.replace("u16", "u32")
    write(repository, {f"{project}/wit/deps/sockets/sockets.wit": changed for project in "ab"})
    for project in "ab":
        assert main(["--accept=why", f"{project}/wit/app.wit"]) == 0
        assert matches([capsys.readouterr().out], [f"{project}/Cargo.toml: accepted wasi:sockets@0.2.3#…\n"])
        assert Said(capsys, f"{project}/wit/app.wit").findings == []


def test_an_included_world_of_the_folder_is_one_finding(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = "world more {\n  include app;\n}\n"
    commit(repository, {**APP, "wit/app.wit": APP["wit/app.wit"] + more})
    write(repository, {"wit/app.wit": WITH_UDP + more})
    assert matches(Said(capsys).findings, [NEW_IMPORT])


# What cannot be known.


def test_packages_that_are_not_there(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, {"wit/app.wit": OWN % "include wasi:cli/imports@0.2.3;"})
    write(repository, {"wit/app.wit": OWN % "include wasi:cli/imports@0.2.3;\n  import wasi:sockets/tcp@0.2.3;"})
    said = Said(capsys)
    assert said.findings == []
    assert "`acme:app/app` used `wasi:cli/imports@0.2.3`, which is in none of the files" in said.notes


def test_a_direct_import_of_a_package_that_is_not_there(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, APP)
    write(repository, {"wit/app.wit": OWN % "import wasi:sockets/tcp@0.2.3;\n  import wasi:random/random@0.2.3;"})
    assert matches(Said(capsys).findings, [NEW_IMPORT + "`wasi:random@0.2.3` (`random`)"])


def test_packages_that_are_no_longer_vendored(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, APP)
    (repository / "wit/deps/sockets/sockets.wit").unlink()
    assert Said(capsys).findings == []


def test_packages_that_git_ignores(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are there while a commit is made, and hold what they held before."""
    commit(repository, {"wit/app.wit": INCLUDED, ".gitignore": "deps\n"})
    write(repository, {path: text for path, text in APP.items() if "deps" in path})
    write(repository, {"wit/app.wit": INCLUDED.replace("include", "import wasi:sockets/tcp@0.2.3;\n  include")})
    said = Said(capsys)
    assert matches(said.findings, [NEW_IMPORT + "`wasi:sockets@0.2.3` (`tcp` and `network`, …)…"]) or matches(
        said.findings, [NEW_IMPORT + "`wasi:sockets@0.2.3` (`tcp` and `network`), through `import …`"]
    )
    assert said.notes == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "package wasi:sockets@0.2.3;\n",
        "package wasi:sockets@0.2.3;\ninterface tcp {",
        "\0",
        "<<<<<<< HEAD\n",
        "package wasi:sockets@0.2.3;\nworld a { include b; }\nworld b { include a; }\n",
        (
            "package wasi:sockets@0.2.3;\ninterface tcp { type a = list<a>; f: func(b: a); use network.{error-code}; }"
            "interface network { enum error-code { unknown, denied } }\n"
        ),
        "package wasi:sockets@0.2.3;\ninterface tcp { f: func(a: unknown); use x:y/z.{q}; }\n",
    ],
)
@pytest.mark.parametrize("is_old", [False, True], ids=["now", "before"])
def test_broken_wit_is_unknown(repository: Path, capsys: pytest.CaptureFixture[str], text: str, is_old: bool) -> None:
    broken = {**APP, "wit/deps/sockets/sockets.wit": text}
    commit(repository, broken if is_old else APP)
    write(repository, APP if is_old else broken)
    said = Said(capsys)
    assert [line for line in said.findings if "same-version" not in line] == []
    assert said.notes.count("\n") <= 1


def test_own_worlds_that_include_each_other(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, APP)
    write(repository, {"wit/app.wit": OWN % "include other;" + "world other { include app; }\n"})
    said = Said(capsys)
    assert said.findings == []
    assert "`acme:app/app` includes itself" in said.notes


def test_files_that_are_no_package(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = {f"wit/{name}.wit": f"package test:{name};\nworld w {{}}\n" for name in "xy"}
    commit(repository, {**APP, **tests})
    write(repository, {"wit/x.wit": "package test:x;\nworld w { import wasi:sockets/udp@0.2.3; }\n"})
    assert matches(Said(capsys).findings, ["…new-import: the world `test:x/w` gains …"])


# Reviews.


@pytest.mark.parametrize(
    ("reviews", "findings"),
    [
        pytest.param('"wasi:sockets@0.2.3 in acme:app/app" = "we listen"\n', [], id="reviewed"),
        pytest.param(
            '"wasi:sockets@0.2.3 in acme:app/app" = ""\n', [NEW_IMPORT, "…stale-review: … no reason…"], id="no reason"
        ),
        pytest.param(
            '"wasi:sockets@0.2.2 in acme:app/app" = "we listen"\n',
            [
                NEW_IMPORT,
                ("Cargo.toml:2:1 stale-review: the review of `wasi:sockets@0.2.2 in acme:app/app` is stale: it matches "
                "nothing in the WIT of the repository"),
            ],
            id="another version",
        ),
        pytest.param('"arrayref@0.3.10" = "of a lock"\n', [NEW_IMPORT], id="of a lock"),
    ],
)  # fmt: skip
def test_reviews(repository: Path, capsys: pytest.CaptureFixture[str], reviews: str, findings: list[str]) -> None:
    commit(repository, APP)
    write(
        repository,
        {"wit/app.wit": WITH_UDP, "Cargo.toml": f"[workspace.metadata.dunnage.reviews]\n{reviews}"},
    )
    found = sorted(Said(capsys).findings, reverse=True)
    assert matches(found, findings), found


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"gone/deps/x/x.wit": "package a:x;\n"}, id="deleted"),
        pytest.param({"other/x.wit": "package a:x;\ninterface {\n"}, id="malformed"),
        pytest.param({"other/x.wit": "package a:x;\nworld w {\n  import b:missing/i;\n}\n"}, id="incomplete"),
        pytest.param({"other/x.wit": "package a:x;\nworld w {\n  include w;\n}\n"}, id="in a circle"),
    ],
)
def test_no_review_is_stale_if_not_all_is_known(
    repository: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    commit(repository, {**APP, **files})
    for path in files:
        if path.startswith("gone/"):
            (repository / path).unlink()
    reviews = '[workspace.metadata.dunnage.reviews]\n"wasi:sockets@0.2.2 in acme:app/app" = "we listen"\n'
    write(repository, {"wit/app.wit": WITH_UDP, "Cargo.toml": reviews})
    assert matches(Said(capsys, "wit/app.wit").findings, [NEW_IMPORT])


@pytest.mark.parametrize(
    ("after", "accepted"),
    [
        ({"wit/app.wit": WITH_UDP}, "wasi:sockets@0.2.3 in acme:app/app"),
        ({"wit/deps/sockets/sockets.wit": SOCKETS.replace("u16", "u32")}, "wasi:sockets@0.2.3#…"),
        (updated("0.2.3", "0.2.4", REMOVED, "import")[1], "wasi:sockets@0.2.4"),
        (updated("0.2.3", "0.2.1", ("", ""), "import")[1], "wasi:sockets@0.2.1"),
    ],
    ids=["new import", "same version", "breaking", "downgrade"],
)
def test_accept(repository: Path, capsys: pytest.CaptureFixture[str], after: dict[str, str], accepted: str) -> None:
    commit(repository, APP)
    write(repository, after)
    (finding,) = Said(capsys).report
    help = finding["help"].splitlines()
    command = help[-1].partition("or run `")[2].rstrip("`")
    assert main([*shlex.split(command.replace("REASON", "'read it'"))[1:]]) == 0
    assert matches([capsys.readouterr().out], [f"Cargo.toml: accepted {accepted}\n"])
    assert Said(capsys).findings == []
    commit(repository, {})
    assert Said(capsys).findings == []


@pytest.mark.parametrize(
    "after",
    [{"wit/app.wit": WITH_UDP}, {"wit/deps/sockets/sockets.wit": SOCKETS.replace("u16", "u32")}],
    ids=["own", "foreign"],
)
def test_the_help_undoes_the_change(
    repository: Path, capsys: pytest.CaptureFixture[str], after: dict[str, str]
) -> None:
    commit(repository, APP)
    write(repository, after)
    (finding,) = Said(capsys).report
    restore = finding["help"].partition("to undo: ")[2].partition("\n")[0]
    subprocess.run(shlex.split(restore), check=True)
    assert git("status", "--porcelain") == ""


def test_the_help_where_there_is_no_manifest(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, {path: text for path, text in APP.items() if path != "Cargo.toml"})
    write(repository, {"wit/app.wit": WITH_UDP})
    (finding,) = Said(capsys).report
    assert finding["help"].endswith(
        'add "wasi:sockets@0.2.3 in acme:app/app" = "why" to `[reviews]` in a TOML file that `--reviews` names, '
        "or run `review-wit --reviews=FILE --accept REASON wit/app.wit`"
    )


def test_reviews_in_a_file(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, APP)
    write(repository, {"wit/app.wit": WITH_UDP, "seen.toml": ""})
    assert main(["--reviews=seen.toml", "--accept=why", "wit/app.wit"]) == 0
    assert (repository / "seen.toml").read_text("utf-8") == (
        '[reviews]\n"wasi:sockets@0.2.3 in acme:app/app" = "why"\n'
    )
    capsys.readouterr()
    assert Said(capsys, "--reviews=seen.toml", "wit/app.wit").findings == []


# What it is compared with.


def test_no_base(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, APP)
    said = Said(capsys, "--require-base", "wit/app.wit")
    assert said.findings == [
        "wit/app.wit:1:1 no-base: there is nothing to compare this WIT with: there is no commit yet"
    ]
    assert Said(capsys).findings == []


def test_what_git_cannot_read_is_not_new(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = commit(repository, APP)
    name = git("rev-parse", "HEAD:wit/app.wit", folder=repository)
    path = repository / ".git/objects" / name[:2] / name[2:]
    path.chmod(0o644)
    path.write_bytes(b"not an object")
    write(repository, {"wit/app.wit": WITH_UDP})
    said = Said(capsys, "--require-base", "wit/app.wit")
    assert said.findings == [
        (
            "wit/app.wit:1:1 no-base: there is nothing to compare this WIT with: git cannot give the content of "
            f"{head[:12]}:wit/app.wit (`git fsck` says if the repository is damaged)"
        )
    ]


def test_links_that_lead_out_of_the_repository_are_not_read(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repository, APP)
    (tmp_path / "outside.wit").write_text("package a:secret;\n", "utf-8")
    (repository / "wit/deps/outside.wit").symlink_to(tmp_path / "outside.wit")
    (repository / "wit/deps/folder").symlink_to(tmp_path, target_is_directory=True)
    assert "secret" not in str(Said(capsys, "wit/app.wit").report)


def test_a_new_folder(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, {"a.txt": ""})
    write(repository, APP)
    said = Said(capsys)
    assert (said.findings, said.notes) == ([], "")


def test_in_ci_the_first_parent(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, APP)
    commit(repository, {"wit/app.wit": WITH_UDP})
    assert Said(capsys).findings == []
    monkeypatch.setenv("CI", "true")
    assert matches(Said(capsys).findings, [NEW_IMPORT])
    assert matches(Said(capsys, "--base=HEAD^", "wit/app.wit").findings, [NEW_IMPORT])


def test_a_merge_brings_in_what_no_parent_has(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = commit(repository, APP)
    theirs = commit(repository, {"wit/app.wit": WITH_UDP})
    git("checkout", "-q", "-b", "ours", fork)
    commit(repository, {"b.txt": ""})
    write(repository, {"wit/app.wit": WITH_UDP})
    assert matches(Said(capsys).findings, [NEW_IMPORT])
    monkeypatch.setenv(f"GITHEAD_{theirs}", "theirs")
    assert Said(capsys).findings == []


# Summaries.


def test_summary(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, {**APP, "wit/deps/old.wit": "package old:old@1.0.0;\ninterface i {}\n"})
    text = SOCKETS.replace("u16", "u32").replace("interface udp", "interface datagram")
    write(
        repository,
        {
            "wit/app.wit": OWN % "include wasi:cli/imports@0.2.3;\n  export wasi:sockets/tcp@0.2.4;",
            "wit/deps/sockets/sockets.wit": versions(text, "0.2.4"),
            "wit/deps/blob.wasm": "?",
        },
    )
    (repository / "wit/deps/old.wit").unlink()
    assert main(["--summary"]) == 0
    assert capsys.readouterr().out == (
        "Changes of wit\n\n"
        "packages (2)\n  old:old       1.0.0         wit\n  wasi:sockets  0.2.3  0.2.4  wit\n\n"
        "content (3)\n"
        "  wasi:sockets@0.2.4  datagram                       added\n"
        "  wasi:sockets@0.2.4  tcp       [method]socket.bind  changed\n"
        "  wasi:sockets@0.2.4  udp                            removed\n\n"
        "worlds (3)\n"
        "  acme:app/app  export gained  wasi:sockets@0.2.4  tcp\n"
        "  acme:app/app  import gained  wasi:cli@0.2.3      environment\n"
        "  acme:app/app  import lost    wasi:sockets@0.2.3  tcp\n\n"
        "binary packages (1)\n  wit/deps/blob.wasm\n"
    )
    assert main(["--summary", "--summary-format=json"]) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert changes["wit"]["packages"][1] == {
        "package": "wasi:sockets", "from": "0.2.3", "to": "0.2.4", "folders": "wit"
    }  # fmt: skip
    # `dunnage` prints the summaries of both hooks that review as one document.
    for command in (["review"], ["check", "--summary"]):
        assert dunnage([*command, "--summary-format=json"]) == 0
        assert json.loads(capsys.readouterr().out)["changes"] == changes
    assert main(["--summary", "--summary-format=markdown"]) == 0
    assert "| old:old | 1.0.0 |  | wit |\n" in capsys.readouterr().out


def test_a_summary_of_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(repository, APP)
    assert main(["--summary"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "review-wit: no WIT has changed\n")
