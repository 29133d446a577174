"""GitLab and Gitea go wrong at random while checks are read: what is said of a commit is the truth, or that
it is not known."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shepherd.conditions import CommitChecks
from shepherd.errors import TrackerError
from shepherd.trackers import http
from shepherd.trackers.checks import CheckSource
from shepherd.trackers.gitea.checks import GiteaChecks
from shepherd.trackers.gitlab.checks import GitLabChecks
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit, asking
from tests.trackers.gitea_server import Gitea
from tests.trackers.gitlab_pipelines import Job
from tests.trackers.gitlab_server import GitLab

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

SHAS = [f"{number:040x}" for number in range(1, 25)]
# not 404: that there is no such commit would be a lie, which nobody can know for one
FAULTS: tuple[int | str, ...] = (401, 403, 429, 500, 502, 503, "reset", "truncate", "broken", "html")
Words = dict[str, dict[str, str]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rest that somebody asks for is never waited for here."""
    monkeypatch.setattr(http, "PATIENCE", 10.0)
    monkeypatch.setattr(http, "RESERVED", 2.0)


def words_of(source: CheckSource) -> Iterator[tuple[str, CommitChecks]]:
    """What it says until it breaks off."""
    try:
        yield from source.checks_of(SHAS)
    except TrackerError:
        return


def true_or_unknown(open_source: Callable[[], CheckSource], truth: Words) -> None:
    said = dict(words_of(open_source()))
    for sha, checks in said.items():
        if not checks.unreadable:
            assert {each.name: each.word for each in checks.results} == truth[sha]


def the_truth(open_source: Callable[[], CheckSource]) -> Words:
    said = dict(open_source().checks_of(SHAS))
    assert len(said) == len(SHAS)
    assert not any(each.unreadable for each in said.values())
    return {sha: {each.name: each.word for each in checks.results} for sha, checks in said.items()}


def break_off(chance: random.Random, forge: GitLab | Gitea) -> None:
    for _ in range(chance.randint(0, 3)):
        on = chance.choice(["", "", "graphql", "/status", chance.choice(SHAS)])
        times = chance.choice([1, 2, 10**6])
        forge.fail(chance.choice(FAULTS), on=on, times=times, after=chance.randrange(4))


@pytest.mark.parametrize("seed", range(40))
def test_gitlab(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    states = ["success", "failed", "running", "canceled", "manual", "skipped"]
    with at_work(GitLab()) as lab:
        kit = Kit(lab, tmp_path)
        for sha in SHAS:
            for _ in range(chance.choice([0, 1, 1, 1, 2, 11])):
                jobs = [Job(name, chance.choice(states), chance.random() < 0.2) for name in ("build", "test")]
                lab.pipelines.add(sha, chance.choice(states), *jobs, ref=chance.choice(["stable", "other"]))

        def source() -> CheckSource:
            return GitLabChecks(kit.settings(), asking("*"))

        truth = the_truth(source)
        break_off(chance, lab)
        lab.pipelines.lost = set(chance.sample(SHAS, chance.choice([0, 0, 3])))
        lab.pipelines.strength = chance.choice([100, 100, 4, 0])
        lab.pipelines.hidden = chance.random() < 0.1
        lab.pipelines.jobs_hidden = chance.random() < 0.1
        lab.graphql = chance.random() < 0.8
        for _ in range(2):
            http._RESTS.clear()
            true_or_unknown(source, truth)


@pytest.mark.parametrize("seed", range(20))
def test_gitea(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with at_work(Gitea()) as tea:
        kit = Kit(tea, tmp_path)
        tea.commits = set(SHAS)
        tea.page = chance.choice([50, 20, 3])
        for sha in SHAS:
            for number in range(chance.choice([0, 1, 3, 7])):
                state = chance.choice(["success", "failure", "pending", "skipped", "warning"])
                tea.statuses.say(sha, f"job {number}", state)

        def source() -> CheckSource:
            return GiteaChecks(kit.settings())

        truth = the_truth(source)
        break_off(chance, tea)
        tea.statuses.tells_page = chance.random() < 0.8
        for _ in range(2):
            http._RESTS.clear()
            true_or_unknown(source, truth)
