"""The arguments of a program: file names and options. `dunnage.frame.arguments` parses them if there is an option."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")


class WrongUsage(Exception):
    """The arguments are wrong; the message says why, in one line."""


class Option(Generic[T_co]):
    """An option whose value is a `T_co`. `flag`, `choice`, `single` and `repeated` create options."""

    __slots__ = ("choices", "default", "help", "is_repeated", "metavar", "name", "read", "variants")

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
        variants: "Mapping[str, Option[T_co]] | None" = None,
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
        self.variants = variants or {}
        """The option as single hooks have it, by their names: with fewer values than `dunnage check` accepts."""

    def of(self, hook: str) -> "Option[T_co]":
        """The option as a hook has it when it runs alone."""
        return self.variants.get(hook, self)


def flag(name: str, help: str) -> Option[bool]:
    """An option without a value."""
    return Option(name, help, False)


def choice(name: str, help: str, choices: tuple[str, ...]) -> Option[str]:
    """An option whose value is one of `choices`; the first is the default."""
    return Option(name, help, choices[0], choices=choices)


def single(name: str, help: str, metavar: str, read: Callable[[str], T], default: D) -> Option[T | D]:
    """An option whose argument `read` converts to its value."""
    option: Option[T | D] = Option(name, help, default, metavar=metavar, read=read)
    return option


def repeated(
    name: str,
    help: str,
    metavar: str,
    read: Callable[[str], T],
    variants: Mapping[str, Option[Sequence[T]]] | None = None,
) -> Option[Sequence[T]]:
    """An option that may be given several times; its value is empty by default."""
    option: Option[Sequence[T]] = Option(
        name, help, (), metavar=metavar, read=read, is_repeated=True, variants=variants
    )
    return option


class Options:
    """The values of options: `options[PINS]` has the type of the option `PINS`."""

    def __init__(self, values: Mapping[Option[Any], Any] | None = None, files: Sequence[str] = ()) -> None:
        """`values` holds the given options only; `files` are the arguments that are not options."""
        self._values = {option.name: given for option, given in (values or {}).items()}
        self.files = files
        self.notes: list[str] = []
        """Lines for stderr that are not findings, such as what a check could not judge. Checks add them."""

    @property
    def names(self) -> frozenset[str]:
        """The names of the given options."""
        return frozenset(self._values)

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


def output_options(
    content: str, formats: tuple[str, ...], extensions: str
) -> tuple[Option[str], Option[str | None], Option[str]]:
    """`--output-format`, `--output-file` and `--output-file-format` of a program that prints `content`."""
    file = single(
        "--output-file",
        f"also write {content} to FILE; its extension selects the format: {extensions}",
        "FILE",
        os.path.abspath,
        None,
    )
    return (
        choice("--output-format", f"how to print {content} (default: text)", formats),
        file,
        choice("--output-file-format", "the format of FILE (default: auto, by its extension)", ("auto", *formats)),
    )


FIX = flag("--fix", "apply the safe fixes")
FORMATS = ("text", "github", "json", "sarif")
QUIET_FORMATS = ("text", "github")
"""The formats in which a run without findings prints nothing."""
OUTPUT_FORMAT, OUTPUT_FILE, OUTPUT_FILE_FORMAT = output_options("findings", FORMATS, ".json, .sarif or .txt")
IGNORE = repeated("--ignore", "do not report this rule (repeatable)", "RULE", str)
REQUIRED_VERSION = single(
    "--required-version", "fail unless the version of dunnage satisfies SPEC, such as '>=1.2'", "SPEC", str, None
)
FROM_REF = single("--from-ref", "check the files that changed since the common ancestor with COMMIT", "COMMIT", str, "")
TO_REF = single("--to-ref", "with --from-ref: the end of the changes (default: HEAD)", "COMMIT", str, "")
"""Both are options of `dunnage check` only, in place of the refs that pre-commit gives to hooks."""
PINS = single(
    "--pins", "a TOML file with lists of pins, which take precedence over Cargo.toml", "FILE", os.path.abspath, None
)
"""The option of all hooks that read a list of pins."""
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
