"""Rules, findings and fixes.

These are named tuples and not dataclasses because importing `dataclasses` takes longer than a whole check.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from dunnage.files.span import Edit, Span

if TYPE_CHECKING:
    from dunnage.files.document import Problem
    from dunnage.files.git import Repository

T = TypeVar("T")

MOST_FINDINGS = 5000
"""How many findings of one hook are reported; code scanning on GitHub shows as many."""
MOST_TEXT = 2 * 1024 * 1024
"""How many characters the messages and the help of these findings have together: a name may be as long as a file."""
MARK = b"dunnage:"
"""Every file with an ignore comment contains this."""

WEBSITE = "https://OWNER.github.io/dunnage/"


def address(page: str) -> str:
    """The URL, on the website, of a page in docs/."""
    return f"{WEBSITE}{page.removesuffix('.md')}/"


def how_to_accept(rule_id: str) -> str:
    """How to silence a rule."""
    return (
        f"To accept one finding, write the comment `dunnage: ignore[{rule_id}] reason` on its line "
        f"or on the line above. To switch the rule off, pass `--ignore {rule_id}`."
    )


class Rule(NamedTuple):
    """A rule that a hook checks."""

    id: str
    """The public name, `concern/problem` in kebab case: `cargo-lock/stale`."""
    summary: str
    """What is wrong where it fires: one line, for `--help` and the top of its page."""
    level: Literal["error", "warning"] = "error"
    """`error`, or `warning` if no build is at risk."""
    since: str = "0.1.0"
    """The first release with the rule."""
    cuts_short: bool = False
    """Whether the rest of the check could not run where this rule fires.

    Other findings may then be missing, so no ignore comment is reported as unused.
    """
    is_fixable: bool = False
    """Whether `--fix` can fix a finding, at least in some cases."""

    @property
    def page(self) -> str:
        """The URL of the page of the rule."""
        return address(f"rules/{self.id}.md")


class Fix(NamedTuple):
    """The edits, in one file or several, that fix a finding. They are applied together or not at all."""

    description: str
    """The report once they are applied, in the past tense: `pinned to 1.2.3`."""
    edits: tuple[Edit, ...]


class Suppression:
    """The ignore comment that silences a finding."""

    def __init__(self, reason: str, span: Span) -> None:
        self.reason = reason
        """The text of the comment after the brackets."""
        self.span = span
        """The place of the comment, in the file of the finding."""


class Finding(NamedTuple):
    """A violation of a rule at one place."""

    rule: Rule
    path: str
    """The path as it is printed: relative to the working directory if it is inside, with `/` as separator."""
    span: Span
    message: str
    """One line."""
    help: str = ""
    """What to do, preferably what to type; may have several lines."""
    fix: Fix | None = None
    """Present only if the fix is certain."""
    hook: str = ""
    """The id of the hook that reported it. The frame sets it."""
    suppression: Suppression | None = None
    """The comment that silences it, if any. The frame sets it."""
    obstacle: str = ""
    """Why it has no fix although its rule is fixable, in one line that begins with a path; empty if that is unknown."""


def text_size(finding: Finding) -> int:
    """How many characters of text a finding has."""
    return len(finding.message) + len(finding.help)


def with_advice(found: Iterable[Finding], advice: Callable[[Finding], str]) -> Iterator[Finding]:
    """Append advice to the help of the first finding of a rule in each file.

    `advice` says which option switches off what a finding requires; it returns an empty text if there is none.
    """
    seen: set[tuple[str, str]] = set()
    for finding in found:
        key = finding.path, finding.rule.id
        text = "" if key in seen else advice(finding)
        if text:
            seen.add(key)
            yield finding._replace(help="\n".join(filter(None, (finding.help, text))))
        else:
            yield finding


def reportable(
    found: Iterable[T], is_reported: Callable[[T], bool] = lambda _: True, size: Callable[[T], int] = lambda _: 0
) -> list[T]:
    """Collect what a hook finds, up to the first that is too many: a small file may have hundreds of thousands.

    `is_reported` says what counts, and `size` how many characters of text it has.
    """
    collected: list[T] = []
    left, text_left = MOST_FINDINGS + 1, MOST_TEXT
    for each in found:
        collected.append(each)
        left -= is_reported(each)
        text_left -= size(each)
        if not left or text_left < 0:
            break
    return collected


def distinct(found: "Iterable[Finding]") -> Iterator["Finding"]:
    """Yield each finding once, as soon as it is found: a small file may have very many, of which few are reported."""
    seen: set[Finding] = set()
    for each in found:
        if each not in seen:
            seen.add(each)
            yield each


def findings(problems: "Iterable[Problem]", rules: Iterable[Rule]) -> Iterator[Finding]:
    """Yield a finding for each problem. Every problem names one of `rules`."""
    by_id = {rule.id: rule for rule in rules}
    for problem in problems:
        yield Finding(by_id[problem.rule], problem.file.path, problem.place(), problem.message, problem.help)


def untracked(rule: Rule, path: str, repository: "Repository | None", message: str, added: str = "") -> Finding:
    """A finding that git does not track the file at `path`. `message` says what follows from that.

    The help names the path `added`, by default that of the file.
    """
    from dunnage.files.source import display

    help = f"run `git {_adding(added or path, repository)}`"
    ignored = repository.ignored_by(path) if repository else None
    if ignored:
        message += f": it is hidden by the pattern `{ignored.pattern}` in {ignored.file}:{ignored.line}"
        help = f"remove that pattern, then {help}"
    return Finding(rule, display(path), Span(0, 0), message, help)


def _adding(path: str, repository: "Repository | None") -> str:
    """The arguments with which git adds a file, in the working directory."""
    from dunnage.files import shown

    here = os.path.join(os.getcwd(), "")
    if repository is None or here.startswith(os.path.join(repository.top, "")):
        return f"add {shown.pathspec(path)}"
    relative = os.path.relpath(path, repository.top).replace(os.sep, "/")
    return f"-C {shown.path(repository.top)} add {shown.pathspec(relative)}"


def also_unhide(path: str, repository: "Repository | None") -> str:
    """The continuation of a help text, if git would ignore a new file at `path`: how to change that. Else empty."""
    ignored = repository.ignored_by(path) if repository else None
    if ignored is None:
        return ""
    from dunnage.files import shown

    place = f"{shown.argument(ignored.file)}:{ignored.line}"
    return f";\nfirst remove the pattern `{ignored.pattern}` in {place}, which hides it from git"
