"""A tracker refuses a write for good: it is tried rarely, stays known, and is written once that is over."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.stages import failed_writings
from shepherd.stages import tag as module
from shepherd.stages.tag import TaggingResult, carry_out, plan_branch
from shepherd.trackers.file_writing import FileWriter
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import Edit
from shepherd.words import Item
from tests.project import Project, entry
from tests.running.host import Host

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


class Refusing:
    """A writer of the file that may not write some bugs.

    Attributes:
        tried: which it was asked to write.
    """

    def __init__(self, project: Project, *bugs: Item) -> None:
        self._real = FileWriter(project.settings.tracker_path, Vocabulary({}))
        self.bugs = set(bugs)
        self.tried: list[Item] = []

    def edit(self, item: Item, edit: Edit) -> str:
        self.tried.append(item)
        if item in self.bugs:
            raise TrackerError(f"bug {item} cannot be written: its project is closed")
        return self._real.edit(item, edit)


class Runs:
    """What `inv run` does each five minutes, by the project's clock.

    Attributes:
        tries: minutes since the first run, of each try.
    """

    def __init__(self, project: Project, writer: Refusing) -> None:
        self.project, self.writer = project, writer
        self.begin = project.now
        self.tries: list[int] = []
        self.told: set[TaggingResult | tuple[Any, ...]] = set()

    def run(self, times: int = 1) -> None:
        for _ in range(times):
            before = len(self.writer.tried)
            now = self.project.now
            self.project.find()
            run = self.project.run("tag")
            planned = plan_branch(self.project.settings, "stable", run, patient=True)
            self.told.add((planned.resting, carry_out(self.project.settings, "stable", planned, run)))
            if len(self.writer.tried) > before:
                self.tries.append(round((now - self.begin).total_seconds() / 60))
            self.project.now = now + timedelta(minutes=5)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.deploy(made.land("[no-qa] Begin")[0])
    for number in range(1, 10):
        made.tag(number)
    return made


@pytest.fixture
def runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> Runs:
    project.land("[bug=1] One")
    writer = Refusing(project, "1")
    monkeypatch.setattr(module, "open_writer", lambda _settings: writer)
    return Runs(project, writer)


def test_it_is_tried_after_as_long_as_it_failed_already(runs: Runs) -> None:
    runs.run(10)
    assert runs.tries == [0, 5, 10, 20, 40]
    runs.run(288 - 10)
    assert runs.tries[5:] == [80, 160, 320, 640, 1000, 1360], "each six hours in the end"


def test_once_the_cause_is_gone_it_is_written_by_itself(runs: Runs) -> None:
    runs.run(6)
    runs.writer.bugs.clear()
    runs.run(10)
    assert runs.tries == [0, 5, 10, 20, 40]
    document = json.loads((runs.project.folder / "bugs.json").read_text())["bugs"]
    assert document["1"]["tags"] == ["qa-needstesting"]
    assert len(document["1"]["comments"]) == 1
    assert entry(runs.project.judge(), 2).warnings == ()


def test_who_types_inv_tag_waits_for_nothing(runs: Runs) -> None:
    runs.run(6)
    runs.writer.bugs.clear()
    runs.project.tagger()
    assert runs.project.bugs["1"]["tags"] == ["qa-needstesting"]


def test_a_new_landing_on_the_bug_is_tried_at_once_with_the_earlier_one(runs: Runs) -> None:
    runs.run(6)
    runs.project.land("[bug=1] Two")
    runs.writer.bugs.clear()
    runs.begin, runs.tries = runs.project.now, []
    runs.run(2)
    assert runs.tries == [0]
    document = json.loads((runs.project.folder / "bugs.json").read_text())["bugs"]
    (comment,) = document["1"]["comments"]
    assert "r2" in comment and "r3" in comment


def test_a_bug_of_which_people_say_something_else_is_tried_at_once(runs: Runs) -> None:
    runs.run(6)
    runs.project.tag(1, "qa-bad")
    runs.project.judge()
    runs.begin, runs.tries = runs.project.now, []
    runs.run(3)
    assert runs.tries == [0]


def test_after_a_kill_nothing_is_waited_for(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been written, and nobody knows."""
    runs.run(3)
    runs.project.find()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(runs.writer, "edit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        runs.project.tagger()
    runs.begin, runs.tries = runs.project.now, []
    runs.run()
    assert runs.tries == [0]


def test_where_the_clock_is_put_back_nobody_waits_for_it(runs: Runs) -> None:
    runs.run(6)
    runs.project.now = runs.begin - timedelta(days=400)
    before = len(runs.writer.tried)
    runs.run()
    assert len(runs.writer.tried) == before + 1


def test_while_it_rests_the_tracker_is_not_even_read(runs: Runs) -> None:
    runs.run(3)
    runs.project.judge()
    (runs.project.folder / "bugs.json").unlink()
    runs.run()
    assert runs.tries == [0, 5, 10]


def test_others_are_written_while_one_rests(runs: Runs) -> None:
    runs.run(5)
    runs.project.land("[bug=2] Other")
    runs.run()
    assert runs.writer.tried == ["1", "1", "1", "1", "2"]


def test_the_page_says_which_since_when_and_why(runs: Runs) -> None:
    runs.run(8)
    (warning,) = entry(runs.project.judge(), 2).warnings
    why = "bug 1 cannot be written: its project is closed"
    assert warning == f"the tagger could not write bug 1 since 2011-08-01 09:22 UTC ({why}); it tries again"


def test_what_a_release_before_wrote_counts(runs: Runs) -> None:
    """`inv run` of it tried each time; its entries are the same."""
    for _ in range(6):
        runs.project.find()
        runs.project.tagger()
        runs.project.now += timedelta(minutes=3)
    runs.begin = runs.project.now
    runs.run(7)
    assert runs.tries == [20]


def test_cron_hears_the_same_words_whether_it_was_tried_or_not(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.project.land("[bug=3] three", "[bug=4] four")
    for number in (3, 4):
        host.project.tag(number)
    writer = Refusing(host.project, "3", "4")
    monkeypatch.setattr(module, "open_writer", lambda _settings: writer)
    assert host.inv("run")[0] == 7
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (7, "")
    assert re.search(r"bug 3 for r3, since .* UTC: bug 3 cannot be written: its .*; bug 4 for r4, ", err)
    for due in (False, True, False):
        monkeypatch.setattr(failed_writings, "is_due", lambda *_, due=due: due)
        before = len(writer.tried)
        assert host.inv("run", "--cron") == (7, "", "")
        assert len(writer.tried) == before + (2 if due else 0)


def test_six_that_are_refused_are_said_in_the_same_words_from_the_second_run_on(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run tries more than five in a row."""
    project.land(*(f"[bug={number}] Change" for number in range(1, 8)))
    writer = Refusing(project, *map(str, range(1, 8)))
    monkeypatch.setattr(module, "open_writer", lambda _settings: writer)
    told = []
    for _ in range(6):
        project.find()
        told.append(sorted(project.tagger().failures))
    assert told[1] == told[2] == told[3] == told[5]
    assert all("its project is closed" in each for each in told[1])
