"""Code that compiles has no network, no secrets, and nothing to write to.

Build scripts and procedural macros run third-party code, with whatever the build has: the network, tokens, the socket
of docker, the home folder. This hook says where that code can reach something, and what takes it away.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import chain

from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.files.walk import is_dockerfile
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag
from dunnage.sandbox import EXPOSED_HOST, ISOLATING, NETWORK, NOT_OFFLINE, SECRET_MOUNT, WRITABLE, Exposure
from dunnage.scripts import commands
from dunnage.scripts.comments import comments

RULES = (
    Rule(NETWORK, "a build has network access", is_fixable=True),
    Rule(NOT_OFFLINE, "a build has no network, but cargo is not offline", is_fixable=True),
    Rule(SECRET_MOUNT, "a build step mounts a secret"),
    Rule(EXPOSED_HOST, "a build container can reach the host or its secrets"),
    Rule(WRITABLE, "a build container can write more than the build needs"),
    Rule("build-sandbox/secret-env", "a CI step that compiles gets a secret"),
    Rule("build-sandbox/publish-token", "`cargo publish` compiles with a registry token", is_fixable=True),
    Rule("build-sandbox/checkout-token", "a checkout keeps a token, and the job compiles later", is_fixable=True),
    Rule("build-sandbox/runner", "with --require-isolation: a step compiles on a runner with network access"),
    Rule("build-sandbox/job", "with --strict-jobs: a job that compiles has a secret or a write permission"),
)

REQUIRE_ISOLATION = flag("--require-isolation", "also report CI steps that compile with network access")
STRICT_JOBS = flag("--strict-jobs", "also report jobs that compile and have a secret or a write permission")

_COMMENT = b"build-sandbox/"
_CI = ("azure", "buildkite", "circleci", "github", "gitlab")
_COMPILING = (
    *("cargo", "cross", "maturin", "trunk", "wasm-pack"),
    *("make", "just", "task", "mise", "npm", "bun", "/"),
)
"""A step that compiles, or that starts something else of the repository, has one of these texts."""
_BY_ID = {rule.id: rule for rule in RULES}


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every step of the named files that compiles."""
    images = [name for name in names if is_dockerfile(os.path.basename(name))]
    others = [name for name in names if not is_dockerfile(os.path.basename(name))]
    for file in chain(commands.files(tree, images, _COMPILING), commands.files(tree, others, ISOLATING)):
        seen: set[tuple[str, Span]] = set()
        for found in _exposures(file, tree):
            # A matrix repeats a command.
            if (found.rule, found.span) not in seen:
                seen.add((found.rule, found.span))
                yield _finding(found)
    ci = [name for name in names if commands.kind_of(name.replace(os.sep, "/"), b"") in _CI]
    # Whether a comment in a script silences something depends on the jobs that call the script.
    commented = [file for file in commands.readable(tree, names) if _COMMENT in file.data]
    if ci or commented:
        from dunnage.sandbox import ci_jobs
        from dunnage.sandbox.job_view import Strictness

        strictness = Strictness(options[REQUIRE_ISOLATION], options[STRICT_JOBS])
        files = list(commands.readable(tree, ci))
        yield from map(_finding, ci_jobs.exposures(files, tree, strictness))
        yield from map(_finding, ci_jobs.exposures_in(commented, files, tree, strictness))


def _exposures(file: File, tree: Tree) -> Iterator[Exposure]:
    from dunnage.sandbox.compiled import Compilations

    if is_dockerfile(os.path.basename(file.path)):
        from dunnage.sandbox import images

        return images.exposures(file, tree.own(Compilations))
    from dunnage.sandbox import containers

    return containers.exposures(file, tree.own(Compilations))


def _finding(found: Exposure) -> Finding:
    fix = Fix(found.fixed, (found.edit,)) if found.edit else None
    return Finding(_BY_ID[found.rule], found.file.path, found.span, found.message, found.help, fix)


HOOK = Hook(
    name="check-build-sandbox",
    summary="check that builds have no network access and no secrets",
    rules=RULES,
    check=check,
    comments=comments,
    fixes=True,
    options=(REQUIRE_ISOLATION, STRICT_JOBS),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
