"""Writing a report to stdout, and to the file that `--output-file` names."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import TextIO

from dunnage.files.source import Tree, display
from dunnage.frame.options import WrongUsage
from dunnage.frame.output import Report, ordered

ENDINGS = {".json": "json", ".sarif": "sarif", ".sarif.json": "sarif", ".txt": "text"}
"""The formats of extensions."""


class OutputError(WrongUsage):
    """The output could not be written; the message says why, in one line."""


def format_of(file: str, named: str, endings: Mapping[str, str] = ENDINGS) -> str:
    """The format of `file`: `named`, or for `auto` the format of its extension.

    Raises OutputError if the extension has no format.
    """
    if named != "auto":
        return named
    ending = max((ending for ending in endings if file.lower().endswith(ending)), key=len, default="")
    if not ending:
        raise OutputError(
            f"--output-file {display(file)} has an extension without a format; "
            f"use one of {', '.join(endings)}, or add --output-file-format"
        )
    return endings[ending]


def deliver(
    report: Report, format_name: str, stream: TextIO | None, file: str | None = None, file_format_name: str = "text"
) -> None:
    """Write the report to the stream, which is None if it is closed, and to the file, if one is named.

    Raises OutputError after trying both. It is not an error if the reader of the stream closes it early.
    """
    publish(partial(_rendered, ordered(report)), format_name, stream, file, file_format_name, may_be_cut=True)


def publish(
    render: Callable[[str, TextIO | None], str | Iterable[str]],
    format_name: str,
    stream: TextIO | None,
    file: str | None,
    file_format_name: str,
    *,
    may_be_cut: bool = False,
) -> None:
    """Write what `render` returns for a format and a stream, whole or in pieces, as `deliver` does.

    `may_be_cut` says whether the reader of the stream may close it early. If not, that raises OutputError, too.
    """
    problems = []
    try:
        write(render(format_name, stream), stream)
    except OSError as error:
        if not (may_be_cut and isinstance(error, BrokenPipeError)):
            problems.append(f"the report cannot be written: {error.strerror}")
        if stream is not None:
            # Otherwise Python would try to write the buffered rest at exit, fail again, and print that.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if file is not None:
        try:
            _replace(file, render(file_format_name, None))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            problems.append(f"--output-file {display(file)} cannot be written: {reason}")
    if problems:
        raise OutputError("; ".join(problems))


def show(text: str) -> None:
    """Write text that is no report to stdout. Raises OutputError as `deliver` does."""
    publish(lambda *_: text, "", sys.stdout, None, "", may_be_cut=True)


def write(text: str | Iterable[str], stream: TextIO | None) -> None:
    """Write `text` and flush. Characters outside the encoding of the stream are escaped. None is a closed stream."""
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    for piece in [text] if isinstance(text, str) else text:
        stream.write(piece.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _rendered(report: Report, format_name: str, stream: TextIO | None) -> str | Iterable[str]:
    if format_name == "json":
        from dunnage.frame.output import json

        return json.render(report)
    if format_name == "sarif":
        from dunnage.frame.output import sarif

        return sarif.render(report)
    if format_name == "github":
        from dunnage.frame.output import github

        return github.render(report)
    from dunnage.frame.output import text

    return text.render(report, colour=text.wants_colour(stream))


def _replace(path: str, text: str | Iterable[str]) -> None:
    """Replace the content of the file at `path` with `text`, atomically. Raises OSError and leaves the file alone.

    The file may belong to the repository, so links, devices and FIFOs are not written.
    """
    from dunnage.files.writing import put

    if Tree().target(path) is None:
        raise OSError("a symbolic link leads out of the repository")
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError("it exists and is not a regular file")
    os.umask(mask := os.umask(0o077))
    pieces = [text] if isinstance(text, str) else text
    put(path, (piece.encode("utf-8", "backslashreplace") for piece in pieces), 0o666 & ~mask)
