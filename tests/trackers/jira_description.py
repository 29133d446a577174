"""What Atlassian publishes of Jira's REST, and what that description of 2023 lacks, in words of our own.

Version 2 has the paths, parameters and structures of version 3, but that a comment is a text of wiki markup
and no document (developer.atlassian.com/cloud/jira/platform/rest/v3/intro, "Version"): a call of it is
checked as the same call of version 3. Data Center has version 2 alone; its `search` is the one that the
description has, and Cloud had (docs.atlassian.com/software/jira/docs/api/REST/latest, api/2/search).
"""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
import msgspec

from tests.trackers.openapi import Misused, OpenApi, Operation
from tests.trackers.published import ATLASSIAN_DOCUMENT, JIRA_CLOUD

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_ISSUES = {"type": "array", "items": {"$ref": "#/components/schemas/IssueBean"}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    more = {"required": list(required)} if required else {}
    return {"type": "object", "additionalProperties": False, "properties": properties, **more}


# developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search, "Search for issues using JQL
# enhanced search": GET takes fields, properties and reconcileIssues as lists, POST the same as a body
_SEARCHED: dict[str, Any] = {
    "jql": _TEXT,
    "nextPageToken": _TEXT,
    # "It returns max 5000 issues", fewer where more than id or key is asked for
    "maxResults": {"type": "integer", "maximum": 5000},
    # the default is `id`
    "fields": _TEXTS,
    "expand": _TEXT,
    # at most 5
    "properties": {**_TEXTS, "maxItems": 5},
    "fieldsByKeys": {"type": "boolean"},
    "failFast": {"type": "boolean"},
    # "Maximum of 50 issue ids"
    "reconcileIssues": {"type": "array", "items": {"type": "integer"}, "maxItems": 50},
}
_FOUND = _object(
    issues=_ISSUES,
    # absent or null on the last page; a token lives 7 days
    nextPageToken={**_TEXT, "nullable": True},
    isLast={"type": "boolean"},
    names={"type": "object"},
    schema={"type": "object"},
)
_OTHERS: dict[str, Any] = {"400": {}, "401": {}}
_BODY_OF_SEARCH = {name: schema for name, schema in _SEARCHED.items() if name != "failFast"}
NEWER: dict[str, dict[str, Any]] = {
    "/rest/api/3/search/jql": {
        "get": {
            "parameters": [{"in": "query", "name": name, "schema": each} for name, each in _SEARCHED.items()],
            "responses": {"200": _json(_FOUND), **_OTHERS},
        },
        "post": {
            "requestBody": {"required": True, **_json(_object(**_BODY_OF_SEARCH))},
            "responses": {"200": _json(_FOUND), **_OTHERS},
        },
    },
    # api-group-issue-search, "Count issues using JQL"
    "/rest/api/3/search/approximate-count": {
        "post": {
            "requestBody": {"required": True, **_json(_object(("jql",), jql=_TEXT))},
            "responses": {"200": _json(_object(("count",), count={"type": "integer"})), **_OTHERS},
        }
    },
    # api-group-issues, "Bulk fetch issues": up to 100, or 1,000 where few fields are named. An issue that
    # there is not, or that the account may not see, is left out; `issueErrors` has those that may be tried
    # again
    "/rest/api/3/issue/bulkfetch": {
        "post": {
            "requestBody": {
                "required": True,
                **_json(
                    _object(
                        ("issueIdsOrKeys",),
                        issueIdsOrKeys={**_TEXTS, "maxItems": 1000},
                        fields=_TEXTS,
                        expand=_TEXTS,
                        properties={**_TEXTS, "maxItems": 5},
                        fieldsByKeys={"type": "boolean"},
                    )
                ),
            },
            "responses": {
                "200": _json(
                    _object(
                        issues=_ISSUES,
                        issueErrors={
                            "type": "array",
                            "items": _object(errorMessage=_TEXT, id=_TEXT),
                        },
                    )
                ),
                **_OTHERS,
            },
        }
    },
}
# api-group-issues, "Edit issue" and "Transition issue": 409 where an issue is changed at the same time, 422
# where it cannot be validated; api-group-issue-comments, "Add comment": 413 where it has too many
ANYWHERE = frozenset({401, 403, 404, 409, 410, 413, 422, 429, 500, 502, 503, 504})
"""What any call may be answered with, described there or not (rest/v3/intro, "Status codes"; "Rate
limiting")."""

_DESCRIBED = OpenApi(
    "Atlassian",
    JIRA_CLOUD.read,
    anywhere=ANYWHERE,
    error={"$ref": "#/components/schemas/ErrorCollection"},
    more=NEWER,
)


def asked(method: str, path: str, query: dict[str, list[str]], body: object) -> Operation:
    """See OpenApi.asked. `path` may be one of version 2, or of "latest", which is version 2."""
    version, _, place = path.removeprefix("/rest/api/").partition("/")
    if version not in ("2", "3", "latest"):
        raise Misused(f"Atlassian describes no {path}")
    if "validateQuery" in query:
        # Data Center takes a boolean here, in any letters
        query = {**query, "validateQuery": [value.lower() for value in query["validateQuery"]]}
    checked = body
    if version == "2" and isinstance(body, dict) and isinstance(body.get("validateQuery"), bool):
        checked = {**body, "validateQuery": str(body["validateQuery"]).lower()}
    call = _DESCRIBED.asked(method, f"/rest/api/3/{place}", query, checked)
    if isinstance(body, dict):
        for said in _comments_in(body, place.endswith("/comment")):
            _check_comment(said, is_document=version == "3")
    return call


answered = _DESCRIBED.answered


def _comments_in(body: dict[str, Any], is_comment: bool) -> list[Any]:
    """Of a comment that is added, and of one that goes with an edit or a transition."""
    if is_comment:
        return [body.get("body")]
    return [each["add"].get("body") for each in body.get("update", {}).get("comment", ()) if "add" in each]


def _check_comment(said: object, is_document: bool) -> None:
    if not is_document:
        if not isinstance(said, str):
            raise Misused("a comment of version 2 is a text")
        return
    if error := jsonschema.exceptions.best_match(_documents().iter_errors(said)):
        raise Misused(f"Atlassian takes no such document: {error.json_path}: {error.message[:300]}")


@functools.cache
def _documents() -> Any:
    return jsonschema.Draft4Validator(msgspec.json.decode(ATLASSIAN_DOCUMENT.read()))
