"""The tools that a repository installs in an exact version, and where each version is written.

They are those of commands, of the inputs of actions, and of the list `[workspace.metadata.dunnage.tools]`.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from dunnage.cargo_cli import actions, command_line, installers, tools
from dunnage.cargo_cli.command_line import UNKNOWN, Aliases, CargoCall, cargo_call
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.files.walk import is_in_vendored_crate, project_manifest
from dunnage.scripts import commands
from dunnage.shell.model import Command

if TYPE_CHECKING:
    from dunnage.scripts.github import Action

HINTS = (*installers.COMMAND_HINTS, *actions.HINTS)
"""A file without any of these texts installs no tool."""

CRATE, NPM, PYPI = "crate", "npm", "pypi"
"""The registries."""

_CRATES = {"wit-bindgen": "wit-bindgen-cli"}
"""The crates of tools that have another name in the actions of `dunnage.cargo_cli.actions`."""
_ELSEWHERE = frozenset({
    "auto-doc", "biome", "cosign", "cyclonedx", "d2", "deepsource", "earthly", "editorconfig-checker", "kingfisher",
    "moonbit", "moonbit core", "osv-scanner", "oxfmt", "protoc", "protoc-gen-connect-openapi", "rclone", "rust",
    "shellcheck", "shfmt", "spin", "syft", "tombi", "trivy", "vacuum", "valgrind", "wasmer", "zola",
})  # fmt: skip
"""Tools of actions that are not on crates.io. Source: `rust_crate` in the manifests of taiki-e/install-action."""


class PinnedTool(NamedTuple):
    """A tool in an exact version."""

    name: str
    """Its name in the registry: `cargo-nextest`, `@bytecodealliance/jco`."""
    version: str
    """MAJOR.MINOR.PATCH, perhaps with more; without `=` or `v` before it."""
    registry: str
    """CRATE, NPM or PYPI; empty if none of them has it."""
    kind: str
    """How it is pinned: by a `command`, an `action` or a `list`."""
    file: File
    span: Span
    """The word, the input or the value that names the version."""
    literal: Span | None
    """The bytes of the version itself, in `span` or where the file sets a variable; None if they are not found."""
    action: str = ""
    """The name of the action, as the file has it, if one pins it."""


def pinned_tools(tree: Tree, names: Iterable[str]) -> Iterator[PinnedTool]:
    """Yield the tools that the named files install in exact versions, each place once, and those that they list.

    Files of vendored crates are left out. Files that are not read because of their size or depth are noted.
    """
    aliases = Aliases(tree)
    known = tree.memo(_known)
    names = list(names)
    for file in commands.files(tree, names, HINTS):
        if file not in known and not is_in_vendored_crate(tree, file.path):
            found = [*_of_commands(file, aliases, tree), *_of_actions(file)]
            known[file] = list({(tool.name, tool.version, tool.literal or tool.span): tool for tool in found}.values())
        yield from known.get(file, ())
    for name in names:
        if os.path.basename(name) == "Cargo.toml":
            yield from _of_list(tree, name)


def _known(tree: Tree) -> dict[File, list[PinnedTool]]:
    """The tools of each file, which is looked at when it is checked, and again with the others of its repository."""
    return tree.cache()


# Commands


def _of_commands(file: File, aliases: Aliases, tree: Tree) -> Iterator[PinnedTool]:
    alias = aliases.of(file)
    has_packages = any(name.encode() in file.data for name in installers.PACKAGE_HINTS)
    for command in commands.commands(file, installers.COMMAND_HINTS):
        call = cargo_call(command, alias)
        if call is not None and call.program != "cross":
            yield from _of_call(file, call)
        if has_packages:
            yield from _of_package_manager(file, command, tree)


def _of_call(file: File, call: CargoCall) -> Iterator[PinnedTool]:
    invocation = command_line.invocation(call.words)
    if invocation is None or invocation.name not in ("install", "binstall"):
        return
    arguments = command_line.install_arguments(call.words, invocation)
    if arguments is None or arguments.last("--git", "--path", "--manifest-path"):
        return
    option = arguments.last("--version", "--vers")
    for index in arguments.operands:
        found: list[PinnedTool] = []
        for crate in call.values(index):
            if not crate or UNKNOWN in crate.partition("@")[0]:
                continue
            name, version = tools.split(crate)
            at = index
            versions: tuple[str | None, ...] = (version,)
            if version is None and option is not None:
                at, versions = option.at, call.option_values(option)
            if tools.is_crate_name(name):
                for text in versions:
                    found += _pinned(file, name, text, invocation.name, call.word(at).span)
        yield from _paired(found)


def _paired(found: list[PinnedTool]) -> list[PinnedTool]:
    """The tools of one place; none if names and versions come from one matrix: which belong together is not known."""
    names, versions = {tool.name for tool in found}, {tool.version for tool in found}
    pairs = {(tool.name, tool.version) for tool in found}
    return found if len(pairs) <= max(len(names), len(versions)) else []


def _pinned(file: File, name: str, version: str | None, parser: str, span: Span) -> Iterator[PinnedTool]:
    if version and UNKNOWN not in version and not tools.version_problem(version, parser):
        full = tools.exact(version)
        if full:
            yield PinnedTool(name, full, CRATE, "command", file, span, _literal(file, span, full))


def _of_package_manager(file: File, command: Command, tree: Tree) -> Iterator[PinnedTool]:
    from dunnage.cargo_cli.package_managers import packages

    for package in packages(command, tree, file):
        version = tools.exact(package.version or "")
        if version and not package.problem:
            span = command.words[package.at].span
            registry = NPM if package.separator == "@" and package.name != "componentize-py" else PYPI
            yield PinnedTool(package.name, version, registry, "command", file, span, _literal(file, span, version))


# Actions


def _of_actions(file: File) -> Iterator[PinnedTool]:
    if commands.kind_of(file.path, b"") != "github" or not any(hint.encode() in file.data for hint in actions.HINTS):
        return
    from dunnage.scripts import github

    for action in github.uses(file):
        if actions.is_known(action.name):
            yield from _paired(list(_of_action(file, action)))


def _of_action(file: File, action: "Action") -> Iterator[PinnedTool]:
    inputs = {name: given.values for name, given in action.inputs.items()}
    for tool in actions.possible_tools(action.name, action.ref, inputs):
        version = tools.exact(tool.version or "")
        if version:
            given = action.inputs.get(tool.input)
            span = given.span if given else action.span
            registry = "" if tool.name in _ELSEWHERE else CRATE
            name = _CRATES.get(tool.crate, tool.crate)
            literal = _literal(file, span, version, tool.name)
            yield PinnedTool(name, version, registry, "action", file, span, literal, action.name)


# Lists


def _of_list(tree: Tree, name: str) -> Iterator[PinnedTool]:
    """Yield the entries of the list in a manifest, if it is the one at the top of its repository."""
    from dunnage.files import toml

    try:
        file = tree.read(name)
        if project_manifest(tree, file) is not file:
            return
        data = toml.parse(file)
    except (FileNotFoundError, SourceError):
        return
    for top in ("package", "workspace"):
        keys = (top, "metadata", "dunnage", "tools")
        table = toml.lookup(data, keys)
        for tool, text in table.items() if isinstance(table, dict) else ():
            version = tools.exact(text) if isinstance(text, str) else ""
            if version:
                span = toml.locate_value(file, (*keys, tool))
                yield PinnedTool(tool, version, CRATE, "list", file, span, _literal(file, span, version))


# Places


def _literal(file: File, span: Span, version: str, tool: str = "") -> Span | None:
    """The bytes of a version in `span`, after the name of the tool if it is there; else in a variable named there."""
    text = file.data[span.start : span.end]
    if tool:
        for at in file.memo(_named_versions)(span).get(tool.encode(), ()):
            if text.startswith(version.encode(), at):
                return Span(span.start + at, span.start + at + len(version.encode()))
    text = text[:_LONGEST_TEXT]
    start = _start_of(version.encode(), text)
    if start >= 0:
        return Span(span.start + start, span.start + start + len(version.encode()))
    found_names = re.findall(rb"[A-Za-z_][\w-]*", text)[:_MOST_NAMES]
    places = (file.memo(_definitions).get((name, version)) for name in found_names)
    return next((place for place in places if place is not None), None)


def _start_of(version: bytes, text: bytes) -> int:
    """Where a version begins in a text, if possible where it is not a part of another; -1 if it is not there."""
    first = start = text.find(version)
    while start >= 0:
        end = start + len(version)
        is_whole = re.search(rb"(?:\A|[^\w.+-])v?\Z", text[max(start - 2, 0) : start])
        if is_whole and not re.match(rb"[\w+]|\.\d", text[end : end + 2]):
            return start
        start = text.find(version, start + 1)
    return first


_MOST_NAMES = 20
_LONGEST_TEXT = 4096
"""How much of a text is searched for a version without the name of its tool."""


def _named_versions(file: File) -> Callable[[Span], dict[bytes, list[int]]]:
    """The function that reads what a text names, each text once, since one may name many tools.

    By the names of tools: where the versions begin that follow them after `@`.
    """
    data = file.data

    @cache
    def named(span: Span) -> dict[bytes, list[int]]:
        found: dict[bytes, list[int]] = {}
        for match in re.finditer(rb"(?<![\w-])([\w-]+)@[=v]?", data[span.start : span.end]):
            found.setdefault(match[1], []).append(match.end())
        return found

    return named


def _definitions(file: File) -> dict[tuple[bytes, str], Span]:
    """The bytes of each version that the file gives to a variable, or to an input of an action as its default.

    `ARG X=1.2.3`, `X: "1.2.3"`, `x := "1.2.3"`, `X="tool@1.2.3"`.
    """
    value = rb"[ \t]{0,9}[\"']?(?:[\w-]{1,99}@)?[=v]?(\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+.][\w.+-]*)?)"
    name = rb"(?<![\w-])([A-Za-z_][\w-]*)"
    variable = name + rb"[ \t]{0,9}(?:[:?]{0,3}=|:|[ \t])" + value
    default = name + rb":[ \t]*\r?\n(?:[ \t][^\n]{0,200}\n){0,4}?[ \t]{1,99}default:" + value
    found: dict[tuple[bytes, str], Span] = {}
    for pattern in (variable, default):
        for match in re.finditer(pattern, file.data):
            found.setdefault((match[1], match[2].decode()), Span(*match.span(2)))
    return found
