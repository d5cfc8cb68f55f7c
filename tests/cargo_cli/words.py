"""Command lines for tests."""

from __future__ import annotations

from dunnage.cargo_cli.command_line import UNKNOWN


def words(text: str) -> list[str | None]:
    """Split a command line at spaces. The word `?` is unknown, as is the rest of a word from `?` on."""
    return [None if word == "?" else word.replace("?", UNKNOWN) for word in text.split()]
