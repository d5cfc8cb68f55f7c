"""Microsoft's sarif-multitool, and the schema of SARIF that it brings, judge the logs that are written."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest

import judges
from dunnage.check_cargo_install import main
from dunnage.frame.finding import WEBSITE
from dunnage.frame.output.sarif import render
from dunnage.upstream.formats import sarif
from dunnage.upstream.report import KINDS, Observation, Place, Report, Watched
from frame.output.hostile_test import TEXTS, hostile_report
from frame.output.reports import SUPPRESSED, report, write_files

# All errors and warnings, but no look at whether the addresses in a log can be reached.
CONFIGURATION = '{"SARIF2006.UrisShouldBeReachable.Options": {"RuleEnabled": "Disabled"}}'
DOCKERFILE = """\
FROM rust
RUN cargo install cargo-audit --version '^0.21' # dunnage: ignore[cargo-install/unlocked] é is not locked
RUN cargo install cargo-deny && cargo install cargo-deny
"""


@pytest.fixture
def logs(folder: Path) -> list[Path]:
    """Write logs of all kinds into the folder `logs`, beside the files that they are about."""
    write_files(folder)
    (folder / "Dockerfile").write_text(DOCKERFILE, "utf-8")
    (folder / "logs").mkdir()
    hostile = [hostile_report(text) for text in TEXTS if text]
    for name, written in {
        "nothing": report(()),
        "all": report(suppressed=(SUPPRESSED,), fixed=["a.toml:1:1: demo/bad done"]),
        "hostile": report(
            [finding for part in hostile for finding in part.findings],
            [finding for part in hostile for finding in part.suppressed],
            [line for part in hostile for line in part.fixed],
        ),
    }.items():
        (folder / "logs" / f"{name}.sarif").write_text("".join(render(written)), "utf-8")
    assert main(["Dockerfile", "--output-file", "logs/real.sarif"]) == 1
    watched = Watched("cargo-deny", "0.18.0", "", (Place("Dockerfile", 2, 5),))
    observed = [
        Observation(kind, where, "subject", text or "message", "help", f"{WEBSITE}watching/")
        for where in (watched, Watched("cargo-audit", "0.21.0"))
        for kind, text in zip(KINDS, TEXTS, strict=False)
    ]
    for name, failures in (("watched", ()), ("watched-in-part", TEXTS)):
        log = sarif(Report([], observed, failures))
        (folder / "logs" / f"{name}.sarif").write_text(log, "utf-8")
    return sorted((folder / "logs").iterdir())


def test_the_schema_accepts_all(logs: list[Path]) -> None:
    schema = json.loads((Path(judges.installed("sarif-multitool")).parent / "sarif-2.1.0.json").read_bytes())
    validator = jsonschema.validators.validator_for(schema)(schema)
    for log in logs:
        assert list(validator.iter_errors(json.loads(log.read_bytes()))) == []
    broken = json.loads(logs[-1].read_bytes())
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(broken)


def _complaints(folder: Path) -> list[str]:
    (folder / "configuration.json").write_text(CONFIGURATION, "utf-8")
    ran = subprocess.run(
        [
            *(judges.installed("sarif-multitool"), "validate", f"{folder / 'logs'}/*.sarif"),
            *("--config", folder / "configuration.json", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"),
        ],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert "Analysis completed successfully." in ran.stdout, ran.stdout + ran.stderr
    said = re.findall(r"^.*: ?(?:error|warning) .*", ran.stdout, re.MULTILINE)
    return [line for line in said if "RuleExplicitlyDisabled" not in line]


def test_the_multitool_accepts_all(folder: Path, logs: list[Path]) -> None:
    assert _complaints(folder) == []
    broken = json.loads(logs[-1].read_bytes())
    broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["endLine"] = 1
    logs[-1].write_text(json.dumps(broken), "utf-8")
    assert ["SARIF1007" in line for line in _complaints(folder)] == [True]
