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
        pytest.param("GPL-3.0+", 'is not a licence that can be allowed; write "GPL-3.0-or-later"', id="plus"),
        pytest.param(
            "mit", "names 'mit', which is not an SPDX identifier that cargo-deny knows; write \"MIT\"", id="case"
        ),
        pytest.param(
            "MIT OR ISC",
            "is not a single licence; write one SPDX identifier, with or without `WITH` and an exception",
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
        pytest.param("MIT ISC", "is not a licence expression: 'ISC' is misplaced", id="no operator"),
        pytest.param("(MIT", "is not a licence expression: it is incomplete", id="open"),
        pytest.param("MIT)", "is not a licence expression: ')' is misplaced", id="closed too often"),
        pytest.param("MIT AND", "is not a licence expression: it is incomplete", id="operator at the end"),
        pytest.param("GPL-3.0-only+", "is not a licence expression: '+' is misplaced", id="GNU and plus"),
        pytest.param(
            "MIT OR GPL-2.0+",
            'names GPL-2.0, which SPDX deprecated; write "MIT OR GPL-2.0-or-later"',
            id="deprecated",
        ),
        pytest.param(
            "Net-SNMP",
            "names Net-SNMP, which SPDX deprecated; see https://spdx.org/licenses for its replacement",
            id="deprecated without a new name",
        ),
    ],
)
def test_expression(text: str, expected: str | None) -> None:
    assert licences.expression(text) == expected
