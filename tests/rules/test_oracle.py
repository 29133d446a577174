"""The rules against their second statement, and what must hold whatever happens, on made-up stories."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from shepherd.rules import judge
from shepherd.words import Item, ItemTags, KeptEvidence
from tests.rules import oracle
from tests.rules.oracle_states import GOOD
from tests.rules.story import Run, play
from tests.rules.strategies import Tale, conversations, foxtrots, status_stories, tales

NOTHING_YET = KeptEvidence(word="needstesting")
stories = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def what_it_said(run: Run) -> dict[str, Any]:
    said, candidates = run.judgement, run.candidates
    kept = {
        pair: KeptEvidence(word=word.word or "needstesting", seal=word.seal, failed=word.failed)
        for pair, word in run.kept.items()
    }
    return {
        "states": dict(said.states),
        "latest": said.latest,
        "deployable": list(said.deployable),
        "unblocked": list(said.unblocked),
        "over": {t: over_limits(said, t) for t in candidates},
        "checks": {t: checks_of(said, t) for t in candidates},
        "blocked_by": {t: list(said.blocked_by(t)) for t in candidates},
        "undone_by": dict(said.undone_by),
        "blockers": [(b.revno, b.waiting, b.tip_if_cleared, b.frees) for b in said.blockers],
        "staircase": [(step.cleared, step.tip, step.frees) for step in said.staircase],
        "alarms": list(said.alarms),
        "named": {key: named.ids for key, named in run.named.items()},
        "kept": {pair: word for pair, word in kept.items() if word != NOTHING_YET},
    }


def over_limits(said: Any, t: int) -> Any:
    if isinstance(said, oracle.Answer):
        return said.over[t]
    over = said.window.over.get(t, ())
    assert all(each.count == len(each.revnos) for each in over)
    return [(each.limit, list(each.revnos)) for each in over]


def checks_of(said: Any, t: int) -> Any:
    if isinstance(said, oracle.Answer):
        return said.checks[t]
    outcomes = said.checks_of(t)
    return None if outcomes is None else {each.name: each.state for each in outcomes}


@given(tales() | conversations() | foxtrots() | status_stories())
@stories
def test_rules_and_oracle_say_the_same(tale: Tale) -> None:
    agree(tale)


def agree(tale: Tale) -> None:
    """Both statements of the rules say the same after every run."""
    ours = play(tale.lines, judge, tale.options, tale.tracker, tale.needs)
    theirs = play(tale.lines, oracle.judge, tale.options, tale.tracker, tale.needs)
    for number, (our, their) in enumerate(zip(ours, theirs, strict=True), start=1):
        assert what_it_said(our) == what_it_said(their), f"run {number}"
    event(f"deployable: {bool(ours[-1].judgement.deployable)}")


def was_tried(p: Any, runs: list[Run]) -> bool:
    """Whether anybody ever said anything good that could be meant for it."""

    def good_words(item: Item) -> bool:
        readings = [run.tracker.items.get(item, ItemTags()) for run in runs]
        return any({"ok", "untestable"} & set(spoken.words) for spoken in readings)

    said = any(p.id in run.memory.verdicts for run in runs)
    return said or any(good_words(item) for item in (*p.bugs, *p.requests))


def claims_to_need_no_qa(p: Any, runs: list[Run]) -> bool:
    is_rollback = p.targets or any(word.by == p.id for word in runs[-1].memory.covers)
    return bool({"no-qa", "testfix", "qa-ok"} & set(p.labels) or is_rollback or p.title.startswith("Exempt"))


@given(tales() | conversations() | foxtrots() | status_stories())
@stories
def test_a_landing_that_nobody_tried_is_never_good(tale: Tale) -> None:
    runs = play(tale.lines, judge, tale.options, tale.tracker)
    for p in runs[-1].reading.landings:
        if not was_tried(p, runs) and not claims_to_need_no_qa(p, runs):
            allowed = {"bad", "unknown", "needstesting", "orphan"}
            assert runs[-1].judgement.states[p.revno] in allowed


@given(tales() | conversations() | foxtrots() | status_stories())
@stories
def test_whatever_is_in_effect_at_a_deployable_revision_is_good(tale: Tale) -> None:
    good = {*GOOD, *(["orphan"] if tale.options.orphans == "pass" else [])}
    last = play(tale.lines, judge, tale.options, tale.tracker)[-1]
    second = oracle.Oracle(last.reading, last.tracker, last.memory, tale.options)
    for t in last.judgement.deployable:
        assert last.reading.deployed.revno < t <= last.reading.tip.revno
        for p in last.judgement.states:
            if p <= t and not second.undone(p, t) and not second.production_runs(p):
                assert last.judgement.states[p] in good


@given(tales() | conversations() | foxtrots() | status_stories(), st.integers(1, 3))
@stories
def test_a_run_without_news_changes_nothing(tale: Tale, times: int) -> None:
    *_, before, after = play((*tale.lines, *["run"] * times), judge, tale.options, tale.tracker)
    assert what_it_said(before) == what_it_said(after)
    assert not after.judgement.kept
    assert not after.judgement.seen
    assert not after.judgement.named


@given(status_stories())
@stories
def test_where_statuses_say_words_a_landing_is_good_only_if_what_says_so_came_after_it(tale: Tale) -> None:
    """A status that moves on makes nothing good that was said before the landing was there."""
    runs = play(("status 1 none", *tale.lines), judge, tale.options, tale.tracker)
    since: dict[str, int] = {}
    first = {p.id: n for n, run in reversed(list(enumerate(runs))) for p in run.reading.landings}
    for number, run in enumerate(runs):
        tags = run.tracker.items.get("1", ItemTags(unreadable="it is gone"))
        if not tags.unreadable:
            since = {way: since.get(way, number) for way in tags.good_by or ()}
        for p in run.reading.landings:
            sealed = run.kept.get((p.id, "1"), NOTHING_YET).seal
            if not sealed and p.id not in run.memory.verdicts and not claims_to_need_no_qa(p, runs):
                good = run.judgement.states[p.revno] in {"ok", "untestable"}
                # of what production runs a later landing's qa-bad takes no word away
                good &= all(each.how != "kept" for each in run.judgement.evidence(p.revno))
                assert not good or any(began >= first[p.id] for began in since.values())


@given(status_stories())
@stories
def test_what_a_status_called_bad_is_good_only_when_somebody_says_so_afterwards(tale: Tale) -> None:
    """Neither by a status that moves on, nor by what stood on the bug before."""
    runs = play(tale.lines, judge, tale.options, tale.tracker)
    for number, run in enumerate(runs):
        named = run.judgement.named
        for (item, n), ids in named:
            tags = run.tracker.items.get(item, ItemTags())
            if n or not tags.of_newest:
                continue
            later = runs[number + 1 :]
            for place, after in enumerate(later, number + 1):
                read = [
                    tags,
                    *(each.tracker.items.get(item, ItemTags()) for each in runs[number + 1 : place + 1]),
                ]
                good = [set(each.ways) for each in read]
                if any(now - before for before, now in pairwise(good)):
                    break
                for p in after.reading.landings:
                    if (
                        p.id in ids
                        and p.id not in after.memory.verdicts
                        and not claims_to_need_no_qa(p, runs)
                    ):
                        assert after.judgement.states[p.revno] in {"bad", "unknown", "needstesting"}
