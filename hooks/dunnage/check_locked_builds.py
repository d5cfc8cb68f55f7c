"""Every cargo build in a Dockerfile or in CI passes `--locked`.

Without it, wherever the committed Cargo.lock is not what the manifests ask for, a build silently uses newer
dependencies than it names. In a repository without a committed Cargo.lock nothing is reported: there, `--locked` would
make the build fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dunnage.cargo_cli.aliases import Aliases
from dunnage.cargo_cli.builds import Build, build
from dunnage.cargo_cli.calls import CargoCall, cargo_call
from dunnage.files.git import Repositories
from dunnage.files.source import File, Tree
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options
from dunnage.scripts import commands
from dunnage.scripts.comments import comments

UNLOCKED = Rule("locked-builds/unlocked", "cargo resolves dependencies without --locked or --frozen", is_fixable=True)

_HINTS = ("cargo", "cross")


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every call of cargo in the named files."""
    del options
    aliases = Aliases(tree)
    repositories = Repositories(tree, "**/Cargo.lock")
    for file in tree.containing(names, _HINTS):
        alias = aliases.of(file)
        calls = (cargo_call(command, alias) for command in commands.commands(file, _HINTS))
        # A command with a variable that may stand for several words is yielded once for each of its values.
        found = dict.fromkeys(finding for call in calls if call for finding in _check_call(file, call))
        if found and _may_have_lock(file, repositories):
            yield from found


def _may_have_lock(file: File, repositories: Repositories) -> bool:
    """Whether the repository of a file tracks a Cargo.lock, or git cannot say."""
    folder = os.path.dirname(os.path.abspath(file.path))
    return repositories.repository(folder) is None or bool(repositories.tracked_near(folder))


def _check_call(file: File, call: CargoCall) -> Iterator[Finding]:
    found = build(call.words) if call.program != "cargo-binstall" else None
    if found is None or found.is_locked or call.may_be_locked(found.unknown):
        return
    word = call.word(found.at)
    name = f"{call.program} {found.name}"
    message = f"`{name}` does not insist on Cargo.lock: it may build with other dependencies than those committed"
    if call.is_written(found.at):
        written = f"{name.removesuffix(' check')} --locked check" if found.name == "deny check" else f"{name} --locked"
        yield Finding(
            UNLOCKED, file.path, word.span, message, f"write `{written}`", _insert_after(file, call, found.at)
        )
        return
    message = f"`{call.program} {word.text}`, which stands for `{name}`, does not insist on Cargo.lock"
    help = f"write `{call.program} --locked {word.text}`, or put `--locked` into the alias in .cargo/config.toml"
    if not found.is_builtin:
        help = "put `--locked` into the alias in .cargo/config.toml"
    yield Finding(UNLOCKED, file.path, word.span, message, help, _insert_before_alias(file, call, found))


def _insert_before_alias(file: File, call: CargoCall, found: Build) -> Fix | None:
    """Insert `--locked` before an alias, which may contain `--`. Only cargo's own subcommands accept it there."""
    at = call.origin[found.at]
    if not found.is_builtin or at == 0 or call.program != "cargo":
        return None
    return _insert_after(file, call, at - 1)


def _insert_after(file: File, call: CargoCall, index: int) -> Fix | None:
    edit = call.insertion(file, index)
    return edit and Fix("inserted --locked", (edit,))


HOOK = Hook(
    name="check-locked-builds",
    summary="check that cargo builds in CI and Dockerfiles pass --locked",
    rules=(UNLOCKED,),
    check=check,
    comments=comments,
    fixes=True,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
