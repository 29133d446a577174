"""A rule changed on purpose: `inv replay` names exactly the landings whose state it changes
(docs/replay.md#what-differs)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from shepherd.rules.states import Rule
from shepherd.settings import read
from shepherd.words import State
from tests.inv import inv_here
from tests.replay.changed_rules import changed, landings_that_differ
from tests.replay.changing import ChangingProject, live
from tests.replay.record import STATUSES, TEAM
from tests.replay.watching import documents, judged_again

OTHERWISE: dict[Rule, State] = {
    "verdict": "bad",
    "reopened": "ok",
    "brought": "ok",
    "named-bad": "ok",
    "exempt": "needstesting",
    "rollback": "needstesting",
    "brings-back": "rollback",
    "plain-bad": "ok",
    "unrepaired": "ok",
    "mark": "needstesting",
    "unasked": "ok",
    "items": "bad",
    "nothing": "ok",
}
"""Each rule, and what it makes of every landing once it is changed."""


def shown(place: Path, branch: str) -> tuple[int, dict[str, set[int]], dict[str, Any]]:
    """The exit code, "FROM TO" -> the landings that `inv replay` names, and the rest of it."""
    done = inv_here(place, "replay", "--branch", branch, "--json")
    assert not done.err
    (report,) = json.loads(done.out)["branches"]
    found: dict[str, set[int]] = {}
    for each in report["differ"]:
        way = each["way"]
        if way["kind"] == "landing" and way["before"] != way["after"]:
            found.setdefault(f"{way['before']} {way['after']}", set()).update(each["landings"])
    return done.code, found, report


@pytest.mark.parametrize("rule", get_args(Rule))
def test_the_landings_of_a_changed_rule_are_named(rule: Rule) -> None:
    place = STATUSES if rule == "unrepaired" else TEAM
    before = judged_again(read(place / "shepherd.toml"), "stable")
    with changed(rule, OTHERWISE[rule]):
        after = judged_again(read(place / "shepherd.toml"), "stable", proved=False)
        code, named, report = shown(place, "stable")
    assert named == landings_that_differ(before, after)
    assert named and code == 8
    assert report["same"] == sum(old.text == new.text for old, new in zip(before, after, strict=True))
    decided = {(each["way"]["rule_before"], each["way"]["rule_after"]) for each in report["differ"]}
    assert decided <= {(rule, rule), ("", "")}


def test_so_they_are_where_the_snapshots_are_kept(tmp_path: Path) -> None:
    project = ChangingProject(tmp_path, seed=9, renames=False)
    with documents() as written:
        for _ in live(project):
            pass
    before = [each for each in written if each.branch == "stable"]
    for rule in ("items", "nothing", "mark"):
        with changed(rule, OTHERWISE[rule]):
            after = judged_again(project.settings, "stable", proved=False)
            _, named, report = shown(tmp_path, "stable")
        assert named == landings_that_differ(before, after)
        assert named and report["compared"]["file"] + report["compared"]["repeated"] == len(before)
    code, named, report = shown(tmp_path, "stable")
    assert (code, named, report["same"]) == (0, {}, len(before))


def test_a_person_reads_which_rule_and_which_landings() -> None:
    with changed("exempt", "needstesting"):
        done = inv_here(TEAM, "replay", "--branch", "stable")
    assert done.code == 8 and not done.err
    assert "exempt → needstesting (rule exempt, docs/rules.md#state)" in " ".join(done.out.split())
    assert "r39, r38, r37" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
