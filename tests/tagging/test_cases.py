"""The table of the tagger, and its laws, as cases in data (tests/cases/tagging.toml)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.project import states
from tests.tagging.told import Story

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "tagging.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    story = Story(tmp_path, case.get("branch", ""))
    story.tell(case["story"])
    assert {number: story.bug(number) for number in case["bugs"]} == case["bugs"]
    if "states" in case:
        assert story.snapshot is not None
        told = {f"r{revno}": state for revno, state in states(story.snapshot).items()}
        assert {rev: told[rev] for rev in case["states"]} == case["states"]
