"""One reading of Jira: the first time by keys, a hundred issues in one question; then only what has changed
since, and whether the others can still be seen, since an issue that was deleted or hidden is not said to have
changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import UNSET

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.forge.items import Absent, UnreadablePart
from shepherd.trackers.forge.reading import chunks
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.jira.fetching import Found, IssueFetcher
from shepherd.trackers.jira.jql import issues_in
from shepherd.trackers.jira.memory import OVERLAP, JiraMemory
from shepherd.trackers.jira.project_search import REFUSED, ProjectSearch
from shepherd.trackers.jira.searching import AT_ONCE, KEYS_AT_ONCE, IssueSearch, TooManyPagesError
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.wire import KEY, AnsweredIssue, JiraIssue
from shepherd.trackers.memories import EVERYTHING_AFTER, encode
from shepherd.trackers.words import ItemReading, Vocabulary, bad_commits
from shepherd.values import clean
from shepherd.words import Item, ItemDetails, ItemTags, TrackerData, item_order

FEW = 200
"""So many issues are read again by each reading of Cloud, in two requests: a bulk fetch knows what a search
may not know yet, since its index lags behind (api-group-issue-search)."""
_MINUTE = timedelta(minutes=1)
_NONE = JiraIssue("")
_SHOWN = 100
"""Characters of a status."""


class JiraReading:
    """One reading. `kept` is what the last one left, None for nothing that can be used."""

    def __init__(self, settings: Settings, session: HttpSession, kept: JiraMemory | None, basis: str) -> None:
        self._settings = settings
        self._session = session
        self._kept = kept
        self._basis = basis
        self._vocabulary = Vocabulary.of(settings)
        self._begin(
            JiraService(
                settings,
                session,
                edition=kept.edition if kept else "",
                field=kept.field if kept else None,
            ),
            dict(kept.projects) if kept else {},
        )
        self._issues: dict[str, JiraIssue] = {}
        self._asked: dict[Item, str] = {}
        """Item -> id of its issue, as far as that was read."""
        self._hints: dict[Item, str] = {}
        """Item -> the key that its issue had when it was read last."""
        self._unreadable: dict[Item, str] = {}
        self._read_now: dict[str, JiraIssue] = {}
        """By id: what was read by key in this reading."""
        self._searched: set[int] = set()
        self._full: datetime | None = None
        self._started = datetime.now(UTC)
        self._learned = False
        """What was read is worth more than what was kept."""

    def _begin(self, service: JiraService, projects: dict[str, str]) -> None:
        self._service = service
        self._search = IssueSearch(service)
        self._projects = ProjectSearch(service, self._search, self._settings.tracker.keys, projects)

    def read(self, bugs: set[Item], revnos: set[int]) -> TrackerData:
        """See Tracker.read."""
        keys = {item for item in bugs if KEY.fullmatch(item)}
        self._service.edition()
        fresh = self._look_back(keys, revnos)
        self._learned = True
        self._confirm(fresh)
        self._fetch(keys - self._asked.keys())
        self._search_names(revnos - self._searched)
        readings = {item: self._reading_of(item, self._issues[self._asked[item]]) for item in self._asked}
        tags = {item: each.tags for item, each in readings.items()}
        for item in {*bugs, *self._unreadable} - tags.keys():
            why = self._unreadable.get(item, f"{clean(item, 40)} is not the key of an issue in Jira")
            tags[item] = ItemTags(unreadable=why)
        known = set(self._asked.values())
        for number, issue in self._issues.items():
            if number not in known and issue.key not in tags and self._projects.is_ours(issue.project):
                readings[issue.key] = self._reading_of(issue.key, issue)
                if not revnos.isdisjoint(readings[issue.key].tags.bad_commits):
                    tags[issue.key] = readings[issue.key].tags
        said = {item: each.said for item, each in readings.items() if item in tags}
        return TrackerData(
            items={item: tags[item] for item in sorted(tags, key=item_order)},
            about={
                item: ItemDetails(status=clean(self._issues[number].status, _SHOWN))
                for item, number in self._asked.items()
            },
            said=said if self._vocabulary.beyond_labels else UNSET,
            requests=self._session.requests,
            received=self._session.received,
            budget=self._session.budget,
            memory=self.memory(),
        )

    def memory(self) -> bytes:
        """What was learned by now; empty: no more than before."""
        began = self._session.now
        if not self._learned or began is None:
            return b""
        worth = set(self._asked.values())
        learned = JiraMemory(
            basis=self._basis,
            edition=self._service.edition(),
            field=self._service.field(),
            began=began,
            ours=self._started,
            full=self._full or began,
            issues={
                number: issue
                for number, issue in self._issues.items()
                if number in worth or bad_commits(issue.labels)
            },
            asked=self._asked,
            revnos=tuple(sorted(self._searched)),
            projects=self._projects.now,
        )
        return encode(learned)

    def _look_back(self, keys: set[Item], revnos: set[int]) -> set[str]:
        """Take over what was kept, with what has changed since; the ids of what has. Nothing is taken over
        where that is too much, or too old."""
        kept = self._kept
        if kept is None:
            self._service.field()
            return set()
        self._hints = {
            item: kept.issues[number].key for item, number in kept.asked.items() if number in kept.issues
        }
        self._issues = dict(kept.issues)
        changed = self._changed(kept)
        if changed is None:
            self._begin(JiraService(self._settings, self._session, edition=kept.edition), {})
            self._issues = {}
            self._service.field()
            return set()
        self._full = kept.full
        self._asked = {
            item: number for item, number in kept.asked.items() if item in keys & self._hints.keys()
        }
        self._searched = set(kept.revnos) & revnos
        for each in changed:
            issue = each.issue(self._service.field().id)
            if each.id in self._issues or bad_commits(issue.labels):
                self._issues[each.id] = issue
            if issue.trouble or not KEY.fullmatch(issue.key):
                self._forget({each.id})
        return {each.id for each in changed}

    def _changed(self, kept: JiraMemory) -> list[AnsweredIssue] | None:
        """What was changed since the last reading; None: everything has to be read again."""
        since, most = kept.began - OVERLAP, len(kept.asked) // AT_ONCE + 2
        last = kept.full + EVERYTHING_AFTER - _MINUTE
        others = {each.project for each in kept.issues.values()}
        for _ in range(2):
            # our own clock may be wrong: Jira's counts, as soon as it has answered
            guess = kept.began + (self._started - kept.ours)
            now = self._session.now or min(max(guess, kept.began), last)
            if not kept.full <= kept.began <= now <= last:
                return None
            minutes = (now - since) // _MINUTE + 2
            try:
                found = self._projects.changed(minutes, others, most)
            except TooManyPagesError:
                return None
            except RequestError as error:
                if error.status not in REFUSED:
                    raise
                return None
            if (self._session.now or now) - since < minutes * _MINUTE:
                return found
        return None

    def _confirm(self, fresh: set[str]) -> None:
        """Forget what can no longer be seen, or has another key, so that it is asked for by itself."""
        if self._service.edition() == "cloud" and len(self._asked) <= FEW:
            self._asked.clear()
        others = {number for number, issue in self._issues.items() if bad_commits(issue.labels)}
        known = {*self._asked.values(), *others} - fresh
        by_key = {self._issues[number].key: number for number in known}
        for some in chunks(sorted(by_key, key=item_order), KEYS_AT_ONCE):
            try:
                found = {each.id: each.key for each in self._search.search(issues_in(some), only_keys=True)}
            except RequestError as error:
                if error.status not in REFUSED:
                    raise
                # one of them is no longer there: which one, the reading by keys will tell
                found = {}
            self._forget({by_key[key] for key in some if found.get(by_key[key]) not in (key, "")})

    def _forget(self, numbers: set[str]) -> None:
        for item, number in list(self._asked.items()):
            if number in numbers:
                del self._asked[item]
        gone = [self._issues.pop(number, _NONE) for number in numbers]
        if any(bad_commits(issue.labels) for issue in gone):
            # nobody may ask for it by its key
            self._searched.clear()

    def _fetch(self, items: set[Item]) -> None:
        """Ask for what is not known: of what was moved first by the key that it has by now."""
        moved = {item for item in items if self._hints.get(item, item) != item}
        expected = {item: self._kept.asked[item] for item in moved} if self._kept else {}
        self._ask({item: self._hints.get(item, item) for item in items}, expected)
        # what has that key now is another issue, or there is none any more
        self._ask({item: item for item in moved - self._asked.keys()}, {})

    def _ask(self, keys: Mapping[Item, str], expected: Mapping[Item, str]) -> None:
        """Args: expected: item -> the id that its issue had."""
        wanted: dict[str, set[Item]] = defaultdict(set)
        for item, key in keys.items():
            wanted[key].add(item)
        for key, found in IssueFetcher(self._service, self._search).fetch(wanted):
            for item in wanted[key]:
                other = isinstance(found, AnsweredIssue) and expected.get(item, found.id) != found.id
                self._note(item, Absent("") if other else found)

    def _note(self, item: Item, found: Found) -> None:
        if isinstance(found, Absent):
            self._unreadable[item] = f"there is no {item}, or this account may not see it"
        elif isinstance(found, UnreadablePart):
            self._unreadable[item] = found.why
        elif not KEY.fullmatch(found.key):
            self._unreadable[item] = "Jira gives it no key"
        else:
            issue = found.issue(self._service.field().id)
            if issue.trouble:
                self._unreadable[item] = issue.trouble
                return
            if self._read_now.setdefault(found.id, issue) != issue:
                raise TrackerError(f"Jira at {self._session.host} gave several issues one id")
            self._issues[found.id], self._asked[item] = issue, found.id
            self._unreadable.pop(item, None)
            self._projects.now.pop(issue.project, None)

    def _search_names(self, revnos: Iterable[int]) -> None:
        """Find the issues that name landings bad, and that no landing names."""
        for some, found in self._projects.naming(revnos):
            readable = [self._note_name(each) for each in found]
            if all(readable):
                self._searched.update(some)

    def _note_name(self, answer: AnsweredIssue) -> bool:
        """Whether it could be read which landings an issue names bad."""
        issue = answer.issue(self._service.field().id)
        if not KEY.fullmatch(issue.key):
            raise TrackerError(f"Jira at {self._session.host} gave an issue without a key")
        if issue.trouble:
            self._unreadable[issue.key] = issue.trouble
        elif answer.id not in self._issues:
            self._issues[answer.id] = issue
        return not issue.trouble

    def _reading_of(self, item: Item, issue: JiraIssue) -> ItemReading:
        return self._vocabulary.read(
            item, issue.labels, issue.status, issue.values, self._service.field().name
        )
