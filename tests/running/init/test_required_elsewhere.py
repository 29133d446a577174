"""`init` asks for the checks that GitLab and Gitea require, as it does on GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.running.init.plan import InitPlan, plan
from shepherd.settings import parse
from shepherd.trackers.gitea.reading import GiteaTracker
from shepherd.trackers.gitlab.reading import GitLabTracker
from tests.gitrepo import Repo
from tests.inv import inv_here
from tests.trackers.faulty import at_work
from tests.trackers.gitea_server import Gitea
from tests.trackers.gitea_statuses import Protection
from tests.trackers.gitlab_pipelines import Job
from tests.trackers.gitlab_server import GitLab, merge

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

TOKEN = "forge-token-4711"
PUSH, REQUEST = "ci / build (push)", "ci / build (pull_request)"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shepherd.trackers.http.FIRST_WAIT", 0.001)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLab]:
    with at_work(GitLab("acme/shop")) as server:
        server.token = TOKEN
        monkeypatch.setattr(GitLabTracker, "root", server.root)
        yield server


@pytest.fixture
def tea(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gitea]:
    with at_work(Gitea("acme/shop")) as server:
        server.token = TOKEN
        monkeypatch.setattr(GiteaTracker, "root", server.root)
        yield server


def landed(folder: Path, host: str, kind: str) -> tuple[Repo, str]:
    """A clone with two landings, and the SHA of the newest."""
    repo = Repo(folder / "shop.git", branch="main")
    repo.commit("Fix 1\n\nSee merge request acme/shop!1" if kind == "gitlab" else "Fix 1 (#1)")
    newest = repo.commit("Fix 2\n\nSee merge request acme/shop!2" if kind == "gitlab" else "Fix 2 (#2)")
    repo.git("config", "remote.origin.url", f"https://{host}/acme/shop.git")
    (folder / f"{kind}-token").write_text(f"{TOKEN}\n")
    (folder / f"{kind}-token").chmod(0o600)
    return repo, newest


def planned(repo: Repo) -> tuple[InitPlan, tuple[str, ...]]:
    made = plan(repo.path, repo.path.parent / "shepherd.toml")
    (settings,) = parse(made.text, made.file).branches.values()
    return made, settings.checks


def test_pipelines_must_succeed(lab: GitLab, tmp_path: Path) -> None:
    repo, newest = landed(tmp_path, "gitlab.com", "gitlab")
    lab.pipelines.must_succeed = True
    lab.pipelines.add(newest, "running", Job("build", "running"))
    made, checks = planned(repo)
    assert checks == ("pipeline",)
    told = "Checks that GitLab requires on main and that are asked for here: 'pipeline'."
    assert told in made.findings


def test_pipelines_that_need_not_succeed(lab: GitLab, tmp_path: Path) -> None:
    repo, newest = landed(tmp_path, "gitlab.com", "gitlab")
    lab.pipelines.add(newest)
    made, checks = planned(repo)
    assert checks == ()
    assert "Checks that GitLab requires on main: none." in made.findings


def test_a_project_without_pipelines_on_its_mainline(lab: GitLab, tmp_path: Path) -> None:
    """Requests have them, landings do not: nothing could be deployed ever again."""
    repo, _ = landed(tmp_path, "gitlab.com", "gitlab")
    lab.pipelines.must_succeed = True
    made, checks = planned(repo)
    assert checks == ()
    assert "'pipeline' (no results of them on the newest 2 landings)" in " ".join(made.findings)


def test_what_gitlab_shows_to_members_alone_is_not_known(lab: GitLab, tmp_path: Path) -> None:
    repo, newest = landed(tmp_path, "gitlab.com", "gitlab")
    lab.pipelines.must_succeed = None
    lab.pipelines.add(newest)
    made, checks = planned(repo)
    assert checks == ()
    assert "Which checks are required is not known: GitLab shows" in " ".join(made.findings)


def test_what_is_written_works(lab: GitLab, tmp_path: Path) -> None:
    repo, newest = landed(tmp_path, "gitlab.com", "gitlab")
    lab.pipelines.must_succeed = True
    lab.pipelines.add(newest, "running", ended=None)
    lab.merges[2] = merge("qa-ok", base="main", merge_commit=newest)
    assert inv_here(tmp_path, "init", "--repository", str(repo.path), "--deployed", "r1").code == 0
    assert inv_here(tmp_path, "find", "judge").code == 0
    assert "deploy r2" not in inv_here(tmp_path, "status").out
    lab.pipelines.add(newest, "success")
    assert inv_here(tmp_path, "find", "judge").code == 0
    assert "deploy r2" in inv_here(tmp_path, "status").out


def test_contexts_of_a_protected_branch(tea: Gitea, tmp_path: Path) -> None:
    repo, newest = landed(tmp_path, "codeberg.org", "gitea")
    tea.commits = {newest}
    tea.statuses.branches["main"] = Protection(["ci / *(push)", REQUEST, "ci / *(push)", "ci/{a,b}"])
    tea.statuses.say(newest, PUSH)
    made, checks = planned(repo)
    assert checks == ("ci / *(push)",)
    told = " ".join(made.findings)
    assert f"'{REQUEST}' (no results of them on the newest 2 landings)" in told
    assert "'ci/{a,b}' (settings know `*` and `?` in a pattern, and no other signs)" in told


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        pytest.param(Protection([]), ("*",), id="all that there are"),
        pytest.param(Protection([PUSH], enabled=False), (), id="switched off"),
        pytest.param(None, (), id="not protected"),
    ],
)
def test_a_branch_that_names_none(
    tea: Gitea, tmp_path: Path, rule: Protection | None, wanted: tuple[str, ...]
) -> None:
    repo, newest = landed(tmp_path, "codeberg.org", "gitea")
    tea.commits = {newest}
    tea.statuses.branches["main"] = rule
    tea.statuses.say(newest, PUSH)
    assert planned(repo)[1] == wanted


def test_a_branch_that_gitea_does_not_show(tea: Gitea, tmp_path: Path) -> None:
    repo, _ = landed(tmp_path, "codeberg.org", "gitea")
    made, checks = planned(repo)
    assert checks == ()
    told = (
        "Which checks are required is not known: acme/shop has no branch main, or the token may not see it."
    )
    assert told in made.findings
