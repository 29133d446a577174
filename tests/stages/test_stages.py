"""The stages together, on real repositories: what people see after each step of a story."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.cautions import cautions
from shepherd.errors import NoAnswerError, SourceError
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.stages.find import Acceptance, find_branch
from shepherd.stages.history import past_of
from shepherd.stages.judge import judge_branch
from shepherd.values import parse_rev
from shepherd.views import stories
from shepherd.views.answer import headline
from tests.project import Project, deployable, entry, lines_of, progress, states
from tests.store import keeping

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def test_a_rewritten_mainline_is_no_data_until_a_person_accepts_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[bug=1] Two")
    project.deploy(ids[0])
    third = project.repo.commit("[bug=2] Three", files={"three.txt": "3\n"})
    project.look()
    project.verdict("r3", "ok", "tried it")
    project.find()
    project.repo.commit("[bug=1] Two, again", parents=[ids[0]], files={"two.txt": "two\n"})
    again = project.repo.commit("[bug=2] Three", files={"three.txt": "3\n"})
    assert again != third
    with pytest.raises(SourceError, match="the mainline was rewritten"):
        project.find()
    snapshot = project.judge()
    said = headline(snapshot, cautions(snapshot, Situation()))
    assert said.startswith("no data: stable: the mainline was rewritten")
    assert snapshot.last_good is not None and snapshot.last_good.deployable is None
    project.find(Acceptance(rewrite=True), why="we squashed it")
    snapshot = project.judge()
    assert states(snapshot) == {3: "ok", 2: "unknown", 1: "untestable"}
    assert "tried it" in entry(snapshot, 3).reason


def test_a_revert_by_title_holds_when_production_has_reached_it(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='marks = ["brackets", "forge"]')
    ids = project.land("[no-qa] Begin")
    project.deploy(ids[0])
    ids.append(project.repo.commit("[bug=1] Paint it blue", files={"paint.txt": "blue\n"}))
    ids.append(project.repo.commit('[no-qa] Revert "Paint it blue"', files={"paint.txt": None}))
    project.tag(1, "bad-commit-2")
    assert entry(project.look(), 2).undone_by == 3
    project.deploy(ids[2])
    snapshot = project.look()
    assert (entry(snapshot, 2).undone_by, snapshot.alarms) == (3, ())


def test_a_wrapped_title_is_shown_whole_and_matched_by_its_first_line(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='exempt_subjects = ["Merging db-devel into"]')
    ids = project.land("[no-qa] Begin,\n after all", "[r=me] Merging db-devel into\n\tstable.\n\nMore.")
    project.deploy(ids[0])
    snapshot = project.look()
    assert states(snapshot)[2] == "exempt"
    assert entry(snapshot, 2).title == "Merging db-devel into stable."
    [story] = past_of(project.settings, snapshot, parse_rev("r1"))
    assert story.title == "Begin, after all"


def test_a_wrapped_title_is_reverted_by_its_first_line(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin")[0])
    project.repo.commit("[bug=1] Paint it\nblue", files={"paint.txt": "blue\n"})
    project.repo.commit('[no-qa] Revert "Paint it"', files={"paint.txt": None})
    project.tag(1, "bad-commit-2")
    assert entry(project.look(), 2).undone_by == 3


def test_a_lost_journal_is_no_data_until_a_person_accepts_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] Two")[0])
    assert deployable(project.look()) == 2
    keeping.lose(project)
    with pytest.raises(NoAnswerError, match="the journal lacks what the snapshots know"):
        project.find()
    assert project.judge().answer == "no-data"
    project.find(Acceptance(new_journal=True), why="the disk died")
    assert deployable(project.judge()) == 2


def test_a_source_that_fails_is_no_data_and_the_last_good_answer_is_told(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two")
    project.deploy(ids[0])
    good = project.look()
    project.repo.git("update-ref", "-d", "refs/heads/production")
    with pytest.raises(SourceError):
        project.find()
    snapshot = project.judge()
    assert (snapshot.answer, snapshot.deployable, snapshot.complete) == ("no-data", None, False)
    assert snapshot.last_good is not None
    assert snapshot.last_good.generated_at == good.generated_at
    project.deploy(ids[0])
    assert deployable(project.look()) == 2


def test_a_tracker_that_fails_is_no_data_also_for_a_word_given_then(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two")[0])
    project.tag(1, "qa-ok")
    project.look()
    (tmp_path / "bugs.json").write_text("{")
    assert project.look().answer == "no-data"
    assert "no data" in project.verdict("r2", "ok")
    project.write_bugs()
    assert deployable(project.judge()) == 2


def test_a_bug_that_cannot_be_read_makes_its_landings_unknown_and_no_more(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] Two", "[bug=7] Three")[0])
    snapshot = project.look()
    assert states(snapshot)[3] == "unknown"
    assert deployable(snapshot) == 2
    assert "bug 7 could not be read" in snapshot.problems[0]


def test_what_the_qa_server_does_not_run_yet(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='qa = { ref = "qastaging" }')
    project.tag(1, "qa-needstesting")
    ids = project.land("[no-qa] Begin", "[bug=1] Two", "[bug=1] Three")
    project.deploy(ids[0])
    project.repo.git("update-ref", "refs/heads/qastaging", ids[1])
    assert progress(project.look()) == {3: "not-on-qa-yet", 2: "needs-qa", 1: "live"}


def test_dates_in_the_future_or_before_the_parents_are_clamped(tmp_path: Path) -> None:
    project = Project(tmp_path)
    first = project.land("[no-qa] Begin")[0]
    project.deploy(first)
    project.repo.commit("[no-qa] Early", date=1_000_000_000)
    project.repo.commit("[no-qa] Late", date=int(project.now.timestamp()) + 10**6)
    snapshot = project.look()
    assert entry(snapshot, 2).landed_at == entry(snapshot, 1).landed_at
    assert entry(snapshot, 3).landed_at == project.now - timedelta(minutes=0)
    assert "before its parent's" in entry(snapshot, 2).warnings[0]
    assert "in the future" in entry(snapshot, 3).warnings[0]


def test_what_a_killed_run_kept_is_not_kept_twice(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two")[0])
    project.look()
    folder = project.state / "snapshots" / "stable"
    latest = (folder / "latest.json").read_bytes()
    project.tag(1, "qa-ok")
    project.look()
    kept = sorted(folder.iterdir())
    # killed after it kept its snapshot, and before it made it the latest
    (folder / "latest.json").write_bytes(latest)
    assert deployable(project.look()) == 2
    assert sorted(folder.iterdir()) == kept
    assert (folder / "latest.json").read_bytes() != latest


def test_a_second_look_with_nothing_new_says_and_keeps_nothing_new(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1, "qa-ok")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two")[0])
    project.look()
    kept = sorted((project.state / "snapshots" / "stable").iterdir())
    project.lines.clear()
    project.look()
    assert sorted((project.state / "snapshots" / "stable").iterdir()) == kept
    assert not lines_of(project, "landing") and not lines_of(project, "answer")


def test_two_branches_do_not_take_each_others_landings_for_their_own(tmp_path: Path) -> None:
    project = Project(tmp_path)
    text = (tmp_path / "shepherd.toml").read_text()
    other = (
        '\n[branches.devel]\nrepository = "project.git"\nref = "devel"\ndeployed = { ref = "production" }\n'
    )
    (tmp_path / "shepherd.toml").write_text(text + other)
    first = project.land("[no-qa] Begin")[0]
    project.deploy(first)
    devel = project.repo.commit("[bug=5] On devel", parents=[first], branch="devel")
    own = project.repo.commit("Own", parents=[devel], branch="topic")
    project.repo.commit("[no-qa] Merge devel", parents=[first, own], branch="stable")
    snapshot = project.look()
    assert entry(snapshot, 2).bugs == ()


def test_a_word_that_was_seen_for_another_branch_does_not_cover_a_new_landing(tmp_path: Path) -> None:
    """3.2 (a) asks what was seen on the bug, not for which branch."""
    project = Project(tmp_path)
    first = project.land("[no-qa] Begin")[0]
    for ref in ("production", "next", "live"):
        project.repo.set_ref(ref, first)
    text = (tmp_path / "shepherd.toml").read_text()
    other = '[branches.next]\nrepository = "project.git"\nref = "next"\ndeployed = { ref = "live" }\n'
    (tmp_path / "shepherd.toml").write_text(text.replace("[tracker]", f"{other}[tracker]"))

    def look(branch: str) -> Snapshot:
        run = project.run("run")
        find_branch(project.settings, branch, run)
        return judge_branch(project.settings, branch, run)

    look("stable")
    project.repo.commit("[bug=3] Tried on next", branch="next", date=int(project.now.timestamp()))
    project.tag(3, "qa-ok")
    assert deployable(look("next")) == 2
    project.land("[bug=3] Something else")
    said = look("stable")
    assert (states(said)[2], deployable(said)) == ("needstesting", None)
    assert deployable(look("next")) == 2, "its own landing keeps its word"


def test_what_somebody_else_merged_is_their_author_s_everywhere(tmp_path: Path) -> None:
    project = Project(tmp_path)
    root = project.land("[no-qa] Begin")[0]
    project.deploy(root)
    message = "[bug=1] Two\n\nCo-authored-by: Cy <cy@example.org>\n"
    project.repo.commit(message, parents=[root], branch="topic", author="Bob <bob@example.org>")
    project.repo.merge("Merge topic", project.repo.tip("topic"), author="Olga <olga@example.org>")
    snapshot = project.look()
    landing = entry(snapshot, 2)
    assert (landing.person, landing.merged_by, landing.co_authors) == ("Bob", "Olga", ("Cy",))
    assert [blocker.person for blocker in snapshot.blockers] == ["Bob"]
    [story] = past_of(project.settings, snapshot, parse_rev("r2"))
    assert "Bob, landed" in stories.past(story)
    assert {"  merged by Olga", "  co-author Cy"} <= set(stories.past(story).splitlines())
    project.write_settings(branch='person = "author"')
    landing = entry(project.look(), 2)
    assert (landing.person, landing.merged_by, landing.co_authors) == ("Olga", "", ("Bob", "Cy"))
