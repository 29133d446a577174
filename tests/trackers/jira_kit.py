"""What the tests of Jira's reading share: settings that name a local Jira, and readings of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import open_tracker
from shepherd.words import Item, ItemTags, TrackerData, Word
from tests.trackers.jira_server import EMAIL, TOKEN, Jira

KEYS = ("ABC",)


def token_in(folder: Path) -> Path:
    """The file that the account's token is in."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def tracker_on(jira: Jira, folder: Path, more: str = "") -> str:
    """The lines of [tracker], and its tables, by which a project reads this Jira."""
    return (
        f'type = "jira"\nservice_root = "{jira.root}"\nlogin = "{EMAIL}"\nkeys = ["ABC"]\n'
        f'credentials_file = "{token_in(folder)}"\n{more}'
    )


@dataclass
class JiraKit:
    """One Jira, and how it is read."""

    jira: Jira
    folder: Path

    def __post_init__(self) -> None:
        token_in(self.folder)
        self.ahead = timedelta(0)
        clock = self.jira.clock
        self.jira.clock = lambda: clock() + self.ahead

    def later(self, **time: float) -> None:
        """Jira's clock goes on; ours does not."""
        self.ahead += timedelta(**time)

    def settings(self, **tracker: Any) -> Settings:
        given = {
            "type": "jira",
            "service_root": self.jira.root,
            "keys": KEYS,
            "login": EMAIL,
            "credentials_file": "token",
            **tracker,
        }
        made = msgspec.convert(given, TrackerSettings)
        return Settings(branches={}, tracker=made, file=self.folder / "shepherd.toml")

    def read(
        self, *items: Item, revnos: Any = (), before: TrackerData | bytes = b"", **tracker: Any
    ) -> TrackerData:
        memory = before if isinstance(before, bytes) else before.memory
        return open_tracker(self.settings(**tracker)).read(items, revnos, memory)

    def count(self, part: str = "") -> int:
        return self.jira.count(part)


def words(data: TrackerData) -> dict[Item, tuple[Word, ...]]:
    """What is said of each item that could be read."""
    return {item: tags.words for item, tags in data.items.items() if not tags.unreadable}


def unreadable(data: TrackerData) -> dict[Item, str]:
    return {item: tags.unreadable for item, tags in data.items.items() if tags.unreadable}


def ok() -> ItemTags:
    return ItemTags(("ok",))
