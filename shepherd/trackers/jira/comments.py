"""A comment as Jira takes it, and its last line as Jira gives it back.

Cloud takes a document (developer.atlassian.com/cloud/jira/platform/apis/document/structure), in which every
text is only a text. Data Center takes a text, in which a lot is markup (its page
/secure/WikiRendererHelpAction.jspa?section=all): there, all that could be is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shepherd.trackers.writing import ADDRESS, around_addresses, last_line

LONGEST = 30_000
"""Characters: Jira takes 32,767 as shipped (jira.text.field.character.limit), escapes included."""
_MARKUP = re.compile(
    r"[{}\[\]*_+^~!|?]"  # macros, links, emphasis, images, tables, citations
    r"|(?<![A-Za-z0-9])-|-(?![A-Za-z0-9])"  # lists, struck out, dashes
    r"|\((?=\S{1,7}\))"  # icons: (y)
)
"""What a backslash keeps from being markup (BackslashEscapeRendererComponent of atlassian-renderer)."""
_ESCAPED = re.compile(r"\\([^\w\s])")
_BACKSLASH, _HASH = "&#92;", "&#35;"


def shortened(comment: str) -> str:
    """The comment, without some of its middle if Jira would not take it all; its last line stays."""
    if len(comment) <= LONGEST:
        return comment
    last = last_line(comment)
    kept = comment[: LONGEST - len(last) - 100].rpartition("\n")[0]
    return f"{kept}\n… (more than one comment on Jira can hold)\n\n{last}"


def as_document(comment: str) -> dict[str, Any]:
    """The comment as a document: a paragraph for each block, its addresses as links."""
    paragraphs = [part for part in re.split(r"\n{2,}", comment.strip()) if part.strip()]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in paragraphs]}


def as_markup(comment: str) -> str:
    """The comment as wiki markup that shows it as it is; addresses become links by themselves."""
    return around_addresses(comment, _escaped)


def last_line_of(body: object) -> str:
    """The last line of a comment that Jira gave, as it was before it was escaped; empty: it has none."""
    if isinstance(body, str):
        return last_line(_ESCAPED.sub(r"\1", body).replace(_BACKSLASH, "\\").replace(_HASH, "#"))
    return last_line("".join(_texts_in(body, 0)))


def _escaped(text: str) -> str:
    escaped = _MARKUP.sub(lambda sign: f"\\{sign[0]}", text.replace("\\", _BACKSLASH))
    return re.sub(r"^(\s*)#", rf"\1{_HASH}", escaped, flags=re.MULTILINE)  # a list


def _paragraph(text: str) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = []
    for line in text.split("\n"):
        if nodes:
            nodes.append({"type": "hardBreak"})
        at = 0
        for link in ADDRESS.finditer(line):
            address = link[0].rstrip(".,;:!?)")
            nodes += _text(line[at : link.start()])
            mark = {"type": "link", "attrs": {"href": address}}
            nodes.append({"type": "text", "text": address, "marks": [mark]})
            at = link.start() + len(address)
        nodes += _text(line[at:])
    return {"type": "paragraph", "content": nodes}


def _text(text: str) -> list[dict[str, Any]]:
    """An empty text is none."""
    return [{"type": "text", "text": text}] if text else []


def _texts_in(node: object, depth: int) -> Iterator[str]:
    if not isinstance(node, dict) or depth > 20:
        return
    if isinstance(text := node.get("text"), str):
        yield text
    if node.get("type") == "hardBreak":
        yield "\n"
    content = node.get("content")
    for each in content if isinstance(content, list) else ():
        yield from _texts_in(each, depth + 1)
    if node.get("type") == "paragraph":
        yield "\n"
