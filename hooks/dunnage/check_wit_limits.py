"""WIT has no type that is too large for tools, and no hidden or misleading character.

wasm-tools has limits, but enforces most of them only when a package is encoded or a component is built, long after the
text was committed. Other tools have none.
"""

import os
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from dunnage import wit
from dunnage.files import shown
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Option, Options, single
from dunnage.wit.definition_parser import MAX_NESTING
from dunnage.wit.elaboration import MAX_COUNTED, MAX_LEVELS, MAX_SIZE, Excess, Measures, encoded, measure
from dunnage.wit.graph import Cycle, Item, Source, WitGraph
from dunnage.wit.lexer import TooDeep, comments, is_plain
from dunnage.wit.syntax import parse

NESTING = Rule("wit-limits/nesting", "types are nested too deeply")
RECURSION = Rule("wit-limits/recursion", "a type, an interface, a world or a package depends on itself")
EXPANSION = Rule("wit-limits/expansion", "a type or a package is too large once its names are expanded")
IDENTIFIER = Rule("wit-limits/identifier", "an identifier is too long")
FILE_SIZE = Rule("wit-limits/file-size", "a file is too large", cuts_short=True)
CHAIN = Rule("wit-limits/chain", "a chain of type aliases is too long")
HIDDEN = Rule("wit-limits/hidden-character", "a character is invisible or looks like another one", cuts_short=True)
SYNTAX = Rule("wit-limits/syntax", "wasm-tools rejects the file", cuts_short=True)


def _number(text: str) -> int:
    """Parse the value of an option: a whole number above 0. Raises ValueError for anything else."""
    if not re.fullmatch("0*[1-9][0-9]{0,15}", text):
        raise ValueError(f"{text!r} is not a whole number above 0")
    return int(text)


def _limit(name: str, description: str, default: int) -> Option[int]:
    return single(name, f"{description} (default: {default})", "N", _number, default)


MAX_NESTED = _limit("--max-nesting", "how many types may be nested around a type", 24)
MAX_EXPANSION = _limit("--max-expansion", "a type must expand to fewer types than this", 100_000)
MAX_IDENTIFIER = _limit("--max-identifier", "how many characters an identifier may have", 128)
MAX_FILE_SIZE = _limit("--max-file-size", "how many bytes a file may have", 1024 * 1024)
MAX_CHAIN = _limit("--max-chain", "how many type aliases may refer to each other in a row", 64)

_LIMITS = {
    "wit-limits/chain": MAX_CHAIN,
    "wit-limits/expansion": MAX_EXPANSION,
    "wit-limits/file-size": MAX_FILE_SIZE,
    "wit-limits/identifier": MAX_IDENTIFIER,
    "wit-limits/nesting": MAX_NESTED,
}

_MAX_FINDINGS = 20
"""How many findings of one rule are reported in a file."""
_MAX_SIBLINGS = 1000
"""How many files are read in the folder of a named file although they are not named."""
_MAX_READ = 4 * 1024 * 1024
"""How many bytes are read: of one file, of all files that are not named, and of those that belong together."""
_MAX_CYCLE_NAMES = 12
"""How many names of a cycle a message lists."""
_LONG, _SHOWN = 128, 20
"""A name with more characters than the first number is cut to the second."""

_PLACEHOLDER = rb"\{\{[^{}\n]{1,100}\}\}"
"""A placeholder in a project template."""

_REFER = "a value cannot contain itself: refer to other values by index, or by a handle of a `resource`"
_PART = "remove one of these references, or move the shared types to a separate interface"
_SMALLER = "put repeated parts in one `list`, or put large types behind a handle of a `resource`"
_NAME_IT = "give the inner types names, for example as a `record`, or nest fewer types"


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the named files, and how they fit with the other files of their packages."""
    named = dict.fromkeys(map(display, names))
    roots: dict[str, list[str]] = {}
    for path in named:
        roots.setdefault(wit.root(path), []).append(path)
    bytes_left = _MAX_READ
    for below in roots.values():  # what belongs together, so that not all WIT is in memory at once
        sources: dict[str, Source] = {}
        size, is_cut = 0, False
        for path in below:
            yield from _limited(_check_file(path, tree, options, sources), options)
            size += len(tree.content(path) or b"")
            if size <= _MAX_READ or sources.pop(path, None) is None:
                continue
            if not is_cut:
                message = f"the files that belong together have more than {_MAX_READ:,} bytes; the rest is not compared"
                yield Finding(FILE_SIZE, path, Span(0, 0), message, "split the package into several")
            is_cut = True
        bytes_left = yield from _read_siblings(below, tree, options, sources, bytes_left)
        for group in wit.groups(sources.values()):
            paths = {source.path for files in group for source in files}
            siblings = {path for path in paths if path not in named}
            if len(siblings) < len(paths):
                yield from _limited(_check_packages(group, siblings, options), options)


def _limited(findings: Iterable[Finding], options: Options) -> Iterator[Finding]:
    """Yield at most `_MAX_FINDINGS` findings of each rule in each file. The first names the option for the limit."""
    counts: dict[tuple[str, Rule], int] = {}
    for finding in findings:
        key = finding.path, finding.rule
        counts[key] = counts.get(key, 0) + 1
        option = _LIMITS.get(finding.rule.id)
        if counts[key] == 1 and option is not None and re.search(rf"\b{options[option]:,}\b", finding.message):
            advice = f"to allow more: pass `{option.name} N`"
            yield finding._replace(help="\n".join(filter(None, (finding.help, advice))))
        elif counts[key] <= _MAX_FINDINGS:
            yield finding


def _check_file(path: str, tree: Tree, options: Options, sources: dict[str, Source]) -> Iterator[Finding]:
    """Check a file by itself, and add it to `sources` if it can be parsed."""
    try:
        file = tree.read(path)
    except FileNotFoundError:
        return
    except SourceError as error:
        rule = FILE_SIZE if error.rule == "input/too-large" else SYNTAX
        yield Finding(rule, path, error.span, f"this file {error.message}")
        return
    most = min(options[MAX_FILE_SIZE], _MAX_READ)
    if len(file.data) > most:
        message = f"the file has {len(file.data):,} bytes, but at most {most:,} are allowed"
        yield Finding(FILE_SIZE, path, Span(0, 0), message, "split the file: a package may consist of several files")
        return
    lines = set()
    try:
        for finding in _hidden(file):
            lines.add(file.position(finding.span.start)[0])
            yield finding
        source = Source(path, parse(file))
    except TooDeep as error:
        yield Finding(NESTING, path, error.span, f"this file {error.message}", _NAME_IT)
        return
    except SourceError as error:
        # On a line with a deceptive character, that character is the cause.
        is_reported = file.position(error.span.start)[0] in lines
        if not is_reported and not re.compile(_PLACEHOLDER).match(file.data, error.span.start):
            command = f"wasm-tools component wit {shown.path(path)}"
            help = "save the file as UTF-8" if "not UTF-8" in error.message else f"`{command}` prints the same error"
            yield Finding(SYNTAX, path, error.span, f"this file {error.message}", help)
        return
    sources[path] = source
    yield from _check_identifiers(source, options[MAX_IDENTIFIER])


def _read_siblings(
    named: Iterable[str], tree: Tree, options: Options, sources: dict[str, Source], bytes_left: int
) -> Generator[Finding, None, int]:
    """Add the other files of the packages to `sources`. Their own errors are not reported, as they are not named.

    Of these files, `bytes_left` may be read. Returns how many are left after that.
    """
    first_named: dict[str, str] = {}
    named = dict.fromkeys(named)
    for path in named:
        if path in sources:
            first_named.setdefault(os.path.dirname(path), path)
    for folder, path in first_named.items():
        others = [other for other in wit.files_of(folder) if other not in named]
        for number, other in enumerate(others):
            if number == _MAX_SIBLINGS or bytes_left <= 0:
                message = (
                    f"the folder has more WIT than the hook reads: besides the named files, it read only {number:,}"
                )
                yield Finding(FILE_SIZE, path, Span(0, 0), message, "name all files of the folder")
                break
            file = tree.find(other)
            if file is None:
                continue
            with suppress(SourceError):
                if len(file.data) <= min(options[MAX_FILE_SIZE], bytes_left):
                    sources[other] = Source(other, parse(file))
                bytes_left -= len(file.data)
    return bytes_left


def _hidden(file: File) -> Iterator[Finding]:
    """Find characters that hide something."""
    if is_plain(file.data):
        return
    from dunnage.wit.characters import hidden

    for character, span, problem in islice(hidden(file), _MAX_FINDINGS):
        code = f"U+{ord(character):04X}"
        message = f"the character {code} {problem}"
        yield Finding(HIDDEN, file.path, span, message, f"remove {code}, or replace it with the intended character")


def _check_identifiers(source: Source, most: int) -> Iterator[Finding]:
    tokens = source.document.tokens
    long = sorted(word for word in tokens.identifiers if len(word.removeprefix("%")) > most)
    for word in long[:_MAX_FINDINGS]:
        length = len(word.removeprefix("%"))
        message = f"the identifier `{word[:_SHOWN]}…` has {length:,} characters, but at most {most:,} are allowed"
        yield Finding(IDENTIFIER, source.path, tokens.span(tokens.texts.index(word)), message, "choose a shorter name")


def _check_packages(group: list[list[Source]], unnamed: set[str], options: Options) -> Iterator[Finding]:
    """Check the names in packages and the types behind them. `unnamed` are the paths of files that are not named."""
    graph = WitGraph(group)
    for cycle in graph.cycles():
        if any(item.source.path not in unnamed for item in cycle.items):
            yield _recursion(cycle, unnamed)
    yield from _nesting(graph, unnamed, min(options[MAX_NESTED], MAX_NESTING))
    measures = measure(graph)
    excesses, in_worlds, is_complete = encoded(graph, measures)
    numbers_by_rule = {
        NESTING: _too_deep(graph, measures, in_worlds),
        EXPANSION: [
            number for number, size in enumerate(measures.sizes) if size >= min(options[MAX_EXPANSION], MAX_SIZE)
        ],
        CHAIN: [number for number, steps in enumerate(measures.steps) if steps > options[MAX_CHAIN]],
    }
    concerned = _concerned(graph, unnamed) if unnamed and any(numbers_by_rule.values()) else None
    for rule, numbers in numbers_by_rule.items():
        reported = set(numbers)
        for number in numbers:
            # A type that consists of a reported one is over the limit for the same cause.
            is_consequence = any(end in reported for end, _ in graph.edges[number])
            if is_consequence or not (concerned is None or concerned[number]):
                continue
            item = graph.nodes[number].item
            yield _at(rule, item, *_explain(rule, _short(item.name), measures, number, options))
    if not numbers_by_rule[EXPANSION]:
        yield from map(_excess, excesses)
    if not is_complete:
        # A package takes too many steps to measure. This is reported at its first item in a named file.
        items = [scope.item for scope in graph.scopes if scope.part.source.path not in unnamed]
        message = "the interfaces and worlds of this package use each other too often to be measured"
        help = "remove uses and includes, or split the package"
        yield from (_at(EXPANSION, item, message, help) for item in items[:1])


def _too_deep(graph: WitGraph, measures: Measures, in_worlds: set[int]) -> list[int]:
    """The types that wasm-tools does not encode because names in them add too many levels of nesting."""
    allowed = MAX_LEVELS - 3  # wasm-tools adds levels around a type: an interface, a world, and one around either
    return [
        number
        for number, levels in enumerate(measures.named_levels)
        if levels >= allowed and levels > allowed - (graph.nodes[number].scope in in_worlds)
    ]


def _concerned(graph: WitGraph, unnamed: set[str]) -> list[bool]:
    """For each node, whether it stands in a named file or consists of a node that does."""
    concerned = [node.source.path not in unnamed for node in graph.nodes]
    for number in graph.order:
        concerned[number] = concerned[number] or any(concerned[end] for end, _ in graph.edges[number])
    return concerned


def _nesting(graph: WitGraph, unnamed: set[str], most: int) -> Iterator[Finding]:
    """Find types that are written with more than `most` brackets around another."""
    for node in graph.nodes:
        definition = node.definition
        if definition is None or definition.levels - 1 <= most or node.source.path in unnamed:
            continue
        tokens = node.source.document.tokens
        depth = 0
        for token in range(definition.token, definition.end):
            depth += (tokens.texts[token] == "<") - (tokens.texts[token] == ">")
            if depth > most:
                message = f"more than {most} types are nested in each other here"
                yield Finding(NESTING, node.source.path, tokens.span(token + 1), message, _NAME_IT)
                break


def _explain(rule: Rule, name: str, measures: Measures, number: int, options: Options) -> tuple[str, str]:
    """The message and the help for the type or function `name`, which is node `number`."""
    if rule is EXPANSION:
        size = measures.sizes[number]
        counted = f"{size:,}" if size < MAX_COUNTED else f"over {MAX_COUNTED:,}"
        most = min(options[MAX_EXPANSION], MAX_SIZE)
        return f"`{name}` expands to {counted} types, but fewer than {most:,} are allowed", _SMALLER
    if rule is CHAIN:
        message = f"`{name}` refers to its type through a chain of {measures.steps[number]} names"
        help = "refer to the type at the end of the chain directly"
        return f"{message}, but at most {options[MAX_CHAIN]} are allowed", help
    message = f"`{name}` nests {measures.levels[number]} types, including those behind names"
    return f"{message}: wasm-tools cannot encode them", "put an inner type behind a handle of a `resource`"


def _recursion(cycle: Cycle, unnamed: set[str]) -> Finding:
    """Report a cycle at its first item in a named file."""
    first = next(at for at, item in enumerate(cycle.items) if item.source.path not in unnamed)
    names = [f"`{_short(name)}`" for name in cycle.names[first:] + cycle.names[:first]]
    steps = [*names, names[0]]
    if len(steps) > _MAX_CYCLE_NAMES:
        steps = [*steps[: _MAX_CYCLE_NAMES - 2], f"… {len(steps) - _MAX_CYCLE_NAMES + 1:,} more …", steps[-1]]
    verb = "contains" if cycle.kind == "type" else "depends on"
    message = f"the {cycle.kind} {names[0]} {verb} itself: {' → '.join(steps)}"
    return _at(RECURSION, cycle.items[first], message, _REFER if cycle.kind == "type" else _PART)


def _excess(excess: Excess) -> Finding:
    subject = (
        "up to here, the package" if excess.kind == "package" else f"the {excess.kind} `{_short(excess.item.name)}`"
    )
    message = (
        f"{subject} expands to {excess.size:,} types, including those that it uses from others; "
        f"wasm-tools encodes fewer than {MAX_SIZE:,}"
    )
    return _at(EXPANSION, excess.item, message, _SMALLER)


def _short(name: str) -> str:
    """A name as messages show it: one that is too long is cut."""
    return name if len(name) <= _LONG else f"{name[:_SHOWN]}…"


def _at(rule: Rule, item: Item, message: str, help: str) -> Finding:
    return Finding(rule, item.source.path, item.source.document.tokens.span(item.token), message, help)


HOOK = Hook(
    name="check-wit-limits",
    summary="check that WIT has no type that is too large for tools, and no hidden or misleading character",
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
