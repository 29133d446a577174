"""What is read from Launchpad: which bugs say what, and which cannot be seen."""

from __future__ import annotations

import pytest

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers import open_tracker
from shepherd.words import ItemTags
from tests.trackers.conftest import Ask
from tests.trackers.launchpad_kit import Read, named
from tests.trackers.launchpad_server import Bug, Server


def test_words_of_open_closed_and_duplicate_bugs(read: Read, lp: Server) -> None:
    lp.bugs[1] = Bug(["qa-ok", "ui"], status="Fix Released")
    lp.bugs[2] = Bug(["qa-needstesting"], status="Won't Fix")
    lp.bugs[3] = Bug(["qa-untestable", "qa-ok"], duplicate_of=1)
    lp.bugs[4] = Bug(["qa-bad"], status="Incomplete")
    lp.bugs[5] = Bug(["ui"])
    reading = read(["1", "2", "3", "4", "5"])
    assert reading.items == {
        "1": ItemTags(("ok",)),
        "2": ItemTags(("needstesting",)),
        "3": ItemTags(("untestable", "ok")),
        "4": ItemTags(("bad",)),
        "5": ItemTags(),
    }
    # told by searches alone: the others were opened, one since it is bad, one since no search found it
    assert not any(lp.count(f"/bugs/{bug}") for bug in (1, 2, 3))
    assert reading.speaks_of_bugs
    assert not reading.speaks_of_requests
    assert reading.about == {}


def test_other_words_that_can_be_tags(ask: Ask, lp: Server) -> None:
    lp.bugs[1] = Bug(["verified"])
    words = {"ok": ("Verified", "QA Pass")}
    assert open_tracker(ask(words=words)).read(["1"], []).items == {"1": ItemTags(("ok",))}


def test_bad_commits(read: Read, lp: Server) -> None:
    lp.bugs[1] = Bug(["qa-ok", "bad-commit-70", "bad-commit-9"])
    lp.bugs[2] = Bug(["bad-revision-71"])
    lp.bugs[3] = Bug(["bad-commit-9"])
    lp.bugs[4] = Bug(["qa-bad", "bad-commit-9"])
    reading = read(["1", "4"], range(20, 200))
    assert reading.items == {
        "1": ItemTags(("ok",), (9, 70)),
        "2": ItemTags((), (71,)),
        "4": ItemTags(("bad",), (9,)),
    }


def test_requests_are_not_asked_for(read: Read) -> None:
    assert read(["#7", "!8"]).items == {}


def test_what_no_search_finds_is_opened(read: Read, lp: Server) -> None:
    lp.bugs[1] = Bug(["qa-ok"], status={"bzr": "New"})
    lp.bugs[2] = Bug(["qa-ok"], private=True, title="How to break in")
    lp.bugs[4] = Bug([])
    lp.fail(410, on="/bugs/5")
    lp.fail(401, on="/bugs/6")
    reading = read(["1", "2", "3", "4", "5", "6"])
    assert reading.items == {
        "1": ItemTags(("ok",)),
        "2": ItemTags(unreadable="there is no bug 2, or it is private"),
        "3": ItemTags(unreadable="there is no bug 3, or it is private"),
        "4": ItemTags(),
        "5": ItemTags(unreadable="bug 5 is gone"),
        "6": ItemTags(unreadable="bug 6 is private"),
    }
    assert reading.unseen == frozenset()


def test_no_more_than_twenty_of_them(read: Read, lp: Server) -> None:
    bugs = range(1, 61)
    for bug in bugs:
        lp.bugs[bug] = Bug(["qa-bad"] if bug < 5 else [], status={"bzr": "New"})
    opened: set[str] = set()
    for round_ in range(3):
        lp.requests.clear()
        reading = read(named(bugs))
        asked = {request for request in lp.requests if "/bugs/" in request}
        assert len(asked) == 20
        opened |= asked
        assert len(reading.unseen) == (40, 20, 0)[round_]
        assert {reading.items[bug] for bug in reading.unseen} <= {ItemTags()}
    assert len(opened) == 60
    # what speaks there is looked at every time
    lp.change(1, tags=["qa-ok"])
    reading = read(named(bugs))
    assert [reading.items[bug].words for bug in named((1, 2, 3, 4, 5))] == [("ok",), *[("bad",)] * 3, ()]


def test_a_private_bug_that_we_may_see_speaks(token: Settings, lp: Server) -> None:
    lp.sees_private = True
    lp.bugs[1] = Bug(["qa-ok"], private=True, title="How to break in")
    reading = open_tracker(token).read(["1"], [])
    assert reading.items == {"1": ItemTags(("ok",))}
    assert b"break in" not in reading.memory


def test_a_list_that_changes_while_it_is_read(ask: Ask, lp: Server) -> None:
    for bug in range(1, 902):
        lp.bugs[bug] = Bug(["qa-ok"])
    moves = iter((5, 6))

    def meanwhile(request: str) -> None:
        if "qa-ok" in request and "ws.start=0" not in request and (bug := next(moves, None)):
            lp.change(bug, tags=[])

    lp.tell = meanwhile
    reading = open_tracker(ask()).read(named(range(1, 902)), [])
    # nobody whose tag stood all the time was passed over
    assert {bug for bug, spoken in reading.items.items() if spoken != ItemTags(("ok",))} == {"5", "6"}


def test_a_list_that_never_holds_still(ask: Ask, lp: Server) -> None:
    for bug in range(1, 902):
        lp.bugs[bug] = Bug(["qa-ok"])
    bugs = iter(range(1, 300))
    lp.tell = lambda request: lp.change(next(bugs), tags=[]) if "ws.start=299" in request else None
    with pytest.raises(TrackerError, match="changed whenever it was read"):
        open_tracker(ask()).read(["1"], [])


def test_smaller_batches_than_we_asked_for(read: Read, lp: Server) -> None:
    lp.largest_batch = 7
    for bug in range(1, 51):
        lp.bugs[bug] = Bug(["qa-ok"])
    assert set(read(named(range(1, 51))).items.values()) == {ItemTags(("ok",))}


def test_the_bugs_of_a_project_group(ask: Ask, lp: Server) -> None:
    lp.project = "launchpad-project"
    lp.groups = {"launchpad": lp.project, "lazr": lp.project}
    lp.bugs[1] = Bug(["qa-ok"], status={"launchpad": "New", "lazr": "New"})
    lp.bugs[2] = Bug(["qa-bad"], status={"lazr": "Invalid"})
    reading = open_tracker(ask(project=lp.project)).read(["1", "2"], [])
    assert reading.items == {"1": ItemTags(("ok",)), "2": ItemTags(("bad",))}


def test_reading_leaves_nothing_on_disk(ask: Ask) -> None:
    settings = ask()
    open_tracker(settings).read([], [])
    assert not settings.state_path.exists()
