"""Recovery after a customer's correction: the agent takes it over and need not be told twice.

Score: `recovery`, one for each correction, at the turn of it. It fails where the agent makes the same call with the
same arguments again, or the customer has to correct again within the next `patience` turns; it passes where the agent's
next call or reply uses what the correction said; else it is inconclusive. Parameters: `patience` (turns, 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from conversation.model import JSON, Conversation, Turn
from conversation.verdict import Evidence, Score, Verdict
from conversation.wording import Wording
from scoring.policy.lexicon import names_value
from scoring.policy.paths import key_of
from scoring.protocol import Context, Parameters

_OPENINGS = (
    r"no[,.!]? (?:i|that|it|not|the|my)\b",
    r"that(?:'s| is) (?:not (?:right|correct|what)|wrong|incorrect)",
    r"wrong\b",
    r"actually,? (?:i (?:meant|said|wanted)|it(?:'s| is)|that)",
    r"sorry,? i meant",
)
_ANYWHERE = (
    r"\bi (?:meant|already (?:said|told|gave)|said\b(?! (?:yes|ok)))",
    r"\byou (?:misunderstood|got (?:it|that) wrong)",
    r"\bmake that\b",
    r"\bshould (?:be|have been) \S+,? (?:not|instead of)\b",
)
CORRECTION = Wording(rf"(?:^|[.!?]\s+)(?:{'|'.join(_OPENINGS)})|{'|'.join(_ANYWHERE)}", re.IGNORECASE)
_TELLING = re.compile(r"[\w@.-]*\d[\w@.-]*|\b[A-Z][a-z]{2,}\b")


class RecoveryParameters(Parameters):
    """Parameters of the scorer `recovery`.

    Attributes:
        patience: Turns within which a second correction means the first was not taken over.
    """

    patience: int = Field(default=2, ge=1)


class RecoveryScorer:
    """What happens after the customer says that something was wrong."""

    name: ClassVar[str] = "recovery"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = RecoveryParameters

    def __init__(self, parameters: RecoveryParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002 - the contract
        """One score a correction; the last turn's correction is scored on the agent's answer alone."""
        turns = conversation.turns
        corrections = [turn for turn in turns[1:] if turn.user and CORRECTION.occurs(turn.user.replace("\u2019", "'"))]
        for turn in corrections:
            verdict, text = self._judge(turn, turns, corrections)
            yield Score(
                self.name,
                verdict,
                {Verdict.PASS: 1.0, Verdict.FAIL: 0.0}.get(verdict),
                verdict.value,
                text,
                turn=turn.index,
                evidence=(Evidence("message", (turn.user or "")[:160], turn.first_message),),
            )

    def _judge(self, turn: Turn, turns: tuple[Turn, ...], corrections: list[Turn]) -> tuple[Verdict, str]:
        made = {_call_key(call.name, call.arguments) for earlier in turns[: turn.index] for call in earlier.tool_calls}
        repeated = [call for call in turn.tool_calls if _call_key(call.name, call.arguments) in made]
        if repeated:
            return Verdict.FAIL, f"{repeated[0].name} was called again with the same arguments"
        again = [other for other in corrections if 0 < other.index - turn.index <= self._parameters.patience]
        if again:
            return Verdict.FAIL, f"the customer had to correct again in turn {again[0].index}"
        told = [word.strip(".-@") for word in _TELLING.findall(turn.user or "")]
        answer = [turn.reply or "", *(key_of(call.arguments) for call in turn.tool_calls)]
        if told and any(names_value(answer, word) for word in told):
            return Verdict.PASS, "the answer uses what the correction said"
        return Verdict.INCONCLUSIVE, "neither repeated nor visibly taken over"


def _call_key(name: str, arguments: dict[str, JSON]) -> str:
    return f"{name} {key_of(arguments)}"
