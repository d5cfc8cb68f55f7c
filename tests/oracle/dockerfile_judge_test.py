"""BuildKit's own parser, in the PyPI package `dockerfile`, as the judge of how Dockerfiles are split.

That package holds BuildKit 0.12. Later ones read a few things in another way, and so do we; those are in
`commands/dockerfile_test.py` and are kept out of here: text after a JSON array, blanks between `<<` and the name, the
directive `check`, escapes in flags where a backtick is the escape character, `${X#…}` beside a here-document.
"""

from __future__ import annotations

import importlib
import os
import platform
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dunnage.files.source import File
from dunnage.scripts.dockerfile import instructions
from dunnage.scripts.dockerfile_syntax import Instruction


@pytest.fixture(scope="session")
def judge() -> ModuleType:
    """The parser. Without it a test is skipped, or fails where judges are required and it is to be had."""
    try:
        return importlib.import_module("dockerfile")
    except ImportError:
        if os.environ.get("DUNNAGE_REQUIRE_JUDGES") == "1" and platform.machine() in ("x86_64", "AMD64"):
            pytest.fail("the package `dockerfile` is not installed, and DUNNAGE_REQUIRE_JUDGES=1 asks for it")
        pytest.skip("the package `dockerfile` is not installed")


def ours(text: str) -> list[Any]:
    """What we read, also of a file that BuildKit refuses."""
    file = File("Dockerfile", text.encode())
    return [_row(file, instruction) for instruction in instructions(file)]


def _row(file: File, instruction: Instruction) -> Any:
    values = [argument.text for argument in instruction.arguments]
    if instruction.keyword not in KEYWORDS or (instruction.keyword == "ONBUILD" and instruction.onbuild):
        # The judge does not look at these, and has an empty value instead.
        values = [""]
    return (
        "ONBUILD" if instruction.onbuild else instruction.keyword.upper(),
        instruction.keyword.upper() if instruction.onbuild else "",
        instruction.lines,
        # The judge forgets these, and here-documents, of what stands in ONBUILD.
        () if instruction.onbuild else tuple(flag.text for flag in instruction.flags),
        instruction.form == "exec",
        tuple(values),
        ()
        if instruction.onbuild
        else tuple(
            (heredoc.name, file.data[heredoc.content.start : heredoc.content.end].decode())
            for heredoc in instruction.heredocs
        ),
    )


def theirs(judge: ModuleType, text: str) -> list[Any] | None:
    """What the judge reads; None if it refuses."""
    try:
        commands = judge.parse_string(text)
    except judge.GoParseError:
        return None
    return [
        (
            (command.cmd or "").upper(),
            (command.sub_cmd or "").upper(),
            (command.start_line, command.end_line),
            () if command.sub_cmd else command.flags,
            command.json,
            command.value,
            () if command.sub_cmd else tuple((heredoc.name, heredoc.content) for heredoc in command.heredocs),
        )
        for command in commands
    ]


# fmt: off
KEYWORDS = frozenset((
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
))
# fmt: on


def test_every_keyword_is_known(judge: ModuleType) -> None:
    assert {keyword.upper() for keyword in judge.all_cmds()} == KEYWORDS


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM a AS b\nRUN cargo build\n", id="plain"),
        pytest.param("from a As b\nrUn x\n", id="odd case"),
        pytest.param("\ufeff# escape=`\r\nFROM a\r\nRUN x `\r\n  y\r\n", id="byte order mark, CRLF and backtick"),
        pytest.param("# syntax=docker/dockerfile:1\n#  ESCAPE = ` \nFROM a\nRUN x `\n y\n", id="several directives"),
        pytest.param("\n# escape=`\nFROM a\nRUN x `\n", id="no directive after an empty line"),
        pytest.param("# a comment\n# escape=`\nFROM a\nRUN x `\n", id="no directive after a comment"),
        pytest.param("# other=1\n# escape=`\nFROM a\nRUN x `\n", id="no directive after an unknown one"),
        pytest.param("# escape=`\n# escape=`\nFROM a\n", id="directive twice"),
        pytest.param("# escape=|\nFROM a\n", id="strange escape character"),
        pytest.param("# escape= \nFROM a\n", id="blank escape character"),
        pytest.param("FROM a\nRUN x \\ \t\n  # no\n\n\t#no\n  y \\\n# end\n", id="comments and empty lines between"),
        pytest.param("FROM a\nRUN x \\\\\nRUN y\n", id="escaped escape"),
        pytest.param("FROM a\nRUN x \\\\\\\nRUN y\n", id="three escapes"),
        pytest.param("FROM a\n\\\nRUN x\n", id="continuation alone"),
        pytest.param("FROM a\n\\", id="continuation at the end"),
        pytest.param("FROM a\nRUN --mount=type=cache,target=/x --network=none cargo build --release\n", id="flags"),
        pytest.param('FROM a\nRUN --a=\'b c\' --d="e\\"f" --g\\ h --\\\n -- --i\n', id="quotes and escapes in flags"),
        pytest.param("FROM a\nRUN --a\nRUN -- --b\nRUN --\nRUN --'' x\n", id="flags and nothing"),
        pytest.param('FROM a\nRUN ["a", "b\\u00e9\\n\\ud83d\\ude00\\ud800"]\nCMD [ ]\n', id="exec form"),
        pytest.param("FROM a\nRUN ['a']\nRUN [a]\nRUN [\nCMD [\"a\",]\nCMD [NaN]\n", id="no exec form"),
        pytest.param('FROM a\nCMD ["a\tb"]\nCMD ["a\\x"]\nCMD ["a\\u12"]\n', id="no JSON strings"),
        pytest.param('FROM a\nCMD ["a", 1]\n', id="array with a number"),
        pytest.param('FROM a\nCMD [1e999]\nCMD ["a", -1e400]\n', id="number too large"),
        pytest.param("FROM a\nCMD [null]\n", id="array with null"),
        pytest.param('FROM a\nCOPY ["a b", "c"]\nADD --x a  b\tc\nVOLUME ["/a"]\nVOLUME /a /b\n', id="lists"),
        pytest.param('FROM a\nENV A=1 B=\'x y\' C="z \\" w" D=a\\ b E=\nENV F g  h "i"\nLABEL a.b=c\n', id="pairs"),
        pytest.param("FROM a\nENV A\n", id="name alone"),
        pytest.param("FROM a\nENV A=1 B\n", id="name among pairs"),
        pytest.param("ARG A\nARG B=1 C='2 3' \"D=4 5\"\nFROM a\nARG E\\\n\n=\\", id="arguments"),
        pytest.param("FROM a\nHEALTHCHECK --interval=5s CMD curl x\nHEALTHCHECK NONE\nHEALTHCHECK\n", id="health"),
        pytest.param('FROM a\nHEALTHCHECK cmd ["a"]\nHEALTHCHECK CMD\n', id="health, exec form and nothing"),
        pytest.param('FROM a\nONBUILD RUN x\nONBUILD --f CMD ["a"]\nONBUILD\nONBUILD FOO\n', id="onbuild"),
        pytest.param("FROM a\nONBUILD RUN <<E\nx\nE\nONBUILD ENV a=1\n", id="here-document in onbuild"),
        pytest.param("FROM a\nRUN <<EOF\ncargo build\n# x\n\\\nEOF\nRUN y\n", id="here-document"),
        pytest.param("FROM a\nRUN <<-E\n\ta\n\t\tE\nRUN <<'E'\n\tE\nE \nE\n", id="tabs"),
        pytest.param('FROM a\nRUN <<A cat >x && <<"B c" 3<<-D\n1\nA\n2\nB c\n3\n\tD\n', id="several"),
        pytest.param("FROM a\nCOPY <<x <<y /z\n1\nx\n2\ny\nADD <<E /\nE\n", id="files"),
        pytest.param("FROM a\nRUN echo '<<A' \"<<B\" \\<<C $((1<<2)) <<<D\n", id="no here-documents"),
        pytest.param("FROM a\nRUN it's <<EOF\nx\nEOF\n", id="open quote"),
        pytest.param("FROM a\nRUN cat <<${X:-y} <<$Z\n1\n${X:-y}\n2\n$Z\n", id="variables as names"),
        pytest.param("FROM a\nRUN cat <<E\\\nO\\\nF\nx\nEOF\n", id="name over lines"),
        pytest.param("FROM a\nRUN cat <<E\r\nx\r\nE\r\nRUN y\r\n", id="here-document with CRLF"),
        pytest.param("FROM a\nRUN cat <<E\nx\n", id="unterminated"),
        pytest.param('FROM a\nRUN ["cat", "<<E"]\nCMD cat <<E\nE\n', id="where there are none"),
        pytest.param("FROM a\nRUN\u00a0x\u2003y\u00a0\n\u2003RUN z\n", id="spaces beyond ASCII"),
        pytest.param("FROM a\nRUN\x1cx\n\x1cRUN y\x1c\n", id="what Go takes for no space"),
        pytest.param("FROM a\nRUN\va\fb\rc\n\vRUN d\n", id="rare spaces"),
        pytest.param("FROM a\nFOO bar \\\n baz\n{{ if }}\n", id="unknown instructions"),
        pytest.param("", id="empty"),
        pytest.param("# nothing\n\n", id="comments alone"),
        pytest.param("FROM a\nRUN " + "x" * 65_531 + "\n", id="longest line"),
        pytest.param("FROM a\nRUN " + "x" * 65_532 + "\n", id="line too long"),
        pytest.param("FROM a\nRUN " + "x" * 65_532, id="last line too long"),
    ],
)
def test_we_split_as_buildkit_does(judge: ModuleType, text: str) -> None:
    found, expected = ours(text), theirs(judge, text)
    assert expected is None or found == expected


# fmt: off
STARTS = [
    "FROM a", "RUN ", "RUN", "run ", "ENV ", "ARG ", "COPY ", "ADD ", "CMD ", "ONBUILD ", "ONBUILD RUN ",
    "HEALTHCHECK ",
    "HEALTHCHECK CMD ", "SHELL ", "LABEL ", "EXPOSE ", "FOO ", "WORKDIR ", "USER ", "VOLUME ", "ENTRYPOINT ",
    "STOPSIGNAL ", "# x", "#", "# escape=`", "# escape=\\", "# syntax=x",
]
PIECES = [
    "a", "bc", "=", "d=e", "'", '"', "\\", "\\\\", "`", " ", "  ", "\t", "\r", "é", "{", "}", "$A", "${A}", "${A:-b}",
    "${", " \\\n", "\\\n", "\\ \t\n", "`\n", "\n", "\n\n", "\r\n", "\n# c\n", "\nEOF\n", "\n\tEOF\n", "\nA B\n", "#",
    " && ", "< ", " <<EOF ", "<<EOF", "<<-EOF", " <<'EOF'", ' <<-"A B"', " 3<<EOF>x", "--x=y ", "--z='a b' ", "-- ",
    "[",
    '"x"', ",", '["a","b"]\n', '[ "a\\"\\u00e9" , "" ]\r\n', '["a", 1]\n', "[]\n", '["a",\\\n "b"]\n', '["a"\n',
]
# fmt: on

LINES = st.builds(
    lambda start, pieces, end: start + "".join(pieces) + end,
    st.sampled_from(STARTS),
    st.lists(st.sampled_from(PIECES), max_size=6),
    st.sampled_from(["\n", "\n", "\n", "\r\n", "", "\nEOF\n"]),
)
DOCKERFILES = st.builds(
    lambda mark, lines: mark + "".join(lines), st.sampled_from(["", "\ufeff"]), st.lists(LINES, min_size=1, max_size=6)
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=DOCKERFILES)
def test_we_split_what_is_put_together_as_buildkit_does(judge: ModuleType, text: str) -> None:
    found = ours(text)
    # We look at what is in ONBUILD, and at nothing deeper: that BuildKit refuses in any case.
    assume(not any(row[1] == "ONBUILD" for row in found))
    expected = theirs(judge, text)
    if found != expected and "ONBUILD ONBUILD" in text.upper():
        return
    assert expected is None or found == expected
