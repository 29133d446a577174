"""Merges the wrong way round, in repositories and through all stages: words follow commits
(docs/rules.md#what-people-say, docs/rules.md#answer)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import SettingsError, SourceError
from shepherd.snapshot import Snapshot
from shepherd.stages.find import Acceptance
from shepherd.stages.history import landing_events, past_of
from shepherd.store import Database, Journal
from shepherd.values import parse_rev
from shepherd.views import text
from tests.gitrepo import Repo
from tests.project import Project, deployable, entry, states

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""

REWRITE = Acceptance(rewrite=True)
NEEDS_QA = 'orphans = "needs-qa"\n'


class Foxtrot:
    """r1 and r2 run in production; r3 and r4 landed; then somebody merges `stable` into a branch of his own
    and pushes that as `stable`: an ordinary fast-forward."""

    def __init__(self, folder: Path, branch: str = NEEDS_QA, *messages: str) -> None:
        self.project = project = Project(folder, branch)
        project.deploy(project.land("[no-qa] Base", "[no-qa] Base two")[1])
        self.base = project.repo.tip()
        self.bad, self.good = project.land(*(messages or ("Fix login", "Add export")))
        project.look()

    def dance(self, message: str = "Merge branch 'stable'", *landed: str) -> str:
        """The old mainline ends up behind the second parent of a merge; the SHA of that."""
        repo, old = self.project.repo, self.project.repo.tip()
        repo.set_ref("local", self.base)
        for each in landed or ("[no-qa] Correct a typo",):
            repo.commit(each, branch="local", date=int(self.project.now.timestamp()))
        merge = repo.merge(message, old, branch="local", date=int(self.project.now.timestamp()))
        repo.set_ref("stable", merge)
        return merge

    def accept(self) -> Snapshot:
        with pytest.raises(SourceError):
            self.project.find()
        self.project.find(REWRITE, "a merge the wrong way round")
        return self.project.judge()


@pytest.fixture
def foxtrot(tmp_path: Path) -> Foxtrot:
    return Foxtrot(tmp_path)


def test_find_names_the_merge_and_does_not_speak_of_a_rewrite(foxtrot: Foxtrot) -> None:
    merge = foxtrot.dance()
    with pytest.raises(SourceError) as refused:
        foxtrot.project.find()
    said = str(refused.value)
    assert f"r4 ({merge[:12]}, “Merge branch 'stable'”) is a merge the wrong way round" in said
    assert "nothing was rewritten" in said
    assert said.endswith("inv find --accept-rewrite --reason …")
    assert said in foxtrot.project.judge().problems


def test_what_was_rewritten_is_called_so(foxtrot: Foxtrot) -> None:
    foxtrot.project.repo.set_ref("stable", foxtrot.base)
    foxtrot.project.land("Something else", "Another thing")
    with pytest.raises(SourceError, match="the mainline was rewritten: r4, its tip when it was last read"):
        foxtrot.project.find()


def test_bad_is_the_merges_whatever_is_said_of_that(foxtrot: Foxtrot) -> None:
    foxtrot.project.verdict("r3", "bad", "nobody can log in")
    foxtrot.project.verdict("r4", "ok")
    foxtrot.dance()
    foxtrot.accept()
    foxtrot.project.verdict("r4", "ok", "the merge itself")
    last = foxtrot.project.look()
    assert states(last) == {4: "bad", 3: "untestable", 2: "untestable", 1: "untestable"}
    assert deployable(last) == 3
    assert f"it brought in {foxtrot.bad[:12]} (“Fix login”): tester said bad on" in entry(last, 4).reason
    assert f'inv verdict {foxtrot.bad[:12]} ok --reason "…"' in entry(last, 4).remedy


def test_it_is_good_again_once_the_word_on_the_commit_changes(foxtrot: Foxtrot) -> None:
    foxtrot.project.verdict("r3", "bad")
    foxtrot.dance("[no-qa] Merge")
    foxtrot.accept()
    said = foxtrot.project.verdict(foxtrot.bad[:12], "ok", "fixed by configuration")
    assert said.startswith(f"{foxtrot.bad[:12]}, which r4 brought in: tester says ok")
    assert deployable(foxtrot.project.look()) == 4


def test_what_was_a_landing_can_still_be_spoken_of(foxtrot: Foxtrot) -> None:
    foxtrot.dance("[no-qa] Merge")
    last = foxtrot.accept()
    assert [(each.id, each.state) for each in entry(last, 4).brought] == [
        (foxtrot.bad, None),
        (foxtrot.good, None),
    ]
    assert deployable(last) == 4
    again = foxtrot.project.look()
    assert entry(again, 4).brought == entry(last, 4).brought
    said = " ".join(text.explain(entry(again, 4), again).split())
    assert f"{foxtrot.bad[:12]} (“Fix login”): it was a landing before; nothing was said of it" in said
    foxtrot.project.verdict(foxtrot.bad[:12], "bad")
    assert states(foxtrot.project.look())[4] == "bad"


def test_any_other_commit_cannot(foxtrot: Foxtrot) -> None:
    part = foxtrot.project.repo.commit("part", branch="feature", parents=[foxtrot.good])
    foxtrot.project.repo.merge("[no-qa] Merge feature", part)
    foxtrot.project.look()
    with pytest.raises(SettingsError, match="is not a landing of stable that was read"):
        foxtrot.project.verdict(part[:12], "ok")


def test_the_cache_is_no_part_of_it(foxtrot: Foxtrot) -> None:
    foxtrot.project.verdict("r3", "bad")
    foxtrot.dance("[no-qa] Merge")
    foxtrot.accept()
    foxtrot.project.drop_cache()
    assert states(foxtrot.project.look())[4] == "bad"


def test_bad_commit_stays_with_its_commit(tmp_path: Path) -> None:
    foxtrot = Foxtrot(tmp_path, NEEDS_QA, "[bug=7] Fix login", "[no-qa] Add export")
    foxtrot.project.tag(7, "qa-ok", "bad-commit-3")
    foxtrot.project.judge()
    foxtrot.dance("[no-qa] Merge")
    last = foxtrot.accept()
    assert (states(last)[3], states(last)[4]) == ("untestable", "bad")
    assert "has bad-commit-3, which was said of this commit when it was r3" in entry(last, 4).reason
    foxtrot.project.tag(7, "qa-ok")
    assert deployable(foxtrot.project.look()) == 4


def test_bad_commit_follows_a_landing_that_was_rebased(tmp_path: Path) -> None:
    foxtrot = Foxtrot(tmp_path, NEEDS_QA, "[bug=7] Fix login", "[no-qa] Add export")
    project, repo = foxtrot.project, foxtrot.project.repo
    project.tag(7, "qa-ok", "bad-commit-3")
    project.judge()
    project.find()  # keeps the patch
    change = {path: repo.git("show", f"{foxtrot.bad}:{path}") + "\n" for path in changed(repo, foxtrot.bad)}
    repo.set_ref("stable", foxtrot.base)
    repo.commit("[no-qa] First of all", date=int(project.now.timestamp()))
    repo.commit("[bug=7] Fix login", change, date=int(project.now.timestamp()))
    last = foxtrot.accept()
    assert (states(last)[3], states(last)[4]) == ("untestable", "bad")
    assert "bug 7 has bad-commit-3, which was said of this commit when it was r3" in entry(last, 4).reason


def test_a_bad_commit_that_finds_nobody_is_said_loudly(tmp_path: Path) -> None:
    foxtrot = Foxtrot(tmp_path, NEEDS_QA, "[bug=7] Fix login", "[no-qa] Add export")
    foxtrot.project.tag(7, "qa-ok", "bad-commit-3")
    foxtrot.project.judge()
    foxtrot.project.repo.set_ref("stable", foxtrot.base)
    foxtrot.project.land("[no-qa] Another")
    with pytest.raises(SourceError):
        foxtrot.project.find()
    line = foxtrot.project.find(REWRITE, "so be it")
    assert f"bad-commit-3 on bug 7, which named {foxtrot.bad[:12]}" in line


def changed(repo: Repo, sha: str) -> list[str]:
    return repo.git("diff-tree", "-r", "--name-only", "--no-commit-id", sha).split("\n")


def test_what_was_rolled_back_before_is_not_held_against_the_merge(tmp_path: Path) -> None:
    foxtrot = Foxtrot(tmp_path, NEEDS_QA, "[bug=7] Fix login", "[rollback=3] Undo it")
    foxtrot.project.tag(7, "qa-bad", "bad-commit-3")
    assert deployable(foxtrot.project.look()) == 4
    foxtrot.dance("[qa-ok] Merge")
    last = foxtrot.accept()
    assert states(last)[4] == "ok"
    foxtrot.project.drop_cache()
    assert states(foxtrot.project.look())[4] == "ok"


def test_what_is_undone_only_later_is(tmp_path: Path) -> None:
    """The first merge brings in the bad commit alone, the second one what undid it."""
    foxtrot = Foxtrot(tmp_path, NEEDS_QA, "[bug=7] Fix login", "[rollback=3] Undo it")
    foxtrot.project.tag(7, "qa-bad", "bad-commit-3")
    foxtrot.project.look()
    repo, now = foxtrot.project.repo, int(foxtrot.project.now.timestamp())
    repo.set_ref("local", foxtrot.base)
    repo.merge("[qa-ok] Merge", foxtrot.bad, branch="local", date=now)
    repo.commit("[no-qa] Between", branch="local", date=now)
    repo.set_ref("stable", repo.merge("[qa-ok] Merge the rest", foxtrot.good, branch="local", date=now))
    last = foxtrot.accept()
    assert (states(last)[3], states(last)[5]) == ("bad", "ok")


def test_a_merge_that_is_rolled_back_blocks_nothing(foxtrot: Foxtrot) -> None:
    foxtrot.project.verdict("r3", "bad")
    foxtrot.dance("[no-qa] Merge")
    foxtrot.accept()
    foxtrot.project.land("[rollback=4] Undo the merge")
    last = foxtrot.project.look()
    assert states(last)[4] == "bad"
    assert deployable(last) == 5


def test_notes_on_brought_in_commits(tmp_path: Path) -> None:
    exempt = 'verdict_notes = "refs/notes/qa"\nexempt_subjects = ["Merge branch *"]\n'
    foxtrot = Foxtrot(tmp_path, NEEDS_QA + exempt)
    foxtrot.project.repo.note(foxtrot.bad, "QA: bad nobody can log in")
    foxtrot.project.repo.note(foxtrot.good, "QA: ok")
    foxtrot.project.look()
    foxtrot.dance()
    last = foxtrot.accept()
    assert (states(last)[4], deployable(last)) == ("bad", 3)
    foxtrot.project.repo.note(foxtrot.bad, "QA: ok it was the proxy")
    assert deployable(foxtrot.project.look()) == 4
    foxtrot.project.repo.note(foxtrot.bad, "QA: bad no, it was not")
    assert deployable(foxtrot.project.look()) == 3
    foxtrot.project.repo.note(foxtrot.bad, None)
    assert deployable(foxtrot.project.look()) == 4


def test_a_note_on_a_commit_that_never_was_a_landing(tmp_path: Path) -> None:
    project = Project(tmp_path, 'verdict_notes = "refs/notes/qa"\n')
    project.deploy(project.land("[no-qa] Base")[0])
    project.repo.set_ref("feature", project.repo.tip())
    part = project.repo.commit("Half of it", branch="feature", date=int(project.now.timestamp()))
    project.repo.merge("[no-qa] Merge feature", part, date=int(project.now.timestamp()))
    assert deployable(project.look()) == 2
    project.repo.note(part, "QA: needstesting the other half is missing")
    last = project.look()
    assert (states(last)[2], deployable(last)) == ("needstesting", None)


def test_production_did_not_go_back(foxtrot: Foxtrot) -> None:
    foxtrot.project.deploy(foxtrot.good)
    foxtrot.project.look()
    foxtrot.dance("[no-qa] Merge")
    last = foxtrot.accept()
    assert last.deployed is not None
    assert last.deployed.revno == 2
    assert not [warning for warning in last.warnings if "went back" in warning]
    foxtrot.project.deploy(foxtrot.base)
    foxtrot.project.find()
    assert foxtrot.project.judge().deployed == last.deployed


def test_production_that_really_went_back_is_said(foxtrot: Foxtrot) -> None:
    foxtrot.project.deploy(foxtrot.good)
    foxtrot.project.look()
    foxtrot.project.deploy(foxtrot.base)
    assert any("went back from r4 to r2" in warning for warning in foxtrot.project.look().warnings)


def test_the_alarm_about_a_live_bad_commit_goes_on(foxtrot: Foxtrot) -> None:
    foxtrot.project.deploy(foxtrot.good)
    foxtrot.project.look()
    foxtrot.project.verdict("r3", "bad")
    foxtrot.dance("[no-qa] Merge")
    last = foxtrot.accept()
    assert [alarm.revno for alarm in last.alarms] == [4]
    assert foxtrot.bad[:12] in last.alarms[0].reason


def test_explain_and_history_show_what_was_brought_in(foxtrot: Foxtrot) -> None:
    foxtrot.project.verdict("r3", "bad", "nobody can log in")
    foxtrot.project.verdict("r4", "ok", "tried")
    foxtrot.dance("[no-qa] Merge")
    last = foxtrot.accept()
    said = " ".join(text.explain(entry(last, 4), last).split())
    assert f"brought in {foxtrot.bad[:12]} (“Fix login”): tester said bad on" in said
    assert "(tried) (which counts for no landing)" in said
    foxtrot.project.verdict(foxtrot.bad, "ok", "the proxy")
    events = landing_events(foxtrot.project.settings, last, parse_rev("r4"))
    assert f"verdict on {foxtrot.bad[:12]}, brought in by r4: ok" in [event.what for event in events]
    assert [story.revno for story in past_of(foxtrot.project.settings, last, parse_rev(foxtrot.bad))] == [4]


def test_what_tags_name_is_written_once(tmp_path: Path) -> None:
    foxtrot = Foxtrot(tmp_path, NEEDS_QA, "[bug=7] Fix login", "[no-qa] Add export")
    foxtrot.project.tag(7, "qa-ok", "bad-commit-3")
    for _ in range(3):
        foxtrot.project.look()
    database = Database.of(foxtrot.project.settings)
    with database.begin() as connection:
        named = Journal(connection, "stable").entries("named")
    database.close()
    assert [(each.subject, each.data) for each in named] == [
        ("7", {"n": 3, "ids": [foxtrot.bad], "names": True})
    ]
