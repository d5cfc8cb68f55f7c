"""A place in a file that names an image."""

from typing import NamedTuple

from dunnage.files.span import Span
from dunnage.shell.offsets import Segment, is_literal, locate


class ImageUse(NamedTuple):
    """A place that names an image."""

    values: tuple[str, ...] | None
    """The references that it may name; None if they are unknown."""
    span: Span
    """The place of the reference."""
    literal: Span | None
    """The bytes of the reference, if the file contains it as it is."""
    kind: str = "image"
    """`image`; `service` if it only runs beside a job; `syntax` for the frontend that reads a Dockerfile."""


def literal_use(text: str, start: int, span: Span, offsets: tuple[Segment, ...], kind: str = "image") -> ImageUse:
    """The use of the image that `text` names from its character `start` on; `offsets` are those of `text`."""
    first, last = len(text[:start].encode("utf-8")), len(text.encode("utf-8"))
    literal = locate(offsets, first, last) if is_literal(offsets, first, last) else None
    return ImageUse((text[start:],), literal or span, literal, kind)
