"""What other parts need to know of the active scorecard."""

from __future__ import annotations

from scoring.scorecard import Scorecard
from scoring.scorers.latency import LatencyParameters
from scoring.scorers.policy import PolicyScorer


def severities(card: Scorecard) -> dict[str, str]:
    """Severity of every policy rule the scorecard grades by."""
    return {
        rule.spec.id: rule.spec.severity
        for bound in card.scorers
        if isinstance(bound.scorer, PolicyScorer)
        for policy in bound.scorer.policies
        for rule in policy.rules
    }


def budgets(card: Scorecard) -> dict[str, dict[str, float]]:
    """Seconds allowed by turn type and measure, as the scorecard grades them; `*` is for all types."""
    for bound in card.scorers:
        parameters = bound.config.parameters
        if bound.own_name == "latency":
            given = LatencyParameters.model_validate(parameters)
            chat = given.channels.get("chat", given.default_channel_seconds)
            whole = {kind: {"duration": allowed} for kind, allowed in given.turn_types.items()}
            return {**whole, "*": {"first_token": chat}} if chat else whole
    return {}
