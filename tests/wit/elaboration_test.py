"""What worlds import and export; tests/oracle asks wasm-tools the same."""

from __future__ import annotations

import pytest

from dunnage.files.source import File
from dunnage.wit.elaboration import MAX_COUNTED, MAX_SIZE, ElaboratedWorld, Elaboration, encoded, measure
from dunnage.wit.graph import Source, WitGraph
from dunnage.wit.syntax import parse


def elaborated(text: str, *, hides_unstable: bool = True) -> tuple[WitGraph, ElaboratedWorld]:
    """The world `w` of a package."""
    source = Source("a.wit", parse(File("a.wit", f"package a:b@1.0.0;\n{text}".encode())))
    graph = WitGraph([[source]], hides_unstable=hides_unstable)
    world = Elaboration(graph).world(graph.packages[0].scopes["w"])
    assert world is not None
    return graph, world


def named(text: str, **options: bool) -> tuple[set[str], set[str], set[str]]:
    """The interfaces that it imports and exports, and what it names itself."""
    graph, world = elaborated(text, **options)

    def name(number: int) -> str:
        part, scope = graph.scopes[number]
        return part.source.document.name(scope.token)

    imports, exports = set(map(name, world.imports)), set(map(name, world.exports))
    return imports, exports, {f"{keyword} {item}" for keyword, item in world.items}


INTERFACES = "interface t { type a = u8; } interface u { use t.{a}; f: func(x: a); } interface v { use u.{a}; }\n"


@pytest.mark.parametrize(
    ("text", "imports", "exports", "items"),
    [
        pytest.param("world w { import v; }", {"t", "u", "v"}, set(), set(), id="what an import needs"),
        pytest.param("world w { export v; }", {"t", "u"}, {"v"}, set(), id="what an export needs is imported"),
        pytest.param("world w { export v; export u; }", {"t"}, {"u", "v"}, set(), id="or exported, if it is listed"),
        pytest.param("world w { use v.{a}; }", {"t", "u", "v"}, set(), {"import a"}, id="use"),
        pytest.param("world w { import f: func(); }", set(), set(), {"import f"}, id="function"),
        pytest.param(
            "world w { import i: interface { use t.{a}; } }", {"t"}, set(), {"import i"}, id="interface of the world"
        ),
        pytest.param("world w { import i: t; }", set(), set(), {"import i"}, id="named interface"),
        pytest.param(
            "world x { import t; export f: func(); } world w { include x with { f as g } }",
            {"t"},
            set(),
            {"export g"},
            id="include",
        ),
        pytest.param(
            "world w { resource r { constructor(); m: func(); s: static func(); n: get() -> u8; } }",
            set(),
            set(),
            {
                "import r",
                "import [constructor]r",
                "import [method]r.m",
                "import [static]r.s",
                "import [method][get]r.n",
            },
            id="resource",
        ),
        pytest.param(
            "world w { import t; @unstable(feature = x) import u; @unstable(feature = x) import f: func(); }",
            {"t"},
            set(),
            set(),
            id="unstable",
        ),
        pytest.param(
            "@unstable(feature = x) world x { import t; } world w { @unstable(feature = x) include x; }",
            set(),
            set(),
            set(),
            id="unstable include",
        ),
    ],
)
def test_worlds(text: str, imports: set[str], exports: set[str], items: set[str]) -> None:
    assert named(INTERFACES + text) == (imports, exports, items)


def test_unstable_items_on_request() -> None:
    text = f"{INTERFACES}world w {{ @unstable(feature = x) import u; }}"
    assert named(text, hides_unstable=False) == ({"t", "u"}, set(), set())


def test_causes() -> None:
    graph, world = elaborated(f"{INTERFACES}world x {{ import v; }} world w {{ include x; import u; }}")
    document = graph.scopes[0].part.source.document
    causes = {
        document.name(graph.scopes[number].scope.token): (cause.keyword, document.name(cause.token))
        for number, cause in world.imports.items()
    }
    assert causes == {"v": ("include", "x"), "u": ("import", "u"), "t": ("include", "x")}


def test_what_is_missing() -> None:
    _, world = elaborated(
        "interface i { use c:d/e@1.0.0.{t}; } world x { import i; } world w { include x; import f:g/h; include y; }"
    )
    assert {path: cause.keyword for path, cause in world.missing.items()} == {
        "c:d/e@1.0.0": "include",
        "f:g/h": "import",
        "y": "include",
    }


def test_worlds_that_include_each_other() -> None:
    text = "package a:b; world w { include x; } world x { include w; }"
    graph = WitGraph([[Source("a.wit", parse(File("a.wit", text.encode())))]])
    assert Elaboration(graph).world(0) is None


def test_steps_are_counted() -> None:
    names = [f"i{number}" for number in range(2000)]
    text = "".join(f"interface {name} {{}}\n" for name in names)
    text += f"world w0 {{ {' '.join(f'import {name};' for name in names)} }}\n"
    text += "".join(f"world w{number} {{ include w{number - 1}; }}\n" for number in range(1, 1000))
    graph = WitGraph([[Source("a.wit", parse(File("a.wit", f"package a:b;\n{text}".encode())))]])
    elaboration = Elaboration(graph)
    assert elaboration.world(graph.packages[0].scopes["w999"]) is None
    assert elaboration.steps_left <= 0


# Sizes of types, and of what wasm-tools encodes; tests/oracle asks wasm-tools itself


def graph(*texts: str) -> WitGraph:
    """A graph of packages of one file each."""
    return WitGraph(
        [[Source(f"{number}.wit", parse(File(f"{number}.wit", text.encode())))] for number, text in enumerate(texts)]
    )


def sizes(*texts: str) -> dict[str, int]:
    known = graph(*texts)
    return {node.item.name: size for node, size in zip(known.nodes, measure(known).sizes, strict=True)}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param("type t = u8;", 1, id="primitive"),
        pytest.param("type t = list<u8>;", 2, id="list"),
        pytest.param("type t = list<u8, 7>;", 2, id="list of a length"),
        pytest.param("type t = map<u8, list<u8>>;", 4, id="map"),
        pytest.param("type t = tuple<u8, u8, u8>;", 4, id="tuple"),
        pytest.param("type t = result<_, option<u8>>;", 3, id="result"),
        pytest.param("type t = stream;", 1, id="stream of nothing"),
        pytest.param("record t { a: u8, b: s, c: s } type s = tuple<u8, u8>;", 8, id="names in a record"),
        pytest.param("variant t { a, b, c(u8) }", 2, id="variant"),
        pytest.param("flags t { a, b, c }", 1, id="flags"),
        pytest.param("enum t { a, b, c }", 1, id="enum"),
        pytest.param("resource t;", 1, id="resource"),
        pytest.param("type t = own<r>; resource r;", 1, id="handle"),
        pytest.param("t: func(a: u8, b: list<u8>) -> u8;", 5, id="function"),
        pytest.param("resource r { t: func(); }", 2, id="method"),
        pytest.param("resource r { t: static func(); }", 1, id="static function"),
        pytest.param("type t = s; type s = unknown;", 1, id="a name that leads nowhere"),
        pytest.param("type t = list<t>;", 1, id="a cycle"),
        pytest.param("record t { a: s, b: u8 } type s = list<s>;", 1, id="what leads to a cycle"),
    ],
)
def test_size(text: str, size: int) -> None:
    assert sizes(f"package a:b; interface i {{ {text} }}")["t"] == size


def test_sizes_go_through_use() -> None:
    first = "package a:b; interface i { use j.{t as u}; type v = list<u>; } interface j { use c:d/k@1.0.0.{t}; }"
    assert sizes(first, "package c:d@1.0.0; interface k { type t = tuple<u8, u8>; }")["v"] == 4
    assert sizes(first, "package c:d; interface k { type t = tuple<u8, u8>; }")["v"] == 2


def test_sizes_are_counted_up_to_a_bound() -> None:
    text = "".join(f"type t{at} = tuple<t{at - 1}, t{at - 1}>;" for at in range(1, 2000))
    assert sizes(f"package a:b; interface i {{ type t0 = u8; {text} }}")["t1999"] == MAX_COUNTED


HALF = "type t0 = u8;" + "".join(f"type t{at} = tuple<t{at - 1}, t{at - 1}>;" for at in range(1, 18))


@pytest.mark.parametrize(
    ("text", "excesses"),
    [
        # t17 comes to 262,143, and all of them to 524,268.
        pytest.param(f"interface i {{ {HALF} }}", [], id="half of it"),
        pytest.param(f"interface i {{ {HALF} f: func(a: t17, b: t17); }}", [("interface", "i")], id="an interface"),
        pytest.param(f"interface i {{ {HALF} }} interface j {{ {HALF} }}", [("package", "j")], id="two interfaces"),
        pytest.param(
            f"interface i {{ {HALF} }} interface j {{ use i.{{t0}}; }}", [("package", "j")], id="what another needs"
        ),
        pytest.param(f"interface i {{ {HALF} }} world w {{ import i; }}", [("package", "w")], id="a world's need"),
        pytest.param(
            f"world w {{ import i: interface {{ {HALF} }} export j: interface {{ {HALF} }} }}",
            [("world", "w")],
            id="a world",
        ),
        pytest.param(
            f"world v {{ import i: interface {{ {HALF} }} }} world w {{ include v; }}", [("package", "w")], id="include"
        ),
        pytest.param(f"package c:d {{ interface i {{ {HALF} }} }} interface j {{ {HALF} }}", [], id="two packages"),
        pytest.param("world v { include w; } world w { include v; }", [], id="worlds that include each other"),
    ],
)  # fmt: skip
def test_what_is_encoded(text: str, excesses: list[tuple[str, str]]) -> None:
    known = graph(f"package a:b; {text}")
    found, _, is_complete = encoded(known, measure(known))
    assert is_complete
    assert [(excess.kind, excess.item.name) for excess in found] == excesses
    assert all(excess.size >= MAX_SIZE for excess in found)


def test_the_interfaces_of_worlds() -> None:
    known = graph(
        "package a:b; interface i { type t = u8; } interface j { use i.{t}; } interface k {} interface l {}"
        " interface m {} world v { import j; export k; } world w { include v; import n: l; }"
    )
    _, in_worlds, _ = encoded(known, measure(known))
    names = {part.source.document.name(scope.token) for at, (part, scope) in enumerate(known.scopes) if at in in_worlds}
    assert names == {"i", "j", "k", "l"}
