"""What the tests of both forges share: a forge, the settings that name it, and what is put on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import open_tracker
from shepherd.trackers.claims import NO_CLAIMS, Claim, Claims
from shepherd.words import Item, TrackerData
from tests.trackers import github_server, gitlab_server
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab

TOKEN = "forge-token-4711"


@dataclass
class Kit:
    """One forge, whichever it is."""

    forge: GitHub | GitLab
    folder: Path
    reads: str = field(init=False)
    """Part of each request that reads labels."""

    def __post_init__(self) -> None:
        self.forge.token = TOKEN
        self.reads = "issueOrPullRequest" if self.is_github else "iids[]"
        path = self.folder / "token"
        path.write_text(f"{TOKEN}\n")
        path.chmod(0o600)

    @property
    def is_github(self) -> bool:
        return isinstance(self.forge, GitHub)

    @property
    def requests(self) -> dict[int, Any]:
        return self.forge.things if isinstance(self.forge, GitHub) else self.forge.merges

    @property
    def issues(self) -> dict[int, Any]:
        return self.forge.things if isinstance(self.forge, GitHub) else self.forge.issues

    def item(self, number: int) -> str:
        return f"{'#' if self.is_github else '!'}{number}"

    def request(self, *labels: str, **more: Any) -> Any:
        return github_server.pull(*labels, **more) if self.is_github else gitlab_server.merge(*labels, **more)

    def issue(self, *labels: str, **more: Any) -> Any:
        return (github_server if self.is_github else gitlab_server).issue(*labels, **more)

    def lines(self, more: str = "") -> str:
        """Of [tracker]; the token stands in a file."""
        forge = self.forge
        return (
            f'type = "{forge.kind}"\nproject = "{forge.project}"\nservice_root = "{forge.root}"\n'
            f'credentials_file = "{self.folder / "token"}"\n{more}'
        )

    def settings(self, **tracker: Any) -> Settings:
        given = {
            "type": self.forge.kind,
            "project": self.forge.project,
            "service_root": self.forge.root,
            "credentials_file": "token",
            **tracker,
        }
        return Settings(branches={}, tracker=TrackerSettings(**given), file=self.folder / "shepherd.toml")

    def read(
        self, *items: Item, claims: Claims = NO_CLAIMS, memory: bytes = b"", **tracker: Any
    ) -> TrackerData:
        return open_tracker(self.settings(**tracker), claims=claims).read(items, [], memory)


def nameless(commits: Sequence[str], base: str = "stable") -> Claims:
    """Landings whose messages name no request."""
    return Claims(tuple(map(Claim, commits)), base)


def whatever_is_written(folder: Path) -> str:
    """All that lies in a folder, as one text."""
    told = ""
    for place, _, names in os.walk(folder):
        told += "".join(Path(place, name).read_bytes().decode("latin-1") for name in names)
    return told
