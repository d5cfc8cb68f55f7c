"""The commands of shell programs: tables for each construct of the shell, properties for arbitrary text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell import wrappers
from dunnage.shell.commands import commands as commands_of
from dunnage.shell.commands import see_through
from dunnage.shell.model import DIRECTORY, Command, Place, Script, Values, Word, programs, whole
from dunnage.shell.nested import NO_WRAPPERS
from dunnage.shell.offsets import Segment
from steps import assert_linear


def read(program: str, variables: Mapping[str, Values] | None = None, expressions: str = "") -> list[Command]:
    file = File("program.sh", program.encode("utf-8", "surrogatepass"))
    script = whole(file, Place("shell"), variables)._replace(expressions=expressions)
    commands = list(commands_of(file, script))
    for command in commands:
        for word in (*command.words, *command.wrapper):
            assert file.data[word.span.start : word.span.end].decode("utf-8") == word.text != ""
    return commands


def shown(word: Word) -> str:
    """A word's values, one or more; of an unknown one its text, with a star if it may be no word or several."""
    if word.values is None:
        return f"<{word.text}>{'*' if word.splits else ''}"
    return "|".join(repr(value) if not value or " " in value or "\n" in value else value for value in word.values)


def lines(commands: list[Command]) -> list[str]:
    return [" ".join(map(shown, command.words)) for command in commands]


# Words


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("cargo install x", "cargo install x", id="plain"),
        pytest.param("a 'b c' \"d e\"", "a 'b c' 'd e'", id="quotes"),
        pytest.param("a b'c'\"d\"e", "a bcde", id="joined quotes"),
        pytest.param("a '' \"\"", "a '' ''", id="empty words"),
        pytest.param(r"a b\ c \"d\' \\", "a 'b c' \"d' \\", id="backslashes"),
        pytest.param(r'a "b\"c\d\$e\\"', r'a b"c\d$e' + "\\", id="backslashes in double quotes"),
        pytest.param(r"a 'b\c'", r"a b\c", id="backslash in single quotes"),
        pytest.param('a x"y"\\ z', "a 'xy z'", id="escaped blank after a quote"),
        pytest.param("a b\\\n  c \\\n  d", "a b c d", id="line continuations"),
        pytest.param("a inst\\\nall b", "a install b", id="line continuation in a word"),
        pytest.param('a "b\\\nc"', "a bc", id="line continuation in double quotes"),
        pytest.param("a \\\n  # no comment here\n", "a", id="comment after a line continuation"),
        pytest.param(r"a $'b\tc\x41\u00e9\'\101'", "a b\tcAé'A", id="ANSI-C quotes"),
        pytest.param("a $'b'c $'\\ca'", "a bc \x01", id="ANSI-C quotes without an escape, and a control character"),
        pytest.param('a $"b"', "a b", id="translated string"),
        pytest.param("a é\\é 'é'", "a éé é", id="characters of several bytes"),
        pytest.param("a b#c # d", "a b#c", id="comment"),
        pytest.param("a 1 2.3 -4 5x", "a 1 2.3 -4 5x", id="numbers"),
        pytest.param("a b=c --d=e", "a b=c --d=e", id="equals signs"),
        pytest.param("a *.c [x] ?", "a *.c [x] ?", id="patterns stay as they are"),
        pytest.param("a {b,c} x{} {}", "a <{b,c}>* x{} {}", id="braces"),
        pytest.param("a ~/b", "a ~/b", id="tilde"),
        pytest.param("a $((1 + 2)) $(b) `c`", "a <$((1 + 2))> <$(b)>* <`c`>*", id="substitutions are unknown"),
        pytest.param('a "$(b)" x$(b)', 'a <"$(b)"> <x$(b)>*', id="quoted substitutions are one word"),
        pytest.param("a <(b)", "a <<(b)>", id="process substitution"),
        pytest.param('a $1 "$1" $@ "$@" $* "$*" $#', 'a <$1>* <"$1"> <$@>* <"$@">* <$*>* <"$*"> <$#>', id="parameters"),
        pytest.param("a > b c 2>&1 d &> e f", "a c d f", id="words after redirections"),
        pytest.param("> b a c", "a c", id="redirection in front"),
        pytest.param("a <<E b\nE\n", "a b", id="word after a here-document's delimiter"),
        pytest.param("a && b > c d", "a", id="first of a list with a redirection"),
    ],
)
def test_words(program: str, expected: str) -> None:
    assert lines(read(program))[0] == expected


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("V=1.2.3; a x@$V", "a x@1.2.3", id="assigned"),
        pytest.param("V=1\na ${V} \"${V}x\" '$V'", "a 1 1x $V", id="braces and quotes"),
        pytest.param("export V=1; a $V", "a 1", id="export"),
        pytest.param("readonly V=1; a $V", "a 1", id="readonly"),
        pytest.param("V=1 W=2; a $V$W", "a 12", id="two on a line"),
        pytest.param("V=; a x$V $V", "a x", id="empty"),
        pytest.param("V=1; V=2; a $V", "a 2", id="assigned again"),
        pytest.param("V=1; V+=2; a $V", "a 12", id="added to"),
        pytest.param("V=1; W=x$V; a $W", "a x1", id="from another"),
        pytest.param("V=1 a $V", "a <$V>*", id="in front of a command is for that command alone"),
        pytest.param("V=$(b); a $V", "a <$V>*", id="substitution"),
        pytest.param("F='--locked --all'; a $F \"$F\"", "a --locked --all '--locked --all'", id="split unless quoted"),
        pytest.param("V=' b '; a x$V-y", "a x b -y", id="split at both ends"),
        pytest.param("a ${V:-1} ${V-2} ${V:=3} $V", "a 1 2 3 3", id="defaults"),
        pytest.param("V=; a x${V:-1} x${V-2}", "a x1 x", id="default of an empty variable"),
        pytest.param("V=$1; a ${V:-1}", "a <${V:-1}>*", id="default of a variable that is given from outside"),
        pytest.param(
            'a "${V:-b c}" ${V:-"d"} ${V:-$W} ${V:-${W:-e}}', "a 'b c' d <${V:-$W}>* e", id="kinds of default"
        ),
        pytest.param("V=1; a ${V:+b} ${W:+c} ${V:?no}", "a b <${W:+c}>* 1", id="alternative and error"),
        pytest.param(f"a {'${V:-' * 30}b{'}' * 30}", f"a <{'${V:-' * 30}b{'}' * 30}>*", id="deep defaults"),
        pytest.param("V=v1.2.3-x; a ${V#v} ${V%-*} ${V##*.} ${V%%.*}", "a 1.2.3-x v1.2.3 3-x v1", id="removed ends"),
        pytest.param("V=1; a ${V%x} ${V#'\\'}", "a 1 <${V#'\\'}>*", id="no such end, and a backslash"),
        pytest.param(
            "V=abc; a ${#V} ${V/b/x} ${V:1} ${!V} ${V^^}",
            "a <${#V}> <${V/b/x}>* <${V:1}>* <${!V}>* <${V^^}>*",
            id="others",
        ),
        pytest.param("read V; a $V; V=1; read -r V; a $V", "read V", id="read"),
        pytest.param("V=1; ((V++)); a $V", "a <$V>*", id="arithmetic"),
        pytest.param("V=1; unset V; a $V", "a <$V>*", id="unset"),
        pytest.param('A=(--b "c d"); A+=(e); a "${A[@]}" x', "a --b 'c d' e x", id="array"),
        pytest.param('A=(); a "${A[@]}" ${A[@]+"${A[@]}"} x', "a x", id="empty array"),
        pytest.param('A=(b $1); a "${A[@]}"', 'a <"${A[@]}">*', id="array that is not all known"),
        pytest.param("A[0]=b; a ${A[0]} ${A[@]}", "a <${A[0]}>* <${A[@]}>*", id="element"),
    ],
)
def test_variables(program: str, expected: str) -> None:
    commands = [command for command in read(program) if programs(command.words[0]) != ("b",)]
    assert lines(commands)[0] == expected


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("V=1; if x; then V=2; fi; a $V", "a 2|1", id="a branch that may be taken"),
        pytest.param("if x; then V=2; fi; a $V", "a <$V>*", id="a branch, else from outside"),
        pytest.param("if x; then V=1; else V=2; fi; a $V", "a 1|2", id="both branches"),
        pytest.param("if x; then V=1; elif y; then V=2; else V=3; fi; a $V", "a 1|2|3", id="elif"),
        pytest.param("if x; then V=1; elif y; then V=2; fi; a $V", "a <$V>*", id="elif without else"),
        pytest.param("V=1; if x; then y; elif V=2; then y; fi; a $V", "a <$V>*", id="in the condition of elif"),
        pytest.param("if x; then V=1; a $V; fi", "a 1", id="in its branch"),
        pytest.param("case x in b) V=1 ;; *) V=2 ;; esac; a $V", "a 1|2", id="case with a default"),
        pytest.param("V=0; case x in b) V=1 ;; esac; a $V", "a 1|0", id="case without a default"),
        pytest.param("for V in 1 2; do a $V; done", "a 1|2", id="for"),
        pytest.param("W='1 2'; for V in $W 3; do a $V; done", "a 1|2|3", id="for over a variable"),
        pytest.param("for V in *.c; do a $V; done", "a <$V>*", id="for over files"),
        pytest.param("for V; do a $V; done", "a <$V>*", id="for over the parameters"),
        pytest.param("V=1; for x in 1; do a $V; V=2; done", "a <$V>*", id="assigned later in a loop"),
        pytest.param("V=1; for x in 1; do a $V; unset V; done", "a <$V>*", id="unset later in a loop"),
        pytest.param("V=1; for x in 1; do a $V; let V=2; done", "a <$V>*", id="calculated later in a loop"),
        pytest.param("V=; for x in 1; do a $V; b ${V:=2}; done", "a <$V>*", id="given a default later in a loop"),
        pytest.param("V=1; while x; do V=2; done; a $V", "a 1|2", id="after a loop"),
        pytest.param("V=1; while read -r V; do a $V; done", "a <$V>*", id="while read"),
        pytest.param("V=1; (V=2; x); a $V", "a 1", id="subshell"),
        pytest.param("V=1; V=2 | x; a $V", "a 1", id="pipe"),
        pytest.param("V=1; V=2 & a $V", "a 1", id="background"),
        pytest.param("V=1; x && V=2; a $V", "a 1|2", id="and-list"),
        pytest.param("x && V=2 && a $V", "a 2", id="further in the and-list"),
        pytest.param("V=2 && a $V", "a 2", id="first of an and-list"),
        pytest.param("x || V=2; a $V", "a <$V>*", id="or-list"),
        pytest.param("f() { V=1; }; V=2; a $V", "a <$V>*", id="a function may assign it"),
        pytest.param("f() { local V=1; }; V=2; f; a $V", "a 2", id="a function's own"),
        pytest.param("f() { V=1; a $V; }", "a 1", id="in the function"),
        pytest.param("f() { a $V; }; V=1; f", "a 1", id="global in a function"),
        pytest.param("f() { a $V; }; V=1; f; V=2; f", "a 1|2", id="global of two values in a function"),
        pytest.param("f() { a $V; }; if x; then V=1; fi; f", "a <$V>*", id="global of one branch in a function"),
        pytest.param("f() { local V; a $V; }; V=1; f", "a <$V>*", id="own in a function"),
    ],
)
def test_never_a_wrong_single_value(program: str, expected: str) -> None:
    commands = [command for command in read(program) if programs(command.words[0]) == ("a",)]
    assert lines(commands) == [expected]


def test_one_command_for_each_count_of_words() -> None:
    program = "F=; if x; then F='--locked --all'; fi; a $F b"
    assert lines(read(program))[1:] == ["a --locked --all b", "a b"]


def test_too_many_ways_are_unknown() -> None:
    program = "".join(f"V{n}=; x && V{n}=1\n" for n in range(5)) + "a $V0 $V1 $V2 $V3 $V4"
    found = [line for line in lines(read(program)) if line.startswith("a ")]
    assert len(found) == 8
    assert all(line.endswith(" <$V3>* <$V4>*") for line in found)


def test_given_variables() -> None:
    given: dict[str, Values] = {"V": ("1",), "M": ("1", "2"), "U": None}
    program = "a $V $M $U ${U:-3} ${N:-4}; V=5; a $V"
    assert lines(read(program, given)) == ["a 1 1|2 <$U>* 3 4", "a 5"]


# Where commands stand


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("a; b\nc & d", [("a", ""), ("b", ""), ("c", "background"), ("d", "")], id="sequence"),
        pytest.param("if a; then b; else c; fi", [("a", "condition"), ("b", "branch"), ("c", "branch")], id="if"),
        pytest.param(
            "if ! a; then b; elif c; then d; fi",
            [("a", "condition negated"), ("b", "branch"), ("c", "condition"), ("d", "branch")],
            id="elif",
        ),
        pytest.param("while a; do b; done", [("a", "condition loop"), ("b", "loop")], id="while"),
        pytest.param("until a; do b; done", [("a", "condition loop"), ("b", "loop")], id="until"),
        pytest.param("for x in 1; do b; done", [("b", "loop")], id="for"),
        pytest.param("for ((i = 0; i < 3; i++)); do b; done", [("b", "loop")], id="for as in C"),
        pytest.param("case x in a) b ;; c | d) e ;; esac", [("b", "branch"), ("e", "branch")], id="case"),
        pytest.param("f() { a; }; function g { b; }", [("a", "function"), ("b", "function")], id="functions"),
        pytest.param("(a; b)", [("a", ""), ("b", "")], id="subshell"),
        pytest.param("{ a; b; }", [("a", ""), ("b", "")], id="group"),
        pytest.param("! a", [("a", "negated")], id="negated"),
        pytest.param("a && b", [("a", "and-list"), ("b", "and-list")], id="and"),
        pytest.param("a || b", [("a", "or-list-left"), ("b", "or-list-right")], id="or"),
        pytest.param(
            "a && b || c && d",
            [
                ("a", "and-list or-list-left"),
                ("b", "and-list or-list-left"),
                ("c", "and-list or-list-right"),
                ("d", "and-list"),
            ],
            id="and then or",
        ),
        pytest.param(
            "(a; b) || c", [("a", "or-list-left"), ("b", "or-list-left"), ("c", "or-list-right")], id="group or"
        ),
        pytest.param("a $(b) `c`", [("a", ""), ("b", "substitution"), ("c", "substitution")], id="substitutions"),
        pytest.param('V="$(a "$(b)")"', [("a", "substitution"), ("b", "substitution")], id="nested substitutions"),
        pytest.param("export V=$(a)", [("a", "substitution")], id="substitution in an export"),
        pytest.param(
            "[[ -n $(a) ]] && b", [("a", "and-list substitution"), ("b", "and-list")], id="substitution in a test"
        ),
        pytest.param("for x in $(a); do b; done", [("a", "substitution"), ("b", "loop")], id="substitution in a for"),
        pytest.param("case $(a) in b) ;; esac", [("a", "substitution")], id="substitution in a case"),
        pytest.param(
            "a ${V:-$(b)} $((1 + $(c)))",
            [("a", ""), ("b", "substitution"), ("c", "substitution")],
            id="substitution in expansions",
        ),
        pytest.param(
            "a < <(b) > >(c)", [("a", ""), ("b", "substitution"), ("c", "substitution")], id="process substitutions"
        ),
        pytest.param("a <<E\n$(b)\nE", [("a", ""), ("b", "substitution")], id="substitution in a here-document"),
        pytest.param("a <<'E'\n$(b)\nE", [("a", "")], id="text in a quoted here-document"),
        pytest.param(
            "a <<E && b\nx\nE\nc", [("a", "and-list"), ("b", "and-list"), ("c", "")], id="list after a here-document"
        ),
        pytest.param("# a\nb # c", [("b", "")], id="comments"),
        pytest.param("V='a b'; echo 'a b'", [("echo", "")], id="text"),
        pytest.param("[ a ]; [[ b ]]; ((c))", [], id="tests are no commands"),
        pytest.param("a 'b", [], id="syntax error"),
        pytest.param("a\n;; )\nb", [("a", ""), ("b", "")], id="around a syntax error"),
    ],
)
def test_inside(program: str, expected: list[tuple[str, str]]) -> None:
    found = [(command.words[0].text, " ".join(sorted(command.inside))) for command in read(program)]
    assert found == expected


def first_words(commands: Sequence[Command]) -> list[str]:
    return [command.words[0].text for command in commands]


def test_pipelines() -> None:
    commands = read("a | b 2>&1 | sudo c; d; x=$(e | f); cat <<E | g\nE\n")
    pipes = {command.words[0].text: (command.pipeline, *first_words(command.piped_from)) for command in commands}
    assert pipes == {
        "a": ((0, 3),),
        "b": ((1, 3), "a"),
        "c": ((2, 3), "b"),
        "d": ((0, 1),),
        "e": ((0, 2),),
        "f": ((1, 2), "e"),
        "cat": ((0, 2),),
        "g": ((1, 2), "cat"),
    }


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("a && b > c d && e", ["a", "b d", "e"], id="and-list"),
        pytest.param("! a > b c", ["a c"], id="negation"),
        pytest.param("a | b > c d | e", ["a", "b d", "e"], id="pipe"),
        pytest.param("a && bash <<E > c -x\nd\nE", ["a", "bash -x", "d"], id="here-document"),
        pytest.param("a | cat <<E | sh\nd\nE", ["a", "cat", "sh", "d"], id="pipe and here-document"),
        pytest.param("if a; then b; fi > c", ["a", "b"], id="condition"),
    ],
)
def test_redirections_are_those_of_the_last_command(program: str, expected: list[str]) -> None:
    commands = read(program)
    assert lines(commands) == expected
    if "|" in program:
        assert [command.pipeline[0] for command in commands][:3] == [0, 1, 2]
        assert [first_words(command.piped_from) for command in commands][1:3] == [
            first_words(commands[:1]),
            first_words(commands[1:2]),
        ]


def test_a_pipe_from_a_group_is_from_its_last_command() -> None:
    assert [first_words(command.piped_from) for command in read("(a; b) | c")] == [[], [], ["b"]]


def test_environment() -> None:
    command, _ = read("A=1 B=$(x) C= sudo D=2 env -u E F='3 4' \"G=$H\" cargo build")[::-1]
    assert command.environment == (
        ("A", ("1",)),
        ("B", None),
        ("C", ("",)),
        ("D", ("2",)),
        ("F", ("3 4",)),
        ("G", None),
    )


def test_order_is_that_of_the_file() -> None:
    commands = read("f() { a; }\nb $(c)\ntrap 'd' EXIT\nbash <<E\ne\nE\nf")
    assert [command.words[0].text for command in commands] == ["a", "b", "c", "d", "bash", "e", "f"]


# Wrappers


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("sudo -E -u me --group g cargo b", "cargo b", id="sudo"),
        pytest.param("sudo -Eu me cargo b", "cargo b", id="sudo, options together"),
        pytest.param("sudo -E PATH=$PATH -s A=b cargo b", "cargo b", id="sudo, options after a variable"),
        pytest.param("sudo --user=me -- cargo b", "cargo b", id="sudo, end of options"),
        pytest.param("/usr/bin/sudo cargo b", "cargo b", id="sudo by its path"),
        pytest.param("$SUDO cargo b", "cargo b", id="sudo in a variable"),
        pytest.param('SUDO=""; $SUDO cargo b', "cargo b", id="no sudo in a variable"),
        pytest.param("for s in sudo doas; do $s cargo b; done", "sudo|doas cargo b", id="one of two wrappers"),
        pytest.param("sudo -l", "sudo -l", id="sudo without a command"),
        pytest.param("sudo A=b -l", "sudo A=b -l", id="sudo without a command after a variable"),
        pytest.param("sudo $X b", "<$X>* b", id="sudo of an unknown command"),
        pytest.param("env -i -u X A=b cargo b", "cargo b", id="env"),
        pytest.param("env", "env", id="env alone"),
        pytest.param("time -p cargo b", "cargo b", id="time"),
        pytest.param("time A=b cargo b", "cargo b", id="time-and-an-assignment"),
        pytest.param("nice -n 5 ionice -c3 nohup cargo b", "cargo b", id="nice, ionice, nohup"),
        pytest.param("timeout -s KILL --kill-after 5 10m cargo b", "cargo b", id="timeout"),
        pytest.param("exec -a x cargo b", "cargo b", id="exec"),
        pytest.param("exec > log", "exec", id="exec for its redirection"),
        pytest.param("command cargo b", "cargo b", id="command"),
        pytest.param("command -v cargo", "command -v cargo", id="command that only looks"),
        pytest.param("stdbuf -oL cargo b", "cargo b", id="stdbuf"),
        pytest.param("chroot /mnt cargo b", "cargo b", id="chroot"),
        pytest.param("gosu me:me cargo b", "cargo b", id="gosu"),
        pytest.param("setarch x86_64 -R cargo b", "cargo b", id="setarch"),
        pytest.param("taskset -c 0-3 cargo b", "cargo b", id="taskset"),
        pytest.param("flock -w 5 /lock cargo b", "cargo b", id="flock"),
        pytest.param("flock /lock -c 'cargo b'", "cargo b", id="flock with a program"),
        pytest.param("rustup run nightly cargo b", "cargo b", id="rustup run"),
        pytest.param("rustup run --install 1.80 cargo b", "cargo b", id="rustup run with an option"),
        pytest.param("rustup update", "rustup update", id="rustup otherwise"),
        pytest.param("xvfb-run -a -s '-x' cargo b", "cargo b", id="xvfb-run"),
        pytest.param("mold -run cargo b", "cargo b", id="mold"),
        pytest.param("nix develop .#x -c cargo b", "cargo b", id="nix develop"),
        pytest.param("nix-shell -p x --run 'cargo b'", "cargo b", id="nix-shell"),
        pytest.param("kubectl exec -it pod -- cargo b", "cargo b", id="kubectl exec"),
        pytest.param("busybox sh -c 'cargo b'", "cargo b", id="busybox"),
        pytest.param("bash -c 'cargo b'", "cargo b", id="bash"),
        pytest.param('sh -euxc "cargo b"', "cargo b", id="sh with options"),
        pytest.param("bash -euo pipefail -c 'cargo b' x y", "cargo b", id="bash with an option's value"),
        pytest.param("bash -lc 'cargo b'", "cargo b", id="login shell"),
        pytest.param("bash script.sh -c x", "bash script.sh -c x", id="a script's options"),
        pytest.param('bash -c "$1"', 'bash -c <"$1">', id="an unknown program"),
        pytest.param("bash -c \"sh -c 'cargo b'\"", "cargo b", id="a program in a program"),
        pytest.param("su me -c 'cargo b'", "cargo b", id="su"),
        pytest.param("su - me", "su - me", id="su without a command"),
        pytest.param("runuser -u me -- cargo b", "cargo b", id="runuser"),
        pytest.param("ssh -p 22 me@host 'cargo b'", "cargo b", id="ssh"),
        pytest.param("ssh host cargo b", "cargo b", id="ssh with words"),
        pytest.param("eval 'cargo b'", "cargo b", id="eval"),
        pytest.param("eval cargo b", "cargo b", id="eval with words"),
        pytest.param("eval cargo b $X", "cargo b <$X>*", id="eval with an unknown word"),
        pytest.param('eval "$X"', 'eval <"$X">', id="eval of what is unknown"),
        pytest.param("trap 'cargo b' EXIT", "cargo b", id="trap"),
        pytest.param("trap - EXIT", "trap - EXIT", id="trap taken back"),
        pytest.param("cross build", "cross build", id="cross is a program of its own"),
        pytest.param("retry 3 cargo b", "retry 3 cargo b", id="an unknown program"),
        pytest.param('docker run --rm -it -v "$PWD:/x" -e A=1 -w/x rust:1 cargo b', "cargo b", id="docker run"),
        pytest.param("docker run --rm --user $(id -u) --init rust:1 cargo b", "cargo b", id="docker run, long options"),
        pytest.param("docker run $IMAGE cargo b", "cargo b", id="docker run of an unknown image"),
        pytest.param("docker run $DOCKER_OPTS rust cargo b", "cargo b", id="docker run with unknown options"),
        pytest.param('docker run "${args[@]}" rust cargo b', "cargo b", id="docker run with an unknown array"),
        pytest.param("docker run $TARGET cargo b", "cargo b", id="docker run of an image whose name contains arg"),
        pytest.param("sudo $CARGO b", "<$CARGO>* b", id="an unknown program whose name contains arg"),
        pytest.param("docker run rust sh -c 'cargo b'", "cargo b", id="docker run of a shell"),
        pytest.param("docker run --entrypoint sh rust -c 'cargo b'", "cargo b", id="docker run with an entrypoint"),
        pytest.param("docker run -d rust", "docker run -d rust", id="docker run without a command"),
        pytest.param("docker run rust --help", "docker run rust --help", id="docker run with options for the image"),
        pytest.param("docker -H x container run rust cargo b", "cargo b", id="docker container run"),
        pytest.param("docker exec -it -e A=b name cargo b", "cargo b", id="docker exec"),
        pytest.param("docker build -t x .", "docker build -t x .", id="docker build"),
        pytest.param("podman run --rm rust cargo b", "cargo b", id="podman"),
        pytest.param("podman -r --syslog run --unsetenv-all rust cargo b", "cargo b", id="podman with more options"),
        pytest.param("nerdctl --debug-full -n k8s.io run rust cargo b", "cargo b", id="nerdctl"),
        pytest.param("docker compose -f x run --rm -e A=b service cargo b", "cargo b", id="docker compose run"),
        pytest.param("docker-compose exec -T service cargo b", "cargo b", id="docker-compose exec"),
        pytest.param("bwrap --ro-bind / / --dev /dev --unshare-all cargo b", "cargo b", id="bwrap"),
        pytest.param("bwrap --overlay a b / --setenv A b --bind a b -- cargo b", "cargo b", id="bwrap with dashes"),
        pytest.param("bwrap --version", "bwrap --version", id="bwrap without a command"),
        pytest.param("firejail --quiet --net=none -- cargo b", "cargo b", id="firejail"),
        pytest.param("firejail --list", "firejail --list", id="firejail without a command"),
        pytest.param("unshare -n --map-user 0 --propagation slave cargo b", "cargo b", id="unshare"),
        pytest.param("unshare -nl a --owner 0:0 --whitelist-env A cargo b", "cargo b", id="unshare with more options"),
        pytest.param("systemd-run --user --working-directory . -dPp A=b cargo b", "cargo b", id="systemd-run"),
        pytest.param("systemd-run -C a --on-calendar daily --json off cargo b", "cargo b", id="systemd-run, a timer"),
        pytest.param("xargs -n 1 -P4 cargo b", "cargo b", id="xargs"),
        pytest.param("xargs -I{} cargo b {} x{}", "cargo b <{}> <x{}>", id="xargs with a place"),
        pytest.param("xargs --replace=% cargo b %", "cargo b <%>", id="xargs with a long option"),
        pytest.param("xargs -i cargo b {}", "cargo b <{}>", id="xargs with the usual place"),
        pytest.param("xargs -n 1 cargo b -I{} x", "cargo b -I{} x", id="xargs with an option of the command"),
        pytest.param("bash --rcfile x -c 'cargo b'", "cargo b", id="bash with a file of settings"),
        pytest.param("runuser -c 'cargo b' me", "cargo b", id="runuser with a program"),
        pytest.param("runuser me", "runuser me", id="runuser without a command"),
        pytest.param("vagrant ssh -c 'cargo b'", "cargo b", id="vagrant"),
        pytest.param("vagrant up -c x", "vagrant up -c x", id="vagrant otherwise"),
        pytest.param("mise exec rust -- cargo b", "cargo b", id="mise"),
        pytest.param("mise exec rust", "mise exec rust", id="mise without a command"),
        pytest.param("docker compose -f x", "docker compose -f x", id="docker compose without a verb"),
        pytest.param("docker compose up cargo", "docker compose up cargo", id="docker compose otherwise"),
        pytest.param("docker run", "docker run", id="docker run without an image"),
        pytest.param("docker -D", "docker -D", id="docker without a verb"),
        pytest.param("\\\ncargo b", "cargo b", id="no wrapper"),
    ],
)
def test_wrappers(program: str, expected: str) -> None:
    command = next(command for command in read(program) if "substitution" not in command.inside)
    assert lines([command]) == [expected]
    if not program.startswith("SUDO"):
        front = [word.text for word in command.wrapper]
        assert expected.startswith("cargo b") <= (front != [] or program.startswith("\\"))


@pytest.mark.parametrize("name", sorted(name for names in NO_WRAPPERS for name in names))
def test_programs_that_run_no_other(name: str) -> None:
    for rest in ("-c 'cargo b'", "run -- cargo b", "exec cargo b", "cargo b"):
        (command,) = read(f"{name} {rest}")
        assert wrappers.inner(command.words) is None
        assert not wrappers.reads_program(command.words)


def test_wrapper_words() -> None:
    (command,) = read("sudo -u me env A=b bash -c 'time cargo b'")
    assert [word.text for word in command.wrapper] == ["sudo", "-u", "me", "env", "A=b", "bash", "-c", "time"]
    assert command.environment == (("A", ("b",)),)


def test_flags_of_wrappers() -> None:
    assert read("xargs cargo b")[0].inside == {"xargs"}
    assert read("xargs sh -c 'cargo b $1'")[0].inside == frozenset()
    assert lines(read("find . -name x -execdir cargo b {} \\; -exec sh -c 'cargo c' \\;")) == [
        "find . -name x -execdir cargo b {} ; -exec sh -c 'cargo c' ;",
        "cargo b {}",
        "cargo c",
    ]


def test_variables_do_not_reach_other_machines() -> None:
    program = "V=1; bash -c 'a $V'; docker run x sh -c 'a $V'; docker run x sh -c \"a $V\"; ssh h 'a $V'"
    assert lines(read(program)) == ["a 1", "a <$V>*", "a 1", "a <$V>*"]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("bash <<E\ncargo b $V\nE", ["bash", "cargo b <$V>*"], id="plain"),
        pytest.param("V=1; sh <<'E'\ncargo b $V\nE", ["sh", "cargo b 1"], id="quoted"),
        pytest.param("sudo bash -s -- x <<-E\n\tcargo b\n\tE", ["bash -s -- x", "cargo b"], id="sudo and tabs"),
        pytest.param("cat <<E | sudo sh\ncargo b\nE", ["cat", "sh", "cargo b"], id="piped"),
        pytest.param("bash <<E\na \\$V\nE", ["bash", "a <\\$V>*"], id="escaped expansion"),
        pytest.param("V=1; ssh h <<E\na $V\nE", ["ssh h", "a 1"], id="ssh"),
        pytest.param("cat <<E\ncargo b\nE", ["cat"], id="printed"),
        pytest.param("cat > f <<E\ncargo b\nE", ["cat"], id="written"),
        pytest.param("tee f <<E | sh -x\ncargo b\nE", ["tee f", "sh -x"], id="tee"),
        pytest.param("bash script <<E\ncargo b\nE", ["bash script"], id="a script's input"),
        pytest.param("bash <<< 'cargo b'", ["bash", "cargo b"], id="here-string"),
        pytest.param("cat <<< 'cargo b'", ["cat"], id="here-string that is text"),
        pytest.param("su me <<E\ncargo b\nE", ["su me", "cargo b"], id="su"),
        pytest.param("cat <<E | sort | bash\ncargo b\nE", ["cat", "sort", "bash"], id="piped through another"),
    ],
)
def test_here_documents(program: str, expected: list[str]) -> None:
    assert lines(read(program)) == expected


def test_programs_in_variables() -> None:
    commands = read('C=\'cargo b && x "$Y"\'\nbash -c "$C"\neval $C')
    assert lines(commands) == ["cargo b", 'x <"$C">', "cargo b", "x <$C>"]
    assert {command.form for command in commands} == {"fixed"}


# Expressions


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("a x@${{ env.V }}", ["a x@1"], id="in a word"),
        pytest.param("a \"x@${{ env.V }}\" 'y@${{ env.V }}'", ["a x@1 y@1"], id="in quotes"),
        pytest.param("a ${{ matrix.m }}", ["a 1|2"], id="several"),
        pytest.param(
            'a ${{ github.sha }} "${{ github.sha }}"', ['a <${{ github.sha }}>* <"${{ github.sha }}">'], id="unknown"
        ),
        pytest.param("a ${{ inputs.x || 'b' }}", ["a b"], id="default"),
        pytest.param("a ${{ github.x == 'push' && '--b' || '--c' }} d", ["a --b|--c d"], id="choice"),
        pytest.param("a ${{ matrix.flags }} b", ["a --locked --all b", "a b"], id="words"),
        pytest.param("a ${{ matrix.quoted }}", ["a -F 'b c'"], id="words with quotes"),
        pytest.param("a ${{ matrix.open }} b", ["a <${{ matrix.open }}>* b"], id="a quote that is not closed"),
        pytest.param("a $'${{ env.V }}'", ["a <$'${{ env.V }}'>"], id="in ANSI-C quotes"),
        pytest.param("${{ matrix.command }}", ["a b", "c"], id="a program"),
        pytest.param("V=${{ env.V }}; a $V", ["a 1"], id="assigned"),
        pytest.param("bash -c 'a ${{ env.V }}'", ["a 1"], id="in a program in a program"),
        pytest.param("a ${{ 'x y; z' }} b", ["a <${{ 'x y; z' }}>* b"], id="more than words"),
        pytest.param("a ${{ unclosed", [], id="not closed"),
    ],
)
def test_github_expressions(program: str, expected: list[str]) -> None:
    given: dict[str, Values] = {
        "env.V": ("1",),
        "inputs.x": ("",),
        "matrix.m": ("1", "2"),
        "matrix.flags": ("--locked --all", ""),
        "matrix.quoted": ("-F 'b c'",),
        "matrix.open": ("it's",),
        "matrix.command": ("a b && c",),
    }
    assert lines(read(program, given, "github")) == expected


def test_just_expressions() -> None:
    assert lines(read("a {{ v }} '{{v}}' {{ f(x) }} {{{{b}}", {"v": ("1",)}, "just")) == ["a 1 1 <{{ f(x) }}>* {{{{b}}"]


# Where words stand in the file


def test_a_word_that_is_not_literal_spans_what_it_comes_from() -> None:
    # As a reader of YAML gives it: a double-quoted scalar with the escape \x61 for the letter a.
    file = File("x.yml", b'run: "c\\x61rgo build \\\n  --release"')
    script = Script(
        "cargo build --release", ((0, 6, 1), (2, 11, 3), (5, 14, 7), (12, 25, 9)), Place("github", ("job a", "step b"))
    )
    (command,) = commands_of(file, script)
    assert [word.text for word in command.words] == ["c\\x61rgo", "build", "--release"]
    assert command.place.names == ("job a", "step b")


def test_words_of_programs_in_programs() -> None:
    program = 'bash -c "a \\"b\\" x$V && ssh h \'c  d\'"; e'
    commands = read(program)
    assert [[word.text for word in command.words] for command in commands] == [
        ["a", '\\"b\\"', "x$V"],
        ["c", "d"],
        ["e"],
    ]


@pytest.mark.parametrize("program", ["a \\\r\n  b 'c\r\nd'\r\ne\r\n", "cat <<E\r\nx\r\nE\r\na b\r\n"])
def test_carriage_returns_are_no_part_of_words(program: str) -> None:
    commands = read(program)
    assert lines(commands) == lines(read(program.replace("\r\n", "\n")))
    file = File("x", program.encode())
    for command in commands:
        assert not command.words[0].text.endswith("\r")
        assert file.position(command.words[0].span.start)[1] == 1


def test_byte_order_mark() -> None:
    file = File("x", b"\xef\xbb\xbfa b")
    (command,) = commands_of(file, whole(file, Place("shell")))
    assert [word.span for word in command.words] == [Span(3, 4), Span(5, 6)]


# What is not read


def test_programs_that_mention_nothing_are_not_read() -> None:
    file = File("x", b"$TOOL install x; cargo build")
    script = whole(file, Place("shell"), {"TOOL": ("npm",)})
    assert len(list(commands_of(file, script, {"cargo"}))) == 2
    assert list(commands_of(file, script, {"wkg"})) == []
    assert len(list(commands_of(file, script, {"npm"}))) == 2


def test_commands_that_no_shell_reads() -> None:
    file = File("Dockerfile", b"")
    words = tuple(Word(Span(at, at + 1), (text,), text) for at, text in enumerate(("sudo", "env", "A=b", "cargo", "b")))
    (command,) = see_through(file, Command(words, Place("dockerfile"), form="exec"))
    assert lines([command]) == ["cargo b"]
    assert command.form == "exec"
    assert command.environment == (("A", ("b",)),)
    (same,) = see_through(file, Command(words[3:], Place("dockerfile"), form="exec"))
    assert same.words == words[3:]


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "(",
            "$(",
            '"$(',
            "{ ",
            "if a; then ",
            "for a in b; do ",
            "case a in b) ",
            "f() { ",
            "cat <<A\n",
            "`",
            "${a:-",
        ),
        *(
            "a && ",
            "a | ",
            "a || b; ",
            "V=$V$V\n",
            "bash -c '",
            'eval "a $X"\n',
            "A+=(x)\n",
            "$((",
            "<",
            ":))",
            "a=([",
            "?a",
        ),
        *("sudo ", "\\\n", "a{b,c}", "${A[@]}", "if a; then V=1; fi\n", "a=${a}${b:-$c}\n"),
    ],
)
def test_programs_take_linear_time(unit: str) -> None:
    assert_linear(lambda size: read(unit * (size // len(unit) // 2 * 2)), 3000)


def test_a_long_program_is_read_to_its_end() -> None:
    program = "".join(f"f{n}() {{\n  cat <<E\n{n}\nE\n  echo 'é {n}'\n}}\n" for n in range(2000))
    assert lines(read(program))[-2:] == ["cat", "echo 'é 1999'"]


@pytest.mark.parametrize("character", ["\u00e9", "\u2705", "\U0001f680", "\U0010ffff"])
def test_characters_beyond_ascii(character: str) -> None:
    program = f'{character} a{character}b "$V{character}$V" # {character}\nV={character}; c ${character} $V'
    assert lines(read(program, {"V": ("1",)})) == [
        f"{character} a{character}b 1{character}1",
        f"c ${character} {character}",
    ]


def test_deep_nesting_is_passed_over() -> None:
    assert lines(read("if a; then " * 300 + "b" + "; fi" * 300 + "; c"))[-1] == "c"
    nested = "cargo b"
    for _ in range(4):
        nested = f"bash -c '{nested}'" if "'" not in nested else f'bash -c "{nested}"' if '"' not in nested else nested
    assert lines(read(nested)) == ["cargo b"]
    assert read("bash -c 'bash -c \"eval `" * 50) == []


# Properties

TOKENS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "cargo",
            " ",
            " ",
            " ",
            "\n",
            "\r\n",
            ";",
            "&&",
            "||",
            "|",
            "&",
            "(",
            ")",
            "{ ",
            " }",
            "'",
            '"',
            "`",
        ),
        *(
            "$",
            "$(",
            "${",
            "}",
            "${V:-",
            "${V[@]}",
            "$V",
            "$@",
            "V=",
            "V=(",
            "\\",
            "\\\n",
            "#",
            "<<E\n",
            "\nE\n",
            "<<<",
        ),
        *(
            "if ",
            "; then ",
            "; fi",
            "for V in ",
            "; do ",
            "; done",
            "while ",
            "case a in b) ",
            ";; esac",
            "f() { ",
            "!",
        ),
        *(
            "bash -c ",
            "eval ",
            "sudo ",
            "env ",
            "docker run ",
            "xargs ",
            "-I{} ",
            "find . -exec ",
            "ssh h ",
            "-c",
            "--",
        ),
        *(
            "${{ matrix.x }}",
            "${{ y }}",
            "${{",
            "}}",
            "é",
            "\x00",
            "1.2.3",
            "[[ ",
            " ]]",
            "((",
            "))",
            "$'\\",
            "export ",
        ),
    ]
)


@given(st.lists(TOKENS, max_size=40).map("".join))
@settings(deadline=None, max_examples=400)
def test_arbitrary_programs_never_raise(program: str) -> None:
    given: dict[str, Values] = {"matrix.x": ("p q", "r; s", ""), "V": ("1", "2 3")}
    for expressions in ("", "github", "just"):
        for command in read(program, given, expressions):
            assert command.words
            assert command.pipeline[0] < command.pipeline[1]


@given(st.text(max_size=200))
@settings(deadline=None)
def test_arbitrary_text_never_raises(program: str) -> None:
    if program.startswith("\ufeff") or any("\ud800" <= character <= "\udfff" for character in program):
        return
    read(program, None, "github")


WORD = st.text(st.characters(codec="utf-8", exclude_characters="'\x00\r"), min_size=1, max_size=10)


@given(st.lists(WORD, min_size=1, max_size=6))
@settings(deadline=None)
def test_quoted_words_are_what_was_quoted(values: list[str]) -> None:
    commands = read(" ".join(["x", *(f"'{value}'" for value in values)]))
    assert [word.values for word in commands[0].words[1:]] == [(value,) for value in values]


# The working directory


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("x", ("a",), id="where the program begins"),
        pytest.param("cd b && x", ("a/b",), id="cd"),
        pytest.param("cd ./b/../c\nx", ("a/c",), id="dots"),
        pytest.param("cd -P b; x", ("a/b",), id="cd with an option"),
        pytest.param("cd /b; x", ("/b",), id="an absolute path"),
        pytest.param("(cd b && y); x", ("a",), id="in a subshell"),
        pytest.param("y | cd b; x", ("a",), id="in a pipe"),
        pytest.param("bash -c 'cd b'; x", ("a",), id="in another shell"),
        pytest.param("bash -c 'cd b && x'", ("a/b",), id="before the command in another shell"),
        pytest.param("D=b; cd $D; x", ("a/b",), id="a variable"),
        pytest.param("if y; then cd b; fi; x", ("a/b", "a"), id="a branch"),
        pytest.param("cd b || exit 1; x", ("a/b",), id="an exit"),
        pytest.param("pushd b; x", ("a/b",), id="pushd"),
        pytest.param("pushd b; popd; x", ("a",), id="popd"),
        pytest.param("pushd b; pushd c; popd; x", ("a/b",), id="popd of the second"),
        pytest.param("pushd b; pushd c; popd; popd; x", ("a",), id="popd of both"),
        pytest.param('pushd "$V"; popd; x', ("a",), id="popd after an unknown pushd"),
        pytest.param("cd b; popd; x", None, id="popd alone"),
        pytest.param("pushd b; popd; popd; x", None, id="one popd too many"),
        pytest.param("pushd b; pushd; popd; x", None, id="popd after an exchange"),
        pytest.param("pushd b; pushd c; pushd +1; popd; x", None, id="popd after a rotation"),
        pytest.param("pushd b; popd +1; x", None, id="popd of another"),
        pytest.param("pushd b; for f in 1 2; do pushd c; done; popd; x", None, id="popd after a loop"),
        pytest.param("pushd b; pushd c; while y; do popd; x; done", None, id="popd in a loop"),
        pytest.param("f() { pushd c; }; pushd b; f; popd; x", None, id="pushd in a function"),
        pytest.param("pushd b; (pushd c); popd; x", ("a",), id="popd after a subshell"),
        pytest.param("pushd b; if y; then pushd c; fi; popd; x", None, id="popd after a branch"),
        pytest.param('cd "/tmp/x-$V"; x', ("/tmp",), id="an unknown temporary directory"),  # noqa: S108 (nothing is written there)
        pytest.param("pushd /var/tmp/$V/a; x", ("/var/tmp",), id="below an unknown one"),  # noqa: S108 (nothing is written there)
        pytest.param('cd "/build/$V"; x', None, id="an unknown absolute directory"),
        pytest.param("cd; x", None, id="the home folder"),
        pytest.param("cd -; x", None, id="back"),
        pytest.param("cd b*; x", None, id="a pattern"),
        pytest.param(f"cd {'b' * 600}; x", None, id="a long path"),
        pytest.param("cd $D; x", None, id="an unknown variable"),
        pytest.param("for d in b c; do cd $d; x; done", None, id="a loop"),
        pytest.param("f() { cd b; }; f; x", None, id="a function"),
        pytest.param("docker run y sh -c 'x'", None, id="a container"),
    ],
)
def test_working_directory(program: str, expected: Values) -> None:
    commands = read(program, {DIRECTORY: ("a",)})
    assert [command.directory for command in commands if programs(command.words[0]) == ("x",)] == [expected]


@pytest.mark.parametrize("length", [0, 1000])
def test_descriptors_of_redirections(length: int) -> None:
    (command,) = read("x 2>/dev/null 1>a >b 3>c\n" + "#" * length)
    assert [(found.operator, found.word.text) for found in command.redirections] == [(">", "a"), (">", "b")]


class _Offsets(tuple[Segment, ...]):
    """Offsets that count how often they are hashed."""

    __slots__ = ()

    hashed = 0

    def __hash__(self) -> int:
        _Offsets.hashed += 1
        return super().__hash__()


def test_the_offsets_that_many_programs_share_are_hashed_once() -> None:
    file = File("a.yml", b"cargo build\n")
    program = whole(file, Place("github"))
    offsets = _Offsets(program.offsets)
    for number in range(20):
        place = Place("github", (f"step {number}",))
        assert len(list(commands_of(file, program._replace(offsets=offsets, place=place)))) == 1
    assert _Offsets.hashed == 1
