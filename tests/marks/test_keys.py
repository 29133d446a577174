"""What holds for keys in every message (docs/rules.md#keys)."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from shepherd.marks import parse
from shepherd.settings import ALL_GRAMMARS
from shepherd.values import parse_rev

PROJECTS = ("ABC", "WEB", "A1_B")
ALL = (*ALL_GRAMMARS, "keys")
PIECES = (
    "ABC-12", "WEB-7", "A1_B-3", "abc-4", "XYZ-5", "ABC-0", "ABC-007", "ABC-12345678901", "ABC", "-", "12",
    "[", "]", "[bug=", "(", ")", ":", ",", ".", "/", "_", " ", "\n", "\n\n", "\r\n", "'", '"', "Revert ",
    "Jira: ", "Bug: ", "https://a.example/browse/", "?x=1", "Merge branch '", "Merge branches '",
    " into main", "Merge pull request #12 from ", "Merged in ", " (pull request #5)", "Pull request #5: ",
    "Merge in A/b from ", " to main", "feature/", "revert-1-", "> ", "    ", "é", "问", "\u200b",
    "\x00", "\ud800", "none",
)  # fmt: skip
messages = st.one_of(
    st.binary(max_size=300),
    st.text(st.characters(), max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
)
keys = st.builds("{}-{}".format, st.sampled_from(PROJECTS), st.integers(1, 9_999_999_999))
KEY = re.compile(r"(?:ABC|WEB|A1_B)-[1-9][0-9]{0,9}")


def said(message: bytes | str, grammars: tuple[str, ...] = ("keys",)) -> tuple[str, ...]:
    return parse(message, grammars, None, PROJECTS).bugs


@given(messages)
def test_only_keys_of_our_projects_are_read_each_once_and_any_can_be_asked_for(message: bytes | str) -> None:
    found = said(message)
    assert len(set(found)) == len(found)
    for key in found:
        assert KEY.fullmatch(key)
        assert parse_rev(f"bug:{key.lower()}", wide=True).item == key


@given(messages)
def test_a_key_stands_in_the_message(message: bytes | str) -> None:
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    assert all(key.lower() in text.lower() for key in said(message))


@given(messages)
def test_the_other_grammars_say_what_they_say_without_keys(message: bytes | str) -> None:
    """But for the numbers of keys in [bug=], which are none, and warnings about keys."""
    alone, with_keys = parse(message, ALL_GRAMMARS), parse(message, ALL, None, PROJECTS)
    numbers = [bug for bug in with_keys.bugs if bug.isdecimal()]
    assert set(numbers) <= set(alone.bugs)
    for name in ("subject", "requests", "labels", "rollback", "reverts_ids", "reverts_title", "hints", "url"):
        assert getattr(with_keys, name) == getattr(alone, name), name
    assert with_keys.branch == alone.branch or not alone.branch


@given(messages, st.sampled_from([(), PROJECTS]))
def test_without_the_grammar_projects_change_nothing(message: bytes | str, projects: tuple[str, ...]) -> None:
    assert parse(message, ALL_GRAMMARS, None, projects) == parse(message, ALL_GRAMMARS)
    assert parse(message, ALL) == parse(message, ALL_GRAMMARS)


@given(messages)
def test_a_message_that_is_a_title_alone_is_read_as_any_other(message: bytes | str) -> None:
    with patch("shepherd.marks.MAY_SAY", re.compile("")):
        looked_through = parse(message, ALL, None, PROJECTS)
    assert parse(message, ALL, None, PROJECTS) == looked_through


@given(st.lists(keys, unique=True, min_size=1, max_size=5), st.sampled_from((", ", " ", ",")))
def test_rendered_keys_are_read_back(listed: list[str], between: str) -> None:
    expected = tuple(listed)
    assert said(between.join(listed)) == expected
    assert said(f"Title\n\nJira: {between.join(listed)}") == expected
    assert said(f"[bug={between.join(listed).lower()}] Title", ("brackets", "keys")) == expected
    assert said("".join(f"[{key}]" for key in listed) + " Title", ("brackets", "keys")) == expected
    assert said(f"Merge branch '{'-'.join(listed)}-x'") == expected
    assert said("Merge branches " + " and ".join(f"'a/{key.lower()}'" for key in listed)) == expected


@given(st.text(st.characters(exclude_characters='"\n\r'), max_size=40), keys)
def test_what_is_taken_back_names_nothing(title: str, key: str) -> None:
    assert said(f'Revert "{key} {title}"') == ()
    assert said(f'Revert "Reapply "{key} {title}""') == ()
