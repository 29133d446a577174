"""What the local Launchpad exports: entries, their fields and operations, under the names of Launchpad's own
interfaces (lp.bugs.interfaces, lp.registry.interfaces), as far as the shepherd uses them.

The framework makes of these the WADL, the representations, and the checks of whatever is sent.
"""

# mypy: disable-error-code="misc,no-untyped-def,no-untyped-call,untyped-decorator"

from __future__ import annotations

import re
from typing import Any

from lazr.enum import EnumeratedType, Item
from lazr.restful.declarations import (
    REQUEST_USER,
    call_with,
    collection_default_content,
    export_factory_operation,
    export_read_operation,
    exported,
    exported_as_webservice_collection,
    exported_as_webservice_entry,
    operation_parameters,
    operation_returns_collection_of,
)
from lazr.restful.fields import CollectionField, Reference
from zope.interface import Interface
from zope.schema import Bool, Choice, Datetime, Int, List, Text, TextLine

from tests.trackers import launchpad_bugs as bugs


def _enumeration(name: str, titles: tuple[str, ...]) -> Any:
    items = {re.sub(r"\W", "", title).upper(): Item(title, title) for title in titles}
    return type(EnumeratedType)(name, (EnumeratedType,), {**items, "__module__": __name__})


BugTaskStatus = _enumeration("BugTaskStatus", bugs.STATUSES)
BugTaskStatusSearch = _enumeration("BugTaskStatusSearch", bugs.SEARCHABLE)
BugTagsSearchCombinator = _enumeration("BugTagsSearchCombinator", ("Any", "All"))


class Tag(TextLine):
    """As `lp.bugs.interfaces.bugtarget`: what else is given for one is refused with 400."""

    def constraint(self, value: str) -> bool:
        return bool(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", value))


class SearchTag(Tag):
    """A search may leave a tag out (`-tag`), or ask for any, or none."""

    def constraint(self, value: str) -> bool:
        return value in ("*", "-*") or super().constraint(value.removeprefix("-"))


@exported_as_webservice_entry(plural_name="people")
class IPerson(Interface):
    name = exported(TextLine(readonly=True))


@exported_as_webservice_entry()
class IMessage(Interface):
    subject = exported(TextLine(required=False, readonly=True))
    content = exported(Text(readonly=True))


@exported_as_webservice_entry()
class IBug(Interface):
    id = exported(Int(readonly=True))
    title = exported(TextLine())
    tags = exported(List(value_type=Tag()))
    private = exported(Bool(readonly=True))
    information_type = exported(TextLine(readonly=True))
    date_last_updated = exported(Datetime(readonly=True))
    message_count = exported(Int(readonly=True))
    duplicate_of = exported(Reference(schema=Interface, required=False, readonly=True))
    bug_tasks = exported(CollectionField(value_type=Reference(schema=Interface), readonly=True))
    messages = exported(CollectionField(value_type=Reference(schema=IMessage), readonly=True))

    @call_with(owner=REQUEST_USER)
    @operation_parameters(subject=TextLine(required=False), content=Text())
    @export_factory_operation(IMessage, [])
    def newMessage(owner, content, subject=None):
        pass


@exported_as_webservice_entry()
class IBugTask(Interface):
    title = exported(TextLine(readonly=True))
    status = exported(Choice(vocabulary=BugTaskStatus))
    bug_target_name = exported(TextLine(readonly=True))
    bug = exported(Reference(schema=IBug, readonly=True))
    target = exported(Reference(schema=Interface, readonly=True))


@exported_as_webservice_entry()
class IHasBugs(Interface):
    @operation_parameters(
        tags=List(value_type=SearchTag(), required=False),
        tags_combinator=Choice(vocabulary=BugTagsSearchCombinator, required=False),
        status=List(value_type=Choice(vocabulary=BugTaskStatusSearch), required=False),
        modified_since=Datetime(required=False),
        omit_duplicates=Bool(required=False, default=True),
        order_by=List(value_type=TextLine(), required=False),
    )
    @operation_returns_collection_of(IBugTask)
    @call_with(user=REQUEST_USER)
    @export_read_operation()
    def searchTasks(user, tags, tags_combinator, status, modified_since, omit_duplicates, order_by):
        pass


@exported_as_webservice_entry()
class IProjectGroup(IHasBugs):
    name = exported(TextLine(readonly=True))


@exported_as_webservice_entry()
class IProject(IHasBugs):
    name = exported(TextLine(readonly=True))
    display_name = exported(TextLine(readonly=True))
    project_group = exported(Reference(schema=IProjectGroup, required=False, readonly=True))


IBug["duplicate_of"].schema = IBug
IBug["bug_tasks"].value_type.schema = IBugTask
IBugTask["target"].schema = IProject


# What a collection says of itself is taken from its own interface, never from one below.
@exported_as_webservice_collection(IBug)
class IBugSet(Interface):
    @collection_default_content()
    def all():
        pass


@exported_as_webservice_collection(IProject)
class IProjectSet(Interface):
    @collection_default_content()
    def all():
        pass


@exported_as_webservice_collection(IProjectGroup)
class IProjectGroupSet(Interface):
    @collection_default_content()
    def all():
        pass


@exported_as_webservice_collection(IPerson)
class IPersonSet(Interface):
    @collection_default_content()
    def all():
        pass
