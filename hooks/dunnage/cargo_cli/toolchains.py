"""Names of toolchains, and the commands, GitHub actions and files that install or select a toolchain.

Sources: https://rust-lang.github.io/rustup/concepts/toolchains.html and overrides.html, `rustup help`, rustup's
installer, and action.yml of each action.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from dunnage.cargo_cli.command_line import arguments
from dunnage.cargo_cli.tools import is_commit
from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.files.walk import upwards
from dunnage.shell.model import POSIX_SHELLS, Command, Word, programs

_HOST = r"(?:-[a-z][a-z0-9_]+(?:-[a-z0-9_]+)+)?"
_VERSION = rf"([0-9]{{1,9}}\.[0-9]{{1,9}}\.[0-9]{{1,9}}){_HOST}"
_CHANNEL = rf"(?:stable|beta|nightly|[0-9]+(?:\.[0-9]+)?){_HOST}"
_RUSTUP_OPTIONS = frozenset({"--component", "--profile", "--target", "-c", "-t"})
_INSTALLER_OPTIONS = frozenset(
    {"--component", "--default-host", "--default-toolchain", "--profile", "--target", "-c", "-t"}
)
_INSTALLER_URL = "sh.rustup.rs"


class Selection(NamedTuple):
    """A toolchain that a command or an action installs or selects."""

    toolchain: str
    word: Word
    """The word that names it, or the program if none does."""
    is_override: bool = False
    """Whether it takes precedence over a toolchain file."""


def is_floating(toolchain: str) -> bool:
    """Whether the name of a toolchain selects a different toolchain after each release. A custom name does not."""
    return re.fullmatch(_CHANNEL, toolchain) is not None


def exact_version(toolchain: str) -> str:
    """Return the version of a toolchain of a release, MAJOR.MINOR.PATCH; empty for any other name."""
    found = re.fullmatch(_VERSION, toolchain)
    return found[1] if found else ""


def selections(command: Command) -> Iterator[Selection]:
    """Yield the toolchains that a command installs or selects. Unknown names are left out."""
    words = command.words
    names = programs(words[0]) or ()
    wrapped = next((at for at, word in enumerate(command.wrapper) if programs(word) == ("rustup",)), None)
    if wrapped is not None and wrapped + 2 < len(command.wrapper):
        yield from _named(command.wrapper[wrapped + 2], is_override=True)
    if "rustup" in names:
        yield from _rustup(command)
    elif "rustup-init" in names or (not POSIX_SHELLS.isdisjoint(names) and _reads_installer(command)):
        yield from _installer(words)
    elif "cargo" in names and len(words) > 1 and words[1].values and words[1].values[0].startswith("+"):
        for value in words[1].values:
            yield Selection(value[1:], words[1], is_override=True)


def _rustup(command: Command) -> Iterator[Selection]:
    words = [word.values[0] if word.values else None for word in command.words]
    found = arguments(words, 1, _RUSTUP_OPTIONS)
    operands = [index for index in found.operands if not (words[index] or "").startswith("+")]
    verbs = [words[index] for index in operands[:2]]
    if verbs[:1] in (["default"], ["install"]):
        rest = operands[1:]
    elif verbs[:1] in (["update"], ["upgrade"]):
        rest = operands[1:]
        if not rest:
            yield Selection("stable", command.words[0])
    elif verbs in (["toolchain", "install"], ["toolchain", "add"], ["toolchain", "update"], ["override", "set"]):
        rest = operands[2:]
    else:
        rest = []
    is_override = verbs == ["override", "set"]
    for index in rest:
        yield from _named(command.words[index], is_override)


def _named(word: Word, is_override: bool) -> Iterator[Selection]:
    yield from (Selection(value, word, is_override) for value in word.values or ())


def _reads_installer(command: Command) -> bool:
    return any(
        _INSTALLER_URL in value for before in command.piped_from for word in before.words for value in word.values or ()
    )


def _installer(words: tuple[Word, ...]) -> Iterator[Selection]:
    """Yield what rustup's installer installs: stable, unless an option names another toolchain or none."""
    texts = [word.values[0] if word.values else None for word in words]
    # The options follow `--` if the installer is piped into a shell.
    found = arguments([text if text != "--" else None for text in texts], 1, _INSTALLER_OPTIONS)
    chosen = found.last("--default-toolchain")
    if chosen is None and None not in texts:
        yield Selection("stable", words[0])
    elif chosen is not None and chosen.text not in (None, "none"):
        yield Selection(chosen.text or "", words[chosen.at])


_INPUTS = {
    "actions-rs/toolchain": "toolchain",
    "actions-rust-lang/setup-rust-toolchain": "toolchain",
    "dtolnay/rust-toolchain": "toolchain",
    "hecrj/setup-rust-action": "rust-version",
    "moonrepo/setup-rust": "channel",
}
"""The input of each action that names the toolchain."""

_OVERRIDE = {"actions-rust-lang/setup-rust-toolchain": "true"}
"""The default of the input `override`."""

ACTION_HINTS = tuple(name.partition("/")[2] for name in _INPUTS)
"""A file without any of these texts uses none of the actions."""


class ActionToolchain(NamedTuple):
    """A toolchain that an action installs."""

    name: str
    input: str
    """The input that names it; empty for the ref of the action or its default."""
    is_override: bool = False
    """Whether it takes precedence over a toolchain file."""


def installed_by_action(name: str, ref: str, inputs: Mapping[str, str | None]) -> ActionToolchain | None:
    """Return the toolchain that an action installs; `inputs` has None for unknown values.

    None if it is another action, or if the toolchain is unknown.
    """
    name = name.lower()
    key = _INPUTS.get(name)
    if key is None:
        return None
    if key in inputs:
        given = (inputs[key] or "").strip()
        override = inputs.get("override", _OVERRIDE.get(name, "false"))
        return ActionToolchain(given, key, override == "true") if given else None
    if name == "dtolnay/rust-toolchain":
        return None if is_commit(ref) or ref in ("master", "v1", "") else ActionToolchain(ref, "")
    return ActionToolchain("stable", "") if name != "actions-rs/toolchain" else None


TOOLCHAIN_FILES = ("rust-toolchain", "rust-toolchain.toml")
"""The files that select a toolchain for a folder. The first takes precedence, and may be only a name."""


class ToolchainFile(NamedTuple):
    """A toolchain file."""

    file: File
    channel: str
    """The name of the toolchain; empty if the file names a folder or none."""
    span: Span
    """The place of the name, quotes included."""


def read_file(file: File) -> ToolchainFile:
    """Return what a toolchain file selects. Raises SourceError if it cannot be read."""
    return file.memo(_read_file)


def _read_file(file: File) -> ToolchainFile:
    lines = [line.strip() for line in file.text.splitlines() if line.strip()]
    if (
        len(lines) == 1
        and "=" not in lines[0]
        and "[" not in lines[0]
        and os.path.basename(file.path) == TOOLCHAIN_FILES[0]
    ):
        start = file.data.index(lines[0].encode())
        return ToolchainFile(file, lines[0], Span(start, start + len(lines[0].encode())))
    keys = ("toolchain", "channel")
    channel = toml.lookup(toml.parse(file), keys)
    if not isinstance(channel, str):
        return ToolchainFile(file, "", Span(0, 0))
    return ToolchainFile(file, channel, toml.locate_value(file, keys))


class ToolchainFiles:
    """The toolchain files that apply in the folders of a run. Each folder is looked at once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._in = cache(self._find)

    def of(self, folder: str) -> ToolchainFile | None:
        """Return the toolchain file of an absolute folder, up to the top of its repository; None if there is none."""
        return next(filter(None, map(self._in, upwards(folder))), None)

    def _find(self, folder: str) -> ToolchainFile | None:
        for name in TOOLCHAIN_FILES:
            try:
                return read_file(self._tree.read(os.path.join(folder, name)))
            except (FileNotFoundError, SourceError):
                continue
        return None
