"""Whether CI may have a gate in a place that is not read. If so, `advisory-gate/absent` is not reported."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator

from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files import git
from dunnage.files.source import File
from dunnage.scripts import github, pre_commit
from dunnage.scripts.commands import kind_of

_OTHER_SYSTEMS = (
    ".appveyor.yml .build.yml .cirrus.star .cirrus.yml .drone.jsonnet .drone.star .drone.yml .taskcluster.yml "
    ".travis.yml .woodpecker.yaml .woodpecker.yml .zuul.yaml Earthfile Jenkinsfile appveyor.yml "
    "zuul.yaml azure-pipelines.yaml azure-pipelines.yml bitbucket-pipelines.yml bors.toml buildspec.yml "
    "cloudbuild.yaml cloudbuild.yml dagger.json garnix.yaml wercker.yml"
)
"""Names of configuration files, in any folder, of CI systems that are not read or may run what is elsewhere."""
_OTHER_FOLDERS = (
    ".azure .azure-pipelines .builds .buildkite .jenkins .kokoro .prow .semaphore .teamcity .tekton .woodpecker "
    ".zuul.d kokoro taskcluster zuul.d"
)

_MENTION = r"(?i)cargo[-_ ]*(?:deny|audit)(?![a-z])|audit-check|actions-rust-lang/audit"
# What names the tools and does not run them: names of steps, installation, and information options.
_NO_RUN = (
    r"(?i)\b(?:name|tools?|crate): [^\n}]*|\bcargo[ -]+(?:\+\S{1,100} +)?(?:binstall|install)\b[^\n;&|]*"
    r"|\bcargo[ -](?:deny|audit) +(?:-V|--help|--version|fetch|help|init|list)\b"
)
_WORD = r"(?<![-\w])(?:deny|audit)(?![-\w])"
# `Command::new("cargo").args(["deny", "check"])`, and not a sorted list of words.
_CALL = r"""(?:["'\[(]cargo["'\])]|cargo!)(?:[^"';]|["'][-+{$][^"']{0,40}["']){0,60}?["'](?:deny|audit)["']"""
_QUOTED = r"""["'](?:deny|audit)["']"""
# Folders of programs that build and check the project.
_FOR_BUILDS = r"(?:^|/)(?:ci|dev|scripts?|tasks?|tools?|xtasks?)/"

# Programs that run something that is not read.
_OPAQUE = (
    r"\bcargo +(?:\+\S{1,100} +)?(?:make|run|x|xtask)\b|\./[\w./-]{1,200}\.(?:js|mjs|nu|pl|ps1|py|rb|ts)\b"
    r"|\bshell: *(?:nu|pwsh|python)"
    r"|\b(?:ansible-playbook|bazel|bazelisk|buck2|bun|dagger|deno|docker|earthly|gradle|gradlew|invoke|mise|mvn|nix)\b"
    r"|\b(?:nix-build|nix-shell|node|nox|npm|npx|nu|perl|pnpm|podman|poetry|pwsh|python3?|rake|ruby|task|tox|uv|yarn)\b"
)
_BUILDS = (
    r"\bcargo +(?:\+\S{1,100} +)?(?:b|bench|build|c|check|clippy|doc|fmt|hack|llvm-cov|nextest|t|test)\b"
    r"|actions-rs/cargo\b"
)

# Actions with such names may be gates, unless the name also shows another purpose.
_SUSPICIOUS = (
    r"(?i)^(?!.*(?:bench|cache|clippy|cover|docs|fmt|fuzz|install|machete|make|msrv|publish|release|semver|setup|toolchain"
    r"|udeps|upload)).*(?:deny|audit|advisor|secur|supply|vuln|rust|cargo|ci-check|scan)"
)
_HARMLESS = (
    "actions-rs/ actions/dependency-review-action anchore/ aquasecurity/ cargo-bins/ datadog/ dsherret/rust- "
    "github/codeql-action google/osv-scanner-action microsoft/devskim-action ossf/ rust-lang/ snyk/ clechasseur/rs- "
    "houseabsolute/ step-security/ taiki-e/"
)

# Programs that run the tasks of a file that is not read.
_TASK_RUNNERS = (
    r"\bcargo +(?:\+\S{1,100} +)?(?:make|x|xtask)\b"
    r"|\b(?:bazel|bazelisk|buck2|dagger|earthly|invoke|mise|moon|nix|nox|poe|rake|task|tox) +[\w./:-]"
)
_NO_CI = re.compile(r"^\.github/(?:ISSUE_TEMPLATE/|dependabot\.)")

_DOCUMENTS = (".adoc", ".cff", ".css", ".html", ".ipynb", ".lock", ".md", ".mdx", ".rst", ".svg", ".txt")
_YAML = (".yml", ".yaml")
_PROGRAMS = (".js", ".mjs", ".nu", ".ps1", ".py", ".rb", ".rs", ".ts")
_POLICIES = frozenset(("deny.toml", ".deny.toml", "deny.exceptions.toml", "audit.toml"))
_MAX_FILES = 3000


def may_exist(repository: RepositoryFiles) -> bool:
    """Whether CI may run cargo-deny or cargo-audit although no run of either was found in it."""
    mention = re.compile(_MENTION)
    # Patterns are searched for now, because all texts together may be long.
    is_here = calls_unknown = runs_tasks = False
    for path in repository.known.ordered:
        if _is_ci(path) and (file := repository.read(path)) is not None:
            text = _without_comments(file.text)
            if mention.search(re.sub(_NO_RUN, "", text)) or (
                re.search(r"cargo +\"?\$", text) and re.search(_WORD, text)
            ):
                return True
            is_here = is_here or re.search(_BUILDS, text) is not None
            calls_unknown = calls_unknown or re.search(_OPAQUE, text) is not None
            runs_tasks = runs_tasks or re.search(_TASK_RUNNERS, text) is not None
    # If limits have cut the walk through CI off, it has not read the last files.
    if any(_calls_external(repository, path) for path in reversed(repository.workflows)):
        return True
    other_folders = tuple(f"{folder}/" for folder in _OTHER_FOLDERS.split())
    is_elsewhere = any(name in repository.known.by_name for name in _OTHER_SYSTEMS.split()) or any(
        path.startswith(other_folders) for path in repository.paths
    )
    if is_elsewhere and not is_here:
        return True
    has_policy = any(name in repository.known.by_name for name in _POLICIES)
    if has_policy and runs_tasks:
        return True
    # A file that no job runs contains no gate, unless CI also runs something that is not read.
    return _is_mentioned(repository, mention, is_elsewhere or calls_unknown or not is_here)


def _is_ci(path: str) -> bool:
    """Whether a file configures CI that is read, so that all of it may be understood."""
    if not path.lower().endswith((".yml", ".yaml")):
        return False
    return posixpath.basename(path) in pre_commit.NAMES or kind_of(path, b"") in ("circleci", "github", "gitlab")


def _without_comments(text: str) -> str:
    return "\n".join(line.partition(" #")[0] for line in text.splitlines() if not line.lstrip().startswith("#"))


def _calls_external(repository: RepositoryFiles, path: str) -> bool:
    """Whether a CI file calls something that may be a gate: of another repository, or beyond a limit."""
    file = repository.yaml(path)
    return file is None or "input/too-large" in file.unread or any(_external_calls(repository, file))


def _external_calls(repository: RepositoryFiles, file: File) -> Iterator[bool]:
    kind = kind_of(file.path, b"")
    if kind == "gitlab":
        from dunnage.scripts import gitlab_includes

        paths, has_others = gitlab_includes.included(file)
        yield has_others or any("*" not in path and path.lstrip("/") not in repository.paths for path in paths)
    elif kind == "circleci":
        _, key, rest = file.text.partition("orbs:")
        yield bool(key) and bool(re.search(_SUSPICIOUS, rest.partition("\n\n")[0]))
    if kind == "github":
        from dunnage.ci import github_jobs

        yield any(not path.startswith(github.LOCAL) for path in github_jobs.called(file))
        for action in github.uses(file):
            name = action.name.lower()
            yield bool(re.search(_SUSPICIOUS, name)) and not name.startswith((*_HARMLESS.split(), *github.LOCAL))


def _is_mentioned(repository: RepositoryFiles, mention: re.Pattern[str], is_opaque: bool) -> bool:
    """Whether any file that CI may use names either tool: any YAML file, and if CI is opaque, any file except documents
    and policies.
    """
    call, for_builds, quoted = re.compile(_CALL), re.compile(_FOR_BUILDS), re.compile(_QUOTED)
    for path in _candidates(repository, is_opaque):
        name = posixpath.basename(path)
        if name in _POLICIES or name.endswith(_DOCUMENTS) or name == "Cargo.toml":
            continue
        is_read = _is_ci(path) or kind_of(path, b"") == "taskfile"
        if not is_opaque and (is_read or _NO_CI.match(path) or not name.endswith(_YAML)):
            continue
        file = repository.read(path)
        if file is None:
            return True
        text = _without_comments(file.text)
        if mention.search(text):
            return True
        if kind_of(path, b"") == "cargo-make" and quoted.search(text):
            return True
        if name.endswith(_PROGRAMS) and (quoted if for_builds.search(path) else call).search(text):
            return True
    return False


def _candidates(repository: RepositoryFiles, is_opaque: bool) -> list[str]:
    """Return the files that may name either tool, as far as CI may use them; git finds them if it can."""
    found = git.repository(repository.top)
    names = None
    if found is not None and found.top == repository.top:
        names = found.mentioning(("deny", "audit"), () if is_opaque else _YAML)
    if names is None:
        return repository.known.ordered[:_MAX_FILES]
    return sorted(os.path.relpath(name, repository.top).replace(os.sep, "/") for name in names)
