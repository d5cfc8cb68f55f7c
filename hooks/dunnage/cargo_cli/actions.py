"""GitHub actions that install Rust tools, and how each interprets its inputs.

Source: action.yml of each action, and the program that reads its inputs.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dunnage.cargo_cli.tools import INSTALL, NPM, exact, is_commit, list_items, version_problem

REF = ""
"""The name that denotes the action's ref instead of an input."""

INSTALL_ACTION = "taiki-e/install-action"
CACHE_ACTION = "taiki-e/cache-cargo-install-action"
CARGO_INSTALL = "baptiste0928/cargo-install"
BINSTALL_ACTION = "cargo-bins/cargo-binstall"
NAMES = (INSTALL_ACTION, CACHE_ACTION, CARGO_INSTALL, BINSTALL_ACTION)
_VERSION_ACTIONS = (
    "actions-rs/install",
    "bytecodealliance/actions/wasm-tools/setup",
    "bytecodealliance/actions/wasmtime/setup",
    "bytecodealliance/actions/wit-bindgen/setup",
    "extractions/setup-just",
    "fermyon/actions/spin/setup",
    "hustcer/setup-moonbit",
    "jetli/trunk-action",
    "jetli/wasm-bindgen-action",
    "jetli/wasm-pack-action",
    "moonrepo/setup-rust",
    "wasmcloud/setup-wash-action",
    "wasmerio/setup-wasmer",
)
"""The actions of `dunnage.cargo_cli.version_actions`."""
HINTS = (
    *(name.partition("/")[2] for name in NAMES),
    *(name.partition("/")[0] for name in _VERSION_ACTIONS),
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


def installed_tools(name: str, ref: str, inputs: Mapping[str, str | None]) -> list[Tool]:
    """Return the tools that an action of NAMES installs with these inputs. None is an unknown value.

    Tools whose names or versions are unknown are left out.
    """
    name = name.lower()
    if name == INSTALL_ACTION:
        return _install_action(ref, inputs)
    if name == CACHE_ACTION:
        return _cache_action(inputs)
    if name == CARGO_INSTALL:
        return _cargo_install(inputs)
    return _binstall(ref, inputs)


def is_known(name: str) -> bool:
    """Whether `name` is one of these actions. GitHub ignores the case of names."""
    return name.lower() in NAMES or name.lower() in _VERSION_ACTIONS


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
        help = f"write `{INSTALL_ACTION}@v2`, or, better, a full commit of it, with `tool: {ref}@1.2.3`"
        return [Tool(ref, None, why, help, REF)]
    found = [_list_item(start, text) for start, text in list_items(given)]
    if not is_commit(ref) or (inputs.get("checksum", "true") or "true").strip().lower() == "false":
        return found
    is_fixed = inputs.get("fallback", "") == "none"
    return [tool._replace(problem="") if is_fixed or _has_manifest(tool.name) else tool for tool in found]


def _has_manifest(name: str) -> bool:
    """Whether a commit of the action fixes the version of a tool. The action also knows tools by their crates."""
    return name in _WITH_MANIFEST or name in _CRATES.values()


def _list_item(start: int, text: str) -> Tool:
    name, at, version = text.partition("+")[0].partition("@") if text.startswith("rust") else text.partition("@")
    if name in _WITHOUT_VERSION:
        return Tool(name, version or None, "", "", "tool", start)
    help = f"write `{name}@1.2.3`, with the version that you reviewed"
    if not at:
        chosen = "the ref of the action decides which version is installed"
        why = f"{name} has no version: {chosen if _has_manifest(name) else 'every run installs the latest release'}"
        return Tool(name, None, why, help, "tool", start)
    why = ""
    if not exact(version) or version.startswith("="):
        why = f"{name} has no exact version: `{version}` {_short(version)}"
    return Tool(name, version, why, help, "tool", start)


def _short(version: str) -> str:
    if version == "latest":
        return "means the latest release"
    numbers = version.split(".")
    if all(number.isdigit() for number in numbers):
        return "is not MAJOR.MINOR.PATCH, so it means the latest such release"
    return "is not MAJOR.MINOR.PATCH"


def _cache_action(inputs: Mapping[str, str | None]) -> list[Tool]:
    given = inputs.get("tool", "")
    if given is None or not given.strip():
        return []
    start = len(given) - len(given.lstrip())
    is_locked = (inputs.get("locked", "true") or "true").strip().lower() != "false"
    name, at, version = given.strip().partition("@")
    if "git" in inputs and inputs["git"] != "":
        return [_from_git(name, inputs, ("rev",), "tool", start, is_locked)]
    help = f"write `tool: {name}@1.2.3`, with the version that you reviewed"
    if not at:
        why = f"{name} has no version: every run installs the latest release"
        return [Tool(name, None, why, help, "tool", start, is_locked)]
    why = ""
    if not exact(version) or version.startswith("="):
        why = f"{name} has no exact version: `{version}` {_short(version)}"
    return [Tool(name, version, why, help, "tool", start, is_locked)]


def _cargo_install(inputs: Mapping[str, str | None]) -> list[Tool]:
    """Its `version` is a range in the syntax of node, in which a full version means only itself."""
    crate = inputs.get("crate", "")
    if crate is None or not crate.strip():
        return []
    name = crate.strip()
    start = len(crate) - len(crate.lstrip())
    is_locked = (inputs.get("locked", "true") or "true").strip().lower() != "false"
    arguments = inputs.get("args", "") or ""
    is_locked = is_locked or "--locked" in arguments.split() or "--frozen" in arguments.split()
    if "git" in inputs and inputs["git"] != "":
        return [_from_git(name, inputs, ("commit", "rev"), "crate", start, is_locked)]
    version = inputs.get("version", "latest")
    help = 'write `version: "1.2.3"`, with the version that you reviewed'
    if version is None:
        return [Tool(name, None, "", "", "crate", start, is_locked)]
    if not version.strip() or version.strip() == "latest":
        why = f"{name} has no version: every run installs the latest release"
        where = "version" if inputs.get("version") else "crate"
        return [Tool(name, None, why, help, where, 0 if where == "version" else start, is_locked)]
    why = version_problem(version, NPM)
    if why:
        why = f"{name} has no exact version: `{version.strip()}` {why}"
    return [Tool(name, version.strip(), why, help, "version", len(version) - len(version.lstrip()), is_locked)]


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
    help = "add `with: {version: 1.2.3}`, with the version that you reviewed"
    text = version.strip()
    if not text:
        why = f"cargo-binstall has no version: the ref `@{ref}` of the action does not choose one"
        return [Tool("cargo-binstall", None, why, help, REF)]
    start = len(version) - len(version.lstrip()) + text.startswith("v")
    why = version_problem(text.removeprefix("v"), INSTALL)
    if why:
        why = f"cargo-binstall has no exact version: `{text}` {why}"
    return [Tool("cargo-binstall", text.removeprefix("v"), why, help, "version", start)]
