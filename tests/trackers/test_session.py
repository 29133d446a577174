"""The way to a tracker: what a wish for a rest means for the other sessions of one run."""

from __future__ import annotations

import pytest

from shepherd.trackers import http
from shepherd.trackers.http import HttpSession, Reply, RequestError


class Tracker:
    """Answers what it is told to, and counts; its clock goes on while somebody sleeps."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[float] = []
        self.time = 1000.0

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def session(self, root: str = "https://forge.example.org/") -> HttpSession:
        return HttpSession("Forge", root, clock=lambda: self.time, sleep=self.sleep)

    def attempt(self) -> tuple[Reply, str]:
        self.asked.append(self.time)
        return (self.replies.pop(0) if self.replies else Reply(200, {})), "answer"

    def send(self, root: str = "https://forge.example.org/") -> str:
        return self.session(root).send("GET", f"{root}x", self.attempt)


def test_a_short_rest_is_waited_for() -> None:
    tracker = Tracker(Reply(429, {"retry-after": "60"}))
    assert tracker.send() == "answer"
    assert tracker.asked == [1000.0, 1060.0]


def test_a_long_one_holds_for_every_session_of_the_run_until_it_is_over() -> None:
    tracker = Tracker(Reply(429, {"retry-after": "600"}))
    for _ in range(3):
        with pytest.raises(RequestError, match="asks to wait 10 minutes"):
            tracker.send()
    assert tracker.asked == [1000.0]
    assert tracker.send("https://other.example.org/") == "answer"
    tracker.sleep(600)
    assert tracker.send() == "answer"


def test_trouble_that_asks_for_no_rest_is_one_session_s() -> None:
    tracker = Tracker(*[Reply(503, {})] * 6)
    with pytest.raises(RequestError, match="answered 503"):
        tracker.send()
    assert tracker.send() == "answer"


def test_a_write_waits_for_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "WRITE_EVERY", 1.0)
    monkeypatch.setattr(http, "_WRITTEN", {})
    tracker = Tracker()
    session = tracker.session()
    for method, writes in [("PUT", None), ("GET", None), ("POST", False), ("POST", None), ("PATCH", None)]:
        session.send(method, f"{session.root}x", tracker.attempt, writes=writes)
    # another session of this run, and another tracker
    tracker.session().send("PUT", f"{session.root}x", tracker.attempt)
    tracker.session("https://other.example.org/").send("PUT", "https://other.example.org/x", tracker.attempt)
    assert [asked - 1000 for asked in tracker.asked] == [0, 0, 0, 1, 2, 3, 3]


def test_what_many_others_can_do_without_leaves_them_patience() -> None:
    """One bug whose server process dies: each of its tries takes half a minute."""
    tracker = Tracker(*[Reply(502, {})] * 9)
    session = tracker.session()

    def slow() -> tuple[Reply, str]:
        tracker.sleep(30)
        return tracker.attempt()

    for says in ("answered 502", "answered 502", "was not asked, since too many"):
        with pytest.raises(RequestError, match=says):
            session.send("GET", f"{session.root}bugs/1", slow, one_of_many=True)
    assert len(tracker.asked) == 2
    tracker.replies = [Reply(502, {})]
    assert session.send("GET", f"{session.root}all", tracker.attempt) == "answer"


def test_a_rest_that_one_of_many_is_asked_for_holds_for_all() -> None:
    tracker = Tracker(Reply(429, {"retry-after": "600"}))
    session = tracker.session()
    for one_of_many in (True, False):
        with pytest.raises(RequestError, match="asks to wait 10 minutes"):
            session.send("GET", f"{session.root}x", tracker.attempt, one_of_many=one_of_many)
    assert len(tracker.asked) == 1


def test_a_rest_of_a_minute_leaves_the_many_their_share() -> None:
    tracker = Tracker(Reply(429, {"retry-after": "60"}))
    session = tracker.session()
    for _ in range(50):
        assert session.send("GET", f"{session.root}x", tracker.attempt, one_of_many=True) == "answer"
    assert len(tracker.asked) == 51


def test_a_rest_for_something_else_takes_nothing_of_the_share_of_the_many() -> None:
    tracker = Tracker(Reply(429, {"retry-after": "60"}))
    session = tracker.session()
    for one_of_many in (False, True, True):
        assert session.send("GET", f"{session.root}x", tracker.attempt, one_of_many=one_of_many) == "answer"
