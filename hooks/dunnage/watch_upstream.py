"""Watch what happens upstream of the tools that a repository pins.

This is a command for scheduled jobs and not a hook: it may use the network. The room `dunnage.upstream` has the code.
"""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime, timezone
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urlsplit

from dunnage.files.git import repository
from dunnage.files.source import Tree
from dunnage.frame.arguments import Program, parse
from dunnage.frame.execution import complain, guarded, require_version
from dunnage.frame.options import (
    REQUIRED_VERSION,
    Option,
    Options,
    WrongUsage,
    flag,
    output_options,
    repeated,
    single,
)
from dunnage.frame.output import delivery
from dunnage.review import cargo_home
from dunnage.upstream import clone, github, pins, report, watch
from dunnage.upstream.releases import INDEX, LocalCrates, RegistryCrates
from dunnage.upstream.report import Observation, Report, StateError, Watched
from dunnage.upstream.source import LOOPBACK, Failures, SourceFailed, Sources

if TYPE_CHECKING:
    from dunnage.review.advisories import AdvisoryDatabase
    from dunnage.upstream.client import Client
    from dunnage.upstream.source import History

NAME = "watch-upstream"


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write YYYY-MM-DD, such as 2026-01-31") from None


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise ValueError(f"{text!r} is not a number of seconds")
    return float(text)


def _url(text: str) -> str:
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not an https URL without user name, query and fragment")
    return text.rstrip("/")


ALSO = repeated("--also", "watch this tool as well as the pinned ones (repeatable)", "TOOL[@VERSION]", str)
BASE = single("--base", "review each pin that changed since the common ancestor with COMMIT", "COMMIT", str, "")
MIRROR = repeated("--mirror", "use the clones in DIR instead of the network (repeatable)", "DIR", os.path.abspath)
OFFLINE = flag("--offline", "use no network, but only local clones and cargo's caches")
ADVISORY_DB = single(
    "--advisory-db", "the RustSec database: a folder or a clone (default: fetched with git)", "DIR", os.path.abspath, ""
)
INDEX_URL = single("--index", f"the URL of the sparse index (default: {INDEX})", "URL", _url, INDEX)
CACHE = single(
    "--cache",
    "the folder for cached responses and the database (default: $XDG_CACHE_HOME/dunnage, or else ~/.cache/dunnage)",
    "DIR",
    str,
    "",
)
SINCE = single("--since", "report only what happened on this day or later", "YYYY-MM-DD", _day, "")
STATE = single("--state", "report only what this file does not list, then list it there", "FILE", str, "")
TIMEOUT = single("--timeout", "the time limit for one response (default: 60)", "SECONDS", _seconds, 60.0)
LONGEST_WAIT = single(
    "--longest-wait", "the longest wait for a rate limit to end (default: 60)", "SECONDS", _seconds, 60.0
)
OUTPUT_FORMAT, OUTPUT_FILE, OUTPUT_FILE_FORMAT = output_options(
    "the report", ("text", "markdown", "json", "sarif"), ".json, .md, .sarif or .txt"
)
OPTIONS: tuple[Option[Any], ...] = (
    ALSO,
    BASE,
    MIRROR,
    OFFLINE,
    ADVISORY_DB,
    INDEX_URL,
    CACHE,
    SINCE,
    STATE,
    TIMEOUT,
    LONGEST_WAIT,
    OUTPUT_FORMAT,
    OUTPUT_FILE,
    OUTPUT_FILE_FORMAT,
    REQUIRED_VERSION,
)
_EPILOG = """\
arguments:
  TOOL            watch this tool instead of all pinned ones, in its pinned version
  TOOL@VERSION    watch this version of the tool
  TOOL OLD..NEW   review this update

exit status: 0 nothing to act on, 1 something to act on, 2 wrong usage,
3 a source failed, so the report is not complete

GITHUB_TOKEN raises GitHub's rate limit; GITHUB_API_URL names its server.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    return guarded(NAME, partial(_main, sys.argv[1:] if argv is None else argv))


def _main(argv: Sequence[str]) -> int:
    require_version(NAME, argv)
    summary = "watch what happens upstream of the tools that this repository pins"
    program = Program(
        NAME,
        summary,
        OPTIONS,
        epilog=_EPILOG,
        metavar="TOOL",
        files="tools to watch (default: those that this repository pins)",
    )
    options = parse(argv, program)
    file, file_format = options[OUTPUT_FILE], options[OUTPUT_FILE_FORMAT]
    try:
        if file is not None:
            file_format = delivery.format_of(file, file_format, {**delivery.ENDINGS, ".md": "markdown"})
        earlier = report.read_state(options[STATE]) if options[STATE] else frozenset[str]()
    except StateError as error:
        raise WrongUsage(f"--state {error}") from None
    failures = Failures()
    sources = _sources(options)
    watched = _chosen(options)
    observed: list[Observation] = []
    for each in watched:
        observed += watch.observe(each, sources, failures)
    new = [each for each in observed if each.key not in earlier and _is_recent(each, options[SINCE])]
    outcome = Report(watched, report.in_order(new, watched), failures.messages)
    delivery.publish(partial(_rendered, outcome), options[OUTPUT_FORMAT], sys.stdout, file, file_format)
    for failure in failures.messages:
        complain(NAME, failure)
    if options[STATE]:
        try:
            report.write_state(options[STATE], report.state_after(earlier, observed, is_complete=not failures.messages))
        except StateError as error:
            complain(NAME, f"--state {error}")
            return 3
    return outcome.status


def _chosen(options: Options) -> list[Watched]:
    """What to watch. Raises WrongUsage."""
    found = repository(os.getcwd())
    tree = Tree()
    try:
        if options[BASE]:
            if options.files:
                raise WrongUsage("--base reviews the pins of a change, so no tool can be named")
            if found is None:
                raise WrongUsage("--base requires a git repository")
            return pins.moved(found, tree, options[BASE])
        needs_pins = not options.files or not all("@" in text or ".." in text for text in options.files)
        pinned = pins.pinned(found, tree) if found and needs_pins else []
        chosen = pins.named(options.files, pinned) if options.files else pinned
        added = pins.named(options[ALSO], pinned)
    except (SourceFailed, ValueError) as error:
        raise WrongUsage(str(error)) from None
    if not chosen and not added and not found:
        raise WrongUsage("this folder is not in a git repository, so name the tools to watch")
    return list(dict.fromkeys((*chosen, *added)))


def _is_recent(observation: Observation, since: str) -> bool:
    """Whether something happened on a day or later. What has no date counts."""
    return not observation.date or observation.date[:10] >= since


def _rendered(outcome: Report, form: str, _: TextIO | None) -> str:
    if form == "text":
        return report.text(outcome)
    from dunnage.upstream import formats

    return {"json": formats.json, "markdown": formats.markdown, "sarif": formats.sarif}[form](outcome)


def _sources(options: Options) -> Sources:
    """The sources that the options choose. Raises WrongUsage."""
    today = datetime.now(timezone.utc).date().isoformat()
    home = cargo_home.find()
    mirrors = options[MIRROR]
    for mirror in mirrors:
        if not os.path.isdir(mirror):
            raise WrongUsage(f"--mirror {mirror} is not a folder")
    database = _database(options[ADVISORY_DB])
    is_offline: bool = options[OFFLINE] or bool(mirrors)
    if is_offline:
        return Sources(
            LocalCrates(home, mirrors),
            partial(_clone, mirrors),
            _once(lambda: database or clone.local(mirrors, home.folder)),
            lambda _: [],
            is_local=True,
            today=today,
        )
    folder = options[CACHE] or _cache()
    client = _client(options, folder)
    server = github.GitHub(client, _api(), _token())
    return Sources(
        RegistryCrates(client, home, options[INDEX_URL]),
        cache(server.history),
        _once(lambda: database or clone.fetched(folder)),
        server.advisories,
        is_local=False,
        today=today,
    )


def _database(folder: str) -> "AdvisoryDatabase | None":
    """The database that `--advisory-db` names, if it is given. Raises WrongUsage."""
    try:
        found = clone.named(folder) if folder else None
    except SourceFailed as error:
        raise WrongUsage(f"--advisory-db: {error}") from None
    if folder and found is None:
        raise WrongUsage(f"--advisory-db {folder} is neither a folder nor a clone of the RustSec database")
    return found


def _once(ask: "Callable[[], AdvisoryDatabase | None]") -> "Callable[[], AdvisoryDatabase | None]":
    """The same function, which fails a second time with the same message and without asking again."""
    outcomes: list[AdvisoryDatabase | SourceFailed | None] = []

    def remembered() -> "AdvisoryDatabase | None":
        if not outcomes:
            try:
                outcomes.append(ask())
            except SourceFailed as error:
                outcomes.append(error)
        if isinstance(outcomes[0], SourceFailed):
            raise outcomes[0]
        return outcomes[0]

    return remembered


def _clone(mirrors: Sequence[str], name: str) -> "History | None":
    folder = clone.find(mirrors, name)
    return clone.Clone(name, folder) if folder else None


def _client(options: Options, folder: str) -> "Client":
    try:
        from dunnage.upstream.client import Client, Limits
    except ModuleNotFoundError as error:
        if error.name != "urllib3":
            raise
        raise WrongUsage(
            "network access requires urllib3: run `pip install 'dunnage[upstream]'`, or use clones with --mirror"
        ) from None
    return Client(Limits(seconds=options[TIMEOUT], longest_wait=options[LONGEST_WAIT]), folder)


def _cache() -> str:
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "dunnage")


def _api() -> str:
    try:
        return _url(os.environ.get("GITHUB_API_URL") or github.API)
    except ValueError as error:
        raise WrongUsage(f"GITHUB_API_URL: {error}") from None


def _token() -> str:
    """The token in the environment, which no message repeats."""
    token = os.environ.get("GITHUB_TOKEN", "").strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise WrongUsage("GITHUB_TOKEN contains characters that are not allowed in a token")
    return token


if __name__ == "__main__":
    raise SystemExit(main())
