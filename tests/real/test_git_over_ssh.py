"""Git over a real sshd: what `inv find` and `inv doctor` say when it does not get through
(docs/operator-first-day.md#the-git-server)."""

from __future__ import annotations

import json
import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inv import Done, inv
from tests.project import Project
from tests.real.sshd import Sshd

pytestmark = pytest.mark.real


class Remote:
    """A project whose repository lies behind an sshd, and the files that our ssh goes by."""

    def __init__(self, folder: Path, sshd: Sshd) -> None:
        self.folder, self.sshd = folder, sshd
        self.known_hosts, self.key = folder / "known_hosts", folder / "key"
        self.known_hosts.write_text(sshd.known())
        shutil.copy(sshd.key, self.key)
        project = Project(folder)
        project.deploy(project.land("[no-qa] One", "[no-qa] Two")[0])
        self.settings = folder / "shepherd.toml"
        self.use(f"ssh://{sshd.user.pw_name}@127.0.0.1:{sshd.port}{project.repo.path}")

    def use(self, repository: str) -> None:
        text = re.sub(r"repository = .*", f'repository = "{repository}"', self.settings.read_text())
        self.settings.write_text(text)

    def inv(self, *words: str) -> Done:
        ssh = f"ssh -oUserKnownHostsFile={self.known_hosts} -oIdentitiesOnly=yes -i {self.key}"
        return inv(self.folder, *words, GIT_SSH_COMMAND=ssh)

    def checks(self) -> dict[str, dict[str, str]]:
        report = json.loads(self.inv("doctor", "--json").out)
        return {check["name"]: check for check in report["checks"]}


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    folder = tmp_path / "sshd"
    folder.mkdir()
    sshd = Sshd(folder, pwd.getpwuid(os.geteuid()))
    sshd.start()
    try:
        yield Remote(tmp_path, sshd)
    finally:
        sshd.stop()


def other_key(folder: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "other"], check=True)
    return " ".join((folder / "other.pub").read_text().split()[:2])


def unknown(remote: Remote) -> None:
    remote.known_hosts.write_text("")


def changed(remote: Remote) -> None:
    remote.known_hosts.write_text(f"[127.0.0.1]:{remote.sshd.port} {other_key(remote.folder)}\n")


def refused(remote: Remote) -> None:
    other_key(remote.folder)
    (remote.folder / "other").rename(remote.key)


def open_to_all(remote: Remote) -> None:
    remote.key.chmod(0o644)


def stopped(remote: Remote) -> None:
    remote.sshd.stop()


def unresolved(remote: Remote) -> None:
    remote.use("ssh://nobody@no-such-host.invalid/srv/x.git")


@pytest.mark.parametrize(
    ("harm", "cause", "remedy"),
    [
        (unknown, "the host key of [127.0.0.1]:PORT is not known to", "ssh-keyscan -p PORT 127.0.0.1 >>"),
        (changed, "THE HOST KEY OF [127.0.0.1]:PORT HAS CHANGED", "-R '[127.0.0.1]:PORT'"),
        (refused, "Permission denied (publickey", "cat ~/.ssh/id_ed25519.pub"),
        (open_to_all, "which others can read", "chmod 600 "),
        (stopped, "Connection refused", "listen on port PORT"),
        (unresolved, "Could not resolve hostname", "getent hosts no-such-host.invalid"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_the_cause_is_kept_and_has_its_remedy(remote: Remote, harm: object, cause: str, remedy: str) -> None:
    assert callable(harm)
    harm(remote)
    cause, remedy = (text.replace("PORT", str(remote.sshd.port)) for text in (cause, remedy))
    find = remote.inv("find")
    assert find.code == 5
    assert cause in find.err and remedy in find.err
    checks = remote.checks()
    assert checks["repository stable"]["level"] == "fail"
    assert cause in checks["repository stable"]["what"] and remedy in checks["repository stable"]["remedy"]
    # the first fetch failed: the mirror is empty, and says nothing of the repository
    assert checks["deployed stable"]["what"].startswith("nothing has been fetched from ")
    assert "empty" not in str([check for name, check in checks.items() if name.endswith(" stable")])


def test_after_the_remedy_it_is_read(remote: Remote) -> None:
    unknown(remote)
    failed = remote.inv("find").err
    command = re.search(r"(ssh-keyscan -p \d+ \S+ >>) ~/\.ssh/known_hosts", failed)
    assert command, failed
    paste = f"{command[1]} {shlex.quote(str(remote.known_hosts))}"
    subprocess.run(["bash", "-c", paste], check=True, stderr=subprocess.DEVNULL)
    done = remote.inv("find")
    assert done.code == 0, done
    checks = remote.checks()
    assert (checks["repository stable"]["level"], checks["deployed stable"]["level"]) == ("ok", "ok")


def test_a_remote_that_is_empty_is_called_so(remote: Remote) -> None:
    subprocess.run(["git", "init", "-q", "--bare", remote.folder / "empty.git"], check=True)
    remote.use(f"ssh://{remote.sshd.user.pw_name}@127.0.0.1:{remote.sshd.port}{remote.folder}/empty.git")
    assert "is empty: it has no branch yet" in remote.inv("find").err
    assert remote.checks()["repository stable"]["what"].endswith("answers, and is empty")


def test_a_promotion_that_cannot_be_pushed_keeps_its_cause(remote: Remote) -> None:
    remote.settings.write_text(
        remote.settings.read_text().replace(
            'ref = "stable"\n', 'ref = "stable"\npromote = { ref = "production" }\n'
        )
    )
    assert remote.inv("find", "judge").code == 0
    refused(remote)
    done = remote.inv("promote")
    assert done.code == 5
    assert "Permission denied (publickey" in done.err and "id_ed25519.pub" in done.err


def test_a_server_that_accepts_and_says_nothing_is_left_in_time(remote: Remote) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        remote.use(f"ssh://nobody@127.0.0.1:{mute.getsockname()[1]}/x.git")
        ssh = "ssh -oConnectTimeout=1"
        done = inv(remote.folder, "find", GIT_SSH_COMMAND=ssh)
    assert done.code == 5 and "cannot be reached (ssh says 'Connection timed out during banner" in done.err


@pytest.mark.parametrize("place", ["ssh://{user}@[::1]:{port}{path}", "[{user}@localhost:{port}]:{path}"])
def test_hosts_with_colons(remote: Remote, place: str) -> None:
    port, user = remote.sshd.port, remote.sshd.user.pw_name
    key = remote.sshd.known().partition(" ")[2]
    remote.known_hosts.write_text(f"[::1]:{port},[localhost]:{port} {key}")
    remote.use(place.format(user=user, port=port, path=remote.folder / "project.git"))
    done = remote.inv("find")
    assert done.code == 0, done
