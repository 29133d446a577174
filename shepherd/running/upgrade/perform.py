"""The five steps of an upgrade: prepare, quiet, switch, check, clear
(docs/operator.md#when-an-upgrade-or-a-deploy-fails).

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

from shepherd.errors import UNEXPECTED, ShepherdError, StoreError
from shepherd.limits import Interruption
from shepherd.running import maintenance, records, releases, upgrade_record
from shepherd.running.log import line, now, run_id
from shepherd.running.releases import Site
from shepherd.running.runner import log_of
from shepherd.running.upgrade import post as aftermath
from shepherd.running.upgrade import probing
from shepherd.running.upgrade.drain import quiet
from shepherd.running.upgrade.links import Links
from shepherd.running.upgrade.log import UpgradeLog
from shepherd.running.upgrade.plan import UpgradePlan, name_of
from shepherd.settings import Settings
from shepherd.values import NO_REASON, iso

LEAST_FREE = 20_000_000
"""Bytes without which nothing is begun."""


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
        self._start_cron = start_cron
        self._voice = UpgradeLog(self._state)
        self._links = Links(site)
        self._began = monotonic()
        self._under = 0.0
        self._memory = upgrade_record.Upgrade(
            token=plan.adopted or secrets.token_hex(8),
            before=plan.back,
            target=plan.target.id if plan.target else "",
            phase="quiet",
            who=who,
            process=records.own("upgrade", now()),
        )
        if plan.mode == "undo" and left is not None:
            # an undo that is killed itself is undone, or resumed, like the upgrade that it undoes
            self._memory = replace(self._memory, before=left.before, target=left.target)

    def run(self, deadline: float) -> int:
        """Do all steps. What makes it stop is raised; then it is on record, and nothing is changed."""
        for each in self._plan.lines():
            self._voice.say(each)
        moved = False
        try:
            with self._timed("prepare"):
                health = self._prepare()
            with ExitStack() as gate_held:
                started = monotonic()
                with self._timed("quiet"), self._untouched_if_it_fails():
                    self._remember("quiet")
                    own = self._switch_on()
                    gate_held.enter_context(quiet(self._state, deadline, self._voice.say))
                    self._remember("switch")
                moved = True
                failure = self._switch_and_check(health)
                self._remember_if_possible("clear")
                self._clear(own)
                self._under = monotonic() - started
        except BaseException as error:
            if not moved:
                self._note(_sentence(error))
            self._voice.say(f"failed   {_sentence(error)}")
            raise
        if failure is not None:
            live = name_of(self._site.live().link) or "nothing"
            self._note(f"failed, {live} is live: {_sentence(failure)}")
            self._voice.say(f"failed   {_sentence(failure)}")
            raise failure
        self._mark_what_was_left()
        self._note("live")
        target = self._plan.target
        self._voice.say(
            f"done     {target.id if target else 'nothing'} is live;"
            f" {monotonic() - self._began:.1f} s in all, {self._under:.2f} s of them under the switch"
        )
        if target is None:
            return 0
        return aftermath.follow(
            self._settings, self._site, target, self._who, self._voice.say, start_cron=self._start_cron
        )

    def _prepare(self) -> probing.Health | None:
        """Nothing is held, nothing is changed, however this ends."""
        target, live = self._plan.target, self._plan.live.release
        forward = f"releases/{target.id}" if target else ""
        if target is None or self._plan.mode == "undo":
            self._links.make(forward, self._plan.back)
            return None
        free = os.statvfs(self._state)
        if free.f_bavail * free.f_frsize < LEAST_FREE or (free.f_files and not free.f_favail):
            raise StoreError(f"{self._state}: the disk is full; nothing was changed")
        settings = self._settings.file

        def live_health() -> probing.Health | None:
            # a live release that does not answer is what an upgrade may have to repair
            with suppress(ShepherdError):
                return probing.doctor(live, settings) if live is not None and live != target else None
            return None

        health, before, *_ = probing.together(
            lambda: probing.doctor(target, settings),
            live_health,
            lambda: probing.imports(target, settings),
        )
        assert isinstance(health, probing.Health)
        probing.compare(target, health, before if isinstance(before, probing.Health) else None)
        for name, what in health.fails.items():
            self._voice.say(f"         doctor: {name}: {what} (not new)")
        self._links.make(forward, self._plan.back)
        return health

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

    def _switch_and_check(self, health: probing.Health | None) -> ShepherdError | None:
        """What went wrong, after it was taken back; None if nothing did."""
        target = self._plan.target
        try:
            with self._timed("switch"):
                self._links.forward()
            with self._timed("check"):
                if target is not None:
                    probing.check(target, self._settings.file, health)
                    releases.mark_good(self._site, target)
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
                maintenance.switch_off(self._state)
            elif own and maintenance.path_of(self._state).exists():
                self._voice.say("         somebody replaced our switch by another: it stays on")
            upgrade_record.forget(self._state)
            self._links.drop()

    @contextmanager
    def _untouched_if_it_fails(self) -> Iterator[None]:
        """Before the link is moved: own switch off, and what a killed upgrade left stays as it was left."""
        try:
            yield
        except BaseException:
            with suppress(StoreError):
                if self._left is not None:
                    upgrade_record.write(self._state, self._left)
                else:
                    if self._is_ours():
                        maintenance.switch_off(self._state)
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

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        started = monotonic()
        yield
        self._voice.say(f"{step:<8} {monotonic() - started:.2f} s")


def _sentence(error: BaseException) -> str:
    if isinstance(error, Interruption):
        return str(error.error)
    return str(error) if isinstance(error, ShepherdError) else f"unexpected {error!r} ({UNEXPECTED})"
