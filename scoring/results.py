"""A grade as one line of the grade-results file (JSON, one object a line)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from conversation.model import Conversation
from conversation.verdict import Grade, Score


def score_json(score: Score) -> dict[str, Any]:
    """A score as the API and the results file show it."""
    shown: dict[str, Any] = {
        "name": score.name,
        "verdict": str(score.verdict),
        "value": score.value,
        "label": score.label or str(score.verdict),
        "explanation": score.explanation,
        "turn": score.turn,
        "tool_call_id": score.tool_call_id,
        "argument_path": score.argument_path,
        "evidence": [item.to_json() for item in score.evidence],
        "scorer_version": score.scorer_version,
        "scorecard_version": score.scorecard_version,
        "scored_at": _time(score.scored_at_ns),
    }
    if score.argument_path is not None:
        shown["argument_value"] = score.argument_value
    if score.argument_path is not None or score.source is not None:
        shown["source"] = score.source
    return shown


@lru_cache(maxsize=64)
def _time(at_ns: int) -> str:
    """All scores of a conversation are of one moment."""
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat()


def to_json(conversation: Conversation, grade: Grade) -> dict[str, Any]:
    """The conversation's verdict, risk, turns and scores."""
    return {
        "conversation_id": conversation.id,
        "verdict": grade.verdict.value,
        "risk": round(grade.risk, 6),
        "risk_factors": [{"name": name, "contribution": round(value, 6)} for name, value in grade.risk_factors],
        "turns": [{"index": turn.index, "type": turn.type} for turn in conversation.turns],
        "scores": [score_json(score) for score in grade.scores],
        "ledger": [
            {"scorer": entry.scorer, "state": entry.state.value, "cause": entry.cause} for entry in grade.ledger
        ],
        "scorecard_version": grade.scorecard_version,
    }


def to_line(conversation: Conversation, grade: Grade) -> bytes:
    """One line, newline included."""
    return orjson.dumps(to_json(conversation, grade), option=orjson.OPT_APPEND_NEWLINE)
