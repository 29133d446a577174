"""Where and in which words a team says on a bug or request what QA found, so that what clears a landing can
be done as it is written (docs/guide.md#making-your-move)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import UNSET, Struct, UnsetType

from shepherd.sentence import Sentence
from shepherd.words import WORST_FIRST, Word

_WITH_LABELS = ("github", "gitlab", "gitea", "jira")


class ItemSpeech(Struct, frozen=True):
    """How people speak on items of one tracker."""

    tracker: str = ""
    """Its type; empty: not known."""
    file: str = ""
    """The name of the file, where the tracker is one."""
    own_words: Mapping[Word, str] = {}
    """The team's own texts for words; without one it is `qa-WORD`."""
    statuses: Mapping[Word, str] | UnsetType = UNSET
    """The status that says a word; UNSET where none does, so that what is kept of others stays as it was."""
    values: Mapping[Word, str] | UnsetType = UNSET
    """The value of the field that says a word."""
    field: str | UnsetType = UNSET
    """The name of that field."""

    @property
    def sign(self) -> str:
        """What it is that the word is said of."""
        return "label" if self.tracker in _WITH_LABELS else "tag"

    @property
    def has_labels(self) -> bool:
        """Whether tags or labels say words here."""
        return self.tracker != "redmine"

    @property
    def can_say_ok(self) -> bool:
        """Whether anything on an item can say that it works."""
        return self.has_labels or "ok" in (self.statuses or {}) or "ok" in (self.values or {})

    def text(self, word: Word) -> str:
        """The label of a word."""
        return self.own_words.get(word, f"qa-{word}")

    def beyond_labels(self, word: Word) -> str:
        """The status or the value that says a word; empty: neither does."""
        return (self.statuses or {}).get(word) or (self.values or {}).get(word, "")

    def ways(self, what: str) -> dict[Word, str]:
        """Word -> how one says it of `what`, for those that can be said: `set this to "QA passed"`."""
        ways: dict[Word, str] = {}
        for word in WORST_FIRST:
            if self._status(word):
                ways[word] = f"set {what} to {self._status(word)}"
            elif self._value(word):
                ways[word] = f'put {self._value(word)} into the field "{self.field}"'
            elif self.has_labels:
                ways[word] = f"put the {self.sign} {self.text(word)} on {what}"
        return ways

    def to_set(self, items: Sentence) -> Sentence:
        """What is to be set, and where, once QA is done: "put the label qa-ok on request !12 (or qa-bad)"."""
        word, bad = self.text("ok"), self.text("bad")
        if "ok" in (self.statuses or {}):
            return Sentence("set ", items, f" to {self._status('ok')}{self._or(self.statuses)}{self._where}")
        if "ok" in (self.values or {}):
            into = f'put {self._value("ok")} into the field "{self.field}" of '
            return Sentence(into, items, f"{self._or(self.values)}{self._where}")
        match self.tracker:
            case "github" | "gitlab" | "gitea" | "jira":
                return Sentence(f"put the label {word} on ", items, f" (or {self.text('untestable')}, {bad})")
            case "launchpad":
                return Sentence(f"set the tag {word} on ", items, f" (or {self.text('untestable')}, {bad})")
            case "file":
                return Sentence("mark ", items, f" {word} (or {bad}) in {self.file}")
            case _:
                return Sentence("mark ", items, f" {word} (or {bad})")

    def to_set_again(self, items: Sentence) -> Sentence:
        """The same where a word that is there already was said before the landing."""
        if "ok" in (self.statuses or {}):
            first = self._status("needstesting") or "another status"
            return Sentence("set ", items, f" to {first}, and after QA to {self._status('ok')} again")
        if "ok" in (self.values or {}):
            ok, needs = self._value("ok"), self._value("needstesting")
            if not needs:
                then = f", and put {ok} into it again after QA"
                return Sentence(f'clear the field "{self.field}" of ', items, then)
            into = f'put {needs} into the field "{self.field}" of '
            return Sentence(into, items, f", and {ok} again after QA")
        again = f" again ({self.text('needstesting')}, and {self.text('ok')} after QA)"
        return Sentence(f"set the {self.sign} on ", items, again)

    @property
    def _where(self) -> str:
        return f" in {self.file}" if self.tracker == "file" else ""

    def _status(self, word: Word) -> str:
        text = (self.statuses or {}).get(word)
        return f'"{text}"' if text else ""

    def _value(self, word: Word) -> str:
        text = (self.values or {}).get(word)
        return f'"{text}"' if text else ""

    def _or(self, texts: Mapping[Word, str] | UnsetType) -> str:
        """The other words that people may have to say, in the same place if they are said there."""
        others = ", ".join(self._others(texts or {}))
        return f" (or {others})" if others else ""

    def _others(self, texts: Mapping[Word, str]) -> Iterator[str]:
        words: tuple[Word, ...] = ("untestable", "bad")
        for word in words:
            if word in texts:
                yield f'"{texts[word]}"'
        if "bad" not in texts:
            if self._status("bad"):
                yield f"the status {self._status('bad')}"
            elif self._value("bad"):
                yield f'{self._value("bad")} in the field "{self.field}"'
            elif self.has_labels:
                yield f"the {self.sign} {self.text('bad')}"


NOT_KNOWN = ItemSpeech()
