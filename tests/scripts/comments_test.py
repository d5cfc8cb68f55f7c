"""Comments that begin with `#`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts.comments import comments


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# dunnage: a\n", ["# dunnage: a"]),
        ("\ufeffx # é dunnage: a\r\ny", ["# é dunnage: a"]),
        ("x; # dunnage: a # b", ["# dunnage: a # b"]),
        ("'x' \"y\" # dunnage: don't", ["# dunnage: don't"]),
        ("name: don't # dunnage: don't", ["# dunnage: don't"]),
        ("it's # dunnage: a", ["# dunnage: a"]),
        ('"a \\" # dunnage: b"', []),
        ("'# dunnage: a'", []),
        ("x#dunnage: a", []),
        ("\\# dunnage: a", []),
        ("# other", []),
        ("dunnage: a", []),
        ("# a\n# dunnage: b\n\n# dunnage: c", ["# dunnage: b", "# dunnage: c"]),
    ],
)
def test_comments(text: str, found: list[str]) -> None:
    file = File("x.sh", text.encode())
    got = list(comments(file))
    assert [file.data[span.start : span.end].decode() for span, _ in got] == found
    assert [f"#{comment}" for _, comment in got] == found


@pytest.mark.parametrize(("path", "count"), [("a.py", 0), ("README", 0), ("pins.toml", 1), ("Makefile", 1)])
def test_in_which_files(path: str, count: int) -> None:
    assert len(list(comments(File(path, b"# dunnage: a")))) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("on: push # dunnage: a\n", 1, id="comment"),
        pytest.param("# dunnage: a\non: push\n", 1, id="comment-line"),
        pytest.param("name: |\n  x\n  # dunnage: a\n", 0, id="text-of-a-literal"),
        pytest.param("name: >-\n  # dunnage: a\n", 0, id="text-of-a-folded-scalar"),
        pytest.param('name: "x\n  # dunnage: a\n  y"\n', 0, id="text-between-quotes"),
        pytest.param("name: | # dunnage: a\n  x\n", 1, id="comment-of-an-indicator"),
        pytest.param("name: |\n  x\n# dunnage: a\n", 1, id="comment-below-a-literal"),
        pytest.param("jobs: {a: {steps: [run: x]}}\n# dunnage: a\n", 1, id="comment-below-a-program"),
        pytest.param(
            "jobs:\n  a:\n    steps:\n      - run: |\n          x\n          # dunnage: a\n",
            1,
            id="comment-of-a-program",
        ),
        pytest.param(
            "jobs:\n  a:\n    steps:\n      - run: x\n        with: {a: b}\n        name: |\n          # dunnage: a\n",
            0,
            id="text-beside-a-program",
        ),
        pytest.param("a: [\n# dunnage: a\n", 1, id="not-yaml"),
    ],
)
def test_comments_of_yaml(text: str, count: int) -> None:
    assert len(list(comments(File(".github/workflows/x.yml", text.encode())))) == count


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        pytest.param("a.sh", "cat <<E\n# dunnage: a\nE\n", 0, id="here-document"),
        pytest.param("a.sh", "cat <<E\nE\n# dunnage: a\n", 1, id="below-a-here-document"),
        pytest.param("a.sh", ": '\n# dunnage: a\n'\n", 0, id="single-quotes"),
        pytest.param("a.sh", ': "\n# dunnage: a\n"\n', 0, id="double-quotes"),
        pytest.param("a.sh", ': "$(ls\n# dunnage: a\n)"\n', 1, id="substitution-between-quotes"),
        pytest.param("a.sh", "sudo a\n: '\n# dunnage: a\n'\nsudo b\n", 0, id="between-wrapped-commands"),
        pytest.param("a.sh", "cat <<E\n$(sudo a)\n# dunnage: a\nE\n", 0, id="beside-a-substitution"),
        pytest.param("a.sh", "bash <<E\n# dunnage: a\nls\nE\n", 1, id="here-document-that-runs"),
        pytest.param("a.sh", "sudo bash -c '\n# dunnage: a\nls'\n", 1, id="string-that-runs"),
        pytest.param("a.sh", "bash -c 'cat <<E\n# dunnage: a\nE\nls'\n", 0, id="here-document-in-a-string"),
        pytest.param("a.sh", "bash -c 'cat <<E\nE\nls # dunnage: a\n'\n", 1, id="below-one-in-a-string"),
        pytest.param("a.sh", "bash -c 'bash <<E\nls\n# dunnage: a\nE\n'\n", 1, id="one-in-a-string-that-runs"),
        pytest.param(
            "a.sh", "bash -c 'cat <<E\n$(ls)\n# dunnage: a\nE\n'\n", 0, id="beside-a-substitution-in-a-string"
        ),
        pytest.param("a.sh", "bash <<E\ncat <<'F'\n# dunnage: a\nF\nls\nE\n", 0, id="here-document-in-one-that-runs"),
        pytest.param("a.sh", 'bash -c "ls \\"a\n# dunnage: a\n\\""\n', 0, id="quotes-in-a-string"),
        pytest.param("a.sh", 'bash -c "ls \\"a\\"\n# dunnage: a\n"\n', 1, id="below-quotes-in-a-string"),
        pytest.param("Cargo.toml", "a = '''\n# dunnage: a\n'''\n# dunnage: b\n", 1, id="toml-string"),
        pytest.param(
            "Makefile.toml",
            "[tasks.a]\nscript = '''\nls # dunnage: a\ncat <<E\n# dunnage: b\nE\n'''\n# dunnage: c\n",
            2,
            id="toml-string-that-runs",
        ),
        pytest.param("Dockerfile", "FROM a\nCOPY <<E /x\n# dunnage: a\nE\n# dunnage: b\n", 1, id="copied-data"),
        pytest.param("Dockerfile", "FROM a\nRUN <<E\nls # dunnage: a\nE\n", 1, id="program-of-a-dockerfile"),
        pytest.param("Dockerfile", "FROM a\nRUN <<E\n#!/usr/bin/python3\n# dunnage: a\nE\n", 0, id="python"),
        pytest.param("Dockerfile", "FROM a\nRUN a && \\\n# dunnage: a\n  b\n", 1, id="between-continued-lines"),
        pytest.param("Dockerfile", 'FROM a\nRUN a "\\\nb # dunnage: a"\n', 0, id="string-over-continued-lines"),
        pytest.param(
            "azure-pipelines.yml", "steps:\n- script: \"ls '\n    # dunnage: a'\"\n", 0, id="string-over-folded-lines"
        ),
        pytest.param(
            ".github/workflows/a.yml",
            "jobs:\n a:\n  steps:\n  - run: |\n     ls # dunnage: a\n     cat <<E\n     # dunnage: b\n     E\n",
            1,
            id="here-document-in-a-workflow",
        ),
        pytest.param("Makefile", "a:\n\tls # dunnage: a\n\t# dunnage: b\n# dunnage: c\n", 3, id="makefile"),
        pytest.param("justfile", "a:\n  ls # dunnage: a\n  # dunnage: b\n# dunnage: c\n", 3, id="justfile"),
    ],
)
def test_comments_in_data(path: str, text: str, count: int) -> None:
    assert len(list(comments(File(path, text.encode())))) == count


@pytest.mark.parametrize("character", ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_ends_nowhere_else(character: str) -> None:
    assert list(comments(File("x.sh", f"x 'y{character}# dunnage: a'\n".encode()))) == []


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    file = File("x.sh", data + b" # dunnage: x")
    try:
        for span, _ in comments(file):
            assert file.data[span.start : span.start + 1] == b"#"
    except SourceError:
        pass
