"""PyYAML's parser without the rest of PyYAML, and what becomes of PyYAML for others."""

from __future__ import annotations

import importlib
import sys

import pytest

from dunnage.scripts.yaml_parser import events


@pytest.fixture
def _no_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget that PyYAML was imported; afterwards it is the one from before."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "yaml"]:
        monkeypatch.delitem(sys.modules, name)


def names(data: bytes) -> list[str]:
    return [type(event).__name__ for event in events(data)]


@pytest.mark.usefixtures("_no_yaml")
def test_only_what_the_parser_needs_is_loaded() -> None:
    found = names(b"a: [1]\n")
    assert found[2:-2] == [
        *("MappingStartEvent", "ScalarEvent", "SequenceStartEvent"),
        *("ScalarEvent", "SequenceEndEvent", "MappingEndEvent"),
    ]
    assert "yaml.constructor" not in sys.modules
    assert "yaml.representer" not in sys.modules


@pytest.mark.usefixtures("_no_yaml")
def test_the_package_completes_itself() -> None:
    names(b"")
    package = importlib.import_module("yaml")
    assert package.safe_load("a: [1]") == {"a": [1]}
    assert package.constructor.ConstructorError.__module__ == "yaml.constructor"


@pytest.mark.usefixtures("_no_yaml")
def test_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [])
    with pytest.raises(ModuleNotFoundError, match="PyYAML is not installed"):
        events(b"")
