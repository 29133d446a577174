"""The page of trends in a browser: accessible, quiet, no wider than the screen, whole without script and on
paper."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from shepherd.situation import Situation
from shepherd.trends.of_branch import BranchTrends
from shepherd.views.trends_page import trends_page
from tests.real.browser import NARROW, WIDE, opened
from tests.views.factory import snapshot
from tests.views.made_trends import both, busy, period, trends

pytestmark = pytest.mark.real
QUIET = trends(period(date(2026, 11, 23), over=False))
PAGES = {
    "busy": both(),
    "many": BranchTrends(busy(scale=100), busy("month", 24, scale=100), busy().whole),
    "first day": BranchTrends(QUIET, QUIET, QUIET.whole),
    "not known": None,
}


def written(folder: Path, name: str) -> Path:
    path = folder / "stable.trends.html"
    branch = "release/" + "2026-11-for-all-customers-" * 8 if name == "many" else "stable"
    path.write_text(trends_page(snapshot(branch=branch), PAGES[name], Situation()), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    ("name", "scheme"),
    [("busy", "light"), ("busy", "dark"), ("many", "light"), ("first day", "light"), ("not known", "dark")],
)
def test_it_is_accessible_quiet_and_fits(
    browser: Browser, tmp_path: Path, name: str, scheme: str, width: int
) -> None:
    with opened(browser, written(tmp_path, name), scheme=scheme, width=width) as view:
        for folded in view.page.locator("details").all():
            folded.evaluate("it => it.open = true")
        assert view.violations() == []
        assert not view.overflows
        assert view.noise == []
        view.page.emulate_media(media="print")
        assert not view.overflows


def test_without_script_all_is_there(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "busy"), script=False) as view:
        assert view.page.locator("svg[role=img]").first.is_visible()
        assert view.page.get_by_text("In these weeks: Half of 500 landings").is_visible()
        view.page.locator("summary").first.click()
        assert view.page.get_by_role("img", name="Deployments by month").is_visible()


def test_numbers_are_reached_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "busy")) as view:
        table = view.page.get_by_role("region", name="Deployments by week: numbers")
        for _ in range(10):
            view.page.keyboard.press("Tab")
            if table.evaluate("it => it === document.activeElement"):
                break
        view.page.keyboard.press("End")
        oldest = table.get_by_role("rowheader", name="2026-06-01")
        view.page.wait_for_function(
            "([it, box]) => it.getBoundingClientRect().bottom <= box.getBoundingClientRect().bottom + 1",
            arg=[oldest.element_handle(), table.element_handle()],
        )


def test_on_paper_no_number_is_cut_off(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "busy")) as view:
        view.page.emulate_media(media="print")
        for box in view.page.locator("section > .trend .numbers").all():
            assert box.evaluate(
                "it => it.scrollHeight <= it.clientHeight + 1 && it.scrollWidth <= it.clientWidth + 1"
            )


def test_marks_are_drawn_in_every_light(browser: Browser, tmp_path: Path) -> None:
    """A hatching whose pattern is not there would be nothing at all."""
    with opened(browser, written(tmp_path, "busy"), scheme="dark") as view:
        hatched = view.page.locator("#deployments svg path.n").first
        assert hatched.evaluate("it => getComputedStyle(it).fill") == 'url("#unknown")'
        assert (
            view.page.locator("pattern#unknown path").evaluate("it => getComputedStyle(it).stroke") != "none"
        )
        bars = view.page.locator("#deployments svg path.b").first
        assert bars.evaluate("it => getComputedStyle(it).fill") == "rgb(121, 184, 255)"
