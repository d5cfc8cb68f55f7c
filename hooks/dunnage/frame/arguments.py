"""Parsing the arguments of a program with argparse.

This is imported only if there is an option: importing argparse takes as long as a small check.
"""

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter, _ActionsContainer
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

from dunnage import __version__
from dunnage.frame.options import Option, Options, WrongUsage


class Program(NamedTuple):
    """The description of a program for `--help`."""

    name: str
    """As it is typed: `check-cargo-lock`, `dunnage check`."""
    summary: str
    options: tuple[Option[Any], ...]
    groups: tuple[tuple[str, tuple[Option[Any], ...]], ...] = ()
    """More options, under headings of their own. An option in several groups is shown in the first."""
    epilog: str = ""
    """The end of `--help`."""
    metavar: str = "FILE"
    """The name of the arguments that are not options; empty if there are none."""
    files: str = "files to check"
    """Their description."""
    prints: tuple[tuple[Option[Any], Callable[[Options], str]], ...] = ()
    """Options with which the program prints what a function returns for all options, instead of checking anything."""


def parse(argv: Sequence[str], program: Program) -> Options:
    """Parse the arguments of a program.

    Raises WrongUsage, and SystemExit after `--help`, `--version` or an option that prints something.
    """
    options = {
        option.name: option for group in (program.options, *(group for _, group in program.groups)) for option in group
    }
    parser = _parser(program)
    for argument in argv[: argv.index("--")] if "--" in argv else argv:
        name, _, value = argument.partition("=")
        if name.startswith("-") and value == "--":  # argparse would drop the value, and store a list without any
            parser.error(f"argument {name}: expected one argument")
    namespace, unknown = parser.parse_known_args(argv)
    given = vars(namespace)
    # argparse accepts file names in one place only. It returns those after a later option as unknown.
    files = [*given.pop("files", ()), *(argument for argument in unknown if not argument.startswith("-"))]
    wrong = [argument for argument in unknown if argument.startswith("-")] or (files if not program.metavar else [])
    if wrong:
        parser.error(f"unrecognized arguments: {' '.join(wrong)}{nearest(wrong[0].partition('=')[0], options)}")
    values = Options({options[name]: found for name, found in given.items()}, files)
    texts = [text(values) for option, text in program.prints if values[option]]
    if texts:
        from dunnage.frame.output.delivery import show

        show("".join(dict.fromkeys(texts)))
        raise SystemExit(0)
    return values


def knows_all(argv: Sequence[str], program: Program) -> bool:
    """Whether the options of the program are enough to parse the arguments, which do not include `--help`."""
    if any(argument in ("-h", "--help") for argument in argv):
        return False
    names = {option.name for option in program.options}
    return all(argument.partition("=")[0] in names for argument in argv if argument.startswith("-"))


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a complaint about an unknown name: the known name that may be meant. Empty if none is similar."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, 1)
    return f"; did you mean {found[0]}?" if found else ""


def _parser(program: Program) -> ArgumentParser:
    class Parser(ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise WrongUsage(message)

    parser = Parser(
        prog=program.name,
        # With groups there are too many options to list in the usage line.
        usage=f"{program.name} [OPTION ...] [{program.metavar} ...]" if program.groups else None,
        description=program.summary,
        epilog=program.epilog,
        # A fixed width, because argparse takes longest to ask for the width of the terminal, even without --help.
        formatter_class=partial(RawDescriptionHelpFormatter, width=80),
        allow_abbrev=False,
    )
    if program.metavar:
        parser.add_argument("files", nargs="*", metavar=program.metavar, help=program.files)
    seen: set[str] = set()
    _add(parser, program.options, seen)
    parser.add_argument("--version", action="version", version=f"{program.name.partition(' ')[0]} {__version__}")
    for title, options in program.groups:
        _add(parser.add_argument_group(title), options, seen)
    return parser


def _add(parser: _ActionsContainer, options: Iterable[Option[Any]], seen: set[str]) -> None:
    """Add the options that are not in `seen`, and add their names to it."""
    for option in options:
        if option.name in seen:
            continue
        seen.add(option.name)
        # The namespace holds only given values, each under the name of its option.
        add: dict[str, Any] = {"dest": option.name, "default": SUPPRESS, "help": option.help.replace("%", "%%")}
        if option.choices:
            parser.add_argument(option.name, choices=option.choices, **add)
        elif option.metavar:
            action = "append" if option.is_repeated else "store"
            parser.add_argument(option.name, metavar=option.metavar, action=action, type=_reader(option.read), **add)
        else:
            parser.add_argument(option.name, action="store_true", **add)


def _reader(read: Callable[[str], object]) -> Callable[[str], object]:
    """Let argparse print the message of a ValueError."""

    def reader(text: str) -> object:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return reader
