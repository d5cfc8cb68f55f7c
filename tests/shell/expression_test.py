"""GitHub's expressions: what of them a file decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.shell.expression import MARK, expand, marked, resolve
from dunnage.shell.model import Values

VARIABLES: dict[str, Values] = {
    "env.V": ("1.2.3",),
    "env.EMPTY": ("",),
    "env.NO": ("false",),
    "env.ONE": ("1",),
    "env.GIVEN": None,
    "matrix.v": ("1", "2"),
    "matrix.os.name": ("linux",),
    "inputs.v": ("1.0",),
    "inputs.flag": ("true", "false"),
}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("env.V", ("1.2.3",), id="name"),
        pytest.param(" env.V ", ("1.2.3",), id="blanks"),
        pytest.param("env['V']", ("1.2.3",), id="index"),
        pytest.param("matrix.os.name", ("linux",), id="path"),
        pytest.param("matrix.v", ("1", "2"), id="several"),
        pytest.param("env.GIVEN", None, id="from-outside"),
        pytest.param("env.NOTHING", None, id="not-there"),
        pytest.param("secrets.X", None, id="other-context"),
        pytest.param("'a''b'", ("a'b",), id="text"),
        pytest.param("12", ("12",), id="number"),
        pytest.param("true", ("true",), id="truth"),
        pytest.param("null", ("",), id="null"),
        pytest.param("env.V || 'x'", ("1.2.3",), id="or-not-needed"),
        pytest.param("env.EMPTY || 'x'", ("x",), id="or-needed"),
        pytest.param("env.GIVEN || 'x'", None, id="or-behind-unknown"),
        pytest.param("inputs.v || '2.0'", ("1.0", "2.0"), id="input-that-may-not-be-given"),
        pytest.param("inputs.v", ("1.0",), id="input"),
        pytest.param("env.NO && 'x' || 'y'", ("y", "x"), id="false-may-be-a-text"),
        pytest.param("env.ONE == '1' && 'x' || 'y'", ("x", "y"), id="numbers-are-not-compared"),
        pytest.param("env.NO == 'true' && 'x' || 'y'", ("y",), id="false-is-not-true"),
        pytest.param("env.EMPTY != 'true' && 'x' || 'y'", ("x",), id="empty-is-not-true"),
        pytest.param("env.EMPTY == 'false' && 'x' || 'y'", ("x", "y"), id="empty-may-be-false"),
        pytest.param("inputs.flag && '--locked' || ''", ("--locked", ""), id="flag"),
        pytest.param("github.event_name == 'push' && 'a' || 'b'", ("a", "b"), id="unknown-condition"),
        pytest.param("matrix.os.name == 'Linux' && 'a' || 'b'", ("a",), id="known-condition"),
        pytest.param("matrix.os.name != 'linux' && 'a' || 'b'", ("b",), id="known-not-equal"),
        pytest.param("!env.EMPTY && 'a' || 'b'", ("a",), id="not"),
        pytest.param("(env.V)", ("1.2.3",), id="brackets"),
        pytest.param("startsWith(runner.os, 'W') && '.exe' || ''", (".exe", ""), id="function-of-truth"),
        pytest.param("format('{0}@{1}', 'a', matrix.v)", ("a@1", "a@2"), id="format"),
        pytest.param("format('{{0}} {0}', 'a')", ("{0} a",), id="format-with-braces"),
        pytest.param("format('{1}', 'a')", None, id="format-without-argument"),
        pytest.param("format('{0}', env.GIVEN)", None, id="format-of-unknown"),
        pytest.param("fromJSON(env.V).x", None, id="function"),
        pytest.param("toJSON(env.V)", None, id="other-function"),
        pytest.param("matrix.*.name", None, id="filter"),
        pytest.param("env.V +", None, id="no-expression"),
        pytest.param("env.V env.V", None, id="two-expressions"),
        pytest.param("(env.V", None, id="bracket-that-is-not-closed"),
        pytest.param(f"'{'x' * 2001}'", None, id="long"),
        pytest.param(f"format('{{0}}', {', '.join(['matrix.v'] * 7)})", None, id="format-with-many-values"),
        pytest.param("env.", None, id="no-name"),
        pytest.param("", None, id="empty"),
        pytest.param("(" * 500 + "env.V" + ")" * 500, None, id="deep"),
    ],
)
def test_resolve(text: str, values: Values) -> None:
    assert resolve(text, VARIABLES) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("plain", ("plain",), id="plain"),
        pytest.param("v${{ env.V }}-${{ matrix.v }}", ("v1.2.3-1", "v1.2.3-2"), id="several"),
        pytest.param("${{ '}}' }}", ("}}",), id="braces-in-a-text"),
        pytest.param("${{ env.V", ("${{ env.V",), id="never-closed"),
        pytest.param("${{ 'a }}", ("${{ 'a }}",), id="text-never-closed"),
        pytest.param("a${{ env.GIVEN }}", None, id="unknown"),
        pytest.param("${{ matrix.v }}" * 10, None, id="too-many"),
    ],
)
def test_expand(text: str, values: Values) -> None:
    assert expand(text, VARIABLES) == values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("secrets.X", ("<X>",), id="name"),
        pytest.param("secrets['X']", ("<X>",), id="index"),
        pytest.param("env.V || secrets.X", (), id="not-needed"),
        pytest.param("env.GIVEN || secrets.X", ("<X>",), id="after-unknown"),
        pytest.param("env.GIVEN && secrets.X || ''", ("<X>",), id="chosen"),
        pytest.param("secrets.X != ''", (), id="compared"),
        pytest.param("!secrets.X", (), id="negated"),
        pytest.param("secrets.X && 'a' || 'b'", (), id="condition"),
        pytest.param("startsWith(secrets.X, 'a')", (), id="question"),
        pytest.param("format('{0}-{1}', env.GIVEN, secrets.X)", ("<X>",), id="formatted"),
        pytest.param("fromJSON(secrets.X).key", ("<X>",), id="parsed"),
        pytest.param("toJSON(secrets)", ("<all>",), id="context"),
        pytest.param("secrets[matrix.name]", ("<all>",), id="unknown-name"),
        pytest.param("secrets.Y", (), id="another"),
        pytest.param("secrets.X ||", (), id="broken"),
        pytest.param(f"secrets.X || '{'a' * 3000}'", (), id="too-long"),
    ],
)
def test_marked(text: str, found: tuple[str, ...]) -> None:
    names = {"secrets.X": "X", "secrets": "all", "secrets.*": "all"}
    variables = {**VARIABLES, **{name: (f"{MARK}<{short}>",) for name, short in names.items()}}
    assert tuple(value.removeprefix(MARK) for value in marked(text, variables)) == found


@given(st.text(max_size=60) | st.text(alphabet="env.V'()|&!=<>[]{}$ ,*0x-", max_size=60))
def test_nothing_raises(text: str) -> None:
    for values in (resolve(text, VARIABLES), expand(text, VARIABLES)):
        assert values is None or all(isinstance(value, str) for value in values)
