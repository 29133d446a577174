"""A local Redmine with settings that name it, and a shepherd that remembers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shepherd.settings import Settings, TrackerSettings
from shepherd.settings.tracker import FieldWords, WordTexts
from shepherd.trackers import open_tracker, open_writer
from shepherd.trackers.writing import Edit
from shepherd.words import Item, TrackerData
from tests.trackers.redmine_server import Redmine

STATUSES = WordTexts(
    ok=("QA passed",),
    bad=("QA failed",),
    needstesting=("In QA",),
    silent=("New", "In Progress", "Resolved", "Closed"),
)
SILENCE = WordTexts()
FIELD = FieldWords(name="QA result", ok=("passed",), bad=("failed",), needstesting=("to try",))


class RedmineKit:
    """`read` gives each reading the memory of the one before.

    Args:
        root: URL of a Redmine, this one or a real one.
        more: keys of [tracker].
    """

    def __init__(self, root: str, key: str, folder: Path, **more: Any) -> None:
        (folder / "key").write_text(f"{key}\n")
        (folder / "key").chmod(0o600)
        given: dict[str, Any] = {
            "type": "redmine",
            "service_root": root,
            "credentials_file": str(folder / "key"),
            "statuses": STATUSES,
            **more,
        }
        self.settings = Settings(branches={}, tracker=TrackerSettings(**given), file=folder / "shepherd.toml")
        self.memory = b""

    def read(self, items: Iterable[int]) -> TrackerData:
        data = open_tracker(self.settings).read([str(item) for item in items], (), self.memory)
        self.memory = data.memory
        return data

    def words(self, items: Iterable[int]) -> dict[Item, str]:
        """Item -> what it says, in a few words."""
        data = self.read(items)
        return {item: tags.unreadable or ",".join(tags.words) for item, tags in data.items.items()}

    def edit(self, item: int, **edit: Any) -> str:
        return open_writer(self.settings).edit(str(item), Edit(**edit))


def local_kit(redmine: Redmine, folder: Path, **more: Any) -> RedmineKit:
    return RedmineKit(redmine.root, redmine.token, folder, **more)


def unseen(number: int) -> str:
    """Why an issue that cannot be seen is unreadable."""
    return f"there is no issue {number}, or this account may not see it"
