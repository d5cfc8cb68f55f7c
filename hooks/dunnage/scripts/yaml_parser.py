"""PyYAML's parser, loaded without the rest of PyYAML.

`import yaml` also loads what turns documents into Python values and back, and that takes longer than a file takes to
parse. Here the package is put into `sys.modules` with only what the parser needs; it completes itself as soon as anyone
asks it for something else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.machinery import PathFinder
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from yaml.events import Event

# What PyYAML's compiled module takes from these modules when it is loaded, without using it to parse.
_ERRORS = {
    "reader": "ReaderError",
    "scanner": "ScannerError",
    "parser": "ParserError",
    "composer": "ComposerError",
    "constructor": "ConstructorError",
    "emitter": "EmitterError",
    "serializer": "SerializerError",
    "representer": "RepresenterError",
}


class NotYaml(Exception):
    """What is parsed is not YAML."""


class _Parser(Protocol):
    """What PyYAML's parsers have in common."""

    def get_event(self) -> Event | None: ...


def events(data: bytes) -> Iterator[Event]:
    """What UTF-8 is as YAML; positions count characters, but not a byte order mark at the start.

    libyaml parses it, or where PyYAML was built without that, PyYAML itself, which is slower. Raises NotYaml.
    """
    _import_package()
    return _events(data)


def _events(data: bytes) -> Iterator[Event]:
    from yaml.error import YAMLError

    try:
        yield from iter(_parser(data).get_event, None)
    except (YAMLError, ValueError):  # ValueError for an escape that stands for no character
        raise NotYaml from None


def _parser(data: bytes) -> _Parser:
    try:
        from yaml._yaml import CParser
    except ImportError:
        return _python_parser()(data.decode("utf-8").removeprefix("\ufeff"))
    return CParser(data)


@cache
def _python_parser() -> Callable[[str], _Parser]:
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PythonParser(Reader, Scanner, Parser):
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

        def get_event(self) -> Event | None:
            event: Event | None = super().get_event()  # type: ignore[no-untyped-call]
            # libyaml takes half of a surrogate pair for an error; so does this.
            getattr(event, "value", "").encode("utf-8")
            return event

    return PythonParser


def _import_package() -> None:
    if "yaml" in sys.modules:
        return
    spec = PathFinder.find_spec("yaml")
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError("PyYAML is not installed", name="yaml")
    loader = spec.loader
    package = ModuleType("yaml")
    package.__spec__ = spec
    package.__loader__ = loader
    package.__package__ = "yaml"
    package.__file__ = spec.origin
    package.__path__ = spec.submodule_search_locations

    def complete(name: str) -> object:
        del package.__getattr__
        loader.exec_module(package)
        return getattr(package, name)

    package.__getattr__ = complete  # type: ignore[method-assign]
    sys.modules["yaml"] = package
    import yaml.error
    import yaml.events
    import yaml.nodes
    import yaml.tokens

    for module, error in _ERRORS.items():
        setattr(package, module, SimpleNamespace(**{error: yaml.error.YAMLError}))
    try:
        import yaml._yaml
    except ImportError:
        pass
    finally:
        for module in _ERRORS:
            delattr(package, module)
