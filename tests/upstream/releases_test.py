"""What an archive says about its release, and archives that say nothing."""

from __future__ import annotations

import json

import pytest

from dunnage.upstream import releases
from dunnage.upstream.releases import Published
from dunnage.upstream.source import Release, SourceFailed
from review.home import crate
from upstream.world import lock

RELEASE = Release("1.0.0", "", is_yanked=False, published="2024-01-01T00:00:00Z")


def read(**files: str) -> Published:
    """Read an archive with these files."""
    names = {"manifest": "Cargo.toml", "lock": "Cargo.lock", "vcs": ".cargo_vcs_info.json"}
    return releases.read_archive("a", RELEASE, crate("a-1.0.0", {names[name]: text for name, text in files.items()}))


def test_all() -> None:
    found = read(
        manifest='[package]\nrepository = "https://github.com/a/b"\n',
        lock=lock(b="1.0.0"),
        vcs=json.dumps({"git": {"sha1": "1" * 40}, "path_in_vcs": ""}),
    )
    assert found.lock is not None
    assert [str(package) for package in found.lock.packages] == ["b 1.0.0"]
    assert found[1:] == ("https://github.com/a/b", "1" * 40)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"manifest": "[package", "lock": "[[package", "vcs": "{"},
        {"manifest": "package = 1", "lock": "version = 9", "vcs": "[]"},
        {"manifest": "[package]\nrepository = 5", "lock": "", "vcs": '{"git": {"sha1": 5}}'},
        {"vcs": '{"git": {"sha1": "--upload-pack=x"}}'},
        {"vcs": "[" * 100_000},
    ],
)
def test_nothing(files: dict[str, str]) -> None:
    assert read(**files) == Published(None, "", "")


@pytest.mark.parametrize("data", [b"", b"text", crate("other-1.0.0", {"Cargo.toml": ""})])
def test_no_archive(data: bytes) -> None:
    with pytest.raises(SourceFailed, match=r"the archive of a 1\.0\.0 "):
        releases.read_archive("a", RELEASE, data)


def of(*versions: str, yanked: str = "") -> list[Release]:
    """Releases."""
    return [Release(version, "", is_yanked=version == yanked, published="") for version in versions]


@pytest.mark.parametrize(
    ("found", "newest"),
    [
        (of("1.2.0", "1.10.0", "1.9.0"), "1.10.0"),
        (of("1.0.0", "2.0.0-rc.1"), "1.0.0"),
        (of("1.0.0", "2.0.0", yanked="2.0.0"), "1.0.0"),
        (of("1.0.0-alpha", "1.0.0-beta"), "1.0.0-beta"),
    ],
)
def test_the_newest(found: list[Release], newest: str) -> None:
    release = releases.newest(found)
    assert release is not None
    assert release.version == newest


def test_there_is_no_newest_of_none() -> None:
    assert releases.newest([]) is None


def test_a_version_without_its_build_metadata() -> None:
    found = releases.find(of("1.0.0+wasi", "1.1.0"), "1.0.0")
    assert found is not None
    assert found.version == "1.0.0+wasi"


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v1.2.3", "1.2.3"),
        ("1.2.3", "1.2.3"),
        ("tool-v1.2.3", "1.2.3"),
        ("tool-1.2.3-rc.1", "1.2.3-rc.1"),
        ("other-1.2.3", ""),
        ("dev", ""),
        ("v1", ""),
    ],
)
def test_tags(tag: str, version: str) -> None:
    assert releases.tag_version("tool", tag) == version


@pytest.mark.parametrize(
    ("earlier", "later", "days"),
    [
        ("2024-01-01T23:00:00Z", "2024-01-03", 2),
        ("2024-02-30", "2024-03-01", None),
        ("", "2024-03-01", None),
        ("soon", "2024-03-01", None),
    ],
)
def test_days(earlier: str, later: str, days: int | None) -> None:
    assert releases.days(earlier, later) == days
