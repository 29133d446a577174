"""What the page lets a reader copy in a real browser, as long as it may be acted on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from shepherd.situation import Situation
from shepherd.views.page import branch_page
from tests.real.browser import NARROW, WIDE, opened
from tests.real.pages import FEEDS, LINKS, STATES, written
from tests.views.factory import NOW, rev, snapshot
from tests.views.test_going_live import proposing

pytestmark = pytest.mark.real


def test_the_whole_sha_is_copied(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "deploy"), now=NOW) as view:
        view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        view.page.get_by_role("button", name="Copy the SHA").click()
        expect(view.page.locator(".copied")).to_have_text("copied")
        assert view.page.evaluate("navigator.clipboard.readText()") == rev(103).id


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_commands_are_copied_as_they_are_and_no_option_is_torn_apart(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    with opened(browser, written(tmp_path, "moves"), width=width) as view:
        view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        codes = view.page.locator("#blockers code")
        for number, button in enumerate(view.page.locator("#blockers button.copy").all()):
            button.click()
            expect(button).to_have_text("Copied")
            shown = codes.nth(number).inner_text().replace("…", "...")
            copied = view.page.evaluate("navigator.clipboard.readText()")
            assert copied == " ".join(shown.split()) and copied.isascii()
        lines = "all => all.map(each => each.getClientRects().length)"
        assert set(view.page.locator("code span").evaluate_all(lines)) == {1}


def test_a_tab_that_has_grown_old_copies_nothing(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "deploy"), now=NOW) as view:
        page = view.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("navigator.clipboard.writeText('before')")
        button = page.get_by_role("button", name="Copy the SHA")
        # the clock goes on while the tab sleeps: no timer of the page has run since
        page.clock.set_fixed_time(snapshot().valid_until + timedelta(seconds=1))
        page.evaluate("document.querySelector('[data-copy]').click()")
        expect(page.locator(".copied")).to_have_text(
            "not copied: the answer may have changed, load this page again"
        )
        expect(button).to_be_disabled()
        assert page.evaluate("navigator.clipboard.readText()") == "before"
        assert "9a6700" in (page.locator("link[rel=icon]").get_attribute("href") or "")
        heading = "getComputedStyle(document.querySelector('h1'), '::before').content"
        assert page.evaluate(heading) == '"Stale: "'


def test_what_goes_live_is_copied_as_text_and_as_markdown(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "deploy"), now=NOW) as view:
        page = view.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy as text").click()
        expect(page.locator(".taken")).to_have_text("copied")
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.startswith("stable: Goes live with r103 (3)\n\nr101  Make the thing number 101")
        assert text.endswith(f"\n\n{rev(103).id}\n")
        page.get_by_role("button", name="Copy as Markdown").click()
        markdown = "- ~~Make the thing number 101 work when it rains~~ (r101, Bob Builder,"
        copied = "(want) => navigator.clipboard.readText().then((text) => text.includes(want))"
        page.wait_for_function(copied, arg=markdown)
        copied_text = page.evaluate("navigator.clipboard.readText()")
        assert "[bug 800101](https://bugs.example.org/bugs/800101), rolled back by r102)" in copied_text
        # the tab sleeps until the answer is old
        page.clock.set_fixed_time(snapshot().valid_until + timedelta(seconds=1))
        page.get_by_role("button", name="Copy as text").click()
        expect(page.locator(".taken")).to_have_text(
            "not copied: the answer may have changed, load this page again"
        )
        assert page.evaluate("navigator.clipboard.readText()") == copied_text


def test_what_stops_being_live_is_copied_apart_and_a_title_begins_no_list(
    browser: Browser, tmp_path: Path
) -> None:
    given = proposing(101, 102, 103, taken_out=(100,))
    landings = tuple(replace(e, title="   1. One") if e.revno == 101 else e for e in given.landings)
    path = tmp_path / "stable.html"
    path.write_text(branch_page(replace(given, landings=landings), Situation(now=NOW), LINKS, FEEDS))
    with opened(browser, path, now=NOW) as view:
        page = view.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy as text").click()
        expect(page.locator(".taken")).to_have_text("copied")
        before, _, after = page.evaluate("navigator.clipboard.readText()").partition(
            "\n\nRolled back by it:\n"
        )
        assert [each.split()[0] for each in before.splitlines()[2:]] == ["r101", "r102", "r103"]
        assert "r101  1. One (" in before
        assert after.split()[0] == "r100"
        page.get_by_role("button", name="Copy as Markdown").click()
        copied = "(want) => navigator.clipboard.readText().then((text) => text.includes(want))"
        page.wait_for_function(copied, arg="- 1\\. One (r101,")
        assert "\n\nRolled back by it:\n\n- ~~" in page.evaluate("navigator.clipboard.readText()")


def test_where_nothing_may_be_deployed_nothing_can_be_copied(browser: Browser, tmp_path: Path) -> None:
    for kind in ("unread", "stale", "hotfix", "no-data"):
        state = f"caution {kind}"
        with opened(browser, written(tmp_path, state), now=STATES[state][1].now) as view:
            assert not view.page.get_by_role("button", name="Copy the SHA").all()
            assert not view.page.get_by_role("button", name="Copy as").all()
            assert view.page.locator("h1 code").count() == 0
