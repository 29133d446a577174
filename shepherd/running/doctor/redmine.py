"""Whether Redmine knows what the settings name: statuses, a field; what can be seen, what may be written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from shepherd.errors import TrackerError
from shepherd.running.doctor.checking import Finding, fail, ok, warn
from shepherd.running.doctor.status_names import WORDS, near, statuses
from shepherd.settings import Settings
from shepherd.values import clean, quoted

if TYPE_CHECKING:
    from shepherd.trackers.redmine.service import RedmineService
    from shepherd.trackers.redmine.wire import RedmineIssue, RedmineUser

_SHOWN = 5
"""Names in one sentence."""


def words_and_rights(settings: Settings, service: RedmineService) -> Iterator[Finding]:
    """What would be wrong in silence: a status or a field that is misspelt never means anything, of a project
    that may not be seen all issues are unknown, and Redmine leaves out what may not be written."""
    try:
        # closed ones are not among them: their issues are read all the same, but cannot be changed
        projects = {project.id: project.name for project in service.projects()}
        if projects:
            names = sorted(projects.values())
            yield ok("projects", f"issues of these projects can be seen: {_listed(names)}")
        else:
            what = "no project can be seen, so all issues are unknown"
            yield fail(
                "projects", what, "make the account a member of the projects, with a role that views issues"
            )
        yield from statuses(settings, "Redmine", lambda: [each.name for each in service.statuses()])
        if settings.tracker.field.name:
            yield from _field(settings, service.newest())
        account = service.account(memberships=True)
        if account and settings.tracker.writes and not account.admin:
            yield from _rights(settings, service, account, projects.keys())
    except TrackerError as error:
        error.table = settings.tracker_key
        yield warn("projects", str(error))


def _field(settings: Settings, issues: Sequence[RedmineIssue]) -> Iterator[Finding]:
    """By the issues that were changed last: the list of all fields is for administrators alone."""
    from shepherd.trackers.words import Vocabulary

    vocabulary, key = Vocabulary.of(settings), f"{settings.tracker_key}.field"
    fields = [field for issue in issues if (field := issue.field(vocabulary.field))]
    if not fields:
        names = {each.name for issue in issues for each in issue.custom_fields}
        what = f"{key}.name is {quoted(vocabulary.field)}, and none of the {len(issues)} issues that were"
        yield warn(
            "words",
            f"{what} changed last has such a field that this account may see",
            near(vocabulary.field, names) or "spell it as Redmine does, or let the account's role see it",
        )
        return
    values = dict.fromkeys(value for field in fields for value in field.values)
    strange = [value for value in values if vocabulary.read("", values=[value]).said.warnings]
    name = quoted(clean(fields[0].name, 60))
    if strange:
        yield warn(
            "words",
            f"in {name} stands {_listed([quoted(clean(each, 60)) for each in strange])}, which {key} does not"
            " know",
            f"add it to {', '.join(WORDS)} there; of a list of keys and values Redmine gives the keys",
        )
    else:
        yield ok("words", f"{len(fields)} of the {len(issues)} issues that were changed last have {name}")


def _rights(
    settings: Settings, service: RedmineService, account: RedmineUser, projects: Collection[int]
) -> Iterator[Finding]:
    """What the roles of the account lack, in each of the projects that it is a member of."""
    memberships = [each for each in account.memberships if each.project.id in projects]
    roles = {role.id: service.role(role.id) for each in memberships for role in each.roles}
    tracker = settings.tracker
    wanted = {"add_issue_notes": "Add notes"}
    if tracker.statuses.needstesting or tracker.field.needstesting or any(tracker.tag_statuses):
        wanted["edit_issues"] = "Edit issues"
    lacking: dict[str, list[str]] = {}
    blind = []
    for each in memberships:
        mine = [roles[role.id] for role in each.roles]
        given = {permission for role in mine for permission in role.permissions}
        for permission, name in wanted.items():
            if permission not in given:
                lacking.setdefault(name, []).append(each.project.name)
        if all(role.issues_visibility == "own" for role in mine):
            blind.append(each.project.name)
    if blind:
        yield warn(
            "projects",
            f"in {_listed(blind)} this account sees no issues but its own, so all others are unknown",
            "let its role see all issues, or all but private ones",
        )
    for name, where in lacking.items():
        yield warn(
            "tagger",
            f"in {_listed(where)} the roles of this account lack {quoted(name)}, which the tagger needs",
            f"add it to a role (Administration, Roles), or set {settings.tracker_key}.tag = false",
        )
    if not memberships:
        what = "this account is a member of no open project, so the tagger may perhaps write nothing"
        yield warn("tagger", what, f"make it one, or set {settings.tracker_key}.tag = false")
    elif not lacking:
        names = sorted(each.project.name for each in memberships)
        yield ok("tagger", f"the tagger may write in {_listed(names)}")


def _listed(names: Sequence[str]) -> str:
    shown = [clean(name, 60) for name in names[:_SHOWN]]
    more = len(names) - len(shown)
    return f"{', '.join(shown)}{f' and {more} more' if more else ''}"
