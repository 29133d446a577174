"""Whatever a server says, in whatever wrapping: one sentence, no traceback, no memory without an end."""

from __future__ import annotations

import gzip
import json
import math
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from shepherd.errors import SourceError, TrackerError
from shepherd.git.pointers import text_of
from shepherd.settings import Pointer, Settings, TrackerSettings
from shepherd.settings.tracker import WordTexts
from shepherd.trackers import bodies, http, open_tracker
from shepherd.trackers.file import FileTracker
from shepherd.trackers.forge.wire import until_reset
from shepherd.trackers.words import Vocabulary
from shepherd.words import Item, TrackerData
from tests.trackers import github_server, gitlab_server, launchpad_server
from tests.trackers.faulty import FaultyServer, at_work
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab
from tests.trackers.jira_server import Jira
from tests.trackers.launchpad_server import Bug
from tests.trackers.redmine_server import Redmine

pytestmark = pytest.mark.usefixtures("hasty")

KINDS: tuple[str, ...] = ("launchpad", "github", "jira", "gitlab", "redmine")
DEEP = 200_000
BODIES: dict[str, bytes] = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"data":' * DEEP + b"1" + b"}" * DEEP,
    "deep where it counts": b'{"data":{"repository":' + b"[" * DEEP + b"]" * DEEP + b"}}",
    "not quite as deep": b'{"data":{"repository":{"nameWithOwner":"a/b","n1":'
    + b"[" * 985
    + b"]" * 985
    + b"}}}",
    "a number of 5000 digits": b'{"data":{"repository":{"n1":'
    + b"9" * 5000
    + b'}},"total_size":'
    + b"9" * 5000
    + b"}",
    "a number of 400 digits": b'{"total_size":1' + b"0" * 400 + b',"start":0,"entries":[]}',
    "1e999": b'{"total_size":1e999,"start":0,"entries":[],"data":{"repository":{"n1":1e999}}}',
    "-1e999 in a list": b'[{"iid":-1e999,"labels":[]}]',
    "NaN": b'{"total_size":NaN}',
    "bytes that are no UTF-8": b'{"data":{"repository":{"nameWithOwner":"\xff\xfe"}},"entries":["\xff"]}',
    "a key that is no UTF-8": b'{"\xff":1}',
    "UTF-16": '{"data":{}}'.encode("utf-16"),
    "UTF-32": '{"data":{}}'.encode("utf-32"),
    "half a character": b'{"data":"\\ud800"}',
    "nothing": b"",
    "null": b"null",
    "a number": b"7",
    "a text": b'"<script>"',
    "a list": b"[]",
    "an object": b"{}",
    "two documents": b"{}{}",
    "null everywhere": b'{"data":null,"entries":null,"total_size":null,"errors":null}',
}
ZEROS = gzip.compress(b"[" + b" " * 100_000_000, 9)
"""100 kB, and a thousand times as much unpacked."""
WRAPPED: dict[str, tuple[str, bytes]] = {
    "a bomb": ("gzip", ZEROS),
    "a bomb of zlib": ("deflate", zlib.compress(b" " * 100_000_000, 9)),
    "a bomb in a bomb": ("gzip, gzip", gzip.compress(ZEROS)),
    "half a gzip": ("gzip", gzip.compress(b"{}" * 1000)[:-9]),
    "no gzip": ("gzip", b"{}"),
    "more behind it": ("gzip", gzip.compress(b"{}") + b"{}"),
    "an unknown one": ("br", b"{}"),
    "an odd one": ("\xe9", b"{}"),
}


class Asked:
    """One server, and how it is read."""

    def __init__(self, server: Any, kind: str, folder: Path) -> None:
        self.server: FaultyServer = server
        self.item: Item = {"launchpad": "1", "github": "#1", "gitlab": "!1", "jira": "ABC-1", "redmine": "7"}[
            kind
        ]
        secret = folder / "secret"
        secret.write_text("token\n")
        secret.chmod(0o600)
        tracker = TrackerSettings(
            type=kind,  # type: ignore[arg-type]
            project=server.project,
            service_root=server.root,
            credentials_file="" if kind == "launchpad" else "secret",
            keys=("ABC",) if kind == "jira" else (),
            statuses=WordTexts(ok=("QA passed",)) if kind == "redmine" else WordTexts(),
        )
        self.settings = Settings(branches={}, tracker=tracker, file=folder / "shepherd.toml")

    def read(self) -> TrackerData:
        return open_tracker(self.settings).read([self.item], [7])

    def failure(self) -> str:
        """The one sentence."""
        with pytest.raises(TrackerError) as caught:
            self.read()
        told = str(caught.value)
        assert "\n" not in told and len(told) < 500 and told.isprintable(), told
        return told

    def say(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        """To every question but what Launchpad describes itself with, and who asks Redmine."""
        self.server.repair()
        on = {"1": "ws.op", "7": "issues.json"}.get(self.item, "")
        self.server.fail("say", on=on, times=99, body=body, headers=headers or {})


@contextmanager
def asked(kind: str, folder: Path) -> Iterator[Asked]:
    if kind == "launchpad":
        with launchpad_server.serving() as server:
            server.bugs[1] = Bug(["qa-ok"])
            yield Asked(server, kind, folder)
    elif kind == "jira":
        with at_work(Jira()) as jira:
            jira.account.token = "token"
            jira.issue("ABC-1", "qa-ok")
            yield Asked(jira, kind, folder)
    elif kind == "redmine":
        with at_work(Redmine()) as redmine:
            redmine.token = "token"
            redmine.issue(7, "QA passed")
            yield Asked(redmine, kind, folder)
    elif kind == "github":
        with at_work(GitHub()) as hub:
            hub.things[1] = github_server.pull("qa-ok")
            yield Asked(hub, kind, folder)
    else:
        with at_work(GitLab()) as lab:
            lab.merges[1] = gitlab_server.merge("qa-ok")
            yield Asked(lab, kind, folder)


# the daily minute is without the frameworks that the first three answer by
@pytest.fixture(params=[*(pytest.param(kind, marks=pytest.mark.real) for kind in KINDS[:3]), *KINDS[3:]])
def it(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    with asked(request.param, tmp_path) as given:
        yield given


@pytest.mark.parametrize("name", BODIES)
def test_any_answer_is_read_or_refused_in_one_sentence(it: Asked, name: str) -> None:
    it.say(BODIES[name])
    try:
        reading = it.read()
    except TrackerError:
        it.failure()
    else:
        # nothing was found, and that is what it says
        assert reading.items[it.item].words == ()


@pytest.mark.parametrize("name", WRAPPED)
def test_any_wrapping_is_refused_in_one_sentence(
    it: Asked, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST", 5_000_000)
    encoding, body = WRAPPED[name]
    it.say(body, {"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        told = it.failure()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 40_000_000
    assert "sent more than 5 MB" in told or "cannot be unpacked" in told


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "raw deflate", "identity", ""])
def test_wrappings_that_are_usual_are_taken(encoding: str) -> None:
    body = b'{"a": 1}' * 1000
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "deflate": zlib.compress(body),
        "raw deflate": raw.compress(body) + raw.flush(),
        "identity": body,
        "": body,
    }.get(encoding, gzip.compress(body))
    assert bodies.unpacked(packed, encoding.rpartition(" ")[2]) == body


@pytest.mark.parametrize(
    "charset",
    ["utf-8", "utf-16", "latin-1", "undefined", "zlib", "unicode_escape", "no-such-thing", "\xe9", '"'],
)
def test_json_is_utf_8_whatever_charset_it_claims(it: Asked, charset: str) -> None:
    told: list[bytes] = []
    reading = it.read()
    assert {item: tags.words for item, tags in reading.items.items()} == {it.item: ("ok",)}
    send = it.server.RequestHandlerClass._send  # type: ignore[attr-defined]

    def claim(handler: Any, status: int, body: bytes, *args: Any, **more: Any) -> None:
        told.append(body)
        end = handler.end_headers
        handler.send_header, plain = _with(charset, handler.send_header), handler.send_header
        send(handler, status, body, *args, **more)
        handler.send_header, handler.end_headers = plain, end

    it.server.RequestHandlerClass._send = claim  # type: ignore[attr-defined]
    try:
        assert {item: tags.words for item, tags in it.read().items.items()} == {it.item: ("ok",)}
    finally:
        it.server.RequestHandlerClass._send = send  # type: ignore[attr-defined]
    assert told


def _with(charset: str, send_header: Callable[[str, str], None]) -> Callable[[str, str], None]:
    def other(name: str, value: str) -> None:
        if name == "Content-Type" and "json" in value:
            value = f"application/json; charset={charset}"
        send_header(name, value)

    return other


def test_a_description_of_launchpad_that_grows(tmp_path: Path) -> None:
    """Entities of XML that stand for others, each ten times."""
    entities = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">{entities}]><a>&e11;</a>'.encode()
    with asked("launchpad", tmp_path) as it:
        it.server.fail("say", on="/1.0/", times=99, body=bomb)
        assert "is not a Launchpad web service" in it.failure()


KEYS = some.sampled_from(
    [
        *("data", "repository", "nameWithOwner", "n1", "labels", "nodes", "name", "errors", "type", "path"),
        *("entries", "total_size", "start", "self_link", "bug_link", "next_collection_link", "id", "tags"),
        *("iid", "state", "target_branch", "sha", "title", "message"),
        *("issues", "key", "fields", "status", "total", "isLast", "nextPageToken", "issueErrors"),
        *("total_count", "updated_on", "custom_fields", "value"),
    ]
)
SCALARS = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=9)
    | some.sampled_from(
        ["merged", "NOT_FOUND", "RATE_LIMITED", "a/b", "qa-ok", "ABC-1", 7, "QA passed", 10**400, math.inf]
    )
)
DOCUMENTS = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@pytest.mark.parametrize("kind", KINDS)
def test_any_document_is_read_or_refused(
    kind: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TRIES", 1)
    with asked(kind, tmp_path_factory.mktemp(kind)) as it:

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(DOCUMENTS)
        def check(document: object) -> None:
            it.say(json.dumps(document).encode())
            try:
                it.read()
            except TrackerError as error:
                assert "\n" not in str(error)

        check()


@given(
    some.text(some.characters(max_codepoint=255)) | some.sampled_from(["²", "9" * 400, "1e999", "inf", "-5"])
)
def test_whatever_asks_to_wait_is_a_number_of_seconds(value: str) -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert 0 <= http._retry_after(value, now) < 10**12
    for headers in ({"reset": value}, {"reset": "1800000000", "date": value}):
        assert until_reset(headers, "reset") == "" or int(until_reset(headers, "reset")) >= 0


@pytest.mark.parametrize("offset", ["+9999", "-99999999999999", "+0000 (" + "(" * 5000])
@pytest.mark.parametrize("year", ["0000", "9999", "99999999999999999999"])
def test_dates_that_are_none(offset: str, year: str) -> None:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    date = format_datetime(now, usegmt=True).replace("2026", year).replace("GMT", offset)
    assert 0 <= http._retry_after(date, now) < 10**12
    assert int(until_reset({"reset": "1800000000", "date": date}, "reset")) >= 0


@pytest.mark.parametrize("name", [*BODIES, *WRAPPED])
def test_a_file_of_bugs_that_holds_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bugs.json"
    path.write_bytes(BODIES[name] if name in BODIES else WRAPPED[name][1])
    with pytest.raises(TrackerError) as caught:
        FileTracker(path, Vocabulary({})).read(["1"], [7])
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "10" * 200])
def test_a_bug_that_holds_such_a_number(tmp_path: Path, number: str) -> None:
    path = tmp_path / "bugs.json"
    path.write_text(f'{{"bugs": {{"1": {{"tags": ["qa-ok"], "private": {number}}}}}}}')
    tracker = FileTracker(path, Vocabulary({}))
    try:
        assert "malformed" in tracker.read(["1"], []).items["1"].unreadable
    except TrackerError as error:
        assert "is not valid JSON" in str(error)


@pytest.mark.parametrize("name", [*BODIES, *WRAPPED])
def test_a_production_server_that_says_it(name: str, tmp_path: Path) -> None:
    encoding, body = WRAPPED.get(name, ("", BODIES.get(name, b"")))
    with at_work(GitHub()) as server:
        server.fail("say", times=9, body=body, headers={"Content-Encoding": encoding} if encoding else {})
        pointer = Pointer(url=f"{server.root}/version", pattern=r"deployed r(\d+)")
        with pytest.raises(SourceError) as caught:
            text_of(pointer, "production", tmp_path, None)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
