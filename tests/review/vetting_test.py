"""Stores of cargo-vet: what they vet, and what is needed of each crate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cargo.files import lock, package, write
from dunnage.files.source import File, Tree
from dunnage.review import changes as lock_changes
from dunnage.review.concern import Unknowns
from dunnage.review.policies import LockedWorkspace, vetting_of
from dunnage.review.vetting import VetStore, read, unvetted
from review.locks import ADVICE, said

RUN, DEPLOY = "safe-to-run", "safe-to-deploy"


def store(folder: Path, audits: str = "", config: str = "", imports: str = "") -> VetStore:
    write(folder, {"audits.toml": audits, "config.toml": config, "imports.lock": imports})
    found = read(Tree(), str(folder))
    assert found is not None
    return found


def audit(kind: str, criteria: str = DEPLOY, table: str = "audits.a") -> str:
    return f'[[{table}]]\ncriteria = "{criteria}"\n{kind}\n'


WILD = 'user-id = 7\nstart = "2024-01-01"\nend = "2025-01-01"'
PUBLISHED = '[[publisher.a]]\nversion = "1.0.0"\nwhen = "{when}"\nuser-id = {user}\n'


@pytest.mark.parametrize(
    ("files", "lacking"),
    [
        pytest.param({}, {RUN, DEPLOY}, id="nothing"),
        pytest.param({"audits": audit('version = "1.0.0"')}, set(), id="full audit"),
        pytest.param({"audits": audit('version = "1.0.0"', RUN)}, {DEPLOY}, id="for less"),
        pytest.param({"audits": audit('version = "1.0.1"')}, {RUN, DEPLOY}, id="another version"),
        pytest.param({"audits": audit('version = "1.0.0"', table="audits.b")}, {RUN, DEPLOY}, id="another crate"),
        pytest.param(
            {
                "audits": audit('version = "0.8.0"')
                + audit('delta = "0.9.0 -> 1.0.0"')
                + audit('delta = "0.8.0 -> 0.9.0"')
            },
            set(),
            id="deltas",
        ),
        pytest.param(
            {"audits": audit('version = "0.9.0"') + audit('delta = "0.9.0 -> 1.0.0"', RUN)},
            {DEPLOY},
            id="a weaker delta",
        ),
        pytest.param({"audits": audit('delta = "0.9.0 -> 1.0.0"')}, {RUN, DEPLOY}, id="a delta from nowhere"),
        pytest.param(
            {"config": f'[[exemptions.a]]\nversion = "1.0.0"\ncriteria = "{DEPLOY}"\n'}, set(), id="exemption"
        ),
        pytest.param(
            {
                "audits": audit(WILD, table="wildcard-audits.a"),
                "imports": PUBLISHED.format(when="2024-06-01", user=7),
            },
            set(),
            id="wildcard",
        ),
        pytest.param(
            {"audits": audit(WILD, table="trusted.a"), "imports": PUBLISHED.format(when="2024-01-01", user=7)},
            set(),
            id="trusted",
        ),
        pytest.param(
            {
                "audits": audit(WILD.replace("user-id = 7", 'trusted-publisher = "github:x/y"'), table="trusted.a"),
                "imports": PUBLISHED.format(when="2024-01-01", user=7).replace(
                    "user-id = 7", 'trusted-publisher = "github:x/y"'
                ),
            },
            set(),
            id="trusted publisher",
        ),
        pytest.param(
            {"audits": audit(WILD, table="trusted.a"), "imports": PUBLISHED.format(when="2025-01-01", user=7)},
            {RUN, DEPLOY},
            id="trusted too late",
        ),
        pytest.param(
            {"audits": audit(WILD, table="trusted.a"), "imports": PUBLISHED.format(when="2024-06-01", user=8)},
            {RUN, DEPLOY},
            id="another user",
        ),
        pytest.param(
            {
                "audits": audit('version = "0.9.0"'),
                "imports": '[[unpublished.a]]\nversion = "1.0.0"\naudited_as = "0.9.0"\n',
            },
            set(),
            id="unpublished",
        ),
        pytest.param(
            {"audits": audit('version = "1.0.0"') + audit('violation = "<1.0.1"', RUN)}, {RUN}, id="violation"
        ),
        pytest.param(
            {"audits": audit('version = "1.0.0"') + audit('violation = "<1.0.0"', RUN)}, set(), id="violation elsewhere"
        ),
        pytest.param({"imports": audit('version = "1.0.0"', table="audits.peer.audits.a")}, set(), id="imported"),
        pytest.param(
            {
                "imports": audit('version = "1.0.0"', "strong", "audits.peer.audits.a"),
                "config": f'[imports.peer.criteria-map]\nstrong = "{RUN}"\n',
            },
            {DEPLOY},
            id="mapped",
        ),
        pytest.param(
            {"imports": audit('version = "1.0.0"', "strong", "audits.peer.audits.a")}, {RUN, DEPLOY}, id="not mapped"
        ),
        pytest.param(
            {
                "imports": audit('version = "1.0.0"', "strong", "audits.peer.audits.a")
                + f'[audits.peer.criteria.strong]\nimplies = ["{DEPLOY}"]\n'
            },
            set(),
            id="implied there",
        ),
        pytest.param(
            {
                "audits": audit('version = "1.0.0"', "strong")
                + f'[criteria.strong]\nimplies = "middle"\n[criteria.middle]\nimplies = "{DEPLOY}"\n'
            },
            set(),
            id="implied here",
        ),
        pytest.param({"audits": "audits = 3\ncriteria = 3\n", "config": "exemptions = [3]\n"}, {RUN, DEPLOY}, id="odd"),
        pytest.param(
            {"audits": "[audits]\na = [3, { version = 1 }, { violation = '<<' }]\n", "imports": "audits = { p = 3 }\n"},
            {RUN, DEPLOY},
            id="odd entries",
        ),
    ],
)
def test_lacking(tmp_path: Path, files: Mapping[str, str], lacking: set[str]) -> None:
    found = store(tmp_path, **files)
    assert found.lacking("a", "1.0.0", found.closure(DEPLOY)) == lacking


@pytest.mark.parametrize("files", [{}, {"config.toml": ""}, {"config.toml": "[[", "audits.toml": ""}])
def test_no_store(tmp_path: Path, files: Mapping[str, str]) -> None:
    write(tmp_path, files)
    assert read(Tree(), str(tmp_path)) is None


WORKSPACE = {
    "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "lib", "tool"]\n',
    "app/Cargo.toml": package("app", rest='[dependencies]\nlib = { path = "../lib" }\nalpha = "1"\n'),
    "lib/Cargo.toml": package("lib", rest='[dependencies]\nbeta = "1"\n[dev-dependencies]\ngamma = "1"\n'),
    "tool/Cargo.toml": package("tool", rest='[build-dependencies]\ndelta = "1"\n'),
    "app/src/lib.rs": "",
    "lib/src/lib.rs": "",
    "tool/src/lib.rs": "",
}
LOCK = """
alpha {0} crates.io -> epsilon
app 0.1.0 -> alpha, lib
beta {0} crates.io
delta {0} crates.io
epsilon {0} crates.io
gamma {0} crates.io
lib 0.1.0 -> beta, gamma
tool 0.1.0 -> delta
"""
OLD = "\n".join(
    audit('version = "1.0.0"', table=f"audits.{name}") for name in ("alpha", "beta", "gamma", "delta", "epsilon")
)


def _unvetted(
    folder: Path,
    before: str,
    after: str,
    audits: str = OLD,
    config: str = "",
    workspace: Mapping[str, str] = WORKSPACE,
) -> list[str]:
    write(folder, {**workspace, "supply-chain/config.toml": config, "supply-chain/audits.toml": audits})
    tree = Tree()
    old, new = (lock_changes.read(File("Cargo.lock", lock(text).encode())) for text in (before, after))
    assert old is not None
    assert new is not None
    changes = lock_changes.compare(new, [old])
    vetting = vetting_of(tree, str(folder), LockedWorkspace(tree, str(folder)), changes.lock)
    return said(list(unvetted(changes, ADVICE, vetting, Unknowns()))) if vetting else ["no store"]


BEFORE, AFTER = LOCK.format("1.0.0"), LOCK.format("1.0.1")
BOTH = "safe-to-deploy, although it vets 1.0.0"


@pytest.mark.parametrize(
    ("config", "needed"),
    [
        pytest.param("", {"alpha": BOTH, "beta": BOTH, "delta": BOTH, "epsilon": BOTH, "gamma": "run"}, id="usual"),
        pytest.param(
            '[policy.tool]\ncriteria = []\n[policy.lib]\ndev-criteria = []\n[policy.app]\ncriteria = "safe-to-run"\n',
            {"alpha": "run", "beta": "run", "epsilon": "run"},
            id="criteria",
        ),
        pytest.param(
            '[policy.app]\ndependency-criteria = { alpha = "safe-to-run", lib = [] }\n[policy.tool]\ncriteria = []\n',
            {"alpha": "run", "epsilon": "run", "gamma": "run"},
            id="criteria of a dependency",
        ),
        pytest.param(
            '[policy."lib:0.1.0"]\ncriteria = "safe-to-run"\n'
            "[policy.tool]\ncriteria = []\n[policy.alpha]\ncriteria = []\n",
            {"beta": "run", "gamma": "run"},
            id="criteria of a version",
        ),
        pytest.param(
            "policy = 3\n", {"alpha": BOTH, "beta": BOTH, "delta": BOTH, "epsilon": BOTH, "gamma": "run"}, id="odd"
        ),
    ],
)
def test_what_is_needed(folder: Path, config: str, needed: dict[str, str]) -> None:
    run = "safe-to-run, although it vets 1.0.0"
    expected = [
        f"cargo-vet's store does not vet `{name} 1.0.1` for {run if what == 'run' else what}"
        for name, what in sorted(needed.items())
    ]
    assert _unvetted(folder, BEFORE, AFTER, config=config) == expected
    assert _unvetted(folder, AFTER, AFTER, config=config) == []
    vetted = OLD.replace("1.0.0", "1.0.1")
    assert _unvetted(folder, BEFORE, AFTER, OLD + vetted, config) == []


@pytest.mark.parametrize(
    ("table", "needed"),
    [
        pytest.param("dependencies", "safe-to-run", id="a member that another uses is no root"),
        pytest.param("dev-dependencies", "safe-to-deploy", id="a member that only tests use is one"),
    ],
)
def test_roots(folder: Path, table: str, needed: str) -> None:
    app = package("app", rest=f'[{table}]\ntool = {{ path = "../tool" }}\n')
    files = {"Cargo.toml": '[workspace]\nmembers = ["app", "tool"]\n', "app/Cargo.toml": app}
    before = "app 0.1.0 -> tool\ndelta 1.0.0 crates.io\ntool 0.1.0 -> delta\n"
    config = '[policy.app]\ncriteria = "safe-to-run"\n'
    found = _unvetted(folder, before, before.replace("1.0.0", "1.0.1"), config=config, workspace={**WORKSPACE, **files})
    assert found == [f"cargo-vet's store does not vet `delta 1.0.1` for {needed}, although it vets 1.0.0"]


def test_what_was_not_vetted_before(folder: Path) -> None:
    assert _unvetted(folder, BEFORE, AFTER, "") == []


def test_a_new_crate(folder: Path) -> None:
    after = BEFORE.replace("alpha 1.0.0 crates.io -> epsilon", "alpha 1.0.0 crates.io -> epsilon, zeta")
    after += "zeta 1.0.0 crates.io\n"
    message = "cargo-vet's store does not vet `zeta 1.0.0` for safe-to-deploy"
    assert _unvetted(folder, BEFORE, after) == [message]
    assert _unvetted(folder, BEFORE, after, "") == []  # nobody keeps this store


def test_where_the_store_is(folder: Path) -> None:
    manifest = WORKSPACE["Cargo.toml"]
    files = {**WORKSPACE, "Cargo.toml": f'{manifest}[workspace.metadata.vet.store]\npath = "audits"\n'}
    write(folder, files)
    workspace = LockedWorkspace(Tree(), str(folder))
    found = lock_changes.read(File("Cargo.lock", lock(BEFORE).encode()))
    assert found is not None
    assert vetting_of(Tree(), str(folder), workspace, found) is None
    write(folder, {"audits/config.toml": "", "audits/audits.toml": OLD})
    vetting = vetting_of(Tree(), str(folder), workspace, found)
    assert vetting is not None
    assert [str(crate) for crate in found.packages if vetting.vets(crate)] == [
        "alpha 1.0.0",
        "beta 1.0.0",
        "delta 1.0.0",
        "epsilon 1.0.0",
        "gamma 1.0.0",
    ]
