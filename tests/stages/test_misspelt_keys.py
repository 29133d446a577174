"""A key of the settings that no landing names, while many name those of another project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.project import Project

MANY = [f"ABC-{number} Title" for number in range(1, 6)]


def warnings(folder: Path, keys: str, titles: Sequence[str]) -> tuple[str, ...]:
    project = Project(folder, branch='marks = ["keys"]\n', tracker=f"keys = {keys}\n")
    project.deploy(*project.land("Begin"))
    project.land(*titles)
    return tuple(each for each in project.look().warnings if "tracker.keys" in each)


def test_a_misspelt_key_is_said_next_to_the_answer(tmp_path: Path) -> None:
    assert warnings(tmp_path, '["ACB"]', MANY) == (
        "none of the last 6 landings names an issue of ACB, and 5 name issues of ABC, which tracker.keys does"
        " not have: is it misspelt there?",
    )


def test_one_of_two_keys_may_be_misspelt(tmp_path: Path) -> None:
    (warning,) = warnings(tmp_path, '["ABC", "WBE"]', [*MANY, "WEB-1 One", "WEB-2 Two"])
    assert warning.startswith("none of the last 8 landings names an issue of WBE, and 2 name issues of WEB")


@pytest.mark.parametrize(
    ("keys", "titles"),
    [
        # left out on purpose
        ('["ABC"]', [*MANY, "XYZ-1 One", "XYZ-2 Two", "XYZ-3 Three"]),
        # the key of another branch beside one that is left out on purpose
        ('["ABC", "OPS"]', [*MANY, "XYZ-1 One", "XYZ-2 Two", "XYZ-3 Three"]),
        # a project that has only just begun
        ('["ABC", "NEW"]', MANY),
        # too few to be a team's
        ('["NEW"]', ["XYZ-1 One", *(["Title"] * 9)]),
        # what is no project
        ('["NEW"]', ["UTF-8 One", "UTF-16 Two"]),
    ],
)
def test_what_is_no_sign_of_a_misspelt_key(tmp_path: Path, keys: str, titles: list[str]) -> None:
    assert warnings(tmp_path, keys, titles) == ()
