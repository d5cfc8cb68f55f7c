"""CI runs cargo-deny or cargo-audit so that an advisory fails the build.

A deny.toml has no effect if no job runs cargo-deny, or if the failure of the job is hidden.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from dunnage.cargo_cli.advisory_tools import CHECKS
from dunnage.ci.gates import Gate, gates
from dunnage.ci.repository_files import RepositoryFiles, repository_files
from dunnage.files.git import top_folder
from dunnage.files.source import Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag
from dunnage.scripts.comments import comments

ABSENT = Rule("advisory-gate/absent", "there is a Cargo.lock, but no job of CI runs cargo-deny or cargo-audit")
TOOTHLESS = Rule("advisory-gate/toothless", "what a job of CI checks cannot fail the build")
LENIENT = Rule("advisory-gate/lenient", "cargo-audit lets unmaintained, unsound or yanked crates pass", "warning")
PARTIAL = Rule("advisory-gate/partial", "all jobs together leave out some of cargo-deny's checks", "warning")
UNSCHEDULED = Rule("advisory-gate/unscheduled", "no job checks for advisories on a schedule", "warning")
STALE_LOCK = Rule("advisory-gate/stale-lock", "a job checks another Cargo.lock than the committed one")

REQUIRE_SCHEDULE = flag("--require-schedule", "require that advisories are checked on a schedule too")

# Parts of the names of folders whose locks belong to examples, to test data, or to other projects.
_NO_PROJECTS = frozenset(
    (
        *("benches", "corpus", "docs", "example", "examples", "fixture", "fixtures", "fuzz", "sample", "samples"),
        *("snapshots", "template", "templates", "test", "testdata", "tests", "testsuite", "third", "ui", "vendor"),
    )
)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the CI of each repository that a named file is in, as a whole."""
    folders = dict.fromkeys(os.path.dirname(os.path.abspath(name)) for name in names)
    for folder in dict.fromkeys(map(top_folder, folders)):
        yield from dict.fromkeys(_check_repository(repository_files(tree, folder), options[REQUIRE_SCHEDULE]))


def _check_repository(repository: RepositoryFiles, require_schedule: bool) -> Iterator[Finding]:
    found = gates(repository)
    if not found:
        yield from _absent(repository)
        return
    yield from _toothless(found)
    yield from _lenient(found)
    yield from _partial(found)
    yield from _stale_lock(found)
    if require_schedule:
        yield from _unscheduled(found)


def _checks(found: Iterable[Gate]) -> frozenset[str]:
    """Return the checks that any of the gates makes."""
    return frozenset().union(*(gate.checks for gate in found))


def _toothless(found: list[Gate]) -> Iterator[Finding]:
    effective = _checks(gate for gate in found if not gate.masks)
    for gate in found:
        missing = gate.checks - effective
        if gate.masks and missing:
            mask = gate.masks[0]
            over = (
                "" if gate.tool_run.tool == "cargo-audit" or len(missing) == len(CHECKS) else f" over {_list(missing)}"
            )
            message = f"{mask.reason} `{gate.name}` cannot fail the build{over}"
            yield Finding(TOOTHLESS, mask.path, mask.span, message, mask.help)
    strict = {check: [gate for gate in found if check in gate.checks and not gate.masks] for check in CHECKS}
    for gate in found:
        for span, lowered in gate.lowered:
            checks = gate.checks & set(lowered.checks)
            has_other = any(not other.lowered for check in checks for other in strict[check])
            if checks and not has_other and not gate.masks:
                message = f"`{lowered.option}` keeps `{gate.name}` from failing the build over what it names"
                help = "remove it; what is to pass goes into deny.toml, with a reason"
                yield Finding(TOOTHLESS, gate.run.file.path, span, message, help)


def _lenient(found: list[Gate]) -> Iterator[Finding]:
    if any("advisories" in gate.checks and not gate.tool_run.tolerated and not gate.masks for gate in found):
        return
    for gate in found:
        if gate.tool_run.tolerated:
            message = f"`{gate.name}` fails for vulnerabilities, but {_list(gate.tool_run.tolerated)} crates pass"
            yield Finding(LENIENT, gate.run.file.path, gate.span, message, _how_to_deny(gate))


def _how_to_deny(gate: Gate) -> str:
    if gate.run.action is None:
        return "write `cargo audit --deny warnings`"
    if gate.name.lower() == "actions-rust-lang/audit":
        return "give it `denyWarnings: true`"
    return "it has no input for that: run `cargo audit --deny warnings`, or `cargo deny check advisories`, instead"


def _partial(found: list[Gate]) -> Iterator[Finding]:
    missing = frozenset(CHECKS) - _checks(found)
    first = next((gate for gate in found if gate.tool_run.tool == "cargo-deny"), None)
    if missing and first is not None:
        message = f"no job has cargo-deny check {_list(missing, 'or')}"
        names = " ".join(check for check in CHECKS if check in missing)
        help = f"check everything with `cargo deny check`, or add a step with `cargo deny check {names}`"
        yield Finding(PARTIAL, first.run.file.path, first.span, message, help)


def _stale_lock(found: list[Gate]) -> Iterator[Finding]:
    current = _checks(gate for gate in found if gate.replacement is None)
    for gate in found:
        if gate.replacement is not None and not gate.checks <= current:
            path, span, text = gate.replacement
            itself = gate.run.action is not None and span == gate.span
            before = "makes a new Cargo.lock before it looks" if itself else "changes Cargo.lock before"
            rest = "" if itself else f" `{gate.name}` reads it"
            message = f"`{text}` {before}{rest}, so what is checked is not what is committed"
            help = "run `cargo audit --deny warnings`, or `cargo deny check`, instead"
            yield Finding(STALE_LOCK, path, span, message, help if itself else "check first, or in a job of its own")


def _unscheduled(found: list[Gate]) -> Iterator[Finding]:
    about = [gate for gate in found if "advisories" in gate.checks]
    if not about or any(_may_be_scheduled(gate) for gate in about):
        return
    gate = about[0]
    workflow = gate.run.call_stack[0].file
    others = gate.run.events - {"schedule"}
    message = f"`{gate.name}` runs on {_list(others)} alone: an advisory that is published later is not seen"
    help = f'add to `on:` in {workflow.path}:\n  schedule:\n    - cron: "0 6 * * *"'
    if others != gate.run.events:
        message = f"`{gate.name}` is left out on a schedule: an advisory that is published later is not seen"
        help = f"let the job run too where `schedule` starts {workflow.path}"
    yield Finding(UNSCHEDULED, gate.run.file.path, gate.span, message, help)


def _may_be_scheduled(gate: Gate) -> bool:
    # GitLab's and CircleCI's schedules are not in the repository.
    return not gate.run.events or ("schedule" in gate.run.events and gate.run.on_schedule)


def _absent(repository: RepositoryFiles) -> Iterator[Finding]:
    locks = [path for path in repository.paths if posixpath.basename(path) == "Cargo.lock"]
    own = sorted(path for path in locks if _NO_PROJECTS.isdisjoint(re.split(r"[-_./]", path)))
    if not own:
        return
    from dunnage.ci import unseen_gates

    if unseen_gates.may_exist(repository):
        return
    workflows = repository.workflows()
    path = workflows[0] if workflows else own[0]
    where = f"no job in {posixpath.dirname(path) or path} runs" if workflows else "there is no CI that runs"
    message = f"{where} cargo-deny or cargo-audit, so no advisory fails the build"
    yield Finding(ABSENT, display(os.path.join(repository.top, path)), Span(0, 0), message, _shortest_job(path))


def _shortest_job(path: str) -> str:
    install, deny = "cargo install cargo-deny@0.20.2 --locked", "cargo deny --locked check"
    if path.endswith(".gitlab-ci.yml"):
        return f"add to it:\n  advisories:\n    image: rust\n    script:\n      - {install}\n      - {deny}"
    if path.startswith(".circleci/"):
        return f"add two steps to a job that has cargo:\n  - run: {install}\n  - run: {deny}"
    return "\n".join(
        (
            "add a workflow, such as .github/workflows/advisories.yml:",
            "  on:",
            "    push:",
            "    pull_request:",
            "    schedule:",
            '      - cron: "0 6 * * *"',
            "  jobs:",
            "    advisories:",
            "      runs-on: ubuntu-latest",
            "      steps:",
            "        - uses: actions/checkout@v4",
            f"        - run: {install}",
            f"        - run: {deny}",
        )
    )


def _list(names: Iterable[str], joint: str = "and") -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} {joint} {last}" if most else last


HOOK = Hook(
    name="check-advisory-gate",
    summary="check that CI runs cargo-deny or cargo-audit so that an advisory fails the build",
    rules=(ABSENT, TOOTHLESS, LENIENT, PARTIAL, UNSCHEDULED, STALE_LOCK),
    check=check,
    comments=comments,
    options=(REQUIRE_SCHEDULE,),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
