"""`python -m tests.replay.record [NAME]`: records runs again, so that `tests.replay.answers` has something to
judge.

The runs are those of a made-up team over some weeks, with two branches, those of `inv demo`, and those of a
team that says by statuses what QA found. They are recorded once; a later release reads what this one kept.
Record again only where it cannot be read any more, or where the runs shall show something more
(docs/replay.md#recorded).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import gettempdir

from shepherd.settings import read
from shepherd.stages.kept_inputs import FOLDER, KeptInput, kept_inputs
from tests.inv import inv_here
from tests.replay import statuses
from tests.replay.changing import ChangingProject, live

PLACE = Path(__file__).parent / "recorded"
TEAM, DEMO, STATUSES = PLACE / "team", PLACE / "demo", PLACE / "statuses"
"""Each a state_dir with settings in it: `inv replay` can be tried on it."""
RECORDED = {
    "stable": (TEAM, "stable"),
    "next": (TEAM, "next"),
    "demo": (DEMO, "stable"),
    "statuses": (STATUSES, "stable"),
}
"""Name of the text with the answers -> where the runs lie, and their branch."""
SEED, DAYS, PACE = 26, 19, 3


def recorded(name: str) -> Iterator[KeptInput]:
    """The recorded runs of that name. None may be unreadable."""
    place, branch = RECORDED[name]
    for each in kept_inputs(read(place / "shepherd.toml"), branch):
        assert isinstance(each, KeptInput), each
        yield each


def main(names: Collection[str]) -> None:
    # what cannot be read is named with its place
    folder = Path(gettempdir()) / "recorded"
    folder.mkdir()
    try:
        for name in names or RECORDING:
            shutil.rmtree(PLACE / name / "snapshots", ignore_errors=True)
            RECORDING[name](folder)
    finally:
        shutil.rmtree(folder)


def _team(folder: Path) -> None:
    project = ChangingProject(folder / "team", SEED, PACE, renames=False)
    for _ in live(project, DAYS):
        pass
    for branch in project.branches:
        _keep(project.state, branch, TEAM)


def _demo(folder: Path) -> None:
    assert inv_here(folder, "demo", "--directory", f"{folder}/demo").code == 0
    _keep(folder / "demo" / "var", "stable", DEMO)


def _statuses(folder: Path) -> None:
    _keep(statuses.live(folder / "statuses").state, "stable", STATUSES)


RECORDING = {"team": _team, "demo": _demo, "statuses": _statuses}


def _keep(state: Path, branch: str, where: Path) -> None:
    place = where / "snapshots" / branch / FOLDER
    place.mkdir(parents=True)
    # what else lies there is for who writes the next one
    for file in (state / "snapshots" / branch / FOLDER).glob("*.gz"):
        (place / file.name).write_bytes(file.read_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
