"""`python -m tests.replay.record`: records runs again, so that `tests.replay.answers` has something to judge.

The runs are those of a made-up team over some weeks, with two branches, and those of `inv demo`. They are
recorded once; a later release reads what this one kept. Record again only where it cannot be read any more,
or where the runs shall show something more (docs/replay.md#recorded).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

from shepherd.settings import read
from shepherd.stages.kept_inputs import FOLDER, KeptInput, kept_inputs
from tests.inv import inv_here
from tests.replay.changing import ChangingProject, live

PLACE = Path(__file__).parent / "recorded"
TEAM, DEMO = PLACE / "team", PLACE / "demo"
"""Each a state_dir with settings in it: `inv replay` can be tried on it."""
RECORDED = {"stable": (TEAM, "stable"), "next": (TEAM, "next"), "demo": (DEMO, "stable")}
"""Name of the text with the answers -> where the runs lie, and their branch."""
SEED, DAYS, PACE = 26, 19, 3


def recorded(name: str) -> Iterator[KeptInput]:
    """The recorded runs of that name. None may be unreadable."""
    place, branch = RECORDED[name]
    for each in kept_inputs(read(place / "shepherd.toml"), branch):
        assert isinstance(each, KeptInput), each
        yield each


def main() -> None:
    for place in (TEAM, DEMO):
        shutil.rmtree(place / "snapshots", ignore_errors=True)
    # what cannot be read is named with its place
    folder = Path(gettempdir()) / "recorded"
    folder.mkdir()
    try:
        project = ChangingProject(folder / "team", SEED, PACE, renames=False)
        for _ in live(project, DAYS):
            pass
        for branch in project.branches:
            _keep(project.state, branch, TEAM)
        assert inv_here(folder, "demo", "--directory", f"{folder}/demo").code == 0
        _keep(folder / "demo" / "var", "stable", DEMO)
    finally:
        shutil.rmtree(folder)


def _keep(state: Path, branch: str, where: Path) -> None:
    place = where / "snapshots" / branch / FOLDER
    place.mkdir(parents=True)
    # what else lies there is for who writes the next one
    for file in (state / "snapshots" / branch / FOLDER).glob("*.gz"):
        (place / file.name).write_bytes(file.read_bytes())


if __name__ == "__main__":
    main()
