"""Reading, positions and edits, on files that are out to do harm."""

from __future__ import annotations

import os
import socket
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError, Tree, display, each_in_use
from dunnage.files.span import Edit, Span, apply
from dunnage.files.writing import writable
from dunnage.frame.shared_rules import unread

pytestmark = pytest.mark.usefixtures("folder")


posix = pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
not_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden to root")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"", "", id="empty"),
        pytest.param(b"a\r\nb\n", "a\r\nb\n", id="line-endings-stay"),
        pytest.param(b"\xef\xbb\xbfa", "a", id="byte-order-mark"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa", id="only-the-first-mark"),
        pytest.param("é𝄞".encode(), "é𝄞", id="wide"),
    ],
)
def test_text(data: bytes, text: str) -> None:
    assert File("f", data).text == text


@pytest.mark.parametrize(
    ("data", "span"),
    [
        pytest.param(b"ab\xffc\xfe", Span(2, 3), id="first-of-two"),
        pytest.param(b"\xef\xbb\xbf\xe9t\xe9", Span(3, 4), id="latin-1-after-a-mark"),
        pytest.param(b"\xff\xfea\0", Span(0, 1), id="utf-16"),
        pytest.param(b"a\xed\xa0\x80", Span(1, 2), id="surrogate"),
        pytest.param(b"a\xe2\x82", Span(1, 2), id="cut-off"),
    ],
)
def test_text_that_is_not_utf_8(data: bytes, span: Span) -> None:
    with pytest.raises(SourceError, match="is not UTF-8: byte 0x") as caught:
        _ = File("f", data).text
    assert caught.value.span == span


@pytest.mark.parametrize(
    ("data", "offset", "position"),
    [
        pytest.param(b"", 0, (1, 1), id="empty"),
        pytest.param(b"ab\ncd", 4, (2, 2), id="lf"),
        pytest.param(b"ab\r\ncd", 5, (2, 2), id="crlf"),
        pytest.param(b"ab\r\ncd", 3, (1, 4), id="within-crlf"),
        pytest.param(b"ab\rcd", 4, (2, 2), id="lone-cr"),
        pytest.param(b"a\n\r\n\rb", 5, (4, 1), id="mixed"),
        pytest.param(b"a\x0b\x0c\x1c\x85b\n", 5, (1, 6), id="nothing-else-ends-a-line"),
        pytest.param("a\u2028b".encode(), 4, (1, 3), id="nor-does-a-line-separator"),
        pytest.param(b"a\n", 2, (2, 1), id="end-after-newline"),
        pytest.param(b"a", 1, (1, 2), id="end-without-newline"),
        pytest.param("é𝄞x".encode(), 6, (1, 3), id="characters-not-bytes"),
        pytest.param(b"\xef\xbb\xbfab", 4, (1, 2), id="mark-is-no-column"),
        pytest.param(b"\xef\xbb\xbfab", 0, (1, 1), id="before-the-mark"),
        pytest.param(b"\xef\xbb\xbfa\n\xef\xbb\xbfb", 8, (2, 2), id="mark-elsewhere-is-a-character"),
        pytest.param(b"\xff\xfe\xe2\x82x", 4, (1, 5), id="each-bad-byte-is-a-character"),
    ],
)
def test_position(data: bytes, offset: int, position: tuple[int, int]) -> None:
    assert File("f", data).position(offset) == position


@given(st.text(alphabet="a\r\né𝄞\ufeff"), st.data())
def test_position_does_not_depend_on_what_was_asked_before(text: str, draw: st.DataObject) -> None:
    ends = [len(text[:end].encode()) for end in range(len(text) + 1)]
    file = File("f", text.encode())
    for offset in draw.draw(st.lists(st.sampled_from(ends))):
        assert file.position(offset) == File("f", text.encode()).position(offset)


@given(st.binary())
def test_position_is_total_and_goes_forward(data: bytes) -> None:
    file = File("f", data)
    positions = [file.position(offset) for offset in range(len(data) + 1)]
    assert positions[0] == (1, 1)
    assert [line for line, _ in positions] == sorted(line for line, _ in positions)
    assert all(column >= 1 for _, column in positions)


def test_position_in_a_line_of_megabytes() -> None:
    file = File("f", "é".encode() * 4_000_000)
    assert [file.position(offset) for offset in range(0, 8_000_000, 400)][-1] == (1, 3_999_801)


def test_read(folder: Path) -> None:
    (folder / "f").write_bytes(b"\xffabc")
    tree = Tree()
    file = tree.read("f")
    (folder / "f").write_bytes(b"changed")
    assert (file.path, file.data) == ("f", b"\xffabc")
    assert tree.read(str(folder / "." / "f")) is file
    assert tree.files() == [file]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("none", id="no-file"),
        pytest.param("file/none", id="file-as-folder"),
        pytest.param("x" * 5000, id="name-too-long"),
        pytest.param("a\0b", id="nul"),
        pytest.param("\udfff\ud800", id="no-encoding"),
    ],
)
def test_read_what_is_not_there(folder: Path, path: str) -> None:
    (folder / "file").touch()
    tree = Tree()
    assert not tree.exists(path)
    assert tree.content(path) is None
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            tree.read(path)
    assert tree.files() == []


def _link(path: Path) -> None:
    path.symlink_to("no/such/target")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _link_to_fifo(path: Path) -> None:
    os.mkfifo(path.with_name("fifo"))
    path.symlink_to("fifo")


def _link_to_zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)


def _large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 40)


@posix
@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(Path.mkdir, "is a folder, not a regular file", id="folder"),
        pytest.param(os.mkfifo, "is a named pipe, not a regular file", id="fifo"),
        pytest.param(_link_to_fifo, "is a named pipe, not a regular file", id="link-to-fifo"),
        pytest.param(_link_to_zero, "is a device, not a regular file", id="link-to-device"),
        pytest.param(_socket, "is a socket, not a regular file", id="socket"),
        pytest.param(_link, "is a symbolic link to a file that does not exist", id="dangling-link"),
        pytest.param(_loop, "cannot be read: Too many levels of symbolic links", id="link-to-itself"),
        pytest.param(_large, "is larger than 16,777,216 bytes, the limit for files", id="terabyte"),
    ],
)
def test_read_what_is_no_file(folder: Path, make: Callable[[Path], None], message: str) -> None:
    make(folder / "it")
    tree = Tree()
    assert tree.exists("it")
    assert tree.content("it") is None
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            tree.read("it")
        assert (caught.value.message, caught.value.span) == (message, Span(0, 0))
    assert tree.position("it", 5) == (1, 1)


@not_root
def test_read_what_is_forbidden(folder: Path) -> None:
    (folder / "it").touch(0)
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        Tree().read("it")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_read_a_file_that_is_longer_than_it_says() -> None:
    assert os.stat("/proc/self/status").st_size == 0
    assert Tree().read("/proc/self/status").data.startswith(b"Name:")
    with pytest.raises(SourceError, match="is larger than 10 bytes"):
        Tree(10).read("/proc/self/status")


@pytest.mark.parametrize(("size", "fits"), [(9, True), (10, True), (11, False)])
def test_limit(folder: Path, size: int, fits: bool) -> None:
    (folder / "f").write_bytes(b"x" * size)
    if fits:
        assert Tree(10).read("f").data == b"x" * size
    else:
        with pytest.raises(SourceError, match="is larger than 10 bytes"):
            Tree(10).read("f")


def test_display(folder: Path) -> None:
    assert display("a/../b//c") == "b/c"
    assert display(os.path.join(folder, "b", "c")) == "b/c"
    assert display("../c") == str(folder.parent / "c").replace(os.sep, "/")
    assert display(f"{folder}-2/c") == f"{folder}-2/c".replace(os.sep, "/")


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        pytest.param([], b"0123456789", id="none"),
        pytest.param([(2, 4, "ab")], b"01ab456789", id="replace"),
        pytest.param([(2, 4, "")], b"01456789", id="delete"),
        pytest.param([(0, 0, "é"), (10, 10, "!")], "é0123456789!".encode(), id="insert-at-both-ends"),
        pytest.param([(4, 6, "b"), (2, 4, "a")], b"01ab6789", id="adjacent-in-any-order"),
        pytest.param([(2, 4, "a"), (2, 4, "a")], b"01a456789", id="equal-ones-count-once"),
        pytest.param([(5, 8, "b"), (5, 5, "a")], b"01234ab89", id="insert-before-replace"),
        pytest.param([(8, 8, "b"), (5, 8, "a")], b"01234ab89", id="insert-after-replace"),
    ],
)
def test_apply(edits: list[tuple[int, int, str]], after: bytes) -> None:
    assert apply(b"0123456789", [Edit("f", *edit) for edit in edits]) == after


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([(2, 4, "a"), (3, 5, "b")], id="overlap"),
        pytest.param([(2, 4, "a"), (2, 4, "b")], id="same-range"),
        pytest.param([(2, 6, "a"), (3, 3, "b")], id="insert-within"),
        pytest.param([(3, 3, "a"), (3, 3, "b")], id="insert-twice"),
        pytest.param([(9, 11, "a")], id="beyond-the-end"),
        pytest.param([(-1, 2, "a")], id="before-the-start"),
        pytest.param([(4, 2, "a")], id="backwards"),
    ],
)
def test_apply_refuses(edits: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # it has nothing more to say than that
        apply(b"0123456789", [Edit("f", *edit) for edit in edits])


# Few places, so that most edits are within bounds and several fit together.
@given(
    st.binary(max_size=6), st.lists(st.tuples(st.integers(-1, 7), st.integers(-1, 7), st.text(max_size=3)), max_size=4)
)
def test_apply_touches_only_the_bytes_it_names(data: bytes, edits: list[tuple[int, int, str]]) -> None:
    try:
        after = apply(data, [Edit("f", *edit) for edit in edits])
    except ValueError:
        return
    # What is before an edit has been put back when its turn comes, so it starts where it did.
    for start, end, text in sorted(set(edits)):
        after = after[:start] + data[start:end] + after[start + len(text.encode()) :]
    assert after == data


def test_links_out_of_the_repository(folder: Path) -> None:
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside/file").write_bytes(b"secret")
    (folder / "real").mkdir()
    (folder / "real/file").write_bytes(b"own")
    (folder / "inside").symlink_to("real/file")
    (folder / "linked").symlink_to("real")
    (folder / "out").symlink_to("../outside/file")
    (folder / "real/out").symlink_to("../../outside")
    (folder / "through").symlink_to("real/out/file")
    paths = ["out", "real/out/file", "linked/out/file", "through", str(folder / "out")]
    assert [Tree().read(path).data for path in paths] == [b"secret"] * 5  # in no repository
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").touch()
    for path in paths:
        with pytest.raises(SourceError, match=r"^is a symbolic link that leads out of the repository$"):
            Tree().read(path)
    for path in ("inside", "linked/file", "real/file"):
        assert Tree().read(path).data == b"own"
    assert Tree().read("../outside/file").data == b"secret"  # the user names it


def test_links_out_of_another_repository(folder: Path) -> None:
    (folder / "named/.git").mkdir(parents=True)
    (folder / "named/.git/HEAD").touch()
    (folder / "named/own").write_bytes(b"own")
    (folder / "named/inside").symlink_to("own")
    (folder / "other/.git").mkdir(parents=True)
    (folder / "other/.git/HEAD").touch()
    (folder / "other/file").write_bytes(b"secret")
    (folder / "named/out").symlink_to("../other/file")
    (folder / "named/top").symlink_to("../other")
    (folder / "link").symlink_to("named")
    for path in ("named/out", "named/top/file", "link/out", str(folder / "link/top/file")):
        with pytest.raises(SourceError, match=r"^is a symbolic link that leads out of the repository$"):
            Tree().read(path)
        with pytest.raises(SourceError, match=r"^is a symbolic link that leads out of the repository, so it"):
            writable(path, str(folder))
    for path in ("named/inside", "link/inside", "link/own"):
        assert Tree().read(path).data == b"own"


def test_links_multiply_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.files.source.MOST_LINKED_BYTES", 30)
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").touch()
    (folder / "real").mkdir()
    (folder / "real/file").write_bytes(b"0123456789")
    names = [f"link{number}" for number in range(5)]
    for name in names:
        (folder / name).symlink_to("real")
    tree = Tree()
    for view in (tree.view(), tree.view()):
        assert [view.content(f"{name}/file") is not None for name in names] == [True, True, True, False, False]
        assert view.content("real/file") == b"0123456789"
        found = list(unread(view, ["real/file"], []))
        assert [(finding.rule.id, finding.path) for finding in found] == [
            ("input/too-large", "link3/file"),
            ("input/too-large", "link4/file"),
        ]
    assert len({id(tree.content(path)) for path in ("real/file", "link0/file", "link4/file")}) == 1
    (folder / "real/file").write_bytes(b"9876543210")
    view = tree.without(["real/file"]).view()
    assert [view.content(f"{name}/file") for name in names] == [b"9876543210"] * 3 + [None] * 2


class _Words(list[str]):
    """What a file is parsed into."""


def _words(file: File) -> _Words:
    return _Words(file.text.split())


@pytest.mark.parametrize("bound", ["_MOST_OBJECTS", "_MOST_PARSED_BYTES"])
def test_what_a_file_is_parsed_into_is_released(monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(f"dunnage.files.source.{bound}", -1)
    for name in ("a", "b", "c"):
        Path(name).write_text(f"of {name}")
    tree = Tree()
    first = weakref.ref(tree.read("a").memo(_words))
    assert first() is not None
    view = tree.view()
    for file in each_in_use(view.read(name) for name in ("b", "c")):
        second = weakref.ref(file.memo(_words))
        assert tree.read("a").memo(_words) == ["of", "a"]
        assert second() is not None
    assert first() is None
    tree.read("a").memo(_text_length)
    assert second() is None


def _text_length(file: File) -> int:
    return len(file.text)
