"""Bugs that have keys, from the message to the page, the archive and back by REV (docs/rules.md#keys)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path

import jsonschema
import pytest

from bench.history import changes, words
from shepherd.git.branch_reading import checksum
from shepherd.git.branch_sources import RULES
from shepherd.git.mainline import Reader
from shepherd.settings import parse
from shepherd.snapshot import Snapshot
from shepherd.stages.archive import archive_branch
from shepherd.stages.state import sum_of
from shepherd.words import Item, ItemTags, TrackerData
from tests.inv import ROOT, inv_here
from tests.project import Project, entry, lines_of, states

KEYS = 'keys = ["ABC", "WEB"]\nbug_url = "https://acme.example/browse/{bug}"\n'
BOTH = 'marks = ["brackets", "keys"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r2 names bug 5 and ABC-1 (ok), r3 WEB-10 (bad) and ABC-2, r4 merges what names ABC-7 and ABC-2."""
    project = Project(tmp_path, branch=BOTH, tracker=KEYS)
    project.tag("ABC-1", "qa-ok", title="Log in")
    project.tag("ABC-2")
    project.tag("ABC-7", "qa-needstesting")
    project.tag("WEB-10", "qa-bad", "bad-commit-3")
    project.tag(5, "qa-ok")
    [root, *_] = project.land("begin", "[bug=5] ABC-1: log in", "WEB-10 ABC-2: page")
    side = project.repo.commit("ABC-2 inside", parents=[root], branch="feature/abc-7-x")
    project.repo.merge("Merge branch 'feature/abc-7-x'", side)
    project.deploy(root)
    return project


def test_a_key_is_judged_like_a_number_and_called_as_people_call_it(project: Project) -> None:
    snapshot = project.look()
    assert states(snapshot) == {1: "orphan", 2: "ok", 3: "bad", 4: "needstesting"}
    assert [entry(snapshot, revno).bugs for revno in (2, 3, 4)] == [
        (5, "ABC-1"),
        ("WEB-10", "ABC-2"),
        ("ABC-7", "ABC-2"),
    ]
    assert entry(snapshot, 2).reason == "bug 5 is qa-ok and ABC-1 is qa-ok"
    assert entry(snapshot, 3).reason == "WEB-10 has bad-commit-3"
    assert "mark ABC-2 and ABC-7 qa-ok (or qa-bad) in bugs.json" in entry(snapshot, 4).remedy


def test_json_names_keys_as_texts_as_the_schema_has_it(project: Project) -> None:
    project.look()
    project.report()
    schema = json.loads((ROOT / "docs" / "snapshot.schema.json").read_text())
    told = json.loads(inv_here(project.folder, "status", "--json").out)
    jsonschema.validate(told, schema)
    assert [each["bugs"] for each in told["landings"] if each["revno"] == 2] == [[5, "ABC-1"]]


@pytest.mark.parametrize("rev", ["bug:ABC-1", "bug:abc-1"])
def test_a_landing_is_found_by_a_key_in_any_case(project: Project, rev: str) -> None:
    project.look()
    explained = inv_here(project.folder, "explain", rev).out
    assert explained.startswith("r2 ")
    assert "ABC-1          https://acme.example/browse/ABC-1\n" in explained
    assert json.loads(inv_here(project.folder, "landings", "--of", rev, "--json").out)[0]["revno"] == 2
    assert "seen as r2" in inv_here(project.folder, "audit", rev).out


def test_what_is_no_key_is_refused_and_a_bare_key_is_an_issue(project: Project) -> None:
    project.look()
    assert (
        "'ABC-0' is not the key of an issue: write it as in bug:ABC-123"
        in inv_here(project.folder, "explain", "bug:ABC-0").err
    )
    assert inv_here(project.folder, "explain", "abc-1").out.startswith("r2 ")
    assert json.loads(inv_here(project.folder, "landings", "--of", "abc-1", "--json").out)[0]["revno"] == 2
    assert inv_here(project.folder, "explain", "ABC-99").err == (
        "no landing of stable names bug:ABC-99 (inv landings lists what it knows)\n"
    )


@pytest.mark.parametrize("rev", ["ABC-1", "bug:ABC-1"])
def test_where_a_landing_is_wanted_a_key_is_led_on(project: Project, rev: str) -> None:
    project.look()
    done = inv_here(project.folder, "verdict", rev, "ok", "--reason", "tried it")
    assert done.code == 2
    assert done.err.endswith("; which landings name it: inv landings --of bug:ABC-1\n")


def test_page_feed_and_notes_link_the_key(project: Project) -> None:
    project.look()
    project.report()
    page = (project.state / "report" / "stable.html").read_text()
    assert "<a href=https://acme.example/browse/ABC-1>ABC-1</a> is qa-ok" in page
    assert '<form id="filter" hidden data-keys>' in page
    assert "bug ABC" not in page and "bug <a href=https://acme.example/browse/ABC" not in page
    assert "bug <a href=https://acme.example/browse/5>5</a>" in page
    notes = inv_here(project.folder, "notes", "--from", "r1", "--to", "r2", "--format", "markdown").out
    assert "bug 5" in notes and "[ABC-1](https://acme.example/browse/ABC-1)" in notes


def test_a_page_without_keys_asks_for_digits(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[bug=1] begin")[0])
    project.look()
    project.report()
    assert '<form id="filter" hidden>' in (project.state / "report" / "stable.html").read_text()


def test_the_tagger_writes_on_keys_once(project: Project) -> None:
    project.full_run()
    assert project.bugs["ABC-7"]["comments"][0].startswith("This landed as r4 of stable.")
    assert "r3 and r4" in project.bugs["ABC-2"]["comments"][0]
    before = json.dumps(project.bugs)
    project.drop_cache()
    project.full_run()
    assert json.dumps(project.bugs) == before


def test_the_archive_finds_a_key_and_its_pages_lead_to_it(project: Project) -> None:
    project.write_settings(BOTH, KEYS, 'keep = "1s"')
    project.deploy(project.repo.git("rev-parse", "stable").strip())
    project.look()
    archive_branch(project.settings, "stable", project.run("archive"), seconds=float("inf"))
    project.report()
    assert inv_here(project.folder, "explain", "bug:abc-1").out.startswith("r2 ")
    folder = project.state / "report" / "stable-older"
    listed = (folder / "number-0.html").read_text()
    assert "<tr id=ABC-1><th>ABC-1<td><a href=r1-1000.html#r2>r2</a>" in listed
    assert "<tr id=n5><th>bug 5<td>" in listed
    assert "<tr id=ABC-2><th>ABC-2<td><a href=r1-1000.html#r3>r3</a> <a href=r1-1000.html#r4>r4</a>" in listed
    assert "<a href=https://acme.example/browse/ABC-1>ABC-1</a>" in (folder / "r1-1000.html").read_text()


def test_other_keys_read_everything_again(project: Project) -> None:
    project.look()
    project.write_settings(BOTH, KEYS.replace('"ABC", ', ""))
    assert "its settings have changed since it was read: inv find" in " ".join(project.judge().problems)
    snapshot = project.look()
    assert [entry(snapshot, revno).bugs for revno in (2, 3, 4)] == [(5,), ("WEB-10",), ()]


def test_commits_brought_in_name_keys_and_their_reverts_do_not(project: Project) -> None:
    [*_, tip] = project.land("ABC-1: again")
    side = project.repo.commit('Revert "WEB-3: old"', parents=[tip], branch="side")
    side = project.repo.commit("Title\n\nJira: WEB-4", parents=[side], branch="side")
    project.repo.merge("Merge branch 'side'", side)
    assert entry(project.look(), 6).bugs == ("WEB-4",)


def test_a_proved_revert_that_names_its_target_s_key_is_pure(tmp_path: Path) -> None:
    project = Project(tmp_path, branch=BOTH, tracker=KEYS)
    project.tag("ABC-1", "qa-bad", "bad-commit-2")
    [root] = project.land("begin")
    project.deploy(root)
    [bad] = project.land("ABC-1: log in")
    title = f"Back out ABC-1\n\nThis reverts commit {bad}."
    project.repo.revert(bad, message=title)
    snapshot = project.look()
    assert states(snapshot)[3] == "rollback"
    assert snapshot.deployable is not None and snapshot.deployable.revno == 3


def test_what_is_backed_out_is_the_key_in_the_title_and_none_that_begins_like_it(tmp_path: Path) -> None:
    project = Project(tmp_path, branch=BOTH, tracker=KEYS)
    [root] = project.land("begin")
    project.deploy(root)
    project.land("ABC-1: log in", "ABC-12: log out", "Back out ABC-12\n\nJira: ABC-1")
    hints = " ".join(entry(project.look(), 4).hints)
    assert "r3" in hints and "r2" not in hints


def test_a_bad_commit_on_a_key_is_not_forgotten_by_a_tracker_of_numbers(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Launchpad would be asked for it as a bug, and a forge as a number."""
    assert states(project.look())[3] == "bad"
    asked: list[Item] = []

    class Numbers:
        def read(self, items: Collection[Item], *_: object) -> TrackerData:
            asked.extend(items)
            return TrackerData({item: ItemTags(("ok",)) for item in items})

    monkeypatch.setattr("shepherd.stages.evidence.open_tracker", lambda *_, **__: Numbers())
    launchpad = 'type = "launchpad"\nproject = "shop"\n'
    project.write_settings('marks = ["brackets"]\norphans = "pass"\n', launchpad)
    snapshot = project.look()
    assert asked == ["5"]
    assert states(snapshot)[3] == "unknown"
    assert "WEB-10 could not be read: launchpad has no issues with keys" in snapshot.problems


BRANCH = '[branches.main]\nrepository = "/srv/shop.git"\nref = "main"\ndeployed = { ref = "production" }\n'


@pytest.mark.parametrize(
    ("tracker", "recorded"),
    [
        ("", "9ef1b4f0d55d2523d1cb9d42e3a5d7336475f1c52df4bda0eaf2769a1e8acc4b"),
        (
            '[tracker]\ntype = "file"\npath = "bugs.json"\n',
            "605e70811a85b7b2f9468ddc9912a2a366596e1afbac6b5ab88ce550107ffbf6",
        ),
        (
            '[tracker]\ntype = "launchpad"\nproject = "shop"\n',
            "018687f372a3fd15a798cdfd922469d5535be529f0243c963e5579d80a887254",
        ),
        (
            '[tracker]\ntype = "github"\nproject = "acme/shop"\n',
            "850e841a485a03983ae2603ddeab45de443d53b3d4ca709bb7e63e19a0eee015",
        ),
    ],
)
def test_without_keys_the_sum_of_the_settings_is_what_the_release_before_made(
    tracker: str, recorded: str
) -> None:
    """Recorded with 608a289b: an upgrade must not make it read everything again."""
    assert sum_of(parse(BRANCH + tracker, Path("/etc/shepherd.toml")), "main") == recorded


def test_without_keys_the_sum_of_what_landings_are_read_by_is_what_the_release_before_made() -> None:
    reader = Reader(("brackets", "forge"), ("*[bot]",), "https://x/{id}", "", None, "author", "main")
    recorded = "738fa4e80b0c6d2f4ede77341402c0f82cd5dc32cbaef23d0f1b072cffb2c39b"
    assert checksum([RULES, reader.summed]) == recorded
    assert checksum([RULES, reader._replace(key_projects=("ABC",)).summed]) != recorded


def test_keys_count_only_where_the_grammar_is_read() -> None:
    def summed(keys: str, marks: str) -> str:
        text = f'{BRANCH}marks = {marks}\n[tracker]\ntype = "file"\npath = "bugs.json"\n{keys}'
        return sum_of(parse(text, Path("/etc/shepherd.toml")), "main")

    assert summed('keys = ["ABC"]', '["brackets"]') == summed("", '["brackets"]')
    assert summed('keys = ["ABC"]', '["keys"]') != summed('keys = ["WEB"]', '["keys"]')


def test_a_second_reading_with_the_same_keys_reads_no_landing(project: Project) -> None:
    project.look()
    project.lines.clear()
    project.look()
    [line] = lines_of(project, "source")
    assert " fresh=0 " in line


def judged(folder: Path, keyed: bool) -> Snapshot:
    """Three hundred made-up landings like Launchpad's (bench.history), with numbers or with keys."""
    history = list(changes(300))
    name = "ABC-{}".format if keyed else "{}".format
    project = Project(
        folder, branch=BOTH if keyed else 'marks = ["brackets"]\n', tracker=KEYS if keyed else ""
    )
    spoken = words({bug for change in history for bug in change.bugs})
    for place, (bug, said) in enumerate(spoken.items()):
        bad_commit = [f"bad-commit-{place % 300 + 1}"] if place % 9 == 0 else []
        project.bugs[name(bug)] = {"tags": [*(f"qa-{word}" for word in said.words), *bad_commit]}
    project.write_bugs()
    for change in history:
        message = change.message
        for bug in change.bugs:
            message = message.replace(bug, name(bug))
        project.repo.commit(message, date=change.at)
    project.deploy(project.repo.git("rev-parse", "stable~280").strip())
    return project.look()


def test_keys_and_numbers_get_the_same_answer(tmp_path: Path) -> None:
    numbers, keys = judged(tmp_path / "numbers", False), judged(tmp_path / "keys", True)
    assert {"ok", "bad", "needstesting", "untestable", "rollback"} <= set(states(numbers).values())
    assert states(keys) == states(numbers)
    for one, other in zip(numbers.landings, keys.landings, strict=True):
        assert [f"ABC-{bug}" for bug in one.bugs] == list(other.bugs)
        assert re.sub(r"\bbug (?=[0-9])", "ABC-", one.reason) == other.reason
        assert (one.revno, one.undoes, one.blocked_by, one.rule) == (
            other.revno,
            other.undoes,
            other.blocked_by,
            other.rule,
        )
    assert [each.revno for each in numbers.blockers] == [each.revno for each in keys.blockers]
