"""How labels look that the tagger makes, because they are not there yet."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from shepherd.alike import folded
from shepherd.trackers.words import Vocabulary
from shepherd.words import Word


class Look(Struct, frozen=True):
    color: str
    """Six hex digits."""
    description: str


LOOKS: Mapping[Word, Look] = {
    "needstesting": Look("fbca04", "On the QA server, and to be tried there"),
    "ok": Look("0e8a16", "Tried on the QA server: it may go to production"),
    "bad": Look("b60205", "Tried on the QA server: it must not go to production"),
    "untestable": Look("c5def5", "Nothing that could be tried on the QA server"),
}
_OTHER = Look("ededed", "")


def look_of(text: str, vocabulary: Vocabulary) -> Look:
    """Of the label that stands for a QA word, in whatever words."""
    return next((look for word, look in LOOKS.items() if folded(text) in vocabulary.texts(word)), _OTHER)
