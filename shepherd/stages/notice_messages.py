"""The changes of a branch in words, as a place is told them, and the whole message
(docs/notices.md#what-is-told)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from shepherd.cautions import cautions, released
from shepherd.deployment import compare_url
from shepherd.plans.days import long_time
from shepherd.plans.mails import Waiting
from shepherd.plans.notices import Change, Notice
from shepherd.plans.place_knowledge import PlaceState, digest
from shepherd.plans.telling import Decision
from shepherd.plans.untold import News
from shepherd.settings import Settings
from shepherd.situation import Freeze, Situation
from shepherd.snapshot import Snapshot
from shepherd.stages.notice_facts import WINDOW, NoticeFacts, ended
from shepherd.stages.promotion_mails import promotion_news_of
from shepherd.store import BranchStore
from shepherd.views.answer import headline
from shepherd.views.notice_words import (
    NoticeWords,
    alarm_begins,
    alarm_ends,
    answer_words,
    escalation_words,
    freeze_begins,
    freeze_ends,
    promotion_words,
    spoken,
)

LATE = timedelta(hours=1)
"""From then on the text of an event says when it was."""


class Teller:
    """Puts what is new on one branch into words."""

    def __init__(
        self,
        settings: Settings,
        store: BranchStore,
        snapshot: Snapshot,
        situation: Situation,
        known: NoticeFacts,
        waiting: Sequence[Waiting],
    ) -> None:
        self._settings = settings
        self._store = store
        self._snapshot = snapshot
        self._cautions = cautions(snapshot, situation)
        self._known = known
        self._waiting = waiting
        self._branch = settings.branch_to_name(snapshot.branch)

    def notice(self, place: str, decision: Decision, state: PlaceState) -> Notice:
        """The message."""
        branch = self._snapshot.branch
        changes = tuple(map(self._change, decision.news))
        return Notice(
            digest([place, branch, *(each.key for each in changes)]),
            place,
            branch,
            changes,
            spoken(headline(self._snapshot, self._cautions), self._settings.timezone),
            self._page(),
            released(self._snapshot, self._cautions),
            state.last,
            decision.left_out,
        )

    def _change(self, news: News) -> Change:
        words = self._words(news)
        text = words.text
        if news.kind in ("alarm", "promotion") and self._known.present.now - news.at >= LATE:
            # what happened, and is not how things are: a chat shows when a message came, not of when it is
            text = f"{long_time(news.at, ZoneInfo(self._settings.timezone))}: {text}"
        return Change(news.kind, news.key, news.at, text, news.again, words.command, words.url)

    def _words(self, news: News) -> NoticeWords:
        settings, known, branch, now = self._settings, self._known, self._branch, self._known.present.now
        match news.kind:
            case "answer":
                return answer_words(self._snapshot, self._cautions)
            case "alarm":
                entry = known.alarms[news.about]
                revno = entry.data["revno"]
                if not news.urgent:
                    return alarm_ends(revno, self._page(revno))
                return alarm_begins(revno, entry.why, branch, self._page(revno))
            case "promotion":
                before, move = known.promotions[news.about]
                told = promotion_news_of(self._store, self._snapshot.branch, before, move)
                of_branch = settings.branches[self._snapshot.branch]
                seen = compare_url(of_branch.compare_url, of_branch.landing_url, told.base.id, told.to.id)
                return promotion_words(told, branch, seen or "")
            case "escalation":
                return escalation_words(self._waiting, now, branch, self._page(self._waiting[0].entry.revno))
            case _:
                name, _, what = news.about.rpartition(" ")
                if what == "off":
                    return self._freeze_ended(name)
                return freeze_begins(known.freezes[name], now, settings.timezone, branch)

    def _freeze_ended(self, name: str) -> NoticeWords:
        others = tuple(self._known.freezes.values())
        if name.startswith(WINDOW):
            return freeze_ends(None, "", "", others)
        on, off = ended(self._store.journal, name)
        freeze = Freeze(who=on.who, why=on.why) if on is not None else None
        return freeze_ends(freeze, off.who if off else "", off.why if off else "", others)

    def _page(self, revno: int = 0) -> str:
        url = self._settings.report.url
        if not url:
            return ""
        return f"{url.rstrip('/')}/{self._snapshot.branch}.html" + (f"#r{revno}" if revno else "")
