"""The hooks that `pre-commit run` and `prek run` run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from dunnage.shell.model import Place, Script, Values, Word, programs

if TYPE_CHECKING:
    from dunnage.files.source import File
    from dunnage.scripts.pre_commit import ConfiguredHook

ACTIONS = frozenset(("pre-commit/action", "j178/prek-action"))

_PROGRAMS = frozenset(("pre-commit", "pre_commit", "prek"))
_LAUNCHERS = frozenset(("hatch", "mise", "nix", "pdm", "pipenv", "pipx", "poetry", "python", "python3", "uv", "uvx"))
_WITH_VALUE = ("-c", "--config", "--hook-stage", "--from-ref", "--to-ref", "--files")
_KNOWN_PROGRAMS = {"cargo-deny": ("cargo-deny", "--all-features", "check"), "cargo-audit": ("cargo", "audit")}
"""The entry and default arguments of hooks, by id, that other repositories define."""


def run_arguments(words: Sequence[Word]) -> list[str] | None:
    """Return the arguments of `pre-commit run`, with any launcher before it; None for any other command."""
    texts = [word.values[0] if word.values else "" for word in words]
    names = (text.partition("@")[0].partition("=")[0] for text in texts)
    at = next((index for index, name in enumerate(names) if name in _PROGRAMS), None)
    if at is None or (at and _LAUNCHERS.isdisjoint(programs(words[0]) or ())):
        return None
    run = next((index for index in range(at + 1, len(texts)) if texts[index] == "run"), None)
    return None if run is None else texts[run + 1 :]


def hooks(
    read: Callable[[str], File | None], arguments: Sequence[str], skipped: Values
) -> Iterator[tuple[File, ConfiguredHook, Script]]:
    """Yield the hooks that `pre-commit run` runs with these arguments, each with the configuration and its program.

    `read` returns a YAML file that can be read; None for any other. `skipped` are the values of the environment
    variable SKIP. Hooks whose program is unknown are left out.
    """
    from dunnage.scripts import pre_commit

    config = next((value for option, value in pairwise(arguments) if option in ("-c", "--config")), "")
    file = next((file for name in ((config,) if config else pre_commit.NAMES) if (file := read(name))), None)
    if file is None:
        return
    selected = [
        word
        for before, word in zip(("", *arguments), arguments, strict=False)
        if word[:1] != "-" and before not in _WITH_VALUE
    ]
    any_stage = any(word.startswith("--hook-stage") for word in arguments)
    skip = {name.strip() for value in skipped or () for name in value.split(",")}
    for hook in pre_commit.hooks(file):
        if hook.id in skip or (selected and hook.id not in selected) or not (hook.is_run or any_stage):
            continue
        program = hook.program or _known_program(hook)
        if program is not None:
            yield file, hook, program


def _known_program(hook: ConfiguredHook) -> Script | None:
    if hook.id not in _KNOWN_PROGRAMS:
        return None
    entry, *arguments = _KNOWN_PROGRAMS[hook.id]
    text = " ".join((entry, *(arguments if hook.arguments is None else hook.arguments)))
    offsets = ((0, hook.span.start, 0), (len(text.encode("utf-8")), hook.span.end, 0))
    return Script(text, offsets, Place("pre-commit", (f"hook {hook.id}",)))
