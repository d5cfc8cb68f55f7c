"""Where a report goes: to stdout, and to the file that `--output-file` names."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TextIO

from dunnage.files.source import display
from dunnage.frame.finding import Report
from dunnage.frame.output.order import ordered

_ENDINGS = {".json": "json", ".sarif": "sarif", ".sarif.json": "sarif", ".txt": "text"}


class OutputError(Exception):
    """A report that could not be written; the message says why, in one line."""


def format_of(file: str, named: str) -> str:
    """The format in which `file` is written: the one that is `named`, or for `auto` the one that its ending means.

    Raises OutputError if the ending means none.
    """
    if named != "auto":
        return named
    ending = max((ending for ending in _ENDINGS if file.lower().endswith(ending)), key=len, default="")
    if not ending:
        raise OutputError(
            f"--output-file {display(file)} does not say in which format to write it; "
            f"end its name with one of {', '.join(_ENDINGS)}, or add --output-file-format"
        )
    return _ENDINGS[ending]


def deliver(
    report: Report, format_name: str, stream: TextIO | None, file: str | None = None, file_format_name: str = "text"
) -> None:
    """Write the report to the stream, which is None if it is closed, and to the file, if one is named.

    Raises OutputError after having tried both. A reader that closed the stream early is no error.
    """
    report = ordered(report)
    problems = []
    try:
        write(_rendered(report, format_name, stream), stream)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            problems.append(f"the report cannot be written: {error.strerror}")
        if stream is not None:
            # What is still buffered would fail once more when Python exits, and be reported then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if file is not None:
        try:
            _replace(file, _rendered(report, file_format_name, None).encode("utf-8", "backslashreplace"))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            problems.append(f"--output-file {display(file)} cannot be written: {reason}")
    if problems:
        raise OutputError("; ".join(problems))


def write(text: str, stream: TextIO | None) -> None:
    """Write `text` and flush, with an escape for what the stream's encoding lacks. None is a stream that is closed."""
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _rendered(report: Report, format_name: str, stream: TextIO | None) -> str:
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


def _replace(path: str, data: bytes) -> None:
    """Make `data` the content of the file at `path`, all at once. Raises OSError with the file as it was.

    The name may come from the repository: what it links to is not written, nor a device or a FIFO.
    """
    import tempfile

    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError("it is there, and is not a regular file")
    descriptor, temporary = tempfile.mkstemp(prefix=".dunnage-", dir=os.path.dirname(path) or os.curdir)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
        os.umask(mask := os.umask(0o077))
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
