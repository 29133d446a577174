from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import get_args

import msgspec
import pytest

import shepherd
from shepherd.situation import Running, Situation, StageRuns
from shepherd.snapshot import Alarm, Blocker, DeployedRev, Progress, Snapshot
from shepherd.views.page import branch_page, branch_page_pieces, index_page
from tests.views.factory import (
    NOW,
    PEOPLE,
    entry,
    every_progress,
    everything_wrong,
    no_data,
    rev,
    sha,
    snapshot,
)
from tests.views.reader import Reader, parts

CALM = Situation(now=NOW)
NOTHING_NEW = snapshot(answer="nothing-new", tip=rev(100), deployable=None, landings=(), blockers=())


def headline(page: str) -> str:
    match = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert match is not None
    return Reader(match[1]).text


def banners(page: str) -> dict[str, str]:
    """Kind -> text, as a reader sees them."""
    found = re.findall(r'<p class="banner ([a-z-]+)">(.*?)</p>', page, re.DOTALL)
    return {kind.replace("-", " "): Reader(text).text for kind, text in found}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (snapshot(), "deploy r103 0000003f"),
        (NOTHING_NEW, "stay at r100: nothing new"),
        (snapshot(answer="blocked", deployable=None), "stay at r100: blocked by r104 (Zoë Žižek)"),
        (
            snapshot(
                answer="blocked",
                deployable=None,
                blockers=tuple(Blocker(r, "Ann" if r % 2 else "", NOW, 1, None, 0) for r in range(101, 107)),
            ),
            "stay at r100: blocked by r101 (Ann), r102 (nobody known), r103 (Ann) and 3 more",
        ),
        (no_data(), "no data: the tracker's file bugs.json is not there"),
        (no_data(problems=()), "no data: the reason is not recorded"),
        (
            snapshot(answer="blocked", deployable=None, deployed=DeployedRev(0, ""), promoted=None),
            "stay at r0: blocked by r104 (Zoë Žižek)",
        ),
    ],
    ids=["deploy", "nothing-new", "blocked", "many", "no-data", "no-reason", "first-ever"],
)
def test_the_answer_is_the_headline(given: Snapshot, said: str) -> None:
    assert headline(branch_page(given, CALM)) == said


def test_the_header_says_how_old_the_answer_is_and_what_could_be_had() -> None:
    header, _ = parts(branch_page(snapshot(), CALM))
    text = Reader(header).text
    assert "Answer of 2011-08-24 10:12 UTC, good until 2011-08-24 10:27 UTC." in text
    assert (
        "3 landings go live: r101 to r103 (1 of them rolled back again within it). 3 newer ones must wait."
        in text
    )
    assert "Or wait for Zoë Žižek: once r104 (bug 800104) is cleared, you get r105, 2 more landings." in text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            snapshot(answer="blocked", deployable=None),
            "Zoë Žižek's move: once r104 (bug 800104) is cleared, you get r105, 2",
        ),
        (
            snapshot(blockers=(Blocker(104, "Ann", NOW, 3, None, 0),), landings=()),
            "Or wait for Ann: once r104 is cleared, nothing more could go yet: others block as well.",
        ),
        (
            snapshot(tip=rev(101), deployable=rev(101), blockers=()),
            "1 landing goes live: r101. Nothing newer has to",
        ),
        (NOTHING_NEW, "Production runs r100, and nothing has landed since."),
        (
            snapshot(answer="blocked", deployable=None),
            "6 landings newer than r100, and none of them may go yet.",
        ),
    ],
    ids=["blocked", "frees-nothing", "one", "nothing-new", "none-may-go"],
)
def test_the_header_says_whose_move_it_is(given: Snapshot, said: str) -> None:
    assert said in Reader(parts(branch_page(given, CALM))[0]).text


def test_who_has_to_move_need_not_be_who_landed_it() -> None:
    landings = (entry(104, progress="unknown", good=False, whose_move="the operator"),)
    page = branch_page(snapshot(landings=landings), CALM)
    assert "Or wait for the operator:" in Reader(parts(page)[0]).text
    assert "Whose move: the operator, for Zoë Žižek" in Reader(page).text


def test_no_data_names_the_last_good_answer_and_when_it_was() -> None:
    text = Reader(branch_page(no_data(), CALM)).text
    assert "Last good answer: deploy r103 (0000003f…), of 2011-08-24 08:15 UTC" in text
    assert "Not known." in text


def test_no_banner_when_nothing_is_to_be_said() -> None:
    assert banners(branch_page(snapshot(), CALM)) == {}


def test_every_banner_says_what_is_true() -> None:
    page = branch_page(every_progress(), everything_wrong())
    assert headline(page) == "the answer is stale: a newer one was due at 2011-08-24 10:27 UTC (4 hours ago)"
    assert "It lacks what has landed or been said since then: inv run." in Reader(parts(page)[0]).text
    assert banners(page) == {
        "alarm": "alarm: production runs r99, which is bad: bug 800099 is qa-bad; deploying r102 undoes it",
        "overdue maintenance": "overdue maintenance: since 2011-08-24 10:15 UTC (5 hours ago), by lpqateam: "
        "new database server; it should have ended at 2011-08-24 12:15 UTC (3 hours ago)",
        "aborted": "aborted: updates were aborted because of maintenance.txt, "
        "created 2011-08-24 10:15 UTC (5 hours ago), "
        "last aborted run at 2011-08-24 14:15 UTC (1 hour ago)",
        "suspected hang": "suspected hang: judge has been going since 2011-08-24 09:15 UTC (6 hours ago), "
        "process 4711 on qa1",
        "failing": "failing: publish failed at 2011-08-24 10:15 UTC (5 hours ago): rsync: connection refused",
        "problem": "problem: bug 800111 could not be read: it is private",
        "warning": "warning: production also runs 2 commits that stable lacks",
    }


def test_a_page_is_stale_only_after_its_time() -> None:
    due = snapshot().valid_until
    assert headline(branch_page(snapshot(), Situation(now=due))).startswith("deploy r103")
    late = headline(branch_page(snapshot(), Situation(now=due + timedelta(seconds=1))))
    assert late.startswith("the answer is stale: a newer one was due at 2011-08-24 10:27 UTC")


def test_an_abort_before_the_answer_is_old_news() -> None:
    before = Situation(now=NOW, last_aborted=NOW - timedelta(days=1), aborted_because="maintenance.txt")
    assert banners(branch_page(snapshot(), before)) == {}


def test_all_but_head_header_and_what_goes_live_depends_on_the_snapshot_alone() -> None:
    calm, wrong = (parts(branch_page(every_progress(), s)) for s in (Situation(), everything_wrong()))
    assert calm[1] == wrong[1]
    assert calm[0] != wrong[0]


def test_same_inputs_same_bytes() -> None:
    first, second = (branch_page(every_progress(), everything_wrong()) for _ in range(2))
    assert first == second


def test_links_inside_the_page_lead_somewhere() -> None:
    reader = Reader(branch_page(every_progress(), CALM))
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids)
    shapes = {f"m-{word}" for word in get_args(Progress)}
    assert shapes <= set(reader.ids)


def test_blockers_are_ranked_and_say_whose_move_it_is() -> None:
    page = branch_page(every_progress(), CALM)
    text = Reader(page[page.index('<section id="blockers">') : page.index('<section id="landings">')]).text
    assert text.index("r104") < text.index("r109 Make") < text.index("r110 Make")
    assert (
        "bad: bug 800104 names it: bad-commit-104 Whose move: Zoë Žižek What clears it: roll it back" in text
    )
    assert "Waiting 13 landings, itself included Since 2011-08-21 10:15 UTC" in text
    assert "Clearing it frees 5 more landings, up to r108" in text
    assert "Clearing it frees nothing by itself: others block as well" in text
    assert "The list is told" not in text


def test_a_blocker_says_when_the_list_will_be_told() -> None:
    told = Blocker(104, "Ann", NOW, 3, None, 0, list_told_on=date(2011, 8, 26))
    assert (
        "The list will be told on Friday, 26 August 2011."
        in Reader(branch_page(snapshot(blockers=(told,)), CALM)).text
    )


def test_a_blocker_whose_landing_is_not_in_the_snapshot_is_still_told() -> None:
    page = branch_page(snapshot(blockers=(Blocker(7, "Ann", NOW, 3, None, 0),)), CALM)
    assert "r7 Whose move: Ann Waiting 3 landings" in Reader(page).text


def test_a_long_list_of_blockers_is_cut_and_counted() -> None:
    many = tuple(Blocker(r, "Ann", NOW, 1, None, 0) for r in range(60))
    page = branch_page(snapshot(blockers=many), CALM)
    blockers = page[page.index('<ol class="blockers">') :].partition("</ol>")[0]
    assert blockers.count("<li>") == 10
    assert "And 50 more" in page


def test_the_full_revisions_stand_on_the_page() -> None:
    text = Reader(branch_page(snapshot(), CALM)).text
    assert f"Latest deployable r103 {sha(103)}" in text
    assert f"In production r100 {sha(100)}" in text


@pytest.mark.parametrize("page", [branch_page(snapshot(), CALM), index_page([snapshot()], CALM)])
def test_the_policy_allows_this_style_and_this_script_and_nothing_else(page: str) -> None:
    hashes = []
    for tag in ("style", "script"):
        text = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        hashes.append(b64encode(sha256(text.encode()).digest()).decode())
    assert (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    ) in page.replace("&#39;", "'")


def test_the_page_loads_nothing() -> None:
    page = branch_page(every_progress(), everything_wrong())
    tags = {tag for tag, _ in Reader(page).elements}
    assert not tags & {"img", "iframe", "object", "embed", "base", "video", "audio", "image"}
    assert "url(" not in page
    assert "@import" not in page
    assert " src=" not in page
    fetched = re.findall(r'<link rel="(?!alternate)[^>]*>', page)
    assert len(fetched) == 1 and 'rel="icon" href="data:image/svg+xml,' in fetched[0]


def test_the_page_has_the_bones_that_screen_readers_walk_by() -> None:
    page = branch_page(every_progress(), CALM)
    reader = Reader(page)
    assert '<html lang="en">' in page
    assert [tag for tag, _ in reader.elements].count("h1") == 1
    assert page.count("<table") == page.count("<caption>") == 4
    rows = page[page.index('<section id="window"') : page.index('<section id="revisions">')]
    assert rows.count("<tr id=") == rows.count("<th><a href=#r") == len(every_progress().landings)
    for tag in ("header", "main", "footer", "nav"):
        assert (page.count(f"<{tag} ") + page.count(f"<{tag}>")) == 1


def test_links_to_other_pages_are_those_given() -> None:
    page = branch_page(snapshot(), CALM, [("all branches", "index.html")], [("JSON", "stable.json")])
    header, rest = parts(page)
    assert Reader(header).links == [
        "#landings",
        "index.html",
        "#history",
        "#r104",
        "https://bugs.example.org/bugs/800104",
    ]
    assert Reader(rest).links[-1] == "stable.json"
    assert "application/atom+xml" not in page


def test_a_reader_of_feeds_is_led_to_the_atom_feed() -> None:
    page = branch_page(snapshot(), CALM, feeds=[("JSON", "stable.json"), ("Atom feed", "stable.atom")])
    head = page.partition("</head>")[0]
    assert '<link rel="alternate" type="application/atom+xml" title="stable" href="stable.atom">' in head


def test_without_a_clock_no_age_is_told() -> None:
    assert not re.search(r"\d [a-z]+ ago", Reader(branch_page(snapshot(), Situation())).text)


def test_the_system_tells_how_every_stage_fared_and_who_is_at_work() -> None:
    situation = msgspec.structs.replace(
        everything_wrong(),
        running=Running("judge", "lpqateam", "qa1", 4711, NOW),
        versions={"QA Shepherd": "0.1.0", "Python": "3.11.2"},
    )
    header, _ = parts(branch_page(snapshot(), situation))
    text = Reader(header.partition('<details id="system">')[2]).text
    assert text.startswith(
        "The system: a run hangs since 2011-08-24 09:15 UTC (6 hours ago): judge; "
        "maintenance is overdue: on since 2011-08-24 10:15 UTC (5 hours ago); 1 failed: publish"
    )
    assert "judge of lpqateam on qa1, process 4711, since 2011-08-24 10:15 UTC." in text
    assert "find 2011-08-24 10:15 UTC 2011-08-23 10:15 UTC: long fixed 3.5 s" in text
    assert "publish failing 2011-08-23 10:15 UTC 2011-08-24 10:15 UTC: rsync: connection refused" in text
    assert "Python 3.11.2 · QA Shepherd 0.1.0" in text


def test_a_system_that_runs_well_is_one_quiet_line() -> None:
    well = Situation(now=NOW, stages={"find": StageRuns(NOW)})
    text = Reader(parts(branch_page(snapshot(), well))[0].partition("<summary>")[2]).text
    assert text.startswith("The system: every stage ran well This page was written")
    assert "find 2011-08-24 10:15 UTC never" in text


def test_a_table_by_person_needs_no_script() -> None:
    page = branch_page(every_progress(), CALM)
    text = Reader(page[page.index('<details id="persons">') :].partition("</details>")[0]).text
    assert "Ann Example names no bug r110 waiting r115 live r100" in text
    assert "Cy Cole co-author, waiting r115" in text
    assert "Olga" not in text
    assert "nobody known needs your QA r109 bad r104 live, bad r99 waiting r114" in text
    assert not [link for link in Reader(page).links if link.startswith("#") and "=" in link]


def test_the_table_by_person_names_a_few_landings_and_counts_the_rest() -> None:
    rows = tuple(entry(r, person="Ann", progress="waiting") for r in range(120, 100, -1))
    page = branch_page(snapshot(landings=rows), CALM)
    text = Reader(page[page.index('<details id="persons">') :].partition("</details>")[0]).text
    assert text.endswith("Ann waiting r120 r119 r118 r117 and 16 more")


def test_the_index_leads_to_every_branch_with_its_answer() -> None:
    since = datetime(2011, 8, 22, 10, 15, tzinfo=UTC)
    stable = snapshot(deployed=DeployedRev(100, sha(100), since=since))
    page = index_page([stable, no_data(branch="devel")], CALM, waiting=["new"])
    text = Reader(page).text
    links = Reader(page[: page.index('<section id="who">')]).links
    assert links == ["./stable.html", "./stable.html#r104", "./devel.html"]
    assert "stable deploy r103 0000003f 3 landings newer than r100" in text
    assert "r100 since 2011-08-22 10:15 UTC 1 landing first r104, whose move: Zoë Žižek" in text
    assert "devel no data: the tracker's file bugs.json is not there" in text
    assert "r100 not known 2011-08-24 10:12 UTC" in text
    assert "new: no answer yet." in text


def test_the_index_leads_a_person_to_all_their_landings() -> None:
    move = {"progress": "needs-qa", "state": "needstesting"}
    stable = snapshot(landings=(entry(9, person="Zoë Žižek", **move), entry(8, person="Zoë Žižek")))
    devel = snapshot(branch="devel", landings=(entry(7, person="Zoë Žižek"), entry(6, person="Ann <b>")))
    page = index_page([stable, devel], CALM)
    people = page[page.index('<section id="who">') :]
    assert "Zoë Žižek stable: 2 landings; their move: r9 devel: 1 landing" in Reader(people).text
    assert "stable.html#person=Zo%C3%AB%20%C5%BDi%C5%BEek" in Reader(people).links
    assert "devel.html#person=Ann%20%3Cb%3E" in Reader(people).links
    assert '<section id="who">' not in index_page([snapshot()], CALM), "one branch has them on its page"


def test_the_index_leads_to_its_feeds() -> None:
    page = index_page([snapshot()], CALM, feeds=[("JSON", "index.json"), ("Atom feed", "index.atom")])
    assert Reader(page).links[-2:] == ["index.json", "index.atom"]
    assert '<link rel="alternate" type="application/atom+xml" title="All branches" href="index.atom">' in page


def test_of_several_branches_the_headline_names_its_own() -> None:
    def headline(several: bool) -> str:
        page = branch_page(snapshot(several=several), CALM)
        return Reader(page[page.index("<h1>") : page.index("</h1>")]).text

    assert headline(True) == "stable: deploy r103 0000003f"
    assert headline(False) == "deploy r103 0000003f"


def test_the_index_names_the_branch_that_is_stale() -> None:
    later = snapshot(branch="devel", valid_until=NOW + timedelta(hours=1))
    page = index_page([snapshot(), later], Situation(now=NOW + timedelta(minutes=30)))
    text = Reader(page).text
    assert "stable the answer is stale: a newer one was due at 2011-08-24 10:27 UTC (18 minutes ago)" in text
    assert "devel deploy r103" in text
    assert "<title>stale: What may be deployed</title>" in page


def test_the_index_shows_alarms() -> None:
    page = index_page([snapshot(alarms=(Alarm(99, "", None),))], CALM)
    assert "production runs r99, which is bad" in page


def test_names_of_people_are_shown_as_they_are() -> None:
    page = branch_page(every_progress(), CALM)
    assert all(name in page for name in PEOPLE)


def test_templates_are_found_inside_an_installed_package(tmp_path: Path) -> None:
    home = Path(shepherd.__file__).parent
    copytree(home, tmp_path / "shepherd", ignore=lambda *_: ["__pycache__", "templates"])
    inside = home / "templates"
    copytree(inside if inside.is_dir() else home.parent / "templates", tmp_path / "shepherd" / "templates")
    code = "from shepherd.situation import Situation; from shepherd.views.page import index_page;" + (
        "print(index_page([], Situation()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith("<!DOCTYPE html>"), done.stderr


def test_its_pieces_end_where_a_line_does() -> None:
    """What they are written as is looked up in each by itself: no command may be cut in two."""
    rows = tuple(entry(revno, title="<p>" * 300) for revno in range(2_000, 100, -1))
    given = snapshot(landings=rows, blockers=(), next=None)
    *pieces, last = branch_page_pieces(given, CALM)
    assert len(pieces) > 5 and all(piece.endswith("\n") for piece in pieces)
    assert "".join([*pieces, last]) == branch_page(given, CALM)
    assert max(map(len, pieces)) < 1_000_000
