"""Credentials that launchpadlib saved sign our requests as it would."""

from __future__ import annotations

import io
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as some
from launchpadlib.credentials import AccessToken, AnonymousAccessToken, Consumer
from launchpadlib.credentials import Credentials as TheirCredentials

from shepherd.trackers.launchpad.credentials import APPLICATION, credentials_of

OWN_TO_EACH_REQUEST = {"oauth_nonce", "oauth_timestamp"}
WORDS = some.text(some.characters(min_codepoint=33, max_codepoint=126, exclude_characters="%#;="), min_size=1)


def signed_by_theirs(theirs: TheirCredentials) -> list[tuple[str, str]]:
    headers: dict[str, str] = {}
    theirs.authorizeRequest("https://api.launchpad.net/1.0/bugs/1?ws.start=0", "GET", None, headers)
    return parameters(headers["Authorization"])


def parameters(header: str) -> list[tuple[str, str]]:
    kind, _, listed = header.partition(" ")
    assert kind == "OAuth"
    pairs = re.findall(r'(\w+)="([^"]*)"(?:, |$)', listed)
    assert len(pairs) == listed.count('="')
    return sorted((name, "" if name in OWN_TO_EACH_REQUEST else value) for name, value in pairs)


@given(WORDS, some.just("") | WORDS, WORDS, WORDS)
def test_what_launchpadlib_saved_signs_as_it_does(
    consumer: str, consumer_secret: str, token: str, secret: str
) -> None:
    theirs = TheirCredentials()
    theirs.consumer = Consumer(consumer, consumer_secret)
    theirs.access_token = AccessToken(token, secret)
    saved = io.StringIO()
    theirs.save(saved)
    ours = credentials_of(saved.getvalue())
    assert (ours.consumer, ours.token) == (consumer, token)
    assert parameters(ours.headers()["Authorization"]) == signed_by_theirs(theirs)


def test_an_anonymous_request_is_signed_as_theirs() -> None:
    theirs = TheirCredentials(APPLICATION, access_token=AnonymousAccessToken())
    assert parameters(credentials_of("").headers()["Authorization"]) == signed_by_theirs(theirs)


def test_each_request_has_a_nonce_of_its_own() -> None:
    ours = credentials_of("")
    assert ours.headers() != ours.headers()


@pytest.mark.parametrize(
    "text", ["x = 1", "[2]\nconsumer_key = its-secret", "[1]\nconsumer_key = %(its-secret"]
)
def test_a_file_that_holds_none_is_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="are not credentials as launchpadlib saves them") as caught:
        credentials_of(text)
    assert "its-secret" not in str(caught.value)


def test_signs_that_the_header_keeps_apart() -> None:
    ours = credentials_of(
        '[1]\nconsumer_key = a b\nconsumer_secret =\naccess_token = t&"\naccess_secret = s~\n'
    )
    values = {name: unquote(value) for name, value in parameters(ours.headers()["Authorization"])}
    assert (values["oauth_consumer_key"], values["oauth_token"]) == ("a b", 't&"')
    assert values["oauth_signature"] == "&s~"
