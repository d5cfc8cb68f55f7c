"""Names of toolchains, and the commands that install or select a toolchain.

Sources: https://rust-lang.github.io/rustup/concepts/toolchains.html, `rustup help`, and rustup's installer.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dunnage.cargo_cli.command_line import arguments
from dunnage.shell.model import POSIX_SHELLS, Command, Word, programs

_HOST = r"(?:-[a-z][a-z0-9_]+(?:-[a-z0-9_]+)+)?"
_VERSION = rf"([0-9]+\.[0-9]+\.[0-9]+){_HOST}"
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
        yield from _installer(words, 1)
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


def _installer(words: tuple[Word, ...], start: int) -> Iterator[Selection]:
    """Yield what rustup's installer installs: stable, unless an option names another toolchain or none."""
    texts = [word.values[0] if word.values else None for word in words]
    if texts[start : start + 2] == ["-s", "--"]:
        start += 2
    found = arguments([text if text != "--" else None for text in texts], start, _INSTALLER_OPTIONS)
    chosen = found.last("--default-toolchain")
    if any(text is None for text in texts) and chosen is None:
        return
    if chosen is None:
        yield Selection("stable", words[0])
    elif chosen.text not in (None, "none"):
        yield Selection(chosen.text or "", words[chosen.at])
