"""What tests do with a browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def installed_browser() -> str | None:
    """Return the path of this machine's Chromium, if it has one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def visited(browser: Any, address: str, width: int = 1280, expected: str | None = None, **settings: Any) -> Iterator[Any]:
    """Open a page; every complaint that does not hold ``expected``, and every request for anything else, fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
    page = context.new_page()
    wrong: list[str] = []

    def complain(line: Any) -> None:
        if line.type in ("error", "warning") and not (expected and expected in line.text):
            wrong.append(line.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else wrong.append(asked.url))
    page.goto(address)
    yield page
    context.close()
    assert wrong == []


def barriers(page: Any) -> list[tuple[str, str]]:
    """Return what axe finds that seriously keeps people out: the rule, and the first element that breaks it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in ("serious", "critical")]
