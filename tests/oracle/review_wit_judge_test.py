"""wasm-tools says what worlds import and export, and which package another one may take the place of."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from dunnage.files.source import File
from dunnage.wit.compatibility import Side, breaks
from dunnage.wit.elaboration import Elaboration
from dunnage.wit.graph import Source, WitGraph
from dunnage.wit.syntax import parse
from wit.revisions import pairs

pytestmark = pytest.mark.usefixtures("folder")

_PAIRS = 420
_WORLDS = 300


def graph(text: str, *, hides_unstable: bool = True) -> WitGraph:
    """A graph of the packages of one file."""
    return WitGraph([[Source("a.wit", parse(File("a.wit", text.encode())))]], hides_unstable=hides_unstable)


def side(text: str) -> Side:
    """The world `w` of the last package of a file."""
    found = graph(text)
    world = Elaboration(found).world(found.packages[-1].scopes["w"])
    assert world is not None
    return Side(found, world)


def test_compatible_is_what_semver_check_accepts(wasm_tools: str) -> None:
    verdicts = []
    for name, before, after in pairs(1, _PAIRS):
        old, new = before.text("1.0.0"), after.text("1.0.1")
        Path("a.wit").write_text(f"package root:r;\n{old}{new}", encoding="utf-8")
        call = [wasm_tools, "component", "semver-check", "--prev", "t:p/w@1.0.0", "--new", "t:p/w@1.0.1", "a.wit"]
        answer = subprocess.run(call, capture_output=True, check=False, text=True, encoding="utf-8")
        assert not answer.returncode or "is not semver-compatible" in answer.stderr, (name, answer.stderr)
        found = list(breaks(side(old), side(new)))
        assert bool(found) == bool(answer.returncode), (name, found, answer.stderr)
        verdicts.append(bool(found))
    assert len(verdicts) == _PAIRS
    assert _PAIRS // 5 < sum(verdicts) < _PAIRS * 4 // 5


def generated(chance: random.Random) -> str:
    """Packages whose interfaces use types of others, and whose worlds include others, under other names too."""
    lines: list[str] = []
    worlds: list[tuple[str, str, str]] = []
    for package in range(chance.randint(2, 3)):
        lines.append(f"package p{package}:q@1.{package}.0 {{")
        for number in range(chance.randint(2, 4)):
            earlier = [f"p{other}:q/i{at}@1.{other}.0" for other in range(package) for at in range(2)]
            earlier += [f"i{at}" for at in range(number)]
            uses = "".join(
                f" use {path}.{{t as u{at}}};" for at, path in enumerate(chance.sample(earlier, min(2, len(earlier))))
            )
            gate = chance.choice(
                ("", "", "@since(version = 1.0.0) ", "@unstable(feature = x) ") if number > 1 else ("",)
            )
            lines.append(f"  {gate}interface i{number} {{{uses} type t = u8; f: func(a: t) -> t; }}")
            if gate.startswith("@unstable"):
                break
        for number in range(chance.randint(1, 3)):
            name = f"w{number}"
            items = [f"{chance.choice(('import', 'export'))} i{at};" for at in range(2) if chance.random() < 0.4]
            items += [f"import f{package}{number}: func();"] if chance.random() < 0.5 else []
            items += [f"use i0.{{t as t{package}{number}}};"] if chance.random() < 0.3 else []
            if chance.random() < 0.4:
                items.append(f"import n{package}{number}: interface {{ use i1.{{t}}; g: func() -> t; }}")
            for world, path, function in chance.sample(worlds, min(len(worlds), chance.randint(0, 2))):
                renamed = f"f{function}" in world and chance.random() < 0.5
                items.append(
                    f"include {path} with {{ f{function} as g{package}{number}{function} }}"
                    if renamed
                    else f"include {path};"
                )
            text = f"  world {name} {{ {' '.join(items)} }}"
            lines.append(text)
            worlds.append((text, f"p{package}:q/{name}@1.{package}.0", f"{package}{number}"))
        lines.append("}")
    return "package root:r;\n" + "\n".join(lines) + "\n"


def ours(known: WitGraph) -> dict[str, set[tuple[str, ...]]]:
    """The imports and exports of each world of a graph."""
    elaboration = Elaboration(known)

    def name(number: int) -> str:
        part, scope = known.scopes[number]
        return f"{part.package.name}/{part.source.document.name(scope.token)}"

    found = {}
    for number, (_, scope) in enumerate(known.scopes):
        world = elaboration.world(number) if scope.kind == "world" else None
        if world is not None:
            found[name(number)] = {
                *(("import", name(end)) for end in world.imports),
                *(("export", name(end)) for end in world.exports),
                *((keyword, item, content.kind) for (keyword, item), content in world.items.items()),
            }
    return found


def theirs(wasm_tools: str, *options: str) -> dict[str, set[tuple[str, ...]]] | None:
    """What wasm-tools says of the worlds of a.wit; None if it rejects the file."""
    call = [wasm_tools, "component", "wit", "-j", *options, "a.wit"]
    answer = subprocess.run(call, capture_output=True, check=False, text=True, encoding="utf-8")
    if answer.returncode:
        return None
    data = json.loads(answer.stdout)
    found = {}
    for world in data["worlds"]:
        items: set[tuple[str, ...]] = set()
        for keyword in ("import", "export"):
            for key, item in world[f"{keyword}s"].items():
                (kind,) = item
                if key.startswith("interface-"):
                    interface = data["interfaces"][item[kind]["id"]]
                    package = data["packages"][interface["package"]]["name"]
                    items.add((keyword, f"{package}/{interface['name']}"))
                else:
                    items.add((keyword, key, "func" if kind == "function" else kind))
        found[f"{data['packages'][world['package']]['name']}/{world['name']}"] = items
    return found


@pytest.mark.parametrize("options", [(), ("--all-features",)], ids=["stable", "all features"])
def test_worlds_are_elaborated_as_wasm_tools_does(options: tuple[str, ...], wasm_tools: str) -> None:
    chance = random.Random(3)
    count = 0
    while count < _WORLDS:
        text = generated(chance)
        Path("a.wit").write_text(text, encoding="utf-8")
        expected = theirs(wasm_tools, *options)
        if expected is not None:  # two includes may bring in one name, and imports may conflict with exports
            assert ours(graph(text, hides_unstable=not options)) == expected, text
            count += len(expected)


def test_functions_of_resources_and_accessors(wasm_tools: str) -> None:
    text = """\
package a:b;
interface i { resource f { m: func(); } }
world v { resource r { constructor(a: u8); m: func(); s: static func(); n: get() -> u8; } import h: func(); }
world w { include v with { h as k } use i.{f}; export k2: interface { use i.{f}; q: func(a: f); } }
"""
    Path("a.wit").write_text(text, encoding="utf-8")
    assert ours(graph(text)) == theirs(wasm_tools)
