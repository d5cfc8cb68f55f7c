"""How to split a build into a step that downloads and one that compiles without network."""

import shlex

from dunnage.cargo_cli.command_line import LOCKING
from dunnage.sandbox.compiled import Compilations, Compiled
from dunnage.sandbox.network import OFFLINE_OPTIONS, OFFLINE_VARIABLE, is_component
from dunnage.shell.model import Command, Word

_LONGEST = 200
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


def fetch_lines(compiled: Compiled, compilations: Compilations) -> list[str]:
    """Return the commands that download what a compilation needs, with `--locked` if a committed lock is in use."""
    inner = compiled.inner
    words = inner.call.words
    is_locked = any(option in words for option in LOCKING)
    locked = " --locked" if is_locked or compilations.has_lock(compiled) else ""
    if not compiled.is_direct:
        return [f"cargo fetch{locked}"]
    toolchain = f" {words[1]}" if len(words) > 1 and (words[1] or "").startswith("+") else ""
    if inner.name.endswith("chef cook"):
        return [f"{_written(compiled.outer)} --no-build", f"cargo{toolchain} fetch{locked}"]
    manifest = _manifest(inner.call.command.words)
    if is_component(inner):
        return [f"cargo{toolchain} component fetch{locked}{manifest}"]
    return [f"cargo{toolchain} fetch{locked}{manifest}"]


def offline_command(compiled: Compiled) -> str:
    """Return the command with which a compilation uses no network."""
    inner = compiled.inner
    command = compiled.outer
    if not compiled.is_direct:
        return f"{OFFLINE_VARIABLE}=true {_written(command)}"
    if any(word in OFFLINE_OPTIONS for word in inner.call.words) and not is_component(inner):
        return _written(command)
    if inner.name.endswith("chef cook"):
        return f"{_written(command)} --offline"
    is_literal = inner.call.is_written(inner.at) and inner.call.word(inner.at).text == inner.call.words[inner.at]
    if not is_literal or inner.name.split()[0] not in ("cargo", "xx-cargo"):
        return f"{OFFLINE_VARIABLE}=true {_written(command)}"
    if is_component(inner):
        return _written(command, {"--frozen": "--locked"}, (inner.call.word(inner.at), "--offline"))
    if "--locked" in inner.call.words:
        return _written(command, {"--locked": "--frozen"})
    return _written(command, {}, (inner.call.word(inner.at), "--frozen"))


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


def _written(command: Command, replaced: dict[str, str] | None = None, inserted: tuple[Word, str] | None = None) -> str:
    """Return a command in one line, some words replaced and one inserted after another. Long ones are shortened."""
    parts: list[str] = []
    spans: set[object] = set()
    for word in command.words:
        if word.span in spans:
            continue  # another word of the same variable
        spans.add(word.span)
        text = word.text if command.form == "shell" else shlex.quote((word.values or (word.text,))[0])
        parts.append((replaced or {}).get(text, text))
        if inserted is not None and word.span == inserted[0].span:
            parts.append(inserted[1])
    text = " ".join(parts)
    if len(text) > _LONGEST or "\n" in text:
        last = inserted[1] if inserted else next(iter((replaced or {}).values()), "")
        text = " ".join(filter(None, (*parts[:2], "…", last))).replace("\n", " ")
    return text
