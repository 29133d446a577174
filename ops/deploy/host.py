"""One host over ssh: strict host keys, time limits, and our agent there (design 5.4).

Fabric finds the host (ssh_config, keys, agent, proxies); it accepts any host key by default, so the policy is
set here before anything is opened. Fabric's own `run` is not used: what the agent is asked, and what is sent
to it, goes through standard input, also where `sudo` stands between, and never on a command line.
"""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from ops.tasking import ROOT, complain
from shepherd.errors import DEADLINE, UNEXPECTED, SettingsError, ShepherdError
from shepherd.settings import Deploy
from shepherd.values import clean

if TYPE_CHECKING:
    from fabric import Connection
    from paramiko import Channel, SSHClient

CONNECT_LIMIT = 15
"""Seconds for each of connecting, the banner, and logging in."""
ANSWER_LIMIT = 60.0
"""Seconds that a question may take which changes little."""
WORK_LIMIT = 1800.0
"""Seconds that a step may take."""

HEARTBEAT = 15.0
"""Seconds between two signs of life to who holds the deploy lock for us."""

SENT = (
    "shepherd",
    "shepherd.errors",
    "ops",
    "ops.releases",
    "ops.deploy",
    "ops.deploy.building",
    "ops.deploy.agent",
)
"""The modules that the agent needs; packages are sent empty."""

BOOT = """\
import sys
if sys.version_info < (3, 11):
    sys.exit("its Python is " + sys.version.split()[0] + ", 3.11 or newer is needed: see deploy.python")
import json, types
b = sys.stdin.buffer
def r(): return json.loads(b.read(int(b.readline())))
for name, text in r():
    m = types.ModuleType(name); m.__path__ = []; sys.modules[name] = m
    exec(compile(text, name + ".py", "exec"), m.__dict__)
sys.exit(sys.modules["ops.deploy.agent"].main(r(), b))
"""

Say = Callable[[str], None]


class HostError(ShepherdError):
    """The host cannot be reached, is not who it was, or something failed there."""


class RemoteError(ShepherdError):
    """Something failed on the host, which said it in one sentence; `code` is its exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Host:
    """An open connection to the shepherd's account on one host."""

    def __init__(self, connection: Connection, deploy: Deploy, known_hosts: Path | None) -> None:
        """Args: connection: not open yet; known_hosts: None for the operator's own."""
        self.name = f"{connection.host}:{connection.port}" if connection.port != 22 else connection.host
        self.login = f"{connection.user}@{connection.host}"
        self._connection = connection
        self._deploy = deploy
        self._known_hosts = known_hosts

    @contextmanager
    def opened(self) -> Iterator[Host]:
        """Raises HostError: no connection, or a host key that is unknown or another one."""
        from paramiko.ssh_exception import BadHostKeyException, SSHException

        connection = self._connection
        _be_strict(connection.client, self._known_hosts, self.name, connection.port)
        for limit in ("banner_timeout", "auth_timeout", "channel_timeout"):
            connection.connect_kwargs.setdefault(limit, CONNECT_LIMIT)
        try:
            connection.open()
        except BadHostKeyException as error:
            raise HostError(_changed(error, self.name, connection.port)) from None
        except ShepherdError:
            raise
        except (OSError, EOFError, SSHException, ValueError) as error:
            raise HostError(
                f"{self.name}: no ssh connection as {connection.user}"
                f" ({clean(str(error) or repr(error), 300)});"
                f" try: ssh -p {connection.port} {connection.user}@{connection.host} true"
            ) from None
        connection.transport.set_keepalive(15)
        try:
            yield self
        finally:
            connection.close()

    def ask(
        self,
        do: str,
        data: Iterable[bytes] = (),
        *,
        say: Say | None = None,
        limit: float = ANSWER_LIMIT,
        **request: Any,
    ) -> dict[str, Any]:
        """Let the agent do one thing, to its end.

        Args:
            data: sent after the request; say: what the agent tells meanwhile.

        Raises:
            RemoteError: it failed there. HostError: the connection broke, or no answer in time.
        """
        channel = self._start(do, request, limit)
        answer: dict[str, Any] = {}

        def hear(line: str) -> None:
            nonlocal answer
            if line.startswith("= "):
                answer = json.loads(line[2:])
            elif line.startswith("> ") and say is not None:
                say(line[2:])

        feeder = threading.Thread(target=_feed, args=(channel, data), daemon=True)
        feeder.start()
        code, complaint = _listen(channel, hear, limit, self.name, do)
        self._judge(code, complaint, do)
        return answer

    @contextmanager
    def holding(self, say: Say, **request: Any) -> Iterator[None]:
        """The deploy lock, for as long as the block and this process live. Raises RemoteError: taken."""
        channel = self._start("hold", request, ANSWER_LIMIT)
        channel.settimeout(ANSWER_LIMIT)
        heard = b"\n"
        with suppress(TimeoutError):
            while b"\n= " not in heard and (more := channel.recv(4096)):
                heard += more
        if b"\n= " not in heard:
            code, complaint = _listen(channel, lambda line: None, ANSWER_LIMIT, self.name, "hold")
            self._judge(code or UNEXPECTED, complaint, "hold")
        for line in heard.decode(errors="replace").splitlines():
            if line.startswith("> "):
                say(line[2:])
        over = threading.Event()
        threading.Thread(target=_sign_of_life, args=(channel, over), daemon=True).start()
        try:
            yield
        finally:
            over.set()
            with suppress(OSError, EOFError):
                channel.shutdown_write()
                channel.recv_exit_status()
                channel.close()

    def run(self, words: list[str], say: Say, limit: float) -> int:
        """A command in the account, its output told line by line; what it complains of, on standard error.

        Raises:
            HostError: the connection broke, or the limit passed; on the host it goes on.
        """
        channel = self._channel(shlex.join(words), limit)
        channel.shutdown_write()
        code, complaint = _listen(channel, say, limit, self.name, "the upgrade")
        for line in complaint.splitlines():
            complain(line)
        return code

    def _start(self, do: str, request: dict[str, Any], limit: float) -> Channel:
        channel = self._channel(f"{shlex.quote(self._deploy.python)} -I -c {shlex.quote(BOOT)}", limit)
        request = {"do": do, "directory": self._deploy.directory, **request}
        for document in (modules(), request):
            content = json.dumps(document).encode()
            # who has gone already says why, when it is listened to
            with suppress(OSError):
                channel.sendall(b"%d\n%s" % (len(content), content))
        return channel

    def _channel(self, command: str, limit: float) -> Channel:
        from paramiko.ssh_exception import SSHException

        if self._deploy.sudo:
            command = (
                f"sudo -n -H -u {shlex.quote(self._deploy.user)} -- sh -c {shlex.quote(f'cd && {command}')}"
            )
        try:
            channel: Channel = self._connection.transport.open_session(timeout=CONNECT_LIMIT)
            channel.settimeout(limit)
            channel.exec_command(command)
        except (OSError, EOFError, SSHException) as error:
            raise HostError(f"{self.name}: the connection broke ({clean(str(error), 200)})") from None
        return channel

    def _judge(self, code: int, complaint: str, do: str) -> None:
        if code == 127 and "not found" in complaint:
            raise HostError(
                f"{self.name} has no {self._deploy.python}: install it, or name one: deploy.python"
            )
        if code:
            lines = complaint.strip().splitlines() or [f"{do} ended with {code}, and said nothing"]
            raise RemoteError(f"{self.name}: {clean(lines[-1], 1200)}", code if 0 < code < 9 else UNEXPECTED)


def _sign_of_life(channel: Channel, over: threading.Event) -> None:
    with suppress(OSError, EOFError):
        while not over.wait(HEARTBEAT):
            channel.sendall(b".")


def _feed(channel: Channel, data: Iterable[bytes]) -> None:
    with suppress(OSError, EOFError):
        for each in data:
            channel.sendall(each)
        channel.shutdown_write()


def _listen(
    channel: Channel, hear: Callable[[str], None], limit: float, name: str, what: str
) -> tuple[int, str]:
    """Exit code, and what was written to standard error."""
    end = monotonic() + limit
    complaint: list[bytes] = []

    def complaints() -> None:
        with suppress(OSError, EOFError):
            while content := channel.recv_stderr(32_768):
                complaint.append(content)

    channel.settimeout(limit)
    reader = threading.Thread(target=complaints, daemon=True)
    reader.start()
    rest = b""
    try:
        while content := channel.recv(32_768):
            *lines, rest = (rest + content).split(b"\n")
            for line in lines:
                hear(_printable(line.decode("utf-8", "replace")))
            channel.settimeout(max(0.01, end - monotonic()))
        if not channel.status_event.wait(max(1.0, end - monotonic())):
            raise TimeoutError
    except TimeoutError:
        failure = HostError(
            f"{name}: {what} gave no answer within {limit:g} seconds; it may go on there: fab releases"
        )
        failure.code = DEADLINE
        raise failure from None
    reader.join(5)
    code = channel.recv_exit_status()
    channel.close()
    if code < 0:
        raise HostError(f"{name}: the connection broke during {what}; it goes on there: see fab releases")
    return code, b"".join(complaint).decode("utf-8", "replace")


def _printable(line: str) -> str:
    """Without anything that a terminal could take for a command; blanks at the beginning stay."""
    return "".join(char if char.isprintable() else "?" for char in line)


def modules() -> list[tuple[str, str]]:
    """What is sent of us: names and texts."""
    found = []
    for name in SENT:
        path = ROOT.joinpath(*name.split("."))
        found.append((name, "" if path.is_dir() else path.with_suffix(".py").read_text("utf-8")))
    return found


def _be_strict(client: SSHClient, known_hosts: Path | None, name: str, port: int) -> None:
    from paramiko.client import MissingHostKeyPolicy

    class Refuse(MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko has no types
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            host = name.rpartition(":")[0] if port != 22 else name
            place = known_hosts or "~/.ssh/known_hosts"
            raise HostError(
                f"{name}: its host key is not known ({key.get_name()} {key.fingerprint}). Ask its"
                f" administrator for the fingerprint, compare, then: ssh-keyscan -p {port} {host} >> {place}"
            )

    try:
        if known_hosts is None:
            client.load_system_host_keys()
            if Path("/etc/ssh/ssh_known_hosts").exists():
                client.load_system_host_keys("/etc/ssh/ssh_known_hosts")
        else:
            client.load_host_keys(str(known_hosts))
    except OSError as error:
        raise SettingsError(f"deploy.known_hosts: {known_hosts}: {error.strerror}") from None
    client.set_missing_host_key_policy(Refuse())


def _changed(error: Any, name: str, port: int) -> str:
    host = name.rpartition(":")[0] if port != 22 else name
    place = f"[{host}]:{port}" if port != 22 else host
    return (
        f"{name}: THE HOST KEY HAS CHANGED, SOMEBODY MAY BE IN BETWEEN. It shows"
        f" {error.key.fingerprint}, known is {error.expected_key.fingerprint}. Nothing was sent. Only if its"
        f" administrator says that it was made anew: ssh-keygen -R {shlex.quote(place)}, then ssh-keyscan"
    )
