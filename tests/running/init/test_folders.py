"""The example of `components` in the settings that `inv init` writes (docs/settings.md#components)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.running.init.folders import components_line
from shepherd.settings import read
from tests.gitrepo import Repo
from tests.inv import inv_here


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (
            ("src/a.py", "docs/b.txt", ".github/c.yml", "with blank/d", "elsewhere/e", "Makefile"),
            'components = { docs = ["docs/"], src = ["src/"] }',
        ),
        (("src/a.py", "README"), 'components = { web = ["web/"], database = ["database/"] }'),
    ],
)
def test_folders_at_the_top_are_the_example(tmp_path: Path, files: tuple[str, ...], line: str) -> None:
    repo = Repo(tmp_path / "app.git", branch="main")
    repo.commit("First", dict.fromkeys(files, ""))
    assert inv_here(tmp_path, "init", "--repository", str(repo.git_dir)).code == 0
    settings = tmp_path / "shepherd.toml"
    assert read(settings).branches["main"].components == {}
    text = settings.read_text()
    assert f"\n# {line}\n" in text
    settings.write_text(text.replace(f"# {line}", line))
    assert list(read(settings).branches["main"].components)


def test_an_example_fits_on_a_line() -> None:
    line = components_line([f"part-{number}" for number in range(30)])
    assert 'part-0 = ["part-0/"], ' in line
    assert len(line) < 108
