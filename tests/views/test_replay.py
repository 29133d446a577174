"""What `inv replay` prints: 80 columns that steer no terminal, and JSON by its schema (docs/replay.md)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jsonschema import Draft202012Validator

from shepherd.replaying.differences import Difference, Way
from shepherd.replaying.folds import Folds, JudgedAt
from shepherd.replaying.report import BranchReplay
from shepherd.replaying.supposed_answers import SupposedAnswers
from shepherd.views import replay as view
from tests.views.factory import rev, snapshot

START = datetime(2026, 11, 1, 10, 15, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "replay.schema.json").read_text())
STATE = Way("landing", "bad", "ok", "plain-bad", "items")
PLACES = {"plain-bad": "docs/rules.md#state", "items": "docs/rules.md#state"}
ATTACK = "\x1b[31m\u202e<script>" * 20


def report(runs: int, differing: int, *found: Difference) -> BranchReplay:
    made = BranchReplay("stable", Folds(), code_now="0.4.0", places=PLACES)
    for number in range(runs):
        judged = JudgedAt(f"run-{number}", START + timedelta(minutes=5 * number))
        same = number < runs - differing
        made.count(judged, same, "file")
        if not same:
            made.folds.add(judged, found)
            made.met("0.3.0")
    return made


def lines(text: str) -> list[str]:
    found = text.splitlines()
    assert all(len(each) <= 80 for each in found)
    assert all(each.isprintable() for each in found)
    return found


def valid(*reports: BranchReplay) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(view.as_json(reports)))


def test_all_the_same() -> None:
    made = report(1204, 0)
    assert lines(view.told(made)) == [
        "1,204 runs of stable since 2026-11-01 10:15 UTC judged again: all the same, byte",
        "  for byte",
    ]
    valid(made)


def test_most_landings_first_and_long_lists_cut() -> None:
    many = Difference(STATE, tuple(range(150, 120, -1)), ("was this", "is that"))
    few = Difference(Way("landing", "ok", "bad"), (7,))
    made = report(300, 288, few, many)
    told = lines(view.told(made))
    assert told[4:12] == [
        "30 landings: bad → ok (rule plain-bad → items, docs/rules.md#state), in 288",
        "  answers from 2026-11-01 11:15 UTC to 2026-11-02 11:10 UTC",
        "  r150, r149, r148, r147, r146, r145, r144, r143, r142, r141, r140, r139, r138,",
        "  r137, r136, r135, r134, r133, r132, r131 and 10 more",
        "    r150 was: “was this”",
        "    r150 would be: “is that”",
        "1 landing: ok → bad, in 288 answers from 2026-11-01 11:15 UTC to 2026-11-02",
        "  11:10 UTC",
    ]
    assert told[2] == "  those that differ were given by 0.3.0; this is 0.4.0"
    assert told[-1] == "The newest of them alone: inv replay run-299"
    valid(made)


def test_what_nobody_can_tell_is_not_told_as_words_alone() -> None:
    made = report(300, 290, Difference(Way("unknown", "the rest")))
    told = " ".join(view.told(made).split())
    assert "judged again: 290 differ; 10 the same" in told
    assert "What differs is not known, since the snapshot is not kept, in 290 answers from" in told
    valid(made)


def test_command_names_the_branch_where_there_are_several() -> None:
    assert view.told(report(3, 1, Difference(STATE, (1,))), True).endswith("inv replay run-2 --branch stable")


def test_words_alone_are_told_as_such() -> None:
    words = Difference(Way("text", "landings.reason"), (3, 2))
    form = Difference(Way("form", "landings.rule", "is new"))
    told = lines(view.told(report(5, 2, words, form)))
    assert told[0] == "5 runs of stable since 2026-11-01 10:15 UTC judged again: 2 differ, in nothing"
    assert "Only in words: reason (2 landings)" in told
    assert "Only in the form of the document: landings.rule is new" in told


def test_same_way_in_many_runs_stands_once() -> None:
    made = report(4, 3, Difference(STATE, (3,)))
    (fold,) = made.folds.folds()
    assert (fold.answers, list(fold.landings), fold.first.run_id, fold.last.run_id) == (
        3,
        [3],
        "run-1",
        "run-3",
    )


def test_nothing_steers_a_terminal() -> None:
    found = (
        Difference(Way("landing", "ok", "bad", ATTACK, ATTACK), (1,), (ATTACK, "x")),
        Difference(Way("form", ATTACK, "is gone")),
    )
    made = report(2, 1, *found)
    made.altered = (ATTACK,)
    lines(view.told(made))
    made.changed, made.unknown = (f"orphans: {ATTACK}",), (ATTACK,)
    made.supposed = SupposedAnswers(ZoneInfo("UTC"))
    lines(view.supposed(made, ATTACK))
    valid(made)


def test_supposed_answers() -> None:
    made = report(2, 1, Difference(STATE, (123,), ("was this", "is that")))
    made.supposed = SupposedAnswers(ZoneInfo("UTC"))
    made.supposed.add(START, snapshot(deployable=rev(120)), snapshot(deployable=rev(123)))
    made.supposed.add(START + timedelta(days=1), snapshot(deployable=rev(123)), snapshot(deployable=rev(123)))
    made.changed, made.unknown = ("orphans: block → pass",), ("branches.stable.robots: it decides",)
    assert lines(view.supposed(made, "other.toml")) == [
        "With other.toml instead of the settings of then, 2 runs of stable since",
        "  2026-11-01 10:15 UTC: 1 of 2 answers would have said something else",
        "",
        "What is other in the settings:",
        "  orphans: block → pass",
        "",
        "Not known, and so left as it was:",
        "  branches.stable.robots: it decides",
        "",
        "1 landing: bad → ok (rule plain-bad → items, docs/rules.md#state), in run-1",
        "  (2026-11-01 10:20 UTC)",
        "  r123",
        "    r123 was: “was this”",
        "    r123 would have been: “is that”",
        "",
        "On 1 of 2 days another last answer:",
        "  2026-11-01: deploy r123 (was: deploy r120)",
        "",
        "Since when a revision, or a later one, could be deployed:",
        "  r123: from 2026-11-01 10:15 UTC, instead of from 2026-11-02 10:15 UTC",
    ]
    valid(made)


def test_nothing_judged_is_nothing_told() -> None:
    made = report(0, 0)
    made.problems = ["none is kept"]
    assert view.told(made) == view.supposed(made, "x") == ""
    valid(made)
