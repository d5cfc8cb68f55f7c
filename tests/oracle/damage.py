"""Seeded damage to Cargo workspaces, and edits that look like damage and are not.

A kind is a plain function from a workspace and a random generator to the files it changes, or None where the workspace
offers nothing to change. All kinds stand in `KINDS`. The same workspace, kind and seed always give the same change, and
bytes the change is not about stay as they are.

`harmless` kinds change nothing that cargo compares: a workspace it accepted, it accepts still. What the others lead to
is for cargo to say. Left out are changes whose effect depends on what only the registry's index knows:

- a registry crate that loses an edge to a package others reach too, gains one, or has one led to another version;
- a registry crate under another version that its dependents' requirements still allow;
- another well-formed checksum;
- a feature asked of a registry crate that no other manifest of the workspace asks of it, or no longer asked of it;
- a patch of a registry crate at a version that only other registry crates' requirements could choose;
- another commit after `#` in a git source: cargo compares the reference, and takes any commit that it can fetch.
"""

from __future__ import annotations

import itertools
import os
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import tomli

T = TypeVar("T")
Changes = dict[str, "bytes | None"]
"""What to write where, by path from the workspace root; None stands for a file to remove."""

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
SOME_CHECKSUM = "5eed" * 16
SOME_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Entry:
    """One `[[package]]` of a lock file, and where it stands in the text."""

    name: str
    version: str
    source: str | None
    checksum: str | None
    edges: tuple[str, ...]
    start: int
    end: int

    @property
    def local(self) -> bool:
        return self.source is None

    @property
    def from_crates_io(self) -> bool:
        return self.source == CRATES_IO


@dataclass(frozen=True)
class Line:
    """One dependency written on one line of a manifest."""

    path: str
    table: str
    key: str
    value: Any
    start: int
    end: int

    @property
    def package(self) -> str:
        """The name of the package that is asked for."""
        return str(self.value.get("package", self.key)) if isinstance(self.value, dict) else self.key

    @property
    def spec(self) -> dict[str, Any]:
        """The dependency as a table, whichever way it is written."""
        return dict(self.value) if isinstance(self.value, dict) else {"version": self.value}

    @property
    def of_a_registry(self) -> bool:
        return not {"path", "git", "workspace", "registry", "registry-index"} & set(self.spec)


@dataclass(frozen=True)
class Workspace:
    """The Cargo.lock and the manifests of a workspace, as they are before any damage."""

    files: Mapping[str, bytes]
    entries: tuple[Entry, ...]
    locals: tuple[str, ...]
    """The manifests of the packages that the lock holds without a source."""
    lines: tuple[Line, ...]
    _parsed: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False)

    @property
    def lock(self) -> str:
        return self.text("Cargo.lock")

    def text(self, path: str) -> str:
        return self.files[path].decode("utf-8")

    def parsed(self, path: str) -> dict[str, Any]:
        if path not in self._parsed:
            self._parsed[path] = tomli.loads(self.text(path))
        return self._parsed[path]

    def name_of(self, path: str) -> str:
        return str(self.parsed(path)["package"]["name"])

    def versions(self, name: str) -> list[str]:
        return [entry.version for entry in self.entries if entry.name == name]


def read(root: Path) -> Workspace:
    """The workspace whose root manifest and lock stand in the folder `root`."""
    files = {"Cargo.lock": (root / "Cargo.lock").read_bytes()}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in (".git", "target"))
        if "Cargo.toml" in names:
            manifest = Path(folder, "Cargo.toml")
            files[manifest.relative_to(root).as_posix()] = manifest.read_bytes()
    entries = tuple(_entries(files["Cargo.lock"].decode("utf-8")))
    local_names = {entry.name for entry in entries if entry.local}
    locals_: list[str] = []
    lines: list[Line] = []
    for path in sorted(files):
        if path == "Cargo.lock":
            continue
        try:
            package = tomli.loads(files[path].decode("utf-8")).get("package", {})
        except (UnicodeDecodeError, tomli.TOMLDecodeError):
            continue
        is_local = isinstance(package, dict) and package.get("name") in local_names
        if is_local:
            locals_.append(path)
        if is_local or path == "Cargo.toml":
            lines.extend(_lines(path, files[path].decode("utf-8")))
    return Workspace(files, entries, tuple(locals_), tuple(lines))


def _entries(lock: str) -> Iterator[Entry]:
    """The packages of a lock file, in its order."""
    heads = [match.start() for match in re.finditer(r"^\[", lock, re.MULTILINE)] + [len(lock)]
    for start, end in itertools.pairwise(heads):
        block = lock[start:end]
        if block.startswith("[[package]]"):
            data = tomli.loads(block)["package"][0]
            yield Entry(
                data["name"],
                data["version"],
                data.get("source"),
                data.get("checksum"),
                tuple(data.get("dependencies", ())),
                start,
                end,
            )


def _lines(path: str, text: str) -> Iterator[Line]:
    table = ""
    position = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if bare.startswith("["):
            table = bare.partition("#")[0].strip().strip("[]").strip() if bare.count("[") == bare.count("]") else ""
        elif re.fullmatch(r"(?:workspace\.|target\..+\.)?(?:dev-|build-)?dependencies", table):
            try:
                data = tomli.loads(bare)
            except tomli.TOMLDecodeError:
                data = {}
            for key, value in data.items():
                if isinstance(value, (str, dict)):
                    start = position + len(line) - len(line.lstrip())
                    yield Line(path, table, key, value, start, start + len(bare))
        position += len(line)


# --- what the kinds are made of ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """One way to change a workspace."""

    name: str
    change: Callable[[Workspace, random.Random], Changes | None]
    harmless: bool


KINDS: dict[str, Kind] = {}

Change = Callable[[Workspace, random.Random], "Changes | None"]


def kind(name: str, *, harmless: bool = False) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        KINDS[name] = Kind(name, change, harmless)
        return change

    return register


def damage(workspace: Workspace, name: str, seed: int) -> Changes | None:
    """The change of kind `name` with this seed; None where it does not apply or changes nothing."""
    if not workspace.entries:
        return None
    changes = KINDS[name].change(workspace, random.Random(f"{name} {seed}"))
    if changes is None or all(workspace.files.get(path) == data for path, data in changes.items()):
        return None
    return changes


def _pick(rng: random.Random, options: Sequence[T]) -> T | None:
    return rng.choice(options) if options else None


def _lock(text: str) -> Changes:
    return {"Cargo.lock": text.encode("utf-8")}


def _splice(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _rewrite(workspace: Workspace, entry: Entry, pattern: str, new: str) -> Changes | None:
    """Replace the first match of `pattern` inside one lock entry."""
    block = workspace.lock[entry.start : entry.end]
    changed = re.sub(pattern, lambda _match: new, block, count=1, flags=re.MULTILINE)
    return None if changed == block else _lock(_splice(workspace.lock, entry.start, entry.end, changed))


def _edges(workspace: Workspace, entry: Entry, edges: list[str]) -> Changes:
    """Give one lock entry other edges."""
    block = workspace.lock[entry.start : entry.end]
    block = re.sub(r"^dependencies = \[.*?^\]\n", "", block, flags=re.MULTILINE | re.DOTALL)
    if edges:
        listed = "".join(f' "{edge}",\n' for edge in edges)
        block = block.rstrip("\n") + f"\ndependencies = [\n{listed}]\n" + "\n" * block.endswith("\n\n")
    return _lock(_splice(workspace.lock, entry.start, entry.end, block))


def _named(edge: str, entry: Entry) -> bool:
    name, _, rest = edge.partition(" ")
    return name == entry.name and rest.partition(" ")[0] in ("", entry.version)


def _reached_by(workspace: Workspace, entry: Entry) -> list[Entry]:
    return [other for other in workspace.entries if any(_named(edge, entry) for edge in other.edges)]


def _asked_by_locals(workspace: Workspace) -> list[Entry]:
    """The crates.io crates that a local package has an edge to."""
    return [
        entry
        for entry in workspace.entries
        if entry.from_crates_io and any(other.local for other in _reached_by(workspace, entry))
    ]


def _with_edges(workspace: Workspace, rng: random.Random) -> Entry | None:
    return _pick(rng, [entry for entry in workspace.entries if entry.local and entry.edges])


def _crate(workspace: Workspace, rng: random.Random) -> Entry | None:
    return _pick(rng, [entry for entry in workspace.entries if entry.from_crates_io])


def _local(workspace: Workspace, rng: random.Random) -> Entry | None:
    return _pick(rng, [entry for entry in workspace.entries if entry.local])


def _edge_to(workspace: Workspace, entry: Entry) -> str:
    if workspace.versions(entry.name) == [entry.version]:
        return entry.name
    same = [other for other in workspace.entries if (other.name, other.version) == (entry.name, entry.version)]
    source = f" ({entry.source.partition('#')[0]})" if len(same) > 1 and entry.source else ""
    return f"{entry.name} {entry.version}{source}"


def _package_block(name: str, version: str, *more: str) -> str:
    return "\n".join(["[[package]]", f'name = "{name}"', f'version = "{version}"', *more]) + "\n\n"


def _insert_package(workspace: Workspace, rng: random.Random, block: str) -> Changes | None:
    before = rng.choice(workspace.entries)
    return _lock(_splice(workspace.lock, before.start, before.start, block))


def _manifest(workspace: Workspace, path: str, text: str) -> Changes:
    return {path: text.encode("utf-8")} if path in workspace.files else {}


def _line(workspace: Workspace, line: Line, new: str) -> Changes:
    return _manifest(workspace, line.path, _splice(workspace.text(line.path), line.start, line.end, new))


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(child)}" for key, child in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(child) for child in value) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _written(key: str, value: object) -> str:
    return f"{key} = {_toml(value)}"


def _in_package(workspace: Workspace, path: str, line: str) -> Changes:
    """Put a line at the head of the `[package]` table."""
    text = re.sub(
        r"^\[package\][^\n]*\n",
        lambda match: match.group() + line + "\n",
        workspace.text(path),
        count=1,
        flags=re.MULTILINE,
    )
    return _manifest(workspace, path, text)


def _in_table(workspace: Workspace, path: str, table: str, line: str) -> Changes | None:
    """Put a line into a table, which is added at the end of the file if it is not there.

    None where the file has the table in another form than under a header of its own, or the key already.
    """
    text = workspace.text(path)
    head = re.search(rf"^\[{re.escape(table)}\][^\n]*\n", text, re.MULTILINE)
    if head is None:
        end = "" if text.endswith("\n") else "\n"
        text = f"{text}{end}\n[{table}]\n{line}\n"
    else:
        text = _splice(text, head.end(), head.end(), line + "\n")
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        return None
    return _manifest(workspace, path, text)


def _member_lines(workspace: Workspace) -> list[Line]:
    return [line for line in workspace.lines if line.table != "workspace.dependencies"]


def _requirements(workspace: Workspace) -> list[Line]:
    """The lines that ask a registry for a version the lock holds."""
    return [
        line
        for line in _member_lines(workspace)
        if line.of_a_registry and isinstance(line.spec.get("version"), str) and workspace.versions(line.package)
    ]


def _paths(workspace: Workspace) -> list[Line]:
    return [line for line in workspace.lines if "path" in line.spec]


def _gits(workspace: Workspace) -> list[Line]:
    return [line for line in workspace.lines if "git" in line.spec and line.table != "patch.crates-io"]


def _respecified(workspace: Workspace, line: Line | None, **changes: object) -> Changes | None:
    """Write a dependency line anew with other keys; a key given as None is dropped."""
    if line is None:
        return None
    spec = {key: value for key, value in {**line.spec, **changes}.items() if value is not None}
    return _line(workspace, line, _written(line.key, spec))


def _in_features(workspace: Workspace, line: Line) -> bool:
    """Does the manifest's `[features]` table speak of this dependency?"""
    text = str(workspace.parsed(line.path).get("features", {}))
    return re.search(rf"\b{re.escape(line.key)}\b", text) is not None


def _directly_above(path: str) -> str:
    return PurePosixPath(path).parent.as_posix()


# --- the lock: edges --------------------------------------------------------------------------------------------------


@kind("lock/edge-removed")
def _edge_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _with_edges(workspace, rng)
    if entry is None:
        return None
    gone = rng.randrange(len(entry.edges))
    return _edges(workspace, entry, [edge for number, edge in enumerate(entry.edges) if number != gone])


@kind("lock/edge-to-the-only-use-removed")
def _edge_to_only_use_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = []
    for target in workspace.entries:
        by = _reached_by(workspace, target)
        if target.from_crates_io and len(by) == 1 and by[0].from_crates_io:
            options.append((by[0], target))
    if not options:
        return None
    by_one, target = rng.choice(options)
    return _edges(workspace, by_one, [edge for edge in by_one.edges if not _named(edge, target)])


@kind("lock/edge-added")
def _edge_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    if entry is None:
        return None
    target = _pick(rng, [other for other in workspace.entries if not any(_named(edge, other) for edge in entry.edges)])
    return _edges(workspace, entry, sorted([*entry.edges, _edge_to(workspace, target)])) if target else None


@kind("lock/edge-to-itself-added")
def _edge_to_itself_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    if entry is None or any(_named(edge, entry) for edge in entry.edges):
        return None
    return _edges(workspace, entry, sorted([*entry.edges, _edge_to(workspace, entry)]))


@kind("lock/edge-retargeted")
def _edge_retargeted(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _with_edges(workspace, rng)
    if entry is None:
        return None
    target = rng.choice([other for other in workspace.entries if other is not entry] or [entry])
    edges = list(entry.edges)
    edges[rng.randrange(len(edges))] = _edge_to(workspace, target)
    return _edges(workspace, entry, sorted(set(edges)))


@kind("lock/edge-to-another-version")
def _edge_to_another_version(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [
        (entry, number, other)
        for entry in workspace.entries
        if entry.local
        for number, edge in enumerate(entry.edges)
        for other in workspace.entries
        if edge.partition(" ")[0] == other.name and not _named(edge, other)
    ]
    if not options:
        return None
    entry, number, other = rng.choice(options)
    edges = list(entry.edges)
    edges[number] = _edge_to(workspace, other)
    return _edges(workspace, entry, edges)


@kind("lock/edge-leads-nowhere")
def _edge_leads_nowhere(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _pick(rng, [entry for entry in workspace.entries if entry.edges])
    if entry is None:
        return None
    edges = list(entry.edges)
    edges[rng.randrange(len(edges))] = rng.choice(["no-such-crate", "no-such-crate 1.2.3"])
    return _edges(workspace, entry, edges)


@kind("lock/edge-of-wrong-version")
def _edge_of_wrong_version(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _pick(rng, [entry for entry in workspace.entries if entry.edges])
    if entry is None:
        return None
    edges = list(entry.edges)
    number = rng.randrange(len(edges))
    edges[number] = edges[number].partition(" ")[0] + " 999.0.0"
    return _edges(workspace, entry, edges)


@kind("lock/edge-to-nowhere-added", harmless=True)
def _edge_to_nowhere_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    return _edges(workspace, entry, [*entry.edges, "no-such-crate 1.2.3"]) if entry else None


@kind("lock/edge-ambiguous")
def _edge_ambiguous(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [
        (entry, number)
        for entry in workspace.entries
        for number, edge in enumerate(entry.edges)
        if len(workspace.versions(edge.partition(" ")[0])) > 1
    ]
    if not options:
        return None
    entry, number = rng.choice(options)
    edges = list(entry.edges)
    edges[number] = edges[number].partition(" ")[0]
    return _edges(workspace, entry, edges)


@kind("lock/edge-malformed")
def _edge_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _with_edges(workspace, rng)
    bad = [
        "a 1.0.0 b",
        "a 1.0.0 (src)",
        "a 1.0.0 ()",
        "a  1.0.0",
        "a 1.0.0 (registry+nonsense)",
        "a 1.0.0 (x+https://y.z)",
    ]
    return _edges(workspace, entry, [*entry.edges, rng.choice(bad)]) if entry else None


@kind("lock/edge-from-another-source")
def _edge_from_another_source(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _with_edges(workspace, rng)
    if entry is None:
        return None
    target = _pick(rng, [other for other in workspace.entries if any(_named(edge, other) for edge in entry.edges)])
    if target is None:
        return None
    edges = [edge for edge in entry.edges if not _named(edge, target)]
    return _edges(workspace, entry, [*edges, f"{target.name} {target.version} (registry+https://other.example/index)"])


@kind("lock/edge-in-full", harmless=True)
def _edge_in_full(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [
        (entry, number, other)
        for entry in workspace.entries
        for number, edge in enumerate(entry.edges)
        for other in workspace.entries
        if edge == other.name and workspace.versions(other.name) == [other.version] and not other.local
    ]
    if not options:
        return None
    entry, number, other = rng.choice(options)
    source = (other.source or "").partition("#")[0]
    edges = list(entry.edges)
    edges[number] = rng.choice([f"{other.name} {other.version}", f"{other.name} {other.version} ({source})"])
    return _edges(workspace, entry, edges)


@kind("lock/edge-twice", harmless=True)
def _edge_twice(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _pick(rng, [entry for entry in workspace.entries if entry.edges])
    return _edges(workspace, entry, [*entry.edges, rng.choice(entry.edges)]) if entry else None


@kind("lock/edges-reordered", harmless=True)
def _edges_reordered(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _pick(rng, [entry for entry in workspace.entries if len(entry.edges) > 1])
    return _edges(workspace, entry, list(reversed(entry.edges))) if entry else None


# --- the lock: packages -----------------------------------------------------------------------------------------------


@kind("lock/package-dropped")
def _package_dropped(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    return _lock(_splice(workspace.lock, entry.start, entry.end, ""))


@kind("lock/local-package-dropped")
def _local_package_dropped(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    return _lock(_splice(workspace.lock, entry.start, entry.end, "")) if entry else None


@kind("lock/package-and-edges-dropped")
def _package_and_edges_dropped(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _pick(rng, _asked_by_locals(workspace))
    if entry is None:
        return None
    text = _splice(workspace.lock, entry.start, entry.end, "")
    name, version = re.escape(entry.name), re.escape(entry.version)
    only = workspace.versions(entry.name) == [entry.version]
    return _lock(re.sub(rf'^ "{name}{"" if only else f" {version}"}(?: [^"]*)?",\n', "", text, flags=re.MULTILINE))


@kind("lock/package-twice")
def _package_twice(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    return _insert_package(workspace, rng, workspace.lock[entry.start : entry.end].rstrip("\n") + "\n\n")


@kind("lock/package-twice-with-another-checksum")
def _package_twice_with_another_checksum(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    if entry is None or entry.checksum is None:
        return None
    block = workspace.lock[entry.start : entry.end].replace(entry.checksum, SOME_CHECKSUM)
    return _insert_package(workspace, rng, block.rstrip("\n") + "\n\n")


@kind("lock/orphan-crate")
def _orphan_crate(workspace: Workspace, rng: random.Random) -> Changes | None:
    more = [f'source = "{CRATES_IO}"', f'checksum = "{SOME_CHECKSUM}"']
    target = _crate(workspace, rng)
    if target is not None and rng.random() < 0.5:
        more.append(f'dependencies = [\n "{_edge_to(workspace, target)}",\n]')
    return _insert_package(workspace, rng, _package_block("orphan-crate", "1.2.3", *more))


@kind("lock/orphan-git-crate")
def _orphan_git_crate(workspace: Workspace, rng: random.Random) -> Changes | None:
    source = f'source = "git+https://example.com/orphan?branch=main#{SOME_COMMIT}"'
    return _insert_package(workspace, rng, _package_block("orphan-crate", "1.2.3", source))


@kind("lock/orphan-version-of-a-crate")
def _orphan_version_of_a_crate(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    if entry is None:
        return None
    block = _package_block(entry.name, "999.0.0", f'source = "{CRATES_IO}"', f'checksum = "{SOME_CHECKSUM}"')
    return _insert_package(workspace, rng, block)


@kind("lock/orphan-path-package", harmless=True)
def _orphan_path_package(workspace: Workspace, rng: random.Random) -> Changes | None:
    target = _crate(workspace, rng)
    more = [f'dependencies = [\n "{_edge_to(workspace, target)}",\n]'] if target else []
    return _insert_package(workspace, rng, _package_block("orphan-package", "1.2.3", *more))


@kind("lock/orphan-version-of-a-local-package")
def _orphan_version_of_a_local_package(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    return _insert_package(workspace, rng, _package_block(entry.name, "999.0.0")) if entry else None


@kind("lock/local-version-changed")
def _local_version_changed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    return _rewrite(workspace, entry, r'^version = ".*"', 'version = "999.0.1"') if entry else None


@kind("lock/crate-version-not-allowed")
def _crate_version_not_allowed(workspace: Workspace, rng: random.Random) -> Changes | None:
    asked = {line.package for line in _requirements(workspace) if re.match(r"\d*[1-9]", line.spec["version"])}
    options = [entry for entry in _asked_by_locals(workspace) if entry.name in asked]
    entry = _pick(rng, [entry for entry in options if workspace.versions(entry.name) == [entry.version]])
    return _rewrite(workspace, entry, r'^version = ".*"', 'version = "0.0.0"') if entry else None


@kind("lock/version-malformed")
def _version_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    bad = rng.choice(["1.0", "v1.0.0", "01.0.0", "", "1.0.0.0", "*"])
    return _rewrite(workspace, entry, r'^version = ".*"', f'version = "{bad}"')


@kind("lock/local-package-renamed")
def _local_package_renamed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    if entry is None:
        return None
    changed = _rewrite(workspace, entry, r'^name = ".*"', 'name = "renamed-here"') or {}
    text = (changed["Cargo.lock"] or b"").decode("utf-8")
    if rng.random() < 0.5:
        text = re.sub(rf'^ "{re.escape(entry.name)}( [^"]*)?",$', r' "renamed-here\1",', text, flags=re.MULTILINE)
    return _lock(text)


@kind("lock/name-missing")
def _name_missing(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _rewrite(workspace, rng.choice(workspace.entries), r"^(?:name|version) = .*\n", "")


@kind("lock/wrong-type")
def _wrong_type(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    new = rng.choice(["version = 1", 'version = ["1.0.0"]', "version = true"])
    return _rewrite(workspace, entry, r"^version = .*", new)


@kind("lock/packages-reordered", harmless=True)
def _packages_reordered(workspace: Workspace, rng: random.Random) -> Changes | None:
    blocks = [workspace.lock[entry.start : entry.end].rstrip("\n") + "\n\n" for entry in workspace.entries]
    if len(blocks) < 2 or workspace.entries[-1].end < len(workspace.lock):
        return None
    rng.shuffle(blocks)
    return _lock(workspace.lock[: workspace.entries[0].start] + "".join(blocks).rstrip("\n") + "\n")


@kind("lock/root-table", harmless=True)
def _root_table(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    return (
        _rewrite(workspace, entry, r"^\[\[package\]\]", "[root]")
        if entry and "\n[root]" not in workspace.lock
        else None
    )


# --- the lock: sources and checksums ----------------------------------------------------------------------------------


@kind("lock/source-removed")
def _source_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    pattern = rng.choice([r"^source = .*\n", r"^source = .*\n(?:checksum = .*\n)?"])
    return _rewrite(workspace, entry, pattern, "") if entry else None


@kind("lock/source-of-a-local-package")
def _source_of_a_local_package(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    if entry is None:
        return None
    source = rng.choice([CRATES_IO, f"git+https://example.com/x#{SOME_COMMIT}", "registry+https://other.example/index"])
    return _rewrite(workspace, entry, r"^version = .*", f'version = "{entry.version}"\nsource = "{source}"')


@kind("lock/source-another-registry")
def _source_another_registry(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    source = rng.choice(["registry+https://other.example/index", "sparse+https://other.example/index/"])
    return _rewrite(workspace, entry, r"^source = .*", f'source = "{source}"') if entry else None


@kind("lock/source-sparse")
def _source_sparse(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    return _rewrite(workspace, entry, r"^source = .*", 'source = "sparse+https://index.crates.io/"') if entry else None


@kind("lock/source-git")
def _source_git(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    pattern = rng.choice([r"^source = .*", r"^source = .*(?:\nchecksum = .*)?"])
    return _rewrite(workspace, entry, pattern, f'source = "git+https://example.com/x#{SOME_COMMIT}"') if entry else None


@kind("lock/source-malformed")
def _source_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    bad = rng.choice(
        ["registry", "registry+", "registry+nonsense", "foo+https://example.com/index", "", "https://x.y/z"]
    )
    return _rewrite(workspace, entry, r"^source = .*", f'source = "{bad}"') if entry else None


@kind("lock/source-respelled", harmless=True)
def _source_respelled(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    same = rng.choice(["/", ".git"])
    return _rewrite(workspace, entry, r"^source = .*", f'source = "{CRATES_IO}{same}"') if entry else None


@kind("lock/git-to-registry")
def _git_to_registry(workspace: Workspace, rng: random.Random) -> Changes | None:
    asked = {line.package for line in _gits(workspace)}
    options = [entry for entry in workspace.entries if (entry.source or "").startswith("git+") and entry.name in asked]
    new = f'source = "{CRATES_IO}"\nchecksum = "{SOME_CHECKSUM}"'
    return _rewrite(workspace, rng.choice(options), r"^source = .*", new) if options else None


@kind("lock/git-reference-changed")
def _git_reference_changed(workspace: Workspace, rng: random.Random) -> Changes | None:
    asked = {line.package for line in _gits(workspace)}
    options = [entry for entry in workspace.entries if (entry.source or "").startswith("git+") and entry.name in asked]
    if not options:
        return None
    entry = rng.choice(options)
    url, _, commit = str(entry.source).partition("#")
    reference = rng.choice(["", "?branch=no-such-branch", "?tag=v0.0.0-none", f"?rev={SOME_COMMIT}"])
    return _rewrite(workspace, entry, r"^source = .*", f'source = "{url.partition("?")[0]}{reference}#{commit}"')


@kind("lock/checksum-removed")
def _checksum_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    if entry is None:
        return None
    key = re.escape(f"checksum {entry.name} {entry.version} ({entry.source})")
    text = re.sub(rf'^"{key}" = .*\n', "", workspace.lock, flags=re.MULTILINE)
    return _rewrite(workspace, entry, r"^checksum = .*\n", "") or _lock(text)


@kind("lock/checksums-removed")
def _checksums_removed(workspace: Workspace, _rng: random.Random) -> Changes | None:
    return _lock(re.sub(r'^"?checksum .*= .*\n|^checksum = .*\n', "", workspace.lock, flags=re.MULTILINE))


@kind("lock/checksum-malformed")
def _checksum_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    if entry is None or entry.checksum is None:
        return None
    bad = rng.choice(["", "xyz", entry.checksum[:-1], entry.checksum + "0", "g" + entry.checksum[1:], "<none>"])
    return _rewrite(workspace, entry, r"^checksum = .*", f'checksum = "{bad}"')


@kind("lock/checksum-of-a-local-package")
def _checksum_of_a_local_package(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _local(workspace, rng)
    if entry is None:
        return None
    return _rewrite(workspace, entry, r"^version = .*", f'version = "{entry.version}"\nchecksum = "{SOME_CHECKSUM}"')


@kind("lock/checksums-of-format-1-beside")
def _checksums_of_format_1_beside(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    if entry is None or "\n[metadata]" in workspace.lock or entry.checksum is None:
        return None
    key = f"checksum {entry.name} {entry.version} ({entry.source})"
    return _lock(f'{workspace.lock}\n[metadata]\n"{key}" = "{entry.checksum}"\n')


# --- the lock: the file as a whole ------------------------------------------------------------------------------------


@kind("lock/format-unknown")
def _format_unknown(workspace: Workspace, rng: random.Random) -> Changes | None:
    version = rng.choice(["0", "1", "2", "5", "6", "99", '"4"', "4.0", "-1"])
    text = re.sub(r"^version = \d+$", "", workspace.lock, count=1, flags=re.MULTILINE)
    head = re.match(r"(?:#.*\n)*", text)
    return _lock(_splice(text, head.end() if head else 0, head.end() if head else 0, f"version = {version}\n"))


@kind("lock/format-3-and-4", harmless=True)
def _format_3_and_4(workspace: Workspace, _rng: random.Random) -> Changes | None:
    if "git+" in workspace.lock:
        return None
    swapped = {"3": "4", "4": "3"}
    text = re.sub(
        r"^version = ([34])$", lambda m: f"version = {swapped[m[1]]}", workspace.lock, count=1, flags=re.MULTILINE
    )
    return _lock(text)


@kind("lock/format-2", harmless=True)
def _format_2(workspace: Workspace, _rng: random.Random) -> Changes | None:
    if "git+" in workspace.lock:
        return None
    return _lock(re.sub(r"^version = [34]\n\n?", "", workspace.lock, count=1, flags=re.MULTILINE))


@kind("lock/conflict-markers")
def _conflict_markers(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    block = workspace.lock[entry.start : entry.end]
    first, second = (block, block) if rng.random() < 0.5 else (block, "")
    new = f"<<<<<<< HEAD\n{first}=======\n{second}>>>>>>> topic\n"
    return _lock(_splice(workspace.lock, entry.start, entry.end, new))


@kind("lock/conflict-marker-left")
def _conflict_marker_left(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    marker = rng.choice(["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| base"])
    return _lock(_splice(workspace.lock, entry.start, entry.start, marker + "\n"))


@kind("lock/conflict-marker-in-a-comment", harmless=True)
def _conflict_marker_in_a_comment(workspace: Workspace, _rng: random.Random) -> Changes | None:
    return _lock("# <<<<<<< HEAD\n# =======\n# >>>>>>> topic\n" + workspace.lock)


@kind("lock/not-toml")
def _not_toml(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    broken = [
        (r'^name = "(.*)"$', f'name = "{entry.name}'),
        (r"^\[\[package\]\]", "[[package]"),
        (r"^version = ", "version "),
        (r"^version = .*", f'version = "{entry.version}"\nversion = "{entry.version}"'),
        (r"^name = ", "= "),
        (r'^name = "', "name = '"),
    ]
    return _rewrite(workspace, entry, *rng.choice(broken))


@kind("lock/not-utf-8")
def _not_utf_8(workspace: Workspace, rng: random.Random) -> Changes | None:
    data = workspace.files["Cargo.lock"]
    return {"Cargo.lock": data + rng.choice([b"# \xff\n", b"\0", b"# caf\xe9\n"])}


@kind("lock/empty")
def _empty(_workspace: Workspace, rng: random.Random) -> Changes | None:
    return _lock(rng.choice(["", "version = 4\n", "# nothing here\n", "version = 4\npackage = []\n"]))


@kind("lock/missing")
def _missing(_workspace: Workspace, _rng: random.Random) -> Changes | None:
    return {"Cargo.lock": None}


@kind("lock/truncated")
def _truncated(workspace: Workspace, rng: random.Random) -> Changes | None:
    if len(workspace.entries) < 2:
        return None
    return _lock(workspace.lock[: rng.choice(workspace.entries[1:]).start])


@kind("lock/crlf", harmless=True)
def _crlf(workspace: Workspace, _rng: random.Random) -> Changes | None:
    return {"Cargo.lock": workspace.files["Cargo.lock"].replace(b"\n", b"\r\n")}


@kind("lock/bom", harmless=True)
def _bom(workspace: Workspace, _rng: random.Random) -> Changes | None:
    return {"Cargo.lock": b"\xef\xbb\xbf" + workspace.files["Cargo.lock"]}


@kind("lock/newlines", harmless=True)
def _newlines(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _lock(workspace.lock + "\n" * rng.randint(1, 3) if rng.random() < 0.7 else workspace.lock.rstrip("\n"))


@kind("lock/comments", harmless=True)
def _comments(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    block = workspace.lock[entry.start : entry.end].replace('"\n', '" # a remark\n', 1)
    return _lock(_splice(workspace.lock, entry.start, entry.end, "# a remark\n" + block))


@kind("lock/header-removed", harmless=True)
def _header_removed(workspace: Workspace, _rng: random.Random) -> Changes | None:
    return _lock(re.sub(r"\A(?:#.*\n)+", "", workspace.lock))


@kind("lock/unknown-keys", harmless=True)
def _unknown_keys(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = rng.choice(workspace.entries)
    if rng.random() < 0.5 and "\n[metadata]" not in workspace.lock:
        return _lock(workspace.lock + '\n[metadata]\nremark = "kept"\n')
    return _rewrite(workspace, entry, r"^version = .*", f'version = "{entry.version}"\nremark = "dropped"')


@kind("lock/unused-patch-added")
def _unused_patch_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    source = rng.choice([f'source = "{CRATES_IO}"', f'source = "git+https://example.com/x#{SOME_COMMIT}"'])
    entry = _local(workspace, rng)
    blocks = [f'[[patch.unused]]\nname = "no-such-crate"\nversion = "1.2.3"\n{source}\n']
    if entry is not None:
        blocks.append(f'[[patch.unused]]\nname = "{entry.name}"\nversion = "{entry.version}"\n')
    return _lock(f"{workspace.lock}\n{rng.choice(blocks)}")


@kind("lock/unused-patch-of-nothing-added", harmless=True)
def _unused_patch_of_nothing_added(workspace: Workspace, _rng: random.Random) -> Changes | None:
    return _lock(f'{workspace.lock}\n[[patch.unused]]\nname = "no-such-package"\nversion = "1.2.3"\n')


@kind("lock/unused-patch-removed")
def _unused_patch_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    found = list(re.finditer(r"^\[\[patch\.unused\]\]\n(?:.+\n)*\n?", workspace.lock, re.MULTILINE))
    match = _pick(rng, found)
    return _lock(_splice(workspace.lock, match.start(), match.end(), "")) if match else None


@kind("lock/replace-added")
def _replace_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _pick(rng, [entry for entry in workspace.entries if entry.from_crates_io and not entry.edges])
    target = _local(workspace, rng)
    if entry is None or target is None:
        return None
    return _rewrite(workspace, entry, r"^version = .*", f'version = "{entry.version}"\nreplace = "{target.name}"')


# --- the manifests: requirements --------------------------------------------------------------------------------------


@kind("manifest/requirement-too-high")
def _requirement_too_high(workspace: Workspace, rng: random.Random) -> Changes | None:
    new = rng.choice(["999", "999.1", "999.1.2", "^999", ">=999", "~999.1", "=999.1.2", ">998, <1000"])
    return _respecified(workspace, _pick(rng, _requirements(workspace)), version=new)


@kind("manifest/requirement-just-missed")
def _requirement_just_missed(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _requirements(workspace))
    if line is None:
        return None
    version = rng.choice(workspace.versions(line.package))
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    major, minor, patch = (int(number) for number in numbers.groups()) if numbers else (0, 0, 0)
    new = rng.choice(
        [f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}", f"<{version}", f">{version}", f"={version}-alpha"]
    )
    return _respecified(workspace, line, version=new)


@kind("manifest/requirement-of-a-pre-release")
def _requirement_of_a_pre_release(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _requirements(workspace))
    if line is None:
        return None
    numbers = rng.choice(workspace.versions(line.package)).partition("-")[0].partition("+")[0]
    new = rng.choice([f"={numbers}-alpha.1", f"{numbers}-0", f">={numbers}-rc.1", f"<{numbers}-rc.1"])
    return _respecified(workspace, line, version=new)


@kind("manifest/requirement-malformed")
def _requirement_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    new = rng.choice(["latest", "1.0.0.0", ">=1 <2", "", "1.0-beta", "^", "1.*.3", "==1", "1,", "~>1.2", "v1", "01"])
    return _respecified(workspace, _pick(rng, _requirements(workspace)), version=new)


@kind("manifest/requirement-loosened", harmless=True)
def _requirement_loosened(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [
        line
        for line in _requirements(workspace)
        if len(workspace.versions(line.package)) == 1 and "-" not in workspace.versions(line.package)[0]
    ]
    return _respecified(workspace, _pick(rng, options), version=rng.choice(["*", ">=0", ">=0.0.0, <999", "<9999999"]))


@kind("manifest/requirement-any-version")
def _requirement_any_version(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in _requirements(workspace) if len(workspace.versions(line.package)) > 1]
    return _respecified(workspace, _pick(rng, options), version=rng.choice(["*", ">=0"]))


@kind("manifest/requirement-respelled", harmless=True)
def _requirement_respelled(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, [line for line in _requirements(workspace) if re.fullmatch(r"\d+(\.\d+)*", line.spec["version"])])
    if line is None:
        return None
    old = line.spec["version"]
    return _respecified(workspace, line, version=rng.choice([f"^{old}", f" {old} ", f"^ {old}", f"{old}, <9999"]))


# --- the manifests: dependencies --------------------------------------------------------------------------------------


@kind("manifest/dependency-removed")
def _dependency_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _member_lines(workspace))
    return _line(workspace, line, "") if line else None


@kind("manifest/unlocked-dependency-added")
def _unlocked_dependency_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    table = rng.choice(_TABLES)
    value: object = "1" if table.startswith("dev") or rng.random() < 0.5 else {"version": "1", "optional": True}
    return _in_table(workspace, path, table, _written("no-such-crate", value)) if path else None


@kind("manifest/locked-dependency-added")
def _locked_dependency_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    path, entry = _pick(rng, workspace.locals), _crate(workspace, rng)
    if path is None or entry is None or any(line.key == entry.name for line in workspace.lines if line.path == path):
        return None
    table = rng.choice(_TABLES)
    optional = {} if table.startswith("dev") or rng.random() < 0.5 else {"optional": True}
    spec = {"version": "=" + entry.version.partition("+")[0], **optional}
    return _in_table(workspace, path, table, _written(entry.name, spec))


@kind("manifest/path-dependency-added")
def _path_dependency_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    if len(workspace.locals) < 2:
        return None
    path, target = rng.sample(workspace.locals, 2)
    name = workspace.name_of(target)
    if any(line.key == name for line in workspace.lines if line.path == path):
        return None
    place = os.path.relpath(_directly_above(target), _directly_above(path)).replace(os.sep, "/")
    return _in_table(workspace, path, rng.choice(_TABLES), _written(name, {"path": place}))


_TABLES = [
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "target.'cfg(windows)'.dependencies",
    "target.x86_64-unknown-linux-gnu.dev-dependencies",
]


def _moved(workspace: Workspace, line: Line, table: str) -> Changes | None:
    """Put a dependency line under another table."""
    if table.replace("-", "_") in workspace.parsed(line.path):
        return None
    written = workspace.text(line.path)[line.start : line.end]
    without = Workspace({**workspace.files, **_filled(_line(workspace, line, ""))}, (), (), ())
    return _in_table(without, line.path, table, written)


def _filled(changes: Changes) -> dict[str, bytes]:
    return {path: data for path, data in changes.items() if data is not None}


def _free_to_move(workspace: Workspace, line: Line) -> bool:
    twice = [other for other in workspace.lines if other.path == line.path and other.key == line.key]
    return line.table == "dependencies" and len(twice) == 1 and not _in_features(workspace, line)


@kind("manifest/dependency-made-dev")
def _dependency_made_dev(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in workspace.lines if _free_to_move(workspace, line) and "optional" not in line.spec]
    line = _pick(rng, options)
    return _moved(workspace, line, "dev-dependencies") if line else None


@kind("manifest/dependency-made-build-only", harmless=True)
def _dependency_made_build_only(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in workspace.lines if _free_to_move(workspace, line)]
    line = _pick(rng, options)
    return _moved(workspace, line, "build-dependencies") if line else None


@kind("manifest/dependency-made-of-one-target", harmless=True)
def _dependency_made_of_one_target(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in workspace.lines if _free_to_move(workspace, line)]
    line = _pick(rng, options)
    table = rng.choice(["target.'cfg(windows)'.dependencies", "target.wasm32-wasip2.dependencies"])
    return _moved(workspace, line, table) if line else None


@kind("manifest/target-malformed")
def _target_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    bad = rng.choice(
        ["target.'cfg('.dependencies", "target.'cfg(not(a, b)'.dependencies", "target.'cfg(a b)'.dependencies"]
    )
    entry = _crate(workspace, rng)
    if path is None or entry is None:
        return None
    return _in_table(workspace, path, bad, _written(entry.name, "*"))


@kind("manifest/dependency-renamed", harmless=True)
def _dependency_renamed(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [
        line
        for line in _member_lines(workspace)
        if "workspace" not in line.spec and not line.key.startswith("renamed") and not _in_features(workspace, line)
    ]
    line = _pick(rng, options)
    if line is None:
        return None
    return _line(workspace, line, _written("renamed-" + line.key, {"package": line.package, **line.spec}))


@kind("manifest/dependency-name-respelled")
def _dependency_name_respelled(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in _requirements(workspace) if "-" in line.key or "_" in line.key]
    line = _pick(rng, [line for line in options if line.key == line.package])
    if line is None:
        return None
    other = line.key.replace("-", "_") if "-" in line.key else line.key.replace("_", "-")
    return _line(workspace, line, _written(other, line.value))


@kind("manifest/dependency-as-a-table", harmless=True)
def _dependency_as_a_table(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, [line for line in _member_lines(workspace) if _free_to_move(workspace, line)])
    if line is None:
        return None
    text = _splice(workspace.text(line.path), line.start, line.end, "")
    body = "".join(_written(key, value) + "\n" for key, value in line.spec.items())
    return _manifest(workspace, line.path, f"{text}\n[{line.table}.{line.key}]\n{body}")


@kind("manifest/dependency-twice")
def _dependency_twice(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, workspace.lines)
    return _line(workspace, line, _written(line.key, line.value) + "\n" + _written(line.key, "1")) if line else None


@kind("manifest/dependency-made-optional")
def _dependency_made_optional(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in _member_lines(workspace) if "optional" not in line.spec]
    return _respecified(workspace, _pick(rng, options), optional=True)


@kind("manifest/dependency-no-longer-optional")
def _dependency_no_longer_optional(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in _member_lines(workspace) if line.spec.get("optional") is True]
    return _respecified(workspace, _pick(rng, options), optional=None)


@kind("manifest/dev-dependency-optional")
def _dev_dependency_optional(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in workspace.lines if line.table == "dev-dependencies"]
    return _respecified(workspace, _pick(rng, options), optional=True)


@kind("manifest/legacy-table-name")
def _legacy_table_name(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [
        path
        for path in workspace.locals
        if re.search(r"^\[(dev|build)-dependencies", workspace.text(path), re.MULTILINE)
    ]
    path = _pick(rng, options)
    if path is None:
        return None
    return _manifest(workspace, path, re.sub(r"^\[(dev|build)-", r"[\1_", workspace.text(path), flags=re.MULTILINE))


@kind("manifest/dependency-with-nothing")
def _dependency_with_nothing(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, [line for line in _member_lines(workspace) if "workspace" not in line.spec])
    return _line(workspace, line, _written(line.key, rng.choice([{}, {"optional": False}]))) if line else None


# --- the manifests: features ------------------------------------------------------------------------------------------


@kind("manifest/feature-another-asks-for", harmless=True)
def _feature_another_asks_for(workspace: Workspace, rng: random.Random) -> Changes | None:
    asked: dict[str, set[str]] = {}
    for line in _requirements(workspace):
        if not line.spec.get("optional") and "target" not in line.table:
            asked.setdefault(line.package, set()).update(line.spec.get("features", ()))
    options = [
        (line, feature)
        for line in _requirements(workspace)
        if len(workspace.versions(line.package)) == 1
        for feature in sorted(asked.get(line.package, set()) - set(line.spec.get("features", ())))
    ]
    if not options:
        return None
    line, feature = rng.choice(options)
    return _respecified(workspace, line, features=[*line.spec.get("features", ()), feature])


@kind("manifest/feature-of-a-local-package")
def _feature_of_a_local_package(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = []
    features = {workspace.name_of(path): workspace.parsed(path).get("features", {}) for path in workspace.locals}
    for line in _paths(workspace):
        options += [
            (line, name) for name in features.get(line.package, {}) if name not in line.spec.get("features", ())
        ]
    if not options:
        return None
    line, feature = rng.choice(options)
    return _respecified(workspace, line, features=[*line.spec.get("features", ()), feature])


@kind("manifest/feature-nobody-has")
def _feature_nobody_has(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _respecified(workspace, _pick(rng, _paths(workspace)), features=["no-such-feature"])


@kind("manifest/feature-of-a-local-package-dropped")
def _feature_of_a_local_package_dropped(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = [line for line in _paths(workspace) if line.spec.get("features")]
    line = _pick(rng, options)
    return _respecified(workspace, line, features=line.spec["features"][1:] or None) if line else None


@kind("manifest/default-features-off")
def _default_features_off(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _respecified(workspace, _pick(rng, _paths(workspace)), **{"default-features": False})


@kind("manifest/feature-table-malformed")
def _feature_table_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    bad = ['["no-such-thing"]', '["dep:no-such-thing"]', '["no-such-thing/std"]', '"std"', '["a?/b"]', "[1]"]
    path = _pick(rng, workspace.locals)
    return _in_table(workspace, path, "features", f"seeded-feature = {rng.choice(bad)}") if path else None


@kind("manifest/feature-added", harmless=True)
def _feature_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    if path is None:
        return None
    features = [name for name in workspace.parsed(path).get("features", {}) if name != "default"]
    return _in_table(
        workspace, path, "features", _written("seeded-feature", rng.sample(features, min(1, len(features))))
    )


@kind("manifest/feature-turned-on-by-default")
def _feature_turned_on_by_default(workspace: Workspace, rng: random.Random) -> Changes | None:
    options = []
    for path in workspace.locals:
        features = workspace.parsed(path).get("features", {})
        if features and "default" not in features:
            options.append((path, sorted(features)))
    if not options:
        return None
    path, names = rng.choice(options)
    return _in_table(workspace, path, "features", _written("default", [rng.choice(names)]))


# --- the manifests: where a dependency comes from ---------------------------------------------------------------------


@kind("manifest/path-missing")
def _path_missing(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _respecified(workspace, _pick(rng, _paths(workspace)), path="../no-such-folder")


@kind("manifest/path-of-another-package")
def _path_of_another_package(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, [line for line in _paths(workspace) if line.path != "Cargo.toml"])
    return _respecified(workspace, line, path=".")


@kind("manifest/path-version-not-satisfied")
def _path_version_not_satisfied(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _respecified(workspace, _pick(rng, _paths(workspace)), version=rng.choice(["999", "<0.0.0", "=999.0.0"]))


@kind("manifest/path-version-satisfied", harmless=True)
def _path_version_satisfied(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, [line for line in _paths(workspace) if len(workspace.versions(line.package)) == 1])
    if line is None:
        return None
    version = workspace.versions(line.package)[0].partition("+")[0]
    return _respecified(workspace, line, version=rng.choice([f"={version}", f"^{version}", version]))


@kind("manifest/path-to-registry")
def _path_to_registry(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _paths(workspace))
    return _respecified(workspace, line, path=None, version="1") if line else None


@kind("manifest/registry-to-path")
def _registry_to_path(workspace: Workspace, rng: random.Random) -> Changes | None:
    line, target = _pick(rng, _requirements(workspace)), _pick(rng, workspace.locals)
    if line is None or target is None:
        return None
    place = os.path.relpath(_directly_above(target), _directly_above(line.path)).replace(os.sep, "/")
    return _respecified(workspace, line, version=None, path=place, package=workspace.name_of(target))


@kind("manifest/registry-to-git")
def _registry_to_git(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _requirements(workspace))
    reference = rng.choice([{}, {"branch": "main"}, {"tag": "v1.0.0"}, {"rev": SOME_COMMIT}])
    return _respecified(workspace, line, git="https://example.com/x", **reference)


@kind("manifest/git-to-registry")
def _git_to_registry_line(workspace: Workspace, rng: random.Random) -> Changes | None:
    gone = dict.fromkeys(("git", "branch", "tag", "rev"))
    return _respecified(workspace, _pick(rng, _gits(workspace)), **gone, version="*")


@kind("manifest/git-reference-changed")
def _git_reference_changed_line(workspace: Workspace, rng: random.Random) -> Changes | None:
    new = dict.fromkeys(("branch", "tag", "rev")) | rng.choice(
        [{}, {"branch": "seeded"}, {"tag": "v0"}, {"rev": SOME_COMMIT}]
    )
    return _respecified(workspace, _pick(rng, _gits(workspace)), **new)


@kind("manifest/git-ambiguous")
def _git_ambiguous(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, [line for line in workspace.lines if {"git", "path"} & set(line.spec)])
    both = (
        {"git": "https://example.com/x", "path": "x"}
        if rng.random() < 0.5
        else {"branch": "a", "tag": "b", "git": "https://x.y"}
    )
    return _respecified(workspace, line, **both)


@kind("manifest/unknown-registry")
def _unknown_registry(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _respecified(workspace, _pick(rng, _requirements(workspace)), registry="no-such-registry")


@kind("manifest/another-registry")
def _another_registry(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _requirements(workspace))
    return _respecified(workspace, line, **{"registry-index": "https://other.example/index"})


@kind("manifest/crates-io-by-name", harmless=True)
def _crates_io_by_name(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _respecified(workspace, _pick(rng, _requirements(workspace)), registry="crates-io")


@kind("manifest/patch-used")
def _patch_used(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    return _patch(workspace, entry.name, entry.version) if entry else None


@kind("manifest/patch-unused")
def _patch_unused(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    return (
        _patch(workspace, entry.name, "999.0.0")
        if entry and rng.random() < 0.5
        else _patch(workspace, "no-such-crate", "1.0.0")
    )


@kind("manifest/patch-unused-and-listed", harmless=True)
def _patch_unused_and_listed(workspace: Workspace, _rng: random.Random) -> Changes | None:
    changes = _patch(workspace, "no-such-crate", "1.0.0")
    if changes is None or "[[patch.unused]]" in workspace.lock:
        return None
    return changes | _lock(f'{workspace.lock}\n[[patch.unused]]\nname = "no-such-crate"\nversion = "1.0.0"\n')


def _patch(workspace: Workspace, name: str, version: str) -> Changes | None:
    root = workspace.parsed("Cargo.toml")
    if "replace" in root or name in root.get("patch", {}).get("crates-io", {}):
        return None
    return _with_package(workspace, "patch.crates-io", name, name, version)


def _with_package(workspace: Workspace, table: str, key: str, name: str, version: str) -> Changes | None:
    """A new package, and the line of a table of the root manifest that leads to it. No glob of members matches it."""
    place = (PurePosixPath(workspace.locals[0]).parent / "src/seeded").as_posix() if workspace.locals else "seeded"
    changes = _in_table(workspace, "Cargo.toml", table, _written(key, {"path": place}))
    manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n\n[workspace]\n'
    return changes and changes | {f"{place}/Cargo.toml": manifest.encode("utf-8"), f"{place}/src/lib.rs": b""}


@kind("manifest/patch-path-missing")
def _patch_path_missing(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    return (
        _in_table(workspace, "Cargo.toml", "patch.crates-io", 'no-such-crate = { path = "no-such-folder" }')
        if entry
        else None
    )


@kind("manifest/patch-with-a-registry")
def _patch_with_a_registry(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    return _in_table(workspace, "Cargo.toml", "patch.crates-io", f'{entry.name} = "*"') if entry else None


@kind("manifest/patch-removed")
def _patch_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    text = workspace.text("Cargo.toml")
    tables = re.finditer(r"^\[patch\.[^\n]*\n((?:(?!\[)[^\n]*\n?)*)", text, re.MULTILINE)
    spots = [
        (table.start(1) + line.start(), table.start(1) + line.end())
        for table in tables
        for line in re.finditer(r"^[\w-]+ *= *\{[^\n]*\}[^\n]*\n", table.group(1), re.MULTILINE)
    ]
    spot = _pick(rng, spots)
    return _manifest(workspace, "Cargo.toml", _splice(text, spot[0], spot[1], "")) if spot else None


@kind("manifest/patch-of-a-member-manifest", harmless=True)
def _patch_of_a_member_manifest(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, [path for path in workspace.locals if path != "Cargo.toml"])
    return (
        _in_table(workspace, path, "patch.crates-io", 'no-such-crate = { path = "no-such-folder" }') if path else None
    )


@kind("manifest/patch-table-empty", harmless=True)
def _patch_table_empty(workspace: Workspace, _rng: random.Random) -> Changes | None:
    if "replace" in workspace.parsed("Cargo.toml"):
        return None
    return _in_table(workspace, "Cargo.toml", "patch.'https://example.com/nothing'", "")


@kind("manifest/replace-added")
def _replace_line_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    entry = _crate(workspace, rng)
    if entry is None or "+" in entry.version:
        return None
    return _with_package(workspace, "replace", f'"{entry.name}:{entry.version}"', entry.name, entry.version)


# --- the manifests: packages and members ------------------------------------------------------------------------------


@kind("manifest/package-renamed")
def _package_renamed(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    return _package_key(workspace, path, "name", '"renamed-here"')


@kind("manifest/two-of-one-name")
def _two_of_one_name(workspace: Workspace, rng: random.Random) -> Changes | None:
    if len(workspace.locals) < 2:
        return None
    path, other = rng.sample(workspace.locals, 2)
    return _package_key(workspace, path, "name", f'"{workspace.name_of(other)}"')


@kind("manifest/package-name-malformed")
def _package_name_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _package_key(
        workspace, _pick(rng, workspace.locals), "name", rng.choice(['"a b"', '""', '"1a"', "1", '"a/b"'])
    )


@kind("manifest/package-name-missing")
def _package_name_missing(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _package_key(workspace, _pick(rng, workspace.locals), "name", None)


@kind("manifest/package-version-changed")
def _package_version_changed(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    return _package_key(workspace, path, "version", rng.choice(['"999.0.0"', '"0.0.0-seeded"', '"999.0.0+build"']))


@kind("manifest/package-version-missing")
def _package_version_missing(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _package_key(workspace, _pick(rng, workspace.locals), "version", None)


@kind("manifest/package-version-malformed")
def _package_version_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    return _package_key(
        workspace, path, "version", rng.choice(['"1.0"', '"v1.0.0"', '"1.0.0.0"', "1", '""', '"01.0.0"'])
    )


@kind("manifest/edition-malformed")
def _edition_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    return _package_key(workspace, path, "edition", rng.choice(['"2099"', "2021", '"next"', '""']))


@kind("manifest/workspace-version-changed")
def _workspace_version_changed(workspace: Workspace, rng: random.Random) -> Changes | None:
    text = workspace.text("Cargo.toml")
    new = rng.choice(['"999.0.0"', '"1.0"', "1"])
    pattern = r"(^\[workspace\.package\][^\[]*?^version\s*=\s*)[^\n]*"
    return _manifest(
        workspace, "Cargo.toml", re.sub(pattern, lambda match: match[1] + new, text, count=1, flags=re.MULTILINE)
    )


def _package_key(workspace: Workspace, path: str | None, key: str, new: str | None) -> Changes | None:
    """Give one key of `[package]` another value; None removes it."""
    if path is None:
        return None
    text = workspace.text(path)
    head = re.search(r"^\[package\][^\n]*\n", text, re.MULTILINE)
    if head is None:
        return None
    after = re.search(r"^\[", text[head.end() :], re.MULTILINE)
    end = head.end() + after.start() if after else len(text)
    line = re.compile(rf"^{key}(?:\.workspace)?\s*=[^\n]*\n", re.MULTILINE).search(text, head.end(), end)
    if line is None:
        return None if new is None else _in_package(workspace, path, f"{key} = {new}")
    return _manifest(
        workspace, path, _splice(text, line.start(), line.end(), "" if new is None else f"{key} = {new}\n")
    )


def _list_of(workspace: Workspace, key: str) -> re.Match[str] | None:
    """A list of strings in the root manifest's `[workspace]` table."""
    return re.search(rf"^{key}\s*=\s*\[(.*?)\]", workspace.text("Cargo.toml"), re.MULTILINE | re.DOTALL)


def _listed(workspace: Workspace, key: str, item: str) -> Changes | None:
    """Add one item to a list of the `[workspace]` table."""
    text, found = workspace.text("Cargo.toml"), _list_of(workspace, key)
    if found is not None:
        return _manifest(workspace, "Cargo.toml", _splice(text, found.start(1), found.start(1), f'"{item}", '))
    if "workspace" in workspace.parsed("Cargo.toml") and not re.search(r"^\[workspace\]", text, re.MULTILINE):
        return None
    return _in_table(workspace, "Cargo.toml", "workspace", f'{key} = ["{item}"]')


@kind("manifest/member-added")
def _member_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    edition = rng.choice(["2018", "2021", "2024"])
    changes = _listed(workspace, "members", "seeded-member")
    new = f'[package]\nname = "seeded-member"\nversion = "0.1.0"\nedition = "{edition}"\n'
    return changes and changes | {"seeded-member/Cargo.toml": new.encode("utf-8"), "seeded-member/src/lib.rs": b""}


@kind("manifest/member-missing")
def _member_missing(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _listed(workspace, "members", rng.choice(["no-such-folder", "no-such-folder/*", "[", "a***"]))


@kind("manifest/member-unlisted")
def _member_unlisted(workspace: Workspace, rng: random.Random) -> Changes | None:
    text, found = workspace.text("Cargo.toml"), _list_of(workspace, "members")
    items = list(re.finditer(r'["\'][^"\']*["\'],?', found.group(1))) if found else []
    item = _pick(rng, items)
    if found is None or item is None:
        return None
    start = found.start(1)
    return _manifest(workspace, "Cargo.toml", _splice(text, start + item.start(), start + item.end(), ""))


@kind("manifest/member-listed-twice", harmless=True)
def _member_listed_twice(workspace: Workspace, rng: random.Random) -> Changes | None:
    items = workspace.parsed("Cargo.toml").get("workspace", {}).get("members", [])
    return _listed(workspace, "members", rng.choice(items)) if items else None


@kind("manifest/member-excluded")
def _member_excluded(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, [path for path in workspace.locals if path != "Cargo.toml"])
    return _listed(workspace, "exclude", _directly_above(path)) if path else None


@kind("manifest/exclude-emptied")
def _exclude_emptied(workspace: Workspace, _rng: random.Random) -> Changes | None:
    found = _list_of(workspace, "exclude")
    text = workspace.text("Cargo.toml")
    return _manifest(workspace, "Cargo.toml", _splice(text, found.start(1), found.end(1), "")) if found else None


@kind("manifest/default-member-wrong")
def _default_member_wrong(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _listed(workspace, "default-members", rng.choice(["no-such-folder", "no-such-folder/*"]))


@kind("manifest/package-workspace-wrong")
def _package_workspace_wrong(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, [path for path in workspace.locals if path != "Cargo.toml"])
    return _in_package(workspace, path, 'workspace = "../no-such-folder"') if path else None


@kind("manifest/package-workspace-right")
def _package_workspace_right(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, [path for path in workspace.locals if path != "Cargo.toml"])
    if path is None or "workspace" in workspace.parsed(path)["package"]:
        return None
    up = "/".join([".."] * (path.count("/")))
    return _in_package(workspace, path, f'workspace = "{up}"')


@kind("manifest/nested-workspace")
def _nested_workspace(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, [path for path in workspace.locals if path != "Cargo.toml"])
    return _in_table(workspace, path, "workspace", "") if path else None


@kind("manifest/manifest-missing")
def _manifest_missing(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, [path for path in workspace.locals if path != "Cargo.toml"])
    return {path: None} if path else None


@kind("manifest/resolver-malformed")
def _resolver_malformed(workspace: Workspace, rng: random.Random) -> Changes | None:
    new = rng.choice(['"9"', '""', "2"])
    text = workspace.text("Cargo.toml")
    if re.search(r"^resolver\s*=", text, re.MULTILINE):
        return _manifest(
            workspace, "Cargo.toml", re.sub(r"^resolver\s*=.*", f"resolver = {new}", text, flags=re.MULTILINE)
        )
    return _in_table(workspace, "Cargo.toml", "workspace", f"resolver = {new}")


@kind("manifest/resolver-changed", harmless=True)
def _resolver_changed(workspace: Workspace, rng: random.Random) -> Changes | None:
    text = workspace.text("Cargo.toml")
    return _manifest(
        workspace,
        "Cargo.toml",
        re.sub(r'^resolver\s*=\s*".*', f'resolver = "{rng.choice("12")}"', text, flags=re.MULTILINE),
    )


# --- the manifests: inheritance ---------------------------------------------------------------------------------------


@kind("manifest/inherited-from-nothing")
def _inherited_from_nothing(workspace: Workspace, rng: random.Random) -> Changes | None:
    there = workspace.parsed("Cargo.toml").get("workspace", {}).get("dependencies", {})
    options = [line for line in _requirements(workspace) if line.key not in there]
    line = _pick(rng, options)
    return _line(workspace, line, f"{line.key}.workspace = true") if line else None


@kind("manifest/inherited-key-undefined")
def _inherited_key_undefined(workspace: Workspace, rng: random.Random) -> Changes | None:
    there = workspace.parsed("Cargo.toml").get("workspace", {}).get("package", {})
    path = _pick(rng, workspace.locals)
    keys = [key for key in ("version", "edition", "license", "rust-version", "authors") if key not in there]
    return _package_key(workspace, path, rng.choice(keys), "{ workspace = true }") if keys else None


@kind("manifest/workspace-false")
def _workspace_false(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _member_lines(workspace))
    return _line(workspace, line, f"{line.key}.workspace = false") if line else None


def _shared(workspace: Workspace) -> list[Line]:
    return [line for line in workspace.lines if line.table == "workspace.dependencies"]


@kind("manifest/shared-dependency-removed")
def _shared_dependency_removed(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, _shared(workspace))
    return _line(workspace, line, "") if line else None


@kind("manifest/shared-requirement-too-high")
def _shared_requirement_too_high(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, [line for line in _shared(workspace) if "version" in line.spec])
    return _respecified(workspace, line, version=rng.choice(["999", "=999.0.0", "nonsense"]))


@kind("manifest/shared-dependency-optional")
def _shared_dependency_optional(workspace: Workspace, rng: random.Random) -> Changes | None:
    return _respecified(workspace, _pick(rng, _shared(workspace)), optional=True)


@kind("manifest/shared-dependency-added", harmless=True)
def _shared_dependency_added(workspace: Workspace, rng: random.Random) -> Changes | None:
    if "workspace" not in workspace.parsed("Cargo.toml"):
        return None
    new = rng.choice(['"1"', '"nonsense"', '{ path = "no-such-folder" }', '{ git = "https://example.com/x" }'])
    return _in_table(workspace, "Cargo.toml", "workspace.dependencies", f"no-such-crate = {new}")


@kind("manifest/dependency-shared", harmless=True)
def _dependency_shared(workspace: Workspace, rng: random.Random) -> Changes | None:
    root = workspace.parsed("Cargo.toml")
    there = root.get("workspace", {}).get("dependencies", {})
    options = [
        line
        for line in _requirements(workspace)
        if isinstance(line.value, str)
        and line.key not in there
        and (line.path != "Cargo.toml" or len(workspace.locals) == 1)
    ]
    line = _pick(rng, options)
    if line is None or "workspace" not in root or _foreign(workspace, line.path):
        return None
    if line.path == "Cargo.toml":
        inherited = Workspace(
            {"Cargo.toml": _filled(_line(workspace, line, f"{line.key}.workspace = true"))["Cargo.toml"]}, (), (), ()
        )
        return _in_table(inherited, "Cargo.toml", "workspace.dependencies", _written(line.key, line.value))
    shared = _in_table(workspace, "Cargo.toml", "workspace.dependencies", _written(line.key, line.value))
    return shared and shared | _line(workspace, line, f"{line.key}.workspace = true")


def _foreign(workspace: Workspace, path: str) -> bool:
    """Does a manifest belong to no workspace, or to another one than the root's? Only as far as can be said simply."""
    folder = _directly_above(path)
    excluded = workspace.parsed("Cargo.toml").get("workspace", {}).get("exclude", [])
    inside = any(folder == item.rstrip("/") or folder.startswith(item.rstrip("/") + "/") for item in excluded)
    return path != "Cargo.toml" and (inside or "workspace" in workspace.parsed(path))


# --- the manifests: the file as a whole -------------------------------------------------------------------------------


@kind("manifest/not-toml")
def _manifest_not_toml(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = rng.choice(["Cargo.toml", *workspace.locals])
    text = workspace.text(path)
    bad = rng.choice(
        ["\n[package\n", '\nx = "\n', "\n= 1\n", "\n<<<<<<< HEAD\n", "\n[package]\nname = 'a'\n[package]\n", "\nx\n"]
    )
    return _manifest(workspace, path, text + bad)


@kind("manifest/not-utf-8")
def _manifest_not_utf_8(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = rng.choice(["Cargo.toml", *workspace.locals])
    return {path: workspace.files[path] + b"# \xff\n"}


@kind("manifest/empty")
def _manifest_empty(workspace: Workspace, rng: random.Random) -> Changes | None:
    return {rng.choice(["Cargo.toml", *workspace.locals]): rng.choice([b"", b"# nothing\n"])}


@kind("manifest/crlf", harmless=True)
def _manifest_crlf(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = rng.choice(["Cargo.toml", *workspace.locals])
    return {path: workspace.files[path].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")}


@kind("manifest/bom", harmless=True)
def _manifest_bom(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = rng.choice(["Cargo.toml", *workspace.locals])
    return {path: b"\xef\xbb\xbf" + workspace.files[path]} if workspace.files[path][:1] != b"\xef" else None


@kind("manifest/comments", harmless=True)
def _manifest_comments(workspace: Workspace, rng: random.Random) -> Changes | None:
    line = _pick(rng, workspace.lines)
    if line is None:
        return None
    return _line(workspace, line, _written(line.key, line.value) + " # a remark")


@kind("manifest/newlines", harmless=True)
def _manifest_newlines(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = rng.choice(["Cargo.toml", *workspace.locals])
    return {path: workspace.files[path].rstrip(b"\n") + b"\n" * rng.randrange(4)}


@kind("manifest/unknown-keys", harmless=True)
def _manifest_unknown_keys(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    if path is None:
        return None
    if rng.random() < 0.5:
        return _in_package(workspace, path, 'seeded-key = "unknown"')
    return _in_table(workspace, path, "seeded-table", "x = 1")


@kind("manifest/metadata", harmless=True)
def _manifest_metadata(workspace: Workspace, rng: random.Random) -> Changes | None:
    path = _pick(rng, workspace.locals)
    return _in_table(workspace, path, "package.metadata.seeded", "dependencies = { x = 1 }") if path else None
