"""TOML: what is read, what is refused and where, and where keys, values and comments are."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files import toml
from dunnage.files.source import File
from dunnage.files.span import Span

MANIFEST = b"""\
cargo-features = ["edition2024"] # first
[package]
name = "a" # it's "a" # really
[dependencies]
serde = { version = "1", features = ["derive", "rc"] }
tokio.version = "1"
tokio.features = []
"quoted.\\u006bey" = '#'
[dependencies.rand]
version = "0.8"
[[bin]]
name = "one"
[[bin]]
name = "two"
[bin.metadata]
x = 1
[target.'cfg(unix)'.dependencies]
libc = { git = "x", nested = [[1, 2], { deep = 3 }] }
"""

# What only TOML 1.1 has, which tomli and Cargo read and tree-sitter-toml does not.
NEWER = b"""\
a = {
    b = 1, # one # two
    "c\\e" = "\\x41#", # three
    d = [
        1, # four
    ],
    e = { f = 1, },
}
g = 2 # five
"""


@pytest.mark.parametrize(
    ("keys", "value"),
    [((), {"a": {"b": [1]}}), (("a", "b"), [1]), (("a", "c"), None), (("a", "b", 0), None), (("b", "a"), None)],
)
def test_lookup(keys: tuple[str | int, ...], value: Any) -> None:
    assert toml.lookup({"a": {"b": [1]}}, keys) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(b"a = 1", {"a": 1}, id="no-newline"),
        pytest.param(b"\xef\xbb\xbfa = 1\n", {"a": 1}, id="byte-order-mark"),
        pytest.param(b"a = 1\r\n[b]\r\n", {"a": 1, "b": {}}, id="crlf"),
        pytest.param(NEWER, {"a": {"b": 1, "c\x1b": "A#", "d": [1], "e": {"f": 1}}, "g": 2}, id="newer"),
        pytest.param(b"a." * 49 + b"a = '" + b"a." * 60 + b"'", None, id="long-key-that-is-read"),
        pytest.param(b"# " + b"a." * 100 + b"\nb = '" + b"..." * 100 + b"'", None, id="dots-that-are-no-key"),
    ],
)
def test_parse(data: bytes, value: dict[str, Any] | None) -> None:
    file = File("f.toml", data)
    assert toml.parse(file) is toml.parse(file)
    assert value is None or toml.parse(file) == value


@pytest.mark.parametrize(
    ("data", "message", "span"),
    [
        pytest.param(b"a = \n", "is not valid TOML: Invalid value", Span(4, 5), id="no-value"),
        pytest.param(b"a = 1\r\n\r\nb\r\n", "is not valid TOML: Expected '=' after a key", Span(10, 11), id="crlf"),
        pytest.param(b"\xef\xbb\xbfa = x\n", "is not valid TOML: Invalid value", Span(7, 8), id="byte-order-mark"),
        pytest.param("é = 1".encode(), "is not valid TOML: Invalid statement", Span(0, 2), id="wide"),
        pytest.param("a = 1\n'é' = é".encode(), "is not valid TOML: Invalid value", Span(13, 15), id="after-wide"),
        pytest.param(b'a = "', "is not valid TOML: Unterminated string", Span(5, 5), id="end-of-file"),
        pytest.param(b"a = 1\rb = 2", "is not valid TOML: Expected newline", Span(5, 6), id="lone-cr"),
        pytest.param(b"\0", "is not valid TOML: Invalid statement", Span(0, 1), id="nul"),
        pytest.param(b"a = 1\n\xff", "is not UTF-8: byte 0xff", Span(6, 7), id="not-utf-8"),
        pytest.param(b"a = " + b"9" * 5000, "has an integer with too many digits", Span(4, 5004), id="integer"),
        pytest.param(b"#" * 2_100_000, "is larger than 2,097,152 bytes", Span(0, 0), id="megabytes"),
    ],
)
def test_parse_refuses(data: bytes, message: str, span: Span) -> None:
    file = File("f.toml", data)
    for _ in range(2):
        with pytest.raises(toml.TomlError) as caught:
            toml.parse(file)
        assert caught.value.message.startswith(message)
        assert caught.value.span == span
    assert toml.locate(file, ("a",)) == toml.locate_value(file, ("a",)) == Span(0, 0)
    assert list(toml.comments(file)) == []


@pytest.mark.parametrize(
    ("data", "key"),
    [
        pytest.param("a = 1\n→a← = 2\n", "a", id="key"),
        pytest.param("a.b = 1\n →a.b.c← = 2 # x\n", "a.b.c", id="key-below-a-value"),
        pytest.param("[a]\n[b]\n[→a←] # x\n", "a", id="table"),
        pytest.param("[a]\nb = 1\n[ →a.b← ]", "a.b", id="value-and-table"),
        pytest.param("[[a]]\n[→a←]\n", "a", id="array-and-table"),
        pytest.param("a = [1]\n[[→a←]]\n", "a", id="array-and-tables"),
        pytest.param("x = 1\na = '''\n=\n'''\n→a← = '''\n=\n'''\n", "a", id="strings-of-several-lines"),
        pytest.param("a = 1\r\n→a← = [\r\n  {},\r\n  1, # [\r\n]\r\n", "a", id="array-of-several-lines"),
        pytest.param("x = { a = 1, b = [1, 2], →a← = 3 }", "a", id="inline-table"),
        pytest.param("x = {\n a = 1, # ,\n →a← = '}'\n}", "a", id="inline-table-of-several-lines"),
        pytest.param("x = [{ a = 1 }, { a = 1, →a← = { c = 1 } }]", "a", id="inline-table-in-an-array"),
        pytest.param('x = "é"\n"a b" = 1\n→\'a b\'← = 2', "'a b'", id="quoted"),
        pytest.param('[[package]]\nname = "a"\n[[package]]\nname = "b"\n→name← = "c"\n', "name", id="lock"),
    ],
)
def test_a_key_that_is_defined_twice(data: str, key: str) -> None:
    before, rest = data.split("→")
    twice, after = rest.split("←")
    start = len(before.encode())
    with pytest.raises(toml.TomlError) as caught:
        toml.parse(File("f.toml", f"{before}{twice}{after}".encode()))
    assert caught.value.message == f"is not valid TOML: `{key}` is defined twice"
    assert caught.value.span == Span(start, start + len(twice.encode()))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"[" * 100_000, "is not valid TOML", id="headers"),
        pytest.param(b"a = " + b"[" * 1_000_000, "nested too deeply", id="arrays"),
        pytest.param(b"a = " + b"[" * 100_000 + b"]" * 100_000, "nested too deeply", id="closed-arrays"),
        pytest.param(b"a = " + b"{a = " * 100_000, "nested too deeply", id="tables"),
        pytest.param(b"a = " + b"{'[' = " * 100_000, "nested too deeply", id="tables-and-brackets-in-strings"),
        pytest.param(b"a = " + b"{a = " * 100_000 + b"1" + b"}" * 100_000, "nested too deeply", id="closed-tables"),
        pytest.param(b"a" + b".a" * 100_000 + b" = 1", "key of more than 50 parts", id="dotted-key"),
        pytest.param(b"a" + b" . 'a'" * 100_000 + b" = 1", "key of more than 50 parts", id="quoted-dotted-key"),
        pytest.param(b"[a" + b".a" * 100_000 + b"]", "key of more than 50 parts", id="dotted-header"),
        pytest.param(b"[[a" + b".a" * 100_000 + b"]]", "key of more than 50 parts", id="dotted-array-header"),
        pytest.param(b"a = {b = 1, c" + b".a" * 100_000 + b" = 1}", "key of more than 50 parts", id="inline-key"),
        pytest.param(b"a = '''" + b"''\\\n" * 400_000, "is not valid TOML", id="open-string"),
        pytest.param(b'a = """' + b'""\\\n' * 400_000, "is not valid TOML", id="open-string-with-escapes"),
    ],
)
def test_hostile_files_are_rejected(data: bytes, message: str) -> None:
    file = File("f.toml", data)
    with pytest.raises(toml.TomlError, match=message):
        toml.parse(file)
    assert file.position(toml.locate(file, ("a",)).start) == (1, 1)


@pytest.mark.untraced
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a = [" + b"1," * 400_000 + b"]", id="long-array"),
        pytest.param(b"\n".join(b"a%d={\n b=1,\n}" % i for i in range(30_000)), id="newer-tables"),
        pytest.param(b"\n".join(b"a%d=%b%b" % (i, b"[" * 390, b"]" * 390) for i in range(500)), id="deep-arrays"),
        pytest.param((b".".join([b"a"] * 49) + b"={") * 300 + b"}" * 300, id="fifteen-thousand-tables-deep"),
        pytest.param(b'a = """' + b'"" ' * 200_000 + b'"""', id="quotes-in-a-string"),
        pytest.param(b"a = {" + b" " * 500_000 + b"}", id="spaces"),
        pytest.param(
            b"[a" + b".a" * 49 + b"]\n" + b"".join(b"a." * 49 + b"k%d=1\n" % i for i in range(2000)), id="keys"
        ),
    ],
)
def test_strange_files_are_read(data: bytes) -> None:
    file = File("f.toml", data)
    toml.parse(file)
    toml.locate(file, ("a", 5))
    assert list(toml.comments(file)) == []


def _locate(data: bytes, keys: tuple[toml.Key, ...]) -> tuple[str, str]:
    file = File("f.toml", data)
    return data[slice(*toml.locate(file, keys))].decode(), data[slice(*toml.locate_value(file, keys))].decode()


@pytest.mark.parametrize("change", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no-mark", "mark"])
@pytest.mark.parametrize(
    ("keys", "key", "value"),
    [
        pytest.param(("package",), "package", '[package]\nname = "a" # it\'s "a" # really', id="table"),
        pytest.param(("package", "name"), "name", '"a"', id="key"),
        pytest.param(("cargo-features", 0), '"edition2024"', '"edition2024"', id="element"),
        pytest.param(("dependencies", "serde", "version"), "version", '"1"', id="inline-table"),
        pytest.param(("dependencies", "serde", "features", 1), '"rc"', '"rc"', id="element-in-inline-table"),
        pytest.param(("dependencies", "tokio"), "tokio", 'tokio.version = "1"', id="dotted-table"),
        pytest.param(("dependencies", "tokio", "features"), "features", "[]", id="dotted-key"),
        pytest.param(("dependencies", "quoted.key"), '"quoted.\\u006bey"', "'#'", id="quoted"),
        pytest.param(("dependencies", "rand"), "rand", '[dependencies.rand]\nversion = "0.8"', id="dotted-header"),
        pytest.param(("dependencies", "rand", "version"), "version", '"0.8"', id="key-in-dotted-header"),
        pytest.param(("bin", 0), "bin", '[[bin]]\nname = "one"', id="array-of-tables"),
        pytest.param(("bin", 1, "name"), "name", '"two"', id="key-in-array-of-tables"),
        pytest.param(("bin", 1, "metadata", "x"), "x", "1", id="table-in-array-of-tables"),
        pytest.param(("target", "cfg(unix)"), "'cfg(unix)'", None, id="implied-table"),
        pytest.param(
            ("target", "cfg(unix)", "dependencies", "libc", "nested", 1, "deep"), "deep", "3", id="deeply-nested"
        ),
        pytest.param(("package", "version"), "package", None, id="missing-key-is-its-table"),
        pytest.param(("bin", 7, "name"), "bin", None, id="missing-element-is-its-array"),
        pytest.param(("package", "name", "x", 3), "name", '"a"', id="missing-below-a-value"),
        pytest.param(("package", 0), "package", None, id="index-into-a-table"),
        pytest.param(("nothing", "here"), "", "", id="nothing"),
        pytest.param((), "", "", id="no-keys"),
    ],
)
def test_locate(keys: tuple[toml.Key, ...], key: str, value: str | None, mark: bytes, change: bytes) -> None:
    found = _locate(mark + MANIFEST.replace(b"\n", change), keys)
    assert found[0] == key
    assert value is None or found[1].replace("\r\n", "\n") == value


def test_locate_the_right_one_of_equal_names() -> None:
    file = File("f.toml", MANIFEST)
    assert file.position(toml.locate(file, ("bin",)).start) == (11, 3)
    assert file.position(toml.locate(file, ("bin", 0)).start) == (11, 3)
    assert file.position(toml.locate(file, ("bin", 1)).start) == (13, 3)
    assert file.position(toml.locate(file, ("package", "name")).start) == (3, 1)


@pytest.mark.parametrize(
    ("keys", "key", "value"),
    [
        pytest.param(("a", "b"), "b", "1", id="inline-table-on-several-lines"),
        pytest.param(("a", "c\x1b"), '"c\\e"', '"\\x41#"', id="escapes"),
        pytest.param(("a", "d", 0), "1", "1", id="array-within"),
        pytest.param(("a", "e", "f"), "f", "1", id="last-comma"),
        pytest.param(("g",), "g", "2", id="after"),
    ],
)
def test_locate_in_newer_toml(keys: tuple[toml.Key, ...], key: str, value: str) -> None:
    assert _locate(NEWER, keys) == (key, value)
    assert _locate(NEWER.replace(b"\n", b"\r\n"), keys) == (key, value)


@pytest.mark.parametrize(
    ("data", "comments"),
    [
        pytest.param(b"", [], id="none"),
        pytest.param(b"#", [""], id="empty"),
        pytest.param(b"\xef\xbb\xbf# a\r\n#b \r\n", [" a", "b "], id="crlf"),
        pytest.param(MANIFEST, [" first", ' it\'s "a" # really'], id="not-in-strings"),
        pytest.param(b"a = '''\n# b\n''''' # c", [" c"], id="not-in-long-literals"),
        pytest.param(b'a = """\n# b\\""" # b\n""""" # c', [" c"], id="not-in-long-strings"),
        pytest.param(b'"#" = "\\"#" # c', [" c"], id="not-in-keys"),
        pytest.param(b"a = [ # b\n1, # c\n] # d", [" b", " c", " d"], id="in-arrays"),
        pytest.param(NEWER, [" one # two", " three", " four", " five"], id="newer"),
        pytest.param("# é\na = 'é' # 𝄞".encode(), [" é", " 𝄞"], id="wide"),
    ],
)
def test_comments(data: bytes, comments: list[str]) -> None:
    found = list(toml.comments(File("f.toml", data)))
    assert [text for _, text in found] == comments
    assert [data[slice(*span)].decode() for span, _ in found] == [f"#{text}" for text in comments]


@given(st.binary() | st.text().map(str.encode) | st.text(alphabet="ab.='\"[]{},#\\\n\r 1\ufeff").map(str.encode))
def test_arbitrary_bytes_raise_only_what_is_documented(data: bytes) -> None:
    file = File("f.toml", data)
    spans: list[Span] = []
    keys: list[str] = []
    try:
        keys += toml.parse(file)
    except toml.TomlError as error:
        spans.append(error.span)
    for path in [(), ("a",), ("a", 0), ("a", "b"), *((key,) for key in keys)]:
        spans += [toml.locate(file, path), toml.locate_value(file, path)]
    assert all(0 <= start <= end <= len(data) for start, end in spans)
    assert all(data[slice(*span)].decode() == f"#{text}" for span, text in toml.comments(file))


KEYS = st.text(alphabet="ab-_1. #'\"\\é{[,\n", max_size=4)
SCALARS = st.integers(-5, 5).map(str) | st.sampled_from(["'#['", '"\\"]#"', "true", "1979-05-27", '"""\n#"\n"""'])


def _quoted(key: str) -> str:
    bare = key and key.isascii() and key.replace("-", "a").replace("_", "a").isalnum()
    escapes = {"\n": "\\n", '"': '\\"', "\\": "\\\\"}
    return key if bare else '"' + "".join(escapes.get(character, character) for character in key) + '"'


def _inline(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arrays = st.lists(parts).map(lambda values: "[" + ",\n".join(values) + " # ]\n]")
    pairs = st.dictionaries(KEYS, parts, max_size=3).map(
        lambda pairs: [f"{_quoted(key)} = {value}" for key, value in pairs.items()]
    )
    return (
        arrays | pairs.map(lambda p: "{" + ", ".join(p) + "}") | pairs.map(lambda p: "{\n" + ", # }\n".join(p) + "\n}")
    )


VALUES = st.recursive(SCALARS, _inline, max_leaves=6)
HEADERS = st.lists(KEYS, min_size=1, max_size=3).map(lambda keys: " . ".join(map(_quoted, keys)))
LINES = st.one_of(
    st.tuples(HEADERS, VALUES).map(" = ".join),
    HEADERS.map("[{}]".format),
    HEADERS.map("[[{}]]".format),
    st.just("# ["),
)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_every_path_is_found(text: str) -> None:
    file = File("f.toml", text.encode())
    try:
        left: list[tuple[tuple[toml.Key, ...], Any]] = [((), toml.parse(file))]
    except toml.TomlError:
        return
    while left:
        keys, value = left.pop()
        if isinstance(value, dict):
            left += [((*keys, key), child) for key, child in value.items()]
        elif isinstance(value, list):
            left += [((*keys, index), child) for index, child in enumerate(value)]
        if keys and isinstance(keys[-1], str):
            found = file.data[slice(*toml.locate(file, keys))].decode()
            assert toml.parse(File("key", f"{found} = 0".encode())) == {keys[-1]: 0}
        if keys and not isinstance(value, (dict, list)):
            found = file.data[slice(*toml.locate_value(file, keys))].decode()
            assert toml.parse(File("value", f"x = {found}".encode())) == {"x": value}


def test_a_place_is_found_without_the_resources_of_packages() -> None:
    program = "import sys\nfrom dunnage.files import toml\nfrom dunnage.files.source import File\n"
    program += "print(toml.locate(File('a', b'x = 1'), ('x',)).end, 'importlib.resources' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"1 False\n"
