"""What a stage has to say that tells people something."""

from __future__ import annotations

from msgspec import Struct

from shepherd.errors import PARTLY, worst


class TellingResult(Struct):
    """What a stage that mails or tells has to say: to the person who called it, and as its exit code."""

    lines: list[str] = []
    failures: list[str] = []
    codes: list[int] = []

    def failed(self, failure: str, code: int = PARTLY) -> None:
        self.failures.append(failure)
        self.codes.append(code)

    @property
    def code(self) -> int:
        return worst(self.codes)
