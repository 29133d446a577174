"""What holds for every message, not only for those that somebody thought of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from shepherd.landing import LABELS, Marks
from shepherd.marks import parse
from shepherd.marks.quotations import own_text
from shepherd.marks.text import SUMMARY, normal
from shepherd.settings import ALL_GRAMMARS

PIECES = (
    "[bug=", "[bugs ", "[rollback=", "[no-qa]", "]", "[", "12", "0", "12345678901", "r13", "-", "..", ",",
    " ", "\n", "\n\n", "\r\n", "\t", "#7", "LP: ", "Merged from ", "https://a.example/b",
    "Merge pull request ", " from user/branch", "(#12)", "See merge request g/p!12", "Merge branch 'x'",
    "Auto merge of #12", " - ", "user:branch", ", r=me", "Merge ", "#12 ", "Part-of: ", "<", ">",
    "https://a.example/g/p/-/merge_requests/12", "Reviewed-on: ", "Differential Revision: ",
    "Fixes ", " and ",
    "Bug: ", "QA: ok", "Rolls-back: ", "abcdef1", "Revert ", '"', "This reverts commit ", "Reverts a/b#3",
    "\n> ", "\n    ", "abc1234 ", "Roll x from abcdef1 to abcdef2\n\n", "https://a.example/abcdef1..abcdef2",
    "<details>", "</details>", "Bump x to 1\n\n", "\nChangelog\n", " - #12 (",
    "roll back ", "\x00", "\x1b", "\u2028", "\ud800", "é", "٣", "word",
)  # fmt: skip
messages = st.one_of(
    st.binary(max_size=300),
    st.text(st.characters(), max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
)
grammars = st.lists(st.sampled_from(ALL_GRAMMARS), unique=True)
PLAIN = (
    "Roll ", "rolls ", "r12", "12", " ", "\t", "\r", "\u2028", "(", ")", "-", "*", ">", "<details>",
    "Bump x to 1.2", "LP", "Bug 12", "QA ok", "] ", '"', "undo ", "https//a.example/b", "..", "\x1b", "é",
    "\ufeff", "x", "abc1234",
)  # fmt: skip
plain_messages = st.lists(st.sampled_from(PLAIN), max_size=12).map("".join)
numbers = st.integers(1, 9_999_999_999)
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# No word of ours begins with an x.
unknown = st.text(st.characters(exclude_characters="[]", exclude_categories=["Cs"])).map("x{}".format)
blanks = st.text(" \t\n", max_size=3)
TOKENS = re.findall(r"\S+", "[ bug = 1 , 2 ] [ no-qa ] [ rollback = r3 - 5 , 6 .. r7 , x ] [ bugs # 8 , 9 ]")


def all_but(*names: str) -> list[str]:
    return [grammar for grammar in ALL_GRAMMARS if grammar not in names]


@given(st.one_of(messages, plain_messages), grammars, st.sampled_from((None, "", "g/p")))
def test_a_message_that_is_a_title_alone_is_read_as_any_other(
    message: bytes | str, on: Sequence[str], project: str | None
) -> None:
    with patch("shepherd.marks.MAY_SAY", re.compile("")):
        looked_through = parse(message, on, project)
    assert parse(message, on, project) == looked_through


@given(messages, grammars)
def test_whatever_is_shown_is_fit_to_be_shown(message: bytes | str, on: Sequence[str]) -> None:
    marks = parse(message, on)
    for shown in (
        marks.subject,
        marks.summary,
        marks.branch,
        marks.url,
        marks.reverts_title,
        *marks.warnings,
    ):
        assert not UNFIT.search(shown)


@given(messages, grammars)
def test_numbers_are_told_once_and_within_bounds(message: bytes | str, on: Sequence[str]) -> None:
    marks = parse(message, on)
    for told in (tuple(map(int, marks.bugs)), marks.closes, marks.hints):
        assert len(set(told)) == len(told)
        assert all(0 < number < 10**10 for number in told)
    assert len(set(marks.rollback)) == len(marks.rollback)
    assert list(marks.labels) == sorted(set(marks.labels) & set(LABELS))
    assert not set(marks.hints) & set(marks.rollback)


@given(messages)
def test_without_grammars_only_reverts_are_read(message: bytes | str) -> None:
    marks = parse(message, ())
    assert marks == Marks(
        subject=marks.subject,
        summary=marks.summary,
        reverts_ids=marks.reverts_ids,
        reverts_requests=marks.reverts_requests,
        quoted_reverts=marks.quoted_reverts,
        reverts_title=marks.reverts_title,
        hints=marks.hints,
        warnings=marks.warnings,
    )


@given(messages, grammars)
def test_a_summary_is_the_subject_and_goes_on(message: bytes | str, on: Sequence[str]) -> None:
    marks = parse(message, on)
    assert not marks.summary or marks.summary.startswith(f"{marks.subject} ".lstrip())
    assert "\n" not in marks.summary and len(marks.summary) <= SUMMARY


@given(messages, grammars, st.text(" \n\ufeff\u200b\u2060", max_size=5))
def test_what_cannot_be_seen_before_a_message_changes_nothing(
    message: bytes | str, on: Sequence[str], before: str
) -> None:
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    assert parse(before + text, on) == parse(text, on)


@given(messages)
def test_only_a_forge_gives_requests(message: bytes | str) -> None:
    marks = parse(message, all_but("forge"))
    assert (marks.requests, marks.closes) == ((), ())


@given(messages)
def test_only_brackets_and_trailers_give_labels_and_rollbacks(message: bytes | str) -> None:
    marks = parse(message, all_but("brackets", "trailers"))
    assert (marks.labels, marks.rollback, marks.rollback_ids) == ((), (), ())


@given(messages)
def test_only_footers_and_a_forge_give_a_link(message: bytes | str) -> None:
    assert parse(message, all_but("footers", "forge")).url == ""


def bugs_by_definition(message: str) -> list[str]:
    """The leading run read as 3.1 words it, one bracket after the other."""
    bugs: list[int] = []
    rest = message.lstrip()
    while rest.startswith("[") and (end := rest.find("]")) > 0 and "[" not in rest[1:end]:
        name, equals, value = rest[1:end].partition("=")
        words = name.split()
        if equals and words in (["bug"], ["bugs"]):
            bugs += map(int, re.findall("[0-9]+", value))
        elif not equals and words and words[0] in ("bug", "bugs"):
            listed = " ".join(words[1:]).replace(",", " ").split()
            bugs += map(int, listed) if all(map(str.isdigit, listed)) else ()
        rest = rest[end + 1 :].lstrip()
    return [str(bug) for bug in dict.fromkeys(bugs)]


@given(
    st.lists(st.sampled_from(["[bug=", "[bugs ", "[", "]", "12", "3", ",", " ", "\n", "x", "="])).map("".join)
)
def test_bugs_in_brackets_as_defined(message: str) -> None:
    short = re.sub("[0-9]{11,}", "1", message)
    assert list(parse(short, ["brackets"]).bugs) == bugs_by_definition(short)


@given(
    st.lists(numbers, unique=True, min_size=1),
    st.lists(st.integers(0, 10**10 - 1), unique=True, min_size=1),
    st.sets(st.sampled_from(LABELS)),
)
def test_rendered_marks_are_read_back(bugs: list[int], rollback: list[int], labels: set[str]) -> None:
    message = (
        f"[r=me][bug={','.join(map(str, bugs))}]"
        + "".join(f"[{label}]" for label in labels)
        + f"[rollback={', '.join(f'r{revno}' for revno in rollback)}] Title"
    )
    assert parse(message, ALL_GRAMMARS) == Marks(
        subject="Title", bugs=tuple(map(str, bugs)), labels=tuple(sorted(labels)), rollback=tuple(rollback)
    )


@given(st.lists(numbers, unique=True, min_size=1), st.lists(numbers, unique=True, min_size=1))
def test_rendered_footers_and_trailers_are_read_back(footers: list[int], trailers: list[int]) -> None:
    message = (
        f"Title\n\nLP: {', '.join(f'#{bug}' for bug in footers)}\n\n"
        f"Bug: {', '.join(map(str, trailers))}\nRolls-back: {', '.join(map(str, trailers))}"
    )
    assert parse(message, ALL_GRAMMARS) == Marks(
        subject="Title", bugs=tuple(map(str, dict.fromkeys(footers + trailers))), rollback=tuple(trailers)
    )


@given(
    st.integers(1, 10**9), st.integers(0, 49), st.sampled_from(["-", "..", " - ", "\n.. ", "-r", " ..\tr"])
)
def test_a_range_names_both_ends_and_all_between(first: int, more: int, sign: str) -> None:
    marks = parse(f"[rollback={first}{sign}{first + more}]", ["brackets"])
    assert marks.rollback == tuple(range(first, first + more + 1))


@given(unknown, st.integers(0, 4))
def test_an_unknown_bracket_changes_nothing(content: str, place: int) -> None:
    run = ["[bug=1, 2]", "[no-qa]", "[rollback=3-5, x]", "[bugs 7]"]
    plain = parse("".join(run) + " Title", ALL_GRAMMARS)
    run.insert(place, f"[{content}]")
    assert parse("".join(run) + " Title", ALL_GRAMMARS) == plain


@given(st.lists(blanks, min_size=len(TOKENS), max_size=len(TOKENS)))
def test_white_space_between_tokens_changes_nothing(between: list[str]) -> None:
    message = "".join(token + blank for token, blank in zip(TOKENS, between, strict=True))
    assert parse(message, ALL_GRAMMARS) == parse("".join(TOKENS), ALL_GRAMMARS)


@given(messages)
def test_bytes_and_their_text_say_the_same(message: bytes | str) -> None:
    raw = message if isinstance(message, bytes) else message.encode("utf-8", "replace")
    assert parse(raw, ALL_GRAMMARS) == parse(raw.decode("utf-8", "replace"), ALL_GRAMMARS)


def _text(message: bytes | str) -> str:
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else message


_BEFORE = st.sampled_from(
    ["", "> ", "    ", "\t", "abc1234 broke it. ", "- #12 (", "<details>", "2024-01-02 a@b "]
)


@given(messages, _BEFORE, messages)
def test_what_is_said_to_be_reverted_is_never_lost(
    above: bytes | str, before: str, below: bytes | str
) -> None:
    marks = parse(f"{_text(above)}\n{before}This reverts commit abcdef1.\n{_text(below)}", ())
    assert "abcdef1" in marks.reverts_ids
    assert {*marks.quoted_reverts} <= {*marks.reverts_ids, *marks.reverts_requests}


@given(messages, messages)
def test_a_request_at_the_margin_is_never_lost(above: bytes | str, below: bytes | str) -> None:
    last = _text(below).replace("merge", "")
    assert "!12" in parse(f"{_text(above)}\nSee merge request !12\n{last}", ("forge",)).requests


@given(messages)
def test_own_text_is_lines_of_the_message_and_its_first_paragraph(message: bytes | str) -> None:
    body = normal(message)
    own, lines = own_text(body).split("\n"), iter(body.split("\n"))
    assert all(line in lines for line in own)
    assert own_text(body).startswith(re.split(r"\n[^\S\n]*(?:\n|\Z)", body)[0])
