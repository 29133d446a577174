"""The checks of commits on GitLab: what its pipelines and jobs amount to, in few questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shepherd.conditions import CheckResult, CommitChecks
from shepherd.errors import TrackerError
from shepherd.trackers.gitlab.check_meaning import UNKNOWN_STATE
from shepherd.trackers.gitlab.checks import LEFT_OUT, NO_JOBS, GitLabChecks
from shepherd.trackers.gitlab.pipelines import ANONYMOUS_COMPLEXITY, COMPLEXITY, at_once, complexity
from shepherd.trackers.gitlab.statuses import ANONYMOUS
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit, asking
from tests.trackers.gitlab_pipelines import BEGINNING, Job, PipelineRows
from tests.trackers.gitlab_server import GitLab

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

SHA, OTHER = "ab" * 20, "cd" * 20
ALL = ("*",)
WHOLE = ("pipeline",)


def shas(number: int) -> list[str]:
    return [f"{each:040x}" for each in range(1, number + 1)]


@dataclass
class Lab:
    """A GitLab, and the source of checks that reads it."""

    forge: GitLab
    kit: Kit

    @property
    def rows(self) -> PipelineRows:
        return self.forge.pipelines

    def source(self, patterns: Sequence[str] = ALL, **tracker: Any) -> GitLabChecks:
        return GitLabChecks(self.kit.settings(**tracker), asking(*patterns))

    def read(self, *commits: str, patterns: Sequence[str] = ALL, **tracker: Any) -> dict[str, CommitChecks]:
        return dict(self.source(patterns, **tracker).checks_of(commits))

    def words(self, sha: str = SHA, **more: Any) -> dict[str, str]:
        """Name -> what it says."""
        checks = self.read(sha, **more)[sha]
        assert not checks.unreadable
        return {each.name: each.word for each in checks.results}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with at_work(GitLab()) as forge:
        yield Lab(forge, Kit(forge, tmp_path))


# --- what is said of a commit ---------------------------------------------------------------------------


def test_jobs_and_the_pipeline_as_a_whole(lab: Lab) -> None:
    lab.rows.add(SHA, "running", Job("build"), Job("test", "running", ended=None), ended=None)
    began, ended = (int(BEGINNING.timestamp()) + seconds for seconds in (60, 120))
    url = f"{lab.forge.root}/{lab.forge.project}/-/pipelines/1"
    assert set(lab.read(SHA)[SHA].results) == {
        CheckResult("pipeline", "pending", began, url),
        CheckResult("build", "success", ended, url),
        CheckResult("test", "pending", began, url),
    }


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("created", "pending"),
        ("waiting_for_resource", "pending"),
        ("waiting_for_callback", "pending"),
        ("preparing", "pending"),
        ("pending", "pending"),
        ("running", "pending"),
        ("scheduled", "pending"),
        ("canceling", "pending"),
        ("manual", "pending"),
        ("success", "success"),
        ("skipped", "skipped"),
        ("failed", "failed"),
        ("canceled", "cancelled"),
    ],
)
def test_each_state_of_a_job(lab: Lab, status: str, word: str) -> None:
    lab.rows.add(SHA, "running", Job("test", status))
    assert lab.words()["test"] == word


@pytest.mark.parametrize(
    ("status", "word"),
    [("failed", "neutral"), ("canceled", "neutral"), ("manual", "pending"), ("success", "success")],
)
def test_a_job_that_may_fail(lab: Lab, status: str, word: str) -> None:
    """GitLab passes the pipeline whatever became of it; one that nobody started says nothing."""
    lab.rows.add(SHA, "success", Job("lint", status, allow_failure=True))
    assert lab.words() == {"pipeline": "success", "lint": word}


@pytest.mark.parametrize(("skipping", "word"), [(True, "skipped"), (False, "cancelled"), (None, "cancelled")])
def test_a_pipeline_that_was_skipped_counts_as_the_project_says(
    lab: Lab, skipping: bool | None, word: str
) -> None:
    lab.rows.add(SHA, "skipped")
    lab.rows.skipping = skipping
    assert lab.words() == {"pipeline": word}
    lab.forge.graphql = False
    assert lab.words() == {"pipeline": word}


@pytest.mark.parametrize("graphql", [True, False])
def test_the_newest_of_each_name_counts_on_whichever_ref(lab: Lab, graphql: bool) -> None:
    lab.rows.add(SHA, "failed", Job("build", "failed"), Job("here alone", "failed"), ref="v1")
    lab.rows.add(SHA, "success", Job("build"), ref="nightly")
    lab.forge.graphql = graphql
    assert lab.words() == {"pipeline": "success", "build": "success", "here alone": "failed"}


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize(("status", "word"), [("failed", "failed"), ("running", "pending")])
@pytest.mark.parametrize("others", [1, 12])
def test_a_pipeline_of_another_ref_does_not_stand_for_that_of_the_mainline(
    lab: Lab, status: str, word: str, graphql: bool, others: int
) -> None:
    """Somebody made a branch where the mainline is, or a tag, and less runs for these."""
    lab.rows.add(SHA, "success")
    lab.rows.add(SHA, status)
    for number in range(others):
        lab.rows.add(SHA, "success", ref=f"topic-{number}")
    lab.forge.graphql = graphql
    assert lab.words(patterns=WHOLE) == {"pipeline": word}


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_of_a_job_and_an_external_status_of_one_name_the_worse_counts(
    lab: Lab, turned: bool, graphql: bool
) -> None:
    both = [Job("build", "failed"), Job("build", "success")]
    lab.rows.add(SHA, "failed", *(both[::-1] if turned else both))
    lab.forge.graphql = graphql
    assert lab.words() == {"pipeline": "failed", "build": "failed"}


def test_a_pipeline_on_another_commit_says_nothing_of_this_one(lab: Lab) -> None:
    lab.rows.add(OTHER, "success", Job("build"))
    assert lab.read(SHA, OTHER)[SHA] == CommitChecks()


def test_a_job_that_is_called_pipeline_does_not_stand_for_the_whole(lab: Lab) -> None:
    lab.rows.add(SHA, "failed", Job("pipeline", "success"))
    assert lab.words() == {"pipeline": "failed"}


# --- few questions --------------------------------------------------------------------------------------


def test_ten_commits_in_one_question_and_more_where_the_pipeline_alone_is_wanted(lab: Lab) -> None:
    """The local server counts what a question costs, by GitLab's rules."""
    for sha in shas(30):
        lab.rows.add(sha, "failed", Job("build", "failed"))
    source = lab.source()
    assert len(list(source.checks_of(shas(30)))) == 30
    assert (source.requests, lab.forge.count()) == (3, 3)
    whole = lab.source(WHOLE)
    assert {checks.results[0].word for _, checks in whole.checks_of(shas(27))} == {"failed"}
    assert whole.requests == 1


@pytest.mark.parametrize("jobs", [True, False])
@pytest.mark.parametrize("most", [COMPLEXITY, ANONYMOUS_COMPLEXITY])
def test_as_many_as_gitlab_takes_and_no_fewer(most: int, jobs: bool) -> None:
    number = at_once(most, jobs)
    assert complexity(number, jobs) <= most < complexity(number + 1, jobs)


def test_without_a_token_fewer_are_asked_for_at_once(lab: Lab) -> None:
    lab.forge.public = True
    for sha in shas(10):
        lab.rows.add(sha, "success", Job("build"))
    source = lab.source(credentials_file="")
    assert len(list(source.checks_of(shas(10)))) == 10
    assert source.requests == 2


def test_a_question_that_is_too_complex_is_halved(lab: Lab) -> None:
    for sha in shas(10):
        lab.rows.add(sha, "success", Job("build"))
    lab.rows.strength = 3
    source = lab.source()
    read = dict(source.checks_of(shas(10)))
    assert {len(checks.results) for checks in read.values()} == {2}
    assert lab.forge.count("/statuses") == 0
    assert source.requests < 10


def test_more_jobs_than_one_answer_holds(lab: Lab) -> None:
    jobs = [Job("first", "failed"), *(Job(f"job {number}") for number in range(250))]
    lab.rows.add(SHA, "failed", *jobs)
    words = lab.words()
    assert (len(words), words["first"], words["pipeline"]) == (252, "failed", "failed")


def test_more_pipelines_than_one_answer_holds(lab: Lab) -> None:
    lab.rows.add(SHA, "failed", Job("first", "failed"))
    for _ in range(12):
        lab.rows.add(SHA, "success", Job("build"))
    assert lab.words() == {"pipeline": "success", "build": "success", "first": "failed"}
    assert lab.words(patterns=WHOLE) == {"pipeline": "success"}


def test_external_statuses_lead_where_they_say(lab: Lab) -> None:
    """Asked by REST, as of a commit with very many jobs."""
    lab.rows.add(SHA, "success", Job("ci/external", url="https://ci.example.org/7"), Job("bad", url="x:y"))
    lab.forge.graphql = False
    found = {each.name: each.url for each in lab.read(SHA)[SHA].results}
    assert (found["ci/external"], found["bad"]) == ("https://ci.example.org/7", "")


# --- what cannot be read --------------------------------------------------------------------------------


def test_no_right_to_pipelines_is_not_no_pipelines(lab: Lab) -> None:
    lab.rows.add(SHA)
    lab.rows.hidden = True
    with pytest.raises(TrackerError, match=r"403.*scope read_api and the role Reporter"):
        lab.read(SHA, OTHER)


def test_that_there_are_none_is_asked_once(lab: Lab) -> None:
    source = lab.source()
    assert dict(source.checks_of([SHA])) == {SHA: CommitChecks()}
    assert dict(source.checks_of([OTHER])) == {OTHER: CommitChecks()}
    assert lab.forge.count("/pipelines") == 1


@pytest.mark.parametrize("pipelines", [1, 12])
def test_no_right_to_jobs(lab: Lab, pipelines: int) -> None:
    for _ in range(pipelines):
        lab.rows.add(SHA, "success", Job("build"))
    lab.rows.jobs_hidden = True
    assert lab.read(SHA)[SHA] == CommitChecks(unreadable=NO_JOBS)
    assert lab.words(patterns=WHOLE) == {"pipeline": "success"}


def test_a_commit_that_gitlab_leaves_out_is_that_commits_matter(lab: Lab) -> None:
    lab.rows.add(SHA)
    lab.rows.add(OTHER)
    lab.rows.lost = {SHA}
    read = lab.read(SHA, OTHER)
    assert (read[SHA].unreadable, read[OTHER].unreadable) == (LEFT_OUT, "")


@pytest.mark.parametrize(
    "pipeline",
    [
        pytest.param('{"status": "SHINY", "jobs": {"nodes": []}}', id="of a pipeline"),
        pytest.param(
            '{"status": "SUCCESS", "jobs": {"nodes": [{"name": "a", "status": "SHINY"}]}}', id="of a job"
        ),
        pytest.param('{"status": "SUCCESS", "jobs": {"nodes": [{"name": "a", "status": null}]}}', id="none"),
        pytest.param('{"status": "SUCCESS", "jobs": {"nodes": [null]}}', id="no job at all"),
    ],
)
def test_a_state_that_is_not_known_never_holds(lab: Lab, pipeline: str) -> None:
    body = f'{{"data": {{"project": {{"skipping": false, "c0": {{"nodes": [{pipeline}]}}}}}}}}'
    lab.forge.fail("say", body=body.encode())
    assert lab.read(SHA)[SHA] == CommitChecks(unreadable=UNKNOWN_STATE)


def test_a_pipeline_that_cannot_be_seen_may_be_the_newest(lab: Lab) -> None:
    body = b'{"data": {"project": {"c0": {"nodes": [null, {"status": "SUCCESS", "jobs": {"nodes": []}}]}}}}'
    lab.rows.add(SHA)
    lab.forge.fail("say", body=body)
    assert lab.read(SHA)[SHA].unreadable == LEFT_OUT


def test_a_pipeline_whose_ref_is_not_said_may_be_the_mainlines(lab: Lab) -> None:
    pipelines = '{"status": "FAILED", "ref": null}, {"status": "SUCCESS", "ref": "stable"}'
    lab.forge.fail("say", body=f'{{"data": {{"project": {{"c0": {{"nodes": [{pipelines}]}}}}}}}}'.encode())
    assert [each.word for each in lab.read(SHA, patterns=WHOLE)[SHA].results] == ["failed"]


def test_a_project_that_is_not_there(lab: Lab) -> None:
    with pytest.raises(TrackerError, match=r"404: it has no such project.*is tracker\.project right"):
        lab.read(SHA, project="acme/other")


def test_a_project_that_was_renamed_is_read_by_rest(lab: Lab) -> None:
    lab.rows.add(SHA, "success", Job("build"))
    lab.forge.formerly = "acme/old"
    words = lab.read(SHA, project="acme/old")[SHA].results
    assert {each.name: each.word for each in words} == {"pipeline": "success", "build": "success"}


def test_an_older_gitlab_is_asked_by_rest(lab: Lab) -> None:
    for sha in (SHA, OTHER):
        lab.rows.add(sha, "success", Job("build"))
    message = {"message": "Field 'jobs' doesn't exist", "extensions": {"code": "undefinedField"}}
    lab.forge.fail(200, on="graphql", body={"errors": [message]})
    assert lab.words() == {"pipeline": "success", "build": "success"}
    assert lab.forge.count("/statuses") == 1


def test_where_the_pipeline_of_a_status_is_not_said_the_worst_of_a_name_counts(lab: Lab) -> None:
    lab.rows.add(SHA, "failed")
    said = '[{"name": "build", "status": "success"}, {"name": "build", "status": "failed", "pipeline_id": 1}]'
    lab.forge.graphql = False
    lab.forge.fail("say", on="/statuses", body=said.encode())
    assert lab.words() == {"pipeline": "failed", "build": "failed"}


def test_single_statuses_without_a_token_are_unknown(lab: Lab) -> None:
    lab.forge.public = True
    lab.forge.graphql = False
    lab.rows.add(SHA, "success", Job("build"))
    assert lab.read(SHA, credentials_file="")[SHA] == CommitChecks(unreadable=ANONYMOUS)
    assert lab.words(patterns=WHOLE, credentials_file="") == {"pipeline": "success"}


def test_a_graphql_that_refuses_everything_is_soon_left_alone(lab: Lab) -> None:
    lab.rows.strength = 0
    for sha in shas(20):
        lab.rows.add(sha, "success", Job("build"))
    assert {len(checks.results) for checks in lab.read(*shas(20)).values()} == {2}
    assert lab.forge.count("graphql") < 10


def test_one_commit_that_fails_is_that_commits_matter(lab: Lab) -> None:
    lab.forge.graphql = False
    for sha in (SHA, OTHER):
        lab.rows.add(sha, "success", Job("build"))
    lab.forge.fail(500, on=SHA, times=99)
    read = lab.read(SHA, OTHER)
    assert "500" in read[SHA].unreadable
    assert len(read[OTHER].results) == 2


def test_a_source_that_breaks_off_has_said_what_it_knew(lab: Lab) -> None:
    for sha in shas(20):
        lab.rows.add(sha, "success", Job("build"))
    lab.forge.fail(500, times=999, after=1)
    known = set()
    with pytest.raises(TrackerError, match="500"):
        for sha, checks in lab.source().checks_of(shas(20)):
            known |= {sha} if checks.results else set()
    assert known == set(shas(10))


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_does_not_do_is_said_at_once(lab: Lab, status: int) -> None:
    body = {"error": "insufficient_scope", "scope": "api read_api"} if status == 403 else {}
    lab.forge.fail(status, times=99, body=body)
    with pytest.raises(TrackerError, match=str(status)):
        lab.read(*shas(10))
    assert lab.forge.count() <= 2
