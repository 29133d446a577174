"""Rules that are changed on purpose, for one test, and what that changes in answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.rules.states import GOOD, Judged, Rule, StateRules
from shepherd.words import State
from tests.replay.watching import Document


@contextmanager
def changed(rule: Rule, state: State) -> Iterator[None]:
    """What this rule decides has another state."""
    judge = StateRules.judge

    def judged(self: StateRules, landing: Landing) -> Judged:
        said = judge(self, landing)
        return replace(said, state=state, good=state in GOOD) if said.rule == rule else said

    with patch.object(StateRules, "judge", judged):
        yield


def landings_that_differ(before: Iterable[Document], after: Iterable[Document]) -> dict[str, set[int]]:
    """ "FROM TO" -> revnos of the landings whose state is another one, by the documents as plain JSON."""
    found: dict[str, set[int]] = {}
    for old, new in zip(before, after, strict=True):
        states = {each["revno"]: each["state"] for each in json.loads(old.text)["landings"]}
        for each in json.loads(new.text)["landings"]:
            was = states.get(each["revno"], "")
            if was != each["state"]:
                found.setdefault(f"{was} {each['state']}", set()).add(each["revno"])
    return found
