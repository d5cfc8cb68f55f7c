"""WebAssembly tools from npm and PyPI: the commands that install them, or run them at once, and their versions.

Sources: the documentation of npm, pnpm, yarn, bun, pip, pipx and uv.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dunnage.cargo_cli.command_line import UNKNOWN, arguments, known_text
from dunnage.cargo_cli.tools import NPM, exact, version_problem
from dunnage.files.git import Repositories
from dunnage.files.source import File, Tree
from dunnage.shell.model import Command, programs

_FROM_NPM = (
    "@bytecodealliance/componentize-js",
    "@bytecodealliance/jco",
    "@bytecodealliance/weval",
    "@bytecodealliance/wizer",
    "wasm-pack",
)
_FROM_PYPI = ("componentize-py",)

_RUNS_AT_ONCE = {
    "npx": (), "pnpx": (), "bunx": (), "npm": ("exec", "x"), "pnpm": ("dlx",), "yarn": ("dlx",), "bun": ("x",),
}  # fmt: skip
"""The programs that download a package and run it, each with its subcommands for that."""
_TAKES_LOCAL = frozenset({"npx", "npm", "bunx", "bun"})
"""Those of them that prefer the version in the folder `node_modules`."""
_INSTALLS = frozenset({"add", "i", "in", "ins", "install"})
_NPM_OPTIONS = frozenset({"--call", "--package", "--prefix", "--registry", "-C", "-c", "-p"})
_PIP_OPTIONS = frozenset({
    "--constraint", "--constraints", "--extra-index-url", "--find-links", "--from", "--index", "--index-url",
    "--only-binary", "--override", "--pip-args", "--platform", "--prefix", "--python", "--python-version",
    "--requirement", "--requirements", "--root", "--spec", "--target", "--with", "-c", "-f", "-i", "-p", "-r", "-t",
})  # fmt: skip
_PINNED_ELSEWHERE = frozenset({"--constraint", "--constraints", "--requirement", "--requirements", "-c", "-r"})
_PIP = r"pip(?:3(?:\.\d+)?)?"
_PYTHON = r"python(?:3(?:\.\d+)?)?"
_REQUIREMENT = r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(.*)"


class Package(NamedTuple):
    """A tool that a command installs or runs."""

    at: int
    """The word that names it."""
    name: str
    version: str | None
    """The version as it is written, with UNKNOWN for unknown text; None if there is none."""
    problem: str
    """Why the version is not exact, as a clause whose subject is the version; empty if it is, or if there is none."""
    separator: str
    """What separates the name from an exact version."""
    written: str
    """The name and the version as they are written, if both are known."""


def packages(command: Command, tree: Tree, file: File) -> Iterator[Package]:
    """Yield the tools that a command in `file` installs for all folders or runs at once."""
    words = [known_text(word) for word in command.words]
    for name in programs(command.words[0]) or ():
        if name in _RUNS_AT_ONCE:
            yield from _npm(name, words, tree, file)
        elif re.fullmatch(f"{_PIP}|{_PYTHON}|pipx|uvx?", name) and not _has_constraints(command):
            yield from _python(name, words)


def _npm(name: str, words: Sequence[str | None], tree: Tree, file: File) -> Iterator[Package]:
    found = arguments(words, 1, _NPM_OPTIONS)
    operands = [*found.operands, *range(found.end + 1, len(words))]
    runs = _RUNS_AT_ONCE[name]
    subcommand = words[operands[0]] if operands and name not in ("npx", "pnpx", "bunx") else None
    if subcommand in runs or not runs:
        given = [value.at for value in found.values("--package", "-p")]
        for index in given or operands[bool(runs) :][:1]:
            package = _npm_package(index, (words[index] or "").removeprefix("--package="))
            if package and not (name in _TAKES_LOCAL and _is_local(package.name, tree, file)):
                yield package
        return
    is_global = not found.flags.isdisjoint({"--global", "--location=global", "-g"}) or subcommand == "global"
    at = operands[1:2] if subcommand == "global" else operands[:1]
    if is_global and at and words[at[0]] in _INSTALLS:
        for index in operands[operands.index(at[0]) + 1 :]:
            package = _npm_package(index, words[index] or "")
            if package:
                yield package


def _npm_package(at: int, text: str) -> Package | None:
    name = next((name for name in _FROM_NPM if text == name or text.startswith(f"{name}@")), None)
    if name is None:
        return None
    version = text[len(name) + 1 :] if text != name else None
    problem = ""
    if version is not None and UNKNOWN not in version:
        problem = version_problem(version, NPM) if version[:1].isdigit() or not version.isalpha() else "is a tag"
    return Package(at, name, version, problem, "@", text)


def _is_local(name: str, tree: Tree, file: File) -> bool:
    """Whether a package.json of the repository of `file` may choose the version of a package; yes if git cannot say."""
    folder = file.folder
    repositories = Repositories(tree, "**/package.json")
    if repositories.repository(folder) is None:
        return True
    wanted = f'"{name}"'.encode()
    return any(wanted in (tree.content(path) or b"") for path in repositories.tracked_near(folder))


def _has_constraints(command: Command) -> bool:
    return any(name in ("PIP_CONSTRAINT", "PIP_REQUIRE_HASHES", "UV_CONSTRAINT") for name, _ in command.environment)


def _python(name: str, words: Sequence[str | None]) -> Iterator[Package]:
    start = 1
    if re.fullmatch(_PYTHON, name):
        if words[1:2] != ["-m"] or not re.fullmatch(f"{_PIP}|pipx", words[2] or "" if len(words) > 2 else ""):
            return
        start = 3
    found = arguments(words, start, _PIP_OPTIONS)
    if not _PINNED_ELSEWHERE.isdisjoint(found.options) or "--require-hashes" in found.flags:
        return
    operands = list(found.operands)
    called = [words[index] for index in operands[:2]]
    is_run = name == "uvx" or called[:1] == ["run"] or called == ["tool", "run"]
    skipped = 0 if name == "uvx" else 2 if name == "uv" else 1
    if name == "uv" and called not in (["pip", "install"], ["tool", "install"], ["tool", "run"]):
        return
    if name not in ("uv", "uvx") and called[:1] not in (["install"], ["run"]):
        return
    indexes = operands[skipped:]
    if is_run:
        given = [value.at for value in found.values("--from", "--spec")]
        indexes = given or indexes[:1]
    for index in indexes:
        package = _pypi_package(index, (words[index] or "").removeprefix("--from=").removeprefix("--spec="), name)
        if package:
            yield package


def _pypi_package(at: int, text: str, program: str) -> Package | None:
    match = re.fullmatch(_REQUIREMENT, text.partition(";")[0].strip(), re.DOTALL)
    if match is None or re.sub(r"[-_.]+", "-", match[1]).lower() not in _FROM_PYPI:
        return None
    name, version = match[1], match[2].strip() or None
    if version is None or UNKNOWN in version:
        return Package(at, name, version, "", "==", text)
    if version.startswith("@"):
        # uv takes a version after `@`, others a URL.
        version = version[1:].strip()
        if not program.startswith("uv") or "/" in version:
            return None
        problem = "" if version[:1].isdigit() else "is a tag"
        return Package(at, name, version, problem, "@", text)
    is_exact = any(part.strip().startswith("==") and "*" not in part for part in version.split(","))
    if is_exact:
        return Package(at, name, exact(version.lstrip("=")) or version, "", "==", text)
    return Package(at, name, version, "is a range", "==", text)
