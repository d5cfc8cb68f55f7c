"""The image of a development container, in `devcontainer.json`: JSON with comments.

The syntax is that of https://containers.dev/implementors/json_reference/.
"""

import re
from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.image_use import ImageUse

# What is not closed goes on to the end: looking for its end again and again would take quadratic time.
_TOKEN = rb'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"?|[{}\[\]:,]'


def images(file: File) -> Iterator[ImageUse]:
    """Yield the image that the property `image` names. Raises SourceError if the file is not UTF-8."""
    _ = file.text
    depth = 0
    before: tuple[bytes, bytes] = (b"", b"")
    for token in re.finditer(_TOKEN, file.data, re.DOTALL):
        text = token[0]
        if text.startswith((b"//", b"/*")):
            continue
        depth += (text in b"{[") - (text in b"}]")
        if depth == 1 and before == (b'"image"', b":") and len(text) > 1 and text[:1] == text[-1:] == b'"':
            span = Span(token.start() + 1, token.end() - 1)
            value = text[1:-1].decode()
            if "\\" not in value and "${" not in value:
                yield ImageUse((value,), span, span, "service")
        before = (before[1], text)
