"""Checkouts that keep the token of a job where code that compiles later can read it.

Before version 6, actions/checkout keeps the token in `.git/config`, and since then in a file in `$RUNNER_TEMP`. Every
process of the runner can read both.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dunnage.cargo_cli.command_line import BUILTIN, invocation
from dunnage.cargo_cli.compiling import compiling_subcommand
from dunnage.ci.job import JobStep, Run
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.ci.runs import Walk
from dunnage.files.source import File
from dunnage.files.span import Edit
from dunnage.sandbox import Exposure
from dunnage.sandbox.job_view import CHECKOUT, Build, JobView
from dunnage.scripts.github import LOCAL, Action
from dunnage.scripts.yaml import Node
from dunnage.shell.model import Command, programs
from dunnage.shell.wrappers import CONTAINER_PROGRAMS

RULE = "build-sandbox/checkout-token"

# With these inputs, git downloads the missing part of the checkout when a command needs it.
_PARTIAL = frozenset(("filter", "sparse-checkout"))


def exposures(view: JobView, repository: RepositoryFiles) -> Iterator[Exposure]:
    """Report checkouts whose token a later step can read while it compiles."""
    users: list[_User] = []
    for index, node, action, token in view.kept_tokens():
        later = next((build for build in view.builds if build.step > index and _can_read(build, action)), None)
        if later is None:
            continue
        users = users or _users_after(view, repository)
        message = f"`{CHECKOUT}` keeps {token}, and build scripts in `{later.name}` can read it"
        help = "add `with: {persist-credentials: false}` to this step"
        if node.get("with") is not None:
            help = "write `persist-credentials: false` in the `with` of this step"
        user = users[index]
        edit = None
        if user.name.startswith("git ") and user.name != "git push":
            help += (
                f"\n`{user.name}` then needs no token if the repository is public; otherwise, compile in another job"
            )
        elif user.name:
            help = f"compile in another job, or {help}, and pass the token only to `{user.name}`"
        elif not user.is_unknown and _PARTIAL.isdisjoint(action.inputs):
            edit = _edit(view, node)
        yield Exposure(RULE, view.file, action.span, message, help, "inserted persist-credentials: false", edit)


def _can_read(build: Build, checkout: Action) -> bool:
    """Whether the code that a build compiles can read what a checkout keeps."""
    if not build.is_in_container:
        return True
    # A container that gets the checkout gets `.git/config` with it, and not `$RUNNER_TEMP`.
    version = re.match(r"v(\d{1,3})(?:\.|$)", checkout.ref)
    command = build.run.command
    wrapper = {name for word in command.wrapper for name in programs(word) or ()} if command is not None else set()
    is_here = command is None or not wrapper or not wrapper.isdisjoint(CONTAINER_PROGRAMS)
    return is_here and version is not None and int(version[1]) < 6


def _edit(view: JobView, step: Node) -> Edit | None:
    """Return the edit that adds the input to a step; None if the step is not written in the usual way."""
    data = view.file.data
    keys = {key.text: (key, value) for key, value in step.pairs()}
    if "uses" not in keys or "<<" in keys or view.file.memo(_has_anchor):
        return None
    key, uses = keys["uses"]
    line_start = data.rfind(b"\n", 0, key.span.start) + 1
    newline = "\r\n" if data[: line_start or None].endswith(b"\r\n") else "\n"
    column = key.span.start - line_start
    if data[step.span.start : step.span.start + 1] == b"{" or not _is_one_line(data, uses):
        return None
    if "with" not in keys:
        text = f"{' ' * column}with:{newline}{' ' * (column + 2)}persist-credentials: false{newline}"
        return _line_after(view, uses.span.end, text, newline)
    with_key, inputs = keys["with"]
    if inputs.kind != "mapping" or not inputs.pairs() or inputs.get("persist-credentials") is not None:
        return None
    first = inputs.pairs()[0][0].span.start
    if data[inputs.span.start : inputs.span.start + 1] == b"{":
        return Edit(view.file.path, first, first, "persist-credentials: false, ")
    start = data.rfind(b"\n", 0, first) + 1
    if start <= with_key.span.end or data[start:first].strip():
        return None
    indent = data[start:first].decode("ascii")
    return Edit(view.file.path, start, start, f"{indent}persist-credentials: false{newline}")


def _has_anchor(file: File) -> bool:
    return re.search(rb"[-:][ \t]+&", file.data) is not None


def _is_one_line(data: bytes, node: Node) -> bool:
    return b"\n" not in data[node.span.start : node.span.end]


def _line_after(view: JobView, offset: int, text: str, newline: str) -> Edit:
    """Return the edit that adds lines after the one of an offset."""
    end = view.file.data.find(b"\n", offset)
    if end < 0:
        size = len(view.file.data)
        return Edit(view.file.path, size, size, newline + text.removesuffix(newline))
    return Edit(view.file.path, end + 1, end + 1, text)


# Whether a job uses git with the token


class _User(NamedTuple):
    """What uses the token."""

    name: str = ""
    """The first command or action that does, or may: `git push`; empty if none is known."""
    is_unknown: bool = False
    """Whether the job also runs something that is not known."""


_REMOTE = "fetch fetch-pack lfs ls-remote pull push send-pack submodule"
_LOCAL = (
    "add apply archive branch cat-file check-ignore checkout clean config describe diff diff-index for-each-ref "
    "grep hash-object init log ls-files ls-tree merge-base mv name-rev reset restore rev-list rev-parse rm shortlog "
    "show show-ref stash status switch symbolic-ref tag update-index version --version"
)
# Options of git before its subcommand that take a value.
_GIT_WITH_VALUE = frozenset(("-C", "-c", "--exec-path", "--git-dir", "--namespace", "--work-tree"))
_GH = "api attestation auth cache issue label release run secret workflow"
_PROGRAMS = (
    "7z [ [[ : apk apt apt-get awk base64 basename break brew cargo-binstall cat cc cd chmod choco chown clang "
    "cmake codesign command continue cosign cp curl cut date declare df diff dirname dnf dpkg du echo env exit "
    "export expr false file find free gcc grep gunzip gzip head hostname id install jq kill ldd let lipo llvm-strip "
    "ln local ls lscpu md5sum mkdir mktemp mount mv nm nproc objcopy objdump otool pacman pip pip3 popd printf "
    "protoc ps pushd pwd read readelf readlink realpath return rm rmdir rpm rustc rustfmt rustup sed seq set "
    "sha256sum sha512sum shasum shift shopt size sleep sort stat strip sysctl tail tar tee test touch tr tree true "
    "type ulimit umask uname uniq unset unxz unzip vcpkg wait wasm-opt wasm-tools wc wget which whoami winget xargs "
    "xz yum zip zstd"
)
_SUBCOMMANDS = "about audit binstall cache chef cyclonedx deny fmt llvm-cov machete miri nextest sort sweep vet"
"""Subcommands of cargo that are no part of it, and that do not use the token."""
_DOCKER = "build buildx cp create images info inspect login logout manifest"

_USERS = (
    "ad-m/github-push-action changesets/action crazy-max/ghaction-github-pages devops-infra/action-commit-push "
    "endbug/add-and-commit github-actions-x/commit jamesives/github-pages-deploy-action "
    "marcoieni/release-plz-action peaceiris/actions-gh-pages peter-evans/create-pull-request "
    "planetscale/ghcommit-action release-plz/action stefanzweifel/git-auto-commit-action actions-js/push "
    "benchmark-action/github-action-benchmark"
)
_OWNERS = (
    "actions-rs/ aws-actions/ azure/ docker/ dtolnay/ github/codeql-action/ google-github-actions/ mozilla-actions/ "
    "sigstore/ step-security/ swatinem/ taiki-e/ ilammy/ codecov/ coverallsapp/"
)
_ACTIONS = (
    "actions-rust-lang/setup-rust-toolchain actions/attest actions/attest-build-provenance actions/attest-sbom "
    "actions/cache actions/cache/restore actions/cache/save actions/checkout actions/configure-pages "
    "actions/create-github-app-token actions/deploy-pages actions/download-artifact actions/setup-dotnet "
    "actions/setup-go actions/setup-java actions/setup-node actions/setup-python actions/upload-artifact "
    "actions/upload-pages-artifact actions/upload-release-asset arduino/setup-protoc astral-sh/setup-uv "
    "baptiste0928/cargo-install bytecodealliance/actions/wasm-tools/setup bytecodealliance/actions/wasmtime/setup "
    "cargo-bins/cargo-binstall crate-ci/typos depot/setup-action embarkstudios/cargo-deny-action "
    "extractions/setup-just jetli/wasm-pack-action jlumbroso/free-disk-space mlugg/setup-zig moonrepo/setup-rust "
    "msys2/setup-msys2 ncipollo/release-action obi1kenobi/cargo-semver-checks-action pypa/gh-action-pypi-publish "
    "pyo3/maturin-action rui314/setup-mold rust-lang/crates-io-auth-action rustsec/audit-check "
    "softprops/action-gh-release svenstaro/upload-release-action"
)
"""Actions that do not use git with the token of the checkout. Some have a token of their own."""


def _users_after(view: JobView, repository: RepositoryFiles) -> list[_User]:
    """Return for each step of a job what uses the token in a later step, if the step keeps it."""
    runs = list(Walk(repository, ("",)).job(view.file, view.job))
    followed = {id(site.command) for run in runs for site in run.call_stack[:-1] if site.command is not None}
    own = [_User("", _is_opaque(step)) for step in view.job.steps]
    seen: set[int] = set()
    for run in runs:
        step = run.call_stack[0].step
        name, is_known = _of_run(run)
        is_unknown = not name and not is_known and not (run.command is not None and id(run.command) in followed)
        before = own[step] if step in seen else _User()
        own[step] = _User(before.name or name, before.is_unknown or is_unknown)
        seen.add(step)
    later = [_User()]
    for each in reversed(own[1:]):
        later.append(_User(each.name or later[-1].name, each.is_unknown or later[-1].is_unknown))
    return later[::-1]


def _is_opaque(step: JobStep) -> bool:
    """Whether a step of which no command is known runs another language, or an action in JavaScript."""
    return step.script is None if step.action is None else step.action.name.startswith(LOCAL)


def _of_run(run: Run) -> tuple[str, bool]:
    """Return the name of a command or action if it may use the token, and whether it is known."""
    if run.action is not None:
        name = run.action.name.lower()
        is_user = name in _USERS.split() or (name == "actions/github-script" and _runs_git(run))
        return (run.action.name if is_user else "", name in _ACTIONS.split() or name.startswith(tuple(_OWNERS.split())))
    return _of_command(run.command) if run.command is not None else ("", True)


def _runs_git(run: Run) -> bool:
    script = run.action.inputs.get("script") if run.action is not None else None
    return script is not None and "git" in script.text and "exec" in script.text


def _of_command(command: Command) -> tuple[str, bool]:
    words = [word.values[0] if word.values else None for word in command.words]
    names = frozenset(programs(command.words[0]) or ())
    if "git" in names:
        return _of_git(words)
    if "gh" in names:
        subcommand = words[1] if len(words) > 1 else None
        return ("", subcommand in _GH.split())
    if "cargo" in names or "cross" in names:
        called = invocation(words)
        if called is None:
            return ("", None not in words[:2])
        is_known = (
            called.name in BUILTIN or called.name in _SUBCOMMANDS.split() or compiling_subcommand(words) is not None
        )
        return ("", is_known and called.name not in ("r", "run"))
    if names & {"docker", "podman"}:
        return ("", len(words) > 1 and words[1] in _DOCKER.split())
    if names & {".", "source"} and len(words) == 2:
        return ("", command.words[1].text.strip("\"'").endswith("/.cargo/env"))
    return ("", bool(names) and names.issubset(_PROGRAMS.split()))


def _of_git(words: list[str | None]) -> tuple[str, bool]:
    index = 1
    while index < len(words):
        word = words[index]
        if word is None:
            return ("", False)
        if word in _REMOTE.split() or (word == "remote" and "update" in words[index:]):
            return (f"git {word}", True)
        if not word.startswith("-") or word == "--version":
            return ("", word in _LOCAL.split())
        index += 2 if word in _GIT_WITH_VALUE else 1
    return ("", True)
