"""The month itself: slots of two hours, in each of which the teams work and every host ticks once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from bench.month.checks import USUAL, Expected, Ledger, Watch, short
from bench.month.hosts import Machine
from bench.month.ticks import Cron, RunningTick, Tick
from bench.month.world import HOSTS, World

SLOT = 7200.0
Slots = Iterator[Mapping[str, Expected]]
"""What a happening excuses in the next slot, by host; between two slots it does what it does."""


class Happening(NamedTuple):
    """A release, or a trouble."""

    name: str
    begin: Callable[[Month], Slots]
    slots: int
    """About how long it takes."""


class Month:
    """Plays all slots, and everything that happens between them."""

    def __init__(self, world: World) -> None:
        self.world, self.ledger = world, Ledger()
        self.crons = {name: Cron(world.hosts[name]) for name in HOSTS}
        self.watches: dict[str, Watch] = {}
        for name in HOSTS:
            self.watches[name] = Watch(world, self.ledger, name, self.crons[name], world.teams[name])
        self.last: dict[str, Tick] = {}
        self.name = ""
        """Of what happens now; empty: nothing."""
        self.idle: set[str] = set()
        """Teams that rest while their tracker is broken."""
        self.played = 0
        self.happened: Counter[str] = Counter()
        self.releases = self.promotions = 0
        self._digests: set[tuple[str, str, date]] = set()
        self._troubled_days: set[tuple[str, date]] = set()

    def play(self, slots: int, happenings: list[Happening]) -> None:
        """Play `slots`; the happenings are spread over them evenly."""
        gap = max(1, (slots - sum(each.slots for each in happenings)) // (len(happenings) + 1))
        waiting, due = list(happenings), 0
        current: Slots | None = None
        for number in range(slots):
            self.world.clock.set(self.world.clock.at + SLOT)
            expected: Mapping[str, Expected] = {}
            if current is None and waiting and number >= due:
                happening = waiting.pop(0)
                self.name = happening.name
                print(f"{self.world.clock.day:%a %d %H:%M}  {self.name}", flush=True)
                self.happened[self.name] += 1
                current = self._contained(happening)
            if current is not None:
                step = next(current, None)
                if step is None:
                    current, self.name, due = None, "", number + gap
                else:
                    expected = step
            self._slot(expected)
        if current is not None:
            next(current, None)
        for each in waiting:
            self.ledger.expect(each.name, False, "the month was too short for it")

    def _contained(self, happening: Happening) -> Slots:
        """A step of a happening that breaks is an expectation that was not met, not the end of the month."""
        try:
            yield from happening.begin(self)
        except Exception as error:
            self.ledger.expect(happening.name, False, f"a step broke: {error!r}")

    def _slot(self, expected: Mapping[str, Expected]) -> None:
        day = self.world.clock.day
        for name in HOSTS:
            if name not in self.idle:
                self.world.teams[name].work()
                self._go_live(name)
            self.watches[name].before()
            if name in expected or self.name:
                self._troubled_days.add((name, day.date()))
        running: dict[str, RunningTick] = {name: self.crons[name].begin() for name in HOSTS}
        self.last = {name: each.end() for name, each in running.items()}
        for name in HOSTS:
            self.watches[name].after(self.last[name], expected.get(name, USUAL), self.name)
            if day.hour == 10 and day.weekday() < 5:
                self._digests |= {(name, each.person, day.date()) for each in self.world.teams[name].open()}
        if not self.name and day.hour == 14 and day.weekday() < 5:
            self._promote("qa1")
        self.played += 1

    def _promote(self, name: str) -> None:
        """Somebody releases what may go live, by hand."""
        team, when = self.world.teams[name], f"{self.world.clock.day:%d %H:%M} {name}"
        allowed, before = team.deployable(), team.ref("release")
        done = self.world.hosts[name].inv("promote", "--reason", "the week's release")
        if done.code or team.ref("release") != (allowed or before):
            now = f"release is at r{team.ref('release')}, was at r{before}"
            self.ledger.violated(when, f"inv promote: {now}, r{allowed} is allowed: {short(done.text)}")
        self.promotions += bool(allowed)

    def _go_live(self, name: str) -> None:
        """In the morning production takes what was released the day before."""
        team = self.world.teams[name]
        if self.world.clock.day.hour == 8 and (released := team.ref("release")) > team.production:
            team.deploy(released)

    def move(self, name: str, host: Machine) -> None:
        """From now on a shepherd is on another host."""
        self.world.hosts[name] = host
        old, self.crons[name] = self.crons[name], Cron(host)
        self.crons[name].ticks = old.ticks
        self.watches[name].cron = self.crons[name]
        self.crons[name].new_runs()

    def at(self, hour: int) -> Slots:
        """Let slots pass until the next is at this hour of a working day."""
        while (self.world.clock.day.hour, self.world.clock.day.weekday() < 5) != (hour, True):
            yield {}

    def lost_mails(self) -> list[str]:
        """Digests that had to come on a day without trouble, and did not."""
        came = {
            (each.sender, each.to, each.day) for each in self.world.mail.received() if each.kind == "digest"
        }
        return [
            f"{person} had no digest of {name} on {day}"
            for name, person, day in sorted(self._digests)
            if (name, day) not in self._troubled_days
            and (f"shepherd@{name}.example.org", person, day) not in came
        ]
