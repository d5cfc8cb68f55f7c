"""Cargo's versions and requirements: tables for each documented rule, properties for everything else."""

from __future__ import annotations

import copy
import pickle
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo.version import Requirement, Version, VersionError

# Versions: what is one


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("1.2.3", (1, 2, 3, "", ""), id="release"),
        pytest.param("0.0.0", (0, 0, 0, "", ""), id="zeros"),
        pytest.param("10.200.3000", (10, 200, 3000, "", ""), id="several digits"),
        pytest.param("18446744073709551615.0.0", (2**64 - 1, 0, 0, "", ""), id="largest number"),
        pytest.param("1.2.3-rc.1", (1, 2, 3, "rc.1", ""), id="pre-release"),
        pytest.param("1.2.3-0", (1, 2, 3, "0", ""), id="pre-release zero"),
        pytest.param("1.2.3-01a", (1, 2, 3, "01a", ""), id="word with leading zero"),
        pytest.param("1.2.3--", (1, 2, 3, "-", ""), id="pre-release of a hyphen"),
        pytest.param("1.2.3-a-b.c-d", (1, 2, 3, "a-b.c-d", ""), id="hyphens inside"),
        pytest.param(
            "1.2.3-99999999999999999999", (1, 2, 3, "99999999999999999999", ""), id="pre-release over 64 bits"
        ),
        pytest.param("1.2.3+build.5", (1, 2, 3, "", "build.5"), id="build"),
        pytest.param("1.2.3+007", (1, 2, 3, "", "007"), id="build number with leading zeros"),
        pytest.param("1.2.3+a-b", (1, 2, 3, "", "a-b"), id="hyphen in build is no pre-release"),
        pytest.param("1.2.3-rc.1+20260101", (1, 2, 3, "rc.1", "20260101"), id="pre-release and build"),
    ],
)
def test_version_parses(text: str, parts: tuple[int, int, int, str, str]) -> None:
    version = Version.parse(text)
    assert (version.major, version.minor, version.patch, version.pre, version.build) == parts
    assert str(version) == text
    assert version == Version(*parts)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param("1", "it must have three numbers", id="major only"),
        pytest.param("1.2", "it must have three numbers", id="no patch"),
        pytest.param("1.2.3.4", "it must have three numbers", id="four numbers"),
        pytest.param("1.2-rc.1", "it must have three numbers", id="pre-release of a partial version"),
        pytest.param("1..3", "the minor number is missing", id="empty number"),
        pytest.param("1.2.", "the patch number is missing", id="ends in a dot"),
        pytest.param("v1.2.3", "the major number 'v1' is not made of digits", id="leading v"),
        pytest.param(" 1.2.3", "the major number ' 1' is not made of digits", id="leading space"),
        pytest.param("1.2.3\n", r"the patch number '3\n' is not made of digits", id="line end"),
        pytest.param("1.x.3", "the minor number 'x' is not made of digits", id="wildcard"),
        pytest.param("1.2_0.3", "the minor number '2_0' is not made of digits", id="underscore"),
        pytest.param("1.2.٣", "the patch number '٣' is not made of digits", id="digit that is not ASCII"),
        pytest.param("01.2.3", "the major number '01' has a leading zero", id="leading zero"),
        pytest.param("1.00.3", "the minor number '00' has a leading zero", id="double zero"),
        pytest.param("1.2.18446744073709551616", "is above 18446744073709551615", id="number over 64 bits"),
        pytest.param(f"{'9' * 250}.0.0", "is above 18446744073709551615", id="number of many digits"),
        pytest.param(f"1.0.0-{'a.' * 125}a", "it has more than 256 characters", id="too long"),
        pytest.param("1.2.3-", "the pre-release has an empty part", id="empty pre-release"),
        pytest.param("1.2.3-a..b", "the pre-release has an empty part", id="empty part of a pre-release"),
        pytest.param("1.2.3-rc.01", "the pre-release number '01' has a leading zero", id="pre-release leading zero"),
        pytest.param("1.2.3-rc_1", "the pre-release 'rc_1' holds more than ASCII", id="pre-release character"),
        pytest.param("1.2.3-é", "the pre-release 'é' holds more than ASCII", id="letter that is not ASCII"),
        pytest.param("1.2.3+", "the build metadata has an empty part", id="empty build"),
        pytest.param("1.2.3+a.", "the build metadata has an empty part", id="empty part of the build"),
        pytest.param("1.2.3+a+b", "the build metadata 'a+b' holds more than ASCII", id="two builds"),
        pytest.param("1.2.3-+b", "the pre-release has an empty part", id="empty pre-release before build"),
    ],
)
def test_version_is_refused(text: str, problem: str) -> None:
    with pytest.raises(VersionError) as error:
        Version.parse(text)
    assert problem in str(error.value)
    assert str(error.value).endswith("; a version looks like 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5")
    assert "\n" not in str(error.value)


def test_error_quotes_the_input_but_not_all_of_a_long_one() -> None:
    with pytest.raises(VersionError, match=r"^'1\.2' is not a version: "):
        Version.parse("1.2")
    with pytest.raises(VersionError, match=r"^'1\.2 3' is not a version requirement: "):
        Requirement.parse("1.2 3")
    with pytest.raises(VersionError) as error:
        Version.parse("x" * 10_000)
    assert len(str(error.value)) < 400


# Versions: order

IN_ORDER = [
    "0.0.0-0",
    "0.0.0",
    "0.0.9",
    "0.0.10",
    "0.1.0",
    "1.0.0--",
    "1.0.0",
    "1.2.0",
    "1.10.0-0",
    "1.10.0-0.0",
    "1.10.0-2",
    "1.10.0-10",
    "1.10.0-100000000000000000000",
    "1.10.0-Beta",
    "1.10.0-alpha",
    "1.10.0-alpha+1",
    "1.10.0-alpha.1",
    "1.10.0-alpha.beta",
    "1.10.0-alpha1",
    "1.10.0-beta",
    "1.10.0-beta.2",
    "1.10.0-beta.11",
    "1.10.0-rc.1",
    "1.10.0",
    "1.10.0+0",
    "1.10.0+00",
    "1.10.0+1",
    "1.10.0+01",
    "1.10.0+01.0",
    "1.10.0+001",
    "1.10.0+2",
    "1.10.0+10",
    "1.10.0+a",
    "1.10.0+a.b",
    "1.10.0+b",
    "2.0.0",
]


@pytest.mark.parametrize(("low", "high"), list(pairwise(IN_ORDER)))
def test_version_order(low: str, high: str) -> None:
    a, b = Version.parse(low), Version.parse(high)
    assert a < b
    assert a <= b
    assert b > a
    assert b >= a
    assert a != b


def test_versions_sort() -> None:
    backwards = [Version.parse(text) for text in reversed(IN_ORDER)]
    assert [str(version) for version in sorted(backwards)] == IN_ORDER


def test_version_is_a_value() -> None:
    version = Version.parse("1.2.3-rc.1+b")
    assert version == Version(1, 2, 3, "rc.1", "b")
    assert hash(version) == hash(Version(1, 2, 3, "rc.1", "b"))
    assert version != Version.parse("1.2.3-rc.1")
    assert version != "1.2.3-rc.1+b"
    assert repr(version) == "Version.parse('1.2.3-rc.1+b')"
    assert copy.deepcopy(version) == version
    assert pickle.loads(pickle.dumps(version)) == version
    with pytest.raises(AttributeError, match="immutable"):
        version.major = 2
    with pytest.raises(TypeError):
        assert version < "2"


# Requirements: what is one


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        pytest.param("1.2.3", "^1.2.3", id="no operator"),
        pytest.param("1.2", "^1.2", id="no operator, no patch"),
        pytest.param("1", "^1", id="no operator, major only"),
        pytest.param("^ 1.2", "^1.2", id="caret"),
        pytest.param("~1.2.3", "~1.2.3", id="tilde"),
        pytest.param("=1.2.3", "=1.2.3", id="exact"),
        pytest.param("=1", "=1", id="equal, partial"),
        pytest.param(">1.2", ">1.2", id="greater"),
        pytest.param(">=  1.2", ">=1.2", id="greater or equal"),
        pytest.param("<1", "<1", id="less"),
        pytest.param("<=1.2.3", "<=1.2.3", id="less or equal"),
        pytest.param("*", "*", id="star"),
        pytest.param(" x ", "*", id="x"),
        pytest.param("X", "*", id="X"),
        pytest.param("1.*", "1.*", id="wildcard minor"),
        pytest.param("1.x.X", "1.*", id="wildcard minor and patch"),
        pytest.param("1.2.*", "1.2.*", id="wildcard patch"),
        pytest.param("=1.*", "=1", id="operator and wildcard"),
        pytest.param("~1.2.x", "~1.2", id="tilde and wildcard"),
        pytest.param(">=1.*.*", ">=1", id="range and wildcards"),
        pytest.param("=1.2.3-rc.1+b.5", "=1.2.3-rc.1", id="build is dropped"),
        pytest.param("1.2.3+a-b", "^1.2.3", id="hyphen in build is no pre-release"),
        pytest.param("  >= 1.2 ,<2  ", ">=1.2, <2", id="spaces"),
        pytest.param(">=1,<3,1.*", ">=1, <3, 1.*", id="three comparators"),
        pytest.param(", ".join([">1"] * 32), ", ".join([">1"] * 32), id="32 comparators"),
    ],
)
def test_requirement_normal_spelling(text: str, normal: str) -> None:
    requirement = Requirement.parse(text)
    assert str(requirement) == normal
    assert Requirement.parse(normal) == requirement
    assert hash(Requirement.parse(normal)) == hash(requirement)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "a comparator is empty", id="empty"),
        pytest.param("  ", "a comparator is empty", id="spaces"),
        pytest.param(",", "a comparator is empty", id="comma"),
        pytest.param("1.2,", "a comparator is empty", id="ends in a comma"),
        pytest.param("1, , 2", "a comparator is empty", id="two commas"),
        pytest.param(">=", "no version follows >=", id="operator alone"),
        pytest.param("==1.2", "'==' is not an operator", id="double equal"),
        pytest.param("=>1.2", "'=>' is not an operator", id="swapped operator"),
        pytest.param("~>1.2", "'~>' is not an operator", id="operator of Ruby"),
        pytest.param("> =1.2", "the major number '=1' is not made of digits", id="space inside an operator"),
        pytest.param("!=1.2", "the major number '!=1' is not made of digits", id="not equal"),
        pytest.param(">=1.0 <2.0", "comparators must be joined by commas", id="space for a comma"),
        pytest.param("1.2 || 2.0", "comparators must be joined by commas", id="alternatives"),
        pytest.param("1.2.3 - 2.3.4", "comparators must be joined by commas", id="range of npm"),
        pytest.param("*, 1.2", "* must stand alone", id="star first"),
        pytest.param("1.2, x", "x must stand alone", id="star last"),
        pytest.param("*, *", "* must stand alone", id="two stars"),
        pytest.param(">=*", "* must stand alone", id="operator before star"),
        pytest.param("*.1", "the major number '*' is not made of digits", id="number after star"),
        pytest.param("*.*", "the major number '*' is not made of digits", id="star after star"),
        pytest.param("1.*.3", "only a wildcard can follow a wildcard", id="number after a wildcard"),
        pytest.param("1.2*", "the minor number '2*' is not made of digits", id="wildcard without a dot"),
        pytest.param("1.2.3.*", "it has more than three numbers", id="fourth part"),
        pytest.param("1.2-rc", "must follow three numbers", id="pre-release of a partial version"),
        pytest.param("1.2.*-rc", "must follow three numbers", id="pre-release of a wildcard"),
        pytest.param("1+b", "must follow three numbers", id="build of a partial version"),
        pytest.param("1.", "the minor number is missing", id="ends in a dot"),
        pytest.param("v1.2", "the major number 'v1' is not made of digits", id="leading v"),
        pytest.param("latest", "the major number 'latest' is not made of digits", id="word"),
        pytest.param("\t1.2", r"the major number '\t1' is not made of digits", id="tab"),
        pytest.param("1.02", "the minor number '02' has a leading zero", id="leading zero"),
        pytest.param("1.2.3-01", "the pre-release number '01' has a leading zero", id="pre-release leading zero"),
        pytest.param("1.2.3-", "the pre-release has an empty part", id="empty pre-release"),
        pytest.param("1.2.3+", "the build metadata has an empty part", id="empty build"),
        pytest.param("<18446744073709551616", "is above 18446744073709551615", id="number over 64 bits"),
        pytest.param(", ".join([">1"] * 33), "it has 33 comparators, more than 32", id="33 comparators"),
    ],
)
def test_requirement_is_refused(text: str, problem: str) -> None:
    with pytest.raises(VersionError) as error:
        Requirement.parse(text)
    assert problem in str(error.value)
    assert str(error.value).endswith("; a requirement looks like 1.2, =1.2.3, ~1.2, 1.* or >=1.2, <1.5")


# Requirements: what they accept


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        # The table of the Cargo book, "Default requirements"
        pytest.param("1.2.3", "1.2.3 1.2.4 1.3.0 1.99.99", "1.2.2 1.1.9 0.9.9 2.0.0", id="^I.J.K"),
        pytest.param("1.2", "1.2.0 1.2.9 1.3.0", "1.1.9 2.0.0", id="^I.J"),
        pytest.param("1", "1.0.0 1.9.9", "0.9.9 2.0.0", id="^I"),
        pytest.param("0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0", id="^0.J.K"),
        pytest.param("0.2", "0.2.0 0.2.9", "0.1.9 0.3.0 1.0.0", id="^0.J"),
        pytest.param("0.0.3", "0.0.3", "0.0.2 0.0.4 0.1.0", id="^0.0.K"),
        pytest.param("0.0.0", "0.0.0", "0.0.1 0.1.0", id="^0.0.0"),
        pytest.param("0.0", "0.0.0 0.0.9", "0.1.0 1.0.0", id="^0.0"),
        pytest.param("0", "0.0.0 0.9.9", "1.0.0", id="^0"),
        pytest.param("1.0.0", "1.0.0 1.0.1", "0.9.9 2.0.0", id="^I.0.0"),
        pytest.param("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0 2.2.3", id="~I.J.K"),
        pytest.param("~1.2", "1.2.0 1.2.9", "1.1.9 1.3.0", id="~I.J"),
        pytest.param("~1", "1.0.0 1.9.9", "0.9.9 2.0.0", id="~I"),
        pytest.param("~0.0.3", "0.0.3 0.0.9", "0.0.2 0.1.0", id="~0.0.K"),
        pytest.param("*", "0.0.0 9.9.9", "", id="star"),
        pytest.param("1.*", "1.0.0 1.9.9", "0.9.9 2.0.0", id="I.*"),
        pytest.param("1.2.*", "1.2.0 1.2.9", "1.1.9 1.3.0", id="I.J.*"),
        pytest.param("0.*", "0.0.0 0.9.9", "1.0.0", id="0.*"),
        pytest.param("=1.2.3", "1.2.3 1.2.3+b", "1.2.2 1.2.4", id="=I.J.K"),
        pytest.param("=1.2", "1.2.0 1.2.9", "1.1.9 1.3.0", id="=I.J"),
        pytest.param("=1", "1.0.0 1.9.9", "0.9.9 2.0.0", id="=I"),
        pytest.param(">1.2.3", "1.2.4 1.3.0 2.0.0", "1.2.3 1.2.3+b 1.2.2", id=">I.J.K"),
        pytest.param(">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9", id=">I.J"),
        pytest.param(">1", "2.0.0", "1.0.0 1.9.9", id=">I"),
        pytest.param(">=1.2.3", "1.2.3 1.2.4 2.0.0", "1.2.2", id=">=I.J.K"),
        pytest.param(">=1.2", "1.2.0 1.3.0 2.0.0", "1.1.9", id=">=I.J"),
        pytest.param(">=1", "1.0.0 2.0.0", "0.9.9", id=">=I"),
        pytest.param("<1.2.3", "1.2.2 0.9.9", "1.2.3 1.2.3+b 1.2.4", id="<I.J.K"),
        pytest.param("<1.2", "1.1.9", "1.2.0 1.2.9", id="<I.J"),
        pytest.param("<1", "0.9.9", "1.0.0 1.9.9", id="<I"),
        pytest.param("<=1.2.3", "1.2.3 1.2.3+b 1.2.2", "1.2.4 1.3.0", id="<=I.J.K"),
        pytest.param("<=1.2", "1.2.0 1.2.9", "1.3.0", id="<=I.J"),
        pytest.param("<=1", "1.0.0 1.9.9", "2.0.0", id="<=I"),
        pytest.param(">=1.2, <1.5", "1.2.0 1.4.9", "1.1.9 1.5.0", id="range"),
        pytest.param("1.2, 1.4.5", "1.4.5 1.9.0", "1.4.4 2.0.0", id="several lower bounds"),
        pytest.param("1, 2", "", "1.0.0 2.0.0", id="nothing satisfies both"),
        pytest.param("=18446744073709551615", "18446744073709551615.0.1", "18446744073709551614.0.0", id="largest"),
        pytest.param(">18446744073709551615", "", "18446744073709551615.0.1", id="above the largest"),
        # Pre-releases
        pytest.param("*", "", "1.0.0-rc 0.0.0-0", id="star takes no pre-release"),
        pytest.param("1.2.3", "", "1.2.3-rc 1.2.4-rc 2.0.0-rc", id="^ takes none unasked"),
        pytest.param("1.2", "", "1.2.0-rc 1.3.0-rc", id="^I.J takes none unasked"),
        pytest.param(">=1.2.3", "", "1.2.3-rc 1.3.0-rc 2.0.0-rc", id=">= takes none unasked"),
        pytest.param("<2.0.0", "", "2.0.0-rc 1.9.0-rc", id="< takes none unasked"),
        pytest.param("=1.2.3", "", "1.2.3-rc", id="= takes none unasked"),
        pytest.param("1.2.3-b", "1.2.3-b 1.2.3-b.0 1.2.3-c 1.2.3 1.9.9", "1.2.3-a 1.2.4-b 2.0.0-b", id="^pre"),
        pytest.param("0.2.3-b", "0.2.3-b 0.2.3 0.2.9", "0.2.3-a 0.2.4-b 0.3.0", id="^0.J.K-pre"),
        pytest.param("0.0.3-b", "0.0.3-b 0.0.3-c 0.0.3", "0.0.3-a 0.0.4", id="^0.0.K-pre"),
        pytest.param("~1.2.3-b", "1.2.3-b 1.2.3-c 1.2.3 1.2.9", "1.2.3-a 1.2.4-b 1.3.0", id="~pre"),
        pytest.param("=1.2.3-b", "1.2.3-b 1.2.3-b+x", "1.2.3 1.2.3-a 1.2.3-b.0 1.2.3-c", id="=pre"),
        pytest.param(">1.2.3-b", "1.2.3-b.0 1.2.3-c 1.2.3 2.0.0", "1.2.3-b 1.2.3-b+x 1.2.3-a 2.0.0-c", id=">pre"),
        pytest.param(">=1.2.3-b", "1.2.3-b 1.2.3 2.0.0", "1.2.3-a 1.2.4-b", id=">=pre"),
        pytest.param("<1.2.3-b", "1.2.3-a 1.2.3-a.z 1.2.2", "1.2.3-b 1.2.3-c 1.2.3 1.2.2-a", id="<pre"),
        pytest.param("<=1.2.3-b", "1.2.3-a 1.2.3-b 1.2.3-b+x 1.2.2", "1.2.3-b.0 1.2.3-c 1.2.3", id="<=pre"),
        pytest.param(">=1.2.3-b, <1.2.3", "1.2.3-b 1.2.3-z", "1.2.3-a 1.2.3", id="between pre-release and release"),
        pytest.param(">1.2.3-a, <=1.2.3-c", "1.2.3-b 1.2.3-c", "1.2.3-a 1.2.3-d 1.2.3", id="between pre-releases"),
        pytest.param(">=1.2.3-2", "1.2.3-2 1.2.3-10 1.2.3-a", "1.2.3-1", id="numbers before words"),
        # A partial comparator beside one that names a pre-release of its versions
        pytest.param("1.2, >=1.2.3-b", "1.2.3-b 1.2.3", "1.2.3-a 1.2.4-b", id="^I.J lets it through"),
        pytest.param("1, >=1.2.3-b", "1.2.3-b", "", id="^I lets it through"),
        pytest.param(">1.1, >=1.2.3-b", "1.2.3-b", "", id=">I.J lets it through"),
        pytest.param("<1.3, >=1.2.3-b", "1.2.3-b", "", id="<I.J lets it through"),
        pytest.param(">=1.1, >=1.2.3-b", "1.2.3-b", "", id=">=I.J below it lets it through"),
        pytest.param("<=1.3, >=1.2.3-b", "1.2.3-b", "", id="<=I.J above it lets it through"),
        pytest.param(">=1.2, >=1.2.3-b", "1.2.3 2.0.0", "1.2.3-b", id=">=I.J does not"),
        pytest.param(">=1, >=1.2.3-b", "1.2.3 2.0.0", "1.2.3-b", id=">=I does not"),
        pytest.param("<=1.2, >=1.2.3-b", "1.2.3", "1.2.3-b 1.3.0", id="<=I.J does not"),
        pytest.param("=1.2, >=1.2.3-b", "1.2.3", "1.2.3-b", id="=I.J does not"),
        pytest.param("~1.2, >=1.2.3-b", "1.2.3", "1.2.3-b", id="~I.J does not"),
        pytest.param("1.*, >=1.2.3-b", "1.2.3", "1.2.3-b", id="I.* does not"),
    ],
)
def test_requirement_matches(text: str, accepted: str, refused: str) -> None:
    requirement = Requirement.parse(text)
    assert [version for version in accepted.split() if not requirement.matches(Version.parse(version))] == []
    assert [version for version in refused.split() if requirement.matches(Version.parse(version))] == []


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        pytest.param(">=1.2", "1.2.0 1.2.1-a 9.0.0", "1.2.0-a 1.1.9", id="from"),
        pytest.param(">1.2", "1.2.1-a 1.2.1", "1.2.0 1.2.0+b", id="above"),
        pytest.param("<1.2", "1.2.0-a 0.0.0", "1.2.0", id="below"),
        pytest.param("<=1.2", "1.2.0 1.2.0+b", "1.2.1-a 1.2.1", id="up to"),
        pytest.param("=1.2", "1.2.0 1.2.0+b", "1.2.0-a 1.2.1", id="exact"),
        pytest.param("^1.2", "1.2.0 1.3.0-a", "1.2.0-a 2.0.0-a", id="caret"),
        pytest.param("^0", "0.0.0 0.9.0", "0.0.0-a 1.0.0-a", id="caret of zero"),
        pytest.param("~1.2, >=1.2.3-a", "1.2.3-a 1.2.9", "1.2.2 1.3.0-a", id="both"),
        pytest.param("1.*", "1.0.0 1.9.0-a", "1.0.0-a 2.0.0-a", id="wildcard"),
        pytest.param("*", "0.0.0-a 9.0.0", "", id="any"),
    ],
)
def test_requirement_spans(text: str, inside: str, outside: str) -> None:
    requirement = Requirement.parse(text)
    assert all(requirement.spans(Version.parse(version)) for version in inside.split())
    assert not any(requirement.spans(Version.parse(version)) for version in outside.split())


@pytest.mark.parametrize(
    ("version", "other", "is_shared"),
    [
        ("1.2.3", "1.9.0-a", True),
        ("1.2.3", "2.0.0", False),
        ("0.2.3", "0.2.0", True),
        ("0.2.3", "0.3.0", False),
        ("0.0.3", "0.0.3+b", True),
        ("0.0.3", "0.0.4", False),
        ("0.0.0", "0.0.1", False),
    ],
)
def test_compatible_range(version: str, other: str, is_shared: bool) -> None:
    ranges = {Version.parse(text).compatible_range for text in (version, other)}
    assert (len(ranges) == 1) is is_shared


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("=1.2.3", "1.2.3", id="complete"),
        pytest.param(" = 1.2.3-rc.1 ", "1.2.3-rc.1", id="pre-release"),
        pytest.param("=1.2.3+b", "1.2.3", id="build, which is ignored"),
    ],
)
def test_exact(text: str, version: str) -> None:
    assert Requirement.parse(text).exact == Version.parse(version)


@pytest.mark.parametrize("text", ["1.2.3", "^1.2.3", "~1.2.3", "=1.2", "=1", "=1.2.*", "*", "0.0.3", "=1.2.3, =1.2.3"])
def test_not_exact(text: str) -> None:
    assert Requirement.parse(text).exact is None


def test_requirement_is_a_value() -> None:
    requirement = Requirement.parse("1.2")
    assert requirement == Requirement.parse("^ 1.2")
    assert requirement != Requirement.parse("1.2.0")
    assert requirement != "^1.2"
    assert repr(requirement) == "Requirement.parse('^1.2')"
    assert copy.deepcopy(requirement) == requirement
    assert pickle.loads(pickle.dumps(requirement)) == requirement
    with pytest.raises(AttributeError, match="immutable"):
        requirement.exact = None  # type: ignore[misc] # which is what is tested


# Properties

OPERATORS = ["^", "~", "=", ">", ">=", "<", "<="]

numbers = st.integers(0, 3) | st.integers(0, 2**64 - 1)
pre_releases = st.lists(
    st.integers(0, 30).map(str) | st.text("0aA-", max_size=2).map("x".__add__), min_size=1, max_size=3
).map(".".join)
builds = st.lists(st.text("01aA-", min_size=1, max_size=3), min_size=1, max_size=3).map(".".join)
versions = st.builds(Version, numbers, numbers, numbers, st.just("") | pre_releases, st.just("") | builds)
comparators = st.builds(
    "{}{}".format,
    st.sampled_from(["", *OPERATORS]),
    st.one_of(versions.map(str), st.lists(numbers.map(str), min_size=1, max_size=3).map(".".join)),
) | st.builds("{}.*".format, st.lists(numbers.map(str), min_size=1, max_size=2).map(".".join))
requirements = st.just("*") | st.lists(comparators, min_size=1, max_size=3).map(",".join)
nearly = st.text("012.*xX-+=<>~^, a\t٣", max_size=12)


@given(st.text() | nearly)
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (Version.parse, Requirement.parse):
        try:
            parse(text)
        except VersionError as error:
            assert str(error).isprintable()  # noqa: PT017 - most texts raise nothing


@given(versions)
def test_version_round_trip(version: Version) -> None:
    assert Version.parse(str(version)) == version


@given(requirements)
def test_requirement_round_trip(text: str) -> None:
    requirement = Requirement.parse(text)
    assert str(Requirement.parse(str(requirement))) == str(requirement)
    assert Requirement.parse(str(requirement)) == requirement


@given(versions, versions, versions)
def test_order_is_total(a: Version, b: Version, c: Version) -> None:
    assert [a < b, a == b, a > b].count(True) == 1
    low, middle, high = sorted([a, b, c])
    assert low <= middle <= high
    assert low <= high
    assert (a == b) == (str(a) == str(b))


@given(versions, versions)
def test_order_agrees_with_precedence(a: Version, b: Version) -> None:
    def comes_before(left: str, right: str) -> bool:
        """Rule 11.4 of semver.org, read from left to right."""
        if not left or not right:
            return bool(left)
        for one, other in zip(left.split("."), right.split("."), strict=False):
            if one != other:
                if one.isdigit() and other.isdigit():
                    return int(one) < int(other)
                return one.isdigit() if one.isdigit() != other.isdigit() else one < other
        return left.count(".") < right.count(".")

    core_a, core_b = (a.major, a.minor, a.patch), (b.major, b.minor, b.patch)
    if core_a != core_b:
        assert (a < b) == (core_a < core_b)
    elif a.pre != b.pre:
        assert (a < b) == comes_before(a.pre, b.pre)


@given(versions, versions)
def test_no_operator_means_caret(named: Version, asked: Version) -> None:
    bare, caret = Requirement.parse(str(named)), Requirement.parse(f"^{named}")
    assert bare == caret
    assert bare.matches(asked) == caret.matches(asked)


@given(versions)
def test_exact_allows_its_version(version: Version) -> None:
    requirement = Requirement.parse(f"={version}")
    assert requirement.exact == Version(version.major, version.minor, version.patch, version.pre)
    assert requirement.matches(version)


@given(requirements, versions)
def test_build_metadata_does_not_count(text: str, version: Version) -> None:
    plain = Version(version.major, version.minor, version.patch, version.pre)
    assert Requirement.parse(text).matches(version) == Requirement.parse(text).matches(plain)


@given(requirements, requirements, versions.filter(lambda version: not version.pre))
def test_comma_means_and(one: str, other: str, release: Version) -> None:
    if "*" not in (one, other):
        both = Requirement.parse(one).matches(release) and Requirement.parse(other).matches(release)
        assert Requirement.parse(f"{one}, {other}").matches(release) == both


@given(st.sampled_from([">", ">=", "<", "<="]), versions, pre_releases, pre_releases)
def test_pre_releases_of_one_version_compare_as_versions_do(
    operator: str, version: Version, named: str, asked: str
) -> None:
    limit = Version(version.major, version.minor, version.patch, named)
    candidate = Version(version.major, version.minor, version.patch, asked)
    expected = {">": candidate > limit, ">=": candidate >= limit, "<": candidate < limit, "<=": candidate <= limit}
    assert Requirement.parse(f"{operator}{limit}").matches(candidate) == expected[operator]


def by_truncation(operator: str, given_numbers: tuple[int, ...], release: tuple[int, ...]) -> bool:
    """A second opinion on releases: cut the release to as many numbers as are given, then compare.

    `~` besides keeps major and, if it is given, minor; `^` all up to the first number that is not zero.
    """
    cut = release[: len(given_numbers)]
    first = next((index for index, number in enumerate(given_numbers) if number), len(given_numbers) - 1)
    return {
        "=": cut == given_numbers,
        ">": cut > given_numbers,
        ">=": cut >= given_numbers,
        "<": cut < given_numbers,
        "<=": cut <= given_numbers,
        "~": cut >= given_numbers and cut[:2] == given_numbers[:2],
        "^": cut >= given_numbers and cut[: first + 1] == given_numbers[: first + 1],
    }[operator]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_every_small_release_against_a_second_opinion(operator: str, length: int) -> None:
    for given_numbers in product(range(3), repeat=length):
        requirement = Requirement.parse(operator + ".".join(map(str, given_numbers)))
        for major, minor, patch in product(range(4), repeat=3):
            release = Version(major, minor, patch)
            expected = by_truncation(operator, given_numbers, (major, minor, patch))
            assert requirement.matches(release) == expected, (requirement, release)
