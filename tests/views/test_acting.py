"""What a reader of the page can follow, copy and run."""

from __future__ import annotations

import re

from shepherd.sentence import Part, Sentence, revision, statement
from shepherd.situation import Situation
from shepherd.snapshot import Blocker, Snapshot, StairStep
from shepherd.views import text
from shepherd.views.acting import Acting, code
from shepherd.views.note_lines import REFUSED, note_line
from shepherd.views.page import branch_page
from tests.views.factory import NOW, entry, rev, sha, snapshot
from tests.views.reader import Reader, parts

CALM = Situation(now=NOW)
QA = "refs/notes/qa"


def waiting(revno: int, *blocked_by: int) -> dict[str, object]:
    """An entry that needs QA."""
    then = statement(f"verdict r{revno} ok")
    mark = Sentence("try it, then mark bug ", Part("item", str(800000 + revno)), " qa-ok, or: ", then)
    return {
        "progress": "needs-qa",
        "state": "needstesting",
        "good": False,
        "deployable_as_tip": False,
        "blocked_by": blocked_by,
        "blocked_by_count": len(blocked_by),
        "whose_move": f"Ann {revno}",
        "remedy": mark,
    }


def two_between(**changes: object) -> Snapshot:
    """r104 and r105 have to be cleared together, then r107."""
    fields: dict[str, object] = {
        "tip": rev(108),
        "landings": (
            entry(108, progress="waiting", deployable_as_tip=False, blocked_by=(104, 105, 107)),
            entry(107, **waiting(107, 104, 105, 107)),
            entry(106, progress="waiting", deployable_as_tip=False, blocked_by=(104, 105)),
            entry(105, **waiting(105, 104, 105)),
            entry(104, **waiting(104, 104)),
            *map(entry, (103, 102, 101)),
        ),
        "blockers": tuple(Blocker(r, "Ann", NOW, 109 - r, 103, 0) for r in (104, 105, 107)),
        "staircase": (StairStep((104, 105), 106, 3), StairStep((104, 105, 107), 108, 5)),
    }
    return snapshot(**(fields | changes))


def blockers_of(given: Snapshot) -> str:
    page = branch_page(given, CALM)
    return page[page.index('<section id="blockers">') : page.index('<section id="landings">')]


def test_the_staircase_is_told_once_and_each_card_says_where_it_counts() -> None:
    said = Reader(blockers_of(two_between())).text
    assert said.count("with r104 and r105: up to r106; with r107 too: r108.") == 1
    assert "Clearing it frees together with r105: 3 more landings, up to r106" in said
    assert "Clearing it frees together with r104: 3 more landings, up to r106" in said
    assert "Clearing it frees together with r104 and r105: 5 more landings, up to r108" in said


def test_a_single_blocker_needs_no_staircase() -> None:
    one = snapshot(staircase=(StairStep((104,), 106, 3),))
    assert "oldest on" not in blockers_of(one)
    assert "oldest on" not in text.status(one, CALM)


def test_the_header_waits_for_all_that_have_to_move_together() -> None:
    header = Reader(parts(branch_page(two_between(), CALM))[0]).text
    assert (
        "Or wait for Ann 104 and Ann 105: once r104 and r105 are cleared, you get r106, 3 more landings; "
        "with r107 too: r108." in header
    )


def test_where_nothing_may_go_all_who_have_to_move_are_named() -> None:
    given = two_between(answer="blocked", deployable=None)
    header = Reader(parts(branch_page(given, CALM))[0]).text
    assert "Ann 104 and Ann 105 have to move: once r104 and r105 are cleared, you get r106" in header


def test_status_tells_the_staircase_and_what_needs_whom() -> None:
    said = " ".join(text.status(two_between(), CALM).split())
    assert "if r104 and r105 were good you would get r106, 3 more landings" in said
    assert "cleared from the oldest on: with r104 and r105: up to r106; with r107 too: r108" in said
    assert "if it were good, together with r104: 3 more landings, up to r106" in said


def test_steps_that_are_not_listed_are_counted() -> None:
    given = two_between(tip=rev(150), staircase_more=12)
    assert "with r107 too: r108; and 12 more steps, up to r150." in Reader(blockers_of(given)).text


def test_a_blocker_beyond_the_steps_listed_says_so() -> None:
    given = two_between(staircase=(StairStep((104, 105), 106, 3),), staircase_more=1)
    assert "Clearing it frees nothing before older ones are cleared" in Reader(blockers_of(given)).text


def test_bugs_requests_and_landings_are_links_where_one_acts() -> None:
    remedy = Sentence(
        "mark ", Part("item", "5"), " and ", Part("item", "!12"), " or revert ", revision(104), revision(9)
    )
    given = snapshot(landings=(entry(104, **(waiting(104, 104) | {"remedy": remedy})),))
    links = Reader(blockers_of(given)).links
    assert "https://bugs.example.org/bugs/5" in links
    assert "https://forge.example.org/pull/12" in links
    assert "#r104" in links and "#r9" not in links
    header = Reader(parts(branch_page(given, CALM))[0])
    assert "https://bugs.example.org/bugs/800104" in header.links


def test_a_pattern_that_is_no_web_address_makes_no_link() -> None:
    given = two_between(bug_url="javascript:alert({bug})")
    assert not [link for link in Reader(blockers_of(given)).links if "javascript" in link]


def test_a_command_is_code_that_breaks_between_its_words_only() -> None:
    html = str(code('inv verdict r4 ok --reason "…" --branch <x>'))
    assert html == (
        '<code>inv verdict r4 ok <span>--reason</span> "…" <span>--branch</span> '
        "<span>&lt;x&gt;</span></code>"
    )
    assert re.sub(r"<[^>]+>", "", html).replace("&lt;", "<").replace("&gt;", ">") == (
        'inv verdict r4 ok --reason "…" --branch <x>'
    )


def test_every_card_has_its_command_with_a_button_that_only_a_script_shows() -> None:
    said = blockers_of(two_between())
    assert said.count('</code> <button type="button" class="copy" hidden>Copy</button>') == 3


def test_the_note_line_stands_where_notes_are_read_and_nowhere_else() -> None:
    line = note_line(QA, sha(104))
    without, having = two_between(), two_between(verdict_notes=QA)
    for shown in (blockers_of, lambda given: text.status(given, CALM)):
        assert "git notes" not in shown(without)
    assert line in Reader(blockers_of(having)).text
    assert REFUSED in Reader(blockers_of(having)).text
    assert line in text.status(having, CALM).replace("\n    ", "\n").splitlines()
    [explained] = [each for each in text.explain(having.landings[4], having).splitlines() if "git n" in each]
    assert explained.endswith(line)
    assert "git notes" not in text.explain(without.landings[4], without)
    page = branch_page(having, CALM)
    row = page[page.index("<tr id=r104>") : page.index("<tr id=r103>")]
    assert line in Reader(row).text


def test_with_several_branches_the_line_is_offered_all_the_same() -> None:
    remedy = Sentence("try it", ", then: ", statement("verdict r104 ok", "stable"))
    given = snapshot(
        several=True,
        verdict_notes=QA,
        landings=(entry(104, **(waiting(104, 104) | {"remedy": remedy})),),
    )
    assert Acting(given).note(given.landings[0])


def test_rows_of_far_blockers_go_without_the_line() -> None:
    many = tuple(entry(r, **waiting(r, r)) for r in range(200, 100, -1))
    given = snapshot(
        landings=many,
        verdict_notes=QA,
        blockers=tuple(Blocker(r, "Ann", NOW, 1, None, 0) for r in range(101, 201)),
    )
    assert branch_page(given, CALM).count("<p class=m>or say ok from a clone:") == 40
