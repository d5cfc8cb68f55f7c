from __future__ import annotations

import pytest
import tomli

from dunnage.files.source import File
from dunnage.wit.cargo_component import SECTION, Component, ComponentDependency, read, requirements
from dunnage.wit.projects import WitRequirement

FILE = File("Cargo.toml", b"")
HEADER = "[package.metadata.component]\n"
TARGET = (*SECTION, "target")
DEPENDENCIES = (*SECTION, "dependencies")


def dependency(name: str, package: str, requirement: str, registry: str, keys: tuple[str, ...]) -> ComponentDependency:
    return ComponentDependency(name, package, WitRequirement(package, registry, requirement, FILE, keys))


def section(text: str) -> Component | None:
    return read(FILE, tomli.loads(text))


def component(text: str) -> Component:
    found = section(HEADER + text)
    assert found is not None
    return found


@pytest.mark.parametrize("text", ["", "[package]\n", "[package.metadata]\nother = 1\n", "package = 1\n"])
def test_no_component(text: str) -> None:
    assert section(text) is None


def test_nothing_said() -> None:
    assert component("") == Component((), (), None, "wit", ())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('"0.2.1"', dependency("a:b", "a:b", "0.2.1", "default", ("a:b",))),
        ('{ version = "1" }', dependency("a:b", "a:b", "1", "default", ("a:b", "version"))),
        (
            '{ version = "1", package = "c:d", registry = "r" }',
            dependency("a:b", "c:d", "1", "r", ("a:b", "version")),
        ),
        ('{ path = "../x" }', ComponentDependency("a:b", "a:b", None)),
    ],
)
def test_dependencies(entry: str, expected: ComponentDependency) -> None:
    def at(keys: tuple[str, ...]) -> ComponentDependency:
        wanted = expected.requirement
        return expected._replace(requirement=wanted and wanted._replace(keys=(*keys, *wanted.keys)))

    text = f'dependencies = {{ "a:b" = {entry} }}\ntarget = {{ path = "w", dependencies = {{ "a:b" = {entry} }} }}\n'
    found = component(text)
    ours, others = at(DEPENDENCIES), at((*TARGET, "dependencies"))
    assert found == Component((ours,), (others,), None, "w", ())
    wanted = [others.requirement, ours.requirement] if expected.requirement else []
    assert requirements(found.all_dependencies) == wanted


@pytest.mark.parametrize(
    ("text", "requirement", "registry", "keys"),
    [
        ('"a:b/w@=0.2.0"', "=0.2.0", None, ()),
        ('"a:b@0.2"', "0.2", None, ()),
        ('"a:b/w@"', "", None, ()),
        ('{ package = "a:b", version = "1" }', "1", None, ("version",)),
        ('{ package = "a:b", world = "w", version = "1", registry = "r", dependencies = {} }', "1", "r", ("version",)),
    ],
)
def test_target_of_a_registry(text: str, requirement: str, registry: str | None, keys: tuple[str, ...]) -> None:
    target = dependency("a:b", "a:b", requirement, registry or "default", (*TARGET, *keys))
    found = component(f"target = {text}\n")
    assert found == Component((), (), target, None, ())
    assert requirements(found.all_dependencies) == [target.requirement]


@pytest.mark.parametrize(
    "text",
    [
        'bindings = { format = false, derives = ["X"], with = { a = "b" }, later = 1 }',
        'registries = { acme = "https://acme.example" }\nproxy = true\nadapter = "a.wasm"\npackage = "a:b"',
        'target = { world = "w" }',
        'target = "a:b/W-x@=0.2.0"',
    ],
)
def test_accepted(text: str) -> None:
    assert component(text).problems == ()


# Each of these was shown to cargo-component 0.21.1, which refuses it.
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("foo = 1", ("foo",)),
        ('package = "A:b"', ("package",)),
        ("adapter = 1", ("adapter",)),
        ("proxy = 1", ("proxy",)),
        ("registries = []", ("registries",)),
        ('registries = { a = "b" }', ("registries", "a")),
        ("bindings = { format = 1 }", ("bindings", "format")),
        ("target = 1", ("target",)),
        ("target = []", ("target",)),
        ('target = "a:b/w"', ("target",)),
        ('target = "ab@=0.2.0"', ("target",)),
        ('target = "a:b/x y@=0.2.0"', ("target",)),
        ('target = { package = "a:b" }', ("target",)),
        ('target = { package = "ab", version = "=0.2.0" }', ("target", "package")),
        ('target = { package = "a:b", version = 1 }', ("target", "version")),
        ('target = { package = "a:b", version = "=0.2.0", path = "x" }', ("target", "path")),
        (
            'target = { package = "a:b", version = "=0.2.0", dependencies = { "x:y" = "1" } }',
            ("target", "dependencies"),
        ),
        ('target = { version = "1" }', ("target", "version")),
        ('target = { path = "wit", registry = "x" }', ("target", "registry")),
        ("target = { foo = 1 }", ("target", "foo")),
        ("dependencies = []", ("dependencies",)),
        ('dependencies = { "ab" = "1" }', ("dependencies", "ab")),
        ('dependencies = { "a:b" = true }', ("dependencies", "a:b")),
        ('dependencies = { "a:b" = {} }', ("dependencies", "a:b")),
        ('dependencies = { "a:b" = { registry = "x" } }', ("dependencies", "a:b")),
        ('dependencies = { "a:b" = { package = "a:c" } }', ("dependencies", "a:b")),
        ('dependencies = { "a:b" = { path = "x", version = "1" } }', ("dependencies", "a:b", "version")),
        ('dependencies = { "a:b" = { path = "x", package = "a:b" } }', ("dependencies", "a:b", "package")),
        ('dependencies = { "a:b" = { path = "x", registry = "y" } }', ("dependencies", "a:b", "registry")),
        ('dependencies = { "a:b" = { version = "1", package = "ab" } }', ("dependencies", "a:b", "package")),
        ('dependencies = { "a:b" = { version = "1", foo = 2 } }', ("dependencies", "a:b", "foo")),
        ('dependencies = { "a:b" = { version = 1 } }', ("dependencies", "a:b", "version")),
        ('target = { dependencies = { "ab" = "1" } }', ("target", "dependencies", "ab")),
    ],
)
def test_refused(text: str, keys: tuple[str, ...]) -> None:
    (problem,) = component(text).problems
    assert problem.keys == (*SECTION, *keys)
    assert problem.message.startswith("cargo-component ")
    assert problem.help


def test_no_table() -> None:
    found = section("[package.metadata]\ncomponent = true\n")
    assert found is not None
    assert [problem.keys for problem in found.problems] == [SECTION]
