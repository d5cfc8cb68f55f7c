"""The arguments of a program: file names and options.

argparse parses them, but it is imported only if there is an option: importing it takes as long as a small check.
"""

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
    """An option whose value is a `T_co`. `flag`, `choice`, `single` and `repeated` create options."""

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
        shown: "Callable[[Options], str] | None" = None,
    ) -> None:
        self.name = name
        """As it is typed: `--fix`."""
        self.help = help
        self.default = default
        """The value if the option is not given."""
        self.metavar = metavar
        """The name of the value in `--help`; empty if the option has no value, or has choices."""
        self.choices = choices
        self.read = read
        """Converts the argument to the value. Raises ValueError, with a clause that says what is wrong."""
        self.is_repeated = is_repeated
        """Whether it may be given several times; its value is then a sequence."""
        self.shown = shown
        """If set, the program prints what this returns for all options, instead of checking anything."""


def flag(name: str, help: str, *, shown: "Callable[[Options], str] | None" = None) -> Option[bool]:
    """An option without a value."""
    return Option(name, help, False, shown=shown)


def choice(name: str, help: str, choices: tuple[str, ...]) -> Option[str]:
    """An option whose value is one of `choices`; the first is the default."""
    return Option(name, help, choices[0], choices=choices)


def single(name: str, help: str, metavar: str, read: Callable[[str], T], default: D) -> Option[T | D]:
    """An option whose argument `read` converts to its value."""
    option: Option[T | D] = Option(name, help, default, metavar=metavar, read=read)
    return option


def repeated(name: str, help: str, metavar: str, read: Callable[[str], T]) -> Option[Sequence[T]]:
    """An option that may be given several times; its value is empty by default."""
    option: Option[Sequence[T]] = Option(name, help, (), metavar=metavar, read=read, is_repeated=True)
    return option


class Options:
    """The values of options: `options[PINS]` has the type of the option `PINS`."""

    def __init__(self, values: Mapping[Option[Any], Any] | None = None, files: Sequence[str] = ()) -> None:
        """`values` holds the given options only; `files` are the arguments that are not options."""
        self._values = {option.name: given for option, given in (values or {}).items()}
        self.files = files
        self.notes: list[str] = []
        """Lines for stderr that are not findings, such as what a check could not judge. Checks add them."""

    def without(self, *options: Option[Any]) -> "Options":
        """The same but for some options, which then have their default: a hook may have one of the same name."""
        values = {
            name: given for name, given in self._values.items() if name not in [option.name for option in options]
        }
        found = Options(files=self.files)
        found._values, found.notes = values, self.notes
        return found

    def __getitem__(self, option: Option[T]) -> T:
        return cast("T", self._values.get(option.name, option.default))

    @property
    def wants_fixes(self) -> bool:
        """Whether the run applies fixes or may print them. If not, a hook need not compute any."""
        return self[FIX] or self[OUTPUT_FORMAT] not in QUIET_FORMATS or self[OUTPUT_FILE] is not None


class Program(NamedTuple):
    """The description of a program for `--help`."""

    name: str
    """As it is typed: `check-cargo-lock`, `dunnage check`."""
    version: str
    """What `--version` prints."""
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


FIX = flag("--fix", "apply the safe fixes")
FORMATS = ("text", "github", "json", "sarif")
QUIET_FORMATS = ("text", "github")
"""The formats in which a run without findings prints nothing."""
OUTPUT_FORMAT = choice("--output-format", "how to print findings (default: text)", FORMATS)
OUTPUT_FILE = single(
    "--output-file",
    "also write findings to FILE; its extension selects the format: .json, .sarif or .txt",
    "FILE",
    os.path.abspath,
    None,
)
OUTPUT_FILE_FORMAT = choice(
    "--output-file-format", "the format of FILE (default: auto, by its extension)", ("auto", *FORMATS)
)
IGNORE = repeated("--ignore", "do not report this rule (repeatable)", "RULE", str)
REQUIRED_VERSION = single(
    "--required-version", "fail unless the version of dunnage satisfies SPEC, such as '>=1.2'", "SPEC", str, None
)
FROM_REF = single("--from-ref", "check the files that changed since the common ancestor with COMMIT", "COMMIT", str, "")
TO_REF = single("--to-ref", "with --from-ref: the end of the changes (default: HEAD)", "COMMIT", str, "")
"""Both are options of `dunnage check` only, in place of the refs that pre-commit gives to hooks."""
COMMON = (OUTPUT_FORMAT, OUTPUT_FILE, OUTPUT_FILE_FORMAT, IGNORE, REQUIRED_VERSION)


def plain(argv: Sequence[str]) -> list[str]:
    """The arguments with no file name that could be taken for an option: `--fix`, if it is a file, becomes `./--fix`.

    What follows `--` is a file. Before it, and where there is none, an argument is a file if it begins with `-` and a
    file of that name exists; if it is there twice, the last is the file and those before are options.
    """
    head, tail = list(argv), list[str]()
    if "--" in argv:
        at = head.index("--")
        head, tail = head[:at], head[at + 1 :]
    else:
        for at in {argument: at for at, argument in enumerate(head)}.values():
            if head[at].startswith("-") and os.path.lexists(head[at]):
                head[at] = _as_path(head[at])
    return [*head, *map(_as_path, tail)]


def _as_path(name: str) -> str:
    return f"./{name}" if name.startswith("-") else name


def parse(argv: Sequence[str], program: Program) -> Options:
    """Parse the arguments of a program.

    Raises SystemExit, as argparse does, after `--help`, `--version`, an option that prints something, or wrong usage.
    """
    if program.metavar and not any(argument.startswith("-") for argument in argv):
        return Options(files=list(argv))
    options = {
        option.name: option for group in (program.options, *(group for _, group in program.groups)) for option in group
    }
    parser = _parser(program)
    namespace, unknown = parser.parse_known_args(argv)
    given = vars(namespace)
    # argparse accepts file names in one place only. It returns those after a later option as unknown.
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


def _parser(program: Program) -> "ArgumentParser":
    from argparse import ArgumentParser, RawDescriptionHelpFormatter
    from functools import partial

    class Parser(ArgumentParser):
        def error(self, message: str) -> NoReturn:
            from dunnage.frame.output.printable import printable

            super().error(printable(message))

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
    parser.add_argument("--version", action="version", version=program.version)
    for title, options in program.groups:
        _add(parser.add_argument_group(title), options, seen)
    return parser


def _add(parser: "_ActionsContainer", options: Iterable[Option[Any]], seen: set[str]) -> None:
    """Add the options that are not in `seen`, and add their names to it."""
    from argparse import SUPPRESS

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
    from argparse import ArgumentTypeError

    def reader(text: str) -> object:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return reader
