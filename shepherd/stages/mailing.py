"""What `remind` and `escalate` have in common: what is known, what may still go today, and sending it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from shepherd.act import EVERYWHERE, Act, perform, settle
from shepherd.cautions import cautions, code_of, stopping
from shepherd.errors import NO_DATA, PARTLY, UNEXPECTED, ShepherdError, UnsureError, worst
from shepherd.plans.days import Days
from shepherd.plans.mails import BranchMailFacts, Mail
from shepherd.run import Run
from shepherd.settings import MailSettings as MailSettings
from shepherd.settings import Settings
from shepherd.stages.outbox import NEW, fates, settle_open
from shepherd.stages.waiting import facts_of
from shepherd.store import Cache, Database, Journal
from shepherd.store.snapshots import Snapshots
from shepherd.store.wholeness import time_of
from shepherd.values import clean

if TYPE_CHECKING:  # templates and SMTP are wanted once a day, and most runs send nothing
    from email.message import EmailMessage

    from shepherd.act.mail import Message, SmtpSession
    from shepherd.views.mail_text import Project

LANDINGS_NAMED = 40
"""In headers: of the landings that a mail is about, the first."""


class MailingInput(Struct, frozen=True):
    """What the mails of this moment are made from."""

    facts: tuple[BranchMailFacts, ...]
    missing: tuple[str, ...]
    """Why a branch could not be looked at: nobody is mailed about it."""


class MailingResult(Struct):
    """What a stage has to say: to whoever called it, and as its exit code."""

    lines: list[str] = []
    failures: list[str] = []
    codes: list[int] = []

    def failed(self, failure: str, code: int = PARTLY) -> None:
        self.failures.append(failure)
        self.codes.append(code)

    @property
    def code(self) -> int:
        return worst(self.codes)


def look(settings: Settings, database: Database, run: Run) -> MailingInput:
    """The last answer of every branch, and what the journal knows of its blockers. From what is stale or no
    data nobody is mailed (docs/rules.md#answer)."""
    facts, missing = [], []
    for branch in settings.branches:
        try:
            snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
        except ShepherdError as error:
            missing.append(f"{branch}: {error}")
            continue
        if snapshot is None:
            missing.append(f"{branch}: there is no answer yet: inv run")
            continue
        stop = stopping(cautions(snapshot, replace(run.situation(), now=run.now)))
        if stop is not None and code_of(stop) == NO_DATA:
            why = clean(stop.sentence, 300)
            missing.append(f"{branch}: {why if stop.kind == 'stale' else f'there is no data ({why})'}")
        else:
            with database.begin() as connection:
                journal, cache = Journal(connection, branch), Cache(connection, branch)
                facts.append(facts_of(journal, snapshot, settings, cache))
    return MailingInput(tuple(facts), tuple(missing))


class Mailing:
    """The mails of one stage in one run.

    Args:
        writes: False for a dry run or a preview.
    """

    def __init__(
        self,
        settings: Settings,
        mail: MailSettings,
        days: Days,
        database: Database,
        run: Run,
        known: MailingInput,
        writes: bool,
    ) -> None:
        self.outcome = MailingResult()
        self.day = days.of(run.now)
        self._settings = settings
        self._mail = mail
        self._days = days
        self._database = database
        self._run = run
        self._known = known
        self._fates = settle_open(database, self.day, run) if writes else fates(database, self.day)
        self._forgotten = self._accepted_today()
        self.outcome.codes += [NO_DATA] * bool(known.missing)
        self.outcome.lines += [f"nobody is mailed about {why}" for why in known.missing]
        if self._forgotten:
            self.outcome.lines.append(
                "no mail today: a lost journal was accepted today, so that it is not known what has gone"
            )

    def _accepted_today(self) -> bool:
        """Whether a person accepted today that a journal is lost, and with it what was sent today
        (docs/rules.md#what-people-say)."""
        with self._database.begin() as connection:
            accepted = [Journal(connection, branch).last("began") for branch in self._settings.branches]
        return any(
            entry and "accepts" in entry.data and self._days.of(time_of(entry)) == self.day
            for entry in accepted
        )

    def tell_unsure(self, *kinds: str) -> None:
        """Say which mails of today may have been sent."""
        for key, fate in self._fates.items():
            _, kind, to = key.split(" ", 2)
            if fate.state == "unsure" and kind in kinds:
                self.outcome.lines.append(
                    f"the {kind} to {to} may have been sent; it is not sent again today"
                )

    def left(self, mails: Iterable[Mail]) -> list[Mail]:
        """Those that have not gone today, may not have gone, and are not to be tried later."""
        left: list[Mail] = []
        for mail in () if self._forgotten else mails:
            fate = self._fates.get(mail.key(self.day), NEW)
            if fate.goes(self._run.now):
                left.append(mail)
            elif fate.state == "failed":
                self.outcome.lines.append(
                    f"the {mail.kind} to {mail.to} was not taken {fate.tries} times today; it is tried again"
                    " once an hour"
                )
        return left

    def preview(self, mails: Iterable[Mail]) -> None:
        """All mails as they would go."""
        states = {"sent": " (sent today)", "unsure": " (may have been sent today)", "failed": ""}
        for mail in mails:
            letter, message = self._written(mail)
            state = states[self._fates.get(mail.key(self.day), NEW).state]
            headers = "\n".join(f"{name}: {value}" for name, value in message.items())
            self.outcome.lines.append(f"--- {mail.kind} to {mail.to}{state}\n{headers}\n\n{letter.text}")

    def would_send(self, mails: Iterable[Mail]) -> None:
        """The plan, for a dry run."""
        for mail in mails:
            self.outcome.lines.append(f"would mail {mail.to}: {self._written(mail)[0].subject}")

    def send(self, mails: Sequence[Mail]) -> None:
        """Send them, each on its own: what goes wrong with one is nothing to the others.

        Raises:
            SettingsError: the password cannot be read. StoreError: the journal cannot be written.
        """
        if not mails:
            return
        from shepherd.act.mail import ServerError, SmtpSession

        sent = 0
        with SmtpSession(self._mail, self._settings.secret("mail.password", os.environ)) as post:
            try:
                post.open()
            except ServerError as error:
                self.outcome.failed(f"none of {len(mails)} mails was sent: {error}")
                return
            for place, mail in enumerate(mails):
                try:
                    sent += self._send_one(post, mail)
                except ServerError as error:
                    self.outcome.failed(f"{len(mails) - place} mails were not tried: {error}")
                    break
        self.outcome.lines.append(f"{sent} of {len(mails)} mails sent")

    def _send_one(self, post: SmtpSession, mail: Mail) -> bool:
        from shepherd.act.mail import MailError, ServerError

        try:
            letter, message = self._written(mail)
            content = message.as_bytes()
        except Exception as error:
            # a bug in the words of one mail is no reason to be silent to the others
            self.outcome.failed(f"the {mail.kind} to {mail.to} cannot be written: {error!r}", UNEXPECTED)
            return False
        data: dict[str, object] = {"kind": mail.kind}
        if mail.items:
            data["landings"] = " ".join(_named(mail))
        if mail.people:
            data["people"] = list(mail.people)
        act = Act("mail", mail.key(self.day), mail.to, data, letter.subject)
        try:
            perform(self._database, EVERYWHERE, act, self._run, lambda: post.deliver(content, mail.to))
        except ServerError:
            raise
        except MailError as error:
            self.outcome.failed(str(error))
            return False
        except UnsureError as error:
            settle(self._database, EVERYWHERE, act, self._run, "unsure", str(error))
            self.outcome.failed(str(error))
            return False
        self.outcome.lines.append(f"mailed {mail.to}: {letter.subject}")
        return True

    def _written(self, mail: Mail) -> tuple[Message, EmailMessage]:
        """A mail with its words, as it goes over the wire."""
        from shepherd.act.mail import Message, message_of
        from shepherd.views.mail_text import subject_and_text

        subject, text = subject_and_text(mail, self._project(), self._known.missing)
        threads: tuple[str, ...] = ()
        if mail.kind == "escalation":
            # the nearest last: a reader hangs the message under the worst
            items = reversed(mail.items[:LANDINGS_NAMED])
            threads = tuple(f"landing.{_digest(f'{item.branch} {item.entry.id}')}" for item in items)
        about = {"X-QA-Shepherd-Landings": " ".join(_named(mail))} if mail.items else {}
        letter = Message(
            to=mail.to,
            subject=subject,
            text=text,
            id=f"{mail.kind}.{self.day}.{_digest(mail.to.casefold())}",
            threads=threads,
            headers={"X-QA-Shepherd-Kind": mail.kind, **about, "X-QA-Shepherd-Run": self._run.id},
        )
        return letter, message_of(letter, self._mail, self._run.now)

    def _project(self) -> Project:
        from shepherd.views.mail_text import Project

        branches = self._settings.branches
        return Project(
            zone=self._days.zone,
            now=self._run.now,
            page_url=self._settings.report.url,
            mailing_list=self._mail.list,
            several=len(branches) > 1,
            notes={name: branch.verdict_notes for name, branch in branches.items()},
            mark={name: _mark(branch.marks) for name, branch in branches.items()},
            bug_url={facts.snapshot.branch: facts.snapshot.bug_url for facts in self._known.facts},
        )


def _mark(grammars: Sequence[str]) -> str:
    """How a message says that its landing undoes another (docs/rules.md#marks); git's own words do where
    neither is read."""
    if "brackets" in grammars:
        return "[rollback={revno}]"
    return "Rolls-back: {revno}" if "trailers" in grammars else ""


def _named(mail: Mail) -> list[str]:
    return [f"{item.branch}/r{item.entry.revno}" for item in mail.items[:LANDINGS_NAMED]]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]
