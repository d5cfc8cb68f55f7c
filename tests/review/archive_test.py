"""Archives as cargo packs them, and those that somebody tampered with."""

from __future__ import annotations

import gzip
import tarfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.review.archive import ArchiveError, read
from review.home import crate, tar

LONG = "src/" + "x" * 200 + ".rs"
GOOD = {"Cargo.toml": '[package]\nname = "a"\n', "src/lib.rs": "", LONG: "x" * 5000, "build.rs": "fn main() {}"}


def test_files_and_kept_contents() -> None:
    files = read(crate("a-1.0.0", GOOD), "a-1.0.0", ("Cargo.toml", "build.rs"))
    assert {path: file.size for path, file in files.items()} == {path: len(text) for path, text in GOOD.items()}
    assert [path for path, file in files.items() if file.data] == ["Cargo.toml", "build.rs"]
    assert files["Cargo.toml"].data == GOOD["Cargo.toml"].encode()


def test_folders_and_old_names() -> None:
    ustar = tar([("a/Cargo.toml", b"x")]).replace(b"ustar  \0", b"ustar\x0000")
    assert list(read(gzip.compress(ustar), "a", ())) == ["Cargo.toml"]
    assert read(gzip.compress(tar([("a/src", b"")], tarfile.DIRTYPE)), "a", ()) == {}


def _files(*names: str) -> bytes:
    return gzip.compress(tar([(name, b"x") for name in names]))


DAMAGED = {
    "is not a valid gzip stream": b"nothing",
    "ends in the middle of its gzip stream": crate("a", GOOD)[:-30],
    "ends in the middle of a file": gzip.compress(tar([("a/b", b"x" * 2000)])[:700]),
    "contains `a/../b`, which is not in its folder `a`": _files("a/../b"),
    "contains `/etc/passwd`, which is not in its folder `a`": _files("/etc/passwd"),
    "contains `b/c`, which is not in its folder `a`": _files("a/b", "b/c"),
    "contains `a/b\\c`, which is not in its folder `a`": _files("a/b\\c"),
    "contains `Cargo.toml` twice": _files("a/Cargo.toml", "a/Cargo.toml"),
    "contains `cargo.TOML` twice": _files("a/Cargo.toml", "a/cargo.TOML"),
    "contains `l`, which is a link or another special file": gzip.compress(tar([("a/l", b"/etc")], tarfile.SYMTYPE)),
    "contains `h`, which is a link or another special file": gzip.compress(tar([("a/h", b"a/b")], tarfile.LNKTYPE)),
    "contains `f`, which is a link or another special file": gzip.compress(tar([("a/f", b"")], tarfile.FIFOTYPE)),
    "contains a file without a size": gzip.compress(b"a/b".ljust(124, b"\0") + b"\x80".ljust(388, b"\1")),
    "contains a second gzip stream after the first": crate("a", GOOD) + b"more",
}


@pytest.mark.parametrize(("message", "data"), DAMAGED.items(), ids=list(DAMAGED))
def test_damaged(message: str, data: bytes) -> None:
    with pytest.raises(ArchiveError) as error:
        read(data, "a", ("Cargo.toml",))
    assert str(error.value) == message


def test_a_bomb() -> None:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = packer.compress(tar([("a/b", b"x")])[:512].replace(b"00000000001\0", b"07777777777\0", 1))
    zeros = bytes(2**20)
    bomb += b"".join(packer.compress(zeros) for _ in range(300)) + packer.flush()
    with pytest.raises(ArchiveError, match="unpacks to more than 256 MiB"):
        read(bomb, "a", ("b",))


@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.GNUTYPE_LONGNAME])
def test_more_entries_than_any_crate_has(kind: bytes) -> None:
    header = tar([("a/x", b"")], kind)[:512]
    with pytest.raises(ArchiveError, match="contains more than 100,000 entries"):
        read(gzip.compress(header * 100_001, 1), "a", ())


def test_more_files_than_any_crate_has() -> None:
    header = tar([("a/b", b"")])[:512]
    names = b"".join(b"a/%07d" % number + header[9:] for number in range(50_001))
    with pytest.raises(ArchiveError, match="contains more than 50,000 files"):
        read(gzip.compress(names, 1), "a", ())


@given(st.binary(max_size=2000), st.integers(0, 1500))
def test_any_bytes(noise: bytes, at: int) -> None:
    plain = tar([("a/Cargo.toml", b"x" * 600), ("a/build.rs", b"")])
    for data in (noise, gzip.compress(noise), gzip.compress(plain[:at] + noise + plain[at + len(noise) :])):
        try:
            read(data, "a", ("Cargo.toml",))
        except ArchiveError:
            continue
