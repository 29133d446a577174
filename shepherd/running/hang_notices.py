"""What chats and webhooks are told of a run that hangs (docs/notices.md#what-is-told), from a run that was
refused for it.

Noted in `run/aborts.json`, as the mails about it, and not in the journal: the run that hangs may hold the
database. What is noted before a message goes marks it as one that may have been told, if it goes once more.
"""

from __future__ import annotations

from collections.abc import Callable

from shepherd.act import notice as act_notice
from shepherd.errors import ShepherdError, UnsureError
from shepherd.limits import limited
from shepherd.plans.notices import Change, Notice
from shepherd.plans.place_knowledge import digest
from shepherd.run import Tell
from shepherd.running import told
from shepherd.running.log import now
from shepherd.settings import Settings
from shepherd.views.notice_words import hang_words

LIMIT = 10.0
"""Seconds that all places may take together, each its share: other refused runs wait with their pages."""
MEANT, AGAIN = "meant ", "again "
"""Before what is noted of a hang: it is being told, or is being told a second time."""


def tell_of_hang(
    settings: Settings,
    which: str,
    text: str,
    said: Callable[[str], str],
    note: Callable[[str, str], object],
    tell: Tell,
) -> None:
    """Tell every place that wants it, once each; one that took nothing is told by the next refused run.

    Args:
        which: what makes it this hang and no other.
        said: said(kind) is what was noted of a kind last. note: note(kind, what) notes it.
    """
    places = [each for each in settings.notify if "hang" in each.on]
    for place in places:
        kind = f"notice to {place.name}"
        known = {said(kind), told.said(settings, kind)}
        if not known.isdisjoint({which, f"{AGAIN}{which}"}):
            continue
        again = f"{MEANT}{which}" in known
        notice = hang_notice(settings, place.name, which, text, again=again)
        note(kind, f"{AGAIN if again else MEANT}{which}")
        fields = {"what": "notice", "on": place.name, "because": f"a suspected hang, {which}"}
        seconds = LIMIT / len(places)
        late = UnsureError(f"{place.name}: it said nothing within {seconds:.1f} seconds")
        try:
            with limited(seconds, late, place.name):
                act_notice.deliver(notice, place, settings)
        except UnsureError as error:
            # told once more by the next refused run, if it was not already
            tell("act", **fields, result="unsure", why=str(error))
        except ShepherdError as error:
            # it certainly was not told: as if it had not been tried
            note(kind, f"{MEANT}{which}" if again else "")
            tell("act", **fields, result="failed", why=str(error))
        except Exception as error:
            # a bug in what delivers must not hide why the run was refused
            tell("act", **fields, result="unsure", why=f"unexpected {type(error).__name__}")
        else:
            note(kind, which)
            tell("act", **fields, result="done")


def hang_notice(settings: Settings, place: str, which: str, text: str, *, again: bool = False) -> Notice:
    """The message about a hang: it is about the host, and names a branch only where there is no other."""
    words = hang_words(text)
    branch = next(iter(settings.branches)) if len(settings.branches) == 1 else ""
    change = Change("hang", f"hang {which}", now(), words.text, again, words.command)
    url = settings.report.url
    page = f"{url.rstrip('/')}/{f'{branch}.html' if branch else 'index.html'}" if url else ""
    answer = "a run seems to hang: the answer may be out of date"
    return Notice(digest([place, change.key]), place, branch, (change,), answer, page)
