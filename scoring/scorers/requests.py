"""Requests: what the customer asked for, whether it was done, refused with a reason, handed over, or left open.

Beside the outcomes, one score for each loose end: `requests.stalled`, `.partly_done`, `.left_out`, `.not_handed_over`,
`.broken_reply` (`scoring/arguments/loose_ends.py` says what each means).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from conversation.model import Conversation
from conversation.verdict import Evidence, Score, Verdict
from scoring.arguments.loose_ends import loose_ends
from scoring.arguments.requests import Request, requests_of
from scoring.arguments.study import study_of
from scoring.protocol import Context, Parameters

_VALUE = {"done": 1.0, "called_off": 1.0, "refused": 0.6, "handed_over": 0.6, "open": 0.0}


class RequestsParameters(Parameters):
    """Parameters of the scorer `requests`.

    Attributes:
        open_fails: Whether an open request fails; by default it is unsure, for a customer may settle it silently.
        loose_ends_fail: Whether loose ends fail, or are unsure: say no where changes are handed over as a rule.
    """

    open_fails: bool = False
    loose_ends_fail: bool = True


class RequestsScorer:
    """One score a request; its label is the outcome."""

    name: ClassVar[str] = "requests"
    version: ClassVar[str] = "2"
    parameters_type: ClassVar[type[Parameters]] = RequestsParameters

    def __init__(self, parameters: RequestsParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002 - the contract's signature
        """Scores of the requests and loose ends; none where the customer asked for nothing that a tool does."""
        index = study_of(conversation).index
        requests = requests_of(index)
        for request in requests:
            yield Score(
                f"requests.{request.outcome}",
                self._verdict(request),
                _VALUE[request.outcome],
                label=request.outcome,
                explanation=f"{request.said!r} ({request.tool}): {request.outcome.replace('_', ' ')}",
                turn=_turn(conversation, request.message),
                evidence=_evidence(request),
            )
        worst = Verdict.FAIL if self._parameters.loose_ends_fail else Verdict.INCONCLUSIVE
        for end in loose_ends(index, requests):
            yield Score(
                f"requests.{end.kind}",
                worst,
                0.0,
                label=end.kind,
                explanation=end.text,
                turn=_turn(conversation, end.message),
                evidence=(Evidence("message", end.said, end.message),),
            )

    def _verdict(self, request: Request) -> Verdict:
        if request.outcome != "open":
            return Verdict.PASS
        return Verdict.FAIL if self._parameters.open_fails else Verdict.INCONCLUSIVE


def _turn(conversation: Conversation, message: int) -> int | None:
    return next((turn.index for turn in conversation.turns if turn.last_message >= message), None)


def _evidence(request: Request) -> tuple[Evidence, ...]:
    asked = Evidence("message", request.said, request.message)
    if request.settled is None:
        return (asked,)
    return asked, Evidence("message", request.outcome.replace("_", " "), request.settled)
