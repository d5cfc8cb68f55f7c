"""Reading a document, and saying why it cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.files.document import Refused, is_template, read
from dunnage.files.source import Tree


def test_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[a]\nb = 1\n")
    assert read(Tree(), str(tmp_path / "a.toml")).data == {"a": {"b": 1}}
    with pytest.raises(FileNotFoundError):
        read(Tree(), str(tmp_path / "b.toml"))


MARKERS = "<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> other\n"


@pytest.mark.parametrize(
    ("text", "message", "start"),
    [
        pytest.param("a = = 1", "is not valid TOML: ", 4, id="no-toml"),
        pytest.param(MARKERS, "contains an unresolved merge conflict", 0, id="conflict-at-the-start"),
        pytest.param(f"b = 1\n{MARKERS}", "contains an unresolved merge conflict", 6, id="conflict"),
        pytest.param(f"b = 1\r\n{MARKERS}", "contains an unresolved merge conflict", 7, id="conflict-in-crlf"),
        pytest.param(f"b = = 1\n{MARKERS}{MARKERS}", "contains an unresolved merge conflict", 8, id="the-first-of-two"),
        pytest.param("a = 1\n=======\n", "is not valid TOML: ", 6, id="half-of-a-conflict"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str, start: int) -> None:
    (tmp_path / "a.toml").write_bytes(text.encode())
    with pytest.raises(Refused) as refused:
        read(Tree(), str(tmp_path / "a.toml"))
    assert refused.value.message.startswith(message)
    assert refused.value.span is not None
    assert refused.value.span.start == start


def test_markers_in_a_text_are_no_conflict(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(f"a = '''\n{MARKERS}'''\n")
    assert read(Tree(), str(tmp_path / "a.toml")).data == {"a": MARKERS}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b'a = "{{ x }}"', True, id="in a string"),
        pytest.param(b"[a]\r\n{% if x %}\r\n", True, id="a statement"),
        pytest.param(b"# {{ x }}\na = 1 # {% x %}\n", False, id="in comments"),
        pytest.param(b"a = 1", False, id="none"),
    ],
)
def test_is_template(data: bytes, expected: bool) -> None:
    assert is_template(data) is expected
