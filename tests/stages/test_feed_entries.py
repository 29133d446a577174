"""What the Atom feeds tell, from a real journal, and whether they are what RFC 4287 demands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from shepherd.errors import SourceError
from shepherd.run import Run
from shepherd.stages.find import NOTHING_ACCEPTED, Acceptance, find_branch
from shepherd.stages.judge import judge_branch
from shepherd.store import Database, JournalEntry
from tests.project import Project
from tests.promoting import promote, ready

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""

SPACE = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r1 in production, r2 good, r3 to be tested."""
    made = Project(tmp_path, top='report = { url = "https://qa.example.org" }')
    made.deploy(made.land("[no-qa] One", "[no-qa] Two", "[bug=3] Three")[0])
    made.tag(3, "qa-needstesting")
    made.look()
    return made


def entries(project: Project, name: str = "stable.atom") -> list[feedparser.FeedParserDict]:
    project.report()
    content = (project.state / "report" / name).read_bytes()
    assert list(faults(content)) == []
    feed = feedparser.parse(content)
    assert not feed.bozo
    return list(feed.entries)


def titles(project: Project, name: str = "stable.atom") -> list[str]:
    return [each.title for each in entries(project, name)]


def faults(content: bytes) -> Iterator[str]:
    """What RFC 4287 says MUST be otherwise, section by section; of what our feeds have."""
    feed = ElementTree.fromstring(content)
    ids = [each.text or "" for each in feed.iter(f"{SPACE}id")]
    if feed.tag != f"{SPACE}feed":
        yield "2: the document element is feed"
    if len({*ids}) != len(ids):
        yield "4.1.1: no two entries have the same id"
    for place in (feed, *feed.findall(f"{SPACE}entry")):
        for name in ("id", "title", "updated"):
            if len(place.findall(f"{SPACE}{name}")) != 1:
                yield f"4.1: exactly one {name}"
        alternates = [each for each in place.findall(f"{SPACE}link") if each.get("rel") == "alternate"]
        if len({(each.get("type"), each.get("hreflang")) for each in alternates}) != len(alternates):
            yield "4.1: no two alternates of the same type"
        if place is not feed and not alternates and place.find(f"{SPACE}content") is None:
            yield "4.1.2: an entry without content has an alternate"
    if feed.find(f"{SPACE}author") is None:
        yield "4.1.1: the feed has an author, or each entry"
    for person in feed.iter(f"{SPACE}author"):
        if not (person.findtext(f"{SPACE}name") or "").strip():
            yield "3.2.1: a person has a name"
    for moment in feed.iter(f"{SPACE}updated"):
        pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
        if not re.fullmatch(pattern, moment.text or "") or not datetime.fromisoformat(moment.text or ""):
            yield "3.3: a date of RFC 3339"
    for link in feed.iter(f"{SPACE}link"):
        if not link.get("href") or list(link):
            yield "4.2.7: a link has an address"
    if not all(re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", each) for each in ids):
        yield "4.2.6: an id is an absolute IRI"
    for text in (*feed.iter(f"{SPACE}title"), *feed.iter(f"{SPACE}content")):
        if text.get("type", "text") != "text" or list(text):
            yield "3.1.1.1: text has no elements"


def test_an_answer_that_says_the_same_again_is_no_entry(project: Project) -> None:
    assert titles(project)[0] == "deploy r2"
    project.deploy(project.repo.git("rev-parse", "stable~1").strip())
    project.tag(3, "qa-ok")
    project.look()
    assert titles(project)[:3] == [
        "deploy r3",
        "r3: QA ok, was: needs testing · Three",
        "went live: r2 · 1 landing",
    ]
    before = titles(project)
    with Database.of(project.settings) as database, database.branch("stable") as store:
        last = store.journal.last("answer")
        assert last is not None
        # production moved, and the answer is the same; as an older release wrote it, and as ours does
        for data in ({**last.data, "deployed": 1}, {k: v for k, v in last.data.items() if k != "id"}):
            store.append([JournalEntry("answer", data=data, why="x")], project.run("judge"))
    assert titles(project) == before


def test_the_same_revno_with_another_commit_is_another_answer(project: Project) -> None:
    with Database.of(project.settings) as database, database.branch("stable") as store:
        last = store.journal.last("answer")
        assert last is not None
        data = {**last.data, "id": "f" * 40}
        store.append([JournalEntry("answer", data=data, why="rewritten")], project.run("judge"))
    assert titles(project)[:2] == ["deploy r2", "deploy r2"]


def test_entries_name_their_commit(project: Project) -> None:
    two = project.repo.git("rev-parse", "stable~1").strip()
    answer, *others = entries(project)
    assert answer.summary.splitlines()[-1] == f"Commit: {two}"
    assert {each.summary.splitlines()[-1][:8] for each in others} == {"Commit: "}


def test_what_went_live_and_what_went_back_is_told(project: Project) -> None:
    one, two = (project.repo.git("rev-parse", f"stable~{n}").strip() for n in (2, 1))
    project.deploy(two)
    project.look()
    live = next(each for each in entries(project) if each.title.startswith("went live"))
    assert live.title == "went live: r2 · 1 landing"
    assert live.link == "https://qa.example.org/stable.html#r2"
    assert live.summary == f"production ran r1 before\nCommit: {two}"
    project.deploy(one)
    project.look()
    assert "production went back to r1" in titles(project)
    assert len([title for title in titles(project) if "live" in title]) == 1


def test_a_promotion_is_told_with_who_and_why(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, top='report = { url = "https://qa.example.org" }')
    promote(project, why="the fair")
    promoted = next(each for each in entries(project) if each.title.startswith("promoted"))
    last = project.look().promoted
    assert last is not None
    assert promoted.title == f"promoted: r{last.revno}"
    assert promoted.author == "tester"
    assert promoted.summary.splitlines()[-1] == f"Commit: {last.id}" and last.id in ids
    assert "the fair" in promoted.summary


def test_alarms_begin_and_end_in_the_feed(project: Project) -> None:
    project.deploy(project.repo.git("rev-parse", "stable").strip())
    project.tag(3, "qa-bad", "bad-commit-3")
    project.look()
    assert "alarm: r3 · Three" in titles(project)
    project.tag(3, "qa-ok")
    project.look()
    assert titles(project).index("alarm over: r3 · Three") < titles(project).index("alarm: r3 · Three")


def test_two_answers_of_one_run_have_two_ids(project: Project) -> None:
    run = project.run("judge")
    with Database.of(project.settings) as database, database.branch("stable") as store:
        for number in (7, 8):
            data = {"answer": "deploy", "deployable": number, "deployed": 1, "id": None}
            store.append([JournalEntry("answer", data=data, why="x")], Run(run.id, run.now, "t", run.tell))
    first = entries(project)
    assert [each.title for each in first[:2]] == ["deploy r8", "deploy r7"]
    assert [each.id for each in entries(project)] == [each.id for each in first]


def test_of_several_branches_each_entry_names_its_own(project: Project) -> None:
    settings = project.folder / "shepherd.toml"
    more = '[branches.devel]\nrepository = "project.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
    settings.write_text(settings.read_text().replace("[tracker]", f"{more}[tracker]"))
    find_branch(project.settings, "devel", project.run("find"), NOTHING_ACCEPTED)
    judge_branch(project.settings, "devel", project.run("judge"))
    project.look()
    assert titles(project, "devel.atom")[0] == "devel: deploy r2"
    every = entries(project, "index.atom")
    own = [each for name in ("stable.atom", "devel.atom") for each in entries(project, name)]
    assert sorted(each.id for each in every) == sorted(each.id for each in own)
    assert {each.title.partition(":")[0] for each in every} == {"stable", "devel"}
    assert [each.updated for each in every] == sorted((each.updated for each in own), reverse=True)


def test_with_one_branch_the_feed_of_all_says_the_same(project: Project) -> None:
    assert titles(project, "index.atom") == titles(project)


def test_the_feed_of_all_stays_where_the_journal_cannot_be_read(project: Project) -> None:
    project.report()
    before = (project.state / "report" / "index.atom").read_bytes()
    (project.state / "shepherd.db").write_bytes(b"no database")
    project.report()
    assert (project.state / "report" / "index.atom").read_bytes() == before


def test_what_may_not_be_deployed_is_not_offered(project: Project) -> None:
    assert titles(project)[0] == "deploy r2"
    one = project.repo.git("rev-parse", "stable~2").strip()
    project.repo.commit("Hotfix", parents=[one], branch="production")
    project.look()
    assert titles(project)[0] == "do not deploy r2: production also runs what it lacks"
    assert "Commit:" not in entries(project)[0].summary
    project.look()
    assert titles(project)[1] == "deploy r2"
    project.deploy(one)
    project.look()
    assert titles(project)[0] == "deploy r2"


def test_a_promotion_before_which_there_was_none(project: Project) -> None:
    two = project.repo.git("rev-parse", "stable~1").strip()
    with Database.of(project.settings) as database, database.branch("stable") as store:
        data = {"revno": 2, "id": two, "from": None}
        store.append([JournalEntry("promoted", data=data, who="ann")], project.run("promote"))
    assert entries(project)[0].summary == f"nothing was promoted before\nCommit: {two}"


def rewritten(project: Project) -> None:
    with pytest.raises(SourceError):
        project.find()
    project.find(Acceptance(rewrite=True), "cleaned up")
    project.judge()


def test_after_a_rewrite_nobody_counts_what_went_live(project: Project) -> None:
    project.repo.set_ref("refs/heads/stable", project.repo.git("rev-parse", "stable~2").strip())
    new = project.land("[no-qa] Another two", "[no-qa] Another three")
    rewritten(project)
    project.deploy(new[0])
    project.look()
    assert "went live: r2 · 1 landing" in titles(project)
    project.repo.set_ref("refs/heads/stable", project.repo.git("rev-parse", "stable~2").strip())
    project.deploy(project.land("[no-qa] Yet another two", "[no-qa] Yet another three")[1])
    rewritten(project)
    live = next(each for each in entries(project) if each.title == "production runs r3")
    assert live.summary.splitlines()[0] == "production ran r2 before; the mainline was rewritten meanwhile"


def test_the_answer_says_that_it_waits_for_a_check_and_for_which(tmp_path: Path) -> None:
    """Nobody blocks; and that another revision waits for the same is no news."""
    project = Project(tmp_path, branch='checks = ["ci/*"]')
    first, second = project.land("[no-qa] One", "[no-qa] Two")
    project.deploy(first)
    project.check(second, ci_build="pending")
    project.look()
    [third] = project.land("[no-qa] Three")
    project.check(third, ci_build="failed")
    project.look()
    [waits] = [each for each in entries(project) if each.title.startswith("stay")]
    assert waits.title == "stay at r1: waits for checks"
    assert waits.content[0].value == "r2 waits for ci/build (running)"
    project.check(third, ci_build="success")
    project.look()
    newest = entries(project)[0]
    assert (newest.title, newest.content[0].value.splitlines()[0]) == ("deploy r3", "nothing blocks the tip")


def test_an_answer_says_what_newer_revisions_wait_for(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='checks = ["ci/*"]')
    first, second, third = project.land("[no-qa] One", "[no-qa] Two", "[no-qa] Three")
    project.deploy(first)
    project.check(second, ci_build="success")
    project.check(third, ci_build="failed")
    project.look()
    newest = next(each for each in entries(project) if each.title == "deploy r2")
    said = newest.content[0].value.splitlines()[0]
    assert said == "nothing blocks the tip; r3 waits for ci/build (failed)"


def test_what_people_say_of_freezes_is_news(project: Project) -> None:
    """A window of the settings is no entry: nobody said it just now."""
    with Database.of(project.settings) as database:
        for data in ({"on": True, "until": "2011-08-02T07:00:00Z"}, {"on": False}, {"on": True}):
            word = JournalEntry("freeze", "f1", data, who="Olga", why="the database moves")
            database.append("stable", [word], project.run("freeze"))
        no = "no, on Monday"
        again = [JournalEntry("freeze", "f1", {"on": on}, who="Olga", why=no) for on in (False, True)]
        database.append("stable", again, project.run("freeze"))
    newest = entries(project)[:4]
    assert [(each.title, each.content[0].value, each.author) for each in newest] == [
        ("frozen until somebody ends it", "no, on Monday", "Olga"),
        ("frozen until somebody ends it", "the database moves", "Olga"),
        ("a freeze was ended", "the database moves", "Olga"),
        ("frozen until 2011-08-02 07:00 UTC", "the database moves", "Olga"),
    ]
