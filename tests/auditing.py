"""Audits of a `Project`."""

from __future__ import annotations

from shepherd.stages.audit import audit_of
from shepherd.trail import AuditedLanding, AuditedMove, AuditTrail
from tests.project import Project


def audit(project: Project, asked: str) -> AuditTrail:
    return audit_of(project.settings, "stable", asked, project.now, "0.0")


def the_move(project: Project, asked: str) -> AuditedMove:
    (move,) = audit(project, asked).moves
    return move


def landing(move: AuditedMove, revno: int) -> AuditedLanding:
    return next(each for each in move.landings if each.revno == revno)
