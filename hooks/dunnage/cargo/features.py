"""Cargo's features: which optional dependencies, and which features of dependencies, they enable.

Source of the rules: the Cargo book, "Features". The dependency resolver, which decides what `Cargo.lock` contains,
treats a weak `name?/feature` as if it enabled `name`; only the build leaves the dependency out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dunnage.cargo.dependency import Dependency, ManifestError
from dunnage.files.document import Keys

FeatureMap = Mapping[str, tuple[str, ...]]
"""Each feature with the values that it enables; includes the implicit features of optional dependencies."""


def feature_map(features: FeatureMap, dependencies: Sequence[Dependency]) -> FeatureMap:
    """Add the implicit features of optional dependencies to `[features]`.

    Raises ManifestError where Cargo rejects a feature or a value when it loads the manifest.
    """
    is_optional = _optional_by_name(dependencies)
    if not features and True not in is_optional.values():
        return {}
    complete = {**features, **_implicit_features(features, is_optional)}
    for feature, values in features.items():
        if not _is_feature_name(feature):
            raise ManifestError(f"`{feature}` is not a valid feature name", ("features", feature), "rename it")
        for index, value in enumerate(values):
            _check_value(feature, value, ("features", feature, index), complete, is_optional)
    _check_reachable(complete, is_optional)
    return complete


def enabled_dependencies(
    features: FeatureMap, dependencies: Iterable[Dependency], requested: Iterable[str]
) -> dict[str, set[str]]:
    """Return the dependencies that the requested features of a package enable, each with the features it must have.

    A requested feature that the package does not define is ignored.
    """
    enabled: dict[str, set[str]] = {}
    if not features:
        return enabled
    optional = {dependency.name for dependency in dependencies if dependency.optional}
    pending = list(requested)
    seen: set[str] = set()
    while pending:
        feature = pending.pop()
        if feature in seen:
            continue
        seen.add(feature)
        for value in features.get(feature, ()):
            if not _names_dependency(value):
                pending.append(value)
                continue
            name, wanted, is_weak = _parse(value)
            enabled.setdefault(name, set())
            if wanted:
                enabled[name].add(wanted)
                if not is_weak and name in optional and name in features:
                    pending.append(name)
    return enabled


def _optional_by_name(dependencies: Iterable[Dependency]) -> dict[str, bool]:
    """Say for each dependency whether any of its entries is optional."""
    is_optional: dict[str, bool] = {}
    for dependency in dependencies:
        is_optional[dependency.name] = is_optional.get(dependency.name, False) or dependency.optional
        if dependency.optional and dependency.kind == "dev":
            raise ManifestError(
                f"`{dependency.name}` is a dev-dependency, which cannot be optional",
                (*dependency.keys, "optional"),
                "remove `optional`, or move it to `[dependencies]`",
            )
    return is_optional


def _implicit_features(features: FeatureMap, is_optional: Mapping[str, bool]) -> dict[str, tuple[str, ...]]:
    """An optional dependency defines a feature of its own name unless some feature names it with `dep:`."""
    explicit = {value[4:] for values in features.values() for value in values if value.startswith("dep:")}
    return {
        name: (f"dep:{name}",)
        for name, optional in is_optional.items()
        if optional and name not in features and name not in explicit
    }


def _check_value(feature: str, value: str, keys: Keys, features: FeatureMap, is_optional: Mapping[str, bool]) -> None:
    """Check one value of a feature: another feature, `dep:NAME`, `NAME/FEATURE` or `NAME?/FEATURE`."""
    includes = f"feature `{feature}` includes `{value}`"
    if value == feature:
        raise ManifestError(f"feature `{feature}` includes itself", keys, "remove it")
    if not _names_dependency(value):
        if value in features:
            return
        if value not in is_optional:
            raise ManifestError(
                f"{includes}, which is neither a feature nor a dependency", keys, "correct or remove it"
            )
        if is_optional[value]:
            raise ManifestError(
                f"{includes}, an optional dependency without a feature of the same name", keys, f'write `"dep:{value}"`'
            )
        raise ManifestError(
            f"{includes}, which is not an optional dependency", keys, "add `optional = true` to it, or remove it here"
        )
    name, wanted, is_weak = _parse(value)
    if "/" in wanted or (wanted and name.startswith("dep:")):
        raise ManifestError(f"{includes}, which is malformed", keys, 'write `"dependency/feature"`')
    if name not in is_optional:
        raise ManifestError(f"{includes}, but `{name}` is not a dependency", keys, "correct or remove it")
    if (is_weak or not wanted) and not is_optional[name]:
        raise ManifestError(
            f"{includes}, but `{name}` is not optional", keys, "add `optional = true` to it, or correct this value"
        )


def _check_reachable(features: FeatureMap, is_optional: Mapping[str, bool]) -> None:
    """Raise ManifestError if no feature enables an optional dependency."""
    enabled = {_parse(value)[0] for values in features.values() for value in values if _names_dependency(value)}
    for name, optional in is_optional.items():
        if optional and name not in enabled:
            raise ManifestError(
                f"no feature enables the optional dependency `{name}`",
                ("features", name),
                f'add `"dep:{name}"` to a feature',
            )


def _is_feature_name(name: str) -> bool:
    """Whether a name begins with a letter, digit or `_`, and continues with these, `-`, `+` or `.`."""
    return f"_{name.translate(_TO_LETTERS)}".isidentifier() and name[:1] not in ("", "-", "+", ".")


_TO_LETTERS = str.maketrans("-+.", "___")


def _names_dependency(value: str) -> bool:
    return value.startswith("dep:") or "/" in value


def _parse(value: str) -> tuple[str, str, bool]:
    """Split a value that names a dependency: its name, the feature that it must have, and whether that is weak."""
    name, slash, wanted = value.partition("/")
    if not slash:
        return name.removeprefix("dep:"), "", False
    return name.removesuffix("?"), wanted, name.endswith("?")
