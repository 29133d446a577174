"""A change of the rules shows what it makes of recorded runs, in the diff of `answers/*.txt`
(docs/replay.md#recorded)."""

from __future__ import annotations

from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest

from shepherd.rules.states import Rule
from shepherd.stages.judge_input import snapshot_of
from tests.replay.answers import COMMAND, now, written
from tests.replay.record import PLACE, RECORDED, recorded


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_runs_are_answered_as_it_is_written(name: str) -> None:
    before, after = written(name), now(name)
    differs = unified_diff(before.splitlines(), after.splitlines(), "written", "now", n=0, lineterm="")
    shown = "\n".join(islice(differs, 40))
    assert before == after, (
        f"the rules answer recorded runs of {name} otherwise now; if that is meant, write it with"
        f" `{COMMAND}` and look at the diff:\n{shown}"
    )


def test_the_recorded_runs_meet_every_rule() -> None:
    met = {
        landing.rule
        for name in RECORDED
        for each in recorded(name)
        for landing in snapshot_of(each.given).landings
    }
    assert met == set(get_args(Rule))


def test_the_recorded_runs_are_small() -> None:
    assert sum(file.stat().st_size for file in Path(PLACE).rglob("*.gz")) < 150_000
