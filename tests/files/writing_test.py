"""Writing files: where, all at once, and never over the changes of another program."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dunnage.files.source import SourceError
from dunnage.files.writing import ChangedError, replace, replace_all, writable

pytestmark = pytest.mark.usefixtures("folder")

posix = pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
not_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to root")


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600])
def test_replace_keeps_the_mode(folder: Path, mode: int) -> None:
    path = folder / "f\n\x1b[31m"
    path.write_bytes(b"before")
    path.chmod(mode)
    replace(str(path), b"before", b"after\r\n\xff", str(folder))
    assert path.read_bytes() == b"after\r\n\xff"
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert os.listdir(folder) == [path.name]


@posix
def test_replace_follows_a_link_inside(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "real").write_bytes(b"before")
    (folder / "link").symlink_to("sub/real")
    replace("link", b"before", b"after", str(folder))
    assert (folder / "link").is_symlink()
    assert (folder / "sub" / "real").read_bytes() == b"after"


def _link_outside(root: Path) -> str:
    (root / "name").symlink_to("../outside")
    return "name"


def _folder_link_outside(root: Path) -> str:
    (root / "sub").symlink_to("..")
    return "sub/outside"


def _link_into_git(root: Path) -> str:
    (root / ".git" / "hooks").mkdir(parents=True)
    (root / ".git" / "hooks" / "pre-commit").write_bytes(b"before")
    (root / "name").symlink_to(".git/hooks/pre-commit")
    return "name"


def _link_to_itself(root: Path) -> str:
    (root / "name").symlink_to("name")
    return "name"


def _missing(_root: Path) -> str:
    return "name"


@posix
@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(_link_outside, "is outside of", id="link"),
        pytest.param(_folder_link_outside, "is outside of", id="link-to-folder"),
        pytest.param(lambda _: "../outside", "is outside of", id="name"),
        pytest.param(str, "is outside of", id="root-itself"),
        pytest.param(_link_into_git, "is part of git's own data", id="git"),
        pytest.param(_link_to_itself, "is not a regular file", id="loop"),
        pytest.param(_missing, "is not a regular file", id="missing"),
    ],
)
def test_replace_refuses(
    folder: Path, make: Callable[[Path], str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder / "root"
    root.mkdir()
    (folder / "outside").write_bytes(b"before")
    monkeypatch.chdir(root)
    with pytest.raises(SourceError, match=message):
        replace(make(root), b"before", b"after", str(root))
    assert (folder / "outside").read_bytes() == b"before"


@not_root
@pytest.mark.parametrize(("file", "above"), [(0o444, 0o755), (0o644, 0o555)], ids=["file", "folder"])
def test_replace_refuses_what_is_read_only(folder: Path, file: int, above: int) -> None:
    path = folder / "sub" / "f"
    path.parent.mkdir()
    path.write_bytes(b"before")
    path.chmod(file)
    path.parent.chmod(above)
    with pytest.raises(SourceError, match="read-only"):
        replace(str(path), b"before", b"after", str(folder))
    path.parent.chmod(0o755)
    assert path.read_bytes() == b"before"
    assert os.listdir(path.parent) == ["f"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE to fail with an error")
def test_replace_that_fails_leaves_nothing_behind(folder: Path) -> None:
    import resource

    (folder / "f").write_bytes(b"before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(SourceError, match="cannot be written: File too large"):
            replace("f", b"before", b"x" * 100_000, str(folder))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(folder) == ["f"]
    assert (folder / "f").read_bytes() == b"before"


@posix
@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM"])
def test_a_signal_waits_until_the_file_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    number = getattr(signal, name)
    (folder / "f").write_bytes(b"before")
    call = os.replace
    found: list[tuple[list[str], bytes]] = []

    def signalled(*arguments: str) -> None:
        signal.raise_signal(number)
        call(*arguments)

    monkeypatch.setattr(os, "replace", signalled)
    handler = signal.signal(number, lambda *_: found.append((os.listdir(folder), (folder / "f").read_bytes())))
    try:
        replace("f", b"before", b"after", str(folder))
    finally:
        signal.signal(number, handler)
    assert found == [(["f"], b"after")]


@posix
def test_files_change_together_or_not_at_all(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).write_bytes(b"before")
    (folder / "link").symlink_to("a")
    change = (b"before", b"after")
    assert not replace_all({}, str(folder))
    assert list(replace_all({"a": change, "b": (b"", b"")}, str(folder))) == ["b"]
    assert list(replace_all({"a": change, "b": change, "link": change}, str(folder))) == ["link"]
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes() == b"before"
    assert not replace_all({"b": change, "link": change}, str(folder))
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes() == b"after"
    assert sorted(os.listdir(folder)) == ["a", "b", "link"]


def test_a_file_that_has_changed_is_left(folder: Path) -> None:
    (folder / "f").write_bytes(b"changed")
    with pytest.raises(ChangedError):
        replace("f", b"before", b"after", str(folder))
    assert os.listdir(folder) == ["f"]
    assert (folder / "f").read_bytes() == b"changed"


def test_a_lock_that_another_program_keeps_is_not_waited_for_without_end(folder: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    (folder / "f").write_bytes(b"before")
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        replace("f", b"before", b"after", str(folder))
    finally:
        os.close(descriptor)
    assert (folder / "f").read_bytes() == b"after"


def test_what_may_be_created(folder: Path) -> None:
    assert writable("new", str(folder), may_be_missing=True) == os.path.realpath("new")
    with pytest.raises(SourceError, match="is not a regular file"):
        writable("new", str(folder))
