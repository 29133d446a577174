"""What `--json` of some commands prints, as JSON Schema made of the types that they print:
`.venv/bin/python -m tests.schemas_document` writes docs/*.schema.json of these again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from shepherd.notes import ReleaseNotes
from shepherd.plans.waits import Waits
from shepherd.running.verify import ChainReport
from shepherd.story import StoryEvent, Supposition
from shepherd.trail import AuditTrail
from tests.inv import ROOT

PRINTED: Mapping[str, Any] = {
    "audit": AuditTrail,
    "history": list[StoryEvent],
    "notes": ReleaseNotes,
    "verify": ChainReport,
    "waits": Waits,
    "whatif": Supposition,
}
"""The name of the page -> what is printed."""


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(msgspec.json.encode(msgspec.json.schema(PRINTED[name])))
    return schema


def published(name: str) -> dict[str, Any]:
    """The page as it is in docs/."""
    schema: dict[str, Any] = json.loads((ROOT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


if __name__ == "__main__":
    for each in PRINTED:
        text = json.dumps(schema_of(each), indent=1, ensure_ascii=False)
        (ROOT / "docs" / f"{each}.schema.json").write_text(f"{text}\n", encoding="utf-8")
