"""What a judge may answer, and the checks that make an answer usable: form, clauses asked, evidence that exists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conversation.errors import PermanentError
from conversation.verdict import Verdict

WORDS = ("pass", "fail", "unsure")
MOST_REASON = 300


class JudgeAnswerError(PermanentError):
    """The judge's answer cannot be used; the text says why."""


class ClauseAnswer(BaseModel):
    """The judge's opinion on one clause. The reason comes before the verdict, so that it is thought first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    reason: Annotated[str, Field(max_length=MOST_REASON)]
    evidence: Annotated[tuple[str, ...], Field(max_length=50)]
    verdict: Literal["pass", "fail", "unsure"]

    @property
    def as_verdict(self) -> Verdict:
        """The verdict in Floorline's words."""
        return Verdict.INCONCLUSIVE if self.verdict == "unsure" else Verdict(self.verdict)


class Answer(BaseModel):
    """A whole answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clauses: tuple[ClauseAnswer, ...]


def schema(clause_ids: Sequence[str], message_ids: Collection[str]) -> dict[str, Any]:
    """JSON Schema of an answer about these clauses and messages, in the strict form of OpenAI-compatible endpoints."""
    clause = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "enum": list(clause_ids)},
            # Bounds that constrained decoding keeps: a small model would else go on until its tokens are used up.
            "reason": {"type": "string", "maxLength": MOST_REASON},
            "evidence": {"type": "array", "items": {"type": "string", "enum": sorted(message_ids)}, "maxItems": 8},
            "verdict": {"type": "string", "enum": list(WORDS)},
        },
        "required": ["id", "reason", "evidence", "verdict"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "clauses": {"type": "array", "items": clause, "minItems": len(clause_ids), "maxItems": len(clause_ids)}
        },
        "required": ["clauses"],
        "additionalProperties": False,
    }


def read(text: str, clause_ids: Collection[str], message_ids: Collection[str]) -> Answer:
    """The answer in a reply.

    Args:
        text: The reply; a Markdown fence around the JSON is taken off.
        clause_ids: The clauses that were asked about; each must be answered exactly once.
        message_ids: The messages there are; evidence must be among them.

    Raises:
        JudgeAnswerError: The answer cannot be used.
    """
    body = text.strip()
    if body.startswith("```") and body.endswith("```"):
        body = body.strip("`").removeprefix("json").strip()
    try:
        answer = Answer.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise JudgeAnswerError(f"not the JSON asked for: {where + ': ' if where else ''}{first['msg']}") from error
    answered = sorted(clause.id for clause in answer.clauses)
    if answered != sorted(clause_ids):
        raise JudgeAnswerError(f"clauses answered {answered}, asked {sorted(clause_ids)}")
    for clause in answer.clauses:
        unknown = [item for item in clause.evidence if item not in message_ids]
        if unknown:
            raise JudgeAnswerError(f"evidence of {clause.id} names messages that do not exist: {', '.join(unknown)}")
        if clause.verdict != "unsure" and not clause.evidence:
            raise JudgeAnswerError(f"{clause.id} is {clause.verdict} without evidence")
    return answer
