"""Where a report goes."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest

from dunnage.frame.output.delivery import OutputError, deliver, format_of, write
from dunnage.frame.output.text import render
from frame.output.reports import FINDINGS, SUPPRESSED, report, write_files


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    write_files(folder)


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("utf-8", "é𝄞".encode()), ("latin-1", b"\xe9\\U0001d11e"), ("ascii", b"\\xe9\\U0001d11e")],
)
def test_write(encoding: str, written: bytes) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    write("é𝄞", stream)
    assert stream.buffer.getvalue() == written


def test_write_to_nowhere() -> None:
    write("x", None)


@pytest.mark.parametrize(
    ("file", "named", "format_name"),
    [
        pytest.param("a.json", "auto", "json", id="json"),
        pytest.param("a/b.sarif", "auto", "sarif", id="sarif"),
        pytest.param("a.SARIF.json", "auto", "sarif", id="sarif-json"),
        pytest.param("a.txt", "auto", "text", id="text"),
        pytest.param("a.json", "github", "github", id="named"),
        pytest.param("a", "sarif", "sarif", id="named-without-ending"),
    ],
)
def test_format_of(file: str, named: str, format_name: str) -> None:
    assert format_of(file, named) == format_name


@pytest.mark.parametrize("file", ["a", "json", "a.sarif.gz", "a.json/"])
def test_no_format(file: str) -> None:
    with pytest.raises(OutputError, match=r"use one of \.json, \.sarif, \.sarif\.json, \.txt, or add"):
        format_of(file, "auto")


def test_formats_agree() -> None:
    """The same findings in the same order."""
    shown = {}
    for name in ("text", "json", "sarif", "github"):
        stream = io.StringIO()
        deliver(report(list(reversed(FINDINGS)), [SUPPRESSED], ["f"]), name, stream)
        shown[name] = stream.getvalue()
    expected = [(finding.rule.id, finding.message, finding.path) for finding in FINDINGS]
    assert shown["text"] == "".join(render(report(fixed=["f"])))
    assert [
        (finding["rule"], finding["message"], finding["path"]) for finding in json.loads(shown["json"])["findings"]
    ] == expected
    results = json.loads(shown["sarif"])["runs"][0]["results"]
    assert [
        (
            result["ruleId"],
            result["message"]["text"].split("\n")[0],
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        )
        for result in results
    ] == [*expected, (SUPPRESSED.rule.id, SUPPRESSED.message, SUPPRESSED.path)]
    commands = shown["github"].splitlines()
    assert commands[0] == "fixed f"
    assert len(commands) == 1 + len(expected)
    for command, (rule, message, path) in zip(commands[1:], expected, strict=True):
        assert f" file={path}," in command
        assert f",title={rule} (check-demo)::{message}" in command


def test_a_file_beside_the_stream(folder: Path) -> None:
    (folder / "report").write_bytes(b"before")
    stream = io.StringIO()
    deliver(report(), "text", stream, "report", "json")
    assert stream.getvalue() == "".join(render(report()))
    assert len(json.loads((folder / "report").read_bytes())["findings"]) == len(FINDINGS)
    assert sorted(os.listdir(folder)) == ["a.toml", "report"]


@pytest.mark.skipif(os.name == "nt", reason="needs permission bits")
def test_mode_of_the_file(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        deliver(report(), "text", None, "report", "text")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "report").stat().st_mode) == 0o640


def test_a_file_without_a_stream(folder: Path) -> None:
    deliver(report(()), "text", None, str(folder / "report"), "text")
    assert (folder / "report").read_bytes() == b""


@pytest.mark.skipif(os.name == "nt", reason="needs links and FIFOs")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("none/report", "No such file or directory", id="no-folder"),
        pytest.param("folder", "it exists and is not a regular file", id="folder"),
        pytest.param("link", "it exists and is not a regular file", id="link"),
        pytest.param("fifo", "it exists and is not a regular file", id="fifo"),
        pytest.param("a\0b", "embedded null byte", id="null"),
        pytest.param("x" * 300, "File name too long", id="long"),
    ],
)
def test_a_file_that_cannot_be_written(folder: Path, name: str, reason: str) -> None:
    (folder / "folder").mkdir()
    (folder / "target").write_bytes(b"target")
    (folder / "link").symlink_to("target")
    os.mkfifo(folder / "fifo")
    before = sorted(os.listdir(folder))
    stream = io.StringIO()
    with pytest.raises(OutputError, match=f"cannot be written: {reason}"):
        deliver(report(), "text", stream, name, "json")
    assert stream.getvalue() == "".join(render(report()))
    assert (folder / "target").read_bytes() == b"target"
    assert sorted(os.listdir(folder)) == before


def test_a_file_in_a_folder_outside_of_the_repository(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link of the repository does not choose where the file is written. The user may choose such a folder."""
    outside = tmp_path_factory.mktemp("outside")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "reports").symlink_to(outside)
    with pytest.raises(OutputError, match="cannot be written: a symbolic link leads out of the repository"):
        deliver(report(), "text", None, str(folder / "reports" / "report.json"), "json")
    assert not os.listdir(outside)
    deliver(report(), "text", None, str(outside / "report.json"), "json")
    assert os.listdir(outside) == ["report.json"]


@pytest.mark.skipif(os.name == "nt", reason="needs pipes that break")
def test_a_reader_that_stops_early(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stream:
        deliver(report(), "text", stream, "report", "text")
    assert (folder / "report").read_text() == "".join(render(report()))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_stream_that_cannot_be_written(folder: Path) -> None:
    with (
        open("/dev/full", "w", encoding="utf-8") as stream,
        pytest.raises(OutputError, match=r"^the report cannot be written: No space left on device$"),
    ):
        deliver(report(), "text", stream, "report", "text")
    assert (folder / "report").read_text() == "".join(render(report()))


def test_a_file_that_gets_too_long(folder: Path) -> None:
    """The file that was there stays, and nothing else is left."""
    resource = pytest.importorskip("resource")
    (folder / "report").write_text("earlier")
    names = sorted(os.listdir(folder))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, most))
    try:
        with pytest.raises(OutputError, match="--output-file report cannot be written: File too large"):
            deliver(report(), "text", None, "report", "text")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert (folder / "report").read_text() == "earlier"
    assert sorted(os.listdir(folder)) == names
