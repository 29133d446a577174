"""What the pages say of checks and limits: in the head, in the rows, and in a section of their own."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shepherd.snapshot import LimitTouch, Snapshot
from shepherd.views.condition_html import LISTED, check_link, check_list, in_few_words
from shepherd.views.page import branch_page, index_page
from shepherd.views.rows import Rows
from shepherd.views.what_else import SHOWN, what_else
from tests.views import condition_looks as looks
from tests.views.condition_looks import CALM, FAILED, OVER, PASSED, RUNNING, check, many_red, waiter, waits
from tests.views.factory import NOW, entry, every_progress, rev, snapshot
from tests.views.reader import Reader


def head(given: Snapshot) -> str:
    page = branch_page(given, CALM)
    return Reader(page[page.index("<header") : page.index("</header>")]).text


def row(given: Snapshot, revno: int = 106) -> str:
    found = next(each for each in given.landings if each.revno == revno)
    return str(Rows(given).render([found]))


def test_the_head_says_what_the_newest_waits_for_and_links_it() -> None:
    given = waits(RUNNING, PASSED)
    assert "r106 waits for ci/build (running since 2011-08-24 10:12 UTC)." in head(given)
    page = branch_page(given, CALM)
    link = f'<a rel="noopener" href="{looks.BUILD}"><bdi>ci/build</bdi></a>'
    assert link in page[page.index('<p class="waits">') : page.index("</header>")]


def test_where_checks_alone_keep_everything_back_the_headline_says_so() -> None:
    page = branch_page(looks.stays(RUNNING), CALM)
    headline = page[page.index("<h1>") : page.index("</h1>")]
    assert Reader(headline).text.startswith("stay at r100: r106 waits for ci/build (running since 2011")
    assert f'href="{looks.BUILD}"' in headline
    assert "blocked by" not in page
    assert '<p class="waits">' not in page


def test_a_limit_is_told_with_the_landings_that_count() -> None:
    assert f"r106 has to wait: {OVER}" in head(waits(over=(OVER,)))


def test_where_a_blocker_is_cleared_its_checks_are_not_promised() -> None:
    page = Reader(branch_page(looks.blocked_too(), CALM)).text
    assert "is cleared, you get r106, if its checks pass." in page
    assert "1 more landing, up to r106, if its checks pass" in page


def test_the_page_of_all_branches_does_not_say_that_nothing_blocks_where_a_condition_does() -> None:
    page = index_page([looks.stays(RUNNING)], CALM)
    assert "no landing; r106 waits for checks" in Reader(page).text
    limited = looks.stays(over=(OVER,))
    limited = replace(limited, landings=tuple(each for each in limited.landings if each.revno == 106))
    assert "no landing; r106 is over a limit" in Reader(index_page([limited], CALM)).text
    both = replace(waits(over=(OVER,)), blockers=())
    assert "no landing; r105 waits for checks" in Reader(index_page([both], CALM)).text
    assert '<td data-label="What blocks">nothing' not in page


@pytest.mark.parametrize("given", [snapshot(), every_progress()], ids=["plain", "everything"])
def test_without_checks_and_limits_a_page_says_nothing_of_them(given: Snapshot) -> None:
    reader = Reader(branch_page(given, CALM))
    assert what_else(given) is None
    assert "conditions" not in reader.ids
    assert not {"waits", "checks", "kept", "q"} & set(reader.classes)


def test_a_row_has_what_it_waits_for_and_all_its_checks_with_links() -> None:
    text = Reader(html := row(waits(FAILED, RUNNING, PASSED))).text
    assert "waits for ci/lint, ci/build" in text
    assert "waits for ci/lint (failed at 2011-08-24 10:12 UTC) and ci/build (running since" in text
    assert "3 checks: 1 passed, 1 not yet, 1 failed" in text
    assert "passed ci/units success at 2011-08-24 10:12 UTC" in text
    assert {each.url for each in (FAILED, RUNNING, PASSED)} < set(Reader(html).links)


def test_one_that_waits_for_a_single_check_needs_no_list_of_it() -> None:
    assert "<details>" not in row(waits(RUNNING))
    assert "<details>" in row(waits(PASSED), 103)


def test_a_row_has_the_limits_that_it_counts_for_and_who_else_does() -> None:
    assert (
        "changes database/schema/patch-2209-2.sql: counts for a limit, at most 1 in one deployment"
        " (one schema change a day); also r104" in Reader(row(waits(RUNNING))).text
    )


def test_a_rollback_counts_only_where_what_it_undoes_is_live() -> None:
    back = waiter(106, RUNNING, touches=(LimitTouch(0, ("a.sql",), undoes_from=101),))
    given = waits(RUNNING, landings=(back, entry(103)))
    text = Reader(branch_page(given, CALM)).text
    assert "changes a.sql back: counts for a limit only if what it undoes is live" in text
    assert "Not live yet and counted: none." in text


def test_a_landing_that_others_block_as_well_names_these_first() -> None:
    blocked = waiter(106, over=(OVER,), blocked_by=(104,), blocked_by_count=1)
    given = waits(landings=(blocked, entry(104, good=False, state="bad", progress="bad")), waits=None)
    text = Reader(row(given)).text
    assert "behind r104" in text
    assert OVER in text
    assert in_few_words(blocked) == ""


def test_what_must_wait_says_for_which_check() -> None:
    text = Reader(branch_page(waits(RUNNING), CALM)).text
    assert re.search(r"Must wait \(3\) r104 .* waits for ci/lint r105 .* waits for ci/lint r106 ", text)
    assert "waits for ci/build Not live yet, at a glance" in text


def test_the_section_lists_what_is_needed_and_groups_what_lacks_the_same() -> None:
    section = what_else(waits(RUNNING, PASSED))
    assert section is not None
    assert [Reader(each).text for each in section.asked] == [
        "These checks must hold on its own commit: ci/build, ci/*.",
        "One deployment may bring at most 1 landing that touches database/schema/patch-*.sql:"
        " one schema change a day. Not live yet and counted: r104, r106.",
    ]
    assert [(each.newest, each.span, each.more) for each in section.kept_back] == [
        (106, "r106", ""),
        (105, "r104 to r105", "2 landings"),
    ]
    assert "2 checks: 2 passed" in section.deployable


def test_300_red_ones_are_a_short_section() -> None:
    given = many_red(300)
    section = what_else(given)
    assert section is not None
    assert len(section.kept_back) == 7
    assert len(section.shown) == SHOWN
    assert sum(int((each.more or "1").split()[0]) for each in section.kept_back) == 300
    page = branch_page(given, CALM)
    plain = replace(given, landings=tuple(replace(each, conditions=(), checks=()) for each in given.landings))
    assert len(page) - len(branch_page(plain, CALM)) < 300 * 120


def test_a_thousand_different_ones_are_folded_and_cut() -> None:
    red = tuple(waiter(r, check(f"ci/{r}", "no")) for r in range(1100, 100, -1))
    given = waits(tip=rev(1100), waits=rev(1100), deployable=rev(100), landings=red)
    section = what_else(given)
    assert section is not None
    assert (len(section.shown), len(section.folded), section.unlisted) == (5, 45, 950)
    assert "And 950 more, in the list below." in Reader(branch_page(given, CALM)).text


def test_a_landing_with_very_many_checks_lists_some() -> None:
    many = [check(f"ci/{number}", "holds") for number in range(500)]
    html = check_list(many)
    assert html.count("<li>") == LISTED + 1
    assert "500 checks: 500 passed" in html
    assert "and 450 more" in html


@pytest.mark.parametrize(
    ("url", "followed"),
    [
        ("https://ci.example.org/1", True),
        ("http://ci.example.org/1?a=%22", True),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)", False),
        ("data:text/html,x", False),
        ("//ci.example.org", False),
        ("https://ci.example.org/\u202e", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str, followed: bool) -> None:
    assert Reader(check_link(check(url=url))).links == ([url] if followed else [])


def test_the_page_of_all_branches_says_it_and_links_to_the_branch_s_page() -> None:
    page = index_page([waits(RUNNING)], CALM)
    assert "r106 waits for ci/build (running since 2011-08-24 10:12 UTC" in Reader(page).text
    assert "./stable.html#r106" in Reader(page).links
    assert looks.BUILD in Reader(page).links


def test_an_answer_that_knows_no_conditions_is_shown_as_before() -> None:
    """A snapshot of a release without them, and one whose candidate is not listed."""
    given = waits(RUNNING, landings=(entry(103),))
    text = Reader(branch_page(given, CALM)).text
    assert "deploy r103" in text
    assert "Nothing blocks these" not in text


def test_a_check_without_a_time_is_told_without_one() -> None:
    assert "waits for ci/docs (not reported yet)" in head(waits(looks.ABSENT))


def test_what_could_not_be_read_is_said_so() -> None:
    """The reason is said where the check is listed, and not in the headline, which has it for each check."""
    page = branch_page(looks.stays(looks.UNREAD), CALM)
    headline = Reader(page[page.index("<h1>") : page.index("</h1>")]).text
    assert "r106 waits for ci/* (could not be read)" in headline
    assert "HTTP 500" in Reader(page).text


def test_the_section_does_not_depend_on_the_situation() -> None:
    given = waits(RUNNING)
    later = replace(CALM, now=NOW + timedelta(minutes=5))
    pages = [branch_page(given, each) for each in (CALM, later)]
    parts = [re.findall(r'<section id="conditions">.*?</section>', page, re.DOTALL) for page in pages]
    assert parts[0] == parts[1] != []


def test_what_goes_out_with_a_newer_landing_waits_for_nothing() -> None:
    """r102 is red and r103 green: r102 goes with r103."""
    red = waiter(102, FAILED, progress="deployable")
    given = waits(RUNNING, landings=(waiter(106, RUNNING), entry(103), red))
    assert "waits for" not in Reader(row(given, 102)).text
    section = what_else(given)
    assert section is not None
    assert [each.newest for each in section.kept_back] == [106]


def test_the_picture_says_it_too() -> None:
    assert ": waiting, QA ok, waits for ci/build</title>" in branch_page(waits(RUNNING), CALM)
