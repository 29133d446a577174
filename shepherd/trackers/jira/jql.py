"""Conditions in JQL, Jira's language of queries."""

from __future__ import annotations

import re
from collections.abc import Sequence


def text_in_jql(text: str) -> str:
    """A text as a query in JQL names it, whatever stands in it
    (support.atlassian.com, "What is advanced search in Jira Cloud?")."""
    plain = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    return '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'


def issues_in(keys: Sequence[str]) -> str:
    """The condition that an issue is one of these."""
    return f"key in ({_listed(keys)})"


def projects_in(keys: Sequence[str]) -> str:
    """The condition that an issue is in one of these projects."""
    return f"project in ({_listed(keys)})"


def labels_in(labels: Sequence[str]) -> str:
    """The condition that an issue has one of these labels."""
    return f"labels in ({_listed(labels)})"


def updated_within(minutes: int) -> str:
    """The condition that an issue was changed in the last minutes: by Jira's clock, so that the time zone of
    the account, in which JQL reads dates, does not matter."""
    return f'updated >= "-{minutes}m"'


def all_of(*conditions: str) -> str:
    return " AND ".join(conditions)


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(map(text_in_jql, texts))
