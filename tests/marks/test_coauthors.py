"""`Co-authored-by:` lines of any message."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.marks.coauthors import MOST, co_authors

ANN, BOB = ("Ann", "ann@example.org"), ("Bob", "bob@example.org")
ANN_LINE, BOB_LINE = "Co-authored-by: Ann <ann@example.org>", "co-Authored-By : Bob <bob@example.org>"


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (f"One\n\n{ANN_LINE}\n{BOB_LINE}\n", [ANN, BOB]),
        (f"One\r\n\r\n{ANN_LINE}\r\n{BOB_LINE}", [ANN, BOB]),
        (f"* One\n\n{ANN_LINE}\n\n* Two\n\n{BOB_LINE}\n\n(cherry picked from commit 1)", [ANN, BOB]),
        (f"One\n\n{ANN_LINE}\n{ANN_LINE}\n", [ANN]),
        ("One\n\nCo-authored-by: Ann <ann@example.org>, Bob <bob@example.org>", [ANN, BOB]),
        ("One\n\nCo-authored-by: Ann", [("Ann", "")]),
        ("One\n\nCo-authored-by: @ann", [("ann", "")]),
        ("One\n\nCo-authored-by: <ann@example.org>", [("", "ann@example.org")]),
        ("One\n\nCo-authored-by:\nCo-authored-by: \nCo-authored-by: <>", []),
        (f"One\n\n> {ANN_LINE}\n    {BOB_LINE}", []),
        ("One\n\nSigned-off-by: Ann <ann@example.org>\nNot-Co-authored-by: Ann <ann@example.org>", []),
        ("", []),
    ],
)
def test_who_is_named(message: str, named: list[tuple[str, str]]) -> None:
    assert co_authors(message.encode()) == named


def test_names_are_one_line_without_controls() -> None:
    assert co_authors(b"One\n\nCo-authored-by: A\x1b[31m\tn\xff <a@example.org\x00>") == [
        ("A [31m n\ufffd", "a@example.org")
    ]


@given(st.text("Co-authored-by: <>@,\n\r", max_size=60))
def test_any_text_is_read(text: str) -> None:
    for name, address in co_authors(f"Co-authored-by: {text}".encode()):
        assert "\n" not in name + address
        assert not set("<>") & set(address)


@pytest.mark.parametrize(
    "line", [ANN_LINE, "Co-authored-by: " + "<" * 5_000, "Co-authored-by: " + "a" * 5_000]
)
def test_a_message_of_ten_megabytes_names_a_bounded_number_in_time(line: str) -> None:
    message = "\n".join(f"{line}{number}" for number in range(10_000_000 // len(line))).encode()
    started = time.process_time()
    assert len(co_authors(message)) <= MOST
    assert time.process_time() - started < 5
