"""One metric in Prometheus' text format (version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from shepherd.views.clean import clean

LONGEST_LABEL = 200
"""Characters of a label's value: each sample repeats it."""

Sample = tuple[dict[str, str], float]


class Metric(Struct, frozen=True):
    """A name, what it means, and its values; without any of these it is left out."""

    name: str
    kind: str
    help: str
    samples: list[Sample]


def lines_of(metric: Metric) -> Iterator[str]:
    """Its lines, if it has values."""
    if not metric.samples:
        return
    name = f"qa_shepherd_{metric.name}"
    yield f"# HELP {name} {metric.help}"
    yield f"# TYPE {name} {metric.kind}"
    for labels, value in metric.samples:
        yield f"{name}{_labels(labels)} {_number(value)}"


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items()) + "}"


def _quoted(value: str) -> str:
    return clean(value, LONGEST_LABEL).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 3))
