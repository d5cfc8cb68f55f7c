"""The files of wit-deps: which it accepts, what they say, and the digests it writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files import toml
from dunnage.files.document import Document, Refused
from dunnage.files.source import File
from dunnage.wit import wit_deps
from dunnage.wit.wit_deps import (
    BRANCH,
    COMMIT,
    HEAD,
    LATEST_RELEASE,
    OTHER,
    RELEASE_ASSET,
    SHORT_COMMIT,
    TAG,
    WitDepsEntry,
    classify,
    digests,
    is_hexadecimal,
    is_wit,
    read_lock,
    read_manifest,
    same_path,
    same_url,
)

SHA256 = "a" * 64
SHA512 = "b" * 128
DIGESTS = f'sha256 = "{SHA256}", sha512 = "{SHA512}"'


def _document(text: str) -> Document:
    file = File("deps", text.encode())
    return Document(file, toml.parse(file))


def _entry(
    url: str | None = None,
    path: str | None = None,
    sha256: str | None = None,
    sha512: str | None = None,
    prefix: str = "",
    deps: tuple[str, ...] = (),
    subdir: str = "wit",
) -> WitDepsEntry:
    return WitDepsEntry("a", url, path, sha256, sha512, prefix, subdir, deps, ("a",))


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        pytest.param('a = "https://h/x"', _entry("https://h/x"), id="url"),
        pytest.param('a = " HTTP:h/x"', _entry(" HTTP:h/x"), id="url-spelled-oddly"),
        pytest.param('a = "../wit"', _entry(path="../wit"), id="path"),
        pytest.param('a = "/wit"', _entry(path="/wit"), id="absolute-path"),
        pytest.param('a = "c:wit"', _entry(path="c:wit"), id="path-with-colon"),
        pytest.param('a = { url = "https://h/x" }', _entry("https://h/x"), id="url-in-table"),
        pytest.param('a = { path = "../wit" }', _entry(path="../wit"), id="path-in-table"),
        pytest.param('[a]\nurl = "https://h/x"\nprefix = "p"', _entry("https://h/x", prefix="p"), id="prefix"),
        pytest.param('a = { url = "https://h/x", subdir = "s" }', _entry("https://h/x", subdir="s"), id="subdir"),
        pytest.param(
            f'a = {{ url = "https://h/x", {DIGESTS} }}', _entry("https://h/x", None, SHA256, SHA512), id="digests"
        ),
        pytest.param(
            f'a = {{ url = "https://h/x", sha256 = "{"A" * 64}" }}',
            _entry("https://h/x", None, "A" * 64),
            id="digest-in-capitals",
        ),
    ],
)
def test_manifest(text: str, entry: WitDepsEntry) -> None:
    assert read_manifest(_document(text)) == (entry,)


def test_empty_files() -> None:
    assert read_manifest(_document("")) == read_lock(_document("# nothing")) == ()


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        pytest.param("a = 3", ("a",), "`a` is neither a string nor a table", id="number"),
        pytest.param("a = {}", ("a",), "`a` has neither `url` nor `path`", id="empty-table"),
        pytest.param('a = { prefix = "p" }', ("a",), "`a` has neither `url` nor `path`", id="no-source"),
        pytest.param("a = { path = 3 }", ("a", "path"), "`path` of `a` is not a string", id="path-is-number"),
        pytest.param(
            'a = { path = "p", url = "https://h" }', ("a", "path"), "`a` has both `url` and `path`", id="two-sources"
        ),
        pytest.param(
            'a = { path = "p", version = "1" }',
            ("a", "version"),
            "unknown field `version`, expected one of `path`, `sha256`, `sha512`, `url`, `prefix`",
            id="unknown-field",
        ),
        pytest.param(
            f'a = {{ path = "p", sha256 = "{SHA256}" }}',
            ("a", "sha256"),
            "`sha256` is not supported in combination with `path`",
            id="path-with-digest",
        ),
        pytest.param(
            'a = { path = "p", prefix = "" }',
            ("a", "prefix"),
            "`prefix` is not supported in combination with `path`",
            id="path-with-prefix",
        ),
        pytest.param(
            f'a = {{ url = "https://h", sha512 = "{SHA256}" }}',
            ("a", "sha512"),
            "`sha512` is not 128 hexadecimal digits",
            id="short-digest",
        ),
        pytest.param(
            'a = { url = "https://h", prefix = "p", subdir = "s" }',
            ("a", "subdir"),
            "`subdir` and `prefix` are fields of different versions of wit-deps",
            id="subdir-with-prefix",
        ),
        pytest.param('a = { url = "../wit" }', ("a", "url"), "`../wit` is not a URL", id="path-as-url"),
        pytest.param('a = "git://h/x"', ("a",), "unsupported URL scheme `git`", id="scheme"),
        pytest.param('a = "C:/wit"', ("a",), "unsupported URL scheme `c`", id="drive"),
        pytest.param(
            'a = { url = "file:///x" }', ("a", "url"), "the `file` scheme is not supported for `url`", id="file"
        ),
        pytest.param('"../a" = "wit"', ("../a",), "`../a` cannot be the name of a folder in `deps`", id="name"),
    ],
)
def test_refused_manifest(text: str, keys: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        read_manifest(_document(text))
    assert (refused.value.keys, refused.value.args) == (keys, (message,))
    assert refused.value.help


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        pytest.param(f"a = {{ {DIGESTS} }}", _entry(None, None, SHA256, SHA512), id="transitive"),
        pytest.param(
            f'[a]\nurl = "https://h"\nprefix = "p"\ndeps = ["b", "c"]\nsha256 = "{SHA256}"',
            _entry("https://h", None, SHA256, None, "p", ("b", "c")),
            id="url",
        ),
        pytest.param(f'a = {{ path = "../wit", {DIGESTS} }}', _entry(None, "../wit", SHA256, SHA512), id="path"),
        pytest.param('a = { sha256 = "x", sha512 = "" }', _entry(None, None, "x", ""), id="malformed-digests"),
        pytest.param("a = {}", _entry(), id="no-digests"),
        pytest.param('a = { url = "h", path = "p", more = 1 }', _entry(None, "p"), id="no-url"),
        pytest.param('a = { url = "https://h", path = "p" }', _entry("https://h"), id="both"),
        pytest.param('a = { url = "https://h", prefix = 3 }', _entry(), id="prefix-is-number"),
        pytest.param("a = { url = 3, path = 3 }", _entry(), id="sources-are-numbers"),
    ],
)
def test_lock(text: str, entry: WitDepsEntry) -> None:
    assert read_lock(_document(text)) == (entry,)


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        pytest.param('a = "https://h"', ("a",), "`a` is not a table", id="string"),
        pytest.param("version = 1", ("version",), "`version` is not a table", id="version"),
        pytest.param("a = { sha256 = 3 }", ("a", "sha256"), "`sha256` of `a` is not a string", id="digest"),
        pytest.param('a = { deps = "b" }', ("a", "deps"), "`deps` of `a` is not a list of names", id="deps"),
        pytest.param("a = { deps = [1] }", ("a", "deps"), "`deps` of `a` is not a list of names", id="dep"),
        pytest.param('"a/.." = {}', ("a/..",), "`a/..` cannot be the name of a folder in `deps`", id="name"),
    ],
)
def test_refused_lock(text: str, keys: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        read_lock(_document(text))
    assert (refused.value.keys, refused.value.args) == (keys, (message,))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("https://h/x", "https://h/x", True),
        ("https://h/x", "HTTPS://H:443/x", True),
        ("https://h", "https://h/", True),
        ("https://h/a/../x", " https://h/./x", True),
        ("https://h/x/..", "https://h/", True),
        ("https://h/x", "https://h/X", False),
        ("https://h/x", "http://h/x", False),
        ("https://h/x", "https://h/x/", False),
        ("https://h/x", "https://h/x?y", False),
        ("https://h/x", "https://u@h/x", False),
        ("https://h:80/x", "https://h/x", False),
        ("no", "https://no", False),
    ],
)
def test_same_url(first: str, second: str, same: bool) -> None:
    assert same_url(first, second) is same_url(second, first) is same


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("a/b", "a//b/", True),
        ("a/b", "a/./b", True),
        ("./a", ".//a", True),
        ("./a", "a", False),
        ("/a", "a", False),
        ("a/../b", "b", False),
    ],
)
def test_same_path(first: str, second: str, same: bool) -> None:
    assert same_path(first, second) is same_path(second, first) is same


@pytest.mark.parametrize("name", ["a.wit", "A.WIT", "a.b.wit", " .wit", "..wit"])
def test_is_wit(name: str) -> None:
    assert is_wit(name)


@pytest.mark.parametrize("name", ["wit", ".wit", "a.wit~", "a.wasm", "a.wit.md", ""])
def test_is_not_wit(name: str) -> None:
    assert not is_wit(name)


A = {"a.wit": b"package a:b;\n"}


@pytest.mark.parametrize(
    ("files", "executable", "sha256", "sha512"),
    [
        pytest.param({}, (), "5f70bf18a086007016e948b04aed3b82", "8efb4f73c5655351c444eb109230c556", id="no-files"),
        pytest.param(A, (), "d6e41185834a4208a1cde1255905d970", "2eaedd7f18f468144e3686d806aa2d57", id="one"),
        pytest.param(
            A, ["a.wit"], "e80db031805c4e8adb4368b25edecb96", "3c93702ff9501f4b95cf0c89f36214fe", id="executable"
        ),
        pytest.param(
            {"z.wit": b"", **A, "B.WIT": b"interface i {}\r\n"},
            (),
            "4ccaf6468d18479a68c62f7e45194353",
            "9cc02e365ca11286687f5225f5db0189",
            id="three",
        ),
        pytest.param(
            {f"{'y' * 120}.wit": b"x"},
            (),
            "60dffacab38a79991dff98037b57119b",
            "2818556fb42adcac13288a498577d035",
            id="name-too-long-for-a-header",
        ),
    ],
)
def test_digests(files: dict[str, bytes], executable: list[str], sha256: str, sha512: str) -> None:
    """These, of which the first half is here, are what wit-deps 0.6 wrote for such folders."""
    found = digests(files, executable)
    assert (found.sha256[:32], found.sha512[:32]) == (sha256, sha512)
    assert (len(found.sha256), len(found.sha512)) == (64, 128)


@given(st.text())
def test_any_text_is_hexadecimal_or_not(text: str) -> None:
    assert is_hexadecimal(text, len(text)) is (set(text) <= set("0123456789abcdefABCDEF"))


@given(st.text(), st.text())
def test_any_text_is_compared(first: str, second: str) -> None:
    for same in (same_url, same_path):
        assert same(first, first)
        assert same(first, second) is same(second, first)


_VALUES = st.recursive(
    st.one_of(st.sampled_from(["", "../wit", "https://h", SHA256, SHA512]), st.integers(), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from([*wit_deps.WitDepsEntry._fields]), inner, max_size=3),
    ),
)


@given(st.dictionaries(st.sampled_from(["a", "", "..", "a/b", "a\\b"]), _VALUES, max_size=3))
def test_whatever_is_in_a_file_is_read_or_refused(data: dict[str, object]) -> None:
    read = Document(File("deps", b""), data)
    for reader in (read_manifest, read_lock):
        try:
            names = {entry.name for entry in reader(read)}
        except Refused as refused:
            names = {str(refused.keys[0])}
        assert names <= data.keys()


# What the URL of an archive names


C = "0123456789abcdef0123456789abcdef01234567"
R = "https://github.com/WebAssembly/wasi-io"


@pytest.mark.parametrize(
    ("url", "kind", "ref"),
    [
        # GitHub
        (f"{R}/archive/{C}.tar.gz", COMMIT, C),
        (f"{R}/archive/{C.upper()}.zip", COMMIT, C.upper()),
        (f"{R}/archive/{C}{C[:24]}.tar.gz", COMMIT, f"{C}{C[:24]}"),
        (f"{R}/archive/{C}", COMMIT, C),
        (f"{R}/archive/{C[:7]}.tar.gz", SHORT_COMMIT, C[:7]),
        (f"{R}/archive/deadbeef.tar.gz", BRANCH, "deadbeef"),
        (f"{R}/archive/main.tar.gz", BRANCH, "main"),
        (f"{R}/archive/refs/heads/main.tar.gz", BRANCH, "main"),
        (f"{R}/archive/refs/heads/v1.2.3.tar.gz", BRANCH, "v1.2.3"),
        (f"{R}/archive/refs/heads/{C}.tar.gz", BRANCH, C),
        (f"{R}/archive/refs/tags/main.tar.gz", TAG, "main"),
        (f"{R}/archive/refs/tags/v0.2.0.tar.gz", TAG, "v0.2.0"),
        (f"{R}/archive/v0.2.0.tar.gz", TAG, "v0.2.0"),
        (f"{R}/archive/v0.2.0-rc-2023-11-10.tar.gz", TAG, "v0.2.0-rc-2023-11-10"),
        (f"{R}/archive/wit/v0.2.0.tar.gz", TAG, "wit/v0.2.0"),
        (f"{R}/archive/wit-0.2.tar.gz", TAG, "wit-0.2"),
        (f"{R}/archive/v2.tar.gz", BRANCH, "v2"),
        (f"{R}/archive/feature/new.tar.gz", BRANCH, "feature/new"),
        (f"{R}/archive/HEAD.tar.gz", HEAD, "HEAD"),
        (f"{R}/tarball/main", BRANCH, "main"),
        (f"{R}/tarball", HEAD, ""),
        (f"{R}/raw/{C}/wit.tar.gz", COMMIT, C),
        (f"{R}/raw/refs/heads/main/wit.tar.gz", BRANCH, "main"),
        (f"{R}/releases/download/v0.2.0/wit.tar.gz", RELEASE_ASSET, "v0.2.0"),
        (f"{R}/releases/latest/download/wit.tar.gz", LATEST_RELEASE, ""),
        (f"{R}/blob/main/wit.tar.gz", OTHER, ""),
        (f"https://codeload.github.com/o/r/tar.gz/{C}", COMMIT, C),
        ("https://codeload.github.com/o/r/legacy.zip/refs/tags/x", TAG, "x"),
        (f"https://raw.githubusercontent.com/o/r/{C}/a/b.tar.gz", COMMIT, C),
        ("https://raw.githubusercontent.com/o/r/refs/heads/main/b.tar.gz", BRANCH, "main"),
        ("https://raw.githubusercontent.com/o/r/main/archive/b.tar.gz", BRANCH, "main"),
        ("https://raw.githubusercontent.com/o/r/main", OTHER, ""),
        ("https://api.github.com/repos/o/r/tarball", HEAD, ""),
        (f"https://api.github.com/repos/o/r/tarball/{C}", COMMIT, C),
        ("https://ghe.example/api/v3/repos/o/r/zipball/main", BRANCH, "main"),
        # GitLab
        (f"https://gitlab.com/g/s/p/-/archive/{C}/p-{C}.tar.gz", COMMIT, C),
        ("https://gitlab.com/g/p/-/archive/main/p-main.tar.gz", BRANCH, "main"),
        ("https://gitlab.com/g/p/-/archive/feature/new/p-feature-new.tar.gz", BRANCH, "feature/new"),
        ("https://gitlab.com/g/p/-/archive/v1.0.0.tar.gz", TAG, "v1.0.0"),
        ("https://gitlab.com/g/p/-/raw/main/wit.tar.gz", BRANCH, "main"),
        ("https://gitlab.com/g/p/-/releases/v1.0/downloads/wit.tar.gz", RELEASE_ASSET, "v1.0"),
        ("https://gitlab.com/g/p/-/releases/permalink/latest/downloads/wit.tar.gz", LATEST_RELEASE, ""),
        ("https://gitlab.com/g/p/-/jobs/1/artifacts/download", OTHER, ""),
        (f"https://gitlab.com/api/v4/projects/g%2Fp/repository/archive.tar.gz?path=wit&sha={C}", COMMIT, C),
        ("https://gitlab.com/api/v4/projects/1/repository/archive.tar.gz", HEAD, ""),
        ("https://gitlab.com/api/v4/projects/1/packages/generic/wit/1.0/wit.tar.gz", OTHER, ""),
        # Gitea and Forgejo
        (f"https://codeberg.org/o/r/archive/{C}.tar.gz", COMMIT, C),
        ("https://codeberg.org/o/r/raw/branch/main/wit.tar.gz", BRANCH, "main"),
        ("https://codeberg.org/o/r/raw/tag/nightly/wit.tar.gz", TAG, "nightly"),
        (f"https://codeberg.org/o/r/raw/commit/{C}/wit.tar.gz", COMMIT, C),
        ("https://codeberg.org/api/v1/repos/o/r/archive/main.tar.gz", BRANCH, "main"),
        # Bitbucket, SourceHut
        ("https://bitbucket.org/o/r/get/main.tar.gz", BRANCH, "main"),
        ("https://git.sr.ht/~o/r/archive/v1.0.0.tar.gz", TAG, "v1.0.0"),
        # How a URL may be written
        (f"HTTPS://user@GitHub.com:443//o/r/archive/{C}.tar.gz?x=1#y", COMMIT, C),
        ("https://github.com/o/r/archive/refs%2Fheads%2Fmain.tar.gz", BRANCH, "main"),
        ("https://raw.githubusercontent.com:443/o/r/main/b.tar.gz", BRANCH, "main"),
        # What nothing is known about
        ("https://example.com/wit.tar.gz", OTHER, ""),
        ("https://example.com", OTHER, ""),
        ("ftp://github.com/o/r/archive/main.tar.gz", OTHER, ""),
        ("../wit", OTHER, ""),
        ("", OTHER, ""),
    ],
)
def test_classify(url: str, kind: str, ref: str) -> None:
    assert classify(url) == (kind, ref)


_PARTS = st.sampled_from(
    ["https://", "o", "/", "-", "archive", "raw", "refs", "heads", "api", "v4", "repos", "%2F", "?", "sha=", "."]
)
_KINDS = {*wit_deps.MOVING, wit_deps.COMMIT}


@given(
    st.one_of(
        st.text(), st.lists(_PARTS).map("".join), st.lists(_PARTS).map(lambda parts: "https://h/" + "/".join(parts))
    )
)
def test_any_text_is_classified(url: str) -> None:
    assert classify(url)[0] in _KINDS
