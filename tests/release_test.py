"""What a release consists of: the same bytes each time, and a wheel that is complete by itself."""

from __future__ import annotations

import os
import subprocess
import tarfile
import venv
from pathlib import Path

from demo.run import CHECKOUT
from distributions import build
from dunnage import __version__
from dunnage.frame.registry import ENTRIES


def test_a_build_of_the_sdist_has_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    again = build(tmp_path / "again", tmp_path / sdist.name.removesuffix(".tar.gz"))
    names = [f"dunnage-{__version__}-py3-none-any.whl", f"dunnage-{__version__}.tar.gz"]
    assert sorted(os.listdir(dist)) == sorted(os.listdir(again)) == names
    assert [(dist / name).read_bytes() for name in names] == [(again / name).read_bytes() for name in names]


def test_the_wheel_is_small(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    assert wheel.stat().st_size <= 600_000


def test_the_wheel_works_in_an_empty_environment(dist: Path, tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=True)
    scripts = str(folder / ("Scripts" if os.name == "nt" else "bin"))
    pip = [os.path.join(scripts, "python"), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    locked = ["--require-hashes", "--only-binary", ":all:", "--requirement"]
    subprocess.run([*pip, *locked, str(CHECKOUT / "requirements/runtime.txt")], check=True)
    subprocess.run([*pip, "--no-deps", *map(str, dist.glob("*.whl"))], check=True)
    for name in ("dunnage", *(entry.id for entry in ENTRIES)):
        command = [os.path.join(scripts, name), "--version"]
        assert subprocess.check_output(command, cwd=tmp_path, text=True).split() == [name, __version__]
    for name in (ENTRIES[0].id, ENTRIES[0].hook().rules[0].id):
        page = subprocess.check_output([os.path.join(scripts, "dunnage"), "explain", name], cwd=tmp_path, text=True)
        assert page.startswith(f"# {name}")
