"""Signs that a conversation goes downhill as it gets longer, turn by turn.

Score: `degradation`, one a turn. A turn fails where a tool refused a call, the agent repeated an earlier call without a
change in between, or it said nearly the same reply again. `scoring.aggregates.degradation` turns these (or any scores
that name a turn) into pass rates at turns 1-3, 4-8, 9-15, 16-25 and later. Parameters: `same_reply` (0-1, 0.95),
`least_words` (shorter replies, such as "You're welcome!", may repeat).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field
from rapidfuzz import fuzz

from conversation.model import Conversation, Turn
from conversation.verdict import Evidence, Score, Verdict
from scoring.arguments.effects import effect_of
from scoring.policy.paths import key_of
from scoring.protocol import Context, Parameters


class DegradationParameters(Parameters):
    """Parameters of the scorer `degradation`.

    Attributes:
        same_reply: Likeness of two replies from which they count as the same.
        least_words: Replies with fewer words may repeat.
    """

    same_reply: float = Field(default=0.95, gt=0, le=1)
    least_words: int = Field(default=12, ge=1)


class DegradationScorer:
    """One score a turn: is the agent still moving forward?"""

    name: ClassVar[str] = "degradation"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = DegradationParameters

    def __init__(self, parameters: DegradationParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002 - the contract
        """Scores in the order of turns."""
        made: set[str] = set()
        replies: list[str] = []
        for turn in conversation.turns:
            found = [*_refused(turn), *_repeated(turn, made), *self._said_again(turn, replies)]
            verdict = Verdict.FAIL if found else Verdict.PASS
            yield Score(
                self.name,
                verdict,
                0.0 if found else 1.0,
                verdict.value,
                found[0].text if found else "",
                turn=turn.index,
                evidence=tuple(found[:5]),
            )

    def _said_again(self, turn: Turn, replies: list[str]) -> Iterator[Evidence]:
        reply = turn.reply or ""
        if len(reply.split()) < self._parameters.least_words:
            return
        least = 100 * self._parameters.same_reply
        if any(fuzz.ratio(reply, other, score_cutoff=least) >= least for other in replies):
            yield Evidence("message", "said nearly the same reply before", turn.last_message)
        replies.append(reply)


def _refused(turn: Turn) -> Iterator[Evidence]:
    for call in turn.tool_calls:
        if call.error is not None:
            yield Evidence("tool_call", f"{call.name} was refused", call.message, call.span_id, call.id)


def _repeated(turn: Turn, made: set[str]) -> Iterator[Evidence]:
    """Calls made before with the same arguments; a change in between is a reason to look again."""
    for call in turn.tool_calls:
        key = f"{call.name} {key_of(call.arguments)}"
        if key in made:
            yield Evidence("tool_call", f"{call.name} was repeated unchanged", call.message, call.span_id, call.id)
        if effect_of(call.name) == "write" and call.error is None:
            made.clear()
        made.add(key)
