"""Plays each row of tests/cases/tracker_faults.toml and writes what came out into it:
`python -m tests.trackers.fault_learning`. Read the difference before you commit it: a row is a promise.

A row whose trackers no longer agree becomes several, and those that agree again become one.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from tests.trackers.fault_rows import CASES, Fault, Outcome, in_general
from tests.trackers.faults import played

_COMES_OUT = ("answer", "code", "waits", "sentence")


def main() -> None:
    text = CASES.read_text(encoding="utf-8")
    rows = [_asked(row) for row in tomllib.loads(text)["fault"]]
    learned = [each for key, some in groupby(rows, key=_key) for each in _learned(list(some))]
    head = text.partition("[[fault]]")[0]
    CASES.write_text(head + "\n".join(map(_toml, learned)), encoding="utf-8")


def _asked(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _COMES_OUT}


def _key(row: dict[str, Any]) -> str:
    return json.dumps({key: value for key, value in row.items() if key != "trackers"})


def _learned(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    by_outcome: dict[Outcome, list[str]] = {}
    for tracker in (tracker for row in rows for tracker in row["trackers"]):
        fault = msgspec.convert({**rows[0], "answer": ""}, Fault)
        with tempfile.TemporaryDirectory() as folder:
            outcome = played(fault, tracker, Path(folder))
        general = Outcome(outcome.answer, outcome.code, in_general(tracker, outcome.sentence), outcome.waits)
        by_outcome.setdefault(general, []).append(tracker)
    for outcome, trackers in by_outcome.items():
        came = {"answer": outcome.answer, "code": outcome.code, "waits": outcome.waits}
        came["sentence"] = outcome.sentence
        yield {**rows[0], "trackers": trackers, **{key: value for key, value in came.items() if value}}


def _toml(row: dict[str, Any]) -> str:
    return "[[fault]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in row.items())


def _value(value: Any) -> str:
    if isinstance(value, str) and '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {_value(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
