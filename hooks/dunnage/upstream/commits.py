"""The commits between two releases that matter for security, by their messages and by the files that they change.

The words are narrow, because wide ones find noise: "cert" is in "certain", "tls" means thread-local storage, and
"parse" is in the name of a crate. Each phrase names a problem that hostile input can cause, or its repair.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from dunnage.review.advisories import AdvisoryDatabase
from dunnage.upstream.affected import LockHistory
from dunnage.upstream.report import CLEARED_ADVISORY, NAMED_FIX, READING, Kind, Observation, Watched
from dunnage.upstream.source import Commit, Failures, History, SourceFailed

LOCK = "Cargo.lock"
_MOST_LOOKED_AT = 500
"""How many commits of one kind are looked at closely. A source may take a request or two for each."""
_ADVISORY = r"\b(CVE-\d{4}-\d{4,7}|GHSA(?:-[0-9a-z]{4}){3}|RUSTSEC-\d{4}-\d{4})\b"
_PRIVATE_FIX = r"\AMerge (commit from fork|pull request from GHSA-)"

_SECURITY = (
    r"\b(due to|for|fix\w*|address\w*|resolv\w*) .{0,20}\bsecurity\b|\bsecurity (fix|hole|issue|patch|problem|update)|"
    r"\bvulnerab(le|ility|ilities)\b"
)
"""Words that need no code to count: an update of a dependency changes a manifest or a lock."""
_IN_SUBJECTS = (
    r"\bpanic(s|ing|king|ked)?\b(?! (message|hook|handler|strateg|backtrace|unwind))",
    r"\b(fix|improv|correct|tighten|missing|incorrect|wrong|erroneous)\w*\b.{0,40}\bvalidat(e|es|ing|ion|or)\b",
    r"(\A|: )check (for|that)\b",
    r"\b(reject|disallow|forbid|enforce)(s|ed|ing)?\b(?!.{0,80}\b(clippy|format|lints?|style)\b)",
    r"\b(fix|handle|avoid|prevent)\w*\b.{0,40}\bcrash(es)?\b|\bassertion\b",
    r"\b(fix|read|resolve|protect|hide|redact)\w*\b.{0,40}\b(auth|credentials?|secrets?|tokens?|passwords?)\b",
    r"\bcredentials?\b.{0,20}\b(error|leak|expos)",
    r"\b(guard|protect|protections?|defend) against\b|\btrojan source\b",
    r"\b(clamp|enforc|impos|plac|put)\w*\b.{0,30}\b(limits?|maximum)\b",
    r"\bfix\w*\b.{0,40}\b(sub)?type[- ]?check|(\A|: )validate\b|\bfix\w*\b.{0,20}\balignment\b",
    r"\b(out[- ]of[- ]bounds|overlong|malformed|truncated)\b.{0,30}\b(input|length|section|size|string)s?\b",
    r"\bload\w* too (much|many)\b|\bfix (UB|undefined behaviou?r)\b",
    _SECURITY,
)
"""Patterns for the first line of a message."""
_ANYWHERE = (
    r"\bunsound(ness)?\b|\bundefined behaviou?r\b|\bmemory (un)?saf(e|ety)\b|\bmemory corruption\b",
    r"\buse[- ]after[- ]free\b|\bdouble[- ]free\b|\bdangling (pointer|reference)s?\b|\bdata races?\b|\bGC hole\b",
    r"\bout[- ]of[- ]bounds?\b.{0,30}\b(access|read|write|index|ind(ex|ic)ing|panic)|\bindex out of bounds\b",
    r"\b(buffer|heap|integer|arithmetic|capacity) (overflow|overrun)s?\b",
    r"\b(fix|prevent|avoid|possible|potential|caus|lead|trigger)\w*\b.{0,20}\bstack (overflow|exhaustion)\b",
    r"\bbounds checks?\b|\b(fix|avoid|prevent|trigger|caus)\w* (an? )?(UB|undefined behaviou?r)\b",
    r"\bpointer provenance\b|\buninitiali[sz]ed memory\b|\bmisaligned\b|\bremove all unsafe\b|\btype confusion\b",
    r"\b(infinite|unbounded|endless) (loop|recursion|memory|allocation)s?\b|\brecursion limit\b|\bOOM\b",
    r"\b(exponential|quadratic)\b|\btime complexity\b|\bdenial[- ]of[- ]service\b|\bdecompression (bomb|size)\b",
    r"\b(path|directory) traversal\b|\bcode injection\b|\bcommand injection\b|\bsandbox escape\b|\bzip slip\b",
    r"\bfuzz(-| |ing-?)?(found|discovered)\b|\bfound (by|with|via) (fuzz|oss-fuzz)|\bfuzz(ing)? ?bugs?\b",
    r"\b(untrusted|malicious|hostile|attacker(-controlled)?)\b.{0,20}\b(input|data|file|module|component|server|user)",
    r"\bvulnerab(le|ility|ilities)\b",
    r"\b(erroneously|incorrectly|previously|wrongly) (allow|accept|treat)\w*\b.{0,60}\b(in)?valid\b",
    r"\b(erroneously|incorrectly|wrongly) (allow|accept)(s|ed|ing)?\b",
    r"\b(fix(es|ed)?|cause[sd]?|causing|trigger(s|ed|ing)?|produc(e|ed|ing)) (a|an|the|to) ([\w-]+ )?panic\b",
)
"""Patterns for a whole message if its first line says that something is repaired, and else for the first line."""
_REPAIR = (
    r"\b(fix(e[sd])?|prevent|avoid|don'?t|do not|no longer|never|handle|ensure|limit|restrict|reject|forbid|disallow|"
    r"deny|enforce|require|correct|resolve|address|protect|remove|tighten|clear|promote|change|always|check|bail|return)\b"
)
_FEATURE = r"\A\W*(\w+[^:]{0,40}: )?(add|allow|define|enhance|implement|improve|introduce|refactor|support|update)\b"

_CODE = (".c", ".cc", ".cpp", ".cs", ".go", ".h", ".hpp", ".isle", ".js", ".py", ".rs", ".ts", ".wit")
_NO_CODE = frozenset(
    (
        *(".github", "bench", "benches", "benchmarks", "ci", "doc", "docs", "example", "examples", "fuzz", "scripts"),
        *("test", "test-programs", "tests", "testsuite", "xtask"),
    )
)
"""Folders whose files are not part of a release."""
_GENERATOR = re.compile(r"(^|[-_])(fuzz|smith|mutate)([-_]|$)")
"""A part of the name of a crate that generates input for fuzzers."""
_LONGEST = 20_000
"""How many characters of a message are searched for words. Advisories are found in all of it."""


def observe(
    watched: Watched,
    history: History,
    tips: tuple[Commit, Commit],
    database: AdvisoryDatabase | None,
    failures: Failures,
) -> Iterator[Observation]:
    """Yield what the commits between two commits say: those that name advisories, those that clear some, and last those
    to read. What a source failed to say is added to `failures`.
    """
    old, new = (tip.hash for tip in tips)
    found: Sequence[Commit] = failures.attempt(lambda: history.between(old, new), ())
    seen: set[str] = set()

    def examined(
        candidates: Sequence[Commit], what: str, examine: Callable[[Commit], Observation | None]
    ) -> Iterator[Observation]:
        for commit in candidates[-_MOST_LOOKED_AT:]:
            observation = failures.attempt(partial(examine, commit), None)
            if observation is not None:
                seen.add(commit.hash)
                yield observation
        if len(candidates) > _MOST_LOOKED_AT:
            number = f"the newest {_MOST_LOOKED_AT} of {len(candidates):,} commits that {what}"
            failures.add(SourceFailed(f"{history.name}: only {number} are examined"))

    about_advisories = (advisories, is_private_fix, _mentions_advisories)
    naming = [commit for commit in found if any(is_about(commit) for is_about in about_advisories)]
    yield from examined(naming, "name advisories", partial(_named, watched, history, failures))
    if database is not None and found:
        first = min(commit.date for commit in found)
        touching: Collection[str] = failures.attempt(lambda: history.touching(LOCK, old, new, first), ())
        changing = [commit for commit in found if commit.hash in touching and not commit.is_merge]
        locks = LockHistory(history, database, LOCK)
        yield from examined(changing, f"change {LOCK}", partial(_cleared, watched, history, locks))
    others = (commit for commit in found if commit.hash not in seen and not commit.is_merge)
    worded = [commit for commit in others if words(commit)]
    yield from examined(worded, "may be worth reading", partial(_reading, watched, history))


def _named(watched: Watched, history: History, failures: Failures, commit: Commit) -> Observation:
    """What a commit says whose message names an advisory, or that merges a private fix."""
    names = advisories(commit)
    about = f"names {', '.join(names)}" if names else "is about security advisories"
    if is_private_fix(commit):
        about = "merges a fix that was developed in private"
    paths: Sequence[str] | None = failures.attempt(lambda: history.paths(commit), None)
    is_note = not is_fix(commit, paths)
    return _observation(NAMED_FIX, watched, history, commit, about, is_note=is_note)


def _cleared(watched: Watched, history: History, locks: LockHistory, commit: Commit) -> Observation | None:
    """What a commit clears from the lock at the top of the repository."""
    cleared = {each.advisory.id: each for each in locks.cleared(commit)}
    if not cleared:
        return None
    packages = ", ".join(f"{name} ({each.package.name})" for name, each in sorted(cleared.items()))
    is_note = all(each.advisory.informational for each in cleared.values())
    return _observation(
        CLEARED_ADVISORY, watched, history, commit, f"clears {packages} from its {LOCK}", is_note=is_note
    )


def _reading(watched: Watched, history: History, commit: Commit) -> Observation | None:
    """That a commit is worth reading: narrow words in the message, and code among the files."""
    if not is_reading(commit, history.paths(commit)):
        return None
    return _observation(READING, watched, history, commit, f"says {words(commit)!r}")


def _observation(
    kind: Kind, watched: Watched, history: History, commit: Commit, about: str, *, is_note: bool = False
) -> Observation:
    message = f"{commit.hash[:12]} {about}: {commit.subject}"
    url = f"https://github.com/{history.name}/commit/{commit.hash}"
    return Observation(kind, watched, commit.hash, message, "", url, commit.date, "note" if is_note else None)


def advisories(commit: Commit) -> list[str]:
    """The advisories that a message names, each once."""
    return list(dict.fromkeys(found[1] for found in re.finditer(_ADVISORY, commit.message)))


def is_private_fix(commit: Commit) -> bool:
    """Whether a commit merges a fix that was developed in private."""
    return re.search(_PRIVATE_FIX, commit.subject) is not None


def _mentions_advisories(commit: Commit) -> bool:
    """Whether a message is about security advisories without naming one."""
    return _matches(r"\bsecurity advisor(y|ies)\b", commit.message)


def is_fix(commit: Commit, paths: Sequence[str] | None) -> bool:
    """Whether a commit that names an advisory may fix it. `paths` is None if its files are not known.

    It does not if it changes only a policy that ignores the advisory, or if it names the advisory in passing.
    """
    is_about = (
        is_private_fix(commit)
        or re.search(_ADVISORY, commit.subject) is not None
        or _matches(rf"{_REPAIR}|\b(bump|upgrade)s?\b|\bdep(endencie)?s\b", commit.subject)
    )
    return is_about and (paths is None or _touches_release(paths))


def words(commit: Commit) -> str:
    """The first words of a message that may be about a security problem; empty if there are none."""
    subject = commit.subject[:_LONGEST]
    is_repair = _matches(_REPAIR, subject) and not _matches(_FEATURE, subject)
    text = " ".join(commit.message[:_LONGEST].split()) if is_repair else subject
    for patterns, searched in ((_IN_SUBJECTS, subject), (_ANYWHERE, text)):
        for pattern in patterns:
            found = re.search(pattern, searched, re.IGNORECASE)
            if found:
                return " ".join(found[0].split())
    return ""


def is_reading(commit: Commit, paths: Sequence[str]) -> bool:
    """Whether a commit whose message has such words also changes what they are about."""
    return touches_code(paths) or (_matches(_SECURITY, commit.subject) and _touches_release(paths))


def touches_code(paths: Iterable[str]) -> bool:
    """Whether one of these files is code of a release."""
    return any(path.endswith(_CODE) and _is_released(path) for path in paths)


def _touches_release(paths: Sequence[str]) -> bool:
    """Whether one of these files is code, a manifest or a lock, and not only documentation, CI or a policy."""
    return touches_code(paths) or any(path.rpartition("/")[2] in (LOCK, "Cargo.toml") for path in paths)


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _is_released(path: str) -> bool:
    folders = path.split("/")[:-1]
    return _NO_CODE.isdisjoint(folders) and not any(map(_GENERATOR.search, folders)) and not path.endswith("_test.rs")
