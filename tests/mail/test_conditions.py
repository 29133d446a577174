"""What digests and escalations say of checks, limits and freezes; and that no landing that is good, and waits
for nothing else, is anybody's to move (docs/mails.md)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from shepherd.plans.mails import BranchNote, Mail
from shepherd.run import Run
from shepherd.situation import Freeze, Situation
from shepherd.stages.mailing import escalate, remind
from shepherd.views.mails import written
from tests.mail.drawn import NEEDS_QA, SITE, waiting
from tests.mail.team import ANN, LIST, MORNING, Team, parsed, text_of
from tests.running.smtp import Server


@pytest.fixture
def team(tmp_path: Path, server: Server) -> Team:
    return Team(tmp_path, server, branch='checks = ["ci/*"]', mail="grace_days = 0")


def test_nobody_is_reminded_of_what_waits_for_a_check_only(team: Team) -> None:
    [sha] = team.land("[no-qa] Two")
    team.check(sha, ci_build="failed")
    team.look()
    assert team.at(MORNING).remind().lines == ["nobody has to be reminded"]
    assert team.sent() == []


def test_a_digest_and_the_list_say_what_the_next_revision_waits_for(team: Team) -> None:
    two, _ = team.land("[no-qa] Two", "[bug=1] Three")
    team.check(two, ci_build="failed")
    team.look()
    team.at("2011-08-03 09:00")
    team.remind()
    team.escalate()
    texts = [(to, " ".join(text_of(parsed(text)).split())) for to, text in team.server.messages]
    told = [to for to, text in texts if "stable: r2 waits for ci/build (failed)." in text]
    assert told == [ANN, LIST]


def test_a_digest_of_a_branch_that_waits_for_nothing_says_nothing(team: Team) -> None:
    two, _ = team.land("[no-qa] Two", "[bug=1] Three")
    team.check(two, ci_build="success")
    team.look()
    team.at(MORNING).remind()
    assert "ci/build" not in team.texts()[ANN]


def test_a_freeze_is_told_to_those_who_have_something_to_do(team: Team) -> None:
    team.land("[bug=1] Two")
    team.look()
    freeze = Freeze(team.now, team.now + timedelta(days=30), "Olga", "the sale")

    team.at("2011-08-03 09:00")
    frozen = Situation(freezes={"stable": (freeze,)})
    for stage in (remind, escalate):
        run = team.run("mails")
        stage(team.settings, Run(run.id, run.now, run.who, run.tell, situation=lambda: frozen))
    for text in map(" ".join, map(str.split, team.texts().values())):
        assert (
            "stable: deployments are frozen until Wednesday, 31 August 2011, " in text and "the sale." in text
        )
        assert "can be deployed" not in text


def test_what_stands_behind_a_landing_says_that_its_checks_have_to_pass() -> None:
    item = waiting(NEEDS_QA)
    for passing in (True, False):
        blocker = replace(item.blocker, if_checks_pass=passing)
        mail = Mail("digest", ANN, (replace(item, blocker=blocker),))
        text = " ".join(written(mail, SITE).text.split())
        assert "On the QA server for 3 days; 12 landings wait behind it." in text
        more = "12 landings wait behind it; r109, which could go then, needs its checks to pass, too"
        assert (more in text) == passing


def test_a_note_goes_only_to_mails_about_its_branch() -> None:
    notes = [BranchNote("stable", "stable: r2 waits"), BranchNote("main", "main: r9 waits")]
    assert Mail("digest", ANN, (waiting(NEEDS_QA),)).noting(notes).notes == (notes[0],)
    assert Mail("digest", ANN).noting(notes).notes == ()
