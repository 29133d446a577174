"""The tagger on the forges: the real libraries over HTTP, planned, said, and then done."""

from __future__ import annotations

from pathlib import Path

from shepherd.stages.find import find_branch
from shepherd.stages.judge import judge_branch
from tests.project import Project, entry, states
from tests.running.host import Host
from tests.trackers.conftest import forge_settings
from tests.trackers.github_server import GitHub, issue, pull

WORDS = '\n[tracker.words]\nneedstesting = ["QA please"]\n'


def test_a_landing_is_tagged_once(tmp_path: Path, hub: GitHub) -> None:
    project = Project(tmp_path, branch='orphans = "needs-qa"', tracker=forge_settings(hub))
    project.deploy(project.land("Begin")[0])
    project.full_run()
    (sha,) = project.land("Faster (#7)")
    hub.things[7] = pull("ui", commits=(sha,))
    snapshot = project.full_run()
    assert hub.things[7].labels == ["ui", "qa-needstesting"]
    (comment,) = hub.things[7].comments
    assert "landed as r2 of stable" in comment
    assert hub.labels["qa-needstesting"] == ("fbca04", "On the QA server, and to be tried there")
    assert states(snapshot)[2] == "needstesting"
    written = hub.count("POST /repos")
    project.full_run()
    hub.things[7].labels = ["ui", "qa-ok"]
    assert states(project.full_run())[2] == "ok"
    assert hub.count("POST /repos") == written
    assert not entry(project.judge(), 2).warnings


def test_forty_rebased_commits_of_one_request_are_told_by_one_comment(tmp_path: Path, hub: GitHub) -> None:
    host = Host(tmp_path, tracker=forge_settings(hub, "cap = 1\n"))
    assert host.inv("find", "judge")[0] == 0
    shas = host.project.land(*(f"Step {number}" for number in range(40)))
    hub.things[7] = pull("ui", commits=tuple(shas))
    code, out, err = host.inv("find", "tag")
    assert (code, err) == (0, ""), out
    (comment,) = hub.things[7].comments
    assert "This landed as r3 to r42 of stable." in comment
    assert [sha for sha in shas if sha not in comment] == []
    assert hub.things[7].labels == ["ui", "qa-needstesting"]
    assert hub.count("POST /repos") == 3
    assert host.inv("find", "tag")[0] == 0
    assert hub.count("POST /repos") == 3


def test_what_is_not_confirmed_is_neither_tagged_nor_commented_on(tmp_path: Path, hub: GitHub) -> None:
    project = Project(tmp_path, branch='orphans = "needs-qa"', tracker=forge_settings(hub))
    project.deploy(project.land("Begin")[0])
    project.full_run()
    hub.things |= {7: pull("ui", base="main", commits=("ab" * 20,)), 9: issue("ui"), 11: pull(merged=False)}
    project.land("Picked (#7)", "Mends (#9)", "Merge pull request #11 from x/y", "No such thing (#99)")
    project.find()
    assert project.tagger().failures == ()
    assert states(project.judge()) == {1: "needstesting"} | dict.fromkeys(range(2, 6), "needstesting")
    assert not hub.count("POST /repos")
    assert [thing.labels for thing in hub.things.values()] == [["ui"], ["ui"], []]


def test_a_request_belongs_to_the_mainline_that_it_was_merged_into(tmp_path: Path, hub: GitHub) -> None:
    """And to no other that is read beside it and took the change over."""
    production = 'deployed = { ref = "production" }\n'
    other = f'[branches.devel]\nrepository = "project.git"\nref = "devel"\n{production}'
    branch = f"{production}{other}"
    project = Project(tmp_path, branch, forge_settings(hub))
    (begin,) = project.land("Begin")
    project.deploy(begin)
    date = int(project.now.timestamp())
    on_devel = project.repo.commit("Faster (#7)", branch="devel", parents=[begin], date=date)
    project.land("Faster (#7)")
    hub.things[7] = pull("qa-ok", base="devel", commits=(on_devel,))
    for name, expected in (("devel", "ok"), ("stable", "needstesting")):
        find_branch(project.settings, name, project.run("find"))
        assert states(judge_branch(project.settings, name, project.run("judge")))[2] == expected
    project.tagger()
    assert (hub.things[7].labels, hub.things[7].comments) == (["qa-ok"], [])


def test_a_dry_run_says_which_labels_are_not_there_yet(tmp_path: Path, hub: GitHub) -> None:
    host = Host(tmp_path, tracker=forge_settings(hub, WORDS))
    host.inv("find", "judge")
    faster, stronger = host.project.land("Faster (#7)", "Stronger (#8)")
    hub.things |= {7: pull(commits=(faster,)), 8: pull("QA Please", commits=(stronger,))}
    _, out, err = host.inv("find", "tag", "--dry-run")
    assert "would write request #7: qa-needstesting, a comment (r3 names it)" in out, out + err
    assert out.count("would make the label QA please, which is not there yet") == 1
    assert not hub.count("POST /repos")
    assert not hub.things[7].labels


def test_a_locked_conversation_is_told_once_and_left(tmp_path: Path, hub: GitHub) -> None:
    host = Host(tmp_path, tracker=forge_settings(hub))
    assert host.inv("find", "judge")[0] == 0
    one, two = host.project.land("Faster (#7)", "Smaller (#8)")
    hub.things |= {7: pull("ui", commits=(one,), locked=True), 8: pull("ui", commits=(two,))}
    code, out, err = host.inv("find", "tag")
    assert (code, err) == (0, "")
    assert "stable: request #7 for r3: no comment, since its conversation is locked\n" in out
    assert [thing.labels for thing in hub.things.values()] == [["ui", "qa-needstesting"]] * 2
    assert [len(thing.comments) for thing in hub.things.values()] == [0, 1]
    (told,) = (event for event in host.events("act") if event["on"] == "request #7")
    assert told["result"] == "done" and told["changed"].endswith("its conversation is locked")
    tried = hub.count("POST /repos")
    code, out, err = host.inv("find", "tag")
    assert (code, err, hub.count("POST /repos")) == (0, "", tried)
    assert "locked" not in out
