"""Refusal handling: a refusal is explained or comes with another way, and it is kept.

Scores: `refusals.explained` and `refusals.kept`, one each for a conversation in which the agent refused something. A
refusal is given up where a change is made after it although no tool was asked in between and the customer added no new
number, date or id: the agent gave in to pressure. Whether a refusal was right is a policy rule's business
(`refusal_required`, `refusal_wrong`). No parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from conversation.model import Conversation
from conversation.verdict import Score, Verdict
from conversation.wording import Wording
from scoring.arguments.effects import effect_of
from scoring.policy.events import Event, EventLog, Kind, log_of
from scoring.policy.lexicon import refuses
from scoring.protocol import Context, Parameters

_REASON = Wording(
    r"\b(?:because|since|as (?:it|this|your|the)|due to|policy|rules?|only (?:if|when|for|within|be)|unless|requires?|"
    r"not eligible|outside|limit\w*|already|must|non-?refundable)\b",
    re.IGNORECASE,
)
_OTHER_WAY = Wording(
    r"\b(?:instead|alternative\w*|however|option\w*|but (?:i|we|you) can|would you like|you (?:can|may|could)|"
    r"transfer|human agent|let me know|what i can do)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?<![\w-])[\w-]*\d[\w-]*")  # tried at the start of a token only


class RefusalsParameters(Parameters):
    """None."""


class RefusalsScorer:
    """How the agent says no, and whether it sticks to it."""

    name: ClassVar[str] = "refusals"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = RefusalsParameters

    def __init__(self, parameters: RefusalsParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002 - the contract
        """Two scores where something was refused, else none."""
        log = log_of(conversation)
        noes = [event for event in log.replies if refuses(event.text)]
        if not noes:
            return
        bare = [event for event in noes if not (_REASON.occurs(event.text) or _OTHER_WAY.occurs(event.text))]
        yield self._row("explained", bare, len(noes), "refused without a reason or another way")
        yield self._row(
            "kept", list(_given_up(log, noes)), len(noes), "done after a refusal although nothing had changed"
        )

    def _row(self, what: str, bad: Sequence[Event], count: int, text: str) -> Score:
        verdict = Verdict.FAIL if bad else Verdict.PASS
        return Score(
            f"{self.name}.{what}",
            verdict,
            1 - min(len(bad), count) / count,
            verdict.value,
            f"{len(bad)} of {count} refusals: {text}" if bad else f"{count} refusals",
            turn=bad[0].turn if bad and bad[0].turn >= 0 else None,
            evidence=tuple(event.evidence for event in bad[:5]),
        )


def _given_up(log: EventLog, noes: Sequence[Event]) -> Iterator[Event]:
    """Accepted changes right after a refusal, without a look-up and without news from the customer."""
    refused = {event.index for event in noes}
    standing = False
    known: set[str] = set()
    for event in log.events:
        tokens = set(_TOKEN.findall(event.text))
        if event.index in refused:
            standing = True
        elif event.kind is Kind.USER:
            standing = standing and not tokens - known
        elif event.call is not None and event.accepted:
            if effect_of(event.call.name) == "write":
                if standing:
                    yield event
            else:
                standing = False
        known |= tokens
