"""An SMTP server that keeps what it is given, or refuses it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages: list[tuple[str, str]] = []
        """Recipient, text."""
        self.refused: set[str] = set()
        """Recipients that are answered 550."""

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self._say("220 here")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            word = line.split(":")[0].upper().split()[0]
            if word == "RCPT":
                recipient = line.partition("<")[2].rstrip(">")
                self._say("550 nobody here" if recipient in self.server.refused else "250 ok")
            elif word == "DATA":
                self._say("354 go on")
                text = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    text += part
                self.server.messages.append((recipient, text.decode()))
                self._say("250 taken")
            else:
                self._say("221 bye" if word == "QUIT" else "250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
