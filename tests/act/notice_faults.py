"""The rows of tests/cases/notice_faults.toml, and how docs/notices.md shows them."""

from __future__ import annotations

from functools import cache

import msgspec
from msgspec import Struct

from tests.inv import ROOT

PAGE = ROOT / "docs" / "notices.md"
BEGIN = "<!-- of tests/cases/notice_faults.toml: python -m tests.act.notice_faults -->\n"
END = "<!-- end -->\n"
UNSURE = ", so whether the message was taken is not known; the next run tells it again, marked"
_SHOWN = {
    "delivered": "told",
    "not": "told by the next run",
    "unsure": "told by the next run, marked",
    "": "–",
}


class NoticeFault(Struct, frozen=True, forbid_unknown_fields=True):
    """One row; see the head of the file."""

    says: str
    what: str
    webhook: str
    chat: str = ""
    status: int = 200
    headers: dict[str, str] = {}
    page: bool = False
    sentence: str = ""
    sentence_of_chat: str = ""

    def sentence_for(self, way: str) -> str:
        """What people read after "notify NAME: "."""
        sentence = (self.sentence_of_chat if way == "chat" else "") or self.sentence
        return sentence + (UNSURE if getattr(self, way) == "unsure" else "")


@cache
def faults() -> tuple[NoticeFault, ...]:
    class _File(Struct):
        fault: tuple[NoticeFault, ...]

    return msgspec.toml.decode((ROOT / "tests/cases/notice_faults.toml").read_bytes(), type=_File).fault


def table() -> str:
    """The table as it has to stand in the page."""
    rows = ["| what happens | webhook | chat | what people read |\n| --- | --- | --- | --- |\n"]
    for fault in faults():
        read = fault.sentence or "–"
        if fault.sentence_of_chat:
            read = (
                f"{read} (chat: {fault.sentence_of_chat})"
                if fault.sentence
                else f"chat: {fault.sentence_of_chat}"
            )
        cells = [fault.says, _SHOWN[fault.webhook], _SHOWN[fault.chat], read]
        rows.append("| " + " | ".join(cells) + " |\n")
    return "".join(rows)


def with_table(page: str) -> str:
    """The page with the table as it has to be."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
