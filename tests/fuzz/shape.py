"""What a shape is, and pieces of which shapes are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Files: TypeAlias = dict[str, str]
Text: TypeAlias = Callable[[int], str]
Shape: TypeAlias = Callable[[int], Files]

WORKFLOW = ".github/workflows/a.yml"
JOB = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
CRATE = '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n'
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
LOCK = "version = 4\n"


def each(text: str, count: int) -> str:
    """`text` as often as counted, with the number of each in place of `#`, and that of the next in place of `@@`."""
    return "".join(text.replace("@@", str(number + 1)).replace("#", str(number)) for number in range(count))


def one(name: str, text: Text) -> Shape:
    """A shape of one file."""
    return lambda count: {name: text(count)}
