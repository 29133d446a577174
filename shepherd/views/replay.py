"""What came of judging earlier runs again, as text and as JSON (docs/replay.md)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby

from shepherd.replaying.differences import DifferenceKind
from shepherd.replaying.folds import Fold
from shepherd.replaying.report import BranchReplay
from shepherd.replaying.supposed_answers import DeployableFrom
from shepherd.snapshot_json import ENCODER
from shepherd.values import FIRST_FEW, count, first_few, some, utc
from shepherd.views.terminal import plain, wrap

SCHEMA = 1
_FOLLOWS: dict[DifferenceKind, str] = {
    "other": "What else differs",
    "text": "Only in words",
    "form": "Only in the form of the document",
}
_NEW_OR_GONE = {
    ("blockers", "new"): "Would block",
    ("blockers", "gone"): "Would not block",
    ("alarms", "new"): "Would raise an alarm",
    ("alarms", "gone"): "Would raise no alarm",
}
_REVNOS = 20


def told(report: BranchReplay, several: bool = False) -> str:
    """What differs, after a line that says how much was judged; empty where nothing could be.

    Args:
        several: there are several branches, so a command names this one.
    """
    if not report.answers:
        return ""
    lines = [wrap(_summary(report), rest="  ")]
    if report.differ:
        lines += [wrap(each, "  ") for each in _codes(report)]
    lines += [wrap(each, "  ") for each in report.altered]
    lines += _earlier(report)
    lines += _folds(report.folds.folds(), report, ("was", "would be"))
    if report.runs > 1 and report.differ:
        # a run's id is what a file says it is
        command = f"inv replay {shlex.quote(plain(report.differ[-1].run_id))}"
        lines += ["", f"The newest of them alone: {command}{f' --branch {report.branch}' if several else ''}"]
    return "\n".join(lines)


def supposed(report: BranchReplay, file: str) -> str:
    """What other settings would have answered; empty where nothing could be judged."""
    answers = report.supposed
    if not report.answers or answers is None:
        return ""
    differing = report.answers - report.same
    lines = [wrap(_with(report, file, differing), rest="  ")]
    if report.by_rules:
        which = f"{count(report.by_rules, 'answer')} of these differ already by the rules of today"
        lines.append(wrap(f"{which}, which is not counted here: inv replay", "  "))
    lines += _earlier(report)
    if report.changed:
        lines += ["", "What is other in the settings:"]
        lines += [wrap(each, "  ", "    ") for each in report.changed]
    if report.unknown:
        lines += ["", "Not known, and so left as it was:"]
        lines += [wrap(each, "  ", "    ") for each in report.unknown]
    if report.without_effect:
        lines += ["", wrap(f"No answer hangs on {', '.join(report.without_effect)}.", rest="  ")]
    lines += _folds(report.folds.folds(), report, ("was", "would have been"))
    if days := answers.other_days():
        lines += ["", f"On {len(days)} of {count(answers.days, 'day')} another last answer:"]
        lines += [
            wrap(each, "  ", "    ")
            for each in first_few([f"{d.day}: {d.would_be} (was: {d.was})" for d in days], "all with --json")
        ]
    if times := answers.other_times():
        lines += ["", "Since when a revision, or a later one, could be deployed:"]
        lines += [
            wrap(each, "  ", "    ")
            for each in first_few([_times(each) for each in times], "all with --json")
        ]
    return "\n".join(lines)


def as_json(reports: Sequence[BranchReplay]) -> bytes:
    """The whole of it, for programs."""
    return ENCODER.encode({"schema": SCHEMA, "branches": [_branch(each) for each in reports]})


def _summary(report: BranchReplay) -> str:
    first = report.first
    assert first is not None
    if report.runs == 1:
        what = f"run {first.run_id} of {report.branch} ({utc(first.at)}) judged again"
        if report.answers > 1:
            what += f", {report.answers} answers"
    else:
        what = f"{report.runs:,} runs of {report.branch} since {utc(first.at)} judged again"
        if report.answers > report.runs:
            what += f", {report.answers:,} answers"
    differing = report.answers - report.same
    if not differing:
        return f"{what}: {'all ' if report.answers > 1 else ''}the same, byte for byte"
    words = ""
    if report.folds.words_alone == differing:
        words = ", in nothing but words"
    elif report.folds.words_alone:
        words = f", {report.folds.words_alone:,} of them in nothing but words"
    if report.answers == 1:
        return f"{what}: it differs{words}"
    same = f"; {report.same:,} the same, byte for byte" if report.same else ""
    return f"{what}: {differing:,} differ{words}{same}"


def _with(report: BranchReplay, file: str, differing: int) -> str:
    first = report.first
    assert first is not None
    runs = count(report.runs, "run").replace(str(report.runs), f"{report.runs:,}")
    what = f"With {plain(file)} instead of the settings of then, {runs} of {report.branch}"
    what += f" since {utc(first.at)}"
    if not differing:
        return f"{what} would have given the same answers"
    return f"{what}: {differing:,} of {count(report.answers, 'answer')} would have said something else"


def _earlier(report: BranchReplay) -> Iterator[str]:
    if report.earlier:
        what = count(report.earlier, "snapshot")
        yield wrap(f"not judged: {what} from before, of which no input is kept", "  ")


def _codes(report: BranchReplay) -> Iterator[str]:
    then = [each for each in report.codes if each]
    if then and then != [report.code_now]:
        yield f"those that differ were given by {some(then, 3)}; this is {report.code_now}"


def _folds(folds: Sequence[Fold], report: BranchReplay, words: tuple[str, str]) -> Iterator[str]:
    """What differs, the most important first; what only follows from it on one line for each kind."""
    for kind, of_kind in groupby(folds, key=lambda fold: fold.way.kind):
        some_of_kind = list(of_kind)
        yield ""
        if kind in _FOLLOWS:
            names = [_named(each) for each in some_of_kind]
            yield wrap(f"{_FOLLOWS[kind]}: {', '.join(names)}", rest="  ")
            continue
        if kind == "unknown":
            (fold,) = some_of_kind
            what = "What else differs is not known" if len(folds) > 1 else "What differs is not known"
            yield wrap(f"{what}, since the snapshot is not kept{_within(fold, report)}", rest="  ")
            continue
        for fold in some_of_kind[:FIRST_FEW]:
            yield from _fold(fold, report, words)
        if len(some_of_kind) > FIRST_FEW:
            yield f"and {len(some_of_kind) - FIRST_FEW} more ways, all with --json"


def _fold(fold: Fold, report: BranchReplay, words: tuple[str, str]) -> Iterator[str]:
    way, revnos = fold.way, _revnos(fold)
    within = _within(fold, report)
    match way.kind:
        case "landing":
            change = way.before if way.before == way.after else f"{way.before} → {way.after}"
            yield wrap(
                f"{count(len(fold.landings), 'landing')}: {change}{_rules(fold, report)}{within}", rest="  "
            )
            yield wrap(revnos, "  ")
            if fold.example is not None and fold.reasons[0] != fold.reasons[1]:
                for word, reason in zip(words, fold.reasons, strict=True):
                    yield wrap(
                        f"“{reason}”" if reason else "(its reason is not kept)",
                        f"    r{fold.example} {word}: ",
                    )
        case "answer":
            yield wrap(f"The answer {words[0]} {way.before}, and {words[1]} {way.after}{within}", rest="  ")
        case "blockers" | "alarms":
            yield wrap(f"{_NEW_OR_GONE[way.kind, way.after]}: {revnos}{within}", rest="  ")


def _rules(fold: Fold, report: BranchReplay) -> str:
    before, after = fold.way.rule_before, fold.way.rule_after
    if not (before or after):
        return ""
    rule = before if before == after else f"{before or 'not known'} → {after or 'none'}"
    places = dict.fromkeys(report.places[each] for each in (before, after) if each in report.places)
    return f" ({', '.join([f'rule {rule}', *places])})"


def _within(fold: Fold, report: BranchReplay) -> str:
    """In which answers; nothing where there is only one."""
    if report.answers == 1:
        return ""
    if fold.first == fold.last and fold.answers == 1:
        return f", in {fold.first.run_id} ({utc(fold.first.at)})"
    first, last = utc(fold.first.at), utc(fold.last.at)
    span = f"at {first}" if first == last else f"from {first} to {last}"
    return f", in {fold.answers:,} answers {span}"


def _named(fold: Fold) -> str:
    name = fold.way.before.removeprefix("landings.")
    if fold.way.kind == "form":
        return f"{fold.way.before} {fold.way.after}"
    return f"{name} ({count(len(fold.landings), 'landing')})" if fold.landings else name


def _revnos(fold: Fold) -> str:
    return some(
        [f"r{each}" for each in sorted(fold.landings, reverse=True)][:_REVNOS], _REVNOS, len(fold.landings)
    )


def _times(each: DeployableFrom) -> str:
    if each.would_be is None:
        assert each.was is not None
        return f"r{each.revno}: never in these runs, instead of from {utc(each.was)}"
    instead = f"from {utc(each.was)}" if each.was is not None else "never in these runs"
    return f"r{each.revno}: from {utc(each.would_be)}, instead of {instead}"


def _branch(report: BranchReplay) -> dict[str, object]:
    answers = report.supposed
    supposed = None
    if answers is not None:
        supposed = {
            "changed": report.changed,
            "unknown": report.unknown,
            "without_effect": report.without_effect,
            "differ_by_rules": report.by_rules,
            "days": answers.days,
            "other_days": answers.other_days(),
            "deployable_from": answers.other_times(),
        }
    return {
        "branch": report.branch,
        "runs": report.runs,
        "answers": report.answers,
        "same": report.same,
        "compared": report.compared if answers is None else None,
        "words_alone": report.folds.words_alone,
        "first": report.first,
        "last": report.last,
        "code": report.code_now,
        "codes": report.codes,
        "differ": [{**_plain(fold), "way": fold.way} for fold in report.folds.folds()],
        "runs_that_differ": report.differ,
        "problems": report.problems,
        "runs_lost": report.lost,
        "warnings": report.warnings,
        "altered": report.altered,
        "earlier": report.earlier,
        "supposed": supposed,
    }


def _plain(fold: Fold) -> dict[str, object]:
    example = None
    if fold.example is not None:
        example = {"revno": fold.example, "before": fold.reasons[0], "after": fold.reasons[1]}
    return {
        "answers": fold.answers,
        "first": fold.first,
        "last": fold.last,
        "landings": sorted(fold.landings, reverse=True),
        "example": example,
    }
