"""A journal that somebody changed: its readers name the entry that cannot be read
(docs/audit.md#an-entry-that-cannot-be-read)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from shepherd.stages.promoted import moved_back
from shepherd.store import Database, JournalEntry
from shepherd.store.entry_shapes import ChangedEntryError, problem_of
from shepherd.store.journal import KINDS
from tests.inv import inv_here
from tests.project import Project
from tests.promoting import promote, ready

READERS = ("audit promoted", "audit r2", "trends", "history", "history --rev r2", "notes --to r3")
"""Those that read the journal."""
FROM_ANSWERS = ("waits", "status", "replay", "report")
"""Those that read answers, and say no more of the journal than that."""
WHEN = "2011-08-01T09:00:00Z"
OTHERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("check-wait", "ci/build", {"on": True, "since": WHEN, "revno": 4, "check": "ci/build"}),
    ("live-mails", "", {"on": True}),
    ("promotion-mails", "", {"on": True}),
    ("notify", "notice team", {"on": True, "told": {"alarm": 3}, "last": WHEN}),
    ("freeze", "f1", {"on": True, "until": WHEN}),
    ("freeze", "f1", {"on": False, "of": "ann"}),
    ("restored", "", {"made": WHEN}),
    ("began", "", {"accepts": ["run-0001"], "first_run": {"at": WHEN, "tip": 5}}),
    ("renamed", "", {"from": "trunk"}),
    ("rewrite", "", {"revno": 5, "undone": {}}),
)
"""What this project's journal does not have by itself."""
HARMS: dict[str, Any] = {
    **{
        "null": None,
        "number": -7,
        "huge": 10**40,
        "text": "\N{ESCAPE}[2J",
        "list": [[]],
        "object": {"x": {}},
    },
    "flag": True,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made, ids = ready(tmp_path_factory.mktemp("project"))
    made.full_run()
    made.verdict("r4", "bad")
    made.cover("r2", "r3")
    made.cover("r2", None, undone=False)
    promote(made)
    made.deploy(ids[2])
    made.full_run()
    made.deploy(ids[4])
    made.tag(2, "qa-bad", "bad-commit-2")
    made.full_run()
    with Database.of(made.settings) as database:
        pair = {"act": "tag", "item": "2", "revno": 2, "from": "ok", "to": "bad"}
        more = [JournalEntry(kind, subject, data, "ann") for kind, subject, data in OTHERS]
        more += [
            JournalEntry("seal", f"{ids[1]} 2", {"word": "ok", "revno": 2}),
            JournalEntry("patch", ids[1], {"patch": "ab", "change": "cd"}),
            JournalEntry("snooze", ids[3], {"until": "2011-09-01", "revno": 4}, "ann"),
            JournalEntry("meant", f"{ids[1]} 2", pair, "ann"),
            JournalEntry("done", f"{ids[1]} 2", {"act": "tag", "result": "done", "changed": "x"}, "ann"),
            JournalEntry("on-qa", "", {"revno": 5, "id": ids[4]}),
        ]
        database.append("stable", more, made.run("more"))
    return made


def changed(project: Project, seq: int, data: dict[str, Any]) -> None:
    journal = sqlite3.connect(project.state / "shepherd.db")
    with journal:
        journal.execute("UPDATE journal SET data = ? WHERE seq = ?", (json.dumps(data), seq))
    journal.close()


def last_of_each(project: Project) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The number, the kind and the data of the last entry of each kind; of acts, of each act's kind."""
    journal = sqlite3.connect(project.state / "shepherd.db")
    acts = "json_extract(data, '$.act'), json_extract(data, '$.on')"
    rows = journal.execute(f"SELECT max(seq), kind, data FROM journal GROUP BY kind, {acts}").fetchall()
    journal.close()
    for seq, kind, data in rows:
        yield seq, kind, json.loads(data)


def test_every_kind_is_there_and_fits(project: Project) -> None:
    rows = list(last_of_each(project))
    assert {kind for _, kind, _ in rows} == set(KINDS)
    assert [problem for _, kind, data in rows if (problem := problem_of(kind, data))] == []


def test_whatever_is_changed_no_reader_ends_with_a_traceback(project: Project) -> None:
    """Each key of an entry of each kind, in a way that changes from key to key, as half of the readers do:
    what a reader raises comes out here."""
    refused = 0
    for seq, kind, data in list(last_of_each(project)):
        keys = [key for key in data if key != "prev"]
        for place, key in enumerate(keys, seq):
            harm = list(HARMS)[place % len(HARMS)]
            changed(project, seq, {**data, key: HARMS[harm]})
            for reader in READERS[place % 2 :: 2]:
                done = inv_here(project.folder, *reader.split())
                where = f"{kind}, {key} as {harm}: {reader}"
                assert done.code in (0, 2, 5, 8), f"{where}: {done}"
                if done.code == 5:
                    refused += 1
                    assert f"entry {seq} of the journal ({kind} of run " in done.err, where
                    assert done.err.count("\n") == 1, where
        changed(project, seq, data)
    assert refused > 30


@pytest.mark.parametrize("reader", READERS[:-1])
def test_a_promotion_without_its_revision(project: Project, reader: str) -> None:
    seq, data = next((seq, data) for seq, kind, data in last_of_each(project) if kind == "promoted")
    changed(project, seq, {key: value for key, value in data.items() if key != "revno"})
    done = inv_here(project.folder, *reader.split())
    verified = inv_here(project.folder, "audit", "--verify")
    from_answers = {each: inv_here(project.folder, *each.split()).code for each in FROM_ANSWERS}
    changed(project, seq, data)
    assert (done.code, done.out) == (5, "")
    assert done.err == (
        f"entry {seq} of the journal (promoted of run 'run-0007') does not hold what the shepherd writes"
        " there: Object missing required field `revno`. Somebody changed it, or it is damaged: inv audit"
        " --verify shows where the journal was changed, and inv restore puts back a backup of it\n"
    )
    assert verified.code == 8
    assert f"entry {seq} was changed" in verified.out
    assert from_answers == dict.fromkeys(FROM_ANSWERS, 0)


@pytest.mark.parametrize(
    ("kind", "data", "problem"),
    [
        ("promoted", {"revno": 1, "id": "ab"}, ""),
        ("promoted", {"revno": 1, "id": "ab", "from": None, "later": [1]}, ""),
        ("promoted", {"revno": 1, "id": "ab", "code": "0.5.0"}, "missing required field `from`"),
        ("promoted", {"revno": 1, "id": "ab", "foreign": True, "from": 1}, "missing required field `ref`"),
        ("promoted", {"revno": True, "id": "ab"}, "Expected `int`, got `bool` - at `$.revno`"),
        ("promoted", {"revno": 10**9, "id": "ab"}, "Expected `int` <= 10000000"),
        ("promoted", {"revno": 1, "id": "a b"}, "matching regex"),
        ("freeze", {"on": True, "until": "2011-08-01T09:00:00"}, "with a timezone"),
        ("done", {"act": "tag"}, "missing required field `result`"),
        ("meant", {"act": "of a later release", "to": 7}, ""),
        ("of a later release", {}, ""),
    ],
)
def test_what_an_entry_holds(kind: str, data: dict[str, Any], problem: str) -> None:
    found = problem_of(kind, data)
    assert problem in found
    assert bool(found) == bool(problem)


def test_who_promotes_by_itself_does_not_guess_where_somebody_moved_the_ref_from() -> None:
    moved = {"revno": 1, "id": "ab", "ref": "released", "from": None, "foreign": True}
    assert problem_of("promoted", moved) == ""
    with pytest.raises(ChangedEntryError, match=r"entry 7 .*promoted.*from: Expected `int`, got `null`"):
        moved_back([JournalEntry("promoted", data=moved, run_id="run-1", seq=7)])
