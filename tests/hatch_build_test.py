"""The files of a wheel: the same code as in the checkout, and the pages of hooks and rules."""

from __future__ import annotations

import ast
import bz2
import re
import zipfile
from pathlib import Path

import pytest

from demo.run import CHECKOUT
from hatch_build import compact, pages

MODULES = sorted((CHECKOUT / "hooks" / "dunnage").rglob("*.py"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('"""A module."""\n', "\n", id="module-docstring"),
        pytest.param("#!/usr/bin/python\n# é\na = 1  # why\n", "\n\na=1\n", id="comments"),
        pytest.param(
            'a = "# no comment"\nb = """\n# nor this\n"""\n',
            'a="# no comment"\nb="""\n# nor this\n"""\n',
            id="hash",
        ),
        pytest.param(
            'def f():\n    """One.\n\n    More.\n    """\n    return 1\n',
            "def f():\n\n\n\n\n return 1\n",
            id="function",
        ),
        pytest.param(
            'class E(Exception):\n    """é"""\n\n\na = 1\n', "class E(Exception):\n ...\n\n\na=1\n", id="only"
        ),
        pytest.param('class T:\n    a: int\n    """é"""\n    b: str\n', "class T:\n a:int\n\n b:str\n", id="field"),
        pytest.param('if True:\n    a = 1\n    """A."""\n', "if True:\n a=1\n\n", id="block"),
        pytest.param("x = [\n    1,  # one\n]\n", "x=[\n1,\n]\n", id="inside-brackets"),
        pytest.param('if a:\n    b = """\n    c  \n    """  # d\n', 'if a:\n b="""\n    c  \n    """  \n', id="string"),
        pytest.param("def é(a: int, *, b: str = 'é') -> None:\n    a\n", "def é(a,*,b='é'):\n a\n", id="parameters"),
        pytest.param(
            "def f(\n    a: dict[\n        int, str\n    ],\n):\n    a\n", "def f(\na\n\n,\n):\n a\n", id="lines"
        ),
        pytest.param("def f(a) -> 'b -> c':\n    return a\n", "def f(a):\n return a\n", id="arrow"),
        pytest.param("a: Final = 1\nif b:\n    c: d[e] = 2\n", "a=1\nif b:\n c=2\n", id="variables"),
        pytest.param(
            "class T:\n    a: int = 1\n    def f(self) -> int: ...\n",
            "class T:\n a:int=1\n def f(self):...\n",
            id="class",
        ),
        pytest.param("from typing import Any\na: Any = 1\n", "\na=1\n", id="unused-name"),
        pytest.param(
            "from a import Key\n_Keys: T = tuple[Key, ...]\nONE = KEYS[1]\n", "\n\nONE=KEYS[1]\n", id="unused-type"
        ),
        pytest.param("Keys = list[int]\nf(Keys)\n", "Keys=list[int]\nf(Keys)\n", id="used-type"),
        pytest.param(
            "from typing import (\n    Any,\n    NamedTuple,\n)\nclass T(NamedTuple):\n    a: int\n",
            "from typing import NamedTuple\n\n\n\nclass T(NamedTuple):\n a:None\n",
            id="used-name",
        ),
        pytest.param(
            "from __future__ import annotations\nfrom a import B\nclass T(NamedTuple):\n"
            "    b: B[\n        int\n    ]\n    c: 'B | None' = 1\n",
            "\n\nclass T(NamedTuple):\n b:None\n\n\n c:None=1\n",
            id="named-tuple",
        ),
        pytest.param(
            "from __future__ import annotations\nclass T:\n    a: B\n",
            "from __future__ import annotations\nclass T:\n a:B\n",
            id="postponed",
        ),
        pytest.param("x = not (a ) or - b if c else [ d ]\n", "x=not(a)or-b if c else[d]\n", id="operators"),
        pytest.param('é = """\n""" + a  # é\n', 'é="""\n"""+a  \n', id="after-a-string"),
        pytest.param("if TYPE_CHECKING:\n    from a import B  # c\nd = 1\n", "\n\nd=1\n", id="type-checking"),
        pytest.param('f("not a statement")\nf"{a}"\nb"bytes"\n', 'f("not a statement")\nf"{a}"\nb"bytes"\n', id="kept"),
    ],
)
def test_compact(before: str, after: str) -> None:
    assert compact(before) == after
    assert compact(after) == after


def test_packed_modules_have_what_others_import() -> None:
    nodes = {
        path.relative_to(CHECKOUT / "hooks"): list(ast.walk(ast.parse(compact(path.read_text("utf-8")))))
        for path in MODULES
    }
    imported = {
        (Path(*(node.module or "").split(".")), alias.name)
        for found in nodes.values()
        for node in found
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dunnage")
        for alias in node.names
    }
    for path, found in nodes.items():
        module = path.parent if path.name == "__init__.py" else path.with_suffix("")
        wanted = {name for other, name in imported if other == module}
        defined = {node.id for node in found if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        defined |= {node.name for node in found if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        modules = {each.stem for each in MODULES} | {each.parent.name for each in MODULES}
        assert wanted <= defined | modules, path


def test_what_would_be_other_code_stays() -> None:
    source = '"""A."""; a = 1  # why\n'
    assert compact(source) == source


def test_every_line_of_every_module_keeps_its_number(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        installed = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".py")}
    # The interpreter needs no `__init__.py` that only says what its folder is.
    needed = [
        path for path in MODULES if path.name != "__init__.py" or len(ast.parse(path.read_text("utf-8")).body) > 1
    ]
    assert installed.keys() == {path.relative_to(CHECKOUT / "hooks").as_posix() for path in needed}
    for name, module in installed.items():
        source = (CHECKOUT / "hooks" / name).read_text("utf-8")
        assert ast.get_docstring(ast.parse(module)) is None
        for line, kept in zip(source.splitlines(), module.splitlines(), strict=True):
            field = re.match(r"    \w+: ", line)  # its annotation may be another one
            rest = iter(f"{field[0]}None {line[field.end() :]}" if field else line)
            assert all(character in rest for character in kept) or kept.strip() == "..." or kept.startswith("from "), (
                name,
                line,
            )


def test_all_pages_are_there() -> None:
    parts = bz2.decompress(pages(CHECKOUT / "docs")).decode().split("\0")
    texts = dict(zip(parts[::2], parts[1::2], strict=True))
    found = {*(CHECKOUT / "docs" / "rules").glob("*/*.md"), *(CHECKOUT / "docs" / "hooks").glob("*-*.md")}
    assert texts.keys() == {path.relative_to(CHECKOUT / "docs").as_posix() for path in found}
    for name, text in texts.items():  # the rest is compared where `dunnage explain` prints it
        lines = (CHECKOUT / "docs" / name).read_text("utf-8").splitlines()
        assert all(line in lines for line in text.splitlines())
        assert len(lines) == len(text.splitlines()) or "<!-- " in "\n".join(lines)
