"""One landing from day 0 to day 6, through a change of clocks: every mail, at its hour, to the letter.

The text is kept in `story.txt`. After a change of the templates: delete it, run this test twice, and read it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from shepherd.plans.days import long_time
from tests.mail.team import Team, parsed, text_of
from tests.running.smtp import Server

DAYS = [datetime.fromisoformat("2011-10-27") + timedelta(days=each) for each in range(7)]
RUNS = [f"{day:%Y-%m-%d} {hour}" for day in DAYS for hour in ("00:10", "08:55", "08:58", "14:00", "23:40")][
    3:
]
"""From the afternoon of day 0; each takes some minutes. Clocks change in the night to day 3."""
STORY = Path(__file__).with_name("story.txt")


def test_the_mails_of_a_week(tmp_path: Path, server: Server) -> None:
    team = Team(tmp_path, server, mail="weekend = true", zone="Europe/Berlin")
    team.at("2011-10-27 10:50").look()
    team.land("[bug=1] Show the weather of tomorrow", "[no-qa] Mend a comment")
    told = []
    for when in RUNS:
        team.at(when).look()
        for stage in (team.remind, team.escalate):
            stage()
            for to, text in server.messages:
                message = parsed(text)
                when = long_time(team.now, team.zone)
                headers = [f"{name}: {value}" for name, value in message.items() if name[:2] != "X-"]
                told.append("\n".join([f"=== {when}, to {to}", *headers[2:3], *headers[4:], ""]))
                told.append(text_of(message))
            server.messages.clear()
    story = re.sub(r"\b(?:[0-9a-f]{40}|(?<=Commit:  )[0-9a-f]{12})\b", "SHA", "\n".join(told))
    story = re.sub(r"boundary=.*", "boundary=…", story)
    if not STORY.exists():
        STORY.write_text(story)
    assert story == STORY.read_text()
