"""What the local GitHub does by REST, and answers: the example of GitHub's description, with our data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.trackers import github_checks
from tests.trackers.forge_server import Answer
from tests.trackers.github_faults import FORBIDDEN
from tests.trackers.github_rest import example

if TYPE_CHECKING:
    from tests.trackers.github_server import GitHub, Thing

_LOCKED = "Unable to create comment because issue is locked."
"""github.com/renovatebot/renovate/issues/6215"""
_LONGEST_DESCRIPTION = 100


def error(message: str, status: int, **more: Any) -> dict[str, Any]:
    """docs.github.com: "Troubleshooting the REST API"."""
    page = "https://docs.github.com/rest"
    return {"message": message, "documentation_url": page, "status": str(status), **more}


def done(hub: GitHub, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Status and document. Raises Answer."""
    place = path.removeprefix(f"/repos/{hub.known_as}")
    if place == path:
        if path.startswith(f"/repos/{hub.project}/"):
            there = f"{hub.root}/repositories/1{path.removeprefix(f'/repos/{hub.project}')}"
            raise Answer(301, error("Moved Permanently", 301, url=there), {"Location": there})
        raise _missing()
    if method == "POST" and place == "/labels":
        return 201, _make_label(hub, **body)
    if method == "GET" and (commit := re.fullmatch(r"/commits/([0-9a-f]+)/pulls", place)):
        (shown,) = example("pull-request-simple-items")[:1]
        return 200, [_shown(hub, number, thing, shown) for number, thing in hub.brought_by(commit[1])]
    if method == "GET" and (commit := re.fullmatch(r"/commits/([0-9a-f]+)/(check-runs|status)", place)):
        tell = github_checks.rest_runs if commit[2] == "check-runs" else github_checks.rest_status
        return 200, tell(hub, commit[1])
    found = re.fullmatch(r"/(?:issues|pulls)/(\d+)(?:/(labels|comments)(?:/(.+))?)?", place)
    thing = hub.things.get(int(found[1])) if found else None
    if found is None or thing is None:
        raise _missing()
    if thing.forbidden:
        raise Answer(403, error(FORBIDDEN, 403))
    match method, found[2]:
        case "GET", None:
            kind = "pull-request" if "/pulls/" in place else "issue"
            return 200, _shown(hub, int(found[1]), thing, example(kind))
        case "POST", "labels":
            for name in body if isinstance(body, list) else body["labels"]:
                spelt = hub.spelling(name) or name
                hub.labels.setdefault(spelt, ("ededed", None))
                if not any(spelt.lower() == each.lower() for each in thing.labels):
                    thing.labels.append(spelt)
            return 200, [_label(hub, name) for name in thing.labels]
        case "DELETE", "labels":
            gone = [each for each in thing.labels if each.lower() == unquote(found[3]).lower()]
            if not gone:
                raise Answer(404, error("Label does not exist", 404))
            thing.labels.remove(gone[0])
            return 200, [_label(hub, name) for name in thing.labels]
        case "POST", "comments":
            if thing.locked:
                raise Answer(403, error(_LOCKED, 403))
            thing.comments.append(body["body"])
            return 201, {**example("issue-comment"), "id": len(thing.comments), "body": body["body"]}
    raise _missing()


def _missing() -> Answer:
    return Answer(404, error("Not Found", 404))


def _make_label(hub: GitHub, name: str, color: str = "ededed", description: str | None = None) -> Any:
    """docs.github.com, "REST API endpoints for labels": a colour without #, at most 100 characters."""
    wrong = {"code": "already_exists", "field": "name"} if hub.spelling(name) else {}
    if not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        wrong = {"code": "invalid", "field": "color"}
    if len(description or "") > _LONGEST_DESCRIPTION:
        wrong = {"code": "invalid", "field": "description"}
    if wrong:
        document = error("Validation Failed", 422, errors=[{"resource": "Label", **wrong}])
        raise Answer(422, document)
    hub.labels[name] = (color, description)
    return _label(hub, name)


def _label(hub: GitHub, name: str) -> dict[str, Any]:
    color, description = hub.style_of(name)
    shown = {"name": name, "color": color, "description": description, "default": False}
    return {**example("label"), **shown, "url": f"{hub.root}/repos/{hub.known_as}/labels/{name}"}


def _shown(hub: GitHub, number: int, thing: Thing, like: dict[str, Any]) -> dict[str, Any]:
    kind = "pulls" if thing.base else "issues"
    # "pull-request-simple" describes no null where "label" does
    labels = [{**_label(hub, name), "description": hub.style_of(name)[1] or ""} for name in thing.labels]
    shown = {
        **like,
        "number": number,
        "url": f"{hub.root}/repos/{hub.known_as}/{kind}/{number}",
        "labels": labels,
        "locked": thing.locked,
    }
    return shown | ({"requested_teams": []} if "requested_teams" in like else {})
