"""The HTML of mails says what their text says, to a narrow window too, and nothing that people write becomes
a part of it (docs/mails.md#text-and-html)."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shepherd.act.mail import message_of
from shepherd.plans.mails import Mail, RaisedAlarm, WentLive
from shepherd.plans.recipients import reachable
from shepherd.settings import MailSettings, Settings
from shepherd.stages.mail_messages import message_for
from shepherd.views.mails import WrittenMail, written
from tests.mail.drawn import BAD, LIVE, MAILS, NEEDS_QA, SITE, waiting
from tests.mail.team import LIST, Team, parsed, text_of
from tests.views.factory import NOW

ALLOWED = {
    *("html", "head", "meta", "title", "style", "body"),
    *("p", "h2", "a", "b", "pre", "code", "span", "hr"),
}


class Reader(HTMLParser):
    """What a mail holds."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        self.links += [value or "" for name, value in attributes if name == "href"]
        if tag not in ("meta", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "title" not in self.open:
            self.text += f" {data}"


def words_of(text: str) -> list[str]:
    return " ".join(text.split()).split()


@pytest.mark.parametrize("name", MAILS)
def test_it_is_whole_and_loads_nothing(name: str) -> None:
    html = written(MAILS[name], SITE).html
    read = Reader(html)
    assert read.open == []
    assert read.tags <= ALLOWED
    assert read.attributes <= {"lang", "charset", "name", "content", "class", "href"}
    assert all(link.startswith("https://") for link in read.links)
    assert "url(" not in html and "@import" not in html


@pytest.mark.parametrize("name", MAILS)
def test_both_say_the_same(name: str) -> None:
    """Every word of the text is in the HTML, but for addresses, which are links there."""
    words = written(MAILS[name], SITE)
    read = Reader(words.html)
    shown = {word.strip(".,:") for word in words_of(read.text)}
    said = {word.strip(".,:") for word in words_of(words.text)} - {"*", "--"}
    assert {word for word in said - shown if word not in read.links} == set()


def test_commit_bug_request_and_page_are_links() -> None:
    words = written(MAILS["digest-of-one"], SITE)
    links = set(Reader(words.html).links)
    assert links == {
        f"https://git.example.org/launchpad/commit/?id={NEEDS_QA.id}",
        "https://bugs.example.org/bugs/800104",
        "https://forge.example.org/pull/12",
        "https://qa.example.org/stable.html#r104",
    }
    assert all(link in words.text for link in links)


def test_a_command_is_broken_between_its_words_only() -> None:
    html = written(MAILS["digest-of-one"], SITE).html
    assert (
        "<span>--reason</span> <span>&quot;…&quot;</span> <span>--branch</span> <span>stable</span>" in html
    )


def test_no_subject_is_that_of_the_day_before() -> None:
    for mail in (
        Mail("digest", "a@x", (waiting(NEEDS_QA),)),
        Mail("digest", "a@x", (waiting(NEEDS_QA), waiting(BAD))),
        Mail("escalation", "l@x", (waiting(BAD),)),
        Mail("brake", "o@x", count=300),
    ):
        tomorrow = replace(SITE, now=NOW + timedelta(days=1))
        assert written(mail, SITE).subject != written(mail, tomorrow).subject


def test_a_subject_has_whole_words_of_a_long_title() -> None:
    mail = Mail("digest", "a@x", (waiting(replace(NEEDS_QA, title="Mend the weather report " * 30)),))
    subject = written(mail, SITE).subject
    assert subject.startswith("[stable] r104 waits for your QA, 3 days: Mend the weather report")
    assert len(subject) <= 110
    assert subject.endswith((" Mend…", " the…", " weather…", " report…"))


@pytest.mark.parametrize("count", [4, 300])
def test_many_branches_and_landings_make_no_long_subject(count: int) -> None:
    live = tuple(
        WentLive(f"branch{number}", replace(LIVE[0].entry, revno=number), NOW) for number in range(1, count)
    )
    assert len(written(Mail("live", "a@x", live=live), SITE).subject) < 100


NASTY = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</code></pre><img src=x onerror=y>",
        '"><a href="https://evil.example">',
        "{{ 7 * 7 }}{% raw %}",
        "&lt;b&gt;&amp;",
        "</style><style>*{display:none}",
        "\r\nBcc: eve@example.org",
        "javascript:alert(1)",
        "--==boundary",
        "=?utf-8?q?a=0D=0ABcc:_eve@example.org?=",
        "=?us-ascii?q?=FF=FE?= =?=?",
        "\u202e\u0000\x1b[31m",
        "x" * 2000,
    ]
)


@settings(max_examples=25)
@given(title=NASTY, person=NASTY, branch=NASTY, url=NASTY, reason=NASTY)
def test_nothing_that_people_write_becomes_markup_or_a_header(
    title: str, person: str, branch: str, url: str, reason: str
) -> None:
    changes = {"title": title, "person": person, "branch": branch, "url": url, "reason": reason}
    landing = replace(NEEDS_QA, reason_parts=(), **changes)
    bad = RaisedAlarm(1, 4, f"production runs r4, which is bad: {reason}", "a")
    for mail in (
        Mail("digest", "ann@example.org", (waiting(landing),), live=(WentLive("stable", landing, NOW),)),
        Mail("escalation", LIST, (waiting(landing), waiting(landing))),
        Mail("alarm", "ops@example.org", branch="stable", alarms=(bad,)),
        Mail("unreachable", "ops@example.org", people=(person, title)),
    ):
        words = written(mail, SITE, [reason])
        check(words)
        letter = message_for(mail, SETTINGS, NOW, missing=[reason])
        message = parsed(message_of(letter, MAIL, NOW).as_bytes().decode("ascii"))
        assert message.get_all("Bcc") is None
        assert {name for name in message if not name.startswith("X-")} <= HEADERS
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        assert text_of(message).splitlines() == letter.text.splitlines()


def check(words: WrittenMail) -> None:
    read = Reader(words.html)
    assert read.open == []
    assert read.tags <= ALLOWED
    assert read.attributes <= {"lang", "charset", "name", "content", "class", "href"}
    assert all(link.startswith(("https://", "http://")) for link in read.links)
    assert len(words.subject.splitlines()) == 1


HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
    *("List-Id", "List-Unsubscribe", "Content-Type", "MIME-Version"),
}
MAIL = MailSettings(sender="QA Shepherd <qa@example.org>", operators=("ops@example.org",))
SETTINGS = Settings(branches={}, mail=MAIL)


@pytest.mark.parametrize(
    "title",
    [
        "=?utf-8?q?a=0D=0ABcc:_eve@example.org?=",
        "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
        "é =?us-ascii?q?=FF=FE?=",
        "=\u200b?utf-8?q?=0D=0ABcc:_eve@example.org?=",
    ],
)
def test_an_encoded_word_of_a_title_is_no_header(title: str) -> None:
    """Python would decode it, and write what it holds as lines of its own."""
    mail = Mail("digest", "ann@example.org", (waiting(replace(NEEDS_QA, title=title)),))
    message = parsed(message_of(message_for(mail, SETTINGS, NOW), MAIL, NOW).as_bytes().decode("ascii"))
    assert message.get_all("Bcc") is None
    assert message["Subject"] == (
        f"[stable] r104 waits for your QA, 3 days: {title}".replace("\u200b", "").replace("=?", "= ?")
    )


@pytest.mark.parametrize(
    "address", ["=?utf-8?q?=0ABcc:x?=@example.org", "a@b@example.org", "a@example..org", "a@-x.org", "a@x-"]
)
def test_what_a_header_would_take_for_something_else_is_no_address(address: str) -> None:
    assert not reachable(address)
    assert reachable("a.b+c=d@sub-domain.example.org")


def test_who_wants_no_more_writes_to_the_operators(team: Team) -> None:
    team.land("[bug=1] Two")
    team.look()
    team.at("2011-08-12 09:00").all_stages()
    headers = {to: parsed(text)["List-Unsubscribe"] for to, text in team.server.messages}
    assert {to: unquote(header) for to, header in headers.items()} == {
        to: f"<mailto:ops@example.org?subject=QA Shepherd: no more mails to {to}>"
        for to in ("ann@example.org", LIST)
    }


@pytest.mark.parametrize("to", ["ann@example.org", f"{'a' * 140}@example.org", "o'hara+qa=x&y?z@example.org"])
def test_the_header_is_one_address_whatever_the_recipient_is_called(to: str) -> None:
    mail = Mail("digest", to, (waiting(NEEDS_QA),))
    raw = message_of(message_for(mail, SETTINGS, NOW), MAIL, NOW).as_bytes().decode()
    header = str(parsed(raw)["List-Unsubscribe"])
    (line,) = [line for line in raw.splitlines() if line.startswith("List-Unsubscribe: ")]
    assert line.removeprefix("List-Unsubscribe: ") == header
    assert header.startswith("<mailto:ops@example.org?subject=") and header.endswith(">")
    assert not set(' "<>&') & set(header[1:-1])
    assert unquote(header[1:-1]).endswith(f"no more mails to {to}")


def test_mails_to_operators_have_no_such_header() -> None:
    letter = message_for(Mail("brake", "ops@example.org", count=3), SETTINGS, NOW)
    assert "List-Unsubscribe" not in letter.headers


def test_html_is_in_every_mail(team: Team) -> None:
    team.land("[bug=1] Two", author="Bob <1+bob@users.noreply.github.com>")
    team.land("[bug=1] Three")
    team.look()
    team.at("2011-08-12 09:00").all_stages()
    kinds = [parsed(text)["X-QA-Shepherd-Kind"] for _, text in team.server.messages]
    assert kinds == ["digest", "unreachable", "escalation"]
    for _, text in team.server.messages:
        assert Reader(text_of(parsed(text), "html")).tags <= ALLOWED
