"""What a release is made of on the host (docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from ops.deploy.building import compile_templates
from shepherd.errors import StoreError
from tests.inv import ROOT

pytestmark = pytest.mark.real  # an interpreter is started


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Our code, with the environment that runs this test, and nothing compiled."""
    for name in ("shepherd", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    python = tmp_path / ".venv" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return tmp_path


def test_its_templates_are_compiled(release: Path) -> None:
    compile_templates(release)
    pages = [*(release / "templates").rglob("*.html.j2"), *(release / "templates").rglob("*.svg.j2")]
    assert len(list((release / "templates" / "__pycache__").iterdir())) == len(pages) > 1


def test_one_that_is_not_valid_is_no_release(release: Path) -> None:
    (release / "templates" / "branch.html.j2").write_text("{% if %}")
    with pytest.raises(StoreError, match=r"its templates could not be compiled: .*TemplateSyntaxError"):
        compile_templates(release)


def test_a_commit_that_knows_nothing_of_it_is_one(release: Path) -> None:
    module = release / "shepherd" / "views" / "templates.py"
    module.write_text(module.read_text().replace("def compile_pages", "def _other"))
    compile_templates(release)
    assert not (release / "templates" / "__pycache__").exists()
