"""Local trackers, settings that name them, readings and edits of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import http, open_tracker, open_writer
from shepherd.trackers.writing import Edit
from shepherd.words import Item, TrackerData
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit
from tests.trackers.forge_server import Forge
from tests.trackers.gitea_server import Gitea
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab
from tests.trackers.jira_edits import Write
from tests.trackers.jira_server import EMAIL, TOKEN, Jira
from tests.trackers.launchpad_kit import Read
from tests.trackers.launchpad_server import Server, credentials, serving

Ask = Callable[..., Settings]


@pytest.fixture
def lp() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def ask(lp: Server, tmp_path: Path) -> Ask:
    """Makes settings for that Launchpad; keys of [tracker] beside."""

    def make(**tracker: Any) -> Settings:
        given = {"type": "launchpad", "project": lp.project, "service_root": lp.root, **tracker}
        return Settings(branches={}, tracker=TrackerSettings(**given), file=tmp_path / "shepherd.toml")

    return make


@pytest.fixture
def token(ask: Ask, tmp_path: Path, lp: Server) -> Settings:
    """Settings with credentials that this Launchpad accepts."""
    lp.token = "its-token"
    path = tmp_path / "credentials"
    path.write_text(credentials())
    path.chmod(0o600)
    return ask(credentials_file="credentials")


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port may be another server's in the next test."""
    monkeypatch.setattr(http, "_RESTS", {})


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits between tries."""
    monkeypatch.setattr(http, "FIRST_WAIT", 0.001)


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """For servers that hang on purpose. Elsewhere the limit is the real one: on a busy machine a short one
    would end requests that do not hang."""
    monkeypatch.setattr(http, "LIMIT", 0.4)


@pytest.fixture(autouse=True)
def limit_where_it_hangs(request: pytest.FixtureRequest) -> None:
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and "hang" in callspec.params.values():
        request.getfixturevalue("short_limit")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A local GitHub that accepts one token."""
    monkeypatch.setenv("FORGE_TOKEN", "its-token")
    with at_work(GitHub()) as server:
        server.token = "its-token"
        yield server


FORGES: dict[str, type[GitHub | GitLab | Gitea]] = {"github": GitHub, "gitlab": GitLab, "gitea": Gitea}


@pytest.fixture(params=list(FORGES))
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    """A test for all forges, one after the other."""
    with at_work(FORGES[request.param]()) as server:
        yield Kit(server, tmp_path)


def forge_settings(forge: Forge, more: str = "") -> str:
    """The lines of [tracker] for a local forge."""
    return (
        f'type = "{forge.kind}"\nproject = "{forge.project}"\nservice_root = "{forge.root}"\n'
        f'credentials_env = "FORGE_TOKEN"\n{more}'
    )


@pytest.fixture(params=["cloud", "data center"])
def jira(request: pytest.FixtureRequest) -> Iterator[Jira]:
    """Both kinds of Jira, one after the other."""
    with at_work(Jira(cloud=request.param == "cloud")) as server:
        yield server


@pytest.fixture
def write(jira: Jira, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """One edit of ABC-1 by a writer of its own; keys of [tracker] beside."""
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)

    def edit(what: Edit, **tracker: Any) -> str:
        given = {
            "type": "jira",
            "service_root": jira.root,
            "keys": ["ABC"],
            "login": EMAIL,
            "credentials_file": "token",
            **tracker,
        }
        made = msgspec.convert(given, TrackerSettings)
        settings = Settings(branches={}, tracker=made, file=tmp_path / "shepherd.toml")
        return open_writer(settings).edit("ABC-1", what)

    return edit


@pytest.fixture
def read(ask: Ask) -> Read:
    """Reads with the memory of the time before, as `judge` does."""
    memory = b""

    def again(
        items: Collection[Item], revnos: Collection[int] = (), given: Settings | None = None
    ) -> TrackerData:
        nonlocal memory
        reading = open_tracker(given or ask()).read(items, revnos, memory)
        memory = reading.memory
        return reading

    return again
