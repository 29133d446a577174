"""The mail host: a real SMTP server in a process of its own, and what it received."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import NamedTuple

from bench.project import ROOT
from tests.running.smtp import Server
from tests.waiting import until


class Received(NamedTuple):
    """One mail that arrived."""

    to: str
    sender: str
    message: Message

    @property
    def kind(self) -> str:
        return self.message["X-QA-Shepherd-Kind"] or "other"

    @property
    def subject(self) -> str:
        return str(self.message["Subject"]).replace("\n", "")

    @property
    def day(self) -> date:
        return datetime.strptime(self.message["Date"], "%a, %d %b %Y %H:%M:%S %z").date()


class MailHost:
    """Takes mail while it is up; what it took stays."""

    def __init__(self, folder: Path, port: int) -> None:
        self._box, self.port = folder / "mail.jsonl", port
        self._box.touch()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            sys.executable,
            "-m",
            "bench.month.mail",
            str(self._box),
            str(self.port),
        ]
        self._process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n", "the mail host does not start"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def received(self) -> list[Received]:
        """Everything since the month began, in order."""
        lines = [json.loads(line) for line in self._box.read_text().splitlines()]
        messages = [(to, message_from_string(text.replace("\r\n", "\n"))) for to, text in lines]
        return [Received(to, message["From"], message) for to, message in messages]

    def wait_for(self, wanted: Callable[[Received], bool]) -> None:
        until(lambda: any(map(wanted, self.received())), what="a mail")

    def doubled(self) -> list[str]:
        """Mails that came twice: by Message-ID, and digests by person and day."""
        mails = self.received()
        ids = Counter(str(each.message["Message-ID"]) for each in mails)
        days = Counter((each.sender, each.to, each.day) for each in mails if each.kind == "digest")
        return [f"{what} came {count} times" for what, count in (ids + Counter()).items() if count > 1] + [
            f"{who[1]} had {count} digests on {who[2]}" for who, count in days.items() if count > 1
        ]

    def kinds(self) -> Counter[str]:
        return Counter(each.kind for each in self.received())


class _Box(list[tuple[str, str]]):
    """What the server keeps, on disk before it says so."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def append(self, entry: tuple[str, str]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(entry) + "\n")


def main() -> None:
    """Serve until killed."""
    server = Server(int(sys.argv[2]))
    server.messages = _Box(Path(sys.argv[1]))
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
