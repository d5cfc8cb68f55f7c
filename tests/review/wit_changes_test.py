"""How a WIT folder differs from what it was, as the rules see it."""

from __future__ import annotations

import pytest

from dunnage.files.source import File
from dunnage.review.wit_changes import Changes, WitFolder, compare
from steps import assert_linear


def folder(before: dict[str, str], after: dict[str, str]) -> WitFolder:
    """A WIT folder `/r/wit` with files before and after."""
    files = {f"/r/wit/{path}": File(path, text.encode()) for path, text in after.items()}
    olds = {
        f"/r/wit/{path}": files[f"/r/wit/{path}"] if after.get(path) == text else File(path, text.encode())
        for path, text in before.items()
    }
    return WitFolder("/r/wit", files, olds)


def changes(before: dict[str, str], after: dict[str, str]) -> Changes:
    found = compare(folder(before, after))
    assert found is not None
    return found


TYPES = "package x:y@1.0.0;\ninterface i { type t = u8; f: func(a: t); }\n"


@pytest.mark.parametrize(
    ("old", "new", "items"),
    [
        pytest.param(TYPES, TYPES.replace("f: func(a: t)", "f: func(a: u8)"), [], id="another name for a type"),
        pytest.param(TYPES, TYPES.replace("u8", "u16"), ["i.t changed"], id="a type, without what uses it"),
        pytest.param(TYPES, TYPES.replace("(a: t)", "(b: t)"), ["i.f changed"], id="a function"),
        pytest.param(TYPES, TYPES.replace("f: func(a: t);", ""), ["i.f removed"], id="removed"),
        pytest.param(TYPES, TYPES.replace("type", "g: func(); type"), ["i.g added"], id="added"),
        pytest.param(
            f"{TYPES}world w {{ include v; }} world v {{ import i; }}",
            f"{TYPES}world w {{ import i; }} world v {{ import i; }}",
            [],
            id="a world that imports the same in another way",
        ),
        pytest.param(
            f"{TYPES}world w {{ import i; }}",
            f"{TYPES}world w {{ export i; }}",
            ["w.import i removed", "w.export i added"],
            id="a world",
        ),
    ],
)
def test_items_of_a_package(old: str, new: str, items: list[str]) -> None:
    found = changes({"deps/a.wit": old}, {"deps/a.wit": new}).packages
    assert [f"{each.scope}.{each.item} {each.change}" for change in found for each in change.items] == items


def test_versions_are_paired_by_track() -> None:
    before = {f"deps/{at}.wit": f"package x:y@{text};\ninterface i {{}}" for at, text in enumerate(("0.2.0", "1.0.0"))}
    after = {f"deps/{at}.wit": f"package x:y@{text};\ninterface i {{}}" for at, text in enumerate(("1.1.0", "0.2.1"))}
    pairs = [(each.old and each.old.version, each.new and each.new.version) for each in changes(before, after).packages]
    assert pairs == [("0.2.0", "0.2.1"), ("1.0.0", "1.1.0")]


def test_comments_say_nothing() -> None:
    assert compare(folder({"a.wit": TYPES}, {"a.wit": f"// Docs.\n{TYPES}"})) is None
    assert compare(folder({"a.wit": TYPES}, {"a.wit": TYPES.replace("u8", "u16")})) is not None


def _chain(size: int, last: str) -> dict[str, str]:
    types = "type t0 = u8;" + "".join(f"type t{at} = tuple<t{at - 1}, {last}>;" for at in range(1, size))
    worlds = "".join(f"world w{at} {{ include w{at - 1}; }}" for at in range(1, size))
    interfaces = "".join(f"interface i{at} {{ use i{at - 1}.{{t0}}; }}" for at in range(1, size))
    text = f"interface i0 {{ {types} f: func(a: t{size - 1}); }} {interfaces} world w0 {{ import i{size - 1}; }}"
    return {
        "deps/x.wit": f"package x:y@1.0.0; {text}",
        "a.wit": f"package a:b; world w0 {{ import x:y/i0@1.0.0; }} {worlds}",
    }


def test_hostile_wit_takes_linear_time() -> None:
    assert_linear(lambda size: compare(folder(_chain(size, "u8"), _chain(size, "u16"))), 60)
