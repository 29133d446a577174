"""How people say that a landing works, or does not: tag, label, git note, verdict
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
_WITH_STATUSES = ("jira", "redmine", "file")


def spoken(facts: HelpFacts) -> Iterator[HelpSection]:
    """Each way that applies, the nearest first."""
    bugs = [tracker for tracker in facts.trackers if tracker in _BUGS]
    requests = [tracker for tracker in facts.trackers if tracker in _REQUESTS]
    needs, ok, bad = (f"`{_text(facts, word)}`" for word in ("needstesting", "ok", "bad"))
    yield HelpSection("ok", "Say that it works", tuple(_meanings(facts)), "guide.md#the-states-of-a-landing")
    if facts.statuses or facts.values:
        yield HelpSection("status", *_by_status(facts), "rules.md#bad-by-status")
    if "jira" in facts.trackers:
        by_label = f"take away {needs} from the issue, and put the label {ok} there, or {bad}."
        if len(facts.trackers) == 1 and ("ok" in facts.statuses or "ok" in facts.values):
            by_label = ""
        which = "If one of several landings on an issue is bad, the label `bad-commit-124` says which."
        label = facts.when(["jira"], f"{by_label} {which}".strip())
        yield HelpSection("issue-label", "By a label on the issue", (label,), "rules.md#bad-commit")
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
            "You have no login there: ask the person who looks after the shepherd, with the number of the"
            " landing and what you tried.",
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
    beyond = facts.statuses or facts.values
    said = "how it is said" if beyond and len(facts.trackers) == 1 else "as a tag or label"
    yield HelpTable(("word", said, "means"), rows)


def _note(facts: HelpFacts) -> Iterator[HelpBlock]:
    if len(facts.trackers) > 1:
        yield f"Where the setting `verdict_notes` names a ref, such as `{facts.notes}`:"
    else:
        yield "Everybody who may push can say it, without a login on the shepherd's host:"
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
    texts = [f"`{text}`" for text in (f"qa-{word}", *facts.words.get(word, ()))]
    if len(facts.trackers) > 1:
        return ", ".join(texts)
    if facts.trackers == ("redmine",):
        texts = []
    texts += [f"status `{text}`" for text in facts.statuses.get(word, ())]
    texts += [f"`{text}` in the field `{facts.field}`" for text in facts.values.get(word, ())]
    return ", ".join(texts) or "by a verdict"


def _by_status(facts: HelpFacts) -> tuple[str, tuple[HelpBlock, ...]]:
    """The title of the section on statuses and the field, and what it says."""
    if facts.statuses:
        title = "By the status of the issue"
        how = f"set the status of the issue to {_either(facts.statuses)}."
    else:
        title = f"In the field {facts.field}"
        how = f"put {_either(facts.values)} into the field `{facts.field}` of the issue."
    if facts.statuses and facts.values:
        how += f" Or put {_either(facts.values)} into its field `{facts.field}`: the worse of them counts."
    ways = (
        facts.when(_WITH_STATUSES, how),
        "If it says bad, the newest landing of the issue at that time is meant. If you mean another one, or"
        " none of them, say so by a verdict. A status that moves on makes nothing good again: what was bad"
        " needs an ok that is said after it, and goes live only together with what you landed to repair it.",
    )
    return title, ways


def _either(texts: Mapping[str, tuple[str, ...]]) -> str:
    """ "`QA passed`, or `QA failed`"."""
    said = [word for word, _ in _MEANS if word in texts and word != "needstesting"]
    return ", or ".join(f"`{texts[word][0]}`" for word in said or texts)
