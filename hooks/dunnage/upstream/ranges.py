"""The ranges of versions in GitHub's advisories: comparators, all of which must hold, as in `>= 1.0, < 1.2.3`."""

import operator
import re

from dunnage.cargo.version import Version, VersionError

_COMPARATOR = re.compile(r"(<=|>=|<|>|=)? *([0-9A-Za-z.+-]+)")
_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}


def contains(text: str, version: str) -> bool:
    """Whether a range contains a version; False if either is malformed. Numbers that are left out are zero."""
    try:
        given = Version.parse(version)
        found = [_COMPARATOR.fullmatch(part.strip()) for part in text.split(",")]
        return all(each and _OPERATORS[each[1] or "="](given, _full(each[2])) for each in found)
    except VersionError:
        return False


def _full(text: str) -> Version:
    core, mark, rest = re.fullmatch(r"([^+-]*)([+-]?)(.*)", text).groups()  # type: ignore[union-attr] # it always matches
    return Version.parse(f"{core}{'.0' * (2 - core.count('.'))}{mark}{rest}")
