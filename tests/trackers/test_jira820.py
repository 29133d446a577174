"""Against jira820, a Jira Data Center 8.20 that others wrote: a process of its own.

It has no POST of a search, no `update` of labels, and ignores what it does not know of JQL, so that most is
tested with a Data Center of ours (jira_server.py); here is what both have.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import urllib3

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import http, open_tracker, open_writer
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.site import session_with
from shepherd.trackers.jira.wire import AnsweredIssue
from shepherd.trackers.writing import Edit
from shepherd.words import ItemTags
from tests.waiting import until

pytestmark = pytest.mark.real

CONFIG = """
project_key: ABC
statuses: [[Open, todo, "1"], [In QA, inprogress, "3"], [QA passed, done, "5"], [QA failed, inprogress, "6"]]
transition_scheme: {Open: [In QA], In QA: [QA passed, QA failed]}
transition_screens: {QA failed: [resolution]}
"""
COMMENT = "This landed as r7 of stable.\n\nBranch: a_b*c*\n\n-- QA Shepherd, stable r7 0123456789ab"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one that runs."""
    config = tmp_path_factory.mktemp("jira820") / "config.yaml"
    config.write_text(CONFIG)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {"JIRA820_CONFIG": str(config), "JIRA820_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "jira820"], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def settings(root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    path = tmp_path / "token"
    path.write_text("its-token\n")
    path.chmod(0o600)
    given = {"type": "jira", "service_root": root, "keys": ["ABC"], "credentials_file": "token"}
    made = msgspec.convert(given, TrackerSettings)
    return Settings(branches={}, tracker=made, file=tmp_path / "shepherd.toml")


@pytest.fixture
def key(root: str) -> str:
    """A new issue, "Open"."""
    fields = {"project": {"key": "ABC"}, "issuetype": {"name": "Bug"}, "summary": "x", "labels": ["ui"]}
    made: dict[str, str] = ask(root, "POST", "issue", {"fields": fields})
    return made["key"]


def ask(root: str, method: str, place: str, body: object = None) -> Any:
    with urllib3.PoolManager() as pool:
        reply = pool.request(method, f"{root}/rest/api/2/{place}", json=body)
        assert reply.status < 300, reply.data
        return reply.json() if reply.data else None


def test_what_it_is(settings: Settings, root: str) -> None:
    assert open_tracker(settings).probe().startswith(f"8.20.8 at {root.removeprefix('http://')}, as ")
    service = JiraService(settings, session_with(settings))
    assert service.edition() == "server"
    assert {"Open", "In QA", "QA passed"} <= set(service.statuses())
    assert service.project("ABC") == "ABC"


def test_an_issue_as_the_writer_reads_it(settings: Settings, key: str) -> None:
    service = JiraService(settings, session_with(settings))
    answer = service.get(f"issue/{key}", AnsweredIssue, {"fields": "labels,status"})
    issue = answer.issue("")
    assert (issue.key, issue.labels, issue.status, issue.trouble) == (key, ("ui",), "Open", "")


def test_what_its_searches_find(settings: Settings, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By GET, which it has; in its JQL `m` are months, so that it finds more changes than were asked for."""

    def by_get(self: JiraService, place: str, document: Mapping[str, Any]) -> bytes:
        query = {name: ",".join(each) if isinstance(each, list) else each for name, each in document.items()}
        return self._send("GET", self.path(place), query=query)

    monkeypatch.setattr(JiraService, "ask", by_get)
    first = open_tracker(settings).read([key, "ABC-99999"], [7])
    assert first.items[key] == ItemTags()
    assert first.items["ABC-99999"].unreadable == "there is no ABC-99999, or this account may not see it"
    assert first.about[key].status == "Open"
    open_writer(settings).edit(key, Edit(status="In QA"))
    second = open_tracker(settings).read([key, "ABC-99999"], [7], first.memory)
    assert second.items == first.items and second.about[key].status == "In QA"


def test_a_transition_and_one_comment(settings: Settings, root: str, key: str) -> None:
    edit = Edit(status="in qa", comment=COMMENT)
    assert open_writer(settings).edit(key, edit) == "Open -> In QA, comment"
    assert open_writer(settings).edit(key, edit) == ""
    assert ask(root, "GET", f"issue/{key}?fields=status")["fields"]["status"]["name"] == "In QA"
    (comment,) = ask(root, "GET", f"issue/{key}/comment")["comments"]
    assert "Branch: a\\_b\\*c\\*" in comment["body"]


def test_what_cannot_be_reached_is_said(settings: Settings, key: str) -> None:
    writer = open_writer(settings)
    passed = writer.edit(key, Edit(status="QA passed"))
    assert passed == '"QA passed" could not be given, since no transition to it is offered from "Open"'
    assert writer.edit(key, Edit(status="In QA")) == "Open -> In QA"
    failed = writer.edit(key, Edit(status="QA failed"))
    assert failed.startswith('"QA failed" could not be given, since the screen of ')
    assert failed.endswith(' wants "Resolution"')
