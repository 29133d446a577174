"""`inv remind`, `escalate` and `snooze` as people and cron call them (docs/interfaces.md#commands;
docs/mails.md)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inv import ROOT
from tests.mail.team import parsed, text_of
from tests.running.host import Host
from tests.running.smtp import Door, Server, serving

ANN, BOB, LIST = "ann@example.org", "bob@example.org", "dev@example.org"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def team(tmp_path: Path, server: Server) -> Host:
    """After a first run a landing of Ann's and one of Bob's came; any hour of any day is right for mails."""
    host = Host(
        tmp_path,
        top=f'[mail]\nsmtp = "{server.place}"\nsender = "qa@example.org"\nlist = "{LIST}"\n'
        'weekend = true\nat = "00:00"\ngrace_days = 4\n',
    )
    assert host.inv("run")[0] == 0
    host.project.land("[bug=3] three")
    host.project.land("[bug=3] four", author=f"Bob <{BOB}>")
    host.project.tag(3, "qa-needstesting")
    return host


def recipients(server: Server) -> list[str]:
    return [to for to, _ in server.messages]


def test_a_run_reminds_each_person_once(team: Host, server: Server) -> None:
    code, out, _ = team.inv("run", apart=True)
    assert code == 0
    assert "mailed ann@example.org: [stable] r3 waits for your QA" in out
    assert "2 of 2 mails sent" in out
    assert team.inv("run", "--cron") == (0, "", "")
    code, out, _ = team.inv("remind")
    assert code == 0
    assert out.startswith("nobody has to be reminded any more: the 2 digests of today went, the last at ")
    assert recipients(server) == [ANN, BOB]


def test_what_is_not_taken_ends_with_7_and_goes_at_the_next_run(team: Host, server: Server) -> None:
    server.tricks[ANN] = "not now"
    code, out, err = team.inv("run", "--cron")
    assert (code, out) == (7, "")
    assert "the mail to ann@example.org was not taken: 451 greylisted" in err
    assert "remind failed (7)" in err
    assert recipients(server) == [BOB]
    server.tricks.clear()
    assert team.inv("run", "--cron") == (0, "", "")
    assert recipients(server) == [BOB, ANN]


@pytest.mark.parametrize("door", ["busy", "no tls"])
def test_a_server_that_takes_nothing_loses_nothing(team: Host, server: Server, door: Door) -> None:
    if door == "no tls":
        file = team.project.folder / "shepherd.toml"
        file.write_text(file.read_text().replace("[mail]\n", "[mail]\nstarttls = true\n"))
    server.door = door
    code, _, err = team.inv("run")
    assert code == 7
    assert "none of 2 mails was sent" in err
    server.door = ""
    file = team.project.folder / "shepherd.toml"
    file.write_text(file.read_text().replace("starttls = true\n", ""))
    assert team.inv("remind")[0] == 0
    assert recipients(server) == [ANN, BOB]


def test_in_maintenance_nobody_is_mailed(team: Host, server: Server) -> None:
    assert team.inv("find", "judge")[0] == 0
    assert team.inv("maintenance.on", "--reason", "new disk")[0] == 0
    assert team.inv("remind")[0] == 3
    assert team.inv("escalate")[0] == 3
    assert team.inv("snooze", "r3", "--until", "2099-01-01", "--reason", "x")[0] == 3
    assert recipients(server) == []
    assert team.inv("remind", "--preview")[0] == 0


def test_a_preview_prints_the_whole_mail(team: Host, server: Server) -> None:
    team.inv("find", "judge")
    code, out, _ = team.inv("remind", "--preview")
    assert code == 0
    assert "To: ann@example.org\nSubject: [stable] r3 waits for your QA, less than an hour: three\n" in out
    assert 'inv verdict r3 ok --reason "…"\n' in out
    assert recipients(server) == []
    assert team.inv("escalate", "--preview")[:2] == (0, "nothing has waited for too long\n")


def test_without_data_the_exit_code_says_so(team: Host, server: Server) -> None:
    (team.project.folder / "bugs.json").unlink()
    assert team.inv("run")[0] == 5
    code, out, _ = team.inv("remind")
    assert code == 5
    assert "nobody is mailed about stable: there is no data" in out
    assert recipients(server) == []


def test_a_snooze_is_a_persons_word(team: Host, server: Server) -> None:
    assert team.inv("find", "judge")[0] == 0
    code, out, _ = team.inv("snooze", "r3", "--until", "2099-01-01", "--reason", "on holiday", "--as", "Ann")
    assert code == 0
    assert out.startswith("r3: no mail before Thursday, 1 January 2099, says Ann (on holiday)\n")
    assert team.inv("remind")[0] == 0
    assert recipients(server) == [BOB]
    assert "r3: no mail before 2099-01-01" in team.inv("history", "--rev", "r3")[1]
    assert "no mail: stable r3: snoozed until Thursday" in team.inv("remind", "--dry-run")[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--until", "2001-01-01", "--reason", "x"], "2001-01-01 is over"),
        (["--until", "soon", "--reason", "x"], "'soon' is not a date"),
        (["--reason", "x"], "'' is not a date"),
        (["--until", "2099-01-01"], "a reason is needed"),
    ],
)
def test_a_snooze_that_says_nothing_is_refused(team: Host, options: list[str], said: str) -> None:
    team.inv("find", "judge")
    code, _, err = team.inv("snooze", "r3", *options)
    assert code == 2
    assert said in err


@pytest.fixture
def two_branches(team: Host) -> Host:
    """Bob has a landing on `next` too."""
    repo = team.project.repo
    repo.set_ref("next", repo.tip())
    repo.set_ref("old", repo.tip())
    with (team.project.folder / "shepherd.toml").open("a") as file:
        file.write('[branches.next]\nrepository = "project.git"\nref = "next"\ndeployed = { ref = "old" }\n')
    assert team.inv("find", "judge")[0] == 0
    repo.commit("[bug=3] five", branch="next", author=f"Bob <{BOB}>", date=int(team.project.now.timestamp()))
    return team


def test_one_mail_tells_of_all_branches(two_branches: Host, server: Server) -> None:
    assert two_branches.inv("run")[0] == 0
    assert recipients(server) == [ANN, BOB]
    text = text_of(parsed(server.messages[1][1]))
    assert 'inv verdict r4 ok --reason "…" --branch stable\n' in text
    assert 'inv verdict r5 ok --reason "…" --branch next\n' in text


def test_a_branch_without_data_does_not_silence_the_others(two_branches: Host, server: Server) -> None:
    two_branches.project.repo.delete_ref("next")
    assert two_branches.inv("run")[0] == 5
    assert recipients(server) == [ANN, BOB]
    text = " ".join(text_of(parsed(server.messages[1][1])).split())
    assert "Not in this mail, since it could not be looked at: next: there is no data" in text


def test_a_run_that_sends_nothing_loads_neither_smtp_nor_templates(team: Host) -> None:
    assert team.inv("run")[0] == 0
    code = (
        "import sys; from invoke.main import program; program.run(['inv', 'remind', 'escalate'], exit=False);"
        "print(*sorted({'smtplib', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(team.project.folder / "shepherd.toml")},
        capture_output=True,
        text=True,
    )
    reminded, *rest = done.stdout.splitlines()
    assert reminded.startswith("nobody has to be reminded any more"), done.stderr
    assert rest == ["nothing has waited for too long", ""]


def test_the_log_tells_of_every_mail(team: Host) -> None:
    team.inv("run")
    mails = [each for each in team.events("act") if each["what"] == "mail"]
    assert [(each["on"], each["landings"], each["result"], each["by"]) for each in mails] == [
        (ANN, "stable/r3", "done", "ann"),
        (BOB, "stable/r4", "done", "ann"),
    ]
