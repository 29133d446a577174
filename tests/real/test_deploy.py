"""`fab` over a real sshd into a real account: from nothing to a shepherd that cron drives, and back (5.4)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.deploy.source import pack
from ops.deploy.wheels import Target, gather
from shepherd.settings import read
from tests.ops.host import SCALE
from tests.ops.smtp import serving
from tests.real.site import (
    Operator,
    Place,
    cron_daemon,
    faketime,
    open_folder,
    project,
)
from tests.real.sshd import Sshd, account, need

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

_READER = """
import pathlib, sys
current, page, stop, misses, reads = *map(pathlib.Path, sys.argv[1:4]), 0, 0
while not stop.exists():
    try:
        (current / "tasks.py").read_bytes()
        assert page.read_bytes().rstrip().endswith(b"</html>")
        reads += 1
    except (OSError, AssertionError):
        misses += 1
print(reads, misses)
"""


class World:
    """One account, one sshd, one operator; the first release is deployed, and has run."""

    def __init__(self, folder: Path, sshd: Sshd, directory: str) -> None:
        self.folder, self.sshd, self.user = folder, sshd, sshd.user
        self.operator = Operator(folder, sshd, project(folder, sshd.user), directory)
        self.place = Place(sshd.user, directory)
        self._count = 0

    def change(self) -> str:
        """One more commit."""
        self._count += 1
        (self.operator.repo / "shepherd" / "marker.py").write_text(f'"""Marker {self._count}."""\n')
        return self.operator.commit(f"Change {self._count}")

    def deploy(self, *words: str) -> str:
        """One more release; its id."""
        self.change()
        done = self.operator.fab("deploy", *words)
        assert done.code == 0, done
        return self.place.live

    def landed(self, ref: str) -> str:
        """What a ref of the project's repository names."""
        command = ["git", "-c", "safe.directory=*", "-C", str(self.folder / "project.git"), "rev-parse", ref]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def healthy(self) -> bool:
        """Nothing is left over: one live release that works, no switch, no memory of an upgrade."""
        status = self.place.inv("status")
        return (
            status.code == 0
            and not (self.place.state / "maintenance.txt").exists()
            and not (self.place.state / "run" / "upgrade.json").exists()
            and not [each for each in self.place.releases() if each.startswith(".")]
        )


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with account() as user, open_folder() as folder:
        sshd = Sshd(folder, user)
        sshd.start()
        try:
            yield World(folder, sshd, f"shepherd-{os.getpid()}")
        finally:
            sshd.stop()
            shutil.rmtree(Path(user.pw_dir, f"shepherd-{os.getpid()}"), ignore_errors=True)


@pytest.fixture
def deployed(world: World) -> World:
    """Whatever the test before left, or none."""
    if not world.place.root.exists():
        assert world.operator.fab("setup").code == 0
        world.deploy()
    if not (world.place.state / "report" / "stable.html").exists():
        assert world.place.inv("run").code == 0
    return world


def test_from_a_bare_account_to_a_shepherd_that_cron_drives(world: World) -> None:
    need(os.geteuid() == 0, "a cron daemon wants root")
    dry = world.operator.fab("setup", "--dry-run")
    assert (dry.code, world.place.root.exists()) == (0, False), dry
    assert world.operator.fab("deploy").code == 2, "setup comes first"
    assert world.operator.fab("setup").code == 0
    before = sorted(world.place.root.rglob("*"))
    assert "nothing to do" in world.operator.fab("setup").out
    assert sorted(world.place.root.rglob("*")) == before
    with cron_daemon() as start:
        start()
        done = world.operator.fab("deploy", "--reason", "the first")
        assert done.code == 0, done
        page = world.place.state / "report" / "stable.html"
        end = time.monotonic() + 60
        while not page.exists():
            assert time.monotonic() < end, "cron never ran it"
            time.sleep(0.1)
    assert page.stat().st_uid == world.user.pw_uid
    assert "deploy r2" in world.place.inv("status").out
    again = world.operator.fab("deploy")
    assert (again.code, len(world.place.releases())) == (0, 1), again
    assert "nothing to do" in again.out
    (entry,) = json.loads("[" + ",".join(world.place.site.history.read_text().splitlines()) + "]")
    assert (entry["who"], entry["to"], entry["why"]) == ("olga", world.place.live, "the first")
    assert entry["commit"] == world.operator.git("rev-parse", "HEAD").strip()


def test_an_upgrade_while_a_job_runs_and_a_roll_back_that_no_reader_notices(deployed: World) -> None:
    old, place, folder = deployed.place.live, deployed.place, deployed.folder
    stop, slow = folder / "stop", folder / "slow"
    slow.mkdir()
    (slow / "git").write_text(
        '#!/bin/sh\ncase " $* " in *" for-each-ref "*) sleep 20;; esac\nexec /usr/bin/git "$@"\n'
    )
    (slow / "git").chmod(0o755)
    page = place.state / "report" / "stable.html"
    reader = subprocess.Popen(
        [sys.executable, "-c", _READER, place.root / "current", page, stop], stdout=subprocess.PIPE, text=True
    )
    deployed.change()
    deploying = deployed.operator.start("deploy")
    assert deploying.stdout is not None
    said = []
    for line in deploying.stdout:
        said.append(line)
        if line.strip().startswith("compile"):
            # all but prepared: a job that takes 20 s begins
            worker = place.start("run", PATH=f"{slow}:/usr/bin:/bin")
    assert deploying.wait(60) == 0, said
    assert "waiting for process " in "".join(said), "the drain is shown"
    assert worker.wait(30) == 3, "its switch stopped the run between two stages"
    new = place.live
    assert new != old
    back = deployed.operator.fab("rollback", "--reason", "mails go twice")
    assert (back.code, place.live) == (0, old), back
    stop.touch()
    reads, misses = map(int, reader.communicate(timeout=30)[0].split())
    assert (misses, reads > 1000) == (0, True)
    listed = deployed.operator.fab("releases").out
    assert f"-> {old}" in listed
    assert "rolled back: mails go twice (olga)" in listed
    refused = deployed.operator.fab("rollback", "--to", new)
    assert (refused.code, place.live) == (8, old), refused
    assert deployed.healthy()


def test_what_the_newer_release_said_and_did_outlives_a_roll_back(deployed: World) -> None:
    place = deployed.place
    settings = place.site.settings
    before = settings.read_text()
    old, new = place.live, deployed.deploy()
    with serving() as server:
        mail = (
            f'[mail]\nsmtp = "{server.place}"\nsender = "qa@example.org"\noperators = ["ops@example.org"]\n'
        )
        settings.write_text(before.replace("[deploy]", f'promote = {{ ref = "promoted" }}\n{mail}[deploy]'))
        try:
            assert place.inv("find", "judge").code == 0
            for rev, word in (("r2", "ok"), ("r1", "bad")):
                said = place.inv("verdict", rev, word, "--reason", f"tried {rev}")
                assert said.code == 0, said
            promoted = place.inv("promote")
            assert promoted.code == 0, promoted
            tip = deployed.landed("promoted")
            assert tip == deployed.landed("stable")
            assert place.inv("run").code == 0
            told = [recipient for recipient, text in server.messages if "r1" in text]
            assert told == ["ops@example.org"], "production runs r1, which is bad"

            assert deployed.operator.fab("rollback").code == 0
            assert place.live == old
            assert place.inv("run").code == 0
            assert len(server.messages) == 1, "nobody is told twice"
            assert deployed.landed("promoted") == tip
            history = place.inv("history", "--rev", "r2").out
            assert "tried r2" in history
            assert "promoted" in history + place.inv("history").out
        finally:
            settings.write_text(before)
            place.inv("verdict", "r1", "withdraw", "--reason", "a test")
    assert new in place.releases()


def test_a_wheelhouse_for_another_platform_and_python_is_listed_and_compared(world: World) -> None:
    source = pack(world.operator.repo, "HEAD")
    cache = world.folder / "cache"
    ours = Target("3.11.2", "x86_64", "glibc", "2.36")
    theirs = Target("3.13.1", "aarch64", "glibc", "2.36")
    one, other = (
        {each.name.partition("-")[0]: each.name for each in gather(source, ("launchpad",), target, cache).all}
        for target in (ours, theirs)
    )
    assert one.keys() == other.keys()
    pure = {name for name, file in one.items() if file.endswith("-any.whl")}
    assert {name for name in one if one[name] == other[name]} == pure
    for name in one.keys() - pure:
        assert "x86_64" in one[name]
        assert "aarch64" in other[name]
        assert "cp311-cp311" in one[name] or "abi3" in one[name]
        assert "cp313-cp313" in other[name] or "abi3" in other[name]
    assert one.keys() - pure >= {"markupsafe", "msgspec", "psutil", "sqlalchemy"}


def test_a_roll_back_to_a_release_that_does_not_know_a_key_is_refused(deployed: World) -> None:
    place = deployed.place
    code = deployed.operator.repo / "shepherd" / "settings.py"
    text = code.read_text()
    code.write_text(
        text.replace('    state_dir: str = "var"\n', '    state_dir: str = "var"\n    nightly: str = ""\n')
    )
    new = deployed.deploy()
    settings = place.site.settings
    before = settings.read_text()
    settings.write_text(f'nightly = "x"\n{before}')
    refused = deployed.operator.fab("rollback")
    settings.write_text(before)
    assert (refused.code, place.live) == (2, new), refused
    assert "nightly" in refused.err
    assert deployed.healthy()
    code.write_text(text)


def test_a_persons_switch_stays_on_and_a_run_at_the_gate_ends_with_4(deployed: World) -> None:
    place, switch = deployed.place, deployed.place.state / "maintenance.txt"
    subprocess.run([*place.as_user(), "touch", switch], check=True)
    deployed.change()
    gate = [*place.as_user(), "flock", "-o", "-x", str(place.state / "run" / "gate.lock")]
    holder = subprocess.Popen([*gate, "sleep", "300"])
    time.sleep(0.3)
    waiting = place.start("find", "--wait", "120")
    deploying = deployed.operator.start("deploy")
    assert deploying.stdout is not None
    for line in deploying.stdout:
        if "waiting for" in line:
            break
    before = place.live
    # what stands at the gate is the upgrade and, behind it, a run of the release that was live
    waiting.send_signal(signal.SIGSTOP)
    holder.kill()
    holder.wait()
    assert deploying.wait(60) == 0
    waiting.send_signal(signal.SIGCONT)
    _, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, "upgraded meanwhile" in err) == (4, True), err
    new = place.live
    assert new != before
    assert switch.read_bytes() == b""
    assert place.inv("find").code == 3
    switch.unlink()
    assert deployed.healthy()


def test_two_deploys_at_once_one_wins(deployed: World) -> None:
    deployed.change()
    first = deployed.operator.start("deploy")
    lock = deployed.place.root / "deploy.lock"
    end = time.monotonic() + 60
    while not lock.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    said = lock.read_text()
    second = deployed.operator.fab("deploy", SHEPHERD_WHO="ann")
    assert second.code == 4, second
    assert "another deploy is under way: olga" in second.err
    assert lock.read_text() == said
    out, err = first.communicate(timeout=120)
    assert first.returncode == 0, (out, err)
    assert deployed.healthy()


def test_a_changed_byte_is_refused_by_the_host(deployed: World) -> None:
    from fabric import Connection

    from ops.deploy.deployment import Deployment, cache
    from ops.deploy.host import Host, RemoteError

    wheel = next((deployed.place.root / "wheels").glob("jinja2-*.whl"))
    content = wheel.read_bytes()
    live, before = deployed.place.live, deployed.place.releases()
    deployed.change()
    settings, sshd = read(deployed.operator.settings), deployed.sshd
    login = Connection(
        "127.0.0.1", user=sshd.user.pw_name, port=sshd.port, connect_kwargs={"key_filename": str(sshd.key)}
    )
    source = pack(deployed.operator.repo, "HEAD")
    with Host(login, settings.deploy, deployed.operator.known_hosts).opened() as host:
        house = gather(source, (), Target.of(host.ask("probe")), cache())
        # after the comparison with what the host has, and before pip reads it
        wheel.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
        with pytest.raises(RemoteError, match=r"(?i)hash"):
            Deployment(host, settings, source, "olga", "")._prepare(house, [])
    assert (deployed.place.live, deployed.place.releases()) == (live, before)
    done = deployed.operator.fab("deploy")
    assert done.code == 0, done
    assert "upload 1 of " in done.out
    assert wheel.read_bytes() == content, "the next deploy mends it"


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
    assert deployed.healthy()


def test_a_host_whose_python_moved_gets_a_new_environment(deployed: World) -> None:
    old = deployed.place.root / "releases" / deployed.place.live
    (old / ".venv" / "bin" / "python3").unlink()
    (old / ".venv" / "bin" / "python3").symlink_to("/usr/bin/python3.10-is-gone")
    assert deployed.place.inv("status").code != 0
    done = deployed.operator.fab("deploy")
    assert done.code == 0, done
    assert deployed.place.live != old.name
    assert deployed.healthy()


def test_host_keys_are_strict(deployed: World) -> None:
    known = deployed.operator.known_hosts
    before = known.read_text()
    known.write_text("")
    unknown = deployed.operator.fab("releases")
    assert unknown.code == 1
    assert f"ssh-keyscan -p {deployed.sshd.port} 127.0.0.1" in unknown.err
    words = deployed.sshd.key.with_suffix(".pub").read_text().split()
    known.write_text(f"[127.0.0.1]:{deployed.sshd.port} {words[0]} {words[1]}\n")
    changed = deployed.operator.fab("releases")
    assert changed.code == 1
    assert "THE HOST KEY HAS CHANGED" in changed.err
    assert "ssh-keygen -R" in changed.err
    known.write_text(before)
    assert known.read_text().count("\n") == 1
    assert "Traceback" not in unknown.err + changed.err


def test_hosts_are_taken_in_turn_and_a_dry_run_changes_nothing(deployed: World) -> None:
    operator, place = deployed.operator, deployed.place
    settings, live = operator.settings.read_text(), place.live
    good = f"127.0.0.1:{deployed.sshd.port}"
    before = sorted(place.root.rglob("*"))
    deployed.change()
    dry = operator.fab("deploy", "--dry-run")
    assert (dry.code, "would prepare a new release" in dry.out) == (0, True), dry
    operator.settings.write_text(settings.replace(f'"{good}"', f'"127.0.0.1:1", "{good}"'))
    failed = operator.fab("deploy")
    assert (failed.code, good in failed.out) == (1, False), "the second is left alone"
    operator.settings.write_text(settings.replace("/usr/bin/python3", "/usr/bin/python-nine"))
    assert "has no /usr/bin/python-nine" in operator.fab("releases").err
    operator.settings.write_text(settings)
    named = operator.fab("-H", good, "releases")
    assert (named.code, f"-> {live}" in named.out) == (0, True), named
    assert sorted(place.root.rglob("*")) == before


def test_by_way_of_sudo(deployed: World) -> None:
    need(os.geteuid() == 0, "somebody else than the user has to log in")
    sudo = deployed.folder / "sudo"
    sudo.mkdir()
    (sudo / "sudo").write_text(
        '#!/bin/sh\n[ "$1 $2 $3" = "-n -H -u" ] || exit 9\nuser=$4; shift 5\n'
        'home=$(getent passwd "$user" | cut -d: -f6)\n'
        'exec setpriv --reuid="$user" --regid="$user" --init-groups env HOME="$home" USER="$user" "$@"\n'
    )
    (sudo / "sudo").chmod(0o755)
    folder = deployed.folder / "by-sudo"
    folder.mkdir()
    sshd = Sshd(folder, deployed.user, f"SetEnv PATH={sudo}:/usr/bin:/bin\n")
    sshd.start()
    try:
        before = deployed.operator.settings.read_text()
        deployed.operator.settings.write_text(
            before.replace(f":{deployed.sshd.port}", f":{sshd.port}").replace("user =", "sudo = true\nuser =")
        )
        deployed.operator.known_hosts.write_text(deployed.sshd.known() + sshd.known())
        deployed.change()
        done = deployed.operator.fab("-i", str(sshd.key), "deploy")
        deployed.operator.settings.write_text(before)
        assert done.code == 0, done
        page = deployed.place.root / "current" / "tasks.py"
        assert page.stat().st_uid == deployed.user.pw_uid
        assert deployed.healthy()
    finally:
        sshd.stop()


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
    assert deployed.healthy()


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
    assert deployed.healthy()


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
    assert deployed.healthy()


def test_a_killed_remote_upgrade_is_loud_and_the_next_deploy_repairs_it(deployed: World) -> None:
    place = deployed.place
    before = place.live
    holder = subprocess.Popen(
        [*place.as_user(), "flock", "-o", "-s", place.state / "run" / "gate.lock", "sleep", "300"]
    )
    deployed.change()
    process = deployed.operator.start("deploy")
    memory = place.state / "run" / "upgrade.json"
    end = time.monotonic() + 60
    while not memory.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
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
    assert deployed.healthy()


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
    assert deployed.healthy()
