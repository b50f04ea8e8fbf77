"""Tool-use economics: calls, cost and seconds of a resolved conversation against the agent's own usual range.

Scores: `tool_economics.calls`, `.cost_usd`, `.seconds`. The baseline is `Context.baselines["tool_economics"]`: by
project and agent name (or `*`) a mapping of metric to `scoring.aggregates.economics.Usual`. Without one, and for a
conversation that was handed over to a person, the scores are not applicable and only record the figure. No parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from conversation.model import Conversation
from conversation.verdict import Score, Verdict
from scoring.aggregates.economics import METRICS, Usual, usage_of
from scoring.protocol import Context, Parameters


class ToolEconomicsParameters(Parameters):
    """None."""


class ToolEconomicsScorer:
    """Does the agent do more than usual for the same result?"""

    name: ClassVar[str] = "tool_economics"
    version: ClassVar[str] = "2"
    parameters_type: ClassVar[type[Parameters]] = ToolEconomicsParameters

    def __init__(self, parameters: ToolEconomicsParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """One score for each metric the trace tells."""
        usage = usage_of(conversation)
        baseline = _baseline(context.baselines.get(self.name), conversation)
        for metric in METRICS:
            value = usage.value(metric)
            if value is None:
                continue
            usual = baseline.get(metric)
            if usual is None or not usage.resolved:
                reason = "no baseline of this agent yet" if usage.resolved else "handed over to a person"
                verdict, share, text = Verdict.NOT_APPLICABLE, None, f"{value:g} {metric}; {reason}"
            else:
                verdict = Verdict.FAIL if value > usual.limit else Verdict.PASS
                share = min(1.0, usual.limit / value) if value > 0 else 1.0
                text = f"{value:g} {metric}; usual {usual.median:g}, limit {usual.limit:g} (n={usual.n})"
            yield Score(f"{self.name}.{metric}", verdict, share, verdict.value, text)


def _baseline(found: object, conversation: Conversation) -> dict[str, Usual]:
    """The agent's own baseline in its own project, or that of all agents."""
    own: object = found.get(conversation.project, {}) if isinstance(found, Mapping) else {}
    if isinstance(own, Mapping):
        own = own.get(conversation.agent.name, own.get("*", {}))
    if not isinstance(own, Mapping):
        return {}
    return {str(metric): usual for metric, usual in own.items() if isinstance(usual, Usual)}
