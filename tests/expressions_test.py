"""No regular expression of the hooks takes time that grows with the square of its input, or faster.

`regexploit` is the judge. It ignores lookarounds, and anchors except `$`. It overlooks that a search for one repetition
begins again at each character, which takes quadratic time too: such searches are found only by measuring.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports `sre_parse`
    from regexploit.ast.repeat import InfiniteRepeat
    from regexploit.ast.sequence import Sequence
    from regexploit.ast.sre import SreOpParser
    from regexploit.redos import Redos, expand_branches, make_redos

HOOKS = Path(__file__).parent.parent / "hooks"
MODULES = sorted(HOOKS.rglob("*.py"))
FUNCTIONS = ("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


# Modules and constants. The judge drops the name from the expression, and so sees two repetitions of spaces together.
WRONGLY_REPORTED = {("dunnage.scripts.makefile_syntax", "_ASSIGNMENT")}


class Expression(NamedTuple):
    """A regular expression of a module."""

    line: int
    pattern: str | bytes
    flags: int = 0


def _value(node: ast.expr, names: dict[str, object]) -> object:
    """The value of an expression over the constants of a module; a local variable in it is the text `x`."""
    local = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - names.keys() - vars(builtins).keys()
    is_bytes = any(isinstance(each, ast.Constant) and isinstance(each.value, bytes) for each in ast.walk(node))
    stand_in: object = b"x" if is_bytes else "x"
    try:
        return eval(  # noqa: S307 -- the source is that of the hooks
            compile(ast.Expression(node), "<pattern>", "eval"), {**dict.fromkeys(local, stand_in), **names}
        )
    except (AttributeError, TypeError, KeyError, IndexError, NameError, ValueError):
        return None


def _texts(value: object) -> Iterator[str | bytes]:
    if isinstance(value, re.Pattern):
        yield value.pattern
    elif isinstance(value, str | bytes):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from _texts(each)


def expressions(source: str, names: dict[str, object]) -> Iterator[Expression]:
    """The patterns that calls of `re` name, and the constants of a module, each of which may be one."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            function = node.func
            is_ours = (
                isinstance(function.value, ast.Name) and function.value.id == "re" and function.attr in FUNCTIONS
                if isinstance(function, ast.Attribute)
                else function.id == "compile_pattern"
            )
            if is_ours and node.args:
                flags = [
                    each
                    for each in (*node.args[1:], *(key.value for key in node.keywords))
                    if "re." in ast.unparse(each)
                ]
                flag = _value(flags[0], names) if flags else 0
                for text in _texts(_value(node.args[0], names)):
                    yield Expression(node.lineno, text, int(flag) if isinstance(flag, int) else 0)
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for text in _texts(_value(node.value, names)):
                yield Expression(node.lineno, text)


def _slow(parsed: object) -> Iterator[Redos]:
    """The parts of a parsed pattern that need at least quadratic time.

    The judge itself reports what needs cubic time: it begins to count at 1 for a repetition, here it does at 2.
    """
    for sequence in expand_branches(parsed if isinstance(parsed, Sequence) else Sequence([parsed])):
        for at, element in enumerate(sequence.elements):
            if isinstance(element, InfiniteRepeat) and (character := element.overall_character_class()):
                yield from make_redos(sequence, at, at + 1, character, element.starriness + 1)


def faults(source: str, names: dict[str, object]) -> Iterator[str]:
    """What the judge says about the patterns of a module."""
    for line, pattern, flags in dict.fromkeys(expressions(source, names)):
        if any(
            pattern == names.get(constant) for module, constant in WRONGLY_REPORTED if module == names.get("__name__")
        ):
            continue
        text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = SreOpParser().parse_sre(text, flags & ~re.UNICODE & ~re.DEBUG)
        except (re.error, OverflowError, AttributeError):
            continue  # a constant that is no pattern, or one of a later Python than the hooks may need
        if parsed is not None and (found := next(_slow(parsed), None)):
            yield f"line {line}: {text!r} takes long for {found.example()}"


@pytest.mark.untraced
@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HOOKS / "dunnage").as_posix())
def test_linear(path: Path) -> None:
    source = path.read_text("utf-8")
    name = ".".join(path.relative_to(HOOKS).with_suffix("").parts).removesuffix(".__init__")
    if path.stem == "__main__":
        return  # it runs on import, and contains one call
    assert list(faults(source, vars(importlib.import_module(name)))) == []


@pytest.mark.parametrize(
    ("source", "names", "count"),
    [
        pytest.param('re.match("a*a*b", text)', {}, 1, id="two repetitions of one character"),
        pytest.param('re.search("(?:a+)+b", text)', {}, 1, id="a repetition in a repetition"),
        pytest.param('re.search(rf"{_A}{_A}b", text)', {"_A": "[ab]*"}, 1, id="constants in a pattern"),
        pytest.param('_ALL = (("x", b"(?i)a*a*b"),)', {}, 1, id="constants that are patterns"),
        pytest.param('re.fullmatch(f"{local}a*a*b", text)', {}, 1, id="a local variable in a pattern"),
        pytest.param('re.match("a*ba*b", text)', {}, 0, id="a character between repetitions"),
        pytest.param('_A = "(the"', {}, 0, id="a constant that is no pattern"),
    ],
)
def test_faults(source: str, names: dict[str, object], count: int) -> None:
    assert len(list(faults(source, names))) == count
