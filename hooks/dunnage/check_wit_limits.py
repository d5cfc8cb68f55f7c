"""WIT text has no pathological shape: nothing that tools choke on, and nothing that hides what it says.

wasm-tools has limits of its own, but finds most of them long after the text was committed, or not before a component
is built from it; other tools have none.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from dunnage.files.source import MAX_BYTES, File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Option, Options, single
from dunnage.wit import packages
from dunnage.wit.graph import Cycle, Graph, Item, Source
from dunnage.wit.lexer import comments, is_plain
from dunnage.wit.measure import MAX_LEVELS, MAX_SIZE, MOST, Excess, Measures, encoded, measure
from dunnage.wit.syntax import MAX_NESTING, TooDeep, parse

NESTING = Rule("wit-limits/nesting", "a type is nested too deeply in others, as it is written or by name")
RECURSION = Rule("wit-limits/recursion", "a type, an interface, a world or a package leads back to itself")
EXPANSION = Rule("wit-limits/expansion", "a type, or all of a package, is too large once its names are written out")
IDENTIFIER = Rule("wit-limits/identifier", "an identifier is too long")
FILE_SIZE = Rule("wit-limits/file-size", "a file is too large", cuts_short=True)
CHAIN = Rule("wit-limits/chain", "a name stands for a name that stands for a name, and so on, too often")
HIDDEN = Rule(
    "wit-limits/hidden-character", "a character cannot be seen, or is not what it looks like", cuts_short=True
)
SYNTAX = Rule("wit-limits/syntax", "wasm-tools would not read the file as WIT", cuts_short=True)


def _number(text: str) -> int:
    """Read the value of an option: a whole number above 0."""
    if not re.fullmatch("0*[1-9][0-9]{0,15}", text):
        raise ValueError(f"{text!r} is no whole number above 0")
    return int(text)


def _limit(name: str, what: str, default: int) -> Option[int]:
    return single(name, f"{what} (default: {default})", "N", _number, default)


MAX_NESTED = _limit("--max-nesting", "so many types may stand round a type", 24)
MAX_EXPANSION = _limit("--max-expansion", "a type has to come to fewer types than this", 100_000)
MAX_IDENTIFIER = _limit("--max-identifier", "so many characters may an identifier have", 128)
MAX_FILE_SIZE = _limit("--max-file-size", "so many bytes may a file have", 1024 * 1024)
MAX_CHAIN = _limit("--max-chain", "so many names in a row may stand for nothing but a name", 64)

# So many findings are reported of a rule in one file.
_MOST_FINDINGS = 20
# So many files that are not named are read in the folder of one that is; and so many bytes of these, and of any file.
_MOST_SIBLINGS = 1000
_MOST_READ = 4 * 1024 * 1024
# So many names are written out of a cycle.
_MOST_NAMES = 12
# A name of more characters than the first is shown as far as the second says.
_LONG, _SHOWN = 128, 20

# What a generator of projects puts a name in for.
_PLACEHOLDER = rb"\{\{[^{}\n]{1,100}\}\}"

_REFER = "a value cannot hold itself: refer to others by index, or by a handle of a `resource`"
_PART = "move what both need to an interface of its own"
_SMALLER = "hold large parts once, in a list or behind a handle, and use fewer names that stand for much"
_NAME_IT = "give the inner types names, or make fewer of them: a `record` says what its parts are"


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the named files, and what they make of the other files of their packages."""
    named = dict.fromkeys(map(display, names))
    sources: dict[str, Source] = {}
    for path in named:
        yield from _few(_check_file(path, tree, options, sources))
    _read_siblings(named, tree, options, sources)
    for parts in packages.packages(sources.values()):
        paths = {source.path for sources in parts for source in sources}
        if not paths.isdisjoint(named):
            yield from _few(_check_packages(parts, paths - named.keys(), options))


def _few(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what is more of the same."""
    counts: dict[tuple[str, Rule], int] = {}
    for finding in findings:
        key = finding.path, finding.rule
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= _MOST_FINDINGS:
            yield finding


def _check_file(path: str, tree: Tree, options: Options, sources: dict[str, Source]) -> Iterator[Finding]:
    """Check what can be seen of a file alone, and add it to `sources` if it can be read."""
    try:
        file = tree.read(path)
    except FileNotFoundError:
        return
    except SourceError as error:
        yield Finding(FILE_SIZE if _size(path) > MAX_BYTES else SYNTAX, path, error.span, error.message)
        return
    most = min(options[MAX_FILE_SIZE], _MOST_READ)
    if len(file.data) > most:
        message = f"has {len(file.data):,} bytes; {most:,} are allowed"
        yield Finding(
            FILE_SIZE, path, Span(0, 0), message, "split it into several files; a package may have any number"
        )
        return
    lines = set()
    try:
        for finding in _hidden(file):
            lines.add(file.position(finding.span.start)[0])
            yield finding
        source = Source(path, parse(file))
    except TooDeep as error:
        yield Finding(NESTING, path, error.span, error.message, _NAME_IT)
        return
    except SourceError as error:
        # Where a character is not what it looks like, that is what is wrong.
        is_told = file.position(error.span.start)[0] in lines
        if not is_told and not re.compile(_PLACEHOLDER).match(file.data, error.span.start):
            yield Finding(SYNTAX, path, error.span, error.message, _help(error))
        return
    sources[path] = source
    yield from _check_identifiers(source, options[MAX_IDENTIFIER])


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _read_siblings(named: Iterable[str], tree: Tree, options: Options, sources: dict[str, Source]) -> None:
    """Add the other files of the packages to `sources`. What is wrong with them is not this commit's doing."""
    left = _MOST_READ
    folders: set[str] = set()
    for path in named:
        folder = os.path.dirname(path)
        if folder in folders or path not in sources:
            continue
        folders.add(folder)
        for other in packages.siblings(path, _MOST_SIBLINGS):
            if other in sources or left <= 0:
                continue
            try:
                file = tree.read(other)
                if len(file.data) <= min(options[MAX_FILE_SIZE], left):
                    sources[other] = Source(other, parse(file))
                left -= len(file.data)
            except (FileNotFoundError, SourceError):
                continue


def _hidden(file: File) -> Iterator[Finding]:
    """What hides in the lines of a file."""
    if is_plain(file.data):
        return
    from dunnage.wit.characters import hidden

    for found in islice(hidden(file), _MOST_FINDINGS):
        code = f"U+{ord(found.character):04X}"
        message = f"the character {code} {found.problem}"
        yield Finding(HIDDEN, file.path, found.span, message, f"remove {code}, or write what is meant")


def _check_identifiers(source: Source, most: int) -> Iterator[Finding]:
    tokens = source.document.tokens
    long = sorted(word for word in tokens.names if len(word.removeprefix("%")) > most)
    for word in long[:_MOST_FINDINGS]:
        message = (
            f"the identifier `{word[:_SHOWN]}…` has {len(word.removeprefix('%')):,} characters; {most:,} are allowed"
        )
        yield Finding(IDENTIFIER, source.path, tokens.span(tokens.texts.index(word)), message, "find a shorter name")


def _check_packages(parts: list[list[Source]], others: set[str], options: Options) -> Iterator[Finding]:
    """Check what the names in packages stand for. `others` are the paths of files that are not named."""
    graph = Graph(parts)
    for cycle in graph.cycles():
        if any(item.source.path not in others for item in cycle.items):
            yield _recursion(cycle, others)
    measures = measure(graph)
    largest = min(options[MAX_EXPANSION], MAX_SIZE)
    excesses, in_worlds = encoded(graph, measures)
    yield from _nesting(graph, others, min(options[MAX_NESTED], MAX_NESTING))
    around = MAX_LEVELS - 3  # without an interface or a world, and what wasm-tools puts round either
    found = {
        NESTING: [
            number
            for number, levels in enumerate(measures.named_levels)
            if levels >= around and levels > around - (graph.nodes[number].scope in in_worlds)
        ],
        EXPANSION: [number for number, size in enumerate(measures.sizes) if size >= largest],
        CHAIN: [number for number, steps in enumerate(measures.steps) if steps > options[MAX_CHAIN]],
    }
    concerned = _concerned(graph, others) if others and any(found.values()) else None
    for rule, numbers in found.items():
        known = set(numbers)
        for number in numbers:
            # What is made of something that is reported is so for the same cause.
            if any(end in known for end, _ in graph.edges[number]) or not (concerned is None or concerned[number]):
                continue
            item = graph.nodes[number].item
            message, help = _said(rule, _short(item.name), measures, number, options)
            yield Finding(rule, item.source.path, _span(item), message, help)
    if not found[EXPANSION]:
        yield from map(_excess, excesses)


def _concerned(graph: Graph, others: set[str]) -> list[bool]:
    """Of each node, whether it stands in a named file or is made of something that does."""
    concerned = [node.source.path not in others for node in graph.nodes]
    for number in graph.order:
        concerned[number] = concerned[number] or any(concerned[end] for end, _ in graph.edges[number])
    return concerned


def _nesting(graph: Graph, others: set[str], most: int) -> Iterator[Finding]:
    """Find types that are written with more than `most` brackets round another."""
    for node in graph.nodes:
        definition = node.definition
        if definition is None or definition.levels - 1 <= most or node.source.path in others:
            continue
        tokens = node.source.document.tokens
        depth = 0
        for at in range(definition.at, definition.end):
            depth += (tokens.texts[at] == "<") - (tokens.texts[at] == ">")
            if depth > most:
                message = f"over {most} types are nested in each other here"
                yield Finding(NESTING, node.source.path, tokens.span(at + 1), message, _NAME_IT)
                break


def _said(rule: Rule, name: str, measures: Measures, number: int, options: Options) -> tuple[str, str]:
    """The message and the help about a type or function of this name."""
    if rule is EXPANSION:
        size = measures.sizes[number]
        shown = f"{size:,}" if size < MOST else f"over {MOST:,}"
        message = f"`{name}` comes to {shown} types once every name in it is written out"
        return f"{message}; fewer than {min(options[MAX_EXPANSION], MAX_SIZE):,} are allowed", _SMALLER
    if rule is CHAIN:
        message = f"`{name}` stands for another name, and that for another, {measures.steps[number]} times in a row"
        return f"{message}; {options[MAX_CHAIN]} are allowed", "name the type itself that is at the end"
    message = f"`{name}` nests {measures.levels[number]} types in each other, those behind names included"
    return f"{message}: wasm-tools does not encode that", "make fewer types hold one another"


def _recursion(cycle: Cycle, others: set[str]) -> Finding:
    """Spell a cycle out, from something in a file that is named."""
    first = next(at for at, item in enumerate(cycle.items) if item.source.path not in others)
    names = [f"`{_short(name)}`" for name in cycle.names[first:] + cycle.names[:first]]
    way = [*names, names[0]]
    if len(way) > _MOST_NAMES:
        way = [*way[: _MOST_NAMES - 2], f"… {len(way) - _MOST_NAMES + 1:,} more …", way[-1]]
    verb = "contains" if cycle.kind == "type" else "depends on"
    message = f"the {cycle.kind} {names[0]} {verb} itself: {' → '.join(way)}"
    item = cycle.items[first]
    return Finding(RECURSION, item.source.path, _span(item), message, _REFER if cycle.kind == "type" else _PART)


def _excess(excess: Excess) -> Finding:
    what = "the package, up to here," if excess.kind == "package" else f"the {excess.kind} `{_short(excess.item.name)}`"
    message = (
        f"{what} comes to {excess.size:,} types once every name in it is written out, with what it needs of others; "
        f"wasm-tools encodes fewer than {MAX_SIZE:,}"
    )
    return Finding(EXPANSION, excess.item.source.path, _span(excess.item), message, _SMALLER)


def _short(name: str) -> str:
    """A name as messages give it: nobody reads more of one that is too long anyway."""
    return name if len(name) <= _LONG else f"{name[:_SHOWN]}…"


def _span(item: Item) -> Span:
    return item.source.document.tokens.span(item.at)


def _help(error: SourceError) -> str:
    if "not UTF-8" in error.message:
        return "save the file as UTF-8"
    return "`wasm-tools component wit` on the package says the same"


HOOK = Hook(
    name="check-wit-limits",
    summary="check that WIT text has no pathological shape and hides nothing",
    rules=(NESTING, RECURSION, EXPANSION, IDENTIFIER, FILE_SIZE, CHAIN, HIDDEN, SYNTAX),
    check=check,
    comments=comments,
    options=(MAX_NESTED, MAX_EXPANSION, MAX_IDENTIFIER, MAX_FILE_SIZE, MAX_CHAIN),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
