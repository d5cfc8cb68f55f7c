"""An update bot updates every pin: the locks of the repository, and the versions in which it installs tools.

A pin that nobody updates keeps a known vulnerability for years.
"""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.files.walk import RepositoryFolders, top_folder
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options
from dunnage.frame.require import KINDS, REQUIRE, required

if TYPE_CHECKING:
    from dunnage.ci.repository_files import RepositoryFiles
    from dunnage.files.document import Problem

ABSENT = Rule("update-bot/absent", "there are pins, but no update bot and no job that updates them")
DEAD_ENTRY = Rule("update-bot/dead-entry", "an entry of a bot's configuration matches no file")
UNCOVERED = Rule("update-bot/uncovered", "no update bot covers a lock or another required file")
OFF = Rule("update-bot/off", "the configuration of an update bot disables its updates")
UNMOVED_TOOL = Rule("update-bot/unmoved-tool", "no update bot updates the pinned versions of tools")

_RULES = (ABSENT, DEAD_ENTRY, UNCOVERED, OFF, UNMOVED_TOOL)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the bots of each repository that contains a named file, as far as the named files concern them."""
    from dunnage.bots.configuration import CARGO

    known = tree.memo(RepositoryFolders)
    by_top: dict[str, list[str]] = {}
    for name in names:
        path = os.path.abspath(name)
        by_top.setdefault(top_folder(os.path.dirname(path), known), []).append(path)
    kinds = (CARGO, *required(options[REQUIRE], KINDS))
    for top, paths in by_top.items():
        named = [os.path.relpath(path, top).replace(os.sep, "/") for path in paths]
        yield from _check_repository(tree, top, named, kinds)


def _check_repository(tree: Tree, top: str, named: Sequence[str], kinds: Sequence[str]) -> Iterator[Finding]:
    from dunnage.bots import dependabot, renovate
    from dunnage.bots.configuration import is_of_kind
    from dunnage.ci.repository_files import RepositoryFiles, RepositoryPaths, repository_files

    configurations = {*dependabot.NAMES, *renovate.NAMES}
    is_configuration = not configurations.isdisjoint(named) or "package.json" in named
    concerned = [kind for kind in kinds if is_configuration or any(is_of_kind(path, kind) for path in named)]
    installs = is_configuration or _install_tools(RepositoryFiles(tree, top, RepositoryPaths(frozenset(named))))
    if not concerned and not installs:
        return
    repository = repository_files(tree, top)
    if not repository.paths.issuperset(named):
        repository = RepositoryFiles(tree, top, RepositoryPaths(repository.paths.union(named)))
    yield from findings(_problems(repository, concerned, installs, is_configuration), _RULES)


def _install_tools(repository: "RepositoryFiles") -> bool:
    from dunnage.bots.unmoved import places

    return sum(1 for _ in places(repository, repository.paths)) > 0


def _problems(
    repository: "RepositoryFiles", kinds: Sequence[str], installs: bool, is_configuration: bool
) -> "Iterator[Problem]":
    from dunnage.bots.configuration import bots

    found = bots(repository)
    if not found.exist:
        from dunnage.bots.unmoved import absent

        yield from absent(repository)
        return
    if is_configuration:
        from dunnage.bots.entries import dead_entries, switched_off

        yield from dead_entries(found)
        yield from switched_off(found)
    from dunnage.bots.unmoved import places, uncovered, unmoved_tools

    yield from uncovered(found, kinds)
    if installs:
        yield from unmoved_tools(found, places(repository, repository.paths))


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield the comments of a file, which begin with `//` in JSON."""
    from dunnage.bots.renovate import NAMES

    if file.path.endswith(tuple(os.path.basename(name) for name in NAMES)):
        from dunnage.bots import json5

        yield from json5.comments(file)
    else:
        from dunnage.scripts import comments

        yield from comments.comments(file)


HOOK = Hook(
    name="check-update-bot",
    summary="check that an update bot updates every pin",
    rules=_RULES,
    check=check,
    comments=comments,
    options=(REQUIRE,),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
