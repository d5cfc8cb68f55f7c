"""The command watch-upstream, from its arguments to its report."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dunnage.watch_upstream import main
from local_server import Reply, Server, serving
from review.home import add_archive, add_entries, crate
from upstream.world import NAME, TOOL, World

SECRET = "s3cret-t0ken"  # noqa: S105 - of the test


class Watch:
    """Runs the command, and remembers what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.errors = ""

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """The exit status and what was printed on stdout."""
        status = main(arguments)
        printed = self._capsys.readouterr()
        self.errors = printed.err
        assert SECRET not in printed.out + printed.err
        return status, printed.out

    def observed(self, *arguments: str) -> list[tuple[str, str, str]]:
        """The kind, level and subject of each observation."""
        found = self.json(*arguments)["observations"]
        return [(each["kind"].removeprefix("upstream/"), each["level"], each["subject"]) for each in found]

    def json(self, *arguments: str) -> Any:
        """The report."""
        return json.loads(self(*arguments, "--output-format", "json")[1])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A tool, which every test copies."""
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(original: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A tool, and a machine without anything else."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "cargo"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    return original.copy(tmp_path)


@pytest.fixture
def watch(capsys: pytest.CaptureFixture[str]) -> Watch:
    """The command."""
    return Watch(capsys)


@pytest.fixture
def servers(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Server]]:
    """GitHub and the registry."""
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as github, serving() as crates:
        world.serve(github, crates)
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        yield github, crates


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed requests are repeated at once."""
    monkeypatch.setattr("time.sleep", lambda _: None)


def online(world: World, crates: Server) -> list[str]:
    """The options that let the command ask the servers of the test."""
    return ["--index", crates.url, "--advisory-db", str(world.database)]


def expected(world: World) -> list[tuple[str, str, str]]:
    """What there is to say about the update from 1.0.0 to 1.1.0."""
    return [
        ("advisory", "error", "1.0.0 RUSTSEC-2024-0003"),
        ("locked-advisory", "error", "1.0.0 weak RUSTSEC-2024-0001"),
        ("named-fix", "warning", world.fixed),
        ("named-fix", "warning", world.named),
        ("cleared-advisory", "warning", world.cleared),
        ("locked-advisory", "note", "1.0.0 tired RUSTSEC-2024-0002"),
        ("named-fix", "note", world.ignored),
        ("behind", "note", "1.0.0 1.1.0"),
        ("silent", "note", world.commits["1.1.0"]),
        ("reading", "note", world.reading),
    ]


def test_clones_say_everything(world: World, watch: Watch) -> None:
    world.write_archives()
    assert watch.observed(f"{TOOL}@1.0.0", "--mirror", str(world.mirror)) == expected(world)


def test_a_missing_archive_is_a_failure(world: World, watch: Watch) -> None:
    index = world.mirror / "crates.io-index" / "de" / "mo" / TOOL
    index.parent.mkdir(parents=True)
    index.write_bytes(world.index())
    status, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))
    assert status == 3
    assert f"not complete: there is no archive of {TOOL} 1.1.0, so its lock and its repository are not known" in printed
    assert "watch-upstream: there is no archive" in watch.errors
    assert "upstream/advisory" in printed


def test_tags_are_releases_where_there_is_no_index(world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.upstream.watch.REPOSITORIES", {TOOL: NAME})
    found = watch.observed(TOOL, "1.0.0..1.1.0", "--mirror", str(world.mirror))
    assert found == expected(world)
    assert (
        "the repository lock of demo-tool 1.0.0 has `weak 1.0.0`"
        in watch(TOOL, "1.0.0..1.1.0", "--mirror", str(world.mirror))[1]
    )


def test_servers_say_everything(world: World, watch: Watch, servers: tuple[Server, Server]) -> None:
    github, crates = servers
    assert watch.observed(f"{TOOL}@1.0.0", *online(world, crates)) == expected(world)
    assert watch.errors == ""
    assert {request.headers.get("authorization") for request in github.requests} == {f"Bearer {SECRET}"}
    assert {request.headers.get("authorization") for request in crates.requests} == {None}


def test_an_archive_in_cargos_home_is_not_downloaded(
    world: World, watch: Watch, servers: tuple[Server, Server]
) -> None:
    _, crates = servers
    for version, data in world.archives.items():
        add_archive(Path(os.environ["CARGO_HOME"]), f"{TOOL}-{version}", data)
    assert watch.observed(f"{TOOL}@1.0.0", *online(world, crates)) == expected(world)
    assert [request.path for request in crates.requests] == [f"/de/mo/{TOOL}"]


def test_cargos_home_is_enough_without_a_network(world: World, watch: Watch) -> None:
    home = Path(os.environ["CARGO_HOME"])
    add_entries(home, TOOL, [json.loads(line) for line in world.index().splitlines()])
    for version, data in world.archives.items():
        add_archive(home, f"{TOOL}-{version}", data)
    world.database.rename(home / "advisory-db")
    status, printed = watch(f"{TOOL}@1.0.0", "--offline")
    assert "upstream/locked-advisory the lock of demo-tool 1.0.0 has `weak 1.0.0` with RUSTSEC-2024-0001" in printed
    assert (status, watch.errors.count("\n")) == (3, 1)
    assert f"there is no repository {NAME}" in watch.errors


def test_a_second_run_asks_github_for_what_changed_only(
    world: World, watch: Watch, servers: tuple[Server, Server]
) -> None:
    github, crates = servers
    path = f"/repos/{NAME}"
    github.add(path, Reply(b'{"archived": false}', headers=(("ETag", '"1"'),)), Reply(b"", 304))
    first = watch.observed(f"{TOOL}@1.0.0", *online(world, crates))
    assert watch.observed(f"{TOOL}@1.0.0", *online(world, crates)) == first
    etags = [request.headers.get("if-none-match") for request in github.requests if request.path == path]
    assert etags == [None, '"1"']


@pytest.mark.parametrize(
    ("path", "reply", "failure"),
    [
        pytest.param(f"/repos/{NAME}", Reply(b"", 500), "cannot be read: the response has status 500", id="500"),
        pytest.param(f"/repos/{NAME}", Reply(b"{", length=9), "the response is truncated", id="cut off"),
        pytest.param(f"/repos/{NAME}", Reply(b"[1"), "is not the documented JSON", id="no JSON"),
        pytest.param(f"/repos/{NAME}", Reply(b"[" * 200_000), "is not the documented JSON", id="deep JSON"),
        pytest.param(f"/repos/{NAME}", Reply(b"[]"), "is not the documented JSON", id="a list"),
        pytest.param(f"/repos/{NAME}", Reply(b"", 401), "rejects the token in GITHUB_TOKEN", id="401"),
        pytest.param(f"/repos/{NAME}", Reply(b"", 451), "responds with status 451", id="451"),
        pytest.param(f"/repos/{NAME}", Reply(b"", 404), f"there is no repository {NAME}", id="404"),
        pytest.param(
            f"/repos/{NAME}", Reply(b"", 301, (("Location", "https://example.com/"),)), "another server", id="redirect"
        ),
        pytest.param(f"/repos/{NAME}", Reply(b"x" * 2**20, repeat=100), "sends more than 32 MiB", id="100 MB"),
        pytest.param(
            f"/repos/{NAME}",
            Reply(b"", 403, (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "99999999999"))),
            "its rate limit is reached",
            id="rate limit",
        ),
        pytest.param(
            "/advisories?ecosystem=rust&affects=demo-tool&per_page=100",
            Reply(b"[]", headers=(("Link", '<https://example.com/2>; rel="next"'),)),
            "continues on another server",
            id="next page elsewhere",
        ),
    ],
)
@pytest.mark.usefixtures("no_pauses")
def test_what_was_found_is_printed_if_a_source_fails(
    world: World, watch: Watch, servers: tuple[Server, Server], path: str, reply: Reply, failure: str
) -> None:
    github, crates = servers
    github.add(path, reply)
    status, printed = watch(f"{TOOL}@1.0.0", *online(world, crates))
    assert status == 3
    assert "upstream/locked-advisory" in printed
    assert failure in watch.errors
    assert "Traceback" not in watch.errors


@pytest.mark.parametrize(
    ("path", "reply", "failure"),
    [
        pytest.param(f"/de/mo/{TOOL}", Reply(b"", 503), "cannot be read", id="index 503"),
        pytest.param(f"/de/mo/{TOOL}", Reply(b"", 403), "with status 403", id="index 403"),
        pytest.param("/config.json", Reply(b"{}"), "does not say where archives are", id="no template"),
        pytest.param("/config.json", Reply(b'{"dl": "ftp://x"}'), "does not say where archives are", id="ftp"),
        pytest.param("/config.json", Reply(b'{"dl": "http://["}'), "names an address that is not a URL", id="no URL"),
        pytest.param(f"/dl/{TOOL}/1.0.0/download", Reply(b"other"), "does not have the checksum", id="wrong archive"),
        pytest.param(f"/dl/{TOOL}/1.0.0/download", Reply(b"", 418), "with status 418", id="archive 418"),
        pytest.param(f"/dl/{TOOL}/1.0.0/download", Reply(b"", 404), "", id="no archive"),
    ],
)
@pytest.mark.usefixtures("no_pauses")
def test_a_registry_that_fails(
    world: World, watch: Watch, servers: tuple[Server, Server], path: str, reply: Reply, failure: str
) -> None:
    _, crates = servers
    crates.add(path, reply)
    status, _ = watch(f"{TOOL}@1.0.0", *online(world, crates))
    assert status == (3 if failure else 1)
    assert failure in watch.errors


def test_an_index_of_broken_lines(world: World, watch: Watch, servers: tuple[Server, Server]) -> None:
    _, crates = servers
    crates.add(f"/de/mo/{TOOL}", Reply(b'{\n[]\n{"vers": 1}\n{"vers": "1.0.0"}\n\xff\n' + world.index()))
    assert watch.observed(f"{TOOL}@1.0.0", *online(world, crates)) == expected(world)


def test_advisories_of_github(world: World, watch: Watch, servers: tuple[Server, Server]) -> None:
    github, crates = servers
    entry = {
        "ghsa_id": "GHSA-1111-2222-3333",
        "summary": "It is wrong",
        "published_at": "2024-05-09T00:00:00Z",
        "vulnerabilities": [
            {
                "package": {"ecosystem": "rust", "name": TOOL},
                "vulnerable_version_range": ">= 0.9, < 1.1",
                "first_patched_version": "1.1.0",
            }
        ],
    }
    other = {**entry, "vulnerabilities": [{"package": {"ecosystem": "rust", "name": "other"}}]}
    withdrawn = {**entry, "withdrawn_at": "2024-05-10T00:00:00Z"}
    path = "/advisories?ecosystem=rust&affects=demo-tool&per_page=100"
    alias = {**entry, "ghsa_id": "GHSA-9999-9999-9999"}
    own = world.database / "crates" / TOOL / "RUSTSEC-2024-0003.md"
    own.write_text(own.read_text().replace("\n[versions]", 'aliases = ["GHSA-9999-9999-9999"]\n[versions]'))
    github.add(path, Reply(json.dumps([entry, alias, other, withdrawn, 5, {}]).encode()))
    _, printed = watch(f"{TOOL}@1.0.0", *online(world, crates))
    assert "error upstream/advisory demo-tool 1.0.0 has GHSA-1111-2222-3333: It is wrong\n" in printed
    assert "help: pin a patched version: 1.1.0" in printed
    assert printed.count("GHSA-1111-2222-3333") == 2
    assert "GHSA-9999-9999-9999" not in printed
    assert "1.1.0 has GHSA" not in printed


def test_an_archived_repository_and_a_yanked_release(
    world: World, watch: Watch, servers: tuple[Server, Server]
) -> None:
    github, crates = servers
    world.archived, world.yanked = True, {"1.0.0"}
    world.serve(github, crates)
    _, printed = watch(f"{TOOL}@1.0.0", *online(world, crates))
    assert "error upstream/yanked demo-tool 1.0.0 was yanked from crates.io\n      help: pin 1.1.0" in printed
    assert f"warning upstream/retired the repository of {TOOL}, {NAME}, is archived" in printed


def test_nothing_to_act_on(world: World, watch: Watch, servers: tuple[Server, Server]) -> None:
    _, crates = servers
    status, printed = watch(f"{TOOL}@1.1.0", *online(world, crates))
    assert status == 0
    assert "error" not in printed
    assert "warning" not in printed


def test_a_tool_without_a_version_is_the_newest(world: World, watch: Watch, servers: tuple[Server, Server]) -> None:
    _, crates = servers
    assert watch(TOOL, *online(world, crates))[0] == 0


def test_an_unknown_tool(world: World, watch: Watch, servers: tuple[Server, Server]) -> None:
    _, crates = servers
    status, printed = watch("no-such-tool", "not/a/crate", f"{TOOL}@9.9.9", *online(world, crates))
    assert status == 0
    assert "note upstream/unknown crates.io does not have no-such-tool\n" in printed
    assert "note upstream/unknown crates.io does not have not/a/crate\n" in printed
    assert f"note upstream/unknown crates.io does not have {TOOL} 9.9.9\n" in printed


@pytest.mark.usefixtures("world")
def test_a_retired_tool_needs_no_source(watch: Watch) -> None:
    status, printed = watch("warg-cli@0.9.0", "--offline")
    assert status == 3
    assert "warning upstream/retired warg-cli is no longer developed" in printed


def test_a_state_file_leaves_out_what_was_reported(world: World, watch: Watch, tmp_path: Path) -> None:
    world.write_archives()
    arguments = [f"{TOOL}@1.0.0", "--mirror", str(world.mirror), "--state", str(tmp_path / "state.json")]
    assert watch.observed(*arguments) == expected(world)
    assert watch(*arguments) == (0, "")
    index = world.mirror / "crates.io-index" / "de" / "mo" / TOOL
    world.yanked = {"1.0.0"}
    index.write_bytes(world.index())
    assert watch.observed(*arguments) == [("yanked", "error", "1.0.0")]
    world.yanked = set()
    index.write_bytes(world.index())
    assert watch(*arguments) == (0, "")
    world.yanked = {"1.0.0"}
    index.write_bytes(world.index())
    assert watch.observed(*arguments) == [("yanked", "error", "1.0.0")]


def test_a_failure_makes_the_state_forget_nothing(world: World, watch: Watch, tmp_path: Path) -> None:
    world.write_archives()
    arguments = [f"{TOOL}@1.0.0", "--mirror", str(world.mirror), "--state", str(tmp_path / "state.json")]
    watch(*arguments)
    world.top.rename(world.top.with_name("away"))
    assert watch(*arguments)[0] == 3
    world.top.with_name("away").rename(world.top)
    assert watch(*arguments) == (0, "")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version": 2, "reported": []}', b"\xff", b"[" * 100_000])
@pytest.mark.usefixtures("world")
def test_a_damaged_state_file_is_wrong_usage(watch: Watch, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)
    status, printed = watch(TOOL, "--offline", "--state", str(tmp_path / "state.json"))
    assert (status, printed) == (2, "")
    assert "is not a state file" in watch.errors
    assert (tmp_path / "state.json").read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("is_opened", [False, True])
def test_a_named_pipe_is_no_state_file(watch: Watch, tmp_path: Path, is_opened: bool) -> None:
    path = tmp_path / "state.json"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR | os.O_NONBLOCK) if is_opened else None
    assert watch(TOOL, "--offline", "--state", str(path))[0] == 2
    if writer is not None:
        os.close(writer)
    assert "is not a state file" in watch.errors
    assert path.is_fifo()


def test_a_state_file_that_cannot_be_written(world: World, watch: Watch, tmp_path: Path) -> None:
    world.write_archives()
    path = tmp_path / "missing" / "state.json"
    status, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror), "--state", str(path))
    assert status == 3
    assert "upstream/advisory" in printed
    assert "cannot be written: No such file" in watch.errors


def test_since_leaves_out_what_is_older(world: World, watch: Watch) -> None:
    world.write_archives()
    found = watch.observed(f"{TOOL}@1.0.0", "--mirror", str(world.mirror), "--since", "2024-05-05")
    assert [subject for _, _, subject in found] == [world.fixed, world.named, world.ignored, world.commits["1.1.0"]]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--mirror", "missing"], "is not a folder"),
        (["--advisory-db", "."], "is neither a folder nor a clone of the RustSec database"),
        (["--index", "http://example.com"], "is not an https URL without user name, query and fragment"),
        (["--index", "https://user:password@example.com"], "is not an https URL without user name, query and fragment"),
        (["--since", "yesterday"], "is not a date"),
        (["--output-file", "report.html"], "use one of .json, .sarif, .sarif.json, .txt, .md, or add"),
        (["--state", "."], "--state . cannot be read: Is a directory"),
        (["--timeout", "0"], "is not a number of seconds"),
        (["--timeout", "-1"], "is not a number of seconds"),
        (["1.0.0..1.1.0"], "no tool precedes it"),
        ([TOOL, "1.0.0..x"], "x is not a version"),
        ([TOOL, ".."], "nothing is not a version"),
        ([f"{TOOL}@1"], "1 is not a version"),
        (["--base", "HEAD"], "--base requires a git repository"),
        (["--base", "HEAD", "--timeout", "9", TOOL], "--base reviews the pins of a change, so no tool can be named"),
        ([], "this folder is not in a git repository"),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (["--required-version", ">=99", TOOL], "requires >=99"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
@pytest.mark.usefixtures("world")
def test_wrong_usage(watch: Watch, arguments: list[str], problem: str) -> None:
    assert watch(*arguments, "--offline") == (2, "")
    assert problem in watch.errors


@pytest.mark.parametrize("token", ["a b", "a\nb", "ä", "a\x1bb"])
@pytest.mark.usefixtures("world")
def test_a_token_that_is_none_is_not_printed(watch: Watch, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", token)
    assert watch(TOOL)[0] == 2
    assert watch.errors == "watch-upstream: GITHUB_TOKEN contains characters that are not allowed in a token\n"


@pytest.mark.parametrize("url", ["http://ghe.example.com/api/v3", "file:///etc", "https://a@b", "nonsense"])
@pytest.mark.usefixtures("world")
def test_a_token_is_not_sent_in_the_open(watch: Watch, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("GITHUB_API_URL", url)
    assert watch(TOOL)[0] == 2
    assert "GITHUB_API_URL: " in watch.errors


def test_a_release_without_a_tag(world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.upstream.watch.REPOSITORIES", {TOOL: NAME})
    index = world.mirror / "crates.io-index" / "de" / "mo" / TOOL
    index.parent.mkdir(parents=True)
    index.write_bytes(world.index())
    world.git("tag", "--delete", "v1.0.0")
    _, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))
    assert f"note upstream/unknown {NAME} has no tag for {TOOL} 1.0.0, so its commits are not read\n" in printed
    assert watch.errors == ""


def test_more_commits_than_are_looked_at(world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.upstream.commits._MOST_LOOKED_AT", 1)
    world.write_archives()
    status, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))
    assert status == 3
    assert f"{NAME}: only the newest 1 of 3 commits that name advisories are examined" in watch.errors
    assert f"{NAME}: only the newest 1 of 2 commits that may be worth reading are examined" in watch.errors
    assert world.ignored[:12] in printed
    assert f"upstream/cleared-advisory {world.cleared[:12]}" in printed


def test_a_commit_that_cannot_be_read_hides_no_other(
    world: World, watch: Watch, servers: tuple[Server, Server]
) -> None:
    github, crates = servers
    github.add(f"/repos/{NAME}/commits/{world.named}?per_page=100", Reply(b"", 451))
    found = watch.observed(f"{TOOL}@1.0.0", *online(world, crates))
    assert found == expected(world)
    assert f"commits/{world.named} responds with status 451" in watch.errors


@pytest.mark.parametrize("lock", ["", None, "version = 4\n[[package]]\n"], ids=["empty", "missing", "malformed"])
def test_a_release_without_a_lock(world: World, watch: Watch, lock: str | None) -> None:
    files = {"Cargo.toml": f'[package]\nname = "{TOOL}"\nrepository = "https://github.com/{NAME}"\n'}
    world.archives = {
        version: crate(f"{TOOL}-{version}", files if lock is None else {**files, "Cargo.lock": lock})
        for version in world.archives
    }
    world.write_archives()
    _, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))
    for version in world.archives:
        assert (
            f"note upstream/unknown the lock of {TOOL} {version} is missing or cannot be read, "
            "so its crates are not checked for advisories\n"
        ) in printed


def test_only_the_newer_release_has_no_lock(world: World, watch: Watch) -> None:
    manifest = f'[package]\nname = "{TOOL}"\nrepository = "https://github.com/{NAME}"\n'
    world.archives = {**world.archives, "1.1.0": crate(f"{TOOL}-1.1.0", {"Cargo.toml": manifest})}
    world.write_archives()
    _, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))
    assert "help: the lock of the newer release is not known\n" in printed


def test_a_release_that_names_no_repository(world: World, watch: Watch) -> None:
    manifest = {"Cargo.toml": f'[package]\nname = "{TOOL}"\n'}
    world.archives = {version: crate(f"{TOOL}-{version}", manifest) for version in world.archives}
    world.write_archives()
    _, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))
    message = f"the manifest of {TOOL} names no repository on GitHub, so its commits are not read"
    assert f"note upstream/unknown {message}\n" in printed


def test_what_is_no_name_of_a_crate(world: World, watch: Watch) -> None:
    status, printed = watch("a/evil@1.0.0", "--mirror", str(world.mirror))
    assert (status, printed.count("upstream/")) == (3, 0)
    assert "neither cargo's index nor a clone on this machine lists the releases of a/evil" in watch.errors


def test_a_database_that_cannot_be_fetched_fails_once(
    watch: Watch, servers: tuple[Server, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, crates = servers
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    git = shutil.which("git")
    script = f'case "$*" in *advisory-db*) echo >>{tmp_path}/calls; exit 1 ;; *) exec {git} "$@" ;; esac'
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    status, _ = watch(f"{TOOL}@1.0.0", "--index", crates.url)
    assert status == 3
    assert watch.errors.count("git cannot fetch the advisory database from https://github.com/RustSec/") == 1
    assert (tmp_path / "calls").read_text() == "\n"


def test_a_database_without_advisories(watch: Watch, tmp_path: Path) -> None:
    bare = tmp_path / "empty.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    assert watch(TOOL, "--offline", "--advisory-db", str(bare)) == (2, "")
    assert watch.errors == f"watch-upstream: --advisory-db: the clone in {bare} has no advisories\n"


def test_a_file_of_a_mirror_that_cannot_be_read(world: World, watch: Watch) -> None:
    world.write_archives()
    archive = world.mirror / "crates" / f"{TOOL}-1.0.0.crate"
    archive.unlink()
    archive.mkdir()
    status, _ = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))
    assert status == 3
    assert f"watch-upstream: {archive} is " in watch.errors


def test_the_output_of_other_formats(world: World, watch: Watch) -> None:
    world.write_archives()
    arguments = (f"{TOOL}@1.0.0", "--mirror", str(world.mirror), "--output-format")
    assert watch(*arguments, "markdown")[1].startswith(
        "5 observations to act on, about 1 tool.\n\n## demo-tool 1.0.0\n"
    )
    assert len(json.loads(watch(*arguments, "sarif")[1])["runs"][0]["results"]) == 10


@pytest.mark.parametrize(
    ("name", "arguments", "start"),
    [
        ("report.md", [], "5 observations to act on"),
        ("report.json", [], "{"),
        ("report.txt", [], f"{TOOL} 1.0.0\n"),
        ("report", ["--output-file-format", "markdown"], "5 observations to act on"),
    ],
)
def test_an_output_file(
    world: World, watch: Watch, tmp_path: Path, name: str, arguments: list[str], start: str
) -> None:
    world.write_archives()
    path = tmp_path / name
    status, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror), "--output-file", str(path), *arguments)
    assert (status, printed.splitlines()[0]) == (1, f"{TOOL} 1.0.0")
    assert path.read_text().startswith(start)


def test_an_output_file_that_cannot_be_written(world: World, watch: Watch, tmp_path: Path) -> None:
    world.write_archives()
    state = tmp_path / "state.json"
    arguments = ["--output-file", str(tmp_path / "missing" / "report.md"), "--state", str(state)]
    status, printed = watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror), *arguments)
    assert status == 2
    assert "upstream/advisory" in printed
    assert "report.md cannot be written: No such file" in watch.errors
    assert not state.exists()


def test_a_machine_without_advisories(world: World, watch: Watch) -> None:
    world.write_archives()
    world.database.rename(world.database.with_name("away"))
    assert watch(f"{TOOL}@1.0.0", "--mirror", str(world.mirror))[0] == 3
    assert watch.errors == (
        "watch-upstream: there is no RustSec database on this machine; name one with --advisory-db\n"
    )


def test_an_update_that_goes_back(world: World, watch: Watch) -> None:
    world.write_archives()
    status, printed = watch(TOOL, "1.1.0..1.0.0", "--mirror", str(world.mirror))
    assert status == 1
    assert "warning upstream/behind the update of demo-tool is a downgrade from 1.1.0 to 1.0.0\n" in printed
    assert "error upstream/locked-advisory unlike 1.1.0, the lock of demo-tool 1.0.0 has `weak 1.0.0`" in printed


def test_a_merged_branch_is_older_than_the_pinned_release(
    world: World, watch: Watch, servers: tuple[Server, Server]
) -> None:
    github, crates = servers
    watch.observed(TOOL, "1.0.0..1.1.0", *online(world, crates))
    (path,) = {request.path for request in github.requests if "/commits?" in request.path}
    assert "since=2024-05-03T00%3A00%3A00Z" in path


def test_a_reader_that_stops_early(world: World) -> None:
    world.write_archives()
    command = [sys.executable, "-m", "dunnage.watch_upstream", f"{TOOL}@1.0.0", "--mirror", str(world.mirror)]
    state = world.mirror / "state.json"
    with subprocess.Popen([*command, "--state", str(state)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 2
    assert not state.exists()


WORKFLOW = """\
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: cargo install --locked demo-tool@1.0.0
      - run: npm install -g demo-tool@3.0.0
      - run: cargo install another-tool
"""


@pytest.fixture
def pinned(world: World) -> Path:
    """A repository that pins the tool."""
    folder = world.mirror.parent / "work"
    path = folder / ".github" / "workflows" / "ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text(WORKFLOW)
    world.write_archives()
    commit(folder, "Pin it")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit everything in a folder."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", message]):
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


@pytest.mark.usefixtures("pinned")
def test_the_pins_of_a_repository(world: World, watch: Watch) -> None:
    report = watch.json("--mirror", str(world.mirror))
    place = {"path": ".github/workflows/ci.yml", "line": 6, "column": 47}
    assert report["watched"] == [{"tool": TOOL, "version": "1.0.0", "newer": "", "places": [place]}]
    _, printed = watch("--mirror", str(world.mirror))
    assert printed.startswith(f"{TOOL} 1.0.0, pinned in .github/workflows/ci.yml:6:47\n")
    assert watch.json(TOOL, "--mirror", str(world.mirror))["watched"] == report["watched"]


@pytest.mark.usefixtures("pinned")
def test_another_tool_beside_the_pins(world: World, watch: Watch) -> None:
    report = watch.json("--mirror", str(world.mirror), "--also", "warg-cli@0.9.0")
    assert [(each["tool"], each["version"]) for each in report["watched"]] == [(TOOL, "1.0.0"), ("warg-cli", "0.9.0")]


def test_the_pins_that_a_change_moves(world: World, watch: Watch, pinned: Path) -> None:
    path = pinned / ".github" / "workflows" / "ci.yml"
    path.write_text(WORKFLOW.replace("tool@1.0.0", "tool@1.1.0"))
    commit(pinned, "Move it")
    report = watch.json("--mirror", str(world.mirror), "--base", "HEAD^")
    assert [(each["version"], each["newer"]) for each in report["watched"]] == [("1.0.0", "1.1.0")]
    assert watch.observed("--mirror", str(world.mirror), "--base", "HEAD^") == expected(world)
    assert watch("--mirror", str(world.mirror), "--base", "HEAD") == (0, "")


def test_a_new_pin_is_watched_as_it_is(world: World, watch: Watch, pinned: Path) -> None:
    (pinned / "Dockerfile").write_text("FROM rust\nRUN cargo install --locked warg-cli@0.9.0\n")
    commit(pinned, "Add another")
    report = watch.json("--mirror", str(world.mirror), "--base", "HEAD^")
    assert [(each["tool"], each["version"], each["newer"]) for each in report["watched"]] == [("warg-cli", "0.9.0", "")]


@pytest.mark.usefixtures("pinned")
def test_a_base_that_is_no_commit(world: World, watch: Watch) -> None:
    assert watch("--mirror", str(world.mirror), "--base", "nowhere") == (2, "")
    assert "nowhere and HEAD have no common ancestor" in watch.errors


def test_without_urllib3_clones_still_work(world: World) -> None:
    world.write_archives()
    program = "import sys; sys.modules['urllib3'] = None; from dunnage.watch_upstream import main; sys.exit(main())"
    command = [sys.executable, "-c", program, f"{TOOL}@1.0.0"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (2, "")
    assert "network access requires urllib3: run `pip install 'dunnage[upstream]'`" in result.stderr
    result = subprocess.run([*command, "--mirror", str(world.mirror)], check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "")


def test_hooks_run_without_urllib3_and_without_sockets(pinned: Path) -> None:
    blocked = "import sys; sys.modules.update(dict.fromkeys(('urllib3', 'socket', '_socket', 'ssl')))"
    program = f"{blocked}; from dunnage.frame.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "check", "--all"]
    result = subprocess.run(command, cwd=pinned, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, ""), result.stderr
    assert "cargo-install/unpinned" in result.stdout
