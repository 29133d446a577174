"""A whole run beside servers that drip: it ends in time, says which server it was, and does all the rest."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.drips.server import HTTP, Drip, dripping
from tests.running.host import Host
from tests.running.smtp import serving
from tests.trackers.launchpad_server import credentials

pytestmark = pytest.mark.real

DEADLINE = 16
TOP = f"run = {{ deadline = '{DEADLINE}s' }}\n"


def run(host: Host) -> tuple[int, str, str]:
    """One run, apart, which ends before its deadline."""
    began = time.monotonic()
    ended = host.inv("run", apart=True)
    assert time.monotonic() - began < DEADLINE + 10
    assert "not run" not in ended[1], "each stage has its turn"
    assert "Traceback" not in ended[2]
    return ended


@pytest.mark.parametrize(
    ("kind", "step"), [("launchpad", "status line"), ("github", "headers"), ("gitlab", "chunk")]
)
def test_a_tracker_that_drips(tmp_path: Path, kind: str, step: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(credentials() if kind == "launchpad" else "token\n")
    secret.chmod(0o600)
    with dripping(HTTP[step]) as server:
        project = "launchpad" if kind == "launchpad" else "team/shop"
        tracker = (
            f'type = "{kind}"\nproject = "{project}"\nservice_root = "http://{server.place}"\n'
            f'credentials_file = "{secret}"\nstatus = {{ landed = "", rolled_back = "" }}\n'
        )
        host = Host(tmp_path, top=TOP, tracker=tracker)
        code, _, err = run(host)
    assert code == 5
    assert f"at {server.place}" in err
    assert [each["stage"] for each in host.events("END")] == [
        "find",
        "tag",
        "judge",
        "report",
        "backup",
        "archive",
    ]
    assert f"at {server.place}" in host.page(), "the page says why there is no data"


@pytest.fixture
def alarmed(tmp_path: Path) -> Host:
    """Production runs r2, which was seen to go live, and whose bug was marked bad just now."""
    host = Host(tmp_path)
    assert host.inv("run")[0] == 0
    host.project.deploy(host.project.repo.tip())
    assert host.inv("run")[0] == 0
    host.project.tag(2, "qa-bad", "bad-commit-2")
    return host


def reads_from(host: Host, production: str, post: str) -> None:
    """A second branch asks production over the network, and comes first; operators are told by mail."""
    settings = host.project.folder / "shepherd.toml"
    other = (
        '[branches.other]\nrepository = "project.git"\nref = "stable"\n'
        f'deployed = {{ url = "http://{production}/version" }}\n'
    )
    mail = f"[mail]\nsender = 'qa@example.org'\nsmtp = '{post}'\noperators = ['ops@example.org']\n"
    settings.write_text(f"{TOP}{other}{settings.read_text()}{mail}")


def test_a_production_server_that_drips_costs_no_other_branch_and_no_mail(alarmed: Host) -> None:
    with dripping(HTTP["headers"]) as production, serving() as post:
        reads_from(alarmed, production.place, post.place)
        code, _, err = run(alarmed)
        assert code == 5
        assert f"{production.place}/version does not answer" in err
        assert [to for to, _ in post.messages] == ["ops@example.org"]
    assert "bad in production" in alarmed.page() or "production runs r2" in alarmed.page()


def test_a_mail_server_that_drips_costs_no_page(alarmed: Host) -> None:
    with dripping(HTTP["headers"]) as production, dripping(Drip(b"2", speaks_first=True)) as post:
        reads_from(alarmed, production.place, post.place)
        code, _, _ = run(alarmed)
        assert code == 5
        (told,) = [each for each in alarmed.events("act") if each["what"] == "alarm-mail"]
        assert told["result"] == "failed"
        assert told["why"] == f"{post.place} takes no mail now: no answer in time"
    exits = {each["stage"]: each["exit"] for each in alarmed.events("END")}
    assert (exits["alarm"], exits["report"]) == ("7", "0")
