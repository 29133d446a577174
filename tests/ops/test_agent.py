"""What `fab` does on the host, by a Python that has nothing of ours
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
from pathlib import Path

import msgspec
import pytest

from ops.deploy.answers import Probe
from shepherd import report_files
from shepherd.running import releases
from shepherd.running.releases import Site
from tests.ops.agents import Agent, first_line

pytestmark = pytest.mark.real


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    made = Agent(tmp_path)
    made.setup()
    return made


def test_setup_on_a_bare_account_and_twice(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    assert not agent.ask("probe").answer["set_up"]
    dry = agent.ask("setup", settings="x = 1\n", dry=True)
    assert list(tmp_path.iterdir()) == []
    made = agent.ask("setup", settings="x = 1\n", dry=False)
    assert [Path(each).name for each in made.answer["made"]] == [
        *("shepherd", "releases", "shared", "wheels", "shepherd.toml")
    ]
    assert dry.answer == made.answer
    settings = agent.root / "shared" / "shepherd.toml"
    assert (settings.read_text(), settings.stat().st_mode & 0o777) == ("x = 1\n", 0o600)
    assert agent.ask("setup", settings="y = 2\n", dry=False).answer["made"] == []
    assert settings.read_text() == "x = 1\n"


def test_a_probe_tells_python_platform_and_what_is_there(agent: Agent) -> None:
    (agent.root / "wheels" / "a-1-py3-none-any.whl").write_bytes(b"wheel")
    found = agent.ask("probe").answer
    assert found["system"] == "Linux"
    assert found["python"][0].startswith("3.")
    assert found["wheels"] == {"a-1-py3-none-any.whl": hashlib.sha256(b"wheel").hexdigest()}
    assert found["live"] == {"kind": "none", "id": "", "link": ""}


def test_a_probe_tells_which_extras_its_settings_need_and_no_address(agent: Agent) -> None:
    (agent.root / "shared" / "team.url").write_text("mmosts://chat.example.org/3ccdd1134747\n")
    place = '[[notify]]\nname = "team"\nurl_file = "team.url"\n'
    (agent.root / "shared" / "shepherd.toml").write_text(place)
    answer = agent.ask("probe")
    assert msgspec.convert(answer.answer, Probe)["needs"] == {"notify": "[[notify]] team is a chat"}
    assert "3ccdd1134747" not in f"{answer}"


def test_wheels_arrive_whole_or_not_at_all(agent: Agent) -> None:
    good = {"name": "a.whl", "size": 5, "sha256": hashlib.sha256(b"first").hexdigest()}
    bad = {"name": "b.whl", "size": 6, "sha256": hashlib.sha256(b"second").hexdigest()}
    answer = agent.ask("take", b"firstsecomd", wheels=[good, bad])
    assert answer.code == 1
    assert "b.whl did not arrive as it was sent" in answer.complaint
    assert [each.name for each in (agent.root / "wheels").iterdir()] == ["a.whl"]


def test_a_release_that_cannot_be_made_leaves_nothing(agent: Agent) -> None:
    content = b"no archive"
    digest = hashlib.sha256(content).hexdigest()
    made = {"commit": "c" * 40}
    pip = {"name": "pip.whl", "sha256": ""}
    answer = agent.ask(
        "prepare", content, size=len(content), sha256=digest, made=made, pip=pip, requirements=""
    )
    assert answer.code == 1
    assert list((agent.root / "releases").iterdir()) == []


def test_one_deploy_at_a_time_and_the_loser_leaves_the_lock_alone(agent: Agent) -> None:
    first = agent.start("hold", who="olga on desk")
    assert first.stdout is not None
    assert b"held" in first_line(first.stdout)
    lock = agent.root / "deploy.lock"
    said = lock.read_text()
    second = agent.ask("hold", who="ann on laptop")
    assert second.code == 4
    assert "olga on desk" in second.complaint
    assert lock.read_text() == said
    with lock.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    first.communicate(timeout=20)
    assert agent.ask("hold", who="ann on laptop").code == 0
    assert lock.read_text() == ""


def test_a_setup_during_a_deploy_waits_its_turn(agent: Agent) -> None:
    first = agent.start("hold", who="olga on desk")
    assert first.stdout is not None
    first_line(first.stdout)
    settings = agent.root / "shared" / "shepherd.toml"
    settings.unlink()
    waiting = agent.start("setup", settings="x = 1\n", dry=False, who="ann on laptop", wait=60)
    assert waiting.stdout is not None
    assert b"waiting for another deploy to end: olga on desk" in first_line(waiting.stdout)
    assert not settings.exists()
    first.communicate(timeout=20)
    out, _ = waiting.communicate(timeout=20)
    assert (waiting.returncode, settings.read_text()) == (0, "x = 1\n"), out
    assert (agent.root / "deploy.lock").read_text() == ""
    held = agent.start("hold", who="olga")
    assert held.stdout is not None
    first_line(held.stdout)
    assert agent.ask("setup", settings="", dry=False, wait=0.1).code == 4, "not for ever"
    held.communicate(timeout=20)


def test_the_lock_goes_with_the_operators_process(agent: Agent) -> None:
    first = agent.start("hold", who="olga")
    assert first.stdout is not None
    first_line(first.stdout)
    assert first.stdin is not None
    first.stdin.close()
    assert first.wait(20) == 0


def test_a_killed_holder_leaves_nothing_that_stops_the_next(agent: Agent) -> None:
    first = agent.start("hold", who="olga")
    assert first.stdout is not None
    first_line(first.stdout)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=20)
    assert agent.ask("hold", who="ann").code == 0


def test_who_holds_the_lock_removes_what_a_killed_deploy_left(agent: Agent) -> None:
    half = Site(agent.root).reserve("c" * 40)
    (half / "tasks.py").touch()
    answer = agent.ask("hold", who="olga")
    assert f"{half.name} was left half built: removed" in answer.told
    assert not half.exists()


def test_the_code_that_writes_more_files_drives_though_it_was_deployed_before(agent: Agent) -> None:
    site = Site(agent.root)
    made = []
    for commit in ("a" * 40, "b" * 40):
        path = site.reserve(commit)
        python = path / ".venv" / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.write_text("#!/bin/sh\n")
        python.chmod(0o755)
        releases.write(path / releases.MADE, {"commit": commit})
        made.append(path)
    site.current.symlink_to(f"releases/{made[0].name}")
    (made[0] / "shepherd").mkdir()
    shutil.copy(report_files.__file__, made[0] / "shepherd")
    answer = agent.ask("back", to=made[1].name).answer
    assert (answer["target"], answer["driver"]) == (made[1].name, made[0].name)


def test_a_deploy_that_outlived_its_operator_is_not_disturbed(agent: Agent) -> None:
    half = Site(agent.root).reserve("c" * 40)
    with (agent.root / "agent.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        answer = agent.ask("hold", who="olga")
    assert answer.code == 4
    assert "still at work" in answer.complaint
    assert half.exists()


def test_no_way_back_is_said(agent: Agent) -> None:
    answer = agent.ask("back", to="")
    assert (answer.code, "no earlier good release" in answer.complaint) == (2, True)
    assert agent.ask("back", to="0001-cccccccccccc").code == 2


@pytest.mark.parametrize(("starts", "driver"), [((True, True), 2), ((True, False), 1), ((False, False), 0)])
def test_the_newer_release_that_starts_drives_a_roll_back(
    agent: Agent, starts: tuple[bool, bool], driver: int
) -> None:
    site = Site(agent.root)
    made = []
    for start in starts:
        path = site.reserve("c" * 40)
        python = path / ".venv" / "bin" / "python3"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\nexit {int(not start)}\n")
        python.chmod(0o755)
        releases.write(path / releases.MADE, {"commit": "c" * 40})
        releases.mark_good(site, releases.read(path))
        made.append(path.name)
    site.current.symlink_to(f"releases/{made[1]}")
    answer = agent.ask("back", to="")
    if driver:
        assert (answer.answer["target"], answer.answer["driver"]) == (made[0], made[driver - 1])
    else:
        assert answer.code == 1
        assert "starts here any more" in answer.complaint
