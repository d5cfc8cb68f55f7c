"""check-build-sandbox: code that compiles can reach nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.check_build_sandbox import check
from dunnage.files.source import Tree
from dunnage.frame.options import Options

pytestmark = pytest.mark.usefixtures("repository")


def found(name: str, text: str) -> list[str]:
    """What is found in a file: `line:column rule`, the rule without its concern."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    tree = Tree()
    return [
        "{}:{} {}".format(*tree.position(each.path, each.span.start), each.rule.id.removeprefix("build-sandbox/"))
        for each in check([name], tree, Options())
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("RUN cargo build", ["2:5 network"], id="build"),
        pytest.param("RUN --network=none cargo build --frozen", [], id="none"),
        pytest.param("RUN --network=default cargo build", ["2:23 network"], id="default"),
        pytest.param("RUN cargo fetch --locked", [], id="fetch"),
        pytest.param("RUN rustc -vV", [], id="version"),
    ],
)
def test_a_step_with_network(text: str, expected: list[str]) -> None:
    assert found("Dockerfile", f"FROM rust\n{text}\n") == expected
