"""`dunnage check`: run all hooks over a repository, in one process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from dunnage.files.source import Tree, display
from dunnage.frame import options, selection
from dunnage.frame.execution import complain, execute, require_existing, require_known, require_version
from dunnage.frame.options import FROM_REF, TO_REF, Option, Options, WrongUsage, flag, repeated
from dunnage.frame.registry import ENTRIES

if TYPE_CHECKING:
    from tqdm import tqdm

    from dunnage.frame.execution import Task
    from dunnage.frame.registry import Entry

NAME = "dunnage check"
_PATIENCE = 1.0
"""How many seconds pass before the bar appears."""


def _entries(text: str) -> list[Entry]:
    """Parse the ids of hooks, separated by commas. Raises ValueError."""
    from dunnage.frame.arguments import nearest

    by_id = {entry.id: entry for entry in ENTRIES}
    found = []
    for name in text.split(","):
        if name.strip() not in by_id:
            raise ValueError(f"there is no hook {name.strip()!r}{nearest(name.strip(), by_id)}")
        found.append(by_id[name.strip()])
    return found


ONLY = repeated("--only", "run only this hook; repeatable, or separate ids with commas", "ID", _entries)
SKIP = repeated("--skip", "do not run this hook; repeatable, or separate ids with commas", "ID", _entries)
ALL = flag("--all", "also run the hooks that are off by default")
EXCLUDE = repeated("--exclude", "leave out this file, or everything in this folder (repeatable)", "PATH", str)
STAGED = flag("--staged", "check the files that are staged for the next commit, as they are in the working tree")
OWN = (ONLY, SKIP, ALL, EXCLUDE, STAGED, FROM_REF, TO_REF)


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status. Raises WrongUsage."""
    require_version(NAME, argv)
    given = _parse(argv) if any(argument.startswith("-") for argument in argv) else Options(files=argv)
    if given[options.IGNORE]:
        require_known(given[options.IGNORE], [rule for entry in ENTRIES for rule in entry.hook().rules])
    if sum((bool(given.files), given[STAGED], bool(given[FROM_REF]))) > 1:
        raise WrongUsage("give paths, --staged or --from-ref, but only one of them")
    if given[TO_REF] and not given[FROM_REF]:
        raise WrongUsage("--to-ref requires --from-ref")
    _require_use(given)
    require_existing((*given.files, *given[EXCLUDE]), Tree())
    paths = [os.path.abspath(path) for path in given.files]
    excluded = [os.path.abspath(path) for path in given[EXCLUDE]]
    with selection.at_the_top() as top:
        return _check(given, paths, excluded, top)


def _parse(argv: Sequence[str]) -> Options:
    """Parse the arguments. Hooks are imported only if one of their options may be among the arguments."""
    from dunnage.frame.arguments import Program, knows_all, parse

    program = Program(
        NAME,
        "Run the hooks over the files of a repository.",
        (*OWN, options.FIX, *options.COMMON),
        metavar="PATH",
        files="files, or folders whose tracked files are checked (default: the whole repository)",
    )
    if not knows_all(argv, program):
        hooks: list[tuple[str, tuple[Option[Any], ...]]] = [
            (f"options of {entry.id}{'' if entry.is_on else ' (off by default)'}", hook.options)
            for entry in ENTRIES
            if (hook := entry.hook()).options
        ]
        program = program._replace(groups=tuple(hooks), epilog=_epilog(), prints=tuple(_prints()))
    return parse(argv, program)


def _require_use(given: Options) -> None:
    """Raise WrongUsage if an option, or a name that `--require` gets, is for none of the hooks that run."""
    names = given.names.difference(option.name for option in (*OWN, options.FIX, *options.COMMON))
    if not names:
        return
    from dunnage.frame.require import REQUIRE, SECTIONS

    users = {
        f"argument {name}": [
            entry.id for entry in ENTRIES if any(option.name == name for option in entry.hook().options)
        ]
        for name in sorted(names)
    }
    for section in (section for sections in given[REQUIRE] for section in sections):
        users[f"argument --require {section}"] = ["check-deny-toml" if section in SECTIONS else "check-update-bot"]
    running = [entry.id for entry in chosen(given)]
    for argument, ids in users.items():
        if not any(hook in running for hook in ids):
            those = " and ".join(filter(None, (", ".join(ids[:-1]), ids[-1])))
            raise WrongUsage(f"{argument} is for {those}, not for the hooks that run")


def _prints() -> Iterator[tuple[Option[Any], Callable[[Options], str]]]:
    """What the chosen hooks print instead of checking."""
    found = [(option, entry, text) for entry in ENTRIES for option, text in entry.hook().prints]
    for option in dict.fromkeys(option for option, _, _ in found):
        yield option, partial(_printed, option, [(entry, text) for other, entry, text in found if other is option])


def _printed(option: Option[Any], texts: Sequence[tuple[Entry, Callable[[Options], str]]], given: Options) -> str:
    from dunnage.frame.review import SHOW, SUMMARY_FORMAT, merged

    _require_use(given)
    hooks = chosen(given)
    found = [text(given) for entry, text in texts if entry in hooks]
    return merged(found, given[SUMMARY_FORMAT]) if option is SHOW else "".join(found)


def _epilog() -> str:
    width = max(len(entry.id) for entry in ENTRIES)
    ids = (f"  {entry.id:{width}}  {'on' if entry.is_on else 'off by default'}" for entry in ENTRIES)
    return "\n".join(
        ["hooks:", *ids, "", "`dunnage rules` lists the rules of all hooks; `dunnage explain RULE` describes one."]
    )


def chosen(given: Options) -> list[Entry]:
    """The hooks to run, in the order of the registry."""
    only, skip = ([entry for entries in given[option] for entry in entries] for option in (ONLY, SKIP))
    return [entry for entry in ENTRIES if (entry in only if only else entry.is_on or given[ALL]) and entry not in skip]


def _check(given: Options, paths: Sequence[str], excluded: Sequence[str], top: str) -> int:
    tree = Tree()
    if given[STAGED]:
        found = selection.staged(top)
        for path in found:
            if not os.path.lexists(path):
                complain(NAME, f"{display(path)} is staged, but missing in the working tree, so it is not checked")
    elif given[FROM_REF]:
        found = selection.changed(top, given[FROM_REF], given[TO_REF] or "HEAD")
    else:
        found = selection.tracked(tree, paths or [top])
    below = tuple(os.path.join(path, "") for path in excluded)
    found = [path for path in found if path not in excluded and not path.startswith(below)]
    tasks = [(entry.hook(), files) for entry, files in selection.assign(chosen(given), found).items()]
    return execute(NAME, tasks, given.without(ALL), tree, Progress(tasks) if wants_progress() else None)


class Progress:
    """The progress of a run of several hooks, counted in the files that they are given."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._total = sum(len(names) for _, names in tasks)
        self._before = self._size = self._read = 0
        self._start = time.monotonic()
        self._bar: tqdm[NoReturn] | None = None

    def begin(self, name: str, files: Sequence[str]) -> Callable[[str], None]:
        """Begin a task. Call the result with each path that the task reads."""
        self._before += self._size
        if self._before >= self._total:  # the hooks run again after a fix
            self._before = 0
        self._size, self._read = len(files), 0
        if self._bar is not None:
            self._bar.set_description(name)
        return self._on_read

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def _on_read(self, _path: str) -> None:
        self._read += 1
        if self._bar is None:
            if time.monotonic() - self._start < _PATIENCE:
                return
            self._bar = _bar(self._total)
        # A hook may read other files than those that it is given.
        self._bar.update(self._before + min(self._read, self._size) - self._bar.n)


def wants_progress() -> bool:
    """Whether stderr is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def _bar(total: int) -> tqdm[NoReturn]:
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread
    bar: tqdm[NoReturn] = tqdm(total=total, file=sys.stderr, unit="file", leave=False, dynamic_ncols=True)
    return bar
