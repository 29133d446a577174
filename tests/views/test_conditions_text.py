"""What status and explain say of conditions and freezes (docs/rules.md#conditions)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from shepherd.situation import Situation
from shepherd.snapshot import Blocker, CheckEntry, Snapshot, StairStep
from shepherd.views import text
from shepherd.views.terminal import width
from tests.views.conditions import (
    FAILED,
    NEXT,
    NOT_THERE,
    OVER,
    PASSED,
    RUNNING,
    frozen,
    waiting_entry,
    waits,
)
from tests.views.factory import NOW, no_data, snapshot

CALM = Situation(now=NOW)
RUNS = "r105 waits for ci/build (running since 2011-08-24 08:15 UTC)"


def flat(said: str) -> str:
    return " ".join(said.split())


@pytest.mark.parametrize(
    ("given", "headline"),
    [
        (waits(RUNNING, deploy=False), f"stay at r100: {RUNS} 5 landings newer than r100"),
        (waits(NOT_THERE, deploy=False), "stay at r100: r105 waits for ci/* (not there yet) 5 landings"),
        (
            waits(FAILED, RUNNING, deploy=False),
            "stay at r100: r105 waits for ci/test (failed at 2011-08-24 09:15 UTC) and ci/build (running"
            " since 2011-08-24 08:15 UTC) 5 landings",
        ),
        (waits(deploy=False, limits=(OVER,)), f"stay at r100: r105 has to wait: {OVER} 5 landings"),
        (
            waits(RUNNING, deploy=False, limits=(OVER,)),
            f"stay at r100: {RUNS}; and {OVER}; r104 waits for ci/build (running",
        ),
        (
            waits(*[NOT_THERE] * 5, deploy=False),
            "ci/* (not there yet), ci/* (not there yet) and 2 more checks 5",
        ),
    ],
    ids=["running", "not-there", "two", "limit", "both", "many"],
)
def test_where_conditions_alone_keep_everything_back_the_headline_says_which(
    given: Snapshot, headline: str
) -> None:
    said = flat(text.status(given, CALM))
    assert headline in said and "blocked by" not in said


def test_nobody_is_said_to_block_where_nothing_is_known_to_wait() -> None:
    given = snapshot(answer="blocked", deployable=None, blockers=())
    assert "stay at r100: nothing blocks, and no newer revision is known to hold" in text.status(given, CALM)


def test_what_newer_ones_wait_for_stands_below_the_answer_with_its_link() -> None:
    lines = text.status(waits(RUNNING), CALM).splitlines()
    assert lines[0].startswith("deploy r103 ")
    assert lines[2:4] == [f"  {RUNS}", "    https://ci.example.org/b/7"]


def test_below_one_that_is_over_a_limit_it_says_what_the_next_waits_for() -> None:
    """The limit lets r104 go: that waits for its check alone."""
    given = waits(deploy=False, limits=(OVER,))
    first, second, *rest = given.landings
    second = replace(second, checks=(RUNNING,), conditions=("waits for ci/build",))
    said = text.status(replace(given, landings=(first, second, *rest)), CALM)
    waiting = "r104 waits for ci/build (running since 2011-08-24 08:15 UTC)"
    assert f"r105 has to wait: {OVER}; {waiting} " in flat(said)
    assert "    https://ci.example.org/b/7" in said.splitlines()


def test_it_is_said_once_in_a_status() -> None:
    assert flat(text.status(waits(RUNNING, deploy=False), CALM)).count("ci/build") == 1


def test_only_web_addresses_become_links() -> None:
    for address in ("javascript:alert(1)", "https://ci.example.org/\x1b[31m"):
        assert address not in text.status(waits(replace(RUNNING, url=address)), CALM)


def test_the_name_of_a_check_steers_no_terminal() -> None:
    hostile = replace(RUNNING, name="ci\x1b[31m\u202e" + "x" * 5000)
    given = waits(hostile, deploy=False)
    for said in (text.status(given, CALM), text.explain(given.landings[0], given, NOW)):
        assert "\x1b" not in said and "\u202e" not in said
        assert all(width(line) <= 80 for line in said.splitlines() if "https://" not in line)
        assert said.count("x") < 400


def test_a_frozen_branch_says_so_first_and_what_waits_below() -> None:
    said = flat(text.status(waits(RUNNING), frozen()))
    assert said.startswith("do not deploy r103: deployments are frozen until 2011-08-25 10:15 UTC ")
    assert RUNS in said


def test_the_next_freeze_is_told() -> None:
    given = Situation(now=NOW, freezes_next={"stable": NEXT})
    said = "next freeze: Fri 2011-08-26 12:15 (in 2 days) to Sun 2011-08-28 12:15, Europe/Berlin (weekend)"
    assert said in flat(text.status(snapshot(timezone="Europe/Berlin"), given))
    assert "next freeze" not in text.status(snapshot(), CALM)
    assert "next freeze" not in text.status(snapshot(branch="main"), given)


def test_without_data_nothing_is_said_of_conditions() -> None:
    given = no_data(waits=waits(RUNNING).waits, landings=waits(RUNNING).landings)
    assert "ci/build" not in text.status(given, CALM)


@pytest.mark.parametrize("passing", [False, True])
def test_what_clearing_gives_says_that_its_checks_have_to_pass(passing: bool) -> None:
    blocker = Blocker(104, "Zoë", NOW - timedelta(days=3), 3, 105, 2, if_checks_pass=passing)
    later = Blocker(106, "Zoë", NOW - timedelta(days=2), 3, 103, 0)
    given = snapshot(blockers=(blocker, later), staircase=(StairStep((104, 106), 106, 3, passing),))
    said = flat(text.status(given, CALM))
    assert ("up to r105, if its checks pass" in said) == passing
    assert ("you would get r105, if its checks pass, 2 more landings" in said) == passing
    assert ("up to r106, if its checks pass" in said) == passing


def test_explain_tells_each_check_and_who_else_counts() -> None:
    skipped = CheckEntry("ci/lint", "holds", "skipped", NOW)
    given = waits(FAILED, PASSED, skipped, limits=(OVER,))
    said = text.explain(given.landings[0], given, NOW)
    assert flat(said).startswith(
        "r105 is good (QA ok), and nothing blocks it; it waits for ci/test (failed at 2011-08-24 09:15 UTC);"
        f" and {OVER} “"
    )
    lines = said.splitlines()
    assert "check          ci/test: failed at 2011-08-24 09:15 UTC" in lines
    assert "check          ci/build: success at 2011-08-24 07:15 UTC" in lines
    assert "check          ci/lint: skipped at 2011-08-24 10:15 UTC, which is enough" in lines
    assert "ci/test        https://ci.example.org/t/9" in lines
    assert "patch-*.sql (one schema change); counts as well: r104" in flat(said)


def test_what_is_only_blocked_waits_for_older_landings_as_ever() -> None:
    given = waits(RUNNING)
    blocked = waiting_entry(105, blocked_by=(104,), blocked_by_count=1)
    assert "and waits for older landings" in text.explain(blocked, given, NOW)
    asked_of_none = waiting_entry(105)
    assert "it waits, since its checks are not known to pass" in flat(text.explain(asked_of_none, given, NOW))


def test_what_the_first_line_says_of_a_limit_is_not_said_again_below() -> None:
    given = waits(limits=(OVER,))
    waiting = next(each for each in given.landings if each.over_limits)
    assert flat(text.explain(waiting, given, NOW)).count(OVER) == 1
    assert "over a limit" not in text.explain(waiting, given, NOW)
