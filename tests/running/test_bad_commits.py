"""A commit that was bad is not tried again in silence (docs/operator-every-day.md#a-commit-that-was-bad)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from shepherd.running import releases
from shepherd.running.bad_commits import of_record
from tests.campaigns.killing import killed_at, points
from tests.running.crontab import Crontab
from tests.running.site import Place

COMMIT, OTHER = "a" * 40, "b" * 40
SHORT = COMMIT[:12]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    return Place(tmp_path)


def rolled_back(place: Place) -> tuple[releases.Release, releases.Release]:
    old, new = place.release(good=True, live=True), place.release()
    assert place.upgrade() == 0
    assert place.upgrade(to=old.id, reason="mails go twice") == 0
    return old, new


def same_commit(place: Place, release: releases.Release) -> releases.Release:
    """Another release of it."""
    other = place.release()
    releases.write(other.path / releases.MADE, release.made)
    return releases.read(other.path)


def test_a_release_that_is_bad_is_refused_with_reason_who_and_when(place: Place) -> None:
    _, new = rolled_back(place)
    code, sentence = place.refused(to=new.id)
    since = place.site.find(new.id).bad_since
    assert (code, len(since)) == (8, len("2011-08-24T10:15:00Z"))
    assert f"{new.id} was marked bad at {since}: rolled back: mails go twice (olga)" in sentence
    assert f'inv upgrade --to {new.number} --again "why"' in sentence
    assert place.refused(to=new.id, dry=True) == (code, sentence), "a dry run says the same"


def test_with_a_reason_it_goes_on_and_that_is_on_record(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    _, new = rolled_back(place)
    capsys.readouterr()
    assert place.upgrade(to=new.id, again="it was the mail server", dry=True) == 0
    printed = capsys.readouterr().out
    assert "rolled back: mails go twice (olga); once more, since: it was the mail server" in printed
    assert place.upgrade(to=new.id, again="it was the mail server") == 0
    assert printed in capsys.readouterr().out
    assert (place.live, place.site.find(new.id).bad) == (new.id, "")
    assert place.site.past()[-1]["again"] == "it was the mail server"
    assert place.site.bad_commit(new.made["commit"]) is None


@pytest.mark.parametrize("gone", [False, True], ids=["folder", "record"])
def test_another_release_of_its_commit_is_refused_too(place: Place, gone: bool) -> None:
    old, new = rolled_back(place)
    other = same_commit(place, new)
    if gone:
        shutil.rmtree(new.path)
    code, sentence = place.refused()
    assert (code, place.live) == (8, old.id)
    assert f"{new.id} was marked bad at 2" in sentence
    assert "rolled back: mails go twice (olga)" in sentence
    assert place.upgrade(to=other.id, again="it was the mail server") == 0
    assert place.live == other.id
    assert place.site.bad_commit(new.made["commit"]) is None, "it has been good since"


@pytest.mark.parametrize("gone", [False, True], ids=["folder", "record"])
def test_a_mark_that_was_taken_away_stands_in_nobodys_way(place: Place, gone: bool) -> None:
    _, new = rolled_back(place)
    releases.unmark(place.site.find(new.id), "ann", "it was the mail server")
    if gone:
        other = same_commit(place, new)
        shutil.rmtree(new.path)
        new = other
    assert place.upgrade(to=new.id) == 0


def test_a_failed_check_counts_as_well(place: Place) -> None:
    place.release(good=True, live=True)
    new = place.release()
    (new.path / "status.code").write_text("1")
    place.refused()
    same_commit(place, new)
    shutil.rmtree(new.path)
    code, sentence = place.refused()
    assert code == 8
    assert "its check failed" in sentence


def test_a_release_that_was_good_is_not_blamed_for_another_of_its_commit(place: Place) -> None:
    first, second = place.release(good=True), place.release(good=True, live=True)
    releases.mark_bad(same_commit(place, first), "the new Python", "olga")
    assert place.upgrade(to=first.id) == 0, "a roll-back is always possible"
    assert place.site.find(second.id).bad


def test_a_killed_one_is_resumed_with_its_reason(place: Place) -> None:
    old, new = rolled_back(place)
    moved = points(lambda: place.upgrade(to=new.id, again="it was the mail server")).index("rename current")
    place.point(old.id)
    releases.mark_bad(new, "mails go twice", "olga")
    (new.path / releases.GOOD).unlink()
    assert killed_at(lambda: place.upgrade(to=new.id, again="it was the mail server"), moved + 1)
    assert place.upgrade(resume=True) == 0
    assert (place.live, place.site.find(new.id).bad) == (new.id, "")
    assert place.site.past()[-1]["again"] == "it was the mail server"


def test_no_reason_is_no_reason(place: Place) -> None:
    _, new = rolled_back(place)
    code, sentence = place.refused(to=new.id, again=" ")
    assert (code, "--again" in sentence) == (2, True)


def entry(**fields: Any) -> dict[str, Any]:
    return {"who": "olga", "at": "2011-08-24T10:15:00Z", "how": "upgrade", "commit": COMMIT, **fields}


LIVE = entry(to=f"0007-{SHORT}", result="live", **{"from": "0006-cccccccccccc"})
BACK = entry(
    **{"from": f"0007-{SHORT}"}, to="0006-cccccccccccc", commit="c" * 40, result="live", why="mails go twice"
)
CHECK = entry(
    to=f"0007-{SHORT}",
    result=f"failed, 0006-cccccccccccc is live: 0007-{SHORT}: inv status ended with 1",
)
MARKED = entry(to=f"0007-{SHORT}", how="mark", result="marked bad", why="too slow")
UNMARKED = entry(to=f"0007-{SHORT}", how="mark", result="no longer bad")
STOPPED = entry(to=f"0007-{SHORT}", result="failed, 0006-cccccccccccc is live: stopped by SIGTERM")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], ""),
        ([LIVE], ""),
        ([LIVE, BACK], "rolled back: mails go twice (olga)"),
        ([LIVE, BACK, {**MARKED, "commit": OTHER}], ""),
        ([CHECK], f"its check failed: 0007-{SHORT}: inv status ended with 1 (olga)"),
        ([STOPPED], ""),
        ([MARKED], "too slow (olga)"),
        ([LIVE, MARKED, UNMARKED], ""),
        ([LIVE, BACK, LIVE], ""),
        ([{**MARKED, "commit": OTHER}], ""),
        ([{"to": 3, "from": None, "result": []}, MARKED], "too slow (olga)"),
    ],
)
def test_what_the_record_says_of_a_commit(lines: list[dict[str, Any]], why: str) -> None:
    bad = of_record(lines, COMMIT)
    assert (bad.why if bad else "") == why
    if bad is not None:
        assert bad.words().startswith(f"0007-{SHORT} was marked bad at 2011-08-24T10:15:00Z: ")
