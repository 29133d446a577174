"""Keys in a real browser: the filter takes them as they are typed, and leads to old landings by them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.inv import inv_here
from tests.project import Project
from tests.real.browser import opened
from tests.real.test_older import Site, wanted

pytestmark = pytest.mark.real


class KeyedSite(Site):
    """A report of eight landings, of which six are live and too old to be listed."""

    def __init__(self, folder: Path) -> None:
        marks = 'marks = ["brackets", "keys"]\n'
        project = Project(folder, branch=marks, tracker='keys = ["ABC", "WEB"]\n', top='keep = "1s"')
        titles = ("begin", "ABC-1: one", "ABC-12: two", "[bug=12] three", "WEB-1: four", "ABC-1002: five")
        shas = project.land(*titles, "ABC-2: not live", "XABC-2, WEB-1: nor this")
        project.deploy(shas[5])
        project.look()
        assert inv_here(folder, "archive", "report").code == 0
        self.page = folder / "var" / "report" / "stable.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> KeyedSite:
    return KeyedSite(tmp_path_factory.mktemp("keyed"))


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("ABC-1", "ABC-1"),
        ("abc-1", "ABC-1"),
        ("bug:web-1", "WEB-1"),
        ("ABC-1002", "ABC-1002"),
        ("12", "bug 12"),
    ],
)
def test_the_box_leads_to_an_old_landing_by_its_key(
    browser: Browser, site: KeyedSite, typed: str, row: str
) -> None:
    with opened(browser, site.page) as view:
        assert wanted(view, "bug", typed) == row
        assert view.noise == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [("ABC-2", "1 of"), ("abc-", "1 of"), ("web-1", "1 of"), ("ABC-3", "0 of"), ("XABC-2", "1 of")],
)
def test_the_box_finds_landings_of_the_page_by_their_key(
    browser: Browser, site: KeyedSite, typed: str, found: str
) -> None:
    with opened(browser, site.page) as view:
        box = view.page.locator("#filter input[name=bug]")
        assert box.evaluate("box => box.inputMode") == ""
        box.fill(typed)
        expect(view.page.locator("#found")).to_contain_text(found)
        assert view.noise == []


def test_a_list_says_that_a_key_is_not_on_it(browser: Browser, site: KeyedSite) -> None:
    listed = site.page.parent / "stable-older" / "number-0.html"
    with opened(browser, listed, address="ABC-99") as view:
        expect(view.page.locator("#missing")).to_have_text("ABC-99 is not on this list.")
        assert view.noise == []
