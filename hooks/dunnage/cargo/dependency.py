"""The dependency tables of a manifest, and values of manifests in general, checked for their TOML type.

Source of the rules: the Cargo book, "Specifying Dependencies" and "Platform specific dependencies", and the Rust
reference, "Conditional compilation". Every combination of keys that Cargo rejects raises a ManifestError.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dunnage.cargo import source_id
from dunnage.cargo.source_id import CRATES_IO, LONGEST, SourceId, SourceIdError
from dunnage.cargo.version import LONGEST_NAME, Requirement, Version, VersionError
from dunnage.files.document import Keys
from dunnage.files.source import File


class ManifestError(ValueError):
    """Cargo rejects something in a manifest.

    keys: its place in the document, down to the last key that exists. help: how to correct it.
    """

    def __init__(self, message: str, keys: Keys, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys
        self.help = help


def table(value: Any, keys: Keys) -> Mapping[str, Any]:
    """Return `value` if it is a table. Raises ManifestError."""
    if not isinstance(value, dict):
        raise _mismatch(keys, "a table")
    return value


def string(value: Any, keys: Keys) -> str:
    """Return `value` if it is a string. Raises ManifestError."""
    if not isinstance(value, str):
        raise _mismatch(keys, "a string")
    _check_length(value, keys)
    return value


def strings(value: Any, keys: Keys) -> tuple[str, ...]:
    """Return `value` as a tuple if it is an array of strings. Raises ManifestError."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _mismatch(keys, "an array of strings")
    _check_length(max(value, key=len, default=""), keys)
    return tuple(value)


def flag(entry: Mapping[str, Any], key: str, keys: Keys) -> bool:
    """Return the Boolean at `key`, false by default. Raises ManifestError; `keys` is the place of `entry`."""
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise ManifestError(f"`{key}` must be `true` or `false`", (*keys, key))
    return value


def check_name(name: str, keys: Keys) -> None:
    """Raise ManifestError if `name` is no package name: a Unicode identifier with `-` after the first character."""
    _check_length(name, keys, LONGEST_NAME)
    if not name.replace("-", "_").isidentifier() or name.startswith("-"):
        raise ManifestError(
            f"`{name}` is not a valid package name",
            keys,
            "use letters, digits, `-` and `_`, and begin with a letter",
        )


def _check_length(text: str, keys: Keys, longest: int = LONGEST) -> None:
    if len(text) > longest:
        raise ManifestError(f"`{text[:80]}…` has more than {longest:,} characters", keys)


def _mismatch(keys: Keys, expected: str) -> ManifestError:
    return ManifestError(f"`{'.'.join(map(str, keys))}` must be {expected}", keys)


_TABLES = (
    ("dependencies", "normal", ""),
    ("dev-dependencies", "dev", "dev_dependencies"),
    ("build-dependencies", "build", "build_dependencies"),
)
"""The name of each dependency table, the kind of its entries, and its legacy spelling."""
_SOURCE_KEYS = ("git", "branch", "tag", "rev", "path", "registry", "registry-index")
_EXCLUSIVE_KEYS = (("git", "registry"), ("git", "registry-index"), ("registry", "registry-index"), ("git", "path"))


class Dependency(NamedTuple):
    """One entry of a dependency table, of `[patch]` or of `[replace]`, merged with what it inherits."""

    name: str
    """The key in the table."""
    package: str
    """The name of the package."""
    version: str
    """The text of the requirement; empty if there is none, which any version satisfies."""
    requirement: Requirement | None
    source: SourceId
    kind: str
    """`normal`, `dev` or `build`."""
    optional: bool
    features: tuple[str, ...]
    default_features: bool
    keys: Keys
    """The place of the entry in its own manifest."""
    inherited_from: File | None = None
    """The root manifest, if the entry inherits from its `[workspace.dependencies]`."""

    def place(self, file: File) -> tuple[File, Keys]:
        """The place of its source and requirement: in its own manifest `file`, or in that from which it inherits."""
        if self.inherited_from is not None:
            return self.inherited_from, ("workspace", "dependencies", self.name)
        return file, self.keys

    def accepts(self, version: Version) -> bool:
        """Whether `version` satisfies the requirement."""
        return self.requirement is None or self.requirement.matches(version)


Registries = Mapping[str, str]
"""Index URLs by registry name, from `[registries.NAME] index` of Cargo's configuration."""


class Inherited(NamedTuple):
    """What a workspace root offers to its members."""

    file: File
    folder: str
    package: Mapping[str, Any]
    """`[workspace.package]`."""
    dependencies: Mapping[str, Any]
    """`[workspace.dependencies]`."""
    has_lints: bool
    parsed: dict[str, Dependency]
    """The entries of `dependencies` that have already been parsed."""

    def missing(self, name: str, wanted: str, keys: Keys) -> ManifestError:
        """Return the error for `NAME.workspace = true` at `keys`, where the root has no `wanted`."""
        message = f"`{name}` is inherited, but {self.file.path} has no `{wanted}`"
        return ManifestError(message, keys, f"add `{wanted}` there, or write the value here")


Inherit = Callable[[Keys], Inherited]
"""Finds the workspace root from which the value at `Keys` inherits. May raise ManifestError."""


class EntrySettings(NamedTuple):
    """The settings under which an entry is read."""

    folder: str
    """Paths in the entry are relative to this folder."""
    registries: Registries
    is_strict: bool = False
    """Whether the package has edition 2024 or later, which drops legacy spellings."""


def read_dependencies(data: Mapping[str, Any], settings: EntrySettings, inherit: Inherit) -> tuple[Dependency, ...]:
    """Read all dependency tables of a manifest, those of `[target]` included. Raises ManifestError."""
    found = [*_read_tables(data, (), settings, inherit)]
    for platform, tables in table(data.get("target", {}), ("target",)).items():
        keys: Keys = ("target", platform)
        if not is_platform(platform):
            message = f"`{platform}` is neither the name of a target nor a `cfg(…)` expression"
            raise ManifestError(message, keys, 'write, for instance, `cfg(unix)` or `cfg(target_os = "linux")`')
        found += _read_tables(table(tables, keys), keys, settings, inherit)
    _check_same_source(found)
    return tuple(found)


def read_dependency(name: str, entry: Any, settings: EntrySettings, kind: str, keys: Keys) -> Dependency:
    """Read one entry that inherits nothing. Raises ManifestError."""
    check_name(name, keys)
    if isinstance(entry, str):
        return Dependency(name, name, entry, _requirement(entry, keys), CRATES_IO, kind, False, (), True, keys)
    if not isinstance(entry, dict):
        raise ManifestError(f"`{name}` must be a version or a table", keys, f'write `{name} = "1.2.3"`')
    if settings.is_strict and "default_features" in entry:
        raise ManifestError(
            "edition 2024 does not support `default_features`", (*keys, "default_features"), "write `default-features`"
        )
    package = string(entry.get("package", name), (*keys, "package"))
    check_name(package, (*keys, "package"))
    version = string(entry.get("version", ""), (*keys, "version"))
    features = _features(entry, keys)
    return Dependency(
        name=name,
        package=package,
        version=version,
        requirement=_requirement(version, (*keys, "version")) if "version" in entry else None,
        source=_source(name, entry, settings, keys),
        kind=kind,
        optional=flag(entry, "optional", keys),
        features=features,
        default_features=_default_features(entry) is not False,
        keys=keys,
    )


def _read_tables(
    tables: Mapping[str, Any], above: Keys, settings: EntrySettings, inherit: Inherit
) -> Iterator[Dependency]:
    for usual, kind, legacy in _TABLES:
        if legacy in tables and settings.is_strict:
            raise ManifestError(
                f"edition 2024 does not support `{legacy}`", (*above, legacy), f"rename it to `{usual}`"
            )
        key = legacy if legacy in tables and usual not in tables else usual
        for name, entry in table(tables.get(key, {}), (*above, key)).items():
            keys: Keys = (*above, key, name)
            if isinstance(entry, dict) and "workspace" in entry:
                yield _inherit_dependency(name, entry, settings, inherit, kind, keys)
            else:
                yield read_dependency(name, entry, settings, kind, keys)


def _inherit_dependency(
    name: str, entry: Mapping[str, Any], settings: EntrySettings, inherit: Inherit, kind: str, keys: Keys
) -> Dependency:
    """Merge `NAME.workspace = true` with `[workspace.dependencies] NAME`."""
    if entry["workspace"] is not True:
        raise ManifestError("`workspace` can only be `true`", (*keys, "workspace"), "remove it, or write `true`")
    root = inherit(keys)
    if name not in root.dependencies:
        raise root.missing(name, f"workspace.dependencies.{name}", keys)
    base = root.dependencies[name]
    dependency = root.parsed.get(name)
    if dependency is None:
        dependency = read_dependency(name, base, EntrySettings(root.folder, settings.registries), kind, keys)
        root.parsed[name] = dependency
    own_default = _default_features(entry)
    base_default = _default_features(base) if isinstance(base, dict) else None
    if own_default is False and base_default is not False and settings.is_strict:
        raise ManifestError(
            f"`default-features = false` for `{name}` cannot disable the default features "
            f"that `workspace.dependencies.{name}` enables",
            (*keys, "default-features"),
            "write `default-features = false` in `[workspace.dependencies]`",
        )
    return dependency._replace(
        kind=kind,
        keys=keys,
        inherited_from=root.file,
        features=dependency.features + _features(entry, keys),
        optional=flag(entry, "optional", keys),
        default_features=own_default is True or base_default is not False,
    )


def _source(name: str, entry: Mapping[str, Any], settings: EntrySettings, keys: Keys) -> SourceId:
    """Find the source that the keys of an entry name."""
    given = {key: string(entry[key], (*keys, key)) for key in _SOURCE_KEYS if key in entry}
    references = [key for key in ("branch", "tag", "rev") if key in given]
    _check_source_keys(name, given, references, keys)
    if "git" not in given and "path" not in given and "version" not in entry:
        raise ManifestError(f"`{name}` has neither `version` nor `git` nor `path`", keys, 'add `version = "…"`')
    try:
        if "git" in given:
            return source_id.git(given["git"], f"{references[0]}={given[references[0]]}" if references else "")
        if "path" in given:
            return SourceId("path", os.path.normpath(os.path.join(settings.folder, given["path"])))
        if "registry-index" in given:
            return source_id.registry(given["registry-index"])
        return _named_registry(given.get("registry", "crates-io"), settings.registries)
    except SourceIdError as error:
        raise ManifestError(f"`{name}`: {error}", keys, "write a full URL such as `https://…`") from None


def _check_source_keys(name: str, given: Mapping[str, str], references: Sequence[str], keys: Keys) -> None:
    for first, second in _EXCLUSIVE_KEYS:
        if first in given and second in given:
            raise ManifestError(f"`{name}` has both `{first}` and `{second}`", keys, "keep one of the two")
    if references and "git" not in given:
        raise ManifestError(f"`{name}` has `{references[0]}` but no `git`", (*keys, references[0]), "remove it")
    if len(references) > 1:
        raise ManifestError(f"`{name}` has several of `branch`, `tag` and `rev`", keys, "keep one of them")


def _named_registry(name: str, registries: Registries) -> SourceId:
    if name == "crates-io":
        return CRATES_IO
    # A registry that only the environment configures has a name and no known URL.
    return source_id.registry(registries[name]) if name in registries else SourceId("registry", "", "", name)


def _requirement(text: str, keys: Keys) -> Requirement:
    try:
        return Requirement.parse(text)
    except VersionError as error:
        raise ManifestError(str(error), keys) from None


def _features(entry: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    features = strings(entry.get("features", []), (*keys, "features"))
    for index, feature in enumerate(features):
        if "/" in feature or feature.startswith("dep:"):
            raise ManifestError(
                f"`{feature}` cannot be enabled for a dependency here",
                (*keys, "features", index),
                "name a feature of the dependency itself; `/` and `dep:` belong in `[features]`",
            )
    return features


def _default_features(entry: Mapping[str, Any]) -> Any:
    return entry.get("default-features", entry.get("default_features"))


def _check_same_source(dependencies: list[Dependency]) -> None:
    """Raise ManifestError if several tables name one dependency and give it different sources."""
    sources: dict[str, SourceId] = {}
    for dependency in dependencies:
        if sources.setdefault(dependency.name, dependency.source) != dependency.source:
            raise ManifestError(
                f"`{dependency.name}` comes from different sources in different tables",
                dependency.keys,
                f"give `{dependency.name}` one source everywhere, or rename one of them with `package = `",
            )


_SYMBOL = r'(?s) *(?:((?:r#)?[A-Za-z_][A-Za-z0-9_]*|"[^"]*"|[(),=])|.)'
"""A name, a string or punctuation of an expression. Without a group, it is anything else."""
_LISTS = ("all", "any", "not")


def is_platform(key: str) -> bool:
    """Whether Cargo accepts a key of `[target]`."""
    if key.startswith("cfg(") and key.endswith(")"):
        return _is_expression([symbol or "?" for symbol in re.findall(_SYMBOL, key[4:-1].rstrip(" "))])
    return all(character.isalnum() or character in "_-." for character in key)


def _is_expression(symbols: list[str]) -> bool:
    """Check an expression: a name, `name = "value"`, or `all(…)`, `any(…)`, `not(…)` of expressions."""
    symbols = [*symbols, "", "", ""]  # for looking ahead
    open_lists: list[str] = []
    may_close = False
    position = 0
    while True:
        symbol = symbols[position]
        if symbol in _LISTS:
            if symbols[position + 1] != "(":
                return False
            open_lists.append(symbol)
            may_close = symbol != "not"
            position += 2
            continue
        if symbol == ")" and may_close:
            open_lists.pop()
            position += 1
        elif length := _option_length(symbols, position):
            position += length
        else:
            return False
        while open_lists and symbols[position] == ")":
            open_lists.pop()
            position += 1
        if not open_lists:
            return not symbols[position]
        if symbols[position] != "," or open_lists[-1] == "not":
            return False
        position += 1
        may_close = True


def _option_length(symbols: list[str], position: int) -> int:
    """Count the symbols of `name` or `name = "value"` at a position; 0 if there is neither."""
    name, equals, value = symbols[position : position + 3]
    if not name.isidentifier() and not name.startswith("r#"):
        return 0
    if equals != "=":
        return 1
    return 3 if value.startswith('"') else 0
