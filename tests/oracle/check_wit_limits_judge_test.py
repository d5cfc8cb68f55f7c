"""wasm-tools says what is WIT, and what of it can be encoded."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from dunnage.check_wit_limits import MAX_CHAIN, MAX_EXPANSION, MAX_IDENTIFIER, MAX_NESTED, check
from dunnage.files.source import Tree
from dunnage.frame.options import Options

pytestmark = pytest.mark.usefixtures("folder")


# Of its own limits, what the hook's can be set to.
LIMITS = Options({MAX_NESTED: 99, MAX_EXPANSION: 1_000_000, MAX_IDENTIFIER: 10**6, MAX_CHAIN: 10**6})


def write(text: str | bytes) -> None:
    Path("a.wit").write_bytes(text if isinstance(text, bytes) else text.encode())


def finds() -> list[str]:
    return [finding.rule.id for finding in check(["a.wit"], Tree(), LIMITS)]


def accepts(wasm_tools: str, encode: bool = False) -> bool:
    encoding = ["--wasm", "--output", "a.wasm"] if encode else []
    call = [wasm_tools, "component", "wit", "a.wit", *encoding]
    return subprocess.run(call, capture_output=True, check=False).returncode == 0


SEEDS = (
    "package a:b@1.2.3-rc.1+b; use c:d/e@1.0.0 as f; interface i { use f.{t as u, v}; }",
    "package a:b; interface i { type t = list<u8, 4>; type m = map<string, t>; f: async func(a: stream<t>); }",
    "package a:b; interface i { resource r { constructor(a: u8) -> result<r>; m: static func(); n: get() -> u8; } }",
    "package a:b; interface i { record r { a: u8, b: r2 } record r2 { c: tuple<u8,>, } variant v { a(r), b } }",
    "package a:b; interface i { flags f { a, b } enum e { a, b } type o = option<result<_, e>>; g: func(a: f) -> o; }",
    "package a:b; interface i {} world w { import i; export j: interface { f: func(); } include v with { i as k, } }",
    "package a:b@1.0.0; @since(version = 1.0.0) @deprecated(version = 1.0.0) world w {}",
    "package a:b; interface i { @unstable(feature = x) f: func(a: future); }",
    "package a:b { interface %world { %type: func(%u8: u8); } } package c:d { /* a /* b */ c */ world w {} }",
    'package a:b; interface i { @external-id("a\\n\\u{41}") f: func(a: error-context); /// docs\n}',
)
PIECES = [
    "",
    " ",
    "<",
    ">",
    "{",
    "}",
    "(",
    ")",
    ";",
    ":",
    ",",
    ".",
    "@",
    "%",
    "-",
    "_",
    "1",
    "A",
    "u8",
    "type ",
    "é",
    "\r",
    '"',
]


def damaged(seed: str, chance: random.Random) -> str:
    """A text with a piece put in, taken out or put in place of another."""
    at = chance.randrange(len(seed) + 1)
    return seed[:at] + chance.choice(PIECES) + seed[at + chance.randrange(3) :]


def is_of_names(wasm_tools: str) -> bool:
    """Whether wasm-tools refuses a file for what names in it lead to."""
    call = [wasm_tools, "component", "wit", "a.wit"]
    said = subprocess.run(call, capture_output=True, check=False, text=True, encoding="utf-8").stderr
    return any(words in said for words in OF_NAMES)


# What wasm-tools says of names that lead nowhere or to the wrong thing, or that are there twice.
OF_NAMES = (
    "does not exist",
    "not found",
    "is defined more than once",
    "conflicts with",
    "duplicate",
    "no `package` header",
    "must be a resource",
    "must be the resource",
    "if a constructor return type",
    "as a type",
    "cannot import",
    "is defined as",
    "no corresponding getter",
    "not defined in interface",
    "no import or export kebab-name",
    "unreleased version",
    "if a setter return type",
    "more than once",
    "is defined in two different locations",
)


def test_damaged_text_is_refused_where_wasm_tools_refuses_it(wasm_tools: str) -> None:
    chance = random.Random(4)
    for seed in SEEDS:
        for _ in range(25):
            text = damaged(seed, chance)
            write(text)
            found = finds()
            if accepts(wasm_tools):
                assert not found, text
            elif not is_of_names(wasm_tools):
                assert found, text


@pytest.mark.parametrize("brackets", [98, 99, 100, 101])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("type t = {};", id="type"),
        pytest.param("record r {{ a: {} }}", id="record"),
        pytest.param("f: func() -> {};", id="function"),
    ],
)
def test_nesting_as_it_is_written(text: str, brackets: int, wasm_tools: str) -> None:
    write(f"package a:b; interface i {{ {text.format('option<' * brackets + 'u8' + '>' * brackets)} }}")
    assert bool(finds()) == (not accepts(wasm_tools))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("interface i {{ {types} }}", id="in an interface"),
        pytest.param("interface i {{ {types} f: func(a: t{last}); }}", id="in a function"),
        pytest.param("interface i {{ {types} }} world w {{ export i; }}", id="in a world"),
        pytest.param("world w {{ {types} }}", id="of a world"),
    ],
)
def test_nesting_by_name(text: str, wasm_tools: str) -> None:
    answers = set()
    for last in (94, 95, 96, 97):
        types = "type t0 = u8;" + "".join(f"type t{at} = list<t{at - 1}>;" for at in range(1, last + 1))
        write("package a:b; " + text.format(types=types, last=last))
        answers.add(accepts(wasm_tools, encode=True))
        assert bool(finds()) == (not accepts(wasm_tools, encode=True)), last
    assert answers == {True, False}


def filled(text: str, size: int) -> str:
    """Add to a package an interface that makes it `size` types larger."""
    part = 1000
    count, rest = divmod(size - 2 - part - 3, 9 * part + 1)
    types = [f"type part = tuple<{'u8, ' * (part - 1)}>;"]
    types += [f"type p{at} = tuple<{'part, ' * 9}>;" for at in range(count)]
    return f"{text} interface filler {{ {' '.join(types)} type rest = tuple<{'u8, ' * (rest + 2)}>; }}"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        # Of each, what the package comes to: 1, and for each interface 2 and what is in it.
        pytest.param("", 1, id="nothing else"),
        pytest.param("interface i { type t = list<tuple<u8, option<string>>>; }", 8, id="types"),
        pytest.param("interface i { record r { a: u8, b: r2 } record r2 { a: u8 } enum e { a } }", 10, id="records"),
        pytest.param("interface i { f: func(a: u8, b: list<u8>) -> result<_, u8>; }", 9, id="function"),
        pytest.param("interface i { resource r { constructor(); m: func(); n: static func(); } }", 9, id="resource"),
        pytest.param("interface i { variant v { a, b(future), c(stream<u8>) } }", 7, id="variant"),
        pytest.param(
            "interface i { type t = list<u8>; f: func(); } interface j { use i.{t}; }",
            1 + (2 + 2 + 1) + (2 + 2) + (1 + 2),
            id="use",
        ),
        pytest.param(
            "interface i { type t = list<u8>; f: func(); } world w { import i; export g: func(a: u8); }",
            1 + (2 + 2 + 1) + (2 + (1 + 2 + 1) + 2),
            id="world",
        ),
    ],
)
def test_a_package_may_come_to_less_than_a_million(text: str, size: int, wasm_tools: str) -> None:
    write(filled(f"package a:b; {text}", 999_999 - size))
    assert accepts(wasm_tools, encode=True)
    assert finds() == []
    write(filled(f"package a:b; {text}", 1_000_000 - size))
    assert not accepts(wasm_tools, encode=True)
    assert finds() == ["wit-limits/expansion"]


@pytest.mark.parametrize("steps", [16, 17, 18, 19])
@pytest.mark.parametrize(
    "text", ["tuple<{0}, {0}>", "result<{0}, {0}>", "map<u8, tuple<{0}, {0}>>", "option<tuple<{0}, {0}>>"]
)
def test_doubling(text: str, steps: int, wasm_tools: str) -> None:
    types = "type t0 = u8;" + "".join(f"type t{at} = {text.format(f't{at - 1}')};" for at in range(1, steps + 1))
    write(f"package a:b; interface i {{ {types} }}")
    assert bool(finds()) == (not accepts(wasm_tools, encode=True))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("type t = t;", id="an alias of itself"),
        pytest.param("record r { a: list<option<r>> }", id="a record"),
        pytest.param("type t = future<t>;", id="a future"),
        pytest.param("type t = borrow<t>;", id="a handle"),
        pytest.param("resource r { f: func(a: list<r>) -> r; }", id="a resource"),
        pytest.param("use i.{t};", id="an interface that uses itself"),
        pytest.param("use a:b/i.{t};", id="by its full name"),
    ],
)
def test_cycles(text: str, wasm_tools: str) -> None:
    write(f"package a:b; interface i {{ {text} }}")
    assert bool(finds()) == (not accepts(wasm_tools))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\u202e", id="bidi"),
        pytest.param("\u200e", id="a mark"),
        pytest.param("\u0149", id="deprecated"),
        pytest.param("\x00", id="NUL"),
        pytest.param("\x85", id="C1"),
        pytest.param("\r", id="CR"),
        pytest.param("\u200b", id="ZWSP"),
        pytest.param("\ufeff", id="BOM"),
    ],
)
def test_characters_in_comments(text: str, wasm_tools: str) -> None:
    write(f"package a:b; // {text}")
    assert finds() or accepts(wasm_tools)


@pytest.mark.parametrize(
    "rest",
    [
        "-list",
        "-rc.list",
        "-rc-list",
        "-1list",
        "-1-list",
        "--list",
        "-list1",
        "-LIST",
        "+u8",
        "+a.u8",
        "+a-u8",
        "-rc+own",
    ],
)
def test_keywords_in_versions(rest: str, wasm_tools: str) -> None:
    write(f"package a:b@1.0.0{rest};\ninterface i {{}}\n")
    assert bool(finds()) == (not accepts(wasm_tools))
