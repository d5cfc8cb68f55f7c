"""Which WIT, manifests and locks belong together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cargo.files import write
from dunnage.files.source import Tree
from dunnage.wit.projects import Projects, VendoredWit, is_vendored, own_files, vendored, wit_folder

WIT = "package a:b;\n"
COMPONENT = '[package]\nname = "c"\nversion = "0.1.0"\n[package.metadata.component]\n'


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
    assert (wit_folder(path), is_vendored(path)) == (folder, is_there)


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


@pytest.mark.parametrize(
    ("files", "wit", "folder"),
    [
        pytest.param({"Cargo.toml": COMPONENT}, "wit", ".", id="default"),
        pytest.param({"Cargo.toml": f'{COMPONENT}target = {{ path = "w/x" }}'}, "w/x", ".", id="target"),
        pytest.param({"Cargo.toml": f'{COMPONENT}target = {{ path = "w/a.wit" }}'}, "w", ".", id="target-is-a-file"),
        pytest.param({"Cargo.toml": f'{COMPONENT}target = "a:b@1.0.0"'}, "wit", None, id="target-elsewhere"),
        pytest.param({"Cargo.toml": COMPONENT}, "other", None, id="other-folder"),
        pytest.param({"Cargo.toml": COMPONENT, "p/Cargo.toml": ""}, "p/wit", None, id="nearest-is-none"),
        pytest.param({"Cargo.toml": "component but no TOML"}, "wit", None, id="broken"),
        pytest.param({}, "wit", None, id="none"),
    ],
)
def test_component(tmp_path: Path, files: dict[str, str], wit: str, folder: str | None) -> None:
    write(tmp_path, {".git/HEAD": "", **files})
    found = Projects(Tree()).component(str(tmp_path / wit))
    assert (found and os.path.relpath(found[0].folder, tmp_path)) == folder
