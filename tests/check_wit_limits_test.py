"""check-wit-limits: WIT text has no pathological shape and hides nothing."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunnage.check_wit_limits import HOOK, check, main
from dunnage.files.source import File, Tree
from dunnage.frame.finding import Finding
from dunnage.frame.options import Options
from dunnage.wit.model import WitDocument
from dunnage.wit.syntax import parse
from repository import write_all as write

pytestmark = pytest.mark.usefixtures("folder")


HEADER = "package a:b;\n"


def findings(*names: str, **options: int) -> tuple[list[Finding], Tree]:
    tree = Tree()
    by_name = {option.name.removeprefix("--").replace("-", "_"): option for option in HOOK.options}
    given = Options({by_name[name]: limit for name, limit in options.items()})
    return list(check(names, tree, given)), tree


def found(text: str | bytes, **options: int) -> list[str]:
    """What is found in a file: position and rule."""
    write({"a.wit": text})
    return said("a.wit", **options)


def said(*names: str, **options: int) -> list[str]:
    told, tree = findings(*names, **options)
    return [
        "{}{}:{} {}".format(
            "" if finding.path == "a.wit" else f"{finding.path}:",
            *tree.position(finding.path, finding.span.start),
            finding.rule.id.removeprefix("wit-limits/"),
        )
        for finding in told
    ]


def messages(*names: str, **options: int) -> list[str]:
    return [finding.message for finding in findings(*names, **options)[0]]


def interface(text: str) -> str:
    return f"{HEADER}interface i {{ {text} }}"


def nested(times: int, text: str = "u8") -> str:
    return "list<" * times + text + ">" * times


def steps(count: int, each: str, first: str = "u8") -> str:
    """Types `t0` to `t{count}`, each made of the one before."""
    types = (f"type t{number} = {each.format(f't{number - 1}')};" for number in range(1, count + 1))
    return f"type t0 = {first}; {' '.join(types)}"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param(f"type t = {nested(24)};", [], id="24"),
        pytest.param(f"type t = {nested(25)};", ["2:149 nesting"], id="25"),
        pytest.param(f"record r {{ a: {nested(24)} }}", [], id="24 in a record"),
        pytest.param(f"record r {{ a: u8, b: {nested(25)} }}", ["2:161 nesting"], id="25 in a record"),
        pytest.param(f"f: func(a: {nested(25)}) -> {nested(25)};", ["2:151 nesting"], id="25 in a function, said once"),
        pytest.param(f"type a = {nested(20)}; type b = {nested(20, 'a')};", [], id="40 by name"),
        pytest.param(f"type t = {nested(100)};", ["2:524 nesting"], id="wasm-tools does not read it"),
        pytest.param(steps(96, "option<{}>"), [], id="96 by name"),
        pytest.param(steps(99, "option<{}>"), ["2:2319 nesting"], id="97 by name, which wasm-tools does not encode"),
    ],
)
def test_nesting(text: str, where: list[str]) -> None:
    assert found(interface(text)) == where


@pytest.mark.parametrize(
    ("text", "cycles"),
    [
        pytest.param("record r { a: list<r> }", ["the type `r` contains itself: `r` → `r`"], id="of one"),
        pytest.param(
            "type a = option<b>; variant b { c(d), e } record d { f: a }",
            ["the type `a` contains itself: `a` → `b` → `d` → `a`"],
            id="of three",
        ),
        pytest.param("type a = b; type b = a;", ["the type `a` contains itself: `a` → `b` → `a`"], id="of names"),
        pytest.param("type a = stream<a>;", ["the type `a` contains itself: `a` → `a`"], id="in a stream"),
        pytest.param("type a = own<a>;", ["the type `a` contains itself: `a` → `a`"], id="in a handle"),
        pytest.param(
            "type a = list<a>; type b = tuple<c, c>; type c = b;",
            ["the type `a` contains itself: `a` → `a`", "the type `b` contains itself: `b` → `c` → `b`"],
            id="two",
        ),
        pytest.param("resource r { m: func() -> r; n: func(a: borrow<r>); }", [], id="a resource may name itself"),
        pytest.param("record a { b: b, c: b } record b { c: c } type c = u8;", [], id="a diamond is none"),
        pytest.param("f: func(f: u8) -> t; type t = u8;", [], id="a function is no type"),
        pytest.param("type a = list<unknown>;", [], id="a name that is not there"),
    ],
)
def test_recursion_of_types(text: str, cycles: list[str]) -> None:
    write({"a.wit": interface(text)})
    assert messages("a.wit") == cycles


@pytest.mark.parametrize(
    ("files", "cycles"),
    [
        pytest.param(
            {"a.wit": "package a:b; interface i { use j.{t}; }", "b.wit": "interface j { use i.{t}; }"},
            ["the type `t` contains itself: `t` → `t` → `t`"],
            id="through use and a sibling",
        ),
        pytest.param(
            {"a.wit": "package a:b; interface i { use j.{}; } interface j { use i.{}; }"},
            ["the interface `i` depends on itself: `i` → `j` → `i`"],
            id="interfaces",
        ),
        pytest.param(
            {"a.wit": "package a:b; use j as k; interface i { use k.{}; } interface j { use i.{}; }"},
            ["the interface `i` depends on itself: `i` → `j` → `i`"],
            id="under another name",
        ),
        pytest.param(
            {"a.wit": "package a:b; world v { include w; } world w { include v; }"},
            ["the world `v` depends on itself: `v` → `w` → `v`"],
            id="worlds",
        ),
        pytest.param(
            {"a.wit": "package a:b; interface i { use a:b/j.{t}; } interface j { type t = u8; }"},
            ["the package `a:b` depends on itself: `a:b` → `a:b`"],
            id="a package, by its full name",
        ),
        pytest.param(
            {
                "a.wit": "package a:a@1.0.0; world w { import b:b/i; }",
                "deps/b/b.wit": "package b:b; interface i { use c:c/i.{t}; }",
                "deps/c.wit": "package c:c; interface i { use a:a/i@1.0.0.{t}; }",
            },
            ["the package `a:a@1.0.0` depends on itself: `a:a@1.0.0` → `b:b` → `c:c` → `a:a@1.0.0`"],
            id="packages",
        ),
        pytest.param(
            {
                "a.wit": "package a:a; world w { import b:b/i@1.0.0; }",
                "deps/b.wit": "package b:b@1.0.0; interface i { use b:b/i@1.1.0.{t}; }",
            },
            [],
            id="two versions are two packages",
        ),
        pytest.param(
            {"a.wit": "package a:b; world w { import i; export i; use i.{t}; } interface i { type t = u8; }"},
            [],
            id="a world may import and export the same",
        ),
        pytest.param(
            {
                "a.wit": "package a:a; interface i { use b:b/i.{}; }",
                "b.wit": "package b:b; interface i { use a:a/i.{}; }",
            },
            [],
            id="files of two packages in one folder have nothing to do with each other",
        ),
    ],
)
def test_recursion_of_interfaces_and_packages(files: dict[str, str | bytes], cycles: list[str]) -> None:
    write(files)
    assert messages(*files) == cycles


def test_long_names_are_shortened() -> None:
    write({"a.wit": interface(f"type {'a' * 129} = list<{'a' * 129}>;")})
    identifier, cycle = messages("a.wit")
    shown = f"`{'a' * 20}…`"
    assert identifier == f"the identifier {shown} has 129 characters, but at most 128 are allowed"
    assert cycle == f"the type {shown} contains itself: {shown} → {shown}"


def test_a_long_cycle_is_shortened() -> None:
    write({"a.wit": interface(steps(1000, "list<{}>", "t1000"))})
    (message,) = messages("a.wit")
    assert message.startswith("the type `t0` contains itself: `t0` → `t1000` → `t999` → ")
    assert message.endswith("` → … 991 more … → `t0`")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param(steps(15, "tuple<{0}, {0}>"), [], id="65,535"),
        pytest.param(steps(20, "tuple<{0}, {0}>"), ["2:425 expansion"], id="131,071, and more of it"),
        pytest.param(steps(400, "tuple<{0}, {0}>"), ["2:425 expansion", "2:2693 nesting"], id="2^401"),
        pytest.param(steps(15, "tuple<{0}, {0}>") + "f: func(a: t15, b: t15);", ["2:419 expansion"], id="a function"),
        pytest.param(f"type a = tuple<{'u8, ' * 99_999}>;", ["2:20 expansion"], id="100,000, written out"),
        pytest.param(f"type a = tuple<{'u8, ' * 99_998}>;", [], id="99,999, written out"),
    ],
)
def test_expansion(text: str, where: list[str]) -> None:
    assert sorted(found(interface(text))) == sorted(where)


def test_all_of_an_interface_may_come_to_what_wasm_tools_encodes() -> None:
    write({"a.wit": interface(steps(15, "tuple<{0}, {0}>") + " ".join(f"f{at}: func(a: t15);" for at in range(13)))})
    assert messages("a.wit") == []
    write({"a.wit": interface(steps(15, "tuple<{0}, {0}>") + " ".join(f"f{at}: func(a: t15);" for at in range(14)))})
    (message,) = messages("a.wit")
    assert message.startswith("the interface `i` expands to 1,048,")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param(steps(63, "{}"), [], id="64 names"),
        pytest.param(steps(64, "{}"), [], id="64 steps"),
        pytest.param(steps(70, "{}"), ["2:1039 chain"], id="65 steps and more"),
        pytest.param("use i0.{t as u}; type v = u;", [], id="use"),
    ],
)
def test_chain(text: str, where: list[str]) -> None:
    assert found(interface(text)) == where


def test_use_is_a_step_of_a_chain() -> None:
    text = "".join(f"interface i{at} {{ use i{at - 1}.{{t}}; }}\n" for at in range(1, 70))
    assert found(f"{HEADER}interface i0 {{ type t = u8; }}\n{text}") == ["67:26 chain"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param(f"interface {'a' * 128} {{}}", [], id="128"),
        pytest.param(f"interface {'a' * 129} {{}}", ["1:11 identifier"], id="129"),
        pytest.param(f"interface %{'a' * 128} {{}}", [], id="without the percent sign"),
        pytest.param(f"// {'a' * 1000}", [], id="a comment"),
    ],
)
def test_identifier(text: str, where: list[str]) -> None:
    assert found(text) == where


def test_file_size() -> None:
    assert found("//" + "a" * 1022, max_file_size=1024) == []
    assert found("//" + "a" * 1023, max_file_size=1024) == ["1:1 file-size"]
    assert found(" " * (4 * 1024 * 1024), max_file_size=10**9) == []
    assert found(" " * (4 * 1024 * 1024 + 1), max_file_size=10**9) == ["1:1 file-size"]
    assert found(" " * (16 * 1024 * 1024 + 1)) == ["1:1 file-size"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param("/// \u202e", ["1:5 hidden-character"], id="bidi in documentation"),
        pytest.param("/** \u2066 */", ["1:5 hidden-character"], id="bidi in a documentation block"),
        pytest.param("// \u200f", ["1:4 hidden-character"], id="bidi in a comment"),
        pytest.param("package a\u202e:b;", ["1:10 hidden-character"], id="bidi in code"),
        pytest.param("/// a\u200bb", [], id="invisible in documentation"),
        pytest.param("// a\u200bb", ["1:5 hidden-character"], id="invisible in a comment"),
        pytest.param("package a\u200b:b;", ["1:10 hidden-character"], id="invisible in code"),
        pytest.param("// a\ufe0f", ["1:5 hidden-character"], id="a selector after ASCII"),
        pytest.param("// \U0001f468\u200d\U0001f469 \u2764\ufe0f 1\ufe0f\u20e3", [], id="emoji"),
        pytest.param("// \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", [], id="a joiner in Persian"),
        pytest.param("\ufeffpackage a:b;", [], id="byte order mark"),
        pytest.param("\ufeff\ufeffpackage a:b;", ["1:1 hidden-character"], id="a second one"),
        pytest.param("// \ufeff", ["1:4 hidden-character"], id="one in a comment"),
        pytest.param("interface \u0430 {}", ["1:11 hidden-character"], id="Cyrillic that looks like ASCII"),
        pytest.param("interface i\uff1b", ["1:12 hidden-character"], id="full-width"),
        pytest.param("interface\u00a0i {}", ["1:10 hidden-character"], id="a space that is none"),
        pytest.param("interface \u043f\u0436 {}", ["1:11 syntax"], id="Cyrillic that does not"),
        pytest.param("// \u043f\u0440\u0438\u0432\u0435\u0442 \u00a0 \u4f60\u597d", [], id="text in any language"),
        pytest.param("// \x1b[31m", ["1:4 hidden-character"], id="control code"),
        pytest.param("\0", ["1:1 hidden-character"], id="NUL"),
        pytest.param("// \u200b \u200b\n// \u200b", ["1:4 hidden-character", "2:4 hidden-character"], id="once a line"),
        pytest.param('@external-id("\u043f\u0440\u0438\u0432\u0435\u0442") interface i {}', [], id="text in a string"),
        pytest.param('@external-id("\u0440aypal") interface i {}', ["1:15 hidden-character"], id="mixed in a string"),
        pytest.param("// \u0149", ["1:4 syntax"], id="what wit-parser refuses for other reasons"),
    ],
)
def test_hidden_characters(text: str, where: list[str]) -> None:
    assert found(text) == where


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param("package a:b; interface i { f: func() }", ["1:38 syntax"], id="syntax"),
        pytest.param(b"package a:b; // \xe9", ["1:17 syntax"], id="Latin-1"),
        pytest.param("package a:{{project}};", [], id="a template"),
        pytest.param("package a:{{", ["1:11 syntax"], id="no template"),
        pytest.param(f"package a:b; type; {nested(30)}", ["1:14 syntax"], id="the rest is not looked at"),
    ],
)
def test_syntax(text: str | bytes, where: list[str]) -> None:
    assert found(text) == where


def test_what_cannot_be_read() -> None:
    Path("folder.wit").mkdir()
    os.symlink("nowhere", "link.wit")
    assert said("folder.wit", "link.wit", "nothing.wit") == ["folder.wit:1:1 syntax", "link.wit:1:1 syntax"]


def test_siblings_are_read_but_not_judged() -> None:
    write(
        {
            "wit/a.wit": f"{HEADER}interface i {{ {steps(14, 'tuple<{0}, {0}>')} }}",
            "wit/b.wit": f"interface j {{ use i.{{t14 as x}}; {steps(3, 'tuple<{0}, {0}>', 'x')} }}",
            "wit/c.wit": f"interface k {{ {steps(20, 'tuple<{0}, {0}>')} }}",
            "wit/broken.wit": "interface",
            "wit/hidden.wit": "// \u202e",
        }
    )
    assert said("wit/b.wit") == ["wit/b.wit:1:76 expansion"]
    # What the change of a named file does to others is told; what is wrong with them anyway is not.
    assert said("wit/a.wit") == ["wit/b.wit:1:76 expansion"]
    assert said("wit/c.wit") == ["wit/c.wit:1:425 expansion"]


def test_more_bytes_than_are_read() -> None:
    write({"wit/a.wit": HEADER, **{f"wit/{at}.wit": f"// {'x' * 1_000_000}\n" for at in range(6)}})
    assert said("wit/a.wit") == ["wit/a.wit:1:1 file-size"]


def test_a_package_with_more_bytes_than_are_compared() -> None:
    write({f"wit/{at}.wit": f"interface i{at} {{ use i{at}.{{}}; }}\n// {'x' * 1_000_000}\n" for at in range(6)})
    told = said(*(f"wit/{at}.wit" for at in range(6)))
    assert told == ["wit/4.wit:1:1 file-size", *(f"wit/{at}.wit:1:11 recursion" for at in range(4))]


def test_packages_are_compared_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[int] = []

    def counted(file: File) -> WitDocument:
        alive.append(sum(isinstance(each, WitDocument) for each in gc.get_objects()))
        return parse(file)

    monkeypatch.setattr("dunnage.check_wit_limits.parse", counted)
    monkeypatch.setattr("dunnage.files.source._MOST_PARSED_BYTES", -1)
    write({f"{at}/wit/{name}.wit": f"interface {name} {{}}" for at in range(6) for name in "ab"})
    assert said(*(f"{at}/wit/a.wit" for at in range(6))) == []
    assert len(alive) == 12
    assert max(alive) < 4


@pytest.mark.parametrize(("count", "where"), [(500, []), (1100, ["2:7 expansion"])])
def test_worlds_that_take_too_long_to_measure(count: int, where: list[str]) -> None:
    worlds = "".join(
        f"interface i{at} {{}}\nworld w{at} {{ include w{at - 1}; import i{at}; }}\n" for at in range(1, count)
    )
    assert found(f"{HEADER}world w0 {{}}\n{worlds}") == where


def test_a_problem_of_several_files_is_told_once() -> None:
    write({"wit/a.wit": f"{HEADER}interface i {{ use j.{{}}; }}", "wit/b.wit": "interface j { use i.{}; }"})
    told = ["wit/a.wit:2:11 recursion"]
    assert said("wit/a.wit") == told
    assert said("wit/b.wit") == ["wit/b.wit:1:11 recursion"]
    assert said("wit/b.wit", "wit/a.wit", "./wit/a.wit") == told


def test_not_everything_is_told() -> None:
    assert len(found(interface(" ".join(f"type t{at} = {nested(30)};" for at in range(50))))) == 20


def test_a_large_folder_is_read_in_part() -> None:
    files: dict[str, str | bytes] = {f"wit/{at:04}.wit": f"interface i{at} {{}}" for at in range(1100)}
    last = "interface last { use first.{}; }"
    write({**files, "wit/0000.wit": f"{HEADER}interface first {{ use last.{{}}; }}", "wit/1099.wit": last})
    assert said("wit/0000.wit") == ["wit/0000.wit:1:1 file-size"]
    assert "wit/0000.wit:2:11 recursion" in said("wit/0000.wit", "wit/1099.wit")
    assert said(*files) == ["wit/0000.wit:2:11 recursion"]


def test_ignores(capsys: pytest.CaptureFixture[str]) -> None:
    comment = "// dunnage: ignore[wit-limits/recursion] to be split next week"
    write({"a.wit": f"{HEADER}interface i {{\n{comment}\nrecord r {{ a: list<r> }}\n}}"})
    assert main(["a.wit"]) == 0
    write({"a.wit": f"{HEADER}interface i {{\n{comment}\nrecord r {{ a: u8 }}\n}}"})
    assert main(["a.wit"]) == 1
    assert "a.wit:3:1: ignore/unused" in capsys.readouterr().out


def test_ignored_in_a_file_that_is_not_named() -> None:
    comment = "// dunnage: ignore[wit-limits/identifier] generated"
    write({"a.wit": HEADER, "b.wit": f"interface i {{\n{comment}\n{'x' * 129}: func();\n}}"})
    assert main(["a.wit"]) == 0
    assert main(["a.wit", "b.wit"]) == 0


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "", "1_000", "9" * 20])
def test_options_are_whole_numbers(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    write({"a.wit": HEADER})
    assert main([f"--max-nesting={value}", "a.wit"]) == 2
    assert f"{value!r} is not a whole number above 0" in capsys.readouterr().err


def test_options_move_the_limits() -> None:
    write({"a.wit": interface(f"type t = {nested(3)}; type u = t; type v = u; type wxyz = v;")})
    assert main(["--max-nesting", "3", "--max-chain", "3", "--max-identifier", "4", "a.wit"]) == 0
    for option in ("--max-nesting", "--max-chain", "--max-identifier", "--max-file-size", "--max-expansion"):
        assert main([option, "2", "a.wit"]) == 1


WORDS = """
    package a:b ; interface i { } type a b = list< > u8 record : , use . world include tuple<a,a> func ( ) \u202e \u0430
"""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(WORDS.split())))
def test_any_text_is_checked(words: list[str]) -> None:
    found(" ".join(words), max_nesting=1, max_expansion=2, max_chain=1, max_identifier=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_are_checked(data: bytes) -> None:
    found(data)
