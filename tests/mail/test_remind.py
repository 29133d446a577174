"""Who is reminded of what, when, and of what nobody is (docs/mails.md, 2, 4, 5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shepherd.errors import NO_DATA, SourceError
from shepherd.snapshot import Snapshot
from shepherd.stages.find import Acceptance
from shepherd.stages.statements import say_snooze
from shepherd.values import parse_rev
from tests.mail.team import ANN, BOB, MORNING, Team, parsed, text_of
from tests.project import Project
from tests.running.smtp import Server


def test_everybody_gets_one_digest_a_day_and_not_before_its_hour(waiting: Team) -> None:
    assert waiting.remind().lines == ["no mail now: today's go after 09:00 (UTC)"]
    waiting.at(MORNING)
    waiting.remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]
    for _ in range(3):
        assert waiting.later(hours=4).remind().lines == [
            "nobody has to be reminded any more: the 2 digests of today went, the last at 09:01 (UTC)"
        ]
    assert waiting.sent() == []
    waiting.at("2011-08-03 09:00").remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]


def test_a_missed_hour_is_caught_up_the_same_day(waiting: Team) -> None:
    waiting.at("2011-08-02 23:50").remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]


def test_at_the_weekend_nobody_is_mailed_unless_that_is_set(waiting: Team) -> None:
    waiting.at("2011-08-06 12:00")
    assert waiting.remind().lines == ["no mail now: the next go on Monday, 8 August 2011"]
    assert waiting.sent() == []
    file = waiting.folder / "shepherd.toml"
    file.write_text(file.read_text().replace("[mail]\n", "[mail]\nweekend = true\n"))
    waiting.remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]


def test_nobody_hears_of_what_nobody_can_act_on(team: Team) -> None:
    """Live, undone, good, unreadable, after what QA runs, or there before the shepherd first looked."""
    team.land("[bug=1] Live", "[bug=2] Undone", "[rollback=3] Undo", "[bug=3] Good", "[bug=404] Unreadable")
    team.tag(1, "qa-bad", "bad-commit-2")
    team.tag(2, "qa-bad")
    team.tag(3, "qa-ok")
    team.deploy(team.repo.git("rev-parse", "stable~4"))
    team.look()
    outcome = team.at(MORNING).remind(dry=True)
    assert outcome.lines == [
        "no mail: stable r2: production runs it",
        "no mail: stable r3: r4 undid it",
        "no mail: stable r6: it could not be judged, which the operators have to fix",
    ]
    team.remind()
    assert team.sent() == []


def test_what_landed_before_the_first_run_is_left_in_peace(tmp_path: Path, server: Server) -> None:
    class Late(Team):
        def look(self) -> Snapshot:
            if not self.runs:
                self.land("[bug=1] Old")
                self.tag(1, "qa-needstesting")
            return super().look()

    team = Late(tmp_path, server)
    team.land("[bug=1] New")
    team.look()
    assert team.at(MORNING).remind(dry=True).lines == [
        "would mail ann@example.org: [stable] r3 waits for your QA, 25 hours: New",
        "no mail: stable r2: it landed before the shepherd's first run",
    ]


def test_a_failed_first_run_was_none(tmp_path: Path, server: Server) -> None:
    """What landed before anything was read is left in peace, however often that was tried."""

    class Late(Team):
        def look(self) -> Snapshot:
            if not self.runs:
                self.repo.git("branch", "-m", "stable", "misspelt")
                with pytest.raises(SourceError):
                    self.find()
                self.judge()
                self.repo.git("branch", "-m", "misspelt", "stable")
                self.land("[bug=1] Old")
            return super().look()

    team = Late(tmp_path, server)
    team.land("[bug=1] New")
    team.look()
    assert team.at(MORNING).remind(dry=True).lines[1:] == [
        "no mail: stable r2: it landed before the shepherd's first run"
    ]


@pytest.mark.parametrize("release", ["this one", "0.1.0"])
def test_a_lost_journal_floods_nobody(tmp_path: Path, server: Server, release: str) -> None:
    """What had landed before the first run stays in peace; about what came later mails go on, from the next
    day. Where nobody knows any more when the first run was, the acceptance is taken for it."""

    class Late(Team):
        def look(self) -> Snapshot:
            if not self.runs:
                self.land("[bug=1] Old")
            return super().look()

    team = Late(tmp_path, server)
    team.land("[bug=1] New")
    team.look()
    team.at(MORNING).remind()
    assert team.sent() == [(ANN, "digest")]
    for path in team.state.glob("shepherd.db*"):
        path.unlink()
    latest = team.state / "snapshots" / "stable" / "latest.json"
    if release == "0.1.0":
        document = json.loads(latest.read_text())
        del document["journal"]
        latest.write_text(json.dumps(document))
    team.later(hours=1).find(Acceptance(new_journal=True), "the disk died")
    team.judge()
    assert "no mail today: a lost journal was accepted today" in team.remind().lines[0]
    assert team.sent() == []
    lines = team.at("2011-08-03 09:00").remind(dry=True).lines
    silent = "no mail: stable r2: it landed before the shepherd's first run"
    if release == "0.1.0":
        assert lines[-2:] == [silent, silent.replace("r2", "r3")]
    else:
        assert lines == ["would mail ann@example.org: [stable] r3 waits for your QA, 22 hours: New", silent]


def test_what_is_not_on_qa_yet_waits_until_it_is(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, branch='qa = { ref = "qa" }')
    team.repo.set_ref("qa", team.repo.tip())
    team.land("[bug=1] Two")
    team.tag(1, "qa-needstesting")
    team.look()
    team.at(MORNING).remind()
    assert team.sent() == []
    team.repo.set_ref("qa", team.repo.tip())
    team.at("2011-08-03 08:00").look()
    team.at("2011-08-03 11:00").remind()
    assert "since Wednesday, 3 August 2011, 08:01 UTC: 3 hours" in team.texts()[ANN]


def test_a_qa_server_that_cannot_be_read_now_is_where_it_was_seen(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, branch='qa = { ref = "qa" }')
    team.land("[bug=1] Two")
    team.repo.set_ref("qa", team.repo.tip())
    team.look()
    team.land("[bug=1] Three")
    team.repo.delete_ref("qa")
    team.tag(1, "qa-needstesting")
    team.look()
    assert team.at(MORNING).remind(dry=True).lines == [
        "would mail ann@example.org: [stable] r2 waits for your QA, 25 hours: Two",
        "no mail: stable r3: it is not on the QA server yet, as far as is known",
    ]


def test_without_data_nobody_is_mailed(waiting: Team) -> None:
    (waiting.folder / "bugs.json").unlink()
    waiting.look()
    outcome = waiting.at(MORNING).remind()
    assert outcome.code == NO_DATA
    assert "nobody is mailed about stable: there is no data" in outcome.lines[0]
    assert waiting.sent() == []


def test_a_stale_answer_is_no_reason_to_mail(waiting: Team) -> None:
    outcome = waiting.at("2011-10-03 09:00").remind()
    assert outcome.code == NO_DATA
    assert outcome.lines[0].startswith(
        "nobody is mailed about stable: the answer is stale: a newer one was due"
    )
    assert waiting.sent() == []


def test_a_snoozed_landing_is_silent_until_its_day(waiting: Team) -> None:
    waiting.snooze("r2", "2011-08-04")
    waiting.snooze("r3", "2011-08-03")
    waiting.at(MORNING).remind()
    assert waiting.sent() == [(BOB, "digest")]
    waiting.at("2011-08-03 09:00").remind()
    assert "r2" not in waiting.texts()[ANN].split()
    waiting.at("2011-08-04 09:00").remind()
    assert "r2" in waiting.texts()[ANN].split()


def test_a_snooze_can_be_ended(waiting: Team) -> None:
    waiting.snooze("r4", "2011-09-01")
    assert waiting.snooze("r4", "2011-08-02").startswith("r4: mails go again, says tester (on holiday)\n")
    waiting.at(MORNING).remind()
    assert (BOB, "digest") in waiting.sent()


def test_a_snooze_can_be_given_before_any_mail_is_set_up(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin")[0])
    project.land("[bug=1] Two")
    project.look()
    said = say_snooze(
        project.settings, "stable", parse_rev("r2"), "2011-09-03", "away", project.run("snooze")
    )
    assert said.startswith("r2: no mail before Saturday, 3 September 2011, says tester (away)")


def test_a_changed_wording_is_no_new_mail(waiting: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting.at(MORNING).remind()
    waiting.sent()
    waiting.verdict("r3", "ok")
    monkeypatch.setattr("shepherd.views.mail_entries.NEEDS", {})
    waiting.remind()
    assert waiting.sent() == []


def test_a_preview_shows_all_mails_and_sends_none(waiting: Team) -> None:
    first = waiting.remind(preview=True)
    assert [line.splitlines()[0] for line in first.lines] == [
        "--- digest to ann@example.org",
        "--- digest to bob@example.org",
    ]
    assert waiting.sent() == []
    waiting.at(MORNING).remind()
    [(_, sent), *_] = waiting.server.messages
    shown = waiting.remind(preview=True).lines[0]
    assert shown.startswith("--- digest to ann@example.org (sent today)\nFrom: QA Shepherd")
    assert shown.endswith(f"\n\n{text_of(parsed(sent))}")


def test_a_dry_run_says_what_would_be_mailed(waiting: Team) -> None:
    waiting.at(MORNING)
    assert [line for line in waiting.remind(dry=True).lines if line.startswith("would")] == [
        "would mail ann@example.org: [stable] r2 and 1 more wait for you, 25 hours",
        "would mail bob@example.org: [stable] r4 names no bug, 25 hours: Four",
    ]
    waiting.remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]


def test_without_a_mail_table_there_is_nothing_to_do(waiting: Team) -> None:
    waiting.write_settings()
    assert waiting.at(MORNING).remind().lines == ["no mail is sent: there is no [mail] in the settings"]
