"""What apprise makes of a notice for each chat: nothing in a title is obeyed there, and nothing of it, or of
the address, gets anywhere else."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from msgspec.structs import replace

from shepherd.act.notice import NoticeError
from shepherd.chat_addresses import is_webhook
from shepherd.errors import UnsureError
from shepherd.plans.notices import Notice
from tests.act.delivery import CHANGE, NOTICE, send, settings_of
from tests.act.receiver import LOGIN_PAGE, Behaviour, closed_port, receiving
from tests.act.test_notice_layout import OBEYED
from tests.running.smtp import Trick, serving

HOSTILE = (
    "Ann's *bold* _x_ `c` ~~s~~ ||h|| <!channel> <@U123ABC> @everyone @all @here ann@example.org"
    " <script>alert(1)</script> &lt;!here&gt; [deploy r9](https://evil.example) ![i](https://evil.example/i.png)"
    " <https://evil.example|ok> \\*"
)
NOTICES = replace(NOTICE, answer=f"blocked by {HOSTILE}", changes=(replace(CHANGE, text=HOSTILE),))
TOKEN = "3ccdd113474722377935511fc85d3dd4"
HERE = {
    "mattermost": "mmost://HERE/" + TOKEN,
    "ntfy": "ntfy://HERE/qa",
    "ntfy, markdown": "ntfy://HERE/qa?format=markdown",
    "gotify": "gotify://HERE/" + TOKEN,
    "rocket.chat": f"rocket://{TOKEN}/{TOKEN}@HERE/#qa",
    "matrix": f"matrix://{TOKEN}@HERE?mode=matrix",
    "nextcloud talk": f"nctalk://qa:{TOKEN}@HERE/{TOKEN}",
    "signal": "signal://HERE/11122223333/12223334444",
    "home assistant": f"hassio://HERE/{TOKEN}",
    "synology chat": f"synology://HERE/{TOKEN}",
    "json": "json://HERE",
    "form": "form://HERE",
    "xml": "xml://HERE",
}
"""Services that anybody can run, so that the receiver of the test is one."""
ELSEWHERE = {
    "slack": f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{TOKEN[:24]}",
    "slack, markdown": f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN[:24]}/#qa?format=markdown",
    "discord": "https://discord.com/api/webhooks/4174216298/" + TOKEN,
    "discord, markdown": f"discord://4174216298/{TOKEN}?format=markdown",
    "teams": f"https://prod-12.westus.logic.azure.com/workflows/{TOKEN}/triggers/manual/paths/invoke?sig={TOKEN}",
    "telegram": "tgram://123456789:abcdefg_hijklmnop/12315544",
    "telegram, markdown": "tgram://123456789:abcdefg_hijklmnop/12315544?format=markdown",
    "google chat": f"https://chat.googleapis.com/v1/spaces/space/messages?key={TOKEN}&token={TOKEN}",
    "webex": "wxteams://" + "a" * 80,
    "zulip": f"zulip://bot@team/{TOKEN}/qa",
}
"""Those that somebody else runs: what apprise would send there is looked at."""


def texts(value: object) -> Iterator[str]:
    """All texts in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def look(body: str) -> None:
    """The title of somebody arrived, and nothing in it means anything there."""
    try:
        arrived = list(texts(json.loads(body)))
    except ValueError:
        arrived = re.findall(r"<(?:Subject|Message)>(.*?)</", body, re.DOTALL) or [body]
    told = [html.unescape(text) for text in arrived if "Ann" in text]
    assert told, body
    for text in told:
        for line in text.splitlines():
            shown = re.sub(r"^(?:- |# |<b>|\*)|(?:</b>|\*)$", "", line.strip())
            # so writes apprise where it knows that a service takes it
            shown = shown.replace("\\[", "[")
            assert not OBEYED.search(shown.replace("https://qa.example.org/stable.html", "")), shown
    # a ping or a link that a library made of it, in a field of its own
    assert not re.search(r"@(?!type)\w|evil\.example[^/ )›%]", "\n".join(texts_or(body)))


def texts_or(body: str) -> list[str]:
    try:
        return list(texts(json.loads(body)))
    except ValueError:
        return [body]


@pytest.mark.parametrize("service", HERE)
def test_nothing_is_obeyed_by_a_service_here(tmp_path: Path, service: str) -> None:
    with receiving() as receiver:
        receiver.behaviour = Behaviour(headers={"Content-Type": "application/json"}, body=b"{}")
        send(settings_of(tmp_path, HERE[service].replace("HERE", receiver.place)), NOTICES)
        (received,) = receiver.received
        look(received.body.decode())


@pytest.mark.parametrize("service", ELSEWHERE)
def test_nothing_is_obeyed_by_a_service_elsewhere(
    tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[requests.PreparedRequest] = []

    def keep(
        _session: requests.Session, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        assert not options["allow_redirects"]
        sent.append(request)
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b"ok"
        return answer

    monkeypatch.setattr(requests.Session, "send", keep)
    send(settings_of(tmp_path, ELSEWHERE[service]), NOTICES)
    (request,) = sent
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    look(unquote(body.replace("+", " ")) if service == "zulip" else body)


@pytest.mark.parametrize("service", HERE)
@pytest.mark.parametrize(
    ("behaviour", "sure"),
    [
        (None, True),
        (Behaviour(status=301, headers={"Location": "/elsewhere"}), True),
        (Behaviour(status=403), True),
        (Behaviour(status=429), True),
        (Behaviour(status=500), False),
        (Behaviour("reset"), False),
        (Behaviour("half a status"), False),
    ],
    ids=["closed", "301", "403", "429", "500", "reset", "half a status"],
)
def test_each_service_says_what_is_certain(
    tmp_path: Path, service: str, behaviour: Behaviour | None, sure: bool
) -> None:
    """What we read of it in the log of apprise, which words it in a hundred places."""
    with receiving() as receiver:
        receiver.behaviour = behaviour or Behaviour()
        place = receiver.place if behaviour else closed_port()
        with pytest.raises(NoticeError if sure else UnsureError) as caught:
            send(settings_of(tmp_path, HERE[service].replace("HERE", place)))
        assert "apprise says no more" not in str(caught.value)
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("service", HERE)
@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(headers={"Content-Type": "text/html"}, body=LOGIN_PAGE), "it answered with a web page: "),
        (Behaviour(status=429, headers={"Retry-After": "120"}), "and asks to wait 2 minutes; "),
    ],
    ids=["page", "wait"],
)
def test_each_service_shows_what_its_server_answered(
    tmp_path: Path, service: str, behaviour: Behaviour, said: str
) -> None:
    """What we read of the answers themselves, whatever apprise makes of them."""
    with receiving() as receiver:
        receiver.behaviour = behaviour
        with pytest.raises(NoticeError, match=said):
            send(settings_of(tmp_path, HERE[service].replace("HERE", receiver.place)))


def test_what_mattermost_shows(tmp_path: Path) -> None:
    changes = (
        replace(CHANGE, command="inv promote --to r123", url="https://git.example.org/compare?a=1&b=2"),
        replace(CHANGE, text="r7 *is* bad", again=True),
    )
    with receiving() as receiver:
        send(
            settings_of(tmp_path, HERE["mattermost"].replace("HERE", receiver.place)),
            replace(NOTICE, changes=changes),
        )
        document = json.loads(receiver.received[0].body)
    assert document == {
        "username": "QA Shepherd",
        "text": "stable: deploy r123\n\n- r123 may be deployed: 5 landings are good\n"
        "  inv promote --to r123\n"
        "  https://git.example.org/compare?a=1&b=2\n- (perhaps told before) r7 ∗is∗ bad\n"
        "https://qa.example.org/stable.html",
    }


def test_what_ntfy_shows(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.behaviour = Behaviour(body=b"{}")
        send(settings_of(tmp_path, HERE["ntfy"].replace("HERE", receiver.place)))
        document = json.loads(receiver.received[0].body)
    assert document == {
        "topic": "qa",
        "title": "stable: deploy r123",
        "message": "- r123 may be deployed: 5 landings are good\nhttps://qa.example.org/stable.html",
    }


@pytest.mark.parametrize(
    ("service", "longest"), [("mattermost", 4000), ("rocket.chat", 1000), ("ntfy", 7800)]
)
def test_a_message_is_one_request_and_fits(tmp_path: Path, service: str, longest: int) -> None:
    changes = tuple(replace(CHANGE, text=f"change {number} " + "x" * 200) for number in range(90))
    with receiving() as receiver:
        receiver.behaviour = Behaviour(body=b"{}")
        send(
            settings_of(tmp_path, HERE[service].replace("HERE", receiver.place)),
            replace(NOTICE, changes=changes),
        )
        (received,) = receiver.received
    document = json.loads(received.body)
    text = document.get("text") or document["message"]
    assert longest / 2 < len(text) <= longest
    assert re.search(r"\n- and [0-9]+ more\n", text)


def test_no_picture_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.behaviour = Behaviour(body=b"{}")
        for name, service in HERE.items():
            send(settings_of(tmp_path, service.replace("HERE", receiver.place)))
            arrived = f"{receiver.received[-1].headers}{receiver.received[-1].body!r}"
            # the schema of that document
            assert re.sub(r"\S+/NotifyXML-[0-9.]+\.xsd", "", arrived).count("apprise/") == 0, name


@pytest.mark.parametrize(
    ("url", "webhook"),
    [
        ("https://example.org/hooks.slack.com/", True),
        ("https://hooks.slack.com.example.org/services/A/B/C", True),
        ("https://evildiscord.com/api/webhooks/1/2", True),
        ("HTTPS://example.org/", True),
        ("http://127.0.0.1/", True),
        ("https://hooks.slack.com/services/A/B/C", False),
        ("https://discord.com/api/webhooks/1/2", False),
        ("https://team.webhook.office.com/webhookb2/x", False),
        ("mmosts://chat.example.org/x", False),
        ("nonsense", False),
    ],
)
def test_which_way_an_address_goes(url: str, webhook: bool) -> None:
    assert is_webhook(url) is webhook


def test_the_page_of_a_message_about_the_host(tmp_path: Path) -> None:
    host: Notice = replace(NOTICE, branch="", answer="", url="")
    with receiving() as receiver:
        send(settings_of(tmp_path, HERE["mattermost"].replace("HERE", receiver.place)), host)
        assert json.loads(receiver.received[0].body)["text"].startswith("QA Shepherd\n\n- r123")


@pytest.mark.parametrize(
    ("trick", "sure", "said"),
    [
        ("refuse", True, "its mail server refuses the message with 550; is what "),
        ("not now", True, "its mail server refuses the message with 451; the next run tries again"),
        ("refuse it", True, "its mail server refuses the message with 554; is what "),
        ("hang up", False, "it gave no answer that could be read"),
        ("take it and hang up", False, "it gave no answer that could be read"),
    ],
)
def test_by_mail(tmp_path: Path, trick: Trick, sure: bool, said: str) -> None:
    to = "channel@chat.example.org"
    with serving() as server:
        url = f"mailto://127.0.0.1:{server.server_address[1]}?from=qa@example.org&to={to}"
        server.tricks[to] = trick
        with pytest.raises(NoticeError if sure else UnsureError, match=said):
            send(settings_of(tmp_path, url), NOTICES)
        server.tricks.clear()
        server.messages.clear()
        send(settings_of(tmp_path, url), NOTICES)
        ((_, text),) = server.messages
    message = message_from_string(text, policy=default)
    assert message["subject"].startswith("stable: blocked by Ann's ∗bold∗")
    assert "‹script›alert(1)‹/script›" in message.get_content()
