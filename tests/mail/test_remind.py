"""Who is reminded of what, when, and of what nobody is (docs/mails.md, 2, 4, 5)."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from shepherd.errors import NO_DATA, PARTLY, SourceError
from shepherd.snapshot import Snapshot
from shepherd.stages.find import Acceptance
from shepherd.stages.statements import say_snooze
from shepherd.values import parse_rev
from tests.mail.team import ANN, BOB, BY_BOB, MORNING, OPERATOR, Team, parsed, text_of
from tests.project import Project
from tests.running.smtp import Server, Trick


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


def test_robots_get_no_mail(team: Team) -> None:
    team.land("[bug=1] Two", author="dependabot[bot] <bot@example.org>")
    team.look()
    outcome = team.at(MORNING).remind(dry=True)
    assert "no mail: stable r2: it is not known whose landing it is" in outcome.lines
    assert not any("would mail" in line for line in outcome.lines)


@pytest.mark.parametrize("address", ["noreply@github.com", "No-Reply@example.org", "no-reply@ci.example"])
def test_an_address_that_nobody_reads_gets_no_mail_and_nobody_is_asked_for_a_better_one(
    team: Team, address: str
) -> None:
    team.land("[bug=1] Two", author=f"GitHub <{address}>")
    team.look()
    outcome = team.at(MORNING).remind()
    assert team.sent() == []
    assert outcome.lines == ["nobody has to be reminded"]
    lines = team.remind(dry=True).lines
    assert f"no mail: GitHub ({address}): has an address that nobody reads" in lines


def test_a_program_of_the_forge_gets_no_mail_and_nobody_is_asked_for_its_address(team: Team) -> None:
    team.land("[bug=1] Two", author="github-actions <1+github-actions[bot]@users.noreply.github.com>")
    team.look()
    team.at(MORNING).remind()
    assert team.sent() == []


def test_people_are_mailed_where_they_want_to_be(tmp_path: Path, server: Server) -> None:
    people = f'[people]\n"ANN@example.org" = "ann@home.example"\n"{BOB}" = ""'
    team = Team(tmp_path, server, tail=people)
    team.land("[bug=1] Two")
    team.land("[bug=1] Three", author=BY_BOB)
    team.look()
    outcome = team.at(MORNING).remind()
    assert team.sent() == [("ann@home.example", "digest")]
    assert outcome.lines[-1] == "1 of 1 mails sent"
    assert "no mail: Bob: wants no mail ([people] in the settings)" in team.remind(dry=True).lines


def test_one_person_with_two_spellings_gets_one_mail(team: Team) -> None:
    team.land("[bug=1] Two", "[bug=1] Three", author="Ann <Ann@Example.org>")
    team.land("[bug=1] Four")
    team.look()
    team.at(MORNING).remind()
    team.verdict("r2", "ok")
    team.verdict("r3", "ok")
    team.remind()
    assert [to.casefold() for to, _ in team.sent()] == [ANN]


@pytest.mark.parametrize(
    ("author", "named"),
    [
        ("Bob <1234+bob@users.noreply.github.com>", "Bob (1234+bob@users.noreply.github.com)"),
        ("Bob <>", "Bob"),
        ("Bob <bob at home>", "Bob (bob at home)"),
        ("Bob <bob@home,eve@example.org>", "Bob (bob@home,eve@example.org)"),
        ("Bob <böb@example.org>", "Bob (böb@example.org)"),
        (f"Bob <{'b' * 200}@example.org>", f"Bob ({'b' * 200}@example.org)"),
    ],
)
def test_who_cannot_be_reached_is_told_to_the_operators_once(team: Team, author: str, named: str) -> None:
    team.land("[bug=1] Two", author=author)
    team.land("[bug=1] Three")
    team.look()
    team.at(MORNING).remind()
    assert named in [line.strip() for line in team.texts()[OPERATOR].splitlines()]
    team.at("2011-08-03 09:00").remind()
    assert team.sent() == [(ANN, "digest")]
    team.land("[bug=1] Four", author="Zoe <>")
    team.look()
    team.at("2011-08-04 09:00").remind()
    text = team.texts()[OPERATOR]
    assert "Zoe" in text
    assert "Bob" not in text


def test_what_was_refused_is_tried_at_the_next_run_and_nothing_else_is(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "refuse"
    outcome = waiting.at(MORNING).remind()
    assert outcome.code == PARTLY
    assert outcome.failures == ["the mail to ann@example.org was not taken: 550 nobody here"]
    assert waiting.sent() == [(BOB, "digest")]
    waiting.server.tricks.clear()
    assert waiting.later(minutes=5).remind().code == 0
    assert waiting.sent() == [(ANN, "digest")]


def test_an_address_that_is_refused_all_day_is_tried_once_an_hour(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "refuse"
    codes = [waiting.at(MORNING).later(minutes=5 * each).remind().code for each in range(12 * 5)]
    assert 6 <= codes.count(PARTLY) <= 8


def test_what_is_refused_is_tried_three_times_before_it_waits_an_hour(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "refuse"
    tried = [waiting.at(MORNING).later(minutes=each).remind().code == PARTLY for each in range(0, 120, 10)]
    assert [each for each, failed in enumerate(tried) if failed] == [0, 1, 2, 8]


def test_what_may_have_been_sent_is_said_and_not_sent_again_that_day(waiting: Team) -> None:
    waiting.server.tricks[ANN] = "take it and hang up"
    assert waiting.at(MORNING).remind().code == PARTLY
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]
    waiting.server.tricks.clear()
    outcome = waiting.later(hours=1).remind()
    assert outcome.lines == ["the digest to ann@example.org may have been sent; it is not sent again today"]
    assert outcome.code == 0
    assert waiting.sent() == []
    assert any("result=unsure" in line and "ann@example.org" in line for line in waiting.lines)
    waiting.at("2011-08-03 09:00").remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]


def test_a_changed_wording_is_no_new_mail(waiting: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting.at(MORNING).remind()
    waiting.sent()
    waiting.verdict("r3", "ok")
    monkeypatch.setattr("shepherd.views.mail_entries.NEEDS", {})
    waiting.remind()
    assert waiting.sent() == []


def test_more_than_the_cap_is_not_sent_and_the_operators_hear_of_it_once(
    tmp_path: Path, server: Server
) -> None:
    team = Team(tmp_path, server, mail="cap = 2")
    for name in "abc":
        team.land("[bug=1] x", author=f"{name} <{name}@example.org>")
    team.look()
    for _ in range(2):
        outcome = team.at(MORNING).remind()
        assert outcome.code == PARTLY
        assert outcome.failures[0].startswith("3 digests are more than mail.cap (2): none of them is sent;")
    assert team.sent() == [(OPERATOR, "brake")]
    assert team.remind(over_cap=True).code == 0
    assert team.sent() == [(f"{name}@example.org", "digest") for name in "abc"]


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


def test_after_the_cache_was_dropped_nobody_is_called_unreachable(waiting: Team) -> None:
    waiting.drop_cache()
    outcome = waiting.at(MORNING).remind()
    assert waiting.sent() == []
    assert outcome.lines == ["nobody has to be reminded"]
    waiting.look()
    waiting.remind()
    assert waiting.sent() == [(ANN, "digest"), (BOB, "digest")]


def test_all_mails_of_a_run_go_over_one_connection(team: Team) -> None:
    for number in range(30):
        team.land("[bug=1] x", author=f"p <p{number % 12}@example.org>")
    team.look()
    team.at(MORNING).remind()
    assert len(team.server.messages) == 12
    assert team.server.connections == 1


@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_server_does_nobody_gets_two_and_nobody_is_forgotten(team: Team, seed: int) -> None:
    chance = random.Random(seed)
    tricks = ["", *(trick for trick in get_args(Trick) if "nothing" not in trick)]
    people = [f"{name}@example.org" for name in "abcde"]
    for person in people:
        team.land("[bug=1] x", author=f"p <{person}>")
    team.look()
    for day in range(2, 5):
        team.at(f"2011-08-{day:02} 08:00")
        for _ in range(7):
            team.server.tricks = {person: chance.choice(tricks) for person in people}
            team.later(minutes=61).remind()
        team.server.tricks = {}
        team.later(minutes=61).remind()
        assert Counter(team.sent()) == {(person, "digest"): 1 for person in people}


def test_without_a_mail_table_there_is_nothing_to_do(waiting: Team) -> None:
    waiting.write_settings()
    assert waiting.at(MORNING).remind().lines == ["no mail is sent: there is no [mail] in the settings"]
