"""Pairs of packages, the second of which differs from the first in known ways."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

TYPES = {
    "r": "record r { a: u8, b: string }",
    "v": "variant v { x, y(r) }",
    "e": "enum e { p, q }",
    "g": "flags g { m, n }",
    "al": "type al = list<u8>;",
    "spare": "record spare { z: u8 }",
    "aside": "type aside = option<spare>;",
    "file": "resource file { constructor(a: u8); read: func(x: r) -> al; open: static func() -> file; }",
    "f1": "f1: func(a: r, b: al) -> result<v, e>;",
    "f2": "f2: func(a: g, b: borrow<file>) -> option<file>;",
    "f3": "f3: async func(a: tuple<u8, al>);",
}
USER = {
    "use": "use types.{r, file as handle};",
    "own": "record own-r { a: r, b: list<string> }",
    "plain": "type plain = u32;",
    "h1": "h1: func(a: r) -> own-r;",
    "h2": "h2: func(a: handle, b: plain);",
}
ALONE = {"k": "k: func() -> u8;", "t": "enum t { a }"}
WORLD = {
    "i": "import alone;",
    "x": "import named: interface { enum n { a } q: func() -> n; }",
    "y": "export shown: interface { enum n { a } q: func() -> n; }",
    "fi": "import run: func(a: u8);",
    "fe": "export go: func() -> u8;",
}


class Revision(NamedTuple):
    """A package: the items of its interfaces and of its world, by name."""

    interfaces: dict[str, dict[str, str]]
    world: dict[str, str]

    def text(self, version: str) -> str:
        """The package in braces."""
        parts = [f"interface {name} {{\n{self._lines(items)}\n}}" for name, items in sorted(self.interfaces.items())]
        parts.append(f"world w {{\n{self._lines(self.world)}\n}}")
        return f"package t:p@{version} {{\n" + "\n".join(parts) + "\n}\n"

    @staticmethod
    def _lines(items: dict[str, str]) -> str:
        return "\n".join(f"  {text}" for text in items.values())


def first(position: str) -> Revision:
    """The package before a change, in which the world imports or exports the interfaces."""
    world = {"types": f"{position} types;", "user": f"{position} user;", **WORLD}
    return Revision({"types": dict(TYPES), "user": dict(USER), "alone": dict(ALONE)}, world)


def _put(interface: str, name: str, text: str) -> Callable[[Revision], None]:
    def change(revision: Revision) -> None:
        revision.interfaces[interface][name] = text

    return change


def _without(interface: str, *names: str) -> Callable[[Revision], None]:
    def change(revision: Revision) -> None:
        for name in names:
            revision.interfaces[interface].pop(name, None)

    return change


def _replace(interface: str, name: str, old: str, new: str) -> Callable[[Revision], None]:
    def change(revision: Revision) -> None:
        items = revision.interfaces[interface]
        if name in items:
            items[name] = items[name].replace(old, new)

    return change


def _in_world(name: str, text: str) -> Callable[[Revision], None]:
    def change(revision: Revision) -> None:
        revision.world[name] = text

    return change


def _not_in_world(name: str) -> Callable[[Revision], None]:
    def change(revision: Revision) -> None:
        revision.world.pop(name, None)

    return change


def _each(*changes: Callable[[Revision], None]) -> Callable[[Revision], None]:
    def change(revision: Revision) -> None:
        for part in changes:
            part(revision)

    return change


def _shuffled(revision: Revision) -> None:
    for items in revision.interfaces.values():
        order = list(items.items())
        random.Random(7).shuffle(order)
        items.clear()
        items.update(order)


def _documented(revision: Revision) -> None:
    for items in revision.interfaces.values():
        for name, text in items.items():
            items[name] = f"/// What it is.\n@since(version = 1.0.0)\n{text}"


_READ = "read: func(x: r) -> al;"
CHANGES: dict[str, Callable[[Revision], None]] = {
    "nothing": lambda _: None,
    "docs": _documented,
    "order": _shuffled,
    "function added": _put("types", "f4", "f4: func();"),
    "function removed": _without("types", "f1"),
    "last function of an interface removed": _without("alone", "k"),
    "type added": _put("types", "new", "enum new { a }"),
    "alias added": _put("user", "new", "type new = plain;"),
    "resource added": _put("types", "new", "resource new;"),
    "method added": _replace("types", "file", _READ, f"{_READ} write: func();"),
    "method removed": _replace("types", "file", _READ, ""),
    "constructor removed": _replace("types", "file", "constructor(a: u8);", ""),
    "static removed": _replace("types", "file", "open: static func() -> file;", ""),
    "method made static": _replace("types", "file", "read: func", "read: static func"),
    "resource changed to a record": _put("alone", "t", "resource t;"),
    "unused type removed": _without("types", "aside"),
    "unused types removed": _without("types", "aside", "spare"),
    "unused type changed": _replace("types", "spare", "z: u8", "z: u16"),
    "unused enum changed": _put("alone", "t", "enum t { a, b }"),
    "unused alias changed": _put("types", "aside", "type aside = list<spare>;"),
    "alias replaced by its type": _each(
        _without("types", "al"),
        _replace("types", "f1", "al", "list<u8>"),
        _replace("types", "f3", "al", "list<u8>"),
        _replace("types", "file", "al", "list<u8>"),
    ),
    "alias not used in one place": _replace("types", "f1", "b: al", "b: list<u8>"),
    "alias in place of its type": _replace("user", "own", "list<string>", "list<string>"),
    "alias changed": _put("types", "al", "type al = list<u16>;"),
    "parameter renamed": _replace("types", "f1", "a: r", "c: r"),
    "parameter added": _replace("types", "f1", "a: r", "a: r, c: u8"),
    "parameter type changed": _replace("types", "f1", "a: r", "a: v"),
    "result changed": _replace("types", "f1", "result<v, e>", "result<v>"),
    "result removed": _replace("alone", "k", " -> u8", ""),
    "own made borrow": _replace("user", "h2", "a: handle", "a: borrow<handle>"),
    "own written out": _replace("user", "h2", "a: handle", "a: own<handle>"),
    "async added": _replace("types", "f2", "f2: func", "f2: async func"),
    "async removed": _replace("types", "f3", "async func", "func"),
    "field added": _replace("types", "r", "b: string", "b: string, c: u8"),
    "field renamed": _replace("types", "r", "b: string", "bb: string"),
    "fields reordered": _put("types", "r", "record r { b: string, a: u8 }"),
    "field type changed": _replace("user", "own", "list<string>", "list<u8>"),
    "case added": _replace("types", "v", "x,", "x, z,"),
    "case renamed": _replace("types", "v", "x,", "z,"),
    "case type removed": _replace("types", "v", "y(r)", "y"),
    "enum case added": _replace("types", "e", "p, q", "p, q, s"),
    "enum cases reordered": _replace("types", "e", "p, q", "q, p"),
    "flag added": _replace("types", "g", "m, n", "m, n, o"),
    "trailing comma": _replace("types", "g", "m, n", "m, n,"),
    "percent": _replace("types", "g", "m, n", "%m, n"),
    "record used under its structure": _put("user", "plain", "type plain = u32; type other = plain;"),
    "use renamed": _each(
        _put("user", "use", "use types.{r, file as grip};"),
        _replace("user", "h2", "handle", "grip"),
    ),
    "stable made unstable": _replace("types", "f1", "f1:", "@unstable(feature = x) f1:"),
    "unstable added": _put("types", "f5", "@unstable(feature = x) f5: func();"),
    "unstable method added": _replace("types", "file", _READ, f"{_READ} @unstable(feature = x) write: func();"),
    "unstable method": _replace("types", "file", "read:", "@unstable(feature = x) read:"),
    "resource moved": _each(
        _put("alone", "file", TYPES["file"].replace("x: r", "x: u8").replace(" -> al", "")),
        _put("types", "file", "use alone.{file};"),
    ),
    "import added": _in_world("new", "import fresh: interface { z: func(); }"),
    "import removed": _not_in_world("i"),
    "named import removed": _not_in_world("x"),
    "named import changed": _in_world("x", "import named: interface { enum n { a, b } q: func() -> n; }"),
    "function import added": _in_world("new", "import more: func();"),
    "function import removed": _not_in_world("fi"),
    "function import changed": _in_world("fi", "import run: func(a: u16);"),
    "export added": _in_world("new", "export fresh: interface { z: func(); }"),
    "export removed": _not_in_world("y"),
    "export changed": _in_world("y", "export shown: interface { enum n { b } q: func() -> n; }"),
    "function export added": _in_world("new", "export more: func();"),
    "function export removed": _not_in_world("fe"),
    "function export changed": _in_world("fe", "export go: func() -> u16;"),
    "interface import removed": _not_in_world("user"),
    "type of the world added": _in_world("tw", "type tw = u8;"),
    "use of the world added": _in_world("uw", "use alone.{t};"),
}


def pairs(seed: int, count: int) -> Iterator[tuple[str, Revision, Revision]]:
    """Yield every change alone, in both positions and both directions, and random combinations: `count` pairs."""
    chance = random.Random(seed)
    found = 0
    for position in ("import", "export"):
        for name, change in CHANGES.items():
            before, after = first(position), first(position)
            change(after)
            yield f"{position}: {name}", before, after
            yield f"{position}: {name}, back", after, before
            found += 2
    while found < count:
        position = chance.choice(("import", "export"))
        before, after = first(position), first(position)
        names = chance.sample(sorted(CHANGES), chance.randint(2, 3))
        for name in names[1:]:
            CHANGES[name](after)
        CHANGES[names[0]](chance.choice((before, after)))
        yield f"{position}: {names}", before, after
        found += 1
