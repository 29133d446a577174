"""docs/landing-code.md, made of the text of `BRANCH.help.html`: `python -m tests.help_document` writes it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from shepherd.settings import ALL_GRAMMARS
from shepherd.settings.branch import FreezeWindow, LimitSettings
from shepherd.views.help import markdown, sections
from shepherd.views.help_parts import HelpFacts, limit_text, window_text
from tests.inv import ROOT
from tests.reading_order import links

PAGE = ROOT / "docs" / "landing-code.md"
EVERYTHING = HelpFacts(
    grammars=(*ALL_GRAMMARS, "keys", "references"),
    trackers=("launchpad", "file", "github", "gitlab", "jira", "redmine", "none"),
    unnamed=("block", "needs-qa", "pass"),
    notes="refs/notes/qa",
    statuses={"ok": ("QA passed",), "bad": ("QA failed",), "needstesting": ("In QA",)},
    checks=("ci/build", "ci/*"),
    limits=(limit_text(LimitSettings(("database/schema/patch-*.sql",), 1, "one schema change a day")),),
    freezes=(window_text(FreezeWindow("Fri 16:00 - Mon 08:00", reason="weekend")),),
)
_HEAD = """\
# You land code

Everything that somebody has to know whose changes the shepherd looks at. Of all this a team uses a part: the
page `BRANCH.help.html`, which the branch's page links to as “You land code”, has what holds there and nothing
else. Both are made from one text (`python -m tests.help_document` writes this page; a test keeps it equal).
"""


def document() -> str:
    """Return the page as it has to be."""
    return "\n".join([*_HEAD.splitlines(), *_filled(), "", links(PAGE.name)]) + "\n"


def _filled() -> Iterator[str]:
    as_it_is = False
    for line in markdown(sections(EVERYTHING)):
        as_it_is ^= line.startswith("```")
        # a table's row is one line, however long
        keep = as_it_is or line.startswith(("|", "#", "```"))
        yield line if keep else textwrap.fill(line, 120, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    PAGE.write_text(document(), encoding="utf-8")
