"""Whether Jira knows what the settings name: projects, statuses; and lets the tagger write."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from shepherd.errors import TrackerError
from shepherd.running.doctor.checking import Finding, fail, ok, warn
from shepherd.running.doctor.status_names import statuses
from shepherd.settings import Settings
from shepherd.values import clean

if TYPE_CHECKING:
    from shepherd.trackers.jira.service import JiraService

_RIGHTS = {
    "EDIT_ISSUES": ("label issues and set fields", "Edit issues"),
    "TRANSITION_ISSUES": ("change their status", "Transition issues"),
    "ADD_COMMENTS": ("comment", "Add comments"),
}
"""Permission -> what it is for, and what Jira calls it."""


def projects_and_words(settings: Settings, service: JiraService) -> Iterator[Finding]:
    """What would be wrong in silence: of a project that may not be seen all issues are unknown, and a status
    that is misspelt never means anything."""
    try:
        projects = yield from _projects(settings, service)
        yield from statuses(settings, "Jira", service.statuses)
        if settings.tracker.writes:
            yield from _rights(settings, service, projects)
    except TrackerError as error:
        yield warn("projects", str(error))


def _projects(settings: Settings, service: JiraService) -> Generator[Finding, None, list[str]]:
    """Returns the keys of those that can be seen."""
    key = f"{settings.tracker_key}.keys"
    seen = []
    for project in settings.tracker.keys:
        now = service.project(project)
        if not now:
            what = f"{key} names {project}: there is no such project, or this account may not see it, so all"
            yield fail(
                "projects",
                f"{what} of its issues are unknown",
                "give the account the permission Browse projects there, or take it out",
            )
            continue
        seen.append(project)
        if now != project:
            yield ok("projects", f"the project {project} is called {clean(now, 40)} by now; either is read")
    if seen and len(seen) == len(settings.tracker.keys):
        yield ok("projects", f"each project of {key} can be seen: {', '.join(seen)}")
    return seen


def _rights(settings: Settings, service: JiraService, projects: list[str]) -> Iterator[Finding]:
    tracker = settings.tracker
    moves = bool(tracker.statuses.needstesting or any(tracker.tag_statuses))
    wanted = ["ADD_COMMENTS", *(["TRANSITION_ISSUES"] if moves else [])]
    if not tracker.statuses.needstesting:
        wanted.append("EDIT_ISSUES")
    lacking = False
    for project in projects:
        given = service.permissions(project)
        for right in wanted:
            if not given[right]:
                lacking = True
                what, name = _RIGHTS[right]
                yield warn(
                    "tagger",
                    f"in {project} this account may not {what}, which the tagger does",
                    f"give it the permission {name}, or set {settings.tracker_key}.tag = false",
                )
    if projects and not lacking:
        yield ok("tagger", f"the tagger may write in {', '.join(projects)}")
