"""The stages together, on real repositories: what people see after each step of a story."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.cautions import cautions
from shepherd.errors import NoAnswerError, SettingsError, SourceError
from shepherd.git.notes import notes_remedy
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


def test_a_word_by_a_person_outranks_the_tag_until_the_tag_turns_bad(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1, "qa-needstesting")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One")[0])
    assert deployable(project.look()) is None
    said = project.verdict("r2", "ok", "tried it twice")
    assert said.splitlines() == ["r2: tester says ok (tried it twice)", "deploy r2"]
    project.tag(1, "qa-bad")
    snapshot = project.judge()
    assert states(snapshot)[2] == "bad"
    assert "tester said ok" in entry(snapshot, 2).reason


def test_a_git_note_is_a_verdict_and_its_removal_takes_it_back(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    project.repo.git("notes", "--ref", "qa", "add", "-m", "QA: ok worked on my phone", ids[1])
    snapshot = project.look()
    assert deployable(snapshot) == 2
    assert "worked on my phone" in entry(snapshot, 2).reason
    project.repo.git("notes", "--ref", "qa", "remove", ids[1])
    assert states(project.look())[2] == "needstesting"


def test_a_notes_ref_that_is_not_there_is_said_with_the_way_to_fetch_it(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    origin = tmp_path / "origin.git"
    project.repo.git("clone", "--quiet", "--mirror", ".", str(origin))
    project.repo.git("--git-dir", str(origin), "notes", "--ref", "qa", "add", "-m", "QA: ok tried", ids[1])
    project.repo.git("remote", "add", "origin", str(origin))
    assert project.look().warnings == (
        "there is no refs/notes/qa, so no verdict by git note is read; inv doctor says what to do",
    )
    remedy = notes_remedy("refs/notes/qa", str(project.repo.path))
    project.repo.git(*remedy.partition(": git ")[2].split())
    snapshot = project.look()
    assert (snapshot.warnings, deployable(snapshot)) == ((), 2)


def test_a_notes_ref_that_is_gone_is_said_once(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.deploy(ids[0])
    project.repo.note(ids[1], "QA: ok")
    assert project.look().warnings == ()
    project.repo.git("update-ref", "-d", "refs/notes/qa")
    snapshot = project.look()
    assert [problem for problem in snapshot.problems if "refs/notes/qa is gone" in problem]
    assert snapshot.warnings == ()


def test_of_note_and_journal_the_newer_counts(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    project.look()
    project.verdict("r2", "bad", "does not start")
    # the note's commit has the date of today, long after the project's clock
    project.repo.git("notes", "--ref", "qa", "add", "-m", "QA: ok it does", ids[1])
    assert states(project.look())[2] == "ok"


@pytest.mark.parametrize("first", ["command", "note"])
@pytest.mark.parametrize("word", ["bad", "ok"])
@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
def test_later_is_what_was_seen_later(tmp_path: Path, first: str, word: str, hours: int) -> None:
    """Whatever the clock of a laptop or, between two commands, of the host says
    (docs/rules.md#what-people-say)."""
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[no-qa] One")
    project.deploy(ids[0])
    project.look()

    def by_note(said: str) -> None:
        project.repo.note(ids[1], f"QA: {said} seen", date=int(project.now.timestamp()) + shift)
        project.look()

    def by_command(said: str) -> None:
        project.now += timedelta(seconds=shift)
        project.verdict("r2", said)

    ways, shift = [by_command, by_note], 0
    if first == "note":
        ways.reverse()
    ways[0]({"ok": "bad", "bad": "ok"}[word])
    shift = hours * 3600
    ways[1](word)
    assert states(project.look())[2] == word
    # and once more by the way that came first
    shift = -shift
    ways[0]("needstesting")
    assert states(project.look())[2] == "needstesting"


def test_a_clock_that_went_back_between_two_commands(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] One")[0])
    project.look()
    project.verdict("r2", "ok")
    project.now -= timedelta(days=3)
    project.verdict("r2", "bad", "it burns")
    assert states(project.judge())[2] == "bad"
    project.now -= timedelta(days=3)
    project.verdict("r2", "withdraw")
    assert states(project.judge())[2] == "untestable"


@pytest.mark.parametrize("word", ["ok", "bad"])
def test_a_note_that_is_gone_takes_back_its_own_word_only(tmp_path: Path, word: str) -> None:
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[no-qa] One")
    project.deploy(ids[0])
    project.look()
    project.verdict("r2", word)
    project.repo.note(ids[1], "QA: needstesting")
    assert states(project.look())[2] == "needstesting"
    project.repo.note(ids[1], None)
    assert states(project.look())[2] == word


@pytest.mark.parametrize("how", ["verdict", "note"])
def test_a_tag_that_appears_after_a_word_counts_wherever_the_clocks_are(tmp_path: Path, how: str) -> None:
    """3.3 (1), by the place in the journal: the word claims to be of next year."""
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.tag(1, "qa-needstesting")
    project.deploy(ids[0])
    project.look()
    project.now += timedelta(days=365)
    if how == "verdict":
        project.verdict("r2", "ok")
    else:
        project.repo.note(ids[1], "QA: ok", date=int(project.now.timestamp()))
        assert states(project.look())[2] == "ok"
    project.now -= timedelta(days=365)
    project.tag(1, "qa-needstesting", "bad-commit-2")
    assert states(project.look())[2] == "bad"
    project.now -= timedelta(days=365)
    project.verdict("r2", "ok")
    assert states(project.look())[2] == "ok"


def test_a_word_by_note_is_said_to_be_one(tmp_path: Path) -> None:
    """Whoever may push sets its author (docs/rules.md#what-people-say): also after the landing was
    rewritten."""
    project = Project(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    ids = project.land("[no-qa] Begin", "[bug=1] One")
    project.deploy(ids[0])
    project.repo.note(ids[1], "QA: bad it burns", author="The Boss <boss@example.org>")
    said = entry(project.look(), 2)
    assert said.reason.startswith("a git note in the name of The Boss says bad, ")
    assert said.reason.endswith(" UTC (it burns)")
    project.verdict("r2", "ok")
    assert entry(project.judge(), 2).reason.startswith("tester said ok on ")


def test_a_cover_is_heard_and_can_be_taken_back(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1, "bad-commit-2")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One", "Revert r2, it broke")[0])
    snapshot = project.look()
    assert deployable(snapshot) is None
    assert "inv cover 2 --by 3" in entry(snapshot, 3).hints[0]
    project.cover("r2", "r3")
    assert deployable(project.judge()) == 3
    project.cover("r2", None, undone=False)
    assert deployable(project.judge()) is None


def test_live_since_is_when_production_was_seen_to_move(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[0])
    project.look()
    project.deploy(ids[1])
    snapshot = project.look()
    assert progress(snapshot) == {1: "live", 2: "live", 3: "deployable"}
    assert entry(snapshot, 2).live_since == project.now - timedelta(minutes=1)
    assert entry(snapshot, 1).live_since is None


def test_what_went_live_lately_is_read_however_old_its_commit(tmp_path: Path) -> None:
    project = Project(tmp_path, top='keep = "30d"')
    ids = project.land("[no-qa] Begin", "[bug=1] Two", "[bug=1] Three")
    project.tag(1, "qa-ok")
    project.deploy(ids[0])
    project.look()
    project.now += timedelta(days=60)
    project.deploy(ids[2])
    assert progress(project.look()) == {3: "live", 2: "live"}


def test_production_going_back_is_said_and_the_window_grows(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[2])
    project.look()
    project.deploy(ids[0])
    snapshot = project.look()
    assert "production went back from r3 to r1" in snapshot.warnings[0]
    assert deployable(snapshot) == 3


def test_an_alarm_names_what_production_runs(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1, "bad-commit-2")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two", "[rollback=2] Out with it")[1])
    snapshot = project.look()
    assert [(a.revno, a.undone_by) for a in snapshot.alarms] == [(2, 3)]
    assert deployable(snapshot) == 3


def test_a_hotfix_in_production_is_noticed_until_a_landing_carries_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two")
    fix = project.repo.commit("Hot", files={"fix.txt": "1\n"}, parents=[ids[0]], branch="hot")
    project.deploy(fix)
    snapshot = project.look()
    assert snapshot.deployed is not None and snapshot.deployed.extra_commits == (fix,)
    assert "production also runs 1 commit that stable lacks" in snapshot.warnings[0]
    project.repo.commit("[no-qa] The fix, on stable too", files={"fix.txt": "1\n"}, branch="stable")
    assert project.look().warnings == ()


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


def test_a_short_sha_of_digits_only_is_understood_and_the_answer_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='deployed = { file = "live" }')
    while not (sha := project.land("[no-qa] Begin")[0])[:7].isdigit() or sha[0] == "0":
        pass
    project.land("[no-qa] More")
    (tmp_path / "live").write_text(sha[:7])
    snapshot = project.look()
    assert snapshot.answer == "deploy"
    assert [warning for warning in snapshot.warnings if f"says {sha[:7]}" in warning]


def test_production_as_people_record_it(tmp_path: Path) -> None:
    project = Project(tmp_path, branch="deployed = { recorded = true }")
    project.land("[no-qa] Begin", "[no-qa] Two", "[no-qa] Three")
    with pytest.raises(SourceError, match="inv deployed"):
        project.find()
    assert "the answer follows" in project.deployed("r2")
    assert deployable(project.look()) == 3
    assert project.deployed("r3").endswith("stay at r3: nothing new")
    assert project.deployed("r1").endswith("deploy r3")
    assert deployable(project.look()) == 3


def test_production_cannot_be_recorded_where_a_ref_tells(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] Two")[0])
    project.look()
    with pytest.raises(SettingsError, match="read from production"):
        project.deployed("r2")


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


@pytest.mark.parametrize(("rev", "doubt"), [("8782266", True), ("r8782266", True), ("999999", False)])
def test_digits_that_a_person_may_have_meant_as_a_sha(tmp_path: Path, rev: str, doubt: bool) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin")[0])
    project.look()
    with pytest.raises(SettingsError, match="is not a landing of stable") as failure:
        project.verdict(rev, "ok")
    assert ("as the beginning of a SHA" in str(failure.value)) == doubt


def test_a_word_without_reason_or_meaning_is_refused(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] Two")[0])
    project.look()
    for rev, word, reason, sentence in (
        ("r2", "fine", "tried", "is not a verdict"),
        ("r2", "ok", "  ", "a reason is needed"),
        ("r9", "ok", "tried", "is not a landing of stable"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            project.verdict(rev, word, reason)
    with pytest.raises(SettingsError, match="wrong way round"):
        project.cover("r2", "r1")


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
