"""Tokens and money of model calls in the form the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from conversation.model import Conversation, ModelCall, Tokens
from store.model_call_rows import model_of
from store.times import iso


def cost_json(conversation: Conversation) -> dict[str, Any]:
    """What a conversation cost: as a whole and by model, so that planner and worker show apart."""
    by_model: dict[str, list[ModelCall]] = {}
    for call in conversation.model_calls:
        by_model.setdefault(model_of(call), []).append(call)
    return {
        **spent_json(conversation.model_calls),
        "prices": conversation.prices,
        "by_model": [{"model": model, **spent_json(calls)} for model, calls in sorted(by_model.items())],
    }


def spent_json(calls: Sequence[ModelCall]) -> dict[str, Any]:
    """Tokens and dollars of some calls. `cost_usd` is None where none is known, a lower limit with unpriced ones."""
    tokens = sum((call.tokens for call in calls), Tokens())
    return {
        "tokens": tokens_json(tokens),
        "cost_usd": _sum(call.cost_usd for call in calls),
        "reasoning_usd": _sum(call.reasoning_usd for call in calls),
        "unpriced_calls": sum(call.cost_usd is None for call in calls),
    }


def model_call_json(call: ModelCall, tools: Sequence[str]) -> dict[str, Any]:
    """One model call; `tools` are those it asked for, `cost_source` is where its cost is from or why there is none."""
    return {
        "model": call.model,
        "model_requested": call.model_requested,
        "provider": call.provider,
        "tools": list(tools),
        "started_at": iso(call.started_ns),
        "seconds": max(0, call.ended_ns - call.started_ns) / 1e9,
        "first_token_seconds": call.first_token_seconds,
        "tokens": tokens_json(call.tokens),
        "cost_usd": call.cost_usd,
        "cost_source": call.cost_source,
        "reasoning_usd": call.reasoning_usd,
        "finish_reason": call.finish_reason,
        "error": call.error,
    }


def tokens_json(tokens: Tokens) -> dict[str, int]:
    """Counts by kind; `cached` and `written` are part of `input`, `reasoning` of `output`."""
    return {
        "input": tokens.input,
        "output": tokens.output,
        "reasoning": tokens.reasoning,
        "cached": tokens.cached,
        "written": tokens.written,
    }


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
