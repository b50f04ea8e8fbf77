"""Latency budgets: how long the customer waited in each turn, against the budget of the channel and the turn type.

One score a turn, `latency.<turn type>`. Parameters: `channels` (seconds to first words), `turn_types` (seconds to the
full reply), `default_channel`. A turn without times gets no score. Example:

    - name: latency
      parameters: {channels: {voice: 0.8}, turn_types: {tool_call: 20}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from conversation.model import Conversation, Turn
from conversation.verdict import Evidence, Score, Verdict
from scoring.protocol import Context, Parameters

Seconds = Annotated[float, Field(gt=0)]


class LatencyParameters(Parameters):
    """Budgets in seconds.

    Attributes:
        channels: To the first words, by channel. People feel a pause of 0.8 s on the phone; in a chat about 3 s.
        default_channel_seconds: To the first words on channels not listed; None has no budget.
        turn_types: To the full reply, by turn type.
        default_turn_seconds: To the full reply in turns of other types; None has no budget.
    """

    channels: dict[str, Seconds] = Field(default_factory=lambda: {"voice": 0.8, "chat": 3.0})
    default_channel_seconds: Seconds | None = None
    turn_types: dict[str, Seconds] = Field(default_factory=dict)
    default_turn_seconds: Seconds | None = None


class LatencyScorer:
    """Compares each turn's times with its budgets. `value` is budget over time, 1 at most."""

    name: ClassVar[str] = "latency"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = LatencyParameters

    def __init__(self, parameters: LatencyParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        """One score for each turn that has times and a budget."""
        del context
        for turn in conversation.turns:
            score = self._turn(turn, conversation.channel)
            if score is not None:
                yield score

    def _turn(self, turn: Turn, channel: str) -> Score | None:
        chosen = self._parameters
        first = _budget(chosen.channels, channel, chosen.default_channel_seconds)
        full = _budget(chosen.turn_types, turn.type, chosen.default_turn_seconds)
        measured = [
            (word, seconds, budget)
            for word, seconds, budget in (
                ("first words", turn.first_token_seconds, first),
                ("full reply", turn.duration_seconds, full),
            )
            if seconds is not None and budget is not None
        ]
        if not measured:
            return None
        over = [(word, seconds, budget) for word, seconds, budget in measured if seconds > budget]
        verdict = Verdict.FAIL if over else Verdict.PASS
        text = "; ".join(f"{word} after {seconds:.2f} s of {budget:g} s" for word, seconds, budget in over or measured)
        value = min(1.0, *(budget / seconds if seconds > 0 else 1.0 for _, seconds, budget in measured))
        return Score(
            name=f"{self.name}.{turn.type}",
            verdict=verdict,
            value=value,
            label=verdict.value,
            explanation=text,
            turn=turn.index,
            evidence=_slowest(turn) if over else (),
        )


def _budget(budgets: Mapping[str, float], key: str, default: float | None) -> float | None:
    return budgets.get(key, default)


def _slowest(turn: Turn) -> tuple[Evidence, ...]:
    """Up to three segments that took most of the turn."""
    ranked = sorted(turn.segments, key=lambda segment: -segment.seconds)[:3]
    return tuple(
        Evidence(
            "span", f"{segment.kind.value} {segment.name}: {segment.seconds:.2f} s", turn.first_message, segment.span_id
        )
        for segment in ranked
        if segment.seconds > 0
    )
