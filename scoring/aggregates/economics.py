"""What a resolved conversation costs in calls, money and time, and the agent's own usual range of it."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conversation.model import Conversation
from scoring.arguments.effects import effect_of

METRICS = ("calls", "cost_usd", "seconds")
# Of a normal distribution the median absolute deviation is 1 / 1.4826 of the standard deviation (Hampel 1974,
# https://doi.org/10.1080/01621459.1974.10482962).
_MAD_TO_SD = 1.4826
LEAST_CONVERSATIONS = 20


@dataclass(frozen=True, slots=True)
class Usage:
    """What one conversation took. None where the trace does not say. `resolved`: not handed over to a person."""

    calls: int
    cost_usd: float | None
    seconds: float | None
    resolved: bool

    def value(self, metric: str) -> float | None:
        """One of `METRICS`."""
        found: float | None = getattr(self, metric)
        return found


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual range of a metric: median, and the upper limit of what is not an outlier, of `n` conversations."""

    median: float
    limit: float
    n: int


def usage_of(conversation: Conversation) -> Usage:
    """What a conversation took: executed calls, known cost, seconds spent in turns."""
    calls = [call for call in conversation.tool_calls if call.executed]
    seconds = [turn.duration_seconds for turn in conversation.turns if turn.duration_seconds is not None]
    handed_over = any(effect_of(call.name) == "handover" and call.error is None for call in calls)
    return Usage(len(calls), conversation.cost_usd, sum(seconds) if seconds else None, not handed_over)


def usual(usages: Iterable[Usage], *, deviations: float = 3.0) -> dict[str, Usual]:
    """The agent's own baseline by metric, from its resolved conversations.

    The limit is the median plus `deviations` robust standard deviations, and at least half as much again as the
    median, so that an agent without any spread does not fail over one call more. Metrics known for fewer than
    `LEAST_CONVERSATIONS` conversations are left out.
    """
    resolved = [usage for usage in usages if usage.resolved]
    found: dict[str, Usual] = {}
    for metric in METRICS:
        values = [value for usage in resolved if (value := usage.value(metric)) is not None]
        if len(values) < LEAST_CONVERSATIONS:
            continue
        median = statistics.median(values)
        spread = _MAD_TO_SD * statistics.median(abs(value - median) for value in values)
        found[metric] = Usual(median, max(median + deviations * spread, 1.5 * median), len(values))
    return found


def per_resolved(usages: Sequence[Usage]) -> Mapping[str, float | None]:
    """Calls, cost and seconds of all conversations, unresolved ones too, for each resolved one; None if unknown."""
    resolved = sum(usage.resolved for usage in usages)
    totals: dict[str, float | None] = {}
    for metric in METRICS:
        values = [value for usage in usages if (value := usage.value(metric)) is not None]
        totals[metric] = sum(values) / resolved if values and resolved else None
    return totals
