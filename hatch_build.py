"""Build the wheel: the modules without what the interpreter does not need, and the pages for `dunnage explain`.

Each line of code keeps its number, so a traceback from an installed module leads to the line of its source.
"""

from __future__ import annotations

import ast
import bz2
import io
import re
import shutil
import tempfile
import tokenize
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_CODE_OR_COMMENT = re.compile(r"(?P<code>^```.*?^```$)|^<!-- .*?-->\n+", re.DOTALL | re.MULTILINE)


def compact(source: str) -> str:
    """Return a module that does the same and has as many lines, with one space for each level and none at operators.

    It has no comments, no docstrings, and no annotations but those in the body of a class, which may define fields. In
    a named tuple, they are None. Nor does it import names or name types for others. A string that is a statement counts
    as a docstring, because it documents what stands before it.
    The source comes back unchanged if the interpreter would not read the same code in the result.
    """
    tree = ast.parse(source)
    text = _Text(source)
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.arg) and node.annotation:
            text.cut(text.start(node) + len(node.arg), text.end(node.annotation))
            node.annotation = None
        elif isinstance(node, ast.FunctionDef) and node.returns:
            text.cut(text.arrow(node.returns), text.end(node.returns))
            node.returns = None
        elif isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "NamedTuple" for base in node.bases):
            for field in node.body:
                if isinstance(field, ast.AnnAssign):
                    text.cut(text.start(field.annotation), text.end(field.annotation), "None")
                    field.annotation = ast.Constant(None)
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list):
                block[:] = _reduced(block, node, text)
    _drop_unused_names(tree, text)
    result = text.result()
    try:
        return result if ast.dump(ast.parse(result)) == ast.dump(tree) else source
    except SyntaxError:
        return source


def _reduced(block: list[ast.stmt], parent: ast.AST, text: _Text) -> list[ast.stmt]:
    """The statements of a block of code that stay. What goes is cut from the text."""
    left: list[ast.stmt] = []
    for statement in block:
        match statement:
            case ast.Expr(ast.Constant(str())) if block == [statement] and not isinstance(parent, ast.Module):
                text.cut(text.start(statement), text.end(statement), "...")
                left.append(ast.Expr(ast.Constant(...)))
            case ast.Expr(ast.Constant(str())) | ast.If(ast.Name("TYPE_CHECKING"), orelse=[]):
                text.cut(text.start(statement), text.end(statement))
            case ast.AnnAssign(target, annotation, value) if value and not isinstance(parent, ast.ClassDef):
                text.cut(text.end(target), text.end(annotation))
                left.append(ast.copy_location(ast.Assign([target], value), statement))
            case _:
                left.append(statement)
    return left


def _used_names(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _drop_unused_names(tree: ast.Module, text: _Text) -> None:
    """Keep only those imports, and those aliases of types in CamelCase, that the code still names."""
    used = _used_names(tree)
    for statement in list(tree.body):
        match statement:
            case ast.Assign([ast.Name(name)], ast.Subscript()) if name not in used and not name.isupper():
                text.cut(text.start(statement), text.end(statement))
                tree.body.remove(statement)
    used = _used_names(tree)
    nodes = ast.walk(tree)
    if any(isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) != "None" for node in nodes):
        used.add("annotations")
    for statement in list(tree.body):
        if isinstance(statement, ast.ImportFrom):
            statement.names = [alias for alias in statement.names if (alias.asname or alias.name) in used]
            text.cut(text.start(statement), text.end(statement), ast.unparse(statement) if statement.names else "")
            if not statement.names:
                tree.body.remove(statement)


class _Text:
    """The source of a module, from which parts are cut."""

    def __init__(self, source: str) -> None:
        self._source = source.encode()
        self._lines = [0, *(found.end() for found in re.finditer(b"\n", self._source))]
        self._cuts: list[tuple[int, int, str]] = []
        # The indexes of the lines that begin inside a string, or inside brackets.
        self._in_strings: set[int] = set()
        self._continued: set[int] = set()
        self._read_tokens(source)

    def _read_tokens(self, source: str) -> None:
        """Cut comments, and spaces beside operators."""
        rows = source.split("\n")

        def offset(row: int, column: int) -> int:
            return self._lines[row - 1] + len(rows[row - 1][:column].encode())

        end, follows_operator, brackets = (0, 0), False, 0
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                self.cut(offset(*token.start), offset(*token.end))
            elif token.type == tokenize.NL and brackets:
                self._continued.add(token.start[0])
            elif token.start[0] < token.end[0] and token.string.strip():
                self._in_strings.update(range(token.start[0], token.end[0]))
            is_operator = token.type == tokenize.OP
            if is_operator:
                brackets += (token.string in "([{") - (token.string in ")]}")
            if end[0] == token.start[0] and (is_operator or follows_operator):
                self.cut(offset(*end), offset(*token.start))
            end, follows_operator = token.end, is_operator

    def start(self, node: ast.expr | ast.stmt | ast.arg) -> int:
        """The offset of the first byte of a node."""
        return self._lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        """The offset after the last byte of a node."""
        return self._lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    def arrow(self, node: ast.expr) -> int:
        """The offset where ` -> ` begins, given the annotation that follows it."""
        before, _, _ = self._source[: self.start(node)].rpartition(b"->")
        return len(before.rstrip())

    def cut(self, start: int, end: int, instead: str = "") -> None:
        """Replace a part of the source. Its line breaks stay."""
        self._cuts.append((start, end, instead))

    def result(self) -> str:
        """Return the text that is left, with one space where the source indents with four, and none in brackets."""
        parts = []
        end = 0
        for start, stop, instead in sorted(self._cuts):
            if stop > end:  # the part is not inside the one before
                parts += [self._source[end:start], instead.encode(), b"\n" * self._source.count(b"\n", start, stop)]
                end = stop
        lines = b"".join([*parts, self._source[end:]]).decode().split("\n")
        for index, line in enumerate(lines):
            if index not in self._in_strings:
                code = line.strip(" ")
                indentation = 0 if index in self._continued or not code else len(line) - len(line.lstrip(" "))
                lines[index] = " " * (-(-indentation // 4)) + code
        return "\n".join(lines)


def pages(docs: Path) -> bytes:
    """Return the compressed pages of hooks and rules: of each its path in docs/ and its text, all separated by NUL.

    They have no comments, which set up examples, and which `dunnage explain` does not print.
    """
    found = sorted(path for part in ("hooks", "rules") for path in (docs / part).rglob("*.md") if path.stem != "index")
    texts: list[str] = []
    for path in found:
        text = _CODE_OR_COMMENT.sub(lambda each: each["code"] or "", path.read_text("utf-8"))
        texts += (path.relative_to(docs).as_posix(), text)
    return bz2.compress("\0".join(texts).encode())


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
            text = compact(module.read_text("utf-8"))
            if text.strip():
                module.write_text(text, "utf-8", newline="\n")
            else:  # an `__init__.py` that only says what its folder is; without it, the folder is still a package
                module.unlink()
        for data in package.rglob("*.txt"):
            lines = data.read_text("utf-8").splitlines(keepends=True)
            data.write_text("".join(line for line in lines if not line.startswith("#")), "utf-8", newline="\n")
        (package / "pages.bz2").write_bytes(pages(checkout / "docs"))
        build_data["force_include"][self._folder] = "dunnage"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - its interface
        """Remove the temporary folder."""
        if self._folder:
            shutil.rmtree(self._folder)
