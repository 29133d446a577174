"""The plan of a promotion, as people read it before it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shepherd.plans.promotion import PlanLine, Promotion
from shepherd.views.banners import caution_banner
from shepherd.views.terminal import COLUMNS, fit, plain, wrap
from shepherd.views.words import count, name, short

PASSED_SHOWN = 10
STAYING_SHOWN = 40
"""Landings that stay behind are named up to here: there may be thousands. The JSON holds all."""


def promotion(plan: Promotion, *, dry: bool) -> str:
    """From, to, each landing that goes live, what stays behind and why."""
    begin = "would promote" if dry else "promoting"
    since = (
        f"from r{plan.base.revno} ({short(plan.base.id)}…)" if plan.base else "where nothing is promoted now"
    )
    what = f"{plan.ref} in {plan.repository}" if plan.ref else "recorded only: no promote.ref is set"
    lines = [
        wrap(f"{plan.branch}: {begin} r{plan.to.revno} ({short(plan.to.id)}…), {since}", rest="  "),
        wrap(what, "  "),
        wrap(f"why: {plan.why}", "  "),
    ]
    if plan.despite:
        what = "what keeps it back" if plan.passed else "what is not known"
        lines.append(wrap(f"DESPITE {what}: {plan.despite}", "  ", "    "))
        lines += [wrap(each, "    - ", "      ") for each in plan.passed[:PASSED_SHOWN]]
        if len(plan.passed) > PASSED_SHOWN:
            lines.append(f"    - and {len(plan.passed) - PASSED_SHOWN} more")
    if plan.dropped:
        commits = ", ".join(sha[:12] for sha in plan.dropped)
        lines.append(
            wrap(f"DROPS {count(len(plan.dropped), 'commit')} ({commits}): {plan.drop_hotfix}", "  ", "    ")
        )
    for caution in plan.cautions:
        # what somebody passed with a reason stands above with that
        if not caution.stops:
            banner = caution_banner(caution)
            lines.append(wrap(banner.text, f"  {banner.kind.upper()}: ", "    "))
    back = sum(line.undone for line in plan.goes)
    before = sum(line.promoted for line in plan.goes)
    of_them = [
        *([f"{back} of them rolled back again within it"] if back else []),
        *([f"{before} promoted already"] if before else []),
    ]
    number = ", ".join([f"{len(plan.goes)}", *of_them])
    lines += ["", wrap(f"goes live ({number}):", rest="  "), *_lines(plan.goes)]
    if plan.stays:
        lines += ["", f"must wait ({len(plan.stays)}):", *_lines(plan.stays[:STAYING_SHOWN])]
        if len(plan.stays) > STAYING_SHOWN:
            lines.append(f"  and {len(plan.stays) - STAYING_SHOWN} more: inv landings")
    return "\n".join(lines)


def _lines(landings: Sequence[PlanLine]) -> Iterator[str]:
    place = max((len(str(line.revno)) for line in landings), default=1) + 2
    for line in landings:
        state = "rolled back" if line.undone else line.state or "never judged"
        yield (
            f"  {fit(f'r{line.revno}', place)}{fit(state, 13)}{fit(name(line.person), 17)} "
            f"{fit(plain(line.title), COLUMNS - place - 33).rstrip()}"
        )
        yield wrap(f"{'promoted already; ' if line.promoted else ''}{line.reason}", "      ")
