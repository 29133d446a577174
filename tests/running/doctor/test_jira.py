"""What doctor says of Jira: projects that may not be seen, statuses that there are not, rights that lack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.running.doctor.looking import looked, unwell
from tests.trackers.faulty import at_work as serve
from tests.trackers.jira_issues import BROWSE, COMMENT, EDIT, TRANSITION
from tests.trackers.jira_server import EMAIL, TOKEN, Jira

pytestmark = pytest.mark.real

STATUSES = '[tracker.statuses]\nok = ["QA passed"]\nbad = ["QA failed"]\nneedstesting = ["In QA"]\n'


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def jira(request: pytest.FixtureRequest) -> Iterator[Jira]:
    with serve(Jira(cloud=request.param)) as server:
        server.issue("ABC-1", status="In QA")
        for status in ("QA passed", "QA failed"):
            server.status(status)
        yield server


def findings(project: Project, jira: Jira, folder: Path, more: str = "") -> list[tuple[str, str, str]]:
    """Level, name and sentence of all that is about Jira."""
    token = folder / "jira-token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    login = "" if "login" in more else f'login = "{EMAIL}"\n'
    keys = "" if "keys" in more else 'keys = ["ABC"]\n'
    place = f'service_root = "{jira.root}"\ncredentials_file = "{token}"\n'
    project.write_settings(tracker=f'type = "jira"\n{place}{login}{keys}{more}')
    about = ("tracker", "projects", "words", "tagger")
    return [
        (each.level, each.name, each.what) for each in looked(project, offline=False) if each.name in about
    ]


def test_all_is_well(project: Project, jira: Jira, tmp_path: Path) -> None:
    host = jira.root.removeprefix("http://")
    kind = "Cloud" if jira.cloud else "9.12.5"
    assert findings(project, jira, tmp_path, STATUSES) == [
        ("ok", "tracker", f"jira {kind} at {host}, as QA Shepherd can be read"),
        ("ok", "projects", "each project of tracker.keys can be seen: ABC"),
        ("ok", "words", "Jira has each status that tracker names"),
        ("ok", "tagger", "the tagger may write in ABC"),
    ]
    asked = jira.count()
    looked(project)
    assert jira.count() == asked


def test_a_project_that_may_not_be_seen(project: Project, jira: Jira, tmp_path: Path) -> None:
    jira.project_of("SEC")
    jira.account.rights["SEC"] = ()
    told = findings(project, jira, tmp_path, 'keys = ["ABC", "SEC", "NONE"]\n')
    assert [each for each in told if each[1] == "projects"] == [
        (
            "fail",
            "projects",
            f"tracker.keys names {key}: there is no such project, or this account may not see it, so all of"
            " its issues are unknown",
        )
        for key in ("SEC", "NONE")
    ]


def test_a_status_that_there_is_not(project: Project, jira: Jira, tmp_path: Path) -> None:
    wrong = 'status = { landed = "Merged" }\n' + STATUSES.replace("QA passed", "QA pased")
    told = findings(project, jira, tmp_path, wrong)
    assert [each for each in told if each[1] == "words"] == [
        ("warn", "words", f"{key} names {name!r}, and Jira shows this account no status of that name")
        for key, name in (("tracker.statuses.ok", "QA pased"), ("tracker.status.landed", "Merged"))
    ]
    remedies = [each.remedy for each in looked(project, offline=False) if each.name == "words"]
    assert remedies == ["near: 'QA passed', 'QA failed'", "spell it as Jira does, or take it out"]


def test_rights_that_lack(project: Project, jira: Jira, tmp_path: Path) -> None:
    def told(more: str, *rights: str) -> list[str]:
        jira.account.rights[""] = (BROWSE, *rights)
        return [what for _, name, what in findings(project, jira, tmp_path, more) if name == "tagger"]

    may_not = "in ABC this account may not {}, which the tagger does"
    assert told("", EDIT) == [may_not.format("comment")]
    assert told("", COMMENT) == [may_not.format("label issues and set fields")]
    assert told(STATUSES, COMMENT, EDIT) == [may_not.format("change their status")]
    assert told(STATUSES, COMMENT, TRANSITION) == ["the tagger may write in ABC"]
    assert told("tag = false\n") == []


def test_a_field_that_there_is_not(project: Project, jira: Jira, tmp_path: Path) -> None:
    told = findings(project, jira, tmp_path, '[tracker.field]\nname = "QA result"\nok = ["passed"]\n')
    assert told[0][0] == "fail" and "has no field 'QA result'" in told[0][2]


def test_a_token_that_is_not_accepted(project: Project, jira: Jira, tmp_path: Path) -> None:
    jira.account.token = "another"
    findings(project, jira, tmp_path)
    assert ("fail", "tracker") in unwell(project, offline=False)
