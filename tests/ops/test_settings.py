"""`fab settings`: what the host's side does, and what the operator is shown
(docs/operator-every-day.md#changing-the-settings)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ops.deploy.comparing import compare
from ops.deploy.host import Host
from ops.deploy.openssh import Route
from shepherd.errors import SettingsError
from shepherd.running import releases
from shepherd.running.releases import Site
from shepherd.settings import read
from shepherd.settings.difference import difference
from tests.ops.agents import Agent
from tests.project import Project

_PYTHON = """#!/bin/sh
[ "$3" = doctor ] || exit 1
grep -q nightly "$SHEPHERD_CONFIG" && why="$SHEPHERD_CONFIG: there is no key nightly" || why=""
[ -z "$why" ] && level=ok || level=fail
printf '{"checks": [{"level": "%s", "name": "settings", "what": "%s"}' "$level" "$why"
printf ', {"level": "fail", "name": "secrets", "what": "no token"}'
grep -q gone "$SHEPHERD_CONFIG" && printf ', {"level": "fail", "name": "repository main", "what": "gone"}'
block='"name": "cron", "what": "the block is old", "remedy": "inv cron.install"'
grep -q every "$SHEPHERD_CONFIG" && printf ', {"level": "warn", %s}' "$block"
printf ']}'
"""

ROUTE = Route("qa1", "qa1", 22, "lpqateam", (), "", "qa1", (), "", (), 5)


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
        "new": [],
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
def test_what_only_the_new_settings_break_is_told_apart(agent: Agent) -> None:
    live = Site(agent.root).live().release
    assert live is not None
    gone = 'repository = "gone"\n'
    answer = agent.ask("try_settings", release=live.id, settings=gone).answer
    assert answer["fails"] == ["secrets: no token", "repository main: gone"]
    assert answer["new"] == ["repository main: gone"]
    assert replace(agent, gone).answer["then"] == []
    assert agent.ask("try_settings", release=live.id, settings=gone).answer["new"] == []


@pytest.mark.real
def test_what_calls_the_shepherd_is_brought_up_to_date_by_a_command_that_is_said(agent: Agent) -> None:
    current = agent.root / "current"
    assert replace(agent, "[cron]\nevery = 600\n").answer["then"] == [
        f"the block is old: in {current}: .venv/bin/inv cron.install"
    ]


@pytest.mark.real
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('state_dir = "other"\n', "state_dir changes from {shared}/var to {shared}/other"),
        ('database = "sqlite:///other.db"\n', "database changes, where a new journal would be started"),
        ('state_dir = "./var/"\n', ""),
    ],
)
def test_settings_do_not_begin_an_empty_journal(agent: Agent, text: str, sentence: str) -> None:
    shared = agent.root / "shared"
    live = Site(agent.root).live().release
    assert live is not None
    # where no run has been there is nothing to lose
    assert agent.ask("try_settings", release=live.id, settings=text).answer["why"] == ""
    (shared / "var").mkdir()
    before = (shared / "shepherd.toml").read_text()
    why = agent.ask("try_settings", release=live.id, settings=text).answer["why"]
    assert why.startswith(sentence.format(shared=shared)) and bool(why) is bool(sentence)
    done = replace(agent, text)
    assert (done.code, (shared / "shepherd.toml").read_text()) == ((2, before) if sentence else (0, text))
    assert ("nothing was changed" in done.complaint) is bool(sentence)


@pytest.mark.parametrize(
    ("new", "refused"),
    [("repository main: gone", True), ("secrets: no token", True), ("disk: full", False), ("", False)],
)
def test_settings_with_which_no_run_can_read_are_not_put_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], new: str, refused: bool
) -> None:
    Project(tmp_path)
    settings = read(tmp_path / "shepherd.toml")
    asked = []

    class Told(Host):
        def ask(self, do: str, *_: Any, **request: Any) -> dict[str, Any]:
            asked.append(do)
            there = {"lines": [], "sha256": "", "live": "0001-a", "last_good": "", "place": "x"}
            fails = [each for each in (new, "smtp: down") if each]
            tried = {"why": "", "fails": fails, "new": [new] if new else []}
            return {**there, **tried, "kept": "x", "then": ["do this"]}

    host = Told(ROUTE, settings.deploy)
    compare(host, settings, "ann", "", push=False, dry=False)
    assert ("so that fab settings --push refuses them" in capsys.readouterr().err) is refused
    if refused:
        with pytest.raises(SettingsError, match=rf"no run of 0001-a could give an answer \({new}\)"):
            compare(host, settings, "ann", "", push=True, dry=False)
    else:
        compare(host, settings, "ann", "", push=True, dry=False)
        assert "then on the host: do this" in capsys.readouterr().out
    assert ("replace" in asked) is not refused


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
