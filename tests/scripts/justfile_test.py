"""Justfiles: what recipes hand to a shell, and what their expressions give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts import justfile
from dunnage.shell.model import Script, Values
from scripts.origins import scripts_of


def scripts(text: str | bytes) -> list[Script]:
    return scripts_of(File("justfile", text.encode() if isinstance(text, str) else text), justfile.scripts)


def texts(text: str) -> list[str]:
    return [script.text for script in scripts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a:\n  x y\n  z\n", ["x y", "z"], id="lines"),
        pytest.param("a:\n\t@x\n\t-y\n\t@- z\n", ["x", "y", "z"], id="prefixes"),
        pytest.param("a:\n  x \\\n    y \\\n  z\n", ["x y z"], id="continuation"),
        pytest.param("a:\n  # x\n  y # z\n", ["y # z"], id="comments"),
        pytest.param("a:\n  x\n\n  y\n\nb:\n  z\n", ["x", "y", "z"], id="blank-lines"),
        pytest.param("a b c='d:e' +f=\"g\" *h: i (j 'k') && l\n  x\n", ["x"], id="header"),
        pytest.param("a $b=('c' + d):\n  x\n", ["x"], id="default-in-brackets"),
        pytest.param("@a:\n  x\n", ["x"], id="quiet"),
        pytest.param("a: b \\\n  c\n  x\n", ["x"], id="continued-header"),
        pytest.param("a: (b '''\n  c\n  d\n''')\ne:\n  x\n", ["x"], id="text-in-a-header"),
        pytest.param("[private]\n[unix, doc('x')]\na:\n  x\n", ["x"], id="attributes"),
        pytest.param("[script] a:\n  x\n  y\n", ["x\ny\n"], id="attribute-on-the-line"),
        pytest.param("a'b':\n  x\n", [], id="no-space-before-a-parameter"),
        pytest.param(
            "a:\n  #!/usr/bin/env bash\n  x\n    y \\\n  z\n", ["#!/usr/bin/env bash\nx\n  y \\\nz\n"], id="shebang"
        ),
        pytest.param("a:\n  #!/usr/bin/env -S bash -e\n  x\n", ["#!/usr/bin/env -S bash -e\nx\n"], id="shebang-env"),
        pytest.param("a:\n  #!/usr/bin/env python\n  x\n", [], id="other-shebang"),
        pytest.param("[script]\na:\n  x\n  y\n", ["x\ny\n"], id="script"),
        pytest.param("[script('bash', '-e')]\na:\n  x\n", ["x\n"], id="script-bash"),
        pytest.param("[script: 'python']\na:\n  x\n", [], id="script-python"),
        pytest.param("set script-interpreter := ['node']\n[script]\na:\n  x\n", [], id="script-interpreter"),
        pytest.param("set shell := ['bash', '-c']\na:\n  x\n", ["x"], id="shell"),
        pytest.param("set shell := ['nu', '-c']\na:\n  x\n", [], id="other-shell"),
        pytest.param("set windows-shell := ['pwsh', '-c']\nset export\na:\n  x\n", ["x"], id="shell-on-windows"),
        pytest.param("v := '''\n  a:\n    x\n'''\nb:\n  y\n", ["y"], id="recipe-in-a-text"),
        pytest.param("v := `\n  a:\n    x`\nb:\n  y\n", ["y"], id="recipe-in-a-command"),
        pytest.param("mod m\nimport 'n'\nalias a := b\n# c\nb:\n  x\n", ["x"], id="others"),
        pytest.param("# don't\na: # can't: \"x\n  y\n", ["y"], id="quotes-in-comments"),
        pytest.param("a:\nb: a\n", [], id="no-body"),
        pytest.param("", [], id="empty"),
        pytest.param("  x\n", [], id="no-recipe"),
    ],
)
def test_where_and_what(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("assignments", "expression", "values"),
    [
        pytest.param("v := '1.2.3'", "v", ("1.2.3",), id="single"),
        pytest.param('v := "a\\n\\t\\"\\\\\\u{41}"', "v", ('a\n\t"\\A',), id="double"),
        pytest.param("v := 'a\\n'", "v", ("a\\n",), id="raw"),
        pytest.param("v := '''\n  a\n    b\n  '''", "v", ("a\n  b\n",), id="indented"),
        pytest.param('v := """\n  a\\tb\n"""', "v", ("a\tb\n",), id="indented-double"),
        pytest.param("v := `x`", "v", None, id="command"),
        pytest.param("v := x'~/a'", "v", None, id="expanded-by-the-shell"),
        pytest.param("v := 'a' + w / 'c'\nw := 'b'", "v", ("ab/c",), id="joined"),
        pytest.param("v := w\nw := v", "v", None, id="circle"),
        pytest.param("v := if os() == 'x' { 'a' } else if y == '' { 'b' } else { 'c' }", "v", ("a", "b", "c"), id="if"),
        pytest.param("v := if a == b {\n  'a'\n} else { 'b' }", "v", ("a", "b"), id="if-on-several-lines"),
        pytest.param("v := env('X', '1')", "v", ("1",), id="environment-with-default"),
        pytest.param("v := env_var_or_default('X', '1')", "v", ("1",), id="older-name"),
        pytest.param("v := env('X')", "v", None, id="environment"),
        pytest.param("v := uppercase('x')", "v", None, id="function"),
        pytest.param("v := 'a' }", "v", None, id="text-after-an-expression"),
        pytest.param("v := +", "v", None, id="operator-alone"),
        pytest.param("v := if a == b { 'a' }", "v", None, id="if-without-else"),
        pytest.param(f"v := {'(' * 200}'a'{')' * 200}", "v", None, id="deep"),
        pytest.param(f"v := {'if a == b { ' * 200}'a'{' }' * 200}", "v", None, id="deep-if"),
        pytest.param('v := "a\\\n  b"', "v", ("a  b",), id="escaped-line-break"),
        pytest.param("v := 'a\\\nb'", "v", ("a\\\nb",), id="line-break-after-a-backslash"),
        pytest.param("export v := '1' # c", "v", ("1",), id="exported"),
        pytest.param("v := ('a')", " v + '@' + v ", ("a@a",), id="expression"),
        pytest.param("", "p", None, id="parameter"),
        pytest.param("p := '1'", "p", None, id="parameter-over-assignment"),
        pytest.param("v := '1'", "q", ("1x",), id="default-of-a-parameter"),
        pytest.param("", "r", ("",), id="none-or-more"),
        pytest.param("", "nothing", None, id="not-there"),
        pytest.param("", "", None, id="empty"),
    ],
)
def test_values(assignments: str, expression: str, values: Values) -> None:
    *_, script = scripts(f"{assignments}\na p q=(v + 'x') *r:\n  x {{{{{expression}}}}}\n")
    assert script.expressions == "just"
    assert script.place.names == ("recipe a",)
    assert script.variables.get(expression.strip()) == values


def test_crlf_and_offsets() -> None:
    (script,) = scripts("\ufeffa:\r\n\t@é \\\r\n\t  y\r\n")
    assert (script.text, script.offsets) == ("é y", ((0, 9, 3), (3, 18, 1)))


@pytest.mark.untraced
def test_hostile_expressions_take_no_time() -> None:
    lines = [f"v{index} := v{index + 1} + v{index + 1}" for index in range(200)]
    assert scripts("\n".join([*lines, "v200 := 'x'", "a:", "  y {{v0}}"]))[0].variables["v0"] is None
    assert texts("v := " + "(" * 3000 + "\na:\n  x\n") is not None
    assert len(texts("a:\n" + "  x {{y}}\n" * 3000)) == 3000
    assert len(texts("a:\n  x " + "{{y" * 100_000 + "\n")) == 1
    assert texts("v := (\n" + "(\n" * 200_000 + "\n" * 100 + "a:\n  x\n") == ["x"]


JUSTFILE = """\
set shell := ['bash', '-c']
v := if a == 'b' { "c" } else { env('D', 'e') / '''
  f''' }
[script]
g h='i' +j: k
  x {{ v + h }} \\
  y
l:
  #!/bin/sh
  z
"""


@given(st.data())
def test_nothing_raises(data: st.DataObject) -> None:
    content = JUSTFILE.encode()
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 8)))
        piece = data.draw(st.binary(max_size=4) | st.sampled_from([b"{{", b"}}", b"'", b'"', b"\n", b"\n  ", b"("]))
        content = content[:start] + piece + content[end:]
    try:
        scripts(content)
    except SourceError:
        return
