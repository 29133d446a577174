"""The staircase where the cases and the oracle do not look: how many steps there are."""

from __future__ import annotations

from shepherd.rules import judge
from tests.rules.story import play


def test_ten_steps_are_listed_and_all_are_counted() -> None:
    lines = ["r1 [no-qa] Base", *(f"r{number} [bug={number}] Wants QA" for number in range(2, 15))]
    said = play(lines, judge)[-1].judgement
    assert [step.tip for step in said.staircase] == list(range(2, 12))
    assert [step.cleared for step in said.staircase][:2] == [(2,), (2, 3)]
    assert said.window.steps == 13
