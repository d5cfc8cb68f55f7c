"""The parts of a `Cargo.toml` that determine which packages a workspace needs.

Only what affects `Cargo.lock` is modelled: names, versions, dependencies, features, workspace membership, `[patch]`
and `[replace]`. Whatever Cargo rejects there raises a ManifestError; whatever it only warns about is accepted. Source
of the rules: the Cargo book, "The Manifest Format", "Features" and "Workspaces".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dunnage.cargo import source_id
from dunnage.cargo.dependency import (
    Dependency,
    EntrySettings,
    Inherit,
    Inherited,
    ManifestError,
    Registries,
    check_name,
    read_dependencies,
    read_dependency,
    string,
    strings,
    table,
)
from dunnage.cargo.features import FeatureMap, feature_map
from dunnage.cargo.source_id import CRATES_IO, SourceIdError
from dunnage.cargo.version import Requirement, Version, VersionError
from dunnage.files.document import Keys
from dunnage.files.source import File

_EDITIONS = {"2015": "", "2018": "1.31", "2021": "1.56", "2024": "1.85"}
"""The editions, each with the Rust version that introduced it."""
_INHERITABLE = (
    "authors", "categories", "description", "documentation", "exclude", "homepage", "include", "keywords", "license",
    "license-file", "publish", "readme", "repository",
)  # fmt: skip
"""The fields that a package may inherit, apart from `edition`, `rust-version` and `version`."""
_RESOLVERS = ("1", "2", "3")
_TARGETS = ("lib", "bin", "example", "test", "bench")
_TARGET_PATHS = ("src/lib.rs", "src/main.rs", "src/bin", "examples", "tests", "benches")
"""Where Cargo looks for targets that the manifest does not name."""
_PACKAGE_ONLY = (
    "features", "lib", "bin", "example", "test", "bench", "dependencies", "dev-dependencies", "dev_dependencies",
    "build-dependencies", "build_dependencies", "target", "badges", "lints",
)  # fmt: skip
"""The keys that a virtual manifest must not have."""


class Package(NamedTuple):
    """The `[package]` of a manifest, with what it inherits."""

    name: str
    version: Version
    dependencies: tuple[Dependency, ...]
    features: FeatureMap


class WorkspaceTable(NamedTuple):
    """The `[workspace]` table of a root manifest. Paths are as they are written."""

    members: tuple[str, ...]
    exclude: tuple[str, ...]
    default_members: tuple[str, ...]


def package_table(data: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return the `[package]` table, or `[project]`, its old name, with that name; None for a virtual manifest."""
    for key in ("package", "project"):
        if key in data:
            return key, table(data[key], (key,))
    return None


def workspace_table(data: Mapping[str, Any]) -> WorkspaceTable | None:
    """Read the `[workspace]` table; None if the manifest is no workspace root. Raises ManifestError."""
    if "workspace" not in data:
        return None
    workspace = table(data["workspace"], ("workspace",))
    _check_resolver(workspace, ("workspace",))
    table(workspace.get("package", {}), ("workspace", "package"))
    for name, entry in table(workspace.get("dependencies", {}), ("workspace", "dependencies")).items():
        keys: Keys = ("workspace", "dependencies", name)
        check_name(name, keys)
        if isinstance(entry, dict) and entry.get("optional") is True:
            raise ManifestError(
                f"`{name}` is optional, but a workspace dependency cannot be",
                (*keys, "optional"),
                "write `optional = true` in the member that inherits it",
            )
    paths = (strings(workspace.get(key, []), ("workspace", key)) for key in ("members", "exclude", "default-members"))
    return WorkspaceTable(*paths)


def workspace_pointer(data: Mapping[str, Any]) -> str | None:
    """Read `package.workspace`, the path to the root's folder; None if it is absent. Raises ManifestError."""
    found = package_table(data)
    if found is None or "workspace" not in found[1]:
        return None
    keys = (found[0], "workspace")
    if "workspace" in data:
        raise ManifestError("both `package.workspace` and `[workspace]` are set", keys, "remove one of the two")
    return string(found[1]["workspace"], keys)


def inherited(file: File, folder: str, data: Mapping[str, Any]) -> Inherited:
    """Collect what the root manifest in `folder` offers to its members. Raises ManifestError."""
    workspace = table(data.get("workspace", {}), ("workspace",))
    return Inherited(
        file,
        folder,
        table(workspace.get("package", {}), ("workspace", "package")),
        table(workspace.get("dependencies", {}), ("workspace", "dependencies")),
        "lints" in workspace,
        {},
    )


def check_virtual(data: Mapping[str, Any]) -> None:
    """Raise ManifestError if a manifest without `[package]` has a key that only a package may have."""
    if "workspace" not in data:
        raise ManifestError("the manifest has neither a `[package]` nor a `[workspace]`", (), "add a `[package]` table")
    for key in _PACKAGE_ONLY:
        if key in data:
            help = "move it to a member, or add a `[package]` table here"
            raise ManifestError(f"a virtual manifest cannot have `{key}`", (key,), help)


def read_package(data: Mapping[str, Any], folder: str, inherit: Inherit, registries: Registries) -> Package:
    """Read the package of the manifest `data` in `folder`.

    `inherit` is called only where a field or a dependency says `workspace = true`. Raises ManifestError for the first
    thing that Cargo rejects.
    """
    found = package_table(data)
    if found is None:
        raise ManifestError("the manifest has no `[package]`", ())
    key, package = found
    if "name" not in package:
        raise ManifestError("`package.name` is missing", (key,), 'add `name = "…"`')
    name = string(package["name"], (key, "name"))
    check_name(name, (key, "name"))
    edition = _edition(data, package, key, inherit)
    is_strict = edition >= "2024"
    if is_strict and key == "project":
        raise ManifestError("edition 2024 does not support `[project]`", (key,), "rename it to `[package]`")
    _check_resolver(package, (key,))
    if "resolver" in package and "resolver" in data.get("workspace", {}):
        raise ManifestError("`resolver` is set in `[workspace]` and in `[package]`", (key, "resolver"), "remove one")
    version = _version(_field(package, key, "version", inherit), (key, "version"))
    _check_inherited(data, package, key, inherit)
    _check_rust_version(_field(package, key, "rust-version", inherit), edition, (key, "rust-version"))
    dependencies = read_dependencies(data, EntrySettings(folder, registries, is_strict), inherit)
    return Package(name, version, dependencies, feature_map(_features(data), dependencies))


def read_patches(data: Mapping[str, Any], folder: str, registries: Registries) -> list[tuple[str, Dependency]]:
    """Read `[patch]` of a root manifest or of Cargo's configuration.

    Returns the location of each patched source, as `SourceId.location`, with the dependency that replaces its packages.
    Raises ManifestError.
    """
    patches = []
    for source, entries in table(data.get("patch", {}), ("patch",)).items():
        keys: Keys = ("patch", source)
        if source == "crates-io":
            url = CRATES_IO.url
        else:
            try:
                url = source_id.canonical_url(registries.get(source, source))
            except SourceIdError:
                if not _may_be_registry(source):
                    raise ManifestError(
                        f"`[patch]` names `{source}`, which is neither a URL nor the name of a registry",
                        keys,
                        "for crates.io write `[patch.crates-io]`",
                    ) from None
                url = source
        for name, entry in table(entries, keys).items():
            dependency = read_dependency(name, entry, EntrySettings(folder, registries), "normal", (*keys, name))
            patches.append((url, dependency))
    return patches


def _may_be_registry(name: str) -> bool:
    """Whether a configuration outside of the repository, or the environment, may define a registry of this name."""
    try:
        check_name(name, ())
    except ManifestError:
        return False
    return name.replace("-", "").replace("_", "").lower() != "cratesio"


def read_replacements(
    data: Mapping[str, Any], folder: str, registries: Registries
) -> list[tuple[str, str, Dependency]]:
    """Read `[replace]`: the name and version of a package, and its replacement. Raises ManifestError."""
    entries = table(data.get("replace", {}), ("replace",))
    if entries and "patch" in data:
        raise ManifestError("both `[replace]` and `[patch]` are set", ("replace",), "use `[patch]` alone")
    replacements = []
    for spec, entry in entries.items():
        keys: Keys = ("replace", spec)
        name, colon, version = spec.rpartition("#")[2].replace("@", ":").partition(":")
        if not colon:
            raise ManifestError(f"`{spec}` has no version to replace", keys, f'write `"{spec}:VERSION"`')
        dependency = read_dependency(name, entry, EntrySettings(folder, registries), "normal", keys)
        replacements.append((name, version, dependency))
    return replacements


def has_binary_or_component(data: Mapping[str, Any], exists: Callable[[str], bool]) -> bool:
    """Whether the package builds more than a library for other crates: a binary, a `cdylib`, or a component.

    `exists` says whether a path relative to the package's folder exists.
    """
    found = package_table(data)
    if found is None:
        return False
    package = found[1]
    library = data.get("lib")
    kinds = library.get("crate-type", library.get("crate_type")) if isinstance(library, dict) else None
    metadata = package.get("metadata")
    return (
        (isinstance(kinds, list) and "cdylib" in kinds)
        or bool(data.get("bin"))
        or (isinstance(metadata, dict) and "component" in metadata)
        or (package.get("autobins", True) is not False and (exists("src/main.rs") or exists("src/bin")))
    )


def has_target(data: Mapping[str, Any], exists: Callable[[str], bool]) -> bool:
    """Whether the package has anything that cargo can build. `exists` is as above.

    Cargo rejects a package without a target, so such a manifest is only a template, or data of a test.
    """
    return any(data.get(key) for key in _TARGETS) or any(map(exists, _TARGET_PATHS))


def _features(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    features = table(data.get("features", {}), ("features",))
    return {name: strings(values, ("features", name)) for name, values in features.items()}


def _field(package: Mapping[str, Any], key: str, name: str, inherit: Inherit) -> str | None:
    """Read a string field of `[package]` that may be inherited with `NAME.workspace = true`."""
    value = package.get(name)
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, dict) or value.get("workspace") is not True:
        raise ManifestError(f"`package.{name}` must be a string", (key, name), f'write `{name} = "…"`')
    root = inherit((key, name))
    if name not in root.package:
        raise root.missing(name, f"workspace.package.{name}", (key, name))
    return string(root.package[name], (key, name))


def _edition(data: Mapping[str, Any], package: Mapping[str, Any], key: str, inherit: Inherit) -> str:
    edition = _field(package, key, "edition", inherit)
    edition = "2015" if edition is None else edition
    # With `cargo-features`, a nightly Cargo may know future editions.
    if edition not in _EDITIONS and "cargo-features" not in data:
        known = ", ".join(_EDITIONS)
        raise ManifestError(f"edition `{edition}` is not known to Cargo", (key, "edition"), f"write one of {known}")
    return edition


def _check_inherited(data: Mapping[str, Any], package: Mapping[str, Any], key: str, inherit: Inherit) -> None:
    """Check that the root offers every other field that the package inherits."""
    for name in _INHERITABLE:
        if isinstance(package.get(name), dict) and package[name].get("workspace") is True:
            root = inherit((key, name))
            # Cargo finds a missing `readme` by its usual name in the root's folder.
            if name not in root.package and name != "readme":
                raise root.missing(name, f"workspace.package.{name}", (key, name))
    lints = data.get("lints")
    if isinstance(lints, dict) and lints.get("workspace") is True:
        root = inherit(("lints",))
        if not root.has_lints:
            raise root.missing("lints", "workspace.lints", ("lints",))


def _check_rust_version(text: str | None, edition: str, keys: Keys) -> None:
    if text is None:
        return
    numbers = text.split(".")
    if len(numbers) > 3 or not all(re.fullmatch("[0-9]{1,19}", number) for number in numbers):
        raise ManifestError(f"rust-version `{text}` is not a version such as `1.85`", keys)
    needed = _EDITIONS.get(edition)
    major, minor, patch = (int(number) for number in [*numbers, "0", "0"][:3])
    if needed and not Requirement.parse(needed).matches(Version(major, minor, patch)):
        raise ManifestError(
            f"rust-version {text} does not support the edition {edition}", keys, f"write {needed} or later"
        )


def _version(text: str | None, keys: Keys) -> Version:
    try:
        return Version.parse("0.0.0" if text is None else text.strip())
    except VersionError as error:
        raise ManifestError(str(error), keys) from None


def _check_resolver(above: Mapping[str, Any], keys: Keys) -> None:
    resolver = above.get("resolver")
    if resolver is not None and resolver not in _RESOLVERS:
        raise ManifestError(
            f"resolver `{resolver}` is not known to Cargo", (*keys, "resolver"), 'write "1", "2" or "3"'
        )
