"""`promote`: everything read again, the plan, one look whether anything moved, the move
(docs/rules.md#answer, docs/interfaces.md#commands).

Between the last reading of the tags and the move lies nothing but the plan and that look; how long it took
stands in the log as `gap`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice, takewhile
from time import monotonic
from typing import Any

from msgspec.structs import replace

from shepherd.act import Act, perform
from shepherd.act.ref import Move, MovedError, check_movable, full_name, move_ref
from shepherd.errors import RefusedError, ShepherdError
from shepherd.freeze_words import frozen_words, how_it_ends
from shepherd.git.mirror import open_source, shown
from shepherd.git.recheck import left_behind, positions_now
from shepherd.git.repository import Git
from shepherd.landing import Landing, Reading
from shepherd.plans.despite import refuse_news
from shepherd.plans.promotion import LastKnown, Promotion, PromotionOrder, plan_promotion, settled, target_of
from shepherd.rules.undoing import Undoing
from shepherd.run import Run
from shepherd.settings import BranchSettings, Settings, is_url
from shepherd.situation import Freeze
from shepherd.snapshot import Rev as Place
from shepherd.snapshot import Snapshot
from shepherd.stages.answer_log import because
from shepherd.stages.compose import hotfix
from shepherd.stages.find import find_branch
from shepherd.stages.freezes import PATIENCE, freeze_lock, freezes_at, words_in
from shepherd.stages.judge import judge_branch
from shepherd.stages.promoted import KIND, entries_of, moved_back, rested_on
from shepherd.stages.recorded import covers
from shepherd.stages.statements import known_landings, landing_of
from shepherd.store import Database, open_branch
from shepherd.store.snapshots import Snapshots
from shepherd.values import RevName

TRIES = 3
"""How often everything is read again because something moved meanwhile."""
JUST_READ = timedelta(minutes=10)
"""For so long, who gives a `despite` may go by an answer that is not the last any more, or by a refusal."""

Show = Callable[[Promotion], None]


def promote_branch(
    settings: Settings,
    branch: str,
    run: Run,
    to: RevName | None,
    order: PromotionOrder,
    show: Show,
    *,
    dry: bool = False,
) -> tuple[Promotion | None, Snapshot]:
    """Promote, and return what was promoted and the answer that it was promoted by; None: nothing to do.

    Args:
        to: what `order.to` is to be; None: the latest deployable.
        show: is given the plan before it is applied.
        dry: only plan; for a `rehearsal`, since reading again writes.

    Raises:
        NoAnswerError, SourceError: no data. RefusedError: not deployable, backwards, or it keeps moving.
        SettingsError: there is no such landing, or the ref cannot be moved. UnsureError: see `move_ref`.
    """
    before = _lately(settings, branch, run) if order.despite else []
    frozen = _freezes(settings, branch, run) if order.despite else ()
    for attempt in range(1, TRIES + 1):
        find_branch(settings, branch, run)
        looked = monotonic()
        snapshot = judge_branch(settings, branch, run, afresh=_asked_for(settings, branch, to))
        attempted = _PromotionAttempt(settings, branch, run, looked, frozen)
        plan = attempted.plan(snapshot, to, order)
        if plan is None:
            return None, snapshot
        if plan.despite and not dry:
            refuse_news(before, snapshot, plan.to.revno)
        show(plan)
        if dry:
            return plan, snapshot
        try:
            attempted.apply(plan, snapshot)
        except MovedError as moved:
            run.tell("source", branch=branch, result="moved", why=str(moved), attempt=attempt)
            if attempt == TRIES:
                raise
            continue
        _judge_again(settings, branch, run)
        return plan, snapshot
    raise AssertionError


class _PromotionAttempt:
    """One reading of everything, and what may be done by it."""

    def __init__(
        self, settings: Settings, branch: str, run: Run, looked: float, passed: Collection[Freeze]
    ) -> None:
        self._settings = settings
        self._branch = branch
        self._run = run
        self._looked = looked
        self._passed = {_which(each) for each in passed}
        """The freezes that were on when somebody gave a `despite`."""
        self._config: BranchSettings = settings.branches[branch]
        self._repository = settings.place(self._config.repository)
        self._mirrors = settings.state_path / "mirrors"
        self._state = known_landings(settings, branch)
        assert self._state.reading is not None
        self._landings = self._state.landings
        self._reading: Reading = self._state.reading
        self._git: Git = open_source(self._repository, self._mirrors, fetch=False)
        self._ref = full_name(self._git, self._config.promote.ref) if self._config.promote else ""
        if self._ref:
            check_movable(self._git, self._ref, self._repository)

    @property
    def _old(self) -> str | None:
        """The commit that the promoted ref names."""
        return self._reading.standing.refs[self._config.promote.ref] if self._config.promote else None

    def plan(self, snapshot: Snapshot, to: RevName | None, order: PromotionOrder) -> Promotion | None:
        reading = self._reading
        if to is not None:
            target_landing = landing_of(to, self._state)
            order = replace(order, to=target_landing.revno)
        promoted = reading.promoted
        if self._old is not None and promoted is None:
            raise RefusedError(
                f"{self._branch}: {self._ref} is at {self._old[:12]}, which shares nothing with the mainline:"
                " move it there by hand once"
            )
        if self._config.promote is None and promoted is None and not order.drop_hotfix:
            self._refuse_if_lost()
        target = target_of(snapshot, self._landings, promoted.revno if promoted else None, order)
        if target is None:
            return None
        known, undoing = self._remembered()
        return plan_promotion(
            snapshot,
            self._landings,
            target,
            Place(promoted.revno, promoted.id) if promoted else None,
            replace(order, why=order.why or _why(snapshot, order)),
            # everything has just been read and judged: what an earlier attempt met is over
            situation=replace(
                self._run.situation(),
                now=self._run.now,
                unread={},
                freezes={self._branch: _freezes(self._settings, self._branch, self._run)},
            ),
            known=known,
            undone_at=undoing.undone_at,
            dropped=self._dropped(target),
            repository=shown(self._repository) if is_url(self._repository) else self._repository,
            ref=self._ref,
            unlooked="" if snapshot.complete else self._unlooked,
        )

    @property
    def _unlooked(self) -> str:
        """Without data, what else a candidate needs is not known either."""
        if not (self._config.checks or self._config.limits):
            return ""
        return "it is not known whether its checks hold, and whether it exceeds a limit"

    def _refuse_if_lost(self) -> None:
        """Where nothing but the record says what is promoted, and that is not on the mainline any more."""
        with open_branch(self._settings, self._branch) as store:
            last = store.journal.last("promoted")
        if last is not None:
            raise RefusedError(
                f"{self._branch}: r{last.data['revno']} ({last.data['id'][:12]}), promoted last, is not on"
                ' the mainline any more: if that is right, promote with --drop-hotfix "reason"'
            )

    def _remembered(self) -> tuple[dict[str, LastKnown], Undoing]:
        with open_branch(self._settings, self._branch) as store:
            states = store.journal.entries("state", subjects=[landing.id for landing in self._landings])
            words = covers(store.journal)
        # what cannot be read now does not make anybody forget what it was
        known = {e.subject: LastKnown(e.data["to"], e.why) for e in states if e.data["to"] != "unknown"}
        return known, Undoing(self._landings, words)

    def _dropped(self, target: Landing) -> Sequence[str]:
        """What production or the promoted ref has and the target lacks, by commit and by patch
        (docs/rules.md#answer)."""
        deployed = self._reading.deployed
        lacking, _ = hotfix(deployed, self._branch, target.revno)
        if self._old is None or self._config.deployed.ref == (
            self._config.promote and self._config.promote.ref
        ):
            return lacking
        carried = {sha for sha, carrier in deployed.extra if sha not in lacking}
        lost = left_behind(self._git, self._old, target.id)
        return list(dict.fromkeys((*lacking, *(sha for sha in lost if sha not in carried))))

    def _refuse_if_frozen(self, plan: Promotion) -> None:
        """The last look, while nobody can set a freeze. A `despite` passes what was on when it was given.

        Raises:
            RefusedError: another one is on.
        """
        present = _freezes(self._settings, self._branch, self._run)
        if new := [each for each in present if _which(each) not in self._passed]:
            words = frozen_words(new, self._run.situation().now, self._settings.timezone)
            ways = how_it_ends(new, self._settings.branch_to_name(self._branch), plan.to.revno)
            raise RefusedError(f"{self._branch}: {words}; {ways}")

    def apply(self, plan: Promotion, snapshot: Snapshot) -> None:
        """Look whether anything moved since it was read, or froze, and make the move.

        Raises:
            RefusedError: it is frozen by now. And what `move_ref` raises.
        """
        reading = self._reading
        now = positions_now(
            self._config,
            repository=self._repository,
            mirrors=self._mirrors,
            base=self._settings.file.parent,
            recorded=reading.standing.deployed,
        )
        if now != reading.standing:
            raise MovedError(
                f"{self._branch}: mainline, production or promoted ref moved while they were judged"
            )
        # held until the move is over: who has set a freeze knows that nothing moves any more
        with freeze_lock(self._settings, PATIENCE) as lock:
            if lock < 0:
                raise RefusedError(
                    f"{self._branch}: nothing was promoted, since somebody has been writing a freeze for"
                    f" {PATIENCE:g} seconds: try again, and see inv freeze.status"
                )
            self._refuse_if_frozen(plan)
            self._move(plan, snapshot, lock)

    def _move(self, plan: Promotion, snapshot: Snapshot, lock: int) -> None:
        run, reading = self._run, self._reading
        old = self._old
        data: dict[str, Any] = {
            "ref": self._config.promote.ref if self._config.promote else "",
            "from": old or "",
            "from_revno": plan.base.revno if plan.base else None,
            "to": plan.to.id,
            "to_revno": plan.to.revno,
            "despite": plan.despite,
            "passed": plan.passed,
            "drop_hotfix": plan.drop_hotfix,
            "records_deployed": self._config.deployed.recorded,
            "code": run.code,
            "rested_on": rested_on(snapshot, plan),
        }
        if plan.base is None:
            data |= {"first": reading.deployed.id, "first_revno": reading.deployed.revno}
        act = Act(
            KIND,
            f"{plan.to.id} {run.id}",
            f"ref {self._ref or 'none'}",
            data,
            plan.why,
        )
        note = f"promoted by {run.who} (run {run.id}): {plan.why}"
        move = Move(self._repository, self._ref, old, plan.to.id, note)

        def effect() -> dict[str, Any]:
            if self._ref:
                move_ref(self._git, move, (run.lock, lock))
            return {"gap": round(monotonic() - self._looked, 3)}

        with Database.of(self._settings) as database:
            perform(database, self._branch, [act], run, effect, entries_of(data, run.who, plan.why))


def settled_revision(settings: Settings, branch: str, run: Run) -> Landing | None:
    """What `run` may promote by itself: the newest that was deployable for all of `promote.settle`, and that
    nobody took back from production."""
    snapshots = Snapshots(settings.state_path / "snapshots", branch)
    latest = snapshots.last_written()
    if latest is None or not latest.complete or latest.run_id != run.id:
        return None
    since = run.now - timedelta(seconds=settings.promote.settle)
    good = settled(snapshots.newest_first(), since)
    landings = known_landings(settings, branch).landings
    promoted = latest.promoted.revno if latest.promoted else 0
    with open_branch(settings, branch) as store:
        taken_back = moved_back(store.journal.entries("promoted"))
    promoted = max(promoted, taken_back or 0)
    return next((each for each in reversed(landings) if each.id in good and each.revno > promoted), None)


def _lately(settings: Settings, branch: str, run: Run) -> list[Snapshot]:
    """The last answer, and those before it that somebody may have just read."""
    answers = Snapshots(settings.state_path / "snapshots", branch).newest_first()
    last = list(islice(answers, 1))
    return [*last, *takewhile(lambda each: run.now - each.generated_at < JUST_READ, answers)]


def _freezes(settings: Settings, branch: str, run: Run) -> tuple[Freeze, ...]:
    """What is on at this moment, by journal and clock, and not by a copy that readers have."""
    with open_branch(settings, branch) as store:
        words = words_in(store.journal)
    return freezes_at(settings, branch, words, run.situation().now or run.now)


def _which(freeze: Freeze) -> tuple[object, ...]:
    """What makes it this freeze: not for how long it has been on."""
    return freeze.since, freeze.until, freeze.who, freeze.why


def _why(snapshot: Snapshot, order: PromotionOrder) -> str:
    which = "the latest deployable" if order.to is None else "deployable, and asked for"
    return f"{which}: {because(snapshot)}"


def _asked_for(settings: Settings, branch: str, to: RevName | None) -> Collection[str]:
    """The SHA whose checks are wanted although it may not be a candidate that matters for the answer."""
    if to is None or not settings.branches[branch].checks:
        return ()
    return (landing_of(to, known_landings(settings, branch)).id,)


def _judge_again(settings: Settings, branch: str, run: Run) -> None:
    """The answer with what is promoted now. That it cannot be had does not undo the promotion; the next run
    says why."""
    with suppress(ShepherdError):
        find_branch(settings, branch, run)
        judge_branch(settings, branch, run)
