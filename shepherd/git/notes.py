"""Verdicts in git notes: the last `QA:` line of each landing's note, and who brought it in
(docs/rules.md#what-people-say)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from shlex import quote
from typing import Literal, NamedTuple, cast

from msgspec import Struct

from shepherd.git.repository import Git
from shepherd.marks.text import clean, normal
from shepherd.people import person_of
from shepherd.printable import INVISIBLE
from shepherd.settings import is_url
from shepherd.values import SHA

NoteWord = Literal["ok", "bad", "untestable", "needstesting"]
_LINE = re.compile(
    rf"[ \t{INVISIBLE}]*QA:[ \t]*(ok|bad|untestable|needstesting)(?![^\s.,:;])[ \t.,:;-]*(.*)", re.IGNORECASE
)
_SHA = re.compile(SHA)


def missing_notes(ref: str, what: str = "verdict") -> str:
    """What to say of a notes ref that is not there; `what` is it that its notes would give."""
    return f"there is no {ref}, so no {what} by git note is read"


def notes_remedy(ref: str, repository: str) -> str:
    """What to do about it: a clone fetches no notes unless it is told to. `repository` is a path or a URL."""
    if is_url(repository):
        return f"the person who gave one pushes it: git push origin {ref}"
    return f"a clone does not fetch them by itself: git -C {quote(repository)} fetch origin {ref}:{ref}"


class NoteVerdict(Struct, frozen=True):
    """What the note of one landing says of it."""

    id: str
    """SHA of the landing."""
    word: NoteWord
    reason: str
    who: str
    """Name of the author of the notes commit that brought the line in, through .mailmap."""
    when: int
    """That commit's committer date, seconds since 1970, as git holds it."""
    commit: str
    """SHA of that notes commit."""


class _NoteLine(NamedTuple):
    """The `QA:` lines of one note, each a word and a reason."""

    last: tuple[str, str] | None
    counts: Counter[tuple[str, str]]


class _NoteCommit(NamedTuple):
    sha: str
    parents: list[str]
    tree: str
    who: str
    when: int


_Step = tuple[str, str]
"""The trees of a parent and of its child."""


def read_notes(
    git: Git, tip: str | None, landing_ids: Collection[str], mailmap: str = ""
) -> list[NoteVerdict]:
    """The verdicts of the notes commit `tip` (None: there are no notes) on these landings, in the order in
    which the notes came to the ref.

    A line counts from the commit that brought it in, whatever was later added to the note, merged, or moved
    into other directories. `mailmap` is the SHA of a blob, or empty. Raises SourceError.
    """
    present = note_blobs(git, tip, set(landing_ids)) if tip else {}
    if not tip or not present:
        return []
    history = _history(git, tip, mailmap)
    trees = {commit.sha: commit.tree for commit in history}
    steps = {(trees[parent], commit.tree) for commit in history for parent in commit.parents}
    changed = _changed(git, steps, present.keys())
    blobs = {blob for of_note in present.values() for blob in of_note}
    blobs.update(blob for targets in changed.values() for old, _ in targets.values() for blob in old)
    lines = _lines(git, blobs)
    now = {sha: _note_line(of_note, lines) for sha, of_note in present.items()}
    origins = _origins(history, trees, now, changed, lines)
    verdicts = [
        NoteVerdict(sha, cast(NoteWord, note.last[0]), note.last[1], by.who, by.when, by.sha)
        for sha, note in sorted(now.items())
        if note.last and (by := origins[sha])
    ]
    newest_first = {commit.sha: place for place, commit in enumerate(history)}
    return sorted(verdicts, key=lambda verdict: -newest_first[verdict.commit])


def noted_commits(git: Git, tip: str) -> set[str]:
    """Every object that the notes commit `tip` has a note on. Raises SourceError."""
    paths = git.out("ls-tree", "-r", "-z", "--name-only", "--full-tree", tip).split(b"\0")
    return {sha for path in paths if _SHA.fullmatch(sha := _target(path))}


def note_blobs(git: Git, tip: str, wanted: Collection[str]) -> dict[str, list[str]]:
    """The blobs of the wanted notes as they are now; a note may lie in several directories at once. Raises
    SourceError."""
    blobs: dict[str, list[str]] = {}
    for entry in git.out("ls-tree", "-r", "-z", "--full-tree", tip).split(b"\0"):
        head, _, path = entry.partition(b"\t")
        if (sha := _target(path)) in wanted and head.split(b" ")[1] == b"blob":
            blobs.setdefault(sha, []).append(head.split(b" ")[2].decode())
    return blobs


def _target(path: bytes) -> str:
    """The commit that a note is about: its path, whatever directories it is spread over."""
    return path.replace(b"/", b"").decode("ascii", "replace")


def _history(git: Git, tip: str, mailmap: str) -> list[_NoteCommit]:
    """Every notes commit, children before their parents."""
    fields = iter(
        git.out(
            *("-c", f"mailmap.blob={mailmap}", "-c", "mailmap.file=", "-c", "i18n.logOutputEncoding=UTF-8"),
            *(
                "log",
                "--topo-order",
                "--no-show-signature",
                "--no-color",
                "--no-decorate",
                "--no-notes",
                "-z",
            ),
            *("--format=%H%x00%P%x00%T%x00%aN%x00%aE%x00%ct", "--end-of-options", tip),
        )
        .decode("utf-8", "replace")
        .split("\0")
    )
    return [
        _NoteCommit(sha, parents.split(), tree, person_of([(name, address)], ())[0], int(when or 0))
        for sha, parents, tree, name, address, when in zip(*[fields] * 6, strict=False)
    ]


def _changed(
    git: Git, steps: Iterable[_Step], wanted: Collection[str]
) -> dict[_Step, dict[str, tuple[list[str], list[str]]]]:
    """For each step, the wanted notes that it changed: their blobs before and after."""
    stdin = "".join(f"{old} {new}\n" for old, new in steps if old != new).encode()
    by_step: dict[_Step, dict[str, tuple[list[str], list[str]]]] = {}
    if not stdin:
        return by_step
    current: dict[str, tuple[list[str], list[str]]] = {}
    fields = iter(
        git.out("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", input=stdin).split(b"\0")
    )
    for field in fields:
        # A header, "OLD NEW", ends with a line feed, and its first entry follows in the same field.
        header, _, entry = field.rpartition(b"\n")
        if header:
            old, _, new = header.decode().partition(" ")
            current = by_step.setdefault((old, new), {})
        if entry and (target := _target(next(fields))) in wanted:
            _, _, *blobs, _ = entry.decode().split(" ")
            for blob, side in zip(blobs, current.setdefault(target, ([], [])), strict=True):
                if blob.strip("0"):
                    side.append(blob)
    return by_step


def note_texts(git: Git, blobs: Collection[str]) -> dict[str, str]:
    """The text of each blob, less those that the repository lacks. Raises SourceError."""
    output = git.out("cat-file", "--batch", input="".join(f"{blob}\n" for blob in blobs).encode())
    texts: dict[str, str] = {}
    place = 0
    while place < len(output):
        end = output.index(b"\n", place)
        sha, _, size = output[place:end].decode().rpartition(" ")
        place = end + 1
        if not size.isdigit():
            continue
        texts[sha.split(" ")[0]] = normal(output[place : place + int(size)])
        place += int(size) + 1
    return texts


def _lines(git: Git, blobs: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """The `QA:` lines of each blob."""
    by_blob: dict[str, list[tuple[str, str]]] = {}
    for blob, text in note_texts(git, blobs).items():
        matches = (_LINE.match(line) for line in text.split("\n"))
        by_blob[blob] = [(match[1].lower(), clean(match[2])) for match in matches if match]
    return by_blob


def _note_line(blobs: Iterable[str], lines: Mapping[str, list[tuple[str, str]]]) -> _NoteLine:
    all_lines = [line for blob in blobs for line in lines.get(blob, [])]
    return _NoteLine(all_lines[-1] if all_lines else None, Counter(all_lines))


def _origins(
    history: Sequence[_NoteCommit],
    trees: Mapping[str, str],
    now: Mapping[str, _NoteLine],
    changed: Mapping[_Step, Mapping[str, tuple[list[str], list[str]]]],
    lines: Mapping[str, list[tuple[str, str]]],
) -> dict[str, _NoteCommit]:
    """The notes commit that brought in the last line of each note.

    Each note is followed from the tip to a parent that has the line already, as often as it has it here;
    the commit none of whose parents has it is the one. A merge makes no line: one parent has it.
    """
    pending: dict[str, dict[str, int]] = {
        history[0].sha: {sha: note.counts[note.last] for sha, note in now.items() if note.last}
    }
    origins: dict[str, _NoteCommit] = {}
    for commit in history:
        counts = pending.pop(commit.sha, {})
        for parent in commit.parents:
            step = changed.get((trees[parent], commit.tree), {})
            gone = {}
            for sha in step.keys() & counts.keys():
                line = now[sha].last
                before = _note_line(step[sha][0], lines).counts[line] if line else 0
                if before >= (counts[sha] if len(commit.parents) == 1 else 1):
                    counts[sha] = before
                else:
                    gone[sha] = counts.pop(sha)
            # What stays in `counts` goes on to this parent; what does not is for the next one to explain.
            pending_there = pending.setdefault(parent, counts)
            if pending_there is not counts:
                pending_there.update(counts)
            counts = gone
        origins.update(dict.fromkeys(counts, commit))
    return origins
