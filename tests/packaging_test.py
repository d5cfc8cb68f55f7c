"""What the project says about itself in several places says the same in each."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tomli
import yaml

import dunnage
from dunnage.files import source, toml
from dunnage.frame import check, registry, shared_rules
from dunnage.scripts import yaml as yaml_reader
from dunnage.shell import bounds

CHECKOUT = Path(__file__).resolve().parent.parent
DOCS = CHECKOUT / "docs"
README = (CHECKOUT / "README.md").read_text("utf-8")
PYPROJECT: dict[str, Any] = tomli.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
DEPENDENCIES: list[str] = PYPROJECT["project"]["dependencies"]
EXTRA: list[str] = PYPROJECT["project"]["optional-dependencies"]["upstream"]
MANIFEST: dict[str, dict[str, Any]] = {
    entry["id"]: entry for entry in yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text("utf-8"))
}
HOOKS = sorted(
    path.stem.replace("_", "-")
    for kind in ("check", "review")
    for path in (CHECKOUT / "hooks" / "dunnage").glob(f"{kind}_*.py")
)
WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))

every_hook = pytest.mark.parametrize("hook", HOOKS)


def module(hook: str) -> ModuleType:
    """Return the module of a hook."""
    return importlib.import_module(f"dunnage.{hook.replace('-', '_')}")


def page(hook: str) -> str:
    """Return the page of a hook."""
    return (DOCS / "hooks" / f"{hook}.md").read_text("utf-8")


def document(name: str) -> str:
    """Return a page of docs/."""
    return (DOCS / name).read_text("utf-8")


def test_scripts_hooks_and_modules_are_the_same() -> None:
    modules = {hook: f"dunnage.{hook.replace('-', '_')}" for hook in HOOKS}
    assert {entry.id: entry.module for entry in registry.ENTRIES} == modules
    assert [entry.id for entry in registry.ENTRIES if entry.hook().name != entry.id] == []
    scripts = {hook: f"{module}:main" for hook, module in modules.items()}
    commands = {"dunnage": "dunnage.frame.cli:main", "watch-upstream": "dunnage.watch_upstream:main"}
    assert PYPROJECT["project"]["scripts"] == {**commands, **scripts}


@every_hook
def test_the_readme_lists_the_hook(hook: str) -> None:
    assert f"| [`{hook}`](docs/hooks/{hook}.md) |" in README


@every_hook
def test_the_security_model_has_the_hook(hook: str) -> None:
    assert f"| `{hook}` |" in document("security-model.md")


def test_the_security_model_has_the_bounds() -> None:
    model = document("security-model.md")
    assert f"{source.MAX_BYTES // 2**20} MiB" in model
    assert f"{toml.MAX_BYTES // 2**20} MiB, {toml.MAX_KEY_PARTS} parts of a key" in model
    assert (
        f"{yaml_reader.MAX_BYTES // 2**20} MiB, {yaml_reader.MAX_NODES:,} values, {yaml_reader.MAX_DEPTH} levels"
        in model
    )
    assert f"{bounds.MOST_PROGRAM_BYTES // 2**10} KiB, {bounds.MOST_SYNTAX_LEVELS} levels of syntax" in model
    assert f"{bounds.MOST_PROGRAM_LEVELS} levels, 2 MiB together" in model
    values = (bounds.MOST_VALUES, bounds.MOST_BUILD_VALUES, bounds.MOST_EXPRESSION_VALUES)
    assert "{} in shells, {} in make and just, {} in workflows".format(*values) in model


@every_hook
def test_the_page_has_every_rule_of_the_hook_and_no_other(hook: str) -> None:
    listed = re.findall(r"^\| \[`(.+?)`\]\(\.\./rules/(.+?)\.md\) \|", page(hook), re.MULTILINE)
    assert [rule for rule, _ in listed] == [path for _, path in listed]
    assert sorted(rule for rule, _ in listed) == sorted(rule.id for rule in module(hook).HOOK.rules)


@every_hook
def test_the_page_has_every_option_of_the_hook_and_no_other(
    hook: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert module(hook).main(["--help"]) == 0
    offered = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    of_all_hooks = document("configuration.md").partition("## Options of all hooks")[2]
    written = re.findall(r"^\| `(--[a-z-]+)", page(hook) + of_all_hooks, re.MULTILINE)
    assert set(written) == offered
    assert len(written) == len(set(written))


def test_configuration_has_the_options_of_all_hooks_at_once() -> None:
    at_once = document("configuration.md").partition("## Options of all hooks")[0]
    assert set(re.findall(r"`(--[a-z-]+) ?[A-Z]*`", at_once)) >= {option.name for option in check.OWN}
    for entry in registry.ENTRIES:
        assert entry.is_on or f"`{entry.id}`" in at_once.partition("off by default: ")[2]


def test_the_page_of_check_cargo_lock_has_the_limits() -> None:
    limits = page("check-cargo-lock").partition("## Limits")[2]
    assert f"more than {source.MAX_BYTES // 2**20} MiB" in limits
    assert f"more than {toml.MAX_BYTES // 2**20} MiB" in limits
    assert f"more than {toml.MAX_KEY_PARTS} parts" in limits


def test_ignoring_has_the_rules_of_ignore_comments() -> None:
    written = re.findall(r"^\| \[`(.+?)`\]\(rules/", document("ignoring.md"), re.MULTILINE)
    assert sorted(written) == sorted(rule.id for rule in shared_rules.ABOUT_COMMENTS)


def test_the_changelog_is_about_this_version() -> None:
    changelog = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (.+)", changelog, re.MULTILINE)[0] == dunnage.__version__


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(workflow: Path) -> None:
    used = re.findall(r"\buses:(.*)", workflow.read_text("utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r" \./| [\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize(
    ("lock", "dependencies"),
    [
        pytest.param("dev", [*DEPENDENCIES, *EXTRA, *PYPROJECT["dependency-groups"]["dev"]], id="dev"),
        pytest.param("runtime", DEPENDENCIES, id="runtime"),
        pytest.param("lowest", [*DEPENDENCIES, *EXTRA], id="lowest"),
        *(
            pytest.param(group, asked, id=group)
            for group, asked in PYPROJECT["dependency-groups"].items()
            if group != "dev"
        ),
    ],
)
def test_every_dependency_has_a_lower_bound_and_a_locked_version(lock: str, dependencies: list[str]) -> None:
    text = (CHECKOUT / "requirements" / f"{lock}.txt").read_text("utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
    for asked in dependencies:
        name, bound = re.split("[>=]=", asked, maxsplit=1)
        assert bound
        assert name in locked


@pytest.mark.parametrize(
    ("name", "passed"),
    [
        ("Cargo.toml", True),
        ("Cargo.lock", True),
        ("crates/core/Cargo.toml", True),
        (".cargo/config.toml", True),
        (".cargo/config", True),
        ("tools/.cargo/config.toml", True),
        ("cargo.toml", False),
        ("Cargo.toml.orig", False),
        ("NotCargo.toml", False),
        ("Cargo_toml", False),
        ("Cargo-component.lock", False),
        ("my.cargo/config.toml", False),
        (".cargo/config.toml.bak", False),
        (".cargo/mirrors.toml", True),
        (".cargo/audit.toml", False),
        (".cargo/deny.toml", False),
        ("Cargo.toml/readme.md", False),
        ("src/lib.rs", False),
    ],
)
def test_which_files_check_cargo_lock_is_given(name: str, passed: bool) -> None:
    assert bool(re.search(MANIFEST["check-cargo-lock"]["files"], name)) is passed


def test_contributing_has_every_target() -> None:
    targets = re.findall(r"^([a-z-]+): \$\(READY\)", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE)
    table = set(re.findall(r"^\| `make ([a-z-]+)", (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE))
    assert table == set(targets)
