"""What stands for a character that may not be shown, in each place where text of strangers comes out: said a
second time, by the categories of Unicode, and compared over random text."""

from __future__ import annotations

import re
from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.deploy.answers import printable
from shepherd import values
from shepherd.marks import text as marks
from shepherd.running.log import quoted
from shepherd.running.output import json_for_terminals
from shepherd.views import clean as views
from shepherd.views.terminal import plain

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
JOINERS = "\u200c\u200d"
SEEN_AS_NOTHING = "\xa0\xad\u180e\u200b\u2028\u2029\u2060\ufe0e\ufe0f\ufeff\ufffe"
ODD = f"{BIDI}{JOINERS}{SEEN_AS_NOTHING}\t\n\r\f\v\x00\x1b\x7f\x85\x9b"
text = st.text(
    st.one_of(st.characters(), st.sampled_from(ODD + ' "\\ae\u0301\u00e9'), st.characters(categories=["Cs"])),
    max_size=60,
)


def is_shown(char: str) -> bool:
    return char == " " or category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")


def is_steering(char: str, least: int) -> bool:
    code = ord(char)
    return (
        least <= code < 0x20
        or 0x7F <= code <= 0x9F
        or 0x200B <= code <= 0x200F
        or 0x2028 <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or code == 0xFEFF
    )


def on_the_page(char: str) -> str:
    if char in "\t\n\r\f\v\x85\u2028\u2029":
        return " "
    if category(char) in ("Cc", "Cs") or char in BIDI or ord(char) % 0x10000 in (0xFFFE, 0xFFFF):
        return "\ufffd"
    return "" if category(char) == "Cf" and char not in JOINERS else char


def page(said: str, longest: int) -> str:
    said = said if len(said) <= longest else said[: longest - 1].rstrip() + "…"
    # whatever Python counts as printable is shown as it is: one test instead of one a character
    return said if said.isprintable() else "".join(map(on_the_page, said))


def kept(said: str, limit: int) -> str:
    said = said[: 4 * limit]
    if not said.isprintable():
        said = "".join(" " if category(c) == "Cc" else "\ufffd" if category(c) == "Cs" else c for c in said)
    return " ".join(said.split())[:limit].rstrip()


@given(text, st.integers(1, 70))
def test_a_sentence_shows_blanks(said: str, limit: int) -> None:
    shown = "".join(char if is_shown(char) else " " for char in said)
    assert values.clean(said, limit) == " ".join(shown.split())[:limit].rstrip()


@given(text, st.integers(1, 70))
def test_a_title_keeps_all_but_controls_and_halves(said: str, limit: int) -> None:
    assert marks.clean(said, limit) == kept(said, limit)


@given(text, st.integers(2, 70))
def test_page_and_terminal_show_that_something_was_there(said: str, longest: int) -> None:
    assert views.clean(said, longest) == page(said, longest)
    dropped = re.sub("[\u200c\u200d\ufe0e\ufe0f]", "", normalize("NFC", page(said, longest)))
    assert plain(said, longest) == " ".join(dropped.split())


@given(text)
def test_an_answer_of_a_host_shows_question_marks(said: str) -> None:
    assert printable(said) == "".join(char if is_shown(char) else "?" for char in said)


@given(text)
def test_log_and_json_escape(said: str) -> None:
    escaped = "".join(
        f"\\u{ord(c):04x}" if is_steering(c, 0) or c in '"\\' or category(c) == "Cs" else c for c in said
    )
    assert quoted(f" {said}") == f'" {escaped}"'
    said = said.encode("utf-8", "replace").decode()
    assert json_for_terminals(said.encode()) == "".join(
        f"\\u{ord(c):04x}" if is_steering(c, 0x7F) else c for c in said
    )


@pytest.mark.parametrize("start", range(0, 0x110000, 0x11000))
def test_every_character(start: int) -> None:
    for char in map(chr, range(start, start + 0x11000)):
        said = f"a{char}b"
        assert values.clean(said, 9) == (said if is_shown(char) else "a b")
        assert printable(said) == (said if is_shown(char) else "a?b")
        assert views.clean(said) == page(said, 300)
        assert marks.clean(said) == kept(said, 9)
