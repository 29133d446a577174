"""A label of a landing is known to everything that has to know it."""

from __future__ import annotations

import json

import pytest

from shepherd.landing import LABELS, Landing
from shepherd.marks import parse
from shepherd.rules.reasons import reason_of
from shepherd.rules.states import Judged
from tests.inv import ROOT


def test_each_label_is_read_and_is_in_the_schema() -> None:
    read = {label: parse(f"[{label}] Change", ("brackets",)).labels for label in LABELS}
    assert read == {label: (label,) for label in LABELS}
    schema = json.loads((ROOT / "docs" / "snapshot.schema.json").read_text(encoding="utf-8"))
    assert f'"enum": {json.dumps(list(LABELS))}' in json.dumps(schema)


@pytest.mark.parametrize("label", [label for label in LABELS if label != "incr"])
def test_the_reason_names_the_label(label: str) -> None:
    landing = Landing(1, "a" * 40, 0, labels=(label,))
    assert f"[{label}]" in reason_of(landing, Judged("untestable", "mark", True)).reason
