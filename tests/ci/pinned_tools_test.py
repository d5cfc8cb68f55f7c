"""The tools that files pin: their names, versions, registries and places."""

from pathlib import Path

import pytest

from dunnage.ci.pinned_tools import pinned_tools
from dunnage.files.source import Tree

WORKFLOW = ".github/workflows/ci.yml"


def _step(text: str) -> str:
    return f"jobs:\n  a:\n    runs-on: x\n    steps:\n      - {text}\n"


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
