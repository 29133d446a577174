"""What a deployment brings live, and what of that is undone later, against the rules as stated twice."""

from __future__ import annotations

from hypothesis import event, given

from shepherd.deployment import going_live
from shepherd.rules import judge
from tests.rules.oracle import Oracle, undone
from tests.rules.story import play
from tests.rules.strategies import Tale, conversations, tales
from tests.rules.test_oracle import stories


@given(tales() | conversations())
@stories
def test_it_is_what_goes_live_is_in_effect_there_and_undone_at_the_tip(tale: Tale) -> None:
    for run in play(tale.lines, judge, tale.options, tale.tracker):
        reading = run.reading
        oracle = Oracle(reading, run.tracker, run.memory, tale.options)
        deployed, tip = reading.deployed.revno, reading.tip.revno
        revnos = [landing.revno for landing in reading.landings]

        def gone(p: int, t: int, oracle: Oracle = oracle) -> bool:
            return undone(oracle.counting_rollbacks, p, t, {})

        for to in range(deployed + 1, tip + 1):
            live, later = going_live(revnos, deployed, to, tip, run.judgement.undoing.undone_at)
            new = [p for p in revnos if p <= to and (p > deployed or (gone(p, deployed) and not gone(p, to)))]
            assert live == new
            assert later == [p for p in new if not gone(p, to) and gone(p, tip)]
            event(f"undone later: {bool(later)}, back: {any(p <= deployed for p in live)}")
