"""No state of its own: the cache can be lost at any time; losing the journal is said, not papered over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shepherd.errors import NoAnswerError
from shepherd.running import demo
from shepherd.settings import read
from shepherd.stages.find import Acceptance
from shepherd.store import Database
from tests.campaigns.histories import live, twins
from tests.campaigns.outcome import journal_of, kept_snapshots, without_times
from tests.project import Project, states
from tests.store import keeping

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


@pytest.mark.parametrize("seed", range(2))
def test_the_cache_is_dropped_before_every_run(tmp_path: Path, seed: int) -> None:
    undisturbed, forgetful = twins(tmp_path)
    assert list(live(forgetful, seed, days=4)) == list(live(undisturbed, seed, days=4))
    assert journal_of(forgetful.settings) == journal_of(undisturbed.settings)


def test_the_twins_differ_where_what_was_lost_could_not_be_read_again(tmp_path: Path) -> None:
    """So the comparison above can fail: without its journal the forgetful one answers otherwise."""
    undisturbed, forgetful = twins(tmp_path)
    for project in (undisturbed, forgetful):
        project.tag(1, "qa-ok")
        project.deploy(project.land("[no-qa] Begin", "[bug=1] One")[0])
        project.look()
        project.land("[bug=1] One more")
    keeping.lose(forgetful)
    forgetful.find(Acceptance(new_journal=True), "the disk died")
    undisturbed.find()
    assert undisturbed.judge().landings[0].state == "needstesting"
    assert forgetful.judge().landings[0].state == "ok"


@pytest.mark.real
def test_the_cache_of_the_demo_is_dropped_between_its_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at = datetime.now(UTC)
    monkeypatch.setattr(demo, "now", lambda: at)
    demo.demo(str(tmp_path / "undisturbed"))
    take_days = demo.days

    def forgetful_days(story: Any, place: Path, today: datetime) -> Any:
        for day in take_days(story, place, today):
            if (place / "var" / "shepherd.db").exists():
                database = Database.of(read(place / "shepherd.toml"))
                database.drop_cache()
                database.close()
            yield day

    monkeypatch.setattr(demo, "days", forgetful_days)
    demo.demo(str(tmp_path / "forgetful"))
    undisturbed, forgetful = (
        kept_snapshots(read(tmp_path / name / "shepherd.toml")) for name in ("undisturbed", "forgetful")
    )
    assert forgetful == undisturbed
    assert len(undisturbed) > 5


def test_without_the_journal_there_is_no_answer_until_a_person_accepts_that(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One")[0])
    project.look()
    project.verdict("r2", "ok")
    good = project.judge()
    assert good.answer == "deploy"
    keeping.lose(project)
    with pytest.raises(NoAnswerError, match="nothing was read yet"):
        project.judge()
    for _ in range(2):
        with pytest.raises(NoAnswerError, match="--accept-new-journal") as failure:
            project.find()
        assert failure.value.code == 5
        said = project.judge()
        assert (said.answer, said.deployable, said.complete) == ("no-data", None, False)
        assert said.last_good and said.last_good.run_id == good.run_id
    with pytest.raises(NoAnswerError):
        project.verdict("r2", "ok")
    project.find(Acceptance(new_journal=True), "restored from nothing")
    assert project.judge().answer == "blocked", "the verdict is lost, and nobody pretends otherwise"


def test_judge_needs_no_repository(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for bug in range(1, 7):
        project.tag(bug, "qa-ok")
    list(live(project, seed=7))
    before = project.look()
    project.repo.path.rename(tmp_path / "elsewhere")
    after = project.judge()
    assert without_times(msgspec.to_builtins(after)) == without_times(msgspec.to_builtins(before))
    assert before.complete and len(before.landings) > 3


def test_an_older_journal_is_refused_until_the_right_one_is_back(tmp_path: Path) -> None:
    """Also by the runs after the first: what is written meanwhile must not make it look right."""
    project = Project(tmp_path)
    project.tag(1, "qa-ok")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One")[0])
    project.look()
    keeping.keep(project, tmp_path / "older")
    project.now += timedelta(hours=1)
    project.verdict("r2", "bad")
    keeping.keep(project, tmp_path / "newer")
    keeping.put_back(project, tmp_path / "older")
    for _ in range(3):
        project.now += timedelta(minutes=5)
        with pytest.raises(NoAnswerError, match="--accept-new-journal"):
            project.find()
        assert project.judge().answer == "no-data"
    keeping.put_back(project, tmp_path / "newer")
    assert states(project.look())[2] == "bad"
