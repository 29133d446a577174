"""Commit statuses of the local Gitea: models/git/commit_status.go, services/convert/status.go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Status:
    """What somebody, or an action, said of a commit once."""

    context: str
    status: str = "success"
    at: int = 0
    """Seconds after BEGIN."""
    url: str = "https://ci.example.org/1"
    workflow: str = ""
    """File of the action: two of one name are two rows of one context (CreateCommitStatus in
    services/actions/commit_status.go)."""


@dataclass
class Protection:
    """What a branch asks of pull requests."""

    contexts: list[str]
    enabled: bool = True


class StatusRows:
    """All of a project.

    Attributes:
        of: SHA -> statuses, the oldest first.
        tells_page: /settings/api is there.
        branches: name -> its protection, if it has one.
    """

    def __init__(self) -> None:
        self.of: dict[str, list[Status]] = {}
        self.tells_page = True
        self.branches: dict[str, Protection | None] = {}

    def say(self, sha: str, context: str, status: str = "success", **more: Any) -> None:
        self.of.setdefault(sha, []).append(Status(context, status, **more))

    def combined(self, sha: str, start: int, size: int) -> dict[str, Any]:
        """A page of the newest of each context; in no order."""
        newest = {(each.context, each.workflow): each for each in self.of.get(sha, [])}
        page = sorted(newest.values(), key=lambda each: each.context)[start : start + size]
        if not page:
            return {**_EMPTY}
        return {
            **_EMPTY,
            "sha": sha,
            "state": "pending",
            "total_count": len(page),
            "statuses": [_shown(number, each) for number, each in enumerate(page, 1)],
            "repository": {"id": 1},
        }

    def branch(self, name: str) -> dict[str, Any]:
        """ToBranch in services/convert/convert.go."""
        rule = self.branches[name]
        return {
            "name": name,
            "commit": {"id": "ab" * 20},
            "protected": rule is not None,
            "required_approvals": 0,
            "enable_status_check": rule is not None and rule.enabled,
            "status_check_contexts": rule.contexts if rule else [],
            "user_can_push": False,
            "user_can_merge": False,
            "effective_branch_protection_name": "",
        }


_EMPTY: dict[str, Any] = {
    "sha": "",
    "state": "",
    "total_count": 0,
    "statuses": None,
    "repository": None,
    "commit_url": "",
    "url": "",
}


def _shown(number: int, status: Status) -> dict[str, Any]:
    at = (BEGIN + timedelta(seconds=status.at)).isoformat()
    return {
        "id": number,
        "status": status.status,
        "target_url": status.url,
        "description": "Successful in 3s",
        "url": "",
        "context": status.context,
        "creator": None,
        "created_at": at,
        "updated_at": at,
    }
