"""Show the hooks at work: planted problems in an example repository, found and then fixed through pre-commit.

The example is copied to a temporary folder and becomes a git repository there. Nothing else is changed. The exit status
is 0 only if exactly the planted problems are found, and exactly the fixable ones are fixed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLE = CHECKOUT / "demo" / "example"

# The hooks, and what they are given beside --fix.
HOOKS: dict[str, tuple[str, ...]] = {
    "check-advisory-gate": (),
    "check-base-images": ("--pins=tools.toml",),
    "check-build-sandbox": (),
    "check-cargo-install": ("--pins=tools.toml",),
    "check-cargo-lock": (),
    "check-deny-toml": (),
    "check-locked-builds": (),
    "check-rust-toolchain": (),
    "check-tool-digests": ("--pins=tools.toml",),
    "check-update-bot": (),
    "check-wit-limits": (),
    "check-wit-lock": (),
    "check-wit-pins": (),
    "review-cargo-lock": ("--base=HEAD~1",),
    "review-wit": ("--base=HEAD~1",),
}
FIXING = HOOKS.keys() - {
    *("check-advisory-gate", "check-update-bot", "check-wit-limits", "check-wit-lock"),
    *("review-cargo-lock", "review-wit"),
}

# What is wrong in each folder of the example, by who puts it right. Nothing is in `steady`.
FOR_PEOPLE = Counter(
    {
        (".github", "advisory-gate/toothless"): 1,
        (".github", "update-bot/dead-entry"): 1,
        (".github", "update-bot/unmoved-tool"): 1,
        ("courier", "cargo-lock/foreign-source"): 1,
        ("courier", "lock-review/new-source"): 1,
        ("image", "build-sandbox/network"): 1,
        ("image", "rust-toolchain/floating"): 1,
        ("interfaces", "wit-limits/recursion"): 1,
        ("interfaces", "wit-lock/drifted"): 1,
        ("interfaces", "wit-review/same-version"): 1,
        ("plugin", "cargo-lock/untracked"): 1,
        ("policy", "deny-toml/undated-exception"): 1,
        ("router", "cargo-lock/unreadable"): 1,
    }
)
FOR_EDITS = Counter(
    {
        (".github", "build-sandbox/checkout-token"): 1,
        ("component", "wit-pins/range"): 1,
        ("image", "base-images/partial"): 1,
        ("image", "cargo-install/unlocked"): 1,
        ("image", "cargo-install/unpinned"): 1,
        ("image", "locked-builds/unlocked"): 1,
        ("image", "tool-digests/unchecked"): 1,
        ("policy", "deny-toml/rejected"): 4,
        ("policy", "deny-toml/weak"): 1,
    }
)
FOR_CARGO = Counter({("greeter", "cargo-lock/missing"): 1, ("ledger", "cargo-lock/stale"): 1})
# Cargo writes this lock, and adding it to the commit is for people.
WRITTEN = Counter({("greeter", "cargo-lock/untracked"): 1})

# The second commit poisons the lock of `courier`: what is built as base64 comes from somebody's repository.
REGISTRY_CRATE = r'^source = "registry\+[^"]+"\nchecksum = "[^"]+"$'
POISON = f'source = "git+https://git.example.invalid/somebody/base64#{"bad" * 13}b"'

FINDING = re.compile(r"^(?P<folder>[\w.]+)/[^:]+:\d+:\d+: (?P<rule>[a-z-]+/[a-z-]+) ", re.MULTILINE)


def environment(home: Path) -> dict[str, str]:
    """Return variables for git and its hooks that owe nothing to the user's settings or to a surrounding git command.

    Programs installed beside this interpreter come first on PATH; what the tools cache is kept under `home`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT", "PREK_"))}
    kept.pop("SKIP", None)
    settings = home / "gitconfig"
    settings.write_text(
        "[user]\nname = Example\nemail = example@example.invalid\n"
        "[init]\ndefaultBranch = main\n"
        "[advice]\naddIgnoredFile = false\n"
        "[core]\nautocrlf = false\n",
        encoding="utf-8",
    )
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]),
        "GIT_CONFIG_GLOBAL": str(settings),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_COLOR": "never",
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PREK_COLOR": "never",
        "PREK_HOME": str(home / "prek"),
    }


def hook_repository(folder: Path, env: dict[str, str]) -> str:
    """Commit what pre-commit installs from this checkout, as it stands now, to a new repository; return the commit."""
    folder.mkdir()
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "hatch_build.py", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, folder)
    for name in ("docs", "hooks"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return commit_all(folder, "The hooks as they stand", env)


def commit_all(folder: Path, message: str, env: dict[str, str]) -> str:
    """Commit every file in a folder, which becomes a repository if it is none; return the commit."""
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--no-verify", "--message", message]):
        subprocess.run(["git", *command], cwd=folder, env=env, check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def rewrite(path: Path, pattern: str, replacement: str) -> None:
    """Replace what matches in a file; its line endings stay as they are."""
    text = path.read_bytes().decode("utf-8")
    path.write_bytes(re.sub(pattern, replacement, text, flags=re.MULTILINE).encode("utf-8"))


def configuration(repository: Path, revision: str, hooks: Mapping[str, Sequence[str]]) -> str:
    """Return a .pre-commit-config.yaml that runs hooks of the repository, each with its arguments."""
    lines = [f"repos:\n  - repo: '{repository.as_posix()}'\n    rev: {revision}\n    hooks:\n"]
    lines += (f"      - id: {hook}\n        args: [{', '.join(arguments)}]\n" for hook, arguments in hooks.items())
    return "".join(lines)


def runs(command: list[str], env: dict[str, str]) -> bool:
    """Say whether a command is there and works; a proxy for toolchains may be on PATH with none behind it."""
    program = shutil.which(command[0], path=env["PATH"])
    return (
        program is not None
        and not subprocess.run(
            [program, *command[1:]], env=env, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode
    )


class Demo:
    """The example repository in a temporary folder, and what is done there."""

    def __init__(self, folder: Path) -> None:
        self.env = environment(folder)
        self.hooks = folder / "dunnage"
        self.revision = hook_repository(self.hooks, self.env)
        self.example = folder / "example"
        shutil.copytree(EXAMPLE, self.example)
        # Under its own name this file would hide the lock from the repository that holds the example.
        for planted in self.example.rglob("dot_gitignore"):
            planted.rename(planted.with_name(".gitignore"))
        self.configure(fix=False)
        commit_all(self.example, "An example", self.env)
        rewrite(self.example / "courier" / "Cargo.lock", REGISTRY_CRATE, POISON)
        rewrite(self.example / "interfaces" / "wit" / "deps" / "tides" / "tides.wit", r"option<metres>", "metres")
        commit_all(self.example, "Tidy up", self.env)

    def configure(self, *, fix: bool) -> None:
        """Have pre-commit run all hooks, with or without --fix."""
        hooks = {hook: (*given, "--fix") if fix and hook in FIXING else given for hook, given in HOOKS.items()}
        text = configuration(self.hooks, self.revision, hooks)
        (self.example / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command in the example, show it and what it prints, and return both."""
        print(f"$ {shlex.join(command)}", flush=True)
        result = subprocess.run(
            command,
            cwd=self.example,
            env=self.env,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        print(result.stdout, flush=True)
        return result.returncode, result.stdout

    def findings(self, *, status: int) -> Counter[tuple[str, str]]:
        """Run the hook on all files; it must exit with this status."""
        got, output = self.run("pre-commit", "run", "--all-files")
        if got != status:
            raise SystemExit(f"demo: pre-commit exited with {got} where {status} was due")
        return Counter((found["folder"], found["rule"]) for found in FINDING.finditer(output))


def expect(what: str, found: Counter[tuple[str, str]], due: Counter[tuple[str, str]]) -> None:
    """End the demo with status 1 unless the findings are exactly those that are due."""
    for problem, where in (("not reported", due - found), ("reported for no reason", found - due)):
        if where:
            raise SystemExit(f"demo: {what}: {problem}: {', '.join(f'{rule} in {name}' for name, rule in where)}")


def main() -> None:
    """Run the demo."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr] # it is a TextIOWrapper
    with tempfile.TemporaryDirectory(prefix="dunnage-demo-", ignore_cleanup_errors=True) as folder:
        demo = Demo(Path(folder).resolve())
        has_cargo = runs(["cargo", "--version"], demo.env)

        print("An example repository of small projects. All but one of them have a problem.\n")
        print("1. Install the hooks, and run them on all files:\n")
        demo.run("pre-commit", "install", "--install-hooks")
        expect("first run", demo.findings(status=1), FOR_PEOPLE + FOR_EDITS + FOR_CARGO)

        print("2. With `args: [--fix]` the hooks apply the safe fixes: `--locked`, the versions and digests that")
        print("   tools.toml lists, the locked version of an interface, the current schema in deny.toml, and, if cargo")
        print("   is installed, the locks that cargo can update. They leave other locks alone: a person must look at a")
        print("   lock that was tampered with, hidden or half merged.\n")
        demo.configure(fix=True)
        expect("--fix", demo.findings(status=1), FOR_PEOPLE + (WRITTEN if has_cargo else FOR_CARGO))
        demo.run("git", "diff", "--", "image", "component", "policy")
        demo.run("git", "add", "--intent-to-add", "--all")
        _, changes = demo.run("git", "diff", "--", "*/Cargo.lock")
        changed = set(re.findall(r"^\+\+\+ b/(\w+)/", changes, re.MULTILINE))
        if changed != ({name for name, _ in FOR_CARGO} if has_cargo else set()):
            raise SystemExit(f"demo: --fix changed {', '.join(sorted(changed)) or 'nothing'}")

        print("3. Fix the rest by hand. The last commit put another source for a crate into courier/Cargo.lock, and")
        print("   another type into an interface that interfaces/wit/deps.lock records. Both files are restored from")
        print("   the commit before. plugin/.gitignore no longer hides the lock. router/Cargo.lock keeps both sides")
        print("   of the merge. A berth names its neighbours instead of containing them. The exception in")
        print("   policy/deny.toml gets a review date, and a failure of cargo-deny fails the job. The image names one")
        print("   version of Rust, and compiles without network. Dependabot reads an existing folder, and Renovate")
        print("   updates the pin of cargo-deny:\n")
        demo.run("git", "diff", "HEAD~1", "HEAD")
        demo.run("git", "checkout", "HEAD~1", "--", "courier/Cargo.lock", "interfaces/wit/deps")
        rewrite(demo.example / "plugin" / ".gitignore", r"^Cargo\.lock\n", "")
        rewrite(demo.example / "router" / "Cargo.lock", r"^(?:<{7}|={7}|>{7}).*\n", "")
        rewrite(demo.example / "interfaces" / "wit" / "harbour.wit", r"list<quay>", "list<string>")
        rewrite(demo.example / ".github" / "workflows" / "audit.yml", r" \|\| true.*", "")
        rewrite(demo.example / ".github" / "dependabot.yml", r"/greeters$", "/greeter")
        shutil.copy(CHECKOUT / "demo" / "renovate.json", demo.example)
        rewrite(demo.example / "image" / "rust-toolchain.toml", r"stable", "1.95.0")
        rewrite(
            demo.example / "image" / "Dockerfile",
            r" && \\\n +cargo component build(.*)",
            r"\nRUN cargo component fetch --locked\nRUN --network=none cargo component build --offline\1",
        )
        review = datetime.now(timezone.utc).date() + timedelta(days=90)
        rewrite(demo.example / "policy" / "deny.toml", r"(?<=localtime_r)", f"; review by {review}")
        demo.configure(fix=False)
        demo.run("git", "add", "--all")

        if not has_cargo:
            expect("last run", demo.findings(status=1), FOR_CARGO)
            print("All planted problems were found. cargo is not installed, so the stale lock and the missing lock")
            print("remain. --fix runs cargo if it is on PATH; otherwise run `cargo update --workspace` by hand.")
            return

        expect("last run", demo.findings(status=0), Counter())
        status, _ = demo.run("git", "commit", "--quiet", "--message", "Locks that hold")
        if status:
            raise SystemExit("demo: the hook stopped a commit with nothing wrong in it")
        print("All planted problems were found and fixed.")


if __name__ == "__main__":
    main()
