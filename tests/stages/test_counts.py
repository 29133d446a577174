"""How many landings go live, and how many must wait: the same number wherever it stands, whatever happened
(docs/guide.md#what-goes-live)."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from shepherd.cautions import cautions, released
from shepherd.errors import RefusedError
from shepherd.plans.promotion import Promotion
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.views import text
from shepherd.views.feeds.notes_file import notes_file
from shepherd.views.feeds.prometheus import prometheus
from shepherd.views.notes import as_markdown, notes_of
from shepherd.views.page import branch_page, index_page
from shepherd.views.promotions import promotion
from tests.project import Project
from tests.promoting import PROMOTE, promote
from tests.random_team import live_a_while
from tests.views.reader import Reader


def number(pattern: str, said: str) -> int:
    """The one number that the pattern finds."""
    found = re.findall(pattern, " ".join(said.split()))
    assert len(found) == 1, (pattern, said)
    return int(found[0])


def plan_of(project: Project, snapshot: Snapshot) -> Promotion | None:
    """That of a promotion now; None: what may be deployed is promoted already, or was taken back."""
    assert snapshot.deployable is not None
    promoted = snapshot.promoted.revno if snapshot.promoted else 0
    return promote(project, dry=True)[0] if snapshot.deployable.revno > promoted else None


def check(project: Project, snapshot: Snapshot) -> bool:
    """Compare every place; whether there was anything to compare."""
    known = cautions(snapshot, Situation())
    following = snapshot.next
    if released(snapshot, known) is None or following is None or snapshot.tip is None:
        assert notes_file(snapshot, Situation()) == b""
        return False
    goes, waits = len(following.landings), snapshot.tip.revno - following.to.revno
    status = text.status(snapshot, Situation())
    page = Reader(branch_page(snapshot, Situation())).text
    said = " ".join(status.split())
    metrics = prometheus([snapshot], Situation()).decode()
    notes = notes_of(snapshot)
    assert notes is not None
    assert {
        "status": number(r"^deploy r\d+ \(\w+…\), (\d+) landings?\b", said),
        "index": number(
            r" (\d+) landings?(?: newer than|: )", Reader(index_page([snapshot], Situation())).text
        ),
        "lead": number(r" (\d+) landings? (?:goes|go) live: ", page),
        "section": number(rf"Goes live with r{following.to.revno} \((\d+)\)", page),
        "metrics": number(r'landings_to_deploy\{branch="stable"\} (\d+)', metrics),
        "file": number(
            r"^stable: r\d+ to r\d+ (\d+) landings?\b", notes_file(snapshot, Situation()).decode()
        ),
        "lines": notes_file(snapshot, Situation()).decode().partition("\nRolled back by it")[0].count("\nr"),
        "markdown": as_markdown(notes).partition("\nRolled back by it")[0].count("\n- "),
    } == dict.fromkeys(("status", "index", "lead", "section", "metrics", "file", "lines", "markdown"), goes)
    back = len(following.undone)
    assert (f"({back} rolled back again)" in said) == bool(back)
    if waits:
        assert number(r" (\d+) newer landings? must wait", said) == waits
        assert number(r"Must wait \((\d+)\)", page) == waits
    else:
        assert "nothing has to wait" in said and "Must wait" not in page
    plan = plan_of(project, snapshot)
    if plan is not None:
        printed = promotion(plan, dry=True)
        assert [line.revno for line in plan.goes] == list(following.landings)
        assert [line.revno for line in plan.goes if line.undone] == list(following.undone)
        assert number(r"goes live \((\d+)[,)]", printed) == goes
        assert (number(r"must wait \((\d+)\)", printed) if waits else len(plan.stays)) == waits
    return True


@pytest.mark.parametrize("seed", (1, 6, 9, 27, 33, 53))
def test_page_status_promotions_notes_and_metrics_count_alike(tmp_path: Path, seed: int) -> None:
    project, luck = Project(tmp_path, branch=PROMOTE), random.Random(-seed)
    compared = 0
    for snapshot in live_a_while(project, random.Random(seed), days=5):
        compared += check(project, snapshot)
        if luck.random() < 0.3:
            try:
                promote(project)
            except RefusedError:
                continue
            compared += check(project, project.look())
    assert compared
