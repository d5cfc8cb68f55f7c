"""Where a test works: in a folder of its own, with git as it is without anybody's settings."""

from __future__ import annotations

import importlib
import os
import pickle
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock
from hypothesis import settings

import dunnage
from clients.hooks import Hooks, commit_hooks
from demo.run import CHECKOUT, runs
from distributions import build
from judges import lacking

Result = TypeVar("Result")

# A busy machine must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Trace no test with very much input, nor one whose input fuzzers or Hypothesis choose.

    Such tests run several times longer if their coverage is measured. What is covered has a test that says what it
    expects.
    """
    is_random = isinstance(item, pytest.Function) and getattr(item.obj, "is_hypothesis_test", False)
    tracer = sys.gettrace()
    if tracer and (is_random or item.path.parent.name == "fuzz" or item.get_closest_marker("untraced")):
        _load_all_modules()
        sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


@cache
def _load_all_modules() -> None:
    """Load what a test that is not traced may load first: the lines outside of functions run once in a process."""
    for module in pkgutil.walk_packages(dunnage.__path__, "dunnage."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)


_NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""The environment in which git reads no settings of a user or a machine."""


@pytest.fixture(autouse=True)
def _no_git_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in _NO_SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, which is in no repository."""
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def _git_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `.git` of an empty repository, without the samples that git puts there."""
    top = tmp_path_factory.mktemp("empty")
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _NO_SETTINGS
    subprocess.run(["git", "init", "--quiet", "--template=", top], env=env, check=True)
    for name in ("hooks", "info"):
        (top / ".git" / name).mkdir()
    return top / ".git"


@pytest.fixture
def repository(folder: Path, _git_folder: Path) -> Path:
    """Work in an empty folder, which is the topmost of a git repository."""
    shutil.copytree(_git_folder, folder / ".git")
    return folder


@pytest.fixture
def cargo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Real cargo, with a home of its own. Without one a test is skipped, or fails where judges are required."""
    real = shutil.which("cargo")
    if real is None:
        if os.environ.get("DUNNAGE_REQUIRE_JUDGES") == "1":
            pytest.fail("cargo is not on PATH, and DUNNAGE_REQUIRE_JUDGES=1 requires it")
        pytest.skip("cargo is not on PATH")
    for name in [name for name in os.environ if name.startswith("CARGO")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "home"))
    return Path(real)


def _once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Result]) -> Result:
    """What `make` returns for a new folder. The first process that asks calls it, for all that run the tests."""
    temporary = tmp_path_factory.getbasetemp()
    place = (temporary.parent if "PYTEST_XDIST_WORKER" in os.environ else temporary) / name
    result = place.with_suffix(".pickle")
    with FileLock(place.with_suffix(".lock")):
        if not result.exists():
            place.mkdir()
            result.write_bytes(pickle.dumps(make(place)))
        value: Result = pickle.loads(result.read_bytes())
        return value


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    """This checkout as a hook repository."""
    return _once(tmp_path_factory, "clients", commit_hooks)


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel."""
    return _once(tmp_path_factory, "dist", build)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built website."""
    return _once(tmp_path_factory, "site", _build_site)


def _build_site(folder: Path) -> Path:
    generator = Path(sys.prefix) / "judges" / "zensical"
    if not (generator / "zensical").is_dir():
        if sys.version_info < (3, 11):
            pytest.skip("Zensical requires Python 3.11")
        lacking("zensical")
    env = os.environ | {"PYTHONPATH": str(generator)}
    command = [sys.executable, str(CHECKOUT / "website" / "build.py"), str(folder)]
    result = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(params=["pre-commit", "prek"])
def client(request: pytest.FixtureRequest, hooks: Hooks) -> str:
    """Each of the programs that run hooks."""
    name = str(request.param)
    if not runs([name, "--version"], dict(hooks.env)):
        lacking(name)
    return name
