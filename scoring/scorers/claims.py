"""Claims: identifiers, amounts, days and counts told to the customer that nothing in the conversation supports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from conversation.model import Conversation
from conversation.verdict import Evidence, Score, Verdict
from scoring.arguments.claim import Claim
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
    version: ClassVar[str] = "2"
    parameters_type: ClassVar[type[Parameters]] = ClaimsParameters

    def __init__(self, parameters: ClaimsParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        """Scores of the claims; none where replies make no claim."""
        found = list(claims_of(study_of(conversation), context.policy_text))
        for kind in ("id", "amount", "date", "count"):
            claims = [claim for claim in found if claim.kind == kind]
            if not claims:
                continue
            bare = [claim for claim in claims if not claim.support]
            yield Score(
                f"claims.{kind}",
                self._verdict(kind, bare) if bare else Verdict.PASS,
                1.0 - len(bare) / len(claims),
                explanation=_told(bare) if bare else f"{len(claims)} supported",
                turn=_turn(conversation, bare[0].message) if bare else None,
                evidence=tuple(Evidence("message", claim.said, claim.message) for claim in bare[:10]),
            )

    def _verdict(self, kind: str, bare: list[Claim]) -> Verdict:
        """An identifier out of thin air fails, a day where it is stated of a known id; the rest is unsure."""
        sure = {
            "id": True,
            "amount": self._parameters.amounts_fail,
            "date": any(claim.against for claim in bare),
            "count": False,
        }[kind]
        return Verdict.FAIL if sure else Verdict.INCONCLUSIVE


def _told(bare: list[Claim]) -> str:
    names = ", ".join(dict.fromkeys(claim.said for claim in bare))
    against = next((f" ({claim.against})" for claim in bare if claim.against), "")
    return f"nothing supports {names[:160]}{against}"


def _turn(conversation: Conversation, message: int) -> int | None:
    return next((turn.index for turn in conversation.turns if turn.last_message >= message), None)
