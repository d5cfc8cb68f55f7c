"""Having a lock follow a requirement that was rewritten: the same version, the same digest, in its sorted place."""

from collections.abc import Mapping
from itertools import pairwise

from dunnage.files import toml
from dunnage.files.source import File
from dunnage.files.span import Edit, Span
from dunnage.wit.lock import WKG, LockedVersion, LockedWitPackage


def follow(
    file: File, package: LockedWitPackage, changes: Mapping[LockedVersion, tuple[str, bool]]
) -> tuple[Edit, ...] | None:
    """The edits after which requirements of a package are spelled otherwise: by entry, the new one, and whether the
    old one stays beside it.

    None if the lock is not laid out as its tool lays it out, or would have two things to say of one requirement.
    """
    spans = [toml.locate_value(file, entry.keys) for entry in package.versions]
    texts = [_text(file, span) for span in spans]
    gaps = [_text(file, Span(before.end, after.start)) for before, after in pairwise(spans)]
    if not all(text.startswith("[[") for text in texts) or any(gap.strip() for gap in gaps):
        return None
    found: dict[str, tuple[LockedVersion, str]] = {}
    for entry, span, text in zip(package.versions, spans, texts, strict=True):
        requirement, keep = changes.get(entry, (entry.requirement, False))
        if keep:
            found[entry.requirement] = entry, text
        new = text if requirement == entry.requirement else _with_requirement(file, span, entry, requirement)
        other, _ = found.setdefault(requirement, (entry, new))
        if (other.version, other.digest) != (entry.version, entry.digest):
            return None
    # cargo-component looks requirements up by halving the list.
    ordered = found if file.path.endswith(WKG) else sorted(found)
    after = [found[requirement][1] for requirement in ordered]
    newline = "\r\n" if "\r\n" in texts[0] else "\n"
    gap = gaps[0] if gaps else newline * 2
    return (Edit(file.path, spans[0].start, spans[-1].end, gap.join(after)),) if after != texts else ()


def _text(file: File, span: Span) -> str:
    return file.data[span.start : span.end].decode("utf-8")


def _with_requirement(file: File, span: Span, locked: LockedVersion, requirement: str) -> str:
    value = toml.locate_value(file, (*locked.keys, "requirement"))
    before, after = file.data[span.start : value.start], file.data[value.end : span.end]
    return f'{before.decode("utf-8")}"{requirement}"{after.decode("utf-8")}'
