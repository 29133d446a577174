"""A clone whose own fetch overwrites what is moved in it (docs/promoting.md#a-clone-that-is-a-mirror)."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError, SourceError
from shepherd.git.mirror_clones import mirror_clone, overwriting_remote
from shepherd.git.repository import open_repository
from tests.gitrepo import ISOLATED, Repo
from tests.project import Project
from tests.promoting import promote, ready, released


def mirror_of(project: Project, *, origin: str = "") -> Path:
    """`git clone --mirror` of the project's repository, which its settings name from now on."""
    clone = project.folder / "clone.git"
    subprocess.run(
        ["git", "clone", "-q", "--mirror", f"file://{project.repo.path}", str(clone)],
        env=ISOLATED,
        check=True,
    )
    if origin:
        subprocess.run(["git", "-C", str(clone), "config", "remote.origin.url", origin], check=True)
    name_repository(project, str(clone))
    return clone


def name_repository(project: Project, place: str) -> None:
    file = project.folder / "shepherd.toml"
    file.write_text(re.sub(r"(?m)^repository = .*$", f"repository = {json.dumps(place)}", file.read_text()))


def refs_of(clone: Path) -> dict[str, str]:
    command = ["git", "-C", str(clone), "for-each-ref", "--format=%(refname) %(objectname)"]
    output = subprocess.run(command, env=ISOLATED, check=True, capture_output=True, text=True).stdout
    return dict(line.split(" ", 1) for line in output.splitlines())


def test_a_ref_that_the_next_fetch_overwrites_is_not_moved(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    clone = mirror_of(project)
    with pytest.raises(SettingsError, match="overwritten by the next `git remote update`") as refused:
        promote(project)
    assert refs_of(clone)["refs/heads/released"] == ids[0]
    # as the sentence says, pasted
    remedy = re.search(r"repository = (\"[^\"]*\")", str(refused.value))
    assert remedy
    name_repository(project, json.loads(remedy[1]))
    promote(project)
    assert released(project) == ids[2]
    subprocess.run(
        ["git", "-C", str(clone), "remote", "update"], env=ISOLATED, check=True, capture_output=True
    )
    assert refs_of(clone)["refs/heads/released"] == ids[2]


@pytest.mark.parametrize(
    ("refspecs", "overwrites"),
    [
        (["+refs/*:refs/*"], True),
        (["+refs/heads/*:refs/heads/*"], True),
        (["refs/heads/stable:refs/heads/released"], True),
        (["+refs/heads/rel*:refs/heads/rel*ed"], True),
        (["+refs/heads/*:refs/heads/*", "^refs/heads/released"], False),
        (["+refs/heads/*:refs/heads/*", "^refs/heads/stable"], True),
        (["+refs/heads/*:refs/remotes/origin/*"], False),
        (["+refs/heads/stable:refs/heads/stable"], False),
        (["refs/heads/released"], False),
        (["+released:released"], True),
        (["+main:heads/released"], True),
        (["+:released"], True),
        (["+released:tags/released"], False),
        (["+refs/heads/*:refs/heads/*", "^released"], True),
        ([], False),
    ],
)
def test_what_a_fetch_overwrites_is_read_off_its_refspecs(
    tmp_path: Path, refspecs: list[str], overwrites: bool
) -> None:
    repo = Repo(tmp_path / "r.git")
    repo.git("config", "remote.up.stream.url", "https://ann:secret@git.example.org/shop.git")
    # git fetches from the first alone
    repo.git("config", "--add", "remote.up.stream.url", "https://git.example.org/other.git")
    for refspec in refspecs:
        repo.git("config", "--add", "remote.up.stream.fetch", refspec)
    remote = overwriting_remote(open_repository(str(repo.path)), "refs/heads/released")
    assert (remote is not None) == overwrites
    if remote:
        assert (remote.name, remote.url) == ("up.stream", "https://git.example.org/shop.git")


def test_a_mirror_that_only_pushes_keeps_what_is_moved(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r.git")
    repo.git("remote", "add", "--mirror=push", "away", "https://git.example.org/shop.git")
    assert overwriting_remote(open_repository(str(repo.path)), "refs/heads/released") is None


def test_remotes_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r.git")
    git = open_repository(str(repo.path))
    with (repo.path / "config").open("a") as file:
        file.write('[remote "broken\n')
    with pytest.raises(SourceError, match="which remotes it has cannot be read: git says"):
        overwriting_remote(git, "released")


def test_an_answer_from_a_clone_that_nobody_updates_says_so(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    clone = mirror_of(project)
    for file in clone.iterdir():
        os.utime(file, times=(project.now.timestamp(), project.now.timestamp()))
    assert not project.look().warnings
    project.now += timedelta(days=1)
    (warning,) = project.look().warnings
    assert "was last updated on 2011-08-01 09:50 UTC: what landed since then is missing" in warning
    (clone / "FETCH_HEAD").touch()
    os.utime(clone / "FETCH_HEAD", times=(project.now.timestamp(), project.now.timestamp()))
    assert not project.look().warnings


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        ("../shop.git", 'repository = "{folder}/shop.git"` for this branch, and the ref is moved there'),
        ("/srv/shop.git", 'repository = "/srv/shop.git"` for this branch, and the ref is moved there'),
        (
            "git@git.example.org:shop.git",
            'repository = "git@git.example.org:shop.git"` for this branch, and the promotion is pushed there',
        ),
        ("https://ann:secret@git.example.org/shop.git", 'repository = "https://git.example.org/shop.git"'),
        ("ssh://ann:secret@git.example.org/shop.git", "`repository` to the URL of the repository"),
        ("ext::sh -c true", "`repository` to the URL of the repository"),
    ],
)
def test_the_remedy_names_what_may_stand_in_the_settings(tmp_path: Path, origin: str, named: str) -> None:
    project, _ = ready(tmp_path)
    mirror_of(project, origin=origin)
    with pytest.raises(SettingsError, match="overwritten") as refused:
        promote(project)
    assert named.format(folder=tmp_path.resolve() / project.folder.relative_to(tmp_path)) in str(
        refused.value
    )
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (
            "../shop.git",
            'set `repository = "{folder}/shop.git"` in the settings, and the shepherd reads it there',
        ),
        (
            "file:///srv/shop.git",
            'set `repository = "file:///srv/shop.git"` in the settings, and the shepherd fetches',
        ),
    ],
)
def test_what_the_doctor_says_of_what_it_mirrors(tmp_path: Path, origin: str, said: str) -> None:
    project, _ = ready(tmp_path)
    git = open_repository(str(mirror_of(project, origin=origin)))
    clone = mirror_clone(git, "stable", project.now)
    assert clone and said.format(folder=project.folder) in clone.remedy
