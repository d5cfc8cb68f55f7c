"""The section of cargo-component in a `Cargo.toml`: `[package.metadata.component]`.

Version requirements are Cargo's, and are returned as they are written. Sources: cargo-component, src/metadata.rs, and
crates/core/src/registry.rs for dependencies.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dunnage.files import toml
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File
from dunnage.wit.values import DEFAULT_REGISTRY, WitRequirement, not_a_package, unreadable, wrong_types

SECTION = ("package", "metadata", "component")
"""The keys of the section in a manifest."""
DEFAULT_WIT = "wit"
"""The default folder of a component's WIT, relative to that of the manifest."""

_TOOL = "cargo-component"
_WRITE_TARGET = 'write `target = "NAMESPACE:NAME/WORLD@=1.2.3"`'
_SECTION_TYPES: Mapping[str, type] = {
    "package": str,
    "target": object,
    "adapter": str,
    "dependencies": dict,
    "registries": dict,
    "bindings": dict,
    "proxy": bool,
}
_BINDINGS_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("format", "std_feature", "raw_strings", "stubs", "generate_all", "pub_export_macro"), bool),
    **dict.fromkeys(
        ("disable_custom_section_link_helpers", "disable_run_ctors_once_workaround", "generate_unused_types"), bool
    ),
    **dict.fromkeys(("ownership", "export_prefix", "type_section_suffix", "export_macro_name"), str),
    "default_bindings_module": str,
    "derives": list,
    "skip": list,
    "with": dict,
}
"""This is the only table in which cargo-component ignores unknown keys."""
_DEPENDENCY_TYPES: Mapping[str, type] = {"path": str, "package": str, "version": str, "registry": str}
_TARGET_TYPES: Mapping[str, type] = {
    "package": str,
    "version": str,
    "world": str,
    "registry": str,
    "path": str,
    "dependencies": dict,
}


class ComponentDependency(NamedTuple):
    """A package that a component depends on: from a registry if it has a requirement, or from a path."""

    name: str
    """NAMESPACE:NAME, the key in the table or the name in a target."""
    package: str
    """The name under which it is fetched."""
    requirement: str | None
    path: str | None
    """Its path, relative to the folder of the manifest."""
    registry: str | None
    """The name of its registry; None for the default registry."""
    keys: Keys
    """The keys of the entry in the manifest."""
    requirement_keys: Keys
    """The keys of the string with the requirement. In a target it holds more: NAMESPACE:NAME/WORLD@REQUIREMENT."""


class Component(NamedTuple):
    """The section of one manifest. An entry that cargo-component rejects is left out and among the problems."""

    dependencies: tuple[ComponentDependency, ...]
    """Components that it imports."""
    target_dependencies: tuple[ComponentDependency, ...]
    """Packages to which the component's own WIT refers."""
    target: ComponentDependency | None
    """The package with the component's world, if that is in a registry."""
    wit_path: str | None
    """The folder or file of the component's own WIT, relative to the folder of the manifest; None if it has none."""
    problems: tuple[Problem, ...]

    @property
    def registry_dependencies(self) -> tuple[ComponentDependency, ...]:
        """All dependencies from a registry, which the lock holds."""
        target = (self.target,) if self.target else ()
        entries = (*target, *self.target_dependencies, *self.dependencies)
        return tuple(entry for entry in entries if entry.requirement is not None)


def read(file: File, data: Mapping[str, Any]) -> Component | None:
    """Read the section in a parsed `Cargo.toml`; None if it has none."""
    section = toml.lookup(data, SECTION)
    if section is None:
        return None
    if not isinstance(section, dict):
        problem = unreadable(file, SECTION, f"{_TOOL} requires a table here", "write `[package.metadata.component]`")
        return Component((), (), None, None, (problem,))
    return _Reader(file).read(section)


def requirements(file: File, dependencies: Iterable[ComponentDependency]) -> list[WitRequirement]:
    """The requirements of those dependencies that come from a registry."""
    return [
        WitRequirement(
            entry.package, entry.registry or DEFAULT_REGISTRY, entry.requirement, file, entry.requirement_keys
        )
        for entry in dependencies
        if entry.requirement is not None
    ]


class _Reader:
    """Reads one section and collects what cargo-component rejects in it."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def read(self, section: dict[str, Any]) -> Component:
        self._check_types(section, _SECTION_TYPES, SECTION)
        name = section.get("package")
        if isinstance(name, str):
            self._is_package(name, (*SECTION, "package"))
        registries = section.get("registries")
        for key, value in registries.items() if isinstance(registries, dict) else ():
            if not isinstance(value, str) or ":" not in value:
                keys = (*SECTION, "registries", key)
                self._reject(keys, f"{_TOOL} requires a URL for the registry `{key}`", "write the URL of the registry")
        bindings = section.get("bindings")
        known = {key: bindings[key] for key in _BINDINGS_TYPES if key in bindings} if isinstance(bindings, dict) else {}
        self._check_types(known, _BINDINGS_TYPES, (*SECTION, "bindings"))
        dependencies = self._dependencies(section.get("dependencies"), (*SECTION, "dependencies"))
        target, wit, target_dependencies = self._target(section.get("target", {}))
        return Component(dependencies, target_dependencies, target, wit, tuple(self.problems))

    def _target(self, target: Any) -> tuple[ComponentDependency | None, str | None, tuple[ComponentDependency, ...]]:
        """The package of the target, or else the path of the component's WIT and the packages that it refers to."""
        keys = (*SECTION, "target")
        if isinstance(target, str):
            return self._target_text(target, keys), None, ()
        if not isinstance(target, dict):
            self._reject(keys, f"{_TOOL} requires a string or a table for `target`", _WRITE_TARGET)
            return None, None, ()
        self._check_types(target, _TARGET_TYPES, keys)
        if target.get("package") is not None:
            return self._target_package(target, keys), None, ()
        for key in ("version", "registry"):
            if key in target:
                message = f"{_TOOL} rejects a target with `{key}` but without `package`"
                self._reject((*keys, key), message, f"remove `{key}`, or add the `package` that it belongs to")
        path = target.get("path")
        dependencies = self._dependencies(target.get("dependencies"), (*keys, "dependencies"))
        return None, path if isinstance(path, str) else DEFAULT_WIT, dependencies

    def _target_package(self, target: dict[str, Any], keys: Keys) -> ComponentDependency | None:
        """The package of a target that is a table with `package`."""
        for key in ("path", "dependencies"):
            if (key == "path" and key in target) or target.get(key):
                message = f"{_TOOL} rejects a target with both `{key}` and `package`"
                self._reject((*keys, key), message, f"remove `{key}` or `package`")
        package, version = target["package"], target.get("version")
        if version is None:
            message = f"{_TOOL} rejects a target with `package` but without `version`"
            self._reject(keys, message, 'write `version = "=1.2.3"`')
        if not isinstance(package, str) or not self._is_package(package, (*keys, "package")):
            return None
        if not isinstance(version, str) or target.get("path") is not None:
            return None
        return _dependency(package, package, version, target.get("registry"), keys, (*keys, "version"))

    def _target_text(self, target: str, keys: Keys) -> ComponentDependency | None:
        """The package of a target that is a string."""
        name, at, requirement = target.partition("@")
        if not at:
            self._reject(keys, f"{_TOOL} rejects the target `{target}`: the version is missing", _WRITE_TARGET)
            return None
        name, slash, world = name.partition("/")
        if slash and not _is_identifier(world):
            self._reject(keys, f"{_TOOL} rejects the target `{target}`: `{world}` cannot name a world", _WRITE_TARGET)
            return None
        if not self._is_package(name, keys):
            return None
        return _dependency(name, name, requirement, None, keys, keys)

    def _dependencies(self, table: Any, keys: Keys) -> tuple[ComponentDependency, ...]:
        dependencies: list[ComponentDependency | None] = []
        for name, entry in table.items() if isinstance(table, dict) else ():
            entry_keys = (*keys, name)
            if not self._is_package(name, entry_keys):
                continue
            if isinstance(entry, str):
                dependencies.append(_dependency(name, name, entry, None, entry_keys, entry_keys))
            elif isinstance(entry, dict):
                dependencies.append(self._table_dependency(name, entry, entry_keys))
            else:
                message = f"{_TOOL} requires a string or a table for `{name}`"
                self._reject(entry_keys, message, 'write `{ version = "=1.2.3" }`')
        return tuple(dependency for dependency in dependencies if dependency is not None)

    def _table_dependency(self, name: str, entry: dict[str, Any], keys: Keys) -> ComponentDependency | None:
        has_wrong_type = self._check_types(entry, _DEPENDENCY_TYPES, keys)
        path, package, version = entry.get("path"), entry.get("package"), entry.get("version")
        for key in ("version", "registry", "package"):
            if path is not None and key in entry:
                message = f"{_TOOL} rejects a dependency with both `path` and `{key}`"
                self._reject((*keys, key), message, f"remove `path` or `{key}`")
                return None
        if path is None and version is None:
            message = f"{_TOOL} rejects a dependency with neither `version` nor `path`"
            self._reject(keys, message, 'write `version = "=1.2.3"`')
            return None
        if has_wrong_type or (package is not None and not self._is_package(package, (*keys, "package"))):
            return None
        if isinstance(version, str):
            return _dependency(name, package or name, version, entry.get("registry"), keys, (*keys, "version"))
        return ComponentDependency(name, name, None, path, None, keys, keys)

    def _check_types(self, table: Mapping[str, Any], types: Mapping[str, type], keys: Keys) -> bool:
        """Reject unknown keys and wrong types. Returns whether the value of a known key has the wrong type."""
        problems = wrong_types(table, types, self.file, keys, _TOOL)
        self.problems += problems
        return any(problem.keys[-1] in types for problem in problems)

    def _is_package(self, name: str, keys: Keys) -> bool:
        reason = not_a_package(name)
        if reason:
            message = f"{_TOOL} rejects the package name `{name}`: {reason}"
            self._reject(keys, message, "write a name such as `wasi:http`")
        return not reason

    def _reject(self, keys: Keys, message: str, help: str) -> None:
        self.problems.append(unreadable(self.file, keys, message, help))


def _dependency(
    name: str, package: str, requirement: str, registry: object, keys: Keys, requirement_keys: Keys
) -> ComponentDependency:
    known = registry if isinstance(registry, str) else None
    return ComponentDependency(name, package, requirement, None, known, keys, requirement_keys)


def _is_identifier(name: str) -> bool:
    """Whether `name` is an identifier of WIT: words joined by `-`, each in lower case or in upper case."""
    return all(
        word.isascii() and word.isalnum() and word[0].isalpha() and (word.islower() or word.isupper())
        for word in name.split("-")
    )
