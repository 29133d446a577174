"""The report computes trends when there is something new to say, and else shows what was kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import StoreError
from shepherd.situation import Situation
from shepherd.stages import trends_kept
from shepherd.stages.archive import archive_branch
from shepherd.stages.report import write_report
from tests.project import Project

HOUR = timedelta(hours=1)


class Team:
    """A project whose production moved once; `computed` counts how often trends were."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project = Project(folder)
        self.first, self.second, *_ = self.project.land("[bug=1] One", "[bug=2] Two", "[bug=3] Three")
        for bug in (1, 2, 3):
            self.project.tag(bug, "qa-ok")
        self.project.deploy(self.first)
        self.project.look()
        self.computed = 0
        compute = trends_kept._computed

        def counted(*args: object) -> object:
            self.computed += 1
            return compute(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(trends_kept, "_computed", counted)
        self.project.report()

    @property
    def file(self) -> Path:
        return self.project.state / "snapshots" / "stable" / "trends"

    def goes_live(self) -> None:
        self.project.deploy(self.second)
        self.project.look()

    def says(self, key: str = "deployments") -> str:
        page = (self.project.state / "report" / "stable.trends.html").read_text(encoding="utf-8")
        part = page.partition(f'<section id="{key}">')[2].partition("</section>")[0]
        found = re.search(r"In these weeks:</b> (.*?)</p>", part)
        return found[1] if found else ""

    def metrics(self) -> dict[str, str]:
        lines = (self.project.state / "report" / "shepherd.prom").read_text(encoding="utf-8").splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    return Team(tmp_path, monkeypatch)


def test_page_and_metrics_say_what_went_live(team: Team) -> None:
    assert team.says() == "0 deployments."
    team.project.now += 2 * HOUR
    team.goes_live()
    team.project.report()
    assert team.says() == "1 deployment: 1 landing went live."
    metrics = team.metrics()
    assert metrics['qa_shepherd_deployments_total{branch="stable"}'] == "1"
    # landed at 9:20, seen live by the run that read at 11:33
    assert metrics['qa_shepherd_lead_time_median_seconds{branch="stable"}'] == "7980"


def test_without_news_nothing_is_computed_until_the_next_day(team: Team) -> None:
    for _ in range(3):
        team.project.now += 2 * HOUR
        team.project.report()
    assert team.computed == 1
    team.project.now += 24 * HOUR
    team.project.report()
    assert team.computed == 2


def test_news_are_computed_once_an_hour(team: Team) -> None:
    for tag in ("qa-bad", "qa-ok", "qa-bad"):
        team.project.tag(3, tag)
        team.project.look()
        team.project.report()
    assert team.computed == 1
    team.project.now += HOUR
    team.project.report()
    assert team.computed == 2


def test_what_goes_live_is_shown_at_once(team: Team) -> None:
    team.goes_live()
    team.project.report()
    assert team.computed == 2
    assert team.says() == "1 deployment: 1 landing went live."


def test_a_clock_that_went_back_does_not_keep_old_ones_for_ever(team: Team) -> None:
    team.project.tag(3, "qa-bad")
    team.project.look()
    team.project.now -= 2 * HOUR
    team.project.report()
    assert team.computed == 2


def test_with_another_time_zone_days_are_others(team: Team) -> None:
    team.project.write_settings(top='timezone = "Pacific/Auckland"')
    team.project.report()
    assert team.computed == 2


def test_a_run_beside_another_one_shows_what_was_kept_and_when(team: Team) -> None:
    before = team.metrics()
    team.goes_live()
    kept = team.file.read_bytes()
    situation = Situation(now=team.project.now)
    write_report(team.project.settings, situation, trends_as_kept=True)
    assert team.computed == 1 and team.file.read_bytes() == kept
    assert team.says() == "0 deployments."
    computed = 'qa_shepherd_trends_timestamp_seconds{branch="stable"}'
    assert team.metrics()[computed] == before[computed]


def damaged(team: Team) -> None:
    team.file.write_bytes(b"{")


def of_another_release(team: Team) -> None:
    document = json.loads(team.file.read_bytes())
    document["trends"] = {"week": 12}
    team.file.write_text(json.dumps(document))


def gone(team: Team) -> None:
    team.file.unlink()


def a_link(team: Team) -> None:
    team.file.rename(team.file.with_name("elsewhere"))
    team.file.symlink_to("elsewhere")


@pytest.mark.parametrize("spoil", [damaged, of_another_release, gone, a_link])
def test_what_was_kept_and_cannot_be_read_is_computed(team: Team, spoil: Callable[[Team], None]) -> None:
    spoil(team)
    team.project.report()
    assert team.computed == 2 and team.says() == "0 deployments."
    assert not team.file.is_symlink()


def test_without_database_it_shows_what_was_kept(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.goes_live()

    def unreachable(*_: object, **__: object) -> object:
        raise StoreError("the database cannot be read")

    monkeypatch.setattr(trends_kept, "open_branch", unreachable)
    team.project.report()
    assert team.says() == "0 deployments."
    team.file.unlink()
    team.project.report()
    page = (team.project.state / "report" / "stable.trends.html").read_text(encoding="utf-8")
    assert "is not known: that was not computed yet" in page and "Who waits for whom" in page
    assert "deployments_total" not in "".join(team.metrics())


def test_on_a_full_disk_it_is_shown_all_the_same(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreError("no space left")

    team.goes_live()
    monkeypatch.setattr("shepherd.statefile.StateFile.write", full)
    team.project.report()
    assert team.says() == "1 deployment: 1 landing went live."


def test_of_many_branches_a_run_computes_those_that_it_has_time_for(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.goes_live()
    monkeypatch.setattr(trends_kept, "COMPUTING", 0)
    team.project.report()
    assert team.computed == 1 and team.says() == "0 deployments."


def test_what_was_archived_since_is_counted_at_once(tmp_path: Path) -> None:
    """The page asks for that, so it may not go on to ask."""
    project = Project(tmp_path, top='keep = "2d"')
    ids = project.land("[no-qa] One", "[no-qa] Two")
    for sha in ids:
        project.deploy(sha)
        project.look()
    project.now += timedelta(days=6)
    for sha in project.land("[no-qa] Three", "[no-qa] Four"):
        project.deploy(sha)
        project.look()
    page = project.state / "report" / "stable.trends.html"
    project.report()
    assert "not archived yet" in page.read_text(encoding="utf-8")
    archive_branch(project.settings, "stable", project.run("archive"))
    project.report()
    assert "not archived yet" not in page.read_text(encoding="utf-8")
