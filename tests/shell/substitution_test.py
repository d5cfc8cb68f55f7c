"""What command substitutions print. A shell says which of the values are right."""

from __future__ import annotations

import subprocess

import pytest

from dunnage.files.source import File
from dunnage.shell.commands import commands
from dunnage.shell.model import Place, whole


def words(program: str) -> set[tuple[str, ...]] | None:
    """The possible arguments of the command `printf '<%s>'`; None if they are unknown."""
    file = File("x.sh", program.encode())
    found = [command for command in commands(file, whole(file, Place("shell"))) if command.words[0].text == "printf"]
    found = [command for command in found if "<%s>" in command.words[1].text]
    choices: set[tuple[str, ...]] | None = set() if found else None
    for command in found:
        arguments = command.words[2:]
        if any(word.values is None for word in arguments):
            return None
        longest = max((len(word.values or ()) for word in arguments), default=1)
        choices = (choices or set()) | {
            tuple((word.values or ())[min(at, len(word.values or ()) - 1)] for word in arguments)
            for at in range(longest)
        }
    return choices


@pytest.mark.parametrize(
    ("substitution", "expected"),
    [
        pytest.param('$(test "$X" = y && echo --a)', {("--a",), ()}, id="test"),
        pytest.param('"$([ "$X" = y ] && echo a b)"', {("a b",), ("",)}, id="quoted"),
        pytest.param("$([ \"$X\" = y ] && echo 'a b')", {("a", "b"), ()}, id="split"),
        pytest.param('`test "$X" = y || echo a`', {("a",), ()}, id="backticks"),
        pytest.param('$(test "$X" = y && echo a || echo b)', {("a", "b"), ("a",), ("b",), ()}, id="or"),
        pytest.param('$(if [ "$X" = y ]; then echo a; elif [ "$X" ]; then echo b; fi)', {("a",), ("b",), ()}, id="if"),
        pytest.param('$(if [ "$X" ]; then echo a; else echo b; fi)', {("a",), ("b",)}, id="else"),
        pytest.param('x$(! test "$X" = y && echo a)z', {("xaz",), ("xz",)}, id="inside-a-word"),
        pytest.param("$(grep -q a b 2>/dev/null || echo a)", {("a",), ()}, id="grep"),
        pytest.param("$(command -v a >/dev/null 2>&1 || printf %s b)", {("b",), ()}, id="nowhere"),
        pytest.param("$(echo a | grep -q a && echo b)", {("b",), ()}, id="pipe-into-grep"),
        pytest.param("$(echo a; echo b)", {("a", "b")}, id="sequence"),
        pytest.param("$({ echo a; } ; (echo b))", {("a", "b")}, id="groups"),
        pytest.param("$(test a && echo b >&2)", {()}, id="to-errors"),
        pytest.param("$(printf '%s\\n' a) $(printf b) $(true)", {("a", "b")}, id="printf"),
        pytest.param("$(echo)", {()}, id="empty"),
        pytest.param("$(echo a # b\n)", {("a",)}, id="comment"),
        pytest.param('$(V=b; echo "$V")', None, id="assignment"),
        pytest.param("$(echo a | tr a b)", None, id="pipe"),
        pytest.param("$(uname)", None, id="program"),
        pytest.param("$(if uname; then echo b; fi)", None, id="condition-that-prints"),
        pytest.param("$(echo *)", None, id="glob"),
        pytest.param("$(echo -e 'a\\tb')", None, id="option"),
        pytest.param("$(echo 'a\\tb')", None, id="backslash"),
        pytest.param("$(printf '%d' 1)", None, id="format"),
        pytest.param("$(echo a >x)", None, id="to-a-file"),
        pytest.param("$(uname 2>&1)", None, id="with-errors"),
        pytest.param("$(test a && echo $(echo b))", None, id="nested"),
        pytest.param("$(cat <<E\na\nE\n)", None, id="here-document"),
        pytest.param("$(" + "( " * 20 + "echo a" + ")" * 20 + ")", None, id="deep"),
        pytest.param("$(" + "test a && " * 300 + "echo a)", None, id="long"),
        pytest.param("$(echo " + "a$(" * 50 + ")" * 50 + ")", None, id="many-levels"),
    ],
)
def test_output(substitution: str, expected: set[tuple[str, ...]] | None) -> None:
    program = f"printf '<%s>' {substitution}\n"
    assert words(program) == expected
    for value in ("", "x", "y") if expected is not None else ():
        environment = {"X": value, "PATH": "/usr/bin:/bin"}
        printed = subprocess.run(["sh", "-c", program], env=environment, capture_output=True, check=False)
        allowed = {"".join(f"<{word}>" for word in choice) or "<>" for choice in expected or ()}
        assert printed.stdout.decode() in allowed


def test_values_of_variables() -> None:
    assert words("V=$(echo 1.2.3)\nprintf '<%s>' \"a@$V\"\n") == {("a@1.2.3",)}
    assert words("V=$(date)\nprintf '<%s>' \"a@$V\"\n") is None
