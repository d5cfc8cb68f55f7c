"""The tools that files pin: their names, versions, registries and places."""

from pathlib import Path

import pytest

from dunnage.ci.pinned_tools import PinnedTool, _literal, pinned_tools
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from steps import steps

WORKFLOW = ".github/workflows/ci.yml"


def _step(text: str) -> str:
    return f"jobs:\n  a:\n    runs-on: x\n    steps:\n      - {text}\n"


def _matrix(*entries: str) -> str:
    include = ", ".join(f"{{n: {entry}}}" for entry in entries)
    return (
        f"jobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix: {{include: [{include}]}}\n    steps:\n"
        "      - run: cargo install ${{ matrix.n }} --version ${{ matrix.v }}\n"
        "      - run: cargo install ${{ matrix.n }}@${{ matrix.v }}\n"
    )


def _found(folder: Path, path: str, text: str) -> list[tuple[str, str, str, str, int]]:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").touch()
    return [
        (
            tool.name,
            tool.version,
            tool.registry,
            tool.kind,
            tool.file.position(tool.literal.start)[0] if tool.literal else 0,
        )
        for tool in pinned_tools(Tree(), [str(file)])
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        pytest.param(
            "Dockerfile", "FROM x\nRUN cargo install a@1.2.3\n", [("a", "1.2.3", "crate", "command", 2)], id="at"
        ),
        pytest.param(
            "Dockerfile",
            "FROM x\nRUN cargo install --locked --version =1.2.3 a\n",
            [("a", "1.2.3", "crate", "command", 2)],
            id="option",
        ),
        pytest.param(
            "Dockerfile",
            "FROM x\nARG A_VERSION=1.2.3\nRUN cargo install a@${A_VERSION}\n",
            [("a", "1.2.3", "crate", "command", 2)],
            id="argument",
        ),
        pytest.param(
            WORKFLOW,
            'env:\n  A: "1.2.3"\n' + _step("run: cargo binstall -y a@${{ env.A }} b@2.0.0"),
            [("a", "1.2.3", "crate", "command", 2), ("b", "2.0.0", "crate", "command", 7)],
            id="environment",
        ),
        pytest.param(
            "action.yml",
            "inputs:\n  a-version:\n    description: x\n    default: 1.2.3\nruns:\n  using: composite\n  steps:\n"
            "    - run: cargo install a@${{ inputs.a-version }}\n      shell: bash\n",
            [("a", "1.2.3", "crate", "command", 4)],
            id="input",
        ),
        pytest.param(
            "x.sh",
            'A="a@1.2.3"\ncargo install $A\n',
            [("a", "1.2.3", "crate", "command", 1)],
            id="whole word in a variable",
        ),
        pytest.param(WORKFLOW, _matrix("a, v: 1.2.3", "b, v: 2.0.0"), [], id="names and versions of a matrix"),
        pytest.param(
            WORKFLOW,
            _matrix("a, v: 1.2.3", "b, v: 1.2.3"),
            [("a", "1.2.3", "crate", "command", 5), ("b", "1.2.3", "crate", "command", 5)],
            id="one version in a matrix",
        ),
        pytest.param(
            "x.sh",
            "for t in a@1.2.3 b@2.0.0; do cargo install $t; done\n",
            [("a", "1.2.3", "crate", "command", 0), ("b", "2.0.0", "crate", "command", 0)],
            id="loop",
        ),
        pytest.param(
            WORKFLOW,
            _step("uses: taiki-e/install-action@v2\n        with:\n          tool: nextest@0.9.1,shellcheck@0.10.0,b"),
            [("cargo-nextest", "0.9.1", "crate", "action", 7), ("shellcheck", "0.10.0", "", "action", 7)],
            id="list of an action",
        ),
        pytest.param(
            WORKFLOW,
            _step("uses: jetli/wasm-pack-action@v0.4.0\n        with:\n          version: v0.13.1"),
            [("wasm-pack", "0.13.1", "crate", "action", 7)],
            id="version of an action",
        ),
        pytest.param(
            WORKFLOW,
            _step("uses: bytecodealliance/actions/wit-bindgen/setup@v1\n        with:\n          version: 0.41.0"),
            [("wit-bindgen-cli", "0.41.0", "crate", "action", 7)],
            id="crate with another name",
        ),
        pytest.param(
            "x.sh",
            "npm install -g @bytecodealliance/jco@1.2.3\npip install componentize-py==0.16.0\n",
            [
                ("@bytecodealliance/jco", "1.2.3", "npm", "command", 1),
                ("componentize-py", "0.16.0", "pypi", "command", 2),
            ],
            id="packages",
        ),
        pytest.param(
            "Cargo.toml",
            '[workspace.metadata.dunnage.tools]\na = "1.2.3"\nb = "1"\n',
            [("a", "1.2.3", "crate", "list", 2)],
            id="list",
        ),
        pytest.param("x.sh", "cargo install a b@1.2 --version '^1.2.3' c\n", [], id="not exact"),
        pytest.param("x.sh", "cargo install --git https://x/a --rev 1.2.3 a\n", [], id="git"),
        pytest.param("x.sh", "cargo install --path . a@1.2.3\n", [], id="path"),
        pytest.param(
            "sub/Cargo.toml", '[package.metadata.dunnage.tools]\na = "1.2.3"\n', [], id="manifest of a member"
        ),
    ],
)
def test_tools(tmp_path: Path, path: str, text: str, expected: list[tuple[str, str, str, str, int]]) -> None:
    assert _found(tmp_path, path, text) == expected


def test_files_of_vendored_crates_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "vendor/a").mkdir(parents=True)
    (tmp_path / "vendor/a/.cargo-checksum.json").write_text('{"files": {"x.sh": ""}, "package": ""}')
    assert _found(tmp_path, "vendor/a/x.sh", "cargo install a@1.2.3\n") == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("tool: x@1.2.3", "1.2.3", id="alone"),
        pytest.param("11.2.3 1.2.3.4 x1.2.3 1.2.3x v1.2.3", "v1.2.3", id="after v"),
        pytest.param("xv1.2.3 =1.2.3", "=1.2.3", id="after a word that ends with v"),
        pytest.param("x-1.2.3_x", "-1.2.3_", id="only as a part of another"),
        pytest.param("1.2.34", "1.2.34", id="only the start of another"),
    ],
)
def test_the_place_of_a_version_is_a_whole_one_if_there_is_one(tmp_path: Path, text: str, version: str) -> None:
    name = tmp_path / "x.sh"
    name.write_text(f'TOOL="{text}"\n')
    found = _literal(File(str(name), name.read_bytes()), Span(6, 6 + len(text)), "1.2.3")
    assert found is not None
    assert found.start == 6 + text.index(version) + version.index("1.2.3")


def test_versions_that_differ_take_no_more_steps_than_one(tmp_path: Path) -> None:
    def script(name: str, versions: int) -> str:
        (tmp_path / name).write_text("".join(f"cargo install a@1.2.{at % versions}\n" for at in range(60)))
        return str(tmp_path / name)

    several, same = script("a.sh", 60), script("b.sh", 1)
    list(pinned_tools(Tree(), [same]))
    assert steps(lambda: list(pinned_tools(Tree(), [several]))) < 1.5 * steps(
        lambda: list(pinned_tools(Tree(), [same]))
    )


def test_a_file_is_looked_at_once_for_a_tree(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("cargo install a@1.2.3\n" * 50)
    tree = Tree()

    def found() -> list[PinnedTool]:
        return list(pinned_tools(tree, [str(tmp_path / "a.sh")]))

    first = found()
    assert len(first) == 50
    assert steps(found) < 500
    assert found() == first
