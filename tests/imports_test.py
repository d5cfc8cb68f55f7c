"""Importing a hook does not load what only findings need, and no module needs Python's compiler."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dunnage.frame.registry import ENTRIES

# A named tuple whose annotations are text makes `typing` compile each of them. The first use of the compiler takes as
# long as a tenth of a check. A module that defines such classes therefore does not postpone its annotations.
PROGRAM = """
import pkgutil, typing, urllib3, dunnage

def refuse(reference, text, *_, **__):
    raise AssertionError(f"the annotation {text!r} is compiled while {name} is imported")

typing.ForwardRef.__init__ = refuse
for _, name, _ in pkgutil.walk_packages(dunnage.__path__, "dunnage."):
    if not name.endswith("__main__"):
        __import__(name)
"""


HOOKS = Path(__file__).parent.parent / "hooks"


def test_no_named_tuple_has_another_base() -> None:
    """Python 3.10 rejects such a class when its module is imported."""
    pattern = r"class (\w+)\((?:[^()]*,\s*NamedTuple\b|NamedTuple\s*,)"
    assert re.findall(pattern, "class A(B, NamedTuple):\nclass C(NamedTuple, D):\nclass E(NamedTuple):\n") == ["A", "C"]
    assert not [found for path in HOOKS.rglob("*.py") for found in re.findall(pattern, path.read_text("utf-8"))]


def test_no_annotation_is_compiled() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("module", [entry.module for entry in ENTRIES])
def test_no_slow_module_is_imported(module: str) -> None:
    slow = {"argparse", "dataclasses", "inspect", "json", "subprocess", "tomlkit", "urllib.request"}
    program = f"import sys, {module}\nprint(*sorted({slow!r} & sys.modules.keys()))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "\n"
