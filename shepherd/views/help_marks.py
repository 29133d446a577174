"""What to write in a message, in each grammar, and how to take a landing back (docs/rules.md#marks)."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.views.help_parts import HelpBlock, HelpCommands, HelpFacts, HelpSection, HelpTable

_HEAD = ("you mean", "write")
_BUG = "it is about bug 824435"
_NOTHING = "there is nothing to try: a comment, a script of the build"
_TESTS = "only tests are repaired"
_DONE = "it was tried before it landed, and works"
_UNDO = "it undoes landing r120"
_GRAMMARS: dict[str, tuple[HelpBlock, ...]] = {
    "brackets": (
        "Marks in brackets stand at the very beginning of the message, one after the other, and the title"
        " follows them: `[bug=824435][incr] Round invoices once`. A mark further on is not read; a warning"
        " at the landing says so.",
        HelpTable(
            _HEAD,
            (
                (_BUG, "`[bug=824435]`, several: `[bug=824435,824500]`"),
                (_NOTHING, "`[no-qa]`"),
                (_TESTS, "`[testfix]`"),
                (_DONE, "`[qa-ok]`"),
                (
                    "it is one part of a longer piece of work",
                    "`[bug=824435][incr]`: QA is needed all the same",
                ),
                (_UNDO, "`[rollback=120]`, several: `[rollback=118,120]` or `[rollback=118-120]`"),
            ),
        ),
    ),
    "footers": (
        "A footer is a line of its own, anywhere in the message:",
        HelpTable(
            _HEAD,
            (
                (_BUG, "`LP: #824435`, several: `LP: #824435, #824500`"),
                (
                    "where it was reviewed",
                    "`Merged from ADDRESS`, which the merge of a proposal writes by itself",
                ),
            ),
        ),
    ),
    "forge": (
        "A request (pull request, merge request) is what is tried: nothing has to be written. Its number"
        " comes with the title or message that the forge gives to the merge; leave it there, also when you"
        " squash.",
        HelpTable(
            _HEAD,
            (
                (
                    "it is request #12",
                    "`Title (#12)`, `Merge pull request #12 from …`, `See merge request group/project!12`",
                ),
                ("it closes an issue", "`Fixes #7`: a link, which says nothing about QA"),
            ),
        ),
    ),
    "references": (
        "An issue is named in the title, in brackets or at its beginning, or behind one of Redmine's keywords"
        " anywhere in the message:",
        HelpTable(
            _HEAD,
            (
                (
                    _BUG,
                    "`Title (#824435)`, `#824435: Title`, `Fixes #824435`, `refs #824435`, several:"
                    " `(#824435, #824500)`",
                ),
            ),
        ),
    ),
    "trailers": (
        "Trailers are the last paragraph of the message, and nothing else stands in that paragraph:",
        HelpTable(
            _HEAD,
            (
                (_BUG, "`Bug: 824435`, several: `Bug: 824435, 824500`"),
                (_NOTHING, "`QA: none`, or `QA: untestable`"),
                (_TESTS, "`QA: testfix`"),
                (_DONE, "`QA: ok`"),
                (_UNDO, "`Rolls-back: r120`, or its SHA in place of the number"),
            ),
        ),
    ),
}
_TITLES = {
    "brackets": "In the message: marks in brackets",
    "footers": "In the message: footers",
    "forge": "In the message: the request's number",
    "references": "In the message: the issue's number",
    "trailers": "In the message: trailers",
    "keys": "In the message: keys of issues",
}
_UNNAMED = {
    "block": "A landing that says none of this holds up what lands after it, since nothing says whether it"
    " needs QA, until somebody says it (below).",
    "needs-qa": "A landing that says none of this needs QA like any other.",
    "pass": "A landing that says none of this is let pass.",
}


def written(facts: HelpFacts) -> Iterator[HelpSection]:
    """What a message can say, a section for each grammar."""
    several = len(facts.unnamed) > 1
    for grammar in facts.grammars:
        when = (f"Read where the setting `marks` has `{grammar}`.",) if several else ()
        blocks = _GRAMMARS[grammar] if grammar in _GRAMMARS else _keys(facts)
        yield HelpSection(grammar, _TITLES[grammar], (*when, *blocks), f"rules.md#{grammar}")
    if not facts.grammars:
        yield HelpSection(
            "no-marks",
            "In the message: nothing",
            (
                "No mark is read on this branch, so write what you like. Reverts are recognised all the"
                " same (below).",
            ),
        )
    unnamed = tuple(
        (
            f'With `orphans = "{key}"`: {_UNNAMED[key][:1].lower()}{_UNNAMED[key][1:]}'
            if several
            else _UNNAMED[key]
        )
        for key in facts.unnamed
    )
    yield HelpSection("unnamed", "If the message says nothing", unnamed, "rules.md#state")


def _keys(facts: HelpFacts) -> tuple[HelpBlock, ...]:
    first = next(iter(facts.keys), "ABC")
    projects = (
        f" Read are keys of {', '.join(facts.keys)}, and of no other project." if facts.keys[1:] else ""
    )
    return (
        "An issue is named by its key, in capitals, anywhere in the title, or in the name of the branch that"
        f" is merged.{projects} In the text below the title a key counts only on a line of its own.",
        HelpTable(
            _HEAD,
            (
                (
                    f"it is about {first}-123",
                    f"`{first}-123: Title`, `[{first}-123] Title`, `Title ({first}-123)`; or a branch"
                    f" `{first}-123-title`, `feature/{first}-123-title`",
                ),
                ("it is about several", f"`{first}-123, {first}-124: Title`"),
                (
                    "the title has no room for it",
                    f"a line `Jira: {first}-123`, several: `Jira: {first}-123, {first}-124`, or a link to it",
                ),
            ),
        ),
    )


def undone(facts: HelpFacts) -> HelpSection:
    """How a landing is taken back."""
    marks = [
        *(["`[rollback=124]` at the beginning of its message"] if "brackets" in facts.grammars else []),
        *(["the trailer `Rolls-back: r124`"] if "trailers" in facts.grammars else []),
    ]
    marked = (
        f" Say so as well: {', or '.join(marks)}. A mark counts whatever the commit contains."
        if marks
        else ""
    )
    return HelpSection(
        "undo",
        "Take a landing back",
        (
            "Yours is bad: land a revert of it, in the way in which you land everything. `-m 1` is right"
            " for a merge and for a plain commit.",
            HelpCommands(("git revert -m 1 SHA",)),
            "Git's own words (`This reverts commit SHA`) count if the commit contains exactly what `git"
            f" revert` gives.{marked} A rollback needs no QA of its own, and what it undid holds up nothing"
            " any more.",
            "If a landing was undone in other words, or by hand, somebody with a login on the shepherd's"
            " host says it:",
            HelpCommands((f'inv cover r124 --by r130 --reason "backed out by hand"{facts.of_branch}',)),
            "To bring it back, revert the revert: then it needs QA again.",
        ),
        "rules.md#undone",
    )
