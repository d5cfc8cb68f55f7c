"""The commands of a shell program, without their wrappers. A program is read once, however many hooks look at it."""

from collections.abc import Callable, Collection, Iterator
from itertools import pairwise

from dunnage.files.source import File
from dunnage.shell.bounds import MOST_PROGRAM_BYTES, Budget
from dunnage.shell.model import OPTION_VARIABLES, Command, Script, mentions
from dunnage.shell.nested import Surroundings, unwrap
from dunnage.shell.offsets import Segment, locate
from dunnage.shell.programs import program_of
from dunnage.shell.scope import Scope
from dunnage.shell.walk import ProgramWalk


def commands(file: File, script: Script, mention: Collection[str] | None = None) -> Iterator[Command]:
    """Yield every command of a program in the order of the file.

    If `mention` is given, a program that contains none of those names is skipped. Text that cannot be parsed is
    skipped. A program is read once, however often this function is called.
    """
    if mention is not None and not mentions(script, mention):
        return
    if len(script.text) <= MOST_PROGRAM_BYTES:
        yield from file.memo(_Programs).commands(file, script)
    else:
        message = f"this program has more than {MOST_PROGRAM_BYTES:,} characters, the limit for shell programs"
        file.note_unread("input/too-large", message, locate(script.offsets, 0, 1))


def see_through(file: File, command: Command) -> Iterator[Command]:
    """Yield the command that one without a shell, such as one in a JSON array, runs, unless the file has too many."""
    if file.memo(_Programs).affords(file, command):
        yield unwrap(command, ())[0]


def end_of_reading(file: File) -> tuple[Segment, ...] | None:
    """The place of the last program that a hook reads if the file has too many commands; None if more may be read."""
    return file.memo(_Programs).end(file)


class _Reading:
    """The commands of a program, and what reading them has cost and noted."""

    def __init__(self, file: File, script: Script, budget: Budget) -> None:
        self._before, units = budget.left, budget.units
        view = file.view()
        self._commands = _read(view, script, budget)
        self._noted = view.unread
        self._after, self._units = budget.left, budget.units - units
        self._is_whole = budget.may_read
        file.parsed.add(self._before[0] - self._after[0])

    def repeat(self, budget: Budget) -> bool:
        """Whether another hook with this budget, which is spent, reads the same commands."""
        return self._is_whole and budget.spend(self._before, self._after, self._units)

    def commands(self, file: File) -> list[Command]:
        """Return the commands, and note in the file of a hook what they do not include."""
        for rule, (message, span) in self._noted.items():
            file.note_unread(rule, message, span)
        return self._commands


class _Hook:
    """What one hook reads of a file. It has one budget for all programs, so other hooks do not change its result."""

    def __init__(self, file: File) -> None:
        self.budget = Budget(file)
        self.readings: dict[tuple[object, ...], _Reading] = {}
        self.places: set[int] = set()
        """The numbers of the offsets of these programs."""
        self.last: tuple[Segment, ...] = ()
        """The offsets of the last of them in the file."""


class _Numbers:
    """Numbers of objects: equal ones have one number.

    Many programs of a file share one object, which may be large. Each is compared once, and kept with its identity.
    """

    def __init__(self) -> None:
        self._by_identity: dict[int, tuple[object, int]] = {}
        self._by_value: dict[object, int] = {}

    def of(self, shared: object, value: Callable[[], object]) -> int:
        """The number of an object, which is equal to another if the `value` of both is."""
        if id(shared) not in self._by_identity:
            number = self._by_value.setdefault(value(), len(self._by_value))
            self._by_identity[id(shared)] = shared, number
        return self._by_identity[id(shared)][1]


class _Programs:
    """The programs of a file that have been read."""

    def __init__(self, _file: File) -> None:
        self._readings: dict[tuple[object, ...], _Reading] = {}
        # Each hook has its own view of the file.
        self._hooks: dict[File, _Hook] = {}
        self._variables = _Numbers()
        self._offsets = _Numbers()

    def end(self, file: File) -> tuple[Segment, ...] | None:
        hook = self._hooks.get(file)
        return hook.last or None if hook is not None and not hook.budget.may_read else None

    def _hook(self, file: File) -> _Hook:
        if file not in self._hooks:
            self._hooks[file] = _Hook(file)
        return self._hooks[file]

    def affords(self, file: File, command: Command) -> bool:
        """Whether a hook may read a command without a shell, which costs time once."""
        hook = self._hook(file)
        place = self._offsets.of(command.words, lambda: command.offsets)
        if place not in hook.places:
            if not hook.budget.may_read or not hook.budget.afford_command(len(command.words)):
                hook.budget.note_end(file, command.words[0].span)
                return False
            hook.places.add(place)
            hook.last = max(hook.last, command.offsets)
        return True

    def commands(self, file: File, script: Script) -> list[Command]:
        hook = self._hook(file)
        place = self._offsets.of(script.offsets, lambda: script.offsets)
        if not hook.budget.may_read and place not in hook.places:
            # A file may have tens of thousands of programs after those that are read.
            if "input/too-large" not in file.unread:
                hook.budget.note_end(file, locate(script.offsets, 0, 1))
            return []
        variables = self._variables.of(script.variables, lambda: frozenset(script.variables.items()))
        # Equal scripts are one program.
        key = (script.text, place, script.place, script.expressions, variables)
        if key not in hook.readings:
            if not hook.budget.may_read:
                hook.budget.note_end(file, locate(script.offsets, 0, 1))
                return []
            found = self._readings.get(key)
            if found is None or not found.repeat(hook.budget):
                found = _Reading(file, script, hook.budget)
            self._readings.setdefault(key, found)
            hook.readings[key] = found
            hook.places.add(place)
            hook.last = max(hook.last, script.offsets)
        return hook.readings[key].commands(file)


def _read(file: File, script: Script, budget: Budget) -> list[Command]:
    options = tuple(name for name in OPTION_VARIABLES if name in script.text or name in script.variables)
    walk = ProgramWalk(file, script.place, program_of(script), Scope(script.variables, budget, options=options))
    walk.whole(Surroundings())
    found = walk.found
    if any(later.words[0].span < earlier.words[0].span for earlier, later in pairwise(found)):
        return sorted(found, key=lambda command: command.words[0].span)
    return found
