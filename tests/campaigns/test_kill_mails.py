"""Kill -9 amid `remind` and `escalate`: no mail twice in a day, nobody without one for more than a day."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns import times
from tests.campaigns.killing import killed_after, killed_at, points, undisturbed
from tests.mail.team import LIST, OPERATOR, Team, parsed
from tests.running.smtp import Server, serving

pytestmark = pytest.mark.real

PEOPLE = [f"{name}@example.org" for name in ("ann", "bob", "cleo", "dan")]
FIRST, NEXT = "2011-08-09 09:00", "2011-08-10 09:00"


class Week:
    """Four people, the list and the operators have something to read on the morning of the first day."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.server = server
        self.team = Team(folder / "team", server)
        self.team.at("2011-08-01 10:00")
        for person in PEOPLE:
            self.team.land("[bug=1] Something", author=f"{person[:3]} <{person}>")
        self.team.land("[bug=1] Something", author="Eve <eve@users.noreply.github.com>")
        self.team.look()
        self._saved = folder / "saved"
        shutil.copytree(self.team.state, self._saved)

    def begin(self) -> None:
        """Set back to that morning, with nothing sent."""
        shutil.rmtree(self.team.state)
        shutil.copytree(self._saved, self.team.state)
        self.server.messages.clear()

    def run(self, at: str) -> Callable[[], Any]:
        def body() -> None:
            self.team.at(at)
            self.team.remind()
            self.team.escalate()

        return body

    def check(self, where: str) -> None:
        """After a kill on the first day: another run of that day, and one of the next."""
        undisturbed(self.run("2011-08-09 09:05"))
        got = Counter((to, parsed(text)["X-QA-Shepherd-Kind"]) for to, text in self.server.messages)
        assert not got or max(got.values()) == 1, f"twice in a day, after a kill at {where}: {got}"
        missed = {*PEOPLE, LIST, OPERATOR} - {to for to, _ in got}
        assert len(missed) <= 1, f"{missed} got nothing, after a kill at {where}"
        self.server.messages.clear()
        undisturbed(self.run(NEXT))
        counted = Counter(to for to, _ in self.server.messages)
        # once told is enough for the operators, but what may not have reached them is told again
        again = counted.pop(OPERATOR, 0)
        assert (OPERATOR in missed) <= again <= 1, f"the day after a kill at {where}"
        assert counted == Counter([*PEOPLE, LIST]), f"the day after a kill at {where}"


@pytest.fixture
def week(tmp_path: Path) -> Any:
    with serving() as server:
        yield Week(tmp_path, server)


def kill_at_every(week: Week, each: int) -> None:
    week.begin()
    writes = points(week.run(FIRST))
    assert len(week.server.messages) == len(PEOPLE) + 2
    for number in range(0, len(writes), each):
        week.begin()
        assert killed_at(week.run(FIRST), number)
        week.check(f"{number}, {writes[number]}")
    print(f"killed at {len(range(0, len(writes), each))} of {len(writes)} writes")


def test_at_some_writes(week: Week) -> None:
    kill_at_every(week, each=37)


@pytest.mark.long
def test_at_every_write(week: Week) -> None:
    kill_at_every(week, each=1)


@pytest.mark.long
def test_at_any_moment(week: Week, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(4711)
    week.begin()
    began = time.monotonic()
    undisturbed(week.run(FIRST))
    lasts = time.monotonic() - began
    fell: Counter[str] = Counter()
    while fell.total() < times(200):
        week.begin()
        step, what = killed_after([("mails", week.run(FIRST))], "mails", chance.random() * lasts)
        if not step:
            continue
        fell[what] += 1
        week.check(what)
    with capsys.disabled():
        print(f"\n{fell.total()} kills at random:", dict(fell))
    assert len(fell) > 1, "the kills all fell on one spot"
