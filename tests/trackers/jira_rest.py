"""What the local Jira answers. See jira_server.py; the sentences are Jira's own where they are known."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from tests.trackers import jira_writes
from tests.trackers.forge_server import Answer
from tests.trackers.jira_issues import RIGHTS, Account, Issue, Status
from tests.trackers.jira_jql import JqlError, Query, query

if TYPE_CHECKING:
    from tests.trackers.jira_server import Jira

UNSEEN = "Issue does not exist or you do not have permission to see it."
EFFICIENT = 1000
"""Issues of one bulk fetch where few fields are named; else 100 ("Bulk fetch issues")."""
LIGHT = frozenset({"id", "key"})


def refuse(status: int, *messages: str, **errors: str) -> Answer:
    return Answer(status, {"errorMessages": list(messages), "errors": errors})


def answer(jira: Jira, method: str, path: str, asked: dict[str, list[str]], body: Any) -> Any:
    """The document; or raises Answer."""
    version, *place = re.findall(r"[^/]+", unquote(path.removeprefix("/rest/api/")))
    if version == "3" and not jira.cloud:
        raise refuse(404, "null for uri")
    given = {name: values[-1] for name, values in asked.items()}
    match method, place:
        case "GET", ["serverInfo"]:
            return _server(jira)
        case "GET", ["myself"]:
            return _myself(jira)
        case "GET", ["mypermissions"]:
            return _permissions(jira, given)
        case "GET", ["field"]:
            return _fields(jira)
        case "GET", ["status"]:
            return [status_document(jira, each) for each in jira.statuses]
        case "GET", ["project", "search"] if jira.cloud:
            return _projects(jira, given, asked.get("keys", []))
        case "GET", ["project"]:
            return [_project(jira, key) for key in jira.projects if jira.has_project(key)]
        case "GET", ["project", key]:
            key = jira.former.get(key, key)
            if not jira.has_project(key):
                raise refuse(404, f"No project could be found with key '{key}'.")
            return _project(jira, key)
        case (("GET" | "POST"), ["search", "jql"]) if jira.cloud:
            return _search_by_token(jira, body if method == "POST" else _as_body(asked), version)
        case "POST", ["search", "approximate-count"] if jira.cloud:
            return {"count": len(_found(jira, _understood(jira, body["jql"]), []))}
        case (("GET" | "POST"), ["search"]):
            if jira.cloud:
                # developer.atlassian.com/changelog, CHANGE-2046
                raise refuse(
                    410, "The requested API has been removed. Please migrate to /rest/api/3/search/jql."
                )
            return _search_by_place(jira, body if method == "POST" else _as_body(asked), version)
        case "POST", ["issue", "bulkfetch"] if jira.cloud:
            return _bulk(jira, body, version)
        case "GET", ["issue", key]:
            issue = visible(jira, key)
            document = issue_document(jira, issue, _listed(asked.get("fields", ["*all"])), version)
            past = {"changelog": _changelog(jira, issue)} if "changelog" in given.get("expand", "") else {}
            return {**document, **past}
        case _, ["issue", key, *rest]:
            return jira_writes.answer(jira, method, visible(jira, key), rest, given, body, version)
    raise refuse(404, f"null for uri: {path}")


def visible(jira: Jira, key: str) -> Issue:
    found = jira.find(key)
    if found is None:
        raise refuse(404, UNSEEN)
    return found


def time_of(moment: datetime, zone: str = "UTC") -> str:
    """As Jira writes it."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


def status_document(jira: Jira, status: Status) -> dict[str, Any]:
    names = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}
    number, name = names[status.category]
    category = {"id": number, "key": status.category, "name": name, "colorName": "yellow"}
    scope = {"scope": {"type": "PROJECT", "project": {"id": status.project}}} if status.project else {}
    return {
        "self": f"{jira.root}/rest/api/3/status/{status.id}",
        "id": status.id,
        "name": jira.translated.get(status.name, status.name),
        "description": "",
        "statusCategory": category,
        **scope,
    }


def issue_document(jira: Jira, issue: Issue, wanted: Collection[str], version: str) -> dict[str, Any]:
    """`wanted`: names of fields, "*all", "*navigable", "-name"."""
    zone = jira.who().zone
    everything: dict[str, Any] = {
        "summary": "secret",
        "description": None,
        "labels": list(issue.labels),
        "status": status_document(jira, jira.status_of(issue)),
        "created": time_of(issue.created, zone),
        "updated": time_of(issue.updated, zone),
        "project": {"id": project_id(jira, issue.project), "key": issue.project, "name": "secret"},
        "security": {"id": "10100", "name": issue.level} if issue.level else None,
        "comment": jira_writes.comments_document(jira, issue, {}, version),
        **{field: issue.fields.get(field) for field in jira.fields},
    }
    whole = any(each in ("*all", "*navigable") for each in wanted) or not set(wanted) - {
        each for each in wanted if each.startswith("-")
    }
    chosen = {
        name: value
        for name, value in everything.items()
        if (whole or name in wanted) and f"-{name}" not in wanted
    }
    place = f"{jira.root}/rest/api/{version}/issue/{issue.id}"
    fields = {"fields": chosen} if set(wanted) - LIGHT else {}
    return {"expand": "renderedFields,names", "id": issue.id, "self": place, "key": issue.key, **fields}


def _changelog(jira: Jira, issue: Issue) -> dict[str, Any]:
    """Cloud has the newest entries first, and the ids of fields; Data Center neither."""
    entries = []
    for number, changes in enumerate(issue.history, 10_000):
        items = []
        for name, before in changes:
            known = jira.fields[name].name if name in jira.fields else name
            detail = {"field": known, "fieldtype": "custom", "fromString": before}
            if name == "status":
                detail |= {"fieldtype": "jira", "from": jira.status(before).id}
            items.append({**detail, **({"fieldId": name} if jira.cloud else {})})
        author = issue.changed_by.get(number - 10_000, _SOMEBODY)
        entries.append({"id": str(number), "author": account_document(author, jira.cloud), "items": items})
    shown = entries[::-1] if jira.cloud else entries
    return {"startAt": 0, "maxResults": len(shown), "total": len(shown), "histories": shown}


def project_id(jira: Jira, key: str) -> str:
    return str(10_000 + list(jira.projects).index(key))


_SOMEBODY = Account("ann@example.org", "", "Ann")


def account_document(account: Account, cloud: bool = True) -> dict[str, Any]:
    who = {"accountId": account.id} if cloud else {"name": account.email, "key": account.id}
    return {
        **who,
        "accountType": "atlassian",
        "active": True,
        "displayName": account.name,
        "timeZone": account.zone,
    }


def _server(jira: Jira) -> dict[str, Any]:
    version = "1001.0.0-SNAPSHOT" if jira.cloud else "9.12.5"
    return {
        "baseUrl": jira.root,
        "version": version,
        "versionNumbers": [1001, 0, 0] if jira.cloud else [9, 12, 5],
        "deploymentType": "Cloud" if jira.cloud else "Server",
        "buildNumber": 100_200,
        "buildDate": "2026-01-01T00:00:00.000+0000",
        "serverTime": time_of(jira.now(), jira.who().zone),
        "scmInfo": "5a1b2c3",
        "serverTitle": "Jira",
    }


def _myself(jira: Jira) -> dict[str, Any]:
    account = jira.who()
    if not account.email:
        raise refuse(401, "Client must be authenticated to access this resource.")
    mail = {"emailAddress": account.email, "locale": "en_US"}
    return {"self": f"{jira.root}/rest/api/3/user", **account_document(account, jira.cloud), **mail}


def _permissions(jira: Jira, given: dict[str, str]) -> dict[str, Any]:
    key = given.get("projectKey", "")
    if "issueKey" in given:
        key = visible(jira, given["issueKey"]).project
    elif key and not jira.has_project(key):
        raise refuse(404, f"No project could be found with key '{key}'.")
    wanted = given.get("permissions", "").split(",") if jira.cloud else list(RIGHTS)
    if unknown := [each for each in wanted if each not in RIGHTS]:
        raise refuse(400, f"The permissions {unknown} are not known.")
    return {
        "permissions": {
            right: {
                "id": str(place),
                "key": right,
                "name": right.replace("_", " ").capitalize(),
                "type": "PROJECT",
                "description": "",
                "havePermission": jira.who().may(right, key),
            }
            for place, right in enumerate(wanted, 10)
        }
    }


def _fields(jira: Jira) -> list[dict[str, Any]]:
    own = [("labels", "Labels", "array"), ("status", "Status", "status"), ("updated", "Updated", "datetime")]
    found = [
        {
            "id": number,
            "key": number,
            "name": name,
            "custom": False,
            "orderable": True,
            "navigable": True,
            "searchable": True,
            "clauseNames": [number],
            "schema": {"type": kind, "system": number},
        }
        for number, name, kind in own
    ]
    for each in jira.fields.values():
        number = int(each.id.partition("_")[2])
        more = {"items": "option"} if each.kind == "array" else {}
        found.append(
            {
                "id": each.id,
                "key": each.id,
                "name": each.name,
                "custom": True,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [f"cf[{number}]", each.name],
                "schema": {"type": each.kind, "custom": "com.example:select", "customId": number, **more},
            }
        )
    return found


def _project(jira: Jira, key: str) -> dict[str, Any]:
    return {
        "self": f"{jira.root}/rest/api/3/project/{project_id(jira, key)}",
        "id": project_id(jira, key),
        "key": key,
        "name": jira.projects[key],
        "projectTypeKey": "software",
        "archived": key in jira.archived,
    }


def _projects(jira: Jira, given: dict[str, str], keys: list[str]) -> dict[str, Any]:
    shown = [key for key in jira.projects if jira.has_project(key) and (not keys or key in keys)]
    start, size = int(given.get("startAt", "0")), min(int(given.get("maxResults", "50")), 100)
    return {
        "self": f"{jira.root}/rest/api/3/project/search",
        "startAt": start,
        "maxResults": size,
        "total": len(shown),
        "isLast": start + size >= len(shown),
        "values": [_project(jira, key) for key in shown[start : start + size]],
    }


def _listed(values: list[str]) -> list[str]:
    return [part for value in values for part in value.split(",")]


def _as_body(asked: dict[str, list[str]]) -> dict[str, Any]:
    """What a GET says, as a POST says it."""
    body: dict[str, Any] = {name: values[-1] for name, values in asked.items()}
    if "fields" in asked:
        body["fields"] = _listed(asked["fields"])
    return body | {name: int(body[name]) for name in ("maxResults", "startAt") if name in body}


def _understood(jira: Jira, jql: str, *, strict: bool = True) -> Query:
    try:
        found = query(jql, jira, jira.now(), jira.who().zone, strict=strict)
    except JqlError as why:
        raise refuse(400, *str(why).split("\n")) from None
    if jira.cloud and not found.bounded:
        raise refuse(
            400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
        )
    return found


def _found(jira: Jira, understood: Query, order: list[tuple[str, bool]]) -> list[Issue]:
    found = [issue for issue in jira.seen() if understood.test(issue)]
    for name, descending in reversed(order or [("created", True)]):
        match name:
            case "key" | "issuekey":
                found.sort(key=lambda issue: (issue.project, issue.number), reverse=descending)
            case "updated":
                found.sort(key=lambda issue: issue.indexed_at, reverse=descending)
            case _:
                found.sort(key=lambda issue: int(issue.id), reverse=descending)
    return found


def _search_by_token(jira: Jira, body: dict[str, Any], version: str) -> dict[str, Any]:
    jql, wanted = body.get("jql", ""), body.get("fields") or ["id"]
    understood = _understood(jira, jql)
    found = _found(jira, understood, understood.order)
    start = 0
    if token := body.get("nextPageToken"):
        try:
            start, of = json.loads(urlsafe_b64decode(token))
        except ValueError:
            start, of = 0, None
        if of != jql:
            raise refuse(400, "The provided next page token is invalid or expired.")
    most = 5000 if set(wanted) <= LIGHT else jira.page
    size = min(body.get("maxResults", 50), most)
    some = [issue_document(jira, issue, wanted, version) for issue in found[start : start + size]]
    last = start + size >= len(found)
    more = (
        {}
        if last
        else {"nextPageToken": urlsafe_b64encode(json.dumps([start + size, jql]).encode()).decode()}
    )
    return {"issues": some, "isLast": last, **more}


def _search_by_place(jira: Jira, body: dict[str, Any], version: str) -> dict[str, Any]:
    validate = str(body.get("validateQuery", "strict")).lower()
    understood = _understood(jira, body.get("jql", ""), strict=validate in ("strict", "true"))
    found = _found(jira, understood, understood.order)
    start, wanted = body.get("startAt", 0), body.get("fields") or ["*navigable"]
    size = min(body.get("maxResults", 50), jira.page)
    warned = {"warningMessages": understood.warnings} if understood.warnings and validate == "warn" else {}
    return {
        "expand": "schema,names",
        "startAt": start,
        "maxResults": size,
        "total": len(found),
        "issues": [issue_document(jira, issue, wanted, version) for issue in found[start : start + size]],
        **warned,
    }


def _bulk(jira: Jira, body: dict[str, Any], version: str) -> dict[str, Any]:
    keys, wanted = body["issueIdsOrKeys"], body.get("fields") or ["*navigable"]
    few = all(not each.startswith(("*", "-")) and each != "comment" for each in wanted)
    if not keys:
        raise refuse(400, "issueIdsOrKeys must not be empty")
    if len(keys) > (EFFICIENT if few and "expand" not in body else 100):
        raise refuse(400, "The number of issues exceeds the limit.")
    found = {issue.id: issue for key in keys if (issue := jira.find(key))}
    ordered = sorted(found.values(), key=lambda issue: int(issue.id))
    return {
        "issues": [issue_document(jira, issue, wanted, version) for issue in ordered],
        "issueErrors": [],
    }
