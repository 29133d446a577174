"""The bugs, tasks, projects and people of the local Launchpad, as its service hands them to the framework."""

# mypy: disable-error-code="misc,no-untyped-def,no-untyped-call,untyped-decorator"

from __future__ import annotations

from typing import Any

from lazr.restful.interfaces import IHTTPResource, IServiceRootResource
from lazr.restful.simple import (
    IMultiplePathPartLocation,
    TraverseWithGet,
)
from zope.component import getUtility
from zope.interface import implementer
from zope.security.interfaces import Unauthorized

from tests.trackers import launchpad_bugs as bugs
from tests.trackers.launchpad_interfaces import (
    BugTaskStatus,
    IBug,
    IBugSet,
    IBugTask,
    IMessage,
    IPerson,
    IPersonSet,
    IProject,
    IProjectGroup,
    IProjectGroupSet,
    IProjectSet,
)


@implementer(IMultiplePathPartLocation)
class _Thing(TraverseWithGet):
    """Something with an address below the root."""

    def __init__(self, home: Any, *parts: str) -> None:
        self.home, self.__path_parts__ = home, parts

    @property
    def __parent__(self):
        return getUtility(IServiceRootResource)

    def all(self):
        return []

    def get(self, request, name):
        return None


@implementer(IPerson)
class Person(_Thing):
    def __init__(self, home: Any, name: str) -> None:
        super().__init__(home, f"~{name}")
        self.name = name


@implementer(IMessage)
class Message(_Thing):
    def __init__(self, home: Any, number: int, place: int) -> None:
        super().__init__(home, "bugs", str(number), "comments", str(place))
        self.subject = ""
        self.content = (["It does not work.", *home.bugs[number].comments])[place]


@implementer(IBug)
class LaunchpadsBug(_Thing):
    def __init__(self, home: Any, number: int) -> None:
        super().__init__(home, "bugs", str(number))
        self.id = number

    def __getattr__(self, name: str) -> Any:
        return getattr(self.home.bugs[self.id], name)

    @property
    def information_type(self):
        return "Private" if self.private else "Public"

    @property
    def date_last_updated(self):
        return self.home.bugs[self.id].modified

    @property
    def message_count(self):
        return len(self.comments) + 1

    @property
    def duplicate_of(self):
        of = self.home.bugs[self.id].duplicate_of
        return LaunchpadsBug(self.home, of) if of else None

    @property
    def bug_tasks(self):
        return [BugTask(self.home, self.id, target) for target in self.home.bugs[self.id].status]

    @property
    def messages(self):
        return [Message(self.home, self.id, place) for place in range(self.message_count)]

    tags = property(
        lambda self: sorted(self.home.bugs[self.id].tags),
        lambda self, new: self.home.bugs.change(self.id, tags=new),
    )
    title = property(
        lambda self: self.home.bugs[self.id].title,
        lambda self, new: self.home.bugs.change(self.id, title=new),
    )

    def newMessage(self, owner, content, subject=None):
        self.home.bugs.change(self.id, comment=content)
        return Message(self.home, self.id, len(self.comments))

    def get(self, request, name):
        return _Comments(self.home, self.id) if name == "comments" else None


class _Comments(_Thing):
    def __init__(self, home: Any, number: int) -> None:
        super().__init__(home)
        self.number = number

    def get(self, request, name):
        there = name.isdecimal() and int(name) <= len(self.home.bugs[self.number].comments)
        return Message(self.home, self.number, int(name)) if there else None


@implementer(IBugTask)
class BugTask(_Thing):
    def __init__(self, home: Any, number: int, target: str) -> None:
        super().__init__(home, *target.split("/"), "+bug", str(number))
        self.number, self.bug_target_name = number, target

    @property
    def title(self):
        return f'Bug #{self.number} in {self.bug_target_name}: "{self.bug.title}"'

    status = property(
        lambda self: (
            BugTaskStatus.getTermByToken(self.home.bugs[self.number].status[self.bug_target_name]).value
        ),
        lambda self, new: self.home.bugs.change(self.number, status={self.bug_target_name: new.title}),
    )

    @property
    def bug(self):
        return LaunchpadsBug(self.home, self.number)

    @property
    def target(self):
        return Project(self.home, self.bug_target_name)


class _HasBugs(_Thing):
    def __init__(self, home: Any, name: str) -> None:
        super().__init__(home, *name.split("/"))
        self.name = self.display_name = name

    def searchTasks(self, user, tags, tags_combinator, status, modified_since, omit_duplicates, order_by):
        wanted = bugs.Wanted(
            target=self.name,
            tags=tuple(tags or ()),
            every=bool(tags_combinator and tags_combinator.title == "All"),
            statuses=tuple(each.title for each in status or ()),
            since=modified_since,
            omit_duplicates=omit_duplicates,
            ascending=list(order_by or ()) == ["id"],
            sees_private=bool(user) and self.home.sees_private,
        )
        return [BugTask(self.home, number, target) for number, target in self.home.bugs.search(wanted)]


@implementer(IProjectGroup)
class ProjectGroup(_HasBugs):
    pass


@implementer(IProject)
class Project(_HasBugs):
    """A project; a series of one and a package, too, which are targets of bugs as well."""

    @property
    def project_group(self):
        group = self.home.groups.get(self.name)
        return ProjectGroup(self.home, group) if group else None

    def get(self, request, name):
        if name == "+bug":
            return _TasksHere(self.home, self.name)
        longer = f"{self.name}/{name}"
        there = any(f"{target}/".startswith(f"{longer}/") for target in self.home.bugs.targets())
        return Project(self.home, longer) if there else None


class _TasksHere(_Thing):
    def __init__(self, home: Any, target: str) -> None:
        super().__init__(home)
        self.target = target

    def get(self, request, name):
        bug = _bug(self.home, request, name)
        return BugTask(self.home, bug.id, self.target) if bug and self.target in bug.status else None


@implementer(IBugSet)
class BugSet(_Thing):
    def get(self, request, name):
        return _bug(self.home, request, name)


@implementer(IProjectSet)
class ProjectSet(_Thing):
    pass


@implementer(IProjectGroupSet)
class ProjectGroupSet(_Thing):
    pass


@implementer(IPersonSet)
class PersonSet(_Thing):
    def get(self, request, name):
        if name != "+me":
            return None
        if request.person is None:
            raise Unauthorized("You need to be logged in to view this URL.")
        return _Me(request)


@implementer(IHTTPResource)
class _Me:
    """303, as `lp.registry.browser.person.PersonSetNavigation.me` says."""

    def __init__(self, request: Any) -> None:
        self.request = request

    def __call__(self):
        response = self.request.response
        response.setStatus(303)
        response.setHeader("Location", f"{self.request.home.api}~{self.request.person.name}")
        return ""


def _bug(home: Any, request: Any, number: str) -> LaunchpadsBug | None:
    """None, which is 404, for what the caller may not see, too: `lp.bugs.browser.malone`."""
    bug = home.bugs.get(int(number)) if number.isdecimal() else None
    if bug is None or (bug.private and not (request.person and home.sees_private)):
        return None
    return LaunchpadsBug(home, int(number))
