"""Reading a deny.toml as cargo-deny does: what it refuses, and what it warns about since it has moved."""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.deny import values
from dunnage.deny.schema import Either, Package, Schema, Table, Type

Keys = tuple[str | int, ...]
Requirement = Callable[[str], Hashable]
"""Reads a version requirement into something that is equal for equal ones; raises ValueError to refuse it."""

_MOST_COMPARED = 100
_INTEGERS = {"i32": (-(2**31), 2**31 - 1), "u32": (0, 2**32 - 1), "usize": (0, 2**63 - 1)}
_NOUNS = {
    "bool": "true or false",
    "float": "a number with a decimal point",
    "number": "a number",
    "i32": "an integer",
    "u32": "an integer from 0",
    "usize": "an integer from 0",
}


_LATER_IN_PACKAGES = {
    "crate": "write `name`, with `version` beside it if it names one",
    "reason": "say it in a comment",
    "use-instead": "say it in a comment",
}

# The parts of TOML in which others are not to be looked for, and those that matter to where lines may end.
_TOKEN = (
    rb"""(?s)(?P<string>"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}|'{3}.*?'{3,5}|"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*')"""
    rb"""|(?P<comment>\#[^\r\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<newline>\n)|(?P<other>[^\s"'\#\[\]{}]+?)"""
)


class Problem(NamedTuple):
    """Something that cargo-deny has against a file."""

    kind: str
    """`moved`, which is a warning; `removed`, `renamed`, `later`, `unknown`, `missing`, `type`, `value` or `conflict`,
    for which the file is refused.
    """
    keys: Keys
    """Where: a key, or as far down to it as there is something."""
    message: str
    help: str = ""
    about_value: bool = False
    """Whether it is the value of the key, rather than the key."""


def problems(data: Mapping[str, Any], schema: Schema, requirement: Requirement) -> Iterator[Problem]:
    """Everything that cargo-deny finds wrong with what a file says, in no particular order."""
    reader = _Reader(schema, requirement)
    yield from reader.table(data, schema.root, ())
    bans = data.get("bans")
    if isinstance(bans, dict):
        yield from reader.conflicts(bans)


def name_of(keys: Keys) -> str:
    """A key as it is named in messages: `advisories.ignore[2].id`, where the first of an array is 1."""
    return "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def advisory_id(entry: object) -> str | None:
    """The id of the advisory that an entry of `ignore` is about; None if it is about a crate, or about nothing."""
    if isinstance(entry, dict):
        entry = entry.get("id")
        return entry if isinstance(entry, str) else None
    if isinstance(entry, str) and "-" in entry:
        kind = entry.partition("-")[0]
        return entry if kind == "" or (kind.isascii() and kind.isalpha() and kind.isupper()) else None
    return None


def package(entry: object) -> tuple[str, str] | None:
    """The name and the version requirement, or "", of an entry that names crates; None if it names none."""
    if isinstance(entry, dict):
        spec = entry.get("crate")
        if spec is None:
            name, version = entry.get("name"), entry.get("version", "")
            return (name, version) if isinstance(name, str) and isinstance(version, str) else None
        entry = spec
    if not isinstance(entry, str):
        return None
    separator = "@" if "@" in entry else ":"
    name, _, version = entry.partition(separator)
    return name, version


def newer_toml(data: bytes) -> tuple[int, int] | None:
    """Where a TOML file first has what only TOML 1.1 allows; None if it has nothing of it."""
    opened: list[bytes] = []
    last = (b"", 0)
    for token in re.finditer(_TOKEN, data):
        text, kind = token[0], token.lastgroup
        in_table = opened[-1:] == [b"{"]
        if kind == "string" and text[:1] == b'"' and (escape := re.search(rb"(?<!\\)(?:\\\\)*(\\[ex])", text)):
            return token.start() + escape.start(1), token.start() + escape.end(1)
        if in_table and (kind in ("newline", "comment") or (text == b"}" and last[0] == b",")):
            return (last[1], last[1] + 1) if text == b"}" else token.span()
        if kind == "open":
            opened.append(text)
        elif kind == "close" and opened:
            opened.pop()
        last = text, token.start()
    return None


class _Reader:
    def __init__(self, schema: Schema, requirement: Requirement) -> None:
        self._schema = schema
        self._requirement = requirement
        self._compared = 0
        self._tool = f"cargo-deny {schema.generation}"

    def value(self, value: Any, type_: Type, keys: Keys) -> Iterator[Problem]:
        match type_:
            case Table():
                if isinstance(value, dict):
                    yield from self.table(value, type_, keys)
                else:
                    yield self._wrong_type(keys, "a table", value)
            case Package():
                yield from self._package(value, type_, keys)
            case Either(text, table):
                yield from self.value(value, text if isinstance(value, str) else table, keys)
            case [element]:
                if isinstance(value, list):
                    # Entries of thousands are alike, so nothing is made for one before something is wrong with it.
                    for index, entry in enumerate(value):
                        yield from self.value(entry, element, (*keys, index))
                else:
                    yield self._wrong_type(keys, "an array", value)
            case "ignored":
                yield from self._ignored(value, keys)
            case tuple():
                yield from self._choice(value, type_, keys)
            case _:
                yield from self._scalar(value, type_, keys)

    def table(self, data: Mapping[str, Any], table: Table, keys: Keys) -> Iterator[Problem]:
        for key, value in data.items():
            if key in table.removed:
                message = f"`{key}` is no longer a key of {_header(keys)}: {self._tool} refuses it"
                yield Problem("removed", (*keys, key), message, f"remove it: {table.removed[key]}")
                continue
            if key in table.renamed:
                message = f"`{key}` is called `{table.renamed[key]}` now: {self._tool} refuses it"
                yield Problem("renamed", (*keys, key), message, f"write `{table.renamed[key]}`, an array")
                continue
            if key in table.later:
                message = f"`{key}` is no key of {_header(keys)} yet: {self._tool} refuses it"
                yield Problem("later", (*keys, key), message, f"remove it: {table.later[key].lost}")
                continue
            type_ = table.keys.get(key)
            if type_ is None:
                if not table.lax:
                    yield self._unknown((*keys, key), table.keys)
                continue
            if key in table.moved:
                yield from self._moved(data, table, (*keys, key))
            yield from self.value(value, type_, (*keys, key))
        for key in table.required:
            if key not in data:
                yield self._missing(keys, key)

    def _moved(self, data: Mapping[str, Any], table: Table, keys: Keys) -> Iterator[Problem]:
        key = str(keys[-1])
        home = table.moved[key]
        target = _header((*keys[:-1], home))
        message = f"`{key}` has moved from {_header(keys[:-1])} to {target}"
        # Where both are, cargo-deny reads the one at the root, but none beside `[bans.build]`.
        if key == "allow-build-scripts" and home in data:
            message = f"{message}, and where that is, {self._tool} passes it over here"
        yield Problem("moved", keys, message, f"write it under `{target}`")

    def _unknown(self, keys: Keys, known: Mapping[str, Type]) -> Problem:
        from difflib import get_close_matches

        key = str(keys[-1])
        kind = f"`{key}` is no key of {_header(keys[:-1])}"
        # To compare words takes long, and a file with so many unknown ones was not misspelt.
        self._compared += 1
        close = get_close_matches(key, known, n=1) if self._compared < _MOST_COMPARED else []
        help = f"write `{close[0]}` if that is meant, or remove it" if close else "remove it"
        if not close:
            help += f"; the keys there are {', '.join(sorted(known)) or 'none'}"
        return Problem("unknown", keys, f"{kind}: {self._tool} refuses it", help)

    def _missing(self, keys: Keys, key: str) -> Problem:
        return Problem("missing", keys, f"`{name_of(keys)}` has no `{key}`, without which {self._tool} refuses it", "")

    def _wrong_type(self, keys: Keys, wanted: str, value: Any) -> Problem:
        message = f"`{name_of(keys)}` is {_type_name(value)}, which {self._tool} refuses: it must be {wanted}"
        return Problem("type", keys, message, f"write {wanted}", about_value=True)

    def _choice(self, value: Any, choices: tuple[str, ...], keys: Keys) -> Iterator[Problem]:
        wanted = _one_of(choices)
        if not isinstance(value, str):
            yield self._wrong_type(keys, wanted, value)
        elif value not in choices:
            message = f"`{keys[-1]} = {_quoted(value)}` is refused by {self._tool}"
            yield Problem("value", keys, message, f"write {wanted}", about_value=True)

    def _scalar(self, value: Any, type_: str, keys: Keys) -> Iterator[Problem]:
        if type_ in _INTEGERS:
            low, high = _INTEGERS[type_]
            if type(value) is not int or not low <= value <= high:
                yield self._wrong_type(keys, _NOUNS[type_], value)
        elif type_ in ("bool", "float", "number"):
            if type(value) not in {"bool": (bool,), "float": (float,), "number": (float, int)}[type_]:
                yield self._wrong_type(keys, _NOUNS[type_], value)
        elif not isinstance(value, str):
            yield self._wrong_type(keys, "a string", value)
        elif type_ != "string" and (problem := values.KINDS[type_](value, self._schema)):
            message, _, help = problem.partition("; ")
            yield Problem("value", keys, f"{_quoted(value)} {message}: {self._tool} refuses it", help, about_value=True)

    def _package(self, value: Any, type_: Package, keys: Keys) -> Iterator[Problem]:
        if isinstance(value, str) and type_.text:
            yield from self._spec(value, keys)
            return
        if not isinstance(value, dict):
            yield self._wrong_type(keys, "a string or a table" if type_.text else "a table", value)
            return
        naming = ("crate",) if type_.crate and "crate" in value else ("name", "version")
        if naming[0] not in value and (type_.crate or "crate" not in value):
            word = "crate" if type_.crate else "name"
            yield self._missing(keys, word)
        for key in naming:
            if key in value and not isinstance(value[key], str):
                yield self._wrong_type((*keys, key), "a string", value[key])
            elif key == "crate":
                yield from self._spec(value[key], (*keys, key))
            elif key == "version" and key in value:
                yield from self._version(value[key], value[key], (*keys, key))
        others = {key: other for key, other in value.items() if key not in naming}
        for key, other in others.items():
            if key in type_.keys:
                yield from self.value(other, type_.keys[key], (*keys, key))
            elif key in _LATER_IN_PACKAGES and not (type_.crate or type_.lax):
                message = f"`{key}` is no key of {_header(keys)} yet: {self._tool} refuses it"
                yield Problem("later", (*keys, key), message, _LATER_IN_PACKAGES[key])
            elif not type_.lax:
                yield self._unknown((*keys, key), dict.fromkeys(naming) | type_.keys)
        if others or not type_.text:
            for key in type_.required:
                if key not in others:
                    yield self._missing(keys, key)

    def _spec(self, text: str, keys: Keys) -> Iterator[Problem]:
        if "@" in text or ":" in text:
            _, version = package(text) or ("", "")
            yield from self._version(version, text, keys)

    def _version(self, version: str, text: str, keys: Keys) -> Iterator[Problem]:
        try:
            self._requirement(version)
        except ValueError as problem:
            message = f"{_quoted(text)} is refused by {self._tool}: {str(problem).partition('; ')[0]}"
            help = 'write a name, "name@1.2.3" for one version, or "name:>=1.2, <1.5" for several'
            if text is version:
                help = "write a version requirement, such as =1.2.3 or >=1.2, <1.5"
            yield Problem("value", keys, message, help, about_value=True)

    def _ignored(self, value: Any, keys: Keys) -> Iterator[Problem]:
        if isinstance(value, dict) and "id" in value:
            yield from self.table(value, Table({"id": "string", "reason": "string"}), keys)
        elif advisory_id(value) is None:
            yield from self._package(value, Package({"reason": "string"}, required=("reason",), lax=True), keys)

    def conflicts(self, bans: Mapping[str, Any]) -> Iterator[Problem]:
        """What must not be in two lists of [bans] at once."""
        lists = {name: self._named(bans.get(name)) for name in ("deny", "allow", "skip")}
        for first, second in (("deny", "allow"), ("deny", "skip"), ("allow", "skip")):
            other = dict(lists[second])
            for spec, index in lists[first]:
                if spec in other:
                    message = f"`{spec[0]}` is in both `{first}` and `{second}` of [bans]: {self._tool} refuses that"
                    yield Problem("conflict", ("bans", first, index), message, "keep one of them", about_value=True)
        for index, entry in enumerate(_tables(bans.get("deny"))):
            if entry and entry.get("deny-multiple-versions") is True and _strings(entry.get("wrappers")):
                keys = ("bans", "deny", index, "wrappers")
                message = f"`{name_of(keys)}` and `deny-multiple-versions` are both set: {self._tool} refuses that"
                yield Problem("conflict", keys, message, "keep one of them")
        for index, entry in enumerate(_tables(bans.get("features"))):
            denied = frozenset(_strings(entry and entry.get("deny")))
            for position, feature in enumerate(_strings(entry and entry.get("allow"))):
                if feature in denied:
                    place = ("bans", "features", index, "allow", position)
                    message = f"the feature `{feature}` is both in `allow` and in `deny`: {self._tool} refuses that"
                    yield Problem("conflict", place, message, "keep one of them")

    def _named(self, entries: Any) -> list[tuple[tuple[str, Hashable], int]]:
        """The crates that a list of [bans] names, each with its index."""
        named: list[tuple[tuple[str, Hashable], int]] = []
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            spec = package(entry)
            if spec is None or (isinstance(entry, dict) and entry.get("deny-multiple-versions") is True):
                continue
            name, version = spec
            text = entry.get("crate", "") if isinstance(entry, dict) else entry
            try:
                requirement = self._requirement(exactly(version) if "@" in text else version) if version else None
            except ValueError:
                continue
            named.append(((name, requirement), index))
        return named


def exactly(version: str) -> str:
    """What `@` makes of a version requirement: the operator of the first comparator counts for nothing."""
    first, *rest = version.split(",")
    number = first.lstrip(" <>=~^").rstrip(" *xX.")
    return ",".join(([f"={number}"] if number else ["*"]) + rest)


def _tables(entries: Any) -> list[dict[str, Any] | None]:
    return [entry if isinstance(entry, dict) else None for entry in (entries if isinstance(entries, list) else ())]


def _strings(entries: Any) -> list[str]:
    return [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []


def _header(keys: Keys) -> str:
    if not keys:
        return "the top of the file"
    return f"`{name_of(keys)}`" if any(isinstance(key, int) for key in keys) else f"[{name_of(keys)}]"


def _one_of(choices: tuple[str, ...]) -> str:
    quoted = [f'"{choice}"' for choice in choices]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _type_name(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int():
            return "an integer"
        case float():
            return "a number with a decimal point"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "a table"
    return "a date or time"


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= 60 else text[:59] + "…"}"'
