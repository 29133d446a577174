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


def test_one_write_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "WRITE_EVERY", 1.0)
    tracker = Tracker()
    session = tracker.session()
    for method, writes in (("POST", None), ("GET", None), ("POST", False), ("DELETE", None), ("PUT", None)):
        session.send(method, session.root, tracker.attempt, writes=writes)
    assert tracker.asked == [1000.0, 1000.0, 1000.0, 1001.0, 1002.0]


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
