"""Two hosts with a state_dir and a name each, on one database of a real server; both in this process."""

from __future__ import annotations

import socket
from pathlib import Path
from unittest.mock import patch

from shepherd.settings import Settings, read
from tests.inv import Done, inv_here
from tests.project import Project

BUGS = "bugs.json"


class TwoHosts:
    """r1 live, r2 and r3 in QA, r2 deployable; `qa1` and `qa2` look at the same repository and bugs."""

    def __init__(self, folder: Path, url: str, top: str = "") -> None:
        self.url = url
        self.folder = folder
        self._top = top
        self.project = Project(folder / "qa1", top=self._text(top))
        self.first, self.second, self.third = self.project.land("[bug=1] one", "[bug=2] two", "[bug=3] three")
        self.project.deploy(self.first)
        for bug, *tags in ((1, "qa-ok"), (2, "qa-ok"), (3,)):
            self.project.tag(bug, *tags)
        (folder / "qa2").mkdir()
        for name in ("project.git", BUGS):
            (folder / "qa2" / name).symlink_to(folder / "qa1" / name)
        self.write_settings("qa2", top)

    def write_settings(self, host: str, top: str) -> None:
        """Give one host settings with other lines at the top."""
        text = (self.folder / "qa1" / "shepherd.toml").read_text()
        own = text.replace(self._text(self._top), self._text(top), 1)
        (self.folder / host / "shepherd.toml").write_text(own)

    def _text(self, top: str) -> str:
        return f'database = "{self.url}"\n{top}'

    def settings(self, host: str) -> Settings:
        return read(self.folder / host / "shepherd.toml")

    def state(self, host: str) -> Path:
        return self.folder / host / "var"

    def snapshots(self, host: str) -> Path:
        return self.state(host) / "snapshots" / "stable"

    def page(self, host: str, name: str = "stable.html") -> str:
        return (self.state(host) / "report" / name).read_text()

    def inv(self, host: str, *args: str, who: str = "ann") -> Done:
        """A command on one of them."""
        with patch.object(socket, "gethostname", lambda: host):
            return inv_here(self.folder / host, *args, SHEPHERD_WHO=who)

    def sha(self, host: str) -> str:
        """What `inv status --sha` prints, or its exit code."""
        done = self.inv(host, "status", "--sha")
        return done.out.strip() if done.code == 0 else f"exit {done.code}"
