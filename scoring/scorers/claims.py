"""Claims: identifiers and amounts told to the customer that nothing in the conversation supports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from conversation.model import Conversation
from conversation.verdict import Evidence, Score, Verdict
from scoring.arguments.claims import claims_of
from scoring.arguments.study import study_of
from scoring.protocol import Context, Parameters


class ClaimsParameters(Parameters):
    """Parameters of the scorer `claims`.

    Attributes:
        amounts_fail: Whether an unsupported amount fails; by default it is unsure, for arithmetic has more ways than
            the check knows.
    """

    amounts_fail: bool = False


class ClaimsScorer:
    """One score for each kind of claim in a conversation, with every unsupported one as evidence."""

    name: ClassVar[str] = "claims"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = ClaimsParameters

    def __init__(self, parameters: ClaimsParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """Scores of the claims; none where replies hold no identifier and no amount."""
        found = list(claims_of(study_of(conversation).index, context.policy_text))
        for kind, worst in (("id", Verdict.FAIL), ("amount", self._amount_verdict)):
            claims = [claim for claim in found if claim.kind == kind]
            if not claims:
                continue
            bare = [claim for claim in claims if not claim.support]
            names = ", ".join(dict.fromkeys(claim.said for claim in bare))
            yield Score(
                f"claims.{kind}",
                worst if bare else Verdict.PASS,
                1.0 - len(bare) / len(claims),
                explanation=f"nothing supports {names[:160]}" if bare else f"{len(claims)} supported",
                turn=_turn(conversation, bare[0].message) if bare else None,
                evidence=tuple(Evidence("message", claim.said, claim.message) for claim in bare[:10]),
            )

    @property
    def _amount_verdict(self) -> Verdict:
        return Verdict.FAIL if self._parameters.amounts_fail else Verdict.INCONCLUSIVE


def _turn(conversation: Conversation, message: int) -> int | None:
    return next((turn.index for turn in conversation.turns if turn.last_message >= message), None)
