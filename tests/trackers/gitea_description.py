"""What Gitea and Forgejo publish of the few paths that the shepherd uses, in words of our own.

The source is the description that each server shows at /api/swagger: templates/swagger/v1_json.tmpl of
go-gitea/gitea, made of the comments in routers/api/v1/repo and the structures in modules/structs, and the
same file of Forgejo. Where a comment says less than the code does, the code is named.
"""

from __future__ import annotations

import re
from typing import Any

PAGED = {"page": "integer", "limit": "integer"}
"""`limit` is cut to MAX_RESPONSE_ITEMS (50 as shipped): routers/api/v1/utils/page.go."""
BARE = {"stat": "boolean", "verification": "boolean", "files": "boolean"}
REPO = r"/repos/[^/]+/[^/]+"

PATHS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    # method, path, parameters in the query with their kind or values, what answers
    # repoListPullRequests; the default of `state` is open
    (
        "GET",
        rf"{REPO}/pulls",
        {
            "base_branch": "string",
            "state": ("open", "closed", "all"),
            "sort": (
                "oldest",
                "recentupdate",
                "recentclose",
                "leastupdate",
                "mostcomment",
                "leastcomment",
                "priority",
            ),
            "milestone": "integer",
            "labels": "integer",
            "poster": "string",
            **PAGED,
        },
        "[PullRequest]",
    ),
    ("GET", rf"{REPO}/pulls/\d+", {}, "PullRequest"),  # repoGetPullRequest
    (
        "GET",
        rf"{REPO}/pulls/\d+/commits",
        {**PAGED, "verification": "boolean", "files": "boolean"},
        "[Commit]",
    ),
    # repoGetCommitPullRequest; by merge commit alone: GetPullRequestByMergedCommit
    ("GET", rf"{REPO}/commits/[0-9a-f]+/pull", {}, "PullRequest"),
    # repoGetAllCommits; at most COMMITS_RANGE_SIZE (50 as shipped)
    (
        "GET",
        rf"{REPO}/commits",
        {"sha": "string", "path": "string", "not": "string", **BARE, **PAGED},
        "[Commit]",
    ),
    ("GET", rf"{REPO}/git/commits/[0-9a-f]+", BARE, "Commit"),  # repoGetSingleCommit
    # issueListIssues; the default of `state` is open
    (
        "GET",
        rf"{REPO}/issues",
        {
            "state": ("open", "closed", "all"),
            "type": ("issues", "pulls"),
            "labels": "string",
            "q": "string",
            "milestones": "string",
            "since": "string",
            "before": "string",
            "created_by": "string",
            "assigned_by": "string",
            "mentioned_by": "string",
            **PAGED,
        },
        "[Issue]",
    ),
    ("GET", rf"{REPO}/issues/\d+", {}, "Issue"),  # issueGetIssue
    ("POST", rf"{REPO}/issues/\d+/labels", {}, "[Label]"),  # issueAddLabel: IssueLabelsOption
    ("DELETE", rf"{REPO}/issues/\d+/labels/\d+", {}, ""),  # issueRemoveLabel: 204
    # issueGetComments knows no pages: all are answered, whatever `page` says
    ("GET", rf"{REPO}/issues/\d+/comments", {"since": "string", "before": "string", **PAGED}, "[Comment]"),
    ("POST", rf"{REPO}/issues/\d+/comments", {}, "Comment"),  # issueCreateComment: 201
    ("GET", rf"{REPO}/labels", PAGED, "[Label]"),  # issueListLabels: the project's own
    ("POST", rf"{REPO}/labels", {}, "Label"),  # issueCreateLabel: 201
    ("GET", r"/orgs/[^/]+/labels", PAGED, "[Label]"),  # orgListLabels
    ("GET", REPO, {}, "Repository"),  # repoGet
    # repoGetCombinedStatusByRef: the newest of each context; its X-Total-Count counts something else
    ("GET", rf"{REPO}/commits/[0-9a-f]+/status", PAGED, "CombinedStatus"),
    ("GET", rf"{REPO}/branches/.+", {}, "Branch"),  # repoGetBranch
    ("GET", r"/settings/api", {}, "GeneralAPISettings"),  # getGeneralAPISettings
    ("GET", r"/user", {}, "User"),  # userGetCurrent, by the scope read:user
)

LABEL: dict[str, Any] = {  # modules/structs/issue_label.go
    "id": int,
    "name": str,
    "exclusive": bool,
    "is_archived": bool,
    "color": str,  # six digits, without #
    "description": str,
    "url": str,
}
_ISSUE: dict[str, Any] = {  # modules/structs/issue.go
    "id": int,
    "number": int,
    "title": str,
    "body": str,
    "labels": list,
    "state": str,
    "is_locked": bool,
    "comments": int,
    "created_at": str,
    "updated_at": str,
}
DEFINITIONS: dict[str, dict[str, Any]] = {
    "Label": LABEL,
    "Issue": {**_ISSUE, "pull_request": dict | None},
    "PullRequest": {  # modules/structs/pull.go
        **_ISSUE,
        "merged": bool,
        "merged_at": str | None,
        "merge_commit_sha": str | None,
        "merge_base": str,
        "base": dict,
        "head": dict,
    },
    # `created` is the committer's time: services/convert/git_commit.go
    "Commit": {  # modules/structs/repo_commit.go
        "sha": str,
        "created": str,
        "url": str,
        "commit": dict,
        "parents": list,
    },
    "CombinedStatus": {  # modules/structs/status.go
        "sha": str,
        "state": str,
        "total_count": int,
        "statuses": list | None,
        "repository": dict | None,
        "commit_url": str,
        "url": str,
    },
    "CommitStatus": {
        "id": int,
        "status": str,  # pending, success, error, failure, warning, skipped: modules/commitstatus
        "target_url": str,
        "description": str,
        "url": str,
        "context": str,
        "creator": dict | None,
        "created_at": str,
        "updated_at": str,
    },
    "Branch": {  # modules/structs/repo_branch.go
        "name": str,
        "commit": dict,
        "protected": bool,
        "required_approvals": int,
        "enable_status_check": bool,
        "status_check_contexts": list,
        "user_can_push": bool,
        "user_can_merge": bool,
        "effective_branch_protection_name": str,  # for administrators alone
    },
    "GeneralAPISettings": {  # modules/structs/settings.go
        "max_response_items": int,
        "default_paging_num": int,
        "default_git_trees_per_page": int,
        "default_max_blob_size": int,
    },
    "Comment": {"id": int, "body": str, "created_at": str, "updated_at": str},
    "Repository": {"id": int, "name": str, "full_name": str},
    "User": {"id": int, "login": str},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "IssueLabelsOption": {"labels": list},  # numbers in every version; names that there are not are left out
    "CreateLabelOption": {
        "name": str,
        "color": str,
        "description": str,
        "exclusive": bool,
        "is_archived": bool,
    },
    "CreateIssueCommentOption": {"body": str},
}


def answering(method: str, path: str, query: dict[str, list[str]]) -> str:
    """What answers a question. Raises AssertionError for one that the description does not have.

    Args:
        path: below /api/v1.
    """
    for verb, pattern, parameters, kind in PATHS:
        if verb == method and re.fullmatch(pattern, path):
            for name, values in query.items():
                assert name in parameters, f"{path} has no parameter {name}"
                assert len(values) == 1 and _fits(values[0], parameters[name]), (name, values)
            return kind
    raise AssertionError(f"there is no {method} {path}")


def check(document: Any, kind: str) -> None:
    """Raises AssertionError for an answer that the description does not have."""
    if kind.startswith("["):
        for each in document:
            check(each, kind[1:-1])
        return
    fields = {**DEFINITIONS, **OPTIONS}[kind]
    assert document is not None
    for name, value in document.items():
        assert name in fields, f"{kind} has no field {name}"
        assert isinstance(value, fields[name]), (kind, name, value)
    if kind in DEFINITIONS:
        assert document.keys() == fields.keys(), (kind, fields.keys() - document.keys())
    for label in document.get("labels", ()) if kind in ("Issue", "PullRequest") else ():
        check(label, "Label")
    for status in (document["statuses"] or ()) if kind == "CombinedStatus" else ():
        check(status, "CommitStatus")


def _fits(value: str, kind: Any) -> bool:
    if isinstance(kind, tuple):
        return value in kind
    return {"integer": value.isdecimal(), "boolean": value in ("true", "false"), "string": True}[kind]
