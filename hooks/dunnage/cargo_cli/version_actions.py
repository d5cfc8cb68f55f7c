"""GitHub actions that install a tool in the version that one input names.

Source: action.yml of each action, and the program that reads its inputs.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dunnage.cargo_cli.actions import Tool
from dunnage.cargo_cli.tools import BINSTALL, NPM, exact, list_items, split, version_problem


class _Action(NamedTuple):
    tool: str
    input: str
    """The input that names the version."""
    example: str = "1.2.3"
    """A version as the action takes it."""
    is_range: bool = False
    """Whether the version may be a range in the syntax of node."""
    has_default: bool = False
    """Whether the ref of the action fixes the version if the input is missing."""


_ACTIONS = {
    "bytecodealliance/actions/wasm-tools/setup": _Action("wasm-tools", "version"),
    "bytecodealliance/actions/wasmtime/setup": _Action("wasmtime", "version"),
    "bytecodealliance/actions/wit-bindgen/setup": _Action("wit-bindgen", "version"),
    "extractions/setup-just": _Action("just", "just-version", is_range=True),
    "fermyon/actions/spin/setup": _Action("spin", "version", "v1.2.3"),
    "hustcer/setup-moonbit": _Action("moonbit", "version", "1.2.3+HASH"),
    "jetli/trunk-action": _Action("trunk", "version", "v1.2.3"),
    "jetli/wasm-bindgen-action": _Action("wasm-bindgen", "version"),
    "jetli/wasm-pack-action": _Action("wasm-pack", "version", "v1.2.3"),
    "wasmcloud/setup-wash-action": _Action("wash", "wash-version", "v1.2.3", has_default=True),
    "wasmerio/setup-wasmer": _Action("wasmer", "version"),
}


def installed(name: str, inputs: Mapping[str, str | None]) -> list[Tool]:
    """Return the tools that one of these actions installs with these inputs. `name` is in lower case."""
    if name == "moonrepo/setup-rust":
        return [_binary(start, text) for start, text in list_items(inputs.get("bins", "") or "")]
    if name == "actions-rs/install":
        crate = inputs.get("crate", "")
        return [_tool(_Action(crate.strip(), "version"), inputs, "crate")] if crate else []
    action = _ACTIONS.get(name)
    if action is None or (action.has_default and not inputs.get(action.input)):
        return []
    tool = _tool(action, inputs, "")
    if name == "hustcer/setup-moonbit" and tool.version and not tool.problem and _has_core(inputs):
        # Its core library has a version of its own, which is by default the latest.
        return [tool, _tool(_Action("moonbit core", "core-version", "1.2.3+HASH"), inputs, "")]
    return [tool]


def _has_core(inputs: Mapping[str, str | None]) -> bool:
    return (inputs.get("setup-core", "true") or "").strip() == "true"


def _tool(action: _Action, inputs: Mapping[str, str | None], name_input: str) -> Tool:
    """Return a tool; `name_input` is the input that names it, if the action does not."""
    version = inputs.get(action.input, "")
    help = f"write `{action.input}: {action.example}`, with the version that you reviewed"
    if version is None:
        return Tool(action.tool, None, "", "", action.input)
    text = version.strip()
    if not text or text == "latest":
        why = f"{action.tool} has no version: every run installs the latest release"
        return Tool(action.tool, None, why, help, action.input if text else name_input)
    number = text.removeprefix("v") if not action.is_range else text
    # Tags of older releases begin with the name of the tool.
    number = number.removeprefix(f"{action.tool}-cli-").removeprefix(f"{action.tool}-").removeprefix("v")
    why = version_problem(text, NPM) if action.is_range else "" if exact(number) else "is not MAJOR.MINOR.PATCH"
    if why:
        why = f"{action.tool} has no exact version: `{text}` {why}"
    start = len(version) - len(version.lstrip()) + len(text) - len(number)
    return Tool(action.tool, number, why, help, action.input, start)


def _binary(start: int, text: str) -> Tool:
    """Return a tool that an action installs with cargo-binstall."""
    name, version = split(text)
    help = f"write `{name}@1.2.3`, with the version that you reviewed"
    if version is None:
        why = f"{name} has no version: every run installs the latest release"
        return Tool(name, None, why, help, "bins", start)
    why = version_problem(version, BINSTALL)
    if why:
        why = f"{name} has no exact version: `{version}` {why}"
    return Tool(name, version, why, help, "bins", start)
