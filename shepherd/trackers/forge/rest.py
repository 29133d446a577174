"""One project of a forge by REST: JSON of a known shape, or a change."""

from __future__ import annotations

from typing import Any, TypeVar

from shepherd.trackers.client import Client
from shepherd.trackers.forge.wire import decoded_as
from shepherd.trackers.http import HttpSession

_T = TypeVar("_T")


class ForgeRest:
    """One session with a forge about one project.

    Args:
        api: path of the service's REST interface, below the session's root: "api/v4".
        place: path of the project, below that: "/projects/42".
    """

    def __init__(self, session: HttpSession, client: Client, api: str, place: str) -> None:
        self.session = session
        self._client = client
        self._api = api
        self._place = place

    def get(self, path: str, query: dict[str, Any], kind: type[_T], *, whole: bool = False) -> _T:
        """What stands at a place of the project, or (whole) of the service. Raises RequestError."""
        return self.convert(self.send("GET", path, query, whole=whole), kind)

    def send(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        document: dict[str, Any] | None = None,
        *,
        whole: bool = False,
        repeatable: bool = True,
        one_of_many: bool = False,
    ) -> bytes:
        """The body of the answer. Raises RequestError.

        Args:
            repeatable, one_of_many: see HttpSession.send.
        """
        url = f"{self.session.root}{self._api}{'' if whole else self._place}{path}"
        return self._client.send(
            method, url, query=query, document=document, repeatable=repeatable, one_of_many=one_of_many
        ).content

    def convert(self, content: bytes, kind: type[_T]) -> _T:
        """Raises TrackerError if it is something else."""
        return decoded_as(kind, content, self.session)
