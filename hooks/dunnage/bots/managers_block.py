"""The custom managers with which Renovate reads the pins of tools in a repository."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from dunnage.bots.patterns import MAX_STEPS, Budget, Pattern, UnsupportedError
from dunnage.ci.pinned_tools import PinnedTool
from dunnage.files.source import File

_VERSION = r"\d+\.\d+\.\d+[\w.+-]*"
_VALUE = rf"(?<currentValue>{_VERSION})"
_COMMAND_FILES = (
    r"/(^|/)([Dd]ocker|[Cc]ontainer)file[^/]*$/",
    r"/\.([Dd]ocker|[Cc]ontainer)file$/",
    r"/(^|/)\.github/(workflows|actions)/.+\.ya?ml$/",
    r"/(^|/)action\.ya?ml$/",
    r"/\.gitlab-ci\.ya?ml$/",
    r"/\.sh$/",
    r"/(^|/)([Mm]akefile|\.?[Jj]ustfile)$/",
)
_COMMAND = r"cargo[\s-]+(?:\+\S+\s+)?b?install\b(?:[^\n;&|\\]|\\\r?\n)*"
_OPERAND = rf"\s(?<depName>[A-Za-z][\w-]*)@=?{_VALUE}"
_MOST_LINES = 8
_LARGEST_FILE = 256 * 1024
_BEFORE, _AFTER = 2000, 500
"""How many characters around a version an expression is compared with."""
_BYTES_BEFORE, _BYTES_AFTER = 2000, 500
"""How many bytes around a version a match may cover."""
MOST_PINS = 200
"""How many pins of tools are judged, in the order of their files. Real repositories have up to 60."""


class Place(NamedTuple):
    """A pin, and the path of its file in the repository."""

    pin: PinnedTool
    path: str


def block(places: Sequence[Place]) -> tuple[list[dict[str, Any]], list[Place]]:
    """Return entries of `customManagers`, and the pins that they read.

    Left out is a pin whose registry or place is unknown, or that no expression tells from other versions.
    """
    known = [place for place in places if place.pin.registry and place.pin.literal is not None]
    managers: list[dict[str, Any]] = []
    listed = [place for place in known if place.pin.kind == "list"]
    if listed:
        managers.append(_list_manager(listed))
    rest = [place for place in known if place.pin.kind != "list"]
    budget = Budget()
    general = [Pattern(_COMMAND, budget=budget), Pattern(_OPERAND, budget=budget)]
    commands = [place for place in rest if _is_general(place, general, budget)]
    if commands:
        managers.append(
            {
                "customType": "regex",
                "managerFilePatterns": [text for text in _COMMAND_FILES if _matches_any(text, commands)],
                "matchStringsStrategy": "recursive",
                "matchStrings": [_COMMAND, _OPERAND],
                "datasourceTemplate": "crate",
                "versioningTemplate": "semver",
            }
        )
    rest = [place for place in rest if place not in commands]
    single, read = _single_managers(rest)
    return [*managers, *single], [*listed, *commands, *read]


def _list_manager(places: Sequence[Place]) -> dict[str, Any]:
    tables = sorted({table for place in places for table in ("package", "workspace") if _has_table(place, table)})
    pair = '{ "depName": $k, "currentValue": $v }'
    return {
        "customType": "jsonata",
        "fileFormat": "toml",
        "managerFilePatterns": [r"/^Cargo\.toml$/"],
        "matchStrings": [
            # Without brackets, a list with one entry would not be an array.
            f"[$each({table}.metadata.dunnage.tools, function($v, $k) {{ {pair} }})]"
            for table in tables
        ],
        "datasourceTemplate": "crate",
        "versioningTemplate": "semver",
    }


def _has_table(place: Place, table: str) -> bool:
    from dunnage.files import toml

    return isinstance(toml.lookup(toml.parse(place.pin.file), (table, "metadata", "dunnage", "tools")), dict)


def _is_general(place: Place, patterns: Sequence[Pattern], budget: Budget) -> bool:
    """Whether the manager for all `cargo install NAME@VERSION` reads a pin, with the right name.

    `patterns` are those of the manager; `budget` is theirs, and each pin has all of it.
    """
    pin = place.pin
    if pin.kind != "command" or pin.registry != "crate" or pin.literal is None or not _matches_any_of(place):
        return False
    start = pin.literal.start
    before = pin.file.data[max(start - _BYTES_BEFORE, 0) : start]
    name = before.removesuffix(b"=").removesuffix(b"@").decode("utf-8", "replace")
    budget.left = MAX_STEPS
    return bool(re.search(rf"\s{re.escape(pin.name)}\Z", name[-200:])) and captures(patterns, pin, is_recursive=True)


def _matches_any_of(place: Place) -> bool:
    return any(_matches_any(text, [place]) for text in _COMMAND_FILES)


def _matches_any(text: str, places: Iterable[Place]) -> bool:
    return any(re.search(text[1:-1], place.path) for place in places)


def _single_managers(places: Sequence[Place]) -> tuple[list[dict[str, Any]], list[Place]]:
    """Managers for one tool each, whose expressions hold the text around the version."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    read: list[Place] = []
    budget = Budget()
    for place in places:
        expression = _expression(place, places, budget)
        if expression is not None:
            paths = found.setdefault((place.pin.registry, place.pin.name), {}).setdefault(expression, [])
            if place.path not in paths:
                paths.append(place.path)
            read.append(place)
    return [*_merged(found)], read


def _merged(found: "dict[tuple[str, str], dict[str, list[str]]]") -> Iterator[dict[str, Any]]:
    for (registry, name), expressions in found.items():
        by_paths: dict[tuple[str, ...], list[str]] = {}
        for expression, paths in expressions.items():
            by_paths.setdefault(tuple(paths), []).append(expression)
        for files, matches in by_paths.items():
            manager: dict[str, Any] = {
                "customType": "regex",
                "managerFilePatterns": [f"/^{_escape(path)}$/" for path in files],
                "matchStrings": matches,
                "depNameTemplate": name,
                "datasourceTemplate": registry,
            }
            yield manager | ({"versioningTemplate": "semver"} if registry == "crate" else {})


def _expression(place: Place, places: Sequence[Place], budget: Budget) -> str | None:
    """An expression that matches the version of a pin, and no other version of the file but those of the same tool."""
    literal = place.pin.literal
    if literal is None or len(place.pin.file.data) > _LARGEST_FILE:
        return None
    text = _text(place.pin.file)
    start = _character(place.pin.file, literal.start)
    end = start + literal.end - literal.start
    own_places = {
        _character(place.pin.file, other.pin.literal.start)
        for other in places
        if other.path == place.path and other.pin.name == place.pin.name and other.pin.literal is not None
    }
    line_end = text.find("\n", end)
    after = text[end : line_end if line_end >= 0 else len(text)]
    for before in _prefixes(text, start):
        for suffix in ("", after[:80].rstrip()):
            if not _names_something(before + suffix):
                continue
            expression = f"{_flexible(before)}{_VALUE}{_flexible(suffix)}"
            try:
                pattern = Pattern(expression, budget=budget)
                places_of_others = [at for at in place.pin.file.memo(_version_places) if at not in own_places]
                budget.spend(len(places_of_others))
                if not _reads_any(pattern, _parts(before), text, places_of_others):
                    return expression if captures([pattern], place.pin, is_recursive=False) else None
            except UnsupportedError:
                return None
    return None


def _text(file: File) -> str:
    return file.data.decode("utf-8", "surrogateescape")


def _character(file: File, offset: int) -> int:
    """The number of characters before a byte."""
    return file.memo(_counted_characters)(offset)


def _counted_characters(file: File) -> Callable[[int], int]:
    """The function that counts the characters before a byte, each byte once."""
    data = file.data
    return cache(lambda offset: len(data[:offset].decode("utf-8", "surrogateescape")))


def _version_places(file: File) -> list[int]:
    """The characters at which something begins in a file that may be read as a version."""
    numbers = re.finditer(r"(?<!\d)(?=\d+\.\d+\.\d+)(\d{1,20})", _text(file))
    return [at for number in numbers for at in range(number.start(), number.end())]


def _reads_any(pattern: Pattern, before: Sequence[str], text: str, places: Iterable[int]) -> bool:
    """Whether an expression reads a version at one of some places. `before` are the parts of the text before a version.

    With parts such as `\\S+?`, an expression of Python would take time that grows with a power of the length of the
    text. So the text before each place is compared first, and then an automaton decides.
    """
    for start in places:
        if _follows(before, text, start):
            first = max(start - _BEFORE, 0)
            if pattern.captures(text[first : start + _AFTER], start - first):
                return True
    return False


def _follows(parts: Sequence[str], text: str, end: int) -> bool:
    """Whether the last parts of a text, up to a version, are before a place of another text."""
    for part in reversed(parts):
        if _is_version(part):
            return True
        if part.isspace():
            start = end
            while start and text[start - 1].isspace():
                start -= 1
            if start == end:
                return False
            end = start
        elif text.startswith(part, end - len(part)) and end >= len(part):
            end -= len(part)
        else:
            return False
    return True


def _prefixes(text: str, start: int) -> Iterator[str]:
    """Yield the text before a version: from its word on, from its line on, then from lines above on."""
    line = text.rfind("\n", 0, start) + 1
    before = text[line:start].lstrip()[-200:]
    word = re.search(r"[\w${}./-]+[\s=:@]*[\"']?[=v]?$", before)
    if word:
        yield word[0]
    yield before
    for _ in range(_MOST_LINES):
        if line == 0:
            return
        line = text.rfind("\n", 0, line - 1) + 1
        if start - line > 1500:
            return
        yield text[line:start].lstrip()


_COMMON = frozenset(
    (
        *("arg", "args", "binstall", "cargo", "crate", "default", "env", "false", "force", "install", "locked", "name"),
        *("required", "run", "step", "sudo", "tool", "true", "uses", "vers", "version", "with", "yes"),
    )
)
"""Words that say nothing about a tool."""


def _names_something(text: str) -> bool:
    return any(word.lower() not in _COMMON for word in re.findall(r"[A-Za-z][\w-]*", text))


def _flexible(text: str) -> str:
    """An expression for a text in which spaces and other versions may change."""
    return "".join(
        r"\s+" if part.isspace() else r"\S+?" if _is_version(part) else _escape(part) for part in _parts(text)
    )


def _parts(text: str) -> list[str]:
    """The spaces, the versions and the texts between them."""
    return [part for part in re.split(rf"(\s+|(?<![\w.]){_VERSION})", text) if part]


def _is_version(text: str) -> bool:
    return re.fullmatch(_VERSION, text) is not None


def _escape(text: str) -> str:
    """The expression for a text, for RE2 and JavaScript alike."""
    return re.sub(r"([.*+?^${}()|\[\]\\/])", r"\\\1", text)


def written(settings: dict[str, Any] | list[dict[str, Any]]) -> str:
    """The settings as JSON."""
    import json

    text = json.dumps(settings, indent=2, ensure_ascii=False)
    return re.sub(r"\[\s+(\"(?:[^\"\\]|\\.)*\")\s+\]", r"[\1]", text)


def captures(patterns: Sequence[Pattern], pin: PinnedTool, *, is_recursive: bool) -> bool:
    """Whether one of several patterns, or the last of nested ones, matches a version. Raises UnsupportedError."""
    data, span = pin.file.data, pin.literal or pin.span
    before = data[max(span.start - _BYTES_BEFORE, 0) : span.start].decode("utf-8", "replace")
    text = before + data[span.start : span.end + _BYTES_AFTER].decode("utf-8", "replace")
    start = len(before)
    end = start + len(data[span.start : span.end].decode())
    if is_recursive:
        *outer, last = patterns
        for pattern in outer:
            found = pattern.enclosing_end(text, start, end)
            if found is None:
                return False
            text = text[:found]
        return last.captures(text, start, end)
    return any(pattern.captures(text, start, end) for pattern in patterns)
