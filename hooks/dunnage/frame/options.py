"""The arguments of a hook: file names, the options that all hooks have, and its own.

argparse reads them, but only where there is an option to read: it takes as long to import as a small check takes to
run.
"""

import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Option(NamedTuple):
    """An option. One that is not given is False if it takes no value, an empty list if it may be repeated, and
    otherwise the first of its choices or its default.
    """

    name: str
    """As it is typed: `--fix`."""
    help: str
    metavar: str = ""
    """What stands for the value in `--help`; empty if the option takes none, or has choices."""
    choices: tuple[str, ...] = ()
    """The values that it may have."""
    default: Any = None
    """The value if it is not given."""
    read: Callable[[str], Any] = str
    """Makes a value of what is typed; raises ValueError, with a clause that says what is wrong with it, to refuse."""
    repeated: bool = False
    """Whether it may be given several times; then its value is the list of all."""
    shown: "Callable[[Options], str] | None" = None
    """Says, given all options, what is printed where it is given, instead of checking anything."""


class Options(SimpleNamespace):
    """The values of all options by name, `-` written as `_`, and the file names as `files`."""


FIX = Option("--fix", "write what can be fixed without a guess")
COMMON = (
    Option("--output-format", "how to print findings (default: text)", choices=("text", "json")),
    Option("--required-version", "refuse to run if this version is not in SPEC, such as '>=1.2'", "SPEC"),
)


def parse(
    argv: Sequence[str], options: Sequence[Option], prog: str, description: str, epilog: str, version: str
) -> Options:
    """Read the arguments of a program. Raises SystemExit, as argparse does, after `--help`, `--version`, an option that
    prints something, or wrong usage.
    """
    values = Options(**{_key(option): _default(option) for option in options})
    if not any(argument.startswith("-") for argument in argv):
        values.files = list(argv)
        return values
    _parser(options, prog, description, epilog, version).parse_args(argv, values)
    for option in options:
        if option.shown and getattr(values, _key(option)):
            sys.stdout.write(option.shown(values))
            raise SystemExit(0)
    return values


def _parser(options: Sequence[Option], prog: str, description: str, epilog: str, version: str) -> "ArgumentParser":
    from argparse import ArgumentParser, RawDescriptionHelpFormatter
    from functools import partial

    parser = ArgumentParser(
        prog=prog,
        description=description,
        epilog=epilog,
        # To ask for the terminal's width takes argparse longer than anything else it does, help or no help.
        formatter_class=partial(RawDescriptionHelpFormatter, width=80),
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="files to check")
    for option in options:
        if option.choices:
            parser.add_argument(option.name, choices=option.choices, default=_default(option), help=option.help)
        elif option.metavar:
            parser.add_argument(
                option.name,
                metavar=option.metavar,
                action="append" if option.repeated else "store",
                type=_reader(option.read),
                help=option.help,
            )
        else:
            parser.add_argument(option.name, action="store_true", help=option.help)
    parser.add_argument("--version", action="version", version=version)
    return parser


def _key(option: Option) -> str:
    return option.name.removeprefix("--").replace("-", "_")


def _default(option: Option) -> Any:
    if option.choices:
        return option.choices[0]
    if option.repeated:
        return []
    return option.default if option.metavar else False


def _reader(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Have argparse print what is wrong with a value."""
    from argparse import ArgumentTypeError

    def reader(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return reader
