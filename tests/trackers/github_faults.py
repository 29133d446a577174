"""What GitHub says when it does not answer, by name: `hub.fail("saml", on="graphql", times=9)`.

Of GraphQL: "rate limit" (in the words of 2026), "rate limit before 2026", "secondary limit" (403),
"secondary limit, 200", "saml", "ip list", "lifetime", "classic token", "forbidden", "not found",
"something went wrong" (200), "something went wrong, 502", "bad gateway" (502, HTML), "too slow" (504),
"validation timeout", "resource limits" (of the whole query), "empty" (200 and no body), "log-in page" (200,
HTML).

Of REST: "rate limit of REST", "secondary limit", "saml of REST", "ip list of REST", "lifetime of REST",
"forbidden of REST", "bad gateway", "too slow", "empty", "log-in page".

Of one item, or of a part of it: GitHub.spoil; of queries that are too large: GitHub.strong_for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

SECRET = "AXXXXSECRETXXXX"
"""Stands in what only the one who asks may see."""
SSO = {"X-GitHub-SSO": f"required; url=https://github.com/orgs/acme/sso?authorization_request={SECRET}"}
"""docs.github.com, "Authenticating to the REST API"; of GraphQL: github.com/fwouts/prmonitor/issues/1042"""
_SAML = (
    "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to"
    " this organization."
)
_IP_LIST = (
    "Although you appear to have the correct authorization credentials, the `acme` organization has an IP"
    " allow list enabled, and your IP address is not permitted to access this resource."
)
"""github.com/aquaproj/user-list/issues/2101 (200), github.com/SalesforceFoundation/NPSP/issues/7247 (403)"""
_LIFETIME = (
    "The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime"
    " is greater than 366 days. Please adjust your token's lifetime at the following URL:"
    " https://github.com/settings/personal-access-tokens/12885303"
)
"""github.com/NixOS/org/issues/247"""
_CLASSIC = (
    "`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a"
    " personal access token with fine-grained permissions."
)
"""github.com/refined-github/refined-github/issues/6951"""
FORBIDDEN = "Resource not accessible by personal access token"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
"""docs.github.com, "Rate limits … for the GraphQL API": "the response status will be 200 or 403"; a
Retry-After may be missing, then a minute is to be waited. github.com/apache/devlake/issues/1322"""
_SECONDARY_PAGE = "https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"
RESOURCES = "Resource limits for this query exceeded."
"""github.com/yoshi389111/github-profile-3d-contrib/issues/163; its path leads below what is null."""
_WENT_WRONG = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it could be a"
    " GitHub bug. Please include `89A2:06E1:2CCCAA:33870F:63E26554` when reporting this issue."
)
"""By 200, and by 502: github.com/apache/devlake/issues/4349"""
_TOO_SLOW = (
    "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request."
)
_NGINX = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1>"
    b"</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
"""github.com/turbot/steampipe-plugin-github/issues/518"""
_LOG_IN = b"<!DOCTYPE html><html><head><title>Sign in to GitHub</title></head><body></body></html>"
_HTML = {"Content-Type": "text/html; charset=utf-8"}


class Said(NamedTuple):
    """One answer. `body`: a document of JSON, or bytes."""

    status: int
    body: Any
    headers: Mapping[str, str] = MappingProxyType({})


def refusal(message: str, kind: str = "", *path: str | int, **more: Any) -> dict[str, Any]:
    """The answer of GraphQL to a query of which the repository is refused."""
    error = {"message": message, "locations": [{"line": 1, "column": 47}], **more}
    data = {"data": {"repository": None}} if path else {}
    return {
        **data,
        "errors": [{**({"type": kind} if kind else {}), **({"path": path} if path else {}), **error}],
    }


def _denied(message: str, *, saml: bool = False) -> dict[str, Any]:
    return refusal(message, "FORBIDDEN", "repository", extensions={"saml_failure": saml})


def _rest(message: str, status: int, page: str = "https://docs.github.com/rest") -> dict[str, str]:
    return {"message": message, "documentation_url": page, "status": str(status)}


def said(name: str) -> Said:
    """Raises KeyError."""
    exhausted = {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(time.time()) + 1850),
    }  # told in whole minutes: 50 s may pass
    rate = "API rate limit already exceeded for user ID 1."
    path = ("repository", "c0", "associatedPullRequests")
    return {
        # docs.github.com, "Rate limits … for the GraphQL API"; before: github.com/github/docs/issues/22607
        "rate limit": Said(200, refusal(rate, "RATE_LIMIT", code="graphql_rate_limit"), exhausted),
        "rate limit before 2026": Said(200, refusal(rate, "RATE_LIMITED"), exhausted),
        "rate limit of REST": Said(403, _rest("API rate limit exceeded for user ID 1.", 403), exhausted),
        "secondary limit": Said(403, _rest(SECONDARY, 403, _SECONDARY_PAGE)),
        "secondary limit, 200": Said(200, {"data": None, **refusal(SECONDARY)}),
        "saml": Said(200, _denied(_SAML, saml=True), SSO),
        "saml of REST": Said(403, _rest(_SAML, 403), SSO),
        "ip list": Said(200, _denied(_IP_LIST)),
        "ip list of REST": Said(403, _rest(_IP_LIST, 403)),
        "lifetime": Said(200, _denied(_LIFETIME)),
        "lifetime of REST": Said(403, _rest(_LIFETIME, 403)),
        "classic token": Said(200, _denied(_CLASSIC)),
        "forbidden": Said(200, _denied(FORBIDDEN)),
        "forbidden of REST": Said(403, _rest(FORBIDDEN, 403)),
        "not found": Said(200, refusal("Could not resolve to a Repository.", "NOT_FOUND", "repository")),
        "something went wrong": Said(200, {"data": None, **refusal(_WENT_WRONG)}),
        "something went wrong, 502": Said(502, {"data": None, **refusal(_WENT_WRONG)}),
        "bad gateway": Said(502, _NGINX, _HTML),
        "too slow": Said(504, {"message": _TOO_SLOW}),
        # github.com/MeltanoLabs/tap-github/pull/466
        "validation timeout": Said(200, {"errors": [{"message": "Timeout on validation of query"}]}),
        "resource limits": Said(200, refusal(RESOURCES, "RESOURCE_LIMITS_EXCEEDED", *path)),
        "empty": Said(200, b""),
        "log-in page": Said(200, _LOG_IN, _HTML),
    }[name]
