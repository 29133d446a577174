"""The local Redmine answers as a real one does; what is read and written is right with the real one; and no
note of ours is markup to it, whatever it reads as markup."""

from __future__ import annotations

import html
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shepherd.errors import TrackerError
from shepherd.running.doctor.redmine import words_and_rights
from shepherd.settings.tracker import WordTexts
from shepherd.trackers import http
from shepherd.trackers.redmine.reading import RedmineTracker
from shepherd.trackers.writing import NOT_GIVEN
from tests.trackers.faulty import at_work
from tests.trackers.redmine_kit import FIELD, RedmineKit
from tests.trackers.redmine_server import TOKEN, Redmine
from tests.trackers.redmine_site import RedminePerson, RedmineSite, RefusedByRedmine

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]
SIGN = "-- QA Shepherd, stable r12 0123456789ab"
COMMENT = f"This landed as r12 of stable.\n\n{SIGN}"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)


@pytest.fixture
def local() -> Iterator[Redmine]:
    with at_work(Redmine()) as server:
        yield server


def kit_of(site: RedmineSite, folder: Path, login: str = "shepherd", **more: Any) -> RedmineKit:
    return RedmineKit(site.root, site.key(login), folder, **more)


def known_in(ours: Any, real: Any, place: str = "") -> None:
    """Whatever ours answers, the real one has in its place, of the same kind."""
    if isinstance(ours, dict):
        for name, value in ours.items():
            assert name in real, f"{place}.{name}"
            known_in(value, real[name], f"{place}.{name}")
    elif isinstance(ours, list):
        for each in ours[:1] if real else ():
            known_in(each, real[0], f"{place}[0]")
    elif ours is not None and real is not None:
        assert type(ours) is type(real), place


def test_the_local_one_answers_like_the_real_one(redmine: RedmineSite, local: Redmine) -> None:
    number = redmine.person("ann").report("Login fails")
    redmine.person("ann").change(number, status="In QA", notes="Please try.")
    local.issue(number, QA_result="", QA_marks=[])
    local.change(number, "In QA", "Please try.")
    real, ours = redmine.person("shepherd"), RedminePerson(redmine, local.root, TOKEN)
    for path in (
        "/users/current.json",
        "/issue_statuses.json",
        "/projects.json?limit=100&offset=0",
        f"/issues.json?issue_id=9,{number}&status_id=*&sort=updated_on:desc&limit=2&offset=0",
        f"/issues/{number}.json?include=journals,allowed_statuses",
    ):
        known_in(ours.ask("GET", path), real.ask("GET", path), path)
    changes = {"status_id": 1, "notes": "Again."}
    for one in (real, ours):
        assert one.ask("PUT", f"/issues/{number}.json", {"issue": changes}) is None


def test_nobody_is_refused_alike(redmine: RedmineSite, local: Redmine) -> None:
    local.issue(1)
    local.issue(2).hidden = True
    hidden = redmine.person("ann").report("Secret", is_private=True)
    for path, secret, status in (
        ("/users/current.json", False, 401),
        ("/issues/{}.json", True, 403),
        ("/issues/999.json", True, 404),
    ):
        for root, key, number in ((redmine.root, redmine.key("shepherd"), hidden), (local.root, TOKEN, 2)):
            person = RedminePerson(redmine, root, key if secret else "no key")
            with pytest.raises(RefusedByRedmine) as refused:
                person.ask("GET", path.format(number))
            assert refused.value.status == status


def test_words_of_issues_in_all_projects(redmine: RedmineSite, tmp_path: Path) -> None:
    ann, kit = redmine.person("ann"), kit_of(redmine, tmp_path)
    passed, failed, moved, closed, private, vault = (
        ann.report("One"),
        ann.report("Two"),
        ann.report("Three", project="open"),
        ann.report("Four"),
        ann.report("Five", is_private=True),
        ann.report("Six", project="vault"),
    )
    ann.change(passed, "QA passed")
    ann.change(failed, "QA failed")
    ann.change(moved, "In QA", project_id=2)
    ann.change(closed, "Closed")
    issues = (passed, failed, moved, closed, private, vault, 999)
    words = kit.words(issues)
    unseen = "there is no issue {}, or this account may not see it"
    assert [words[str(issue)] for issue in issues] == [
        "ok",
        "bad",
        "needstesting",
        "",
        *(unseen.format(issue) for issue in (private, vault, 999)),
    ]
    # an issue that vanishes is not among those that were changed
    ann.change(failed, "QA passed")
    ann.change(passed, is_private=True)
    redmine.person("ann").delete(moved)
    again = kit.words(issues)
    assert (again[str(failed)], again[str(passed)]) == ("ok", unseen.format(passed))
    assert again[str(moved)] == unseen.format(moved)


def test_a_handful_of_requests_and_what_is_counted(redmine: RedmineSite, tmp_path: Path) -> None:
    ann, kit = redmine.person("ann"), kit_of(redmine, tmp_path)
    numbers = [ann.report(f"Issue {place}") for place in range(101)]
    first = kit.read(numbers)
    assert first.requests == 3
    ann.change(numbers[7], "QA failed")
    second = kit.read(numbers)
    assert second.items[str(numbers[7])].words == ("bad",)
    assert second.requests <= 1 + 3  # all of them are younger than an hour


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("QA result", "passed", "ok"),
        ("QA remark", "failed", "bad"),
        ("QA marks", ["passed", "failed"], "bad,ok"),
        ("QA result", "", ""),
    ],
)
def test_words_by_fields(redmine: RedmineSite, tmp_path: Path, name: str, value: Any, word: str) -> None:
    ann = redmine.person("ann")
    number = ann.report("One")
    ann.change(number, field={name: value})
    kit = kit_of(redmine, tmp_path, statuses=WordTexts(), field=replace(FIELD, name=name))
    assert kit.words([number]) == {str(number): word}


def test_a_list_of_keys_and_values_gives_keys(redmine: RedmineSite, tmp_path: Path) -> None:
    """REST has no name for them that anybody but an administrator may read."""
    ann = redmine.person("ann")
    number = ann.report("One")
    ann.change(number, field={"QA verdict": "2"})
    field = replace(FIELD, name="QA verdict")
    data = kit_of(redmine, tmp_path, statuses=WordTexts(), field=field).read([number])
    assert '"2" in "QA verdict", which [tracker.field] does not know' in data.said_of(str(number)).warnings[0]
    by_key = replace(field, ok=("2",))
    assert kit_of(redmine, tmp_path, statuses=WordTexts(), field=by_key).words([number]) == {
        str(number): "ok"
    }


@pytest.mark.parametrize("login", ["locked", "unknown"])
def test_keys_that_are_not_accepted(redmine: RedmineSite, tmp_path: Path, login: str) -> None:
    number = redmine.person("ann").report("One", project="open")
    with pytest.raises(TrackerError, match="answered 401: the API key is not accepted"):
        kit_of(redmine, tmp_path, login).read([number])
    nobody = kit_of(redmine, tmp_path, credentials_file="")
    assert nobody.words([number]) == {str(number): ""}


def test_a_rest_service_that_is_switched_off(redmine: RedmineSite, tmp_path: Path) -> None:
    redmine.setting("rest_api_enabled", "0")
    with pytest.raises(TrackerError, match="its REST service is switched off"):
        kit_of(redmine, tmp_path).read([1])


def test_status_field_and_note_in_one_change(redmine: RedmineSite, tmp_path: Path) -> None:
    number = redmine.person("ann").report("One")
    kit = kit_of(redmine, tmp_path, field=FIELD)
    done = kit.edit(number, status="In QA", field="untested", comment=COMMENT)
    assert done == 'New -> In QA, "QA result": nothing -> "untested", comment'
    assert kit.edit(number, status="In QA", field="untested", comment=COMMENT) == ""
    (journal,) = redmine.issue(number)["journals"]
    assert len(journal["details"]) == 2 and journal["notes"].endswith("r12 0123456789ab")


def test_what_redmine_leaves_out(redmine: RedmineSite, tmp_path: Path) -> None:
    ann, kit = redmine.person("ann"), kit_of(redmine, tmp_path)
    support = ann.report("Two", tracker="Support")
    done = kit.edit(support, status="In QA", comment=COMMENT)
    assert f'"In QA" {NOT_GIVEN}, since Redmine does not offer it from "New"' in done
    assert redmine.issue(support)["status"]["name"] == "New"
    number = ann.report("One")
    wrong = kit_of(redmine, tmp_path, field=FIELD).edit(number, field="no such value", comment=COMMENT)
    assert f"{NOT_GIVEN}, since Redmine does not accept it" in wrong and wrong.endswith("comment")


def test_doctor_finds_what_the_account_may(redmine: RedmineSite, tmp_path: Path) -> None:
    def levels(login: str) -> dict[str, str]:
        settings = kit_of(redmine, tmp_path, login, field=replace(FIELD, ok=("passed",))).settings
        found = words_and_rights(settings, RedmineTracker(settings).service())
        return {each.name: f"{each.level}: {each.what}" for each in found}

    redmine.person("ann").report("One")
    assert levels("shepherd") == {
        "projects": "ok: issues of these projects can be seen: Open, Other, Shop",
        "words": "ok: 2 of the 2 issues that were changed last have 'QA result'",
        "tagger": "ok: the tagger may write in Open, Other, Shop",
    }
    assert "the roles of this account lack 'Edit issues'" in levels("looker")["tagger"]
    assert levels("stranger")["tagger"].startswith("warn: this account is a member of no open project")


def test_what_may_not_be_written(redmine: RedmineSite, tmp_path: Path) -> None:
    number = redmine.person("ann").report("One")
    with pytest.raises(TrackerError, match="is its project closed"):
        kit_of(redmine, tmp_path).edit(1, comment=COMMENT)
    with pytest.raises(TrackerError, match="may this account not edit it"):
        kit_of(redmine, tmp_path, "looker").edit(number, comment=COMMENT)
    assert redmine.issue(number)["journals"] == []


HARMLESS = """\
This landed as r1 and r2 of stable. Branch: feature/*x*_y_ #1 fix-#1 @ann user:ann commit:12 -a- +b+ %c% ~d~
^e^ `f` ??g?? ==h== !i! "k":/z [l](/m) <b>n</b> |o|p| {{toc}} [[Wiki]] !#1 shop:#1 (#1) _q_ fix_login a*b*c
* no list
> no quote
# no heading"""


@pytest.mark.parametrize("formatting", ["textile", "markdown", "common_mark"])
def test_nothing_in_a_note_is_markup_to_redmine(
    redmine: RedmineSite, tmp_path: Path, formatting: str
) -> None:
    redmine.setting("text_formatting", formatting)
    number = redmine.person("ann").report("One", project="open")
    kit_of(redmine, tmp_path).edit(number, comment=f"{HARMLESS}\n\n{SIGN}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{redmine.root}/issues/{number}", timeout=60) as answer:
        page = answer.read().decode()
    found = re.search(r'<div id="journal-\d+-notes"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found, page
    assert not re.search(r"<(?!/?p>|br ?/?>)[^>]*>", found[1]), found[1]
    shown = html.unescape(re.sub(r"<[^>]*>", " ", found[1])).replace("\u200b", "")
    assert shown.split() == f"{HARMLESS} {SIGN}".split()
