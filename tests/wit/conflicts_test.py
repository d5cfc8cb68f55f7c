from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import write
from dunnage.files.source import Tree
from dunnage.wit.conflicts import by_version, component_of, read_folder, track, worlds
from dunnage.wit.projects import Projects

COMPONENT = '[package]\nname = "c"\nversion = "0.1.0"\n[package.metadata.component]\n'
TEXT = """\
package my:ship@1.0.0;
use wasi:io/top;
world one {
  import wasi:io/a@0.2.0;
  import  wasi : io / %b @0.2.1;
  import my:ship/c@1.0.0;
  include d:e/f;
  use g:h/i@1.0.0.{t};
}
interface other {
  use wasi:io/j@0.2.2.{t};
}
package n:n {
  world two {
    export wasi:io/k@0.2.3;
  }
}
"""


def test_references(tmp_path: Path) -> None:
    write(tmp_path, {"a.wit": TEXT, "b.wit": "not WIT", "c.wit": "package x:y { interface z { use n:n/o.{t}; } }"})
    found = read_folder(str(tmp_path), Tree())
    assert found.names == {"my:ship", "n:n", "x:y"}
    assert [reference.text for reference in found.references] == [
        "wasi:io/top",
        "wasi:io/a@0.2.0",
        "wasi:io/b@0.2.1",
        "d:e/f",
        "g:h/i@1.0.0",
        "wasi:io/j@0.2.2",
        "wasi:io/k@0.2.3",
    ]
    versions = by_version(found.references)
    assert {package: list(them) for package, them in versions.items()} == {
        "wasi:io": ["0.2.0", "0.2.1", "0.2.2", "0.2.3"],
        "g:h": ["1.0.0"],
    }
    assert versions["wasi:io"]["0.2.1"].place.endswith("a.wit:5")


def test_worlds(tmp_path: Path) -> None:
    write(tmp_path, {"a.wit": TEXT, "b.wit": "not WIT"})
    found = worlds(str(tmp_path / "a.wit"), Tree())
    assert [[reference.text.partition("/")[2] for reference in world] for world in found] == [
        ["a@0.2.0", "b@0.2.1", "c@1.0.0", "f", "i@1.0.0"],
        ["k@0.2.3"],
    ]
    assert worlds(str(tmp_path / "b.wit"), Tree()) == []
    assert worlds(str(tmp_path / "c.wit"), Tree()) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.3", (1,)),
        ("10.0.0", (10,)),
        ("0.2.9+five", (0, 2)),
        ("0.0.1", ()),
        ("1.2.3-rc", ()),
        ("1", ()),
    ],
)
def test_track(version: str, expected: tuple[int, ...]) -> None:
    assert track(version) == expected


@pytest.mark.parametrize(
    ("files", "wit", "path"),
    [
        pytest.param({"Cargo.toml": COMPONENT}, "wit", "wit", id="default"),
        pytest.param({"Cargo.toml": f'{COMPONENT}target = {{ path = "w/x" }}'}, "w/x", "w/x", id="target"),
        pytest.param(
            {"Cargo.toml": f'{COMPONENT}target = {{ path = "w/a.wit" }}'}, "w", "w/a.wit", id="target-is-a-file"
        ),
        pytest.param({"Cargo.toml": f'{COMPONENT}target = "a:b@1.0.0"'}, "wit", None, id="target-elsewhere"),
        pytest.param({"Cargo.toml": COMPONENT}, "other", None, id="other-folder"),
        pytest.param({"Cargo.toml": COMPONENT, "p/Cargo.toml": ""}, "p/wit", None, id="nearest-is-none"),
        pytest.param({"Cargo.toml": "component but no TOML"}, "wit", None, id="broken"),
        pytest.param({}, "wit", None, id="none"),
    ],
)
def test_component(tmp_path: Path, files: dict[str, str], wit: str, path: str | None) -> None:
    write(tmp_path, {".git/HEAD": "", **files})
    tree = Tree()
    found = component_of(str(tmp_path / wit), Projects(tree), tree)
    assert (found and found.wit_path) == path
