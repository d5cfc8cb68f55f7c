"""Compilations without network that do not tell cargo so."""

import os
from collections.abc import Iterator, Sequence

from dunnage.files.source import File, Tree
from dunnage.files.span import Edit, Span
from dunnage.sandbox.compiled import Compilations, Compiled
from dunnage.sandbox.exposure import NOT_OFFLINE, Exposure
from dunnage.sandbox.network import is_component, is_offline, sets_offline, takes_offline
from dunnage.shell.model import insert_after


def exposures(file: File, compiled: Sequence[Compiled], compilations: Compilations) -> Iterator[Exposure]:
    """Yield what is wrong with the compilations without `--offline` among those that have no network where they run."""
    for each in missing(compiled, compilations):
        yield exposure(file, each, compilations)


def missing(compiled: Sequence[Compiled], compilations: Compilations) -> list[Compiled]:
    """Return the compilations without `--offline` among those that have no network where they run."""
    found: dict[Span, Compiled] = {}
    offline: set[Span] = set()
    for each in compiled:
        # A command is there once for each of its values.
        span = each.outer.words[0].span
        if _is_offline(each, compilations):
            offline.add(span)
        found.setdefault(span, each)
    return [each for span, each in found.items() if span not in offline]


def exposure(file: File, compiled: Compiled, compilations: Compilations) -> Exposure:
    """Return what is wrong with a compilation that has no network and is not offline."""
    from dunnage.sandbox import split

    name = compiled.inner.name
    if is_component(compiled.inner):
        message = f"`{name}` has no network here, and requests WIT packages without a literal `--offline`"
    else:
        message = f"`{name}` has no network here, but without `--offline` it retries downloads before it fails"
    edit = _edit(file, compiled)
    has_lock = compilations.has_lock(compiled)
    command = split.offline_command(file, compiled, has_lock=has_lock)
    help = f"write `{command}`" if command else f"write it {split.offline_change(compiled, has_lock=has_lock)}"
    edits = (edit,) if edit else ()
    return Exposure(NOT_OFFLINE, file, compiled.outer.words[0].span, message, help, "inserted --offline", edits)


def _is_offline(compiled: Compiled, compilations: Compilations) -> bool:
    """Whether a compilation is offline by itself, by a variable around it, or since its crates are vendored."""
    if sets_offline(compiled.outer) and not is_component(compiled.inner):
        return True
    tree, file = compilations.tree, compiled.file
    return is_offline(compiled.inner, tree, file) or (not is_component(compiled.inner) and _is_vendored(tree, file))


def _is_vendored(tree: Tree, file: File) -> bool:
    """Whether cargo, in the folder of a file, reads the crates of crates.io from a folder of the repository."""
    from dunnage.cargo.config_files import directory_sources
    from dunnage.cargo.source_id import CRATES_IO

    return CRATES_IO in directory_sources(tree, os.path.dirname(os.path.abspath(file.path)))


def _edit(file: File, compiled: Compiled) -> Edit | None:
    call, at = compiled.inner.call, compiled.inner.at
    if not compiled.is_direct or not takes_offline(compiled.inner) or not call.is_written(at):
        return None
    edit = insert_after(call.command, call.word(at), "--offline")
    return edit and Edit(file.path, *edit)
