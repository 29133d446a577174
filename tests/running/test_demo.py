"""The demo shows every state, every progress, and fits the schema."""

from __future__ import annotations

import json
import os
import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import get_args

import pytest

from shepherd import snapshot as shape
from shepherd.store.snapshots import Snapshots
from tests.inv import inv, inv_here
from tests.test_snapshot import check


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo")
    done = inv(place, "demo", "--directory", str(place / "demo"))
    assert done.code == 0, done.err
    assert "deploy r28" in done.out and "stable.html" in done.out
    assert done.err == ""
    printed = done.out.replace(os.path.relpath(place / "demo", place), "demo")
    assert [line for line in printed.splitlines() if len(line) > 80] == []
    return place / "demo"


def test_the_demo_shows_everything_there_is(place: Path) -> None:
    snapshot = Snapshots(place / "var" / "snapshots", "stable").latest()
    assert snapshot is not None
    check(snapshot)
    assert {entry.state for entry in snapshot.landings} == set(get_args(shape.State))
    assert {entry.progress for entry in snapshot.landings} == set(get_args(shape.Progress))


def test_the_runs_of_the_demo_are_judged_again(place: Path) -> None:
    done = inv_here(place, "replay", "--json")
    (report,) = json.loads(done.out)["branches"]
    assert (done.code, report["runs"], report["same"]) == (0, 8, report["answers"])


@pytest.mark.parametrize(
    "command", ["landings", "history", "whatif --ok r29", "waits", "audit promoted", "replay", "trends"]
)
def test_what_it_names_to_go_on_with_answers(place: Path, command: str) -> None:
    done = inv_here(place, *command.split())
    assert (done.code, done.err) == (0, "")
    assert [line for line in done.out.splitlines() if len(line) > 80] == []


def test_the_demo_shows_each_kind_of_mail(place: Path) -> None:
    for kind in (
        "digest",
        "escalation",
        "live",
        "checks",
        "alarm",
        "hang",
        "unreachable",
        "brake",
        "promotion",
    ):
        message = message_from_bytes((place / "mails" / f"{kind}.eml").read_bytes(), policy=default)
        assert message["X-QA-Shepherd-Kind"] in (kind, "notice")
        text = (place / "mails" / f"{kind}.txt").read_text("utf-8")
        assert f"Subject: {message['Subject']}\n" in text
    assert "r29 Load the start page" in (place / "mails" / "digest.txt").read_text("utf-8")


def test_the_demo_shows_what_the_tagger_wrote_on_which_bug(place: Path) -> None:
    text = (place / "bugs.txt").read_text("utf-8")
    (about,) = (part for part in re.split(r"^bug ", text, flags=re.MULTILINE) if part.startswith("1007"))
    assert "This landed as r21 of stable." in about and "r21 was rolled back by r27 of stable." in about
    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_a_second_demo_begins_anew_and_foreign_folders_are_left_alone(place: Path) -> None:
    assert inv(place.parent, "demo", "--directory", str(place)).code == 0
    foreign = place.parent / "mine"
    foreign.mkdir()
    (foreign / "thesis.tex").touch()
    done = inv(place.parent, "demo", "--directory", str(foreign))
    assert done.code == 2 and (foreign / "thesis.tex").exists()
