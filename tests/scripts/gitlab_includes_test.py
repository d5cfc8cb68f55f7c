"""Files that GitLab CI includes are read as GitLab CI, wherever they lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.files.source import Tree
from dunnage.scripts.commands import commands, files
from repository import write_all as write

pytestmark = pytest.mark.usefixtures("repository")

ROOT = ".gitlab-ci.yml"


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        pytest.param("x/a.yml", ["x/a.yml"], id="name"),
        pytest.param("/x/a.yml", ["x/a.yml"], id="from-the-top"),
        pytest.param("[{local: x/a.yml}, {local: x/a.yml}, y.yaml]", ["x/a.yml", "y.yaml"], id="list"),
        pytest.param("x/*.yml", ["x/a.yml", "x/b.yml"], id="pattern"),
        pytest.param("nested.yml", ["nested.yml", "y.yaml"], id="nested"),
        pytest.param("loop.yml", ["loop.yml"], id="loop"),
        pytest.param("[{project: p, file: x/a.yml}, {remote: x/a.yml}, {template: x/a.yml}]", [], id="elsewhere"),
        pytest.param(
            "[../x/a.yml, $X/a.yml, x/**/*.yml, no.yml, x/a.txt, https://x/a.yml, nodir/*.yml]", [], id="none"
        ),
    ],
)
@pytest.mark.parametrize("with_all", [False, True])
def test_files(include: str, expected: list[str], with_all: bool) -> None:
    texts = {
        **dict.fromkeys(("x/a.yml", "x/b.yml", "x/a.txt", "y.yaml", "z.yml"), "job:\n  script: [cargo x]\n"),
        "nested.yml": "include: /y.yaml\njob:\n  script: [cargo x]\n",
        "loop.yml": f"include: [{ROOT}, loop.yml]\njob:\n  script: [cargo x]\n",
    }
    write({ROOT: f"include: {include}\n", **texts})
    names = [*texts, ROOT] if with_all else [ROOT]
    found = {
        file.path: [command.words[1].values for command in commands(file)] for file in files(Tree(), names, ["cargo"])
    }
    assert found == {path: [("x",)] for path in expected}


def test_an_included_file_alone() -> None:
    write(
        {ROOT: "include: x/a.yml\n", "x/a.yml": "job:\n  script: [cargo x]\n", "x/b.yml": "job: {script: [cargo x]}\n"}
    )
    assert [file.path for file in files(Tree(), ["x/a.yml", "x/b.yml"], ["cargo"])] == ["x/a.yml"]


def test_comments_in_included_files(capsys: pytest.CaptureFixture[str]) -> None:
    from dunnage.check_cargo_install import main

    comment = "# dunnage: ignore[cargo-install/unpinned, cargo-install/unlocked] measured"
    write({ROOT: "include: a.yml\n", "a.yml": f"job:\n  script:\n    - |\n      cargo install x {comment}\n"})
    assert main([ROOT]) == 0
    write({"a.yml": "job:\n  script:\n    - cargo install x\n"})
    assert main([ROOT]) == 1
    assert "a.yml:3:13: cargo-install/unlocked" in capsys.readouterr().out
    assert main(["--fix", ROOT]) == 1
    assert Path("a.yml").read_text(encoding="utf-8") == "job:\n  script:\n    - cargo install --locked x\n"
