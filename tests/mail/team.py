"""A project with a mail server and a clock: what is mailed at which hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shepherd.stages.mailing import escalate, remind
from shepherd.stages.statements import say_snooze
from shepherd.stages.telling_result import TellingResult
from shepherd.values import parse_rev
from tests.project import Project
from tests.running.smtp import Server

ANN, BOB = "ann@example.org", "bob@example.org"
BY_BOB = f"Bob <{BOB}>"
MORNING = "2011-08-02 09:00"
LIST, OPERATOR = "dev@example.org", "ops@example.org"


class Team(Project):
    """A first run is over, r1 is live; what lands from now on is mailed about. Bug 1 is qa-needstesting."""

    def __init__(
        self,
        folder: Path,
        server: Server,
        mail: str = "",
        branch: str = "",
        tracker: str = "",
        zone: str = "UTC",
        tail: str = "",
    ) -> None:
        self.server = server
        self.zone = ZoneInfo(zone)
        top = (
            f'timezone = "{zone}"\n[mail]\nsmtp = "{server.place}"\n'
            f'sender = "QA Shepherd <qa-shepherd@example.org>"\nlist = "{LIST}"\noperators = ["{OPERATOR}"]\n'
            f'{mail}\n[report]\nurl = "https://qa.example.org/"\nexpected_every = "60d"\n{tail}\n'
        )
        super().__init__(folder, branch=branch, tracker=tracker, top=top)
        self.at("2011-08-01 07:00")
        self.tag(1, "qa-needstesting")
        self.deploy(self.land("[no-qa] Begin")[0])
        self.look()

    def at(self, local: str) -> Team:
        """Set the clock to that time in the settings' zone."""
        self.now = datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(UTC)
        return self

    def later(self, **delta: float) -> Team:
        self.now += timedelta(**delta)
        return self

    def remind(self, **how: Any) -> TellingResult:
        return remind(self.settings, self.run("remind"), **how)

    def escalate(self, **how: Any) -> TellingResult:
        return escalate(self.settings, self.run("escalate"), **how)

    def all_stages(self) -> tuple[TellingResult, TellingResult]:
        """What cron's run does, as far as mails are concerned."""
        self.look()
        return self.remind(), self.escalate()

    def snooze(self, rev: str, until: str) -> str:
        return say_snooze(self.settings, "stable", parse_rev(rev), until, "on holiday", self.run("snooze"))

    def sent(self) -> list[tuple[str, str]]:
        """Recipient and kind of every mail, in order; forgets them."""
        found = [(to, parsed(text)["X-QA-Shepherd-Kind"]) for to, text in self.server.messages]
        self.server.messages.clear()
        return found

    def texts(self) -> dict[str, str]:
        """Recipient -> text of the last mail; forgets them."""
        found = {to: text_of(parsed(text)) for to, text in self.server.messages}
        self.server.messages.clear()
        return found


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """The text of a mail, or its HTML."""
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def parsed(text: str) -> EmailMessage:
    message = message_from_string(text.replace("\r\n", "\n"), policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message
