"""`init` asks for the checks that the forge requires, as far as landings have results of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.running.init.plan import InitPlan, plan
from shepherd.settings import parse
from shepherd.trackers.github.reading import GitHubTracker
from tests.gitrepo import Repo
from tests.inv import inv_here
from tests.trackers.faulty import at_work
from tests.trackers.github_checks import Required, pending, run
from tests.trackers.github_server import GitHub, Thing, pull

pytestmark = pytest.mark.real

TOKEN = "forge-token-4711"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """In the place of GitHub; its repository has twelve landings."""
    with at_work(GitHub("acme/shop")) as server:
        server.token = TOKEN
        monkeypatch.setattr(GitHubTracker, "root", server.root)
        yield server


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "shop.git", branch="main")
    for number in range(1, 13):
        repo.commit(f"Fix {number} (#{number})")
    repo.git("config", "remote.origin.url", "https://github.com/acme/shop.git")
    (tmp_path / "github-token").write_text(f"{TOKEN}\n")
    (tmp_path / "github-token").chmod(0o600)
    return repo


def planned(repo: Repo, branch: str | None = None) -> tuple[InitPlan, tuple[str, ...], str]:
    """The plan, the checks that its settings ask for, and what stands in their comments."""
    made = plan(repo.path, repo.path.parent / "shepherd.toml", branch=branch)
    (settings,) = parse(made.text, made.file).branches.values()
    return made, settings.checks, " ".join(made.text.replace("\n# ", " ").split())


def newest(repo: Repo, number: int) -> str:
    return repo.git("rev-parse", f"main~{number - 1}").strip()


def test_what_is_required_and_reported_on_landings_is_asked_for(repo: Repo, hub: GitHub) -> None:
    hub.required["main"] = Required(["ci/build", "title of the request"], ["test (3.12)"])
    hub.runs = {newest(repo, 1): [pending("ci/build")], newest(repo, 10): [run("test (3.12)", "FAILURE")]}
    hub.runs[newest(repo, 11)] = [run("title of the request")]
    made, checks, text = planned(repo)
    assert checks == ("ci/build", "test (3.12)")
    for told in (" ".join(made.findings), text):
        assert "requires on main and that are asked for here: 'ci/build', 'test (3.12)'." in told
        assert (
            "requires on main, but that are not asked for here: 'title of the request' (no results of them on"
            " the newest 10 landings)." in told
        )
    assert hub.count() == 5  # the probe's two, what is deployed, what is required, and results


def test_a_name_that_is_no_name_for_settings_is_refused(repo: Repo, hub: GitHub) -> None:
    names = ["build (*)", "ok?", " blank", "bell\a", 'quo"ted']
    hub.required["main"] = Required(rulesets=names)
    hub.runs[newest(repo, 1)] = [run(name) for name in names]
    made, checks, text = planned(repo)
    assert checks == ('quo"ted',)
    for told in (" ".join(made.findings), text):
        assert "'build (*)', 'ok?' (`*` and `?` in a name would stand for other characters)" in told
        assert "' blank', 'bell\\x07' (settings cannot hold such a name)" in told


@pytest.mark.parametrize("hidden", [True, False])
def test_what_cannot_be_read_blocks_nothing(repo: Repo, hub: GitHub, hidden: bool) -> None:
    """A fine-grained token reads no checks: asked for, they would all be unknown."""
    hub.required["main"] = Required(["ci/build"])
    hub.runs[newest(repo, 1)] = [run("ci/build")]
    hub.hides_checks = hidden
    if not hidden:
        hub.fail("something went wrong", on="statusCheckRollup", times=99)
    made, checks, text = planned(repo)
    assert checks == ()
    assert "'ci/build' (the checks of landings cannot be read: " in " ".join(made.findings)
    assert '# checks = ["ci/build"]' in made.text
    assert ("put a classic one with the scope repo, or a GitHub App's" in text) == hidden
    assert f"Once they can be, take the # from `checks` in {made.file}." in " ".join(made.findings)


def test_that_nothing_is_required_is_said(repo: Repo, hub: GitHub) -> None:
    hub.required["main"] = Required()
    made, checks, _ = planned(repo)
    assert checks == ()
    assert "Checks that GitHub requires on main: none." in made.findings
    assert '# checks = ["ci/build"]' in made.text


def test_that_it_is_not_known_is_said(repo: Repo, hub: GitHub) -> None:
    made, checks, _ = planned(repo)
    assert checks == ()
    (told,) = (each for each in made.findings if each.startswith("Which checks are required is not known: "))
    assert told.endswith("knows no branch main.")


def test_a_mainline_that_is_no_branch_is_not_asked_about(repo: Repo, hub: GitHub) -> None:
    repo.git("update-ref", "refs/landed/main", "main")
    made, checks, _ = planned(repo, "refs/landed/main")
    assert checks == ()
    assert not [each for each in made.findings if "hecks" in each]


def test_what_is_written_works(repo: Repo, hub: GitHub, tmp_path: Path) -> None:
    hub.required["main"] = Required(["ci/build"])
    hub.runs[newest(repo, 1)] = [run("ci/build")]
    assert inv_here(tmp_path, "init", "--repository", str(repo.path), "--deployed", "r11").code == 0
    hub.things[12] = pull_of(repo)
    assert inv_here(tmp_path, "find", "judge").code == 0
    assert "deploy r12" in inv_here(tmp_path, "status").out
    assert hub.count("statusCheckRollup") >= 2


def pull_of(repo: Repo) -> Thing:
    """The request that brought the newest landing."""
    return pull("qa-ok", base="main", commits=(newest(repo, 1),))
