"""python-gitlab, made fit for cron: one line for all requests, no sleeping, no redirects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from gitlab import Gitlab

from shepherd.trackers import http as network
from shepherd.trackers.forge.wire import LineAdapter, until_reset
from shepherd.trackers.http import Line


def open_gitlab(line: Line, token: str) -> Gitlab:
    """A session of python-gitlab whose every request goes through `line`; without a token anonymous."""
    session = requests.Session()
    # else it looks for somebody's password in ~/.netrc
    session.auth = _nobody
    adapter = LineAdapter(line, meaning)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return Gitlab(
        line.root.rstrip("/"),
        private_token=token or None,
        session=session,
        timeout=network.LIMIT,
        user_agent="qa-shepherd",
        retry_transient_errors=False,
        keep_base_url=True,
    )


def meaning(status: int, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str]]:
    """See Meaning. When to come back, GitLab says by Retry-After, or by the time when the limit is reset."""
    if status == 429 and "retry-after" not in headers:
        return status, {**headers, "retry-after": until_reset(headers, "ratelimit-reset")}
    return status, headers


def _nobody(request: Any) -> Any:
    return request
