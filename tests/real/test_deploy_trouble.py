"""Deploys on a bad day: a changed byte, no network, a full disk, a wrong clock, kills."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from ops.deploy.source import pack
from ops.deploy.target import Target
from ops.deploy.wheels import gather
from shepherd.settings import read
from tests.real.site import (
    faketime,
)
from tests.real.sshd import Sshd, need
from tests.real.world import World
from tests.running.host import SCALE
from tests.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def test_a_changed_byte_is_refused_by_the_host(deployed: World) -> None:
    from fabric import Connection

    from ops.deploy import hosts
    from ops.deploy.deployment import Deployment, cache
    from ops.deploy.host import RemoteError

    wheel = next((deployed.place.root / "wheels").glob("jinja2-*.whl"))
    content = wheel.read_bytes()
    live, before = deployed.place.live, deployed.place.releases()
    deployed.change()
    settings, sshd = read(deployed.operator.settings), deployed.sshd
    login = Connection(
        "127.0.0.1", user=sshd.user.pw_name, port=sshd.port, connect_kwargs={"key_filename": str(sshd.key)}
    )
    source = pack(deployed.operator.repo, "HEAD")
    (there,) = hosts(login, settings)
    with there.opened() as host:
        house = gather(source, (), Target.of(host.ask("probe")), cache())
        # after the comparison with what the host has, and before pip reads it
        wheel.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
        with pytest.raises(RemoteError, match=r"(?i)hash"):
            Deployment(host, settings, source, "olga", "")._prepare(house, [])
    assert (deployed.place.live, deployed.place.releases()) == (live, before)
    done = deployed.operator.fab("deploy")
    assert done.code == 0, done
    assert "upload 1 of " in done.out
    assert wheel.read_bytes() == content, "the next deploy repairs it"


def test_a_host_without_network(deployed: World) -> None:
    need(os.geteuid() == 0, "a network namespace wants root")
    # sshd itself runs where there is no network at all; the connection is a pipe into it
    config = deployed.folder / "ssh_config"
    inside = f"unshare --net {deployed.sshd.program} -i -f {deployed.sshd.config}"
    config.write_text(f"Host 127.0.0.1\n  ProxyCommand {inside}\n")
    deployed.change()
    check = subprocess.run(
        ["unshare", "--net", "cat", "/proc/net/dev"], check=True, capture_output=True, text=True
    )
    assert "eth" not in check.stdout
    done = deployed.operator.fab("-S", str(config), "deploy")
    assert done.code == 0, done
    assert deployed.left_over() == []


def test_a_host_whose_python_moved_gets_a_new_environment(deployed: World) -> None:
    old = deployed.place.root / "releases" / deployed.place.live
    (old / ".venv" / "bin" / "python3").unlink()
    (old / ".venv" / "bin" / "python3").symlink_to("/usr/bin/python3.10-is-gone")
    assert deployed.place.inv("status").code != 0
    done = deployed.operator.fab("deploy")
    assert done.code == 0, done
    assert deployed.place.live != old.name
    assert deployed.left_over() == []


@pytest.mark.parametrize("where", ["host", pytest.param("operator", marks=pytest.mark.long)])
def test_a_wrong_clock(deployed: World, where: str) -> None:
    bent = {"LD_PRELOAD": str(faketime()), "FAKETIME": "-400d"}
    deployed.change()
    before = deployed.place.live
    if where == "operator":
        done = deployed.operator.fab("deploy", **bent)
    else:
        folder = deployed.folder / "bent"
        folder.mkdir()
        sshd = Sshd(
            folder, deployed.user, "SetEnv LD_PRELOAD={LD_PRELOAD} FAKETIME={FAKETIME}\n".format(**bent)
        )
        sshd.start()
        settings = deployed.operator.settings.read_text()
        deployed.operator.settings.write_text(settings.replace(f":{deployed.sshd.port}", f":{sshd.port}"))
        deployed.operator.known_hosts.write_text(deployed.sshd.known() + sshd.known())
        done = deployed.operator.fab("-i", str(sshd.key), "deploy")
        deployed.operator.settings.write_text(settings)
        sshd.stop()
    assert done.code == 0, done
    assert re.search("its clock is (399|400) days", done.err), done.err
    assert deployed.place.live > before
    assert deployed.left_over() == []


def test_a_full_disk_changes_nothing(deployed: World) -> None:
    need(os.geteuid() == 0, "mounting wants root")
    wheels = deployed.place.root / "releases"
    live, before = deployed.place.live, deployed.place.releases()
    deployed.change()
    copy = deployed.folder / "releases"
    shutil.copytree(wheels, copy, symlinks=True)
    # plenty of bytes for the estimate, but few files: it breaks amid the work
    need(
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "nr_inodes=4000", "tmpfs", wheels], check=False
        ).returncode
        == 0,
        "a tmpfs cannot be mounted here",
    )
    try:
        wheels.chmod(0o755)
        shutil.copytree(copy / live, wheels / live, symlinks=True)
        subprocess.run(["chown", "-R", f"{deployed.user.pw_name}:", wheels], check=True)
        for number in range(100_000):
            try:
                (wheels / f"full-{number}").touch()
            except OSError:
                break
        for each in range(200):
            (wheels / f"full-{each}").unlink()
        refused = deployed.operator.fab("deploy")
        assert refused.code == 1, refused
        assert "No space left" in refused.err
        assert [each for each in deployed.place.releases() if not each.startswith("full-")] == [live]
        assert deployed.place.inv("status").code == 0
    finally:
        subprocess.run(["umount", wheels], check=True)
    assert deployed.place.releases() == before
    assert deployed.operator.fab("deploy").code == 0
    assert deployed.left_over() == []


STEPS = (
    "look",
    "wheels",
    "upload",
    "unpack",
    "environment",
    "install",
    "compile",
    "release",
    "quiet",
    "check",
)
_EACH = max(1, round(1 / SCALE))


@pytest.mark.parametrize(
    "step",
    ["quiet", *(pytest.param(each, marks=pytest.mark.long) for each in STEPS[::_EACH] if each != "quiet")],
)
def test_an_operators_fab_that_is_killed_stops_no_later_deploy(deployed: World, step: str) -> None:
    deployed.change()
    process = deployed.operator.start("deploy")
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().startswith(step) and line.rstrip().endswith(" s"):
            break
        if line.strip().startswith(step) and step == "release":
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert deployed.place.inv("status").code == 0, "at every moment one release is live"
    end = time.monotonic() + 60
    done = deployed.operator.fab("deploy")
    while done.code == 4:
        # what the host began before its operator died, it ends; nobody disturbs it
        assert time.monotonic() < end, done
        time.sleep(1)
        done = deployed.operator.fab("deploy")
    assert done.code == 0, done
    assert deployed.place.live.endswith(deployed.operator.git("rev-parse", "HEAD")[:12])
    assert deployed.left_over() == []


def test_a_killed_remote_upgrade_is_loud_and_the_next_deploy_repairs_it(deployed: World) -> None:
    place = deployed.place
    before = place.live
    holder = subprocess.Popen(
        [*place.as_user(), "flock", "-o", "-s", place.state / "run" / "gate.lock", "sleep", "300"]
    )
    deployed.change()
    process = deployed.operator.start("deploy")
    memory = place.state / "run" / "upgrade.json"
    # it writes down what it is about to do, and then sets the switch
    until(lambda: memory.exists() and (place.state / "maintenance.txt").exists(), 180)
    pid = json.loads(memory.read_text())["process"]["pid"]
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode not in (0, None), (out, err)
    holder.kill()
    holder.wait()
    assert place.live == before
    assert "was killed" in place.inv("doctor", "--offline").out
    # refused runs write the pages once a minute at most, and a test before this one may have had one
    (place.state / "run" / "aborts.json").unlink(missing_ok=True)
    told = place.inv("run", "--cron")
    assert told.code == 3
    assert "inv upgrade --resume" in told.err, "cron says it at once"
    assert "inv upgrade --resume" in (place.state / "report" / "stable.html").read_text()
    done = deployed.operator.fab("deploy")
    assert done.code == 0, done
    assert place.live != before
    assert deployed.left_over() == []


@pytest.mark.long
def test_clean_up_keeps_five_and_every_foreign_name(deployed: World) -> None:
    place = deployed.place
    mine = place.root / "releases" / "my-notes"
    mine.mkdir(exist_ok=True)
    live = place.live
    while len([each for each in place.releases() if each[0] == "0"]) < 5:
        deployed.deploy()
    live = place.live
    new = deployed.deploy()
    kept = [each for each in place.releases() if each[0] == "0"]
    assert len(kept) == 5
    assert {live, new} <= set(kept)
    assert mine.is_dir()
    mine.rmdir()


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_campaign_of_kills_at_random(deployed: World) -> None:
    """Twenty kills of `fab`, each after another time; nothing is ever half upgraded."""
    for number in range(max(1, round(20 * SCALE))):
        deployed.change()
        process = deployed.operator.start("deploy")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.4 * (number + 1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert deployed.place.inv("status").code == 0
    end = time.monotonic() + 120
    while deployed.operator.fab("deploy").code == 4:
        assert time.monotonic() < end
    assert deployed.left_over() == []
