"""JSON and its relatives, as Renovate reads them."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import judges
from dunnage.bots.json5 import Node, comments, parse
from dunnage.files.source import File, SourceError


def plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    return [plain(value) for value in node.value] if isinstance(node.value, list) else node.value


def read(text: str, *, is_json5: bool) -> Any:
    return plain(parse(File("x.json5", text.encode()), is_json5=is_json5))


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


@given(value=VALUES, is_ascii=st.booleans(), indent=st.sampled_from([None, 2]))
def test_json(value: Any, is_ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    for is_json5 in (False, True):
        assert read(text, is_json5=is_json5) == value


COMMENTED = [
    '{"a": [1, 2,], /* x */ "b": "//", } // y',
    "",
    " \n",
    "// x\n{}",
    '\ufeff{"a": 1}',
    '{"a": "\\u00e9\\n\\/"}',
]
JSON5 = [
    "{a: 1, $b_1: 'x', \"c\": .5, d: 5., e: +1, f: -0x1F, 'g': 1e3}",
    "['a\\\nb', 'a\\'b', \"a'b\", '\\x41\\u0042\\q\\0']",
    "{\\u0061b: 1, é: 2}",
    "[Infinity, -Infinity, true, false, null,]",
    "{a: 1, a: 2}",
    "/**/ 'x' //",
]
INVALID = [
    "{",
    "[1 2]",
    "{a}",
    "{,}",
    "[,]",
    "[1,,2]",
    "{a:}",
    "'a",
    "'a\nb'",
    "1 2",
    "truex",
    "01x",
    "{1: 2}",
    "/*",
    "@",
    "-",
    "{a: 1",
]


@pytest.mark.parametrize("text", COMMENTED)
def test_comments_and_commas(text: str) -> None:
    assert read(text, is_json5=False) == read(text, is_json5=True)


@pytest.mark.parametrize("text", [text for text in JSON5 if text[0] in "{["])
def test_json_with_comments_is_no_json5(text: str) -> None:
    with pytest.raises(SourceError):
        read(text, is_json5=False)


@pytest.mark.parametrize("text", INVALID)
def test_invalid_text_has_a_place(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(text, is_json5=True)
    assert 0 <= caught.value.span.start <= len(text)


def test_bounds() -> None:
    with pytest.raises(SourceError) as caught:
        read("[" * 102, is_json5=True)
    assert caught.value.rule == "input/too-deep"
    with pytest.raises(SourceError) as caught:
        read(" " * (1024 * 1024 + 1), is_json5=True)
    assert caught.value.rule == "input/too-large"
    assert read("0x" + "f" * 1000, is_json5=True) == math.inf


def test_places_are_bytes() -> None:
    file = File("x.json5", "\ufeff{é: ['ü', 1]}".encode())
    root = parse(file, is_json5=True)
    (text, span), *_ = root.texts("é")
    assert (text, file.data[slice(*span)].decode()) == ("ü", "'ü'")
    assert [file.data[slice(*each.span)] for each in root.items()["é"].elements()] == ["'ü'".encode(), b"1"]


def test_comments_have_places() -> None:
    file = File("x.json5", "{ // é dunnage\n a: '// no', /* // no */ b: 1 }//x".encode())
    assert [text for _, text in comments(file)] == [" é dunnage", "x"]
    assert [file.data[slice(*span)].decode() for span, _ in comments(file)] == ["// é dunnage", "//x"]
    assert [text for _, text in comments(File("x.json5", b"//a\n'b //c\n//d\n"))] == ["a"]


def test_the_reference_reads_the_same(tmp_path: Path) -> None:
    module = Path(judges.installed("renovate")).parents[2] / "json5/lib/index.js"
    texts = [*COMMENTED[3:5], *JSON5, *INVALID]
    script = f"""
        const JSON5 = require({json.dumps(str(module))});
        const read = text => {{ try {{ return {{value: JSON5.parse(text)}} }} catch {{ return null }} }};
        const show = (_, value) => typeof value === "number" && !isFinite(value) ? String(value) : value;
        console.log(JSON.stringify({json.dumps(texts)}.map(read), show));
    """
    (tmp_path / "x.cjs").write_text(script, encoding="utf-8")
    ran = subprocess.run([judges.installed("nodejs"), tmp_path / "x.cjs"], check=True, capture_output=True)
    for text, expected in zip(texts, json.loads(ran.stdout), strict=True):
        try:
            found: Any = {"value": read(text, is_json5=True)}
        except SourceError:
            found = None
        infinite = {math.inf: "Infinity", -math.inf: "-Infinity"}
        if found and isinstance(found["value"], list):
            found["value"] = [infinite.get(each, each) if isinstance(each, float) else each for each in found["value"]]
        assert found == expected, text
