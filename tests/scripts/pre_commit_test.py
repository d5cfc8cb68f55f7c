"""The hooks in a `.pre-commit-config.yaml`."""

from __future__ import annotations

import textwrap
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts.pre_commit import ConfiguredHook, hooks


def read(text: str) -> list[ConfiguredHook]:
    return list(hooks(File(".pre-commit-config.yaml", textwrap.dedent(text).encode())))


def test_hooks() -> None:
    first, second, third, fourth = read(
        """
        repos:
          - repo: https://example.com/a
            rev: v1
            hooks:
              - id: one
              - {id: two, args: [--x, 'a b'], stages: [manual]}
          - repo: local
            hooks:
              - id: three
                entry: bash -c 'cargo deny check'
                stages: [commit, pre-push]
              - {id: four, entry: "cargo", args: [deny, "$x"]}
              - {name: without id}
        """
    )
    assert [(hook.repository, hook.id) for hook in (first, second, third, fourth)] == [
        ("https://example.com/a", "one"),
        ("https://example.com/a", "two"),
        ("local", "three"),
        ("local", "four"),
    ]
    assert [hook.is_run for hook in (first, second, third, fourth)] == [True, False, True, True]
    assert [hook.arguments for hook in (first, second, fourth)] == [None, ("--x", "a b"), ("deny", "$x")]
    assert first.program is None
    assert third.program is not None
    assert third.program.text == "bash -c 'cargo deny check'"
    assert fourth.program is not None
    assert fourth.program.text == "cargo deny '$x'"


def test_stages_by_default() -> None:
    own = "[{id: a, entry: a}, {id: b, entry: b, stages: [pre-commit]}]"
    text = "default_stages: [pre-push]\nrepos: [{repo: local, hooks: " + own + "}]"
    assert [hook.is_run for hook in read(text)] == [False, True]


@given(st.text(alphabet="repos:hookid-[]{},&*!'\" \n"))
def test_whatever_is_in_a_file(text: str) -> None:
    for prefix in ("", "repos:\n- repo: local\n  hooks:\n"):
        with suppress(SourceError):
            read(prefix + text)
