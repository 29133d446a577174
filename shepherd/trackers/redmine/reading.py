"""Reads Redmine: what issues say by their status and one custom field (docs/rules.md#what-people-say).

The number of requests grows with hundreds of issues. Of those that were seen before only what changed is read
again, and one request for some 500 of them tells that, and whether all of them can still be seen. Inside this
package issues are numbers, as on the wire; titles and descriptions are never looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence, Set
from datetime import UTC, datetime

from msgspec import UNSET
from msgspec.structs import replace

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.forge.items import UnreadablePart
from shepherd.trackers.http import RequestError
from shepherd.trackers.memories import EVERYTHING_AFTER, decode, encode
from shepherd.trackers.redmine.memory import OVERLAP, RedmineMemory, SeenIssue
from shepherd.trackers.redmine.service import RedmineService, session_with
from shepherd.trackers.redmine.wire import RedmineIssue
from shepherd.trackers.words import ItemReading, Vocabulary, shown
from shepherd.values import clean
from shepherd.words import NOTHING_SAID, Item, ItemTags, TrackerData, item_name

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""What was changed outside of these is not compared: there may be no time before it, or none that can be
kept."""


class RedmineTracker:
    """See Tracker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vocabulary = Vocabulary.of(settings)

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """See Tracker.read. Redmine has no requests and no labels, so no `bad-commit-N` either."""
        session = session_with(self._settings)
        basis = self._basis()
        try:
            service = RedmineService(self._settings, session)
            account = service.account()
            bugs = {int(item) for item in items if item.isdecimal()}
            reader = _IssueReader(
                service,
                self._vocabulary.field,
                basis,
                account.id if account else 0,
                decode(memory, RedmineMemory, basis),
            )
            reader.read(bugs)
        except TrackerError as error:
            error.requests, error.budget = session.requests, session.budget
            raise
        readings = {str(bug): self._reading(str(bug), reader, bug) for bug in sorted(bugs)}
        return TrackerData(
            items={item: reading.tags for item, reading in readings.items()},
            requests=session.requests,
            received=session.received,
            memory=reader.memory(),
            said={item: reading.said for item, reading in readings.items() if reading.said != NOTHING_SAID}
            if self._vocabulary.beyond_labels
            else UNSET,
        )

    def _reading(self, item: Item, reader: _IssueReader, bug: int) -> ItemReading:
        """What one issue says."""
        seen = reader.seen.get(bug)
        if seen is None:
            why = reader.unreadable.get(bug) or f"there is no issue {bug}, or this account may not see it"
            return ItemReading(ItemTags(unreadable=why), NOTHING_SAID)
        name = seen.field or self._vocabulary.field
        reading = self._vocabulary.read(item, (), seen.status, seen.values, name)
        if not self._vocabulary.field or self._vocabulary.by_status or seen.field:
            return reading
        lacking = f"{item_name(item)} has no field {shown(name)}, or this account may not see it"
        return replace(reading, said=replace(reading.said, warnings=(*reading.said.warnings, lacking)))

    def probe(self) -> str:
        """See Tracker.probe."""
        service = self.service()
        account = service.account()
        whose = f"as {clean(account.login, 60)}" if account else "anonymously"
        count = service.count()
        return f"at {service.session.host}, {whose}, {count} issue{'' if count == 1 else 's'}"

    def service(self) -> RedmineService:
        """A session that asks for other things. Raises SettingsError."""
        return RedmineService(self._settings, session_with(self._settings))

    def _basis(self) -> str:
        tracker = self._settings.tracker
        parts = (tracker.service_root.rstrip("/"), tracker.field.name)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


class _IssueReader:
    """One reading.

    Args:
        wanted: name or number of the field of the settings.
        account: number of the account that asks.
        kept: what the last reading left, None for nothing that can be used.
    """

    def __init__(
        self, service: RedmineService, wanted: str, basis: str, account: int, kept: RedmineMemory | None
    ) -> None:
        self._service = service
        self._wanted = wanted
        self._basis = basis
        self._account = account
        now = datetime.now(UTC)
        if kept and (kept.account != account or not kept.full <= now < kept.full + EVERYTHING_AFTER):
            kept = None
        there = service.session.now
        if kept and kept.newest and not EARLIEST <= kept.newest < LATEST:
            kept = None
        if kept and kept.newest and there and kept.newest - OVERLAP > there:
            # a clock that was ahead was set back: what changes now is older than what is known
            kept = None
        self._full = kept.full if kept else now
        self._since = kept.newest if kept else None
        self._before = dict(kept.seen) if kept and kept.newest else {}
        """Issues that were seen, and of which it is not known yet whether they still are as they were."""
        self._newest: datetime | None = None
        self.seen: dict[int, SeenIssue] = {}
        self.unreadable: dict[int, str] = {}
        """Number -> why, of issues that Redmine stumbles over."""

    def read(self, bugs: Set[int]) -> None:
        """Learn what each issue says. Raises TrackerError; with what was learned, to be kept."""
        self._before = {bug: self._before[bug] for bug in sorted(bugs & self._before.keys())}
        try:
            if self._before:
                self._look_again()
            for bug, issue in self._service.issues(bugs - self.seen.keys()):
                if isinstance(issue, UnreadablePart):
                    self.unreadable[bug] = issue.why
                elif issue is not None:
                    self._note(issue)
        except TrackerError as error:
            error.memory = self.memory()
            raise

    def memory(self) -> bytes:
        """What is kept. Where the reading broke off, what was not compared yet is compared next time, as if
        this reading had not been."""
        times = [each for each in (self._since, self._newest) if each]
        newest = self._since if self._since and self._before else max(times, default=None)
        if newest and (now := self._service.session.now):
            # a clock that was ahead left a time that no change will reach for long
            newest = min(newest, now)
        if newest and not EARLIEST <= newest < LATEST:
            newest = None
        kept = RedmineMemory(self._basis, self._account, self._full, newest, {**self._before, **self.seen})
        return encode(kept)

    def _look_again(self) -> None:
        """What is as it was, and what was changed since; what cannot be seen any more is asked for again."""
        assert self._since is not None
        changed_since = self._since - OVERLAP
        left = self._service.chunks(self._before)
        while left:
            numbers = left.pop()
            try:
                self._compare(numbers, changed_since)
            except RequestError as error:
                if not self._service.is_too_long(error, numbers):
                    raise
                left += self._service.chunks(numbers)

    def _compare(self, numbers: Sequence[int], since: datetime) -> None:
        """Note those that are as they were, and those that were changed since."""
        changed = self._service.changed(numbers, since)
        before = {number: self._before.pop(number) for number in numbers}
        if changed is None:
            # some are gone or hidden: the answer to each of them says which
            return
        self.seen |= before
        for issue in changed:
            self._note(issue)

    def _note(self, issue: RedmineIssue) -> None:
        field = issue.field(self._wanted) if self._wanted else None
        seen = SeenIssue(issue.status.name, field.values if field else (), field.name if field else "")
        self.seen[issue.id] = seen
        self._newest = max(self._newest or issue.updated_on, issue.updated_on)
