"""What is broken about the tracker, its words and statuses is told by its own check, and by no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import Project
from tests.running.doctor.looking import looked, unwell
from tests.trackers.faulty import at_work as serve
from tests.trackers.forge_kit import Kit
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab
from tests.trackers.launchpad_server import Server, credentials, serving


def test_a_tracker_that_cannot_be_read(project: Project) -> None:
    (project.folder / "bugs.json").write_text("{")
    assert unwell(project) == [("fail", "tracker")]


@pytest.fixture
def lp() -> Iterator[Server]:
    with serving() as server:
        yield server


def test_launchpad(project: Project, lp: Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(credentials())
    token.chmod(0o600)
    for who, what in (("", "anonymously"), (f'credentials_file = "{token}"\n', "as ~shepherd")):
        project.write_settings(
            tracker=f'type = "launchpad"\nproject = "launchpad"\nservice_root = "{lp.root}"\n{who}'
        )
        (finding,) = [each for each in looked(project, offline=False) if each.name == "tracker"]
        assert finding.level == "ok"
        assert finding.what == f"launchpad launchpad at {lp.root[7:-1]}, {what} can be read"
        assert not (project.state / "cache").exists()
    assert not lp.count("ws.size=300")
    asked = lp.count()
    assert ("ok", "launchpad: not asked (--offline)") in [(f.level, f.what) for f in looked(project)]
    assert lp.count() == asked
    lp.fail(401, times=99)
    assert ("fail", "tracker") in unwell(project, offline=False)


def test_words_and_statuses_that_launchpad_does_not_have(
    project: Project, lp: Server, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(credentials())
    token.chmod(0o600)
    given = f'type = "launchpad"\nproject = "launchpad"\nservice_root = "{lp.root}"\n'
    wrong = (
        'status = { landed = "Fixed", rolled_back = "In Progress" }\n'
        'words = { ok = ["verified", "QA Verified", "OK.1"] }\n'
    )
    project.write_settings(tracker=f'{given}credentials_file = "{token}"\n{wrong}')
    found = [each for each in looked(project, offline=False) if each.name == "words"]
    assert [(each.level, each.what) for each in found] == [
        ("warn", "tracker.words.ok names 'QA Verified', which cannot be a tag on Launchpad"),
        ("fail", "tracker.status names 'Fixed', and Launchpad has no such status"),
    ]
    assert "'Fix Committed', " in found[1].remedy
    # who only reads sets no status, and writes no tag
    project.write_settings(tracker=given + wrong.replace('"verified"', '"QA Pass"'))
    assert [(each.level, each.what) for each in looked(project, offline=False) if each.name == "words"] == [
        ("warn", f"tracker.words.ok names {text!r}, which cannot be a tag on Launchpad")
        for text in ("QA Pass", "QA Verified")
    ]


@pytest.mark.real
@pytest.mark.parametrize("kind", [GitHub, GitLab])
def test_words_that_no_label_of_the_forge_matches(
    project: Project, tmp_path: Path, kind: type[GitHub | GitLab]
) -> None:
    with serve(kind()) as forge:
        kit = Kit(forge, tmp_path)
        forge.labels.update(dict.fromkeys((":white_check_mark: QA passed", "qa-bad"), ("123456", "")))
        words = '[tracker.words]\nok = ["✅ qa passed", "QA Pased"]\nbad = ["broken"]\n'
        project.write_settings(tracker=kit.lines(words))
        found = [each for each in looked(project, offline=False) if each.name == "words"]
        assert [(each.level, each.what) for each in found] == [
            ("warn", f"tracker.words.{word} names {text!r}, and no label of {forge.project} is called that")
            for word, text in (("ok", "QA Pased"), ("bad", "broken"))
        ]
        forge.labels.update(dict.fromkeys(("qa pased", "Broken"), ("123456", "")))
        told = f"each text of tracker.words is a label of {forge.project}"
        assert [
            (each.level, each.what) for each in looked(project, offline=False) if each.name == "words"
        ] == [("ok", told)]
        forge.fail(403, on="labels", times=9)
        assert ("warn", "words") in unwell(project, offline=False)
        asked = forge.count()
        assert "words" not in [each.name for each in looked(project)]
        project.write_settings(tracker=kit.lines())
        looked(project)
        assert forge.count() == asked


def test_what_the_tagger_could_not_write_is_told_until_it_is_written(project: Project) -> None:
    project.land("[bug=99] Three")
    project.full_run()
    ((level, name, what),) = [
        (each.level, each.name, each.what) for each in looked(project) if each.name.startswith("tagged")
    ]
    assert (level, name) == ("warn", "tagged stable")
    assert re.fullmatch(
        r"not written: .*; bug 99 for r3, since 20.* UTC: it could not be read: bug 99 is not in bugs.json",
        what,
    ), what
    project.tag(2)
    project.tag(99)
    project.full_run()
    assert [each.level for each in looked(project) if each.name.startswith("tagged")] == ["ok"]
