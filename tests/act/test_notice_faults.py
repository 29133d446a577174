"""Whatever a place for messages does wrong is one sentence, and nobody is told twice without a mark, or not
at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest

from shepherd.act import chat, webhook
from shepherd.act.notice import NoticeError
from shepherd.errors import UnsureError
from tests.act.delivery import SECRET, send, settings_of
from tests.act.notice_faults import PAGE, NoticeFault, faults, with_table
from tests.act.receiver import LOGIN_PAGE, Behaviour, certificate, closed_port, context_of, receiving

HOOK = "3ccdd113474722377935511fc85d3dd4"
"""Of a Mattermost: who knows it may write there."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (webhook, "CONNECTING"),
        (webhook, "ANSWERING"),
        (webhook, "LOOKING"),
        (chat, "SILENCE"),
        (chat, "CONNECTING"),
    ):
        monkeypatch.setattr(module, name, 0.5)
    monkeypatch.setattr(chat, "WHOLE", 1.0)
    monkeypatch.setattr(chat, "MEMORY", 64_000_000)


def outcome(folder: Path, fault: NoticeFault, way: Literal["webhook", "chat"]) -> tuple[str, str]:
    """How it came out, and the sentence."""
    tls = fault.what in ("certificate", "plain", "mute")
    scheme = {"webhook": "https" if tls else "http", "chat": "mmosts" if tls else "mmost"}[way]
    with receiving() as receiver:
        body = b"" if fault.status == 204 else LOGIN_PAGE if fault.page else b"ok"
        what = {"plain": "not http", "certificate": "answer"}.get(fault.what, fault.what)
        receiver.behaviour = Behaviour(what, fault.status, fault.headers, body)
        if fault.what == "certificate":
            receiver.tls = context_of(certificate(folder))
        place = {"closed": closed_port(), "no name": "nowhere.invalid"}.get(fault.what, receiver.place)
        if fault.what == "no name":
            scheme = {"webhook": "https", "chat": "mmost"}[way]
        path = f"/hooks/{HOOK}" if way == "webhook" else f"/{HOOK}"
        settings = settings_of(folder, f"{scheme}://{place}{path}", SECRET if way == "webhook" else "")
        try:
            send(settings)
        except NoticeError as error:
            return "not", str(error)
        except UnsureError as error:
            return "unsure", str(error)
        assert [each.target for each in receiver.received] == [f"/hooks/{HOOK}"]
        return "delivered", ""


CASES = [
    pytest.param(fault, way, id=f"{way}: {fault.says}")
    for fault in faults()
    for way in ("webhook", "chat")
    if getattr(fault, way)
]


@pytest.mark.parametrize(("fault", "way"), CASES)
def test_each_fault(
    tmp_path: Path,
    fault: NoticeFault,
    way: Literal["webhook", "chat"],
    capfd: pytest.CaptureFixture[str],
) -> None:
    came, sentence = outcome(tmp_path, fault, way)
    assert came == getattr(fault, way)
    said = re.sub(r"\bFILE\b", str(tmp_path / "team.url"), fault.sentence_for(way))
    assert sentence == (f"notify team: {said}" if came != "delivered" else "")
    # what apprise, requests and urllib3 log or warn of holds the address
    assert capfd.readouterr() == ("", "")


def test_the_page_has_each_fault() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "run python -m tests.act.notice_faults"
