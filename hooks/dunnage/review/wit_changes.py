"""What changed in a WIT folder: in its foreign packages, and in what its own worlds import and export."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from dunnage.cargo.version import version_of
from dunnage.files.source import File, SourceError
from dunnage.review.base import paired
from dunnage.review.wit_state import Contents, Foreign, OwnWorld, WitState, contents, meaning
from dunnage.wit.compatibility import Comparison, members, scope_name
from dunnage.wit.elaboration import Cause, ElaboratedWorld
from dunnage.wit.graph import WitGraph
from dunnage.wit.syntax import parse

_STATEMENTS = ("import ", "export ", "include ")


class WitFolder(NamedTuple):
    """A WIT folder with the packages that are vendored in its `deps`, now and before the change."""

    path: str
    files: Mapping[str, File]
    """By absolute path."""
    before: Mapping[str, File]
    """A file that has not changed is the same object as in `files`."""

    def changed(self) -> set[str]:
        """The paths of the files that are new, changed or removed."""
        return {path for path in {*self.files, *self.before} if self.files.get(path) is not self.before.get(path)}


class ItemChange(NamedTuple):
    """A function, a type or a statement of a world that was added, removed or changed."""

    scope: str
    """The interface or world."""
    item: str
    change: str
    """`added`, `removed` or `changed`."""
    file: File
    token: int
    """Number of a token of it, or of its interface if it was removed."""


class PackageChange(NamedTuple):
    """A foreign package that is new or removed, or whose content or version changed."""

    old: Foreign | None
    new: Foreign | None
    items: tuple[ItemChange, ...]
    """In the interfaces and worlds that both have."""
    added: tuple[str, ...]
    """Interfaces and worlds."""
    removed: tuple[str, ...]

    @property
    def name(self) -> str:
        """NAMESPACE:NAME."""
        found = self.new or self.old
        return found.name if found else ""


class Imported(NamedTuple):
    """An interface of a package that a world imports or exports."""

    package: str
    """NAMESPACE:NAME."""
    version: str
    interface: str
    cause: Cause


class WorldChange(NamedTuple):
    """A world of the repository, before and after."""

    old: OwnWorld
    new: OwnWorld
    imports: tuple[Imported, ...]
    """What it imports now but did not import before in any version of the same track."""
    exports: tuple[Imported, ...]
    lost_imports: tuple[Imported, ...]
    lost_exports: tuple[Imported, ...]
    before: ElaboratedWorld
    after: ElaboratedWorld


class Changes(NamedTuple):
    """How a WIT folder differs from a commit."""

    state: WitState
    changed: set[str]
    """The paths of the files that are new, changed or removed."""
    packages: tuple[PackageChange, ...]
    worlds: tuple[WorldChange, ...]
    unknown: tuple[str, ...]
    """What could not be compared, as clauses."""
    compared: Callable[[WitGraph, WitGraph], Comparison]
    """The comparison of two graphs, each of which is made once."""


def compare(folder: WitFolder) -> Changes | None:
    """Compare a WIT folder with its previous state; None if its meaning has not changed."""
    changed = folder.changed()
    if all(_says_the_same(folder.before.get(path), folder.files.get(path)) for path in changed):
        return None
    state = WitState(folder.path, folder.files, changed)
    before = WitState(folder.path, folder.before, changed, state)
    unknown = [f"{state.files[path].path} {message}" for path, message in state.unreadable.items()]
    unknown += [f"the base of {before.files[path].path} {message}" for path, message in before.unreadable.items()]
    comparisons = _Comparisons(before, state)
    packages = tuple(_packages(comparisons))
    worlds: list[WorldChange] = []
    olds: dict[str, list[OwnWorld]] = defaultdict(list)
    for world in before.worlds():
        olds[world.name].append(world)
    for world in state.worlds():
        # A folder of single files may define one name in several of them.
        same = [old for old in olds[world.name] if old.file.path == world.file.path] or olds[world.name]
        if len(same) == 1:
            found, reasons = _world(same[0], world, before, state)
            worlds += [found] if found else []
            unknown += reasons
        elif same:
            unknown.append(f"`{world.name}` was defined {len(same)} times")
    return Changes(state, changed, packages, tuple(worlds), tuple(dict.fromkeys(unknown)), comparisons.of)


def _says_the_same(old: File | None, new: File | None) -> bool:
    """Whether two versions of a file differ only in comments, formatting, order and gates."""
    if old is None or new is None or not new.path.endswith(".wit"):
        return False
    try:
        before, after = parse(old), parse(new)
    except SourceError:
        return False
    return not (before.unstable or after.unstable) and meaning(before) == meaning(after)


class _Comparisons:
    """The two states, and comparisons of their graphs, each of which is made once."""

    def __init__(self, before: WitState, state: WitState) -> None:
        self.before, self.state = before, state
        self.of = cache(Comparison)
        """The comparison of two graphs."""

    def have_same_world(self, old: WitGraph, before: int, new: WitGraph, after: int) -> bool:
        """Whether two worlds are known to import and export the same, apart from versions."""
        was, now = self.before.elaboration(old).world(before), self.state.elaboration(new).world(after)
        if was is None or now is None or was.missing or now.missing or was.items.keys() != now.items.keys():
            return False
        return all(
            {scope_name(old, number) for number in olds} == {scope_name(new, number) for number in news}
            for olds, news in ((was.imports, now.imports), (was.exports, now.exports))
        )


@cache
def track(text: str) -> tuple[int, ...]:
    """The numbers that all compatible versions share; a pre-release belongs to the release that it precedes."""
    found = version_of(text)
    return found.compatible_range if found else ()


def _packages(comparisons: _Comparisons) -> Iterator[PackageChange]:
    before, state = comparisons.before, comparisons.state
    olds, news = ({package.full_name: package for package in each.foreign()} for each in (before, state))
    for name in sorted(olds.keys() & news.keys()):
        found = _package(olds[name], news[name], comparisons)
        if found.items or found.added or found.removed:
            yield found
    # What cannot be parsed is neither removed nor replaced.
    broken = before.broken_units() | state.broken_units()
    incoming = [package for name, package in sorted(news.items()) if name not in olds and package.unit not in broken]
    outgoing = [package for name, package in sorted(olds.items()) if name not in news and package.unit not in broken]
    pairs = paired(
        outgoing, incoming, lambda package: (package.name, track(package.version)), lambda package: package.full_name
    )
    for old, new in pairs:
        yield _package(old, new, comparisons) if old and new else PackageChange(old, new, (), (), ())


def _package(old: Foreign, new: Foreign, comparisons: _Comparisons) -> PackageChange:
    items: list[ItemChange] = []
    olds, news = old.package.scopes, new.package.scopes
    for name, number in news.items():
        if name in olds:
            items += _items(name, old.graph, olds[name], new.graph, number, comparisons)
    added = tuple(name for name in news if name not in olds)
    removed = tuple(name for name in olds if name not in news)
    return PackageChange(old, new, tuple(items), added, removed)


def _items(
    name: str, old: WitGraph, before: int, new: WitGraph, after: int, comparisons: _Comparisons
) -> Iterator[ItemChange]:
    """Yield the items of an interface or world that differ in text and, where that is known, in structure."""
    (old_part, old_scope), (part, scope) = old.scopes[before], new.scopes[after]
    file = comparisons.state.files.get(part.source.path)
    if file is None:
        return
    olds, news = contents(old_part.source.document, old_scope), contents(part.source.document, scope)
    differing = [item for item in {**olds, **news} if _text(olds, item) != _text(news, item)]
    if not differing:
        return
    nodes = members(old, before), members(new, after)
    is_same_world: bool | None = None
    for item in differing:
        token = news[item].token if item in news else scope.token
        if item in nodes[0] and item in nodes[1]:
            if comparisons.of(old, new).is_same(nodes[0][item], nodes[1][item]):
                continue
        elif scope.kind == "world" and item.startswith(_STATEMENTS):
            if is_same_world is None:
                is_same_world = comparisons.have_same_world(old, before, new, after)
            if is_same_world:
                continue
        change = "added" if item not in olds else "removed" if item not in news else "changed"
        yield ItemChange(name, item, change, file, token)


def _text(found: Contents, item: str) -> str | None:
    return found[item].text if item in found else None


def _world(old: OwnWorld, new: OwnWorld, before: WitState, state: WitState) -> tuple[WorldChange | None, list[str]]:
    """How a world changed, and what of that is unknown."""
    was, now = before.elaborated(old), state.elaborated(new)
    if was is None or now is None:
        return None, [f"`{new.name}` includes itself, or has too many includes to follow"]
    old_imports, old_exports, imports, exports = (
        [*_interfaces(each.graph, causes)]
        for each, causes in ((old, was.imports), (old, was.exports), (new, now.imports), (new, now.exports))
    )
    imports += _by_name(now)
    gained = _gained(old_imports, imports)
    reasons: list[str] = []
    if was.missing and (gained or now.missing.keys() - was.missing.keys()):
        reasons.append(f"`{new.name}` used `{next(iter(was.missing))}`, which is in none of the files")
    reasons += [
        f"`{new.name}` uses `{path}`, which is in none of the files"
        for path, cause in now.missing.items()
        if not was.missing and (cause.keyword != "import" or "/" not in path)
    ][:1]
    change = WorldChange(
        old,
        new,
        # What is missing may have been imported before.
        () if was.missing else gained,
        () if was.missing else _gained(old_exports, exports),
        () if now.missing else _gained(imports, old_imports),
        () if now.missing else _gained(exports, old_exports),
        was,
        now,
    )
    return change, reasons


def _gained(olds: Iterable[Imported], news: Iterable[Imported]) -> tuple[Imported, ...]:
    """What is new, and not a move to or from another version of the same track, or to or from none."""
    known: dict[tuple[str, str], set[tuple[int, ...]]] = defaultdict(set)
    for interface in olds:
        known[interface.package, interface.interface].add(track(interface.version))
    gained = []
    for interface in news:
        tracks = known.get((interface.package, interface.interface), set())
        own = track(interface.version)
        if own not in tracks and () not in tracks and (own or not tracks):
            gained.append(interface)
    return tuple(gained)


def _interfaces(graph: WitGraph, causes: Mapping[int, Cause]) -> Iterator[Imported]:
    for number, cause in causes.items():
        part, scope = graph.scopes[number]
        package, _, text = (part.package.name or "").partition("@")
        yield Imported(package, text, part.source.document.name(scope.token), cause)


def _by_name(world: ElaboratedWorld) -> Iterator[Imported]:
    """What a world imports by its full name from packages that are missing."""
    for path, cause in world.missing.items():
        package, slash, rest = path.partition("/")
        if cause.keyword == "import" and slash:
            interface, _, text = rest.partition("@")
            yield Imported(package, text, interface, cause)
