"""The page in a real browser: every state of it, light and dark, on a phone and on a wide screen, printed
and without script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from shepherd.views.page import branch_page, index_page
from tests.inv import inv
from tests.real.browser import NARROW, WIDE, View, opened
from tests.real.pages import CALM, FEEDS, LINKS, STATES, rows, written
from tests.views.factory import NOW, entry, every_progress, everything_wrong, rev, snapshot
from tests.views.test_hostile import ATTACKS, around, everywhere

pytestmark = pytest.mark.real

LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (WIDE, NARROW)]
VIEWS = [
    (state, *look)
    for state in [*STATES, "index"]
    if state != "long"
    # of those that differ in a sentence and a colour two looks show all there is
    for look in (LOOKS[::3] if state.startswith("caution") else LOOKS)
]


@pytest.mark.parametrize(("state", "scheme", "width"), [*VIEWS, ("long", "dark", NARROW)])
def test_every_state_is_accessible_quiet_and_fits(
    browser: Browser, tmp_path: Path, state: str, scheme: str, width: int
) -> None:
    late = STATES.get(state, (None, everything_wrong()))[1].now
    with opened(browser, written(tmp_path, state), now=late, width=width, scheme=scheme) as view:
        for details in view.page.locator("details").all():
            details.evaluate("each => { each.open = true }")
        assert view.violations() == []
        assert not view.overflows
        # as far apart as readers may set letters, words and lines (WCAG 1.4.12)
        view.page.evaluate(
            "for (const [name, value] of [['letter-spacing', '.12em'], ['word-spacing', '.16em'],"
            " ['line-height', '1.5']]) document.body.style.setProperty(name, value)"
        )
        assert not view.overflows
        assert view.noise == []


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_text_does_nothing_and_fits(browser: Browser, tmp_path: Path, name: str) -> None:
    said = ATTACKS[name]
    path = tmp_path / "hostile.html"
    for width in (WIDE, NARROW):
        for url in ("no address", "javascript:alert(1)"):
            text = branch_page(everywhere(said, url), around(said), LINKS, FEEDS)
            path.write_bytes(text.encode("utf-8", "replace"))
            with opened(browser, path, now=NOW, width=width) as view:
                for link in view.page.locator("main a:visible").all()[:20]:
                    link.click()
                assert not view.overflows
                assert view.page.locator("table.l tbody tr").count() == 1
                assert view.noise == []


def test_whatever_has_the_focus_is_seen_to_have_it(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "deploy"), now=NOW) as view:
        seen = 0
        view.page.keyboard.press("Tab")
        while (tag := view.page.evaluate("document.activeElement.tagName")) != "BODY" and seen < 100:
            style, hidden = view.page.evaluate(
                "(() => { const e = document.activeElement, box = e.getBoundingClientRect(); return"
                " [getComputedStyle(e).outlineStyle, box.bottom < 0 || box.top > innerHeight] })()"
            )
            assert style != "none" and not hidden, tag
            view.page.keyboard.press("Tab")
            seen += 1
        assert seen > 10


def test_without_script_the_index_lists_everybody(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(index_page([snapshot(), replace(every_progress(), branch="devel")], CALM))
    with opened(browser, path, script=False) as view:
        assert not view.page.locator("#who form").is_visible()
        view.page.locator("#people summary").click()
        expect(view.page.locator("#people tbody tr").filter(visible=True)).to_have_count(6)


def test_without_script_everything_stands(browser: Browser, tmp_path: Path) -> None:
    late = everything_wrong().now
    with opened(browser, written(tmp_path, "everything"), now=late, script=False) as view:
        page = view.page
        assert "2011-08-24 10:12 UTC" in page.locator("p.age").inner_text()
        assert "ago" not in page.locator("header").inner_text()
        assert not page.locator("#filter").is_visible()
        assert not page.get_by_role("button").all()
        page.locator("#persons summary").click()
        table = page.locator("#persons").inner_text()
        assert "Zoë Žižek" in table and "needs your QA" in table
        assert len(rows(page, 15)) == 15
        assert view.noise == []


def test_without_script_every_link_inside_the_page_leads_somewhere(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW, script=False) as view:
        links = view.page.locator('a[href^="#"]').evaluate_all(
            "all => all.map(each => each.getAttribute('href').slice(1))"
        )
        ids = view.page.locator("[id]").evaluate_all("all => all.map(each => each.id)")
        assert links and set(links) <= set(ids)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_page_is_about_as_high_as_the_browser_takes_it_for(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    landings = tuple(entry(r, progress="waiting") for r in range(1300, 100, -1))
    path = tmp_path / "high.html"
    path.write_text(branch_page(snapshot(landings=landings, tip=rev(1300)), CALM))
    height = "document.documentElement.scrollHeight"
    with opened(browser, path, now=NOW, width=width) as view:
        taken = view.page.evaluate(height)
        view.page.evaluate(
            "document.querySelectorAll('.part').forEach(part => part.style.contentVisibility = 'visible')"
        )
        true = view.page.evaluate(height)
        assert true > 50_000
        assert abs(taken - true) < 0.15 * true
        view.page.locator("#filter [name=person]").fill("nobody at all")
        expect(view.page.locator("#none")).to_be_visible()
        box = view.page.locator("#landings").bounding_box()
        assert box is not None and box["height"] < 2_000


def test_20_000_landings_are_a_picture_of_less_than_two_screens(browser: Browser, tmp_path: Path) -> None:
    landings = tuple(
        entry(r, progress="needs-qa" if r % 5 else "waiting", title="x") for r in range(20_100, 100, -1)
    )
    path = tmp_path / "picture.html"
    path.write_text(branch_page(snapshot(landings=landings, tip=rev(20_100)), CALM))
    with opened(browser, path, now=NOW, width=360) as view:
        box = view.page.locator("#picture").bounding_box()
        assert box is not None and box["height"] < 2 * 740


def test_a_mark_is_as_large_as_a_finger_needs_it(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW, width=360) as view:
        sizes = view.page.locator(".tiles a").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect()).map(box => [box.width, box.height])"
        )
        assert len(sizes) == 12
        assert min(min(size) for size in sizes) >= 24


def test_it_prints(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW, width=800) as view:
        view.page.emulate_media(media="print")
        assert not view.page.locator("#filter").is_visible()
        assert view.page.locator("#r12").is_visible()
        assert view.page.locator("header .branch").is_visible()
        assert "2011-08-24 10:12 UTC" in view.page.locator("header").inner_text()
        assert "ago" not in view.page.locator("header p.age").inner_text()
        assert not view.overflows
        assert view.page.pdf().startswith(b"%PDF")


def test_the_demo(browser: Browser, tmp_path: Path) -> None:
    assert inv(tmp_path, "demo", "--directory", str(tmp_path / "demo")).code == 0
    for name in ("stable.html", "index.html"):
        with opened(browser, tmp_path / "demo" / "var" / "report" / name) as view:
            expect(view.page.locator("body")).to_contain_text("deploy r28")
            assert view.violations() == []
            assert view.noise == []
            # 40 landings; twice as much was too much to carry to a meeting
            assert len(re.findall(rb"/Type\s*/Page\b(?!s)", view.page.pdf(format="A4"))) <= 5


def test_a_view_hears_what_a_page_does(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "loud.html"
    path.write_text(
        "<!DOCTYPE html><title>x</title><script>console.log(1);alert(2)</script><img src=http://127.0.0.1:9/>"
    )
    with opened(browser, path) as view:
        heard = " ".join(view.noise)
        assert "console: 1" in heard and "dialog: 2" in heard and "request: http://127.0.0.1:9/" in heard
        assert any("image-alt" in each for each in view.violations())
        assert isinstance(view, View)
