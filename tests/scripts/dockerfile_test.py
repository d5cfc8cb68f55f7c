"""Dockerfiles: what BuildKit's own parser in the tests of the judges cannot say, above all bytes and variables."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.scripts.dockerfile import copied_before, instructions, scripts
from dunnage.scripts.dockerfile_syntax import read
from dunnage.shell.model import DIRECTORY, Command, Script
from steps import assert_linear, steps


def file(text: str) -> File:
    return File("Dockerfile", text.encode())


def cut(source: File, span: Span) -> str:
    return source.data[span.start : span.end].decode()


def only(text: str) -> Script | Command:
    (found,) = scripts(file(text))
    return found


def program(text: str) -> Script:
    found = only(text)
    assert isinstance(found, Script)
    return found


def variables(text: str) -> dict[str, str]:
    """What the last program sees, each of one value."""
    *_, found = scripts(file(text))
    assert isinstance(found, Script)
    return {name: value for name, values in found.variables.items() if name != DIRECTORY for value in values or ()}


def literal(source: File, script: Script) -> str:
    """The program with everything that does not stand in the file replaced by `_`."""
    text = script.text.encode()
    shown = bytearray(b"_" * len(text))
    for at, origin, length in script.offsets:
        assert shown[at : at + length] == b"_" * length
        assert text[at : at + length] == source.data[origin : origin + length]
        shown[at : at + length] = source.data[origin : origin + length]
    return shown.decode()


# Instructions


def test_an_instruction_knows_its_bytes_and_lines() -> None:
    source = file("\ufeff# é\nFROM é AS x\n  run --mount=type=cache cargo \\\n    # é\n   install \\\n   é x\nCMD a\n")
    _, run, command = instructions(source)
    assert (run.keyword, run.lines, run.stage) == ("RUN", (3, 6), 0)
    assert cut(source, run.span) == "run --mount=type=cache cargo \\\n    # é\n   install \\\n   é x"
    assert [cut(source, flag.span) for flag in run.flags] == ["--mount=type=cache"]
    (argument,) = run.arguments
    assert argument.text == "cargo    install    é x"
    assert cut(source, argument.span) == "cargo \\\n    # é\n   install \\\n   é x"
    assert [source.data[at : at + length].decode() for _, at, length in argument.offsets] == [
        "cargo ",
        "   install ",
        "   é x",
    ]
    assert cut(source, command.span) == "CMD a"


def test_arguments_know_their_bytes() -> None:
    source = file('FROM a\nENV A="x y" B= C=1\nCOPY  a\tb /\nCMD ["é", "\\"b\\u0041"]\nARG X=1 \\\n Y\n')
    found = [[(one.text, cut(source, one.span)) for one in each.arguments] for each in instructions(source)]
    assert found == [
        [("a", "a")],
        [("A", "A"), ('"x y"', '"x y"'), ("B", "B"), ("", ""), ("C", "C"), ("1", "1")],
        [("a", "a"), ("b", "b"), ("/", "/")],
        [("é", '"é"'), ('"bA', '"\\"b\\u0041"')],
        [("X=1", "X=1"), ("Y", "Y")],
    ]


def test_a_heredoc_knows_its_bytes() -> None:
    source = file("FROM a\nRUN <<A cat <<-'B c' \\\n # x\n >x\n1\nA\n\t2\n\tB c\nRUN x\n")
    _, run, after = instructions(source)
    assert [(one.name, one.chomp, cut(source, one.content), cut(source, one.end)) for one in run.heredocs] == [
        ("A", False, "1\n", "A"),
        ("B c", True, "\t2\n", "B c"),
    ]
    assert cut(source, run.span).endswith("\n\tB c")
    assert after.lines == (9, 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('CMD ["a"] && b', [("shell", ['["a"] && b'])], id="text after an array"),
        pytest.param("RUN cat << E\nx\nE", [("shell", ["cat << E"])], id="blank in front of a name"),
        pytest.param("RUN <<E cat ${X#y}\nx\nE", [("shell", ["<<E cat ${X#y}"])], id="pattern beside a here-document"),
        pytest.param("# check=skip=all\n# escape=`\nRUN a `\n b", [("shell", ["a  b"])], id="check is a directive"),
        pytest.param("# escape=`\nRUN --a`b\\ c", [("shell", ["c"])], id="escape in flags"),
    ],
)
def test_later_buildkits_differ_from_the_judge(text: str, expected: list[tuple[str, list[str]]]) -> None:
    found = [(each.form, [argument.text for argument in each.arguments]) for each in instructions(file(text))]
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        *("ENV x", "LABEL a=b c", 'CMD ["a", 1]', 'CMD ["a" "b"]', "RUN [1]", "RUN <<E", "RUN echo $((1 << 2))"),
        *("COPY ${A b c", f"COPY {'${A:-' * 200}{'}' * 200} c"),
    ],
)
def test_reading_goes_on_after_what_buildkit_rejects(text: str) -> None:
    source = file(f"FROM a\n{text}\nRUN y\n")
    assert [each.keyword for each in instructions(source)] == ["FROM", text.split(maxsplit=1)[0], "RUN"]


@pytest.mark.parametrize(
    ("directives", "escape", "syntax"),
    [
        pytest.param("# escape=x\n", "\\", None, id="unknown-escape"),
        pytest.param("# escape=`\n# escape=\\\n", "`", None, id="escape-twice"),
        pytest.param("# syntax=x\n# syntax=y\n", "\\", "x", id="syntax-twice"),
    ],
)
def test_directives_that_buildkit_rejects(directives: str, escape: str, syntax: str | None) -> None:
    source = file(f"{directives}FROM a\n")
    found = read(source)
    assert (found.escape, found.syntax and cut(source, found.syntax)) == (escape, syntax)


# Programs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("RUN cargo build", "cargo build", id="one line"),
        pytest.param("RUN --network=none cargo build", "cargo build", id="flags"),
        pytest.param("RUN a && \\\n # no\n\n  b", "a &&   b", id="continued, comment and empty line vanish"),
        pytest.param("# escape=`\r\nRUN a `\r\n  b\\\r\n", "a   b\\", id="backtick and CRLF"),
        pytest.param("RUN é \\\n ü", "é  ü", id="beyond ASCII"),
        pytest.param("RUN <<E\ncargo build # x\n\\\nE", "cargo build # x\n\\\n", id="here-document"),
        pytest.param("RUN <<-E\n\ta\n\t\tb\n\tE", "a\nb\n", id="tabs dropped"),
        pytest.param("RUN <<E\r\na\r\nb\r\nE\r\n", "a\nb\n", id="here-document with CRLF"),
        pytest.param("RUN <<E\nE", "", id="empty here-document"),
        pytest.param("RUN <<E\n#!/bin/bash -e\na\nE", "#!/bin/bash -e\na\n", id="POSIX shebang"),
        pytest.param("RUN <<E\n#!/usr/bin/env -S A=b dash\na\nE", "#!/usr/bin/env -S A=b dash\na\n", id="env"),
        pytest.param("RUN cat <<E >x\na\nE", "cat <<E >x_a\nE", id="text for a command"),
        pytest.param("RUN a <<A \\\n <<-B\n\t1\nA\n\t2\n\tB", "a <<A  <<-B_\t1\nA_\t2\nB", id="several"),
        pytest.param('RUN ["sh", "-c", "a \\"b\\" c"]', "a _b_ c", id="shell in exec form"),
        pytest.param('RUN ["/bin/bash", "-euxo", "pipefail", "-c", "é\\n\\u0041", "x"]', "é__", id="its options"),
        pytest.param('RUN ["sh", "-c", \\\n  "a \\\n b"]', "a  b", id="exec form over lines"),
        pytest.param('RUN ["/usr/bin/env", "bash", "-lc", "a"]', "a", id="shell by env"),
        pytest.param("CMD a", "a", id="cmd"),
        pytest.param("ENTRYPOINT a", "a", id="entrypoint"),
        pytest.param("HEALTHCHECK --timeout=3s CMD a \\\n b", "a  b", id="healthcheck"),
        pytest.param("ONBUILD RUN a", "a", id="onbuild"),
        pytest.param("ONBUILD RUN <<E\na\nE", "a\n", id="onbuild here-document"),
        pytest.param("RUN ['cargo', 'build']", "['cargo', 'build']", id="no JSON"),
    ],
)
def test_a_script_is_what_the_shell_gets(text: str, shown: str) -> None:
    source = file(text)
    (found,) = scripts(source)
    assert isinstance(found, Script)
    assert literal(source, found) == shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('FROM a\nSHELL ["powershell", "-Command"]\nRUN a\nCMD b\nRUN <<E\nx\nE\n', id="powershell"),
        pytest.param('FROM a AS b\nSHELL ["cmd", "/S", "/C"]\nFROM b\nRUN a\n', id="inherited"),
        pytest.param("FROM golang:1-windowsservercore-ltsc2022\nRUN a\n", id="Windows"),
        pytest.param("ARG B=mcr.microsoft.com/windows/nanoserver:x\nFROM $B\nRUN a\n", id="Windows by argument"),
        pytest.param("FROM --platform=windows/amd64 a\nRUN a\n", id="Windows by platform"),
        pytest.param("FROM a\nRUN <<E\n#!/usr/bin/env python3\na\nE\n", id="shebang"),
        pytest.param("FROM a\nCOPY <<E /x\ncargo build\nE\nADD a b\nLABEL x=y\n", id="files"),
        pytest.param("FROM a\nRUN\nCMD []\nHEALTHCHECK NONE\nHEALTHCHECK\nHEALTHCHECK CMD\n", id="nothing to run"),
    ],
)
def test_what_no_posix_shell_runs_is_passed_over(text: str) -> None:
    assert list(scripts(file(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('FROM a\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a\n', id="bash"),
        pytest.param('FROM a\nSHELL ["conda", "run", "-n", "x", "/bin/bash", "-c"]\nRUN a\n', id="bash by another"),
        pytest.param('FROM a AS b\nSHELL ["pwsh"]\nFROM a\nRUN a\n', id="another stage"),
        pytest.param('FROM a\nSHELL ["pwsh"]\nRUN <<E\n#!/bin/sh\na\nE\n', id="shebang"),
        pytest.param('FROM a\nSHELL ["pwsh"]\nRUN ["sh", "-c", "a"]\n', id="exec form"),
    ],
)
def test_what_a_posix_shell_runs_is_not(text: str) -> None:
    assert isinstance(only(text), Script)


def test_an_exec_form_is_a_command() -> None:
    source = file('FROM a\nRUN ["cargo", "inst\\u0061ll", \\\n "$X"]\n')
    (found,) = scripts(source)
    assert isinstance(found, Command)
    assert found.form == "exec"
    assert [word.values for word in found.words] == [("cargo",), ("install",), ("$X",)]
    assert [word.text for word in found.words] == ['"cargo"', '"inst\\u0061ll"', '"$X"']
    assert [cut(source, word.span) for word in found.words] == [word.text for word in found.words]


@pytest.mark.parametrize("text", ['["sh", "a.sh"]', '["sh"]', '["sh", "-c"]', '["bash", "-o", "-c", "x"]', '["env"]'])
def test_a_shell_without_a_program_is_a_command(text: str) -> None:
    assert isinstance(only(f"FROM a\nENTRYPOINT {text}\n"), Command)


def test_a_place_names_stage_and_instruction() -> None:
    text = "FROM a AS Build\nRUN a\nONBUILD CMD b\nFROM c\nHEALTHCHECK CMD d\n"
    assert [found.place.names for found in scripts(file(text))] == [
        ("stage Build", "RUN"),
        ("stage Build", "ONBUILD CMD"),
        ("stage 1", "HEALTHCHECK"),
    ]


# Variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("FROM a\nARG V=1.2.3\nRUN x", {"V": "1.2.3"}, id="default"),
        pytest.param("FROM a\nARG V\nRUN x", {}, id="given from outside"),
        pytest.param("FROM a\nRUN x\nARG V=1", {}, id="set too late"),
        pytest.param("ARG V=1\nFROM a\nRUN x", {}, id="global and not declared again"),
        pytest.param("ARG V=1\nFROM a\nARG V\nRUN x", {"V": "1"}, id="global and declared again"),
        pytest.param("ARG V=1\nFROM a\nARG V=2\nRUN x", {"V": "2"}, id="default of its own"),
        pytest.param("ARG A=1\nARG V=$A.${B}2\nFROM a\nARG V\nRUN x", {"V": "1.2"}, id="global by global"),
        pytest.param("ARG A\nARG V=$A\nFROM a\nARG V\nRUN x", {}, id="global by what is given from outside"),
        pytest.param("FROM a\nARG TARGETARCH\nENV V=$TARGETARCH\nRUN x", {}, id="platform"),
        pytest.param("FROM a\nENV A=1 B='2 3' C=\"4 $A\"\nRUN x", {"A": "1", "B": "2 3"}, id="all before any"),
        pytest.param("FROM a\nENV A=1\nENV C=\"4 $A\"\nRUN x", {"A": "1", "C": "4 1"}, id="one after the other"),
        pytest.param("FROM a\nENV V  1.2.3  x\nRUN x", {"V": "1.2.3  x"}, id="old spelling"),
        pytest.param("FROM a\nENV A='$B' C=\\$D E=\"\\$F\"\nRUN x", {"A": "$B", "C": "$D", "E": "$F"}, id="quoted"),
        pytest.param("#escape=`\nFROM a\nENV A=`$B C=\\d\nRUN x", {"A": "$B", "C": "\\d"}, id="backtick"),
        pytest.param("FROM a\nENV V=$PATH:/x\nRUN x", {}, id="of the base image"),
        pytest.param("FROM a\nARG A\nENV V=${A:-1.2}\nRUN x", {"V": "1.2"}, id="fallback"),
        pytest.param("FROM a\nENV A=$PATH V=1\nENV V=${A:-1.2}\nRUN x", {}, id="no fallback for what is unknown"),
        pytest.param("FROM a\nENV A=\nENV B=${A:-1} C=${A-2} D=${A:+3} E=${A+4}\nRUN x",
                     {"A": "", "B": "1", "C": "", "D": "", "E": "4"}, id="unset and empty"),
        pytest.param("FROM a\nENV A=v1.2.3-rc\n"
                     "ENV B=${A#v} C=${A%-*} D=${A%%.*} E=${A##*.} F=${A/rc/x} G=${A//[.]/_}\nRUN x",
                     {"A": "v1.2.3-rc", "B": "1.2.3-rc", "C": "v1.2.3", "D": "v1", "E": "3-rc", "F": "v1.2.3-x",
                      "G": "v1.2.3-rc"}, id="patterns"),
        pytest.param("FROM a\nENV A=a.b.c\nENV B=${A//./_} C=${A/?/x} D=${A%b*c} E=${A#*\\.}\nRUN x",
                     {"A": "a.b.c", "B": "a_b_c", "C": "x.b.c", "D": "a."}, id="wildcards and a bad escape"),
        pytest.param("FROM a\nENV A=${B C=${ D=\"x\nRUN x", {}, id="broken"),
        pytest.param("FROM a\nARG A=1 B=$A\nRUN x", {"A": "1", "B": "1"}, id="several arguments"),
        pytest.param("FROM a\nENV A=1\nARG A\nRUN x", {"A": "1"}, id="declared after it is set"),
        pytest.param("FROM a\nENV A=1\nARG A=2\nRUN x", {"A": "2"}, id="set again"),
        pytest.param("FROM a AS b\nARG A=1\nENV B=2\nFROM B\nRUN x", {"A": "1", "B": "2"}, id="stage of a stage"),
        pytest.param("FROM a AS b\nENV B=2\nFROM c\nRUN x", {}, id="another stage"),
        pytest.param("ARG F=b\nFROM a AS b\nENV B=2\nFROM ${F}\nRUN x", {"B": "2"}, id="stage by argument"),
        pytest.param("FROM a\nARG A=1\nENV B=$A\nCMD x", {"B": "1"}, id="no arguments when the image is run"),
        pytest.param("FROM a\nENV A=1\nONBUILD ENV B=2\nRUN x", {"A": "1"}, id="onbuild sets nothing here"),
        pytest.param("FROM a\nENV A=1\nARG C=3\nONBUILD ARG B=$A.2\nONBUILD RUN x", {"A": "1", "B": "1.2"},
                     id="onbuild"),
        pytest.param("FROM a\nENV A=1 B=2\nRUN --mount=type=secret,id=x,env=A x", {"B": "2"}, id="secret"),
    ],
)  # fmt: skip
def test_a_program_sees_variables(text: str, expected: dict[str, str]) -> None:
    assert variables(text) == expected


# Anything


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(alphabet="FROM RUNEV=<\\`\n\t\r\"'[]{}$:-#%/,aé\x00\ufeff", max_size=80).map(str.encode)
)
def test_anything_can_be_read(data: bytes) -> None:
    source = File("Dockerfile", data)
    try:
        found = list(scripts(source))
    except SourceError:
        return
    for each in found:
        if isinstance(each, Script):
            literal(source, each)
        else:
            assert all(cut(source, word.span) == word.text for word in each.words)
    ends = 0
    for instruction in instructions(source):
        assert ends <= instruction.span.start <= instruction.span.end <= len(data)
        ends = instruction.span.end
        for argument in (*instruction.arguments, *instruction.flags):
            assert instruction.span.start <= argument.span.start <= argument.span.end <= instruction.span.end


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SourceError):
        list(scripts(File("Dockerfile", b"FROM a\nRUN \xff\n")))


@pytest.mark.untraced
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lambda n: "FROM a\nRUN x" + " \\\n y" * n, id="lines"),
        pytest.param(lambda n: "FROM a\nENV A=" + "${A:-" * n, id="nesting"),
        pytest.param(lambda n: "FROM a\nRUN " + "<<E " * n + "\nE" * n, id="here-documents"),
        pytest.param(lambda n: "FROM a\nE\n" + "RUN <<E\nRUN <<F\n" * n, id="here-documents that never end"),
        pytest.param(lambda n: "FROM a\nRUN <<" + "${A:-" * n + "\n", id="nested names"),
        pytest.param(lambda n: "FROM a\nENV A=" + "a" * n + "\nENV B=${A%" + "*a" * n + "b}\n", id="patterns"),
        pytest.param(lambda n: "FROM a\nRUN [" + "[" * n, id="arrays"),
        pytest.param(lambda n: "FROM a\nCOPY " + "é " * n, id="words beyond ASCII"),
    ],
)
def test_hostile_files_take_linear_time(text: Callable[[int], str]) -> None:
    assert_linear(lambda size: list(scripts(file(text(size)))), 3000)


@pytest.mark.untraced
def test_copies_after_an_instruction_are_not_looked_up_for_it() -> None:
    def first(count: int) -> int:
        file = File("Dockerfile", b"FROM a\nCOPY x /y\nRUN b\n" * count)
        read(file)
        return steps(lambda: copied_before(file, 20))

    first(1)  # what is imported now is not counted
    assert first(50) == first(100)
    file = File("Dockerfile", b"FROM a\nCOPY x /y\nRUN b\nFROM c\nRUN d\n")
    found = [[copied.source for _, copied in copied_before(file, at)] for at in (36, 20, 99, 20)]
    assert found == [[], ["x"], [], ["x"]]
