"""Real cargo as the judge of a workspace and its Cargo.lock: no network, no index, no crate.

Cargo decides whether a lock is current by resolving the workspace again and comparing. For that it needs to know what
the locked crates depend on. The lock itself tells: each registry in it becomes a *local registry* whose index holds
exactly the locked crates with the locked edges, and each git source becomes a *directory source* with one bare manifest
per locked package. Both are put in place of the real sources by `[source]` replacement, in a configuration file of
their own.

What such an index cannot tell, the judge cannot either: the requirements published crates really state, and what their
features turn on. Every feature that a manifest of the workspace asks for exists and adds nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import tomli

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
NO_CHECKSUM = "0" * 64

_EDGE = re.compile(r"(?P<name>\S+)(?: (?P<version>\S+))?(?: \((?P<source>.*)\))?")


@dataclass(frozen=True)
class Verdict:
    """What cargo answered: `accepted` when the lock needs no change, and its own words."""

    accepted: bool
    said: str

    @property
    def reason(self) -> str:
        """What cargo gives as its reason, on one line: from its `error:` on, or all that it said."""
        lines = [line.strip() for line in self.said.splitlines()]
        errors = [number for number, line in enumerate(lines) if line.startswith("error")]
        noise = ("help: to generate the lock file", "As a reminder")
        return " | ".join(line for line in lines[errors[0] if errors else 0 :] if line and not line.startswith(noise))


@dataclass(frozen=True)
class Locked:
    """One package of a lock file, with its edges followed to the packages they lead to."""

    name: str
    version: str
    source: str | None
    checksum: str | None
    edges: tuple[tuple[str, str, str | None], ...]


def find_cargo() -> str | None:
    """The real cargo executable, or None.

    Not rustup's proxy: that would follow a workspace's own toolchain file to another cargo.
    """
    rustup = shutil.which("rustup")
    if rustup:
        asked = subprocess.run([rustup, "which", "cargo"], cwd="/", capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.strip()
    return shutil.which("cargo")


class Judge:
    """Asks one cargo about workspaces. `scratch` holds its home and the sources made up for it."""

    def __init__(self, cargo: str, scratch: Path) -> None:
        self._cargo = cargo
        self._scratch = scratch
        self._home = scratch / "home"
        self._home.mkdir(parents=True, exist_ok=True)
        self._prepared = 0

    def prepare(self, root: Path) -> Path:
        """Make the sources that the lock at `root` names; returns the configuration that puts them in place.

        To be called while the lock is as its authors left it, before any damage.
        """
        self._prepared += 1
        folder = self._scratch / f"sources-{self._prepared}"
        packages = read_lock((root / "Cargo.lock").read_text("utf-8"))
        manifests = list(_manifests(root))
        features = _features_asked_for(manifests)
        patched = _patched(manifests)
        config = []
        by_source: dict[str, list[Locked]] = {CRATES_IO: []}
        for package in packages:
            if package.source is not None:
                by_source.setdefault(package.source.partition("#")[0], []).append(package)
        for number, (source, here) in enumerate(by_source.items()):
            place = folder / str(number)
            if source.startswith("git+"):
                _write_directory_source(place, here, features, patched)
                config.append(_git_replacement(number, source, place))
            else:
                _write_local_registry(place, source, here, features)
                config.append(_registry_replacement(number, source, place))
        path = folder / "sources.toml"
        path.write_text("\n".join(config), "utf-8")
        return path

    def root_of(self, folder: Path) -> Path | None:
        """The root of the workspace that cargo finds for `folder`."""
        done = self._run(folder, "locate-project", "--workspace", "--message-format", "plain", "--offline")
        return Path(done.stdout.strip()).parent if done.returncode == 0 else None

    def ask(self, root: Path, sources: Path) -> Verdict:
        """Is the lock of the workspace at `root` what its manifests ask for?"""
        return self.run(root, "update", "--workspace", "--locked", "--offline", "--config", str(sources))

    def run(self, root: Path, *arguments: str) -> Verdict:
        """Run cargo at `root`, in an environment in which only `root` and the arguments matter."""
        done = self._run(root, *arguments)
        return Verdict(done.returncode == 0, done.stderr.strip())

    def _run(self, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CARGO", "GIT_", "RUSTC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"))
        }
        environment.update(CARGO_HOME=str(self._home), CARGO_TERM_COLOR="never", CARGO_TERM_PROGRESS_WHEN="never")
        rustc = Path(self._cargo).with_name("rustc" + Path(self._cargo).suffix)
        if rustc.exists():
            environment["RUSTC"] = str(rustc)
        return subprocess.run(
            [self._cargo, *arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            check=False,
        )


def read_lock(text: str) -> list[Locked]:
    """The packages of a lock file in any format. Edges that lead nowhere, or to several packages, are left out."""
    data = tomli.loads(text)
    entries: list[dict[str, Any]] = list(data.get("package", []))
    if "root" in data:
        entries.append(data["root"])
    listed = data.get("metadata", {})
    packages = []
    for entry in entries:
        source = entry.get("source")
        checksum = entry.get("checksum") or listed.get(f"checksum {entry['name']} {entry['version']} ({source})")
        edges = [_follow(edge, entries) for edge in entry.get("dependencies", ())]
        followed = tuple(edge for edge in edges if edge is not None)
        packages.append(Locked(entry["name"], entry["version"], source, checksum, followed))
    return packages


def _follow(edge: str, entries: Iterable[Mapping[str, Any]]) -> tuple[str, str, str | None] | None:
    match = _EDGE.fullmatch(edge)
    if match is None:
        return None
    name, version, source = match.groups()
    found = [
        (entry["name"], entry["version"], entry.get("source"))
        for entry in entries
        if entry["name"] == name
        and version in (None, entry["version"])
        and (source is None or source == entry.get("source", "").partition("#")[0])
    ]
    if len(found) > 1:
        found = [package for package in found if package[2] is None]
    return found[0] if len(found) == 1 else None


def _manifests(root: Path) -> Iterator[dict[str, Any]]:
    """Every readable manifest below `root`, those that path dependencies lead to, and their workspaces' manifests."""
    waiting = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in (".git", "target"))
        if "Cargo.toml" in files:
            waiting.append(Path(folder))
    seen = set()
    while waiting:
        place = Path(os.path.normpath(waiting.pop()))
        if place in seen:
            continue
        seen.add(place)
        try:
            manifest = tomli.loads((place / "Cargo.toml").read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError):
            continue
        yield manifest
        waiting.extend(place / path for path in _paths(manifest))
        if "workspace" not in manifest and not place.is_relative_to(root):
            waiting.extend(parent for parent in place.parents if (parent / "Cargo.toml").is_file())


def _paths(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            if key == "path" and isinstance(child, str):
                yield child
            else:
                yield from _paths(child)


def _features_asked_for(manifests: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every feature name that any manifest asks of anything. Too many do no harm: each is empty."""
    names: set[str] = set()

    def visit(value: object, key: str) -> None:
        if isinstance(value, dict):
            if key == "features":
                for enabled in value.values():
                    visit(enabled, key)
            for name, child in value.items():
                visit(child, name)
        elif isinstance(value, list):
            for child in value:
                if key in ("features", "default-features") and isinstance(child, str):
                    names.add(child.rpartition("/")[2])
                else:
                    visit(child, key)

    for manifest in manifests:
        visit(dict(manifest), "")
    return sorted(name for name in names if name and not name.startswith("dep:"))


def _patched(manifests: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The packages that a `[patch]` replaces, and the URL (or `crates-io`) of the source each is replaced in."""
    found: dict[str, str] = {}
    for manifest in manifests:
        for url, table in manifest.get("patch", {}).items():
            for key, spec in table.items() if isinstance(table, dict) else ():
                found[str(spec.get("package", key)) if isinstance(spec, dict) else key] = url
    return found


def _write_local_registry(folder: Path, source: str, packages: Iterable[Locked], features: Iterable[str]) -> None:
    index = folder / "index"
    index.mkdir(parents=True)
    table: dict[str, list[str]] = {name: [] for name in features}
    lines: dict[str, list[str]] = {}
    for package in packages:
        dependencies = []
        for number, (name, version, target) in enumerate(package.edges):
            elsewhere = target is not None and target != source and target.startswith(("registry+", "sparse+"))
            dependencies.append(
                {
                    "name": f"edge{number}",
                    "package": name,
                    "req": f"={version}",
                    "features": [],
                    "optional": False,
                    "default_features": True,
                    "target": None,
                    "kind": "normal",
                    "registry": _registry_url(target) if elsewhere and target else None,
                }
            )
        entry = {
            "name": package.name,
            "vers": package.version,
            "deps": dependencies,
            "cksum": package.checksum or NO_CHECKSUM,
            "features": table,
            "yanked": False,
        }
        lines.setdefault(package.name, []).append(json.dumps(entry))
        (folder / f"{package.name}-{package.version}.crate").touch()
    for name, entries in lines.items():
        path = index / _index_path(name.lower())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{entry}\n" for entry in entries), "utf-8")


def _index_path(name: str) -> str:
    if len(name) <= 3:
        return f"{len(name)}/{name}" if len(name) < 3 else f"3/{name[0]}/{name}"
    return f"{name[:2]}/{name[2:4]}/{name}"


def _registry_url(source: str) -> str:
    return source if source.startswith("sparse+") else source.removeprefix("registry+")


def _registry_replacement(number: int, source: str, place: Path) -> str:
    if source == CRATES_IO:
        head = "[source.crates-io]"
    else:
        head = f"[source.original-{number}]\nregistry = {json.dumps(_registry_url(source))}"
    return (
        f'{head}\nreplace-with = "local-{number}"\n[source.local-{number}]\nlocal-registry = {json.dumps(str(place))}\n'
    )


def _write_directory_source(
    folder: Path, packages: Iterable[Locked], features: Iterable[str], patched: Mapping[str, str]
) -> None:
    folder.mkdir(parents=True)
    for package in packages:
        place = folder / f"{package.name}-{package.version}"
        place.mkdir()
        (place / "lib.rs").touch()
        (place / ".cargo-checksum.json").write_text('{"files": {}}', "utf-8")
        text = [
            f'[package]\nname = "{package.name}"\nversion = "{package.version}"\n[lib]\npath = "lib.rs"\n[features]\n',
            *(f"{json.dumps(name)} = []\n" for name in features),
        ]
        for number, (name, version, target) in enumerate(package.edges):
            text.append(f'[dependencies.edge{number}]\npackage = "{name}"\nversion = "={version}"\n')
            if name in patched and patched[name] != "crates-io":
                text.append(f"git = {json.dumps(patched[name])}\n")
            elif target is not None and target.startswith("git+") and name not in patched:
                url, reference = _git_source(target)
                text.append(f"git = {json.dumps(url)}\n")
                text.extend(f"{kind} = {json.dumps(value)}\n" for kind, value in reference.items())
        (place / "Cargo.toml").write_text("".join(text), "utf-8")


def _git_source(source: str) -> tuple[str, dict[str, str]]:
    """The URL of a git source, and its `branch`, `tag` or `rev`."""
    parts = urlsplit(source.removeprefix("git+"))
    reference = {kind: value for kind, value in parse_qsl(parts.query) if kind in ("branch", "tag", "rev")}
    return urlunsplit(parts._replace(query="", fragment="")), reference


def _git_replacement(number: int, source: str, place: Path) -> str:
    url, reference = _git_source(source)
    lines = [f"[source.original-{number}]", f"git = {json.dumps(url)}"]
    lines += [f"{kind} = {json.dumps(value)}" for kind, value in reference.items()]
    lines += [f'replace-with = "local-{number}"', f"[source.local-{number}]", f"directory = {json.dumps(str(place))}"]
    return "\n".join(lines) + "\n"
