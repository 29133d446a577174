"""Launchpad's web service as far as the shepherd uses it, made with lazr.restful, Launchpad's own framework.

What it says on the wire, and what it refuses, is the framework's doing: the WADL, ETags, 209 and 412,
batches, and the checks of each argument. What is exported stands in launchpad_interfaces.py and
launchpad_things.py, what it holds in launchpad_bugs.py.

Nothing here is imported before a server is asked: tests of the daily minute run without the framework.
"""

# mypy: disable-error-code="misc,no-untyped-def,no-untyped-call,untyped-decorator"

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lazr.restful.simple import (
    BaseWebServiceConfiguration,
    Publication,
    Request,
    RootResource,
    RootResourceAbsoluteURL,
)
from lazr.restful.utils import get_current_web_service_request
from lazr.restful.wsgi import WSGIApplication
from zope.configuration import xmlconfig
from zope.security.interfaces import Unauthorized

from tests.trackers.launchpad_interfaces import (
    IBug,
    IPerson,
    IProject,
    IProjectGroup,
)
from tests.trackers.launchpad_things import (
    BugSet,
    Person,
    PersonSet,
    Project,
    ProjectGroup,
    ProjectGroupSet,
    ProjectSet,
)

CONFIGURATION = """
<configure xmlns="http://namespaces.zope.org/zope" xmlns:grok="http://namespaces.zope.org/grok"
    xmlns:webservice="http://namespaces.canonical.com/webservice">
  <include package="lazr.restful" file="basic-site.zcml"/>
  <webservice:register module="tests.trackers.launchpad_interfaces"/>
  <grok:grok package="tests.trackers.launchpad_service"/>
  <securityPolicy component="zope.security.simplepolicies.PermissiveSecurityPolicy"/>
</configure>
"""


class RootAbsoluteURL(RootResourceAbsoluteURL):
    """One process has many servers: each request knows its own."""

    def __init__(self, context: Any, request: Any) -> None:
        self.api = request.home.api

    def __str__(self):
        return self.api.rstrip("/")


class ServiceRoot(RootResource):
    def _build_top_level_objects(self):
        home = None
        sets = {
            "bugs": (IBug, BugSet(home, "bugs")),
            "projects": (IProject, ProjectSet(home, "projects")),
            "project_groups": (IProjectGroup, ProjectGroupSet(home, "project_groups")),
            "people": (IPerson, PersonSet(home, "people")),
        }
        return sets, {}

    def get(self, request, name):
        home = request.home
        if name in self.top_level_collections:
            return type(self.top_level_collections[name][1])(home, name)
        if name == "~shepherd":
            return Person(home, "shepherd")
        if name in home.groups.values():
            return ProjectGroup(home, name)
        return Project(home, name) if name in {each.split("/")[0] for each in home.bugs.targets()} else None


class LaunchpadPublication(Publication):
    """Who asks is looked up first, as Launchpad's own publication does."""

    def beforeTraversal(self, request):
        super().beforeTraversal(request)
        request.person = None
        found = re.search(r'oauth_token="([^"]*)"', request._auth or "")
        if found and found[1]:
            if request.home.token not in ("", found[1]):
                raise Unauthorized(f"Unknown access token ({found[1]}).")
            request.person = Person(request.home, "shepherd")
        elif request.method not in ("GET", "HEAD"):
            raise Unauthorized("Anonymous access cannot write")


class LaunchpadRequest(Request):
    person: Any = None

    @property
    def home(self):
        return self.environment["launchpad"]


class Configuration(BaseWebServiceConfiguration):
    code_revision = "1"
    active_versions = ("1.0", "devel")
    first_version_with_total_size_link = "devel"
    last_version_with_mutator_named_operations = None
    default_batch_size = 75
    max_batch_size = 300
    use_https = False
    show_tracebacks = False
    view_permission = "zope.Public"

    def get_request_user(self):
        return get_current_web_service_request().person


class Application(WSGIApplication):
    """The whole service, to be asked with an environment that has a server at "launchpad"."""

    request_class = LaunchpadRequest
    publication_class = LaunchpadPublication


@cache
def configured() -> type[Application]:
    """The application, once in a process: zope keeps what it is told in globals."""
    xmlconfig.string(CONFIGURATION)
    return Application
