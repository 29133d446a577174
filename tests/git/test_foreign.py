"""Somebody else's repository is only read: nothing that it names runs, and nothing of ours is told to it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from shepherd.act.ref import Move, check_movable, move_ref
from shepherd.errors import SettingsError, ShepherdError
from shepherd.git.repository import open_repository
from tests.gitrepo import ISOLATED
from tests.project import Project
from tests.promoting import PROMOTE, promote

HOOKS = (
    *("reference-transaction", "post-update", "pre-receive", "update", "post-receive", "proc-receive"),
    *(
        "pre-push",
        "push-to-checkout",
        "post-checkout",
        "pre-auto-gc",
        "fsmonitor-watchman",
        "post-index-change",
    ),
)
SECRETS = {"GITHUB_TOKEN": "ghp_4711", "MAIL_PASSWORD": "ghp_4711", "PGPASSWORD": "ghp_4711"}


def trap(repository: Path, witness: Path) -> None:
    """Whatever git could be told to run by a repository, it is told here."""
    script = witness.with_name("trap")
    script.write_text(f"#!/bin/sh\n(echo \"$0 $*\"; env) >> '{witness}'\n")
    script.chmod(0o755)
    hooks = repository / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        (hooks / name).write_text(f"#!/bin/sh\nexec '{script}' {name}\n")
        (hooks / name).chmod(0o755)
    run = f'"{script}"'
    (repository / "config").write_text(
        (repository / "config").read_text()
        + f"""
[core]
    hooksPath = {hooks}
    fsmonitor = {script}
    sshCommand = {script}
    pager = {script}
    editor = {script}
    askPass = {script}
    gitProxy = {script}
    alternateRefsCommand = {script}
    attributesFile = {repository}/info/attributes
[credential]
    helper = !{script}
[diff]
    external = {script}
[diff "x"]
    command = {script}
    textconv = {script}
[merge "x"]
    driver = {script}
[filter "x"]
    clean = {script}
    smudge = {script}
    process = {script}
[log]
    showSignature = true
[gpg]
    program = {script}
[gpg "ssh"]
    program = {script}
[uploadpack]
    packObjectsHook = {run}
[protocol]
    allow = always
[protocol "ext"]
    allow = always
[remote "origin"]
    url = ext::{script}
    uploadpack = {script}
    receivepack = {script}
    promisor = true
    partialclonefilter = blob:none
[pager]
    log = {script}
"""
    )
    (repository / "info").mkdir(exist_ok=True)
    (repository / "info" / "attributes").write_text("* diff=x merge=x filter=x\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Two landings that are deployable, the second one signed; secrets in the environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    project = Project(tmp_path / "project", branch=f'{PROMOTE}\nverdict_notes = "refs/notes/qa"\n')
    first, second = project.land("[no-qa] One", "[no-qa] Two")
    raw = project.repo.git("cat-file", "commit", second)
    head, _, message = raw.partition("\n\n")
    signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n{message}\n"
    tip = project.repo.git("hash-object", "-t", "commit", "-w", "--stdin", input=signed.encode())
    project.repo.git("update-ref", "refs/heads/stable", tip)
    project.deploy(first)
    project.repo.set_ref("released", first)
    return project


def behind_a_url(project: Project) -> None:
    settings = project.folder / "shepherd.toml"
    settings.write_text(settings.read_text().replace('"project.git"', f'"file://{project.repo.git_dir}"'))


def refs(project: Project) -> dict[str, str | None]:
    return open_repository(str(project.repo.git_dir)).resolve_many(["stable", "released"])


def give_away(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the repository be another user's."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "65534", project.repo.git_dir], check=True)
    else:
        other = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: other)


def test_the_trap_works(project: Project, tmp_path: Path) -> None:
    """Who reads it like one's own runs what it names."""
    trap(project.repo.git_dir, tmp_path / "witness")
    subprocess.run(
        ["git", "log", "-p", "--ext-diff", "stable"],
        cwd=project.repo.git_dir,
        env=os.environ | ISOLATED,
        capture_output=True,
    )
    assert "ghp_4711" in (tmp_path / "witness").read_text()


@pytest.mark.parametrize("by_url", [False, True], ids=["path", "URL"])
@pytest.mark.parametrize("partial", [False, True], ids=["whole", "partial"])
def test_reading_runs_nothing(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_url: bool, partial: bool
) -> None:
    git_dir = project.repo.git_dir
    trap(git_dir, tmp_path / "witness")
    if partial:
        # what is missing could be fetched from where the repository says
        project.repo.git("config", "extensions.partialClone", "origin")
        blob = project.repo.git("rev-parse", "stable^{tree}")
        (git_dir / "objects" / blob[:2] / blob[2:]).unlink()
    give_away(project, monkeypatch)
    if by_url:
        behind_a_url(project)
    try:
        assert project.look().answer == "deploy"
    except ShepherdError:
        assert partial, "only what is missing may stop it"
    assert not (tmp_path / "witness").exists(), (tmp_path / "witness").read_text()


def test_a_move_in_place_runs_nothing(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap(project.repo.git_dir, tmp_path / "witness")
    give_away(project, monkeypatch)
    promote(project)
    now = refs(project)
    assert now["released"] == now["stable"]
    assert not (tmp_path / "witness").exists(), (tmp_path / "witness").read_text()


def test_a_push_to_another_user_is_refused(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap(project.repo.git_dir, tmp_path / "witness")
    give_away(project, monkeypatch)
    before = refs(project)
    behind_a_url(project)
    for _ in range(2):
        with pytest.raises(
            SettingsError, match=r"belongs to user id \d+, whose hooks a push would run as us"
        ):
            promote(project)
    assert refs(project) == before
    assert not (tmp_path / "witness").exists(), (tmp_path / "witness").read_text()


@pytest.mark.parametrize("name", ["project.git", "project.git/", "project", "project%2egit"])
def test_however_it_is_named(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As git finds it: with or without `.git`, and with characters of the URL encoded."""
    give_away(project, monkeypatch)
    url = f"file://{project.repo.git_dir.parent}/{name}"
    git = open_repository(str(project.repo.git_dir))
    move = Move(url, "refs/heads/released", refs(project)["released"], project.repo.tip())
    with pytest.raises(SettingsError, match="whose hooks"):
        check_movable(git, move.ref, url)
    with pytest.raises(SettingsError, match="whose hooks"):
        move_ref(git, move)


def test_our_own_hooks_run_and_learn_no_secret(project: Project, tmp_path: Path) -> None:
    trap(project.repo.git_dir, tmp_path / "witness")
    config = project.repo.git_dir / "config"
    config.write_text(config.read_text().replace("fsmonitor", "ignored"))
    behind_a_url(project)
    promote(project)
    told = (tmp_path / "witness").read_text()
    assert "post-receive" in told
    assert "ghp_4711" not in told
