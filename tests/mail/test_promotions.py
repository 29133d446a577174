"""The mail about each promotion: exactly one, with all that is known of it (docs/mails.md#promotions)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shepherd.act import EVERYWHERE
from shepherd.store import Database, chain
from shepherd.store.tables import journal
from tests.campaigns.killing import killed_at, points, undisturbed
from tests.mail.team import BY_BOB, Team, parsed, text_of
from tests.promoting import PROMOTE, promote
from tests.running.smtp import Server

ARCHIVE = "archive@example.org"
EARLY, MONDAY = "2011-08-06 03:00", "2011-08-08 09:00"
"""A Saturday, on which no daily mail goes; and the Monday after it."""


def released(
    folder: Path, server: Server, *, mail: str = f'promotions = "{ARCHIVE}"', branch: str = ""
) -> Team:
    """Promotions are told, since a run ago; r1 is promoted; r2 of Ann's and r3 of Bob's have landed, good."""
    team = Team(folder, server, mail=mail, branch=f"{PROMOTE}\n{branch}")
    team.repo.set_ref("released", team.repo.tip())
    team.look()
    team.remind()
    team.land("[no-qa] Two")
    team.land("[no-qa] Three", author=BY_BOB)
    team.at(EARLY)
    return team


@pytest.fixture
def promoted(tmp_path: Path, server: Server) -> Team:
    """r3 was promoted."""
    team = released(tmp_path, server)
    promote(team, why="the weekly release")
    return team


def told(team: Team) -> list[tuple[str, str]]:
    """Recipient and subject of every mail about a promotion; forgets all mails."""
    mails = [(to, parsed(text)) for to, text in team.server.messages]
    team.server.messages.clear()
    return [(to, mail["Subject"]) for to, mail in mails if mail["X-QA-Shepherd-Kind"] == "promotion"]


def heads(team: Team) -> list[str]:
    """The hash of the journal before each entry, and behind the last."""
    with Database.of(team.settings) as database, database.begin() as connection:
        found = [chain.NOTHING]
        for _, *content in connection.execute(chain.ENTRIES.order_by(journal.c.seq)):
            found.append(chain.following(found[-1], content))
    return found


def test_it_goes_once_at_any_hour_on_any_day(promoted: Team) -> None:
    result = promoted.remind()
    assert told(promoted) == [(ARCHIVE, "[stable] r3 promoted by tester: 2 landings")]
    assert result.code == 0
    for moment in (EARLY, "2011-08-06 09:00", MONDAY, "2011-08-09 09:00"):
        promoted.at(moment).all_stages()
    assert told(promoted) == []


def test_it_says_who_what_why_and_which_landings(promoted: Team) -> None:
    promoted.remind()
    [(_, message)] = promoted.server.messages
    text = text_of(parsed(message))
    assert "r3 of stable was promoted by tester, on Saturday, 6 August 2011, 03:0" in text
    assert "Reason: the weekly release." in text.replace("\n", " ")
    assert "* r2 Two (Ann)\n  https://qa.example.org/stable.html#r2\n* r3 Three (Bob)\n" in text
    assert promoted.repo.tip() in text
    assert "inv audit r3\n" in text
    assert parsed(message)["X-QA-Shepherd-Landings"] == "stable/r2 stable/r3"


def test_its_hash_is_that_of_the_journal_as_it_was(promoted: Team) -> None:
    promoted.remind()
    [(_, message)] = promoted.server.messages
    for kind in ("plain", "html"):
        words = text_of(parsed(message), kind).replace("<span>", "").replace("</span>", "").split()
        number, _, head = words[words.index("--head") + 1].partition("<")[0].partition(":")
        place = heads(promoted).index(head)
        assert place == int(number)
        with Database.of(promoted.settings) as database, database.branch("stable") as store:
            entry = store.journal.newest(1, "promoted")[0]
            mail = store.of(EVERYWHERE).journal.newest(1, "meant")[0]
        assert entry.seq <= place, "the promotion is part of what it stands for"
        assert mail.prev == head
        assert f"entry {entry.seq}" in " ".join(words)


def test_the_code_that_promoted_is_named(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = released(tmp_path, server)
    run = team.run
    monkeypatch.setattr(team, "run", lambda stage: _with_code(run(stage)))
    promote(team)
    team.remind()
    [(_, message)] = team.server.messages
    assert "QA Shepherd 9.9 (commit abc)" in text_of(parsed(message))


def _with_code(run: object) -> object:
    from msgspec.structs import replace

    return replace(run, code="9.9 (commit abc)")  # type: ignore[type-var]


def test_what_was_passed_stands_with_its_reason(tmp_path: Path, server: Server) -> None:
    team = released(tmp_path, server, branch='limits = [{ paths = ["db/*"], max = 0 }]')
    team.repo.commit("[no-qa] Four", {"db/1.sql": ""})
    promote(team, "r4", why="", despite="the shop is down")
    team.remind()
    [(_, message)] = team.server.messages
    text = " ".join(text_of(parsed(message)).split())
    assert "although something kept it back, with this reason: The shop is down." in text
    assert "Passed: r4 touches db/*" in text
    assert "despite what kept it back" in parsed(message)["Subject"]


def test_what_somebody_else_moved_is_told_as_that(tmp_path: Path, server: Server) -> None:
    team = released(tmp_path, server)
    team.repo.set_ref("released", team.repo.tip())
    team.look()
    team.remind()
    [(_, message)] = team.server.messages
    assert parsed(message)["Subject"] == "[stable] somebody else moved what is promoted to r3: 2 landings"
    assert "The shepherd judged nothing of it" in text_of(parsed(message))


def test_a_way_back_is_told_as_that(promoted: Team) -> None:
    promoted.remind()
    told(promoted)
    promoted.repo.set_ref("released", promoted.repo.git("rev-parse", "stable~1"))
    promoted.later(hours=1).look()
    promoted.remind()
    message = parsed(promoted.server.messages[-1][1])
    assert message["Subject"] == "[stable] somebody else moved what is promoted to r2"
    assert "which is older" in text_of(message)


def test_none_goes_where_nobody_is_named(tmp_path: Path, server: Server) -> None:
    team = released(tmp_path, server, mail="")
    promote(team)
    team.remind()
    assert told(team) == []


def test_what_was_promoted_before_somebody_was_named_is_passed_silently(
    tmp_path: Path, server: Server
) -> None:
    team = released(tmp_path, server, mail="")
    promote(team)
    team.remind()
    settings = team.folder / "shepherd.toml"
    settings.write_text(settings.read_text().replace("[mail]", f'[mail]\npromotions = "{ARCHIVE}"', 1))
    team.later(hours=1).remind()
    assert told(team) == []
    team.land("[no-qa] Four")
    promote(team)
    team.remind()
    assert told(team) == [(ARCHIVE, "[stable] r4 promoted by tester: 1 landing")]


def test_each_of_several_has_a_mail_of_its_own_the_oldest_first(promoted: Team) -> None:
    promoted.land("[no-qa] Four")
    promoted.later(minutes=5)
    promote(promoted)
    promoted.remind()
    assert told(promoted) == [
        (ARCHIVE, "[stable] r3 promoted by tester: 2 landings"),
        (ARCHIVE, "[stable] r4 promoted by tester: 1 landing"),
    ]


def test_a_server_that_is_down_stops_nothing_and_it_goes_later(promoted: Team) -> None:
    promoted.server.tricks[ARCHIVE] = "refuse"
    result = promoted.remind()
    assert (told(promoted), result.code) == ([], 7)
    promoted.server.tricks.clear()
    assert promoted.later(hours=2).remind().code == 0
    assert len(told(promoted)) == 1


def test_one_that_may_have_gone_goes_once_more_the_next_day_with_the_same_id(promoted: Team) -> None:
    promoted.server.tricks[ARCHIVE] = "take it and hang up"
    promoted.remind()
    promoted.server.tricks.clear()
    [(_, first)] = promoted.server.messages
    told(promoted)
    promoted.later(hours=1).remind()
    assert told(promoted) == []
    promoted.at("2011-08-07 04:00").remind()
    [(_, second)] = promoted.server.messages
    assert parsed(second)["Message-ID"] == parsed(first)["Message-ID"]
    told(promoted)
    promoted.at(MONDAY).remind()
    assert told(promoted) == []


def test_the_cap_does_not_count_it(tmp_path: Path, server: Server) -> None:
    team = released(tmp_path, server, mail=f'promotions = "{ARCHIVE}"\ncap = 1')
    promote(team)
    team.deploy(team.repo.tip())
    team.at("2011-08-08 08:00").look()
    team.at(MONDAY).remind()
    assert len(told(team)) == 1


def test_a_dry_run_and_a_preview_send_none_and_show_it(promoted: Team) -> None:
    promoted.at(MONDAY)
    assert (
        f"would mail {ARCHIVE}: [stable] r3 promoted by tester: 2 landings" in promoted.remind(dry=True).lines
    )
    assert any("--- mail about a promotion to" in line for line in promoted.remind(preview=True).lines)
    assert told(promoted) == []
    promoted.remind()
    assert len(told(promoted)) == 1
    assert any("(sent today)" in line for line in promoted.remind(preview=True).lines)


def test_what_went_live_names_the_journals_hash(promoted: Team) -> None:
    promoted.deploy(promoted.repo.tip())
    promoted.at("2011-08-08 08:00").look()
    promoted.at(MONDAY).remind()
    texts = [text_of(parsed(message)) for to, message in promoted.server.messages if to != ARCHIVE]
    known = set(heads(promoted))
    assert len(texts) == 2
    for text in texts:
        assert known & {word.partition(":")[2] for word in text.split()}


def test_a_kill_at_any_write_sends_it_once_in_a_day_and_never_leaves_it_out(
    tmp_path: Path, server: Server
) -> None:
    team = released(tmp_path / "team", server)
    promote(team)
    saved = shutil.copytree(team.state, tmp_path / "saved")

    def run(at: str) -> object:
        return team.at(at).remind()

    writes = points(lambda: run(EARLY))
    for number in range(len(writes)):
        shutil.rmtree(team.state)
        shutil.copytree(saved, team.state)
        told(team)
        assert killed_at(lambda: run(EARLY), number)
        undisturbed(lambda: run("2011-08-06 05:00"))
        today = told(team)
        assert len(today) <= 1, writes[number]
        undisturbed(lambda: run("2011-08-07 05:00"))
        assert len(today + told(team)) in (1, 2), writes[number]
