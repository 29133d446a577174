"""What is around every stage: owner, gate, work lock, record, switch, START, END. Stages know none of it.

The order matters (docs/running.md#one-copy-at-a-time): take the gate, publish the record, *then* look
at the switch. In any other order the switch could be set, or the release switched, under a stage that runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from shepherd import holding, limits, mounts
from shepherd.errors import (
    DEADLINE,
    NO_DATA,
    UNEXPECTED,
    LostLockError,
    SettingsError,
    ShepherdError,
    StoreError,
)
from shepherd.run import Run, Tell, no_telling
from shepherd.running import elsewhere, gate, hosts, records, refusals, told
from shepherd.running.journal_head import tell_of_journal
from shepherd.running.log import line, now, run_id
from shepherd.running.log_targets import EventLog
from shepherd.running.other_runs import busy, clean_up_after_a_crash
from shepherd.running.refusals import BusyError, MaintenanceError
from shepherd.running.situation import (
    note_read,
    note_run,
    situation,
)
from shepherd.running.tasking import ROOT, TaskOptions, complain
from shepherd.running.versions import title
from shepherd.settings import Settings

if TYPE_CHECKING:
    from shepherd.store.postgresql import Session

UNSTOPPED = frozenset({"init", "restore", "db.copy"})
"""What the switch does not stop though it takes the work lock (docs/running.md#maintenance)."""


def log_of(settings: Settings) -> EventLog:
    """The log of this host."""
    return EventLog(settings.log, settings.state_path / "log" / "shepherd.log")


def prepare_state(state: Path) -> None:
    """Make `state_dir` with the permissions that docs/interfaces.md names.

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


class StageResult(NamedTuple):
    """How a stage ended."""

    code: int = 0
    failure: str = ""
    """A sentence for whatever failed; a bad code without one is an answer: no data."""
    seconds: float = 0.0


Stage = Callable[[TaskOptions, Run], StageResult]
"""stage(options, run); what it raises is its failure, too."""


class LockedRun:
    """A process at work under the work lock: one run id, one or several stages. A dry run has no lock, and
    writes neither log nor record."""

    def __init__(self, options: TaskOptions, why: str) -> None:
        self.options = options
        self.settings = options.settings
        self.since = now()
        self.read_failed = False
        """Some branch could not be read or judged: what the pages say of it may not hold any more."""
        self.loudly: Callable[[str], None] = complain
        """Say what must be known although all goes well, also where cron is silent."""
        self.lock = -1
        """The work lock's descriptor: it is held until a child that changes the world has ended
        (docs/running.md#one-copy-at-a-time)."""
        self.session: Session | None = None
        """What holds the work lock for all hosts; None: there are no others."""
        self._began = records.uptime()
        self._why = why
        self._run_id = run_id(self.since)
        self._stages: list[str] = []
        self._log = log_of(self.settings)

    def tell(self, stage: str) -> Tell:
        """The log, as one stage writes to it."""
        if self.options.dry:
            return no_telling

        def tell(event: str, **fields: Any) -> None:
            about = {"branch": fields.pop("branch", "all"), **fields}
            self._log.write(line(now(), run=self._run_id, stage=stage, event=event, **about))

        return tell

    def tell_of_journal(self, stage: str) -> None:
        """Write into the log what the journal is now, if this run wrote into it."""
        tell_of_journal(self.settings, self._run_id, self.since, self.tell(stage))

    def publish(self, stage: str, noted: bool) -> None:
        """Write the run record. Raises StoreError."""
        record = records.own(stage, self.since, self._began, noted)
        hosts.publish(self.settings, self.session, record)

    def _note(self, stage: str, branch: str, failure: BaseException | None) -> None:
        """Remember how an attempt to read a branch ended, for everybody who asks for its answer."""
        self.read_failed |= failure is not None
        try:
            note_read(self.settings, branch, stage, "" if failure is None else limits.said_of(failure))
        except StoreError:
            # the failure that is on its way says more than that it could not be written down
            if failure is None:
                raise

    def look_at_the_switch(self) -> None:
        """Raises MaintenanceError if it is on; LostLockError if another host may work by now."""
        holding.confirm()
        refusal = None if self.options.dry else refusals.in_maintenance(self.settings)
        if refusal is not None:
            raise refusal

    def run(self, name: str, stage: Stage, *, noted: bool = True) -> StageResult:
        """Run a stage, with START before and END after it in the log, and how it ended in `run/stages.json`.

        Args:
            noted: it is a step of the work, and not the statement of a person, who may have misspelt it.
        """
        who = self.options.who
        if self.options.dry:
            return stage(self.options, Run("dry-run", now(), who, no_telling, self._why))
        tell, started, ended_by = self.tell(name), monotonic(), ""
        self._stages.append(name)
        run = Run(
            self._run_id,
            now(),
            who,
            tell,
            self._why,
            "find" in self._stages,
            self.lock,
            self._note,
            lambda: situation(self.settings),
            self.loudly,
            code=title(),
        )
        self.publish(name, noted)
        tell("START", pid=os.getpid(), who=who, **({"why": self._why} if self._why else {}))
        result = StageResult()
        try:
            result = stage(self.options, run)
            return result
        except ShepherdError as error:
            result = StageResult(error.code, str(error))
            raise
        except limits.Interruption as interruption:
            result = StageResult(interruption.error.code, str(interruption.error))
            ended_by = "deadline" if result.code == DEADLINE else "stop"
            raise
        except BaseException as error:
            result = StageResult(UNEXPECTED, limits.said_of(error))
            ended_by = "stop" if isinstance(error, KeyboardInterrupt) else ""
            raise
        finally:
            seconds = monotonic() - started
            failure = {"failure": result.failure} if result.failure else {}
            try:
                tell("END", seconds=round(seconds, 3), exit=result.code, **failure)
                if noted:
                    note_run(self.settings, name, result.failure, seconds, ended_by)
            except StoreError:
                # the failure that is on its way says more than that it could not be written down
                if not result.failure:
                    raise


@contextmanager
def at_work(options: TaskOptions, stage: str, why: str = "") -> Iterator[LockedRun]:
    """Hold gate and work lock, with a record that says so, for at most `run.deadline`. A dry run holds none.

    Args:
        stage: what the record says first.

    Raises:
        BusyError: another copy holds the lock. MaintenanceError: the switch is on. Both were logged, and are
            on the page.
        DeadlineError, StoppedError: the run was ended from outside.
        SettingsError: `state_dir` is not ours, or the shepherd is elsewhere. StoreError: log or record cannot
            be written.
    """
    locked = LockedRun(options, why)
    if options.dry:
        yield locked
        return
    settings = locked.settings
    elsewhere.confirm(settings, stage)
    mounts.confirm_local(settings.state_path, settings.database_url)
    state = settings.state_path
    prepare_state(state)
    os.umask(0o077)
    tell, end = locked.tell(stage), monotonic() + (options.wait or 0.0)
    with limits.stoppable(), _gate(locked, tell, end):
        try:
            with (
                _work(locked, end) as (locked.lock, locked.session),
                records.removed_at_the_end(state),
                hosts.recorded(locked.session),
            ):
                clean_up_after_a_crash(settings, locked.session, tell)
                locked.publish(stage, noted=False)
                if stage not in UNSTOPPED:
                    locked.look_at_the_switch()
                    refusals.switch_is_off(settings)
                limit = settings.run.deadline
                with limits.limited(
                    limit,
                    limits.DeadlineError(
                        f"ended after {limit} (run.deadline); what is left, the next run does"
                    ),
                ):
                    try:
                        yield locked
                    finally:
                        locked.tell_of_journal(stage)
        except (BusyError, MaintenanceError) as refusal:
            tell("refused", exit=refusal.code, because=str(refusal))
            refusals.attend(settings, refusal, tell)
            raise
        except limits.DeadlineError as deadline:
            refusals.attend(settings, deadline, tell)
            raise
        except LostLockError as lost:
            tell("lost", exit=lost.code, because=str(lost))
            raise


def run_stage(
    options: TaskOptions,
    name: str,
    stage: Stage,
    *,
    why: str = "",
    noted: bool = True,
    shows_failure: bool = False,
) -> int:
    """Run one stage as a task of its own; its exit code.

    Args:
        noted: see LockedRun.run.
        shows_failure: it reads, and where that fails, page, badge and SHA say so at once, and not when
            they are written next.
    """
    with at_work(options, name, why) as locked:
        try:
            result = locked.run(name, stage, noted=noted)
        except BaseException as error:
            if shows_failure and locked.read_failed:
                # who stops a run waits for no web server
                publish = isinstance(error, Exception)
                refusals.show_failure(options.settings, locked.tell(name), publish=publish)
            raise
        unread = locked.read_failed or result.code == NO_DATA
        if shows_failure and unread and not options.dry:
            refusals.show_failure(options.settings, locked.tell(name))
    return result.code


@contextmanager
def _gate(locked: LockedRun, tell: Tell, end: float) -> Iterator[None]:
    refusal: ShepherdError | None = None
    try:
        with gate.gate(locked.settings.state_path, wait=end - monotonic()):
            if gate.upgraded(ROOT):
                refusal = BusyError("the shepherd was upgraded meanwhile: start it again")
            else:
                yield
                return
    except gate.TakenError:
        refusal = refusals.in_maintenance(locked.settings) or BusyError(
            "an upgrade is under way; try again when it is done (inv lock.status)"
        )
    tell("refused", exit=refusal.code, because=str(refusal))
    raise refusal from None


@contextmanager
def _work(locked: LockedRun, end: float) -> Iterator[tuple[int, Session | None]]:
    settings = locked.settings
    with ExitStack() as held:
        try:
            handle, session = held.enter_context(hosts.work(settings, wait=end - monotonic()))
            held.enter_context(told.working(settings, session))
        except gate.TakenError:
            raise busy(settings) from None
        except StoreError as error:
            if settings.on_server:
                locked.tell("report")("refused", exit=error.code, because=str(error))
                # what the pages say may not hold any more
                refusals.show_failure(settings, locked.tell("report"))
            raise
        if session is not None:
            _say_differences(locked, session)
        yield handle, session


def _say_differences(locked: LockedRun, session: Session) -> None:
    """Say which other hosts have other settings (docs/running.md#two-hosts)."""
    from shepherd.running.other_hosts import warn_of_differences

    def warn(host: str, sentence: str) -> None:
        locked.loudly(sentence)
        locked.tell("hosts")("hosts", result="differ", host=host, because=sentence)

    warn_of_differences(locked.settings, session, partial(refusals.is_first, locked.settings), warn)
