"""The website: it builds without a broken link, and holds every page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import tomli

from demo.run import CHECKOUT
from dunnage.frame.finding import WEBSITE, address
from dunnage.frame.registry import ENTRIES
from dunnage.frame.rules import rules


class Page(HTMLParser):
    """The addresses to which a page refers, and the ids in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.ids: set[str] = set()
        self.headings: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag refers to and what it is called."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.add(value)
            elif name == "id" and value:
                self.ids.add(value)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


def test_every_page_is_there(site: Path) -> None:
    names = [f"hooks/{entry.id}" for entry in ENTRIES] + [f"rules/{rule.id}" for rule, _ in rules()]
    names += ["", "hooks", "rules", "configuration", "contributing", "changelog", "security", "security-model"]
    assert [name for name in names if not (site / name / "index.html").is_file()] == []


def test_what_programs_call_the_address_of_a_page_is_its_address(site: Path) -> None:
    addresses = {rule.id: rule.page for rule, _ in rules()} | {e.id: address(f"hooks/{e.id}.md") for e in ENTRIES}
    for name, url in addresses.items():
        text = (site / url.removeprefix(WEBSITE) / "index.html").read_text("utf-8")
        assert re.findall("<h1[^>]*>([^<]+)<", text) == [name]


def test_every_file_names_the_same_website() -> None:
    settings = tomli.loads((CHECKOUT / "website" / "zensical.toml").read_text("utf-8"))["project"]
    urls = tomli.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    assert settings["site_url"] == urls["Documentation"] == WEBSITE
    assert settings["repo_url"] == urls["Source"]
    assert urls["Changelog"] == address("changelog.md")


def test_the_page_of_a_rule_says_how_to_ignore_it(site: Path) -> None:
    for rule, _ in rules():
        page = (site / "rules" / rule.id / "index.html").read_text("utf-8")
        assert (f"ignore[{rule.id}]" in page) == (f"--ignore {rule.id}" in page) == (not rule.id.startswith("ignore/"))


def test_no_link_leads_nowhere(site: Path) -> None:
    pages = {path.relative_to(site).as_posix(): Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    broken = []
    for name, page in pages.items():
        if name == "404.html":
            continue  # its links start at the address of the website
        for target in page.targets:
            address = urlsplit(urljoin(f"http://site/{name}", target))
            if address.netloc != "site" or address.scheme != "http":
                continue
            path = unquote(address.path).lstrip("/")
            path += "index.html" if path.endswith("/") or not path else ""
            found = pages.get(path)
            if not (site / path).is_file() or (address.fragment and found and address.fragment not in found.ids):
                broken.append(f"{name}: {target}")
    assert broken == []


def test_every_page_has_one_title_and_skips_no_level(site: Path) -> None:
    for path in site.rglob("index.html"):
        headings = Page(path.read_text("utf-8")).headings
        assert headings.count(1) == 1, path
        assert all(below - above <= 1 for above, below in pairwise(headings)), path


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|img|iframe)[^>]*\ssrc=[\"']?(https?:[^\"' >]+)", path.read_text("utf-8"))
        loaded += re.findall(
            r"<link[^>]*rel=[\"']?stylesheet[\"']?[^>]*href=[\"']?(https?:[^\"' >]+)", path.read_text("utf-8")
        )
        assert loaded == [], path
