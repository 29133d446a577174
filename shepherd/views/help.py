"""What somebody who lands code has to know: what to write in a message, how to say that it works, how to take
it back, where to look.

One text for two readers: the page `BRANCH.help.html` has what applies to one branch (docs/feeds.md), and
docs/landing-code.md has everything (`python -m tests.help_document` writes it). In a text, what stands in
backticks is code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from shepherd.views.clean import LONGEST_SENTENCE, clean
from shepherd.views.help_conditions import asked
from shepherd.views.help_marks import undone, written
from shepherd.views.help_parts import HelpBlock, HelpCommands, HelpFacts, HelpSection, HelpTable
from shepherd.views.help_words import spoken
from shepherd.views.templates import pages

_CODE = re.compile(r"`([^`]+)`")


def sections(facts: HelpFacts) -> list[HelpSection]:
    """All that applies, in the order in which it is needed."""
    return [_looking(facts), *written(facts), *spoken(facts), undone(facts), *asked(facts), _later(facts)]


def help_page(branch: str, facts: HelpFacts) -> str:
    """The page of one branch; it links to `BRANCH.html` next to it."""
    return (
        pages()
        .get_template("help.html.j2")
        .render(branch=branch, parts=sections(facts), html=html, kind=_kind, clean=clean)
    )


def html(text: str) -> Markup:
    """A text of ours, in which settings may stand, as HTML."""
    return Markup("").join(  # each part is escaped
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(_CODE.split(clean(text, LONGEST_SENTENCE)))
    )


def markdown(parts: Sequence[HelpSection]) -> Iterator[str]:
    """The same as lines of a page of docs/, without its title."""
    for part in parts:
        yield from ("", f"## {part.title}")
        for block in part.blocks:
            yield ""
            if isinstance(block, HelpTable):
                yield from _rows(block)
            elif isinstance(block, HelpCommands):
                yield from ("```text", *block.lines, "```")
            else:
                yield block
        if part.more:
            yield from ("", f"In full: [{part.more.partition('#')[0]}]({part.more}).")


def _rows(table: HelpTable) -> Iterator[str]:
    for number, row in enumerate((table.head, *table.rows)):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        if not number:
            yield "|" + "---|" * len(row)


def _kind(block: HelpBlock) -> str:
    """What the template makes of it."""
    if isinstance(block, HelpTable):
        return "table"
    return "commands" if isinstance(block, HelpCommands) else "text"


def _looking(facts: HelpFacts) -> HelpSection:
    line = f"`{facts.mainline}`" if facts.mainline else "the branch that is tested"
    return HelpSection(
        "look",
        "Where to look",
        (
            f"What you merge or push to {line} is one landing there, with a number: `r124` is the 124th"
            " commit of its first-parent line. Production takes everything up to some landing, never a"
            " selection. So as long as nobody has said that yours works, yours waits, and so does what"
            " landed after it.",
            HelpTable(
                ("you want to know", "look"),
                (
                    (
                        "whether yours may go live, and whose move it is",
                        "on the branch's page, under “Find your landings”: your name, a branch, a bug or a"
                        " SHA",
                    ),
                    (
                        "the same at a prompt on the shepherd's host",
                        f"`inv explain r124{facts.of_branch}`, `inv landings --person ann`",
                    ),
                    ("what would help most", "`inv status`, or “What blocks” on the page"),
                    ("what would be if", "`inv whatif --ok r124`"),
                ),
            ),
        ),
    )


def _later(facts: HelpFacts) -> HelpSection:
    return HelpSection(
        "live",
        "Did it go live?",
        (
            "The page says `live` beside the landing, and since when. After some weeks it is listed no"
            " more; “All that is live” on the same page still has it, and “History” says who promoted what"
            " and when. At a prompt on the shepherd's host:",
            HelpCommands((f"inv explain r124{facts.of_branch}",)),
        ),
        "guide.md#did-my-branch-go-live",
    )
