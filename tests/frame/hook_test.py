"""The frame round a hook: arguments, exit status, fixes, reports."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import dunnage
from dunnage.files import toml
from dunnage.files.source import SourceError, Tree
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import FIX, Options, choice, flag, repeated, single
from dunnage.frame.output import Repaired
from steps import assert_linear

pytestmark = pytest.mark.usefixtures("folder")


BAD = Rule("demo/bad", "a value is bad")
BROKEN = Rule("demo/broken", "a file is broken", cuts_short=True)


def _check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """A finding at each string `bad`, which is fixed by `good`; and at each `worse`, which is fixed by `bad`."""
    for name in names:
        try:
            file = tree.read(name)
            values = toml.parse(file)
        except SourceError as error:
            yield Finding(BROKEN, name, error.span, error.message, "make it TOML")
            continue
        for key, value in values.items():
            better = {"bad": "good", "worse": "bad"}.get(value)
            if better:
                span = toml.locate_value(file, (key,))
                fix = Fix(f"made {better}", (Edit(file.path, *span, f'"{better}"'),))
                yield Finding(BAD, file.path, span, f"{value} is not good", options[ADVICE], fix)


ADVICE = choice("--advice", "what to do about a bad value", ("write good", "be good"))
HOOK = Hook("check-demo", "Values are good.", (BAD, BROKEN), _check, toml.comments, fixes=True, options=(ADVICE,))


@pytest.mark.parametrize(
    ("data", "status", "printed"),
    [
        pytest.param(b'a = "good"', 0, "", id="good"),
        pytest.param(b'\na = "bad"', 1, "f.toml:2:5: demo/bad bad is not good\n    help: write good\n", id="bad"),
        pytest.param(b'a = "bad" # dunnage: ignore[demo/bad] why', 0, "", id="ignored"),
        pytest.param(
            b"# dunnage: ignore[demo/bad] why",
            1,
            "f.toml:1:1: ignore/unused this comment silences no finding of demo/bad\n"
            "    help: remove demo/bad from the comment, or remove the comment if it names no other rule\n",
            id="unused",
        ),
        pytest.param(
            b"a = \xff", 1, "f.toml:1:5: demo/broken is not UTF-8: byte 0xff\n    help: make it TOML\n", id="broken"
        ),
    ],
)
def test_check(folder: Path, data: bytes, status: int, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "f.toml").write_bytes(data)
    assert run(HOOK, ["f.toml"]) == status
    assert capsys.readouterr() == (printed, "")
    assert (folder / "f.toml").read_bytes() == data


@pytest.mark.parametrize("arguments", [[], ["--fix"], ["--output-format=json"]])
def test_no_files(arguments: list[str]) -> None:
    assert run(HOOK, arguments) == 0


def test_arguments_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["check-demo", "no-such-file"])
    assert run(HOOK) == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--unheard-of"], "unrecognized arguments: --unheard-of", id="option"),
        pytest.param(["--x\n::error::forged"], "unrecognized arguments: --x\\n::error::forged\n", id="forged"),
        pytest.param(["--output", "json"], "unrecognized arguments", id="abbreviation"),
        pytest.param(["--fixx"], "unrecognized arguments: --fixx; did you mean --fix?", id="nearest"),
        pytest.param(["--output-format", "xml"], "invalid choice: 'xml'", id="choice"),
        pytest.param(["--required-version"], "expected one argument", id="no-version"),
        pytest.param(
            ["--required-version=--"], "argument --required-version: expected one argument", id="end-of-options"
        ),
        pytest.param(
            ["--ignore", "demo/bad", "--ignore", "demo/brokn"],
            "argument --ignore: there is no rule demo/brokn; the nearest is demo/broken",
            id="rule",
        ),
        pytest.param(["--output-file", "x.xml"], "x.xml has an extension without a format", id="ending"),
        pytest.param(["no\x1b[31mfile"], "there is no file no\\x1b[31mfile", id="file"),
    ],
)
def test_wrong_usage(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(HOOK, arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err


def test_fix_is_only_for_hooks_that_can() -> None:
    assert run(HOOK._replace(fixes=False), ["--fix"]) == 2
    assert run(HOOK._replace(fixes=False), []) == 0


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(HOOK, ["--help"]) == 0
    out, _ = capsys.readouterr()
    for words in ("Values are good.", "--fix", "--output-format", "--required-version", "--version", "--advice"):
        assert words in out
    for rule in (
        "demo/bad          a value is bad",
        "demo/broken",
        "ignore/malformed",
        "ignore/no-reason",
        "ignore/unused",
    ):
        assert f"\n  {rule}" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(HOOK, ["--version"]) == 0
    assert capsys.readouterr().out == f"check-demo {dunnage.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param([f"--required-version={dunnage.__version__}"], "is not a version specifier", id="no-operator"),
        pytest.param(["--required-version", "rubbish"], "'rubbish' is not a version specifier", id="rubbish"),
        pytest.param(["--required-version", ">=99"], "requires >=99; in .pre-commit-config.yaml", id="too-old"),
        pytest.param(["--required-version", "<0.0.1"], f"this is version {dunnage.__version__}", id="too-new"),
        pytest.param(["--unheard-of", "x", "--required-version=>=99"], "requires >=99", id="before-other-options"),
        pytest.param(["--help", "--required-version", ">=99"], "requires >=99", id="before-help"),
        pytest.param(["no-such-file", "--required-version", ">=99"], "requires >=99", id="before-files"),
    ],
)
def test_required_version_that_is_not_met(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(HOOK, arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err


@pytest.mark.parametrize("spec", [f"=={dunnage.__version__}", ">=0.0.1,<99", "~=0.1"])
def test_required_version_that_is_met(spec: str) -> None:
    assert run(HOOK, ["--required-version", spec]) == 0


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "f.toml").write_bytes(b'a = "bad"')
    assert run(HOOK, ["--output-format", "json", "f.toml", "--advice", "be good"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["version"], report["fixed"]) == (2, [])
    assert [(finding["hook"], finding["help"]) for finding in report["findings"]] == [("check-demo", "be good")]
    assert run(HOOK, ["--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_ignored_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = b'a = "bad"\nb = "bad" # dunnage: ignore[demo/bad] why\n'
    (folder / "f.toml").write_bytes(data)
    (folder / "g.toml").write_bytes(b"a = ")
    assert run(HOOK, ["--ignore", "demo/bad", "--fix", "f.toml"]) == 0
    assert (folder / "f.toml").read_bytes() == data
    assert run(HOOK, ["--ignore", "demo/bad", "--ignore=ignore/unused", "f.toml", "g.toml"]) == 1
    assert capsys.readouterr().out.startswith("g.toml:1:5: demo/broken")


def test_output_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "f.toml").write_bytes(b'a = "bad"')
    assert run(HOOK, ["f.toml", "--output-file", "report.json"]) == 1
    assert capsys.readouterr().out == "f.toml:1:5: demo/bad bad is not good\n    help: write good\n"
    assert len(json.loads((folder / "report.json").read_bytes())["findings"]) == 1
    assert run(HOOK, ["f.toml", "--fix", "--output-file", "report", "--output-file-format=json"]) == 1
    assert json.loads((folder / "report").read_bytes())["fixed"] == ["f.toml:1:5: demo/bad made good"]
    capsys.readouterr()
    assert run(HOOK, ["f.toml", "--output-file", "report.json"]) == 0
    assert json.loads((folder / "report.json").read_bytes())["findings"] == []
    assert run(HOOK, ["f.toml", "--output-file", "nowhere/report.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "check-demo: --output-file nowhere/report.json cannot be written: No such file or directory\n"


def test_fix(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = b'\xef\xbb\xbfa  =  "bad"\t# c\r\nb = "bad" # dunnage: ignore[demo/bad] why\r\n# "bad"\r\nd="worse"'
    (folder / "f.toml").write_bytes(before)
    (folder / "f.toml").chmod(0o600)
    (folder / "g.toml").write_bytes(b"a = ")
    assert run(HOOK, ["--fix", "g.toml", "f.toml"]) == 1
    assert capsys.readouterr().out == (
        "fixed f.toml:1:7: demo/bad made good\n"
        "fixed f.toml:4:3: demo/bad made bad\n"
        "fixed f.toml:4:3: demo/bad made good\n"
        "g.toml:1:5: demo/broken is not valid TOML: Invalid value\n"
        "    help: make it TOML\n"
    )
    after = before.replace(b'a  =  "bad"', b'a  =  "good"').replace(b"worse", b"good")
    assert (folder / "f.toml").read_bytes() == after
    if os.name != "nt":
        assert stat.S_IMODE((folder / "f.toml").stat().st_mode) == 0o600
    assert run(HOOK, ["--fix", "f.toml"]) == 0
    assert (folder / "f.toml").read_bytes() == after
    assert sorted(os.listdir(folder)) == ["f.toml", "g.toml"]


def test_fix_looks_at_each_edit_once_for_all_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compared = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    names = [f"{number}.toml" for number in range(50)]
    for name in names:
        (folder / name).write_text('a = "bad"')

    def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
        for finding in _check(names, tree, options):
            edits = finding.fix.edits if finding.fix else ()
            yield finding._replace(fix=Fix("made good", tuple(edit._replace(path=Name(edit.path)) for edit in edits)))

    assert run(HOOK._replace(check=check), ["--fix", *names]) == 1
    assert capsys.readouterr().out.count("made good") == len(names)
    assert compared < 20 * len(names)


def test_fix_alone_is_reported_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "f.toml").write_bytes(b'a = "bad"')
    assert run(HOOK, ["--fix", "--output-format=json", "f.toml"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["findings"], report["fixed"]) == ([], ["f.toml:1:5: demo/bad made good"])


def _outside(folder: Path) -> str:
    (folder.parent / "outside.toml").write_bytes(b'a = "bad"')
    return str(folder.parent / "outside.toml")


def _link_outside(folder: Path) -> str:
    _outside(folder)
    (folder / "link.toml").symlink_to("../outside.toml")
    return "link.toml"


@pytest.mark.parametrize("make", [_outside, _link_outside])
def test_fix_outside_of_the_working_directory(
    folder: Path, make: Callable[[Path], str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = make(folder)
    (folder / "f.toml").write_bytes(b'a = "bad"')
    assert run(HOOK, ["--fix", name, "f.toml"]) == 1
    out, _ = capsys.readouterr()
    assert "fixed f.toml:1:5: demo/bad made good\n" in out
    assert (
        f"{name}:1:5: demo/bad bad is not good\n    help: write good\n          --fix changed nothing: {name} is" in out
    )
    assert (folder.parent / "outside.toml").read_bytes() == b'a = "bad"'
    assert run(HOOK, [name]) == 1
    assert "--fix" not in capsys.readouterr().out


def test_fix_elsewhere_in_the_repository(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").touch()
    (folder / "sub").mkdir()
    (folder / "f.toml").write_bytes(b'a = "bad"')
    monkeypatch.chdir(folder / "sub")
    assert run(HOOK, ["--fix", "../f.toml"]) == 1
    assert (folder / "f.toml").read_bytes() == b'a = "good"'


def _two_files(names: Sequence[str], tree: Tree, _options: Options) -> Iterator[Finding]:
    """As long as the first file has an `x`, it and that of the others have to become `y` together."""
    files = [tree.read(name) for name in names]
    if b"x" in files[0].data:
        edits = [Edit(file.path, file.data.index(b"x"), file.data.index(b"x") + 1, "y") for file in files]
        yield Finding(BAD, files[0].path, Span(0, 1), "x", fix=Fix("y", tuple(edits)))


def test_fix_of_two_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (folder / name).write_bytes(b"ax")
    assert run(HOOK._replace(check=_two_files), ["--fix", "a", "b"]) == 1
    assert [(folder / name).read_bytes() for name in ("a", "b")] == [b"ay", b"ay"]
    assert capsys.readouterr().out == "fixed a:1:1: demo/bad y\n"


def test_fix_of_two_files_is_all_or_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a").write_bytes(b"ax")
    (folder.parent / "b").write_bytes(b"ax")
    assert run(HOOK._replace(check=_two_files), ["--fix", "a", "../b"]) == 1
    assert (folder / "a").read_bytes() == (folder.parent / "b").read_bytes() == b"ax"
    assert "fixed" not in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE to fail with an error")
def test_fix_that_fails_half_way_is_taken_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import resource

    (folder / "a").write_bytes(b"x")
    (folder / "b").write_bytes(b"x" * 10_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        status = run(HOOK._replace(check=_two_files), ["--fix", "a", "b"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert status == 1
    assert (folder / "a").read_bytes() == b"x"
    assert (folder / "b").read_bytes() == b"x" * 10_000
    assert sorted(os.listdir(folder)) == ["a", "b"]
    assert capsys.readouterr().out == (
        "a:1:1: demo/bad x\n    help: --fix changed nothing: b cannot be written: File too large\n"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE to fail with an error")
def test_files_that_cannot_be_written_do_not_prevent_other_fixes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource

    large = [f"a{number}" for number in range(20)]
    for name in (*large, "b"):
        (folder / name).write_bytes(b'a = "bad"' + b"#" * (1 if name == "b" else 10_000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        status = run(HOOK, ["--fix", *large, "b"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert status == 1
    assert (folder / "b").read_bytes() == b'a = "good"#'
    assert sorted(os.listdir(folder)) == sorted((*large, "b"))
    assert capsys.readouterr().out == "fixed b:1:5: demo/bad made good\n" + "".join(
        f"{name}:1:5: demo/bad bad is not good\n"
        f"    help: write good\n          --fix changed nothing: {name} cannot be written: File too large\n"
        for name in sorted(large)
    )


@pytest.mark.parametrize("interrupted", ["chmod", "replace"])
def test_fix_that_is_interrupted_half_way_is_taken_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    for name in ("a", "b"):
        (folder / name).write_bytes(b"ax")
    call, calls = getattr(os, interrupted), 0

    def interrupt(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        call(*arguments)
        if calls == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, interrupted, interrupt)
    assert run(HOOK._replace(check=_two_files), ["--fix", "a", "b"]) == 130
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes() == b"ax"
    assert sorted(os.listdir(folder)) == ["a", "b"]


@pytest.mark.skipif(os.name == "nt", reason="no such signals on Windows")
def test_a_signal_waits_until_all_files_of_a_fix_are_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (folder / name).write_bytes(b"ax")
    call = os.replace
    found: list[list[bytes]] = []

    def signalled(*arguments: str) -> None:
        call(*arguments)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(os, "replace", signalled)
    handler = signal.signal(
        signal.SIGTERM, lambda *_: found.append([(folder / name).read_bytes() for name in ("a", "b")])
    )
    try:
        run(HOOK._replace(check=_two_files), ["--fix", "a", "b"])
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert found == [[b"ay", b"ay"]]


def _overlapping(names: Sequence[str], tree: Tree, _options: Options) -> Iterator[Finding]:
    """`abc` is fixed by two overlapping edits, one after the other; two findings have one and the same."""
    for name in names:
        data = tree.read(name).data
        for old, new in ((b"ab", "Ab"), (b"ab", "Ab"), (b"bc", "BC")):
            if old in data:
                start = data.index(old)
                yield Finding(
                    BAD, name, Span(start, start + 2), new, fix=Fix(new, (Edit(name, start, start + 2, new),))
                )


def test_fixes_that_overlap_follow_each_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "f").write_bytes(b"abc")
    assert run(HOOK._replace(check=_overlapping), ["--fix", "f"]) == 1
    assert (folder / "f").read_bytes() == b"ABC"
    assert capsys.readouterr().out == ("fixed f:1:1: demo/bad Ab\nfixed f:1:1: demo/bad Ab\nfixed f:1:2: demo/bad BC\n")


def _endless(names: Sequence[str], _tree: Tree, _options: Options) -> Iterator[Finding]:
    for name in names:
        yield Finding(BAD, name, Span(0, 0), "short", fix=Fix("longer", (Edit(name, 0, 0, "x"),)))


def test_fixes_without_end_come_to_one(folder: Path) -> None:
    (folder / "f").touch()
    assert run(HOOK._replace(check=_endless), ["--fix", "f"]) == 1
    assert 0 < len((folder / "f").read_bytes()) < 100


@pytest.mark.parametrize(("size", "rounds"), [(100, 10), (50_000, 6), (200_000, 2), (1_000_000, 1)])
def test_large_files_are_fixed_in_fewer_rounds(folder: Path, size: int, rounds: int) -> None:
    (folder / "f").write_bytes(b"y" * size)
    assert run(HOOK._replace(check=_endless), ["--fix", "f"]) == 1
    assert (folder / "f").read_bytes() == b"x" * rounds + b"y" * size


def test_only_changed_files_are_checked_again(folder: Path) -> None:
    checked: list[list[str]] = []

    def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
        checked.append(list(names))
        yield from _check(names, tree, options)

    for number in range(50):
        (folder / f"{number}.toml").write_text("a = 1")
    (folder / "f.toml").write_text('a = "worse"')
    assert run(HOOK._replace(check=check), ["--fix", *sorted(os.listdir(folder))]) == 1
    assert (folder / "f.toml").read_text() == 'a = "good"'
    assert len(checked.pop(0)) == 51
    assert checked == [["f.toml"]] * 4


def test_what_is_left_in_a_large_file_is_at_its_new_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def check(names: Sequence[str], tree: Tree, _options: Options) -> Iterator[Finding]:
        data = tree.read(names[0]).data
        fix = Fix("longer", (Edit(names[0], 0, 1, "\né\né"), Edit(names[0], 2, 2, "_")))
        yield Finding(BAD, names[0], Span(0, 1), "fixed", fix=fix)
        for number, at in enumerate((1, 2, len(data))):
            yield Finding(BAD, names[0], Span(at, at), f"left {number}", fix=fix._replace(description=f"{number}"))
            fix = Fix("", (Edit(names[0], 0, 1, "other"),))

    (folder / "f").write_bytes(b"a" * 300_000)
    assert run(HOOK._replace(check=check), ["--fix", "f"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "fixed f:1:1: demo/bad longer",
        "fixed f:1:2: demo/bad 0",
        "f:3:4: demo/bad left 1",
        "f:3:300002: demo/bad left 2",
    ]
    assert (folder / "f").read_bytes().startswith("\né\néa_a".encode())


def _read_together(names: Sequence[str], tree: Tree, _options: Options) -> Iterator[Finding]:
    """What `a` says of `b`, which is found only if `a` is checked; and what is found only if `a` is not checked."""
    for name in names:
        file = tree.read(name)
        if b"bad" in file.data:
            at = file.data.index(b"bad")
            fix = Fix("made good", (Edit(name, at, at + 3, "better"),))
            yield Finding(BAD, name, Span(at, at + 3), "bad", fix=fix)
    other = tree.read("b")
    if names == ["b"]:
        yield Finding(BAD, "b", Span(0, 1), "is alone")
    else:
        yield Finding(BAD, "b", Span(len(other.data) - 1, len(other.data)), "is named by a")


def test_what_another_file_leads_to_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a").write_bytes(b"")
    (folder / "b").write_bytes(b"bad x")
    assert run(HOOK._replace(check=_read_together), ["--fix", "a", "b"]) == 1
    assert capsys.readouterr().out == "fixed b:1:1: demo/bad made good\nb:1:8: demo/bad is named by a\n"


class _Message(str):
    """Text whose hashing counts as a step."""

    __slots__ = ()

    def __hash__(self) -> int:
        return super().__hash__()


def _many(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    yield from _check(names, tree, options)
    for at in range(1, len(tree.read(names[0]).data)):
        yield Finding(BAD, names[0], Span(at, at), _Message("is left"))


@pytest.mark.untraced
def test_steps_of_a_fix_in_a_file_with_many_findings(folder: Path) -> None:
    def check(size: int) -> None:
        (folder / "f").write_bytes(b'a = "bad"' + b"#" * size)
        assert run(HOOK._replace(check=_many), ["--fix", "f"]) == 1

    assert_linear(check, 100)


def test_a_fix_keeps_what_another_program_has_written_meanwhile(folder: Path) -> None:
    looks = 0

    def check(_names: Sequence[str], tree: Tree, _options: Options) -> Iterator[Finding]:
        nonlocal looks
        looks += 1
        data = tree.read("f").data
        if looks == 1:
            (folder / "f").write_bytes(b"other\n" + data)
        if b"a" in data:
            at = data.index(b"a")
            yield Finding(BAD, "f", Span(at, at + 1), "small", fix=Fix("big", (Edit("f", at, at + 1, "A"),)))

    (folder / "f").write_bytes(b"a\n")
    assert run(HOOK._replace(check=check), ["--fix", "f"]) == 1
    assert (folder / "f").read_bytes() == b"other\nA\n"


def _missing(_names: Sequence[str], tree: Tree, _options: Options) -> Iterator[Finding]:
    if not tree.exists("made"):
        yield Finding(BAD, "made", Span(0, 0), "there is none")


@pytest.mark.parametrize("works", [True, False])
def test_repair(folder: Path, works: bool, capsys: pytest.CaptureFixture[str]) -> None:
    calls = []

    def repair(names: Sequence[str], findings: Sequence[Finding], _options: Options) -> Repaired:
        calls.append((list(names), [finding.path for finding in findings]))
        if not works:
            return Repaired([], dict.fromkeys(findings, "the disk is full"))
        (folder / "made").touch()
        return Repaired(["made: written"], {})

    (folder / "f").touch()
    hook = HOOK._replace(check=_missing, repair=repair)
    assert run(hook, ["f"]) == 1
    assert calls == []
    assert capsys.readouterr().out == "made:1:1: demo/bad there is none\n"
    assert run(hook, ["--fix", "f"]) == 1
    assert calls == [(["f"], ["made"])]
    left = "made:1:1: demo/bad there is none\n    help: --fix changed nothing: the disk is full\n"
    assert capsys.readouterr().out == ("fixed made: written\n" if works else left)
    assert run(hook, ["--fix", "f"]) == (0 if works else 1)


def test_interrupt_while_a_program_is_imported() -> None:
    code = "import dunnage\nraise KeyboardInterrupt"
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert (result.returncode not in (0, 1), result.stderr) == (True, b"")


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be deleted")
@pytest.mark.parametrize("arguments", [["check-cargo-lock"], ["dunnage", "check"], ["dunnage", "rules"]])
def test_working_directory_that_is_gone(tmp_path: Path, arguments: list[str]) -> None:
    program, *rest = arguments
    module = "dunnage" if program == "dunnage" else f"dunnage.{program.replace('-', '_')}"
    code = f"import os, runpy, sys\nos.rmdir(os.getcwd())\nsys.argv = {[program, *rest]!r}\n"
    code += f"runpy.run_module({module!r}, run_name='__main__')"
    (tmp_path / "gone").mkdir()
    result = subprocess.run(
        [sys.executable, "-P", "-c", code] if sys.version_info >= (3, 11) else [sys.executable, "-c", code],
        cwd=tmp_path / "gone",
        check=False,
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"{' '.join(arguments)}: the working directory cannot be used: No such file or directory\n"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_a_path_that_may_not_be_looked_at_is_no_wrong_usage(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    assert _options(["loop/file"]) is not None


def test_interrupt() -> None:
    def interrupted(_names: Sequence[str], _tree: Tree, _options: Options) -> Iterator[Finding]:
        raise KeyboardInterrupt

    assert run(HOOK._replace(check=interrupted), []) == 130


PROGRAM = """\
import sys
from dunnage.files import toml
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule
from dunnage.frame.hook import Hook, run
RULE = Rule("demo/bad", "a value is bad")
def check(names, tree, options):
    for name in names:
        for key in toml.parse(tree.read(name)):
            yield Finding(RULE, name, Span(0, 1), key * 100_000)
status = run(Hook("check-demo", "Demo.", (RULE,), check, toml.comments))
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(status)
"""


def _program(*arguments: str, script: str = '"$@"') -> subprocess.CompletedProcess[str]:
    source = str(Path(dunnage.__file__).parent.parent)
    return subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])},
    )


def test_a_clean_run_imports_little(folder: Path) -> None:
    (folder / "f.toml").write_bytes(b"")
    done = _program("f.toml", script='exec "$@"')
    assert done.returncode == 0
    heavy = "array dataclasses difflib hashlib importlib.metadata inspect json packaging random shutil subprocess"
    assert not any(module.startswith("dunnage.frame.output") for module in done.stderr.split())
    assert {*heavy.split(), "tempfile", "tomlkit", "tree_sitter", "tree_sitter_toml"}.isdisjoint(done.stderr.split())


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        pytest.param('"$@" | true', None, id="closed-pipe"),
        pytest.param('"$@" >&-', None, id="closed"),
        pytest.param('"$@" >&- 2>&-', None, id="all-closed"),
        pytest.param('"$@" >/dev/full', "the report cannot be written: No space left on device", id="full"),
    ],
)
def test_output_that_goes_nowhere(folder: Path, script: str, complaint: str | None) -> None:
    if "/dev/full" in script and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    (folder / "f.toml").write_bytes(b"a = 1")
    done = _program("f.toml", script=script)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert complaint is None or (complaint in done.stderr and done.returncode == 2)


@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
def test_names_that_write_to_terminals(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"a\nb\x1b[2J\xff.toml")
    (folder / name).write_bytes(b'a = "bad"')
    assert run(HOOK, ["--fix", name]) == 1
    assert capsys.readouterr().out == "fixed a\\nb\\x1b[2J\\udcff.toml:1:5: demo/bad made good\n"


def _whole(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


MOST = single("--most", "how many", "N", _whole, 7)
ALSO = repeated("--also", "what else; 100% of the rest", "NAME", str)
SHOW = flag("--show-terms", "print the terms and exit")


def _options(argv: Sequence[str]) -> Options | None:
    """What a check is given for these arguments; None if it does not come to that."""
    seen: list[Options] = []

    def check(_names: Sequence[str], _tree: Tree, options: Options) -> list[Finding]:
        seen.append(options)
        return []

    run(HOOK._replace(check=check, options=(MOST, ALSO, SHOW), prints=((SHOW, lambda _: "100% good\n"),)), argv)
    return seen[0] if seen else None


@pytest.mark.parametrize(
    ("argv", "most", "also"),
    [
        pytest.param([], 7, [], id="no-option"),
        pytest.param(["--fix"], 7, [], id="another-option"),
        pytest.param(["--most", "3", "--also=a", "--also", "b"], 3, ["a", "b"], id="given"),
    ],
)
def test_options_with_values(argv: list[str], most: int, also: list[str]) -> None:
    options = _options(argv)
    assert options is not None
    assert (options[MOST], list(options[ALSO])) == (most, also)


def test_files_may_stand_on_both_sides_of_an_option(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).touch()
    options = _options(["a", "--most", "1", "b"])
    assert options is not None
    assert options.files == ["a", "b"]


@pytest.mark.parametrize(
    ("argv", "fix", "files"),
    [
        pytest.param(["--help", "a"], False, ["./--help", "a"], id="help"),
        pytest.param(["--version", "a"], False, ["./--version", "a"], id="version"),
        pytest.param(["--most=x/deny.toml"], False, ["./--most=x/deny.toml"], id="option-with-a-path"),
        pytest.param(["--fix", "--fix", "a"], True, ["./--fix", "a"], id="option-and-file"),
        pytest.param(["--fix", "--", "--fix", "a"], True, ["./--fix", "a"], id="behind-the-end-of-options"),
        pytest.param(["--fix", "--", "a"], True, ["a"], id="option-before-their-end"),
        pytest.param(["--", "a"], False, ["a"], id="no-option"),
        pytest.param(["--required-version=9", "a"], False, ["./--required-version=9", "a"], id="required-version"),
    ],
)
def test_files_that_are_called_like_options(folder: Path, argv: list[str], fix: bool, files: list[str]) -> None:
    for name in ("a", "--fix", "--help", "--version", "--most=x/deny.toml", "--required-version=9"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    given = _options(argv)
    assert given is not None
    assert (given[FIX], given.files) == (fix, files)


def test_an_option_refuses_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert _options(["--most=many"]) is None
    assert "argument --most: 'many' is no whole number\n" in capsys.readouterr().err


def test_an_option_that_shows_something(capsys: pytest.CaptureFixture[str]) -> None:
    assert _options(["--show-terms"]) is None
    assert capsys.readouterr().out == "100% good\n"
