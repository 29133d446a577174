"""A landing that lies on two branches: what the journal of each says of it, and what counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from shepherd.landing import Landing
from shepherd.stages.recorded import remember
from shepherd.store import Database, Journal, JournalEntry
from shepherd.words import KeptEvidence, RecordedEvidence

LANDING = Landing(1, "a" * 40, 0, bugs=("7",))
PAIR = f"{LANDING.id} 7"
SEALED, NEEDS = KeptEvidence("ok", "ok"), KeptEvidence("needstesting")


def kept(word: str, seal: str | None = None) -> JournalEntry:
    return JournalEntry("kept", PAIR, {"word": word, "seal": seal})


def seal(word: str) -> JournalEntry:
    return JournalEntry("seal", PAIR, {"word": word})


def asks() -> JournalEntry:
    return JournalEntry("meant", PAIR, {"act": "tag", "item": "7", "revno": 1, "asks": True})


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def write(database: Database, said: Sequence[tuple[str, JournalEntry]]) -> None:
    with database.begin() as connection:
        for branch, entry in said:
            Journal(connection, branch).append([entry], run_id="", at=datetime.now(UTC))


def memory_of(database: Database, branch: str, *others: str) -> RecordedEvidence:
    with database.begin() as connection:
        return remember(Journal(connection, branch), [LANDING], LANDING.bugs, others)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        pytest.param([("devel", kept("ok", "ok"))], SEALED, id="the other branch's, where this one has none"),
        pytest.param(
            [("devel", kept("needstesting")), ("next", kept("ok", "ok"))],
            SEALED,
            id="of the others the newest",
        ),
        pytest.param(
            [("next", kept("ok", "ok")), ("devel", kept("needstesting"))], NEEDS, id="whatever their order"
        ),
        pytest.param(
            [("stable", kept("ok", "ok")), ("devel", kept("needstesting"))],
            SEALED,
            id="its own, since later landings on the bug seal it here and not there",
        ),
        pytest.param(
            [("stable", kept("needstesting")), ("devel", seal("ok"))], SEALED, id="a seal, from wherever"
        ),
        pytest.param(
            [("devel", seal("ok")), ("stable", kept("needstesting"))], NEEDS, id="its own word after a seal"
        ),
        pytest.param(
            [("devel", seal("ok")), ("devel", kept("bad", "ok"))],
            KeptEvidence("bad", "ok"),
            id="the other branch's word after its seal",
        ),
        pytest.param(
            [("stable", kept("ok", "ok")), ("devel", asks())],
            NEEDS,
            id="no seal by a word that was not said of it, as another branch's tagger found",
        ),
    ],
)
def test_what_was_kept_for_a_landing_on_several_branches(
    database: Database, said: list[tuple[str, JournalEntry]], counts: KeptEvidence
) -> None:
    write(database, said)
    assert memory_of(database, "stable", "next", "devel").kept == {(LANDING.id, "7"): counts}


def test_qa_that_was_asked_for_last_counts_on_whichever_branch(database: Database) -> None:
    write(database, [("stable", asks()), ("devel", asks())])
    first, second = (
        memory_of(database, *names).asked for names in (("stable", "devel"), ("devel", "stable"))
    )
    assert first == second == {(LANDING.id, "7"): 2}
