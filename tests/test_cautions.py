"""What must be known before the answer is acted on: one function, and all that shows or uses the answer."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from shepherd.cautions import AHEAD, STOPPING, Caution, CautionKind, cautions, code_of, released, stopping
from shepherd.running.reading import sha_for_scripts
from shepherd.sentence import parts_of, time
from shepherd.situation import Freeze, Maintenance, Situation, StageRuns, Unread
from shepherd.snapshot import Alarm, DeployedRev, Next, PromotedRev, Rev, Snapshot
from shepherd.views import text
from shepherd.views.feeds import snapshot_json
from shepherd.views.feeds.badge import badge
from shepherd.views.feeds.prometheus import prometheus
from shepherd.views.feeds.sha import sha_file
from shepherd.views.page import branch_page, index_page
from tests.views.factory import NOW, entry, no_data, rev, sha, snapshot

CALM = Situation(now=NOW)
LATE = Situation(now=snapshot().valid_until + timedelta(seconds=1))
UNREAD = Situation(now=NOW, unread={"stable": Unread(NOW, "find", "project.git has no branch 'stable'")})
FROZEN = Situation(now=NOW, freezes={"stable": (Freeze(NOW, NOW + timedelta(hours=2), "ann", "new disks"),)})
MAINTAINED = Situation(now=NOW, maintenance=Maintenance(NOW, "Ann", "new disks"))
GREEN, AMBER, RED = "#116329", "#7d4e00", "#b3121d"
ICONS = {"%231a7f37": GREEN, "%239a6700": AMBER, "%23b3121d": RED, "%2357606a": "#424a53"}


def hotfixed(*commits: str, **changes: Any) -> Snapshot:
    return snapshot(deployed=DeployedRev(100, sha(100), commits or (sha(7),)), **changes)


def undoing(*later: int, undone_by: int = 106, **changes: Any) -> Snapshot:
    """`deploy r103`, which brings these live though a later landing has undone them."""
    landings = tuple(
        replace(each, undone_by=undone_by, progress="rolled-back") if each.revno in later else each
        for each in snapshot().landings
    )
    base = Rev(100, sha(100))
    return snapshot(landings=landings, next=Next(base, rev(103), (101, 102, 103), None, later), **changes)


def promoted_bad() -> Snapshot:
    given = snapshot(promoted=PromotedRev(104, sha(104)))
    bad = tuple(replace(each, progress="promoted") if each.revno == 104 else each for each in given.landings)
    return replace(given, landings=bad)


ALARMED = snapshot(alarms=(Alarm(99, "bug 9 has bad-commit-99", 102),))
CASES: dict[str, tuple[Snapshot, Situation, list[CautionKind]]] = {
    "calm": (snapshot(), CALM, []),
    "no-data": (no_data(), CALM, ["no-data"]),
    "unread": (snapshot(), UNREAD, ["unread"]),
    "stale": (snapshot(), LATE, ["stale"]),
    "hotfix": (hotfixed(), CALM, ["hotfix"]),
    "frozen": (snapshot(), FROZEN, ["frozen"]),
    "alarm": (ALARMED, CALM, ["alarm"]),
    "promoted-bad": (promoted_bad(), CALM, ["promoted-bad"]),
    "undone-later": (undoing(103), CALM, ["undone-later"]),
    "maintenance": (snapshot(), MAINTAINED, ["maintenance"]),
}


@pytest.mark.parametrize("name", CASES)
def test_each_kind_is_found_and_it_alone(name: str) -> None:
    given, situation, kinds = CASES[name]
    found = cautions(given, situation)
    assert [each.kind for each in found] == kinds
    assert [each.stops for each in found] == [kind in STOPPING for kind in kinds]
    assert (released(given, found) is not None) == (given.answer == "deploy" and stopping(found) is None)


@dataclass
class Shown:
    """What every output makes of one snapshot in one situation."""

    status: str
    code: int
    printed: list[str]
    file: str
    page: str
    badge: str
    index: str
    metrics: dict[tuple[str, ...], float]
    document: Any

    @property
    def title(self) -> str:
        found = re.search("<title>(.*?)</title>", self.page)
        assert found is not None
        return found[1]

    @property
    def colours(self) -> list[str]:
        """Of page, tab, badge and the tab of all branches."""
        frame = re.search('<header id="situation" class="([a-z-]+)', self.page)
        middle = re.findall('<rect [^>]*fill="(#[0-9a-f]+)"', self.badge)[1]
        assert frame is not None
        drawn = {"deploy": GREEN, "blocked": AMBER, "no-data": RED, "nothing-new": "#424a53"}[frame[1]]
        tabs = [
            next(
                colour
                for code, colour in ICONS.items()
                if f"fill=&#39;{code}&#39;" in page.partition("data-late")[0]
            )
            for page in (self.page, self.index)
        ]
        return [drawn, tabs[0], middle, tabs[1]]


def shown(given: Snapshot, situation: Situation) -> Shown:
    with redirect_stdout(io.StringIO()) as output:
        code = sha_for_scripts(given, situation)
    printed = output.getvalue().splitlines()
    families = text_string_to_metric_families(prometheus([given], situation).decode())
    return Shown(
        status=text.status(given, situation),
        code=code,
        printed=printed,
        file=sha_file(given, situation).decode(),
        page=branch_page(given, situation),
        badge=badge(given, situation).decode(),
        index=index_page([given], situation),
        metrics={
            (sample.name.removeprefix("qa_shepherd_"), *sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        },
        document=json.loads(snapshot_json(given, situation)),
    )


@pytest.mark.parametrize(
    ("name", "code", "first", "colour", "word"),
    [
        ("unread", 5, "no data: find failed at 2011-08-24 10:15 UTC", RED, "no data"),
        ("stale", 5, "the answer is stale: a newer one was due at", AMBER, "stale"),
        (
            "hotfix",
            8,
            "do not deploy r103: production also runs a commit that r103 lacks",
            AMBER,
            "do not deploy r103: hotfix",
        ),
        (
            "frozen",
            8,
            "do not deploy r103: deployments are frozen until 2011-08-24 12:15 UTC",
            AMBER,
            "do not deploy r103: frozen",
        ),
        ("no-data", 5, "no data: the tracker's file bugs.json is not there", RED, "no data"),
    ],
)
def test_what_stops_stops_in_every_output(name: str, code: int, first: str, colour: str, word: str) -> None:
    given, situation, _ = CASES[name]
    seen = shown(given, situation)
    assert (seen.code, seen.printed, seen.file) == (code, [], "")
    assert seen.status.startswith(first)
    assert unescape(seen.title).startswith(first)
    assert f"<h1>{first.partition(' 2011')[0]}" in unescape(seen.page)
    assert seen.colours == [colour] * 4
    assert f"<title>stable: {word}, as of" in seen.badge
    assert "data-copy=" not in seen.page
    assert ("deployable_revno", "stable") not in seen.metrics
    assert seen.metrics["answer", "stable", "deploy"] == 0
    assert seen.document["cautions"][0]["stops"] is True
    assert first.partition(" 2011")[0] in unescape(seen.index)


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        (
            "alarm",
            "alarm",
            "ALARM: production runs r99, which is bad: bug 9 has bad-commit-99; deploying r102",
        ),
        (
            "undone-later",
            "undone later",
            "UNDONE LATER: deploying r103 brings live what a landing that must wait has",
        ),
        (
            "promoted-bad",
            "promoted but may not go",
            "PROMOTED BUT MAY NOT GO: r104 is promoted, but may not go to production:",
        ),
        (
            "maintenance",
            "maintenance",
            "MAINTENANCE: since 2011-08-24 10:15 UTC (0 seconds ago), by Ann: new disks",
        ),
    ],
)
def test_what_does_not_stop_is_told_in_every_output_and_nothing_is_green(
    name: str, word: str, told: str
) -> None:
    given, situation, _ = CASES[name]
    seen = shown(given, situation)
    assert (seen.code, seen.printed, seen.file) == (0, [sha(103)], f"{sha(103)}\n")
    assert seen.status.startswith("deploy r103 (0000003f…)")
    assert told in " ".join(seen.status.split())
    assert seen.title == f"{word}: deploy r103 · stable"
    assert seen.colours == [AMBER] * 4
    assert f"<title>stable: deploy r103 ({word}), as of" in seen.badge
    assert seen.metrics["cautions", "stable", name, "false"] == 1
    assert seen.metrics["deployable_revno", "stable"] == 103
    assert [each["kind"] for each in seen.document["cautions"]] == [name]


def test_an_answer_without_cautions_is_green_everywhere() -> None:
    seen = shown(snapshot(), CALM)
    assert seen.colours == [GREEN] * 4
    assert (seen.code, seen.printed, seen.title) == (0, [sha(103)], "deploy r103 · stable")
    assert seen.document["cautions"] == []


def test_of_several_that_stop_want_of_data_says_why() -> None:
    given = hotfixed(alarms=ALARMED.alarms)
    both = replace(UNREAD, now=LATE.now, maintenance=Maintenance())
    found = cautions(given, both)
    assert [each.kind for each in found] == ["unread", "stale", "hotfix", "alarm", "maintenance"]
    seen = shown(given, both)
    assert seen.code == 5
    assert seen.title.startswith("stale, hotfix, alarm, maintenance: no data: find failed")
    assert "HOTFIX: production also runs" in seen.status


def test_an_attempt_that_failed_on_another_branch_stops_nothing_here() -> None:
    devel = Situation(now=NOW, unread={"devel": Unread(NOW, "judge", "unexpected KeyError()")})
    assert cautions(snapshot(), devel) == ()
    assert [each.kind for each in cautions(snapshot(branch="devel"), devel)] == ["unread"]
    page = index_page([snapshot(), snapshot(branch="devel")], devel)
    assert "deploy r103" in page and "no data: judge failed" in page


def test_what_could_not_be_read_is_told_once() -> None:
    failing = replace(
        UNREAD, stages={"find": StageRuns(None, NOW, "stable: project.git has no branch 'stable'")}
    )
    said = text.status(snapshot(), failing)
    assert " ".join(said.split()).count("has no branch") == 1
    last = "last good answer: deploy r103 (0000003f…), of 2011-08-24 10:12 UTC"
    assert f"{last}; do not act on it without checking" in " ".join(said.split())


@pytest.mark.parametrize(
    ("ahead", "kinds"), [(AHEAD, []), (AHEAD + timedelta(seconds=1), ["stale"])], ids=["a little", "too far"]
)
def test_an_answer_from_the_future_is_not_believed(ahead: timedelta, kinds: list[CautionKind]) -> None:
    given = snapshot()
    situation = Situation(now=given.generated_at - ahead)
    assert [each.kind for each in cautions(given, situation)] == kinds


def test_what_is_promoted_and_bad_says_why_it_may_not_go() -> None:
    (itself,) = cautions(promoted_bad(), CALM)
    assert itself.sentence == (
        "r104 is promoted, but may not go to production: bug 800104 names it: bad-commit-104"
    )
    (another,) = cautions(snapshot(promoted=PromotedRev(105, sha(105))), CALM)
    assert another.sentence == "r105 is promoted, but may not go to production: r104 blocks it"
    (both,) = cautions(snapshot(promoted=PromotedRev(106, sha(106))), CALM)
    assert both.sentence == "r106 is promoted, but may not go to production: r104 blocks it"


def test_the_time_in_a_reason_stays_a_time_in_the_caution() -> None:
    """So that the page can say how long ago it is."""
    said_then = time(datetime(2011, 8, 24, 10, 15, tzinfo=UTC))
    given = promoted_bad()
    spoken = tuple(
        replace(
            each, reason=f"Ann said bad on {said_then.text}", reason_parts=("Ann said bad on ", said_then)
        )
        if each.revno == 104
        else each
        for each in given.landings
    )
    (caution,) = cautions(replace(given, landings=spoken), CALM)
    assert said_then in parts_of(caution.sentence)


def test_without_a_clock_nothing_is_stale() -> None:
    assert cautions(snapshot(), Situation()) == ()


@pytest.mark.parametrize("answer", ["blocked", "nothing-new"])
def test_a_hotfix_stops_only_what_would_take_it_out(answer: str) -> None:
    assert cautions(hotfixed(answer=answer, deployable=None), CALM) == ()


def test_many_commits_are_counted_and_a_few_named() -> None:
    (found,) = cautions(hotfixed(*(sha(r) for r in range(1, 9))), CALM)
    assert found.sentence.startswith("production also runs 8 commits that r103 lacks (")
    assert found.sentence.endswith(" and 3 more)")
    assert found.remedy == ('land them on stable, or let them go with: inv promote --drop-hotfix "reason"')


def test_what_is_undone_later_is_named_with_the_landing_that_undoes_it() -> None:
    (found,) = cautions(undoing(101, 103), CALM)
    assert found.sentence == (
        "deploying r103 brings live what a landing that must wait has undone: r101, r103 (undone by r106)"
    )
    assert found.remedy == "check whether production may run that, or wait until r106 may go"


def test_a_rollback_that_is_itself_rolled_back_until_later_is_looked_through() -> None:
    """r1 undone by r2, r2 by r3, r3 by r4, which must wait: it is r4 that undoes r1 again."""
    landings = (
        entry(4, state="needstesting", good=False, progress="needs-qa", undoes=(3,), targets=(3,)),
        entry(3, progress="rolled-back", undone_by=4, targets=(2,)),
        entry(2, progress="deployable", undoes=(1,), targets=(1,)),
        entry(1, progress="rolled-back", undone_by=2),
    )
    given = snapshot(
        landings=landings,
        deployable=rev(3),
        promoted=None,
        next=Next(Rev(0, ""), rev(3), (1, 2, 3), None, (1,)),
    )
    assert "r1 (undone by r4)" in cautions(given, CALM)[0].sentence


def test_who_undoes_it_need_not_be_known() -> None:
    given = undoing(103, undone_by=102)
    assert "r103 (undone by a later landing)" in cautions(given, CALM)[0].sentence


REVNOS = st.integers(101, 106)
SNAPSHOTS = st.builds(
    lambda answer, complete, extra, alarm, promoted, later: snapshot(
        answer=answer if complete else "no-data",
        complete=complete,
        deployable=rev(103) if complete and answer == "deploy" else None,
        deployed=DeployedRev(100, sha(100), extra),
        alarms=ALARMED.alarms if alarm else (),
        promoted=PromotedRev(promoted, sha(promoted)) if promoted else None,
        next=Next(Rev(100, sha(100)), rev(103), (101, 102, 103), None, tuple(later)),
        problems=() if complete else ("nothing could be read",),
    ),
    st.sampled_from(["deploy", "blocked", "nothing-new"]),
    st.booleans(),
    st.sampled_from([(), (sha(7),)]),
    st.booleans(),
    st.none() | REVNOS,
    st.sets(REVNOS, max_size=2),
)
SITUATIONS = st.builds(
    lambda after, unread, switch: Situation(
        now=NOW + timedelta(minutes=after) if after is not None else None,
        unread={"stable": Unread(NOW, "judge", "it broke")} if unread else {},
        maintenance=Maintenance() if switch else None,
    ),
    st.none() | st.integers(-60, 60),
    st.booleans(),
    st.booleans(),
)


@given(SNAPSHOTS, SITUATIONS)
@settings(max_examples=200, deadline=None)
def test_all_outputs_agree(given: Snapshot, situation: Situation) -> None:
    found = cautions(given, situation)
    assert [each.stops for each in found] == sorted((each.stops for each in found), reverse=True)
    goes = given.answer == "deploy" and not any(each.stops for each in found)
    seen = shown(given, situation)
    assert (seen.code == 0) == goes == bool(seen.file) == bool(seen.printed)
    assert ("data-copy=" in seen.page) == goes == (("deployable_revno", "stable") in seen.metrics)
    assert seen.status.startswith("deploy ") == goes
    assert (seen.metrics["answer", "stable", "deploy"] == 1) == goes
    assert len(set(seen.colours[:3])) == 1
    assert (seen.colours[0] == GREEN) == (goes and not found)
    stop = stopping(found)
    if stop is not None:
        assert seen.code == code_of(stop) == seen.code
        assert stop is found[0]
    assert all(isinstance(each, Caution) and each.sentence for each in found)
