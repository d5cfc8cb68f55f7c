"""What a reviewer of WIT wants to see at a glance: packages, their functions and types, and worlds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dunnage.files.source import display
from dunnage.review.tables import Table
from dunnage.review.wit_changes import Changes, Imported, PackageChange


def tables(all_changes: Sequence[Changes]) -> Iterator[Table]:
    """Yield the tables that have rows."""
    packages: dict[tuple[str, str, str], list[str]] = {}
    contents: dict[tuple[str, str, str, str], None] = {}
    worlds: dict[tuple[str, str, str, str], None] = {}
    for changes in all_changes:
        for package in changes.packages:
            packages.setdefault(_package(package), []).append(display(changes.folder.path))
            contents.update(dict.fromkeys(_contents(package)))
        for world in changes.worlds:
            for what, interfaces in (
                ("import gained", world.imports),
                ("import lost", world.lost_imports),
                ("export gained", world.exports),
                ("export lost", world.lost_exports),
            ):
                worlds.update({(world.new.name, what, *_interface(each)): None for each in interfaces})
    binaries = sorted(
        {display(path) for changes in all_changes for path in changes.folder.changed() if path.endswith(".wasm")}
    )
    for table in (
        Table(
            "packages",
            ("package", "from", "to", "folders"),
            [(*row, ", ".join(folders)) for row, folders in sorted(packages.items())],
        ),
        Table("content", ("package", "interface or world", "item", "change"), sorted(contents)),
        Table("worlds", ("world", "change", "package", "interface"), sorted(worlds)),
        Table("binary packages", ("file",), [(path,) for path in binaries]),
    ):
        if table.rows:
            yield table


def _package(change: PackageChange) -> tuple[str, str, str]:
    old, new = change.old, change.new
    return change.name, old.version or "no version" if old else "", new.version or "no version" if new else ""


def _contents(change: PackageChange) -> Iterator[tuple[str, str, str, str]]:
    found = change.new or change.old
    name = found.full_name if found else ""
    yield from ((name, scope, "", "added") for scope in change.added)
    yield from ((name, scope, "", "removed") for scope in change.removed)
    yield from ((name, item.scope, item.item, item.change) for item in change.items)


def _interface(interface: Imported) -> tuple[str, str]:
    version = f"@{interface.version}" if interface.version else ""
    return f"{interface.package}{version}", interface.interface
