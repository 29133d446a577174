"""Kill -9 of `find`, `judge` and `report` at any moment: 200 of them, and a few of the program itself."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from shepherd.running.log import parse
from shepherd.running.tasking import ROOT
from tests.campaigns import times
from tests.campaigns.killed import READ_BY_OTHERS, STEPS, Victim
from tests.campaigns.killing import killed_after, reader, undisturbed
from tests.campaigns.test_kill_by_count import log_is_whole

pytestmark = pytest.mark.long


def test_at_any_moment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(4711)
    victim = Victim(tmp_path)
    steps = [(name, victim.body(name)) for name in STEPS]
    lasting = {name: lasts(victim, name) for name in STEPS}
    fell: Counter[str] = Counter()
    amid: Counter[str] = Counter()
    kills = max(times(200), 3 * len(STEPS))
    with reader(tmp_path / file for file in READ_BY_OTHERS) as seen:
        while fell.total() < kills:
            aimed_at = STEPS[fell.total() % len(STEPS)]
            victim.before("find")
            step, what = killed_after(steps, aimed_at, chance.random() * lasting[aimed_at])
            if not step:
                continue
            fell[step] += 1
            amid[f"{step}: {phase(what)}"] += 1
            assert victim.next_run() == victim.expected, f"after a kill in {step}, {what}"
            log_is_whole(victim)
    reads, *halves = seen
    assert halves == []
    assert reads > kills
    with capsys.disabled():
        print(f"\n{fell.total()} kills at random, {reads} whole reads meanwhile:", dict(fell))
        for where, count in sorted(amid.items()):
            print(f"  {count:4} {where}")
    assert set(fell) == set(STEPS)


def lasts(victim: Victim, name: str) -> float:
    """Seconds that a step takes, with what it takes to start it."""
    victim.before(name)
    began = time.monotonic()
    undisturbed(victim.body(name))
    return time.monotonic() - began


def phase(what: str) -> str:
    """The part of a step that its last write belongs to."""
    if what.startswith("SQL"):
        return "database"
    if "log" in what:
        return "log"
    if what.startswith("("):
        return "before its first write"
    return "page" if "html" in what or "stable.json" in what else "other files"


def test_the_program_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same through Invoke, from its first line in the log to the end of the interpreter."""
    chance = random.Random(42)
    victim = Victim(tmp_path)
    victim.before("find")
    process = program(victim)
    began = time.monotonic()
    assert process.wait() == 0
    working = time.monotonic() - began
    assert victim.next_run() == victim.expected
    fell: Counter[str] = Counter()
    with reader(tmp_path / file for file in READ_BY_OTHERS) as seen:
        for _ in range(max(times(40), 4)):
            victim.before("find")
            process = program(victim)
            time.sleep(working * chance.uniform(0.0, 1.0))
            process.kill()
            fell["(its end)" if process.wait() >= 0 else stage_of(victim)] += 1
            assert victim.next_run() == victim.expected
            log_is_whole(victim)
    assert seen[1:] == []
    with capsys.disabled():
        print(f"\n{fell.total()} kills of `inv find judge report`:", dict(fell))


def program(victim: Victim) -> subprocess.Popen[bytes]:
    """`inv find judge report`, as soon as it has begun to work."""
    log = victim.settings.state_path / "log" / "shepherd.log"
    before = log.stat().st_size
    process = subprocess.Popen(
        [sys.executable, "-m", "invoke", "find", "judge", "report"],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(victim.settings.file), "SHEPHERD_WHO": "tester"},
        stdout=subprocess.DEVNULL,
    )
    while log.stat().st_size == before and process.poll() is None:
        time.sleep(0.001)
    return process


def stage_of(victim: Victim) -> str:
    """The stage that the log says was begun last, if it had not ended."""
    log = (victim.settings.state_path / "log" / "shepherd.log").read_text(errors="replace")
    last = [fields for fields in map(parse, log.splitlines()) if fields.get("event") in ("START", "END")]
    if len(last) % 2 == 0:
        return "outside the stages"
    return last[-1]["stage"]
