"""Page and JSON of 10,000 landings against a bare Jinja2 loop that shows the same fields of the same rows.

And how much the page weighs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jinja2 import Environment

from bench.rules import history
from bench.timing import CPU, claim, medians
from shepherd.rules import judge
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.stages.compose import compose
from shepherd.stages.report import files_of, whole
from shepherd.stages.snapshot_context import SnapshotContext
from shepherd.views.feeds import snapshot_json
from shepherd.views.page import branch_page
from shepherd.words import Options

SIZE = 10_000

_LOOP = """\
<table>{% for e in entries %}
<tr id="r{{ e.revno }}"><th>r{{ e.revno }}</th><td>{{ e.progress }} {{ e.state }}</td>
<td><a href="{{ e.url }}">{{ e.title }}</a><p>{{ e.reason }}</p>
<p>{% for bug in e.bugs %}<a href="https://bugs.example.org/{{ bug }}">{{ bug }}</a> {% endfor %}
{% for request in e.requests %}{{ request }} {% endfor %}{% for bug in e.closes %}{{ bug }} {% endfor %}
{{ e.branch }} {% for label in e.labels %}{{ label }} {% endfor %}
{% if e.undone_by %}undone by <a href="#r{{ e.undone_by }}">r{{ e.undone_by }}</a>{% endif %}
{% for revno in e.undoes[:12] %}<a href="#r{{ revno }}">r{{ revno }}</a> {% endfor %}
{% for r in e.blocked_by[:1] %}<a href="#r{{ r }}">r{{ r }}</a>{% endfor %} {{ e.blocked_by_count }}
{% if e.live_since %}{{ e.live_since.strftime("%Y-%m-%d %H:%M") }}{% endif %}
{% if e.promoted_at %}{{ e.promoted_at.strftime("%Y-%m-%d %H:%M") }}{% endif %}</p>
<p>{{ e.whose_move }}: {{ e.remedy }}</p>{% for text in e.warnings %}<p>{{ text }}</p>{% endfor %}
{% for text in e.hints %}<p>{{ text }}</p>{% endfor %}</td>
<td>{{ e.person }}</td><td>{{ e.landed_at.strftime("%Y-%m-%d %H:%M") }}</td></tr>
{% endfor %}</table>
"""


WEIGHTS = {300: 150_000, 5_000: 1_300_000}
"""Landings in the window, and the bytes that the page should at most have."""


def snapshot(size: int = SIZE) -> tuple[Snapshot, datetime]:
    """All in the window, and when that was judged."""
    reading, tracker, memory = history(size)
    now = datetime.fromtimestamp(reading.landings[-1].committed_at, UTC) + timedelta(hours=1)
    frame = SnapshotContext(
        run_id="bench",
        branch="stable",
        now=now,
        valid_until=now + timedelta(minutes=15),
        bug_url="https://bugs.example.org/{bug}",
        landing_url="https://git.example.org/commit/{id}",
    )
    return compose(judge(reading, tracker, memory, Options()), tracker, frame), now


def main() -> None:
    answer, now = snapshot()
    loop = Environment(autoescape=True).from_string(_LOOP)
    took = medians(
        {
            "ours": lambda: (branch_page(answer, Situation(now=now)), snapshot_json(answer)),
            "loop": lambda: loop.render(entries=answer.landings),
        },
        CPU,
    )
    claim(f"page and JSON, {SIZE:,} landings, against a bare Jinja2 loop", took["ours"], took["loop"], 2)
    claim(f"page and JSON, {SIZE:,} landings, against one second", took["ours"], 1, 1)
    for size, aim in WEIGHTS.items():
        answer, now = snapshot(size)
        weight = len(whole(files_of({"stable": answer}, ["stable"], Situation(now=now))["stable.html"]))
        print(f"page weight, {size:,} landings: {weight:,} bytes (aim: under {aim:,})", flush=True)


if __name__ == "__main__":
    main()
