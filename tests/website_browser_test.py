"""The website in headless Chromium: on a desktop and on a phone, light and dark, with the keyboard alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

import pytest

import judges
from dunnage.frame.finding import WEBSITE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESKTOP, PHONE = 1280, 390
SCREENS = [(width, scheme) for width in (DESKTOP, PHONE) for scheme in ("light", "dark")]
PAGES = ["", "rules/cargo-lock/stale/", "rules/", "hooks/check-cargo-lock/", "configuration/", "404.html"]

every_screen = pytest.mark.parametrize(("width", "scheme"), SCREENS)
every_width = pytest.mark.parametrize("width", [DESKTOP, PHONE])

# Everything that is too wide for the screen, unless it is in a box with a scroll bar of its own or is not shown.
OVERFLOWING = """() => {
  const scrolls = element => element && element !== document.body
    && (["auto", "scroll", "hidden"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const wide = [...document.querySelectorAll("main *, header *, footer *")].filter(element =>
    element.checkVisibility({visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true})
    && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1
    && !scrolls(element.parentElement));
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wide.push(document.documentElement);
  return wide.map(element => `${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 40)}`);
}"""

# What a mouse can press. A radio button stands for its group: the arrow keys reach the others. The header names the
# scheme, the menu and the search by labels.
PRESSABLE = """() => {
  const labels = "label[for]:not(.md-overlay, .md-nav__title, :has(button))";
  const all = [...document.querySelectorAll(`a[href], button, input, summary, ${labels}`)];
  window.pressable = all.filter(element =>
    element.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && element.getClientRects().length && !element.closest("[hidden]"));
  return window.pressable.length;
}"""

# What has the focus: its name, whether it is on the screen, whether it looks different from before. A label counts as
# the control it belongs to.
FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const shown = element.matches(".md-option") ? element.nextElementSibling : element;
  const box = shown.getBoundingClientRect(), style = getComputedStyle(shown);
  const index = window.pressable.findIndex(each => each === element || each === shown || each.contains(element));
  if (index >= 0) window.pressable.splice(index, 1);
  return {
    name: `${shown.tagName} ${shown.className} ${shown.textContent.trim().slice(0, 40)}`,
    isOnScreen: box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
    isMarked: style.outlineStyle !== "none" && style.outlineWidth !== "0px",
  };
}"""
UNREACHED = """() => window.pressable.map(each => `${each.tagName} ${each.className} ${each.textContent.trim()}`)"""

NAME = "document.activeElement.ariaLabel ?? document.activeElement.textContent.trim()"


class Website(NamedTuple):
    """The website behind a web server, in a browser."""

    browser: Browser
    axe: str
    address: str

    @contextmanager
    def page(self, path: str, width: int = DESKTOP, scheme: str = "light") -> Iterator[Page]:
        """Open a page on a screen."""
        is_phone = width == PHONE
        color_scheme: Literal["light", "dark"] = "dark" if scheme == "dark" else "light"
        context = self.browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme=color_scheme,
            is_mobile=is_phone,
            has_touch=is_phone,
            reduced_motion="reduce",
        )
        page = context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("request", lambda request: failures.extend(self.foreign(request.url)))
        page.goto(f"{self.address}/{path}")
        yield page
        context.close()
        assert failures == [], "a script failed, or something comes from elsewhere"

    def foreign(self, url: str) -> list[str]:
        """The URL, unless it is one of this website."""
        return [] if url.startswith((self.address, "blob:", "data:")) else [url]

    def faults(self, page: Page, without: str = "") -> list[str]:
        """What axe finds on a page as soon as scripts and transitions have ended."""
        if not page.evaluate("'axe' in window"):
            page.add_script_tag(path=self.axe)
        options = {"resultTypes": ["violations"], "rules": {without: {"enabled": False}} if without else {}}
        for _ in range(10):
            found = page.evaluate("options => axe.run(document, options)", options)["violations"]
            if not found:
                break
            page.wait_for_timeout(200)
        return [f"{fault['id']}: {json.dumps([node['html'] for node in fault['nodes']])}" for fault in found]


class Quiet(SimpleHTTPRequestHandler):
    """A web server that does not log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has
        """Print nothing."""


@pytest.fixture(scope="module")
def website(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    judge = judges.browser()
    # The page of errors names its style sheets by the path that the website has on its server.
    path = urlsplit(WEBSITE).path.rstrip("/")
    root = tmp_path_factory.mktemp("server")
    (root / path.lstrip("/")).symlink_to(site)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(judge.playwright)
        from playwright.sync_api import sync_playwright

        with (
            ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as server,
            sync_playwright() as playwright,
        ):
            Thread(target=server.serve_forever, daemon=True).start()
            browser = playwright.chromium.launch(
                executable_path=judge.program,
                env={**os.environ, **judge.env},
                args=["--no-zygote"],
                chromium_sandbox=False,
            )
            yield Website(browser, judge.axe, f"http://127.0.0.1:{server.server_port}{path}")
            browser.close()
            server.shutdown()


@every_screen
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(website: Website, path: str, width: int, scheme: str) -> None:
    with website.page(path, width, scheme) as page:
        assert website.faults(page) == []


def test_nothing_is_too_wide_for_a_phone(website: Website, site: Path) -> None:
    with website.page("", PHONE) as page:
        for path in sorted(site.rglob("*.html")):
            page.goto(f"{website.address}/{path.relative_to(site).as_posix()}")
            assert page.evaluate(OVERFLOWING) == [], path


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_too_wide_for_a_desktop(website: Website, path: str) -> None:
    with website.page(path) as page:
        assert page.evaluate(OVERFLOWING) == []


@every_width
@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_everything(website: Website, path: str, width: int) -> None:
    with website.page(path, width) as page:
        page.wait_for_selector("[data-md-component=search] button", state="attached")
        for _ in range(page.evaluate(PRESSABLE) + 20):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus is None:
                break
            assert focus["isOnScreen"], focus
            assert focus["isMarked"], focus
        assert focus is None, "the focus never leaves the page"
        assert page.evaluate(UNREACHED) == []


@every_screen
def test_the_keyboard_searches(website: Website, width: int, scheme: str) -> None:
    with website.page("configuration/", width, scheme) as page:
        press_until(page, lambda: page.evaluate(NAME) == "Search")
        page.keyboard.press("Enter")
        field = page.get_by_role("combobox")
        field.wait_for()
        page.keyboard.type("cargo-lock/stale")
        page.get_by_text("Cargo.lock does not match the manifests.").first.wait_for()
        # The name of a result is its title, and the rest of its text describes it.
        assert website.faults(page, without="label-content-name-mismatch") == []
        assert page.evaluate(OVERFLOWING) == []
        page.keyboard.press("Enter")
        page.wait_for_url("**/rules/cargo-lock/stale/**")


def test_escape_leaves_the_search(website: Website) -> None:
    with website.page("") as page:
        page.keyboard.press("/")
        field = page.get_by_role("combobox")
        field.wait_for()
        page.keyboard.press("Escape")
        field.wait_for(state="hidden")


@pytest.mark.parametrize(("opener", "inside"), [("Navigation", "Guides"), ("On this page", "Read a finding")])
@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_opens_menus_on_a_phone(website: Website, opener: str, inside: str, key: str) -> None:
    with website.page("", PHONE) as page:
        button = page.get_by_role("button", name=opener, exact=True)
        link = page.get_by_role("link", name=inside, exact=True)
        assert button.get_attribute("aria-expanded") == "false"
        press_until(page, lambda: button.evaluate("each => each === document.activeElement"))
        page.keyboard.press(key)
        assert button.get_attribute("aria-expanded") == "true"
        press_until(page, lambda: page.evaluate(NAME) == inside)
        assert link.evaluate("each => each.getBoundingClientRect().left >= 0")
        assert website.faults(page) == []
        page.keyboard.press("Escape")
        assert button.get_attribute("aria-expanded") == "false"
        assert button.evaluate("each => each === document.activeElement")


@every_width
def test_the_keyboard_changes_the_scheme(website: Website, width: int) -> None:
    with website.page("", width) as page:
        press_until(page, lambda: page.evaluate("document.activeElement.matches('.md-option')"))
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-md-color-scheme=slate]")


def press_until(page: Page, is_reached: Callable[[], bool]) -> None:
    """Press the tab key until something has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if is_reached():
            return
    pytest.fail("the keyboard does not get there")
