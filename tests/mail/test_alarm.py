"""The mail about an alarm: what undoes it is said, whatever else there is to say."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from shepherd.plans.mails import Mail, RaisedAlarm
from shepherd.views.mail_entries import Project
from shepherd.views.mails import written

NOW = datetime(2011, 8, 24, 10, 15, tzinfo=UTC)


def test_a_long_reason_keeps_the_way_out() -> None:
    text = f"production runs r4, which is bad: {'it is bad ' * 400}; deploying r14 undoes it"
    mail = Mail("alarm", "olga@example.org", branch="stable", alarms=(RaisedAlarm(1, 4, text, "then"),))
    words = written(mail, Project(ZoneInfo("UTC"), NOW))
    assert words.subject == "ALARM: stable: r4 bad in production"
    for text in (words.text, words.html):
        assert "deploying r14 undoes it." in " ".join(text.split())
        assert "What to do: deploy what undoes it" in text
