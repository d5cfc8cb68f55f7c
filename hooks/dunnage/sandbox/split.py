"""How to split a build into a step that downloads and one that compiles without network, and is offline."""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from dunnage.cargo_cli.command_line import LOCKING
from dunnage.files.source import File
from dunnage.files.span import Edit
from dunnage.sandbox import NOT_OFFLINE, Exposure
from dunnage.sandbox.compiled import (
    OFFLINE_OPTIONS,
    OFFLINE_VARIABLE,
    Compilations,
    Compiled,
    is_component,
    lacks_network,
    takes_offline,
    without_offline,
)
from dunnage.shell.model import Command, Word, insert_after

_LONGEST = 200
_LONGEST_ASSIGNMENTS = 300
_ASSIGNMENTS = (
    rb"(?<=[\s;&|(])"
    rb"(?:[A-Za-z_]\w*=(?:\"[^\"\\\n]*\"|'[^'\\\n]*'|[^\s\"'`;&|()<>\\])*[ \t]+(?:\\\r?\n\s*)?)+\Z"
)
"""The assignments at the end of a text, with the line ends between them."""
_EXPANSION = rb"[ \t]+(?:\\\r?\n[ \t]*)?(\$(?:\{\{[^{}\n]{1,100}\}\}|\w+|\{\w+\}|\(\w+\)))(?![^\s;&|)])"
"""A variable or an expression that follows a word. It is no word of the command if its value is empty."""
_TOOLS = {
    "trunk": "trunk downloads wasm-bindgen and wasm-opt if they are not installed: install them first",
    "xx-cargo": "xx-cargo installs the target if it is missing: run `xx-cargo --setup-target-triple` first",
    "wasm-pack": "wasm-pack downloads wasm-bindgen if it is not installed: install it first",
}


def shown(compiled: Compiled) -> str:
    """Return the name of what compiles, and of the command that starts it, as a clause without its end."""
    if compiled.is_direct:
        return f"`{compiled.inner.name}` runs build scripts and macros"
    outer = " ".join(word.text for word in compiled.outer.words[:2])
    if len(outer) > _LONGEST or set(outer) & {"\n", "`"}:
        return f"this command compiles with `{compiled.inner.name}`, which runs build scripts and macros"
    return f"`{outer}` compiles with `{compiled.inner.name}`, which runs build scripts and macros"


def fetch_lines(file: File, compiled: Compiled, *, has_lock: bool) -> list[str]:
    """Return the commands that download what a compilation in a file needs, with `--locked` if a lock is committed."""
    inner = compiled.inner
    words = inner.call.words
    locked = " --locked" if has_lock or any(option in words for option in LOCKING) else ""
    if not compiled.is_direct:
        return [f"cargo fetch{locked}"]
    around = "" if lacks_network(compiled.outer.wrapper) else _around(file, compiled.outer)
    toolchain = f" {words[1]}" if len(words) > 1 and (words[1] or "").startswith("+") else ""
    program = inner.call.word(0).text.strip('"')
    cargo = f"{around}{program if program.endswith('/cargo') else 'cargo'}{toolchain}"
    fetch = f"{cargo} fetch{locked}"
    if inner.name.endswith("chef cook"):
        cook = _written(file, compiled.outer, _Change(after="--no-build"))
        return [cook or "the same command with `--no-build` at its end", fetch]
    manifest = _manifest(inner.call.command.words)
    if is_component(inner):
        return [f"{cargo} component fetch{locked}{manifest}"]
    return [f"{fetch}{manifest}"]


def offline_command(file: File, compiled: Compiled, *, has_lock: bool) -> str:
    """Return the command with which a compilation in a file uses no network; empty if it is too long for a line.

    `has_lock` says that cargo finds a complete Cargo.lock there.
    """
    return _written(file, compiled.outer, _change(compiled, has_lock))


def offline_change(compiled: Compiled, *, has_lock: bool) -> str:
    """Return what `offline_command` changes in the command: "with `--frozen` after `build`". Empty if nothing."""
    change = _change(compiled, has_lock)
    if change.inserted is not None:
        return f"with `{change.inserted[1]}` after `{change.inserted[0].text}`"
    if change.replaced:
        return " and ".join(f"with `{new}` in place of `{old}`" for old, new in change.replaced.items())
    if change.after:
        return f"with `{change.after}` at its end"
    return f"with `{change.before}` before it" if change.before else ""


def assignments(file: File, command: Command) -> str:
    """Return the variables that are assigned before a command, as they are written, with a blank after each."""
    if command.form != "shell":
        return ""
    end = (*command.wrapper, *command.words)[0].span.start
    found = re.search(_ASSIGNMENTS, file.data[max(end - _LONGEST_ASSIGNMENTS, 0) : end])
    return re.sub(rb"[ \t]*\\\r?\n\s*", b" ", found[0]).decode("utf-8", "replace").lstrip() if found else ""


def note(compiled: Compiled) -> str:
    """Return what else a tool downloads; empty if nothing."""
    return _TOOLS.get(compiled.inner.name.split()[0], "")


def _manifest(words: tuple[Word, ...]) -> str:
    """Return the option that names a manifest, as it is written."""
    for at, word in enumerate(words):
        if word.text == "--manifest-path" and at + 1 < len(words):
            return f" --manifest-path {words[at + 1].text}"
        if word.text.startswith("--manifest-path="):
            return f" {word.text}"
    return ""


class _Change(NamedTuple):
    """What makes a command offline."""

    before: str = ""
    replaced: Mapping[str, str] = {}
    inserted: tuple[Word, str] | None = None
    """A word of the command, and what follows it."""
    after: str = ""


def _change(compiled: Compiled, has_lock: bool) -> _Change:
    inner = compiled.inner
    variable = _Change(before=f"{OFFLINE_VARIABLE}=true")
    if not compiled.is_direct:
        return variable
    if any(word in OFFLINE_OPTIONS for word in inner.call.words) and not is_component(inner):
        return _Change()
    if inner.name.endswith("chef cook"):
        return _Change(after="--offline")
    subcommand = inner.call.word(inner.at)
    is_literal = inner.call.is_written(inner.at) and subcommand.text == inner.call.words[inner.at]
    if not is_literal or not takes_offline(inner):
        return variable
    if is_component(inner):
        return _Change(replaced={"--frozen": "--locked"}, inserted=(subcommand, "--offline"))
    if "--locked" in inner.call.words:
        return _Change(replaced={"--locked": "--frozen"})
    return _Change(inserted=(subcommand, "--frozen" if has_lock else "--offline"))


def _written(file: File, command: Command, change: _Change) -> str:
    """Return a changed command in one line, with the wrappers before it; empty if that is too long."""
    parts = [change.before]
    spans: set[object] = set()
    starts = {word.span.start for word in command.words}
    for word in command.words:
        if word.span in spans:
            continue  # another word of the same variable
        spans.add(word.span)
        text = word.text if command.form == "shell" else shlex.quote((word.values or (word.text,))[0])
        parts.append(change.replaced.get(text, text))
        if change.inserted is not None and word.span == change.inserted[0].span:
            parts.append(change.inserted[1])
        if command.form == "shell":
            parts.extend(expansions_after(file, word, starts))
    text = " ".join(filter(None, (*parts, change.after)))
    around = _around(file, command)
    text = f"{around}env {text}" if around and change.before else f"{around}{text}"
    return text if len(text) <= _LONGEST and "\n" not in text else ""


def expansions_after(file: File, word: Word, starts: Collection[int]) -> Iterator[str]:
    """Yield the expansions that follow a word of a program, up to the next word, which begins at one of `starts`."""
    end = word.span.end
    while (found := re.compile(_EXPANSION).match(file.data, end)) and found.start(1) not in starts:
        yield found[1].decode("utf-8", "replace")
        end = found.end()


def _around(file: File, command: Command) -> str:
    """Return the wrappers that are written directly before a command, with a blank after each word: `mold -run `.

    Those of `bash -c '…'` are not: the command is in a program of its own.
    """
    if command.form != "shell" or not command.inside.isdisjoint(("find", "xargs")):
        return ""
    texts: list[str] = []
    start = command.words[0].span.start
    for word in reversed(command.wrapper):
        if not re.fullmatch(rb"(?:[ \t]|\\\r?\n)+", file.data[word.span.end : start]):
            break
        texts.append(word.text)
        start = word.span.start
    return "".join(f"{text} " for text in reversed(texts))


# Compilations without network that are not offline


def not_offline(file: File, compiled: Sequence[Compiled], compilations: Compilations) -> Iterator[Exposure]:
    """Yield what is wrong with the compilations without `--offline` among those that have no network where they run."""
    for each in without_offline(compiled, compilations.tree):
        yield no_offline_option(file, each, compilations)


def no_offline_option(file: File, compiled: Compiled, compilations: Compilations) -> Exposure:
    """Return what is wrong with a compilation that has no network and is not offline."""
    name = compiled.inner.name
    if is_component(compiled.inner):
        message = f"`{name}` has no network here, and requests WIT packages without a literal `--offline`"
    else:
        message = f"`{name}` has no network here, but without `--offline` it retries downloads before it fails"
    has_lock = compilations.has_lock(compiled)
    command = offline_command(file, compiled, has_lock=has_lock)
    help = f"write `{command}`" if command else f"write it {offline_change(compiled, has_lock=has_lock)}"
    place = compiled.outer.words[0].span
    return Exposure(NOT_OFFLINE, file, place, message, help, "inserted --offline", _edit(file, compiled))


def _edit(file: File, compiled: Compiled) -> Edit | None:
    call, at = compiled.inner.call, compiled.inner.at
    if not compiled.is_direct or not takes_offline(compiled.inner) or not call.is_written(at):
        return None
    edit = insert_after(call.command, call.word(at), "--offline")
    return edit and Edit(file.path, *edit)
