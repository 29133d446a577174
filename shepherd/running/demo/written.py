"""What the shepherd wrote in the demo, as files: each kind of mail, and what the tagger put on which bug.

Nothing is sent. The days of the demo pass in a second, so the mails take the day on which a landing landed
for that on which it came on the QA server; what the story does not bring about is made up (see MADE_UP).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import fill

from msgspec.structs import replace

from shepherd.act.mail import message_of
from shepherd.plans.check_waits import CheckWait, HeldRevision, HeldUp
from shepherd.plans.days import days_of
from shepherd.plans.mails import Mail, RaisedAlarm, Waiting, WentLive
from shepherd.settings import MailSettings, Settings
from shepherd.situation import Hang
from shepherd.snapshot import CheckEntry, Snapshot
from shepherd.stages.mail_messages import message_for
from shepherd.stages.promotion_mails import last_promotion
from shepherd.store import Database

COLUMNS = 80
MADE_UP = ("checks", "alarm", "hang", "unreachable", "brake")
"""Kinds of mail that the story of the demo does not cause."""
LIST, OPERATORS = "team@example.org", "operators@example.org"
_MAIL = MailSettings(sender="QA Shepherd <shepherd@example.org>", list=LIST, operators=(OPERATORS,))


def write_mails(folder: Path, settings: Settings, snapshot: Snapshot, now: datetime) -> list[Path]:
    """Write a mail of each kind, as a mail program opens it (`.eml`) and as text (`.txt`); the texts."""
    folder.mkdir(exist_ok=True)
    mailing = replace(settings, mail=_MAIL)
    texts = []
    for mail in _mails(snapshot, settings, now):
        message = message_of(message_for(mail, mailing, now, snapshot.run_id), _MAIL, now)
        (folder / f"{mail.kind}.eml").write_bytes(message.as_bytes())
        body = message.get_body(("plain",))
        assert body is not None
        text = f"To: {message['To']}\nSubject: {message['Subject']}\n\n{body.get_content()}"
        texts.append(folder / f"{mail.kind}.txt")
        texts[-1].write_text(text.replace("\r\n", "\n"), encoding="utf-8")
    return texts


def write_bugs(file: Path, bugs: Path) -> None:
    """Write what is on each bug of the tracker's file now, with the tagger's comments."""
    there = json.loads(bugs.read_text(encoding="utf-8"))["bugs"]
    lines = ["What the QA tagger wrote, and what people said since. bugs.json is the tracker."]
    for number, bug in sorted(there.items(), key=lambda each: int(each[0])):
        lines += ["", f"bug {number}: {bug['title']}"]
        lines.append(f"  tags: {', '.join(bug['tags']) or 'none'}; status: {bug.get('status') or 'none'}")
        for comment in bug.get("comments", ()):
            lines += ["", *(_indented(line) for line in comment.splitlines())]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _indented(line: str) -> str:
    return (
        fill(line, COLUMNS, initial_indent="  | ", subsequent_indent="  | ", break_on_hyphens=False) or "  |"
    )


def _mails(snapshot: Snapshot, settings: Settings, now: datetime) -> Iterator[Mail]:
    with Database.of(settings, read_only=True) as database, database.branch(snapshot.branch) as store:
        head, promoted = store.journal.head_name(), last_promotion(store, snapshot.branch)
    items = _waiting(snapshot, settings)
    by_person: dict[str, list[Waiting]] = {}
    for item in items:
        by_person.setdefault(item.entry.person, []).append(item)
    person, theirs = max(by_person.items(), key=lambda each: len(each[1]))
    yield Mail("digest", f"{person.split()[0].lower()}@example.org", tuple(theirs))
    yield Mail("escalation", LIST, tuple(items))
    if live := [entry for entry in snapshot.landings if entry.progress == "live" and entry.person]:
        theirs_live = [entry for entry in reversed(live) if entry.person == live[0].person]
        yield Mail(
            "live",
            f"{live[0].person.split()[0].lower()}@example.org",
            live=tuple(WentLive(snapshot.branch, entry, entry.live_since or now) for entry in theirs_live),
            head=head,
        )
    if promoted is not None:
        yield Mail("promotion", OPERATORS, promotion=promoted, head=head)
    began = now - timedelta(hours=5)
    failed = CheckEntry("ci/unit", "no", "failed", began)
    held = HeldRevision(snapshot.landings[0].revno, failed)
    yield Mail(
        "checks",
        LIST,
        held=(HeldUp(snapshot.branch, CheckWait(1, failed.name, held.revno, began), (held,), 1),),
    )
    bad = next(item for item in items if item.entry.state == "bad")
    told = f"production runs r{bad.entry.revno}, which is bad: {bad.entry.reason}"
    alarm = RaisedAlarm(1, bad.entry.revno, told, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    yield Mail("alarm", OPERATORS, branch=snapshot.branch, alarms=(alarm,))
    hang = Hang("judge", 4242, now - timedelta(hours=2), "qa1.example.org")
    yield Mail("hang", OPERATORS, hang=hang, text="judge has been at work for 2 hours, and its process lives")
    yield Mail("unreachable", OPERATORS, people=("Release Robot (robot@users.noreply.example.org)",))
    yield Mail("brake", OPERATORS, count=_MAIL.cap + 40)


def _waiting(snapshot: Snapshot, settings: Settings) -> list[Waiting]:
    """The landings that somebody can do something about, what waits longest first."""
    days = days_of(settings)
    entries = {entry.revno: entry for entry in snapshot.landings}
    blockers = sorted(snapshot.blockers, key=lambda blocker: blocker.revno)
    return [
        Waiting(
            snapshot.branch,
            entries[blocker.revno],
            blocker,
            entries[blocker.revno].landed_at,
            days.of(entries[blocker.revno].landed_at) + timedelta(days=1),
        )
        for blocker in blockers
        if entries[blocker.revno].state != "unknown" and entries[blocker.revno].progress != "not-on-qa-yet"
    ]
