"""The pages of all that is live in a real browser: reached from the box of the branch's page, by any name."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from shepherd.views.older import ListedName, list_page
from tests.inv import inv_here
from tests.project import Project
from tests.real.browser import NARROW, WIDE, View, opened

pytestmark = pytest.mark.real


class Site:
    """A report of 1,200 landings, of which all but the newest are live and too old to be listed."""

    def __init__(self, folder: Path) -> None:
        project = Project(folder, top='keep = "1s"', branch='deployed = { ref = "production" }\n')
        [root] = project.land("begin")
        self.side = project.repo.commit("[bug=7] side", parents=[root], branch="topic")
        self.merge = project.repo.merge("Merge pull request #12 from ann/<b>topic</b>", self.side)
        self.shas = project.land(*(f"landing {n} with a title that may wrap (#{n})" for n in range(3, 1200)))
        self.shas += project.land("[rollback=5] back", "not live yet")
        project.deploy(self.shas[-2])
        project.look()
        assert inv_here(folder, "archive", "report").code == 0
        self.page = folder / "var" / "report" / "stable.html"
        self.older = folder / "var" / "report" / "stable-older"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


def wanted(view: View, box: str, text: str) -> str:
    """What the branch's page leads to for these words."""
    view.page.locator(f"#filter input[name={box}]").fill(text)
    link = view.page.locator("#older a").first
    expect(link).to_be_visible()
    link.click()
    view.page.wait_for_url("**/stable-older/**")
    return str(view.page.locator("tr:target th").inner_text())


def test_the_box_leads_to_an_old_landing_by_any_name(browser: Browser, site: Site) -> None:
    for box, text, row in [
        ("branch", "r1", "r1"),
        ("branch", "R1000", "r1000"),
        ("branch", "1001", "r1001"),
        ("branch", site.merge, site.merge[:12]),
        ("branch", site.side[:7], site.side[:12]),
        ("bug", "7", "bug 7"),
        ("bug", "#12", "request #12"),
        ("bug", "1100", "request #1100"),
    ]:
        with opened(browser, site.page) as view:
            assert wanted(view, box, text) == row
            assert view.noise == []


def test_a_link_to_a_landing_that_has_left_the_page_leads_on(browser: Browser, site: Site) -> None:
    for revno, end in [(5, "r1-1000.html#r5"), (1001, "r1001-2000.html#r1001")]:
        with opened(browser, site.page, address=f"r{revno}") as view:
            view.page.wait_for_url(f"**/stable-older/{end}")
            expect(view.page.locator("tr:target th")).to_have_text(f"r{revno}")
            assert view.noise == []
    with opened(browser, site.page, address="r99999") as view:
        expect(view.page.locator("#found")).to_contain_text("r99999 is not on this page")


def test_a_branch_leads_to_its_list(browser: Browser, site: Site) -> None:
    with opened(browser, site.page) as view:
        view.page.locator("#filter input[name=branch]").fill("b>")
        view.page.locator("#older a").click()
        view.page.wait_for_url("**/stable-older/branch-b.html")
        expect(view.page.get_by_text("ann/<b>topic</b>")).to_be_visible()


def test_a_list_leads_to_the_landing_itself(browser: Browser, site: Site) -> None:
    with opened(browser, site.older / f"sha-{site.side[:2]}.html", address=f"c{site.side[:8]}") as view:
        view.page.locator("tr:target a").click()
        expect(view.page.locator("tr:target th")).to_have_text("r2")
        assert view.page.url.endswith("/r1-1000.html#r2")
        assert view.noise == []


def test_what_is_not_there_is_said(browser: Browser, site: Site) -> None:
    with opened(browser, site.page) as view:
        page = view.page
        for box, text in [("branch", "r1201"), ("branch", "99999"), ("bug", "5000"), ("branch", "nonsense")]:
            page.locator(f"#filter input[name={box}]").fill(text)
            expect(page.locator("#older")).to_be_empty()
            page.locator("#filter button[type=reset]").click()
    missing = "c" + site.side[:2] + "00000"
    with opened(browser, site.older / f"sha-{site.side[:2]}.html", address=missing) as view:
        expect(view.page.locator("#missing")).to_have_text(f"{missing[1:]} is not on this list.")


def test_few_digits_lead_to_no_commit_in_place_of_another(browser: Browser, tmp_path: Path) -> None:
    lines = [ListedName(f"c{sha}", sha, (at,)) for at, sha in enumerate(("abc123400000", "abc123411111"), 1)]
    place = tmp_path / "sha-ab.html"
    place.write_text(list_page("stable", "commits ab…", lines))
    with opened(browser, place, address="cabc1234") as view:
        said = view.page.locator("#missing")
        expect(said).to_have_text("2 commits begin with abc1234: abc123400000, abc123411111")
        said.get_by_role("link", name="abc123411111").click()
        expect(view.page.locator("tr:target th")).to_have_text("abc123411111")
        expect(said).to_be_empty()
        assert view.noise == []
    with opened(browser, place, address="cabc12341") as view:
        expect(view.page.locator("tr:target th")).to_have_text("abc123411111")
        expect(view.page.locator("#missing")).to_contain_text("begins with abc12341")


def test_without_script_links_are_enough(browser: Browser, site: Site) -> None:
    with opened(browser, site.page, script=False) as view:
        view.page.get_by_role("link", name="All that is live").first.click()
        view.page.get_by_role("link", name="r1 to r1000").click()
        expect(view.page.locator("#r5")).to_be_visible()
        view.page.locator("#r5 a[href$='#r1200']").click()
        assert view.page.url.endswith("/r1001-2000.html#r1200")
        view.page.get_by_role("link", name="stable", exact=True).click()
        view.page.wait_for_url("**/stable.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_page_is_accessible_quiet_and_fits(
    browser: Browser, site: Site, width: int, scheme: str
) -> None:
    names = ["index.html", "r1-1000.html", f"sha-{site.side[:2]}.html", "number-0.html", "branch-b.html"]
    for path in [site.page, *(site.older / name for name in names)]:
        with opened(browser, path, width=width, scheme=scheme) as view:
            assert view.violations() == [], path.name
            assert not view.overflows, path.name
            assert view.noise == [], path.name
