"""Having a lock follow a requirement that was rewritten: the same version, the same digest, in its sorted place."""

from itertools import pairwise

from dunnage import toml
from dunnage.finding import Edit, Span
from dunnage.source import File
from dunnage.wit.lock import CARGO_COMPONENT, LockedPackage, LockedVersion


def follow(
    file: File, package: LockedPackage, locked: LockedVersion, requirement: str, keep: bool
) -> tuple[Edit, ...] | None:
    """The edits after which `requirement` is locked as `locked` is, and the requirement of that no longer, unless it
    is to be kept.

    None if the lock is not laid out as its tool lays it out, or already locks `requirement` to something else. All of
    a package's versions are in one edit, so that two edits that have to know of each other are in each other's way.
    """
    spans = [toml.locate_value(file, entry.keys) for entry in package.versions]
    texts = [file.data[span.start : span.end].decode("utf-8") for span in spans]
    gaps = [file.data[before.end : after.start].decode("utf-8") for before, after in pairwise(spans)]
    if not all(text.startswith("[[") for text in texts) or any("[" in gap for gap in gaps):
        return None
    entries = [(entry.requirement, text) for entry, text in zip(package.versions, texts, strict=True)]
    at = package.versions.index(locked)
    same = [entry for entry in package.versions if entry.requirement == requirement]
    if any((entry.version, entry.digest) != (locked.version, locked.digest) for entry in same):
        return None
    if not same:
        entries.insert(at, (requirement, _with_requirement(file, spans[at], locked, requirement)))
        at += 1
        gaps.insert(at - 1, gaps[0] if gaps else _blank_line(file))
    elif keep:
        return ()
    if not keep:
        del entries[at]
        del gaps[max(at - 1, 0) : max(at, 1)]
    if file.path.endswith(CARGO_COMPONENT):
        entries.sort(key=lambda entry: entry[0])  # cargo-component looks an entry up by halving the list
    text = entries[0][1] + "".join(gap + entry for gap, (_, entry) in zip(gaps, entries[1:], strict=True))
    return (Edit(file.path, spans[0].start, spans[-1].end, text),)


def _with_requirement(file: File, span: Span, locked: LockedVersion, requirement: str) -> str:
    value = toml.locate_value(file, (*locked.keys, "requirement"))
    before, after = file.data[span.start : value.start], file.data[value.end : span.end]
    return f'{before.decode("utf-8")}"{requirement}"{after.decode("utf-8")}'


def _blank_line(file: File) -> str:
    return "\r\n\r\n" if b"\r\n" in file.data else "\n\n"
