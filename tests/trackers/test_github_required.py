"""Which checks GitHub wants to pass before something comes to a branch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers import open_tracker
from shepherd.trackers.forge.reading import ForgeTracker
from tests.trackers.forge_kit import Kit
from tests.trackers.github_checks import Required
from tests.trackers.github_server import GitHub

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]


def asked(hub: GitHub, folder: Path, branch: str = "main") -> list[str] | None:
    tracker = open_tracker(Kit(hub, folder).settings())
    assert isinstance(tracker, ForgeTracker)
    return tracker.required_checks(branch)


def test_both_ways_to_protect_a_branch_are_asked_in_one_question(hub: GitHub, tmp_path: Path) -> None:
    hub.required["main"] = Required(["ci/build", "lint"], ["lint", "test (3.12)"])
    assert asked(hub, tmp_path) == ["ci/build", "lint", "test (3.12)"]
    assert (hub.count(), hub.points) == (1, 1)


def test_a_branch_that_requires_nothing(hub: GitHub, tmp_path: Path) -> None:
    hub.required["feature/ünï"] = Required()
    assert asked(hub, tmp_path, "feature/ünï") == []
    hub.required["main"] = Required(classic=[])
    assert asked(hub, tmp_path) == []


def test_a_branch_that_github_does_not_know(hub: GitHub, tmp_path: Path) -> None:
    with pytest.raises(TrackerError, match="knows no branch main"):
        asked(hub, tmp_path)


@pytest.mark.parametrize(
    ("field", "kind", "value", "why"),
    [
        ("Repository.ref", "FORBIDDEN", None, "does not say it: the token gives no right to it"),
        ("Ref.refUpdateRule", "FORBIDDEN", None, "does not say it: the token gives no right to it"),
        ("Ref.rules", "SOMETHING_NEW", None, r"GitHub reports an error \(SOMETHING_NEW\)"),
        ("Ref.rules", "", None, "the answer is incomplete"),
        ("RepositoryRuleConnection.nodes", "", [None], "the answer is incomplete"),
        ("RefUpdateRule.requiredStatusCheckContexts", "", ["ci/build", None], "the answer is incomplete"),
    ],
)
def test_what_is_not_shown_is_not_nothing(
    hub: GitHub, tmp_path: Path, field: str, kind: str, value: Any, why: str
) -> None:
    hub.required["main"] = Required(["ci/build"], ["lint"])
    hub.spoil(field, kind=kind, value=value)
    with pytest.raises(TrackerError, match=why):
        asked(hub, tmp_path)


def test_more_rules_than_one_answer_holds(hub: GitHub, tmp_path: Path) -> None:
    hub.required["main"] = Required(["ci/build"], ["lint"])
    hub.page = 1
    with pytest.raises(TrackerError, match="more than a hundred rules"):
        asked(hub, tmp_path)
