"""Requests: what the customer asked for, and whether it was done, refused with a reason, handed over, or left open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from conversation.model import Conversation
from conversation.verdict import Evidence, Score, Verdict
from scoring.arguments.requests import Request, requests_of
from scoring.arguments.study import study_of
from scoring.protocol import Context, Parameters

_VALUE = {"done": 1.0, "called_off": 1.0, "refused": 0.6, "handed_over": 0.6, "open": 0.0}


class RequestsParameters(Parameters):
    """Parameters of the scorer `requests`.

    Attributes:
        open_fails: Whether an open request fails; by default it is unsure, for a customer may settle it silently.
    """

    open_fails: bool = False


class RequestsScorer:
    """One score a request; its label is the outcome."""

    name: ClassVar[str] = "requests"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = RequestsParameters

    def __init__(self, parameters: RequestsParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002 - the contract's signature
        """Scores of the requests; none where the customer asked for nothing that a tool does."""
        for request in requests_of(study_of(conversation).index):
            yield Score(
                f"requests.{request.outcome}",
                self._verdict(request),
                _VALUE[request.outcome],
                label=request.outcome,
                explanation=f"{request.said!r} ({request.tool}): {request.outcome.replace('_', ' ')}",
                turn=next((turn.index for turn in conversation.turns if turn.last_message >= request.message), None),
                evidence=_evidence(request),
            )

    def _verdict(self, request: Request) -> Verdict:
        if request.outcome != "open":
            return Verdict.PASS
        return Verdict.FAIL if self._parameters.open_fails else Verdict.INCONCLUSIVE


def _evidence(request: Request) -> tuple[Evidence, ...]:
    asked = Evidence("message", request.said, request.message)
    if request.settled is None:
        return (asked,)
    return asked, Evidence("message", request.outcome.replace("_", " "), request.settled)
