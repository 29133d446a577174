"""Time limits that stand within each other: the first that passes ends the block, and its error is told."""

from __future__ import annotations

import math
import os
import random
import signal
import threading
import time

import pytest

from shepherd import limits
from shepherd.errors import ShepherdError
from shepherd.limits import DeadlineError, Interruption, limited, share, stoppable, turn, waiting_for

LONG = 30.0


def test_the_inner_limit_ends_the_inner_block_alone() -> None:
    with limited(LONG, DeadlineError("outer")):
        with pytest.raises(TimeoutError), limited(0.05, TimeoutError()):
            time.sleep(LONG)
        with pytest.raises(TimeoutError), limited(0.05, TimeoutError()):
            time.sleep(LONG)


def test_the_outer_limit_passes_what_contains_errors_and_keeps_its_time() -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineError, match=r"^outer$"), limited(0.2, DeadlineError("outer")):
        while True:
            try:
                with limited(LONG, TimeoutError()):
                    time.sleep(LONG)
            except Exception as error:
                raise AssertionError("it must not be contained") from error
    assert time.monotonic() - began < LONG / 2


def test_a_short_limit_within_does_not_put_the_outer_one_off() -> None:
    with pytest.raises(DeadlineError, match="outer"), limited(0.3, DeadlineError("outer")):
        while True:
            with pytest.raises(TimeoutError), limited(0.05, TimeoutError()):
                time.sleep(LONG)


def test_the_sentence_names_the_innermost_server() -> None:
    sentence = "judge: late; it was waiting for GitLab at example.org"
    with (
        pytest.raises(DeadlineError, match=f"^{sentence}$"),
        limited(0.1, DeadlineError("judge: late")),
        waiting_for("the repository"),
        limited(LONG, TimeoutError(), "GitLab at example.org"),
    ):
        time.sleep(LONG)


def test_what_was_swallowed_is_raised_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AGAIN", 0.05)
    swallowed = 0
    with pytest.raises(DeadlineError, match=r"^late$"), limited(0.05, DeadlineError("late")):
        for _ in range(3):
            try:
                time.sleep(LONG)
            except BaseException:  # as a callback of a library would
                swallowed += 1
        time.sleep(LONG)
    assert swallowed == 3


def test_half_of_what_is_left_is_the_share_and_the_last_one_has_all() -> None:
    assert share() == math.inf
    with limited(100.0, DeadlineError("run")):
        assert share() == pytest.approx(50, abs=1)
        with turn(last=False, name="find"):
            assert share() == pytest.approx(25, abs=1)
        with turn(last=True, name="report"):
            assert share() == pytest.approx(50, abs=1)
    with turn(last=False, name="find"):
        assert share() == math.inf, "without a deadline there is nothing to share"


def test_one_that_takes_too_long_leaves_the_others_their_turn() -> None:
    done = []
    with limited(0.8, DeadlineError("run")):
        for place in range(3):
            with (
                pytest.raises(DeadlineError, match=f"^{place}: ended after 0 seconds"),
                turn(last=False, name=str(place)),
            ):
                time.sleep(LONG)
            done.append(place)
    assert done == [0, 1, 2]


def test_off_the_main_thread_there_is_no_limit() -> None:
    ended = threading.Event()

    def wait() -> None:
        with limited(0.01, TimeoutError()):
            time.sleep(0.1)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    assert ended.is_set()


def test_a_signal_passes_all_limits() -> None:
    with (
        pytest.raises(ShepherdError, match="stopped by SIGTERM"),
        stoppable(),
        limited(LONG, DeadlineError("outer")),
        limited(LONG, TimeoutError()),
    ):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(LONG)


def test_a_limit_that_passes_while_it_is_left_is_never_lost_and_never_leaks() -> None:
    """Whichever instruction it hits: the error of a limit, or none; afterwards no timer runs."""
    chance = random.Random(13)
    before = signal.getsignal(signal.SIGALRM)
    ended = 0
    for _ in range(2000):
        try:
            with limited(LONG, DeadlineError("outer")):
                seconds = chance.uniform(0.0, 0.0004)
                with limited(seconds, TimeoutError()):
                    # no timer is set to less than a millisecond: around that it passes while this is left
                    end = time.perf_counter() + 0.001 + chance.uniform(-0.0001, 0.0002)
                    while time.perf_counter() < end:
                        pass
        except TimeoutError:
            ended += 1
        except Interruption as leaked:
            raise AssertionError(f"leaked: {leaked.error}") from None
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        assert signal.getsignal(signal.SIGALRM) == before
    assert 0 < ended < 2000
