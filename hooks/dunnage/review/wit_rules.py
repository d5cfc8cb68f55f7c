"""The rules about changes of foreign WIT."""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from dunnage.cargo.version import version_of
from dunnage.files.document import Problem
from dunnage.files.shown import path as shown_path
from dunnage.files.shown import pathspec
from dunnage.files.source import File
from dunnage.review.concern import Advice, Concern, first_of, listed
from dunnage.review.wit_changes import Changes, Imported, ItemChange, PackageChange, WorldChange, track
from dunnage.review.wit_state import Foreign, contents, full_name
from dunnage.wit.compatibility import Break, Side, breaks, scope_name
from dunnage.wit.elaboration import MAX_STEPS, ElaboratedWorld
from dunnage.wit.graph import WitGraph
from dunnage.wit.model import WitDocument
from dunnage.wit.syntax import parse

_END_OF_PATH = frozenset([";", ".", "{", "with", "interface", "func", ""])


class Judge(NamedTuple):
    """What all rules need."""

    advice: Advice
    """With no paths yet."""
    is_own: Callable[[str], bool]
    """Whether a package, NAMESPACE:NAME, is in a namespace of this repository."""
    is_reviewed: Callable[[str], bool]
    unknown: list[str]
    """What is not checked, as clauses. Rules add to it."""

    def concern(
        self, rule: str, place: tuple[File, int], message: str, help: str, path: str, subjects: tuple[str, ...]
    ) -> Concern:
        """A concern at a token of a WIT file. `path` is the path to restore to undo the change."""
        file, token = place
        advice = self.advice._replace(restored=pathspec(path), checked=shown_path(file.path))
        text = f"{help}\n{advice.restore()}\n{advice.accept(subjects)}"
        return Concern(Problem(rule, file, message, text, span=parse(file).tokens.span(token)), subjects)


def world_subject(package: str, text: str, world: str) -> str:
    """The key of a review of a package in a world."""
    return f"{full_name(package, text)} in {world}"


def content_subject(package: Foreign) -> str:
    """The key of a review of the content of one version of a package."""
    import hashlib

    lines = []
    for name, number in package.package.scopes.items():
        part, scope = package.graph.scopes[number]
        lines += [f"{name} {item} {content.text}" for item, content in contents(part.source.document, scope).items()]
    digest = hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{package.full_name}#{digest[:12]}"


def same_version(all_changes: Iterable[Changes], judge: Judge) -> Iterator[Concern]:
    """Yield foreign packages whose content changed although they have the version of the same release."""
    for change in _distinct(all_changes):
        old, new = change.old, change.new
        if not old or not new or old.version != new.version or not change.items or judge.is_own(new.name):
            continue
        if not _is_release(new.version):
            continue
        subject = content_subject(new)
        if judge.is_reviewed(subject):
            continue
        message = f"`{new.full_name}` changed, but its version did not: {_named(map(_described, change.items))}"
        first = change.items[0]
        help = f"a published version never changes: compare {first.file.path} with the published `{new.full_name}`"
        yield judge.concern("wit-review/same-version", (first.file, first.token), message, help, new.unit, (subject,))


def new_import(all_changes: Iterable[Changes], judge: Judge) -> Iterator[Concern]:
    """Yield the worlds that import interfaces of foreign packages that they did not import before.

    What a world imported from a newer version, which an older one replaces, is left to `downgrade`.
    """
    seen: set[str] = set()
    for changes in all_changes:
        replacing = {
            change.old.full_name: change.new for change in changes.packages if change.old and _goes_back(change)
        }
        gained = {
            (id(world.new.graph), world.new.number, interface.package, interface.interface)
            for world in changes.worlds
            for interface in world.imports
        }
        changed = {id(changes.state.files.get(path)) for path in changes.changed}
        for world in changes.worlds:
            back = _imported_from_newer(world, replacing)
            found = [
                interface
                for interface in _not_of_included(world, gained)
                if interface[:3] not in back and _is_concern(interface, world, judge)
            ]
            if not found:
                continue
            restored = world.new.file.path if id(world.new.file) in changed else changes.state.folder
            concern = _new_import(world, found, restored, judge)
            if concern.problem.message not in seen:
                seen.add(concern.problem.message)
                yield concern


def _imported_from_newer(world: WorldChange, replacing: Mapping[str, Foreign | None]) -> set[tuple[str, str, str]]:
    """The package, version and name of the interfaces that a world imported from a newer version of the package.

    `replacing` are the older versions of packages, by the full names of the newer ones.
    """
    graph, found = world.old.graph, set()
    for number in world.before.imports if replacing else ():
        new = replacing.get(graph.scopes[number].part.package.name or "")
        if new is not None:
            found.add((new.name, new.version, scope_name(graph, number).partition("/")[2]))
    return found


def _is_concern(interface: Imported, world: WorldChange, judge: Judge) -> bool:
    subject = world_subject(interface.package, interface.version, world.new.name)
    return not judge.is_own(interface.package) and not judge.is_reviewed(subject)


def _not_of_included(world: WorldChange, gained: Container[tuple[int, int | None, str, str]]) -> Iterator[Imported]:
    """What a world gains, except through another changed world of the folder.

    `gained` is what the changed worlds gain: the ids of their graphs, their numbers, packages and interfaces.
    """
    graph = world.new.graph
    included = {include.path.token: number for include, number in graph.inclusions(world.new.number)}
    for interface in world.imports:
        number = included.get(interface.cause.token) if interface.cause.keyword == "include" else None
        if (id(graph), number, interface.package, interface.interface) not in gained:
            yield interface


def _new_import(world: WorldChange, found: list[Imported], restored: str, judge: Judge) -> Concern:
    new = world.new
    document = parse(new.file)
    by_package: dict[str, list[Imported]] = {}
    for interface in found:
        by_package.setdefault(full_name(interface.package, interface.version), []).append(interface)
    ways = {_way(document, interface) for interface in found}
    texts = [_interfaces(document, name, of_package, len(ways) > 1) for name, of_package in by_package.items()]
    message = f"the world `{new.name}` gains imports of {_named(texts)}{next(iter(ways)) if len(ways) == 1 else ''}"
    subjects = tuple(f"{name} in {new.name}" for name in by_package)
    help = "each import is a capability that a host gives to every component of the world: keep only what it needs"
    return judge.concern("wit-review/new-import", (new.file, found[0].cause.token), message, help, restored, subjects)


def _interfaces(document: WitDocument, package: str, found: list[Imported], with_ways: bool) -> str:
    """The interfaces of a package that a world gains; `with_ways` if each package came in another way."""
    ways = [way for way in dict.fromkeys(_way(document, interface) for interface in found) if way] if with_ways else []
    return f"`{package}` ({_named(f'`{interface.interface}`' for interface in found)}{ways[0] if ways else ''})"


def _way(document: WitDocument, interface: Imported) -> str:
    """The statement through which an interface came in; empty if the statement imports the interface itself."""
    keyword, token = interface.cause
    path = _path(document, token)
    if keyword == "import" and path == full_name(f"{interface.package}/{interface.interface}", interface.version):
        return ""
    return f", through `{keyword} {path}`"


def breaking(all_changes: Iterable[Changes], judge: Judge) -> Iterator[Concern]:
    """Yield the foreign packages whose new compatible version does not fit a world that uses them."""
    seen: set[str] = set()
    for changes in all_changes:
        updates = {
            change.name: change
            for change in changes.packages
            if change.old and change.new and _is_compatible_update(change) and not judge.is_own(change.name)
        }
        touched: dict[tuple[str, str], ItemChange] = {}
        for change in updates.values():
            for item in change.items:
                touched.setdefault((f"{change.name}/{item.scope}", item.item), item)
        gone = {f"{change.name}/{scope}" for change in updates.values() for scope in change.removed}
        steps_left = MAX_STEPS
        for world in changes.worlds if updates else ():
            steps_left -= _size(world.old.graph, world.before) + _size(world.new.graph, world.after)
            if steps_left <= 0:
                judge.unknown.append(f"the worlds from `{world.new.name}` on have too many items to compare")
                break
            for name, found in _broken(changes, world, touched, gone).items():
                update = updates[name]
                first = touched.get((found[0].interface, found[0].item))
                place = (first.file, first.token) if first else (update.new.file if update.new else world.new.file, 0)
                concern = _breaking(update, world, found, place, judge)
                if concern and concern.problem.message not in seen:
                    seen.add(concern.problem.message)
                    yield concern


def _breaking(
    change: PackageChange, world: WorldChange, found: list[Break], place: tuple[File, int], judge: Judge
) -> Concern | None:
    old, new = change.old, change.new
    if old is None or new is None or judge.is_reviewed(full_name(new.name, new.version)):
        return None
    imported = [each for each in found if each.is_import]
    exported = [each for each in found if not each.is_import]
    effects = []
    if imported:
        effects.append(
            f"components of `{world.new.name}` that were built with {old.version} do not run on hosts with "
            f"{new.version} ({_named(map(_broken_item, imported))})"
        )
    if exported:
        effects.append(
            f"hosts of `{world.new.name}` with {new.version} reject components that were built with {old.version} "
            f"({_named(map(_broken_item, exported))})"
        )
    message = f"`{new.name}` {new.version} is not compatible with {old.version}: {'; '.join(effects)}"
    subjects = (full_name(new.name, new.version),)
    help = f"keep `{old.full_name}`, or release the world as a breaking change"
    return judge.concern("wit-review/breaking", place, message, help, _wit_folder(new), subjects)


def _size(graph: WitGraph, world: ElaboratedWorld) -> int:
    """How many types and functions the interfaces of a world have, and the interfaces themselves."""
    interfaces = (
        *world.imports,
        *world.exports,
        *(item.number for item in world.items.values() if item.kind == "interface"),
    )
    return len(world.items) + sum(1 + len(graph.nodes_of[number]) for number in interfaces)


def _broken(
    changes: Changes, world: WorldChange, touched: Container[tuple[str, str]], gone: Container[str]
) -> dict[str, list[Break]]:
    """Why a world no longer fits, by the updated package that is the cause.

    `touched` are the changed items of all updated packages, by interface; `gone` are the interfaces that they lack now.
    """
    both = _in_both(world)
    found: dict[str, list[Break]] = {}
    comparison = changes.compared(world.old.graph, world.new.graph)
    for each in breaks(Side(world.old.graph, world.before), Side(world.new.graph, world.after), comparison):
        name = each.interface.partition("/")[0]
        is_touched = (each.interface, each.item) in touched and each.interface in both
        if is_touched or (each.interface in gone and not each.item):
            found.setdefault(name, []).append(each)
    return found


def _in_both(world: WorldChange) -> set[str]:
    """The interfaces that a world imports or exports before and after, in one version each, of one track."""
    found = []
    for graph, elaborated in ((world.old.graph, world.before), (world.new.graph, world.after)):
        versions: dict[str, set[str]] = {}
        for number in (*elaborated.imports, *elaborated.exports):
            full_name = graph.scopes[number].part.package.name or ""
            versions.setdefault(scope_name(graph, number), set()).add(full_name.partition("@")[2])
        found.append({name: next(iter(texts)) for name, texts in versions.items() if len(texts) == 1})
    olds, news = found
    return {name for name in olds.keys() & news.keys() if track(olds[name]) == track(news[name]) != ()}


def downgrade(all_changes: Iterable[Changes], judge: Judge) -> Iterator[Concern]:
    """Yield one concern about all foreign packages whose version goes back."""
    back: dict[str, tuple[Foreign, str]] = {}
    for change in _distinct(all_changes):
        old, new = change.old, change.new
        if old is None or new is None or judge.is_own(new.name) or not _goes_back(change):
            continue
        subject = full_name(new.name, new.version)
        if not judge.is_reviewed(subject):
            back.setdefault(subject, (new, f"`{new.name}` from {old.version} to {new.version}"))
    if back:
        first = next(iter(back.values()))[0]
        message = f"an older version replaces a newer one: {_named(text for _, text in back.values())}"
        help = "an older version may lack fixes: check that no update was undone by accident"
        place = first.file, 0
        yield judge.concern("wit-review/downgrade", place, message, help, _wit_folder(first), tuple(back))


def _goes_back(change: PackageChange) -> bool:
    """Whether an older version of a package replaces a newer one."""
    before, after = (version_of(package.version) if package else None for package in (change.old, change.new))
    return before is not None and after is not None and after < before


def _distinct(all_changes: Iterable[Changes]) -> Iterator[PackageChange]:
    """The changes of packages, each once: one package may be vendored in many folders."""
    seen = set()
    for changes in all_changes:
        for change in changes.packages:
            items = tuple((item.scope, item.item, item.change) for item in change.items)
            key = change.name, change.old and change.old.version, change.new and change.new.version, items
            if key not in seen:
                seen.add(key)
                yield change


def _wit_folder(package: Foreign) -> str:
    """The WIT folder whose `deps` holds a package. Its own worlds name the version."""
    return os.path.dirname(os.path.dirname(package.unit))


def _is_release(text: str) -> bool:
    found = version_of(text)
    return found is not None and not found.pre


def _is_compatible_update(change: PackageChange) -> bool:
    old, new = change.old, change.new
    if old is None or new is None or old.version == new.version:
        return False
    return _is_release(old.version) and _is_release(new.version) and track(old.version) == track(new.version)


def _described(item: ItemChange) -> str:
    verb = {"added": "was added", "removed": "was removed", "changed": "changed"}[item.change]
    return f"{_item_name(item.scope, item.item)} {verb}"


def _broken_item(found: Break) -> str:
    verb = {"added": "is new", "removed": "is gone", "changed": "changed"}[found.change]
    interface = found.interface.partition("/")[2]
    return f"{_item_name(interface, found.item) if found.item else f'`{interface}`'} {verb}"


def _item_name(scope: str, item: str) -> str:
    if " " in item:
        return f"`{item}` of `{scope}`"
    return f"`{scope}.{item[item.rfind(']') + 1 :]}`"


def _named(texts: Iterable[str]) -> str:
    return listed(first_of(texts))


def _path(document: WitDocument, token: int) -> str:
    """The path, or the name, that begins at a token."""
    texts = document.tokens.texts
    end = token + 1
    while texts[end] not in _END_OF_PATH:
        end += 1
    return "".join(texts[token:end])
