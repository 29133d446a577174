"""The road of every mail that a run sends: planned, noted as "meant", handed to the server, noted as "done"
(docs/mails.md).

A daily mail is noted under a key of day, kind and recipient; with the landings that it says went live, since
each is told once. One that was meant and never done may have been sent; nobody is asked to read a thing
twice, so it waits for tomorrow. A mail about alarms is noted with their places in the journal of
their branch.

A hang alone is noted elsewhere (`shepherd/running/refusals.py`): the run that hangs may hold the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from shepherd.act import EVERYWHERE, Act, perform, settle
from shepherd.errors import NO_DATA, UNEXPECTED, UnsureError
from shepherd.plans.days import days_of
from shepherd.plans.mails import MAIL_NAMES, Mail
from shepherd.run import Run
from shepherd.settings import MailSettings, Settings
from shepherd.stages.alarms import ALARM_MAIL
from shepherd.stages.telling_result import TellingResult
from shepherd.store import Database

if TYPE_CHECKING:  # templates and SMTP are wanted once a day, and most runs send nothing
    from shepherd.act.mail import Message, SmtpSession

TRIES = 3
"""A mail that failed so often in a day is tried once an hour from then on: a wrong address stays wrong."""
LATER = timedelta(hours=1)


MailState = Literal["sent", "unsure", "failed"]


class MailOutcome(Struct, frozen=True):
    """What became of one daily mail."""

    state: MailState
    tries: int = 0
    last: datetime | None = None
    settled: bool = True
    """False: it was meant, and nobody said yet how it went."""

    def is_due(self, now: datetime) -> bool:
        """Whether it is tried now."""
        if self.state != "failed":
            return False
        return self.tries < TRIES or self.last is None or now - self.last >= LATER


NEW = MailOutcome("failed")
"""Nothing was tried yet."""


class Outbox:
    """The mails of one stage in one run."""

    def __init__(self, settings: Settings, database: Database, run: Run) -> None:
        assert settings.mail is not None
        self.result = TellingResult()
        self._settings = settings
        self._mail: MailSettings = settings.mail
        self._database = database
        self._run = run
        self._days = days_of(settings)
        self._day = self._days.of(run.now)
        self._missing: Sequence[str] = ()
        self._outcomes: dict[str, MailOutcome] = {}
        self._loss_accepted = False

    def begin_day(self, missing: Sequence[str], *, writes: bool) -> None:
        """Find out what became of today's daily mails.

        Args:
            missing: why some branches could not be looked at: nobody is mailed about them.
            writes: False for a dry run or a preview.
        """
        self._missing = missing
        self.result.codes += [NO_DATA] * bool(missing)
        self.result.lines += [f"nobody is mailed about {why}" for why in missing]
        self._outcomes = (
            settle_open(self._database, self._day, self._run)
            if writes
            else outcomes(self._database, self._day)
        )
        self._loss_accepted = self._was_loss_accepted_today()
        if self._loss_accepted:
            self.result.lines.append(
                "no mail today: a lost journal was accepted today, so that it is not known what has gone"
            )

    def _was_loss_accepted_today(self) -> bool:
        """Whether a person accepted today that a journal is lost, and with it what was sent today
        (docs/rules.md#what-people-say)."""
        with self._database.branch(EVERYWHERE) as store:
            began = [store.of(branch).journal.last("began") for branch in self._settings.branches]
        return any(
            entry and "accepts" in entry.data and self._days.of(entry.time) == self._day for entry in began
        )

    def warn_unsure(self, *kinds: str) -> None:
        """Say which mails of today may have been sent."""
        for key, outcome in self._outcomes.items():
            kind, to = Mail.of_key(key)
            if outcome.state == "unsure" and kind in kinds:
                self.result.lines.append(
                    f"the {MAIL_NAMES[kind]} to {to} may have been sent; it is not sent again today"
                )

    def due(self, mails: Iterable[Mail]) -> list[Mail]:
        """Those that have not gone today, may not have gone, and are not to be tried later."""
        due: list[Mail] = []
        for mail in () if self._loss_accepted else mails:
            outcome = self._outcome(mail)
            if outcome.is_due(self._run.now):
                due.append(mail)
            elif outcome.state == "failed":
                self.result.lines.append(
                    f"the {MAIL_NAMES[mail.kind]} to {mail.to} was not taken {outcome.tries} times today; it"
                    " is tried again once an hour"
                )
        return due

    def last_sent(self, mails: Iterable[Mail]) -> str:
        """When the last of them that went today did: "09:05 (Europe/Berlin)"; empty: none has gone."""
        outcomes = [self._outcome(mail) for mail in mails]
        times = [each.last for each in outcomes if each.state == "sent" and each.last]
        zone = self._days.zone
        return f"{max(times).astimezone(zone):%H:%M} ({zone.key})" if times else ""

    def preview(self, mails: Iterable[Mail]) -> None:
        """Show all mails as they would go."""
        from shepherd.act.mail import message_of, text_of

        states = {"sent": " (sent today)", "unsure": " (may have been sent today)", "failed": ""}
        for mail in mails:
            message = message_of(self._message(mail), self._mail, self._run.now)
            headers = "\n".join(
                f"{name}: {value}"
                for name, value in message.items()
                if not name.startswith(("Content-", "MIME-"))
            )
            state = states[self._outcome(mail).state]
            self.result.lines.append(
                f"--- {MAIL_NAMES[mail.kind]} to {mail.to}{state}\n{headers}\n\n{text_of(message)}"
            )

    def show_plan(self, mails: Iterable[Mail]) -> None:
        """Show to whom which mail would go, for a dry run."""
        for mail in mails:
            self.result.lines.append(f"would mail {mail.to}: {self._message(mail).subject}")

    def send(self, mails: Sequence[Mail]) -> None:
        """Send them, each on its own: what goes wrong with one is nothing to the others.

        Raises:
            SettingsError: the password cannot be read. StoreError: the journal cannot be written.
        """
        if not mails:
            return
        from shepherd.act.mail import ServerError
        from shepherd.stages.mail_messages import open_session

        sent = 0
        with open_session(self._settings) as session:
            try:
                # a server that is down costs no daily mail one of its tries
                session.open()
            except ServerError as error:
                what = (
                    f"none of {len(mails)} mails was"
                    if len(mails) > 1
                    else f"the {MAIL_NAMES[mails[0].kind]} to {mails[0].to} was not"
                )
                self.result.failed(f"{what} sent: {error}; the next run tries again")
                return
            for place, mail in enumerate(mails):
                try:
                    sent += self._send_one(session, mail)
                except ServerError as error:
                    self.result.failed(f"{len(mails) - place} mails were not tried: {error}")
                    break
        self.result.lines.append(f"{sent} of {len(mails)} mails sent")

    def send_apart(self, mails: Sequence[Mail]) -> None:
        """Send what nobody may miss, each over a connection of its own: one that breaks costs no other mail.

        Raises:
            SettingsError: the password cannot be read. StoreError: the journal cannot be written.
        """
        from shepherd.act.mail import ServerError
        from shepherd.stages.mail_messages import open_session

        sent = 0
        for mail in mails:
            with open_session(self._settings) as session:
                try:
                    sent += self._send_one(session, mail)
                except ServerError as error:
                    self.result.failed(f"the {MAIL_NAMES[mail.kind]} to {mail.to} was not sent: {error}")
        if mails:
            self.result.lines.append(f"{sent} of {len(mails)} mails sent")

    def _send_one(self, session: SmtpSession, mail: Mail) -> bool:
        from shepherd.act.mail import MailError, ServerError, message_of

        try:
            message = self._message(mail)
            content = message_of(message, self._mail, self._run.now).as_bytes()
        except Exception as error:
            # a bug in the words of one mail must not keep the others from going out
            why = f"the {MAIL_NAMES[mail.kind]} to {mail.to} cannot be written: {error!r}"
            self.result.failed(why, UNEXPECTED)
            self._run.tell("act", what="mail", to=mail.to, result="failed", why=why)
            return False
        act = self._act(mail, message.subject)
        try:
            perform(self._database, mail.branch, [act], self._run, lambda: session.deliver(content, mail.to))
        except ServerError:
            raise
        except MailError as error:
            self.result.failed(str(error))
            return False
        except UnsureError as error:
            if mail.kind != "alarm":
                # one about alarms stays open: it is sent once more after a day (`shepherd/stages/alarms.py`)
                settle(self._database, mail.branch, [act], self._run, "unsure", str(error))
            self.result.failed(str(error))
            return False
        self.result.lines.append(f"mailed {mail.to}: {message.subject}")
        return True

    def _act(self, mail: Mail, subject: str) -> Act:
        """The mail as the journal notes it: by its act it is known again, whatever its words."""
        from shepherd.stages.mail_messages import landings_named

        if mail.kind == "alarm":
            places = [alarm.seq for alarm in mail.alarms]
            return Act(
                ALARM_MAIL,
                f"{mail.to[:120]} {places[0]} to {places[-1]} {self._run.id}",
                f"mail to {mail.to}",
                {"to": mail.to, "alarms": places},
                "; ".join(alarm.text for alarm in mail.alarms),
            )
        data: dict[str, object] = {"kind": mail.kind}
        if mail.items:
            data["landings"] = " ".join(landings_named(mail))
        if mail.live:
            data["live"] = [each.name for each in mail.live]
        if mail.held:
            data["checks"] = [each.name for each in mail.held]
        if mail.promotion is not None:
            data["promotions"] = [mail.promotion.name]
        if mail.people:
            data["people"] = list(mail.people)
        return Act("mail", mail.key(self._day), mail.to, data, subject)

    def _message(self, mail: Mail) -> Message:
        from shepherd.stages.mail_messages import message_for

        return message_for(mail, self._settings, self._run.now, self._run.id, self._missing)

    def _outcome(self, mail: Mail) -> MailOutcome:
        return self._outcomes.get(mail.key(self._day), NEW)


def outcomes(database: Database, day: date) -> dict[str, MailOutcome]:
    """What became of the daily mails of a day, by key."""
    with database.branch(EVERYWHERE) as store:
        entries = store.journal.entries("meant", "done", beginning=f"{day} ")
    by_key: dict[str, MailOutcome] = {}
    for entry in entries:
        if entry.data.get("act") != "mail":
            continue
        tries = by_key.get(entry.subject, NEW).tries
        if entry.kind == "meant":
            by_key[entry.subject] = MailOutcome("unsure", tries + 1, entry.time, settled=False)
        else:
            by_key[entry.subject] = MailOutcome(
                _STATES.get(entry.data["result"], "unsure"), tries, entry.time
            )
    return by_key


def settle_open(database: Database, day: date, run: Run) -> dict[str, MailOutcome]:
    """The same, after what a killed run left open was settled as unsure, of the day before too: once, so that
    the log says it once."""
    today = outcomes(database, day)
    for of_a_day in (outcomes(database, day - timedelta(days=1)), today):
        for key in [key for key, outcome in of_a_day.items() if not outcome.settled]:
            act = Act("mail", key, Mail.of_key(key)[1])
            why = "it was meant, and the run ended: it may have been sent"
            settle(database, EVERYWHERE, [act], run, "unsure", why)
    return today


_STATES: dict[str, MailState] = {"done": "sent", "failed": "failed"}
