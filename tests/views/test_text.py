from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TypedDict

import pytest
from msgspec.structs import replace

from shepherd.sentence import Part, Sentence, statement
from shepherd.situation import Maintenance, Situation
from shepherd.snapshot import DeployedRev, Snapshot
from shepherd.views import text
from shepherd.views.terminal import fit, width, wrap
from tests.views.factory import NOW, entry, every_progress, everything_wrong, no_data, rev, sha, snapshot

CALM = Situation(now=NOW)


class Chosen(TypedDict, total=False):
    """Which landings a table shows."""

    person: str
    state: str
    only: set[int]


@pytest.mark.parametrize(
    ("given", "first"),
    [
        (snapshot(), "deploy r103 (0000003f…), 3 landings newer than r100 (1 rolled back again)"),
        (
            snapshot(answer="nothing-new", tip=rev(100), deployable=None, landings=(), blockers=()),
            "stay at r100: nothing new",
        ),
        (snapshot(answer="blocked", deployable=None), "stay at r100: blocked by r104 (Zoë Žižek)"),
        (no_data(), "no data: the tracker's file bugs.json is not there"),
    ],
    ids=["deploy", "nothing-new", "blocked", "no-data"],
)
def test_the_first_line_is_the_answer(given: Snapshot, first: str) -> None:
    assert text.status(given, CALM).splitlines()[0] == first


@pytest.mark.parametrize("given", [snapshot(), no_data()], ids=["deploy", "no-data"])
def test_of_several_branches_the_first_line_names_its_own(given: Snapshot) -> None:
    alone, among = (text.status(replace(given, several=several), CALM) for several in (False, True))
    first = " ".join(among.partition("\n  ")[0].split())
    assert first.startswith("stable: ") and " ".join(alone.split()).startswith(first.removeprefix("stable: "))
    assert "  branch stable, answer of" in alone and "branch stable, answer" not in among


def test_status_tells_the_whole_story_in_order() -> None:
    assert text.status(snapshot(), CALM) == (
        "deploy r103 (0000003f…), 3 landings newer than r100 (1 rolled back again)\n"
        "  3 newer landings must wait; if r104 were good you would get r105, 2 more\n"
        "  landings\n"
        "  branch stable, answer of 2011-08-24 10:12 UTC (3 minutes ago)\n"
        "  promoted: r100; production runs it\n"
        "\n"
        "What blocks (1):\n"
        "  r104  Zoë Žižek, since 2011-08-21 10:15 UTC (2 days), 3 landings wait\n"
        "    Make the thing number 104 work when it rains\n"
        "    bug 800104 names it: bad-commit-104\n"
        "    whose move: Zoë Žižek\n"
        "    what clears it: roll it back with [rollback=104], or say `inv verdict r104\n"
        "    ok`\n"
        "    if it alone were good, 2 more landings could go, up to r105\n"
        "\n"
        "One landing's whole story: inv explain r104"
    )


def test_status_tells_what_else_is_to_be_known() -> None:
    said = text.status(every_progress(), everything_wrong())
    assert said.startswith("the answer is stale: a newer one was due at 2011-08-24 10:27 UTC (4 hours ago)\n")
    kinds = [
        "ALARM:",
        "OVERDUE MAINTENANCE:",
        "ABORTED:",
        "SUSPECTED HANG:",
        "FAILING:",
        "PROBLEM:",
        "WARNING:",
    ]
    assert [
        line.partition(":")[0] + ":" for line in said.splitlines() if line.split(":")[0].isupper()
    ] == kinds


def test_a_bare_switch_is_told_as_far_as_it_is_known() -> None:
    said = text.status(snapshot(), Situation(now=NOW, maintenance=Maintenance()))
    assert "MAINTENANCE: by an unknown person: no reason given" in said


def test_no_data_is_headed_by_its_reason_and_the_last_good_answer() -> None:
    lines = text.status(no_data(problems=("first", "second")), CALM).splitlines()
    assert lines[0] == "no data: first"
    assert lines[1].startswith("  last good answer: deploy r103 (0000003f…), of 2011-08-24 08:15 UTC")
    assert "PROBLEM: second" in lines
    assert "PROBLEM: first" not in lines


def test_only_the_first_blockers_are_told_and_the_rest_counted() -> None:
    blocker = snapshot().blockers[0]
    said = text.status(snapshot(blockers=(blocker,) * 12), CALM)
    assert said.count("  r104  ") == 10
    assert "  and 2 more: inv landings" in said


def test_a_blocker_says_when_the_list_will_be_told() -> None:
    told = replace(snapshot().blockers[0], list_told_on=date(2011, 8, 26))
    given = snapshot(blockers=(told,))
    assert "    the list will be told on Friday, 26 August 2011" in text.status(given, CALM)
    mean = next(each for each in given.landings if each.revno == told.revno)
    assert "the list will be told on Friday, 26 August 2011" in text.explain(mean, given)
    assert "the list" not in text.status(snapshot(), CALM)


@pytest.mark.parametrize("given", [snapshot(), every_progress(), no_data()], ids=["some", "rich", "no-data"])
def test_nothing_is_wider_than_80_columns_but_links(given: Snapshot) -> None:
    said = [text.status(given, everything_wrong()), text.landings(given, CALM)]
    said += [text.explain(e, given) for e in given.landings]
    wide = [line for part in said for line in part.splitlines() if width(line) > 80]
    assert [line for line in wide if "https://" not in line] == []


def test_the_table_names_the_places_and_lists_newest_first() -> None:
    lines = text.landings(snapshot(), CALM).splitlines()
    assert lines[:2] == ["deploy r103", "tip r106, on QA r105, deployable r103, promoted r100, deployed r100"]
    assert [line.split()[0] for line in lines[4:]] == [f"r{r}" for r in range(106, 99, -1)]
    assert "not on QA yet" in lines[4]


@pytest.mark.parametrize(
    ("chosen", "revnos"),
    [
        ({"person": "žižek"}, [102]),
        ({"state": "waiting"}, [105]),
        ({"state": "rollback"}, [102]),
        ({"state": "bad"}, [104, 101]),
        ({"only": {103, 106}}, [106, 103]),
        ({"person": "ann", "state": "live"}, [100]),
    ],
    ids=str,
)
def test_the_table_can_be_narrowed(chosen: Chosen, revnos: list[int]) -> None:
    lines = text.landings(snapshot(), CALM, **chosen).splitlines()
    assert [int(line.split()[0][1:]) for line in lines[4:]] == revnos


def test_the_table_has_the_day_and_columns_that_stand_apart() -> None:
    lines = text.landings(snapshot(), CALM).splitlines()
    assert re.split("  +", lines[3])[1:] == ["landed", "progress", "QA", "who", "what"]
    day = entry(106).landed_at.date().isoformat()
    assert re.split("  +", lines[4])[:4] == ["r106", day, "not on QA yet", "needs testing"]


def test_the_table_can_be_cut_and_says_what_is_left_out() -> None:
    lines = text.landings(snapshot(), CALM, most=2).splitlines()
    assert [line.split()[0] for line in lines[4:]] == ["r106", "r105", "and"]
    assert lines[-1] == "and 5 more: without --limit"
    assert text.landings(snapshot(), CALM, most=7) == text.landings(snapshot(), CALM)


def test_many_problems_are_told_in_part() -> None:
    said = text.status(snapshot(problems=tuple(f"bug {n} is private" for n in range(93))), CALM)
    assert said.count("PROBLEM: ") == 11
    assert "PROBLEM: and 83 more, all in: inv status --json" in said


def test_a_landing_is_found_by_its_co_authors_and_not_by_who_merged_it() -> None:
    found = {name: [e.revno for e in text.chosen(every_progress(), name)] for name in ("cole", "olga")}
    assert found == {"cole": [115], "olga": []}


def test_explain_names_who_merged_it_and_who_else_wrote_it() -> None:
    given = every_progress()
    lines = text.explain(next(e for e in given.landings if e.revno == 115), given).splitlines()
    assert "merged by      Olga Ortiz" in lines
    assert "co-authors     Cy Cole, Bob Builder" in lines
    assert "co-author      Cy" in text.explain(entry(103, co_authors=("Cy",)), given).splitlines()


def test_an_empty_table_says_how_to_ask_further() -> None:
    assert "inv explain REV" in text.landings(snapshot(), CALM, person="nobody of that name")


def test_columns_stay_in_line_with_wide_characters() -> None:
    landings = (entry(103, person="山田太郎"), entry(102, person="Ann"), entry(101, person="Zoe\u0308 👩‍🚒"))
    rows = text.landings(snapshot(landings=landings), CALM).splitlines()[4:]
    assert {width(line[: line.index("Make")]) for line in rows} == {width(rows[1][: rows[1].index("Make")])}


@pytest.mark.parametrize(
    ("revno", "first"),
    [
        (116, "r116 is not on the QA server yet (needs testing)"),
        (115, "r115 is good (QA ok) and waits for older landings"),
        (111, "r111 could not be judged; it has a bug or request that could not be read"),
        (110, "r110 says nothing of QA and keeps 7 landings waiting; it names no bug, and"),
        (109, "r109 needs QA and keeps 8 landings waiting; it waits for somebody to try it on"),
        (104, "r104 is bad and keeps 13 landings waiting; it must not go to production: roll it"),
        (103, "r103 may be deployed (QA ok): it goes out with r103"),
        (101, "r101 was promoted on 2011-08-24 09:15 UTC; production does not run it yet"),
        (100, "r100 is live since 2011-08-22 10:15 UTC"),
        (99, "r99 is live; its QA state is: bad"),
    ],
)
def test_explain_begins_with_where_the_landing_stands(revno: int, first: str) -> None:
    given = every_progress()
    found = next(e for e in given.landings if e.revno == revno)
    assert text.explain(found, given).splitlines()[0] == first


def test_explain_of_a_landing_that_was_undone() -> None:
    given = snapshot()
    lines = text.explain(given.landings[5], given).splitlines()
    assert lines[0] == "r101 is rolled back by r102; its own QA state is: bad"
    assert "undone by      r102" in lines


def test_explain_tells_every_detail() -> None:
    given = every_progress()
    found = next(e for e in given.landings if e.revno == 109)
    said = text.explain(found, given)
    for line in (
        "  “Make the thing number 109 work when it rains”",
        "  nobody known, landed 2010-01-30 23:15 UTC",
        "why            bug 800109 is qa-needstesting",
        "whose move     Bob Builder",
        "what clears it try it on the QA server, then tag bug 800109 qa-ok",
        "waits for      r104",
        "blocks         8 landings, itself included; if it alone were good, nothing more",
        "bugs           800109",
        "requests       #12",
        "closes         #7",
        "branch         ~ann/launchpad/bug-800109",
        f"revision       {sha(109)}",
        "warning        bug 800109 has qa-ok and qa-needstesting: the worse counts",
        f"link           https://git.example.org/launchpad/commit/?id={sha(109)}",
        "bug 800109     https://bugs.example.org/bugs/800109",
    ):
        assert line in said.splitlines()


def test_a_first_deployment_is_counted_from_nothing() -> None:
    first = text.status(snapshot(deployed=DeployedRev(0, "")), CALM).splitlines()[0]
    assert first == "deploy r103 (0000003f…), 103 landings newer than r0 (1 rolled back again)"


def test_ages_follow_the_clock_that_is_passed_in() -> None:
    later = Situation(now=NOW + timedelta(days=3))
    assert "(3 days ago)" in text.status(snapshot(), later)
    assert "ago)" not in text.status(snapshot(), Situation())


@pytest.mark.parametrize(
    ("given", "columns", "expected"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 5, "abcd…"),
        ("山田太郎", 5, "山田…"),
        ("山田太郎", 6, "山田… "),
        ("e\u0301e\u0301", 3, "éé "),
        ("a\tb\nc", 5, "a b c"),
    ],
)
def test_fit(given: str, columns: int, expected: str) -> None:
    assert fit(given, columns) == expected


def test_wrap_breaks_what_is_longer_than_a_line() -> None:
    assert wrap("ab " + "x" * 12, "> ", columns=8) == "> ab\n  xxxxxx\n  xxxxxx"


def test_a_command_stays_on_one_line_where_it_fits() -> None:
    command = statement("verdict r104 ok", "stable")
    sentence = Sentence("try it on the QA server, then say what it is to be, or: ", command, ", and so on")
    lines = wrap(sentence, "    ").splitlines()
    assert [line.strip() for line in lines][1].startswith(f"{command.text},")
    assert " ".join(" ".join(lines).split()) == sentence
    broken = wrap(Sentence("x ", Part("command", "inv " + "very-" * 30 + "long one")), columns=40)
    assert max(map(len, broken.splitlines())) <= 40
