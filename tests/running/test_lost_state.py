"""What cron says of a first run, of one that failed, and of a `state_dir` that is not there any more."""

from __future__ import annotations

import shutil

import pytest

from tests.running.host import Host

FIRST = "stable: this was the first run: "


def test_a_first_run_is_said_once_to_cron_too(host: Host) -> None:
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (0, "")
    assert err.startswith(FIRST) and str(host.state) in err and len(err.splitlines()) == 1
    assert host.inv("run", "--cron") == (0, "", "")


def test_a_first_run_that_failed_was_none(host: Host) -> None:
    """Whatever was wrong, once it is right all is well: nothing has to be accepted."""
    settings = host.project.folder / "shepherd.toml"
    right = settings.read_text()
    settings.write_text(right.replace('ref = "stable"', 'ref = "stabel"'))
    for _ in range(2):
        assert host.inv("run", "--cron")[0] == 5
    settings.write_text(right)
    code, _, err = host.inv("run", "--cron")
    assert code == 0 and FIRST in err
    assert host.inv("status", "--sha") == (0, f"{host.project.repo.tip()}\n", "")


@pytest.mark.parametrize("report", ["outside", "inside"])
def test_a_state_dir_that_is_gone(host: Host, report: str) -> None:
    """With the report outside it is proved; else nothing tells it from a first run, and that is said."""
    if report == "outside":
        with (host.project.folder / "shepherd.toml").open("a") as file:
            file.write('[report]\ndirectory = "www"\n')
    assert host.inv("run")[0] == 0
    assert host.inv("verdict", "r2", "bad", "--reason=it deletes user data")[0] == 0
    assert host.inv("run")[0] == 0
    elsewhere = host.state.with_name("not-mounted")
    host.state.rename(elsewhere)
    if report == "inside":
        code, _, err = host.inv("run", "--cron")
        assert code == 0 and err.startswith(FIRST)
        return
    for stage in ("run", "find", "judge"):
        assert host.inv(stage)[0] == 5
    assert host.inv("status", "--sha")[:2] == (5, "")
    assert (host.project.folder / "www" / "stable.sha").read_text() == ""
    assert host.inv("promote")[0] == 5
    assert host.inv("verdict", "r2", "ok", "--reason=it seems to work")[0] == 5
    shutil.rmtree(host.state)
    elsewhere.rename(host.state)
    assert host.inv("run")[0] == 0
    code, out, _ = host.inv("status")
    assert code == 0 and "stay at r1" in out and "it deletes user data" in out


def test_history_tells_of_the_acceptance(host: Host) -> None:
    assert host.inv("run")[0] == 0
    for file in host.state.glob("shepherd.db*"):
        file.unlink()
    assert host.inv("find")[0] == 5
    code, out, _ = host.inv("find", "--accept-new-journal", "--reason=the disk died")
    assert code == 0 and "accepted: the journal is empty" in out
    assert "the loss of a journal was accepted" in host.inv("history")[1]
