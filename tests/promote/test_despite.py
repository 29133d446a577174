"""`inv promote --despite`: the night when the tracker is down."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import RefusedError, SourceError
from tests.promoting import entries, moves, promote, ready, released


class TestDespite:
    """The night when the tracker is down."""

    def test_it_is_recorded_and_shown_for_thirty_days(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        project.look()
        (tmp_path / "bugs.json").rename(tmp_path / "gone")
        plan, _ = promote(project, "r3", despite="the shop is down")
        assert released(project) == ids[2]
        assert plan and [(line.revno, line.state, line.reason) for line in plan.goes] == [
            (2, "ok", "last known: bug 2 is qa-ok"),
            (3, "untestable", "last known: it landed marked [no-qa]: there is nothing to QA"),
        ]
        assert entries(project, "promoted")[-1].data["despite"] == "the shop is down"
        sentence = "r3 was promoted by tester on 2011-08-01 09:55 UTC although it was not known"
        assert any(sentence in warning for warning in project.look().warnings), "also without data"
        (tmp_path / "gone").rename(tmp_path / "bugs.json")
        project.now += timedelta(days=29)
        assert any("the shop is down" in warning for warning in project.look().warnings)
        project.now += timedelta(days=2)
        assert not project.look().warnings

    def test_what_was_bad_when_it_was_last_known_stays_bad(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        project.tag(2, "qa-bad", "bad-commit-2")
        project.look()
        (tmp_path / "bugs.json").unlink()
        with pytest.raises(RefusedError, match="r2 was bad when it was last known"):
            promote(project, "r3", despite="hurry")
        assert released(project) == ids[0]

    def test_a_rollback_of_it_helps_also_then(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path)
        project.tag(2, "qa-bad", "bad-commit-2")
        project.look()
        (tmp_path / "bugs.json").unlink()
        six = project.land("[rollback=2][rollback=4] Six")[0]
        promote(project, "r6", despite="hurry")
        assert released(project) == six

    def test_it_is_no_way_past_what_is_known(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        with pytest.raises(RefusedError, match="--despite is for what cannot be read"):
            promote(project, "r4", despite="hurry")
        assert released(project) == ids[0]

    def test_a_bug_that_cannot_be_read_is_not_known(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        project.look()
        del project.bugs["4"]
        project.write_bugs()
        promote(project, "r4", despite="looked myself")
        assert released(project) == ids[3]

    def test_no_source_no_promotion(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path)
        project.look()
        project.repo.git("update-ref", "-d", "refs/heads/production")
        with pytest.raises(SourceError):
            promote(project, "r3", despite="hurry")
        assert not moves(project)

    def test_never_backwards(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path)
        promote(project)
        (tmp_path / "bugs.json").unlink()
        with pytest.raises(RefusedError, match="older than r3"):
            promote(project, "r2", despite="hurry")

    def test_what_turned_bad_after_its_promotion_stays_bad(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        promote(project)
        project.tag(2, "qa-bad", "bad-commit-2")
        project.look()
        (tmp_path / "bugs.json").unlink()
        with pytest.raises(RefusedError, match="r2 was bad when it was last known"):
            promote(project, "r5", despite="hurry")
        assert released(project) == ids[2]

    def test_what_was_bad_and_cannot_be_read_any_more_stays_bad(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        project.tag(4, "qa-bad", "bad-commit-4")
        project.look()
        del project.bugs["4"]
        project.write_bugs()
        project.look()
        with pytest.raises(RefusedError, match="r4 was bad when it was last known"):
            promote(project, "r4", despite="hurry")
        assert released(project) == ids[0]
