"""Where and in which words a team says on a bug or request what QA found, so that what clears a landing can
be done as it is written (docs/guide.md#making-your-move)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from shepherd.sentence import Sentence
from shepherd.words import Word


class ItemSpeech(Struct, frozen=True):
    """How people speak on items of one tracker."""

    tracker: str = ""
    """Its type; empty: not known."""
    file: str = ""
    """The name of the file, where the tracker is one."""
    own_words: Mapping[Word, str] = {}
    """The team's own texts for words; without one it is `qa-WORD`."""

    @property
    def sign(self) -> str:
        """What it is that the word is said of."""
        return "label" if self.tracker in ("github", "gitlab", "gitea") else "tag"

    def text(self, word: Word) -> str:
        return self.own_words.get(word, f"qa-{word}")

    def to_set(self, items: Sentence) -> Sentence:
        """What is to be set, and where, once QA is done: "put the label qa-ok on request !12 (or qa-bad)"."""
        word, bad = self.text("ok"), self.text("bad")
        match self.tracker:
            case "github" | "gitlab" | "gitea":
                return Sentence(f"put the label {word} on ", items, f" (or {self.text('untestable')}, {bad})")
            case "launchpad":
                return Sentence(f"set the tag {word} on ", items, f" (or {self.text('untestable')}, {bad})")
            case "file":
                return Sentence("mark ", items, f" {word} (or {bad}) in {self.file}")
            case _:
                return Sentence("mark ", items, f" {word} (or {bad})")

    def to_set_again(self, items: Sentence) -> Sentence:
        """The same where a word that is there already was said before the landing."""
        again = f" again ({self.text('needstesting')}, and {self.text('ok')} after QA)"
        return Sentence(f"set the {self.sign} on ", items, again)


NOT_KNOWN = ItemSpeech()
