"""Checks of commits, as GitHub shows them: a hundred commits in one question, and what of it counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from github import Auth, Github

from shepherd.conditions import STATE_OF, CheckResult, CommitChecks
from shepherd.errors import TrackerError
from shepherd.rules.conditions import results_hold
from shepherd.trackers.github.checks import GitHubChecks
from tests.trackers.forge_kit import Kit, asking
from tests.trackers.github_checks import EPOCH, Run, Status, Suite, pending, run, status
from tests.trackers.github_server import GitHub

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("hasty")]

SHA = "ab" * 20
SHAS = tuple(f"{number:040x}" for number in range(1, 101))


def source(hub: GitHub, folder: Path, *patterns: str) -> GitHubChecks:
    return GitHubChecks(Kit(hub, folder).settings(), asking(*patterns))


def read(hub: GitHub, folder: Path, *shas: str, patterns: Sequence[str] = ("x",)) -> dict[str, CommitChecks]:
    found = list(source(hub, folder, *patterns).checks_of(shas or (SHA,)))
    assert sorted(sha for sha, _ in found) == sorted(shas or (SHA,))
    return dict(found)


def words(hub: GitHub, folder: Path, *shown: Run | Status) -> dict[str, str]:
    """What is read of one commit."""
    hub.runs[SHA] = [each for each in shown if isinstance(each, Run)]
    hub.statuses[SHA] = [each for each in shown if isinstance(each, Status)]
    checks = read(hub, folder)[SHA]
    assert len({each.name for each in checks.results}) == len(checks.results)
    return {each.name: each.word for each in checks.results} or {"unreadable": checks.unreadable}


def test_a_result_says_since_when_and_where_to_read_more(hub: GitHub, tmp_path: Path) -> None:
    hub.runs[SHA] = [
        run("ci/build", "FAILURE", began=10, took=50, url="https://ci.example.org/build"),
        pending("ci/slow", began=70, url=None),
        pending("ci/queued", "QUEUED", began=None, url="javascript:alert(1)"),
    ]
    hub.statuses[SHA] = [status("preview", told=5, url="https://me:secret@ci.example.org/")]
    assert set(read(hub, tmp_path)[SHA].results) == {
        CheckResult("ci/build", "failed", EPOCH + 60, "https://ci.example.org/build"),
        CheckResult("ci/slow", "pending", EPOCH + 70),
        CheckResult("ci/queued", "pending"),
        CheckResult("preview", "success", EPOCH + 5),
    }


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        (run("x", "SUCCESS"), "success"),
        (run("x", "NEUTRAL"), "neutral"),
        (run("x", "SKIPPED"), "skipped"),
        (run("x", "FAILURE"), "failed"),
        (run("x", "STARTUP_FAILURE"), "failed"),
        (run("x", "ACTION_REQUIRED"), "failed"),
        (run("x", "CANCELLED"), "cancelled"),
        (run("x", "TIMED_OUT"), "timed-out"),
        (run("x", "STALE"), "timed-out"),
        *((pending("x", each), "pending") for each in ("QUEUED", "IN_PROGRESS", "WAITING", "PENDING")),
        (pending("x", "REQUESTED"), "pending"),
        (status("x", "SUCCESS"), "success"),
        (status("x", "PENDING"), "pending"),
        (status("x", "EXPECTED"), "pending"),
        (status("x", "FAILURE"), "failed"),
        (status("x", "ERROR"), "failed"),
    ],
)
def test_each_word_of_github_has_one_of_ours(
    hub: GitHub, tmp_path: Path, shown: Run | Status, word: str
) -> None:
    assert words(hub, tmp_path, shown) == {"x": word}


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        # the workflow was started again for the same commit; the older runs stay
        ((run("x", "FAILURE"), run("x", suite="2", began=60)), "success"),
        ((run("x", suite="2", began=60), run("x", "FAILURE")), "success"),
        ((run("x"), run("x", "FAILURE", suite="2", began=60)), "failed"),
        ((run("x"), pending("x", suite="2", began=60)), "pending"),
        ((run("x"), pending("x", "QUEUED", suite="2", began=None)), "pending"),
        # the failed job of the first start is run again, later than the second start
        ((run("x", began=90), run("x", "FAILURE", suite="2", began=60)), "success"),
        # two jobs of one name in one run of a workflow
        ((run("x", "FAILURE"), run("x", "SKIPPED", began=60)), "failed"),
        # one name in two workflows: neither is newer than the other
        ((run("x", "FAILURE"), run("x", workflow="nightly.yml", suite="2", began=60)), "failed"),
        ((pending("x"), run("x", workflow="nightly.yml", suite="2", began=60)), "pending"),
        # one name from two applications
        ((run("x", "FAILURE", app="a", workflow=""), run("x", app="b", workflow="", began=60)), "failed"),
        # an application without workflows begins it again, in the same suite
        ((run("x", "FAILURE", workflow=""), run("x", workflow="", began=60)), "success"),
        ((run("x", workflow=""), run("x", "FAILURE", workflow="", began=60)), "failed"),
        # when it began is not said: it may be the older one
        ((run("x", began=None), run("x", "FAILURE", suite="2", began=60)), "failed"),
        ((run("x", workflow="", began=None), pending("x", workflow="", began=60)), "pending"),
        # by the clock of a program that is ahead
        ((run("x", workflow="", began=10**9), run("x", "FAILURE", workflow="", began=60)), "failed"),
        # two runs of workflows that are not shown, so they may be two
        ((run("x", "FAILURE", workflow=""), run("x", workflow="", suite="2", began=60)), "failed"),
        # two applications that are not shown
        ((run("x", "FAILURE", workflow="", app=""), run("x", workflow="", app="", began=60)), "failed"),
        # begun at the same moment: nobody knows which is the newer
        ((run("x", workflow=""), run("x", "CANCELLED", workflow="")), "cancelled"),
        # both a check and a status
        ((run("x"), status("x", "FAILURE")), "failed"),
        ((run("x", "FAILURE"), status("x", told=60)), "failed"),
        ((run("x"), status("x", "PENDING")), "pending"),
    ],
)
def test_of_one_name_the_newest_of_each_source_counts_and_of_several_the_worst(
    hub: GitHub, tmp_path: Path, shown: tuple[Run | Status, ...], word: str
) -> None:
    assert words(hub, tmp_path, *shown) == {"x": word}


def test_names_of_a_matrix_are_checks_of_their_own(hub: GitHub, tmp_path: Path) -> None:
    shown = (run("test (3.12, linux)"), run("test (3.13, linux)", "FAILURE"))
    assert words(hub, tmp_path, *shown) == {"test (3.12, linux)": "success", "test (3.13, linux)": "failed"}


def test_more_than_a_hundred_are_read_to_the_end(hub: GitHub, tmp_path: Path) -> None:
    last = run("job 249", "FAILURE")
    hub.runs = {SHA: [*(run(f"job {number}") for number in range(249)), last], SHAS[0]: [run("x")]}
    found = read(hub, tmp_path, SHA, SHAS[0])
    assert {each.name: each.word for each in found[SHA].results if each.word != "success"} == {
        "job 249": "failed"
    }
    assert (len(found[SHA].results), len(found[SHAS[0]].results)) == (250, 1)
    assert hub.count() == 3


def test_what_is_gone_between_two_pages_is_unreadable(
    hub: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.runs[SHA] = [run(f"job {number}") for number in range(101)]
    answer = hub.answer

    def for_the_last_time(*asked: Any) -> Any:
        try:
            return answer(*asked)
        finally:
            hub.runs.clear()

    monkeypatch.setattr(hub, "answer", for_the_last_time)
    why = "they were gone when the rest of them was asked for"
    assert read(hub, tmp_path) == {SHA: CommitChecks(unreadable=why)}


def test_a_commit_without_checks_or_that_github_does_not_know_has_none(hub: GitHub, tmp_path: Path) -> None:
    hub.commits = {SHA}
    assert read(hub, tmp_path, SHA, SHAS[0]) == {SHA: CommitChecks(), SHAS[0]: CommitChecks()}


def test_a_hundred_commits_cost_one_request_and_one_point(hub: GitHub, tmp_path: Path) -> None:
    for sha in SHAS:
        hub.runs[sha] = [run("ci/build"), run("ci/test", "FAILURE")]
    checks = source(hub, tmp_path, "ci/build")
    assert len(list(checks.checks_of(SHAS))) == 100
    assert (checks.requests, hub.points, hub.nodes) == (1, 1, 10_000)


def test_where_a_pattern_is_wanted_it_is_two_points(hub: GitHub, tmp_path: Path) -> None:
    for sha in SHAS:
        hub.runs[sha] = [run("ci/build")]
    checks = source(hub, tmp_path, "ci/build", "ci/*")
    assert len(list(checks.checks_of(SHAS))) == 100
    assert (checks.requests, hub.points, hub.nodes) == (1, 2, 20_000)


@pytest.mark.parametrize(
    ("suite", "waits"),
    [
        (Suite("QUEUED", began=40), True),
        (Suite("IN_PROGRESS", began=40), True),
        (Suite("PENDING", began=40), True),
        # it waits for a person, as a run that it shows does
        (Suite("WAITING"), False),
        (Suite("COMPLETED"), False),
        # each application that might report has one, whether it ever does or not
        (Suite("QUEUED", workflow=""), False),
    ],
)
def test_a_pattern_waits_for_the_runs_that_a_workflow_has_not_made_yet(
    hub: GitHub, tmp_path: Path, suite: Suite, waits: bool
) -> None:
    hub.runs[SHA], hub.suites[SHA] = [run("lint (3.12)")], [suite]
    checks = read(hub, tmp_path, patterns=("lint (*)", "t?st"))[SHA]
    assert results_hold(("lint (*)",), checks) is not waits
    results = {each.name: each for each in checks.results}
    url = "https://github.com/acme/shop/actions/runs/7"
    pending = {each: CheckResult(each, "pending", EPOCH + 40, url) for each in ("lint (*)", "t?st")}
    assert results.pop("lint (3.12)").word == "success"
    assert results == (pending if waits else {})


def test_names_do_not_wait_for_other_workflows(hub: GitHub, tmp_path: Path) -> None:
    hub.runs[SHA], hub.suites[SHA] = [run("x")], [Suite("QUEUED")]
    assert [each.word for each in read(hub, tmp_path, patterns=("x",))[SHA].results] == ["success"]


@pytest.mark.parametrize(("runs", "suites"), [(250, 1), (1, 250), (150, 250), (250, 150)])
def test_workflows_are_read_to_the_end_as_runs_are(
    hub: GitHub, tmp_path: Path, runs: int, suites: int
) -> None:
    hub.runs[SHA] = [run(f"job {number}") for number in range(runs)]
    hub.suites[SHA] = [*(Suite("COMPLETED") for _ in range(suites - 1)), Suite("QUEUED")]
    results = read(hub, tmp_path, patterns=("*",))[SHA].results
    assert (len(results), [each.name for each in results if each.word == "pending"]) == (runs + 1, ["*"])
    assert hub.count() == 3


def test_workflows_that_are_not_shown_make_a_pattern_unreadable(hub: GitHub, tmp_path: Path) -> None:
    hub.runs[SHA] = [run("x")]
    hub.spoil("Commit.checkSuites", value=None)
    assert read(hub, tmp_path, patterns=("*",))[SHA].unreadable == "GitHub does not say which workflows run"


@pytest.mark.parametrize("how", ["bad gateway", "too slow", "resource limits", "in part"])
def test_a_question_that_is_too_much_is_asked_in_parts(hub: GitHub, tmp_path: Path, how: str) -> None:
    for sha in SHAS[:40]:
        hub.runs[sha] = [run("ci/build")]
    hub.strong_for(10, how)
    found = read(hub, tmp_path, *SHAS[:40])
    assert all(each.results and not each.unreadable for each in found.values())
    assert hub.count() <= 9


@pytest.mark.parametrize(
    ("field", "kind", "value", "why"),
    [
        ("Commit.statusCheckRollup", "SOMETHING_NEW", None, "GitHub reports an error (SOMETHING_NEW)"),
        ("Commit.statusCheckRollup", "FORBIDDEN", None, "the token gives no right to read checks"),
        ("CheckSuite.workflowRun", "FORBIDDEN", None, "the token gives no right to read checks"),
        ("StatusCheckRollupContextConnection.nodes", "", None, "the answer is incomplete"),
        ("StatusCheckRollupContextConnection.nodes", "", [None], "the answer is incomplete"),
        ("CheckRun.conclusion", "", None, "a conclusion that is not known here"),
        ("CheckRun.completedAt", "", "yesterday", "the answer is incomplete"),
    ],
)
def test_what_is_wrong_about_one_commit_makes_it_unreadable_alone(
    hub: GitHub, tmp_path: Path, field: str, kind: str, value: Any, why: str
) -> None:
    for sha in SHAS[:3]:
        hub.runs[sha] = [run("ci/build")]
    hub.spoil(field, of=SHAS[1], kind=kind, value=value)
    found = read(hub, tmp_path, *SHAS[:3])
    assert [sha for sha, each in found.items() if not each.results] == [SHAS[1]]
    assert why in found[SHAS[1]].unreadable


def test_without_the_right_to_checks_it_says_which_token_has_it(hub: GitHub, tmp_path: Path) -> None:
    """Statuses are shown, but one among what is hidden may have the same name."""
    hub.commits = {SHAS[2]}
    hub.hides_checks = True
    for sha in SHAS[:2]:
        hub.runs[sha], hub.statuses[sha] = [run("ci/build")], [status("ci/build")]
    told: list[tuple[str, CommitChecks]] = []
    with pytest.raises(
        TrackerError,
        match=r"no right to read checks.* put a classic one with the scope repo, or a GitHub App's",
    ):
        told += source(hub, tmp_path, "x").checks_of(SHAS[:3])
    assert told == [(SHAS[2], CommitChecks())]
    assert hub.count() == 1


def test_statuses_alone_need_no_right_to_runs(hub: GitHub, tmp_path: Path) -> None:
    hub.hides_checks = True
    hub.runs[SHAS[0]] = [run("ci/build")]
    hub.statuses[SHAS[1]] = [status("ci/build")]
    found = read(hub, tmp_path, SHAS[0], SHAS[1])
    assert "the token gives no right to read checks" in found[SHAS[0]].unreadable
    assert [each.word for each in found[SHAS[1]].results] == ["success"]


def test_pygithub_reads_the_same_from_the_same_server(hub: GitHub, tmp_path: Path) -> None:
    hub.runs[SHA] = [run("ci/build"), run("ci/test", "FAILURE"), pending("ci/slow")]
    hub.statuses[SHA] = [status("preview", "PENDING")]
    client = Github(
        auth=Auth.Token("its-token"), base_url=hub.root, lazy=True, retry=None, seconds_between_requests=0
    )
    commit = client.get_repo(hub.project).get_commit(SHA)
    theirs = {each.name: each.conclusion or "pending" for each in commit.get_check_runs()}
    theirs |= {each.context: each.state for each in commit.get_combined_status().statuses}
    ours = {each.name: each for each in read(hub, tmp_path)[SHA].results}
    assert theirs == {"ci/build": "success", "ci/test": "failure", "ci/slow": "pending", "preview": "pending"}
    assert {name: STATE_OF[each.word] for name, each in ours.items()} == {
        name: {"success": "holds", "failure": "no", "pending": "not-yet"}[word]
        for name, word in theirs.items()
    }
