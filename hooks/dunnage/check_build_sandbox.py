"""Code that compiles has no network, no secrets, and nothing to write to.

Build scripts and procedural macros run strangers' code, with whatever the build has: the network, tokens, the socket of
docker, the home folder. This hook says where that code can reach something, and what takes it away.
"""

from collections.abc import Iterator, Sequence

from dunnage.cargo_cli.aliases import Aliases
from dunnage.files.source import Tree
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options
from dunnage.sandbox.exposure import Exposure
from dunnage.scripts import commands
from dunnage.scripts.comments import comments

RULES = (Rule("build-sandbox/network", "code compiles with network access"),)

_HINTS = ("cargo", "cross", "maturin", "trunk", "wasm-pack", "tauri")
_BY_ID = {rule.id: rule for rule in RULES}


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every step of the named files that compiles."""
    del options
    aliases = Aliases(tree)
    for file in commands.files(tree, names, _HINTS):
        if commands.kind_of(file.path, file.data[:200]) == "dockerfile":
            from dunnage.sandbox import images

            yield from dict.fromkeys(map(_finding, images.exposures(file, aliases.of(file), tree)))


def _finding(found: Exposure) -> Finding:
    fix = Fix(found.fixed, found.edits) if found.edits else None
    return Finding(_BY_ID[found.rule], found.file.path, found.span, found.message, found.help, fix)


HOOK = Hook(
    name="check-build-sandbox",
    summary="check that code that compiles has no network and no secrets",
    rules=RULES,
    check=check,
    comments=comments,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
