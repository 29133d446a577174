"""Whatever goes wrong between us and Launchpad: one sentence, no word taken for granted."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers import http, open_tracker
from shepherd.trackers.client import Client
from shepherd.words import Budget, ItemTags
from tests.running.host import Host
from tests.trackers.conftest import Ask
from tests.trackers.launchpad_kit import failure
from tests.trackers.launchpad_server import Bug, Server

pytestmark = pytest.mark.usefixtures("hasty")

PASSING: tuple[int | str, ...] = (429, 500, 502, 503, 504, "hang", "reset", "truncate")
LASTING: tuple[int | str, ...] = (400, 401, 403, 404, 410, "html")


@pytest.mark.parametrize("what", PASSING)
@pytest.mark.parametrize("where", ["/1.0/", "qa-ok", "/bugs/1"])
def test_what_passes_is_tried_again(ask: Ask, lp: Server, what: int | str, where: str) -> None:
    lp.bugs[1] = Bug(["qa-bad", "bad-commit-7"])
    lp.fail(what, on=where, times=2)
    reading = open_tracker(ask()).read(["1"], [7])
    assert reading.items == {"1": ItemTags(("bad",), (7,))}
    assert reading.requests == lp.count() == 1 + 4 + 1 + 1 + 2


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (400, "answered 400"),
        (401, "answered 401: the credentials are missing, or not accepted"),
        (403, "answered 403: the credentials give no right to this"),
        (404, "answered 404: it has no such thing; is tracker.project right?"),
        (410, "answered 410: it is gone for good"),
        (429, "answered 429: too many requests"),
        (500, "answered 500: it has trouble of its own"),
        (503, "answered 503: it has trouble of its own"),
        ("hang", "did not answer in time"),
        ("reset", "closed the connection without an answer"),
        ("truncate", "broke off in the middle of its answer"),
        ("html", "answered with a web page: a log-in page, or a proxy, stands before it"),
        ("redirect", "refers to another host, which is not followed"),
    ],
)
@pytest.mark.parametrize("where", ["/1.0/", "searchTasks"])
def test_what_does_not_pass_is_no_data(ask: Ask, lp: Server, what: int | str, says: str, where: str) -> None:
    lp.bugs[1] = Bug(["qa-ok"])
    lp.fail(what, on=where, times=99)
    assert says in failure(ask())
    assert lp.count(where) == (http.TRIES if what in PASSING else 1)


@pytest.mark.parametrize("what", [*LASTING, *PASSING])
def test_one_bug_that_cannot_be_read(ask: Ask, lp: Server, what: int | str) -> None:
    lp.bugs[1] = Bug(["qa-bad"])
    lp.bugs[2] = Bug(["qa-ok"])
    lp.fail(what, on="/bugs/1", times=99)
    items = open_tracker(ask()).read(["1", "2"], []).items
    assert items["2"] == ItemTags(("ok",))
    assert items["1"].words == ()
    assert items["1"].unreadable


@pytest.mark.parametrize("what", [403, 404, 500, "truncate"])
def test_a_bug_that_names_a_landing_bad_and_cannot_be_opened(ask: Ask, lp: Server, what: int | str) -> None:
    """Searches say which: it must not look as if nobody named it."""
    lp.bugs[1], lp.bugs[9] = Bug(["qa-ok"]), Bug(["qa-bad", "bad-commit-7", "bad-commit-30", "bad-commit-99"])
    scope = range(5, 40)
    lp.fail(what, on="/bugs/9", times=99)
    first = open_tracker(ask()).read(["1"], scope)
    assert first.items == {"1": ItemTags(("ok",)), "9": ItemTags(("bad",), (7, 30))}
    # an hour later, when no search of what was changed shows it any more, and it can be opened
    lp.repair()
    lp.clock = lambda: datetime.now(UTC) + timedelta(hours=1)
    second = open_tracker(ask()).read(["1"], [*scope, 99], first.memory)
    assert second.items == {"1": ItemTags(("ok",)), "9": ItemTags(("bad",), (7, 30, 99))}
    lp.fail(what, on="/bugs/9", times=99)
    assert open_tracker(ask()).read(["1"], scope, second.memory).items == second.items


def test_one_that_was_changed_just_now_and_cannot_be_opened(ask: Ask, lp: Server) -> None:
    lp.bugs[1] = Bug(["qa-ok"])
    lp.bugs[9] = Bug(["qa-ok"])
    first = open_tracker(ask()).read(["1", "9"], [7])
    lp.change(9, tags=["qa-untestable", "bad-commit-7"])
    lp.fail(500, on="/bugs/9", times=99)
    second = open_tracker(ask()).read(["1", "9"], [7], first.memory)
    assert second.items == {"1": ItemTags(("ok",)), "9": ItemTags(("untestable",), (7,))}


@pytest.mark.parametrize("requests", [12, 20, 40])
def test_a_limit_that_is_too_small_for_one_reading(
    ask: Ask, lp: Server, monkeypatch: pytest.MonkeyPatch, requests: int
) -> None:
    """Each run goes on from where the one before was refused, and comes to the same answer."""
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    for bug in range(1, 60):
        tags = ["qa-bad" if bug % 3 else "qa-ok", f"bad-commit-{bug}"]
        lp.bugs[bug] = Bug(tags, modified=long_ago)
    bugs, scope = [str(bug) for bug in range(1, 60, 2)], range(1, 60)
    expected, memory, refused = open_tracker(ask()).read(bugs, scope), b"", 0
    assert len(expected.items) == 59
    while refused < 20:
        monkeypatch.setattr(http, "_RESTS", {})
        lp.repair()
        lp.fail(429, times=999, after=requests, headers={"Retry-After": "3600"})
        try:
            reading = open_tracker(ask()).read(bugs, scope, memory)
        except TrackerError as error:
            refused, memory = refused + 1, error.memory or memory
        else:
            break
    assert 1 <= refused <= -(-59 // (requests - 7)) + 1
    assert reading.items == expected.items


def test_waits_grow_and_differ(ask: Ask, lp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(http, "FIRST_WAIT", 1.0)
    monkeypatch.setattr(time, "sleep", waits.append)
    session = http.HttpSession("it", lp.root, sleep=waits.append)
    for _ in range(2):
        with pytest.raises(http.RequestError, match=r"answered 503.*\(GET /x, 6 times\)"):
            session.send("GET", f"{lp.root}x", lambda: (http.Reply(503, {}), None))
    bounds = [(0.5 * 2**n, 1.5 * 2**n) for n in range(5)]
    assert all(low <= wait <= high for wait, (low, high) in zip(waits, bounds * 2, strict=True))
    assert waits[:5] != waits[5:]


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("Sun, 06 Nov 1994 08:49:44 GMT", 7.0)])
def test_it_waits_as_long_as_it_is_asked_to(header: str, seconds: float) -> None:
    waits: list[float] = []
    answers = iter([429, 200])
    session = http.HttpSession("it", "https://example.org/", sleep=waits.append)
    headers = {"retry-after": header, "date": "Sun, 06 Nov 1994 08:49:37 GMT"}
    session.send("POST", "https://example.org/x", lambda: (http.Reply(next(answers), headers), None))
    assert waits == [seconds]


def test_it_does_not_wait_for_ever(ask: Ask, lp: Server) -> None:
    lp.fail(429, on="searchTasks", times=9, headers={"Retry-After": "3600"})
    assert "answered 429: too many requests and asks to wait 1 hour" in failure(ask())
    assert lp.count("searchTasks") == 1


@pytest.mark.usefixtures("short_limit")
def test_patience_is_one_for_all_requests(ask: Ask, lp: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.5)
    lp.fail("hang", times=9)
    began = time.monotonic()
    assert "did not answer" in failure(ask())
    assert time.monotonic() - began < 2
    assert lp.count() == 2


def test_a_kept_connection_that_was_closed(ask: Ask, lp: Server) -> None:
    lp.bugs[1] = Bug(["qa-ok"])
    lp.short_lived = True
    assert open_tracker(ask()).read(["1"], []).items == {"1": ItemTags(("ok",))}


@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_that_drips(ask: Ask, lp: Server, monkeypatch: pytest.MonkeyPatch, chunked: bool) -> None:
    monkeypatch.setattr(http, "WHOLE", 0.2)
    monkeypatch.setattr(http, "PATIENCE", 0.3)
    lp.fail("drip", on="searchTasks", times=99, headers={"Transfer-Encoding": "chunked"} if chunked else {})
    began = time.monotonic()
    assert "did not answer in time" in failure(ask())
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_that_is_far_too_large(
    ask: Ask, lp: Server, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    monkeypatch.setattr(http, "LARGEST", 1_000_000)
    lp.fail("flood", on="searchTasks", times=99, headers={"Transfer-Encoding": "chunked"} if chunked else {})
    assert "sent more than 1 MB" in failure(ask())


def test_endless_paging(ask: Ask, lp: Server) -> None:
    lp.endless = True
    for bug in range(1, 400):
        lp.bugs[bug] = Bug(["qa-ok"])
    assert open_tracker(ask()).read(["1"], []).items == {"1": ItemTags(("ok",))}
    assert lp.count("qa-ok") == 2


@pytest.mark.parametrize(
    "page",
    [
        {"entries": [], "next_collection_link": "x"},
        {"entries": [], "total_size": 5},
        {"total_size": 5},
        {"entries": [{"self_link": "x"}], "total_size": 1},
        {"entries": [{"self_link": "x", "bug_link": "http://evil.example.org/1.0/bugs/1"}], "total_size": 1},
        {"entries": [{"self_link": "x", "bug_link": "HERE/1.0/bugs/0"}], "total_size": 1},
        {"entries": None},
        [],
        None,
    ],
)
def test_pages_that_make_no_sense(ask: Ask, lp: Server, page: object) -> None:
    lp.pages = json.dumps(page).replace("HERE/", lp.root).encode()
    assert failure(ask()).startswith("Launchpad at 127.0.0.1:")
    assert lp.count() < 12


def test_a_service_that_is_no_launchpad(ask: Ask, lp: Server) -> None:
    lp.described = b"<wadl:application/>"
    assert "is not a Launchpad web service" in failure(ask())


def test_no_data_keeps_the_last_good_answer(tmp_path: Path, lp: Server) -> None:
    host = Host(tmp_path, tracker=f'type = "launchpad"\nproject = "launchpad"\nservice_root = "{lp.root}"')
    lp.bugs[2] = Bug(["qa-ok"])
    assert host.inv("find", "judge")[0] == 0
    lp.fail(503, on="searchTasks", times=99)
    code, out, _ = host.inv("find", "judge")
    assert code == 5
    assert "no data" in out
    assert "answered 503" in out
    snapshot = json.loads(host.inv("status", "--json")[1])
    assert snapshot["deployable"] is None
    assert snapshot["last_good"]["deployable"]["revno"] == 2
    told = host.events("tracker")[-1]
    assert (told["result"], int(told["requests"])) == ("failed", http.TRIES)
    lp.repair()
    asked = lp.count("modified_since")
    assert host.inv("find", "judge")[0] == 0
    # what was remembered before is remembered still
    assert lp.count("modified_since") > asked


@pytest.mark.parametrize(("left", "kept"), [("7", 7), ("9" * 30, None)])
def test_numbers_of_a_rate_limit_that_nobody_can_mean(lp: Server, left: str, kept: int | None) -> None:
    lp.fail("say", body=b"{}", headers={"X-Left": left})
    session = http.HttpSession("Launchpad", lp.root)
    Client(session, dict, budget=lambda headers: Budget("", 9, int(headers["x-left"]), 0)).send(
        "GET", lp.root
    )
    assert (session.budget.left if session.budget else None) == kept


def test_what_the_rate_limit_still_has_is_told(
    tmp_path: Path, lp: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log and to Prometheus, of a reading that failed, too."""

    def limited(settings: Settings) -> http.HttpSession:
        session = http.HttpSession("Launchpad", lp.root)
        session.budget = Budget("core", 60, 59, 1_764_400_000)
        return session

    monkeypatch.setattr("shepherd.trackers.launchpad.reading.session_with", limited)
    host = Host(tmp_path, tracker=f'type = "launchpad"\nproject = "launchpad"\nservice_root = "{lp.root}"')
    assert host.inv("find", "judge", "report")[0] == 0
    lp.fail(401, on="searchTasks")
    assert host.inv("find", "judge", "report")[0] == 5
    told = [(each["result"], each["limit"], each["left"], each["of"]) for each in host.events("tracker")]
    assert told == [("read", "60", "59", "core"), ("failed", "60", "59", "core")]
    assert host.events("tracker")[0]["resets"] == "2025-11-29T07:06:40Z"
    metrics = (host.state / "report" / "shepherd.prom").read_text()
    assert 'qa_shepherd_tracker_requests_left{branch="stable",limit="core"} 59\n' in metrics
