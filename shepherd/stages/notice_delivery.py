"""One message to one place, in `notify`: shown, held back, or delivered; and what becomes of the others where
that fails (docs/notices.md#never-twice)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from msgspec import Struct

from shepherd.errors import PARTLY, UNEXPECTED, SettingsError, ShepherdError, StoreError, UnsureError
from shepherd.plans.notices import Notice
from shepherd.plans.place_knowledge import PlaceState, Present
from shepherd.plans.telling import Decision
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.settings.model import NotifySettings
from shepherd.stages.place_states import act_of
from shepherd.stages.telling_result import TellingResult
from shepherd.store import Database
from shepherd.values import count

LIMIT = 60.0
"""Seconds that one message may take, whatever the place does."""
_SHOWN = 10_000
"""Characters of a message in a preview."""
_HELD = {
    "quiet": "one message at most in {quiet} (quiet)",
    "failing": "it is tried again then, since nothing is known to arrive there",
    "alone": "it asks to be left alone until then",
}
_FAILING = {
    "failing": "since nothing is known to arrive there: inv doctor --only told",
    "alone": "since it asks to be left alone: inv doctor --only told",
}
"""Why something waits that was tried already."""


class PlannedNotice(Struct, frozen=True):
    """What one place is told of one branch, now or later."""

    place: NotifySettings
    state: PlaceState
    decision: Decision
    notice: Notice
    present: Present


class NoticeDelivery:
    """The messages of one run."""

    def __init__(self, settings: Settings, run: Run, result: TellingResult) -> None:
        self._settings = settings
        self._run = run
        self._result = result
        self._failed: dict[str, str] = {}
        """Places that took nothing in this run -> of which branch."""

    def show(self, planned: PlannedNotice, *, whole: bool) -> None:
        """Say what would go."""
        place, notice = planned.place.name, planned.notice
        held = self._held(planned)
        if whole:
            from shepherd.plans.notice_layout import lines_of, title_of

            head = f"--- to {place}{f', {held}' if held else ''}"
            body = lines_of(notice, _SHOWN)
            self._result.lines.append(f"{head}\n{title_of(notice)}\n\n{body}\n")
        elif held:
            self._result.lines.append(f"{place}: {_how_much(notice)} {held}")
        else:
            self._result.lines.append(f"would tell {place} of {notice.branch}: {_how_much(notice)}")

    def tell(self, database: Database, planned: PlannedNotice) -> None:
        """Deliver one message; what goes wrong with a place is nothing to the others.

        Raises:
            StoreError: the journal cannot be written.
        """
        place, notice, branch = planned.place, planned.notice, planned.notice.branch
        if held := self._held(planned):
            self._result.lines.append(f"{place.name}: {_how_much(notice)} {held}")
            if why := _FAILING.get(planned.decision.because):
                # the same words each time: cron hears of it once a day
                self._result.failed(f"notify {place.name}: what is new on {branch} waits, {why}")
            return
        if place.name in self._failed:
            self._result.lines.append(
                f"{place.name} is not told of {branch} in this run, since it took nothing of"
                f" {self._failed[place.name]}; the next run tries again"
            )
            return
        from shepherd.act import perform, settle

        act = act_of(notice, planned.state, planned.present)
        try:
            perform(database, branch, [act], self._run, lambda: self._bring(notice, place))
        except StoreError:
            raise
        except UnsureError as error:
            settle(database, branch, [act], self._run, "unsure", str(error))
            self._fails(place, branch, str(error), PARTLY)
        except ShepherdError as error:
            code = error.code if isinstance(error, SettingsError) else PARTLY
            self._fails(place, branch, str(error), code)
        except Exception as error:
            # a bug in what delivers: whether it arrived is not known, and the other places get theirs
            why = f"notify {place.name}: unexpected {type(error).__name__}"
            settle(database, branch, [act], self._run, "unsure", why)
            self._fails(place, branch, why, UNEXPECTED)
        else:
            self._result.lines.append(f"told {place.name} of {branch}: {_how_much(notice)}")

    def _bring(self, notice: Notice, place: NotifySettings) -> None:
        from shepherd.act.notice import deliver
        from shepherd.limits import limited

        late = UnsureError(
            f"notify {place.name}: it said nothing within {LIMIT:g} seconds, so whether the message was taken"
            " is not known; the next run tells it again, marked"
        )
        with limited(LIMIT, late, place.name):
            deliver(notice, place, self._settings)

    def _fails(self, place: NotifySettings, branch: str, why: str, code: int) -> None:
        self._failed[place.name] = branch
        self._result.failed(why, code)

    def _held(self, planned: PlannedNotice) -> str:
        """Until when it is held back, and why; empty: it is not."""
        decision = planned.decision
        if decision.until is None:
            return ""
        zone = ZoneInfo(self._settings.timezone)
        when, now = decision.until.astimezone(zone), self._run.now.astimezone(zone)
        day = "" if when.date() == now.date() else f"{when:%Y-%m-%d} "
        until = f"{day}{when:%H:%M} ({zone.key})"
        why = _HELD[decision.because].format(quiet=planned.place.quiet)
        return f"of {planned.notice.branch} held back until {until}: {why}"


def _how_much(notice: Notice) -> str:
    number = len(notice.changes) + notice.left_out
    again = sum(each.again for each in notice.changes)
    return count(number, "change") + (f", {again} of them perhaps told before" if again else "")
