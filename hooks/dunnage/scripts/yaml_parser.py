"""PyYAML's parser, loaded without the rest of PyYAML.

`import yaml` also loads constructors and representers, which takes longer than parsing a file. This module puts the
package into `sys.modules` with only the parts that the parser needs; the package completes itself when another
attribute is accessed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    from yaml.events import Event

    class _Parser(Protocol):
        """The interface of PyYAML's parsers."""

        def get_event(self) -> Event | None: ...


# The modules of which PyYAML's compiled module imports an error, such as ReaderError, but does not use it for parsing.
_WITH_ERRORS = ("reader", "scanner", "parser", "composer", "constructor", "emitter", "serializer", "representer")


class NotYaml(Exception):
    """The text is not YAML, or is nested deeper than the parser allows."""

    def __init__(self, at: int | None, *, is_too_deep: bool = False) -> None:
        """`at` is the position of what the parser rejects, if it says so."""
        super().__init__(at, is_too_deep)
        self.at = at
        self.is_too_deep = is_too_deep


def events(data: bytes) -> Iterator[Event]:
    """The events of YAML in UTF-8; positions count characters, without a byte order mark.

    The parser is libyaml, or the slower one of PyYAML if it was built without libyaml. Raises NotYaml.
    """
    _import_package()
    return _events(data)


def _events(data: bytes) -> Iterator[Event]:
    from yaml.error import MarkedYAMLError, YAMLError

    try:
        yield from iter(_parser(data).get_event, None)
    except MarkedYAMLError as error:
        # libyaml 0.2.6 and later reads ahead, and rejects 1,000 levels before the events of the outer ones.
        is_too_deep = error.problem == "exceeded maximum nesting depth"
        mark = error.problem_mark
        raise NotYaml(None if mark is None else mark.index, is_too_deep=is_too_deep) from None
    except (YAMLError, ValueError):  # ValueError: an escape of an invalid code point
        raise NotYaml(None) from None


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
            # Reject a lone surrogate, as libyaml does.
            getattr(event, "value", "").encode("utf-8")
            return event

    return PythonParser


def _import_package() -> None:
    if "yaml" in sys.modules:
        return
    specs = (finder.find_spec("yaml", None) for finder in sys.meta_path)
    spec = next((found for found in specs if found is not None), None)
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

    for module in _WITH_ERRORS:
        setattr(package, module, SimpleNamespace(**{f"{module.title()}Error": yaml.error.MarkedYAMLError}))
    try:
        import yaml._yaml
    except ImportError:
        pass
    finally:
        for module in _WITH_ERRORS:
            delattr(package, module)
