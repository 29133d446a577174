"""What a deployment brings live, and what of that is undone later, against the rules as stated twice."""

from __future__ import annotations

from hypothesis import event, given

from shepherd.deployment import compare_url, deployment
from shepherd.rules import judge
from shepherd.snapshot import Rev
from tests.rules.oracle import Oracle
from tests.rules.oracle_words import undone
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
            following = deployment(
                revnos, Rev(deployed, ""), Rev(to, ""), tip, run.judgement.undoing.undone_at
            )
            new = [p for p in revnos if p <= to and (p > deployed or (gone(p, deployed) and not gone(p, to)))]
            assert list(following.landings) == new
            assert list(following.undone) == [p for p in new if gone(p, to)]
            assert list(following.undone_later) == [p for p in new if not gone(p, to) and gone(p, tip)]
            old = [p for p in revnos if p <= deployed]
            assert list(following.taken_out) == [p for p in old if gone(p, to) and not gone(p, deployed)]
            event(f"undone later: {bool(following.undone_later)}, back: {any(p <= deployed for p in new)}")
            event(f"undone within: {bool(following.undone)}, taken out: {bool(following.taken_out)}")


def test_nothing_is_compared_with_a_revision_that_there_is_not() -> None:
    pattern = "https://forge.example/{from}...{to}"
    assert compare_url(pattern, "", "a", "b") == "https://forge.example/a...b"
    assert compare_url(pattern, "", "", "b") is None and compare_url(pattern, "", "a", "") is None
