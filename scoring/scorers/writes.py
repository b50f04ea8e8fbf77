"""Writes: were they agreed to, accepted, done once, and reported as they were?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from conversation.model import Conversation
from conversation.verdict import Evidence, Score, Verdict
from scoring.arguments.deeds import Deed, deeds_of, empty_words
from scoring.arguments.study import study_of
from scoring.protocol import Context, Parameters


class WritesParameters(Parameters):
    """Parameters of the scorer `writes`.

    Attributes:
        details_from: Writes with at least this many arguments must be read back to the customer first; a call with
            one or two ids has no details to list.
        listed_share: Share of the arguments that must be in the exchange before the call.
    """

    details_from: int = Field(default=3, ge=1)
    listed_share: float = Field(default=0.2, ge=0, le=1)


class WritesScorer:
    """One score a write and rule, and one for each reply that reports what no call did."""

    name: ClassVar[str] = "writes"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = WritesParameters

    def __init__(self, parameters: WritesParameters) -> None:
        self._parameters = parameters

    def score(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002 - the contract's signature
        """Scores of all writes; none where nothing was written and nothing claimed."""
        study = study_of(conversation)
        turn_of = {call.id: turn.index for turn in conversation.turns for call in turn.tool_calls}
        for deed in deeds_of(study):
            turn = turn_of.get(deed.call.id)
            if deed.effect == "write":
                yield self._agreed(deed, turn)
                yield _accepted(deed, turn)
                if deed.repeats:
                    yield _row("repeated", Verdict.FAIL, deed, turn, f"the same {deed.call.name} was already done")
            if deed.ignored_error:
                text = f"{deed.call.name} failed and the reply does not say so"
                yield _row("error_ignored", Verdict.INCONCLUSIVE, deed, turn, text)
        for word in empty_words(study.index):
            text = f"said {word.said!r}, but no call of {', '.join(word.tools)} was accepted before"
            yield Score(
                "writes.said_not_done",
                Verdict.FAIL if word.own_deed else Verdict.INCONCLUSIVE,
                0.0,
                explanation=text,
                turn=next((turn.index for turn in conversation.turns if turn.last_message >= word.message), None),
                evidence=(word.evidence(),),
            )

    def _agreed(self, deed: Deed, turn: int | None) -> Score:
        agreement = deed.agreement
        if agreement is None or deed.arguments < self._parameters.details_from:
            return _row("agreed", Verdict.PASS, deed, turn, "too few details to read back")
        named = max(agreement.listed, agreement.told)
        if agreement.listed < self._parameters.listed_share:
            text = f"{deed.call.name} was called although its details were not listed to the customer just before"
            return _row("agreed", Verdict.FAIL, deed, turn, text, value=named)
        if not agreement.given:
            text = f"{deed.call.name} was called without a yes"
            return _row("agreed", Verdict.INCONCLUSIVE, deed, turn, text, value=named)
        return _row("agreed", Verdict.PASS, deed, turn, "the details were listed and agreed to")


def _accepted(deed: Deed, turn: int | None) -> Score:
    if deed.call.error is None:
        return _row("accepted", Verdict.PASS, deed, turn, "the tool accepted the call")
    text = f"{deed.call.name} was rejected: {deed.call.error[:120]}"
    return _row("accepted", Verdict.FAIL, deed, turn, text)


def _row(rule: str, verdict: Verdict, deed: Deed, turn: int | None, text: str, *, value: float | None = None) -> Score:
    shown = value if value is not None else (1.0 if verdict is Verdict.PASS else 0.0)
    proof = [Evidence("tool_call", deed.call.name, deed.call.message, deed.call.span_id, deed.call.id)]
    if deed.repeats:
        proof.append(Evidence("tool_call", "the first time", deed.repeats.message, "", deed.repeats.id))
    if rule == "error_ignored":
        proof.append(Evidence("message", deed.answered[:120], deed.reply))
    return Score(
        f"writes.{rule}",
        verdict,
        shown,
        explanation=text,
        turn=turn,
        tool_call_id=deed.call.id,
        evidence=tuple(proof),
    )
