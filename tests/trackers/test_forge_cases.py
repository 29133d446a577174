"""The answers for teams on GitHub and GitLab, as data: tests/cases/forges.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.project import deployable, states
from tests.trackers.faulty import at_work
from tests.trackers.forge_story import Story
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab

pytestmark = pytest.mark.real

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "forges.toml").read_text())["case"]
FORGES = {"github": GitHub, "gitlab": GitLab}
PLAYED = [
    pytest.param(case, kind, id=f"{kind}: {case['name']}")
    for case in CASES
    for kind in FORGES
    if case.get("only", kind) == kind
]


@pytest.mark.parametrize(("case", "kind"), PLAYED)
def test_case(case: dict[str, Any], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_TOKEN", "its-token")
    with at_work(FORGES[kind]()) as forge:
        forge.token = "its-token"
        words = f"[tracker.words]\n{case['words']}" if "words" in case else ""
        marks = f"marks = {case['marks']}" if "marks" in case else ""
        story = Story(tmp_path, forge, words, marks)
        story.tell(case["story"])
    snapshot = story.snapshot
    assert snapshot is not None
    assert {f"r{n}": state for n, state in sorted(states(snapshot).items()) if n > 1} == case["states"]
    assert (deployable(snapshot) or 0) == case["latest"]
    entries = {f"r{each.revno}": each for each in snapshot.landings}
    sign = "#" if kind == "github" else "!"
    for rev, numbers in case.get("requests", {}).items():
        assert entries[rev].requests == tuple(f"{sign}{number}" for number in numbers)
    for rev, number in case.get("warned", {}).items():
        (warning,) = entries[rev].warnings
        assert warning.startswith(f"its message names {sign}{number}, which counts as absent: ")
    warned = {rev for rev, each in entries.items() if "which counts as absent: " in "".join(each.warnings)}
    assert warned == set(case.get("warned", {}))
    for number, count in case.get("comments", {}).items():
        thing = (story.things | story.issues)[int(number)]
        assert len(thing.comments) == count
        assert count or "qa-needstesting" not in thing.labels
    for rev, person in case.get("people", {}).items():
        assert entries[rev].person == person
