"""The mainline: which commits landed, in which order, what each brought in, and whose it is
(docs/rules.md#marks, docs/rules.md#person).

A landing is known by its SHA, so whatever is said of one here holds forever; only names (through .mailmap)
and commits that became landings of another branch can change, and `branch` reads again when they did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeVar

from shepherd.git.credit import Hands, Identity, credit, merges_own_line
from shepherd.git.first_parents import FirstParents
from shepherd.git.mailmap import through_mailmap
from shepherd.git.repository import Git
from shepherd.landing import MOST_BROUGHT, Landing, Marks
from shepherd.marks import parse
from shepherd.marks.coauthors import co_authors
from shepherd.marks.reverts import RevertWording, merged_title, worded
from shepherd.settings.branch import PersonRule

# The message comes last, and nothing of git's can hold a NUL: no field can be taken for another.
_FIELDS = ("%H", "%P", "%aN", "%aE", "%cN", "%cE", "%ct", "%B")
_PERSON = ("%H", "%aN", "%aE")
_T = TypeVar("_T")


LARGEST_MAILMAP = 1_000_000
"""Bytes, some ten thousand people; git takes a minute for thirty times as much."""


class Reader(NamedTuple):
    """The settings under which landings are read."""

    grammars: Sequence[str]
    robots: Sequence[str]
    landing_url: str
    mailmap: str
    """SHA of the blob that `.mailmap` is at the tip; empty if there is none."""
    project: str | None = None
    """See `marks.parse`."""
    person: PersonRule = "merged-author"
    ref: str = ""
    """Of the mainline."""
    key_projects: Sequence[str] = ()
    """See `marks.parse`."""

    @property
    def summed(self) -> tuple[object, ...]:
        """For a sum: what was read without keys, also by a release that knew none, goes on to count."""
        return tuple(self) if self.key_projects else tuple(self)[:-1]


def mailmap_at(git: Git, commit: str) -> tuple[str, str]:
    """The `mailmap` of a Reader at that commit; and if it is not used, why. Raises SourceError."""
    sha, size = git.blob_at(commit, ".mailmap")
    if size <= LARGEST_MAILMAP:
        return sha, ""
    why = f"it has {size / 1e6:.0f} MB, {LARGEST_MAILMAP // 1_000_000} MB at most is read"
    return "", f".mailmap is not used ({why}): names and addresses are as the commits have them"


class Landed(NamedTuple):
    """A landing as its own history shows it; what it undoes is not found out yet (see `undoing`)."""

    landing: Landing
    marks: Marks
    """Of its own message."""
    reverts_ids: tuple[str, ...]
    """Of its own message and those of the commits it brought in."""
    reverts_requests: tuple[str, ...]
    quoted_reverts: frozenset[str]
    """Those of both that only quoted text names."""
    brought: tuple[str, ...]
    """The commits it brought in (`M^1..M`), oldest first, without itself."""
    work: int
    """How many of them are not merges."""
    wording: RevertWording
    """Of its own message; the projects of requests also of those of the commits that it brought in."""


class _RawCommit(NamedTuple):
    parents: list[str]
    author: Identity
    committer: Identity
    date: int
    message: bytes


def read_landings(
    git: Git, mainline: FirstParents, first: int, last: int, reader: Reader, foreign: Collection[str] = ()
) -> list[Landed]:
    """Landings `first` to `last`, ascending, from one stream of `git log`; linear in the number of commits.

    `foreign` are the landings of other configured branches: one that was merged here adds nothing.
    Raises SourceError.
    """
    below = [f"^{mainline.id(first - 1)}"] if first > 1 else []
    commits = dict(_log(git, reader, [mainline.id(last), *below]))
    heads: list[tuple[int, str, list[str]]] = []
    claimed = {mainline.id(revno) for revno in range(first, last + 1)}
    for revno in range(first, last + 1):
        sha = mainline.id(revno)
        heads.append((revno, sha, _brought_in(commits, commits[sha].parents[1:], claimed)))
    seconds = _second_authors(git, reader, commits, (sha for _, sha, _ in heads))
    named = _named(git, reader, commits)
    return [
        _landed(revno, sha, commits, brought, seconds, named, reader, foreign)
        for revno, sha, brought in heads
    ]


def _log(
    git: Git, reader: Reader, revisions: Iterable[str], *options: str
) -> Iterator[tuple[str, _RawCommit]]:
    people: dict[tuple[bytes, bytes], Identity] = {}

    def person(name: bytes, address: bytes) -> Identity:
        # a few people make many commits
        if (name, address) not in people:
            people[name, address] = _identity(name, address)
        return people[name, address]

    records = _records(git, reader, _FIELDS, revisions, *options)
    for sha, parents, name, address, committer, at, date, message in records:
        author = person(name, address)
        yield (
            sha.decode(),
            _RawCommit(parents.decode().split(), author, person(committer, at), int(date or 0), message),
        )


def _identity(name: bytes, address: bytes) -> Identity:
    return name.decode("utf-8", "replace"), address.decode("utf-8", "replace")


def _records(
    git: Git, reader: Reader, fields: Sequence[str], revisions: Iterable[str], *options: str
) -> Iterator[tuple[bytes, ...]]:
    asked = "".join(f"{revision}\n" for revision in revisions)
    if not asked:
        # git would take that for HEAD, which need not exist
        return iter(())
    mailmap = ["-c", f"mailmap.blob={reader.mailmap}"] if reader.mailmap else ["-c", "mailmap.blob="]
    output = git.out(
        *("-c", "i18n.logOutputEncoding=UTF-8", "-c", "log.showSignature=false", "-c", "mailmap.file="),
        *(
            *mailmap,
            "log",
            "-z",
            "--no-color",
            "--no-decorate",
            "--no-notes",
            f"--format={'%x00'.join(fields)}",
        ),
        *(*options, "--stdin"),
        input=asked.encode(),
    )
    parts = output.split(b"\0")
    # One iterator taken several times at once: the parts in groups of so many fields.
    return zip(*[iter(parts)] * len(fields), strict=False)


def _brought_in(commits: dict[str, _RawCommit], others: Sequence[str], claimed: set[str]) -> list[str]:
    """What the further parents reach and no earlier landing has; each commit is taken once."""
    brought: list[str] = []
    for other in others:
        reached: list[str] = []
        todo = [other]
        while todo:
            sha = todo.pop()
            if sha in commits and sha not in claimed:
                claimed.add(sha)
                reached.append(sha)
                todo.extend(reversed(commits[sha].parents))
        brought += reversed(reached)
    return brought


def _second_authors(
    git: Git, reader: Reader, commits: dict[str, _RawCommit], heads: Iterable[str]
) -> dict[str, Identity]:
    """Authors of second parents that lie before what was read: merges of what had been there already."""
    missing = {second for sha in heads for second in commits[sha].parents[1:2] if second not in commits}
    records = _records(git, reader, _PERSON, sorted(missing), "--no-walk")
    return {sha.decode(): _identity(name, address) for sha, name, address in records}


def _named(git: Git, reader: Reader, commits: dict[str, _RawCommit]) -> dict[str, tuple[Identity, ...]]:
    """The co-authors whom messages name, through `.mailmap`; only of commits whose message names any."""
    said = {sha: people for sha, commit in commits.items() if (people := co_authors(commit.message))}
    mapped = through_mailmap(git, reader.mailmap, (person for people in said.values() for person in people))
    return {sha: tuple(mapped[person] for person in people) for sha, people in said.items()}


def _hands(
    sha: str,
    title: str,
    commits: dict[str, _RawCommit],
    brought: list[str],
    seconds: dict[str, Identity],
    named: dict[str, tuple[Identity, ...]],
    reader: Reader,
    foreign: Collection[str],
) -> Hands:
    """Whom the landing names, itself and by what it brought in."""
    commit = commits[sha]
    second = commit.parents[1:2]
    if not second:
        return Hands(commit.author, commit.committer, trailers=named.get(sha, ()))
    if merges_own_line(title, reader.ref, reader.project or ""):
        # what it brought in had landed before
        brought = []
    elif foreign and second[0] not in foreign:
        # a branch that began at another mainline; where that itself was merged, all of it counts
        brought = [each for each in brought if each not in foreign]
    return Hands(
        commit.author,
        commit.committer,
        tuple([commits[each].author if each in commits else seconds[each] for each in second]),
        tuple([commits[each].author for each in brought if len(commits[each].parents) < 2]),
        tuple([person for each in [sha, *brought] for person in named.get(each, ())]) if named else (),
    )


def _landed(
    revno: int,
    sha: str,
    commits: dict[str, _RawCommit],
    brought: list[str],
    seconds: dict[str, Identity],
    named: dict[str, tuple[Identity, ...]],
    reader: Reader,
    foreign: Collection[str],
) -> Landed:
    commit = commits[sha]
    marks = parse(commit.message, reader.grammars, reader.project, reader.key_projects)
    inside = [commits[sha].message for sha in brought if sha not in foreign]
    inner = [parse(message, reader.grammars, key_projects=reader.key_projects) for message in inside]
    wording = worded(commit.message)
    if any(each.reverts_requests for each in inner):
        wording = wording._replace(
            projects=_union(wording.projects, [worded(message).projects for message in inside])
        )
    hands = _hands(sha, marks.subject, commits, brought, seconds, named, reader, foreign)
    person, address, merged_by, others = credit(hands, reader.person, tuple(reader.robots))
    landing = Landing(
        revno=revno,
        id=sha,
        committed_at=commit.date,
        title=marks.subject,
        summary=marks.summary,
        branch=marks.branch,
        url=marks.url or reader.landing_url.replace("{id}", sha),
        person=person,
        address=address,
        bugs=_union(marks.bugs, [each.bugs for each in inner]),
        own_bugs=marks.bugs,
        requests=marks.requests,
        merged_ids=tuple(brought[-MOST_BROUGHT:]) if marks.requests else (),
        closes=marks.closes,
        labels=marks.labels,
        warnings=marks.warnings,
        merged_by=merged_by,
        co_authors=others,
    )
    return Landed(
        landing,
        marks,
        _union(marks.reverts_ids, [each.reverts_ids for each in inner]),
        _union(marks.reverts_requests, [each.reverts_requests for each in inner]),
        _only_quoted([marks, *inner]),
        tuple(brought),
        sum(len(commits[sha].parents) < 2 for sha in brought),
        wording,
    )


def _union(own: tuple[_T, ...], others: Sequence[tuple[_T, ...]]) -> tuple[_T, ...]:
    """What the landing itself names, which has no duplicates, and then what the others add."""
    return tuple(dict.fromkeys([*own, *chain.from_iterable(others)])) if any(others) else own


def _only_quoted(messages: Sequence[Marks]) -> frozenset[str]:
    """The reverts that are named in quoted text, and by none of these messages in its own."""
    quoted = {text for each in messages for text in each.quoted_reverts}
    for each in messages if quoted else ():
        quoted -= {*each.reverts_ids, *each.reverts_requests} - {*each.quoted_reverts}
    return frozenset(quoted)


def titles_between(git: Git, mainline: FirstParents, first: int, last: int, reader: Reader) -> dict[int, str]:
    """The titles of landings `first` to `last`, by revno, without what they brought in. One process."""
    if first > last:
        return {}
    below = [f"^{mainline.id(first - 1)}"] if first > 1 else []
    commits = _log(git, reader, [mainline.id(last), *below], "--first-parent")
    titles = {mainline.revno(sha): parse(commit.message, reader.grammars).subject for sha, commit in commits}
    return {revno: title for revno, title in titles.items() if revno}


def merged_titles(git: Git, mainline: FirstParents, first: int, last: int, reader: Reader) -> dict[int, str]:
    """By revno, the titles that the merges among landings `first` to `last` give to what they merged."""
    if first > last:
        return {}
    below = [f"^{mainline.id(first - 1)}"] if first > 1 else []
    commits = _log(git, reader, [mainline.id(last), *below], "--first-parent", "--merges")
    titles = {mainline.revno(sha): merged_title(commit.message) for sha, commit in commits}
    return {revno: title for revno, title in titles.items() if revno and title}


def titles_of(git: Git, reader: Reader, shas: Iterable[str]) -> dict[str, str]:
    """The title of each of these commits. Raises SourceError."""
    records = _records(git, reader, ("%H", "%B"), shas, "--no-walk")
    return {sha.decode(): parse(message, reader.grammars).subject for sha, message in records}


def bearing_request(
    git: Git, mainline: FirstParents, reader: Reader, requests: Collection[str]
) -> dict[str, list[int]]:
    """The landings of the whole mainline, ascending, that are each of these requests ("#12", "!12")."""
    written = [*requests, *(f"merge_requests/{each[1:]}" for each in requests if each.startswith("!"))]
    patterns = [f"--grep={text}" for text in written]
    options = ["--first-parent", "--fixed-strings", *patterns]
    by_request: dict[str, list[int]] = {request: [] for request in requests}
    for sha, commit in _log(git, reader, mainline.ids[-1:], *options):
        revno = mainline.revno(sha)
        for request in parse(commit.message, reader.grammars).requests:
            if request in by_request and revno:
                by_request[request].append(revno)
    return {request: sorted(revnos) for request, revnos in by_request.items()}
