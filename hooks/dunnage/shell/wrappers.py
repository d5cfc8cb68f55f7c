"""Wrappers, programs that run another command, and where that command begins in their words."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from dunnage.shell.bounds import MOST_FIND_COMMANDS
from dunnage.shell.model import POSIX_SHELLS, Values, Word, programs
from dunnage.shell.wrapper_options import (
    COMPOSE,
    COMPOSE_EXEC,
    COMPOSE_RUN,
    DOCKER,
    DOCKER_EXEC,
    DOCKER_PULL,
    DOCKER_RUN,
    NONE,
    SIMPLE,
    SSH,
    WrapperOptions,
    skip_options,
    written,
)

CONTAINER_PROGRAMS = frozenset(("docker", "podman", "nerdctl"))
"""The programs with docker's command line."""

SHELLS = POSIX_SHELLS | {"rbash"}
"""The shells that run the program of a `-c` or of their input."""


class Inner(NamedTuple):
    """What one wrapper runs."""

    start: int
    """The first word that is not the wrapper's."""
    program: int = 0
    """The number of words from `start` that form a program; 0 if the words are a command."""
    is_joined: bool = False
    """The words of the program are joined by spaces."""
    environment: tuple[tuple[str, Values], ...] = ()
    flag: str = ""
    """A name for `Command.inside` if the wrapper changes words; else empty."""
    is_elsewhere: bool = False
    """Variables do not reach the command: it runs on another machine or in a container."""
    entrypoint: int = 0
    """The index of the program of the command if that is not at `start`; else 0."""


def inner(words: Sequence[Word]) -> Inner | None:
    """The command or program that `words` run, if their program is a wrapper."""
    names = programs(words[0])
    if names is None:
        # An unknown `$SUDO`.
        is_sudo = len(words) > 1 and words[0].splits and "sudo" in words[0].text.lower()
        return Inner(1) if is_sudo else None
    if len(names) != 1:
        return None
    name = names[0]
    if name in SIMPLE:
        return _simple(words, 1, SIMPLE[name], "xargs" if name == "xargs" else "", name == "chroot")
    if name in SHELLS:
        kind, at = shell_input([written(word) for word in words])
        return Inner(at, 1) if kind == "text" else None
    special = _SPECIAL.get(name)
    found = special(words) if special is not None else None
    return found if found is not None and found.start < len(words) else None


def shell_input(arguments: Sequence[str]) -> tuple[str, int]:
    """The source of a shell's program: `text`, `file` or `stdin`; and the index of the argument that names it.

    The first of `arguments` is the shell itself.
    """
    at, has_text, is_stdin = 1, False, False
    while at < len(arguments):
        option = arguments[at]
        if option in ("--", "-"):
            at += 1
            break
        if option[:1] not in ("-", "+"):
            break
        at += 1
        if option.startswith("--"):
            at += option in ("--rcfile", "--init-file")
            continue
        has_text = has_text or (option[0] == "-" and "c" in option)
        is_stdin = is_stdin or "s" in option
        # `-o pipefail`, `-O extglob`: each has a value.
        at += option.count("o") + option.count("O")
    if has_text and at < len(arguments):
        return "text", at
    return ("file", at) if at < len(arguments) and not is_stdin else ("stdin", at)


def reads_program(words: Sequence[Word]) -> bool:
    """Whether the input of this command is a program for a shell."""
    for name in programs(words[0]) or ():
        if name in SHELLS:
            return shell_input([written(word) for word in words])[0] == "stdin"
        if name == "ssh":
            at = skip_options(words, 1, SSH)
            return at is not None and at == len(words) - 1
        if name in ("su", "chroot"):
            return True
    return False


def find_commands(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where the commands that `find` runs begin and end in its words."""
    found: list[tuple[int, int]] = []
    start = 0
    for at, word in enumerate(words):
        text = written(word)
        if not start and text in ("-exec", "-execdir", "-ok", "-okdir"):
            start = at + 1
        elif start and text in (";", "+"):
            if start < at:
                found.append((start, at))
            start = 0
    return found[:MOST_FIND_COMMANDS]


def replacement(words: Sequence[Word]) -> str:
    """The text that `xargs` replaces by its input; empty if it appends the input to the command."""
    for at, word in enumerate(words[1:], 1):
        text = written(word)
        if text in ("-I", "-J", "-i", "--replace"):
            return written(words[at + 1]) if text in ("-I", "-J") and at + 1 < len(words) else "{}"
        if text.startswith(("-I", "-J", "-i")):
            return text[2:]
        if text.startswith("--replace="):
            return text[len("--replace=") :]
        if not text.startswith("-") and not written(words[at - 1]).startswith("-"):
            break
    return ""


def _simple(
    words: Sequence[Word], at: int, options: WrapperOptions, flag: str = "", is_elsewhere: bool = False
) -> Inner | None:
    start = skip_options(words, at, options)
    if start is not None and options.operands:
        start = skip_options(words, start + options.operands, options._replace(stops=""))
    if start is None:
        return None
    environment: list[tuple[str, Values]] = []
    while options.has_assignments and start < len(words) and (assignment := _assignment(words[start])):
        environment.append(assignment)
        start += 1
        # sudo takes options after them, too.
        start = skip_options(words, start, options) if options is SIMPLE["sudo"] else start
        if start is None:
            return None
    if start >= len(words):
        return None
    return Inner(start, environment=tuple(environment), flag=flag, is_elsewhere=is_elsewhere)


def _assignment(word: Word) -> tuple[str, Values] | None:
    name, equals, _ = written(word).partition("=")
    if not equals or not name.isidentifier():
        return None
    if word.values is None:
        return name, None
    return name, tuple(value.partition("=")[2] for value in word.values)


def _docker(words: Sequence[Word]) -> Inner | None:
    verb, at = docker_verb(words, 1)
    if verb == "compose":
        return _compose(words, at + 1)
    if verb == "exec":
        found = _simple(words, at + 1, DOCKER_EXEC, is_elsewhere=True)
    elif verb == "run":
        found = _with_entrypoint(words, at + 1, DOCKER_RUN)
    else:
        return None
    # The words after an image may also be options for the image's own program.
    return found if found is None or found.entrypoint or not written(words[found.start]).startswith("-") else None


def docker_verb(words: Sequence[Word], at: int) -> tuple[str, int]:
    """The subcommand of docker, or of a program like it, and its index. `at` is the word after the program.

    Those of `docker container` and of `docker image` count as subcommands of docker. Empty if there is none.
    """
    verb = skip_options(words, at, DOCKER)
    if verb is not None and verb + 1 < len(words) and written(words[verb]) in ("container", "image"):
        verb += 1
    return (written(words[verb]), verb) if verb is not None and verb < len(words) else ("", len(words))


def container_image(words: Sequence[Word]) -> tuple[str, int] | None:
    """The verb of the first call of docker or a program like it in `words`, and the index of the image that it names.

    The verb is `run`, `create`, `pull` or `exec`; with `exec`, the word at the index names a container. None if no such
    call is there.
    """
    for start, word in enumerate(words):
        if CONTAINER_PROGRAMS.isdisjoint(programs(word) or ()):
            continue
        verb, at = docker_verb(words, start + 1)
        if verb not in ("run", "create", "pull", "exec"):
            return None
        options = {"pull": DOCKER_PULL, "exec": DOCKER_EXEC._replace(operands=0)}.get(verb, DOCKER_RUN)
        image = skip_options(words, at + 1, options)
        return (verb, image) if image is not None and image < len(words) else None
    return None


def _compose(words: Sequence[Word], at: int) -> Inner | None:
    verb = skip_options(words, at, COMPOSE)
    if verb is None or verb >= len(words):
        return None
    if written(words[verb]) == "exec":
        return _simple(words, verb + 1, COMPOSE_EXEC, is_elsewhere=True)
    if written(words[verb]) == "run":
        return _with_entrypoint(words, verb + 1, COMPOSE_RUN)
    return None


def _with_entrypoint(words: Sequence[Word], at: int, options: WrapperOptions) -> Inner | None:
    image = skip_options(words, at, options)
    if image is None or image >= len(words):
        return None
    for index in range(at, image - 1):
        if written(words[index]) == "--entrypoint" and (words[index + 1].values or ("",))[0]:
            return Inner(image + 1, is_elsewhere=True, entrypoint=index + 1) if image + 1 < len(words) else None
    return Inner(image + 1, is_elsewhere=True) if image + 1 < len(words) else None


def _ssh(words: Sequence[Word]) -> Inner | None:
    host = skip_options(words, 1, SSH)
    if host is None or host + 1 >= len(words):
        return None
    start = skip_options(words, host + 1, SSH)
    return Inner(start, len(words) - start, True, is_elsewhere=True) if start is not None else None


def _trap(words: Sequence[Word]) -> Inner | None:
    start = skip_options(words, 1, WrapperOptions(stops="l p"))
    if start is None or start + 1 >= len(words) or written(words[start]) in ("", "-"):
        return None
    return Inner(start, 1)


def _with_program(options: Sequence[str], program: int, words: Sequence[Word]) -> Inner | None:
    """The program after an option, anywhere among the words; the command if `program` is 0."""
    return next((Inner(at + 1, program) for at, word in enumerate(words[:-1]) if written(word) in options), None)


def _runuser(words: Sequence[Word]) -> Inner | None:
    program = _su(words)
    if program is not None:
        return program
    if not any(written(word) in ("-u", "--user") for word in words):
        return None
    return _simple(words, 1, WrapperOptions("ugGsw", "--user --group --supp-group --shell"))


def _flock(words: Sequence[Word]) -> Inner | None:
    return _with_program(_COMMAND, 1, words) or _simple(
        words, 1, WrapperOptions("wE", "--timeout --wait --conflict-exit-code", 1)
    )


def _vagrant(words: Sequence[Word]) -> Inner | None:
    found = _with_program(_COMMAND, 1, words) if len(words) > 1 and written(words[1]) == "ssh" else None
    return found._replace(is_elsewhere=True) if found is not None else None


def _after_verb(verbs: Sequence[str], options: WrapperOptions, words: Sequence[Word]) -> Inner | None:
    """The command after one of these subcommands and their options."""
    return _simple(words, 2, options) if len(words) > 2 and written(words[1]) in verbs else None


def _after_dashes(verbs: Sequence[str], words: Sequence[Word]) -> Inner | None:
    """The command after `--`, with one of these subcommands."""
    if len(words) < 2 or written(words[1]) not in verbs:
        return None
    return next((Inner(at + 1, is_elsewhere=True) for at, word in enumerate(words) if written(word) == "--"), None)


def _busybox(words: Sequence[Word]) -> Inner | None:
    return Inner(1) if len(words) > 1 and written(words[1]) in SHELLS else None


_COMMAND = ("-c", "--command")
_su = partial(_with_program, (*_COMMAND, "--session-command", "-lc"), 1)

_SPECIAL: dict[str, Callable[[Sequence[Word]], Inner | None]] = {
    **dict.fromkeys(CONTAINER_PROGRAMS, _docker),
    "docker-compose": lambda words: _compose(words, 1),
    "podman-compose": lambda words: _compose(words, 1),
    "ssh": _ssh,
    "eval": lambda words: Inner(1, len(words) - 1, is_joined=True),
    "trap": _trap,
    "su": _su,
    "runuser": _runuser,
    "flock": _flock,
    "busybox": _busybox,
    "nix": partial(_with_program, _COMMAND, 0),
    "nix-shell": partial(_with_program, ("--run", "--command"), 1),
    "vagrant": _vagrant,
    "rustup": partial(_after_verb, ("run",), WrapperOptions(operands=1)),
    "direnv": partial(_after_verb, ("exec",), WrapperOptions(operands=1)),
    "mold": partial(_after_verb, ("-run", "--run"), NONE),
    "bundle": partial(_after_verb, ("exec",), NONE),
    "poetry": partial(_after_verb, ("run",), NONE),
    "pipenv": partial(_after_verb, ("run",), NONE),
    "mise": partial(_after_dashes, ("exec", "x")),
    "op": partial(_after_dashes, ("run",)),
    "doppler": partial(_after_dashes, ("run",)),
    "kubectl": partial(_after_dashes, ("exec", "run")),
    "lxc": partial(_after_dashes, ("exec",)),
    "multipass": partial(_after_dashes, ("exec",)),
}
