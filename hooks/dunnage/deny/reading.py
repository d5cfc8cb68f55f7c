"""Finds what cargo-deny rejects in a deny.toml, and the keys in an old place that it warns about; and what fixes it."""

import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dunnage.deny import licences, values
from dunnage.deny.policy import ROOT, TOOL, CrateType, Either, TableType, Type
from dunnage.files import toml
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File

if TYPE_CHECKING:
    from dunnage.files.toml_edit import Change

Requirement = Callable[[str], Hashable]
"""Parses a version requirement. Results are equal for equal requirements. Raises ValueError for an invalid one."""

_MOST_COMPARED = 100
_INTEGERS = {"i32": range(-(2**31), 2**31), "u32": range(2**32), "usize": range(2**63)}
_SIMPLE_TYPES = {"bool": bool, "float": float}
_NAMES = {
    bool: "true or false",
    int: "an integer",
    float: "a number with a decimal point",
    str: "a string",
    list: "an array",
    dict: "a table",
}
_BLANKETS = {
    "both": "every licence that both the OSI and the FSF approve",
    "either": "every licence that the OSI or the FSF approves",
    "osi": "every licence that the OSI approves",
    "fsf": "every licence that the FSF approves",
    "osi-only": "every licence that the OSI approves and the FSF does not",
    "fsf-only": "every licence that the FSF approves and the OSI does not",
}
_LENIENT = {
    "copyleft": "every copyleft licence",
    "default": "every licence that was not in `deny`",
    "unlicensed": "crates without a licence",
    "vulnerability": "every vulnerability",
    "notice": "every notice",
}


def problems(file: File, data: Mapping[str, Any], requirement: Requirement) -> Iterator[Problem]:
    """Yield everything that cargo-deny rejects or warns about in the content of a file, in no particular order."""
    reader = _Reader(file, requirement)
    yield from reader.table(data, ROOT, ())
    bans = data.get("bans")
    if isinstance(bans, dict):
        yield from reader.listed_twice(bans)
        yield from reader.excluded_settings(bans)


def name_of(keys: Keys) -> str:
    """Return a key as messages name it: `advisories.ignore[2].id`. Arrays count from 1."""
    return "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def advisory_id(entry: object) -> str | None:
    """Return the advisory id in an entry of `ignore`; None if the entry names a crate or is invalid."""
    if isinstance(entry, dict):
        entry = entry.get("id")
        return entry if isinstance(entry, str) else None
    if isinstance(entry, str) and "-" in entry:
        kind = entry.partition("-")[0]
        return entry if kind == "" or (kind.isascii() and kind.isalpha() and kind.isupper()) else None
    return None


def package(entry: object) -> tuple[str, str] | None:
    """Return the name and the version requirement, or "", of an entry that names a crate; None for any other entry."""
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


def _formerly_allowed(key: str, value: object) -> str:
    """Return what a removed key with this value allowed and cargo-deny rejects now; empty if that is nothing."""
    if not isinstance(value, str):
        return ""
    if key == "severity-threshold":
        return f"vulnerabilities below {value}" if value.lower() != "none" else ""
    known = _BLANKETS if key == "allow-osi-fsf-free" else dict.fromkeys(("allow", "warn"), _LENIENT.get(key, ""))
    return known.get(value, "")


class _Reader:
    def __init__(self, file: File, requirement: Requirement) -> None:
        self._file = file
        self._requirement = requirement
        self._compared = 0

    def table(self, data: Mapping[str, Any], table: TableType, keys: Keys) -> Iterator[Problem]:
        for key, value in data.items():
            place = (*keys, key)
            if key in table.removed:
                yield self._removed(place, value, table.removed[key])
            elif key in table.renamed:
                message = f"`{key}` was renamed to `{table.renamed[key]}`: {TOOL} rejects it"
                yield self._rejected(place, message, f"write `{table.renamed[key]} = [...]`, an array of strings")
            elif key not in table.keys:
                yield self._unknown(place, table.keys)
            else:
                if key in table.moved:
                    yield self._moved(data, table.moved[key], place)
                yield from self._value(value, table.keys[key], place)
        yield from self._missing(data, table.required, keys)

    def listed_twice(self, bans: Mapping[str, Any]) -> Iterator[Problem]:
        """Yield crates that are in two lists of [bans] that exclude each other."""
        lists = {name: self._named(bans.get(name)) for name in ("deny", "allow", "skip")}
        for first, second in (("deny", "allow"), ("deny", "skip"), ("allow", "skip")):
            other = dict(lists[second])
            for spec, index in lists[first]:
                if spec in other:
                    message = f"`{spec[0]}` is in both `{first}` and `{second}` of [bans]: {TOOL} rejects this"
                    yield self._rejected(("bans", first, index), message, "remove one of them", about_value=True)

    def excluded_settings(self, bans: Mapping[str, Any]) -> Iterator[Problem]:
        """Yield settings of one entry of [bans] that exclude each other."""
        for index, entry in enumerate(_tables(bans.get("deny"))):
            if entry.get("deny-multiple-versions") is True and _strings(entry.get("wrappers")):
                keys: Keys = ("bans", "deny", index, "wrappers")
                message = f"`{name_of(keys)}` and `deny-multiple-versions` are both set: {TOOL} rejects this"
                yield self._rejected(keys, message, "remove one of them")
        for index, entry in enumerate(_tables(bans.get("features"))):
            denied = frozenset(_strings(entry.get("deny")))
            for position, feature in enumerate(_strings(entry.get("allow"))):
                if feature in denied:
                    keys = ("bans", "features", index, "allow", position)
                    message = f"the feature `{feature}` is in both `allow` and `deny`: {TOOL} rejects this"
                    yield self._rejected(keys, message, "remove one of them")

    def _named(self, entries: Any) -> list[tuple[tuple[str, Hashable], int]]:
        """Return the crates that a list of [bans] names, each with its index."""
        named: list[tuple[tuple[str, Hashable], int]] = []
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            spec = package(entry)
            if spec is None or (isinstance(entry, dict) and entry.get("deny-multiple-versions") is True):
                continue
            name, version = spec
            text = entry.get("crate", "") if isinstance(entry, dict) else entry
            try:
                requirement = self._requirement(_exactly(version) if "@" in text else version) if version else None
            except ValueError:
                continue
            named.append(((name, requirement), index))
        return named

    def _value(self, value: Any, type_: Type, keys: Keys) -> Iterator[Problem]:
        match type_:
            case TableType():
                if isinstance(value, dict):
                    yield from self.table(value, type_, keys)
                else:
                    yield self._wrong_type(keys, "a table", value)
            case CrateType():
                yield from self._package(value, type_, keys)
            case Either(text, table):
                yield from self._value(value, text if isinstance(value, str) else table, keys)
            case [element]:
                if isinstance(value, list):
                    # Lists may have thousands of entries, so nothing is built for an entry that is valid.
                    for index, entry in enumerate(value):
                        yield from self._value(entry, element, (*keys, index))
                else:
                    yield self._wrong_type(keys, "an array", value)
            case "ignored":
                yield from self._ignored(value, keys)
            case tuple():
                yield from self._choice(value, type_, keys)
            case _:
                yield from self._scalar(value, type_, keys)

    def _choice(self, value: Any, choices: tuple[str, ...], keys: Keys) -> Iterator[Problem]:
        *most, last = (f'"{choice}"' for choice in choices)
        wanted = f"{', '.join(most)} or {last}"
        if not isinstance(value, str):
            yield self._wrong_type(keys, wanted, value)
        elif value not in choices:
            message = f"`{keys[-1]} = {_quoted(value)}` is rejected by {TOOL}"
            yield self._rejected(keys, message, f"write {wanted}", about_value=True)

    def _scalar(self, value: Any, type_: str, keys: Keys) -> Iterator[Problem]:
        if type_ in _INTEGERS:
            if type(value) is not int or value not in _INTEGERS[type_]:
                yield self._wrong_type(keys, "an integer" if type_ == "i32" else "an integer from 0", value)
        elif type_ in _SIMPLE_TYPES:
            if type(value) is not _SIMPLE_TYPES[type_]:
                yield self._wrong_type(keys, _NAMES[_SIMPLE_TYPES[type_]], value)
        elif not isinstance(value, str):
            yield self._wrong_type(keys, _NAMES[str], value)
        elif type_ == "crate":
            yield from self._spec(value, keys)
        elif type_ == "version":
            yield from self._version(value, value, keys)
        elif type_ != "string" and (wrong := values.KINDS[type_](value)):
            clause, _, help = wrong.partition("; ")
            yield self._rejected(keys, f"{_quoted(value)} {clause}: {TOOL} rejects it", help, about_value=True)

    def _package(self, value: Any, type_: CrateType, keys: Keys) -> Iterator[Problem]:
        if isinstance(value, str) and type_.text:
            yield from self._spec(value, keys)
        elif isinstance(value, dict):
            yield from self._package_table(value, type_, keys)
        else:
            yield self._wrong_type(keys, "a string or a table" if type_.text else "a table", value)

    def _package_table(self, value: dict[str, Any], type_: CrateType, keys: Keys) -> Iterator[Problem]:
        naming = {"crate": "crate"} if "crate" in value else {"name": "string", "version": "version"}
        known = naming | type_.keys
        if "crate" not in value and "name" not in value:
            yield from self._missing(value, ("crate",), keys)
        for key, other in value.items():
            if key in known:
                yield from self._value(other, known[key], (*keys, key))
            elif not type_.lax:
                yield self._unknown((*keys, key), known)
        if not type_.text or not naming.keys() >= value.keys():
            yield from self._missing(value, type_.required, keys)

    def _spec(self, text: str, keys: Keys) -> Iterator[Problem]:
        if "@" in text or ":" in text:
            _, version = package(text) or ("", "")
            yield from self._version(version, text, keys)

    def _version(self, version: str, text: str, keys: Keys) -> Iterator[Problem]:
        try:
            self._requirement(version)
        except ValueError as error:
            message = f"{_quoted(text)} is rejected by {TOOL}: {str(error).partition('; ')[0]}"
            help = 'write a name, "name@1.2.3" for one version, or "name:>=1.2, <1.5" for several'
            if text is version:
                help = "write a version requirement, such as =1.2.3 or >=1.2, <1.5"
            yield self._rejected(keys, message, help, about_value=True)

    def _ignored(self, value: Any, keys: Keys) -> Iterator[Problem]:
        if isinstance(value, dict) and "id" in value:
            yield from self.table(value, TableType({"id": "string", "reason": "string"}), keys)
        elif advisory_id(value) is None:
            yield from self._package(value, CrateType({"reason": "string"}, required=("reason",), lax=True), keys)

    def _rejected(self, keys: Keys, message: str, help: str, about_value: bool = False) -> Problem:
        return Problem("deny-toml/rejected", self._file, message, help, keys, about_value)

    def _removed(self, keys: Keys, value: Any, consequence: str) -> Problem:
        message = f"`{keys[-1]}` was removed from {_header(keys[:-1])}: {TOOL} rejects it"
        passed = _formerly_allowed(str(keys[-1]), value)
        help = f"remove it: {consequence}" + (f"; it allowed {passed}" if passed else "")
        return self._rejected(keys, message, help)

    def _moved(self, data: Mapping[str, Any], home: str, keys: Keys) -> Problem:
        target = _header((*keys[:-1], home))
        message = f"`{keys[-1]}` moved from {_header(keys[:-1])} to {target}"
        # Where both are, cargo-deny reads the one at the root, but none beside `[bans.build]`.
        if keys[-1] == "allow-build-scripts" and home in data:
            message += f"; {TOOL} ignores it here because {target} exists"
        return Problem("deny-toml/moved", self._file, message, f"move it to {target}", keys)

    def _unknown(self, keys: Keys, known: Mapping[str, Type]) -> Problem:
        from difflib import get_close_matches

        key = str(keys[-1])
        # Comparing words is slow, and a file with so many unknown keys has no spelling mistake.
        self._compared += 1
        close = get_close_matches(key, known, n=1) if self._compared < _MOST_COMPARED else []
        help = f"write `{close[0]}`, or remove the key" if close else "remove it"
        if not close:
            help += f"; the valid keys are {', '.join(sorted(known)) or 'none'}"
        return self._rejected(keys, f"`{key}` is not a key of {_header(keys[:-1])}: {TOOL} rejects it", help)

    def _missing(self, data: Mapping[str, Any], required: Iterable[str], keys: Keys) -> Iterator[Problem]:
        for key in required:
            if key not in data:
                message = f"`{name_of(keys)}` has no `{key}`: {TOOL} rejects it"
                yield self._rejected(keys, message, f"add `{key}`")

    def _wrong_type(self, keys: Keys, wanted: str, value: Any) -> Problem:
        message = f"`{name_of(keys)}` is {_NAMES.get(type(value), 'a date or time')}, but {TOOL} requires {wanted}"
        return self._rejected(keys, message, f"write {wanted}", about_value=True)


def _exactly(version: str) -> str:
    """Return the requirement that cargo-deny reads after `@`: it ignores the operator of the first comparator."""
    first, *rest = version.split(",")
    number = first.lstrip(" <>=~^").rstrip(" *xX.")
    return ",".join(([f"={number}"] if number else ["*"]) + rest)


def _tables(entries: Any) -> list[dict[str, Any]]:
    """Return the entries of an array, with an empty table for each one that is not a table."""
    return [entry if isinstance(entry, dict) else {} for entry in (entries if isinstance(entries, list) else ())]


def _strings(entries: Any) -> list[str]:
    return [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []


def _header(keys: Keys) -> str:
    if not keys:
        return "the top level"
    return f"`{name_of(keys)}`" if any(isinstance(key, int) for key in keys) else f"[{name_of(keys)}]"


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= 60 else text[:59] + "…"}"'


# Changes


# A scope has no warnings, so what an older cargo-deny only warned about now fails the check.
_SCOPES = {"deny": "all", "warn": "all", "allow": "none"}


def migration(file: File, data: dict[str, Any], problem: Problem) -> "Change | None":
    """Return the safe change that fixes a problem of a file for an older cargo-deny; None if the user must decide.

    To drop a removed key never weakens the policy: cargo-deny now behaves as with the key, or rejects what the key
    allowed. The user must list licences that such a key allowed.
    """
    from dunnage.files.toml_edit import Change, Remove, Rename
    from dunnage.files.toml_section import exists, value_at

    keys = problem.keys
    table, key, value = (
        _table(keys[:-1]),
        keys[-1] if keys else "",
        value_at(data, keys) if exists(data, keys) else None,
    )
    if problem.rule == "deny-toml/moved":
        return _move(file, data, keys)
    if table and key in table.removed:
        passed = _formerly_allowed(str(key), value)
        suffix = f", which allowed {passed}" if passed else ""
        return Change(f"removed `{key}`{suffix}", (Remove(keys, is_template_text),))
    if table and key in table.renamed:
        name = table.renamed[str(key)]
        return Change(f"renamed to `{name}`", (Rename(keys, name, [value]),)) if isinstance(value, str) else None
    return _rewritten(keys, value) if isinstance(value, str) else None


def _rewritten(keys: Keys, value: str) -> "Change | None":
    from dunnage.files.toml_edit import Change, Set

    match keys:
        case ("advisories", "unmaintained" | "unsound") if value in _SCOPES:
            scope = _SCOPES[value]
            return Change(f'replaced "{value}" by "{scope}"', (Set(keys, scope),))
        case ("licenses", *_, "allow", int()) if value.endswith("+"):
            licence = f"{value.removesuffix('+').removesuffix('-only')}-or-later"
            if licences.licensee(licence) is None:
                return Change(f'replaced "{value}" by "{licence}"', (Set(keys, licence),))
        case ("licenses", *_, "expression"):
            renamed = licences.renamed_expression(value)
            if renamed != value and licences.expression(renamed) is None:
                return Change(f'replaced "{value}" by "{renamed}"', (Set(keys, renamed),))
    return None


def _move(file: File, data: dict[str, Any], keys: Keys) -> "Change":
    from dunnage.files.toml_edit import AddHeader, Change, Move, Remove

    if keys[0] == "bans":
        build = data["bans"].get("build")
        if isinstance(build, dict) and keys[-1] in build:
            return Change("removed, because the one in [bans.build] takes precedence", (Remove(keys),))
        # Without [bans.build], cargo-deny checks build scripts only.
        beside = {"executables": "allow", "interpreted": "warn"}
        return Change("moved to [bans.build]", (Move(keys, ("bans", "build"), beside),))
    home = ROOT.moved[str(keys[-1])]
    end_above = toml.sections(file)[0].end
    is_mixed = any(toml.locate(file, (key,)).start < end_above for key in data if key not in ROOT.moved)
    if home != "graph" or home in data or is_mixed:
        return Change(f"moved to [{home}]", (Move(keys, (home,), {}),))
    moved = [key for key in data if ROOT.moved.get(key) == home]
    elsewhere = [Move((key,), (other,), {}) for key, other in ROOT.moved.items() if other != home and key in data]
    return Change(f"moved to [{home}]", (*elsewhere, AddHeader(home, tuple(moved))))


def _table(keys: Keys) -> TableType | None:
    """Return the schema of the table at `keys`."""
    type_: Any = ROOT
    for key in keys:
        type_ = type_.keys.get(str(key)) if isinstance(type_, TableType) else None
    return type_ if isinstance(type_, TableType) else None


# The template of `cargo deny init`


def is_template_text(text: str) -> bool:
    """Whether a comment line, without its marker, or a reason is word for word that of a template."""
    return f"{zlib.crc32(text.strip(' #').encode('utf-8', 'replace')):08x}"[1:] in _DIGESTS


# The comments and sample reasons of the template that `cargo deny init` writes, in all releases up to 0.20.2: seven of
# the eight digits of the CRC-32 of each text in UTF-8, which are enough.
_DIGESTS = """
00004c4 0017816 00936f7 00bb721 01eb7f4 024dcfe 026bce5 05800a1 08f89e2 0a93254 0b773c6 0c72785 0cc2e82 0d56ead 10a96bf
135ea89 1522212 169c905 16a299f 171f596 184e8f7 19dcafb 1a04ae2 1afe65f 1b40d78 1d04a87 2034786 22c65e6 23a3041 2520434
25e60b1 27c2cc1 28cab4c 295a271 29734f5 2b22e8d 2b2f3d4 2bf9e74 2c08fa3 2cd8d3e 306227e 306969e 347cda0 3551897 362a82c
36f30e8 377fb4e 38652ad 3aeabeb 3c250a6 3c8a06f 3cb5047 3cf6fd8 3e61428 426314d 43467ac 43824fe 4411761 44cfe5d 45a136d
48ef7d2 4a6b4ab 4bfd963 4c8f818 4ec26c0 518456c 530f9f7 54399f4 54ae71e 551ac26 569eeb5 585b374 59962a7 5a9158f 5d1c948
60676f2 60f4a1a 616e382 634b2fe 63a4ec3 64c4418 653a3a5 65721bd 6965094 69f705f 6c25ded 6c48f4d 6d83637 6d87761 6f6e12c
71199e5 72648f3 72c95cc 7351ab9 741d8b0 7547ce8 75bfeb4 75f8663 76b0856 76eb044 783e814 785b586 78d87e9 7cb4f21 7d312d7
7dbc79b 7e5f64b 7fd237a 83e17dc 8482201 84ad817 84b6b40 84c5e01 84cbd29 8625114 8707085 876810d 884c6af 88c49cb 89c83b4
8b89a47 8ce556d 916fb74 92f723e 936e25d 93b0451 952ddb6 9762843 986f20f 98cb967 997837f 999b62f 9c6f163 9e25afb 9e7ae12
a0d83fc a0f1428 a1073ed a12ef79 a14e986 a348b7b a411d82 a6a1db6 a6f9624 a90047f aa75595 aac3b9b aac94d9 ab546fb ac118b9
acd17b0 ad83e41 aee8c36 afcb2e0 b1bc687 b30b9c3 b3d0dff b47573d b4760b7 b4b87c4 b53c94d b6a2aa7 b79e19a b9549a2 bae55e1
bced74a bf20ffe bfb0bc3 c0d38fd c154fc2 c2e76c2 c31945e c389d27 c3d656c c456798 c62a3bb c97756e c9a848a c9b1424 cc1536e
cda33e5 cdf2887 cfb6dd3 d1f4d14 d1f71bb d3d4ab6 d40884b d48c912 d5a6c81 d64044f d71b802 d74c809 d763272 d8308c3 d8710fb
d9cd840 da60b59 db591cc db89d32 ddd55f9 dfdb3d4 e16d30b e4c54fa e4ed744 e63543d e88a096 e89fd6e e8eb2d6 e93dbb3 e9f1c46
eb1b490 ec6a05e ed10c9e ed5525d ee96f62 ef449fa f0049f3 f0d408f f24d053 f2cd09b f37011f f513422 f53ce86 f6201af f6a6efc
f734fd0 f7653e6 f7e1e28 f7e48ca f8275ac fa06b8c fbf0ad8 fc2a69e fc4c6bb fccc514 fdcd417 fe5019b fec8fae ffbec65
"""
