"""Cargo's versions and version requirements.

A *version* names one release of a package. Its grammar and precedence are those of https://semver.org (2.0.0):

    version      = MAJOR "." MINOR "." PATCH [ "-" pre-release ] [ "+" build ]
    pre-release  = identifier *( "." identifier )    digits alone have no leading zero
    build        = identifier *( "." identifier )
    identifier   = 1*( ASCII letter / digit / "-" )

A *requirement* says which versions are acceptable. Its grammar and meaning are those of the Cargo book, "Specifying
Dependencies" (https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html):

    requirement  = wildcard / comparator *( "," comparator )    at most 32 comparators, all of which must hold
    comparator   = [ "=" / ">" / ">=" / "<" / "<=" / "~" / "^" ] MAJOR [ "." minor [ "." patch ] ]
                   the pre-release and build parts of a version may follow a complete MAJOR.MINOR.PATCH
    minor, patch = a number, or a wildcard after which no number comes
    wildcard     = "*" / "x" / "X"

Spaces, and no other white space, may surround a comparator and follow its operator. Numbers are decimal, without
leading zeros, and below 2**64, which is what Cargo stores them in.
"""

from __future__ import annotations

from functools import lru_cache, partial, total_ordering

_Identifiers = tuple[tuple[int, int, str, int], ...]
_Order = tuple[int, int, int, bool, _Identifiers, _Identifiers]
# The operator, or "*" for a wildcard that has none; the one to three numbers given; the pre-release.
_Comparator = tuple[str, tuple[int, ...], str]

_LARGEST_NUMBER = 2**64 - 1
_MOST_DIGITS = 20
LONGEST_NAME = 256
"""How many characters a name or a version may have. They are in names of files, for which it is the most."""
_MOST_COMPARATORS = 32
_MOST_REMEMBERED = 16_384
"""How many parsed texts are remembered; real repositories have a few thousand."""
_OPERATORS = ("", "^", "~", "=", ">", ">=", "<", "<=")
_WILDCARDS = ("*", "x", "X")
_IDENTIFIER_CHARACTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-")


class VersionError(ValueError):
    """Text that is not a version or not a requirement. The message quotes it, states the error and shows valid text."""


class _Value:
    """An immutable value that text spells."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}.parse({str(self)!r})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} is immutable: cannot set {name!r}")


@total_ordering
class Version(_Value):
    """One version of a package. Immutable, hashable, totally ordered.

    Order is semver precedence: numbers first, then a pre-release before its release. Versions that differ in build
    metadata alone have the same precedence but are not equal: they are ordered by their build metadata, identifier
    by identifier, numbers before words, none at all first.

    The constructor takes its parts as they are; `parse` checks them.
    """

    __slots__ = ("build", "major", "minor", "patch", "pre", "sort_key")

    major: int
    minor: int
    patch: int
    pre: str  # "" if this is a release
    build: str  # "" if there is none
    sort_key: _Order  # what versions are compared by

    def __init__(self, major: int, minor: int, patch: int, pre: str = "", build: str = "") -> None:
        set_once = partial(object.__setattr__, self)
        set_once("major", major)
        set_once("minor", minor)
        set_once("patch", patch)
        set_once("pre", pre)
        set_once("build", build)
        set_once("sort_key", _order((major, minor, patch), pre, build))

    @staticmethod
    def parse(text: str) -> Version:
        """Parse a complete version: no surrounding white space, no leading `v`, no missing part.

        Cargo first strips the white space around `package.version` in a manifest. Raises VersionError if it is invalid.
        """
        return _parse_version(text)

    def __str__(self) -> str:
        pre = f"-{self.pre}" if self.pre else ""
        build = f"+{self.build}" if self.build else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}{build}"

    def __eq__(self, other: object) -> bool:
        return self.sort_key == other.sort_key if isinstance(other, Version) else NotImplemented

    @property
    def compatible_range(self) -> tuple[int, ...]:
        """The numbers that this version shares with all versions that Cargo treats as compatible."""
        return _kept_by_caret((self.major, self.minor, self.patch))

    def __lt__(self, other: object) -> bool:
        return self.sort_key < other.sort_key if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sort_key)

    def __reduce__(self) -> tuple[object, ...]:
        return Version, (self.major, self.minor, self.patch, self.pre, self.build)


class Requirement(_Value):
    """The versions that a dependency accepts. Immutable and hashable.

    `str()` gives Cargo's own normal spelling, which lock files of the component tools quote: `1.2` becomes `^1.2`,
    ` >= 1,<2 ` becomes `>=1, <2`, `1.x.x` becomes `1.*`; build metadata, which requirements ignore, is dropped.
    Two requirements are equal if their normal spellings are.
    """

    __slots__ = ("_comparators", "_high", "_low")

    _comparators: tuple[_Comparator, ...]  # none for `*`
    _low: _Order  # acceptable versions are ordered from here on …
    _high: _Order  # … up to, not including, here

    def __init__(self, comparators: tuple[_Comparator, ...]) -> None:
        low, high = _LOWEST, _HIGHEST
        for comparator in comparators:
            begin, end = _interval(*comparator)
            low = max(low, begin)
            high = min(high, end)
        set_once = partial(object.__setattr__, self)
        set_once("_comparators", comparators)
        set_once("_low", low)
        set_once("_high", high)

    @staticmethod
    def parse(text: str) -> Requirement:
        """Parse a requirement as a manifest's `version` key holds it. Raises VersionError if it is invalid."""
        return _parse_requirement(text)

    def matches(self, version: Version) -> bool:
        """Whether `version` meets the requirement.

        Every comparator must hold. To accept a pre-release, a comparator with the same MAJOR.MINOR.PATCH
        must also name a pre-release. Build metadata does not count.
        """
        if not self._low <= version.sort_key < self._high:
            return False
        if not version.pre:
            return True
        core = (version.major, version.minor, version.patch)
        return any(pre and numbers == core for _, numbers, pre in self._comparators) and not any(
            _wants_release(operator, numbers) and numbers == core[: len(numbers)]
            for operator, numbers, _ in self._comparators
        )

    def spans(self, version: Version) -> bool:
        """Whether `version` is in the interval that the comparators bound in the plain order of versions.

        Pre-releases are ordered as all versions are, and numbers that are left out of a bound are zero. RustSec's
        advisories are read like this. Build metadata does not count.
        """
        order = _order((version.major, version.minor, version.patch), version.pre)
        for operator, numbers, pre in self._comparators:
            full = (*numbers, 0, 0)[:3]
            begin, end = _interval(operator, full, pre)
            if operator in ("^", "~", "*"):
                _, end = _interval(operator, numbers, pre)
            if not begin <= order < end:
                return False
        return True

    @property
    def exact(self) -> Version | None:
        """The one version that a lone `=MAJOR.MINOR.PATCH[-PRE]` allows, whatever its build metadata; else None."""
        match self._comparators:
            case (("=", (major, minor, patch), pre),):
                return Version(major, minor, patch, pre)
        return None

    def __str__(self) -> str:
        return ", ".join(_spelling(*comparator) for comparator in self._comparators) or "*"

    def __eq__(self, other: object) -> bool:
        return self._comparators == other._comparators if isinstance(other, Requirement) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._comparators)

    def __reduce__(self) -> tuple[object, ...]:
        return Requirement, (self._comparators,)


def version_of(text: str) -> Version | None:
    """The version that a text is; None if it is none."""
    try:
        return Version.parse(text)
    except VersionError:
        return None


def requirement_of(text: str) -> Requirement | None:
    """The requirement that a text is; None if it is none."""
    try:
        return Requirement.parse(text)
    except VersionError:
        return None


@lru_cache(_MOST_REMEMBERED)
def _parse_version(text: str) -> Version:
    try:
        numbers, pre, build = _split(text)
        if len(numbers) != 3:
            raise VersionError("it must have three numbers" if text else "it is empty")
        major, minor, patch = numbers
        return Version(_number(major, "major"), _number(minor, "minor"), _number(patch, "patch"), pre, build)
    except VersionError as problem:
        raise VersionError(
            f"{_quoted(text)} is not a version: {problem}; a version looks like 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5"
        ) from None


@lru_cache(_MOST_REMEMBERED)
def _parse_requirement(text: str) -> Requirement:
    try:
        parts = [part.strip(" ") for part in text.split(",")]
        if len(parts) == 1 and parts[0] in _WILDCARDS:
            return Requirement(())
        if len(parts) > _MOST_COMPARATORS:
            raise VersionError(f"it has {len(parts)} comparators, more than {_MOST_COMPARATORS}")
        return Requirement(tuple(map(_parse_comparator, parts)))
    except VersionError as problem:
        raise VersionError(
            f"{_quoted(text)} is not a version requirement: {problem}; "
            "a requirement looks like 1.2, =1.2.3, ~1.2, 1.* or >=1.2, <1.5"
        ) from None


def _parse_comparator(text: str) -> _Comparator:
    bare = text.lstrip("<>=~^")
    operator = text[: len(text) - len(bare)]
    if operator not in _OPERATORS:
        raise VersionError(f"{_quoted(operator)} is not an operator")
    version = bare.lstrip(" ")
    if not version:
        raise VersionError(f"no version follows {operator}" if operator else "a comparator is empty")
    if version in _WILDCARDS:
        raise VersionError(f"{version} must stand alone")
    if " " in version:
        raise VersionError("comparators must be joined by commas")
    (major, *rest), pre, build = _split(version)
    if len(rest) > 2:
        raise VersionError("it has more than three numbers")
    numbers = [_number(major, "major")]
    wildcard = False
    for part, name in zip(rest, ("minor", "patch"), strict=False):
        if part in _WILDCARDS:
            wildcard = True
        elif wildcard:
            raise VersionError("only a wildcard can follow a wildcard")
        else:
            numbers.append(_number(part, name))
    if (pre or build) and len(numbers) < 3:
        raise VersionError("a pre-release or build metadata must follow three numbers")
    return operator or ("*" if wildcard else "^"), tuple(numbers), pre


def _split(text: str) -> tuple[list[str], str, str]:
    """The numbers, not yet checked, the pre-release and the build metadata."""
    if len(text) > LONGEST_NAME:
        raise VersionError(f"it has more than {LONGEST_NAME} characters")
    rest, plus, build = text.partition("+")
    core, hyphen, pre = rest.partition("-")
    if hyphen:
        _check_identifiers(pre, "pre-release")
        for identifier in pre.split("."):
            if identifier.isdigit() and identifier[0] == "0" and identifier != "0":
                raise VersionError(f"the pre-release number {_quoted(identifier)} has a leading zero")
    if plus:
        _check_identifiers(build, "build metadata")
    return core.split("."), pre, build


def _check_identifiers(text: str, name: str) -> None:
    for identifier in text.split("."):
        if not identifier:
            raise VersionError(f"the {name} has an empty part")
        if not _IDENTIFIER_CHARACTERS.issuperset(identifier):
            raise VersionError(f"the {name} {_quoted(text)} holds more than ASCII letters, digits, hyphens and dots")


def _number(text: str, name: str) -> int:
    if not text:
        raise VersionError(f"the {name} number is missing")
    if not (text.isascii() and text.isdigit()):
        raise VersionError(f"the {name} number {_quoted(text)} is not made of digits")
    if text[0] == "0" and text != "0":
        raise VersionError(f"the {name} number {_quoted(text)} has a leading zero")
    # Check the length first: Python refuses to read numbers of thousands of digits.
    if len(text) > _MOST_DIGITS or (number := int(text)) > _LARGEST_NUMBER:
        raise VersionError(f"the {name} number {_quoted(text)} is above {_LARGEST_NUMBER}")
    return number


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _spelling(operator: str, numbers: tuple[int, ...], pre: str) -> str:
    dotted = ".".join(map(str, numbers))
    if operator == "*":
        return f"{dotted}.*"
    return f"{operator}{dotted}-{pre}" if pre else f"{operator}{dotted}"


def _interval(operator: str, numbers: tuple[int, ...], pre: str) -> tuple[_Order, _Order]:
    """The start of the versions that one comparator accepts, and their end, which is not included.

    A partial version means every version that begins with its numbers. A complete one means only itself.
    """
    begin = _order(numbers, pre) if len(numbers) == 3 else _start(numbers)
    match operator:
        case "^":
            return begin, _past(_kept_by_caret(numbers))
        case "~":
            return begin, _past(numbers[:2])
        case "=" | "*":
            return begin, _past(numbers, pre)
        case ">=":
            return begin, _HIGHEST
        case ">":
            return _past(numbers, pre), _HIGHEST
        case "<=":
            return _LOWEST, _past(numbers, pre)
        case _:
            return _LOWEST, begin


def _kept_by_caret(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """The numbers that a compatible version shares: up to the first that is not zero, or all."""
    for count, number in enumerate(numbers, start=1):
        if number:
            return numbers[:count]
    return numbers


def _wants_release(operator: str, numbers: tuple[int, ...]) -> bool:
    """Whether a version that begins with these numbers must be a release, although another comparator names one of
    its pre-releases. This applies to every partial version except one after `^`.
    """
    return len(numbers) < 3 and operator != "^"


def _order(numbers: tuple[int, ...], pre: str, build: str = "") -> _Order:
    """The sort key of a version."""
    major, minor, patch = numbers
    return major, minor, patch, not pre, _identifiers(pre), _identifiers(build)


def _start(numbers: tuple[int, ...]) -> _Order:
    """The sort key before every version, pre-releases included, that begins with these numbers."""
    major, minor, patch, *_ = *numbers, 0, 0
    return major, minor, patch, False, (), ()


def _past(numbers: tuple[int, ...], pre: str = "") -> _Order:
    """After every version that begins with these numbers; or if there is `pre`, after that one pre-release, whatever
    its build metadata, but before a longer one, as `rc.0` is to `rc`.
    """
    if not pre:
        return _start((*numbers[:-1], numbers[-1] + 1))
    major, minor, patch = numbers
    return major, minor, patch, False, (*_identifiers(pre), (0, 0, "", 0)), ()


def _identifiers(text: str) -> _Identifiers:
    """The sort key of a pre-release or of build metadata: numbers, compared as numbers, come before words.

    If build numbers differ only in leading zeros, the shorter comes first. Numbers may have thousands of digits,
    hence their length and text and not their value.
    """
    if not text:
        return ()
    return tuple(
        (0, len(digits := part.lstrip("0")), digits, len(part)) if part.isdigit() else (1, 0, part, 0)
        for part in text.split(".")
    )


_LOWEST = _start((0,))
_HIGHEST = _start((_LARGEST_NUMBER + 1,))
