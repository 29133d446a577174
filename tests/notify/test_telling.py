"""Random weeks of a branch and of a place that loses messages: whatever happens, the place is told nothing
twice without a mark, and knows how things are as soon as a message certainly arrived
(docs/notices.md#never-twice)."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from msgspec.structs import replace

from shepherd.plans.notices import Change, Notice
from shepherd.plans.place_knowledge import AnswerNow, Event, FreezeOn, Present
from shepherd.plans.telling import Decision, decide
from shepherd.settings.model import NotifySettings
from shepherd.stages.place_states import MOST_POSSIBLE, act_of, settling, state_of, switching
from shepherd.store import Journal, JournalEntry

START = datetime(2026, 11, 30, 9, tzinfo=UTC)
PLACE = NotifySettings("chat", "chat.url")
OUTCOMES = ("done", "failed", "arrived, unsure", "lost, unsure", "arrived, killed", "lost, killed")


class Remembered:
    """A journal as far as `state_of` asks it."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []

    def add(self, entry: JournalEntry, at: datetime) -> None:
        self.entries.append(replace(entry, seq=len(self.entries) + 1, at=at.isoformat()))

    def last_about(self, kind: str, subject: str) -> JournalEntry | None:
        found = [each for each in self.entries if (each.kind, each.subject) == (kind, subject)]
        return found[-1] if found else None

    def last(self, _kind: str) -> None:
        """Nothing was lost or put back."""


class Week:
    """A branch that changes at random, and a place to which messages go at random."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.journal = Remembered()
        self.present = Present(START, AnswerNow(("nothing-new", ""), "0", START), 0)
        self.arrived: list[Change] = []
        entry = switching(PLACE, None, self.present, "2026-11-30")
        assert entry is not None
        self.journal.add(entry, START)

    def something_happens(self) -> None:
        """One thing, or nothing; and minutes pass."""
        chance, present = self.chance, self.present
        now = present.now + timedelta(minutes=chance.choice((1, 5, 5, 20, 90)))
        present = replace(present, now=now)
        match chance.randrange(6):
            case 0:
                what = ("deploy", chance.choice("abc")) if chance.random() < 0.6 else ("no-data", "")
                if what != present.answer.what:
                    present = replace(present, answer=AnswerNow(what, f"at {now}", now))
            case 1:
                event = Event(present.seq + 1, f"e{present.seq + 1}", now, urgent=chance.random() < 0.5)
                present = replace(present, seq=event.seq, alarms=(*present.alarms, event))
            case 2:
                event = Event(present.seq + 1, f"e{present.seq + 1}", now)
                present = replace(present, seq=event.seq, promotions=(*present.promotions, event))
            case 3:
                name = f"freeze{now:%d%H%M}"
                present = replace(present, freezes={**present.freezes, name: FreezeOn(now)})
            case 4 if present.freezes:
                present = replace(present, freezes=dict(list(present.freezes.items())[1:]))
        self.present = present

    def run(self, outcome: str) -> Decision:
        """One run of the stage."""
        now, journal = self.present.now, cast("Journal", self.journal)
        state = state_of(journal, "chat")
        assert state is not None
        if state.unsettled:
            self.journal.add(settling("chat"), now)
            state = state_of(journal, "chat")
            assert state is not None
        decision = decide(state, self.present, 600)
        if not decision.news or decision.until is not None:
            return decision
        changes = tuple(
            Change(each.kind, each.key, each.at, each.about, each.again) for each in decision.news
        )
        act = act_of(Notice("id", "chat", "stable", changes, ""), state, self.present)
        self.journal.add(JournalEntry("meant", act.key, {"act": act.kind, **act.data}), now)
        if outcome == "done" or outcome.startswith("arrived"):
            self.arrived += changes
        if not outcome.endswith("killed"):
            result = "unsure" if outcome.endswith("unsure") else outcome
            self.journal.add(JournalEntry("done", act.key, {"act": act.kind, "result": result}), now)
        return decision

    def check(self) -> None:
        unmarked = Counter(each.key for each in self.arrived if not each.again)
        assert not unmarked or max(unmarked.values()) == 1, unmarked.most_common(2)

    def knows_all(self) -> None:
        """What the place makes of the messages that arrived is how things are."""
        abouts = [each.text for each in self.arrived]
        for kind, events in (("alarm", self.present.alarms), ("promotion", self.present.promotions)):
            assert {f"{kind} {each.seq}" for each in events} <= set(abouts)
        frozen = {about.split()[0]: about.split()[1] for about in abouts if about.startswith("freeze")}
        assert {name for name, what in frozen.items() if what == "on"} == self.present.freezes.keys()
        answers = [each for each in self.arrived if each.kind == "answer"]
        if answers:
            state = state_of(cast("Journal", self.journal), "chat")
            assert state is not None and state.told.answer is not None
            assert state.told.answer.what == self.present.answer.what
            assert answers[-1].key == state.told.answer.key


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens(seed: int) -> None:
    week = Week(seed)
    for _ in range(40):
        for _ in range(week.chance.choice((0, 1, 2, 3, 3, 8))):
            week.something_happens()
            week.run(week.chance.choice(OUTCOMES))
            week.check()
        # the trouble is over; what is held back goes when its time has come
        while True:
            week.present = replace(week.present, now=week.present.now + timedelta(minutes=5))
            if not week.run("done").news:
                break
        week.check()
        week.knows_all()


def test_what_is_over_is_told_however_many_messages_were_lost_meanwhile() -> None:
    """The place was told of a freeze, and nobody knew that; then it lost all messages for a day."""
    week = Week(0)

    def in_two_hours(outcome: str, **changes: Any) -> None:
        week.present = replace(week.present, now=week.present.now + timedelta(hours=2), **changes)
        assert week.run(outcome).news

    in_two_hours("arrived, unsure", freezes={"freeze1": FreezeOn(START)})
    in_two_hours("lost, unsure", freezes={})
    for _ in range(MOST_POSSIBLE + 2):
        seq = week.present.seq + 1
        moved = Event(seq, f"e{seq}", week.present.now)
        in_two_hours("lost, unsure", seq=seq, promotions=(*week.present.promotions, moved))
    in_two_hours("done")
    week.check()
    week.knows_all()
