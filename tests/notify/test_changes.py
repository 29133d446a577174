"""What a chat is told, and that each change is told once (docs/notices.md#what-is-told)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import PartlyError, StoreError
from shepherd.situation import Unread
from shepherd.store import JournalEntry
from shepherd.store.snapshots import Snapshots
from tests.notify.receiver import Chat
from tests.notify.team import PLACE, Team
from tests.promoting import PROMOTE, promote

MAY_GO = "r3 may be deployed: 2 landings newer than r1"
BLOCKED = "nothing can be deployed: blocked by r3 (Ann)"


def test_of_what_was_there_nothing_is_told(team: Team) -> None:
    assert team.tells() == []
    assert team.tells() == []


def test_a_new_answer_is_told_once(team: Team) -> None:
    team.land("[no-qa] Three")
    assert team.tells() == [MAY_GO]
    assert team.tells() == []
    assert team.tells(minutes=60) == []


def test_a_message_has_the_answer_as_it_is_now(team: Team, chat: Chat) -> None:
    team.land("[no-qa] Three")
    team.later(minutes=5).look()
    team.notify()
    [document] = chat.told
    assert (document["branch"], document["answer"], document["left_out"]) == ("stable", "deploy r3", 0)


def test_a_run_that_answers_the_same_is_no_news(team: Team) -> None:
    team.land("[no-qa] Three")
    team.tells()
    team.land("[bug=1] Four, which waits for QA")
    assert team.tells(minutes=60) == []


def test_production_that_has_it_all_is_told(team: Team) -> None:
    team.deploy(team.repo.tip())
    assert team.tells() == ["nothing is to be deployed: production runs r2, and nothing has landed since"]


def test_what_blocks_is_named_with_what_clearing_it_gives(team: Team) -> None:
    team.deploy(team.repo.tip())
    team.tells(minutes=60)
    team.land("[bug=1] Three", "[no-qa] Four")
    team.tag(1, "qa-needstesting")
    [told] = team.tells(minutes=60)
    assert told == f"{BLOCKED}; if r3 were good you would get r4, 2 landings"


def test_no_data_begins_and_ends(team: Team) -> None:
    bugs = team.folder / "bugs.json"
    kept = bugs.read_bytes()
    bugs.write_text("nonsense")
    [told] = team.tells()
    assert told.startswith("no data: ")
    assert team.tells(minutes=30) == []
    bugs.write_bytes(kept)
    assert team.tells(minutes=30) == ["r2 may be deployed: 1 landing newer than r1"]


def test_a_branch_that_cannot_be_read_is_no_data_however_often_it_is_tried(team: Team) -> None:
    for _ in range(2):
        team.unread = {"stable": Unread(team.now, "judge", "ended by its deadline")}
        [told] = team.tells(minutes=30, judge=False)
        assert told.startswith("no data: judge failed at ")
        assert "ended by its deadline" in told
        team.unread = {"stable": Unread(team.now, "judge", "ended by its deadline")}
        assert team.tells(minutes=30, judge=False) == []
        team.unread = {}
        assert team.tells(minutes=30, judge=False) == ["r2 may be deployed: 1 landing newer than r1"]


def test_an_answer_is_not_told_in_the_words_of_the_one_before(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, or the run is killed, when the journal has the answer and the snapshot not yet."""

    def write(*_: object) -> None:
        raise StoreError("no space left")

    with monkeypatch.context() as full:
        full.setattr(Snapshots, "write", write)
        with pytest.raises(PartlyError):
            team.verdict("r2", "bad")
    result = team.notify()
    assert team.heard() == []
    assert result.code == 5
    assert "inv judge" in result.lines[0]
    (told,) = team.tells(minutes=5)
    assert told.startswith("nothing can be deployed: blocked by r2")


def test_no_key_is_used_for_two_changes(team: Team) -> None:
    keys = []
    for _ in range(3):
        team.unread = {"stable": Unread(team.now, "judge", "ended")}
        team.later(minutes=30).notify()
        team.unread = {}
        team.later(minutes=30).notify()
    keys = [change["key"] for document in team.chat.told for change in document["changes"]]
    assert len(keys) == len(set(keys)) == 6


def test_an_alarm_begins_and_ends(team: Team, chat: Chat) -> None:
    team.deploy(team.repo.tip())
    team.tells(minutes=60)
    team.verdict("r2", "bad", "it loses money")
    begun = team.tells(minutes=30)
    assert [each for each in begun if each.startswith("ALARM: production runs r2, which is bad: ")]
    team.verdict("r2", "ok", "fixed")
    over = "the alarm about r2 is over: it is bad no longer, or neither live nor promoted any more"
    assert over in team.tells(minutes=30)


def test_a_promotion_is_told_with_who_and_how_much(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["promotion"]\n', branch=PROMOTE)
    team.repo.set_ref("released", team.repo.git("rev-parse", "stable~1"))
    team.look()
    team.notify()
    promote(team, why="the weekly release")
    assert team.tells() == ["r2 promoted by tester: 1 landing, from r1 (the weekly release)"]
    assert team.tells() == []


def test_a_promotion_by_somebody_else_is_told_as_that(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["promotion"]\n', branch=PROMOTE)
    team.repo.set_ref("released", team.repo.git("rev-parse", "stable~1"))
    team.look()
    team.notify()
    team.repo.set_ref("released", team.repo.tip())
    [told] = team.tells()
    assert told == "somebody else moved what is promoted to r2: 1 landing, from r1"


def test_each_of_several_promotions_is_told(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["promotion"]\n', branch=PROMOTE)
    team.repo.set_ref("released", team.repo.git("rev-parse", "stable~1"))
    team.look()
    team.notify()
    for number in range(3):
        team.land(f"[no-qa] Another {number}")
        promote(team)
    told = team.tells(judge=False)
    assert [each.partition(" ")[0] for each in told] == ["r3", "r4", "r5"]


def test_a_promotion_that_is_older_than_a_week_is_not_told(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["promotion"]\n', branch=PROMOTE)
    team.repo.set_ref("released", team.repo.git("rev-parse", "stable~1"))
    team.look()
    team.notify()
    promote(team)
    assert team.tells(minutes=8 * 1440, judge=False) == []


def freeze(team: Team, name: str, **data: object) -> None:
    from shepherd.store import Database

    run = team.run("freeze")
    with Database.of(team.settings) as database:
        why = "new disks" if data["on"] else "they are in"
        database.append("stable", [JournalEntry("freeze", name, data, "ann", why)], run)


def test_a_freeze_begins_and_ends(team: Team) -> None:
    freeze(team, "f1", on=True)
    [told] = team.tells()
    assert told.startswith(
        "deployments are frozen since Monday, 1 August 2011, 10:06 UTC, by ann: new disks; "
    )
    assert told.endswith("end it with: inv freeze.off --of ann")
    assert team.tells(minutes=30) == []
    freeze(team, "f1", on=False, of="ann")
    over = "the freeze by ann: new disks was ended by ann (they are in); deployments go on"
    assert team.tells(minutes=30) == [over]
    assert team.tells(minutes=30) == []


def test_an_answer_that_a_freeze_does_not_change_is_told_in_its_own_words(team: Team) -> None:
    freeze(team, "f1", on=True)
    team.tells()
    team.verdict("r2", "bad", "it loses money")
    [told] = team.tells(minutes=30)
    assert told == "nothing can be deployed: blocked by r2 (Ann)"
    team.deploy(team.repo.tip())
    told = next(each for each in team.tells(minutes=30) if not each.startswith("ALARM"))
    assert told == "nothing is to be deployed: production runs r2, and nothing has landed since"


def test_a_freeze_that_ends_before_another_says_so(team: Team) -> None:
    freeze(team, "f1", on=True)
    freeze(team, "f2", on=True)
    assert len(team.tells()) == 2
    freeze(team, "f1", on=False, of="ann")
    [told] = team.tells(minutes=30)
    assert told.endswith("; deployments are still frozen")


def test_a_freeze_that_ends_by_itself(team: Team) -> None:
    until = (team.now + timedelta(hours=2)).isoformat()
    freeze(team, "f1", on=True, until=until)
    assert "until Monday, 1 August 2011, 12:05 UTC" in team.tells()[0]
    assert team.tells(minutes=180) == ["the freeze by ann: new disks is over; deployments go on"]


def test_a_freeze_that_nobody_ends_is_overdue_once(team: Team) -> None:
    freeze(team, "f1", on=True)
    team.tells()
    assert team.tells(minutes=6 * 1440) == []
    [told] = team.tells(minutes=2 * 1440)
    assert "THIS IS OVERDUE: end it with: inv freeze.off --of ann" in told
    assert team.tells(minutes=60) == []


def test_a_standing_window_begins_and_ends(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, top='freeze = [{ days = "Mon 12:00 - Tue 08:00", reason = "fair" }]')
    assert team.tells() == []
    team.at("2011-08-01 12:01")
    [told] = team.tells()
    assert told.startswith("deployments are frozen until Tuesday, 2 August 2011, 08:00 UTC")
    assert "by the settings: fair; the window ends by itself" in told
    team.at("2011-08-02 08:01")
    assert team.tells() == ["the freeze by the settings is over; deployments go on"]


def test_what_blocks_for_too_long_is_told_once_a_day(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["escalation"]\n')
    team.land("[bug=1] Three", "[no-qa] Four")
    team.tag(1, "qa-needstesting")
    assert team.tells() == []
    assert team.tells(minutes=4 * 1440) == []
    [told] = team.tells(minutes=1440)
    assert told.startswith("r3 (Ann) has kept 2 landings back for 5 days: bug 1 is qa-needstesting"), told
    assert team.tells(minutes=60) == []
    assert len(team.tells(minutes=1440)) == 1


def test_nothing_blocks_by_an_answer_that_may_not_hold_any_more(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["escalation"]\n')
    team.land("[bug=1] Three", "[no-qa] Four")
    team.tag(1, "qa-needstesting")
    team.look()
    team.later(days=6).look()
    team.unread = {"stable": Unread(team.now, "judge", "ended by its deadline")}
    assert team.tells(judge=False) == []
    team.unread = {}
    assert len(team.tells(judge=False)) == 1


def test_it_goes_at_the_hours_of_mails_where_there_are_any(tmp_path: Path, chat: Chat) -> None:
    mail = '[mail]\nsender = "qa@example.org"\nat = "11:00"\ngrace_days = 1\nweekend = true\n'
    team = Team(tmp_path, chat, PLACE + f'on = ["escalation"]\n{mail}')
    team.land("[bug=1] Three", "[no-qa] Four")
    team.tag(1, "qa-needstesting")
    team.look()
    team.at("2011-08-03 09:00")
    assert team.tells() == []
    team.at("2011-08-03 11:00")
    assert len(team.tells()) == 1


def test_only_what_a_place_wants_is_told(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["freeze"]\n')
    team.land("[no-qa] Three")
    assert team.tells() == []
    freeze(team, "f1", on=True)
    assert len(team.tells()) == 1


def test_what_a_place_wants_from_now_on_is_told_from_now_on(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, PLACE + 'on = ["freeze"]\n')
    team.land("[no-qa] Three")
    team.tells()
    team.configure(PLACE)
    assert team.tells() == []
    team.land("[no-qa] Four")
    assert team.tells() == ["r4 may be deployed: 3 landings newer than r1"]


def test_a_place_that_was_away_is_told_from_when_it_is_back(team: Team) -> None:
    team.configure("")
    team.land("[no-qa] Three")
    assert team.tells(minutes=60) == []
    team.configure(PLACE)
    assert team.tells(minutes=60) == []
    team.land("[no-qa] Four")
    assert team.tells(minutes=60) == ["r4 may be deployed: 3 landings newer than r1"]


def test_a_place_that_does_not_want_the_branch_hears_nothing(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat)
    pointers = 'ref = "stable"\ndeployed = { ref = "production" }\n'
    other = f'[branches.other]\nrepository = "project.git"\n{pointers}'
    team.configure(f'{PLACE}branches = ["other"]\n{other}')
    team.land("[no-qa] Three")
    assert team.tells() == []


def test_after_a_lost_journal_nothing_is_told_until_that_is_accepted(team: Team) -> None:
    from shepherd.stages.find import Acceptance

    for file in team.state.glob("shepherd.db*"):
        file.unlink()
    team.land("[no-qa] Three")
    assert team.notify().code == 5
    assert team.heard() == []
    team.find(Acceptance(new_journal=True), why="gone")
    assert team.tells(minutes=30) == []
    team.land("[no-qa] Four")
    assert team.tells(minutes=30) == ["r4 may be deployed: 3 landings newer than r1"]


def test_after_a_backup_was_put_back_what_it_lacks_is_not_told_again(team: Team) -> None:
    from shepherd.stages.find import Acceptance
    from shepherd.store import Database

    team.land("[no-qa] Three")
    made = {"made": team.now.isoformat()}
    with Database.of(team.settings) as database:
        database.append("stable", [JournalEntry("restored", "", made)], team.run("restore"))
    team.find(Acceptance(new_journal=True), why="it was the newest")
    assert team.tells() == []
    team.land("[no-qa] Four")
    assert team.tells(minutes=30) == ["r4 may be deployed: 3 landings newer than r1"]
