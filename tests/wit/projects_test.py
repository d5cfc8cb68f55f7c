"""Which WIT, manifests and locks belong together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cargo.files import write
from dunnage.files.source import File, Tree
from dunnage.wit import root
from dunnage.wit.projects import (
    Override,
    Projects,
    VendoredWit,
    WkgConfig,
    is_vendored,
    not_a_package,
    own_files,
    read_config,
    vendored,
    wrong_types,
)

WIT = "package a:b;\n"


@pytest.mark.parametrize(
    ("path", "folder", "is_there"),
    [
        ("/p/wit/a.wit", "/p/wit", False),
        ("/p/wit/deps/io/a.wit", "/p/wit", True),
        ("/p/wit/deps/a.wit", "/p/wit", True),
        ("/p/wit/deps/a.wasm", "/p/wit", True),
        ("/p/wit/deps/io/more/a.wit", "/p/wit/deps/io/more", False),
        ("/p/wit/deps/io/deps/x/a.wit", "/p/wit/deps/io", True),
        ("/deps/a.wit", "/", True),
        ("/a.wit", "/", False),
    ],
)
def test_wit_folder(path: str, folder: str, is_there: bool) -> None:
    assert (root(path), is_vendored(path)) == (folder, is_there)


def test_files(tmp_path: Path) -> None:
    names = ("b.wit", "A.WIT", "README.md", "deps/x/x.wit", "deps/x/y/no.wit", "deps/empty/README.md", "deps/z.wasm")
    write(tmp_path, dict.fromkeys((*names, "deps/no.txt", "deps/f.wit/g.wit"), WIT))
    top = str(tmp_path)
    assert own_files(top) == tuple(os.path.join(top, name) for name in ("A.WIT", "b.wit"))
    deps = os.path.join(top, "deps")
    assert vendored(deps) == (
        VendoredWit("f.wit", os.path.join(deps, "f.wit"), (os.path.join(deps, "f.wit", "g.wit"),)),
        VendoredWit("x", os.path.join(deps, "x"), (os.path.join(deps, "x", "x.wit"),)),
        VendoredWit("z.wasm", os.path.join(deps, "z.wasm"), (os.path.join(deps, "z.wasm"),)),
    )
    assert not own_files(os.path.join(top, "gone"))
    assert not vendored(os.path.join(top, "gone"))


@pytest.mark.parametrize(
    ("files", "wit", "roots"),
    [
        pytest.param({"wkg.lock": ""}, "wit", ["."], id="lock"),
        pytest.param({"wkg.toml": ""}, "wit", ["."], id="manifest"),
        pytest.param({"wkg.toml": "not TOML"}, "wit", ["."], id="broken-manifest"),
        pytest.param({"wkg.lock": "", "a.wit": WIT}, "wit", ["."], id="default-goes-before-the-folder-itself"),
        pytest.param({"p/wkg.lock": "", "p/a.wit": WIT}, "p", ["p"], id="folder-itself"),
        pytest.param({"wkg.lock": "", "p/wit/a.wit": WIT}, "p/wit", [], id="not-the-default"),
        pytest.param({}, "wit", [], id="none"),
        pytest.param(
            {"wkg.toml": '[workspace]\nmembers = ["p/wit"]', "p/wit/a.wit": WIT, "p/wkg.toml": ""},
            "p/wit",
            ["p", "."],
            id="member",
        ),
        pytest.param(
            {"wkg.toml": '[workspace]\nmembers = ["*/wit"]', "p/wit/a.wit": WIT}, "p/wit", ["."], id="member-by-pattern"
        ),
        pytest.param(
            {"wkg.toml": '[workspace]\nmembers = ["*"]', "p/wit/a.wit": WIT}, "p", [], id="pattern-matches-no-wit"
        ),
        pytest.param({"wkg.toml": '[workspace]\nmembers = ["p/wit"]'}, "wit", [], id="no-member"),
        pytest.param(
            {"wkg.lock": "", "p/.git/HEAD": "", "p/wkg.lock": "", "p/wit/a.wit": WIT},
            "p/wit",
            ["p"],
            id="not-beyond-the-repository",
        ),
    ],
)
def test_wkg_roots(tmp_path: Path, files: dict[str, str], wit: str, roots: list[str]) -> None:
    write(tmp_path, {"wit/a.wit": WIT, **files})
    found = Projects(Tree()).wkg_roots(str(tmp_path / wit))
    assert [os.path.relpath(root.folder, tmp_path) for root in found] == roots


# wkg.toml


def config(text: str) -> WkgConfig:
    return read_config(File("wkg.toml", text.encode()))


def test_overrides() -> None:
    text = """\
[overrides]
"a:b" = { path = "../b", version = "1" }
"c:d".version = "=1.0.0"
"e:f" = {}

[metadata]
author = "x"
license = "MIT"
repository = "https://x.example"
"""
    assert config(text) == WkgConfig(
        {
            "a:b": Override("a:b", "../b", "1", ("overrides", "a:b")),
            "c:d": Override("c:d", None, "=1.0.0", ("overrides", "c:d")),
            "e:f": Override("e:f", None, None, ("overrides", "e:f")),
        },
        None,
        (),
    )


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", None),
        ("[workspace]\n", None),
        ('[workspace]\nroot = "../wkg.toml"\n', None),
        ("[workspace]\nfoo = 3\n", None),
        # What is wrong with the members makes a root one of them, without a word.
        ("[workspace]\nmembers = 3\n", None),
        ('[workspace]\nmembers = ["wit"]\n[workspace.metadata]\nfoo = "1"\n', None),
        ("[workspace]\nmembers = []\n", []),
        ('[workspace]\nmembers = ["a", "b/*/wit"]\n[workspace.metadata]\nlicenses = "MIT"\n', ["a", "b/*/wit"]),
    ],
)
def test_members(text: str, members: list[str] | None) -> None:
    assert config(text) == WkgConfig({}, None if members is None else tuple(members), ())


# Each of these was shown to wkg 0.16.1, which refuses it.
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("[foo]", ("foo",)),
        ('workspace = "x"', ("workspace",)),
        ("[workspace]\nroot = 3", ("workspace",)),
        ('[workspace]\nmembers = ["wit"]\n[overrides]', ("overrides",)),
        ('[workspace]\nmembers = ["wit"]\n[metadata]', ("metadata",)),
        ('[overrides]\n"bad" = { path = "x" }', ("overrides", "bad")),
        ('[overrides]\n"A:b" = { path = "x" }', ("overrides", "A:b")),
        ('[overrides]\n"a:b" = "x"', ("overrides", "a:b")),
        ('[overrides]\n"a:b" = { path = "x", z = 1 }', ("overrides", "a:b", "z")),
        ('[overrides]\n"a:b" = { path = 1 }', ("overrides", "a:b", "path")),
        ('[metadata]\nauthor = "a"\nauthors = "b"', ("metadata", "author")),
        ('[metadata]\nauthors = ["b"]', ("metadata", "authors")),
        ('[metadata]\nhomepages = "b"', ("metadata", "homepages")),
    ],
)
def test_refused(text: str, keys: tuple[str, ...]) -> None:
    (problem,) = config(text).problems
    assert problem.keys == keys
    assert problem.message.startswith("wkg ")
    assert problem.help


# Values


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("wasi:io", ""),
        ("a-b2:c-d3", ""),
        ("wasi", "it has no `:`"),
        ("", "it has no `:`"),
        (":io", "one of its parts is empty"),
        ("wasi:", "one of its parts is empty"),
        ("wasi:-io", "one of its words is empty"),
        ("wasi:i--o", "one of its words is empty"),
        ("Wasi:io", "a word in it begins with `W` instead of a lowercase letter"),
        ("wasi:2io", "a word in it begins with `2` instead of a lowercase letter"),
        ("wasi:io-2", "a word in it begins with `2` instead of a lowercase letter"),
        ("wasi:iO", "it may contain only lowercase letters, digits, `-` and one `:`"),
        ("a:b:c", "it may contain only lowercase letters, digits, `-` and one `:`"),
        ("wasi:io@0.2.0", "it may contain only lowercase letters, digits, `-` and one `:`"),
        ("wasi:io²", "it may contain only lowercase letters, digits, `-` and one `:`"),
    ],
)
def test_not_a_package(name: str, problem: str) -> None:
    assert not_a_package(name) == problem


def test_wrong_types() -> None:
    table = {"a": 1, "b": True, "c": "x", "d": "x", "e": "x", "f": "x", "g": None}
    types = {"a": int, "b": int, "c": bool, "d": str, "e": dict, "f": list}
    found = wrong_types(table, types, File("a.toml", b""), ("t",), "tool")
    assert [(problem.keys, problem.message) for problem in found] == [
        (("t", "b"), "tool requires an integer for `b`"),
        (("t", "c"), "tool requires a boolean for `c`"),
        (("t", "e"), "tool requires a table for `e`"),
        (("t", "f"), "tool requires an array for `f`"),
        (("t", "g"), "tool rejects the unknown key `g`"),
    ]
