"""YAML: mappings, sequences and scalars, with their bytes in the file.

PyYAML parses the syntax. Aliases and merge keys are resolved. All sizes are bounded by counts, so that a small file
cannot expand into much data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from dunnage.files.source import File, SourceError, offsets
from dunnage.files.span import Span
from dunnage.shell.model import Values
from dunnage.shell.offsets import Segment

if TYPE_CHECKING:
    from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, ScalarEvent

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100
"""How deep mappings and sequences may be nested. Real files have up to 20 levels."""
MAX_NODES = 200_000
MAX_SIZE = 400_000
"""How many values there may be if those of an alias count each time."""
MAX_MERGED = 100_000
"""How many keys may be merged into mappings, over all of a file."""
_REJECTED = "[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_OF_CI = (".buildkite/", ".circleci/", ".forgejo/", ".gitea/", ".github/", ".gitlab", "azure-pipelines.")
"""How the paths of CI files begin. They are no templates, because they are at the top of the repository."""

_NO_KEYS: dict[str, Node] = {}


class Node:
    """A value: a mapping, a sequence or a scalar; `unknown` for an alias without an anchor."""

    __slots__ = ("_children", "_data", "_merged", "_offsets", "_own", "kind", "span", "style", "tag", "text")

    kind: str
    """`mapping`, `sequence`, `scalar` or `unknown`."""
    span: Span
    """Its bytes, without its anchor and tag. An alias is the node that it refers to."""
    tag: str
    """With its prefix resolved: `!reference`, `tag:yaml.org,2002:str`; empty if there is none."""
    style: str
    """Of a scalar: `plain`, `single`, `double`, `literal` or `folded`."""
    text: str
    """The value of a scalar; empty for other kinds."""

    def __init__(self, data: bytes, kind: str, span: Span, tag: str = "", style: str = "", text: str = "") -> None:
        """`data` is the content of the file."""
        self._data = data
        self._offsets: tuple[Segment, ...] | None = None
        self._children: Sequence[Node] = ()  # of a mapping, keys and values in turn
        self._own = self._merged = _NO_KEYS
        self.kind = kind
        self.span = span
        self.tag = tag
        self.style = style
        self.text = text

    @property
    def offsets(self) -> tuple[Segment, ...]:
        """The bytes of `text` that are copied from the file, as in `Script.offsets`."""
        if self.kind != "scalar":
            return ()
        if self._offsets is None:
            from dunnage.scripts import yaml_scalars

            self._offsets = yaml_scalars.segments(self._data, self.span, self.style, self.text)
        return self._offsets

    def pairs(self) -> list[tuple[Node, Node]]:
        """Keys and values of a mapping in the order of the file, without those that merge keys add."""
        if self.kind != "mapping":
            return []
        return list(zip(self._children[::2], self._children[1::2], strict=False))

    def elements(self, *keys: str) -> Sequence[Node]:
        """The values of this sequence, or of the one that `keys` lead to; none if there is no sequence."""
        if keys:
            node = self.path(*keys)
            return node.elements() if node else ()
        return self._children if self.kind == "sequence" else ()

    def listed(self) -> Sequence[Node]:
        """The values of a sequence; any other node alone."""
        return self._children if self.kind == "sequence" else (self,)

    def get(self, key: str) -> Node | None:
        """The value of `key` in a mapping, its own or a merged one; None if there is none.

        Of duplicate keys, which YAML does not allow, the last is used.
        """
        return self._own.get(key) or self._merged.get(key)

    def scalar(self, key: str) -> Node | None:
        """The value of `key` if it is a scalar."""
        found = self.get(key)
        return found if found is not None and found.kind == "scalar" else None

    def named(self, *keys: str) -> str:
        """The first text that is not empty of the scalars at `keys`; else empty."""
        return next((found.text for key in keys if (found := self.get(key)) and found.text), "")

    def path(self, *keys: str) -> Node | None:
        """The value that `keys` lead to through nested mappings."""
        node: Node | None = self
        for key in keys:
            node = node and node.get(key)
        return node

    def items(self, *keys: str) -> Iterator[tuple[str, Node]]:
        """Keys and values of this mapping, or of the one that `keys` lead to; none if there is no mapping.

        Its own come first, in order, then those that only merge keys add.
        """
        if keys:
            node = self.path(*keys)
            yield from node.items() if node else ()
        else:
            yield from self._own.items()
            yield from ((key, value) for key, value in self._merged.items() if key not in self._own)

    def close(self, children: list[Node], limit: int) -> int:
        """Give a collection its children; return how many keys were merged into it.

        Raises SourceError if these are more than `limit`.
        """
        self._children = children
        self._own, self._merged = {}, {}
        merged = 0
        for key, value in self.pairs():
            if key.style == "plain" and key.text == "<<":
                for source in value.elements() or [value]:
                    for name, found in source.items():
                        merged += 1
                        self._merged.setdefault(name, found)
                    if merged > limit:
                        message = f"merges more than {MAX_MERGED:,} keys into mappings, the limit for YAML"
                        raise SourceError(message, key.span, "input/too-large")
            elif key.kind == "scalar":
                self._own[key.text] = value
        return merged


def documents(file: File) -> list[Node]:
    """The top value of each document in the file; none if the file is not YAML.

    Raises SourceError if the file is not UTF-8, or if it is larger or deeper than what is read.
    """
    return file.memo(_documents)


def _documents(file: File) -> list[Node]:
    if len(file.data) > MAX_BYTES:
        raise SourceError(f"is larger than {MAX_BYTES:,} bytes, the limit for YAML", rule="input/too-large")
    text = file.text  # which has to be UTF-8
    from dunnage.scripts import yaml_parser

    try:
        return _Composer(file).compose(yaml_parser.events(file.data))
    except yaml_parser.NotYaml as error:
        at = error.at or 0
        if error.is_too_deep:
            raise _too_deep(offsets(file)(at)) from None
    found: list[Node] = []
    message = "is not YAML, so nothing in it is checked"
    # PyYAML rejects some characters in comments too, where other parsers accept everything.
    mended = re.sub(r"(?m)(?:^|[ \t])#.*", lambda comment: re.sub(_REJECTED, "?", comment[0]), text)
    if mended != text:
        with suppress(yaml_parser.NotYaml):
            found = _Composer(file).compose(yaml_parser.events(mended.encode()))
            message = "has control characters in comments, which the hook reads as `?`"
    if found or file.path.startswith(_OF_CI):
        rejected = re.search(_REJECTED, text)
        start = offsets(file)(rejected.start() if rejected else at)
        file.note_unread("input/unreadable", f"this file {message}", Span(start, start))
    return found


def _too_deep(start: int) -> SourceError:
    message = f"is nested deeper than {MAX_DEPTH} levels, the limit for YAML"
    return SourceError(message, Span(start, start), "input/too-deep")


class _Composer:
    """Builds nodes from the events of the parser."""

    def __init__(self, file: File) -> None:
        self._data = file.data
        self._offset = offsets(file)
        self._documents: list[Node] = []
        self._count = self._size = 0
        self._merged = 0
        self._anchors: dict[str, Node] = {}
        # The collections that are not complete, outermost first: each with its children so far, and the size before it.
        self._open: list[tuple[Node, list[Node], int]] = []
        # How many values collections hold, by their identity.
        self._sizes: dict[int, int] = {}
        self._end = 0  # where the last value ends

    def compose(self, parsed: Iterable[Event]) -> list[Node]:
        from yaml import events

        handlers: dict[type[Event], Callable[..., None]] = {
            events.DocumentStartEvent: self._document,
            events.ScalarEvent: self._scalar,
            events.AliasEvent: self._alias,
            events.MappingStartEvent: partial(self._collection, "mapping"),
            events.SequenceStartEvent: partial(self._collection, "sequence"),
            events.MappingEndEvent: self._close,
            events.SequenceEndEvent: self._close,
        }
        for event in parsed:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
        return self._documents

    def _document(self, _: Event) -> None:
        self._anchors = {}

    def _scalar(self, event: ScalarEvent) -> None:
        start, end = self._place(event)
        text = event.value
        style = _STYLES.get(event.style or "", "plain")
        if event.anchor is not None or event.tag is not None:
            start = end if not text and style == "plain" else self._content(event, start, end)
        if style in ("literal", "folded"):
            end = start + len(self._data[start:end].rstrip(b" \t\r\n"))
        self._end = end
        self._add(event.anchor, Node(self._data, "scalar", Span(start, end), event.tag or "", style, text), start)

    def _alias(self, event: AliasEvent) -> None:
        start, self._end = self._place(event)
        node = self._anchors.get(event.anchor or "") or Node(self._data, "unknown", Span(start, self._end))
        self._add(None, node, start, self._sizes.get(id(node), 1))

    def _collection(self, kind: str, event: CollectionStartEvent) -> None:
        start, self._end = self._place(event)
        if event.anchor is not None or event.tag is not None:
            start = self._content(event, start, len(self._data))
        if len(self._open) == MAX_DEPTH:
            raise _too_deep(start)
        node = Node(self._data, kind, Span(start, start), event.tag or "")
        self._add(event.anchor, node, start)
        self._open.append((node, [], self._size - 1))

    def _close(self, event: CollectionEndEvent) -> None:
        # The end of a block is empty and at the start of the next token.
        start, end = self._place(event)
        if start < end:
            self._end = end
        node, children, before = self._open.pop()
        self._sizes[id(node)] = self._size - before
        node.span = Span(node.span.start, max(node.span.start, self._end))
        self._merged += node.close(children, MAX_MERGED - self._merged)

    def _place(self, event: Event) -> tuple[int, int]:
        start, end = event.start_mark, event.end_mark
        return (self._offset(start.index), self._offset(end.index)) if start and end else (self._end, self._end)

    def _content(self, event: ScalarEvent | CollectionStartEvent, start: int, end: int) -> int:
        """The offset at which a value begins after the anchor, tag or both at `start`."""
        properties = (event.anchor is not None) + (event.tag is not None)
        for _ in range(properties):
            found = re.compile(rb"[&!]\S*(?:\s|(?<=\s)#[^\r\n]*)*").match(self._data, start, end)
            start = found.end() if found else start
        return start

    def _add(self, anchor: str | None, node: Node, start: int, size: int = 1) -> None:
        self._count += 1
        self._size += size
        if self._count > MAX_NODES or self._size > MAX_SIZE:
            what = f"{MAX_NODES:,} values" if self._count > MAX_NODES else f"{MAX_SIZE:,} values with those of aliases"
            raise SourceError(f"has more than {what}, the limit for YAML", Span(start, start), "input/too-large")
        if anchor is not None:
            self._anchors[anchor] = node
        siblings = self._open[-1][1] if self._open else self._documents
        siblings.append(node)


_STYLES = {"'": "single", '"': "double", "|": "literal", ">": "folded"}


# Values of scalars


def value(node: Node | None) -> Values:
    """The text of a scalar as a program receives it, which for a number may differ from its source.

    `1.20` without quotes is the number 1.2, `0x10` is 16, `True` is `true`. None for other nodes and tagged scalars.
    """
    if node is None or node.kind != "scalar" or (node.tag and node.tag not in ("!", "tag:yaml.org,2002:str")):
        return None
    text = node.text
    if node.style != "plain" or node.tag:
        return (text,)
    return (_plain(text),)


def cautious_value(node: Node | None) -> Values:
    """As `value`, but None for scalars that YAML 1.1, which most programs except GitHub use, reads differently."""
    known = value(node)
    if known is None or node is None or node.style != "plain" or node.tag or re.fullmatch(_OLD_SURE, node.text):
        return known
    return None if re.fullmatch(_OLD_TYPES, node.text) else known


# Numbers and booleans of YAML 1.1 that are the same in YAML 1.2; all numbers, booleans and dates of YAML 1.1.
_OLD_SURE = r"0|-?[1-9][0-9]{0,14}|[0-9]{1,9}\.[0-9]{1,6}|[Tt]rue|[Ff]alse|TRUE|FALSE|~|[Nn]ull|NULL|"
_OLD_TYPES = (
    r"(?i)[-+]?(?:0b[01_]+|0x[0-9a-f_]+|0o[0-7]+|[0-9][0-9_,]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?)"
    r"|[-+]?\.(?:[0-9_]+(?:e[-+]?[0-9]+)?|inf|nan)|y|yes|n|no|on|off|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t ].*)?"
)


def _plain(text: str) -> str:
    """The value of a plain scalar in the core schema of YAML 1.2, as text."""
    if text[:1] not in _FIRST_OF_CORE:
        return text
    if text in ("null", "Null", "NULL", "~"):
        return ""
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower()
    if re.fullmatch(r"0o[0-7]{1,15}|0x[0-9a-fA-F]{1,12}", text):
        return str(int(text, 0))
    if len(text) < 40 and re.fullmatch(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", text):
        return f"{float(text):.15G}".replace("-0", "0") if float(text) == 0 else f"{float(text):.15G}"
    return text


_FIRST_OF_CORE = frozenset("~nNtTfF0123456789+-.")
