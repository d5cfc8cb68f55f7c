"""Ignore comments: silencing a finding in place, with a reason.

    wasi = "0.2"  # dunnage: ignore[wit-pins/range, wit-pins/conflict] upstream has no tags

The comment is on the line of the finding, or alone on the line above it. Without a reason it silences nothing. The
concern of a rule is the part of its id before the `/`. A hook judges only the comments that name its own concerns.
Every hook that reads the file judges the comments that cannot be parsed, or that name a concern of no hook.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import MARK, MOST_FINDINGS, Finding, Rule, Suppression
from dunnage.frame.shared_rules import (
    ABOUT_COMMENTS,
    ABOUT_INPUT,
    MALFORMED,
    NO_REASON,
    SHARED_RULES,
    UNUSED,
    too_many,
)

_ABOUT_INPUT = frozenset(rule.id for rule in ABOUT_INPUT)
# A comment of another tool may precede it, as in `# zizmor: ignore[…] # dunnage: ignore[…] …`.
_DIRECTIVE = r"(?:^[/*#!]*|\s(?:#|//))\s*(dunnage:.*)"
_ID = r"[a-z0-9-]+/[a-z0-9-]+"
_IGNORE = rf"dunnage:\s*ignore\s*\[\s*({_ID}(?:\s*,\s*{_ID})*)\s*\](.*)"
_BLANK_REST_OF_LINE = rb"[ \t]*(?:[\r\n]|\Z)"
_MOST_COMPARED = 100
"""How many ids of no rule are compared with those of all rules, to name the nearest."""
_LONGEST_SHOWN = 1000
"""How many characters of a comment or its reason reports show."""


class _Directive(NamedTuple):
    """A comment that begins with `dunnage:`."""

    path: str
    span: Span
    text: str
    lines: tuple[int, ...]
    """The lines whose findings it silences."""

    def finding(self, rule: Rule, message: str, help: str) -> Finding:
        """A finding about the comment itself."""
        return Finding(rule, self.path, self.span, message, help)


class Silenced(NamedTuple):
    """The findings of a hook after its ignore comments have been applied."""

    findings: list[Finding]
    """Those that no comment silences, and the findings about the comments themselves."""
    suppressed: list[Finding]
    """The others, each with its suppression."""


class _Comments:
    """The ignore comments of one file, and which of them have silenced a finding."""

    def __init__(self) -> None:
        self.about: list[Finding] = []
        """What is wrong with them."""
        self._reasons: dict[_Directive, str] = {}
        # For each comment and rule that it names, whether it has silenced a finding.
        self._used: dict[tuple[_Directive, str], bool] = {}
        # The comments about each line and rule.
        self._places: dict[tuple[int, str], list[_Directive]] = {}

    def add(self, directive: _Directive, rule_ids: Iterable[str], reason: str) -> None:
        """Let a comment silence these rules."""
        self._reasons[directive] = reason
        for rule_id in rule_ids:
            self._used[directive, rule_id] = False
            for line in directive.lines:
                self._places.setdefault((line, rule_id), []).append(directive)

    def suppression(self, file: File, finding: Finding) -> Suppression | None:
        """What silences a finding of the file; None if nothing does."""
        if not self._places:
            return None
        rule_id = finding.rule.id
        place = (file.position(finding.span.start)[0], rule_id)
        directives = self._places.get(place)
        if directives is None:
            return None
        self._used.update(((directive, rule_id), True) for directive in directives)
        self._places[place] = directives[:1]  # the others are known to be used
        return Suppression(self._reasons[directives[0]], directives[0].span)

    def unused(self) -> Iterator[tuple[_Directive, str]]:
        """Yield the comments that have silenced nothing, with the id of the rule."""
        for (directive, rule_id), is_used in self._used.items():
            # Whether a bound is exceeded depends on what a hook looks for, so the comment may be for another hook.
            if not is_used and rule_id not in _ABOUT_INPUT:
                yield directive, rule_id


def silence(
    findings: Iterable[Finding],
    tree: Tree,
    rules: Sequence[Rule],
    comments: Callable[[File], Iterable[tuple[Span, str]]],
    examined: Iterable[str] | None = None,
) -> Silenced:
    """Apply the ignore comments to the findings of a hook.

    `rules` are those that the hook may report. The comments are those of all files that were read through `tree`.
    `examined` are the names of the files in which the hook has looked for all findings, None for all of the tree. Only
    comments in these files are reported as unused.
    """
    findings = list(findings)
    known = [rule.id for rule in rules]
    is_complete = not any(finding.rule.cuts_short for finding in findings)
    paths = None if examined is None else set(map(display, examined))
    about_comments: list[Finding] = []
    problems: dict[str, str] = {}
    suppressions: dict[int, Suppression] = {}
    numbers: dict[str, list[int]] = {}
    for number, finding in enumerate(findings):
        numbers.setdefault(finding.path, []).append(number)

    # File by file, because all comments together may be very many.
    for file in tree.files():
        own = _read(_directives(file, comments), known, problems)
        for number in numbers.get(file.path, ()):
            if suppression := own.suppression(file, findings[number]):
                suppressions[number] = suppression
        if is_complete and (paths is None or file.path in paths):
            own.about += (_unused(directive, rule_id, known) for directive, rule_id in own.unused())
        if len(about_comments) <= MOST_FINDINGS:  # `few` reports no more
            about_comments += own.about
    left = [finding for number, finding in enumerate(findings) if number not in suppressions]
    suppressed = [findings[number]._replace(suppression=suppressions[number]) for number in sorted(suppressions)]
    return Silenced(left + about_comments, suppressed)


def _read(directives: Iterable[_Directive], known: Sequence[str], problems: dict[str, str]) -> _Comments:
    """The comments of a file for a hook with the `known` rules; `problems` are those of other ids, by these."""
    found = _Comments()
    concerns = {_concern(rule_id) for rule_id in known}
    for directive in directives:
        form = re.fullmatch(_IGNORE, directive.text)
        if form is None:
            message = f"`{_cut(directive.text)}` is not an ignore comment"
            help = "write `dunnage: ignore[RULE] reason`, with the rule that the finding names"
            found.about.append(directive.finding(MALFORMED, message, help))
            continue
        named = re.findall(_ID, form[1])
        own = [rule_id for rule_id in named if _concern(rule_id) in concerns]
        for rule_id in named:
            if not _is_known(rule_id, concerns):
                message = problems.get(rule_id) or _unknown_anywhere(rule_id, len(problems) < _MOST_COMPARED)
                if len(problems) < _MOST_COMPARED:
                    problems[rule_id] = message
                help = "write the id of the rule as the finding names it"
                found.about.append(directive.finding(UNUSED, message, help))
        if own and not any(character.isalnum() for character in form[2]):
            text = _cut(directive.text)
            message = f"`{text}` has no reason, so it silences nothing"
            found.about.append(directive.finding(NO_REASON, message, f"add the reason: `{text} because …`"))
        else:
            found.add(directive, own, _cut(form[2].strip()))
    return found


def _cut(text: str) -> str:
    """A comment or its reason as reports show it."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def few(findings: list[Finding]) -> list[Finding]:
    """Return findings without those about comments that are too many: a small file may have very many comments."""
    about_comments = [finding for finding in findings if finding.rule in ABOUT_COMMENTS]
    if len(about_comments) <= MOST_FINDINGS:
        return findings
    left = [finding for finding in findings if finding.rule not in ABOUT_COMMENTS]
    return [*left, *about_comments[:MOST_FINDINGS], too_many(about_comments[MOST_FINDINGS])]


def unknown(rule_ids: Iterable[str], rules: Sequence[Rule]) -> str | None:
    """A complaint about the first of `rule_ids` that is the id of no rule; None if all are known."""
    known = [rule.id for rule in rules]
    for rule_id in rule_ids:
        if rule_id not in known:
            from difflib import get_close_matches

            # The second half of an id may be all that is given.
            near = [each for each in known if each.endswith(f"/{rule_id}")] or get_close_matches(rule_id, known, n=1)
            return f"there is no rule {rule_id}{f'; the nearest is {near[0]}' if near else ''}"
    return None


def _directives(file: File, comments: Callable[[File], Iterable[tuple[Span, str]]]) -> Iterator[_Directive]:
    if MARK not in file.data:
        return
    with suppress(SourceError):  # a file that cannot be read has no comments
        for span, text in comments(file.mended if file.unread else file):
            if directive := re.search(_DIRECTIVE, text):
                yield _Directive(file.path, span, directive[1].strip(), _lines(file, span))


def _lines(file: File, span: Span) -> tuple[int, ...]:
    first, _ = file.position(span.start)
    before = span.start
    while before and file.data[before - 1] in b" \t":
        before -= 1
    _, column = file.position(before)
    if column == 1 and re.compile(_BLANK_REST_OF_LINE).match(file.data, span.end):
        last, _ = file.position(span.end)
        return first, last + 1
    return (first,)


def _concern(rule_id: str) -> str:
    return rule_id.partition("/")[0]


def _is_known(rule_id: str, concerns: Collection[str]) -> bool:
    """Whether the concern of a rule is one of `concerns`, or that of any hook."""
    if _concern(rule_id) in concerns:
        return True
    from dunnage.frame.registry import ENTRIES

    shared = (_concern(rule.id) for rule in SHARED_RULES)
    return _concern(rule_id) in (*shared, *(entry.concern for entry in ENTRIES))


def _unknown_anywhere(rule_id: str, is_compared: bool) -> str:
    """Say that a rule is that of no hook, and name the rule of any hook that is nearest if it `is_compared`."""
    from dunnage.frame.registry import ENTRIES

    rules = [rule for entry in ENTRIES for rule in entry.hook().rules] if is_compared else []
    return f"{unknown([rule_id], rules)}, so this comment silences nothing"


def _unused(directive: _Directive, rule_id: str, known: Sequence[str]) -> Finding:
    message, help = f"there is no rule {rule_id}, so this comment silences nothing", f"write one of {', '.join(known)}"
    if rule_id in known:
        message = f"this comment silences no finding of {rule_id}"
        help = f"remove {rule_id} from the comment, or remove the comment if it names no other rule"
    return directive.finding(UNUSED, message, help)
