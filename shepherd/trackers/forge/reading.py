"""Reads a forge: the labels of requests, a hundred at once, and which requests brought a landing
(docs/rules.md#number-is-a-claim).

Titles are never asked for: a landing has its own, and the request's may be confidential.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from shepherd.errors import SettingsError, TrackerError
from shepherd.settings import Settings
from shepherd.trackers.claims import Claim, Claims
from shepherd.trackers.forge.items import Absent, ForgeItem, Request, UnreadablePart, doubt
from shepherd.trackers.forge.memory import CommitRequests, decode, encode, is_open, noted
from shepherd.trackers.http import HttpSession
from shepherd.trackers.words import Vocabulary
from shepherd.words import Item, ItemTags, TrackerData, is_request, item_order

AT_ONCE = 100
"""The most that GitHub and GitLab give in one answer."""

_T = TypeVar("_T")


class ForgeService(Protocol):
    """One session with a forge. All raise TrackerError if it as a whole cannot be read."""

    def requests_of(
        self, commits: Mapping[str, datetime | None], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        """Yield each SHA as soon as it is known, with the merged requests that brought that commit, or with
        why that could not be read; the forge does not know a SHA that is absent. Of what was yielded before
        an exception nothing is lost.

        Args:
            commits: SHA -> when the answer was that no request had brought it; None: it was not asked yet.
            base: the branch that they were most likely merged into.
        """

    def items_of(self, items: Collection[Item], claimed: Collection[Item]) -> Mapping[Item, ForgeItem]:
        """Return what each item is, and each that a message claims; of the others perhaps only the labels."""

    def labels(self) -> Iterable[str]:
        """Return all labels of the project, as it spells them."""

    def deployed(self, environments: Collection[str]) -> str:
        """Return the SHA of the newest deployment to one of these that succeeded; empty: there is none."""

    def probe(self) -> str:
        """Ask as little as shows whether it can be read. Returns as whom."""


class ForgeTracker(ABC):
    """See Tracker. Each forge fills in `sign`, `name`, `root` and `open`."""

    sign: str
    """Of the forge's requests: "#" or "!"."""
    name: str
    root: str
    """URL of the usual service."""
    requires_patterns = False
    """What required_checks says are patterns, in which `*` and `?` mean what they mean in settings."""

    def __init__(self, settings: Settings, claims: Claims) -> None:
        self._settings = settings
        self._claims = claims
        self._vocabulary = Vocabulary.of(settings)

    @abstractmethod
    def open(self, session: HttpSession) -> ForgeService:
        """Begin a session; nothing is asked yet."""

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """See Tracker.read. `bad-commit-N` counts on the issues asked for; `qa-bad` on a request names its
        landing, so no others are looked for (docs/rules.md#what-people-say). The same answers confirm what a
        message claims; where they do not, or there is no claim, the forge is asked by SHA, once."""
        session, basis = session_with(self._settings, type(self)), self._basis()
        try:
            service = self.open(session)
            return self._read(service, session, items, decode(memory, basis), basis)
        except TrackerError as error:
            error.requests, error.budget = session.requests, session.budget
            raise

    def _read(
        self,
        service: ForgeService,
        session: HttpSession,
        items: Collection[Item],
        kept: Mapping[str, CommitRequests],
        basis: str,
    ) -> TrackerData:
        landings = self._claims.landings
        ours = {item for item in items if not is_request(item) or item.startswith(self.sign)}
        claimed = {request for each in landings for request in each.requests}
        remembered = {item for each in landings if each.id in kept for item in kept[each.id].requests}
        forge_items = dict(service.items_of(ours | remembered, claimed))
        doubts = {
            each.id: {item: why for item in each.requests if (why := self._doubt(forge_items[item], each))}
            for each in landings
        }
        asking = [each.id for each in landings if doubts[each.id] or not each.requests]
        answers = {sha: kept[sha] for sha in asking if sha in kept}
        try:
            refused = self._ask(service, session, asking, answers, forge_items)
        except TrackerError as error:
            error.memory = encode(basis, answers)
            raise
        named: dict[str, tuple[str, ...]] = {}
        warnings: dict[str, tuple[str, ...]] = {}
        unasked: dict[str, str] = {}
        for each in landings:
            by_sha = answers[each.id].requests if each.id in answers else ()
            confirmed = [item for item in each.requests if item not in doubts[each.id]]
            if each.id in refused and not confirmed:
                unasked[each.id] = refused[each.id]
            named[each.id] = tuple(dict.fromkeys((*confirmed, *by_sha)))
            dropped = {item: why for item, why in doubts[each.id].items() if item not in by_sha}
            if dropped:
                warnings[each.id] = tuple(self._warning(item, why, by_sha) for item, why in dropped.items())
        counting = (ours - claimed).union(*named.values())
        return TrackerData(
            items={item: self._tags_of(item, forge_items[item]) for item in sorted(counting, key=item_order)},
            speaks_of_requests=True,
            named=named,
            doubts=warnings,
            unasked=unasked,
            requests=session.requests,
            budget=session.budget,
            received=session.received,
            memory=encode(basis, answers),
        )

    def _ask(
        self,
        service: ForgeService,
        session: HttpSession,
        commits: Collection[str],
        answers: dict[str, CommitRequests],
        forge_items: dict[Item, ForgeItem],
    ) -> dict[str, str]:
        """Ask which requests brought these commits, where that is not known yet, and note each answer in
        `answers` and `forge_items` as it comes. Returns SHA -> why the forge could not say it."""
        asking = [sha for sha in commits if is_open(answers.get(sha), session.now or datetime.now(UTC))]
        refused: dict[str, str] = {}
        unknown = set(asking)
        before = {sha: answers[sha].first if sha in answers else None for sha in asking}
        for sha, brought in service.requests_of(before, self._claims.base) if asking else ():
            unknown.discard(sha)
            if isinstance(brought, UnreadablePart):
                refused[sha] = f"{self.name} does not say which request brought it: {brought.why}"
                continue
            requests = self._into_base(brought)
            forge_items |= {self._item(each): each for each in requests}
            now = session.now or datetime.now(UTC)
            answers[sha] = noted(answers.get(sha), tuple(map(self._item, requests)), now)
        for sha in unknown:
            # it may not have been pushed there yet
            answers.pop(sha, None)
        return refused

    def probe(self) -> str:
        """See Tracker.probe."""
        session = session_with(self._settings, type(self))
        return f"{self._settings.tracker.project} at {session.host}, {self.open(session).probe()}"

    def labels(self) -> list[str]:
        """All labels that the project has, as it spells them. Raises TrackerError."""
        return list(self.open(session_with(self._settings, type(self))).labels())

    def deployed(self, environments: Collection[str]) -> str:
        """The SHA of the newest deployment to one of these that succeeded; empty: there is none. Raises
        TrackerError."""
        return self.open(session_with(self._settings, type(self))).deployed(environments)

    def required_checks(self, branch: str) -> list[str] | None:
        """Names of the checks that must pass before something comes to a branch, as the forge spells them;
        None: this forge is not asked. Raises TrackerError: it does not say.

        Args:
            branch: "main", without refs/heads/.
        """
        return None

    def _item(self, request: Request) -> str:
        return f"{self.sign}{request.number}"

    def _into_base(self, requests: Iterable[Request]) -> list[Request]:
        """The requests merged into the mainline, if any: a commit may have come by other branches too."""
        merged = sorted(requests, key=lambda each: each.number)
        return [each for each in merged if each.base == self._claims.base] or merged

    def _doubt(self, thing: ForgeItem, claim: Claim) -> str:
        return doubt(thing, claim, self._claims.base)

    def _warning(self, item: str, why: str, by_sha: Sequence[str]) -> str:
        instead = f"; {self.name} names {', '.join(by_sha)} instead" if by_sha else ""
        return f"its message names {item}, which counts as absent: {why}{instead}"

    def _tags_of(self, item: Item, thing: ForgeItem) -> ItemTags:
        if isinstance(thing, Absent | UnreadablePart):
            return ItemTags(unreadable=thing.why)
        say = self._vocabulary.of_request if is_request(item) else self._vocabulary.of_bug
        return say(thing.labels)

    def _basis(self) -> str:
        tracker = self._settings.tracker
        parts = (tracker.type, tracker.service_root, tracker.project, self._claims.base)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def number_of(item: Item) -> int:
    """The number of an issue or a request."""
    return int(item.lstrip("#!"))


def chunks(everything: Sequence[_T], size: int = AT_ONCE) -> list[Sequence[_T]]:
    """Return the sequence in pieces, each as much as one call asks for."""
    return [everything[start : start + size] for start in range(0, len(everything), size)]


def session_with(settings: Settings, forge: type[ForgeTracker]) -> HttpSession:
    """Open a session; nothing is asked yet."""
    return HttpSession(forge.name, (settings.tracker.service_root or forge.root).rstrip("/") + "/")


def token_of(settings: Settings, environ: Mapping[str, str], *, needed: str = "") -> str:
    """The access token; empty: anonymous.

    Args:
        needed: why it does not work without one; empty: it does.

    Raises:
        SettingsError: it cannot be read, is not a token, or there is none.
    """
    token = settings.secret("tracker.credentials", environ)
    if not token and needed:
        raise SettingsError(
            f"{settings.file}: {settings.tracker_key}.credentials_file or credentials_env expected: {needed}"
        )
    if any(not "!" <= sign <= "~" for sign in token):
        tracker = settings.tracker
        place = f"_file: what {tracker.credentials_file} holds"
        if not tracker.credentials_file:
            place = f"_env: what {tracker.credentials_env} holds"
        raise SettingsError(
            f"{settings.file}: {settings.tracker_key}.credentials{place} is not an access token: one word"
            " expected"
        )
    return token
