"""An SMTP server that keeps what it is given, or misbehaves: a real one, on a port of its own."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar, Literal

Trick = Literal[
    "refuse",  # 550 to the recipient
    "not now",  # 451 to the recipient
    "go away",  # 421 to the recipient, and the connection is closed
    "hang up",  # the connection is closed where the recipient should be answered
    "say nothing",  # no answer to the recipient
    "refuse it",  # 554 after the message
    "not it now",  # 452 after the message
    "take it and hang up",  # the message is kept, and the connection is closed without a word
    "take it and say nothing",
]
Door = Literal["", "busy", "mute", "no tls", "broken tls"]
"""What is wrong with all connections: 421 for a greeting, no greeting, 454 to STARTTLS, noise after it."""

_TO_RECIPIENT: dict[str, str] = {
    "refuse": "550 nobody here",
    "not now": "451 greylisted",
    "go away": "421 bye",
}
_TO_MESSAGE: dict[str, str] = {"refuse it": "554 no spam", "not it now": "452 no room"}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 50

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Session)
        self.messages: list[tuple[str, str]] = []
        """Recipient, text."""
        self.refused: set[str] = set()
        """Recipients that are answered 550."""
        self.tricks: dict[str, Trick] = {}
        """Recipient -> what goes wrong with it."""
        self.door: Door = ""
        self.tls: ssl.SSLContext | None = None
        """With it STARTTLS is offered."""
        self.password = ""
        """With it only who logs in may send, as `ann`."""
        self.connections = 0
        self.said: list[str] = []
        """Its answers, in their order."""
        self.closing = threading.Event()

    @property
    def place(self) -> str:
        return "{}:{}".format(*self.server_address)

    def mails_to(self, recipient: str) -> list[str]:
        return [text for to, text in self.messages if to == recipient]


class _Session(socketserver.StreamRequestHandler):
    server: Server
    EXTENSIONS: ClassVar = ("8BITMIME", "AUTH PLAIN")

    def handle(self) -> None:
        self.server.connections += 1
        self.recipient, self.encrypted, self.known = "", False, not self.server.password
        match self.server.door:
            case "mute":
                return self._wait()
            case "busy":
                return self._say("421 too busy")
        self._say("220 here")
        with suppress(OSError):  # the one who spoke to us was killed
            self._serve()
        return None

    def _serve(self) -> None:
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            word = line.replace(":", " ").upper().split()[0]
            if not getattr(self, f"do_{word}", self.do_other)(line):
                return

    def do_EHLO(self, _line: str) -> bool:
        offers = [*self.EXTENSIONS]
        if not self.encrypted and (self.server.tls or self.server.door.endswith("tls")):
            offers.append("STARTTLS")
        self._say("\r\n".join(["250-here", *(f"250-{each}" for each in offers), "250 HELP"]))
        return True

    def do_STARTTLS(self, _line: str) -> bool:
        if self.server.door == "no tls":
            self._say("454 not now")
            return True
        self._say("220 go on")
        if self.server.tls is None:
            self.wfile.write(b"this is no handshake\r\n" * 10)
            return False
        try:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        except OSError:
            return False
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)
        self.encrypted = True
        return True

    def do_AUTH(self, line: str) -> bool:
        from base64 import b64decode

        self.known = b64decode(line.split()[2]) == f"\0ann\0{self.server.password}".encode()
        self._say("235 welcome" if self.known else "535 wrong")
        return True

    def do_MAIL(self, _line: str) -> bool:
        self._say("250 ok" if self.known else "530 who are you?")
        return True

    def do_RCPT(self, line: str) -> bool:
        self.recipient = line.partition("<")[2].partition(">")[0]
        trick = self._trick()
        if trick == "say nothing":
            self._wait()
        if trick not in ("say nothing", "hang up"):
            self._say(_TO_RECIPIENT.get(trick, "250 ok"))
        return trick not in ("say nothing", "hang up", "go away")

    def do_DATA(self, _line: str) -> bool:
        self._say("354 go on")
        text = b""
        while (part := self.rfile.readline()) != b".\r\n":
            if not part:
                return False
            text += part.removeprefix(b".")
        trick = self._trick()
        if trick not in _TO_MESSAGE:
            self.server.messages.append((self.recipient, text.decode()))
        if trick == "take it and say nothing":
            self._wait()
        if trick.startswith("take it"):
            return False
        self._say(_TO_MESSAGE.get(trick, "250 taken"))
        return True

    def do_QUIT(self, _line: str) -> bool:
        self._say("221 bye")
        return False

    def do_other(self, _line: str) -> bool:
        self._say("250 ok")
        return True

    def _trick(self) -> str:
        return (
            "refuse" if self.recipient in self.server.refused else self.server.tricks.get(self.recipient, "")
        )

    def _wait(self) -> None:
        self.server.closing.wait(30)

    def _say(self, text: str) -> None:
        self.server.said.append(text)
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
