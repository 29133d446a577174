"""What changes an issue of the local Jira: labels and fields, a transition, comments. See jira_server.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.trackers.forge_server import Answer
from tests.trackers.jira_issues import COMMENT, EDIT, TRANSITION, Issue, Transition

if TYPE_CHECKING:
    from tests.trackers.jira_server import Jira


def answer(
    jira: Jira,
    method: str,
    issue: Issue,
    rest: list[str],
    given: dict[str, str],
    body: Any,
    version: str,
) -> Any:
    """What is answered to a call below one issue; or raises Answer."""
    match method, rest:
        case "PUT", []:
            _edit(jira, issue, body)
        case "GET", ["editmeta"]:
            return {"fields": _editable(jira, issue)}
        case "GET", ["transitions"]:
            screens = "transitions.fields" in given.get("expand", "")
            return {
                "expand": "transitions",
                "transitions": [_document(jira, each, screens) for each in offered(jira, issue)],
            }
        case "POST", ["transitions"]:
            _transition(jira, issue, body)
        case "GET", ["comment"]:
            return comments_document(jira, issue, given, version)
        case "POST", ["comment"]:
            raise Answer(201, _comment(jira, issue, body, version))
        case _:
            raise _refused(404, "null for uri")
    raise Answer(204, None)


def offered(jira: Jira, issue: Issue) -> list[Transition]:
    """The transitions that this account may choose now."""
    if not jira.who().may(TRANSITION, issue.project) or is_read_only(jira, issue):
        return []
    return [
        each
        for each in jira.transitions
        if not each.hidden
        and (not each.come_from or issue.status in each.come_from)
        and (not each.projects or issue.project in each.projects)
    ]


def is_read_only(jira: Jira, issue: Issue) -> bool:
    return issue.archived or issue.project in jira.archived


def comments_document(jira: Jira, issue: Issue, given: dict[str, str], version: str) -> dict[str, Any]:
    start = int(given.get("startAt", "0"))
    size = min(int(given.get("maxResults", "5000")), jira.comment_page)
    ordered = issue.comments[::-1] if given.get("orderBy", "") == "-created" else issue.comments
    if "orderBy" in given and given["orderBy"] not in ("created", "+created", "-created"):
        raise _refused(400, f"orderBy: {given['orderBy']}")
    some = [comment_document(jira, each, version) for each in ordered[start : start + size]]
    return {"startAt": start, "maxResults": size, "total": len(ordered), "comments": some}


def comment_document(jira: Jira, comment: dict[str, Any], version: str) -> dict[str, Any]:
    from tests.trackers.jira_rest import account_document

    author = next((each for each in jira.accounts.values() if each.id == comment["author"]), jira.account)
    body = as_document(comment["body"]) if version == "3" else as_text(comment["body"])
    return {
        "self": f"{jira.root}/rest/api/{version}/comment/{comment['id']}",
        "id": comment["id"],
        "author": account_document(author),
        "body": body,
        "created": comment["created"],
        "updated": comment["created"],
    }


def as_document(body: str | dict[str, Any]) -> dict[str, Any]:
    """A text of wiki markup as a document, without any of its markup."""
    if isinstance(body, dict):
        return body
    parts = [part for part in body.split("\n\n") if part]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in parts]}


def as_text(body: str | dict[str, Any]) -> str:
    """What a person reads in a comment, or the wiki markup that was sent."""
    if isinstance(body, str):
        return body
    if body.get("type") == "text":
        text: str = body["text"]
        return text
    if body.get("type") == "hardBreak":
        return "\n"
    between = "\n\n" if body.get("type") == "doc" else ""
    return between.join(as_text(part) for part in body.get("content", ()))


def _paragraph(text: str) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for line in text.split("\n"):
        parts += [{"type": "hardBreak"}] if parts else []
        parts += [{"type": "text", "text": line}] if line else []
    return {"type": "paragraph", "content": parts}


def _editable(jira: Jira, issue: Issue) -> dict[str, Any]:
    """The fields of the screen that edits the issue."""
    if not jira.who().may(EDIT, issue.project) or is_read_only(jira, issue):
        return {}
    form: dict[str, Any] = {}
    if issue.project not in jira.without_labels:
        schema = {"type": "array", "items": "string", "system": "labels"}
        form["labels"] = _form_of("labels", "Labels", schema, "add", "set", "remove")
    for each in jira.fields.values():
        schema = {"type": each.kind} | ({"items": "option"} if each.kind == "array" else {})
        options = [{"id": str(n), "value": text} for n, text in enumerate(each.options, 500)]
        if each.on_screen:
            made = _form_of(each.id, each.name, schema, "set")
            form[each.id] = made | ({"allowedValues": options} if options else {})
    return form


def _form_of(key: str, name: str, schema: dict[str, str], *operations: str) -> dict[str, Any]:
    return {
        "required": False,
        "schema": schema,
        "name": name,
        "key": key,
        "operations": list(operations),
        "hasDefaultValue": False,
    }


def _value(jira: Jira, field: str, value: Any) -> Any:
    """An option is known by its id or by its text."""
    if isinstance(value, list):
        return [_value(jira, field, each) for each in value]
    if not isinstance(value, dict) or not jira.fields[field].options:
        return value
    options = {str(n): text for n, text in enumerate(jira.fields[field].options, 500)}
    for number, text in options.items():
        if value.get("id") == number or value.get("value") == text:
            return {"id": number, "value": text}
    raise _refused(400, **{field: "Specify a valid value."})


def _edit(jira: Jira, issue: Issue, body: dict[str, Any]) -> None:
    _want(jira, issue, EDIT, "You do not have permission to edit issues in this project.")
    labels, fields = list(issue.labels), dict(issue.fields)
    for name, value in {**body.get("fields", {}), **body.get("update", {})}.items():
        if name not in _editable(jira, issue):
            why = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            raise _refused(400, **{name: why})
        if name == "labels":
            labels = _labels(labels, value, in_steps=name in body.get("update", {}))
        elif name in body.get("update", {}):
            for step in value:
                fields[name] = _value(jira, name, step["set"])
        else:
            fields[name] = _value(jira, name, value)
    if labels != issue.labels or fields != issue.fields:
        before = len(issue.history)
        jira.change(issue.key, labels=labels, fields=fields)
        issue.changed_by.update({place: jira.who() for place in range(before, len(issue.history))})


def _labels(there: list[str], value: list[Any], *, in_steps: bool) -> list[str]:
    if not in_steps:
        value = [{"set": value}]
    for step in value:
        for verb, named in step.items():
            names = named if isinstance(named, list) else [named]
            if any(" " in name for name in names):
                raise _refused(400, labels=f"The label '{names[0]}' contains spaces which is invalid.")
            match verb:
                case "add":
                    there = [*there, *(name for name in names if name not in there)]
                case "remove":
                    there = [name for name in there if name not in names]
                case "set":
                    there = list(names)
                case _:
                    raise _refused(400, labels=f"Unsupported operation {verb}")
    return there


def _transition(jira: Jira, issue: Issue, body: dict[str, Any]) -> None:
    number = body.get("transition", {}).get("id", "")
    chosen = next((each for each in offered(jira, issue) if each.id == number), None)
    if chosen is None:
        raise _refused(400, f"Transition id '{number}' is not valid for this issue.")
    missing = {name: f"{name} is required." for name in chosen.required if name not in body.get("fields", {})}
    if missing:
        raise _refused(400, **missing)
    target = next(each for each in jira.statuses if each.id == chosen.to)
    issue.changed_by[len(issue.history)] = jira.who()
    jira.change(issue.key, status=target.name)
    issue.status_id = target.id


def _document(jira: Jira, transition: Transition, screens: bool) -> dict[str, Any]:
    from tests.trackers.jira_rest import status_document

    target = next(each for each in jira.statuses if each.id == transition.to)
    told = {
        "id": transition.id,
        "name": transition.name,
        "to": status_document(jira, target),
        "hasScreen": bool(transition.required),
        "isGlobal": not transition.come_from,
        "isInitial": False,
        "isConditional": False,
        "isAvailable": True,
    }
    if screens:
        told["fields"] = {
            name: {
                "required": True,
                "schema": {"type": "option"},
                "name": jira.fields[name].name if name in jira.fields else name.capitalize(),
                "key": name,
                "operations": ["set"],
                "hasDefaultValue": False,
            }
            for name in transition.required
        }
    return told


def _comment(jira: Jira, issue: Issue, said: dict[str, Any], version: str) -> dict[str, Any]:
    from tests.trackers.jira_rest import time_of

    if not jira.who().may(COMMENT, issue.project) or is_read_only(jira, issue):
        raise _refused(400, comment="You do not have the permission to comment on this issue.")
    made = {
        "id": str(20_000 + sum(len(each.comments) for each in jira.issues.values())),
        "author": jira.who().id,
        "created": time_of(jira.now()),
        "body": said["body"],
        "internal": {"internal": True} in [each["value"] for each in said.get("properties", ())],
    }
    jira.change(issue.key, comments=[*issue.comments, made])
    return comment_document(jira, made, version)


def _want(jira: Jira, issue: Issue, right: str, why: str) -> None:
    if not jira.who().may(right, issue.project) or is_read_only(jira, issue):
        raise _refused(403, why)


def _refused(status: int, *messages: str, **errors: str) -> Answer:
    return Answer(status, {"errorMessages": list(messages), "errors": errors})
