"""How people say that a landing works, or does not: tag, label, git note, verdict
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Iterator

from shepherd.views.help_parts import HelpBlock, HelpCommands, HelpFacts, HelpSection, HelpTable
from shepherd.views.note_lines import REFUSED, note_line

_MEANS = (
    ("ok", "it was tried on the QA server, and works"),
    ("bad", "it was tried, and must not go to production"),
    ("untestable", "there is nothing to try; it may go"),
    ("needstesting", "it has to be tried (also: again)"),
)
_BUGS = ("launchpad", "file")
_REQUESTS = ("github", "gitlab", "gitea")


def spoken(facts: HelpFacts) -> Iterator[HelpSection]:
    """Each way that applies, the nearest first."""
    bugs = [tracker for tracker in facts.trackers if tracker in _BUGS]
    requests = [tracker for tracker in facts.trackers if tracker in _REQUESTS]
    needs, ok, bad = (f"`{_text(facts, word)}`" for word in ("needstesting", "ok", "bad"))
    yield HelpSection("ok", "Say that it works", tuple(_meanings(facts)), "guide.md#the-states-of-a-landing")
    if bugs:
        yield HelpSection(
            "tag",
            "By a tag on the bug",
            (
                facts.when(
                    bugs,
                    f"take away {needs} from the bug, and set {ok} there, or {bad}. A tag speaks for the"
                    " landings that were there when it was set. A landing that names the bug later needs a"
                    f" tag of its own: set {needs} and, after QA, {ok} again.",
                ),
                "If several landings name one bug and one of them is bad, say which: `bad-commit-124` on"
                " the bug, beside the other tags.",
            ),
            "rules.md#whom-a-tag-speaks-for",
        )
    if requests:
        yield HelpSection(
            "label",
            "By a label on the request",
            (
                facts.when(
                    requests,
                    f"take away {needs} from the request that landed, and set {ok} there, or {bad}. That it"
                    " is merged and closed makes no difference.",
                ),
            ),
            "rules.md#tags",
        )
    if "none" in facts.trackers:
        text = "nobody's tags or labels are read here. Say it of the landing itself, as below."
        yield HelpSection("no-tracker", "Without a tracker", (facts.when(["none"], text),))
    if facts.notes:
        yield HelpSection("note", "By a git note", tuple(_note(facts)), "rules.md#verdicts")
    yield HelpSection(
        "verdict",
        "By a verdict",
        (
            "Somebody with a login on the shepherd's host says it of one landing, whatever its bug says:",
            HelpCommands(
                (
                    f'inv verdict r124 ok --reason "tried it on QA"{facts.of_branch}',
                    f'inv verdict r124 bad --reason "the total is off by a cent"{facts.of_branch}',
                    f'inv verdict r124 withdraw --reason "that was r125"{facts.of_branch}',
                )
            ),
            "You have no login there: ask whoever looks after the shepherd, with the number of the landing"
            " and what you tried.",
        ),
        "rules.md#verdicts",
    )


def _meanings(facts: HelpFacts) -> Iterator[HelpBlock]:
    yield (
        "Try it on the QA server first. Then say one of four words, in one of the ways below; the newest"
        " counts."
    )
    if facts.trackers == ("none",):
        yield HelpTable(("word", "means"), tuple((f"`{word}`", means) for word, means in _MEANS))
        return
    rows = tuple((f"`{word}`", _all_texts(facts, word), means) for word, means in _MEANS)
    yield HelpTable(("word", "as a tag or label", "means"), rows)


def _note(facts: HelpFacts) -> Iterator[HelpBlock]:
    if len(facts.trackers) > 1:
        yield f"Where the setting `verdict_notes` names a ref, such as `{facts.notes}`:"
    else:
        yield "Whoever may push can say it, without a login on the shepherd's host:"
    yield HelpCommands((note_line(facts.notes, "SHA"),))
    yield (
        "SHA is the landing on the mainline, not a commit of your branch. Page and mails have this line with"
        f" the SHA in its place, to be pasted in any clone; {REFUSED}. The next answer says that it was a"
        " note, and in whose name."
    )


def _text(facts: HelpFacts, word: str) -> str:
    """What the team calls a word first; its own name where it has no other."""
    return next(iter(facts.words.get(word, ())), f"qa-{word}")


def _all_texts(facts: HelpFacts, word: str) -> str:
    return ", ".join(f"`{text}`" for text in (f"qa-{word}", *facts.words.get(word, ())))
