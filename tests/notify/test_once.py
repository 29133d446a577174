"""Exactly once, or marked; and one message at most in `quiet` (docs/notices.md#never-twice)."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest

from shepherd.store import JournalEntry
from tests.campaigns.killing import killed_at, points
from tests.notify.receiver import Chat, Trick
from tests.notify.team import PLACE, Team
from tests.notify.test_changes import MAY_GO, freeze

FOUR = "r4 may be deployed: 3 landings newer than r1"


def test_a_second_change_waits_until_it_is_quiet_no_more(team: Team) -> None:
    team.land("[no-qa] Three")
    assert team.tells() == [MAY_GO]
    team.land("[no-qa] Four")
    team.at("2011-08-01 10:36")
    told_at = team.entries("meant")[-1].time
    team.now = told_at
    team.later(minutes=5).look()
    result = team.notify()
    assert team.heard() == []
    assert "held back until" in result.lines[0]
    assert team.tells(minutes=6) == [FOUR]


def test_what_is_held_back_until_another_day_names_it(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, place=f'{PLACE}quiet = "20h"\n')
    team.land("[no-qa] Three")
    assert team.tells() == [MAY_GO]
    team.land("[no-qa] Four")
    team.look()
    [line] = team.notify(dry=True).lines
    assert re.match(r"chat: 1 change of stable held back until 2011-08-02 06:\d\d \(UTC\): ", line)


def test_what_came_and_went_meanwhile_is_not_told(team: Team) -> None:
    team.land("[no-qa] Three")
    team.tells()
    for word in ("bad", "ok"):
        team.verdict("r3", word)
        assert team.tells(minutes=1) == []
    assert team.tells(minutes=30) == []


def test_an_alarm_does_not_wait_and_brings_the_rest_along(team: Team) -> None:
    team.deploy(team.repo.git("rev-parse", "stable"))
    team.tells()
    freeze(team, "f1", on=True)
    assert len(team.tells(minutes=30)) == 1
    freeze(team, "f1", on=False)
    assert team.tells(minutes=1) == []
    team.verdict("r2", "bad", "it loses money")
    told = team.tells(minutes=1)
    assert told[0].startswith("ALARM: ")
    assert told[-1].startswith("the freeze by ann: new disks was ended")


def test_that_somebody_freezes_does_not_wait(team: Team) -> None:
    team.land("[no-qa] Three")
    team.tells()
    freeze(team, "f1", on=True)
    assert len(team.tells(minutes=1)) == 1


def test_a_clock_that_was_set_back_holds_nothing_back(team: Team) -> None:
    team.land("[no-qa] Three")
    team.tells(minutes=600)
    team.land("[no-qa] Four")
    team.at("2011-08-01 12:00")
    assert team.tells() == [FOUR]


@pytest.mark.parametrize("trick", ["503", "429"])
def test_what_was_not_taken_goes_at_the_next_run_with_what_came_since(team: Team, trick: Trick) -> None:
    team.chat.trick = trick
    team.land("[no-qa] Three")
    team.later(minutes=5).look()
    result = team.notify()
    assert (result.code, len(result.failures)) == (7, 1)
    assert "the next run tries again" in result.failures[0]
    freeze(team, "f1", on=True)
    assert team.tells(minutes=1) == []
    team.chat.trick = ""
    told = team.tells(minutes=1)
    assert told[0].startswith("do not deploy r3: deployments are frozen since "), "as it is by now"
    assert told[1].startswith("deployments are frozen since ")
    assert team.tells(minutes=60) == []


def test_the_same_message_has_the_same_id_at_each_try(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    from shepherd.act.notice import NoticeError

    ids = []

    def deliver(notice: object, *_: object) -> None:
        ids.append(notice.id)  # type: ignore[attr-defined]
        raise NoticeError("no")

    monkeypatch.setattr("shepherd.act.notice.deliver", deliver)
    team.land("[no-qa] Three")
    for _ in range(3):
        team.tells()
    assert len(ids) == 3
    assert len(set(ids)) == 1


def test_what_may_have_been_told_is_told_once_more_and_marked(team: Team) -> None:
    team.chat.trick = "take it and reset"
    team.land("[no-qa] Three")
    assert team.tells() == [MAY_GO]
    team.chat.trick = ""
    assert team.tells(minutes=1) == [f"again: {MAY_GO}"]
    assert team.tells(minutes=60) == []


def test_it_is_told_until_that_is_certain_and_always_marked(team: Team) -> None:
    team.chat.trick = "take it and reset"
    team.land("[no-qa] Three")
    assert team.tells() == [MAY_GO]
    freeze(team, "f1", on=True)
    told = team.tells(minutes=1)
    assert told[0].startswith("again: do not deploy r3")
    assert told[1].startswith("deployments are frozen since"), "that is new"
    team.chat.trick = ""
    assert [each[:6] for each in team.tells(minutes=1)] == ["again:", "again:"], "it may have got neither"
    assert team.tells(minutes=60) == []


def test_what_may_arrive_each_time_goes_more_and_more_seldom(team: Team, chat: Chat) -> None:
    chat.trick = "take it and reset"
    team.land("[no-qa] Three")
    told = [len(team.tells(minutes=5, judge=False)) for _ in range(2)]
    team.look()
    told = [len(team.tells(minutes=3, judge=False)) for _ in range(90)]
    places = [number for number, count in enumerate(told) if count]
    assert 8 <= len(places) <= 14, places
    assert places == sorted(places)
    chat.trick = ""
    assert team.tells(minutes=60) == [f"again: {MAY_GO}"]


def test_a_freeze_that_is_over_is_told_although_both_messages_may_be_lost(team: Team, chat: Chat) -> None:
    chat.trick = "500"
    freeze(team, "f1", on=True)
    team.tells()
    freeze(team, "f1", on=False)
    team.tells()
    chat.trick = ""
    [told] = team.tells()
    assert told.startswith("again: the freeze by ann: new disks was ended")


def test_it_has_the_same_key_when_it_is_told_again(team: Team, chat: Chat) -> None:
    chat.trick = "take it and reset"
    team.land("[no-qa] Three")
    team.look()
    team.notify()
    chat.trick = ""
    team.later(minutes=30).look()
    team.notify()
    first, second = chat.told
    assert first["changes"][0]["key"] == second["changes"][0]["key"]
    assert first["id"] == second["id"]


def test_an_answer_that_is_back_after_another_may_have_been_told(team: Team, chat: Chat) -> None:
    team.land("[no-qa] Three")
    team.tells()
    chat.trick = "take it and reset"
    team.verdict("r3", "bad")
    assert len(team.tells(minutes=30)) == 1
    chat.trick = ""
    team.verdict("r3", "ok")
    assert team.tells(minutes=1) == [f"again: {MAY_GO}"]
    assert team.tells(minutes=60) == []


def test_one_place_that_fails_is_nothing_to_the_others(tmp_path: Path, chat: Chat) -> None:
    down = PLACE.replace("chat", "other", 1).replace("chat.url", "other.url")
    team = Team(tmp_path, chat, down + PLACE)
    team.land("[no-qa] Three")
    team.later(minutes=5).look()
    result = team.notify()
    assert team.heard() == [MAY_GO]
    assert (result.code, len(result.failures)) == (7, 1)
    assert result.failures[0].startswith("notify other: it accepts no connection")


def test_a_place_that_took_nothing_is_not_tried_for_the_next_branch(tmp_path: Path, chat: Chat) -> None:
    from shepherd.stages.find import NOTHING_ACCEPTED, find_branch
    from shepherd.stages.judge import judge_branch

    other = (
        '[branches.zweig]\nrepository = "project.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
    )
    team = Team(tmp_path, chat, top=other, begun=False)

    def look_at_both() -> None:
        team.look()
        find_branch(team.settings, "zweig", team.run("find"), NOTHING_ACCEPTED)
        judge_branch(team.settings, "zweig", team.run("judge"))

    look_at_both()
    team.notify()
    team.land("[no-qa] Three")
    look_at_both()
    chat.trick = "take it and reset"
    first, second = team.settings.branches
    result = team.notify()
    skipped = f"chat is not told of {second} in this run, since it took nothing of {first}"
    assert any(line.startswith(skipped) for line in result.lines), result.lines
    assert [document["branch"] for document in chat.told] == [first]


def test_after_a_day_of_failures_it_is_tried_once_an_hour(team: Team, chat: Chat) -> None:
    chat.trick = "503"
    team.land("[no-qa] Three")
    team.tells()
    team.tells(minutes=24 * 60 + 5)
    before = len(team.entries("meant"))
    team.later(minutes=5).look()
    result = team.notify()
    assert "it is tried again then" in result.lines[0]
    assert (result.code, len(result.failures)) == (7, 1), "or cron would take it for over"
    assert len(team.entries("meant")) == before
    chat.trick = ""
    assert team.tells(minutes=60) == [MAY_GO]
    team.land("[no-qa] Four")
    assert team.tells(minutes=30) == [FOUR]


def test_an_alarm_that_is_told_after_an_outage_says_when_it_was(team: Team, chat: Chat) -> None:
    team.deploy(team.repo.tip())
    team.tells(minutes=60)
    chat.trick = "503"
    team.verdict("r2", "bad", "it loses money")
    assert team.tells(minutes=5) == []
    team.verdict("r2", "ok", "fixed")
    chat.trick = ""
    begun, over = (each for each in team.tells(minutes=24 * 60) if "r2" in each)
    at = r"Monday, 1 August 2011, 11:\d\d UTC"
    assert re.match(f"{at}: ALARM: production runs r2, which is bad: ", begun)
    assert re.match(f"{at}: the alarm about r2 is over: ", over)


def test_of_too_many_changes_the_most_important_are_told(tmp_path: Path, chat: Chat) -> None:
    from tests.promoting import PROMOTE, promote

    team = Team(tmp_path, chat, branch=PROMOTE)
    team.repo.set_ref("released", team.repo.git("rev-parse", "stable~1"))
    team.look()
    team.notify()
    chat.trick = "503"
    freeze_at = team.now
    for number in range(30):
        team.land(f"[no-qa] Another {number}")
        promote(team)
    team.now = freeze_at
    freeze(team, "f1", on=True)
    team.tells()
    chat.trick = ""
    team.later(minutes=5).notify()
    [document] = chat.told
    assert len(document["changes"]) == 20
    assert document["left_out"] == 12
    assert document["changes"][0]["kind"] == "freeze"


def test_a_dry_run_and_a_preview_say_what_would_go_and_write_nothing(team: Team, chat: Chat) -> None:
    team.land("[no-qa] Three")
    team.later(minutes=5).look()
    before = team.entries("meant", "done", "notify")
    assert team.notify(dry=True).lines == ["would tell chat of stable: 1 change"]
    shown = team.notify(preview=True).lines[0]
    assert shown.startswith("--- to chat\nstable: deploy r3\n")
    assert MAY_GO in shown
    assert (chat.told, team.entries("meant", "done", "notify")) == ([], before)


def test_a_dry_run_says_who_would_be_told_from_then_on(tmp_path: Path, chat: Chat) -> None:
    team = Team(tmp_path, chat, begun=False)
    assert team.notify(dry=True).lines == ["chat would be told of stable from now on"]
    assert team.notify().lines == ["chat is told of stable from now on"]


def test_killed_at_every_write_it_is_told_and_never_twice_unmarked(team: Team, chat: Chat) -> None:
    import shutil

    team.land("[no-qa] Three")
    team.later(minutes=5).look()
    saved = team.folder / "saved"
    shutil.copytree(team.state, saved)
    now = team.now
    writes = points(lambda: team.notify() and None)
    assert team.heard() == [MAY_GO]
    for number in range(len(writes)):
        shutil.rmtree(team.state)
        shutil.copytree(saved, team.state)
        team.now = now
        assert killed_at(lambda: team.notify() and None, number)
        told = team.heard() + team.tells(minutes=1, judge=False) + team.tells(minutes=1, judge=False)
        assert sorted(told) in ([MAY_GO], [f"again: {MAY_GO}"], sorted([MAY_GO, f"again: {MAY_GO}"])), (
            f"killed at {number}, {writes[number]}"
        )


def test_runs_that_are_killed_time_and_again_do_not_tell_it_each_time(
    team: Team, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    team.land("[no-qa] Three")
    team.look()
    told = 0
    with monkeypatch.context() as patch:
        patch.setattr("shepherd.act.settle", killed)
        for _ in range(24):
            with suppress(KeyboardInterrupt):
                team.notify()
            told += len(team.heard())
            team.later(minutes=5)
    assert told < 9
    assert [each for each in team.tells(minutes=60) if not each.startswith("again: ")] == []


def test_a_place_that_was_told_of_by_a_killed_run_is_noted_as_unsure(team: Team) -> None:
    team.land("[no-qa] Three")
    team.tells()
    team.land("[no-qa] Four")
    team.later(minutes=30).look()
    from shepherd.store import Database

    meant = team.entries("meant")[-1]
    told, after = meant.data["told"], meant.data["after"]
    data = {**meant.data, "told": after, "after": {**after, "answer": {**after["answer"], "what": ["x"] * 4}}}
    with Database.of(team.settings) as database:
        database.append("stable", [JournalEntry("meant", meant.subject, data)], team.run("notify"))
    assert told != after
    team.notify()
    results = [each.data["result"] for each in team.entries("done") if each.data["act"] == "notice"]
    assert results == ["done", "killed", "done"]
