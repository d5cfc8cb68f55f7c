"""The options of wrappers, programs that run another command.

The options are those of each program's manual. For a program with too many to list, those without a value are listed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dunnage.shell.model import Word


class WrapperOptions(NamedTuple):
    """The options of a wrapper; they separate its own words from those of the command."""

    letters: str = ""
    """Short options that take a value."""
    names: str = ""
    """Long options that take a value in the next word, separated by blanks, as all options here are."""
    operands: int = 0
    """Words that are neither options nor the command's."""
    stops: str = ""
    """Long options and letters with which the wrapper runs no command."""
    has_assignments: bool = False
    flags: str | None = None
    """Long options and letters that take no value; if given, every other option takes a value."""
    counts: Mapping[int, str] = {}
    """Long options that take several values in the next words, by the number of these."""

    def takes_value(self, name: str) -> bool:
        """Whether a long option or a letter takes a value."""
        if self.flags is not None:
            return name not in self.flags.split()
        return name in self.letters or name in self.names.split()


def written(word: Word) -> str:
    """A word as text in which options are recognized: its first value, or its text if its values are unknown."""
    return word.values[0] if word.values else word.text.lstrip("\"'")


def skip_options(words: Sequence[Word], at: int, options: WrapperOptions) -> int | None:
    """The first word from `at` on that is neither an option nor its value; None if no command runs."""
    while at < len(words):
        word = words[at]
        if word.splits and at + 1 < len(words) and names_options(word.text.lower()):
            at += 1
            continue
        text = written(word)
        if text == "--":
            return at + 1
        if not text.startswith("-") or text == "-":
            return at
        at += 1
        name, equals, _ = text.partition("=")
        names = (name,) if text.startswith("--") else text[1:]
        for index, name in enumerate(names, 1):
            if name in options.stops.split():
                return None
            at += next((count for count, names in options.counts.items() if name in names.split()), 0)
            if options.takes_value(name):
                # The value may be the rest of the word.
                at += index == len(names) and not equals
                break
    return at


def names_options(text: str) -> bool:
    """Whether the name of a variable suggests options: `$DOCKER_OPTS`, `"${flags[@]}"`; not `$CARGO` or `$target`."""
    if text == '"$@"' or "[@]" in text:
        return text != '"$@"'
    words = "".join(character if character.isalnum() else " " for character in text.partition("$")[2]).split()
    return any(word.rstrip("s0123456789").endswith(_OF_OPTIONS) for word in words)


_OF_OPTIONS = ("arg", "argument", "argv", "flag", "opt", "option", "param", "parameter")

NONE = WrapperOptions()
SSH = WrapperOptions("BbcDEeFIiJLlmOoPpQRSWw")
DOCKER = WrapperOptions(
    flags=(
        "D r v --debug --debug-full --experimental --help --insecure-registry --kube-hide-dupe --noout "
        "--remote --syslog --tls --tlsverify --trace --transient-store --version"
    )
)
DOCKER_RUN = WrapperOptions(
    flags=(
        "d i t P q --detach --disable-content-trust --env-host --help --http-proxy --init --interactive "
        "--no-healthcheck --no-hostname --no-hosts --oom-kill-disable --passwd --privileged --publish-all "
        "--quiet --read-only --read-only-tmpfs --replace --rm --rmi --rootfs --sig-proxy --tls-verify "
        "--tty --unsetenv-all --use-api-socket"
    )
)
DOCKER_PULL = WrapperOptions(flags="a q --all-tags --disable-content-trust --quiet --tls-verify")
DOCKER_EXEC = WrapperOptions(operands=1, flags="d i t --detach --interactive --privileged --tty --help")
COMPOSE = WrapperOptions(flags="--all-resources --compatibility --dry-run --verbose --help --no-ansi v h")
COMPOSE_RUN = WrapperOptions(
    flags=(
        "d i t T P q Q --build --detach --interactive --no-TTY --no-tty --no-deps --quiet --quiet-build "
        "--quiet-pull --remove-orphans --rm --service-ports --tty --use-aliases"
    )
)
COMPOSE_EXEC = WrapperOptions(
    operands=1,
    flags="d i t T --detach --interactive --no-TTY --no-tty --privileged --tty",
)

SIMPLE = {
    "sudo": WrapperOptions(
        "ugUhpCDrtTR",
        ("--user --group --other-user --host --prompt --close-from --chdir --chroot --role --type --command-timeout"),
        stops="l v e K V --list --validate --edit --remove-timestamp --version --help",
        has_assignments=True,
    ),
    "doas": WrapperOptions("uC", stops="L"),
    "pkexec": WrapperOptions(names="--user"),
    "env": WrapperOptions("uC", "--unset --chdir", stops="S --split-string", has_assignments=True),
    # `time` is a keyword of the shell, so assignments may follow it.
    "time": WrapperOptions("fo", "--format --output", stops="V --version", has_assignments=True),
    "gtime": WrapperOptions("fo", "--format --output"),
    "nice": WrapperOptions("n", "--adjustment"),
    "ionice": WrapperOptions("cn", "--class --classdata", stops="p P u"),
    "nohup": NONE,
    "setsid": NONE,
    "stdbuf": WrapperOptions("ioe", "--input --output --error"),
    "unbuffer": NONE,
    "timeout": WrapperOptions("sk", "--signal --kill-after", 1),
    "gtimeout": WrapperOptions("sk", "--signal --kill-after", 1),
    "chroot": WrapperOptions(names="--userspec --groups", operands=1),
    "fakechroot": NONE,
    "fakeroot": WrapperOptions("lsib"),
    "gosu": WrapperOptions(operands=1),
    "su-exec": WrapperOptions(operands=1),
    "s6-setuidgid": WrapperOptions(operands=1),
    "setpriv": WrapperOptions(
        names=(
            "--reuid --regid --ruid --euid --rgid --egid --groups --securebits --inh-caps --ambient-caps "
            "--bounding-set --pdeathsig"
        )
    ),
    "exec": WrapperOptions("a"),
    "command": WrapperOptions(stops="v V"),
    "builtin": NONE,
    "coproc": NONE,
    "noglob": NONE,
    "nocorrect": NONE,
    "xargs": WrapperOptions(
        "adEILnPsJRS",
        "--arg-file --delimiter --max-args --max-procs --max-chars --process-slot-var",
    ),
    "xvfb-run": WrapperOptions(
        "efnpsw",
        "--error-file --auth-file --server-num --xauth-protocol --server-args --wait",
    ),
    "dbus-run-session": WrapperOptions(names="--config-file --dbus-daemon"),
    "caffeinate": WrapperOptions("tw"),
    "arch": WrapperOptions("e"),
    "setarch": WrapperOptions(operands=1),
    "linux32": NONE,
    "linux64": NONE,
    "taskset": WrapperOptions(operands=1, stops="p --pid"),
    "chrt": WrapperOptions("TPD", operands=1, stops="p m --pid --max"),
    "bwrap": WrapperOptions(
        names=(
            "--add-seccomp-fd --args --argv0 --block-fd --cap-add --cap-drop --chdir --dev --dir --exec-label "
            "--file-label --gid --hostname --info-fd --json-status-fd --lock-file --mqueue --overlay-src "
            "--perms --pidns --proc --remount-ro --ro-overlay --seccomp --size --sync-fd --tmp-overlay "
            "--tmpfs --uid --unsetenv --userns --userns-block-fd --userns2"
        ),
        counts={
            2: "--bind --bind-data --bind-fd --bind-try --chmod --dev-bind --dev-bind-try --file --ro-bind "
            "--ro-bind-data --ro-bind-fd --ro-bind-try --setenv --symlink",
            3: "--overlay",
        },
        stops="--help --version",
    ),
    "firejail": WrapperOptions(stops="--help --list --netstats --top --tree --version"),
    "unshare": WrapperOptions(
        "SGRlw",
        (
            "--setuid --setgid --root --wd --map-user --map-group --map-users --map-groups --propagation "
            "--setgroups --monotonic --boottime --owner --load-interp --whitelist-env"
        ),
    ),
    "nsenter": WrapperOptions("tSGT", "--target --setuid --setgid"),
    "systemd-run": WrapperOptions(
        "pEuHMC",
        (
            "--property --unit --uid --gid --setenv --slice --description --host --machine --nice "
            "--service-type --working-directory --background --capsule --expand-environment --job-mode --json "
            "--on-active --on-boot --on-calendar --on-startup --on-unit-active --on-unit-inactive "
            "--path-property --socket-property --timer-property"
        ),
    ),
    "tini": WrapperOptions("pe"),
    "dumb-init": WrapperOptions("r", "--rewrite"),
    "torsocks": NONE,
    "proxychains4": WrapperOptions("f"),
    "chronic": NONE,
}
