"""Files that Cargo's configuration includes: which are read, which takes precedence, and what cargo rejects.

And crates that cargo vendored.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cargo.files import Files, checksums, found, lock, matches, package, write
from dunnage.cargo.config_files import config_files, is_vendored_crate
from dunnage.cargo.workspace import read_config
from dunnage.cargo_cli.command_line import Aliases
from dunnage.files.document import Refused
from dunnage.files.source import Tree

pytestmark = pytest.mark.usefixtures("folder")

SOLO = {"Cargo.toml": package("solo"), "Cargo.lock": lock("solo 0.1.0"), "src/lib.rs": ""}
MORE: Files = {".cargo/more.toml": "", ".cargo/config.toml": 'include = ["more.toml"]\n'}


def _order(folder: Path) -> list[str]:
    return [document.file.path for _, document in config_files(Tree(), str(folder))]


def test_order(folder: Path) -> None:
    """The including file comes before what it includes, and later files before earlier ones."""
    write(
        folder,
        {
            "a/.cargo/config.toml": 'include = ["left.toml", { path = "../../shared/right.toml", optional = false }]',
            "a/.cargo/left.toml": 'include = ["deep/left.toml"]',
            "a/.cargo/deep/left.toml": "",
            "shared/right.toml": '[[include]]\npath = "deep.toml"\nunknown = 1',
            "shared/deep.toml": "",
            ".cargo/config": "",
        },
    )
    assert _order(folder / "a") == [
        "a/.cargo/config.toml",
        "shared/right.toml",
        "shared/deep.toml",
        "a/.cargo/left.toml",
        "a/.cargo/deep/left.toml",
        ".cargo/config",
    ]


def test_paths_are_relative_to_the_folder_above_that_of_the_included_file(folder: Path) -> None:
    write(folder, {".cargo/config.toml": 'include = ["../conf/inner/more.toml"]'})
    write(folder, {"conf/inner/more.toml": 'patch.crates-io.x.path = "x"\nresolver.lockfile-path = "Cargo.lock"'})
    config = read_config(Tree(), str(folder))
    assert [Path(dependency.source.url) for _, dependency, _ in config.patches] == [folder / "conf" / "x"]
    assert config.lock == str(folder / "conf" / "Cargo.lock")


def test_precedence(folder: Path) -> None:
    write(
        folder,
        {
            ".cargo/config.toml": 'include = ["first.toml", "second.toml"]\nregistries.a.index = "https://own.example"\n',
            ".cargo/first.toml": 'alias.x = "build"\nalias.y = "test"\nregistries.b.index = "https://first.example"\n',
            ".cargo/second.toml": 'alias.x = "check"\nregistries.a.index = "https://second.example"\n'
            'registries.b.index = "https://second.example"\n',
        },
    )
    assert read_config(Tree(), str(folder)).registries == {"a": "https://own.example", "b": "https://second.example"}
    assert Aliases(Tree()).in_folder(str(folder)) == {"x": ("check",), "y": ("test",)}


REJECTED = [
    pytest.param({".cargo/more.toml": None}, "1:12 …because .cargo/more.toml is missing", id="missing"),
    pytest.param({".cargo/config.toml": 'include = "more.toml"'}, "1:1 …must be an array…", id="string"),
    pytest.param({".cargo/config.toml": "include = { path = 'more.toml' }"}, "1:1 …must be an array…", id="table"),
    pytest.param({".cargo/config.toml": "include = [1]"}, "1:12 …must be a path, or a table…", id="integer"),
    pytest.param({".cargo/config.toml": "[[include]]\nfile = 'more.toml'"}, "1:3 …must be a path, or…", id="no-path"),
    pytest.param(
        {".cargo/config.toml": "include = [{ path = 'more.toml', optional = 1 }]"}, "1:12 …must be…", id="optional"
    ),
    pytest.param(
        {".cargo/config.toml": "include = ['more']"}, "1:12 …does not include `more`, …end in `.toml`", id="ending"
    ),
    pytest.param(
        {".cargo/config.toml": "include = ['.toml']"}, "1:12 …does not include `.toml`, …end in `.toml`", id="no-ending"
    ),
    pytest.param(
        {".cargo/config.toml": "include = ['m*.toml']"}, "1:12 …patterns in `include`, such as `m*.toml`", id="pattern"
    ),
    pytest.param({".cargo/config.toml": "include = ['{x}.toml']"}, "1:12 …patterns in `include`…", id="braces"),
    pytest.param({".cargo/config.toml": "include = ['config.toml']"}, "1:12 …included a second time…", id="itself"),
    pytest.param({".cargo/config.toml": "include = ['more.toml', 'more.toml']"}, "1:25 …a second time…", id="twice"),
]


@pytest.mark.parametrize(("files", "expected"), REJECTED)
def test_rejected(folder: Path, files: Files, expected: str, cargo: Path) -> None:
    write(folder, {**SOLO, **MORE})
    write(folder, files)
    message = expected.replace(" ", " bad-manifest: ", 1)
    assert matches(found("Cargo.toml"), [f".cargo/config.toml:{message}"])
    assert b"could not load Cargo configuration" in _metadata(cargo).stderr


@pytest.fixture(autouse=True)
def _stable_include(request: pytest.FixtureRequest) -> None:
    """Skip what asks a cargo that is older than the stable `include`."""
    if "cargo" in request.fixturenames:
        cargo = str(request.getfixturevalue("cargo"))
        version = subprocess.run([cargo, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
        if int(version.split(".")[1]) < 94:
            pytest.skip("cargo before 1.94 ignores `include`")


def _metadata(cargo: Path) -> subprocess.CompletedProcess[bytes]:
    command = [str(cargo), "metadata", "--locked", "--offline", "--format-version=1"]
    return subprocess.run(command, check=False, capture_output=True)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({".cargo/config.toml": "include = [{ path = 'no.toml', optional = true }]"}, id="optional"),
        pytest.param({".cargo/config.toml": "include = []"}, id="nothing"),
        pytest.param({}, id="empty-file"),
    ],
)
def test_accepted(folder: Path, files: Files, cargo: Path) -> None:
    write(folder, {**SOLO, **MORE, **files})
    assert found("Cargo.toml", ".cargo/config.toml") == []
    assert _metadata(cargo).returncode == 0


def test_a_string_with_the_unstable_feature(folder: Path) -> None:
    """Nightly versions before 1.94 accepted it."""
    config = "include = 'more'\n[unstable]\nconfig-include = true\n"
    write(folder, {**SOLO, ".cargo/config.toml": config, ".cargo/more": "alias.x = 'build'"})
    assert found("Cargo.toml") == []
    assert Aliases(Tree()).in_folder(str(folder)) == {"x": ("build",)}


def test_a_long_chain_ends(folder: Path) -> None:
    files = {f".cargo/{index}.toml": f"include = ['{index + 1}.toml']" for index in range(5000)}
    write(folder, {**files, ".cargo/config.toml": "include = ['0.toml']"})
    with pytest.raises(Refused, match="more than 100 files"):
        list(config_files(Tree(), str(folder)))


PATCHED: Files = {
    "Cargo.toml": package("solo", rest='[dependencies]\nthing = "1"\n'),
    "src/lib.rs": "",
    ".cargo/config.toml": 'include = ["patches.toml"]',
    ".cargo/patches.toml": '[patch.crates-io]\nthing.path = "thing"\n',
    "thing/Cargo.toml": package("thing", "1.0.0"),
    "thing/src/lib.rs": "",
}


@pytest.mark.parametrize("name", ["Cargo.toml", ".cargo/config.toml", ".cargo/patches.toml"])
def test_included_patches(folder: Path, name: str, cargo: Path) -> None:
    write(folder, {**PATCHED, "Cargo.lock": lock("solo 0.1.0 -> thing\nthing 1.0.0 crates.io")})
    assert matches(found(name), [".cargo/patches.toml:2:1 stale: `[patch]` provides `thing 1.0.0` …"])
    assert _metadata(cargo).returncode != 0
    write(folder, {"Cargo.lock": lock("solo 0.1.0 -> thing\nthing 1.0.0")})
    assert found(name) == []
    assert _metadata(cargo).returncode == 0


def test_an_included_file_anywhere_concerns_the_workspaces_that_include_it(repository: Path) -> None:
    write(repository, {f"tools/{name}": text for name, text in PATCHED.items()})
    write(repository, {"tools/Cargo.lock": lock("solo 0.1.0 -> thing\nthing 1.0.0 crates.io")})
    write(
        repository,
        {
            "tools/.cargo/config.toml": 'include = ["../../shared/patches.toml"]',
            "shared/patches.toml": '[patch.crates-io]\nthing.path = "tools/thing"\n',
            ".cargo/audit.toml": "",
        },
    )
    subprocess.run(["git", "add", "."], check=True)
    assert matches(found("shared/patches.toml"), ["shared/patches.toml:2:1 stale: `[patch]` provides…"])
    assert found(".cargo/audit.toml") == []


def test_registry_that_only_the_environment_knows(folder: Path, cargo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corp = '[dependencies]\nthing = { version = "1", registry = "corp" }\n[patch.corp]\nthing = { path = "thing" }\n'
    manifest = package("solo", rest=f'rust-version = "1.80"\n{corp}')
    write(folder, {**PATCHED, "Cargo.toml": manifest, ".cargo/config.toml": ""})
    write(folder, {"Cargo.lock": lock("solo 0.1.0 -> thing\nthing 1.0.0")})
    assert found("Cargo.toml") == []
    assert _metadata(cargo).returncode != 0
    monkeypatch.setenv("CARGO_REGISTRIES_CORP_INDEX", "https://corp.example/index")
    assert _metadata(cargo).returncode == 0
    write(folder, {"Cargo.lock": lock("solo 0.1.0 -> thing\nthing 1.0.0 other")})
    assert matches(found("Cargo.toml"), ["Cargo.toml:9:1 stale: `[patch]` provides `thing 1.0.0` …"])


CRATE = '[package]\nname = "a"\n'


@pytest.mark.parametrize(
    ("checksums", "expected"),
    [
        pytest.param(checksums(CRATE), True, id="as cargo vendor writes them"),
        pytest.param("{}", False, id="no files"),
        pytest.param('{"files": {}}', False, id="no manifest"),
        pytest.param('{"files": {"Cargo.toml": "0"}}', False, id="another manifest"),
        pytest.param('{"files": []}', False, id="a list"),
        pytest.param("[]", False, id="no object"),
        pytest.param("[" * 100_000, False, id="nested deeply"),
        pytest.param("1" * 10_000, False, id="a long number"),
        pytest.param(b"\xff", False, id="not UTF-8"),
        pytest.param("", False, id="empty"),
    ],
)
def test_is_vendored(folder: Path, checksums: str | bytes, expected: bool) -> None:
    write(folder, {"Cargo.toml": CRATE})
    assert not is_vendored_crate(Tree(), str(folder))
    write(folder, {".cargo-checksum.json": checksums})
    assert is_vendored_crate(Tree(), str(folder)) is expected
