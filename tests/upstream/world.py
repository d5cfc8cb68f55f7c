"""A tool with a small history, as clones on disk and as servers show it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from local_server import Reply, Server
from review.home import crate

TOOL, NAME = "demo-tool", "example/demo-tool"
BAD = ("RUSTSEC-2024-0001", "weak", '[">=1.0.1"]', "")
OLD = ("RUSTSEC-2024-0002", "tired", "[]", 'informational = "unmaintained"')
OWN = ("RUSTSEC-2024-0003", TOOL, '[">=1.1.0"]', "")


def lock(**versions: str) -> str:
    """A Cargo.lock with crates of crates.io."""
    packages = "".join(
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        f'source = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "{"0" * 64}"\n'
        for name, version in versions.items()
    )
    return f"version = 4\n{packages}"


class World:
    """The repository of the tool, its archives, and the advisories."""

    def __init__(self, folder: Path) -> None:
        self.mirror = folder / "mirror"
        self.top = self.mirror / "example+demo-tool" / "repo"
        self.database = self.mirror / "RustSec+advisory-db" / "repo"
        self.archived = False
        self.yanked: set[str] = set()
        self.page = 2
        """How many commits a page of a comparison has."""
        self._number = 0
        self._shown: dict[tuple[str, bool], dict[str, Any]] = {}
        self._start(self.top)
        locked = lock(tired="0.1.0", weak="1.0.0")
        first = self.commit("First", {"src/main.rs": "fn main() {}\n", "Cargo.lock": locked})
        self.git("tag", "v1.0.0")
        self.reading = self.commit("Fix a panic on empty input", {"src/lib.rs": "1"})
        self.cleared = self.commit("Update weak", {"Cargo.lock": lock(tired="0.1.0", weak="1.0.1")})
        self.fixed = self.commit("Merge commit from fork\n\n* Check lengths", {"src/lib.rs": "2"})
        self.named = self.commit("Fix GHSA-aaaa-bbbb-cccc @someone `x` <b>", {"src/lib.rs": "3"})
        self.ignored = self.commit("Ignore RUSTSEC-2024-0002", {"deny.toml": "[advisories]\n"})
        self.tested = self.commit("Fix a panic in a test", {"tests/a.rs": "1"})
        self.plain = self.commit("Use certain words to parse tls", {"src/lib.rs": "4"})
        last = self.commit("Release 1.1.0", {"Cargo.toml": "[package]\n"})
        self.git("tag", "v1.1.0")
        self.commits = {"1.0.0": first, "1.1.0": last}
        self._start(self.database)
        for name, package, patched, more in (BAD, OLD, OWN):
            path = self.database / "crates" / package / f"{name}.md"
            path.parent.mkdir(parents=True)
            path.write_text(
                f'```toml\n[advisory]\nid = "{name}"\npackage = "{package}"\ndate = "2024-05-01"\n{more}\n'
                f"[versions]\npatched = {patched}\n```\n\n# About {package}\n"
            )
        self._git(self.database, "add", "--all")
        self._git(self.database, "commit", "--quiet", "--message", "Advisories")
        self.archives = {
            version: crate(
                f"{TOOL}-{version}",
                {
                    "Cargo.toml": f'[package]\nname = "{TOOL}"\nrepository = "https://github.com/{NAME}"\n',
                    "Cargo.lock": lock(tired="0.1.0", weak="1.0.0" if version == "1.0.0" else "1.0.1"),
                    ".cargo_vcs_info.json": json.dumps({"git": {"sha1": commit}}),
                },
            )
            for version, commit in self.commits.items()
        }

    def copy(self, folder: Path) -> World:
        """The same in another folder."""
        found = copy(self)
        found.mirror = folder / "mirror"
        shutil.copytree(self.mirror, found.mirror)
        found.top = found.mirror / self.top.relative_to(self.mirror)
        found.database = found.mirror / self.database.relative_to(self.mirror)
        found.yanked = set()
        return found

    def write_archives(self) -> None:
        """Put the index and the archives into the mirror."""
        index = self.mirror / "crates.io-index" / "de" / "mo" / TOOL
        index.parent.mkdir(parents=True)
        index.write_bytes(self.index())
        (self.mirror / "crates").mkdir()
        for version, data in self.archives.items():
            (self.mirror / "crates" / f"{TOOL}-{version}.crate").write_bytes(data)

    def index(self) -> bytes:
        """What the index says about the tool."""
        entries = [
            {
                "name": TOOL,
                "vers": version,
                "cksum": hashlib.sha256(data).hexdigest(),
                "yanked": version in self.yanked,
                "pubtime": f"2024-0{number}-01T00:00:00Z",
            }
            for number, (version, data) in enumerate(self.archives.items(), 4)
        ]
        return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)

    def serve(self, github: Server, crates: Server) -> None:
        """Let two servers show all this."""
        github.otherwise = lambda path: self._github(path, github.url)
        crates.add("/config.json", Reply(json.dumps({"dl": f"{crates.url}/dl"}).encode()))
        crates.add(f"/de/mo/{TOOL}", Reply(self.index()))
        for version, data in self.archives.items():
            crates.add(f"/dl/{TOOL}/{version}/download", Reply(data))

    def commit(self, message: str, files: dict[str, str]) -> str:
        """Commit files, and return the hash."""
        for path, text in files.items():
            (self.top / path).parent.mkdir(parents=True, exist_ok=True)
            (self.top / path).write_text(text)
        self._number += 1
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        """Run git in the repository of the tool."""
        return self._git(self.top, *arguments)

    def _start(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._git(folder, "init", "--quiet", "--template=", "--initial-branch=main")

    def _git(self, folder: Path, *arguments: str) -> str:
        date = f"2024-05-{self._number + 1:02}T12:00:00Z"
        identity = {
            f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        env = {**os.environ, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, **identity}
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, env=env
        ).stdout

    # What GitHub's API says

    def _github(self, url: str, base: str) -> Reply | None:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        top = f"/repos/{NAME}"
        if path == "/advisories":
            return _json([])
        if path == top:
            return _json({"archived": self.archived})
        if path.startswith(f"{top}/compare/"):
            old, new = path.removeprefix(f"{top}/compare/").split("...")
            return self._page(self.git("rev-list", "--reverse", f"{old}..{new}").split(), base + path, query)
        if path == f"{top}/commits":
            found = self.git("log", "--format=%H", query["sha"], f"--since={query['since']}", "--", query["path"])
            return _json([self._commit(commit) for commit in found.split()])
        if path.startswith(f"{top}/commits/"):
            try:
                return _json(self._commit(path.removeprefix(f"{top}/commits/"), with_files=True))
            except subprocess.CalledProcessError:
                return None
        if path.startswith(f"{top}/contents/"):
            try:
                return Reply(self.git("show", f"{query['ref']}:{path.removeprefix(f'{top}/contents/')}").encode())
            except subprocess.CalledProcessError:
                return None
        return None

    def _page(self, commits: list[str], url: str, query: dict[str, str]) -> Reply:
        number = int(query.get("page", "1"))
        shown = commits[(number - 1) * self.page : number * self.page]
        more = f'<{url}?per_page={query["per_page"]}&page={number + 1}>; rel="next", <{url}>; rel="last"'
        headers = (("Link", more),) if number * self.page < len(commits) else ()
        body = {"total_commits": len(commits), "commits": [self._commit(commit) for commit in shown]}
        return Reply(json.dumps(body).encode(), headers=headers)

    def _commit(self, revision: str, *, with_files: bool = False) -> dict[str, Any]:
        key = revision, with_files
        if key not in self._shown:
            self._shown[key] = self._describe(revision, with_files=with_files)
        return self._shown[key]

    def _describe(self, revision: str, *, with_files: bool) -> dict[str, Any]:
        form = "%H%x00%P%x00%cI%x00%B"
        found = self.git("log", "-1", f"--format={form}", f"{revision}^{{commit}}")
        name, parents, date, message = found.split("\0")
        files = self.git("diff-tree", "-r", "--root", "--no-commit-id", "--name-only", name).split()
        return {
            "sha": name,
            "parents": [{"sha": parent} for parent in parents.split()],
            "commit": {"message": message.strip(), "committer": {"date": date}},
            **({"files": [{"filename": path} for path in files]} if with_files else {}),
        }


def _json(value: Any) -> Reply:
    return Reply(json.dumps(value).encode())
