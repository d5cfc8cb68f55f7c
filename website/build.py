"""Build the website from the pages of docs/ and the documents at the top of the repository.

The pages are copied to a temporary folder, where Zensical builds them. A broken link fails the build.
Usage: build.py FOLDER
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dunnage.frame.finding import how_to_accept
from dunnage.frame.registry import ENTRIES
from dunnage.frame.rules import rules

CHECKOUT = Path(__file__).resolve().parent.parent
DOCUMENTS = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
"""Files at the top of the repository, and their names on the website."""
GUIDES = (
    "configuration",
    "ignoring",
    "output",
    "github-action",
    "teams",
    "sandbox",
    "watching",
    "compatibility",
    "troubleshooting",
)
PROJECT = ("security-model", "architecture", "contributing", "security", "changelog")

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\()(?!https?:|#)([^)#\s]+)")


def relocated(text: str, is_document: bool) -> str:
    """Return a page with its links as they are on the website. Code is left alone."""

    def target(link: re.Match[str]) -> str:
        path = link[2].removeprefix("docs/") if is_document else link[2].removeprefix("../")
        return link[1] + (DOCUMENTS.get(path) or (path if is_document else link[2]))

    parts = _FENCE.split(text)
    fences = [*_FENCE.findall(text), ""]
    return "".join(_LINK.sub(target, part) + fence for part, fence in zip(parts, fences, strict=True))


def stage(folder: Path) -> None:
    """Write all pages into a folder, with the style sheet and the script."""
    shutil.copytree(CHECKOUT / "docs", folder)
    shutil.copytree(CHECKOUT / "website" / "assets", folder / "assets")
    for page in folder.rglob("*.md"):
        page.write_text(relocated(page.read_text("utf-8"), is_document=False), "utf-8")
    for rule, _ in rules():
        if not rule.id.startswith("ignore/"):  # no comment silences a finding about comments
            with (folder / f"rules/{rule.id}.md").open("a", encoding="utf-8") as page_of_rule:
                page_of_rule.write(
                    f"\n## How to ignore it\n\n{how_to_accept(rule.id)} See [Ignoring findings](../../ignoring.md).\n"
                )
    for source, name in DOCUMENTS.items():
        text = (CHECKOUT / source).read_text("utf-8")
        (folder / name).write_text(relocated(text, is_document=True), "utf-8")


def navigation() -> list[object]:
    """The tree of pages, as Zensical expects it."""
    concerns: dict[str, list[object]] = {}
    for rule, _ in rules():
        concern, problem = rule.id.split("/")
        concerns.setdefault(concern, []).append({problem: f"rules/{rule.id}.md"})
    hooks = [{entry.id: f"hooks/{entry.id}.md"} for entry in ENTRIES]
    return [
        {"Getting started": "index.md"},
        {"Guides": pages(GUIDES)},
        {"Hooks": ["hooks/index.md", *hooks]},
        {"Rules": ["rules/index.md", *({concern: found} for concern, found in concerns.items())]},
        {"Project": pages(PROJECT)},
    ]


def pages(names: Iterable[str]) -> list[str]:
    """The files of pages."""
    return [f"{name}.md" for name in names]


def main(target: Path) -> int:
    """Build the website in a folder and return the exit status."""
    with tempfile.TemporaryDirectory(prefix="dunnage-website-") as name:
        work = Path(name)
        stage(work / "docs")
        settings = (CHECKOUT / "website" / "zensical.toml").read_text("utf-8")
        # JSON is TOML here, but for the colons of tables.
        nav = json.dumps(navigation(), ensure_ascii=False).replace('": ', '" = ')
        (work / "zensical.toml").write_text(settings.replace("nav = []\n", f"nav = {nav}\n"), "utf-8")
        command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
        status = subprocess.run(command, cwd=work, check=False).returncode
        if status == 0:
            for page in (work / "site").rglob("*.html"):
                # The theme would ask GitHub for the number of stars whenever somebody reads a page.
                text = page.read_text("utf-8").replace(' data-md-component="source"', "")
                page.write_text(text, "utf-8")
            shutil.copytree(work / "site", target, dirs_exist_ok=True)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
