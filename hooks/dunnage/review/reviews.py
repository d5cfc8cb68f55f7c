"""Reviews in the repository: what people have examined and accepted, and why. And what a run of a review finds.

A review is an entry of `[workspace.metadata.dunnage.reviews]` or `[package.metadata.dunnage.reviews]` in a manifest,
or of `[reviews]` in a file of its own. Its key names exactly what was reviewed, `"arrayref@0.3.10"` or
`"git+https://example.com/repository"`; its value is the reason. An entry outlives rebases, squashes and CI, which a
trailer in a commit message does not.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dunnage.files import toml
from dunnage.files.document import Keys, Problem
from dunnage.files.shown import toml_string
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import apply
from dunnage.files.walk import top_folder

if TYPE_CHECKING:
    from dunnage.cargo.source_id import SourceId
    from dunnage.review.concern import Concern
    from dunnage.review.tables import Table

MANIFEST = "Cargo.toml"
_OWNERS = ("workspace", "package")
_TABLE = ("metadata", "dunnage", "reviews")


class Review(NamedTuple):
    """One entry."""

    subject: str
    """What was reviewed, spelled as `subject` in `concern` spells it."""
    reason: str
    """Empty if none is given, or if it is not a string; such a review accepts nothing."""
    file: File
    keys: Keys

    @property
    def is_about_wit(self) -> bool:
        """Whether it is of WIT, whose packages have a colon in their name, and not of a crate or its source."""
        return ":" in self.subject.partition("@")[0] and "+" not in self.subject.partition(":")[0]


class Listed:
    """The reviews in the file that `--reviews` names, which count for all that a run looks at."""

    def __init__(self, tree: Tree, path: str, about_wit: bool) -> None:
        """`path` is that of the file; empty if there is none. `about_wit` says which of its reviews a hook judges."""
        file = tree.find(path) if path else None
        entries = list(_entries(file, ("reviews",))) if file else []
        self.path = path
        self.accepted = _accepted(entries)
        self.unjudged = [entry for entry in entries if entry.is_about_wit is about_wit]
        """Those that are judged with the next lock or project: each is judged once."""

    def take(self) -> list[Review]:
        """The reviews to be judged now."""
        taken, self.unjudged = self.unjudged, []
        return taken


class Reviews(NamedTuple):
    """The reviews that count for one lock, or for the WIT of one project."""

    entries: tuple[Review, ...]
    path: str
    """The file in which a new review is written."""
    manifest: File | None
    """That file, if it is a manifest and exists."""
    accepted: frozenset[str]
    """What somebody has reviewed in a manifest, and said why."""
    listed: Listed

    @property
    def table(self) -> Keys:
        """The table in which a new review is written."""
        if os.path.basename(self.path) != MANIFEST:
            return ("reviews",)
        found = read_toml(self.manifest)
        return ("workspace" if found is None or "workspace" in found else "package", *_TABLE)

    def place(self) -> str:
        """Where to write a review, as it is printed."""
        return f"`[{'.'.join(map(str, self.table))}]` in {display(self.path)}"

    def accepts(self, subject: str) -> bool:
        """Whether somebody has reviewed this and said why."""
        return subject in self.accepted or subject in self.listed.accepted


class Settings(NamedTuple):
    """The choices of a run."""

    base: str = ""
    """The commit to compare with; empty for the usual one."""
    refs: tuple[str, str] = ("", "")
    """The commits of which the first one's common ancestor with the second one is the base; empty for the usual one."""
    require_base: bool = False
    reviews: str = ""
    """A file with reviews, beside the manifest; empty if there is none."""
    advisory_db: str = ""
    """The folder of the advisory database; empty for where the tools keep it."""
    least_age: int | None = None
    """The minimum age of a version, in seconds; None for the value in cargo's configuration."""
    whole_lock: bool = False
    """Whether known vulnerabilities of the whole lock count, and not only those of incoming packages."""


class Judgement(NamedTuple):
    """The findings about files, compared with their base."""

    problems: tuple[Problem, ...] = ()
    """The problems that are not concerns: those about reviews, and about the base."""
    concerns: tuple["Concern", ...] = ()
    summary: Callable[[], Iterable["Table"]] | None = None
    """What changed; None if nothing did, or if there is nothing to compare with."""
    notes: tuple[str, ...] = ()
    """What could not be judged, a line each."""


class Examination(NamedTuple):
    """The findings about one lock, or about the WIT of one project."""

    path: str
    """The file or folder, as it is printed."""
    reviews: Reviews
    judgement: Judgement


class NotAcceptedError(Exception):
    """A review cannot be written; the message says why, in one line."""


def read(tree: Tree, folders: Sequence[str], listed: Listed) -> Reviews:
    """Read the reviews in the manifests in some folders, to which those of a file are added.

    New ones are written in that file, or in the manifest of the last folder. A file that cannot be read has none.
    """
    entries: list[Review] = []
    manifest: File | None = None
    for folder in folders:
        manifest = tree.find(os.path.join(folder, MANIFEST))
        # Most manifests have none, which shows without a TOML reader.
        if manifest and b"dunnage" in manifest.data:
            for owner in _OWNERS:
                entries += _entries(manifest, (owner, *_TABLE))
    path = listed.path or os.path.join(folders[-1], MANIFEST)
    return Reviews(tuple(entries), path, None if listed.path else manifest, _accepted(entries), listed)


def _accepted(reviews: Iterable[Review]) -> frozenset[str]:
    return frozenset(review.subject for review in reviews if review.reason)


def stale(reviews: Iterable[Review], rule: str, where: str, present: Collection[str] | None) -> Iterator[Problem]:
    """Yield the reviews that accept nothing: what they name is not `present`, or they give no reason.

    `where` says where it would be: `in the lock`. `present` is None if not all that is there is known.
    """
    for review in reviews:
        if not review.reason:
            message = f"the review of `{review.subject}` gives no reason, so it accepts nothing"
            help = f'write the reason: {toml_string(review.subject)} = "what you reviewed"'
        elif present is not None and review.subject not in present:
            message = f"the review of `{review.subject}` is stale: it matches nothing {where}"
            help = "remove the entry"
        else:
            continue
        yield Problem(rule, review.file, message, help, review.keys)


def problems(examinations: Iterable[Examination]) -> Iterable[Problem]:
    """All problems, each once. Those that are not concerns come first."""
    found = []
    for _, _, judgement in examinations:
        found += [*judgement.problems, *(concern.problem for concern in judgement.concerns)]
    return dict.fromkeys(found)


def summaries(examinations: Iterable[Examination]) -> "dict[str, list[Table]]":
    """What changed, by the path of the files that did."""
    return {path: list(judgement.summary()) for path, _, judgement in examinations if judgement.summary}


def accept_all(examinations: Iterable[Examination], reason: str) -> Iterator[str]:
    """Write a review of all that is found, and yield a line about each. Raises NotAcceptedError.

    Each file is written once, because each time it is proved.
    """
    wanted: dict[str, tuple[Reviews, dict[str, None]]] = {}
    rest = []
    for path, reviews, judgement in examinations:
        _, subjects = wanted.setdefault(reviews.path, (reviews, {}))
        subjects.update(dict.fromkeys(subject for concern in judgement.concerns for subject in concern.subjects))
        left = sum(not concern.subjects for concern in judgement.concerns)
        if left:
            rest.append(f"{path}: {left} {'finding' if left == 1 else 'findings'} that no review can accept")
    for reviews, subjects in wanted.values():
        shown = display(reviews.path)
        if subjects:
            try:
                _accept(reviews, list(subjects), reason)
            except FileNotFoundError:
                raise NotAcceptedError(f"there is no {shown} to write a review to") from None
            except SourceError as error:
                raise NotAcceptedError(f"{shown} {error.message}") from None
            yield from (f"{shown}: accepted {subject}" for subject in subjects)
    yield from rest


def _accept(reviews: Reviews, subjects: Sequence[str], reason: str) -> None:
    """Write a review of each subject. Raises FileNotFoundError, and SourceError if one cannot be added."""
    from dunnage.files.toml_edit import AddKeys, AddTable, Change, Operation, Set, edits
    from dunnage.files.writing import replace

    file = Tree().read(reviews.path)
    table = reviews.table
    data = toml.parse(file)
    known = toml.table_at(data, table)
    new = {subject: reason for subject in subjects if subject not in known}
    operations: list[Operation] = [Set((*table, subject), reason) for subject in subjects if subject in known]
    if new:
        operations.append(AddTable(table, new) if toml.lookup(data, table) is None else AddKeys(table, new))
    notes: list[str] = []
    (found,) = edits(file, [Change("reviewed", tuple(operations))], notes)
    if not found:
        review = f'"{subjects[0]}" = "…"'
        limit = ", because it has more than 512 KiB or too many entries" if notes else ""
        raise SourceError(f"cannot be edited to add the review of `{subjects[0]}`{limit}; write `{review}` yourself")
    replace(reviews.path, file.data, apply(file.data, found), top_folder(os.path.dirname(reviews.path)))


def source_subject(source: "SourceId") -> str:
    """The key of a review of a registry or git repository."""
    return source.url if source.kind == "sparse" else f"{source.kind}+{source.url}"


def read_toml(file: File | None) -> dict[str, Any] | None:
    """The content of a file; None if there is none, or if it is not TOML."""
    try:
        return toml.parse(file) if file else None
    except SourceError:
        return None


def _entries(file: File, keys: Keys) -> Iterator[Review]:
    for name, reason in toml.table_at(read_toml(file), keys).items():
        yield Review(_subject(name), reason.strip() if isinstance(reason, str) else "", file, (*keys, name))


def _subject(key: str) -> str:
    """Normalize a key, so that keys with the same meaning are equal."""
    from dunnage.cargo import source_id

    try:
        return source_subject(source_id.parse(key)[0])
    except source_id.SourceIdError:
        return key
