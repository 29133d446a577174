"""The page in a real browser: every state of it, light and dark, on a phone and on a wide screen."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from shepherd.situation import Maintenance, Situation
from shepherd.snapshot import Snapshot
from shepherd.values import age
from shepherd.views.page import branch_page, index_page
from tests.inv import inv
from tests.real.browser import NARROW, WIDE, View, opened
from tests.test_cautions import CASES
from tests.views.condition_looks import LOOKS as LOOKS_OF_CONDITIONS
from tests.views.factory import NOW, entry, every_progress, everything_wrong, no_data, rev, snapshot
from tests.views.test_acting import two_between
from tests.views.test_going_live import proposing
from tests.views.test_hostile import ATTACKS, around, everywhere

pytestmark = pytest.mark.real

CALM = Situation(now=NOW)
NOTHING_NEW = snapshot(answer="nothing-new", tip=rev(100), deployable=None, landings=(), blockers=())
LONG = snapshot(landings=tuple(entry(r, progress="waiting") for r in range(360, 100, -1)), tip=rev(360))
STATES: dict[str, tuple[Snapshot, Situation]] = {
    "deploy": (snapshot(), CALM),
    "blocked": (snapshot(answer="blocked", deployable=None), CALM),
    "nothing-new": (NOTHING_NEW, CALM),
    "no-data": (no_data(), CALM),
    "maintenance": (snapshot(), Situation(now=NOW, maintenance=Maintenance(NOW, "Ann", "upgrade"))),
    "everything": (every_progress(), everything_wrong()),
    "long": (LONG, CALM),
    "moves": (two_between(verdict_notes="refs/notes/qa"), CALM),
    **{f"caution {name}": (given, now) for name, (given, now, kinds) in CASES.items() if kinds},
    # the gallery has all of them
    **{
        f"caution condition {name}": LOOKS_OF_CONDITIONS[name]
        for name in ("failed", "stay-over-limit", "blocked-too", "frozen-often", "frozen-next")
    },
}
LINKS = [("All branches", "index.html")]
FEEDS = [("JSON", "stable.json"), ("Atom feed", "stable.atom")]


def written(folder: Path, state: str) -> Path:
    path = folder / f"{state}.html"
    if state == "index":
        path.write_text(index_page([snapshot(), no_data(branch="devel")], everything_wrong(), ["new"]))
    else:
        path.write_text(branch_page(*STATES[state], LINKS, FEEDS))
    return path


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


def test_a_hostile_address_is_only_text(browser: Browser, tmp_path: Path) -> None:
    path = written(tmp_path, "deploy")
    for address in (
        "person=<img src=x onerror=alert(1)>",
        "state=nonsense",
        "person=%ff%",
        "%",
        "=&=",
        "bug=)(",
    ):
        with opened(browser, path, now=NOW, address=address) as view:
            assert view.page.locator("h1").is_visible()
            assert view.noise == []


def rows(page: Page, count: int | None = None) -> list[str]:
    """The landings that are to be seen; `count`: once there are so many, since the page takes a moment."""
    shown = page.locator("table.l tbody tr:visible")
    if count is not None:
        expect(shown).to_have_count(count)
    return list(shown.evaluate_all("rows => rows.map(row => row.id)"))


def test_tables_that_are_not_compared_yet_show_nothing_and_follow(browser: Browser, tmp_path: Path) -> None:
    """At most 4,000 rows at once, so that the browser may draw; what is printed is complete."""
    revnos = range(5400, 100, -1)
    long = snapshot(landings=tuple(entry(r, progress="waiting") for r in revnos), tip=rev(5400))
    path = tmp_path / "long.html"
    path.write_text(branch_page(long, CALM))
    hits = sum(f"r{r}".startswith("r1") for r in revnos)
    typed = """(event) => {
      document.querySelector("[name=branch]").value = "r1";
      document.querySelector("#filter").dispatchEvent(new Event("input", { bubbles: true }));
      if (event) dispatchEvent(new Event(event));
      const seen = [...document.querySelectorAll("table.l tbody tr")].filter((row) => row.checkVisibility());
      const found = document.querySelector("#found").textContent;
      return [found, seen.every((row) => row.id.includes("r1")), seen.length];
    }"""
    with opened(browser, path, now=NOW) as view:
        said, only_hits, seen = view.page.evaluate(typed, "")
        assert re.fullmatch(r"[0-9]+ of the first [0-9]+ landings", said)
        assert only_hits and 0 < seen < hits
        expect(view.page.locator("#found")).to_have_text(f"{hits} of 5300 landings")
        view.page.locator("#filter button").click()
        said, only_hits, seen = view.page.evaluate(typed, "beforeprint")
        assert (said, only_hits, seen) == (f"{hits} of 5300 landings", True, hits)
        assert view.noise == []


def test_a_keyboard_is_enough_for_the_filter(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=everything_wrong().now) as view:
        page = view.page
        everything = rows(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Find your landings"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "person"
        page.keyboard.type("zoe")
        assert rows(page, 3) == ["r112", "r102", "r12"]
        expect(page.locator("#found")).to_have_text("3 of 15 landings")
        assert "filtered" in (page.locator("#picture").get_attribute("class") or "")
        page.wait_for_url("**#person=zoe")
        page.keyboard.press("Tab")
        page.keyboard.type("112")
        assert rows(page, 1) == ["r112"]
        page.keyboard.press("Tab")
        page.keyboard.type("99999")
        assert rows(page, 0) == []
        expect(page.locator("#none")).to_contain_text("for older ones ask inv explain")
        for name in ("mover", "state", ""):
            page.keyboard.press("Tab")
            assert (page.evaluate("document.activeElement.name") or "") == name
        page.keyboard.press("Enter")
        page.wait_for_url("**#landings")
        assert rows(page, len(everything)) == everything
        assert view.noise == []


@pytest.mark.parametrize(
    ("then", "shown"),
    [
        ("link.click(); type('zoe')", ["r112", "r102", "r12"]),
        ("type('zoe'); link.click()", None),
    ],
    ids=["words after the link stay", "a link after the words clears them"],
)
def test_the_later_of_link_and_words_counts(
    browser: Browser, tmp_path: Path, then: str, shown: list[str] | None
) -> None:
    """The browser tells of a followed link later, on a busy machine after the next keys."""
    with opened(browser, written(tmp_path, "everything"), now=everything_wrong().now) as view:
        page = view.page
        everything = rows(page)
        page.evaluate(
            "async () => { const link = document.querySelector('a[href=\"#landings\"]');"
            " const person = document.forms.filter.elements.person;"
            " const type = (words) => { person.value = words;"
            " person.dispatchEvent(new Event('input', { bubbles: true })) };"
            f" {then};"
            " await new Promise((told) => addEventListener('hashchange', told, { once: true }));"
            # the page brings the words into the address 0.3 s after the last key
            " await new Promise((written) => setTimeout(written, 350)) }"
        )
        assert rows(page) == (shown or everything)
        assert page.url.endswith("#person=zoe" if shown else "#landings")
        if shown is None:
            page.go_back()
            assert rows(page, 3) == ["r112", "r102", "r12"]
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


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("person=zo%C3%AB", ["r112", "r102", "r12"]),
        ("person=ZO%C3%8B&state=waiting", ["r112"]),
        ("person=nobody%20known&state=bad", ["r104", "r99"]),
        ("person=cole", ["r115"]),
        ("person=olga", []),
        ("state=needs-qa", ["r109"]),
        ("mover=ann", ["r110"]),
        ("mover=operators", ["r111"]),
        ("mover=zo%C3%AB&state=bad", ["r104"]),
        ("bug=800109", ["r109"]),
        ("bug=12", ["r109"]),
        ("branch=bug-800110", ["r110"]),
        ("branch=r115", ["r115"]),
        ("branch=thing%20114", ["r114"]),
        ("branch=no%20such%20thing", []),
    ],
)
def test_a_filter_is_shared_by_its_address(
    browser: Browser, tmp_path: Path, address: str, shown: list[str]
) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW, address=address) as view:
        assert rows(view.page, len(shown)) == shown
        assert view.noise == []


def test_links_to_a_landing_lead_there_past_the_filter_and_back(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW, address="person=ann") as view:
        page = view.page
        page.locator('#blockers a[href="#r104"]').click()
        expect(page.locator("#r104")).to_be_in_viewport()
        page.go_back()
        expect(page.locator("#r104")).to_be_hidden()
        page.locator('.key a[href="#state=bad"]').click()
        assert rows(page, 2) == ["r104", "r99"]
        assert view.noise == []


def test_a_mark_in_the_picture_leads_to_its_row(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW) as view:
        view.page.locator('.tiles a[href="#r104"]').click()
        expect(view.page.locator("#r104")).to_be_in_viewport()


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


@pytest.mark.parametrize("width", [360, 1280])
def test_the_index_finds_a_person_on_every_branch(browser: Browser, tmp_path: Path, width: int) -> None:
    path = tmp_path / "index.html"
    path.write_text(index_page([snapshot(), replace(every_progress(), branch="devel")], CALM))
    with opened(browser, path, now=NOW, width=width) as view:
        people = view.page.locator("#people tbody tr")
        assert not people.first.is_visible()
        view.page.get_by_label("Person").fill("zizek")
        expect(view.page.locator("#met")).to_have_text("1 of 6 people")
        expect(people.filter(visible=True)).to_contain_text("Zoë Žižek")
        links = people.filter(visible=True).get_by_role("link", name=re.compile("^(stable|devel)$"))
        assert [each.get_attribute("href") for each in links.all()] == [
            f"{branch}.html#person=Zo%C3%AB%20%C5%BDi%C5%BEek" for branch in ("stable", "devel")
        ]
        view.page.get_by_label("Person").blur()
        assert view.page.url.endswith("index.html#person=zizek")
        assert view.violations() == [] and not view.overflows
        view.page.get_by_role("button", name="Show all").click()
        expect(people.filter(visible=True)).to_have_count(6)
        view.page.goto(f"{path.as_uri()}#person=ann")
        expect(view.page.locator("#met")).to_have_text("1 of 6 people")


def test_without_script_the_index_lists_everybody(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(index_page([snapshot(), replace(every_progress(), branch="devel")], CALM))
    with opened(browser, path, script=False) as view:
        assert not view.page.locator("#who form").is_visible()
        view.page.locator("#people summary").click()
        expect(view.page.locator("#people tbody tr").filter(visible=True)).to_have_count(6)


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


def test_what_is_promoted_and_bad_is_found_by_both(browser: Browser, tmp_path: Path) -> None:
    for word in ("promoted", "bad"):
        path = written(tmp_path, "caution promoted-bad")
        with opened(browser, path, now=NOW, address=f"state={word}") as view:
            assert "r104" in rows(view.page)


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


def test_a_person_is_a_link_to_their_landings(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW) as view:
        view.page.locator("#persons summary").click()
        view.page.get_by_role("link", name="Zoë Žižek", exact=True).click()
        assert rows(view.page, 3) == ["r112", "r102", "r12"]
        assert view.noise == []


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
