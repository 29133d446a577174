"""One host over ssh, and our agent there (docs/operator-every-day.md#what-a-deploy-does).

Fabric's own `run` is not used: what the agent is asked, and what is sent to it, goes through standard input,
also where `sudo` stands between, and never on a command line.
"""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ops.deploy.answers import understood
from ops.deploy.connection import CONNECT_LIMIT, connected
from ops.deploy.openssh import HostError, Route
from ops.deploy.session import RemoteCall, shown
from shepherd.errors import UNEXPECTED, ShepherdError
from shepherd.limits import StoppedError
from shepherd.running.output import complain
from shepherd.running.tasking import ROOT
from shepherd.settings import DeploySettings
from shepherd.values import clean, quoted

if TYPE_CHECKING:
    from paramiko import Channel, Transport

ANSWER_LIMIT = 60.0
"""Seconds that a question may take which changes little."""
WORK_LIMIT = 1800.0
"""Seconds that a step may take."""

HEARTBEAT = 15.0
"""Seconds between two signs of life to who holds the deploy lock for us."""
SESSIONS = 3
"""At a time in one connection: the lock, what is asked, and one whose end the host has yet to notice."""

SENT = (
    "shepherd",
    "shepherd.commands",
    "shepherd.errors",
    "shepherd.locks",
    "shepherd.atomic",
    "shepherd.chat_addresses",
    "shepherd.report_files",
    "shepherd.running",
    "shepherd.running.bad_commits",
    "shepherd.running.releases",
    "shepherd.running.starting",
    "ops",
    "ops.deploy",
    "ops.deploy.reusing",
    "ops.deploy.building",
    "ops.deploy.configuring",
    "ops.deploy.needing",
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


class RemoteError(ShepherdError):
    """Something failed on the host, which said it in one sentence; `code` is its exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class Host:
    """The shepherd's account on one host."""

    def __init__(
        self,
        route: Route,
        deploy: DeploySettings,
        secrets: dict[str, Any] | None = None,
        state_dir: str = "var",
    ) -> None:
        """Args: secrets: what paramiko is told in addition; state_dir: where it lies, seen from `shared`."""
        self.name = route.name
        self.login = f"{route.user}@{route.host}"
        self._route = route
        self._deploy = deploy
        self._secrets = secrets or {}
        self._log = PurePosixPath(deploy.directory, "shared", state_dir, "log", "upgrade.log")
        self.upgrading = False
        """Whether an upgrade was begun there: what is live may have changed since."""
        self._transport: Transport | None = None
        self._ready: list[Channel] = []

    @contextmanager
    def opened(self) -> Iterator[Host]:
        """Connected, for as long as the block lasts.

        Raises:
            HostError: no connection; a host key that is unknown, revoked or another one; too few sessions.
        """
        with connected(self._route, self._secrets) as self._transport:
            # what the host does not allow is known before anything is done
            self._ready = [self._opened_session() for _ in range(SESSIONS)]
            yield self

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
            data: sent after the request; say: gets what the agent reports meanwhile.

        Raises:
            RemoteError: it failed there. HostError: the connection broke, no answer in time, or none that
                can be understood.
        """
        channel = self._start(do, request, limit)
        session = RemoteCall(channel, self.name, do, limit)
        threading.Thread(target=_feed, args=(channel, data), daemon=True).start()
        reply = _Reply(do, say)
        for line in session.lines():
            reply.take(line)
        self._judge(*session.ended(), do)
        return reply.answer(self.name)

    @contextmanager
    def holding(self, say: Say, **request: Any) -> Iterator[None]:
        """The deploy lock, for as long as the block and this process live. Raises RemoteError: taken."""
        channel = self._start("hold", request, ANSWER_LIMIT)
        session = RemoteCall(channel, self.name, "hold", ANSWER_LIMIT)
        reply = _Reply("hold", say)
        if not any(reply.take(line) for line in session.lines()):
            self._judge(*session.ended(), "hold")
            reply.answer(self.name)
        channel.settimeout(ANSWER_LIMIT)
        over = threading.Event()
        threading.Thread(target=_sign_of_life, args=(channel, over), daemon=True).start()
        try:
            yield
        finally:
            over.set()
            with suppress(OSError, EOFError):
                channel.shutdown_write()
                channel.status_event.wait(ANSWER_LIMIT)
                channel.close()

    def run(self, words: list[str], say: Say, limit: float) -> int:
        """A command in the account, its output told line by line; what it complains of, on standard error.

        Raises:
            HostError: the connection broke, or the limit passed; on the host it goes on.
            StoppedError: by the keyboard; on the host it goes on.
        """
        self.upgrading = True
        try:
            channel = self._channel(shlex.join(words), limit)
            channel.shutdown_write()
            session = RemoteCall(channel, self.name, "the upgrade", limit)
            for line in session.lines():
                say(shown(line))
            code, complaint = session.ended()
        except KeyboardInterrupt:
            raise self._left_alone() from None
        for line in complaint.splitlines():
            complain(line)
        return code if code < 9 else UNEXPECTED

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
        channel = self._ready.pop() if self._ready else self._opened_session()
        try:
            channel.settimeout(min(limit, ANSWER_LIMIT))
            channel.exec_command(command)
        except (OSError, EOFError, SSHException) as error:
            raise self._broken(error) from None
        channel.settimeout(limit)
        return channel

    def _opened_session(self) -> Channel:
        from paramiko.ssh_exception import ChannelException, SSHException

        assert self._transport is not None, "asked outside of `opened`"
        try:
            channel: Channel = self._transport.open_session(timeout=CONNECT_LIMIT)
        except ChannelException:
            raise HostError(
                f"{self.name}: its sshd allows fewer than {SESSIONS} sessions in one connection, too few for"
                f" fab: set MaxSessions in its sshd_config to {SESSIONS} or more (10 by default)"
            ) from None
        except (OSError, EOFError, SSHException) as error:
            raise self._broken(error) from None
        return channel

    def _left_alone(self) -> StoppedError:
        watch = f"tail -n 20 -F {shlex.quote(str(self._log))}"
        if self._deploy.sudo:
            inner = shlex.quote(f"cd && exec {watch}")
            watch = shlex.quote(f"sudo -n -H -u {shlex.quote(self._deploy.user)} -- sh -c {inner}")
        return StoppedError(
            f"{self.name}: only this fab was stopped: an inv upgrade that has begun there goes on to its end,"
            f" and takes itself back if its check fails; watch it: {self._route.ssh} {watch}; how it ended:"
            " fab releases"
        )

    def _broken(self, error: Exception) -> HostError:
        return HostError(f"{self.name}: the connection broke ({clean(str(error) or repr(error), 200)})")

    def _judge(self, code: int, complaint: str, do: str) -> None:
        if code == 127 and "not found" in complaint:
            raise HostError(
                f"{self.name} has no {self._deploy.python}: install it, or name one: deploy.python"
            )
        if code:
            lines = complaint.strip().splitlines() or [f"{do} ended with {code}, and said nothing"]
            raise RemoteError(f"{self.name}: {clean(lines[-1], 1200)}", code if 0 < code < 9 else UNEXPECTED)


class _Reply:
    """What came back of one question: progress, the answer, and what the account's shell printed."""

    def __init__(self, do: str, say: Say | None) -> None:
        self._do, self._say = do, say
        self._answer: dict[str, Any] | None = None
        self._why = "none came"
        self._noise = ""

    def take(self, line: str) -> bool:
        """Whether this line is the answer. A shell may print a line of its own, or the beginning of one."""
        _, sign, text = line.partition("= {")
        if sign:
            try:
                self._answer = understood(self._do, f"{{{text}")
                return True
            except ValueError as error:
                self._why = str(error)
        if line.startswith("> ") and self._say is not None:
            self._say(shown(line[2:]))
        elif line.strip() and not line.startswith("> "):
            self._noise = self._noise or line
        return False

    def answer(self, name: str) -> dict[str, Any]:
        """The answer. Raises HostError: there is none that can be understood."""
        if self._answer is None:
            noise = f"; its shell prints {quoted(self._noise)}: see ~/.bashrc there" if self._noise else ""
            raise HostError(f"{name}: no answer to {self._do} ({clean(self._why, 200)}){noise}")
        return self._answer


def _sign_of_life(channel: Channel, over: threading.Event) -> None:
    with suppress(OSError, EOFError):
        while not over.wait(HEARTBEAT):
            channel.sendall(b".")


def _feed(channel: Channel, data: Iterable[bytes]) -> None:
    with suppress(OSError, EOFError):
        for each in data:
            channel.sendall(each)
        channel.shutdown_write()


def modules() -> list[tuple[str, str]]:
    """What is sent of us: names and texts."""
    texts = []
    for name in SENT:
        path = ROOT.joinpath(*name.split("."))
        texts.append((name, "" if path.is_dir() else path.with_suffix(".py").read_text("utf-8")))
    return texts
