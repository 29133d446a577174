"""Texts of labels that look alike mean the same, and no others do (docs/rules.md#what-people-say)."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.label_text import folded
from shepherd.trackers.words import Vocabulary
from shepherd.words import ItemTags

OURS = Vocabulary({"ok": ["✅ QA passed", "geprüft", "✔ done", "👍"], "bad": ["❌ QA failed"]})


@pytest.mark.parametrize(
    "label",
    [
        "✅ qa PASSED",
        ":white_check_mark: QA passed",
        ":White_Check_Mark: QA passed",
        normalize("NFD", "geprüft"),
        normalize("NFD", "GEPRÜFT"),
        "✔\ufe0f done",
        "✔\ufe0e done",
        ":+1:",
        ":thumbsup:",
    ],
)
def test_what_looks_like_it_means_it(label: str) -> None:
    assert OURS.of_request([label]) == ItemTags(("ok",))


@pytest.mark.parametrize(
    "label",
    ["❌ QA passed", ":x: QA passed", "✅QA passed", "gepruft", "white_check_mark QA passed", ":nosuch:"],
)
def test_what_looks_otherwise_does_not(label: str) -> None:
    assert OURS.of_request([label]) == ItemTags()


def test_short_codes_in_the_settings() -> None:
    ours = Vocabulary({"ok": [":white_check_mark: QA", ":no-such-code:"]})
    assert ours.of_request(["✅ QA"]) == ours.of_request([":No-Such-Code:"]) == ItemTags(("ok",))


@given(st.text())
def test_every_form_of_a_text_looks_the_same(text: str) -> None:
    assert {folded(normalize(form, text)) for form in ("NFC", "NFD")} == {folded(text)}
    assert folded(folded(text)) == folded(text)
    assert folded(f" {text}\ufe0f") == folded(text)
