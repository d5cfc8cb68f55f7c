"""Makefiles: what recipes hand to a shell; judged by `make -n`, where there is a GNU make."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts import makefile
from dunnage.shell.model import Script, Values
from scripts.origins import scripts_of


def scripts(text: str | bytes) -> list[Script]:
    return scripts_of(File("Makefile", text.encode() if isinstance(text, str) else text), makefile.scripts)


def texts(text: str) -> list[str]:
    return [script.text for script in scripts(text)]


# Each of these make runs as a whole, and prints what it would run.
KNOWN = [
    pytest.param("a:\n\tx y\n\tz\n", ["x y", "z"], id="lines"),
    pytest.param("a:\n\t@x\n\t-y\n\t+ @- z\n", ["x", "y", "z"], id="prefixes"),
    pytest.param("a:\n\tx \\\n\t  y \\\n z\n", ["x \\\n  y \\\n z"], id="continuation"),
    pytest.param("a:\n\techo $$HOME $$(x) '$$$$'\n", ["echo $HOME $(x) '$$'"], id="dollars"),
    pytest.param("V = 1\na:\n\tx $(V) ${V} $V\n", ["x 1 1 1"], id="references"),
    pytest.param("V=1\nV:=$(V).2\nV+=3\na:\n\tx $(V)\n", None, id="refers-to-itself"),
    pytest.param("V := 1\nV := $(V).2\nV += 3\na:\n\tx $(V)\n", ["x 1.2 3"], id="expanded-at-once"),
    pytest.param("W = $(V)\nV = 1\na:\n\tx $(W)\nV = 2\n", ["x 2"], id="expanded-late"),
    pytest.param("V ::= 1\nV ?= 2\nW ?= 3\na:\n\tx $(V) $(W)\n", ["x 1 3"], id="defaults"),
    pytest.param("V = 1 # c\na: # c\n# c\n\tx $(V)# c\n", ["x 1 # c"], id="comments"),
    pytest.param("V = a\\#b\na:\n\tx $(V)\n", ["x a#b"], id="escaped-comment"),
    pytest.param("V = $$a\na:\n\tx '$(V)'\n", ["x '$a'"], id="dollar-in-a-variable"),
    pytest.param("a: export V = 1\na:\n\tx $(V)\n", ["x 1"], id="target-specific-exported"),
    pytest.param("a: V = 1\na: V += 2\na:\n\tx $(V)\n", ["x 1 2"], id="target-specific-added-to"),
    pytest.param("V = 1\na: V ?= 2\na:\n\tx $(V)\n", ["x 1"], id="target-specific-default"),
    pytest.param("V = a \\\n   b\na:\n\tx $(V)\n", ["x a b"], id="continued-assignment"),
    pytest.param("a: b ; x\n\ty\nb:\n", ["x", "y"], id="inline"),
    pytest.param("a: ; x \\\n\ty\n", ["x \\\ny"], id="inline-continued"),
    pytest.param("a:\n\tx\n\n# c\n\n\ty\n", ["x", "y"], id="blank-lines-between"),
    pytest.param("ifdef NOT_THERE_AT_ALL\na:\n\tx\nelse\na:\n\ty\nendif\n", None, id="either-recipe"),
    pytest.param("a:\nifeq (1,1)\n\tx\nendif\n\ty\n", ["x", "y"], id="condition-in-a-recipe"),
    pytest.param(".RECIPEPREFIX = >\na:\n> x\n>@y \\\n>z\n", ["x", "y \\\nz"], id="recipe-prefix"),
    pytest.param(".ONESHELL:\na:\n\t@x\n\ty $(V)\nV = 1\n", ["x\ny 1"], id="one-shell"),
    pytest.param("V = cargo install\na:\n\t$(V) x\n", ["cargo install x"], id="command-in-a-variable"),
    pytest.param("Q = @\na:\n\t$(Q)x\n\t$(Q) y\n", ["x", "y"], id="quiet"),
    pytest.param("a:\n\t$(MAKE) -s b\n\t$(RM) c\n", None, id="built-in"),
    pytest.param("a:\n\techo $@\n", ["echo a"], id="target"),
    pytest.param("A = 1\nB = A\na:\n\tx $($(B))\n", ["x 1"], id="computed-name"),
    pytest.param("V = a  b\na:\n\tx $(strip $(V) )\n", ["x a b"], id="strip"),
    pytest.param("override V = 1\nexport W := 2\na:\n\tx $(V) $(W)\n", ["x 1 2"], id="modifiers"),
    pytest.param("a: V = 1\na:\n\tx $(V)\nV = 2\n", ["x 1"], id="target-specific"),
    pytest.param("a b: V := 1\na:\n\tx $(V)\n", ["x 1"], id="of-several-targets"),
    pytest.param("a::\n\tx\na::\n\ty\n", ["x", "y"], id="double-colon"),
    pytest.param("V = :\na: $(V:x=y)\n\tx\n", None, id="colon-in-a-reference"),
    pytest.param("a:\n\tx;y # z\n", ["x;y # z"], id="semicolon-in-a-recipe"),
    pytest.param("a:\n\n\t\n\tx\n", ["x"], id="empty-recipe-line"),
    pytest.param("$(info hello)\na:\n\tx\n", None, id="function-on-a-line"),
]


@pytest.mark.parametrize(("text", "expected"), KNOWN)
def test_known(text: str, expected: list[str] | None) -> None:
    found = texts(text)
    if expected is not None:
        assert found == expected
    assert found


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize(("text", "expected"), [case for case in KNOWN if case.values[1] is not None])
def test_make_runs_the_same(text: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(text.replace("a: b ;", "a: ;"))
    done = subprocess.run(["make", "-n", "-s", "a"], cwd=tmp_path, capture_output=True, text=True, check=False)
    if "GNU" not in subprocess.run(["make", "--version"], capture_output=True, text=True, check=False).stdout:
        pytest.skip("this make is not GNU's")
    # What make prints keeps the tabs of lines that continue others, and comments.
    assert [line.strip(" \t@+-") for line in done.stdout.splitlines()] == [
        line.strip(" \t") for line in "\n".join(expected).split("\n")
    ]


def variables(text: str) -> tuple[str, dict[str, Values]]:
    *_, last = scripts(text)
    return last.text, dict(last.variables)


@pytest.mark.parametrize(
    ("text", "program", "expected"),
    [
        pytest.param("a:\n\tx $(V)\n", "x ${{ make.V }}", {"make.V": None}, id="not-set"),
        pytest.param("V != y\na:\n\tx $(V)\n", "x ${{ make.V }}", {"make.V": None}, id="of-a-command"),
        pytest.param(
            "V = $(shell y)\na:\n\tx '$(V)'\n", "x '${{ make.V }}'", {"make.V": None}, id="of-a-command-inside"
        ),
        pytest.param("V += 1\na:\n\tx $V\n", "x ${{ make.V }}", {"make.V": None}, id="added-to-unknown"),
        pytest.param("V = $(V)\na:\n\tx $V\n", "x ${{ make.V }}", {"make.V": None}, id="circle"),
        pytest.param("%.o: %.c\n\tx $@\n", "x ${{ make._ }}", {"make._": None}, id="pattern"),
        pytest.param("a b:\n\tx $@\n", "x ${{ make._ }}", {"make._": ("a", "b")}, id="targets"),
        pytest.param(
            "ifdef X\nV = 1\nelse\nV = 2\nendif\na:\n\tx $(V)\n", "x ${{ make.V }}", {"make.V": ("1", "2")}, id="either"
        ),
        pytest.param("ifdef X\nV = 1\nendif\na:\n\tx $(V)\n", "x ${{ make.V }}", {"make.V": None}, id="or-not-set"),
        pytest.param(
            "V = 0\nifeq ($X,1)\nV = 1\nelse ifeq ($X,2)\nV = 2\nendif\na:\n\tx $(V)\n",
            "x ${{ make.V }}",
            {"make.V": ("1", "2", "0")},
            id="three-ways",
        ),
        pytest.param("ifndef V\nV = 1\nendif\na:\n\tx $(V)\n", "x 1", {}, id="default"),
        pytest.param(
            "ifdef X\nifdef Y\nV = 1\nelse\nV = 2\nendif\nelse\nV = 3\nendif\na:\n\tx $(V)\n",
            "x ${{ make.V }}",
            {"make.V": ("1", "2", "3")},
            id="nested",
        ),
        pytest.param(
            "a:\n\tx $(if $(Y),--locked,)\n",
            "x ${{ make.if___Y__--locked_ }}",
            {"make.if___Y__--locked_": ("--locked", "")},
            id="if",
        ),
        pytest.param("Q = $(if $(Y),,@)\na:\n\t$(Q)x\n", "x", {}, id="quiet-or-not"),
        pytest.param("export V = 1\na:\n\tx\n", "x", {"V": ("1",)}, id="exported"),
        pytest.param("V = 1\nexport V W\na:\n\tx\n", "x", {"V": ("1",)}, id="exported-later"),
        pytest.param("V = 1\nexport\na:\n\tx\n", "x", {"V": ("1",)}, id="all-exported"),
        pytest.param(".EXPORT_ALL_VARIABLES:\nV = 1\na:\n\tx\n", "x", {"V": ("1",)}, id="all-exported-by-a-target"),
        pytest.param("ifdef X\nV = 1\na:\n\tx $(V)\n", "x ${{ make.V }}", {"make.V": None}, id="endif-is-missing"),
        pytest.param("V = 1\nV += $W\na:\n\tx $V\n", "x ${{ make.V }}", {"make.V": None}, id="unknown-added"),
        pytest.param("V = 1\nexport V\nunexport V\na:\n\tx\n", "x", {}, id="not-exported"),
        pytest.param(
            "V = 1\nb: V = 2\nb: a\na:\n\tx $(V)\n",
            "x ${{ make.V }}",
            {"make.V": ("1", "2")},
            id="set-for-another-target",
        ),
        pytest.param("b: V = 2\na:\n\tx $(V)\n", "x ${{ make.V }}", {"make.V": None}, id="only-for-another-target"),
        pytest.param("V = 1\nundefine V\na:\n\tx $(V)\n", "x ${{ make.V }}", {"make.V": None}, id="undefined"),
        pytest.param("a:\n\tx $(call f,$(V))\n", "x ${{ make.call_f___V }}", {"make.call_f___V": None}, id="call"),
    ],
)
def test_variables(text: str, program: str, expected: dict[str, Values]) -> None:
    assert variables(text) == (program, expected)


def test_places() -> None:
    found = scripts("a b: c\n\tx\ndefine d\n@y $(1)\nz\nendef\ne: ; $(call d,1)\n")
    assert [(script.place.kind, script.place.names, script.text) for script in found] == [
        ("makefile", ("recipe a b",), "x"),
        ("makefile", ("define d",), "y ${{ make.1 }}"),
        ("makefile", ("define d",), "z"),
        ("makefile", ("recipe e",), "${{ make.call_d_1 }}"),
    ]


def test_what_a_line_chooses_from() -> None:
    assert texts("a:\n\t$(if $(X),cargo install $(Y); z,@w)\n") == ["cargo install ${{ make.Y }}; z", "w"]
    assert texts("a:\n\t@$(if $(findstring a,$(X)),b,)\n") == ["b"]
    assert texts("a:\n\t$(if $(X),b)\n") == ["b"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SHELL = pwsh\na:\n\tx\n", id="other-shell"),
        pytest.param("\tx\n", id="no-rule"),
        pytest.param("a: b\nV = 1\n\tx = 2\n", id="behind-an-assignment"),
        pytest.param("define a\n\tx\nendef\n", id="definition"),
        pytest.param("# a:\n#\tx\n", id="comment"),
        pytest.param("a:\n\t@\n\t$(X_) \n".replace("$(X_)", ""), id="nothing"),
        pytest.param("", id="empty"),
    ],
)
def test_no_commands(text: str) -> None:
    assert texts(text) == []


def test_crlf_and_byte_order_mark() -> None:
    (script,) = scripts("\ufeffV = 1\r\na:\r\n\tx \\\r\n\ty $(V)\r\n")
    assert (script.text, script.offsets) == ("x \\\ny 1", ((0, 15, 3), (4, 21, 2), (7, 27, 0)))


def test_offsets() -> None:
    text = "V = 12\na:\n\t@x é $(V) $$y\n"
    (script,) = scripts(text)
    assert script.text == "x é 12 $y"
    assert script.offsets == ((0, 12, 5), (7, 21, 1), (8, 23, 2))


def test_hostile_references_take_no_time() -> None:
    lines = [f"V{index} = $(V{index + 1})$(V{index + 1})" for index in range(200)]
    assert texts("\n".join([*lines, "V200 = x", "a:", "\ty $(V0)"])) == ["y ${{ make.V0 }}"]
    assert texts("a:\n\ty " + "$(" * 20_000 + "\n")
    assert len(texts("a:\n\ty " + "$(x)" * 5000 + "\n")) == 1
    assert "y" in texts("a:\n\t" + "$(if a,y," * 2000 + "z" + ")" * 2000 + "\n")
    assert "z" in texts("a:\n\t" + "$(if a," * 2000 + "y" + ",z)" * 2000 + "\n")


MAKEFILE = """\
V := 1
ifdef X
V += $(Y)
else
define Z =
x $(1)
endef
endif
a b: V = 2
a: b ; @x $(V) \\
\ty
\t$(call Z,$@) # z
"""


@given(st.data())
def test_nothing_raises(data: st.DataObject) -> None:
    content = MAKEFILE.encode()
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 8)))
        piece = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"$(", b")", b"\\\n", b"else\n", b"endif\n", b"\n\t", b"$(V)"])
        )
        content = content[:start] + piece + content[end:]
    try:
        scripts(content)
    except SourceError:
        return
