"""Whatever goes wrong between us and a forge: one sentence, no secret, no label taken for granted."""

from __future__ import annotations

import json
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shepherd.errors import SettingsError, TrackerError
from shepherd.trackers import http, open_tracker
from shepherd.words import ItemTags
from tests.running.host import Host
from tests.trackers.forge_kit import TOKEN, Kit, nameless, whatever_is_written
from tests.trackers.github_server import GitHub

pytestmark = pytest.mark.usefixtures("hasty")

PASSING: tuple[int | str, ...] = (429, 500, 502, 503, 504, "hang", "reset", "truncate", "broken")
SHA = "ab" * 20
AT_ONCE = {"Retry-After": "0"}
"""To a forge that says nothing we would give a minute."""


def failure(kit: Kit) -> str:
    """The one sentence of a forge that could not be read."""
    with pytest.raises(TrackerError) as caught:
        kit.read(kit.item(1))
    told = str(caught.value)
    assert "\n" not in told
    assert caught.value.requests
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    return told


@pytest.mark.parametrize("what", PASSING)
def test_what_passes_is_tried_again(kit: Kit, what: int | str) -> None:
    kit.requests[1] = kit.request("qa-bad")
    kit.forge.fail(what, times=2, headers=AT_ONCE if what == 429 else {})
    reading = kit.read(kit.item(1))
    assert reading.items == {kit.item(1): ItemTags(("bad",))}
    assert reading.requests == kit.forge.count() == 3


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (400, "answered 400"),
        (401, "answered 401: the credentials are missing, or not accepted"),
        (403, "answered 403: the credentials give no right to this"),
        (404, "answered 404: it has no such thing; is tracker.project right?"),
        (410, "answered 410: it is gone for good"),
        (429, "answered 429: too many requests"),
        (500, "answered 500: it has trouble of its own"),
        (503, "answered 503: it has trouble of its own"),
        ("hang", "did not answer in time"),
        ("reset", "closed the connection without an answer"),
        ("truncate", "broke off in the middle of its answer"),
        ("broken", "answered with JSON that is damaged"),
        ("html", "answered with a web page: a log-in page, or a proxy, stands before it"),
        ("redirect", "refers to another host, which is not followed"),
    ],
)
def test_what_does_not_pass_is_no_data(kit: Kit, what: int | str, says: str) -> None:
    kit.requests[1] = kit.request("qa-ok")
    kit.forge.fail(what, times=99, headers=AT_ONCE if what == 429 else {})
    if kit.is_github and what == 401:
        says = "answered 401: the token is not accepted: it has perhaps expired"
    assert says in failure(kit)
    assert kit.forge.count() == (http.TRIES if what in PASSING else 1)


def test_nobody_is_there(kit: Kit) -> None:
    with pytest.raises(TrackerError, match="accepts no connection"):
        kit.read(kit.item(1), service_root="http://127.0.0.1:9")


def test_redirects_on_the_same_host_lead_nowhere(kit: Kit) -> None:
    kit.forge.elsewhere = f"{kit.forge.root}/elsewhere"
    kit.forge.fail("redirect", times=99)
    # GitHub's questions are POSTs, which nobody may turn into a GET elsewhere
    which, asked = ("a redirect", 1) if kit.is_github else ("a second redirect in a row", 2)
    assert f"answered 301: {which}, which is not followed" in failure(kit)
    assert kit.forge.count() == asked


def test_an_answer_without_an_end(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST", 2_000_000)
    kit.forge.fail("huge", times=99)
    assert "sent more than 2 MB" in failure(kit)


def test_an_answer_that_drips(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "WHOLE", 0.2)
    monkeypatch.setattr(http, "PATIENCE", 0.3)
    kit.forge.fail("drip", times=99)
    began = time.monotonic()
    assert "did not answer in time" in failure(kit)
    assert time.monotonic() - began < 2


def test_it_does_not_wait_for_ever(kit: Kit) -> None:
    kit.forge.fail(429, times=99, headers={"Retry-After": "3600"})
    assert "answered 429: too many requests and asks to wait 1 hour" in failure(kit)
    assert kit.forge.count() == 1


def test_it_waits_until_the_limit_is_reset(kit: Kit) -> None:
    kit.requests[1] = kit.request("qa-ok")
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    kit.forge.clock = lambda: now
    name = "X-RateLimit" if kit.is_github else "RateLimit"
    headers = {f"{name}-Remaining": "0", f"{name}-Reset": str(int(now.timestamp()) + 1)}
    kit.forge.fail(429, headers=headers)
    began = time.monotonic()
    assert kit.read(kit.item(1)).items == {kit.item(1): ItemTags(("ok",))}
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("after", [1, 1800])
def test_github_says_by_200_that_the_limit_is_reached(hub: GitHub, tmp_path: Path, after: int) -> None:
    kit = Kit(hub, tmp_path)
    kit.requests[1] = kit.request("qa-ok")
    hub.remaining, hub.reset = 0, int(time.time()) + after
    if after > 1:
        assert "answered 429: too many requests and asks to wait" in failure(kit)
        assert hub.count() == 1
        return

    def recover(_request: str) -> None:
        hub.remaining = 5000 if hub.count() else 0

    hub.tell = recover
    assert kit.read("#1").items == {"#1": ItemTags(("ok",))}
    assert hub.count() == 2


SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def refusal(message: str) -> dict[str, object]:
    return {"data": None, "errors": [{"message": message}]}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"message": SECONDARY}),
        (429, {"message": SECONDARY}),
        (429, {"message": "Too many requests"}),
        (403, {"message": "API rate limit exceeded for user ID 1."}),
        (200, refusal(SECONDARY)),
        (200, {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}),
        (200, {"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "exceeded"}]}),
        (200, {"errors": [{"code": "graphql_rate_limit", "message": "exceeded"}]}),
    ],
)
def test_github_says_that_it_is_too_much_but_not_how_long(
    hub: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: object
) -> None:
    """It wants a minute then, from the one who asks in this run."""
    monkeypatch.setattr(http, "PATIENCE", 59.0)
    kit = Kit(hub, tmp_path)
    hub.fail(status, times=99, body=body)
    assert "answered 429: too many requests and asks to wait 1 minute" in failure(kit)
    with pytest.raises(TrackerError, match="asks to wait 1 minute"):
        kit.read("#1")
    assert hub.count() == 1


def test_one_that_is_not_there(kit: Kit) -> None:
    kit.requests[1] = kit.request("qa-ok")
    items = kit.read(kit.item(1), kit.item(2), "3").items
    assert items[kit.item(1)] == ItemTags(("ok",))
    assert items[kit.item(2)].unreadable.startswith(
        f"there is no request {kit.item(2)} in {kit.forge.project}"
    )
    assert items["3"].unreadable.startswith("there is no issue 3")


def test_one_that_github_does_not_show(hub: GitHub, tmp_path: Path) -> None:
    kit = Kit(hub, tmp_path)
    hub.things |= {1: kit.request("qa-ok"), 2: kit.request("qa-ok", forbidden=True)}
    items = kit.read("#1", "#2", str(10**10 - 1)).items
    assert items["#1"] == ItemTags(("ok",))
    assert items["#2"].unreadable == "the token gives no right to it"
    assert items[str(10**10 - 1)].unreadable
    hub.things[1].forbidden = True
    assert "the token gives no right to read issues and pull requests" in failure(kit)


def test_a_project_that_is_not_there(kit: Kit) -> None:
    with pytest.raises(TrackerError, match=r"is tracker\.project right"):
        kit.read(kit.item(1), project="acme/none")


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        {"data": None},
        {"data": {"repository": None}},
        {"data": {"repository": {"nameWithOwner": "acme/shop"}}},
        {"data": {"repository": {"nameWithOwner": "acme/shop", "n1": {}}}},
        {"data": {"repository": {"nameWithOwner": "acme/shop", "n1": {"labels": None}}}},
        {"data": {"repository": {"nameWithOwner": "acme/shop", "n1": {"labels": {"nodes": [None]}}}}},
        {"errors": [{"message": "Something went wrong while executing your query."}]},
        {"data": None, "errors": [{"type": "SERVICE_UNAVAILABLE", "path": ["repository"]}]},
        [{"iid": 1, "labels": None}],
        [{"iid": 1}],
        ["1"],
    ],
)
def test_answers_that_make_no_sense(kit: Kit, document: object) -> None:
    """No data, or one that cannot be read; never a request without labels."""
    kit.requests[1] = kit.request("qa-bad")
    kit.forge.fail(200, times=99, body=document)
    try:
        items = kit.read(kit.item(1)).items
    except TrackerError as error:
        assert "\n" not in str(error)
    else:
        assert items[kit.item(1)].unreadable


def test_whose_a_landing_is_must_be_known(kit: Kit) -> None:
    """A landing that has no name because the forge did not answer would count as nobody's."""
    kit.forge.fail(
        500, on={"github": SHA, "gitlab": "merge_requests", "gitea": "state=closed"}[kit.kind], times=99
    )
    with pytest.raises(TrackerError, match="answered 500"):
        kit.read(claims=nameless((SHA,), "stable"))


@pytest.mark.parametrize("text", ["", "two words", "x\x00y", "\u00fcber"])
def test_tokens_that_cannot_be_used(kit: Kit, text: str) -> None:
    (kit.folder / "token").write_text(text)
    with pytest.raises(SettingsError) as caught:
        kit.read(kit.item(1))
    assert not text or text not in "".join(traceback.format_exception(caught.value))
    assert "tracker.credentials_file: " in str(caught.value)
    assert not kit.forge.count()


def test_github_wants_a_token(hub: GitHub, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"credentials_file or .*credentials_env expected"):
        Kit(hub, tmp_path).read("#1", credentials_file="")


@pytest.mark.parametrize("kit", ["gitlab", "gitea"], indirect=True)
def test_public_projects_are_read_by_anybody(kit: Kit) -> None:
    """GitHub's GraphQL answers nobody without a token."""
    kit.forge.public = True  # type: ignore[union-attr]
    kit.requests[1] = kit.request("qa-ok")
    item = kit.item(1)
    assert kit.read(item, credentials_file="").items == {item: ItemTags(("ok",))}
    assert kit.forge.secrets == [""]


def test_netrc_is_nobody_s_token(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    (kit.folder / ".netrc").write_text("machine 127.0.0.1 login ann password stolen\n")
    monkeypatch.setenv("HOME", str(kit.folder))
    monkeypatch.setenv("NETRC", str(kit.folder / ".netrc"))
    kit.requests[1] = kit.request("qa-ok")
    kit.read(kit.item(1))
    assert kit.forge.secrets == [TOKEN]


def test_nothing_secret_is_left_anywhere(kit: Kit) -> None:
    host = Host(kit.folder, tracker=kit.lines())
    kit.issues[2] = kit.issue("qa-bad")
    told = "".join(host.inv("run")[1:])
    for what in (401, 500, "truncate", "html", "redirect"):
        kit.forge.fail(what, times=99)
        code, *texts = host.inv("run")
        assert code == 5
        told += "".join(texts)
        kit.forge.repair()
    told += "".join(host.inv("status", "--json")[1:]) + "".join(host.inv("doctor")[1:])
    assert TOKEN not in told + whatever_is_written(host.state)


def test_no_data_keeps_the_last_good_answer(kit: Kit) -> None:
    host = Host(kit.folder, tracker=kit.lines(), branch='marks = ["brackets"]')
    kit.issues.update({1: kit.issue("qa-ok"), 2: kit.issue("qa-ok")})
    assert host.inv("find", "judge")[0] == 0
    kit.forge.fail(503, times=99)
    code, out, _ = host.inv("find", "judge")
    assert code == 5
    assert "answered 503" in out
    snapshot = json.loads(host.inv("status", "--json")[1])
    assert snapshot["deployable"] is None
    assert snapshot["last_good"]["deployable"]["revno"] == 2
    kit.forge.repair()
    assert host.inv("find", "judge")[0] == 0


def test_doctor_s_question(kit: Kit) -> None:
    told = open_tracker(kit.settings()).probe()
    who = "project_1_bot" if kit.is_gitlab else "shepherd"
    assert told == f"{kit.forge.project} at {kit.forge.root.removeprefix('http://')}, as {who}"
    kit.forge.fail(401, times=9)
    with pytest.raises(TrackerError, match="answered 401"):
        open_tracker(kit.settings()).probe()
