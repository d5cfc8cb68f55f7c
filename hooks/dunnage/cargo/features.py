"""Cargo's features: which optional dependencies and which features of dependencies they turn on.

Source of the rules: the Cargo book, "Features". The dependency resolver, which decides what stands in `Cargo.lock`,
treats a weak `name?/feature` as turning `name` on; only the build leaves it off again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dunnage.cargo.manifest import Dependency
    from dunnage.files.document import Keys

FeatureMap = Mapping[str, tuple[str, ...]]
"""Each feature and what it turns on, implicit features of optional dependencies included."""


class FeatureError(ValueError):
    """A `[features]` table, or a feature asked for, that Cargo refuses; keys: where it stands in the manifest."""

    def __init__(self, message: str, keys: Keys, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys
        self.help = help


def feature_map(features: Mapping[str, tuple[str, ...]], dependencies: Sequence[Dependency]) -> FeatureMap:
    """Add the implicit features of optional dependencies and check every value, as Cargo does when it loads a
    manifest.

    Raises FeatureError.
    """
    optional: dict[str, bool] = {}
    for dependency in dependencies:
        optional[dependency.name] = optional.get(dependency.name, False) or dependency.optional
        if dependency.optional and dependency.kind == "dev":
            raise FeatureError(
                f"`{dependency.name}` is a dev-dependency, which cannot be optional",
                (*dependency.keys, "optional"),
                "remove `optional`, or move it to `[dependencies]`",
            )
    if not features and True not in optional.values():
        return {}
    explicit = {value[4:] for values in features.values() for value in values if value.startswith("dep:")}
    implicit = {
        name: (f"dep:{name}",)
        for name, is_optional in optional.items()
        if is_optional and name not in features and name not in explicit
    }
    everything = {**features, **implicit}
    for feature, values in features.items():
        if not _is_feature_name(feature):
            raise FeatureError(f"`{feature}` is not a feature name Cargo accepts", ("features", feature), "rename it")
        for index, value in enumerate(values):
            _check_value(feature, value, ("features", feature, index), everything, optional)
    turned_on = {_split(value)[0] for values in everything.values() for value in values if _names_dependency(value)}
    for name, is_optional in optional.items():
        if is_optional and name not in turned_on:
            raise FeatureError(
                f"no feature turns on the optional dependency `{name}`",
                ("features", name),
                f'add `"dep:{name}"` to a feature',
            )
    return everything


def turned_on(features: FeatureMap, dependencies: Iterable[Dependency], asked: Iterable[str]) -> dict[str, set[str]]:
    """Follow the features asked of a package: the dependencies they turn on, each with the features asked of it.

    A feature that the package does not have is passed over.
    """
    result: dict[str, set[str]] = {}
    if not features:
        return result
    optional = {dependency.name for dependency in dependencies if dependency.optional}
    pending = list(asked)
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
            name, wanted, weak = _split(value)
            result.setdefault(name, set())
            if wanted:
                result[name].add(wanted)
                if not weak and name in optional and name in features:
                    pending.append(name)
    return result


def _check_value(
    feature: str, value: str, keys: Keys, features: Mapping[str, tuple[str, ...]], optional: Mapping[str, bool]
) -> None:
    name, wanted, weak = _split(value)
    says = f"feature `{feature}` includes `{value}`"
    if value == feature:
        raise FeatureError(f"feature `{feature}` includes itself", keys, "remove it")
    if not _names_dependency(value):
        if value in features:
            return
        if value not in optional:
            raise FeatureError(f"{says}, which is neither a feature nor a dependency", keys, "correct or remove it")
        if optional[value]:
            raise FeatureError(f"{says}, a dependency without a feature of its name", keys, f'write `"dep:{value}"`')
        raise FeatureError(
            f"{says}, which is not an optional dependency", keys, "add `optional = true` to it, or remove"
        )
    if "/" in wanted or (wanted and name.startswith("dep:")):
        raise FeatureError(f"{says}, which is malformed", keys, 'write `"dependency/feature"`')
    if name not in optional:
        raise FeatureError(f"{says}, but `{name}` is not a dependency", keys, "correct or remove it")
    if (weak or not wanted) and not optional[name]:
        raise FeatureError(
            f"{says}, but `{name}` is not optional", keys, "add `optional = true` to it, or correct this"
        )


def _is_feature_name(name: str) -> bool:
    """Whether a name begins with a letter, digit or `_` and goes on with those, `-`, `+` or `.`."""
    return f"_{name.translate(_TO_LETTERS)}".isidentifier() and name[:1] not in ("", "-", "+", ".")


_TO_LETTERS = str.maketrans("-+.", "___")


def _names_dependency(value: str) -> bool:
    return value.startswith("dep:") or "/" in value


def _split(value: str) -> tuple[str, str, bool]:
    """Take a feature value apart: the dependency it names, the feature asked of it, whether weakly."""
    name, slash, wanted = value.partition("/")
    if not slash:
        return name.removeprefix("dep:"), "", False
    return name.removesuffix("?"), wanted, name.endswith("?")
