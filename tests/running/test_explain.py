"""What `inv explain` shows where a name means several landings (docs/interfaces.md#revisions)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.running.reading import IN_FULL
from shepherd.views.text import FURTHER_SHOWN
from tests.inv import inv_here
from tests.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path, branch='marks = ["forge"]')
    project.deploy(project.land("root")[0])
    return project


def merges(project: Project, *branches: str) -> None:
    project.land(*(f"Merge branch '{branch}' into 'stable'" for branch in branches))
    project.look()


def told(output: str) -> list[str]:
    """The landings whose stories are told."""
    return [line.partition(" ")[0] for line in output.splitlines() if re.match("r[0-9]", line)]


def test_newest_are_told_and_the_others_listed_a_line_each(project: Project) -> None:
    number = IN_FULL + FURTHER_SHOWN + 3
    merges(project, *(f"renovate/{each}" for each in range(number)))
    done = inv_here(project.folder, "explain", "renovate")
    tip = number + 1
    assert told(done.out) == [f"r{tip - each}" for each in range(IN_FULL)]
    listed = done.out[done.out.index(f"{FURTHER_SHOWN + 3} more landings of that name") :].splitlines()[1:]
    assert [line.split()[0] for line in listed[:-1]] == [
        f"r{tip - IN_FULL - each}" for each in range(FURTHER_SHOWN)
    ]
    assert all("Ann" in line and "Merge branch 'renovate/" in line for line in listed[:-1])
    assert listed[-1] == "  and 3 more: inv landings --of renovate"
    assert all(len(line) <= 80 for line in done.out.splitlines())


def test_json_has_all(project: Project) -> None:
    merges(project, *(f"renovate/{each}" for each in range(IN_FULL + 2)))
    done = inv_here(project.folder, "explain", "renovate", "--json")
    assert done.out.count('"revno"') == IN_FULL + 2


def test_exact_name_wins_over_a_part_of_others(project: Project) -> None:
    merges(project, "fix", "fix-2", "ann/fix", "bob/fix")
    assert told(inv_here(project.folder, "explain", "fix").out) == ["r2"]
    merges(project, "new-fix")
    assert told(inv_here(project.folder, "explain", "new").out) == ["r6"]


def test_name_behind_a_slash_wins_over_a_part_of_others(project: Project) -> None:
    merges(project, "fix-2", "ann/fix", "bob/fix")
    assert told(inv_here(project.folder, "explain", "fix").out) == ["r4", "r3"]


def test_landings_that_the_answer_no_longer_lists_are_folded_too(project: Project) -> None:
    merges(project, *(["old"] * (IN_FULL + 2)))
    project.deploy(project.land("new")[0])
    project.now += timedelta(days=31)
    project.look()
    project.now += timedelta(days=31)
    assert [each.revno for each in project.look().landings] == []
    done = inv_here(project.folder, "explain", "old")
    assert len(told(done.out)) == IN_FULL
    assert "2 more landings of that name" in done.out


def test_exact_name_of_an_older_landing_wins_over_a_part_of_a_newer_ones(project: Project) -> None:
    merges(project, "fix-y")
    project.deploy(project.repo.tip())
    for _ in range(2):
        project.now += timedelta(days=100)
        project.look()
    merges(project, "not-fix-yet")
    assert told(inv_here(project.folder, "explain", "fix-y").out) == ["r2"]
    assert inv_here(project.folder, "archive").code == 0
    assert told(inv_here(project.folder, "explain", "fix-y").out) == ["r2"]
    assert told(inv_here(project.folder, "explain", "fix-ye").out) == ["r3"]


@pytest.mark.parametrize(
    "message",
    [
        "Merge branch 'x' into 'stable'\n\nSee merge request https://git.example.org/a/b/-/merge_requests/12",
        "Auto merge of #12 - ann:x, r=bob",
        "Merge #11 #12",
        "Merge #12: x",
        "Merge pull request #12 from ann/x",
        "x (#12)",
        "x\n\nPart-of: <https://git.example.org/a/b/-/merge_requests/12>",
        "x\n\nReviewed-on: https://review.example.org/c/a/b/+/12",
        "x\n\nReviewed-on: https://review.example.org/#/c/12/",
        "x\n\nDifferential Revision: https://phabricator.example.org/D12",
    ],
)
def test_number_finds_the_landing_however_its_message_says_it(project: Project, message: str) -> None:
    project.land("Text about #12", message, "Fixes #12")
    project.look()
    assert told(inv_here(project.folder, "explain", "#12").out) == ["r3"]
