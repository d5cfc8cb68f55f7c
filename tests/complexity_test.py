"""The steps that a hook takes grow no faster than its input, whatever the shape of the input."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from dunnage import check_cargo_lock, check_locked_builds, check_wit_pins
from dunnage.files import source
from fuzz.shapes import SHAPES as HOSTILE
from repository import write_tracked
from steps import assert_linear, steps

WORKFLOW = ".github/workflows/a.yml"
JOB = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
CRATE = '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n'
LOCKED = (
    '[[package]]\nname = "a"\nversion = "1.0.{0}"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n'
)


ARCHIVE = "https://github.com/casey/just/releases/download/1.46.0/a.tgz"
DOWNLOADS = ("downloads-used-once", "downloads-unknown-names", "downloads-renamed", "downloads-fixes", "downloads-adds")
SANDBOX = ("sandbox-mounts", "sandbox-named-containers", "sandbox-steps-after-fetches", "sandbox-container-options")
BOTS = ("bots-ignored-paths", "bots-file-patterns", "bots-entries", "bots-directories-in-entries", "bots-listed-tools")


def _each(text: str, count: int) -> str:
    return "".join(text.replace("#", str(number)) for number in range(count))


SHAPES: dict[str, tuple[str, Callable[[int], dict[str, str]]]] = {
    **{name: ("check-tool-digests", HOSTILE[name]) for name in DOWNLOADS},
    **{name: ("check-build-sandbox", HOSTILE[name]) for name in SANDBOX},
    **{name: ("check-update-bot", HOSTILE[name]) for name in BOTS},
    "image-arguments": (
        "check-base-images",
        lambda n: {"Dockerfile": _each("ARG A#=$A$B\n", n) + "FROM a/b:$A1\n" * n},
    ),
    "image-names": (
        "check-base-images",
        lambda n: {"Dockerfile": "FROM a/b\n", "a.sh": "# docker\n" + _each("A#=a\n-t $A#$A\ntags: docker tag\n", n)},
    ),
    "image-references": (
        "check-base-images",
        lambda n: {"Dockerfile": f"FROM {'a-' * n}a/{'b.' * n}b\n" + "FROM a/b\n" * n},
    ),
    "image-lists": (
        "check-base-images",
        lambda n: {
            "Dockerfile": _each("FROM rust:1.#\n", n),
            "Cargo.toml": "[workspace.metadata.dunnage.images]\n" + _each(f'"a#/b:1.#" = "sha256:{"a" * 64}"\n', n),
        },
    ),
    "image-tags": (
        "check-base-images",
        lambda n: {
            "Dockerfile": _each("FROM rust:1.#\n", n),
            "Cargo.toml": "[workspace.metadata.dunnage.images]\n" + _each(f'"rust:1.#" = "sha256:{"a" * 64}"\n', n),
        },
    ),
    "shell-commands": ("check-cargo-install", lambda n: {"a.sh": "cargo install a\n" * n}),
    "shell-words": ("check-cargo-install", lambda n: {"a.sh": "cargo install " + "a$b" * n}),
    "shell-operands": ("check-cargo-install", lambda n: {"a.sh": "cargo install" + _each(" a#", n)}),
    "shell-variables": ("check-cargo-install", lambda n: {"a.sh": _each("A#=$A$B\n", n) + "cargo install $A1\n"}),
    "shell-doubling": ("check-cargo-install", lambda n: {"a.sh": "A=ab\n" + "A=$A$A\n" * n + "cargo install $A\n"}),
    "shell-arrays": (
        "check-cargo-install",
        lambda n: {"a.sh": "A=(a b)\n" + 'A=("${A[@]}" "${A[@]}")\n' * n + 'cargo install "${A[@]}"\n'},
    ),
    "shell-functions": ("check-cargo-install", lambda n: {"a.sh": _each("f#() { cargo install a$B; B=1; }\n", n)}),
    "shell-here-documents": ("check-cargo-install", lambda n: {"a.sh": "cargo install a\n" + "cat <<A\n" * n}),
    "shell-continuations": ("check-cargo-install", lambda n: {"a.sh": "cargo install a " + "\\\n" * n}),
    "shell-parentheses": ("check-cargo-install", lambda n: {"a.sh": "cargo install a\n" + ")" * n}),
    "aliases-of-cargo": (
        "check-cargo-install",
        lambda n: {"a.sh": "cargo a\n" * n, ".cargo/config.toml": f"[alias]\na = 'install {'x ' * n}'\n"},
    ),
    "dockerfile-variables": (
        "check-cargo-install",
        lambda n: {"Dockerfile": "FROM a\n" + _each("ENV A#=$A\n", n) + "RUN cargo install $A1\n" * n},
    ),
    "dockerfile-doubling": (
        "check-cargo-install",
        lambda n: {"Dockerfile": "FROM a\nENV A=ab\n" + "ENV A=$A$A\n" * n + "RUN cargo install $A\n"},
    ),
    "dockerfile-stages": ("check-locked-builds", lambda n: {"Dockerfile": _each("FROM a AS b#\nRUN cargo build\n", n)}),
    "dockerfile-here-documents": ("check-locked-builds", lambda n: {"Dockerfile": "FROM a\n" + "RUN <<A cargo\n" * n}),
    "makefile-exports": (
        "check-cargo-install",
        lambda n: {"Makefile": _each("export A# = a\n", n) + _each("r#:\n\tcargo install $(A#)\n", n)},
    ),
    "makefile-rules": ("check-cargo-install", lambda n: {"Makefile": _each("r#: a b\n\tcargo install $@\n", n)}),
    "makefile-variables-of-a-target": (
        "check-cargo-install",
        lambda n: {"Makefile": _each("a: A#=b\n", n) + "a::\n\tcargo install $(A1)\n" * n},
    ),
    "justfile-header": ("check-cargo-install", lambda n: {"justfile": f"a {chr(39) * 6 * n}:\n  cargo install b\n"}),
    "justfile-recipes": ("check-cargo-install", lambda n: {"justfile": _each("r# a='b':\n  cargo install {{a}}\n", n)}),
    "workflow-steps": ("check-locked-builds", lambda n: {WORKFLOW: JOB + "      - run: cargo build\n" * n}),
    "workflow-expressions": (
        "check-cargo-install",
        lambda n: {WORKFLOW: JOB + "      - run: cargo install " + "${{ a }}" * n + "\n"},
    ),
    "workflow-merge-keys": (
        "check-cargo-install",
        lambda n: {WORKFLOW: _each("b#: &b# {<<: *b, k#: 1}\n", n) + JOB + "      - run: cargo install a\n"},
    ),
    "gitlab-jobs": ("check-locked-builds", lambda n: {".gitlab-ci.yml": _each("j#: {script: [cargo build]}\n", n)}),
    "gitlab-documents": (
        "check-advisory-gate",
        lambda n: {".gitlab-ci.yml": "---\nj: {script: [cargo build]}\n" * n, "Cargo.lock": "version = 4\n"},
    ),
    "gitlab-variables": (
        "check-cargo-install",
        lambda n: {
            ".gitlab-ci.yml": f"variables: {{A: b{_each(', V#: $A$V', n)}}}\nj: {{script: [cargo install $V1]}}\n"
        },
    ),
    "called-workflows": (
        "check-build-sandbox",
        lambda n: {
            **{
                f".github/workflows/a{number}.yml": "on: push\njobs:\n"
                "  j: {uses: ./.github/workflows/b.yml, permissions: write-all}\n"
                f"  k: {{uses: ./.github/workflows/b.yml, permissions: {{contents: write, a{number}: write}}}}\n"
                for number in range(n // 8)
            },
            ".github/workflows/b.yml": "on: workflow_call\njobs:\n"
            + _each("  j#: {steps: [{uses: actions/checkout@v4}, {run: cargo build}]}\n", n // 8),
        },
    ),
    "tasks-that-need-tasks": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + "      - run: cargo make a\n",
            "Makefile.toml": _each('[tasks.t#]\ndependencies = ["x#"]\n', n)
            + f"[tasks.a]\ndependencies = [{_each(chr(34) + 't#' + chr(34) + ', ', n)}]\n",
            "Cargo.lock": "version = 4\n",
        },
    ),
    "calls-of-tasks": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + _each("      - run: npm run s#\n", 2 * n),
            "package.json": '{"scripts": {' + _each('"s#": "b", ', 2 * n) + '"z": "b"}}',
            "Cargo.lock": "version = 4\n",
        },
    ),
    "calls-of-recipes": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + _each("      - run: just r#\n", n),
            "justfile": _each("r#:\n", n) + "z:\n  cargo deny check\n",
            "Cargo.lock": "version = 4\n",
        },
    ),
    "calls-of-targets": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + _each("      - run: make r#\n", n),
            "Makefile": _each("r#:\n", n) + "z:\n\tcargo deny check\n",
            "Cargo.lock": "version = 4\n",
        },
    ),
    "calls-of-hooks": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + _each("      - run: pre-commit run x#\n", 2 * n),
            ".pre-commit-config.yaml": "repos:\n- repo: a\n  hooks:\n" + _each("  - {id: r#, args: [a]}\n", 2 * n),
            "Cargo.lock": "version = 4\n",
        },
    ),
    "calls-of-actions": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + _each("      - {uses: ./a, with: {r: #}}\n", n),
            "a/action.yml": "inputs:\n" + _each("  i#: {default: x}\n", n) + "runs: {steps: [{run: 'true'}]}\n",
            "Cargo.lock": "version = 4\n",
        },
    ),
    "steps-before-gates": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + "      - run: 'true'\n" * n + "      - run: cargo deny check\n" * n,
            "Cargo.lock": "version = 4\n",
        },
    ),
    "lock-of-one-name": (
        "check-cargo-lock",
        lambda n: {
            "Cargo.toml": CRATE + '[dependencies]\na = "1"\n',
            "Cargo.lock": "version = 4\n" + "".join(LOCKED.format(number) for number in range(n)),
        },
    ),
    "member-patterns": (
        "check-cargo-lock",
        lambda n: {
            "Cargo.toml": f"[workspace]\nmembers = [{_each(chr(34) + '**/q#*' + chr(34) + ', ', n)}]\n",
            **{f"d{number}/x": "" for number in range(20)},
        },
    ),
    "features": ("check-cargo-lock", lambda n: {"Cargo.toml": CRATE + "[features]\n" + _each('f# = ["f1"]\n', n)}),
    "features-enabled-by-many-names": (
        "check-cargo-lock",
        lambda n: {
            "Cargo.toml": CRATE
            + "[dependencies]\n"
            + _each('a# = { package = "t", path = "t", features = ["f#"] }\n', n),
            "t/Cargo.toml": CRATE.replace('"x"', '"t"')
            + "[dependencies]\n"
            + _each('b# = "1"\n', n)
            + "[features]\n"
            + _each("f# = []\n", n),
            "Cargo.lock": 'version = 4\n[[package]]\nname = "x"\nversion = "0.1.0"\n',
        },
    ),
    "patches-of-one-package": (
        "check-cargo-lock",
        lambda n: {
            "Cargo.toml": CRATE
            + '[dependencies]\na = "1"\n[patch.crates-io]\n'
            + _each('p# = { package = "t", path = "t" }\n', n),
            "t/Cargo.toml": CRATE.replace('"x"', '"t"'),
            "Cargo.lock": "version = 4\n"
            + LOCKED.format(0)
            + "dependencies = ["
            + '"t", ' * n
            + "]\n"
            + LOCKED.format(0).replace('"a"', '"t"').replace("1.0.0", "0.1.0")
            + '[[package]]\nname = "x"\nversion = "0.1.0"\ndependencies = ["a"]\n',
        },
    ),
    "unused-patches-of-folders": (
        "check-cargo-lock",
        lambda n: {
            "Cargo.toml": '[workspace]\nmembers = ["m*"]\n',
            **{f"m{at}/Cargo.toml": CRATE.replace('"x"', f'"x{at}"') for at in range(n)},
            "Cargo.lock": "version = 4\n"
            + _each('[[package]]\nname = "x#"\nversion = "0.1.0"\n', n)
            + _each('[[patch.unused]]\nname = "x#"\nversion = "0.2.0"\n', n) * 4,
        },
    ),
    "deny-comments": (
        "check-deny-toml",
        lambda n: {
            "deny.toml": "[advisories]\nignore = [\n" + "# a\n" * n + _each('"RUSTSEC-2020-#",\n', n) + "]\n",
        },
    ),
    "deny-ignores": (
        "check-deny-toml",
        lambda n: {"deny.toml": f"[advisories]\nignore = [{_each(chr(34) + 'RUSTSEC-2020-#' + chr(34) + ', ', n)}]\n"},
    ),
    "wit-types": (
        "check-wit-limits",
        lambda n: {"a.wit": f"package a:b;\ninterface i {{{_each('type t# = u8;', n)}}}\n"},
    ),
    "wit-uses": (
        "check-wit-limits",
        lambda n: {"a.wit": "package a:b;\n" + _each("interface i# { use j.{t}; }\n", n)},
    ),
    "wit-overrides-of-one-folder": (
        "check-wit-lock",
        lambda n: {
            "wkg.toml": "[overrides]\n" + _each('"a:b#" = { path = "x" }\n', n),
            "x/a.wit": f"package a:b;\nworld w {{{_each('import c:d#/e;', n)}}}\n",
        },
    ),
    "wit-vendored-by-hand": (
        "check-wit-lock",
        lambda n: {
            "wkg.lock": 'version = 1\n[[packages]]\nname = "a:b0"\nregistry = "x"\n[[packages.versions]]\n'
            'requirement = "=1.0.0"\nversion = "1.0.0"\ndigest = "sha256:00"\n',
            "wit/a.wit": "package a:b;\nworld w { import a:b0/i@1.0.0; }\n",
            **{f"wit/deps/a-b{i}-1.0.0/a.wit": f"package a:b{i}@1.0.0;\n" for i in range(n)},
        },
    ),
    "wit-binaries": (
        "check-wit-pins",
        lambda n: {
            "wkg.toml": "",
            "wit/a.wit": f"package a:b;\nworld w {{{_each('import c:d#/e;', n)}}}\n",
            **{f"wit/deps/c-d{i}.wasm": "" for i in range(n)},
        },
    ),
    "wit-dependencies": ("check-wit-pins", lambda n: {"deps.toml": _each('a# = "https://x/y.tar.gz"\n', n)}),
}


@pytest.mark.untraced
@pytest.mark.parametrize("shape", SHAPES)
def test_steps(shape: str, folder: Path) -> None:
    hook, files = SHAPES[shape]
    main = import_module(f"dunnage.{hook.replace('-', '_')}").main

    def run(size: int) -> None:
        names = []
        for name, text in files(size).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
            names.append(name)
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(names) in (0, 1)

    (folder / ".git").mkdir()
    (folder / ".git/HEAD").touch()
    assert os.getcwd() == str(folder)
    assert_linear(run, 200)


SEARCHED: dict[str, tuple[str, Callable[[int], dict[str, str]]]] = {
    "downloads": (
        "check-tool-digests --fix",
        lambda n: {
            "Cargo.toml": f'{CRATE}[workspace.metadata.dunnage.digests]\n"{ARCHIVE}" = "sha256:{"a" * 64}"\n',
            WORKFLOW: "on: push\njobs:\n"
            + _each("  j#: {runs-on: ubuntu-24.04, steps: [{run: curl -LO URL && tar xf a.tgz}]}\n", n).replace(
                "URL", ARCHIVE
            ),
        },
    ),
    "checkouts": (
        "check-build-sandbox",
        lambda n: {
            WORKFLOW: "on: push\npermissions: write-all\njobs:\n"
            + _each("  j#: {steps: [{uses: actions/checkout@v4}, {run: cargo build}]}\n", n)
        },
    ),
    "ignored-targets": (
        "check-advisory-gate",
        lambda n: {
            WORKFLOW: JOB + "      - run: make all\n",
            "Makefile": f"all:{_each(' t#', n)}\n.IGNORE: x\n{_each('t#:{0}cargo deny check{1}', n)}".format(
                "\n\t", "\n"
            ),
            "Cargo.lock": "version = 4\n",
        },
    ),
    "defaults": (
        "check-build-sandbox",
        lambda n: {
            WORKFLOW: "permissions: write-all\n" + JOB + "      - uses: actions/checkout@v4\n      - run: ./a.sh\n",
            "a.sh": "#!/bin/sh\nA='cargo build'\n" + "$A\n" * n,
        },
    ),
}


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("shape", SEARCHED)
def test_whole_files_are_searched_once(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command, files = SEARCHED[shape]
    hook, *options = command.split()
    main = import_module(f"dunnage.{hook.replace('-', '_')}").main
    searched = 0

    def counting(search: Callable[..., object]) -> Callable[..., object]:
        def call(pattern: str | bytes, text: str | bytes, *rest: object) -> object:
            nonlocal searched
            searched += len(text)
            return search(pattern, text, *rest)

        return call

    for name in ("search", "finditer", "findall"):
        monkeypatch.setattr(re, name, counting(getattr(re, name)))

    def characters(count: int) -> int:
        nonlocal searched
        write_tracked(files(count))
        searched = 0
        with contextlib.redirect_stdout(io.StringIO()):
            assert main([*options, *sorted(files(count))]) in (0, 1)
        return searched

    assert characters(200) < 2.6 * characters(100)


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
def test_steps_of_fixes_with_many_locks() -> None:
    def run(size: int) -> None:
        lock = 'version = 4\n[[package]]\nname = "x"\nversion = "0.1.0"\n'
        crates = {f"c{at}/Cargo.toml": CRATE for at in range(size)} | {f"c{at}/Cargo.lock": lock for at in range(size)}
        write_tracked({"a.sh": "cd c1\n" + "cargo build\n" * size, **crates})
        with contextlib.redirect_stdout(io.StringIO()):
            assert check_locked_builds.main(["--fix", "a.sh"]) == 1

    assert_linear(run, 100)


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
def test_steps_of_builds_in_many_folders_of_an_image() -> None:
    def run(size: int) -> None:
        builds = _each("WORKDIR /w#\nRUN cargo build\n", size)
        write_tracked({"Dockerfile": "FROM a\n" + _each("COPY a /d#/\n", 50) + builds, "Cargo.lock": "version = 4\n"})
        with contextlib.redirect_stdout(io.StringIO()):
            assert check_locked_builds.main(["Dockerfile"]) == 1

    run(10)
    few, many = steps(lambda: run(20)), steps(lambda: run(40))
    assert many - few <= 20 * 6_000, (many - few) / 20


@pytest.mark.usefixtures("repository")
def test_files_that_keep_others_out_of_images_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["d/" * depth + "Dockerfile" for depth in range(1, 21)]
    write_tracked({"Cargo.lock": "version = 4\n", **dict.fromkeys(names, "FROM a\nCOPY . /w\nRUN cargo build\n")})
    looked_for: list[str] = []
    exists = os.path.lexists

    def lexists(path: str) -> bool:
        looked_for.append(path)
        return exists(path)

    monkeypatch.setattr(os.path, "lexists", lexists)
    with contextlib.redirect_stdout(io.StringIO()):
        assert check_locked_builds.main(names) == 1
    assert sum(path.endswith("dockerignore") for path in looked_for) == 2 * len(names) + 1


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "shared",
    ["[features]\na = ['#']\n[dependencies]\n{0}", "[dependencies]\n{0}a = 1\n", "[workspace]\nmembers = [\n{1}1]\n"],
)
def test_steps_of_a_rejected_package_that_many_need(shared: str) -> None:
    def run(size: int) -> None:
        own = CRATE + '[dependencies]\nshared = { path = "../shared" }\n'
        entries = _each('a# = "1"\n', 10 * size), _each('"a#",\n', 10 * size)
        write_tracked({f"c{at}/Cargo.toml": own for at in range(size)})
        write_tracked({"shared/Cargo.toml": CRATE.replace('"x"', '"shared"') + shared.format(*entries)})
        with contextlib.redirect_stdout(io.StringIO()):
            assert check_cargo_lock.main([f"c{at}/Cargo.toml" for at in range(size)]) == 1

    assert_linear(run, 30)


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
def test_steps_of_fixes_with_many_wit_packages() -> None:
    def run(size: int) -> None:
        entry = (
            '[[package]]\nname = "d#:p"\n[[package.version]]\nrequirement = "^1.#"\nversion = "1.#.5"\ndigest = ""\n'
        )
        component = '"d#:p" = "1.#"\n'
        needed = f"[package.metadata.component.target.dependencies]\n{_each(component, size)}"
        write_tracked({"Cargo.toml": CRATE + needed, "Cargo-component.lock": "version = 1\n" + _each(entry, size)})
        with contextlib.redirect_stdout(io.StringIO()):
            assert check_wit_pins.main(["--fix", "Cargo.toml"]) == 1
        assert Path("Cargo-component.lock").read_text().count('"=1.') == size

    assert_linear(run, 40)


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("name", ["d#/.cargo/config.toml", "d/#.toml"])
def test_steps_of_configurations_beside_locks(name: str) -> None:
    def run(size: int) -> None:
        lock = 'version = 4\n[[package]]\nname = "x"\nversion = "0.1.0"\n'
        crates = {f"c{at}/Cargo.toml": CRATE for at in range(size)} | {f"c{at}/Cargo.lock": lock for at in range(size)}
        configurations = {name.replace("#", str(at)): "" for at in range(size)}
        write_tracked({**crates, **configurations})
        with contextlib.redirect_stdout(io.StringIO()):
            assert check_cargo_lock.main([*configurations]) == 0

    assert_linear(run, 40)


@pytest.mark.usefixtures("repository")
def test_a_folder_is_looked_at_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}/Cargo.toml" for number in range(40)]
    write_tracked(dict.fromkeys(names, CRATE))
    looked_at = list[str]()

    def count(look: Callable[..., object], path: str, **options: bool) -> object:
        looked_at.append(path)
        return look(path, **options)

    for call in ("lstat", "stat"):
        monkeypatch.setattr(os, call, partial(count, getattr(os, call)))
    assert check_cargo_lock.main(names) == 0
    assert len(looked_at) < 20 * len(names) + 100


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("hook", "name", "text"),
    [
        ("check-advisory-gate", ".github/workflows/#.yml", "jobs: {a: {steps: [{run: cargo build}]}}\n"),
        ("check-build-sandbox", "#/Dockerfile", "FROM a\nRUN cargo build\n"),
        ("check-cargo-lock", "#/Cargo.toml", CRATE),
        ("check-update-bot", "#.sh", "cargo install a@1.2.3\n"),
        ("check-wit-pins", "#/deps.toml", 'a = "https://x/y.tar.gz"\n'),
    ],
)
def test_files_that_are_not_checked_take_few_steps(
    hook: str, name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MOST_FILES", 4)
    main = import_module(f"dunnage.{hook.replace('-', '_')}").main
    names = [name.replace("#", str(number)) for number in range(10, 50)]
    write_tracked(dict.fromkeys(names, text))

    def run(count: int) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(names[:count]) == 1

    run(8)  # what is imported and cached now is not counted
    assert steps(lambda: run(40)) - steps(lambda: run(8)) < 32 * 200
