"""A page that stays open in a real browser: its ages go on, it says that it is stale, and it can load itself
again."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from shepherd.values import age
from shepherd.views.page import branch_page, index_page
from tests.real.browser import opened
from tests.real.pages import CALM, written
from tests.views.factory import NOW, no_data, snapshot

pytestmark = pytest.mark.real


def test_ages_go_on_and_the_page_says_that_it_is_stale(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "deploy"), now=NOW) as view:
        page = view.page
        given = page.locator("p.age")
        expect(given).to_contain_text("2011-08-24 10:12 UTC (3 minutes ago)")
        expect(given).to_contain_text("2011-08-24 10:27 UTC (in 12 minutes)")
        expect(page.locator("#late")).to_be_empty()
        view.at(snapshot().valid_until)
        expect(given).to_contain_text("(15 minutes ago)")
        expect(page.locator("#late")).to_be_empty()
        view.at(snapshot().valid_until + timedelta(seconds=5))
        expect(page.locator("#late")).to_have_text(
            "Stale: a newer answer was due 5 seconds ago. Load this page again."
        )
        assert page.title() == "stale: deploy r103 · stable"
        assert view.violations() == []


def test_the_index_says_that_it_is_stale(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(index_page([snapshot(), snapshot(branch="devel", valid_until=NOW)], CALM))
    with opened(browser, path, now=NOW) as view:
        expect(view.page.locator("#late")).to_be_empty()
        view.at(NOW + timedelta(minutes=2))
        expect(view.page.locator("#late")).to_contain_text("Stale: a newer answer was due 2 minutes ago")


def test_a_clock_that_is_behind_is_not_believed(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "deploy"), now=NOW - timedelta(hours=2)) as view:
        expect(view.page.locator("#late")).to_contain_text("Your clock and the shepherd's differ")


def test_ages_are_told_as_everywhere_else(browser: Browser, tmp_path: Path) -> None:
    spans = [0, 1, 59, 60, 119, 3599, 3600, 7200, 86400, 172799, 172800, 86400 * 729, 86400 * 730, 10**9]
    for seconds in spans:
        path = tmp_path / "one.html"
        given = snapshot(generated_at=NOW - timedelta(seconds=seconds), valid_until=NOW + timedelta(hours=1))
        path.write_text(branch_page(given, CALM))
        with opened(browser, path, now=NOW) as view:
            expect(view.page.locator("p.age .ago").first).to_have_text(f"({age(seconds)} ago)")


def test_who_keeps_it_open_can_let_it_reload_itself(browser: Browser, tmp_path: Path) -> None:
    path = written(tmp_path, "deploy")
    with opened(browser, path) as view:
        page = view.page
        page.clock.install(time=NOW)
        page.reload()
        path.write_text(branch_page(no_data(), CALM))
        page.clock.run_for(61_000)
        expect(page.locator("h1")).to_contain_text("deploy r103")
        page.get_by_label("Reload every minute").check()
        page.clock.run_for(61_000)
        expect(page.locator("h1")).to_contain_text("no data")
        expect(page.get_by_label("Reload every minute")).to_be_checked()


def test_whoever_points_at_a_time_sees_what_time_that_was_for_them(browser: Browser, tmp_path: Path) -> None:
    path = written(tmp_path, "deploy")
    context = browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    page = context.new_page()
    page.goto(path.as_uri())
    for place in ("p.age time >> nth=0", "#r103 td:last-child"):
        page.hover(place)
        expect(page.locator(place)).to_have_attribute("title", re.compile("GMT[+]9|Japan|JST"))
    assert "19:12:00" in (page.get_attribute("p.age time >> nth=0", "title") or "")
    context.close()
