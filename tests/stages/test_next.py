"""The deployment that the answer proposes, and what must be known of it, on real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.cautions import cautions
from shepherd.errors import RefusedError
from shepherd.plans.mails import alarm_mails
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.stages.alarms import untold
from shepherd.stages.mail_messages import message_for
from shepherd.store import open_branch
from shepherd.views import text
from shepherd.views.page import branch_page
from shepherd.views.promotions import promotion
from tests.project import Project, entry
from tests.promoting import PROMOTE, promote, ready, released
from tests.views.reader import Reader

WAITS = "deploying r3 brings live what a landing that must wait has undone: r2 (undone by r5)"


def undone_later(folder: Path) -> tuple[Project, list[str]]:
    """r1 live, r2 and r3 good, r4 needs testing, r5 rolls r2 back and has to wait for r4."""
    project = Project(folder, branch=PROMOTE)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[no-qa] Three", "[bug=4] Four", "[rollback=2] Five")
    for ref in ("production", "released"):
        project.repo.set_ref(ref, ids[0])
    project.tag(2, "qa-ok")
    project.tag(4, "qa-needstesting")
    return project, ids


def told(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(caution.kind, caution.sentence) for caution in cautions(snapshot, Situation())]


def test_what_a_waiting_landing_has_undone_is_said_before_it_goes_live(tmp_path: Path) -> None:
    project, ids = undone_later(tmp_path)
    snapshot = project.look()
    assert snapshot.deployable is not None and snapshot.deployable.revno == 3
    assert snapshot.next is not None
    assert (snapshot.next.landings, snapshot.next.undone_later) == ((2, 3), (2,))
    assert told(snapshot) == [("undone-later", WAITS)]
    assert WAITS in " ".join(text.status(snapshot, Situation()).split())
    assert f"undone later: {WAITS}" in Reader(branch_page(snapshot, Situation())).text
    plan, _ = promote(project)
    assert plan is not None and WAITS in " ".join(promotion(plan, dry=False).split())
    assert released(project) == ids[2], "it is told, and stops nothing"


def test_a_plan_for_another_revision_speaks_of_that_one(tmp_path: Path) -> None:
    project, _ = undone_later(tmp_path)
    plan, _ = promote(project, "r2", dry=True)
    assert plan is not None
    assert [(c.kind, c.sentence) for c in plan.cautions] == [("undone-later", WAITS.replace("r3", "r2"))]


def test_nothing_is_said_of_what_goes_out_together_with_its_rollback(tmp_path: Path) -> None:
    project, _ = undone_later(tmp_path)
    project.tag(4, "qa-ok")
    snapshot = project.look()
    assert snapshot.next is not None
    assert (snapshot.next.landings, snapshot.next.undone_later) == ((2, 3, 4, 5), ())
    assert told(snapshot) == []


def test_what_production_has_undone_and_gets_back_goes_live_too(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[bug=1] One", "[rollback=1] Two", "[rollback=2] Three")
    project.tag(1, "qa-ok")
    project.deploy(ids[1])
    project.look()
    project.verdict("r3", "ok")
    snapshot = project.judge()
    assert snapshot.next is not None
    assert (snapshot.next.base.revno, snapshot.next.to.revno) == (2, 3)
    assert snapshot.next.landings == (1, 3)


@pytest.mark.parametrize(
    ("pattern", "page"),
    [
        ("https://github.com/o/r/commit/{id}", "https://github.com/o/r/compare/BASE...TO"),
        ("https://git.example.org/g/s/p/-/commit/{id}", "https://git.example.org/g/s/p/-/compare/BASE...TO"),
        ("https://git.example.org/o/r/commit/{id}", None),
        ("https://git.launchpad.net/launchpad/commit/?id={id}", None),
        ("https://github.com/o/r/commit/r{revno}", None),
        ("https://evil.example/?github.com/o/r/-/commit/{id}", None),
        ("", None),
    ],
)
def test_a_comparison_is_linked_where_its_address_leaves_no_doubt(
    tmp_path: Path, pattern: str, page: str | None
) -> None:
    project = Project(tmp_path, branch=f'landing_url = "{pattern}"' if pattern else "")
    ids = project.land("[no-qa] One", "[no-qa] Two")
    project.deploy(ids[0])
    snapshot = project.look()
    assert snapshot.next is not None
    assert snapshot.next.compare_url == (page and page.replace("BASE", ids[0]).replace("TO", ids[1]))


def test_the_setting_says_where_two_revisions_are_compared_and_asks_for_no_new_reading(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path, branch='landing_url = "https://github.com/o/r/commit/{id}"')
    ids = project.land("[no-qa] One", "[no-qa] Two")
    project.deploy(ids[0])
    project.look()
    landing_url = 'landing_url = "https://github.com/o/r/commit/{id}"'
    project.write_settings(f'{landing_url}\ncompare_url = "https://x.example/?a={{from}}&b={{to}}"')
    snapshot = project.judge()
    assert snapshot.next is not None, "what was read before still counts"
    assert snapshot.next.compare_url == f"https://x.example/?a={ids[0]}&b={ids[1]}"


def test_what_is_rolled_back_within_and_what_is_live_no_longer_is_told_apart(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[rollback=2] Three", "[rollback=1] Four")
    project.deploy(ids[0])
    following = project.look().next
    assert following is not None
    assert (following.landings, following.undone, following.taken_out) == ((2, 3, 4), (2,), (1,))


def test_nothing_is_compared_with_nothing(tmp_path: Path) -> None:
    recorded = 'deployed = { recorded = true }\nlanding_url = "https://github.com/o/r/commit/{id}"'
    project = Project(tmp_path, branch=recorded)
    project.land("[no-qa] One")
    project.deployed("r0")
    snapshot = project.look()
    assert snapshot.next is not None
    assert (snapshot.next.base.revno, snapshot.next.base.id, snapshot.next.compare_url) == (0, "", None)


def test_a_bad_landing_that_is_rolled_back_is_not_told_to_be(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[rollback=2] Three")
    project.deploy(ids[0])
    project.tag(2, "qa-bad", "bad-commit-2")
    two = entry(project.look(), 2)
    assert (two.progress, two.state, two.whose_move, two.remedy) == ("rolled-back", "bad", "", "")


def test_a_bad_landing_in_production_that_is_undone_waits_for_that_alone(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[rollback=2] Three")
    project.deploy(ids[1])
    project.tag(2, "qa-bad", "bad-commit-2")
    two = entry(project.look(), 2)
    assert (two.progress, two.whose_move) == ("live", "")
    assert two.remedy == "r3 undoes it: nothing is left to do once production runs r3"


def test_a_hotfix_stops_the_answer_and_is_what_promote_refuses(tmp_path: Path) -> None:
    project, _ = ready(tmp_path, branch='promote = { ref = "production" }')
    fix = project.repo.commit("Hotfix", branch="production")
    snapshot = project.look()
    (found,) = cautions(snapshot, Situation())
    assert (found.kind, found.stops) == ("hotfix", True)
    assert found.sentence == f"production also runs a commit that r3 lacks ({fix[:12]})"
    with pytest.raises(RefusedError) as refusal:
        promote(project)
    assert str(refusal.value) == f"stable: {found.sentence}; {found.remedy}"
    assert project.verdict("r2", "ok").splitlines()[1].startswith("do not deploy r3: production also runs")


def test_a_hotfix_wants_a_reason_also_where_nothing_can_be_judged(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch='promote = { ref = "production" }')
    project.look()
    project.repo.commit("Hotfix", branch="production")
    (tmp_path / "bugs.json").unlink()
    with pytest.raises(RefusedError, match="drop-hotfix"):
        promote(project, "r3", despite="the shop is down")
    promote(project, "r3", despite="the shop is down", drop_hotfix="not needed")
    assert released(project, "production") == ids[2]


def test_a_mail_that_names_what_undoes_an_alarm_says_what_else_is_to_be_known(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[rollback=2] Three")
    project.deploy(ids[1])
    hotfix = project.repo.commit("Hotfix", parents=[ids[1]], branch="production")
    project.tag(2, "qa-bad", "bad-commit-2")
    snapshot = project.look()
    with open_branch(project.settings, "stable", read_only=True) as store:
        alarms = untold(store.journal, ["ops@example.org"], project.now)
    (planned,) = alarm_mails("stable", alarms, cautions(snapshot, Situation()))
    mail = message_for(planned, project.settings, project.now).text
    assert "deploying r3 undoes it" in " ".join(mail.split())
    assert (
        f"Know before you deploy: * production also runs a commit that r3 lacks ({hotfix[:12]})"
        in " ".join(mail.split())
    )
    assert "What to do: deploy what undoes it, or say" in mail
