"""Each kind of judgement, by name: what it kept gives its very snapshot again (docs/replay.md#kept)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import ShepherdError, SourceError, TrackerError
from shepherd.snapshot import Snapshot
from shepherd.snapshot_json import read_snapshot
from shepherd.stages.find import Acceptance
from shepherd.stages.judge import judge_branch
from shepherd.stages.kept_inputs import KeptInput, kept_inputs
from shepherd.store.wholeness import LostJournalError
from tests.inv import inv_here
from tests.project import Project, deployable
from tests.promoting import meddle, promote, ready
from tests.replay.watching import Document, documents, the_same

MAIL = '[mail]\nsender = "qa@example.org"\nlist = "dev@example.org"\n'


@pytest.fixture
def written() -> Iterator[list[Document]]:
    with documents() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r1 is live, r2 is good, r3 needs testing; nothing was looked at yet."""
    project, _ = ready(tmp_path)
    return project


def replayed(project: Project, written: list[Document], answers: int) -> None:
    """All follow again, one by one; and `inv replay` says so, with each counted."""
    assert len(written) == answers
    the_same(project.settings, "stable", written)
    done = inv_here(project.folder, "replay", "--json")
    assert done.code == 0, done.out + done.err
    (report,) = json.loads(done.out)["branches"]
    assert (report["answers"], report["same"], report["differ"]) == (answers, answers, []) and not done.err


def latest(written: list[Document]) -> Snapshot:
    return read_snapshot(written[-1].text)


def test_the_first_run(project: Project, written: list[Document]) -> None:
    project.look()
    replayed(project, written, 1)


def test_a_run_without_news(project: Project, written: list[Document]) -> None:
    project.look()
    project.look()
    replayed(project, written, 2)


def test_a_persons_word(project: Project, written: list[Document]) -> None:
    """It is judged by what the tracker said last."""
    project.look()
    project.tag(4, "qa-bad")
    project.verdict("r3", "bad", "it fails")
    assert latest(written).landings[2].state == "bad"
    replayed(project, written, 2)


def test_a_cover(project: Project, written: list[Document]) -> None:
    project.look()
    project.cover("r4", "r5")
    assert latest(written).landings[1].undone_by == 5
    replayed(project, written, 2)


def test_a_promotion_which_judges_before_and_after(project: Project, written: list[Document]) -> None:
    promote(project)
    assert len({each.run_id for each in written}) == 1
    replayed(project, written, 2)
    before, after = kept_inputs(project.settings, "stable")
    assert isinstance(before, KeptInput) and isinstance(after, KeptInput)
    assert (len(before.given.context.promoted), len(after.given.context.promoted)) == (1, 2)


def test_a_promotion_that_began_again(
    project: Project, written: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mainline moved while the tags were read, twice."""
    moves = iter(("[no-qa] Six", "[no-qa] Seven"))
    meddle(monkeypatch, after=lambda: [project.land(each) for each in [next(moves, "")] if each] and None)
    promote(project)
    assert len({each.run_id for each in written}) == 1 and len(written) > 2
    replayed(project, written, len(written))


def test_a_refused_promotion(project: Project, written: list[Document]) -> None:
    with pytest.raises(ShepherdError):
        promote(project, "r5")
    replayed(project, written, 1)


def test_a_dry_run_keeps_nothing(project: Project, written: list[Document]) -> None:
    project.look()
    judge_branch(project.settings, "stable", project.run("judge"), dry=True)
    promote(project, dry=True)
    # it rehearses elsewhere
    del written[1:]
    replayed(project, written, 1)


def test_no_data_before_anything_was_read(tmp_path: Path, written: list[Document]) -> None:
    project = Project(tmp_path)
    with pytest.raises(SourceError):
        project.find()
    assert not project.judge().complete
    replayed(project, written, 1)


def test_no_data_since_the_source_cannot_be_read(project: Project, written: list[Document]) -> None:
    project.look()
    project.repo.git("update-ref", "-d", "refs/heads/production")
    with pytest.raises(SourceError):
        project.find()
    assert not project.judge().complete
    replayed(project, written, 2)


def test_no_data_since_the_mainline_was_rewritten(project: Project, written: list[Document]) -> None:
    project.look()
    project.repo.set_ref("stable", project.repo.git("rev-parse", "stable~2"))
    project.land("[no-qa] Other")
    with pytest.raises(SourceError, match="rewritten"):
        project.find()
    assert not project.judge().complete
    project.find(Acceptance(rewrite=True), "a secret was in it")
    assert project.judge().complete
    replayed(project, written, 3)


def test_no_data_since_the_tracker_is_away(project: Project, written: list[Document]) -> None:
    project.look()
    (project.folder / "bugs.json").unlink()
    project.find()
    assert not project.judge().complete
    assert not project.look().complete
    replayed(project, written, 3)


def test_no_data_since_the_journal_was_lost(project: Project, written: list[Document]) -> None:
    project.look()
    for file in project.state.glob("shepherd.db*"):
        file.unlink()
    with pytest.raises(LostJournalError):
        project.find()
    assert not project.judge().complete
    project.find(Acceptance(new_journal=True), "the disk died")
    assert project.judge().complete
    replayed(project, written, 3)


def test_an_unreadable_bug(project: Project, written: list[Document]) -> None:
    project.look()
    project.bugs["4"] = {"private": True}
    del project.bugs["2"]
    project.write_bugs()
    assert project.look().problems
    replayed(project, written, 2)


def test_checks_and_limits(tmp_path: Path, written: list[Document]) -> None:
    limit = 'limits = [{ paths = ["landed/*"], max = 1 }]'
    project, ids = ready(tmp_path, branch=f'checks = ["ci/build"]\n{limit}')
    project.look()
    project.check(ids[1], ci_build="success")
    assert deployable(project.look()) == 2
    project.checks = {"x": 7}
    project.write_bugs()
    project.look()
    replayed(project, written, 3)


def test_what_is_said_of_mails_to_come(tmp_path: Path, written: list[Document]) -> None:
    project, _ = ready(tmp_path, top=f'timezone = "Asia/Kathmandu"\n{MAIL}')
    project.now -= timedelta(days=9)
    project.look()
    project.now += timedelta(days=9)
    project.land("[bug=4] It lands after the first run")
    project.look()
    project.now += timedelta(days=4)
    assert any(each.list_told_on for each in project.look().blockers)
    project.verdict("r4", "ok")
    replayed(project, written, 4)


def test_changed_settings(project: Project, written: list[Document]) -> None:
    """An earlier run is judged by the settings of then."""
    project.land("Nobody knows why")
    project.look()
    for branch, tracker in (
        ('orphans = "pass"\nmarks = ["trailers"]', ""),
        ('exempt_subjects = ["Four"]', 'words = { ok = ["fine", "qa-ok"] }'),
        ('landing_url = "https://git.example.org/{id}"', 'bug_url = "https://bugs.example.org/{bug}"'),
    ):
        project.write_settings(branch, tracker, top='timezone = "America/New_York"')
        project.look()
    replayed(project, written, 4)


def test_a_tracker_error_keeps_what_was_read(project: Project, written: list[Document]) -> None:
    """No data names what was read of the mainline, and that is kept with it."""
    project.write_settings(tracker='type = "file"\npath = "elsewhere.json"')
    snapshot = project.look()
    assert not snapshot.complete and snapshot.tip is not None
    assert TrackerError.__name__ not in str(snapshot.problems)
    replayed(project, written, 1)
