"""What the tests of deploys share: one account, one sshd, one operator."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.real.site import (
    Operator,
    Place,
    project,
)
from tests.real.sshd import Sshd


class World:
    """One account, one sshd, one operator; the first release is deployed, and has run."""

    def __init__(self, folder: Path, sshd: Sshd, directory: str) -> None:
        self.folder, self.sshd, self.user = folder, sshd, sshd.user
        self.operator = Operator(folder, sshd, project(folder, sshd.user), directory)
        self.place = Place(sshd.user, directory)
        self._count = 0

    def change(self) -> str:
        """One more commit."""
        self._count += 1
        (self.operator.repo / "shepherd" / "marker.py").write_text(f'"""Marker {self._count}."""\n')
        return self.operator.commit(f"Change {self._count}")

    def deploy(self, *words: str) -> str:
        """One more release; its id."""
        self.change()
        done = self.operator.fab("deploy", *words)
        assert done.code == 0, done
        return self.place.live

    def landed(self, ref: str) -> str:
        """What a ref of the project's repository names."""
        command = ["git", "-c", "safe.directory=*", "-C", str(self.folder / "project.git"), "rev-parse", ref]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def left_over(self) -> list[str]:
        """What is not as after a good upgrade: one live release that works, no switch, no memory of it."""
        status = self.place.inv("status")
        files = [self.place.state / "maintenance.txt", self.place.state / "run" / "upgrade.json"]
        return [
            *([f"status: {status}"] if status.code else []),
            *(str(each) for each in files if each.exists()),
            *(each for each in self.place.releases() if each.startswith(".")),
        ]
