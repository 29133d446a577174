"""What must hold after each tick, whatever happened; and what was expected and did not come."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.month.history import Team
from bench.month.ticks import Cron, Tick
from bench.month.world import World

Answer = Literal["right", "no-data", "old"]


def short(text: str) -> str:
    """Some words of what was said, in one line: the end, where the reason stands."""
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"… {line[-400:]}"


@dataclass
class Expected:
    """What a trouble excuses on one host for one tick; nothing by default."""

    answer: Answer = "right"
    reason: str = ""
    """What `no data` must say, a pattern."""
    codes: frozenset[int] = frozenset({0})
    cron: str = ""
    """What cron may mail, a pattern; empty: nothing."""
    must_mail: bool = False
    """It has to."""
    publishes: bool = True
    mails: bool = True
    runs: bool = True
    """The log sees exactly one run begin."""


USUAL = Expected()


@dataclass
class Ledger:
    """Everything that is printed at the end."""

    violations: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    """Expectations of a feature or a sentence that did not come, by name."""
    met: int = 0
    said: dict[str, list[str]] = field(default_factory=dict)
    """Trouble -> what the shepherd said of it."""
    outputs: int = 0

    def expect(self, name: str, holds: object, what: str) -> bool:
        """Note whether a named expectation holds."""
        if holds:
            self.met += 1
        else:
            line = f"{name}: {short(what)}"
            self.unmet.append(line)
            print(f"  EXPECTED {line}", flush=True)
        return bool(holds)

    def violated(self, when: str, what: str) -> None:
        self.violations.append(f"{when}: {what}")
        print(f"  VIOLATED {when}: {what}", flush=True)

    def say(self, trouble: str, sentence: str) -> None:
        line = short(sentence)
        if line and line not in self.said.setdefault(trouble, []):
            self.said[trouble].append(line)


class Watch:
    """Looks at one host after each of its ticks."""

    def __init__(self, world: World, ledger: Ledger, name: str, cron: Cron, team: Team) -> None:
        self._world, self._ledger, self._name, self.cron, self._team = world, ledger, name, cron, team
        self._promoted = team.production
        self._last: tuple[str, int] = ("none", 0)
        self.answers = 0
        self.no_data = 0

    def before(self) -> None:
        """Remember what production runs."""
        self._promoted = self._team.production

    def after(self, tick: Tick, expected: Expected, trouble: str) -> None:
        """Check everything; what a trouble excuses is excused."""
        when = f"{self._world.clock.day:%d %H:%M} {self._name}{f' ({trouble})' if trouble else ''}"
        status = self.cron.status()
        self._check_tick(when, tick, expected, trouble)
        self._check_promotions(when)
        self._check_answer(when, status, expected, trouble)
        self._check_page(when, status, expected)
        if not (self.cron.home / "shepherd/current/tasks.py").exists():
            self._ledger.violated(when, "current is not whole")

    def _check_tick(self, when: str, tick: Tick, expected: Expected, trouble: str) -> None:
        if tick.code not in expected.codes:
            self._ledger.violated(
                when, f"exit code {tick.code}, expected {sorted(expected.codes)}: {tick.output[-400:]}"
            )
        if tick.output.strip():
            self._ledger.outputs += 1
            if trouble:
                self._ledger.say(trouble, tick.output)
            if not expected.cron or not re.search(expected.cron, tick.output, re.DOTALL):
                self._ledger.violated(when, f"cron mails {tick.output[:500]!r}, expected {expected.cron!r}")
        elif expected.must_mail:
            self._ledger.expect(f"{trouble} on {self._name}", False, f"cron mails nothing at {when}")
        if expected.runs and len(tick.runs) != 1:
            self._ledger.violated(when, f"{len(tick.runs)} runs in the log for one tick")

    def _check_promotions(self, when: str) -> None:
        """What production runs moved only to what the truth allows."""
        now, before, allowed = self._team.ref("production"), self._team.production, self._team.deployable()
        if now == before:
            return
        if now != allowed:
            self._ledger.violated(
                when,
                f"production went from r{before} to r{now}, but r{allowed} is deployable",
            )
        self._team.production = now

    def _check_answer(self, when: str, status: dict[str, Any], expected: Expected, trouble: str) -> None:
        word = str(status.get("answer", "none"))
        revision = (status.get("deployable") or {}).get("revno", 0)
        truths = {self._team.deployable(self._promoted), self._team.deployable()}
        if word == "no-data" or word == "none":
            self.no_data += 1
            reasons = " ".join(map(str, status.get("problems", [])))
            if trouble:
                self._ledger.say(trouble, reasons)
            if expected.answer == "right":
                self._ledger.violated(when, f"no data without a cause: {reasons[:400]}")
            elif expected.reason and not re.search(expected.reason, reasons):
                self._ledger.expect(
                    trouble, False, f"no data names {expected.reason!r}, but: {reasons[:300]}"
                )
            return
        self.answers += 1
        shown = (word, revision)
        if expected.answer == "old" and shown == self._last:
            return
        if expected.answer == "no-data":
            self._ledger.violated(when, f"an answer {shown} where nothing can be read")
        elif revision not in truths or (word == "deploy") != bool(revision):
            self._ledger.violated(when, f"answers {shown}, the truth is {truths}")
        self._last = shown

    def _check_page(self, when: str, status: dict[str, Any], expected: Expected) -> None:
        feed = self._world.web.root / f"srv/www/{self._name}/stable.json"
        page = feed.with_suffix(".html")
        if not expected.publishes or status.get("answer") == "none":
            return
        try:
            published = json.loads(feed.read_text())
            whole = page.read_text().rstrip().endswith("</html>")
        except (OSError, ValueError) as error:
            self._ledger.violated(when, f"the web host has no page: {error!r}")
            return
        same = all(published.get(each) == status.get(each) for each in ("run_id", "answer", "deployable"))
        if not same or not whole:
            self._ledger.violated(
                when, f"the page is that of {published.get('run_id')}, the answer of {status.get('run_id')}"
            )
