"""`check-wit-lock`: what is wrong with the locks of WIT packages, and with what is vendored."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cargo.files import Files, checksums, package, write
from dunnage.check_wit_lock import HOOK, main
from dunnage.files.git import Repository
from dunnage.files.source import Tree
from dunnage.frame.options import Options
from dunnage.wit.wit_deps import digests

pytestmark = pytest.mark.usefixtures("folder")


DIGEST = f"sha256:{'0' * 64}"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = f"https://github.com/WebAssembly/wasi-io/archive/{COMMIT}.tar.gz"
WASM = b"\0asm\r\0\1\0"


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def _entry(name: str, files: Mapping[str, str], source: str = "", deps: str = "") -> str:
    """An entry of a `deps.lock`."""
    found = digests({name: text.encode() for name, text in files.items()})
    return f'[{name}]\n{source}sha256 = "{found.sha256}"\nsha512 = "{found.sha512}"\n{deps}\n'


def _locked(name: str, *versions: tuple[str, str], digest: str = DIGEST, registry: str = "", wkg: bool = False) -> str:
    """A package in a lock of cargo-component, or of wkg, with pairs of requirement and version."""
    ending = "s" if wkg else ""
    tables = "".join(
        f'[[package{ending}.version{ending}]]\nrequirement = "{requirement}"\nversion = "{version}"\n'
        f'digest = "{digest}"\n'
        for requirement, version in versions
    )
    return f'[[package{ending}]]\nname = "{name}"\n{registry}{tables}'


def _findings(capsys: pytest.CaptureFixture[str], *names: str) -> list[str]:
    """What is found, without its help."""
    main(names)
    out, err = capsys.readouterr()
    assert err == ""
    return [line for line in out.splitlines() if not line.startswith(" ")]


# wit-deps

IO = {"error.wit": "package wasi:io;\n", "poll.wit": "interface poll {}\n"}
HTTP = {"http.wit": "package wasi:http;\n"}
LOCK = _entry("http", HTTP, f'url = "{URL}"\n', 'deps = ["io"]\n') + _entry("io", IO)
WIT_DEPS: Files = {
    "wit/deps.toml": f'http = "{URL}"\n',
    "wit/deps.lock": LOCK,
    **{f"wit/deps/http/{name}": text for name, text in HTTP.items()},
    **{f"wit/deps/io/{name}": text for name, text in IO.items()},
    "wit/world.wit": "package a:b;\n",
}
"""`http`, which brings `io`. In the lock, `http` is in line 1, its digests in lines 3 and 4, and `io` in line 7."""
HTTP_ENTRY, IO_ENTRY = "wit/deps.lock:1:2", "wit/deps.lock:7:2"
IO_DIGESTS = digests({name: text.encode() for name, text in IO.items()})
PATH = 'path = "x"\n'


def _edited(path: str, old: str, new: str) -> Files:
    text = WIT_DEPS[path]
    assert isinstance(text, str)
    assert old in text
    return {path: text.replace(old, new)}


VENDORED: Files = {path: None for path in WIT_DEPS if path.startswith("wit/deps/")}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"wit/deps/io/README.md": "x", "wit/deps/README.md": "x", "wit/deps/a/b.txt": "x"}, id="no-wit"),
        pytest.param({"wit/deps/io/more/a.wit": "x", "wit/deps/new/more/a.wit": "x"}, id="folders-further-below"),
        pytest.param({"wit/deps/x.wit/a.txt": "x", "wit/deps/io/y.wit/b.txt": "x"}, id="folders-named-like-wit"),
        pytest.param(VENDORED, id="none-is-vendored"),
        pytest.param({"wit/deps.lock": LOCK.replace(IO_DIGESTS.sha256, IO_DIGESTS.sha256.upper())}, id="capitals"),
        pytest.param(_edited("wit/deps.toml", "https://github.com", "HTTPS://GitHub.com:443"), id="same-url"),
        pytest.param(
            _edited("wit/deps.toml", f'"{URL}"', f'{{ url = "{URL}", sha256 = "{"0" * 64}" }}'), id="digest-of-archive"
        ),
        pytest.param(_edited("wit/deps.lock", f'url = "{URL}"', f'url = "{URL}"\nmore = 1'), id="unknown-key"),
        pytest.param(
            {
                "wit/deps.toml": f'http = "{URL}"\nempty = "x"\n',
                "wit/deps.lock": LOCK + _entry("empty", {}, PATH),
            },
            id="folder-without-wit-which-git-does-not-keep",
        ),
        pytest.param({"wit/deps.toml": 'http = "x"\n', "wit/deps.lock": None}, id="no-lock-for-paths"),
        pytest.param({"wit/deps.toml": "{{ deps }}", "wit/deps.lock": "{% for %}"}, id="templates"),
        pytest.param(
            {"wit/deps.toml": f'http = "{URL}/{{{{ version }}}}"\n', "wit/deps.lock": None}, id="template-that-is-toml"
        ),
        pytest.param({"wit/deps.toml": None}, id="no-manifest"),
    ],
)
def test_wit_deps_in_order(folder: Path, changes: Files, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, WIT_DEPS)
    write(folder, changes)
    named = [path for path in {**WIT_DEPS, **changes} if (folder / path).is_file()]
    assert _findings(capsys, *named) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        pytest.param(
            {"wit/deps.lock": None},
            "wit/deps.toml:1:1: wit-lock/missing deps.lock is missing, so no reviewed version is recorded",
            id="missing",
        ),
        pytest.param(
            {"wit/deps.toml": 'http = "x"\nio = 3\n'},
            "wit/deps.toml:2:1: wit-lock/unreadable `io` is neither a string nor a table",
            id="unreadable-manifest",
        ),
        pytest.param(
            {"wit/deps.lock": "[io\n"},
            "wit/deps.lock:1:4: wit-lock/unreadable this file is not valid TOML: "
            "Expected ']' at the end of a table declaration",
            id="unreadable-lock",
        ),
        pytest.param(
            {"wit/deps.lock": "<<<<<<< HEAD\n[io]\n=======\n>>>>>>> x\n"},
            "wit/deps.lock:1:1: wit-lock/unreadable this file contains an unresolved merge conflict",
            id="conflict",
        ),
        pytest.param(
            {"wit/deps.lock": "version = 1\n"},
            "wit/deps.lock:1:1: wit-lock/unreadable `version` is not a table",
            id="lock-of-another-shape",
        ),
        pytest.param(
            {"wit/deps.toml": f'http = "{URL}"\nnew = "../new"\n'},
            "wit/deps.toml:2:1: wit-lock/stale deps.toml requires `new`, but it is missing from deps.lock",
            id="not-locked",
        ),
        pytest.param(
            {"wit/deps.toml": ""},
            f"{HTTP_ENTRY}: wit-lock/stale `http` is locked, but deps.toml does not require it",
            id="not-asked-for",
        ),
        pytest.param(
            _edited("wit/deps.lock", 'deps = ["io"]\n', ""),
            "wit/deps.lock:6:2: wit-lock/stale `io` is locked, but deps.toml does not require it, "
            "and no locked package depends on it",
            id="comes-with-nothing",
        ),
        pytest.param(
            _edited("wit/deps.lock", '"io"]', '"io", "new"]'),
            "wit/deps.lock:5:1: wit-lock/stale `http` depends on `new`, which is missing from deps.lock",
            id="brings-what-is-not-locked",
        ),
        pytest.param(
            _edited("wit/deps.toml", "WebAssembly", "somebody"),
            f"wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked from {URL}",
            id="other-url",
        ),
        pytest.param(
            _edited("wit/deps.toml", f'"{URL}"', f'{{ url = "{URL}", prefix = "p" }}'),
            "wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked without a prefix",
            id="no-prefix",
        ),
        pytest.param(
            _edited("wit/deps.lock", f'url = "{URL}"', f'url = "{URL}"\nprefix = "p"'),
            "wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked with the prefix `p`",
            id="other-prefix",
        ),
        pytest.param(
            _edited("wit/deps.lock", f'url = "{URL}"', f'url = "{URL}"\nsubdir = "s"'),
            "wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked with the subdir `s`",
            id="other-subdir",
        ),
        pytest.param(
            {"wit/deps.toml": 'http = "../http"'},
            f"wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked from {URL}",
            id="path-locked-as-url",
        ),
        pytest.param(
            _edited("wit/deps.lock", f'url = "{URL}"', 'path = "../http"'),
            "wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked from the folder ../http",
            id="url-locked-as-path",
        ),
        pytest.param(
            {**_edited("wit/deps.lock", f'url = "{URL}"', 'path = "../old"'), "wit/deps.toml": 'http = "../new"'},
            "wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked from the folder ../old",
            id="other-path",
        ),
        pytest.param(
            {"wit/deps.toml": f'# {{{{ x }}}}\nhttp = "{URL}/x"\n'},
            f"wit/deps.toml:2:1: wit-lock/stale deps.toml requires `http`, but it is locked from {URL}",
            id="marks-of-a-template-in-a-comment",
        ),
        pytest.param(
            {"wit/deps.toml": f'http = "{URL}/{{{{ x }}}}"\n'},
            f"wit/deps.toml:1:1: wit-lock/stale deps.toml requires `http`, but it is locked from {URL}",
            id="template-with-a-lock",
        ),
        pytest.param(
            {"wit/deps.toml": f'http = "{URL}"\nio = "{URL}"\n'},
            "wit/deps.toml:2:1: wit-lock/stale deps.toml requires `io`, "
            "but it is locked as a dependency of another package",
            id="locked-as-brought",
        ),
        pytest.param(
            _edited("wit/deps.lock", IO_DIGESTS.sha512, "00"),
            "wit/deps.lock:9:1: wit-lock/bad-digest the `sha512` of `io` is not 128 hexadecimal digits",
            id="short-digest",
        ),
        pytest.param(
            _edited("wit/deps.lock", IO_DIGESTS.sha256, "x" * 64),
            "wit/deps.lock:8:1: wit-lock/bad-digest the `sha256` of `io` is not 64 hexadecimal digits",
            id="digest-of-other-digits",
        ),
        pytest.param(
            {
                "wit/deps.lock": f"[http]\nurl = '{URL}'\nsha256 = '{'0' * 64}'\n",
                **{path: None for path in WIT_DEPS if path.startswith("wit/deps/")},
            },
            "wit/deps.lock:1:2: wit-lock/bad-digest `http` has no `sha512`",
            id="no-digest",
        ),
        pytest.param(
            {"wit/deps/io/poll.wit": "interface poll {}"},
            f"{IO_ENTRY}: wit-lock/drifted wit/deps/io (error.wit, poll.wit) does not match deps.lock: "
            "its sha256 is 7f38a6de56aa…, not a554dc71fa2f…",
            id="changed-file",
        ),
        pytest.param(
            {"wit/deps/io/poll.wit": None},
            f"{IO_ENTRY}: wit-lock/drifted wit/deps/io (error.wit) does not match deps.lock: "
            "its sha256 is 55790a2c50b7…, not a554dc71fa2f…",
            id="removed-file",
        ),
        pytest.param(
            {f"wit/deps/io/{name}": None for name in IO},
            f"{IO_ENTRY}: wit-lock/drifted `io` is locked but not vendored: wit/deps/io is missing",
            id="not-vendored",
        ),
        pytest.param(
            {**{f"wit/deps/io/{name}": None for name in IO}, "wit/deps/io/error.txt": ""},
            f"{IO_ENTRY}: wit-lock/drifted wit/deps/io (no WIT) does not match deps.lock: "
            "its sha256 is 5f70bf18a086…, not a554dc71fa2f…",
            id="renamed-to-what-is-no-wit",
        ),
        pytest.param(
            {"wit/deps/new/new.wit": "package a:new;\n"},
            "wit/deps/new/new.wit:1:1: wit-lock/drifted wit/deps/new is vendored but missing from deps.lock",
            id="unknown-folder",
        ),
        pytest.param(
            {"wit/deps/new.wit": "package a:new;\n"},
            "wit/deps/new.wit:1:1: wit-lock/drifted wit/deps/new.wit is vendored but missing from deps.lock",
            id="unknown-file",
        ),
        pytest.param(
            {"wit/deps/new.wasm": WASM},
            "wit/deps.lock:1:1: wit-lock/drifted wit/deps/new.wasm is vendored but missing from deps.lock",
            id="unknown-wasm",
        ),
    ],
)
def test_wit_deps_out_of_order(folder: Path, changes: Files, finding: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, WIT_DEPS)
    write(folder, changes)
    assert _findings(capsys, *(path for path in WIT_DEPS if (folder / path).is_file())) == [finding]


def test_help_of_drift(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WIT_DEPS, "wit/deps/io/new.wit": "", "wit/deps/http/http.wit": ""})
    main(["wit/deps.lock"])
    direct, brought = capsys.readouterr().out.split("help: ")[1:]
    assert direct.startswith("run `wit-deps lock` in this folder, and review the changes")
    assert brought.startswith("remove wit/deps/io, run `wit-deps lock` in this folder, and review the changes")
    assert f"locked   sha256 {IO_DIGESTS.sha256}" in brought


def test_only_one_digest_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WIT_DEPS, **_edited("wit/deps.lock", IO_DIGESTS.sha512, "0" * 128)})
    main(["wit/deps.lock"])
    out = capsys.readouterr().out
    assert "wit/deps/io (error.wit, poll.wit) does not match deps.lock: its sha512 is " in out
    assert "one of the two digests matches, so the lock was edited by hand" in out


CHECK_OUT_AGAIN = "add `**/deps/** -text` to .gitattributes, remove wit/deps/io and run `git checkout -- wit/deps/io`"


@pytest.mark.parametrize(
    ("vendored", "locked", "help"),
    [
        ("\r\n", "\n", f"only line endings differ: {CHECK_OUT_AGAIN}"),
        ("\n", "\r\n", "only line endings differ: the lock is for files with CRLF; run `wit-deps lock` in this folder"),
    ],
)
def test_line_endings(folder: Path, vendored: str, locked: str, help: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        folder,
        {
            "wit/deps.lock": _entry("io", {name: text.replace("\n", locked) for name, text in IO.items()}, PATH),
            **{f"wit/deps/io/{name}": text.replace("\n", vendored) for name, text in IO.items()},
        },
    )
    main(["wit/deps.lock"])
    assert f"help: {help}" in capsys.readouterr().out


def test_names_are_cut_short(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WIT_DEPS, **{f"wit/deps/io/{letter}.wit": "" for letter in "abcdfgh"}})
    (found,) = _findings(capsys, "wit/deps.lock")
    assert "wit/deps/io (a.wit, b.wit, c.wit, d.wit, error.wit and 4 more) does not match" in found


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
@pytest.mark.parametrize(("locked", "now"), [((), ["poll.wit"]), (IO, ()), (["poll.wit"], ["poll.wit"])])
def test_executable_files(
    folder: Path, locked: Collection[str], now: Collection[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = digests({name: text.encode() for name, text in IO.items()}, locked)
    lock = LOCK.replace(IO_DIGESTS.sha256, found.sha256).replace(IO_DIGESTS.sha512, found.sha512)
    write(folder, {**WIT_DEPS, "wit/deps.lock": lock})
    for name in now:
        (folder / "wit/deps/io" / name).chmod(0o755)
    assert _findings(capsys, "wit/deps.lock") == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, WIT_DEPS)
    os.mkfifo(folder / "wit/deps/io/a.wit")
    (folder / "wit/deps/http/link.wit").symlink_to("gone")
    link, pipe = _findings(capsys, "wit/deps.lock")
    assert link == (
        f"{HTTP_ENTRY}: wit-lock/drifted the vendored files of `http` cannot be compared with the lock: "
        "wit/deps/http/link.wit is a symbolic link to a file that does not exist"
    )
    assert pipe.endswith("the lock: wit/deps/io/a.wit is a named pipe, not a regular file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_cannot_be_read_is_not_locked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WIT_DEPS, "wit/deps/new/b.wit": "package a:new;\n"})
    os.mkfifo(folder / "wit/deps/new/a.wit")
    message = "wit/deps/new is vendored but missing from deps.lock"
    assert _findings(capsys, "wit/deps.lock") == [f"wit/deps.lock:1:1: wit-lock/drifted {message}"]


def test_links_are_followed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WIT_DEPS, "elsewhere/poll.wit": IO["poll.wit"]})
    (folder / "wit/deps/io/poll.wit").unlink()
    (folder / "wit/deps/io/poll.wit").symlink_to("../../../elsewhere/poll.wit")
    (folder / "wit/deps/http").rename(folder / "http")
    (folder / "wit/deps/http").symlink_to("../../http")
    assert _findings(capsys, "wit/deps.lock") == []


def test_folder_of_another_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"draft/deps.toml": f'http = "{URL}"', "draft/a.wit": "package a:b;"})
    main(["draft/deps.toml"])
    command = "`wit-deps -m deps.toml -l deps.lock -d deps lock` in draft"
    assert f"help: run {command}, and commit draft/deps.lock\n" in capsys.readouterr().out


@pytest.mark.parametrize("lock", [None, "", "[a]\nversion = 1\n", "not TOML"])
def test_files_of_other_tools(folder: Path, lock: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        folder, {"lib/deps.toml": "[dependencies]\nx = 1\n", "lib/x.c": "", **({"lib/deps.lock": lock} if lock else {})}
    )
    assert _findings(capsys, "lib/deps.toml") == []


_NAMES = st.sampled_from(["a.wit", "b.wit", "c.WIT"])
_FOLDERS = st.dictionaries(_NAMES, st.binary(max_size=600), min_size=1, max_size=3)


@settings(max_examples=50)
@given(_FOLDERS, st.data())
def test_every_change_of_a_folder_is_drift(before: dict[str, bytes], data: st.DataObject) -> None:
    after = dict(before)
    name = data.draw(st.sampled_from(sorted(before)))
    change = data.draw(st.sampled_from(["edit", "add", "remove", "rename"]))
    if change == "edit" and before[name]:
        at = data.draw(st.integers(0, len(before[name]) - 1))
        other = data.draw(st.integers(0, 255).filter(lambda byte: byte != before[name][at]))
        after[name] = before[name][:at] + bytes([other]) + before[name][at + 1 :]
    elif change == "add":
        after["d.wit"] = data.draw(st.binary(max_size=3))
    else:
        content = after.pop(name)
        if change == "rename":
            after["d.wit"] = content
    found = digests(before)
    lock = f'[x]\npath = "x"\nsha256 = "{found.sha256}"\nsha512 = "{found.sha512}"\n'
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write(here, {"wit/deps.lock": lock, "wit/deps/x/README.md": ""})
        for files, rules in ((before, []), (after, ["wit-lock/drifted"] if after else [])):
            shutil.rmtree(here / "wit/deps/x")
            write(here, {f"wit/deps/x/{name}": text for name, text in files.items()})
            path = str(here / "wit/deps.lock")
            assert [finding.rule.id for finding in HOOK.check([path], Tree(), Options())] == rules


@settings(max_examples=50)
@given(st.text(), st.text())
def test_any_text_in_the_files_of_wit_deps(manifest: str, lock: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), {"wit/deps.toml": manifest, "wit/deps.lock": lock, "wit/deps/a/a.wit": ""})
        list(HOOK.check([os.path.join(folder, "wit/deps.toml")], Tree(), Options()))


# wkg

WKG_LOCK = "version = 1\n\n" + _locked("x:base", ("=0.2.0", "0.2.0"), wkg=True)
WKG: Files = {
    "wkg.lock": WKG_LOCK,
    "wit/world.wit": "package a:b;\nworld w {\n  import x:base/i@0.2.0;\n}\n",
    "wit/deps/x-base-0.2.0/package.wit": "package x:base@0.2.0;\ninterface i { use x:inner/i@0.1.0.{t}; }\n",
    "wit/deps/x-inner-0.1.0/package.wit": "package x:inner@0.1.0;\n",
}
"""A folder in which `wkg fetch` has run. In the lock, `x:base` is in line 4, its version from line 5 on."""
OTHER = _locked("x:other", ("=0.1.0", "0.1.0"), wkg=True)
PUBLISHED = f"sha256:{sha256(WASM).hexdigest()}"
REFERRING_WASM = WASM + b"\x0dx:base/i@0.2.0\x0fx:inner/i@0.1.0"
REFERRING = f"sha256:{sha256(REFERRING_WASM).hexdigest()}"


USES_INNER = "interface i { use x:inner/i@0.1.0.{t}; }\n"


def _pointer(digest: str) -> str:
    """The file with which Git LFS replaces another one."""
    return f"version https://git-lfs.github.com/spec/v1\noid {digest}\nsize {len(WASM)}\n"


def _world(*imports: str) -> str:
    return "package a:b;\nworld w {\n" + "".join(f"  import {name};\n" for name in imports) + "}\n"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"wkg.lock": None}, id="no-sign-of-wkg"),
        pytest.param({"wkg.lock": "version = 1\npackages = []\n", "wit/world.wit": _world()}, id="empty-lock"),
        pytest.param(
            {
                "wkg.lock": "version = 1\n[[package]]\nname = 'x:base'\n[[package.version]]\nrequirement = '=0.2.0'\n"
                f"version = '0.2.0'\ndigest = '{DIGEST.replace('0', 'A')}'\n"
            },
            id="older-spelling",
        ),
        pytest.param({"wkg.toml": "", "wkg.lock": None, "wit/world.wit": _world()}, id="nothing-to-lock"),
        pytest.param(
            {"wkg.toml": '[overrides]\n"x:base" = { path = "base" }\n', "wkg.lock": None}, id="nothing-but-overrides"
        ),
        pytest.param(
            {
                "wkg.toml": '[overrides]\n"x:base" = { version = "1" }\n',
                **{path: None for path in WKG if path != "wkg.toml"},
            },
            id="overrides-and-no-wit",
        ),
        pytest.param({"wit/world.wit": _world("x:base/i@0.2.0", "a:b/i", "a:b/i@1.0.0")}, id="own-package"),
        pytest.param(
            {"wit/more.wit": "package c:d { interface i {} }\nworld v { import c:d/i; import x:base/i@0.2.0; }"},
            id="package-in-a-file",
        ),
        pytest.param({"wit/world.wit": _world("x:base/i@0.2.0", "x:base/i@0.1.0")}, id="one-of-two-versions"),
        pytest.param({"wit/world.wit": "not WIT: x:lacking/i@1.0.0"}, id="not-wit"),
        pytest.param({"wit/world.wit": _world("x:base/i@0.2.0 /* x:lacking/i@1.0.0 */")}, id="in-a-comment"),
        pytest.param(
            {"wkg.lock": WKG_LOCK + OTHER, "more/a.wit": "interface i { use x:other/i@0.1.0.{t}; }"},
            id="other-wit-names-it",
        ),
        pytest.param({"wit/world.wit": None, "wit/deps/x-inner-0.1.0/package.wit": None}, id="no-wit-of-its-own"),
        pytest.param(
            {
                "wkg.toml": '[overrides]\n"x:base" = { version = "0.3" }\n',
                "wkg.lock": "version = 1\n" + _locked("x:base", ("^0.3", "0.3.1"), wkg=True),
            },
            id="version-of-an-override",
        ),
        pytest.param(
            {
                "wkg.toml": '[overrides]\n"x:local" = { path = "local" }\n',
                "local/a.wit": "package x:local;\ninterface i { use x:other/i@0.1.0.{t}; }\n",
                "wkg.lock": WKG_LOCK + OTHER,
                "wit/deps/x-local/a.wit": "package x:local;\n",
                "wit/deps/x-other-0.1.0/package.wit": "package x:other@0.1.0;\n",
            },
            id="what-an-override-refers-to",
        ),
        pytest.param(
            {
                "wkg.lock": "version = 1\n" + _locked("x:base", ("=0.2.0", "0.2.0"), digest=PUBLISHED, wkg=True),
                "wit/deps/x-base-0.2.0.wasm": WASM,
                "wit/deps/x-base-0.2.0/package.wit": None,
                "wit/deps/x-inner-0.1.0/package.wit": None,
            },
            id="wasm",
        ),
        pytest.param(
            {
                "wkg.lock": "version = 1\n" + _locked("x:base", ("=0.2.0", "0.2.0"), digest=REFERRING, wkg=True),
                "wit/deps/x-base-0.2.0.wasm": REFERRING_WASM,
                "wit/deps/x-inner-0.1.0.wasm": b"\0asm\x0fx:inner/i@0.1.0",
                "wit/deps/x-base-0.2.0/package.wit": None,
                "wit/deps/x-inner-0.1.0/package.wit": None,
            },
            id="wasm-that-refers-to-another",
        ),
        pytest.param(
            {
                "wkg.lock": "version = 1\n" + _locked("x:base", ("=0.2.0", "0.2.0"), digest=PUBLISHED, wkg=True),
                "wit/deps/x-base-0.2.0.wasm": _pointer(PUBLISHED),
                "wit/deps/x-base-0.2.0/package.wit": None,
                "wit/deps/x-inner-0.1.0/package.wit": None,
            },
            id="pointer-of-git-lfs",
        ),
        pytest.param(
            {"wit/deps/x-base-0.2.0/package.wit": "// package x:base@0.3.0;\npackage x:base@0.2.0;\n" + USES_INNER},
            id="another-version-in-a-comment",
        ),
        pytest.param(
            {
                "wit/deps/x-base-0.2.0/package.wit": "/*\npackage x:base@0.3.0;\n*/\npackage x:base@0.2.0;\n"
                + USES_INNER
            },
            id="another-version-in-a-block-comment",
        ),
        pytest.param(
            {"wit/deps/x-base-0.2.0/package.wit": "package x:base;\n" + USES_INNER}, id="folder-declares-no-version"
        ),
        pytest.param({"wit/deps/by-hand.wasm": b"\0asm"}, id="wasm-that-says-no-name"),
        pytest.param({"wit/deps.toml": "", "wit/deps.lock": "", "wit/deps/y/y.wit": None}, id="wit-deps-as-well"),
        pytest.param(
            {
                "wit/world.wit": _world("x:base/i@0.2.0", "x:new/i@1.0.0"),
                ".wash/config.json": '{"wit": {"sources": {"x:new": "../new"}}}',
            },
            id="override-of-wash",
        ),
        pytest.param({"wit/deps/base/a.wit": "package y:y;", "wit/deps/x-base-0.2.0/package.wit": None}, id="by-hand"),
    ],
)
def test_wkg_in_order(folder: Path, changes: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files = {path: text for path, text in {**WKG, **changes}.items() if text is not None}
    write(folder, files)
    assert _findings(capsys, *files) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        pytest.param(
            {"wkg.lock": None, "wkg.toml": ""},
            "wit/world.wit:3:10: wit-lock/missing wkg.lock is missing, so no reviewed version is recorded",
            id="missing",
        ),
        pytest.param(
            {"wkg.toml": "overrides = "},
            "wkg.toml:1:13: wit-lock/unreadable this file is not valid TOML: Invalid value",
            id="manifest",
        ),
        pytest.param(
            {"wkg.lock": "version = 2\n"},
            "wkg.lock:1:1: wit-lock/unreadable the lock has format 2, but only format 1 is supported",
            id="format",
        ),
        pytest.param(
            {"wkg.lock": WKG_LOCK.replace("=0.2.0", "what")},
            "wkg.lock:6:1: wit-lock/unreadable wkg rejects this requirement: 'what' is not a version requirement: "
            "the major number 'what' is not made of digits; a requirement looks like 1.2, =1.2.3, ~1.2, 1.* or "
            ">=1.2, <1.5",
            id="malformed-requirement",
        ),
        pytest.param(
            {"wit/world.wit": _world("x:base/i@0.2.0", "x:new/i@1.0.0")},
            "wit/world.wit:4:10: wit-lock/stale `x:new` `=1.0.0` is required, but it is missing from the lock",
            id="not-locked",
        ),
        pytest.param(
            {"wit/world.wit": _world("x:base/i@0.2.0", "x:new/i@1.0.0"), ".wash/config.json": "{}"},
            "wit/world.wit:4:10: wit-lock/stale `x:new` `=1.0.0` is required, but it is missing from the lock",
            id="not-an-override-of-wash",
        ),
        pytest.param(
            {"wit/world.wit": _world("x:base/i@0.3.0")},
            "wit/world.wit:3:10: wit-lock/stale `x:base` `=0.3.0` is required, but the lock has only `=0.2.0`",
            id="other-version",
        ),
        pytest.param(
            {"wkg.toml": '[overrides]\n"x:base" = { version = "0.3" }\n'},
            "wkg.toml:2:14: wit-lock/stale `x:base` `^0.3` is required, but the lock has only `=0.2.0`",
            id="version-of-an-override",
        ),
        pytest.param(
            {
                "wkg.toml": '[overrides]\n"x:local" = { path = "local" }\n',
                "local/a.wit": "package x:local;\ninterface i { use x:new/i@0.1.0.{t}; }\n",
            },
            "wkg.toml:2:1: wit-lock/stale `x:new` `=0.1.0` is required, but it is missing from the lock",
            id="what-an-override-refers-to",
        ),
        pytest.param(
            {"wkg.lock": WKG_LOCK + OTHER},
            "wkg.lock:12:1: wit-lock/stale `x:other` `=0.1.0` is locked, but no WIT refers to it",
            id="not-asked-for",
        ),
        pytest.param(
            {"wkg.lock": WKG_LOCK.replace('version = "0.2.0"', 'version = "0.2.1"')},
            "wkg.lock:7:1: wit-lock/stale `x:base` is locked at 0.2.1, which does not meet its requirement `=0.2.0`",
            id="version-outside",
        ),
        pytest.param(
            {"wkg.lock": WKG_LOCK.replace("sha256:", "SHA256:")},
            "wkg.lock:8:1: wit-lock/bad-digest the digest of `x:base` 0.2.0 is not `sha256:` and 64 hexadecimal digits",
            id="digest",
        ),
        pytest.param(
            {
                "wkg.lock": "version = 1\n" + _locked("x:base", ("=0.2.0", "0.2.0"), digest=PUBLISHED, wkg=True),
                "wit/deps/x-base-0.2.0.wasm": WASM + b"\0",
            },
            "wkg.lock:7:1: wit-lock/drifted wit/deps/x-base-0.2.0.wasm does not match wkg.lock: "
            "its digest is sha256:a4c2c3b53ffe…, not sha256:24eaf3439a60…",
            id="changed-wasm",
        ),
        pytest.param(
            {
                "wkg.lock": "version = 1\n" + _locked("x:base", ("=0.2.0", "0.2.0"), digest=PUBLISHED, wkg=True),
                "wit/deps/x-base-0.2.0.wasm": _pointer("sha256:" + "7" * 64),
            },
            "wkg.lock:7:1: wit-lock/drifted wit/deps/x-base-0.2.0.wasm does not match wkg.lock: "
            "its digest is sha256:777777777777…, not sha256:24eaf3439a60…",
            id="pointer-to-another-file",
        ),
        pytest.param(
            {
                "wkg.lock": "version = 1\n" + _locked("x:base", ("=0.2.0", "0.2.0"), digest=PUBLISHED, wkg=True),
                "wit/deps/x-base-0.2.0.wasm": _pointer(PUBLISHED) + "more\n",
            },
            "wkg.lock:7:1: wit-lock/drifted wit/deps/x-base-0.2.0.wasm does not match wkg.lock: "
            "its digest is sha256:"
            + sha256((_pointer(PUBLISHED) + "more\n").encode()).hexdigest()[:12]
            + "…, not sha256:24eaf3439a60…",
            id="no-pointer",
        ),
        pytest.param(
            {"wit/deps/x-base-0.2.0/package.wit": "package x:base@0.3.0;\n" + USES_INNER},
            "wkg.lock:7:1: wit-lock/drifted `x:base` is locked at 0.2.0, "
            "but wit/deps/x-base-0.2.0/package.wit declares version 0.3.0",
            id="folder-declares-another-version",
        ),
        pytest.param(
            {"wit/deps/x-new-0.1.0/package.wit": "package x:new@0.1.0;\n"},
            "wit/deps/x-new-0.1.0/package.wit:1:1: wit-lock/drifted wit/deps/x-new-0.1.0 is vendored "
            "but missing from wkg.lock, and no WIT refers to it",
            id="unknown",
        ),
        pytest.param(
            {"wit/deps/x-y-new-0.1.0.wasm": b"\0asm\x0dx:base/i@0.2.0\x0fx:y-new/i@0.1.0"},
            "wkg.lock:1:1: wit-lock/drifted wit/deps/x-y-new-0.1.0.wasm is vendored "
            "but missing from wkg.lock, and no WIT refers to it",
            id="unknown-wasm",
        ),
        pytest.param(
            {
                "wkg.lock": WKG_LOCK + OTHER,
                "wit/world.wit": _world("x:base/i@0.2.0", "x:other/i@0.1.0"),
            },
            "wkg.lock:11:12: wit-lock/drifted `x:other` 0.1.0 is locked but not vendored",
            id="not-vendored",
        ),
        pytest.param(
            {
                "wkg.lock": WKG_LOCK + OTHER,
                "wit/world.wit": _world("x:base/i@0.2.0", "x:other/i@0.1.0"),
                "wit/deps/x-other-0.0.9/package.wit": "package x:other@0.0.9;\n",
            },
            "wkg.lock:11:12: wit-lock/drifted `x:other` is locked at 0.1.0, but wit/deps/x-other-0.0.9 is vendored",
            id="vendored-in-another-version",
        ),
    ],
)
def test_wkg_out_of_order(folder: Path, changes: Files, finding: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = {path: text for path, text in {**WKG, **changes}.items() if text is not None}
    write(folder, files)
    assert _findings(capsys, *files) == [finding]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_wasm_that_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {path: text for path, text in WKG.items() if text is not None})
    (folder / "wit/deps").mkdir(exist_ok=True)
    os.mkfifo(folder / "wit/deps/x-base-0.2.0.wasm")
    (finding,) = _findings(capsys, *WKG)
    assert finding == (
        "wkg.lock:5:12: wit-lock/drifted wit/deps/x-base-0.2.0.wasm is a named pipe, not a regular file, "
        "so it cannot be compared with the lock"
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {
                "wkg.lock": WKG_LOCK + OTHER,
                "wit/world.wit": _world("x:base/i@0.2.0", "x:other/i@0.1.0"),
                "wit/deps/x-other/package.wit": "package x:other;\n",
            },
            id="vendored-without-a-version",
        ),
        pytest.param({"wit/deps/x-base-0.2.0/more.wit": "// package x:base@0.3.0;\n"}, id="version-in-a-comment"),
        pytest.param({"wit/deps/x-base-0.2.0/more.wit": "package x:base@0.3.0;\n{\n"}, id="malformed"),
    ],
)
def test_wkg_vendored_in_order(folder: Path, changes: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files = {**WKG, **changes}
    write(folder, files)
    assert [finding for finding in _findings(capsys, *files) if "drifted" in finding] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_wkg_vendored_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    locked = "version = 1\n" + _locked("x:base", ("=0.2.0", "0.2.0"), digest=PUBLISHED, wkg=True)
    write(folder, {"wkg.lock": locked, "wit/world.wit": _world("x:base/i@0.2.0"), "wit/deps/x-new-0.1.0/b.wit": "\n"})
    os.mkfifo(folder / "wit/deps/x-base-0.2.0.wasm")
    os.mkfifo(folder / "wit/deps/x-new-0.1.0/a.wit")
    message = "wit/deps/x-base-0.2.0.wasm is a named pipe, not a regular file, so it cannot be compared with the lock"
    assert _findings(capsys, "wkg.lock") == [f"wkg.lock:4:12: wit-lock/drifted {message}"]


@pytest.mark.parametrize(
    ("changes", "help"),
    [
        pytest.param(
            {"sub/wit/deps/x-new-0.1.0/package.wit": "package x:new@0.1.0;\n"},
            "refer to it in WIT and run `wkg fetch` in sub, or remove sub/wit/deps/x-new-0.1.0 if nothing uses it;\n"
            "if it was written by hand, move it to the folder x-new in sub, and add to wkg.toml there:\n"
            '[overrides]\n"x:new" = { path = "x-new" }',
            id="unknown package",
        ),
        pytest.param(
            {"sub/wkg.lock": WKG_LOCK + OTHER, "sub/wit/world.wit": _world("x:base/i@0.2.0", "x:other/i@0.1.0")},
            "run `wkg fetch` in sub, and commit the changes",
            id="package that is not vendored",
        ),
        pytest.param(
            {"sub/wit/deps/x-base-0.2.0/package.wit": "package x:base@0.3.0;\n" + USES_INNER},
            "run `wkg fetch` in sub, and commit the changes",
            id="another version",
        ),
        pytest.param(
            {"sub/wkg.lock": "version = 2\n"},
            "restore the lock from the last good commit, or remove it and run `wkg fetch` in sub",
            id="lock of another format",
        ),
        pytest.param(
            {"sub/wit/world.wit": _world("x:base/i@0.3.0")},
            "run `wkg fetch` in sub, and commit wkg.lock",
            id="stale lock",
        ),
        pytest.param(
            {"sub/wit/world.wit": _world("x:base/i@0.3.0"), "sub/wit/deps.toml": "", "sub/wit/deps.lock": ""},
            "run `wkg fetch` in sub, and commit wkg.lock;\n"
            "if wit-deps manages the packages now, remove sub/wkg.lock instead",
            id="stale lock beside deps.toml",
        ),
    ],
)
def test_help_of_wkg(folder: Path, changes: Files, help: str) -> None:
    files = {**{f"sub/{path}": text for path, text in WKG.items()}, **changes}
    write(folder, files)
    (finding,) = HOOK.check([path for path in files if "deps" not in path], Tree(), Options())
    assert finding.help == help


def test_help_for_a_package_that_wit_deps_does_not_know(folder: Path) -> None:
    write(folder, {**{f"sub/{path}": text for path, text in WIT_DEPS.items()}, "sub/wit/deps/own/own.wit": ""})
    (finding,) = HOOK.check(["sub/wit/deps.lock"], Tree(), Options())
    assert finding.help == (
        "if it was downloaded, add its source to deps.toml and run `wit-deps lock` in sub, "
        "or remove sub/wit/deps/own if nothing uses it;\n"
        'if it was written by hand, move it to sub/own, and add `"own" = { path = "../own" }` to sub/wit/deps.toml'
    )


UNKNOWN = "is vendored but missing from wkg.lock, and no WIT refers to it"
WORKSPACE: Files = {
    "wkg.toml": '[workspace]\nmembers = ["*/wit"]\n',
    "wkg.lock": WKG_LOCK,
    "one/wit/a.wit": "package m:one@1.0.0;\nworld w { import m:two/i@1.0.0; }\n",
    "two/wit/a.wit": "package m:two@1.0.0;\nworld w { import x:base/i@0.2.0; }\n",
    "wkg/deps/x-base-0.2.0/package.wit": "package x:base@0.2.0;\n",
}


@pytest.mark.parametrize("named", list(WORKSPACE))
@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({}, []),
        (
            {"one/wit/a.wit": "package m:one@1.0.0;\nworld w { import x:new/i@1.0.0; }\n"},
            ["one/wit/a.wit:2:18: wit-lock/stale `x:new` `=1.0.0` is required, but it is missing from the lock"],
        ),
        (
            {"wkg/deps/x-new-0.1.0/package.wit": "package x:new@0.1.0;\n"},
            [f"wkg/deps/x-new-0.1.0/package.wit:1:1: wit-lock/drifted wkg/deps/x-new-0.1.0 {UNKNOWN}"],
        ),
    ],
    ids=["in-order", "member", "vendored"],
)
def test_workspace_of_wkg(
    folder: Path, changes: Files, findings: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {**WORKSPACE, **changes})
    assert _findings(capsys, named) == findings


@pytest.mark.parametrize("lock", ["wkg.lock", "two/wkg.lock"])
def test_members_need_no_lock_of_their_own(folder: Path, lock: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WORKSPACE, "two/wkg.toml": ""})
    if lock != "wkg.lock":
        (folder / "wkg.lock").rename(folder / lock)
    assert _findings(capsys, "wkg.toml", "two/wkg.toml", "two/wit/a.wit") == []


# cargo-component


def _component(*dependencies: str, name: str = "app") -> str:
    """A manifest with dependencies of a component's own WIT, each of them a line."""
    section = "[package.metadata.component.target.dependencies]\n"
    return package(name) + section + "".join(f"{line}\n" for line in dependencies)


IO_CLOCKS = ('"wasi:io" = "0.2.1"', '"wasi:clocks" = { version = "=0.2.0", registry = "mine" }')
CLOCKS = _locked("wasi:clocks", ("=0.2.0", "0.2.0"), registry='registry = "mine"\n')
STREAMS = _locked("wasi:io", ("^0.2.1", "0.2.3"))
COMPONENT: Files = {
    "Cargo.toml": _component(*IO_CLOCKS),
    "Cargo-component.lock": f"version = 1\n{CLOCKS}{STREAMS}",
    "src/lib.rs": "",
}
"""In the manifest, dependencies are in lines 6 and 7; in the lock, `wasi:clocks` begins in line 2, `wasi:io` in 9."""


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Cargo.toml": package("app"), "Cargo-component.lock": None}, id="no-component"),
        pytest.param({"Cargo.toml": _component(), "Cargo-component.lock": None}, id="no-dependency"),
        pytest.param(
            {"Cargo.toml": _component('"a:b" = { path = "b.wit" }'), "Cargo-component.lock": None}, id="only-paths"
        ),
        pytest.param({"Cargo.toml": _component(), "Cargo-component.lock": "version = 1\n"}, id="empty-lock"),
        pytest.param(
            {"Cargo.toml": _component(IO_CLOCKS[0].replace("0.2.1", " ^0.2.1"), IO_CLOCKS[1])}, id="same-requirement"
        ),
        pytest.param({"Cargo.toml": _component(*IO_CLOCKS, '"x" = "1"')}, id="more-that-is-refused"),
        pytest.param({"Cargo.toml": _component(*IO_CLOCKS, '"a:b" = "what"')}, id="malformed-requirement"),
        pytest.param({"Cargo.toml": _component('"x" = "1"')}, id="what-it-asks-for-is-not-known"),
        pytest.param(
            {
                "Cargo.toml": package("app") + '[package.metadata.component]\ntarget = "wasi:io/w@0.2.1"\n',
                "Cargo-component.lock": f"version = 1\n{STREAMS}",
            },
            id="target",
        ),
        pytest.param({"Cargo.toml": "component, but not TOML"}, id="broken-manifest"),
        pytest.param({"Cargo.toml": _component(*IO_CLOCKS) + '[dependencies]\nx = { path = "x" }'}, id="refused"),
        pytest.param({"Cargo.toml": _component("{{ more }}"), "Cargo-component.lock": None}, id="template"),
        pytest.param(
            {".cargo-checksum.json": checksums(str(COMPONENT["Cargo.toml"])), "Cargo-component.lock": None},
            id="vendored-crate",
        ),
    ],
)
def test_cargo_component_in_order(folder: Path, changes: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files = {path: text for path, text in {**COMPONENT, **changes}.items() if text is not None}
    write(folder, files)
    assert _findings(capsys, *files) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        pytest.param(
            {"Cargo-component.lock": None},
            "Cargo.toml:6:1: wit-lock/missing Cargo-component.lock is missing, so no reviewed version is recorded",
            id="missing",
        ),
        pytest.param(
            {"Cargo-component.lock": "version = '1'"},
            "Cargo-component.lock:1:1: wit-lock/unreadable `version` must be an integer",
            id="unreadable",
        ),
        pytest.param(
            {"Cargo-component.lock": f"version = 1\n{CLOCKS}{STREAMS.replace('0.2.3', '0.2')}"},
            "Cargo-component.lock:13:1: wit-lock/unreadable cargo-component rejects this version: "
            "'0.2' is not a version: "
            "it must have three numbers; a version looks like 1.2.3, 1.2.3-rc.1 or 1.2.3+build.5",
            id="malformed-version",
        ),
        pytest.param(
            {"Cargo-component.lock": f"version = 1\n{CLOCKS}{STREAMS.replace('sha256:0', 'sha256:')}"},
            "Cargo-component.lock:14:1: wit-lock/bad-digest the digest of `wasi:io` 0.2.3 is not `sha256:` and "
            "64 hexadecimal digits",
            id="digest",
        ),
        pytest.param(
            {"Cargo-component.lock": f"version = 1\n{CLOCKS}"},
            "Cargo.toml:6:1: wit-lock/stale `wasi:io` `^0.2.1` is required, but it is missing from the lock",
            id="not-locked",
        ),
        pytest.param(
            {"Cargo.toml": _component('"wasi:io" = "=0.2.1"', IO_CLOCKS[1])},
            "Cargo.toml:6:1: wit-lock/stale `wasi:io` `=0.2.1` is required, but the lock has only `^0.2.1`",
            id="other-requirement",
        ),
        pytest.param(
            {"Cargo-component.lock": f"version = 1\n{CLOCKS}{STREAMS.replace('^', '')}"},
            "Cargo.toml:6:1: wit-lock/stale `wasi:io` `^0.2.1` is required, but the lock has only `0.2.1`",
            id="requirement-spelled-otherwise",
        ),
        pytest.param(
            {"Cargo-component.lock": f"version = 1\n{CLOCKS.replace('mine', 'yours')}{STREAMS}"},
            "Cargo.toml:7:19: wit-lock/stale `wasi:clocks` `=0.2.0` is required, "
            "but it is locked from the registry `yours`",
            id="other-registry",
        ),
        pytest.param(
            {"Cargo-component.lock": "version = 1\n" + CLOCKS.replace('registry = "mine"', "") + STREAMS},
            "Cargo.toml:7:19: wit-lock/stale `wasi:clocks` `=0.2.0` is required, "
            "but it is locked from the default registry",
            id="default-registry",
        ),
        pytest.param(
            {"Cargo-component.lock": f"version = 1\n{CLOCKS}{STREAMS.replace('0.2.3', '0.3.0')}"},
            "Cargo-component.lock:13:1: wit-lock/stale `wasi:io` is locked at 0.3.0, "
            "which does not meet its requirement `^0.2.1`",
            id="version-outside",
        ),
        pytest.param(
            {"Cargo.toml": _component(IO_CLOCKS[0])},
            "Cargo-component.lock:6:1: wit-lock/stale `wasi:clocks` `=0.2.0` from the registry `mine` is locked, "
            "but no manifest requires it",
            id="not-asked-for",
        ),
        pytest.param(
            {"Cargo.toml": package("app"), "Cargo-component.lock": f"version = 1\n{STREAMS}"},
            "Cargo-component.lock:5:1: wit-lock/stale `wasi:io` `^0.2.1` is locked, but no manifest requires it",
            id="no-component",
        ),
        pytest.param(
            {"Cargo-component.lock": f"version = 1\n{STREAMS}{CLOCKS}"},
            "Cargo-component.lock:9:1: wit-lock/stale `wasi:clocks` is out of order after `wasi:io`: "
            "cargo-component cannot find it",
            id="order-of-packages",
        ),
        pytest.param(
            {
                "Cargo.toml": _component('"a:a" = "1.0.0"', '"a:b" = { package = "a:a", version = "=1.1.0" }'),
                "Cargo-component.lock": "version = 1\n" + _locked("a:a", ("^1.0.0", "1.0.0"), ("=1.1.0", "1.1.0")),
            },
            "Cargo-component.lock:9:1: wit-lock/stale `=1.1.0` of `a:a` is out of order after `^1.0.0`: "
            "cargo-component cannot find it",
            id="order-of-requirements",
        ),
    ],
)
def test_cargo_component_out_of_order(
    folder: Path, changes: Files, finding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {path: text for path, text in {**COMPONENT, **changes}.items() if text is not None}
    write(folder, files)
    assert _findings(capsys, *files) == [finding]


def test_workspace_of_cargo(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files: Files = {
        "Cargo.toml": '[workspace]\nmembers = ["one", "two"]\n',
        "one/Cargo.toml": _component(IO_CLOCKS[0], name="one"),
        "two/Cargo.toml": _component(IO_CLOCKS[1], name="two"),
        "one/src/lib.rs": "",
        "two/src/lib.rs": "",
        "Cargo-component.lock": f"version = 1\n{CLOCKS}{STREAMS}",
    }
    write(folder, files)
    assert _findings(capsys, *files) == []
    write(folder, {"Cargo-component.lock": f"version = 1\n{CLOCKS}"})
    stale = "one/Cargo.toml:6:1: wit-lock/stale `wasi:io` `^0.2.1` is required, but it is missing from the lock"
    for named in ("Cargo.toml", "two/Cargo.toml", "Cargo-component.lock"):
        assert _findings(capsys, named) == [stale]


# git


LOCKS: dict[str, tuple[Files, str]] = {
    "wit/deps.lock": (WIT_DEPS, "wit/deps.toml"),
    "wkg.lock": (WKG, "wit/world.wit"),
    "Cargo-component.lock": (COMPONENT, "Cargo.toml"),
}


@pytest.mark.parametrize("lock", LOCKS)
def test_untracked(repository: Path, lock: str, capsys: pytest.CaptureFixture[str]) -> None:
    files, manifest = LOCKS[lock]
    write(repository, files)
    message = f"{lock}:1:1: wit-lock/untracked git does not track this file, so other checkouts lack it"
    assert _findings(capsys, manifest) == [message]
    write(repository, {".gitignore": "*.lock\n"})
    assert _findings(capsys, manifest) == [f"{message}: it is hidden by the pattern `*.lock` in .gitignore:1"]
    _git(repository, "add", "--force", lock)
    assert _findings(capsys, manifest) == []


def test_many_untracked(repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}/wit/world.wit" for number in range(20)]
    write(repository, {f"{number}/{name}": text for number in range(20) for name, text in WKG.items()})
    _git(repository, "add", "--all")
    _git(repository, "rm", "--cached", "19/wkg.lock")
    write(repository, {".gitignore": "*.lock\n"})
    read = list[str]()
    lists = Repository.lists

    def count(top: Repository, path: str) -> bool:
        read.append(path)
        return lists(top, path)

    monkeypatch.setattr(Repository, "lists", count)
    message = "19/wkg.lock:1:1: wit-lock/untracked git does not track this file, so other checkouts lack it"
    assert _findings(capsys, *names) == [f"{message}: it is hidden by the pattern `*.lock` in .gitignore:1"]
    assert len(read) == 8  # each reads all of the index
    monkeypatch.setattr("dunnage.files.git._MOST_LOOKUPS", 0)
    assert _findings(capsys, *names) == [message]


def test_missing_and_ignored(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(repository, {**COMPONENT, ".gitignore": "x\n*.lock\n", "Cargo.lock": ""})
    (repository / "Cargo-component.lock").unlink()
    main(["Cargo.toml"])
    assert capsys.readouterr().out.endswith(
        "    help: run `cargo component update` in this folder, and commit Cargo-component.lock;\n"
        "          first remove the pattern `*.lock` in .gitignore:2, which hides it from git\n"
    )


# Which files concern which project, and comments


HOSTILE = "a\n::error::b $(id)"
QUOTED = r"a\x0a\x3a\x3aerror\x3a\x3ab $(id)"
QUOTED_ENTRY = '["a\\n::error::b $(id)"]\npath = "x"\n'


@pytest.mark.parametrize(
    ("files", "command"),
    [
        pytest.param(
            {f"{HOSTILE}/wit/deps.toml": f'x = "{URL}"\n'},
            f"commit $'{QUOTED}/wit",
            id="missing",
        ),
        pytest.param(
            {"wit/deps.toml": "", "wit/deps.lock": QUOTED_ENTRY},
            f"folder $'deps/{QUOTED}'",
            id="unused entry",
        ),
        pytest.param(
            {"wit/deps.toml": "", "wit/deps.lock": "", f"wit/deps/{HOSTILE}/a.wit": ""},
            '`"a\\U0000000a::error::b $(id)" = { path = "../a\\U0000000a::error::b $(id)" }`',
            id="unknown package",
        ),
        pytest.param({f"{HOSTILE}/wkg.lock": "version = 2\n"}, f"in $'{QUOTED}'", id="other format"),
        pytest.param({"-x/wit/deps.toml": f'x = "{URL}"\n'}, "commit ./-x/wit/deps.lock", id="like an option"),
    ],
)
def test_names_stay_on_a_line_of_help_and_are_quoted(folder: Path, files: Files, command: str) -> None:
    write(folder, files)
    helps = [finding.help for finding in HOOK.check([str(folder / path) for path in files], Tree(), Options())]
    assert any(command in help for help in helps)
    assert not [line for help in helps for line in help.split("\n") if line.lstrip().startswith("::")]


@pytest.mark.parametrize("named", ["wit/deps.toml", "wit/deps.lock", "wit/deps/io/error.wit", "wit/deps/http/http.wit"])
def test_what_concerns_wit_deps(folder: Path, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WIT_DEPS, "wit/deps/io/poll.wit": ""})
    assert len(_findings(capsys, named)) == 1


@pytest.mark.parametrize("named", ["wit/world.wit", "wit/deps/io/more/a.wit", "deps/wit/a.wit"])
def test_what_does_not(folder: Path, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WIT_DEPS, "wit/deps/io/poll.wit": "", "wit/deps/io/more/a.wit": "", "deps/wit/a.wit": ""})
    assert _findings(capsys, named) == []


@pytest.mark.parametrize("named", ["wkg.lock", "wkg.toml", "wit/world.wit", "wit/deps/x-base-0.2.0/package.wit"])
def test_what_concerns_wkg(folder: Path, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**WKG, "wkg.toml": "", "wit/world.wit": _world("x:base/i@0.3.0")})
    assert len(_findings(capsys, named)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("wit/deps.lock", LOCK.replace("[io]", "[io] # dunnage: ignore[wit-lock/drifted] patched here")),
        ("wit/deps/new/new.wit", "// dunnage: ignore[wit-lock/drifted] written here\npackage a:new;\n"),
        ("wit/deps.toml", f'http = "{URL}"\n# dunnage: ignore[wit-lock/stale] not yet\nnew = "../new"\n'),
    ],
)
def test_ignored(folder: Path, path: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    drifted: Files = {"wit/deps/io/poll.wit": ""} if path == "wit/deps.lock" else {}
    write(folder, {**WIT_DEPS, **drifted, path: text})
    assert _findings(capsys, "wit/deps.toml", "wit/deps.lock") == []


def test_what_is_reported_of_too_much_is_the_same_in_every_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"x:n{number}" for number in range(1010)]
    write(folder, {"wkg.lock": "version = 1\n", "wit/world.wit": _world(*(f"{name}/i@1.0.0" for name in names))})
    assert [line.split("`")[1] for line in _findings(capsys, "wkg.lock")] == names[:1000]


def test_hidden_wit_is_vendored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = digests({".a.wit": b""})
    write(folder, {**WIT_DEPS, "wit/deps/hidden/.a.wit": ""})
    lock = folder / "wit/deps.lock"
    entry = f'[hidden]\npath = "x"\nsha256 = "{found.sha256}"\nsha512 = "{found.sha512}"\n'
    lock.write_text(f"{lock.read_text()}\n{entry}")
    manifest = folder / "wit/deps.toml"
    manifest.write_text(f'hidden = "x"\n{manifest.read_text()}')
    assert _findings(capsys, "wit/deps.lock") == []
