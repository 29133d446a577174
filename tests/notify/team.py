"""A project with a chat and a clock: what the chat is told at which minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from shepherd.run import Run
from shepherd.running.situation import freezes_now
from shepherd.situation import Situation, Unread
from shepherd.stages.notify import notify
from shepherd.stages.telling_result import TellingResult
from shepherd.store import Database, JournalEntry
from tests.notify.receiver import Chat
from tests.project import Project

PLACE = '[[notify]]\nname = "chat"\nurl_file = "chat.url"\n'


class Team(Project):
    """r1 is live, r2 is good, and the chat is told from now on; it is Monday, five past ten."""

    def __init__(
        self,
        folder: Path,
        chat: Chat,
        place: str = PLACE,
        top: str = "",
        branch: str = "",
        begun: bool = True,
    ) -> None:
        self.chat = chat
        self.place = place
        self.unread: dict[str, Unread] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for name, url in (("chat", chat.url), ("other", "http://127.0.0.1:1/")):
            (folder / f"{name}.url").write_text(f"{url}\n")
            (folder / f"{name}.url").chmod(0o600)
        self.top = top
        self.of_branch = branch
        super().__init__(folder, branch=branch, top=self._top())
        (self.state / "run").mkdir(exist_ok=True)
        self.at("2011-08-01 09:30")
        self.deploy(self.land("[no-qa] One")[0])
        self.land("[no-qa] Two")
        self.look()
        if begun:
            self.notify()
        self.at("2011-08-01 10:05")

    def _top(self) -> str:
        return f'{self.top}\n{self.place}\n[report]\nurl = "https://qa.example.org"\nexpected_every = "60d"\n'

    def configure(self, place: str) -> None:
        """Other places from now on."""
        self.place = place
        self.write_settings(self.of_branch, top=self._top())

    def at(self, utc: str) -> Team:
        self.now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
        return self

    def later(self, **delta: float) -> Team:
        self.now += timedelta(**delta)
        return self

    def run(self, stage: str) -> Run:
        run = super().run(stage)
        freezes, _ = freezes_now(self.settings, run.now)
        present = Situation(now=run.now, freezes=freezes, unread=self.unread)
        return replace(run, situation=lambda: present)

    def notify(self, **how: Any) -> TellingResult:
        return notify(self.settings, self.run("notify"), **how)

    def tells(self, minutes: float = 5, judge: bool = True) -> list[str]:
        """What the chat is told by the next run, so many minutes later: the texts of changes."""
        self.later(minutes=minutes)
        if judge:
            self.look()
        self.notify()
        return self.heard()

    def heard(self) -> list[str]:
        """What it was told; it forgets it."""
        told = [
            f"{'again: ' if change['again'] else ''}{change['text']}"
            for document in self.chat.told
            for change in document["changes"]
        ]
        self.chat.told.clear()
        return told

    def entries(self, *kinds: str) -> list[JournalEntry]:
        with Database.of(self.settings) as database, database.branch("stable") as store:
            return store.journal.entries(*kinds)
