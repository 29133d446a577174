"""What `remind` and `escalate` have in common: what is known, what went out today, and sending the rest.

Of every mail the journal says "meant" before and "done" after, under a key of day, kind and recipient. One
that was meant and never done may have been sent; nobody is asked to read the same thing twice, so it waits
for tomorrow (issue 5, 4).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from shepherd.act import EVERYWHERE, Act, perform
from shepherd.act.mail import Letter, MailError, Post, ServerError, message_of
from shepherd.errors import NO_DATA, PARTLY, UNEXPECTED, ShepherdError, UnsureError, worst
from shepherd.plans.days import Days
from shepherd.plans.mails import Facts, Mail
from shepherd.settings import Mail as MailSettings
from shepherd.settings import Settings
from shepherd.stages import Run
from shepherd.stages.waiting import facts_of
from shepherd.store import Cache, Database, Entry, Journal
from shepherd.store.snapshots import Snapshots
from shepherd.values import clean
from shepherd.views.letters import Project, subject_and_text

TRIES = 3
"""A mail that failed so often today is tried once an hour from then on."""
LATER = timedelta(hours=1)

State = Literal["sent", "open", "failed"]


class Fate(Struct, frozen=True):
    """What became of one mail today."""

    state: State
    tries: int = 0
    last: datetime | None = None


class Known(Struct, frozen=True):
    """What the mails of this moment are made from."""

    facts: tuple[Facts, ...]
    missing: tuple[str, ...]
    """Why a branch could not be looked at: nobody is mailed about it."""


class Outcome(Struct):
    """What a stage has to say."""

    lines: list[str] = []
    codes: list[int] = []
    failures: list[str] = []

    def failed(self, failure: str, code: int = PARTLY) -> None:
        self.failures.append(failure)
        self.codes.append(code)

    @property
    def code(self) -> int:
        return worst(self.codes)


def look(settings: Settings, database: Database, run: Run) -> Known:
    """The last answer of every branch, and what the journal knows of its blockers."""
    facts, missing = [], []
    for branch in settings.branches:
        try:
            snapshot = Snapshots(settings.state_path / "snapshots", branch).latest()
        except ShepherdError as error:
            missing.append(f"{branch}: {error}")
            continue
        if snapshot is None:
            missing.append(f"{branch}: there is no answer yet: inv run")
        elif not snapshot.complete:
            missing.append(f"{branch}: there is no data ({clean(snapshot.problems[0], 300)})")
        elif snapshot.valid_until < run.now:
            missing.append(f"{branch}: the last answer is stale: inv find judge")
        else:
            with database.begin() as connection:
                journal, cache = Journal(connection, branch), Cache(connection, branch)
                facts.append(facts_of(journal, snapshot, settings, cache))
    return Known(tuple(facts), tuple(missing))


def fates(database: Database, day: date) -> dict[str, Fate]:
    """What became of the mails of a day, by key."""
    with database.begin() as connection:
        entries = Journal(connection, EVERYWHERE).entries("meant", "done", beginning=f"{day} ")
    found: dict[str, Fate] = {}
    for entry in entries:
        if entry.data.get("act") != "mail":
            continue
        before = found.get(entry.subject, Fate("open"))
        if entry.kind == "meant":
            found[entry.subject] = Fate("open", before.tries + 1, _at(entry))
        else:
            state: State = "failed" if entry.data["result"] == "failed" else "sent"
            found[entry.subject] = Fate(state, before.tries, _at(entry))
    return found


class Mailing:
    """The mails of one stage in one run."""

    def __init__(
        self, settings: Settings, mail: MailSettings, days: Days, database: Database, run: Run, known: Known
    ) -> None:
        self.outcome = Outcome()
        self.day = days.of(run.now)
        self._settings = settings
        self._mail = mail
        self._database = database
        self._run = run
        self._known = known
        self._fates = fates(database, self.day)
        self._project = _project(settings, days, known, run)
        self.outcome.codes += [NO_DATA] * bool(known.missing)
        self.outcome.lines += [f"nobody is mailed about {why}" for why in known.missing]

    def tell_open(self, kinds: Sequence[str]) -> None:
        """Say which mails of today may have been sent."""
        for key, fate in self._fates.items():
            _, kind, to = key.split(" ", 2)
            if fate.state == "open" and kind in kinds:
                self.outcome.lines.append(
                    f"the {kind} to {to} may have been sent: it was meant, and nobody knows how it went;"
                    " it is not sent again today"
                )

    def left(self, mails: Iterable[Mail]) -> list[Mail]:
        """Those that have not gone today, may not have gone, and are not to be tried later."""
        return [mail for mail in mails if self._goes(self._fates.get(mail.key(self.day)))]

    def _goes(self, fate: Fate | None) -> bool:
        if fate is None:
            return True
        if fate.state != "failed":
            return False
        return fate.tries < TRIES or fate.last is None or self._run.now - fate.last >= LATER

    def words_of(self, mail: Mail) -> Letter:
        """A mail with its words."""
        subject, text = subject_and_text(mail, self._project, self._known.missing)
        revs = [f"{item.branch}/r{item.entry.revno}" for item in mail.items]
        about = {"X-QA-Shepherd-Landings": " ".join(revs[:40])} if revs else {}
        return Letter(
            mail.to,
            subject,
            text,
            f"{mail.kind}.{self.day}.{_digest(mail.to.casefold())}",
            # the nearest last: a reader hangs the message under the worst
            tuple(_thread(item.branch, item.entry.id) for item in reversed(mail.items[:20]))
            if mail.kind == "escalation"
            else (),
            {"X-QA-Shepherd-Kind": mail.kind, **about, "X-QA-Shepherd-Run": self._run.id},
        )

    def preview(self, mails: Iterable[Mail]) -> None:
        """All mails as they would go."""
        for mail in mails:
            letter = self.words_of(mail)
            message = message_of(letter, self._mail, self._run.now)
            fate = self._fates.get(mail.key(self.day))
            gone = {None: "", "sent": " (sent today)", "open": " (may have been sent today)"}
            state = gone.get(fate.state if fate else None, " (was not taken yet)")
            headers = "\n".join(f"{name}: {value}" for name, value in message.items())
            self.outcome.lines.append(f"--- {mail.kind} to {mail.to}{state}\n{headers}\n\n{letter.text}")

    def would_send(self, mails: Iterable[Mail]) -> None:
        """The plan, for a dry run."""
        for mail in mails:
            self.outcome.lines.append(f"would mail {mail.to}: {self.words_of(mail).subject}")

    def send(self, mails: Sequence[Mail]) -> None:
        """Send them, each on its own: what goes wrong with one is nothing to the others."""
        if not mails:
            return
        password = self._settings.secret("mail.password", os.environ)
        with Post(self._mail, password) as post:
            try:
                post.open()
            except ServerError as error:
                self.outcome.failed(f"none of {len(mails)} mails was sent: {error}")
                return
            sent = 0
            for place, mail in enumerate(mails):
                try:
                    sent += self._send_one(post, mail)
                except ServerError as error:
                    self.outcome.failed(f"{len(mails) - place} mails were not tried: {error}")
                    break
        self.outcome.lines.append(f"{sent} of {len(mails)} sent")

    def _send_one(self, post: Post, mail: Mail) -> bool:
        run = self._run
        try:
            letter = self.words_of(mail)
            message = message_of(letter, self._mail, run.now)
            message.as_bytes()
        except Exception as error:
            # a bug in the words of one mail is no reason to be silent to the others
            self.outcome.failed(f"the {mail.kind} to {mail.to} cannot be written: {error!r}", UNEXPECTED)
            return False
        data: dict[str, object] = {"kind": mail.kind}
        if mail.items:
            data["landings"] = [f"{item.branch}/r{item.entry.revno}" for item in mail.items]
        if mail.people:
            data["people"] = list(mail.people)
        act = Act("mail", mail.key(self.day), mail.to, data, letter.subject)

        def deliver() -> None:
            post.deliver(message, mail.to)

        try:
            perform(self._database, EVERYWHERE, act, run, deliver)
        except ServerError:
            raise
        except (MailError, UnsureError) as error:
            self.outcome.failed(str(error))
            return False
        self.outcome.lines.append(f"mailed {mail.to}: {letter.subject}")
        return True


def _project(settings: Settings, days: Days, known: Known, run: Run) -> Project:
    branches = settings.branches
    return Project(
        days.zone,
        run.now,
        settings.report.url,
        settings.mail.list if settings.mail else "",
        len(branches) > 1,
        {name: branch.verdict_notes for name, branch in branches.items() if branch.verdict_notes},
        {name: _mark(branch.marks) for name, branch in branches.items()},
        {facts.snapshot.branch: facts.snapshot.bug_url for facts in known.facts},
    )


def _mark(grammars: Sequence[str]) -> str:
    """How a message says that its landing undoes another (3.1); git's own words do where neither is read."""
    if "brackets" in grammars:
        return "[rollback={revno}]"
    return "Rolls-back: {revno}" if "trailers" in grammars else ""


def _thread(branch: str, sha: str) -> str:
    return f"landing.{_digest(f'{branch} {sha}')}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]


def _at(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.at.replace("Z", "+00:00"))
