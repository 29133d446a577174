"""What was promoted, as it is seen afterwards: two facts, moves by others, alarms."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.cautions import cautions
from shepherd.errors import RefusedError, UnsureError
from shepherd.situation import Situation
from shepherd.stages.find import Acceptance
from tests.project import entry, lines_of
from tests.promoting import entries, moves, promote, ready, released


def test_promoted_and_live_are_two_facts(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.now += timedelta(hours=1)
    waiting = project.look()
    assert (waiting.promoted and waiting.promoted.revno, waiting.deployed and waiting.deployed.revno) == (
        3,
        1,
    )
    assert waiting.promoted and waiting.promoted.by == "tester" and waiting.promoted.at
    two = entry(waiting, 2)
    assert (two.progress, two.promoted_by, two.live_since) == ("promoted", "tester", None)
    assert two.promoted_at == waiting.promoted.at
    assert entry(waiting, 4).promoted_at is None
    project.deploy(ids[2])
    project.now += timedelta(hours=1)
    live = project.look()
    two = entry(live, 2)
    assert (two.progress, two.live_since) == ("live", live.generated_at - timedelta(minutes=1))
    assert two.promoted_at == waiting.promoted.at, "it stays known"


def test_somebody_else_moved_the_ref(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project, "r2")
    project.repo.set_ref("released", ids[2])
    said = project.look()
    sentence = "released was moved from r2 to r3 by somebody else, not by the shepherd"
    assert any(sentence in warning for warning in said.warnings)
    assert [line for line in lines_of(project, "source") if "result=moved" in line]
    assert entry(said, 3).promoted_by == "" and entry(said, 3).promoted_at
    assert moves(project) == [(1, 2, "tester"), (2, 3, "")]
    project.look()
    assert len(moves(project)) == 2, "one entry for one move"
    project.now += timedelta(days=31)
    assert not project.look().warnings


def test_what_was_promoted_and_turned_bad_is_said_and_never_taken_back(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.tag(2, "qa-bad", "bad-commit-2")
    plan, snapshot = promote(project)
    assert plan is None and released(project) == ids[2]
    sentence = "r3 is promoted, but may not go to production: r2 blocks it"
    assert [(c.sentence, c.stops) for c in cautions(snapshot, Situation())] == [(sentence, False)]
    assert [(e.data["revno"], e.data["on"]) for e in entries(project, "alarm")] == [(2, True)]
    project.tag(2, "qa-ok")
    assert not cautions(project.look(), Situation())
    assert entries(project, "alarm")[-1].data["on"] is False


def test_alarms_begin_and_end_once(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.deploy(ids[2])
    project.look()
    project.tag(2, "qa-bad", "bad-commit-2")
    for _ in range(3):
        assert [alarm.revno for alarm in project.look().alarms] == [2]
    (tmp_path / "bugs.json").write_text("{")
    project.look()
    project.write_bugs()
    project.look()
    assert [(e.data["on"], e.why) for e in entries(project, "alarm")] == [
        (True, "production runs r2, which is bad: bug 2 has bad-commit-2")
    ]
    project.tag(2, "qa-ok")
    project.look()
    project.tag(2, "qa-bad", "bad-commit-2")
    project.look()
    assert [e.data["on"] for e in entries(project, "alarm")] == [True, False, True]


def test_a_push_that_was_given_up_and_arrives_late_is_still_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path)
    settings = tmp_path / "shepherd.toml"
    settings.write_text(settings.read_text().replace('"project.git"', f'"file://{project.repo.git_dir}"'))

    def lost(*_: object) -> None:
        raise UnsureError("the line went dead")

    with monkeypatch.context() as patch:
        patch.setattr("shepherd.stages.promote.move_ref", lost)
        with pytest.raises(UnsureError, match="dead"):
            promote(project)
    project.look()
    assert not moves(project)
    project.repo.set_ref("released", ids[2])
    assert not project.look().warnings
    assert moves(project) == [(1, 3, "tester")]


def test_a_promotion_that_was_refused_is_nobodys_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path)

    def refused(*_: object) -> None:
        raise RefusedError("frozen")

    with monkeypatch.context() as patch:
        patch.setattr("shepherd.stages.promote.move_ref", refused)
        with pytest.raises(RefusedError):
            promote(project)
    project.repo.set_ref("released", ids[2])
    project.look()
    assert moves(project) == [(1, 3, "")]


def test_a_mainline_that_was_rewritten_moves_no_ref(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.repo.set_ref("stable", ids[1])
    project.land("[no-qa] Another three")
    project.find(Acceptance(rewrite=True), "rebased")
    assert not any("somebody else" in warning for warning in project.judge().warnings)


def test_another_ref_by_other_settings_is_no_move(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.repo.set_ref("other", ids[1])
    project.write_settings('promote = { ref = "other" }')
    assert not project.look().warnings
    assert moves(project) == [(1, 3, "tester")]


@pytest.mark.parametrize(
    ("bug", "tags"),
    [(2, ["qa-bad", "bad-commit-2"]), (2, ["qa-bad"]), (9, ["bad-commit-2"])],
    ids=["bad-commit on its own bug", "qa-bad on its own bug", "bad-commit on another bug"],
)
def test_an_alarm_is_not_over_because_its_bug_cannot_be_read(
    tmp_path: Path, bug: int, tags: list[str]
) -> None:
    project, ids = ready(tmp_path)
    project.deploy(ids[2])
    project.look()
    project.tag(bug, *tags)
    project.look()
    del project.bugs[str(bug)]
    project.write_bugs()
    project.look()
    assert [e.data["on"] for e in entries(project, "alarm")] == [True]


def test_what_is_promoted_and_no_longer_good_is_somebodys_move_until_it_is_live(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    assert entry(project.look(), 2).whose_move == "", "it is good"
    project.tag(2, "qa-needstesting")
    two = entry(project.look(), 2)
    assert (two.progress, two.whose_move) == ("promoted", "Ann")
    assert two.remedy.startswith("try it on the QA server")
    project.deploy(ids[2])
    project.now += timedelta(hours=1)
    two = entry(project.look(), 2)
    assert (two.progress, two.whose_move, two.remedy) == ("live", "", "")
