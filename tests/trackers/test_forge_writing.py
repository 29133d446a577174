"""What is written on a forge, and what happens when that fails half-way."""

from __future__ import annotations

import pytest

from shepherd.errors import SettingsError, TrackerError, UnsureError
from shepherd.trackers import http, open_writer
from shepherd.trackers.writing import Edit
from tests.trackers.forge_kit import Kit

SIGN = "-- QA Shepherd, stable r7 0123456789ab"
EDIT = Edit(add=("qa-needstesting",), remove=("qa-ok", "qa-untestable"), comment=f"Landed.\n\n{SIGN}")


def write(kit: Kit, edit: Edit, number: int = 1, **tracker: object) -> str:
    return open_writer(kit.settings(**tracker)).edit(kit.item(number), edit)


def writes(kit: Kit) -> int:
    return sum(not each.startswith("GET") and "graphql" not in each for each in kit.forge.asked)


def test_what_is_there_is_not_written_again(kit: Kit) -> None:
    kit.requests[1] = kit.request("QA-OK", "ui")
    told = write(kit, EDIT)
    assert told == "-QA-OK, made the label qa-needstesting, +qa-needstesting, comment"
    assert kit.requests[1].labels == ["ui", "qa-needstesting"]
    before = writes(kit)
    assert write(kit, EDIT) == ""
    assert writes(kit) == before


@pytest.mark.parametrize("item", ["request", "issue"])
def test_requests_and_issues_alike(kit: Kit, item: str) -> None:
    thing = kit.issues[1] = kit.issue() if item == "issue" else kit.request()
    if item == "request":
        kit.requests[1] = thing
    open_writer(kit.settings()).edit("1" if item == "issue" else kit.item(1), EDIT)
    assert (thing.labels, len(thing.comments)) == (["qa-needstesting"], 1)


def test_what_others_put_on_meanwhile_stays(kit: Kit) -> None:
    thing = kit.requests[1] = kit.request("qa-ok")

    def meddle(request: str) -> None:
        if not request.startswith("GET") and "query" not in request and "hm" not in thing.labels:
            thing.labels.append("hm")

    kit.forge.tell = meddle
    write(kit, EDIT)
    assert sorted(thing.labels) == ["hm", "qa-needstesting"]


def test_a_new_label_has_colour_and_description(kit: Kit) -> None:
    kit.requests[1] = kit.request()
    words = {"ok": ("QA passed",)}
    write(kit, Edit(add=("QA passed",)), words=words)
    color, description = kit.forge.labels["QA passed"]
    assert color and color.strip("#") == "0e8a16"
    assert description == "Tried on the QA server: it may go to production"


def test_a_label_that_is_there_is_taken_as_it_is_spelt(kit: Kit) -> None:
    kit.requests[1] = kit.request()
    kit.forge.labels["QA-NeedsTesting"] = ("123456", "ours")
    write(kit, EDIT)
    assert kit.requests[1].labels == ["QA-NeedsTesting"]
    assert len(kit.forge.labels) == 1


def test_a_label_that_somebody_makes_meanwhile(kit: Kit) -> None:
    kit.requests[1] = kit.request()

    def meddle(request: str) -> None:
        if request.startswith("POST") and '"color"' in request:
            kit.forge.labels.setdefault("qa-needstesting", ("123456", "theirs"))

    kit.forge.tell = meddle
    assert "+qa-needstesting" in write(kit, EDIT)
    assert kit.requests[1].labels == ["qa-needstesting"]


def test_a_label_that_somebody_takes_off_meanwhile(kit: Kit) -> None:
    thing = kit.requests[1] = kit.request("qa-ok")

    def meddle(request: str) -> None:
        if request.startswith(("DELETE", "PUT")):
            thing.labels[:] = [label for label in thing.labels if label != "qa-ok"]

    kit.forge.tell = meddle
    write(kit, EDIT)
    assert thing.labels == ["qa-needstesting"]


@pytest.mark.parametrize("trouble", ["lose", "reset", "hang", 502])
def test_a_comment_is_never_sent_twice(kit: Kit, hasty: None, trouble: int | str) -> None:
    kit.requests[1] = kit.request()
    place = "/comments" if kit.is_github else "/notes {"
    kit.forge.fail(trouble, on=place)
    said = Edit(comment=f"Hello.\n{SIGN}")
    if trouble == "lose":
        assert write(kit, said) == "comment"
    else:
        with pytest.raises(UnsureError, match=f"request {kit.item(1)}: whether the comment was written"):
            write(kit, said)
        assert kit.requests[1].comments == []
    write(kit, said)
    assert kit.requests[1].comments == [said.comment]


def test_a_label_whose_answer_is_lost(kit: Kit, hasty: None) -> None:
    kit.requests[1] = kit.request("ui")
    for part in ('"color"', '"labels": [' if kit.is_github else "add_labels"):
        kit.forge.fail("lose", on=part)
    write(kit, EDIT)
    assert kit.requests[1].labels == ["ui", "qa-needstesting"]


def test_a_comment_is_known_by_its_last_line_however_many_there_are(kit: Kit) -> None:
    kit.requests[1] = kit.request(comments=[f"Landed.\n\n{SIGN}  \n", *["x"] * 250])
    kit.requests[2] = kit.request(comments=[*["x"] * 250, f"> {SIGN}", f"{SIGN}7"])
    assert write(kit, Edit(comment=f"Again.\n{SIGN}")) == ""
    assert write(kit, Edit(comment=f"Again.\n{SIGN}"), 2) == "comment"


def test_what_a_branch_is_called_calls_nobody(kit: Kit) -> None:
    kit.requests[1] = kit.request()
    write(kit, Edit(comment=f"Landed.\n\nBranch: `@everybody`/[x](y)\n\n{SIGN}"))
    (comment,) = kit.requests[1].comments
    assert "\nBranch: `@everybody/[x](y)`\n" in comment


@pytest.mark.parametrize("marked", [False, True], ids=["before", "between two questions"])
def test_no_word_beside_bad(kit: Kit, marked: bool) -> None:
    thing = kit.requests[1] = kit.request("ui") if marked else kit.request("ui", "qa-bad")

    def meddle(request: str) -> None:
        if "qa-bad" not in thing.labels:
            thing.labels.append("qa-bad")

    kit.forge.tell = meddle
    assert write(kit, EDIT) == "no word, since it is marked bad, comment"
    assert thing.labels == ["ui", "qa-bad"]


@pytest.mark.parametrize("kit", ["gitlab"], indirect=True)
def test_a_scoped_label_of_a_person_is_not_erased(kit: Kit) -> None:
    words = {word: (f"qa::{word}",) for word in ("ok", "bad", "untestable", "needstesting")}
    edit = Edit(add=("qa::needstesting",), remove=("qa::ok", "qa-ok"), comment=EDIT.comment)
    kit.requests.update({1: kit.request("qa::bad"), 2: kit.request("qa::ok")})
    write(kit, edit, 1, words=words)
    write(kit, edit, 2, words=words)
    assert kit.requests[1].labels == ["qa::bad"]
    assert kit.requests[2].labels == ["qa::needstesting"]


def test_a_label_that_looks_the_same_is_the_same(kit: Kit) -> None:
    """In the project, and on the request: no second one is made beside it."""
    theirs = [":white_check_mark: QA", "gepru\u0308ft"]
    kit.forge.labels.update(dict.fromkeys(theirs, ("123456", "")))
    kit.requests.update({1: kit.request(), 2: kit.request(theirs[1])})
    words = {"ok": ("\u2705\ufe0f QA",), "untestable": ("gepr\u00fcft",)}
    write(kit, Edit(add=words["ok"]), 1, words=words)
    write(kit, Edit(add=words["untestable"]), 2, words=words)
    write(kit, Edit(add=words["ok"], remove=words["untestable"]), 2, words=words)
    assert kit.requests[1].labels == kit.requests[2].labels == [theirs[0]]
    assert list(kit.forge.labels) == theirs


def test_a_project_with_hundreds_of_labels(kit: Kit) -> None:
    kit.forge.labels.update({f"area {number}": ("123456", "") for number in range(250)})
    kit.forge.labels["QA-NeedsTesting"] = ("123456", "")
    kit.requests[1] = kit.request()
    write(kit, EDIT)
    assert kit.requests[1].labels == ["QA-NeedsTesting"]


def test_a_conversation_that_is_locked_gets_labels_and_no_comment(kit: Kit) -> None:
    thing = kit.requests[1] = kit.request("qa-ok", locked=True)
    told = write(kit, EDIT)
    assert told.endswith("+qa-needstesting, no comment, since its conversation is locked")
    assert (thing.labels, thing.comments) == (["qa-needstesting"], [])


def test_who_may_comment_where_it_is_locked_does(kit: Kit) -> None:
    """Those who may write to the repository, on GitHub; members of the project, on GitLab."""
    thing = kit.requests[1] = kit.request(locked=True)

    def let(request: str) -> None:
        thing.locked = not request.startswith("POST") or "graphql" in request

    kit.forge.tell = let
    assert write(kit, EDIT).endswith(", comment")
    assert len(thing.comments) == 1


def test_a_comment_that_is_refused_is_not_given_up_where_nothing_is_locked(kit: Kit) -> None:
    kit.requests[1] = kit.request()
    kit.forge.fail(403, on="/comments" if kit.is_github else "/notes {")
    with pytest.raises(TrackerError, match=rf"request {kit.item(1)} cannot be written: .* answered 403"):
        write(kit, EDIT)


def test_one_that_is_not_there(kit: Kit) -> None:
    with pytest.raises(TrackerError, match=f"there is no request {kit.item(7)}"):
        write(kit, EDIT, 7)


def test_nobody_writes_without_a_token(kit: Kit) -> None:
    with pytest.raises(SettingsError, match=r"tracker\.credentials_file"):
        write(kit, EDIT, credentials_file="")


def test_a_forge_in_trouble_is_left_alone(kit: Kit, hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.01)
    kit.requests.update({number: kit.request() for number in range(1, 30)})
    writer = open_writer(kit.settings())
    writer.edit(kit.item(1), EDIT)
    before = kit.forge.count()
    kit.forge.fail(503, times=999)
    for number in range(1, 30):
        with pytest.raises(TrackerError, match="answered 503"):
            writer.edit(kit.item(number), EDIT)
    assert kit.forge.count() - before <= 6
