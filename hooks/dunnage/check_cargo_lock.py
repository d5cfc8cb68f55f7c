"""Cargo.lock is present, committed, and exactly what the manifests ask for.

Decides what `cargo --locked` decides, without cargo, the network or the registry's index. One thing only the index
knows: whether a feature that a manifest newly turns on pulls in another transitive crate. Nothing is said about that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dunnage.cargo import comparison, lock_text, lockfile
from dunnage.cargo.comparison import Problem, compare
from dunnage.cargo.concerned import concerned
from dunnage.cargo.lockfile import EMPTY
from dunnage.cargo.manifest import has_binary_or_component, package_table
from dunnage.cargo.workspace import LOCK, Manifest, Manifests, Workspace, load
from dunnage.files import document, git, toml
from dunnage.files.document import Refused
from dunnage.files.git import Repositories
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.frame.finding import Finding, Repaired, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag
from dunnage.frame.untracked import also_unhide, untracked

MISSING = Rule("cargo-lock/missing", "a workspace has no Cargo.lock", cuts_short=True)
UNTRACKED = Rule("cargo-lock/untracked", "Cargo.lock is there, but git does not track it")
UNREADABLE = Rule("cargo-lock/unreadable", "Cargo could not read Cargo.lock, or not all of it", cuts_short=True)
STALE = Rule("cargo-lock/stale", "Cargo.lock is not what the manifests ask for")
FOREIGN_SOURCE = Rule("cargo-lock/foreign-source", "a crate is locked from another source than the one asked for")
NO_CHECKSUM = Rule("cargo-lock/no-checksum", "a registry crate is locked without its checksum")
BAD_MANIFEST = Rule("cargo-lock/bad-manifest", "Cargo would refuse a manifest, or the workspace", cuts_short=True)

LIBRARIES_MAY_OMIT = flag(
    "--libraries-may-omit",
    "let a workspace do without a lock in which no package has a binary, a cdylib or a component",
)
FIX_ONLINE = flag("--fix-online", "with --fix, let cargo use the network")

_RULES = {
    comparison.STALE: STALE,
    comparison.FOREIGN_SOURCE: FOREIGN_SOURCE,
    comparison.NO_CHECKSUM: NO_CHECKSUM,
    comparison.UNREADABLE: UNREADABLE,
    comparison.BAD_MANIFEST: BAD_MANIFEST,
}
_RESTORE = {
    UNREADABLE: "restore it from the last good commit, then run `cargo update --workspace`",
    BAD_MANIFEST: "correct it, or restore it from the last good commit",
}
_REPAIRED = (MISSING, STALE)
"""The rules whose findings `cargo update --workspace` can make go away without hiding anything."""
_TO_BE_JUDGED = (UNREADABLE, FOREIGN_SOURCE, NO_CHECKSUM)
"""The rules whose findings it would make go away as well, though somebody should know of them."""
_JUDGE_FIRST = "the lock has other findings, which cargo would make go away, and which a person must look at first"


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every workspace that the named manifests, locks and configuration files concern, each once."""
    # A manifest that cannot be read may be in the way of several workspaces.
    yield from dict.fromkeys(finding for _, findings in _examine(names, tree, options) for finding in findings)


def _examine(names: Sequence[str], tree: Tree, options: Options) -> Iterator[tuple[Workspace | None, list[Finding]]]:
    """Yield each workspace concerned, if cargo would load it, and what is wrong there."""
    manifests = Manifests(tree)
    repositories = Repositories(f"**/{LOCK}")
    found = concerned(map(os.path.abspath, names), manifests, repositories.tracked_near)
    yield None, [_refusal(refused) for refused in found.refused]
    named: dict[str, list[Manifest]] = {}
    for manifest, root in found.named.values():
        named.setdefault(root.folder, []).append(manifest)
    for folder, root in sorted(found.roots.items()):
        workspace, refusals = found.loaded.get(folder) or load(manifests, root)
        findings = [_refusal(refused) for refused in refusals]
        if workspace is not None:
            findings += [
                _not_a_member(manifest, root)
                for manifest in named.get(folder, ())
                if manifest.folder not in workspace.members and package_table(manifest.data)
            ]
            findings += _check_lock(workspace, tree, repositories, options)
        yield workspace, findings


def _check_lock(workspace: Workspace, tree: Tree, repositories: Repositories, options: Options) -> list[Finding]:
    """Check the lock of a workspace that Cargo would load."""
    repository = repositories.repository(workspace.root.folder)
    is_untracked = repository is not None and workspace.lock not in repositories.tracked_near(workspace.root.folder)
    may_omit = options[LIBRARIES_MAY_OMIT] and not _is_run_or_shipped(workspace)
    try:
        read = document.read(tree, workspace.lock, lock_text.parse)
    except FileNotFoundError:
        problems = [problem for problem in compare(workspace, EMPTY) if problem.kind == comparison.BAD_MANIFEST]
        if problems or may_omit:
            return [_problem(problem) for problem in problems]
        return [_missing(workspace, repository)]
    except Refused as refused:
        return [_refusal(refused, UNREADABLE)]
    findings = []
    if repository is not None and is_untracked:
        if may_omit:
            return []
        message = "git does not track this file, so every checkout builds with other dependencies"
        findings.append(untracked(UNTRACKED, workspace.lock, repository, message))
    lock, refusals = lockfile.read(read, {local.package.name for local in workspace.local.values()})
    if lock is None:
        return findings + [_refusal(refused, UNREADABLE) for refused in refusals]
    return findings + [_problem(problem) for problem in compare(workspace, lock)]


def _is_run_or_shipped(workspace: Workspace) -> bool:
    """Whether a member is more than a library for others, whose own lock is what its users do not get."""

    def is_more(member: Manifest) -> bool:
        return has_binary_or_component(member.data, lambda path: os.path.exists(os.path.join(member.folder, path)))

    return any(is_more(member.manifest) for member in workspace.members.values())


def _missing(workspace: Workspace, repository: git.Repository | None) -> Finding:
    root = workspace.root
    help = f"run `cargo generate-lockfile` in {_folder(root.folder)} and commit {display(workspace.lock)}"
    help += also_unhide(workspace.lock, repository)
    span = toml.locate(root.file, ("package" if "package" in root.data else "workspace",))
    message = "there is no Cargo.lock: every build takes the newest versions of its dependencies, whatever they hold"
    return Finding(MISSING, root.file.path, span, message, help)


def _not_a_member(found: Manifest, root: Manifest) -> Finding:
    span = toml.locate(found.file, ("package", "name"))
    folder = os.path.relpath(found.folder, root.folder).replace(os.sep, "/")
    message = f"this package believes it is in the workspace of {root.file.path}, which does not list it"
    help = (
        f'add "{folder}" to `workspace.members` or to `workspace.exclude` in {root.file.path},\n'
        "or an empty `[workspace]` table here"
    )
    return Finding(BAD_MANIFEST, found.file.path, span, message, help)


def _refusal(refused: Refused, rule: Rule = BAD_MANIFEST) -> Finding:
    span = toml.locate(refused.file, refused.keys) if refused.span is None else refused.span
    return Finding(rule, refused.file.path, span, refused.message, refused.help or _RESTORE[rule])


def _problem(problem: Problem) -> Finding:
    span = toml.locate(problem.file, problem.keys) if problem.span is None else problem.span
    rule = _RULES[problem.kind]
    return Finding(rule, problem.file.path, span, problem.message, problem.help or _RESTORE[rule])


def _folder(path: str) -> str:
    return "this folder" if path == os.getcwd() else display(path)


def _repair(names: Sequence[str], findings: Sequence[Finding], options: Options) -> Repaired:
    """Let cargo bring up to date the locks that are missing or stale: what it changed, and why it left the others."""
    wanted = {finding for finding in findings if finding.rule in _REPAIRED}
    done: list[str] = []
    failed: dict[Finding, str] = {}
    for workspace, found in _examine(names, Tree(), options):
        if workspace is None or wanted.isdisjoint(found):
            continue
        before, reason = _bytes(workspace.lock), _JUDGE_FIRST
        if not any(finding.rule in _TO_BE_JUDGED and finding in findings for finding in found):
            reason = _run_cargo(workspace.root.folder, options[FIX_ONLINE])
        after = _bytes(workspace.lock)
        if after != before:
            changes = _changes(_packages(workspace.lock, before), _packages(workspace.lock, after))
            done.append(f"{display(workspace.lock)}: {changes}")
        else:
            failed.update(dict.fromkeys(wanted.intersection(found), reason or "cargo itself finds nothing to change"))
    return Repaired(done, failed)


def _run_cargo(folder: str, online: bool) -> str:
    """Run `cargo update --workspace` in a folder; the reason if it fails, else empty."""
    import shutil
    import subprocess

    cargo = shutil.which("cargo")
    if cargo is None:
        return "cargo is not on PATH"
    command = [cargo, "update", "--workspace", *([] if online else ["--offline"])]
    # A toolchain file could otherwise make rustup download a toolchain.
    environment = os.environ if online else {**os.environ, "RUSTUP_AUTO_INSTALL": "0"}
    try:
        ran = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError as error:
        return f"cargo cannot be run: {error.strerror}"
    if ran.returncode == 0:
        return ""
    said = [line for line in ran.stderr.decode("utf-8", "replace").splitlines() if line.startswith("error")]
    offline = "" if online else "; --fix-online lets it use the network"
    return f"`{' '.join(['cargo', *command[1:]])}` says: {said[0] if said else 'nothing'}{offline}"


def _bytes(path: str) -> bytes:
    try:
        return Tree().read(path).data
    except (FileNotFoundError, SourceError):
        return b""


def _packages(lock: str, data: bytes) -> dict[str, set[str]]:
    """The versions that a lock has of each package, by name; nothing if there is none that can be read."""
    try:
        file = File(lock, data)
        read, _ = lockfile.read(document.Document(file, toml.parse(file)), ())
    except SourceError:
        read = None
    versions: dict[str, set[str]] = {}
    for package in read.packages if read else ():
        versions.setdefault(package.name, set()).add(str(package.version))
    return versions


def _changes(before: dict[str, set[str]], after: dict[str, set[str]]) -> str:
    """Say what cargo did to a lock."""
    if not before:
        count = sum(map(len, after.values()))
        return f"created by cargo with {count} package{'' if count == 1 else 's'}"
    said = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, set()), after.get(name, set())
        gone, come = " ".join(sorted(old - new)), " ".join(sorted(new - old))
        if gone and come:
            said.append(f"{name} {gone} → {come}")
        elif gone or come:
            said.append(f"added {name} {come}" if come else f"removed {name} {gone}")
    return f"updated by cargo: {', '.join(said) or 'dependencies of packages in the repository'}"


HOOK = Hook(
    name="check-cargo-lock",
    summary="check that Cargo.lock is present, committed, and exactly what the manifests ask for",
    rules=(MISSING, UNTRACKED, UNREADABLE, STALE, FOREIGN_SOURCE, NO_CHECKSUM, BAD_MANIFEST),
    check=check,
    comments=toml.comments,
    fixes=True,
    options=(LIBRARIES_MAY_OMIT, FIX_ONLINE),
    repair=_repair,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
