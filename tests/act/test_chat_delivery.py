"""How a message goes to a chat through apprise: over which connection, how often, what counts as taken, and
that nothing of it is shown or stays behind."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
import requests

from shepherd.act import chat
from shepherd.act.notice import NoticeError
from shepherd.errors import SettingsError, UnsureError, WrongValueError
from tests.act.delivery import SECRET, send, settings_of
from tests.act.receiver import LOGIN_PAGE, Behaviour, certificate, context_of, receiving
from tests.act.test_chat import TOKEN


def test_over_tls_to_whom_all_else_here_trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    before = dict(os.environ)
    with receiving() as receiver:
        receiver.tls = context_of(file)
        send(settings_of(tmp_path, f"mmosts://{receiver.place}/{TOKEN}"))
        assert len(receiver.received) == 1
    assert dict(os.environ) == before


@pytest.mark.parametrize("variable", ["HOME", "NETRC"])
def test_no_password_for_other_programs_goes_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    file = tmp_path / ".netrc"
    file.write_text("machine 127.0.0.1 login ann password hunter2\n")
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv(variable, str(tmp_path if variable == "HOME" else file))
    before = dict(os.environ)
    with receiving() as receiver:
        receiver.behaviour = Behaviour(body=b"{}")
        send(settings_of(tmp_path, f"ntfy://tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2@{receiver.place}/qa"))
        (request,) = receiver.received
    assert "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2" in f"{request.headers}"
    assert dict(os.environ) == before


def test_of_several_channels_one_may_have_it(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.behaviour = Behaviour(status=403)
        with pytest.raises(UnsureError, match="one at least of its 2 channels"):
            send(settings_of(tmp_path, f"mmost://{receiver.place}/{TOKEN}?to=a,b"))


def test_a_page_that_one_of_several_channels_shows_leaves_it_open(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.behaviour = Behaviour(headers={"Content-Type": "text/html"}, body=LOGIN_PAGE)
        with pytest.raises(UnsureError, match="one at least of its 2 channels"):
            send(settings_of(tmp_path, f"mmost://{receiver.place}/{TOKEN}?to=a,b"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/html", b"ok"), ("text/html", b"<p>Thanks</p>"), ("text/plain", LOGIN_PAGE)],
)
def test_what_is_no_page_for_people_is_an_answer(tmp_path: Path, kind: str, body: bytes) -> None:
    with receiving() as receiver:
        receiver.behaviour = Behaviour(headers={"Content-Type": kind}, body=body)
        send(settings_of(tmp_path, f"mmost://{receiver.place}/{TOKEN}"))
        assert len(receiver.received) == 1


def test_what_looks_at_answers_is_gone_afterwards(tmp_path: Path) -> None:
    before = requests.Session.send
    with receiving() as receiver:
        receiver.behaviour = Behaviour("reset")
        with pytest.raises(UnsureError):
            send(settings_of(tmp_path, f"mmost://{receiver.place}/{TOKEN}"))
    assert requests.Session.send is before


def test_it_is_tried_once(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.behaviour = Behaviour(status=429)
        with pytest.raises(NoticeError):
            send(settings_of(tmp_path, f"mmost://{receiver.place}/{TOKEN}?retry=5&wait=1"))
        assert len(receiver.received) == 1


def test_what_a_library_raises_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"cannot handle {TOKEN}")

    monkeypatch.setattr(requests, "post", broken)
    with pytest.raises(UnsureError) as caught:
        send(settings_of(tmp_path, f"mmost://127.0.0.1:9/{TOKEN}"))
    assert "apprise broke off (ValueError)" in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_logging_is_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests")]
    before = [(each.propagate, each.level, list(each.handlers)) for each in loggers]
    with receiving() as receiver, caplog.at_level(1):
        send(settings_of(tmp_path, f"mmost://{receiver.place}/{TOKEN}"))
    assert [(each.propagate, each.level, list(each.handlers)) for each in loggers] == before
    assert caplog.records == []


def test_without_the_extra_one_sentence_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "find_spec", lambda _: None)
    with pytest.raises(SettingsError) as caught:
        send(settings_of(tmp_path, "mmosts://chat.example.org/" + TOKEN))
    assert str(caught.value) == (
        f"{tmp_path / 'shepherd.toml'}: notify.team.url_file: a chat needs apprise, which is not installed:"
        " .venv/bin/pip install --require-hashes -r requirements/notify.txt"
    )


def test_a_chat_is_not_signed(tmp_path: Path) -> None:
    with pytest.raises(
        WrongValueError, match=r"signs a webhook, and .*team\.url holds the address of a chat"
    ):
        send(settings_of(tmp_path, "mmosts://chat.example.org/" + TOKEN, SECRET))
