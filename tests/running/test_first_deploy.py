"""A first release that cannot read is live, but cron does not call it yet
(docs/operator-first-day.md#the-first-time)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shepherd.running.releases import Release
from tests.running.crontab import Crontab
from tests.running.site import Place

pytestmark = pytest.mark.real

KEY = {"repository stable": "git@git.example.org: Permission denied (publickey)"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PATH", f"{Crontab(tmp_path).bin}:{os.environ['PATH']}")
    return Place(tmp_path)


def installed(release: Release) -> bool:
    return (release.path / "calls").exists()


def test_what_cannot_be_read_is_shown_and_cron_is_left_alone(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    one = place.release()
    place.says(one.path, 0, **KEY)
    assert place.upgrade() == 7
    shown = capsys.readouterr().out
    assert (place.live, installed(one)) == (one.id, False)
    assert "doctor   fail  repository stable: git@git.example.org: Permission denied (publickey)" in shown
    assert "fab deploy --start-cron" in shown


def test_the_next_good_deploy_starts_it_also_of_the_same_release(place: Place) -> None:
    one = place.release()
    place.says(one.path, 0, **KEY)
    assert place.upgrade() == 7
    assert place.upgrade(to=one.id) == 7, "still so"
    place.says(one.path)
    assert place.upgrade(to=one.id) == 0
    assert installed(one)
    two = place.release()
    assert place.upgrade() == 0
    assert not installed(two), "it has been started: who takes it out now means it"


def test_a_later_release_that_can_read_starts_it(place: Place) -> None:
    one = place.release()
    place.says(one.path, 0, **KEY)
    assert place.upgrade() == 7
    two = place.release()
    assert place.upgrade() == 0
    assert installed(two)


@pytest.mark.parametrize("again", [False, True])
def test_who_wants_it_all_the_same_says_so(place: Place, again: bool) -> None:
    one = place.release()
    place.says(one.path, 0, **KEY)
    if again:
        assert place.upgrade() == 7
    assert place.upgrade(to=one.id, start_cron=True) == 0
    assert installed(one)


def test_another_failure_is_shown_and_stops_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    one = place.release()
    place.says(one.path, smtp="127.0.0.1:25: Connection refused")
    assert place.upgrade() == 0
    assert "doctor   fail  smtp: 127.0.0.1:25: Connection refused" in capsys.readouterr().out
    assert installed(one)


def test_no_answer_of_doctors_is_no_all_clear(place: Place) -> None:
    one = place.release()
    doctor = one.path / "doctor.json"
    python = one.path / ".venv" / "bin" / "python3"
    # with the network it breaks, without it does not
    python.write_text(python.read_text().replace("doctor) ", 'doctor) [ "$4" = --offline ] || exit 1; '))
    assert place.upgrade() == 7
    assert doctor.exists()
    assert not installed(one)
