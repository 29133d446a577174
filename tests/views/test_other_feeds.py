"""Each feed as a parser reads it that others use: feedparser, prometheus_client, expat."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from shepherd import __version__
from shepherd.situation import Maintenance, Schedule, Situation
from shepherd.snapshot import PromotedRev, Snapshot
from shepherd.views.feeds.atom import ENTRIES, FeedEntry, atom
from shepherd.views.feeds.badge import badge
from shepherd.views.feeds.prometheus import prometheus
from shepherd.views.feeds.sha import sha_file
from shepherd.words import Budget
from tests.views.factory import NOW, everything_wrong, no_data, rev, sha, snapshot
from tests.views.test_hostile import ATTACKS, around, everywhere, stray

CALM = Situation(now=NOW)
NOTHING_NEW = snapshot(answer="nothing-new", tip=rev(100), deployable=None, landings=(), blockers=())
BLOCKED = snapshot(answer="blocked", deployable=None)
LATE = Situation(now=snapshot().valid_until + timedelta(seconds=1))
NEWS = [
    FeedEntry(NOW, "deploy r103", "nothing blocks the tip", "run-2 answer "),
    FeedEntry(NOW - timedelta(hours=1), "r104: bad", "bug 4 has bad-commit-104", "run-1 state a", 104, "Zoë"),
]


@pytest.mark.parametrize(
    ("given", "situation", "said"),
    [
        (snapshot(), CALM, f"{sha(103)}\n"),
        (snapshot(), Situation(), f"{sha(103)}\n"),
        (snapshot(), LATE, ""),
        (BLOCKED, CALM, ""),
        (NOTHING_NEW, CALM, ""),
        (no_data(), CALM, ""),
        (no_data(deployable=rev(103)), CALM, ""),
    ],
    ids=["deploy", "no-clock", "stale", "blocked", "nothing-new", "no-data", "no-data-with-a-revision"],
)
def test_the_sha_is_there_only_where_it_may_be_deployed(
    given: Snapshot, situation: Situation, said: str
) -> None:
    assert sha_file(given, situation) == said.encode()


@pytest.mark.parametrize(
    ("given", "situation", "said"),
    [
        (snapshot(), CALM, "stable: deploy r103, as of 2011-08-24 10:12 UTC"),
        (BLOCKED, CALM, "stable: stay at r100: blocked, as of 2011-08-24 10:12 UTC"),
        (NOTHING_NEW, CALM, "stable: stay at r100: nothing new, as of 2011-08-24 10:12 UTC"),
        (no_data(deployed=None), CALM, "stable: no data, as of 2011-08-24 10:12 UTC"),
        (snapshot(), LATE, "stable: stale, as of 2011-08-24 10:12 UTC"),
        (
            snapshot(),
            Situation(now=NOW, maintenance=Maintenance()),
            "stable: deploy r103 (maintenance), as of 2011-08-24 10:12 UTC",
        ),
    ],
    ids=["deploy", "blocked", "nothing-new", "no-data", "stale", "maintenance"],
)
def test_the_badge_tells_the_answer_and_its_time(given: Snapshot, situation: Situation, said: str) -> None:
    picture = ElementTree.fromstring(badge(given, situation))
    assert picture.findtext("{http://www.w3.org/2000/svg}title") == said
    assert picture.get("aria-label") == said
    shown = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert ": ".join(map(str, shown[:2])) + f", as of {shown[2]}" == said


def metrics(snapshots: list[Snapshot], situation: Situation) -> dict[tuple[str, str], float]:
    """(name, values of the labels) -> value, as Prometheus' own parser reads them."""
    text = prometheus(snapshots, situation).decode()
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation and family.type in ("gauge", "counter") for family in families)
    return {
        (sample.name.removeprefix("qa_shepherd_"), " ".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_of_an_answer() -> None:
    told = metrics([snapshot()], CALM)
    assert {key[0]: value for key, value in told.items() if key[1] == "stable"} == {
        "answer_timestamp_seconds": (NOW - timedelta(minutes=3)).timestamp(),
        "answer_valid_until_timestamp_seconds": (NOW + timedelta(minutes=12)).timestamp(),
        "answer_age_seconds": 180,
        "deployable_revno": 103,
        "deployed_revno": 100,
        "tip_revno": 106,
        "landings_to_deploy": 3,
        "landings_waiting": 3,
        "blockers": 1,
        "alarms": 0,
        "frozen": 0,
        "oldest_blocker_timestamp_seconds": (NOW - timedelta(days=3)).timestamp(),
        "oldest_blocker_age_seconds": 3 * 86400,
    }
    assert [told["answer", f"stable {a}"] for a in ("deploy", "blocked", "no-data")] == [1, 0, 0]
    assert told["maintenance", ""] == told["suspected_hang", ""] == 0


def test_what_is_not_known_is_no_number() -> None:
    told = metrics([no_data(tip=None, deployed=None)], CALM)
    names = {name for name, labels in told if labels == "stable"}
    assert names == {
        "answer_timestamp_seconds",
        "answer_valid_until_timestamp_seconds",
        "answer_age_seconds",
        "frozen",
    }
    assert told["answer", "stable no-data"] == 1


def test_all_landings_wait_where_nothing_may_go() -> None:
    told = metrics([BLOCKED], CALM)
    assert (told["landings_to_deploy", "stable"], told["landings_waiting", "stable"]) == (0, 6)


def test_metrics_of_the_situation() -> None:
    told = metrics([snapshot(), no_data(branch="devel")], everything_wrong())
    assert told["maintenance", ""] == told["suspected_hang", ""] == 1
    assert told["maintenance_since_timestamp_seconds", ""] == NOW.timestamp()
    assert told["stage_run_seconds", "find"] == 3.5
    assert ("stage_run_seconds", "publish") not in told
    assert told["stage_failures_total", "find"] == 2
    assert (told["stage_failing", "find"], told["stage_failing", "publish"]) == (0, 1)
    assert told["stage_last_failed_timestamp_seconds", "publish"] == NOW.timestamp()
    assert (told["answer", "stable deploy"], told["answer", "stable no-data"]) == (0, 1), "it is stale"
    assert told["answer", "devel no-data"] == 1


def test_landings_are_counted_by_how_far_they_are() -> None:
    told = metrics([snapshot(), no_data(branch="devel")], CALM)
    counted = {labels: value for (name, labels), value in told.items() if name == "landings" and value}
    assert counted == {
        "stable live": 1,
        "stable rolled-back": 1,
        "stable deployable": 2,
        "stable not-on-qa-yet": 1,
        "stable waiting": 1,
        "stable bad": 1,
    }
    assert told["landings", "stable orphan"] == 0
    assert ("landings", "devel orphan") not in told


def test_the_version_the_last_promotion_and_the_next_run_are_told() -> None:
    promoted = PromotedRev(100, sha(100), NOW - timedelta(days=1), "ann")
    schedule = Schedule("cron", NOW - timedelta(minutes=5), due=NOW)
    told = metrics([snapshot(promoted=promoted)], replace(CALM, schedule=schedule))
    assert told["build_info", __version__] == 1
    assert told["last_promotion_timestamp_seconds", "stable"] == (NOW - timedelta(days=1)).timestamp()
    assert told["last_call_timestamp_seconds", "cron"] == (NOW - timedelta(minutes=5)).timestamp()
    assert told["next_run_timestamp_seconds", ""] == NOW.timestamp()
    assert ("last_promotion_timestamp_seconds", "stable") not in metrics([snapshot()], CALM)


def test_what_the_rate_limit_still_has() -> None:
    budgets = {"stable": Budget("graphql", 5000, 4980, 1_764_400_000), "devel": Budget("", 2000, 0, 0)}
    lines = prometheus([snapshot()], replace(CALM, budgets=budgets)).decode().splitlines()
    assert [line for line in lines if line.startswith("qa_shepherd_tracker_")] == [
        'qa_shepherd_tracker_requests_limit{branch="stable",limit="graphql"} 5000',
        'qa_shepherd_tracker_requests_limit{branch="devel",limit=""} 2000',
        'qa_shepherd_tracker_requests_left{branch="stable",limit="graphql"} 4980',
        'qa_shepherd_tracker_requests_left{branch="devel",limit=""} 0',
        'qa_shepherd_tracker_limit_resets_timestamp_seconds{branch="stable",limit="graphql"} 1764400000',
    ]
    assert b"tracker_" not in prometheus([snapshot()], CALM)


def test_what_is_not_well_is_1() -> None:
    told = metrics([snapshot()], everything_wrong())
    wrong = {labels for (name, labels), value in told.items() if name == "trouble" and value}
    assert wrong == {"hang", "overdue-maintenance", "failing"}


def test_a_feed_reader_sees_what_changed() -> None:
    feed = feedparser.parse(atom(snapshot(), NEWS, "https://qa.example.org/"))
    assert not feed.bozo
    assert feed.feed.title == "stable: what may be deployed"
    assert feed.feed.updated == "2011-08-24T10:15:00Z"
    assert [each.title for each in feed.entries] == ["deploy r103", "r104: bad"]
    assert [each.link for each in feed.entries] == [
        "https://qa.example.org/stable.html",
        "https://qa.example.org/stable.html#r104",
    ]
    assert feed.entries[1].summary == "bug 4 has bad-commit-104"
    assert feed.entries[1].author == "Zoë"
    links = {each.rel: each.href for each in feed.feed.links}
    assert links["self"] == "https://qa.example.org/stable.atom"


def test_without_news_the_feed_is_there_and_as_old_as_the_answer() -> None:
    feed = feedparser.parse(atom(snapshot(), []))
    assert not feed.bozo
    assert (feed.entries, feed.feed.updated) == ([], "2011-08-24T10:12:00Z")


def test_entries_keep_their_ids_and_no_two_share_one() -> None:
    def ids(news: list[FeedEntry], url: str = "https://qa.example.org/") -> list[str]:
        feed = feedparser.parse(atom(snapshot(), news, url))
        return [feed.feed.id, *(each.id for each in feed.entries)]

    all_of_them = ids(NEWS)
    assert len(set(all_of_them)) == 3
    assert ids(NEWS[1:]) == [all_of_them[0], all_of_them[2]]
    assert not set(ids(NEWS, "https://other.example.org/")) & set(all_of_them)


def test_a_feed_is_bounded() -> None:
    many = [FeedEntry(NOW, "x", "y", str(number)) for number in range(ENTRIES + 20)]
    assert len(feedparser.parse(atom(snapshot(), many)).entries) == ENTRIES


RFC4287 = {"feed": {"id", "title", "updated", "author", "link", "entry"}, "entry": {"id", "title", "updated"}}


def test_the_feed_has_what_the_standard_demands() -> None:
    space = "{http://www.w3.org/2005/Atom}"
    feed = ElementTree.fromstring(atom(snapshot(), NEWS))
    assert feed.tag == f"{space}feed"
    assert {each.tag.removeprefix(space) for each in feed} == RFC4287["feed"]
    for entry in feed.iter(f"{space}entry"):
        assert {each.tag.removeprefix(space) for each in entry} >= RFC4287["entry"]
    for moment in feed.iter(f"{space}updated"):
        assert datetime.fromisoformat(str(moment.text).replace("Z", "+00:00")).tzinfo


def all_feeds(said: str) -> dict[str, bytes]:
    one, situation = everywhere(said), around(said)
    news = [FeedEntry(NOW, said, said, said, 104, said)]
    return {
        "sha": sha_file(one, Situation(now=NOW)),
        "svg": badge(one, situation),
        "prom": prometheus([one], situation),
        "atom": atom(one, news),
    }


@pytest.mark.parametrize("name", ATTACKS)
def test_every_feed_stays_well_formed(name: str) -> None:
    attacked, harmless = all_feeds(ATTACKS[name]), all_feeds("word")
    feed = feedparser.parse(attacked["atom"])
    assert not feed.bozo and len(feed.entries) == 1
    for kind in ("svg", "atom"):
        shapes = [
            [(e.tag, sorted(e.keys())) for e in ElementTree.fromstring(feeds[kind]).iter()]
            for feeds in (attacked, harmless)
        ]
        assert shapes[0] == shapes[1]
    names = [
        [(f.name, [sorted(s.labels) for s in f.samples]) for f in text_string_to_metric_families(text)]
        for text in (attacked["prom"].decode(), harmless["prom"].decode())
    ]
    assert names[0] == names[1]
    for content in attacked.values():
        assert not stray(content.decode())
        assert len(content) < 30_000


@pytest.mark.parametrize("name", ATTACKS)
def test_the_sha_is_one_word_of_ascii_whatever_it_was(name: str) -> None:
    one = replace(snapshot(), deployable=replace(rev(103), id=ATTACKS[name]))
    assert re.fullmatch(rb"([0-9a-f]{40}|[0-9a-f]{64})\n|", sha_file(one, CALM))


def test_same_data_same_bytes_whatever_the_order_of_the_stages() -> None:
    there = everything_wrong()
    back = replace(there, stages=dict(reversed(there.stages.items())))
    feeds: list[Any] = [
        (prometheus([snapshot()], each), badge(snapshot(), each), atom(snapshot(), NEWS))
        for each in (there, back)
    ]
    assert feeds[0] == feeds[1]
