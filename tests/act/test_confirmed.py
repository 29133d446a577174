"""Nothing is done to the world by a run that lost the work lock (docs/running.md#two-hosts)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd import holding
from shepherd.act.mail import SmtpSession
from shepherd.act.ref import Move, move_ref
from shepherd.act.rsync import publish
from shepherd.errors import LostLockError
from shepherd.git.repository import Git
from shepherd.running.backup.daily import back_up_daily
from shepherd.running.tasking import TaskOptions
from shepherd.settings import MailSettings
from shepherd.trackers.http import HttpSession
from tests.gitrepo import Repo
from tests.project import Project
from tests.running.smtp import serving


@pytest.fixture
def lost() -> Iterator[None]:
    def confirm() -> None:
        raise LostLockError("lost")

    with holding.confirmed_by(confirm, 0, 60):
        yield


@pytest.mark.usefixtures("lost")
def test_no_ref_is_moved(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    one, two = repo.commit("One"), repo.commit("Two")
    repo.set_ref("released", one)
    with pytest.raises(LostLockError):
        move_ref(Git(str(repo.path), "project.git"), Move(str(repo.path), "refs/heads/released", one, two))
    assert repo.git("rev-parse", "released").strip() == one


@pytest.mark.usefixtures("lost")
def test_nothing_is_published(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "index.html").write_text("page")
    with pytest.raises(LostLockError):
        publish(tmp_path / "report", str(tmp_path / "there"), ours=["index.html"])
    assert not (tmp_path / "there").exists()


@pytest.mark.usefixtures("lost")
def test_no_mail_goes() -> None:
    with serving() as server:
        mail = MailSettings(smtp=server.place, sender="qa@example.org")
        session = SmtpSession(mail, "")
        with pytest.raises(LostLockError):
            session.deliver(b"Subject: x\r\n\r\nx\r\n", "ann@example.org")
        assert server.messages == []


def test_a_mail_is_confirmed_when_the_server_is_ready_for_it() -> None:
    """However slowly it came so far: only what follows has to end before another host may work."""
    with serving() as server:
        mail = MailSettings(smtp=server.place, sender="qa@example.org")
        with (
            holding.confirmed_by(lambda: server.said.append("confirmed"), 0, 60),
            SmtpSession(mail, "") as session,
        ):
            session.deliver(b"Subject: x\r\n\r\nx\r\n", "ann@example.org")
        assert len(server.messages) == 1
    assert server.said[server.said.index("354 go on") + 1] == "confirmed"


@pytest.mark.usefixtures("lost")
def test_no_tracker_is_written_to_and_all_may_be_read() -> None:
    session = HttpSession("Launchpad", "http://127.0.0.1:9/")
    sent: list[str] = []

    def attempt() -> None:
        sent.append("sent")
        raise OSError("nobody is there")

    with pytest.raises(LostLockError):
        session.send("PATCH", "http://127.0.0.1:9/bugs/1", attempt)  # type: ignore[arg-type]  # never answers
    assert sent == []
    with pytest.raises(Exception, match="Launchpad"):
        session.send("GET", "http://127.0.0.1:9/bugs/1", attempt, one_of_many=True)  # type: ignore[arg-type]
    assert sent


def test_an_act_takes_no_longer_than_the_lock_is_held() -> None:
    assert holding.within(120) == 120
    with holding.confirmed_by(lambda: None, 0, 60):
        assert holding.within(120) == 60
        assert holding.within(20) == 20


@pytest.mark.usefixtures("lost")
def test_a_backup_that_fails_for_that_says_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project(tmp_path)
    (project.state / "shepherd.db").write_bytes(b"no database")
    with pytest.raises(LostLockError):
        back_up_daily(TaskOptions(project.settings, "ann"), project.run("backup"))
    assert capsys.readouterr().err == ""
