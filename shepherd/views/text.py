"""Plain text for terminals: the answer first, 80 columns, no colour."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from shepherd.cautions import Caution, cautions, released, stopping
from shepherd.sentence import Sentence
from shepherd.situation import Situation
from shepherd.snapshot import Blocker, LandingEntry, Snapshot
from shepherd.story import Story
from shepherd.values import age
from shepherd.views import answer, conditions, system
from shepherd.views.banners import branch_banners
from shepherd.views.clean import fill_address, is_web_address
from shepherd.views.history import production
from shepherd.views.note_lines import note_in
from shepherd.views.staircase import stairs, together
from shepherd.views.terminal import fit, plain, table, wrap
from shepherd.views.words import ago, also_by, count, name, short, some, standing, utc, when
from shepherd.words import item_name

BLOCKERS_SHOWN = 10
REVNOS_SHOWN = 20
CHECKS_SHOWN = 20
"""Checks that `explain` lists."""
FURTHER_SHOWN = 20
"""Landings that `explain` lists where it does not tell their stories."""
WHO = 12
"""Columns of a name in a table."""
LABEL = 15
"""Columns of the labels in `explain`."""


def status(snapshot: Snapshot, situation: Situation) -> str:
    """What to do, how old that is, what blocks, and what else is to be known. Ends without a line end."""
    known = cautions(snapshot, situation)
    lines = _answer(snapshot, known)
    if outlook := answer.outlook(snapshot, known):
        lines.append(wrap(outlook, "  "))
    lines += _conditions(snapshot, situation, known)
    generated = f"{utc(snapshot.generated_at)}{ago(snapshot.generated_at, situation.now)}"
    named = "" if snapshot.several else f"branch {snapshot.branch}, "
    lines.append(wrap(f"{named}answer of {generated}", "  "))
    if facts := production(snapshot):
        lines.append(wrap(facts, "  "))
    urgent: list[str] = []
    notes: list[str] = []
    for banner in branch_banners(snapshot, situation, known):
        block = notes if banner.kind in ("problem", "warning") else urgent
        block.append(wrap(banner.text, f"{banner.kind.upper()}: ", "  "))
    for block in (urgent, list(_blockers(snapshot)) if snapshot.blockers else [], notes):
        if block:
            lines += ["", *block]
    if situation.stages:
        lines += ["", *_system(situation)]
    if example := _example(snapshot):
        of = f" --branch {snapshot.branch}" if snapshot.several else ""
        lines += ["", f"One landing's whole story: inv explain r{example}{of}"]
    return "\n".join(lines)


def chosen(
    snapshot: Snapshot,
    person: str | None = None,
    state: str | None = None,
    only: Collection[int] | None = None,
) -> list[LandingEntry]:
    """Landings, newest first. `person`: part of the name of its person or of a co-author; `state`: a word of
    state or progress, as in the JSON; `only`: these revnos."""
    return [
        entry
        for entry in snapshot.landings
        if (person is None or any(person.casefold() in each.casefold() for each in entry.people))
        and (state is None or state in (entry.state, entry.progress))
        and (only is None or entry.revno in only)
    ]


def landings(
    snapshot: Snapshot,
    situation: Situation,
    person: str | None = None,
    state: str | None = None,
    only: Collection[int] | None = None,
    most: int | None = None,
) -> str:
    """A table of the landings that `chosen` gives, one a line; `most`: of these, the newest."""
    every = chosen(snapshot, person, state, only)
    entries = every[:most]
    first = of_branch(snapshot, answer.headline(snapshot, cautions(snapshot, situation)))
    head = [wrap(first, rest="  "), _places(snapshot), ""]
    if not entries:
        return "\n".join([*head, wrap("No such landing here. Any landing of the mainline: inv explain REV")])
    lines = table(("", "landed", "progress", "QA", "who", "what"), [_row(entry) for entry in entries])
    more = len(every) - len(entries)
    return "\n".join([*head, *lines, *([f"and {more} more: without --limit"] if more else [])])


def _row(entry: LandingEntry) -> tuple[str, ...]:
    stands = standing(entry.progress, entry.state)
    day = utc(entry.landed_at).partition(" ")[0]
    return (f"r{entry.revno}", day, stands.far, stands.own, fit(entry.person, WHO).rstrip(), entry.title)


def explain(entry: LandingEntry, snapshot: Snapshot, now: datetime | None = None) -> str:
    """One landing's whole story, its state in the first line."""
    lines = [wrap(of_branch(snapshot, answer.standing_of(entry, snapshot)), rest="  ")]
    title = plain(entry.title) or "(no title)"
    lines.append(wrap(f"“{title}”", "  "))
    lines.append(wrap(f"{name(entry.person)}, landed {when(entry.landed_at, now)}", "  "))
    lines.append("")
    lines += [wrap(text, fit(label, LABEL)) for label, text in _facts(entry, snapshot)]
    lines += [_address(label, address) for label, address in _addresses(entry, snapshot)]
    if note := note_in(entry, snapshot):
        lines.append(f"{fit('by a git note', LABEL)}{plain(note, len(note))}")
    return "\n".join(lines)


def further(landings: Sequence[LandingEntry] | Sequence[Story], snapshot: Snapshot, command: str) -> str:
    """The other landings that a name means, a line each; the command shows all of them."""
    place = max(len(str(each.revno)) for each in landings) + 3
    more = f"{count(len(landings), 'more landing')} of that name, the newest first:"
    lines = ["", of_branch(snapshot, more)]
    lines += [
        f"  {fit(f'r{each.revno}', place)}{fit(each.person, 15)} {fit(each.title, 44).rstrip()}"
        for each in landings[:FURTHER_SHOWN]
    ]
    if len(landings) > FURTHER_SHOWN:
        lines.append(f"  and {len(landings) - FURTHER_SHOWN} more: {plain(command)}")
    return "\n".join(lines)


def of_branch(snapshot: Snapshot, text: str) -> str:
    """The same with the branch in front, where there are several: their revision numbers overlap."""
    return Sentence(f"{snapshot.branch}: ", text) if snapshot.several else text


def _answer(snapshot: Snapshot, known: Sequence[Caution]) -> list[str]:
    first = of_branch(snapshot, answer.headline(snapshot, known))
    more = answer.gist(snapshot, known)
    to = released(snapshot, known)
    if stopping(known) is not None:
        return [wrap(first, rest="  "), *(wrap(each, "  ") for each in answer.way_out(snapshot, known))]
    if to is None:
        return [wrap(first, rest="  "), wrap(more, "  ")]
    return [wrap(f"{first} ({short(to.id)}…), {more}", rest="  ")]


def _conditions(snapshot: Snapshot, situation: Situation, known: Sequence[Caution]) -> Iterator[str]:
    """What the next candidate waits for, where more of it can be read, and when the next freeze begins."""
    if waits := answer.waits_line(snapshot, known):
        yield wrap(waits, "  ")
    if snapshot.complete:
        for link in conditions.links_of(snapshot)[: conditions.NAMED]:
            yield f"    {plain(link.address, len(link.address))}"
    if (freeze := conditions.next_freeze(snapshot, situation)) is not None:
        yield wrap(freeze, "  ")


def _blockers(snapshot: Snapshot) -> Iterator[str]:
    entries = {entry.revno: entry for entry in snapshot.landings}
    yield f"What blocks ({len(snapshot.blockers)}):"
    for blocker in snapshot.blockers[:BLOCKERS_SHOWN]:
        yield from _blocker(blocker, entries.get(blocker.revno), snapshot)
    more = len(snapshot.blockers) - BLOCKERS_SHOWN
    if more > 0:
        yield f"  and {more} more: inv landings"
    if together(snapshot):
        yield wrap(Sentence("cleared from the oldest on: ", stairs(snapshot)), "  ")


def _blocker(blocker: Blocker, entry: LandingEntry | None, snapshot: Snapshot) -> Iterator[str]:
    waits = f"{count(blocker.waiting, 'landing')} {'waits' if blocker.waiting == 1 else 'wait'}"
    days = age((snapshot.generated_at - blocker.since).total_seconds())
    whose = f"{name(blocker.person)}, since {utc(blocker.since)} ({days}), {waits}"
    yield wrap(whose, f"  r{blocker.revno}  ", "    ")
    if entry is not None:
        yield wrap(plain(entry.title), "    ")
        yield wrap(entry.reason_sentence, "    ")
        if entry.whose_move:
            yield wrap(f"whose move: {entry.whose_move}", "    ")
        if entry.remedy:
            yield wrap(Sentence("what clears it: ", entry.remedy_sentence), "    ")
        if note := note_in(entry, snapshot):
            yield wrap("or say ok from a clone, by a git note:", "    ")
            yield f"    {plain(note, len(note))}"
    yield wrap(answer.freed(blocker, snapshot), "    ")
    if blocker.list_told_on is not None:
        yield wrap(answer.list_mail(blocker, snapshot), "    ")


def _system(situation: Situation) -> Iterator[str]:
    yield wrap(system.summary(situation), rest="  ")
    if said := system.schedule(situation):
        yield wrap(said, "  ")


def _places(snapshot: Snapshot) -> str:
    places = (
        ("tip", snapshot.tip),
        ("on QA", snapshot.on_qa),
        ("deployable", snapshot.deployable),
        ("promoted", snapshot.promoted),
        ("deployed", snapshot.deployed),
    )
    return wrap(", ".join(f"{label} r{rev.revno}" for label, rev in places if rev is not None))


def _example(snapshot: Snapshot) -> int | None:
    if snapshot.blockers:
        return snapshot.blockers[0].revno
    return snapshot.tip.revno if snapshot.tip is not None else None


def _facts(entry: LandingEntry, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    yield "why", entry.reason_sentence
    if entry.whose_move:
        yield "whose move", entry.whose_move
    if entry.remedy:
        yield "what clears it", entry.remedy_sentence
    others = entry.waits_for_count
    if others:
        names = [f"r{revno}" for revno in entry.waits_for(REVNOS_SHOWN)]
        yield "waits for", some(names, REVNOS_SHOWN, others)
    yield from _conditions_of(entry, snapshot)
    for blocker in snapshot.blockers:
        if blocker.revno == entry.revno:
            yield (
                "blocks",
                f"{count(blocker.waiting, 'landing')}, itself included; {answer.freed(blocker, snapshot)}",
            )
            if blocker.list_told_on is not None:
                yield "mail", answer.list_mail(blocker, snapshot)
    if entry.undone_by is not None:
        yield "undone by", f"r{entry.undone_by}"
    if entry.undoes:
        yield "undoes", some([f"r{revno}" for revno in entry.undoes], REVNOS_SHOWN)
    if entry.promoted_at is not None:
        yield "promoted", utc(entry.promoted_at) + (f", by {entry.promoted_by}" if entry.promoted_by else "")
    if entry.live_since is not None:
        yield "live since", utc(entry.live_since)
    if entry.bugs:
        yield "bugs", ", ".join(map(str, entry.bugs))
    if entry.requests:
        yield "requests", ", ".join(entry.requests)
    if entry.closes:
        yield "closes", ", ".join(f"#{bug}" for bug in entry.closes)
    if entry.labels:
        yield "marks", ", ".join(entry.labels)
    if entry.branch:
        yield "branch", entry.branch
    yield from also_by(entry.merged_by, entry.co_authors)
    yield "revision", entry.id
    for commit in entry.brought[:REVNOS_SHOWN]:
        yield "brought in", commit.said
    if len(entry.brought) > REVNOS_SHOWN:
        yield "brought in", f"and {len(entry.brought) - REVNOS_SHOWN} more (inv explain --json)"
    for warning in entry.warnings:
        yield "warning", warning
    for hint in entry.hints:
        yield "hint", hint


def _conditions_of(entry: LandingEntry, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Its checks, as a candidate, and the limits that it counts for."""
    first = answer.standing_of(entry, snapshot)
    for each in entry.over_limits:
        if each not in first:
            yield "over a limit", each
    for check in entry.checks[:CHECKS_SHOWN]:
        yield "check", Sentence(f"{conditions.called(check)}: ", conditions.check_words(check))
    if len(entry.checks) > CHECKS_SHOWN:
        yield "check", f"and {len(entry.checks) - CHECKS_SHOWN} more (inv explain --json)"
    for words, others in conditions.counting(entry, snapshot):
        along = f"; counts as well: {some([f'r{each}' for each in others], REVNOS_SHOWN)}" if others else ""
        yield "limit", f"{words}{along}"


def _addresses(entry: LandingEntry, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    if entry.url:
        yield "link", entry.url
    for link in conditions.check_links(entry.checks[:CHECKS_SHOWN]):
        yield fit(link.name, LABEL - 1), link.address
    for bug in (*entry.bugs, *entry.closes):
        if address := fill_address(snapshot.bug_url, "bug", str(bug)):
            yield item_name(str(bug)), address


def _address(label: str, address: str) -> str:
    """One that can be followed stands unbroken on its line, so that it can be copied."""
    if is_web_address(address):
        return fit(label, LABEL) + plain(address, len(address))
    return wrap(address, fit(label, LABEL))
