"""HTTP: each request has a limit for the whole, and its sentence names the server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd import limits
from shepherd.errors import SourceError, TrackerError
from shepherd.git.pointers import text_of
from shepherd.settings import Pointer, Settings, TrackerSettings
from shepherd.settings.tracker import TrackerType
from shepherd.trackers import http, open_tracker
from shepherd.words import Item
from tests.drips.server import HANDSHAKE, HTTP, dripping
from tests.trackers.launchpad_server import credentials

LIMIT = 0.3
SOON = 10.0
"""Seconds; on a busy machine even a limit takes its time. Without one, none of it would ever end."""
KINDS: dict[TrackerType, tuple[str, Item]] = {
    "launchpad": ("Launchpad", "1"),
    "github": ("GitHub", "#1"),
    "gitlab": ("GitLab", "!1"),
}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only the limit for the whole: that of silence stays as long as it is."""
    monkeypatch.setattr(http, "WHOLE", LIMIT)
    monkeypatch.setattr(http, "PATIENCE", 0.1)
    monkeypatch.setenv("no_proxy", "*")
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


def settings(kind: TrackerType, root: str, folder: Path) -> Settings:
    secret = folder / "secret"
    secret.write_text(credentials() if kind == "launchpad" else "token\n")
    secret.chmod(0o600)
    project = "launchpad" if kind == "launchpad" else "team/shop"
    tracker = TrackerSettings(type=kind, project=project, service_root=root, credentials_file="secret")
    return Settings(branches={}, tracker=tracker, file=folder / "shepherd.toml")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", HTTP)
def test_a_tracker_that_drips(tmp_path: Path, kind: TrackerType, step: str) -> None:
    name, item = KINDS[kind]
    with dripping(HTTP[step]) as server:
        given = settings(kind, f"http://{server.place}", tmp_path)
        with pytest.raises(TrackerError, match=f"{name} at {server.place} did not answer in time"):
            open_tracker(given).read([item], [])
        # on a busy machine it may have been given up before the server took it
        assert server.connections <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_tracker_that_drips_while_keys_are_exchanged(tmp_path: Path, kind: TrackerType) -> None:
    name, item = KINDS[kind]
    with dripping(HANDSHAKE) as server:
        given = settings(kind, f"https://{server.place}", tmp_path)
        with pytest.raises(TrackerError, match=f"{name} at {server.place} did not answer in time"):
            open_tracker(given).read([item], [])


@pytest.mark.parametrize("step", [step for step in HTTP if step != "body of an error"])
def test_a_production_server_that_drips(step: str) -> None:
    with dripping(HTTP[step]) as server:
        pointer = Pointer(url=f"http://{server.place}/version")
        with pytest.raises(
            SourceError, match=rf"{server.place}/version does not answer \(no whole answer in"
        ):
            text_of(pointer, "production", Path("/"), None, limit=LIMIT)


def test_a_session_has_a_limit_for_all_its_requests() -> None:
    """Each answer comes soon enough, and there are more of them than there is time: half of what is left."""
    clock = [0.0]

    def answered() -> tuple[http.Reply, None]:
        clock[0] += 3.0
        return http.Reply(200, {}), None

    with limits.limited(60.0, AssertionError("the limit around it")):
        session = http.HttpSession("GitLab", "http://127.0.0.1:9", clock=lambda: clock[0])
        with pytest.raises(TrackerError, match=r"GitLab at .* is too slow: 10 requests took 30 seconds"):
            while True:
                session.send("GET", session.root, answered)
        with pytest.raises(TrackerError, match="is too slow"):
            session.send("GET", session.root, answered)
    assert session.requests == 10
