"""Branches side by side: several processes of one run, each at one branch (docs/running.md#side-by-side).

A branch that hangs, runs out of memory or crashes costs itself, and is named. What was printed is shown in
the order of the settings, as if one had come after the other.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from math import inf, isinf
from time import monotonic
from typing import NamedTuple

import msgspec

from shepherd.errors import UNEXPECTED, ShepherdError
from shepherd.limits import share
from shepherd.run import Run
from shepherd.running.output import complain, write
from shepherd.running.worker import Body, Outcome, Pipes, Task, end_family, message, whole, work

WHILE_OTHERS_WAIT, LAST = 0.5, 0.9
"""The part of the time that is left which a branch may take: while others wait for a process; and then."""
GRACE = 15.0
"""Seconds that a process gets to end by itself what has to end; then it is killed."""


def processes(wanted: int) -> int:
    """How many branches are read at once.

    Args:
        wanted: `run.at_once`; 0: as many as there are processors, but two at least, since much is waiting.
    """
    return wanted or min(8, max(2, len(os.sched_getaffinity(0))))


def can_fork() -> bool:
    """Whether this process may be copied: a lock that another thread holds stays held in the copy."""
    return threading.active_count() == 1


class _Shared(NamedTuple):
    """What all the processes have in common."""

    alive: int
    living: int
    """The other end of that pipe; the maker alone has it open."""
    turns: int


class SideBySide:
    """One stage for several branches.

    Args:
        stage: its name, for notes on branches that could not be read.
        body: what is done with one branch, in a process of its own.
        run: the run that the stage belongs to.
        at_once: how many branches at the same time.
        quietly: say and note nothing: the caller sees the outcomes, and uses them.
    """

    def __init__(self, stage: str, body: Body, run: Run, at_once: int, *, quietly: bool = False) -> None:
        self._stage = stage
        self._body = body
        self._run = run
        self._at_once = at_once
        self._quietly = quietly
        self._workers: list[_Worker] = []
        self._outcomes: dict[str, Outcome] = {}
        self._shared = _Shared(-1, -1, -1)

    def __call__(self, branches: Sequence[str]) -> dict[str, Outcome]:
        """How each branch went; what it printed has been printed.

        Raises:
            OSError: no process could be started.

        Whatever else ends this process early is raised, too; the branches that were under way then are noted
        as not read, for that reason.
        """
        waiting, shown = list(branches), list(branches)
        with ExitStack() as held:
            self._shared = _Shared(*os.pipe(), held.enter_context(tempfile.TemporaryFile()).fileno())
            held.callback(os.close, self._shared.alive)
            held.callback(os.close, self._shared.living)
            try:
                while waiting or any(each.branch for each in self._workers):
                    self._give(waiting)
                    self._hear()
                    shown = self._show(shown)
            except BaseException as reason:
                self._stop(reason)
                self._show([branch for branch in shown if branch in self._outcomes])
                raise
            finally:
                for worker in self._workers:
                    worker.end()
        return {branch: self._outcomes[branch] for branch in branches}

    def _give(self, waiting: list[str]) -> None:
        """Give branches to processes that have none, and start those that are missing."""
        for worker in self._workers:
            if waiting and not worker.branch:
                self._start(worker, waiting)
        while waiting and len(self._workers) < self._at_once:
            try:
                worker = _Worker(self._shared, self._workers, self._body, self._run)
            except OSError:
                # too little memory, too many processes: those that there are do it
                if not self._workers:
                    raise
                return
            self._workers.append(worker)
            self._start(worker, waiting)

    @staticmethod
    def _start(worker: _Worker, waiting: list[str]) -> None:
        branch = waiting.pop(0)
        left = 2 * share()
        worker.start(branch, left * (WHILE_OTHERS_WAIT if waiting else LAST))

    def _hear(self) -> None:
        """Wait until something happens, and see what."""
        end = min(each.due for each in self._workers)
        patience = None if isinf(end) else max(0.0, end - monotonic()) * 1000
        poll = select.poll()
        for worker in self._workers:
            poll.register(worker.outcomes, select.POLLIN)
        ready = {handle for handle, _ in poll.poll(patience)}
        for worker in tuple(self._workers):
            branch, outcome = worker.branch, None
            if worker.outcomes in ready:
                outcome = worker.hear()
            if worker.ended or worker.due <= monotonic():
                hangs = not worker.ended
                self._workers.remove(worker)
                how = worker.end(kill=True)
                if hangs:
                    how = "did not end in time and was killed"
                outcome = outcome or self._lost(branch, how)
            if outcome is not None and branch:
                self._outcomes[branch] = outcome
                for stage, failure in () if self._quietly else outcome.failed:
                    self._run.note(stage, branch, ShepherdError(failure))

    def _lost(self, branch: str, how: str) -> Outcome:
        """What became of a branch whose process can say nothing any more."""
        failure = f"{branch}: the process that was at it {how}; the next run tries again"
        return Outcome(UNEXPECTED, failure, failed=[(self._stage, failure)])

    def _show(self, branches: list[str]) -> list[str]:
        """Print what was said of the first of these, as far as it is known; the rest of them."""
        for number, branch in enumerate(branches):
            if branch not in self._outcomes:
                return branches[number:]
            if not self._quietly:
                self._say(branch)
        return []

    def _say(self, branch: str) -> None:
        outcome = self._outcomes[branch]
        for stream, text in outcome.said:
            if stream == "loudly":
                self._run.loudly(text)
            elif stream == "out":
                write(sys.stdout, text)
            else:
                for line in text.splitlines():
                    complain(line)
        if outcome.failure:
            # a bug in one branch must not keep the others from being read
            complain(f"{branch}: unexpected {outcome.failure}" if outcome.bug else outcome.failure)
        if outcome.bug:
            self._run.tell("bug", branch=branch, traceback=outcome.bug)

    def _stop(self, reason: BaseException) -> None:
        """End all processes: first as a signal ends a run, then by force."""
        busy = [each for each in self._workers if each.branch]
        for worker in self._workers:
            worker.signal(signal.SIGTERM)
        end = monotonic() + GRACE / 3
        for worker in self._workers:
            worker.wait(end)
        for worker in () if self._quietly else busy:
            self._run.note(self._stage, worker.branch, reason)


class _Worker:
    """One of the processes, as its maker sees it."""

    def __init__(self, shared: _Shared, others: Sequence[_Worker], body: Body, run: Run) -> None:
        """Start it. Raises OSError."""
        theirs_tasks, self._tasks = os.pipe()
        self.outcomes, theirs_outcomes = os.pipe()
        self.branch = ""
        """What it is at; empty: nothing."""
        self.due = inf
        """When it is killed."""
        self.ended = False
        self._buffer = b""
        self._status: int | None = None
        try:
            self.pid = os.fork()
        except OSError:
            for handle in (theirs_tasks, self._tasks, self.outcomes, theirs_outcomes):
                os.close(handle)
            raise
        if not self.pid:
            # else the others would not see that their maker closes these
            for worker in (self, *others):
                os.close(worker._tasks)
                os.close(worker.outcomes)
            os.close(shared.living)
            work(Pipes(theirs_tasks, theirs_outcomes, shared.alive, shared.turns), body, run)
        os.close(theirs_tasks)
        os.close(theirs_outcomes)

    def start(self, branch: str, seconds: float) -> None:
        self.branch, self.due = branch, monotonic() + seconds + GRACE
        with suppress(OSError):
            # one that has ended is met when it is heard
            os.write(self._tasks, message(Task(branch, seconds)))

    def hear(self) -> Outcome | None:
        """What it says, None if that is not all there, or it has ended."""
        part = os.read(self.outcomes, 65536)
        self.ended = not part
        self._buffer += part
        content = whole(self._buffer)
        if content is None:
            return None
        self._buffer, self.branch, self.due = b"", "", inf
        try:
            return msgspec.msgpack.decode(content, type=Outcome)
        except msgspec.MsgspecError as error:
            return Outcome(UNEXPECTED, f"unreadable: {error}")

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, end: float) -> None:
        """Wait until it has ended, at most until then."""
        while self._status is None and monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self._status = status
                return
            select.select([], [], [], 0.01)

    def end(self, *, kill: bool = False) -> str:
        """Let it end, and say how it did."""
        for handle in (self._tasks, self.outcomes):
            with suppress(OSError):
                os.close(handle)
        if not kill:
            self.wait(monotonic() + GRACE)
        if self._status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if not done:
                end_family(self.pid)
                _, status = os.waitpid(self.pid, 0)
            self._status = status
        code = os.waitstatus_to_exitcode(self._status)
        if code >= 0:
            return f"ended with {code} before it was done"
        name = signal.Signals(-code).name
        memory = ": the host may be short of memory, see run.at_once" if code == -signal.SIGKILL else ""
        return f"was ended by {name}{memory}"
