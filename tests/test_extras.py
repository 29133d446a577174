"""How an extra is got that is not installed (docs/settings.md#deploy)."""

from __future__ import annotations

from pathlib import Path

from shepherd.extras import how_to_install
from tests.inv import ROOT


def test_in_a_clone_it_is_installed_by_its_hashes() -> None:
    install = how_to_install("notify")
    assert install == ".venv/bin/pip install --require-hashes -r requirements/notify.txt"
    assert (ROOT / install.split()[-1]).is_file()


def test_a_release_gets_it_by_a_deploy(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "release.json").write_text("{}")
    wanted = 'add "notify" to deploy.extras where fab runs, and deploy again'
    assert how_to_install("notify", tmp_path) == wanted


def test_where_a_wheel_was_installed_it_is_that_of_the_package(tmp_path: Path) -> None:
    install = "pip install 'qa-shepherd[notify]', where qa-shepherd is installed"
    assert how_to_install("notify", tmp_path) == install
