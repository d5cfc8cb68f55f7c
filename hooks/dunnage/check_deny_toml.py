"""cargo-deny accepts deny.toml, the file holds the required policy, and every exception in it is explained.

A deny.toml that cargo-deny rejects fails every build. One that allows too much fails none, and nobody notices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from dunnage.deny import policy as policies
from dunnage.deny import reading
from dunnage.deny.policy import LINT, SCOPE, Policy, Weakness
from dunnage.files import document, toml
from dunnage.files.document import Keys, Problem, Refused
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Fix, Rule, findings, reportable, with_advice
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import FIX, IGNORE, Options, flag, single
from dunnage.frame.require import REQUIRE, SECTIONS, required

if TYPE_CHECKING:
    from datetime import date

    from dunnage.deny.exceptions import Waiver
    from dunnage.files.span import Edit
    from dunnage.files.toml_edit import Change

REJECTED = Rule("deny-toml/rejected", "cargo-deny rejects the file", is_fixable=True)
MOVED = Rule("deny-toml/moved", "a key is in the place that an older cargo-deny used", "warning", is_fixable=True)
MISSING_SECTION = Rule("deny-toml/missing-section", "a required section is missing", is_fixable=True)
WEAK = Rule("deny-toml/weak", "a value is weaker than the policy requires", is_fixable=True)
UNEXPLAINED = Rule("deny-toml/unexplained-exception", "an exception has no reason", "warning")
UNDATED = Rule("deny-toml/undated-exception", "an ignored advisory has no valid review date", "warning")
EXPIRED = Rule("deny-toml/expired-exception", "the review date of an ignored advisory has passed")
BARE = Rule(
    "deny-toml/bare-exception",
    "with --fix: the reason for an ignored advisory is only in a comment",
    "warning",
    is_fixable=True,
)
RULES = (REJECTED, MOVED, MISSING_SECTION, WEAK, UNEXPLAINED, UNDATED, EXPIRED, BARE)

_SECTIONS = ("advisories", "licenses", "bans", "sources")
_REVIEW_DAYS = 180


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the named files."""
    for name in names:
        try:
            file, data = document.read(tree, name)
        except FileNotFoundError:
            continue
        except Refused as refused:
            message = f"cargo-deny cannot read the file: it {refused.message}"
            yield Finding(REJECTED, refused.file.path, refused.span or Span(0, 0), message, refused.help)
            continue
        yield from _check(file, data, options)


def _check(file: File, data: dict[str, Any], options: Options) -> Iterator[Finding]:
    policy = policies.default() | options[POLICY]
    found = reportable(
        chain(
            (
                (problem, reading.migration(file, data, problem))
                for problem in reading.problems(file, data, _requirement)
            ),
            _missing_sections(file, data, options, policy),
            _weak(file, data, policy),
            _exceptions(file, data, options),
        ),
        lambda each: each[0].rule != BARE.id,  # it is not reported if it cannot be fixed
    )
    edits: Sequence[Sequence[Edit]] = [()] * len(found)
    if found and options.wants_fixes:
        from dunnage.files import toml_edit

        edits = toml_edit.edits(file, [change for _, change in found], options.notes)
    reported = with_advice(
        findings([problem for problem, _ in found], RULES), lambda finding: _ADVICE.get(finding.rule.id, "")
    )
    for finding, (_, change), own in zip(reported, found, edits, strict=True):
        if change and own:
            yield finding._replace(fix=Fix(change.description, tuple(own)))
        elif finding.rule is not BARE:
            yield finding


_ADVICE = {
    "deny-toml/missing-section": "to require other sections: pass `--require NAMES`",
    "deny-toml/undated-exception": "to accept exceptions without a review date: pass "
    "`--ignore deny-toml/undated-exception`",
    "deny-toml/weak": "to accept other values: pass `--policy FILE`",
}

_Found = tuple[Problem, "Change | None"]
"""A problem, and the change that fixes it."""


def _requirement(text: str) -> object:
    from dunnage.cargo.version import Requirement

    return Requirement.parse(text)


def _missing_sections(file: File, data: dict[str, Any], options: Options, policy: Policy) -> Iterator[_Found]:
    for table in required(options[REQUIRE], SECTIONS) or _SECTIONS:
        if table in data:
            continue
        from dunnage.files.toml_edit import AddTable, Change

        values = policies.section(table, policy)
        keys = ", ".join(f"`{key} = {_quoted(value)}`" for key, value in values.items())
        if table == "licenses" and not keys:
            keys = 'the licences that you accept, such as `allow = ["MIT", "Apache-2.0"]`'
        help = f"add [{table}]" + (f" with {keys}" if keys else "")
        message = f"[{table}] is missing, so {_WITHOUT[table]}"
        change = Change(f"added [{table}]", (AddTable((table,), values),))
        yield Problem("deny-toml/missing-section", file, message, help, span=Span(0, 0)), change


_WITHOUT = {
    "advisories": "yanked crates cause only a warning",
    "bans": "duplicate crates cause only a warning, and `*` requirements are never reported",
    "licenses": "no licence is allowed",
    "sources": "crates from unknown registries and git repositories cause only a warning",
    "graph": "cargo-deny checks the crates of every target",
    "output": "cargo-deny uses its default output",
}


def _weak(file: File, data: dict[str, Any], policy: Policy) -> Iterator[_Found]:
    for weakness in policies.weaknesses(data, policy):
        from dunnage.files.toml_edit import Change, Set

        keys: Keys = (weakness.table, weakness.key)
        if weakness.entry is not None:
            yield _weak_entry(file, weakness, policy), None
            continue
        is_given = weakness.given is not None
        problem = Problem("deny-toml/weak", file, _effect(weakness), _remedy(weakness), keys, about_value=is_given)
        description = f"{'set' if is_given else 'added'} `{weakness.key} = {_quoted(weakness.wanted)}`"
        yield problem, None if weakness.wanted is None else Change(description, (Set(keys, weakness.wanted),))


def _effect(weakness: Weakness) -> str:
    name = f"{weakness.table}.{weakness.key}"
    value = weakness.effective
    setting = f"`{weakness.key} = {_quoted(value)}`: "
    if weakness.given is None:
        setting = f"`{weakness.key}` is missing from [{weakness.table}], so "
    if value == []:
        return f"{setting}{'no licence' if weakness.key == 'allow' else 'no registry'} is allowed"
    subject = _SUBJECTS.get(name, f"problems that `{weakness.key}` concerns")
    if value in LINT:
        return f"{setting}{subject} {'are never reported' if value == 'allow' else 'cause only a warning'}"
    if value in SCOPE:
        return f"{setting}{subject} are {'never reported' if value == 'none' else 'reported only in part of the graph'}"
    if name == "advisories.disable-yank-checking":
        return f"{setting}yanked crates are never reported"
    return f"{setting}this is weaker than the policy requires"


_SUBJECTS = {
    "advisories.unmaintained": "unmaintained crates",
    "advisories.unsound": "unsound crates",
    "advisories.yanked": "yanked crates",
    "bans.multiple-versions": "crates in several versions",
    "bans.wildcards": "`*` requirements",
    "sources.unknown-registry": "crates from unknown registries",
    "sources.unknown-git": "crates from unknown git repositories",
}


def _remedy(weakness: Weakness) -> str:
    if weakness.wanted is not None:
        return f"write `{weakness.key} = {_quoted(weakness.wanted)}`"
    if weakness.table == "licenses":
        return 'list the licences that you accept, such as `allow = ["MIT", "Apache-2.0"]`'
    return "list the registries that you trust, or remove the key to allow crates.io only"


def _weak_entry(file: File, weakness: Weakness, policy: Policy) -> Problem:
    keys: Keys = (weakness.table, weakness.key, weakness.entry or 0)
    patterns = policy[f"{weakness.table}.{weakness.key}"]
    allowed = " or ".join(f'"{pattern}"' for pattern in patterns)
    message = f'"{weakness.given}" in `{weakness.key}` is not allowed by the policy'
    help = f"remove it; the policy allows {allowed}"
    if patterns == [_ANY_PATH]:
        message = f'"{weakness.given}" in `{weakness.key}` allows every repository of a host'
        help = "write the URL of one repository or of one organisation"
    return Problem("deny-toml/weak", file, message, help, keys, about_value=True)


_ANY_PATH = "*://*/?*"


def _exceptions(file: File, data: dict[str, Any], options: Options) -> Iterator[_Found]:
    from dunnage.deny.exceptions import exceptions, explains, review

    today = options[TODAY] or _today()
    for waiver in exceptions(file, data):
        reason = waiver.reason
        # Finding comments takes long. It is not needed if the entry itself, or its line, says everything.
        for comment in (waiver.glimpse, waiver.comment):
            if explains(reason, waiver.name) and (not waiver.is_advisory or review(reason).written):
                break
            reason = f"{waiver.reason} {comment()}"
        is_dated = bool(review(reason).written)
        if not explains(reason, waiver.name):
            yield _unexplained(file, waiver, is_dated, options), None
            if not is_dated and UNEXPLAINED.id not in options[IGNORE]:
                continue  # one finding for both
        elif options[FIX] and waiver.is_advisory and not waiver.is_table and waiver.quotable():
            yield _bare(file, waiver)
        if waiver.is_advisory:
            yield from _undated_or_expired(file, waiver, reason, options, today)


def _unexplained(file: File, waiver: Waiver, is_dated: bool, options: Options) -> Problem:
    message = f"`{waiver.name}` in `{waiver.keys[1]}` has no reason"
    help = "write the reason in a comment after the entry or directly above it"
    if waiver.keys[1] in ("ignore", "skip", "skip-tree"):
        date = ""
        if waiver.is_advisory and not is_dated:
            message += " and no review date"
            date = f"; review by {_next_review(options)}"
        reason = f'reason = "…{date}"'
        entry = f'write `{{ {waiver.key} = "{waiver.text}", {reason} }}`'
        help = f"{f'add `{reason}` to it' if waiver.is_table else entry}, or {help}"
    return Problem("deny-toml/unexplained-exception", file, message, help, waiver.keys, about_value=True)


def _bare(file: File, waiver: Waiver) -> _Found:
    from dunnage.files.toml_edit import Change, Set

    message = f"the reason for `{waiver.name}` is only in a comment"
    entry = {waiver.key: waiver.text, "reason": waiver.quotable()}
    change = Change("copied the reason from the comment into the entry", (Set(waiver.keys, entry),))
    return Problem("deny-toml/bare-exception", file, message, "", waiver.keys, about_value=True), change


def _undated_or_expired(file: File, waiver: Waiver, reason: str, options: Options, today: date) -> Iterator[_Found]:
    from dunnage.deny.exceptions import review

    days = options[MAX_REVIEW_DAYS]
    day, written = review(reason)
    if day is not None and today <= day <= _later(today, days):
        return
    exception = f"the exception for `{waiver.name}`"
    if day is not None and day < today:
        message = f"the review date of {exception}, {day}, has passed"
        help = "remove the exception if you no longer need it; otherwise give the reason and a new date"
        yield Problem("deny-toml/expired-exception", file, message, help, waiver.keys, about_value=True), None
        return
    help = f"add a review date to its reason, such as `review by {_next_review(options)}`"
    if day is not None:
        message = f"{exception} has the review date {day}, which is more than {days} days ahead"
        help = f"write a date no later than {_later(today, days)}"
    elif written:
        message = f"{exception} has the review date {written}, which does not exist"
    else:
        message = f"{exception} has no review date"
        if "review" in reason.lower():
            message += " in the form `review by YYYY-MM-DD`"
    yield Problem("deny-toml/undated-exception", file, message, help, waiver.keys, about_value=True), None


def _next_review(options: Options) -> date:
    return _later(options[TODAY] or _today(), min(options[MAX_REVIEW_DAYS], 90))


def _later(day: date, days: int) -> date:
    """Return the date `days` after `day`, or the last date that Python can represent."""
    from datetime import timedelta

    return day + min(timedelta(days=days), day.max - day)


def _today() -> date:
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).date()


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _read_day(text: str) -> date:
    from datetime import date

    try:
        if len(text) != len("2027-03-01"):  # newer Pythons also read 20270301
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date in the form 2027-03-01") from None


def _read_days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError(f"{text!r} is not a number of days")
    return int(text)


def _read_policy(path: str) -> Policy:
    try:
        return policies.read(Tree().read(path).text)
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}") from None
    except (SourceError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} {error}") from None


_NO_POLICY: Policy = {}
POLICY = single(
    "--policy", "replace values of the built-in policy with those of FILE", "FILE", _read_policy, _NO_POLICY
)
SHOW_POLICY = flag("--show-policy", "print the built-in policy and exit")
MAX_REVIEW_DAYS = single(
    "--max-review-days",
    f"reject review dates more than DAYS days ahead (default: {_REVIEW_DAYS})",
    "DAYS",
    _read_days,
    _REVIEW_DAYS,
)
TODAY = single("--today", "compare review dates with DATE (default: today in UTC)", "DATE", _read_day, None)

HOOK = Hook(
    name="check-deny-toml",
    summary="check that cargo-deny accepts deny.toml and that the file holds the required policy",
    rules=RULES,
    check=check,
    comments=toml.comments,
    fixes=True,
    options=(REQUIRE, POLICY, SHOW_POLICY, MAX_REVIEW_DAYS, TODAY),
    prints=((SHOW_POLICY, lambda _: policies.shipped()),),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
