"""Edits of issues of a local Jira: what is written, and what is found there afterwards."""

from __future__ import annotations

from collections.abc import Callable

from tests.trackers.jira_server import Jira
from tests.trackers.jira_writes import as_text

SIGN = "-- QA Shepherd, stable r7 0123456789ab"
COMMENT = (
    "This landed as r7 of stable.\n\nCommit: 0123456789ab\nBranch: feature/a_b-{c}*d*\n"
    f"https://git.example.org/r/7?a=b_c.\n\nPlease try it on the QA server.\n\n{SIGN}"
)
BY_STATUS = {"ok": ["QA passed"], "bad": ["QA failed"], "needstesting": ["In QA"], "silent": ["To Do"]}
Write = Callable[..., str]


def comments(jira: Jira, key: str = "ABC-1") -> list[str]:
    return [as_text(comment["body"]) for comment in jira.issues[key].comments]


def writes(jira: Jira) -> list[str]:
    return [line for line in jira.asked if not line.startswith("GET")]
