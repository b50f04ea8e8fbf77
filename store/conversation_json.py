"""A graded conversation in the form the API shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conversation.costs import tools_asked
from conversation.critical import critical, key_of
from conversation.model import Conversation, ToolCall, Turn
from conversation.verdict import Score
from store.cost_json import cost_json, model_call_json, spent_json
from store.times import iso

Asked = Mapping[tuple[int, str], tuple[str, ...]]


def conversation_json(conversation: Conversation, verdict: str, scores: Sequence[Score]) -> dict[str, Any]:
    """The answer of `GET /api/v1/conversations/{id}`."""
    checked = arguments_checked(scores)
    asked = tools_asked(conversation)
    tokens = conversation.tokens
    return {
        "conversation_id": conversation.id,
        "project": conversation.project,
        "user_id": conversation.user_id,
        "agent": {"name": conversation.agent.name, "version": conversation.agent.version},
        "revision": conversation.revision,
        "verdict": verdict,
        "started_at": iso(conversation.started_ns),
        "ended_at": iso(conversation.ended_ns),
        "tokens": {
            "input": tokens.input,
            "output": tokens.output,
            "reasoning": tokens.reasoning,
            "cached": tokens.cached,
        },
        "cost_usd": conversation.cost_usd,
        "cost": cost_json(conversation),
        "intent": conversation.intent or None,
        "turn_rules": conversation.turn_rules,
        "turns": [_turn(turn, checked, asked) for turn in conversation.turns],
        "scores": [score_json(score) for score in scores],
        "id_rule": conversation.id_rule,
        "convention": conversation.convention,
        "channel": conversation.channel,
        "notes": list(conversation.notes),
    }


def score_json(score: Score) -> dict[str, Any]:
    """One score as the API and result files show it."""
    shown: dict[str, Any] = {
        "name": score.name,
        "value": score.value,
        "label": score.label or str(score.verdict),
        "verdict": str(score.verdict),
        "explanation": score.explanation,
        "turn": score.turn,
        "tool_call_id": score.tool_call_id,
        "argument_path": score.argument_path,
        "evidence": [item.to_json() for item in score.evidence],
        "scorer_version": score.scorer_version,
        "scorecard_version": score.scorecard_version,
        "scored_at": iso(score.scored_at_ns),
    }
    return {**shown, "human": True} if score.human else shown


def arguments_checked(scores: Iterable[Score]) -> Mapping[str, list[dict[str, Any]]]:
    """The verdict on every checked argument, by tool call."""
    found: dict[str, list[dict[str, Any]]] = {}
    for score in scores:
        if score.tool_call_id is not None and score.argument_path is not None:
            found.setdefault(score.tool_call_id, []).append(
                {
                    "path": score.argument_path,
                    "value": score.argument_value,
                    "verdict": score.label or str(score.verdict),
                    "source": score.source,
                }
            )
    return found


def _turn(turn: Turn, checked: Mapping[str, list[dict[str, Any]]], asked: Asked) -> dict[str, Any]:
    marked = critical(turn)
    return {
        "index": turn.index,
        "type": turn.type,
        "user": turn.user,
        "reply": turn.reply,
        "first_message": turn.first_message,
        "last_message": turn.last_message,
        "started_at": iso(turn.started_ns),
        "first_token_seconds": turn.first_token_seconds,
        "duration_seconds": turn.duration_seconds,
        "segments": [
            {
                "kind": str(segment.kind),
                "name": segment.name,
                "seconds": segment.seconds,
                "critical": key_of(segment) in marked,
            }
            for segment in turn.segments
        ],
        **spent_json(turn.model_calls),
        "model_calls": [model_call_json(call, asked.get((turn.index, call.span_id), ())) for call in turn.model_calls],
        "tool_calls": [_tool_call(call, checked) for call in turn.tool_calls],
    }


def _tool_call(call: ToolCall, checked: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "result": call.result,
        "error": call.error,
        "duration_seconds": call.duration_seconds,
        "arguments_checked": checked.get(call.id, []),
    }
