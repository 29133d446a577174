"""A mail of each kind, to be looked at: `python -m tests.mail.drawn FOLDER` writes their text and HTML, and
draws the HTML 330 and 720 px wide where there is a chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from shepherd.cautions import Caution
from shepherd.plans.check_waits import CheckWait, HeldRevision, HeldUp
from shepherd.plans.mails import Mail, RaisedAlarm, Waiting, WentLive
from shepherd.plans.promotion_news import PromotedLanding, PromotionNews
from shepherd.sentence import Part, Sentence, revision, statement
from shepherd.situation import Hang
from shepherd.snapshot import Blocker, LandingEntry, Rev
from shepherd.views.mail_entries import Project
from shepherd.views.mails import written
from tests.views.conditions import FAILED, RUNNING
from tests.views.factory import NOW, about_bug, entry

WIDTHS = (330, 720)
SITE = Project(
    ZoneInfo("Europe/Berlin"),
    NOW,
    page_url="https://qa.example.org/",
    mailing_list="dev@example.org",
    several=True,
    notes={"stable": "refs/notes/qa"},
    mark={"stable": "[rollback={revno}]"},
    commit_url={"stable": "https://git.example.org/launchpad/commit/?id={id}"},
    bug_url={"stable": "https://bugs.example.org/bugs/{bug}"},
    request_url={"stable": "https://forge.example.org/pull/{request}"},
    operators=("ops@example.org",),
)


def waiting(landing: LandingEntry, days: float = 3, frees: int = 5) -> Waiting:
    since = NOW - timedelta(days=days)
    blocker = Blocker(landing.revno, landing.person, since, 13, landing.revno + frees, frees)
    return Waiting("stable", landing, blocker, since, date(2011, 8, 26), "ann@example.org")


NEEDS_QA = entry(
    104,
    state="needstesting",
    good=False,
    reason=about_bug(800104, " is qa-needstesting"),
    remedy=Sentence(
        "try it on the QA server, then mark bug ",
        Part("item", "800104"),
        " qa-ok (or qa-bad)",
        ", or: ",
        statement("verdict r104 ok", "stable"),
    ),
    requests=("#12",),
)
BAD = entry(
    107,
    title="Rewrite the whole of the importer so that it takes files of any size without reading all of it",
    state="bad",
    good=False,
    reason=about_bug(800107, " is qa-bad and bad-commit-107 names it"),
    remedy=Sentence("revert it, marked [rollback=107], or land what repairs ", revision(104)),
    bugs=tuple(range(800100, 800112)),
)
ORPHAN = entry(
    108,
    state="orphan",
    good=False,
    bugs=(),
    branch="",
    reason="it names no bug and has no QA mark: an orphan, so nobody can tell whether it was tried",
    remedy=Sentence("say what it is: ", statement("verdict r108 ok", "stable")),
)
LIVE = tuple(
    WentLive("stable", entry(revno, state=state), NOW - timedelta(hours=2), "ann@example.org")
    for revno, state in ((97, "ok"), (98, "untestable"), (99, "bad"))
)
ALARMS = (
    RaisedAlarm(
        1, 99, "production runs r99, which is bad: bug 800099 is qa-bad; deploying r103 undoes it", "a"
    ),
)
HELD = (
    HeldUp(
        "stable",
        CheckWait(7, "ci/test", 104, NOW - timedelta(hours=5)),
        (HeldRevision(105, FAILED), HeldRevision(104, replace(RUNNING, name="ci/test"))),
        2,
        ("ci/build",),
    ),
    HeldUp("stable", CheckWait(9, "ci/*", 105, NOW - timedelta(hours=4)), (), 2),
)
PROMOTION = PromotionNews(
    *("stable", 4711, NOW - timedelta(minutes=5), Rev(104, "e" * 40), Rev(97, "a" * 40)),
    *("Ann Reed", "the weekly release", "20110824T101500-12ab"),
    code="0.4.0 (release 0007-3f9c2ab41d07, commit 3f9c2ab41d0791b2d06b8bd6a1d1b5a1c0f6f4e2)",
    despite="the shop is down without it",
    passed=("r104 waits for ci/build (running since 2011-08-24 09:58 UTC)",),
    drop_hotfix="the hotfix is in r103",
    landings=tuple(
        PromotedLanding(revno, f"Landing {revno} <b>&amp;", "Zoë Žižek" if revno % 2 else "")
        for revno in range(98, 104)
    ),
    count=7,
)
MAILS = {
    "digest": Mail("digest", "ann@example.org", tuple(map(waiting, (NEEDS_QA, BAD, ORPHAN))), live=LIVE),
    "digest-of-one": Mail("digest", "ann@example.org", (waiting(NEEDS_QA, 0.02),)),
    "digest-live-only": Mail("digest", "ann@example.org", live=LIVE[:1]),
    "live": Mail("live", "ann@example.org", live=LIVE, head=f"4712:{'5f' * 32}"),
    "promotion": Mail("promotion", "archive@example.org", promotion=PROMOTION, head=f"4712:{'5f' * 32}"),
    "promotion-seen": Mail(
        "promotion",
        "archive@example.org",
        promotion=PromotionNews("stable", 9, NOW, Rev(104, "e" * 40), Rev(97, ""), "", "", "run-2", True),
        head=f"4712:{'5f' * 32}",
    ),
    "escalation": Mail("escalation", "dev@example.org", (waiting(BAD, 9), waiting(NEEDS_QA, 6))),
    "checks": Mail("checks", "dev@example.org", held=HELD),
    "alarm": Mail(
        "alarm",
        "ops@example.org",
        branch="stable",
        alarms=ALARMS,
        cautions=(Caution("stale", "the answer is stale: a newer one was due 3 hours ago", "inv run", True),),
    ),
    "brake": Mail("brake", "ops@example.org", count=300),
    "hang": Mail(
        "hang",
        "ops@example.org",
        hang=Hang("judge", 4711, NOW - timedelta(hours=2), "qa1.example.org"),
        text="judge has been running since 2011-08-24 08:15 UTC, for 2 hours, and may hang: process 4711 on"
        " qa1.example.org",
    ),
    "unreachable": Mail(
        "unreachable", "ops@example.org", people=("Bob (1234+bob@users.noreply.github.com)", "Zoë Žižek")
    ),
}


def draw(folder: Path) -> None:
    """Write all of them, and draw them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, mail in MAILS.items():
        words = written(mail, SITE, ["devel: there is no answer yet: inv run"] if mail.items else ())
        (folder / f"{name}.txt").write_text(f"Subject: {words.subject}\n\n{words.text}")
        (folder / f"{name}.html").write_text(words.html)
        # no window is as narrow as that
        frames = "".join(
            f'<iframe src="{name}.html" style="border:1px solid" width={width} height=1700></iframe>'
            for width in WIDTHS
        )
        sheet = folder / f"{name}.sheet.html"
        sheet.write_text(f'<body style="margin:0;white-space:nowrap">{frames}')
        if browser := shutil.which("chromium"):
            options = [f"--screenshot={folder / f'{name}.png'}", "--window-size=1080,1720", "--no-sandbox"]
            subprocess.run(
                [browser, "--headless", *options, sheet.as_uri()], check=True, stderr=subprocess.DEVNULL
            )


if __name__ == "__main__":
    draw(Path(sys.argv[1]).resolve())
