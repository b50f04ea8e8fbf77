"""The model calls of a conversation as rows: tokens, money, and the tools each call asked for."""

from __future__ import annotations

from collections.abc import Iterator

from conversation.costs import tools_asked
from conversation.model import Conversation, ModelCall

Row = dict[str, object]


def model_of(call: ModelCall) -> str:
    """The model that served, else the one asked for."""
    return call.model or call.model_requested


def unpriced(conversation: Conversation) -> int:
    """Model calls whose cost is not known."""
    return sum(call.cost_usd is None for call in conversation.model_calls)


def model_call_rows(conversation: Conversation, verdict: str) -> Iterator[Row]:
    """One row a call, in order, without what all rows of an attempt share."""
    asked = tools_asked(conversation)
    position = 0
    for turn in conversation.turns:
        for call in turn.model_calls:
            yield {
                "position": position,
                "turn": turn.index,
                "turn_type": turn.type,
                "verdict": verdict,
                "intent": conversation.intent,
                "model": model_of(call),
                "provider": call.provider,
                "tools": asked.get((turn.index, call.span_id), ()),
                "input_tokens": call.tokens.input,
                "output_tokens": call.tokens.output,
                "reasoning_tokens": call.tokens.reasoning,
                "cached_tokens": call.tokens.cached,
                "written_tokens": call.tokens.written,
                "cost_usd": call.cost_usd,
                "reasoning_usd": call.reasoning_usd,
                "cost_source": call.cost_source,
                "prices": conversation.prices,
                "seconds": max(0, call.ended_ns - call.started_ns) / 1e9,
            }
            position += 1
