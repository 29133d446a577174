"""Our test servers are what PyGithub, python-gitlab, launchpadlib and jira expect: other people's clients."""

from __future__ import annotations

from pathlib import Path

import pytest
from github import Auth, Github
from gitlab import Gitlab
from jira import JIRA, JIRAError
from launchpadlib.credentials import Credentials
from launchpadlib.launchpad import Launchpad
from lazr.restfulclient.errors import BadRequest, PreconditionFailed

from shepherd.trackers.gitlab.checks import GitLabChecks
from tests.trackers import github_server, gitlab_server
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import TOKEN, Kit, asking
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_pipelines import Job
from tests.trackers.gitlab_server import GitLab
from tests.trackers.jira_server import EMAIL, Jira
from tests.trackers.jira_server import TOKEN as JIRA_TOKEN
from tests.trackers.launchpad_server import Bug, Server, credentials

pytestmark = pytest.mark.real

NODES = "nodes { number merged labels(first: 100) { nodes { name } } }"
QUERY = (
    'query { repository(owner: "acme", name: "shop") { issueOrPullRequest(number: 1) { __typename }'
    ' object(oid: "%s") { ... on Commit { associatedPullRequests(first: 10) { %s } } } } }'
)


def test_pygithub(hub: GitHub) -> None:
    sha = "ab" * 20
    hub.things[1] = github_server.pull("ui", commits=(sha,))
    hub.labels["ui"] = ("ffffff", None)
    client = Github(
        auth=Auth.Token("its-token"), base_url=hub.root, lazy=True, retry=None, seconds_between_requests=0
    )
    repository = client.get_repo(hub.project)
    issue = repository.get_issue(1)
    issue.add_to_labels("qa-ok")
    issue.remove_from_labels("ui")
    issue.create_comment("Hello.")
    repository.create_label("qa-bad", "ff0000", "broken")
    assert (hub.things[1].labels, hub.things[1].comments) == (["qa-ok"], ["Hello."])
    assert hub.labels["qa-bad"] == ("ff0000", "broken")
    _, answer = client.requester.graphql_query(QUERY % (sha, NODES), {})
    told = answer["data"]["repository"]
    assert told["issueOrPullRequest"] == {"__typename": "PullRequest"}
    brought = told["object"]["associatedPullRequests"]["nodes"]
    assert brought == [{"number": 1, "merged": True, "labels": {"nodes": [{"name": "qa-ok"}]}}]


def test_python_gitlab() -> None:
    sha = "ab" * 20
    with at_work(GitLab()) as lab:
        lab.token = "its-token"
        lab.merges[1] = gitlab_server.merge("ui", commits=(sha,))
        client = Gitlab(lab.root, private_token="its-token")
        project = client.projects.get(lab.project, lazy=True)
        merge = project.mergerequests.get(1)
        assert (merge.labels, merge.state, merge.sha) == (["ui"], "merged", sha)
        client.http_put(
            f"/projects/acme%2Fweb%2Fshop/merge_requests/{merge.iid}",
            post_data={"add_labels": "qa-ok", "remove_labels": "ui"},
        )
        merge.notes.create({"body": "Hello."})
        project.labels.create({"name": "qa-bad", "color": "#ff0000"})
        (listed,) = project.mergerequests.list(iids=[1], state="all", get_all=True)
        assert listed.labels == ["qa-ok"]
        assert [note.body for note in merge.notes.list(get_all=True)] == ["Hello."]
        (related,) = project.commits.get(sha, lazy=True).merge_requests()
        assert related["iid"] == 1
        assert [label.name for label in project.labels.list(get_all=True)] == ["qa-ok", "qa-bad"]


def test_python_gitlab_agrees_on_checks(tmp_path: Path) -> None:
    """The last state of each job and the newest pipeline, read from the same server by another client."""
    sha = "ab" * 20
    with at_work(GitLab()) as lab:
        kit = Kit(lab, tmp_path)
        lab.pipelines.add(sha, "failed", Job("build", "failed"), Job("lint", "canceled"))
        lab.pipelines.add(sha, "running", Job("build"), Job("deploy", "manual"), ended=None)
        project = Gitlab(lab.root, private_token=TOKEN).projects.get(lab.project)
        assert project.only_allow_merge_if_pipeline_succeeds is False
        (newest, *_) = project.pipelines.list(sha=sha, order_by="id", sort="desc", get_all=True)
        statuses = project.commits.get(sha, lazy=True).statuses.list(get_all=True)
        theirs = {each.name: each.status for each in statuses} | {"pipeline": newest.status}
        assert theirs == {"build": "success", "lint": "canceled", "deploy": "manual", "pipeline": "running"}
        ((_, ours),) = GitLabChecks(kit.settings(), asking("*")).checks_of([sha])
        same = {"manual": "pending", "running": "pending", "canceled": "cancelled"}
        assert {each.name: each.word for each in ours.results} == {
            name: same.get(status, status) for name, status in theirs.items()
        }


def test_launchpadlib(lp: Server, tmp_path: Path) -> None:
    lp.token = "its-token"
    lp.bugs[1] = Bug(["qa-ok"])
    signer = Credentials.from_string(credentials())
    client = Launchpad(signer, None, None, service_root=lp.root, cache=str(tmp_path), version="1.0")
    (task,) = client.projects[lp.project].searchTasks(tags=["qa-ok"], status=["New"])
    bug = task.bug
    assert bug.tags == ["qa-ok"]
    task.status = "Fix Committed"
    task.lp_save()
    bug.newMessage(content="Hello.")
    lp.change(1, tags=["qa-bad"])
    bug.tags = ["qa-untestable"]
    with pytest.raises(PreconditionFailed):
        bug.lp_save()
    bug.lp_refresh()
    bug.tags = [*bug.tags, "ui"]
    bug.lp_save()
    assert lp.bugs[1].tags == ["qa-bad", "ui"]
    assert (lp.bugs[1].status, lp.bugs[1].comments) == ({lp.project: "Fix Committed"}, ["Hello."])


def test_what_launchpad_refuses_and_leaves_out(lp: Server, tmp_path: Path) -> None:
    lp.groups = {lp.project: "launchpad-project"}
    lp.bugs[1] = Bug(["qa-ok"], status="Fix Released")
    lp.bugs[2] = Bug(["qa-ok"], duplicate_of=1)
    lp.bugs[3] = Bug(["qa-ok"], private=True)
    lp.bugs[4] = Bug(["qa-ok"])
    signer = Credentials.from_string(credentials())
    client = Launchpad(signer, None, None, service_root=lp.root, cache=str(tmp_path), version="1.0")
    project = client.projects[lp.project]
    for wrong in ({"status": ["No such"]}, {"status": ["Unknown"]}, {"tags": ["qa ok"]}, {"tags": ["QA"]}):
        with pytest.raises(BadRequest):
            list(project.searchTasks(**wrong))
    found = {task.bug.id for task in project.searchTasks(tags=["qa-ok"])}
    more = project.searchTasks(tags=["qa-ok"], status=["New", "Fix Released"], omit_duplicates=False)
    group = client.project_groups["launchpad-project"].searchTasks(tags=["qa-ok"])
    assert (found, {task.bug.id for task in more}, len(list(group))) == ({4}, {1, 2, 4}, 1)
    bug = client.bugs[4]
    bug.tags = ["qa ok"]
    with pytest.raises(BadRequest):
        bug.lp_save()
    for hidden in (3, 5):
        with pytest.raises(KeyError):
            client.bugs[hidden]
    assert lp.bugs[4].tags == ["qa-ok"]


def test_jira_of_the_cloud() -> None:
    with at_work(Jira()) as site:
        field = site.field("QA result")
        for number in range(1, 121):
            site.issue(f"ABC-{number}", "ui", status="In QA", fields={field: {"value": f"v{number}"}})
        site.transition("Pass", "QA passed", "In QA")
        site.transition("Fail", "QA failed", "In QA", required=(field,))
        client = JIRA(site.root, basic_auth=(EMAIL, JIRA_TOKEN), max_retries=0)
        jql = "project = ABC AND updated >= -10m ORDER BY key"
        found = client.enhanced_search_issues(jql, maxResults=0, fields=f"labels,status,{field}")
        assert [issue.key for issue in found] == [f"ABC-{number}" for number in range(1, 121)]
        assert (found[2].fields.labels, found[2].fields.status.name) == (["ui"], "In QA")
        issue = client.issue("ABC-3")
        assert getattr(issue.fields, field).value == "v3"
        issue.update(update={"labels": [{"add": "qa-ok"}, {"remove": "ui"}]})
        assert [each["name"] for each in client.transitions(issue)] == ["Pass", "Fail"]
        with pytest.raises(JIRAError, match="is required"):
            client.transition_issue(issue, "Fail")
        client.transition_issue(issue, "Pass")
        client.add_comment(issue, "Hello.")
        assert [comment.body for comment in client.comments(issue)] == ["Hello."]
        assert (site.issues["ABC-3"].labels, site.issues["ABC-3"].status) == (["qa-ok"], "QA passed")
        moved = site.move("ABC-3", "XYZ")
        assert client.issue("ABC-3").key == moved
        assert client.myself()["emailAddress"] == EMAIL
        assert {each.key for each in client.projects()} == {"ABC", "XYZ"}
        with pytest.raises(JIRAError, match="does not exist or you do not have permission"):
            client.issue("ABC-999")


def test_jira_of_a_data_center() -> None:
    with at_work(Jira(cloud=False)) as site:
        for number in range(1, 121):
            site.issue(f"ABC-{number}", "ui")
        client = JIRA(site.root, token_auth=JIRA_TOKEN, max_retries=0)
        found = client.search_issues("project = ABC", maxResults=0)
        assert len(found) == 120
        client.add_comment("ABC-1", "*Hello.*")
        assert [comment.body for comment in client.comments("ABC-1")] == ["*Hello.*"]
