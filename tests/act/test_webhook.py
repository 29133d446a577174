"""A webhook: what arrives, that its signature holds, to whom it goes and to whom not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from shepherd import holding
from shepherd.act.notice import NoticeError, deliver
from shepherd.act.webhook import keys_of, signature
from shepherd.errors import LostLockError, SettingsError, WrongValueError
from shepherd.plans.notices import Notice
from tests.act.delivery import CHANGE, NOTICE, SECRET, private, send, settings_of
from tests.act.receiver import Behaviour, Received, certificate, closed_port, context_of, receiving
from tests.inv import ROOT

OTHER = "whsec_" + base64.b64encode(b"another secret, of 32 bytes, yes").decode()


def hooked(folder: Path, notice: Notice = NOTICE, secret: str = "", user: str = "") -> Received:
    """What arrives."""
    with receiving() as receiver:
        send(settings_of(folder, f"http://{user}{receiver.place}/hooks/qa?key=k%20v", secret), notice)
        (received,) = receiver.received
        return received


def verified(received: Received, secret: str) -> bool:
    """As a receiver does it, from what Standard Webhooks says alone."""
    signed = (
        f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    )
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(
        hmac.compare_digest(expected, each) for each in received.headers["webhook-signature"].split(" ")
    )


def test_what_arrives(tmp_path: Path) -> None:
    received = hooked(tmp_path)
    assert received.target == "/hooks/qa?key=k%20v"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["webhook-id"] == NOTICE.id
    assert received.headers["webhook-signature"] is None
    document = json.loads(received.body)
    sent_at = document.pop("sent_at")
    assert sent_at[:2] == "20"
    assert document == {
        "schema": 1,
        "id": NOTICE.id,
        "place": "team",
        "branch": "stable",
        "since": None,
        "test": False,
        "changes": [
            {
                "kind": "answer",
                "key": "answer:r123",
                "at": "2026-11-29T10:05:00Z",
                "text": CHANGE.text,
                "command": None,
                "url": None,
                "again": False,
            }
        ],
        "left_out": 0,
        "answer": "deploy r123",
        "deployable": {"revno": 123, "id": "0123456789" * 4},
        "url": "https://qa.example.org/stable.html",
        "text": "stable: deploy r123\n\n- r123 may be deployed: 5 landings are good\n"
        "https://qa.example.org/stable.html",
    }


@pytest.mark.parametrize(
    "notice",
    [
        NOTICE,
        replace(NOTICE, changes=()),
        replace(NOTICE, branch="", answer="", url="", deployable=None),
        replace(
            NOTICE, since=CHANGE.at, left_out=4, changes=(replace(CHANGE, command="inv status", again=True),)
        ),
        replace(NOTICE, changes=(replace(CHANGE, text='"\u202e\ud800\n<b>' + "x" * 5000),)),
    ],
)
def test_it_is_as_the_schema_says(tmp_path: Path, notice: Notice) -> None:
    schema = json.loads((ROOT / "docs/notice.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.validate(json.loads(hooked(tmp_path, notice).body))


def test_the_published_vector_of_standard_webhooks() -> None:
    """https://github.com/standard-webhooks/standard-webhooks, libraries/python/tests."""
    (key,) = keys_of(SECRET)
    body = b'{"test": 2432232314}'
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_it_is_signed(tmp_path: Path) -> None:
    received = hooked(tmp_path, secret=SECRET)
    assert verified(received, SECRET)
    assert not verified(received, OTHER)
    assert not verified(replace(received, body=received.body + b" "), SECRET)


def test_while_a_secret_is_changed_it_is_signed_by_both(tmp_path: Path) -> None:
    received = hooked(tmp_path, secret=f"{SECRET} {OTHER}")
    assert verified(received, SECRET)
    assert verified(received, OTHER)


def test_each_attempt_has_the_same_id(tmp_path: Path) -> None:
    with receiving() as receiver:
        settings = settings_of(tmp_path, f"http://{receiver.place}/")
        receiver.behaviour = Behaviour(status=429)
        with pytest.raises(NoticeError):
            send(settings)
        receiver.behaviour = Behaviour()
        send(settings)
        assert [each.headers["webhook-id"] for each in receiver.received] == [NOTICE.id, NOTICE.id]


def test_name_and_password_in_the_address_go_as_credentials(tmp_path: Path) -> None:
    received = hooked(tmp_path, user="qa:open%20sesame@")
    assert received.headers["authorization"] == "Basic " + base64.b64encode(b"qa:open sesame").decode()


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with receiving() as other, receiving() as receiver:
        receiver.behaviour = Behaviour(status=307, headers={"Location": f"http://{other.place}/"})
        with pytest.raises(NoticeError, match="leads elsewhere"):
            send(settings_of(tmp_path, f"http://{receiver.place}/"))
        assert other.received == []


def test_over_tls_to_whom_we_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with receiving() as receiver:
        receiver.tls = context_of(file)
        send(settings_of(tmp_path, f"https://{receiver.place}/"))
        assert len(receiver.received) == 1


def test_through_the_proxy_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:pw@{closed_port()}")
    with pytest.raises(NoticeError, match="accepts no connection"):
        send(settings_of(tmp_path, "https://hooks.example.org/"))
    with receiving() as proxy:
        proxy.behaviour = Behaviour(status=407)
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:pw@{proxy.place}")
        with pytest.raises(NoticeError, match="the proxy that HTTPS_PROXY names lets nothing through"):
            send(settings_of(tmp_path, "https://hooks.example.org/"))
        (asked,) = proxy.received
        assert asked.target == "hooks.example.org:443"
        assert asked.headers["proxy-authorization"] == "Basic " + base64.b64encode(b"me:pw").decode()
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(NoticeError, match="names no proxy whose URL begins with http://"):
        send(settings_of(tmp_path, "https://hooks.example.org/"))


@pytest.mark.parametrize("url", ["http://HERE/", "mmost://HERE/3ccdd113474722377935511fc85d3dd4"])
def test_nothing_goes_once_the_lock_is_lost(tmp_path: Path, url: str) -> None:
    def lost() -> None:
        raise LostLockError("lost")

    with receiving() as receiver, holding.confirmed_by(lost, 0, 10.0):
        with pytest.raises(LostLockError):
            send(settings_of(tmp_path, url.replace("HERE", receiver.place)))
        assert receiver.received == []


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.org/t0ken", "write https://"),
        ("http://10.0.0.1/t0ken", "write https://"),
        ("https://", "does not hold an address"),
        ("https://exa mple.org/", "does not hold an address"),
        ("https://example.org:port/", "does not hold an address"),
        ("https://[::1/", "does not hold an address"),
        ("https://exämple.org/", "does not hold an address"),
        ("https://a.example/\nhttps://b.example/", "does not hold one line"),
        ("nonsense", "that apprise knows"),
        ("unheard-of://x", "that apprise knows"),
    ],
)
def test_an_address_that_nothing_goes_to(tmp_path: Path, url: str, problem: str) -> None:
    with pytest.raises(WrongValueError, match=problem) as caught:
        send(settings_of(tmp_path, url))
    assert "shepherd.toml: notify.team.url_file: " in str(caught.value)
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize(
    "secret",
    ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", SECRET + "  ", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
)
def test_a_secret_that_nothing_can_be_signed_by(tmp_path: Path, secret: str) -> None:
    with pytest.raises(WrongValueError, match=r"make one with .umask 077; echo") as caught:
        send(settings_of(tmp_path, f"http://{closed_port()}/", secret))
    assert secret.strip() == "whsec_" or secret.strip() not in str(caught.value)


def test_files_that_others_may_read_are_refused(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, f"http://{closed_port()}/", SECRET)
    for name in ("team.secret", "team.url"):
        (tmp_path / name).chmod(0o640)
        with pytest.raises(SettingsError, match=rf"{name} is open to others; run chmod 600"):
            send(settings)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, f"http://{closed_port()}/")
    (tmp_path / "team.url").unlink()
    with pytest.raises(WrongValueError, match=r"team\.url is not there; create it with"):
        send(settings)


def test_no_error_holds_address_or_secret(tmp_path: Path) -> None:
    """Nor does what Python would print of it, with all that led to it."""
    import traceback

    for url in (
        f"http://{closed_port()}/hooks/t0ps3cret",
        f"mmost://{closed_port()}/t0ps3crett0ps3crett0ps3cret1",
    ):
        try:
            send(settings_of(tmp_path, url, SECRET if url.startswith("http") else ""))
        except NoticeError as error:
            printed = "".join(traceback.format_exception(error))
            assert "t0ps3cret" not in printed.replace('f"http', "")
            assert SECRET not in printed
        else:
            pytest.fail("nobody listens there")


def test_two_places_have_their_own_files(tmp_path: Path) -> None:
    more = '[[notify]]\nname = "other.one"\nurl_file = "other.url"\n'
    with receiving() as receiver:
        settings = settings_of(tmp_path, f"http://{receiver.place}/first", more=more)
        private(tmp_path / "other.url", f"http://{receiver.place}/second")
        for place in settings.notify:
            deliver(NOTICE, place, settings)
        assert [each.target for each in receiver.received] == ["/first", "/second"]
    assert settings.secret_keys == ["notify.team.url", "notify.other.one.url"]
