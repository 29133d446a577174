"""`inv audit` as a command: what it prints and writes, and its exit codes (docs/audit.md)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.inv import inv_here
from tests.promoting import promote, ready


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made, _ = ready(tmp_path_factory.mktemp("project"))
    promote(made)
    return made.folder


def test_text(project: Path) -> None:
    done = inv_here(project, "audit", "promoted")
    assert done.code == 0, done.err
    assert done.out.startswith("Promoted r3, after r1, by tester\n")


def test_json(project: Path) -> None:
    done = inv_here(project, "audit", "r2", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert [each["revno"] for each in told["moves"][0]["landings"] if each["asked"]] == [2]
    assert told["moves"][0]["from"]["revno"] == 1


def test_a_landing_that_never_went_live(project: Path) -> None:
    done = inv_here(project, "audit", "r5")
    assert done.code == 8
    assert done.out.startswith("r5 did not go live by anything that is recorded")


def test_page_to_a_file_and_to_standard_output(project: Path, tmp_path: Path) -> None:
    page = tmp_path / "r3.html"
    done = inv_here(project, "audit", "r3", "--page", str(page))
    assert (done.code, done.out) == (0, f"written: {page}\n")
    shown = inv_here(project, "audit", "r3", "--page", "-")
    assert shown.out.startswith("<!DOCTYPE html>")
    assert shown.out.endswith("</html>\n")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what the audit is about"),
        (("r77",), "neither a landing of stable nor a promotion or its run"),
        (("r3", "--json", "--page", "x.html"), "leave out --page, or --json"),
    ],
)
def test_what_cannot_be_told(project: Path, words: tuple[str, ...], said: str) -> None:
    done = inv_here(project, "audit", *words)
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize("folder", ["file", "missing"])
def test_no_folder_is_made_for_a_page(project: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    done = inv_here(project, "audit", "r3", "--page", str(tmp_path / folder / "r3.html"))
    assert (done.code, done.out) == (2, "")
    assert f"{tmp_path / folder} is no folder: make it first" in done.err
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
