"""What stands in a digest."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from shepherd.plans.mails import Mail
from shepherd.views.mail_entries import Project
from shepherd.views.terminal import width
from tests.mail.team import ANN, BOB, MORNING, Team, parsed, text_of
from tests.project import entry
from tests.running.smtp import Server


def test_the_oldest_comes_first_and_all_of_it_is_told(waiting: Team) -> None:
    waiting.at("2011-08-02 08:40").land("[bug=5] Five")
    waiting.tag(5, "qa-needstesting")
    waiting.look()
    waiting.at(MORNING).remind()
    text = waiting.texts()[ANN]
    assert [line[:3] for line in text.splitlines() if line.startswith("r")] == ["r2 ", "r3 ", "r5 "]
    for piece in (
        "3 landings wait behind it",
        'inv verdict r2 ok --reason "…"',
        "mark bug 1 qa-ok",
        "or\n           revert it, marked [rollback=3]",
        "https://qa.example.org/stable.html#r5",
        "since Monday, 1 August 2011, 07:",
        "dev@example.org will be told of it on Monday, 8 August 2011",
    ):
        assert piece in text, piece


def test_a_wrapped_title_is_told_whole(team: Team) -> None:
    team.land("[r=me][bug=1] Count the\n sheep.\n\nMore")
    team.look()
    team.at(MORNING).remind()
    (mail,) = [parsed(text) for to, text in team.server.messages if to == ANN]
    assert mail["Subject"].endswith(": Count the sheep.")
    assert text_of(mail).count("Count the sheep.\n") == 2


@pytest.mark.parametrize(
    "messages", [["[bug=1] Two"], ["[bug=1] Two", "[bug=2] Three"], ["x" * 300, "[bug=2] " + "界" * 200]]
)
def test_the_first_three_lines_say_what_how_long_and_what_to_do(team: Team, messages: list[str]) -> None:
    team.land(*messages)
    team.tag(1, "qa-needstesting")
    team.tag(2, "qa-needstesting")
    team.look()
    team.at("2011-08-04 09:00").remind()
    what, how_long, todo = team.texts()[ANN].splitlines()[:3]
    assert "r2" in what
    assert "3 days" in how_long or "2 days" in how_long
    assert "Try it on the QA server" in todo or "Say what it is" in todo


@pytest.mark.parametrize(
    ("message", "tags", "line"),
    [
        (
            "[bug=1] x",
            ["qa-needstesting"],
            "Try it on the QA server, then mark bug 1 qa-ok (or qa-bad) in bugs.json.",
        ),
        ("[bug=1] x", ["qa-bad", "bad-commit-2"], "Revert it, marked [rollback=2]."),
        (
            "[bug=1] x",
            ["qa-bad"],
            "Add bad-commit-N to bug 1 for the landing that is bad, or revert it, marked [rollback=2].",
        ),
        ("x", [], 'Say what it is: inv verdict r2 ok --reason "…"'),
        ("Title (#12)", [], 'Try it on the QA server, then: inv verdict r2 ok --reason "…"'),
    ],
)
def test_the_third_line_says_what_to_do(team: Team, message: str, tags: list[str], line: str) -> None:
    team.tag(1, *tags)
    team.land(message)
    team.look()
    team.at(MORNING).remind()
    opening = team.texts()[ANN].partition("\n\n")[0]
    assert " ".join(opening.splitlines()[2:]) == line


def test_the_list_hears_of_a_snoozed_landing_when_its_snooze_is_over(waiting: Team) -> None:
    waiting.snooze("r2", "2011-08-12")
    waiting.at("2011-08-12 09:00").look()
    waiting.remind()
    told = waiting.texts()[ANN].partition("\nr3 ")[0]
    assert "dev@example.org is told of it today" in " ".join(told.split())


def test_the_git_note_that_is_offered_says_that_it_is_good(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, branch='verdict_notes = "refs/notes/qa"')
    sha = team.land("[bug=1] Two")[0]
    team.look()
    team.at(MORNING).remind()
    lines = [line.strip() for line in team.texts()[ANN].splitlines()]
    [command] = [line for line in lines if line.startswith("git ")]
    assert sha in command
    work = tmp_path / "work"
    team.repo.git("clone", "-q", "-b", "stable", ".", str(work))
    subprocess.run(["sh", "-ec", command], cwd=work, check=True, capture_output=True)
    assert entry(team.look(), 2).state == "ok"


def test_words_of_people_stay_words(team: Team) -> None:
    """Line ends, NUL, emoji and a thousand characters in message, branch, person and bug title."""
    nasty = "[bug=1] \x00\x1b[31m\u202eBcc: eve@example.org" + "🐑" * 50 + "y" * 1000
    team.land(nasty, author="An\u2028n\x01 " + "z" * 1000 + " <ann@example.org>")
    team.land("Merge pull request #12 from eve/" + "b" * 1000 + "\n\nx")
    team.tag(1, "qa-needstesting", title="a\r\nBcc: eve@example.org\0")
    team.look()
    assert team.at(MORNING).remind().code == 0
    raw = team.server.messages[0][1]
    message = parsed(raw)
    assert message.get_all("Bcc") is None
    assert not set("\x00\x1b\u202e") & set(text_of(message))
    assert team.sent() == [(ANN, "digest")]


def test_lines_fit_72_columns_and_what_is_to_be_copied_is_whole(tmp_path: Path, server: Server) -> None:
    team = Team(
        tmp_path,
        server,
        tracker='bug_url = "https://bugs.example.org/a/rather/long/way/to/the/bugs/of/us/{bug}"',
    )
    base = team.repo.tip()
    team.repo.set_ref("topic", base)
    side = team.repo.commit("Work", branch="topic", date=int(team.now.timestamp()))
    message = f"Merge pull request #12 from ann/{'界' * 80}\n\n{'A long title ' * 20}\n\nLP: #1, #2"
    team.repo.merge(message, side, date=int(team.now.timestamp()))
    team.land("[bug=1] " + "x" * 500)
    team.tag(2, "qa-needstesting")
    team.look()
    team.at(MORNING).remind()
    lines = team.texts()[ANN].splitlines()
    wide = [line.split(maxsplit=1)[-1] for line in lines if width(line) > 72]
    assert wide == [
        "1 https://bugs.example.org/a/rather/long/way/to/the/bugs/of/us/1",
        "https://bugs.example.org/a/rather/long/way/to/the/bugs/of/us/2",
        "1 https://bugs.example.org/a/rather/long/way/to/the/bugs/of/us/1",
    ]


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(
    waiting: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shepherd.stages import mail_messages
    from shepherd.views import mails

    def fragile(mail: Mail, project: Project, missing: Sequence[str] = ()) -> mails.WrittenMail:
        if mail.to == ANN:
            raise ZeroDivisionError
        return mails.written(mail, project, missing)

    monkeypatch.setattr(mail_messages, "written", fragile)
    outcome = waiting.at(MORNING).remind()
    assert outcome.failures == ["the digest to ann@example.org cannot be written: ZeroDivisionError()"]
    assert waiting.sent() == [(BOB, "digest")]
