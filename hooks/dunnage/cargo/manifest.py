"""What Cargo reads in a `Cargo.toml` to decide which packages a workspace needs.

Only what bears on `Cargo.lock` is modelled: names, versions, dependencies, features, workspace membership, `[patch]`
and `[replace]`. What Cargo refuses there is refused here with a ManifestError that says where it stands; what it
merely warns of passes. Source of the rules: the Cargo book, "The Manifest Format", "Specifying Dependencies",
"Features" and "Workspaces".
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.cargo import source_id
from dunnage.cargo.features import FeatureError, FeatureMap, feature_map
from dunnage.cargo.platform import is_platform
from dunnage.cargo.source_id import CRATES_IO, SourceId, SourceIdError
from dunnage.cargo.version import Requirement, Version, VersionError
from dunnage.files.document import Keys
from dunnage.files.source import File

Registries = Mapping[str, str]
"""Index URLs of named registries, from `[registries.NAME] index` of Cargo's configuration."""

_EDITIONS = {"2015": "", "2018": "1.31", "2021": "1.56", "2024": "1.85"}
"""The editions, and the Rust version that brought each."""
_INHERITABLE = (
    "authors", "categories", "description", "documentation", "exclude", "homepage", "include", "keywords", "license",
    "license-file", "publish", "readme", "repository",
)  # fmt: skip
"""What a package may inherit, beside `edition`, `rust-version` and `version`."""
_RESOLVERS = ("1", "2", "3")
_TABLES = (
    ("dependencies", "normal", ""),
    ("dev-dependencies", "dev", "dev_dependencies"),
    ("build-dependencies", "build", "build_dependencies"),
)
"""The tables of dependencies, the kind each holds, and its legacy spelling."""
_PACKAGE_ONLY = (
    "features", "lib", "bin", "example", "test", "bench", "dependencies", "dev-dependencies", "dev_dependencies",
    "build-dependencies", "build_dependencies", "target", "badges", "lints",
)  # fmt: skip
"""What a manifest without `[package]` cannot have."""


class ManifestError(ValueError):
    """Something in a manifest that Cargo refuses.

    keys: where it stands in the document, as far down as it exists. help: what to do about it.
    """

    def __init__(self, message: str, keys: Keys, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys
        self.help = help


class Dependency(NamedTuple):
    """One entry of a dependency table, of `[patch]` or of `[replace]`, with what it inherits from its workspace.

    name: the key in the table. package: the name of the package asked for. version: the requirement's text, empty if
    there is none, which any version meets. kind: `normal`, `dev` or `build`. keys: where the entry stands in its own
    manifest.
    """

    name: str
    package: str
    version: str
    requirement: Requirement | None
    source: SourceId
    kind: str
    optional: bool
    features: tuple[str, ...]
    default_features: bool
    keys: Keys
    inherited_from: File | None = None
    """The root manifest whose `[workspace.dependencies]` says what is asked for, if the entry says so."""

    def accepts(self, version: Version) -> bool:
        """Whether the version requirement is met."""
        return self.requirement is None or self.requirement.matches(version)


class Package(NamedTuple):
    """The `[package]` of a manifest, with what it inherits."""

    name: str
    version: Version
    dependencies: tuple[Dependency, ...]
    features: FeatureMap


class WorkspaceTable(NamedTuple):
    """The `[workspace]` table of a root manifest, paths as they are written."""

    members: tuple[str, ...] | None
    exclude: tuple[str, ...]
    default_members: tuple[str, ...] | None


class Inherited(NamedTuple):
    """What a workspace root offers to its members."""

    file: File
    folder: str
    package: Mapping[str, Any]
    dependencies: Mapping[str, Any]
    has_lints: bool
    read: dict[str, Dependency]
    """The entries of `dependencies` that have been read already."""


Inherit = Callable[[Keys], Inherited]
"""Finds what a package inherits from; may raise ManifestError, at the keys that ask for it."""


def package_table(data: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Find the `[package]` table, or `[project]`, its old name; None for a virtual manifest."""
    for key in ("package", "project"):
        if key in data:
            return key, _table(data[key], (key,))
    return None


def workspace_table(data: Mapping[str, Any]) -> WorkspaceTable | None:
    """Read the `[workspace]` table; None if this manifest is no workspace root. Raises ManifestError."""
    if "workspace" not in data:
        return None
    table = _table(data["workspace"], ("workspace",))
    _check_resolver(table, ("workspace",))
    _table(table.get("package", {}), ("workspace", "package"))
    for name, entry in _table(table.get("dependencies", {}), ("workspace", "dependencies")).items():
        keys: Keys = ("workspace", "dependencies", name)
        _check_name(name, keys)
        if isinstance(entry, dict) and entry.get("optional") is True:
            raise ManifestError(
                f"`{name}` is optional, but a workspace dependency cannot be",
                (*keys, "optional"),
                "write `optional = true` in the member that inherits it",
            )
    return WorkspaceTable(
        members=_optional_strings(table, "members"),
        exclude=_optional_strings(table, "exclude") or (),
        default_members=_optional_strings(table, "default-members"),
    )


def workspace_pointer(data: Mapping[str, Any]) -> str | None:
    """Read `package.workspace`, the path to the root's folder; None if not given. Raises ManifestError."""
    found = package_table(data)
    if found is None or "workspace" not in found[1]:
        return None
    keys = (found[0], "workspace")
    if "workspace" in data:
        raise ManifestError("both `package.workspace` and `[workspace]` are given", keys, "remove one of the two")
    return _string(found[1]["workspace"], keys)


def inherited(file: File, folder: str, data: Mapping[str, Any]) -> Inherited:
    """Collect what the root manifest in `folder` offers to members. Raises ManifestError."""
    table = _table(data.get("workspace", {}), ("workspace",))
    return Inherited(
        file,
        folder,
        _table(table.get("package", {}), ("workspace", "package")),
        _table(table.get("dependencies", {}), ("workspace", "dependencies")),
        "lints" in table,
        {},
    )


def check_virtual(data: Mapping[str, Any]) -> None:
    """Raise ManifestError if a manifest without `[package]` holds what only a package may."""
    if "workspace" not in data:
        raise ManifestError("the manifest has neither a `[package]` nor a `[workspace]`", (), "add a `[package]` table")
    for key in _PACKAGE_ONLY:
        if key in data:
            raise ManifestError(
                f"a virtual manifest cannot have `{key}`",
                (key,),
                "move it to a member, or add a `[package]` table here",
            )


def read_package(data: Mapping[str, Any], folder: str, inherit: Inherit, registries: Registries) -> Package:
    """Read the package of the manifest `data` that stands in `folder`.

    `inherit` is called only where a `workspace = true` asks for it.
    Raises ManifestError at the first thing Cargo refuses.
    """
    found = package_table(data)
    if found is None:
        raise ManifestError("the manifest has no `[package]`", ())
    key, table = found
    if "name" not in table:
        raise ManifestError("`package.name` is missing", (key,), 'add `name = "…"`')
    name = _string(table["name"], (key, "name"))
    _check_name(name, (key, "name"), "package name")
    edition = _field(table, key, "edition", inherit)
    edition = "2015" if edition is None else edition
    # With `cargo-features`, a nightly Cargo may know editions to come.
    if edition not in _EDITIONS and "cargo-features" not in data:
        known = ", ".join(_EDITIONS)
        raise ManifestError(f"edition `{edition}` is not known to Cargo", (key, "edition"), f"write one of {known}")
    strict = edition >= "2024"
    if strict and key == "project":
        raise ManifestError("`[project]` is gone since the 2024 edition", (key,), "rename it `[package]`")
    _check_resolver(table, (key,))
    if "resolver" in table and "resolver" in data.get("workspace", {}):
        raise ManifestError("`resolver` is given in `[workspace]` and in `[package]`", (key, "resolver"), "remove one")
    version = _version(_field(table, key, "version", inherit), (key, "version"))
    _check_inherited(data, table, key, inherit)
    _check_rust_version(_field(table, key, "rust-version", inherit), edition, (key, "rust-version"))
    dependencies = tuple(_dependencies(data, folder, inherit, registries, strict))
    _check_one_source(dependencies)
    try:
        features = feature_map(_features(data), dependencies)
    except FeatureError as error:
        raise ManifestError(error.message, error.keys, error.help) from None
    return Package(name, version, dependencies, features)


def read_patches(data: Mapping[str, Any], folder: str, registries: Registries) -> Iterator[tuple[str, Dependency]]:
    """Read `[patch]` of a root manifest or of Cargo's configuration: the canonical URL patched, and what is put
    there.

    Raises ManifestError.
    """
    for where, entries in _table(data.get("patch", {}), ("patch",)).items():
        keys: Keys = ("patch", where)
        if where == "crates-io":
            url = CRATES_IO.url
        else:
            try:
                url = source_id.canonical_url(registries.get(where, where))
            except SourceIdError:
                raise ManifestError(
                    f"`[patch]` names `{where}`, which is neither a URL nor a registry of Cargo's configuration",
                    keys,
                    "for crates.io write `[patch.crates-io]`",
                ) from None
        for name, entry in _table(entries, keys).items():
            yield url, _dependency(name, entry, folder, registries, "normal", (*keys, name))


def read_replacements(
    data: Mapping[str, Any], folder: str, registries: Registries
) -> Iterator[tuple[str, str, Dependency]]:
    """Read `[replace]`: the name and the version replaced, and what is put there. Raises ManifestError."""
    table = _table(data.get("replace", {}), ("replace",))
    if table and "patch" in data:
        raise ManifestError("both `[replace]` and `[patch]` are given", ("replace",), "use `[patch]` alone")
    for spec, entry in table.items():
        keys: Keys = ("replace", spec)
        name, colon, version = spec.rpartition("#")[2].replace("@", ":").partition(":")
        if not colon:
            raise ManifestError(f"`{spec}` names no version to replace", keys, f'write `"{spec}:VERSION"`')
        yield name, version, _dependency(name, entry, folder, registries, "normal", keys)


def has_binary_or_component(data: Mapping[str, Any], exists: Callable[[str], bool]) -> bool:
    """Whether this package builds something that is run or shipped: a binary, a `cdylib`, or a component.

    `exists` answers for paths relative to the package's folder; `src/bin` counts where it is there.
    """
    found = package_table(data)
    if found is None:
        return False
    table = found[1]
    library = data.get("lib")
    kinds = library.get("crate-type", library.get("crate_type")) if isinstance(library, dict) else None
    metadata = table.get("metadata")
    return (
        (isinstance(kinds, list) and "cdylib" in kinds)
        or bool(data.get("bin"))
        or (isinstance(metadata, dict) and "component" in metadata)
        or (table.get("autobins", True) is not False and (exists("src/main.rs") or exists("src/bin")))
    )


def _dependencies(
    data: Mapping[str, Any], folder: str, inherit: Inherit, registries: Registries, strict: bool
) -> Iterator[Dependency]:
    yield from _dependency_tables(data, (), folder, inherit, registries, strict)
    for platform, tables in _table(data.get("target", {}), ("target",)).items():
        keys: Keys = ("target", platform)
        if not is_platform(platform):
            message = f"`{platform}` is neither the name of a target nor a `cfg(…)` expression"
            raise ManifestError(message, keys, 'write, for instance, `cfg(unix)` or `cfg(target_os = "linux")`')
        yield from _dependency_tables(_table(tables, keys), keys, folder, inherit, registries, strict)


def _dependency_tables(
    tables: Mapping[str, Any],
    above: Keys,
    folder: str,
    inherit: Inherit,
    registries: Registries,
    strict: bool,
) -> Iterator[Dependency]:
    for usual, kind, legacy in _TABLES:
        if legacy in tables and strict:
            raise ManifestError(f"`{legacy}` is gone since the 2024 edition", (*above, legacy), f"rename it `{usual}`")
        table = legacy if legacy in tables and usual not in tables else usual
        for name, entry in _table(tables.get(table, {}), (*above, table)).items():
            keys: Keys = (*above, table, name)
            if isinstance(entry, dict) and "workspace" in entry:
                yield _inherit_dependency(name, entry, inherit, registries, kind, keys, strict)
            else:
                yield _dependency(name, entry, folder, registries, kind, keys, strict)


def _inherit_dependency(
    name: str,
    entry: Mapping[str, Any],
    inherit: Inherit,
    registries: Registries,
    kind: str,
    keys: Keys,
    strict: bool,
) -> Dependency:
    """Merge `NAME.workspace = true` with `[workspace.dependencies] NAME`."""
    if entry["workspace"] is not True:
        raise ManifestError("`workspace` can only be `true`", (*keys, "workspace"), "remove it, or write `true`")
    offered = inherit(keys)
    if name not in offered.dependencies:
        raise ManifestError(*_not_offered(name, f"workspace.dependencies.{name}", offered, keys))
    base = offered.dependencies[name]
    dependency = offered.read.get(name)
    if dependency is None:
        dependency = _dependency(name, base, offered.folder, registries, kind, keys)
        offered.read[name] = dependency
    own_default = entry.get("default-features", entry.get("default_features"))
    base_default = _default_features(base) if isinstance(base, dict) else None
    if own_default is False and base_default is not False and strict:
        raise ManifestError(
            f"`default-features = false` for `{name}` cannot take back what `workspace.dependencies.{name}` turns on",
            (*keys, "default-features"),
            "write `default-features = false` in `[workspace.dependencies]`",
        )
    own = _strings(entry.get("features", []), (*keys, "features"))
    _check_requested_features(own, keys)
    return dependency._replace(
        kind=kind,
        keys=keys,
        inherited_from=offered.file,
        optional=_flag(entry, "optional", keys),
        features=dependency.features + own,
        default_features=own_default is True or base_default is not False,
    )


def _dependency(
    name: str,
    entry: Any,
    folder: str,
    registries: Registries,
    kind: str,
    keys: Keys,
    strict: bool = False,
) -> Dependency:
    """Read one entry of a dependency table; paths in it are relative to `folder`."""
    _check_name(name, keys)
    if isinstance(entry, str):
        return Dependency(name, name, entry, _requirement(entry, keys), CRATES_IO, kind, False, (), True, keys)
    if not isinstance(entry, dict):
        raise ManifestError(f"`{name}` must be a version or a table", keys, f'write `{name} = "1.2.3"`')
    if strict and "default_features" in entry:
        raise ManifestError(
            "`default_features` is gone since the 2024 edition", (*keys, "default_features"), "write `default-features`"
        )
    package = _string(entry.get("package", name), (*keys, "package"))
    _check_name(package, (*keys, "package"))
    version = _string(entry.get("version", ""), (*keys, "version"))
    features = _strings(entry.get("features", []), (*keys, "features"))
    _check_requested_features(features, keys)
    return Dependency(
        name=name,
        package=package,
        version=version,
        requirement=_requirement(version, (*keys, "version")) if "version" in entry else None,
        source=_source(name, entry, folder, registries, keys),
        kind=kind,
        optional=_flag(entry, "optional", keys),
        features=features,
        default_features=_default_features(entry) is not False,
        keys=keys,
    )


def _source(name: str, entry: Mapping[str, Any], folder: str, registries: Registries, keys: Keys) -> SourceId:
    """Decide where a dependency comes from, refusing the combinations Cargo refuses."""
    given = {key: _string(entry[key], (*keys, key)) for key in _SOURCE_KEYS if key in entry}
    references = [key for key in ("branch", "tag", "rev") if key in given]
    for one, other in _EXCLUSIVE:
        if one in given and other in given:
            raise ManifestError(f"`{name}` has both `{one}` and `{other}`", keys, "keep one of the two")
    if references and "git" not in given:
        raise ManifestError(f"`{name}` has `{references[0]}` but no `git`", (*keys, references[0]), "remove it")
    if len(references) > 1:
        raise ManifestError(f"`{name}` has several of `branch`, `tag` and `rev`", keys, "keep one of them")
    if "git" not in given and "path" not in given and "version" not in entry:
        raise ManifestError(f"`{name}` says neither `version` nor `git` nor `path`", keys, 'add `version = "…"`')
    try:
        if "git" in given:
            return source_id.git(given["git"], f"{references[0]}={given[references[0]]}" if references else "")
        if "path" in given:
            return SourceId("path", os.path.normpath(os.path.join(folder, given["path"])))
        if "registry-index" in given:
            return source_id.registry(given["registry-index"])
        registry = given.get("registry", "crates-io")
        if registry == "crates-io":
            return CRATES_IO
        return source_id.registry(registries[registry]) if registry in registries else _unknown_registry(registry)
    except SourceIdError as error:
        raise ManifestError(f"`{name}`: {error}", keys, "write a full URL such as `https://…`") from None


_SOURCE_KEYS = ("git", "branch", "tag", "rev", "path", "registry", "registry-index")
_EXCLUSIVE = (("git", "registry"), ("git", "registry-index"), ("registry", "registry-index"), ("git", "path"))


def _unknown_registry(name: str) -> SourceId:
    return SourceId("registry", "", "", name)


def _features(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    table = _table(data.get("features", {}), ("features",))
    return {name: _strings(values, ("features", name)) for name, values in table.items()}


def _field(table: Mapping[str, Any], key: str, name: str, inherit: Inherit) -> str | None:
    """Read a string field of `[package]` that may say `NAME.workspace = true`."""
    value = table.get(name)
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, dict) or value.get("workspace") is not True:
        raise ManifestError(f"`package.{name}` must be a string", (key, name), f'write `{name} = "…"`')
    offered = inherit((key, name))
    if name not in offered.package:
        raise ManifestError(*_not_offered(name, f"workspace.package.{name}", offered, (key, name)))
    return _string(offered.package[name], (key, name))


def _check_inherited(data: Mapping[str, Any], table: Mapping[str, Any], key: str, inherit: Inherit) -> None:
    """Check that the root offers every other field that is inherited."""
    for name in _INHERITABLE:
        if isinstance(table.get(name), dict) and table[name].get("workspace") is True:
            keys = (key, name)
            offered = inherit(keys)
            # A missing `readme` may be found by its usual name in the root's folder.
            if name not in offered.package and name != "readme":
                raise ManifestError(*_not_offered(name, f"workspace.package.{name}", offered, keys))
    lints = data.get("lints")
    if isinstance(lints, dict) and lints.get("workspace") is True and not inherit(("lints",)).has_lints:
        raise ManifestError(*_not_offered("lints", "workspace.lints", inherit(("lints",)), ("lints",)))


def _not_offered(name: str, wanted: str, offered: Inherited, keys: Keys) -> tuple[str, Keys, str]:
    message = f"`{name}` is inherited, but {offered.file.path} has no `{wanted}`"
    return message, keys, f"add `{wanted}` there, or write the value here"


def _check_rust_version(text: str | None, edition: str, keys: Keys) -> None:
    if text is None:
        return
    numbers = text.split(".")
    if len(numbers) > 3 or not all(number.isascii() and number.isdigit() for number in numbers):
        raise ManifestError(f"rust-version `{text}` is not a version such as `1.85`", keys)
    needed = _EDITIONS.get(edition)
    major, minor, patch = (int(number) for number in [*numbers, "0", "0"][:3])
    if needed and not Requirement.parse(needed).matches(Version(major, minor, patch)):
        raise ManifestError(
            f"rust-version {text} does not know the edition {edition}", keys, f"write {needed} or later"
        )


def _version(text: str | None, keys: Keys) -> Version:
    try:
        return Version.parse("0.0.0" if text is None else text.strip())
    except VersionError as error:
        raise ManifestError(str(error), keys) from None


def _requirement(text: str, keys: Keys) -> Requirement:
    try:
        return Requirement.parse(text)
    except VersionError as error:
        raise ManifestError(str(error), keys) from None


def _check_one_source(dependencies: tuple[Dependency, ...]) -> None:
    sources: dict[str, SourceId] = {}
    for dependency in dependencies:
        if sources.setdefault(dependency.name, dependency.source) != dependency.source:
            raise ManifestError(
                f"`{dependency.name}` comes from different sources in different tables",
                dependency.keys,
                f"give `{dependency.name}` one source everywhere, or rename one of them with `package = `",
            )


def _check_requested_features(features: tuple[str, ...], keys: Keys) -> None:
    for index, feature in enumerate(features):
        if "/" in feature or feature.startswith("dep:"):
            raise ManifestError(
                f"`{feature}` cannot be asked of a dependency here",
                (*keys, "features", index),
                "name a feature of the dependency itself; `/` and `dep:` belong in `[features]`",
            )


def _check_resolver(table: Mapping[str, Any], above: Keys) -> None:
    resolver = table.get("resolver")
    if resolver is not None and resolver not in _RESOLVERS:
        raise ManifestError(
            f"resolver `{resolver}` is not known to Cargo", (*above, "resolver"), 'write "1", "2" or "3"'
        )


def _check_name(name: str, keys: Keys, what: str = "package name") -> None:
    """Names are Unicode identifiers that may hold `-` after the first character."""
    if not name.replace("-", "_").isidentifier() or name.startswith("-"):
        raise ManifestError(
            f"`{name}` is not a {what} Cargo accepts", keys, "use letters, digits, `-` and `_`, beginning with a letter"
        )


def _default_features(entry: Mapping[str, Any]) -> bool | None:
    value = entry.get("default-features", entry.get("default_features"))
    return value if isinstance(value, bool) else None


def _flag(entry: Mapping[str, Any], key: str, keys: Keys) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise ManifestError(f"`{key}` must be `true` or `false`", (*keys, key))
    return value


def _table(value: Any, keys: Keys) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ManifestError(f"`{_dotted(keys)}` must be a table", keys)
    return value


def _string(value: Any, keys: Keys) -> str:
    if not isinstance(value, str):
        raise ManifestError(f"`{_dotted(keys)}` must be a string", keys)
    return value


def _strings(value: Any, keys: Keys) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ManifestError(f"`{_dotted(keys)}` must be an array of strings", keys)
    return tuple(value)


def _optional_strings(table: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    return _strings(table[key], ("workspace", key)) if key in table else None


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))
