"""The presets that are part of Renovate: what those change that decides which files and versions it reads.

Source: lib/config/presets/internal in Renovate. Presets that are not here change none of this.
"""

from typing import NamedTuple

_NAMESPACES = (
    *("abandonments", "compatibility", "config", "customManagers", "default", "docker", "global", "group", "helpers"),
    *("mergeConfidence", "monorepo", "packages", "preview", "replacements", "schedule", "security", "workarounds"),
)


class Preset(NamedTuple):
    """What a preset changes."""

    ignored: tuple[str, ...] | None = None
    """`ignorePaths`; None if it leaves them."""
    is_enabled: bool | None = None
    enables: tuple[str, ...] = ()
    disables: tuple[str, ...] = ()
    """Managers."""
    file_patterns: tuple[str, ...] = ()
    expression: str = ""
    """Of a custom manager."""


def is_known(name: str) -> bool:
    """Whether a preset, without its parameters, is part of Renovate."""
    return name.startswith((":", *(f"{namespace}:" for namespace in _NAMESPACES)))


def _versions(file_patterns: tuple[str, ...], assignment: str) -> Preset:
    """The versions of variables `X_VERSION` in the line after a comment that names the package."""
    comment = r"# renovate: datasource=[\w.-]+ depName=\S+(?: \w+=\S+)*"
    return Preset(file_patterns=file_patterns, expression=rf"{comment}{assignment}[\"']?(?<currentValue>\S+?)[\"']?\s")


_RECOMMENDED = Preset(
    tuple(
        f"**/{name}/**"
        for name in (
            *("node_modules", "bower_components", "vendor", "examples"),
            *("__tests__", "test", "tests", "__fixtures__"),
        )
    )
)

PRESETS = {
    ":disableRenovate": Preset(is_enabled=False),
    ":docker": Preset(enables=("dockerfile",)),
    ":enablePreCommit": Preset(enables=("pre-commit",)),
    ":enableRenovate": Preset(is_enabled=True),
    ":ignoreModulesAndTests": _RECOMMENDED,
    ":includeNodeModules": Preset(()),
    "config:base": _RECOMMENDED,
    "config:best-practices": _RECOMMENDED,
    "config:js-app": _RECOMMENDED,
    "config:js-lib": _RECOMMENDED,
    "config:recommended": _RECOMMENDED,
    "customManagers:azurePipelinesVersions": _versions(
        ("**/.azuredevops/**/*.{yml,yaml}", "azure*pipeline*.{yml,yaml}"), r"\s+\w+_VERSION\s*:\s*"
    ),
    "customManagers:dockerfileVersions": _versions(
        ("**/[Dd]ockerfile*", "**/[Cc]ontainerfile*", "**/*.[Dd]ockerfile*", "**/*.[Cc]ontainerfile*"),
        r"\s(?:ENV|ARG)\s+\w+_VERSION[ =]",
    ),
    "customManagers:githubActionsVersions": _versions(
        (
            r"/(?:^|/)(?:workflow-templates|\.(?:github|gitea|forgejo)/(?:workflows|actions))/.+\.ya?ml$/",
            r"/(?:^|/)action\.ya?ml$/",
        ),
        r"\s+\w+_VERSION\s*:\s*",
    ),
    "customManagers:gitlabPipelineVersions": _versions(("**/*.gitlab-ci.{yml,yaml}",), r"\s+\w+_VERSION\s*:\s*"),
    "customManagers:makefileVersions": _versions(
        ("**/[Mm]akefile", "**/GNUMakefile", "**/*.mk"), r"\s+\w+_VERSION\s*:*\??=\s*"
    ),
    "docker:disable": Preset(disables=("dockerfile",)),
}
PRESETS |= {name.replace("customManagers:", "regexManagers:"): preset for name, preset in PRESETS.items()}
