"""GitHub actions that install Rust tools, and how each interprets its inputs.

Source: action.yml of each action, and the program that reads its inputs.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dunnage.cargo_cli.tools import BINSTALL, INSTALL, NPM, exact, is_commit, list_items, split, version_problem
from dunnage.shell.model import Values

REF = ""
"""The name that denotes the action's ref instead of an input."""

_INSTALL_ACTION = "taiki-e/install-action"
_CACHE_ACTION = "taiki-e/cache-cargo-install-action"
_CARGO_INSTALL = "baptiste0928/cargo-install"
_BINSTALL_ACTION = "cargo-bins/cargo-binstall"
_NAMES = (_INSTALL_ACTION, _CACHE_ACTION, _CARGO_INSTALL, _BINSTALL_ACTION)
_ONE_TOOL = {
    "bytecodealliance/actions/wasm-tools/setup": ("wasm-tools", "version", "1.2.3"),
    "bytecodealliance/actions/wasmtime/setup": ("wasmtime", "version", "1.2.3"),
    "bytecodealliance/actions/wit-bindgen/setup": ("wit-bindgen", "version", "1.2.3"),
    "extractions/setup-just": ("just", "just-version", "1.2.3"),
    "fermyon/actions/spin/setup": ("spin", "version", "v1.2.3"),
    "hustcer/setup-moonbit": ("moonbit", "version", "1.2.3+HASH"),
    "jetli/trunk-action": ("trunk", "version", "v1.2.3"),
    "jetli/wasm-bindgen-action": ("wasm-bindgen", "version", "1.2.3"),
    "jetli/wasm-pack-action": ("wasm-pack", "version", "v1.2.3"),
    "wasmcloud/setup-wash-action": ("wash", "wash-version", "v1.2.3"),
    "wasmerio/setup-wasmer": ("wasmer", "version", "1.2.3"),
}
"""The actions that install one tool, the input that names its version, and a version as the action takes it."""
_RANGE_ACTION = "extractions/setup-just"
"""Its version may be a range in the syntax of node."""
_DEFAULT_ACTION = "wasmcloud/setup-wash-action"
"""Its ref fixes the version if the input is missing."""
_OWNERS = ("actions-rs/install", "moonrepo/setup-rust", *_ONE_TOOL)
HINTS = (
    *(name.partition("/")[2] for name in _NAMES),
    *dict.fromkeys(name.partition("/")[0] for name in _OWNERS),
    "wasmCloud",
)
"""A file without any of these texts uses none of these actions."""

_CRATES = {
    "nextest": "cargo-nextest",
    "taplo": "taplo-cli",
    "typos": "typos-cli",
    "wasm-bindgen": "wasm-bindgen-cli",
    "wasmtime": "wasmtime-cli",
    "wild": "wild-linker",
}
"""The crates of tools that have another name in taiki-e/install-action."""

_WITH_MANIFEST = frozenset({
    "auto-doc", "biome", "bpf-linker", "cargo-about", "cargo-apple-runner", "cargo-audit", "cargo-auditable",
    "cargo-binstall", "cargo-careful", "cargo-crap", "cargo-cyclonedx", "cargo-deadlinks", "cargo-deb",
    "cargo-deny", "cargo-dinghy", "cargo-export", "cargo-hack", "cargo-insta", "cargo-lambda", "cargo-leptos",
    "cargo-llvm-cov", "cargo-machete", "cargo-make", "cargo-minimal-versions", "cargo-mutants", "cargo-neat",
    "cargo-nextest", "cargo-no-dev-deps", "cargo-rdme", "cargo-semver-checks", "cargo-shear", "cargo-sort",
    "cargo-spellcheck", "cargo-tarpaulin", "cargo-udeps", "cargo-valgrind", "cargo-vet", "cargo-xwin",
    "cargo-zigbuild", "convco", "coreutils", "cosign", "covgate", "cross", "cyclonedx", "d2", "deepsource",
    "docgarden", "dprint", "earthly", "editorconfig-checker", "espup", "git-cliff", "grcov", "gungraun-runner",
    "hyperfine", "iai-callgrind-runner", "jaq", "just", "kingfisher", "knope", "martin", "mdbook-alerts",
    "mdbook-d2", "mdbook-linkcheck", "mdbook-mermaid-ssr", "mdbook-mermaid", "mdbook", "mise", "nextest",
    "osv-scanner", "oxfmt", "parse-changelog", "parse-dockerfile", "prek", "protoc-gen-connect-openapi", "protoc",
    "rafn", "rclone", "release-plz", "sccache", "shellcheck", "shfmt", "syft", "taplo", "tombi", "trivy", "trunk",
    "typos", "ubi", "uv", "vacuum", "wait-for-them", "wash", "wasm-bindgen", "wasm-pack", "wasm-tools", "wasmtime",
    "wild", "xbuild", "xh", "zizmor", "zola",
})  # fmt: skip
"""The tools of which a commit of taiki-e/install-action records versions and checksums: `manifests/` there."""

# Another package manager or rustup installs these, in a version that nobody can choose.
_WITHOUT_VERSION = frozenset({"rust", "valgrind"})


class Tool(NamedTuple):
    """A tool that an action installs."""

    name: str
    version: str | None
    """The version as written; None if there is none."""
    problem: str
    """Why the version is not exact, as a message; empty if it is."""
    help: str
    input: str
    """The input that names the tool or its version, or REF."""
    start: int = 0
    """The offset of the name or version in the value of that input."""
    is_locked: bool = True
    """Whether it is built with its own Cargo.lock."""

    @property
    def crate(self) -> str:
        """The name of the tool on crates.io."""
        return _CRATES.get(self.name, self.name)


def is_known(name: str) -> bool:
    """Whether `name` is one of these actions. GitHub ignores the case of names."""
    return name.lower() in _NAMES or name.lower() in _OWNERS


def possible_tools(name: str, ref: str, inputs: Mapping[str, Values]) -> Iterator[Tool]:
    """Yield the tools that an action installs for the first value of each input, then for each further value of one.

    Tools whose names or versions are unknown are left out.
    """
    first = {key: values[0] if values else None for key, values in inputs.items()}
    variants = [first, *({**first, key: value} for key, values in inputs.items() for value in (values or ())[1:])]
    for variant in variants:
        yield from _tools(name.lower(), ref, variant)


def _tools(name: str, ref: str, inputs: Mapping[str, str | None]) -> list[Tool]:
    """Return the tools that an action installs with these inputs. None is an unknown value."""
    if name == _INSTALL_ACTION:
        return _install_action(ref, inputs)
    if name == _CACHE_ACTION:
        return _cache_action(inputs)
    if name == _CARGO_INSTALL:
        return _cargo_install(inputs)
    if name == _BINSTALL_ACTION:
        return _binstall(ref, inputs)
    if name == "moonrepo/setup-rust":
        return [_binary(start, text) for start, text in list_items(inputs.get("bins", "") or "")]
    if name == "actions-rs/install":
        crate = inputs.get("crate", "")
        return [_one_tool(inputs, crate.strip(), "version", "1.2.3", "crate")] if crate else []
    if name not in _ONE_TOOL or (name == _DEFAULT_ACTION and not inputs.get("wash-version")):
        return []
    tool = _one_tool(inputs, *_ONE_TOOL[name], is_range=name == _RANGE_ACTION)
    has_core = (inputs.get("setup-core", "true") or "").strip() == "true"
    if name == "hustcer/setup-moonbit" and tool.version and not tool.problem and has_core:
        # Its core library has a version of its own, which is by default the latest.
        return [tool, _one_tool(inputs, "moonbit core", "core-version", "1.2.3+HASH")]
    return [tool]


def _tool(
    name: str,
    version: str | None,
    problem: str,
    help: str,
    where: str,
    start: int = 0,
    *,
    is_locked: bool = True,
    latest: str = "every run installs the latest release",
) -> Tool:
    """Return a tool with a message about its version; None if it has none, for which `latest` says what happens.

    `problem` is why the version is not exact, as a clause whose subject is the version.
    """
    if version is None:
        why = f"{name} has no version: {latest}"
    else:
        why = problem and f"{name} has no exact version: `{version}` {problem}"
    return Tool(name, version, why, f"{help}, with the version that you reviewed", where, start, is_locked)


def _is_true(value: str | None) -> bool:
    return (value or "true").strip().lower() != "false"


def _margin(text: str) -> int:
    """The number of characters in front of a value."""
    return len(text) - len(text.lstrip())


def _install_action(ref: str, inputs: Mapping[str, str | None]) -> list[Tool]:
    """Each item of `tool:` may have a version. A full commit of the action fixes the versions of the tools it knows."""
    given = inputs.get("tool", "")
    if given is None:
        return []
    if not given.strip():
        # A tag or branch with the name of a tool installs that tool; any other ref may install anything.
        is_tool = ref and not is_commit(ref) and ref not in ("main", "master") and not ref.lstrip("v")[:1].isdigit()
        if not is_tool or ref in _WITHOUT_VERSION:
            return []
        why = f"the ref `@{ref}` installs the latest {ref} and cannot name a version"
        help = f"write `{_INSTALL_ACTION}@v2`, or, better, a full commit of it, with `tool: {ref}@1.2.3`"
        return [Tool(ref, None, why, help, REF)]
    found = [_list_item(start, text) for start, text in list_items(given)]
    if not is_commit(ref) or not _is_true(inputs.get("checksum")):
        return found
    is_fixed = inputs.get("fallback", "") == "none"
    return [tool._replace(problem="") if is_fixed or _has_manifest(tool.name) else tool for tool in found]


def _has_manifest(name: str) -> bool:
    """Whether a commit of the action fixes the version of a tool. The action also knows tools by their crates."""
    return name in _WITH_MANIFEST or name in _CRATES.values()


def _list_item(start: int, text: str) -> Tool:
    name, version = split(text.partition("+")[0] if text.startswith("rust") else text)
    if name in _WITHOUT_VERSION:
        return Tool(name, version or None, "", "", "tool", start)
    tool = _tool(name, version, _short(version or ""), f"write `{name}@1.2.3`", "tool", start)
    if version is None and _has_manifest(name):
        return tool._replace(problem=f"{name} has no version: the ref of the action decides which version is installed")
    return tool


def _short(version: str) -> str:
    """Why a version is not MAJOR.MINOR.PATCH; empty if it is."""
    if exact(version) and not version.startswith("="):
        return ""
    if version == "latest":
        return "means the latest release"
    if all(number.isdigit() for number in version.split(".")):
        return "is not MAJOR.MINOR.PATCH, so it means the latest such release"
    return "is not MAJOR.MINOR.PATCH"


def _cache_action(inputs: Mapping[str, str | None]) -> list[Tool]:
    given = inputs.get("tool") or ""
    if not given.strip():
        return []
    is_locked = _is_true(inputs.get("locked"))
    name, version = split(given.strip())
    if inputs.get("git", "") != "":
        return [_from_git(name, inputs, ("rev",), "tool", _margin(given), is_locked)]
    help = f"write `tool: {name}@1.2.3`"
    return [_tool(name, version, _short(version or ""), help, "tool", _margin(given), is_locked=is_locked)]


def _cargo_install(inputs: Mapping[str, str | None]) -> list[Tool]:
    """Its `version` is a range in the syntax of node, in which a full version means only itself."""
    crate = inputs.get("crate") or ""
    name, start = crate.strip(), _margin(crate)
    if not name:
        return []
    is_locked = _is_true(inputs.get("locked")) or not {"--locked", "--frozen"}.isdisjoint(
        (inputs.get("args") or "").split()
    )
    if inputs.get("git", "") != "":
        return [_from_git(name, inputs, ("commit", "rev"), "crate", start, is_locked)]
    version = inputs.get("version", "latest")
    if version is None:
        return [Tool(name, None, "", "", "crate", start, is_locked)]
    text, where, start = version.strip(), "version", _margin(version)
    known = None if text in ("", "latest") else text
    if known is None:
        where, start = ("version", 0) if inputs.get("version") else ("crate", _margin(crate))
    problem = version_problem(text, NPM)
    return [_tool(name, known, problem, 'write `version: "1.2.3"`', where, start, is_locked=is_locked)]


def _from_git(
    name: str, inputs: Mapping[str, str | None], commits: tuple[str, ...], where: str, start: int, is_locked: bool
) -> Tool:
    given = [inputs[key] for key in commits if inputs.get(key, "") != ""]
    if given and (given[0] is None or is_commit(given[0].strip())):
        return Tool(name, None, "", "", where, start, is_locked)
    help = f"write `{commits[0]}: HASH`, with the full hash of the commit that you reviewed"
    moving = next((key for key in (*commits, "tag", "branch") if inputs.get(key)), None)
    if moving is None:
        return Tool(name, None, f"{name} has no commit: every run builds the latest one", help, "git", 0, is_locked)
    kind = {"tag": "a tag that can be moved", "branch": "a branch"}.get(moving, "not the full hash of a commit")
    why = f"{name} is built from `{(inputs[moving] or '').strip()}`, {kind}"
    return Tool(name, None, why, help, moving, 0, is_locked)


def _binstall(ref: str, inputs: Mapping[str, str | None]) -> list[Tool]:
    """It downloads the newest release whatever its own ref is, unless the input `version` names another."""
    version = inputs.get("version", "")
    if version is None:
        return []
    text, help = version.strip(), "use release 1.17.4 of the action, or a later one, and add `with: {version: 1.2.3}`"
    if not text:
        latest = f"the ref `@{ref}` of the action does not choose one"
        return [_tool("cargo-binstall", None, "", help, REF, latest=latest)]
    number, start = text.removeprefix("v"), _margin(version) + text.startswith("v")
    tool = _tool("cargo-binstall", text, version_problem(number, INSTALL), help, "version", start)
    return [tool._replace(version=number)]


def _one_tool(
    inputs: Mapping[str, str | None],
    name: str,
    where: str,
    example: str,
    name_input: str = "",
    *,
    is_range: bool = False,
) -> Tool:
    """Return a tool whose version an input names; `name_input` is the input that names it, if the action does not."""
    version = inputs.get(where, "")
    if version is None:
        return Tool(name, None, "", "", where)
    text, help = version.strip(), f"write `{where}: {example}`"
    if not text or text == "latest":
        return _tool(name, None, "", help, where if text else name_input)
    number = text.removeprefix("v") if not is_range else text
    # Tags of older releases begin with the name of the tool.
    number = number.removeprefix(f"{name}-cli-").removeprefix(f"{name}-").removeprefix("v")
    problem = version_problem(text, NPM) if is_range else "" if exact(number) else "is not MAJOR.MINOR.PATCH"
    start = _margin(version) + len(text) - len(number)
    return _tool(name, text, problem, help, where, start)._replace(version=number)


def _binary(start: int, text: str) -> Tool:
    """Return a tool that an action installs with cargo-binstall."""
    name, version = split(text)
    return _tool(name, version, version_problem(version or "", BINSTALL), f"write `{name}@1.2.3`", "bins", start)
