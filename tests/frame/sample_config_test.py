"""`dunnage sample-config`: the hooks that have something to look at, pinned by the commit of the installation."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from dunnage.frame import sample_config
from dunnage.frame.cli import main
from dunnage.frame.sample_config import Origin, render

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOCKS = ["check-cargo-lock", "review-cargo-lock"]
INSTALLS = ["check-cargo-install", "check-locked-builds"]
WIT = ["check-wit-limits", "check-wit-lock", "check-wit-pins", "review-wit"]


@pytest.mark.parametrize(
    ("files", "hooks"),
    [
        pytest.param({"Cargo.toml": "[package]"}, ["check-cargo-lock"], id="manifest"),
        pytest.param({"Cargo.toml": "[package]", "Cargo.lock": ""}, LOCKS, id="lock"),
        pytest.param({"a/deny.toml": ""}, ["check-deny-toml"], id="deny"),
        pytest.param({"Dockerfile": "RUN cargo build"}, ["check-base-images", *INSTALLS], id="dockerfile"),
        pytest.param({".github/workflows/ci.yml": "run: cross test"}, ["check-locked-builds"], id="cross"),
        pytest.param({"build": "#!/bin/sh\ncargo install x"}, ["check-cargo-install"], id="script"),
        pytest.param({"a.wit": "package a:b;"}, WIT, id="wit"),
        pytest.param(
            {"Cargo.toml": "[package.metadata.component]"},
            ["check-cargo-lock", "check-wit-lock", "check-wit-pins"],
            id="component",
        ),
    ],
)
def test_hooks_with_something_to_look_at(
    repository: Path, files: dict[str, str], hooks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in {"README.md": "cargo deny.toml", "LICENSE": "MIT", **files}.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text, "utf-8")
    (repository / "deny.toml").touch()
    subprocess.run(["git", "add", "README.md", "LICENSE", *files], check=True)
    assert main(["sample-config", "--rev", COMMIT, "--repo", "https://git.example.invalid/x"]) == 0
    text = capsys.readouterr().out
    (repo,) = yaml.safe_load(text)["repos"]
    assert (repo["repo"], repo["rev"]) == ("https://git.example.invalid/x", COMMIT)
    assert [hook["id"] for hook in repo["hooks"]] == hooks
    (repository / ".pre-commit-config.yaml").write_text(text, "utf-8")
    subprocess.run([CHECKOUT / ".venv" / "bin" / "pre-commit", "validate-config"], check=True)


def test_hooks_that_are_off_are_named_if_all_are_wanted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "Cargo.lock").touch()
    subprocess.run(["git", "add", "."], check=True)
    assert main(["sample-config", "--all"]) == 0
    ids = re.findall(r"id: (.*)", capsys.readouterr().out)
    assert ids == ["check-advisory-gate", "check-update-bot", "review-cargo-lock"]


@pytest.mark.usefixtures("repository")
def test_nothing_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample-config"]) == 2
    assert "no hook has anything to check here" in capsys.readouterr().err


@pytest.mark.parametrize("rev", ["main", "v0.1.0", COMMIT[:12], f"{COMMIT}\n"])
def test_only_a_full_commit_is_a_pin(rev: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample-config", f"--rev={rev}"]) == 2
    assert "is not the full hash of a commit" in capsys.readouterr().err


def test_this_installation_is_known_by_its_checkout() -> None:
    head = subprocess.run(["git", "-C", CHECKOUT, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert sample_config.installed().commit == head.stdout.strip()


def test_an_installation_of_unknown_origin_says_what_to_write() -> None:
    text = render([], Origin(None, None))
    assert yaml.safe_load(text)["repos"][0]["rev"] == "COMMIT"
    assert "git ls-remote URL v" in text
