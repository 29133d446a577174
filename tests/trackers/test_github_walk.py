"""From labels on pull requests to the answer: over HTTP, through every stage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.trackers.forge import memory
from tests.project import Project, deployable, states
from tests.running.host import Host, after_the_first_run
from tests.trackers.conftest import forge_settings
from tests.trackers.github_checks import EPOCH, run
from tests.trackers.github_server import GitHub, issue, pull


def test_the_answer_comes_from_labels(tmp_path: Path, hub: GitHub) -> None:
    forge = hub
    project = Project(tmp_path, tracker=forge_settings(hub))
    first = project.land("Begin")[0]
    project.deploy(first)
    one, two, three, four = project.land("One (#1)", "Two (#2)", "Three (#3)", "Four (#4)")
    forge.things |= {
        1: pull("qa-ok", "ui", commits=(one,)),
        2: pull("QA-Untestable", commits=(two,)),
        3: pull("qa-needstesting", commits=(three,)),
        4: pull("qa-bad", commits=(four,)),
    }
    snapshot = project.look()
    assert {revno: state for revno, state in states(snapshot).items() if revno > 1} == {
        2: "ok",
        3: "untestable",
        4: "needstesting",
        5: "bad",
    }
    assert deployable(snapshot) == 3
    forge.things[3].labels = ["qa-ok"]
    forge.things[4].labels = ["qa-ok"]
    assert deployable(project.look()) == 5


def test_inv_find_judge(tmp_path: Path, hub: GitHub) -> None:
    host = Host(tmp_path, tracker=forge_settings(hub), branch='marks = ["brackets", "forge"]')
    (sha,) = host.project.land("Faster (#7)")
    hub.things |= {1: issue("qa-ok"), 2: issue("qa-ok"), 7: pull("qa-ok", commits=(sha,))}
    code, out, err = host.inv("find", "judge")
    assert (code, after_the_first_run(err)) == (0, "")
    assert "deploy r3" in out
    (told,) = host.events("tracker")
    assert int(told["requests"]) == hub.count() == 2
    assert int(told["bytes"]) == hub.sent


def test_what_was_rebased_is_asked_for_once(
    tmp_path: Path, hub: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path, tracker=forge_settings(hub))
    (one,) = project.land("Begin (#1)")
    project.deploy(one)
    hub.things[1] = pull("qa-ok", commits=(one,))
    two, three, four = project.land("One half", "The other half", "By hand")
    hub.things[7] = pull("qa-ok", commits=(two, three))
    hub.things[8] = pull("qa-bad", merged=False, commits=(two,))
    hub.things[9] = pull("qa-bad", base="next", commits=(two, three))
    hub.commits.add(four)
    snapshot = project.look()
    assert states(snapshot) == {1: "ok", 2: "ok", 3: "ok", 4: "needstesting"}
    assert {each.revno: each.requests for each in snapshot.landings if each.revno > 1} == {
        2: ("#7",),
        3: ("#7",),
        4: (),
    }
    assert hub.count("object(oid") == 1
    assert hub.count("issueOrPullRequest") == 1
    hub.things[7].labels = ["qa-bad"]
    assert states(project.look()) == {1: "ok", 2: "bad", 3: "bad", 4: "needstesting"}
    assert [hub.count(two), hub.count(three), hub.count(four)] == [1, 1, 1]
    monkeypatch.setattr(memory, "SETTLED_AFTER", timedelta())
    project.look()
    project.look()
    assert hub.count(four) == 2


def test_the_answer_waits_for_checks(tmp_path: Path, hub: GitHub) -> None:
    project = Project(tmp_path, 'checks = ["ci/build", "lint*"]', tracker=forge_settings(hub))
    first = project.land("Begin")[0]
    project.deploy(first)
    shas = project.land("One (#1)", "Two (#2)", "Three (#3)")
    hub.things |= {n: pull("qa-ok", commits=(sha,)) for n, sha in enumerate(shas, 1)}
    one, two, three = shas
    hub.runs = {one: [run("ci/build"), run("lint (3.12)")], two: [run("ci/build")]}
    hub.runs[three] = [run("ci/build", "FAILURE"), run("lint (3.12)")]
    snapshot = project.look()
    assert deployable(snapshot) == 2
    assert snapshot.waits is not None and snapshot.waits.revno == 4
    checks = {each.revno: {check.name: check.state for check in each.checks} for each in snapshot.landings}
    assert checks[3] == {"ci/build": "holds", "lint*": "not-yet"}
    assert checks[4] == {"ci/build": "no", "lint (3.12)": "holds"}
    assert hub.count("statusCheckRollup") == 1
    # the workflow is started again, by hand: its first run stays
    hub.runs[three].append(run("ci/build", suite="2", began=600))
    assert deployable(project.look()) == 4
    project.look()
    assert hub.count("statusCheckRollup") == 3, "more of lint* may report"
    project.now = datetime.fromtimestamp(EPOCH, UTC) + timedelta(hours=2)
    assert deployable(project.look()) == 4
    assert hub.count("statusCheckRollup") == 3, "an hour after its newest result it is settled"


def test_a_verdict_is_judged_by_what_was_asked(tmp_path: Path, hub: GitHub) -> None:
    project = Project(tmp_path, tracker=forge_settings(hub))
    first, second = project.land("Begin", "Rebased")
    project.deploy(first)
    hub.things[7] = pull("qa-ok", commits=(first, second))
    assert states(project.look()) == {1: "ok", 2: "ok"}
    asked = hub.count()
    project.verdict("r1", "bad")
    assert states(project.judge()) == {1: "bad", 2: "ok"}
    assert hub.count(second) == 1
    assert asked < hub.count()


def test_a_rebased_landing_is_found_by_its_request(tmp_path: Path, hub: GitHub) -> None:
    host = Host(tmp_path, tracker=forge_settings(hub))
    (sha,) = host.project.land("Rebased")
    hub.things |= {1: issue("qa-ok"), 2: issue("qa-ok"), 7: pull("qa-ok", commits=(sha,))}
    assert host.inv("find", "judge")[0] == 0
    code, out, _ = host.inv("explain", "#7")
    assert code == 0
    assert "Rebased" in out
    assert "request #7" in out
