"""The values that a check yields."""

import pytest

from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Rule

RULE = Rule("cargo-lock/stale", "the lock is stale")
FINDING = Finding(RULE, "Cargo.lock", Span(0, 3), "stale", fix=Fix("updated", (Edit("Cargo.lock", 0, 3, "x"),)))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        pytest.param(RULE, "id", id="rule"),
        pytest.param(FINDING.span, "start", id="span"),
        pytest.param(Edit("a", 0, 0, ""), "text", id="edit"),
        pytest.param(FINDING.fix, "description", id="fix"),
        pytest.param(FINDING, "message", id="finding"),
    ],
)
def test_is_immutable(value: object, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(value, name, "other")
    assert hash(value) == hash(value)


def test_what_may_be_left_out() -> None:
    finding = Finding(RULE, "Cargo.lock", Span(0, 3), "stale")
    assert (finding.help, finding.fix, finding.rule.cuts_short) == ("", None, False)
