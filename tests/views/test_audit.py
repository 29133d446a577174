"""An audit as text and as a page: all is said, nothing that people wrote steers a terminal or a browser."""

from __future__ import annotations

import re

import msgspec
import pytest

from shepherd.trail import AuditTrail
from shepherd.views.audit import IN_FULL, audit
from shepherd.views.audit_page import audit_page
from shepherd.views.terminal import width
from tests.views.factory import sha
from tests.views.made_audits import full, landing, move, trail, word

NASTY = ' <script>alert(1)</script>\x1b[31m"&\u202e'
SAID = (
    "the shop opens",
    "ci/build: failed",
    "commits of production",
    "at most 1 of db/*",
    "deployments frozen",
    "an alarm",
    "back from r9",
    "something",
    "inv replay r",
    "ab" * 32,
    "bug 7: qa-bad",
    "by their clock",
    "anybody who may push can set its author",
    "docs/rules.md#state",
    "not judged",
    "rule not recorded",
    "when it landed is not known",
    "went out together with what rolled it back",
    "nothing brought it live",
)


@pytest.mark.parametrize("said", SAID)
def test_text_and_page_say_it(said: str) -> None:
    assert said in " ".join(audit(full()).split()).casefold()
    assert said in " ".join(audit_page(full()).split()).casefold()


def test_text_fits_and_cannot_steer_a_terminal() -> None:
    text = audit(full(NASTY))
    assert max(map(width, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_page_shows_what_people_wrote_as_text_and_has_no_script() -> None:
    page = audit_page(full(NASTY))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    assert "default-src &#39;none&#39;" in page
    assert "src=" not in page.replace("default-src", "").replace("style-src", "").replace("img-src", "")


def test_page_links_only_addresses_of_the_web() -> None:
    page = audit_page(trail(move(landing(2, url="javascript:alert(1)"), landing(3))))
    assert "javascript:" not in page
    assert 'href="https://git.example.org/commit/3"' in page


def test_three_hundred_landings_begin_with_the_summary_and_end_with_a_line_each() -> None:
    odd = [landing(revno, plain=False, words=(word("bug 7: qa-bad", marks=True),)) for revno in range(2, 32)]
    plain = [landing(revno) for revno in range(32, 302)]
    text = audit(trail(move(*odd, *plain)))
    lines = text.splitlines()
    assert lines[0] == "Promoted r301, after r1, by Mia Holt"
    assert lines[1].strip() == "it brought 300 landings, r2 to r301; production was seen to run them"
    assert lines[2].strip().startswith("their states then: 300 "), "why, before all else"
    assert text.count("bug 7: qa-bad") == IN_FULL
    assert "and 10 more, in short" in text
    assert len([line for line in lines if re.match(r" *r[0-9]+ ", line)]) == 300
    assert text.count("Make the thing number") == 300


def test_page_tells_all_of_each() -> None:
    page = audit_page(trail(move(*(landing(revno) for revno in range(2, 302)))))
    assert page.count("<article") == 300
    assert all(sha(revno) in page for revno in range(2, 302))


def test_what_was_asked_about_comes_first() -> None:
    text = audit(trail(move(landing(2), landing(3, plain=False), landing(4, asked=True)), asked="r4"))
    assert "What was asked about, then what is to be looked at (1):" in text
    assert text.index("r4 ok") < text.index("r3 ok")
    assert "(1):" in text[text.index("Plain") :]


def test_a_branch_of_several_is_named() -> None:
    assert audit(trail(move(landing(2))), several=True).startswith("Stable: promoted r2")


def test_json_is_read_as_it_was_written() -> None:
    assert msgspec.json.decode(msgspec.json.encode(full()), type=AuditTrail) == full()
