"""Nothing that was acknowledged is lost, and nothing is doubled, wherever `inv verdict` is ended or fails."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns import times
from tests.campaigns.speaker import CHANGES, Speaker


@pytest.mark.real
def test_at_some_system_calls(tmp_path: Path) -> None:
    speaker = Speaker(tmp_path)
    killed_at_calls(speaker, 15)
    errors_at_calls(speaker, 15)
    assert speaker.outcomes["refused"], "some of the errors kept the word out"


@pytest.mark.real
def test_at_some_moments(tmp_path: Path) -> None:
    killed_at_any_moment(Speaker(tmp_path), 15)


@pytest.mark.long
def test_killed_at_system_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speaker = Speaker(tmp_path)
    fell = killed_at_calls(speaker, times(200))
    with capsys.disabled():
        print(f"\n{fell.total()} kills of `verdict` at its system calls:", dict(fell), dict(speaker.outcomes))


@pytest.mark.long
def test_errors_of_the_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speaker = Speaker(tmp_path)
    met = errors_at_calls(speaker, times(200))
    with capsys.disabled():
        print(f"\n{met.total()} errors in `verdict`:", dict(met), dict(speaker.outcomes))


@pytest.mark.long
def test_killed_at_any_moment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speaker = Speaker(tmp_path)
    killed_at_any_moment(speaker, times(500))
    with capsys.disabled():
        print("\nkills of `verdict` at random:", dict(speaker.outcomes))


def killed_at_calls(speaker: Speaker, count: int) -> Counter[str]:
    calls = shuffled(speaker.calls())
    fell: Counter[str] = Counter()
    while fell.total() < count:
        name, number = next(calls)
        fell[name] += speaker.at_call(name, number, "signal=KILL")
    return fell


def errors_at_calls(speaker: Speaker, count: int) -> Counter[str]:
    calls = shuffled([(*call, error) for call in speaker.calls() for error in CHANGES[call[0]]])
    met: Counter[str] = Counter()
    while met.total() < count:
        name, number, error = next(calls)
        met[f"{name} {error}"] += speaker.at_call(name, number, f"error={error}")
    return met


def killed_at_any_moment(speaker: Speaker, count: int) -> None:
    chance = random.Random(4711)
    began = time.monotonic()
    assert speaker.speak(lambda _child: None).code == 0
    lasts = time.monotonic() - began
    while speaker.outcomes["killed"] < count:
        speaker.after(chance.random() * lasts)


def shuffled(found: list[Any]) -> Iterator[Any]:
    """Each of them once, in any order, and so on."""
    chance = random.Random(13)
    while found:
        yield from chance.sample(found, len(found))
