"""Which WIT files belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.files.source import File
from dunnage.wit import files_of, groups, root
from dunnage.wit.graph import Source
from dunnage.wit.syntax import parse


def grouped(files: dict[str, str]) -> list[list[list[str]]]:
    sources = [Source(path, parse(File(path, text.encode()))) for path, text in files.items()]
    return [[[source.path for source in package] for package in together] for together in groups(sources)]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("a.wit", ""),
        ("wit/a.wit", "wit"),
        ("wit/deps/a.wit", "wit"),
        ("wit/deps/http/a.wit", "wit"),
        ("wit/deps/http/deps/a.wit", "wit/deps/http"),
        ("deps/a.wit", ""),
        ("/x/wit/a.wit", "/x/wit"),
    ],
)
def test_root(path: str, folder: str) -> None:
    assert root(path) == folder


@pytest.mark.parametrize(
    ("files", "groups"),
    [
        pytest.param(
            {"wit/b.wit": "package a:b;", "wit/a.wit": "interface i {}", "wit/deps/c/a.wit": "", "wit/deps/d.wit": ""},
            [[["wit/a.wit", "wit/b.wit"], ["wit/deps/c/a.wit"], ["wit/deps/d.wit"]]],
            id="a package and its dependencies",
        ),
        pytest.param(
            {"a/a.wit": "package a:b;", "b/a.wit": "package a:b;"}, [[["a/a.wit"]], [["b/a.wit"]]], id="two folders"
        ),
        pytest.param(
            {"a.wit": "package a:b;", "b.wit": "package a:c;"}, [[["a.wit"]], [["b.wit"]]], id="names of two packages"
        ),
        pytest.param(
            {"a.wit": "package a:b; interface i {}", "b.wit": "package a:b; world i {}"},
            [[["a.wit"]], [["b.wit"]]],
            id="a name that is there twice",
        ),
        pytest.param(
            {"wit/deps/c/a.wit": "package a:b;", "wit/deps/c/b.wit": "package a:c;", "wit/a.wit": "package a:d;"},
            [[["wit/a.wit"], ["wit/deps/c/a.wit"], ["wit/deps/c/b.wit"]]],
            id="names of two packages in a dependency",
        ),
    ],
)
def test_packages(files: dict[str, str], groups: list[list[list[str]]]) -> None:
    assert grouped(files) == groups


def test_files_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("c.wit", "a.wit", "b.wit", "d.txt", "deps/a.wit", "deps/b.wit"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    assert files_of("") == ["a.wit", "b.wit", "c.wit"]
    assert files_of("deps") == []
    assert files_of("nowhere") == []
