"""Whether the trackers can be read, and know the words that the settings give them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from shepherd.errors import SourceError, TrackerError
from shepherd.git.mirror import open_source
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, contained, fail, ok, warn
from shepherd.settings import Settings
from shepherd.settings.tracker import GRAMMARS_THAT_NAME, TrackerType
from shepherd.values import quoted

if TYPE_CHECKING:
    from shepherd.trackers import Tracker


def trackers(context: CheckContext) -> Iterator[Finding]:
    """Each tracker that a branch has can be read as a whole."""
    for name in context.settings.by_tracker:
        yield from contained(f"tracker {name}".rstrip(), partial(_tracker, context, name))


def _tracker(context: CheckContext, name: str) -> Iterator[Finding]:
    from shepherd.trackers import open_tracker

    settings, title = context.settings.with_tracker(name), f"tracker {name}".rstrip()
    kind = settings.tracker.type
    tracker = open_tracker(settings)
    if kind not in ("none", "file") and context.offline:
        yield ok(title, f"{kind}: {OFFLINE}")
        return
    try:
        what = tracker.probe()
    except TrackerError as error:
        error.table = settings.tracker_key
        yield fail(title, str(error), "fix what it names; until then there is no data")
        return
    if kind == "none":
        yield Finding("ok", title, what, _could_be_read(settings))
        return
    yield ok(title, f"{kind} {what} can be read")
    yield from _without_marks(context.settings, name, kind)
    if settings.tracker.sign:
        yield from _words(settings, tracker)
    elif kind == "launchpad":
        yield from _words_of_launchpad(settings, tracker)
    elif kind == "jira":
        from shepherd.running.doctor.jira import projects_and_words
        from shepherd.trackers.jira.reading import JiraTracker

        assert isinstance(tracker, JiraTracker)
        yield from projects_and_words(settings, tracker.service())
    elif kind == "redmine":
        from shepherd.running.doctor.redmine import words_and_rights
        from shepherd.trackers.redmine.reading import RedmineTracker

        assert isinstance(tracker, RedmineTracker)
        yield from words_and_rights(settings, tracker.service())


def _without_marks(settings: Settings, tracker: str, kind: TrackerType) -> Iterator[Finding]:
    """`inv init` writes `marks = []` where it found none; of Jira and Redmine nothing is known then."""
    for name in settings.by_tracker[tracker] if kind in GRAMMARS_THAT_NAME else ():
        if not settings.branches[name].marks:
            yield warn(
                "marks",
                f"branches.{name}.marks is empty, so no landing names an issue of {kind.capitalize()}",
                f'write marks = ["{GRAMMARS_THAT_NAME[kind][0]}"], or take marks out',
            )


def _could_be_read(settings: Settings) -> str:
    """How to read the forge that the first of the repositories with one comes from; empty: none is known."""
    from shepherd.running.init.access import how_to_read
    from shepherd.running.init.forge import forge_of
    from shepherd.running.init.messages import evidence
    from shepherd.running.init.sample import read_sample

    for name, branch in settings.branches.items():
        if settings.tracker_of(name).type != "none":
            continue
        try:
            place = settings.place(branch.repository)
            git = open_source(place, settings.state_path / "mirrors", fetch=False)
            if tip := git.resolve_many([branch.ref])[branch.ref]:
                forge = forge_of(git, evidence(read_sample(git, tip)))
                if forge and forge.tracker:
                    return how_to_read(forge, settings.file)
        except SourceError:
            continue  # the check of the repository says it
    return ""


def _words_of_launchpad(settings: Settings, tracker: Tracker) -> Iterator[Finding]:
    """The tagger's statuses are Launchpad's, and texts that cannot be tags are looked for in vain."""
    from shepherd.label_text import folded, is_launchpad_tag
    from shepherd.trackers.launchpad.reading import LaunchpadTracker

    assert isinstance(tracker, LaunchpadTracker)
    key = settings.tracker_key
    for word, texts in settings.tracker.words.items():
        for text in texts:
            if not is_launchpad_tag(folded(text)):
                what = f"{key}.words.{word} names {quoted(text)}, which cannot be a tag on Launchpad"
                yield warn("words", what, "take it out: no bug can ever have it")
    if not settings.tracker.writes:
        return
    try:
        unknown, known = tracker.unknown_statuses([each for each in settings.tracker.tag_statuses if each])
    except TrackerError as error:
        yield warn("words", str(error))
        return
    for each in unknown:
        what = f"{key}.status names {quoted(each)}, and Launchpad has no such status"
        yield fail(
            "words", what, f"take one of: {', '.join(map(quoted, known))}; the tagger fails until then"
        )


def _words(settings: Settings, tracker: Tracker) -> Iterator[Finding]:
    """Each text of tracker.words is a label of the forge's project: a misspelled one never means anything."""
    from shepherd.label_text import folded
    from shepherd.trackers.forge.reading import ForgeTracker

    if not settings.tracker.words or not isinstance(tracker, ForgeTracker):
        return
    try:
        labels = {folded(label) for label in tracker.labels()}
    except TrackerError as error:
        yield warn("words", str(error))
        return
    key, project, strange = f"{settings.tracker_key}.words", settings.tracker.project, False
    for word, texts in settings.tracker.words.items():
        for text in texts:
            if folded(text) not in labels:
                strange = True
                yield warn(
                    "words",
                    f"{key}.{word} names {quoted(text)}, and no label of {project} is called that",
                    "spell it as it is spelled there, or create the label",
                )
    if not strange:
        yield ok("words", f"each text of {key} is a label of {project}")
