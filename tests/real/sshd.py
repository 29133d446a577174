"""A real sshd on loopback that lets one key into one account, for what goes over ssh."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

USER = "lpqateam"


def need(fulfilled: object, sentence: str) -> None:
    """Not skipped: who asks for the real tests wants to know that this one did not run."""
    if not fulfilled:
        pytest.fail(sentence, pytrace=False)


@contextlib.contextmanager
def account() -> Iterator[pwd.struct_passwd]:
    """lpqateam, made and removed by root; for anybody else the login itself."""
    if os.geteuid() != 0:
        yield pwd.getpwuid(os.geteuid())
        return
    made = USER not in {each.pw_name for each in pwd.getpwall()}
    if made:
        # '*': without it the account counts as locked
        subprocess.run(["useradd", "--create-home", "--password", "*", USER], check=True)
    try:
        yield pwd.getpwnam(USER)
    finally:
        if made:
            subprocess.run(["crontab", "-u", USER, "-r"], check=False, capture_output=True)
            subprocess.run(["userdel", "--remove", "--force", USER], check=False, capture_output=True)


class Sshd:
    """One daemon with a host key of its own, that lets one key into one account."""

    def __init__(self, folder: Path, user: pwd.struct_passwd, extra: str = "") -> None:
        self.program = shutil.which("sshd") or "/usr/sbin/sshd"
        need(Path(self.program).exists(), "there is no sshd here: .ci/run installs openssh-server")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.folder, self.user = folder, user
        self.key, self.host_key = folder / "key", folder / "host_key"
        for each in (self.key, self.host_key):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", each], check=True)
        keys = folder / "authorized_keys"
        shutil.copy(self.key.with_suffix(".pub"), keys)
        keys.chmod(0o644)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.config = folder / "sshd_config"
        self.config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nListenAddress ::1\n"
            f"HostKey {self.host_key}\nPidFile none\n"
            f"AuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"MaxStartups 100\nAllowUsers {user.pw_name} {pwd.getpwuid(os.geteuid()).pw_name}\n{extra}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.folder / "sshd.log").open("ab")
        self._process = subprocess.Popen([self.program, "-D", "-e", "-f", self.config], stderr=log)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        pytest.fail((self.folder / "sshd.log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def known(self) -> str:
        words = self.host_key.with_suffix(".pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {words[0]} {words[1]}\n"
