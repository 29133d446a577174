"""A real systemd as pid 1 of namespaces of its own, for what only systemd can show.

Nothing of this machine is changed: its root file system and `/proc/sys` are mounted read-only there, and
where systemd and its services write are the folder of the test and empty ones in memory. A file system of
the machine's own that is mounted elsewhere stays writable there. None of the machine's
own units is started but those that a user's systemd needs. Keep it so: the machine's own boot empties /tmp.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.real.sshd import need
from tests.waiting import until

USER, UID = "timekeeper", 4711
PLACE = Path("/srv")
"""Where the folder of the test is seen in there."""
BOOTS = 60.0
"""Seconds within which it is up."""

_BOOT = r"""
set -e
mount --make-rprivate /
mount --bind '{folder}' {place}
for each in /run /tmp /home /var/lib/systemd /var/log /etc/systemd/system; do mount -t tmpfs tmpfs $each; done
mkdir -p /run/lock /run/dbus /var/log/journal /var/lib/systemd/linger
install -d -o {uid} -g {uid} /home/{user}
chmod 1777 /tmp
mkdir /tmp/dev
mount --bind /dev /tmp/dev
mount -t tmpfs -o mode=755 tmpfs /dev
for each in null zero full random urandom tty; do
    touch /dev/$each
    mount --bind /tmp/dev/$each /dev/$each
done
ln -s /proc/self/fd /dev/fd
mkdir /dev/pts
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
umount /tmp/dev
for each in passwd group shadow; do mount --bind {place}/etc/$each /etc/$each; done
cd /etc/systemd/system
for each in sysinit basic; do printf '[Unit]\nDefaultDependencies=no\n' > $each.target; done
printf '[Unit]\nDefaultDependencies=no\nRequires={wanted}\n' > booted.target
for each in systemd-tmpfiles-clean.timer systemd-tmpfiles-setup.service \
    systemd-sysctl.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
    systemd-remount-fs.service systemd-udevd.service \
    systemd-modules-load.service systemd-tmpfiles-setup-dev.service systemd-update-utmp.service; do
    ln -s /dev/null $each
done
cd /
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /
exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=booted.target --log-target=journal --show-status=no
"""
_WANTED = "systemd-journald.service dbus.service systemd-logind.service timers.target"


class Booted:
    """The machine within: `folder` outside is PLACE inside."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], pid: int) -> None:
        self.folder = folder
        self._process = process
        self._pid = pid

    def root(self, *words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of root's in there."""
        bare = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **environment}
        command = ["nsenter", "--target", str(self._pid), "--all", "--wd=/", *map(str, words)]
        return subprocess.run(
            command,
            env=bare,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def journal(self) -> str:
        """The last lines of its journal, for a test that failed."""
        return self.root("journalctl", "--no-pager", "-n", "60").stdout

    def user(self, *words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of the user's in there, as `sudo -u` calls it."""
        drop = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
        own = {"HOME": f"/home/{USER}", "USER": USER, "LOGNAME": USER, **environment}
        return self.root(*drop, "env", *words, **own)


@contextlib.contextmanager
def booted() -> Iterator[Booted]:
    """A machine that is up, with a user whose systemd does not linger yet."""
    need(os.geteuid() == 0, "a systemd in namespaces needs root")
    for program in ("unshare", "nsenter", "setpriv", "systemctl", "dbus-daemon"):
        need(shutil.which(program), f"there is no {program} here: .ci/run installs systemd and dbus")
    # without it a user's systemd has no XDG_RUNTIME_DIR to start in
    modules = list(Path("/usr/lib").glob("*/security/pam_systemd.so"))
    need(modules, "there is no pam_systemd here: .ci/run installs libpam-systemd")
    folder = Path(tempfile.mkdtemp(prefix="shepherd-systemd-"))
    folder.chmod(0o755)
    group = _cgroup()
    process = None
    try:
        _accounts(folder / "etc")
        script = folder / "boot"
        script.write_text(
            _BOOT.format(folder=folder, place=PLACE, user=USER, uid=UID, wanted=_WANTED), encoding="utf-8"
        )
        words = [
            "unshare",
            "--fork",
            "--kill-child",
            "--pid",
            "--mount-proc",
            "--mount",
            "--cgroup",
            "--uts",
            "--ipc",
        ]
        # into the group first: the namespace of groups begins where we are
        enter = f"echo $$ > '{group}/cgroup.procs' && exec \"$@\""
        with (folder / "console").open("wb") as console:
            process = subprocess.Popen(
                ["/bin/sh", "-c", enter, "sh", *words, "/bin/sh", script],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
            )  # fmt: skip
        yield _up(folder, process)
    finally:
        if process is not None:
            # its child is pid 1 in there, and takes all others with it
            process.kill()
            process.wait()
        _remove(group)
        shutil.rmtree(folder, ignore_errors=True)


def _up(folder: Path, process: subprocess.Popen[bytes]) -> Booted:
    def systemd() -> list[psutil.Process]:
        assert process.poll() is None, (folder / "console").read_text()
        return [each for each in psutil.Process(process.pid).children() if each.name() == "systemd"]

    until(systemd, BOOTS, "systemd")
    machine = Booted(folder, process, systemd()[0].pid)
    bus = ("busctl", "status", "org.freedesktop.login1")
    try:
        until(lambda: machine.root(*bus).returncode == 0, BOOTS, "logind")
    except AssertionError as error:
        console = (folder / "console").read_text()
        raise AssertionError(f"{error}\n{console}\n{machine.journal()}") from None
    return machine


def _accounts(etc: Path) -> None:
    """The machine's accounts, and the user."""
    etc.mkdir()
    assert UID not in {each.pw_uid for each in pwd.getpwall()}
    lines = {
        "passwd": f"{USER}:x:{UID}:{UID}::/home/{USER}:/bin/sh\n",
        "group": f"{USER}:x:{UID}:\n",
        "shadow": f"{USER}:*:20000:0:99999:7:::\n",
    }
    for name, line in lines.items():
        shutil.copy2(f"/etc/{name}", etc / name)
        with (etc / name).open("a") as file:
            file.write(line)


def _cgroup() -> Path:
    """A new control group of version 2."""
    mounts = (each.split() for each in Path("/proc/mounts").read_text().splitlines())
    places = [Path(words[1]) for words in mounts if words[2] == "cgroup2"]
    need(places, "there is no cgroup2 mounted here")
    group = places[0] / f"shepherd-test-{os.getpid()}"
    group.mkdir()
    return group


def _remove(group: Path) -> None:
    give_up = time.monotonic() + 10
    while group.exists() and time.monotonic() < give_up:
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
