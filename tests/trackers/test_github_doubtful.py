"""Answers of GitHub that look complete and are not, or that only a person can put right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import TrackerError
from shepherd.trackers import open_tracker, open_writer
from shepherd.trackers.claims import NO_CLAIMS, Claim, Claims
from shepherd.trackers.github.meaning import meaning
from shepherd.trackers.writing import Edit
from tests.trackers.faulty import at_work
from tests.trackers.forge_kit import Kit
from tests.trackers.github_server import GitHub

SHA = "ab" * 20
PARTIAL = {"X-GitHub-SSO": "partial-results; organizations=21955855,20582480"}
"""docs.github.com, "Authenticating to the REST API": results of these organisations are left out."""


def answered(*errors: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"data": {"repository": {"nameWithOwner": "acme/shop", **fields}}, "errors": list(errors)}


def error(kind: str, *path: str) -> dict[str, Any]:
    return {"type": kind, "path": list(path), "message": "?"}


@pytest.fixture
def kit(tmp_path: Path) -> Any:
    with at_work(GitHub()) as hub:
        yield Kit(hub, tmp_path)


def test_what_single_sign_on_left_out_is_not_what_is_not_there(kit: Kit) -> None:
    kit.forge.fail(200, times=9, body=answered(c0=None), headers=PARTIAL)
    with pytest.raises(TrackerError, match=r"left things out.*authorise the token") as failed:
        kit.read(claims=Claims((Claim(SHA),), "stable"))
    assert "21955855" not in str(failed.value)
    assert failed.value.requests == 1


def test_what_was_written_is_done_whatever_single_sign_on_left_out() -> None:
    labels = json.dumps([{"name": "data"}]).encode()
    assert meaning(200, {"x-github-sso": PARTIAL["X-GitHub-SSO"]}, labels).status == 200


def test_an_error_at_a_field_that_nobody_asked_for_may_be_about_any(kit: Kit) -> None:
    # "object" is the field; what was asked for is called c0
    broken = answered(error("SERVICE_UNAVAILABLE", "repository", "object"), c0=None)
    kit.forge.fail(200, on="object(oid", times=9, body=broken)
    assert SHA in kit.read(claims=Claims((Claim(SHA),), "stable")).unasked


@pytest.mark.parametrize("turned", [False, True])
def test_that_there_is_none_is_not_believed_beside_another_error(kit: Kit, turned: bool) -> None:
    errors = [error("NOT_FOUND", "repository", "n7"), error("FORBIDDEN", "repository", "n7", "labels")]
    kit.forge.fail(200, times=9, body=answered(*(reversed(errors) if turned else errors), n7=None, n8=None))
    assert kit.read("#7", "#8").items["#7"].unreadable == "the token gives no right to it"


def test_a_field_that_an_old_server_does_not_know_is_no_trouble_that_passes(kit: Kit) -> None:
    # github.com/refined-github/refined-github/issues/6946
    refusal = {
        "path": ["query", "repository", "deployments"],
        "extensions": {"code": "undefinedField", "typeName": "Repository", "fieldName": "deployments"},
        "locations": [{"line": 1, "column": 9}],
        "message": "Field 'deployments' doesn't exist on type 'Repository'",
    }
    kit.forge.fail(200, times=9, body={"errors": [refusal]})
    with pytest.raises(TrackerError, match=r"does not know a field .* Enterprise Server") as failed:
        kit.read("#7")
    assert failed.value.requests == 1


def test_a_token_that_is_not_accepted_is_to_be_replaced() -> None:
    meant = meaning(401, {}, b'{"message": "Bad credentials"}')
    assert (meant.status, "put a new one" in meant.why) == (401, True)


def test_comments_of_which_some_are_missing_do_not_lead_to_a_second_one(kit: Kit) -> None:
    said = {
        "labels": {"nodes": []},
        "locked": False,
        "comments": {"nodes": [], "pageInfo": {"hasPreviousPage": True, "startCursor": None}},
    }
    kit.forge.fail(200, times=9, body={"data": {"repository": {"nameWithOwner": "acme/shop", "it": said}}})
    with pytest.raises(TrackerError, match="more comments, but not where"):
        open_writer(kit.settings()).edit("#7", Edit(comment="Hello.\n-- QA Shepherd"))
    assert not any("/comments" in each for each in kit.forge.asked)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("saml", "authorise the token"),
        ("ip list", "list of allowed IP addresses"),
        ("lifetime", "an earlier expiration date"),
        ("classic token", "takes no classic token"),
        ("forbidden", "gives no right"),
        ("not found", "has no repository acme/shop"),
    ],
)
def test_the_probe_says_what_is_wrong_with_the_token(kit: Kit, fault: str, says: str) -> None:
    kit.forge.fail(fault, times=9)
    with pytest.raises(TrackerError, match=says):
        open_tracker(kit.settings(), claims=NO_CLAIMS).probe()


def test_a_repository_that_can_be_read_needs_no_owner_of_the_token(kit: Kit) -> None:
    refused = {"data": {"viewer": None}, "errors": [error("FORBIDDEN", "viewer")]}
    kit.forge.fail(200, on="viewer", times=9, body=refused)
    told = open_tracker(kit.settings(), claims=NO_CLAIMS).probe()
    assert told.endswith("by a token whose owner GitHub does not name")
