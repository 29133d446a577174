"""A page that is open when a freeze begins: from then on it must not invite to deploy."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from shepherd.views.page import branch_page, index_page
from tests.real.browser import opened
from tests.views.condition_looks import SOON, frozen
from tests.views.factory import NOW, snapshot

pytestmark = pytest.mark.real

assert SOON.since is not None
BEGINS = SOON.since
BEFORE = "getComputedStyle(document.querySelector('%s'), '::before').content"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A page with `deploy r103` that is frozen two minutes later."""
    page = tmp_path / "stable.html"
    page.write_text(branch_page(snapshot(), frozen(following=SOON)))
    return page


def test_before_it_begins_the_page_is_as_always(browser: Browser, path: Path) -> None:
    with opened(browser, path, now=BEGINS - timedelta(seconds=1)) as view:
        expect(view.page.get_by_role("button", name="Copy the SHA")).to_be_enabled()
        expect(view.page.locator("#late")).to_be_empty()
        assert view.page.title() == "deploy r103 · stable"
        assert view.page.evaluate(BEFORE % "h1") == "none"


def test_when_it_begins_everything_that_invites_is_gone(browser: Browser, path: Path) -> None:
    with opened(browser, path, now=NOW) as view:
        page = view.page
        view.at(BEGINS)
        expect(page.locator("#late")).to_have_text(
            "Frozen: a freeze has begun since this page was written. Load it again."
        )
        assert page.title() == "frozen: deploy r103 · stable"
        assert page.evaluate(BEFORE % "h1") == '"Frozen: "'
        assert page.evaluate(BEFORE % "#next h2") == '"Frozen: "'
        expect(page.get_by_role("button", name="Copy the SHA")).to_be_disabled()
        expect(page.locator(".sha")).to_be_hidden()
        assert "9a6700" in (page.locator("link[rel=icon]").get_attribute("href") or "")
        assert view.violations() == []
        assert view.noise == []


def test_a_tab_that_slept_over_its_beginning_copies_nothing(browser: Browser, path: Path) -> None:
    with opened(browser, path, now=NOW) as view:
        page = view.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("navigator.clipboard.writeText('before')")
        # the clock goes on while the tab sleeps: no timer of the page has run since
        page.clock.set_fixed_time(BEGINS)
        page.evaluate("document.querySelector('[data-copy]').click()")
        expect(page.locator(".copied")).to_contain_text("not copied")
        page.get_by_role("button", name="Copy as text").click()
        expect(page.locator(".taken")).to_contain_text("not copied")
        assert page.evaluate("navigator.clipboard.readText()") == "before"


def test_of_a_page_that_is_both_its_age_is_told(browser: Browser, path: Path) -> None:
    with opened(browser, path, now=snapshot().valid_until + timedelta(seconds=5)) as view:
        expect(view.page.locator("#late")).to_contain_text("Stale: a newer answer was due")
        assert view.page.evaluate(BEFORE % "h1") == '"Stale: "'
        expect(view.page.get_by_role("button", name="Copy the SHA")).to_be_disabled()


def test_what_is_held_already_is_not_called_frozen_twice(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "stable.html"
    path.write_text(branch_page(snapshot(), frozen(replace(SOON, since=NOW), following=SOON)))
    with opened(browser, path, now=BEGINS) as view:
        assert view.page.evaluate(BEFORE % "h1") == "none"


def test_without_script_the_page_says_when_it_begins(browser: Browser, path: Path) -> None:
    with opened(browser, path, script=False) as view:
        expect(view.page.locator("p.freezes")).to_have_text(
            "Next freeze: Wed 2011-08-24 10:17 to Wed 2011-08-24 18:15, UTC (the night)"
        )


def test_the_page_of_all_branches_marks_the_one_that_is_frozen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    given = [snapshot(), snapshot(branch="devel")]
    path.write_text(index_page(given, frozen(following=SOON)))
    first, second = "tr:nth-child(1) td b.deploy", "tr:nth-child(2) td b.deploy"
    with opened(browser, path, now=NOW) as view:
        assert view.page.evaluate(BEFORE % first) == "none"
        view.at(BEGINS)
        assert view.page.evaluate(BEFORE % first) == '"Frozen: "'
        assert view.page.evaluate(BEFORE % second) == "none"
        expect(view.page.locator("tr:nth-child(1) td code")).to_be_hidden()
        expect(view.page.locator("tr:nth-child(2) td code")).to_be_visible()
        assert view.violations() == []
