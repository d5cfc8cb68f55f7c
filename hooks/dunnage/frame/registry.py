"""All hooks: for which files each is run, whether it is on by default, and where its code is.

`make hooks-file` generates `.pre-commit-hooks.yaml` from this. A hook's rules and options stand in its module, which is
imported only where they are needed.
"""

from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.walk import DOCKERFILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dunnage.frame.hook import Hook

# Patterns of file names. Each is an alternative in `(^|/)(…)$`, which is matched against a path with `/` as separator.
# The patterns of files with commands agree with `dunnage.scripts.commands.kind_of`.

_YAML = r"(?i:ya?ml)"
GITHUB = (rf"\.(github|gitea|forgejo)/workflows/[^/]*\.{_YAML}", rf"(?i:action)\.{_YAML}")
GITLAB = (rf"[^/]*(?i:\.gitlab-ci)\.{_YAML}", rf"\.gitlab(-ci|/ci)/.*\.{_YAML}")
CIRCLECI = (rf"\.circleci/.*\.{_YAML}",)
AZURE = (rf"[^/]*(?i:azure-pipelines)[^/]*\.{_YAML}", rf"(\.|\.?azure-)pipelines/.*\.{_YAML}")
BUILDKITE = (rf"\.buildkite/.*\.{_YAML}", rf"(?i:buildkite)\.{_YAML}")
CI = (*GITHUB, *GITLAB, *CIRCLECI, *AZURE, *BUILDKITE)
SHELL = (
    r"[^/]*\.(?i:ash|bash|dash|ksh|mksh|sh|zsh)",
    r"\.(?i:bashrc|bash_profile|profile|zshrc|zprofile|zshenv|envrc)",
)
MAKEFILES = (
    r"GNUmakefile|[Mm]akefile|[^/]*\.(?i:mk|mak)",
    r"[Mm]akefile\.(?!([^/]*\.)?(?i:am|in|toml|ya?ml)$)[^/]*",
)
JUSTFILES = (r"\.?(?i:justfile)|[^/]*\.(?i:just)",)
TASKS = (
    r"(?i:makefile\.([^/]*\.)?toml)",
    r"\.?(?i:mise(\.[^/]*)?\.toml)|\.?mise/((?i:config(\.[^/]*)?\.toml)|conf\.d/[^/]*\.(?i:toml))",
    rf"(?i:taskfile)(\.[^/]*)?\.{_YAML}",
    r"package\.json|(?i:wrangler\.toml)",
)
"""The files of cargo-make, mise and Task, of npm and its kin, and of Wrangler."""
PERHAPS_SCRIPT = r"[^/.]+"
"""A file that may be a script by its first line."""
SCRIPTS = (*SHELL, *MAKEFILES, *JUSTFILES, *TASKS, PERHAPS_SCRIPT)

CI_SCRIPTS = tuple(rf"(\.github|\.?ci)/([^/]+/)*{name}" for name in SHELL)
"""Scripts in folders for CI."""

CARGO_MANIFEST = r"Cargo\.toml"
TOOLCHAIN = r"rust-toolchain(\.toml)?"
CARGO_LOCK = r"Cargo\.lock"
CARGO_CONFIG = r"\.cargo/(config|(?!(audit|deny)\.toml$)[^/]*\.toml)"
"""Cargo's configuration, and the files beside it, which it may include."""
CARGO_CHECKSUMS = r"\.cargo-checksum\.json"
"""What `cargo vendor` records about a crate."""
CARGO_AUDIT = r"\.cargo/audit\.toml"
DENY_TOML = (r"\.?deny\.toml", r"\.cargo/deny\.toml")
PRE_COMMIT = (r"\.pre-commit-config\.ya?ml", r"prek\.yaml")
WIT = r"[^/]*\.wit"
WIT_IN_ANY_CASE = r"[^/]*\.(?i:wit)"
WIT_PROJECTS = (r"Cargo-component\.lock", r"deps\.(toml|lock)", r"wkg\.(toml|lock)")
VENDORED_COMPONENTS = r"deps/[^/]*\.wasm"
DEPENDABOT = r"\.github/dependabot\.ya?ml"
RENOVATE = (r"renovate\.json[c5]?", r"\.renovaterc(\.json[c5]?)?")
COMPOSE = (rf"(?i:docker-compose[^/]*|compose[.-][^/]*)\.{_YAML}", rf"(?i:compose)\.{_YAML}")
DEVCONTAINER = r"\.?(?i:devcontainer\.json)"


class Sign(NamedTuple):
    """Evidence that a hook has something to check in a repository: a file with such a name and such content."""

    files: tuple[str, ...]
    """Patterns as above."""
    content: str = ""
    """A regular expression that matches somewhere in the file."""


class Entry(NamedTuple):
    """A hook, as pre-commit and the command `dunnage` know it."""

    id: str
    """Also the name of its console script."""
    concern: str
    """How the ids of its rules begin, before the `/`."""
    title: str
    """The text that pre-commit prints while the hook runs."""
    description: str
    files: tuple[str, ...]
    """The patterns, as above, of the files that it checks."""
    signs: tuple[Sign, ...] = ()
    """The hook has something to check if any of these exists. Without signs, any file of `files` counts."""
    is_text: bool = False
    """Whether it checks text files only."""
    is_on: bool = True
    """Whether it runs by default."""
    stages: tuple[str, ...] = ()
    """The stages in which pre-commit may run it; empty means all."""

    @property
    def module(self) -> str:
        """The full name of its module."""
        return f"dunnage.{self.id.replace('-', '_')}"

    @property
    def pattern(self) -> str:
        """The regular expression that matches the paths of `files`."""
        return pattern(self.files)

    def hook(self) -> "Hook":
        """Import the hook."""
        from importlib import import_module

        found: Hook = import_module(self.module).HOOK
        return found


def pattern(files: "Sequence[str]") -> str:
    """The regular expression for several patterns of file names."""
    return f"(^|/)({'|'.join(files)})$"


_WIT_SIGNS = (Sign((WIT, *WIT_PROJECTS)), Sign((CARGO_MANIFEST,), r"metadata\.component"))

_WHERE_REVISIONS_ARE_KNOWN = ("pre-commit", "pre-merge-commit", "pre-push", "manual")

ENTRIES = (
    Entry(
        id="check-advisory-gate",
        concern="advisory-gate",
        title="check advisory gate",
        description="CI runs cargo-deny or cargo-audit so that an advisory fails the build.",
        files=(*CI, *SCRIPTS, *PRE_COMMIT, CARGO_LOCK, CARGO_AUDIT, CARGO_CONFIG),
        signs=(Sign((CARGO_LOCK,)),),
        is_text=True,
        is_on=False,
    ),
    Entry(
        id="check-base-images",
        concern="base-images",
        title="check base images",
        description="The images that build Rust code have a digest, or a tag that names one build.",
        files=(*DOCKERFILES, *CI, *SCRIPTS, *COMPOSE, DEVCONTAINER),
        signs=(
            Sign(DOCKERFILES),
            Sign((*CI, *SCRIPTS), r"container:|docker:|docker#|image:|docker://|(docker|podman) run"),
        ),
        is_text=True,
    ),
    Entry(
        id="check-build-sandbox",
        concern="build-sandbox",
        title="check build sandbox",
        description="Code that compiles has no network, no secrets, and nothing to write to.",
        files=(*DOCKERFILES, *CI, *SCRIPTS),
        signs=(Sign((*DOCKERFILES, *CI, *SCRIPTS), r"cargo|cross|maturin|trunk|wasm-pack|tauri"),),
        is_text=True,
        is_on=False,
    ),
    Entry(
        id="check-cargo-install",
        concern="cargo-install",
        title="check cargo install",
        description="Tools that Dockerfiles, CI and scripts install are pinned to an exact version and built with "
        "--locked.",
        files=(*DOCKERFILES, *CI, *SCRIPTS),
        signs=(Sign((*DOCKERFILES, *CI, *SCRIPTS), r"cargo|rustup|bytecodealliance|componentize-py|wasm-pack"),),
        is_text=True,
    ),
    Entry(
        id="check-cargo-lock",
        concern="cargo-lock",
        title="check Cargo.lock",
        description="Cargo.lock is present, committed, and exactly what the manifests require.",
        files=(CARGO_MANIFEST, CARGO_LOCK, CARGO_CONFIG, CARGO_CHECKSUMS),
        signs=(Sign((CARGO_MANIFEST,)),),
    ),
    Entry(
        id="check-deny-toml",
        concern="deny-toml",
        title="check deny.toml",
        description="cargo-deny accepts deny.toml, and the file holds the required policy and explains its exceptions.",
        files=DENY_TOML,
    ),
    Entry(
        id="check-locked-builds",
        concern="locked-builds",
        title="check locked builds",
        description="Cargo builds in CI and Dockerfiles pass --locked.",
        files=(*DOCKERFILES, *CI, *CI_SCRIPTS),
        signs=(Sign((*DOCKERFILES, *CI, *CI_SCRIPTS), r"cargo|cross|maturin|trunk|wasm-pack|tauri"),),
        is_text=True,
    ),
    Entry(
        id="check-rust-toolchain",
        concern="rust-toolchain",
        title="check Rust toolchain",
        description="The compiler is pinned, and all places that build name the same version.",
        files=(TOOLCHAIN, CARGO_MANIFEST, *DOCKERFILES, *CI),
        signs=(Sign((CARGO_MANIFEST,)),),
        is_text=True,
        is_on=False,
    ),
    Entry(
        id="check-tool-digests",
        concern="tool-digests",
        title="check tool digests",
        description="Prebuilt tools that Dockerfiles, CI and scripts download are verified against a recorded digest.",
        files=(*DOCKERFILES, *CI, *SCRIPTS),
        signs=(Sign((*DOCKERFILES, *CI, *SCRIPTS), r"(curl|wget|ADD|aria2c|gh release|[Ii]nvoke-WebRequest|iwr)\b"),),
        is_text=True,
    ),
    Entry(
        id="check-update-bot",
        concern="update-bot",
        title="check update bot",
        description="Dependabot or Renovate updates every lock, and the versions in which tools are installed.",
        files=(DEPENDABOT, *RENOVATE, CARGO_LOCK, CARGO_MANIFEST, TOOLCHAIN, *PRE_COMMIT, *DOCKERFILES, *CI, *SCRIPTS),
        signs=(Sign((CARGO_LOCK, DEPENDABOT, *RENOVATE)),),
        is_text=True,
        is_on=False,
    ),
    Entry(
        id="check-wit-limits",
        concern="wit-limits",
        title="check WIT limits",
        description="WIT has no type that is too large for tools, and no hidden or misleading character.",
        files=(WIT,),
    ),
    Entry(
        id="check-wit-lock",
        concern="wit-lock",
        title="check WIT locks",
        description="The locks of WIT packages match the manifests, the WIT and the vendored files.",
        files=(CARGO_MANIFEST, *WIT_PROJECTS, WIT_IN_ANY_CASE, VENDORED_COMPONENTS),
        signs=_WIT_SIGNS,
    ),
    Entry(
        id="check-wit-pins",
        concern="wit-pins",
        title="check WIT pins",
        description="Dependencies on WIT packages have one exact version or one immutable source.",
        files=(CARGO_MANIFEST, *WIT_PROJECTS, WIT),
        signs=_WIT_SIGNS,
    ),
    Entry(
        id="review-cargo-lock",
        concern="lock-review",
        title="review Cargo.lock",
        description="Suspicious changes in Cargo.lock have been reviewed.",
        files=(CARGO_LOCK,),
        stages=_WHERE_REVISIONS_ARE_KNOWN,
    ),
    Entry(
        id="review-wit",
        concern="wit-review",
        title="review WIT",
        description="Suspicious changes in foreign WIT packages have been reviewed.",
        files=(WIT, VENDORED_COMPONENTS),
        stages=_WHERE_REVISIONS_ARE_KNOWN,
    ),
)


def files_of_all(entries: "Sequence[Entry]") -> tuple[str, ...]:
    """The patterns of all files that any of these hooks checks, each once."""
    return tuple(dict.fromkeys(part for entry in entries for part in entry.files))
