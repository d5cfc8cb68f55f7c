"""YAML: what scalars say and where, mappings and sequences, anchors; judged by PyYAML where both read the same."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.scripts import yaml
from dunnage.scripts.yaml import Node
from dunnage.shell.model import Values


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with both of PyYAML's parsers."""
    if request.param == "python":
        monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    elif not pyyaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")


def read(text: str | bytes) -> File:
    return File("x.yml", text.encode() if isinstance(text, str) else text)


def top(text: str | bytes) -> Node:
    return yaml.documents(read(text))[0]


def plain(node: Node) -> Any:
    """The document as Python's own values, all scalars as text."""
    if node.kind == "mapping":
        return [(plain(key), plain(value)) for key, value in node.pairs()]
    if node.kind == "sequence":
        return [plain(element) for element in node.elements()]
    return node.text if node.kind == "scalar" else None


def composed(node: Any) -> Any:
    """The same of what PyYAML reads."""
    if isinstance(node, pyyaml.MappingNode):
        return [(composed(key), composed(value)) for key, value in node.value]
    if isinstance(node, pyyaml.SequenceNode):
        return [composed(element) for element in node.value]
    return node.value


def listed(value: Any) -> Any:
    """What `plain` gives for a document that says `value`."""
    if isinstance(value, dict):
        return [(key, listed(value[key])) for key in sorted(value)]
    return [listed(element) for element in value] if isinstance(value, list) else value


LOADER = pyyaml.CSafeLoader if pyyaml.__with_libyaml__ else pyyaml.SafeLoader


def assert_same_as_pyyaml(text: str) -> None:
    file = read(text)
    try:
        expected = [composed(node) for node in pyyaml.compose_all(text, LOADER)]
    except pyyaml.YAMLError:
        expected = []
    assert [plain(node) for node in yaml.documents(file)] == expected
    for document in yaml.documents(file):
        assert_literal(file, document)


def assert_literal(file: File, node: Node) -> None:
    for key, value in node.pairs():
        assert_literal(file, key)
        assert_literal(file, value)
    for element in node.elements():
        assert_literal(file, element)
    text = node.text.encode()
    done = 0
    for in_text, in_file, length in node.offsets:
        assert in_text >= done
        assert text[in_text : in_text + length] == file.data[in_file : in_file + length]
        assert node.span.start <= in_file
        done = in_text + length
    assert done <= len(text)
    # What the syntax made instead of copying it: line breaks, blanks for them, escapes, and doubled quotes.
    if node.style != "double" and not set("\x85\u2028\u2029") & set(node.text):
        assert not set(made_of(text, node.offsets)) - set(b"\n '")


def made_of(text: bytes, offsets: tuple[tuple[int, int, int], ...]) -> bytes:
    made = b""
    done = 0
    for in_text, _, length in (*offsets, (len(text), 0, 0)):
        made += text[done:in_text]
        done = in_text + length
    return made


SCALARS = [
    pytest.param("a: b", id="plain"),
    pytest.param("a: b # c", id="comment"),
    pytest.param("a: b#c", id="no-comment"),
    pytest.param("a:\n  b: >2\n    \t", id="folded-of-a-tab"),
    pytest.param("a:\n  b: >2\n    \t\n     \n    \t\n", id="folded-of-blanks"),
    pytest.param("a: b\n  c\n\n  d\n", id="plain-of-several-lines"),
    pytest.param("a: b  \n  c # d\n", id="plain-with-blanks-at-the-end"),
    pytest.param("a: 'b''c'", id="single"),
    pytest.param("a: ' b\n  c\n\n\n  d '", id="single-of-several-lines"),
    pytest.param("a: ''", id="single-empty"),
    pytest.param("a: ' \n  '", id="single-of-a-line-break"),
    pytest.param('a: "b\\n\\t\\"\\\\\\/\\x41\\u00e9\\U0001F600\\0\\a\\b\\v\\f\\r\\e\\ \\N\\_\\L\\P"', id="escapes"),
    pytest.param('a: "b\\\n   c"', id="escaped-line-break"),
    pytest.param('a: "b \\\n   \\  c"', id="escaped-line-break-and-blank"),
    pytest.param('a: "b\\t \n  c"', id="escaped-tab-at-the-end"),
    pytest.param('a: "b\n\n\n  c \n d "', id="double-of-several-lines"),
    pytest.param('a: "b\\\n\n  c"', id="escaped-line-break-before-blank-line"),
    pytest.param("a: |\n  b\n  c\n", id="literal"),
    pytest.param("a: |\n  b\n  c", id="literal-without-last-newline"),
    pytest.param("a: |-\n  b\n\n\nc: d", id="literal-stripped"),
    pytest.param("a: |+\n  b\n\n\nc: d", id="literal-kept"),
    pytest.param("a: |+\n  b\n\n\n", id="literal-kept-at-the-end"),
    pytest.param("a: |+\n\n\nc: d", id="literal-kept-empty"),
    pytest.param("a: |\nc: d", id="literal-empty"),
    pytest.param("a: |\n\n  b\n   c\n\n  d\n", id="literal-with-blank-lines"),
    pytest.param("a: |2\n    b\n   c\n", id="literal-with-indicator"),
    pytest.param("a: |-1\n  b\n", id="literal-with-both-indicators"),
    pytest.param("a:\n  - |1-\n    b\n", id="literal-with-indicator-in-a-sequence"),
    pytest.param("- - |1\n    b\n", id="literal-with-indicator-in-nested-sequences"),
    pytest.param("a:\n- |2\n    b\n", id="literal-with-indicator-in-a-sequence-as-deep-as-its-key"),
    pytest.param("a: | # c\n  b # d\n", id="comment-behind-the-indicator"),
    pytest.param("a: |\n  b\n# c\nd: e\n", id="comment-behind-the-text"),
    pytest.param("a: |\n  b\n  \n     \n", id="lines-of-blanks"),
    pytest.param("a: |\n  b\n  \tc\n", id="literal-with-tab"),
    pytest.param("a: >\n  b\n  c\n\n  d\n", id="folded"),
    pytest.param("a: >\n  b\n    c\n    d\n  e\n  f\n", id="folded-with-more-indented-lines"),
    pytest.param("a: >\n  b\n\n    c\n\n\n  d\n", id="folded-with-blank-lines-around-more-indented-ones"),
    pytest.param("a: >\n\n  b\n", id="folded-with-blank-line-first"),
    pytest.param("a: >-\n  b\n  \tc\n  d\n\n\n", id="folded-with-tab"),
    pytest.param("a: >+\n  b\n\n", id="folded-kept"),
    pytest.param("--- |\n b\n", id="literal-document"),
    pytest.param("--- >2\n   b\n", id="folded-document-with-indicator"),
    pytest.param("ä: |\n  ö\n  ü\nß: 'é''è'", id="not-ascii-at-all"),
    pytest.param('a:\r\n  b: |\r\n    c\r\n\r\n    d\r\n  e: f\r\n   g\r\n  h: "i\\\r\n    j"\r\n', id="crlf"),
    pytest.param("a: >\r\n  b\r\n  c\r\n\r\n  d\r\n", id="crlf-folded"),
    pytest.param("\ufeffa: |\n  b\n", id="byte-order-mark"),
    pytest.param("a: b\n---\nc: d\n...\n---\n- e\n", id="documents"),
    pytest.param("%YAML 1.2\n---\na: b\n", id="directive"),
    pytest.param("{a: b, 'c': [d, e: f, {g}], h: , i}", id="flow"),
    pytest.param("a: [\n  b, # c\n  d\n  ]\n", id="flow-of-several-lines"),
    pytest.param("a:\n  b: [\nc,\n'd' ]\n  e: {\n f: g\n}\n", id="flow-that-is-not-indented"),
    pytest.param("? a\n: b\n? c\n", id="question-marks"),
    pytest.param("a:\n- b\n-\n- c: d\n  e:\n", id="empty-values"),
    pytest.param("a: !!str b\nc: !d [e]\n", id="tags"),
    pytest.param("", id="empty"),
    pytest.param("# a\n", id="only-a-comment"),
    pytest.param("a:  &b c\nd: *b\n", id="alias"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", SCALARS)
def test_same_as_pyyaml(text: str) -> None:
    assert_same_as_pyyaml(text)


_LINE = st.text(alphabet="ab é\t#:-", max_size=6)


@given(
    st.lists(_LINE, max_size=6),
    st.sampled_from(["|", ">"]),
    st.sampled_from(["", "-", "+", "2", "2-", "+2"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_block_scalars_are_as_pyyaml_reads_them(
    lines: list[str], style: str, indicators: str, newline: str, ends: bool
) -> None:
    body = newline.join(f"    {line}" if line else "" for line in lines)
    text = f"a:\n  b: {style}{indicators}{newline}{body}{newline if ends else ''}"
    assert_same_as_pyyaml(text)


@given(st.text(alphabet="ab'\" \n\\txé#:", max_size=20), st.sampled_from("'\""))
def test_quoted_scalars_are_as_pyyaml_reads_them(inside: str, quote: str) -> None:
    indented = inside.replace("\n", "\n  ")
    text = f"a: {quote}{indented}{quote}\n"
    assert_same_as_pyyaml(text)


_VALUES = st.recursive(
    st.text(alphabet="ab1 é'\"\\:#-\n\t|>", max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="kx ", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    _VALUES,
    st.sampled_from([None, "|", ">", "'", '"']),
    st.sampled_from([True, False, None]),
    st.integers(2, 5),
    st.integers(10, 60),
)
def test_what_pyyaml_writes_is_read(value: Any, style: Any, flow: Any, indent: int, width: int) -> None:
    text = pyyaml.safe_dump(
        {"top": value}, default_style=style, default_flow_style=flow, indent=indent, width=width, allow_unicode=True
    )
    # PyYAML does not always read what it wrote: where it folds a quoted text, a space may come to stand twice.
    assert plain(top(text)) == [("top", listed(pyyaml.safe_load(text)["top"]))]


@given(st.binary(max_size=60) | st.text(alphabet="a:- \n[]{}&*!|>'\"%?#,\t", max_size=60).map(str.encode))
def test_nothing_raises(data: bytes) -> None:
    file = read(data)
    try:
        waiting = yaml.documents(file)[:]
    except SourceError:
        return
    for _ in range(1000):  # an alias may lead round in a circle
        if not waiting:
            break
        node = waiting.pop()
        assert data[node.span.start : node.span.end] is not None
        _ = node.text, node.offsets, yaml.value(node), yaml.cautious_value(node), node.get("a"), list(node.items())
        waiting += node.elements()
        waiting += [part for pair in node.pairs() for part in pair]


def refusal(data: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        yaml.documents(read(data))
    return caught.value.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"a" * (yaml.MAX_BYTES + 1), "is larger than 1,048,576 bytes", id="bytes"),
        pytest.param(b"- " * 500_000, "is nested deeper than 100 levels", id="items"),
        pytest.param(b"? " * 500_000, "is nested deeper than 100 levels", id="keys"),
        pytest.param(b"\r" + b"- " * 254, "is nested deeper than 100 levels", id="items-after-a-carriage-return"),
        pytest.param(b"\xef\xbb\xbf" + b"- " * 254, "is nested deeper than 100 levels", id="items-after-a-mark"),
        pytest.param(b"[" * 1_000_000, "is nested deeper than 100 levels", id="brackets"),
        pytest.param(b"- a\n- " + b"[" * 1001, "is nested deeper than 100 levels", id="brackets-in-an-item"),
        pytest.param(b"{a: " * 250_000, "is nested deeper than 100 levels", id="braces"),
        pytest.param(
            b"".join(b" " * depth + b"a:\n" for depth in range(101)), "is nested deeper than 100 levels", id="mappings"
        ),
        pytest.param(b"-\n" * 300_000, "has more than 200,000 values", id="values"),
        pytest.param(b"[" + b"a," * 300_000 + b"]", "has more than 200,000 values", id="values-on-one-line"),
        pytest.param(b"a: &a b\nc: [" + b"*a," * 250_000, "has more than 200,000", id="aliases"),
        pytest.param(b"a: \xff", "is not UTF-8: byte 0xff", id="not-utf-8"),
        pytest.param("\ufeffa: b".encode("utf-16-le"), "is not UTF-8: byte 0xff", id="utf-16"),
        pytest.param(
            b"a: &a {" + b",".join(b"k%d: v" % number for number in range(1000)) + b"}\n"
            b"b:\n" + b"".join(b"- <<: *a\n" for _ in range(101)),
            "merges more than 100,000 keys",
            id="merge-keys",
        ),
        pytest.param(
            b"a: &a {" + b",".join(b"k%d: v" % number for number in range(1000)) + b"}\n"
            b"b: {<<: [" + b"*a," * 101 + b"]}\n",
            "merges more than 100,000 keys",
            id="one-merge-key",
        ),
    ],
)
def test_what_is_over_a_bound_is_an_error(data: bytes, message: str) -> None:
    assert refusal(data).startswith(message)


def test_what_is_just_within_the_bounds_is_read() -> None:
    assert top(b"[" * yaml.MAX_DEPTH + b"]" * yaml.MAX_DEPTH).kind == "sequence"
    assert len(top(b"-\n" * (yaml.MAX_NODES - 1)).elements()) == yaml.MAX_NODES - 1


@pytest.mark.usefixtures("parser")
def test_an_error_has_a_place() -> None:
    with pytest.raises(SourceError) as caught:
        yaml.documents(read("é: " + "[" * 101))
    assert caught.value.span == Span(103, 103)
    with pytest.raises(SourceError) as caught:
        yaml.documents(read(b"a: \xff"))
    assert caught.value.span == Span(3, 4)


_PIECES = (
    b"[",
    b"{a: ",
    b"- ",
    b"? ",
    b": ",
    b"&a - ",
    b"!t - ",
    b"- *a\n",
    b"'",
    b'"\\',
    b"|\n",
    b">\n",
    b"\t",
    b"\r",
    b"\0",
)
_BREAKS = ("\x85".encode(), "\u2028".encode(), "\u2029".encode(), b"a\xe2\x80\xa8- b", b"\xef\xbb\xbf")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("piece", [*_PIECES, *_BREAKS])
@pytest.mark.parametrize("before", [b"", b"{}", b"[]", b'""', b"--- {}\n", b"\r", b"\xef\xbb\xbf", b"a: 'x"])
def test_hostile_files_give_values_or_an_error(before: bytes, piece: bytes) -> None:
    file = read(before + piece * 254)
    try:
        found = yaml.documents(file)
    except SourceError:
        return
    for node in found[:10]:
        assert_literal(file, node)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a: b: c\n", id="colons"),
        pytest.param(b"a: b\n c\n d: e\n", id="key-in-a-scalar"),
        pytest.param(b"a:\n\tb: c\n", id="tab"),
        pytest.param(b"{{#if x}}\na: b\n{{/if}}\n", id="template"),
        pytest.param(b"a: [b\nc: d\n", id="bracket-that-is-not-closed"),
        pytest.param(b'a: b\nc:\n  "d\ne: f\n', id="quote-that-is-not-closed"),
        pytest.param(b"a: b\n---\nc: {\n", id="second-document"),
        pytest.param(b"a: !b!c d\n", id="tag-without-a-prefix"),
        pytest.param(b"a: b\0\n", id="nul"),
        pytest.param(b"a: \x1b[0m\n", id="control-character"),
        pytest.param(b'a: "\\ud800"\n', id="surrogate"),
        pytest.param(b'a: "\\U00110000"\n', id="no-character"),
        pytest.param(b"a: !%ff b\n", id="tag-that-is-not-utf-8"),
    ],
)
def test_what_is_not_yaml_is_passed_over(data: bytes) -> None:
    assert yaml.documents(read(data)) == []


@pytest.mark.usefixtures("parser")
def test_keys() -> None:
    node = top("a: {b: {c: d}}\na: e\n'f': g\n[h]: i\n")
    assert node.get("nothing") is None
    found = node.get("a")
    assert found is not None
    assert found.text == "e"
    assert [(key, value.text) for key, value in node.items()] == [("a", "e"), ("f", "g")]
    inner = top("a: {b: {c: d}}").path("a", "b", "c")
    assert inner is not None
    assert inner.text == "d"
    assert top("a: b").path("a", "b") is None
    assert top("[a]").get("a") is None


@pytest.mark.usefixtures("parser")
def test_merge_keys() -> None:
    node = top(
        "x: &x {a: 1, b: 2}\ny: &y\n  <<: *x\n  b: 3\n  c: 4\nz:\n  <<: [*y, {a: 5, d: 6}]\n  c: 7\nw:\n  '<<': *x\n"
    )
    merged = node.get("z")
    assert merged is not None
    assert {key: value.text for key, value in merged.items()} == {"a": "1", "b": "3", "c": "7", "d": "6"}
    for key, text in {"a": "1", "b": "3", "c": "7", "d": "6"}.items():
        value = merged.get(key)
        assert value is not None
        assert value.text == text
    quoted = node.get("w")
    assert quoted is not None
    assert quoted.get("a") is None


@pytest.mark.usefixtures("parser")
def test_aliases_stand_where_they_are_defined() -> None:
    text = "a: &x |\n  b\nc: *x\nd: *nothing\ne: &e [*e]\nf: &x g\nh: *x\n"
    node = top(text)
    first, alias, unknown, circle, again = (dict(node.items())[key] for key in "acdeh")
    assert again.text == "g"
    assert alias.span == first.span
    assert alias.text == "b\n"
    assert unknown.kind == "unknown"
    assert circle.elements()[0].span == circle.span


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "value", "cautious"),
    [
        pytest.param("1.2.3", ("1.2.3",), ("1.2.3",), id="version"),
        pytest.param("1.20", ("1.2",), ("1.2",), id="number-that-looks-like-a-version"),
        pytest.param("'1.20'", ("1.20",), ("1.20",), id="quoted"),
        pytest.param("!!str 1.20", ("1.20",), ("1.20",), id="tagged"),
        pytest.param("!env X", None, None, id="other-tag"),
        pytest.param("12", ("12",), ("12",), id="integer"),
        pytest.param("010", ("10",), None, id="leading-zero"),
        pytest.param("0x1F", ("31",), None, id="hexadecimal"),
        pytest.param("0o17", ("15",), None, id="octal"),
        pytest.param("1e3", ("1000",), None, id="exponent"),
        pytest.param("-0", ("0",), None, id="minus-nothing"),
        pytest.param("1_000", ("1_000",), None, id="underscore"),
        pytest.param("1:30", ("1:30",), None, id="sexagesimal"),
        pytest.param("2024-01-01", ("2024-01-01",), None, id="date"),
        pytest.param("True", ("true",), ("true",), id="truth"),
        pytest.param("yes", ("yes",), None, id="old-truth"),
        pytest.param("~", ("",), ("",), id="null"),
        pytest.param("", ("",), ("",), id="nothing"),
        pytest.param("--locked", ("--locked",), ("--locked",), id="flag"),
        pytest.param("[a]", None, None, id="no-scalar"),
        pytest.param("1" * 5000, ("1" * 5000,), None, id="long-number"),
    ],
)
def test_values(text: str, value: Values, cautious: Values) -> None:
    node = top(f"a: {text}").get("a")
    assert yaml.value(node) == value
    assert yaml.cautious_value(node) == cautious


def test_no_node_has_no_value() -> None:
    assert yaml.value(None) is None


@pytest.mark.usefixtures("parser")
def test_offsets() -> None:
    node = top('a: |\n  é b\n  c\nd: "x\\ny z"\ne: f\n g\n')
    first, second, third = (value for _, value in node.items())
    assert (first.text, first.offsets) == ("é b\nc\n", ((0, 7, 5), (5, 14, 2)))
    assert (second.text, second.offsets) == ("x\ny z", ((0, 20, 1), (2, 23, 3)))
    assert (third.text, third.offsets) == ("f g", ((0, 31, 1), (2, 34, 1)))


def test_only_what_parses_is_imported() -> None:
    code = (
        "import sys, dunnage.scripts.github, dunnage.scripts.yaml as yaml; from dunnage.files.source import File;"
        "assert 'yaml' not in sys.modules;"
        "assert yaml.documents(File('x.yml', b'a: [b]'));"
        "assert 'yaml.constructor' not in sys.modules;"
        "import yaml;"  # and yet it is whole
        "assert yaml.load('a: [1]', yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader) == {'a': [1]};"
        "assert yaml.safe_load('a: 2024-01-01')['a'].year == 2024"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
