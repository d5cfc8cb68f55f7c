"""The images that a repository builds itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.containers.local_images import LocalImages
from dunnage.containers.reference import parse
from dunnage.files.source import Tree


@pytest.mark.parametrize(
    ("name", "text", "image", "expected"),
    [
        pytest.param("Makefile", "IMAGE := a/b\nx:\n\tdocker build -t $(IMAGE):$(TAG) .\n", "a/b:1", True, id="make"),
        pytest.param("a.sh", "docker build -t a/b .\n", "docker.io/a/b@sha256:" + "0" * 64, True, id="full-name"),
        pytest.param("a.sh", "docker build -t ghcr.io/a/b .\n", "a/b", False, id="another-registry"),
        pytest.param("a.sh", "docker build -t ${R:-x}/a/b .\n", "ghcr.io/a/b", True, id="unknown-registry"),
        pytest.param("a.sh", "docker build -t $X/b .\n", "ghcr.io/a/b", True, id="unknown-folder"),
        pytest.param("a.sh", "docker build -t $X/b .\n", "ghcr.io/a/bb", False, id="part-of-a-name"),
        pytest.param("a.sh", "docker build -t $X .\n", "a/b", False, id="unknown-name"),
        pytest.param("a.sh", "tar -t a/b\n", "a/b", False, id="no-docker"),
        pytest.param("a.txt", "docker build -t a/b .\n", "a/b", False, id="another-kind-of-file"),
        pytest.param("a.sh", "A=$A$A\ndocker build -t $A .\n", "a/b", False, id="endless-variable"),
    ],
)
def test_local_images(repository: Path, name: str, text: str, image: str, expected: bool) -> None:
    (repository / name).write_text(text)
    (repository / "Dockerfile").write_text("FROM x\n")
    tree = Tree()
    reference = parse(image)
    assert reference is not None
    assert LocalImages(tree).has(tree.read("Dockerfile"), reference) is expected


def test_names_are_limited(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.containers.local_images._MOST_CHARACTERS", 20)
    for name in "abcd":
        (repository / f"{name}.sh").write_text(f"docker build -t x.org/{name} .\n")
    tree = Tree()
    images = LocalImages(tree)
    found = [name for name in "abcd" if (image := parse(f"x.org/{name}")) and images.has(tree.read("a.sh"), image)]
    assert found == ["a", "b", "c"]
