"""Finding landings and people on the page in a real browser: by keyboard, by address, by links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from shepherd.views.page import branch_page, index_page
from tests.real.browser import opened
from tests.real.pages import CALM, rows, written
from tests.views.factory import NOW, entry, every_progress, everything_wrong, rev, snapshot

pytestmark = pytest.mark.real


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


def test_what_is_promoted_and_bad_is_found_by_both(browser: Browser, tmp_path: Path) -> None:
    for word in ("promoted", "bad"):
        path = written(tmp_path, "caution promoted-bad")
        with opened(browser, path, now=NOW, address=f"state={word}") as view:
            assert "r104" in rows(view.page)


def test_a_person_is_a_link_to_their_landings(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, "everything"), now=NOW) as view:
        view.page.locator("#persons summary").click()
        view.page.get_by_role("link", name="Zoë Žižek", exact=True).click()
        assert rows(view.page, 3) == ["r112", "r102", "r12"]
        assert view.noise == []
