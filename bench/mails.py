"""500 landings in QA of 120 people: the morning's mails, against the same messages sent by a bare loop."""

from __future__ import annotations

import smtplib
import tempfile
import time
from pathlib import Path

from bench.timing import Body, claim
from tests.mail.team import Team
from tests.running.smtp import serving

LANDINGS, PEOPLE = 500, 120


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serving() as server:
        team = Team(Path(folder), server)
        team.at("2011-08-01 10:00")
        for number in range(LANDINGS):
            person = f"p{number % PEOPLE}"
            team.land(f"[bug=1] Something {number}", author=f"{person} <{person}@example.org>")
        team.look()
        team.at("2011-08-09 09:00")
        before = server.connections
        ours = _seconds(lambda: print(team.remind().lines[-1]))
        print(f"{len(server.messages)} mails over {server.connections - before} connection")
        kept = list(server.messages)

        def bare() -> None:
            host, _, port = server.place.partition(":")
            with smtplib.SMTP(host, int(port), local_hostname="localhost") as smtp:
                for to, text in kept:
                    smtp.sendmail("qa-shepherd@example.org", [to], text)

        claim("the morning's mails", ours, _seconds(bare))
        again = _seconds(team.remind)
        claim("a later run of that day", again, ours)


def _seconds(body: Body) -> float:
    began = time.perf_counter()
    body()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
