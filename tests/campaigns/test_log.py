"""Answers and states of random histories are rebuilt from what the log was told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.campaigns import times
from tests.campaigns.histories import live, twins
from tests.campaigns.rebuilt import Rebuilt, answer_of

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", range(2000, 2000 + times(100)))
def test_the_log_alone_tells_answers_and_states(tmp_path: Path, seed: int) -> None:
    project, _ = twins(tmp_path)
    log = Rebuilt()
    for snapshot in live(project, seed):
        for text in project.lines:
            log.read(text)
        project.lines.clear()
        document = msgspec.json.decode(msgspec.json.encode(snapshot))
        assert log.answer == answer_of(document)
        listed = {entry["id"]: entry["state"] for entry in document["landings"]}
        assert {sha: log.states[sha] for sha in listed} == listed
