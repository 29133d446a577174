"""What is broken about repositories and what production runs is told by its own check, and by no other."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from shepherd.running.log import now
from shepherd.store import Database, Journal, JournalEntry
from tests.gitrepo import ISOLATED
from tests.project import Project
from tests.running.crontab import Crontab
from tests.running.doctor.looking import configure, looked, said, unwell


def test_a_ref_that_is_not_there(project: Project) -> None:
    project.repo.git("update-ref", "-d", "refs/heads/production")
    assert unwell(project) == [("fail", "deployed stable")]


def test_a_repository_that_is_not_there(project: Project) -> None:
    project.repo.path.rename(project.folder / "elsewhere")
    assert [name for _, name in unwell(project)] == ["repository stable", "deployed stable"]


def test_a_repository_behind_a_url_is_asked_and_left_alone(project: Project) -> None:
    for ref, level in (("stable", "ok"), ("missing", "fail")):
        (project.folder / "shepherd.toml").write_text(
            f'[branches.stable]\nrepository = "file://{project.repo.path}"\nref = "{ref}"\n'
            'deployed = { ref = "production" }\n'
        )
        found = {each.name: each.level for each in looked(project, offline=False)}
        assert (found["repository stable"], found["deployed stable"]) == (level, "warn")
    assert not (project.state / "mirrors").exists()


def test_notes_that_are_not_there(project: Project) -> None:
    project.write_settings('verdict_notes = "refs/notes/qa"\n')
    configure(project, '[report]\npublish = ["host:/srv/www"]\n')
    assert f"git -C {project.repo.path} fetch origin refs/notes/qa:refs/notes/qa" in said(
        project, "notes stable"
    )
    project.repo.note(project.repo.tip(), "QA: ok")
    assert "notes stable" in [each.name for each in looked(project) if each.level == "ok"]
    assert "notes stable" not in [name for _, name in unwell(project)]


def test_notes_of_a_repository_that_is_not_there_or_not_fetched_yet(project: Project) -> None:
    project.write_settings('verdict_notes = "refs/notes/qa"\n')
    project.repo.path.rename(project.folder / "elsewhere")
    assert "notes stable" not in [name for _, name in unwell(project)]
    (project.folder / "shepherd.toml").write_text(
        f'[branches.stable]\nrepository = "file://{project.folder}/elsewhere"\nref = "stable"\n'
        'deployed = { ref = "production" }\nverdict_notes = "refs/notes/qa"\n'
    )
    assert "inv find fetches it" in said(project, "notes stable")
    project.find()
    assert "git push origin refs/notes/qa" in said(project, "notes stable")


def test_a_partial_clone_that_lacks_something(project: Project) -> None:
    origin = project.repo.path.rename(project.folder / "origin.git")
    git = partial(subprocess.run, env=os.environ | ISOLATED, check=True)
    git(["git", "-C", origin, "config", "uploadpack.allowFilter", "true"])
    place = str(project.repo.path)
    git(["git", "clone", "-q", "--mirror", "--filter=blob:none", f"file://{origin}", place])
    assert unwell(project) == [("warn", "repository stable")]
    assert "is a partial clone and lacks" in said(project, "repository stable")
    assert "git fetch --refetch --no-filter" in said(project, "repository stable")
    git(["git", "-C", place, "fetch", "-q", "--refetch", "--no-filter"])
    assert unwell(project) == []


def test_what_was_recorded_is_read_from_the_journal(tmp_path: Path, table: Crontab) -> None:
    project = Project(tmp_path / "site", branch="deployed = { recorded = true }\n")
    first, _ = project.land("[bug=1] One", "[bug=2] Two")
    assert "inv deployed" in said(project, "deployed stable")
    with pytest.raises(Exception, match="never been recorded"):
        project.find()
    database = Database.of(project.settings)
    with database.begin() as connection:
        entry = JournalEntry("deployed", "", {"revno": 1, "id": first, "recorded": True})
        Journal(connection, "stable").append([entry], run_id="", at=now())
    database.close()
    (finding,) = [each for each in looked(project) if each.name == "deployed stable"]
    assert finding.level == "ok" and finding.what.endswith("runs r1")


def test_the_newest_release_is_what_production_runs(tmp_path: Path, table: Crontab) -> None:
    project = Project(tmp_path / "site", branch='deployed = { tags = "v*" }\n')
    first, _ = project.land("[bug=1] One", "[bug=2] Two")
    assert "no tag of" in said(project, "deployed stable")
    assert "tag a release, or change the pattern" in said(project, "deployed stable")
    project.repo.tag("v1.0", first)
    (finding,) = [each for each in looked(project) if each.name == "deployed stable"]
    assert (finding.level, finding.what) == ("ok", "production (tags v*) runs r1")


def test_a_clone_that_mirrors_another_repository(project: Project) -> None:
    origin = project.repo.path.rename(project.folder / "origin.git")
    place, url = project.repo.path, f"file://{origin}"
    subprocess.run(["git", "clone", "-q", "--mirror", url, str(place)], env=os.environ | ISOLATED, check=True)
    (fresh,) = [each for each in looked(project) if each.name == "repository stable"]
    assert fresh.level == "ok" and f"mirrors {url}, and was last updated on" in fresh.what
    forgotten = said(project, "repository stable", at=now() + timedelta(days=3))
    assert "UTC: what landed since then is missing" in forgotten
    # as it says, pasted: then the shepherd fetches by itself
    assert f'`repository = "{url}"`' in forgotten
    command = forgotten.partition("or run `")[2].partition("`")[0]
    subprocess.run(command, shell=True, env=os.environ | ISOLATED, check=True, capture_output=True)


def test_a_promotion_into_a_clone_that_mirrors_another_repository(project: Project) -> None:
    project.write_settings('promote = { ref = "production" }\n')
    configure(project, '[report]\npublish = ["host:/srv/www"]\n')
    project.repo.git("config", "remote.origin.fetch", "+refs/*:refs/*")
    project.repo.git("config", "remote.origin.url", "https://git.example.org/shop.git")
    assert "would be overwritten" in said(project, "promoted stable")
