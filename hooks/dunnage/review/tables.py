"""Tables for a summary of what changed: as text, as Markdown for a pull request, and as data."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_ESCAPED = "\\|<>*[]`&"
_WIDEST = 200
"""To how many characters the shorter cells of a column are filled up."""


class Table(NamedTuple):
    """Rows under one title."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def written(found: Mapping[str, Sequence[Table]], kind: str, printable: Callable[[str], str]) -> str:
    """The tables of each file as `text`, `markdown` or `json`.

    `printable` escapes what comes from a repository, except for JSON.
    """
    if kind == "json":
        from dunnage.files.shown import json_text

        return json_text({"changes": {path: as_data(tables) for path, tables in found.items()}}) + "\n"

    def shown(table: Table) -> Table:
        return table._replace(rows=[tuple(map(printable, row)) for row in table.rows])

    write = as_markdown if kind == "markdown" else as_text
    return "".join(write(printable(f"Changes of {path}"), map(shown, tables)) for path, tables in found.items())


def as_text(title: str, tables: Iterable[Table]) -> str:
    """Tables in columns, for a terminal."""
    lines = [title]
    for table in tables:
        lines += ["", f"{table.title} ({len(table.rows)})"]
        widths = [min(max(map(len, column)), _WIDEST) for column in zip(*table.rows, strict=True)]
        lines += [
            "  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table.rows
        ]
    return "\n".join(lines) + "\n"


def as_markdown(title: str, tables: Iterable[Table]) -> str:
    """Tables in GitHub's Markdown, in which text from a repository is never markup."""
    lines = [f"### {_cell(title)}"]
    for table in tables:
        lines += ["", f"**{table.title} ({len(table.rows)})**", ""]
        lines += [_row(table.columns), _row(["---"] * len(table.columns))]
        lines += [_row([_cell(cell) for cell in row]) for row in table.rows]
    return "\n".join(lines) + "\n"


def as_data(tables: Iterable[Table]) -> dict[str, Any]:
    """Rows as objects, by the title of their table."""
    return {table.title: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in tables}


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    escaped = "".join(f"\\{character}" if character in _ESCAPED else character for character in text)
    # The result contains no user mention, no link and no number of an issue.
    escaped = re.sub(r"#(?=[0-9]+\b)", r"\\#", escaped)
    return re.sub(r"(?i)(?<=www)(?=\.)|(?<=@)|(?<=:)(?=//)", "\u2060", escaped)
