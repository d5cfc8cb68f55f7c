"""Licences and expressions of them."""

from __future__ import annotations

import pytest

from dunnage.deny import licences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("MIT", None, id="licence"),
        pytest.param("Apache-2.0 WITH LLVM-exception", None, id="exception"),
        pytest.param("LicenseRef-x", None, id="reference"),
        pytest.param("GPL-3.0+", 'is no licence to allow; write "GPL-3.0-or-later"', id="plus"),
        pytest.param("mit", "names 'mit', which is no SPDX identifier that cargo-deny knows; write \"MIT\"", id="case"),
        pytest.param(
            "MIT OR ISC",
            "is not one licence; write a single SPDX identifier, with or without `WITH` and an exception",
            id="two",
        ),
        pytest.param("", "is empty; write an SPDX identifier", id="empty"),
    ],
)
def test_licensee(text: str, expected: str | None) -> None:
    assert licences.licensee(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("(MIT OR ISC) AND Apache-2.0+ WITH LLVM-exception", None, id="all parts"),
        pytest.param("MIT ISC", "is no licence expression: 'ISC' cannot stand where it does", id="no operator"),
        pytest.param("(MIT", "is no licence expression: it is not complete", id="open"),
        pytest.param("MIT)", "is no licence expression: ')' cannot stand where it does", id="closed too often"),
        pytest.param("MIT AND", "is no licence expression: it is not complete", id="operator at the end"),
        pytest.param("GPL-3.0-only+", "is no licence expression: '+' cannot stand where it does", id="GNU and plus"),
        pytest.param(
            "MIT OR GPL-2.0+",
            'names GPL-2.0, which SPDX has deprecated; write "MIT OR GPL-2.0-or-later"',
            id="deprecated",
        ),
        pytest.param(
            "Net-SNMP",
            "names Net-SNMP, which SPDX has deprecated; see https://spdx.org/licenses for what replaced it",
            id="deprecated without a new name",
        ),
    ],
)
def test_expression(text: str, expected: str | None) -> None:
    assert licences.expression(text) == expected
