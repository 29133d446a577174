"""What is true now: read at the moment of asking, from the files under `run/` (design 4.3)."""

from __future__ import annotations

import msgspec

from ops.log import now
from shepherd.settings import Settings
from shepherd.situation import Situation, StageRuns
from shepherd.store.snapshots import write_atomically


def situation(settings: Settings) -> Situation:
    """The situation at this moment. What cannot be read is left out: the page says less, never something else."""
    return Situation(now=now(), stages=stage_runs(settings))


def stage_runs(settings: Settings) -> dict[str, StageRuns]:
    """When each stage last ran well and last failed."""
    try:
        content = (settings.state_path / "run" / "stages.json").read_bytes()
        return msgspec.json.decode(content, type=dict[str, StageRuns])
    except (OSError, msgspec.DecodeError):
        return {}


def note_run(settings: Settings, stage: str, failure: str) -> None:
    """Remember how a stage ended just now. Only for the holder of the work lock."""
    runs = stage_runs(settings)
    before = runs.get(stage, StageRuns())
    if failure:
        runs[stage] = msgspec.structs.replace(before, last_failed=now(), failure=failure)
    else:
        runs[stage] = msgspec.structs.replace(before, last_good=now())
    write_atomically(settings.state_path / "run" / "stages.json", msgspec.json.encode(runs), 0o600)
