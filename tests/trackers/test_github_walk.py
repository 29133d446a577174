"""From labels on pull requests to the answer: the real PyGithub, over HTTP, through every stage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.host import Host
from tests.project import Project, deployable, states
from tests.trackers.forge_server import serving
from tests.trackers.github_server import GitHub, pull


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    monkeypatch.setenv("FORGE_TOKEN", "its-token")
    with serving(GitHub()) as server:
        server.token = "its-token"
        yield server


def settings(forge: GitHub, more: str = "") -> str:
    return (
        f'type = "github"\nproject = "{forge.project}"\nservice_root = "{forge.root}"\n'
        f'credentials_env = "FORGE_TOKEN"\n{more}'
    )


def test_the_answer_comes_from_labels(tmp_path: Path, forge: GitHub) -> None:
    project = Project(tmp_path, tracker=settings(forge))
    first = project.land("Begin")[0]
    project.deploy(first)
    project.land("One (#1)", "Two (#2)", "Three (#3)", "Four (#4)")
    forge.things |= {
        1: pull("qa-ok", "ui"),
        2: pull("QA-Untestable"),
        3: pull("qa-needstesting"),
        4: pull("qa-bad"),
    }
    snapshot = project.look()
    assert {revno: state for revno, state in states(snapshot).items() if revno > 1} == {
        2: "ok",
        3: "untestable",
        4: "needstesting",
        5: "bad",
    }
    assert deployable(snapshot) == 3
    forge.things[3].labels = ["qa-ok"]
    forge.things[4].labels = ["qa-ok"]
    assert deployable(project.look()) == 5


def test_inv_find_judge(tmp_path: Path, forge: GitHub) -> None:
    host = Host(tmp_path, tracker=settings(forge))
    host.project.land("Faster (#7)")
    forge.things[7] = pull("qa-ok")
    code, out, err = host.inv("find", "judge")
    assert (code, err) == (0, "")
    assert "deploy r2" not in out
    (told,) = host.events("tracker")
    assert int(told["requests"]) == forge.count()
    assert int(told["bytes"]) == forge.sent
