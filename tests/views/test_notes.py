"""Release notes as text and as Markdown (docs/guide.md#what-goes-live)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from shepherd.notes import NoteLine, ReleaseNotes
from shepherd.situation import Situation
from shepherd.snapshot import DeployedRev, Next, Rev
from shepherd.views.feeds.notes_file import notes_file
from shepherd.views.notes import as_markdown, as_text, notes_of
from tests.views.factory import NOW, entry, no_data, sha, snapshot

NOTES = ReleaseNotes(
    branch="stable",
    base=Rev(100, sha(100)),
    to=Rev(103, sha(103)),
    landings=(
        NoteLine(101, sha(101), "Share it", "Ann", (7,), ("!12",), "https://x.example/101", "bad", True, 102),
        NoteLine(102, sha(102), "Out with r101", "", state="rollback"),
        NoteLine(103, sha(103), "Sort", "Bob", again=True),
    ),
    taken_out=(NoteLine(99, sha(99), "Old", "Cy", rolled_back=True),),
    compare_url="https://x.example/compare/1...3",
    bug_url="https://bugs.example/{bug}",
    request_url="https://x.example/mr/{request}",
    promoted_at=datetime(2011, 8, 24, tzinfo=UTC),
    promoted_by="Mia",
)


def of_title(title: str) -> ReleaseNotes:
    return replace(NOTES, landings=(NoteLine(101, sha(101), title, ""),), taken_out=(), compare_url=None)


def test_text_is_a_line_for_each_landing() -> None:
    assert as_text(NOTES) == (
        "stable: r100 to r103\n"
        "3 landings, 1 of them rolled back again within it; promoted 2011-08-24 00:00 UTC by Mia\n"
        "\n"
        "r101  Share it (Ann, bug 7, !12, rolled back by r102)\n"
        "r102  Out with r101\n"
        "r103  Sort (Bob, runs again: it was rolled back before)\n"
        "\n"
        "Rolled back by it:\n"
        "r99   Old (Cy, rolled back again)\n"
        "\n"
        f"Revision: {sha(103)}\n"
        "Compare: https://x.example/compare/1...3"
    )


def test_markdown_links_what_can_be_followed() -> None:
    assert as_markdown(NOTES) == (
        "## stable: r100 to r103\n"
        "\n"
        "3 landings, 1 of them rolled back again within it; promoted 2011-08-24 00:00 UTC by Mia.\n"
        "\n"
        "- ~~Share it~~ ([r101](https://x.example/101), Ann, [bug 7](https://bugs.example/7),"
        " [!12](https://x.example/mr/12), rolled back by r102)\n"
        "- Out with r101 (r102)\n"
        "- Sort (r103, Bob, runs again: it was rolled back before)\n"
        "\n"
        "Rolled back by it:\n"
        "\n"
        "- ~~Old~~ (r99, Cy, rolled back again)\n"
        "\n"
        f"Revision: `{sha(103)}`\n"
        "\n"
        "[Compare](https://x.example/compare/1...3)"
    )


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[here](javascript:x)", r"\[here\](javascript:x)"),
        ("![](https://evil.example/pixel)", r"!\[\](https://evil.example/pixel)"),
        ("`rm` *now* __all__ ~~x~~ a|b", r"\`rm\` \*now\* \_\_all\_\_ \~\~x\~\~ a\|b"),
        ("back\\slash &lt; #12 $x$", r"back\\slash \&lt; \#12 \$x\$"),
        ("1. first", r"1\. first"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("# heading", r"\# heading"),
        ("two\nlines\u2028three \x1b[2J", r"two lines three �\[2J"),
        ("", "(no title)"),
    ],
)
def test_markdown_shows_a_title_as_it_is(title: str, shown: str) -> None:
    (line,) = [each for each in as_markdown(of_title(title)).splitlines() if each.startswith("- ")]
    assert line == f"- {shown} (r101)"


@pytest.mark.parametrize("address", ["javascript:x", "https://x.example/a b", "ftp://x.example/", ""])
def test_markdown_links_web_addresses_alone(address: str) -> None:
    line = NoteLine(101, sha(101), "One", "", url=address)
    assert "(r101)" in as_markdown(replace(NOTES, landings=(line,)))


def test_no_address_ends_before_its_end() -> None:
    line = NoteLine(101, sha(101), "One", "", url="https://x.example/a)b(c<d>`e")
    assert "[r101](https://x.example/a%29b%28c%3Cd%3E%60e)" in as_markdown(replace(NOTES, landings=(line,)))


def test_only_markdown_escapes_who_promoted_it() -> None:
    by = replace(NOTES, promoted_by="mia_k*")
    assert "UTC by mia_k*\n" in as_text(by)
    assert r"UTC by mia\_k\*." in as_markdown(by)


def test_text_cannot_steer_a_terminal() -> None:
    said = as_text(of_title("\x1b]0;owned\x07 \u202edlrow \n r1  Forged"))
    assert "\x1b" not in said and "\u202e" not in said
    assert [line for line in said.splitlines() if line.startswith("r1 ")] == []


def test_an_answer_of_an_older_release_has_notes_of_what_landed_in_between() -> None:
    notes = notes_of(snapshot(next=None))
    assert notes is not None
    assert [(line.revno, line.rolled_back) for line in notes.landings] == [
        (101, True),
        (102, False),
        (103, False),
    ]


def test_landings_that_the_answer_does_not_list_are_counted_and_named_by_their_number() -> None:
    following = Next(Rev(100, sha(100)), Rev(103, sha(103)), (7, 101, 102, 103), None, ())
    notes = notes_of(snapshot(next=following, landings=(entry(103),), deployed=DeployedRev(100, sha(100))))
    assert notes is not None
    assert as_text(notes).splitlines()[3] == "r7    (no title) (runs again: it was rolled back before)"


def test_the_file_is_empty_where_nothing_may_be_deployed() -> None:
    calm = Situation(now=NOW)
    assert notes_file(snapshot(), calm).startswith(b"stable: r100 to r103\n3 landings")
    assert notes_file(no_data(), calm) == b""
    assert notes_file(snapshot(), Situation(now=NOW.replace(year=2012))) == b""
    assert notes_file(snapshot(deployed=DeployedRev(100, sha(100), (sha(1),))), calm) == b""
