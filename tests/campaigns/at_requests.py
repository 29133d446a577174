"""Kill -9 of find, tag and judge by the requests they make: in the end all is as if nobody had."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Protocol

from shepherd.running import stages, tag
from shepherd.running.tasking import TaskOptions
from tests.campaigns.killing import forked, undisturbed
from tests.campaigns.outcome import kept_snapshots
from tests.project import Project


class Teller(Protocol):
    """A server that says of each request that it came, before it answers."""

    tell: Callable[[str], None]


def kill_before_answer(server: Teller, number: int) -> tuple[Callable[[int], None], list[int]]:
    """A process that asks dies before it hears of its request `number`, from 0, which the server carries out
    all the same. Returns what is to be told which process that is, and a list of how many it has asked."""
    seen = [0]
    ready: list[int] = []

    def tell(_request: str) -> None:
        while not ready:
            time.sleep(0.001)
        if seen[0] == number:
            os.kill(ready[0], signal.SIGKILL)
        seen[0] += 1

    server.tell = tell
    return ready.append, seen


class Victim(ABC):
    """Landings wait to be tagged. Who makes one calls `begin` when they do."""

    server: Teller
    project: Project
    expected: dict[str, Any]
    requests: list[str]
    """Those of a run that nobody disturbed."""

    def begin(self, saved: Path) -> None:
        """Remember how it is now, and what a run makes of it."""
        self._saved, self._before = saved, deepcopy([dict(each) for each in self.things()])
        shutil.copytree(self.project.state, saved)
        self.asked().clear()
        undisturbed(self.run)
        self.expected, self.requests = self.outcome(), list(self.asked())

    @abstractmethod
    def things(self) -> list[dict[Any, Any]]:
        """What the tagger changes on the server."""

    @abstractmethod
    def asked(self) -> list[str]:
        """The server's list of the requests it had."""

    @abstractmethod
    def said(self) -> dict[str, Any]:
        """What is to be seen on the server."""

    def run(self) -> None:
        """What `inv find tag judge` does, short of Invoke."""
        options = TaskOptions(self.project.settings, "tester")
        assert stages.find(options) == 0
        assert tag.tag(options, yes=True) in (0, 7)
        assert stages.judge(options) == 0

    def outcome(self) -> dict[str, Any]:
        answer = kept_snapshots(self.project.settings)[-1]
        states = {each["revno"]: (each["state"], each["reason"]) for each in answer["landings"]}
        return {**self.said(), "states": states, "deployable": answer["deployable"]}

    def restore(self) -> None:
        shutil.rmtree(self.project.state)
        shutil.copytree(self._saved, self.project.state)
        for here, before in zip(self.things(), deepcopy(self._before), strict=True):
            for gone in here.keys() - before.keys():
                del here[gone]
            for key, value in before.items():
                here[key] = value

    def killed(self, when: Callable[[int], None]) -> None:
        """Run it, kill it, run it again to its end, and compare."""
        self.restore()
        child = forked(self.run)
        when(child)
        os.waitpid(child, 0)
        self.server.tell = lambda request: None
        undisturbed(self.run)
        assert self.outcome() == self.expected

    def killed_at(self, number: int) -> None:
        """Dead before it hears of its request `number`, from 0, which the server carries out all the same."""
        name_child, seen = kill_before_answer(self.server, number)
        self.killed(name_child)
        assert seen[0] > number

    def killed_at_some(self) -> None:
        for number in (len(self.requests) // 2, len(self.requests) - 4):
            self.killed_at(number)

    def killed_at_random(self, times: int) -> None:
        """At moments of a run that was measured."""
        chance = random.Random(7)
        self.restore()
        began = time.monotonic()
        undisturbed(self.run)
        lasts = time.monotonic() - began
        for _ in range(times):
            seconds = chance.random() * lasts

            def when(child: int, seconds: float = seconds) -> None:
                time.sleep(seconds)
                os.kill(child, signal.SIGKILL)

            self.killed(when)
