"""Build the wheel: the modules without comments and docstrings, and the pages for `dunnage explain` in one file.

Each line of code keeps its number, so a traceback from an installed module leads to the line of its source.
"""

from __future__ import annotations

import ast
import gzip
import io
import json
import shutil
import tempfile
import tokenize
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compact(source: str) -> str:
    """Return the source of a module without comments and docstrings, and with as many lines.

    A string that is a statement counts as a docstring, because it documents what stands before it.
    Raises ValueError if the result would not be the same code.
    """
    lines = source.splitlines(keepends=True)
    tree = ast.parse(source)
    for body in _bodies(tree):
        for statement in filter(_is_docstring, body):
            first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
            lines[first:last] = ["\n"] * (last - first)
            if len(body) == 1 and body is not tree.body:
                lines[first] = " " * statement.col_offset + "...\n"
    for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    result = "".join(lines)
    for body in _bodies(tree):
        code = [statement for statement in body if not _is_docstring(statement)]
        body[:] = code if code or body is tree.body else [ast.Expr(ast.Constant(...))]
    if ast.dump(ast.parse(result)) != ast.dump(tree):
        raise ValueError("the code is not the same without comments and docstrings")
    return result


def _bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    bodies = (getattr(node, "body", None) for node in ast.walk(tree))
    return [body for body in bodies if isinstance(body, list)]


def _is_docstring(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def pages(docs: Path) -> bytes:
    """Return the pages of hooks and rules as compressed JSON: an object with the text of each, by its path in docs/."""
    found = sorted(path for part in ("hooks", "rules") for path in (docs / part).rglob("*.md") if path.stem != "index")
    texts = {path.relative_to(docs).as_posix(): path.read_text("utf-8") for path in found}
    return gzip.compress(json.dumps(texts, ensure_ascii=False).encode(), mtime=0)


class WheelHook(BuildHookInterface[BuilderConfig]):
    """What hatchling calls before and after it builds a wheel."""

    PLUGIN_NAME = "custom"
    _folder = ""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files of the wheel into a temporary folder. An editable wheel refers to the checkout instead."""
        if version == "editable":
            return
        self._folder = tempfile.mkdtemp(prefix="dunnage-wheel-")
        checkout, package = Path(self.root), Path(self._folder)
        source = checkout / "hooks" / "dunnage"
        shutil.copytree(source, package, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for module in package.rglob("*.py"):
            module.write_text(compact(module.read_text("utf-8")), "utf-8", newline="\n")
        (package / "pages.json.gz").write_bytes(pages(checkout / "docs"))
        build_data["force_include"][self._folder] = "dunnage"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - its interface
        """Remove the temporary folder."""
        if self._folder:
            shutil.rmtree(self._folder)
