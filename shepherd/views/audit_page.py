"""An audit as a page of its own, to be printed and archived: one file, no script, nothing that is fetched
(docs/audit.md#the-page)."""

from __future__ import annotations

from shepherd.trail import AuditedLanding, AuditTrail
from shepherd.views import audit_parts, markup, words
from shepherd.views.clean import is_web_address
from shepherd.views.templates import pages

_TONES = {"bad": "bad", "unknown": "wait", "needstesting": "wait", "orphan": "wait"}


def audit_page(trail: AuditTrail) -> str:
    """The whole of it, each landing with all that is known of it."""
    return (
        pages()
        .get_template("audit.html.j2")
        .render(
            trail=trail,
            parts=audit_parts,
            markup=markup,
            words=words,
            tone=_tone,
            is_web_address=is_web_address,
        )
    )


def _tone(landing: AuditedLanding) -> str:
    return _TONES.get(landing.state, "good") if landing.state else "wait"
