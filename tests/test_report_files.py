"""The list of the report's files: what a release writes, read from its code without running it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shepherd import report_files
from shepherd.report_files import FIRST, OURS, how_many, owner_of_name, written_by
from tests.inv import ROOT


def release(folder: Path, text: str) -> Path:
    (folder / "shepherd").mkdir()
    (folder / "shepherd" / "report_files.py").write_text(text)
    return folder


def test_what_this_release_says_is_what_another_one_reads() -> None:
    assert written_by(ROOT) == OURS


def test_a_release_without_the_list_wrote_the_first_files(tmp_path: Path) -> None:
    assert written_by(tmp_path) == FIRST
    assert how_many(tmp_path) < how_many(ROOT)


@pytest.mark.parametrize(
    "text",
    ["ENDINGS = (", "ENDINGS = tuple('ab')\nOF_ALL = ()", "ENDINGS = ('html',)", "ENDINGS = OF_ALL = 'x'"],
    ids=["half", "computed", "missing", "a word"],
)
def test_a_list_that_cannot_be_read_vouches_for_no_new_file(tmp_path: Path, text: str) -> None:
    assert written_by(release(tmp_path, text)) == FIRST


def test_what_another_release_does_not_write(tmp_path: Path) -> None:
    two = '    "answer.json",\n    "shields.json",\n'
    text = Path(report_files.__file__).read_text().replace(two, "", 1)
    other = written_by(release(tmp_path, text.replace('"index.atom", ', "", 1)))
    assert OURS.without(other).names(["stable"]) == {
        "index.atom",
        "stable.answer.json",
        "stable.shields.json",
    }
    assert OURS.without(OURS).names(["stable"]) == set()


@pytest.mark.parametrize(
    ("branch", "others", "found"),
    [
        ("stable.answer", ["stable"], ("stable", "stable.answer.json")),
        ("stable.help", ["stable"], ("stable", "stable.help.html")),
        ("stable.trends", ["stable"], ("stable", "stable.trends.html")),
        ("stable.answer", ["devel"], None),
        ("stable.1", ["stable"], None),
        ("stable.sha", ["stable"], None),
        ("answer", ["stable"], None),
    ],
)
def test_no_branch_is_called_as_a_file_of_another_one(
    branch: str, others: list[str], found: tuple[str, str] | None
) -> None:
    assert owner_of_name(branch, [branch, *others]) == found


def test_the_module_needs_nothing_of_ours(tmp_path: Path) -> None:
    shutil.copy(report_files.__file__, tmp_path / "alone.py")
    source = (tmp_path / "alone.py").read_text()
    assert "import shepherd" not in source and "from shepherd" not in source
