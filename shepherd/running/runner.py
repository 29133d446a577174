"""One runner around every stage: owner, gate, work lock, record, switch, START, END. Stages know none of it.

The order matters (docs/running.md#one-copy-at-a-time): take the gate, publish the record, *then* look
at the switch. Whoever looks
first has a switch set, or a release switched, under a stage that already runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from shepherd import limits
from shepherd.errors import UNEXPECTED, SettingsError, ShepherdError, StoreError
from shepherd.plainfile import UnreadableFileError
from shepherd.run import Run, Tell
from shepherd.running import gate, records, refusals
from shepherd.running.log import Log, line, now, run_id
from shepherd.running.refusals import BusyError, MaintenanceError
from shepherd.running.situation import READING, crashed, hang_of, note_read, note_run, situation
from shepherd.running.tasking import ROOT, complain
from shepherd.settings import Settings
from shepherd.values import duration

UNSTOPPED = frozenset({"init"})
"""What the switch does not stop though it takes the work lock (docs/running.md#maintenance)."""


def log_of(settings: Settings) -> Log:
    return Log(settings.state_path / "log" / "shepherd.log")


def prepare_state(state: Path) -> None:
    """Make `state_dir` with the rights of 4.4.

    Raises:
        SettingsError: it belongs to somebody else, or cannot be made.
    """
    try:
        if not state.exists():
            state.mkdir(parents=True)
            state.chmod(0o711)
        owner = state.stat().st_uid
        if owner != os.geteuid():
            raise SettingsError(
                f"{state} belongs to user id {owner}: run this as that user (sudo -u …), so that"
                " files stay theirs"
            )
        for name, mode in (("snapshots", 0o755), ("log", 0o700), ("run", 0o700)):
            folder = state / name
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                folder.chmod(mode)
    except OSError as error:
        raise SettingsError(
            f"{error.filename or state}: cannot be used in state_dir ({error.strerror}); make it writable for"
            " you, or change state_dir in shepherd.toml"
        ) from None


class RunningStage:
    """One stage under way: what it is given, and how it ended."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.code = 0
        self.failure = ""
        """In one sentence, empty if it did its work. Exit codes can be bad without: no data is an answer."""
        self.seconds = 0.0

    def end(self, code: int, failure: str = "") -> int:
        """A stage that contained its failures says here what they come to."""
        self.code, self.failure = code, failure
        return code


class LockedRun:
    """Whoever holds the work lock: one process, one run id, one or several stages."""

    def __init__(self, settings: Settings, who: str, why: str) -> None:
        self.settings = settings
        self.since = now()
        self.read_failed = False
        """Some branch could not be read or judged: what the pages say of it may not hold any more."""
        self.loudly: Callable[[str], None] = complain
        """Says what must be heard though all goes well, also where cron is silent."""
        self.lock = -1
        """The work lock's descriptor: it is held until a child that changes the world has ended
        (docs/running.md#one-copy-at-a-time)."""
        self._began = records.uptime()
        self._who = who
        self._why = why
        self._run_id = run_id(self.since)
        self._stages: list[str] = []
        self._log = log_of(settings)

    def tell(self, stage: str) -> Tell:
        """The log, as one stage writes to it."""

        def tell(event: str, **fields: Any) -> None:
            about = {"branch": fields.pop("branch", "all"), **fields}
            self._log.write(line(now(), run=self._run_id, stage=stage, event=event, **about))

        return tell

    def publish(self, stage: str, noted: bool) -> None:
        """The run record. Raises StoreError."""
        record = records.own(stage, self.since, self._began, noted)
        records.publish(self.settings.state_path, record)

    def _note(self, stage: str, branch: str, failure: BaseException | None) -> None:
        """How an attempt to read a branch ended, for everybody who asks for its answer."""
        self.read_failed |= failure is not None
        try:
            note_read(self.settings, branch, stage, "" if failure is None else _sentence(failure))
        except StoreError:
            # the failure that is on its way says more than that it could not be written down
            if failure is None:
                raise

    def look_at_the_switch(self) -> None:
        """Raises MaintenanceError if it is on."""
        refusal = refusals.in_maintenance(self.settings)
        if refusal is not None:
            raise refusal

    @contextmanager
    def stage(self, name: str, *, noted: bool = True) -> Iterator[RunningStage]:
        """START, the stage, END with seconds and exit code; and how it ended goes to `run/stages.json`.

        Args:
            noted: it is a step of the work, not a person's word that may well have been misspelt.
        """
        tell, started = self.tell(name), monotonic()
        self._stages.append(name)
        run = Run(
            self._run_id,
            now(),
            self._who,
            tell,
            self._why,
            "find" in self._stages,
            self.lock,
            self._note,
            lambda: situation(self.settings),
            self.loudly,
        )
        step = RunningStage(run)
        self.publish(name, noted)
        tell("START", pid=os.getpid(), who=self._who, **({"why": self._why} if self._why else {}))
        try:
            yield step
        except ShepherdError as error:
            step.end(error.code, str(error))
            raise
        except limits.Interruption as interruption:
            step.end(interruption.error.code, str(interruption.error))
            raise
        except BaseException as error:
            step.end(UNEXPECTED, repr(error))
            raise
        finally:
            step.seconds = monotonic() - started
            ended = {"failure": step.failure} if step.failure else {}
            try:
                tell("END", seconds=round(step.seconds, 3), exit=step.code, **ended)
                if noted:
                    note_run(self.settings, name, step.failure, step.seconds)
            except StoreError:
                # the failure that is on its way says more than that it could not be written down
                if not step.failure:
                    raise


def _sentence(failure: BaseException) -> str:
    if isinstance(failure, ShepherdError | limits.Interruption):
        return str(failure)
    return "stopped by the keyboard" if isinstance(failure, KeyboardInterrupt) else f"unexpected {failure!r}"


@contextmanager
def at_work(
    settings: Settings, stage: str, who: str, why: str = "", *, wait: float = 0.0
) -> Iterator[LockedRun]:
    """Hold gate and work lock, with a record that says so, for at most `run.deadline`.

    Args:
        stage: what the record says first; wait: seconds to wait for another copy to end.

    Raises:
        BusyError: another copy holds the lock. MaintenanceError: the switch is on. Both were logged, and are
            on the page.
        DeadlineError, StoppedError: the run was ended from outside.
        SettingsError: `state_dir` is not ours. StoreError: log or record cannot be written.
    """
    state = settings.state_path
    prepare_state(state)
    os.umask(0o077)
    desk = LockedRun(settings, who, why)
    tell, end = desk.tell(stage), monotonic() + wait
    with limits.stoppable(), _gate(desk, tell, end):
        try:
            with _work(desk, end) as desk.lock, records.removed_at_the_end(state):
                _clean_up_after_a_crash(desk, tell)
                desk.publish(stage, noted=False)
                if stage not in UNSTOPPED:
                    desk.look_at_the_switch()
                    refusals.switch_is_off(settings)
                limit = settings.run.deadline
                with limits.limited(
                    duration(limit),
                    limits.DeadlineError(
                        f"ended after {limit} (run.deadline); what is left, the next run does"
                    ),
                ):
                    yield desk
        except (BusyError, MaintenanceError) as refusal:
            tell("refused", exit=refusal.code, because=str(refusal))
            refusals.attend(settings, refusal, tell)
            raise
        except limits.DeadlineError as deadline:
            refusals.attend(settings, deadline, tell)
            raise


@contextmanager
def working(
    settings: Settings, stage: str, who: str, why: str = "", *, wait: float = 0.0, noted: bool = False
) -> Iterator[Run]:
    """One stage on its own: `at_work`, and its START and END."""
    with at_work(settings, stage, who, why, wait=wait) as desk, desk.stage(stage, noted=noted) as step:
        yield step.run


@contextmanager
def _gate(desk: LockedRun, tell: Tell, end: float) -> Iterator[None]:
    refusal: ShepherdError | None = None
    try:
        with gate.gate(desk.settings.state_path, wait=end - monotonic()):
            if gate.upgraded(ROOT):
                refusal = BusyError("the shepherd was upgraded meanwhile: start it again")
            else:
                yield
                return
    except gate.TakenError:
        refusal = refusals.in_maintenance(desk.settings) or BusyError(
            "an upgrade is under way; try again when it is done (inv lock.status)"
        )
    tell("refused", exit=refusal.code, because=str(refusal))
    raise refusal from None


@contextmanager
def _work(desk: LockedRun, end: float) -> Iterator[int]:
    try:
        with gate.work(desk.settings.state_path, wait=end - monotonic()) as handle:
            yield handle
    except gate.TakenError:
        raise _busy(desk.settings) from None


def _busy(settings: Settings) -> ShepherdError:
    """Who holds the lock, at what, since when, and what to do (docs/running.md#one-copy-at-a-time)."""
    state, at = settings.state_path, now()
    pids = ", ".join(map(str, gate.holders(state / "run" / "work.lock"))) or "unknown"
    hang = None
    try:
        record = records.read(state)
    except UnreadableFileError as why:
        text = f"another copy is running, process {pids}; its record {records.path_of(state)} {why}"
    else:
        if record is None:
            text = f"another copy is running, process {pids}, without a record; try again (inv lock.status)"
        elif records.life(record) == "gone":
            text = f"another copy is running, process {pids}, without a record yet; {crashed(record)}"
        elif hang := hang_of(settings, record):
            text = (
                f"suspected hang: {records.words(record, at)}; look at it, and end it with: kill {record.pid}"
                f" (one that is stopped goes on with: kill -CONT {record.pid})"
            )
        else:
            text = (
                f"another copy is running: {records.words(record, at)}; try again later, or wait: --wait 60"
            )
    refusal = refusals.in_maintenance(settings)
    if refusal is not None and hang is None:
        return MaintenanceError(f"{refusal}; and {text}", refusal.switch)
    return BusyError(text, hang)


def _clean_up_after_a_crash(desk: LockedRun, tell: Tell) -> None:
    """Only the holder does: whatever record is there was left by one who does not work any more."""
    settings = desk.settings
    try:
        record = records.read(settings.state_path)
    except UnreadableFileError as why:
        tell("crashed", because=f"the record of an earlier run {why}")
        records.discard(settings.state_path)
        return
    if record is None:
        return
    alive = records.life(record) == "lives"
    text = f"{records.words(record, now())}: lives, but lost its lock" if alive else crashed(record)
    tell("crashed", because=text, command=record.command)
    if record.noted:
        note_run(settings, record.stage, text)
        for branch in settings.branches if record.stage in READING else ():
            note_read(settings, branch, record.stage, text)
