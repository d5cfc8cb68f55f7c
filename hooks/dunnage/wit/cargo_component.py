"""What cargo-component reads in a `Cargo.toml`: `[package.metadata.component]`.

Source: cargo-component, src/metadata.rs, and crates/core/src/registry.rs for dependencies. Version requirements are
Cargo's; they are handed on as they are written.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.files.document import Keys
from dunnage.wit.values import Problem, not_a_package, wrong_types

SECTION = ("package", "metadata", "component")
"""Where the section stands in a manifest."""
DEFAULT_WIT = "wit"
"""Where the WIT of a component is unless its manifest says otherwise, below the folder of the manifest."""

_TOOL = "cargo-component"
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
"""Other keys are passed over there, and only there."""
_DEPENDENCY_TYPES: Mapping[str, type] = {"path": str, "package": str, "version": str, "registry": str}
_TARGET_TYPES: Mapping[str, type] = {
    "package": str,
    "version": str,
    "world": str,
    "registry": str,
    "path": str,
    "dependencies": dict,
}


class Dependency(NamedTuple):
    """A package that a component wants: from a registry, if there is a requirement, or from a path."""

    name: str
    """NAMESPACE:NAME, the key in the table, or the one in a target."""
    package: str
    """The name under which it is fetched."""
    requirement: str | None
    path: str | None
    """Relative to the folder of the manifest."""
    registry: str | None
    """None for the default one."""
    keys: Keys
    """Where the entry stands in the manifest."""
    requirement_keys: Keys
    """Where the string with the requirement stands, which in a target holds more: NAMESPACE:NAME/WORLD@REQUIREMENT."""


class Component(NamedTuple):
    """The section of one manifest. What is refused is left out and among the problems."""

    dependencies: tuple[Dependency, ...]
    """Components that are imported."""
    target_dependencies: tuple[Dependency, ...]
    """Packages that the component's own WIT refers to."""
    target: Dependency | None
    """The package that the world is taken from, if it is one of a registry."""
    wit_path: str | None
    """The component's own WIT, a folder or a file, relative to the folder of the manifest; None if it has none."""
    problems: tuple[Problem, ...]

    @property
    def registry_dependencies(self) -> tuple[Dependency, ...]:
        """All that comes from a registry, and so stands in the lock."""
        target = (self.target,) if self.target else ()
        return tuple(
            it for it in (*target, *self.target_dependencies, *self.dependencies) if it.requirement is not None
        )


def read(data: Mapping[str, Any]) -> Component | None:
    """Read the section in a parsed `Cargo.toml`; None if it has none."""
    section: Any = data
    for key in SECTION:
        section = section.get(key) if isinstance(section, dict) else None
    if section is None:
        return None
    if not isinstance(section, dict):
        return Component((), (), None, None, (Problem(SECTION, f"{_TOOL} wants a table here", "write a table"),))
    reader = _Reader()
    return reader.read(section)


class _Reader:
    """The reading of one section, and what is refused."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(self, section: dict[str, Any]) -> Component:
        self.problems += wrong_types(section, _SECTION_TYPES, SECTION, _TOOL)
        name = section.get("package")
        if isinstance(name, str):
            self._is_package(name, (*SECTION, "package"))
        registries = section.get("registries")
        for key, value in registries.items() if isinstance(registries, dict) else ():
            if not isinstance(value, str) or ":" not in value:
                keys = (*SECTION, "registries", key)
                self._refuse(keys, f"{_TOOL} wants a URL for the registry `{key}`", "write its URL")
        bindings = section.get("bindings")
        known = {key: bindings[key] for key in _BINDINGS_TYPES if key in bindings} if isinstance(bindings, dict) else {}
        self.problems += wrong_types(known, _BINDINGS_TYPES, (*SECTION, "bindings"), _TOOL)
        dependencies = tuple(self._dependencies(section.get("dependencies"), (*SECTION, "dependencies")))
        target, wit, others = self._target(section.get("target", {}))
        return Component(dependencies, others, target, wit, tuple(self.problems))

    def _target(self, target: Any) -> tuple[Dependency | None, str | None, tuple[Dependency, ...]]:
        """The target, if it is a package; else where its WIT is, and the packages that this refers to."""
        keys = (*SECTION, "target")
        if isinstance(target, str):
            return self._target_text(target, keys), None, ()
        if not isinstance(target, dict):
            self._refuse(keys, f"{_TOOL} wants a string or a table for `target`", "write one of the two")
            return None, None, ()
        self.problems += wrong_types(target, _TARGET_TYPES, keys, _TOOL)
        package, path = target.get("package"), target.get("path")
        if package is None:
            for key in ("version", "registry"):
                if key in target:
                    message = f"{_TOOL} refuses a target with `{key}` and no `package`"
                    self._refuse((*keys, key), message, f"remove `{key}`, or say which `package` it is of")
            others = tuple(self._dependencies(target.get("dependencies"), (*keys, "dependencies")))
            return None, path if isinstance(path, str) else DEFAULT_WIT, others
        for key in ("path", "dependencies"):
            if (key == "path" and key in target) or target.get(key):
                message = f"{_TOOL} refuses a target with both `{key}` and `package`"
                self._refuse((*keys, key), message, "remove one of the two")
        version = target.get("version")
        if version is None:
            self._refuse(
                keys, f"{_TOOL} refuses a target with `package` and no `version`", 'write `version = "=1.2.3"`'
            )
        if not isinstance(package, str) or not self._is_package(package, (*keys, "package")):
            return None, None, ()
        if not isinstance(version, str) or path is not None:
            return None, None, ()
        registry = target.get("registry")
        return _dependency(package, package, version, registry, keys, (*keys, "version")), None, ()

    def _target_text(self, target: str, keys: Keys) -> Dependency | None:
        name, at, requirement = target.partition("@")
        help = 'write `target = "NAMESPACE:NAME/WORLD@=1.2.3"`'
        if not at:
            self._refuse(keys, f"{_TOOL} refuses the target `{target}`: it has no `@` and version", help)
            return None
        name, slash, world = name.partition("/")
        if slash and not _is_identifier(world):
            self._refuse(keys, f"{_TOOL} refuses the target `{target}`: `{world}` is no name of a world", help)
            return None
        if not self._is_package(name, keys):
            return None
        return _dependency(name, name, requirement, None, keys, keys)

    def _dependencies(self, table: Any, keys: Keys) -> Iterator[Dependency]:
        for name, entry in table.items() if isinstance(table, dict) else ():
            at = (*keys, name)
            if not self._is_package(name, at):
                continue
            if isinstance(entry, str):
                yield _dependency(name, name, entry, None, at, at)
            elif isinstance(entry, dict):
                found = self._entry(name, entry, at)
                if found is not None:
                    yield found
            else:
                self._refuse(at, f"{_TOOL} wants a string or a table for `{name}`", 'write `{ version = "=1.2.3" }`')

    def _entry(self, name: str, entry: dict[str, Any], keys: Keys) -> Dependency | None:
        wrong = wrong_types(entry, _DEPENDENCY_TYPES, keys, _TOOL)
        self.problems += wrong
        path, package, version = entry.get("path"), entry.get("package"), entry.get("version")
        for key in ("version", "registry", "package"):
            if path is not None and key in entry:
                message = f"{_TOOL} refuses a dependency with both `path` and `{key}`"
                self._refuse((*keys, key), message, "remove one of the two")
                return None
        if path is None and version is None:
            message = f"{_TOOL} refuses a dependency with neither `version` nor `path`"
            self._refuse(keys, message, 'write `version = "=1.2.3"`')
            return None
        if any(problem.keys[-1] in _DEPENDENCY_TYPES for problem in wrong):
            return None
        if package is not None and not self._is_package(package, (*keys, "package")):
            return None
        if isinstance(version, str):
            return _dependency(name, package or name, version, entry.get("registry"), keys, (*keys, "version"))
        return Dependency(name, name, None, path, None, keys, keys)

    def _is_package(self, name: str, keys: Keys) -> bool:
        problem = not_a_package(name)
        if problem:
            message = f"{_TOOL} refuses the package name `{name}`: {problem}"
            self._refuse(keys, message, "write a name as `wasi:http`")
        return not problem

    def _refuse(self, keys: Keys, message: str, help: str) -> None:
        self.problems.append(Problem(keys, message, help))


def _dependency(
    name: str, package: str, requirement: str, registry: object, keys: Keys, requirement_keys: Keys
) -> Dependency:
    known = registry if isinstance(registry, str) else None
    return Dependency(name, package, requirement, None, known, keys, requirement_keys)


def _is_identifier(name: str) -> bool:
    """Whether `name` is an identifier of WIT: words joined by `-`, each of small letters or of capitals."""
    return all(
        word.isascii() and word.isalnum() and word[0].isalpha() and (word.islower() or word.isupper())
        for word in name.split("-")
    )
