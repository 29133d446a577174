"""What a run judged by, with other settings in place of those that were recorded
(docs/replay.md#with-other-settings)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from shepherd.conditions import Conditions, Limit, Touched
from shepherd.settings import MailSettings, Settings
from shepherd.snapshot import Snapshot
from shepherd.stages.checks import conditions_of
from shepherd.stages.evidence import options_of, speech_of
from shepherd.stages.judge_input import Announcement, JudgeInput
from shepherd.stages.snapshot_context import SnapshotContext

READ_EARLIER = (
    *("repository", "ref", "deployed", "promote", "qa", "marks", "robots", "person", "verdict_notes"),
    *("check_notes", "components"),
)
"""Keys of a branch by which landings and words are read before anything is judged."""
TRACKER_READ_EARLIER = (
    *("type", "path", "project", "service_root", "words", "credentials_file", "credentials_env"),
    *("statuses", "field", "keys", "login"),
)
WITHOUT_EFFECT = (
    *("checks_grace", "freeze", "freeze_warn_after", "people", "run", "maintenance", "cron", "log", "deploy"),
    *("backup", "database", "database_password_file", "state_dir", "keep_inputs", "notify"),
)
"""Keys of a branch, and of the whole file, that change no answer; and `promote` of the whole file."""
MAIL_WITHOUT_EFFECT = (
    *("sender", "smtp", "operators", "cap", "live", "promotions", "starttls", "login"),
    *("password_file", "password_env"),
)
TRACKER_WITHOUT_EFFECT = ("tag", "cap", "status")
REPORT_WITHOUT_EFFECT = ("directory", "url", "publish", "known_hosts", "identity")


class SupposedInput(Struct, frozen=True):
    """An input with other settings."""

    given: JudgeInput
    changed: Mapping[str, str]
    """Key -> `block → pass`: what was recorded, and what stands for it."""
    unknown: tuple[str, ...]
    """What of the settings cannot show its effect on this run, a sentence each."""


def supposed_input(given: JudgeInput, settings: Settings, branch: str) -> SupposedInput:
    """An input as it would have been by these settings, as far as what was recorded tells."""
    if given.problem:
        # nothing was read, whatever the settings were
        return SupposedInput(given, {}, ())
    options = options_of(settings, branch)
    conditions, unknown = _conditions(given.conditions, conditions_of(settings, branch))
    context = _context(given.context, settings, branch)
    announcement = _announcement(given.announcement, settings)
    other = replace(given, options=options, conditions=conditions, context=context, announcement=announcement)
    changed = dict(_changed(given, other))
    unknown += map(not_known, _read_otherwise(given.context, settings, branch))
    return SupposedInput(other, changed, tuple(unknown))


def not_known(key: str) -> str:
    """The sentence about a key by which is read what is judged."""
    return f"{key}: it decides what is read, before anything is judged"


def _read_otherwise(recorded: SnapshotContext, settings: Settings, branch: str) -> Iterator[str]:
    """Keys that were others at the time of the run, whatever they are today, as far as that was recorded."""
    config, speech = settings.branches[branch], recorded.speech
    for key, then in (
        ("marks", recorded.marks),
        ("verdict_notes", recorded.verdict_notes),
        ("components", recorded.components),
    ):
        now = getattr(config, key)
        if then != (tuple(now) if key == "components" else now):
            yield f"branches.{branch}.{key}"
    if speech.tracker:
        now_said = speech_of(settings, branch)
        if speech.own_words != now_said.own_words:
            yield "tracker.words"
        if speech.statuses != now_said.statuses:
            yield "tracker.statuses"
        if (speech.field, speech.values) != (now_said.field, now_said.values):
            yield "tracker.field"
    if speech.tracker and speech.tracker != settings.tracker_of(branch).type:
        yield "tracker.type"


def read_earlier(settings: Settings, supposed: Settings, branch: str) -> Iterator[str]:
    """Keys that differ between two settings and by which is read what is judged: what they would have done is
    not known.

    Args: settings: those of today; supposed: those that are supposed.
    """
    branches, trackers = _of_branch(settings, supposed, branch)
    yield from _differing(f"branches.{branch}", branches, READ_EARLIER)
    yield from _differing("tracker", trackers, TRACKER_READ_EARLIER)
    yield from _differing("", (settings, supposed), ("keep",))
    yield from _differing("report", (settings.report, supposed.report), ("expected_every",))
    sharing = [set(each.sharing_bugs_with(branch)) for each in (settings, supposed)]
    if sharing[0] != sharing[1]:
        yield f"branches.{min(sharing[0] ^ sharing[1])}"


def without_effect(settings: Settings, supposed: Settings, branch: str) -> Iterator[str]:
    """Keys that differ between two settings, and change no answer."""
    branches, trackers = _of_branch(settings, supposed, branch)
    yield from _differing(f"branches.{branch}", branches, WITHOUT_EFFECT)
    yield from _differing("tracker", trackers, TRACKER_WITHOUT_EFFECT)
    yield from _differing("", (settings, supposed), (*WITHOUT_EFFECT, "promote"))
    yield from _differing("report", (settings.report, supposed.report), REPORT_WITHOUT_EFFECT)
    mails = settings.mail, supposed.mail
    if None not in mails:
        yield from _differing("mail", mails, MAIL_WITHOUT_EFFECT)
    elif mails[0] != mails[1] and not any(each.list for each in mails if each):
        yield "mail"


def _of_branch(
    settings: Settings, supposed: Settings, branch: str
) -> tuple[tuple[Struct, Struct], tuple[Struct, Struct]]:
    """The two tables of a branch, and the two trackers."""
    return (
        (settings.branches[branch], supposed.branches[branch]),
        (settings.tracker_of(branch), supposed.tracker_of(branch)),
    )


def _differing(table: str, pair: tuple[object, object], keys: Iterable[str]) -> Iterator[str]:
    one, other = pair
    for key in keys:
        if hasattr(one, key) and getattr(one, key) != getattr(other, key):
            yield f"{table}.{key}" if table else key


def _conditions(recorded: Conditions, wanted: Conditions) -> tuple[Conditions, list[str]]:
    unknown = [
        f"the check {each!r}: what it said was not asked for"
        for each in wanted.checks
        if each not in recorded.checks
    ]
    checks = tuple(each for each in wanted.checks if each in recorded.checks)
    places = {each.paths: place for place, each in reversed(list(enumerate(recorded.limits)))}
    unknown += [
        f"the limit on {', '.join(each.paths)}: which landings touch these was not looked up"
        for each in wanted.limits
        if each.paths not in places
    ]
    limits: list[Limit] = [each for each in wanted.limits if each.paths in places]
    touched: dict[str, Touched] = {}
    for sha, touches in recorded.touched.items():
        its = {
            place: touches[places[each.paths]]
            for place, each in enumerate(limits)
            if places[each.paths] in touches
        }
        if its:
            touched[sha] = its
    return Conditions(checks, recorded.results if checks else {}, tuple(limits), touched), unknown


def _context(recorded: SnapshotContext, settings: Settings, branch: str) -> SnapshotContext:
    config, tracker = settings.branches[branch], settings.tracker_of(branch)
    return replace(
        recorded,
        bug_url=tracker.bug_url,
        request_url=tracker.request_url,
        landing_url=config.landing_url,
        compare_url=config.compare_url,
        timezone=settings.timezone,
    )


def _announcement(recorded: Announcement | None, settings: Settings) -> Announcement | None:
    mail: MailSettings | None = settings.mail
    if mail is None or not mail.list:
        return None
    # what the journal knew is recorded of those landings alone that did block
    known = recorded.histories if recorded is not None else {}
    return Announcement(True, mail.grace_days, settings.timezone, mail.at, mail.weekend, known)


def mails_not_known(supposed: JudgeInput, snapshot: Snapshot) -> bool:
    """Whether the list would have been told of blockers of which it is not known when."""
    mails = supposed.announcement
    if mails is None:
        return False
    blocking = {each.revno for each in snapshot.blockers}
    return any(each.revno in blocking and each.id not in mails.histories for each in snapshot.landings)


def _changed(was: JudgeInput, now: JudgeInput) -> Iterator[tuple[str, str]]:
    pairs: list[tuple[str, object, object]] = [
        ("orphans", was.options.orphans, now.options.orphans),
        ("exempt_subjects", was.options.exempt_subjects, now.options.exempt_subjects),
        ("checks", was.conditions.checks, now.conditions.checks),
        ("limits", _limits(was.conditions), _limits(now.conditions)),
    ]
    names = ("bug_url", "request_url", "landing_url", "compare_url", "timezone")
    pairs += [(name, getattr(was.context, name), getattr(now.context, name)) for name in names]
    if was.announcement is not None:
        mails = was.announcement, now.announcement or replace(was.announcement, list=False)
        pairs += [
            (f"mail.{name}", getattr(mails[0], name), getattr(mails[1], name))
            for name in ("list", "grace_days", "at", "weekend")
        ]
    for name, before, after in pairs:
        if before != after:
            yield name, f"{_shown(before)} → {_shown(after)}"


def _limits(conditions: Conditions) -> tuple[str, ...]:
    return tuple(
        f"at most {each.max} of {' '.join(each.paths)}{f' ({each.reason})' if each.reason else ''}"
        for each in conditions.limits
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value) or "none"
