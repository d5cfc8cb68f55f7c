"""A deny.toml is accepted by cargo-deny, asks for what its sections are for, and lets nothing pass unexplained.

A policy file that cargo-deny no longer reads fails every build; one that quietly allows what it should refuse fails
none, which is worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dunnage.deny import policy as policies
from dunnage.deny import reading
from dunnage.deny.policy import Policy, Weakness
from dunnage.deny.schema import LINT, ROOT, SCOPE
from dunnage.files import document, toml
from dunnage.files.document import Keys, Problem, Refused
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Fix, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import FIX, Options, flag, repeated, single

if TYPE_CHECKING:
    from datetime import date

    from dunnage.deny.exceptions import Waiver
    from dunnage.files.toml_edit import Change

REJECTED = Rule("deny-toml/rejected", "cargo-deny refuses the file", is_fixable=True)
MOVED = Rule("deny-toml/moved", "a key has a new home, and will be refused in its old one", "warning", is_fixable=True)
MISSING_SECTION = Rule("deny-toml/missing-section", "a section that is required is not there", is_fixable=True)
WEAK = Rule("deny-toml/weak", "a value lets through what its section is for", is_fixable=True)
UNEXPLAINED = Rule("deny-toml/unexplained-exception", "an exception has no reason", "warning")
UNDATED = Rule(
    "deny-toml/undated-exception", "an exception for an advisory has no date, near enough, for its review", "warning"
)
EXPIRED = Rule("deny-toml/expired-exception", "an exception for an advisory is due for review")
BARE = Rule(
    "deny-toml/bare-exception",
    "with --fix: the reason for an ignored advisory is only in a comment",
    "warning",
    is_fixable=True,
)
RULES = (REJECTED, MOVED, MISSING_SECTION, WEAK, UNEXPLAINED, UNDATED, EXPIRED, BARE)

_SECTIONS = ("advisories", "licenses", "bans", "sources")
_TABLES = (*_SECTIONS, "graph", "output")
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
    found = [
        *_problems(file, data),
        *_missing(file, data, options, policy),
        *_weak(file, data, policy),
        *_exceptions(file, data, options),
    ]
    if not found:
        return
    from dunnage.files import toml_edit

    edits = toml_edit.edits(file, [change for _, change in found])
    for finding, (_, change), own in zip(findings([problem for problem, _ in found], RULES), found, edits, strict=True):
        if change and own:
            yield finding._replace(fix=Fix(change.description, own))
        elif finding.rule is not BARE:
            yield finding


_Found = tuple[Problem, "Change | None"]
"""A problem, and the change that would settle it."""


def _problems(file: File, data: dict[str, Any]) -> Iterator[_Found]:
    for problem in reading.problems(file, data, ROOT, _requirement):
        from dunnage.deny.migration import migration

        yield problem, migration(file, data, problem)


def _requirement(text: str) -> object:
    from dunnage.cargo.version import Requirement

    return Requirement.parse(text)


def _missing(file: File, data: dict[str, Any], options: Options, policy: Policy) -> Iterator[_Found]:
    for table in dict.fromkeys(options[REQUIRE] or _SECTIONS):
        if table in data:
            continue
        from dunnage.files.toml_edit import AddTable, Change

        values = policies.section(table, policy)
        keys = " and ".join(f"`{key} = {_quoted(value)}`" for key, value in values.items())
        help = f"add [{table}]" + (f" with {keys}" if keys else "")
        message = f"there is no [{table}], so {_WITHOUT[table]}"
        change = Change(f"added [{table}]", (AddTable((table,), values),))
        yield Problem("deny-toml/missing-section", file, message, help, span=Span(0, 0)), change


_WITHOUT = {
    "advisories": "a yanked crate only brings a warning",
    "bans": "duplicates only bring a warning, and `*` requirements not even that",
    "licenses": "nobody has said which licences are allowed",
    "sources": "a crate from an unknown registry or git repository only brings a warning",
    "graph": "crates are checked for every target",
    "output": "how much of the graph is shown is not said",
}


def _weak(file: File, data: dict[str, Any], policy: Policy) -> Iterator[_Found]:
    for weakness in policies.weaknesses(data, policy):
        from dunnage.files.toml_edit import Change, Set

        keys: Keys = (weakness.table, weakness.key)
        if weakness.entry is not None:
            yield _unexpected_entry(file, weakness, policy), None
            continue
        is_given = weakness.given is not None
        problem = Problem("deny-toml/weak", file, _effect(weakness), _remedy(weakness), keys, about_value=is_given)
        description = f"{'made' if is_given else 'added'} `{weakness.key} = {_quoted(weakness.wanted)}`"
        yield problem, None if weakness.wanted is None else Change(description, (Set(keys, weakness.wanted),))


def _effect(weakness: Weakness) -> str:
    name = f"{weakness.table}.{weakness.key}"
    value = weakness.effective
    setting = f"`{weakness.key} = {_quoted(value)}`: "
    if weakness.given is None:
        setting = f"[{weakness.table}] does not set `{weakness.key}`: "
    if value == []:
        return f"{setting}{'no licence' if weakness.key == 'allow' else 'no registry'} is allowed"
    subject = _SUBJECTS.get(name, f"what `{weakness.key}` is about")
    if value in LINT:
        return f"{setting}{subject} {'passes in silence' if value == 'allow' else 'only brings a warning'}"
    if value in SCOPE:
        return f"{setting}{subject} passes in {'every' if value == 'none' else 'some'} place"
    if name == "advisories.disable-yank-checking":
        return f"{setting}nobody looks for yanked crates"
    return f"{setting}that is less than the policy asks for"


_SUBJECTS = {
    "advisories.unmaintained": "a crate that nobody maintains",
    "advisories.unsound": "a crate that is known to be unsound",
    "advisories.yanked": "a yanked crate",
    "bans.multiple-versions": "a crate in several versions",
    "bans.wildcards": "a `*` requirement",
    "sources.unknown-registry": "a crate from an unknown registry",
    "sources.unknown-git": "a crate from an unknown git repository",
}


def _remedy(weakness: Weakness) -> str:
    if weakness.wanted is not None:
        return f"write `{weakness.key} = {_quoted(weakness.wanted)}`"
    if weakness.table == "licenses":
        return 'list the licences that may pass, as in `allow = ["MIT", "Apache-2.0"]`'
    return "list the registries that are trusted, or remove the key, which then means crates.io alone"


def _unexpected_entry(file: File, weakness: Weakness, policy: Policy) -> Problem:
    keys: Keys = (weakness.table, weakness.key, weakness.entry or 0)
    patterns = policy[f"{weakness.table}.{weakness.key}"]
    allowed = " or ".join(f'"{pattern}"' for pattern in patterns)
    message = f'"{weakness.given}" in `{weakness.key}` is not what the policy allows there'
    help = f"remove it, or name it in a policy of your own (--policy); the policy has {allowed}"
    if patterns == [_ANY_PATH]:
        message = f'"{weakness.given}" in `{weakness.key}` lets a whole host pass'
        help = "write the URL of a repository, or of an organisation there"
    return Problem("deny-toml/weak", file, message, help, keys, about_value=True)


_ANY_PATH = "*://*/?*"


def _exceptions(file: File, data: dict[str, Any], options: Options) -> Iterator[_Found]:
    from dunnage.deny.exceptions import exceptions, explains, review

    for waiver in exceptions(file, data):
        reason = waiver.reason
        # To look for comments takes long, and is not needed where the entry says all itself, or its line does.
        for look in (waiver.glimpse, waiver.comment):
            if explains(reason) and (not waiver.is_advisory or review(reason).written):
                break
            reason = f"{waiver.reason} {look()}"
        if not explains(reason):
            yield _unexplained(file, waiver), None
        elif options[FIX] and _is_bare(data, waiver):
            yield _bare(file, waiver)
        if waiver.is_advisory:
            yield from _reviewed(file, waiver, reason, options)


def _unexplained(file: File, waiver: Waiver) -> Problem:
    message = f"nothing says why `{waiver.name}` is in `{waiver.keys[1]}`"
    help = "say why in a comment after the entry or right above it"
    if waiver.keys[1] in ("ignore", "skip", "skip-tree"):
        help = f'write {{ {waiver.key} = "{waiver.text}", reason = "…" }}, or {help}'
    return Problem("deny-toml/unexplained-exception", file, message, help, waiver.keys, about_value=True)


def _is_bare(data: dict[str, Any], waiver: Waiver) -> bool:
    return waiver.is_advisory and isinstance(_at(data, waiver.keys), str) and waiver.is_alone()


def _bare(file: File, waiver: Waiver) -> _Found:
    from dunnage.files.toml_edit import Change, Set

    message = f"the reason for `{waiver.name}` is only in a comment"
    entry = {waiver.key: waiver.text, "reason": waiver.comment()}
    change = Change("put the reason into the entry, where cargo-deny shows it", (Set(waiver.keys, entry),))
    return Problem("deny-toml/bare-exception", file, message, "", waiver.keys, about_value=True), change


def _reviewed(file: File, waiver: Waiver, reason: str, options: Options) -> Iterator[_Found]:
    from dunnage.deny.exceptions import mentions_review, review

    today, days = options[TODAY] or _today(), options[MAX_REVIEW_DAYS]
    day, written = review(reason)
    rule = "deny-toml/undated-exception"
    help = f"say `review by` and a date, such as `review by {_later(today, min(days, 90))}`, in its reason"
    if day is None:
        message = f"the exception for `{waiver.name}` has no date by which it is looked at again"
        if written:
            message = f"the exception for `{waiver.name}` is to be reviewed by {written}, which is no date"
        elif mentions_review(reason):
            message += " that is written as `review by YYYY-MM-DD`"
    elif day < today:
        rule = "deny-toml/expired-exception"
        message = f"the exception for `{waiver.name}` was to be reviewed by {day}"
        help = "remove it if it is no longer needed; if it is, say why and set a new date"
    elif day > _later(today, days):
        message = f"the exception for `{waiver.name}` is to be reviewed by {day}, more than {days} days ahead"
        help = f"set a date up to {_later(today, days)}"
    else:
        return
    yield Problem(rule, file, message, help, waiver.keys, about_value=True), None


def _later(day: date, days: int) -> date:
    """A day so many days later, or the last that there is."""
    from datetime import timedelta

    return day + min(timedelta(days=days), day.max - day)


def _today() -> date:
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).date()


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data[key]
    return data


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
        raise ValueError(f"{text!r} is no date; write one like 2027-03-01") from None


def _read_days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError(f"{text!r} is no number of days")
    return int(text)


def _read_table(text: str) -> str:
    if text not in _TABLES:
        raise ValueError(f"{text!r} is no section of a deny.toml; there are {', '.join(_TABLES)}")
    return text


def _read_policy(path: str) -> Policy:
    from dunnage.files.source import SourceError

    try:
        return policies.read(Tree().read(path).text)
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}") from None
    except (SourceError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} {error}") from None


REQUIRE = repeated("--require", "a section that must be there, instead of the four (repeatable)", "NAME", _read_table)
POLICY = single("--policy", "a file of values to ask for, key by key, instead of ours", "FILE", _read_policy, Policy())
SHOW_POLICY = flag(
    "--show-policy",
    "print the values that are asked for, and exit",
    shown=lambda _: policies.shipped(),
)
MAX_REVIEW_DAYS = single(
    "--max-review-days",
    f"how far ahead the review of an exception may lie (default: {_REVIEW_DAYS})",
    "DAYS",
    _read_days,
    _REVIEW_DAYS,
)
TODAY = single("--today", "the day to judge reviews by (default: today, in UTC)", "DATE", _read_day, None)

HOOK = Hook(
    name="check-deny-toml",
    summary="check that deny.toml holds the required policy, in the schema that cargo-deny accepts",
    rules=RULES,
    check=check,
    comments=toml.comments,
    fixes=True,
    options=(REQUIRE, POLICY, SHOW_POLICY, MAX_REVIEW_DAYS, TODAY),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
