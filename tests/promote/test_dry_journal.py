"""A dry run on a journal that is lost says the way out with the places that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import ShepherdError
from tests.promoting import promote, ready


def test_the_backups_are_named_and_not_a_place_in_the_copy(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    for file in project.state.glob("shepherd.db*"):
        file.unlink()
    with pytest.raises(ShepherdError) as said:
        promote(project, dry=True)
    assert f"inv restore {project.state / 'backups'};" in str(said.value)
