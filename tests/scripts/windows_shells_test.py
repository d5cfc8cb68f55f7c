"""Programs for PowerShell and cmd: the lines that are read, and what the others leave behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File
from dunnage.scripts.windows_shells import as_posix
from dunnage.shell.commands import commands
from dunnage.shell.model import DIRECTORY, Command, Place, Script


def found(shell: str, text: str) -> list[Command]:
    file = File("x", text.encode())
    program, offsets = as_posix(shell, text, ((0, 0, len(file.data)),))
    for in_text, in_file, length in offsets:
        assert program.encode()[in_text : in_text + length] == file.data[in_file : in_file + length]
    return list(commands(file, Script(program, offsets, Place("github"), {DIRECTORY: (".",)}, "github")))


def words(command: Command) -> str:
    return " ".join("?" if word.values is None else word.values[0] for word in command.words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("cargo install a@1.2.3 --locked", ["cargo install a@1.2.3 --locked"], id="plain"),
        pytest.param("cargo a # don't\r\ncargo b\r\n", ["cargo a", "cargo b"], id="comment"),
        pytest.param("cargo a `\n  --b `\r\n  c\nd", ["cargo a --b c", "d"], id="continuation"),
        pytest.param("cargo a `\n  $b `\n  cargo c\nd", ["d"], id="continuation-with-variable"),
        pytest.param("cargo a `", [], id="continuation-at-the-end"),
        pytest.param("cargo run -- \"a b\" 'c $d'", ["cargo run -- a b c $d"], id="quotes"),
        pytest.param('cargo "$a"\ncargo "a`"b"\ncargo \'a\'\'b', [], id="other-quotes"),
        pytest.param(".\\x\\y.exe --path ..\\z", ["./x/y.exe --path ../z"], id="backslash"),
        pytest.param("& cargo a\n& 'C:\\x\\cargo.exe' b", ["cargo a", "C:/x/cargo.exe b"], id="call-operator"),
        pytest.param("cargo a && cargo b", ["cargo a", "cargo b"], id="and"),
        pytest.param("cargo a | Out-Null\ncargo a > x\ncargo a; b\n$x = cargo a\ncargo @x\ncargo --% a", [], id="rest"),
        pytest.param("cargo a, b", ["cargo a, b"], id="comma"),
        pytest.param("if ($x) {\n  cargo a\n} else {\n  cargo b\n}\nexit 1", ["cargo a", "cargo b"], id="block"),
        pytest.param("foreach x\nreturn cargo a\nSET A=b\nA=b", [], id="keywords"),
        pytest.param('@"\ncargo a\n"@ | Out-File x\ncargo b', ["cargo b"], id="here-string"),
        pytest.param("$x = @'\ncargo a\n '@\n'@\ncargo b", ["cargo b"], id="here-string-of-single-quotes"),
        pytest.param("iwr $a -OutFile b", ["iwr ? -OutFile b"], id="variable-of-a-download"),
        pytest.param("$A = 'c'\niwr $A -OutFile b", ["iwr ? -OutFile b"], id="name-in-capitals"),
        pytest.param("$a = 'c'\niwr $a -OutFile b", ["iwr c -OutFile b"], id="known-variable"),
        pytest.param("$a = 'c'\n$a += 'd'\niwr $a -OutFile b", ["iwr ? -OutFile b"], id="variable-that-is-set-twice"),
        pytest.param("$a = 'c' # d\niwr $a.b -OutFile b\niwr $a `\n -OutFile b", ["iwr c -OutFile b"], id="property"),
        pytest.param('$a = "c d"\n$b = Join-Path $a \'e\'\ntar xf "$b\\f"', ["tar xf c d/e/f"], id="joined-path"),
        pytest.param("$b = Join-Path c $a", [], id="joined-path-of-something-else"),
        pytest.param("$a = 'c d'\n$b = $a\niwr $b -OutFile b", ["iwr c d -OutFile b"], id="variable-of-a-variable"),
        pytest.param("$b = '$a'\niwr $b -OutFile b", ["iwr ? -OutFile b"], id="dollar-in-single-quotes"),
        pytest.param("tar xf $env:A\\b.tgz; ls\ntar xf $env:A\\b.tgz", ["tar xf ?"], id="environment"),
        pytest.param("$m = 'Cargo.toml'\niwr $m", ["cp _ Cargo.toml", "iwr ?"], id="manifest-in-a-variable"),
        pytest.param("cargo install $a\n$b = 'c'\ncargo b", ["cargo b"], id="variables-of-other-programs"),
        pytest.param("<# cargo a\ncargo b\n#>\ncargo c", ["cargo c"], id="block-comment"),
        pytest.param('$x = "a\ncargo b\n"\ncargo c', ["cargo c"], id="string-of-several-lines"),
        pytest.param("cargo install ${{ matrix.a }} -v", ["cargo install ? -v"], id="expression"),
        pytest.param("cargo '${{ format('{0}', x) }}'", ["cargo ?"], id="expression-with-quotes"),
    ],
)
def test_powershell(text: str, expected: list[str]) -> None:
    assert [words(command) for command in found("pwsh", text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("cargo a\r\ncall cargo b\n@cargo c\n@call cargo d", ["a", "b", "c", "d"], id="prefixes"),
        pytest.param("cargo a ^\r\n  --b", ["a --b"], id="continuation"),
        pytest.param('cargo "a b"\ncargo "%x%"\ncargo %x%\ncargo \'a\'', ["a b"], id="quotes"),
        pytest.param("rem cargo a\n:: cargo b\n@REM cargo c\nremark", [], id="comments"),
        pytest.param("if exist x cargo a\nfor %%i in (a) do cargo b\nset A=cargo", [], id="keywords"),
        pytest.param("if exist x (\n  cargo a\n)", ["a"], id="block"),
        pytest.param("cargo a & cargo b\ncargo a || b\ncargo a > NUL\ncargo !x!", [], id="operators"),
        pytest.param("cargo a@1.2.3 && cargo b", ["a@1.2.3", "b"], id="and"),
    ],
)
def test_cmd(text: str, expected: list[str]) -> None:
    cargo = [words(command) for command in found("cmd", text) if command.words[0].values == ("cargo",)]
    assert cargo == [f"cargo {rest}" for rest in expected]


@pytest.mark.parametrize(
    ("shell", "text", "expected"),
    [
        pytest.param("pwsh", "Set-Location a\ncargo b", ("a",), id="Set-Location"),
        pytest.param("pwsh", "Push-Location .\\a\\b\ncargo b", ("a/b",), id="Push-Location"),
        pytest.param("pwsh", "cd $x\ncargo b", None, id="unknown"),
        pytest.param("pwsh", "cd a; cargo x\ncargo b", None, id="two-commands"),
        pytest.param("pwsh", "write-cd $x\nabcd | x\ncargo b", (".",), id="other-names"),
        pytest.param("cmd", "cd a\\b\ncargo b", ("a/b",), id="cmd"),
        pytest.param("cmd", "cd %x%\ncargo b", None, id="cmd-unknown"),
    ],
)
def test_working_directory(shell: str, text: str, expected: tuple[str, ...] | None) -> None:
    assert found(shell, text)[-1].directory == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Remove-Item Cargo.lock", "rm Cargo.lock"),
        ("Move-Item Cargo.lock x", "mv Cargo.lock x"),
        ("(Get-Content Cargo.toml) -replace 'a', 'b' | Set-Content Cargo.toml", "cp _ Cargo.toml"),
    ],
)
def test_changes_of_the_manifest(text: str, expected: str) -> None:
    assert [words(command) for command in found("powershell", text)] == [expected]


@pytest.mark.parametrize("shell", ["pwsh", "cmd"])
@given(text=st.text(alphabet="ca \n\r\"'`^$@#<>|&%(){}\\;=-,", max_size=60))
def test_any_text(shell: str, text: str) -> None:
    found(shell, text)
