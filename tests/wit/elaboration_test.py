"""What worlds import and export; tests/oracle asks wasm-tools the same."""

from __future__ import annotations

import pytest

from dunnage.files.source import File
from dunnage.wit.elaboration import ElaboratedWorld, Elaboration
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
