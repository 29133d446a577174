"""What doctor says of Redmine: statuses and fields that there are not, what is not seen, rights that lack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.running.doctor.looking import looked
from tests.trackers.faulty import at_work as serve
from tests.trackers.redmine_server import TOKEN, Redmine

pytestmark = pytest.mark.real

STATUSES = '[tracker.statuses]\nok = ["QA passed"]\nbad = ["QA failed"]\nneedstesting = ["In QA"]\n'
FIELD = '[tracker.field]\nname = "QA result"\nok = ["passed"]\nneedstesting = ["to try"]\n'


@pytest.fixture
def redmine() -> Iterator[Redmine]:
    with serve(Redmine()) as server:
        server.issue(1, "In QA", QA_result="passed")
        yield server


def findings(
    project: Project, redmine: Redmine, folder: Path, more: str = "", branch: str = ""
) -> list[tuple[str, str, str]]:
    """Level, name and sentence of all that is about Redmine."""
    key = folder / "redmine-key"
    key.write_text(TOKEN)
    key.chmod(0o600)
    place = f'service_root = "{redmine.root}"\ncredentials_file = "{key}"\n'
    project.write_settings(branch, f'type = "redmine"\n{place}{more}')
    about = ("tracker", "projects", "words", "tagger", "marks")
    return [
        (each.level, each.name, each.what) for each in looked(project, offline=False) if each.name in about
    ]


def wrong(project: Project, redmine: Redmine, folder: Path, more: str) -> list[str]:
    return [what for level, _, what in findings(project, redmine, folder, more) if level != "ok"]


def test_all_is_well(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    host = redmine.root.removeprefix("http://")
    assert findings(project, redmine, tmp_path, f"{STATUSES}{FIELD}") == [
        ("ok", "tracker", f"redmine at {host}, as shepherd, 1 issue can be read"),
        ("ok", "projects", "issues of these projects can be seen: Shop"),
        ("ok", "words", "Redmine has each status that tracker names"),
        ("ok", "words", "1 of the 1 issues that were changed last have 'QA result'"),
        ("ok", "tagger", "the tagger may write in Shop"),
    ]
    asked = redmine.count()
    looked(project)
    assert redmine.count() == asked


def test_marks_that_name_nothing(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    """So `inv init` writes them where messages have another form."""
    found = findings(project, redmine, tmp_path, branch="marks = []")
    what = "branches.stable.marks is empty, so no landing names an issue of Redmine"
    assert ("warn", "marks", what) in found


def test_a_status_that_there_is_not(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    (what,) = wrong(project, redmine, tmp_path, STATUSES.replace("QA passed", "QA pased"))
    assert (
        what == "tracker.statuses.ok names 'QA pased', and Redmine shows this account no status of that name"
    )


def test_a_status_of_the_tagger(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    (what,) = wrong(project, redmine, tmp_path, f'{STATUSES}[tracker.status]\nlanded = "Fix Committed"\n')
    assert what.startswith(
        "tracker.status.landed names 'Fix Committed', and Redmine shows this account no status"
    )


def test_a_field_that_there_is_not(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    (what,) = wrong(project, redmine, tmp_path, FIELD.replace("QA result", "QA verdict"))
    assert what == (
        "tracker.field.name is 'QA verdict', and none of the 1 issues that were changed last has such a field"
        " that this account may see"
    )


def test_values_that_the_settings_do_not_know(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    redmine.issue(2, QA_result="2")
    (what,) = wrong(project, redmine, tmp_path, FIELD)
    assert what == "in 'QA result' stands '2', which tracker.field does not know"


def test_nothing_can_be_seen(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    redmine.projects.clear()
    what = wrong(project, redmine, tmp_path, STATUSES)
    assert what[0] == "no project can be seen, so all issues are unknown"
    assert what[1].startswith("this account is a member of no open project")


def test_an_account_that_sees_its_own_issues_alone(
    project: Project, redmine: Redmine, tmp_path: Path
) -> None:
    redmine.sees = "own"
    (what,) = wrong(project, redmine, tmp_path, STATUSES)
    assert what == "in Shop this account sees no issues but its own, so all others are unknown"


def test_rights_that_lack(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    redmine.may.clear()
    assert wrong(project, redmine, tmp_path, STATUSES) == [
        f"in Shop the roles of this account lack '{right}', which the tagger needs"
        for right in ("Add notes", "Edit issues")
    ]
    assert wrong(project, redmine, tmp_path, f"tag = false\n{STATUSES}") == []


def test_a_key_that_is_not_accepted(project: Project, redmine: Redmine, tmp_path: Path) -> None:
    redmine.token = "another"
    (what,) = wrong(project, redmine, tmp_path, STATUSES)
    assert "answered 401: the API key is not accepted" in what
