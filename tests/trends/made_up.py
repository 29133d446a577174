"""Journals that are made up: some at random, whatever sense that makes, and one as a team works for years."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from shepherd.landing import Landing
from shepherd.store import JournalEntry
from shepherd.words import State

START = datetime(2010, 3, 1, 9, 0, tzinfo=UTC)
STATES: tuple[State, ...] = get_args(State)


def sha(revno: int, line: str = "") -> str:
    return f"{line or 'a'}{revno:039}"


class Writer:
    """Entries, numbered as the journal does it, each in the run of the last `tick`."""

    def __init__(self, now: datetime) -> None:
        self.now, self.runs = now, 0
        self.entries: list[JournalEntry] = []

    def tick(self, later: timedelta) -> None:
        """Another run, so much later."""
        self.now += later
        self.runs += 1

    def write(self, kind: str, subject: str = "", **data: Any) -> None:
        self.entries.append(
            JournalEntry(
                kind,
                subject,
                data,
                at=self.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                run_id=f"run-{self.runs}",
                seq=len(self.entries) + 1,
            )
        )


def some_landings(chance: random.Random, number: int) -> list[Landing]:
    """Landings of which some roll others back, with dates that are not always in order."""
    at, landings = START.timestamp() - 86_400, []
    for revno in range(1, number + 1):
        at += chance.expovariate(1 / 40_000)
        targets: tuple[int, ...] = ()
        if revno > 2 and chance.random() < 0.3:
            targets = tuple(sorted({chance.randrange(max(1, revno - 6), revno) for _ in range(2)}))
        wrong = chance.choice((0, 0, 0, 0, 50_000, -50_000))
        landings.append(Landing(revno, sha(revno), int(at) + wrong, mark_targets=targets))
    return landings


def chaos(chance: random.Random, landings: Sequence[Landing], number: int) -> list[JournalEntry]:
    """Entries at random: production, promotions, QA, answers, states, alarms, words, and rewrites of the
    mainline, in which some landings had other commits, or other numbers."""
    writer, rewritten = Writer(START), chance.choice((0, 0, 1, 2))
    size = len(landings)
    when = sorted(chance.sample(range(number), rewritten))
    lines = [_former(chance, landings, f"{'bcd'[era]}") for era in range(rewritten)] + [list(landings)]
    uses_qa, promotes = chance.random() < 0.7, chance.random() < 0.7
    near = 1
    for step in range(number):
        line = lines[sum(step >= each for each in when)]
        writer.tick(timedelta(seconds=int(chance.choice((0, 60, 3_600, 20_000, 200_000)) * chance.random())))
        if step in when:
            if chance.random() < 0.7:
                writer.write(
                    "deployed",
                    **_at(chance, line, near),
                    **({"kept": sha(1)} if chance.random() < 0.5 else {}),
                )
            writer.write("rewrite", revno=size)
        near = min(size, max(1, near + chance.choice((-3, 0, 1, 1, 2, 4))))
        kind = chance.choice(
            ("deployed", "promoted", "on-qa", "answer", "state", "state", "state", "alarm", "tip", "cover")
        )
        if kind == "deployed":
            writer.write("deployed", **_at(chance, line, near))
        elif kind == "promoted" and promotes:
            begun_at: dict[str, Any] = {"from": 1} if chance.random() < 0.8 else {}
            writer.write("promoted", **_at(chance, line, near + 1), **begun_at)
        elif kind == "on-qa" and uses_qa:
            writer.write("on-qa", **_at(chance, line, near + 2))
        elif kind == "answer":
            _answer(chance, writer, line, near)
        elif kind == "state":
            landing = chance.choice(line)
            writer.write(
                "state", landing.id, revno=landing.revno, to=chance.choice((*STATES, "ok", "ok", "bad"))
            )
        elif kind == "alarm":
            landing = chance.choice(line)
            writer.write("alarm", landing.id, revno=landing.revno, on=chance.random() < 0.5)
        elif kind == "tip":
            writer.write("tip", **_at(chance, line, size))
        elif kind == "cover" and chance.random() < 0.4:
            target, by = chance.choice(line), chance.choice((None, chance.choice(line).id))
            writer.write("cover", target.id, by=by, undone=by is not None and chance.random() < 0.6, tip=near)
    return writer.entries


def _former(chance: random.Random, landings: Sequence[Landing], name: str) -> list[Landing]:
    """The mainline as it was: from some place on with other commits, or with one more of them."""
    cut = chance.randrange(len(landings))
    if chance.random() < 0.5:
        return [*landings[:cut], *(Landing(p.revno, sha(p.revno, name), 0) for p in landings[cut:])]
    more = [Landing(cut + 1, sha(cut + 1, name), 0)]
    return [*landings[:cut], *more, *(Landing(p.revno + 1, p.id, 0) for p in landings[cut:])]


def _at(chance: random.Random, line: Sequence[Landing], revno: int) -> dict[str, Any]:
    if chance.random() < 0.03:
        return {"revno": 0, "id": ""}
    place = line[min(max(revno, 1), len(line)) - 1]
    return {"revno": place.revno, "id": place.id}


def _answer(chance: random.Random, writer: Writer, line: Sequence[Landing], near: int) -> None:
    deployed = _at(chance, line, near)
    deployable = _at(chance, line, near + 2) if chance.random() < 0.6 else None
    answer = "deploy" if deployable else chance.choice(("nothing-new", "blocked", "no-data"))
    named: dict[str, Any] = {"id": deployable["id"] if deployable else None} if chance.random() < 0.8 else {}
    writer.write(
        "answer",
        answer=answer,
        deployable=deployable["revno"] if deployable else None,
        deployed=deployed["revno"] if answer != "no-data" else None,
        **named,
        **({"stopped": "hotfix"} if chance.random() < 0.1 else {}),
    )


class Team:
    """A team that lands, tests, promotes and deploys for years: what the journal has of that.

    Args:
        landings: with the times at which they landed, ascending.
        every: days from one deployment to the next, on average.
    """

    def __init__(self, landings: Sequence[Landing], *, every: float, seed: int = 7) -> None:
        self.landings, self.every, self.chance = landings, every, random.Random(seed)
        self.writer = Writer(datetime.fromtimestamp(landings[0].committed_at, UTC))
        self.states: dict[str, str] = {}
        self.alarms: set[int] = set()
        self.tip = self.on_qa = self.live = self.promoted = self.allowed = 0

    def entries(self) -> list[JournalEntry]:
        """All of it, oldest first."""
        doing = {
            "land": self._land,
            "test": self._test,
            "good": self._good,
            "bad": self._bad,
            "promote": self._promote,
            "deploy": self._deploy,
        }
        self.writer.write("began")
        for when, what, revno in sorted(self._acts()):
            later = datetime.fromtimestamp(int(when), UTC) - self.writer.now
            self.writer.tick(max(timedelta(), later))
            doing[what](revno)
        return self.writer.entries

    def _acts(self) -> Iterator[tuple[float, str, int]]:
        chance = self.chance
        for landing in self.landings:
            at, revno = float(landing.committed_at), landing.revno
            yield at, "land", revno
            yield at + 300 + chance.expovariate(1 / 20_000), "test", revno
            yield at + 600 + chance.expovariate(1 / 60_000), "good", revno
            if chance.random() < 0.05:
                bad = at + 900 + chance.expovariate(1 / 200_000)
                yield bad, "bad", revno
                yield bad + 60 + chance.expovariate(1 / 60_000), "good", revno
        at, end = float(self.landings[0].committed_at), self.landings[-1].committed_at
        while at < end:
            at += chance.expovariate(1 / (self.every * 86_400))
            yield at, "promote", 0
            yield at + 60 + chance.expovariate(1 / 7_000), "deploy", 0

    def _place(self, revno: int) -> dict[str, Any]:
        return {"revno": revno, "id": self.landings[revno - 1].id if revno else ""}

    def _land(self, revno: int) -> None:
        landing = self.landings[revno - 1]
        self.tip = max(self.tip, revno)
        self.writer.write("tip", **self._place(revno))
        self.writer.write("landing", landing.id, revno=revno)
        self._state(revno, "testfix" if self.chance.random() < 0.2 else "needstesting")
        self._act("mail", f"reminder {landing.id}", to="ann@example.org")

    def _test(self, revno: int) -> None:
        if revno > self.on_qa:
            self.on_qa = revno
            self.writer.write("on-qa", **self._place(revno))

    def _good(self, revno: int) -> None:
        if self.states.get(self.landings[revno - 1].id) != "testfix":
            self._state(revno, "ok")

    def _bad(self, revno: int) -> None:
        self._state(revno, "bad")

    def _state(self, revno: int, to: str) -> None:
        landing = self.landings[revno - 1]
        before = self.states.get(landing.id)
        if before == to:
            return
        self.states[landing.id] = to
        for act in ("tag", "mail"):
            self.writer.write(
                "meant", f"{act} {landing.id} {to}", act=act, item=f"{revno}", to="ann@example.org"
            )
            self.writer.write("done", f"{act} {landing.id} {to}", act=act, result="done")
        self.writer.write("item", f"{revno}", words=[to])
        self.writer.write("kept", f"{landing.id} {revno}", word=to)
        self.writer.write("state", landing.id, **{"revno": revno, "from": before, "to": to, "rule": "items"})
        bad = to == "bad" and revno <= self.live
        if bad or revno in self.alarms:
            (self.alarms.add if bad else self.alarms.remove)(revno)
            self.writer.write("alarm", landing.id, revno=revno, on=bad)
        self._answer()

    def _act(self, act: str, about: str, **data: Any) -> None:
        self.writer.write("meant", f"{act} {about}", act=act, **data)
        self.writer.write("done", f"{act} {about}", act=act, result="done")

    def _promote(self, _: int) -> None:
        to = max(self.allowed, self.live)
        if to != self.promoted and to:
            before: dict[str, Any] = {"from": self.promoted}
            self.writer.write("promoted", **self._place(to), **before, ref="released")
            self.promoted = to

    def _deploy(self, _: int) -> None:
        to = self.promoted
        if self.chance.random() < 0.02:
            to = max(1, self.live - self.chance.randint(1, 10))
        if to != self.live and to:
            self.live = to
            self.writer.write("deployed", **self._place(to))
            for revno in sorted(self.alarms):
                if revno > to:
                    self.alarms.remove(revno)
                    self.writer.write("alarm", self.landings[revno - 1].id, revno=revno, on=False)
        self._answer()

    def _answer(self) -> None:
        best = self.live
        for landing in self.landings[self.live : self.tip]:
            if self.states.get(landing.id) not in ("ok", "testfix"):
                break
            best = landing.revno
        found = best if best > self.live else 0
        if found != self.allowed:
            self.allowed = found
            self.writer.write(
                "answer",
                answer="deploy" if found else "blocked" if self.tip > self.live else "nothing-new",
                deployable=found or None,
                deployed=self.live,
                id=self.landings[found - 1].id if found else None,
            )


def regular(number: int, years: float, seed: int = 7) -> list[Landing]:
    """Landings over some years, of which one in a hundred rolls back an earlier one."""
    chance = random.Random(seed)
    step = years * 365 * 86_400 / number
    landings = []
    for revno in range(1, number + 1):
        target = revno - chance.randrange(1, 20)
        targets = (target,) if target > 0 and chance.random() < 0.01 else ()
        at = int(START.timestamp() + revno * step + chance.random() * step)
        landings.append(
            Landing(revno, sha(revno), at, title="Some title of usual length", mark_targets=targets)
        )
    return landings
