"""Renovate's configuration of a repository, and which files its managers read.

Sources in Renovate: lib/config/app-strings.ts, lib/config/options/index.ts, lib/config/presets/parse.ts,
lib/config/presets/internal, lib/workers/repository/extract/file-match.ts, and index.ts of each manager.
"""

import os
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from dunnage.bots import json5
from dunnage.bots.globs import Patterns
from dunnage.bots.patterns import UnsupportedError
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.source import File
from dunnage.files.span import Span

NAMES = (
    *(f"{folder}renovate.json{end}" for folder in ("", ".github/", ".gitlab/") for end in ("", "c", "5")),
    *(f".renovaterc{end}" for end in ("", ".json", ".jsonc", ".json5")),
)
"""Where the configuration may be. The first that exists is used; `package.json` comes last."""
MANAGERS = {
    "cargo": r"(?:^|/)Cargo\.toml$",
    "dockerfile": r"(?:^|/|\.)(?:[Dd]ocker|[Cc]ontainer)file$|(?:^|/)(?:[Dd]ocker|[Cc]ontainer)file[^/]*$",
    "github-actions": r"(?:^|/)(?:workflow-templates|\.(?:github|gitea|forgejo)/(?:workflows|actions))/.+\.ya?ml$"
    r"|(?:^|/)action\.ya?ml$",
    "rust-toolchain": r"(?:^|/)rust-toolchain(?:\.toml)?$",
    "pre-commit": r"(?:^|/)\.pre-commit-config\.ya?ml$",
}
"""The managers that are known here, each with the files that it reads by default."""
_IGNORED = ("**/node_modules/**", "**/bower_components/**")


class CustomManager(NamedTuple):
    """An entry of `customManagers`."""

    kind: str
    """`regex` or `jsonata`."""
    file_patterns: tuple[str, ...]
    match_strings: tuple[str, ...]
    is_recursive: bool
    is_valid: bool
    """Whether it says which package a version belongs to, and where that is published."""
    span: Span | None
    """Its place; None for that of a preset."""


class Settings:
    """What a configuration says, with its presets."""

    def __init__(self, file: File, root: json5.Node) -> None:
        self.file = file
        self.root = root
        self.patterns = Patterns(file)
        self.is_known = True
        """Whether all its presets are part of Renovate, so that what it does is known."""
        self.is_enabled = True
        self.ignored: Sequence[str] = _IGNORED
        self.included: Sequence[str] = ()
        self.enabled_managers: frozenset[str] = frozenset()
        """Empty if all are enabled."""
        self.disabled = {"pre-commit"}
        """The managers that are switched off."""
        self.file_patterns: dict[str, tuple[str, ...]] = {}
        """What managers read besides the files that they read by default."""
        self.custom: list[CustomManager] = []
        self.hidden_by = cache(self._hidden_by)
        """Which of `includePaths` and `ignorePaths` excludes a path; empty if none does. Raises UnsupportedError."""
        self.reads_actions = cache(self._reads_actions)
        """Whether the manager github-actions reads a path. Raises UnsupportedError."""
        self.custom_of = cache(self._custom_of)
        """The custom managers whose patterns of files match a path. Raises UnsupportedError."""
        without = {text for text, _ in root.texts("ignorePresets")}
        for preset, _ in root.texts("extends"):
            name = preset.partition("(")[0]
            if preset not in without:
                self.is_known = self.is_known and _is_known(name)
                self._add_preset(name)
        self._add_own()

    @property
    def place(self) -> str:
        """Where its keys are, for a help text."""
        return "`renovate` in package.json" if os.path.basename(self.file.path) == "package.json" else self.file.path

    def _add_preset(self, name: str) -> None:
        preset = _PRESETS.get(name.removeprefix("default"))
        if preset is None:
            return
        if preset.is_enabled is not None:
            self.is_enabled = preset.is_enabled
        if preset.ignored is not None:
            self.ignored = preset.ignored
        self.disabled = (self.disabled | set(preset.disables)) - set(preset.enables)
        if preset.expression:
            manager = CustomManager("regex", preset.file_patterns, (preset.expression,), False, True, None)
            self.custom.append(manager)

    def _add_own(self) -> None:
        root = self.root
        enabled = root.get("enabled")
        if enabled is not None and isinstance(enabled.value, bool):
            self.is_enabled = enabled.value
        if root.get("ignorePaths") is not None:
            self.ignored = list(dict.fromkeys(text for text, _ in root.texts("ignorePaths")))
        self.included = list(dict.fromkeys(text for text, _ in root.texts("includePaths")))
        self.enabled_managers = frozenset(text for text, _ in root.texts("enabledManagers"))
        for manager in MANAGERS:
            enabled = root.get(manager, "enabled")
            if enabled is not None and isinstance(enabled.value, bool):
                (self.disabled.discard if enabled.value else self.disabled.add)(manager)
            self.file_patterns[manager] = tuple(dict.fromkeys(text for text, _ in file_patterns(root.get(manager))))
        for key in ("customManagers", "regexManagers"):
            node = root.get(key)
            for entry in node.elements() if node is not None else ():
                self.custom.append(_custom(entry))

    def runs(self, manager: str) -> bool:
        """Whether a manager runs: one of MANAGERS, `custom.regex` or `custom.jsonata`."""
        names = {manager, manager.removeprefix("custom.")}
        is_listed = not self.enabled_managers or not names.isdisjoint(self.enabled_managers)
        return self.is_enabled and is_listed and manager not in self.disabled

    def reads(self, paths: Iterable[str]) -> list[str]:
        """The paths that `includePaths` and `ignorePaths` leave. Raises UnsupportedError."""
        return [path for path in paths if not self.hidden_by(path)]

    def _hidden_by(self, path: str) -> str:
        if self.included and not any(path == text or self.patterns.glob(text).matches(path) for text in self.included):
            return "includePaths"
        return "ignorePaths" if any(self.ignores(text, path) for text in self.ignored) else ""

    def ignores(self, text: str, path: str) -> bool:
        """Whether an entry of `ignorePaths`, a part of a path or a glob, matches a path. Raises UnsupportedError."""
        return text in path or self.patterns.glob(text).matches(path)

    def files_of(self, manager: str, paths: Iterable[str]) -> list[str]:
        """The paths that one of MANAGERS reads. Raises UnsupportedError."""
        if not self.runs(manager):
            return []
        own = [self.patterns.expression_or_glob(text) for text in self.file_patterns.get(manager, ())]
        expression = MANAGERS[manager]
        own_section = self.root.get(manager)
        if own_section is not None and (own_section.get("ignorePaths") or own_section.get("includePaths")):
            raise UnsupportedError("paths of a manager")
        matching = [path for path in paths if re.search(expression, path) or any(text.matches(path) for text in own)]
        return self.reads(matching)

    def _reads_actions(self, path: str) -> bool:
        return bool(self.files_of("github-actions", [path]))

    def _custom_of(self, path: str) -> list[CustomManager]:
        return [
            manager
            for manager in self.custom
            if self.runs(f"custom.{manager.kind}") and manager.is_valid and manager.match_strings
            if any(self.patterns.expression_or_glob(text).matches(path) for text in manager.file_patterns)
        ]


def file_patterns(node: json5.Node | None) -> list[tuple[str, Span]]:
    """The patterns in a section, also those under their old name, which are all regular expressions."""
    if node is None:
        return []
    old = [(f"/{text}/", span) for text, span in node.texts("fileMatch")]
    return [*node.texts("managerFilePatterns"), *old]


def _custom(entry: json5.Node) -> CustomManager:
    kind = entry.get("customType")
    matches = tuple(text for text, _ in entry.texts("matchStrings"))
    strategy = entry.get("matchStringsStrategy")
    templates = {key.removesuffix("Template") for key in entry.items() if key.endswith("Template")}
    # A group of a regular expression, or a key of the object that a query yields.
    known = templates | set(re.findall(r"(?:\?P?<|[\"'])(\w+)(?=>|[\"']\s*:)", " ".join(matches)))
    return CustomManager(
        str(kind.value) if kind is not None else "regex",
        tuple(dict.fromkeys(text for text, _ in file_patterns(entry))),
        matches,
        strategy is not None and strategy.value == "recursive",
        "datasource" in known and not known.isdisjoint(("depName", "packageName")),
        entry.span,
    )


def find(repository: RepositoryFiles) -> tuple[File, json5.Node] | None:
    """The configuration that Renovate uses, and its content; None if there is none. Raises SourceError."""
    for name in NAMES:
        if name in repository.paths:
            try:
                file = repository.tree.read(os.path.join(repository.top, name))
            except FileNotFoundError:
                continue
            return file, json5.parse(file, is_json5=name.endswith("5"))
    package = repository.read("package.json")
    if package is not None and '"renovate"' in package.text:
        section = json5.parse(package, is_json5=False).get("renovate")
        if section is not None and isinstance(section.value, dict):
            return package, section
    return None


# Presets: what those of Renovate change that decides which files and versions it reads. Others change none of this.

_NAMESPACES = (
    *("abandonments", "compatibility", "config", "customManagers", "default", "docker", "global", "group", "helpers"),
    *("mergeConfidence", "monorepo", "packages", "preview", "replacements", "schedule", "security", "workarounds"),
)


class _Preset(NamedTuple):
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


def _is_known(name: str) -> bool:
    """Whether a preset, without its parameters, is part of Renovate."""
    return name.startswith((":", *(f"{namespace}:" for namespace in _NAMESPACES)))


def _versions(file_patterns: tuple[str, ...], assignment: str) -> _Preset:
    """The versions of variables `X_VERSION` in the line after a comment that names the package."""
    comment = r"# renovate: datasource=[\w.-]+ depName=\S+(?: \w+=\S+)*"
    return _Preset(file_patterns=file_patterns, expression=rf"{comment}{assignment}[\"']?(?<currentValue>\S+?)[\"']?\s")


_RECOMMENDED = _Preset(
    tuple(
        f"**/{name}/**"
        for name in (
            *("node_modules", "bower_components", "vendor", "examples"),
            *("__tests__", "test", "tests", "__fixtures__"),
        )
    )
)

_PRESETS = {
    ":disableRenovate": _Preset(is_enabled=False),
    ":docker": _Preset(enables=("dockerfile",)),
    ":enablePreCommit": _Preset(enables=("pre-commit",)),
    ":enableRenovate": _Preset(is_enabled=True),
    ":ignoreModulesAndTests": _RECOMMENDED,
    ":includeNodeModules": _Preset(()),
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
    "docker:disable": _Preset(disables=("dockerfile",)),
}
_PRESETS |= {name.replace("customManagers:", "regexManagers:"): preset for name, preset in _PRESETS.items()}
