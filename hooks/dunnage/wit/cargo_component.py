"""The section of cargo-component in a `Cargo.toml`: `[package.metadata.component]`.

Version requirements are Cargo's, and are returned as they are written. Sources: cargo-component, src/metadata.rs, and
crates/core/src/registry.rs for dependencies.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dunnage.files import toml
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File
from dunnage.wit.projects import DEFAULT_REGISTRY, WitRequirement, not_a_package, unreadable, wrong_types

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
    """A package that a component depends on."""

    name: str
    """NAMESPACE:NAME, the key in the table or the name in a target."""
    package: str
    """The name under which it is fetched."""
    requirement: WitRequirement | None
    """None if it comes from a path. In a target, the string holds more: NAMESPACE:NAME/WORLD@REQUIREMENT."""


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
    def all_dependencies(self) -> tuple[ComponentDependency, ...]:
        """The target and all dependencies."""
        return (*((self.target,) if self.target else ()), *self.target_dependencies, *self.dependencies)


def component(file: File) -> Component | None:
    """The section in a `Cargo.toml` that is TOML; None if it has none."""
    return file.memo(_component)


def _component(file: File) -> Component | None:
    return read(file, toml.parse(file))


def read(file: File, data: Mapping[str, Any]) -> Component | None:
    """Read the section in a parsed `Cargo.toml`; None if it has none."""
    section = toml.lookup(data, SECTION)
    if section is None:
        return None
    if not isinstance(section, dict):
        problem = unreadable(file, SECTION, f"{_TOOL} requires a table here", "write `[package.metadata.component]`")
        return Component((), (), None, None, (problem,))
    return _Reader(file).read(section)


def requirements(dependencies: Iterable[ComponentDependency]) -> list[WitRequirement]:
    """The requirements of those dependencies that come from a registry. The lock holds them."""
    return [entry.requirement for entry in dependencies if entry.requirement]


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
                place = (*SECTION, "registries", key)
                self._reject(place, f"{_TOOL} requires a URL for the registry `{key}`", "write the URL of the registry")
        bindings = section.get("bindings")
        known = {key: bindings[key] for key in _BINDINGS_TYPES if key in bindings} if isinstance(bindings, dict) else {}
        self._check_types(known, _BINDINGS_TYPES, (*SECTION, "bindings"))
        dependencies = self._dependencies(section.get("dependencies"), (*SECTION, "dependencies"))
        target, keys = section.get("target", {}), (*SECTION, "target")
        package, wit = None, None
        others: tuple[ComponentDependency, ...] = ()
        if isinstance(target, str):
            package = self._target_text(target, keys)
        elif not isinstance(target, dict):
            self._reject(keys, f"{_TOOL} requires a string or a table for `target`", _WRITE_TARGET)
        else:
            self._check_types(target, _TARGET_TYPES, keys)
            if target.get("package") is not None:
                package = self._target_package(target, keys)
            else:
                wit, others = self._own_wit(target, keys)
        return Component(dependencies, others, package, wit, tuple(self.problems))

    def _own_wit(self, target: dict[str, Any], keys: Keys) -> tuple[str, tuple[ComponentDependency, ...]]:
        """The path of the component's WIT and the packages that it refers to, of a target without `package`."""
        for key in ("version", "registry"):
            if key in target:
                message = f"{_TOOL} rejects a target with `{key}` but without `package`"
                self._reject((*keys, key), message, f"remove `{key}`, or add the `package` that it belongs to")
        path = target.get("path")
        dependencies = self._dependencies(target.get("dependencies"), (*keys, "dependencies"))
        return path if isinstance(path, str) else DEFAULT_WIT, dependencies

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
        return self._dependency(package, version, (*keys, "version"), target.get("registry"))

    def _target_text(self, target: str, keys: Keys) -> ComponentDependency | None:
        """The package of a target that is a string."""
        name, at, requirement = target.partition("@")
        name, slash, world = name.partition("/")
        reason = "" if at else "the version is missing"
        if at and slash and not _is_identifier(world):
            reason = f"`{world}` cannot name a world"
        if reason:
            self._reject(keys, f"{_TOOL} rejects the target `{target}`: {reason}", _WRITE_TARGET)
        return None if reason or not self._is_package(name, keys) else self._dependency(name, requirement, keys)

    def _dependencies(self, table: Any, keys: Keys) -> tuple[ComponentDependency, ...]:
        dependencies: list[ComponentDependency | None] = []
        for name, entry in table.items() if isinstance(table, dict) else ():
            entry_keys = (*keys, name)
            if not self._is_package(name, entry_keys):
                continue
            if isinstance(entry, str):
                dependencies.append(self._dependency(name, entry, entry_keys))
            elif isinstance(entry, dict):
                dependencies.append(self._table_dependency(name, entry, entry_keys))
            else:
                message = f"{_TOOL} requires a string or a table for `{name}`"
                self._reject(entry_keys, message, 'write `{ version = "=1.2.3" }`')
        return tuple(filter(None, dependencies))

    def _table_dependency(self, name: str, entry: dict[str, Any], keys: Keys) -> ComponentDependency | None:
        has_wrong_type = self._check_types(entry, _DEPENDENCY_TYPES, keys)
        path, package, version = entry.get("path"), entry.get("package", name), entry.get("version")
        for key in ("version", "registry", "package"):
            if path is not None and key in entry:
                message = f"{_TOOL} rejects a dependency with both `path` and `{key}`"
                self._reject((*keys, key), message, f"remove `path` or `{key}`")
                return None
        if path is None and version is None:
            message = f"{_TOOL} rejects a dependency with neither `version` nor `path`"
            self._reject(keys, message, 'write `version = "=1.2.3"`')
            return None
        if has_wrong_type or (package != name and not self._is_package(package, (*keys, "package"))):
            return None
        if version is None:
            return ComponentDependency(name, name, None)
        return self._dependency(package, version, (*keys, "version"), entry.get("registry"), name)

    def _dependency(
        self, package: str, requirement: str, keys: Keys, registry: object = None, name: str = ""
    ) -> ComponentDependency:
        """A dependency from a registry. `keys` are those of the string with the requirement."""
        source = registry if isinstance(registry, str) and registry else DEFAULT_REGISTRY
        return ComponentDependency(
            name or package, package, WitRequirement(package, source, requirement, self.file, keys)
        )

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


def _is_identifier(name: str) -> bool:
    """Whether `name` is an identifier of WIT: words joined by `-`, each in lower case or in upper case."""
    return all(
        word.isascii() and word.isalnum() and word[0].isalpha() and (word.islower() or word.isupper())
        for word in name.split("-")
    )
