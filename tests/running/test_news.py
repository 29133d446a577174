"""What lasts is mailed by cron once a day, even if the settings cannot be read or the disk takes nothing
(docs/running.md#cron)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from shepherd.running import news
from shepherd.running.news import NAME, CronMemory
from tests.inv import Done, inv
from tests.real.site import faketime
from tests.real.sshd import need
from tests.running.host import Host

MORNING = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time that the memory takes for now: its last entry."""
    times = [MORNING]
    monkeypatch.setattr(news, "now", lambda: times[-1])
    return times


def test_the_same_words_are_news_once_a_day(tmp_path: Path, clock: list[datetime]) -> None:
    def heard(text: str) -> bool:
        # another process each time
        return CronMemory([tmp_path / NAME]).is_news(text)

    assert [heard(text) for text in "abaab"] == [True, True, False, False, False]
    clock.append(MORNING.replace(day=1, month=12))
    assert [heard(text) for text in "ab"] == [True, True]


def test_how_long_it_took_is_no_news(tmp_path: Path, clock: list[datetime]) -> None:
    """A branch that hangs gets a share of what is left, which differs from run to run."""
    memory = CronMemory([tmp_path / NAME])
    texts = [
        "b7: git did not answer within 405.1 seconds and was stopped; b8: r5 is not there",
        "b7: git did not answer within 404.9 seconds and was stopped; b8: r5 is not there",
        "b7: git did not answer within 404.9 seconds and was stopped; b8: r6 is not there",
    ]
    assert [memory.is_news(text) for text in texts] == [True, False, True]
    memory.forget(texts[0])
    assert not memory.is_news(texts[1])


def test_after_a_good_run_all_is_news_but_what_it_said_itself(tmp_path: Path, clock: list[datetime]) -> None:
    memory = CronMemory([tmp_path / NAME])
    for text in "ab":
        memory.is_news(text)
    memory.forget("b")
    assert [memory.is_news(text) for text in "ba"] == [False, True]
    memory.forget()
    assert memory.is_news("b")


def test_a_day_of_ever_other_failures_stays_within_the_file(tmp_path: Path, clock: list[datetime]) -> None:
    memory = CronMemory([tmp_path / NAME])
    for number in range(300):
        assert memory.is_news(str(number))
    assert not memory.is_news("299")
    assert (tmp_path / NAME).stat().st_size == news.SIZE


def test_where_nothing_can_be_remembered_it_is_news_once_an_hour(clock: list[datetime]) -> None:
    memory = CronMemory([Path("/proc/nowhere") / NAME])
    ticks = [MORNING.replace(hour=hour, minute=minute) for hour in (9, 10) for minute in range(0, 60, 5)]
    said = []
    for tick in ticks:
        clock.append(tick)
        if memory.is_news("a"):
            said.append(tick)
    assert said == [MORNING.replace(minute=0), MORNING.replace(hour=10, minute=0)]


def test_somebody_elses_folder_is_left_alone(tmp_path: Path, clock: list[datetime]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    theirs = tmp_path / "run"
    theirs.mkdir()
    os.chown(theirs, 12345, 12345)
    memory = CronMemory([theirs / NAME, tmp_path / "home" / f"{NAME}-1"])
    assert [memory.is_news(text) for text in "aa"] == [True, False]
    assert list(theirs.iterdir()) == []


BROKEN = {
    "no TOML": ("var", "[branches.stable\n"),
    "no TOML, and state_dir is not the usual one": ("elsewhere", "[branches.stable\n"),
    "a wrong value": ("elsewhere", "keep = 'long'\n"),
}


@pytest.mark.real
@pytest.mark.parametrize(("state", "line"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_settings_are_mailed_once_a_day(tmp_path: Path, state: str, line: str) -> None:
    host = Host(tmp_path, top=f'state_dir = "{state}"' if state != "var" else "")
    settings = host.project.folder / "shepherd.toml"
    right = settings.read_text()

    def tick(**environ: str) -> Done:
        return inv(host.project.folder, "run", "--cron", **environ)

    assert tick().code == 0
    settings.write_text(line + right)
    first, *later = [tick() for _ in range(4)]
    assert (first.code, first.out) == (2, "")
    assert first.err.startswith(str(settings))
    assert later == [Done(2, "", "")] * 3
    assert inv(host.project.folder, "run").err == first.err, "a person is told each time"
    tomorrow = {"LD_PRELOAD": str(faketime()), "FAKETIME": "+1d"}
    assert [tick(**tomorrow).err for _ in range(2)] == [first.err, ""]
    settings.write_text("x = 1\n" + right)
    assert "x" in tick().err, "another fault is another sentence"
    settings.write_text(right)
    assert tick() == Done(0, "", "")
    settings.write_text(line + right)
    assert tick().err == first.err, "all was well in between"


class SmallDisk(NamedTuple):
    """A disk of 8 MB, which only processes in a namespace of its own see."""

    inside: tuple[str, ...]
    """A command that runs another one there."""
    place: Path
    """Where it is seen from outside."""


@contextmanager
def small_disk(place: Path) -> Iterator[SmallDisk]:
    """One at that place. It is gone with the process that mounted it, which ends when this one does."""
    place.mkdir(exist_ok=True)
    script = 'mount -t tmpfs -o size=8m,mode=711 tmpfs "$1" && echo mounted && exec cat'
    holder = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        need(holder.stdout.readline() == "mounted\n", "a tmpfs cannot be mounted here")
        pid = str(holder.pid)
        yield SmallDisk(
            ("nsenter", "--target", pid, "--mount", "--wd=."), Path(f"/proc/{pid}/root{place.resolve()}")
        )
    finally:
        holder.communicate()


def fill(place: Path) -> None:
    with (place / "full").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass


@pytest.mark.real
def test_a_full_disk_is_mailed_once_a_day(tmp_path: Path) -> None:
    host = Host(tmp_path)

    with small_disk(host.state) as disk:

        def tick(**environ: str) -> Done:
            return inv(host.project.folder, "run", "--cron", inside=disk.inside, **environ)

        assert tick().code == 0
        assert tick() == Done(0, "", "")
        fill(disk.place)
        ticks = [tick() for _ in range(5)]
        assert "No space left on device" in ticks[0].err
        assert {each.err for each in ticks[1:]} == {""}
        assert 0 not in {each.code for each in ticks}
        tomorrow = {"LD_PRELOAD": str(faketime()), "FAKETIME": "+1d"}
        next_day = [tick(**tomorrow).err for _ in range(3)]
        assert "No space left on device" in next_day[0]
        assert next_day[1:] == ["", ""]
        (disk.place / "full").unlink()
        assert tick().code == 0
