"""Plays the fortnight of `script.toml` with the real commands, a real mail server and a bent clock; writes
down what everybody sees."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.gitrepo import Repo
from tests.inv import Done, inv
from tests.mail.team import parsed, text_of
from tests.real.site import faketime
from tests.running.smtp import Server

HERE = Path(__file__).parent
SCRIPT, TRANSCRIPT = HERE / "script.toml", HERE / "transcript.txt"
ZONE = ZoneInfo("Europe/Berlin")
SETTINGS = """\
timezone = "Europe/Berlin"
freeze = [{ days = "Fri 16:00 - Mon 08:00", reason = "weekend" }]
freeze_warn_after = "1d"

[branches.stable]
repository = "project.git"
ref = "stable"
deployed = { ref = "production" }
promote = { ref = "released" }
checks = ["ci/build", "ci/unit"]
checks_grace = "4h"
limits = [{ paths = ["db/patch-*.sql"], max = 1, reason = "one schema change at a time" }]

[tracker]
type = "file"
path = "tracker.json"

[promote]
auto = true

[report]
expected_every = "30d"
url = "https://qa.example.org/"

[mail]
smtp = "%s"
sender = "QA Shepherd <qa-shepherd@example.org>"
list = "dev@example.org"
operators = ["ops@example.org"]
"""


class Player:
    """A team's repository, tracker and host, at a moment of its fortnight."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder = folder
        self._server = server
        self._repo = Repo(folder / "project.git")
        self._landings: list[str] = []
        self._said: dict[str, dict[str, Any]] = {"bugs": {}, "checks": {}}
        self._at = datetime.min.replace(tzinfo=ZONE)
        (folder / "shepherd.toml").write_text(SETTINGS % server.place)

    def play(self) -> Iterator[str]:
        """What everybody sees, step by step."""
        for step in tomllib.loads(SCRIPT.read_text())["step"]:
            self._at = datetime.fromisoformat(step["at"]).replace(tzinfo=ZONE)
            yield f"=== {self._at:%A, %d %B %H:%M}. {step['why']}\n"
            self._happen(step)
            for words in step.get("inv", ()):
                yield self._shown(words)
            yield self._tick()
            for words in step.get("then", ()):
                yield self._shown(words)
            if step.get("show"):
                yield self._shown("status")
                page = self._folder / "var" / "report" / "stable.html"
                yield f"The page: {self._steady(_headings(page))}\n\n"

    def _happen(self, step: dict[str, Any]) -> None:
        when = int(self._at.timestamp())
        for who, message, path in step.get("land", ()):
            author = f"{who} <{who.lower()}@example.org>"
            content = f"{message}\n"
            self._landings.append(self._repo.commit(message, {path: content}, author, when - 600))
        for bug, tag in step.get("bugs", {}).items():
            self._said["bugs"][bug] = {"title": f"Bug {bug}", "tags": [tag]}
        for rev, results in step.get("checks", {}).items():
            sha = self._landings[int(rev[1:]) - 1]
            since = self._at.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")
            said = {name: {"state": word, "since": since} for name, word in results.items()}
            self._said["checks"].setdefault(sha, {}).update(said)
        text = "{" if step.get("broken") else json.dumps(self._said)
        (self._folder / "tracker.json").write_text(text)
        if "deployed" in step:
            self._repo.git("update-ref", "refs/heads/production", self._landings[step["deployed"] - 1])

    def _inv(self, words: str) -> Done:
        moment = f"{self._at.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M:%S}"
        bent = {"LD_PRELOAD": str(faketime()), "FAKETIME": f"@{moment}", "TZ": "UTC", "COLUMNS": "80"}
        # no multiple of it is near a whole minute: what a command takes shows in no time and in no age
        self._at += timedelta(seconds=95)
        return inv(self._folder, *shlex.split(words), **bent)

    def _shown(self, words: str) -> str:
        done = self._inv(words)
        code = f"[exit code {done.code}]\n" if done.code else ""
        return f"$ inv {words}\n{self._steady(done.out + done.err)}{code}\n"

    def _tick(self) -> str:
        """What cron's run does: what it says by itself, whom it mails, where the promoted ref is."""
        before = self._released()
        done = self._inv("run --cron")
        lines = [f"cron: {line}" for line in self._steady(done.out + done.err).splitlines()]
        for to, text in self._server.messages:
            message = parsed(text)
            body = self._steady(text_of(message)).partition("\n-- \n")[0]
            lines.append(f"Mail to {to}: {message['Subject']}")
            lines += [f"  | {line}".rstrip() for line in body.strip().splitlines()]
        self._server.messages.clear()
        if (after := self._released()) != before:
            lines.append(f"released: {after}")
        return "".join(f"{line}\n" for line in lines) + "\n"

    def _released(self) -> str:
        sha = self._repo.git("for-each-ref", "--format=%(objectname)", "refs/heads/released")
        return f"r{self._landings.index(sha) + 1}" if sha else "nothing"

    def _steady(self, text: str) -> str:
        """Without what differs from one play to the next."""
        text = text.replace(str(self._folder), "…").replace(self._server.place, "SMTP")
        text = re.sub(r"\s+…/", " …/", text)  # where a line ends depends on the length of the path
        text = re.sub(r"\b\d+\.\d s\b", "N s", text)
        text = re.sub(r"\b[0-9a-f]{40}\b", "SHA", text)
        text = re.sub(r"\b[0-9a-f]{12}\b", "SHA", text)
        text = re.sub(r"\b[0-9a-f]{8}…", "SHA…", text)
        text = re.sub(r"(run )\d{8}T\d{6}Z-[0-9a-f]{4}", r"\1RUN", text)
        return re.sub(r"\b(?:less than a second|\d+ seconds?)\b", "N seconds", text)


class _Headings(HTMLParser):
    """The page's title, and what stands in its first heading."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = ""
        self.texts = {"title": "", "h1": ""}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.texts and not self.texts[tag]:
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside] += data


def _headings(page: Path) -> str:
    parser = _Headings()
    parser.feed(page.read_text())
    return " | ".join(" ".join(text.split()) for text in parser.texts.values())
