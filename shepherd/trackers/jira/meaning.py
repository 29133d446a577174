"""What an answer of Jira amounts to (see client.Meaning), and what its limit still has.

Jira takes whose credentials it does not accept for a stranger, and may answer a stranger's search with 200
and nothing in it (support.atlassian.com, "Jira Cloud: JQL search REST API returns 200 OK without API token"):
the header X-Seraph-LoginReason tells (docs.atlassian.com/atlassian-seraph, LoginReason).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec.structs import replace

from shepherd.trackers.client import Meant
from shepherd.trackers.forge.wire import A_MINUTE, budget_of
from shepherd.trackers.jira.site import JiraLogin
from shepherd.words import Budget

TOO_MUCH = frozenset({400, 413, 414, 500, 502, 504})
"""What a question about many issues may be answered by because of one of them, or of their number: 413 is
what `meaning` makes of it where a smaller question is better than the same again."""
_LARGEST = 4_000
"""Bytes of a refusal that are looked into."""
_CAPTCHA = (
    "wants a person first: after too many failed log-ins the account has to solve a CAPTCHA; log in once as"
    " that account with a browser"
)
_STRANGER = (
    "takes us for a stranger although credentials were sent: something before it, a proxy or single sign-on,"
    " keeps them back; ask those who run it to let the header Authorization through"
)
_NEW = "put a new one where tracker.credentials_file or tracker.credentials_env says"
_SCOPED = "one with scopes counts only at https://api.atlassian.com/ex/jira/CLOUDID"
_OF_ACCOUNT = (
    f"the API token is not accepted: it has perhaps expired (none lives longer than a year), was revoked,"
    f" or tracker.login is not the address of its account; {_SCOPED}; {_NEW}"
)
_OF_BEARER = f"the token is not accepted: it has perhaps expired, or was revoked; {_NEW}"
_SET_LOGIN = "set tracker.login to the address of its account"
_RIGHT = "is tracker.service_root right?"
_NOBODY = "it shows this to nobody who has not logged in: tracker.credentials_file expected"


def meaning(
    status: int, headers: Mapping[str, str], body: bytes, login: JiraLogin, *, divisible: bool = False
) -> Meant:
    """See the module, and `reset_in` for when to come back.

    Args:
        divisible: the question can be asked in parts.
    """
    refused = "" if login.anonymous else _refused_login(headers)
    if refused and status < 500 and status != 429:
        if refused == _STRANGER:
            return Meant(401, headers, refused)
        if refused == _CAPTCHA:
            return Meant(403, headers, f"answered {status}: it {refused}")
        return Meant(401, headers, f"answered {status}: {_not_accepted(login)}")
    if status == 429:
        why = _quota(headers)
        wait = headers.get("retry-after") or reset_in(headers) or A_MINUTE
        return Meant(status, {**headers, "retry-after": wait}, why)
    if status in TOO_MUCH and divisible:
        return Meant(413, headers, f"answered {status} to the question about it, even alone")
    return Meant(status, headers, _why(status, body[:_LARGEST], login))


def budget(headers: Mapping[str, str]) -> Budget | None:
    """See BudgetOf. Cloud and Data Center alike say the limit and what is left; only Cloud says when it is
    reset (developer.atlassian.com/cloud/jira/platform/rate-limiting; confluence.atlassian.com, "Adjusting
    your code for rate limiting")."""
    known, until = budget_of(headers, "x-ratelimit-"), _reset(headers)
    return replace(known, resets=int(until.timestamp())) if known and until else known


def reset_in(headers: Mapping[str, str]) -> str:
    """Return the seconds until the moment in X-RateLimit-Reset, by the server's own clock if it
    gives that; empty: there is no such moment."""
    until = _reset(headers)
    if until is None:
        return ""
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        now = datetime.now(UTC)
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    return str(max(0, int((until - now).total_seconds())))


def _reset(headers: Mapping[str, str]) -> datetime | None:
    given = headers.get("x-ratelimit-reset", "")
    try:
        # Cloud gives a date and a time (ISO 8601), others before it seconds since 1970
        seconds = given.isascii() and given.isdecimal()
        until = datetime.fromtimestamp(int(given), UTC) if seconds else datetime.fromisoformat(given)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return until if until.timestamp() > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _quota(headers: Mapping[str, str]) -> str:
    """RateLimit-Reason names the limit; those of bursts pass in a moment, as any other."""
    if not headers.get("ratelimit-reason", "").startswith("jira-quota-"):
        return ""
    return (
        "answered 429: the points that Atlassian gives to this app for an hour are used up; the next run"
        " tries again"
    )


def _refused_login(headers: Mapping[str, str]) -> str:
    """Why Jira took us for a stranger; empty: it did not, or does not say."""
    reasons = headers.get("x-seraph-loginreason", "").upper()
    denied = headers.get("x-authentication-denied-reason", "").upper()
    if "CAPTCHA" in denied or "AUTHENTICATION_DENIED" in reasons:
        return _CAPTCHA
    if "AUTHENTICATED_FAILED" in reasons:
        return "AUTHENTICATED_FAILED"
    # Data Center names the user with each answer
    return _STRANGER if headers.get("x-ausername", "").lower() == "anonymous" else ""


def _not_accepted(login: JiraLogin) -> str:
    if login.anonymous:
        return _NOBODY
    return _OF_ACCOUNT if login.account else _OF_BEARER


def _why(status: int, body: bytes, login: JiraLogin) -> str:
    """Why, in our own words; empty: what the status says."""
    if status == 401:
        if b"scope does not match" in body:
            return "answered 401: the token lacks a scope; reading wants read:jira-work"
        return f"answered 401: {_not_accepted(login)}"
    if status == 403:
        if b"Connect Session Auth Token" in body:
            return f"answered 403: an API token is no bearer token; {_SET_LOGIN}"
        if login.anonymous:
            return f"answered 403: {_NOBODY}"
    if status == 404:
        if b"emporarily unavailable" in body or b"currently unavailable" in body:
            return f"answered 404: Atlassian has no such site, or has suspended it; {_RIGHT}"
        return f"answered 404: there is no Jira at that address; {_RIGHT}"
    if status == 410:
        return "answered 410: it no longer has this part of its service; is there a newer QA Shepherd?"
    return ""
