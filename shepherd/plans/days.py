"""Days as people count them: in the settings' zone, from midnight to midnight, with or without weekends.

Days are taken from the calendar and never from seconds: the one on which clocks change has 23 or 25 hours.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from shepherd.sentence import Part, Sentence, moment_of, parts_of
from shepherd.settings import Settings

SATURDAY = 5
NOTICE_DAYS = 2
"""So many days before the list is told, the page says so (docs/mails.md)."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Days(Struct, frozen=True):
    """When mails go, and how the days between are counted."""

    zone: ZoneInfo
    at: time
    weekend: bool
    """Mails go, and days count, on Saturday and Sunday too."""

    def of(self, moment: datetime) -> date:
        """The day on which a moment falls."""
        return moment.astimezone(self.zone).date()

    def counts(self, day: date) -> bool:
        """Whether mails go on that day."""
        return self.weekend or day.weekday() < SATURDAY

    def due(self, moment: datetime) -> bool:
        """Whether the mails of that moment's day may go: it is one for mails, and `mail.at` has come."""
        local = moment.astimezone(self.zone)
        return self.counts(local.date()) and local.time() >= self.at

    def next_words(self, moment: datetime) -> str:
        """When mails go next, in words, at a moment when they may not."""
        today = self.of(moment)
        if not self.counts(today):
            return f"the next go on {long_date(self.first_from(today))}"
        return f"today's go after {self.at:%H:%M} ({self.zone.key})"

    def after(self, day: date, count: int) -> date:
        """The day that is the `count`-th to count after `day`."""
        while count:
            day += timedelta(days=1)
            count -= self.counts(day)
        return day

    def first_from(self, day: date) -> date:
        """The first day for mails that is not before `day`."""
        while not self.counts(day):
            day += timedelta(days=1)
        return day

    def soon(self, day: date, moment: datetime) -> bool:
        """Whether at most NOTICE_DAYS that count are left until `day`."""
        return day <= self.after(self.of(moment), NOTICE_DAYS)


def days_of(settings: Settings) -> Days:
    """The days of `timezone`, `mail.at` and `mail.weekend`; settings were checked when they were read."""
    mail = settings.mail
    at, weekend = (mail.at, mail.weekend) if mail else ("00:00", True)
    return Days(ZoneInfo(settings.timezone), time.fromisoformat(at), weekend)


def long_date(day: date) -> str:
    """ "Friday, 26 August 2011", whatever the host's language is."""
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def local_times(text: str, zone: ZoneInfo) -> Sentence:
    """A sentence as mails have it: its times by the clock of one zone, and without ages, since a mail is read
    later."""
    return Sentence(
        *(
            long_time(moment_of(part), zone) if isinstance(part, Part) and part.kind == "time" else part
            for part in parts_of(text)
            if isinstance(part, str) or part.kind != "age"
        )
    )


def long_time(moment: datetime, zone: ZoneInfo) -> str:
    """ "Friday, 26 August 2011, 10:15 CEST"."""
    local = moment.astimezone(zone)
    return f"{long_date(local.date())}, {local:%H:%M %Z}"
