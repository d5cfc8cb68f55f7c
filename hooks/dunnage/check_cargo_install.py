"""Dockerfiles, CI and scripts install tools in exact versions, and build them with the Cargo.lock of each tool.

A version that the file does not contain, such as a variable set elsewhere, is accepted unless --deny-unknown is given.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from dunnage.cargo_cli import actions, command_line, installers, tools
from dunnage.cargo_cli.command_line import UNKNOWN, Aliases, Arguments, CargoCall, Invocation, OptionValue, cargo_call
from dunnage.cargo_cli.tools import TOOLS, Pin, pin
from dunnage.files.pin_lists import PinLists
from dunnage.files.source import File, Tree
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Rule, distinct, findings, with_advice
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import PINS, Options, flag
from dunnage.scripts import commands
from dunnage.scripts.comments import comments
from dunnage.shell.model import Command, Word
from dunnage.shell.offsets import is_literal, locate

if TYPE_CHECKING:
    from dunnage.scripts.github import Action, Input

UNPINNED = Rule(
    "cargo-install/unpinned",
    "a tool has no exact version, or not the one that the list of tools requires",
    is_fixable=True,
)
UNLOCKED = Rule(
    "cargo-install/unlocked", "a tool is built without --locked, so it uses the latest dependencies", is_fixable=True
)
MOVING_GIT = Rule("cargo-install/moving-git", "a tool is built from git without the full hash of a commit")
UNPINNED_ACTION = Rule(
    "cargo-install/unpinned-action", "an action installs a tool without an exact version", is_fixable=True
)
PIPED_INSTALLER = Rule(
    "cargo-install/piped-installer", "an installer script runs straight from a URL whose content can change"
)

DENY_UNKNOWN = flag(
    "--deny-unknown", "also report versions and options from variables that the checked file does not set"
)

_RULES = (UNPINNED, UNLOCKED, MOVING_GIT, UNPINNED_ACTION, PIPED_INSTALLER)
_HINTS = (*installers.COMMAND_HINTS, *actions.HINTS)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every tool that the named files install."""
    pins = PinLists(tree, TOOLS, options[PINS])
    aliases = Aliases(tree)
    for file in commands.files(tree, names, _HINTS):
        context = _Context(file, tree, pins, options[DENY_UNKNOWN])
        # A command with a variable that may stand for several words is yielded once for each of its values.
        found = distinct(chain(_check_commands(context, aliases), _check_actions(context)))
        first = next(found, None)
        if first is not None:
            every = chain((first,), found)
            # A repository with a list of tools wants exact versions.
            yield from every if any(pins.of(file)) else with_advice(every, _advice)
    yield from findings(pins.problems, _RULES)


def _advice(finding: Finding) -> str:
    if finding.rule not in (UNPINNED, UNPINNED_ACTION) or "is rejected" in finding.message:
        return ""
    return f"to accept this everywhere: pass `--ignore {finding.rule.id}`"


class _Context:
    """The file that is checked, and the options that apply to it."""

    def __init__(self, file: File, tree: Tree, pins: PinLists[Pin], deny_unknown: bool) -> None:
        self.file = file
        self.tree = tree
        self._pins = pins
        self.deny_unknown = deny_unknown

    def pin(self, *names: str) -> Pin | None:
        """Return the required version of a tool with one of these names."""
        return next((found for name in names if (found := pin(self._pins, self.file, name))), None)

    def finding(self, rule: Rule, span: Span, message: str, help: str, fix: Fix | None = None) -> Finding:
        """Return a finding in the file."""
        return Finding(rule, self.file.path, span, message, help, fix)


# Commands


def _check_commands(context: _Context, aliases: Aliases) -> Iterator[Finding]:
    alias = aliases.of(context.file)
    found = list(commands.commands(context.file, installers.COMMAND_HINTS))
    for command in found:
        call = cargo_call(command, alias)
        if call is not None and call.program != "cross":
            yield from _check_call(context, call)
    for word, url in installers.piped(found):
        message = f"this installer script {installers.moving(url)}: `{url}`"
        yield context.finding(PIPED_INSTALLER, word.span, message, installers.help(url))
    if any(name.encode() in context.file.data for name in installers.PACKAGE_HINTS):
        for command in found:
            yield from _check_packages(context, command)


def _check_packages(context: _Context, command: Command) -> Iterator[Finding]:
    """Check the WebAssembly tools that a command installs from npm or PyPI."""
    from dunnage.cargo_cli.package_managers import packages

    for package in packages(command, context.tree, context.file):
        name, version = package.name, package.version
        pin = context.pin(name, name.rpartition("/")[2])
        if version is None:
            message = f"{name} has no version: every run installs the latest release"
        elif UNKNOWN in version:
            if not context.deny_unknown:
                continue
            message = f"the version of {name} is unknown: this file does not contain it"
        elif package.problem:
            message = f"{name} has no exact version: `{version}` {package.problem}"
        elif pin and not _is_pinned(version, pin):
            message = f"{name} has version {version}, but {pin.path} requires {pin.version}"
        else:
            continue
        span = command.words[package.at].span
        if pin is None:
            help = f"write `{name}{package.separator}1.2.3`, with the version that you reviewed"
            yield context.finding(UNPINNED, span, message, help)
            continue
        pinned = f"{name}{package.separator}{pin.version}"
        call = CargoCall(command, "", [], [*range(len(command.words))])
        fix = _replacement(context, call, package.at, package.written, pinned, f"pinned {name} to {pin.version}")
        yield context.finding(UNPINNED, span, message, f"write `{pinned}`, the version in {pin.path}", fix)


def _check_call(context: _Context, call: CargoCall) -> Iterator[Finding]:
    invocation = command_line.invocation(call.words)
    if invocation is None or invocation.name not in ("install", "binstall"):
        return
    arguments = command_line.install_arguments(call.words, invocation)
    if arguments is None:
        return
    by_path = arguments.last("--path") or arguments.last("--manifest-path")
    git = arguments.last("--git")
    if invocation.name == "binstall" and not arguments.operands and "xargs" not in call.command.inside:
        return
    if git is not None:
        yield from _check_git(context, call, arguments, git)
    elif by_path is None:
        yield from _check_operands(context, call, arguments, invocation.name)
    is_locked = invocation.is_locked and invocation.name == "install"
    if not is_locked and arguments.flags.isdisjoint(command_line.LOCKING) and _may_compile(call, invocation, arguments):
        yield from _unlocked(context, call, invocation, arguments, by_path is not None)


def _may_compile(call: CargoCall, invocation: Invocation, arguments: Arguments) -> bool:
    if invocation.name != "binstall":
        return True
    environment = {
        name: values[0] if values and len(values) == 1 else None for name, values in call.command.environment
    }
    return command_line.may_compile(arguments, environment)


def _unlocked(
    context: _Context, call: CargoCall, invocation: Invocation, arguments: Arguments, by_path: bool
) -> Iterator[Finding]:
    unknown = _possible_options(call, arguments)
    word = call.word(invocation.subcommand)
    tool = call.program if call.program == "cargo-binstall" else f"cargo {invocation.name}"
    if unknown:
        if context.deny_unknown:
            message = f"`{tool}` may run without `--locked`: the value of `{_text(unknown[0])}` is unknown"
            yield context.finding(UNLOCKED, unknown[0].span, message, f"write `{tool} --locked`")
        return
    if by_path or not (arguments.operands or arguments.last("--git") or "xargs" in call.command.inside):
        message = f"`{tool}` runs without `--locked`, so it may not use the committed Cargo.lock"
    elif invocation.name == "binstall":
        message = f"`{tool}` runs without `--locked`, so tools without a prebuilt binary get the latest dependencies"
    else:
        message = (
            f"`{tool}` runs without `--locked`, so it ignores the tool's Cargo.lock and uses the latest dependencies"
        )
    if not call.is_written(invocation.subcommand) and call.program != "cargo-binstall":
        help = f"add `--locked` to the alias `{word.text}` in .cargo/config.toml"
        yield context.finding(UNLOCKED, word.span, message, help)
        return
    edit = call.insertion(context.file.path, invocation.subcommand)
    fix = edit and Fix("inserted --locked", (edit,))
    yield context.finding(UNLOCKED, word.span, message, f"write `{tool} --locked`", fix)


def _possible_options(call: CargoCall, arguments: Arguments) -> list[Word]:
    """Return the unknown words that may be options."""
    unknown = [call.word(index) for index in arguments.operands if call.words[index] is None]
    words = [word for word in unknown if word.splits]
    is_alone = len(arguments.operands) == 1 and not {"--git", "--path"} & arguments.options.keys()
    # A single word must be the crate, unless it is an array or all the arguments of a function.
    return [] if is_alone and words and not any(mark in words[0].text for mark in "@*[") else words


def _check_operands(context: _Context, call: CargoCall, arguments: Arguments, parser: str) -> Iterator[Finding]:
    """Check the version of each crate that a command installs from a registry."""
    possible = _possible_options(call, arguments)
    for index in arguments.operands:
        word = call.word(index)
        for crate in call.values(index):
            if crate is not None and crate != UNKNOWN:
                yield from _check_crate(context, call, _Operands(arguments, possible, parser), index, crate)
            elif context.deny_unknown and word not in possible:
                message = f"the tool and its version are unknown: they come from `{_text(word)}`"
                yield context.finding(UNPINNED, word.span, message, "write `NAME@1.2.3`")


class _Operands(NamedTuple):
    """What is the same for all crates that a command installs."""

    arguments: Arguments
    possible: list[Word]
    """The unknown words that may be options."""
    parser: str


def _check_crate(context: _Context, call: CargoCall, operands: _Operands, index: int, crate: str) -> Iterator[Finding]:
    arguments, possible, parser = operands
    name, version = tools.split(crate)
    if not tools.is_crate_name(name):
        return
    if version is not None:
        yield from _check_version(context, call, _Version(name, version, index), parser)
        return
    option = arguments.last("--version", "--vers")
    if option is not None:
        is_shared = len(arguments.operands) > 1
        for value in call.option_values(option):
            yield from _check_version(context, call, _Version(name, value, index, option, is_shared), parser)
    elif not possible:
        yield _without_version(context, call, index, name)
    elif context.deny_unknown:
        message = f"{name} may have no version: the value of `{_text(possible[0])}` is unknown"
        yield context.finding(UNPINNED, call.word(index).span, message, f"write `{name}@1.2.3`")


class _Version(NamedTuple):
    """A version of a crate, as a command gives it."""

    name: str
    """The crate."""
    text: str | None
    """None if it is unknown."""
    at: int
    """The word that names the crate."""
    option: OptionValue | None = None
    """The option that gives the version, unless it follows the name after `@`."""
    is_shared: bool = False
    """Whether the option also applies to other crates."""


def _check_version(context: _Context, call: CargoCall, version: _Version, parser: str) -> Iterator[Finding]:
    name, text = version.name, version.text
    word = call.word(version.at)
    if text is None or UNKNOWN in text:
        if context.deny_unknown:
            message = f"the version of {name} is unknown: this file does not contain it"
            yield context.finding(UNPINNED, word.span, message, f"write `{name}@1.2.3`")
        return
    problem = tools.version_problem(text, parser)
    pin = context.pin(name)
    if not problem and (pin is None or _is_pinned(text, pin)):
        return
    if not problem and pin:
        message = f"{name} has version {tools.exact(text)}, but {pin.path} requires {pin.version}"
    elif problem.startswith("is rejected"):
        message = f"{name} cannot be installed: the version `{text}` {problem}"
    else:
        message = f"{name} has no exact version: `{text}` {problem}"
    spelling = "--version {}" if version.option else f"{name}@{{}}"
    if pin is None:
        help = f"write `{spelling.format('1.2.3')}`, with the version that you reviewed"
        yield context.finding(UNPINNED, word.span, message, help)
        return
    pinned = f"={pin.version}" if text.startswith("=") and not problem else pin.version
    help = f"write `{spelling.format(pinned)}`, the version in {pin.path}"
    fix = None
    description = f"pinned {name} to {pinned}"
    if version.option is None:
        fix = _replacement(context, call, version.at, f"{name}@{text}", f"{name}@{pinned}", description)
    elif not version.is_shared:
        fix = _replacement(context, call, version.option.at, text, pinned, description)
    yield context.finding(UNPINNED, word.span, message, help, fix)


def _without_version(context: _Context, call: CargoCall, index: int, name: str) -> Finding:
    message = f"{name} has no version: every run installs the latest release"
    pin = context.pin(name)
    span = call.word(index).span
    if pin is None:
        return context.finding(UNPINNED, span, message, f"write `{name}@1.2.3`, with the version that you reviewed")
    pinned = f"{name}@{pin.version}"
    fix = _replacement(context, call, index, name, pinned, f"pinned {name} to {pin.version}")
    return context.finding(UNPINNED, span, message, f"write `{pinned}`, the version in {pin.path}", fix)


def _is_pinned(version: str, pin: Pin) -> bool:
    return tools.exact(version).partition("+")[0] == pin.version.partition("+")[0]


def _replacement(context: _Context, call: CargoCall, index: int, old: str, new: str, description: str) -> Fix | None:
    """Return the fix that replaces `old` by `new` in a word; None unless the file contains the word as it is."""
    word, file = call.word(index), context.file
    if not call.is_written(index) or any(mark in word.text for mark in ("$", "`", "{{")):
        return None
    if word.text.count(old) != 1 or file.data[word.span.start : word.span.end] != word.text.encode("utf-8"):
        return None
    start = word.span.start + len(word.text[: word.text.index(old)].encode("utf-8"))
    return Fix(description, (Edit(file.path, start, start + len(old.encode("utf-8")), new),))


def _check_git(context: _Context, call: CargoCall, arguments: Arguments, git: OptionValue) -> Iterator[Finding]:
    """Check that a tool from a git repository is built from the full hash of a commit."""
    crates = [tools.split(crate)[0] for index in arguments.operands if (crate := call.words[index])]
    tool = next(filter(tools.is_crate_name, crates), None)
    tool = tool or (git.text or "a tool").rstrip("/").rpartition("/")[2].removesuffix(".git")
    help = "write `--rev HASH`, with the full hash of the commit that you reviewed"
    rev = arguments.last("--rev")
    if rev is not None:
        span = call.word(rev.at).span
        for value in call.option_values(rev):
            if value is None or UNKNOWN in value:
                if context.deny_unknown:
                    message = f"the commit of {tool} is unknown: this file does not contain it"
                    yield context.finding(MOVING_GIT, span, message, help)
            elif not tools.is_commit(value):
                message = f"{tool} is built from `{value}`, which is not the full hash of a commit"
                yield context.finding(MOVING_GIT, span, message, help)
        return
    if possible := _possible_options(call, arguments):
        if context.deny_unknown:
            message = f"{tool} may have no commit: the value of `{_text(possible[0])}` is unknown"
            yield context.finding(MOVING_GIT, possible[0].span, message, help)
        return
    for option, reason in (("--tag", "can be moved"), ("--branch", "changes with every push")):
        moving = arguments.last(option)
        if moving is not None:
            word = call.word(moving.at)
            kind = option.removeprefix("--")
            message = f"{tool} is built from the {kind} `{moving.text or _text(word)}`, which {reason}"
            help = f"replace `{option}` with `--rev HASH`, with the full hash of the commit that you reviewed"
            yield context.finding(MOVING_GIT, word.span, message, help)
            return
    yield context.finding(
        MOVING_GIT, call.word(git.at).span, f"{tool} has no commit: every run builds the latest one", help
    )


def _text(word: Word) -> str:
    return " ".join(word.text.split()) or "a word"


# Actions


def _check_actions(context: _Context) -> Iterator[Finding]:
    file = context.file
    if commands.kind_of(file.path, b"") != "github" or not any(hint.encode() in file.data for hint in actions.HINTS):
        return
    from dunnage.scripts import github

    for action in github.uses(file):
        if not actions.is_known(action.name):
            continue
        inputs = {name: given.values for name, given in action.inputs.items()}
        for tool in actions.possible_tools(action.name, action.ref, inputs):
            yield from _check_tool(context, action, tool)
        unknown = next(
            (given for name, given in action.inputs.items() if given.values is None and "token" not in name), None
        )
        if context.deny_unknown and unknown is not None:
            message = f"{action.name} may install any version: the value of `{unknown.text.strip()}` is unknown"
            help = "write the version that you reviewed as MAJOR.MINOR.PATCH"
            yield context.finding(UNPINNED_ACTION, unknown.span, message, help)


def _check_tool(context: _Context, action: "Action", tool: actions.Tool) -> Iterator[Finding]:
    given = action.inputs.get(tool.input)
    span = given.span if given else action.span
    if given is not None and given.values == (given.text,):
        text = tool.name if tool.input in ("bins", "crate", "tool") else tool.version or ""
        span = _locate(given, tool.start, text) or span
    pin = context.pin(tool.crate, tool.name)
    message = tool.problem
    if not message and pin and tools.exact(tool.version or "") and not _is_pinned(tool.version or "", pin):
        message = f"{tool.name} has version {tool.version}, but {pin.path} requires {pin.version}"
    if message:
        fix = None
        help = tool.help
        if pin and given is not None and tool.name:
            help = f"write the version {pin.version}, which {pin.path} requires"
            fix = _action_fix(context, tool, given, pin.version)
        yield context.finding(UNPINNED_ACTION, span, message, help, fix)
    if not tool.is_locked:
        locked = action.inputs.get("locked")
        message = f"{action.name} builds {tool.name} without the Cargo.lock of {tool.name}"
        place = locked.span if locked else action.span
        yield context.finding(UNLOCKED, place, message, "remove `locked: false`; the default is true")


def _locate(given: "Input", start: int, text: str) -> Span | None:
    """Return the place of a text that begins at a character of an input; None unless the file contains it as it is."""
    begin = len(given.text[:start].encode("utf-8"))
    end = begin + len(text.encode("utf-8"))
    return locate(given.offsets, begin, end) if text and is_literal(given.offsets, begin, end) else None


def _action_fix(context: _Context, tool: actions.Tool, given: "Input", version: str) -> Fix | None:
    if given.values != (given.text,):
        return None
    if tool.input.endswith("version"):
        old, new = tool.version or "", version
    elif tool.input in ("bins", "tool"):
        old = tool.name if tool.version is None else f"{tool.name}@{tool.version}"
        new = f"{tool.name}@{version}"
    else:
        return None
    span = _locate(given, tool.start, old)
    if span is None or context.file.data[span.start : span.end] != old.encode("utf-8"):
        return None
    return Fix(f"pinned {tool.name} to {version}", (Edit(context.file.path, span.start, span.end, new),))


HOOK = Hook(
    name="check-cargo-install",
    summary="check that installed tools have an exact version and --locked",
    rules=_RULES,
    check=check,
    comments=comments,
    fixes=True,
    options=(PINS, DENY_UNKNOWN),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
