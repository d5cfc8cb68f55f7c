"""Commands and actions that compile Rust code, and so run build scripts and procedural macros.

Some tools build with cargo and have their own command line. Sources of where each of them takes `--locked`: maturin's
src/cargo_options.rs; trunk's src/cmd/build.rs; wasm-pack's src/command/build.rs and test.rs; tauri-cli's src/build.rs;
cargo-pgrx's src/command/install.rs. `cargo insta test` and `cargo cyclonedx` cannot pass the option on.

Sources for actions: each action's own repository. An action in JavaScript passes its environment, in which its inputs
are, to the programs that it runs.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dunnage.cargo_cli.builds import Build, build
from dunnage.cargo_cli.command_line import (
    CARGO_ACTIONS,
    LOCKING,
    NO_ACTION,
    Alias,
    Arguments,
    CargoCall,
    action_words,
    arguments,
    cargo_call,
    install_arguments,
    invocation,
    known_text,
)
from dunnage.files.source import File, Tree
from dunnage.files.span import Edit
from dunnage.shell.model import Command, Values, joined_paths, programs

_MATURIN_OPTIONS = frozenset({
    "--auditwheel", "--bindings", "--color", "--compatibility", "--config", "--features", "--interpreter", "--jobs",
    "--manifest-path", "--manylinux", "--out", "--profile", "--target", "--target-dir",
    "-F", "-Z", "-b", "-i", "-j", "-m", "-o",
})  # fmt: skip
_PGRX_OPTIONS = frozenset({
    "--features", "--manifest-path", "--out", "--out-dir", "--package", "--pg-config", "--profile", "--target",
    "-F", "-c", "-d", "-m", "-o", "-p",
})  # fmt: skip
_TAURI_OPTIONS = frozenset(
    {"--bundles", "--config", "--features", "--runner", "--target", "-b", "-c", "-f", "-r", "-t"}
)
_TRUNK_OPTIONS = frozenset({
    "--cargo-profile", "--config", "--dist", "--example", "--features", "--html-output", "--public-url",
    "--root-certificate", "-d",
})  # fmt: skip
_WASM_PACK_OPTIONS = frozenset({
    "--chromedriver", "--geckodriver", "--mode", "--out-dir", "--out-name", "--profile", "--safaridriver", "--scope",
    "--target", "-d", "-m", "-s", "-t",
})  # fmt: skip
_WASM_PACK_FLAGS = frozenset({
    "--chrome", "--debug", "--dev", "--firefox", "--headless", "--no-opt", "--no-optimization", "--no-pack",
    "--no-package", "--no-typescript", "--node", "--profiling", "--reference-types", "--release", "--safari",
    "--weak-refs", "-r",
})  # fmt: skip


class _Tool(NamedTuple):
    subcommands: Mapping[str, str]
    """The subcommands that build, by each of their spellings."""
    options: frozenset[str]
    """The options that take a value."""
    takes: str
    """Where it takes `--locked`: after the `subcommand`, at the `end`, after `--` (`dashes`), or in a `variable`."""
    variables: tuple[str, ...] = ()
    """The environment variables that may give it a locking option."""


_TOOLS = {
    "maturin": _Tool(
        {"b": "build", "build": "build", "dev": "develop", "develop": "develop", "publish": "publish"},
        _MATURIN_OPTIONS,
        "subcommand",
    ),
    "pgrx": _Tool(
        {name: name for name in ("install", "package", "run", "schema")},
        _PGRX_OPTIONS,
        "variable",
        ("PGRX_BUILD_FLAGS",),
    ),
    "tauri": _Tool({"build": "build"}, _TAURI_OPTIONS, "dashes"),
    "trunk": _Tool(
        # Its `--locked` takes an optional value, so that a path cannot follow it.
        {"build": "build"},
        _TRUNK_OPTIONS,
        "end",
        ("TRUNK_BUILD_FROZEN", "TRUNK_BUILD_LOCKED"),
    ),
    "wasm-pack": _Tool({"build": "build", "test": "test"}, _WASM_PACK_OPTIONS, "dashes"),
}

_SETTINGS = {
    "maturin": ("pyproject.toml",),
    "tauri": ("tauri.conf.json", "tauri.conf.json5", "Tauri.toml"),
    "trunk": ("Trunk.toml", ".trunk.toml", "Trunk.yaml", "Trunk.json"),
}
_LOCKING_SETTING = rb"--locked|--frozen|\b(?:locked|frozen)[\"']?[ \t]*[=:][ \t]*true\b"


def tool_build(command: Command, cargo: CargoCall | None, tree: Tree, file: File) -> tuple[CargoCall, Build] | None:
    """Return what a command in `file` builds with one of these tools, as a call of cargo.

    `cargo` is the call of cargo that the command is, as `cargo tauri build` is one. None if it builds nothing with
    them, or if a variable may give the tool a locking option.
    """
    if cargo is None:
        name = next((name for name in programs(command.words[0]) or () if name in _TOOLS), "")
        cargo = CargoCall(command, name, [known_text(word) for word in command.words], [*range(len(command.words))])
        start = 0
    else:
        called = invocation(cargo.words)
        name, start = (called.name, called.subcommand) if called else ("", 0)
        cargo = cargo._replace(program=f"{cargo.program} {name}")
    tool = _TOOLS.get(name)
    called = invocation(cargo.words[start:])
    if tool is None or called is None or called.name not in tool.subcommands:
        return None
    at = start + called.subcommand
    found = arguments(cargo.words, at + 1, tool.options)
    if not found.flags.isdisjoint(NO_ACTION | {"--skip-build"}):
        return None
    environment = {key: values for key, values in command.environment if key in tool.variables}
    if any(values is None for values in environment.values()):
        return None
    rest = cargo.words[at + 1 :]
    given = [part for values in environment.values() for text in values or () for part in text.split()]
    is_locked = any(word is not None and word.startswith(LOCKING) for word in (*rest, *given)) or "true" in given
    is_locked = is_locked or _is_locked_by_settings(tree, file, name)
    unknown = tuple(index for index, word in enumerate(rest, at + 1) if word is None and index in found.operands)
    unknown += tuple(index for index in range(found.end, len(cargo.words)) if cargo.words[index] is None)
    name = tool.subcommands[called.name]
    directory = _directory(command, cargo, found)
    build = Build(name, at, is_locked, unknown, is_builtin=False, compiles=True)
    return cargo._replace(command=command._replace(directory=directory)), build


def _directory(command: Command, call: CargoCall, found: Arguments) -> Values:
    """Return the directories of the package that a tool builds."""
    directory = command.directory
    tool = call.program.rpartition(" ")[2]
    if tool == "tauri":
        return joined_paths(directory, ("src-tauri",))
    if tool == "wasm-pack" and found.operands:
        path = call.words[found.operands[0]]
        return joined_paths(directory, (path,) if path is not None else None)
    manifest = found.last("-m")
    if manifest is not None and manifest.text is not None:
        return joined_paths(directory, (manifest.text.rpartition("/")[0] or ".",))
    return directory if manifest is None else None


def advice(path: str, call: CargoCall, found: Build) -> tuple[str, Edit | None]:
    """Return the help for a build without `--locked` in the file `path`, and the edit that adds it if that is safe."""
    command = call.command
    name = call.program.rpartition(" ")[2]
    tool = _TOOLS[name]
    called = f"{call.program} {found.name}"
    if tool.takes == "variable":
        return f"write `{tool.variables[0]}=--locked {called}`", None
    if tool.takes == "subcommand":
        return f"write `{called} --locked`", _edit(path, call, found.at, "--locked")
    last = len(call.words) - 1
    if tool.takes == "end":
        help = f"append `--locked`, after all other arguments: `{called} --locked`"
        return help, _edit(path, call, last, "--locked")
    help = f"pass `--locked` to cargo: `{called} -- --locked`"
    arguments_found = arguments(call.words, found.at + 1, tool.options)
    if arguments_found.end < len(call.words):
        return help, _edit(path, call, arguments_found.end, "--locked")
    is_certain = len(arguments_found.operands) <= (name == "wasm-pack")
    if name == "wasm-pack":
        # Options that it does not know belong to cargo, and so do all words after them.
        is_certain = is_certain and arguments_found.flags <= _WASM_PACK_FLAGS
    separator = '--", "' if command.form == "exec" else "-- "
    return help, _edit(path, call, last, f"{separator}--locked") if is_certain else None


def _edit(path: str, call: CargoCall, index: int, text: str) -> Edit | None:
    return call.insertion(path, index, text) if call.is_written(index) else None


def _is_locked_by_settings(tree: Tree, file: File, tool: str) -> bool:
    """Whether a settings file of a tool, in the repository of `file`, may make its builds locked."""
    patterns = [f"**/{name}" for name in _SETTINGS.get(tool, ())]
    if not patterns:
        return False
    from dunnage.files.git import Repositories

    paths = sorted(Repositories(tree, *patterns).tracked_near(file.folder))
    return any(re.search(_LOCKING_SETTING, tree.content(path) or b"") for path in paths)


HINTS = ("cargo", "cross", "maturin", "trunk", "wasm-pack", "tauri")
"""A command that compiles has one of these texts in its words."""

# Options with which a subcommand does not compile.
_WITHOUT_BUILD = {"chef cook": "--no-build", "package": "--no-verify", "publish": "--no-verify"}
# Subcommands that compile, and that take no `--locked` or resolve their own dependencies, each with those of its own
# subcommands that do; none if it has no subcommands.
_OTHERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("bloat", "criterion", "expand", "mutants", "public-api", "semver-checks"), ()),
    "insta": ("test",),
}


class Compilation(NamedTuple):
    """A command that compiles."""

    call: CargoCall
    """The command as a call of cargo; of a tool such as maturin, as `tool_build` has it."""
    name: str
    """The program and its subcommand, with aliases expanded: `cargo build`, `cargo hack test`, `maturin build`."""
    at: int
    """The word of the call that names the subcommand."""


def compilation(command: Command, alias: Alias, tree: Tree, file: File) -> Compilation | None:
    """Return what a command in `file` compiles; None if it compiles nothing.

    `alias` are the aliases of cargo where it runs.
    """
    call = cargo_call(command, alias)
    tool = tool_build(command, call, tree, file)
    if tool is not None:
        call, found = tool
        return Compilation(call, f"{call.program} {found.name}", found.at)
    subcommand = compiling_subcommand(call.words) if call else None
    return Compilation(call, f"{call.program} {subcommand[0]}", subcommand[1]) if call and subcommand else None


def compiling_subcommand(words: Sequence[str | None]) -> tuple[str, int] | None:
    """Return the subcommand with which a call of cargo compiles, and its word; None if the call compiles nothing."""
    called = invocation(words)
    if called is None:
        return None
    alone = (called.name, called.subcommand)
    if called.name == "install":
        return alone if install_arguments(words, called) is not None else None
    found_arguments = arguments(words, called.subcommand + 1, ())
    flags = found_arguments.flags
    if called.name in _OTHERS:
        inner = _OTHERS[called.name]
        is_build = not inner or any(words[index] in inner for index in found_arguments.operands[:1])
        return alone if is_build and flags.isdisjoint(NO_ACTION) else None
    found = build(words)
    if found is None or not found.compiles or _WITHOUT_BUILD.get(found.name) in flags:
        return None
    return found.name, found.at


class ActionBuild(NamedTuple):
    """What an action compiles."""

    name: str
    """The command that it runs: `cargo clippy`."""
    is_in_container: bool = False
    """Whether the build runs in a container, or may."""
    reads_environment: bool = True
    """Whether the build sees the environment of the step, unless it runs in a container."""
    reads_inputs: bool = False
    """Whether the build sees the inputs of the step, as variables `INPUT_…`."""


_CLIPPY = ActionBuild("cargo clippy", reads_inputs=True)
_INSTALL = ActionBuild("cargo install")

_ACTIONS = {
    "actions-rs-plus/clippy-check": _CLIPPY,
    "actions-rs/clippy-check": _CLIPPY,
    "actions-rs/install": _INSTALL,
    "auguwu/clippy-action": _CLIPPY,
    "baptiste0928/cargo-install": _INSTALL,
    "boa-dev/criterion-compare-action": ActionBuild("cargo bench", reads_inputs=True),
    "clechasseur/rs-clippy-check": _CLIPPY,
    "giraffate/clippy-action": _CLIPPY,
    # It builds in a container if that cross-compiles.
    "houseabsolute/actions-rust-cross": ActionBuild("cross", is_in_container=True),
    "obi1kenobi/cargo-semver-checks-action": ActionBuild("cargo semver-checks"),
    # It removes the tokens from its environment first.
    "taiki-e/upload-rust-binary-action": ActionBuild("cargo build", reads_environment=False),
    "tauri-apps/tauri-action": ActionBuild("tauri build"),
}
_MATURIN = ("messense/maturin-action", "pyo3/maturin-action")
_MATURIN_BUILDS = ("build", "develop", "publish")

_PUBLISHER = "katyo/publish-crates"
"""The action that runs `cargo publish` for each crate of a workspace."""

ACTION_HINTS = (
    "actions-rs/",
    "actions-rust-cross",
    "clippy",
    "criterion",
    "publish-crates",
    "rust-binary",
    "cargo",
    "maturin",
    "tauri",
)
"""Each name of an action that compiles contains one of these."""


def action_build(name: str, inputs: Mapping[str, str | None], on_linux: bool = True) -> ActionBuild | None:
    """Return what an action compiles with these inputs, by name in lower case; None if nothing. None is unknown.

    `on_linux` says whether all its runners may be Linux.
    """
    name = name.lower()
    if name in _MATURIN:
        # Source: src/index.ts of PyO3/maturin-action. It starts no container on macOS and Windows, nor for `--zig`.
        command, container = inputs.get("command", "build"), inputs.get("container", "")
        arguments = inputs.get("args", "") or ""
        targets = f"{inputs.get('target')} {arguments}"
        is_zig = "--zig" in arguments.split() and container == "" and "s390x" not in targets
        is_in_container = on_linux and command != "develop" and container != "off" and not is_zig
        return ActionBuild(f"maturin {command}", is_in_container) if command in _MATURIN_BUILDS else None
    if name in CARGO_ACTIONS:
        found = compiling_subcommand(action_words(inputs))
        return found and ActionBuild(f"cargo {found[0]}", inputs.get("use-cross", "false") != "false")
    return _ACTIONS.get(name)


def publishes(name: str, inputs: Mapping[str, str | None]) -> bool:
    """Whether an action publishes crates with a token, and compiles them for that."""
    if name.lower() != _PUBLISHER:
        return False
    arguments = inputs.get("args", "")
    if arguments is None or "--no-verify" in arguments.split() or inputs.get("registry-token", "") == "":
        return False
    return all(inputs.get(name, "false") == "false" for name in ("no-verify", "dry-run"))
