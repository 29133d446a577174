"""What a log tells, put together again without a look at anything else (docs/interfaces.md#log)."""

from __future__ import annotations

from typing import Any

from shepherd.running.log import parse


class Rebuilt:
    """What the lines of a log say, read one after the other; nothing else is asked."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.answer: dict[str, str] = {}
        self.after: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        """Run id -> states and answer when that run ended."""
        self.runs: list[str] = []

    def read(self, text: str) -> None:
        fields = parse(text)
        match fields["event"]:
            case "landing":
                assert fields["from"] == self.states.get(fields["id"], "new")
                assert fields["evidence"]
                self.states[fields["id"]] = fields["to"]
            case "answer":
                assert fields["because"]
                self.answer = {key: fields[key] for key in ("answer", "deployable", "deployed", "tip")}
            case "START":
                self.runs.append(fields["run"])
            case "END":
                assert fields["exit"] == "0"
                self.after[fields["run"]] = (dict(self.states), dict(self.answer))


def answer_of(snapshot: dict[str, Any]) -> dict[str, str]:
    revs = {key: snapshot[key] for key in ("deployable", "deployed", "tip")}
    return {"answer": snapshot["answer"]} | {
        key: f"r{rev['revno']}" if rev else "none" for key, rev in revs.items()
    }
