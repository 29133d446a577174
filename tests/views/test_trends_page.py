"""The page of trends says of each measure what is known, in a picture and in numbers, to everybody."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from shepherd.situation import Situation
from shepherd.stages.recorded import covers_of
from shepherd.stages.trends import KINDS, happened_by
from shepherd.trends import tally
from shepherd.trends.of_branch import BranchTrends
from shepherd.views.feeds.prometheus import prometheus
from shepherd.views.page import branch_page
from shepherd.views.trends_page import MEASURES, trends_page
from tests.trends.made_up import chaos, some_landings
from tests.views.factory import NOW as THEN
from tests.views.factory import snapshot
from tests.views.made_trends import both, busy, period, spread, trends
from tests.views.reader import Reader
from tests.views.test_hostile import ATTACKS

MONDAY = date(2026, 11, 23)
CALM = Situation(now=THEN)


def page(of: BranchTrends | None) -> str:
    return trends_page(snapshot(), of, CALM)


def of_one(*periods: object, **changes: object) -> BranchTrends:
    made = trends(*periods, **changes)  # type: ignore[arg-type]
    return BranchTrends(made, replace(made, by="month"), made.whole)


def section(text: str, key: str) -> str:
    found = re.search(rf'<section id="{key}">.*?</section>', text, re.DOTALL)
    assert found
    return found[0]


def cells(text: str, key: str) -> list[list[str]]:
    """The rows of the first table of a measure."""
    table = section(text, key).partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [re.findall(r"<t[hd][^>]*>([^<\n]*)", row) for row in table.split("<tr>")[1:]]
    return [[cell.strip() for cell in row] for row in rows]


def test_its_command_names_the_branch_where_there_are_several() -> None:
    assert "<code>inv trends</code>" in trends_page(snapshot(), None, CALM)
    assert "<code>inv trends --branch stable</code>" in trends_page(snapshot(several=True), None, CALM)


def test_each_measure_has_its_charts_and_the_same_numbers_in_a_table() -> None:
    text = page(both())
    for key in MEASURES:
        part = section(text, key)
        charts = 5 if key == "phases" else 1
        # by week, and by month
        assert part.count("<svg") == 2 * charts and part.count("<table>") == 2
        assert len(cells(text, key)) == 26


def test_numbers_of_a_period_newest_first() -> None:
    full = period(
        date(2026, 11, 16),
        deployments=3,
        moves_back=1,
        failed_deployments=2,
        judged_deployments=3,
        went_live=1_200,
        lead=spread(2.5, 30, 1_190),
        failed=6,
        judged_live=1_100,
        restored=spread(0.125, 0.5, 2),
        failures_open=1,
        phases={"qa-server": spread(0.01, 0.02), "person": spread(0.5, 2)},
        phases_known=12,
    )
    now = period(MONDAY, over=False, deployments=0)
    text = page(of_one(full, now))
    assert cells(text, "deployments") == [
        ["2026-11-23, so far", "0", "0", "0"],
        ["2026-11-16", "3", "1", "1,200"],
    ]
    assert cells(text, "lead")[1] == ["2026-11-16", "2.5 days", "30 days", "1,190"]
    assert cells(text, "failures")[1] == ["2026-11-16", "0.5%", "6 of 1,100", "2 of 3"]
    assert cells(text, "restored")[1] == ["2026-11-16", "3 h", "12 h", "2", "1"]
    assert cells(text, "phases")[1] == [
        "2026-11-16", "14 min", "12 h", "–", "–", "–", "12"
    ]  # fmt: skip


def test_what_nothing_can_wait_for_is_not_drawn() -> None:
    """Without a QA server and promotions there is no such wait: that is no lack of knowledge."""
    phases: dict[str, Any] = {"person": spread(0.5, 2), "others": spread(0, 1), "deployment": spread(1, 2)}
    one = period(MONDAY, deployments=1, went_live=12, phases=phases, phases_known=12)
    week = trends(one, whole=one)
    text = page(BranchTrends(week, trends(one, by="month", whole=one), period(MONDAY, 30)))
    assert cells(text, "phases") == [["2026-11-23", "12 h", "0 s", "24 h", "12"]]
    assert section(text, "phases").count("<svg") == 2 * 3 and 'class="n"' not in section(text, "phases")


def test_nothing_and_not_known_are_told_apart_and_neither_is_nought() -> None:
    unseen = period(date(2026, 11, 9))
    quiet = period(date(2026, 11, 16), deployments=0)
    unjudged = period(MONDAY, deployments=1, went_live=4)
    text = page(of_one(unseen, quiet, unjudged))
    assert [row[1:] for row in cells(text, "deployments")] == [["1", "0", "4"], ["0"] * 3, ["not known"] * 3]
    assert [row[1:] for row in cells(text, "lead")] == [["not known"] * 3, ["–"] * 3, ["not known"] * 3]
    assert [row[1:] for row in cells(text, "restored")] == [["–"] * 4, ["–"] * 4, ["not known"] * 4]
    for key, width in (("failures", 3), ("phases", 6)):
        assert [row[1:] for row in cells(text, key)] == [
            [each] * width for each in ("not known", "–", "not known")
        ]
    # the first chart of each: what is not known shares one path
    assert [section(text, key).partition("</svg>")[0].count('class="n"') for key in MEASURES] == [1] * 5


def test_a_failure_that_goes_on_has_no_time_yet() -> None:
    text = page(of_one(period(MONDAY, deployments=1, went_live=1, failures_open=1)))
    assert cells(text, "restored") == [["2026-11-23", "not yet", "not yet", "0", "1"]]
    assert 'class="n" fill="url(#unknown)"' in section(text, "restored")


def test_the_whole_is_said_in_a_sentence() -> None:
    said = Reader(page(both())).text
    for sentence in (
        "In these weeks: 129 deployments: 517 landings went live.",
        "In these weeks: Half of 500 landings within 41 h, nine in ten within 6.2 days.",
        "In these weeks: 2%: 10 of 511 landings.",
        "nine in ten within 9.6 h. 1 failure is not over.",
        "In these weeks: Longest they waited behind others.",
    ):
        assert sentence in said


def test_without_anything_it_says_so() -> None:
    said = Reader(page(of_one(period(MONDAY, over=False)))).text
    for sentence in (
        "Nothing is known of what production ran.",
        "Of no landing is it known yet.",
        "No failure was seen.",
        "Of no landing is all of it known yet.",
    ):
        assert sentence in said


def test_no_deployments_are_not_unknown_ones() -> None:
    quiet = period(MONDAY, over=False, deployments=0)
    assert "0 deployments." in Reader(page(of_one(quiet, whole=quiet))).text


def test_what_is_left_out_is_said_of_weeks_and_of_months() -> None:
    week = busy()
    other = replace(week, by="month", left_out=("another thing",))
    weeks, months = section(page(BranchTrends(week, other, week.whole)), "left-out").split("<details>")
    assert "Of 12 landings it is not known when they landed." in weeks and "another" not in weeks
    assert "another thing" in months and "12 landings" not in months
    assert 'id="left-out"' not in page(of_one(period(MONDAY)))


def test_where_trends_are_not_known_it_still_says_who_waits_for_whom() -> None:
    said = Reader(page(None)).text
    assert "is not known: that was not computed yet" in said
    assert "Who waits for whom" in said and "Deployments" not in said


def test_pictures_have_names_that_are_there_and_every_id_is_there_once() -> None:
    text = page(both())
    ids = Reader(text).ids
    assert len(ids) == len(set(ids))
    named = re.findall(r'aria-labelledby="([^"]+)"', text)
    # four measures and five phases, by week and by month
    assert len(named) == 18
    assert {each for names in named for each in names.split()} <= {*ids}


def test_no_script_is_needed_and_none_but_ours_allowed() -> None:
    text = page(both())
    shown = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", text, flags=re.DOTALL)
    assert "hidden" not in re.sub('aria-hidden="true"', "", shown)
    assert " on" not in "".join(re.findall(r"<[^>]*\son\w+=", shown))
    policy = re.search('Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "default-src &#39;none&#39;" in policy[1] and "unsafe" not in policy[1]


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_that_others_wrote_becomes_markup(name: str) -> None:
    said = ATTACKS[name]
    hostile = replace(busy(), left_out=(said,))
    attacked = trends_page(
        replace(snapshot(), branch=said), BranchTrends(hostile, busy("month"), hostile.whole), CALM
    )
    harmless = trends_page(
        replace(snapshot(), branch="word"),
        BranchTrends(replace(busy(), left_out=("word",)), busy("month"), hostile.whole),
        CALM,
    )
    assert Reader(attacked).elements == Reader(harmless).elements


@pytest.mark.parametrize("scale", [1, 100])
def test_it_weighs_little(scale: int) -> None:
    made = BranchTrends(busy(scale=scale), busy("month", 24, scale=scale), busy().whole)
    assert len(page(made).encode()) < 100_000


def test_the_page_of_the_branch_leads_there_and_back() -> None:
    assert (
        "stable.trends.html"
        in Reader(branch_page(snapshot(), CALM, trends_address="stable.trends.html")).links
    )
    assert "./stable.html" in Reader(page(both())).links


def metrics(of: BranchTrends | None) -> dict[str, float]:
    text = prometheus([snapshot()], CALM, {"stable": of} if of else None).decode()
    return {
        f"{sample.name.removeprefix('qa_shepherd_')} {sample.labels.get('phase', '')}".strip(): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_are_of_the_last_days_in_seconds() -> None:
    recent = period(
        MONDAY,
        30,
        lead=spread(1, 2),
        failed=1,
        judged_live=8,
        restored=spread(0.5, 1),
        phases={"person": spread(0.25, 3)},
    )
    made = metrics(BranchTrends(busy(), busy("month"), recent, 1234))
    assert {name: value for name, value in made.items() if name in EVERY} == {
        "deployments_total": 1234,
        "lead_time_median_seconds": 86_400,
        "lead_time_p90_seconds": 172_800,
        "change_failure_ratio": 0.125,
        "restore_time_median_seconds": 43_200,
        "restore_time_p90_seconds": 86_400,
        "wait_median_seconds person": 21_600,
        "wait_p90_seconds person": 259_200,
        "trends_timestamp_seconds": busy().generated_at.timestamp(),
    }


EVERY = {
    "deployments_total",
    *(f"{kind}_time_{which}_seconds" for kind in ("lead", "restore") for which in ("median", "p90")),
    "change_failure_ratio",
    "wait_median_seconds person",
    "wait_p90_seconds person",
    "trends_timestamp_seconds",
}


def test_what_is_not_known_is_no_metric() -> None:
    made = metrics(BranchTrends(busy(), busy("month"), period(MONDAY, 30)))
    assert EVERY & made.keys() == {"trends_timestamp_seconds"}
    assert not EVERY & metrics(None).keys()


def test_metrics_are_named_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
    table = docs.partition("## Prometheus")[2].partition("\n## ")[0]
    assert not [name for each in EVERY if f"`{(name := each.split()[0])}`" not in table]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_a_journal_holds_can_be_shown(seed: int) -> None:
    chance = Random(seed)
    landings = some_landings(chance, chance.randint(1, 25))
    entries = chaos(chance, landings, chance.randint(1, 150))
    told = [entry for entry in entries if entry.kind in KINDS]
    happened = happened_by(told, landings, covers_of(entries), None)
    week, month = (
        tally.trends("stable", happened, entries[-1].time, by, date(2010, 3, 1), "UTC")
        for by in ("week", "month")
    )
    text = page(BranchTrends(week, month, month.whole, 3))
    for svg in re.findall(r"<svg viewBox.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)
    shown = Reader(text).text
    assert not re.search(r"None|nan|inf\b|Period\(| -\d", shown.partition("Who waits")[0])
    assert [len(cells(text, key)) for key in MEASURES] == [len(week.periods)] * 5
    metrics(BranchTrends(week, month, month.whole, 3))
