"""From tags on Launchpad to the answer: over HTTP, through every stage."""

from __future__ import annotations

from pathlib import Path

from tests.project import Project
from tests.running.host import Host, after_the_first_run
from tests.trackers.launchpad_server import Bug, Server


def settings(lp: Server, more: str = "") -> str:
    return f'type = "launchpad"\nproject = "{lp.project}"\nservice_root = "{lp.root}"\n{more}'


def test_the_answer_comes_from_tags(tmp_path: Path, lp: Server) -> None:
    project = Project(tmp_path, tracker=settings(lp))
    first = project.land("Begin")[0]
    project.deploy(first)
    project.land("[bug=1] One", "[bug=2] Two", "[bug=3] Three", "[bug=4] Four")
    lp.bugs[1] = Bug(["qa-ok"], status="Fix Released")
    lp.bugs[2] = Bug(["qa-untestable"])
    lp.bugs[3] = Bug(["qa-needstesting"])
    lp.bugs[4] = Bug(["qa-ok", "qa-bad", "bad-commit-5"])
    snapshot = project.look()
    assert {entry.revno: entry.state for entry in snapshot.landings if entry.revno > 1} == {
        2: "ok",
        3: "untestable",
        4: "needstesting",
        5: "bad",
    }
    assert snapshot.deployable is not None
    assert snapshot.deployable.revno == 3
    lp.change(3, tags=["qa-ok"])
    lp.change(4, tags=["qa-ok"])
    assert project.look().deployable.revno == 5  # type: ignore[union-attr]


def test_bugs_that_nobody_looked_at(tmp_path: Path, lp: Server) -> None:
    project = Project(tmp_path, tracker=settings(lp))
    project.deploy(project.land("Begin")[0])
    project.land(*(f"[bug={bug}] One" for bug in range(1, 23)))
    for bug in range(1, 23):
        lp.bugs[bug] = Bug()
    lp.bugs[22].private = True
    snapshot = project.look()
    told = {entry.bugs[0]: (entry.state, entry.reason) for entry in snapshot.landings if entry.bugs}
    # the newest twenty were opened
    assert told[22] == ("unknown", "bug 22 could not be read (there is no bug 22, or it is private)")
    assert told[3] == ("needstesting", "bug 3 has no QA tag")
    assert told[2] == ("needstesting", "bug 2 has no QA tag that can be seen; perhaps it is private")


def test_inv_find_judge(tmp_path: Path, lp: Server) -> None:
    host = Host(tmp_path, tracker=settings(lp))
    lp.bugs[2] = Bug(["qa-ok"])
    code, out, err = host.inv("find", "judge")
    assert (code, after_the_first_run(err)) == (0, "")
    assert "deploy r2" in out
    (told,) = host.events("tracker")
    assert int(told["requests"]) == lp.count()
    assert int(told["bytes"]) == lp.sent
