"""The five steps of an upgrade: prepare, quiet, switch, check, clear
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails).

Whatever ends it before the link is moved leaves everything as it was. Whatever ends it after that moves the
link back; or, a kill, leaves a switch that is loud, and a memory from which it is resumed or undone.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic

from msgspec.structs import replace

from shepherd.errors import PARTLY, UNEXPECTED, ShepherdError, StoreError, worst
from shepherd.limits import DeadlineError, Interruption, StoppedError
from shepherd.running import maintenance, records, releases, upgrade_record
from shepherd.running.log import line, now, run_id
from shepherd.running.releases import Release, Site
from shepherd.running.runner import log_of
from shepherd.running.upgrade import post as aftermath
from shepherd.running.upgrade import probing
from shepherd.running.upgrade.drain import at_work, quiet
from shepherd.running.upgrade.links import Links
from shepherd.running.upgrade.log import UpgradeLog
from shepherd.running.upgrade.plan import UpgradePlan, name_of
from shepherd.running.upgrade.retiring import Retirement
from shepherd.running.upgrade.signals import Signals, StoppedByError, asked_to_stop
from shepherd.settings import Settings
from shepherd.values import NO_REASON, iso

LEAST_FREE = 20_000_000
"""Bytes without which nothing is begun."""
PATIENCE = 60.0
"""Seconds, and at most half of the deadline, that running work has to end before the switch is set."""


class Drive:
    """One upgrade, by the holder of `run/upgrade.lock`."""

    def __init__(
        self,
        settings: Settings,
        site: Site,
        plan: UpgradePlan,
        left: upgrade_record.Upgrade | None,
        who: str,
        why: str,
        signals: Signals,
        *,
        start_cron: bool = False,
    ) -> None:
        self._settings = settings
        self._state = settings.state_path
        self._site = site
        self._plan = plan
        self._left = left
        self._who = who
        self._why = why
        self._signals = signals
        self._start_cron = start_cron
        self._voice = UpgradeLog(self._state)
        self._links = Links(site)
        self._retirement = Retirement(settings, plan.target.path if plan.target else None)
        self._began = monotonic()
        self._switched = self._drained = self._under = 0.0
        self._moved = False
        self._step = "prepare"
        self._memory = upgrade_record.Upgrade(
            token=plan.adopted or secrets.token_hex(8),
            before=plan.back,
            target=plan.target.id if plan.target else "",
            phase="quiet",
            who=who,
            process=records.own("upgrade", now()),
            again=plan.again,
        )
        if plan.mode == "undo" and left is not None:
            # an undo that is killed itself is undone, or resumed, like the upgrade that it undoes
            self._memory = replace(self._memory, before=left.before, target=left.target)

    def run(self, deadline: float) -> int:
        """Do all steps. What makes it stop is raised; then it is on record, and nothing is changed."""
        for each in self._plan.lines():
            self._voice.say(each)
        try:
            with ExitStack() as held:
                with self._timed("prepare"):
                    standby, health = self._prepare(held)
                    target = self._plan.target
                    self._links.make(f"releases/{target.id}" if target else "", self._plan.back)
                with self._timed("quiet"), self._untouched_if_it_fails():
                    own = self._quiet(held, deadline)
                    self._signals.hold()
                self._moved = True
                failure = self._switch_and_check(standby, health)
                self._remember_if_possible("clear")
                uncleared = self._clear_if_possible(own, failed=failure is not None)
                self._under = monotonic() - self._switched
            if failure is None:
                return self._finish(uncleared)
        except BaseException as error:
            why = self._as_it_is(error)
            if not self._moved:
                self._links.drop()
                self._note(_sentence(why))
            self._voice.say(f"failed   {_sentence(why)}")
            raise why from None
        sentence = _sentence(self._as_it_is(failure))
        live = name_of(self._site.live().link) or "nothing"
        self._note(f"failed, {live} is live: {sentence}")
        self._voice.say(f"failed   {sentence}")
        raise self._as_it_is(failure)

    def _prepare(self, held: ExitStack) -> tuple[probing.Standby | None, probing.Health | None]:
        """Nothing is held but a process, nothing is changed, however this ends."""
        target, live, settings = self._plan.target, self._plan.live.release, self._settings.file
        if target is None or self._plan.mode == "undo":
            return None, None
        free = os.statvfs(self._state)
        if free.f_bavail * free.f_frsize < LEAST_FREE or (free.f_files and not free.f_favail):
            raise StoreError(f"{self._state}: the disk is full; nothing was changed")
        before: probing.Health | None = None
        standby = held.enter_context(probing.Standby(target, settings))
        with ExitStack() as meanwhile:
            if live is not None and live != target and live.python.exists():
                doctor = meanwhile.enter_context(probing.LiveDoctor(live, settings))
                health, before = standby.prepare(), doctor.health()
            else:
                health = standby.prepare()
        probing.compare(target, health, before)
        for name, what in health.fails.items():
            # where what is live cannot be asked, nobody knows whether that is new
            old = " (not new)" if before is not None else ""
            self._voice.say(f"         doctor: {name}: {what}{old}")
        return standby, health

    def _quiet(self, held: ExitStack, deadline: float) -> bool:
        """Set the switch, and hold the gate; whether the switch is ours. What runs may end first, without the
        switch: under it nothing else begins."""
        began = monotonic()
        alone = self._in_a_gap(held, min(PATIENCE, deadline / 2))
        self._remember("quiet")
        self._switched = monotonic()
        own = self._switch_on()
        while not alone:
            waited = monotonic() - began
            try:
                wait = quiet(self._state, max(0.0, deadline - waited), self._voice.say, waited=waited)
                held.enter_context(wait)
                alone = True
            except Interruption as interruption:
                who = at_work(self._state)
                if asked_to_stop(interruption, f"{who}: still at work, and our switch is on. Go on waiting?"):
                    raise
        self._drained = monotonic() - self._switched
        self._remember("switch")
        return own

    def _in_a_gap(self, held: ExitStack, patience: float) -> bool:
        """Hold the gate before the switch is set, if nothing works for a moment within so many seconds."""
        if self._plan.person or self._plan.adopted:
            return False
        try:
            held.enter_context(quiet(self._state, patience, self._voice.say, until="until our switch is set"))
        except DeadlineError:
            return False
        return True

    def _switch_on(self) -> bool:
        """Whether the switch that is on now is ours."""
        if self._plan.person:
            return False
        why = f"upgrade to {self._plan.target.id if self._plan.target else 'nothing'}"
        if maintenance.switch_on(self._state, self._who, why, None, now(), upgrade=self._memory.token):
            return True
        return self._is_ours()

    def _is_ours(self) -> bool:
        switch = maintenance.look(self._state, 1.0, now())
        return switch is not None and switch.upgrade == self._memory.token

    def _switch_and_check(
        self, standby: probing.Standby | None, health: probing.Health | None
    ) -> ShepherdError | None:
        """What went wrong, after it was taken back; None if nothing did."""
        target = self._plan.target
        try:
            with self._timed("switch"):
                self._retirement.begin(self._voice.say)
                self._links.forward()
            with self._timed("check"):
                if target is not None:
                    with self._signals.let_through():
                        self._check(target, standby, health)
                    releases.mark_good(self._site, target)
                    if target.bad:
                        with suppress(StoreError):
                            releases.unmark(target, self._who, f"again: {self._plan.again}")
        except (ShepherdError, Interruption) as error:
            failure = error.error if isinstance(error, Interruption) else error
            if self._plan.mode == "undo":
                return failure
            self._links.back()
            if isinstance(failure, probing.CheckError) and target is not None:
                with suppress(StoreError):
                    releases.mark_bad(target, f"its check failed: {failure}", self._who)
            return failure
        return None

    def _check(self, target: Release, standby: probing.Standby | None, health: probing.Health | None) -> None:
        """Raises CheckError."""
        live = self._site.live().release
        if live is None or live.path != target.path:
            raise probing.CheckError(f"{self._site.current} does not lead to {target.id}")
        if standby is not None:
            standby.check(health)
            return
        with probing.Standby(target, self._settings.file) as started:
            probing.compare(target, started.prepare(), None)

    def _finish(self, uncleared: StoreError | None) -> int:
        """What follows a release that is live and good. Raises `uncleared`, once that is on record."""
        self._mark_what_was_left()
        self._note("live")
        if uncleared is not None:
            raise uncleared
        target = self._plan.target
        self._voice.say(
            f"done     {target.id if target else 'nothing'} is live;"
            f" {monotonic() - self._began:.1f} s in all, {self._under:.2f} s of them under the switch"
            f" ({self._drained:.2f} s waiting for running work, {self._under - self._drained:.2f} s our own)"
        )
        self._step = "crontab and clean-up"
        self._signals.release()
        if target is None:
            return 0
        retired = self._retirement.finish(self._voice.say)
        code = aftermath.follow(
            self._settings, self._site, target, self._who, self._voice.say, start_cron=self._start_cron
        )
        return code if retired else worst([code, PARTLY])

    def _mark_what_was_left(self) -> None:
        left = self._plan.left_bad
        if left is not None:
            try:
                releases.mark_bad(left, f"rolled back: {self._why or NO_REASON}", self._who)
            except StoreError as error:
                self._voice.say(f"mark     {error}")

    def _clear(self, own: bool) -> None:
        """Our own switch only: what a person set, or touched, stays on."""
        with self._timed("clear"):
            if own and self._is_ours():
                maintenance.switch_off(self._state, self._memory.token)
            elif own and maintenance.path_of(self._state).exists():
                self._voice.say("         somebody replaced our switch by another: it stays on")
            upgrade_record.forget(self._state)
            self._links.drop()

    def _clear_if_possible(self, own: bool, *, failed: bool) -> StoreError | None:
        """Why it was not cleared, what that leaves, and what ends it; None: it was."""
        try:
            self._clear(own)
        except StoreError as error:
            live = name_of(self._site.live().link) or "nothing"
            left = (
                "our maintenance switch is left on"
                if self._is_ours()
                else f"{upgrade_record.path_of(self._state)} is left"
            )
            ends = "undo" if failed or self._plan.mode == "undo" else "resume"
            sentence = f"{live} is live, but {left}: {error}; put that right, then: inv upgrade --{ends}"
            if failed:
                # the failure is what is raised
                self._voice.say(f"clear    {sentence}")
            return StoreError(sentence)
        return None

    @contextmanager
    def _untouched_if_it_fails(self) -> Iterator[None]:
        """Before the link is moved: own switch off, and what a killed upgrade left stays as it was left."""
        try:
            yield
        except BaseException:
            self._signals.hold()
            with suppress(StoreError):
                if self._left is not None:
                    upgrade_record.write(self._state, self._left)
                else:
                    if self._is_ours():
                        maintenance.switch_off(self._state, self._memory.token)
                    upgrade_record.forget(self._state)
            raise

    def _remember(self, phase: upgrade_record.Phase) -> None:
        self._memory = replace(self._memory, phase=phase)
        upgrade_record.write(self._state, self._memory)

    def _remember_if_possible(self, phase: upgrade_record.Phase) -> None:
        with suppress(StoreError):
            self._remember(phase)

    def _note(self, result: str) -> None:
        """On the host's record, and in the log. A full disk must not make it fail now."""
        target = self._plan.target
        entry = {
            "at": iso(now()),
            "who": self._who,
            "from": name_of(self._plan.live.link),
            "to": target.id if target else "",
            "commit": str(target.made.get("commit", "")) if target else "",
            "result": result,
            "why": self._why,
            "how": self._plan.mode,
            **({"again": self._plan.again} if self._plan.again else {}),
            # seconds that the switch was set, and those of them that running work took
            **({"under": round(self._under, 3), "drained": round(self._drained, 3)} if self._moved else {}),
        }
        with suppress(StoreError):
            self._site.note(entry)
        with suppress(StoreError):
            outcome = {key: value for key, value in entry.items() if key in ("from", "to", "result", "how")}
            about = {"because": self._why} if self._why else {}
            log_of(self._settings).write(
                line(
                    now(),
                    run=run_id(now()),
                    event="act",
                    branch="all",
                    what="upgrade",
                    on="current",
                    **outcome,
                    **about,
                    by=self._who,
                )
            )

    def _as_it_is(self, error: BaseException) -> BaseException:
        """The error; one that stands for a signal says what that left, as it is found to be."""
        stopped = error.error if isinstance(error, Interruption) else error
        if not isinstance(stopped, StoppedByError):
            return error
        switch = maintenance.look(self._state, self._settings.maintenance.warn_after, now())
        if switch is None:
            on = "no maintenance switch is on"
        elif switch.upgrade:
            on = "an upgrade's switch is on: inv upgrade --resume, or inv upgrade --undo"
        else:
            on = "the maintenance switch that a person set stays on"
        live = name_of(self._site.live().link) or "nothing"
        unchanged = "" if self._moved else "nothing was changed: "
        return StoppedError(f"stopped by {stopped.name} during {self._step}; {unchanged}{live} is live, {on}")

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started, self._step = monotonic(), step
        yield
        self._voice.say(f"{step:<8} {monotonic() - started:.2f} s")


def _sentence(error: BaseException) -> str:
    if isinstance(error, Interruption):
        return str(error.error)
    return str(error) if isinstance(error, ShepherdError) else f"unexpected {error!r} ({UNEXPECTED})"
