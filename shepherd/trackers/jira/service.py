"""What the shepherd asks of Jira's REST service: Cloud by version 3, Data Center by version 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Literal, TypeVar

from shepherd.errors import TrackerError
from shepherd.label_text import folded
from shepherd.settings import Settings
from shepherd.trackers.client import Client, Meant
from shepherd.trackers.forge.wire import decoded_as
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.jira.meaning import budget, meaning
from shepherd.trackers.jira.site import JiraLogin, is_cloud_host
from shepherd.trackers.jira.wire import (
    JiraField,
    JiraPermissions,
    JiraProject,
    JiraStatus,
    JiraUser,
    ServerInfo,
)
from shepherd.values import clean, quoted

READ_FIELDS = ("labels", "status")
"""Of each issue; titles are never asked for, since they may be confidential."""

PERMISSIONS = ("EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS")
"""What the tagger needs, as `mypermissions` names it (rest/v3/api-group-permissions)."""

Edition = Literal["", "cloud", "server"]

_T = TypeVar("_T")


class JiraService:
    """One session with Jira; nothing is asked yet.

    Args:
        edition: that of before; empty: it is asked for, where the host does not tell.
        field: what `field` gave before; None: it is asked for.

    Raises:
        SettingsError: the credentials cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        session: HttpSession,
        *,
        edition: Edition = "",
        field: JiraField | None = None,
    ) -> None:
        self.session = session
        self.login = JiraLogin(settings)
        self._settings = settings
        self._edition: Edition = "cloud" if is_cloud_host(session.root) else edition
        self._field = field
        self._divisible = False
        self._client = Client(session, self.login.headers, self._meaning, budget)

    def edition(self) -> Edition:
        """Whether it is Cloud or Data Center. Raises TrackerError."""
        if not self._edition:
            self._edition = "cloud" if self.server().deploymentType == "Cloud" else "server"
        return self._edition

    def server(self) -> ServerInfo:
        """What it says of itself, to everybody. Raises TrackerError."""
        return self.decode(self._send("GET", "rest/api/2/serverInfo"), ServerInfo)

    def path(self, place: str) -> str:
        """Where something stands, in the version of the service that is asked."""
        return f"rest/api/{3 if self.edition() == 'cloud' else 2}/{place}"

    def field(self) -> JiraField:
        """The one whose values say words; its id is empty if the settings name none. Raises TrackerError:
        there is none of that name, or there are several."""
        wanted = self._settings.tracker.field.name
        if self._field is None:
            self._field = self._field_of(wanted) if wanted else JiraField("")
        return self._field

    def _field_of(self, wanted: str) -> JiraField:
        fields = self.get("field", list[JiraField])
        found = [each for each in fields if wanted == each.id] or [
            each for each in fields if folded(each.name) == folded(wanted)
        ]
        key, where = f"{self._settings.tracker_key}.field.name", f"Jira at {self.session.host}"
        if not found:
            names = {folded(each.name): each.name for each in fields}
            near = [quoted(clean(names[each], 60)) for each in get_close_matches(folded(wanted), names)]
            hint = f"; near: {', '.join(near)}" if near else ""
            raise TrackerError(
                f"{where} has no field {quoted(wanted)}, or this account may not see it;"
                f" is {key} right?{hint}"
            )
        if len(found) > 1:
            ids = ", ".join(quoted(clean(each.id, 60)) for each in found[:9])
            raise TrackerError(
                f"{where} has {len(found)} fields called {quoted(wanted)}; set {key} to the id of one: {ids}"
            )
        return found[0]

    def project(self, key: str) -> str:
        """The key that a project has now; empty: there is none, or the account may not see it. Raises
        RequestError."""
        try:
            return self.get(f"project/{key}", JiraProject).key
        except RequestError as error:
            if error.status not in (403, 404) and not (error.status == 401 and self.login.anonymous):
                raise
            return ""

    def statuses(self) -> list[str]:
        """The names of all statuses that the account may see. Raises TrackerError."""
        return list(self.status_names().values())

    def status_names(self) -> dict[str, str]:
        """The id of each -> its name, as the account sees it. Raises TrackerError."""
        return {each.id or each.name: each.name for each in self.get("status", list[JiraStatus])}

    def me(self) -> JiraUser | None:
        """Whose credentials these are; None: they may not say it. Raises RequestError."""
        try:
            return self.get("myself", JiraUser)
        except RequestError as error:
            # that wants a scope of its own (read:jira-user)
            if error.status not in (401, 403):
                raise
            return None

    def permissions(self, project: str) -> dict[str, bool]:
        """The key of each of PERMISSIONS -> whether the account has it in a project. Raises RequestError."""
        asked = {"projectKey": project, "permissions": ",".join(PERMISSIONS)}
        given = self.get("mypermissions", JiraPermissions, asked).permissions
        return {key: key in given and given[key].havePermission for key in PERMISSIONS}

    def caller(self) -> str:
        """As whom we ask: "anonymously", "as NAME". Raises TrackerError."""
        if self.login.anonymous:
            return "anonymously"
        user = self.me()
        if user is None:
            # what is read wants this scope
            self.get("field", list[JiraField])
            return "with a token that may not say whose it is"
        return f"as {clean(user.displayName or user.name, 60)}"

    def answers_at_once(self, patient: bool) -> bool:
        """See Batches."""
        before = self.session.requests
        try:
            with self.divisible(not patient):
                self.server()
        except RequestError as error:
            if error.status != 413 or patient:
                raise
            return False
        return self.session.requests == before + 1

    @contextmanager
    def divisible(self, whether: bool) -> Iterator[None]:
        """What is asked within can be asked in parts: what is refused is not tried again (status 413)."""
        self._divisible = whether
        try:
            yield
        finally:
            self._divisible = False

    def get(self, place: str, kind: type[_T], query: Mapping[str, str] | None = None) -> _T:
        """What stands there. Raises RequestError; TrackerError if it is something else."""
        return self.decode(self._send("GET", self.path(place), query=query), kind)

    def ask(self, place: str, document: Mapping[str, object]) -> bytes:
        """A question that is too long for a URL: it changes nothing."""
        return self._send("POST", self.path(place), document=document)

    def write(
        self, method: str, place: str, document: Mapping[str, object], *, repeatable: bool = True
    ) -> None:
        """Change something there. Raises RequestError.

        Args:
            repeatable: doing it twice is as good as once.
        """
        url = f"{self.session.root}{self.path(place)}"
        self._client.send(method, url, document=document, repeatable=repeatable)

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: Mapping[str, object] | None = None,
    ) -> bytes:
        url = f"{self.session.root}{path}"
        return self._client.send(
            method, url, query=query, document=document, repeatable=True, writes=False
        ).content

    def _meaning(self, status: int, headers: Mapping[str, str], body: bytes) -> Meant:
        return meaning(status, headers, body, self.login, divisible=self._divisible)

    def read_fields(self) -> list[str]:
        """The ids of the fields that are read. Raises TrackerError: see `field`."""
        field = self.field().id
        return [*READ_FIELDS, *([field] if field else [])]

    def decode(self, content: bytes, kind: type[_T]) -> _T:
        """Raises TrackerError: it is something else."""
        return decoded_as(kind, content, self.session)
