"""CI runs cargo-deny or cargo-audit so that an advisory fails the build.

A deny.toml has no effect if no job runs cargo-deny, or if the failure of the job is hidden.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from dunnage.cargo_cli.advisory_tools import CHECKS
from dunnage.ci.gates import Gate, gates
from dunnage.ci.repository_files import RepositoryFiles, repository_files
from dunnage.files.source import Tree, display
from dunnage.files.span import Span
from dunnage.files.walk import RepositoryFolders, is_in_vendored_crate, is_project, top_folder
from dunnage.frame.finding import Finding, Rule, distinct
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag
from dunnage.scripts.comments import comments

ABSENT = Rule("advisory-gate/absent", "no CI job runs cargo-deny or cargo-audit")
TOOTHLESS = Rule("advisory-gate/toothless", "a check runs in CI but cannot fail the build")
LENIENT = Rule(
    "advisory-gate/lenient", "cargo-audit does not fail for unmaintained, unsound or yanked crates", "warning"
)
PARTIAL = Rule("advisory-gate/partial", "no CI job runs some of the checks of cargo-deny", "warning")
UNSCHEDULED = Rule(
    "advisory-gate/unscheduled", "with --require-schedule: no job checks for advisories on a schedule", "warning"
)
STALE_LOCK = Rule("advisory-gate/stale-lock", "a job replaces the committed Cargo.lock before it checks it")

REQUIRE_SCHEDULE = flag("--require-schedule", "also require a job that checks for advisories on a schedule")


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the whole CI of each repository that contains a named file."""
    folders = dict.fromkeys(os.path.dirname(os.path.abspath(name)) for name in names)
    known = tree.memo(RepositoryFolders)
    for folder in dict.fromkeys(top_folder(folder, known) for folder in folders):
        yield from distinct(_check_repository(repository_files(tree, folder), options[REQUIRE_SCHEDULE]))


def _check_repository(repository: RepositoryFiles, require_schedule: bool) -> Iterator[Finding]:
    found, has_unknown_call = gates(repository)
    if repository.has_more:
        return
    if not found:
        if not has_unknown_call:
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
            is_all = gate.tool_run.tool == "cargo-audit" or len(missing) == len(CHECKS)
            part = "" if is_all else f" for {_list(missing)}"
            reason = mask.reason.replace("%COMMAND%", f"`{gate.name}`")
            message = f"{reason}, so {mask.consequence}{part}"
            yield Finding(TOOTHLESS, mask.path, mask.span, message, mask.help)
    strict = {check: [gate for gate in found if check in gate.checks and not gate.masks] for check in CHECKS}
    for gate in found:
        for span, lowered in gate.lowered:
            checks = gate.checks & set(lowered.checks)
            has_other = any(not other.lowered for check in checks for other in strict[check])
            if checks and not has_other and not gate.masks:
                message = f"`{lowered.option}` stops `{gate.name}` from failing the build for this lint"
                help = f"remove `{lowered.option}`; put exceptions into deny.toml, each with a reason"
                yield Finding(TOOTHLESS, gate.run.file.path, span, message, help)


def _lenient(found: list[Gate]) -> Iterator[Finding]:
    if any("advisories" in gate.checks and not gate.tool_run.tolerated and not gate.masks for gate in found):
        return
    for gate in found:
        if gate.tool_run.tolerated and not gate.tool_run.is_report:
            message = (
                f"`{gate.name}` fails for vulnerabilities but not for {_list(gate.tool_run.tolerated, 'or')} crates"
            )
            yield Finding(LENIENT, gate.run.file.path, gate.span, message, _how_to_deny(gate))


def _how_to_deny(gate: Gate) -> str:
    if gate.run.action is None:
        return "write `cargo audit --deny warnings`"
    if gate.name.lower() == "actions-rust-lang/audit":
        return "add the input `denyWarnings: true`"
    return "replace the action, which has no input for this, with `cargo audit --deny warnings`"


def _partial(found: list[Gate]) -> Iterator[Finding]:
    missing = frozenset(CHECKS) - _checks(found)
    first = next((gate for gate in found if gate.tool_run.tool == "cargo-deny"), None)
    if missing and first is not None:
        message = f"no job runs `cargo deny check` for {_list(missing, 'or')}"
        names = " ".join(check for check in CHECKS if check in missing)
        help = f"run `cargo deny check` without names, or add a step with `cargo deny check {names}`"
        help += f"\nto accept that only these checks run: pass `--ignore {PARTIAL.id}`"
        yield Finding(PARTIAL, first.run.file.path, first.span, message, help)


def _stale_lock(found: list[Gate]) -> Iterator[Finding]:
    current = _checks(gate for gate in found if gate.replacement is None)
    for gate in found:
        if gate.replacement is not None and not gate.checks <= current:
            path, span, text = gate.replacement
            message = (
                f"`{text}` replaces Cargo.lock before `{gate.name}` reads it, so the committed lock is not checked"
            )
            help = f"run `{gate.name}` before it or in a separate job"
            if gate.run.action is not None and span == gate.span:
                message = f"`{text}` creates a new Cargo.lock and checks that, so the committed lock is not checked"
                help = "replace the action with `cargo audit --deny warnings`"
            yield Finding(STALE_LOCK, path, span, message, help)


def _unscheduled(found: list[Gate]) -> Iterator[Finding]:
    about = [gate for gate in found if "advisories" in gate.checks]
    # The schedules of GitLab and CircleCI are not in the repository.
    is_scheduled = (not gate.run.events or ("schedule" in gate.run.events and gate.run.on_schedule) for gate in about)
    if not about or any(is_scheduled):
        return
    gate = about[0]
    workflow = gate.run.call_stack[0].file
    others = gate.run.events - {"schedule"}
    message = f"`{gate.name}` runs only on {_list(others)}, so an advisory that is published later goes unnoticed"
    help = f'add to `on:` in {workflow.path}:\n  schedule:\n    - cron: "0 6 * * *"'
    if others != gate.run.events:
        message = f"`{gate.name}` does not run on `schedule`, so an advisory that is published later goes unnoticed"
        help = f"change the `if:` of the job so that it also runs when `schedule` starts {workflow.path}"
    yield Finding(UNSCHEDULED, gate.run.file.path, gate.span, message, help)


def _absent(repository: RepositoryFiles) -> Iterator[Finding]:
    own = sorted(
        path
        for path in filter(is_project, repository.known.by_name.get("Cargo.lock", ()))
        if not is_in_vendored_crate(repository.tree, os.path.join(repository.top, path))
    )
    if not own:
        return
    from dunnage.ci import unseen_gates

    if unseen_gates.may_exist(repository):
        return
    workflows = repository.workflows
    path, span = _ignore_comment(repository, workflows) or ((workflows or own)[0], Span(0, 0))
    runs_vet = any(re.search(_VET, file.text) for name in workflows if (file := repository.read(name)))
    where = "`cargo vet` runs in CI, but no job" if runs_vet else "no CI job"
    message = f"{where} runs cargo-deny or cargo-audit, so no advisory fails the build"
    has_policy = not {"deny.toml", ".deny.toml", ".cargo/deny.toml"}.isdisjoint(repository.paths)
    help = _shortest_job(path, has_policy)
    yield Finding(ABSENT, display(os.path.join(repository.top, path)), span, message, help)


_VET = r"\bcargo +vet\b"


def _ignore_comment(repository: RepositoryFiles, workflows: Sequence[str]) -> tuple[str, Span] | None:
    """Return the first comment in a CI file that ignores `advisory-gate/absent`, wherever it is."""
    for path in workflows:
        file = repository.yaml(path)
        for span, text in comments(file) if file is not None else ():
            if ABSENT.id in text:
                return path, span
    return None


def _shortest_job(path: str, has_policy: bool) -> str:
    """Return a job that needs nothing else. Without deny.toml, cargo-deny rejects every licence."""
    install, check = "cargo install cargo-audit@0.22.2 --locked", "cargo audit --deny warnings"
    if has_policy:
        install, check = "cargo install cargo-deny@0.20.2 --locked", "cargo deny --locked check"
    if path.endswith(".gitlab-ci.yml"):
        return f"add to it:\n  advisories:\n    image: rust\n    script:\n      - {install}\n      - {check}"
    if path.startswith(".circleci/"):
        return f"add two steps to a job that has cargo:\n  - run: {install}\n  - run: {check}"
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
            f"        - run: {check}",
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
