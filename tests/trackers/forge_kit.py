"""What the tests of all forges share: a forge, the settings that name it, and what is put on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shepherd.settings import BranchSettings, Pointer, Settings, TrackerSettings
from shepherd.trackers import open_tracker
from shepherd.trackers.claims import NO_CLAIMS, Claim, Claims
from shepherd.words import Item, TrackerData
from tests.trackers import gitea_server, github_server, gitlab_server
from tests.trackers.gitea_server import Gitea
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab

TOKEN = "forge-token-4711"


def asking(*checks: str) -> BranchSettings:
    """The settings of a mainline that asks for these."""
    return BranchSettings(".", "stable", Pointer(recorded=True), checks=checks)


@dataclass
class Kit:
    """One forge, whichever it is."""

    forge: GitHub | GitLab | Gitea
    folder: Path
    reads: str = field(init=False)
    """Part of each request that reads labels."""
    page: int = field(init=False)
    """The most items in one answer."""

    def __post_init__(self) -> None:
        self.forge.token = TOKEN
        self.reads = {"github": "issueOrPullRequest", "gitlab": "iids[]", "gitea": "state=all"}[self.kind]
        self.page = 50 if self.kind == "gitea" else 100
        self._server = {"github": github_server, "gitlab": gitlab_server, "gitea": gitea_server}[self.kind]
        path = self.folder / "token"
        path.write_text(f"{TOKEN}\n")
        path.chmod(0o600)

    @property
    def kind(self) -> str:
        return self.forge.kind

    @property
    def is_github(self) -> bool:
        return isinstance(self.forge, GitHub)

    @property
    def is_gitlab(self) -> bool:
        return isinstance(self.forge, GitLab)

    @property
    def requests(self) -> dict[int, Any]:
        return self.forge.merges if isinstance(self.forge, GitLab) else self.forge.things

    @property
    def issues(self) -> dict[int, Any]:
        return self.forge.issues if isinstance(self.forge, GitLab) else self.forge.things

    def item(self, number: int) -> str:
        return f"{'!' if self.is_gitlab else '#'}{number}"

    def request(self, *labels: str, **more: Any) -> Any:
        make = self._server.merge if self.is_gitlab else self._server.pull
        return make(*labels, **more)

    def issue(self, *labels: str, **more: Any) -> Any:
        return self._server.issue(*labels, **more)

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
