"""Steps on a runner that compile without isolation from the network."""

from collections.abc import Iterator

from dunnage.cargo_cli.compiling import Compilation
from dunnage.ci.committed_locks import CommittedLocks
from dunnage.files.source import Tree
from dunnage.sandbox import Exposure, split
from dunnage.sandbox.compiled import Compiled, lacks_network, needs_network
from dunnage.sandbox.job_view import Build, JobView
from dunnage.sandbox.secret_sources import action_of
from dunnage.shell.model import programs

_RUNNER = "build-sandbox/runner"

_HARDEN = "step-security/harden-runner"
_SANDBOXES = frozenset(("bwrap", "firejail", "systemd-run"))


def exposures(view: JobView, tree: Tree) -> Iterator[Exposure]:
    """Report the first step of a job that compiles on the runner without isolation."""
    hardened = _hardened_from(view)
    open_builds = [
        build
        for build in view.builds
        if not build.is_in_container and not _is_isolated(build) and (hardened is None or build.step < hardened)
    ]
    if not open_builds:
        return
    first = open_builds[0]
    others = len({(build.file.path, build.span) for build in open_builds}) - 1
    rest = f", as do {others} other commands of the job" if others > 1 else ", as does another" if others else ""
    message = f"`{first.name}` compiles on the runner with network access{rest}"
    help = (
        "add this as the first step of the job, on Linux, with all hosts that the job needs:\n"
        "  - uses: step-security/harden-runner@v2\n"
        "    with:\n"
        "      egress-policy: block\n"
        "      allowed-endpoints: api.github.com:443 github.com:443 static.rust-lang.org:443\n"
        "        index.crates.io:443 static.crates.io:443" + _without_network(first, tree)
    )
    yield Exposure(_RUNNER, first.file, first.span, message, help)


def _without_network(build: Build, tree: Tree) -> str:
    """How to compile without network after a download; empty if the build needs the network, or is an action's."""
    command = build.run.command
    if command is None or build.call is None or build.name == "cargo publish":
        return ""
    compilation = Compilation(build.call, build.name, build.at)
    # Other wrappers may not work as this user, but without nix there is perhaps no cargo.
    is_nix = command.wrapper[:1] and programs(command.wrapper[0]) == ("nix",)
    compiled = Compiled(command if is_nix else command._replace(wrapper=()), compilation, build.file)
    if needs_network(compiled):
        return ""
    has_lock = tree.memo(CommittedLocks).has_lock(build.file, build.call)
    downloads = split.fetch_lines(build.file, compiled, has_lock=has_lock)
    # `cargo fetch` writes a missing lock.
    text = split.offline_command(build.file, compiled, has_lock=True)
    assigned = split.assignments(build.file, command)
    rest = f"{assigned}{text}`" if text else f"…`, the same command {split.offline_change(compiled, has_lock=True)}"
    return (
        f"\nor download with {' and '.join(f'`{line}`' for line in downloads)}, and compile with\n"
        f'`sudo unshare --net -- sudo -u "$USER" env "PATH=$PATH" {rest}'
    )


def _hardened_from(view: JobView) -> int | None:
    """Return the step from which on harden-runner blocks connections; None if it does not."""
    text = view.job.node.named("runs-on").lower() if view.job.node is not None else ""
    if "windows" in text or "macos" in text:
        return None
    for index, step in enumerate(view.job.steps):
        if step.node is None or action_of(step.node) != _HARDEN or step.action is None:
            continue
        policy = step.action.inputs.get("egress-policy")
        if policy is None or policy.values is None or "audit" not in policy.values:
            return index
    return None


def _is_isolated(build: Build) -> bool:
    command = build.run.command
    if command is None:
        return False
    names = {name for word in command.wrapper for name in programs(word) or ()}
    return not _SANDBOXES.isdisjoint(names) or lacks_network(command.wrapper)
