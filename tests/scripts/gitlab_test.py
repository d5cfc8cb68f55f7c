"""GitLab's CI files: which scripts are programs, and what is known of variables in them."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts import gitlab
from dunnage.shell.model import DIRECTORY, Script, Values
from scripts.origins import scripts_of
from steps import assert_linear


def scripts(text: str) -> list[Script]:
    return scripts_of(File(".gitlab-ci.yml", textwrap.dedent(text).encode()), gitlab.scripts)


def test_where_and_what() -> None:
    found = scripts(
        """
        stages: [a]
        before_script: [first]
        default:
          after_script:
            - last
        build:
          script:
            - V=1
            - |
              a \\
                b
            - [c, [d]]
            - !reference [.hidden, script]
          after_script: e
        .hidden:
          script: "f"
          hooks: {pre_get_sources_script: [g]}
        steps:
          run: [{name: x, script: h}]
        """
    )
    assert [(script.place.names, script.text) for script in found] == [
        (("before_script",), "first"),
        (("default", "after_script"), "last"),
        (("job build", "script"), "V=1\na \\\n  b\n\nc\nd"),
        (("job build", "after_script"), "e"),
        (("job .hidden", "script"), "f"),
        (("job .hidden", "pre_get_sources_script"), "g"),
        (("job steps", "run"), "h"),
    ]


def test_what_an_alias_stands_for_is_run_where_it_stands() -> None:
    found = scripts(
        """
        .setup: &setup
          - a
          - b
        .base: &base
          variables: {V: 1}
          script: &script
            - c
        one:
          script: [*setup, d]
        two:
          <<: *base
          variables: {V: 2}
        three:
          script: *script
          variables: {V: 3}
        """
    )
    assert [(script.place.names, script.text) for script in found] == [
        (("job one", "script"), "a\nb"),
        (("job .base", "script"), "c"),
        (("job one", "script"), "d"),
    ]
    assert found[1].variables["V"] == ("1", "2", "3")


def test_aliases_in_circles() -> None:
    assert [script.text for script in scripts("a:\n  script: &a\n    - b\n    - *a\n    - - *a\n")] == ["b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("variables: {V: 1.2.3}\nj: {script: [x]}", ("1.2.3",), id="top"),
        pytest.param("variables: {V: 1}\nj: {script: [x], variables: {V: 2}}", ("2",), id="job"),
        pytest.param("variables: {V: {value: a, description: b}}\nj: {script: [x]}", ("a",), id="described"),
        pytest.param("variables: {V: {value: a, options: [a, b]}}\nj: {script: [x]}", ("a", "b"), id="options"),
        pytest.param("variables: {W: 1.2, V: 'v$W'}\nj: {script: [x]}", ("v1.2",), id="reference"),
        pytest.param("variables: {V: '${W}-x', W: a}\nj: {script: [x]}", ("a-x",), id="reference-ahead"),
        pytest.param("variables: {V: $$W}\nj: {script: [x]}", ("$W",), id="escaped"),
        pytest.param("variables: {V: $CI_X}\nj: {script: [x]}", None, id="reference-to-unknown"),
        pytest.param("variables: {V: $V}\nj: {script: [x]}", None, id="reference-to-itself"),
        pytest.param("variables: {V: 010}\nj: {script: [x]}", None, id="number-that-readers-differ-on"),
        pytest.param("variables: {V: 1}\nj: {script: [x], inherit: {variables: false}}", None, id="not-inherited"),
        pytest.param("variables: {V: 1}\nj: {script: [x], inherit: {variables: [W]}}", None, id="others-inherited"),
        pytest.param(".b: {variables: {V: 1}}\nj: {script: [x], extends: .b}", ("1",), id="extends"),
        pytest.param(
            ".a: {variables: {V: 1}}\n.b: {variables: {V: 2}}\nj: {script: [x], extends: [.a, .b]}", ("2",), id="last"
        ),
        pytest.param("variables: {V: 1}\nj: {script: [x], extends: .elsewhere}", None, id="extends-unknown"),
        pytest.param("j: {script: [x], extends: .e, variables: {V: 1}}", ("1",), id="own-though-extends-unknown"),
        pytest.param(".b: {script: [x], variables: {V: 1}}\nj: {extends: .b}", ("1",), id="of-the-one-extended"),
        pytest.param(
            ".b: {script: [x]}\nj: {extends: .b, variables: {V: 1}}\nk: {extends: .b, variables: {V: 2}}",
            ("1", "2"),
            id="of-all-that-extend-it",
        ),
        pytest.param(".b: {script: [x]}\nj: {extends: .b, variables: {V: 1}}\nk: {extends: .b}", None, id="of-some"),
        pytest.param("a: {extends: b}\nb: {extends: a, script: [x], variables: {V: 1}}", ("1",), id="circle"),
        pytest.param("j: {script: [x], parallel: {matrix: [{V: [1, 2]}, {V: 3}]}}", ("1", "2", "3"), id="matrix"),
        pytest.param(
            "j: {script: [x], variables: {V: 1}, rules: [{if: y, variables: {V: 2}}]}", ("1", "2"), id="rules"
        ),
        pytest.param("variables: {V: 1}\nj: {before_script: [export V=2], script: [x]}", None, id="assigned-before"),
    ],
)
def test_variables(text: str, expected: Values) -> None:
    found = next(script for script in scripts(text) if script.text == "x")
    assert found.variables.get("V") == expected


def test_what_a_script_with_a_long_word_assigns() -> None:
    found = scripts("j:\n  variables: {A: a, B: b}\n  before_script: [B=" + "c" * 500_000 + "]\n  script: [x]\n")
    assert found[1].variables == {DIRECTORY: (".",), "A": ("a",)}


def test_jobs_with_many_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gitlab, "_MOST_VARIABLES", 200)

    def read(count: int) -> None:
        variables = ", ".join(f"V{number}: $W{number}" for number in range(count))
        jobs = "".join(f"j{number}: {{extends: .t, script: [a $V1]}}\n" for number in range(count))
        list(gitlab.scripts(File(".gitlab-ci.yml", f".t: {{variables: {{{variables}}}}}\n{jobs}".encode())))

    assert_linear(read, 100)


def test_values_of_many_jobs_are_unknown() -> None:
    jobs = "".join(f"j{number}: {{variables: {{V: v{number}}}, script: [a]}}\n" for number in range(65))
    found = scripts(f"default: {{before_script: [a $V]}}\n{jobs}")
    assert found[0].variables["V"] is None
    found = scripts("default: {before_script: [a $V]}\n" + "".join(jobs.splitlines(keepends=True)[1:]))
    assert len(found[0].variables["V"] or ()) == 64


def test_windows() -> None:
    assert scripts("j: {script: [x | y], tags: [saas-windows-medium-amd64]}") == []
    assert scripts("default: {tags: [windows]}\nj: {script: [x | y]}") == []
    (script,) = scripts("j: {script: [cd a, $x, b], tags: [windows]}")
    assert script.text == "cd a\n\nb"
    # A list of a Windows job that another job runs too is read for the shell of that job.
    shared = scripts("j: {script: &s [x | y], tags: [windows]}\nk: {script: *s}")
    assert [script.text for script in shared] == ["x | y"]


CONFIG = """\
variables: {A: $B, B: 1}
.a: &a
  script: &s
    - x
j:
  extends: [.a, k]
  before_script: *s
  <<: *a
  script: [*s, "y"]
"""


@given(st.data())
def test_nothing_raises(data: st.DataObject) -> None:
    content = CONFIG.encode()
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 8)))
        piece = data.draw(st.binary(max_size=4) | st.sampled_from([b"*a", b"*s", b"[", b"\n  - ", b"extends: j"]))
        content = content[:start] + piece + content[end:]
    try:
        found = list(gitlab.scripts(File("x.yml", content)))
    except SourceError:
        return
    for script in found:
        for in_text, in_file, length in script.offsets:
            assert script.text.encode()[in_text : in_text + length] == content[in_file : in_file + length]
