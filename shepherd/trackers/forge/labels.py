"""The colors and descriptions of the labels that the tagger creates."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from shepherd.label_text import folded
from shepherd.trackers.words import Vocabulary
from shepherd.words import Word


class LabelStyle(Struct, frozen=True):
    color: str
    """Six hex digits."""
    description: str


STYLES: Mapping[Word, LabelStyle] = {
    "needstesting": LabelStyle("fbca04", "On the QA server, and to be tried there"),
    "ok": LabelStyle("0e8a16", "Tried on the QA server: it may go to production"),
    "bad": LabelStyle("b60205", "Tried on the QA server: it must not go to production"),
    "untestable": LabelStyle("c5def5", "Nothing that could be tried on the QA server"),
}
_OTHER = LabelStyle("ededed", "")


def style_of(text: str, vocabulary: Vocabulary) -> LabelStyle:
    """The style of a label, by the QA word that it stands for."""
    return next((style for word, style in STYLES.items() if folded(text) in vocabulary.texts(word)), _OTHER)
