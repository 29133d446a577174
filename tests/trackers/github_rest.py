"""GitHub's REST, by the description that GitHub publishes (openapi.py)."""

from __future__ import annotations

from tests.trackers.openapi import Misused, OpenApi
from tests.trackers.published import GITHUB_REST

ANYWHERE = frozenset({301, 401, 403, 404, 429, 500, 502, 503, 504})
"""What any call may be answered with, described there or not (docs.github.com, "Troubleshooting the REST
API", "Rate limits for the REST API"; "Best practices for using the REST API", of redirects)."""
ERROR = {"$ref": "#/components/schemas/basic-error"}

_DESCRIBED = OpenApi("GitHub", GITHUB_REST.read, anywhere=ANYWHERE, error=ERROR)
asked, answered, example = _DESCRIBED.asked, _DESCRIBED.answered, _DESCRIBED.example

__all__ = ["Misused", "answered", "asked", "example"]
