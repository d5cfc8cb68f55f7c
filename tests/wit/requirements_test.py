from __future__ import annotations

import pytest

from dunnage.wit.requirements import exact_version, full_version, problem


@pytest.mark.parametrize(
    ("text", "exact", "full"),
    [
        ("=0.2.1", "0.2.1", ""),
        ("= 0.2.1-rc.1+five", "0.2.1-rc.1", ""),
        ("=0.2", "", ""),
        ("0.2.1", "", "0.2.1"),
        (" 0.2.1-rc.1+five ", "", "0.2.1-rc.1"),
        ("0.2", "", ""),
        ("^0.2.1", "", ""),
        ("0.0.3", "0.0.3", "0.0.3"),
        ("^0.0.3+five", "0.0.3", ""),
        ("~0.0.3", "", ""),
        ("0.0.3-rc", "", "0.0.3-rc"),
        ("0.0", "", ""),
        ("*", "", ""),
        ("=0.2.1, =0.2.1", "", ""),
        ("one", "", ""),
        ("", "", ""),
    ],
)
def test_requirements(text: str, exact: str, full: str) -> None:
    assert (exact_version(text), full_version(text)) == (exact, full)
    assert bool(problem(text)) is (text in ("one", ""))
