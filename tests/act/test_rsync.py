"""What is published is whole, what is not ours is left alone, what fails is one sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shepherd.act.rsync import PublishError, publish
from shepherd.errors import WrongValueError
from shepherd.urls import Remote, check_publish_target, remote_of
from tests.campaigns import times
from tests.campaigns.killing import reader

pytestmark = pytest.mark.real


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A report directory, with what a writer that was killed left in it."""
    pages = tmp_path / "report"
    pages.mkdir()
    for name in ("index.html", "stable.html", "stable.json"):
        (pages / name).write_text(f"{name}\n")
    (pages / ".index.html.abcdefgh.new").write_text("half")
    return pages


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_files_arrive_and_no_others(pages: Path, tmp_path: Path) -> None:
    web = tmp_path / "web"
    done = publish(pages, str(web), ours=[])
    assert done.sent == ("index.html", "stable.html", "stable.json")
    assert names(web) == ["index.html", "stable.html", "stable.json"]
    assert (web / "index.html").read_text() == "index.html\n"


def test_everybody_may_read_them_whatever_the_umask(pages: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        publish(pages, str(tmp_path / "web"), ours=[])
    finally:
        os.umask(before)
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "web").iterdir()} == {"0o644"}


def test_a_second_time_nothing_is_sent(pages: Path, tmp_path: Path) -> None:
    publish(pages, str(tmp_path / "web"), ours=[])
    assert publish(pages, str(tmp_path / "web"), ours=[]).sent == ()


def test_a_page_of_the_same_second_and_length_is_sent(pages: Path, tmp_path: Path) -> None:
    publish(pages, str(tmp_path / "web"), ours=[])
    before = (pages / "stable.html").stat()
    (pages / "stable.html").write_text("stable.htmL\n")
    os.utime(pages / "stable.html", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert publish(pages, str(tmp_path / "web"), ours=[]).sent == ("stable.html",)


def test_only_what_is_ours_is_removed(pages: Path, tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    for name in ("robots.txt", "gone.html", "gone.json", ".stable.html.Ab12Cd", ".htaccess", "stable.json"):
        (web / name).touch()
    (web / "sub").mkdir()
    done = publish(pages, str(web), ours=["gone.*", ".stable.html.??????"])
    assert sorted(done.removed) == [".stable.html.Ab12Cd", "gone.html", "gone.json"]
    assert names(web) == [".htaccess", "index.html", "robots.txt", "stable.html", "stable.json", "sub"]


def test_a_dry_run_says_the_same_and_does_nothing(pages: Path, tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "gone.html").touch()
    planned = publish(pages, str(web), ours=["gone.*"], dry=True)
    assert names(web) == ["gone.html"]
    assert publish(pages, str(web), ours=["gone.*"]) == planned


@pytest.mark.parametrize("name", ["with blank", "quo'te", "a;touch x", "$(touch x)", "a*", "ä"])
def test_a_place_is_only_a_place(pages: Path, tmp_path: Path, name: str) -> None:
    publish(pages, str(tmp_path / name), ours=[])
    assert (tmp_path / name / "index.html").is_file() and not (tmp_path / "x").exists()


def test_a_place_that_cannot_be_written(pages: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        PublishError, match=r"not published to .*: rsync.*\(rsync ended with \d+\)"
    ) as failure:
        publish(pages, str(tmp_path / "file" / "web"), ours=[])
    assert "\n" not in str(failure.value)


def test_a_host_that_accepts_and_says_nothing_is_left_in_time(pages: Path) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        started = time.monotonic()
        with pytest.raises(PublishError, match="did not answer within 1 seconds"):
            publish(pages, f"ssh://127.0.0.1:{mute.getsockname()[1]}/srv/www", ours=[], limit=1)
        assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("target", "remote"),
    [
        ("/srv/www", Remote("/srv/www")),
        ("/srv/a:b", Remote("/srv/a:b")),
        ("web:/srv/www", Remote("web:/srv/www", "web")),
        ("qa@web:www", Remote("qa@web:www", "web")),
        ("qa@[::1]:/srv", Remote("qa@[::1]:/srv", "::1")),
        ("ssh://qa@web:2222/srv/www", Remote("qa@web:/srv/www", "web", 2222)),
        ("ssh://[::1]:22/srv", Remote("[::1]:/srv", "::1", 22)),
        ("rsync://web/module/www", Remote("rsync://web/module/www", "web", daemon=True)),
    ],
)
def test_targets(target: str, remote: Remote) -> None:
    check_publish_target(target)
    assert remote_of(target) == remote


@pytest.mark.parametrize(
    ("target", "protected"),
    [
        ("/srv/www", False),
        ("qa@web:/srv/www", False),
        ("qa@[::1]:/srv/www", False),
        ("ssh://qa@[::1]:2222/srv/www", False),
        ("rsync://[::1]/module/www", False),
        ("web:/srv/[ab]/x", True),
        ("web:/srv/a b", True),
        ("qa@[::1]:/srv/[ab]", True),
    ],
)
def test_what_a_remote_shell_would_change_is_kept_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, protected: bool
) -> None:
    rsync = tmp_path / "rsync"
    rsync.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\n')
    rsync.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    publish(tmp_path, target, ours=())
    assert ("--protect-args" in (tmp_path / "words").read_text().split()) is protected


@pytest.mark.parametrize(
    "target",
    [
        *("", "-e sh", "https://web/srv", "web::module", "qa:secret@web:/srv", "ssh://qa:secret@web/srv"),
        *("qa@-oProxyCommand=x:/srv", "web:", "ssh://web", "file:///srv", "~/www", "web:/srv\n"),
    ],
)
def test_no_targets(target: str) -> None:
    with pytest.raises(WrongValueError) as wrong:
        check_publish_target(target)
    assert "secret" not in str(wrong.value)


def test_killed_some_times_no_reader_sees_half_a_page(tmp_path: Path) -> None:
    killed(tmp_path, 5)


@pytest.mark.long
def test_killed_often_no_reader_sees_half_a_page(tmp_path: Path) -> None:
    killed(tmp_path, times(100))


def killed(folder: Path, rounds: int) -> None:
    """`kill -9` of rsync and the process that called it, at all its moments; the next one completes it."""
    pages, web = folder / "report", folder / "web"
    pages.mkdir()
    code = (
        "import sys; from pathlib import Path; from shepherd.act.rsync import publish; "
        "publish(Path(sys.argv[1]), sys.argv[2], ours=['.stable.html.??????'])"
    )
    with reader([web / "stable.html"]) as seen:
        for number in range(rounds):
            (pages / "stable.html").write_text(f"{number} " * 3_000_000 + "</html>")
            child = subprocess.Popen([sys.executable, "-c", code, pages, web], start_new_session=True)
            time.sleep(0.1 + 0.3 * (number % 10) / 10)
            for process in [child.pid, *_rsyncs(child.pid)]:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            child.wait()
            publish(pages, str(web), ours=[".stable.html.??????"])
            assert (web / "stable.html").read_bytes() == (pages / "stable.html").read_bytes()
            assert names(web) == ["stable.html"]
    assert seen[0] > rounds and seen[1:] == []


def _rsyncs(parent: int) -> list[int]:
    import psutil

    try:
        return [child.pid for child in psutil.Process(parent).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
