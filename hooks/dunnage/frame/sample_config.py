"""`dunnage sample-config`: a .pre-commit-config.yaml for a repository."""

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dunnage import __version__
from dunnage.files import git
from dunnage.files.source import Tree
from dunnage.frame import registry, selection
from dunnage.frame.arguments import Program, parse
from dunnage.frame.options import WrongUsage, flag, single
from dunnage.frame.output.delivery import show
from dunnage.frame.registry import ENTRIES

if TYPE_CHECKING:
    from dunnage.frame.registry import Entry, Sign


def _commit(text: str) -> str:
    """Read the full hash of a commit."""
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", text):
        raise ValueError(f"{text!r} is not the full hash of a commit")
    return text


REV = single("--rev", "the full hash of the commit to pin (default: the installed commit)", "COMMIT", _commit, None)
REPO = single(
    "--repo", "the URL of the repository of the hooks (default: where they were installed from)", "URL", str, None
)
ALL = flag("--all", "also list the hooks that are off by default")


class Origin(NamedTuple):
    """The source of an installation, as far as it is known."""

    url: str | None
    commit: str | None


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status. Raises WrongUsage."""
    given = parse(
        argv,
        Program(
            "dunnage sample-config",
            "Print a .pre-commit-config.yaml with the hooks that have something to check in this repository.",
            (REV, REPO, ALL),
            metavar="",
        ),
    )
    tree = Tree()
    with selection.at_the_top() as top:
        paths = selection.tracked(tree, [top])
        entries = [entry for entry in ENTRIES if (entry.is_on or given[ALL]) and is_concerned(entry, paths, tree)]
    if not entries:
        raise WrongUsage("no hook has anything to check here: there are no files of Cargo, WIT, CI or Docker")
    origin = installed()
    show(render(entries, Origin(given[REPO] or origin.url, given[REV] or origin.commit)))
    return 0


def is_concerned(entry: "Entry", paths: Sequence[str], tree: Tree) -> bool:
    """Whether a hook has something to check in a repository with the files at these absolute paths."""
    return any(_is_there(sign, paths, tree) for sign in entry.signs or (registry.Sign(entry.files),))


def _is_there(sign: "Sign", paths: Sequence[str], tree: Tree) -> bool:
    content = re.compile(sign.content.encode())
    files = map(tree.find, selection.matching(paths, sign.files))
    return any(file is not None and content.search(file.data) for file in files)


def render(entries: "Sequence[Entry]", origin: Origin) -> str:
    """The configuration that runs these hooks from their origin."""
    url = origin.url or "URL  # replace URL with the URL of the repository of these hooks"
    rev = f"{origin.commit}  # {__version__}"
    if not origin.commit:
        rev = f"COMMIT  # replace COMMIT with the hash that `git ls-remote {origin.url or 'URL'} v{__version__}` prints"
    lines = ["repos:", f"  - repo: {url}", f"    rev: {rev}", "    hooks:"]
    return "\n".join([*lines, *(f"      - id: {entry.id}" for entry in entries)]) + "\n"


def installed() -> Origin:
    """The origin of this installation: from its PEP 610 record, or from the checkout that it was built from."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        text = distribution("dunnage").read_text("direct_url.json")
        record = json.loads(text) if text else {}
    except (PackageNotFoundError, ValueError):
        record = {}
    url = str(record.get("url", ""))
    if "vcs_info" in record:
        return Origin(url, record["vcs_info"].get("commit_id"))
    folder = url2pathname(urlsplit(url).path) if url.startswith("file:") else os.path.dirname(__file__)
    checkout = git.repository(folder)
    if checkout is None or not os.path.isfile(os.path.join(checkout.top, ".pre-commit-hooks.yaml")):
        return Origin(None, None)
    return Origin(checkout.remote(), checkout.head())
