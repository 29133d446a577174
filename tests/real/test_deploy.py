"""`fab` over a real sshd into a real account: from nothing to a shepherd that cron drives, and back
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from ops.deploy.source import pack
from ops.deploy.target import Target
from ops.deploy.wheels import gather
from tests.real.site import (
    cron_daemon,
)
from tests.real.sshd import Sshd, need
from tests.real.world import World
from tests.running.smtp import serving
from tests.waiting import until

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
        until(page.exists, 60, "a run by cron")
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
    assert worker.wait(30) == 0, "it came to its end before the switch was set"
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
    assert deployed.left_over() == []


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
            # other settings ask for another reading
            place.inv("find")
            place.inv("judge")
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
    code = deployed.operator.repo / "shepherd" / "settings" / "model.py"
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
    assert deployed.left_over() == []
    code.write_text(text)


def test_a_persons_switch_stays_on_and_a_run_at_the_gate_ends_with_4(deployed: World) -> None:
    place, switch = deployed.place, deployed.place.state / "maintenance.txt"
    subprocess.run([*place.as_user(), "touch", switch], check=True)
    deployed.change()
    gate = [*place.as_user(), "flock", "-o", "-x", str(place.state / "run" / "gate.lock")]
    held = ["sh", "-c", "echo held; exec sleep 300"]
    holder = subprocess.Popen([*gate, *held], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
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
    assert deployed.left_over() == []


def test_two_deploys_at_once_one_wins(deployed: World) -> None:
    deployed.change()
    first = deployed.operator.start("deploy")
    lock = deployed.place.root / "deploy.lock"
    until(lock.read_text, 60)
    said = lock.read_text()
    second = deployed.operator.fab("deploy", SHEPHERD_WHO="ann")
    assert second.code == 4, second
    assert "another deploy is under way: olga" in second.err
    assert lock.read_text() == said
    out, err = first.communicate(timeout=120)
    assert first.returncode == 0, (out, err)
    assert deployed.left_over() == []


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
        assert deployed.left_over() == []
    finally:
        sshd.stop()
