"""TOML documents, places in them, and problems with them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span

Keys = tuple[str | int, ...]
"""The path of a value in a TOML document: keys of tables and indices of arrays."""


class Document(NamedTuple):
    """A file and its parsed content."""

    file: File
    data: dict[str, Any]


class Problem(NamedTuple):
    """A violation of a rule, which the frame turns into a finding."""

    rule: str
    """The id of the rule: `cargo-lock/stale`."""
    file: File
    message: str
    """One line."""
    help: str = ""
    """What to do, preferably what to type; may have several lines."""
    keys: Keys = ()
    """Its path in the document. If the path does not exist, its nearest existing ancestor counts."""
    about_value: bool = False
    """Whether it is about the value at `keys`, and not about the key."""
    span: Span | None = None
    """Its place, if the file is not a TOML document."""

    def place(self) -> Span:
        """The bytes of the file that the problem is about."""
        if self.span is not None:
            return self.span
        return (toml.locate_value if self.about_value else toml.locate)(self.file, self.keys)


class Refused(Exception):
    """The tool that reads this file would reject it."""

    def __init__(self, file: File, message: str, keys: Keys = (), help: str = "", span: Span | None = None) -> None:
        """`keys` is the path in the document. `span` is the place if the file is not a TOML document: then `message`
        starts with a verb, whose subject is the file.
        """
        super().__init__(message)
        self.file = file
        self.message = message
        self.keys = keys
        self.help = help
        self.span = span

    def problem(self, rule: str, help: str) -> Problem:
        """The same as a problem. `help` is used if the exception has no help of its own."""
        message = self.message if self.span is None else f"this file {self.message}"
        return Problem(rule, self.file, message, self.help or help, self.keys, span=self.span)


def read(tree: Tree, path: str, quick: Callable[[bytes], dict[str, Any] | None] | None = None) -> Document:
    """Read and parse the file at `path`. Raises FileNotFoundError if there is none, Refused if it cannot be read.

    `quick` may parse the file without a TOML parser, with the same result. It returns None if it cannot.
    """
    try:
        file = tree.read(path)
    except SourceError as error:
        raise Refused(File(display(path), b""), error.message, span=error.span) from None
    try:
        return Document(file, (quick and quick(file.data)) or toml.parse(file))
    except SourceError as error:
        conflict = _conflict(file.data)
        if conflict is not None:
            help = "resolve the conflict, then commit the result"
            raise Refused(file, "contains an unresolved merge conflict", help=help, span=conflict) from None
        raise Refused(file, error.message, span=error.span) from None


def is_template(data: bytes) -> bool:
    """Whether a file has placeholders outside of comments, so that no tool reads it before they are filled in."""
    if b"{{" not in data and b"{%" not in data:
        return False
    lines = (line.partition(b"#")[0] for line in data.splitlines())
    return any(b"{{" in line or b"{%" in line for line in lines)


def _conflict(data: bytes) -> Span | None:
    """Find the first line with which git marks a conflict."""
    start = -1 if data.startswith(b"<<<<<<< ") else data.find(b"\n<<<<<<< ")
    return Span(start + 1, start + 8) if start >= 0 or data.startswith(b"<<<<<<< ") else None
