"""What programs read of a branch or of all of them without any landing: `BRANCH.answer.json`,
`BRANCH.shields.json`, `index.json` (docs/feeds.md#the-answer-for-programs)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from shepherd.situation import Maintenance, Situation, Unread
from shepherd.snapshot import Alarm, Blocker, DeployedRev, Snapshot
from shepherd.views.feeds.answer_file import BLOCKERS_SHOWN, answer_file
from shepherd.views.feeds.index_json import index_json
from shepherd.views.feeds.sha import sha_file
from shepherd.views.feeds.shields import shields
from tests.views.factory import NOW, entry, every_progress, everything_wrong, no_data, rev, sha, snapshot
from tests.views.test_hostile import ATTACKS, around, everywhere, stray

DOCS = Path(__file__).parents[2] / "docs"
CALM = Situation(now=NOW)
LATE = Situation(now=snapshot().valid_until + timedelta(seconds=1))
UNREAD = Situation(now=NOW, unread={"stable": Unread(NOW, "find", "no route to host")})
NOTHING_NEW = snapshot(answer="nothing-new", tip=rev(100), deployable=None, landings=(), blockers=())
BLOCKED = snapshot(answer="blocked", deployable=None)
HOTFIX = snapshot(deployed=DeployedRev(100, sha(100), (sha(7),)))
CASES: dict[str, tuple[Snapshot, Situation, str]] = {
    "deploy": (snapshot(), CALM, "deploy"),
    "no clock": (snapshot(), Situation(), "deploy"),
    "blocked": (BLOCKED, CALM, "blocked"),
    "nothing new": (NOTHING_NEW, CALM, "nothing-new"),
    "no data": (no_data(), CALM, "no-data"),
    "no data with a revision": (no_data(deployable=rev(103)), CALM, "no-data"),
    "stale": (snapshot(), LATE, "blocked"),
    "unread": (snapshot(), UNREAD, "no-data"),
    "hotfix": (HOTFIX, CALM, "blocked"),
    "no SHA": (snapshot(deployable=replace(rev(103), id="; rm -rf /")), CALM, "blocked"),
    "alarm": (snapshot(alarms=(Alarm(99, "bug 9 is qa-bad", None),)), CALM, "deploy"),
    "maintenance": (snapshot(), Situation(now=NOW, maintenance=Maintenance()), "deploy"),
    "everything": (every_progress(), everything_wrong(), "blocked"),
    "nothing live": (snapshot(deployed=DeployedRev(0, ""), promoted=None), CALM, "deploy"),
}


def valid(kind: str, content: bytes) -> dict[str, Any]:
    """What it says, held against its schema."""
    read: dict[str, Any] = json.loads(content)
    Draft202012Validator(json.loads((DOCS / f"{kind}.schema.json").read_text())).validate(read)
    return read


@pytest.mark.parametrize("kind", ["answer", "index"])
def test_a_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(json.loads((DOCS / f"{kind}.schema.json").read_text()))


@pytest.mark.parametrize(("given", "situation", "answer"), CASES.values(), ids=CASES)
def test_the_answer_names_a_revision_exactly_where_the_sha_does(
    given: Snapshot, situation: Situation, answer: str
) -> None:
    read = valid("answer", answer_file(given, situation))
    deployable = read["deployable"]
    assert (f"{deployable['id']}\n".encode() if deployable else b"") == sha_file(given, situation)
    assert (read["answer"], read["complete"]) == (answer, answer != "no-data")
    assert (read["answer"] == "deploy") == (deployable is not None)
    assert not (deployable and any(each["stops"] for each in read["cautions"]))


def test_the_answer_says_what_is_where_and_what_blocks() -> None:
    read = valid("answer", answer_file(snapshot(), CALM, "https://qa.example.org/"))
    assert {key: value for key, value in read.items() if key not in ("cautions", "links")} == {
        "branch": "stable",
        "answer": "deploy",
        "complete": True,
        "generated_at": "2011-08-24T10:12:00Z",
        "valid_until": "2011-08-24T10:27:00Z",
        "deployable": {"revno": 103, "id": sha(103)},
        "deployed": {"revno": 100, "id": sha(100)},
        "promoted": {"revno": 100, "id": sha(100)},
        "tip": {"revno": 106, "id": sha(106)},
        "headline": "deploy r103",
        "blockers": [
            {
                "revno": 104,
                "whose_move": "Zoë Žižek",
                "since": "2011-08-21T10:15:00Z",
                "waiting": 3,
                "frees": 2,
            }
        ],
        "blockers_count": 1,
        "waits": None,
        "freezes": [],
        "next_freeze": None,
        "journal_head": "",
        "schema": 1,
    }
    assert read["links"] == {
        "page": "https://qa.example.org/stable.html",
        "snapshot": "https://qa.example.org/stable.json",
        "feed": "https://qa.example.org/stable.atom",
        "sha": "https://qa.example.org/stable.sha",
    }


def test_times_are_given_to_the_second() -> None:
    odd = snapshot(generated_at=NOW + timedelta(microseconds=7), valid_until=NOW + timedelta(microseconds=7))
    read = valid("answer", answer_file(odd, CALM))
    assert read["generated_at"] == read["valid_until"] == "2011-08-24T10:15:00Z"
    assert valid("index", index_json([odd], CALM))["branches"][0]["valid_until"] == "2011-08-24T10:15:00Z"


def test_the_answer_stays_small_however_many_wait() -> None:
    many = tuple(
        entry(revno, good=False, state="bad", progress="bad", blocked_by=tuple(range(101, 201)))
        for revno in range(5100, 100, -1)
    )
    blockers = tuple(Blocker(each.revno, "Ann", NOW, 1, None, 0) for each in many)
    read = answer_file(snapshot(tip=rev(5100), landings=many, blockers=blockers), CALM)
    assert len(read) < 3000
    assert (len(json.loads(read)["blockers"]), json.loads(read)["blockers_count"]) == (BLOCKERS_SHOWN, 5000)


@pytest.mark.parametrize(
    ("given", "situation", "message", "color", "is_error"),
    [
        (snapshot(), CALM, "deploy r103", "brightgreen", False),
        (BLOCKED, CALM, "stay at r100: blocked", "orange", False),
        (NOTHING_NEW, CALM, "stay at r100: nothing new", "lightgrey", False),
        (no_data(), CALM, "no data", "red", True),
        (snapshot(), LATE, "stale", "orange", False),
        (
            snapshot(),
            Situation(now=NOW, maintenance=Maintenance()),
            "deploy r103 (maintenance)",
            "orange",
            False,
        ),
    ],
    ids=["deploy", "blocked", "nothing-new", "no-data", "stale", "maintenance"],
)
def test_shields_io_is_told_the_answer_and_its_time(
    given: Snapshot, situation: Situation, message: str, color: str, is_error: bool
) -> None:
    assert json.loads(shields(given, situation)) == {
        "schemaVersion": 1,
        "label": "stable",
        "message": f"{message}, 2011-08-24 10:12 UTC",
        "color": color,
        "isError": is_error,
        "cacheSeconds": 300,
    }


def test_the_index_has_every_branch_and_everybody() -> None:
    devel = snapshot(branch="devel", landings=(entry(7, person="Ann"), entry(6, person="Bob")))
    ann = entry(9, person="Ann", progress="needs-qa", state="needstesting", good=False)
    read = valid(
        "index", index_json([snapshot(landings=(ann,)), devel, no_data(branch="old")], CALM, ["new"])
    )
    assert [(each["branch"], each["answer"]) for each in read["branches"]] == [
        ("stable", "deploy"),
        ("devel", "deploy"),
        ("old", "no-data"),
    ]
    assert read["waiting"] == ["new"]
    assert read["people"] == [
        {
            "name": "Ann",
            "branches": [
                {"branch": "stable", "link": "stable.html#person=Ann", "landings": 1, "to_do": [9]},
                {"branch": "devel", "link": "devel.html#person=Ann", "landings": 1, "to_do": []},
            ],
        },
        {
            "name": "Bob",
            "branches": [{"branch": "devel", "link": "devel.html#person=Bob", "landings": 1, "to_do": []}],
        },
    ]


def test_the_index_tells_since_when_production_runs_what_it_runs() -> None:
    since = datetime(2011, 8, 22, 10, 15, tzinfo=UTC)
    seen, found = (
        snapshot(deployed=DeployedRev(100, sha(100), since=since, at_least=at_least))
        for at_least in (False, True)
    )
    (branch,) = valid("index", index_json([found], CALM))["branches"]
    assert branch["deployed_since"] is None, "it ran that before the shepherd first looked"
    (branch,) = valid("index", index_json([seen], CALM))["branches"]
    assert (branch["deployed"]["revno"], branch["deployed_since"]) == (100, "2011-08-22T10:15:00Z")
    (unseen,) = valid("index", index_json([NOTHING_NEW], CALM))["branches"]
    assert unseen["deployed_since"] is None


@pytest.mark.parametrize(("given", "situation", "answer"), CASES.values(), ids=CASES)
def test_the_index_promises_no_more_than_the_answer(
    given: Snapshot, situation: Situation, answer: str
) -> None:
    (branch,) = valid("index", index_json([given], situation))["branches"]
    own = json.loads(answer_file(given, situation))
    assert {key: branch[key] for key in ("answer", "deployable", "headline", "valid_until")} == {
        key: own[key] for key in ("answer", "deployable", "headline", "valid_until")
    }
    assert branch["answer"] == answer


@pytest.mark.parametrize("name", ATTACKS)
def test_whatever_stands_in_a_snapshot_they_are_json_that_steers_nothing(name: str) -> None:
    one, situation = everywhere(ATTACKS[name]), around(ATTACKS[name])
    for content in (answer_file(one, situation), shields(one, situation), index_json([one], situation)):
        assert json.loads(content)
        assert not stray(content.decode())
