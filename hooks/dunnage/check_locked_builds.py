"""Every cargo build in a Dockerfile or in CI passes `--locked`.

Without it, a build quietly takes newer dependencies than the committed Cargo.lock names wherever that is not what the
manifests ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dunnage.cargo_cli import command_line
from dunnage.cargo_cli.calls import Aliases, Call, call, insertion, may_be_locked, readable
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
    for file in readable(names, tree, _HINTS):
        resolve = aliases.of(file)
        found = (call(command, resolve) for command in commands.commands(file, _HINTS))
        # Where a variable decides how many words there are, a command is there once for each of its values.
        yield from dict.fromkeys(finding for it in found if it for finding in _check_call(file, it))


def _check_call(file: File, found: Call) -> Iterator[Finding]:
    build = command_line.build(found.words) if found.program != "cargo-binstall" else None
    if build is None or build.is_locked or may_be_locked(found, build.unknown):
        return
    word = found.word(build.at)
    name = f"{found.program} {build.name}"
    message = f"`{name}` does not insist on Cargo.lock: it may build with other dependencies than those committed"
    if found.is_written(build.at):
        written = f"{name.removesuffix(' check')} --locked check" if build.name == "deny check" else f"{name} --locked"
        yield Finding(UNLOCKED, file.path, word.span, message, f"write `{written}`", insertion(file, found, build.at))
        return
    message = f"`{found.program} {word.text}`, which stands for `{name}`, does not insist on Cargo.lock"
    help = f"write `{found.program} --locked {word.text}`, or put `--locked` into the alias in .cargo/config.toml"
    if not build.is_builtin:
        help = "put `--locked` into the alias in .cargo/config.toml"
    yield Finding(UNLOCKED, file.path, word.span, message, help, _before_alias(file, found, build))


def _before_alias(file: File, found: Call, build: command_line.Build) -> Fix | None:
    """The fix for an alias: in front of it, since it may hold `--`, where only cargo's own subcommands heed it."""
    at = found.origin[build.at]
    if not build.is_builtin or at == 0 or found.program != "cargo":
        return None
    return insertion(file, found, at - 1)


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
