"""Who hears that a landing of theirs went live: once, by a line or a mail, or never (docs/mails.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.act import EVERYWHERE
from shepherd.plans.recipients import Recipients
from shepherd.settings import PersonSettings
from shepherd.store import Database, JournalEntry
from tests.campaigns.killing import killed_at, points, undisturbed
from tests.mail.team import ANN, BOB, BY_BOB, OPERATOR, Team, parsed, text_of
from tests.running.smtp import Server

MONDAY, TUESDAY = "2011-08-01 08:00", "2011-08-02 09:00"


def deployed(team: Team, *, people: str = "") -> Team:
    """Mails are set up; r2 of Ann's and r3 of Bob's landed, and production runs them since this morning."""
    team.at(MONDAY).remind()
    team.land("[no-qa] Two")
    sha = team.land("[no-qa] Three", author=BY_BOB)[0]
    team.look()
    team.deploy(sha)
    team.at("2011-08-02 08:00").look()
    return team


@pytest.fixture
def live(team: Team) -> Team:
    return deployed(team)


def mails_of(team: Team) -> list[tuple[str, str, str]]:
    """Recipient, kind and subject of every mail; forgets them."""
    found = [(to, parsed(text)) for to, text in team.server.messages]
    team.server.messages.clear()
    return [(to, mail["X-QA-Shepherd-Kind"], mail["Subject"]) for to, mail in found]


def test_each_hears_of_their_own_once(live: Team) -> None:
    live.remind()
    live.at(TUESDAY).remind()
    assert mails_of(live) == [
        (ANN, "digest", "[stable] r2 went live: Two"),
        (BOB, "digest", "[stable] r3 went live: Three"),
    ]
    for day in (2, 3, 4, 8):
        live.at(f"2011-08-{day:02} 12:00").all_stages()
    assert mails_of(live) == []


def test_it_is_a_line_of_the_digest_where_there_is_one(live: Team) -> None:
    live.land("[bug=1] Four")
    live.look()
    live.at(TUESDAY).remind()
    text = live.texts()[ANN]
    assert "1 landing of yours went live: see below.\n" in text.partition("\n\n")[0] + "\n"
    assert (
        "1 landing of yours went live:\n* r2 Two (live since Tuesday, 2 August 2011, 08:01 UTC)\n"
        "  https://qa.example.org/stable.html#r2\n"
    ) in text
    live.at("2011-08-03 09:00").remind()
    assert "r2" not in live.texts()[ANN].split()


def test_what_was_live_before_the_first_run_is_passed_silently(team: Team) -> None:
    """Also with a release that knew no such mails, and went live hours before the mails of the day."""
    sha = team.land("[no-qa] Two")[0]
    team.look()
    team.deploy(sha)
    team.at("2011-08-02 06:00").look()
    team.at("2011-08-02 07:00").remind()
    team.deploy(team.land("[no-qa] Three")[0])
    team.at("2011-08-02 08:00").look()
    team.at(TUESDAY).remind()
    assert mails_of(team) == [(ANN, "digest", "[stable] r3 went live: Three")]


def test_what_went_live_while_nobody_was_told_is_passed_silently(live: Team) -> None:
    settings = live.folder / "shepherd.toml"
    told = settings.read_text()
    settings.write_text(told.replace("[mail]", '[mail]\nlive = "never"', 1))
    live.at(TUESDAY).remind()
    settings.write_text(told)
    live.at("2011-08-02 12:00").remind()
    live.at("2011-08-03 12:00").remind()
    assert mails_of(live) == []
    live.deploy(live.land("[no-qa] Four")[0])
    live.look()
    live.remind()
    assert mails_of(live) == [(ANN, "digest", "[stable] r4 went live: Four")]


def test_a_mail_of_its_own_goes_for_each_deployment(tmp_path: Path, server: Server) -> None:
    team = deployed(Team(tmp_path, server, mail='live = "mail"'))
    team.land("[bug=1] Four")
    team.look()
    team.at(TUESDAY).remind()
    assert mails_of(team) == [
        (ANN, "digest", "[stable] r4 waits for your QA, less than an hour: Four"),
        (ANN, "live", "[stable] r2 went live: Two"),
        (BOB, "live", "[stable] r3 went live: Three"),
    ]
    team.verdict("r4", "ok")
    team.deploy(team.repo.tip())
    team.at("2011-08-02 12:00").look()
    team.remind()
    team.remind()
    assert mails_of(team) == [(ANN, "live", "[stable] r4 went live: Four")]


def test_nothing_is_written_into_a_lost_journal(team: Team) -> None:
    for path in team.state.glob("shepherd.db*"):
        path.unlink()
    team.at(TUESDAY).remind()
    with Database.of(team.settings) as database, database.branch("stable") as store:
        assert store.journal.last_seq() == 0


def test_never_is_never(tmp_path: Path, server: Server) -> None:
    team = deployed(Team(tmp_path, server, mail='live = "never"'))
    team.at(TUESDAY).remind()
    assert mails_of(team) == []


@pytest.mark.parametrize(
    ("people", "subjects"),
    [
        ("", {"[stable] r4 waits for your QA, less than an hour; r2 went live"}),
        ('{ kinds = ["qa"] }', {"[stable] r4 waits for your QA, less than an hour: Four"}),
        ('{ kinds = ["live"] }', {"[stable] r2 went live: Two"}),
        ("{ kinds = [] }", set()),
        ('{ mail = "" }', set()),
        ('""', set()),
    ],
)
def test_each_can_refuse_a_kind(tmp_path: Path, server: Server, people: str, subjects: set[str]) -> None:
    tail = f'[people]\n"Ann@Example.org" = {people}' if people else ""
    team = deployed(Team(tmp_path, server, tail=tail))
    team.land("[bug=1] Four")
    team.look()
    team.at(TUESDAY).remind()
    assert {subject for to, _, subject in mails_of(team) if to == ANN} == subjects


def test_a_refusal_counts_for_every_address_that_leads_there() -> None:
    people: dict[str, str | PersonSettings] = {
        "ann@old": ANN,
        ANN: PersonSettings(kinds=("qa",)),
        BOB: PersonSettings("bob@home"),
    }
    recipients = Recipients(people)
    assert (recipients.place("Ann@old"), recipients.wants("ann@old", "live")) == (ANN, False)
    assert recipients.wants("ann@old", "qa")
    assert recipients.place("BOB@example.org") == "bob@home"
    assert recipients.wants(BOB, "live")


def test_a_dry_run_says_who_refused_it(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, tail=f'[people]\n"{ANN}" = {{ kinds = ["live"] }}')
    team.land("[bug=1] Two")
    team.look()
    assert "no mail: Ann: wants no mail about QA ([people] in the settings)" in (
        team.at(TUESDAY).remind(dry=True).lines
    )


def test_what_may_have_been_told_is_told_once_more_the_next_day(live: Team) -> None:
    live.server.tricks[ANN] = "take it and hang up"
    live.at(TUESDAY).remind()
    live.server.tricks.clear()
    mails_of(live)
    live.later(hours=2).remind()
    assert mails_of(live) == []
    live.at("2011-08-03 09:00").remind()
    assert [to for to, _, _ in mails_of(live)] == [ANN]
    live.at("2011-08-04 09:00").remind()
    assert mails_of(live) == []


def test_what_was_refused_is_told_by_the_next_run(live: Team) -> None:
    live.server.tricks[ANN] = "refuse"
    live.at(TUESDAY).remind()
    assert [to for to, _, _ in mails_of(live)] == [BOB]
    live.server.tricks.clear()
    live.remind()
    assert [to for to, _, _ in mails_of(live)] == [ANN]


def test_after_a_week_it_is_no_news(live: Team) -> None:
    live.at("2011-08-10 09:00").remind()
    assert mails_of(live) == []


def test_what_went_back_is_not_told_and_what_comes_again_is_not_told_again(live: Team) -> None:
    live.at(TUESDAY).remind()
    mails_of(live)
    tip = live.repo.tip()
    live.deploy(live.repo.git("rev-parse", "stable~2"))
    live.at("2011-08-03 08:00").look()
    live.at("2011-08-03 09:00").remind()
    live.deploy(tip)
    live.at("2011-08-04 08:00").look()
    live.at("2011-08-04 09:00").remind()
    assert mails_of(live) == []


def test_more_than_the_cap_are_held_back(tmp_path: Path, server: Server) -> None:
    team = deployed(Team(tmp_path, server, mail='cap = 1\nlive = "mail"'))
    team.at(TUESDAY).remind()
    assert [(to, kind) for to, kind, _ in mails_of(team)] == [(OPERATOR, "brake")]
    team.remind(over_cap=True)
    assert [to for to, _, _ in mails_of(team)] == [ANN, BOB]


def test_a_preview_shows_it_before_and_after_it_went(live: Team) -> None:
    before = live.remind(preview=True).lines
    assert ["Subject: [stable] r2 went live: Two" in line for line in before] == [True, False]
    live.at(TUESDAY).remind()
    assert mails_of(live)
    first = live.remind(preview=True).lines[0]
    assert first.startswith("--- digest to ann@example.org (sent today)\n")
    assert "* r2 Two (live since" in first


def test_after_the_loss_of_a_journal_nothing_is_told_twice(live: Team) -> None:
    live.at(TUESDAY).remind()
    mails_of(live)
    with Database.of(live.settings) as database:
        database.append(
            "stable", [JournalEntry("restored", data={"made": "2011-08-01T00:00:00Z"})], live.run("restore")
        )
        with database.branch(EVERYWHERE) as store:
            # as if the backup had been made before they were sent
            store.journal._connection.exec_driver_sql("delete from journal where branch = ''")
    live.at("2011-08-03 09:00").remind()
    assert mails_of(live) == []


def test_a_kill_at_any_write_tells_nobody_twice_in_a_day_and_leaves_nobody_out(
    tmp_path: Path, server: Server
) -> None:
    import shutil

    team = deployed(Team(tmp_path / "team", server))
    saved = shutil.copytree(team.state, tmp_path / "saved")

    def run(at: str) -> object:
        return team.at(at).remind()

    writes = points(lambda: run(TUESDAY))
    for number in range(0, len(writes), 3):
        shutil.rmtree(team.state)
        shutil.copytree(saved, team.state)
        mails_of(team)
        assert killed_at(lambda: run(TUESDAY), number)
        undisturbed(lambda: run("2011-08-02 10:00"))
        first = [to for to, _, _ in mails_of(team)]
        assert len(first) == len(set(first)), writes[number]
        undisturbed(lambda: run("2011-08-03 09:00"))
        again = [to for to, _, _ in mails_of(team)]
        assert {*first, *again} == {ANN, BOB}, writes[number]
        # only what nobody knows of is told once more
        assert len(again) <= 1, writes[number]
        undisturbed(lambda: run("2011-08-04 09:00"))
        assert mails_of(team) == [], writes[number]


def test_the_html_links_the_landing(live: Team) -> None:
    live.at(TUESDAY).remind()
    html = text_of(parsed(live.server.messages[0][1]), "html")
    assert '<a href="https://qa.example.org/stable.html#r2">r2</a> Two (live since' in html
