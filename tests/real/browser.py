"""Debian's chromium, and a page in it that notes whatever it does besides being there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALSO = {"target-size": {"enabled": True}}
"""Rules that axe-core leaves out where it is not told to apply them."""
WIDE, NARROW = 1280, 320
expect.set_options(timeout=20_000)  # milliseconds: a page that is slow on a busy machine is not wrong


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


class View:
    """One page, open; `noise` is what it said to the console, asked of the network or of the reader."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.noise: list[str] = []
        page.on("console", lambda message: self.noise.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.noise.append(f"error: {error}"))
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self._note(request.url))

    def _dismiss(self, dialog: Dialog) -> None:
        self.noise.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, url: str) -> None:
        # the page itself is asked for once, by the browser that opens it
        if not url.startswith(("file:", "data:image/svg+xml,")):
            self.noise.append(f"request: {url}")

    def violations(self) -> list[str]:
        """What axe-core finds, one line each."""
        found = (
            Axe()
            .run(self.page, options={"runOnly": RULES, "rules": ALSO, "resultTypes": ["violations"]})
            .response["violations"]
        )
        return [
            f"{each['id']} ({each['impact']}): {node['html'][:200]} {node['failureSummary']}"
            for each in found
            for node in each["nodes"]
        ]

    def at(self, now: datetime) -> None:
        """Let the clock show that, and the reader come back to the page."""
        self.page.clock.set_fixed_time(now)
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    @property
    def overflows(self) -> bool:
        """Whether the page has to be scrolled sideways."""
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        )


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    address: str = "",
    now: datetime | None = None,
    width: int = WIDE,
    scheme: Any = "light",
    script: bool = True,
) -> Iterator[View]:
    """The file in a browser whose clock shows `now` until it is told otherwise.

    Args:
        address: what stands behind the `#`.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
    )
    page = context.new_page()
    if now is not None:
        # timers go on: axe-core has some of its own
        page.clock.set_fixed_time(now)
    view = View(page)
    page.goto(path.as_uri() + (f"#{address}" if address else ""))
    yield view
    context.close()
