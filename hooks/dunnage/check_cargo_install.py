"""Tools that Dockerfiles, CI and scripts install have an exact version, and are built with the lock they come with.

What a file itself does not say, as the value of a variable that is given from outside, passes unless --deny-unknown
is given.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dunnage.cargo_cli import actions, command_line, installers, tools
from dunnage.cargo_cli.calls import Aliases, Call, call, insertion, readable, top
from dunnage.cargo_cli.command_line import Argument, Arguments
from dunnage.cargo_cli.tools import Pins
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag, single
from dunnage.scripts import commands
from dunnage.scripts.comments import comments
from dunnage.shell.model import POSIX_SHELLS, Command, Word, programs

if TYPE_CHECKING:
    from dunnage.scripts.github import Action, Input

UNPINNED = Rule(
    "cargo-install/unpinned",
    "a tool is installed in no exact version, or not in the one that is pinned",
    is_fixable=True,
)
UNLOCKED = Rule(
    "cargo-install/unlocked", "a tool is built without --locked, with whatever dependencies are newest", is_fixable=True
)
MOVING_GIT = Rule("cargo-install/moving-git", "a tool is built from git, but not from one commit")
UNPINNED_ACTION = Rule(
    "cargo-install/unpinned-action", "an action installs a tool in no exact version", is_fixable=True
)
PIPED_INSTALLER = Rule("cargo-install/piped-installer", "a tool's installer is run from where it can change any day")

PINS = single(
    "--pins", 'a TOML file of the versions that tools are wanted in: NAME = "1.2.3"', "FILE", os.path.abspath, None
)
DENY_UNKNOWN = flag("--deny-unknown", "report versions that the file itself does not say")

_DOWNLOADERS = frozenset(("curl", "wget"))
_MENTION = (*dict.fromkeys(("cargo", *installers.HINTS)),)
_HINTS = (*_MENTION, *(name.partition("/")[2] for name in actions.NAMES))


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every tool that the named files install."""
    lists = _Lists(tree, options[PINS])
    aliases = Aliases(tree)
    for file in readable(names, tree, _HINTS):
        context = _Context(file, lists, options[DENY_UNKNOWN])
        findings = [*_check_commands(context, aliases), *_check_actions(context)]
        # Where a variable decides how many words there are, a command is there once for each of its values.
        yield from dict.fromkeys(findings)
    yield from lists.findings


class _Context:
    """What a command or an action is judged by, beside itself."""

    def __init__(self, file: File, lists: _Lists, deny_unknown: bool) -> None:
        self.file = file
        self.lists = lists
        self.deny_unknown = deny_unknown

    def finding(self, rule: Rule, span: Span, message: str, help: str, fix: Fix | None = None) -> Finding:
        """Give a finding in the file."""
        return Finding(rule, self.file.path, span, message, help, fix)


class _Lists:
    """The lists of the versions that tools are wanted in."""

    def __init__(self, tree: Tree, path: str | None) -> None:
        self._tree = tree
        self.findings: list[Finding] = []
        self._given = self._listed(path) if path is not None else None
        self._tops: dict[str, str] = {}
        self._found: dict[str, Pins | None] = {}

    def wanted(self, file: File, tool: str) -> tuple[str, str] | None:
        """Find the version that a tool is wanted in where `file` is, and the file that says so."""
        for pins in (self._given, self._own(file)):
            version = pins.version(tool) if pins else None
            if pins and version is not None:
                return version, pins.path
        return None

    def _listed(self, path: str) -> Pins | None:
        try:
            pins, bad = tools.listed(self._tree.read(path))
        except FileNotFoundError:
            self._refuse(path, Span(0, 0), "there is no such list of tools, as --pins names")
            return None
        except SourceError as error:
            self._refuse(path, error.span, f"this list of tools {error.message}")
            return None
        for entry in bad:
            self._refuse(path, entry.span, entry.message)
        return pins

    def _own(self, file: File) -> Pins | None:
        """The list in the manifest at the top of the repository that `file` is in."""
        folder = os.path.dirname(os.path.abspath(file.path))
        if folder not in self._tops:
            self._tops[folder] = os.path.join(top(folder), "Cargo.toml")
        manifest = self._tops[folder]
        if manifest not in self._found:
            self._found[manifest] = None
            try:
                self._found[manifest], bad = tools.manifest_pins(self._tree.read(manifest))
            except (FileNotFoundError, SourceError):
                return None
            for entry in bad:
                self._refuse(manifest, entry.span, entry.message)
        return self._found[manifest]

    def _refuse(self, path: str, span: Span, message: str) -> None:
        help = 'write the version that was reviewed in full: NAME = "1.2.3"'
        self.findings.append(Finding(UNPINNED, display(path), span, message, help))


# Commands


def _check_commands(context: _Context, aliases: Aliases) -> Iterator[Finding]:
    resolve = aliases.of(context.file)
    downloads: list[tuple[Word, str]] = []
    found = list(commands.commands(context.file, _MENTION))
    for command in found:
        called = call(command, resolve)
        if called is not None and called.program != "cross":
            yield from _check_call(context, called)
        elif not _DOWNLOADERS.isdisjoint(programs(command.words[0]) or ()) and "substitution" in command.inside:
            downloads += _installers(command)
    for command in found:
        yield from _check_piped(context, command, downloads)


def _check_call(context: _Context, found: Call) -> Iterator[Finding]:
    invocation = command_line.invocation(found.words)
    if invocation is None or invocation.name not in ("install", "binstall"):
        return
    arguments = command_line.install_arguments(found.words, invocation)
    if arguments is None:
        return
    by_path = arguments.last("--path") or arguments.last("--manifest-path")
    git = arguments.last("--git")
    from_xargs = "xargs" in found.command.inside
    if invocation.name == "binstall" and not arguments.operands and not from_xargs:
        return
    if git is not None:
        yield from _check_git(context, found, arguments, git)
    elif by_path is None:
        yield from _check_versions(context, found, arguments, invocation.name)
    is_locked = invocation.is_locked and invocation.name == "install"
    if is_locked or not arguments.flags.isdisjoint(command_line.LOCKING):
        return
    yield from _unlocked(context, found, invocation, arguments, by_path is not None)


def _unlocked(
    context: _Context, found: Call, invocation: command_line.Invocation, arguments: Arguments, by_path: bool
) -> Iterator[Finding]:
    unknown = _possible_options(found, arguments)
    word = found.word(invocation.subcommand)
    tool = found.program if found.program == "cargo-binstall" else f"cargo {invocation.name}"
    if unknown:
        if context.deny_unknown:
            message = f"whether `{tool}` has `--locked` cannot be told: `{_text(unknown[0])}` is not known here"
            yield context.finding(UNLOCKED, unknown[0].span, message, f"write `{tool} --locked`")
        return
    if by_path or not (arguments.operands or arguments.last("--git") or "xargs" in found.command.inside):
        message = f"`{tool}` does not insist on Cargo.lock: it may build with other dependencies than those committed"
    elif invocation.name == "binstall":
        message = f"where `{tool}` has to build a tool, it does so with whatever dependencies are newest"
    else:
        message = f"`{tool}` ignores the Cargo.lock that comes with a tool and builds with whatever is newest"
    if not found.is_written(invocation.subcommand) and found.program != "cargo-binstall":
        help = f"put `--locked` into the alias `{word.text}` in .cargo/config.toml"
        yield context.finding(UNLOCKED, word.span, message, help)
        return
    fix = insertion(context.file, found, invocation.subcommand)
    yield context.finding(UNLOCKED, word.span, message, f"write `{tool} --locked`", fix)


def _possible_options(found: Call, arguments: Arguments) -> list[Word]:
    """The words that are not known and may turn out to be options."""
    unknown = [found.word(index) for index in arguments.operands if found.words[index] is None]
    words = [word for word in unknown if word.splits]
    is_alone = len(arguments.operands) == 1 and not {"--git", "--path"} & arguments.options.keys()
    # It must be the crate, unless it stands for all the arguments of a function or for an array.
    return [] if is_alone and words and not any(mark in words[0].text for mark in "@*[") else words


def _check_versions(context: _Context, found: Call, arguments: Arguments, reader: str) -> Iterator[Finding]:
    given = arguments.last("--version", "--vers")
    possible = _possible_options(found, arguments)
    for index in arguments.operands:
        word = found.word(index)
        for value in found.values(index):
            if value is None or value == command_line.UNKNOWN:
                if context.deny_unknown and word not in possible:
                    message = f"which tool is installed, and in which version, cannot be told from `{_text(word)}`"
                    yield context.finding(UNPINNED, word.span, message, "write `NAME@1.2.3`")
                continue
            name, version = tools.split(value)
            if not _is_crate(name):
                continue
            if version is not None:
                yield from _check_version(context, found, index, None, name, version, reader)
            elif given is not None:
                for written in _written(found, given):
                    is_for_one = len(arguments.operands) == 1
                    yield from _check_version(context, found, index, given, name, written, reader, is_for_one)
            elif not possible:
                yield _missing(context, found, index, name)
            elif context.deny_unknown:
                message = f"whether {name} has a version cannot be told: `{_text(possible[0])}` is not known here"
                yield context.finding(UNPINNED, word.span, message, f"write `{name}@1.2.3`")


def _is_crate(name: str) -> bool:
    return bool(name) and name != "." and all(it.isalnum() or it in "-_" for it in name)


def _written(found: Call, given: Argument) -> Iterator[str | None]:
    """All values of an option, None if they are not known."""
    if given.value is None:
        yield None
        return
    for value in found.values(given.at):
        yield value.partition("=")[2] if given.is_joined and value is not None else value


def _check_version(
    context: _Context,
    found: Call,
    index: int,
    given: Argument | None,
    name: str,
    version: str | None,
    reader: str,
    is_for_one: bool = True,
) -> Iterator[Finding]:
    word = found.word(index)
    if version is None or command_line.UNKNOWN in version:
        if context.deny_unknown:
            message = f"in which version {name} is installed cannot be told from this file"
            yield context.finding(UNPINNED, word.span, message, f"write `{name}@1.2.3`")
        return
    problem = tools.problem(version, reader)
    wanted = context.lists.wanted(context.file, name)
    if not problem and (wanted is None or _same(version, wanted[0])):
        return
    if not problem and wanted:
        message = f"{name} is installed in version {tools.exact(version)}, but {wanted[1]} pins it to {wanted[0]}"
    elif problem.startswith("is refused"):
        message = f"{name} is not installed: the version `{version}` {problem}"
    else:
        message = f"{name} is installed in no exact version: `{version}` {problem}"
    spelled = f"{name}@{{}}" if given is None else "--version {}"
    if wanted is None:
        help = f"write `{spelled.format('1.2.3')}`, with the version that was reviewed"
        yield context.finding(UNPINNED, word.span, message, help)
        return
    pin = f"={wanted[0]}" if version.startswith("=") and not problem else wanted[0]
    help = f"write `{spelled.format(pin)}`, as {wanted[1]} pins it"
    fix = None
    if given is None:
        fix = _replacement(context, found, index, f"{name}@{version}", f"{name}@{pin}", f"pinned {name} to {pin}")
    elif is_for_one:
        fix = _replacement(context, found, given.at, version, pin, f"pinned {name} to {pin}")
    yield context.finding(UNPINNED, word.span, message, help, fix)


def _missing(context: _Context, found: Call, index: int, name: str) -> Finding:
    message = f"{name} is installed in whatever version is newest"
    wanted = context.lists.wanted(context.file, name)
    span = found.word(index).span
    if wanted is None:
        return context.finding(UNPINNED, span, message, f"write `{name}@1.2.3`, with the version that was reviewed")
    pin, where = wanted
    fix = _replacement(context, found, index, name, f"{name}@{pin}", f"pinned {name} to {pin}")
    return context.finding(UNPINNED, span, message, f"write `{name}@{pin}`, as {where} pins it", fix)


def _same(version: str, pin: str) -> bool:
    return tools.exact(version).partition("+")[0] == pin.partition("+")[0]


def _replacement(context: _Context, found: Call, index: int, old: str, new: str, description: str) -> Fix | None:
    """The fix that writes `new` for `old` in one word; None unless that stands there as it is, once."""
    word = found.word(index)
    if not found.is_written(index) or any(mark in word.text for mark in ("$", "`", "{{")):
        return None
    edit = _edit(context.file, word.span, word.text, old, new)
    return edit and Fix(description, (edit,))


def _edit(file: File, span: Span, text: str, old: str, new: str) -> Edit | None:
    if text.count(old) != 1 or file.data[span.start : span.end] != text.encode("utf-8"):
        return None
    start = span.start + len(text[: text.index(old)].encode("utf-8"))
    return Edit(file.path, start, start + len(old.encode("utf-8")), new)


def _check_git(context: _Context, found: Call, arguments: Arguments, git: Argument) -> Iterator[Finding]:
    named = [found.words[index] for index in arguments.operands]
    what = next((tools.split(name)[0] for name in named if name and _is_crate(tools.split(name)[0])), None)
    what = what or (git.value or "a tool").rstrip("/").rpartition("/")[2].removesuffix(".git")
    help = "write `--rev` with the full hash of the commit that was reviewed"
    rev = arguments.last("--rev")
    if rev is not None:
        for value in _written(found, rev):
            if value is None or command_line.UNKNOWN in value:
                if context.deny_unknown:
                    message = f"which commit {what} is built from cannot be told from this file"
                    yield context.finding(MOVING_GIT, found.word(rev.at).span, message, help)
            elif not tools.is_commit(value):
                message = f"{what} is built from `{value}`, which is not the full hash of a commit"
                yield context.finding(MOVING_GIT, found.word(rev.at).span, message, help)
        return
    if possible := _possible_options(found, arguments):
        if context.deny_unknown:
            message = f"which commit {what} is built from cannot be told: `{_text(possible[0])}` is not known here"
            yield context.finding(MOVING_GIT, possible[0].span, message, help)
        return
    for option, reason in (("--tag", "a tag, which can be moved"), ("--branch", "a branch, which moves")):
        moving = arguments.last(option)
        if moving is not None:
            message = f"{what} is built from `{moving.value or _text(found.word(moving.at))}`, {reason}"
            yield context.finding(MOVING_GIT, found.word(moving.at).span, message, help)
            return
    message = f"{what} is built from whatever commit is newest"
    yield context.finding(MOVING_GIT, found.word(git.at).span, message, help)


def _text(word: Word) -> str:
    return " ".join(word.text.split()) or "a word"


# Installers


def _check_piped(context: _Context, command: Command, downloads: Sequence[tuple[Word, str]]) -> Iterator[Finding]:
    """Check a command that runs what another one downloads."""
    is_shell = not POSIX_SHELLS.isdisjoint(programs(command.words[0]) or ())
    found: list[tuple[Word, str]] = []
    if is_shell:
        before = command.piped_from
        while before is not None:
            found += _installers(before)
            before = before.piped_from
    if is_shell or command.words[0].values is None:
        # `bash <(curl …)`, and of `sh -c "$(curl …)"` the text that is run.
        words = command.words if is_shell else command.words[:1]
        found += [it for it in downloads if any(word.span.start <= it[0].span.start < word.span.end for word in words)]
    for word, url in found:
        why = installers.moving(url)
        message = f"the installer that is run here {why}: `{url}`"
        help = "take the URL of one release or one full commit of it"
        yield context.finding(PIPED_INSTALLER, word.span, message, help)


def _installers(command: Command) -> list[tuple[Word, str]]:
    """The URLs that a command downloads, of installers of tools that can change."""
    if _DOWNLOADERS.isdisjoint(programs(command.words[0]) or ()):
        return []
    return [
        (word, value)
        for word in command.words[1:]
        for value in (word.values or ())[:1]
        if "." in value and installers.moving(value)
    ]


# Actions


def _check_actions(context: _Context) -> Iterator[Finding]:
    file = context.file
    if commands.kind_of(file.path, b"") != "github" or not any(
        name.partition("/")[2].encode() in file.data for name in actions.NAMES
    ):
        return
    from dunnage.scripts import github

    for action in github.uses(file):
        if not actions.is_known(action.name):
            continue
        for inputs in _ways(action.inputs):
            for tool in actions.tools(action.name, action.ref, inputs):
                yield from _check_tool(context, action, tool)
        unknown = next((given for given in action.inputs.values() if given.values is None), None)
        if context.deny_unknown and unknown is not None:
            message = f"what {action.name} installs cannot be told: `{unknown.text.strip()}` is not known here"
            help = "write the version that was reviewed, MAJOR.MINOR.PATCH"
            yield context.finding(UNPINNED_ACTION, unknown.span, message, help)


def _ways(inputs: Mapping[str, Input]) -> Iterator[dict[str, str | None]]:
    """What an action may be given: each input in its first value, and then each other value of one of them."""
    first = {name: it.values[0] if it.values else None for name, it in inputs.items()}
    yield first
    for name, it in inputs.items():
        for value in (it.values or ())[1:]:
            yield {**first, name: value}


def _check_tool(context: _Context, action: Action, tool: actions.Tool) -> Iterator[Finding]:
    given = action.inputs.get(tool.input)
    span, literal = (given.span, given) if given else (action.span, None)
    if literal is not None and literal.values == (literal.text,):
        size = len((tool.name if tool.input in ("tool", "crate") else tool.version or "").encode("utf-8"))
        start = len(literal.text[: tool.start].encode("utf-8"))
        span = _place(literal, start, size) or span
    wanted = context.lists.wanted(context.file, tool.crate) or context.lists.wanted(context.file, tool.name)
    message = tool.problem
    if not message and wanted and tools.exact(tool.version or "") and not _same(tool.version or "", wanted[0]):
        message = f"{tool.name} is installed in version {tool.version}, but {wanted[1]} pins it to {wanted[0]}"
    if message:
        fix = None
        help = tool.help
        if wanted and literal is not None and tool.name:
            help = f"write the version {wanted[0]}, as {wanted[1]} pins it"
            fix = _action_fix(context, tool, literal, wanted[0])
        yield context.finding(UNPINNED_ACTION, span, message, help, fix)
    if not tool.is_locked:
        locked = action.inputs.get("locked")
        message = f"{action.name} builds {tool.name} without the Cargo.lock that comes with it"
        where = locked.span if locked else action.span
        yield context.finding(UNLOCKED, where, message, "remove `locked: false`; true is the default")


def _place(literal: Input, start: int, size: int) -> Span | None:
    """Where bytes of an input's value stand in the file, if they stand there as they are."""
    from dunnage.shell.model import is_literal, locate

    end = start + size
    return locate(literal.offsets, start, end) if size and is_literal(literal.offsets, start, end) else None


def _action_fix(context: _Context, tool: actions.Tool, literal: Input, pin: str) -> Fix | None:
    if literal.values != (literal.text,):
        return None
    if tool.input == "version":
        old, new, start = tool.version or "", pin, tool.start
    elif tool.input == "tool":
        old = tool.name if tool.version is None else f"{tool.name}@{tool.version}"
        new, start = f"{tool.name}@{pin}", tool.start
    else:
        return None
    begin = len(literal.text[:start].encode("utf-8"))
    span = _place(literal, begin, len(old.encode("utf-8")))
    if span is None or context.file.data[span.start : span.end] != old.encode("utf-8"):
        return None
    return Fix(f"pinned {tool.name} to {pin}", (Edit(context.file.path, span.start, span.end, new),))


HOOK = Hook(
    name="check-cargo-install",
    summary="check that tools are installed in exact versions and with --locked",
    rules=(UNPINNED, UNLOCKED, MOVING_GIT, UNPINNED_ACTION, PIPED_INSTALLER),
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
