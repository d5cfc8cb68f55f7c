"""Code that compiles has no network, no secrets, and nothing to write to.

Build scripts and procedural macros run strangers' code, with whatever the build has: the network, tokens, the socket of
docker, the home folder. This hook says where that code can reach something, and what takes it away.
"""

import os
from collections.abc import Iterator, Sequence

from dunnage.cargo_cli.aliases import Aliases
from dunnage.files.source import Tree
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag
from dunnage.sandbox.exposure import Exposure
from dunnage.scripts import commands
from dunnage.scripts.comments import comments

RULES = (
    Rule("build-sandbox/network", "code compiles with network access"),
    Rule("build-sandbox/secret-env", "a step of CI that compiles gets a secret"),
    Rule("build-sandbox/publish-token", "`cargo publish` compiles with the token of a registry", is_fixable=True),
    Rule("build-sandbox/checkout-token", "a checkout keeps a token, and the job compiles later", is_fixable=True),
    Rule("build-sandbox/runner", "with --require-isolation: a step on a runner compiles with network access"),
    Rule("build-sandbox/job", "with --strict-jobs: a job that compiles has a secret or a write permission"),
)

REQUIRE_ISOLATION = flag("--require-isolation", "also report steps of CI that compile with network access")
STRICT_JOBS = flag("--strict-jobs", "also report jobs that compile and have a secret or a write permission")

_CI = ("azure", "buildkite", "circleci", "github", "gitlab")
_HINTS = ("cargo", "cross", "maturin", "trunk", "wasm-pack", "tauri")
_BY_ID = {rule.id: rule for rule in RULES}


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every step of the named files that compiles."""
    aliases = Aliases(tree)
    for file in commands.files(tree, names, _HINTS):
        if commands.kind_of(file.path, file.data[:200]) == "dockerfile":
            from dunnage.sandbox import images

            yield from dict.fromkeys(map(_finding, images.exposures(file, aliases.of(file), tree)))
    ci = [name for name in names if commands.kind_of(name.replace(os.sep, "/"), b"") in _CI]
    if ci:
        from dunnage.sandbox import ci_jobs
        from dunnage.sandbox.job_view import Strictness

        strictness = Strictness(options[REQUIRE_ISOLATION], options[STRICT_JOBS])
        yield from map(_finding, ci_jobs.exposures(commands.readable(tree, ci), tree, strictness))


def _finding(found: Exposure) -> Finding:
    fix = Fix(found.fixed, found.edits) if found.edits else None
    return Finding(_BY_ID[found.rule], found.file.path, found.span, found.message, found.help, fix)


HOOK = Hook(
    name="check-build-sandbox",
    summary="check that code that compiles has no network and no secrets",
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
