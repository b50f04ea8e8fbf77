"""Every argument of every tool call: where its value came from, and how much it looks like a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from conversation.model import Conversation
from conversation.verdict import ArgumentLabel, Score, Verdict
from scoring.arguments.check import Checked, check
from scoring.protocol import Context, Parameters


class ToolArgumentsParameters(Parameters):
    """Parameters of the scorer `tool_arguments`.

    Attributes:
        flag_at: Suspicion from which an argument fails. The default asks for odds of four to one, as a reviewer's time
            is wasted otherwise; below it the suspicion still ranks arguments.
    """

    flag_at: float = Field(default=0.8, ge=0, le=1)


class ToolArgumentsScorer:
    """One score an argument, named by call and JSON pointer; `value` is the suspicion, 0 is fine and 1 surely wrong."""

    name: ClassVar[str] = "tool_arguments"
    version: ClassVar[str] = "2"
    parameters_type: ClassVar[type[Parameters]] = ToolArgumentsParameters

    def __init__(self, parameters: ToolArgumentsParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """Scores of all arguments; none where no tool was called."""
        turn_of = {call.id: turn.index for turn in conversation.turns for call in turn.tool_calls}
        for checked in check(conversation, context):
            yield self._row(checked, turn_of.get(checked.call.id))

    def _row(self, checked: Checked, turn: int | None) -> Score:
        flagged = checked.suspicion >= self._parameters.flag_at and checked.label is not ArgumentLabel.OK
        return Score(
            self.name,
            Verdict.FAIL if flagged else Verdict.PASS,
            value=round(checked.suspicion, 4),
            label=str(checked.label if flagged else ArgumentLabel.OK),
            explanation=checked.explanation,
            turn=turn,
            tool_call_id=checked.call.id,
            argument_path=checked.pointer,
            argument_value=checked.value,
            source=checked.source.to_json() if checked.source else None,
            evidence=checked.evidence,
        )
