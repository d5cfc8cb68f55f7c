"""Programs that run another program: which of their words are their own, and where the other's begin.

The options are those of each program's manual; of one that has too many to list, those that take no value are listed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dunnage.shell.model import POSIX_SHELLS, programs

if TYPE_CHECKING:
    from dunnage.shell.model import Values, Word

SHELLS = POSIX_SHELLS | {"rbash"}
"""Those whose programs can be read."""


class Inner(NamedTuple):
    """What one wrapper runs."""

    start: int
    """The first word that is not the wrapper's."""
    program: int = 0
    """How many words from `start` make up the text of a program; 0 if they are a command instead."""
    is_joined: bool = False
    """A program may be several words, which are joined by blanks."""
    environment: tuple[tuple[str, Values], ...] = ()
    flag: str = ""
    """What it does to the words: a name for `Command.inside`."""
    is_elsewhere: bool = False
    """Variables do not reach it: it runs on another machine or in a container."""
    entrypoint: int = 0
    """The word that stands before those from `start`, if one does."""


class _Options(NamedTuple):
    """How a wrapper's own words are told from the command's."""

    letters: str = ""
    """Short options that take a value."""
    names: frozenset[str] = frozenset()
    """Long options that take a value in the next word."""
    operands: int = 0
    """Words that are neither options nor the command's."""
    stops: frozenset[str] = frozenset()
    """Options with which no command is run."""
    has_assignments: bool = False
    flags: frozenset[str] | None = None
    """Long options and letters that take no value; if given, every other option takes one."""


def inner(words: Sequence[Word]) -> Inner | None:
    """What the command `words` runs, if its program is a wrapper and it runs anything."""
    names = programs(words[0])
    if names is None:
        # `$SUDO` that is given from outside.
        is_sudo = len(words) > 1 and words[0].splits and "sudo" in words[0].text.lower()
        return Inner(1) if is_sudo else None
    if len(names) != 1:
        return None
    name = names[0]
    if name in _SIMPLE:
        return _simple(words, 1, _SIMPLE[name], "xargs" if name == "xargs" else "", name == "chroot")
    if name in SHELLS:
        kind, at = shell_input([_written(word) for word in words])
        return Inner(at, 1) if kind == "text" else None
    special = _SPECIAL.get(name)
    found = special(words) if special is not None else None
    return found if found is not None and found.start < len(words) else None


def shell_input(arguments: Sequence[str]) -> tuple[str, int]:
    """Where a shell has its program from: `text`, `file`, or else `stdin`; and in which of its arguments.

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
    """Whether what this command reads from its input is a program for a shell."""
    for name in programs(words[0]) or ():
        if name in SHELLS:
            return shell_input([_written(word) for word in words])[0] == "stdin"
        if name == "ssh":
            at = _skip(words, 1, _SSH)
            return at is not None and at == len(words) - 1
        if name in ("su", "chroot"):
            return True
    return False


def find_commands(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where the commands that `find` runs begin and end in its words."""
    found: list[tuple[int, int]] = []
    start = 0
    for at, word in enumerate(words):
        text = _written(word)
        if not start and text in ("-exec", "-execdir", "-ok", "-okdir"):
            start = at + 1
        elif start and text in (";", "+"):
            if start < at:
                found.append((start, at))
            start = 0
    return found


def replacement(words: Sequence[Word]) -> str:
    """What `xargs` replaces in the command it runs by what it reads; empty if it adds that at the end."""
    for at, word in enumerate(words[1:], 1):
        text = _written(word)
        if text in ("-I", "-J", "-i", "--replace"):
            return _written(words[at + 1]) if text in ("-I", "-J") and at + 1 < len(words) else "{}"
        if text.startswith(("-I", "-J", "-i")):
            return text[2:]
        if text.startswith("--replace="):
            return text[len("--replace=") :]
        if not text.startswith("-") and not _written(words[at - 1]).startswith("-"):
            break
    return ""


def _written(word: Word) -> str:
    """What a word is for telling options apart: one of its values, or what is written if it has none."""
    return word.values[0] if word.values else word.text.lstrip("\"'")


def _simple(
    words: Sequence[Word], at: int, options: _Options, flag: str = "", is_elsewhere: bool = False
) -> Inner | None:
    start = _skip(words, at, options)
    if start is None:
        return None
    if options.operands:
        start = _skip(words, start + options.operands, options._replace(stops=frozenset()))
        if start is None:
            return None
    environment: list[tuple[str, Values]] = []
    while options.has_assignments and start < len(words) and (assignment := _assignment(words[start])):
        environment.append(assignment)
        start += 1
    if start >= len(words):
        return None
    return Inner(start, environment=tuple(environment), flag=flag, is_elsewhere=is_elsewhere)


def _skip(words: Sequence[Word], at: int, options: _Options) -> int | None:
    """The first word from `at` on that is no option and no option's value; None if one is there that stops."""
    while at < len(words):
        word = words[at]
        if word.splits and at + 1 < len(words) and _names_options(word.text.lower()):
            at += 1
            continue
        text = _written(word)
        if text == "--":
            return at + 1
        if not text.startswith("-") or text == "-":
            return at
        at += 1
        if text.startswith("--"):
            name, equals, _ = text.partition("=")
            if name in options.stops:
                return None
            if not equals and (name in options.names if options.flags is None else name not in options.flags):
                at += 1
            continue
        if text in options.stops:
            return None
        for index, letter in enumerate(text[1:], 2):
            if letter in options.stops:
                return None
            if letter in options.letters if options.flags is None else letter not in options.flags:
                at += index == len(text)
                break
    return at


def _names_options(text: str) -> bool:
    """Whether an unknown word is written so that it must stand for options: `$DOCKER_OPTS`, `"${flags[@]}"`."""
    return text != '"$@"' and ("[@]" in text or any(name in text for name in ("opt", "arg", "flag", "param")))


def _assignment(word: Word) -> tuple[str, Values] | None:
    name, equals, _ = _written(word).partition("=")
    if not equals or not name.isidentifier():
        return None
    if word.values is None:
        return name, None
    return name, tuple(value.partition("=")[2] for value in word.values)


def _texts(words: Sequence[Word], count: int) -> tuple[str, ...]:
    return tuple(_written(word) for word in words[:count])


def _docker(words: Sequence[Word]) -> Inner | None:
    at = _skip(words, 1, _DOCKER)
    if at is None or at >= len(words):
        return None
    verb = _written(words[at])
    if verb == "compose":
        return _compose(words, at + 1)
    if verb == "container" and at + 1 < len(words):
        at += 1
        verb = _written(words[at])
    if verb == "exec":
        found = _simple(words, at + 1, _DOCKER_EXEC, is_elsewhere=True)
    elif verb == "run":
        found = _with_entrypoint(words, at + 1, _DOCKER_RUN)
    else:
        return None
    # What follows an image may also be options for the program that the image names.
    return found if found is None or found.entrypoint or not _written(words[found.start]).startswith("-") else None


def _compose(words: Sequence[Word], at: int) -> Inner | None:
    verb = _skip(words, at, _COMPOSE)
    if verb is None or verb >= len(words):
        return None
    if _written(words[verb]) == "exec":
        return _simple(words, verb + 1, _COMPOSE_EXEC, is_elsewhere=True)
    if _written(words[verb]) == "run":
        return _with_entrypoint(words, verb + 1, _COMPOSE_RUN)
    return None


def _with_entrypoint(words: Sequence[Word], at: int, options: _Options) -> Inner | None:
    image = _skip(words, at, options)
    if image is None or image >= len(words):
        return None
    for index in range(at, image - 1):
        if _written(words[index]) == "--entrypoint" and (words[index + 1].values or ("",))[0]:
            return Inner(image + 1, is_elsewhere=True, entrypoint=index + 1) if image + 1 < len(words) else None
    return Inner(image + 1, is_elsewhere=True) if image + 1 < len(words) else None


def _ssh(words: Sequence[Word]) -> Inner | None:
    host = _skip(words, 1, _SSH)
    if host is None or host + 1 >= len(words):
        return None
    start = _skip(words, host + 1, _SSH)
    return Inner(start, len(words) - start, True, is_elsewhere=True) if start is not None else None


def _eval(words: Sequence[Word]) -> Inner | None:
    return Inner(1, len(words) - 1, True)


def _trap(words: Sequence[Word]) -> Inner | None:
    start = _skip(words, 1, _Options(stops=frozenset("lp")))
    if start is None or start + 1 >= len(words) or _written(words[start]) in ("", "-"):
        return None
    return Inner(start, 1)


def _with_program(*options: str) -> Callable[[Sequence[Word]], Inner | None]:
    """A wrapper that has a program as the value of an option, anywhere among its words."""

    def found(words: Sequence[Word]) -> Inner | None:
        for at, word in enumerate(words[:-1]):
            if _written(word) in options:
                return Inner(at + 1, 1)
        return None

    return found


def _runuser(words: Sequence[Word]) -> Inner | None:
    program = _su(words)
    if program is not None:
        return program
    if not any(_written(word) in ("-u", "--user") for word in words):
        return None
    return _simple(words, 1, _Options("ugGsw", frozenset(("--user", "--group", "--supp-group", "--shell"))))


def _flock(words: Sequence[Word]) -> Inner | None:
    return _with_program("-c", "--command")(words) or _simple(
        words, 1, _Options("wE", frozenset(("--timeout", "--wait", "--conflict-exit-code")), 1)
    )


def _nix(words: Sequence[Word]) -> Inner | None:
    for at, word in enumerate(words[:-1]):
        if _written(word) in ("-c", "--command"):
            return Inner(at + 1)
    return None


def _vagrant(words: Sequence[Word]) -> Inner | None:
    found = _with_program("-c", "--command")(words) if _texts(words, 2)[1:] == ("ssh",) else None
    return found._replace(is_elsewhere=True) if found is not None else None


def _verb(verbs: tuple[str, ...], options: _Options) -> Callable[[Sequence[Word]], Inner | None]:
    """A wrapper only with one of some subcommands."""

    def found(words: Sequence[Word]) -> Inner | None:
        if len(words) < 3 or _written(words[1]) not in verbs:
            return None
        return _simple(words, 2, options)

    return found


def _after_dashes(*verbs: str) -> Callable[[Sequence[Word]], Inner | None]:
    """A wrapper that has the command after `--`."""

    def found(words: Sequence[Word]) -> Inner | None:
        if len(words) > 1 and _written(words[1]) in verbs:
            for at, word in enumerate(words):
                if _written(word) == "--":
                    return Inner(at + 1, is_elsewhere=True)
        return None

    return found


def _busybox(words: Sequence[Word]) -> Inner | None:
    return Inner(1) if len(words) > 1 and _written(words[1]) in SHELLS else None


_su = _with_program("-c", "--command", "--session-command", "-lc")

_NONE = _Options()
_SSH = _Options("BbcDEeFIiJLlmOoPpQRSWw")
_DOCKER = _Options(flags=frozenset(("D", "v", "--debug", "--tls", "--tlsverify", "--version", "--remote", "-r")))
_DOCKER_RUN = _Options(
    flags=frozenset(
        (
            *"ditPq",
            *("--detach", "--disable-content-trust", "--env-host", "--help", "--http-proxy", "--init"),
            *("--interactive", "--no-healthcheck", "--no-hostname", "--no-hosts", "--oom-kill-disable", "--passwd"),
            *("--privileged", "--publish-all", "--quiet", "--read-only", "--read-only-tmpfs", "--replace", "--rm"),
            *("--rmi", "--rootfs", "--sig-proxy", "--tls-verify", "--tty", "--use-api-socket"),
        )
    )
)
_DOCKER_EXEC = _Options(
    operands=1, flags=frozenset((*"dit", "--detach", "--interactive", "--privileged", "--tty", "--help"))
)
_COMPOSE = _Options(
    flags=frozenset(("--all-resources", "--compatibility", "--dry-run", "--verbose", "--help", "--no-ansi", "v", "h"))
)
_COMPOSE_RUN = _Options(
    flags=frozenset(
        (
            *"ditTPqQ",
            *("--build", "--detach", "--interactive", "--no-TTY", "--no-tty", "--no-deps", "--quiet", "--quiet-build"),
            *("--quiet-pull", "--remove-orphans", "--rm", "--service-ports", "--tty", "--use-aliases"),
        )
    )
)
_COMPOSE_EXEC = _Options(
    operands=1,
    flags=frozenset((*"ditT", "--detach", "--interactive", "--no-TTY", "--no-tty", "--privileged", "--tty")),
)

_SIMPLE = {
    "sudo": _Options(
        "ugUhpCDrtTR",
        frozenset(
            (
                *("--user", "--group", "--other-user", "--host", "--prompt", "--close-from", "--chdir", "--chroot"),
                *("--role", "--type", "--command-timeout"),
            )
        ),
        stops=frozenset((*"lveKV", "--list", "--validate", "--edit", "--remove-timestamp", "--version", "--help")),
        has_assignments=True,
    ),
    "doas": _Options("uC", stops=frozenset("L")),
    "pkexec": _Options(names=frozenset(("--user",))),
    "env": _Options(
        "uC", frozenset(("--unset", "--chdir")), stops=frozenset(("S", "--split-string")), has_assignments=True
    ),
    # A word of the shell's own, so assignments may follow it as they may begin a command.
    "time": _Options(
        "fo", frozenset(("--format", "--output")), stops=frozenset(("V", "--version")), has_assignments=True
    ),
    "gtime": _Options("fo", frozenset(("--format", "--output"))),
    "nice": _Options("n", frozenset(("--adjustment",))),
    "ionice": _Options("cn", frozenset(("--class", "--classdata")), stops=frozenset(("p", "P", "u"))),
    "nohup": _NONE,
    "setsid": _NONE,
    "stdbuf": _Options("ioe", frozenset(("--input", "--output", "--error"))),
    "unbuffer": _NONE,
    "timeout": _Options("sk", frozenset(("--signal", "--kill-after")), 1),
    "gtimeout": _Options("sk", frozenset(("--signal", "--kill-after")), 1),
    "chroot": _Options(names=frozenset(("--userspec", "--groups")), operands=1),
    "fakechroot": _NONE,
    "fakeroot": _Options("lsib"),
    "gosu": _Options(operands=1),
    "su-exec": _Options(operands=1),
    "s6-setuidgid": _Options(operands=1),
    "setpriv": _Options(
        names=frozenset(
            (
                *("--reuid", "--regid", "--ruid", "--euid", "--rgid", "--egid", "--groups", "--securebits"),
                *("--inh-caps", "--ambient-caps", "--bounding-set", "--pdeathsig"),
            )
        )
    ),
    "exec": _Options("a"),
    "command": _Options(stops=frozenset("vV")),
    "builtin": _NONE,
    "coproc": _NONE,
    "noglob": _NONE,
    "nocorrect": _NONE,
    "xargs": _Options(
        "adEILnPsJRS",
        frozenset(
            (
                *("--arg-file", "--delimiter", "--max-args", "--max-procs", "--max-chars"),
                *("--process-slot-var",),
            )
        ),
    ),
    "xvfb-run": _Options(
        "efnpsw",
        frozenset(
            ("--error-file", "--auth-file", "--server-num", "--xauth-protocol", "--server-args", "--wait"),
        ),
    ),
    "dbus-run-session": _Options(names=frozenset(("--config-file", "--dbus-daemon"))),
    "caffeinate": _Options("tw"),
    "arch": _Options("e"),
    "setarch": _Options(operands=1),
    "linux32": _NONE,
    "linux64": _NONE,
    "taskset": _Options(operands=1, stops=frozenset(("p", "--pid"))),
    "chrt": _Options("TPD", operands=1, stops=frozenset(("p", "m", "--pid", "--max"))),
    "unshare": _Options("SGRw", frozenset(("--setuid", "--setgid", "--root", "--wd"))),
    "nsenter": _Options("tSGT", frozenset(("--target", "--setuid", "--setgid"))),
    "systemd-run": _Options(
        "pEuHM", frozenset(("--property", "--unit", "--uid", "--gid", "--setenv", "--slice", "--description"))
    ),
    "tini": _Options("pe"),
    "dumb-init": _Options("r", frozenset(("--rewrite",))),
    "torsocks": _NONE,
    "proxychains4": _Options("f"),
    "chronic": _NONE,
}

_SPECIAL: dict[str, Callable[[Sequence[Word]], Inner | None]] = {
    "docker": _docker,
    "podman": _docker,
    "nerdctl": _docker,
    "docker-compose": lambda words: _compose(words, 1),
    "podman-compose": lambda words: _compose(words, 1),
    "ssh": _ssh,
    "eval": _eval,
    "trap": _trap,
    "su": _su,
    "runuser": _runuser,
    "flock": _flock,
    "busybox": _busybox,
    "nix": _nix,
    "nix-shell": _with_program("--run", "--command"),
    "vagrant": _vagrant,
    "rustup": _verb(("run",), _Options(operands=1)),
    "direnv": _verb(("exec",), _Options(operands=1)),
    "mold": _verb(("-run", "--run"), _NONE),
    "bundle": _verb(("exec",), _NONE),
    "poetry": _verb(("run",), _NONE),
    "pipenv": _verb(("run",), _NONE),
    "mise": _after_dashes("exec", "x"),
    "op": _after_dashes("run"),
    "doppler": _after_dashes("run"),
    "kubectl": _after_dashes("exec", "run"),
    "lxc": _after_dashes("exec"),
    "multipass": _after_dashes("exec"),
}
