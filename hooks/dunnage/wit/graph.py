"""What the names in WIT refer to, across all packages that belong together, and the cycles among them.

Undefined names refer to nothing here; the tools report them. The code is not recursive, and it follows each name once.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from dunnage.wit.model import Definition, PackageContent, PackageName, Path, Use, WitDocument, WitScope

Targets = list[list[int]]
"""For each node, the nodes that its edges lead to."""


def order(targets: Targets) -> tuple[list[int], list[int]]:
    """Return the nodes from which no cycle can be reached, each after its targets, and the other nodes."""
    sources: Targets = [[] for _ in targets]
    missing = [len(ends) for ends in targets]
    for node, ends in enumerate(targets):
        for end in ends:
            sources[end].append(node)
    ordered = [node for node, count in enumerate(missing) if not count]
    for node in ordered:  # grows while it is read
        for source in sources[node]:
            missing[source] -= 1
            if not missing[source]:
                ordered.append(source)
    return ordered, [node for node, count in enumerate(missing) if count]


def cycles(targets: Targets, nodes: Sequence[int]) -> Iterator[list[int]]:
    """Yield a short cycle of each strongly connected component of `nodes`, from the component's first node."""
    for component in _components(targets, nodes):
        cycle = _shortest_cycle(targets, component)
        if cycle:
            yield cycle


def _shortest_cycle(targets: Targets, component: frozenset[int]) -> list[int]:
    """The shortest path from a component's first node back to it; empty if there is none."""
    first = min(component)
    previous: dict[int, int] = {}
    queue = [first]
    for node in queue:  # grows while it is read
        for end in targets[node]:
            if end == first:
                cycle = [node]
                while cycle[-1] != first:
                    cycle.append(previous[cycle[-1]])
                return cycle[::-1]
            if end in component and end not in previous:
                previous[end] = node
                queue.append(end)
    return []


def _components(targets: Targets, nodes: Sequence[int]) -> Iterator[frozenset[int]]:
    """Yield the strongly connected components of `nodes` by Tarjan's algorithm with an explicit stack."""
    index: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    allowed = frozenset(nodes)
    for start in nodes:
        if start in index:
            continue
        calls = [(start, iter(targets[start]))]
        index[start] = lowest[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while calls:
            node, ends = calls[-1]
            for end in ends:
                if end not in index and end in allowed:
                    index[end] = lowest[end] = len(index)
                    stack.append(end)
                    on_stack.add(end)
                    calls.append((end, iter(targets[end])))
                    break
                if end in on_stack:
                    lowest[node] = min(lowest[node], index[end])
            else:
                calls.pop()
                if calls:
                    caller = calls[-1][0]
                    lowest[caller] = min(lowest[caller], lowest[node])
                if lowest[node] == index[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    yield frozenset(component)


class Source(NamedTuple):
    """A WIT file of a package."""

    path: str
    document: WitDocument


class Item(NamedTuple):
    """An interface, a world or a type, and where it is named."""

    source: Source
    token: int
    """Number of the token of its name."""

    @property
    def name(self) -> str:
        """Its name, without that of its package."""
        return self.source.document.name(self.token)


class Cycle(NamedTuple):
    """Items of which each refers to the next, and the last refers to the first."""

    kind: str
    """`type`, `interface`, `world` or `package`."""
    items: tuple[Item, ...]
    """In a cycle of packages, the item of each is where the package before refers to it."""
    names: tuple[str, ...]


class TypeNode(NamedTuple):
    """A type, a type that `use` imports, or a function."""

    source: Source
    token: int
    """Number of the token of its name."""
    scope: int
    definition: Definition | None
    """None for a type that `use` imports."""

    @property
    def item(self) -> Item:
        """Where it is named."""
        return Item(self.source, self.token)


class PackageScopes(NamedTuple):
    """The interfaces and worlds of a package."""

    name: str | None
    """The name of the package, with its version."""
    scopes: dict[str, int]


class PackagePart(NamedTuple):
    """The content of one package in one file."""

    source: Source
    package: PackageScopes
    content: PackageContent
    used: dict[str, Path]
    """The paths that `use` imports at the top of the file, by alias."""
    scopes: dict[str, int]


class ScopeInPart(NamedTuple):
    """An interface or a world, and the part of a package that defines it."""

    part: PackagePart
    scope: WitScope

    @property
    def item(self) -> Item:
        """Where it is named."""
        return Item(self.part.source, self.scope.token)


class WorldLink(NamedTuple):
    """An interface that a world imports or exports."""

    number: int
    is_import: bool
    is_named: bool
    """Whether the world gives it a name, or defines it itself."""
    token: int
    """Number of the token of that name, or of the first token of the path to the interface."""


class WitGraph:
    """All types and functions of some packages that belong together, and the types that each consists of."""

    def __init__(self, packages: Iterable[Sequence[Source]], *, hides_unstable: bool = False) -> None:
        """Each package consists of the files of one folder, or of one file.

        Items with the attribute `@unstable` are left out if `hides_unstable` is set, as tools do by default.
        """
        self._hides_unstable = hides_unstable
        self.nodes: list[TypeNode] = []
        self.scopes: list[ScopeInPart] = []
        self._parts: list[PackagePart] = []
        self.packages: list[PackageScopes] = []
        self._by_name: dict[str, PackageScopes | None] = {}
        self._inner: dict[int, list[WorldLink]] = {}
        self._used: dict[int, list[int]] = {}
        self.nodes_of: list[range] = []
        """For each interface or world, its nodes in the order of the file. Types that `use` imports come first."""
        self.types_of: list[dict[str, int]] = []
        """For each interface or world, the nodes of its types by name."""
        for sources in packages:
            own = self._register(next((part.document.package for part in sources if part.document.package), None))
            for source in sources:
                self._add_part(source, own, source.document.own)
                for content in source.document.nested:
                    self._add_part(source, self._register(content.name), content)
        self.edges: list[list[tuple[int, int]]] = self._edges()
        """For each node, the nodes that it consists of, each with its level of nesting."""
        self._type_targets: Targets = [[node for node, _ in edges] for edges in self.edges]
        self.order, self._unordered = order(self._type_targets)
        """The nodes from which no cycle can be reached, each after all that it consists of."""

    def _register(self, name: PackageName | None) -> PackageScopes:
        package = PackageScopes(name and name.full, {})
        self.packages.append(package)
        if package.name is not None:
            # If two packages have the same name, a reference to that name is ambiguous, so it leads to neither.
            self._by_name[package.name] = None if package.name in self._by_name else package
        return package

    def _add_part(self, source: Source, package: PackageScopes, content: PackageContent) -> None:
        name = source.document.name
        used = {name(use.names[0][1]): use.path for use in content.uses}
        part = PackagePart(source, package, content, used, {})
        self._parts.append(part)
        hidden = source.document.unstable if self._hides_unstable else ()
        for scope in content.scopes:
            if hidden and scope.token in hidden:
                continue
            part.scopes[name(scope.token)] = package.scopes[name(scope.token)] = len(self.scopes)
            self._add_scope(part, _without(scope, hidden) if hidden else scope)

    def _add_scope(self, part: PackagePart, scope: WitScope) -> None:
        number = len(self.scopes)
        self.scopes.append(ScopeInPart(part, scope))
        types: dict[str, int] = {}
        self.types_of.append(types)
        first = len(self.nodes)
        source = part.source
        for use in scope.uses:
            for _, alias in use.names:
                types[source.document.name(alias)] = len(self.nodes)
                self.nodes.append(TypeNode(source, alias, number, None))
        for definition in scope.definitions:
            if definition.kind != "func":
                types[source.document.name(definition.token)] = len(self.nodes)
            self.nodes.append(TypeNode(source, definition.token, number, definition))
        self.nodes_of.append(range(first, len(self.nodes)))
        for keyword, inner in scope.inner:
            link = WorldLink(len(self.scopes), keyword == "import", True, inner.token)
            self._inner.setdefault(number, []).append(link)
            self._add_scope(part, inner)

    def find(self, part: PackagePart, path: Path) -> int | None:
        """The number of the interface or world to which a path in this part refers."""
        scopes = part.package.scopes
        if path.package is None:
            if path.item not in part.used:
                return part.scopes.get(path.item, scopes.get(path.item))
            path = part.used[path.item]
        if path.package is not None:
            named = self._by_name.get(path.package)
            scopes = named.scopes if named else {}
        return scopes.get(path.item)

    def used(self, number: int) -> list[int]:
        """The interfaces from which an interface or world uses a type."""
        if number not in self._used:
            part, scope = self.scopes[number]
            numbers = (self.find(part, use.path) for use in scope.uses if use.names)
            self._used[number] = list(dict.fromkeys(end for end in numbers if end is not None))
        return self._used[number]

    def linked(self, number: int) -> Iterator[WorldLink]:
        """The interfaces that a world itself imports or exports."""
        part, scope = self.scopes[number]
        texts = part.source.document.tokens.texts
        for keyword, path in scope.links:
            end = self.find(part, path)
            if end is not None:
                is_named = texts[path.token - 1] == ":"
                yield WorldLink(end, keyword == "import", is_named, path.token - 2 if is_named else path.token)
        yield from self._inner.get(number, [])

    def included(self, number: int) -> list[int]:
        """The worlds that a world includes."""
        return [end for _, end in self.inclusions(number)]

    def inclusions(self, number: int) -> Iterator[tuple[Use, int]]:
        """The `include` statements of a world, and the worlds that they include."""
        part, scope = self.scopes[number]
        for include in scope.includes:
            end = self.find(part, include.path)
            if end is not None:
                yield include, end

    def missing(self, number: int) -> Iterator[tuple[str, Path]]:
        """The unresolved paths in an interface or world, each with its keyword."""
        part, scope = self.scopes[number]
        paths = [("use", use.path) for use in scope.uses]
        paths += [("include", include.path) for include in scope.includes]
        for keyword, path in (*paths, *scope.links):
            if self.find(part, path) is None:
                yield keyword, path

    def kind(self, node: int) -> str:
        """The kind of a definition; empty for a type that `use` imports."""
        definition = self.nodes[node].definition
        return definition.kind if definition else ""

    def _required_scopes(self, number: int) -> list[int]:
        """The interfaces or worlds of the same package that an interface or world requires."""
        part, scope = self.scopes[number]
        ends = (
            self.find(part, use.path)
            for use in (scope.includes if scope.kind == "world" else scope.uses)
            if use.path.package is None
        )
        return [end for end in ends if end is not None and self.scopes[end].part.package is part.package]

    def _edges(self) -> list[list[tuple[int, int]]]:
        edges: list[list[tuple[int, int]]] = []
        for types, (part, scope) in zip(self.types_of, self.scopes, strict=True):
            texts = part.source.document.tokens.texts
            for use in scope.uses:
                target = self.find(part, use.path)
                known = {} if target is None else self.types_of[target]
                for name, _ in use.names:
                    node = known.get(texts[name].removeprefix("%"))
                    edges.append([] if node is None else [(node, 1)])
            for definition in scope.definitions:
                nodes = ((types.get(texts[name].removeprefix("%")), level) for name, level in definition.type_names)
                edges.append([(node, level) for node, level in nodes if node is not None])
        return edges

    def cycles(self) -> Iterator[Cycle]:
        """Yield one cycle of each strongly connected group of types, of interfaces, of worlds and of packages.

        Interfaces and packages are left out if a cycle of types already shows their cycle.
        """
        reported: set[int] = set()
        for cycle in cycles(self._type_targets, self._unordered):
            nodes = [self.nodes[number] for number in cycle]
            reported |= {node.scope for node in nodes if node.definition is None}
            items = tuple(node.item for node in nodes)
            yield Cycle("type", items, tuple(item.name for item in items))
        targets = list(map(self._required_scopes, range(len(self.scopes))))
        for cycle in cycles(targets, order(targets)[1]):
            if reported.isdisjoint(cycle):
                items = tuple(self.scopes[number].item for number in cycle)
                yield Cycle(self.scopes[cycle[0]].scope.kind, items, tuple(item.name for item in items))
        known = {self.scopes[number].part.package.name for number in reported}
        yield from (cycle for cycle in self._package_cycles() if known.isdisjoint(cycle.names))

    def _package_cycles(self) -> Iterator[Cycle]:
        names = [name for name, package in self._by_name.items() if package]
        numbers = {name: number for number, name in enumerate(names)}
        targets: Targets = [[] for _ in names]
        references: dict[tuple[int, int], Item] = {}
        for part in self._parts:
            number = numbers.get(part.package.name or "")
            if number is None:
                continue
            for path in _paths(part.content):
                target = numbers.get(path.package or "")
                if target is not None and (number, target) not in references:
                    targets[number].append(target)
                    references[number, target] = Item(part.source, path.token)
        for cycle in cycles(targets, order(targets)[1]):
            items = tuple(references[cycle[at - 1], number] for at, number in enumerate(cycle))
            yield Cycle("package", items, tuple(names[number] for number in cycle))


def _without(scope: WitScope, hidden: Container[int]) -> WitScope:
    """The scope without the items whose tokens are hidden."""
    return WitScope(
        scope.kind,
        scope.token,
        [use for use in scope.uses if use.path.token not in hidden],
        [definition for definition in scope.definitions if definition.token not in hidden],
        [include for include in scope.includes if include.path.token not in hidden],
        [link for link in scope.links if link[1].token not in hidden],
        [(keyword, _without(inner, hidden)) for keyword, inner in scope.inner if inner.token not in hidden],
    )


def _paths(package: PackageContent) -> Iterator[Path]:
    """All paths in a package."""
    for use in package.uses:
        yield use.path
    for scope in package.scopes:
        yield from (use.path for use in scope.uses)
        yield from (include.path for include in scope.includes)
        yield from (path for _, path in scope.links)
        yield from (use.path for _, inner in scope.inner for use in inner.uses)
