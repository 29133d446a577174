"""`fab settings`: what the host's side does, and what the operator is shown
(docs/operator.md#changing-the-settings)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from shepherd.running import releases
from shepherd.running.releases import Site
from shepherd.settings.difference import difference
from tests.ops.agents import Agent

_PYTHON = """#!/bin/sh
[ "$3" = doctor ] || exit 1
grep -q nightly "$SHEPHERD_CONFIG" && why="$SHEPHERD_CONFIG: there is no key nightly" || why=""
[ -z "$why" ] && level=ok || level=fail
printf '{"checks": [{"level": "%s", "name": "settings", "what": "%s"}' "$level" "$why"
printf ', {"level": "fail", "name": "secrets", "what": "no token"}]}'
"""


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    """One live release, whose code knows no key `nightly`."""
    made = Agent(tmp_path)
    made.setup()
    site = Site(made.root)
    path = site.reserve("c" * 40)
    python = path / ".venv" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.write_text(_PYTHON)
    python.chmod(0o755)
    releases.write(path / releases.MADE, {"commit": "c" * 40})
    site.current.symlink_to(f"releases/{path.name}")
    return made


def replace(agent: Agent, text: str, **other: str) -> Any:
    was = hashlib.sha256((agent.root / "shared" / "shepherd.toml").read_bytes()).hexdigest()
    request: dict[str, Any] = {"settings": text, "was": was, "entry": {"who": "olga", "why": "a new list"}}
    return agent.ask("replace", **(request | other))


@pytest.mark.real
def test_what_a_release_does_not_know_is_said_by_the_files_own_name(agent: Agent) -> None:
    live = Site(agent.root).live().release
    assert live is not None
    answer = agent.ask("try_settings", release=live.id, settings='nightly = "x"\n').answer
    place = agent.root / "shared" / "shepherd.toml"
    assert answer["why"] == f"{live.id} does not take them: {place}: there is no key nightly"
    assert agent.ask("try_settings", release=live.id, settings="# fine\n").answer == {
        "why": "",
        "fails": ["secrets: no token"],
    }
    live.python.write_text("#!/bin/sh\necho broken >&2; exit 1\n")
    assert (
        "cannot look at them: broken" in agent.ask("try_settings", release=live.id, settings="").answer["why"]
    )
    assert [each.name for each in place.parent.iterdir()] == ["shepherd.toml"]


@pytest.mark.real
def test_the_settings_before_are_kept_and_who_did_it_is_on_record(agent: Agent) -> None:
    place = agent.root / "shared" / "shepherd.toml"
    place.chmod(0o640)
    before = place.read_text()
    kept = replace(agent, "# new\n").answer["kept"]
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("# new\n", 0o640)
    assert (place.with_name(kept).read_text(), place.with_name(kept).stat().st_mode & 0o777) == (
        before,
        0o640,
    )
    assert replace(agent, "# newer\n").answer["kept"] != kept, "also within one second"
    first, _ = map(json.loads, (agent.root / "shared" / "deployments.jsonl").read_text().splitlines())
    assert (first["who"], first["why"], first["how"]) == ("olga", "a new list", "settings")
    assert kept in first["result"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [("changed", "was changed meanwhile"), ("link", "is a link to"), ("busy", "under way")],
)
def test_nothing_is_replaced_that_nobody_saw(agent: Agent, trouble: str, sentence: str) -> None:
    place = agent.root / "shared" / "shepherd.toml"
    other = {}
    if trouble == "changed":
        other = {"was": hashlib.sha256(b"what it was").hexdigest()}
    elif trouble == "link":
        place.rename(agent.root / "elsewhere.toml")
        place.symlink_to(agent.root / "elsewhere.toml")
    deploy = agent.start("hold", who="ann") if trouble == "busy" else None
    if deploy is not None:
        assert deploy.stdout is not None
        deploy.stdout.readline(), deploy.stdout.readline()
    before = sorted(place.parent.iterdir()), place.read_text()
    refused = replace(agent, "# new\n", **other)
    assert refused.code != 0
    assert sentence in refused.complaint
    assert (sorted(place.parent.iterdir()), place.read_text()) == before
    if deploy is not None:
        deploy.communicate(timeout=20)


def test_a_difference_is_fit_for_a_terminal_and_shows_no_password() -> None:
    there = ["a = 1", 'url = "https://ann:secret@example.org/x"', "\x1b[31mred"]
    lines = list(difference(there, ["a = 2"], ("theirs", "ours")))
    assert lines[3:5] == ["-a = 1", '-url = "https://ann:…@example.org/x"']
    assert "+a = 2" in lines
    assert not any("\x1b" in line or "secret" in line for line in lines)
    assert list(difference(there, there, ("theirs", "ours"))) == []
