"""The arguments of a program: file names and options.

argparse reads them, but only where there is an option to read: it takes as long to import as a small check takes to
run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, NoReturn, TypeVar, cast

if TYPE_CHECKING:
    from argparse import ArgumentParser, _ActionsContainer

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")


class Option(Generic[T_co]):
    """An option whose value is a `T_co`; see `flag`, `choice`, `single` and `repeated`, which make them."""

    __slots__ = ("choices", "default", "help", "is_repeated", "metavar", "name", "read", "shown")

    def __init__(
        self,
        name: str,
        help: str,
        default: T_co,
        *,
        metavar: str = "",
        choices: tuple[str, ...] = (),
        read: Callable[[str], object] = str,
        is_repeated: bool = False,
        shown: Callable[[Options], str] | None = None,
    ) -> None:
        self.name = name
        """As it is typed: `--fix`."""
        self.help = help
        self.default = default
        """The value where the option is not given."""
        self.metavar = metavar
        """What stands for the value in `--help`; empty if the option takes none, or has choices."""
        self.choices = choices
        self.read = read
        """Makes a value of what is typed; raises ValueError, with a clause that says what is wrong, to reject it."""
        self.is_repeated = is_repeated
        """Whether it may be given several times; its value is then the sequence of all that were given."""
        self.shown = shown
        """Says, given all options, what is printed where the option is given, instead of checking anything."""


def flag(name: str, help: str, *, shown: Callable[[Options], str] | None = None) -> Option[bool]:
    """An option without a value."""
    return Option(name, help, False, shown=shown)


def choice(name: str, help: str, choices: tuple[str, ...]) -> Option[str]:
    """An option whose value is one of a few texts, the first of them by default."""
    return Option(name, help, choices[0], choices=choices)


def single(name: str, help: str, metavar: str, read: Callable[[str], T], default: D) -> Option[T | D]:
    """An option whose value `read` makes of what is typed."""
    option: Option[T | D] = Option(name, help, default, metavar=metavar, read=read)
    return option


def repeated(name: str, help: str, metavar: str, read: Callable[[str], T]) -> Option[Sequence[T]]:
    """An option that may be given several times, and by default is not."""
    option: Option[Sequence[T]] = Option(name, help, (), metavar=metavar, read=read, is_repeated=True)
    return option


class Options:
    """The values of options: `options[PINS]` has the type of the option `PINS`."""

    def __init__(self, values: Mapping[Option[Any], Any] | None = None, files: Sequence[str] = ()) -> None:
        """`values` are those of the options that are given; `files` are the arguments that are no options."""
        self._values = {option.name: given for option, given in (values or {}).items()}
        self.files = files
        self.notes: list[str] = []
        """Lines for stderr that checks add and that are no findings, such as what they could not judge."""

    def without(self, *options: Option[Any]) -> Options:
        """The same but for some options, which then have their default: a hook may have one of the same name."""
        values = {
            name: given for name, given in self._values.items() if name not in [option.name for option in options]
        }
        found = Options(files=self.files)
        found._values, found.notes = values, self.notes
        return found

    def __getitem__(self, option: Option[T]) -> T:
        return cast("T", self._values.get(option.name, option.default))


class Program(NamedTuple):
    """What a program says of itself."""

    name: str
    """As it is typed: `check-cargo-lock`, `dunnage check`."""
    version: str
    """What `--version` prints."""
    summary: str
    options: tuple[Option[Any], ...]
    groups: tuple[tuple[str, tuple[Option[Any], ...]], ...] = ()
    """More options, under headings of their own. An option that is in several groups is shown in the first."""
    epilog: str = ""
    """What stands at the end of `--help`."""
    metavar: str = "FILE"
    """What stands for the arguments that are no options; empty if there are none."""
    files: str = "files to check"
    """What they are."""


FIX = flag("--fix", "apply the safe fixes")
FORMATS = ("text", "github", "json", "sarif")
QUIET_FORMATS = ("text", "github")
"""Those in which nothing is written where nothing was found."""
OUTPUT_FORMAT = choice("--output-format", "how to print findings (default: text)", FORMATS)
OUTPUT_FILE = single(
    "--output-file",
    "also write findings to FILE, in the format that its ending means: .json, .sarif, .txt",
    "FILE",
    os.path.abspath,
    None,
)
OUTPUT_FILE_FORMAT = choice(
    "--output-file-format", "how to write them to FILE, whatever its ending (default: auto)", ("auto", *FORMATS)
)
IGNORE = repeated("--ignore", "report nothing of this rule; may be given several times", "RULE", str)
REQUIRED_VERSION = single(
    "--required-version", "refuse to run if this version is not in SPEC, such as '>=1.2'", "SPEC", str, None
)
FROM_REF = single("--from-ref", "check the files that differ from this commit, as --to-ref has them", "COMMIT", str, "")
TO_REF = single("--to-ref", "the commit to compare with --from-ref (default: HEAD)", "COMMIT", str, "")
"""Both are options of `dunnage check` alone, in place of the refs that pre-commit gives to hooks."""
COMMON = (OUTPUT_FORMAT, OUTPUT_FILE, OUTPUT_FILE_FORMAT, IGNORE, REQUIRED_VERSION)


def parse(argv: Sequence[str], program: Program) -> Options:
    """Read the arguments of a program. Raises SystemExit, as argparse does, after `--help`, `--version`, an option that
    prints something, or wrong usage.
    """
    if program.metavar and not any(argument.startswith("-") for argument in argv):
        return Options(files=list(argv))
    options = {
        option.name: option for group in (program.options, *(group for _, group in program.groups)) for option in group
    }
    parser = _parser(program)
    namespace, unknown = parser.parse_known_args(argv)
    given = vars(namespace)
    # argparse takes file names from one place only, and passes on those behind an option that follows.
    files = [*given.pop("files", ()), *(argument for argument in unknown if not argument.startswith("-"))]
    wrong = [argument for argument in unknown if argument.startswith("-")] or (files if not program.metavar else [])
    if wrong:
        parser.error(f"unrecognized arguments: {' '.join(wrong)}{nearest(wrong[0].partition('=')[0], options)}")
    values = Options({options[name]: found for name, found in given.items()}, files)
    for option in options.values():
        if option.shown and values[option]:
            sys.stdout.write(option.shown(values))
            raise SystemExit(0)
    return values


def knows_all(argv: Sequence[str], program: Program) -> bool:
    """Whether the arguments can be read without knowing other options than the program's, and ask for no help."""
    if any(argument in ("-h", "--help") for argument in argv):
        return False
    names = {option.name for option in program.options}
    return all(argument.partition("=")[0] in names for argument in argv if argument.startswith("-"))


def nearest(name: str, known: Iterable[str]) -> str:
    """Say, to follow a complaint about a name, which of the known names may be meant; empty if none is near."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, 1)
    return f"; did you mean {found[0]}?" if found else ""


def _parser(program: Program) -> ArgumentParser:
    from argparse import ArgumentParser, RawDescriptionHelpFormatter
    from functools import partial

    class Parser(ArgumentParser):
        def error(self, message: str) -> NoReturn:
            from dunnage.frame.output.printable import printable

            super().error(printable(message))

    parser = Parser(
        prog=program.name,
        # Where there are groups, nobody finds anything among the options on the first lines.
        usage=f"{program.name} [OPTION ...] [{program.metavar} ...]" if program.groups else None,
        description=program.summary,
        epilog=program.epilog,
        # To ask for the terminal's width takes argparse longer than anything else it does, help or no help.
        formatter_class=partial(RawDescriptionHelpFormatter, width=80),
        allow_abbrev=False,
    )
    if program.metavar:
        parser.add_argument("files", nargs="*", metavar=program.metavar, help=program.files)
    seen: set[str] = set()
    _add(parser, program.options, seen)
    parser.add_argument("--version", action="version", version=program.version)
    for title, options in program.groups:
        _add(parser.add_argument_group(title), options, seen)
    return parser


def _add(parser: _ActionsContainer, options: Iterable[Option[Any]], seen: set[str]) -> None:
    """Add the options that are not in `seen`, to which they are added too."""
    from argparse import SUPPRESS

    for option in options:
        if option.name in seen:
            continue
        seen.add(option.name)
        # Under the name as it is typed there are only the values that are given.
        add: dict[str, Any] = {"dest": option.name, "default": SUPPRESS, "help": option.help.replace("%", "%%")}
        if option.choices:
            parser.add_argument(option.name, choices=option.choices, **add)
        elif option.metavar:
            action = "append" if option.is_repeated else "store"
            parser.add_argument(option.name, metavar=option.metavar, action=action, type=_reader(option.read), **add)
        else:
            parser.add_argument(option.name, action="store_true", **add)


def _reader(read: Callable[[str], object]) -> Callable[[str], object]:
    """Have argparse print what is wrong with a value."""
    from argparse import ArgumentTypeError

    def reader(text: str) -> object:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return reader
