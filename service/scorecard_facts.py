"""What other parts need to know of the active scorecard."""

from __future__ import annotations

from dataclasses import dataclass

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


def budgets(card: Scorecard) -> Budgets:
    """The budgets the scorecard grades waiting times by."""
    given = (bound.config.parameters for bound in card.scorers if bound.own_name == "latency")
    first = next(given, None)
    return Budgets(None if first is None else LatencyParameters.model_validate(first))


@dataclass(frozen=True, slots=True)
class Budgets:
    """How long customers may wait: to the first words by channel, to the whole reply by turn type.

    Attributes:
        allowed: As the scorecard has them; None where it grades no latency.
    """

    allowed: LatencyParameters | None

    def of(self, by: str, *, channel: str | None = None, turn_type: str | None = None) -> dict[str, dict[str, float]]:
        """Seconds by group and measure, for percentiles by a dimension; `*` is any group.

        A budget shows where all turns of a group share it. By turn type the first words have the budget of chat, unless
        narrowed to another channel.
        """
        allowed = self.allowed
        if allowed is None or by == "segment":
            return {}
        words = dict(allowed.channels)
        narrowed = "chat" if by == "turn_type" and channel is None else channel
        shared = {
            "first_token": words.get(narrowed, allowed.default_channel_seconds) if narrowed else None,
            "duration": allowed.turn_types.get(turn_type, allowed.default_turn_seconds) if turn_type else None,
        }
        found: dict[str, dict[str, float | None]] = {"*": shared}
        if by == "channel":
            found["*"]["first_token"] = allowed.default_channel_seconds
            found |= {name: {"first_token": seconds} for name, seconds in words.items()}
        elif by == "turn_type":
            found["*"]["duration"] = allowed.default_turn_seconds
            found |= {name: {"duration": seconds} for name, seconds in allowed.turn_types.items()}
        return {
            group: {measure: seconds for measure, seconds in own.items() if seconds is not None}
            for group, own in found.items()
        }
