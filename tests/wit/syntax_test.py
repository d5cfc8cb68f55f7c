"""WIT text: what is read, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.wit.lexer import TooDeep, WitError
from dunnage.wit.model import WitDocument
from dunnage.wit.syntax import parse

HEADER = "package a:b;\n"


def read(text: str | bytes) -> WitDocument:
    return parse(File("a.wit", text if isinstance(text, bytes) else text.encode()))


def refused(text: str | bytes) -> str:
    """Where a text is refused, and why."""
    file = File("a.wit", text if isinstance(text, bytes) else text.encode())
    with pytest.raises(WitError) as caught:
        parse(file)
    line, column = file.position(caught.value.span.start)
    return f"{line}:{column} {caught.value.message.removeprefix('is not valid WIT: ')}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("// nothing\n", id="only a comment"),
        pytest.param("// nothing", id="a comment that ends with the file"),
        pytest.param("\ufeffpackage a:b;", id="byte order mark"),
        pytest.param("package a:b;\r\ninterface i {\r\n}\r\n", id="CRLF"),
        pytest.param("package a:b@1.2.3-rc.1+build.7;", id="version"),
        pytest.param("package a:b@1.2.3-;", id="version with an empty part, which wit-parser takes"),
        pytest.param("package a:b@1.2.3-rc-list.list1+a-u8;", id="a version in which keywords are parts of words"),
        pytest.param("package a:b { interface i {} } package a:c@1.0.0 { world w {} }", id="nested packages"),
        pytest.param("/* a /* b */ c */ package a:b; /**/", id="nested comments"),
        pytest.param("// /* no block\npackage a:b;", id="a block that does not begin"),
        pytest.param("use a:b/c; use d as e; use f:g/h@1.0.0 as i;", id="use at the top"),
        pytest.param("interface %interface { %type: func(%u8: u8); }", id="escaped keywords"),
        pytest.param("interface a-1-b2-C3-D {}", id="words of an identifier"),
        pytest.param("interface i { use a:b/c@1.0.0-x.{t as u, v,}; use d.{}; }", id="use"),
        pytest.param("interface i { type t = list<list<u8>, 4>; type m = map<string, list<t>>; }", id="lists and maps"),
        pytest.param("interface i { type t = tuple<u8, option<char>,>; }", id="comma after the last"),
        pytest.param("interface i { f: func() -> result; g: func() -> result<u8>; }", id="results"),
        pytest.param("interface i { f: func() -> result<_, u8>; g: func() -> result<u8, u8>; }", id="results, failing"),
        pytest.param("interface i { f: async func(a: stream, b: future<u8>, c: stream<u8>); }", id="async"),
        pytest.param("interface i { f: func(a: error-context, b: own<r>, c: borrow<r>); resource r; }", id="handles"),
        pytest.param("interface i { a: get() -> u8; a: set(b: u8); get: func(); }", id="accessors"),
        pytest.param("interface i { resource r { constructor(a: u8) -> result<r>; m: static async func(); } }", id="r"),
        pytest.param(
            "interface i { flags f { a, b } enum e { a, } variant v { a, b(u8), } record r { a: u8 } }", id="t"
        ),
        pytest.param(
            "world w { import a; import b:c/d; export e: func(); import f: interface { g: func(); } }", id="w"
        ),
        pytest.param(
            "world w { import a: b; export c: d:e/f@1.0.0; include g with { h as i, } include j; }", id="named"
        ),
        pytest.param("@since(version = 1.0.0) @deprecated(version = 1.1.0) interface i {}", id="since"),
        pytest.param("@unstable(feature = x) interface i { @unstable(feature = y) f: func(); }", id="unstable"),
        pytest.param('interface i { @external-id("a\\u{1F600}\\n\\c3\\a9") f: func(); }', id="external id"),
        pytest.param("interface i { type t = " + "list<" * 99 + "u8" + ">" * 99 + "; }", id="99 levels"),
    ],
)
def test_what_wasm_tools_takes(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("interface i", "1:12 expected `{`, found the end of the file", id="end"),
        pytest.param("interface i {", "1:14 expected `type`, `resource` or `func`, found the end", id="open"),
        pytest.param("package a:b@1.0.0-list;", "1:13 the keyword `list` cannot be a part of the", id="pre-release"),
        pytest.param("package a:b@1.0.0-rc.1list.2;", "1:13 the keyword `list` cannot", id="keyword after a number"),
        pytest.param(
            "package a:b@1.0.0+a.u8;", "1:13 the keyword `u8` cannot be a part", id="keyword in build metadata"
        ),
        pytest.param("interface i { use a:b/c@1.0.0-own.{t}; }", "1:25 the keyword `own` cannot", id="in a reference"),
        pytest.param("type t = u8;", "1:1 expected `world`, `interface` or `use`, found the key", id="where"),
        pytest.param(
            "interface type {}", "1:11 expected an identifier, found the keyword `type`; write `%t", id="keyword"
        ),
        pytest.param("interface a--b {}", "1:11 expected an identifier, found `a--b`, which is not an", id="name"),
        pytest.param("interface aB {}", "1:11 expected an identifier, found `aB`, which is not an", id="case"),
        pytest.param("interface é {}", "1:11 expected an identifier, found `é`, which is not an", id="é"),
        pytest.param("package a:b@1.0;", "1:13 expected a version such as `1.2.3`, found `1`", id="1.0"),
        pytest.param("package a:b@01.0.0;", "1:13 `01.0.0` is not a semantic version", id="01.0.0"),
        pytest.param("package a:b@1.0.0-01;", "1:13 `1.0.0-01` is not a semantic version", id="1.0.0-01"),
        pytest.param("/* a /* b */", "1:1 expected `world`, `interface` or `use`, found an unterminated", id="/*"),
        pytest.param("interface i { record r {} }", "1:22 this record is empty", id="empty"),
        pytest.param("interface i { type t = tuple<>; }", "1:24 this tuple is empty", id="()"),
        pytest.param(
            "interface i { record r {} type t = list<tuple<>>; }", "1:22 this record is empty", id="record before tuple"
        ),
        pytest.param("interface i { type t = tuple<> }", "1:32 expected `;`, found `}`", id="syntax error after ()"),
        pytest.param("interface i { type t = list<u8, x>; }", "1:33 expected a length, found `x`", id="x"),
        pytest.param("interface i { type t = map<f32, u8>; }", "1:28 the key of a map must have", id="key"),
        pytest.param("interface i { type t = map<u8>; }", "1:30 expected `,`, found `>`", id="map"),
        pytest.param("interface i { type t = option; }", "1:30 expected `<`, found `;`", id="option"),
        pytest.param("interface i { type t = option<u8, u8>; }", "1:33 expected `>`, found `,`", id="two"),
        pytest.param("@since(1.0.0) interface i {}", "1:8 expected an identifier, found `1.0.0`", id="gate"),
        pytest.param("@gate interface i {}", "1:7 expected `(`, found the keyword `interface`", id="@gate"),
        pytest.param("@deprecated(version = 1.0.0) interface i {}", "1:2 `@deprecated` requires", id="alone"),
        pytest.param("@since(version = 1.0.0) use a;", "1:1 attributes are not allowed on a `use`", id="use"),
        pytest.param("package a:b { package c:d {} }", "1:15 a nested package cannot contain", id="nested"),
        pytest.param("package a:b; package c:d;", "1:25 expected `{`, found `;`", id="second package"),
        pytest.param("interface i { f: func() -> (a: u8); }", "1:28 expected a type, found `(`", id="named"),
        pytest.param("interface i { a: get(b: u8) -> u8; }", "1:18 a getter cannot have parameters", id="get"),
        pytest.param("interface i { a: set(b: u8) -> u8; }", "1:32 a setter can only return", id="set"),
        pytest.param("// \x1b[1m", "1:4 the character U+001B is not allowed, not even in a comment", id="ESC"),
        pytest.param("\r", "1:1 expected `world`, `interface` or `use`, found a carriage return", id="lone CR"),
        pytest.param(b"// \xff", "1:4 is not UTF-8: byte 0xff", id="not UTF-8"),
        pytest.param('@external-id("\\ff") interface i {}', "1:14 the content of this string is not UTF-8", id="bytes"),
        pytest.param(
            '@external-id("\\u{FFFFFFFFFFFF}") interface i {}', "1:14 the content of this string is not UTF-8", id="u"
        ),
        pytest.param(
            '@external-id("\\u{D800}") interface i {}', "1:14 the content of this string is not UTF-8", id="half"
        ),
        pytest.param('@external-id("\\u{4_}") interface i {}', "1:14 the content of this string is not UTF-8", id="4_"),
        pytest.param('@external-id("a\n") interface i {}', "1:14 expected a string, found a string t", id="line"),
        pytest.param(
            "interface i { flags f { " + ", ".join(f"x{at}" for at in range(33)) + " } }",
            "1:175 at most 32 flags are allowed",
            id="33 flags",
        ),
    ],
)
def test_what_wasm_tools_refuses(text: str | bytes, why: str) -> None:
    assert refused(text).startswith(why)


def test_more_than_99_levels_are_an_error_of_their_own() -> None:
    with pytest.raises(TooDeep):
        read("interface i { type t = " + "list<" * 100 + "u8" + ">" * 100 + "; }")


def test_a_file_is_read_once_and_refused_every_time() -> None:
    file = File("a.wit", b"package a:b;")
    assert parse(file) is parse(file)
    file = File("a.wit", b"package")
    messages = set()
    for _ in range(2):
        with pytest.raises(WitError) as caught:
            parse(file)
        messages.add(caught.value.message)
    assert len(messages) == 1


def test_the_package_and_what_it_refers_to() -> None:
    text = (
        "\ufeff// héllo\npackage wasi:http@0.2.0;\nuse a:b/c@1.0.0 as d;\n"
        "world w { import x: %a:b/c; include e:f/g; use wasi:io/streams@0.2.1-rc.1.{x}; export h; }\n"
        "package n:m { interface i { use j:k/l.{t}; } }"
    )
    document = read(text)
    data = text.encode()
    assert document.package == ("wasi:http", "0.2.0")
    assert [nested.name and nested.name.unversioned for nested in document.nested] == ["n:m"]
    assert [
        (written(data, found.span), found.package.unversioned, found.item, found.package.version)
        for found in document.references
    ] == [
        ("a:b/c@1.0.0", "a:b", "c", "1.0.0"),
        ("%a:b/c", "a:b", "c", None),
        ("e:f/g", "e:f", "g", None),
        ("wasi:io/streams@0.2.1-rc.1", "wasi:io", "streams", "0.2.1-rc.1"),
        ("j:k/l", "j:k", "l", None),
    ]


def written(data: bytes, span: Span) -> str:
    return data[span.start : span.end].decode()


def test_sizes_and_levels_are_those_of_what_is_written() -> None:
    document = read(
        "interface i { record r { a: list<u8>, b: t, c: list<list<t>> } type a = t; resource s {"
        " constructor(); m: func(); n: static func() -> u8; } flags f { x, y } }"
    )
    definitions = document.own.scopes[0].definitions
    found = {
        document.name(definition.token): (
            definition.kind,
            definition.size,
            definition.levels,
            [level for _, level in definition.type_names],
        )
        for definition in definitions
    }
    assert found == {
        "r": ("record", 5, 4, [2, 4]),
        "a": ("type", 0, 1, [1]),
        "s": ("resource", 1, 1, []),
        "constructor": ("func", 2, 2, []),
        "m": ("func", 2, 2, []),
        "n": ("func", 2, 2, []),
        "f": ("flags", 1, 1, []),
    }


def places(data: bytes) -> list[int]:
    """Where a file is refused, as far as the span goes."""
    try:
        _ = parse(File("a.wit", data)).references
    except WitError as error:
        return [*error.span]
    return []


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert all(0 <= at <= len(data) for at in places(data))


WORDS = """
    package a:b c d-e %type @ since ( version = ) 1.0.0 - + . / ; { } < > , : _ -> use as interface world import export
    include with type record variant enum flags resource func async static constructor get set list option tuple result
    map stream future own borrow u8 string 4 "x" /* */ //
"""


@given(st.lists(st.sampled_from([*WORDS.split(), "\n", "é", '"'])))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    for joined in ("".join(words), " ".join(words)):
        assert all(0 <= at <= len(joined.encode()) for at in places(joined.encode()))
