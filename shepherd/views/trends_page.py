"""The page of trends, `BRANCH.trends.html`: DORA's four keys and where the time goes, drawn and in numbers,
and who waits for whom (docs/feeds.md#trends). A pure function of trends that were computed before, and of the
snapshot; it needs no script."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.trends.of_branch import BranchTrends
from shepherd.views import markup
from shepherd.views.clean import clean
from shepherd.views.templates import pages
from shepherd.views.trend_chart import drawn, scale
from shepherd.views.trend_panels import Panel, first_and_last, panels
from shepherd.views.waits_section import section


class Measure(Struct, frozen=True):
    """What a measure is called, and what it means."""

    title: str
    meaning: str


MEASURES: dict[str, Measure] = {
    "deployments": Measure(
        "Deployments",
        "How often production moved forward, as far as the shepherd saw it (of two deployments between two of"
        " its runs it saw one); how often back; and how many landings went live.",
    ),
    "lead": Measure(
        "Lead time for changes",
        "How long it took from landing until production was first seen to run it, of what went live in the"
        " period and stayed.",
    ),
    "failures": Measure(
        "Change failure rate",
        "Of the landings that went live in the period, how many were bad or rolled back while they were live;"
        " and how many deployments brought such a one. What went live lately may still fail.",
    ),
    "restored": Measure(
        "Time to restore",
        "How long production ran something that was known to be bad, of the failures that began in the period"
        " and are over.",
    ),
    "phases": Measure(
        "Where the time goes",
        "What the landings that went live in the period had waited for on their way, one after the other. All"
        " have the same scale.",
    ),
}


def trends_page(snapshot: Snapshot, of: BranchTrends | None, situation: Situation) -> str:
    """The page; it links to `BRANCH.html` next to it.

    Args:
        of: None: they are not known.
    """
    both = zip(panels(of.week), panels(of.month), strict=True) if of is not None else ()
    return (
        pages()
        .get_template("trends.html.j2")
        .render(
            branch=snapshot.branch,
            branch_to_name=snapshot.branch_to_name,
            of=of,
            panels=list(both),
            measures=MEASURES,
            charts=_charts,
            days=first_and_last,
            waits=section(snapshot, situation),
            markup=markup,
            clean=clean,
        )
    )


def _charts(panel: Panel) -> Sequence[str]:
    """Those that stand side by side share their scale."""
    upwards = scale(panel.charts)
    return [drawn(chart, upwards) for chart in panel.charts]
