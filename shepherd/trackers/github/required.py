"""Which checks GitHub wants to pass before something comes to a branch (docs/github.md#checks).

Both of its ways to protect a branch, as a token sees them that may only read: `refUpdateRule`, "branch
protection rules that are viewable by non-admins", and `rules`, "active rules from Repository and Organization
rulesets that apply to this ref" (both by GitHub's schema, npm @octokit/graphql-schema).
`branchProtectionRules` are for administrators alone.
"""

from __future__ import annotations

from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.trackers.forge.items import Absent, UnreadablePart
from shepherd.trackers.github.questions import PageInfo, as_value
from shepherd.trackers.github.service import GitHubService
from shepherd.values import clean

_REQUIRED = (
    "ref(qualifiedName: %s) { refUpdateRule { requiredStatusCheckContexts }"
    " rules(first: 100) { nodes { parameters { __typename"
    " ... on RequiredStatusChecksParameters { requiredStatusChecks { context } } } }"
    " pageInfo { hasNextPage endCursor } } }"
)


class ProtectionRule(Struct, frozen=True):
    requiredStatusCheckContexts: tuple[str, ...] | None
    """None: it requires none."""


class RequiredContext(Struct, frozen=True):
    context: str


class RuleParameters(Struct, frozen=True):
    requiredStatusChecks: tuple[RequiredContext, ...] = ()
    """Of other kinds of rules there are none."""


class ActiveRule(Struct, frozen=True):
    parameters: RuleParameters | None


class ActiveRules(Struct, frozen=True):
    nodes: tuple[ActiveRule, ...]
    pageInfo: PageInfo


class ProtectedRef(Struct, frozen=True):
    refUpdateRule: ProtectionRule | None
    """None: no such rule protects it."""
    rules: ActiveRules


def required_checks(service: GitHubService, branch: str) -> list[str]:
    """Their names, as GitHub spells them. Raises TrackerError: it does not say."""
    ref = as_value(f"refs/heads/{branch}")
    _, answers = service.ask({"all": _REQUIRED % ref}, ProtectedRef)
    answer = answers["all"]
    if answer is None or isinstance(answer, Absent):
        raise TrackerError(f"{service.full_name} knows no branch {clean(branch, 100)}")
    if isinstance(answer, UnreadablePart):
        raise TrackerError(f"{service.full_name} does not say it: {answer.why}")
    if answer.rules.pageInfo.hasNextPage:
        raise TrackerError(f"{service.full_name} has more than a hundred rules for that branch")
    names = list(answer.refUpdateRule.requiredStatusCheckContexts or ()) if answer.refUpdateRule else []
    for rule in answer.rules.nodes:
        names += [each.context for each in rule.parameters.requiredStatusChecks] if rule.parameters else []
    return list(dict.fromkeys(names))
