"""Journal entries as an audit tells them: what was said or seen, by whom, and how that is known
(docs/audit.md#how-it-is-known)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from shepherd.rules.reasons import brief
from shepherd.store import JournalEntry
from shepherd.trail import TrailWord
from shepherd.words import is_request, item_name

BAD_STATES = frozenset(("bad", "unknown"))


def word_of(entry: JournalEntry, revno: int) -> TrailWord | None:
    """One entry about a landing; None: it says nothing that an audit has to tell.

    Args:
        revno: of the landing, for a tag that names landings by number.
    """
    told = _TOLD.get(entry.kind)
    if told is None:
        return None
    what, how, marks = told(entry, revno)
    if not what:
        return None
    when = entry.data.get("when")
    return TrailWord(
        entry.time,
        what,
        how,
        entry.seq,
        entry.who,
        "" if entry.kind in ("item", "named", "kept", "seal") else entry.why,
        datetime.fromtimestamp(when, UTC) if isinstance(when, int) and when > 0 else None,
        marks,
    )


_Told = tuple[str, str, bool]


def _judged(entry: JournalEntry) -> str:
    return f"judged by run {entry.run_id}"


def _landing(entry: JournalEntry, _revno: int) -> _Told:
    return f"seen as r{entry.data['revno']}", f"read from the mainline by run {entry.run_id}", False


def _state(entry: JournalEntry, _revno: int) -> _Told:
    data = entry.data
    was, now = data.get("from"), data["to"]
    what = f"{now} by another rule" if was == now else f"{now}, was {was}" if was else str(now)
    return what, _judged(entry), now in BAD_STATES


def _verdict(entry: JournalEntry, _revno: int) -> _Told:
    data = entry.data
    word, note = data["word"], data["source"] == "note"
    on = f" on {brief(entry.subject)}, which it brought in" if data.get("brought") else ""
    if word == "removed":
        return f"the git note with a verdict{on} is gone", f"read from the notes by run {entry.run_id}", True
    if note or data.get("note"):
        commit = f", commit {brief(data['commit'])}" if data.get("commit") else ""
        author = "anybody who may push can set its author"
        return f"verdict{on}: {word}", f"git note{commit}, seen by run {entry.run_id}: {author}", True
    return f"verdict{on}: {word}", f"inv verdict, run {entry.run_id}", True


def _cover(entry: JournalEntry, _revno: int) -> _Told:
    data = entry.data
    by = f"r{data['by_revno']}" if data.get("by_revno") else "nothing"
    did = "undid it" if data["undone"] or not data.get("by") else "did not undo it"
    anyway = ", although the contents do not show it" if data.get("anyway") else ""
    return f"{by} {did}{anyway}", f"inv {'cover' if data['undone'] else 'uncover'}, run {entry.run_id}", True


def tags_in_words(data: Mapping[str, Any]) -> str:
    """The QA tags of one reading: "qa-ok", "qa-bad, bad-commit-21", "no QA tag"."""
    if data.get("unreadable"):
        return f"could not be read ({data['unreadable']})"
    words = [f"qa-{word}" for word in data.get("words", ())]
    if data.get("of_newest") and words:
        words[0] += " by its status, which means its newest landing"
    return ", ".join([*words, *(f"bad-commit-{n}" for n in data.get("bad_commits", ()))]) or "no QA tag"


def _item(entry: JournalEntry, revno: int) -> _Told:
    data = entry.data
    marks = bool(
        data.get("unreadable")
        or ("bad" in data.get("words", ()) and not data.get("of_newest"))
        or revno in data.get("bad_commits", ())
    )
    what = f"{item_name(entry.subject)}: {tags_in_words(data)}"
    return what, f"read from the tracker by run {entry.run_id}", marks


def _named(entry: JournalEntry, _revno: int) -> _Told:
    item = entry.subject
    by = "qa-bad on " if is_request(item) else f"bad-commit-{entry.data['n']} on "
    if not entry.data["n"] and not is_request(item):
        by = "qa-bad by the status of "
    return f"{by}{item_name(item)} names it", f"read from the tracker by run {entry.run_id}", True


def _kept(entry: JournalEntry, _revno: int) -> _Told:
    item = item_name(entry.subject.partition(" ")[2])
    word = entry.data.get("word")
    counts = f"{item} speaks for it: {word}" if word else f"nothing on {item} speaks for it"
    sealed = ", and stays so whatever a later landing on it needs" if entry.data.get("seal") else ""
    return f"{counts}{sealed}", _judged(entry), word == "bad"


def _seal(entry: JournalEntry, _revno: int) -> _Told:
    item = item_name(entry.subject.partition(" ")[2])
    what = f"{item} had spoken for it ({entry.data['word']}) before the tagger asked for more on it"
    return what, f"noted by run {entry.run_id}", False


def _meant(entry: JournalEntry, _revno: int) -> _Told:
    if entry.data.get("act") != "tag":
        return "", "", False
    data = entry.data
    changes = f", tags {data['from']} → {data['to']}" if data.get("to") else ""
    return (
        f"the tagger set about writing on {item_name(data['item'])}{changes}",
        f"the journal, run {entry.run_id}",
        False,
    )


def _done(entry: JournalEntry, _revno: int) -> _Told:
    if entry.data.get("act") != "tag":
        return "", "", False
    item = item_name(entry.subject.partition(" ")[2])
    result = entry.data["result"]
    changed = entry.data.get("changed") or "nothing was to be changed"
    what = {"done": f"the tagger wrote on {item}: {changed}"}.get(
        result, f"the tagger could not write on {item} ({result})"
    )
    return what, f"the journal, run {entry.run_id}", False


def _alarm(entry: JournalEntry, _revno: int) -> _Told:
    on = entry.data["on"]
    return (
        "an alarm about it began" if on else "the alarm about it was over",
        _judged(entry),
        bool(on),
    )


_TOLD: Mapping[str, Callable[[JournalEntry, int], _Told]] = {
    "landing": _landing,
    "state": _state,
    "verdict": _verdict,
    "cover": _cover,
    "item": _item,
    "named": _named,
    "kept": _kept,
    "seal": _seal,
    "meant": _meant,
    "done": _done,
    "alarm": _alarm,
}


def freeze_word(entry: JournalEntry) -> TrailWord:
    """A person's word that nobody should deploy."""
    until = entry.data.get("until")
    end = f" until {until}" if until else " until somebody ends it"
    return TrailWord(
        entry.time,
        f"deployments frozen{end}",
        f"inv freeze.on, run {entry.run_id}",
        entry.seq,
        entry.who,
        entry.why,
    )


def alarm_word(entry: JournalEntry) -> TrailWord:
    """That production ran something bad, or something bad was promoted."""
    return TrailWord(
        entry.time,
        f"alarm about r{entry.data['revno']}",
        _judged(entry),
        entry.seq,
        why=entry.why,
        marks=True,
    )


def answer_word(entry: JournalEntry) -> TrailWord:
    """The answer as the journal had it."""
    data = entry.data
    revno = data.get("deployable")
    what = f"{data['answer']}{f' r{revno}' if revno else ''}"
    what += f", but not to be acted on ({data['stopped']})" if data.get("stopped") else ""
    what += f" ({data['waits']})" if data.get("waits") else ""
    return TrailWord(entry.time, what, _judged(entry), entry.seq, why=entry.why)


def place_word(entry: JournalEntry, before: int | None) -> TrailWord:
    """Where production, or the promoted ref, was seen or put."""
    data, revno = entry.data, entry.data["revno"]
    back = f", back from r{before}" if before is not None and revno < before else ""
    if entry.kind == "promoted":
        by = "moved by somebody else" if data.get("foreign") else "promoted"
        how = f"seen by run {entry.run_id}" if data.get("foreign") else f"inv promote, run {entry.run_id}"
        return TrailWord(
            entry.time, f"r{revno} {by}{back}", how, entry.seq, entry.who, entry.why, marks=bool(back)
        )
    how = (
        f"inv deployed, run {entry.run_id}"
        if data.get("recorded")
        else f"read from production by run {entry.run_id}"
    )
    return TrailWord(
        entry.time, f"production runs r{revno}{back}", how, entry.seq, entry.who, entry.why, marks=bool(back)
    )
